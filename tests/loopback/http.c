/* See http.h. libmicrohttpd keeps the exchange that accompanies each request. */
#include "http.h"

#include "control.h"
#include "delivery.h"
#include "exchange.h"
#include "gzip.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define HELD_FOR_EVER INT64_C(3600000) /* ms */
#define COMPRESS_FROM 200              /* bytes; less does not pay */

struct http {
    struct server *server;
    struct MHD_Daemon *daemon;
    struct waiting waiting;
    struct counters counters;
    int port;
};

static void *begin_exchange(void *context, const char *uri, struct MHD_Connection *connection)
{
    (void)context;
    (void)connection;
    return exchange_new(uri);
}

static void end_exchange(void *context, struct MHD_Connection *connection, void **memory,
                         enum MHD_RequestTerminationCode how)
{
    (void)context;
    (void)connection;
    (void)how;
    exchange_free(*memory);
    *memory = NULL;
}

static void count(struct http *http, const struct exchange *exchange, const char *method, const char *outcome)
{
    if (!exchange_is_control(exchange)) {
        counters_add(&http->counters, exchange_is_batch(exchange) ? "BATCH" : method, exchange->uri, outcome, http->server->options.quiet);
    }
}

/* Closing with unread bytes or this option makes the kernel send a reset. */
static void reset_connection(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *information =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct linger linger = {.l_onoff = 1, .l_linger = 0};

    if (information != NULL) {
        (void)setsockopt(information->connect_fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    }
}

/* The first call for a request: its headers are there. */
static enum MHD_Result meet(struct http *http, struct exchange *exchange, struct MHD_Connection *connection,
                            const char *method)
{
    struct buffer line;

    exchange->begun = true;
    if (exchange_is_control(exchange)) {
        return MHD_YES;
    }
    buffer_init(&line, BODY_LIMIT);
    buffer_format(&line, "%s %s", method, exchange->uri);
    exchange->fault = faults_take(&http->server->faults, buffer_text(&line));
    buffer_free(&line);
    if (exchange->fault == NULL) {
        return MHD_YES;
    }
    if (exchange->fault->kind == FAULT_OFFLINE) {
        reset_connection(connection);
        count(http, exchange, method, "offline");
        return MHD_NO;
    }
    if (exchange->fault->kind == FAULT_DROP_REQUEST) {
        count(http, exchange, method, "drop-request");
        return MHD_NO;
    }
    return MHD_YES;
}

static void add_header(struct MHD_Response *response, const char *name, const char *value)
{
    if (value[0] != '\0') {
        (void)MHD_add_response_header(response, name, value);
    }
}

static void add_headers(struct MHD_Response *response, const struct reply *reply, const char *request_id)
{
    char modified[64] = "";
    time_t seconds = (time_t)(reply->last_modified / INSTANT_SECOND);
    struct tm parts;

    if (reply->last_modified != INSTANT_NONE && gmtime_r(&seconds, &parts) != NULL) {
        strftime(modified, sizeof modified, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    }
    add_header(response, "Last-Modified", modified);
    add_header(response, "Content-Type", reply->content_type);
    add_header(response, "Location", reply->location);
    add_header(response, "Content-Location", reply->content_location);
    add_header(response, "ETag", reply->etag);
    add_header(response, "X-Cache", reply->from_cache ? "HIT" : "");
    add_header(response, "X-Request-ID", request_id == NULL ? "" : request_id);
    add_header(response, "WWW-Authenticate", reply->status == 401 ? "Bearer" : "");
}

static enum MHD_Result send_reply(struct http *http, const struct exchange *exchange,
                                  struct MHD_Connection *connection, const char *method, struct reply *reply)
{
    const struct fault *fault = exchange->fault;
    const char *accepted = exchange_header(connection, "Accept-Encoding");
    bool compress = !exchange_is_foreign(exchange) && accepted != NULL && strstr(accepted, "gzip") != NULL &&
                    reply->body.length >= COMPRESS_FROM;
    const cJSON *extra = fault != NULL && fault->kind == FAULT_STATUS ? json_object(fault->spec, "headers") : NULL;
    int64_t unused = 0;
    char outcome[16];
    struct MHD_Response *response = NULL;
    enum MHD_Result result = MHD_NO;

    if (compress) {
        struct buffer packed;
        buffer_init(&packed, BODY_LIMIT);
        gzip_deflate(&reply->body, &packed);
        buffer_free(&reply->body);
        reply->body = packed;
    }
    response = need(delivery_response(&http->waiting, connection, &reply->body, fault,
                                      exchange_is_control(exchange) ? &unused : &http->counters.bytes_out));
    add_header(response, "Content-Encoding", compress ? "gzip" : "");
    for (const cJSON *each = extra == NULL ? NULL : extra->child; each != NULL; each = each->next) {
        if (cJSON_IsString(each)) {
            reply->content_type = strcasecmp(each->string, "Content-Type") == 0 ? "" : reply->content_type;
            add_header(response, each->string, each->valuestring);
        }
    }
    add_headers(response, reply, exchange_header(connection, "X-Request-ID"));
    snprintf(outcome, sizeof outcome, "%d", reply->status);
    count(http, exchange, method, outcome);
    result = MHD_queue_response(connection, (unsigned)reply->status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url, const char *method,
                              const char *version, const char *upload, size_t *upload_size, void **memory)
{
    struct http *http = context;
    struct exchange *exchange = *memory;
    const struct fault *fault = exchange->fault;
    struct reply reply;
    enum MHD_Result result = MHD_NO;

    (void)url;
    (void)version;
    if (!exchange->begun) {
        return meet(http, exchange, connection, method);
    }
    if (*upload_size > 0) {
        http->counters.bytes_in += exchange_is_control(exchange) ? 0 : (int64_t)*upload_size;
        buffer_append(&exchange->upload, upload, *upload_size);
        *upload_size = 0;
        return MHD_YES;
    }
    if (fault != NULL && fault->kind == FAULT_HANG && !exchange->held) {
        exchange->held = true;
        waiting_sleep(&http->waiting, connection, fault_number(fault, "ms", HELD_FOR_EVER));
        return MHD_YES;
    }
    if (http->waiting.stopping) {
        return MHD_NO;
    }
    exchange_answer(exchange, http->server, &http->counters, http->port, connection, method, &reply);
    if (fault != NULL && fault->kind == FAULT_DROP_REPLY) {
        count(http, exchange, method, "drop-reply");
    } else {
        result = send_reply(http, exchange, connection, method, &reply);
    }
    reply_free(&reply);
    return result;
}

struct http *http_start(struct server *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                  .sin_port = htons((uint16_t)server->options.port)};
    struct http *http = need(memory_allocate(sizeof *http));
    const union MHD_DaemonInfo *information = NULL;

    http->server = server;
    http->waiting.clock = clock_system();
    http->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, answer, http,
                                    MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address, MHD_OPTION_URI_LOG_CALLBACK,
                                    begin_exchange, http, MHD_OPTION_NOTIFY_COMPLETED, end_exchange, http,
                                    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)128 * 1024, MHD_OPTION_END);
    if (http->daemon == NULL) {
        fprintf(stderr, "loopback: cannot listen on 127.0.0.1:%d: %s\n", server->options.port, strerror(errno));
        memory_free(http);
        return NULL;
    }
    information = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_BIND_PORT);
    http->port = information == NULL ? server->options.port : information->port;
    return http;
}

int http_port(const struct http *http)
{
    return http->port;
}

void http_run(struct http *http, int signals)
{
    const union MHD_DaemonInfo *information = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    struct pollfd descriptors[] = {{.fd = information->epoll_fd, .events = POLLIN}, {.fd = signals, .events = POLLIN}};

    while ((descriptors[1].revents & POLLIN) == 0) {
        MHD_UNSIGNED_LONG_LONG wanted = 0;
        int64_t timeout = waiting_next(&http->waiting);
        if (MHD_get_timeout(http->daemon, &wanted) == MHD_YES && (timeout < 0 || (int64_t)wanted < timeout)) {
            timeout = (int64_t)wanted;
        }
        if (poll(descriptors, 2, timeout > INT32_MAX ? INT32_MAX : (int)timeout) < 0 && errno != EINTR) {
            return;
        }
        waiting_wake(&http->waiting);
        MHD_run(http->daemon);
    }
}

void http_stop(struct http *http)
{
    http->waiting.stopping = true;
    waiting_wake(&http->waiting);
    MHD_run(http->daemon);
    MHD_stop_daemon(http->daemon);
    waiting_free(&http->waiting);
    counters_free(&http->counters);
    memory_free(http);
}
