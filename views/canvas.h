/*
 * Everything that reaches the screen goes through here: measured, clipped to
 * its cells, cleaned of controls. Drawing code names roles, never colours.
 * Rows and columns count from 0; free text never touches the last column of
 * another cell: each cell starts at an absolute column.
 */
#ifndef DOORSTEP_VIEWS_CANVAS_H
#define DOORSTEP_VIEWS_CANVAS_H

#include <stdbool.h>

enum role {
    ROLE_NORMAL,
    ROLE_DIM,        /* ages, units, hints */
    ROLE_STRONG,     /* names, values */
    ROLE_TITLE,
    ROLE_HEADER,     /* the two lines on top */
    ROLE_HEADER_STRONG,
    ROLE_FOOTER,     /* key */
    ROLE_FOOTER_WORD,
    ROLE_SELECTED,
    ROLE_FIELD,      /* an input */
    ROLE_FIELD_ACTIVE,
    ROLE_RED,        /* always beside the word */
    ROLE_AMBER,
    ROLE_GOOD,
    ROLE_ERROR,
    ROLE_COUNT,
};

struct area { int row, column, rows, columns; };

/* Lines and sparklines in ASCII (the default) or with Unicode drawing characters. */
void canvas_start(bool unicode_lines);

/* Text into exactly `columns` cells (padded with blanks, cut at a grapheme,
 * the last cell becomes '>' when cut). Returns the cells used by the text. */
int canvas_text(int row, int column, int columns, enum role role, const char *text);
int canvas_format(int row, int column, int columns, enum role role, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* As canvas_text, but only the text's own cells are touched: to put pieces side by side. */
int canvas_piece(int row, int column, int columns, enum role role, const char *text);
/* Right-aligned. */
void canvas_text_right(int row, int column, int columns, enum role role, const char *text);
/* Wraps into the area by words (by graphemes where a script has no blanks),
 * from line `skip` on; returns how many lines the text takes in all. */
int canvas_paragraph(struct area area, enum role role, const char *text, int skip);
void canvas_line(int row, int column, int columns); /* a horizontal rule, ASCII unless unicode lines are on */
void canvas_fill(struct area area, enum role role);
/* Where the terminal's own visible cursor goes when the frame is painted (input methods follow it). */
void canvas_cursor(int row, int column);
void canvas_hide_cursor(void);
/* False: hidden. For term_show(). */
bool canvas_cursor_place(int *row, int *column);
/* A sparkline of levels 0-8, -1 for a gap. ASCII digits-like ramp unless unicode lines are on. */
void canvas_sparkline(int row, int column, const int *levels, int columns, enum role role);

#endif
