#include "base/instant.h"
#include "tests/support/test.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void use_zone(const char *zone)
{
    setenv("TZ", zone, 1);
    tzset();
}

static instant parse(const char *text)
{
    instant at = INSTANT_NONE;
    enum instant_precision precision = PRECISION_NONE;

    if (!instant_parse(text, &at, &precision)) {
        fail_msg("%s was refused", text);
    }
    return at;
}

static void assert_utc(instant at, const char *expected)
{
    char text[32];

    instant_format_utc(text, sizeof text, at);
    assert_string_equal(text, expected);
}

static void test_parse_times(void **state)
{
    static const struct {
        const char *text;
        const char *utc;
    } cases[] = {
        {"1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"},
        {"2026-11-22T09:05:00+09:00", "2026-11-22T00:05:00.000Z"},
        {"2026-11-22T09:05:00.5+09:00", "2026-11-22T00:05:00.500Z"},
        {"2026-11-22T09:05:00.123456789Z", "2026-11-22T09:05:00.123Z"},
        {"2026-11-22T09:05:00.9999Z", "2026-11-22T09:05:00.999Z"},
        {"2026-01-01T00:00:00-05:07", "2026-01-01T05:07:00.000Z"},
        {"2026-01-01T00:00:00+05:45", "2025-12-31T18:15:00.000Z"},
        {"2026-01-01T00:00:00+14:00", "2025-12-31T10:00:00.000Z"},
        {"2026-01-01T00:00:00-00:00", "2026-01-01T00:00:00.000Z"},
        {"2016-12-31T23:59:60Z", "2016-12-31T23:59:59.999Z"},
        {"2016-12-31T23:59:60.25Z", "2016-12-31T23:59:59.999Z"},
        {"2024-02-29T23:59:59Z", "2024-02-29T23:59:59.000Z"},
        {"2000-02-29T00:00:00Z", "2000-02-29T00:00:00.000Z"},
        {"0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"},
        {"9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"},
        {"1969-12-31T23:59:59.001Z", "1969-12-31T23:59:59.001Z"},
        {"1600-03-01T12:00:00Z", "1600-03-01T12:00:00.000Z"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        instant at = INSTANT_NONE;
        enum instant_precision precision = PRECISION_NONE;

        assert_true(instant_parse(cases[i].text, &at, &precision));
        assert_int_equal(precision, PRECISION_TIME);
        assert_utc(at, cases[i].utc);
    }
    assert_int_equal(parse("2026-11-22T00:05:00Z"), INT64_C(1795305900000));
}

static void test_parse_dates_keeps_their_precision(void **state)
{
    static const struct {
        const char *text;
        enum instant_precision precision;
        const char *utc;
    } cases[] = {
        {"2026", PRECISION_YEAR, "2025-12-31T15:00:00.000Z"},
        {"2026-11", PRECISION_MONTH, "2026-10-31T15:00:00.000Z"},
        {"2026-11-22", PRECISION_DAY, "2026-11-21T15:00:00.000Z"},
    };

    (void)state;
    use_zone("Asia/Seoul");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        instant at = INSTANT_NONE;
        enum instant_precision precision = PRECISION_NONE;

        assert_true(instant_parse(cases[i].text, &at, &precision));
        assert_int_equal(precision, cases[i].precision);
        assert_utc(at, cases[i].utc);
    }
}

static void test_what_is_no_time_is_refused(void **state)
{
    static const char *const cases[] = {
        "", "x", "26", "0000", "0000-01-01", "2026-", "2026-1", "2026-13", "2026-00", "2026-11-", "2026-11-2",
        "2026-11-31", "2026-02-29", "1900-02-29", "2026-11-00", "2026-11-22T", "2026-11-22T09", "2026-11-22T09:05",
        "2026-11-22T09:05Z", "2026-11-22T09:05:00", "2026-11-22T24:00:00Z", "2026-11-22T23:60:00Z",
        "2026-11-22T23:59:61Z", "2026-11-22T09:05:00.Z", "2026-11-22T09:05:00.1234567890Z",
        "2026-11-22T09:05:00+9:00", "2026-11-22T09:05:00+14:01", "2026-11-22T09:05:00+09:60",
        "2026-11-22T09:05:00+0900", "2026-11-22T09:05:00z", "2026-11-22t09:05:00Z", "2026-11-22 09:05:00Z",
        "2026-11-22T09:05:00Z ", " 2026", "2026-11T09:05:00Z", "2026T09:05:00Z", "12026-01-01", "-2026-01-01",
        "2026-11-22T-1:05:00Z", "2026/11/22", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00",
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        instant at = 0;
        enum instant_precision precision = PRECISION_TIME;

        if (instant_parse(cases[i], &at, &precision)) {
            fail_msg("\"%s\" was accepted", cases[i]);
        }
        assert_true(at == INSTANT_NONE);
        assert_int_equal(precision, PRECISION_NONE);
    }
    instant at = 0;
    enum instant_precision precision = PRECISION_TIME;
    assert_false(instant_parse(NULL, &at, &precision));
}

static void test_every_day_of_ten_thousand_years(void **state)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    instant expected = INT64_C(-62135596800000);

    (void)state;
    for (int year = 1; year <= 9999; year++) {
        for (int month = 1; month <= 12; month++) {
            int leap = month == 2 && ((year % 4 == 0 && year % 100 != 0) || year % 400 == 0);

            for (int day = 1; day <= days[month - 1] + leap; day++) {
                char text[40];
                char back[32];
                instant at = INSTANT_NONE;
                enum instant_precision precision = PRECISION_NONE;

                (void)snprintf(text, sizeof text, "%04d-%02d-%02dT00:00:00.000Z", year, month, day);
                if (!instant_parse(text, &at, &precision) || at != expected) {
                    fail_msg("%s was read as %lld", text, (long long)at);
                }
                instant_format_utc(back, sizeof back, at);
                if (strcmp(text, back) != 0) {
                    fail_msg("%s was written as %s", text, back);
                }
                expected += INSTANT_DAY;
            }
        }
    }
}

static void test_fhir_text_carries_the_local_offset(void **state)
{
    static const struct {
        const char *zone;
        const char *in;
        const char *out;
    } cases[] = {
        {"Asia/Seoul", "2026-11-22T00:05:00Z", "2026-11-22T09:05:00+09:00"},
        {"America/New_York", "2026-07-01T00:00:00Z", "2026-06-30T20:00:00-04:00"},
        {"America/New_York", "2026-01-01T00:00:00Z", "2025-12-31T19:00:00-05:00"},
        {"Asia/Kathmandu", "2026-01-01T00:00:00Z", "2026-01-01T05:45:00+05:45"},
        {"America/St_Johns", "2026-01-01T00:00:00Z", "2025-12-31T20:30:00-03:30"},
        {"UTC", "2026-01-01T00:00:00.999Z", "2026-01-01T00:00:00+00:00"},
        /* Local mean time, +08:27:52: the offset is cut to the minute, the moment is not. */
        {"Asia/Seoul", "1900-01-01T00:00:00Z", "1900-01-01T08:27:00+08:27"},
        {"America/New_York", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+00:00"},
        {"Asia/Seoul", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59+00:00"},
        {"UTC", "1969-12-31T23:59:59.500Z", "1969-12-31T23:59:59+00:00"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[32];
        instant at = INSTANT_NONE;

        use_zone(cases[i].zone);
        at = parse(cases[i].in);
        instant_format_fhir(text, sizeof text, at);
        assert_string_equal(text, cases[i].out);
        assert_in_range(at - parse(text), 0, 999);
    }
    use_zone("Asia/Seoul");
}

static void test_no_instant_gives_no_text(void **state)
{
    char text[32];

    (void)state;
    instant_format_fhir(text, sizeof text, INSTANT_NONE);
    assert_string_equal(text, "");
    instant_format_utc(text, sizeof text, INSTANT_NONE);
    assert_string_equal(text, "");
    instant_format_date(text, sizeof text, INSTANT_NONE);
    assert_string_equal(text, "");
    instant_format_time(text, sizeof text, INSTANT_NONE);
    assert_string_equal(text, "");
    instant_format_age(text, sizeof text, INSTANT_NONE, 0);
    assert_string_equal(text, "");
    assert_int_equal(instant_civil(INSTANT_NONE).year, 0);
    assert_true(instant_day_start(INSTANT_NONE) == INSTANT_NONE);
    assert_true(instant_add_days(INSTANT_NONE, 1) == INSTANT_NONE);
    assert_string_equal(text, "");
    instant_format_utc(text, sizeof text, INT64_MAX);
    assert_string_equal(text, "");
}

static void test_civil_there_and_back(void **state)
{
    struct civil civil = {0};

    (void)state;
    use_zone("Asia/Seoul");
    civil = instant_civil(parse("2026-11-22T09:05:07+09:00"));
    assert_int_equal(civil.year, 2026);
    assert_int_equal(civil.month, 11);
    assert_int_equal(civil.day, 22);
    assert_int_equal(civil.hour, 9);
    assert_int_equal(civil.minute, 5);
    assert_int_equal(civil.second, 7);
    assert_int_equal(civil.weekday, 0);
    assert_true(instant_from_civil(civil) == parse("2026-11-22T09:05:07+09:00"));
    assert_true(instant_from_civil((struct civil){.year = 2026, .month = 13, .day = 32, .hour = 25}) ==
                parse("2027-02-02T01:00:00+09:00"));
    assert_true(instant_from_civil((struct civil){.year = INT_MAX, .month = 1, .day = 1}) == INSTANT_NONE);
    assert_true(instant_add_days(0, INT_MAX) == INSTANT_NONE);
    assert_true(instant_add_days(0, INT_MIN) == INSTANT_NONE);
    use_zone("UTC");
    assert_true(instant_from_civil((struct civil){1969, 12, 31, 23, 59, 59, 0}) == -1000);
    use_zone("Asia/Seoul");
}

static void test_day_start_where_clocks_change(void **state)
{
    static const struct {
        const char *zone;
        const char *at;
        const char *start;
    } cases[] = {
        {"Asia/Seoul", "2026-11-22T09:05:00+09:00", "2026-11-21T15:00:00.000Z"},
        {"Asia/Seoul", "2026-11-22T00:00:00+09:00", "2026-11-21T15:00:00.000Z"},
        {"America/Sao_Paulo", "2017-10-15T12:00:00-02:00", "2017-10-15T03:00:00.000Z"}, /* no midnight */
        {"America/Havana", "2023-11-05T12:00:00-05:00", "2023-11-05T04:00:00.000Z"},    /* two midnights */
        {"Africa/Cairo", "2023-04-28T12:00:00+03:00", "2023-04-27T22:00:00.000Z"},
        {"America/New_York", "2026-03-08T12:00:00-04:00", "2026-03-08T05:00:00.000Z"},
        {"Pacific/Apia", "2011-12-31T12:00:00+14:00", "2011-12-30T10:00:00.000Z"},      /* the day before never was */
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        use_zone(cases[i].zone);
        assert_utc(instant_day_start(parse(cases[i].at)), cases[i].start);
    }
    use_zone("Asia/Seoul");
}

static void test_add_days_keeps_the_wall_time(void **state)
{
    (void)state;
    use_zone("America/New_York");
    assert_utc(instant_add_days(parse("2026-03-07T09:30:00.250-05:00"), 1), "2026-03-08T13:30:00.250Z");
    assert_utc(instant_add_days(parse("2026-11-01T09:30:00-05:00"), -1), "2026-10-31T13:30:00.000Z");
    use_zone("Asia/Seoul");
    assert_utc(instant_add_days(parse("2024-02-28T00:00:00+09:00"), 2), "2024-02-29T15:00:00.000Z");
}

static void test_texts_for_people(void **state)
{
    static const struct {
        int64_t age;
        const char *text;
    } cases[] = {
        {0, "now"},
        {59 * INSTANT_SECOND, "now"},
        {INSTANT_MINUTE, "1 min"},
        {59 * INSTANT_MINUTE, "59 min"},
        {INSTANT_HOUR, "1 h"},
        {INSTANT_DAY - 1, "23 h"},
        {INSTANT_DAY, "1 d"},
        {400 * INSTANT_DAY, "400 d"},
        {-30 * INSTANT_SECOND, "now"},
        {-5 * INSTANT_MINUTE, "in 5 min"},
        {-2 * INSTANT_HOUR, "in 2 h"},
        {-3 * INSTANT_DAY, "in 3 d"},
    };
    instant now = parse("2026-11-22T09:05:00+09:00");
    char text[32];

    (void)state;
    instant_format_date(text, sizeof text, now);
    assert_string_equal(text, "2026-11-22");
    instant_format_time(text, sizeof text, now);
    assert_string_equal(text, "09:05");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        instant_format_age(text, sizeof text, now - cases[i].age, now);
        assert_string_equal(text, cases[i].text);
    }
}

static void test_years_since_birth(void **state)
{
    instant now = parse("2026-11-22T09:05:00+09:00");

    (void)state;
    assert_int_equal(instant_years_since("1950-11-22", now), 76);
    assert_int_equal(instant_years_since("1950-11-23", now), 75);
    assert_int_equal(instant_years_since("1950-12", now), 75);
    assert_int_equal(instant_years_since("1950", now), 76);
    assert_int_equal(instant_years_since("2026-11-22", now), 0);
    assert_int_equal(instant_years_since("2026-11-23", now), -1);
    assert_int_equal(instant_years_since("1950-02-30", now), -1);
    assert_int_equal(instant_years_since("", now), -1);
    assert_int_equal(instant_years_since(NULL, now), -1);
    assert_int_equal(instant_years_since("2004-02-29", parse("2026-02-28T12:00:00+09:00")), 21);
    assert_int_equal(instant_years_since("2004-02-29", parse("2026-03-01T00:00:00+09:00")), 22);
    assert_int_equal(instant_years_since("1950-01-01", INSTANT_NONE), -1);
}

static void test_system_clock(void **state)
{
    struct clock clock = clock_system();
    int64_t before = clock_monotonic(&clock);

    (void)state;
    assert_true(clock_now(&clock) > parse("2020-01-01T00:00:00Z"));
    clock_sleep(&clock, 20);
    assert_true(clock_monotonic(&clock) - before >= 19);
    clock_sleep(&clock, -5);
    clock_sleep(&clock, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_times),
        cmocka_unit_test(test_parse_dates_keeps_their_precision),
        cmocka_unit_test(test_what_is_no_time_is_refused),
        cmocka_unit_test(test_every_day_of_ten_thousand_years),
        cmocka_unit_test(test_fhir_text_carries_the_local_offset),
        cmocka_unit_test(test_no_instant_gives_no_text),
        cmocka_unit_test(test_civil_there_and_back),
        cmocka_unit_test(test_day_start_where_clocks_change),
        cmocka_unit_test(test_add_days_keeps_the_wall_time),
        cmocka_unit_test(test_texts_for_people),
        cmocka_unit_test(test_years_since_birth),
        cmocka_unit_test(test_system_clock),
    };

    use_zone("Asia/Seoul");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
