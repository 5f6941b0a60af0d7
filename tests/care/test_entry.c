/* What a nurse may type, and what becomes of it: reference table 3.9. */
#include "chart_builder.h"

#include "base/identifier.h"
#include "care/entry.h"

#include <stdio.h>

static void check_verdict(enum entry_field field, const char *typed, enum entry_verdict expected)
{
    struct entry_result result = entry_judge(field, typed, NULL);
    if (result.verdict != expected) {
        print_error("%s '%s': verdict %d, expected %d (%s)\n", entry_key(field), typed, (int)result.verdict,
                    (int)expected, result.question);
    }
    assert_int_equal(result.verdict, expected);
    bool speaks = expected == ENTRY_ASK || expected == ENTRY_IMPOSSIBLE;
    assert_int_equal(result.question[0] != '\0', speaks);
    assert_int_equal(result.count == 0, expected == ENTRY_EMPTY || expected == ENTRY_IMPOSSIBLE);
}

/* One value: its vital's own units, the digits and unit kept, how it was read. */
static void check_value(enum entry_field field, const char *typed, enum entry_verdict verdict, const char *value,
                        const char *text, const char *unit)
{
    check_verdict(field, typed, verdict);
    struct entry_result result = entry_judge(field, typed, NULL);
    char digits[32];
    decimal_format(digits, sizeof digits, result.readings[0].value);
    assert_string_equal(digits, value);
    assert_string_equal(result.readings[0].text, text);
    assert_string_equal(result.readings[0].unit, unit);
    assert_int_equal(result.readings[0].at, INSTANT_NONE);
}

static void keys_are_those_of_the_visit_file(void **state)
{
    (void)state;
    static const char *const keys[] = {"bp", "pulse", "rr", "spo2", "oxygen", "consciousness", "temp", "weight",
                                       "glucose", "pain", "height"};
    enum entry_field field;
    for (int i = 0; i < ENTRY_FIELD_COUNT; i++) {
        assert_string_equal(entry_key((enum entry_field)i), keys[i]);
        assert_true(entry_from_key(keys[i], &field));
        assert_int_equal(field, i);
        assert_true(entry_label(field)[0] != '\0');
        assert_true(entry_hint(field)[0] != '\0');
    }
    assert_false(entry_from_key("BP", &field));
}

/* Each limit of table 3.9 from both sides, in steps of the field. */
static void limits_hold_from_both_sides(void **state)
{
    (void)state;
    static const struct { enum entry_field field; const char *typed; enum entry_verdict verdict; } cases[] = {
        {ENTRY_TEMPERATURE, "24.9", ENTRY_IMPOSSIBLE}, {ENTRY_TEMPERATURE, "25.0", ENTRY_ASK},
        {ENTRY_TEMPERATURE, "33.9", ENTRY_ASK}, {ENTRY_TEMPERATURE, "34.0", ENTRY_FINE},
        {ENTRY_TEMPERATURE, "41.0", ENTRY_FINE}, {ENTRY_TEMPERATURE, "41.1", ENTRY_ASK},
        {ENTRY_TEMPERATURE, "45.0", ENTRY_ASK}, {ENTRY_TEMPERATURE, "45.1", ENTRY_IMPOSSIBLE},
        {ENTRY_BP, "29/20", ENTRY_IMPOSSIBLE}, {ENTRY_BP, "69/45", ENTRY_ASK}, {ENTRY_BP, "70/45", ENTRY_FINE},
        {ENTRY_BP, "220/110", ENTRY_FINE}, {ENTRY_BP, "221/110", ENTRY_ASK}, {ENTRY_BP, "300/190", ENTRY_ASK},
        {ENTRY_BP, "301/190", ENTRY_IMPOSSIBLE}, {ENTRY_BP, "90/9", ENTRY_IMPOSSIBLE}, {ENTRY_BP, "90/10", ENTRY_ASK},
        {ENTRY_BP, "90/39", ENTRY_ASK}, {ENTRY_BP, "90/40", ENTRY_FINE}, {ENTRY_BP, "160/130", ENTRY_FINE},
        {ENTRY_BP, "160/131", ENTRY_ASK}, {ENTRY_BP, "220/201", ENTRY_IMPOSSIBLE},
        {ENTRY_BP, "100/91", ENTRY_ASK}, {ENTRY_BP, "100/90", ENTRY_FINE}, {ENTRY_BP, "200/80", ENTRY_FINE},
        {ENTRY_BP, "201/80", ENTRY_ASK}, {ENTRY_BP, "88/88", ENTRY_IMPOSSIBLE}, {ENTRY_BP, "88/142", ENTRY_IMPOSSIBLE},
        {ENTRY_PULSE, "19", ENTRY_IMPOSSIBLE}, {ENTRY_PULSE, "20", ENTRY_ASK}, {ENTRY_PULSE, "39", ENTRY_ASK},
        {ENTRY_PULSE, "40", ENTRY_FINE}, {ENTRY_PULSE, "140", ENTRY_FINE}, {ENTRY_PULSE, "141", ENTRY_ASK},
        {ENTRY_PULSE, "300", ENTRY_ASK}, {ENTRY_PULSE, "301", ENTRY_IMPOSSIBLE},
        {ENTRY_RESPIRATION, "2", ENTRY_IMPOSSIBLE}, {ENTRY_RESPIRATION, "3", ENTRY_ASK},
        {ENTRY_RESPIRATION, "7", ENTRY_ASK}, {ENTRY_RESPIRATION, "8", ENTRY_FINE},
        {ENTRY_RESPIRATION, "35", ENTRY_FINE}, {ENTRY_RESPIRATION, "36", ENTRY_ASK},
        {ENTRY_RESPIRATION, "90", ENTRY_ASK}, {ENTRY_RESPIRATION, "91", ENTRY_IMPOSSIBLE},
        {ENTRY_SPO2, "39", ENTRY_IMPOSSIBLE}, {ENTRY_SPO2, "40", ENTRY_ASK}, {ENTRY_SPO2, "84", ENTRY_ASK},
        {ENTRY_SPO2, "85", ENTRY_FINE}, {ENTRY_SPO2, "100", ENTRY_FINE}, {ENTRY_SPO2, "101", ENTRY_IMPOSSIBLE},
        {ENTRY_WEIGHT, "0.9", ENTRY_IMPOSSIBLE}, {ENTRY_WEIGHT, "1", ENTRY_FINE}, {ENTRY_WEIGHT, "400", ENTRY_FINE},
        {ENTRY_WEIGHT, "400.1", ENTRY_IMPOSSIBLE},
        {ENTRY_HEIGHT, "29.5", ENTRY_IMPOSSIBLE}, {ENTRY_HEIGHT, "30", ENTRY_FINE}, {ENTRY_HEIGHT, "272", ENTRY_FINE},
        {ENTRY_HEIGHT, "272.5", ENTRY_IMPOSSIBLE},
        {ENTRY_GLUCOSE, "9 mg/dL", ENTRY_IMPOSSIBLE}, {ENTRY_GLUCOSE, "10 mg", ENTRY_ASK},
        {ENTRY_GLUCOSE, "53", ENTRY_ASK}, {ENTRY_GLUCOSE, "54", ENTRY_FINE}, {ENTRY_GLUCOSE, "400", ENTRY_FINE},
        {ENTRY_GLUCOSE, "401", ENTRY_ASK}, {ENTRY_GLUCOSE, "1000", ENTRY_ASK},
        {ENTRY_GLUCOSE, "1001", ENTRY_IMPOSSIBLE},
        {ENTRY_OXYGEN, "-1", ENTRY_IMPOSSIBLE}, {ENTRY_OXYGEN, "6", ENTRY_FINE}, {ENTRY_OXYGEN, "6.5", ENTRY_ASK},
        {ENTRY_OXYGEN, "60", ENTRY_ASK}, {ENTRY_OXYGEN, "61", ENTRY_IMPOSSIBLE},
        {ENTRY_OXYGEN, "20%", ENTRY_IMPOSSIBLE}, {ENTRY_OXYGEN, "21%", ENTRY_FINE}, {ENTRY_OXYGEN, "100 %", ENTRY_FINE},
        {ENTRY_OXYGEN, "101%", ENTRY_IMPOSSIBLE},
        {ENTRY_PAIN, "-1", ENTRY_IMPOSSIBLE}, {ENTRY_PAIN, "0", ENTRY_FINE}, {ENTRY_PAIN, "10", ENTRY_FINE},
        {ENTRY_PAIN, "11", ENTRY_IMPOSSIBLE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_verdict(cases[i].field, cases[i].typed, cases[i].verdict);
    }
}

/* Every whole number of the one-number fields falls on the side the limits say. */
static void every_integer_has_the_verdict_of_its_limits(void **state)
{
    (void)state;
    static const struct { enum entry_field field; int hard_low, ask_low, ask_high, hard_high; } fields[] = {
        {ENTRY_PULSE, 20, 40, 140, 300}, {ENTRY_RESPIRATION, 3, 8, 35, 90}, {ENTRY_SPO2, 40, 85, 100, 100},
        {ENTRY_PAIN, 0, 0, 10, 10},      {ENTRY_OXYGEN, 0, 0, 6, 60},       {ENTRY_HEIGHT, 30, 30, 272, 272},
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        for (int v = 0; v <= 1100; v++) {
            char typed[16];
            snprintf(typed, sizeof typed, "%d", v);
            enum entry_verdict expected = v < fields[i].hard_low || v > fields[i].hard_high ? ENTRY_IMPOSSIBLE
                                          : v < fields[i].ask_low || v > fields[i].ask_high ? ENTRY_ASK
                                                                                            : ENTRY_FINE;
            check_verdict(fields[i].field, typed, expected);
        }
    }
}

static void blood_pressure_gives_two_readings(void **state)
{
    (void)state;
    struct entry_result result = entry_judge(ENTRY_BP, " 142/88 mmHg ", NULL);
    assert_int_equal(result.verdict, ENTRY_FINE);
    assert_int_equal(result.count, 2);
    assert_int_equal(result.readings[0].vital, VITAL_SYSTOLIC);
    assert_string_equal(result.readings[0].text, "142");
    assert_int_equal(result.readings[1].vital, VITAL_DIASTOLIC);
    assert_int_equal(result.readings[1].value.units, 88);
    assert_string_equal(result.readings[1].unit, "mmHg");
    assert_string_equal(result.accepted, "142/88");
    assert_int_equal(entry_judge(ENTRY_BP, "142 / 88", NULL).verdict, ENTRY_FINE);
    assert_int_equal(entry_judge(ENTRY_BP, "１４２／８８", NULL).verdict, ENTRY_FINE);
}

static void swapped_blood_pressure_names_the_remedy(void **state)
{
    (void)state;
    struct entry_result result = entry_judge(ENTRY_BP, "88/142", NULL);
    assert_int_equal(result.verdict, ENTRY_IMPOSSIBLE);
    assert_int_equal(result.count, 0);
    assert_non_null(strstr(result.question, "Blood pressure"));
    assert_non_null(strstr(result.question, "142/88"));
}

static void one_sided_blood_pressure_keeps_the_other_absent(void **state)
{
    (void)state;
    struct entry_result result = entry_judge(ENTRY_BP, "142/-", NULL);
    assert_int_equal(result.verdict, ENTRY_FINE);
    assert_int_equal(result.count, 2);
    assert_int_equal(result.readings[0].value.units, 142);
    assert_string_equal(result.readings[1].absent, "unknown");
    assert_string_equal(result.accepted, "142/-");
    assert_int_equal(entry_judge(ENTRY_BP, "142/", NULL).verdict, ENTRY_ASK);
    result = entry_judge(ENTRY_BP, "-/88", NULL);
    assert_int_equal(result.verdict, ENTRY_FINE);
    assert_string_equal(result.readings[0].absent, "unknown");
    assert_int_equal(result.readings[1].value.units, 88);
    static const char *const broken[] = {"142", "/", "-/-", "142/88/70", "a/b", "142/8x", "1 42/88", "142//88"};
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        check_verdict(ENTRY_BP, broken[i], ENTRY_IMPOSSIBLE);
    }
}

static void temperature_without_its_point_and_in_fahrenheit_is_asked_about(void **state)
{
    (void)state;
    check_value(ENTRY_TEMPERATURE, "365", ENTRY_ASK, "36.5", "36.5", "C");
    assert_string_equal(entry_judge(ENTRY_TEMPERATURE, "365", NULL).accepted, "36.5");
    assert_non_null(strstr(entry_judge(ENTRY_TEMPERATURE, "365", NULL).question, "365"));
    check_value(ENTRY_TEMPERATURE, "98.6", ENTRY_ASK, "37.0", "98.6", "F");
    check_value(ENTRY_TEMPERATURE, "98.6 F", ENTRY_FINE, "37.0", "98.6", "F");
    check_value(ENTRY_TEMPERATURE, "104°F", ENTRY_FINE, "40.0", "104", "F");
    check_value(ENTRY_TEMPERATURE, "36.9°C", ENTRY_FINE, "36.9", "36.9", "C");
    check_value(ENTRY_TEMPERATURE, "36,9", ENTRY_FINE, "36.9", "36.9", "C");
    check_value(ENTRY_TEMPERATURE, "３６．９", ENTRY_FINE, "36.9", "36.9", "C");
    check_value(ENTRY_TEMPERATURE, "36.90", ENTRY_FINE, "36.90", "36.90", "C");
    static const char *const broken[] = {"50", "70", "249", "451", "36.9 F", "36.955", "36.", ".9", "3 6", "36.9.1",
                                         "36.9 kg", "1e1"};
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        check_verdict(ENTRY_TEMPERATURE, broken[i], ENTRY_IMPOSSIBLE);
    }
}

static void what_cannot_be_read_is_refused_by_name(void **state)
{
    (void)state;
    struct entry_result result = entry_judge(ENTRY_PULSE, "abc", NULL);
    assert_int_equal(result.verdict, ENTRY_IMPOSSIBLE);
    assert_non_null(strstr(result.question, "Pulse"));
    assert_non_null(strstr(result.question, "72"));
    check_verdict(ENTRY_PULSE, "91.5", ENTRY_IMPOSSIBLE);
    check_verdict(ENTRY_PULSE, "91 C", ENTRY_IMPOSSIBLE);
    check_verdict(ENTRY_PULSE, "99999999999999999999999999", ENTRY_IMPOSSIBLE);
    check_value(ENTRY_PULSE, "９１", ENTRY_FINE, "91", "91", "/min");
    check_value(ENTRY_PULSE, "91 bpm", ENTRY_FINE, "91", "91", "/min");
    char huge[1000];
    memset(huge, '9', sizeof huge - 1);
    huge[sizeof huge - 1] = '\0';
    for (int field = 0; field < ENTRY_FIELD_COUNT; field++) {
        check_verdict((enum entry_field)field, huge, ENTRY_IMPOSSIBLE);
        check_verdict((enum entry_field)field, "", ENTRY_EMPTY);
        check_verdict((enum entry_field)field, " \t　", ENTRY_EMPTY);
        check_verdict((enum entry_field)field, NULL, ENTRY_EMPTY);
    }
}

static enum entry_verdict weigh(const char *typed, const char *before, struct entry_result *out)
{
    struct reading previous = make_reading(VITAL_WEIGHT, before, noon(), SOURCE_NURSE);
    struct entry_context context = {.previous_weight = &previous, .adult = true};
    *out = entry_judge(ENTRY_WEIGHT, typed, &context);
    return out->verdict;
}

static void weight_changes_and_unit_slips_are_asked_about(void **state)
{
    (void)state;
    struct entry_result result;
    assert_int_equal(weigh("65.0", "60.0", &result), ENTRY_ASK);  /* 5 kg is 8 % */
    assert_int_equal(weigh("64.2", "60.0", &result), ENTRY_FINE); /* exactly 7 % */
    assert_int_equal(weigh("64.3", "60.0", &result), ENTRY_ASK);
    assert_int_equal(weigh("55.7", "60.0", &result), ENTRY_ASK);
    assert_int_equal(weigh("105.0", "100.0", &result), ENTRY_FINE);
    assert_int_equal(weigh("105.1", "100.0", &result), ENTRY_ASK);
    assert_int_equal(weigh("132.3", "60.0", &result), ENTRY_ASK);
    assert_non_null(strstr(result.question, "pounds"));
    assert_int_equal(weigh("132.3 lb", "60.0", &result), ENTRY_FINE);
    assert_string_equal(result.readings[0].text, "132.3");
    assert_string_equal(result.readings[0].unit, "lb");
    assert_string_equal(result.accepted, "60.0");
    struct reading uncertain = make_reading(VITAL_WEIGHT, "60", noon(), SOURCE_NURSE);
    uncertain.status = READING_ERRONEOUS;
    struct entry_context context = {.previous_weight = &uncertain};
    assert_int_equal(entry_judge(ENTRY_WEIGHT, "90", &context).verdict, ENTRY_FINE);
}

static void height_changes_are_asked_about_in_adults(void **state)
{
    (void)state;
    struct reading previous = make_reading(VITAL_HEIGHT, "158", noon(), SOURCE_NURSE);
    struct entry_context context = {.previous_height = &previous, .adult = true};
    assert_int_equal(entry_judge(ENTRY_HEIGHT, "161", &context).verdict, ENTRY_FINE);
    assert_int_equal(entry_judge(ENTRY_HEIGHT, "161.5", &context).verdict, ENTRY_ASK);
    assert_int_equal(entry_judge(ENTRY_HEIGHT, "154.5", &context).verdict, ENTRY_ASK);
    context.adult = false;
    assert_int_equal(entry_judge(ENTRY_HEIGHT, "161.5", &context).verdict, ENTRY_FINE);
}

static void glucose_in_the_other_unit_and_off_scale(void **state)
{
    (void)state;
    check_value(ENTRY_GLUCOSE, "110", ENTRY_FINE, "110", "110", "mg/dL");
    check_value(ENTRY_GLUCOSE, "5.4 mmol", ENTRY_FINE, "97", "5.4", "mmol/L");
    check_value(ENTRY_GLUCOSE, "5.4 mmol/L", ENTRY_FINE, "97", "5.4", "mmol/L");
    check_value(ENTRY_GLUCOSE, "5.4", ENTRY_ASK, "97", "5.4", "mmol/L");
    check_value(ENTRY_GLUCOSE, "34", ENTRY_ASK, "613", "34", "mmol/L");
    check_value(ENTRY_GLUCOSE, "35", ENTRY_ASK, "35", "35", "mg/dL");
    check_value(ENTRY_GLUCOSE, "3.0 mmol", ENTRY_FINE, "54", "3.0", "mmol/L");
    check_verdict(ENTRY_GLUCOSE, "110.5", ENTRY_IMPOSSIBLE);
    check_verdict(ENTRY_GLUCOSE, "0", ENTRY_IMPOSSIBLE);
    check_value(ENTRY_GLUCOSE, "HI", ENTRY_ASK, "600", "HI", "mg/dL");
    struct entry_result result = entry_judge(ENTRY_GLUCOSE, "ＨＩ", NULL);
    assert_string_equal(result.readings[0].comparator, ">");
    assert_string_equal(result.accepted, "> 600");
    result = entry_judge(ENTRY_GLUCOSE, "lo", NULL);
    assert_string_equal(result.readings[0].comparator, "<");
    assert_int_equal(result.readings[0].value.units, 20);
    result = entry_judge(ENTRY_GLUCOSE, "> 500", NULL);
    assert_int_equal(result.verdict, ENTRY_ASK);
    assert_string_equal(result.readings[0].comparator, ">");
    assert_int_equal(result.readings[0].value.units, 500);
    check_verdict(ENTRY_GLUCOSE, ">", ENTRY_IMPOSSIBLE);
}

static void oxygen_in_words_flow_and_fraction(void **state)
{
    (void)state;
    static const char *const air[] = {"air", "AIR", "Room  air", "ra", "0", "0 L/min", "０"};
    for (size_t i = 0; i < sizeof air / sizeof air[0]; i++) {
        struct entry_result result = entry_judge(ENTRY_OXYGEN, air[i], NULL);
        assert_int_equal(result.verdict, ENTRY_FINE);
        assert_int_equal(result.readings[0].vital, VITAL_OXYGEN_FLOW);
        assert_int_equal(result.readings[0].value.units, 0);
        assert_string_equal(result.accepted, "air");
    }
    check_value(ENTRY_OXYGEN, "2", ENTRY_FINE, "2", "2", "L/min");
    check_value(ENTRY_OXYGEN, "2 L/min", ENTRY_FINE, "2", "2", "L/min");
    check_value(ENTRY_OXYGEN, "0.25l", ENTRY_FINE, "0.25", "0.25", "L/min");
    check_value(ENTRY_OXYGEN, "28%", ENTRY_FINE, "28", "28", "%");
    assert_int_equal(entry_judge(ENTRY_OXYGEN, "28%", NULL).readings[0].vital, VITAL_OXYGEN_FRACTION);
    check_verdict(ENTRY_OXYGEN, "mask", ENTRY_IMPOSSIBLE);
}

static void consciousness_by_letter_word_and_hangul_key(void **state)
{
    (void)state;
    static const struct { const char *typed; enum consciousness level; } cases[] = {
        {"A", CONSCIOUSNESS_ALERT}, {"a", CONSCIOUSNESS_ALERT}, {"ㅁ", CONSCIOUSNESS_ALERT},
        {"Ａ", CONSCIOUSNESS_ALERT}, {"alert", CONSCIOUSNESS_ALERT}, {"c", CONSCIOUSNESS_CONFUSION},
        {"ㅊ", CONSCIOUSNESS_CONFUSION}, {"New Confusion", CONSCIOUSNESS_CONFUSION},
        {"confused", CONSCIOUSNESS_CONFUSION}, {"v", CONSCIOUSNESS_VOICE}, {"ㅍ", CONSCIOUSNESS_VOICE},
        {"p", CONSCIOUSNESS_PAIN}, {"ㅔ", CONSCIOUSNESS_PAIN}, {"pain", CONSCIOUSNESS_PAIN},
        {"U", CONSCIOUSNESS_UNRESPONSIVE}, {"ㅕ", CONSCIOUSNESS_UNRESPONSIVE},
        {"unresponsive", CONSCIOUSNESS_UNRESPONSIVE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct entry_result result = entry_judge(ENTRY_CONSCIOUSNESS, cases[i].typed, NULL);
        assert_int_equal(result.verdict, ENTRY_FINE);
        assert_int_equal(result.readings[0].value.units, cases[i].level);
        assert_int_equal(result.readings[0].text[0], consciousness_letter(cases[i].level));
    }
    check_verdict(ENTRY_CONSCIOUSNESS, "x", ENTRY_IMPOSSIBLE);
    check_verdict(ENTRY_CONSCIOUSNESS, "AV", ENTRY_IMPOSSIBLE);
    check_verdict(ENTRY_CONSCIOUSNESS, "1", ENTRY_IMPOSSIBLE);
}

static void not_done_carries_its_reason(void **state)
{
    (void)state;
    for (int i = 0; i < ENTRY_FIELD_COUNT; i++) {
        enum entry_field field = (enum entry_field)i;
        struct entry_result result = entry_judge(field, "nd refused", NULL);
        assert_int_equal(result.verdict, ENTRY_NOT_DONE);
        assert_int_equal(result.count, field == ENTRY_BP ? 2 : 1);
        assert_string_equal(result.readings[0].absent, "asked-declined");
        assert_string_equal(result.readings[0].text, "refused");
        assert_false(reading_counts(&result.readings[0]));
        result = entry_judge(field, "-", NULL);
        assert_int_equal(result.verdict, ENTRY_NOT_DONE);
        assert_string_equal(result.readings[0].absent, "not-performed");
        assert_int_equal(entry_judge(field, "- no cuff", NULL).verdict, ENTRY_NOT_DONE);
        assert_int_equal(entry_judge(field, "ㅜㅇ", NULL).verdict, ENTRY_NOT_DONE);
        assert_int_equal(entry_judge(field, "ＮＤ　痛い", NULL).verdict, ENTRY_NOT_DONE);
        check_verdict(field, "nd because the cuff was left in the car this morning", ENTRY_IMPOSSIBLE);
        check_verdict(field, "ndx", ENTRY_IMPOSSIBLE);
    }
}

/* Any bytes: a verdict, terminated valid texts, never more readings than fit. */
static void random_bytes_never_break_it(void **state)
{
    (void)state;
    static const char alphabet[] = "0123456789/.,-+<> ndhiloacvpu%CFkg\xff\xe3\x81\x82\xef\xbc\x91";
    uint64_t seed = 20261122;
    struct randomness randomness = randomness_seeded(&seed);
    struct reading previous = make_reading(VITAL_WEIGHT, "60", noon(), SOURCE_NURSE);
    struct entry_context context = {.previous_weight = &previous, .previous_height = &previous, .adult = true};
    for (int round = 0; round < 200000; round++) {
        char typed[40];
        size_t length = randomness_below(&randomness, round % 20 == 0 ? sizeof typed : 9);
        for (size_t i = 0; i < length; i++) {
            typed[i] = round % 3 == 0 ? (char)(1 + randomness_below(&randomness, 255))
                                      : alphabet[randomness_below(&randomness, sizeof alphabet - 1)];
        }
        typed[length < sizeof typed ? length : sizeof typed - 1] = '\0';
        enum entry_field field = (enum entry_field)randomness_below(&randomness, ENTRY_FIELD_COUNT);
        struct entry_result result = entry_judge(field, typed, &context);
        assert_true(result.count <= 3);
        assert_int_equal(result.count == 0, result.verdict == ENTRY_EMPTY || result.verdict == ENTRY_IMPOSSIBLE);
        assert_true(text_is_utf8(result.question, strlen(result.question)));
        assert_true(text_is_utf8(result.accepted, strlen(result.accepted)));
        for (size_t i = 0; i < result.count; i++) {
            assert_true(text_is_utf8(result.readings[i].text, strlen(result.readings[i].text)));
        }
    }
}

/* What is recorded can be put into the field it came from, and means the same there. */
static void what_is_recorded_can_be_typed_again(void **state)
{
    (void)state;
    static const struct { enum entry_field field; const char *typed, *again; } cases[] = {
        {ENTRY_BP, "142/88", "142/88"}, {ENTRY_BP, "142/-", "142/-"}, {ENTRY_BP, "-/88", "-/88"},
        {ENTRY_BP, "nd cuff broken", "- cuff broken"}, {ENTRY_PULSE, "91", "91"}, {ENTRY_PULSE, "９１", "91"},
        {ENTRY_RESPIRATION, "- refused", "- refused"}, {ENTRY_SPO2, "96 %", "96"}, {ENTRY_OXYGEN, "0", "air"},
        {ENTRY_OXYGEN, "air", "air"}, {ENTRY_OXYGEN, "2 L", "2"}, {ENTRY_OXYGEN, "28 %", "28 %"},
        {ENTRY_OXYGEN, "-", "-"}, {ENTRY_CONSCIOUSNESS, "v", "V"}, {ENTRY_TEMPERATURE, "36,70", "36.70"},
        {ENTRY_TEMPERATURE, "98.6 F", "98.6 F"}, {ENTRY_WEIGHT, "135 lb", "135 lb"}, {ENTRY_GLUCOSE, "5.4 mmol", "5.4 mmol/L"},
        {ENTRY_GLUCOSE, "HI", "HI"}, {ENTRY_GLUCOSE, ">500", ">500"}, {ENTRY_PAIN, "3", "3"}, {ENTRY_PAIN, "3/10", "3 /10"},
        {ENTRY_HEIGHT, "158", "158"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct entry_result first = entry_judge(cases[i].field, cases[i].typed, NULL);
        char again[64];
        enum entry_field field;
        entry_retype(first.readings, first.count, again, sizeof again);
        assert_string_equal(again, cases[i].again);
        struct entry_result second = entry_judge(cases[i].field, again, NULL);
        assert_int_equal(second.count, first.count);
        for (size_t j = 0; j < first.count; j++) {
            assert_int_equal(decimal_compare(second.readings[j].value, first.readings[j].value), 0);
            assert_int_equal(second.readings[j].vital, first.readings[j].vital);
            assert_string_equal(second.readings[j].absent, first.readings[j].absent);
            assert_string_equal(second.readings[j].comparator, first.readings[j].comparator);
            assert_true(entry_of_vital(first.readings[j].vital, &field));
            assert_int_equal(field, cases[i].field);
        }
    }
    enum entry_field none;
    assert_false(entry_of_vital(VITAL_NEWS2, &none));
    assert_false(entry_of_vital(VITAL_STEPS, &none));
    char empty[8] = "x";
    entry_retype(NULL, 0, empty, sizeof empty);
    assert_string_equal(empty, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_those_of_the_visit_file),
        cmocka_unit_test(limits_hold_from_both_sides),
        cmocka_unit_test(every_integer_has_the_verdict_of_its_limits),
        cmocka_unit_test(blood_pressure_gives_two_readings),
        cmocka_unit_test(swapped_blood_pressure_names_the_remedy),
        cmocka_unit_test(one_sided_blood_pressure_keeps_the_other_absent),
        cmocka_unit_test(temperature_without_its_point_and_in_fahrenheit_is_asked_about),
        cmocka_unit_test(what_cannot_be_read_is_refused_by_name),
        cmocka_unit_test(weight_changes_and_unit_slips_are_asked_about),
        cmocka_unit_test(height_changes_are_asked_about_in_adults),
        cmocka_unit_test(glucose_in_the_other_unit_and_off_scale),
        cmocka_unit_test(oxygen_in_words_flow_and_fraction),
        cmocka_unit_test(consciousness_by_letter_word_and_hangul_key),
        cmocka_unit_test(not_done_carries_its_reason),
        cmocka_unit_test(what_is_recorded_can_be_typed_again),
        cmocka_unit_test(random_bytes_never_break_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
