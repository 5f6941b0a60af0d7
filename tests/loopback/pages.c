/* See pages.h. Results are kept in a ring: the oldest make room, and their links answer 410. */
#include "pages.h"

#include "index.h"
#include "search.h"

#include "base/text.h"

#include <string.h>

#define KEPT_SEARCHES 64
#define PAGE_SIZE 20      /* HAPI's when _count is absent */
#define LARGEST_PAGE 200

struct result {
    char token[UUID_SIZE];
    char *key;         /* owned: "Type?query", NULL when the place is free */
    char *elements;    /* owned: _elements, or NULL */
    bool count_only;   /* _summary=count */
    bool total_always; /* _total=accurate */
    instant made;
    struct rows rows;
};

struct searches {
    struct result results[KEPT_SEARCHES];
    size_t next;
    struct randomness randomness;
};

struct searches *searches_new(struct randomness randomness)
{
    struct searches *searches = need(memory_allocate(sizeof *searches));

    searches->randomness = randomness;
    return searches;
}

static void result_free(struct result *result)
{
    memory_free(result->key);
    memory_free(result->elements);
    rows_free(&result->rows);
    *result = (struct result){0};
}

void searches_free(struct searches *searches)
{
    for (size_t i = 0; i < KEPT_SEARCHES; i++) {
        result_free(&searches->results[i]);
    }
    memory_free(searches);
}

/* What the client asked for, cut to what the server allows. */
static size_t page_size(const struct server *server, const struct request *request)
{
    int64_t largest = server->options.largest_page > 0 ? server->options.largest_page : LARGEST_PAGE;
    int64_t usual = PAGE_SIZE < largest ? PAGE_SIZE : largest;

    return (size_t)query_number(&request->query, "_count", usual, largest);
}

static bool in_list(const char *list, const char *word)
{
    size_t length = strlen(word);

    while (*list != '\0') {
        size_t span = strcspn(list, ",");
        if (span == length && strncmp(list, word, length) == 0) {
            return true;
        }
        list += span + (list[span] == ',' ? 1 : 0);
    }
    return false;
}

/* The resource with the wanted top-level elements only, marked as SUBSETTED. */
static void append_subset(const struct version *version, const char *elements, struct buffer *out)
{
    cJSON *tree = version_tree(version);
    cJSON *meta = cJSON_GetObjectItemCaseSensitive(tree, "meta");
    cJSON *tags = cJSON_GetObjectItemCaseSensitive(meta, "tag");
    cJSON *tag = NULL;
    char *text = NULL;

    for (cJSON *member = tree->child, *next = NULL; member != NULL; member = next) {
        next = member->next;
        if (!in_list("resourceType,id,meta", member->string) && !in_list(elements, member->string)) {
            cJSON_Delete(cJSON_DetachItemViaPointer(tree, member));
        }
    }
    tags = tags == NULL ? json_add_array(meta, "tag") : tags;
    tag = json_add_object(tags, NULL);
    json_add_text(tag, "system", "http://terminology.hl7.org/CodeSystem/v3-ObservationValue");
    json_add_text(tag, "code", "SUBSETTED");
    text = need(json_print(tree));
    buffer_append_text(out, text);
    memory_free(text);
    cJSON_Delete(tree);
}

static void append_link(struct buffer *out, const char *relation, const char *url)
{
    buffer_format(out, "{\"relation\":\"%s\",\"url\":", relation);
    append_quoted(out, url);
    buffer_append_byte(out, '}');
}

static void begin_bundle(struct server *server, struct reply *reply, const char *type)
{
    char token[UUID_SIZE];
    char now[40];

    uuid_make(token, &server->searches->randomness);
    instant_format_utc(now, sizeof now, clock_now(&server->store.clock));
    buffer_format(&reply->body,
                  "{\"resourceType\":\"Bundle\",\"id\":\"%s\",\"meta\":{\"lastUpdated\":\"%s\"},\"type\":\"%s\"",
                  token, now, type);
}

static void append_next_link(const struct request *request, const struct result *result, size_t offset, size_t count,
                             struct buffer *out)
{
    struct buffer url;

    buffer_init(&url, BODY_LIMIT);
    buffer_format(&url, "%s?_getpages=%s&_getpagesoffset=%zu&_count=%zu", request->base, result->token, offset, count);
    if (result->elements != NULL) {
        buffer_format(&url, "&_elements=%s", result->elements);
    }
    buffer_append_text(&url, "&_bundletype=searchset");
    buffer_append_byte(out, ',');
    append_link(out, "next", buffer_text(&url));
    buffer_free(&url);
}

static void write_page(struct server *server, const struct request *request, const struct result *result,
                       size_t offset, size_t count, struct reply *reply)
{
    struct buffer *out = &reply->body;
    size_t end = offset + count < result->rows.count ? offset + count : result->rows.count;
    bool several = result->rows.count > count;
    const char *separator = ",\"entry\":[";
    struct buffer self;

    begin_bundle(server, reply, "searchset");
    /* Like HAPI, which knows the total of a long result only from a later page on. */
    if (!several || result->total_always || result->count_only || count == 0 || offset >= 2 * count) {
        buffer_format(out, ",\"total\":%zu", result->rows.count);
    }
    buffer_init(&self, BODY_LIMIT);
    buffer_format(&self, "%s/", request->base);
    buffer_append_text(&self, result->key);
    buffer_append_text(out, ",\"link\":[");
    append_link(out, "self", buffer_text(&self));
    buffer_free(&self);
    if (result->count_only || count == 0) {
        buffer_append_text(out, "]}");
        return;
    }
    if (end < result->rows.count) {
        append_next_link(request, result, end, count, out);
    }
    buffer_append_byte(out, ']');
    for (size_t i = offset; i < end; i++) {
        const struct resource *resource = result->rows.items[i];
        if (resource_is_deleted(resource)) { /* since the search ran */
            continue;
        }
        buffer_format(out, "%s{\"fullUrl\":\"%s/%s\",\"resource\":", separator, request->base, resource->target);
        if (result->elements != NULL) {
            append_subset(resource->current, result->elements, out);
        } else {
            version_append(resource->current, out);
        }
        buffer_append_text(out, ",\"search\":{\"mode\":\"match\"}}");
        separator = ",";
    }
    buffer_append_text(out, strcmp(separator, ",") == 0 ? "]}" : "}");
}

static struct result *find_cached(struct server *server, const struct request *request, const char *key)
{
    instant oldest = clock_now(&server->store.clock) - server->options.search_cache;

    for (size_t i = 0; i < KEPT_SEARCHES && !request->no_cache; i++) {
        struct result *result = &server->searches->results[i];
        if (result->key != NULL && result->made > oldest && strcmp(result->key, key) == 0) {
            return result;
        }
    }
    return NULL;
}

static bool run_search(struct server *server, const struct request *request, const char *type, struct result *result,
                       struct failure *failure)
{
    const char *summary = query_value(&request->query, "_summary");
    const char *total = query_value(&request->query, "_total");

    if (summary != NULL && !in_list("count,false", summary)) {
        return fail(failure, 400, "not-supported", "_summary=%s is not supported", summary);
    }
    result->count_only = text_equal(summary, "count");
    result->total_always = text_equal(total, "accurate");
    result->elements = memory_copy_text(query_value(&request->query, "_elements"));
    result->made = clock_now(&server->store.clock);
    uuid_make(result->token, &server->searches->randomness);
    return search_select(&server->store, request->base, type, &request->query, &result->rows, failure) &&
           search_sort(&result->rows, query_value(&request->query, "_sort"), failure);
}

bool search_answer(struct server *server, const struct request *request, const char *type, struct reply *reply,
                   struct failure *failure)
{
    struct searches *searches = server->searches;
    struct buffer key;
    struct result *result = NULL;
    struct result fresh = {0};

    buffer_init(&key, BODY_LIMIT);
    buffer_format(&key, "%s?", type);
    query_append(&request->query, &key, NULL);
    result = find_cached(server, request, buffer_text(&key));
    reply->from_cache = result != NULL;
    if (result == NULL) {
        if (!run_search(server, request, type, &fresh, failure)) {
            buffer_free(&key);
            result_free(&fresh);
            return false;
        }
        result = &searches->results[searches->next++ % KEPT_SEARCHES];
        result_free(result);
        *result = fresh;
        result->key = need(buffer_take(&key));
    }
    buffer_free(&key);
    write_page(server, request, result, 0, page_size(server, request), reply);
    return true;
}

bool search_next_page(struct server *server, const struct request *request, struct reply *reply,
                      struct failure *failure)
{
    const char *token = query_value(&request->query, "_getpages");
    size_t count = page_size(server, request);

    for (size_t i = 0; i < KEPT_SEARCHES; i++) {
        const struct result *result = &server->searches->results[i];
        if (result->key != NULL && text_equal(token, result->token)) {
            size_t offset = (size_t)query_number(&request->query, "_getpagesoffset", 0, INT32_MAX);
            offset = offset < result->rows.count ? offset : result->rows.count;
            write_page(server, request, result, offset, count, reply);
            return true;
        }
    }
    return fail(failure, 410, "processing", "HAPI-0417: Search ID[%s] does not exist and may have expired",
                token == NULL ? "" : token);
}

static void append_history_entry(const struct request *request, const struct version *version, struct buffer *out)
{
    static const char *const methods[] = {[KIND_CREATED] = "POST", [KIND_UPDATED] = "PUT", [KIND_DELETED] = "DELETE"};
    static const int statuses[] = {[KIND_CREATED] = 201, [KIND_UPDATED] = 200, [KIND_DELETED] = 204};
    const char *target = version->resource->target;
    int status = statuses[version->kind];
    char at[40];

    instant_format_utc(at, sizeof at, version->at);
    buffer_format(out, "{\"fullUrl\":\"%s/%s\",", request->base, target);
    if (version->tail != NULL) {
        buffer_append_text(out, "\"resource\":");
        version_append(version, out);
        buffer_append_byte(out, ',');
    }
    buffer_format(out, "\"request\":{\"method\":\"%s\",\"url\":\"%s/_history/%lld\"},", methods[version->kind], target,
                  (long long)version->number);
    buffer_format(out, "\"response\":{\"status\":\"%d %s\",\"lastModified\":\"%s\",\"etag\":\"W/\\\"%lld\\\"\"}}",
                  status, status_words(status), at, (long long)version->number);
}

static void append_history_links(const struct request *request, size_t next_offset, struct buffer *out)
{
    struct buffer url;

    buffer_init(&url, BODY_LIMIT);
    buffer_format(&url, "%s/%s?", request->base, request->path);
    query_append(&request->query, &url, NULL);
    buffer_append_text(out, ",\"link\":[");
    append_link(out, "self", buffer_text(&url));
    if (next_offset > 0) {
        buffer_clear(&url);
        buffer_format(&url, "%s/%s?", request->base, request->path);
        query_append(&request->query, &url, "_offset");
        buffer_format(&url, "%s_offset=%zu", url.data[url.length - 1] == '?' ? "" : "&", next_offset);
        buffer_append_byte(out, ',');
        append_link(out, "next", buffer_text(&url));
    }
    buffer_append_byte(out, ']');
    buffer_free(&url);
}

bool history_answer(struct server *server, const struct request *request, const char *type, const char *target,
                    struct reply *reply, struct failure *failure)
{
    const struct store *store = &server->store;
    const char *since = query_value(&request->query, "_since");
    size_t offset = (size_t)query_number(&request->query, "_offset", 0, INT32_MAX);
    size_t count = page_size(server, request);
    struct span from = {INSTANT_NONE, INSTANT_NONE};
    size_t total = 0;
    const char *separator = "";
    struct buffer entries;

    if (since != NULL && !index_span(since, &from)) {
        return fail(failure, 400, "invalid", "Invalid date/time format for _since: \"%s\"", since);
    }
    buffer_init(&entries, BODY_LIMIT);
    for (size_t i = store->journal_count; i-- > 0;) {
        const struct version *version = store->journal[i];
        const struct resource *resource = version->resource;
        if (version->at < from.from || (target != NULL && strcmp(resource->target, target) != 0) ||
            (type != NULL && (strncmp(resource->target, type, strlen(type)) != 0 ||
                              resource->target[strlen(type)] != '/'))) {
            continue;
        }
        if (total >= offset && total < offset + count) {
            buffer_append_text(&entries, separator);
            append_history_entry(request, version, &entries);
            separator = ",";
        }
        total++;
    }
    begin_bundle(server, reply, "history");
    if (type != NULL || since == NULL) {
        buffer_format(&reply->body, ",\"total\":%zu", total);
    }
    append_history_links(request, count > 0 && total > offset + count ? offset + count : 0, &reply->body);
    if (entries.length > 0) { /* FHIR knows no empty arrays */
        buffer_append_text(&reply->body, ",\"entry\":[");
        buffer_append(&reply->body, entries.data, entries.length);
        buffer_append_byte(&reply->body, ']');
    }
    buffer_append_byte(&reply->body, '}');
    buffer_free(&entries);
    return true;
}
