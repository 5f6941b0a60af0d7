/*
 * The patient and the visit at hand: chart, draft, and where in the visit the
 * nurse is. One patient at a time; choosing another forgets the first.
 */
#include "views/application_part.h"

#include "base/text.h"
#include "store/draft.h"

#include <stdlib.h>

void application_forget_patient(struct application *application)
{
    chart_free(&application->chart);
    chart_init(&application->chart);
    visit_draft_free(&application->draft);
    visit_draft_init(&application->draft);
    application->left_caseload = false;
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
    instant now = application_now(application);
    enum status status = query_chart(application->store, patient, instant_add_days(now, -CHART_DAYS), CHART_READINGS,
                                     now, &chart, error);

    visit_draft_init(&draft);
    if (status == STATUS_OK) {
        status = read_draft(application, patient, &draft, error);
    }
    if (status != STATUS_OK) {
        chart_free(&chart);
        visit_draft_free(&draft);
        return status;
    }
    application_forget_patient(application);
    application->chart = chart;
    application->draft = draft;
    return STATUS_OK;
}

enum status application_start_visit(struct application *application, struct error *error)
{
    char visit[UUID_SIZE];
    char appointment[ID_SIZE];
    char start[40];
    enum status status = STATUS_OK;

    if (application->draft.id[0] != '\0') {
        return STATUS_OK;
    }
    status = query_visit_appointment(application->store, application->chart.patient.id, application_now(application),
                                     appointment, error);
    if (status == STATUS_OK) {
        status = draft_start(application->store, application->chart.patient.id, appointment, visit, error);
    }
    if (status == STATUS_OK) {
        status = draft_load(application->store, visit, &application->draft, error);
    } else if (status == STATUS_CONFLICT && draft_load(application->store, visit, &application->draft, NULL) != STATUS_OK) {
        visit_draft_init(&application->draft);
    }
    if (status == STATUS_OK && visit_draft_get(&application->draft, "start")[0] == '\0') {
        instant_format_fhir(start, sizeof start, application_now(application));
        status = application_put_field(application, "start", start, error);
    }
    application_refresh(application);
    return status;
}

void application_end_visit(struct application *application)
{
    visit_draft_free(&application->draft);
    visit_draft_init(&application->draft);
    application->unsaved = false;
    application_replace_all(application, VIEW_TODAY);
    application_refresh(application);
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

/* --- what is new ----------------------------------------------------------------------------------- */

void application_read_status(struct application *application)
{
    struct error error = {0};

    /* Before the reading: what is written meanwhile is news afterwards. */
    application->changes = store_change_counter(application->store);
    application->read_at = application_monotonic(application);
    application->look_at = application->read_at + LOOK_EVERY;
    if (query_status(application->store, &application->status, &error) != STATUS_OK) {
        application_say_error(application, &error);
    }
}

/* The chart of the patient at hand, also while something is typed: an allergy cannot wait for a save. */
static void refresh_chart(struct application *application)
{
    struct patient *patient = &application->chart.patient;
    bool released = patient->released;
    instant now = application_now(application);
    struct chart chart;
    struct error error = {0};
    enum status status = chart_load(application->store, patient->id, instant_add_days(now, -CHART_DAYS),
                                    CHART_READINGS, now, &chart, &error);

    if (status == STATUS_OK) {
        chart_free(&application->chart);
        application->chart = chart;
    } else if (status == STATUS_NOT_FOUND) {
        patient->released = true; /* what is on the screen is all there is for a visit in progress */
        patient->complete = false;
    } else {
        application_say_error(application, &error);
    }
    application->left_caseload = application->left_caseload || (patient->released && !released);
}

/* A visit of this patient that was begun elsewhere. One in progress here is the screen's, and is not read over. */
static void refresh_draft(struct application *application)
{
    struct visit_draft draft;
    struct error error = {0};

    if (application->draft.id[0] != '\0') {
        return;
    }
    visit_draft_init(&draft);
    if (read_draft(application, application->chart.patient.id, &draft, &error) != STATUS_OK) {
        visit_draft_free(&draft);
        application_say_error(application, &error);
        return;
    }
    visit_draft_free(&application->draft);
    application->draft = draft;
}

void application_refresh(struct application *application)
{
    if (application->store == NULL) {
        return;
    }
    application_read_status(application);
    if (application->chart.patient.id[0] != '\0') {
        refresh_chart(application);
        refresh_draft(application);
    }
    if (application->unsaved) {
        application->top_stale = true;
    } else {
        application_refresh_top(application);
    }
}

static bool shows_patient(const struct application *application)
{
    bool shows = false;

    for (int i = 0; i < application->depth; i++) {
        shows = shows || application->stack[i].ops->about_patient;
    }
    return shows;
}

/* Whoever left the caseload is nobody to plan a visit for; one in progress is finished all the same. */
static void leave_patient(struct application *application)
{
    application->left_caseload = false;
    if (application->draft.id[0] != '\0') {
        return;
    }
    if (shows_patient(application)) {
        application_replace_all(application, VIEW_TODAY);
        application_say(application, _("This patient has left your caseload; if that is wrong, ask your office."));
    }
    if (!shows_patient(application)) {
        application_forget_patient(application);
    }
}

bool application_follow(struct application *application)
{
    int64_t now = application_monotonic(application);
    bool syncing = application->worker != NULL && application->sync.phase != WORKER_IDLE;

    if (application->store == NULL) {
        return false;
    }
    if (syncing && now < application->read_at + READ_APART) {
        application->look_at = application->read_at + READ_APART;
        return false;
    }
    application->look_at = now + LOOK_EVERY;
    if (now < application->read_at + READ_EVERY && store_change_counter(application->store) == application->changes) {
        return false;
    }
    application_refresh(application);
    if (application->left_caseload) {
        leave_patient(application);
    }
    return true;
}

/* --- the place in the visit ------------------------------------------------------------------------ */

bool application_saved_place(const struct application *application, enum view_id *id, int *cursor, size_t *offset)
{
    const char *place = visit_draft_get(&application->draft, FIELD_CURSOR);
    char *end = NULL;
    long row = strtol(place, &end, 10);

    *cursor = row > 0 && row < 10000 ? (int)row : 0;
    *offset = *end == '.' ? (size_t)strtoul(end + 1, NULL, 10) : 0;
    return view_find(visit_draft_get(&application->draft, FIELD_SCREEN), id) && view_ops_of(*id)->about_patient &&
           !view_ops_of(*id)->passing;
}

void application_go_on(struct application *application)
{
    enum view_id id = VIEW_UNLOCK;
    int cursor = 0;
    size_t offset = 0;
    struct error error = {0};

    if (application->draft.id[0] == '\0' || !application_save_or_say(application)) {
        return;
    }
    if (!application_saved_place(application, &id, &cursor, &offset) ||
        view_ops_of(id) == application_top(application)->ops) {
        if (!view_find("vitals", &id)) {
            return;
        }
        cursor = 0;
        offset = 0;
    }
    if (application_open_view(application, id, cursor, offset, &error) != STATUS_OK) {
        application_say_error(application, &error);
    }
}
