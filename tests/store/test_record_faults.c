/*
 * Faults under the one writer: no allocation that fails and no SIGKILL leaves
 * half of a page or half of a visit, and what is read is whole or an error.
 */
#include "tests/store/visit_test.h"

#include "store/audit.h"
#include "store/correct.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

#define COUNTS \
    "SELECT (SELECT count(*) FROM resource) || ' ' || (SELECT count(*) FROM reading) || ' ' || " \
    "(SELECT count(*) FROM patient) || ' ' || (SELECT count(*) FROM note) || ' ' || (SELECT count(*) FROM outbox) || ' ' || " \
    "(SELECT count(*) FROM audit) || ' ' || (SELECT count(*) FROM identity) || ' ' || (SELECT count(*) FROM conflict) || " \
    "' ' || (SELECT count(*) FROM quarantine) || ' ' || (SELECT count(*) FROM visit WHERE state = 'signed') || ' ' || " \
    "(SELECT count(*) FROM correction) || ' ' || (SELECT count(*) FROM outbox WHERE state = 'refused')"

static void check_whole(struct fixture *fixture)
{
    struct audit_verdict verdict;

    assert_string_equal(text_of(fixture, "PRAGMA integrity_check"), "ok");
    assert_string_equal(text_of(fixture, "PRAGMA foreign_key_check"), "");
    assert_int_equal(audit_verify(fixture->store, &verdict, &fixture->error), STATUS_OK);
    assert_true(verdict.intact);
}

static void put_back(struct fixture *fixture, const char *record, const char *mark)
{
    store_close(fixture->store);
    fixture->store = NULL;
    copy_file(record, fixture->paths.record);
    copy_file(mark, beside(fixture, "mark"));
    assert_int_equal(reopen(fixture), STATUS_OK);
}

/* Where each takes several times as long, every third will do: the plain build has them all. */
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define STRIDE 3
#else
#define STRIDE 1
#endif

/* Makes the n-th allocation of `step` fail, for every n until it is not reached, each time from the same record. A
 * failure must change nothing; SQLite can do without some of its memory, and then all of it must have happened. */
static void sweep(struct fixture *fixture, enum status (*step)(struct fixture *fixture), int sticky)
{
    char record[PATH_SIZE], mark[PATH_SIZE], before[256];
    bool reached = true;
    long failures = 0;

    assert_int_equal(reopen(fixture), STATUS_OK); /* closing moves the log into the record */
    snprintf(before, sizeof before, "%s", text_of(fixture, COUNTS));
    snprintf(record, sizeof record, "%s", beside(fixture, "record.before"));
    snprintf(mark, sizeof mark, "%s", beside(fixture, "mark.before"));
    copy_file(fixture->paths.record, record);
    copy_file(beside(fixture, "mark"), mark);
    for (long nth = 1; reached; nth += STRIDE) {
        put_back(fixture, record, mark);
        memory_fail_at(nth, sticky);
        enum status status = step(fixture);
        reached = memory_allocation_count() >= nth;
        memory_fail_at(0, 0);
        if (status != STATUS_OK) {
            failures++;
            if (!reached) {
                fail_msg("it fails by itself: %s", fixture->error.sentence);
            }
            assert_string_not_equal(fixture->error.sentence, "");
            if (strcmp(text_of(fixture, COUNTS), before) != 0) {
                fail_msg("allocation %ld: %s before, %s after", nth, before, text_of(fixture, COUNTS));
            }
        } else {
            assert_string_not_equal(text_of(fixture, COUNTS), before);
        }
        if (nth % 16 < STRIDE) {
            check_whole(fixture);
        }
    }
    assert_true(failures > 20);
    check_whole(fixture);
}

#define NOTE \
    "{\"resourceType\":\"DocumentReference\",\"id\":\"n1\",\"status\":\"current\",\"subject\":{\"reference\":" \
    "\"Patient/p1\"},\"content\":[{\"attachment\":{\"contentType\":\"text/plain\",\"data\":\"V2Fsa3Mgd2VsbC4=\"}}]}"

static enum status apply_page(struct fixture *fixture)
{
    struct apply_outcome outcome;
    static const char *const resources[] = {
        HANA_1,
        WEIGHT("o1", "1", "2026-11-20T00:00:00Z", "p1", "2026-11-19T09:00:00+09:00", "61.2"),
        NOTE,
        "{\"resourceType\":\"Observation\",\"id\":\"bad\",\"code\":{\"text\":\"x\"}}",
    };

    enum status status = record_begin(fixture->store, &fixture->error);
    if (status != STATUS_OK) {
        return status;
    }
    for (size_t i = 0; i < sizeof resources / sizeof resources[0] && status == STATUS_OK; i++) {
        status = apply_in_page(fixture, APPLY_FROM_SERVER, NULL, resources[i], &outcome);
    }
    if (status == STATUS_OK) {
        status = record_set_cursor(fixture->store, "Patient", "2026", &fixture->error);
    }
    if (status != STATUS_OK) {
        record_abort(fixture->store);
        return status;
    }
    return record_commit(fixture->store, &fixture->error);
}

static void a_page_is_stored_whole_or_not_at_all(void **state)
{
    struct fixture *fixture = *state;

    sweep(fixture, apply_page, 0);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM resource"), 3);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM quarantine"), 1);
}

static void a_page_is_stored_whole_or_not_at_all_when_memory_stays_short(void **state)
{
    sweep(*state, apply_page, 1);
}

static char swept_visit[UUID_SIZE];

static enum status sign_swept(struct fixture *fixture)
{
    struct signer signer = nurse(fixture);
    size_t queued = 0;

    enum status status = record_sign_visit(fixture->store, swept_visit, &signer, &queued, &fixture->error);
    assert_true((status == STATUS_OK) == (queued > 0));
    return status;
}

static void a_visit_is_signed_wholly_or_not_at_all(void **state)
{
    struct fixture *fixture = *state;

    fill_caseload(fixture);
    start_visit(fixture, true, swept_visit);
    sweep(fixture, sign_swept, 0);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM visit WHERE state = 'signed'"), 1);
}

static int64_t swept_number;

static enum status accept_swept(struct fixture *fixture)
{
    return record_accept(fixture->store, swept_number, "1001", "1", &fixture->error);
}

static enum status conflict_swept(struct fixture *fixture)
{
    return record_conflict(fixture->store, swept_number, TASK("2", "2026-11-21T00:00:00Z", "cancelled"), &fixture->error);
}

static enum status release_swept(struct fixture *fixture)
{
    return record_release_patient(fixture->store, "p1", &fixture->error);
}

static void answers_are_taken_wholly_or_not_at_all(void **state)
{
    struct fixture *fixture = *state;
    char visit[UUID_SIZE];

    fill_caseload(fixture);
    sign_visit(fixture, true, visit);
    swept_number = row_of_type(fixture, "Observation").number;
    sweep(fixture, accept_swept, 0);
    swept_number = row_of_type(fixture, "Task").number;
    sweep(fixture, conflict_swept, 0);
    accept_all(fixture);
    sweep(fixture, release_swept, 0);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM resource"), 0);
}

static const char *swept_typed;

static enum status correct_swept(struct fixture *fixture)
{
    struct signer signer = nurse(fixture);

    return record_correct(fixture->store, swept_number, swept_typed, false, &signer, &fixture->error);
}

static void a_correction_is_made_wholly_or_not_at_all(void **state)
{
    struct fixture *fixture = *state;
    char visit[UUID_SIZE];

    static const char *const cases[][2] = {
        {"body LIKE '%8867-4%'", "71"}, {"body LIKE '%\"Consent\"%'", "by: child\nname: Kim Minsu"},
        {"body LIKE '%\"Task\",%'", "status: failed\nreason: asleep"},
    };

    fill_caseload(fixture);
    sign_visit(fixture, true, visit);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char sql[120];
        snprintf(sql, sizeof sql, "SELECT number FROM outbox WHERE %s", cases[i][0]);
        swept_number = number_of(fixture, sql);
        swept_typed = cases[i][1];
        assert_int_equal(record_refuse(fixture->store, swept_number, 422, "no", &fixture->error), STATUS_OK);
        sweep(fixture, correct_swept, 0);
        assert_int_equal(number_of(fixture, "SELECT count(*) FROM correction"), i + 1);
    }
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM reading WHERE text = '71'"), 1);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM consent WHERE by LIKE 'Kim Minsu%'"), 1);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM task WHERE status = 'failed'"), 1);
}

/* Reads everything once; what cannot be read whole is an error with nothing in it. */
static enum status read_all(struct fixture *fixture)
{
    struct chart chart;
    struct patient_rows rows;
    struct visit_rows visits;
    struct outbox_rows outbox;

    enum status status =
        query_chart(fixture->store, "p1", START - INSTANT_DAY, 10, START, &chart, &fixture->error);
    if (status == STATUS_OK) {
        assert_int_equal(chart.reading_count, 3);
        assert_int_equal(chart.note_count, 1);
    }
    chart_free(&chart);
    if (status == STATUS_OK) {
        status = query_today(fixture->store, START, &rows, &fixture->error);
        patient_rows_free(&rows);
    }
    if (status == STATUS_OK) {
        status = query_patients(fixture->store, "kim", START, &rows, &fixture->error);
        assert_int_equal(rows.count, status == STATUS_OK ? 1 : 0);
        patient_rows_free(&rows);
    }
    if (status == STATUS_OK) {
        status = query_visits(fixture->store, START - INSTANT_DAY, &visits, &fixture->error);
        visit_rows_free(&visits);
    }
    if (status == STATUS_OK) {
        status = query_outbox(fixture->store, &outbox, &fixture->error);
        outbox_rows_free(&outbox);
    }
    return status;
}

static void what_is_read_is_whole_or_an_error(void **state)
{
    struct fixture *fixture = *state;
    char visit[UUID_SIZE];
    long failures = 0;

    fill_caseload(fixture);
    sign_visit(fixture, true, visit);
    for (long nth = 1;; nth++) {
        assert_int_equal(reopen(fixture), STATUS_OK);
        memory_fail_at(nth, 0);
        enum status status = read_all(fixture);
        bool reached = memory_allocation_count() >= nth;
        memory_fail_at(0, 0);
        failures += status != STATUS_OK;
        if (!reached) {
            assert_int_equal(status, STATUS_OK);
            break;
        }
        /* No statement is left open: another writer gets through. */
        assert_int_equal(record_set_cursor(fixture->store, "x", "y", &fixture->error), STATUS_OK);
        assert_int_equal(sqlite3_get_autocommit(fixture->store->connection), 1);
    }
    assert_true(failures > 50);
}

/* Signs one visit after the other until it is killed; says so after each. */
static void sign_for_ever(struct fixture *fixture, int told)
{
    struct store *store = NULL;
    char visit[UUID_SIZE];
    size_t queued = 0;

    if (store_open(&fixture->paths, fixture->vault, &fixture->options, &store, NULL) != STATUS_OK) {
        _exit(1);
    }
    for (;;) {
        fixture->time.wall += INSTANT_MINUTE;
        struct signer signer = nurse(fixture);
        if ((draft_find(store, "p1", visit, NULL) != STATUS_OK && draft_start(store, "p1", "", visit, NULL) != STATUS_OK) ||
            draft_put(store, visit, "vitals.pulse", "91", NULL) != STATUS_OK ||
            draft_put(store, visit, "note.text", "Feels well.", NULL) != STATUS_OK ||
            record_sign_visit(store, visit, &signer, &queued, NULL) != STATUS_OK || write(told, "", 1) != 1) {
            _exit(2);
        }
    }
}

/* Kills the child some milliseconds after it told of the first visit; returns how many it told of. */
static int64_t kill_while_signing(struct fixture *fixture, const struct randomness *dice)
{
    int ends[2] = {-1, -1};
    int how = 0;
    int64_t told = 0;
    char byte = 0;

    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(ends[0]);
        sign_for_ever(fixture, ends[1]);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &byte, 1), 1);
    struct timespec moment = {.tv_nsec = (long)randomness_below(dice, 40000000)};
    nanosleep(&moment, NULL);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFSIGNALED(how));
    for (told = 1; read(ends[0], &byte, 1) == 1; told++) {
    }
    close(ends[0]);
    return told;
}

static void a_kill_leaves_whole_visits_only(void **state)
{
    struct fixture *fixture = *state;
    uint64_t seed = 42;
    struct randomness dice = randomness_seeded(&seed);
    int64_t told = 0;

    fill_caseload(fixture);
    for (int round = 0; round < 12; round++) {
        store_close(fixture->store);
        fixture->store = NULL;
        fixture->seed = 1000 + (uint64_t)round;
        fixture->time.wall += INSTANT_DAY;
        told += kill_while_signing(fixture, &dice);

        assert_int_equal(reopen(fixture), STATUS_OK);
        check_whole(fixture);
        int64_t is_signed = number_of(fixture, "SELECT count(*) FROM visit WHERE state = 'signed'");
        assert_true(is_signed >= told); /* what was acknowledged is there */
        assert_int_equal(number_of(fixture, "SELECT count(*) FROM resource WHERE type = 'Encounter'"), is_signed);
        assert_int_equal(number_of(fixture, "SELECT count(*) FROM audit WHERE action = 'sign'"), is_signed);
        /* Encounter, pulse, note and Provenance of each, all in the outbox. */
        assert_int_equal(number_of(fixture, "SELECT count(*) FROM outbox"), 4 * is_signed);
        assert_int_equal(number_of(fixture, "SELECT count(*) FROM reading WHERE vital = 2"), is_signed);
        assert_int_equal(number_of(fixture, "SELECT count(*) FROM note"), is_signed);
    }
}

int main(void)
{
    memory_install();
    /* Thousands of small records: none of them has to survive a power cut, so a folder in memory will do. */
    if (access("/dev/shm", W_OK) == 0) {
        setenv("TMPDIR", "/dev/shm", 0);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_page_is_stored_whole_or_not_at_all, open_record, remove_home),
        cmocka_unit_test_setup_teardown(a_page_is_stored_whole_or_not_at_all_when_memory_stays_short, open_record, remove_home),
        cmocka_unit_test_setup_teardown(a_visit_is_signed_wholly_or_not_at_all, open_record, remove_home),
        cmocka_unit_test_setup_teardown(answers_are_taken_wholly_or_not_at_all, open_record, remove_home),
        cmocka_unit_test_setup_teardown(a_correction_is_made_wholly_or_not_at_all, open_record, remove_home),
        cmocka_unit_test_setup_teardown(what_is_read_is_whole_or_an_error, open_record, remove_home),
        cmocka_unit_test_setup_teardown(a_kill_leaves_whole_visits_only, open_record, remove_home),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
