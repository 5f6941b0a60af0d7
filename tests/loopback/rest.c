/* See rest.h. */
#include "rest.h"

#include "index.h"
#include "pages.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEDIA_TYPE "application/fhir+json;charset=UTF-8"

void reply_init(struct reply *reply, int status)
{
    *reply = (struct reply){.status = status, .content_type = MEDIA_TYPE, .last_modified = INSTANT_NONE};
    buffer_init(&reply->body, BODY_LIMIT);
}

void reply_free(struct reply *reply)
{
    buffer_free(&reply->body);
}

void reply_fail(struct reply *reply, const struct failure *failure)
{
    reply_free(reply);
    reply_init(reply, failure->status);
    append_failure(&reply->body, failure);
}

bool body_parse(const char *bytes, size_t length, cJSON **out, struct failure *failure)
{
    struct error error = {0};
    const char *type = NULL;

    if (json_parse(bytes, length, out, &error) != STATUS_OK) {
        return fail(failure, 400, "invalid", "HAPI-0450: Failed to parse request body as JSON resource. Error was: %s",
                    error.sentence);
    }
    type = json_text(*out, "resourceType");
    if (type == NULL || !type_is_known(type)) {
        fail(failure, 400, "invalid",
             type == NULL ? "HAPI-1838: Invalid JSON content detected, missing required element: 'resourceType'"
                          : "HAPI-1814: Unknown resource type in the body");
    } else if (cJSON_HasObjectItem(*out, "id") && !fhir_id_is_valid(json_text(*out, "id"))) {
        fail(failure, 400, "invalid", "The element 'id' is no FHIR id");
    } else if (json_member(*out, "meta") != NULL && json_object(*out, "meta") == NULL) {
        fail(failure, 400, "invalid", "The element 'meta' is no object");
    } else {
        return true;
    }
    cJSON_Delete(*out);
    *out = NULL;
    return false;
}

/* Cuts "Type[/id][?condition]" apart. */
static bool read_url(struct change *change, const char *url, struct failure *failure)
{
    size_t path = strcspn(url, "?");
    size_t length = strcspn(url, "/?");

    snprintf(change->type, sizeof change->type, "%.*s", (int)(length < TYPE_SIZE ? length : 0), url);
    if (!type_is_known(change->type)) {
        return fail(failure, 404, "processing", "HAPI-0302: Unknown resource type '%s'", change->type);
    }
    change->condition = url[path] == '?' ? url + path + 1 : NULL;
    if (url[length] == '/') {
        if (path - length > ID_SIZE || path == length + 1) {
            return fail(failure, 400, "invalid", "Invalid URL \"%s\"", url);
        }
        snprintf(change->target, sizeof change->target, "%.*s", (int)path, url);
        if (!fhir_id_is_valid(change->target + length + 1)) {
            return fail(failure, 400, "invalid", "Invalid resource id in \"%s\"", url);
        }
    }
    return true;
}

bool change_from(struct change *change, const char *method, const char *url, cJSON *tree, struct failure *failure)
{
    bool to_type = false;

    if (!read_url(change, url, failure)) {
        return false;
    }
    to_type = change->target[0] == '\0';
    change->tree = tree;
    if (strcmp(method, "POST") == 0) {
        change->method = CHANGE_CREATE;
        if (!to_type || change->condition != NULL) {
            return fail(failure, 400, "invalid", "Can not create with the URL \"%s\"", url);
        }
    } else if (strcmp(method, "PUT") == 0) {
        change->method = CHANGE_UPDATE;
        if (to_type == (change->condition == NULL)) {
            return fail(failure, 400, "invalid", "Can not update with the URL \"%s\"", url);
        }
        if (!to_type && !text_equal(json_text(tree, "id"), strchr(change->target, '/') + 1)) {
            return fail(failure, 400, "invalid",
                        "HAPI-0420: Can not update resource, resource body must contain an ID element which matches "
                        "the request URL");
        }
    } else if (strcmp(method, "DELETE") == 0) {
        change->method = CHANGE_DELETE;
        change->tree = NULL;
        if (to_type || change->condition != NULL) {
            return fail(failure, 400, "not-supported", "Can not delete with the URL \"%s\"", url);
        }
    } else {
        return fail(failure, 405, "not-supported", "The method %s is not supported here", method);
    }
    if (change->method != CHANGE_DELETE && !text_equal(json_text(tree, "resourceType"), change->type)) {
        return fail(failure, 400, "invalid", "Incorrect resource type found, expected \"%s\"", change->type);
    }
    return true;
}

static void describe(const struct request *request, const struct version *version, struct reply *reply)
{
    snprintf(reply->etag, sizeof reply->etag, "W/\"%lld\"", (long long)version->number);
    snprintf(reply->content_location, sizeof reply->content_location, "%s/%s/_history/%lld", request->base,
             version->resource->target, (long long)version->number);
    reply->last_modified = version->at;
}

static bool write_answer(struct server *server, const struct request *request, struct reply *reply,
                         struct failure *failure)
{
    struct change change = {.if_match = request->if_match};
    cJSON *tree = NULL;
    struct buffer url;
    bool ok = strcmp(request->method, "DELETE") == 0 || body_parse(request->body, request->length, &tree, failure);

    buffer_init(&url, BODY_LIMIT);
    buffer_append_text(&url, request->path);
    if (request->query.count > 0) {
        buffer_append_byte(&url, '?');
        query_append(&request->query, &url, NULL);
    }
    ok = ok && change_from(&change, request->method, buffer_text(&url), tree, failure);
    if (change.method == CHANGE_CREATE && request->if_none_exist != NULL) {
        change.condition = request->if_none_exist;
    }
    ok = ok && changes_apply(server, request->base, &change, 1, failure);
    if (!ok) {
        failure->entry = -1;
    } else if (change.method == CHANGE_DELETE) {
        append_information(&reply->body, change_words(&change));
    } else {
        reply->status = change_status(&change);
        describe(request, change.version, reply);
        if (change.method == CHANGE_CREATE) {
            memcpy(reply->location, reply->content_location, sizeof reply->location);
        }
        if (request->prefer != NULL && strstr(request->prefer, "return=OperationOutcome") != NULL) {
            append_information(&reply->body, change_words(&change));
        } else if (request->prefer == NULL || strstr(request->prefer, "return=minimal") == NULL) {
            version_append(change.version, &reply->body);
        }
    }
    buffer_free(&url);
    cJSON_Delete(tree);
    return ok;
}

static bool read_answer(struct server *server, const struct request *request, const char *target,
                        const char *version_id, struct reply *reply, struct failure *failure)
{
    const struct resource *resource = store_find(&server->store, target);
    const struct version *version = resource == NULL ? NULL : resource->current;
    char *end = NULL;
    long long number = version_id == NULL ? 0 : strtoll(version_id, &end, 10);

    while (version_id != NULL && version != NULL && (*end != '\0' || version->number != number)) {
        version = version->previous;
    }
    if (version == NULL) {
        return fail(failure, 404, "processing", "HAPI-2001: Resource %s is not known", target);
    }
    describe(request, version, reply);
    if (version->tail == NULL) {
        fail(failure, 410, "processing", "Resource was deleted");
        reply_fail(reply, failure);
        snprintf(reply->location, sizeof reply->location, "%s/%s/_history/%lld", request->base, target,
                 (long long)version->number);
        return true;
    }
    if (request->if_none_match != NULL && strstr(request->if_none_match, reply->etag) != NULL) {
        reply->status = 304;
        return true;
    }
    version_append(version, &reply->body);
    return true;
}

/* Type, Type/id and what hangs below them. `parts` are the segments of the path. */
static bool resource_answer(struct server *server, const struct request *request, char *const parts[], size_t count,
                            struct reply *reply, struct failure *failure)
{
    bool get = strcmp(request->method, "GET") == 0;
    char target[TARGET_SIZE] = "";

    if (!type_is_known(parts[0])) {
        return fail(failure, 404, "processing", "HAPI-0302: Unknown resource type '%s'", parts[0]);
    }
    if (count == 1 && get) {
        return search_answer(server, request, parts[0], reply, failure);
    }
    if (count == 2 && strcmp(parts[1], "_search") == 0) {
        return search_answer(server, request, parts[0], reply, failure);
    }
    if (count == 2 && get && strcmp(parts[1], "_history") == 0) {
        return history_answer(server, request, parts[0], NULL, reply, failure);
    }
    if (count <= 2 && !get) {
        return write_answer(server, request, reply, failure);
    }
    if (!fhir_id_is_valid(parts[1]) || !get || (count > 2 && strcmp(parts[2], "_history") != 0) || count > 4) {
        return fail(failure, 400, "not-supported", "HAPI-0298: Invalid request: The FHIR endpoint on this server does "
                    "not know how to handle %s operation[%s]", request->method, request->path);
    }
    snprintf(target, sizeof target, "%s/%s", parts[0], parts[1]);
    if (count == 3 && store_find(&server->store, target) != NULL) {
        return history_answer(server, request, parts[0], target, reply, failure);
    }
    return read_answer(server, request, target, count == 4 ? parts[3] : NULL, reply, failure);
}

static bool check_content_type(const struct request *request, struct failure *failure)
{
    const char *type = request->content_type == NULL ? "" : request->content_type;
    size_t length = strcspn(type, "; ");
    size_t path = strlen(request->path);
    bool search = path > 8 && strcmp(request->path + path - 8, "/_search") == 0;
    static const char *const bodies[] = {"application/fhir+json", "application/json", "text/json"};

    if (search) {
        return (length == 33 && strncmp(type, "application/x-www-form-urlencoded", length) == 0) ||
               fail(failure, 400, "processing", "A search form has the content type application/x-www-form-urlencoded");
    }
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        if (strlen(bodies[i]) == length && strncasecmp(type, bodies[i], length) == 0) {
            return true;
        }
    }
    return fail(failure, 400, "processing",
                "HAPI-0446: The content type in the request header is \"%s\" but should be a FHIR JSON type", type);
}

static bool route(struct server *server, const struct request *request, char *const parts[], size_t count,
                  struct reply *reply, struct failure *failure)
{
    bool get = strcmp(request->method, "GET") == 0;

    if ((strcmp(request->method, "POST") == 0 || strcmp(request->method, "PUT") == 0) &&
        !check_content_type(request, failure)) {
        return false;
    }
    if (count == 0 && get && query_value(&request->query, "_getpages") != NULL) {
        return search_next_page(server, request, reply, failure);
    }
    if (count == 0 && strcmp(request->method, "POST") == 0) {
        return transaction_answer(server, request, reply, failure);
    }
    if (count == 1 && get && strcmp(parts[0], "metadata") == 0) {
        metadata_answer(server, reply);
        return true;
    }
    if (count == 1 && get && strcmp(parts[0], "_history") == 0) {
        return history_answer(server, request, NULL, NULL, reply, failure);
    }
    if (count == 0) {
        return fail(failure, 400, "processing", "HAPI-0287: This is the base URL of FHIR server. Unable to handle this "
                    "request, as it does not contain a resource type or operation name.");
    }
    return resource_answer(server, request, parts, count, reply, failure);
}

void rest_handle(struct server *server, const struct request *request, struct reply *reply)
{
    struct failure failure = {.entry = -1};
    char *path = need(memory_copy_text(request->path));
    char *parts[6] = {NULL};
    size_t count = 0;
    char *rest = path;

    for (char *part = NULL; count < 5 && (part = strsep(&rest, "/")) != NULL;) {
        if (*part != '\0') {
            parts[count++] = part;
        }
    }
    reply_init(reply, 200);
    if (!route(server, request, parts, count, reply, &failure)) {
        reply_fail(reply, &failure);
    }
    memory_free(path);
}

void metadata_answer(struct server *server, struct reply *reply)
{
    static const char *const kinds[] = {
        [PARAMETER_TOKEN] = "token", [PARAMETER_REFERENCE] = "reference", [PARAMETER_DATE] = "date"};
    static const char *const interactions = "\"interaction\":[{\"code\":\"read\"},{\"code\":\"vread\"},"
        "{\"code\":\"create\"},{\"code\":\"update\"},{\"code\":\"delete\"},{\"code\":\"search-type\"},"
        "{\"code\":\"history-instance\"},{\"code\":\"history-type\"}],\"versioning\":\"versioned-update\","
        "\"readHistory\":true,\"updateCreate\":true,\"conditionalCreate\":true,\"conditionalUpdate\":true,"
        "\"searchParam\":[{\"name\":\"_id\",\"type\":\"token\"},{\"name\":\"_lastUpdated\",\"type\":\"date\"}";
    struct buffer *out = &reply->body;
    char now[40];

    instant_format_utc(now, sizeof now, clock_now(&server->store.clock));
    buffer_format(out, "{\"resourceType\":\"CapabilityStatement\",\"status\":\"active\",\"date\":\"%s\",", now);
    buffer_append_text(out, "\"kind\":\"instance\",\"software\":{\"name\":\"doorstep loopback\",\"version\":\"1\"},"
                       "\"implementation\":{\"description\":\"loopback server for tests\"},\"fhirVersion\":\"4.0.1\","
                       "\"format\":[\"application/fhir+json\",\"json\"],\"rest\":[{\"mode\":\"server\",\"resource\":[");
    for (size_t i = 0; type_at(i) != NULL; i++) {
        const struct parameter *parameter = NULL;
        buffer_format(out, "%s{\"type\":\"%s\",%s", i == 0 ? "" : ",", type_at(i), interactions);
        for (size_t row = 0; (parameter = parameter_at(type_at(i), row)) != NULL; row++) {
            buffer_format(out, ",{\"name\":\"%s\",\"type\":\"%s\"}", parameter->name, kinds[parameter->kind]);
        }
        buffer_append_text(out, "]}");
    }
    buffer_append_text(out, "],\"interaction\":[{\"code\":\"transaction\"},{\"code\":\"batch\"},"
                       "{\"code\":\"history-system\"}]}]}");
}
