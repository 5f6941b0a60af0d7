/* NEWS2 against the reference vectors and against chart 1 written a second way. */
#include "chart_builder.h"

#include "care/news2.h"

struct vector {
    int respiration, spo2, scale, oxygen, systolic, pulse;
    char letter;
    const char *temperature;
    int parts[NEWS2_PART_COUNT];
    int total;
    const char *band;
};

/* Reference table 3.1, all of it. */
static const struct vector vectors[] = {
    {16, 98, 1, 0, 120, 72, 'A', "36.6", {0, 0, 0, 0, 0, 0, 0}, 0, "zero"},
    {20, 96, 1, 0, 111, 90, 'A', "38.0", {0, 0, 0, 0, 0, 0, 0}, 0, "zero"},
    {21, 95, 1, 0, 110, 91, 'A', "38.1", {2, 1, 0, 1, 1, 0, 1}, 6, "medium"},
    {24, 93, 1, 0, 100, 110, 'A', "39.0", {2, 2, 0, 2, 1, 0, 1}, 8, "high"},
    {25, 91, 1, 1, 90, 131, 'U', "35.0", {3, 3, 2, 3, 3, 3, 3}, 20, "high"},
    {11, 94, 1, 0, 219, 50, 'A', "36.1", {1, 1, 0, 0, 1, 0, 0}, 3, "low"},
    {8, 96, 1, 0, 120, 70, 'A', "36.6", {3, 0, 0, 0, 0, 0, 0}, 3, "single-3"},
    {18, 90, 2, 0, 130, 80, 'A', "37.0", {0, 0, 0, 0, 0, 0, 0}, 0, "zero"},
    {18, 90, 1, 0, 130, 80, 'A', "37.0", {0, 3, 0, 0, 0, 0, 0}, 3, "single-3"},
    {18, 93, 2, 0, 130, 80, 'A', "37.0", {0, 0, 0, 0, 0, 0, 0}, 0, "zero"},
    {18, 93, 2, 1, 130, 80, 'A', "37.0", {0, 1, 2, 0, 0, 0, 0}, 3, "low"},
    {18, 96, 2, 1, 130, 80, 'A', "37.0", {0, 2, 2, 0, 0, 0, 0}, 4, "low"},
    {18, 97, 2, 1, 130, 80, 'A', "37.0", {0, 3, 2, 0, 0, 0, 0}, 5, "medium"},
    {18, 87, 2, 1, 130, 80, 'A', "37.0", {0, 1, 2, 0, 0, 0, 0}, 3, "low"},
    {16, 98, 1, 0, 220, 72, 'A', "36.6", {0, 0, 0, 3, 0, 0, 0}, 3, "single-3"},
    {16, 98, 1, 0, 120, 40, 'A', "36.6", {0, 0, 0, 0, 3, 0, 0}, 3, "single-3"},
    {16, 98, 1, 0, 120, 72, 'C', "36.6", {0, 0, 0, 0, 0, 3, 0}, 3, "single-3"},
    {16, 98, 1, 0, 120, 72, 'A', "39.1", {0, 0, 0, 0, 0, 0, 2}, 2, "low"},
    {22, 94, 1, 1, 104, 112, 'A', "38.5", {2, 1, 2, 1, 2, 0, 1}, 9, "high"},
};

static struct news2_input healthy(void)
{
    struct news2_input input = {.respiration = 16, .spo2 = 98, .scale = 1, .systolic = 120, .pulse = 72,
                                .consciousness = CONSCIOUSNESS_ALERT, .temperature = number("36.6")};
    for (int i = 0; i < NEWS2_PART_COUNT; i++) {
        input.present[i] = true;
    }
    return input;
}

static void reference_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        const struct vector *vector = &vectors[i];
        struct news2_input input = healthy();
        input.respiration = vector->respiration;
        input.spo2 = vector->spo2;
        input.scale = vector->scale;
        input.oxygen = vector->oxygen != 0;
        input.systolic = vector->systolic;
        input.pulse = vector->pulse;
        assert_true(consciousness_from_letter(vector->letter, &input.consciousness));
        input.temperature = number(vector->temperature);
        struct news2_score score = news2_compute(&input);
        for (int part = 0; part < NEWS2_PART_COUNT; part++) {
            assert_int_equal(score.part[part], vector->parts[part]);
        }
        assert_int_equal(score.total, vector->total);
        assert_int_equal(score.missing, 0);
        assert_string_equal(news2_band_key(score.band), vector->band);
    }
}

/* Chart 1 as conditions, to set against the table in the program. */
static int expect_respiration(int v) { return v <= 8 || v >= 25 ? 3 : v >= 21 ? 2 : v <= 11 ? 1 : 0; }
static int expect_scale_1(int v) { return v <= 91 ? 3 : v <= 93 ? 2 : v <= 95 ? 1 : 0; }
static int expect_systolic(int v) { return v <= 90 || v >= 220 ? 3 : v <= 100 ? 2 : v <= 110 ? 1 : 0; }
static int expect_pulse(int v)
{
    return v <= 40 || v >= 131 ? 3 : v >= 111 ? 2 : v >= 91 || v <= 50 ? 1 : 0;
}
static int expect_temperature(int tenths)
{
    return tenths <= 350 ? 3 : tenths >= 391 ? 2 : tenths <= 360 || tenths >= 381 ? 1 : 0;
}
static int expect_scale_2(int v, bool oxygen)
{
    if (v >= 93) {
        return !oxygen ? 0 : v >= 97 ? 3 : v >= 95 ? 2 : 1;
    }
    return v <= 83 ? 3 : v <= 85 ? 2 : v <= 87 ? 1 : 0;
}

static void every_integer_scores_as_chart_1(void **state)
{
    (void)state;
    for (int v = 0; v <= 320; v++) {
        struct news2_input input = healthy();
        input.respiration = v;
        input.systolic = v;
        input.pulse = v;
        struct news2_score score = news2_compute(&input);
        assert_int_equal(score.part[NEWS2_RESPIRATION], expect_respiration(v));
        assert_int_equal(score.part[NEWS2_SYSTOLIC], expect_systolic(v));
        assert_int_equal(score.part[NEWS2_PULSE], expect_pulse(v));
    }
    for (int v = 0; v <= 100; v++) {
        for (int oxygen = 0; oxygen <= 1; oxygen++) {
            struct news2_input input = healthy();
            input.spo2 = v;
            input.oxygen = oxygen;
            assert_int_equal(news2_compute(&input).part[NEWS2_SPO2], expect_scale_1(v));
            input.scale = 2;
            assert_int_equal(news2_compute(&input).part[NEWS2_SPO2], expect_scale_2(v, oxygen));
            assert_int_equal(news2_compute(&input).part[NEWS2_OXYGEN], oxygen ? 2 : 0);
        }
    }
    for (int tenths = 200; tenths <= 500; tenths++) {
        struct news2_input input = healthy();
        input.temperature = decimal_from(tenths, 1);
        assert_int_equal(news2_compute(&input).part[NEWS2_TEMPERATURE], expect_temperature(tenths));
    }
    for (int level = CONSCIOUSNESS_ALERT; level <= CONSCIOUSNESS_UNRESPONSIVE; level++) {
        struct news2_input input = healthy();
        input.consciousness = (enum consciousness)level;
        assert_int_equal(news2_compute(&input).part[NEWS2_CONSCIOUSNESS], level == CONSCIOUSNESS_ALERT ? 0 : 3);
    }
}

static void temperature_is_compared_in_tenths_rounded_half_up(void **state)
{
    (void)state;
    static const struct { const char *digits; int points; } cases[] = {
        {"35.04", 3}, {"35.05", 1}, {"36.04", 1}, {"36.05", 0}, {"38.04", 0}, {"38.05", 1},
        {"38.0499999", 0}, {"39.04", 1}, {"39.05", 2}, {"39", 1}, {"36.600", 0}, {"1000000000000", 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct news2_input input = healthy();
        input.temperature = number(cases[i].digits);
        assert_int_equal(news2_compute(&input).part[NEWS2_TEMPERATURE], cases[i].points);
    }
}

static void no_total_without_every_part(void **state)
{
    (void)state;
    for (int missing = 1; missing < 1 << NEWS2_PART_COUNT; missing++) {
        struct news2_input input = healthy();
        int count = 0;
        for (int part = 0; part < NEWS2_PART_COUNT; part++) {
            input.present[part] = !(missing & 1 << part);
            count += input.present[part] ? 0 : 1;
        }
        struct news2_score score = news2_compute(&input);
        assert_int_equal(score.total, -1);
        assert_int_equal(score.missing, count);
        assert_int_equal(score.band, NEWS2_BAND_NONE);
        for (int part = 0; part < NEWS2_PART_COUNT; part++) {
            assert_int_equal(score.part[part], input.present[part] ? 0 : -1);
        }
    }
}

static void scale_2_waits_for_oxygen_above_its_target(void **state)
{
    (void)state;
    struct news2_input input = healthy();
    input.scale = 2;
    input.present[NEWS2_OXYGEN] = false;
    input.spo2 = 92;
    assert_int_equal(news2_compute(&input).part[NEWS2_SPO2], 0);
    input.spo2 = 93;
    struct news2_score score = news2_compute(&input);
    assert_int_equal(score.part[NEWS2_SPO2], -1);
    assert_int_equal(score.missing, 1);
    assert_int_equal(score.total, -1);
}

static void bands_follow_chart_4(void **state)
{
    (void)state;
    struct news2_input input = healthy();
    input.respiration = 8;  /* 3 */
    input.pulse = 45;       /* 1: total 4 with a single 3 */
    assert_string_equal(news2_band_key(news2_compute(&input).band), "single-3");
    input.systolic = 105;   /* total 5 */
    assert_string_equal(news2_band_key(news2_compute(&input).band), "medium");
    input.spo2 = 95;        /* total 6 */
    assert_string_equal(news2_band_key(news2_compute(&input).band), "medium");
    input.temperature = number("38.1"); /* total 7 */
    assert_string_equal(news2_band_key(news2_compute(&input).band), "high");
    assert_string_equal(news2_band_key(NEWS2_BAND_NONE), "");
    for (int band = NEWS2_BAND_NONE; band <= NEWS2_BAND_HIGH; band++) {
        assert_true(news2_band_word((enum news2_band)band)[0] != '\0');
        assert_true(news2_advice((enum news2_band)band, false)[0] != '\0');
    }
}

static void a_comfort_plan_changes_the_advice_only(void **state)
{
    (void)state;
    assert_non_null(strstr(news2_advice(NEWS2_BAND_HIGH, false), "emergency"));
    assert_null(strstr(news2_advice(NEWS2_BAND_HIGH, true), "emergency"));
    assert_string_equal(news2_acknowledgement(), "NEWS2 (c) Royal College of Physicians 2017");
    assert_false(news2_applies(15));
    assert_true(news2_applies(16));
    assert_true(news2_applies(-1));
}

static size_t full_set(struct reading *out, instant at)
{
    static const struct { enum vital vital; const char *digits; } set[] = {
        {VITAL_RESPIRATION, "22"}, {VITAL_SPO2, "94"}, {VITAL_OXYGEN_FLOW, "2"}, {VITAL_SYSTOLIC, "104"},
        {VITAL_PULSE, "112"}, {VITAL_CONSCIOUSNESS, "0"}, {VITAL_TEMPERATURE, "38.5"},
    };
    for (size_t i = 0; i < sizeof set / sizeof set[0]; i++) {
        out[i] = make_reading(set[i].vital, set[i].digits, at, SOURCE_NURSE);
    }
    return sizeof set / sizeof set[0];
}

static void readings_that_do_not_count_leave_their_part_missing(void **state)
{
    (void)state;
    struct reading readings[8];
    size_t count = full_set(readings, noon());
    struct news2_input input;
    news2_from_readings(&input, readings, count, 1);
    assert_int_equal(news2_compute(&input).total, 9);
    for (size_t i = 0; i < count; i++) {
        struct reading kept = readings[i];
        readings[i].status = READING_PRELIMINARY;
        news2_from_readings(&input, readings, count, 1);
        assert_int_equal(news2_compute(&input).missing, 1);
        readings[i] = kept;
        text_copy(readings[i].absent, sizeof readings[i].absent, "not-performed");
        news2_from_readings(&input, readings, count, 1);
        assert_int_equal(news2_compute(&input).missing, 1);
        readings[i] = kept;
        text_copy(readings[i].comparator, sizeof readings[i].comparator, ">");
        news2_from_readings(&input, readings, count, 1);
        assert_int_equal(news2_compute(&input).missing, 1);
        readings[i] = kept;
    }
    news2_from_readings(&input, NULL, 0, 1);
    assert_int_equal(news2_compute(&input).missing, NEWS2_PART_COUNT);
}

static void the_newest_of_several_is_scored(void **state)
{
    (void)state;
    struct reading readings[9];
    size_t count = full_set(readings, noon());
    readings[count++] = make_reading(VITAL_PULSE, "72", noon() + INSTANT_MINUTE, SOURCE_NURSE);
    struct news2_input input;
    news2_from_readings(&input, readings, count, 2);
    assert_int_equal(input.pulse, 72);
    assert_int_equal(input.scale, 2);
    assert_true(input.oxygen);
    readings[2] = make_reading(VITAL_OXYGEN_FRACTION, "21", noon(), SOURCE_NURSE);
    news2_from_readings(&input, readings, count, 2);
    assert_true(input.present[NEWS2_OXYGEN]);
    assert_false(input.oxygen);
    readings[2] = make_reading(VITAL_OXYGEN_FRACTION, "28", noon(), SOURCE_NURSE);
    news2_from_readings(&input, readings, count, 2);
    assert_true(input.oxygen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reference_vectors),
        cmocka_unit_test(every_integer_scores_as_chart_1),
        cmocka_unit_test(temperature_is_compared_in_tenths_rounded_half_up),
        cmocka_unit_test(no_total_without_every_part),
        cmocka_unit_test(scale_2_waits_for_oxygen_above_its_target),
        cmocka_unit_test(bands_follow_chart_4),
        cmocka_unit_test(a_comfort_plan_changes_the_advice_only),
        cmocka_unit_test(readings_that_do_not_count_leave_their_part_missing),
        cmocka_unit_test(the_newest_of_several_is_scored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
