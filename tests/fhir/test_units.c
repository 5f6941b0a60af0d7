/* Spellings, contradictions and exact conversion. */
#include "fhir/codes.h"
#include "fhir/units.h"
#include "tests/support/test.h"

#include <string.h>

static void knows_the_spellings_of_real_records(void **state)
{
    static const struct {
        const char *text;
        enum unit unit;
    } rows[] = {
        {"/min", UNIT_PER_MINUTE}, {"{beats}/min", UNIT_PER_MINUTE}, {"beats/minute", UNIT_PER_MINUTE},
        {"breaths per minute", UNIT_PER_MINUTE}, {"BPM", UNIT_PER_MINUTE}, {"回/分", UNIT_PER_MINUTE},
        {"회/분", UNIT_PER_MINUTE}, {"mm[Hg]", UNIT_MMHG}, {"mmHg", UNIT_MMHG}, {"mm Hg", UNIT_MMHG},
        {"ｍｍＨｇ", UNIT_MMHG}, {"%", UNIT_PERCENT}, {"％", UNIT_PERCENT}, {"%O2", UNIT_PERCENT}, {"Cel", UNIT_CELSIUS},
        {"℃", UNIT_CELSIUS}, {"°C", UNIT_CELSIUS}, {"degrees C", UNIT_CELSIUS}, {"C", UNIT_CELSIUS},
        {"[degF]", UNIT_FAHRENHEIT}, {"℉", UNIT_FAHRENHEIT}, {"kg", UNIT_KILOGRAM}, {"㎏", UNIT_KILOGRAM},
        {" KG ", UNIT_KILOGRAM}, {"lbs", UNIT_POUND}, {"[lb_av]", UNIT_POUND}, {"in", UNIT_INCH}, {"㎝",
            UNIT_CENTIMETRE},
        {"mg/dL", UNIT_MG_PER_DL}, {"㎎/㎗", UNIT_MG_PER_DL}, {"mmol/l", UNIT_MMOL_PER_L}, {"liters/min",
            UNIT_L_PER_MINUTE},
        {"{score}", UNIT_SCORE}, {"{steps}", UNIT_STEPS}, {"{steps}/d", UNIT_STEPS}, {"1", UNIT_ONE}, {"時間", UNIT_HOUR},
        {"", UNIT_NONE}, {"  ", UNIT_NONE}, {"stone", UNIT_UNKNOWN}, {"回", UNIT_UNKNOWN}, {"{", UNIT_UNKNOWN},
        {"kg/m2", UNIT_UNKNOWN},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (unit_find(NULL, NULL, rows[i].text) != rows[i].unit ||
            unit_find(SYSTEM_UCUM, rows[i].text, NULL) != rows[i].unit) {
            fail_msg("'%s' is not read as %d", rows[i].text, (int)rows[i].unit);
        }
    }
    for (enum unit unit = UNIT_ONE; unit < UNIT_COUNT; unit++) {
        assert_int_equal(unit_find(SYSTEM_UCUM, unit_ucum(unit), NULL), unit);
    }
}

static void a_code_and_its_text_must_agree(void **state)
{
    (void)state;
    assert_int_equal(unit_find(SYSTEM_UCUM, "kg", "kilograms"), UNIT_KILOGRAM);
    assert_int_equal(unit_find(SYSTEM_UCUM, "/min", "拍"), UNIT_PER_MINUTE);
    assert_int_equal(unit_find(SYSTEM_UCUM, "kg", "lbs"), UNIT_UNKNOWN);
    assert_int_equal(unit_find(SYSTEM_UCUM, "ug/mL", "kg"), UNIT_UNKNOWN);
    assert_int_equal(unit_find(SYSTEM_UCUM, "1", "steps"), UNIT_STEPS);
    assert_int_equal(unit_find(SYSTEM_UCUM, "1", "T-Score"), UNIT_ONE);
    /* Another system's code says nothing; its text does. */
    assert_int_equal(unit_find(SYSTEM_SNOMED, "258813002", "mmol/L"), UNIT_MMOL_PER_L);
    assert_int_equal(unit_find(SYSTEM_SNOMED, "258813002", NULL), UNIT_NONE);
    assert_int_equal(unit_find(NULL, NULL, NULL), UNIT_NONE);
}

static void converts(enum vital vital, enum unit unit, const char *from, const char *expected)
{
    struct decimal value = {0, 0}, out = {0, 0};
    char text[32] = "none";

    assert_true(decimal_parse(from, &value));
    if (unit_convert(vital, unit, value, &out)) {
        decimal_format(text, sizeof text, out);
    }
    assert_string_equal(text, expected);
}

static void converts_exactly_or_not_at_all(void **state)
{
    (void)state;
    converts(VITAL_TEMPERATURE, UNIT_CELSIUS, "36.60", "36.60");
    converts(VITAL_TEMPERATURE, UNIT_FAHRENHEIT, "98.6", "37.000000");
    converts(VITAL_TEMPERATURE, UNIT_FAHRENHEIT, "100.4", "38.000000");
    converts(VITAL_TEMPERATURE, UNIT_KELVIN, "310.15", "37.00");
    converts(VITAL_WEIGHT, UNIT_POUND, "185", "83.9146");
    converts(VITAL_WEIGHT, UNIT_GRAM, "3250", "3.2500");
    converts(VITAL_HEIGHT, UNIT_INCH, "66.9", "169.92600");
    converts(VITAL_HEIGHT, UNIT_METRE, "1.62", "162.000000");
    converts(VITAL_SYSTOLIC, UNIT_KILOPASCAL, "16", "120.0098");
    converts(VITAL_GLUCOSE, UNIT_MMOL_PER_L, "6.3", "113.49828");
    converts(VITAL_OXYGEN_FLOW, UNIT_ML_PER_MINUTE, "500", "0.5000");
    converts(VITAL_SLEEP, UNIT_MINUTE, "450", "7.5000");
    converts(VITAL_PAIN, UNIT_NONE, "3", "3");
    converts(VITAL_STEPS, UNIT_ONE, "4012", "4012");
    /* What has no unit is no percentage: 0.97 and 97 would both pass. */
    converts(VITAL_SPO2, UNIT_NONE, "97", "none");
    converts(VITAL_SPO2, UNIT_ONE, "0.97", "none");
    converts(VITAL_PULSE, UNIT_NONE, "72", "none");
    converts(VITAL_PULSE, UNIT_UNKNOWN, "72", "none");
    converts(VITAL_WEIGHT, UNIT_MMOL_PER_L, "72", "none");
    converts(VITAL_CONSCIOUSNESS, UNIT_NONE, "1", "none");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_the_spellings_of_real_records),
        cmocka_unit_test(a_code_and_its_text_must_agree),
        cmocka_unit_test(converts_exactly_or_not_at_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
