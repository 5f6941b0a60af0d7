/* All patients; what is typed searches, and the list follows every key. */
#include "views/application.h"
#include "views/chrome.h"
#include "views/editor.h"
#include "views/field.h"
#include "views/list.h"
#include "views/patient_list.h"

#include "base/memory.h"
#include "base/text.h"

#include <string.h>

#define SEARCH_LIMIT 120 /* bytes */
#define SEARCH_ROWS 2

struct patients {
    struct editor search;
    struct patient_rows rows;
};

/* `again`: the record may have changed; else only the search has. */
static enum status load(struct view *view, struct application *application, bool again, struct error *error)
{
    struct patients *patients = view->state;
    struct patient_rows rows = {0};
    enum status status = query_patients(application->store, editor_text(&patients->search),
                                        application_now(application), &rows, error);

    if (status == STATUS_OK) {
        patient_rows_renew(&patients->rows, &rows, view, again);
    }
    return status;
}

static enum status patients_open(struct view *view, struct application *application, struct error *error)
{
    struct patients *patients = memory_allocate(sizeof *patients);
    enum status status = STATUS_OK;

    if (patients == NULL) {
        return error_no_memory(error);
    }
    view->state = patients;
    status = editor_init(&patients->search, SEARCH_LIMIT, true, error);
    return status == STATUS_OK ? load(view, application, true, error) : status;
}

static void patients_close(struct view *view)
{
    struct patients *patients = view->state;

    if (patients != NULL) {
        patient_rows_free(&patients->rows);
        editor_free(&patients->search);
        memory_free(patients);
    }
    view->state = NULL;
}

static void reload(struct view *view, struct application *application, bool again)
{
    struct error error = {0};

    if (load(view, application, again, &error) != STATUS_OK) {
        application_say_error(application, &error);
    }
}

static void patients_refresh(struct view *view, struct application *application)
{
    reload(view, application, true);
}

static struct area list_area(struct area body)
{
    return (struct area){body.row + SEARCH_ROWS, body.column, body.rows - SEARCH_ROWS, body.columns};
}

static void patients_draw(struct view *view, struct application *application, struct area area)
{
    struct patients *patients = view->state;
    struct area list = list_area(area);
    const char *label = _("Search name, reading or birth date:");
    int height = patient_row_height(area.columns);
    int page = list_follow(view, (int)patients->rows.count, height, list);
    int used = canvas_piece(area.row, area.column, area.columns - 12, ROLE_NORMAL, label) + 1;
    int columns = area.columns - used < 40 ? area.columns - used : 40;

    if (patients->rows.count == 0) {
        (void)canvas_paragraph(list, ROLE_NORMAL,
                               patients->search.length > 0
                                   ? _("No patient on this device fits. Shorten the search, or sync to receive more.")
                                   : _("No patient is on this device yet. Sync, or import a file."),
                               0);
    }
    for (int i = 0; i < page && (size_t)(view->scroll + i) < patients->rows.count; i++) {
        int index = view->scroll + i;

        patient_row_draw(&patients->rows.items[index], application_now(application), index == view->cursor, false, 0,
                         (struct area){list.row + i * height, list.column, height, list.columns});
    }
    field_draw(&patients->search, area.row, area.column + used, columns, true);
}

static enum reaction open_selected(struct view *view, struct application *application)
{
    struct patients *patients = view->state;

    if ((size_t)view->cursor < patients->rows.count) {
        patient_row_open(application, &patients->rows.items[view->cursor]);
    }
    return REACTION_REDRAW;
}

static bool patients_work(struct view *view, struct application *application)
{
    struct patients *patients = view->state;

    return patient_rows_judge(&patients->rows, view, application,
                              list_area(layout_of(application->rows, application->columns).body));
}

static enum reaction search_event(struct view *view, struct application *application, const struct event *event)
{
    struct patients *patients = view->state;

    if (!editor_event(&patients->search, event, 0)) {
        return REACTION_IGNORED;
    }
    if (patients->search.changed) {
        editor_mark_saved(&patients->search);
        view->cursor = 0;
        view->scroll = 0;
        reload(view, application, false);
    }
    return REACTION_REDRAW;
}

static enum reaction patients_event(struct view *view, struct application *application, const struct event *event)
{
    struct patients *patients = view->state;
    struct area list = list_area(layout_of(application->rows, application->columns).body);
    enum list_reaction reaction = LIST_IGNORED;
    struct event inside = *event;
    /* Home and End are the field's: the list has the arrows and pages. */
    bool for_list = event->kind == EVENT_CLICK || event_is_key(event, KEYCAP_UP) || event_is_key(event, KEYCAP_DOWN) ||
                    event_is_key(event, KEYCAP_PAGE_UP) || event_is_key(event, KEYCAP_PAGE_DOWN);

    if (!for_list) {
        return search_event(view, application, event);
    }
    inside.row -= SEARCH_ROWS;
    reaction = list_event(view, &inside, (int)patients->rows.count, patient_row_height(list.columns), list);
    if (reaction == LIST_CHOSEN) {
        return open_selected(view, application);
    }
    return reaction == LIST_MOVED ? REACTION_REDRAW : REACTION_IGNORED;
}

static enum reaction patients_command(struct view *view, struct application *application, enum command_id command)
{
    return command == COMMAND_OPEN ? open_selected(view, application) : REACTION_IGNORED;
}

static bool patients_allows(const struct view *view, const struct application *application, enum command_id command)
{
    const struct patients *patients = view->state;

    (void)application;
    return command != COMMAND_PATIENTS && (command != COMMAND_OPEN || patients->rows.count > 0);
}

static const enum command_id patients_commands[] = {COMMAND_OPEN, COMMAND_NONE};

const struct view_ops view_patients = {
    .name = "patients",
    .title = N_("Patients"),
    .commands = patients_commands,
    .typing = true,
    .open = patients_open,
    .refresh = patients_refresh,
    .draw = patients_draw,
    .event = patients_event,
    .work = patients_work,
    .command = patients_command,
    .allows = patients_allows,
    .close = patients_close,
};
