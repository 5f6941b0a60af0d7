/*
 * Where a text breaks into lines of so many cells: by words, and between
 * characters where a script has no blanks. Shared by what is read (canvas) and
 * what is edited (editor), so that both agree. Pure.
 */
#ifndef DOORSTEP_VIEWS_WRAP_H
#define DOORSTEP_VIEWS_WRAP_H

#include <stddef.h>

/* One line of a text: its bytes, without the newline that ends it. Blanks at
 * the break belong to it and may hang past the edge. */
struct wrap_line {
    size_t start, length;
};

/* The line that begins at `start`. Returns where the next one begins; a value
 * past `length` when this is the last. A text that ends in a newline has an
 * empty last line. `columns` below 2 counts as 2. */
size_t wrap_next(const char *text, size_t length, size_t start, int columns, struct wrap_line *line);

/* Cells of `length` bytes at `text`, at most `most`. */
int wrap_columns(const char *text, size_t length, int most);

#endif
