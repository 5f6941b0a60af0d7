/*
 * How long a server asks to be left alone, read from the headers of an answer.
 * Private to sync/.
 *
 * Retry-After (RFC 9110, seconds or a date) is always meant. A limit of
 * requests is, when nothing of it remains: RateLimit-Remaining and
 * RateLimit-Reset, RateLimit (draft-ietf-httpapi-ratelimit-headers, its older
 * and its newer form), and the X-RateLimit- names, whose reset may be a time.
 */
#ifndef DOORSTEP_SYNC_WAIT_H
#define DOORSTEP_SYNC_WAIT_H

#include <stdbool.h>
#include <stdint.h>

#define WAIT_MOST 3600 /* seconds; nobody waits longer without asking again */

/* The values as they came, "" when absent: they may stand before the Date they are measured from. */
struct wait_headers {
    char retry_after[64];
    char remaining[32], reset[64];
    char limit[256];
};

/* Seconds, at most WAIT_MOST; -1 when nothing is asked. `server_clock` in ms since 1970, INT64_MIN when unknown. */
int64_t wait_asked(const struct wait_headers *headers, int64_t server_clock);

/* True when a limit of requests, with the time of its end, is used up: then what is asked is meant whatever the answer. */
bool wait_is_spent(const struct wait_headers *headers);

#endif
