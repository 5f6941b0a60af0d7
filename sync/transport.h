/*
 * One HTTP exchange, behind a table of functions that tests and the simulator
 * replace. Nothing above this line knows libcurl.
 */
#ifndef DOORSTEP_SYNC_TRANSPORT_H
#define DOORSTEP_SYNC_TRANSPORT_H

#include "base/buffer.h"
#include "base/error.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Of one answer. With it the highest memory of a console that syncs stays below 24 MB, whatever the answer looks like
 * (tests/bench). */
#define RESPONSE_LIMIT (2u * 1024 * 1024) /* bytes, after decompression */

struct request {
    const char *method;          /* GET, POST, PUT */
    const char *url;             /* absolute, on the configured origin */
    const char *body;            /* NULL when none; JSON */
    size_t body_length;
    const char *if_none_exist;   /* header values, NULL when absent */
    const char *if_match;
    bool compress;               /* send the body gzip-encoded */
    bool asks;                   /* the body only asks, as a GET does */
    size_t limit;                /* of the answer, after decompression; 0: RESPONSE_LIMIT */
};

/* How an exchange ended when it did not end with an answer. A request whose
 * answer is missing may have been carried out: UNKNOWN, never failed. */
enum exchange_end {
    EXCHANGE_ANSWERED,
    EXCHANGE_NOT_SENT,    /* no name, no route, refused, TLS failure: surely not carried out */
    EXCHANGE_UNKNOWN,     /* sent, or partly sent; no complete answer */
    EXCHANGE_CANCELLED,
    EXCHANGE_TOO_LARGE,   /* the answer passed its limit */
};

struct response {
    enum exchange_end end;
    long status;                 /* HTTP status, 0 without an answer */
    struct buffer body;          /* owned */
    char content_type[96];
    char etag[80];
    char location[512];
    bool elsewhere;              /* the location is on another host than was asked */
    int64_t retry_after;         /* seconds, -1 when not given, clamped to an hour */
    bool spent;                  /* nothing remains of the requests that the server allows: meant whatever the status */
    int64_t server_clock;        /* Date header in ms since 1970, INT64_MIN when absent */
    char reason[256];            /* translated: why there is no answer */
    bool sent_in_part;           /* UNKNOWN, and the line did not take all of the body */
    uint64_t bytes_out, bytes_in;/* on the wire, bodies and headers */
};
void response_init(struct response *response);
void response_free(struct response *response);

/* Requests that went out although nobody wanted their answers in the end. */
struct spent {
    int requests;
    uint64_t bytes_out, bytes_in;
};

struct transport {
    /* Carries out one request; always fills *response; never blocks for ever
     * (stalls end it, not the total time). Returns NO_MEMORY or OK. */
    enum status (*exchange)(void *context, const struct request *request, struct response *response, struct error *error);
    void *context;
    /* May be NULL. This plain GET comes next, most likely: it may be sent now, so that the server works on it while what
     * came before is recorded; the exchange() of it then brings that answer. What was sent so is given up by any other
     * exchange(), and by this (NULL: nothing is known to come); *spent is what was given up since last told. */
    void (*ahead)(void *context, const struct request *request, struct spent *spent);
};

/* libcurl behind a transport. One connection is kept, one request at a time is under way. `token` (may be "") goes
 * only to the origin of `base_url`, and only over https or to a loopback
 * address; redirects are not followed. `cancelled` (may be NULL) is polled
 * several times a second. */
struct http;
enum status http_new(const char *base_url, const char *token, const char *ca_file, atomic_bool *cancelled,
                     struct http **out, struct error *error) MUST_CHECK;
void http_free(struct http *http);
/* How slow a line may be: at least so many bytes in so long, else the exchange ends. For tests; pace.h has what holds without. */
void http_set_patience(struct http *http, int64_t window_ms, uint64_t least);
struct transport http_transport(struct http *http); /* borrows it */

#endif
