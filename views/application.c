/*
 * Opening, locking, the stack of views, the patient at hand.
 *
 * Invariant: what was typed is on the disk before a view goes, and before the
 * record closes. If it cannot be put there, the view stays.
 */
#include "views/application.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "store/audit.h"
#include "store/draft.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(VIEW_ID_COUNT <= VIEW_DEPTH, "every view may be on the stack once");

/* Fields of a draft that say where the nurse was. */
#define FIELD_SCREEN "screen"
#define FIELD_CURSOR "cursor"

/* --- words, time ---------------------------------------------------------------------------------- */

void application_say(struct application *application, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(application->message, sizeof application->message, format, arguments);
    va_end(arguments);
    application->message_is_error = false;
}

void application_say_error(struct application *application, const struct error *error)
{
    (void)text_copy(application->message, sizeof application->message, error->sentence);
    application->message_is_error = true;
}

void application_hush(struct application *application)
{
    application->message[0] = '\0';
    application->message_is_error = false;
}

instant application_now(const struct application *application)
{
    return clock_now(&application->store_options.clock);
}

int64_t application_monotonic(const struct application *application)
{
    return clock_monotonic(&application->store_options.clock);
}

/* --- saving --------------------------------------------------------------------------------------- */

/* Where the nurse is, kept with the visit: an unlock brings her back. */
static enum status save_place(struct application *application, struct error *error)
{
    const struct view *top = application_top(application);
    char place[48];
    enum status status = STATUS_OK;

    if (application->store == NULL || application->draft.id[0] == '\0') {
        return STATUS_OK;
    }
    (void)text_format(place, sizeof place, "%d.%zu", top->cursor, top->offset);
    if (!text_equal(visit_draft_get(&application->draft, FIELD_SCREEN), top->ops->name)) {
        status = application_put_field(application, FIELD_SCREEN, top->ops->name, error);
    }
    if (status == STATUS_OK && !text_equal(visit_draft_get(&application->draft, FIELD_CURSOR), place)) {
        status = application_put_field(application, FIELD_CURSOR, place, error);
    }
    return status;
}

static enum status save_typed(struct application *application, struct error *error)
{
    struct view *top = application_top(application);
    enum status status = STATUS_OK;

    if (application->store != NULL && top->ops->save != NULL) {
        status = top->ops->save(top, application, error);
    }
    application->unsaved = application->unsaved && status != STATUS_OK;
    application->save_after = status == STATUS_OK ? 0 : application_monotonic(application) + SAVE_RETRY;
    return status;
}

enum status application_save(struct application *application, struct error *error)
{
    enum status status = save_typed(application, error);

    if (status == STATUS_OK) {
        status = save_place(application, error);
    }
    application->place_moved = application->place_moved && status != STATUS_OK;
    return status;
}

/* True when everything typed is on the disk; says why not otherwise. */
static bool save_or_say(struct application *application)
{
    struct error error = {0};

    if (save_typed(application, &error) == STATUS_OK) {
        return true;
    }
    application_say_error(application, &error);
    return false;
}

/* --- the stack ------------------------------------------------------------------------------------ */

struct view *application_top(struct application *application)
{
    return &application->stack[application->depth - 1];
}

const struct view *application_below(const struct application *application)
{
    return application->depth > 1 ? &application->stack[application->depth - 2] : NULL;
}

static void close_views_above(struct application *application, int depth)
{
    while (application->depth > depth) {
        struct view *view = application_top(application);

        if (view->ops->close != NULL) {
            view->ops->close(view);
        }
        *view = (struct view){0};
        application->depth--;
    }
    application->wake_at = 0;
}

/* Opens a view on top, at a place in it; the stack is as before when it fails. */
static enum status open_view(struct application *application, enum view_id id, int cursor, size_t offset, struct error *error)
{
    struct view *view = &application->stack[application->depth];
    enum status status = STATUS_OK;

    *view = (struct view){.ops = view_ops_of(id), .cursor = cursor, .offset = offset};
    application->depth++;
    application->wake_at = 0;
    if (view->ops->open != NULL) {
        status = view->ops->open(view, application, error);
    }
    if (status != STATUS_OK) {
        close_views_above(application, application->depth - 1);
    }
    return status;
}

static void refresh_top(struct application *application)
{
    struct view *top = application_top(application);

    if (top->ops->refresh != NULL) {
        top->ops->refresh(top, application);
    }
}

void application_push(struct application *application, enum view_id id)
{
    struct error error = {0};

    if (!save_or_say(application)) {
        return;
    }
    for (int i = 0; i < application->depth; i++) {
        if (application->stack[i].ops == view_ops_of(id)) {
            close_views_above(application, i + 1);
            refresh_top(application);
            application->place_moved = true;
            return;
        }
    }
    if (open_view(application, id, 0, 0, &error) != STATUS_OK) {
        application_say_error(application, &error);
        return;
    }
    application->place_moved = true;
}

void application_pop(struct application *application)
{
    if (application->depth < 2 || !save_or_say(application)) {
        return;
    }
    close_views_above(application, application->depth - 1);
    refresh_top(application);
    application->place_moved = true;
}

void application_replace_all(struct application *application, enum view_id id)
{
    struct error error = {0};

    if (!save_or_say(application)) {
        return;
    }
    close_views_above(application, 0);
    if (open_view(application, id, 0, 0, &error) != STATUS_OK) {
        application_say_error(application, &error);
        /* There is always a screen: the locked one needs nothing. */
        application_lock(application);
        return;
    }
    application->place_moved = true;
}

/* --- the patient and visit at hand ---------------------------------------------------------------- */

static void forget_patient(struct application *application)
{
    chart_free(&application->chart);
    chart_init(&application->chart);
    visit_draft_free(&application->draft);
    visit_draft_init(&application->draft);
}

static enum status read_chart(struct application *application, const char *patient, struct chart *chart, struct error *error)
{
    instant now = application_now(application);

    return query_chart(application->store, patient, instant_add_days(now, -CHART_DAYS), CHART_READINGS, now, chart, error);
}

/* The open draft of the patient; an empty one when there is none. */
static enum status read_draft(struct application *application, const char *patient, struct visit_draft *draft,
                              struct error *error)
{
    char visit[UUID_SIZE];
    enum status status = draft_find(application->store, patient, visit, error);

    if (status == STATUS_NOT_FOUND) {
        error_clear(error);
        return STATUS_OK;
    }
    return status == STATUS_OK ? draft_load(application->store, visit, draft, error) : status;
}

enum status application_choose_patient(struct application *application, const char *patient, struct error *error)
{
    struct chart chart;
    struct visit_draft draft;
    enum status status = STATUS_OK;

    chart_init(&chart);
    visit_draft_init(&draft);
    status = read_chart(application, patient, &chart, error);
    if (status == STATUS_OK) {
        status = read_draft(application, patient, &draft, error);
    }
    if (status != STATUS_OK) {
        chart_free(&chart);
        visit_draft_free(&draft);
        return status;
    }
    forget_patient(application);
    application->chart = chart;
    application->draft = draft;
    return STATUS_OK;
}

/* The appointment of today that this visit keeps; "" when it is unplanned. */
static const char *appointment_today(const struct application *application)
{
    instant now = application_now(application);
    instant day = instant_day_start(now);

    for (size_t i = 0; i < application->chart.appointment_count; i++) {
        const struct appointment *appointment = &application->chart.appointments[i];

        if (appointment->start >= day && appointment->start < instant_add_days(day, 1)) {
            return appointment->id;
        }
    }
    return "";
}

enum status application_start_visit(struct application *application, struct error *error)
{
    char visit[UUID_SIZE];
    char start[40];
    enum status status = STATUS_OK;

    if (application->draft.id[0] != '\0') {
        return STATUS_OK;
    }
    status = draft_start(application->store, application->chart.patient.id, appointment_today(application), visit, error);
    if (status == STATUS_OK) {
        status = draft_load(application->store, visit, &application->draft, error);
    }
    if (status == STATUS_OK && visit_draft_get(&application->draft, "start")[0] == '\0') {
        instant_format_fhir(start, sizeof start, application_now(application));
        status = application_put_field(application, "start", start, error);
    }
    application_refresh(application);
    return status;
}

enum status application_put_field(struct application *application, const char *field, const char *value,
                                  struct error *error)
{
    enum status status = STATUS_OK;

    if (application->store == NULL || application->draft.id[0] == '\0') {
        return error_set(error, STATUS_USAGE, _("No visit is in progress; start the visit first."));
    }
    status = draft_put(application->store, application->draft.id, field, value, error);
    return status == STATUS_OK ? visit_draft_set(&application->draft, field, value, error) : status;
}

void application_refresh(struct application *application)
{
    struct error error = {0};
    struct chart chart;

    if (application->store == NULL) {
        return;
    }
    if (query_status(application->store, &application->status, &error) != STATUS_OK) {
        application_say_error(application, &error);
    }
    if (application->unsaved) {
        return;
    }
    if (application->chart.patient.id[0] != '\0' && application_top(application)->ops->about_patient) {
        chart_init(&chart);
        if (read_chart(application, application->chart.patient.id, &chart, &error) == STATUS_OK) {
            chart_free(&application->chart);
            application->chart = chart;
        } else {
            chart_free(&chart);
            application_say_error(application, &error);
        }
    }
    refresh_top(application);
}

/* Where the draft says the nurse was; false when that is no screen of a visit. */
static bool saved_place(const struct application *application, enum view_id *id, int *cursor, size_t *offset)
{
    const char *place = visit_draft_get(&application->draft, FIELD_CURSOR);
    char *end = NULL;
    long row = strtol(place, &end, 10);

    *cursor = row > 0 && row < 10000 ? (int)row : 0;
    *offset = *end == '.' ? (size_t)strtoul(end + 1, NULL, 10) : 0;
    return view_find(visit_draft_get(&application->draft, FIELD_SCREEN), id) && view_ops_of(*id)->about_patient;
}

void application_go_on(struct application *application)
{
    enum view_id id = VIEW_UNLOCK;
    int cursor = 0;
    size_t offset = 0;
    struct error error = {0};

    if (application->draft.id[0] == '\0' || !save_or_say(application)) {
        return;
    }
    if (!saved_place(application, &id, &cursor, &offset) || view_ops_of(id) == application_top(application)->ops) {
        if (!view_find("vitals", &id)) {
            return;
        }
        cursor = 0;
        offset = 0;
    }
    if (open_view(application, id, cursor, offset, &error) != STATUS_OK) {
        application_say_error(application, &error);
    }
}

/* --- opening and locking -------------------------------------------------------------------------- */

static bool server_known(struct application *application)
{
    char server[512] = "";

    if (application->config.server[0] != '\0') {
        return true;
    }
    return store_setting_get(application->store, SETTING_SERVER, server, sizeof server, NULL) == STATUS_OK &&
           server[0] != '\0';
}

static void start_worker(struct application *application)
{
    struct error error = {0};

    if (!server_known(application)) {
        return;
    }
    if (worker_new(&application->paths, application->vault, &application->store_options, &application->config,
                   &application->worker, &error) != STATUS_OK) {
        application->worker = NULL;
        application_say_error(application, &error);
        return;
    }
    worker_request(application->worker);
    worker_snapshot(application->worker, &application->sync);
}

/* After an unlock: Today, and on top of it the field where the nurse stopped. */
static void return_to_place(struct application *application)
{
    char visit[UUID_SIZE];
    struct visit_draft draft;
    enum view_id id = VIEW_TODAY;
    int cursor = 0;
    size_t offset = 0;
    struct error error = {0};

    visit_draft_init(&draft);
    if (draft_latest(application->store, visit, NULL) != STATUS_OK ||
        draft_load(application->store, visit, &draft, NULL) != STATUS_OK ||
        application_choose_patient(application, draft.patient, NULL) != STATUS_OK ||
        !saved_place(application, &id, &cursor, &offset)) {
        visit_draft_free(&draft);
        return;
    }
    visit_draft_free(&draft);
    if (open_view(application, VIEW_SNAPSHOT, 0, 0, &error) == STATUS_OK && id != VIEW_SNAPSHOT &&
        open_view(application, id, cursor, offset, &error) == STATUS_OK) {
        application_say(application, _("You are back where you stopped; everything typed was kept."));
    }
    if (error.status != STATUS_OK) {
        application_say_error(application, &error);
    }
}

/* Who was here when. A device that cannot write (a full disk) can still be read. */
static void note_access(struct application *application, const char *action)
{
    struct error error = {0};

    if (audit_add(application->store, action, "", "", "", "", &error) != STATUS_OK) {
        application_say_error(application, &error);
    }
}

/* Closes what is open; the views are gone already. */
static void close_record(struct application *application)
{
    worker_free(application->worker);
    application->worker = NULL;
    forget_patient(application);
    store_close(application->store);
    application->store = NULL;
    vault_free(application->vault);
    application->vault = NULL;
    application->status = (struct sync_status){0};
    application->sync = (struct worker_snapshot){0};
    memory_wipe(application->practitioner, sizeof application->practitioner);
    application->unsaved = false;
    application->save_after = 0;
    application->place_moved = false;
    application->drop_typed = true;
    application->repaint = true;
}

enum status application_unlock(struct application *application, const char *passphrase, struct error *error)
{
    enum status status = STATUS_OK;

    status = vault_unlock(&application->paths, passphrase, &application->store_options.clock, &application->vault, error);
    if (status != STATUS_OK) {
        application->vault = NULL;
        return status;
    }
    status = store_open(&application->paths, application->vault, &application->store_options, &application->store, error);
    if (status != STATUS_OK) {
        application->store = NULL;
        close_record(application);
        return status;
    }
    if (store_setting_get(application->store, SETTING_PRACTITIONER_NAME, application->practitioner,
                             sizeof application->practitioner, NULL) != STATUS_OK) {
        application->practitioner[0] = '\0';
    }
    application_hush(application);
    note_access(application, "unlock");
    start_worker(application);
    close_views_above(application, 0);
    status = open_view(application, VIEW_TODAY, 0, 0, error);
    if (status != STATUS_OK) {
        struct error ignored = {0};

        close_record(application);
        return open_view(application, VIEW_UNLOCK, 0, 0, &ignored) == STATUS_OK ? status : STATUS_NO_MEMORY;
    }
    application->drop_typed = true;
    application_refresh(application);
    return_to_place(application);
    return STATUS_OK;
}

void application_lock(struct application *application)
{
    struct error error = {0};

    if (application->store == NULL) {
        return;
    }
    if (application_save(application, &error) != STATUS_OK) {
        application_say_error(application, &error);
        return;
    }
    close_views_above(application, 0);
    note_access(application, "lock");
    close_record(application);
    application_hush(application);
    if (open_view(application, VIEW_UNLOCK, 0, 0, &error) != STATUS_OK) {
        application->quit = true;
    }
}

enum status application_init(struct application *application, const struct paths *paths, const struct config *config,
                             const struct store_options *options, struct error *error)
{
    *application = (struct application){.paths = *paths, .config = *config, .store_options = *options,
                                        .rows = 24, .columns = 80};
    application->store_options.writer_waiting = &application->writer_waiting;
    chart_init(&application->chart);
    visit_draft_init(&application->draft);
    application->last_input = application_monotonic(application);
    return open_view(application, VIEW_UNLOCK, 0, 0, error);
}

void application_free(struct application *application)
{
    if (application->depth > 0) {
        struct error error = {0};

        if (application_save(application, &error) != STATUS_OK) {
            log_event("save-failed-at-end", (long)error.status, 0);
        }
    }
    close_views_above(application, 0);
    close_record(application);
    chart_free(&application->chart);
    visit_draft_free(&application->draft);
}
