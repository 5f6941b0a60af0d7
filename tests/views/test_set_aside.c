/* A mistaken visit set aside by its keys, and taken up again; the appointments of two visits of one day. */
#include "tests/views/keys.h"
#include "tests/views/walk.h"

#include "store/draft.h"

#define SET_ASIDE "\x06"
#define START_VISIT "\rs12s" /* from the Today board */
#define ENTER_SOME "v142/88\r91\r" NEXT_PART "Slept well." NEXT_PART "1\r11\x31" BACK NEXT_PART NEXT_PART

static struct application *application_of(struct stage *stage)
{
    return &stage->console.application;
}

static enum visit_state state_of(struct stage *stage, const char *visit)
{
    struct visit_rows rows;
    enum visit_state state = VISIT_PLANNED;

    assert_int_equal(query_visits(application_of(stage)->store, 0, &rows, NULL), STATUS_OK);
    for (size_t i = 0; i < rows.count; i++) {
        if (strcmp(rows.items[i].id, visit) == 0) {
            state = rows.items[i].state;
        }
    }
    visit_rows_free(&rows);
    return state;
}

static void it_asks_then_keeps_everything(void **state)
{
    struct stage *stage = *state;
    struct visit_draft draft;
    char visit[UUID_SIZE];

    stage_unlock(stage);
    stage_type(stage, START_VISIT ENTER_SOME);
    assert_string_equal(stage_view(stage), "close");
    assert_true(stage_shows("^F Set aside"));
    snprintf(visit, sizeof visit, "%s", application_of(stage)->draft.id);
    stage_type(stage, SET_ASIDE);
    assert_string_equal(stage_view(stage), "set-aside");
    assert_true(stage_shows("김민서"));
    assert_true(stage_shows("2 vitals, a note of 10 characters, 1 consent"));

    /* No key alone does it, and the button wants a reason first. */
    stage_type(stage, SET_ASIDE "a \r\r");
    assert_true(stage_shows("Choose a reason first"));
    assert_int_equal(state_of(stage, visit), VISIT_IN_PROGRESS);
    stage_type(stage, BACK);
    assert_string_equal(stage_view(stage), "close");

    stage_type(stage, SET_ASIDE "1\r");
    assert_string_equal(stage_view(stage), "today");
    assert_true(stage_shows("Set aside and kept"));
    assert_false(stage_shows("unfinished"));
    assert_string_equal(application_of(stage)->draft.id, "");
    assert_int_equal(state_of(stage, visit), VISIT_SET_ASIDE);
    assert_int_equal(draft_look(application_of(stage)->store, visit, &draft, NULL), STATUS_OK);
    assert_string_equal(visit_draft_get(&draft, "note.s"), "Slept well.");
    visit_draft_free(&draft);
}

static void the_outbox_takes_it_up_again(void **state)
{
    struct stage *stage = *state;
    char visit[UUID_SIZE];

    stage_unlock(stage);
    stage_type(stage, START_VISIT ENTER_SOME);
    snprintf(visit, sizeof visit, "%s", application_of(stage)->draft.id);
    stage_type(stage, SET_ASIDE "2\r");
    stage_wait(stage, 26 * 3600000); /* the next day; it has locked meanwhile */
    stage_unlock(stage);
    stage_type(stage, "o");
    assert_true(stage_shows("SET ASIDE: not signed"));
    stage_type(stage, "\r");
    assert_string_equal(stage_view(stage), "close");
    assert_string_equal(application_of(stage)->draft.id, visit);
    assert_true(stage_shows("Taken up; begun 2026-11-22 09:00"));
    assert_true(stage_shows("Slept well."));
    stage_type(stage, SIGN PASSPHRASE "\r");
    assert_int_equal(state_of(stage, visit), VISIT_SIGNED);
    assert_true(stage_shows("Signed: 2 vitals, note, 1 consent."));
}

/* Taken up by a command, it does not open on the screen that sets it aside. */
static void an_unlock_does_not_return_to_the_question(void **state)
{
    struct stage *stage = *state;
    char visit[UUID_SIZE];

    stage_unlock(stage);
    stage_type(stage, START_VISIT "v142/88\r" BACK "x" SET_ASIDE);
    stage_wait(stage, 1000);
    snprintf(visit, sizeof visit, "%s", application_of(stage)->draft.id);
    stage_type(stage, "1\r");
    assert_int_equal(draft_resume(application_of(stage)->store, visit, NULL), STATUS_OK);
    stage_type(stage, "l");
    stage_unlock(stage);
    assert_string_not_equal(stage_view(stage), "set-aside");
    assert_string_equal(application_of(stage)->draft.id, visit);
}

/* Another program began a visit after this console had looked. */
static void a_visit_begun_elsewhere_is_gone_on_with_or_set_aside(void **state)
{
    struct stage *stage = *state;
    char visit[UUID_SIZE];

    stage_unlock(stage);
    stage_type(stage, "\rs12");
    assert_false(stage_shows("Set aside"));
    assert_int_equal(draft_start(application_of(stage)->store, "kim", "", visit, NULL), STATUS_OK);
    stage_type(stage, "s");
    assert_string_equal(stage_view(stage), "visit-start");
    assert_true(stage_shows("a Set aside"));
    stage_type(stage, "a");
    assert_true(stage_shows("Entered       nothing"));
    stage_type(stage, "1\r");
    assert_int_equal(state_of(stage, visit), VISIT_SET_ASIDE);
}

static void the_second_visit_of_a_day_keeps_the_second_appointment(void **state)
{
    static const char evening[] =
        "{\"resourceType\":\"Appointment\",\"id\":\"a9\",\"status\":\"booked\",\"start\":\"2026-11-22T18:00:00+09:00\","
        "\"participant\":[{\"actor\":{\"reference\":\"Patient/kim\"},\"status\":\"accepted\"}]}";
    struct stage *stage = *state;

    stage_unlock(stage);
    stage->fixture->store = application_of(stage)->store;
    assert_int_equal(pull(stage->fixture, evening), APPLY_STORED);
    stage->fixture->store = NULL;
    stage_type(stage, START_VISIT "v142/88\r" BACK);
    assert_string_equal(application_of(stage)->draft.appointment, "a1");
    stage_type(stage, "x" SIGN PASSPHRASE "\r");
    assert_string_equal(stage_view(stage), "today");
    stage_type(stage, START_VISIT);
    assert_string_equal(application_of(stage)->draft.patient, "kim");
    assert_string_equal(application_of(stage)->draft.appointment, "a9");
}

/* --- screens -------------------------------------------------------------------------------------- */

static const struct walk_step steps[] = {
    {NULL, PASSPHRASE "\r"},
    {NULL, START_VISIT ENTER_SOME},
    {"set-aside", SET_ASIDE},
    {"set-aside-chosen", "1"},
    {NULL, "\r"},
    {"outbox-set-aside", "o"},
};
static const struct walk walk = {steps, sizeof steps / sizeof *steps};

static void at_every_size(void **state)
{
    (void)state;
    walk_at_every_size(&walk);
}

static void in_other_languages(void **state)
{
    (void)state;
    walk_in_other_languages(&walk);
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, stage_begin, stage_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGED(it_asks_then_keeps_everything),
        STAGED(the_outbox_takes_it_up_again),
        STAGED(an_unlock_does_not_return_to_the_question),
        STAGED(a_visit_begun_elsewhere_is_gone_on_with_or_set_aside),
        STAGED(the_second_visit_of_a_day_keeps_the_second_appointment),
        cmocka_unit_test(at_every_size),
        cmocka_unit_test(in_other_languages),
    };

    unsetenv("NO_COLOR");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
