/*
 * Numbers as nurses type them: a point or a comma, with or without a unit,
 * in the country's unit or in another one. Called by entry.c.
 */
#include "care/entry_number.h"

#include "base/text.h"

#include <string.h>

enum conversion { CONVERT_NONE, CONVERT_FAHRENHEIT, CONVERT_POUNDS, CONVERT_MILLIMOLES };

/* Units as people type them, folded; `unit` is what is kept beside the digits. */
static const struct unit_row {
    enum vital vital;
    const char *typed;
    const char *unit;
    enum conversion conversion;
} units[] = {
    {VITAL_SYSTOLIC, "mmhg", "mmHg", CONVERT_NONE},
    {VITAL_DIASTOLIC, "mmhg", "mmHg", CONVERT_NONE},
    {VITAL_PULSE, "/min", "/min", CONVERT_NONE},
    {VITAL_PULSE, "bpm", "/min", CONVERT_NONE},
    {VITAL_RESPIRATION, "/min", "/min", CONVERT_NONE},
    {VITAL_SPO2, "%", "%", CONVERT_NONE},
    {VITAL_OXYGEN_FLOW, "l/min", "L/min", CONVERT_NONE},
    {VITAL_OXYGEN_FLOW, "lpm", "L/min", CONVERT_NONE},
    {VITAL_OXYGEN_FLOW, "l", "L/min", CONVERT_NONE},
    {VITAL_OXYGEN_FRACTION, "%", "%", CONVERT_NONE},
    {VITAL_TEMPERATURE, "c", "C", CONVERT_NONE},
    {VITAL_TEMPERATURE, "°c", "C", CONVERT_NONE},
    {VITAL_TEMPERATURE, "f", "F", CONVERT_FAHRENHEIT},
    {VITAL_TEMPERATURE, "°f", "F", CONVERT_FAHRENHEIT},
    {VITAL_WEIGHT, "kg", "kg", CONVERT_NONE},
    {VITAL_WEIGHT, "lb", "lb", CONVERT_POUNDS},
    {VITAL_WEIGHT, "lbs", "lb", CONVERT_POUNDS},
    {VITAL_HEIGHT, "cm", "cm", CONVERT_NONE},
    {VITAL_GLUCOSE, "mg/dl", "mg/dL", CONVERT_NONE},
    {VITAL_GLUCOSE, "mg", "mg/dL", CONVERT_NONE},
    {VITAL_GLUCOSE, "mmol/l", "mmol/L", CONVERT_MILLIMOLES},
    {VITAL_GLUCOSE, "mmol", "mmol/L", CONVERT_MILLIMOLES},
    {VITAL_PAIN, "/10", "/10", CONVERT_NONE},
};

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

const char *entry_number_take(const char *text, struct entry_number *out)
{
    const char *at = text;
    size_t length = 0;
    bool point = false;
    memset(out, 0, sizeof *out);
    if (*at == '-') {
        out->digits[length++] = *at++;
    }
    if (!is_digit(*at)) {
        return NULL;
    }
    while (is_digit(*at) || (!point && (*at == '.' || *at == ',') && is_digit(at[1]))) {
        if (length + 1 >= sizeof out->digits) {
            return NULL;
        }
        out->places += point ? 1 : 0;
        point = point || !is_digit(*at);
        out->digits[length++] = is_digit(*at) ? *at : '.';
        at++;
    }
    if (!decimal_parse(out->digits, &out->typed)) {
        return NULL;
    }
    out->value = out->typed;
    return at + strspn(at, " \t");
}

static struct decimal convert(struct decimal value, enum conversion conversion)
{
    switch (conversion) {
    case CONVERT_FAHRENHEIT:
        return decimal_ratio(decimal_subtract(value, decimal_from(32, 0)), 5, 9, 1);
    case CONVERT_POUNDS: /* 0.45359237 kg */
        return decimal_ratio(value, 45359237, 100000000, 1);
    case CONVERT_MILLIMOLES: /* glucose, 180.156 g/mol: 18.0156 mg/dL */
        return decimal_ratio(value, 180156, 10000, 0);
    case CONVERT_NONE:
        break;
    }
    return value;
}

static void apply(struct entry_number *number, const struct unit_row *row)
{
    text_copy(number->unit, sizeof number->unit, row->unit);
    number->converted = row->conversion != CONVERT_NONE;
    number->value = convert(number->typed, row->conversion);
}

bool entry_number_read(const char *text, enum vital vital, struct entry_number *out)
{
    const char *rest = entry_number_take(text, out);
    if (rest == NULL || *rest == '\0') {
        return rest != NULL;
    }
    char folded[32];
    text_fold(folded, sizeof folded, rest);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (units[i].vital == vital && strcmp(units[i].typed, folded) == 0) {
            apply(out, &units[i]);
            return true;
        }
    }
    return false;
}

void entry_number_assume(struct entry_number *number, enum vital vital, const char *unit)
{
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (units[i].vital == vital && strcmp(units[i].unit, unit) == 0) {
            apply(number, &units[i]);
            return;
        }
    }
}
