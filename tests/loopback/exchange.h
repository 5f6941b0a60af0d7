/*
 * One request over HTTP, from its first line to the last byte of its answer,
 * and how its headers and body become a reply.
 */
#ifndef LOOPBACK_EXCHANGE_H
#define LOOPBACK_EXCHANGE_H

#include "control.h"
#include "server.h"

#include <microhttpd.h>

#define BASE_PATH "/fhir"

struct exchange {
    char *uri;                 /* owned, as sent: "/fhir/Patient?_id=1" */
    struct buffer upload;      /* the body, as it came */
    const struct fault *fault; /* what strikes this request, or NULL */
    bool begun;
    bool held;                 /* a hang is over */
};

struct exchange *exchange_new(const char *uri);
void exchange_free(struct exchange *exchange);
/* A request to /control, which nothing strikes or counts. */
bool exchange_is_control(const struct exchange *exchange);
/* A Bundle of type batch, as doorstep writes one: told by how it begins. */
bool exchange_is_batch(const struct exchange *exchange);
/* Whether the fault answers in the server's place. */
bool exchange_is_foreign(const struct exchange *exchange);
/* Fills `reply` (the caller frees it) once the whole request is there. */
void exchange_answer(struct exchange *exchange, struct server *server, const struct counters *counters, int port,
                     struct MHD_Connection *connection, const char *method, struct reply *reply);
/* A header of the request, or NULL. Borrowed. */
const char *exchange_header(struct MHD_Connection *connection, const char *name);

#endif
