/*
 * Asking for the passphrase or PIN, and signing. A part of the screens that
 * close a visit and correct an entry: what stands in the way is seen there first.
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
/* `statement` is what she says with her signature; `remark` ("": none) is to be seen before it. */
void sign_draw(struct sign *sign, struct application *application, const char *statement, const char *remark, struct area area);
/* SIGNED once the secret was right and `write` has written what is signed, by the signer it is given: the caller leaves. */
enum sign_reaction { SIGN_IGNORED, SIGN_HANDLED, SIGN_SIGNED };
enum sign_reaction sign_event(struct sign *sign, struct application *application, const struct event *event,
                              enum status (*write)(struct application *application, const struct signer *signer,
                                                   struct error *error));

#endif
