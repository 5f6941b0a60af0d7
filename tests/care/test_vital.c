/* The table of vitals and how readings are written. */
#include "chart_builder.h"

#include "care/vital.h"

static void keys_go_both_ways(void **state)
{
    (void)state;
    enum vital found;
    for (int i = 0; i < VITAL_COUNT; i++) {
        assert_true(vital_from_key(vital_key((enum vital)i), &found));
        assert_int_equal(found, i);
        assert_true(vital_label((enum vital)i)[0] != '\0');
        assert_true(text_columns(vital_short_label((enum vital)i)) <= 8);
        assert_non_null(vital_unit((enum vital)i));
    }
    assert_false(vital_from_key("blood", &found));
    assert_false(vital_from_key(NULL, &found));
}

static void letters_go_both_ways(void **state)
{
    (void)state;
    enum consciousness found;
    for (int i = CONSCIOUSNESS_ALERT; i <= CONSCIOUSNESS_UNRESPONSIVE; i++) {
        char letter = consciousness_letter((enum consciousness)i);
        assert_true(consciousness_from_letter(letter, &found));
        assert_int_equal(found, i);
        assert_true(consciousness_from_letter((char)(letter | 0x20), &found));
        assert_int_equal(found, i);
        assert_true(consciousness_word((enum consciousness)i)[0] != '\0');
    }
    assert_false(consciousness_from_letter('X', &found));
    assert_false(consciousness_from_letter('\0', &found));
    assert_false(consciousness_from_letter(' ', &found));
}

static void check_format(struct reading reading, const char *expected)
{
    char text[32];
    reading_format(text, sizeof text, &reading);
    assert_string_equal(text, expected);
}

static void readings_are_written_for_people(void **state)
{
    (void)state;
    struct reading reading = make_reading(VITAL_SYSTOLIC, "142", noon(), SOURCE_NURSE);
    check_format(reading, "142");
    text_copy(reading.comparator, sizeof reading.comparator, ">");
    check_format(reading, "> 142");
    check_format(make_reading(VITAL_TEMPERATURE, "36.95", noon(), SOURCE_NURSE), "37.0");
    check_format(make_reading(VITAL_TEMPERATURE, "36", noon(), SOURCE_NURSE), "36");
    check_format(make_reading(VITAL_CONSCIOUSNESS, "0", noon(), SOURCE_NURSE), "Alert");
    check_format(make_reading(VITAL_CONSCIOUSNESS, "9", noon(), SOURCE_NURSE), "no value");
    check_format(make_reading(VITAL_OXYGEN_FLOW, "0", noon(), SOURCE_NURSE), "air");
    check_format(make_reading(VITAL_OXYGEN_FLOW, "0.5", noon(), SOURCE_NURSE), "0.5");
    text_copy(reading.absent, sizeof reading.absent, "asked-declined");
    check_format(reading, "refused");
    text_copy(reading.absent, sizeof reading.absent, "masked");
    check_format(reading, "no value");
}

static void only_final_values_count(void **state)
{
    (void)state;
    struct reading reading = make_reading(VITAL_PULSE, "72", noon(), SOURCE_DEVICE);
    for (int status = READING_FINAL; status <= READING_UNKNOWN; status++) {
        reading.status = (enum reading_status)status;
        assert_int_equal(reading_counts(&reading), status == READING_FINAL);
        assert_true(reading_status_word(reading.status)[0] != '\0');
    }
    reading.status = READING_FINAL;
    text_copy(reading.comparator, sizeof reading.comparator, "<");
    assert_true(reading_counts(&reading));
    text_copy(reading.absent, sizeof reading.absent, "unknown");
    assert_false(reading_counts(&reading));
    for (int source = SOURCE_UNKNOWN; source <= SOURCE_PATIENT; source++) {
        assert_true(reading_source_word((enum reading_source)source)[0] != '\0');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_go_both_ways),
        cmocka_unit_test(letters_go_both_ways),
        cmocka_unit_test(readings_are_written_for_people),
        cmocka_unit_test(only_final_values_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
