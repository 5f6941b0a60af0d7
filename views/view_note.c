/*
 * The visit note: SOAP in four sections, or free text. The section the nurse
 * writes in is open, of the others the beginning is seen; above, or beside on
 * a wide terminal, stands the last note. Switching between SOAP and free text
 * keeps both; as only one can be signed, both can be joined into one.
 */
#include "views/application.h"
#include "views/chrome.h"
#include "views/draft_field.h"
#include "views/field.h"
#include "views/snapshot.h"
#include "views/visit_parts.h"

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"

#include <string.h>

#define SECTIONS 4
#define FREE SECTIONS        /* the field of the free text */
#define FIELDS (SECTIONS + 1)
#define TEMPLATE "note.template"
#define HEADING_COLUMNS 16
#define WIDE 110             /* from this width on the last note stands beside */
#define ENOUGH_ROWS 17       /* from this height on it stands above */
#define LAST_NOTE_ROWS 3

static const struct {
    const char *name, *letter, *word, *hint;
} sections[FIELDS] = {
    {"note.s", "S", N_("Subjective"), N_("what the patient and the family say")},
    {"note.o", "O", N_("Objective"), N_("what you see and measure")},
    {"note.a", "A", N_("Assessment"), N_("what you think of it: better, same or worse; risks")},
    {"note.p", "P", N_("Plan"), N_("care given, what comes next, who was told")},
    {"note.text", "", N_("Free text"), ""},
};

struct note_screen {
    struct draft_field fields[FIELDS];
    int row_of[FIELDS]; /* heading of each section in the last frame, in the body; -1: not seen */
    struct area text;   /* where the open section was written in the last frame, in the body */
};

/* Width in which the text is written: known before anything is drawn, as keys may come first. */
static int writing_columns(const struct application *application)
{
    int columns = layout_of(application->rows, application->columns).body.columns;

    return columns >= WIDE ? columns * 3 / 5 : columns;
}

static struct note_screen *screen_of(const struct view *view)
{
    return view->state;
}

static bool is_free(const struct view *view)
{
    return view->cursor == FREE;
}

/* --- opening, keeping ----------------------------------------------------------------------------- */

static void note_close(struct view *view)
{
    struct note_screen *screen = screen_of(view);

    if (screen != NULL) {
        for (int i = 0; i < FIELDS; i++) {
            draft_field_close(&screen->fields[i]);
        }
        memory_free(screen);
    }
    view->state = NULL;
}

static enum status note_open(struct view *view, struct application *application, struct error *error)
{
    struct note_screen *screen = memory_allocate(sizeof *screen);
    struct visit visit;
    enum status status = STATUS_OK;

    if (screen == NULL) {
        return error_no_memory(error);
    }
    view->state = screen;
    for (int i = 0; i < FIELDS && status == STATUS_OK; i++) {
        status = draft_field_open(&screen->fields[i], &application->draft, DRAFT_LINES, sections[i].name, error);
    }
    if (status != STATUS_OK) {
        return status;
    }
    visit_read(&application->draft, NULL, application_now(application), &visit);
    if (text_equal(visit.note.template_key, "free")) {
        view->cursor = FREE;
    } else if (view->cursor >= FREE) {
        view->cursor = 0;
    }
    draft_field_return(&screen->fields[view->cursor], view);
    return STATUS_OK;
}

static enum status note_save(struct view *view, struct application *application, struct error *error)
{
    struct note_screen *screen = screen_of(view);
    enum status status = STATUS_OK;

    for (int i = 0; i < FIELDS && status == STATUS_OK; i++) {
        status = draft_field_save(&screen->fields[i], application, error);
    }
    return status;
}

static const char *text_of(const struct note_screen *screen, int field)
{
    return editor_text(&screen->fields[field].editor);
}

static bool has_soap(const struct note_screen *screen)
{
    for (int i = 0; i < SECTIONS; i++) {
        if (!text_is_blank(text_of(screen, i))) {
            return true;
        }
    }
    return false;
}

static bool has_both(const struct note_screen *screen)
{
    return has_soap(screen) && !text_is_blank(text_of(screen, FREE));
}

/* --- drawing -------------------------------------------------------------------------------------- */

static void draw_last_note(const struct application *application, struct area area)
{
    struct page page = page_begin(area, 0);

    snapshot_write_plan(&page, &application->chart);
    if (page.lines > area.rows) {
        canvas_text_right(area.row + area.rows - 1, area.column + area.columns - 4, 4, ROLE_DIM, "...");
    }
}

/* Takes the place of the last note out of the area. */
static void put_last_note(const struct application *application, struct area *area)
{
    struct area note = *area;

    if (area->columns >= WIDE) {
        area->columns = writing_columns(application);
        note.column = area->columns + 2;
        note.columns -= note.column;
        draw_last_note(application, note);
    } else if (area->rows >= ENOUGH_ROWS && application->chart.note_count > 0) {
        note.rows = LAST_NOTE_ROWS;
        draw_last_note(application, note);
        area->row += LAST_NOTE_ROWS;
        area->rows -= LAST_NOTE_ROWS;
    }
}

/* A section that is not open: its letter, its word and how its text begins. */
static void draw_folded(const struct note_screen *screen, int field, struct area area)
{
    const char *text = text_of(screen, field);
    char first[512];

    (void)text_copy(first, sizeof first, text + strspn(text, " \n"));
    first[strcspn(first, "\n")] = '\0';
    (void)canvas_format(area.row, area.column, HEADING_COLUMNS - 1, ROLE_NORMAL, "%s  %s", sections[field].letter,
                        _(sections[field].word));
    (void)canvas_text(area.row, area.column + HEADING_COLUMNS, area.columns - HEADING_COLUMNS, ROLE_DIM,
                      first[0] != '\0' ? first : "-");
}

static void draw_heading(int field, struct area area)
{
    char words[80];
    int used = 0;

    (void)text_format(words, sizeof words, "%s%s%s", sections[field].letter,
                      sections[field].letter[0] != '\0' ? "  " : "", _(sections[field].word));
    used = canvas_piece(area.row, area.column, area.columns, ROLE_TITLE, words);
    if (sections[field].hint[0] != '\0') {
        (void)canvas_piece(area.row, area.column + used + 2, area.columns - used - 2, ROLE_DIM,
                           _(sections[field].hint));
    }
}

/* Draws a heading and the text below it in all of the area. */
static void draw_open(struct note_screen *screen, int field, struct area area)
{
    draw_heading(field, area);
    area.row++;
    area.rows--;
    screen->text = area;
    field_draw_text(&screen->fields[field].editor, area, true);
}

static void put_warning(const struct note_screen *screen, struct area *area)
{
    int used = 0;

    if (!has_both(screen)) {
        return;
    }
    used = canvas_paragraph(
        *area, ROLE_AMBER,
        _("BOTH: there is SOAP and free text, and only one can be signed. ^X joins them here, ^T shows the "
          "other one."),
        0);
    area->row += used;
    area->rows -= used;
}

static void note_draw(struct view *view, struct application *application, struct area area)
{
    struct note_screen *screen = screen_of(view);
    int body_row = area.row;
    int below = SECTIONS - 1 - view->cursor;

    put_last_note(application, &area);
    put_warning(screen, &area);
    for (int i = 0; i < FIELDS; i++) {
        screen->row_of[i] = -1;
    }
    if (is_free(view)) {
        draw_open(screen, FREE, area);
    } else {
        for (int i = 0; i < SECTIONS; i++) {
            struct area line = {i <= view->cursor ? area.row + i : area.row + area.rows - SECTIONS + i, area.column, 1,
                                area.columns};

            screen->row_of[i] = line.row - body_row;
            if (i != view->cursor) {
                draw_folded(screen, i, line);
            }
        }
        draw_open(screen, view->cursor, (struct area){area.row + view->cursor, area.column,
                                                      area.rows - view->cursor - below, area.columns});
    }
    screen->text.row -= body_row;
}

/* --- doing ---------------------------------------------------------------------------------------- */

static struct draft_field *open_field(const struct view *view)
{
    return &screen_of(view)->fields[view->cursor];
}

static void go_to(struct view *view, struct application *application, int field, bool end)
{
    struct draft_field *to = NULL;

    view->cursor = field;
    to = open_field(view);
    editor_move_to(&to->editor, end ? to->editor.length : 0);
    draft_field_enter(to, view, application);
}

static enum reaction step(struct view *view, struct application *application, int by)
{
    if (is_free(view)) {
        return REACTION_IGNORED;
    }
    go_to(view, application, (view->cursor + by + SECTIONS) % SECTIONS, true);
    return REACTION_REDRAW;
}

/* Which of the two is signed: kept as soon as it is chosen. */
static bool choose_template(struct application *application, bool free_text)
{
    struct error error = {0};

    if (application_put_field(application, TEMPLATE, free_text ? "free" : "soap", &error) == STATUS_OK) {
        return true;
    }
    application_say_error(application, &error);
    return false;
}

static enum reaction switch_template(struct view *view, struct application *application)
{
    bool to_free = !is_free(view);

    if (choose_template(application, to_free)) {
        go_to(view, application, to_free ? FREE : 0, true);
    }
    return REACTION_REDRAW;
}

/* Adds a paragraph of its own to the text. */
static void add_paragraph(struct buffer *text, const char *letter, const char *paragraph)
{
    if (!text_is_blank(paragraph)) {
        buffer_append_text(text, text->length > 0 ? "\n\n" : "");
        buffer_append_text(text, letter);
        buffer_append_text(text, letter[0] != '\0' ? ": " : "");
        buffer_append_text(text, paragraph);
    }
}

/* Empties a text so that undo brings it back. */
static void empty(struct draft_field *field)
{
    editor_delete_range(&field->editor, 0, field->editor.length);
}

/* The whole is on the disk before its parts are taken away: at worst they are there twice. */
static enum status join(struct view *view, struct application *application, struct error *error)
{
    struct note_screen *screen = screen_of(view);
    struct draft_field *to = &screen->fields[is_free(view) ? FREE : 0];
    struct buffer added;
    enum status status = STATUS_OK;

    buffer_init(&added, 2 * VISIT_NOTE_LIMIT);
    buffer_append_text(&added, text_is_blank(editor_text(&to->editor)) ? "" : "\n\n");
    if (is_free(view)) {
        struct buffer soap;

        buffer_init(&soap, 2 * VISIT_NOTE_LIMIT);
        for (int i = 0; i < SECTIONS; i++) {
            add_paragraph(&soap, sections[i].letter, text_of(screen, i));
        }
        buffer_append_text(&added, buffer_text(&soap));
        status = soap.status;
        buffer_free(&soap);
    } else {
        buffer_append_text(&added, text_of(screen, FREE));
    }
    if (status != STATUS_OK || added.status != STATUS_OK) {
        status = error_set(error, STATUS_INVALID, _("The two texts do not fit into one; shorten them first."));
    } else {
        editor_move_to(&to->editor, to->editor.length);
        status = editor_insert(&to->editor, buffer_text(&added), added.length, error);
    }
    buffer_free(&added);
    if (status == STATUS_OK) {
        status = draft_field_save(to, application, error);
    }
    for (int i = 0; i < FIELDS && status == STATUS_OK; i++) {
        if ((i == FREE) != is_free(view)) {
            empty(&screen->fields[i]);
        }
    }
    return status;
}

static enum reaction join_and_say(struct view *view, struct application *application)
{
    struct error error = {0};

    if (!choose_template(application, is_free(view))) {
        return REACTION_REDRAW;
    }
    application->unsaved = true;
    if (join(view, application, &error) == STATUS_OK) {
        application_say(application, _("All of the note is here now."));
    } else {
        application_say_error(application, &error);
    }
    go_to(view, application, is_free(view) ? FREE : 0, true);
    return REACTION_REDRAW;
}

static enum reaction tap(struct view *view, struct application *application, const struct event *event)
{
    struct note_screen *screen = screen_of(view);
    struct editor *editor = &open_field(view)->editor;
    int line = event->row - screen->text.row;

    for (int i = 0; i < SECTIONS; i++) {
        if (i != view->cursor && screen->row_of[i] == event->row) {
            go_to(view, application, i, true);
            return REACTION_REDRAW;
        }
    }
    if (line < 0 || line >= screen->text.rows || event->column >= screen->text.columns) {
        return REACTION_IGNORED;
    }
    editor_move_to_place(editor, screen->text.columns, editor->scroll + (size_t)line, event->column);
    draft_field_enter(open_field(view), view, application);
    return REACTION_REDRAW;
}

/* At its very end Down goes on to the section below, at its beginning Up to the one above. */
static bool leaves_section(const struct view *view, const struct event *event)
{
    const struct editor *editor = &open_field(view)->editor;

    return !is_free(view) &&
           ((event_is_key(event, KEYCAP_UP) && editor->cursor == 0 && view->cursor > 0) ||
            (event_is_key(event, KEYCAP_DOWN) && editor->cursor == editor->length && view->cursor < SECTIONS - 1));
}

static enum reaction note_event(struct view *view, struct application *application, const struct event *event)
{
    bool tab = event_is_key(event, KEYCAP_TAB);

    if (event->kind == EVENT_CLICK) {
        return tap(view, application, event);
    }
    if (tab || event_is_key(event, KEYCAP_BACKTAB)) {
        return step(view, application, tab ? 1 : -1);
    }
    if (leaves_section(view, event)) {
        bool down = event_is_key(event, KEYCAP_DOWN);

        go_to(view, application, view->cursor + (down ? 1 : -1), !down);
        return REACTION_REDRAW;
    }
    return draft_field_event(open_field(view), view, application, event, writing_columns(application)) ? REACTION_REDRAW
                                                                                                     : REACTION_IGNORED;
}

static enum reaction note_command(struct view *view, struct application *application, enum command_id command)
{
    if (command == COMMAND_SWITCH) {
        return switch_template(view, application);
    }
    if (command == COMMAND_JOIN) {
        return join_and_say(view, application);
    }
    if (command == COMMAND_NEXT) {
        return step(view, application, 1);
    }
    if (draft_field_command(open_field(view), view, application, command)) {
        return REACTION_REDRAW;
    }
    return visit_part_command(application, command) ? REACTION_REDRAW : REACTION_IGNORED;
}

static bool note_allows(const struct view *view, const struct application *application, enum command_id command)
{
    (void)application;
    return (command != COMMAND_JOIN || has_both(screen_of(view))) && (command != COMMAND_NEXT || !is_free(view));
}

static void note_go_to(struct view *view, struct application *application, const char *field)
{
    for (int i = 0; i < SECTIONS; i++) {
        if (text_equal(sections[i].name, field) && !is_free(view)) {
            go_to(view, application, i, true);
        }
    }
}

static const enum command_id note_commands[] = {
    COMMAND_JOIN, COMMAND_NEXT, COMMAND_SWITCH, COMMAND_NEXT_PART, COMMAND_PREVIOUS_PART,
    COMMAND_UNDO, COMMAND_REDO, COMMAND_SAVE,   COMMAND_NONE,
};

const struct view_ops view_note = {
    .name = "note",
    .title = N_("Note"),
    .commands = note_commands,
    .about_patient = true,
    .typing = true,
    .open = note_open,
    .draw = note_draw,
    .event = note_event,
    .command = note_command,
    .save = note_save,
    .allows = note_allows,
    .go_to = note_go_to,
    .close = note_close,
};
