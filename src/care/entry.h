/*
 * What a nurse types for a vital, judged: possible, doubtful, or impossible.
 * Sources of the limits: reference table 3.9 (entry validation) in entry.c.
 *
 * A doubtful value is asked about and may be confirmed; an impossible one is
 * refused with the field's name, what is wrong and what to type instead.
 */
#ifndef DOORSTEP_CARE_ENTRY_H
#define DOORSTEP_CARE_ENTRY_H

#include "care/vital.h"

#include <stdbool.h>
#include <stddef.h>

/* The fields of the vitals form, in form order; each may give several vitals. */
enum entry_field {
    ENTRY_BP,            /* "142/88"; "142/" or "142/-": only one was readable */
    ENTRY_PULSE,
    ENTRY_RESPIRATION,   /* key "rr" */
    ENTRY_SPO2,
    ENTRY_OXYGEN,        /* "air", "2" or "2 L/min" */
    ENTRY_CONSCIOUSNESS, /* A C V P U */
    ENTRY_TEMPERATURE,   /* key "temp" */
    ENTRY_WEIGHT,
    ENTRY_GLUCOSE,       /* mg/dL; "5.4 mmol" converts; HI and LO are off-scale */
    ENTRY_PAIN,
    ENTRY_HEIGHT,
    ENTRY_FIELD_COUNT,
};

enum entry_verdict {
    ENTRY_EMPTY,
    ENTRY_FINE,
    ENTRY_ASK,        /* possible but unusual, or read differently than typed */
    ENTRY_IMPOSSIBLE,
    ENTRY_NOT_DONE,   /* "nd REASON" / "-": not measured, with the reason */
};

struct entry_result {
    enum entry_verdict verdict;
    struct reading readings[3]; /* value, text, unit filled; time and source left to the caller */
    size_t count;
    char question[256];         /* translated: for ASK what to confirm, for IMPOSSIBLE the refusal with the remedy */
    char accepted[32];          /* how it was read: "36.5" for "365" */
};

/* What the field held last time, for change checks; NULL when unknown. */
struct entry_context {
    const struct reading *previous_weight;
    const struct reading *previous_height;
    bool adult;
};

const char *entry_key(enum entry_field field);   /* as in VISIT.json */
bool entry_from_key(const char *key, enum entry_field *out);
const char *entry_label(enum entry_field field); /* translated */
const char *entry_hint(enum entry_field field);  /* translated: "142/88 mmHg" */
enum vital entry_vital(enum entry_field field);  /* the vital it gives, the first of several */
/* The field that a vital is typed in; false for one that nobody types, like a score. */
bool entry_of_vital(enum vital vital, enum entry_field *out);
/* How a nurse would type the readings of one field: judged again it gives the same. "" when nobody can tell. */
void entry_retype(const struct reading *readings, size_t count, char *out, size_t size);
/* Judges the text as typed (full-width digits are fine, an IME is likely). */
struct entry_result entry_judge(enum entry_field field, const char *typed, const struct entry_context *context);

#endif
