/*
 * From waiting rows to one transaction Bundle. See push.h.
 *
 * Invariant: a reference to something of ours is the server's id, or a
 * urn:uuid of the same Bundle; what can be neither does not go out.
 */
#include "sync/push.h"

#include "base/memory.h"
#include "base/text.h"
#include "fhir/bundle.h"
#include "sync/exchange.h"
#include "sync/portion.h"

#include <string.h>

/* While one row's references are turned into what the server knows. */
struct rewriting {
    struct push *push;
    const struct push_batch *going; /* before this row, in the same request */
    const struct outbox_row *blocked; /* what it names of ours that is neither there nor going */
    enum status status;
    struct error *error;
};

void outgoing_free(struct outgoing *outgoing)
{
    memory_free(outgoing->batch.rows);
    memory_free(outgoing->text);
    memset(outgoing, 0, sizeof *outgoing);
}

static bool is_creation_of(const struct outbox_row *row, const char *type, const char *uuid)
{
    return !row->is_update && strcmp(row->uuid, uuid) == 0 && strcmp(row->type, type) == 0;
}

static bool is_going(const struct push_batch *going, const char *type, const char *uuid)
{
    for (size_t i = 0; i < going->count; i++) {
        if (is_creation_of(going->rows[i], type, uuid)) {
            return true;
        }
    }
    return false;
}

static const struct outbox_row *find_unsent(const struct outbox_rows *rows, const char *type, const char *uuid)
{
    for (size_t i = 0; i < rows->count; i++) {
        if (is_creation_of(&rows->items[i], type, uuid)) {
            return &rows->items[i];
        }
    }
    return NULL;
}

/* What was found out since this run began to be forgotten by the server. */
static void find_forgotten(struct rewriting *rewriting, const char *type, const char *uuid)
{
    struct push *push = rewriting->push;
    struct outbox_rows rows = {.items = NULL};
    rewriting->status = query_outbox(push->sync->store, &rows, rewriting->error);
    const struct outbox_row *row = find_unsent(&rows, type, uuid);
    if (row != NULL) {
        push->forgotten = *row;
        rewriting->blocked = &push->forgotten;
    }
    outbox_rows_free(&rows);
}

static bool rewrite_reference(void *context, const char *reference, char *out, size_t size)
{
    struct rewriting *rewriting = context;
    const char *slash = strchr(reference, '/');
    char type[RESOURCE_TYPE_SIZE];
    char id[ID_SIZE];
    if (slash == NULL || !text_format(type, sizeof type, "%.*s", (int)(slash - reference), reference)) {
        return false;
    }
    const char *uuid = slash + 1;
    if (!uuid_is_valid(uuid)) {
        return false;
    }
    if (is_going(rewriting->going, type, uuid)) {
        return text_format(out, size, "urn:uuid:%s", uuid);
    }
    enum status status = outbox_server_id(rewriting->push->sync->store, type, uuid, id, rewriting->error);
    if (status == STATUS_OK) {
        return text_format(out, size, "%s/%s", type, id);
    }
    if (status != STATUS_NOT_FOUND) {
        rewriting->status = status;
    } else if (rewriting->blocked == NULL) {
        rewriting->blocked = find_unsent(&rewriting->push->rows, type, uuid);
        if (rewriting->blocked == NULL && rewriting->push->forgot) {
            find_forgotten(rewriting, type, uuid);
        }
    }
    return false; /* a UUID that is not ours is the server's own id: Medplum's look like this */
}

/* The row's resource as the server is to have it; *out is NULL when it cannot go yet, or has left the outbox. */
static enum status row_resource(struct push *push, const struct outbox_row *row, const struct push_batch *going, cJSON **out,
                                const struct outbox_row **blocked, struct error *error)
{
    struct rewriting rewriting = {.push = push, .going = going, .status = STATUS_OK, .error = error};
    char *body = NULL;
    cJSON *resource = NULL;
    *out = NULL;
    enum status status = outbox_body(push->sync->store, row->number, &body, error);
    if (status == STATUS_NOT_FOUND) {
        return STATUS_OK;
    }
    if (status == STATUS_OK) {
        status = json_parse(body, strlen(body), &resource, error);
    }
    if (status == STATUS_OK) {
        status = references_rewrite(resource, rewrite_reference, &rewriting, error);
    }
    if (status == STATUS_OK) {
        status = rewriting.status;
    }
    *blocked = rewriting.blocked;
    if (status == STATUS_OK && rewriting.blocked == NULL) {
        *out = resource;
        resource = NULL;
    }
    cJSON_Delete(resource);
    memory_free(body);
    return status;
}

/* Takes `resource`. */
static enum status add_row(struct push *push, struct transaction *transaction, const struct outbox_row *row, cJSON *resource,
                           struct error *error)
{
    if (!row->is_update) {
        return transaction_add_create(transaction, resource, row->uuid, row->if_none_exist, error);
    }
    /* What we made ourselves was written under our own id; the server knows it by its own. */
    if (!text_equal(json_text(resource, "id"), row->id)) {
        cJSON_DeleteItemFromObjectCaseSensitive(resource, "id");
        json_add_text(resource, "id", row->id);
    }
    return transaction_add_update(transaction, resource, push->sync->server, row->id, row->base_version, error);
}

/* It waits, with words, for what it names: that may have been refused since this run began. */
static enum status say_blocked(struct push *push, const struct outbox_row *row, const struct outbox_row *blocked,
                               struct error *error)
{
    struct store *store = push->sync->store;
    enum outbox_state state = OUTBOX_WAITING;
    char words[256];
    enum status status = outbox_state(store, blocked->number, &state, error);
    if (status != STATUS_OK) {
        return status;
    }
    text_format(words, sizeof words,
                blocked->forgotten        ? _("it waits for the %s it belongs to, which the server no longer has: send that one again "
                                              "first")
                : state == OUTBOX_REFUSED ? _("it waits for the %s it belongs to, which the server refused: send that one again first")
                                          : _("it waits for the %s it belongs to, which the server does not have yet"),
                blocked->type);
    return outbox_mark_unknown(store, &row->number, 1, words, error);
}

static enum status add_rows(struct push *push, const struct push_batch *batch, struct transaction *transaction,
                            struct push_batch *going, struct error *error)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < batch->count && status == STATUS_OK; i++) {
        cJSON *resource = NULL;
        const struct outbox_row *blocked = NULL;
        status = row_resource(push, batch->rows[i], going, &resource, &blocked, error);
        if (status == STATUS_OK && resource != NULL) {
            status = add_row(push, transaction, batch->rows[i], resource, error);
            going->rows[going->count++] = batch->rows[i];
        } else if (status == STATUS_OK && blocked != NULL) {
            status = say_blocked(push, batch->rows[i], blocked, error);
        }
    }
    return status;
}

int64_t *push_numbers(const struct push_batch *batch)
{
    int64_t *numbers = memory_allocate_array(batch->count + 1, sizeof *numbers);
    for (size_t i = 0; i < batch->count && numbers != NULL; i++) {
        numbers[i] = batch->rows[i]->number;
    }
    return numbers;
}

static enum status mark_sending(struct push *push, const struct push_batch *batch, struct error *error)
{
    int64_t *numbers = push_numbers(batch);
    enum status status = numbers == NULL ? error_no_memory(error)
                                         : outbox_mark_sending(push->sync->store, numbers, batch->count, error);
    memory_free(numbers);
    return status;
}

static enum status build(struct push *push, const struct push_batch *batch, size_t most, struct outgoing *out,
                         struct error *error)
{
    struct transaction *transaction = transaction_new("transaction");
    out->batch.rows = memory_allocate_array(batch->count, sizeof *out->batch.rows);
    enum status status = transaction == NULL || out->batch.rows == NULL ? error_no_memory(error) : STATUS_OK;
    if (status == STATUS_OK) {
        status = add_rows(push, batch, transaction, &out->batch, error);
    }
    if (status == STATUS_OK && out->batch.count > 0) {
        out->text = transaction_print(transaction);
        size_t length = out->text == NULL ? 0 : strlen(out->text);
        out->too_large = length > BODY_MOST || (length > most && out->batch.count > 1);
        status = out->text == NULL ? error_no_memory(error) : out->too_large ? STATUS_OK : mark_sending(push, &out->batch, error);
    }
    transaction_free(transaction);
    return status;
}

enum status push_build(struct push *push, const struct push_batch *batch, size_t most, struct outgoing *out,
                       struct error *error)
{
    struct store *store = push->sync->store;
    memset(out, 0, sizeof *out);
    enum status status = record_begin(store, error);
    if (status != STATUS_OK) {
        return status;
    }
    status = build(push, batch, most, out, error);
    status = sync_end_page(store, status, error);
    if (status != STATUS_OK) {
        outgoing_free(out);
    }
    return status;
}
