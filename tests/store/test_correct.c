/* Correcting what a server refused: the value, what hangs on it, what was signed before, and what cannot be corrected. */
#include "tests/store/correct_test.h"
#include "tests/store/disk_faults.h"

#include "store/audit.h"

#include <stdlib.h>
#include <sys/wait.h>

/* Everything that a correction may change. */
#define DIGEST \
    "SELECT group_concat(number || state || attempts || http_status || reason || body) || (SELECT group_concat(text) FROM " \
    "(SELECT text FROM reading ORDER BY resource, position)) || (SELECT group_concat(text) FROM note) || (SELECT count(*) FROM " \
    "correction) || ' ' || (SELECT count(*) FROM audit) || ' ' || (SELECT count(*) FROM resource) || ' ' || (SELECT count(*) FROM " \
    "sent) || ' ' || (SELECT count(*) FROM correcting) FROM outbox"

static char *digest(struct fixture *fixture)
{
    sqlite3_stmt *statement = NULL;

    assert_int_equal(sqlite3_prepare_v2(fixture->store->connection, DIGEST, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    char *text = column_copy(statement, 0);
    sqlite3_finalize(statement);
    assert_non_null(text);
    return text;
}

static void a_vital_is_corrected_with_what_hangs_on_it(void **state)
{
    struct fixture *fixture = *state;
    char visit[UUID_SIZE];
    struct correctable row;
    struct chart chart;
    struct audit_verdict verdict;

    int64_t number = refused_visit(fixture, PULSE, visit);
    char uuid[UUID_SIZE];
    text_copy(uuid, sizeof uuid, text_of(fixture, "SELECT uuid FROM resource WHERE " PULSE));
    assert_int_equal(number_of(fixture, "SELECT value FROM (SELECT units AS value FROM reading WHERE vital = 13)"), 1);

    assert_int_equal(correctable_load(fixture->store, number, &row, &fixture->error), STATUS_OK);
    assert_string_equal(row.label, "Pulse");
    assert_string_equal(row.before, "91");
    assert_string_equal(row.reason, WORDS);
    assert_string_equal(row.patient_name, "Hana Kim");
    assert_string_equal(row.visit, visit);
    assert_int_equal(row.http_status, 422);
    assert_int_equal(row.kind, CORRECTABLE_VITAL);
    assert_false(row.begun);
    assert_int_equal(correctable_judge(&row, "900").verdict, ENTRY_IMPOSSIBLE);
    correctable_free(&row);

    assert_corrected(fixture, number, "１35");
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM outbox WHERE state = 'refused'"), 0);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM outbox WHERE state = 'waiting' AND attempts = 0 AND http_status = 0 "
                                        "AND reason = '' AND " PULSE " AND body LIKE '%\"value\":135,%'"), 1);
    /* The same record; the look-ups follow, and the score that was computed from it. */
    assert_string_equal(text_of(fixture, "SELECT uuid FROM resource WHERE " PULSE), uuid);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM resource WHERE " PULSE), 1);
    assert_int_equal(query_chart(fixture->store, "p1", START - INSTANT_DAY, 10, fixture->time.wall, &chart, &fixture->error),
                     STATUS_OK);
    assert_string_equal(chart_latest(&chart, VITAL_PULSE)->text, "135");
    assert_int_equal(chart_latest(&chart, VITAL_PULSE)->at, START);
    assert_int_equal(chart_latest(&chart, VITAL_NEWS2)->value.units, 3);
    chart_free(&chart);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM outbox o JOIN resource r ON r.key = o.resource WHERE o.body <> r.body"), 0);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM outbox WHERE " SCORE " AND body LIKE '%\"valueInteger\":3%'"), 1);

    /* What was signed is kept, and what was sent stays known. */
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM correction WHERE " PULSE " AND body LIKE '%\"value\":91,%' AND "
                                        "http_status = 422 AND reason = '" WORDS "' AND practitioner = 'n1'"), 1);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM correction WHERE " SCORE " AND http_status = 0"), 1);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM sent WHERE " PULSE " AND body LIKE '%\"value\":91,%'"), 1);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM audit WHERE action = 'correct' AND type = 'Observation' AND "
                                        "patient = 'p1' AND detail = 'HTTP 422'"), 1);
    assert_string_equal(text_of(fixture, "SELECT resource FROM audit WHERE action = 'correct'"), uuid);
    assert_int_equal(audit_verify(fixture->store, &verdict, &fixture->error), STATUS_OK);
    assert_true(verdict.intact);

    /* Signed again: the first signature stands, and a second one is over what was corrected. */
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM outbox WHERE body LIKE '%Provenance%' AND visit <> ''"), 2);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM outbox WHERE body LIKE '%1.2.840.10065.1.12.1.16%' AND body LIKE "
                                        "'%2026-11-22T10:00:00+09:00%'"), 1);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM outbox WHERE body LIKE '%1.2.840.10065.1.12.1.1\"%' AND body LIKE "
                                        "'%2026-11-22T09:00:00+09:00%'"), 1);
    assert_int_equal(correct(fixture, number, "90", false), STATUS_NOT_FOUND); /* it waits */
    accept_all(fixture);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM visit WHERE accepted IS NOT NULL"), 1);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM sent"), 0);
    assert_int_equal(record_release_patient(fixture->store, "p1", &fixture->error), STATUS_OK);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM correction"), 2); /* no server has what was signed before */
}

static void a_note_is_corrected(void **state)
{
    struct fixture *fixture = *state;
    char visit[UUID_SIZE];
    struct correctable row;
    struct correction_rows kept;

    int64_t number = refused_visit(fixture, "body LIKE '%DocumentReference%' AND body LIKE '%attachment%'", visit);
    assert_int_equal(correctable_load(fixture->store, number, &row, &fixture->error), STATUS_OK);
    assert_int_equal(row.kind, CORRECTABLE_NOTE);
    assert_string_equal(row.label, "Note");
    assert_string_equal(row.before, "S: Feels well.\n\nP: Weigh daily.");
    correctable_free(&row);
    assert_int_equal(correct(fixture, number, " \n", false), STATUS_INVALID);
    assert_int_equal(correct(fixture, number, "S: Feels well.\n\nP: Weigh daily.", false), STATUS_INVALID);
    assert_non_null(strstr(fixture->error.sentence, "what it said before"));
    assert_int_equal(correct(fixture, number, "S: \xff", false), STATUS_INVALID);
    assert_corrected(fixture, number, "S: 잘 지냄.\n\nP: Weigh daily.");
    assert_string_equal(text_of(fixture, "SELECT text FROM note"), "S: 잘 지냄.\n\nP: Weigh daily.");
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM outbox WHERE state = 'refused'"), 0);
    assert_int_equal(query_corrections(fixture->store, &kept, &fixture->error), STATUS_OK);
    assert_int_equal(kept.count, 1); /* no score hangs on a note */
    assert_string_equal(kept.items[0].type, "DocumentReference");
    assert_string_equal(kept.items[0].reason, WORDS);
    assert_non_null(strstr(kept.items[0].body, "UzogRmVlbHMgd2VsbC4")); /* S: Feels well. */
    correction_rows_free(&kept);
    /* Refused once more: corrected once more, and both are kept. */
    assert_int_equal(outbox_mark_sending(fixture->store, &number, 1, &fixture->error), STATUS_OK);
    assert_int_equal(record_refuse(fixture->store, number, 400, "too long", &fixture->error), STATUS_OK);
    assert_corrected(fixture, number, "ok");
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM correction"), 2);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM sent"), 2);
    accept_all(fixture);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM outbox"), 0);
}

/* What was said of a medicine, in the same record; the chart has it at once. */
static void what_was_said_of_a_medicine_is_corrected(void **state)
{
    struct fixture *fixture = *state;
    char visit[UUID_SIZE];
    struct correctable row;
    struct chart chart;

    int64_t number = refused_visit(fixture, TAKEN, visit);
    char uuid[UUID_SIZE];
    text_copy(uuid, sizeof uuid, text_of(fixture, "SELECT uuid FROM resource WHERE " TAKEN));
    assert_int_equal(correctable_load(fixture->store, number, &row, &fixture->error), STATUS_OK);
    assert_int_equal(row.kind, CORRECTABLE_SAID);
    assert_string_equal(row.label, "Medicine taken Furosemide 40 mg");
    assert_string_equal(row.before, "taking: not\nreason: nausea");
    correctable_free(&row);
    static const struct { const char *typed, *says; } cases[] = {
        {"", "taking, reason"}, {"nausea", "taking, reason"}, {"dose: 20", "taking, reason"}, {"taking: never", "as-ordered"},
        {"taking:", "as-ordered"}, {"taking: not\nreason: nausea", "what it said before"}, {"reason:  nausea ", "what it said before"},
        {"reason: dizzy\nreason: half of it", "one thing a line"}, /* neither is the one that is meant */
    };
    char *before = digest(fixture);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(correct(fixture, number, cases[i].typed, false), STATUS_INVALID);
        assert_non_null(strstr(fixture->error.sentence, cases[i].says));
        char *after = digest(fixture);
        assert_string_equal(after, before);
        memory_free(after);
    }
    memory_free(before);
    assert_corrected(fixture, number, "\ntaking: differently\r\n"); /* the reason stays */
    assert_string_equal(text_of(fixture, "SELECT uuid FROM resource WHERE " TAKEN), uuid);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM outbox WHERE state = 'waiting' AND attempts = 0 AND http_status = 0 "
                                        "AND " TAKEN " AND body LIKE '%\"status\":\"active\"%' AND body LIKE '%nausea%' AND "
                                        "body NOT LIKE '%not-taken%'"), 1);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM correction WHERE body LIKE '%not-taken%'"), 1);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM sent WHERE body LIKE '%not-taken%'"), 1);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM audit WHERE action = 'correct' AND type = 'MedicationStatement' "
                                        "AND detail = 'HTTP 422'"), 1);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM outbox WHERE body LIKE '%1.2.840.10065.1.12.1.16%'"), 1);
    assert_int_equal(query_chart(fixture->store, "p1", START - INSTANT_DAY, 10, fixture->time.wall, &chart, &fixture->error),
                     STATUS_OK);
    size_t taken = 0;
    for (size_t i = 0; i < chart.medicine_count; i++) {
        if (chart.medicines[i].kind == MEDICINE_STATEMENT) {
            assert_string_equal(chart.medicines[i].status, "active");
            taken++;
        }
    }
    assert_int_equal(taken, 1);
    chart_free(&chart);
    accept_all(fixture);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM outbox"), 0);
}

static void what_was_given_is_corrected(void **state)
{
    struct fixture *fixture = *state;
    char visit[UUID_SIZE];
    struct correctable row;

    int64_t number = refused_visit(fixture, GIVEN, visit);
    assert_int_equal(correctable_load(fixture->store, number, &row, &fixture->error), STATUS_OK);
    assert_string_equal(row.label, "Medicine given Furosemide 40 mg");
    assert_string_equal(row.before, "dose: 20\nunit: mg\nroute: oral\nreason: ");
    correctable_free(&row);
    assert_int_equal(correct(fixture, number, "dose: two", false), STATUS_INVALID);
    assert_non_null(strstr(fixture->error.sentence, "as a number"));
    assert_int_equal(correct(fixture, number, "dose:\nunit:\nroute:", false), STATUS_INVALID); /* given it was */
    assert_non_null(strstr(fixture->error.sentence, "as a number"));
    assert_corrected(fixture, number, "dose: 40.0\nreason: both ankles");
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM outbox WHERE " GIVEN " AND body LIKE '%\"value\":40.0,%' AND body "
                                        "LIKE '%both ankles%' AND body LIKE '%oral%'"), 1);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM correction WHERE body LIKE '%\"value\":20,%'"), 1);
}

#define TASK_ROW "body LIKE '%\"Task\"%' AND body LIKE '%\"description\"%'"
#define OTHERWISE "{\"resourceType\":\"Task\",\"id\":\"t1\"," META("2", "2026-11-22T00:30:00Z") ",\"status\":\"requested\"," \
                  "\"intent\":\"plan\",\"description\":\"Weigh twice\",\"for\":{\"reference\":\"Patient/p1\"}}"

/* A change of what is somebody else's: it stays a change of the version that she read. */
static void what_became_of_a_task_is_corrected(void **state)
{
    struct fixture *fixture = *state;
    char visit[UUID_SIZE];
    struct correctable row;

    int64_t number = refused_visit(fixture, TASK_ROW, visit);
    assert_int_equal(correctable_load(fixture->store, number, &row, &fixture->error), STATUS_OK);
    assert_string_equal(row.label, "Task Weigh");
    assert_string_equal(row.before, "status: completed\nreason: ");
    correctable_free(&row);
    static const struct { const char *typed, *says; } cases[] = {
        {"status: failed", "needs a reason"}, {"status:", "what became of the task"}, {"id: t2", "status, reason"},
        {"status: completed", "what it said before"},
    };
    char *before = digest(fixture);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(correct(fixture, number, cases[i].typed, false), STATUS_INVALID);
        assert_non_null(strstr(fixture->error.sentence, cases[i].says));
        char *after = digest(fixture);
        assert_string_equal(after, before);
        memory_free(after);
    }
    memory_free(before);
    assert_corrected(fixture, number, "status: failed\nreason: asleep");
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM outbox WHERE state = 'waiting' AND " TASK_ROW " AND body LIKE "
                                        "'%\"status\":\"failed\"%' AND body LIKE '%asleep%' AND base_version = '1' AND "
                                        "base_body LIKE '%\"requested\"%'"), 1);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM task WHERE id = 't1' AND status = 'failed' AND reason = 'asleep'"), 1);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM correction WHERE type = 'Task' AND name = 't1' AND body LIKE "
                                        "'%completed%'"), 1);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM sent WHERE body LIKE '%\"completed\"%' AND body LIKE '%Weigh%'"), 1);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM outbox WHERE body LIKE '%\"Task/t1\"%' AND body LIKE '%Provenance%'"), 1);
    accept_all(fixture);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM outbox"), 0);
}

static void who_gave_a_consent_is_corrected_and_not_what(void **state)
{
    struct fixture *fixture = *state;
    char visit[UUID_SIZE];
    struct correctable row;

    int64_t number = refused_visit(fixture, "body LIKE '%\"Consent\"%'", visit);
    assert_int_equal(correctable_load(fixture->store, number, &row, &fixture->error), STATUS_OK);
    assert_string_equal(row.label, "Consent Nursing care at home");
    assert_string_equal(row.before, "by: patient\nmethod: verbal\nname: ");
    correctable_free(&row);
    static const struct { const char *typed, *says; } cases[] = {
        {"decision: deny", "by, method, name"}, {"method: refused", "cannot be a permit"}, {"method: unable", "cannot permit"},
        {"by:", "who decided"}, {"name:", "what it said before"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(correct(fixture, number, cases[i].typed, false), STATUS_INVALID);
        assert_non_null(strstr(fixture->error.sentence, cases[i].says));
    }
    assert_corrected(fixture, number, "by: child\nmethod: verbal-witnessed\nname: Kim Minsu");
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM outbox WHERE state = 'waiting' AND body LIKE '%\"Consent\"%' AND body "
                                        "LIKE '%Kim Minsu (son or daughter)%' AND body LIKE '%OPTIN%'"), 1);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM consent WHERE by = 'Kim Minsu (son or daughter)'"), 1);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM correction WHERE type = 'Consent'"), 1);
    accept_all(fixture);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM outbox"), 0);
}

/* The office asks something else meanwhile: no answer goes onto another question, corrected or not. */
static void a_task_that_asks_otherwise_by_now_is_asked_about(void **state)
{
    for (int early = 0; early < 2; early++) {
        struct fixture *fixture = *state;
        char visit[UUID_SIZE];

        int64_t number = refused_visit(fixture, TASK_ROW, visit);
        if (early == 1) {
            assert_int_equal(pull(fixture, OTHERWISE), APPLY_STORED);
            assert_int_equal(correct(fixture, number, "status: failed\nreason: asleep", false), STATUS_NOT_FOUND);
        } else {
            assert_corrected(fixture, number, "status: failed\nreason: asleep");
            assert_int_equal(pull(fixture, OTHERWISE), APPLY_STORED);
        }
        assert_int_equal(number_of(fixture, "SELECT count(*) FROM outbox WHERE state = 'conflict' AND " TASK_ROW), 1);
        assert_int_equal(number_of(fixture, "SELECT count(*) FROM conflict WHERE theirs LIKE '%Weigh twice%'"), 1);
        remove_home(state);
        open_record(state);
    }
}

static void what_is_doubtful_or_impossible_changes_nothing(void **state)
{
    struct fixture *fixture = *state;
    char visit[UUID_SIZE];

    int64_t number = refused_visit(fixture, PULSE, visit);
    char *before = digest(fixture);
    static const struct { const char *typed, *says; } cases[] = {
        {"", "Nothing is typed"}, {"900", "Pulse"}, {"abc", "Pulse"}, {"150", "Pulse"}, {"91", "what it said before"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(correct(fixture, number, cases[i].typed, false), STATUS_INVALID);
        assert_non_null(strstr(fixture->error.sentence, cases[i].says));
        char *after = digest(fixture);
        assert_string_equal(after, before);
        memory_free(after);
    }
    memory_free(before);
    assert_int_equal(correct(fixture, number, "150", true), STATUS_OK); /* asked about, and right */
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM outbox WHERE " PULSE " AND body LIKE '%\"value\":150,%'"), 1);
}

static void a_vital_may_turn_out_not_to_have_been_measured(void **state)
{
    struct fixture *fixture = *state;
    char visit[UUID_SIZE];

    int64_t number = refused_visit(fixture, PULSE, visit);
    assert_corrected(fixture, number, "- pacemaker check");
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM outbox WHERE " PULSE " AND body LIKE '%dataAbsentReason%' AND body "
                                        "LIKE '%pacemaker check%' AND body NOT LIKE '%valueQuantity%'"), 1);
    /* No score is kept up whose part is missing. */
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM outbox WHERE " SCORE " AND body NOT LIKE '%valueInteger%' AND body "
                                        "LIKE '%dataAbsentReason%'"), 1);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM reading WHERE vital = 13 AND absent = 'unknown'"), 1);
}

/* What it is compared with is not what was refused. */
static void a_weight_is_compared_with_the_one_before(void **state)
{
    struct fixture *fixture = *state;
    char visit[UUID_SIZE];

    int64_t number = refused_visit(fixture, "body LIKE '%29463-7%'", visit);
    assert_int_equal(correct(fixture, number, "68.9", false), STATUS_INVALID);
    assert_non_null(strstr(fixture->error.sentence, "61.2"));
    assert_corrected(fixture, number, "61,9");
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM correction"), 1); /* the score does not count it */
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM reading WHERE text = '61.9'"), 1);
}

static void assert_says(struct fixture *fixture, int64_t number, enum status wanted, const char *says)
{
    struct correctable row;
    char words[LABEL_SIZE];
    bool correctable = true;
    char *before = digest(fixture);

    assert_int_equal(correct(fixture, number, "70", false), wanted);
    assert_non_null(strstr(fixture->error.sentence, says));
    assert_int_equal(correctable_load(fixture->store, number, &row, &fixture->error), wanted);
    char *after = digest(fixture);
    assert_string_equal(after, before);
    memory_free(before);
    memory_free(after);
    if (outbox_words(fixture->store, number, words, sizeof words, &correctable, NULL) == STATUS_OK) {
        assert_false(correctable);
    }
}

static void what_cannot_be_corrected_says_what_can_be_done(void **state)
{
    static const char *const other[] = {"Encounter", "Provenance"};
    struct fixture *fixture = *state;
    char visit[UUID_SIZE];

    int64_t number = refused_visit(fixture, PULSE, visit);
    assert_says(fixture, 4711, STATUS_NOT_FOUND, "Nothing of this was refused");
    int64_t note = row_of_type(fixture, "DocumentReference").number;
    assert_says(fixture, note, STATUS_NOT_FOUND, "Nothing of this was refused");
    assert_int_equal(outbox_mark_sending(fixture->store, &note, 1, &fixture->error), STATUS_OK);
    assert_says(fixture, note, STATUS_NOT_FOUND, "Nothing of this was refused");
    assert_int_equal(outbox_mark_unknown(fixture->store, &note, 1, "", &fixture->error), STATUS_OK);
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++) {
        int64_t row = row_of_type(fixture, other[i]).number;
        assert_int_equal(record_refuse(fixture->store, row, 422, "no", &fixture->error), STATUS_OK);
        assert_says(fixture, row, STATUS_INVALID, "Nothing in this");
    }
    int64_t score = number_of(fixture, "SELECT number FROM outbox WHERE " SCORE);
    assert_int_equal(record_refuse(fixture->store, score, 422, "no", &fixture->error), STATUS_OK);
    assert_says(fixture, score, STATUS_INVALID, "score is computed");
    /* What this device keeps back was not refused for what it says; what belongs to another server is not this one's. */
    assert_int_equal(record_refuse(fixture->store, note, 0, "The server has somebody else", &fixture->error), STATUS_OK);
    assert_says(fixture, note, STATUS_INVALID, "keeps it back");
    assert_int_equal(record_leave_server(fixture->store, "https://old.example/fhir", "old", &fixture->error), STATUS_OK);
    assert_says(fixture, number, STATUS_INVALID, "keeps it back");
}

static void rows_are_named_in_words(void **state)
{
    static const struct { const char *which, *words; } cases[] = {
        {PULSE, "Pulse 91"}, {SCORE, "NEWS2 1"}, {"body LIKE '%85354-9%'", "Blood pressure 142/88"},
        {"body LIKE '%\"Encounter\",%'", "Visit"}, {TASK_ROW, "Task Weigh"}, {"body LIKE '%Provenance%'", "Signature"},
        {"body LIKE '%\"Consent\"%'", "Consent home-care"}, {"body LIKE '%attachment\"%' AND body LIKE '%DocumentReference%'", "Note"},
    };
    struct fixture *fixture = *state;
    char visit[UUID_SIZE];
    char words[LABEL_SIZE];
    bool correctable = false;

    int64_t number = refused_visit(fixture, PULSE, visit);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char sql[200];
        snprintf(sql, sizeof sql, "SELECT number FROM outbox WHERE %s", cases[i].which);
        int64_t row = number_of(fixture, sql);
        assert_int_equal(outbox_words(fixture->store, row, words, sizeof words, &correctable, &fixture->error), STATUS_OK);
        if (strcmp(words, cases[i].words) != 0 && strncmp(words, "Consent ", 8) != 0) {
            fail_msg("'%s' is not '%s'", words, cases[i].words);
        }
        assert_int_equal(correctable, row == number);
    }
    assert_int_equal(outbox_words(fixture->store, 4711, words, sizeof words, &correctable, &fixture->error), STATUS_NOT_FOUND);
}

static void what_is_typed_for_it_is_kept(void **state)
{
    struct fixture *fixture = *state;
    char visit[UUID_SIZE];
    struct correctable row;

    int64_t number = refused_visit(fixture, PULSE, visit);
    assert_int_equal(correctable_load(fixture->store, number, &row, &fixture->error), STATUS_OK);
    assert_int_equal(correctable_keep(fixture->store, &row, "7", &fixture->error), STATUS_OK);
    assert_int_equal(correctable_keep(fixture->store, &row, "71", &fixture->error), STATUS_OK);
    correctable_free(&row);
    assert_int_equal(reopen(fixture), STATUS_OK);
    assert_int_equal(correctable_load(fixture->store, number, &row, &fixture->error), STATUS_OK);
    assert_true(row.begun);
    assert_string_equal(row.typed, "71");
    assert_string_equal(row.before, "91");
    correctable_free(&row);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM correcting"), 1);
    assert_corrected(fixture, number, "71");
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM correcting"), 0);
}

/* It is sent again as it is, it turns out to be there, the patient leaves: the first two take nothing from her. */
static void what_is_typed_outlives_the_refusal(void **state)
{
    struct fixture *fixture = *state;
    char visit[UUID_SIZE];
    struct correctable row;

    int64_t number = refused_visit(fixture, PULSE, visit);
    assert_int_equal(correctable_load(fixture->store, number, &row, &fixture->error), STATUS_OK);
    assert_int_equal(outbox_retry(fixture->store, number, &fixture->error), STATUS_OK);
    assert_int_equal(correctable_keep(fixture->store, &row, "7", &fixture->error), STATUS_OK);
    assert_int_equal(record_accept(fixture->store, number, "o9", "1", &fixture->error), STATUS_OK);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM outbox WHERE " PULSE), 0);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM correcting WHERE patient = 'p1' AND typed = '7'"), 1);
    assert_int_equal(correctable_keep(fixture->store, &row, "71", &fixture->error), STATUS_OK);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM correcting WHERE typed = '71'"), 1);
    correctable_free(&row);
    assert_int_equal(record_release_patient(fixture->store, "p1", &fixture->error), STATUS_OK);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM correcting"), 0);
}

/* --- steps -------------------------------------------------------------------------------------------- */

static int64_t swept;

static void correct_or_exit(struct fixture *fixture)
{
    if (reopen(fixture) != STATUS_OK || correct(fixture, swept, "135", false) != STATUS_OK) {
        _exit(1);
    }
    store_close(fixture->store);
}

/* Before, or after. */
static void check_either(struct fixture *fixture, bool done)
{
    struct audit_verdict verdict;

    assert_int_equal(reopen(fixture), STATUS_OK);
    assert_int_equal(store_verify(fixture->store, NULL), STATUS_OK);
    assert_int_equal(audit_verify(fixture->store, &verdict, NULL), STATUS_OK);
    assert_true(verdict.intact);
    int64_t after = number_of(fixture, "SELECT count(*) FROM audit WHERE action = 'correct'");
    assert_true(!done || after == 1);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM correction"), 2 * after);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM outbox WHERE state = 'refused'"), 1 - after);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM reading WHERE text = '135'"), after);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM outbox WHERE body LIKE '%1.2.840.10065.1.12.1.16%'"), after);
    assert_int_equal(number_of(fixture, "SELECT units FROM reading WHERE vital = 13"), after == 1 ? 3 : 1);
}

static void save_record(struct fixture *fixture, char saved[PATH_SIZE])
{
    char visit[UUID_SIZE];

    swept = refused_visit(fixture, PULSE, visit);
    store_close(fixture->store);
    fixture->store = NULL;
    text_copy(saved, PATH_SIZE, beside(fixture, "saved.db"));
    copy_file(fixture->paths.record, saved);
}

static void put_back(struct fixture *fixture, const char *saved)
{
    store_close(fixture->store);
    fixture->store = NULL;
    unlink(beside(fixture, "mark"));
    unlink(beside(fixture, "record.db-wal"));
    copy_file(saved, fixture->paths.record);
}

static void a_crash_at_any_step_leaves_before_or_after(void **state)
{
    struct fixture *fixture = *state;
    char saved[PATH_SIZE];
    bool done = false;

    save_record(fixture, saved);
    for (long n = 1; !done; n++) {
        int result = 0;
        assert_true(n < 2000);
        pid_t child = fork();
        if (child == 0) {
            memset(&disk_fault, 0, sizeof disk_fault);
            disk_fault.at = n;
            disk_fault.half = n % 2 == 0;
            correct_or_exit(fixture);
            _exit(0);
        }
        assert_int_equal(waitpid(child, &result, 0), child);
        assert_true(WIFEXITED(result) && (WEXITSTATUS(result) == 0 || WEXITSTATUS(result) == CRASHED));
        done = WEXITSTATUS(result) == 0;
        check_either(fixture, done);
        put_back(fixture, saved);
    }
}

static void a_failing_disk_leaves_before_or_after_and_says_which(void **state)
{
    static const int errors[] = {ENOSPC, EIO};
    struct fixture *fixture = *state;
    char saved[PATH_SIZE];
    int failures = 0;

    save_record(fixture, saved);
    for (size_t kind = 0; kind < sizeof errors / sizeof errors[0]; kind++) {
        bool hit = true;
        for (long n = 1; hit; n++) {
            assert_true(n < 2000);
            assert_int_equal(reopen(fixture), STATUS_OK);
            disk_fault.calls = 0;
            disk_fault.error = errors[kind];
            disk_fault.sticky = true;
            disk_fault.at = n;
            enum status status = correct(fixture, swept, "135", false);
            hit = disk_fault.calls >= n;
            disk_fault.at = 0;
            failures += status != STATUS_OK;
            assert_true(status == STATUS_OK || status == STATUS_FULL || status == STATUS_FAILED);
            if (status == STATUS_FULL) {
                assert_int_equal(number_of(fixture, "SELECT count(*) FROM correction"), 0);
            }
            check_either(fixture, status == STATUS_OK);
            put_back(fixture, saved);
        }
    }
    assert_true(failures > 2);
}

int main(void)
{
    memory_install();
    if (access("/dev/shm", W_OK) == 0) {
        setenv("TMPDIR", "/dev/shm", 0);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_vital_is_corrected_with_what_hangs_on_it, open_record, remove_home),
        cmocka_unit_test_setup_teardown(a_note_is_corrected, open_record, remove_home),
        cmocka_unit_test_setup_teardown(what_was_said_of_a_medicine_is_corrected, open_record, remove_home),
        cmocka_unit_test_setup_teardown(what_was_given_is_corrected, open_record, remove_home),
        cmocka_unit_test_setup_teardown(what_became_of_a_task_is_corrected, open_record, remove_home),
        cmocka_unit_test_setup_teardown(who_gave_a_consent_is_corrected_and_not_what, open_record, remove_home),
        cmocka_unit_test_setup_teardown(a_task_that_asks_otherwise_by_now_is_asked_about, open_record, remove_home),
        cmocka_unit_test_setup_teardown(what_is_doubtful_or_impossible_changes_nothing, open_record, remove_home),
        cmocka_unit_test_setup_teardown(a_vital_may_turn_out_not_to_have_been_measured, open_record, remove_home),
        cmocka_unit_test_setup_teardown(a_weight_is_compared_with_the_one_before, open_record, remove_home),
        cmocka_unit_test_setup_teardown(what_cannot_be_corrected_says_what_can_be_done, open_record, remove_home),
        cmocka_unit_test_setup_teardown(rows_are_named_in_words, open_record, remove_home),
        cmocka_unit_test_setup_teardown(what_is_typed_for_it_is_kept, open_record, remove_home),
        cmocka_unit_test_setup_teardown(what_is_typed_outlives_the_refusal, open_record, remove_home),
        cmocka_unit_test_setup_teardown(a_crash_at_any_step_leaves_before_or_after, open_record, remove_home),
        cmocka_unit_test_setup_teardown(a_failing_disk_leaves_before_or_after_and_says_which, open_record, remove_home),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
