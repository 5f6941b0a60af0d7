/* The file itself: opening, refusing, what is on the disk, settings and PIN. */
#include "tests/store/store_test.h"

#include "store/audit.h"
#include "store/database.h"
#include "store/draft.h"
#include "store/key_file.h"
#include "store/schema.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define MARKER "Kim-Haneul-only-in-memory"

static void write_marker(struct fixture *fixture)
{
    char visit[UUID_SIZE];
    assert_int_equal(draft_start(fixture->store, MARKER, "", visit, &fixture->error), STATUS_OK);
    for (int i = 0; i < 50; i++) {
        char field[24];
        snprintf(field, sizeof field, "note.%d", i);
        assert_int_equal(draft_put(fixture->store, visit, field, MARKER " " MARKER, &fixture->error), STATUS_OK);
    }
}

static void test_record_reopens_with_what_was_written(void **state)
{
    struct fixture *fixture = *state;
    char value[32];
    struct stat about;
    assert_int_equal(store_setting_set(fixture->store, SETTING_SERVER, "https://example.test", &fixture->error),
                     STATUS_OK);
    assert_int_equal(reopen(fixture), STATUS_OK);
    assert_int_equal(store_setting_get(fixture->store, SETTING_SERVER, value, sizeof value, &fixture->error),
                     STATUS_OK);
    assert_string_equal(value, "https://example.test");
    assert_int_equal(stat(fixture->paths.record, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    assert_int_equal(store_verify(fixture->store, &fixture->error), STATUS_OK);
    assert_ptr_equal(store_clock(fixture->store)->context, &fixture->time);
}

static void test_a_second_record_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct store *second = NULL;
    assert_int_equal(store_create(&fixture->paths, fixture->vault, &fixture->options, &second, &fixture->error),
                     STATUS_CONFLICT);
    assert_null(second);
    assert_int_equal(reopen(fixture), STATUS_OK);
}

static void test_rest_of_an_interrupted_creation_is_replaced(void **state)
{
    struct fixture *fixture = *state;
    test_file_write(beside(fixture, "record.db.new"), "half", 4);
    assert_int_equal(store_create(&fixture->paths, fixture->vault, &fixture->options, &fixture->store, &fixture->error),
                     STATUS_OK);
    assert_false(file_exists(beside(fixture, "record.db.new")));
    assert_false(file_exists(beside(fixture, "record.db.new-wal")));
}

/* --- refusing ----------------------------------------------------------------------------------------- */

static void close_store(struct fixture *fixture)
{
    store_close(fixture->store);
    fixture->store = NULL;
}

/* The record's content and that it is not touched by the attempt to open it. */
static enum status open_content(struct fixture *fixture, const void *bytes, size_t length)
{
    struct buffer after;
    test_file_write(fixture->paths.record, bytes, length);
    enum status status = reopen(fixture);
    if (status != STATUS_OK) {
        assert_null(fixture->store);
        assert_int_not_equal(fixture->error.sentence[0], '\0');
        read_whole(fixture->paths.record, &after);
        assert_int_equal(after.length, length);
        assert_memory_equal(buffer_text(&after), bytes, length);
        buffer_free(&after);
    }
    return status;
}

static void test_missing_record_is_not_made_anew(void **state)
{
    struct fixture *fixture = *state;
    close_store(fixture);
    unlink(fixture->paths.record);
    assert_int_equal(reopen(fixture), STATUS_NOT_FOUND);
    assert_false(file_exists(fixture->paths.record));
}

static void test_garbage_is_damage(void **state)
{
    struct fixture *fixture = *state;
    unsigned char garbage[3 * 4096];
    struct randomness random = randomness_seeded(&fixture->seed);
    close_store(fixture);
    assert_int_equal(open_content(fixture, "", 0), STATUS_DAMAGED);
    assert_int_equal(open_content(fixture, "x", 1), STATUS_DAMAGED);
    memset(garbage, 0, sizeof garbage);
    assert_int_equal(open_content(fixture, garbage, sizeof garbage), STATUS_DAMAGED);
    random.fill(random.context, garbage, sizeof garbage);
    assert_int_equal(open_content(fixture, garbage, sizeof garbage), STATUS_DAMAGED);
}

static void test_torn_file_is_damage(void **state)
{
    struct fixture *fixture = *state;
    struct buffer whole;
    write_marker(fixture);
    close_store(fixture);
    read_whole(fixture->paths.record, &whole);
    for (size_t length = 0; length + 4096 < whole.length; length += 4096 * 7 + 1000) {
        enum status status = open_content(fixture, whole.data, length);
        if (status == STATUS_OK) { /* what is missing has not been looked at yet */
            status = store_verify(fixture->store, NULL);
            close_store(fixture);
        }
        assert_int_equal(status, STATUS_DAMAGED);
    }
    assert_int_equal(open_content(fixture, whole.data, whole.length), STATUS_OK);
    buffer_free(&whole);
}

static void test_flipped_bits_never_pass(void **state)
{
    struct fixture *fixture = *state;
    struct buffer whole;
    write_marker(fixture);
    close_store(fixture);
    read_whole(fixture->paths.record, &whole);
    for (size_t page = 0; page < whole.length / 4096; page++) {
        size_t at = page * 4096 + 100;
        whole.data[at] = (char)(whole.data[at] ^ 1);
        test_file_write(fixture->paths.record, whole.data, whole.length);
        whole.data[at] = (char)(whole.data[at] ^ 1);
        enum status status = reopen(fixture);
        if (status == STATUS_OK) {
            status = store_verify(fixture->store, NULL);
            close_store(fixture);
        }
        assert_int_equal(status, STATUS_DAMAGED);
    }
    buffer_free(&whole);
}

static void test_key_of_another_record_is_damage(void **state)
{
    struct fixture *fixture = *state;
    char recovery[RECOVERY_KEY_SIZE];
    struct paths other = fixture->paths;
    close_store(fixture);
    assert_int_equal(paths_find(&other, "other", fixture->folder, NULL, NULL), STATUS_OK);
    vault_free(fixture->vault);
    fixture->vault = NULL;
    assert_int_equal(vault_create(&other, PASSPHRASE, recovery, &fixture->vault, &fixture->error), STATUS_OK);
    assert_int_equal(reopen(fixture), STATUS_DAMAGED);
}

static void test_file_that_is_no_record_of_ours(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(database_execute(fixture->store, "PRAGMA application_id = 7", &fixture->error), STATUS_OK);
    assert_int_equal(reopen(fixture), STATUS_DAMAGED);
}

static void test_newer_schema_is_left_alone(void **state)
{
    struct fixture *fixture = *state;
    char sql[64];
    snprintf(sql, sizeof sql, "PRAGMA user_version = %d", schema_newest() + 1);
    assert_int_equal(database_execute(fixture->store, sql, &fixture->error), STATUS_OK);
    assert_int_equal(reopen(fixture), STATUS_READ_ONLY);
    assert_non_null(strstr(fixture->error.sentence, "newer"));
}

static void test_only_a_private_file_of_ours(void **state)
{
    struct fixture *fixture = *state;
    close_store(fixture);
    assert_int_equal(rename(fixture->paths.record, beside(fixture, "elsewhere.db")), 0);
    assert_int_equal(symlink(beside(fixture, "elsewhere.db"), fixture->paths.record), 0);
    assert_int_equal(reopen(fixture), STATUS_FAILED);
    unlink(fixture->paths.record);
    assert_int_equal(mkfifo(fixture->paths.record, 0600), 0);
    assert_int_equal(reopen(fixture), STATUS_FAILED);
    unlink(fixture->paths.record);
    assert_int_equal(mkdir(fixture->paths.record, 0700), 0);
    assert_int_equal(reopen(fixture), STATUS_FAILED);
    rmdir(fixture->paths.record);
    assert_int_equal(rename(beside(fixture, "elsewhere.db"), fixture->paths.record), 0);
    assert_int_equal(chmod(fixture->paths.record, 0620), 0);
    assert_int_equal(reopen(fixture), STATUS_FAILED);
    assert_int_equal(chmod(fixture->paths.record, 0600), 0);
    assert_int_equal(chmod(fixture->paths.folder, 0770), 0);
    assert_int_equal(reopen(fixture), STATUS_READ_ONLY);
    assert_int_equal(chmod(fixture->paths.folder, 0700), 0);
    assert_int_equal(reopen(fixture), STATUS_OK);
}

/* Root may write anywhere, so that the attempt is made by a child that gave root up. */
static void test_read_only_folder(void **state)
{
    struct fixture *fixture = *state;
    close_store(fixture);
    uid_t user = geteuid() == 0 ? 65534 : geteuid();
    assert_int_equal(chmod(fixture->folder, 0755), 0);
    assert_int_equal(chown(fixture->paths.folder, user, getegid()), 0);
    assert_int_equal(chown(fixture->paths.record, user, getegid()), 0);
    assert_int_equal(chmod(fixture->paths.folder, 0500), 0);
    pid_t child = fork();
    if (child == 0) {
        if (geteuid() == 0 && (setgroups(0, NULL) != 0 || setuid(user) != 0)) {
            _exit(100);
        }
        _exit((int)reopen(fixture));
    }
    int result = 0;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_int_equal(chmod(fixture->paths.folder, 0700), 0);
    assert_int_equal(WEXITSTATUS(result), STATUS_READ_ONLY);
}

/* --- what is on the disk ------------------------------------------------------------------------------ */

static void test_no_patient_word_is_on_the_disk(void **state)
{
    static const char *const files[] = {"record.db", "record.db-wal", "record.db-shm", "key", "mark"};
    struct fixture *fixture = *state;
    write_marker(fixture);
    /* Read by a child: closing the file here would drop this connection's locks. */
    pid_t child = fork();
    if (child == 0) {
        for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
            struct buffer bytes;
            buffer_init(&bytes, 64u * 1024 * 1024);
            if (file_read(beside(fixture, files[i]), &bytes, NULL) != STATUS_OK || bytes.length == 0) {
                _exit(10 + (int)i);
            }
            if (memmem(buffer_text(&bytes), bytes.length, MARKER, 10) != NULL ||
                memmem(buffer_text(&bytes), bytes.length, "SQLite format", 13) != NULL) {
                _exit(20 + (int)i);
            }
            buffer_free(&bytes);
        }
        _exit(0);
    }
    int result = 0;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_int_equal(WEXITSTATUS(result), 0);
    close_store(fixture);
    assert_false(file_exists(beside(fixture, "record.db-wal")));
}

static bool in_range(int memory, unsigned long start, unsigned long end, const void *text, size_t length)
{
    size_t size = end - start;
    char *copy = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(copy != MAP_FAILED);
    assert_int_equal(pread(memory, copy, size, (off_t)start), size);
    bool found = memmem(copy, size, text, length) != NULL;
    munmap(copy, size);
    return found;
}

/* Whether `text` is in this process's heap. The look itself leaves no copy there. */
static bool in_heap(const void *text, size_t length)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    char line[512];
    bool looked = false, found = false;
    assert_non_null(maps);
    assert_true(memory >= 0);
    while (fgets(line, sizeof line, maps) != NULL) { /* several lines: locked pages are listed apart */
        unsigned long start = 0, end = 0;
        if (strstr(line, "[heap]") != NULL && sscanf(line, "%lx-%lx", &start, &end) == 2) {
            looked = true;
            found = found || in_range(memory, start, end, text, length);
        }
    }
    fclose(maps);
    close(memory);
    assert_true(looked);
    return found;
}

/* Sanitizers and valgrind keep freed memory in heaps of their own. */
static bool heap_is_foreign(void)
{
    const char *preloaded = getenv("LD_PRELOAD");
    return dlsym(RTLD_DEFAULT, "__sanitizer_get_heap_size") != NULL ||
           (preloaded != NULL && strstr(preloaded, "vgpreload") != NULL);
}

static void test_closing_takes_key_and_rows_out_of_memory(void **state)
{
    struct fixture *fixture = *state;
    char hex[DATA_KEY_SIZE * 2 + 1];
    if (heap_is_foreign()) {
        skip();
    }
    write_marker(fixture);
    sodium_bin2hex(hex, sizeof hex, vault_data_key(fixture->vault), DATA_KEY_SIZE);
    assert_true(in_heap(hex, 64)); /* the library keeps it while the record is open: the look works */
    close_store(fixture);
    assert_false(in_heap(hex, 64));
    assert_false(in_heap(vault_data_key(fixture->vault), DATA_KEY_SIZE));
    assert_false(in_heap(MARKER, 20));
}

static void test_two_connections_see_each_other(void **state)
{
    struct fixture *fixture = *state;
    struct store *other = NULL;
    char value[32];
    assert_int_equal(store_open(&fixture->paths, fixture->vault, &fixture->options, &other, &fixture->error),
                     STATUS_OK);
    int64_t before = store_change_counter(fixture->store);
    assert_int_equal(store_setting_set(fixture->store, "own", "1", NULL), STATUS_OK);
    assert_int_equal(store_change_counter(fixture->store), before);
    assert_int_equal(store_setting_set(other, "theirs", "2", NULL), STATUS_OK);
    assert_int_not_equal(store_change_counter(fixture->store), before);
    assert_int_equal(store_setting_get(fixture->store, "theirs", value, sizeof value, NULL), STATUS_OK);
    assert_string_equal(value, "2");
    store_close(other);
}

static void test_tidying_bounds_the_log(void **state)
{
    struct fixture *fixture = *state;
    char visit[UUID_SIZE];
    struct stat about;
    char *text = memory_allocate(200001);
    memset(text, 'x', 200000);
    assert_int_equal(draft_start(fixture->store, "p1", "", visit, NULL), STATUS_OK);
    for (int i = 0; i < 60; i++) {
        text[0] = (char)('a' + i % 26);
        assert_int_equal(draft_put(fixture->store, visit, "note.text", text, NULL), STATUS_OK);
        assert_int_equal(store_tidy(fixture->store, &fixture->error), STATUS_OK);
    }
    memory_free(text);
    assert_int_equal(stat(beside(fixture, "record.db-wal"), &about), 0);
    assert_true(about.st_size < 8 * 1024 * 1024);
}

/* --- settings and PIN --------------------------------------------------------------------------------- */

static void test_settings(void **state)
{
    struct fixture *fixture = *state;
    char value[8];
    assert_int_equal(store_setting_get(fixture->store, SETTING_TOKEN, value, sizeof value, NULL), STATUS_OK);
    assert_string_equal(value, "");
    assert_int_equal(store_setting_set(fixture->store, SETTING_TOKEN, "first", NULL), STATUS_OK);
    assert_int_equal(store_setting_set(fixture->store, SETTING_TOKEN, "second", NULL), STATUS_OK);
    assert_int_equal(store_setting_get(fixture->store, SETTING_TOKEN, value, sizeof value, NULL), STATUS_OK);
    assert_string_equal(value, "second");
    assert_int_equal(store_setting_set(fixture->store, SETTING_TOKEN, "too long for it", NULL), STATUS_OK);
    assert_int_equal(store_setting_get(fixture->store, SETTING_TOKEN, value, sizeof value, &fixture->error),
                     STATUS_INVALID);
    assert_string_equal(value, "");
}

static void test_pin_stands_in_until_five_are_wrong(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture->store;
    assert_false(store_pin_is_set(store));
    assert_int_equal(store_pin_check(store, "1234", NULL), STATUS_LOCKED);
    assert_int_equal(store_pin_set(store, "123", &fixture->error), STATUS_INVALID);
    assert_int_equal(store_pin_set(store, "12a4", NULL), STATUS_INVALID);
    assert_int_equal(store_pin_set(store, "1234567890123", NULL), STATUS_INVALID);
    assert_int_equal(store_pin_set(store, "2580", NULL), STATUS_OK);
    assert_true(store_pin_is_set(store));
    assert_int_equal(store_pin_check(store, " \xef\xbc\x92" "580", NULL), STATUS_OK); /* a full-width 2 */
    for (int i = 0; i < 4; i++) {
        assert_int_equal(store_pin_check(store, "0000", NULL), STATUS_LOCKED);
    }
    assert_int_equal(store_pin_check(store, "2580", NULL), STATUS_OK); /* counts from none again */
    for (int i = 0; i < 5; i++) {
        assert_int_equal(reopen(fixture), STATUS_OK); /* closing forgives nothing */
        assert_int_equal(store_pin_check(fixture->store, "0000", NULL), STATUS_LOCKED);
    }
    assert_false(store_pin_is_set(fixture->store));
    assert_int_equal(store_pin_check(fixture->store, "2580", NULL), STATUS_LOCKED);
    assert_int_equal(store_pin_set(fixture->store, "2580", NULL), STATUS_OK);
    assert_int_equal(store_pin_set(fixture->store, "", NULL), STATUS_OK);
    assert_false(store_pin_is_set(fixture->store));
}

/* --- memory ------------------------------------------------------------------------------------------- */

static void sweep_open(struct fixture *fixture, int sticky)
{
    enum status status = STATUS_NO_MEMORY;
    long n = 0;
    while (status != STATUS_OK) {
        n += 1 + n / 40;
        assert_true(n < 100000);
        memory_fail_at(n, sticky);
        status = store_open(&fixture->paths, fixture->vault, &fixture->options, &fixture->store, &fixture->error);
        memory_fail_at(0, 0);
        if (status != STATUS_OK) {
            assert_null(fixture->store);
            assert_int_equal(status, STATUS_NO_MEMORY);
        }
    }
    assert_true(n > 20);
    assert_int_equal(store_verify(fixture->store, NULL), STATUS_OK);
    close_store(fixture);
}

static void test_every_failed_allocation_while_opening(void **state)
{
    struct fixture *fixture = *state;
    if (getenv("DOORSTEP_SQLCIPHER_4") != NULL) {
        skip(); /* 4.5.7 frees a key twice when an allocation fails in its sqlcipher_cipher_ctx_copy */
    }
    close_store(fixture);
    sweep_open(fixture, 0);
    sweep_open(fixture, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_record_reopens_with_what_was_written, open_record, remove_home),
        cmocka_unit_test_setup_teardown(test_a_second_record_is_refused, open_record, remove_home),
        cmocka_unit_test_setup_teardown(test_rest_of_an_interrupted_creation_is_replaced, key_only, remove_home),
        cmocka_unit_test_setup_teardown(test_missing_record_is_not_made_anew, open_record, remove_home),
        cmocka_unit_test_setup_teardown(test_garbage_is_damage, open_record, remove_home),
        cmocka_unit_test_setup_teardown(test_torn_file_is_damage, open_record, remove_home),
        cmocka_unit_test_setup_teardown(test_flipped_bits_never_pass, open_record, remove_home),
        cmocka_unit_test_setup_teardown(test_key_of_another_record_is_damage, open_record, remove_home),
        cmocka_unit_test_setup_teardown(test_file_that_is_no_record_of_ours, open_record, remove_home),
        cmocka_unit_test_setup_teardown(test_newer_schema_is_left_alone, open_record, remove_home),
        cmocka_unit_test_setup_teardown(test_only_a_private_file_of_ours, open_record, remove_home),
        cmocka_unit_test_setup_teardown(test_read_only_folder, open_record, remove_home),
        cmocka_unit_test_setup_teardown(test_no_patient_word_is_on_the_disk, open_record, remove_home),
        cmocka_unit_test_setup_teardown(test_closing_takes_key_and_rows_out_of_memory, open_record, remove_home),
        cmocka_unit_test_setup_teardown(test_two_connections_see_each_other, open_record, remove_home),
        cmocka_unit_test_setup_teardown(test_tidying_bounds_the_log, open_record, remove_home),
        cmocka_unit_test_setup_teardown(test_settings, open_record, remove_home),
        cmocka_unit_test_setup_teardown(test_pin_stands_in_until_five_are_wrong, open_record, remove_home),
        cmocka_unit_test_setup_teardown(test_every_failed_allocation_while_opening, open_record, remove_home),
    };
    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
