/*
 * Whom an event is for: the view where it happened, then the view's commands,
 * then those that work everywhere.
 */
#include "views/application_part.h"

#include "views/chrome.h"
#include "views/keymap.h"

/* Commands that open a screen, by its name. */
static const struct {
    enum command_id command;
    const char *view;
} openers[] = {
    {COMMAND_PATIENTS, "patients"}, {COMMAND_VITALS, "vitals"}, {COMMAND_NOTE, "note"},   {COMMAND_CONSENT, "consent"},
    {COMMAND_TASKS, "tasks"},       {COMMAND_CLOSE, "close"},   {COMMAND_OUTBOX, "outbox"}, {COMMAND_HELP, "help"},
    {COMMAND_SET_ASIDE, "set-aside"}, {COMMAND_SYNC_STATE, "sync"}, {COMMAND_JOURNAL, "journal"},
};

static bool condition_holds(const struct application *application, enum command_condition condition)
{
    if (condition == NEEDS_UNLOCKED) {
        return application->store != NULL;
    }
    if (condition == NEEDS_PATIENT) {
        return application->chart.patient.id[0] != '\0';
    }
    if (condition == NEEDS_VISIT) {
        return application->draft.id[0] != '\0';
    }
    return application->worker != NULL;
}

static const struct {
    enum command_condition condition;
    const char *otherwise;
} conditions[] = {
    {NEEDS_UNLOCKED, N_("Unlock first: this works once the record is open.")},
    {NEEDS_PATIENT, N_("Choose a patient first.")},
    {NEEDS_VISIT, N_("Start the visit first: key s on the patient's screen.")},
    {NEEDS_SERVER, N_("No server is set; this device keeps everything until one is named in the configuration.")},
};

const char *application_objection(const struct application *application, enum command_id command)
{
    for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++) {
        if ((command_of(command)->needs & (unsigned)conditions[i].condition) != 0 &&
            !condition_holds(application, conditions[i].condition)) {
            return _(conditions[i].otherwise);
        }
    }
    return NULL;
}

bool application_allows(const struct application *application, enum command_id command)
{
    const struct view *top = &application->stack[application->depth - 1];

    if (command == COMMAND_BACK && application_at_root(application)) {
        return false;
    }
    return application_objection(application, command) == NULL &&
           (top->ops->allows == NULL || top->ops->allows(top, application, command));
}

static enum reaction opens_view(struct application *application, enum command_id command)
{
    enum view_id id = VIEW_UNLOCK;

    for (size_t i = 0; i < sizeof openers / sizeof *openers; i++) {
        if (openers[i].command == command && view_find(openers[i].view, &id)) {
            application_push(application, id);
            return REACTION_REDRAW;
        }
    }
    return REACTION_IGNORED;
}

static void start_or_go_on(struct application *application)
{
    if (application->draft.id[0] != '\0') {
        application_go_on(application);
    } else {
        application_push(application, VIEW_VISIT_START);
    }
}

static void save_now(struct application *application)
{
    struct error error = {0};

    if (application_save(application, &error) == STATUS_OK) {
        application_say(application, _("Saved on this device."));
    } else {
        application_say_error(application, &error);
    }
}

static void quit(struct application *application)
{
    struct error error = {0};

    if (application_save(application, &error) == STATUS_OK) {
        application->quit = true;
    } else {
        application_say_error(application, &error);
    }
}

static void sync_now(struct application *application)
{
    worker_request_now(application->worker);
    application_say(application, _("Exchanging with the server; go on working meanwhile."));
}

static enum reaction general_command(struct application *application, enum command_id command)
{
    if (command == COMMAND_BACK) {
        application_pop(application);
    } else if (command == COMMAND_LOCK) {
        application_lock(application);
    } else if (command == COMMAND_QUIT) {
        quit(application);
    } else if (command == COMMAND_TODAY) {
        application_replace_all(application, VIEW_TODAY);
    } else if (command == COMMAND_VISIT) {
        start_or_go_on(application);
    } else if (command == COMMAND_SAVE) {
        save_now(application);
    } else if (command == COMMAND_SYNC) {
        sync_now(application);
    } else {
        return opens_view(application, command);
    }
    return REACTION_REDRAW;
}

enum reaction application_command(struct application *application, enum command_id command)
{
    struct view *top = application_top(application);
    const char *why_not = application_objection(application, command);

    if (why_not != NULL) {
        application_say(application, "%s", why_not);
        return REACTION_REDRAW;
    }
    if (!application_allows(application, command)) {
        return REACTION_IGNORED;
    }
    if (top->ops->command != NULL && top->ops->command(top, application, command) == REACTION_REDRAW) {
        return REACTION_REDRAW;
    }
    return general_command(application, command);
}

static enum reaction key_event(struct application *application, const struct event *event)
{
    const struct view *top = application_top(application);
    enum command_id command = COMMAND_NONE;

    if (top->ops->typing && event->kind == EVENT_CHARACTER) {
        return REACTION_IGNORED;
    }
    command = keymap_find(top->ops->commands, event);
    if (command == COMMAND_NONE) {
        command = keymap_find(commands_everywhere, event);
    }
    return command != COMMAND_NONE ? application_command(application, command) : REACTION_IGNORED;
}

static enum reaction click_event(struct application *application, const struct event *event)
{
    struct view *top = application_top(application);
    struct area body = layout_of(application->rows, application->columns).body;
    enum command_id command = chrome_command_at(application, event->row, event->column);
    struct event inside = *event;

    if (command != COMMAND_NONE) {
        return application_command(application, command);
    }
    inside.row -= body.row;
    inside.column -= body.column;
    if (inside.row < 0 || inside.row >= body.rows || top->ops->event == NULL) {
        return REACTION_IGNORED;
    }
    return top->ops->event(top, application, &inside);
}

static enum reaction typed_event(struct application *application, const struct event *event)
{
    struct view *top = application_top(application);

    application->last_input = application_monotonic(application);
    application_hush(application);
    if (event->kind == EVENT_PASTE && event->paste_cut) {
        application_say(application, _("The pasted text was too long; its end was left out."));
    }
    if (event->kind == EVENT_CLICK) {
        return click_event(application, event);
    }
    if (top->ops->event != NULL && top->ops->event(top, application, event) == REACTION_REDRAW) {
        return REACTION_REDRAW;
    }
    return event->kind == EVENT_PASTE ? REACTION_IGNORED : key_event(application, event);
}

/* A pause: what was typed goes to the disk. */
static void pause_event(struct application *application, const struct event *event)
{
    struct view *top = application_top(application);
    struct error error = {0};

    if (application->wake_at != 0 && application_monotonic(application) >= application->wake_at) {
        application->wake_at = 0;
    }
    if ((application->unsaved || application->place_moved) &&
        application_monotonic(application) >= application->save_after &&
        application_save(application, &error) != STATUS_OK) {
        application_say_error(application, &error);
    }
    if (application->top_stale && !application->unsaved) {
        application_refresh_top(application);
    }
    if (top->ops->event != NULL) {
        (void)top->ops->event(top, application, event);
    }
}

bool application_work(struct application *application)
{
    struct view *top = application_top(application);

    return application->store != NULL && top->ops->work != NULL &&
           layout_fits(application->rows, application->columns) && top->ops->work(top, application);
}

/* On a terminal that is too small nothing can be seen: text goes on into its field, commands wait. */
static enum reaction unseen_event(struct application *application, const struct event *event)
{
    struct view *top = application_top(application);

    application->last_input = application_monotonic(application);
    if (top->ops->typing && event->kind != EVENT_CLICK) {
        return top->ops->event(top, application, event);
    }
    return REACTION_IGNORED;
}

enum reaction application_event(struct application *application, const struct event *event)
{
    if (event->kind == EVENT_RESIZE) {
        application->repaint = true;
        return REACTION_REDRAW;
    }
    if (event->kind == EVENT_TICK) {
        pause_event(application, event);
        return REACTION_REDRAW;
    }
    if (event->kind == EVENT_SYNC) {
        (void)application_follow(application);
        return REACTION_REDRAW;
    }
    if (!layout_fits(application->rows, application->columns)) {
        return unseen_event(application, event);
    }
    (void)typed_event(application, event);
    return REACTION_REDRAW;
}
