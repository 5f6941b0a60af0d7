/*
 * What the patient takes (MedicationStatement) and what the nurse gave (MedicationAdministration).
 * Source: reference 4.3. The medicine is named as the order names it; codes are copied, never looked up.
 */
#include "fhir/make.h"

#include "base/text.h"
#include "fhir/element.h"

#include <string.h>

static void add_medication(cJSON *tree, const struct visit_medicine *medicine)
{
    cJSON *concept = json_add_object(tree, "medicationCodeableConcept");
    char text[LABEL_SIZE];

    if (medicine->code_count > 0) {
        cJSON *codings = json_add_array(concept, "coding");

        for (size_t i = 0; i < medicine->code_count; i++) {
            make_coding(codings, medicine->codes[i].system[0] != '\0' ? medicine->codes[i].system : NULL,
                        medicine->codes[i].code);
        }
    }
    /* R4 demands a medicine; an order that is not on this device is all that is known of it. */
    text_format(text, sizeof text, "MedicationRequest/%s", medicine->request);
    json_add_text(concept, "text", medicine->label[0] != '\0' ? medicine->label : text);
}

static void add_note(cJSON *tree, const char *text)
{
    if (!text_is_blank(text)) {
        cJSON *notes = cJSON_GetObjectItemCaseSensitive(tree, "note");

        json_add_text(json_add_object(notes != NULL ? notes : json_add_array(tree, "note"), NULL), "text", text);
    }
}

/* "500 mg oral" */
static void join_dose(const struct visit_medicine *medicine, char *out, size_t size)
{
    label_set(out, size, medicine->dose);
    label_append(out, size, " ", medicine->unit);
    label_append(out, size, " ", medicine->route);
}

static const char *statement_status(enum taking taking)
{
    switch (taking) {
    case TAKING_AS_ORDERED:
    case TAKING_DIFFERENTLY:
        return "active";
    case TAKING_NOT:
        return "not-taken";
    case TAKING_UNKNOWN:
        break;
    }
    return "unknown";
}

/* R4 has one status for what is taken as ordered and what is taken differently; the nurse has two answers. */
static void add_status_reason(cJSON *tree, const struct visit_medicine *medicine)
{
    if (medicine->taking == TAKING_NOT && !text_is_blank(medicine->reason)) {
        make_concept(json_add_array(tree, "statusReason"), NULL, NULL, NULL, medicine->reason);
    } else if (medicine->taking == TAKING_DIFFERENTLY) {
        make_concept(json_add_array(tree, "statusReason"), NULL, SYSTEM_OWN_TAKING, TAKING_DIFFERENTLY_CODE, NULL);
    }
}

void make_taking(cJSON *tree, const struct visit_medicine *medicine)
{
    char dose[LABEL_SIZE];

    json_add_text(tree, "status", statement_status(medicine->taking));
    add_status_reason(tree, medicine);
    if (medicine->taking != TAKING_NOT) {
        add_note(tree, medicine->given ? NULL : medicine->reason);
    }
    if (medicine->taking == TAKING_DIFFERENTLY && !medicine->given && !text_is_blank(medicine->dose)) {
        join_dose(medicine, dose, sizeof dose);
        json_add_text(json_add_object(json_add_array(tree, "dosage"), NULL), "text", dose);
    }
}

static enum status make_statement(struct maker *maker, const struct visit_medicine *medicine, struct error *error)
{
    cJSON *tree = make_start(maker, "MedicationStatement", NULL);

    if (medicine->request[0] != '\0') {
        make_reference(json_add_array(tree, "basedOn"), NULL, "MedicationRequest", medicine->request);
    }
    add_medication(tree, medicine);
    make_subject(maker, tree, "subject", "context");
    make_time(tree, "effectiveDateTime", maker->visit->start);
    make_time(tree, "dateAsserted", maker->visit->end);
    make_taking(tree, medicine);
    return make_finish(maker, tree, error);
}

void make_given(cJSON *tree, const struct visit_medicine *medicine)
{
    size_t length = strlen(medicine->dose);

    if (length > 0 && decimal_literal_length(medicine->dose, length) == length) {
        cJSON *dosage = json_add_object(tree, "dosage");
        cJSON *dose = NULL;

        if (medicine->route[0] != '\0') {
            make_concept(dosage, "route", NULL, NULL, medicine->route);
        }
        dose = json_add_object(dosage, "dose");
        json_add_number(dose, "value", medicine->dose);
        json_add_text(dose, "unit", medicine->unit[0] != '\0' ? medicine->unit : NULL);
        add_note(tree, medicine->reason);
    } else {
        /* R4 has no dosage without a number: what was typed is kept as a note. */
        char text[LABEL_SIZE * 2];

        join_dose(medicine, text, sizeof text);
        label_append(text, sizeof text, ": ", medicine->reason);
        add_note(tree, text);
    }
}

static enum status make_administration(struct maker *maker, const struct visit_medicine *medicine, struct error *error)
{
    cJSON *tree = make_start(maker, "MedicationAdministration", NULL);

    json_add_text(tree, "status", "completed");
    add_medication(tree, medicine);
    make_subject(maker, tree, "subject", "context");
    /* Given during the visit: the minute is not recorded, so none is claimed. */
    make_period(tree, "effectivePeriod", maker->visit->start, maker->visit->end);
    make_nurse(maker, json_add_object(json_add_array(tree, "performer"), NULL), "actor");
    if (medicine->request[0] != '\0') {
        make_reference(tree, "request", "MedicationRequest", medicine->request);
    }
    make_given(tree, medicine);
    return make_finish(maker, tree, error);
}

enum status make_medicine(struct maker *maker, const struct visit_medicine *medicine, struct error *error)
{
    enum status status = STATUS_OK;

    if (medicine->has_taking) {
        status = make_statement(maker, medicine, error);
    }
    if (status == STATUS_OK && medicine->given) {
        status = make_administration(maker, medicine, error);
    }
    return status;
}
