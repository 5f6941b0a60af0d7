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
} readers[] = {
    {"AllergyIntolerance", LOOKUP_ALLERGY, lookup_allergy},
    {"Appointment", LOOKUP_APPOINTMENT, lookup_appointment},
    {"CarePlan", LOOKUP_TASKS, lookup_care_plan},
    {"Condition", LOOKUP_CONDITION, lookup_condition},
    {"Consent", LOOKUP_CONSENT, lookup_consent},
    {"DetectedIssue", LOOKUP_ALERT, lookup_detected_issue},
    {"Device", LOOKUP_PERSON, lookup_person},
    {"Encounter", LOOKUP_ENCOUNTER, lookup_encounter},
    {"Flag", LOOKUP_ALERT, lookup_flag},
    {"Goal", LOOKUP_GOAL, lookup_goal},
    {"Location", LOOKUP_PERSON, lookup_person},
    {"Medication", LOOKUP_PERSON, lookup_person},
    {"MedicationAdministration", LOOKUP_MEDICINE, lookup_medicine},
    {"MedicationRequest", LOOKUP_MEDICINE, lookup_medicine},
    {"MedicationStatement", LOOKUP_MEDICINE, lookup_medicine},
    {"Observation", LOOKUP_READINGS_OF, lookup_observation},
    {"Organization", LOOKUP_PERSON, lookup_person},
    {"Patient", LOOKUP_PATIENT, lookup_patient},
    {"Practitioner", LOOKUP_PERSON, lookup_person},
    {"RelatedPerson", LOOKUP_PERSON, lookup_person},
    {"Task", LOOKUP_TASKS, lookup_task},
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
    if (text_equal(out->head.type, "DocumentReference")) {
        out->kind = LOOKUP_NOTE;
        return lookup_note(&scope, out, error);
    }
    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++) {
        if (text_equal(readers[i].type, out->head.type)) {
            out->kind = readers[i].kind;
            readers[i].read(&scope, out);
        }
    }
    return STATUS_OK;
}

void lookup_free(struct lookup *lookup)
{
    if (lookup->kind == LOOKUP_NOTE) {
        memory_free(lookup->value.note.text);
        lookup->value.note.text = NULL;
    }
}
