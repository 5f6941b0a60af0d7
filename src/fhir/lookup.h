/*
 * From one resource to the plain values doorstep keeps in look-up rows.
 */
#ifndef DOORSTEP_FHIR_LOOKUP_H
#define DOORSTEP_FHIR_LOOKUP_H

#include "base/error.h"
#include "care/chart.h"
#include "fhir/resource.h"

enum lookup_kind {
    LOOKUP_NONE,        /* kept whole, nothing to look up */
    LOOKUP_PATIENT,
    LOOKUP_READINGS_OF, /* Observation */
    LOOKUP_MEDICINE,    /* MedicationRequest, -Statement, -Administration */
    LOOKUP_ALLERGY,
    LOOKUP_CONDITION,
    LOOKUP_ALERT,       /* Flag, DetectedIssue */
    LOOKUP_CONSENT,
    LOOKUP_NOTE,        /* DocumentReference */
    LOOKUP_TASKS,       /* Task: one; CarePlan: one per activity */
    LOOKUP_GOAL,
    LOOKUP_APPOINTMENT,
    LOOKUP_ENCOUNTER,
    LOOKUP_PERSON,      /* Practitioner, RelatedPerson, Organization, Device, Location, Medication: a name for an id */
};

struct lookup {
    enum lookup_kind kind;
    struct resource_head head;
    char patient[ID_SIZE];          /* whose chart; "" when none (Practitioner, ...) */
    char identifier_uuid[UUID_SIZE];/* our own urn:uuid identifier, "" when it has none */
    bool palliative;                /* CarePlan or Condition that says comfort first */
    bool scale2;                    /* Flag that prescribes NEWS2 SpO2 scale 2 */
    char code_status[LABEL_SIZE];   /* Flag or Consent of category advance-directive: DNR in words */
    union {
        struct patient patient;
        struct { struct reading *items; size_t count, capacity; } readings; /* owned, as many as there are */
        struct medicine medicine;
        struct allergy allergy;
        struct condition condition;
        struct alert alert;
        struct consent consent;
        struct note note;           /* text owned by the lookup */
        struct { struct task *items; size_t count, capacity; } tasks;       /* owned, likewise */
        struct goal goal;
        struct appointment appointment;
        struct encounter encounter;
        struct { char name[LABEL_SIZE]; } person;
    } value;
};

/* Fills *out from a resource that passed resource_check(). References resolve
 * through `map` (may be NULL). Free with lookup_free; after a failure there is nothing to free.
 * Where only a reference says who, where or which medicine (prescriber, author,
 * by, place, device, a medicine's label), the text is "Type/id": the reader of
 * the row may exchange it for the name that LOOKUP_PERSON gives for that id.
 * A reading's decisions (time, unit, source) are listed in observation.c. */
enum status lookup_read(const cJSON *resource, const struct reference_map *map, struct lookup *out,
                        struct error *error) MUST_CHECK;
void lookup_free(struct lookup *lookup);

#endif
