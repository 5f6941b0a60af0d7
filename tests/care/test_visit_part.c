/* Consents, medicines and tasks of a visit: what is complete, what is refused, by which name. */
#include "chart_builder.h"

#include "care/said.h"

#include <stdio.h>

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
    world->draft.started = noon();
    add_medicine(&world->chart, MEDICINE_REQUEST, "m1", "Furosemide 40 mg");
    add_medicine(&world->chart, MEDICINE_STATEMENT, "s1", "Ibuprofen");
    world->chart.tasks = memory_allocate_array(1, sizeof *world->chart.tasks);
    assert_non_null(world->chart.tasks);
    world->chart.task_count = 1;
    text_copy(world->chart.tasks[0].id, sizeof world->chart.tasks[0].id, "t1");
    text_copy(world->chart.tasks[0].source, sizeof world->chart.tasks[0].source, "Task");
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    visit_draft_free(&world->draft);
    chart_free(&world->chart);
    memory_free(world);
    return 0;
}

static void set(struct world *world, const char *name, const char *value)
{
    assert_int_equal(visit_draft_set(&world->draft, name, value, NULL), STATUS_OK);
}

/* The number of problems of a level that name this field; NULL counts all. */
static size_t count_problems(struct world *world, enum problem_level level, const char *field)
{
    size_t count = 0;
    visit_read(&world->draft, &world->chart, noon(), &world->visit);
    for (size_t i = 0; i < world->visit.problem_count; i++) {
        const struct visit_problem *problem = &world->visit.problems[i];
        count += problem->level == level && (field == NULL || strcmp(problem->field, field) == 0);
    }
    return count;
}

static size_t refusals(struct world *world, const char *field)
{
    return count_problems(world, PROBLEM_REFUSED, field);
}

static void set_consent(struct world *world)
{
    set(world, "consent.0.purpose", "home-care");
    set(world, "consent.0.decision", "permit");
    set(world, "consent.0.by", "patient");
    set(world, "consent.0.method", "verbal-witnessed");
}

static void a_complete_consent_is_read(void **state)
{
    struct world *world = *state;
    set_consent(world);
    set(world, "consent.0.name", "김영희");
    assert_int_equal(refusals(world, NULL), 0);
    assert_int_equal(world->visit.consent_count, 1);
    assert_string_equal(world->visit.consents[0].purpose, "home-care");
    assert_string_equal(world->visit.consents[0].decision, "permit");
    assert_string_equal(world->visit.consents[0].by, "patient");
    assert_string_equal(world->visit.consents[0].method, "verbal-witnessed");
    assert_string_equal(world->visit.consents[0].name, "김영희");
}

static void each_part_of_a_consent_is_needed_and_checked(void **state)
{
    struct world *world = *state;
    static const char *const names[] = {"consent.0.purpose", "consent.0.decision", "consent.0.by", "consent.0.method"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        set_consent(world);
        set(world, names[i], "");
        assert_int_equal(refusals(world, names[i]), 1);
        set(world, names[i], "something else that is much longer than any key could be");
        assert_int_equal(refusals(world, names[i]), 1);
        assert_int_equal(refusals(world, NULL), 1);
    }
}

static void contradicting_consents_are_refused(void **state)
{
    struct world *world = *state;
    set_consent(world);
    set(world, "consent.0.method", "refused");
    assert_int_equal(refusals(world, "consent.0.method"), 1);
    set(world, "consent.0.decision", "deny");
    assert_int_equal(refusals(world, NULL), 0);
    set(world, "consent.0.decision", "permit");
    set(world, "consent.0.method", "unable");
    assert_int_equal(refusals(world, "consent.0.by"), 1);
    set(world, "consent.0.by", "guardian");
    assert_int_equal(refusals(world, NULL), 0);
    set(world, "consent.0.method", "typed-name");
    assert_int_equal(count_problems(world, PROBLEM_MISSING, "consent.0.name"), 1);
    set(world, "consent.3.purpose", "home-care");
    set(world, "consent.3.decision", "deny");
    set(world, "consent.3.by", "patient");
    set(world, "consent.3.method", "verbal");
    assert_int_equal(refusals(world, "consent.3.purpose"), 1);
}

static void blank_rows_are_no_entries_and_too_many_are_refused(void **state)
{
    struct world *world = *state;
    char name[VISIT_FIELD_NAME_SIZE];
    for (int i = 0; i < 30; i++) {
        snprintf(name, sizeof name, "consent.%d.purpose", i);
        set(world, name, " ");
    }
    set(world, "note.s", "x");
    assert_int_equal(refusals(world, NULL), 0);
    assert_int_equal(world->visit.consent_count, 0);
    static const char *const whole[][2] = {{"purpose", "photo"}, {"decision", "deny"}, {"by", "patient"},
                                           {"method", "verbal"}};
    for (int i = 0; i <= VISIT_CONSENTS; i++) {
        for (size_t j = 0; j < 4; j++) {
            snprintf(name, sizeof name, "consent.%d.%s", i, whole[j][0]);
            set(world, name, whole[j][1]);
        }
    }
    assert_int_equal(refusals(world, "consent.8.purpose"), 1);
    assert_int_equal(world->visit.consent_count, VISIT_CONSENTS);
}

static void rows_are_read_by_their_number(void **state)
{
    struct world *world = *state;
    set(world, "medicine.7.request", "m1");
    set(world, "medicine.7.taking", "unknown");
    set(world, "medicine.2.request", "m1");
    set(world, "medicine.2.taking", "as-ordered");
    assert_int_equal(refusals(world, NULL), 0);
    assert_int_equal(world->visit.medicine_count, 2);
    assert_int_equal(world->visit.medicines[0].taking, TAKING_AS_ORDERED);
    assert_int_equal(world->visit.medicines[1].taking, TAKING_UNKNOWN);
}

static void a_given_medicine_needs_dose_and_unit(void **state)
{
    struct world *world = *state;
    set(world, "medicine.0.request", "MedicationRequest/m1");
    set(world, "medicine.0.dose", "0,5");
    assert_int_equal(refusals(world, "medicine.0.unit"), 1);
    set(world, "medicine.0.unit", "mg");
    set(world, "medicine.0.route", "oral");
    assert_int_equal(refusals(world, NULL), 0);
    const struct visit_medicine *medicine = &world->visit.medicines[0];
    assert_true(medicine->given);
    assert_false(medicine->has_taking);
    assert_string_equal(medicine->request, "m1");
    assert_string_equal(medicine->dose, "0.5");
    assert_string_equal(medicine->unit, "mg");
    assert_string_equal(medicine->route, "oral");
    static const char *const broken[] = {"", "0", "-5", "half", "5 mg", "5.", "99999999999999999999999"};
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        set(world, "medicine.0.dose", broken[i]);
        assert_int_equal(refusals(world, "medicine.0.dose"), 1);
    }
    set(world, "medicine.0.dose", "５００");
    set(world, "medicine.0.unit", "a unit with far too long a name");
    assert_int_equal(refusals(world, "medicine.0.unit"), 1);
}

static void taking_is_a_key_and_wants_a_reason(void **state)
{
    struct world *world = *state;
    static const char *const keys[] = {"as-ordered", "not", "differently", "unknown"};
    set(world, "medicine.0.request", "m1");
    for (int i = 0; i < 4; i++) {
        set(world, "medicine.0.taking", keys[i]);
        set(world, "medicine.0.reason", "");
        bool wants = i == TAKING_NOT || i == TAKING_DIFFERENTLY;
        assert_int_equal(count_problems(world, PROBLEM_MISSING, "medicine.0.reason"), wants ? 1 : 0);
        assert_int_equal(refusals(world, NULL), 0);
        assert_int_equal(world->visit.medicines[0].taking, i);
        assert_true(world->visit.medicines[0].has_taking);
        set(world, "medicine.0.reason", "dizzy");
        assert_int_equal(count_problems(world, PROBLEM_MISSING, "medicine.0.reason"), 0);
        assert_string_equal(world->visit.medicines[0].reason, "dizzy");
    }
    set(world, "medicine.0.taking", "true");
    assert_int_equal(refusals(world, "medicine.0.taking"), 1);
    set(world, "medicine.0.taking", "");
    assert_int_equal(refusals(world, "medicine.0.taking"), 1); /* a reason alone says nothing */
    set(world, "medicine.0.reason", "");
    set(world, "note.s", "x");
    assert_int_equal(refusals(world, NULL), 0); /* a line only looked at */
    assert_int_equal(world->visit.medicine_count, 0);
}

static void an_order_must_be_on_the_chart(void **state)
{
    struct world *world = *state;
    set(world, "medicine.0.taking", "as-ordered");
    assert_int_equal(refusals(world, "medicine.0.request"), 1);
    set(world, "medicine.0.request", "m2");
    assert_int_equal(refusals(world, "medicine.0.request"), 1);
    set(world, "medicine.0.request", "s1"); /* a statement is no order */
    assert_int_equal(refusals(world, "medicine.0.request"), 1);
    set(world, "medicine.0.request", "m1");
    assert_int_equal(refusals(world, NULL), 0);
    world->chart.medicine_count = 0; /* never came */
    assert_int_equal(refusals(world, NULL), 0);
    world->chart.patient.complete = true; /* came, and has none */
    assert_int_equal(refusals(world, "medicine.0.request"), 1);
    world->chart.medicine_count = 2;
}

static void tasks_have_their_statuses_and_reasons(void **state)
{
    struct world *world = *state;
    static const char *const plain[] = {"completed", "on-hold", "in-progress"};
    static const char *const reasoned[] = {"failed", "cancelled"};
    set(world, "task.0.id", "t1");
    set(world, "note.s", "x");
    assert_int_equal(refusals(world, NULL), 0);
    assert_int_equal(world->visit.task_count, 0);
    for (size_t i = 0; i < 3; i++) {
        set(world, "task.0.status", plain[i]);
        assert_int_equal(refusals(world, NULL), 0);
        assert_string_equal(world->visit.tasks[0].status, plain[i]);
    }
    for (size_t i = 0; i < 2; i++) {
        set(world, "task.0.status", reasoned[i]);
        set(world, "task.0.reason", "");
        assert_int_equal(refusals(world, "task.0.reason"), 1);
        set(world, "task.0.reason", "asleep");
        assert_int_equal(refusals(world, NULL), 0);
        assert_string_equal(world->visit.tasks[0].reason, "asleep");
    }
    set(world, "task.0.status", "done");
    assert_int_equal(refusals(world, "task.0.status"), 1);
    set(world, "task.0.status", "completed");
    set(world, "task.0.id", "t2");
    assert_int_equal(refusals(world, "task.0.id"), 1);
    set(world, "task.0.id", "Task/t1");
    assert_int_equal(refusals(world, NULL), 0);
    char reason[LABEL_SIZE + 1];
    memset(reason, 'r', sizeof reason - 1);
    reason[sizeof reason - 1] = '\0';
    set(world, "task.0.reason", reason);
    assert_int_equal(refusals(world, "task.0.reason"), 1);
}

static void an_activity_of_a_plan_is_no_task(void **state)
{
    struct world *world = *state;

    set(world, "task.0.id", "t1");
    set(world, "task.0.status", "completed");
    assert_int_equal(refusals(world, "task.0.id"), 0);
    text_copy(world->chart.tasks[0].source, sizeof world->chart.tasks[0].source, "CarePlan");
    assert_int_equal(refusals(world, "task.0.id"), 1);
}

static void a_task_is_decided_once(void **state)
{
    struct world *world = *state;

    set(world, "task.0.id", "t1");
    set(world, "task.0.status", "completed");
    set(world, "task.4.id", "Task/t1");
    set(world, "task.4.status", "on-hold");
    assert_int_equal(refusals(world, "task.4.id"), 1);
    set(world, "task.4.status", "");
    assert_int_equal(refusals(world, "task.4.id"), 0); /* looked at only */
}

/* --- one part by itself --------------------------------------------------------------------------- */

static void what_was_said_is_a_text_of_lines(void **state)
{
    struct world *world = *state;
    const char *values[SAID_FIELDS];
    char text[SAID_TEXT_SIZE];
    struct error error = {0};

    set(world, "medicine.0.request", "m1");
    set(world, "medicine.0.taking", "not");
    set(world, "medicine.0.reason", "two\nlines");
    said_values(&world->draft, SAID_TAKEN, values);
    assert_true(said_write(SAID_TAKEN, values, text, sizeof text));
    assert_string_equal(text, "taking: not\nreason: two lines");
    assert_false(said_write(SAID_TAKEN, values, text, 10));
    assert_int_equal(said_type(&world->draft, SAID_TAKEN, "\n \r\nreason:\t at: noon \r\n", &error), STATUS_OK);
    assert_string_equal(said_get(&world->draft, SAID_TAKEN, "reason"), "at: noon");
    assert_string_equal(said_get(&world->draft, SAID_TAKEN, "taking"), "not");
    assert_int_equal(said_type(&world->draft, SAID_TAKEN, "reason:", &error), STATUS_OK);
    assert_string_equal(said_get(&world->draft, SAID_TAKEN, "reason"), "");
    static const char *const refused[] = {"", "\n", "no colon", "request: m2", "Taking: not", " taking: not", ": x"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        assert_int_equal(said_type(&world->draft, SAID_TAKEN, refused[i], &error), STATUS_INVALID);
        assert_non_null(strstr(error.sentence, "taking, reason"));
    }
    char *longest = memory_allocate(2 * SAID_TEXT_SIZE + 1);
    assert_non_null(longest);
    memset(longest, 'r', 2 * SAID_TEXT_SIZE);
    memcpy(longest, "reason:", 7);
    assert_int_equal(said_type(&world->draft, SAID_TAKEN, longest, &error), STATUS_INVALID);
    memory_free(longest);
}

/* There is a record: it has to say something, by the rule book of the visit. */
static void what_was_said_is_judged_as_in_the_visit(void **state)
{
    static const struct { enum said_kind kind; const char *typed, *field; enum problem_level level; } cases[] = {
        {SAID_TAKEN, "taking: not", "medicine.0.reason", PROBLEM_MISSING}, {SAID_TAKEN, "taking:", "medicine.0.taking", PROBLEM_REFUSED},
        {SAID_TAKEN, "reason: x", "medicine.0.taking", PROBLEM_REFUSED},   {SAID_GIVEN, "unit: mg", "medicine.0.dose", PROBLEM_REFUSED},
        {SAID_GIVEN, "dose: 5", "medicine.0.unit", PROBLEM_REFUSED},
        {SAID_GIVEN, "unit: mg\nreason: x", "medicine.0.dose", PROBLEM_REFUSED},
    };
    struct world *world = *state;

    set(world, "medicine.0.request", "m1");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct visit_draft draft;
        assert_int_equal(said_copy(&world->draft, &draft, NULL), STATUS_OK);
        assert_int_equal(said_type(&draft, cases[i].kind, cases[i].typed, NULL), STATUS_OK);
        assert_int_equal(said_judge(&draft, cases[i].kind, &world->visit, NULL), STATUS_OK);
        visit_draft_free(&draft);
        assert_int_equal(world->visit.problem_count, 1);
        assert_string_equal(world->visit.problems[0].field, cases[i].field);
        assert_int_equal(world->visit.problems[0].level, cases[i].level);
        assert_int_equal(world->visit.medicine_count, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_complete_consent_is_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(each_part_of_a_consent_is_needed_and_checked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(contradicting_consents_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(blank_rows_are_no_entries_and_too_many_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rows_are_read_by_their_number, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_given_medicine_needs_dose_and_unit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(taking_is_a_key_and_wants_a_reason, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_order_must_be_on_the_chart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tasks_have_their_statuses_and_reasons, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_activity_of_a_plan_is_no_task, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_task_is_decided_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_said_is_a_text_of_lines, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_said_is_judged_as_in_the_visit, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
