/*
 * How an answer's bytes leave: whole, or as the fault wants it. A delivery
 * that must wait suspends its connection; the loop in http.c wakes it.
 */
#ifndef LOOPBACK_DELIVERY_H
#define LOOPBACK_DELIVERY_H

#include "faults.h"

#include <microhttpd.h>

/* Connections that wait for a moment, and what a delivery counts. */
struct waiting {
    struct sleeper {
        struct MHD_Connection *connection;
        int64_t until; /* monotonic, ms */
    } *sleepers;       /* owned */
    size_t count;
    size_t capacity;
    struct clock clock;
    bool stopping;     /* nobody may fall asleep any more */
};

/* Suspends the connection for that long. */
void waiting_sleep(struct waiting *waiting, struct MHD_Connection *connection, int64_t milliseconds);
/* Resumes those whose time has come, or all when stopping. */
void waiting_wake(struct waiting *waiting);
/* Milliseconds until the next one, -1 for none. */
int64_t waiting_next(const struct waiting *waiting);
void waiting_free(struct waiting *waiting);

/* A response with `body`'s bytes, which it takes over; `fault` may be NULL. *bytes_out counts them. */
struct MHD_Response *delivery_response(struct waiting *waiting, struct MHD_Connection *connection,
                                       struct buffer *body, const struct fault *fault, int64_t *bytes_out);

#endif
