/* Series, sparklines and changes: gaps stay gaps, nothing is invented. */
#include "chart_builder.h"

#include "care/trend.h"

#include <stdlib.h>

static void series_run_oldest_first_and_keep_the_newest(void **state)
{
    (void)state;
    struct chart chart;
    const struct reading *out[3];
    chart_init(&chart);
    for (int i = 0; i < 5; i++) {
        char digits[8] = {(char)('1' + i), '\0'};
        add_reading(&chart, VITAL_PAIN, digits, noon() - (5 - i) * INSTANT_DAY, SOURCE_NURSE);
    }
    add_reading(&chart, VITAL_PAIN, "9", noon(), SOURCE_NURSE)->status = READING_CANCELLED;
    add_reading(&chart, VITAL_PAIN, "9", INSTANT_NONE, SOURCE_NURSE);
    assert_int_equal(trend_series(&chart, VITAL_PAIN, noon() - 30 * INSTANT_DAY, out, 3), 3);
    assert_int_equal(out[0]->value.units, 3);
    assert_int_equal(out[2]->value.units, 5);
    assert_int_equal(trend_series(&chart, VITAL_PAIN, noon() - 2 * INSTANT_DAY, out, 3), 2);
    assert_int_equal(out[0]->value.units, 4);
    assert_int_equal(trend_series(&chart, VITAL_PULSE, noon() - 2 * INSTANT_DAY, out, 3), 0);
    assert_int_equal(trend_series(&chart, VITAL_PAIN, noon() - 2 * INSTANT_DAY, out, 0), 0);
    chart_free(&chart);
}

static void sparklines_have_gaps_and_the_newest_of_a_cell(void **state)
{
    (void)state;
    struct chart chart;
    int levels[10];
    instant from = noon() - 10 * INSTANT_DAY;
    chart_init(&chart);
    add_reading(&chart, VITAL_PULSE, "60", from, SOURCE_NURSE);
    add_reading(&chart, VITAL_PULSE, "100", from + 3 * INSTANT_DAY, SOURCE_NURSE);
    add_reading(&chart, VITAL_PULSE, "80", from + 3 * INSTANT_DAY + INSTANT_HOUR, SOURCE_NURSE);
    add_reading(&chart, VITAL_PULSE, "100", noon() - 1, SOURCE_NURSE);
    add_reading(&chart, VITAL_PULSE, "200", noon(), SOURCE_NURSE); /* the end is not in it */
    add_reading(&chart, VITAL_PULSE, "10", from - 1, SOURCE_NURSE);
    trend_sparkline(&chart, VITAL_PULSE, from, noon(), levels, 10);
    static const int expected[10] = {0, -1, -1, 4, -1, -1, -1, -1, -1, 8};
    for (int i = 0; i < 10; i++) {
        assert_int_equal(levels[i], expected[i]);
    }
    trend_sparkline(&chart, VITAL_WEIGHT, from, noon(), levels, 10);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(levels[i], -1);
    }
    trend_sparkline(&chart, VITAL_PULSE, from, from + 1, levels, 10); /* one value: the middle */
    assert_int_equal(levels[0], 4);
    trend_sparkline(&chart, VITAL_PULSE, noon(), noon(), levels, 10);
    assert_int_equal(levels[0], -1);
    trend_sparkline(&chart, VITAL_PULSE, from, noon(), levels, 0);
    chart_free(&chart);
}

/* Any span and width: every reading within it lands in some cell. */
static void no_reading_falls_out_of_a_sparkline(void **state)
{
    (void)state;
    for (int span = 1; span <= 40; span++) {
        for (int columns = 1; columns <= 12; columns++) {
            for (int at = 0; at < span; at++) {
                struct chart chart;
                int levels[12], seen = 0;
                chart_init(&chart);
                add_reading(&chart, VITAL_PULSE, "70", at, SOURCE_NURSE);
                trend_sparkline(&chart, VITAL_PULSE, 0, span, levels, columns);
                for (int i = 0; i < columns; i++) {
                    seen += levels[i] >= 0;
                }
                assert_int_equal(seen, 1);
                chart_free(&chart);
            }
        }
    }
}

static void check_change(const struct chart *chart, enum vital vital, const char *expected)
{
    char line[64];
    trend_change(chart, vital, noon(), line, sizeof line);
    assert_string_equal(line, expected);
}

static void changes_name_amount_and_days(void **state)
{
    (void)state;
    struct chart chart;
    chart_init(&chart);
    check_change(&chart, VITAL_WEIGHT, "");
    add_reading(&chart, VITAL_WEIGHT, "63.6", noon(), SOURCE_NURSE);
    check_change(&chart, VITAL_WEIGHT, "");
    add_reading(&chart, VITAL_WEIGHT, "63.0", noon() - INSTANT_HOUR, SOURCE_NURSE);
    check_change(&chart, VITAL_WEIGHT, "+0.6 kg since earlier that day");
    add_reading(&chart, VITAL_WEIGHT, "61.2", noon() - 3 * INSTANT_DAY, SOURCE_DEVICE);
    check_change(&chart, VITAL_WEIGHT, "+2.4 kg in 3 days");
    add_reading(&chart, VITAL_WEIGHT, "70", noon() - 8 * INSTANT_DAY, SOURCE_DEVICE);
    add_reading(&chart, VITAL_WEIGHT, "10", noon() + INSTANT_DAY, SOURCE_DEVICE);
    add_reading(&chart, VITAL_WEIGHT, "10", noon() - INSTANT_DAY, SOURCE_DEVICE)->status = READING_ERRONEOUS;
    check_change(&chart, VITAL_WEIGHT, "+2.4 kg in 3 days");
    add_reading(&chart, VITAL_PAIN, "3", noon(), SOURCE_NURSE);
    add_reading(&chart, VITAL_PAIN, "5", noon() - INSTANT_DAY, SOURCE_NURSE);
    check_change(&chart, VITAL_PAIN, "-2 in 1 day");
    add_reading(&chart, VITAL_HEIGHT, "158", noon(), SOURCE_NURSE);
    add_reading(&chart, VITAL_HEIGHT, "158", noon() - 40 * INSTANT_DAY, SOURCE_NURSE);
    check_change(&chart, VITAL_HEIGHT, "0 cm in 40 days");
    add_reading(&chart, VITAL_CONSCIOUSNESS, "0", noon(), SOURCE_NURSE);
    add_reading(&chart, VITAL_CONSCIOUSNESS, "1", noon() - INSTANT_DAY, SOURCE_NURSE);
    check_change(&chart, VITAL_CONSCIOUSNESS, "");
    text_copy(add_reading(&chart, VITAL_GLUCOSE, "600", noon(), SOURCE_NURSE)->comparator, 3, ">");
    add_reading(&chart, VITAL_GLUCOSE, "100", noon() - INSTANT_DAY, SOURCE_NURSE);
    check_change(&chart, VITAL_GLUCOSE, "");
    chart_free(&chart);
}

static void days_are_those_of_the_calendar(void **state)
{
    (void)state;
    instant evening = instant_from_civil((struct civil){.year = 2026, .month = 3, .day = 28, .hour = 23});
    assert_int_equal(trend_days_between(evening, evening), 0);
    assert_int_equal(trend_days_between(evening, evening + 2 * INSTANT_HOUR), 1);
    /* Over the change to summer time: 23 hours are a day. */
    setenv("TZ", "Europe/Berlin", 1);
    instant before = instant_from_civil((struct civil){.year = 2026, .month = 3, .day = 28, .hour = 12});
    instant after = instant_from_civil((struct civil){.year = 2026, .month = 3, .day = 30, .hour = 12});
    assert_int_equal(trend_days_between(before, after), 2);
    assert_int_equal(after - before, 47 * INSTANT_HOUR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(series_run_oldest_first_and_keep_the_newest),
        cmocka_unit_test(sparklines_have_gaps_and_the_newest_of_a_cell),
        cmocka_unit_test(no_reading_falls_out_of_a_sparkline),
        cmocka_unit_test(changes_name_amount_and_days),
        cmocka_unit_test(days_are_those_of_the_calendar),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
