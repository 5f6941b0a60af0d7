/*
 * Observation to readings: one per vital that the codes name, at the top and in each component.
 *
 * Decisions, because records differ:
 * - Time is effective[x] only. `issued` is when it was published, not when it was measured. Of a period the start
 *   counts (its end when there is no start): a reading may look older than it is, never fresher.
 * - A value that is there but cannot be understood as this vital (no or unknown unit, code and unit text that
 *   contradict, more digits than we keep) becomes a reading without a value, absent "unsupported", its digits and
 *   unit kept as they came; a value in words becomes absent "as-text". Neither is ever shown in the vital's unit.
 * - A nurse who used a device is the source. What the patient is tagged to have supplied is the patient's or the
 *   device's, whoever sent it.
 */
#include "fhir/lookup_part.h"

#include "base/memory.h"
#include "base/text.h"
#include "fhir/codes.h"
#include "fhir/units.h"

#include <string.h>

static enum reading_status status_of(const char *code)
{
    static const struct {
        const char *code;
        enum reading_status status;
    } rows[] = {
        {"final", READING_FINAL},           {"amended", READING_FINAL},
        {"corrected", READING_FINAL},       {"registered", READING_PRELIMINARY},
        {"preliminary", READING_PRELIMINARY}, {"cancelled", READING_CANCELLED},
        {"entered-in-error", READING_ERRONEOUS},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (text_equal(rows[i].code, code)) {
            return rows[i].status;
        }
    }
    return READING_UNKNOWN;
}

static instant effective(const cJSON *observation, enum instant_precision *precision)
{
    const cJSON *period = json_object(observation, "effectivePeriod");
    const cJSON *event = cJSON_GetArrayItem(json_array(json_object(observation, "effectiveTiming"), "event"), 0);
    instant at = element_time_precise(observation, "effectiveDateTime", precision);

    if (at == INSTANT_NONE) {
        at = element_time_precise(observation, "effectiveInstant", precision);
    }
    if (at == INSTANT_NONE) {
        at = element_time_precise(period, "start", precision);
    }
    if (at == INSTANT_NONE) {
        at = element_time_precise(period, "end", precision);
    }
    if (at == INSTANT_NONE) {
        instant_parse(json_value_text(event), &at, precision);
    }
    return at;
}

static bool has_meta(const cJSON *observation, const char *list, const char *system, const char *code)
{
    const cJSON *coding = NULL;

    cJSON_ArrayForEach(coding, json_array(json_object(observation, "meta"), list)) {
        if (text_equal(json_text(coding, "code"), code) && text_equal(json_text(coding, "system"), system)) {
            return true;
        }
    }
    return false;
}

static enum reading_source source_of(const struct scope *scope)
{
    const cJSON *reference = NULL;
    bool nurse = false;
    bool patient = false;
    bool device = json_object(scope->root, "device") != NULL;
    /* Reference 4.1: how US Core and HL7 mark what patients and their devices report. */
    bool supplied = has_meta(scope->root, "tag", "http://hl7.org/fhir/us/core/CodeSystem/us-core-tags",
                             "patient-supplied") ||
                    has_meta(scope->root, "security", "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
                             "PATAST");

    cJSON_ArrayForEach(reference, json_array(scope->root, "performer")) {
        char type[RESOURCE_TYPE_SIZE];

        reference_type(scope, reference, type);
        nurse = nurse || text_equal(type, "Practitioner") || text_equal(type, "PractitionerRole");
        patient = patient || text_equal(type, "Patient") || text_equal(type, "RelatedPerson");
        device = device || text_equal(type, "Device");
    }
    if (nurse && !supplied) {
        return SOURCE_NURSE;
    }
    if (device) {
        return SOURCE_DEVICE;
    }
    return patient || supplied ? SOURCE_PATIENT : SOURCE_UNKNOWN;
}

static void set_absent(struct reading *reading, const char *code)
{
    reading->value = decimal_from(0, 0);
    label_set(reading->absent, sizeof reading->absent, code);
}

static void read_number(struct reading *reading, const cJSON *value, const char *system, const char *code,
                        const char *unit)
{
    struct decimal number = {0, 0};

    label_set(reading->unit, sizeof reading->unit, unit != NULL ? unit : code);
    if (!json_number_text(value, reading->text, sizeof reading->text) || !decimal_parse(reading->text, &number) ||
        !unit_convert(reading->vital, unit_find(system, code, unit), number, &reading->value)) {
        set_absent(reading, "unsupported");
    }
}

static void read_quantity(struct reading *reading, const cJSON *quantity)
{
    const char *comparator = json_text(quantity, "comparator");

    if (json_member(quantity, "value") == NULL) {
        set_absent(reading, "unknown");
        return;
    }
    read_number(reading, json_member(quantity, "value"), json_text(quantity, "system"), json_text(quantity, "code"),
                json_text(quantity, "unit"));
    if (comparator != NULL && !text_copy(reading->comparator, sizeof reading->comparator, comparator)) {
        set_absent(reading, "unsupported");
    }
}

static void read_level(struct reading *reading, bool known, enum consciousness level)
{
    if (known) {
        reading->value = decimal_from(level, 0);
        reading->text[0] = consciousness_letter(level);
        reading->text[1] = '\0';
    } else {
        set_absent(reading, "as-text");
    }
}

/* The value[x] of an Observation or of a component, or why it is absent. False when it says nothing of either. */
static bool read_value(struct reading *reading, const cJSON *holder)
{
    const cJSON *quantity = json_object(holder, "valueQuantity");
    const cJSON *concept = json_object(holder, "valueCodeableConcept");
    const cJSON *integer = json_member(holder, "valueInteger");
    const char *text = json_text(holder, "valueString");
    const cJSON *reason = json_object(holder, "dataAbsentReason");
    enum consciousness level = CONSCIOUSNESS_ALERT;

    if (reading->vital == VITAL_CONSCIOUSNESS && (concept != NULL || text != NULL)) {
        bool known = concept != NULL ? concept_consciousness(concept, &level) : text_consciousness(text, &level);

        read_level(reading, known, level);
    } else if (quantity != NULL) {
        read_quantity(reading, quantity);
    } else if (integer != NULL) {
        read_number(reading, integer, NULL, NULL, NULL);
    } else if (concept != NULL || text != NULL) {
        set_absent(reading, "as-text");
    } else if (reason != NULL) {
        const char *code = concept_code(reason, SYSTEM_ABSENT_REASON);

        set_absent(reading, code != NULL ? code : "unknown");
        label_set(reading->text, sizeof reading->text, json_text(reason, "text"));
    } else {
        return false;
    }
    return true;
}

static enum status add_reading(struct lookup *out, const struct reading *common, enum vital vital, const cJSON *holder,
                               bool even_empty, struct error *error)
{
    struct reading *reading = memory_grow(out->value.readings.items, out->value.readings.count,
                                          &out->value.readings.capacity, sizeof *reading);

    if (reading == NULL) {
        return error_no_memory(error);
    }
    out->value.readings.items = reading;
    reading += out->value.readings.count;
    *reading = *common;
    reading->vital = vital;
    if (!read_value(reading, holder)) {
        if (!even_empty) {
            return STATUS_OK;
        }
        set_absent(reading, "unknown");
    }
    out->value.readings.count++;
    return STATUS_OK;
}

enum status lookup_observation(const struct scope *scope, struct lookup *out, struct error *error)
{
    const cJSON *code = json_object(scope->root, "code");
    const cJSON *components = json_array(scope->root, "component");
    const cJSON *component = NULL;
    struct reading common = {.status = status_of(json_text(scope->root, "status")), .source = source_of(scope)};
    enum vital vital = VITAL_COUNT;
    enum status status = STATUS_OK;
    bool panel = components != NULL || json_array(scope->root, "hasMember") != NULL;

    common.at = effective(scope->root, &common.precision);
    text_copy(common.resource, sizeof common.resource, out->head.id);
    if (json_object(scope->root, "device") != NULL) {
        reference_label(scope, json_object(scope->root, "device"), common.device, sizeof common.device);
    }
    if (concept_vital(code, &vital)) {
        status = add_reading(out, &common, vital, scope->root, !panel, error);
    } else if (concept_is_blood_pressure(code) && components == NULL) {
        /* The whole pressure was not measured: both parts say why. */
        status = add_reading(out, &common, VITAL_SYSTOLIC, scope->root, !panel, error);
        if (status == STATUS_OK) {
            status = add_reading(out, &common, VITAL_DIASTOLIC, scope->root, !panel, error);
        }
    }
    cJSON_ArrayForEach(component, components) {
        if (status == STATUS_OK && concept_vital(json_object(component, "code"), &vital)) {
            status = add_reading(out, &common, vital, component, true, error);
        }
    }
    return status;
}

instant observation_time(const cJSON *observation)
{
    enum instant_precision precision = PRECISION_NONE;

    return effective(observation, &precision);
}
