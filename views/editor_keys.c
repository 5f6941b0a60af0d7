/* What keys do to a text, and where its lines and its cursor stand. */
#include "views/editor.h"

#include "base/text.h"

#include <limits.h>
#include <string.h>

/* --- layout --------------------------------------------------------------------------------------- */

/* The last cell of a line stays free for a cursor behind its last character. */
static int usable(const struct editor *editor, int columns)
{
    return editor->one_line ? INT_MAX : columns - 1;
}

size_t editor_lines(const struct editor *editor, int columns, size_t from, struct wrap_line *lines, size_t limit,
                    size_t *total)
{
    size_t filled = 0;
    size_t line = 0;
    size_t next = 0;

    do {
        struct wrap_line here;

        next = wrap_next(editor->text, editor->length, next, usable(editor, columns), &here);
        if (line >= from && filled < limit) {
            lines[filled++] = here;
        }
        line++;
    } while (next <= editor->length);
    *total = line;
    return filled;
}

/* The line that holds `offset`. */
static size_t line_of(const struct editor *editor, int columns, size_t offset, struct wrap_line *here)
{
    size_t next = 0;
    size_t line = 0;

    for (;; line++) {
        next = wrap_next(editor->text, editor->length, next, usable(editor, columns), here);
        if (offset < next || next > editor->length) {
            return line;
        }
    }
}

void editor_place(const struct editor *editor, int columns, size_t *line, int *column)
{
    struct wrap_line here;

    *line = line_of(editor, columns, editor->cursor, &here);
    *column = wrap_columns(editor->text + here.start, editor->cursor - here.start,
                           editor->one_line ? INT_MAX : columns > 1 ? columns - 1 : 1);
}

void editor_move_to_place(struct editor *editor, int columns, size_t line, int column)
{
    struct wrap_line here = {0};
    size_t total = 0;
    size_t at = 0;
    int used = 0;

    if (editor_lines(editor, columns, line, &here, 1, &total) == 0) {
        (void)editor_lines(editor, columns, total - 1, &here, 1, &total);
        column = INT_MAX;
    }
    at = here.start;
    while (at < here.start + here.length) {
        size_t end = text_next_grapheme(editor->text, editor->length, at);
        int width = wrap_columns(editor->text + at, end - at, INT_MAX);

        /* The end of a wrapped line is the start of the next: stay on this one. */
        if (used + width > column ||
            (end == here.start + here.length && end < editor->length && editor->text[end] != '\n')) {
            break;
        }
        used += width;
        at = end;
    }
    editor_move_to(editor, at);
}

/* --- keys ----------------------------------------------------------------------------------------- */

static bool move_line(struct editor *editor, int columns, int by)
{
    size_t line = 0;
    size_t total = 0;
    int column = 0;

    editor_place(editor, columns, &line, &column);
    (void)editor_lines(editor, columns, 0, NULL, 0, &total);
    if (editor->column_wanted >= 0) {
        column = editor->column_wanted;
    }
    if (by < 0 && line == 0) {
        editor_move_to(editor, 0);
    } else if (by > 0 && line + 1 == total) {
        editor_move_to(editor, editor->length);
    } else {
        size_t step = (size_t)(by < 0 ? -by : by);
        size_t to = by < 0 ? (line > step ? line - step : 0) : (line + step < total ? line + step : total - 1);

        editor_move_to_place(editor, columns, to, column);
        editor->column_wanted = column;
    }
    return true;
}

static bool move_to(struct editor *editor, size_t offset)
{
    editor_move_to(editor, offset);
    return true;
}

static size_t line_start(const struct editor *editor, int columns)
{
    struct wrap_line here;

    (void)line_of(editor, columns, editor->cursor, &here);
    return here.start;
}

static size_t line_end(const struct editor *editor, int columns)
{
    struct wrap_line here;
    size_t end = 0;

    (void)line_of(editor, columns, editor->cursor, &here);
    end = here.start + here.length;
    if (end < editor->length && editor->text[end] != '\n') {
        end = text_previous_grapheme(editor->text, end);
    }
    return end;
}

static bool delete_to(struct editor *editor, size_t from, size_t to)
{
    editor_delete_range(editor, from, to);
    return true;
}

static bool type(struct editor *editor, uint32_t character)
{
    char bytes[4];
    size_t length = text_encode(character, bytes);

    if (length == 0 || (character < 0x20 && character != '\n') || character == 0x7F) {
        return false;
    }
    editor->full = editor_insert(editor, bytes, length, NULL) != STATUS_OK;
    return true;
}

/* Keys that only a text of several lines has a use for. */
static bool vertical_key(struct editor *editor, enum key key, int columns)
{
    if (editor->one_line) {
        return false;
    }
    if (key == KEYCAP_UP || key == KEYCAP_DOWN) {
        return move_line(editor, columns, key == KEYCAP_UP ? -1 : 1);
    }
    if (key == KEYCAP_PAGE_UP || key == KEYCAP_PAGE_DOWN) {
        return move_line(editor, columns, key == KEYCAP_PAGE_UP ? -10 : 10);
    }
    return key == KEYCAP_ENTER && type(editor, '\n');
}

static bool control_key(struct editor *editor, uint32_t letter, int columns)
{
    size_t end = 0;

    if (letter == 'a') {
        return move_to(editor, line_start(editor, columns));
    }
    if (letter == 'e') {
        return move_to(editor, line_end(editor, columns));
    }
    if (letter == 'd') {
        editor_delete(editor);
        return true;
    }
    if (letter == 'w') {
        editor_delete_word_back(editor);
        return true;
    }
    if (letter == 'u') {
        return delete_to(editor, line_start(editor, columns), editor->cursor);
    }
    if (letter == 'k') {
        const char *newline = strchr(editor->text + editor->cursor, '\n');

        end = newline != NULL ? (size_t)(newline - editor->text) : editor->length;
        return delete_to(editor, editor->cursor, end > editor->cursor ? end : end + (newline != NULL ? 1 : 0));
    }
    return false;
}

static bool named_key(struct editor *editor, enum key key, int columns)
{
    if (key == KEYCAP_LEFT) {
        return move_to(editor, text_previous_grapheme(editor->text, editor->cursor));
    }
    if (key == KEYCAP_RIGHT) {
        return move_to(editor, text_next_grapheme(editor->text, editor->length, editor->cursor));
    }
    if (key == KEYCAP_WORD_LEFT) {
        return move_to(editor, text_previous_word(editor->text, editor->cursor));
    }
    if (key == KEYCAP_WORD_RIGHT) {
        return move_to(editor, text_next_word(editor->text, editor->length, editor->cursor));
    }
    if (key == KEYCAP_HOME) {
        return move_to(editor, line_start(editor, columns));
    }
    if (key == KEYCAP_END) {
        return move_to(editor, line_end(editor, columns));
    }
    if (key == KEYCAP_BACKSPACE) {
        editor_backspace(editor);
        return true;
    }
    if (key == KEYCAP_DELETE) {
        editor_delete(editor);
        return true;
    }
    return vertical_key(editor, key, columns);
}

bool editor_event(struct editor *editor, const struct event *event, int columns)
{
    editor->full = false;
    if (event->kind == EVENT_CHARACTER) {
        return type(editor, event->character);
    }
    if (event->kind == EVENT_PASTE) {
        editor->full = editor_insert(editor, event->paste, strlen(event->paste), NULL) != STATUS_OK;
        return true;
    }
    if (event->kind != EVENT_KEY) {
        return false;
    }
    return event->key == KEYCAP_CONTROL ? control_key(editor, event->character, columns)
                                        : named_key(editor, event->key, columns);
}
