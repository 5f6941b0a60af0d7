/* What the tests around signing share: a patient with an order and a task, and a visit to sign. */
#ifndef DOORSTEP_TESTS_VISIT_TEST_H
#define DOORSTEP_TESTS_VISIT_TEST_H

#include "store/draft.h"
#include "store/sign.h"
#include "tests/store/record_test.h"

#define TASK(version, updated, status) \
    "{\"resourceType\":\"Task\",\"id\":\"t1\"," META(version, updated) ",\"status\":\"" status "\",\"intent\":\"plan\"," \
    "\"description\":\"Weigh\",\"for\":{\"reference\":\"Patient/p1\"}}"
#define TASK_1 TASK("1", "2026-11-20T00:00:00Z", "requested")

static inline void fill_caseload(struct fixture *fixture)
{
    assert_int_equal(pull(fixture, HANA_1), APPLY_STORED);
    assert_int_equal(pull(fixture, TASK_1), APPLY_STORED);
    assert_int_equal(record_set_complete(fixture->store, "p1", true, &fixture->error), STATUS_OK);
}

static inline struct signer nurse(struct fixture *fixture)
{
    return (struct signer){
        .practitioner = "n1",
        .practitioner_name = "Nurse Lee",
        .organization = "Home Care",
        .consent_policy = "",
        .language = "en",
        .randomness = &fixture->options.randomness,
        .now = fixture->time.wall,
    };
}

static inline void put_field(struct fixture *fixture, const char *visit, const char *field, const char *value)
{
    assert_int_equal(draft_put(fixture->store, visit, field, value, &fixture->error), STATUS_OK);
}

/* A visit with pulse and weight, a note, a consent; with the task done when `task` says so. */
static inline void start_visit(struct fixture *fixture, bool task, char visit[UUID_SIZE])
{
    assert_int_equal(draft_start(fixture->store, "p1", "", visit, &fixture->error), STATUS_OK);
    put_field(fixture, visit, "identity", "name, birth date");
    put_field(fixture, visit, "vitals.pulse", "91");
    put_field(fixture, visit, "vitals.bp", "142/88");
    put_field(fixture, visit, "note.s", "Feels well.");
    put_field(fixture, visit, "consent.0.purpose", "home-care");
    put_field(fixture, visit, "consent.0.decision", "permit");
    put_field(fixture, visit, "consent.0.by", "patient");
    put_field(fixture, visit, "consent.0.method", "verbal");
    if (task) {
        put_field(fixture, visit, "task.0.id", "t1");
        put_field(fixture, visit, "task.0.status", "completed");
    }
}

static inline size_t sign_visit(struct fixture *fixture, bool task, char visit[UUID_SIZE])
{
    size_t queued = 0;
    struct signer signer = nurse(fixture);

    start_visit(fixture, task, visit);
    enum status status = record_sign_visit(fixture->store, visit, &signer, &queued, &fixture->error);
    if (status != STATUS_OK) {
        fail_msg("signing: %s", fixture->error.sentence);
    }
    return queued;
}

/* The outbox row of one type; fails the test when there is none. */
static inline struct outbox_row row_of_type(struct fixture *fixture, const char *type)
{
    struct outbox_rows rows;
    struct outbox_row found = {.number = 0};

    assert_int_equal(query_outbox(fixture->store, &rows, &fixture->error), STATUS_OK);
    for (size_t i = 0; i < rows.count && found.number == 0; i++) {
        if (strcmp(rows.items[i].type, type) == 0) {
            found = rows.items[i];
        }
    }
    outbox_rows_free(&rows);
    assert_true(found.number != 0);
    return found;
}

/* The server accepts all that waits, under ids of its own for what is new. */
static inline void accept_all(struct fixture *fixture)
{
    struct outbox_rows rows;
    char id[ID_SIZE];

    assert_int_equal(query_outbox(fixture->store, &rows, &fixture->error), STATUS_OK);
    for (size_t i = 0; i < rows.count; i++) {
        snprintf(id, sizeof id, "%s", rows.items[i].id);
        if (!rows.items[i].is_update) {
            snprintf(id, sizeof id, "s%lld", (long long)rows.items[i].number);
        }
        assert_int_equal(record_accept(fixture->store, rows.items[i].number, id, rows.items[i].is_update ? "2" : "1",
                                       &fixture->error),
                         STATUS_OK);
    }
    outbox_rows_free(&rows);
}

#endif
