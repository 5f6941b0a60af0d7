/* One resource after the other. See singly.h. Called by charts.c. */
#include "sync/singly.h"

#include "base/memory.h"
#include "base/text.h"
#include "fhir/bundle.h"
#include "store/query.h"
#include "store/record.h"
#include "sync/exchange.h"
#include "sync/pages.h"

#include <string.h>

#define CUTS_AT_MOST 3 /* resources in a row that the line cut: then it is the line, not they */

/* What the list of ids names. */
struct name {
    char id[ID_SIZE], version[ID_SIZE], chart[ID_SIZE];
};
struct names {
    const struct singly *singly;
    struct name *items; /* owned */
    size_t count, capacity;
};

static enum status note_name(void *context, size_t index, const struct bundle_entry *entry, struct error *error)
{
    struct names *names = context;
    const struct singly *singly = names->singly;
    struct resource_head head;
    (void)index;
    if (entry->resource == NULL || resource_head_read(entry->resource, &head, NULL) != STATUS_OK ||
        strcmp(head.type, singly->type) != 0 || head.id[0] == '\0') {
        return STATUS_OK;
    }
    void *grown = memory_grow(names->items, names->count, &names->capacity, sizeof *names->items);
    if (grown == NULL) {
        return error_no_memory(error);
    }
    names->items = grown;
    struct name *name = &names->items[names->count++];
    text_copy(name->id, sizeof name->id, head.id);
    text_copy(name->version, sizeof name->version, head.version);
    text_copy(name->chart, sizeof name->chart, singly->chart_of(singly->context, entry->resource));
    return STATUS_OK;
}

static enum status note_names(void *context, const cJSON *bundle, struct error *error)
{
    return bundle_each(bundle, note_name, context, error);
}

static enum status is_here(const struct singly *singly, const struct name *name, bool *here, struct error *error)
{
    struct resource_head head = {.version = ""};
    cJSON *resource = NULL;
    char *body = NULL;
    enum status status = query_body(singly->sync->store, singly->type, name->id, &body, error);
    if (status == STATUS_OK && json_parse(body, strlen(body), &resource, NULL) == STATUS_OK &&
        resource_head_read(resource, &head, NULL) == STATUS_OK) {
        *here = name->version[0] != '\0' && strcmp(head.version, name->version) == 0;
    }
    cJSON_Delete(resource);
    memory_free(body);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* Takes `resource`. */
static enum status store_one(const struct singly *singly, cJSON *resource, struct error *error)
{
    cJSON *bundle = cJSON_CreateObject();
    cJSON *entry = NULL;
    json_add_text(bundle, "resourceType", "Bundle");
    json_add_text(bundle, "type", "searchset");
    entry = json_add_object(json_add_array(bundle, "entry"), NULL);
    enum status status = STATUS_OK;
    if (entry == NULL || !cJSON_AddItemToObject(entry, "resource", resource)) {
        cJSON_Delete(resource);
        status = error_no_memory(error);
    }
    status = status == STATUS_OK ? singly->page(singly->context, bundle, error) : status;
    cJSON_Delete(bundle);
    return status;
}

static enum status keep_name(const struct singly *singly, const struct name *name, bool too_large, struct error *error)
{
    char why[256];
    text_format(why, sizeof why,
                too_large ? _("%s/%s is larger than this device accepts: the chart lacks it; tell the office")
                          : _("%s/%s does not come over this line: the chart lacks it; sync on a better one"),
                singly->type, name->id);
    return record_lacks(singly->sync->store, singly->type, name->id, name->chart, why, error);
}

static enum status fetch_one(const struct singly *singly, const struct name *name, int *cuts, bool *unnamed, struct error *error)
{
    const struct last_exchange *last = &singly->result->last;
    struct buffer url;
    cJSON *resource = NULL;
    enum status status = STATUS_UNREACHABLE;
    buffer_init(&url, URL_SIZE);
    buffer_format(&url, "%s/%s/%s", singly->sync->server, singly->type, name->id);
    for (int i = 0; i < 2 && status == STATUS_UNREACHABLE; i++) {
        status = url.status == STATUS_OK ? exchange_get(singly->sync, singly->result, buffer_text(&url), &resource, error)
                                         : error_no_memory(error);
        if (status == STATUS_UNREACHABLE && last->end != LAST_CUT) {
            break;
        }
    }
    buffer_free(&url);
    if (status == STATUS_NOT_FOUND) {
        return STATUS_OK;
    }
    if ((status == STATUS_UNREACHABLE || status == STATUS_FAILED) && (last->end == LAST_TOO_LARGE || last->end == LAST_CUT)) {
        *cuts += last->end == LAST_CUT ? 1 : 0;
        *unnamed = *unnamed || name->chart[0] == '\0';
        return *cuts >= CUTS_AT_MOST ? status : keep_name(singly, name, last->end == LAST_TOO_LARGE, error);
    }
    if (status == STATUS_OK) {
        *cuts = 0;
        status = store_one(singly, resource, error);
    }
    return status;
}

enum status singly_fetch(const struct singly *singly, bool *unnamed, struct error *error)
{
    struct names names = {.singly = singly};
    struct buffer url;
    int cuts = 0;
    buffer_init(&url, URL_SIZE);
    buffer_format(&url, "%s&_elements=id,meta,subject,patient,for,participant&_count=100", singly->url);
    enum status status = url.status == STATUS_OK ? search_each_page(singly->sync, singly->result, buffer_text(&url), note_names,
                                                                    &names, error)
                                                 : error_no_memory(error);
    for (size_t i = 0; i < names.count && status == STATUS_OK; i++) {
        bool here = false;
        status = is_here(singly, &names.items[i], &here, error);
        if (status == STATUS_OK && !here) {
            status = fetch_one(singly, &names.items[i], &cuts, unnamed, error);
        }
    }
    memory_free(names.items);
    buffer_free(&url);
    return status;
}
