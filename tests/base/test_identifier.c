#include "base/identifier.h"
#include "tests/support/test.h"

#include <string.h>

static void test_uuids_are_version_4_and_differ(void **state)
{
    struct randomness randomness = randomness_system();
    char before[UUID_SIZE] = "";

    (void)state;
    for (int i = 0; i < 1000; i++) {
        char uuid[UUID_SIZE];

        uuid_make(uuid, &randomness);
        assert_true(uuid_is_valid(uuid));
        assert_true(fhir_id_is_valid(uuid));
        assert_int_equal(uuid[14], '4');
        assert_non_null(strchr("89ab", uuid[19]));
        assert_string_not_equal(uuid, before);
        memcpy(before, uuid, sizeof before);
    }
}

static void test_a_seed_repeats(void **state)
{
    uint64_t one = 7;
    uint64_t two = 7;
    uint64_t other = 8;
    struct randomness first = randomness_seeded(&one);
    struct randomness second = randomness_seeded(&two);
    struct randomness third = randomness_seeded(&other);
    char a[UUID_SIZE];
    char b[UUID_SIZE];
    char c[UUID_SIZE];
    unsigned char odd[13] = {0};
    uint64_t published = 1234567;
    struct randomness vector = randomness_seeded(&published);
    unsigned char word[8];
    /* 6457827717110365317, the first splitmix64 output for seed 1234567. */
    static const unsigned char expected[8] = {0x85, 0xfc, 0x08, 0xfb, 0x17, 0xd0, 0x9e, 0x59};

    (void)state;
    uuid_make(a, &first);
    uuid_make(b, &second);
    uuid_make(c, &third);
    assert_string_equal(a, b);
    assert_string_not_equal(a, c);
    first.fill(first.context, odd, sizeof odd);
    assert_memory_not_equal(odd, "\0\0\0\0\0\0\0\0\0\0\0\0\0", sizeof odd);
    vector.fill(vector.context, word, sizeof word);
    assert_memory_equal(word, expected, sizeof word);
}

static void test_below_is_even_and_in_range(void **state)
{
    uint64_t seed = 1;
    struct randomness randomness = randomness_seeded(&seed);
    int counts[7] = {0};

    (void)state;
    assert_int_equal(randomness_below(&randomness, 0), 0);
    assert_int_equal(randomness_below(&randomness, 1), 0);
    for (int i = 0; i < 70000; i++) {
        uint32_t drawn = randomness_below(&randomness, 7);

        assert_in_range(drawn, 0, 6);
        counts[drawn]++;
    }
    for (int i = 0; i < 7; i++) {
        assert_in_range(counts[i], 9500, 10500);
    }
}

static void test_uuid_validity(void **state)
{
    (void)state;
    assert_true(uuid_is_valid("01234567-89ab-cdef-0123-456789abcdef"));
    assert_false(uuid_is_valid("01234567-89AB-cdef-0123-456789abcdef"));
    assert_false(uuid_is_valid("01234567-89ab-cdef-0123-456789abcde"));
    assert_false(uuid_is_valid("01234567-89ab-cdef-0123-456789abcdef0"));
    assert_false(uuid_is_valid("0123456789ab-cdef-0123-456789abcdef--"));
    assert_false(uuid_is_valid("g1234567-89ab-cdef-0123-456789abcdef"));
    assert_false(uuid_is_valid(""));
    assert_false(uuid_is_valid(NULL));
}

static void test_fhir_id_validity(void **state)
{
    char longest[ID_SIZE + 1];

    (void)state;
    assert_true(fhir_id_is_valid("a"));
    assert_true(fhir_id_is_valid("Patient-1.v2"));
    assert_false(fhir_id_is_valid(""));
    assert_false(fhir_id_is_valid(NULL));
    assert_false(fhir_id_is_valid("../etc"));
    assert_false(fhir_id_is_valid("a_b"));
    assert_false(fhir_id_is_valid("a%00"));
    assert_false(fhir_id_is_valid("é"));
    memset(longest, 'x', sizeof longest);
    longest[64] = '\0';
    assert_true(fhir_id_is_valid(longest));
    longest[64] = 'x';
    longest[65] = '\0';
    assert_false(fhir_id_is_valid(longest));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_uuids_are_version_4_and_differ),
        cmocka_unit_test(test_a_seed_repeats),
        cmocka_unit_test(test_below_is_even_and_in_range),
        cmocka_unit_test(test_uuid_validity),
        cmocka_unit_test(test_fhir_id_validity),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
