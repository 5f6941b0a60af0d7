/*
 * Builds small charts for the tests of this room. A test describes what the
 * store would give; readings are added in any order and kept newest first.
 */
#ifndef DOORSTEP_TESTS_CARE_CHART_BUILDER_H
#define DOORSTEP_TESTS_CARE_CHART_BUILDER_H

#include "base/memory.h"
#include "base/text.h"
#include "care/chart.h"
#include "tests/support/test.h"

#include <string.h>

/* A local noon, so that hours before and after it are the same day. */
static inline instant noon(void)
{
    return instant_from_civil((struct civil){.year = 2026, .month = 11, .day = 22, .hour = 12});
}

static inline struct decimal number(const char *digits)
{
    struct decimal value;
    assert_true(decimal_parse(digits, &value));
    return value;
}

static inline struct reading make_reading(enum vital vital, const char *digits, instant at, enum reading_source source)
{
    struct reading reading = {.vital = vital, .value = number(digits), .at = at, .precision = PRECISION_TIME,
                              .source = source};
    text_copy(reading.text, sizeof reading.text, digits);
    text_copy(reading.unit, sizeof reading.unit, vital_unit(vital));
    return reading;
}

/* The returned pointer is valid until the next call. */
static inline struct reading *add_reading(struct chart *chart, enum vital vital, const char *digits, instant at,
                                          enum reading_source source)
{
    size_t index = chart->reading_count;
    chart->readings = memory_resize(chart->readings, (index + 1) * sizeof *chart->readings);
    assert_non_null(chart->readings);
    while (index > 0 && chart->readings[index - 1].at < at) {
        chart->readings[index] = chart->readings[index - 1];
        index--;
    }
    chart->readings[index] = make_reading(vital, digits, at, source);
    chart->reading_count++;
    return &chart->readings[index];
}

static inline struct medicine *add_medicine(struct chart *chart, enum medicine_kind kind, const char *id,
                                            const char *label)
{
    chart->medicines = memory_resize(chart->medicines, (chart->medicine_count + 1) * sizeof *chart->medicines);
    assert_non_null(chart->medicines);
    struct medicine *medicine = &chart->medicines[chart->medicine_count++];
    memset(medicine, 0, sizeof *medicine);
    medicine->kind = kind;
    text_copy(medicine->id, sizeof medicine->id, id);
    text_copy(medicine->label, sizeof medicine->label, label);
    text_copy(medicine->status, sizeof medicine->status, "active");
    return medicine;
}

static inline struct allergy *add_allergy(struct chart *chart, const char *label)
{
    chart->allergies = memory_resize(chart->allergies, (chart->allergy_count + 1) * sizeof *chart->allergies);
    assert_non_null(chart->allergies);
    struct allergy *allergy = &chart->allergies[chart->allergy_count++];
    memset(allergy, 0, sizeof *allergy);
    text_copy(allergy->label, sizeof allergy->label, label);
    text_copy(allergy->status, sizeof allergy->status, "active");
    text_copy(allergy->verification, sizeof allergy->verification, "confirmed");
    return allergy;
}

static inline void set_code(struct code *code, const char *system, const char *value)
{
    text_copy(code->system, sizeof code->system, system);
    text_copy(code->code, sizeof code->code, value);
}

#endif
