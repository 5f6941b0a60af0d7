/* The console as it is used: unlocking, saving, locking, coming back, taps, pastes, sizes, cut bytes, short memory. */
#include "tests/views/stage.h"

#include "views/input.h"

static void tap(struct stage *stage, int row, int column)
{
    char bytes[64];

    snprintf(bytes, sizeof bytes, "\033[<0;%d;%dM\033[<0;%d;%dm", column + 1, row + 1, column + 1, row + 1);
    stage_type(stage, bytes);
}

static void a_wrong_passphrase_says_so_and_waits_without_blocking(void **state)
{
    struct stage *stage = *state;
    struct application *application = &stage->console.application;
    int tries = 0;

    stage_type(stage, "not this one\r");
    assert_null(application->store);
    assert_true(stage_shows("passphrase"));
    assert_false(stage_shows("*"));
    while (vault_delay(&application->paths, &application->store_options.clock) == 0 && tries++ < 20) {
        stage_type(stage, "nor this\r");
    }
    assert_true(tries < 20);
    assert_int_equal(stage->fixture->time.slept, 0);
    assert_true(stage_shows("The next try is possible in"));
    stage_type(stage, PASSPHRASE "\r");
    assert_null(application->store);
    assert_int_equal(stage->fixture->time.slept, 0);
    assert_true(console_take_time(&stage->console) <= 1000);
    while (vault_delay(&application->paths, &application->store_options.clock) > 0) {
        stage_wait(stage, 1000);
    }
    stage_type(stage, "\r"); /* what was typed meanwhile is still there */
    assert_non_null(application->store);
}

static void what_is_typed_ahead_of_an_unlock_runs_nothing(void **state)
{
    struct stage *stage = *state;

    stage_type(stage, PASSPHRASE "\rqqq");
    assert_false(stage->console.application.quit);
    assert_string_equal(stage_view(stage), "today");
}

static void the_passphrase_is_never_shown(void **state)
{
    struct stage *stage = *state;

    stage_type(stage, "한글 secret");
    assert_false(stage_shows("secret"));
    assert_false(stage_shows("한글"));
    assert_true(stage_shows("*********"));
    assert_false(stage_shows("**********"));
}

static void a_lock_leaves_nothing_of_a_patient(void **state)
{
    struct stage *stage = *state;

    stage_unlock(stage);
    stage_type(stage, "\r");
    assert_true(stage_shows("김민서"));
    stage_type(stage, "l");
    assert_string_equal(stage_view(stage), "unlock");
    assert_null(stage->console.application.store);
    assert_false(stage_shows("김민서"));
    assert_int_equal(stage->console.application.chart.reading_count, 0);
}

static void an_unlock_returns_to_the_visit(void **state)
{
    struct stage *stage = *state;
    const struct application *application = &stage->console.application;

    stage_unlock(stage);
    stage_type(stage, "\rs");
    assert_string_equal(stage_view(stage), "visit-start");
    stage_type(stage, "3"); /* nothing ticked yet */
    assert_string_equal(stage_view(stage), "visit-start");
    assert_true(stage_shows("Tick both identifiers first"));
    stage_type(stage, "12s");
    assert_string_equal(stage_view(stage), "snapshot");
    assert_string_equal(visit_draft_get(&application->draft, "identity"), "name, birth date");
    assert_string_equal(application->draft.appointment, "a1");
    stage_type(stage, "\x0c"); /* ^L */
    stage_unlock(stage);
    assert_string_equal(stage_view(stage), "snapshot");
    assert_string_equal(application->chart.patient.id, "kim");
    assert_string_equal(visit_draft_get(&application->draft, "identity"), "name, birth date");
    stage_type(stage, "t");
    assert_true(stage_shows("unfinished since 09:00"));
    stage_type(stage, "0\x02"); /* there is nothing to go back to */
    assert_string_equal(stage_view(stage), "today");
    stage_type(stage, "l");
    stage_unlock(stage);
    assert_string_equal(stage_view(stage), "today");
}

static void locking_needs_no_memory(void **state)
{
    struct stage *stage = *state;

    stage_unlock(stage);
    stage_type(stage, "\r");
    memory_fail_at(1, 1);
    stage_type(stage, "l");
    memory_fail_at(0, 0);
    assert_true(stage->console.application.depth >= 1);
    if (stage->console.application.store != NULL) { /* saving needed some: it stays open, and says so */
        assert_true(stage->console.application.message_is_error);
        stage_type(stage, "l");
    }
    assert_string_equal(stage_view(stage), "unlock");
    assert_false(stage_shows("김민서"));
    stage_unlock(stage);
}

static void a_hang_up_loses_no_place(void **state)
{
    struct stage *stage = *state;
    struct fixture *fixture = stage->fixture;

    stage_unlock(stage);
    stage_type(stage, "\rs12s");
    stage_close(stage); /* as at SIGHUP: saves, closes, ends */
    stage_open(stage, fixture, 24, 80);
    stage_unlock(stage);
    assert_string_equal(stage_view(stage), "snapshot");
    assert_true(stage_shows("Visit in progress since 09:00"));
}

static void idle_minutes_lock(void **state)
{
    struct stage *stage = *state;
    int64_t minute = 60000;

    stage_unlock(stage);
    stage_wait(stage, 4 * minute);
    stage_type(stage, "\033[B");
    stage_wait(stage, 4 * minute);
    assert_string_equal(stage_view(stage), "today");
    stage_wait(stage, 2 * minute);
    assert_string_equal(stage_view(stage), "unlock");
    assert_true(stage_shows("Locked after 5 minutes"));
    stage_unlock(stage);
}

static void taps_work_on_rows_and_on_footer_words(void **state)
{
    struct stage *stage = *state;
    struct footer_item items[FOOTER_ITEMS];
    size_t count = 0;

    stage_unlock(stage);
    tap(stage, 4, 30); /* the second patient: two lines each, below two header lines */
    assert_int_equal(application_top(&stage->console.application)->cursor, 1);
    tap(stage, 5, 30);
    assert_string_equal(stage_view(stage), "snapshot");
    assert_string_equal(stage->console.application.chart.patient.id, "sato");
    count = chrome_footer(&stage->console.application, items, FOOTER_ITEMS);
    for (size_t i = 0; i < count; i++) {
        if (items[i].command == COMMAND_HELP) {
            tap(stage, items[i].area.row, items[i].area.column + 2);
            assert_string_equal(stage_view(stage), "help");
            return;
        }
    }
    fail();
}

static void a_paste_runs_no_command(void **state)
{
    struct stage *stage = *state;

    stage_unlock(stage);
    stage_type(stage, "\033[200~qlp\r\033[201~");
    assert_false(stage->console.application.quit);
    assert_string_equal(stage_view(stage), "today");
    stage_type(stage, "p\033[200~민서\r\nx\033[201~");
    assert_string_equal(stage_view(stage), "patients");
    assert_true(stage_shows("민서 x"));
}

static void commands_answer_in_hangul_and_full_width(void **state)
{
    struct stage *stage = *state;

    stage_unlock(stage);
    stage_type(stage, "ㅔ");
    assert_string_equal(stage_view(stage), "patients");
    stage_type(stage, "\x02");
    stage_type(stage, "ｐ");
    assert_string_equal(stage_view(stage), "patients");
}

static void a_tiny_terminal_keeps_what_is_typed(void **state)
{
    struct stage *stage = *state;

    stage_type(stage, "correct horse");
    stage_resize(stage, 5, 20);
    assert_true(stage_shows("too small") || stage_shows("too"));
    stage_resize(stage, 1, 1);
    stage_type(stage, " battery");
    stage_resize(stage, 24, 80);
    stage_type(stage, "\r");
    assert_non_null(stage->console.application.store);
    stage_resize(stage, 5, 20);
    stage_type(stage, "q"); /* a command nobody can see */
    assert_false(stage->console.application.quit);
    stage_resize(stage, 200, 500);
    assert_true(stage_shows("김민서"));
}

static void a_patient_not_on_the_device_is_named_as_such(void **state)
{
    struct stage *stage = *state;

    stage_unlock(stage);
    stage_type(stage, "\033[B\033[B\r");
    assert_string_equal(stage_view(stage), "today");
    assert_true(stage->console.application.message_is_error);
    assert_true(stage_shows("not on this device"));
}

static void commands_that_cannot_work_say_why(void **state)
{
    struct stage *stage = *state;

    stage_unlock(stage);
    stage_type(stage, "y");
    assert_true(stage_shows("No server is set"));
    stage_type(stage, "\rv");
    assert_true(stage_shows("Start the visit first"));
}

static void an_arrow_key_costs_few_bytes(void **state)
{
    struct stage *stage = *state;
    long before = 0;
    long after = 0;

    stage_unlock(stage);
    stage_work(stage);
    stage_type(stage, "\033[B");
    (void)fflush(stage->out);
    before = ftell(stage->out);
    stage_type(stage, "\033[A");
    (void)fflush(stage->out);
    after = ftell(stage->out);
    assert_true(after > before);
    assert_true(after - before <= 100);
    stage_wait(stage, 59000);
    (void)fflush(stage->out);
    assert_int_equal(ftell(stage->out), after);
}

/* A walk through the screens with wide and combined characters, pastes and long sequences. */
static const char script[] = "p민서\033[D\033[C\x7f\x7f"
                             "hu\033[200~Rene\xCC\x81\033[201~\x15"
                             "김\rs1\t 12s\033[6~\033[5~?0tp作\x02";

static char *play(struct fixture *fixture, size_t cut, const struct randomness *resizes)
{
    struct stage stage;
    char *screen = NULL;

    stage_open(&stage, fixture, 24, 80);
    stage_unlock(&stage);
    stage_bytes(&stage, script, cut);
    if (resizes != NULL) {
        stage_resize(&stage, 5 + (int)randomness_below(resizes, 60), 10 + (int)randomness_below(resizes, 150));
        stage_resize(&stage, 24, 80);
    }
    stage_bytes(&stage, script + cut, sizeof script - 1 - cut);
    stage_wait(&stage, 1000);
    screen = stage_screen();
    stage_close(&stage);
    return screen;
}

/* Curses waits only a moment for the rest of a sequence: these are cut by time, not here. */
static bool inside_sequence(size_t cut)
{
    for (size_t start = cut; start > 0 && cut - start < 6; start--) {
        if (script[start - 1] == '\033') {
            size_t end = start + 1;

            while (script[end] == ';' || (script[end] >= '0' && script[end] <= '9')) {
                end++;
            }
            return cut <= end;
        }
    }
    return false;
}

static void bytes_may_be_cut_anywhere(void **state)
{
    struct stage *stage = *state;
    struct fixture *fixture = stage->fixture;
    uint64_t seed = 1;
    struct randomness randomness = randomness_seeded(&seed);
    char *expected = NULL;

    stage_close(stage);
    memory_free(play(fixture, 0, NULL)); /* the visit exists from now on */
    expected = play(fixture, 0, NULL);
    for (size_t cut = 1; cut < sizeof script - 1; cut++) {
        char *screen = NULL;

        if (inside_sequence(cut)) {
            continue;
        }
        screen = play(fixture, cut, cut % 3 == 0 ? &randomness : NULL);
        assert_string_equal(screen, expected);
        memory_free(screen);
    }
    memory_free(expected);
    stage_open(stage, fixture, 24, 80);
}

static void short_memory_never_takes_the_screen_away(void **state)
{
    struct stage *stage = *state;

    stage_unlock(stage);
    for (long nth = 1; nth < 120; nth++) {
        static const char *const keys[] = {"p", "\x02", "\r", "?", "0", "s", "t", "\033[B"};

        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
            memory_fail_at(nth, 0);
            stage_type(stage, keys[i]);
            memory_fail_at(0, 0);
            assert_true(stage->console.application.depth >= 1);
            stage_turn(stage);
        }
        if (stage->console.application.store == NULL) {
            stage_unlock(stage);
        }
        stage_type(stage, "\x02\x02\x02t");
    }
    assert_string_equal(stage_view(stage), "today");
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, stage_begin, stage_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGED(a_wrong_passphrase_says_so_and_waits_without_blocking),
        STAGED(what_is_typed_ahead_of_an_unlock_runs_nothing),
        STAGED(the_passphrase_is_never_shown),
        STAGED(a_lock_leaves_nothing_of_a_patient),
        STAGED(an_unlock_returns_to_the_visit),
        STAGED(locking_needs_no_memory),
        STAGED(a_hang_up_loses_no_place),
        STAGED(idle_minutes_lock),
        STAGED(taps_work_on_rows_and_on_footer_words),
        STAGED(a_paste_runs_no_command),
        STAGED(commands_answer_in_hangul_and_full_width),
        STAGED(a_tiny_terminal_keeps_what_is_typed),
        STAGED(a_patient_not_on_the_device_is_named_as_such),
        STAGED(commands_that_cannot_work_say_why),
        STAGED(an_arrow_key_costs_few_bytes),
        STAGED(bytes_may_be_cut_anywhere),
        STAGED(short_memory_never_takes_the_screen_away),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
