/* A draft read into a visit: the one rule book of console and visit file. */
#include "chart_builder.h"

#include "care/visit.h"

#include <stdio.h>
#include <stdlib.h>

struct world {
    struct visit_draft draft;
    struct chart chart;
    struct visit visit;
};

static int set_up(void **state)
{
    struct world *world = memory_allocate(sizeof *world);
    assert_non_null(world);
    visit_draft_init(&world->draft);
    chart_init(&world->chart);
    text_copy(world->draft.id, sizeof world->draft.id, "6f2d1c1e-0000-4000-8000-000000000001");
    text_copy(world->draft.patient, sizeof world->draft.patient, "p1");
    text_copy(world->chart.patient.id, sizeof world->chart.patient.id, "p1");
    text_copy(world->chart.patient.birth_date, sizeof world->chart.patient.birth_date, "1941-03-02");
    world->chart.patient.complete = true;
    world->draft.started = noon() - 30 * INSTANT_MINUTE;
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    memory_fail_at(0, 0);
    visit_draft_free(&world->draft);
    chart_free(&world->chart);
    memory_free(world);
    return 0;
}

static void set(struct world *world, const char *name, const char *value)
{
    assert_true(visit_field_is_known(name));
    assert_int_equal(visit_draft_set(&world->draft, name, value, NULL), STATUS_OK);
}

static const struct visit *read_it(struct world *world)
{
    visit_read(&world->draft, &world->chart, noon(), &world->visit);
    return &world->visit;
}

static const struct visit_problem *problem_at(const struct visit *visit, const char *field, enum problem_level level)
{
    for (size_t i = 0; i < visit->problem_count; i++) {
        if (visit->problems[i].level == level && strcmp(visit->problems[i].field, field) == 0) {
            assert_true(visit->problems[i].sentence[0] != '\0');
            return &visit->problems[i];
        }
    }
    return NULL;
}

static void set_vitals(struct world *world)
{
    static const char *const vitals[][2] = {
        {"vitals.bp", "142/88"}, {"vitals.pulse", "91"}, {"vitals.rr", "18"}, {"vitals.spo2", "96"},
        {"vitals.oxygen", "air"}, {"vitals.consciousness", "A"}, {"vitals.temp", "36.9"},
    };
    for (size_t i = 0; i < sizeof vitals / sizeof vitals[0]; i++) {
        set(world, vitals[i][0], vitals[i][1]);
    }
}

/* --- the draft ----------------------------------------------------------------------------------- */

static void a_draft_keeps_texts_exactly(void **state)
{
    struct world *world = *state;
    assert_string_equal(visit_draft_get(&world->draft, "note.s"), "");
    set(world, "note.s", "  두통이 있다\n");
    assert_string_equal(visit_draft_get(&world->draft, "note.s"), "  두통이 있다\n");
    set(world, "note.s", "");
    assert_string_equal(visit_draft_get(&world->draft, "note.s"), "");
    set(world, "note.s", NULL);
    assert_int_equal(world->draft.count, 1);
    char longest[VISIT_FIELD_NAME_SIZE + 1];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    struct error error = {0};
    assert_int_equal(visit_draft_set(&world->draft, longest, "v", &error), STATUS_USAGE);
    assert_true(error.sentence[0] != '\0');
    assert_int_equal(visit_draft_set(&world->draft, "", "v", NULL), STATUS_USAGE);
    assert_int_equal(world->draft.count, 1);
}

static void a_failed_allocation_leaves_the_draft_as_it_was(void **state)
{
    struct world *world = *state;
    set(world, "note.s", "before");
    for (long nth = 1; nth < 100; nth++) {
        memory_fail_at(nth, 0);
        enum status status = visit_draft_set(&world->draft, "note.s", "after", NULL);
        bool reached = memory_allocation_count() >= nth;
        memory_fail_at(0, 0);
        if (!reached) {
            assert_int_equal(status, STATUS_OK);
            break;
        }
        assert_int_equal(status, STATUS_NO_MEMORY);
        assert_string_equal(visit_draft_get(&world->draft, "note.s"), "before");
    }
    for (long nth = 1; nth < 100; nth++) {
        size_t count = world->draft.count;
        world->draft.capacity = count; /* force it to grow */
        memory_fail_at(nth, 0);
        enum status status = visit_draft_set(&world->draft, "note.o", "new", NULL);
        bool reached = memory_allocation_count() >= nth;
        memory_fail_at(0, 0);
        if (!reached) {
            assert_int_equal(status, STATUS_OK);
            assert_string_equal(visit_draft_get(&world->draft, "note.o"), "new");
            return;
        }
        assert_int_equal(status, STATUS_NO_MEMORY);
        assert_int_equal(world->draft.count, count);
    }
    fail();
}

static void known_names_are_those_of_the_contract(void **state)
{
    (void)state;
    static const char *const known[] = {
        "start", "end", "identity", "vitals.bp", "vitals.height", "confirmed.temp", "note.template", "note.s", "note.o",
        "note.a", "note.p", "note.text", "consent.0.purpose", "consent.7.decision", "consent.99.by", "consent.1.method",
        "consent.1.name", "medicine.0.request", "medicine.39.taking", "medicine.1.dose", "medicine.1.unit",
        "medicine.1.route", "medicine.1.reason", "task.0.id", "task.12.status", "task.1.reason", "screen", "cursor",
    };
    static const char *const unknown[] = {
        "", "vitals.", "vitals.blood", "confirmed.", "note.x", "consent.purpose", "consent..purpose", "consent.100.by",
        "consent.-1.by", "consent.1.dose", "consent.1.", "consents.1.by", "task.1.name", "medicine.1.requests", "begin",
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        assert_true(visit_field_is_known(known[i]));
    }
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        assert_false(visit_field_is_known(unknown[i]));
    }
}

/* --- the whole ----------------------------------------------------------------------------------- */

static void a_full_visit_can_be_signed(void **state)
{
    struct world *world = *state;
    set(world, "identity", "name and birth date");
    set_vitals(world);
    set(world, "note.s", "Slept well.");
    const struct visit *visit = read_it(world);
    assert_int_equal(visit->problem_count, 0);
    assert_true(visit_can_sign(visit));
    assert_int_equal(visit->reading_count, 8);
    assert_int_equal(visit->news2.total, 1);
    assert_int_equal(visit->start, world->draft.started);
    assert_int_equal(visit->end, noon());
    for (size_t i = 0; i < visit->reading_count; i++) {
        assert_int_equal(visit->readings[i].at, visit->start);
        assert_int_equal(visit->readings[i].source, SOURCE_NURSE);
        assert_int_equal(visit->readings[i].precision, PRECISION_TIME);
    }
    assert_string_equal(visit->patient, "p1");
    assert_string_equal(visit->id, world->draft.id);
}

static void an_empty_visit_cannot_be_signed(void **state)
{
    struct world *world = *state;
    set(world, "identity", "name and birth date");
    set(world, "note.s", " \n");
    set(world, "screen", "vitals");
    const struct visit *visit = read_it(world);
    assert_non_null(problem_at(visit, "visit", PROBLEM_REFUSED));
    assert_false(visit_can_sign(visit));
    set(world, "vitals.pain", "3");
    assert_true(visit_can_sign(read_it(world)));
}

static void what_is_expected_and_not_there_is_missing(void **state)
{
    struct world *world = *state;
    set(world, "vitals.pain", "3");
    const struct visit *visit = read_it(world);
    static const char *const expected[] = {"vitals.bp", "vitals.pulse", "vitals.rr", "vitals.spo2", "vitals.oxygen",
                                           "vitals.consciousness", "vitals.temp", "note.s", "identity"};
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        assert_non_null(problem_at(visit, expected[i], PROBLEM_MISSING));
    }
    assert_int_equal(visit_problem_count(visit, PROBLEM_MISSING), sizeof expected / sizeof expected[0]);
    assert_true(visit_can_sign(visit));
    assert_int_equal(visit->news2.total, -1);
    assert_int_equal(visit->news2.missing, 7);
    set(world, "vitals.temp", "- no battery");
    visit = read_it(world);
    assert_null(problem_at(visit, "vitals.temp", PROBLEM_MISSING));
    assert_int_equal(visit->reading_count, 2);
    set(world, "vitals.temp", "-");
    assert_non_null(problem_at(read_it(world), "vitals.temp", PROBLEM_MISSING));
}

static void a_doubtful_vital_waits_for_its_confirmation(void **state)
{
    struct world *world = *state;
    set_vitals(world);
    set(world, "vitals.temp", "365");
    const struct visit *visit = read_it(world);
    assert_non_null(problem_at(visit, "vitals.temp", PROBLEM_ASK));
    assert_false(visit_can_sign(visit));
    assert_int_equal(visit->news2.missing, 1);
    set(world, "confirmed.temp", "364");
    assert_false(visit_can_sign(read_it(world)));
    set(world, "confirmed.temp", "365");
    visit = read_it(world);
    assert_true(visit_can_sign(visit));
    assert_int_equal(visit->news2.total, 1);
    set(world, "vitals.temp", "395"); /* an old confirmation is for the old text */
    assert_false(visit_can_sign(read_it(world)));
}

static void an_impossible_vital_is_refused(void **state)
{
    struct world *world = *state;
    set(world, "vitals.bp", "88/142");
    set(world, "confirmed.bp", "88/142");
    const struct visit *visit = read_it(world);
    const struct visit_problem *problem = problem_at(visit, "vitals.bp", PROBLEM_REFUSED);
    assert_non_null(problem);
    assert_non_null(strstr(problem->sentence, "142/88"));
    assert_false(visit_can_sign(visit));
    assert_int_equal(visit->reading_count, 0);
}

static void weight_is_set_against_the_chart(void **state)
{
    struct world *world = *state;
    add_reading(&world->chart, VITAL_WEIGHT, "60.0", noon() - INSTANT_DAY, SOURCE_NURSE);
    set(world, "vitals.weight", "66");
    assert_non_null(problem_at(read_it(world), "vitals.weight", PROBLEM_ASK));
    set(world, "vitals.weight", "61");
    assert_true(visit_can_sign(read_it(world)));
}

static void scale_and_age_come_from_the_chart(void **state)
{
    struct world *world = *state;
    set_vitals(world);
    set(world, "vitals.spo2", "90");
    assert_int_equal(read_it(world)->news2.total, 4);
    world->chart.news2_scale = 2;
    assert_int_equal(read_it(world)->news2.total, 1);
    assert_int_equal(world->visit.news2_scale, 2);
    text_copy(world->chart.patient.birth_date, sizeof world->chart.patient.birth_date, "2016-01-01");
    assert_int_equal(read_it(world)->news2.total, -1);
    visit_read(&world->draft, NULL, noon(), &world->visit);
    assert_int_equal(world->visit.news2_scale, 1);
}

/* --- times --------------------------------------------------------------------------------------- */

static void times_must_make_sense(void **state)
{
    struct world *world = *state;
    set(world, "vitals.pain", "3");
    set(world, "start", "2026-11-22T11:00:00+09:00");
    set(world, "end", "2026-11-22T10:59:00+09:00");
    assert_non_null(problem_at(read_it(world), "end", PROBLEM_REFUSED));
    set(world, "end", "2026-11-22T11:00:00+09:00");
    assert_true(visit_can_sign(read_it(world)));
    set(world, "end", "2026-11-22T12:05:00+09:00"); /* 5 minutes ahead is a clock, not a mistake */
    assert_true(visit_can_sign(read_it(world)));
    set(world, "end", "2026-11-22T12:05:01+09:00");
    assert_non_null(problem_at(read_it(world), "end", PROBLEM_REFUSED));
    set(world, "start", "2026-11-22T12:06:00+09:00");
    assert_non_null(problem_at(read_it(world), "start", PROBLEM_REFUSED));
    static const char *const broken[] = {"yesterday", "2026-11-22", "2026-11", "2026-11-22T25:00:00Z"};
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        set(world, "start", broken[i]);
        assert_non_null(problem_at(read_it(world), "start", PROBLEM_REFUSED));
    }
}

static void a_visit_finished_later_is_reminded_of_its_end(void **state)
{
    struct world *world = *state;
    set(world, "vitals.pain", "3");
    world->draft.started = noon() - 3 * INSTANT_HOUR;
    assert_null(problem_at(read_it(world), "end", PROBLEM_MISSING));
    world->draft.started = noon() - 3 * INSTANT_HOUR - 1;
    assert_non_null(problem_at(read_it(world), "end", PROBLEM_MISSING));
    set(world, "end", "2026-11-22T10:00:00+09:00");
    assert_null(problem_at(read_it(world), "end", PROBLEM_MISSING));
    world->draft.started = INSTANT_NONE;
    assert_non_null(problem_at(read_it(world), "start", PROBLEM_REFUSED));
}

static void another_patients_chart_is_refused(void **state)
{
    struct world *world = *state;
    set(world, "vitals.pain", "3");
    text_copy(world->chart.patient.id, sizeof world->chart.patient.id, "p2");
    assert_non_null(problem_at(read_it(world), "identity", PROBLEM_REFUSED));
}

/* --- note ---------------------------------------------------------------------------------------- */

static void notes_are_soap_or_free(void **state)
{
    struct world *world = *state;
    set(world, "note.a", "better");
    const struct visit *visit = read_it(world);
    assert_true(visit->has_note);
    assert_string_equal(visit->note.template_key, "soap");
    assert_string_equal(visit->note.section[0], "");
    assert_string_equal(visit->note.section[2], "better");
    set(world, "note.a", "");
    set(world, "note.text", "Slept well.");
    visit = read_it(world);
    assert_string_equal(visit->note.template_key, "free");
    assert_string_equal(visit->note.section[0], "Slept well.");
    assert_string_equal(visit->note.section[3], "");
    set(world, "note.template", "free");
    assert_true(visit_can_sign(read_it(world)));
    set(world, "note.p", "next week");
    assert_non_null(problem_at(read_it(world), "note.template", PROBLEM_REFUSED));
    set(world, "note.template", "soap");
    assert_non_null(problem_at(read_it(world), "note.text", PROBLEM_REFUSED));
    set(world, "note.text", "");
    assert_true(visit_can_sign(read_it(world)));
    set(world, "note.template", "dar");
    assert_non_null(problem_at(read_it(world), "note.template", PROBLEM_REFUSED));
}

static void a_note_over_the_limit_is_refused(void **state)
{
    struct world *world = *state;
    char *text = memory_allocate(VISIT_NOTE_LIMIT + 1);
    assert_non_null(text);
    memset(text, 'a', VISIT_NOTE_LIMIT);
    set(world, "note.s", text);
    assert_true(visit_can_sign(read_it(world)));
    set(world, "note.p", "b");
    assert_non_null(problem_at(read_it(world), "note.s", PROBLEM_REFUSED));
    memory_free(text);
}

static void an_unknown_part_is_not_signed_away(void **state)
{
    struct world *world = *state;
    set(world, "vitals.pain", "3");
    assert_int_equal(visit_draft_set(&world->draft, "vitals.mood", "low", NULL), STATUS_OK);
    assert_non_null(problem_at(read_it(world), "vitals.mood", PROBLEM_REFUSED));
    assert_int_equal(visit_draft_set(&world->draft, "vitals.mood", "", NULL), STATUS_OK);
    assert_int_equal(visit_draft_set(&world->draft, "scroll", "12", NULL), STATUS_OK);
    assert_true(visit_can_sign(read_it(world)));
}

/* More problems than fit: what refuses stays, what is only missing makes way. */
static void problems_that_refuse_are_never_crowded_out(void **state)
{
    struct world *world = *state;
    char name[VISIT_FIELD_NAME_SIZE];
    for (int i = 0; i < VISIT_TASKS; i++) {
        snprintf(name, sizeof name, "task.%d.status", i);
        set(world, name, "completed");
    }
    const struct visit *visit = read_it(world);
    assert_int_equal(visit->problem_count, sizeof visit->problems / sizeof visit->problems[0]);
    assert_int_equal(visit_problem_count(visit, PROBLEM_MISSING), 0);
    assert_false(visit_can_sign(visit));
}

static void check_entered(struct world *world, bool brief, const char *expected)
{
    struct visit_entered entered = visit_entered(&world->draft);
    char words[200];
    visit_entered_words(&entered, brief, words, sizeof words);
    assert_string_equal(words, expected);
}

static void what_was_entered_is_counted_as_typed(void **state)
{
    struct world *world = *state;
    check_entered(world, false, "nothing");
    set(world, "identity", "name");
    set(world, "vitals.rr", "  ");
    set(world, "note.template", "soap");
    check_entered(world, false, "nothing");
    set(world, "vitals.pulse", "abc"); /* impossible, and typed all the same */
    check_entered(world, true, "1 vital");
    set(world, "vitals.bp", "142/88");
    set(world, "note.s", "잘 잤음\n");
    set(world, "note.p", "e\u0301");
    set(world, "consent.0.purpose", "photo");
    set(world, "consent.0.by", "patient");
    set(world, "medicine.3.request", "m1");
    set(world, "task.0.id", "");
    check_entered(world, false, "2 vitals, a note of 4 characters, 1 consent, 1 medicine");
    check_entered(world, true, "2 vitals, note, 1 consent, 1 medicine");
}

int main(void)
{
    /* Offsets in the times below are Seoul's. */
    setenv("TZ", "Asia/Seoul", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_draft_keeps_texts_exactly, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_failed_allocation_leaves_the_draft_as_it_was, set_up, tear_down),
        cmocka_unit_test(known_names_are_those_of_the_contract),
        cmocka_unit_test_setup_teardown(a_full_visit_can_be_signed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_empty_visit_cannot_be_signed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_expected_and_not_there_is_missing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_doubtful_vital_waits_for_its_confirmation, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_impossible_vital_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(weight_is_set_against_the_chart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(scale_and_age_come_from_the_chart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(times_must_make_sense, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_visit_finished_later_is_reminded_of_its_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_patients_chart_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(notes_are_soap_or_free, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_note_over_the_limit_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_unknown_part_is_not_signed_away, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_entered_is_counted_as_typed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(problems_that_refuse_are_never_crowded_out, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
