/*
 * MedicationRequest, MedicationStatement and MedicationAdministration to one kind of row.
 *
 * Decisions: an order not to give (doNotPerform) and a mere proposal are no orders, so their status says
 * "do-not-perform" or "proposal" instead of "active". A dosage is shown in the prescriber's words when there are any;
 * else its parts are put side by side, nothing is worked out.
 */
#include "fhir/lookup_part.h"

#include "base/text.h"

#include <string.h>

static void append_quantity(char *out, size_t size, const char *separator, const cJSON *quantity)
{
    char text[LABEL_SIZE] = "", digits[48];
    const char *unit = json_text(quantity, "unit");

    if (json_number_text(json_member(quantity, "value"), digits, sizeof digits)) {
        label_append(text, sizeof text, "", json_text(quantity, "comparator"));
        label_append(text, sizeof text, " ", digits);
        label_append(text, sizeof text, " ", unit != NULL ? unit : json_text(quantity, "code"));
        label_append(out, size, separator, text);
    }
}

/* UCUM units of time, as the prescriber's "2 x / 1 d". */
static void append_timing(char *out, size_t size, const cJSON *timing)
{
    const cJSON *repeat = json_object(timing, "repeat");
    const cJSON *when = NULL;
    char text[LABEL_SIZE] = "", frequency[48], period[48];

    if (concept_label(json_object(timing, "code"), text, sizeof text)) {
        label_append(out, size, ", ", text);
        return;
    }
    if (json_number_text(json_member(repeat, "period"), period, sizeof period)) {
        if (!json_number_text(json_member(repeat, "frequency"), frequency, sizeof frequency)) {
            text_copy(frequency, sizeof frequency, "1");
        }
        text_format(text, sizeof text, "%s x / %s", frequency, period);
        label_append(text, sizeof text, " ", json_text(repeat, "periodUnit"));
        label_append(out, size, ", ", text);
    }
    cJSON_ArrayForEach(when, json_array(repeat, "when")) {
        label_append(out, size, ", ", json_value_text(when));
    }
}

static void append_dosage(char *out, size_t size, const cJSON *dosage)
{
    const cJSON *dose = cJSON_GetArrayItem(json_array(dosage, "doseAndRate"), 0);
    const cJSON *range = json_object(dose, "doseRange");
    const cJSON *given = json_object(dosage, "dose"); /* MedicationAdministration */
    char text[DETAIL_SIZE] = "", route[LABEL_SIZE];

    label_set(text, sizeof text, json_text(dosage, "text"));
    if (text[0] == '\0') {
        append_quantity(text, sizeof text, "", given != NULL ? given : json_object(dose, "doseQuantity"));
        append_quantity(text, sizeof text, "", json_object(range, "low"));
        append_quantity(text, sizeof text, " - ", json_object(range, "high"));
        append_timing(text, sizeof text, json_object(dosage, "timing"));
        if (concept_label(json_object(dosage, "route"), route, sizeof route)) {
            label_append(text, sizeof text, ", ", route);
        }
    }
    label_append(out, size, "; ", text);
}

static void read_dosages(const cJSON *dosages, struct medicine *medicine)
{
    const cJSON *dosage = NULL;

    cJSON_ArrayForEach(dosage, dosages) {
        const cJSON *bounds = json_object(json_object(json_object(dosage, "timing"), "repeat"), "boundsPeriod");
        instant start = element_time(bounds, "start");
        instant end = element_time(bounds, "end");
        bool as_needed = false;

        append_dosage(medicine->dose, sizeof medicine->dose, dosage);
        json_boolean(dosage, "asNeededBoolean", &as_needed);
        medicine->as_needed = medicine->as_needed || as_needed ||
                              json_object(dosage, "asNeededCodeableConcept") != NULL;
        if (start != INSTANT_NONE && (medicine->since == INSTANT_NONE || start < medicine->since)) {
            medicine->since = start;
        }
        if (end != INSTANT_NONE && (medicine->until == INSTANT_NONE || end > medicine->until)) {
            medicine->until = end;
        }
    }
}

static void read_medication(const struct scope *scope, struct medicine *medicine)
{
    const cJSON *concept = json_object(scope->root, "medicationCodeableConcept");
    const cJSON *reference = json_object(scope->root, "medicationReference");
    const cJSON *contained = reference_contained(scope, reference);

    if (concept == NULL) {
        concept = json_object(contained, "code");
    }
    medicine->code_count = concept_codes(concept, medicine->codes, CODES_PER_ROW);
    if (!concept_label(concept, medicine->label, sizeof medicine->label) &&
        !reference_label(scope, reference, medicine->label, sizeof medicine->label)) {
        text_copy(medicine->label, sizeof medicine->label, _("Medicine not named"));
    }
}

static void set_status(struct medicine *medicine, const char *status)
{
    label_set(medicine->status, sizeof medicine->status, status);
}

static void read_request(const struct scope *scope, struct medicine *medicine)
{
    const char *intent = json_text(scope->root, "intent");
    bool forbidden = false;

    medicine->kind = MEDICINE_REQUEST;
    json_boolean(scope->root, "doNotPerform", &forbidden);
    if (text_equal(medicine->status, "active") && (text_equal(intent, "proposal") || text_equal(intent, "option"))) {
        set_status(medicine, intent);
    }
    if (forbidden) {
        char label[LABEL_SIZE];

        text_copy(label, sizeof label, medicine->label);
        if (!text_format(medicine->label, sizeof medicine->label, _("Do not give: %s"), label)) {
            chart_mark_cut(medicine->label, sizeof medicine->label);
        }
        set_status(medicine, "do-not-perform");
    }
    read_dosages(json_array(scope->root, "dosageInstruction"), medicine);
    if (medicine->since == INSTANT_NONE) {
        medicine->since = element_time(scope->root, "authoredOn");
    }
    reference_label(scope, json_object(scope->root, "requester"), medicine->prescriber, sizeof medicine->prescriber);
}

static void read_effective(const struct scope *scope, struct medicine *medicine)
{
    const cJSON *period = json_object(scope->root, "effectivePeriod");
    instant at = element_time(scope->root, "effectiveDateTime");
    instant start = element_time(period, "start");
    instant end = element_time(period, "end");

    medicine->since = at != INSTANT_NONE ? at : start != INSTANT_NONE ? start : medicine->since;
    medicine->until = end != INSTANT_NONE ? end : medicine->until;
}

static void read_statement(const struct scope *scope, struct medicine *medicine)
{
    const cJSON *based_on = NULL;

    medicine->kind = MEDICINE_STATEMENT;
    read_dosages(json_array(scope->root, "dosage"), medicine);
    read_effective(scope, medicine);
    if (medicine->since == INSTANT_NONE) {
        medicine->since = element_time(scope->root, "dateAsserted");
    }
    cJSON_ArrayForEach(based_on, json_array(scope->root, "basedOn")) {
        if (reference_to(scope, based_on, "MedicationRequest", medicine->request)) {
            break;
        }
    }
    reference_label(scope, json_object(scope->root, "informationSource"), medicine->prescriber,
                    sizeof medicine->prescriber);
}

static void read_administration(const struct scope *scope, struct medicine *medicine)
{
    const cJSON *performer = cJSON_GetArrayItem(json_array(scope->root, "performer"), 0);

    medicine->kind = MEDICINE_ADMINISTRATION;
    append_dosage(medicine->dose, sizeof medicine->dose, json_object(scope->root, "dosage"));
    read_effective(scope, medicine);
    reference_to(scope, json_object(scope->root, "request"), "MedicationRequest", medicine->request);
    reference_label(scope, json_object(performer, "actor"), medicine->prescriber, sizeof medicine->prescriber);
}

void lookup_medicine(const struct scope *scope, struct lookup *out)
{
    struct medicine *medicine = &out->value.medicine;

    text_copy(medicine->id, sizeof medicine->id, out->head.id);
    set_status(medicine, json_text(scope->root, "status"));
    medicine->since = INSTANT_NONE;
    medicine->until = INSTANT_NONE;
    read_medication(scope, medicine);
    if (text_equal(out->head.type, "MedicationRequest")) {
        read_request(scope, medicine);
    } else if (text_equal(out->head.type, "MedicationStatement")) {
        read_statement(scope, medicine);
    } else {
        read_administration(scope, medicine);
    }
}
