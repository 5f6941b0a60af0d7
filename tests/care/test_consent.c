/* The consent texts: every purpose complete, every key with a word. */
#include "base/error.h"
#include "base/text.h"
#include "care/consent.h"
#include "tests/support/test.h"

#include <string.h>

static void every_purpose_is_complete(void **state)
{
    (void)state;
    static const char *const expected[] = {"home-care", "share-record", "monitoring", "research", "photo"};
    static const char *const scopes[] = {"patient-privacy", "treatment", "research", "adr"};
    assert_int_equal(consent_purpose_count(), 5);
    for (size_t i = 0; i < consent_purpose_count(); i++) {
        const struct consent_purpose *purpose = consent_purpose_at(i);
        bool scope_known = false;
        assert_string_equal(purpose->key, expected[i]);
        assert_ptr_equal(consent_purpose_find(purpose->key), purpose);
        assert_true(purpose->label[0] != '\0' && purpose->version[0] != '\0' && purpose->purpose[0] != '\0');
        for (size_t j = 0; j < sizeof scopes / sizeof scopes[0]; j++) {
            scope_known = scope_known || strcmp(scopes[j], purpose->scope) == 0;
        }
        assert_true(scope_known);
        /* What, who, until when, how to withdraw, what a no means. */
        assert_non_null(strstr(purpose->text, "I agree that"));
        assert_non_null(strstr(purpose->text, "This agreement holds"));
        assert_non_null(strstr(purpose->text, "withdraw"));
        assert_true(strstr(purpose->text, "If I say no") != NULL || strstr(purpose->text, "Saying no") != NULL);
    }
    assert_null(consent_purpose_at(5));
    assert_null(consent_purpose_find("home"));
    assert_null(consent_purpose_find(NULL));
}

static void check_words(const char *const *keys, const char *(*word)(const char *), size_t expected)
{
    size_t count = 0;
    for (; keys[count] != NULL; count++) {
        assert_string_not_equal(word(keys[count]), keys[count]);
    }
    assert_int_equal(count, expected);
    assert_string_equal(word("no such key"), "no such key");
}

static void every_key_has_a_word(void **state)
{
    (void)state;
    check_words(consent_methods, consent_method_word, 6);
    check_words(consent_persons, consent_person_word, 5);
    check_words(consent_decisions, consent_decision_word, 3);
}

static void a_consent_on_record_is_named_for_the_nurse(void **state)
{
    (void)state;
    struct consent consent = {.purpose = "photo", .label = "words of the record"};
    assert_string_equal(consent_label(&consent), "Photographs of wounds or skin");
    consent.purpose[0] = '\0';
    assert_string_equal(consent_label(&consent), "words of the record");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_purpose_is_complete),
        cmocka_unit_test(every_key_has_a_word),
        cmocka_unit_test(a_consent_on_record_is_named_for_the_nurse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
