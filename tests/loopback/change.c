/* See change.h. */
#include "change.h"

#include "index.h"
#include "search.h"

#include "base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

struct change_set {
    struct server *server;
    const char *base;
    struct change *changes;
    size_t count;
    struct table by_condition; /* "Type?condition" of creates */
    struct table by_url;       /* full URLs; urn:uuid in lower case */
    struct table by_target;    /* "Type/id" of what this set touches */
    struct change *current;    /* whose references are being looked at */
    struct failure *failure;
};

static bool fail_entry(struct change_set *set, const struct change *change)
{
    set->failure->entry = (int)(change - set->changes);
    return false;
}

static char *lower_copy(const char *text)
{
    char *copy = need(memory_copy_text(text));

    for (char *at = copy; *at != '\0'; at++) {
        *at = (char)tolower((unsigned char)*at);
    }
    return copy;
}

/* The form in which full URLs are compared: HAPI finds urn:uuid in any case. Owned. */
static char *url_key(const char *url)
{
    return strncasecmp(url, "urn:", 4) == 0 ? lower_copy(url) : need(memory_copy_text(url));
}

/* HAPI merges creates with one condition; without that each finds nothing and creates. */
static bool merge_duplicate(struct change_set *set, struct change *change)
{
    struct buffer key;
    struct change *first = NULL;

    buffer_init(&key, BODY_LIMIT);
    buffer_format(&key, "%s?", change->type);
    buffer_append_text(&key, change->condition);
    change->condition_key = need(buffer_take(&key));
    first = table_get(&set->by_condition, change->condition_key);
    if (first == NULL) {
        table_put(&set->by_condition, change->condition_key, change);
        return false;
    }
    memcpy(change->target, first->target, sizeof change->target);
    change->effect = EFFECT_MERGED;
    return true;
}

static bool resolve_condition(struct change_set *set, struct change *change)
{
    struct rows rows;
    size_t matches = 0;

    if (!search_condition(&set->server->store, set->base, change->type, change->condition, &rows, set->failure)) {
        return fail_entry(set, change);
    }
    if (rows.count == 1) {
        memcpy(change->target, rows.items[0]->target, sizeof change->target);
        change->version = rows.items[0]->current;
        change->effect = change->method == CHANGE_CREATE ? EFFECT_MATCHED : EFFECT_UPDATED;
    }
    matches = rows.count;
    rows_free(&rows);
    if (matches > 1) {
        fail(set->failure, 412, "multiple-matches",
             "HAPI-0958: Failed to %s resource with match URL \"%s\" because this search matched %zu resources",
             change->method == CHANGE_CREATE ? "CREATE" : "UPDATE", change->condition, matches);
        return fail_entry(set, change);
    }
    return true;
}

static bool is_all_digits(const char *text)
{
    return text[strspn(text, "0123456789")] == '\0';
}

/* Gives the change its target and its likely effect. */
static bool resolve_target(struct change_set *set, struct change *change)
{
    struct store *store = &set->server->store;
    bool merge = set->server->options.merge_duplicates && change->method == CHANGE_CREATE;

    change->effect = change->method == CHANGE_DELETE   ? EFFECT_DELETED
                     : change->method == CHANGE_UPDATE ? EFFECT_UPDATED
                                                       : EFFECT_CREATED;
    if (change->condition != NULL) {
        if (merge && merge_duplicate(set, change)) {
            return true;
        }
        if (!resolve_condition(set, change)) {
            return false;
        }
    } else if (change->method == CHANGE_UPDATE && store_find(store, change->target) == NULL &&
               is_all_digits(strchr(change->target, '/') + 1)) {
        fail(set->failure, 400, "processing",
             "HAPI-0960: Can not create resource with ID[%s], no resource with this ID exists and clients may only "
             "assign IDs which contain at least one non-numeric character",
             strchr(change->target, '/') + 1);
        return fail_entry(set, change);
    }
    if (change->target[0] == '\0') {
        store_new_target(store, change->type, change->target);
    }
    return true;
}

/* Enters the change under its full URL and its target; no two may be the same. */
static bool enter_names(struct change_set *set, struct change *change)
{
    if (change->full_url != NULL) {
        change->url_key = url_key(change->full_url);
        if (table_get(&set->by_url, change->url_key) != NULL) {
            fail(set->failure, 400, "processing", "Two entries of the Bundle have the fullUrl %s", change->full_url);
            return fail_entry(set, change);
        }
        table_put(&set->by_url, change->url_key, change);
    }
    if (change->effect == EFFECT_MATCHED || change->effect == EFFECT_MERGED) {
        return true;
    }
    if (table_get(&set->by_target, change->target) != NULL) {
        fail(set->failure, 400, "processing", "HAPI-0535: Transaction bundle contains multiple resources with ID: %s",
             change->target);
        return fail_entry(set, change);
    }
    table_put(&set->by_target, change->target, change);
    return true;
}

static bool rewrite(cJSON *reference, const char *target)
{
    need(cJSON_SetValuestring(reference, target));
    return true;
}

static bool resolve_conditional_reference(struct change_set *set, cJSON *reference)
{
    const char *text = reference->valuestring;
    char type[TYPE_SIZE];
    struct rows rows;
    size_t matches = 0;
    char target[TARGET_SIZE] = "";

    snprintf(type, sizeof type, "%.*s", (int)strcspn(text, "?"), text);
    if (!type_is_known(type)) {
        return fail(set->failure, 400, "processing", "Invalid reference: %s", text);
    }
    if (!search_condition(&set->server->store, set->base, type, text, &rows, set->failure)) {
        return false;
    }
    if (rows.count == 1) {
        memcpy(target, rows.items[0]->target, sizeof target);
    }
    matches = rows.count;
    rows_free(&rows);
    if (matches != 1) {
        return fail(set->failure, matches == 0 ? 404 : 412, matches == 0 ? "not-found" : "multiple-matches",
                    "HAPI-1091: Invalid match URL \"%s\" - %s resources match this search", text,
                    matches == 0 ? "No" : "Multiple");
    }
    return rewrite(reference, target);
}

static bool exists_afterwards(const struct change_set *set, const char *target)
{
    const struct change *change = table_get(&set->by_target, target);

    return change != NULL ? change->method != CHANGE_DELETE : store_find_current(&set->server->store, target) != NULL;
}

static bool resolve_reference(cJSON *reference, const char *element, void *context)
{
    struct change_set *set = context;
    const char *text = reference->valuestring;
    char *key = url_key(text);
    const struct change *named = table_get(&set->by_url, key);
    char target[TARGET_SIZE];

    memory_free(key);
    if (named != NULL) {
        return rewrite(reference, named->target);
    }
    if (strncasecmp(text, "urn:uuid:", 9) == 0) {
        return fail(set->failure, 400, "processing",
                    "Unable to satisfy placeholder ID %s found in element named '%s' within resource of type: %s", text,
                    element, set->current->type);
    }
    if (strchr(text, '?') != NULL && strstr(text, "://") == NULL) {
        return resolve_conditional_reference(set, reference);
    }
    if (reference_target(text, set->base, target)) {
        bool promised = set->current->promised != NULL && table_get(set->current->promised, target) != NULL;
        if (set->server->options.integrity && !promised && !exists_afterwards(set, target)) {
            return fail(set->failure, 400, "processing", "HAPI-1094: Resource %s not found, specified in path: %s.%s",
                        target, set->current->type, element);
        }
        return strstr(text, "://") == NULL || rewrite(reference, target);
    }
    if (set->server->options.integrity && text[0] != '#' && strncmp(text, "urn:", 4) != 0) {
        return fail(set->failure, 400, "processing",
                    "HAPI-0507: Resource contains external reference to URL \"%s\" but this server is not configured "
                    "to allow external references",
                    text);
    }
    return true;
}

static bool check_version(struct change_set *set, const struct change *change)
{
    const struct resource *resource = store_find(&set->server->store, change->target);
    const char *tag = change->if_match;
    char current[32];

    /* As HAPI: a condition on something that is not there, or on a conditional update, is passed over. */
    if (tag == NULL || resource == NULL || change->condition != NULL) {
        return true;
    }
    tag += text_starts_with(tag, "W/") ? 2 : 0;
    tag += *tag == '"' ? 1 : 0;
    snprintf(current, sizeof current, "%lld", (long long)resource->current->number);
    if (strncmp(tag, current, strlen(current)) == 0 && strchr("\"", tag[strlen(current)]) != NULL) {
        return true;
    }
    fail(set->failure, set->server->options.conflict_status, "conflict",
         "HAPI-0989: Trying to update %s/_history/%.*s but this is not the current version", change->target,
         (int)strcspn(tag, "\""), tag);
    return fail_entry(set, change);
}

static bool check_delete(struct change_set *set, const struct change *change)
{
    char key[TARGET_SIZE + 1];
    const struct term *term = NULL;

    snprintf(key, sizeof key, ">%s", change->target);
    term = set->server->options.integrity ? store_term(&set->server->store, key) : NULL;
    for (size_t i = 0; term != NULL && i < term->count; i++) {
        if (table_get(&set->by_target, term->rows[i]->target) == NULL) {
            fail(set->failure, 409, "processing",
                 "HAPI-0550: Unable to delete %s because at least one resource has a reference to this resource. "
                 "First reference found was resource %s",
                 change->target, term->rows[i]->target);
            return fail_entry(set, change);
        }
    }
    return true;
}

static bool check(struct change_set *set, struct change *change)
{
    if (change->effect == EFFECT_MATCHED || change->effect == EFFECT_MERGED) {
        return true;
    }
    if (change->method == CHANGE_DELETE) {
        return check_version(set, change) && check_delete(set, change);
    }
    if (faults_refuse(&set->server->faults, change->tree)) {
        fail(set->failure, 422, "processing", "Refused by a rule of this server");
        return fail_entry(set, change);
    }
    set->current = change;
    if (!each_reference(change->tree, resolve_reference, set)) {
        return fail_entry(set, change);
    }
    return check_version(set, change);
}

static void apply(struct store *store, struct change *change, instant at)
{
    struct resource *resource = store_find(store, change->target);
    const struct version *before = resource == NULL ? NULL : resource->current;

    if (change->method == CHANGE_DELETE) {
        change->version = before == NULL || resource_is_deleted(resource) ? before : store_delete(store, resource, at);
        return;
    }
    if (change->effect == EFFECT_MATCHED || change->effect == EFFECT_MERGED) {
        return;
    }
    change->version = store_put(store, change->target, change->tree, at);
    change->effect = change->version == before                  ? EFFECT_UNCHANGED
                     : change->version->kind == KIND_CREATED ? EFFECT_CREATED
                                                             : EFFECT_UPDATED;
}

bool changes_apply(struct server *server, const char *base, struct change *changes, size_t count,
                   struct failure *failure)
{
    static const enum change_method order[] = {CHANGE_DELETE, CHANGE_CREATE, CHANGE_UPDATE};
    struct change_set set = {.server = server, .base = base, .changes = changes, .count = count, .failure = failure};
    bool ok = true;

    for (size_t i = 0; ok && i < count; i++) {
        ok = resolve_target(&set, &changes[i]) && enter_names(&set, &changes[i]);
    }
    for (size_t i = 0; ok && i < count; i++) {
        ok = check(&set, &changes[i]);
    }
    if (ok) {
        instant at = store_tick(&server->store);
        for (size_t step = 0; step < sizeof order / sizeof order[0]; step++) {
            for (size_t i = 0; i < count; i++) {
                if (changes[i].method == order[step]) {
                    apply(&server->store, &changes[i], at);
                }
            }
        }
    }
    table_free(&set.by_condition);
    table_free(&set.by_url);
    table_free(&set.by_target);
    for (size_t i = 0; i < count; i++) {
        memory_free(changes[i].condition_key);
        memory_free(changes[i].url_key);
        changes[i].condition_key = NULL;
        changes[i].url_key = NULL;
    }
    return ok;
}

int change_status(const struct change *change)
{
    return change->effect == EFFECT_CREATED ? 201 : change->effect == EFFECT_DELETED ? 204 : 200;
}

const char *change_words(const struct change *change)
{
    switch (change->effect) {
    case EFFECT_CREATED:
        return "Successfully created resource.";
    case EFFECT_MATCHED:
    case EFFECT_MERGED:
        return "Successfully processed a conditional create: a resource that matches exists already.";
    case EFFECT_UPDATED:
        return "Successfully updated resource.";
    case EFFECT_UNCHANGED:
        return "Successfully updated resource with no changes detected.";
    case EFFECT_DELETED:
        break;
    }
    return change->version == NULL ? "Not deleted, resource does not exist." : "Successfully deleted 1 resource(s).";
}
