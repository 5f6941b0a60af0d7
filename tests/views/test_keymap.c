/* Keys and commands: names, input methods, and that no key means two things on one screen. */
#include "tests/support/test.h"

#include "base/text.h"
#include "views/keymap.h"
#include "views/view.h"

#include <stdio.h>
#include <string.h>

static struct event character(uint32_t value)
{
    return (struct event){.kind = EVENT_CHARACTER, .character = value};
}

static void names_match_their_events(void **state)
{
    struct event enter = {.kind = EVENT_KEY, .key = KEYCAP_ENTER};
    struct event control = {.kind = EVENT_KEY, .key = KEYCAP_CONTROL, .character = 's'};
    struct event function = {.kind = EVENT_KEY, .key = KEYCAP_FUNCTION, .character = 1};
    struct event paste = {.kind = EVENT_PASTE, .paste = "v"};
    struct event letter = character('v');

    (void)state;
    assert_true(keymap_matches("Enter", &enter));
    assert_true(keymap_matches("^S", &control));
    assert_false(keymap_matches("^Q", &control));
    assert_true(keymap_matches("F1", &function));
    assert_false(keymap_matches("F", &function));
    assert_true(keymap_matches("v", &letter));
    assert_false(keymap_matches("v", &paste));
}

static void letters_answer_in_every_input_method(void **state)
{
    static const uint32_t forms[] = {'p', 'P', 0xFF50 /* ｐ */, 0xFF30 /* Ｐ */, 0x3154 /* ㅔ */};

    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct event event = character(forms[i]);

        assert_int_equal(keymap_find(commands_everywhere, &event), COMMAND_PATIENTS);
    }
}

static void every_command_is_whole(void **state)
{
    (void)state;
    for (int id = COMMAND_NONE + 1; id < COMMAND_COUNT; id++) {
        const struct command *command = command_of((enum command_id)id);
        char name[KEY_NAME_SIZE];

        assert_int_equal(command->id, id);
        assert_true(command->name[0] != '\0' && command->label[0] != '\0' && command->help[0] != '\0');
        assert_true(keymap_shown(command->id, false, name));
        assert_true(text_columns(command->label) <= 16);
        for (int other = COMMAND_NONE + 1; other < id; other++) {
            assert_string_not_equal(command->name, command_of((enum command_id)other)->name);
        }
    }
}

struct taken {
    char name[KEY_NAME_SIZE];
    enum command_id command;
};

static size_t take_keys(const struct view_ops *view, const enum command_id *list, struct taken *taken, size_t count)
{
    for (; *list != COMMAND_NONE; list++) {
        const char *keys = command_of(*list)->keys;
        char name[KEY_NAME_SIZE];

        while ((keys = keymap_next(keys, name)) != NULL) {
            for (size_t i = 0; i < count; i++) {
                if (strcmp(taken[i].name, name) == 0 && taken[i].command != *list) {
                    fail_msg("on %s the key %s is %s and %s", view->name, name, command_of(*list)->name,
                             command_of(taken[i].command)->name);
                }
            }
            assert_true(count < 128);
            snprintf(taken[count].name, KEY_NAME_SIZE, "%s", name);
            taken[count++].command = *list;
        }
    }
    return count;
}

static void no_key_means_two_things_on_one_screen(void **state)
{
    (void)state;
    for (int id = 0; id < VIEW_ID_COUNT; id++) {
        const struct view_ops *view = view_ops_of((enum view_id)id);
        struct taken taken[128];

        (void)take_keys(view, commands_everywhere, taken, take_keys(view, view->commands, taken, 0));
    }
}

/* The editor's own keys would never reach a command. */
static void typing_views_leave_the_editor_its_keys(void **state)
{
    static const char *const reserved[] = {"^A", "^D", "^E", "^K", "^U", "^W", "^H", "^I", "^J", "^M"};

    (void)state;
    for (int id = 0; id < VIEW_ID_COUNT; id++) {
        const struct view_ops *view = view_ops_of((enum view_id)id);

        for (const enum command_id *command = view->commands; view->typing && *command != COMMAND_NONE; command++) {
            const char *keys = command_of(*command)->keys;
            char name[KEY_NAME_SIZE];

            while ((keys = keymap_next(keys, name)) != NULL) {
                for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++) {
                    assert_string_not_equal(name, reserved[i]);
                }
            }
        }
    }
}

/* Esc and function keys may be missing or taken by the terminal. */
static void escape_and_function_keys_are_never_the_only_way(void **state)
{
    (void)state;
    for (int id = COMMAND_NONE + 1; id < COMMAND_COUNT; id++) {
        const char *keys = command_of((enum command_id)id)->keys;
        char name[KEY_NAME_SIZE];
        bool other = false;

        while ((keys = keymap_next(keys, name)) != NULL) {
            other = other || (strcmp(name, "Esc") != 0 && !(name[0] == 'F' && name[1] != '\0'));
        }
        assert_true(other);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_match_their_events),
        cmocka_unit_test(letters_answer_in_every_input_method),
        cmocka_unit_test(every_command_is_whole),
        cmocka_unit_test(no_key_means_two_things_on_one_screen),
        cmocka_unit_test(typing_views_leave_the_editor_its_keys),
        cmocka_unit_test(escape_and_function_keys_are_never_the_only_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
