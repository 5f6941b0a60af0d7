/* The chart's own questions: the newest value, NEWS2 of one occasion, allergies, words. */
#include "chart_builder.h"

#include <stdlib.h>

static void latest_is_the_newest_that_counts(void **state)
{
    (void)state;
    struct chart chart;
    chart_init(&chart);
    assert_null(chart_latest(&chart, VITAL_PULSE));
    add_reading(&chart, VITAL_PULSE, "70", noon() - INSTANT_DAY, SOURCE_DEVICE);
    add_reading(&chart, VITAL_PULSE, "80", noon(), SOURCE_DEVICE)->status = READING_ERRONEOUS;
    add_reading(&chart, VITAL_WEIGHT, "60", noon(), SOURCE_NURSE);
    assert_int_equal(chart_latest(&chart, VITAL_PULSE)->value.units, 70);
    chart_free(&chart);
    assert_int_equal(chart.reading_count, 0);
    chart_free(&chart);
}

static void add_occasion(struct chart *chart, instant at, const char *pulse)
{
    add_reading(chart, VITAL_RESPIRATION, "22", at, SOURCE_NURSE);
    add_reading(chart, VITAL_SPO2, "94", at, SOURCE_NURSE);
    add_reading(chart, VITAL_OXYGEN_FLOW, "2", at, SOURCE_NURSE);
    add_reading(chart, VITAL_SYSTOLIC, "104", at, SOURCE_NURSE);
    add_reading(chart, VITAL_PULSE, pulse, at, SOURCE_NURSE);
    add_reading(chart, VITAL_CONSCIOUSNESS, "0", at, SOURCE_NURSE);
    add_reading(chart, VITAL_TEMPERATURE, "38.5", at, SOURCE_NURSE);
}

static void news2_is_of_one_occasion(void **state)
{
    (void)state;
    struct chart chart;
    instant at = 0;
    chart_init(&chart);
    assert_int_equal(chart_news2(&chart, CHART_OCCASION, &at).missing, NEWS2_PART_COUNT);
    assert_int_equal(at, INSTANT_NONE);
    add_occasion(&chart, noon() - 2 * INSTANT_DAY, "72");
    assert_int_equal(chart_news2(&chart, CHART_OCCASION, &at).total, 7);
    add_occasion(&chart, noon() - INSTANT_HOUR, "112");
    assert_int_equal(chart_news2(&chart, CHART_OCCASION, &at).total, 9);
    assert_int_equal(at, noon() - INSTANT_HOUR);
    /* Later, a single value by the nurse: a new occasion, without the other parts once the window is passed. */
    add_reading(&chart, VITAL_PULSE, "80", noon(), SOURCE_NURSE);
    assert_int_equal(chart_news2(&chart, CHART_OCCASION, &at).total, 7);
    assert_int_equal(chart_news2(&chart, CHART_OCCASION - 1, &at).missing, 6);
    assert_int_equal(at, noon());
    chart_free(&chart);
}

static void a_home_device_opens_no_occasion_but_may_complete_one(void **state)
{
    (void)state;
    struct chart chart;
    instant at = 0;
    chart_init(&chart);
    add_reading(&chart, VITAL_PULSE, "72", noon(), SOURCE_DEVICE);
    assert_int_equal(chart_news2(&chart, CHART_OCCASION, &at).missing, 6);
    assert_int_equal(at, noon());
    add_occasion(&chart, noon() - INSTANT_DAY, "72");
    assert_int_equal(chart_news2(&chart, CHART_OCCASION, &at).total, 7);
    assert_int_equal(at, noon() - INSTANT_DAY);
    /* What the patient read from the cuff this morning does not hide the nurse's score of yesterday either. */
    add_reading(&chart, VITAL_SYSTOLIC, "119", noon() - INSTANT_HOUR, SOURCE_PATIENT);
    assert_int_equal(chart_news2(&chart, CHART_OCCASION, &at).total, 7);
    assert_int_equal(at, noon() - INSTANT_DAY);
    for (size_t i = 0; i < chart.reading_count; i++) {
        if (chart.readings[i].vital == VITAL_SPO2 || chart.readings[i].vital == VITAL_RESPIRATION) {
            chart.readings[i].source = SOURCE_DEVICE; /* whatever order equal times have */
        }
    }
    assert_int_equal(chart_news2(&chart, CHART_OCCASION, &at).total, 7);
    text_copy(chart.patient.birth_date, sizeof chart.patient.birth_date, "2015-05-05");
    assert_int_equal(chart_news2(&chart, CHART_OCCASION, &at).total, -1);
    assert_int_equal(at, INSTANT_NONE);
    chart_free(&chart);
}

static void what_is_dated_in_the_future_is_neither_latest_nor_scored(void **state)
{
    (void)state;
    struct chart chart;
    instant at = INSTANT_NONE;
    chart_init(&chart);
    text_copy(chart.patient.birth_date, sizeof chart.patient.birth_date, "1938-04-02");
    add_occasion(&chart, noon() - INSTANT_DAY, "72");
    add_occasion(&chart, noon() + INSTANT_DAY, "140");
    assert_string_equal(chart_latest(&chart, VITAL_PULSE)->text, "140"); /* nobody said what time it is */
    chart.as_of = noon();
    assert_string_equal(chart_latest(&chart, VITAL_PULSE)->text, "72");
    (void)chart_news2(&chart, CHART_OCCASION, &at);
    assert_int_equal(at, noon() - INSTANT_DAY);
    chart_free(&chart);
}

static void check_line(const struct chart *chart, const char *expected)
{
    char line[64];
    chart_allergy_line(chart, line, sizeof line);
    assert_string_equal(line, expected);
}

static void allergies_are_told_as_recorded(void **state)
{
    (void)state;
    struct chart chart;
    chart_init(&chart);
    check_line(&chart, "Allergies not known: record not complete");
    chart.patient.complete = true;
    check_line(&chart, "Allergies not recorded");
    add_allergy(&chart, "No known allergy")->none_known = true;
    check_line(&chart, "No known allergy");
    chart.patient.complete = false;
    check_line(&chart, "Allergies not known: record not complete");
    text_copy(add_allergy(&chart, "Penicillin")->reaction, LABEL_SIZE, "rash");
    check_line(&chart, "Penicillin (rash)");
    text_copy(add_allergy(&chart, "Cat")->verification, 24, "refuted");
    text_copy(add_allergy(&chart, "Dog")->status, 24, "resolved");
    add_allergy(&chart, "Latex")->status[0] = '\0';
    check_line(&chart, "Penicillin (rash), Latex");
    add_allergy(&chart, "페니실린 알레르기가 의심되는 아주 긴 이름");
    char line[64];
    chart_allergy_line(&chart, line, sizeof line);
    assert_true(text_is_utf8(line, strlen(line)));
    assert_string_equal(line + strlen(line) - 3, "...");
    chart.allergies[0].none_known = true;
    chart.allergy_count = 1;
    text_copy(chart.allergies[0].verification, 24, "entered-in-error");
    chart.patient.complete = true;
    check_line(&chart, "Allergies not recorded");
    chart_free(&chart);
}

static void a_very_long_list_of_allergies_is_marked_as_cut(void **state)
{
    (void)state;
    struct chart chart;
    char label[LABEL_SIZE], line[4096];
    chart_init(&chart);
    memset(label, 'x', sizeof label - 1);
    label[sizeof label - 1] = '\0';
    for (int i = 0; i < 40; i++) {
        add_allergy(&chart, label);
    }
    chart_allergy_line(&chart, line, sizeof line);
    assert_string_equal(line + strlen(line) - 3, "...");
    chart_free(&chart);
}

static void check_condition(const char *status, const char *verification, bool active, const char *words)
{
    struct condition condition = {.id = "c1"};
    char found[80];
    text_copy(condition.status, sizeof condition.status, status);
    text_copy(condition.verification, sizeof condition.verification, verification);
    condition_status_words(&condition, found, sizeof found);
    assert_string_equal(found, words);
    assert_int_equal(condition_is_active(&condition), active);
}

static void how_sure_a_condition_is_is_said(void **state)
{
    (void)state;
    check_condition("active", "confirmed", true, "active");
    check_condition("active", "", true, "active");
    check_condition("", "", true, "");
    check_condition("active", "unconfirmed", true, "active, unconfirmed");
    check_condition("recurrence", "provisional", true, "come back, provisional");
    check_condition("resolved", "confirmed", false, "resolved");
    check_condition("active", "refuted", false, "refuted");
    check_condition("active", "entered-in-error", false, "entered in error");
}

static void check_allergy(const char *status, const char *verification, const char *words)
{
    struct allergy allergy = {.id = "a1"};
    char found[80];
    text_copy(allergy.status, sizeof allergy.status, status);
    text_copy(allergy.verification, sizeof allergy.verification, verification);
    allergy_status_words(&allergy, found, sizeof found);
    assert_string_equal(found, words);
}

static void how_sure_an_allergy_is_is_said(void **state)
{
    (void)state;
    check_allergy("active", "confirmed", "");
    check_allergy("", "", "");
    check_allergy("active", "unconfirmed", "unconfirmed");
    check_allergy("resolved", "confirmed", "resolved");
    check_allergy("active", "refuted", "refuted");
    check_allergy("active", "entered-in-error", "entered in error");
}

static void check_alert(const char *type, const char *detail, instant since, const char *expected)
{
    struct alert alert = {.since = since};
    char words[LABEL_SIZE + DETAIL_SIZE + 80];
    text_copy(alert.type, sizeof alert.type, type);
    text_copy(alert.label, sizeof alert.label, "Fall risk");
    text_copy(alert.detail, sizeof alert.detail, detail);
    chart_alert_words(&alert, words, sizeof words);
    assert_string_equal(words, expected);
}

static void an_alert_tells_where_it_is_from(void **state)
{
    (void)state;
    check_alert("Flag", "", noon(), "Fall risk (on record since 2026-11-22)");
    check_alert("DetectedIssue", "two steps", INSTANT_NONE, "Fall risk: two steps (on record, not dated)");
    check_alert("rule", "Fall risk by a rule.", noon(), "Fall risk by a rule.");
}

static void codes_have_words(void **state)
{
    (void)state;
    assert_string_equal(status_word("entered-in-error"), "entered in error");
    assert_string_equal(status_word("not-taken"), "not taken");
    assert_string_equal(status_word("some-new-code"), "some-new-code");
    assert_string_equal(alert_level_word(ALERT_RED), "RED");
    assert_string_equal(alert_level_word(ALERT_AMBER), "AMBER");
    assert_string_equal(alert_level_word(ALERT_INFO), "info");
    assert_string_equal(gender_word(GENDER_FEMALE), "female");
    assert_string_equal(gender_word(GENDER_UNKNOWN), "gender unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(latest_is_the_newest_that_counts),
        cmocka_unit_test(news2_is_of_one_occasion),
        cmocka_unit_test(what_is_dated_in_the_future_is_neither_latest_nor_scored),
        cmocka_unit_test(a_home_device_opens_no_occasion_but_may_complete_one),
        cmocka_unit_test(allergies_are_told_as_recorded),
        cmocka_unit_test(a_very_long_list_of_allergies_is_marked_as_cut),
        cmocka_unit_test(how_sure_a_condition_is_is_said),
        cmocka_unit_test(how_sure_an_allergy_is_is_said),
        cmocka_unit_test(an_alert_tells_where_it_is_from),
        cmocka_unit_test(codes_have_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
