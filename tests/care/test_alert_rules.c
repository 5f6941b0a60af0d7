/* Alert rules: each from both sides of its limit, with its hygiene. */
#include "chart_builder.h"

#include "care/alert_rules.h"

static void apply(struct chart *chart)
{
    struct error error = {0};
    assert_int_equal(alert_rules_apply(chart, noon(), &error), STATUS_OK);
}

/* The rule alert whose label holds `word`; NULL when there is none; fails on two. */
static const struct alert *find(const struct chart *chart, const char *word)
{
    const struct alert *found = NULL;
    for (size_t i = 0; i < chart->alert_count; i++) {
        if (strstr(chart->alerts[i].label, word) != NULL) {
            assert_null(found);
            found = &chart->alerts[i];
            assert_string_equal(found->type, "rule");
            assert_string_equal(found->id, "");
            assert_true(found->active);
            assert_true(found->detail[0] != '\0');
        }
    }
    return found;
}

struct limit_case {
    enum vital vital;
    const char *digits;
    int scale;
    const char *word;
    bool fires;
    enum alert_level level;
};

static void thresholds_fire_from_their_limit_on(void **state)
{
    (void)state;
    static const struct limit_case cases[] = {
        {VITAL_SYSTOLIC, "179", 1, "Very high blood pressure", false, ALERT_INFO},
        {VITAL_SYSTOLIC, "180", 1, "Very high blood pressure", true, ALERT_RED},
        {VITAL_DIASTOLIC, "119", 1, "Very high blood pressure", false, ALERT_INFO},
        {VITAL_DIASTOLIC, "120", 1, "Very high blood pressure", true, ALERT_RED},
        {VITAL_SYSTOLIC, "90", 1, "Low blood pressure", true, ALERT_RED},
        {VITAL_SYSTOLIC, "91", 1, "Low blood pressure", false, ALERT_INFO},
        {VITAL_GLUCOSE, "53", 1, "level 2", true, ALERT_RED},
        {VITAL_GLUCOSE, "54", 1, "level 1", true, ALERT_AMBER},
        {VITAL_GLUCOSE, "69", 1, "level 1", true, ALERT_AMBER},
        {VITAL_GLUCOSE, "70", 1, "level", false, ALERT_INFO},
        {VITAL_SPO2, "94", 1, "saturation", false, ALERT_INFO},
        {VITAL_SPO2, "93", 1, "below 94", true, ALERT_AMBER},
        {VITAL_SPO2, "92", 1, "Low oxygen", true, ALERT_RED},
        {VITAL_SPO2, "88", 2, "saturation", false, ALERT_INFO},
        {VITAL_SPO2, "87", 2, "saturation", true, ALERT_RED},
        {VITAL_TEMPERATURE, "38.0", 1, "ever", false, ALERT_INFO},
        {VITAL_TEMPERATURE, "38.05", 1, "Fever", true, ALERT_AMBER},
        {VITAL_TEMPERATURE, "39.0", 1, "Fever", true, ALERT_AMBER},
        {VITAL_TEMPERATURE, "39.1", 1, "High fever", true, ALERT_RED},
        {VITAL_TEMPERATURE, "35.1", 1, "Low body", false, ALERT_INFO},
        {VITAL_TEMPERATURE, "35.0", 1, "Low body", true, ALERT_RED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct chart chart;
        chart_init(&chart);
        chart.news2_scale = cases[i].scale;
        add_reading(&chart, cases[i].vital, cases[i].digits, noon() - INSTANT_HOUR, SOURCE_NURSE);
        apply(&chart);
        const struct alert *alert = find(&chart, cases[i].word);
        if ((alert != NULL) != cases[i].fires) {
            print_error("%s %s: %s\n", vital_key(cases[i].vital), cases[i].digits, cases[i].word);
        }
        assert_int_equal(alert != NULL, cases[i].fires);
        assert_int_equal(chart.alert_count, cases[i].fires ? 1 : 0);
        if (alert != NULL) {
            char date[32];
            instant_format_date(date, sizeof date, noon());
            assert_int_equal(alert->level, cases[i].level);
            assert_non_null(strstr(alert->detail, date));
            assert_non_null(strstr(alert->detail, "alert at"));
            assert_int_equal(alert->since, noon() - INSTANT_HOUR);
        }
        chart_free(&chart);
    }
}

static void only_the_last_seven_days_fire(void **state)
{
    (void)state;
    struct chart chart;
    chart_init(&chart);
    add_reading(&chart, VITAL_SYSTOLIC, "200", noon() - 7 * INSTANT_DAY - 1, SOURCE_NURSE);
    add_reading(&chart, VITAL_GLUCOSE, "40", INSTANT_NONE, SOURCE_NURSE);
    add_reading(&chart, VITAL_TEMPERATURE, "39.5", noon() + INSTANT_HOUR, SOURCE_DEVICE);
    apply(&chart);
    assert_int_equal(chart.alert_count, 1);
    assert_non_null(find(&chart, "future"));
    add_reading(&chart, VITAL_SYSTOLIC, "200", noon() - 7 * INSTANT_DAY, SOURCE_NURSE);
    apply(&chart);
    assert_int_equal(chart.alert_count, 2);
    chart_free(&chart);
}

static void readings_that_do_not_count_never_fire(void **state)
{
    (void)state;
    struct chart chart;
    chart_init(&chart);
    add_reading(&chart, VITAL_SYSTOLIC, "200", noon(), SOURCE_NURSE)->status = READING_ERRONEOUS;
    text_copy(add_reading(&chart, VITAL_SPO2, "80", noon(), SOURCE_NURSE)->absent, 32, "error");
    text_copy(add_reading(&chart, VITAL_GLUCOSE, "60", noon(), SOURCE_NURSE)->comparator, 3, ">");
    apply(&chart);
    assert_int_equal(chart.alert_count, 0);
    chart_free(&chart);
}

static void a_device_alone_is_amber_until_repeated(void **state)
{
    (void)state;
    struct chart chart;
    chart_init(&chart);
    add_reading(&chart, VITAL_SYSTOLIC, "190", noon(), SOURCE_DEVICE);
    apply(&chart);
    assert_int_equal(find(&chart, "Very high")->level, ALERT_AMBER);
    assert_non_null(strstr(find(&chart, "Very high")->detail, "measure again"));
    add_reading(&chart, VITAL_SYSTOLIC, "185", noon() - 10 * INSTANT_MINUTE, SOURCE_DEVICE);
    apply(&chart);
    assert_int_equal(find(&chart, "Very high")->level, ALERT_RED);
    chart_free(&chart);
}

static void a_value_back_in_range_steps_down_but_stays(void **state)
{
    (void)state;
    struct chart chart;
    chart_init(&chart);
    add_reading(&chart, VITAL_GLUCOSE, "48", noon() - INSTANT_DAY, SOURCE_NURSE);
    add_reading(&chart, VITAL_GLUCOSE, "65", noon() - INSTANT_HOUR, SOURCE_NURSE);
    apply(&chart);
    assert_int_equal(find(&chart, "level 2")->level, ALERT_RED); /* 65 is still low */
    add_reading(&chart, VITAL_GLUCOSE, "110", noon(), SOURCE_NURSE);
    apply(&chart);
    const struct alert *alert = find(&chart, "level");
    assert_int_equal(alert->level, ALERT_AMBER);
    assert_non_null(strstr(alert->detail, "48"));
    assert_non_null(strstr(alert->detail, "110"));
    assert_non_null(strstr(alert->detail, "back in range"));
    chart_free(&chart);
}

static void a_reading_of_the_future_takes_no_alert_back(void **state)
{
    (void)state;
    struct chart chart;
    chart_init(&chart);
    add_reading(&chart, VITAL_SPO2, "85", noon() - INSTANT_HOUR, SOURCE_NURSE);
    add_reading(&chart, VITAL_SPO2, "98", noon() + 4 * INSTANT_MINUTE, SOURCE_DEVICE); /* a clock that is a little fast */
    apply(&chart);
    assert_int_equal(find(&chart, "Low oxygen")->level, ALERT_AMBER);
    assert_null(find(&chart, "future"));
    add_reading(&chart, VITAL_SPO2, "98", noon() + 300 * INSTANT_DAY, SOURCE_DEVICE);
    chart.readings[1].at += INSTANT_DAY; /* the one of just now as well */
    apply(&chart);
    assert_int_equal(find(&chart, "Low oxygen")->level, ALERT_RED);
    assert_int_equal(find(&chart, "future")->level, ALERT_AMBER);
    assert_non_null(strstr(find(&chart, "future")->detail, "98"));
    assert_non_null(strstr(find(&chart, "future")->detail, "source: "));
    assert_string_equal(chart_latest(&chart, VITAL_SPO2)->text, "85");
    chart_free(&chart);
}

static void high_glucose_needs_its_pattern(void **state)
{
    (void)state;
    struct chart chart;
    chart_init(&chart);
    add_reading(&chart, VITAL_GLUCOSE, "251", noon(), SOURCE_NURSE);
    apply(&chart);
    assert_int_equal(chart.alert_count, 0);
    add_reading(&chart, VITAL_GLUCOSE, "260", noon() - 25 * INSTANT_HOUR, SOURCE_NURSE);
    apply(&chart);
    assert_int_equal(chart.alert_count, 0);
    add_reading(&chart, VITAL_GLUCOSE, "251", noon() - 24 * INSTANT_HOUR, SOURCE_NURSE);
    apply(&chart);
    assert_int_equal(find(&chart, "twice in 24 hours")->level, ALERT_AMBER);
    add_reading(&chart, VITAL_GLUCOSE, "301", noon() - 60 * INSTANT_MINUTE, SOURCE_NURSE);
    add_reading(&chart, VITAL_GLUCOSE, "301", noon() - 36 * INSTANT_HOUR, SOURCE_NURSE); /* midnight: the day before */
    apply(&chart);
    assert_non_null(find(&chart, "two days running"));
    assert_int_equal(chart.alert_count, 1);
    text_copy(add_reading(&chart, VITAL_GLUCOSE, "600", noon(), SOURCE_NURSE)->comparator, 3, ">");
    apply(&chart);
    const struct alert *alert = find(&chart, "above the meter's scale");
    assert_int_equal(alert->level, ALERT_RED);
    assert_non_null(strstr(alert->detail, "> 600"));
    assert_int_equal(chart.alert_count, 1);
    chart_free(&chart);
}

static void weight_gain_is_seen_in_three_days(void **state)
{
    (void)state;
    struct chart chart;
    chart_init(&chart);
    add_reading(&chart, VITAL_WEIGHT, "60.0", noon() - 4 * INSTANT_DAY, SOURCE_DEVICE);
    add_reading(&chart, VITAL_WEIGHT, "61.2", noon() - 3 * INSTANT_DAY - INSTANT_HOUR, SOURCE_DEVICE);
    add_reading(&chart, VITAL_WEIGHT, "63.2", noon(), SOURCE_DEVICE);
    apply(&chart);
    assert_int_equal(chart.alert_count, 0); /* exactly 2 kg; the 60.0 is too old */
    chart.readings[0].value = number("63.3");
    apply(&chart);
    const struct alert *alert = find(&chart, "Weight up 2.1 kg in 3 days");
    assert_non_null(alert);
    assert_int_equal(alert->level, ALERT_AMBER);
    assert_non_null(strstr(alert->detail, "61.2"));
    assert_non_null(strstr(alert->detail, "63.3"));
    assert_non_null(strstr(alert->detail, "source: "));
    add_reading(&chart, VITAL_WEIGHT, "61.5", noon() + INSTANT_MINUTE, SOURCE_NURSE);
    apply(&chart);
    assert_int_equal(chart.alert_count, 0); /* the newest is what counts */
    chart_free(&chart);
}

static void weight_within_a_day_or_long_ago_is_no_gain(void **state)
{
    (void)state;
    struct chart chart;
    chart_init(&chart);
    add_reading(&chart, VITAL_WEIGHT, "60", noon() - INSTANT_HOUR, SOURCE_NURSE);
    add_reading(&chart, VITAL_WEIGHT, "63", noon(), SOURCE_NURSE);
    apply(&chart);
    assert_int_equal(chart.alert_count, 0);
    chart.readings[0].at = noon() - 8 * INSTANT_DAY;
    chart.readings[1].at = noon() - 9 * INSTANT_DAY;
    apply(&chart);
    assert_int_equal(chart.alert_count, 0);
    chart_free(&chart);
}

static void add_daily(struct chart *chart, enum vital vital, const char *digits, const char *device, int first,
                      int last)
{
    for (int day = first; day >= last; day--) {
        struct reading *reading = add_reading(chart, vital, digits, noon() - day * INSTANT_DAY, SOURCE_DEVICE);
        text_copy(reading->device, sizeof reading->device, device);
    }
}

static void a_daily_device_that_falls_silent_is_told_once(void **state)
{
    (void)state;
    struct chart chart;
    chart_init(&chart);
    add_daily(&chart, VITAL_SYSTOLIC, "130", "BP cuff", 15, 5);
    add_daily(&chart, VITAL_DIASTOLIC, "80", "BP cuff", 15, 5);
    add_daily(&chart, VITAL_PULSE, "70", "BP cuff", 15, 5);
    add_daily(&chart, VITAL_WEIGHT, "60", "Scale", 10, 0);
    add_daily(&chart, VITAL_STEPS, "3000", "", 20, 16); /* silent for long, and still told */
    apply(&chart);
    assert_int_equal(chart.alert_count, 2);
    const struct alert *alert = find(&chart, "device silent for 5 days");
    assert_non_null(strstr(alert->detail, "BP cuff"));
    assert_int_equal(alert->level, ALERT_AMBER);
    assert_int_equal(alert->since, noon() - 5 * INSTANT_DAY);
    assert_non_null(find(&chart, "Steps: device silent for 16 days"));
    chart_free(&chart);
}

static void silence_needs_a_habit_and_48_hours(void **state)
{
    (void)state;
    struct chart chart;
    chart_init(&chart);
    add_daily(&chart, VITAL_SPO2, "97", "Oximeter", 8, 5); /* 4 days only */
    add_daily(&chart, VITAL_WEIGHT, "60", "Scale", 8, 2);  /* 48 hours, not more */
    for (int i = 0; i < 10; i++) {                         /* 10 readings on one day */
        add_reading(&chart, VITAL_PULSE, "70", noon() - 5 * INSTANT_DAY - i * INSTANT_MINUTE, SOURCE_DEVICE);
    }
    for (int day = 12; day >= 5; day--) {                  /* a nurse is no device */
        add_reading(&chart, VITAL_TEMPERATURE, "36.5", noon() - day * INSTANT_DAY, SOURCE_NURSE);
    }
    apply(&chart);
    assert_int_equal(chart.alert_count, 0);
    assert_int_equal(alert_rules_apply(&chart, noon() + 1, NULL), STATUS_OK);
    assert_int_equal(chart.alert_count, 1);
    assert_non_null(find(&chart, "Weight: device silent"));
    chart_free(&chart);
}

static void add_occasion(struct chart *chart, instant at, const char *respiration, const char *temperature)
{
    add_reading(chart, VITAL_RESPIRATION, respiration, at, SOURCE_NURSE);
    add_reading(chart, VITAL_SPO2, "94", at, SOURCE_NURSE);
    add_reading(chart, VITAL_OXYGEN_FLOW, "0", at, SOURCE_NURSE);
    add_reading(chart, VITAL_SYSTOLIC, "105", at, SOURCE_NURSE);
    add_reading(chart, VITAL_PULSE, "95", at, SOURCE_NURSE);
    add_reading(chart, VITAL_CONSCIOUSNESS, "0", at, SOURCE_NURSE);
    add_reading(chart, VITAL_TEMPERATURE, temperature, at, SOURCE_NURSE);
}

static void news2_thresholds_alert(void **state)
{
    (void)state;
    static const struct { const char *respiration, *temperature; int total; enum alert_level level; } cases[] = {
        {"16", "37.0", 3, ALERT_INFO}, {"11", "37.0", 4, ALERT_INFO}, {"21", "37.0", 5, ALERT_AMBER},
        {"25", "37.0", 6, ALERT_AMBER}, {"25", "36.0", 7, ALERT_RED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct chart chart;
        char label[16];
        chart_init(&chart);
        add_occasion(&chart, noon() - INSTANT_DAY, cases[i].respiration, cases[i].temperature);
        apply(&chart);
        text_format(label, sizeof label, "NEWS2 %d,", cases[i].total);
        const struct alert *alert = find(&chart, label);
        assert_int_equal(alert != NULL, cases[i].level != ALERT_INFO);
        if (alert != NULL) {
            assert_int_equal(alert->level, cases[i].level);
            assert_non_null(strstr(alert->detail, "Respiration"));
            assert_non_null(strstr(alert->detail, "source: nurse:"));
            assert_non_null(strstr(alert->detail, "doctor") ? "" : strstr(alert->detail, "emergency"));
        }
        assert_int_equal(alert_rules_apply(&chart, noon() + 7 * INSTANT_DAY, NULL), STATUS_OK);
        assert_null(find(&chart, "NEWS2"));
        chart_free(&chart);
    }
}

static void a_single_three_is_urgent(void **state)
{
    (void)state;
    struct chart chart;
    chart_init(&chart);
    add_occasion(&chart, noon(), "25", "37.0");
    for (size_t i = 0; i < chart.reading_count; i++) {
        if (chart.readings[i].vital == VITAL_SPO2 || chart.readings[i].vital == VITAL_SYSTOLIC ||
            chart.readings[i].vital == VITAL_PULSE) {
            chart.readings[i].value = number(chart.readings[i].vital == VITAL_PULSE ? "80" : "120");
        }
    }
    apply(&chart);
    assert_int_equal(find(&chart, "NEWS2 3,")->level, ALERT_AMBER);
    chart_free(&chart);
}

static void a_comfort_plan_keeps_facts_and_drops_escalation(void **state)
{
    (void)state;
    struct chart chart;
    chart_init(&chart);
    chart.palliative = true;
    add_occasion(&chart, noon(), "25", "39.5");
    add_reading(&chart, VITAL_GLUCOSE, "40", noon(), SOURCE_NURSE);
    apply(&chart);
    assert_int_equal(find(&chart, "NEWS2 8,")->level, ALERT_RED);
    assert_non_null(find(&chart, "level 2"));
    for (size_t i = 0; i < chart.alert_count; i++) {
        assert_null(strstr(chart.alerts[i].detail, "call"));
        assert_null(strstr(chart.alerts[i].detail, "Call"));
        assert_non_null(strstr(chart.alerts[i].detail, "comfort plan"));
    }
    chart_free(&chart);
}

static void adult_limits_are_not_used_for_children_nor_any_for_the_dead(void **state)
{
    (void)state;
    struct chart chart;
    chart_init(&chart);
    text_copy(chart.patient.birth_date, sizeof chart.patient.birth_date, "2020-01-01");
    add_reading(&chart, VITAL_SYSTOLIC, "88", noon(), SOURCE_NURSE);
    add_reading(&chart, VITAL_TEMPERATURE, "39.5", noon(), SOURCE_NURSE);
    apply(&chart);
    assert_int_equal(chart.alert_count, 1);
    assert_non_null(find(&chart, "High fever"));
    chart.patient.deceased = true;
    apply(&chart);
    assert_int_equal(chart.alert_count, 0);
    chart_free(&chart);
}

static void all_alerts_are_sorted_by_urgency_and_applying_again_changes_nothing(void **state)
{
    (void)state;
    struct chart chart;
    chart_init(&chart);
    chart.alerts = memory_allocate_array(3, sizeof *chart.alerts);
    assert_non_null(chart.alerts);
    chart.alert_count = 3;
    static const struct { const char *label; enum alert_level level; bool active; int days; } given[] = {
        {"old red, closed", ALERT_RED, false, 1}, {"info", ALERT_INFO, true, 1}, {"red, yesterday", ALERT_RED, true, 1},
    };
    for (size_t i = 0; i < 3; i++) {
        text_copy(chart.alerts[i].type, 24, "Flag");
        text_copy(chart.alerts[i].label, LABEL_SIZE, given[i].label);
        chart.alerts[i].level = given[i].level;
        chart.alerts[i].active = given[i].active;
        chart.alerts[i].since = noon() - given[i].days * INSTANT_DAY;
    }
    add_reading(&chart, VITAL_SYSTOLIC, "190", noon(), SOURCE_NURSE);
    add_reading(&chart, VITAL_SPO2, "93", noon(), SOURCE_NURSE);
    static const char *const expected[] = {"Very high blood pressure", "red, yesterday", "Oxygen saturation below 94",
                                           "info", "old red, closed"};
    for (int round = 0; round < 2; round++) {
        apply(&chart);
        assert_int_equal(chart.alert_count, 5);
        for (size_t i = 0; i < 5; i++) {
            assert_string_equal(chart.alerts[i].label, expected[i]);
        }
    }
    chart_free(&chart);
}

static void every_cause_at_once_has_room(void **state)
{
    (void)state;
    struct chart chart;
    chart_init(&chart);
    add_occasion(&chart, noon(), "25", "39.5");
    add_reading(&chart, VITAL_SYSTOLIC, "200", noon() - INSTANT_HOUR, SOURCE_NURSE);
    add_reading(&chart, VITAL_SYSTOLIC, "80", noon() - INSTANT_HOUR, SOURCE_NURSE);
    add_reading(&chart, VITAL_TEMPERATURE, "34.0", noon() - INSTANT_HOUR, SOURCE_NURSE);
    add_reading(&chart, VITAL_GLUCOSE, "40", noon(), SOURCE_NURSE);
    add_reading(&chart, VITAL_GLUCOSE, "400", noon(), SOURCE_NURSE);
    add_reading(&chart, VITAL_GLUCOSE, "400", noon(), SOURCE_NURSE);
    add_reading(&chart, VITAL_SPO2, "80", noon(), SOURCE_NURSE);
    add_reading(&chart, VITAL_WEIGHT, "60", noon() - INSTANT_DAY, SOURCE_NURSE);
    add_reading(&chart, VITAL_WEIGHT, "70", noon(), SOURCE_NURSE);
    for (int vital = 0; vital < VITAL_COUNT; vital++) {
        char device[16];
        text_format(device, sizeof device, "device %d", vital);
        add_daily(&chart, (enum vital)vital, "100", device, 20, 10);
    }
    apply(&chart);
    assert_int_equal(chart.alert_count, 1 + 7 + 1 + VITAL_COUNT);
    chart_free(&chart);
}

static void short_memory_leaves_the_chart_as_it_was(void **state)
{
    (void)state;
    struct chart chart;
    chart_init(&chart);
    add_reading(&chart, VITAL_SYSTOLIC, "190", noon(), SOURCE_NURSE);
    for (long nth = 1; nth < 10; nth++) {
        struct error error = {0};
        memory_fail_at(nth, 0);
        enum status status = alert_rules_apply(&chart, noon(), &error);
        bool reached = memory_allocation_count() >= nth;
        memory_fail_at(0, 0);
        if (!reached) {
            assert_int_equal(status, STATUS_OK);
            assert_int_equal(chart.alert_count, 1);
            chart_free(&chart);
            return;
        }
        assert_int_equal(status, STATUS_NO_MEMORY);
        assert_true(error.sentence[0] != '\0');
        assert_int_equal(chart.alert_count, 0);
    }
    fail();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thresholds_fire_from_their_limit_on),
        cmocka_unit_test(only_the_last_seven_days_fire),
        cmocka_unit_test(readings_that_do_not_count_never_fire),
        cmocka_unit_test(a_device_alone_is_amber_until_repeated),
        cmocka_unit_test(a_value_back_in_range_steps_down_but_stays),
        cmocka_unit_test(a_reading_of_the_future_takes_no_alert_back),
        cmocka_unit_test(high_glucose_needs_its_pattern),
        cmocka_unit_test(weight_gain_is_seen_in_three_days),
        cmocka_unit_test(weight_within_a_day_or_long_ago_is_no_gain),
        cmocka_unit_test(a_daily_device_that_falls_silent_is_told_once),
        cmocka_unit_test(silence_needs_a_habit_and_48_hours),
        cmocka_unit_test(news2_thresholds_alert),
        cmocka_unit_test(a_single_three_is_urgent),
        cmocka_unit_test(a_comfort_plan_keeps_facts_and_drops_escalation),
        cmocka_unit_test(adult_limits_are_not_used_for_children_nor_any_for_the_dead),
        cmocka_unit_test(all_alerts_are_sorted_by_urgency_and_applying_again_changes_nothing),
        cmocka_unit_test(every_cause_at_once_has_room),
        cmocka_unit_test(short_memory_leaves_the_chart_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
