/* Conflicts, from the Outbox to the decision: what is shown, and that no single key decides. */
#include "tests/views/keys.h"
#include "tests/views/walk.h"

#include "store/conflict.h"
#include "store/draft.h"
#include "store/sign.h"

#define OFFICE(id, version, rest) \
    "{\"resourceType\":\"Task\",\"id\":\"" id "\"," META(version, "2026-11-22T00:0" version ":00Z") \
    ",\"intent\":\"order\",\"for\":{\"reference\":\"Patient/kim\"}," rest "}"

static struct application *application_of(struct stage *stage)
{
    return &stage->console.application;
}

/* What applies and signs in these tests takes the store from the fixture. */
static struct fixture *borrow(struct stage *stage)
{
    stage->fixture->store = application_of(stage)->store;
    return stage->fixture;
}

static void give_back(struct stage *stage)
{
    stage->fixture->store = NULL;
    application_refresh(application_of(stage));
}

static void answer_tasks(struct fixture *fixture)
{
    struct signer signer = {.practitioner = "nurse1", .practitioner_name = "Lee Jiwon", .organization = "", .consent_policy = "",
                            .language = "en", .randomness = &fixture->options.randomness, .now = fixture->time.wall};
    char visit[UUID_SIZE];
    size_t queued = 0;

    assert_int_equal(draft_start(fixture->store, "kim", "", visit, NULL), STATUS_OK);
    assert_int_equal(draft_put(fixture->store, visit, "identity", "name, birth date", NULL), STATUS_OK);
    assert_int_equal(draft_put(fixture->store, visit, "note.text", "ok", NULL), STATUS_OK);
    assert_int_equal(draft_put(fixture->store, visit, "note.template", "free", NULL), STATUS_OK);
    assert_int_equal(draft_put(fixture->store, visit, "task.0.id", "t1", NULL), STATUS_OK);
    assert_int_equal(draft_put(fixture->store, visit, "task.0.status", "completed", NULL), STATUS_OK);
    assert_int_equal(draft_put(fixture->store, visit, "task.1.id", "t2", NULL), STATUS_OK);
    assert_int_equal(draft_put(fixture->store, visit, "task.1.status", "failed", NULL), STATUS_OK);
    assert_int_equal(draft_put(fixture->store, visit, "task.1.reason", "문이 잠겨 있었음", NULL), STATUS_OK);
    if (record_sign_visit(fixture->store, visit, &signer, &queued, &fixture->error) != STATUS_OK) {
        fail_msg("signing: %s", fixture->error.sentence);
    }
}

/* The nurse answered two tasks; the office cancelled one and rewrote it, and deleted the other. */
static void make_conflicts(struct stage *stage)
{
    struct fixture *fixture = borrow(stage);

    assert_int_equal(pull(fixture, OFFICE("t2", "1", "\"status\":\"requested\",\"description\":\"薬を受け取る\"")), APPLY_STORED);
    answer_tasks(fixture);
    /* No screen changes the words of a task yet: as if one had. */
    assert_int_equal(sqlite3_exec(fixture->store->connection,
                                  "UPDATE outbox SET body = replace(body, 'Blood sample before the next review', "
                                  "'Blood sample, fasting: 아침 식사 전에 채혈하고 결과를 가족에게 알림') WHERE base_body LIKE '%Blood%'",
                                  NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(pull(fixture, OFFICE("t1", "2", "\"status\":\"cancelled\",\"statusReason\":{\"text\":\"Done in the clinic\"},"
                                                     "\"description\":\"Blood sample and weight before the next review of the heart "
                                                     "failure team\",\"priority\":\"asap\"")), APPLY_STORED);
    assert_int_equal(record_remove(fixture->store, "Task", "t2", NULL), STATUS_OK);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM outbox WHERE state = 'conflict'"), 2);
    give_back(stage);
}

static int64_t count(struct stage *stage, const char *sql)
{
    int64_t number = number_of(borrow(stage), sql);
    stage->fixture->store = NULL;
    return number;
}

#define CONFLICTS "SELECT count(*) FROM outbox WHERE state = 'conflict'"

/* She completed what she read; the office has changed the words since, and nothing else. */
static void an_answer_to_other_words_is_asked_about(void **state)
{
    struct stage *stage = *state;

    stage_unlock(stage);
    struct fixture *fixture = borrow(stage);
    assert_int_equal(pull(fixture, OFFICE("t2", "1", "\"status\":\"requested\",\"description\":\"薬を受け取る\"")), APPLY_STORED);
    answer_tasks(fixture);
    assert_int_equal(pull(fixture, OFFICE("t1", "2", "\"status\":\"requested\",\"description\":"
                                                     "\"No blood sample: she fainted last time\"")), APPLY_STORED);
    give_back(stage);
    stage_type(stage, "o\r");
    assert_string_equal(stage_view(stage), "conflict");
    assert_true(stage_shows("mine: completed"));
    assert_true(stage_shows("theirs: requested"));
    assert_true(stage_shows("mine: Blood sample before the next"));
    assert_true(stage_shows("theirs: No blood sample: she fainted"));
}

static void no_single_key_decides(void **state)
{
    struct stage *stage = *state;

    stage_unlock(stage);
    make_conflicts(stage);
    stage_type(stage, "o");
    assert_true(stage_shows("CONFLICT: changed at the server too: 2 in conflict"));
    stage_type(stage, "\r");
    assert_string_equal(stage_view(stage), "conflict");
    assert_true(stage_shows("mine: completed"));
    assert_true(stage_shows("theirs: cancelled, Done in the clinic"));
    assert_true(stage_shows("before: requested"));
    stage_type(stage, "1");
    assert_true(stage_shows("Press 1 again"));
    assert_int_equal(count(stage, CONFLICTS), 2);
    stage_type(stage, "2"); /* another one: asked anew */
    assert_true(stage_shows("Press 2 again"));
    stage_type(stage, "\x1b[B" "2");
    assert_int_equal(count(stage, CONFLICTS), 2);
    assert_true(stage_shows("Press 2 again"));
    stage_type(stage, "2");
    assert_int_equal(count(stage, CONFLICTS), 1);
    assert_true(stage_shows("a copy of yours is kept"));
    assert_string_equal(stage_view(stage), "conflict");
    assert_int_equal(count(stage, "SELECT count(*) FROM resource WHERE type = 'Task' AND id = 't2'"), 0);
    stage_type(stage, "11");
    assert_string_equal(stage_view(stage), "outbox");
    assert_true(stage_shows("goes with the next sync"));
    assert_int_equal(count(stage, CONFLICTS), 0);
    assert_int_equal(count(stage, "SELECT count(*) FROM outbox WHERE state = 'waiting' AND base_version = '2' AND body LIKE "
                                  "'%completed%asap%'"), 1);
}

static void both_is_refused_in_words_for_a_status(void **state)
{
    struct stage *stage = *state;

    stage_unlock(stage);
    make_conflicts(stage);
    stage_type(stage, "o\r33");
    assert_true(stage_shows("'Status' can only be one of the two"));
    assert_int_equal(count(stage, CONFLICTS), 2);
}

/* While she looks, the office changes it again: she decides on what she saw, or looks again. */
static void what_changed_meanwhile_is_looked_at_again(void **state)
{
    struct stage *stage = *state;

    stage_unlock(stage);
    make_conflicts(stage);
    stage_type(stage, "o\r1");
    assert_int_equal(pull(borrow(stage), OFFICE("t1", "3", "\"status\":\"rejected\",\"description\":\"No more\"")), APPLY_STORED);
    stage->fixture->store = NULL;
    stage_type(stage, "1");
    assert_true(stage_shows("changed at the server again"));
    assert_true(stage_shows("theirs: rejected"));
    assert_int_equal(count(stage, CONFLICTS), 2);
    stage_type(stage, "11");
    assert_int_equal(count(stage, CONFLICTS), 1);
}

/* --- screens -------------------------------------------------------------------------------------- */

static void golden(const char *name, const char *language, int rows, int columns)
{
    char whole[80];

    snprintf(whole, sizeof whole, "%s-%s-%dx%d", name, language, columns, rows);
    stage_golden(whole);
}

static void see(const char *language, int rows, int columns)
{
    struct stage stage;
    void *home = NULL;

    assert_int_equal(stage_home(&home), 0);
    stage_open(&stage, home, rows, columns);
    stage_unlock(&stage);
    make_conflicts(&stage);
    stage_wait(&stage, 1000);
    stage_type(&stage, "o");
    stage_wait(&stage, 1000);
    golden("outbox-conflict", language, rows, columns);
    stage_type(&stage, "\r");
    golden("conflict", language, rows, columns);
    stage_type(&stage, "\x1b[B" "2");
    golden("conflict-asked", language, rows, columns);
    stage_close(&stage);
    assert_int_equal(stage_home_end(&home), 0);
}

static void at_every_size(void **state)
{
    (void)state;
    language_setup("en", "");
    see("en", 24, 80);
    see("en", 20, 60);
    see("en", 43, 132);
}

static void in_other_languages(void **state)
{
    static const char *const languages[] = {"ko", "ja"};
    char folder[PATH_SIZE];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        if (walk_find_catalogue(languages[i], folder, sizeof folder)) {
            language_setup(languages[i], folder);
            see(languages[i], 24, 80);
        }
    }
    language_setup("en", "");
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, stage_begin, stage_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGED(an_answer_to_other_words_is_asked_about),
        STAGED(no_single_key_decides),
        STAGED(both_is_refused_in_words_for_a_status),
        STAGED(what_changed_meanwhile_is_looked_at_again),
        cmocka_unit_test(at_every_size),
        cmocka_unit_test(in_other_languages),
    };

    unsetenv("NO_COLOR");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
