/*
 * The door for tests, outside /fhir:
 *
 *   POST   /control                  adds a fault (faults.h)
 *   DELETE /control                  clears the faults
 *   GET    /control                  {"requests", "bytes_in", "bytes_out", "methods": {NAME: COUNT},
 *                                    "faults": [...], "log": ["METHOD /path?query STATUS", ...]}
 *   GET    /control/resources?type=X the current resources as NDJSON, in order of creation; all without type
 *
 * Requests to /control are never counted. A POST of a Bundle of type batch is counted and logged as BATCH.
 * bytes_in and bytes_out are bodies as they were on the wire
 * (compressed). The log keeps the last 200 requests; a request that got no answer has the fault's name for a status.
 */
#ifndef LOOPBACK_CONTROL_H
#define LOOPBACK_CONTROL_H

#include "server.h"

#define LOG_LINES 200
#define OTHER_METHODS 6

struct counters {
    int64_t requests;
    int64_t bytes_in;
    int64_t bytes_out;
    int64_t methods[OTHER_METHODS + 1];   /* in the order of counted_methods in control.c, others last */
    char *log[LOG_LINES]; /* owned, a ring */
    size_t log_next;
};

void counters_free(struct counters *counters);
/* Counts one request; `outcome` is its status or what struck it. */
void counters_add(struct counters *counters, const char *method, const char *uri, const char *outcome, bool quiet);
void control_handle(struct server *server, const struct counters *counters, const struct request *request,
                    struct reply *reply);
/* Appends the current resources of a type (NULL: all), one a line. */
void append_resources(const struct store *store, const char *type, struct buffer *out);

#endif
