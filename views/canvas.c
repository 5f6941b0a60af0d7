/* Drawing into curses' frame: see canvas.h. */
#define NCURSES_NOMACROS 1
#include "views/canvas.h"

#include "base/text.h"
#include "views/theme.h"
#include "views/wrap.h"

#include <curses.h>
#include <stdarg.h>

/* Longest text of one cell that is looked at; a screen line is far shorter. */
#define CELL_BYTES 4096
/* What one curses cell holds: a character, its marks, and the end. */
#define CELL_CHARACTERS 6

static bool unicode;
static int cursor_row = -1;
static int cursor_column = -1;

void canvas_start(bool unicode_lines)
{
    unicode = unicode_lines;
    canvas_hide_cursor();
}

static void blanks(int row, int column, int columns)
{
    if (columns > 0 && wmove(stdscr, row, column) == OK) {
        for (int i = 0; i < columns; i++) {
            (void)waddch(stdscr, ' ');
        }
    }
}

/* Puts a character and its marks into `columns` cells, whatever room the C library gives it. */
static void put_cell(int row, int column, int columns, const wchar_t *characters)
{
    cchar_t cell;

    if (setcchar(&cell, characters, A_NORMAL, 0, NULL) != OK) {
        (void)setcchar(&cell, L"?", A_NORMAL, 0, NULL);
    }
    if (wcwidth(characters[0]) < columns) {
        blanks(row, column, columns);
    }
    (void)wmove(stdscr, row, column);
    (void)wadd_wch(stdscr, &cell);
}

/* Whether the C library, by whose table curses places cells, gives the character no more room than we do. */
static bool fits_cells(uint32_t character, int columns)
{
    int width = wcwidth((wchar_t)character);

    return width > 0 && width <= columns;
}

/* Puts clean text of `length` bytes, character by character at absolute columns: what the C library
 * thinks of a character's width cannot shift the rest. Returns the columns used. */
static int put_text(int row, int column, const char *text, size_t length)
{
    wchar_t characters[CELL_CHARACTERS] = {0};
    int used = 0;
    int count = 0;
    int width = 0;

    for (size_t at = 0; at < length;) {
        uint32_t character = 0;
        int columns = 0;

        at += text_decode(text + at, length - at, &character);
        columns = text_character_columns(character);
        if (columns == 0) {
            if (count > 0 && count < CELL_CHARACTERS - 1) {
                characters[count++] = (wchar_t)character;
            }
            continue;
        }
        if (count > 0) {
            characters[count] = L'\0';
            put_cell(row, column + used, width, characters);
            used += width;
        }
        characters[0] = fits_cells(character, columns) ? (wchar_t)character : L'?';
        count = 1;
        width = columns;
    }
    if (count > 0) {
        characters[count] = L'\0';
        put_cell(row, column + used, width, characters);
        used += width;
    }
    return used;
}

/* Measures, cleans, cuts; draws at most `columns` cells. Returns the cells used. */
static int draw(int row, int column, int columns, enum role role, const char *text)
{
    char clean[CELL_BYTES];
    int used = 0;
    size_t length = 0;
    int rows = getmaxy(stdscr);
    int most = getmaxx(stdscr) - column;

    columns = columns < most ? columns : most;
    if (row < 0 || row >= rows || column < 0 || columns <= 0) {
        return 0;
    }
    text_clean_into(clean, sizeof clean, text);
    length = text_fit(clean, columns, &used);
    (void)wattrset(stdscr, theme_attribute(role));
    if (clean[length] == '\0') {
        return put_text(row, column, clean, length);
    }
    length = text_fit(clean, columns - 1, &used);
    (void)put_text(row, column, clean, length);
    blanks(row, column + used, columns - 1 - used);
    (void)wmove(stdscr, row, column + columns - 1);
    (void)waddch(stdscr, '>');
    return columns;
}

int canvas_piece(int row, int column, int columns, enum role role, const char *text)
{
    return draw(row, column, columns, role, text);
}

int canvas_text(int row, int column, int columns, enum role role, const char *text)
{
    int used = draw(row, column, columns, role, text);

    if (row >= 0 && row < getmaxy(stdscr) && column >= 0) {
        int most = getmaxx(stdscr) - column;

        (void)wattrset(stdscr, theme_attribute(role));
        blanks(row, column + used, (columns < most ? columns : most) - used);
    }
    return used;
}

int canvas_format(int row, int column, int columns, enum role role, const char *format, ...)
{
    char text[CELL_BYTES];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return canvas_text(row, column, columns, role, text);
}

void canvas_text_right(int row, int column, int columns, enum role role, const char *text)
{
    char clean[CELL_BYTES];
    int used = 0;

    text_clean_into(clean, sizeof clean, text);
    used = text_columns(clean);
    if (used >= columns) {
        (void)canvas_text(row, column, columns, role, clean);
        return;
    }
    (void)canvas_text(row, column, columns - used, role, "");
    (void)canvas_text(row, column + columns - used, used, role, clean);
}

int canvas_paragraph(struct area area, enum role role, const char *text, int skip)
{
    struct buffer clean;
    size_t next = 0;
    int line = 0;

    buffer_init(&clean, 4u << 20);
    text_append_clean(&clean, text, strlen(text), true);
    if (clean.length == 0) {
        buffer_free(&clean);
        return 0;
    }
    while (next <= clean.length) {
        struct wrap_line here;
        char piece[CELL_BYTES];

        next = wrap_next(clean.data, clean.length, next, area.columns, &here);
        if (line >= skip && line - skip < area.rows) {
            size_t length = here.length < sizeof piece ? here.length : sizeof piece - 1;

            while (length > 0 && clean.data[here.start + length - 1] == ' ') {
                length--;
            }
            (void)snprintf(piece, sizeof piece, "%.*s", (int)length, clean.data + here.start);
            (void)canvas_piece(area.row + line - skip, area.column, area.columns, role, piece);
        }
        line++;
    }
    buffer_free(&clean);
    return line;
}

void canvas_line(int row, int column, int columns)
{
    (void)wattrset(stdscr, theme_attribute(ROLE_DIM));
    for (int i = 0; i < columns; i++) {
        if (unicode) {
            put_cell(row, column + i, 1, L"\u2500");
        } else {
            (void)mvwaddch(stdscr, row, column + i, '-');
        }
    }
}

void canvas_fill(struct area area, enum role role)
{
    for (int row = 0; row < area.rows; row++) {
        (void)canvas_text(area.row + row, area.column, area.columns, role, "");
    }
}

void canvas_cursor(int row, int column)
{
    cursor_row = row;
    cursor_column = column;
}

void canvas_hide_cursor(void)
{
    canvas_cursor(-1, -1);
}

bool canvas_cursor_place(int *row, int *column)
{
    *row = cursor_row;
    *column = cursor_column;
    return cursor_row >= 0 && cursor_row < getmaxy(stdscr) && cursor_column >= 0 && cursor_column < getmaxx(stdscr);
}

void canvas_sparkline(int row, int column, const int *levels, int columns, enum role role)
{
    static const wchar_t *const blocks[] = {L" ", L"\u2581", L"\u2582", L"\u2583", L"\u2584",
                                            L"\u2585", L"\u2586", L"\u2587", L"\u2588"};
    static const char ramp[] = "__.,-~=+^";

    (void)wattrset(stdscr, theme_attribute(role));
    for (int i = 0; i < columns; i++) {
        int level = levels[i] > 8 ? 8 : levels[i];

        if (level < 0) {
            (void)mvwaddch(stdscr, row, column + i, ' ');
        } else if (unicode) {
            put_cell(row, column + i, 1, blocks[level > 0 ? level : 1]);
        } else {
            (void)mvwaddch(stdscr, row, column + i, (chtype)(unsigned char)ramp[level]);
        }
    }
}
