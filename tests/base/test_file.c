#include "base/file.h"

#include "base/memory.h"
#include "tests/support/test.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_ROOM 8192

static char *folder;

static void path_in(char out[PATH_ROOM], const char *name)
{
    assert_int_equal(file_join(out, PATH_ROOM, folder, name, NULL), STATUS_OK);
}

static int count_entries(const char *path)
{
    DIR *entries = opendir(path);
    int count = 0;

    assert_non_null(entries);
    while (readdir(entries) != NULL) {
        count++;
    }
    closedir(entries);
    return count - 2;
}

static void test_replace_then_read(void **state)
{
    char path[PATH_ROOM];
    char big[100000];
    struct buffer out;
    struct stat about;

    (void)state;
    path_in(path, "record");
    memset(big, 'x', sizeof big);
    big[50000] = '\0';
    assert_int_equal(file_replace(path, "first", 5, NULL), STATUS_OK);
    assert_int_equal(file_replace(path, big, sizeof big, NULL), STATUS_OK);
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    buffer_init(&out, sizeof big + 1);
    buffer_append_text(&out, "+");
    assert_int_equal(file_read(path, &out, NULL), STATUS_OK);
    assert_int_equal(out.length, sizeof big + 1);
    assert_memory_equal(out.data + 1, big, sizeof big);
    buffer_free(&out);
    assert_int_equal(file_replace(path, NULL, 0, NULL), STATUS_OK);
    buffer_init(&out, 10);
    assert_int_equal(file_read(path, &out, NULL), STATUS_OK);
    assert_int_equal(out.length, 0);
    buffer_free(&out);
    assert_int_equal(count_entries(folder), 1);
}

static void test_read_refuses(void **state)
{
    char path[PATH_ROOM];
    char link[PATH_ROOM];
    char pipe[PATH_ROOM];
    struct buffer out;
    struct error error = {0};

    (void)state;
    path_in(path, "record");
    path_in(link, "link");
    path_in(pipe, "pipe");
    test_file_write(path, "0123456789", 10);
    assert_int_equal(symlink(path, link), 0);
    assert_int_equal(mkfifo(pipe, 0600), 0);
    buffer_init(&out, 9);
    assert_int_equal(file_read(path, &out, &error), STATUS_INVALID);
    assert_non_null(strstr(error.sentence, "larger"));
    assert_int_equal(file_read(link, &out, &error), STATUS_INVALID);
    assert_non_null(strstr(error.sentence, "symbolic link"));
    assert_int_equal(file_read(pipe, &out, &error), STATUS_INVALID);
    assert_int_equal(file_read(folder, &out, &error), STATUS_INVALID);
    assert_int_equal(file_read("/nonexistent/x", &out, &error), STATUS_NOT_FOUND);
    assert_int_equal(out.length, 0);
    /* A file of unknown size meets the limit while it is read. */
    assert_int_equal(file_read("/proc/self/status", &out, &error), STATUS_INVALID);
    assert_non_null(strstr(error.sentence, "larger"));
    buffer_free(&out);
    buffer_init(&out, 100);
    memory_fail_at(1, 1);
    assert_int_equal(file_read(path, &out, &error), STATUS_NO_MEMORY);
    memory_fail_at(0, 0);
    buffer_free(&out);
}

static void test_failed_replace_leaves_the_old_file_and_nothing_else(void **state)
{
    char path[PATH_ROOM];
    char inner[PATH_ROOM];
    struct error error = {0};
    struct stat about;

    (void)state;
    path_in(path, "taken");
    assert_int_equal(mkdir(path, 0700), 0);
    path_in(inner, "taken/x");
    test_file_write(inner, "x", 1);
    /* A file cannot take the place of a folder. */
    assert_int_equal(file_replace(path, "new", 3, &error), STATUS_FAILED);
    assert_int_equal(stat(inner, &about), 0);
    assert_int_equal(count_entries(folder), 1);
    path_in(path, "none/record");
    assert_int_equal(file_replace(path, "new", 3, &error), STATUS_NOT_FOUND);
    assert_int_equal(file_replace("/dev/full/x", "new", 3, &error), STATUS_FAILED);
}

static void test_private_folders(void **state)
{
    char path[PATH_ROOM];
    char parent[PATH_ROOM];
    char link[PATH_ROOM];
    struct stat about;
    struct error error = {0};

    (void)state;
    path_in(parent, "a");
    path_in(path, "a/b//c/");
    path_in(link, "link");
    assert_int_equal(file_make_private_folder(path, NULL), STATUS_OK);
    assert_int_equal(file_make_private_folder(path, NULL), STATUS_OK);
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 07777, 0700);
    assert_int_equal(stat(parent, &about), 0);
    assert_int_equal(about.st_mode & 07777, 0700);
    assert_int_equal(chmod(parent, 0755), 0);
    assert_int_equal(file_make_private_folder(parent, NULL), STATUS_OK);
    assert_int_equal(chmod(parent, 0770), 0);
    assert_int_equal(file_make_private_folder(parent, &error), STATUS_READ_ONLY);
    assert_non_null(strstr(error.sentence, "chmod go-w"));
    assert_int_equal(chmod(parent, 0700), 0);
    assert_int_equal(symlink(parent, link), 0);
    assert_int_not_equal(file_make_private_folder(link, &error), STATUS_OK);
    path_in(path, "file");
    test_file_write(path, "x", 1);
    assert_int_not_equal(file_make_private_folder(path, &error), STATUS_OK);
    path_in(path, "file/below");
    assert_int_not_equal(file_make_private_folder(path, &error), STATUS_OK);
    assert_int_not_equal(file_make_private_folder("", &error), STATUS_OK);
    if (geteuid() == 0) {
        assert_int_equal(chown(parent, 12345, (gid_t)-1), 0);
        assert_int_equal(file_make_private_folder(parent, &error), STATUS_READ_ONLY);
        assert_non_null(strstr(error.sentence, "another login"));
    }
}

static void test_questions(void **state)
{
    char path[PATH_ROOM];

    (void)state;
    path_in(path, "there");
    assert_false(file_exists(path));
    test_file_write(path, "x", 1);
    assert_true(file_exists(path));
    assert_false(file_is_folder(path));
    assert_true(file_is_folder(folder));
    assert_true(file_free_bytes(folder) > 0);
    assert_int_equal(file_free_bytes("/nonexistent/x"), -1);
}

static void test_join(void **state)
{
    char out[8];
    struct error error = {0};

    (void)state;
    assert_int_equal(file_join(out, sizeof out, "a", "b", &error), STATUS_OK);
    assert_string_equal(out, "a/b");
    assert_int_equal(file_join(out, sizeof out, "a/", "b", &error), STATUS_OK);
    assert_string_equal(out, "a/b");
    assert_int_equal(file_join(out, sizeof out, "abc", "def", &error), STATUS_OK);
    assert_string_equal(out, "abc/def");
    assert_int_equal(file_join(out, sizeof out, "abc", "defg", &error), STATUS_INVALID);
    assert_string_equal(out, "");
}

static enum status note_name(const char *path, void *context, struct error *error)
{
    struct buffer *seen = context;

    buffer_format(seen, "%s ", strrchr(path, '/') + 1);
    return strstr(path, "stop") != NULL ? error_set(error, STATUS_CANCELLED, "stopped") : STATUS_OK;
}

static void test_walk(void **state)
{
    static const char *const names[] = {"b.json", "a.json", "d/2.json", "d/1.json", "c.json"};
    char path[PATH_ROOM];
    char link[PATH_ROOM];
    struct buffer seen;
    struct error error = {0};

    (void)state;
    path_in(path, "d");
    assert_int_equal(mkdir(path, 0700), 0);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        path_in(path, names[i]);
        test_file_write(path, "{}", 2);
    }
    path_in(link, "d/loop");
    assert_int_equal(symlink(folder, link), 0);
    path_in(link, "e-link");
    assert_int_equal(symlink("/etc/passwd", link), 0);
    buffer_init(&seen, 1000);
    assert_int_equal(file_walk(folder, note_name, &seen, &error), STATUS_OK);
    assert_string_equal(buffer_text(&seen), "a.json b.json c.json 1.json 2.json ");
    buffer_clear(&seen);
    path_in(path, "a.json");
    assert_int_equal(file_walk(path, note_name, &seen, &error), STATUS_OK);
    path_in(link, "start");
    path_in(path, "d");
    assert_int_equal(symlink(path, link), 0);
    assert_int_equal(file_walk(link, note_name, &seen, &error), STATUS_OK);
    assert_string_equal(buffer_text(&seen), "a.json 1.json 2.json ");
    buffer_clear(&seen);
    path_in(path, "b-stop");
    test_file_write(path, "", 0);
    assert_int_equal(file_walk(folder, note_name, &seen, &error), STATUS_CANCELLED);
    assert_string_equal(buffer_text(&seen), "a.json b-stop ");
    buffer_free(&seen);
    assert_int_equal(file_walk("/nonexistent", note_name, &seen, &error), STATUS_NOT_FOUND);
    assert_int_equal(file_walk("/dev/null", note_name, &seen, &error), STATUS_INVALID);
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
        cmocka_unit_test_setup_teardown(test_replace_then_read, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_read_refuses, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_failed_replace_leaves_the_old_file_and_nothing_else, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(test_private_folders, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_questions, make_folder, remove_folder),
        cmocka_unit_test(test_join),
        cmocka_unit_test_setup_teardown(test_walk, make_folder, remove_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
