#include "base/log.h"

#include "base/file.h"
#include "base/memory.h"
#include "tests/support/test.h"

#include <string.h>
#include <sys/stat.h>

static char *folder;

static char *read_log(const char *name)
{
    char path[4096];
    struct buffer out;

    assert_int_equal(file_join(path, sizeof path, folder, name, NULL), STATUS_OK);
    buffer_init(&out, 1 << 20);
    assert_int_equal(file_read(path, &out, NULL), STATUS_OK);
    return buffer_take(&out);
}

static void test_one_line_an_event(void **state)
{
    char *text = NULL;

    (void)state;
    log_open(folder);
    log_event("sync-end", 0, 12);
    log_event("Kim Minji", 3, -1);
    log_close();
    log_event("after-close", 0, 0);
    text = read_log("event.log");
    assert_non_null(strstr(text, " sync-end 0 12\n"));
    assert_non_null(strstr(text, " unnamed 3 -1\n"));
    assert_null(strstr(text, "Kim"));
    assert_null(strstr(text, "after-close"));
    assert_int_equal(text[strlen(text) - 1], '\n');
    assert_int_equal(text[4], '-');
    memory_free(text);
}

static void test_a_full_log_is_rotated(void **state)
{
    char path[4096];
    char full[256 * 1024];
    char *text = NULL;
    struct stat about;

    (void)state;
    assert_int_equal(file_join(path, sizeof path, folder, "event.log", NULL), STATUS_OK);
    memset(full, '.', sizeof full);
    test_file_write(path, full, sizeof full);
    log_open(folder);
    log_event("fresh", 1, 2);
    log_close();
    text = read_log("event.log");
    assert_non_null(strstr(text, " fresh 1 2\n"));
    assert_true(strlen(text) < 128);
    memory_free(text);
    assert_int_equal(file_join(path, sizeof path, folder, "event.log.1", NULL), STATUS_OK);
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_size, sizeof full);
    assert_int_equal(about.st_mode & 0777, 0600);
}

static void test_no_folder_no_log(void **state)
{
    (void)state;
    log_open("/nonexistent/folder");
    log_event("nothing", 0, 0);
    assert_false(file_exists("/nonexistent/folder/event.log"));
    log_close();
}

static int make_folder(void **state)
{
    (void)state;
    folder = test_folder_make();
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    test_folder_remove(folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_one_line_an_event, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_a_full_log_is_rotated, make_folder, remove_folder),
        cmocka_unit_test(test_no_folder_no_log),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
