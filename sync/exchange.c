/*
 * One counted exchange of a run, and what its answer means. See exchange.h.
 */
#include "sync/exchange.h"

#include "base/text.h"
#include "fhir/bundle.h"
#include "store/record.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define VALUE_MEMORY 144 /* bytes */

void sync_report(struct sync *sync, enum sync_phase phase, int done, int total, const char *patient)
{
    if (sync->progress != NULL) {
        struct sync_progress progress = {.phase = phase, .done = done, .total = total, .patient = patient};
        sync->progress(sync->progress_context, &progress);
    }
}

enum status sync_end_page(struct store *store, enum status status, struct error *error)
{
    if (status == STATUS_OK) {
        return record_commit(store, error);
    }
    record_abort(store);
    return status;
}

enum status sync_set_cursor(struct sync *sync, const char *scope, const char *value, struct error *error)
{
    enum status status = record_begin(sync->store, error);
    return status == STATUS_OK ? sync_end_page(sync->store, record_set_cursor(sync->store, scope, value, error), error) : status;
}

enum status exchange_check_cancelled(const struct sync *sync, struct error *error)
{
    if (sync->cancelled != NULL && atomic_load(sync->cancelled)) {
        return error_set(error, STATUS_CANCELLED, _("the sync was stopped; what is left goes with the next one"));
    }
    return STATUS_OK;
}

void url_append_escaped(struct buffer *url, const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        unsigned char byte = (unsigned char)*at;
        if (isalnum(byte) || byte == '-' || byte == '.' || byte == '_' || byte == '~' || byte == ',') {
            buffer_append_byte(url, (char)byte);
        } else {
            buffer_format(url, "%%%02X", byte);
        }
    }
}

/* Length of "scheme://authority", 0 when it is no absolute URL. */
static size_t origin_length(const char *url)
{
    const char *authority = strstr(url, "://");
    if (authority == NULL) {
        return 0;
    }
    authority += 3;
    return (size_t)(authority - url) + strcspn(authority, "/?#");
}

bool exchange_is_too_much(long code)
{
    return code == 408 || code == 413 || code == 504;
}

bool url_same_origin(const char *base, const char *link)
{
    size_t length = origin_length(base);
    return length > 0 && length == origin_length(link) && strncasecmp(base, link, length) == 0;
}

bool url_lacks_tls(const char *base, const char *link)
{
    static const char secure[] = "https://";
    static const char plain[] = "http://";
    size_t length = origin_length(base);
    if (strncasecmp(base, secure, sizeof secure - 1) != 0 || strncasecmp(link, plain, sizeof plain - 1) != 0) {
        return false;
    }
    return origin_length(link) + 1 == length &&
           strncasecmp(base + sizeof secure - 1, link + sizeof plain - 1, length - (sizeof secure - 1)) == 0;
}

/* The host that follows `authority`, without user and port; its length. */
static size_t host_length(const char *authority)
{
    return authority[0] == '[' ? strcspn(authority, "]") : strcspn(authority, ":/?#");
}

bool url_leads_elsewhere(const char *url, const char *location)
{
    const char *scheme = strstr(url, "://");
    const char *other = strstr(location, "//");
    if (scheme == NULL || other == NULL || (other > location && strcspn(location, ":/?#") + 1 != (size_t)(other - location))) {
        return false; /* a path */
    }
    size_t length = host_length(scheme + 3);
    return length != host_length(other + 2) || strncasecmp(scheme + 3, other + 2, length) != 0;
}

static enum last_end last_end(const struct response *response)
{
    if (response->end == EXCHANGE_UNKNOWN) {
        return response->bytes_in > 0 ? LAST_CUT : LAST_SILENT;
    }
    if (response->end == EXCHANGE_TOO_LARGE || (response->end == EXCHANGE_ANSWERED && response->status == 413)) {
        return LAST_TOO_LARGE;
    }
    /* The server or a gateway ran out of time. */
    return response->end == EXCHANGE_ANSWERED && exchange_is_too_much(response->status) ? LAST_CUT : LAST_WHOLE;
}

/* The server asked to be left alone: this run sends no more, what was answered so far is used. */
static enum status send_no_more(struct sync_result *result, struct error *error)
{
    char minute[32];
    result->last.end = LAST_WHOLE;
    result->last.code = 0;
    instant_format_time(minute, sizeof minute, result->not_before + INSTANT_MINUTE - 1);
    return error_set(error, STATUS_UNREACHABLE, _("the server wants to be left alone until %s; what is left goes then"), minute);
}

static void note_wait(struct sync *sync, struct sync_result *result, const struct response *response)
{
    bool asks = response->spent || response->status == 429 || response->status == 503;
    result->retry_after = response->retry_after > result->retry_after ? response->retry_after : result->retry_after;
    if (asks && response->retry_after > 0) {
        result->not_before = clock_now(&sync->clock) + response->retry_after * INSTANT_SECOND;
    }
}

enum status exchange_send(struct sync *sync, struct sync_result *result, const struct request *request,
                          struct response *response, struct error *error)
{
    response_init(response);
    enum status status = exchange_check_cancelled(sync, error);
    if (status == STATUS_OK && result->not_before != INSTANT_NONE) {
        status = send_no_more(result, error);
    }
    if (status != STATUS_OK) {
        return status;
    }
    status = sync->transport.exchange(sync->transport.context, request, response, error);
    result->entry.requests++;
    result->entry.bytes_out += (int64_t)response->bytes_out;
    result->entry.bytes_in += (int64_t)response->bytes_in;
    if (status != STATUS_OK) {
        return status;
    }
    response->elsewhere = url_leads_elsewhere(request->url, response->location);
    result->server_clock = response->server_clock != INSTANT_NONE ? response->server_clock : result->server_clock;
    note_wait(sync, result, response);
    result->last.end = last_end(response);
    result->last.code = response->status;
    result->last.words[0] = '\0';
    switch (response->end) {
    case EXCHANGE_ANSWERED:
        return STATUS_OK;
    case EXCHANGE_CANCELLED:
        return error_set(error, STATUS_CANCELLED, _("the sync was stopped; what is left goes with the next one"));
    case EXCHANGE_NOT_SENT:
    case EXCHANGE_UNKNOWN:
    case EXCHANGE_TOO_LARGE:
        break;
    }
    return error_set(error, STATUS_UNREACHABLE, "%s", response->reason);
}

void exchange_ahead(struct sync *sync, struct sync_result *result, const char *url, size_t limit)
{
    const struct request request = {.method = "GET", .url = url, .limit = limit};
    struct spent spent = {.requests = 0};
    bool wanted = url != NULL && result->not_before == INSTANT_NONE && url_same_origin(sync->server, url) &&
                  exchange_check_cancelled(sync, NULL) == STATUS_OK;
    if (sync->transport.ahead != NULL) {
        sync->transport.ahead(sync->transport.context, wanted ? &request : NULL, &spent);
        result->entry.requests += spent.requests;
        result->entry.bytes_out += (int64_t)spent.bytes_out;
        result->entry.bytes_in += (int64_t)spent.bytes_in;
    }
}

enum status exchange_post(struct sync *sync, struct sync_result *result, const char *bundle, bool asks,
                          struct response *response, struct error *error)
{
    char gzip[8] = "";
    enum status status = store_setting_get(sync->store, SETTING_SERVER_GZIP, gzip, sizeof gzip, error);
    if (status != STATUS_OK) {
        response_init(response);
        return status;
    }
    struct request request = {.method = "POST", .url = sync->server, .body = bundle, .body_length = strlen(bundle),
                              .compress = strcmp(gzip, "no") != 0, .asks = asks};
    bool proven = strcmp(gzip, "yes") == 0;
    status = exchange_send(sync, result, &request, response, error);
    if (status == STATUS_OK && request.compress &&
        (response->status == 415 || (!proven && (response->status == 400 || response->status == 500)))) {
        response_free(response);
        request.compress = false;
        proven = false;
        status = exchange_send(sync, result, &request, response, error);
    }
    if (status == STATUS_OK && !proven && response->status == 200 && strcmp(gzip, request.compress ? "yes" : "no") != 0) {
        status = store_setting_set(sync->store, SETTING_SERVER_GZIP, request.compress ? "yes" : "no", error);
    }
    return status;
}

bool exchange_is_web_page(const struct response *response)
{
    return strstr(response->content_type, "html") != NULL;
}

/* A network that wants a sign-in says so (RFC 6585), or sends whoever asks to its own page. A server that has moved says for
 * good where to, on its own host. */
static bool is_portal(const struct response *response)
{
    long code = response->status;
    bool moved = code == 301 || code == 308;
    return code == 511 || (code >= 300 && code < 400 && (response->elsewhere || (exchange_is_web_page(response) && !moved)));
}

static enum status web_page(struct error *error)
{
    return error_set(error, STATUS_UNREACHABLE,
                     _("a web page answered instead of the server: this network may want a sign-in first"));
}

/* How many values an answer may have. Its bytes are in memory three times at most (as they came or were printed, in the
 * tree, in the record), and each value takes a node of the tree and up to two short texts. */
static size_t values_in(const struct buffer *body)
{
    size_t limit = body->limit > RESPONSE_LIMIT ? body->limit : RESPONSE_LIMIT; /* a smaller one shortens what is sent again */
    size_t memory = 3 * limit + 512 * 1024;
    size_t bytes = 3 * body->length;
    return bytes < memory ? (memory - bytes) / VALUE_MEMORY : 0;
}

/* The same; *too_large: it is whole, but its tree would take more memory than a small device has. */
static enum status read_document(const struct response *response, cJSON **document, bool *too_large, struct error *error)
{
    struct error detail = {0};
    enum status status = json_parse_within(buffer_text(&response->body), response->body.length,
                                           values_in(&response->body), document, &detail);
    *too_large = status == STATUS_FULL;
    if (status == STATUS_NO_MEMORY) {
        return error_no_memory(error);
    }
    if (*too_large) {
        return error_set(error, STATUS_UNREACHABLE,
                         _("the server's answer is larger than this device accepts; ask the office about the server's page size"));
    }
    if (status != STATUS_OK) {
        /* Libcurl calls a cut gzip body a success; only the parser knows whether an answer is whole. */
        if (exchange_is_web_page(response)) {
            return web_page(error);
        }
        return error_set(error, STATUS_UNREACHABLE,
                         _("the server's answer was cut short or is not FHIR; nothing of it was used, it is asked again"));
    }
    return STATUS_OK;
}

enum status exchange_document(const struct response *response, cJSON **document, struct error *error)
{
    bool too_large = false;
    return read_document(response, document, &too_large, error);
}

enum status exchange_refusal(const struct response *response, struct error *error)
{
    long code = response->status;
    if (code == 401) {
        return error_set(error, STATUS_FAILED,
                         _("the server does not accept this device's sign-in (401): ask the office for a new token"));
    }
    if (is_portal(response)) {
        return web_page(error);
    }
    if (code >= 400 && code < 500 && code != 408 && code != 413 && code != 429 && exchange_is_web_page(response)) {
        return web_page(error); /* no FHIR server says so: what it refuses is not what we asked for */
    }
    if (code == 408 || code == 429 || code == 503) {
        if (response->retry_after >= 0) {
            return error_set(error, STATUS_UNREACHABLE, _("the server is busy (%ld) and asks to wait %lld s"), code,
                             (long long)response->retry_after);
        }
        return error_set(error, STATUS_UNREACHABLE, _("the server is busy (%ld); it is asked again later"), code);
    }
    if (code >= 500) {
        return error_set(error, STATUS_UNREACHABLE, _("the server has a fault of its own (%ld); it is asked again later"),
                         code);
    }
    if (code >= 300 && code < 400) {
        return error_set(error, STATUS_FAILED,
                         _("the server's address leads elsewhere (%ld): ask the office for the right address"), code);
    }
    return STATUS_OK;
}

enum status exchange_get(struct sync *sync, struct sync_result *result, const char *url, cJSON **document,
                         struct error *error)
{
    return exchange_get_within(sync, result, url, RESPONSE_LIMIT, document, error);
}

enum status exchange_get_within(struct sync *sync, struct sync_result *result, const char *url, size_t limit, cJSON **document,
                                struct error *error)
{
    struct response response;
    struct request request = {.method = "GET", .url = url, .limit = limit};
    bool too_large = false;
    *document = NULL;
    if (!url_same_origin(sync->server, url)) {
        return error_set(error, STATUS_FAILED, _("the server sent a link to another address; it was not followed"));
    }
    enum status status = exchange_send(sync, result, &request, &response, error);
    if (status != STATUS_OK) {
        goto out;
    }
    status = exchange_refusal(&response, error);
    if (status != STATUS_OK) {
        goto out;
    }
    if (response.status == 404 || response.status == 410) {
        status = error_set(error, STATUS_NOT_FOUND, _("the server does not have what was asked for (%ld)"), response.status);
        goto out;
    }
    if (response.status != 200) {
        char code[64] = "";
        if (exchange_document(&response, document, NULL) == STATUS_OK) {
            outcome_code(*document, code, sizeof code);
            outcome_words(*document, result->last.words, sizeof result->last.words);
            cJSON_Delete(*document);
            *document = NULL;
        }
        status = code[0] == '\0' /* no more than this: it goes into the journal */
                     ? error_set(error, STATUS_FAILED, _("the server refused to read (%ld)"), response.status)
                     : error_set(error, STATUS_FAILED, _("the server refused to read (%ld): %s"), response.status, code);
        goto out;
    }
    status = read_document(&response, document, &too_large, error);
    if (status == STATUS_UNREACHABLE && !exchange_is_web_page(&response)) {
        result->last.end = too_large ? LAST_TOO_LARGE : LAST_CUT;
    }
    if (status == STATUS_OK && text_equal(json_text(*document, "resourceType"), "OperationOutcome")) {
        char code[64];
        outcome_code(*document, code, sizeof code);
        outcome_words(*document, result->last.words, sizeof result->last.words);
        cJSON_Delete(*document);
        *document = NULL;
        status = error_set(error, STATUS_FAILED, _("the server answered with a message instead of what was asked for: %s"), code);
    }
out:
    response_free(&response);
    return status;
}

enum status exchange_read(struct sync *sync, struct sync_result *result, const char *type, const char *id, cJSON **resource,
                          struct error *error)
{
    struct buffer url;
    struct resource_head head;
    *resource = NULL;
    buffer_init(&url, URL_SIZE);
    buffer_format(&url, "%s/%s/%s", sync->server, type, id);
    enum status status = url.status == STATUS_OK ? exchange_get(sync, result, buffer_text(&url), resource, error)
                                                 : error_no_memory(error);
    buffer_free(&url);
    if (status != STATUS_OK) {
        return status;
    }
    status = resource_head_read(*resource, &head, NULL);
    if (status == STATUS_NO_MEMORY) {
        status = error_no_memory(error);
    } else if (status != STATUS_OK || strcmp(head.type, type) != 0 || strcmp(head.id, id) != 0) {
        status = error_set(error, STATUS_FAILED, _("asked for %s, the server answered with something else; it was not used: tell the "
                                                   "office"), type);
    }
    if (status != STATUS_OK) {
        cJSON_Delete(*resource);
        *resource = NULL;
    }
    return status;
}
