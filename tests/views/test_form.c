/* The form: moving, choosing, taking back, staying with an item while others come and go. No terminal is needed. */
#include "tests/support/test.h"

#include "base/text.h"
#include "views/form.h"

#include <string.h>

static const char *const answers[] = {"yes", "no", NULL};

static const char *same(const char *key)
{
    return key;
}

static const struct choice choice = {answers, same};

/* What the form below shows; a question may be left out. */
struct sample {
    struct form form;
    struct view view;
    struct application application;
    struct draft_field field;
    const char *chosen;
    bool without_first;
};

enum { FIRST, QUESTION, TEXT, BUTTON };

static void describe(struct form *form, struct view *view, struct application *application)
{
    struct sample *sample = view->state;

    (void)application;
    form_heading(form, "a heading is no item");
    if (!sample->without_first) {
        form_button(form, FIRST, 4, ROLE_NORMAL, "", "first");
    }
    form_choice(form, QUESTION, 10, "Question", "", &choice, sample->chosen);
    form_field(form, TEXT, 10, "Text", &sample->field, "", "");
    form_button(form, BUTTON, 4, ROLE_NORMAL, "", "last");
}

static int setup(void **state)
{
    static struct sample sample;
    struct visit_draft draft;

    visit_draft_init(&draft);
    sample = (struct sample){.chosen = ""};
    sample.view.state = &sample;
    sample.application.rows = 24;
    sample.application.columns = 80;
    form_init(&sample.form, describe);
    assert_int_equal(draft_field_open(&sample.field, &draft, DRAFT_LINE, "task.0.reason", NULL), STATUS_OK);
    form_look(&sample.form, &sample.view, &sample.application);
    *state = &sample;
    return 0;
}

static int teardown(void **state)
{
    struct sample *sample = *state;

    draft_field_close(&sample->field);
    return 0;
}

static enum form_reaction key(struct sample *sample, enum key key)
{
    struct event event = {.kind = EVENT_KEY, .key = key};

    return form_event(&sample->form, &sample->view, &sample->application, &event);
}

static enum form_reaction character(struct sample *sample, uint32_t value)
{
    struct event event = {.kind = EVENT_CHARACTER, .character = value};

    return form_event(&sample->form, &sample->view, &sample->application, &event);
}

static void tab_goes_round_and_headings_are_passed_over(void **state)
{
    struct sample *sample = *state;
    static const int order[] = {QUESTION, TEXT, BUTTON, FIRST};

    assert_int_equal(sample->form.item.id, FIRST);
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        assert_int_equal(key(sample, KEYCAP_TAB), FORM_HANDLED);
        assert_int_equal(sample->form.item.id, order[i]);
    }
    (void)key(sample, KEYCAP_BACKTAB);
    assert_int_equal(sample->form.item.id, BUTTON);
}

static void moving_chooses_nothing(void **state)
{
    struct sample *sample = *state;

    for (int i = 0; i < 20; i++) {
        assert_int_equal(key(sample, KEYCAP_DOWN), FORM_HANDLED);
    }
    assert_int_equal(sample->form.item.id, BUTTON); /* Down stops at the end */
    for (int i = 0; i < 20; i++) {
        assert_int_equal(key(sample, KEYCAP_TAB), FORM_HANDLED);
        assert_int_equal(key(sample, KEYCAP_UP), FORM_HANDLED);
    }
    form_go(&sample->form, &sample->view, &sample->application, 1);
    assert_int_equal(sample->form.item.kind, FORM_CHOICE);
    assert_int_equal(sample->form.option, -1);
    assert_int_equal(key(sample, KEYCAP_ENTER), FORM_HANDLED); /* on the question itself: goes on */
    assert_int_equal(sample->form.item.id, TEXT);
}

static void answers_are_chosen_by_digit_enter_and_blank(void **state)
{
    struct sample *sample = *state;

    (void)key(sample, KEYCAP_TAB);
    assert_int_equal(character(sample, '2'), FORM_CHOSEN);
    assert_string_equal(sample->form.key, "no");
    assert_int_equal(character(sample, 0xFF11 /* full-width 1 */), FORM_CHOSEN);
    assert_string_equal(sample->form.key, "yes");
    assert_int_equal(character(sample, '3'), FORM_IGNORED);
    assert_int_equal(character(sample, 'y'), FORM_IGNORED);
    form_go(&sample->form, &sample->view, &sample->application, 1);
    (void)key(sample, KEYCAP_DOWN);
    (void)key(sample, KEYCAP_DOWN);
    assert_int_equal(key(sample, KEYCAP_ENTER), FORM_CHOSEN);
    assert_string_equal(sample->form.key, "no");
    (void)key(sample, KEYCAP_UP);
    assert_int_equal(character(sample, ' '), FORM_CHOSEN);
    assert_string_equal(sample->form.key, "yes");
}

static void only_what_is_chosen_can_be_taken_back(void **state)
{
    struct sample *sample = *state;

    (void)key(sample, KEYCAP_TAB);
    assert_int_equal(key(sample, KEYCAP_BACKSPACE), FORM_IGNORED);
    sample->chosen = "no";
    assert_int_equal(key(sample, KEYCAP_BACKSPACE), FORM_CLEARED);
    assert_int_equal(sample->form.item.id, QUESTION);
}

static void text_goes_into_the_text_alone(void **state)
{
    struct sample *sample = *state;

    assert_int_equal(character(sample, '1'), FORM_IGNORED);
    form_go(&sample->form, &sample->view, &sample->application, 2);
    assert_int_equal(character(sample, '1'), FORM_HANDLED);
    assert_int_equal(character(sample, 0xAC00 /* 가 */), FORM_HANDLED);
    assert_string_equal(editor_text(&sample->field.editor), "1가");
    assert_true(sample->application.unsaved);
    assert_int_equal(sample->view.offset, 4);
    assert_int_equal(key(sample, KEYCAP_ENTER), FORM_HANDLED);
    assert_int_equal(sample->form.item.id, BUTTON);
    assert_int_equal(key(sample, KEYCAP_ENTER), FORM_PRESSED);
}

static void the_cursor_stays_with_its_item(void **state)
{
    struct sample *sample = *state;

    form_go(&sample->form, &sample->view, &sample->application, 2);
    sample->without_first = true;
    form_look(&sample->form, &sample->view, &sample->application);
    assert_int_equal(sample->form.item.id, TEXT);
    assert_int_equal(sample->form.cursor, 1);
    sample->without_first = false;
    form_look(&sample->form, &sample->view, &sample->application);
    assert_int_equal(sample->form.item.id, TEXT);
    form_go(&sample->form, &sample->view, &sample->application, 99);
    assert_int_equal(sample->form.item.id, BUTTON);
}

static void nothing_is_chosen_on_a_terminal_too_small_to_read(void **state)
{
    struct sample *sample = *state;

    form_go(&sample->form, &sample->view, &sample->application, 1);
    sample->application.rows = 5;
    assert_int_equal(character(sample, '1'), FORM_IGNORED);
    form_go(&sample->form, &sample->view, &sample->application, 3);
    assert_int_equal(key(sample, KEYCAP_ENTER), FORM_IGNORED);
    form_go(&sample->form, &sample->view, &sample->application, 2);
    assert_int_equal(character(sample, '1'), FORM_HANDLED);
    assert_string_equal(editor_text(&sample->field.editor), "1");
}

static void parts_are_found_by_what_they_are_about(void **state)
{
    struct visit_draft draft;

    (void)state;
    visit_draft_init(&draft);
    assert_int_equal(draft_part_free(&draft, "medicine"), 0);
    assert_int_equal(visit_draft_set(&draft, "medicine.0.request", "MedicationRequest/m1", NULL), STATUS_OK);
    assert_int_equal(visit_draft_set(&draft, "medicine.1.reason", "left over", NULL), STATUS_OK);
    assert_int_equal(visit_draft_set(&draft, "task.2.id", "m1", NULL), STATUS_OK);
    assert_int_equal(draft_part_find(&draft, "medicine", "request", "m1"), 0);
    assert_int_equal(draft_part_find(&draft, "medicine", "request", "m2"), -1);
    assert_int_equal(draft_part_find(&draft, "task", "id", "m1"), 2);
    assert_int_equal(draft_part_free(&draft, "medicine"), 2);
    assert_int_equal(draft_part_free(&draft, "task"), 0);
    assert_string_equal(draft_part_get(&draft, "medicine", 1, "reason"), "left over");
    assert_string_equal(draft_part_get(&draft, "medicine", -1, "reason"), "");
    for (int i = 0; i < 100; i++) {
        char name[VISIT_FIELD_NAME_SIZE];

        (void)text_format(name, sizeof name, "task.%d.id", i);
        assert_int_equal(visit_draft_set(&draft, name, "t", NULL), STATUS_OK);
    }
    assert_int_equal(draft_part_free(&draft, "task"), -1);
    visit_draft_free(&draft);
}

/* What another way of entry left is shown whole and written back only when it was changed. */
static void a_longer_text_than_the_screen_takes_is_kept(void **state)
{
    struct visit_draft draft;
    struct draft_field field = {.kind = DRAFT_LINE};
    char text[1001];

    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    visit_draft_init(&draft);
    assert_int_equal(visit_draft_set(&draft, "task.0.reason", text, NULL), STATUS_OK);
    assert_int_equal(draft_field_open(&field, &draft, DRAFT_LINE, "task.0.reason", NULL), STATUS_OK);
    assert_string_equal(editor_text(&field.editor), text);
    assert_false(field.editor.changed);
    draft_field_close(&field);
    visit_draft_free(&draft);
}

#define WITH_SAMPLE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SAMPLE(tab_goes_round_and_headings_are_passed_over),
        WITH_SAMPLE(moving_chooses_nothing),
        WITH_SAMPLE(answers_are_chosen_by_digit_enter_and_blank),
        WITH_SAMPLE(only_what_is_chosen_can_be_taken_back),
        WITH_SAMPLE(text_goes_into_the_text_alone),
        WITH_SAMPLE(the_cursor_stays_with_its_item),
        WITH_SAMPLE(nothing_is_chosen_on_a_terminal_too_small_to_read),
        cmocka_unit_test(parts_are_found_by_what_they_are_about),
        cmocka_unit_test(a_longer_text_than_the_screen_takes_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
