/*
 * Opening the record and closing it: unlock, lock, start and end. While it is
 * locked nothing of any patient is in memory, and no key.
 */
#include "views/application_part.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "store/audit.h"
#include "store/draft.h"

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
        !application_saved_place(application, &id, &cursor, &offset)) {
        visit_draft_free(&draft);
        return;
    }
    visit_draft_free(&draft);
    if (application_open_view(application, VIEW_SNAPSHOT, 0, 0, &error) == STATUS_OK && id != VIEW_SNAPSHOT &&
        application_open_view(application, id, cursor, offset, &error) == STATUS_OK) {
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

void application_close_record(struct application *application)
{
    worker_free(application->closing.worker);
    application->closing.worker = NULL;
    store_close(application->closing.store);
    application->closing.store = NULL;
    vault_free(application->closing.vault);
    application->closing.vault = NULL;
}

/* Forgets what was open; the views are gone already. Closing it may take a second, and is for later. */
static void leave_record(struct application *application)
{
    application_close_record(application);
    application->closing.worker = application->worker;
    application->worker = NULL;
    application->closing.store = application->store;
    application->store = NULL;
    application->closing.vault = application->vault;
    application->vault = NULL;
    application_forget_patient(application);
    application->status = (struct sync_status){0};
    application->sync = (struct worker_snapshot){0};
    memory_wipe(application->practitioner, sizeof application->practitioner);
    application->unsaved = false;
    application->save_after = 0;
    application->top_stale = false;
    application->place_moved = false;
    application->drop_typed = true;
    application->repaint = true;
}

enum status application_unlock(struct application *application, const char *passphrase, struct error *error)
{
    enum status status = STATUS_OK;

    application_close_record(application);
    status = vault_unlock(&application->paths, passphrase, &application->store_options.clock, &application->vault,
                          error);
    if (status != STATUS_OK) {
        application->vault = NULL;
        return status;
    }
    status = store_open(&application->paths, application->vault, &application->store_options, &application->store,
                        error);
    if (status != STATUS_OK) {
        application->store = NULL;
        leave_record(application);
        application_close_record(application);
        return status;
    }
    if (store_setting_get(application->store, SETTING_PRACTITIONER_NAME, application->practitioner,
                             sizeof application->practitioner, NULL) != STATUS_OK) {
        application->practitioner[0] = '\0';
    }
    application_hush(application);
    note_access(application, "unlock");
    application_read_status(application);
    start_worker(application);
    status = application_open_view(application, VIEW_TODAY, 0, 0, error);
    if (status != STATUS_OK) {
        leave_record(application);
        application_close_record(application);
        return status;
    }
    application->drop_typed = true;
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
    application_close_views(application, LOCKED_DEPTH);
    note_access(application, "lock");
    leave_record(application);
    application_hush(application);
    application_refresh_top(application);
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
    return application_open_view(application, VIEW_UNLOCK, 0, 0, error);
}

void application_free(struct application *application)
{
    if (application->depth > 0) {
        struct error error = {0};

        if (application_save(application, &error) != STATUS_OK) {
            log_event("save-failed-at-end", (long)error.status, 0);
        }
    }
    application_close_views(application, 0);
    leave_record(application);
    application_close_record(application);
    chart_free(&application->chart);
    visit_draft_free(&application->draft);
}
