/*
 * A planned visit whose appointment the office has deleted meanwhile. See push.h.
 *
 * Servers refuse what refers to something that is gone, and the whole visit
 * with it. That a visit was planned is worth less than the visit.
 */
#include "sync/push.h"

#include "base/memory.h"
#include "base/text.h"
#include "sync/exchange.h"

#include <string.h>

/* Appointments that entries name. */
static bool note_appointment(void *context, const char *reference, char *out, size_t size)
{
    const char *id = reference_id(reference, "Appointment");
    (void)out;
    (void)size;
    if (id != NULL && fhir_id_is_valid(id)) {
        caseload_add(context, id);
    }
    return false;
}

static enum status is_gone(struct push *push, const char *id, bool *gone, struct error *error)
{
    cJSON *appointment = NULL;
    enum status status = exchange_read(push->sync, push->result, "Appointment", id, &appointment, error);
    *gone = status == STATUS_NOT_FOUND;
    cJSON_Delete(appointment);
    return status == STATUS_NOT_FOUND || status == STATUS_FAILED ? STATUS_OK : status;
}

static enum status unlink_all(struct push *push, const struct push_batch *batch, const char *id, bool *changed,
                              struct error *error)
{
    char reference[REFERENCE_SIZE];
    enum status status = record_remove(push->sync->store, "Appointment", id, error);
    text_format(reference, sizeof reference, "Appointment/%s", id);
    for (size_t i = 0; i < batch->count && status == STATUS_OK; i++) {
        bool here = false;
        status = record_unlink(push->sync->store, batch->rows[i]->number, reference, &here, error);
        push->result->unlinked += here && strcmp(batch->rows[i]->type, "Encounter") == 0 ? 1 : 0;
        *changed = *changed || here;
    }
    return status;
}

enum status push_unlink(struct push *push, const struct push_batch *batch, bool *changed, struct error *error)
{
    struct caseload appointments = {0};
    enum status status = STATUS_OK;
    *changed = false;
    if (push->looked) {
        return STATUS_OK;
    }
    push->looked = true;
    for (size_t i = 0; i < batch->count && status == STATUS_OK; i++) {
        status = push_walk_references(push, batch->rows[i], note_appointment, &appointments, error);
    }
    if (status == STATUS_OK && appointments.status != STATUS_OK) {
        status = error_no_memory(error);
    }
    for (size_t i = 0; i < appointments.count && status == STATUS_OK; i++) {
        bool gone = false;
        status = is_gone(push, appointments.ids[i], &gone, error);
        if (status == STATUS_OK && gone) {
            status = unlink_all(push, batch, appointments.ids[i], changed, error);
        }
    }
    caseload_free(&appointments);
    return status;
}
