/*
 * The screens that show the exchange: a bar that never goes back or claims too much, words that are never better than
 * the record, the journal; and the header beside them.
 */
#include "tests/views/keys.h"
#include "tests/views/walk.h"

#include "store/draft.h"
#include "store/outbox.h"
#include "store/sign.h"
#include "sync/sync.h"
#include "views/exchange_words.h"

#include <poll.h>

#define AS_OF "2026-11-21T23:55:00.000Z" /* 08:55 in Seoul */
#define SAY(...) assert_true(stage_shows(__VA_ARGS__))

/* --- the bar -------------------------------------------------------------------------------------- */

static int filled(struct worker_count count)
{
    char bar[EXCHANGE_BAR_SIZE];
    size_t cells = 0;

    exchange_bar(count, bar);
    assert_int_equal(strlen(bar), EXCHANGE_BAR_SIZE - 1);
    cells = strspn(bar + 1, "#");
    assert_int_equal(cells + strspn(bar + 1 + cells, "-"), EXCHANGE_BAR_SIZE - 3);
    return (int)cells;
}

/* What is shown is no more than what is done, and full only when all is. */
static void check_truth(struct worker_count count)
{
    int cells = filled(count);

    assert_true(count.done >= 0 && count.done <= count.total);
    assert_true((int64_t)cells * count.total <= (int64_t)count.done * (EXCHANGE_BAR_SIZE - 3));
    assert_int_equal(cells == EXCHANGE_BAR_SIZE - 3, count.total > 0 && count.done == count.total);
}

/* Not even when a run tells nonsense: what was done becomes less, or the whole changes. */
static void the_bar_never_goes_back_within_a_run(void **state)
{
    struct worker_snapshot now = {.run = 0};
    uint32_t seed = 20261122;

    (void)state;
    for (int i = 0; i < 200000; i++) {
        struct worker_snapshot before = now;
        struct sync_progress progress = {.patient = ""};
        uint32_t drawn[3];

        for (int j = 0; j < 3; j++) {
            seed = seed * 1664525 + 1013904223;
            drawn[j] = seed >> 8;
        }
        progress.phase = drawn[0] % 40 == 0 ? SYNC_CONNECTING : drawn[0] % 3 == 0 ? SYNC_PUSHING
                                                            : drawn[0] % 37 == 0  ? SYNC_DONE : SYNC_PULLING;
        progress.total = (int)(drawn[1] % 9 == 0 ? drawn[1] % 3000000 : drawn[1] % 30);
        progress.done = (int)(drawn[2] % 40) - 3;
        worker_snapshot_follow(&now, &progress);
        check_truth(now.sent);
        check_truth(now.received);
        if (progress.phase == SYNC_CONNECTING) {
            assert_int_equal(now.run, before.run + 1);
            assert_int_equal(filled(now.sent) + filled(now.received), 0);
        } else {
            assert_int_equal(now.run, before.run);
            assert_true(filled(now.sent) >= filled(before.sent) && now.sent.done >= before.sent.done);
            assert_true(filled(now.received) >= filled(before.received) && now.received.done >= before.received.done);
        }
    }
    check_truth((struct worker_count){INT32_MAX, INT32_MAX});
    check_truth((struct worker_count){INT32_MAX - 1, INT32_MAX});
}

/* --- what the record is made to say ---------------------------------------------------------------- */

static struct application *application_of(struct stage *stage)
{
    return &stage->console.application;
}

static void run_sql(struct stage *stage, const char *sql)
{
    assert_int_equal(sqlite3_exec(application_of(stage)->store->connection, sql, NULL, NULL, NULL), SQLITE_OK);
}

static void look_again(struct stage *stage)
{
    application_refresh(application_of(stage));
    stage->console.paint = true;
    console_paint(&stage->console);
}

static void sign_a_visit(struct stage *stage, const char *patient)
{
    struct application *application = application_of(stage);
    struct signer signer = {.practitioner = "nurse1", .practitioner_name = "Lee Jiwon", .organization = "",
                            .consent_policy = "", .language = "en",
                            .randomness = &stage->fixture->options.randomness, .now = stage->fixture->time.wall};
    char visit[UUID_SIZE];
    size_t queued = 0;

    assert_int_equal(draft_start(application->store, patient, "", visit, NULL), STATUS_OK);
    assert_int_equal(draft_put(application->store, visit, "identity", "name, birth date", NULL), STATUS_OK);
    assert_int_equal(draft_put(application->store, visit, "note.text", "ok", NULL), STATUS_OK);
    assert_int_equal(draft_put(application->store, visit, "note.template", "free", NULL), STATUS_OK);
    assert_int_equal(record_sign_visit(application->store, visit, &signer, &queued, NULL), STATUS_OK);
    assert_true(queued > 1);
}

static void add_run(struct stage *stage, instant at, enum status result, const char *reason, int pushed, int pulled,
                    const char *as_of)
{
    struct journal_entry entry = {.start = at, .end = at + 4200, .pushed = pushed, .pulled = pulled, .requests = 7,
                                  .bytes_out = 3100, .bytes_in = 210400, .result = result};
    struct sync_status status;

    assert_int_equal(query_status(application_of(stage)->store, &status, NULL), STATUS_OK);
    entry.pending = status.pending;
    entry.conflicts = status.conflicts;
    entry.rejected = status.refused;
    (void)text_copy(entry.reason, sizeof entry.reason, reason);
    (void)text_copy(entry.data_as_of, sizeof entry.data_as_of, as_of);
    assert_int_equal(journal_add(application_of(stage)->store, &entry, NULL), STATUS_OK);
}

/* A server is named, but nothing of it is asked: the worker begins with an unlock. */
static void open_with_server(struct stage *stage)
{
    stage_unlock(stage);
    assert_int_equal(store_setting_set(application_of(stage)->store, SETTING_SERVER, "https://fhir.example/fhir", NULL),
                     STATUS_OK);
}

static void complete_all(struct stage *stage)
{
    run_sql(stage, "DELETE FROM resource WHERE type = 'Appointment' AND id = 'a3'");
    run_sql(stage, "INSERT OR REPLACE INTO chart_state (patient, complete) SELECT id, 1 FROM patient");
    run_sql(stage, "INSERT OR REPLACE INTO cursor SELECT 'patient/' || id, '" AS_OF "' FROM patient");
}

/* --- the sync screen ------------------------------------------------------------------------------- */

static void one_sentence_when_all_is_exchanged(void **state)
{
    struct stage *stage = *state;

    open_with_server(stage);
    complete_all(stage);
    add_run(stage, START - 90000, STATUS_OK, "", 18, 40, AS_OF);
    look_again(stage);
    stage_type(stage, "w");
    assert_string_equal(stage_view(stage), "sync");
    SAY("Everything entered here is at the server; the charts are as of 08:55.");
    SAY("2026-11-22 08:58: all was exchanged");
    SAY("complete as of 08:55");
    SAY("synced: 1 min | outbox 0");
    assert_false(stage_shows("not complete"));

    /* From the Outbox too; and back to the same place. */
    stage_type(stage, "0o");
    stage_type(stage, "w");
    assert_string_equal(stage_view(stage), "sync");
}

static void a_wrong_clock_is_told_beside_a_good_sync(void **state)
{
    struct stage *stage = *state;

    open_with_server(stage);
    complete_all(stage);
    add_run(stage, START - 90000, STATUS_OK, "done, but this device's clock and the server's are 24 hours apart", 0, 0, AS_OF);
    look_again(stage);
    stage_type(stage, "w");
    SAY("2026-11-22 08:58: done, but this device's clock and the");
    stage_type(stage, "j");
    assert_string_equal(stage_view(stage), "journal");
    SAY("24 hours apart");
}

static void what_is_missing_is_said_exactly(void **state)
{
    static const struct {
        const char *sql, *words;
    } cases[] = {
        {"UPDATE outbox SET state = 'waiting'", "entered here are not at the server yet"},
        {"UPDATE outbox SET state = 'sending'", "not confirmed"},
        {"UPDATE outbox SET state = 'refused', reason = 'no'", "NEEDS YOU: the server refused"},
        {"UPDATE outbox SET state = 'conflict'", "were changed at the server too"},
        {"DELETE FROM outbox; UPDATE visit SET state = 'set-aside', signed = NULL", "1 visit is set aside, and only on"},
        {"UPDATE visit SET state = 'in-progress'", "1 visit is not signed, and only on this device."},
        {"DELETE FROM draft; DELETE FROM visit_part; DELETE FROM visit; INSERT INTO quarantine (place, why, body, hash, found) "
         "VALUES ('server', 'odd', '', x'00', 0)",
         "1 entry could not be read and was set aside"},
        {"DELETE FROM quarantine; UPDATE chart_state SET complete = 0 WHERE patient = 'kim'",
         "Charts that are not complete on this device: 1 of 3."},
        {"UPDATE chart_state SET complete = 1; UPDATE journal SET data_as_of = ''", "As of when the charts are is not known"},
    };
    struct stage *stage = *state;

    open_with_server(stage);
    complete_all(stage);
    sign_a_visit(stage, "kim");
    add_run(stage, START - 60000, STATUS_OK, "", 18, 40, AS_OF);
    stage_type(stage, "w");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        run_sql(stage, cases[i].sql);
        look_again(stage);
        if (!stage_shows(cases[i].words)) {
            char *screen = stage_screen();
            fail_msg("'%s' is not said:\n%s", cases[i].words, screen);
        }
        assert_false(stage_shows("Everything entered here is at the server; the charts"));
        if (i < 4) {
            assert_false(stage_shows("Everything entered"));
            assert_false(stage_shows("synced:"));
        }
    }
}

/* The charts were whole once; that the last sync failed is said, and they keep their age. */
static void a_failed_sync_takes_the_one_sentence_back(void **state)
{
    struct stage *stage = *state;

    open_with_server(stage);
    complete_all(stage);
    add_run(stage, START - 7200000, STATUS_OK, "", 18, 40, AS_OF);
    add_run(stage, START - 60000, STATUS_UNREACHABLE, "the server was not found", 0, 0, "");
    look_again(stage);
    stage_type(stage, "w");
    SAY("NOT COMPLETE: the server was not found");
    SAY("Everything entered here is at the server.");
    SAY("The charts were all complete last as of 08:55.");
}

static void nothing_is_claimed_before_the_first_sync(void **state)
{
    struct stage *stage = *state;

    open_with_server(stage);
    look_again(stage);
    stage_type(stage, "w");
    SAY("never synced");
    SAY("Nothing entered here waits to be sent.");
    SAY("As of when the charts are is not known");
    assert_false(stage_shows("is at the server"));
    SAY("ghost");
    SAY("not on this device yet");
    stage_type(stage, "j");
    assert_string_equal(stage_view(stage), "journal");
    SAY("never synced yet");
}

static void show_snapshot(struct stage *stage, enum worker_phase phase, struct worker_count sent,
                          struct worker_count received, const char *patient)
{
    struct worker_snapshot *sync = &application_of(stage)->sync;

    *sync = (struct worker_snapshot){.phase = phase, .run = 1, .sent = sent, .received = received};
    (void)text_copy(sync->patient, sizeof sync->patient, patient);
    look_again(stage);
}

static void it_follows_a_run(void **state)
{
    struct stage *stage = *state;

    open_with_server(stage);
    sign_a_visit(stage, "kim");
    sign_a_visit(stage, "rene");
    stage_type(stage, "w");
    show_snapshot(stage, WORKER_CONNECTING, (struct worker_count){0}, (struct worker_count){0}, "");
    SAY("connecting to the server");
    SAY("[---------------------] nothing is sent yet");
    SAY("[---------------------] how many is not known yet");
    run_sql(stage, "UPDATE outbox SET state = 'sending' WHERE visit IN (SELECT id FROM visit WHERE patient = 'kim')");
    show_snapshot(stage, WORKER_PUSHING, (struct worker_count){0, 4}, (struct worker_count){0}, "");
    SAY("sending what was entered here");
    SAY("[---------------------] 0 of 4 records are at the server");
    SAY("is being sent:");
    SAY("waits:");
    assert_false(stage_shows("has arrived"));

    run_sql(stage, "DELETE FROM outbox WHERE visit IN (SELECT id FROM visit WHERE patient = 'kim');"
                   "UPDATE visit SET accepted = 1795305600000 WHERE patient = 'kim'"); /* 09:00 */
    show_snapshot(stage, WORKER_PULLING, (struct worker_count){2, 4}, (struct worker_count){1, 3}, "sato");
    SAY("reading charts, first: 佐藤 花子");
    SAY("[##########-----------] 2 of 4 records are at the server");
    SAY("[#######--------------] 1 of 3 charts were read");
    SAY("is being read");
    SAY("has arrived:");
    SAY("waits:");
    assert_false(stage_shows("Left"));
    show_snapshot(stage, WORKER_PULLING, (struct worker_count){2, 4}, (struct worker_count){2, 3}, "kim");
    SAY("asking what is new in the charts, first: 김민서");

    application_of(stage)->sync.departed = 2;
    (void)text_copy(application_of(stage)->sync.departed_names, sizeof application_of(stage)->sync.departed_names,
                    "佐藤 花子, Renée Æbelholt-Jørgensen");
    look_again(stage);
    SAY("Left        佐藤 花子, Renée Æbelholt-Jørgensen");
}

static void visits_that_need_the_nurse_say_so(void **state)
{
    struct stage *stage = *state;

    open_with_server(stage);
    sign_a_visit(stage, "kim");
    run_sql(stage, "UPDATE outbox SET state = 'refused', reason = 'no' WHERE number = (SELECT max(number) FROM outbox)");
    stage_type(stage, "w");
    SAY("NEEDS YOU: 1 refused, 0 in conflict");
    SAY("needs you 1");
}

/* Marked as being sent when the program was killed: nothing is being sent now. */
static void an_answer_that_never_came_is_not_called_sending(void **state)
{
    struct stage *stage = *state;

    open_with_server(stage);
    sign_a_visit(stage, "kim");
    run_sql(stage, "UPDATE outbox SET state = 'sending'");
    stage_type(stage, "o");
    SAY("the next sync asks whether");
    assert_false(stage_shows("sending:"));
    stage_type(stage, "w");
    SAY("the next sync asks whether");
    assert_false(stage_shows("is being sent"));
}

/* --- how often ------------------------------------------------------------------------------------- */

static void hear(struct stage *stage)
{
    struct worker *worker = application_of(stage)->worker;
    struct pollfd wait = {.fd = worker_descriptor(worker), .events = POLLIN};

    worker_request(worker);
    assert_int_equal(poll(&wait, 1, 20000), 1);
    console_take_sync(&stage->console);
}

/* A fast line reports more often than anybody can read: what comes between is shown soon, not lost. */
static void news_are_shown_a_few_times_a_second(void **state)
{
    struct stage *stage = *state;
    struct application *application = application_of(stage);
    struct store_options options = {.clock = clock_system(), .randomness = randomness_system()};
    int64_t first = 0;

    stage_unlock(stage);
    stage_wait(stage, 2000);
    assert_int_equal(worker_new(&application->paths, application->vault, &options, &application->config,
                                &application->worker, NULL), STATUS_OK);
    hear(stage);
    first = application->sync.generation;
    assert_true(first > 0);
    hear(stage);
    assert_int_equal(application->sync.generation, first);
    assert_in_range(console_take_time(&stage->console), 1, 250);
    stage_wait(stage, 250);
    assert_true(application->sync.generation > first);
}

/* --- the header ------------------------------------------------------------------------------------ */

static void the_header_claims_no_more_than_the_outbox_knows(void **state)
{
    static const struct {
        const char *what;
        enum status last;
        bool once, tried;
        int pending, refused, conflicts, quarantined;
        const char *words;
        bool answered;
    } cases[] = {
        {"all exchanged", STATUS_OK, true, true, 0, 0, 0, 0, "synced: 5 min | outbox 0", false},
        {"nothing waits, the last one failed", STATUS_FAILED, true, true, 0, 0, 0, 0,
         "sync incomplete, last good: 5 min | outbox 0", false},
        {"nothing waits, not reached", STATUS_UNREACHABLE, true, true, 0, 0, 0, 0, "offline, last sync: 5 min | outbox 0", false},
        {"the server was busy", STATUS_UNREACHABLE, true, true, 0, 0, 0, 0, "sync incomplete, last good: 5 min | outbox 0", true},
        {"waiting, never synced", STATUS_OK, false, false, 4, 0, 0, 0, "never synced | outbox 4", false},
        {"waiting since", STATUS_OK, true, true, 4, 0, 0, 0, "last sync: 5 min | outbox 4", false},
        {"refused", STATUS_OK, true, true, 0, 1, 0, 0, "last sync: 5 min | outbox 0, needs you 1", false},
        {"in conflict", STATUS_OK, true, true, 0, 0, 2, 0, "last sync: 5 min | outbox 0, needs you 2", false},
        {"set aside as unreadable", STATUS_OK, true, true, 0, 0, 0, 1, "last sync: 5 min | outbox 0", false},
        {"stopped", STATUS_CANCELLED, true, true, 0, 0, 0, 0, "sync incomplete, last good: 5 min | outbox 0", false},
        {"full disk, never good", STATUS_FULL, false, true, 0, 0, 0, 0, "never synced | outbox 0", false},
    };
    struct stage *stage = *state;
    struct sync_status *status = &application_of(stage)->status;

    open_with_server(stage);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        look_again(stage);
        status->last_result = cases[i].last;
        status->last_answered = cases[i].answered;
        status->last_good = cases[i].once ? START - 5 * 60000 : INSTANT_NONE;
        status->last_attempt = cases[i].tried ? START - 60000 : INSTANT_NONE;
        status->pending = cases[i].pending;
        status->refused = cases[i].refused;
        status->conflicts = cases[i].conflicts;
        status->quarantined = cases[i].quarantined;
        stage->console.paint = true;
        console_paint(&stage->console);
        if (!stage_shows(cases[i].words)) {
            char line[1024];
            stage_line(1, line, sizeof line);
            fail_msg("%s: '%s' instead of '%s'", cases[i].what, line, cases[i].words);
        }
    }
}

/* --- the journal ----------------------------------------------------------------------------------- */

static void the_journal_scrolls_newest_first(void **state)
{
    struct stage *stage = *state;

    open_with_server(stage);
    for (int i = 0; i < 210; i++) {
        add_run(stage, START - (210 - i) * 3600000LL, i % 2 == 0 ? STATUS_OK : STATUS_UNREACHABLE,
                i % 2 == 0 ? "" : "the server was not found", i, 2 * i, "");
    }
    stage_type(stage, "wj");
    SAY("2026-11-22 08:00 to 08:00 (5 s)");
    SAY("NOT COMPLETE: the server was not found");
    SAY("sent 209, received 418; left: 0 waiting, 0 refused, 0 in conflict");
    SAY("requests 7, 4 kB out, 211 kB in");
    SAY("more below");
    stage_type(stage, "\x1b[F");
    SAY("sent 10, received 20;");
    assert_false(stage_shows("more below"));
    stage_type(stage, "\x1b[A");
    SAY("more below (1 lines)");
    stage_type(stage, "0");
    assert_string_equal(stage_view(stage), "sync");
}

/* --- screens --------------------------------------------------------------------------------------- */

static void step(const char *name, const char *language, int rows, int columns)
{
    char golden[80];

    snprintf(golden, sizeof golden, "%s-%s-%dx%d", name, language, columns, rows);
    stage_golden(golden);
}

/* In the middle of a run; after a good one; what was before. */
static void draw_all(const char *language, int rows, int columns)
{
    struct stage stage;
    void *home = NULL;

    assert_int_equal(stage_home(&home), 0);
    stage_open(&stage, home, rows, columns);
    open_with_server(&stage);
    sign_a_visit(&stage, "kim");
    sign_a_visit(&stage, "rene");
    add_run(&stage, START - 3600000, STATUS_UNREACHABLE,
            _("no network, or the server's name is not known here; work goes on, it is tried again later"), 0, 0, "");
    run_sql(&stage, "DELETE FROM outbox WHERE visit IN (SELECT id FROM visit WHERE patient = 'kim');"
                    "UPDATE visit SET accepted = 1795305600000 WHERE patient = 'kim';"
                    "UPDATE outbox SET state = 'sending';"
                    "INSERT INTO cursor VALUES ('patient/kim', '" AS_OF "'), ('patient/sato', '-')");
    stage_type(&stage, "w");
    show_snapshot(&stage, WORKER_PUSHING, (struct worker_count){3, 6}, (struct worker_count){0}, "");
    step("sync-sending", language, rows, columns);
    run_sql(&stage, "UPDATE outbox SET state = 'refused', reason = 'no'");
    show_snapshot(&stage, WORKER_PULLING, (struct worker_count){3, 6}, (struct worker_count){1, 4}, "sato");
    step("sync-reading", language, rows, columns);
    run_sql(&stage, "DELETE FROM outbox; UPDATE visit SET accepted = 1795305600000");
    complete_all(&stage);
    add_run(&stage, START - 1800000, STATUS_CANCELLED, _("the sync was stopped; what is left goes with the next one"), 1, 12,
            "");
    add_run(&stage, START - 90000, STATUS_OK, "", 6, 1200, AS_OF);
    show_snapshot(&stage, WORKER_IDLE, (struct worker_count){6, 6}, (struct worker_count){3, 3}, "");
    step("sync-done", language, rows, columns);
    stage_type(&stage, "j");
    step("journal", language, rows, columns);
    stage_close(&stage);
    assert_int_equal(stage_home_end(&home), 0);
}

static void at_every_size(void **state)
{
    (void)state;
    language_setup("en", "");
    draw_all("en", 24, 80);
    draw_all("en", 20, 60);
    draw_all("en", 43, 132);
}

static void in_other_languages(void **state)
{
    static const char *const languages[] = {"ko", "ja"};

    (void)state;
    for (size_t i = 0; i < sizeof languages / sizeof *languages; i++) {
        char folder[PATH_SIZE];

        if (walk_find_catalogue(languages[i], folder, sizeof folder)) {
            language_setup(languages[i], folder);
            draw_all(languages[i], 24, 80);
        }
    }
    language_setup("en", "");
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, stage_begin, stage_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bar_never_goes_back_within_a_run),
        STAGED(one_sentence_when_all_is_exchanged),
        STAGED(a_wrong_clock_is_told_beside_a_good_sync),
        STAGED(what_is_missing_is_said_exactly),
        STAGED(a_failed_sync_takes_the_one_sentence_back),
        STAGED(nothing_is_claimed_before_the_first_sync),
        STAGED(it_follows_a_run),
        STAGED(visits_that_need_the_nurse_say_so),
        STAGED(an_answer_that_never_came_is_not_called_sending),
        STAGED(news_are_shown_a_few_times_a_second),
        STAGED(the_header_claims_no_more_than_the_outbox_knows),
        STAGED(the_journal_scrolls_newest_first),
        cmocka_unit_test(at_every_size),
        cmocka_unit_test(in_other_languages),
    };

    unsetenv("NO_COLOR");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
