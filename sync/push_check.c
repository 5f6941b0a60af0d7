/*
 * What must not go to this server, or not yet. See push.h.
 *
 * Invariant: an entry goes out only to a server that is known to have the same
 * person under the id of its patient: because it delivered that Patient, or
 * because it is asked now (an imported patient, or a former server's).
 */
#include "sync/push.h"

#include "base/memory.h"
#include "base/text.h"
#include "sync/address.h"
#include "sync/charts.h"
#include "sync/compare.h"
#include "sync/exchange.h"

#include <string.h>

/* Collects the patients whom a resource names. */
static bool note_patient(void *context, const char *reference, char *out, size_t size)
{
    char resolved[REFERENCE_SIZE];
    (void)out;
    (void)size;
    const char *patient = reference_resolve_text(reference, NULL, resolved) ? reference_id(resolved, "Patient") : NULL;
    if (patient != NULL) {
        caseload_add(context, patient);
    }
    return false;
}

enum status push_walk_references(struct push *push, const struct outbox_row *row,
                                 bool (*notice)(void *context, const char *reference, char *out, size_t size), void *context,
                                 struct error *error)
{
    char *body = NULL;
    cJSON *resource = NULL;
    enum status status = outbox_body(push->sync->store, row->number, &body, error);
    if (status == STATUS_NOT_FOUND) {
        return STATUS_OK;
    }
    if (status == STATUS_OK) {
        status = json_parse(body, strlen(body), &resource, error);
    }
    if (status == STATUS_OK) {
        status = references_rewrite(resource, notice, context, error);
    }
    cJSON_Delete(resource);
    memory_free(body);
    return status;
}

/* Asks the server for a Patient it never delivered. *why is NULL when it is the same person. */
static enum status ask_for(struct push *push, const char *patient, const char **why, struct error *error)
{
    bool same = false;
    cJSON *theirs = NULL;
    enum status status = exchange_read(push->sync, push->result, "Patient", patient, &theirs, error);
    if (status == STATUS_NOT_FOUND) {
        *why = _("This visit's patient is not known to the server: it is kept here; ask the office to enter the patient there, then "
                 "send it again.");
        return STATUS_OK;
    }
    if (status == STATUS_FAILED && (push->result->last.code == 403 || push->result->last.code == 200)) {
        push->result->last.words[0] = '\0';
        *why = _("The server does not show this visit's patient to this device: it is kept here; ask the office, then send it again.");
        return STATUS_OK;
    }
    if (status == STATUS_OK) {
        status = address_same_person(push->sync->store, theirs, patient, &same, error);
    }
    cJSON_Delete(theirs);
    *why = same ? NULL
                : _("The server has somebody else under the id of this visit's patient: it is kept here and not sent; tell the office.");
    return status;
}

static enum status check_patient(struct push *push, const char *patient, const char **why, struct error *error)
{
    char scope[SCOPE_SIZE];
    char value[CURSOR_SIZE];
    if (caseload_has(&push->known, patient)) {
        return STATUS_OK;
    }
    charts_scope(scope, patient);
    enum status status = cursor_get(push->sync->store, scope, value, sizeof value, error);
    if (status == STATUS_OK && !charts_delivered(value)) {
        status = ask_for(push, patient, why, error);
    }
    if (status == STATUS_OK && *why == NULL) {
        caseload_add(&push->known, patient);
        status = push->known.status == STATUS_OK ? STATUS_OK : error_no_memory(error);
    }
    return status;
}

/* Why a row must stay; NULL when it may go. */
static enum status check_row(struct push *push, const struct outbox_row *row, const char **why, struct error *error)
{
    struct caseload patients = {0};
    char tie[512];
    *why = NULL;
    enum status status = outbox_tie(push->sync->store, row->number, tie, sizeof tie, error);
    if (status == STATUS_OK && tie[0] != '\0') {
        *why = strcmp(tie, push->sync->server) == 0 ? NULL : address_tied_words();
    } else if (status == STATUS_OK) {
        status = push_walk_references(push, row, note_patient, &patients, error);
        status = status == STATUS_OK && patients.status != STATUS_OK ? error_no_memory(error) : status;
    }
    for (size_t i = 0; i < patients.count && status == STATUS_OK && *why == NULL; i++) {
        status = check_patient(push, patients.ids[i], why, error);
    }
    caseload_free(&patients);
    return status;
}

enum status push_check(struct push *push, struct push_batch *batch, struct error *error)
{
    enum status status = STATUS_OK;
    const char *stays = NULL;
    size_t kept = 0;
    for (size_t i = 0; i < batch->count && status == STATUS_OK; i++) {
        const char *why = stays; /* what cannot go takes the rest of its visit with it: it travels whole */
        if (why == NULL) {
            status = check_row(push, batch->rows[i], &why, error);
        }
        if (status == STATUS_OK && why != NULL) {
            status = record_refuse(push->sync->store, batch->rows[i]->number, 0, why, error);
            push->result->entry.rejected++;
            stays = why;
        } else {
            batch->rows[kept++] = batch->rows[i];
        }
    }
    batch->count = kept;
    return status;
}

/* What entries name of ours that an earlier run brought to the server. */
struct confirming {
    struct push *push;
    struct names names;
    enum status status;
};

static bool note_earlier(void *context, const char *reference, char *out, size_t size)
{
    struct confirming *confirming = context;
    struct push *push = confirming->push;
    const char *slash = strchr(reference, '/');
    char type[RESOURCE_TYPE_SIZE];
    char id[ID_SIZE];
    (void)out;
    (void)size;
    if (slash == NULL || !uuid_is_valid(slash + 1) || caseload_has(&push->fresh, slash + 1) ||
        !text_format(type, sizeof type, "%.*s", (int)(slash - reference), reference)) {
        return false;
    }
    enum status status = outbox_server_id(push->sync->store, type, slash + 1, id, NULL);
    if (status == STATUS_OK) {
        names_add(&confirming->names, type, id);
        caseload_add(&push->fresh, slash + 1);
    } else if (status != STATUS_NOT_FOUND) {
        confirming->status = status;
    }
    return false;
}

/* It cannot be confirmed now: the others go on. */
static enum status let_wait(struct push *push, struct push_batch *batch, const char *why, struct error *error)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < batch->count && status == STATUS_OK; i++) {
        status = outbox_mark_unknown(push->sync->store, &batch->rows[i]->number, 1, why, error);
    }
    batch->count = 0;
    caseload_free(&push->fresh); /* of what was asked for nothing is known; the rest is asked for again */
    return status;
}

/* The server does not answer that search: each is asked for by its id. What it does not let be read either goes on as it is. */
static enum status confirm_singly(struct checking *checking, const struct names *names, struct error *error)
{
    struct sync_result *result = checking->pulling->result;
    const struct listing nothing = {.checking = checking};
    enum status status = STATUS_OK;
    for (size_t i = 0; i < names->count && status == STATUS_OK; i++) {
        const char *slash = strchr(names->items[i], '/');
        char type[RESOURCE_TYPE_SIZE];
        char id[1][ID_SIZE];
        struct ids one = {.items = id, .count = 1};
        text_format(type, sizeof type, "%.*s", (int)(slash - names->items[i]), names->items[i]);
        text_copy(id[0], sizeof id[0], slash + 1);
        status = compare_look_up(checking, type, &one, &nothing, error);
        if (status == STATUS_FAILED && result->last.code >= 400 && result->last.code < 500 && result->last.code != 401) {
            result->last.words[0] = '\0';
            error_clear(error);
            status = STATUS_OK;
        }
    }
    return status;
}

enum status push_confirm(struct push *push, struct push_batch *batch, struct error *error)
{
    struct confirming confirming = {.push = push, .status = STATUS_OK};
    struct error trouble = {0};
    enum status status = STATUS_OK;
    for (size_t i = 0; i < batch->count && status == STATUS_OK; i++) {
        status = push_walk_references(push, batch->rows[i], note_earlier, &confirming, error);
    }
    if (status == STATUS_OK && confirming.status != STATUS_OK) {
        status = error_set(error, confirming.status, _("The ids of this record cannot be read now; try again."));
    }
    if (status == STATUS_OK && confirming.names.count > 0) {
        struct pulling pulling = {.sync = push->sync, .result = push->result};
        struct checking checking = {.pulling = &pulling, .sending = true};
        push->forgot = true;
        status = compare_names(&checking, &confirming.names, &trouble);
        if (status == STATUS_NOT_FOUND || (status == STATUS_FAILED && push->result->last.code != 401)) {
            push->result->last.words[0] = '\0';
            status = confirm_singly(&checking, &confirming.names, &trouble);
        }
        if (status == STATUS_FAILED && push->result->last.code != 401) {
            push->result->last.words[0] = '\0';
            status = let_wait(push, batch, trouble.sentence, error);
        } else if (status != STATUS_OK) {
            (void)error_set(error, status, "%s", trouble.sentence);
        }
    }
    memory_free(confirming.names.items);
    return status;
}
