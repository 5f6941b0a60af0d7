/*
 * Batch and transaction Bundles. A transaction is one set of changes, a batch
 * one set for each entry; reads are answered after the changes, through the
 * same door as any GET. Answers come in the order of the entries and in HAPI's shape.
 */
#include "index.h"
#include "rest.h"
#include "search.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum entry_state {
    ENTRY_CHANGE,
    ENTRY_READ,
    ENTRY_FAILED, /* of a batch */
};

struct entry {
    enum entry_state state;
    const char *url;
    size_t change;          /* index among the changes */
    struct failure failure;
};

struct transaction {
    struct server *server;
    const struct request *request;
    bool atomic;
    size_t count;
    struct entry *entries;  /* owned */
    struct change *changes; /* owned, one for each entry that is no read */
    size_t change_count;
};

/* "Type/id" from what a client may write: with the base, or a leading '/'. */
static const char *relative_url(const char *url, const char *base)
{
    size_t length = strlen(base);

    if (strncmp(url, base, length) == 0) {
        url += length;
    }
    return url + strspn(url, "/");
}

static bool check_resource(const cJSON *tree, struct failure *failure)
{
    const char *id = json_text(tree, "id");

    if (json_text(tree, "resourceType") == NULL) {
        return fail(failure, 400, "invalid", "The entry has no resource");
    }
    if ((id != NULL && !fhir_id_is_valid(id)) ||
        (json_member(tree, "meta") != NULL && json_object(tree, "meta") == NULL)) {
        return fail(failure, 400, "invalid", "The id or meta of the resource makes no sense");
    }
    return true;
}

static bool read_entry(struct transaction *transaction, cJSON *node, struct entry *entry)
{
    const cJSON *request = json_object(node, "request");
    const char *method = json_text(request, "method");
    const char *url = json_text(request, "url");
    cJSON *tree = cJSON_GetObjectItemCaseSensitive(node, "resource");
    struct change *change = &transaction->changes[transaction->change_count];

    if (method == NULL || url == NULL) {
        return fail(&entry->failure, 400, "invalid",
                    "HAPI-0214: Bundle.entry.request.method or url is missing or invalid");
    }
    entry->url = relative_url(url, transaction->request->base);
    if (strcmp(method, "GET") == 0) {
        entry->state = ENTRY_READ;
        return true;
    }
    if (strcmp(method, "DELETE") != 0 && !check_resource(tree, &entry->failure)) {
        return false;
    }
    *change = (struct change){.full_url = json_text(node, "fullUrl"), .if_match = json_text(request, "ifMatch")};
    if (!change_from(change, method, entry->url, tree, &entry->failure)) {
        return false;
    }
    if (change->method == CHANGE_CREATE && !transaction->server->options.no_conditions) {
        change->condition = json_text(request, "ifNoneExist");
    }
    if (transaction->server->options.no_conditions) {
        change->if_match = NULL;
    }
    entry->change = transaction->change_count++;
    return true;
}

static bool check_size(const struct transaction *transaction, struct failure *failure)
{
    int64_t most = transaction->server->options.max_entries;

    for (size_t i = 0; most > 0 && i < transaction->change_count; i++) {
        if (transaction->changes[i].condition != NULL && transaction->count > (size_t)most) {
            return fail(failure, 400, "too-costly",
                        "Transaction contains more than %lld entries and one of them is conditional", (long long)most);
        }
    }
    return true;
}

/* A failure names a change; the client knows entries. */
static void name_entry(const struct transaction *transaction, struct failure *failure)
{
    for (size_t i = 0; i < transaction->count; i++) {
        if (transaction->entries[i].state == ENTRY_CHANGE && (int)transaction->entries[i].change == failure->entry) {
            failure->entry = (int)i;
            return;
        }
    }
}

/* Reads all entries; false when that ends a transaction. */
static bool read_entries(struct transaction *transaction, const cJSON *nodes, struct failure *failure)
{
    size_t i = 0;

    for (cJSON *node = nodes == NULL ? NULL : nodes->child; node != NULL; node = node->next, i++) {
        struct entry *entry = &transaction->entries[i];
        if (read_entry(transaction, node, entry)) {
            continue;
        }
        entry->state = ENTRY_FAILED;
        entry->failure.entry = (int)i;
        if (transaction->atomic) {
            *failure = entry->failure;
            return false;
        }
    }
    return check_size(transaction, failure);
}

/* Takes a failed change out of the set, and tells its entry why. */
static void drop_change(struct transaction *transaction, size_t dropped, const struct failure *failure)
{
    for (size_t i = 0; i < transaction->count; i++) {
        struct entry *entry = &transaction->entries[i];
        if (entry->state == ENTRY_CHANGE && entry->change == dropped) {
            entry->state = ENTRY_FAILED;
            entry->failure = *failure;
            entry->failure.entry = (int)i;
        } else if (entry->state == ENTRY_CHANGE && entry->change > dropped) {
            entry->change--;
        }
    }
    transaction->change_count--;
    memmove(&transaction->changes[dropped], &transaction->changes[dropped + 1],
            (transaction->change_count - dropped) * sizeof transaction->changes[0]);
}

/* What can be stored is, together: a Bundle in which nothing names anything. */
static void apply_possible(struct transaction *transaction)
{
    struct failure failure = {.entry = -1};

    while (!changes_apply(transaction->server, transaction->request->base, transaction->changes,
                          transaction->change_count, &failure)) {
        drop_change(transaction, (size_t)failure.entry, &failure);
    }
}

static void apply_each(struct transaction *transaction)
{
    for (size_t i = 0; i < transaction->count; i++) {
        struct entry *entry = &transaction->entries[i];
        if (entry->state == ENTRY_CHANGE && !changes_apply(transaction->server, transaction->request->base,
                                                           &transaction->changes[entry->change], 1, &entry->failure)) {
            entry->state = ENTRY_FAILED;
            entry->failure.entry = (int)i;
        }
    }
}

/* What a Bundle that is run as a batch calls its entries, and the ids that these have or will have. */
struct promises {
    struct table by_url;    /* "Type/id" by fullUrl */
    struct table by_target; /* the same by itself */
};

/* The id of what the entry would create, or of what its condition finds. */
static const char *promise(struct transaction *transaction, struct change *change)
{
    struct store *store = &transaction->server->store;
    struct failure failure;
    struct rows rows;
    const char *found = NULL;

    if (change->method != CHANGE_CREATE) {
        return change->target;
    }
    if (change->condition != NULL &&
        search_condition(store, transaction->request->base, change->type, change->condition, &rows, &failure)) {
        found = rows.count == 1 ? rows.items[0]->target : NULL;
        rows_free(&rows);
    }
    if (found == NULL) {
        store_new_target(store, change->type, change->target);
    }
    return found != NULL ? found : change->target;
}

static bool keep_promise(cJSON *reference, const char *element, void *context)
{
    const struct promises *promises = context;
    const char *target = table_get(&promises->by_url, reference->valuestring);

    (void)element;
    if (target != NULL) {
        need(cJSON_SetValuestring(reference, target));
    }
    return true;
}

/* As Medplum's router: ids are given first, references rewritten, and then each entry is stored or not, by itself. What is
 * stored may name, by the id that it would have had, what is not. */
static void apply_one_by_one(struct transaction *transaction)
{
    struct promises promises = {0};

    for (size_t i = 0; i < transaction->change_count; i++) {
        struct change *change = &transaction->changes[i];
        if (change->full_url != NULL && text_starts_with(change->full_url, "urn:uuid:")) {
            char *target = (char *)(uintptr_t)promise(transaction, change);
            table_put(&promises.by_url, change->full_url, target);
            table_put(&promises.by_target, target, target);
        }
    }
    for (size_t i = 0; i < transaction->change_count; i++) {
        struct change *change = &transaction->changes[i];
        change->promised = &promises.by_target;
        if (change->tree != NULL) {
            each_reference(change->tree, keep_promise, &promises);
        }
    }
    apply_each(transaction);
    table_free(&promises.by_url);
    table_free(&promises.by_target);
}

/* Whether entries are called something that others may name them by. */
static bool has_names(const struct transaction *transaction)
{
    for (size_t i = 0; i < transaction->change_count; i++) {
        if (transaction->changes[i].full_url != NULL) {
            return true;
        }
    }
    return false;
}

static bool apply_entries(struct transaction *transaction, struct failure *failure)
{
    struct server *server = transaction->server;
    const char *base = transaction->request->base;

    if (transaction->atomic && server->options.as_batch && has_names(transaction)) {
        apply_one_by_one(transaction);
        return true;
    }
    if (transaction->atomic && server->options.as_batch) {
        apply_possible(transaction);
        return true;
    }
    if (transaction->atomic) {
        if (!changes_apply(server, base, transaction->changes, transaction->change_count, failure)) {
            name_entry(transaction, failure);
            return false;
        }
        return true;
    }
    apply_each(transaction);
    return true;
}

static void append_change(const struct transaction *transaction, const struct change *change, struct buffer *out)
{
    const char *prefer = transaction->request->prefer;
    int status = change_status(change);
    char at[40];

    buffer_append_byte(out, '{');
    if (prefer != NULL && strstr(prefer, "return=representation") != NULL && change->method != CHANGE_DELETE) {
        buffer_append_text(out, "\"resource\":");
        version_append(change->version, out);
        buffer_append_byte(out, ',');
    }
    buffer_format(out, "\"response\":{\"status\":\"%d %s\"", status, status_words(status));
    if (change->version != NULL) {
        buffer_format(out, ",\"location\":\"%s/_history/%lld\",\"etag\":\"%lld\"", change->target,
                      (long long)change->version->number, (long long)change->version->number);
    }
    if (change->effect == EFFECT_CREATED) { /* HAPI tells the time of creations only */
        instant_format_utc(at, sizeof at, change->version->at);
        buffer_format(out, ",\"lastModified\":\"%s\"", at);
    }
    buffer_append_text(out, ",\"outcome\":");
    append_information(out, change_words(change));
    buffer_append_text(out, "}}");
}

static void append_read(const struct transaction *transaction, const struct entry *entry, struct buffer *out)
{
    size_t path = strcspn(entry->url, "?");
    char *text = need(memory_copy_text(entry->url));
    struct request request = {.method = "GET", .path = text, .base = transaction->request->base, .no_cache = true};
    struct reply reply;

    text[path] = '\0';
    if (entry->url[path] == '?') {
        query_parse(&request.query, entry->url + path + 1, strlen(entry->url + path + 1));
    }
    rest_handle(transaction->server, &request, &reply);
    buffer_append_byte(out, '{');
    if (reply.status < 400) {
        buffer_append_text(out, "\"resource\":");
        buffer_append(out, reply.body.data, reply.body.length);
        buffer_append_byte(out, ',');
    }
    buffer_format(out, "\"response\":{\"status\":\"%d %s\"", reply.status, status_words(reply.status));
    if (reply.status >= 400) {
        buffer_append_text(out, ",\"outcome\":");
        buffer_append(out, reply.body.data, reply.body.length);
    }
    if (reply.etag[0] != '\0') {
        buffer_append_text(out, ",\"etag\":");
        append_quoted(out, reply.etag);
    }
    buffer_append_text(out, "}}");
    reply_free(&reply);
    query_free(&request.query);
    memory_free(text);
}

static void append_entries(const struct transaction *transaction, struct buffer *out)
{
    const char *separator = ",\"entry\":[";

    for (size_t i = 0; i < transaction->count; i++) {
        const struct entry *entry = &transaction->entries[i];
        const struct change *change = &transaction->changes[entry->change];
        if (entry->state == ENTRY_CHANGE && change->effect == EFFECT_MERGED) {
            continue; /* the answer has fewer entries than the request */
        }
        buffer_append_text(out, separator);
        separator = ",";
        switch (entry->state) {
        case ENTRY_CHANGE:
            append_change(transaction, change, out);
            break;
        case ENTRY_READ:
            append_read(transaction, entry, out);
            break;
        case ENTRY_FAILED:
            buffer_format(out, "{\"response\":{\"status\":\"%d %s\",\"outcome\":", entry->failure.status,
                          status_words(entry->failure.status));
            append_failure(out, &entry->failure);
            buffer_append_text(out, "}}");
            break;
        }
    }
    buffer_append_text(out, strcmp(separator, ",") == 0 ? "]}" : "}");
}

static bool run(struct transaction *transaction, const cJSON *nodes, struct reply *reply, struct failure *failure)
{
    if (!read_entries(transaction, nodes, failure) || !apply_entries(transaction, failure)) {
        return false;
    }
    buffer_format(&reply->body, "{\"resourceType\":\"Bundle\",\"type\":\"%s\"",
                  transaction->atomic ? "transaction-response" : "batch-response");
    append_entries(transaction, &reply->body);
    return true;
}

bool transaction_answer(struct server *server, const struct request *request, struct reply *reply,
                        struct failure *failure)
{
    struct transaction transaction = {.server = server, .request = request};
    cJSON *bundle = NULL;
    const cJSON *nodes = NULL;
    const char *type = NULL;
    bool ok = false;

    if (!body_parse(request->body, request->length, &bundle, failure)) {
        return false;
    }
    type = json_text(bundle, "type");
    nodes = json_array(bundle, "entry");
    transaction.atomic = text_equal(type, "transaction");
    transaction.count = nodes == NULL ? 0 : (size_t)cJSON_GetArraySize(nodes);
    transaction.entries = need(memory_allocate_array(transaction.count + 1, sizeof transaction.entries[0]));
    transaction.changes = need(memory_allocate_array(transaction.count + 1, sizeof transaction.changes[0]));
    if (!text_equal(json_text(bundle, "resourceType"), "Bundle") ||
        (!transaction.atomic && !text_equal(type, "batch"))) {
        fail(failure, 400, "processing", "HAPI-0527: Unable to process transaction where incoming Bundle.type = %s",
             type == NULL ? "null" : type);
    } else {
        ok = run(&transaction, nodes, reply, failure);
    }
    memory_free(transaction.entries);
    memory_free(transaction.changes);
    cJSON_Delete(bundle);
    return ok;
}
