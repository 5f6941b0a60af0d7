/* See exchange.h. */
#include "exchange.h"

#include "gzip.h"
#include "rest.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

struct exchange *exchange_new(const char *uri)
{
    struct exchange *exchange = need(memory_allocate(sizeof *exchange));

    exchange->uri = need(memory_copy_text(uri));
    buffer_init(&exchange->upload, UPLOAD_LIMIT);
    return exchange;
}

void exchange_free(struct exchange *exchange)
{
    if (exchange != NULL) {
        memory_free(exchange->uri);
        buffer_free(&exchange->upload);
        memory_free(exchange);
    }
}

const char *exchange_header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

bool exchange_is_control(const struct exchange *exchange)
{
    return text_starts_with(exchange->uri, "/control");
}

bool exchange_is_batch(const struct exchange *exchange)
{
    return text_starts_with(buffer_text(&exchange->upload), "{\"resourceType\":\"Bundle\",\"type\":\"batch\"");
}

bool exchange_is_foreign(const struct exchange *exchange)
{
    const struct fault *fault = exchange->fault;

    return fault != NULL && (fault->kind == FAULT_STATUS || fault->kind == FAULT_HTML ||
                             fault->kind == FAULT_NOT_JSON || fault->kind == FAULT_ENDLESS);
}

/* A reply that no FHIR server wrote. */
static void foreign_reply(const struct fault *fault, struct reply *reply)
{
    const char *body = json_text(fault->spec, "body");

    reply_init(reply, 200);
    switch (fault->kind) {
    case FAULT_STATUS:
        reply->status = (int)fault_number(fault, "status", 500);
        buffer_append_text(&reply->body, body);
        break;
    case FAULT_HTML:
        reply->content_type = "text/html";
        buffer_append_text(&reply->body, "<!DOCTYPE html><html><head><title>Guest network</title></head>"
                                         "<body><p>Please accept the terms of use.</p></body></html>\n");
        break;
    case FAULT_NOT_JSON:
        buffer_append_text(&reply->body, "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"entry\":[{]}\n");
        break;
    case FAULT_ENDLESS:
        buffer_append_text(&reply->body, "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"entry\":[");
        break;
    case FAULT_DROP_REQUEST:
    case FAULT_OFFLINE:
    case FAULT_HANG:
    case FAULT_DROP_REPLY:
    case FAULT_TRUNCATE:
    case FAULT_SLOW:
    case FAULT_REJECT:
        break; /* these are answered by the server itself, or not at all */
    }
}

/* The address by which the client calls us, so that links lead back the same way. */
static void find_base(struct MHD_Connection *connection, int port, char *out, size_t size)
{
    const char *host = exchange_header(connection, "Host");

    if (host != NULL && host[0] != '\0' &&
        host[strspn(host, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.:-[]")] == '\0') {
        snprintf(out, size, "http://%.200s" BASE_PATH, host);
    } else {
        snprintf(out, size, "http://127.0.0.1:%d" BASE_PATH, port);
    }
}

static bool is_allowed(const struct server *server, struct MHD_Connection *connection, const struct request *request)
{
    const char *token = server->options.token;
    const char *given = exchange_header(connection, "Authorization");

    return token == NULL || strcmp(request->path, "metadata") == 0 ||
           (given != NULL && strncasecmp(given, "Bearer ", 7) == 0 && strcmp(given + 7, token) == 0);
}

/* Inflates the body where needed. */
static bool unpack(struct exchange *exchange, const char *encoding, struct failure *failure)
{
    struct buffer plain;

    if (exchange->upload.status != STATUS_OK) {
        return fail(failure, 413, "too-long", "The body is too large");
    }
    if (encoding == NULL || strcmp(encoding, "identity") == 0) {
        return true;
    }
    if (strcmp(encoding, "gzip") != 0) {
        return fail(failure, 415, "not-supported", "The content encoding is not supported");
    }
    buffer_init(&plain, UPLOAD_LIMIT);
    if (!gzip_inflate(&exchange->upload, &plain)) {
        buffer_free(&plain);
        return fail(failure, 400, "invalid", "The body can not be inflated");
    }
    buffer_free(&exchange->upload);
    exchange->upload = plain;
    return true;
}

static void answer_fhir(struct exchange *exchange, struct server *server, struct MHD_Connection *connection,
                        struct request *request, struct reply *reply)
{
    const char *cache = exchange_header(connection, "Cache-Control");
    const char *content_type = exchange_header(connection, "Content-Type");
    struct failure failure = {.entry = -1};

    request->content_type = content_type;
    request->if_none_exist = exchange_header(connection, "If-None-Exist");
    request->if_match = exchange_header(connection, "If-Match");
    request->if_none_match = exchange_header(connection, "If-None-Match");
    request->prefer = exchange_header(connection, "Prefer");
    request->no_cache = cache != NULL && (strstr(cache, "no-cache") != NULL || strstr(cache, "no-store") != NULL);
    reply_init(reply, 200);
    if (!is_allowed(server, connection, request)) {
        fail(&failure, 401, "login", "A bearer token is needed");
    } else if (unpack(exchange, exchange_header(connection, "Content-Encoding"), &failure)) {
        request->body = buffer_text(&exchange->upload);
        request->length = exchange->upload.length;
        if (strcmp(request->method, "POST") == 0 && content_type != NULL &&
            text_starts_with(content_type, "application/x-www-form-urlencoded")) {
            query_parse(&request->query, request->body, request->length);
        }
        rest_handle(server, request, reply);
        return;
    }
    reply_fail(reply, &failure);
}

static void answer_served(struct exchange *exchange, struct server *server, const struct counters *counters, int port,
                          struct MHD_Connection *connection, const char *method, struct reply *reply)
{
    size_t path_length = strcspn(exchange->uri, "?");
    const char *question = exchange->uri + path_length;
    char *path = need(memory_copy_text(exchange->uri));
    char base[256];
    struct request request = {.method = strcmp(method, "HEAD") == 0 ? "GET" : method, .base = base};

    path[path_length] = '\0';
    find_base(connection, port, base, sizeof base);
    if (*question == '?') {
        query_parse(&request.query, question + 1, strlen(question + 1));
    }
    if (exchange_is_control(exchange)) {
        request.path = path + 1;
        request.body = buffer_text(&exchange->upload);
        request.length = exchange->upload.length;
        control_handle(server, counters, &request, reply);
    } else if (text_starts_with(path, BASE_PATH) && strchr("/", path[sizeof BASE_PATH - 1]) != NULL) {
        request.path = path + sizeof BASE_PATH - 1 + strspn(path + sizeof BASE_PATH - 1, "/");
        answer_fhir(exchange, server, connection, &request, reply);
    } else {
        struct failure failure = {.entry = -1};
        fail(&failure, 404, "not-found", "FHIR is served below " BASE_PATH);
        reply_init(reply, 404);
        reply_fail(reply, &failure);
    }
    query_free(&request.query);
    memory_free(path);
}

void exchange_answer(struct exchange *exchange, struct server *server, const struct counters *counters, int port,
                     struct MHD_Connection *connection, const char *method, struct reply *reply)
{
    if (exchange_is_foreign(exchange)) {
        foreign_reply(exchange->fault, reply);
    } else {
        answer_served(exchange, server, counters, port, connection, method, reply);
    }
}
