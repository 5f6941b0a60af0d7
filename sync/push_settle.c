/*
 * What the server said of each row that was sent. See push.h.
 *
 * Every entry is checked, whatever the HTTP status. A pair is made by position
 * only when the counts agree and the types do; otherwise each row is looked up
 * at the server by its own identifier.
 */
#include "sync/push.h"

#include "base/memory.h"
#include "base/text.h"
#include "fhir/bundle.h"
#include "sync/exchange.h"

#include <string.h>

enum status push_refuse(struct sync *sync, struct sync_result *result, const struct outbox_row *row, int http_status,
                        const cJSON *outcome, struct error *error)
{
    char words[400] = "";
    if (outcome != NULL) {
        outcome_words(outcome, words, sizeof words);
    }
    if (row->is_update && (http_status == 409 || http_status == 412)) {
        /* Theirs is read so that both can be shown side by side; without it the conflict still stands. */
        struct buffer url;
        cJSON *theirs = NULL;
        char *body = NULL;
        buffer_init(&url, URL_SIZE);
        buffer_format(&url, "%s/%s/%s", sync->server, row->type, row->id);
        if (url.status == STATUS_OK && exchange_get(sync, result, buffer_text(&url), &theirs, NULL) == STATUS_OK) {
            body = json_print(theirs);
        }
        enum status status = record_conflict(sync->store, row->number, body, error);
        result->entry.conflicts += status == STATUS_OK ? 1 : 0;
        memory_free(body);
        cJSON_Delete(theirs);
        buffer_free(&url);
        return status;
    }
    if (!row->is_update && http_status == 409) {
        /* Somebody created with our identifier at the same moment: it goes again and finds what is there. */
        return outbox_mark_unknown(sync->store, &row->number, 1, words, error);
    }
    enum status status = record_refuse(sync->store, row->number, http_status, words, error);
    result->entry.rejected += status == STATUS_OK ? 1 : 0;
    return status;
}

struct found {
    char id[ID_SIZE];
    char version[ID_SIZE];
    size_t count;
};

static enum status find_first(void *context, size_t index, const struct bundle_entry *entry, struct error *error)
{
    struct found *found = context;
    struct resource_head head;
    (void)index;
    if (entry->resource == NULL || strcmp(entry->search_mode, "outcome") == 0) {
        return STATUS_OK;
    }
    enum status status = resource_head_read(entry->resource, &head, error);
    if (status == STATUS_OK && found->count++ == 0) {
        text_copy(found->id, sizeof found->id, head.id);
        text_copy(found->version, sizeof found->version, head.version);
    }
    return status;
}

/* Asks the server whether it has what we made, by our own identifier. */
static enum status look_up(struct sync *sync, struct sync_result *result, const struct outbox_row *row,
                           struct found *found, struct error *error)
{
    struct buffer url;
    cJSON *bundle = NULL;
    const char *equals = strchr(row->if_none_exist, '=');
    memset(found, 0, sizeof *found);
    if (equals == NULL) {
        return STATUS_OK;
    }
    buffer_init(&url, URL_SIZE);
    buffer_format(&url, "%s/%s?%.*s=", sync->server, row->type, (int)(equals - row->if_none_exist), row->if_none_exist);
    url_append_escaped(&url, equals + 1);
    enum status status = url.status == STATUS_OK ? exchange_get(sync, result, buffer_text(&url), &bundle, error)
                                                 : error_no_memory(error);
    if (status == STATUS_OK) {
        status = bundle_each(bundle, find_first, found, error);
    }
    cJSON_Delete(bundle);
    buffer_free(&url);
    return status;
}

struct settling {
    struct sync *sync;
    struct sync_result *result;
    const struct push_batch *batch;
    bool paired;               /* counts agree: entry i speaks of row i */
    bool *settled;             /* per row */
    enum status interrupted;   /* an entry said "later" */
};

static enum status accept_row(struct settling *settling, size_t index, const char *id, const char *version,
                              struct error *error)
{
    const struct outbox_row *row = &settling->batch->rows[index];
    enum status status = record_accept(settling->sync->store, row->number, id, version, error);
    if (status == STATUS_OK) {
        settling->settled[index] = true;
        settling->result->entry.pushed++;
    }
    return status;
}

static enum status settle_entry(void *context, size_t index, const struct bundle_entry *entry, struct error *error)
{
    struct settling *settling = context;
    if (!settling->paired || index >= settling->batch->count) {
        return STATUS_OK;
    }
    const struct outbox_row *row = &settling->batch->rows[index];
    if (entry->status >= 200 && entry->status < 300) {
        struct resource_head head = {0};
        const char *type = entry->location_type;
        const char *id = entry->location_id;
        const char *version = entry->location_version[0] != '\0' ? entry->location_version : entry->etag;
        if (entry->resource != NULL && resource_head_read(entry->resource, &head, NULL) == STATUS_OK &&
            strcmp(head.type, row->type) == 0) {
            type = head.type;
            id = head.id[0] != '\0' ? head.id : id;
            version = head.version[0] != '\0' ? head.version : version;
        } else if (row->is_update && id[0] == '\0') {
            type = row->type;
            id = row->id;
        }
        /* An answer about another type, or without an id, is no receipt: the row is looked up below. */
        return strcmp(type, row->type) == 0 && id[0] != '\0' ? accept_row(settling, index, id, version, error) : STATUS_OK;
    }
    if (entry->status == 0) {
        return STATUS_OK;
    }
    settling->settled[index] = true;
    if (entry->status == 401 || entry->status == 408 || entry->status == 429 || entry->status >= 500) {
        char words[256] = "";
        outcome_words(entry->outcome, words, sizeof words);
        settling->interrupted = STATUS_UNREACHABLE;
        return outbox_mark_unknown(settling->sync->store, &row->number, 1, words, error);
    }
    return push_refuse(settling->sync, settling->result, row, entry->status, entry->outcome, error);
}

enum status push_settle(struct sync *sync, struct sync_result *result, const struct push_batch *batch,
                        const cJSON *answer, struct error *error)
{
    struct settling settling = {.sync = sync, .result = result, .batch = batch};
    settling.settled = memory_allocate_array(batch->count, sizeof *settling.settled);
    if (settling.settled == NULL) {
        return error_no_memory(error);
    }
    settling.paired = bundle_count(answer) == batch->count;
    enum status status = bundle_each(answer, settle_entry, &settling, error);
    for (size_t i = 0; i < batch->count && status == STATUS_OK; i++) {
        const struct outbox_row *row = &batch->rows[i];
        if (settling.settled[i]) {
            continue;
        }
        struct found found;
        status = look_up(sync, result, row, &found, error);
        if (status == STATUS_OK && found.count > 0) {
            status = accept_row(&settling, i, found.id, found.version, error);
        } else if (status == STATUS_OK) {
            status = outbox_mark_unknown(sync->store, &row->number, 1,
                                         _("the server's answer did not mention it; it is sent again"), error);
        }
    }
    if (status == STATUS_OK && settling.interrupted != STATUS_OK) {
        status = error_set(error, settling.interrupted, _("the server could not take everything right now; it is sent again"));
    }
    memory_free(settling.settled);
    return status;
}
