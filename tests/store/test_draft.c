/* Visits in progress: what was acknowledged is there, whatever happens to the program. */
#include "tests/store/store_test.h"

#include "store/audit.h"
#include "store/database.h"
#include "store/draft.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

#define KILLS 100

static int with_visit(void **state)
{
    open_record(state);
    struct fixture *fixture = *state;
    char visit[UUID_SIZE];
    assert_int_equal(draft_start(fixture->store, "p1", "a1", visit, &fixture->error), STATUS_OK);
    return 0;
}

static void find_visit(struct fixture *fixture, char visit[UUID_SIZE])
{
    assert_int_equal(draft_find(fixture->store, "p1", visit, &fixture->error), STATUS_OK);
}

static void test_start_find_load(void **state)
{
    struct fixture *fixture = *state;
    struct visit_draft draft;
    char visit[UUID_SIZE], found[UUID_SIZE];
    assert_int_equal(draft_find(fixture->store, "p1", visit, &fixture->error), STATUS_NOT_FOUND);
    assert_int_equal(draft_latest(fixture->store, visit, &fixture->error), STATUS_NOT_FOUND);
    assert_int_equal(draft_start(fixture->store, "p1", "a1", visit, &fixture->error), STATUS_OK);
    assert_true(uuid_is_valid(visit));
    fixture->time.wall += 5000;
    assert_int_equal(draft_put(fixture->store, visit, "vitals.bp", "142/88", &fixture->error), STATUS_OK);
    assert_int_equal(draft_put(fixture->store, visit, "note.s", "", &fixture->error), STATUS_OK);
    assert_int_equal(draft_put(fixture->store, visit, "vitals.bp", "142/86", &fixture->error), STATUS_OK);
    assert_int_equal(reopen(fixture), STATUS_OK);
    assert_int_equal(draft_find(fixture->store, "p1", found, NULL), STATUS_OK);
    assert_string_equal(found, visit);
    assert_int_equal(draft_load(fixture->store, visit, &draft, &fixture->error), STATUS_OK);
    assert_string_equal(draft.patient, "p1");
    assert_string_equal(draft.appointment, "a1");
    assert_int_equal(draft.started, START);
    assert_int_equal(draft.changed, START + 5000);
    assert_int_equal(draft.count, 2);
    assert_string_equal(visit_draft_get(&draft, "vitals.bp"), "142/86");
    visit_draft_free(&draft);
}

static void test_one_open_visit_a_patient(void **state)
{
    struct fixture *fixture = *state;
    char first[UUID_SIZE], second[UUID_SIZE], latest[UUID_SIZE];
    find_visit(fixture, first);
    assert_int_equal(draft_start(fixture->store, "p1", "", second, &fixture->error), STATUS_CONFLICT);
    assert_string_equal(second, first);
    fixture->time.wall += 1000;
    assert_int_equal(draft_start(fixture->store, "p2", "", second, &fixture->error), STATUS_OK);
    assert_int_equal(draft_latest(fixture->store, latest, NULL), STATUS_OK);
    assert_string_equal(latest, second);
    fixture->time.wall += 1000;
    assert_int_equal(draft_put(fixture->store, first, "note.o", "x", NULL), STATUS_OK);
    assert_int_equal(draft_latest(fixture->store, latest, NULL), STATUS_OK);
    assert_string_equal(latest, first);
}

static void test_closed_visit_takes_no_more(void **state)
{
    struct fixture *fixture = *state;
    struct visit_draft draft;
    struct audit_rows rows;
    char visit[UUID_SIZE];
    find_visit(fixture, visit);
    assert_int_equal(draft_put(fixture->store, visit, "note.s", "kept", NULL), STATUS_OK);
    assert_int_equal(draft_set_aside(fixture->store, visit, "wrong patient", &fixture->error), STATUS_OK);
    assert_int_equal(draft_put(fixture->store, visit, "note.s", "changed", &fixture->error), STATUS_NOT_FOUND);
    assert_int_equal(draft_load(fixture->store, visit, &draft, NULL), STATUS_NOT_FOUND);
    assert_int_equal(draft_find(fixture->store, "p1", visit, NULL), STATUS_NOT_FOUND);
    assert_int_equal(draft_set_aside(fixture->store, visit, "again", NULL), STATUS_NOT_FOUND);
    bool row = false;
    char value[8];
    sqlite3_stmt *statement =
        database_statement(fixture->store, "SELECT value FROM draft WHERE field = 'note.s'", NULL);
    assert_int_equal(database_step(fixture->store, statement, &row, NULL), STATUS_OK);
    assert_true(row); /* kept in the file */
    column_text(statement, 0, value, sizeof value);
    sqlite3_reset(statement);
    assert_string_equal(value, "kept");
    assert_int_equal(audit_read(fixture->store, "p1", 1, &rows, NULL), STATUS_OK);
    assert_string_equal(rows.items[0].action, "set-aside");
    assert_string_equal(rows.items[0].detail, "wrong patient");
    audit_rows_free(&rows);
    assert_int_equal(draft_start(fixture->store, "p1", "", visit, NULL), STATUS_OK); /* a new one may start */
}

static void test_unknown_visit_and_impossible_fields(void **state)
{
    struct fixture *fixture = *state;
    struct visit_draft draft;
    char visit[UUID_SIZE];
    char *large = memory_allocate(VISIT_NOTE_LIMIT + 2);
    find_visit(fixture, visit);
    assert_int_equal(draft_put(fixture->store, "no such visit", "note.s", "x", &fixture->error), STATUS_NOT_FOUND);
    assert_int_equal(
        draft_put(fixture->store, visit, "a.name.that.is.much.longer.than.any.field.can.ever.be", "x", &fixture->error),
        STATUS_INVALID);
    memset(large, 'x', VISIT_NOTE_LIMIT + 1);
    assert_int_equal(draft_put(fixture->store, visit, "note.text", large, &fixture->error), STATUS_INVALID);
    large[VISIT_NOTE_LIMIT] = '\0';
    assert_int_equal(draft_put(fixture->store, visit, "note.text", large, &fixture->error), STATUS_OK);
    assert_int_equal(draft_load(fixture->store, visit, &draft, &fixture->error), STATUS_OK);
    assert_string_equal(visit_draft_get(&draft, "note.text"), large);
    visit_draft_free(&draft);
    memory_free(large);
}

static void test_several_fields_are_all_or_none(void **state)
{
    struct fixture *fixture = *state;
    struct visit_draft draft, loaded;
    char visit[UUID_SIZE];
    find_visit(fixture, visit);
    visit_draft_init(&draft);
    text_copy(draft.id, sizeof draft.id, visit);
    assert_int_equal(visit_draft_set(&draft, "vitals.pulse", "72", NULL), STATUS_OK);
    assert_int_equal(visit_draft_set(&draft, "vitals.temp", "36.6", NULL), STATUS_OK);
    assert_int_equal(draft_put_all(fixture->store, &draft, &fixture->error), STATUS_OK);
    text_copy(draft.id, sizeof draft.id, "another");
    assert_int_equal(draft_put_all(fixture->store, &draft, &fixture->error), STATUS_NOT_FOUND);
    assert_int_equal(draft_load(fixture->store, visit, &loaded, NULL), STATUS_OK);
    assert_int_equal(loaded.count, 2);
    assert_string_equal(visit_draft_get(&loaded, "vitals.temp"), "36.6");
    visit_draft_free(&loaded);
    visit_draft_free(&draft);
}

/* --- memory ------------------------------------------------------------------------------------------- */

static void test_every_failed_allocation_while_putting(void **state)
{
    struct fixture *fixture = *state;
    struct visit_draft draft;
    char visit[UUID_SIZE];
    find_visit(fixture, visit);
    for (int sticky = 0; sticky <= 1; sticky++) {
        const char *value = sticky ? "second" : "first";
        enum status status = STATUS_NO_MEMORY;
        for (long n = 1; status != STATUS_OK; n++) {
            assert_true(n < 10000);
            assert_int_equal(reopen(fixture), STATUS_OK);
            memory_fail_at(n, sticky);
            status = draft_put(fixture->store, visit, "note.s", value, &fixture->error);
            memory_fail_at(0, 0);
            assert_true(status == STATUS_OK || status == STATUS_NO_MEMORY);
            assert_int_equal(draft_load(fixture->store, visit, &draft, NULL), STATUS_OK);
            assert_string_equal(visit_draft_get(&draft, "note.s"), status == STATUS_OK ? value : sticky ? "first" : "");
            visit_draft_free(&draft);
        }
        for (long n = 1; n < 200; n++) {
            memory_fail_at(n, sticky);
            status = draft_load(fixture->store, visit, &draft, &fixture->error);
            memory_fail_at(0, 0);
            assert_true(status == STATUS_OK || status == STATUS_NO_MEMORY);
            assert_string_equal(visit_draft_get(&draft, "note.s"), status == STATUS_OK ? value : "");
            visit_draft_free(&draft);
        }
    }
    assert_int_equal(store_verify(fixture->store, NULL), STATUS_OK);
}

/* --- kill -9 ------------------------------------------------------------------------------------------ */

/* Writes numbers for ever, and says each one after it is on the disk. */
static void write_until_killed(struct fixture *fixture, const char *visit, int from, int report)
{
    if (store_open(&fixture->paths, fixture->vault, &fixture->options, &fixture->store, NULL) != STATUS_OK) {
        _exit(1);
    }
    for (int number = from;; number++) {
        char text[16], field[16];
        snprintf(text, sizeof text, "%d", number);
        snprintf(field, sizeof field, "field.%d", number % 10);
        if (draft_put(fixture->store, visit, field, text, NULL) != STATUS_OK ||
            write(report, &number, sizeof number) != (ssize_t)sizeof number) {
            _exit(1);
        }
    }
}

/* Every acknowledged number is there, and at most the next one besides. Returns the highest that is. */
static int check_written(struct fixture *fixture, const char *visit, int acknowledged)
{
    struct visit_draft draft;
    struct audit_verdict verdict;
    int highest = -1;
    assert_int_equal(reopen(fixture), STATUS_OK);
    assert_int_equal(store_verify(fixture->store, &fixture->error), STATUS_OK);
    assert_int_equal(audit_verify(fixture->store, &verdict, NULL), STATUS_OK);
    assert_true(verdict.intact);
    assert_int_equal(draft_load(fixture->store, visit, &draft, NULL), STATUS_OK);
    for (size_t i = 0; i < draft.count; i++) {
        int number = (int)strtol(draft.fields[i].value, NULL, 10);
        highest = number > highest ? number : highest;
    }
    assert_true(highest == acknowledged || highest == acknowledged + 1);
    for (int number = highest; number >= 0 && number > highest - 10; number--) {
        char text[16], field[16];
        snprintf(text, sizeof text, "%d", number);
        snprintf(field, sizeof field, "field.%d", number % 10);
        assert_string_equal(visit_draft_get(&draft, field), text);
    }
    visit_draft_free(&draft);
    store_close(fixture->store);
    fixture->store = NULL;
    return highest;
}

static void test_killed_at_random_moments(void **state)
{
    struct fixture *fixture = *state;
    struct randomness random = randomness_seeded(&fixture->seed);
    char visit[UUID_SIZE];
    int acknowledged = -1, highest = -1;
    find_visit(fixture, visit);
    store_close(fixture->store);
    fixture->store = NULL;
    for (int kill_number = 0; kill_number < KILLS; kill_number++) {
        int report[2], number = 0;
        assert_int_equal(pipe(report), 0);
        pid_t child = fork();
        if (child == 0) {
            close(report[0]);
            write_until_killed(fixture, visit, highest + 1, report[1]);
        }
        close(report[1]);
        acknowledged = highest;
        if (kill_number % 2 == 0) { /* every second one is hit while it writes, the others may be while they open */
            assert_int_equal(read(report[0], &acknowledged, sizeof acknowledged), sizeof acknowledged);
        }
        struct timespec moment = {.tv_nsec = 1000L * (long)randomness_below(&random, 40000)};
        nanosleep(&moment, NULL);
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, NULL, 0), child);
        while (read(report[0], &number, sizeof number) == (ssize_t)sizeof number) {
            acknowledged = number;
        }
        close(report[0]);
        highest = check_written(fixture, visit, acknowledged);
    }
    assert_true(highest >= KILLS / 2 - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_start_find_load, open_record, remove_home),
        cmocka_unit_test_setup_teardown(test_one_open_visit_a_patient, with_visit, remove_home),
        cmocka_unit_test_setup_teardown(test_closed_visit_takes_no_more, with_visit, remove_home),
        cmocka_unit_test_setup_teardown(test_unknown_visit_and_impossible_fields, with_visit, remove_home),
        cmocka_unit_test_setup_teardown(test_several_fields_are_all_or_none, with_visit, remove_home),
        cmocka_unit_test_setup_teardown(test_every_failed_allocation_while_putting, with_visit, remove_home),
        cmocka_unit_test_setup_teardown(test_killed_at_random_moments, with_visit, remove_home),
    };
    return cmocka_run_group_tests_name("draft", tests, NULL, NULL);
}
