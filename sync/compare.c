/*
 * Comparing what is here with what the server has. See compare.h. Called by
 * manifest.c, versions.c and push_check.c.
 *
 * Nothing leaves the record because a list lacks it: the server is asked for it
 * by its id first, and for what was made here it has to say that it was deleted.
 */
#include "sync/compare.h"

#include "base/memory.h"
#include "base/text.h"
#include "fhir/bundle.h"
#include "store/record.h"
#include "sync/exchange.h"
#include "sync/pages.h"

#include <stdlib.h>
#include <string.h>

#define IDS_AT_MOST 50 /* in one question */

static int compare_ids(const void *a, const void *b)
{
    return strcmp(a, b);
}

void ids_sort(struct ids *ids)
{
    if (ids->count > 1) {
        qsort(ids->items, ids->count, sizeof *ids->items, compare_ids);
    }
}

bool ids_have(const struct ids *ids, const char *id)
{
    return ids->count > 0 && bsearch(id, ids->items, ids->count, sizeof *ids->items, compare_ids) != NULL;
}

void ids_add(struct ids *ids, const char *id)
{
    void *grown = memory_grow(ids->items, ids->count, &ids->capacity, sizeof *ids->items);
    if (grown == NULL) {
        ids->status = STATUS_NO_MEMORY;
        return;
    }
    ids->items = grown;
    text_copy(ids->items[ids->count++], ID_SIZE, id);
}

static enum status list_entry(void *context, size_t index, const struct bundle_entry *entry, struct error *error)
{
    struct listing *listing = context;
    bool strict = listing->named || listing->checking->whole;
    struct resource_head head;
    enum likeness likeness = LIKENESS_SAME;
    (void)index;
    if (entry->resource == NULL || resource_head_read(entry->resource, &head, NULL) != STATUS_OK ||
        strcmp(head.type, listing->there.type) != 0) {
        return STATUS_OK;
    }
    enum status status = outbox_liken(listing->checking->pulling->sync->store, entry->resource, strict, &likeness, error);
    ids_add(&listing->there, head.id);
    if (likeness == LIKENESS_OTHER || (likeness == LIKENESS_NEWER && strict)) {
        ids_add(&listing->doubtful, head.id);
    } else if (likeness != LIKENESS_SAME) {
        ids_add(&listing->wanted, head.id);
    }
    bool short_of_memory = listing->there.status != STATUS_OK || listing->doubtful.status != STATUS_OK ||
                           listing->wanted.status != STATUS_OK;
    return short_of_memory ? error_no_memory(error) : status;
}

enum status compare_take(struct listing *listing, const cJSON *bundle, struct error *error)
{
    return bundle_each(bundle, list_entry, listing, error);
}

static enum status list_page(void *context, const cJSON *bundle, struct error *error)
{
    return compare_take(context, bundle, error);
}

void compare_append_elements(const struct listing *listing, struct buffer *url)
{
    /* Whose a record is tells its identifier; what has none, as always, its meta. */
    buffer_append_text(url, listing->named || listing->checking->whole ? "&_elements=identifier" : "&_elements=id");
    buffer_append_text(url, "&_sort=_lastUpdated");
}

/* Ids and versions of what answers `question`, relative to the server's base. */
enum status compare_list(struct listing *listing, const struct buffer *question, struct error *error)
{
    struct pulling *pulling = listing->checking->pulling;
    struct buffer url;
    buffer_init(&url, URL_SIZE);
    buffer_format(&url, "%s/", pulling->sync->server);
    buffer_append_text(&url, buffer_text(question));
    compare_append_elements(listing, &url);
    enum status status = url.status == STATUS_OK && question->status == STATUS_OK
                             ? search_each_page(pulling->sync, pulling->result, buffer_text(&url), list_page, listing, error)
                             : error_no_memory(error);
    buffer_free(&url);
    ids_sort(&listing->there);
    return status;
}

bool compare_is_refused(const struct pulling *pulling, enum status status)
{
    long code = pulling->result->last.code;
    return status == STATUS_NOT_FOUND || (status == STATUS_FAILED && code >= 400 && code != 401) ||
           (status == STATUS_UNREACHABLE && (code == 500 || code == 501));
}

void listing_free(struct listing *listing)
{
    memory_free(listing->there.items);
    memory_free(listing->doubtful.items);
    memory_free(listing->wanted.items);
}

/* The server no longer has the Patient of a chart, or may not show it: the chart is not complete any more. */
static enum status lose_patient(struct pulling *pulling, const char *patient, struct error *error)
{
    struct store *store = pulling->sync->store;
    char scope[SCOPE_SIZE];
    char value[CURSOR_SIZE];
    charts_scope(scope, patient);
    enum status status = cursor_get(store, scope, value, sizeof value, error);
    if (status != STATUS_OK || strcmp(value, CURSOR_BEGUN) == 0) {
        return status; /* found out before in this run */
    }
    status = record_begin(store, error);
    if (status != STATUS_OK) {
        return status;
    }
    status = record_set_complete(store, patient, false, error);
    if (status == STATUS_OK) {
        status = record_set_cursor(store, scope, CURSOR_BEGUN, error); /* should the Patient return, the chart is read anew */
    }
    pulling->result->absent++;
    return sync_end_page(store, status, error);
}

static bool is_withheld(struct pulling *pulling, enum status status)
{
    bool forbidden = status == STATUS_FAILED && pulling->result->last.code == 403;
    if (forbidden) {
        pulling->result->last.words[0] = '\0';
    }
    return forbidden || status == STATUS_NOT_FOUND;
}

/* Asks for one thing by its id. What the server says it does not have is taken out of the record; what it accepted from
 * here and never heard of now waits for the nurse. */
static enum status look_up(struct checking *checking, const char *type, const char *id, struct error *error)
{
    struct pulling *pulling = checking->pulling;
    struct store *store = pulling->sync->store;
    cJSON *resource = NULL;
    bool ours = false;
    if (checking->looked_up++ >= LOOKED_UP_AT_MOST) {
        return STATUS_OK;
    }
    enum status status = exchange_read(pulling->sync, pulling->result, type, id, &resource, error);
    if (status == STATUS_OK) {
        status = record_put_back(store, resource, error);
    } else if (is_withheld(pulling, status) && strcmp(type, "Patient") == 0 && !checking->sending) {
        status = lose_patient(pulling, id, error);
    } else if (status == STATUS_NOT_FOUND) {
        status = outbox_was_accepted(store, type, id, &ours, error);
        /* A deletion is 410, from most. Those that say 404 of one too make the nurse be asked: nobody can tell them apart. */
        bool forgotten = ours && pulling->result->last.code == 404;
        bool removed = !forgotten && !checking->sending;
        pulling->result->removed += removed ? 1 : 0;
        if (status == STATUS_OK && (forgotten || removed)) {
            status = forgotten ? record_forgotten(store, type, id, error) : record_remove(store, type, id, error);
        }
    }
    cJSON_Delete(resource);
    return status;
}

/* Looks up what is here and not listed, and what is listed and does not go with what is here. */
enum status compare_look_up(struct checking *checking, const char *type, const struct ids *here, const struct listing *listing,
                            struct error *error)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < here->count && status == STATUS_OK; i++) {
        if (!ids_have(&listing->there, here->items[i])) {
            status = look_up(checking, type, here->items[i], error);
        }
    }
    for (size_t i = 0; i < listing->doubtful.count && status == STATUS_OK; i++) {
        status = look_up(checking, type, listing->doubtful.items[i], error);
    }
    return status;
}

/* Things of one type, by their ids. */
struct asking {
    struct checking *checking;
    char type[RESOURCE_TYPE_SIZE];
    struct ids ids;
    struct error *error;
    enum status status;
};

/* Asks for those that were collected. */
static void ask_collected(struct asking *asking)
{
    struct listing listing = {.checking = asking->checking, .there = {.type = asking->type}, .named = true};
    struct buffer question;
    if (asking->ids.count == 0 || asking->status != STATUS_OK) {
        return;
    }
    buffer_init(&question, URL_SIZE);
    buffer_format(&question, "%s?_id=", asking->type);
    for (size_t i = 0; i < asking->ids.count; i++) {
        buffer_append_text(&question, i > 0 ? "," : "");
        url_append_escaped(&question, asking->ids.items[i]);
    }
    asking->status = compare_list(&listing, &question, asking->error);
    if (asking->status == STATUS_OK) {
        asking->status = compare_look_up(asking->checking, asking->type, &asking->ids, &listing, asking->error);
    }
    asking->ids.count = 0;
    buffer_free(&question);
    listing_free(&listing);
}

void names_add(void *context, const char *type, const char *id)
{
    struct names *names = context;
    void *grown = memory_grow(names->items, names->count, &names->capacity, sizeof *names->items);
    if (grown == NULL) {
        names->status = STATUS_NO_MEMORY;
        return;
    }
    names->items = grown;
    text_format(names->items[names->count++], REFERENCE_SIZE, "%s/%s", type, id);
}

enum status compare_names(struct checking *checking, const struct names *names, struct error *error)
{
    struct asking asking = {.checking = checking, .error = error};
    asking.status = names->status == STATUS_OK ? STATUS_OK : error_no_memory(error);
    for (size_t i = 0; i < names->count && asking.status == STATUS_OK; i++) {
        const char *slash = strchr(names->items[i], '/');
        size_t length = (size_t)(slash - names->items[i]);
        if (asking.ids.count >= IDS_AT_MOST || strlen(asking.type) != length ||
            strncmp(asking.type, names->items[i], length) != 0) {
            ask_collected(&asking);
            text_format(asking.type, sizeof asking.type, "%.*s", (int)length, names->items[i]);
        }
        ids_add(&asking.ids, slash + 1);
        asking.status = asking.status == STATUS_OK && asking.ids.status != STATUS_OK ? error_no_memory(error) : asking.status;
    }
    ask_collected(&asking);
    memory_free(asking.ids.items);
    return asking.status;
}
