/* See store.h. */
#include "store.h"

#include "index.h"

#include <stdio.h>
#include <string.h>

#define FIRST_ID 1000

void store_init(struct store *store)
{
    *store = (struct store){.clock = clock_system(), .next_id = FIRST_ID};
}

void store_free(struct store *store)
{
    for (size_t i = 0; i < store->journal_count; i++) {
        memory_free(store->journal[i]->tail);
        memory_free(store->journal[i]);
    }
    for (size_t i = 0; i < store->count; i++) {
        memory_free(store->resources[i]->terms);
        memory_free(store->resources[i]);
    }
    for (size_t i = 0; i < store->by_term.capacity; i++) {
        struct term *term = store->by_term.slots[i].value;
        if (term != NULL) {
            memory_free(term->key);
            memory_free(term->rows);
            memory_free(term);
        }
    }
    table_free(&store->by_term);
    table_free(&store->by_target);
    memory_free(store->resources);
    memory_free(store->journal);
}

struct resource *store_find(const struct store *store, const char *target)
{
    return table_get(&store->by_target, target);
}

bool resource_is_deleted(const struct resource *resource)
{
    return resource->current->tail == NULL;
}

struct resource *store_find_current(const struct store *store, const char *target)
{
    struct resource *resource = store_find(store, target);

    return resource == NULL || resource_is_deleted(resource) ? NULL : resource;
}

int resource_type_length(const struct resource *resource)
{
    return (int)(resource->id - resource->target) - 1;
}

instant store_tick(struct store *store)
{
    instant now = clock_now(&store->clock);

    store->last = now > store->last ? now : store->last;
    return store->last;
}

void store_new_target(struct store *store, const char *type, char out[TARGET_SIZE])
{
    do {
        snprintf(out, TARGET_SIZE, "%s/%lld", type, (long long)store->next_id++);
    } while (store_find(store, out) != NULL);
}

struct term *store_term(const struct store *store, const char *key)
{
    return table_get(&store->by_term, key);
}

struct term *store_need_term(struct store *store, const char *key)
{
    struct term *term = store_term(store, key);

    if (term == NULL) {
        term = need(memory_allocate(sizeof *term));
        term->key = need(memory_copy_text(key));
        table_put(&store->by_term, term->key, term);
    }
    return term;
}

static void terms_leave(struct resource *resource)
{
    for (size_t i = 0; i < resource->term_count; i++) {
        struct term *term = resource->terms[i];
        size_t row = term->count;
        while (row-- > 0) {
            if (term->rows[row] == resource) {
                term->rows[row] = term->rows[--term->count];
                break;
            }
        }
    }
    memory_free(resource->terms);
    resource->terms = NULL;
    resource->term_count = 0;
    resource->date = (struct span){INSTANT_NONE, INSTANT_NONE};
}

static void terms_enter(struct resource *resource, const struct resource *seen)
{
    resource->terms = seen->terms;
    resource->term_count = seen->term_count;
    resource->date = seen->date;
    for (size_t i = 0; i < resource->term_count; i++) {
        struct term *term = resource->terms[i];
        term->rows = need_room(term->rows, term->count, &term->capacity, sizeof(struct resource *));
        term->rows[term->count++] = resource;
    }
}

/* Prints what follows lastUpdated's value: `,"tag":[...]},"identifier":...}`. */
static char *print_tail(cJSON *tree)
{
    struct buffer out;
    char *rest = NULL;
    cJSON *meta = cJSON_DetachItemFromObjectCaseSensitive(tree, "meta");

    buffer_init(&out, BODY_LIMIT);
    cJSON_DeleteItemFromObjectCaseSensitive(tree, "id");
    cJSON_DeleteItemFromObjectCaseSensitive(tree, "resourceType");
    if (cJSON_IsObject(meta)) {
        cJSON_DeleteItemFromObjectCaseSensitive(meta, "versionId");
        cJSON_DeleteItemFromObjectCaseSensitive(meta, "lastUpdated");
        rest = need(json_print(meta));
        buffer_append_text(&out, meta->child == NULL ? "" : ",");
        buffer_append_text(&out, rest + 1); /* without its '{' */
        memory_free(rest);
    } else {
        buffer_append_byte(&out, '}');
    }
    rest = need(json_print(tree));
    buffer_append_text(&out, tree->child == NULL ? "" : ",");
    buffer_append_text(&out, rest + 1);
    memory_free(rest);
    cJSON_Delete(meta);
    return need(buffer_take(&out));
}

static const struct version *add_version(struct store *store, struct resource *resource, enum change_kind kind,
                                         char *tail, instant at)
{
    struct version *version = need(memory_allocate(sizeof *version));

    version->resource = resource;
    version->previous = resource->current;
    version->number = resource->current == NULL ? 1 : resource->current->number + 1;
    version->at = at;
    version->kind = kind;
    version->tail = tail;
    resource->current = version;
    store->journal = need_room(store->journal, store->journal_count, &store->journal_capacity, sizeof version);
    store->journal[store->journal_count++] = version;
    return version;
}

/* HAPI keeps tags and security labels that an update leaves out. */
static void keep_labels(const struct version *old, cJSON *tree, const char *name)
{
    cJSON *old_tree = version_tree(old);
    cJSON *old_labels = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(old_tree, "meta"), name);
    cJSON *meta = cJSON_GetObjectItemCaseSensitive(tree, "meta");
    cJSON *labels = NULL;

    if (cJSON_IsArray(old_labels)) {
        meta = meta == NULL ? need(json_add_object(tree, "meta")) : meta;
        labels = cJSON_GetObjectItemCaseSensitive(meta, name);
        labels = labels == NULL ? need(json_add_array(meta, name)) : labels;
    }
    while (labels != NULL && old_labels->child != NULL) {
        cJSON *label = cJSON_DetachItemViaPointer(old_labels, old_labels->child);
        bool known = false;
        for (const cJSON *other = labels->child; other != NULL && !known; other = other->next) {
            known = cJSON_Compare(label, other, true);
        }
        if (known) {
            cJSON_Delete(label);
        } else {
            cJSON_AddItemToArray(labels, label);
        }
    }
    cJSON_Delete(old_tree);
}

static struct resource *add_resource(struct store *store, const char *target)
{
    struct resource *resource = need(memory_allocate(sizeof *resource));

    snprintf(resource->target, sizeof resource->target, "%s", target);
    resource->id = strchr(resource->target, '/') + 1;
    resource->sequence = store->count;
    store->resources = need_room(store->resources, store->count, &store->capacity, sizeof resource);
    store->resources[store->count++] = resource;
    table_put(&store->by_target, resource->target, resource);
    return resource;
}

const struct version *store_put(struct store *store, const char *target, cJSON *tree, instant at)
{
    struct resource *resource = store_find(store, target);
    bool update = resource != NULL && !resource_is_deleted(resource);
    struct resource seen = {0};
    char *tail = NULL;

    if (update && strstr(resource->current->tail, "\"tag\":") != NULL) {
        keep_labels(resource->current, tree, "tag");
    }
    if (update && strstr(resource->current->tail, "\"security\":") != NULL) {
        keep_labels(resource->current, tree, "security");
    }
    seen.terms = index_terms(store, tree, &seen.term_count, &seen.date);
    tail = print_tail(tree);
    if (update && strcmp(tail, resource->current->tail) == 0) {
        memory_free(seen.terms);
        memory_free(tail);
        return resource->current;
    }
    if (resource == NULL) {
        resource = add_resource(store, target);
    }
    terms_leave(resource);
    terms_enter(resource, &seen);
    return add_version(store, resource, update ? KIND_UPDATED : KIND_CREATED, tail, at);
}

const struct version *store_delete(struct store *store, struct resource *resource, instant at)
{
    terms_leave(resource);
    return add_version(store, resource, KIND_DELETED, NULL, at);
}

void version_append(const struct version *version, struct buffer *out)
{
    const struct resource *resource = version->resource;
    char at[40];

    instant_format_utc(at, sizeof at, version->at);
    buffer_format(out,
                  "{\"resourceType\":\"%.*s\",\"id\":\"%s\",\"meta\":"
                  "{\"versionId\":\"%lld\",\"lastUpdated\":\"%s\"",
                  resource_type_length(resource), resource->target, resource->id, (long long)version->number, at);
    buffer_append_text(out, version->tail);
}

cJSON *version_tree(const struct version *version)
{
    struct buffer text;
    cJSON *tree = NULL;
    enum status status = STATUS_OK;

    buffer_init(&text, BODY_LIMIT);
    version_append(version, &text);
    status = json_parse(buffer_text(&text), text.length, &tree, NULL);
    buffer_free(&text);
    return need(status == STATUS_OK ? tree : NULL);
}
