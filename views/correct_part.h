/*
 * What view_correct.c and correct_said.c share: the screen that corrects one
 * entry, and its form when the entry is what was said in the visit.
 */
#ifndef DOORSTEP_VIEWS_CORRECT_PART_H
#define DOORSTEP_VIEWS_CORRECT_PART_H

#include "store/correct.h"
#include "views/form.h"
#include "views/sign.h"

#define CORRECT_LABEL_COLUMNS 14

/* The texts are in fields that belong to no visit in progress. */
struct said_form {
    struct form form;
    struct draft_field fields[SAID_FIELDS]; /* in the order of said_keys(); of a choice it is empty */
    struct visit_draft draft;               /* owned: what is chosen */
    bool changed;                           /* by choosing, and not on the disk yet */
    struct visit *judged;                   /* owned */
    char typed[SAID_TEXT_SIZE];             /* all of it, as of the last correct_said_typed() */
};

struct correct_screen {
    struct correctable row;
    struct draft_field field;   /* of a vital or note; belongs to no visit in progress: saved by the view */
    struct said_form said;
    char confirmed[LINE_BYTES]; /* the vital that was asked about and confirmed */
    struct sign sign;
    bool gone;                  /* refused no more: it arrived, or is sent again */
    struct area text;           /* of the note, in the last frame, in the body */
};

/* What it is, whose and of which visit; and what became of it at the server. */
void correct_title(const struct correct_screen *screen, char *out, size_t size);
void correct_answer(const struct correct_screen *screen, char *out, size_t size);

enum status correct_said_open(struct correct_screen *screen, struct error *error) MUST_CHECK;
void correct_said_close(struct correct_screen *screen);
/* What the form holds, as correctable_read() takes it. Borrowed, until the next call. */
const char *correct_said_typed(struct correct_screen *screen);
bool correct_said_changed(const struct correct_screen *screen);
void correct_said_mark_saved(struct correct_screen *screen);
/* What stands in the way of a signature; "" when nothing does. */
void correct_said_objection(struct correct_screen *screen, char *out, size_t size);
/* For the signature: what `entry` says now, and what it said. */
void correct_said_remark(struct correct_screen *screen, const char *entry, char *out, size_t size);
enum reaction correct_said_event(struct view *view, struct application *application, const struct event *event);

#endif
