/*
 * Code systems, and which code means which of our vitals. Sources: reference table 4.1 (LOINC, SNOMED CT, UCUM);
 * other codes are cited at their row in codes.c.
 */
#ifndef DOORSTEP_FHIR_CODES_H
#define DOORSTEP_FHIR_CODES_H

#include "base/json.h"
#include "care/vital.h"

#include <stdbool.h>

#define SYSTEM_URI "urn:ietf:rfc:3986"
#define SYSTEM_LOINC "http://loinc.org"
#define SYSTEM_SNOMED "http://snomed.info/sct"
#define SYSTEM_UCUM "http://unitsofmeasure.org"
#define SYSTEM_ACT_CODE "http://terminology.hl7.org/CodeSystem/v3-ActCode"
#define SYSTEM_ABSENT_REASON "http://terminology.hl7.org/CodeSystem/data-absent-reason"
#define SYSTEM_OBSERVATION_CATEGORY "http://terminology.hl7.org/CodeSystem/observation-category"
#define SYSTEM_FLAG_CATEGORY "http://terminology.hl7.org/CodeSystem/flag-category"
#define SYSTEM_CONSENT_CATEGORY "http://terminology.hl7.org/CodeSystem/consentcategorycodes"

/* Our own, for what no public system names. */
#define OWN_BASE "https://doorstep.example/fhir/"
#define SYSTEM_OWN_IDENTIFIER OWN_BASE "NamingSystem/record"         /* a resource's UUID as its identifier */
#define SYSTEM_OWN_RECORD OWN_BASE "CodeSystem/record"               /* the same as a tag, where R4 has no identifier */
#define SYSTEM_OWN_OBSERVATION OWN_BASE "CodeSystem/observation"     /* news2-total, home-relative-humidity */
#define SYSTEM_OWN_ACVPU OWN_BASE "CodeSystem/acvpu"                 /* A C V P U */
#define SYSTEM_OWN_FLAG OWN_BASE "CodeSystem/flag"                   /* spo2-scale-2 */
#define SYSTEM_OWN_CARE OWN_BASE "CodeSystem/care"                   /* palliative */
#define SYSTEM_OWN_CONSENT OWN_BASE "CodeSystem/consent-purpose"     /* keys of consent_purpose() */
#define SYSTEM_OWN_TAKING OWN_BASE "CodeSystem/taking"               /* differently: which R4 has no status for */
#define SYSTEM_OWN_METHOD OWN_BASE "CodeSystem/consent-method"       /* keys of consent_methods */
#define SYSTEM_OWN_PERSON OWN_BASE "CodeSystem/consent-person"       /* keys of consent_persons: a word beside a name is translated */

/* The vital that a CodeableConcept names by one of its codings. False when none does, or two disagree. */
bool concept_vital(const cJSON *concept, enum vital *out);
/* True for the blood pressure panel, whose values are its components. */
bool concept_is_blood_pressure(const cJSON *concept);
/* The level of consciousness a CodeableConcept states: SNOMED CT, our letters, or the letter or word as its text. */
bool concept_consciousness(const cJSON *concept, enum consciousness *out);
/* The same for a text: "A", "Alert". English only: a translated word in a record is not ours. */
bool text_consciousness(const char *text, enum consciousness *out);

/* How a vital that stands by itself is written: codes, category, words. */
struct vital_coding {
    const char *system;
    const char *code;
    const char *also;     /* a second code of the same system, NULL when none */
    const char *category; /* of observation-category */
    const char *words;    /* code.text: plain English, no display of anybody's terminology */
};
const struct vital_coding *vital_coding(enum vital vital);
const char *consciousness_snomed(enum consciousness level);

#endif
