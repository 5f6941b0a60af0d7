/* How much of each chart is here, as screens list it; and that a former server's age is not claimed for another's charts. */
#include "tests/store/record_test.h"

#include "store/outbox.h"
#include "store/query.h"

#include <string.h>

#define PATIENT(id, name) "{\"resourceType\":\"Patient\",\"id\":\"" id "\",\"name\":[{\"text\":\"" name "\"}]}"
#define BOOKED(id, status, start, patient) \
    "{\"resourceType\":\"Appointment\",\"id\":\"" id "\",\"status\":\"" status "\",\"start\":\"" start "+09:00\"," \
    "\"participant\":[{\"actor\":{\"reference\":\"Patient/" patient "\"},\"status\":\"accepted\"}]}"

static void set_cursor(struct fixture *fixture, const char *scope, const char *value)
{
    assert_int_equal(record_begin(fixture->store, &fixture->error), STATUS_OK);
    assert_int_equal(record_set_cursor(fixture->store, scope, value, &fixture->error), STATUS_OK);
    assert_int_equal(record_commit(fixture->store, &fixture->error), STATUS_OK);
}

static void set_complete(struct fixture *fixture, const char *patient, bool complete)
{
    assert_int_equal(record_begin(fixture->store, &fixture->error), STATUS_OK);
    assert_int_equal(record_set_complete(fixture->store, patient, complete, &fixture->error), STATUS_OK);
    assert_int_equal(record_commit(fixture->store, &fixture->error), STATUS_OK);
}

static void each_chart_says_how_much_of_it_is_here(void **state)
{
    struct fixture *fixture = *state;
    struct chart_rows rows;
    instant as_of = INSTANT_NONE;

    assert_int_equal(pull(fixture, PATIENT("p1", "Zoe")), APPLY_STORED);
    assert_int_equal(pull(fixture, PATIENT("p2", "Ann")), APPLY_STORED);
    assert_int_equal(pull(fixture, PATIENT("p3", "Bob")), APPLY_STORED);
    assert_int_equal(import(fixture, PATIENT("p4", "Cid")), APPLY_STORED);
    assert_int_equal(pull(fixture, BOOKED("a1", "booked", "2026-11-22T09:30:00", "p9")), APPLY_STORED);
    assert_int_equal(pull(fixture, BOOKED("a2", "booked", "2026-11-22T23:30:00", "p9")), APPLY_STORED);
    assert_int_equal(pull(fixture, BOOKED("a3", "booked", "2026-11-23T00:00:00", "p8")), APPLY_STORED);
    assert_int_equal(pull(fixture, BOOKED("a4", "cancelled", "2026-11-22T10:00:00", "p7")), APPLY_STORED);
    set_complete(fixture, "p1", true);
    set_cursor(fixture, CURSOR_PATIENT "p1", "2026-11-22T00:05:00.000Z");
    set_cursor(fixture, CURSOR_PATIENT "p2", CURSOR_BEGUN " 3 1795305600000 1795305600000");
    set_complete(fixture, "p4", true);
    assert_true(instant_parse("2026-11-22T09:05:00+09:00", &as_of, NULL));

    assert_int_equal(query_charts(fixture->store, fixture->time.wall, &rows, &fixture->error), STATUS_OK);
    assert_int_equal(rows.count, 5);
    /* What is not complete comes first, by name. */
    assert_string_equal(rows.items[0].name, "Ann");
    assert_true(rows.items[0].here && rows.items[0].begun && !rows.items[0].complete);
    assert_string_equal(rows.items[1].name, "Bob");
    assert_true(rows.items[1].here && !rows.items[1].begun && !rows.items[1].complete);
    assert_string_equal(rows.items[2].name, "p9");
    assert_false(rows.items[2].here || rows.items[2].complete);
    assert_string_equal(rows.items[3].name, "Cid");
    assert_true(rows.items[3].complete && rows.items[3].as_of == INSTANT_NONE);
    assert_string_equal(rows.items[4].name, "Zoe");
    assert_true(rows.items[4].complete && !rows.items[4].begun);
    assert_int_equal(rows.items[4].as_of, as_of);
    chart_rows_free(&rows);
}

static void what_could_not_be_read_makes_a_chart_incomplete(void **state)
{
    struct fixture *fixture = *state;
    struct chart_rows rows;

    assert_int_equal(pull(fixture, PATIENT("p1", "Zoe")), APPLY_STORED);
    set_complete(fixture, "p1", true);
    assert_int_equal(pull(fixture, "{\"resourceType\":\"AllergyIntolerance\",\"id\":\"x\",\"criticality\":\"severe\","
                                   "\"patient\":{\"reference\":\"Patient/p1\"}}"), APPLY_QUARANTINED);
    assert_int_equal(query_charts(fixture->store, fixture->time.wall, &rows, &fixture->error), STATUS_OK);
    assert_int_equal(rows.count, 1);
    assert_int_equal(rows.items[0].unreadable, 1);
    assert_false(rows.items[0].complete);
    chart_rows_free(&rows);
}

static void memory_that_runs_short_is_said(void **state)
{
    struct fixture *fixture = *state;
    struct chart_rows rows;

    assert_int_equal(pull(fixture, PATIENT("p1", "Zoe")), APPLY_STORED);
    memory_fail_at(1, 0);
    enum status status = query_charts(fixture->store, fixture->time.wall, &rows, &fixture->error);
    memory_fail_at(0, 0);
    assert_int_equal(status, STATUS_NO_MEMORY);
    assert_null(rows.items);
}

static void the_age_of_a_former_servers_charts_is_not_that_of_these(void **state)
{
    struct fixture *fixture = *state;
    struct journal_entry entry = {.start = 1, .end = 2, .result = STATUS_OK, .data_as_of = "2026-11-22T00:05:00.000Z"};
    struct sync_status status;

    assert_int_equal(journal_add(fixture->store, &entry, &fixture->error), STATUS_OK);
    assert_int_equal(query_status(fixture->store, &status, &fixture->error), STATUS_OK);
    assert_int_not_equal(status.data_as_of, INSTANT_NONE);
    assert_int_equal(record_leave_server(fixture->store, "https://a.example", "elsewhere", &fixture->error), STATUS_OK);
    assert_int_equal(query_status(fixture->store, &status, &fixture->error), STATUS_OK);
    assert_int_equal(status.data_as_of, INSTANT_NONE);
    assert_int_equal(status.last_good, 2); /* that it went well stays true */
}

#define RECORDED(test) cmocka_unit_test_setup_teardown(test, open_record, remove_home)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RECORDED(each_chart_says_how_much_of_it_is_here),
        RECORDED(what_could_not_be_read_makes_a_chart_incomplete),
        RECORDED(memory_that_runs_short_is_said),
        RECORDED(the_age_of_a_former_servers_charts_is_not_that_of_these),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
