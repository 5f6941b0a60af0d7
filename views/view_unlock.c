/*
 * The locked screen: who, and the passphrase. Shows nothing of any patient.
 * Works without a network. A wrong passphrase says so and no more; the wait
 * after it counts down in words and holds up nothing.
 */
#include "views/application.h"
#include "views/editor.h"
#include "views/field.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"

#include <stdio.h>

#define LABEL_ROW 4
#define WAIT_TICK 1000 /* ms */

struct unlock {
    struct editor passphrase;
    char fault[512]; /* why the last try failed, "" before one */
};

static enum status unlock_open(struct view *view, struct application *application, struct error *error)
{
    struct unlock *unlock = memory_allocate(sizeof *unlock);

    (void)application;
    if (unlock == NULL) {
        return error_no_memory(error);
    }
    if (editor_init(&unlock->passphrase, PASSPHRASE_MOST, true, error) != STATUS_OK) {
        memory_free(unlock);
        return STATUS_NO_MEMORY;
    }
    unlock->passphrase.secret = true;
    view->state = unlock;
    return STATUS_OK;
}

static void unlock_close(struct view *view)
{
    struct unlock *unlock = view->state;

    if (unlock != NULL) {
        editor_free(&unlock->passphrase);
        memory_free(unlock);
    }
    view->state = NULL;
}

/* Whole seconds until another try, 0 when one may be made. Keeps the clock of the wait going. */
static int64_t seconds_to_wait(struct application *application)
{
    int64_t delay = vault_delay(&application->paths, &application->store_options.clock);

    if (delay > 0) {
        application->wake_at = application_monotonic(application) + (delay < WAIT_TICK ? delay : WAIT_TICK);
    }
    return (delay + 999) / 1000;
}

static void unlock_draw(struct view *view, struct application *application, struct area area)
{
    struct unlock *unlock = view->state;
    int64_t seconds = seconds_to_wait(application);
    int margin = area.columns >= 70 ? 8 : 1;
    int columns = area.columns - 2 * margin;
    struct area words = {area.row + LABEL_ROW + 3, margin, area.rows - LABEL_ROW - 3, columns};

    (void)canvas_text(area.row + 1, margin, columns, ROLE_STRONG, application->paths.user);
    (void)canvas_paragraph((struct area){area.row + 2, margin, 2, columns}, ROLE_DIM,
                           _("Locked. Everything is kept on this device, encrypted; no network is needed."), 0);
    (void)canvas_text(area.row + LABEL_ROW, margin, columns, ROLE_NORMAL, _("Passphrase, then Enter:"));
    field_draw(&unlock->passphrase, area.row + LABEL_ROW + 1, margin, columns < 48 ? columns : 48, true);
    if (unlock->fault[0] != '\0') {
        int used = canvas_paragraph(words, ROLE_ERROR, unlock->fault, 0);

        words.row += used;
        words.rows -= used;
    }
    if (seconds > 0) {
        char wait[160];

        (void)text_format(wait, sizeof wait, _("The next try is possible in %lld s; you can type it already."),
                          (long long)seconds);
        (void)canvas_paragraph(words, ROLE_NORMAL, wait, 0);
    }
}

/* The passphrase stays in memory no longer than it takes to try it. */
static void forget_passphrase(struct unlock *unlock)
{
    if (editor_set(&unlock->passphrase, "", NULL) != STATUS_OK) {
        log_event("unlock-field", 0, 0);
    }
}

/* Called when the console has locked: nothing of the last time is left. */
static void unlock_refresh(struct view *view, struct application *application)
{
    struct unlock *unlock = view->state;

    (void)application;
    forget_passphrase(unlock);
    unlock->fault[0] = '\0';
}

static void try_unlock(struct unlock *unlock, struct application *application)
{
    struct error error = {0};
    enum status status = STATUS_OK;

    if (unlock->passphrase.length == 0 || seconds_to_wait(application) > 0) {
        return;
    }
    status = application_unlock(application, editor_text(&unlock->passphrase), &error);
    forget_passphrase(unlock);
    (void)text_copy(unlock->fault, sizeof unlock->fault, status == STATUS_OK ? "" : error.sentence);
    application->drop_typed = true;
}

static enum reaction unlock_event(struct view *view, struct application *application, const struct event *event)
{
    struct unlock *unlock = view->state;

    if (event_is_key(event, KEYCAP_ENTER)) {
        try_unlock(unlock, application);
        return REACTION_REDRAW;
    }
    return editor_event(&unlock->passphrase, event, 0) ? REACTION_REDRAW : REACTION_IGNORED;
}

static const enum command_id unlock_commands[] = {COMMAND_QUIT, COMMAND_NONE};

const struct view_ops view_unlock = {
    .name = "unlock",
    .title = N_("Locked"),
    .commands = unlock_commands,
    .typing = true,
    .open = unlock_open,
    .refresh = unlock_refresh,
    .draw = unlock_draw,
    .event = unlock_event,
    .close = unlock_close,
};
