/* The chain: what cannot be changed without a trace, and the mark that betrays an older copy. */
#include "tests/store/store_test.h"

#include "store/audit.h"
#include "store/database.h"

#define ROWS 8

static int with_rows(void **state)
{
    open_record(state);
    struct fixture *fixture = *state;
    for (int i = 2; i <= ROWS; i++) { /* creation wrote the first */
        fixture->time.wall += 1000;
        assert_int_equal(audit_add(fixture->store, "read", "Patient", i % 2 == 0 ? "p1" : "p2",
                                   i % 2 == 0 ? "p1" : "p2", "chart", &fixture->error),
                         STATUS_OK);
    }
    return 0;
}

static struct audit_verdict verify(struct fixture *fixture)
{
    struct audit_verdict verdict;
    assert_int_equal(audit_verify(fixture->store, &verdict, &fixture->error), STATUS_OK);
    return verdict;
}

/* What somebody with the key and an SQL shell would do. */
static void tamper(struct fixture *fixture, const char *sql)
{
    assert_int_equal(
        database_execute(fixture->store, "DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete;", NULL),
        STATUS_OK);
    assert_int_equal(database_execute(fixture->store, sql, &fixture->error), STATUS_OK);
}

static void expect_broken(struct fixture *fixture, const char *sql, int64_t first)
{
    tamper(fixture, sql);
    struct audit_verdict verdict = verify(fixture);
    assert_false(verdict.intact);
    assert_int_equal(verdict.first_broken, first);
}

static void test_whole_chain_is_intact(void **state)
{
    struct fixture *fixture = *state;
    struct audit_verdict verdict = verify(fixture);
    assert_true(verdict.intact);
    assert_int_equal(verdict.entries, ROWS);
    assert_int_equal(verdict.first_broken, 0);
    assert_int_equal(reopen(fixture), STATUS_OK);
    assert_true(verify(fixture).intact);
}

static void test_rows_cannot_be_touched_by_plain_sql(void **state)
{
    struct fixture *fixture = *state;
    assert_int_not_equal(database_execute(fixture->store, "UPDATE audit SET user = 'x' WHERE number = 3", NULL),
                         STATUS_OK);
    assert_int_not_equal(database_execute(fixture->store, "DELETE FROM audit WHERE number = 3", NULL), STATUS_OK);
    assert_true(verify(fixture).intact);
}

static void test_changed_row(void **state)
{
    expect_broken(*state, "UPDATE audit SET detail = 'nothing' WHERE number = 3", 3);
}

static void test_moved_boundary_between_fields(void **state)
{
    expect_broken(*state, "UPDATE audit SET type = 'Patien', resource = 't' || resource WHERE number = 4", 4);
}

static void test_changed_time(void **state)
{
    expect_broken(*state, "UPDATE audit SET at = at + 1 WHERE number = 8", 8);
}

static void test_removed_row(void **state)
{
    expect_broken(*state, "DELETE FROM audit WHERE number = 5", 5);
}

static void test_removed_and_renumbered(void **state)
{
    expect_broken(*state, "DELETE FROM audit WHERE number = 5; UPDATE audit SET number = number - 1 WHERE number > 5",
                  5);
}

static void test_inserted_row(void **state)
{
    expect_broken(*state,
                  "INSERT INTO audit SELECT 9, at, user, action, type, resource, patient, detail, hash FROM audit"
                  " WHERE number = 8",
                  9);
}

static void test_first_row_removed(void **state)
{
    expect_broken(*state, "DELETE FROM audit WHERE number = 1", 1);
}

static void test_cut_tail_is_betrayed_by_the_mark(void **state)
{
    struct fixture *fixture = *state;
    audit_mark(fixture->store);
    expect_broken(fixture, "DELETE FROM audit WHERE number > 6", 7);
    assert_int_equal(reopen(fixture), STATUS_DAMAGED);
    assert_non_null(strstr(fixture->error.sentence, "mark"));
}

static void test_older_copy_put_back(void **state)
{
    struct fixture *fixture = *state;
    store_close(fixture->store);
    fixture->store = NULL;
    copy_file(fixture->paths.record, beside(fixture, "copy"));
    assert_int_equal(reopen(fixture), STATUS_OK);
    assert_int_equal(audit_add(fixture->store, "sign", "Encounter", "v1", "p1", "", NULL), STATUS_OK);
    store_close(fixture->store);
    fixture->store = NULL;
    copy_file(beside(fixture, "copy"), fixture->paths.record);
    assert_int_equal(reopen(fixture), STATUS_DAMAGED);
    unlink(beside(fixture, "mark")); /* the remedy the sentence names */
    assert_int_equal(reopen(fixture), STATUS_OK);
}

static void test_older_copy_with_another_history(void **state)
{
    struct fixture *fixture = *state;
    store_close(fixture->store);
    fixture->store = NULL;
    copy_file(fixture->paths.record, beside(fixture, "copy"));
    assert_int_equal(reopen(fixture), STATUS_OK);
    assert_int_equal(audit_add(fixture->store, "read", "Patient", "p1", "p1", "", NULL), STATUS_OK);
    store_close(fixture->store);
    fixture->store = NULL;
    char kept[PATH_SIZE];
    text_copy(kept, sizeof kept, beside(fixture, "mark-new"));
    copy_file(beside(fixture, "mark"), kept);
    char mark[PATH_SIZE];
    text_copy(mark, sizeof mark, beside(fixture, "mark"));
    copy_file(beside(fixture, "copy"), fixture->paths.record);
    unlink(mark);
    assert_int_equal(reopen(fixture), STATUS_OK);
    for (int i = 0; i < 3; i++) { /* longer than the other, but not the same */
        assert_int_equal(audit_add(fixture->store, "read", "Patient", "p9", "p9", "", NULL), STATUS_OK);
    }
    store_close(fixture->store);
    fixture->store = NULL;
    copy_file(kept, mark);
    assert_int_equal(reopen(fixture), STATUS_DAMAGED);
}

static void test_signing_marks_at_once(void **state)
{
    struct fixture *fixture = *state;
    struct buffer before, after;
    read_whole(beside(fixture, "mark"), &before);
    assert_int_equal(database_begin(fixture->store, NULL), STATUS_OK);
    assert_int_equal(audit_add(fixture->store, "sign", "Encounter", "v1", "p1", "", NULL), STATUS_OK);
    read_whole(beside(fixture, "mark"), &after); /* not before the commit: the mark never leads */
    assert_string_equal(buffer_text(&before), buffer_text(&after));
    buffer_free(&after);
    assert_int_equal(database_commit(fixture->store, NULL), STATUS_OK);
    read_whole(beside(fixture, "mark"), &after);
    assert_string_not_equal(buffer_text(&before), buffer_text(&after));
    buffer_free(&before);
    buffer_free(&after);

    read_whole(beside(fixture, "mark"), &before);
    assert_int_equal(database_begin(fixture->store, NULL), STATUS_OK);
    assert_int_equal(audit_add(fixture->store, "sign", "Encounter", "v2", "p1", "", NULL), STATUS_OK);
    database_rollback(fixture->store);
    assert_int_equal(database_begin(fixture->store, NULL), STATUS_OK);
    assert_int_equal(database_commit(fixture->store, NULL), STATUS_OK);
    read_whole(beside(fixture, "mark"), &after);
    assert_string_equal(buffer_text(&before), buffer_text(&after));
    buffer_free(&before);
    buffer_free(&after);
}

static void test_unreadable_mark_is_written_anew(void **state)
{
    struct fixture *fixture = *state;
    struct buffer mark;
    test_file_write(beside(fixture, "mark"), "nonsense", 8);
    assert_int_equal(reopen(fixture), STATUS_OK);
    read_whole(beside(fixture, "mark"), &mark);
    assert_true(text_starts_with(buffer_text(&mark), "doorstep-mark 1 8 "));
    buffer_free(&mark);
}

static void test_row_lives_and_dies_with_its_transaction(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(database_begin(fixture->store, NULL), STATUS_OK);
    assert_int_equal(audit_add(fixture->store, "update", "Task", "t1", "p1", "", NULL), STATUS_OK);
    assert_int_equal(audit_add(fixture->store, "update", "Task", "t2", "p1", "", NULL), STATUS_OK);
    database_rollback(fixture->store);
    struct audit_verdict verdict = verify(fixture);
    assert_true(verdict.intact);
    assert_int_equal(verdict.entries, ROWS);
}

static void test_reading(void **state)
{
    struct fixture *fixture = *state;
    struct audit_rows rows;
    assert_int_equal(audit_read(fixture->store, "", 3, &rows, &fixture->error), STATUS_OK);
    assert_int_equal(rows.count, 3);
    assert_int_equal(rows.items[0].number, ROWS);
    assert_string_equal(rows.items[0].user, "nurse");
    assert_string_equal(rows.items[0].action, "read");
    assert_int_equal(rows.items[0].at, START + (ROWS - 1) * 1000);
    audit_rows_free(&rows);
    assert_int_equal(audit_read(fixture->store, "p2", SIZE_MAX, &rows, &fixture->error), STATUS_OK);
    assert_int_equal(rows.count, 3);
    assert_string_equal(rows.items[0].patient, "p2");
    audit_rows_free(&rows);
}

static void test_long_fields_are_cut_before_they_are_hashed(void **state)
{
    struct fixture *fixture = *state;
    char longest[1000];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(audit_add(fixture->store, longest, longest, longest, longest, longest, NULL), STATUS_OK);
    assert_int_equal(audit_add(fixture->store, "read", NULL, NULL, NULL, NULL, NULL), STATUS_OK);
    assert_true(verify(fixture).intact);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_whole_chain_is_intact, with_rows, remove_home),
        cmocka_unit_test_setup_teardown(test_rows_cannot_be_touched_by_plain_sql, with_rows, remove_home),
        cmocka_unit_test_setup_teardown(test_changed_row, with_rows, remove_home),
        cmocka_unit_test_setup_teardown(test_moved_boundary_between_fields, with_rows, remove_home),
        cmocka_unit_test_setup_teardown(test_changed_time, with_rows, remove_home),
        cmocka_unit_test_setup_teardown(test_removed_row, with_rows, remove_home),
        cmocka_unit_test_setup_teardown(test_removed_and_renumbered, with_rows, remove_home),
        cmocka_unit_test_setup_teardown(test_inserted_row, with_rows, remove_home),
        cmocka_unit_test_setup_teardown(test_first_row_removed, with_rows, remove_home),
        cmocka_unit_test_setup_teardown(test_cut_tail_is_betrayed_by_the_mark, with_rows, remove_home),
        cmocka_unit_test_setup_teardown(test_older_copy_put_back, with_rows, remove_home),
        cmocka_unit_test_setup_teardown(test_older_copy_with_another_history, with_rows, remove_home),
        cmocka_unit_test_setup_teardown(test_signing_marks_at_once, with_rows, remove_home),
        cmocka_unit_test_setup_teardown(test_unreadable_mark_is_written_anew, with_rows, remove_home),
        cmocka_unit_test_setup_teardown(test_row_lives_and_dies_with_its_transaction, with_rows, remove_home),
        cmocka_unit_test_setup_teardown(test_reading, with_rows, remove_home),
        cmocka_unit_test_setup_teardown(test_long_fields_are_cut_before_they_are_hashed, with_rows, remove_home),
    };
    return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}
