/* The text editor: boundaries, undo, words, wrapping, and random edits against a plain model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/identifier.h"
#include "base/memory.h"
#include "base/text.h"
#include "views/editor.h"

#include <stdio.h>
#include <string.h>

static struct editor make(const char *text, bool one_line)
{
    struct editor editor;

    assert_int_equal(editor_init(&editor, 4096, one_line, NULL), STATUS_OK);
    assert_int_equal(editor_set(&editor, text, NULL), STATUS_OK);
    return editor;
}

static void press(struct editor *editor, enum key key)
{
    struct event event = {.kind = EVENT_KEY, .key = key};

    assert_true(editor_event(editor, &event, 40));
}

static void control(struct editor *editor, char letter)
{
    struct event event = {.kind = EVENT_KEY, .key = KEYCAP_CONTROL, .character = (unsigned char)letter};

    assert_true(editor_event(editor, &event, 40));
}

static void type(struct editor *editor, const char *text)
{
    for (size_t at = 0; text[at] != '\0';) {
        struct event event = {.kind = EVENT_CHARACTER};

        at += text_decode(text + at, strlen(text + at), &event.character);
        assert_true(editor_event(editor, &event, 40));
    }
}

/* The cursor on a boundary, the text valid and as it would be shown. */
static void check(const struct editor *editor)
{
    size_t line = editor->cursor;
    uint32_t character = 0;

    assert_int_equal(strlen(editor->text), editor->length);
    assert_true(text_is_utf8(editor->text, editor->length));
    assert_true(editor->cursor <= editor->length);
    for (; line > 0 && editor->text[line - 1] != '\n'; line--) {
    }
    while (line < editor->cursor) {
        line = text_next_grapheme(editor->text, editor->length, line);
    }
    assert_int_equal(line, editor->cursor);
    for (size_t at = 0; at < editor->length;) {
        at += text_decode(editor->text + at, editor->length - at, &character);
        assert_true(character == 0x0A || (character >= 0x20 && character < 0x7F) || character >= 0xA0);
    }
}

static void types_and_deletes_by_grapheme(void **state)
{
    struct editor editor = make("", true);

    (void)state;
    type(&editor, "혈압 東京");
    press(&editor, KEYCAP_BACKSPACE);
    assert_string_equal(editor_text(&editor), "혈압 東");
    press(&editor, KEYCAP_LEFT);
    press(&editor, KEYCAP_LEFT);
    press(&editor, KEYCAP_DELETE);
    assert_string_equal(editor_text(&editor), "혈압東");
    press(&editor, KEYCAP_HOME);
    press(&editor, KEYCAP_DELETE);
    assert_string_equal(editor_text(&editor), "압東");
    editor_free(&editor);
}

static void a_mark_typed_alone_joins_the_letter_before(void **state)
{
    struct editor editor = make("", true);

    (void)state;
    type(&editor, "cafe\xCC\x81");
    assert_string_equal(editor_text(&editor), "cafe\xCC\x81");
    press(&editor, KEYCAP_BACKSPACE);
    assert_string_equal(editor_text(&editor), "caf");
    type(&editor, "\xE1\x84\x92\xE1\x85\xA1"); /* two Jamo, one syllable */
    check(&editor);
    press(&editor, KEYCAP_BACKSPACE);
    assert_string_equal(editor_text(&editor), "caf");
    editor_free(&editor);
}

static void controls_and_broken_bytes_never_get_in(void **state)
{
    struct editor editor = make("", false);

    (void)state;
    assert_int_equal(editor_insert(&editor, "a\x1B[2Jb\xFF\xE2\x80\xAE" "c\r\nd", 14, NULL), STATUS_OK);
    check(&editor);
    assert_null(strchr(editor_text(&editor), 0x1B));
    assert_non_null(strstr(editor_text(&editor), "c\nd"));
    editor_free(&editor);
    editor = make("one\ntwo", true);
    assert_string_equal(editor_text(&editor), "one two");
    editor_free(&editor);
}

static void undo_takes_back_words_exactly(void **state)
{
    struct editor editor = make("start ", true);

    (void)state;
    type(&editor, "one two");
    editor_undo(&editor);
    assert_string_equal(editor_text(&editor), "start one ");
    editor_undo(&editor);
    assert_string_equal(editor_text(&editor), "start one");
    editor_undo(&editor);
    assert_string_equal(editor_text(&editor), "start ");
    editor_undo(&editor);
    assert_string_equal(editor_text(&editor), "start ");
    editor_redo(&editor);
    editor_redo(&editor);
    editor_redo(&editor);
    assert_string_equal(editor_text(&editor), "start one two");
    editor_free(&editor);
}

static void undo_brings_back_a_killed_line(void **state)
{
    struct editor editor = make("첫 줄\n둘째 줄\n", false);

    (void)state;
    editor_move_to(&editor, 0);
    control(&editor, 'k');
    assert_string_equal(editor_text(&editor), "\n둘째 줄\n");
    control(&editor, 'k');
    assert_string_equal(editor_text(&editor), "둘째 줄\n");
    editor_undo(&editor);
    editor_undo(&editor);
    assert_string_equal(editor_text(&editor), "첫 줄\n둘째 줄\n");
    assert_int_equal(editor.cursor, 0);
    editor_free(&editor);
}

static void words_and_line_ends(void **state)
{
    struct editor editor = make("blood pressure 142", true);

    (void)state;
    press(&editor, KEYCAP_WORD_LEFT);
    assert_int_equal(editor.cursor, 15);
    control(&editor, 'w');
    assert_string_equal(editor_text(&editor), "blood 142");
    control(&editor, 'u');
    assert_string_equal(editor_text(&editor), "142");
    control(&editor, 'e');
    assert_int_equal(editor.cursor, 3);
    control(&editor, 'a');
    control(&editor, 'd');
    assert_string_equal(editor_text(&editor), "42");
    press(&editor, KEYCAP_WORD_RIGHT);
    assert_int_equal(editor.cursor, 2);
    editor_free(&editor);
}

static void what_does_not_fit_changes_nothing(void **state)
{
    struct editor editor;
    struct event paste = {.kind = EVENT_PASTE, .paste = "0123456789"};

    (void)state;
    assert_int_equal(editor_init(&editor, 8, true, NULL), STATUS_OK);
    assert_int_equal(editor_set(&editor, "abc", NULL), STATUS_OK);
    assert_true(editor_event(&editor, &paste, 40));
    assert_true(editor.full);
    assert_string_equal(editor_text(&editor), "abc");
    type(&editor, "defgh");
    assert_string_equal(editor_text(&editor), "abcdefgh");
    type(&editor, "i");
    assert_true(editor.full);
    assert_string_equal(editor_text(&editor), "abcdefgh");
    editor_free(&editor);
}

static void lines_wrap_by_words_and_by_wide_characters(void **state)
{
    struct editor editor = make("She slept well last night.\n東京都新宿区西新宿二丁目、八番一号", false);
    struct wrap_line lines[16];
    size_t total = 0;
    size_t count = editor_lines(&editor, 13, 0, lines, 16, &total);

    (void)state;
    assert_int_equal(count, total);
    for (size_t i = 0; i < count; i++) {
        char piece[128];

        assert_true(lines[i].length < sizeof piece);
        snprintf(piece, sizeof piece, "%.*s", (int)lines[i].length, editor.text + lines[i].start);
        while (piece[0] != '\0' && piece[strlen(piece) - 1] == ' ') {
            piece[strlen(piece) - 1] = '\0';
        }
        assert_true(text_columns(piece) <= 12);
        assert_false(text_starts_with(piece, "、"));
    }
    assert_int_equal(lines[0].start, 0);
    assert_int_equal(lines[1].start, strlen("She slept "));
    editor_free(&editor);
}

static void up_and_down_keep_the_column(void **state)
{
    struct editor editor = make("abcdef\nx\nabcdef", false);
    size_t line = 0;
    int column = 0;

    (void)state;
    editor_move_to(&editor, 5);
    press(&editor, KEYCAP_DOWN);
    editor_place(&editor, 40, &line, &column);
    assert_int_equal(line, 1);
    assert_int_equal(column, 1);
    press(&editor, KEYCAP_DOWN);
    editor_place(&editor, 40, &line, &column);
    assert_int_equal(line, 2);
    assert_int_equal(column, 5);
    press(&editor, KEYCAP_UP);
    press(&editor, KEYCAP_UP);
    assert_int_equal(editor.cursor, 5);
    editor_free(&editor);
}

static void a_tap_finds_its_place(void **state)
{
    struct editor editor = make("가나다\nabc", false);

    (void)state;
    editor_move_to_place(&editor, 40, 0, 3);
    assert_int_equal(editor.cursor, 3); /* inside the second wide character: before it */
    editor_move_to_place(&editor, 40, 1, 99);
    assert_int_equal(editor.cursor, strlen("가나다\nabc"));
    editor_move_to_place(&editor, 40, 99, 0);
    assert_int_equal(editor.cursor, strlen("가나다\nabc"));
    editor_free(&editor);
}

#define ALPHABET_COUNT 14
static const char *const alphabet[ALPHABET_COUNT] = {
    "a", " ", "\n", "한", "글", "東", "é", "e\xCC\x81", "\xCC\x81", "🇰", "🇷", "👍", "\xE1\x84\x92", "\xE1\x85\xA1",
};

static void random_edits_stay_sound_and_undo_exactly(void **state)
{
    uint64_t seed = 20261124;
    struct randomness randomness = randomness_seeded(&seed);

    (void)state;
    for (int round = 0; round < 200; round++) {
        struct editor editor = make("시작 start\n東京", false);
        char before[4096];
        char after[4096];
        int steps = 0;

        snprintf(before, sizeof before, "%s", editor_text(&editor));
        for (int i = 0; i < 60; i++) {
            uint32_t what = randomness_below(&randomness, 12);
            struct event event = {.kind = EVENT_KEY};

            if (what < 5) {
                const char *text = alphabet[randomness_below(&randomness, ALPHABET_COUNT)];

                assert_int_equal(editor_insert(&editor, text, strlen(text), NULL), STATUS_OK);
            } else if (what < 11) {
                static const enum key keys[] = {KEYCAP_BACKSPACE, KEYCAP_DELETE, KEYCAP_LEFT, KEYCAP_RIGHT, KEYCAP_UP,
                                                KEYCAP_WORD_LEFT};

                event.key = keys[what - 5];
                (void)editor_event(&editor, &event, 10 + (int)randomness_below(&randomness, 30));
            } else {
                event.key = KEYCAP_CONTROL;
                event.character = (uint32_t)"aekwud"[randomness_below(&randomness, 6)];
                (void)editor_event(&editor, &event, 20);
            }
            check(&editor);
        }
        snprintf(after, sizeof after, "%s", editor_text(&editor));
        while (editor.step_at > 0) {
            editor_undo(&editor);
            steps++;
            check(&editor);
        }
        assert_string_equal(editor_text(&editor), before);
        while (steps-- > 0) {
            editor_redo(&editor);
        }
        assert_string_equal(editor_text(&editor), after);
        editor_free(&editor);
    }
}

/* Every line but the last is full or ended, lines cover the text, and the cursor stands where it is said to. */
static void random_texts_lay_out_without_gaps(void **state)
{
    uint64_t seed = 7;
    struct randomness randomness = randomness_seeded(&seed);

    (void)state;
    for (int round = 0; round < 300; round++) {
        struct editor editor = make("", false);
        struct wrap_line lines[256];
        int columns = 3 + (int)randomness_below(&randomness, 30);
        size_t total = 0;
        size_t at = 0;
        size_t count = 0;

        for (int i = 0; i < 60; i++) {
            const char *text = alphabet[randomness_below(&randomness, ALPHABET_COUNT)];

            assert_int_equal(editor_insert(&editor, text, strlen(text), NULL), STATUS_OK);
        }
        count = editor_lines(&editor, columns, 0, lines, 256, &total);
        assert_int_equal(count, total);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(lines[i].start, at);
            at = lines[i].start + lines[i].length;
            at += at < editor.length && editor.text[at] == '\n' ? 1 : 0;
        }
        assert_int_equal(at, editor.length);
        for (editor_move_to(&editor, 0); editor.cursor < editor.length;) {
            size_t line = 0;
            size_t cursor = editor.cursor;
            int column = 0;

            editor_place(&editor, columns, &line, &column);
            assert_true(cursor >= lines[line].start && cursor <= lines[line].start + lines[line].length);
            assert_true(column < columns);
            press(&editor, KEYCAP_RIGHT);
            assert_true(editor.cursor > cursor);
        }
        editor_free(&editor);
    }
}

static void short_memory_loses_nothing(void **state)
{
    (void)state;
    for (long nth = 1; nth < 12; nth++) {
        struct editor editor = make("kept", true);
        enum status status = STATUS_OK;

        memory_fail_at(nth, 0);
        status = editor_insert(&editor, " and more", 9, NULL);
        memory_fail_at(0, 0);
        assert_string_equal(editor_text(&editor), status == STATUS_OK ? "kept and more" : "kept");
        check(&editor);
        editor_free(&editor);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_and_deletes_by_grapheme),
        cmocka_unit_test(a_mark_typed_alone_joins_the_letter_before),
        cmocka_unit_test(controls_and_broken_bytes_never_get_in),
        cmocka_unit_test(undo_takes_back_words_exactly),
        cmocka_unit_test(undo_brings_back_a_killed_line),
        cmocka_unit_test(words_and_line_ends),
        cmocka_unit_test(what_does_not_fit_changes_nothing),
        cmocka_unit_test(lines_wrap_by_words_and_by_wide_characters),
        cmocka_unit_test(up_and_down_keep_the_column),
        cmocka_unit_test(a_tap_finds_its_place),
        cmocka_unit_test(random_edits_stay_sound_and_undo_exactly),
        cmocka_unit_test(random_texts_lay_out_without_gaps),
        cmocka_unit_test(short_memory_loses_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
