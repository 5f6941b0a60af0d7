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
}

static enum status read_chart(struct application *application, const char *patient, struct chart *chart,
                              struct error *error)
{
    instant now = application_now(application);

    return query_chart(application->store, patient, instant_add_days(now, -CHART_DAYS), CHART_READINGS, now, chart,
                       error);
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
    application_forget_patient(application);
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
    status = draft_start(application->store, application->chart.patient.id, appointment_today(application), visit,
                         error);
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
    application_refresh_top(application);
}

bool application_saved_place(const struct application *application, enum view_id *id, int *cursor, size_t *offset)
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
