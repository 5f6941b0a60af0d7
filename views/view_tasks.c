/*
 * Medicines and tasks: how each ordered medicine is taken, what became of
 * each task. Only what the nurse touched is recorded. What codes alone can
 * tell about the medicines is shown, and called no more than that.
 */
#include "views/application.h"
#include "views/form.h"
#include "views/snapshot.h"
#include "views/visit_parts.h"

#include "base/memory.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define STATE_COLUMNS 18
#define WARNINGS 12

enum part { PART_MEDICINE, PART_TASK };

/* In the order of enum part: names in the draft and in words. */
static const struct {
    const char *name, *id, *answer;
} parts[] = {
    {"medicine", "request", "taking"},
    {"task", "id", "status"},
};

/* One medicine or task. */
struct care_row {
    enum part part;
    char id[ID_SIZE];
    char label[LABEL_SIZE + DETAIL_SIZE];
    struct draft_field reason;
};

struct tasks_screen {
    struct form form;
    struct care_row *rows; /* owned */
    size_t count, capacity;
};

static struct tasks_screen *screen_of(const struct view *view)
{
    return view->state;
}

static int number_of(const struct application *application, const struct care_row *row)
{
    return draft_part_find(&application->draft, parts[row->part].name, parts[row->part].id, row->id);
}

static const char *answer_of(const struct application *application, const struct care_row *row)
{
    return draft_part_get(&application->draft, parts[row->part].name, number_of(application, row),
                          parts[row->part].answer);
}

/* --- rows ----------------------------------------------------------------------------------------- */

static void forget_rows(struct tasks_screen *screen)
{
    for (size_t i = 0; i < screen->count; i++) {
        draft_field_close(&screen->rows[i].reason);
    }
    memory_free(screen->rows);
    screen->rows = NULL;
    screen->count = 0;
    screen->capacity = 0;
}

/* The draft field of the reason, as soon as the row has a number there. */
static void name_reason(struct care_row *row, const struct application *application)
{
    int number = number_of(application, row);

    row->reason.name[0] = '\0';
    if (number >= 0) {
        (void)text_format(row->reason.name, sizeof row->reason.name, "%s.%d.reason", parts[row->part].name, number);
    }
}

static enum status add_row(struct tasks_screen *screen, const struct application *application, enum part part,
                           const char *id, const char *label, struct error *error)
{
    struct care_row *rows = memory_grow(screen->rows, screen->count, &screen->capacity, sizeof *rows);
    struct care_row *row = NULL;
    char name[VISIT_FIELD_NAME_SIZE];

    if (rows == NULL) {
        return error_no_memory(error);
    }
    screen->rows = rows;
    row = &rows[screen->count++];
    *row = (struct care_row){.part = part};
    (void)text_copy(row->id, sizeof row->id, id);
    (void)text_copy(row->label, sizeof row->label, label);
    name_reason(row, application);
    (void)text_copy(name, sizeof name, row->reason.name);
    return draft_field_open(&row->reason, &application->draft, DRAFT_LINE, name, error);
}

static bool has_row(const struct tasks_screen *screen, enum part part, const char *id)
{
    for (size_t i = 0; i < screen->count; i++) {
        if (screen->rows[i].part == part && text_equal(screen->rows[i].id, id)) {
            return true;
        }
    }
    return false;
}

/* What was entered about an order or a task that is no longer on the chart stays to be seen, and can be taken back. */
static enum status add_orphans(struct tasks_screen *screen, const struct application *application, enum part part,
                               struct error *error)
{
    const struct visit_draft *draft = &application->draft;
    enum status status = STATUS_OK;

    for (int i = 0; i < 100 && status == STATUS_OK; i++) {
        const char *held = draft_part_get(draft, parts[part].name, i, parts[part].id);
        const char *slash = strrchr(held, '/');
        const char *id = slash != NULL ? slash + 1 : held;

        if (id[0] != '\0' && !has_row(screen, part, id)) {
            status = add_row(screen, application, part, id, _("not on the patient's list on this device"), error);
        }
    }
    return status;
}

static enum status load(struct tasks_screen *screen, const struct application *application, struct error *error)
{
    const struct chart *chart = &application->chart;
    enum status status = STATUS_OK;

    forget_rows(screen);
    for (size_t i = 0; i < chart->medicine_count && status == STATUS_OK; i++) {
        const struct medicine *medicine = &chart->medicines[i];
        char label[sizeof screen->rows->label];

        if (visit_part_asks_medicine(medicine)) {
            (void)text_format(label, sizeof label, "%s%s%s", medicine->label, medicine->dose[0] != '\0' ? ": " : "",
                              medicine->dose);
            status = add_row(screen, application, PART_MEDICINE, medicine->id, label, error);
        }
    }
    if (status == STATUS_OK) {
        status = add_orphans(screen, application, PART_MEDICINE, error);
    }
    for (size_t i = 0; i < chart->task_count && status == STATUS_OK; i++) {
        const struct task *task = &chart->tasks[i];
        char label[sizeof screen->rows->label];

        if (visit_part_asks_task(task)) {
            (void)snapshot_task_words(task, application_now(application), label, sizeof label);
            status = add_row(screen, application, PART_TASK, task->id, label, error);
        }
    }
    if (status == STATUS_OK) {
        status = add_orphans(screen, application, PART_TASK, error);
    }
    return status;
}

/* --- describing ----------------------------------------------------------------------------------- */

/* Items: each row has two ids, its question and its reason. */
static struct care_row *row_of_item(const struct tasks_screen *screen, int id)
{
    return &screen->rows[id / 2];
}

static bool asks_reason(const char *answer, const struct care_row *row)
{
    return (answer[0] != '\0' && !text_equal(answer, "as-ordered") && !text_equal(answer, "completed")) ||
           row->reason.editor.length > 0;
}

static bool describe_part(struct form *form, const struct tasks_screen *screen, const struct application *application,
                          enum part part)
{
    const struct choice *choice = visit_part_choice(parts[part].name, parts[part].answer);
    bool any = false;

    for (size_t i = 0; i < screen->count; i++) {
        struct care_row *row = &screen->rows[i];
        const char *answer = answer_of(application, row);

        if (row->part != part) {
            continue;
        }
        any = true;
        form_choice(form, 2 * (int)i, STATE_COLUMNS, answer[0] != '\0' ? choice->word(answer) : "-", row->label, choice,
                    answer);
        if (asks_reason(answer, row)) {
            form_field(form, 2 * (int)i + 1, STATE_COLUMNS, _("   reason"), &row->reason, "", "");
        }
    }
    return any;
}

static void describe_warnings(struct form *form, const struct chart *chart)
{
    struct medicine_warning warnings[WARNINGS];
    size_t count = medicine_check(chart, warnings, WARNINGS);

    for (size_t i = 0; i < count; i++) {
        enum role role = warnings[i].kind == WARNING_ALLERGY ? ROLE_RED : ROLE_AMBER;

        if (!snapshot_said_before(warnings, i)) {
            form_labelled(form, role, STATE_COLUMNS, _("code check only"), role, warnings[i].sentence);
        }
    }
}

static void describe_plan(struct form *form, const struct chart *chart, instant now)
{
    for (size_t i = 0; i < chart->task_count; i++) {
        const struct task *task = &chart->tasks[i];
        char words[LABEL_SIZE + 80];

        if (task->open && !visit_part_asks_task(task)) {
            (void)snapshot_task_words(task, now, words, sizeof words);
            form_labelled(form, ROLE_DIM, STATE_COLUMNS, _("care plan"), ROLE_DIM, words);
        }
    }
}

static void describe(struct form *form, struct view *view, struct application *application)
{
    const struct tasks_screen *screen = screen_of(view);

    form_heading(form, _("Tasks"));
    if (!describe_part(form, screen, application, PART_TASK)) {
        form_text(form, ROLE_DIM, _("No open task."));
    }
    describe_plan(form, &application->chart, application_now(application));
    form_blank(form);
    form_heading(form, _("Medicines"));
    describe_warnings(form, &application->chart);
    if (!describe_part(form, screen, application, PART_MEDICINE)) {
        form_text(form, ROLE_DIM, _("No current medicine is on record."));
    }
}

/* --- opening, keeping ----------------------------------------------------------------------------- */

static void tasks_close(struct view *view)
{
    struct tasks_screen *screen = screen_of(view);

    if (screen != NULL) {
        forget_rows(screen);
        memory_free(screen);
    }
    view->state = NULL;
}

static enum status tasks_open(struct view *view, struct application *application, struct error *error)
{
    struct tasks_screen *screen = memory_allocate(sizeof *screen);
    enum status status = STATUS_OK;

    if (screen == NULL) {
        return error_no_memory(error);
    }
    view->state = screen;
    form_init(&screen->form, describe);
    screen->form.cursor = view->cursor;
    status = load(screen, application, error);
    if (status == STATUS_OK) {
        form_look(&screen->form, view, application);
        if (screen->form.item.kind == FORM_FIELD) {
            editor_move_to(&screen->form.item.field->editor, view->offset);
        }
    }
    return status;
}

/* After a sync the lists may be others: the cursor stays with its medicine or task, and in its word of the reason. */
static void tasks_refresh(struct view *view, struct application *application)
{
    struct tasks_screen *screen = screen_of(view);
    struct error error = {0};
    struct care_row before = {.part = PART_MEDICINE};
    size_t offset = view->offset;
    bool had = false;
    bool reason = false;

    form_look(&screen->form, view, application);
    if (screen->form.item.kind != FORM_NONE) {
        before = *row_of_item(screen, screen->form.item.id);
        had = true;
        reason = screen->form.item.kind == FORM_FIELD;
    }
    if (load(screen, application, &error) != STATUS_OK) {
        application_say_error(application, &error);
        return;
    }
    form_look(&screen->form, view, application);
    for (int item = 0; had && item < screen->form.count; item++) {
        const struct care_row *row = NULL;

        form_go(&screen->form, view, application, item);
        row = row_of_item(screen, screen->form.item.id);
        if (row->part == before.part && text_equal(row->id, before.id) &&
            (screen->form.item.kind == FORM_FIELD) == reason) {
            break;
        }
    }
    if (reason && screen->form.item.kind == FORM_FIELD) {
        editor_move_to(&screen->form.item.field->editor, offset);
        view->offset = offset;
    }
    view->cursor = screen->form.cursor;
}

static enum status tasks_save(struct view *view, struct application *application, struct error *error)
{
    struct tasks_screen *screen = screen_of(view);
    enum status status = STATUS_OK;

    for (size_t i = 0; i < screen->count && status == STATUS_OK; i++) {
        status = draft_field_save(&screen->rows[i].reason, application, error);
    }
    return status;
}

static void tasks_draw(struct view *view, struct application *application, struct area area)
{
    form_draw(&screen_of(view)->form, view, application, area);
}

/* --- doing ---------------------------------------------------------------------------------------- */

/* What it is about is on the disk before the answer is. */
static enum status put_answer(struct care_row *row, struct application *application, const char *key,
                              struct error *error)
{
    int number = number_of(application, row);
    enum status status = STATUS_OK;

    if (number < 0) {
        number = draft_part_free(&application->draft, parts[row->part].name);
        if (number < 0) {
            return error_set(error, STATUS_INVALID, _("There is too much in this visit; take something back first."));
        }
        status = draft_part_put(application, parts[row->part].name, number, parts[row->part].id, row->id, error);
    }
    if (status == STATUS_OK) {
        status = draft_part_put(application, parts[row->part].name, number, parts[row->part].answer, key, error);
    }
    name_reason(row, application);
    return status;
}

/* Taken back, as if it had not been touched; what it was about goes last. */
static enum status take_back(struct care_row *row, struct application *application, struct error *error)
{
    int number = number_of(application, row);
    enum status status = editor_set(&row->reason.editor, "", error);
    const char *attributes[] = {"reason", parts[row->part].answer, parts[row->part].id};

    for (size_t i = 0; i < sizeof attributes / sizeof *attributes && status == STATUS_OK; i++) {
        status = draft_part_put(application, parts[row->part].name, number, attributes[i], "", error);
    }
    name_reason(row, application);
    return status;
}

static void answer(struct view *view, struct application *application, bool chosen)
{
    struct tasks_screen *screen = screen_of(view);
    struct care_row *row = row_of_item(screen, screen->form.item.id);
    struct error error = {0};
    enum status status =
        chosen ? put_answer(row, application, screen->form.key, &error) : take_back(row, application, &error);

    if (status != STATUS_OK) {
        application_say_error(application, &error);
    } else if (chosen) {
        form_go(&screen->form, view, application, screen->form.cursor + 1);
    }
}

static enum reaction tasks_event(struct view *view, struct application *application, const struct event *event)
{
    struct tasks_screen *screen = screen_of(view);
    enum form_reaction reaction = form_event(&screen->form, view, application, event);

    if (reaction == FORM_CHOSEN || reaction == FORM_CLEARED) {
        answer(view, application, reaction == FORM_CHOSEN);
    }
    view->cursor = screen->form.cursor;
    return reaction == FORM_IGNORED ? REACTION_IGNORED : REACTION_REDRAW;
}

static enum reaction tasks_command(struct view *view, struct application *application, enum command_id command)
{
    struct tasks_screen *screen = screen_of(view);

    if (visit_part_command(application, command)) {
        return REACTION_REDRAW;
    }
    if (!form_command(&screen->form, view, application, command)) {
        return REACTION_IGNORED;
    }
    view->cursor = screen->form.cursor;
    return REACTION_REDRAW;
}

/* "medicine.2.reason", "task.0.status". */
static void tasks_go_to(struct view *view, struct application *application, const char *field)
{
    struct tasks_screen *screen = screen_of(view);
    enum part part = text_starts_with(field, parts[PART_TASK].name) ? PART_TASK : PART_MEDICINE;
    int number = (int)strtol(field + strlen(parts[part].name) + 1, NULL, 10);
    bool reason = text_equal(strrchr(field, '.'), ".reason");

    form_look(&screen->form, view, application);
    for (int item = 0; item < screen->form.count; item++) {
        const struct care_row *row = NULL;

        form_go(&screen->form, view, application, item);
        row = row_of_item(screen, screen->form.item.id);
        if (row->part == part && number_of(application, row) == number &&
            (screen->form.item.kind == FORM_FIELD) == reason) {
            break;
        }
    }
    view->cursor = screen->form.cursor;
}

static const enum command_id tasks_commands[] = {
    COMMAND_NEXT, COMMAND_NEXT_PART, COMMAND_PREVIOUS_PART, COMMAND_SAVE, COMMAND_NONE,
};

const struct view_ops view_tasks = {
    .name = "tasks",
    .title = N_("Tasks"),
    .commands = tasks_commands,
    .about_patient = true,
    .typing = true,
    .open = tasks_open,
    .refresh = tasks_refresh,
    .draw = tasks_draw,
    .event = tasks_event,
    .command = tasks_command,
    .save = tasks_save,
    .go_to = tasks_go_to,
    .close = tasks_close,
};
