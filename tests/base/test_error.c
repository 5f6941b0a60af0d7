#include "base/error.h"
#include "base/text.h"
#include "tests/support/test.h"

#include <errno.h>
#include <string.h>

static void test_sentence_and_status(void **state)
{
    struct error error = {0};

    (void)state;
    assert_int_equal(error_set(&error, STATUS_CONFLICT, "%s has %d", "Row", 3), STATUS_CONFLICT);
    assert_int_equal(error.status, STATUS_CONFLICT);
    assert_string_equal(error.sentence, "Row has 3");
    assert_int_equal(error_set(NULL, STATUS_FULL, "%s", "nobody"), STATUS_FULL);
    error_clear(&error);
    assert_int_equal(error.status, STATUS_OK);
    assert_string_equal(error.sentence, "");
    error_clear(NULL);
}

static void test_system_errors_map(void **state)
{
    static const struct {
        int number;
        enum status status;
    } cases[] = {
        {ENOSPC, STATUS_FULL},  {EDQUOT, STATUS_FULL},      {EROFS, STATUS_READ_ONLY},
        {EACCES, STATUS_READ_ONLY}, {ENOENT, STATUS_NOT_FOUND}, {EIO, STATUS_FAILED}, {ENOTDIR, STATUS_FAILED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct error error = {0};

        assert_int_equal(error_system(&error, "/home/nurse/record.db", cases[i].number), cases[i].status);
        assert_non_null(strstr(error.sentence, "/home/nurse/record.db"));
        assert_int_equal(error_system(NULL, "x", cases[i].number), cases[i].status);
    }
    struct error error = {0};
    assert_int_equal(error_no_memory(&error), STATUS_NO_MEMORY);
    assert_true(strlen(error.sentence) > 0);
}

static void test_hostile_text_is_made_safe(void **state)
{
    struct error error = {0};

    (void)state;
    (void)error_set(&error, STATUS_FAILED, "bad \x1b[2J\r\nname %s", "\xE2\x80\xAE");
    assert_string_equal(error.sentence, "bad \xEF\xBF\xBD[2J name \xEF\xBF\xBD");
    (void)error_system(&error, "a\nb\x07", EIO);
    assert_null(strchr(error.sentence, '\n'));
    assert_null(strchr(error.sentence, '\x07'));
}

static void test_long_text_is_cut_at_a_character(void **state)
{
    struct error error = {0};
    char text[3000] = {0};

    (void)state;
    for (size_t i = 0; i + 3 < sizeof text; i += 3) {
        memcpy(text + i, "가", 3);
    }
    (void)error_set(&error, STATUS_FAILED, "%s", text);
    assert_true(text_is_utf8(error.sentence, strlen(error.sentence)));
    assert_in_range(strlen(error.sentence), sizeof error.sentence - 4, sizeof error.sentence - 1);
    assert_null(strstr(error.sentence, "\xEF\xBF\xBD"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sentence_and_status),
        cmocka_unit_test(test_system_errors_map),
        cmocka_unit_test(test_hostile_text_is_made_safe),
        cmocka_unit_test(test_long_text_is_cut_at_a_character),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
