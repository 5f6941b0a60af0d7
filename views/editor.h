/*
 * Text being edited, as a value: UTF-8, grapheme by grapheme, with undo. One
 * model serves one-line fields and the note. Knows nothing of the terminal.
 *
 * Invariants: text is valid UTF-8 without controls;
 * cursor stands on a grapheme boundary; undo brings back exactly what was there.
 */
#ifndef DOORSTEP_VIEWS_EDITOR_H
#define DOORSTEP_VIEWS_EDITOR_H

#include "base/error.h"
#include "views/event.h"
#include "views/wrap.h"

#include <stdbool.h>
#include <stddef.h>

struct editor_step; /* one undoable change */

struct editor {
    char *text;              /* owned, NUL-terminated */
    size_t length, capacity, limit;
    size_t cursor;           /* byte offset */
    int column_wanted;       /* for up and down; -1: the cursor's own */
    bool one_line;           /* newlines become blanks */
    bool secret;             /* wiped on free; never drawn; no undo */
    bool changed;            /* since the last editor_mark_saved() */
    bool full;               /* what the last event would have added did not fit; for a message */
    struct editor_step *steps; /* owned */
    size_t step_count, step_capacity, step_at;
    size_t scroll;           /* first visible line (or column for one line) */
};

/* `limit`: most bytes of text. */
enum status editor_init(struct editor *editor, size_t limit, bool one_line, struct error *error) MUST_CHECK;
void editor_free(struct editor *editor);
/* Replaces all; forgets undo; cursor at the end. */
enum status editor_set(struct editor *editor, const char *text, struct error *error) MUST_CHECK;
const char *editor_text(const struct editor *editor);
/* At the cursor. INVALID, and nothing changes, when it does not fit. */
enum status editor_insert(struct editor *editor, const char *text, size_t length, struct error *error) MUST_CHECK;
/* Bytes from `from` to before `to`, both on grapheme boundaries. Without memory for undo nothing happens. */
void editor_delete_range(struct editor *editor, size_t from, size_t to);
void editor_backspace(struct editor *editor);
void editor_delete(struct editor *editor);
void editor_delete_word_back(struct editor *editor);
void editor_undo(struct editor *editor);
void editor_redo(struct editor *editor);
void editor_mark_saved(struct editor *editor);
/* Puts the cursor at the grapheme boundary at or after `offset`. */
void editor_move_to(struct editor *editor, size_t offset);
/* Handles text and named keys (also ^A ^D ^E ^K ^W ^U); `columns` is the width
 * lines are wrapped to. False: not for an editor. */
bool editor_event(struct editor *editor, const struct event *event, int columns);

/* Layout: how the text wraps into lines of `columns` cells, the last of which stays free for the cursor. */
/* Fills up to `limit` lines from line `from`; *total receives the number of all lines. Returns how many were filled. */
size_t editor_lines(const struct editor *editor, int columns, size_t from, struct wrap_line *lines, size_t limit,
                    size_t *total);
/* Line and column (cells) of the cursor. */
void editor_place(const struct editor *editor, int columns, size_t *line, int *column);
/* Puts the cursor at this line and column, as far as there is text: for taps. */
void editor_move_to_place(struct editor *editor, int columns, size_t line, int column);

#endif
