/*
 * Asking for the passphrase or PIN, and signing. A part of the close screen:
 * what stands in the way of signing is seen there first.
 */
#ifndef DOORSTEP_VIEWS_SIGN_H
#define DOORSTEP_VIEWS_SIGN_H

#include "views/application.h"
#include "views/editor.h"

struct sign {
    bool asking;          /* the secret is being asked for */
    struct editor secret; /* wiped whenever asking ends */
    char fault[512];      /* why the last try failed, "" before one */
};

enum status sign_begin(struct sign *sign, struct error *error) MUST_CHECK;
void sign_end(struct sign *sign);
/* `visit` is what is about to be signed. */
void sign_draw(struct sign *sign, struct application *application, const struct visit *visit, struct area area);
/* After a signature the views are gone: SIGNED, return at once. */
enum sign_reaction { SIGN_IGNORED, SIGN_HANDLED, SIGN_SIGNED };
enum sign_reaction sign_event(struct sign *sign, struct application *application, const struct event *event);

#endif
