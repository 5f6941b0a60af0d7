#include "base/buffer.h"
#include "base/memory.h"
#include "tests/support/test.h"

#include <string.h>

static void test_text_grows_and_ends_in_nul(void **state)
{
    struct buffer buffer;

    (void)state;
    buffer_init(&buffer, 1000000);
    assert_string_equal(buffer_text(&buffer), "");
    for (int i = 0; i < 10000; i++) {
        buffer_format(&buffer, "%d,", i % 10);
        assert_int_equal(buffer.data[buffer.length], '\0');
    }
    assert_int_equal(buffer.length, 20000);
    assert_memory_equal(buffer.data, "0,1,2,3,4,5,6,7,8,9,0,", 22);
    buffer_append_text(&buffer, NULL);
    buffer_append(&buffer, NULL, 0);
    assert_int_equal(buffer.length, 20000);
    assert_int_equal(buffer.status, STATUS_OK);
    buffer_free(&buffer);
    assert_string_equal(buffer_text(&buffer), "");
}

static void test_the_limit_holds_and_its_failure_sticks(void **state)
{
    struct buffer buffer;

    (void)state;
    buffer_init(&buffer, 5);
    buffer_append_text(&buffer, "12345");
    assert_int_equal(buffer.status, STATUS_OK);
    buffer_append_byte(&buffer, '6');
    assert_int_equal(buffer.status, STATUS_INVALID);
    buffer_append(&buffer, "", 0);
    assert_int_equal(buffer.status, STATUS_INVALID);
    assert_string_equal(buffer_text(&buffer), "12345");
    assert_null(buffer_take(&buffer));
    buffer_clear(&buffer);
    assert_int_equal(buffer.status, STATUS_OK);
    buffer_append_text(&buffer, "ab");
    buffer_format(&buffer, "%s", "cdef");
    assert_int_equal(buffer.status, STATUS_INVALID);
    assert_string_equal(buffer_text(&buffer), "ab");
    buffer_clear(&buffer);
    assert_string_equal(buffer_text(&buffer), "");
    buffer_free(&buffer);
}

static void test_take_hands_over(void **state)
{
    struct buffer buffer;
    char *text = NULL;

    (void)state;
    buffer_init(&buffer, 100);
    buffer_append_text(&buffer, "mine");
    text = buffer_take(&buffer);
    assert_string_equal(text, "mine");
    memory_free(text);
    text = buffer_take(&buffer);
    assert_string_equal(text, "");
    memory_free(text);
    buffer_append_text(&buffer, "again");
    assert_string_equal(buffer_text(&buffer), "again");
    buffer_free(&buffer);
}

static void test_short_memory_sticks(void **state)
{
    struct buffer buffer;

    (void)state;
    buffer_init(&buffer, 100);
    memory_fail_at(1, 0);
    buffer_append_text(&buffer, "lost");
    memory_fail_at(0, 0);
    assert_int_equal(buffer.status, STATUS_NO_MEMORY);
    buffer_append_text(&buffer, "also lost");
    assert_string_equal(buffer_text(&buffer), "");
    assert_null(buffer_take(&buffer));
    buffer_free(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_grows_and_ends_in_nul),
        cmocka_unit_test(test_the_limit_holds_and_its_failure_sticks),
        cmocka_unit_test(test_take_hands_over),
        cmocka_unit_test(test_short_memory_sticks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
