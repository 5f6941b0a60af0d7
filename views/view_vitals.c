/*
 * All vitals on one screen, in any order: what is typed, in which unit, what
 * it was last time, and how it is judged, beside each other. NEWS2 follows
 * with every key, from the parts that are there and no others.
 *
 * Enter, Tab and the arrows move; nothing moves by itself. What is doubtful
 * is asked about in words and confirmed with its own key.
 */
#include "views/vitals.h"

#include "base/memory.h"
#include "base/text.h"
#include "views/visit_parts.h"

#include <string.h>

static struct vitals *vitals_of(const struct view *view)
{
    return view->state;
}

/* --- opening, keeping ----------------------------------------------------------------------------- */

static void field_name(char out[VISIT_FIELD_NAME_SIZE], const char *kind, int field)
{
    (void)text_format(out, VISIT_FIELD_NAME_SIZE, "%s.%s", kind, entry_key((enum entry_field)field));
}

static void vitals_close(struct view *view)
{
    struct vitals *vitals = vitals_of(view);

    if (vitals != NULL) {
        for (int i = 0; i < ENTRY_FIELD_COUNT; i++) {
            draft_field_close(&vitals->fields[i]);
        }
        memory_free(vitals);
    }
    view->state = NULL;
}

static enum status vitals_open(struct view *view, struct application *application, struct error *error)
{
    struct vitals *vitals = memory_allocate(sizeof *vitals);
    enum status status = STATUS_OK;

    if (vitals == NULL) {
        return error_no_memory(error);
    }
    view->state = vitals;
    for (int i = 0; i < ENTRY_FIELD_COUNT && status == STATUS_OK; i++) {
        char name[VISIT_FIELD_NAME_SIZE];

        field_name(name, "vitals", i);
        status = draft_field_open(&vitals->fields[i], &application->draft, DRAFT_LINE, name, error);
    }
    if (status != STATUS_OK) {
        return status;
    }
    view->cursor = view->cursor < ENTRY_FIELD_COUNT ? view->cursor : 0;
    draft_field_return(&vitals->fields[view->cursor], view);
    return STATUS_OK;
}

static enum status vitals_save(struct view *view, struct application *application, struct error *error)
{
    struct vitals *vitals = vitals_of(view);
    enum status status = STATUS_OK;

    for (int i = 0; i < ENTRY_FIELD_COUNT && status == STATUS_OK; i++) {
        status = draft_field_save(&vitals->fields[i], application, error);
    }
    return status;
}

/* --- judging -------------------------------------------------------------------------------------- */

const char *vitals_typed(const struct vitals *vitals, int field)
{
    return editor_text(&vitals->fields[field].editor);
}

static const char *confirmed_text(const struct application *application, int field)
{
    char name[VISIT_FIELD_NAME_SIZE];

    field_name(name, "confirmed", field);
    return visit_draft_get(&application->draft, name);
}

void vitals_read(struct vitals *vitals, const struct application *application)
{
    struct visit_draft draft;
    enum status status = STATUS_OK;

    visit_draft_init(&draft);
    draft.started = application->draft.started;
    status = visit_draft_set(&draft, "start", visit_draft_get(&application->draft, "start"), NULL);
    for (int i = 0; i < ENTRY_FIELD_COUNT && status == STATUS_OK; i++) {
        char name[VISIT_FIELD_NAME_SIZE];

        status = visit_draft_set(&draft, vitals->fields[i].name, vitals_typed(vitals, i), NULL);
        field_name(name, "confirmed", i);
        if (status == STATUS_OK) {
            status = visit_draft_set(&draft, name, confirmed_text(application, i), NULL);
        }
    }
    visit_read(&draft, &application->chart, application_now(application), &vitals->visit);
    vitals->readable = status == STATUS_OK;
    visit_draft_free(&draft);
}

static struct judged judge(const struct vitals *vitals, const struct application *application, int field)
{
    struct entry_context context = visit_entry_context(&application->chart, application->draft.started);

    return (struct judged){
        .result = entry_judge((enum entry_field)field, vitals_typed(vitals, field), &context),
        .confirmed = text_equal(confirmed_text(application, field), vitals_typed(vitals, field)),
    };
}

bool vitals_needs_words(const struct view *view, const struct application *application, int field,
                        struct judged *judged)
{
    bool being_typed = field == view->cursor && application->unsaved;

    *judged = judge(vitals_of(view), application, field);
    return (judged->result.verdict == ENTRY_ASK && !judged->confirmed) ||
           (judged->result.verdict == ENTRY_IMPOSSIBLE && !being_typed);
}

int vitals_in_question(const struct view *view, const struct application *application, struct judged *judged)
{
    if (vitals_needs_words(view, application, view->cursor, judged)) {
        return view->cursor;
    }
    for (int i = 0; i < ENTRY_FIELD_COUNT; i++) {
        if (vitals_needs_words(view, application, i, judged)) {
            return i;
        }
    }
    return -1;
}

/* --- doing ---------------------------------------------------------------------------------------- */

static enum reaction go_to(struct view *view, struct application *application, int field)
{
    struct draft_field *to = &vitals_of(view)->fields[field];

    view->cursor = field;
    editor_move_to(&to->editor, to->editor.length);
    draft_field_enter(to, view, application);
    return REACTION_REDRAW;
}

/* As Tab does: from the last field to the first. */
static enum reaction step_round(struct view *view, struct application *application, int by)
{
    return go_to(view, application, (view->cursor + by + ENTRY_FIELD_COUNT) % ENTRY_FIELD_COUNT);
}

/* As Enter and the arrows do: they stop at the ends, so that nothing typed on reaches the other end. */
static enum reaction step(struct view *view, struct application *application, int by)
{
    int to = view->cursor + by;

    if (to == ENTRY_FIELD_COUNT) {
        application_say(application, _("This is the last vital; ^N goes on to the note."));
    }
    return go_to(view, application, to < 0 ? 0 : to < ENTRY_FIELD_COUNT ? to : ENTRY_FIELD_COUNT - 1);
}

static enum reaction tap(struct view *view, struct application *application, int row)
{
    const struct vitals *vitals = vitals_of(view);
    int field = vitals->first + row - vitals->row_of_first;

    return row >= vitals->row_of_first && field < ENTRY_FIELD_COUNT ? go_to(view, application, field)
                                                                    : REACTION_IGNORED;
}

static enum reaction vitals_event(struct view *view, struct application *application, const struct event *event)
{
    if (event->kind == EVENT_CLICK) {
        return tap(view, application, event->row);
    }
    if (event_is_key(event, KEYCAP_TAB) || event_is_key(event, KEYCAP_BACKTAB)) {
        return step_round(view, application, event->key == KEYCAP_TAB ? 1 : -1);
    }
    if (event_is_key(event, KEYCAP_ENTER) || event_is_key(event, KEYCAP_DOWN)) {
        return step(view, application, 1);
    }
    if (event_is_key(event, KEYCAP_UP)) {
        return step(view, application, -1);
    }
    if (event_is_key(event, KEYCAP_PAGE_UP) || event_is_key(event, KEYCAP_PAGE_DOWN)) {
        return go_to(view, application, event->key == KEYCAP_PAGE_UP ? 0 : ENTRY_FIELD_COUNT - 1);
    }
    return draft_field_event(&vitals_of(view)->fields[view->cursor], view, application, event, 0) ? REACTION_REDRAW
                                                                                                     : REACTION_IGNORED;
}

/* The value is on the disk before its confirmation is. */
static enum reaction confirm(struct view *view, struct application *application)
{
    struct vitals *vitals = vitals_of(view);
    struct judged judged;
    int field = vitals_in_question(view, application, &judged);
    char name[VISIT_FIELD_NAME_SIZE];
    struct error error = {0};
    enum status status = STATUS_OK;

    if (field < 0 || judged.result.verdict != ENTRY_ASK) {
        application_say(application, _("Nothing is asked here: no value needs to be confirmed."));
        return REACTION_REDRAW;
    }
    status = draft_field_save(&vitals->fields[field], application, &error);
    if (status == STATUS_OK) {
        field_name(name, "confirmed", field);
        status = application_put_field(application, name, vitals_typed(vitals, field), &error);
    }
    if (status != STATUS_OK) {
        application_say_error(application, &error);
    }
    return REACTION_REDRAW;
}

static enum reaction vitals_command(struct view *view, struct application *application, enum command_id command)
{
    if (command == COMMAND_CONFIRM) {
        return confirm(view, application);
    }
    if (command == COMMAND_NEXT) {
        return step_round(view, application, 1);
    }
    if (draft_field_command(&vitals_of(view)->fields[view->cursor], view, application, command)) {
        return REACTION_REDRAW;
    }
    return visit_part_command(application, command) ? REACTION_REDRAW : REACTION_IGNORED;
}

static void vitals_go_to(struct view *view, struct application *application, const char *field)
{
    enum entry_field found = ENTRY_BP;
    const char *key = strchr(field, '.');

    if (key != NULL && entry_from_key(key + 1, &found)) {
        (void)go_to(view, application, (int)found);
    }
}

static const enum command_id vitals_commands[] = {
    COMMAND_CONFIRM, COMMAND_NEXT, COMMAND_NEXT_PART, COMMAND_PREVIOUS_PART, COMMAND_SAVE, COMMAND_UNDO, COMMAND_NONE,
};

const struct view_ops view_vitals = {
    .name = "vitals",
    .title = N_("Vitals"),
    .commands = vitals_commands,
    .about_patient = true,
    .typing = true,
    .open = vitals_open,
    .draw = vitals_draw,
    .event = vitals_event,
    .command = vitals_command,
    .save = vitals_save,
    .go_to = vitals_go_to,
    .close = vitals_close,
};
