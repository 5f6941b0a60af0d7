/*
 * The transport over libcurl: one easy handle in a multi handle of its own, so
 * that a request can be under way while nobody waits; one kept connection.
 *
 * Invariants: the token goes to the configured origin only, over TLS or to
 * this machine; what changes something goes out once in an exchange; no
 * redirects, no proxies from the environment, no total time limit (a stall or a
 * trickle ends an exchange); the write callback, not libcurl, judges the size of
 * a decompressed answer, pace.c that on the line. A test can swap the whole
 * transport.
 */
#include "sync/transport.h"

#include "base/memory.h"
#include "base/text.h"
#include "sync/ending.h"
#include "sync/exchange.h"
#include "sync/pace.h"
#include "sync/wait.h"

#include <curl/curl.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <zlib.h>

#define CONNECT_SECONDS 30L
#define STALL_SECONDS 30L
#define STALL_BYTES 10L
#define POLL_MS 200           /* cancelling is noticed this soon */

struct http {
    CURL *easy;
    CURLM *multi;
    char *base;
    struct curl_slist *headers; /* of the request being sent */
    char *authorization;        /* "Authorization: Bearer ...", NULL when there is no token */
    char *ca_file;
    atomic_bool *cancelled;
    struct response *response;  /* being filled; NULL while nothing is under way */
    struct pace_limits pace_limits;
    struct pace pace;           /* of what is awaited */
    enum pace_verdict pace_verdict;
    bool awaited;
    bool writes;                /* what is under way changes something at the server */
    bool swallowed;             /* it went out on a kept connection that died under it */
    struct wait_headers wait;
    char *ahead_url;            /* of the request sent ahead, NULL when there is none */
    struct response ahead;      /* its answer, as far as it has come */
    struct spent spent;
};

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;
static CURLcode curl_ready = CURLE_FAILED_INIT;

/* Tokens and health data pass through libcurl's and zlib's buffers too: they are wiped like our own. */
static void start_curl(void)
{
    curl_ready = curl_global_init_mem(CURL_GLOBAL_DEFAULT, memory_allocate, memory_free, memory_resize, memory_copy_text,
                                      memory_allocate_array);
}

static void *zlib_allocate(void *context, unsigned int count, unsigned int size)
{
    (void)context;
    return memory_allocate_array(count, size);
}

static void zlib_free(void *context, void *block)
{
    (void)context;
    memory_free(block);
}

void response_init(struct response *response)
{
    memset(response, 0, sizeof *response);
    buffer_init(&response->body, RESPONSE_LIMIT);
    response->end = EXCHANGE_NOT_SENT;
    response->retry_after = -1;
    response->server_clock = INSTANT_NONE;
}

void response_free(struct response *response)
{
    buffer_free(&response->body);
}

static bool host_is(const char *host, size_t length, const char *name)
{
    return length == strlen(name) && strncasecmp(host, name, length) == 0;
}

/* Health data and tokens may cross a network only inside TLS. A user name in the address could hide its host. */
static bool address_is_safe(const char *url)
{
    const char *authority = strstr(url, "://");
    if (authority == NULL || memchr(authority + 3, '@', strcspn(authority + 3, "/?#")) != NULL) {
        return false;
    }
    if (strncasecmp(url, "https://", 8) == 0) {
        return url[8] != '\0' && url[8] != '/';
    }
    if (strncasecmp(url, "http://", 7) != 0) {
        return false;
    }
    const char *host = url + 7;
    size_t length = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?#");
    return host_is(host, length, "127.0.0.1") || host_is(host, length, "localhost") || host_is(host, length, "[::1]");
}

static size_t receive_body(char *bytes, size_t size, size_t count, void *context)
{
    struct http *http = context;
    size_t length = size * count;
    buffer_append(&http->response->body, bytes, length);
    return http->response->body.status == STATUS_OK ? length : 0;
}

static void header_value(char *out, size_t size, const char *line, size_t length, const char *name)
{
    size_t name_length = strlen(name);
    if (length <= name_length || strncasecmp(line, name, name_length) != 0 || line[name_length] != ':') {
        return;
    }
    const char *value = line + name_length + 1;
    const char *end = line + length;
    while (value < end && (*value == ' ' || *value == '\t')) {
        value++;
    }
    while (end > value && (end[-1] == '\r' || end[-1] == '\n' || end[-1] == ' ')) {
        end--;
    }
    size_t copied = (size_t)(end - value) < size - 1 ? (size_t)(end - value) : size - 1;
    memcpy(out, value, copied);
    out[copied] = '\0';
}

static size_t receive_header(char *line, size_t size, size_t count, void *context)
{
    struct http *http = context;
    struct response *response = http->response;
    size_t length = size * count;
    char date[64] = "";
    header_value(response->content_type, sizeof response->content_type, line, length, "Content-Type");
    header_value(response->etag, sizeof response->etag, line, length, "ETag");
    header_value(response->location, sizeof response->location, line, length, "Location");
    header_value(date, sizeof date, line, length, "Date");
    header_value(http->wait.retry_after, sizeof http->wait.retry_after, line, length, "Retry-After");
    header_value(http->wait.limit, sizeof http->wait.limit, line, length, "RateLimit");
    header_value(http->wait.remaining, sizeof http->wait.remaining, line, length, "RateLimit-Remaining");
    header_value(http->wait.remaining, sizeof http->wait.remaining, line, length, "X-RateLimit-Remaining");
    header_value(http->wait.reset, sizeof http->wait.reset, line, length, "RateLimit-Reset");
    header_value(http->wait.reset, sizeof http->wait.reset, line, length, "X-RateLimit-Reset");
    if (date[0] != '\0') {
        time_t at = curl_getdate(date, NULL);
        if (at != (time_t)-1) {
            response->server_clock = (int64_t)at * 1000;
        }
    }
    return length;
}

/* Counts what goes out: the one count that is right for every version and every way of sending a body. */
static int count_sent(CURL *easy, curl_infotype kind, char *bytes, size_t length, void *context)
{
    struct http *http = context;
    (void)easy;
    (void)bytes;
    if (kind == CURLINFO_HEADER_OUT || kind == CURLINFO_DATA_OUT) {
        http->response->bytes_out += length;
    }
    return 0;
}

static int64_t milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int watch(void *context, curl_off_t total_in, curl_off_t in, curl_off_t total_out, curl_off_t out)
{
    struct http *http = context;
    struct pace_count count = {.sent = (uint64_t)out, .to_send = (uint64_t)total_out, .received = (uint64_t)in};
    (void)total_in;
    if (http->cancelled != NULL && atomic_load(http->cancelled)) {
        return 1;
    }
    if (!http->awaited) {
        return 0; /* while the record is written nobody takes what comes */
    }
    count.now = milliseconds();
    http->pace_verdict = pace_judge(&http->pace, &http->pace_limits, &count, http->response->body.limit);
    return http->pace_verdict == PACE_FINE ? 0 : 1;
}

/* Libcurl repeats by itself, on a new connection, what a kept one swallowed without an answer. What changes something may
 * have arrived: whoever sent it has to ask first. */
static int before_sending(void *context, char *address, char *local_address, int port, int local_port)
{
    struct http *http = context;
    (void)address;
    (void)local_address;
    (void)port;
    (void)local_port;
    http->swallowed = http->writes && http->response->bytes_out > 0;
    return http->swallowed ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

static enum status add_header(struct http *http, const char *line, struct error *error)
{
    struct curl_slist *grown = curl_slist_append(http->headers, line);
    if (grown == NULL) {
        return error_no_memory(error);
    }
    http->headers = grown;
    return STATUS_OK;
}

static enum status add_value_header(struct http *http, const char *name, const char *value, struct error *error)
{
    if (value == NULL) {
        return STATUS_OK;
    }
    struct buffer line;
    buffer_init(&line, 4096);
    buffer_format(&line, "%s: %s", name, value);
    enum status status = line.status == STATUS_OK && strpbrk(buffer_text(&line), "\r\n") == NULL
                             ? add_header(http, buffer_text(&line), error)
                             : error_no_memory(error);
    buffer_free(&line);
    return status;
}

/* Deflates the body in one go: visit bundles are a few kilobytes. */
static enum status compress_body(const struct request *request, struct buffer *out, struct error *error)
{
    z_stream stream = {.zalloc = zlib_allocate, .zfree = zlib_free};
    if (request->body_length > UINT_MAX / 2 || deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        return error_no_memory(error);
    }
    enum status status = STATUS_OK;
    unsigned long bound = deflateBound(&stream, request->body_length);
    unsigned char *bytes = memory_allocate(bound);
    if (bytes == NULL) {
        status = error_no_memory(error);
        goto out;
    }
    union {
        const char *text;
        unsigned char *bytes;
    } input = {.text = request->body}; /* zlib's old signature lacks const */
    stream.next_in = input.bytes;
    stream.avail_in = (unsigned int)request->body_length;
    stream.next_out = bytes;
    stream.avail_out = (unsigned int)bound;
    if (deflate(&stream, Z_FINISH) != Z_STREAM_END) {
        status = error_no_memory(error);
        goto out;
    }
    buffer_append(out, bytes, stream.total_out);
    status = out->status == STATUS_OK ? STATUS_OK : error_no_memory(error);
out:
    memory_free(bytes);
    deflateEnd(&stream);
    return status;
}

static void explain(struct http *http, struct response *response, CURLcode code)
{
    struct ending ending = {.code = http->swallowed ? CURLE_GOT_NOTHING : code, .pace = http->pace_verdict,
                            .body_full = response->body.status == STATUS_INVALID, .bytes_out = response->bytes_out};
    curl_easy_getinfo(http->easy, CURLINFO_SSL_VERIFYRESULT, &ending.verdict);
    curl_easy_getinfo(http->easy, CURLINFO_OS_ERRNO, &ending.system);
    response->end = ending_class(&ending);
    text_copy(response->reason, sizeof response->reason, ending_words(&ending));
}

static enum status add_headers(struct http *http, const struct request *request, bool packed, struct error *error)
{
    bool asks = request->body == NULL || request->asks;
    const char *const lines[] = {
        "Accept: application/fhir+json",
        /* HAPI reuses search results for a minute unless told not to; an own write would be missing from them. */
        asks ? "Cache-Control: no-cache" : NULL,
        http->authorization,
        /* An unknown search parameter must be an error: passed over, it would bring everybody's charts. */
        asks ? "Prefer: handling=strict" : NULL,
        request->body != NULL ? "Content-Type: application/fhir+json" : NULL,
        request->body != NULL ? "Expect:" : NULL,
        packed ? "Content-Encoding: gzip" : NULL,
    };
    enum status status = STATUS_OK;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0] && status == STATUS_OK; i++) {
        status = lines[i] != NULL ? add_header(http, lines[i], error) : STATUS_OK;
    }
    if (status == STATUS_OK) {
        status = add_value_header(http, "If-None-Exist", request->if_none_exist, error);
    }
    return status == STATUS_OK ? add_value_header(http, "If-Match", request->if_match, error) : status;
}

static enum status prepare(struct http *http, const struct request *request, const struct buffer *packed, struct error *error)
{
    enum status status = add_headers(http, request, packed->length > 0, error);
    if (status != STATUS_OK) {
        return status;
    }
    CURL *easy = http->easy;
    curl_easy_reset(easy);
    CURLcode code = curl_easy_setopt(easy, CURLOPT_URL, request->url);
#define SET(option, value) code = code == CURLE_OK ? curl_easy_setopt(easy, option, value) : code
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_CUSTOMREQUEST, request->method);
    SET(CURLOPT_HTTPHEADER, http->headers);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_USERAGENT, "doorstep");
    SET(CURLOPT_ACCEPT_ENCODING, request->body != NULL ? "gzip" : ""); /* what answers a visit is short in any of them */
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
    SET(CURLOPT_LOW_SPEED_LIMIT, STALL_BYTES);
    SET(CURLOPT_LOW_SPEED_TIME, STALL_SECONDS);
    SET(CURLOPT_TCP_KEEPALIVE, 1L);
    SET(CURLOPT_WRITEFUNCTION, receive_body);
    SET(CURLOPT_WRITEDATA, (void *)http);
    SET(CURLOPT_HEADERFUNCTION, receive_header);
    SET(CURLOPT_HEADERDATA, (void *)http);
    SET(CURLOPT_NOPROGRESS, 0L);
    SET(CURLOPT_XFERINFOFUNCTION, watch);
    SET(CURLOPT_XFERINFODATA, (void *)http);
    SET(CURLOPT_PREREQFUNCTION, before_sending);
    SET(CURLOPT_PREREQDATA, (void *)http);
    SET(CURLOPT_DEBUGFUNCTION, count_sent);
    SET(CURLOPT_DEBUGDATA, (void *)http);
    SET(CURLOPT_VERBOSE, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
    SET(CURLOPT_QUICK_EXIT, 1L); /* cancelling does not wait for a name server */
#endif
    if (http->ca_file != NULL) {
        SET(CURLOPT_CAINFO, http->ca_file);
    }
    if (request->body != NULL) {
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)(packed->length > 0 ? packed->length : request->body_length));
        SET(CURLOPT_POSTFIELDS, packed->length > 0 ? packed->data : request->body);
    }
#undef SET
    return code == CURLE_OK ? STATUS_OK : error_no_memory(error);
}

/* Puts a request on its way; *response is filled from now on. `packed` must live until end(). */
static enum status begin(struct http *http, const struct request *request, const struct buffer *packed,
                         struct response *response, struct error *error)
{
    int running = 0;
    http->response = response;
    response->body.limit = request->limit != 0 ? request->limit : RESPONSE_LIMIT;
    memset(&http->wait, 0, sizeof http->wait);
    memset(&http->pace, 0, sizeof http->pace);
    http->pace_verdict = PACE_FINE;
    http->awaited = false;
    http->writes = strcmp(request->method, "GET") != 0 && !request->asks;
    http->swallowed = false;
    enum status status = prepare(http, request, packed, error);
    if (status == STATUS_OK && (curl_multi_add_handle(http->multi, http->easy) != CURLM_OK ||
                                curl_multi_perform(http->multi, &running) != CURLM_OK)) {
        status = error_no_memory(error);
    }
    return status;
}

/* Waits for the end of what is under way. */
static CURLcode await(struct http *http)
{
    int running = 0;
    int left = 0;
    http->awaited = true;
    do {
        if (curl_multi_perform(http->multi, &running) != CURLM_OK ||
            (running > 0 && curl_multi_poll(http->multi, NULL, 0, POLL_MS, NULL) != CURLM_OK)) {
            return CURLE_OUT_OF_MEMORY;
        }
    } while (running > 0);
    const CURLMsg *message = curl_multi_info_read(http->multi, &left);
    return message == NULL ? CURLE_OUT_OF_MEMORY : message->data.result;
}

static void count_received(struct http *http)
{
    long header_bytes = 0;
    curl_off_t downloaded = 0;
    curl_easy_getinfo(http->easy, CURLINFO_HEADER_SIZE, &header_bytes);
    curl_easy_getinfo(http->easy, CURLINFO_SIZE_DOWNLOAD_T, &downloaded);
    http->response->bytes_in = (uint64_t)header_bytes + (uint64_t)downloaded;
}

/* Nothing is under way any more. What had not come to its end takes its connection along. */
static void end(struct http *http)
{
    curl_multi_remove_handle(http->multi, http->easy);
    curl_slist_free_all(http->headers);
    http->headers = NULL;
    http->response = NULL;
}

static void give_up(struct http *http)
{
    if (http->ahead_url == NULL) {
        return;
    }
    if (http->ahead.bytes_out > 0) {
        count_received(http);
        http->spent.requests++;
        http->spent.bytes_out += http->ahead.bytes_out;
        http->spent.bytes_in += http->ahead.bytes_in;
    }
    end(http);
    response_free(&http->ahead);
    memory_free(http->ahead_url);
    http->ahead_url = NULL;
}

static void http_ahead(void *context, const struct request *request, struct spent *spent)
{
    struct http *http = context;
    const struct buffer nothing = {.length = 0};
    give_up(http);
    if (request != NULL && url_same_origin(http->base, request->url)) {
        response_init(&http->ahead);
        http->ahead_url = memory_copy_text(request->url);
        if (http->ahead_url != NULL && begin(http, request, &nothing, &http->ahead, NULL) != STATUS_OK) {
            give_up(http); /* it is asked for when its time comes */
        }
    }
    *spent = http->spent;
    http->spent = (struct spent){.requests = 0};
}

/* Whether this very request was sent ahead. */
static bool is_ahead(const struct http *http, const struct request *request)
{
    return http->ahead_url != NULL && strcmp(http->ahead_url, request->url) == 0 && strcmp(request->method, "GET") == 0 &&
           request->body == NULL && request->if_none_exist == NULL && request->if_match == NULL &&
           http->ahead.body.limit == (request->limit != 0 ? request->limit : RESPONSE_LIMIT);
}

static void take_ahead(struct http *http, struct response *response)
{
    response_free(response);
    *response = http->ahead;
    http->response = response;
    memory_free(http->ahead_url);
    http->ahead_url = NULL;
}

static enum status http_exchange(void *context, const struct request *request, struct response *response,
                                 struct error *error)
{
    struct http *http = context;
    struct buffer packed;
    enum status status = STATUS_OK;
    buffer_init(&packed, 2 * request->body_length + 1024);
    if (is_ahead(http, request)) {
        take_ahead(http, response);
    } else {
        give_up(http);
        if (!url_same_origin(http->base, request->url)) {
            return error_set(error, STATUS_FAILED, _("the server sent a link to another address; it was not followed"));
        }
        if (request->body != NULL && request->compress) {
            status = compress_body(request, &packed, error);
        }
        status = status == STATUS_OK ? begin(http, request, &packed, response, error) : status;
    }
    if (status != STATUS_OK) {
        goto out;
    }
    CURLcode code = await(http);
    curl_off_t uploaded = 0;
    count_received(http);
    curl_easy_getinfo(http->easy, CURLINFO_SIZE_UPLOAD_T, &uploaded);
    response->sent_in_part = request->body != NULL &&
                             (uint64_t)uploaded < (packed.length > 0 ? packed.length : request->body_length);
    if (code == CURLE_OUT_OF_MEMORY || response->body.status == STATUS_NO_MEMORY) {
        status = error_no_memory(error);
    } else if (code == CURLE_OK) {
        response->end = EXCHANGE_ANSWERED;
        curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &response->status);
        response->retry_after = wait_asked(&http->wait, response->server_clock);
        response->spent = wait_is_spent(&http->wait);
    } else {
        explain(http, response, code);
    }
out:
    end(http);
    buffer_free(&packed);
    return status;
}

enum status http_new(const char *base_url, const char *token, const char *ca_file, atomic_bool *cancelled,
                     struct http **out, struct error *error)
{
    enum status status = STATUS_OK;
    struct http *http = NULL;
    *out = NULL;
    if (!address_is_safe(base_url)) {
        return error_set(error, STATUS_INVALID,
                         _("the server's address must begin with https:// (plain http:// only for this machine itself)"));
    }
    pthread_once(&curl_once, start_curl);
    http = memory_allocate(sizeof *http);
    if (http == NULL || curl_ready != CURLE_OK) {
        status = error_no_memory(error);
        goto out;
    }
    http->cancelled = cancelled;
    http_set_patience(http, PACE_WINDOW_MS, PACE_LEAST);
    http->base = memory_copy_text(base_url);
    http->easy = curl_easy_init();
    http->multi = curl_multi_init();
    if (http->base == NULL || http->easy == NULL || http->multi == NULL) {
        status = error_no_memory(error);
        goto out;
    }
    if (ca_file != NULL && ca_file[0] != '\0') {
        http->ca_file = memory_copy_text(ca_file);
        if (http->ca_file == NULL) {
            status = error_no_memory(error);
            goto out;
        }
    }
    if (token != NULL && token[0] != '\0') {
        struct buffer line;
        buffer_init(&line, 64 * 1024);
        buffer_format(&line, "Authorization: Bearer %s", token);
        http->authorization = buffer_take(&line);
        buffer_free(&line);
        if (http->authorization == NULL) {
            status = error_no_memory(error);
            goto out;
        }
        if (strpbrk(http->authorization, "\r\n") != NULL) {
            status = error_set(error, STATUS_INVALID, _("the token has a line break in it: ask the office for a new one"));
            goto out;
        }
    }
    *out = http;
    http = NULL;
out:
    http_free(http);
    return status;
}

void http_free(struct http *http)
{
    if (http == NULL) {
        return;
    }
    give_up(http);
    curl_easy_cleanup(http->easy);
    curl_multi_cleanup(http->multi);
    memory_free(http->authorization);
    memory_free(http->ca_file);
    memory_free(http->base);
    memory_free(http);
}

void http_set_patience(struct http *http, int64_t window_ms, uint64_t least)
{
    http->pace_limits = (struct pace_limits){.window_ms = window_ms, .least = least};
}

struct transport http_transport(struct http *http)
{
    return (struct transport){.exchange = http_exchange, .context = http, .ahead = http_ahead};
}
