#include "base/decimal.h"
#include "tests/support/test.h"

#include <string.h>

static void test_parse_and_format(void **state)
{
    static const struct {
        const char *text;
        int64_t units;
        int scale;
        const char *shown;
    } cases[] = {
        {"36.60", 3660, 2, "36.60"},
        {"0.010", 10, 3, "0.010"},
        {"-3", -3, 0, "-3"},
        {"-0.05", -5, 2, "-0.05"},
        {"-0", 0, 0, "0"},
        {"0", 0, 0, "0"},
        {"1.5e2", 150, 0, "150"},
        {"1.50e1", 150, 1, "15.0"},
        {"1.00e2", 100, 0, "100"},
        {"1E-3", 1, 3, "0.001"},
        {"1E-22", 0, 9, "0.000000000"},
        {"0e5", 0, 0, "0"},
        {"0e999999999999999999999", 0, 0, "0"},
        {"1e-999999999999999999999", 0, 9, "0.000000000"},
        {"1.23456789012", 1234567890, 9, "1.234567890"},
        {"9007199254740993", INT64_C(9007199254740993), 0, "9007199254740993"},
        {"999999999999999999", INT64_C(999999999999999999), 0, "999999999999999999"},
        {"123456789.123456789", INT64_C(123456789123456789), 9, "123456789.123456789"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct decimal value = {0, 0};
        char shown[32];

        assert_true(decimal_parse(cases[i].text, &value));
        assert_int_equal(value.units, cases[i].units);
        assert_int_equal(value.scale, cases[i].scale);
        decimal_format(shown, sizeof shown, value);
        assert_string_equal(shown, cases[i].shown);
    }
}

static void test_what_is_no_decimal_is_refused(void **state)
{
    static const char *const cases[] = {
        "", "-", "+1", "01", "-01", "1.", ".5", "1e", "1e+", "1.e1", " 1", "1 ", "abc", "NaN", "Infinity", "1,5",
        "0x10", "1e400", "1e18", "1000000000000000000", "9999999999.999999999", "--1", "1.2.3", "１２",
    };
    struct decimal value = {0, 0};

    (void)state;
    assert_false(decimal_parse(NULL, &value));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (decimal_parse(cases[i], &value)) {
            fail_msg("%s was accepted", cases[i]);
        }
    }
}

static void test_literal_length_stops_at_the_end_of_the_number(void **state)
{
    (void)state;
    assert_int_equal(decimal_literal_length("12.50,", 6), 5);
    assert_int_equal(decimal_literal_length("12.50", 2), 2);
    assert_int_equal(decimal_literal_length("1e-7]", 5), 4);
    assert_int_equal(decimal_literal_length("1e-7", 3), 0);
    assert_int_equal(decimal_literal_length("", 0), 0);
}

static void test_round(void **state)
{
    static const struct {
        int64_t units;
        int scale;
        int to;
        int64_t rounded;
    } cases[] = {
        {3665, 2, 1, 367}, {-3665, 2, 1, -367}, {3664, 2, 1, 366}, {-3664, 2, 1, -366}, {5, 1, 0, 1},
        {-5, 1, 0, -1},    {4, 1, 0, 0},        {37, 0, 1, 370},   {37, 0, 9, INT64_C(37000000000)},
        {999, 2, 1, 100},  {INT64_C(999999999999999999), 0, 9, INT64_C(999999999999999999)},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct decimal value = decimal_round(decimal_from(cases[i].units, cases[i].scale), cases[i].to);

        assert_int_equal(value.units, cases[i].rounded);
        assert_int_equal(value.scale, cases[i].to);
    }
    assert_int_equal(decimal_scaled(decimal_from(3665, 2), 1), 367);
    assert_int_equal(decimal_scaled(decimal_from(37, 0), 1), 370);
}

static void test_compare(void **state)
{
    struct decimal limit = decimal_from(INT64_C(999999999999999999), 0);
    struct decimal tiny = decimal_from(1, 9);

    (void)state;
    assert_int_equal(decimal_compare(decimal_from(100, 2), decimal_from(1, 0)), 0);
    assert_int_equal(decimal_compare(decimal_from(366, 1), decimal_from(3661, 2)), -1);
    assert_int_equal(decimal_compare(decimal_from(-5, 1), decimal_from(5, 1)), -1);
    assert_int_equal(decimal_compare(decimal_from(-12, 1), decimal_from(-15, 1)), 1);
    assert_int_equal(decimal_compare(limit, tiny), 1);
    assert_int_equal(decimal_compare(tiny, limit), -1);
}

static void test_subtract(void **state)
{
    struct decimal difference = decimal_subtract(decimal_from(61, 0), decimal_from(5985, 2));

    (void)state;
    assert_int_equal(difference.units, 115);
    assert_int_equal(difference.scale, 2);
    difference = decimal_subtract(decimal_from(INT64_C(-999999999999999999), 0), decimal_from(1, 9));
    assert_int_equal(difference.units, INT64_C(-999999999999999999));
}

static void test_ratio(void **state)
{
    /* 98.6 F: (98.6 - 32) * 5 / 9 = 37.0 C; 110 mg/dL glucose * 10 / 180 = 6.1 mmol/L; 150 lb in kg. */
    struct decimal celsius = decimal_ratio(decimal_subtract(decimal_from(986, 1), decimal_from(32, 0)), 5, 9, 1);
    struct decimal glucose = decimal_ratio(decimal_from(110, 0), 10, 180, 1);
    struct decimal weight = decimal_ratio(decimal_from(150, 0), 45359237, 100000000, 2);

    (void)state;
    assert_int_equal(celsius.units, 370);
    assert_int_equal(glucose.units, 61);
    assert_int_equal(weight.units, 6804);
    assert_int_equal(decimal_ratio(decimal_from(-1, 0), 1, 2, 0).units, -1);
    assert_int_equal(decimal_ratio(decimal_from(1, 0), 1, -2, 0).units, -1);
    assert_int_equal(decimal_ratio(decimal_from(INT64_C(999999999999999999), 0), INT64_MAX, 1, 9).units,
                     INT64_C(999999999999999999));
    assert_int_equal(decimal_ratio(decimal_from(INT64_C(999999999999999999), 0), INT64_MAX, INT64_MAX, 0).units,
                     INT64_C(999999999999999999));
    assert_int_equal(decimal_ratio(decimal_from(1, 9), INT64_MIN, INT64_MIN, 9).units, 1);
}

static void test_double(void **state)
{
    (void)state;
    assert_true(decimal_double(decimal_from(3675, 2)) > 36.7499 && decimal_double(decimal_from(3675, 2)) < 36.7501);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_and_format),
        cmocka_unit_test(test_what_is_no_decimal_is_refused),
        cmocka_unit_test(test_literal_length_stops_at_the_end_of_the_number),
        cmocka_unit_test(test_round),
        cmocka_unit_test(test_compare),
        cmocka_unit_test(test_subtract),
        cmocka_unit_test(test_ratio),
        cmocka_unit_test(test_double),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
