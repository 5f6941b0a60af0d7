#include "base/memory.h"
#include "tests/support/test.h"

#include <cjson/cJSON.h>
#include <string.h>

static void test_allocated_memory_is_zero(void **state)
{
    (void)state;
    for (int round = 0; round < 3; round++) {
        unsigned char *block = memory_allocate(1000);

        assert_non_null(block);
        for (size_t i = 0; i < 1000; i++) {
            assert_int_equal(block[i], 0);
        }
        memset(block, 0xAA, 1000);
        memory_free(block);
    }
}

static void test_resize_keeps_the_old_and_zeroes_the_new(void **state)
{
    static const size_t sizes[] = {20, 24, 17, 200, 190, 60, 64, 100000, 90000, 8, 40};
    unsigned char *block = memory_resize(NULL, 10);
    size_t before = 10;

    (void)state;
    memset(block, 0x55, 10);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        block = memory_resize(block, sizes[i]);
        assert_non_null(block);
        for (size_t at = 0; at < sizes[i]; at++) {
            assert_int_equal(block[at], at < before ? 0x55 : 0);
        }
        memset(block, 0x55, sizes[i]);
        before = sizes[i];
    }
    memory_free(block);
}

static void test_array_size_that_overflows_is_refused(void **state)
{
    (void)state;
    assert_null(memory_allocate_array(SIZE_MAX / 2, 3));
}

static void test_copy_text(void **state)
{
    char *copy = memory_copy_text("가나다");

    (void)state;
    assert_string_equal(copy, "가나다");
    memory_free(copy);
    assert_null(memory_copy_text(NULL));
    memory_free(NULL);
}

static void test_grow_doubles(void **state)
{
    int *array = NULL;
    size_t capacity = 0;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        array = memory_grow(array, (size_t)i, &capacity, sizeof *array);
        assert_non_null(array);
        assert_true(capacity > (size_t)i);
        array[i] = i;
    }
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(array[i], i);
    }
    assert_int_equal(capacity, 1024);
    memory_free(array);
}

static void test_grow_failure_leaves_the_array(void **state)
{
    size_t capacity = 0;
    char *array = memory_grow(NULL, 0, &capacity, 1);
    size_t before = capacity;

    (void)state;
    memcpy(array, "seven", 6);
    memory_fail_at(1, 0);
    assert_null(memory_grow(array, before, &capacity, 1));
    memory_fail_at(0, 0);
    assert_int_equal(capacity, before);
    assert_string_equal(array, "seven");
    assert_null(memory_grow(array, SIZE_MAX / 2, &capacity, 16));
    memory_free(array);
}

static void test_the_nth_allocation_fails(void **state)
{
    void *blocks[4] = {NULL};

    (void)state;
    memory_fail_at(2, 0);
    for (size_t i = 0; i < 4; i++) {
        blocks[i] = memory_allocate(8);
        assert_int_equal(blocks[i] == NULL, i == 1);
    }
    assert_int_equal(memory_allocation_count(), 4);
    for (size_t i = 0; i < 4; i++) {
        memory_free(blocks[i]);
    }
    memory_fail_at(2, 1);
    for (size_t i = 0; i < 4; i++) {
        blocks[i] = memory_allocate(8);
        assert_int_equal(blocks[i] == NULL, i >= 1);
    }
    memory_free(blocks[0]);
    memory_fail_at(0, 0);
    blocks[0] = memory_allocate(8);
    assert_non_null(blocks[0]);
    memory_free(blocks[0]);
}

static void test_wipe(void **state)
{
    char secret[16] = "passphrase";
    static const char zero[16] = {0};

    (void)state;
    memory_wipe(secret, sizeof secret);
    assert_memory_equal(secret, zero, sizeof secret);
    memory_wipe(NULL, 0);
}

static void test_cjson_uses_it(void **state)
{
    cJSON *tree = NULL;

    (void)state;
    memory_install();
    memory_fail_at(1, 1);
    tree = cJSON_CreateObject();
    memory_fail_at(0, 0);
    assert_null(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_allocated_memory_is_zero),
        cmocka_unit_test(test_resize_keeps_the_old_and_zeroes_the_new),
        cmocka_unit_test(test_array_size_that_overflows_is_refused),
        cmocka_unit_test(test_copy_text),
        cmocka_unit_test(test_grow_doubles),
        cmocka_unit_test(test_grow_failure_leaves_the_array),
        cmocka_unit_test(test_the_nth_allocation_fails),
        cmocka_unit_test(test_wipe),
        cmocka_unit_test(test_cjson_uses_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
