/* Drawing editors: see field.h. */
#include "views/field.h"

#include "base/buffer.h"
#include "base/text.h"
#include "views/wrap.h"

#include <limits.h>

#define FIELD_BYTES 4096
#define MOST_ROWS 256

static void draw_secret(const struct editor *editor, int row, int column, int columns, enum role role, bool active)
{
    struct buffer stars;
    int count = 0;

    buffer_init(&stars, FIELD_BYTES);
    for (size_t at = 0; at < editor->length && count < columns - 1; count++) {
        at = text_next_grapheme(editor->text, editor->length, at);
        buffer_append_byte(&stars, '*');
    }
    (void)canvas_text(row, column, columns, role, buffer_text(&stars));
    buffer_free(&stars);
    if (active) {
        canvas_cursor(row, column + count);
    }
}

/* The first byte that is shown, so that at least `columns` - 1 cells before the cursor are seen. */
static size_t first_shown(struct editor *editor, int columns)
{
    size_t start = editor->scroll < editor->length ? editor->scroll : editor->length;

    if (editor->cursor < start) {
        start = editor->cursor;
    }
    while (wrap_columns(editor->text + start, editor->cursor - start, INT_MAX) > columns - 1) {
        start = text_next_grapheme(editor->text, editor->length, start);
    }
    if (wrap_columns(editor->text, editor->length, columns) < columns) {
        start = 0;
    }
    editor->scroll = start;
    return start;
}

void field_draw(struct editor *editor, int row, int column, int columns, bool active)
{
    enum role role = active ? ROLE_FIELD_ACTIVE : ROLE_FIELD;
    size_t start = 0;

    if (editor->secret) {
        draw_secret(editor, row, column, columns, role, active);
        return;
    }
    start = active ? first_shown(editor, columns) : 0;
    (void)canvas_text(row, column, columns, role, editor->text + start);
    if (active) {
        canvas_cursor(row, column + wrap_columns(editor->text + start, editor->cursor - start, columns - 1));
    }
}

void field_draw_text(struct editor *editor, struct area area, bool active)
{
    struct wrap_line lines[MOST_ROWS];
    size_t rows = area.rows < 0 ? 0 : area.rows < MOST_ROWS ? (size_t)area.rows : MOST_ROWS;
    size_t shown = 0;
    size_t line = 0;
    size_t total = 0;
    int column = 0;

    editor_place(editor, area.columns, &line, &column);
    if (line < editor->scroll) {
        editor->scroll = line;
    }
    if (rows > 0 && line >= editor->scroll + rows) {
        editor->scroll = line - rows + 1;
    }
    shown = editor_lines(editor, area.columns, editor->scroll, lines, rows, &total);
    for (size_t i = 0; i < shown; i++) {
        size_t length = lines[i].length < FIELD_BYTES ? lines[i].length : FIELD_BYTES - 1;
        char piece[FIELD_BYTES];

        (void)snprintf(piece, sizeof piece, "%.*s", (int)length, editor->text + lines[i].start);
        (void)canvas_text(area.row + (int)i, area.column, area.columns, ROLE_NORMAL, piece);
    }
    if (active) {
        canvas_cursor(area.row + (int)(line - editor->scroll), area.column + column);
    }
}
