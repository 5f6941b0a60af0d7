/* How long a server asks to be left alone. See wait.h. Called by http.c. */
#include "sync/wait.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define EPOCH_LEAST 1000000000 /* as seconds to wait this would be 30 years: it is a time */

/* Seconds to wait, from a number of them, an HTTP date, or, where `times`, a time as a number; -1 when nothing is said. */
static int64_t read_wait(const char *value, bool times, int64_t server_clock)
{
    char *end = NULL;
    long long seconds = strtoll(value, &end, 10);
    bool number = end != value && *end == '\0';
    if (!number) {
        time_t at = curl_getdate(value, NULL);
        if (value[0] == '\0' || at == (time_t)-1 || server_clock == INT64_MIN) {
            return -1;
        }
        seconds = (long long)at - server_clock / 1000;
    } else if (times && seconds >= EPOCH_LEAST && server_clock != INT64_MIN && seconds < server_clock / 500) {
        seconds -= server_clock / 1000;
    }
    if (seconds < 0) {
        return 0;
    }
    return seconds > WAIT_MOST ? WAIT_MOST : seconds;
}

/* One limit among those of a RateLimit header. */
struct limit {
    int64_t remaining, reset; /* -1: not said */
};

/* "name=value", "name" or a quoted name of `length` bytes. */
static void read_part(struct limit *limit, const char *part, size_t length)
{
    const char *equals = memchr(part, '=', length);
    size_t name = equals == NULL ? length : (size_t)(equals - part);
    bool remaining = (name == 1 && part[0] == 'r') || (name == 9 && memcmp(part, "remaining", 9) == 0);
    bool reset = (name == 1 && part[0] == 't') || (name == 5 && memcmp(part, "reset", 5) == 0);
    if (equals == NULL) {
        *limit = (struct limit){.remaining = -1, .reset = -1}; /* the next one begins */
    } else if (remaining) {
        limit->remaining = strtoll(equals + 1, NULL, 10);
    } else if (reset) {
        limit->reset = strtoll(equals + 1, NULL, 10);
    }
}

/* "limit=10, remaining=0, reset=30", or: "requests";r=0;t=30, "writes";r=5;t=60 */
static int64_t read_limits(const char *value)
{
    struct limit limit = {.remaining = -1, .reset = -1};
    int64_t wait = -1;
    for (const char *at = value; *at != '\0';) {
        at += strspn(at, " \t,;");
        const char *quote = *at == '"' ? strchr(at + 1, '"') : NULL;
        size_t length = quote != NULL ? (size_t)(quote + 1 - at) : strcspn(at, " \t,;");
        if (quote != NULL) {
            limit = (struct limit){.remaining = -1, .reset = -1};
        } else if (length > 0) {
            read_part(&limit, at, length);
        }
        at += length;
        if (limit.remaining == 0 && limit.reset > wait) {
            wait = limit.reset;
        }
    }
    return wait > WAIT_MOST ? WAIT_MOST : wait;
}

static bool is_none(const char *remaining)
{
    char *end = NULL;
    return strtoll(remaining, &end, 10) <= 0 && end != remaining && *end == '\0';
}

int64_t wait_asked(const struct wait_headers *headers, int64_t server_clock)
{
    int64_t wait = read_wait(headers->retry_after, false, server_clock);
    int64_t limits = read_limits(headers->limit);
    int64_t reset = is_none(headers->remaining) ? read_wait(headers->reset, true, server_clock) : -1;
    wait = limits > wait ? limits : wait;
    return reset > wait ? reset : wait;
}

bool wait_is_spent(const struct wait_headers *headers)
{
    return read_limits(headers->limit) > 0 || (is_none(headers->remaining) && headers->reset[0] != '\0');
}
