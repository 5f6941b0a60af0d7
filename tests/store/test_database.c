/* Transactions, statements and error sentences under the rooms of the store; and the mechanism of migrations. */
#include "tests/store/store_test.h"

#include "store/database.h"
#include "store/connection.h"
#include "store/schema.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <signal.h>

static int count(struct store *store, const char *sql)
{
    bool row = false;
    sqlite3_stmt *statement = database_statement(store, sql, NULL);
    assert_non_null(statement);
    assert_int_equal(database_step(store, statement, &row, NULL), STATUS_OK);
    assert_true(row);
    int result = column_int(statement, 0);
    sqlite3_reset(statement);
    return result;
}

static int open_with_table(void **state)
{
    open_record(state);
    struct fixture *fixture = *state;
    assert_int_equal(database_execute(fixture->store, "CREATE TABLE t (n INTEGER UNIQUE, s TEXT)", NULL), STATUS_OK);
    return 0;
}

static enum status insert(struct store *store, int64_t number, const char *text, struct error *error)
{
    sqlite3_stmt *statement = database_statement(store, "INSERT INTO t (n, s) VALUES (?1, ?2)", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_integer(statement, 1, number);
    bind_text(statement, 2, text);
    return database_run(store, statement, error);
}

static void test_nested_levels_are_one_transaction(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture->store;
    assert_int_equal(database_begin(store, NULL), STATUS_OK);
    assert_int_equal(database_begin(store, NULL), STATUS_OK);
    assert_int_equal(insert(store, 1, "", NULL), STATUS_OK);
    assert_int_equal(database_commit(store, NULL), STATUS_OK);
    database_rollback(store);
    assert_int_equal(count(store, "SELECT count(*) FROM t"), 0);
    assert_int_equal(store->transaction_depth, 0);
    database_rollback(store); /* outside of one: nothing happens */
    assert_int_equal(store->transaction_depth, 0);
}

static void test_failed_part_fails_the_whole(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture->store;
    assert_int_equal(database_begin(store, NULL), STATUS_OK);
    assert_int_equal(insert(store, 1, "", NULL), STATUS_OK);
    assert_int_equal(database_begin(store, NULL), STATUS_OK);
    database_rollback(store);
    assert_int_equal(database_commit(store, &fixture->error), STATUS_FAILED);
    assert_int_equal(count(store, "SELECT count(*) FROM t"), 0);
    assert_int_equal(database_begin(store, NULL), STATUS_OK); /* the next one is whole again */
    assert_int_equal(insert(store, 2, "", NULL), STATUS_OK);
    assert_int_equal(database_end(store, STATUS_OK, NULL), STATUS_OK);
    assert_int_equal(count(store, "SELECT count(*) FROM t"), 1);
}

static void test_nothing_is_written_after_the_transaction_was_lost(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture->store;
    assert_int_equal(database_begin(store, NULL), STATUS_OK);
    assert_int_equal(insert(store, 1, "", NULL), STATUS_OK);
    sqlite3_exec(store->connection, "ROLLBACK", NULL, NULL, NULL); /* as SQLite does by itself after some failures */
    assert_int_equal(insert(store, 2, "", &fixture->error), STATUS_FAILED);
    assert_int_equal(database_commit(store, &fixture->error), STATUS_FAILED);
    assert_int_equal(count(store, "SELECT count(*) FROM t"), 0);
}

static void test_constraint_is_an_error_and_the_rest_stays(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture->store;
    assert_int_equal(insert(store, 1, "", NULL), STATUS_OK);
    assert_int_equal(insert(store, 1, "secret words", &fixture->error), STATUS_FAILED);
    assert_null(strstr(fixture->error.sentence, "secret"));
    assert_null(strstr(fixture->error.sentence, "INSERT"));
    assert_int_equal(count(store, "SELECT count(*) FROM t"), 1);
}

static void test_columns(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture->store;
    char small[6];
    bool row = false;
    sqlite3_stmt *statement = database_statement(store, "SELECT ?1, ?2, ?3, ?4, ?5", NULL);
    bind_text(statement, 1, "ab\xea\xb0\x80\xeb\x82\x98");
    bind_text_or_null(statement, 2, "");
    bind_instant(statement, 3, INSTANT_NONE);
    bind_instant(statement, 4, -5);
    bind_bytes(statement, 5, NULL, 0);
    assert_int_equal(database_step(store, statement, &row, NULL), STATUS_OK);
    assert_true(row);
    column_text(statement, 0, small, sizeof small);
    assert_string_equal(small, "ab\xea\xb0\x80"); /* cut before the character that does not fit */
    column_text(statement, 1, small, sizeof small);
    assert_string_equal(small, "");
    assert_int_equal(sqlite3_column_type(statement, 1), SQLITE_NULL);
    assert_true(column_instant(statement, 2) == INSTANT_NONE);
    assert_int_equal(column_instant(statement, 3), -5);
    assert_int_equal(sqlite3_column_type(statement, 4), SQLITE_BLOB);
    char *copy = column_copy(statement, 0);
    assert_string_equal(copy, "ab\xea\xb0\x80\xeb\x82\x98");
    memory_free(copy);
    copy = column_copy(statement, 1);
    assert_string_equal(copy, "");
    memory_free(copy);
    sqlite3_reset(statement);
    assert_ptr_equal(database_statement(store, "SELECT ?1, ?2, ?3, ?4, ?5", NULL), statement); /* kept, and unbound */
    assert_int_equal(database_step(store, statement, &row, NULL), STATUS_OK);
    assert_int_equal(sqlite3_column_type(statement, 0), SQLITE_NULL);
    sqlite3_reset(statement);
}

/* --- a full disk -------------------------------------------------------------------------------------- */

static void test_full_disk_keeps_what_was_there(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture->store;
    struct rlimit before, tight;
    char *text = memory_allocate(100001);
    memset(text, 'x', 100000);
    assert_int_equal(insert(store, 1, "kept", NULL), STATUS_OK);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    tight = before;
    tight.rlim_cur = 400000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    enum status status = STATUS_OK;
    int64_t number = 1;
    while (status == STATUS_OK && number < 20) {
        status = database_begin(store, &fixture->error);
        assert_int_equal(status, STATUS_OK);
        status = database_end(store, insert(store, ++number, text, &fixture->error), &fixture->error);
    }
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(status, STATUS_FULL);
    assert_int_equal(count(store, "SELECT count(*) FROM t"), (int)number - 1);
    assert_int_equal(insert(store, number, text, &fixture->error), STATUS_OK); /* space again: it goes on */
    assert_int_equal(store_verify(store, NULL), STATUS_OK);
    memory_free(text);
}

/* --- two connections ---------------------------------------------------------------------------------- */

struct writer {
    struct fixture *fixture;
    atomic_int *waiting;
    bool yields;
    int base, rounds, rows, done;
};

static void *write_rows(void *context)
{
    struct writer *writer = context;
    struct store_options options = writer->fixture->options;
    struct store *store = NULL;
    options.writer_waiting = writer->waiting;
    options.yields = writer->yields;
    if (store_open(&writer->fixture->paths, writer->fixture->vault, &options, &store, NULL) != STATUS_OK) {
        return NULL;
    }
    for (int round = 0; round < writer->rounds; round++) {
        enum status status = database_begin(store, NULL);
        for (int row = 0; row < writer->rows && status == STATUS_OK; row++) {
            status = insert(store, writer->base + round * writer->rows + row, "x", NULL);
        }
        if (status == STATUS_OK && database_commit(store, NULL) == STATUS_OK) {
            writer->done += writer->rows;
        }
    }
    store_close(store);
    return NULL;
}

static void test_two_threads_write_without_loss(void **state)
{
    struct fixture *fixture = *state;
    atomic_int waiting = 0;
    struct writer nurse = {fixture, &waiting, false, 0, 200, 1, 0};
    struct writer pull = {fixture, &waiting, true, 1000000, 60, 100, 0};
    pthread_t first, second;
    assert_int_equal(pthread_create(&first, NULL, write_rows, &nurse), 0);
    assert_int_equal(pthread_create(&second, NULL, write_rows, &pull), 0);
    pthread_join(first, NULL);
    pthread_join(second, NULL);
    assert_int_equal(nurse.done, 200);
    assert_int_equal(pull.done, 6000);
    assert_int_equal(count(fixture->store, "SELECT count(*) FROM t"), 6200);
    assert_int_equal(atomic_load(&waiting), 0);
    assert_int_equal(store_verify(fixture->store, NULL), STATUS_OK);
}

static void test_a_flag_left_up_does_not_stop_the_pull(void **state)
{
    struct fixture *fixture = *state;
    atomic_int waiting = 1;
    fixture->store->writer_waiting = &waiting;
    fixture->store->yields = true;
    assert_int_equal(database_begin(fixture->store, NULL), STATUS_OK);
    assert_int_equal(database_commit(fixture->store, NULL), STATUS_OK);
    fixture->store->writer_waiting = NULL;
}

/* --- memory ------------------------------------------------------------------------------------------- */

static void test_every_failed_allocation_while_writing(void **state)
{
    struct fixture *fixture = *state;
    int written = 0;
    for (int sticky = 0; sticky <= 1; sticky++) {
        enum status status = STATUS_NO_MEMORY;
        for (long n = 1; status != STATUS_OK; n++) {
            assert_true(n < 10000);
            assert_int_equal(reopen(fixture), STATUS_OK);
            memory_fail_at(n, sticky);
            status = database_begin(fixture->store, &fixture->error);
            if (status == STATUS_OK) {
                status = database_end(fixture->store, insert(fixture->store, sticky, "text", &fixture->error),
                                      &fixture->error);
            }
            memory_fail_at(0, 0);
            written += status == STATUS_OK;
            assert_true(status == STATUS_OK || status == STATUS_NO_MEMORY);
            assert_int_equal(count(fixture->store, "SELECT count(*) FROM t"), written);
        }
    }
    assert_int_equal(store_verify(fixture->store, NULL), STATUS_OK);
}

/* --- migrations --------------------------------------------------------------------------------------- */

/* Steps after those that the record has run already. */
struct steps {
    const char *items[16];
    int ours; /* how many the record has run */
};

static struct steps later_steps(void)
{
    struct steps steps = {.ours = schema_newest()};
    assert_true(steps.ours + 3 <= (int)(sizeof steps.items / sizeof steps.items[0]));
    steps.items[steps.ours] = "CREATE TABLE second (n INTEGER); INSERT INTO second VALUES (1);";
    steps.items[steps.ours + 1] = "ALTER TABLE second ADD COLUMN extra TEXT NOT NULL DEFAULT 'x';";
    steps.items[steps.ours + 2] = "INSERT INTO second (n) VALUES (2); INSERT INTO missing VALUES (1);";
    return steps;
}

static void test_steps_run_once_in_order(void **state)
{
    struct fixture *fixture = *state;
    struct steps steps = later_steps();
    int version = 0;
    assert_int_equal(schema_apply(fixture->store, steps.items, steps.ours + 2, &fixture->error), STATUS_OK);
    assert_int_equal(schema_version(fixture->store, &version, NULL), STATUS_OK);
    assert_int_equal(version, steps.ours + 2);
    assert_int_equal(count(fixture->store, "SELECT count(*) FROM second WHERE extra = 'x'"), 1);
    assert_int_equal(schema_apply(fixture->store, steps.items, steps.ours + 2, &fixture->error), STATUS_OK);
    assert_int_equal(count(fixture->store, "SELECT count(*) FROM second"), 1);
}

static void test_failed_step_leaves_the_step_before(void **state)
{
    struct fixture *fixture = *state;
    struct steps steps = later_steps();
    int version = 0;
    assert_int_not_equal(schema_apply(fixture->store, steps.items, steps.ours + 3, &fixture->error), STATUS_OK);
    assert_int_equal(schema_version(fixture->store, &version, NULL), STATUS_OK);
    assert_int_equal(version, steps.ours + 2);
    assert_int_equal(count(fixture->store, "SELECT count(*) FROM second"), 1);
    assert_int_equal(fixture->store->transaction_depth, 0);
}

static void test_newer_than_the_list_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct steps steps = later_steps();
    assert_int_equal(schema_apply(fixture->store, steps.items, steps.ours + 2, NULL), STATUS_OK);
    assert_int_equal(schema_apply(fixture->store, steps.items, steps.ours + 1, &fixture->error), STATUS_READ_ONLY);
}

/* A record as the first version left it, with a patient in it. */
static void test_a_record_of_version_1_is_brought_up(void **state)
{
    struct fixture *fixture = *state;
    struct store old = {.clock = fixture->options.clock, .randomness = fixture->options.randomness};
    int version = 0;
    assert_int_equal(sqlite3_open(":memory:", &old.connection), SQLITE_OK);
    assert_int_equal(database_execute(&old, schema_migration(1), &fixture->error), STATUS_OK);
    assert_int_equal(database_execute(&old, "INSERT INTO chart_state VALUES ('p1', 1); PRAGMA user_version = 1",
                                      &fixture->error),
                     STATUS_OK);
    assert_int_equal(schema_migrate(&old, &fixture->error), STATUS_OK);
    assert_int_equal(schema_version(&old, &version, NULL), STATUS_OK);
    assert_int_equal(version, schema_newest());
    assert_int_equal(count(&old, "SELECT count(*) FROM chart_state WHERE complete = 1 AND released = 0"), 1);
    connection_close(&old);
}

static void test_list_of_migrations(void **state)
{
    (void)state;
    assert_true(schema_newest() >= 1);
    for (int version = 1; version <= schema_newest(); version++) {
        assert_non_null(schema_migration(version));
    }
    assert_null(schema_migration(schema_newest() + 1));
    assert_null(schema_migration(0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nested_levels_are_one_transaction, open_with_table, remove_home),
        cmocka_unit_test_setup_teardown(test_failed_part_fails_the_whole, open_with_table, remove_home),
        cmocka_unit_test_setup_teardown(test_nothing_is_written_after_the_transaction_was_lost, open_with_table,
                                        remove_home),
        cmocka_unit_test_setup_teardown(test_constraint_is_an_error_and_the_rest_stays, open_with_table, remove_home),
        cmocka_unit_test_setup_teardown(test_columns, open_record, remove_home),
        cmocka_unit_test_setup_teardown(test_full_disk_keeps_what_was_there, open_with_table, remove_home),
        cmocka_unit_test_setup_teardown(test_two_threads_write_without_loss, open_with_table, remove_home),
        cmocka_unit_test_setup_teardown(test_a_flag_left_up_does_not_stop_the_pull, open_record, remove_home),
        cmocka_unit_test_setup_teardown(test_every_failed_allocation_while_writing, open_with_table, remove_home),
        cmocka_unit_test_setup_teardown(test_steps_run_once_in_order, open_record, remove_home),
        cmocka_unit_test_setup_teardown(test_a_record_of_version_1_is_brought_up, open_record, remove_home),
        cmocka_unit_test_setup_teardown(test_failed_step_leaves_the_step_before, open_record, remove_home),
        cmocka_unit_test_setup_teardown(test_newer_than_the_list_is_refused, open_record, remove_home),
        cmocka_unit_test(test_list_of_migrations),
    };
    return cmocka_run_group_tests_name("database", tests, NULL, NULL);
}
