/*
 * Sending what waits: grouping, building, halving. See push.h.
 */
#include "sync/push.h"

#include "base/memory.h"
#include "base/text.h"
#include "fhir/bundle.h"
#include "sync/exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENTRIES_AT_MOST 200
#define BODY_LIMIT (24u * 1024 * 1024)
#define POISON_ATTEMPTS 3 /* a server fault met this often is taken for one bad entry */

/* While a batch is built: what its references may name. */
struct rewriting {
    struct sync *sync;
    const struct push_batch *batch;
    bool blocked;              /* names something of ours that is not at the server yet */
    enum status status;
    struct error *error;
};

static bool batch_has(const struct push_batch *batch, const char *type, size_t type_length, const char *uuid)
{
    for (size_t i = 0; i < batch->count; i++) {
        const struct outbox_row *row = &batch->rows[i];
        if (!row->is_update && strcmp(row->uuid, uuid) == 0 && strlen(row->type) == type_length &&
            strncmp(row->type, type, type_length) == 0) {
            return true;
        }
    }
    return false;
}

static bool rewrite_reference(void *context, const char *reference, char *out, size_t size)
{
    struct rewriting *rewriting = context;
    const char *slash = strchr(reference, '/');
    if (slash == NULL || !uuid_is_valid(slash + 1)) {
        return false;
    }
    size_t type_length = (size_t)(slash - reference);
    if (batch_has(rewriting->batch, reference, type_length, slash + 1)) {
        snprintf(out, size, "urn:uuid:%s", slash + 1);
        return true;
    }
    char type[RESOURCE_TYPE_SIZE];
    char id[ID_SIZE];
    snprintf(type, sizeof type, "%.*s", (int)type_length, reference);
    enum status status = outbox_server_id(rewriting->sync->store, type, slash + 1, id, rewriting->error);
    if (status == STATUS_OK) {
        snprintf(out, size, "%s/%s", type, id);
        return true;
    }
    if (status != STATUS_NOT_FOUND) {
        rewriting->status = status;
        return false;
    }
    /* A UUID that is not ours is the server's own id: Medplum's look like this. */
    struct outbox_rows rows = {0};
    status = query_outbox(rewriting->sync->store, &rows, rewriting->error);
    if (status != STATUS_OK) {
        rewriting->status = status;
        return false;
    }
    for (size_t i = 0; i < rows.count; i++) {
        if (strcmp(rows.items[i].uuid, slash + 1) == 0) {
            rewriting->blocked = true;
        }
    }
    outbox_rows_free(&rows);
    return false;
}

/* Parses a row's body and turns its references into what the server knows. */
static enum status row_resource(struct rewriting *rewriting, const struct outbox_row *row, cJSON **out, struct error *error)
{
    char *body = NULL;
    cJSON *resource = NULL;
    *out = NULL;
    enum status status = outbox_body(rewriting->sync->store, row->number, &body, error);
    if (status == STATUS_OK) {
        status = json_parse(body, strlen(body), &resource, error);
    }
    if (status == STATUS_OK) {
        status = references_rewrite(resource, rewrite_reference, rewriting, error);
    }
    if (status == STATUS_OK) {
        status = rewriting->status;
    }
    if (status == STATUS_OK) {
        *out = resource;
        resource = NULL;
    }
    cJSON_Delete(resource);
    memory_free(body);
    return status;
}

/* Builds the transaction of a batch. *blocked: a row waits for another one
 * that is not in this batch; nothing is built then. */
static enum status build(struct sync *sync, const struct push_batch *batch, char **text, bool *blocked, struct error *error)
{
    struct rewriting rewriting = {.sync = sync, .batch = batch, .status = STATUS_OK, .error = error};
    struct transaction *transaction = transaction_new("transaction");
    enum status status = transaction == NULL ? error_no_memory(error) : STATUS_OK;
    for (size_t i = 0; i < batch->count && status == STATUS_OK && !rewriting.blocked; i++) {
        const struct outbox_row *row = &batch->rows[i];
        cJSON *resource = NULL;
        status = row_resource(&rewriting, row, &resource, error);
        if (status != STATUS_OK) {
            break;
        }
        if (row->is_update) {
            status = transaction_add_update(transaction, resource, row->id, row->base_version, error);
        } else {
            /* The server chooses the id; ours travels as identifier and fullUrl. */
            cJSON_DeleteItemFromObjectCaseSensitive(resource, "id");
            status = transaction_add_create(transaction, resource, row->uuid, row->if_none_exist, error);
        }
    }
    *blocked = rewriting.blocked;
    *text = NULL;
    if (status == STATUS_OK && !rewriting.blocked) {
        *text = transaction_print(transaction);
        if (*text == NULL) {
            status = error_no_memory(error);
        } else if (strlen(*text) > BODY_LIMIT) {
            memory_free(*text);
            *text = NULL;
            status = error_set(error, STATUS_INVALID, _("this visit is too large to send"));
        }
    }
    transaction_free(transaction);
    return status;
}

static enum status mark(struct sync *sync, const struct push_batch *batch, const char *unknown, struct error *error)
{
    int64_t *numbers = memory_allocate_array(batch->count, sizeof *numbers);
    if (numbers == NULL) {
        return error_no_memory(error);
    }
    for (size_t i = 0; i < batch->count; i++) {
        numbers[i] = batch->rows[i].number;
    }
    enum status status = unknown == NULL ? outbox_mark_sending(sync->store, numbers, batch->count, error)
                                         : outbox_mark_unknown(sync->store, numbers, batch->count, unknown, error);
    memory_free(numbers);
    return status;
}

/* Keeps the first failure while the rows are put back to waiting. */
static enum status put_back(struct sync *sync, const struct push_batch *batch, enum status status, struct error *error)
{
    struct error local = {.status = status};
    struct error later = {0};
    if (error == NULL) {
        error = &local;
    }
    enum status marked = mark(sync, batch, error->sentence, &later);
    if (marked != STATUS_OK) {
        *error = later;
        return marked;
    }
    return status;
}

static enum status push_batch_send(struct sync *sync, struct sync_result *result, const struct push_batch *batch,
                                   struct error *error);

/* Halves a batch that was refused as a whole: the first half has what the second depends on. */
static enum status push_halves(struct sync *sync, struct sync_result *result, const struct push_batch *batch,
                               struct error *error)
{
    size_t middle = (batch->count + 1) / 2;
    struct push_batch first = {.rows = batch->rows, .count = middle};
    struct push_batch second = {.rows = batch->rows + middle, .count = batch->count - middle};
    enum status status = push_batch_send(sync, result, &first, error);
    return status == STATUS_OK ? push_batch_send(sync, result, &second, error) : status;
}

/* After a whole was refused and its parts were taken, the server has a limit: the next visit is cut at once. */
static enum status remember_limit(struct sync *sync, size_t taken, struct error *error)
{
    char text[24];
    snprintf(text, sizeof text, "%zu", taken);
    return store_setting_set(sync->store, SETTING_SERVER_LIMIT, text, error);
}

static bool refused_as_a_whole(long status)
{
    return status == 400 || status == 403 || status == 404 || status == 409 || status == 410 || status == 412 ||
           status == 413 || status == 422;
}

static bool too_much_at_once(long status)
{
    return status == 408 || status == 413 || status == 504;
}

static int attempts_of(const struct push_batch *batch)
{
    int most = 0;
    for (size_t i = 0; i < batch->count; i++) {
        most = batch->rows[i].attempts > most ? batch->rows[i].attempts : most;
    }
    return most;
}

/* The server answered, but not with success. */
static enum status push_answered(struct sync *sync, struct sync_result *result, const struct push_batch *batch,
                                 const struct response *response, struct error *error)
{
    long code = response->status;
    cJSON *outcome = NULL;
    enum status status = STATUS_OK;
    bool poison = code == 500 && attempts_of(batch) >= POISON_ATTEMPTS;
    if (batch->count > 1 && (refused_as_a_whole(code) || too_much_at_once(code) || poison)) {
        int rejected = result->entry.rejected;
        int conflicts = result->entry.conflicts;
        status = push_halves(sync, result, batch, error);
        if (status == STATUS_OK && (code == 400 || too_much_at_once(code)) && rejected == result->entry.rejected &&
            conflicts == result->entry.conflicts) {
            status = remember_limit(sync, (batch->count + 1) / 2, error);
        }
        return status;
    }
    status = exchange_refusal(response, error);
    if (status != STATUS_OK && !poison) {
        return put_back(sync, batch, status, error);
    }
    if (exchange_document(response, &outcome, NULL) != STATUS_OK) {
        outcome = NULL; /* a refusal without words is still a refusal */
    }
    status = push_refuse(sync, result, &batch->rows[0], (int)code, outcome, error);
    cJSON_Delete(outcome);
    return status;
}

static enum status push_batch_send(struct sync *sync, struct sync_result *result, const struct push_batch *batch,
                                   struct error *error)
{
    char *text = NULL;
    cJSON *answer = NULL;
    bool blocked = false;
    struct response response;
    response_init(&response);
    enum status status = exchange_check_cancelled(sync, error);
    if (status == STATUS_OK && batch->count > 0) {
        status = build(sync, batch, &text, &blocked, error);
    }
    if (status != STATUS_OK || batch->count == 0) {
        goto out;
    }
    if (blocked) {
        status = batch->count > 1 ? push_halves(sync, result, batch, error)
                                  : mark(sync, batch, _("waits for another part of the visit that the server does not have yet"), error);
        goto out;
    }
    status = mark(sync, batch, NULL, error);
    if (status != STATUS_OK) {
        goto out;
    }
    char gzip[8] = "";
    status = store_setting_get(sync->store, SETTING_SERVER_GZIP, gzip, sizeof gzip, error);
    if (status != STATUS_OK) {
        goto out;
    }
    struct request request = {.method = "POST", .url = sync->server, .body = text, .body_length = strlen(text),
                              .compress = strcmp(gzip, "no") != 0};
    response_free(&response);
    status = exchange_send(sync, result, &request, &response, error);
    if (status == STATUS_OK && request.compress && response.status == 415) {
        /* This server does not take compressed bodies: remembered, and asked again at once in plain. */
        response_free(&response);
        request.compress = false;
        status = store_setting_set(sync->store, SETTING_SERVER_GZIP, "no", error);
        if (status == STATUS_OK) {
            status = exchange_send(sync, result, &request, &response, error);
        }
    }
    if (status != STATUS_OK) {
        status = put_back(sync, batch, status, error);
        goto out;
    }
    if (response.status != 200 && response.status != 201) {
        status = push_answered(sync, result, batch, &response, error);
        goto out;
    }
    status = exchange_document(&response, &answer, error);
    if (status == STATUS_OK && !bundle_is(answer)) {
        status = error_set(error, STATUS_UNREACHABLE,
                           _("the server's answer was cut short or is not FHIR; nothing of it was used, it is asked again"));
    }
    status = status == STATUS_OK ? push_settle(sync, result, batch, answer, error) : put_back(sync, batch, status, error);
out:
    response_free(&response);
    cJSON_Delete(answer);
    memory_free(text);
    return status;
}

/* Rows from `from` on that go together: one visit, all waiting, at most `limit`. */
static size_t group_length(const struct outbox_rows *rows, size_t from, size_t limit)
{
    size_t count = 1;
    while (from + count < rows->count && count < limit && rows->items[from].visit[0] != '\0' &&
           rows->items[from + count].state == OUTBOX_WAITING &&
           strcmp(rows->items[from + count].visit, rows->items[from].visit) == 0) {
        count++;
    }
    return count;
}

static enum status entry_limit(struct sync *sync, size_t *limit, struct error *error)
{
    char text[24] = "";
    enum status status = store_setting_get(sync->store, SETTING_SERVER_LIMIT, text, sizeof text, error);
    long value = strtol(text, NULL, 10);
    *limit = value > 0 && value < ENTRIES_AT_MOST ? (size_t)value : ENTRIES_AT_MOST;
    return status;
}

enum status sync_push(struct sync *sync, struct sync_result *result, struct error *error)
{
    struct outbox_rows rows = {0};
    size_t limit = ENTRIES_AT_MOST;
    size_t done = 0;
    enum status status = outbox_recover(sync->store, error);
    if (status == STATUS_OK) {
        status = query_outbox(sync->store, &rows, error);
    }
    while (status == STATUS_OK && done < rows.count) {
        if (rows.items[done].state != OUTBOX_WAITING) {
            done++;
            continue;
        }
        sync_report(sync, SYNC_PUSHING, (int)done, (int)rows.count);
        status = entry_limit(sync, &limit, error);
        if (status == STATUS_OK) {
            struct push_batch batch = {.rows = rows.items + done, .count = group_length(&rows, done, limit)};
            status = push_batch_send(sync, result, &batch, error);
            done += batch.count;
        }
    }
    sync_report(sync, SYNC_PUSHING, (int)rows.count, (int)rows.count);
    outbox_rows_free(&rows);
    return status;
}
