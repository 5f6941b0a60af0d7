/*
 * The consents a visiting nurse asks for: exact text, version, purposes.
 * The text shown is the text stored with the consent.
 */
#ifndef DOORSTEP_CARE_CONSENT_H
#define DOORSTEP_CARE_CONSENT_H

#include "care/chart.h"

#include <stdbool.h>
#include <stddef.h>

struct consent_purpose {
    const char *key;        /* "home-care", "share-record", "monitoring", "research", "photo" */
    const char *label;      /* N_(): translate with _() */
    const char *text;       /* N_(): the exact wording read out */
    const char *version;    /* "2026-11" */
    const char *scope;      /* FHIR consentscope code */
    const char *purpose;    /* v3-ActReason code */
};
size_t consent_purpose_count(void);
const struct consent_purpose *consent_purpose_at(size_t index);
const struct consent_purpose *consent_purpose_find(const char *key); /* NULL when unknown */

/* What a consent on record is for, for people: translated when it is one of ours, else in the record's own words. */
const char *consent_label(const struct consent *consent);

/* How it was given, and by whom. Keys as in VISIT.json. */
extern const char *const consent_methods[];    /* verbal verbal-witnessed typed-name paper refused unable, NULL */
extern const char *const consent_persons[];    /* patient spouse child guardian other, NULL */
extern const char *const consent_decisions[];  /* permit deny withdraw, NULL */
/* Translated words for people; the key itself when it is none of these. */
const char *consent_method_word(const char *key);
const char *consent_person_word(const char *key);
const char *consent_decision_word(const char *key);

#endif
