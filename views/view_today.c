/* The day's visits by time, unfinished ones first. The root of the stack while unlocked. */
#include "views/application.h"
#include "views/chrome.h"
#include "views/list.h"
#include "views/patient_list.h"

#include "base/memory.h"
#include "base/text.h"

struct today {
    struct patient_rows rows;
};

static enum status load(struct view *view, struct application *application, struct error *error)
{
    struct today *today = view->state;
    struct patient_rows rows = {0};
    enum status status = query_today(application->store, application_now(application), &rows, error);

    if (status == STATUS_OK) {
        patient_rows_renew(&today->rows, &rows, view, true);
    }
    return status;
}

static enum status today_open(struct view *view, struct application *application, struct error *error)
{
    struct today *today = memory_allocate(sizeof *today);

    if (today == NULL) {
        return error_no_memory(error);
    }
    view->state = today;
    return load(view, application, error);
}

static void today_close(struct view *view)
{
    struct today *today = view->state;

    if (today != NULL) {
        patient_rows_free(&today->rows);
        memory_free(today);
    }
    view->state = NULL;
}

static void today_refresh(struct view *view, struct application *application)
{
    struct error error = {0};

    if (load(view, application, &error) != STATUS_OK) {
        application_say_error(application, &error);
    }
}

static void today_draw(struct view *view, struct application *application, struct area area)
{
    struct today *today = view->state;
    int height = patient_row_height(area.columns);
    int page = list_follow(view, (int)today->rows.count, height, area);

    if (today->rows.count == 0) {
        (void)canvas_paragraph(area, ROLE_NORMAL,
                               _("No visit is planned for today. Press p for all patients; y asks the server for "
                                 "news."),
                               0);
        return;
    }
    for (int i = 0; i < page && (size_t)(view->scroll + i) < today->rows.count; i++) {
        int index = view->scroll + i;

        patient_row_draw(&today->rows.items[index], application_now(application), index == view->cursor, true,
                         index < 9 ? index + 1 : 0,
                         (struct area){area.row + i * height, area.column, height, area.columns});
    }
}

static enum reaction open_selected(struct view *view, struct application *application)
{
    struct today *today = view->state;

    if ((size_t)view->cursor < today->rows.count) {
        patient_row_open(application, &today->rows.items[view->cursor]);
    }
    return REACTION_REDRAW;
}

static enum reaction today_event(struct view *view, struct application *application, const struct event *event)
{
    struct today *today = view->state;
    struct area area = layout_of(application->rows, application->columns).body;
    enum list_reaction reaction = LIST_IGNORED;
    int digit = event->kind == EVENT_CHARACTER ? text_command_key(event->character) - '0' : 0;

    if (digit >= 1 && digit <= 9 && (size_t)digit <= today->rows.count) {
        view->cursor = digit - 1;
        return open_selected(view, application);
    }
    reaction = list_event(view, event, (int)today->rows.count, patient_row_height(area.columns), area);
    if (reaction == LIST_CHOSEN) {
        return open_selected(view, application);
    }
    return reaction == LIST_MOVED ? REACTION_REDRAW : REACTION_IGNORED;
}

static bool today_work(struct view *view, struct application *application)
{
    struct today *today = view->state;

    return patient_rows_judge(&today->rows, view, application,
                              layout_of(application->rows, application->columns).body);
}

static enum reaction today_command(struct view *view, struct application *application, enum command_id command)
{
    return command == COMMAND_OPEN ? open_selected(view, application) : REACTION_IGNORED;
}

static bool today_allows(const struct view *view, const struct application *application, enum command_id command)
{
    const struct today *today = view->state;

    (void)application;
    return command != COMMAND_TODAY && (command != COMMAND_OPEN || today->rows.count > 0);
}

static const enum command_id today_commands[] = {
    COMMAND_OPEN, COMMAND_PATIENTS, COMMAND_OUTBOX, COMMAND_SYNC_STATE, COMMAND_SYNC, COMMAND_NONE,
};

const struct view_ops view_today = {
    .name = "today",
    .title = N_("Today"),
    .commands = today_commands,
    .open = today_open,
    .refresh = today_refresh,
    .draw = today_draw,
    .event = today_event,
    .work = today_work,
    .command = today_command,
    .allows = today_allows,
    .close = today_close,
};
