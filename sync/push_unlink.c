/*
 * A planned visit whose appointment the office has deleted meanwhile, and what a
 * server that was put back to a backup has forgotten. See push.h.
 *
 * Servers refuse what refers to something that is gone, and the whole visit
 * with it. That a visit was planned is worth less than the visit; what was made
 * here is sent again before what belongs to it, when the nurse says so.
 */
#include "sync/push.h"

#include "base/memory.h"
#include "base/text.h"
#include "sync/exchange.h"

#include <string.h>

/* What a nurse makes and other records of hers may name by the server's id. */
static const char *const own_types[] = {"Practitioner", "Encounter", "Observation", "DocumentReference", "Consent"};
#define OWN_TYPES (sizeof own_types / sizeof own_types[0])

/* What entries name that may be gone. */
struct named {
    struct store *store;
    struct caseload appointments;
    struct caseload own[OWN_TYPES]; /* by type, as in own_types */
    enum status status;
};

static void note_own(struct named *named, const char *reference)
{
    for (size_t i = 0; i < OWN_TYPES; i++) {
        const char *id = reference_id(reference, own_types[i]);
        bool ours = false;
        if (id != NULL && fhir_id_is_valid(id) && named->status == STATUS_OK) {
            named->status = outbox_was_accepted(named->store, own_types[i], id, &ours, NULL);
        }
        if (ours) {
            caseload_add(&named->own[i], id);
        }
    }
}

static bool note_named(void *context, const char *reference, char *out, size_t size)
{
    struct named *named = context;
    const char *id = reference_id(reference, "Appointment");
    (void)out;
    (void)size;
    if (id != NULL && fhir_id_is_valid(id)) {
        caseload_add(&named->appointments, id);
    }
    note_own(named, reference);
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

/* What was accepted and is unknown now: it waits for the nurse. */
static enum status forget_unknown(struct push *push, const struct named *named, bool *changed, struct error *error)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < OWN_TYPES; i++) {
        for (size_t j = 0; j < named->own[i].count && status == STATUS_OK; j++) {
            cJSON *resource = NULL;
            const char *id = named->own[i].ids[j];
            status = exchange_read(push->sync, push->result, own_types[i], id, &resource, error);
            cJSON_Delete(resource);
            if (status == STATUS_NOT_FOUND && push->result->last.code == 404) {
                push->forgot = true;
                *changed = true;
                status = record_forgotten(push->sync->store, own_types[i], id, error);
            }
            status = status == STATUS_NOT_FOUND || status == STATUS_FAILED ? STATUS_OK : status;
        }
    }
    return status;
}

enum status push_unlink(struct push *push, const struct push_batch *batch, bool *changed, struct error *error)
{
    struct named named = {.store = push->sync->store, .status = STATUS_OK};
    enum status status = STATUS_OK;
    *changed = false;
    if (push->looked) {
        return STATUS_OK;
    }
    push->looked = true;
    for (size_t i = 0; i < batch->count && status == STATUS_OK; i++) {
        status = push_walk_references(push, batch->rows[i], note_named, &named, error);
    }
    bool short_of_memory = named.appointments.status != STATUS_OK;
    for (size_t i = 0; i < OWN_TYPES; i++) {
        short_of_memory = short_of_memory || named.own[i].status != STATUS_OK;
    }
    if (status == STATUS_OK && (short_of_memory || named.status != STATUS_OK)) {
        status = error_no_memory(error);
    }
    for (size_t i = 0; i < named.appointments.count && status == STATUS_OK; i++) {
        bool gone = false;
        status = is_gone(push, named.appointments.ids[i], &gone, error);
        if (status == STATUS_OK && gone) {
            status = unlink_all(push, batch, named.appointments.ids[i], changed, error);
        }
    }
    if (status == STATUS_OK) {
        status = forget_unknown(push, &named, changed, error);
    }
    caseload_free(&named.appointments);
    for (size_t i = 0; i < OWN_TYPES; i++) {
        caseload_free(&named.own[i]);
    }
    return status;
}
