/* For the tests of corrections: a visit of which the server refuses something. */
#ifndef DOORSTEP_TESTS_CORRECT_TEST_H
#define DOORSTEP_TESTS_CORRECT_TEST_H

#include "tests/store/visit_test.h"

#include "store/correct.h"

#define WORDS "Observation.value: not allowed here"
#define PULSE "body LIKE '%8867-4%'"
#define SCORE "body LIKE '%news2-total%'"
#define TAKEN "body LIKE '%\"MedicationStatement\"%'"
#define GIVEN "body LIKE '%\"MedicationAdministration\"%'"

#define ORDER "{\"resourceType\":\"MedicationRequest\",\"id\":\"m1\",\"status\":\"active\",\"intent\":\"order\",\"subject\":" \
              "{\"reference\":\"Patient/p1\"},\"medicationCodeableConcept\":{\"text\":\"Furosemide 40 mg\"}}"

/* A visit with a whole NEWS2, signed and sent once; the server refuses what `which` selects. */
static inline int64_t refused_visit(struct fixture *fixture, const char *which, char visit[UUID_SIZE])
{
    static const char *const fields[][2] = {
        {"identity", "name, birth date"}, {"vitals.bp", "142/88"}, {"vitals.pulse", "91"}, {"vitals.rr", "18"},
        {"vitals.spo2", "96"}, {"vitals.oxygen", "air"}, {"vitals.consciousness", "A"}, {"vitals.temp", "36.9"},
        {"vitals.weight", "71"}, {"confirmed.weight", "71"}, {"note.s", "Feels well."}, {"note.p", "Weigh daily."},
        {"consent.0.purpose", "home-care"}, {"consent.0.decision", "permit"}, {"consent.0.by", "patient"},
        {"consent.0.method", "verbal"}, {"task.0.id", "t1"}, {"task.0.status", "completed"},
        {"medicine.0.request", "m1"}, {"medicine.0.taking", "not"}, {"medicine.0.reason", "nausea"},
        {"medicine.1.request", "m1"}, {"medicine.1.dose", "20"}, {"medicine.1.unit", "mg"}, {"medicine.1.route", "oral"},
    };
    struct signer signer = nurse(fixture);
    struct outbox_rows rows;
    size_t queued = 0;
    char sql[200];

    fill_caseload(fixture);
    assert_int_equal(pull(fixture, ORDER), APPLY_STORED);
    assert_int_equal(pull(fixture, WEIGHT("w0", "1", "2026-11-20T00:00:00Z", "p1", "2026-11-19T09:00:00+09:00", "61.2")),
                     APPLY_STORED);
    assert_int_equal(draft_start(fixture->store, "p1", "", visit, &fixture->error), STATUS_OK);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        put_field(fixture, visit, fields[i][0], fields[i][1]);
    }
    assert_int_equal(record_sign_visit(fixture->store, visit, &signer, &queued, &fixture->error), STATUS_OK);
    assert_int_equal(query_outbox(fixture->store, &rows, &fixture->error), STATUS_OK);
    for (size_t i = 0; i < rows.count; i++) {
        assert_int_equal(outbox_mark_sending(fixture->store, &rows.items[i].number, 1, &fixture->error), STATUS_OK);
        assert_int_equal(outbox_mark_unknown(fixture->store, &rows.items[i].number, 1, "", &fixture->error), STATUS_OK);
    }
    outbox_rows_free(&rows);
    snprintf(sql, sizeof sql, "SELECT number FROM outbox WHERE %s", which);
    int64_t number = number_of(fixture, sql);
    assert_true(number > 0);
    assert_int_equal(record_refuse(fixture->store, number, 422, WORDS, &fixture->error), STATUS_OK);
    fixture->time.wall += INSTANT_HOUR;
    return number;
}

static inline enum status correct(struct fixture *fixture, int64_t number, const char *typed, bool confirmed)
{
    struct signer signer = nurse(fixture);

    error_clear(&fixture->error);
    return record_correct(fixture->store, number, typed, confirmed, &signer, &fixture->error);
}

#define assert_corrected(fixture, number, typed) \
    do { \
        if (correct(fixture, number, typed, false) != STATUS_OK) { \
            fail_msg("%s: %s", typed, (fixture)->error.sentence); \
        } \
    } while (0)

#endif
