/* A visit set aside: kept whole, listed, and taken up again. Which appointment a visit keeps. */
#include "tests/store/visit_test.h"

#include "store/audit.h"

#include <string.h>

#define APPOINTMENT(id, status, start) \
    "{\"resourceType\":\"Appointment\",\"id\":\"" id "\"," META("1", "2026-11-20T00:00:00Z") ",\"status\":\"" status \
    "\",\"start\":\"2026-11-22T" start ":00+09:00\",\"participant\":[{\"actor\":{\"reference\":\"Patient/p1\"}," \
    "\"status\":\"accepted\"}]}"

#define SOMEBODY_ELSE \
    "{\"resourceType\":\"Patient\",\"id\":\"p1\"," META("1", "2026-11-20T00:00:00Z") ",\"name\":[{\"family\":\"Sato\"," \
    "\"given\":[\"Ken\"]}],\"gender\":\"male\",\"birthDate\":\"1951-01-09\"}"

static void last_audit_is(struct fixture *fixture, const char *action, const char *detail)
{
    struct audit_rows rows;

    assert_int_equal(audit_read(fixture->store, "p1", 1, &rows, NULL), STATUS_OK);
    assert_string_equal(rows.items[0].action, action);
    assert_string_equal(rows.items[0].detail, detail);
    audit_rows_free(&rows);
}

static int with_caseload(void **state)
{
    open_record(state);
    fill_caseload(*state);
    return 0;
}

static void it_is_kept_whole_and_taken_up_again(void **state)
{
    struct fixture *fixture = *state;
    struct visit_draft before, after;
    struct sync_status status;
    char visit[UUID_SIZE];
    struct signer signer = nurse(fixture);
    size_t queued = 0;

    start_visit(fixture, true, visit);
    put_field(fixture, visit, "screen", "close");
    put_field(fixture, visit, "cursor", "3.0");
    assert_int_equal(draft_load(fixture->store, visit, &before, &fixture->error), STATUS_OK);
    assert_int_equal(draft_set_aside(fixture->store, visit, "mistake", &fixture->error), STATUS_OK);
    last_audit_is(fixture, "set-aside", "mistake");
    assert_int_equal(query_status(fixture->store, &status, &fixture->error), STATUS_OK);
    assert_int_equal(status.drafts, 0);
    assert_int_equal(status.set_aside, 1);

    assert_int_equal(draft_look(fixture->store, visit, &after, &fixture->error), STATUS_OK);
    assert_int_equal(after.count, before.count);
    visit_draft_free(&after);
    assert_int_equal(draft_load(fixture->store, visit, &after, NULL), STATUS_NOT_FOUND);

    fixture->time.wall += 3 * INSTANT_DAY; /* another day: it keeps its own start */
    assert_int_equal(draft_resume(fixture->store, visit, &fixture->error), STATUS_OK);
    last_audit_is(fixture, "resume", "");
    assert_int_equal(draft_load(fixture->store, visit, &after, &fixture->error), STATUS_OK);
    assert_int_equal(after.count, before.count - 2); /* all but the place on the screen */
    assert_true(after.started == before.started);
    for (size_t i = 0; i < after.count; i++) {
        assert_string_equal(after.fields[i].value, visit_draft_get(&before, after.fields[i].name));
    }
    visit_draft_free(&before);
    visit_draft_free(&after);
    assert_int_equal(draft_resume(fixture->store, visit, &fixture->error), STATUS_NOT_FOUND);
    signer.now = fixture->time.wall;
    assert_int_equal(record_sign_visit(fixture->store, visit, &signer, &queued, &fixture->error), STATUS_OK);
    assert_true(queued > 0);
}

static void it_is_listed_however_old(void **state)
{
    struct fixture *fixture = *state;
    struct visit_rows rows;
    char old[UUID_SIZE], visit[UUID_SIZE];

    assert_int_equal(draft_start(fixture->store, "p1", "", old, &fixture->error), STATUS_OK);
    assert_int_equal(draft_set_aside(fixture->store, old, "", &fixture->error), STATUS_OK);
    fixture->time.wall += 100 * INSTANT_DAY;
    sign_visit(fixture, false, visit);
    assert_int_equal(query_visits(fixture->store, fixture->time.wall - INSTANT_DAY, &rows, &fixture->error), STATUS_OK);
    assert_int_equal(rows.count, 2);
    assert_int_equal(rows.items[0].state, VISIT_SIGNED);
    assert_string_equal(rows.items[1].id, old);
    assert_int_equal(rows.items[1].state, VISIT_SET_ASIDE);
    visit_rows_free(&rows);
}

static void one_unfinished_visit_a_patient(void **state)
{
    struct fixture *fixture = *state;
    char first[UUID_SIZE], second[UUID_SIZE];

    assert_int_equal(draft_start(fixture->store, "p1", "", first, &fixture->error), STATUS_OK);
    assert_int_equal(draft_set_aside(fixture->store, first, "", &fixture->error), STATUS_OK);
    assert_int_equal(draft_start(fixture->store, "p1", "", second, &fixture->error), STATUS_OK);
    assert_int_equal(draft_resume(fixture->store, first, &fixture->error), STATUS_CONFLICT);
    assert_int_equal(draft_set_aside(fixture->store, second, "", &fixture->error), STATUS_OK);
    assert_int_equal(draft_resume(fixture->store, first, &fixture->error), STATUS_OK);
    assert_int_equal(draft_set_aside(fixture->store, first, "", &fixture->error), STATUS_OK);
    /* The patient left the caseload: what was entered stays, and whose it is. */
    assert_int_equal(record_release_patient(fixture->store, "p1", &fixture->error), STATUS_OK);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM resource WHERE patient = 'p1' AND type <> 'Patient'"), 0);
    assert_int_equal(draft_resume(fixture->store, first, &fixture->error), STATUS_OK);
    assert_int_equal(draft_resume(fixture->store, "nothing", &fixture->error), STATUS_NOT_FOUND);
}

/* Another server, or another import, may use the same id for somebody else: the visit must never open in that chart. */
static void check_never_anothers(struct fixture *fixture, bool other_server, bool released)
{
    char visit[UUID_SIZE];

    assert_int_equal(draft_start(fixture->store, "p1", "", visit, &fixture->error), STATUS_OK);
    put_field(fixture, visit, "vitals.pulse", "80");
    assert_int_equal(draft_set_aside(fixture->store, visit, "", &fixture->error), STATUS_OK);
    if (other_server) {
        assert_int_equal(record_leave_server(fixture->store, "https://a.example", "elsewhere", &fixture->error), STATUS_OK);
        assert_int_equal(record_arrive_at_server(fixture->store, "https://b.example", NULL, &fixture->error), STATUS_OK);
    }
    if (released) {
        assert_int_equal(record_release_patient(fixture->store, "p1", &fixture->error), STATUS_OK);
    }
    assert_int_equal(pull(fixture, SOMEBODY_ELSE), APPLY_STORED);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM visit WHERE patient = 'p1'"), 0);
    assert_int_equal(draft_resume(fixture->store, visit, &fixture->error), STATUS_NOT_FOUND);
    assert_string_equal(text_of(fixture, "SELECT value FROM draft WHERE field = 'vitals.pulse'"), "80");
}

static void it_never_becomes_another_persons(void **state)
{
    check_never_anothers(*state, true, false);
}

static void nor_once_the_patient_left_the_caseload(void **state)
{
    check_never_anothers(*state, false, true);
}

static void nor_after_both(void **state)
{
    check_never_anothers(*state, true, true);
}

/* --- which appointment ---------------------------------------------------------------------------- */

static const char *kept_by(struct fixture *fixture, const char *time)
{
    static char appointment[ID_SIZE];
    char text[40];
    instant start = INSTANT_NONE;
    enum instant_precision precision = PRECISION_NONE;

    snprintf(text, sizeof text, "2026-11-%s:00+09:00", time);
    assert_true(instant_parse(text, &start, &precision));
    assert_int_equal(query_visit_appointment(fixture->store, "p1", start, appointment, &fixture->error), STATUS_OK);
    return appointment;
}

static void sign_with(struct fixture *fixture, const char *appointment)
{
    char visit[UUID_SIZE];
    struct signer signer = nurse(fixture);
    size_t queued = 0;

    assert_int_equal(draft_start(fixture->store, "p1", appointment, visit, &fixture->error), STATUS_OK);
    put_field(fixture, visit, "vitals.pulse", "80");
    assert_int_equal(record_sign_visit(fixture->store, visit, &signer, &queued, &fixture->error), STATUS_OK);
}

static void a_visit_keeps_the_nearest_appointment_that_is_left(void **state)
{
    struct fixture *fixture = *state;
    char visit[UUID_SIZE];
    struct visit_draft draft;

    assert_string_equal(kept_by(fixture, "22T09:00"), "");
    assert_int_equal(pull(fixture, APPOINTMENT("morning", "booked", "09:00")), APPLY_STORED);
    assert_int_equal(pull(fixture, APPOINTMENT("done", "fulfilled", "12:00")), APPLY_STORED);
    assert_int_equal(pull(fixture, APPOINTMENT("off", "cancelled", "12:10")), APPLY_STORED);
    assert_int_equal(pull(fixture, APPOINTMENT("evening", "booked", "18:00")), APPLY_STORED);
    assert_string_equal(kept_by(fixture, "22T09:40"), "morning");
    assert_string_equal(kept_by(fixture, "22T12:00"), "morning");
    assert_string_equal(kept_by(fixture, "22T17:10"), "evening");
    assert_string_equal(kept_by(fixture, "21T17:10"), "");

    /* Set aside, it keeps none; signed, it does. */
    assert_int_equal(draft_start(fixture->store, "p1", "morning", visit, &fixture->error), STATUS_OK);
    assert_int_equal(draft_set_aside(fixture->store, visit, "", &fixture->error), STATUS_OK);
    assert_string_equal(kept_by(fixture, "22T09:00"), "morning");
    sign_with(fixture, "morning");
    assert_string_equal(kept_by(fixture, "22T09:00"), "evening");
    sign_with(fixture, "evening");
    assert_string_equal(kept_by(fixture, "22T09:00"), "");

    /* The one that was set aside finds its appointment kept by another. */
    assert_int_equal(draft_resume(fixture->store, visit, &fixture->error), STATUS_OK);
    assert_int_equal(draft_load(fixture->store, visit, &draft, &fixture->error), STATUS_OK);
    assert_string_equal(draft.appointment, "");
    visit_draft_free(&draft);
}

int main(void)
{
    memory_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_is_kept_whole_and_taken_up_again, with_caseload, remove_home),
        cmocka_unit_test_setup_teardown(it_is_listed_however_old, with_caseload, remove_home),
        cmocka_unit_test_setup_teardown(one_unfinished_visit_a_patient, with_caseload, remove_home),
        cmocka_unit_test_setup_teardown(it_never_becomes_another_persons, with_caseload, remove_home),
        cmocka_unit_test_setup_teardown(nor_once_the_patient_left_the_caseload, with_caseload, remove_home),
        cmocka_unit_test_setup_teardown(nor_after_both, with_caseload, remove_home),
        cmocka_unit_test_setup_teardown(a_visit_keeps_the_nearest_appointment_that_is_left, with_caseload, remove_home),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
