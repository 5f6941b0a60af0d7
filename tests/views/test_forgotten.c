/* What a restored server has forgotten, in the Outbox: what is shown, and sending again or letting go. */
#include "tests/views/keys.h"
#include "tests/views/walk.h"

#include "store/draft.h"
#include "store/outbox.h"
#include "store/record.h"
#include "store/sign.h"

static struct fixture *borrow(struct stage *stage)
{
    stage->fixture->store = stage->console.application.store;
    return stage->fixture;
}

static void give_back(struct stage *stage)
{
    stage->fixture->store = NULL;
    application_refresh(&stage->console.application);
}

static int64_t count(struct stage *stage, const char *sql)
{
    int64_t number = number_of(borrow(stage), sql);

    stage->fixture->store = NULL;
    return number;
}

/* A visit that the server took, and of which it knows nothing any more. */
static void make_forgotten(struct stage *stage)
{
    static const char *const fields[][2] = {
        {"identity", "name, birth date"}, {"vitals.pulse", "91"}, {"note.s", "Slept well."}};
    struct fixture *fixture = borrow(stage);
    struct signer signer = {.practitioner = "nurse1", .practitioner_name = "Lee Jiwon", .organization = "", .consent_policy = "",
                            .language = "en", .randomness = &fixture->options.randomness, .now = fixture->time.wall};
    struct outbox_rows rows;
    char visit[UUID_SIZE];
    size_t queued = 0;

    assert_int_equal(draft_start(fixture->store, "kim", "", visit, NULL), STATUS_OK);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        assert_int_equal(draft_put(fixture->store, visit, fields[i][0], fields[i][1], NULL), STATUS_OK);
    }
    assert_int_equal(record_sign_visit(fixture->store, visit, &signer, &queued, NULL), STATUS_OK);
    assert_int_equal(query_outbox(fixture->store, &rows, NULL), STATUS_OK);
    for (size_t i = 0; i < rows.count; i++) {
        char id[16];
        snprintf(id, sizeof id, "%zu", 700 + i);
        assert_int_equal(record_accept(fixture->store, rows.items[i].number, id, "1", NULL), STATUS_OK);
        assert_int_equal(record_forgotten(fixture->store, rows.items[i].type, id, NULL), STATUS_OK);
    }
    outbox_rows_free(&rows);
    give_back(stage);
}

#define FORGOTTEN "SELECT count(*) FROM outbox WHERE forgotten AND state = 'refused'"

static void it_is_let_go_from_the_outbox(void **state)
{
    struct stage *stage = *state;

    stage_unlock(stage);
    stage_type(stage, "o");
    assert_false(stage_shows("d Let go")); /* nothing else can be */
    stage_type(stage, "0");
    make_forgotten(stage);
    int64_t made = count(stage, FORGOTTEN);
    assert_true(made >= 4);
    stage_type(stage, "o");
    assert_true(stage_shows("KEPT HERE, not sent"));
    assert_true(stage_shows("restored from a backup"));
    stage_type(stage, "d");
    assert_true(stage_shows("d once more"));
    stage_type(stage, "\x1b[B\x1b[A" "d"); /* another key came between */
    assert_true(stage_shows("d once more"));
    assert_int_equal(count(stage, FORGOTTEN), made);
    stage_type(stage, "d");
    assert_true(stage_shows("were let go"));
    assert_true(stage_shows("but for what was let go")); /* never greener than it is */
    assert_int_equal(count(stage, "SELECT count(*) FROM outbox"), 0);
    assert_int_equal(count(stage, "SELECT count(*) FROM dropped"), made);
}

/* Between the two keys the entry leaves, and another stands in its place. */
static void another_is_not_let_go_instead(void **state)
{
    struct stage *stage = *state;

    stage_unlock(stage);
    make_forgotten(stage);
    assert_int_equal(sqlite3_exec(borrow(stage)->store->connection, "UPDATE outbox SET visit = ''", NULL, NULL, NULL), SQLITE_OK);
    give_back(stage);
    stage_type(stage, "o" "\x1b[B" "d");
    assert_true(stage_shows("d once more"));
    int64_t first = count(stage, "SELECT min(number) FROM outbox");
    assert_int_equal(record_accept(borrow(stage)->store, first, "900", "1", NULL), STATUS_OK);
    give_back(stage);
    int64_t left = count(stage, FORGOTTEN);
    stage_type(stage, "d");
    assert_true(stage_shows("d once more"));
    assert_int_equal(count(stage, FORGOTTEN), left);
    stage_type(stage, "d");
    assert_int_equal(count(stage, FORGOTTEN), left - 1);
}

static void it_is_sent_again_from_the_outbox(void **state)
{
    struct stage *stage = *state;

    stage_unlock(stage);
    make_forgotten(stage);
    int64_t made = count(stage, FORGOTTEN);
    stage_type(stage, "o");
    stage_type(stage, "r");
    assert_true(stage_shows("will be sent again"));
    assert_int_equal(count(stage, "SELECT count(*) FROM outbox WHERE state = 'waiting'"), made);
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, stage_begin, stage_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGED(it_is_let_go_from_the_outbox),
        STAGED(another_is_not_let_go_instead),
        STAGED(it_is_sent_again_from_the_outbox),
    };

    unsetenv("NO_COLOR");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
