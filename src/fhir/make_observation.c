/*
 * The vitals of a visit as Observations: one per reading, except that a blood pressure is one with two components.
 * What was not measured is recorded with its reason. Oxygen is an Observation of its own: US Core puts it into a
 * component of the saturation, but R4's vital-signs profile binds the units of components to a list without L/min.
 *
 * Numbers are sent with the digits and in the unit the nurse typed, where the vital-signs profiles allow that unit.
 */
#include "fhir/make.h"

#include "base/text.h"
#include "fhir/units.h"

#include <string.h>

static const struct reading *find(const struct reading *readings, size_t count, enum vital vital)
{
    for (size_t i = 0; i < count; i++) {
        if (readings[i].vital == vital) {
            return &readings[i];
        }
    }
    return NULL;
}

static bool is_pressure(enum vital vital)
{
    return vital == VITAL_SYSTOLIC || vital == VITAL_DIASTOLIC;
}

/* The unit to send: the one that was typed, when R4's vital-signs units have it, else the vital's own. */
static enum unit sent_unit(const struct reading *reading)
{
    enum unit typed = unit_find(NULL, NULL, reading->unit);

    return typed == UNIT_FAHRENHEIT || typed == UNIT_POUND || typed == UNIT_INCH || typed == UNIT_MMOL_PER_L
               ? typed
               : unit_of_vital(reading->vital);
}

static bool is_number(const char *text)
{
    size_t length = strlen(text);

    return length > 0 && decimal_literal_length(text, length) == length;
}

static void add_quantity(cJSON *holder, const struct reading *reading)
{
    cJSON *quantity = json_add_object(holder, "valueQuantity");
    enum unit unit = sent_unit(reading);
    bool as_typed = is_number(reading->text) && unit == unit_find(NULL, NULL, reading->unit);
    char digits[32];

    decimal_format(digits, sizeof digits, reading->value);
    if (!as_typed) {
        unit = unit_of_vital(reading->vital);
    }
    json_add_number(quantity, "value", as_typed ? reading->text : digits);
    json_add_text(quantity, "comparator", reading->comparator[0] != '\0' ? reading->comparator : NULL);
    json_add_text(quantity, "unit", as_typed ? reading->unit : vital_unit(reading->vital));
    json_add_text(quantity, "system", SYSTEM_UCUM);
    json_add_text(quantity, "code", unit_ucum(unit));
}

/* Our letter always; SNOMED CT's code too, except in Japan, which is not a member of it. */
static void add_consciousness(struct maker *maker, cJSON *holder, const struct reading *reading)
{
    enum consciousness level = (enum consciousness)reading->value.units;
    char letter[2] = {consciousness_letter(level), '\0'};
    cJSON *concept = json_add_object(holder, "valueCodeableConcept");
    cJSON *codings = json_add_array(concept, "coding");

    if (!text_equal(maker->signer->language, "ja")) {
        make_coding(codings, SYSTEM_SNOMED, consciousness_snomed(level));
    }
    make_coding(codings, SYSTEM_OWN_ACVPU, letter);
    json_add_text(concept, "text", letter);
}

/* The value, or why there is none; NULL: nothing is known of it. */
static void add_value(struct maker *maker, cJSON *holder, const struct reading *reading)
{
    if (reading == NULL || reading->absent[0] != '\0') {
        const char *reason = reading != NULL && reading->text[0] != '\0' ? reading->text : NULL;

        make_concept(holder, "dataAbsentReason", SYSTEM_ABSENT_REASON, reading != NULL ? reading->absent : "unknown",
                     reason);
    } else if (reading->vital == VITAL_CONSCIOUSNESS) {
        add_consciousness(maker, holder, reading);
    } else if (reading->vital == VITAL_PAIN || reading->vital == VITAL_NEWS2) {
        json_add_integer(holder, "valueInteger", decimal_scaled(reading->value, 0));
    } else {
        add_quantity(holder, reading);
    }
}

static void add_code(cJSON *holder, enum vital vital, const struct reading *reading)
{
    const struct vital_coding *coding = vital_coding(vital);
    cJSON *concept = json_add_object(holder, "code");
    cJSON *codings = json_add_array(concept, "coding");
    /* LOINC has a code of its own for capillary glucose in mmol/L. */
    bool molar = vital == VITAL_GLUCOSE && reading != NULL && reading->absent[0] == '\0' &&
                 is_number(reading->text) && sent_unit(reading) == UNIT_MMOL_PER_L;

    make_coding(codings, coding->system, molar ? "14743-9" : coding->code);
    if (coding->also != NULL) {
        make_coding(codings, coding->system, coding->also);
    }
    json_add_text(concept, "text", coding->words);
}

static void add_component(struct maker *maker, cJSON *components, enum vital vital, const struct reading *reading)
{
    cJSON *component = json_add_object(components, NULL);

    add_code(component, vital, reading);
    add_value(maker, component, reading);
}

/* All but code and value. */
static cJSON *start_observation(struct maker *maker, const char *category, instant at)
{
    cJSON *tree = make_start(maker, "Observation", NULL);

    json_add_text(tree, "status", "final");
    make_concept(json_add_array(tree, "category"), NULL, SYSTEM_OBSERVATION_CATEGORY, category, NULL);
    make_subject(maker, tree, "subject", "encounter");
    make_time(tree, "effectiveDateTime", at != INSTANT_NONE ? at : maker->visit->start);
    make_nurse(maker, json_add_array(tree, "performer"), NULL);
    return tree;
}

void make_measured(struct maker *maker, cJSON *tree, const struct reading *readings, size_t count)
{
    if (is_pressure(readings[0].vital)) {
        cJSON *components = NULL;

        make_concept(tree, "code", SYSTEM_LOINC, "85354-9", "Blood pressure");
        components = json_add_array(tree, "component");
        add_component(maker, components, VITAL_SYSTOLIC, find(readings, count, VITAL_SYSTOLIC));
        add_component(maker, components, VITAL_DIASTOLIC, find(readings, count, VITAL_DIASTOLIC));
    } else {
        add_code(tree, readings[0].vital, &readings[0]);
        add_value(maker, tree, &readings[0]);
    }
}

static enum status make_observation(struct maker *maker, const struct reading *reading, struct error *error)
{
    const struct visit *visit = maker->visit;
    const struct reading *other = find(visit->readings, visit->reading_count, VITAL_DIASTOLIC);
    struct reading measured[2] = {*reading};
    size_t count = 1;
    const char *category = is_pressure(reading->vital) ? "vital-signs" : vital_coding(reading->vital)->category;
    cJSON *tree = start_observation(maker, category, reading->at);

    if (reading->vital == VITAL_SYSTOLIC && other != NULL) {
        measured[count++] = *other;
    }
    make_measured(maker, tree, measured, count);
    return make_finish(maker, tree, error);
}

/* The total, with the Observations it was computed from: `first` is the index of the first of them. */
static enum status make_news2(struct maker *maker, size_t first, struct error *error)
{
    size_t last = maker->out->count;
    cJSON *tree = start_observation(maker, vital_coding(VITAL_NEWS2)->category, maker->visit->start);
    cJSON *sources = NULL;

    add_code(tree, VITAL_NEWS2, NULL);
    json_add_integer(tree, "valueInteger", maker->visit->news2.total);
    make_concept(tree, "method", NULL, NULL, maker->visit->news2_scale == 2 ? NEWS2_SCALE_2 : "SpO2 scale 1");
    sources = json_add_array(tree, "derivedFrom");
    for (size_t i = first; i < last; i++) {
        make_reference(sources, NULL, "Observation", maker->out->items[i].uuid);
    }
    return make_finish(maker, tree, error);
}

static bool is_of_news2(enum vital vital)
{
    return vital == VITAL_SYSTOLIC || vital == VITAL_PULSE || vital == VITAL_RESPIRATION || vital == VITAL_SPO2 ||
           vital == VITAL_OXYGEN_FLOW || vital == VITAL_OXYGEN_FRACTION || vital == VITAL_CONSCIOUSNESS ||
           vital == VITAL_TEMPERATURE;
}

static enum status make_readings(struct maker *maker, bool of_news2, struct error *error)
{
    const struct visit *visit = maker->visit;
    enum status status = STATUS_OK;

    for (size_t i = 0; i < visit->reading_count && status == STATUS_OK; i++) {
        enum vital vital = visit->readings[i].vital;

        if (is_of_news2(vital) != of_news2 ||
            (vital == VITAL_DIASTOLIC && find(visit->readings, visit->reading_count, VITAL_SYSTOLIC) != NULL)) {
            continue;
        }
        status = make_observation(maker, &visit->readings[i], error);
    }
    return status;
}

enum status make_observations(struct maker *maker, struct error *error)
{
    size_t first = maker->out->count;
    enum status status = make_readings(maker, true, error);

    if (status == STATUS_OK && maker->visit->news2.total >= 0) {
        status = make_news2(maker, first, error);
    }
    if (status == STATUS_OK) {
        status = make_readings(maker, false, error);
    }
    return status;
}
