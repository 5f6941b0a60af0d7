/*
 * The editor's text, cursor and undo. Every change goes through replace():
 * one place keeps limits, undo steps and the boundary of the cursor. What the
 * keys do, and how lines are laid out, is in editor_keys.c.
 */
#include "views/editor.h"

#include "base/memory.h"
#include "base/text.h"

#include <string.h>

#define STEPS_KEPT 500

struct editor_step {
    size_t at;              /* where; removed and inserted stand there */
    char *removed;          /* owned; both may be empty, not NULL */
    size_t removed_length;
    char *inserted;
    size_t inserted_length;
    size_t cursor;          /* before the change */
    bool open;              /* typing may still be added to it */
};

static void step_free(struct editor_step *step)
{
    memory_free(step->removed);
    memory_free(step->inserted);
    *step = (struct editor_step){0};
}

static void forget_steps(struct editor *editor, size_t from)
{
    for (size_t i = from; i < editor->step_count; i++) {
        step_free(&editor->steps[i]);
    }
    editor->step_count = from < editor->step_count ? from : editor->step_count;
    if (editor->step_at > editor->step_count) {
        editor->step_at = editor->step_count;
    }
}

enum status editor_init(struct editor *editor, size_t limit, bool one_line, struct error *error)
{
    *editor = (struct editor){.limit = limit, .one_line = one_line, .column_wanted = -1};
    editor->text = memory_allocate(64);
    if (editor->text == NULL) {
        return error_no_memory(error);
    }
    editor->capacity = 64;
    return STATUS_OK;
}

void editor_free(struct editor *editor)
{
    forget_steps(editor, 0);
    memory_free(editor->steps);
    memory_free(editor->text);
    *editor = (struct editor){.column_wanted = -1};
}

const char *editor_text(const struct editor *editor)
{
    return editor->text != NULL ? editor->text : "";
}

static bool reserve(struct editor *editor, size_t length)
{
    size_t capacity = editor->capacity > 0 ? editor->capacity : 64;
    char *text = NULL;

    while (capacity < length + 1) {
        capacity *= 2;
    }
    if (capacity == editor->capacity) {
        return true;
    }
    text = memory_resize(editor->text, capacity);
    if (text == NULL) {
        return false;
    }
    editor->text = text;
    editor->capacity = capacity;
    return true;
}

/* A change may join graphemes (a mark after a letter, two halves of a flag): the cursor then goes past the new one. */
void editor_move_to(struct editor *editor, size_t offset)
{
    size_t boundary = offset < editor->length ? offset : editor->length;
    size_t end = boundary;

    for (; boundary > 0 && editor->text[boundary - 1] != '\n'; boundary--) {
    }
    while (boundary < end) {
        boundary = text_next_grapheme(editor->text, editor->length, boundary);
    }
    editor->cursor = boundary;
    editor->column_wanted = -1;
}

/* The bare change: no limits, no undo; room has been reserved. */
static void splice(struct editor *editor, size_t at, size_t remove, const char *text, size_t length)
{
    memmove(editor->text + at + length, editor->text + at + remove, editor->length - at - remove);
    if (length > 0) {
        memcpy(editor->text + at, text, length);
    }
    editor->length = editor->length - remove + length;
    memory_wipe(editor->text + editor->length, remove > length ? remove - length + 1 : 1);
    editor->changed = true;
}

static char *copy_bytes(const char *bytes, size_t length)
{
    char *copy = memory_allocate(length + 1);

    if (copy != NULL && length > 0) {
        memcpy(copy, bytes, length);
    }
    return copy;
}

/* Adds typing to the step before it, so that undo takes back a word, not a letter. */
static bool extend_step(struct editor *editor, size_t at, const char *text, size_t length)
{
    struct editor_step *last = editor->step_at > 0 ? &editor->steps[editor->step_at - 1] : NULL;
    char *inserted = NULL;

    if (last == NULL || !last->open || last->at + last->inserted_length != at ||
        editor->step_at != editor->step_count) {
        return false;
    }
    inserted = memory_resize(last->inserted, last->inserted_length + length + 1);
    if (inserted == NULL) {
        return false;
    }
    memcpy(inserted + last->inserted_length, text, length);
    last->inserted = inserted;
    last->inserted_length += length;
    return true;
}

static bool record_step(struct editor *editor, size_t at, size_t remove, const char *text, size_t length, bool open)
{
    struct editor_step step = {.at = at, .removed_length = remove, .inserted_length = length,
                               .cursor = editor->cursor, .open = open};
    struct editor_step *steps = NULL;

    forget_steps(editor, editor->step_at);
    if (editor->step_count == STEPS_KEPT) {
        step_free(&editor->steps[0]);
        memmove(editor->steps, editor->steps + 1, (STEPS_KEPT - 1) * sizeof *editor->steps);
        editor->step_count--;
        editor->step_at--;
    }
    step.removed = copy_bytes(editor->text + at, remove);
    step.inserted = copy_bytes(text, length);
    steps = memory_grow(editor->steps, editor->step_count, &editor->step_capacity, sizeof *editor->steps);
    if (steps != NULL) {
        editor->steps = steps;
    }
    if (step.removed == NULL || step.inserted == NULL || steps == NULL) {
        step_free(&step);
        return false;
    }
    editor->steps[editor->step_count++] = step;
    editor->step_at = editor->step_count;
    return true;
}

/* Replaces `remove` bytes at `at`. A change that cannot be undone is not made. `typed`: one typed character. */
static enum status replace(struct editor *editor, size_t at, size_t remove, const char *text, size_t length, bool typed,
                           struct error *error)
{
    bool open = typed && remove == 0 && text[0] != ' ' && text[0] != '\n';

    if (editor->length - remove + length > editor->limit) {
        return error_set(error, STATUS_INVALID, _("This does not fit any more; shorten the text first."));
    }
    if (!reserve(editor, editor->length - remove + length) ||
        (!editor->secret && !(open && extend_step(editor, at, text, length)) &&
         !record_step(editor, at, remove, text, length, open))) {
        return error_no_memory(error);
    }
    splice(editor, at, remove, text, length);
    editor_move_to(editor, at + length);
    return STATUS_OK;
}

enum status editor_insert(struct editor *editor, const char *text, size_t length, struct error *error)
{
    struct buffer clean;
    size_t context = 0; /* bytes of the grapheme before, in whose light marks are judged */
    uint32_t first = 0;
    enum status status = STATUS_OK;

    if (length == 0) {
        return STATUS_OK;
    }
    buffer_init(&clean, editor->limit + 64 + length);
    context = editor->cursor - text_previous_grapheme(editor->text, editor->cursor);
    if (editor->cursor > 0 && editor->text[editor->cursor - 1] == '\n') {
        context = 0;
    }
    buffer_append(&clean, editor->text + editor->cursor - context, context);
    buffer_append(&clean, text, length);
    if (clean.status == STATUS_OK) {
        struct buffer out;

        buffer_init(&out, clean.limit * 3);
        text_append_clean(&out, clean.data, clean.length, !editor->one_line);
        if (out.status != STATUS_OK) {
            status = error_no_memory(error);
        } else if (out.length > context) {
            bool typed = text_decode(text, length, &first) == length;

            status = replace(editor, editor->cursor, 0, out.data + context, out.length - context, typed, error);
        }
        buffer_free(&out);
    } else {
        status = error_no_memory(error);
    }
    buffer_free(&clean);
    return status;
}

enum status editor_set(struct editor *editor, const char *text, struct error *error)
{
    enum status status = STATUS_OK;

    forget_steps(editor, 0);
    if (editor->length > 0) {
        memory_wipe(editor->text, editor->length);
    }
    editor->length = 0;
    editor->cursor = 0;
    editor->text[0] = '\0';
    editor->scroll = 0;
    status = editor_insert(editor, text, strlen(text), error);
    forget_steps(editor, 0);
    editor->changed = false;
    return status;
}

void editor_delete_range(struct editor *editor, size_t from, size_t to)
{
    if (from < to) {
        (void)replace(editor, from, to - from, "", 0, false, NULL);
    }
}

void editor_backspace(struct editor *editor)
{
    editor_delete_range(editor, text_previous_grapheme(editor->text, editor->cursor), editor->cursor);
}

void editor_delete(struct editor *editor)
{
    editor_delete_range(editor, editor->cursor, text_next_grapheme(editor->text, editor->length, editor->cursor));
}

void editor_delete_word_back(struct editor *editor)
{
    editor_delete_range(editor, text_previous_word(editor->text, editor->cursor), editor->cursor);
}

void editor_undo(struct editor *editor)
{
    struct editor_step *step = NULL;

    if (editor->step_at == 0 || !reserve(editor, editor->length + editor->steps[editor->step_at - 1].removed_length)) {
        return;
    }
    step = &editor->steps[--editor->step_at];
    step->open = false;
    splice(editor, step->at, step->inserted_length, step->removed, step->removed_length);
    editor_move_to(editor, step->cursor);
}

void editor_redo(struct editor *editor)
{
    struct editor_step *step = NULL;

    if (editor->step_at == editor->step_count ||
        !reserve(editor, editor->length + editor->steps[editor->step_at].inserted_length)) {
        return;
    }
    step = &editor->steps[editor->step_at++];
    splice(editor, step->at, step->removed_length, step->inserted, step->inserted_length);
    editor_move_to(editor, step->at + step->inserted_length);
}

void editor_mark_saved(struct editor *editor)
{
    editor->changed = false;
}
