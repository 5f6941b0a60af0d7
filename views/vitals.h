/*
 * The vitals screen's form: what is typed, and how it stands. Between
 * view_vitals.c, which keeps and judges it, and vitals_draw.c, which shows it.
 */
#ifndef DOORSTEP_VIEWS_VITALS_H
#define DOORSTEP_VIEWS_VITALS_H

#include "views/application.h"
#include "views/draft_field.h"

struct vitals {
    struct draft_field fields[ENTRY_FIELD_COUNT];
    int first;          /* field on the first row, where not all fit */
    int row_of_first;   /* of the last frame, in the body */
    struct visit visit; /* what is typed, read */
    bool readable;      /* false: memory was short, so nothing is known of the visit */
};

/* How a field stands. */
struct judged {
    struct entry_result result;
    bool confirmed;
};

const char *vitals_typed(const struct vitals *vitals, int field);
/* Reads the visit as it would be with what is typed now, into vitals->visit. */
void vitals_read(struct vitals *vitals, const struct application *application);
/* Judges the field. True when there is something to say about it: a question that is open, or a refusal. A number that
 * is only begun is no refusal yet. */
bool vitals_needs_words(const struct view *view, const struct application *application, int field,
                        struct judged *judged);
/* The field whose question or refusal is shown: the one under the cursor before the others; -1 for none. */
int vitals_in_question(const struct view *view, const struct application *application, struct judged *judged);

void vitals_draw(struct view *view, struct application *application, struct area area);

#endif
