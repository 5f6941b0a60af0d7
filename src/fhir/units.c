/*
 * Spellings and factors. Spellings are listed as text_fold() leaves them (NFKC, lower case), so that full-width,
 * capital and one-character forms ("㎏", "℃", "MMHG") need no row of their own; {annotations} are cut before.
 */
#include "fhir/units.h"

#include "base/text.h"
#include "fhir/codes.h"

#include <string.h>

static const struct spelling {
    const char *text;
    enum unit unit;
} spellings[] = {
    {"%", UNIT_PERCENT}, {"percent", UNIT_PERCENT}, {"%o2", UNIT_PERCENT}, {"% o2", UNIT_PERCENT},
    {"/min", UNIT_PER_MINUTE}, {"1/min", UNIT_PER_MINUTE}, {"min-1", UNIT_PER_MINUTE}, {"/minute", UNIT_PER_MINUTE},
    {"per minute", UNIT_PER_MINUTE}, {"bpm", UNIT_PER_MINUTE}, {"beats/min", UNIT_PER_MINUTE},
    {"beats/minute", UNIT_PER_MINUTE}, {"beats per minute", UNIT_PER_MINUTE}, {"beat/min", UNIT_PER_MINUTE},
    {"breaths/min", UNIT_PER_MINUTE}, {"breaths/minute", UNIT_PER_MINUTE}, {"breaths per minute", UNIT_PER_MINUTE},
    {"count/min", UNIT_PER_MINUTE}, {"回/分", UNIT_PER_MINUTE}, {"拍/分", UNIT_PER_MINUTE}, {"회/분", UNIT_PER_MINUTE},
    {"mm[hg]", UNIT_MMHG}, {"mmhg", UNIT_MMHG}, {"mm hg", UNIT_MMHG}, {"mm(hg)", UNIT_MMHG},
    {"millimeter of mercury", UNIT_MMHG}, {"millimeters of mercury", UNIT_MMHG}, {"millimetres of mercury", UNIT_MMHG},
    {"kpa", UNIT_KILOPASCAL}, {"kilopascal", UNIT_KILOPASCAL},
    {"cel", UNIT_CELSIUS}, {"c", UNIT_CELSIUS}, {"°c", UNIT_CELSIUS}, {"° c", UNIT_CELSIUS}, {"degc", UNIT_CELSIUS},
    {"deg c", UNIT_CELSIUS}, {"degrees c", UNIT_CELSIUS}, {"degree celsius", UNIT_CELSIUS},
    {"degrees celsius", UNIT_CELSIUS}, {"celsius", UNIT_CELSIUS},
    {"[degf]", UNIT_FAHRENHEIT}, {"f", UNIT_FAHRENHEIT}, {"°f", UNIT_FAHRENHEIT}, {"° f", UNIT_FAHRENHEIT},
    {"degf", UNIT_FAHRENHEIT}, {"deg f", UNIT_FAHRENHEIT}, {"degrees f", UNIT_FAHRENHEIT},
    {"degree fahrenheit", UNIT_FAHRENHEIT}, {"degrees fahrenheit", UNIT_FAHRENHEIT}, {"fahrenheit", UNIT_FAHRENHEIT},
    {"k", UNIT_KELVIN}, {"kelvin", UNIT_KELVIN},
    {"kg", UNIT_KILOGRAM}, {"kgs", UNIT_KILOGRAM}, {"kilogram", UNIT_KILOGRAM}, {"kilograms", UNIT_KILOGRAM},
    {"g", UNIT_GRAM}, {"gram", UNIT_GRAM}, {"grams", UNIT_GRAM},
    {"[lb_av]", UNIT_POUND}, {"lb_av", UNIT_POUND}, {"lb", UNIT_POUND}, {"lbs", UNIT_POUND}, {"pound", UNIT_POUND},
    {"pounds", UNIT_POUND},
    {"cm", UNIT_CENTIMETRE}, {"centimeter", UNIT_CENTIMETRE}, {"centimeters", UNIT_CENTIMETRE},
    {"centimetre", UNIT_CENTIMETRE}, {"centimetres", UNIT_CENTIMETRE},
    {"m", UNIT_METRE}, {"meter", UNIT_METRE}, {"meters", UNIT_METRE}, {"metre", UNIT_METRE}, {"metres", UNIT_METRE},
    {"mm", UNIT_MILLIMETRE}, {"millimeter", UNIT_MILLIMETRE}, {"millimeters", UNIT_MILLIMETRE},
    {"[in_i]", UNIT_INCH}, {"[in_us]", UNIT_INCH}, {"in", UNIT_INCH}, {"inch", UNIT_INCH}, {"inches", UNIT_INCH},
    {"[ft_i]", UNIT_FOOT}, {"ft", UNIT_FOOT}, {"foot", UNIT_FOOT}, {"feet", UNIT_FOOT},
    {"mg/dl", UNIT_MG_PER_DL}, {"mg/100ml", UNIT_MG_PER_DL}, {"milligrams per deciliter", UNIT_MG_PER_DL},
    {"mmol/l", UNIT_MMOL_PER_L}, {"millimoles per liter", UNIT_MMOL_PER_L},
    {"l/min", UNIT_L_PER_MINUTE}, {"lpm", UNIT_L_PER_MINUTE}, {"liter/min", UNIT_L_PER_MINUTE},
    {"liters/min", UNIT_L_PER_MINUTE}, {"litres/min", UNIT_L_PER_MINUTE}, {"liters per minute", UNIT_L_PER_MINUTE},
    {"litres per minute", UNIT_L_PER_MINUTE}, {"l/分", UNIT_L_PER_MINUTE}, {"l/분", UNIT_L_PER_MINUTE},
    {"ml/min", UNIT_ML_PER_MINUTE},
    {"{score}", UNIT_SCORE}, {"score", UNIT_SCORE}, {"(score)", UNIT_SCORE}, {"/10", UNIT_SCORE},
    {"points", UNIT_SCORE}, {"point", UNIT_SCORE}, {"点", UNIT_SCORE}, {"점", UNIT_SCORE},
    {"{steps}", UNIT_STEPS}, {"steps", UNIT_STEPS}, {"step", UNIT_STEPS}, {"/d", UNIT_STEPS}, {"steps/day", UNIT_STEPS},
    {"steps/d", UNIT_STEPS}, {"{#}", UNIT_STEPS}, {"count", UNIT_STEPS}, {"歩", UNIT_STEPS}, {"보", UNIT_STEPS},
    {"걸음", UNIT_STEPS},
    {"1", UNIT_ONE},
    {"h", UNIT_HOUR}, {"hr", UNIT_HOUR}, {"hrs", UNIT_HOUR}, {"hour", UNIT_HOUR}, {"hours", UNIT_HOUR},
    {"時間", UNIT_HOUR}, {"시간", UNIT_HOUR},
    {"min", UNIT_MINUTE}, {"minute", UNIT_MINUTE}, {"minutes", UNIT_MINUTE}, {"分", UNIT_MINUTE}, {"분", UNIT_MINUTE},
    {"s", UNIT_SECOND}, {"sec", UNIT_SECOND}, {"second", UNIT_SECOND}, {"seconds", UNIT_SECOND},
};

static const char *const ucum[UNIT_COUNT] = {
    [UNIT_UNKNOWN] = "", [UNIT_NONE] = "", [UNIT_ONE] = "1", [UNIT_PERCENT] = "%", [UNIT_PER_MINUTE] = "/min",
    [UNIT_MMHG] = "mm[Hg]", [UNIT_KILOPASCAL] = "kPa", [UNIT_CELSIUS] = "Cel", [UNIT_FAHRENHEIT] = "[degF]",
    [UNIT_KELVIN] = "K", [UNIT_KILOGRAM] = "kg", [UNIT_GRAM] = "g", [UNIT_POUND] = "[lb_av]",
    [UNIT_CENTIMETRE] = "cm", [UNIT_METRE] = "m", [UNIT_MILLIMETRE] = "mm", [UNIT_INCH] = "[in_i]",
    [UNIT_FOOT] = "[ft_i]", [UNIT_MG_PER_DL] = "mg/dL", [UNIT_MMOL_PER_L] = "mmol/L", [UNIT_L_PER_MINUTE] = "L/min",
    [UNIT_ML_PER_MINUTE] = "mL/min", [UNIT_SCORE] = "{score}", [UNIT_STEPS] = "{steps}", [UNIT_HOUR] = "h",
    [UNIT_MINUTE] = "min", [UNIT_SECOND] = "s",
};

const char *unit_ucum(enum unit unit)
{
    return ucum[unit];
}

/* Cuts UCUM's {annotations}, which mean nothing, unless nothing else is there. */
static void cut_annotations(char *text)
{
    char *open = strchr(text, '{');

    while (open != NULL) {
        const char *close = strchr(open, '}');

        if (close == NULL || (open == text && close[1] == '\0')) {
            return;
        }
        memmove(open, close + 1, strlen(close + 1) + 1);
        open = strchr(text, '{');
    }
}

static enum unit spelled(const char *text)
{
    char folded[64];

    if (text_is_blank(text)) {
        return UNIT_NONE;
    }
    text_fold(folded, sizeof folded, text);
    cut_annotations(folded);
    for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++) {
        if (strcmp(spellings[i].text, folded) == 0) {
            return spellings[i].unit;
        }
    }
    return UNIT_UNKNOWN;
}

enum unit unit_find(const char *system, const char *code, const char *text)
{
    bool code_counts = system == NULL || strcmp(system, SYSTEM_UCUM) == 0;
    enum unit by_code = code_counts ? spelled(code) : UNIT_NONE;
    enum unit by_text = spelled(text);

    if (by_code == UNIT_NONE) {
        return by_text;
    }
    /* "1" with the text "steps" is no contradiction, and a text that is not known contradicts nothing. */
    if (by_code == UNIT_ONE && by_text != UNIT_NONE && by_text != UNIT_UNKNOWN) {
        return by_text;
    }
    if (by_text == UNIT_NONE || by_text == UNIT_UNKNOWN || by_text == by_code) {
        return by_code;
    }
    return UNIT_UNKNOWN;
}

static const enum unit own_units[VITAL_COUNT] = {
    [VITAL_SYSTOLIC] = UNIT_MMHG, [VITAL_DIASTOLIC] = UNIT_MMHG, [VITAL_PULSE] = UNIT_PER_MINUTE,
    [VITAL_RESPIRATION] = UNIT_PER_MINUTE, [VITAL_SPO2] = UNIT_PERCENT, [VITAL_OXYGEN_FLOW] = UNIT_L_PER_MINUTE,
    [VITAL_OXYGEN_FRACTION] = UNIT_PERCENT, [VITAL_CONSCIOUSNESS] = UNIT_NONE, [VITAL_TEMPERATURE] = UNIT_CELSIUS,
    [VITAL_WEIGHT] = UNIT_KILOGRAM, [VITAL_HEIGHT] = UNIT_CENTIMETRE, [VITAL_GLUCOSE] = UNIT_MG_PER_DL,
    [VITAL_PAIN] = UNIT_SCORE, [VITAL_NEWS2] = UNIT_SCORE, [VITAL_STEPS] = UNIT_STEPS, [VITAL_SLEEP] = UNIT_HOUR,
    [VITAL_ROOM_TEMPERATURE] = UNIT_CELSIUS, [VITAL_ROOM_HUMIDITY] = UNIT_PERCENT,
};

enum unit unit_of_vital(enum vital vital)
{
    return own_units[vital];
}

/* (value - offset / 100) * numerator / denominator; exact definitions except where a source is given. */
static const struct conversion {
    enum unit from, to;
    int64_t offset, numerator, denominator;
} conversions[] = {
    {UNIT_FAHRENHEIT, UNIT_CELSIUS, 3200, 5, 9},
    {UNIT_KELVIN, UNIT_CELSIUS, 27315, 1, 1},
    {UNIT_GRAM, UNIT_KILOGRAM, 0, 1, 1000},
    {UNIT_POUND, UNIT_KILOGRAM, 0, 45359237, 100000000},
    {UNIT_METRE, UNIT_CENTIMETRE, 0, 100, 1},
    {UNIT_MILLIMETRE, UNIT_CENTIMETRE, 0, 1, 10},
    {UNIT_INCH, UNIT_CENTIMETRE, 0, 254, 100},
    {UNIT_FOOT, UNIT_CENTIMETRE, 0, 3048, 100},
    {UNIT_KILOPASCAL, UNIT_MMHG, 0, 100000000, 13332239}, /* 1 mmHg = 133.32239 Pa */
    {UNIT_MMOL_PER_L, UNIT_MG_PER_DL, 0, 180156, 10000},  /* glucose, 180.156 g/mol */
    {UNIT_ML_PER_MINUTE, UNIT_L_PER_MINUTE, 0, 1, 1000},
    {UNIT_MINUTE, UNIT_HOUR, 0, 1, 60},
    {UNIT_SECOND, UNIT_HOUR, 0, 1, 3600},
    {UNIT_ONE, UNIT_SCORE, 0, 1, 1},
    {UNIT_NONE, UNIT_SCORE, 0, 1, 1},
    {UNIT_ONE, UNIT_STEPS, 0, 1, 1},
    {UNIT_NONE, UNIT_STEPS, 0, 1, 1},
};

bool unit_convert(enum vital vital, enum unit unit, struct decimal value, struct decimal *out)
{
    enum unit own = own_units[vital];

    if (unit == own && own != UNIT_NONE) {
        *out = value;
        return true;
    }
    for (size_t i = 0; i < sizeof conversions / sizeof conversions[0]; i++) {
        const struct conversion *row = &conversions[i];

        if (row->from == unit && row->to == own) {
            struct decimal shifted = row->offset == 0 ? value : decimal_subtract(value, decimal_from(row->offset, 2));
            /* Four more places: later rounding to one place gives what rounding the exact value would. */
            int scale = row->numerator == row->denominator ? shifted.scale : shifted.scale + 4;

            *out = decimal_ratio(shifted, row->numerator, row->denominator, scale > 9 ? 9 : scale);
            return true;
        }
    }
    return false;
}
