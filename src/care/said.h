/*
 * What a nurse said of one medicine, task or consent of a visit, by itself, so
 * that it can be put right after it was signed. What it was said of (the
 * order, the task, the consent's text and decision) stays beside it and stays
 * what it was.
 *
 * It is kept in a draft, as the part with the number 0 and under the names of
 * visit.h; the rule book is that of a visit. As a text it is one field a line,
 * "taking: not".
 */
#ifndef DOORSTEP_CARE_SAID_H
#define DOORSTEP_CARE_SAID_H

#include "care/visit.h"

enum said_kind {
    SAID_TAKEN,   /* how a medicine is taken */
    SAID_GIVEN,   /* what was given of it */
    SAID_OUTCOME, /* what became of a task */
    SAID_CONSENT, /* who decided, and how; never what */
    SAID_COUNT
};
#define SAID_FIELDS 4        /* most of one kind */
#define SAID_TEXT_SIZE 2048

/* "medicine", "task", "consent". */
const char *said_part(enum said_kind kind);
/* The names of what can be said, the one that must be there first; NULL after the last. */
const char *const *said_keys(enum said_kind kind);
/* "" when it is not there. Borrowed. */
const char *said_get(const struct visit_draft *draft, enum said_kind kind, const char *key);
enum status said_set(struct visit_draft *draft, enum said_kind kind, const char *key, const char *value,
                     struct error *error) MUST_CHECK;
/* In the order of said_keys(). Borrowed. */
void said_values(const struct visit_draft *draft, enum said_kind kind, const char *values[SAID_FIELDS]);
/* These, as a text. False when it had to be cut. */
bool said_write(enum said_kind kind, const char *const values[SAID_FIELDS], char *out, size_t size);
/* Puts a text over what is there; what it does not name stays. INVALID, with the names there are, when it names nothing,
 * something else or one thing twice. */
enum status said_type(struct visit_draft *draft, enum said_kind kind, const char *typed, struct error *error) MUST_CHECK;
/* By the rule book: `out` holds this one part, and the problems. The draft is used up. */
enum status said_judge(struct visit_draft *draft, enum said_kind kind, struct visit *out, struct error *error) MUST_CHECK;
/* A copy; *out is to be freed after OK only. */
enum status said_copy(const struct visit_draft *draft, struct visit_draft *out, struct error *error) MUST_CHECK;

#endif
