/*
 * Task, CarePlan, Appointment and Encounter.
 *
 * Decisions: the activities of a plan are open only while the plan itself is active; an activity that is only a
 * reference is the business of the resource it names and gives no row.
 */
#include "fhir/lookup_part.h"

#include "base/memory.h"
#include "base/text.h"
#include "fhir/codes.h"

#include <string.h>

static bool is_one_of(const char *code, const char *const *codes)
{
    while (*codes != NULL && !text_equal(*codes, code)) {
        codes++;
    }
    return *codes != NULL;
}

/* --- tasks ----------------------------------------------------------------------------------------- */

/* One more task of the resource, empty; NULL when memory is short. */
static struct task *add_task(struct lookup *out)
{
    struct task *grown =
        memory_grow(out->value.tasks.items, out->value.tasks.count, &out->value.tasks.capacity, sizeof *grown);

    if (grown == NULL) {
        return NULL;
    }
    out->value.tasks.items = grown;
    grown += out->value.tasks.count++;
    memset(grown, 0, sizeof *grown);
    return grown;
}

enum status lookup_task(const struct scope *scope, struct lookup *out, struct error *error)
{
    static const char *const open[] = {"draft", "requested", "received", "accepted", "ready", "in-progress", "on-hold",
                                       NULL};
    struct task *task = add_task(out);
    const cJSON *restriction = json_object(json_object(scope->root, "restriction"), "period");
    const cJSON *execution = json_object(scope->root, "executionPeriod");

    if (task == NULL) {
        return error_no_memory(error);
    }
    text_copy(task->id, sizeof task->id, out->head.id);
    text_copy(task->source, sizeof task->source, "Task");
    label_set(task->label, sizeof task->label, json_text(scope->root, "description"));
    if (task->label[0] == '\0' && !concept_label(json_object(scope->root, "code"), task->label, sizeof task->label)) {
        text_copy(task->label, sizeof task->label, _("Task not named"));
    }
    label_set(task->status, sizeof task->status, json_text(scope->root, "status"));
    concept_label(json_object(scope->root, "statusReason"), task->reason, sizeof task->reason);
    task->due = element_time(restriction, "end");
    if (task->due == INSTANT_NONE) {
        task->due = element_time(execution, "end");
    }
    if (task->due == INSTANT_NONE) {
        task->due = element_time(restriction, "start");
    }
    task->open = is_one_of(task->status, open);
    return STATUS_OK;
}

static void read_activity(const cJSON *detail, const char *plan, bool plan_active, struct task *task)
{
    static const char *const open[] = {"not-started", "scheduled", "in-progress", "on-hold", NULL};
    const cJSON *repeat = json_object(json_object(detail, "scheduledTiming"), "repeat");
    bool forbidden = false;

    text_copy(task->id, sizeof task->id, plan);
    text_copy(task->source, sizeof task->source, "CarePlan");
    label_set(task->label, sizeof task->label, json_text(detail, "description"));
    if (task->label[0] == '\0' && !concept_label(json_object(detail, "code"), task->label, sizeof task->label)) {
        text_copy(task->label, sizeof task->label, _("Activity not named"));
    }
    json_boolean(detail, "doNotPerform", &forbidden);
    if (forbidden) {
        char label[LABEL_SIZE];

        text_copy(label, sizeof label, task->label);
        if (!text_format(task->label, sizeof task->label, _("Do not do: %s"), label)) {
            chart_mark_cut(task->label, sizeof task->label);
        }
    }
    label_set(task->status, sizeof task->status, json_text(detail, "status"));
    concept_label(json_object(detail, "statusReason"), task->reason, sizeof task->reason);
    task->due = element_time(json_object(detail, "scheduledPeriod"), "end");
    if (task->due == INSTANT_NONE) {
        task->due = element_time(json_object(repeat, "boundsPeriod"), "end");
    }
    task->open = plan_active && is_one_of(task->status, open);
}

enum status lookup_care_plan(const struct scope *scope, struct lookup *out, struct error *error)
{
    bool active = text_equal(json_text(scope->root, "status"), "active");
    const cJSON *activity = NULL;
    const cJSON *category = NULL;

    cJSON_ArrayForEach(category, json_array(scope->root, "category")) {
        out->palliative = out->palliative || (active && concept_is_palliative(category));
    }
    cJSON_ArrayForEach(activity, json_array(scope->root, "activity")) {
        const cJSON *detail = json_object(activity, "detail");
        struct task *task = NULL;

        if (detail == NULL) {
            continue;
        }
        out->palliative = out->palliative || (active && concept_is_palliative(json_object(detail, "code")));
        task = add_task(out);
        if (task == NULL) {
            return error_no_memory(error);
        }
        read_activity(detail, out->head.id, active, task);
    }
    return STATUS_OK;
}

/* --- appointments and encounters ------------------------------------------------------------------- */

static void read_place(const struct scope *scope, char *out, size_t size)
{
    const cJSON *participant = NULL;

    cJSON_ArrayForEach(participant, json_array(scope->root, "participant")) {
        const cJSON *actor = json_object(participant, "actor");
        char type[RESOURCE_TYPE_SIZE];

        reference_type(scope, actor, type);
        if (text_equal(type, "Location") && reference_label(scope, actor, out, size)) {
            return;
        }
    }
}

void lookup_appointment(const struct scope *scope, struct lookup *out)
{
    struct appointment *appointment = &out->value.appointment;
    char *reason = appointment->reason;
    size_t size = sizeof appointment->reason;

    text_copy(appointment->id, sizeof appointment->id, out->head.id);
    text_copy(appointment->patient, sizeof appointment->patient, out->patient);
    label_set(appointment->status, sizeof appointment->status, json_text(scope->root, "status"));
    label_set(reason, size, json_text(scope->root, "description"));
    if (reason[0] == '\0' && !concepts_label(json_array(scope->root, "reasonCode"), reason, size) &&
        !concepts_label(json_array(scope->root, "serviceType"), reason, size)) {
        concept_label(json_object(scope->root, "appointmentType"), reason, size);
    }
    read_place(scope, appointment->place, sizeof appointment->place);
    appointment->start = element_time(scope->root, "start");
    appointment->end = element_time(scope->root, "end");
}

void lookup_encounter(const struct scope *scope, struct lookup *out)
{
    struct encounter *encounter = &out->value.encounter;
    const cJSON *period = json_object(scope->root, "period");

    text_copy(encounter->id, sizeof encounter->id, out->head.id);
    label_set(encounter->status, sizeof encounter->status, json_text(scope->root, "status"));
    if (!concepts_label(json_array(scope->root, "reasonCode"), encounter->reason, sizeof encounter->reason)) {
        concepts_label(json_array(scope->root, "type"), encounter->reason, sizeof encounter->reason);
    }
    encounter->start = element_time(period, "start");
    encounter->end = element_time(period, "end");
}
