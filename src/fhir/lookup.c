/*
 * lookup_read(): chooses by type what a resource gives to look up, and finds whose chart it belongs to.
 * Called by store/record for every resource it writes.
 */
#include "fhir/lookup.h"

#include "base/memory.h"
#include "base/text.h"
#include "fhir/lookup_part.h"

#include <string.h>

static const struct {
    const char *type;
    enum lookup_kind kind;
    void (*read)(const struct scope *scope, struct lookup *out);
    enum status (*read_owned)(const struct scope *scope, struct lookup *out, struct error *error); /* instead */
} readers[] = {
    {"AllergyIntolerance", LOOKUP_ALLERGY, lookup_allergy, NULL},
    {"Appointment", LOOKUP_APPOINTMENT, lookup_appointment, NULL},
    {"CarePlan", LOOKUP_TASKS, NULL, lookup_care_plan},
    {"Condition", LOOKUP_CONDITION, lookup_condition, NULL},
    {"Consent", LOOKUP_CONSENT, lookup_consent, NULL},
    {"DetectedIssue", LOOKUP_ALERT, lookup_detected_issue, NULL},
    {"Device", LOOKUP_PERSON, lookup_person, NULL},
    {"DocumentReference", LOOKUP_NOTE, NULL, lookup_note},
    {"Encounter", LOOKUP_ENCOUNTER, lookup_encounter, NULL},
    {"Flag", LOOKUP_ALERT, lookup_flag, NULL},
    {"Goal", LOOKUP_GOAL, lookup_goal, NULL},
    {"Location", LOOKUP_PERSON, lookup_person, NULL},
    {"Medication", LOOKUP_PERSON, lookup_person, NULL},
    {"MedicationAdministration", LOOKUP_MEDICINE, lookup_medicine, NULL},
    {"MedicationRequest", LOOKUP_MEDICINE, lookup_medicine, NULL},
    {"MedicationStatement", LOOKUP_MEDICINE, lookup_medicine, NULL},
    {"Observation", LOOKUP_READINGS_OF, NULL, lookup_observation},
    {"Organization", LOOKUP_PERSON, lookup_person, NULL},
    {"Patient", LOOKUP_PATIENT, lookup_patient, NULL},
    {"Practitioner", LOOKUP_PERSON, lookup_person, NULL},
    {"RelatedPerson", LOOKUP_PERSON, lookup_person, NULL},
    {"Task", LOOKUP_TASKS, NULL, lookup_task},
};

/* Whose chart it is: R4 calls the patient `subject`, `patient` or, in a Task, `for`. */
static void find_patient(const struct scope *scope, struct lookup *out)
{
    static const char *const names[] = {"subject", "patient", "for"};
    const cJSON *participant = NULL;

    if (text_equal(out->head.type, "Patient")) {
        text_copy(out->patient, sizeof out->patient, out->head.id);
        return;
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (reference_to(scope, json_object(scope->root, names[i]), "Patient", out->patient)) {
            return;
        }
    }
    if (text_equal(out->head.type, "Appointment")) {
        cJSON_ArrayForEach(participant, json_array(scope->root, "participant")) {
            if (reference_to(scope, json_object(participant, "actor"), "Patient", out->patient)) {
                return;
            }
        }
    }
}

enum status lookup_read(const cJSON *resource, const struct reference_map *map, struct lookup *out,
                        struct error *error)
{
    struct scope scope = {.root = resource, .map = map};
    enum status status = STATUS_OK;

    memset(out, 0, sizeof *out);
    status = resource_head_read(resource, &out->head, error);
    if (status != STATUS_OK) {
        return status;
    }
    find_patient(&scope, out);
    resource_own_uuid(resource, out->identifier_uuid);
    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++) {
        if (text_equal(readers[i].type, out->head.type)) {
            out->kind = readers[i].kind;
            if (readers[i].read_owned != NULL) {
                status = readers[i].read_owned(&scope, out, error);
            } else {
                readers[i].read(&scope, out);
            }
        }
    }
    if (status != STATUS_OK) {
        lookup_free(out);
    }
    return status;
}

void lookup_free(struct lookup *lookup)
{
    if (lookup->kind == LOOKUP_NOTE) {
        memory_free(lookup->value.note.text);
    } else if (lookup->kind == LOOKUP_READINGS_OF) {
        memory_free(lookup->value.readings.items);
    } else if (lookup->kind == LOOKUP_TASKS) {
        memory_free(lookup->value.tasks.items);
    }
    memset(&lookup->value, 0, sizeof lookup->value);
}
