/*
 * What goes wrong on request. POST /control adds a fault:
 *
 *   {"fault": NAME, "after": N, "times": M, "match": TEXT, ...}
 *
 * It strikes requests whose "METHOD /path?query" holds TEXT (absent: all), lets
 * N of them pass first, then strikes M (absent: 1; 0: for ever). The oldest fault
 * that fits strikes. /control itself is never struck.
 *
 *   drop-request            the connection is closed, nothing is handled
 *   offline                 the same with a reset, as if nobody listened
 *   hang {"ms"}             held that long (absent: an hour), then handled
 *   status {"status", "body", "headers": {NAME: VALUE}}   answered with that, not handled
 *   html                    200 and a page of HTML (a captive portal), not handled
 *   not-json                200 application/fhir+json, but no JSON, not handled
 *   endless                 200 and a Bundle that never ends, not handled
 *   drop-reply              handled, then the connection is closed
 *   truncate {"delimited"}  handled, half the body sent, then closed; with "delimited": true
 *                           no Content-Length was announced, the close itself ends the body
 *   slow {"bytes_per_second"}  handled, the body trickles (absent: 100)
 *   reject {"contains"}     a write whose resource, as JSON without blanks, holds that text is
 *                           refused with 422, and the transaction with it; "times" counts
 *                           refusals and is for ever when absent
 */
#ifndef LOOPBACK_FAULTS_H
#define LOOPBACK_FAULTS_H

#include "common.h"

#include "base/json.h"

enum fault_kind {
    FAULT_DROP_REQUEST,
    FAULT_OFFLINE,
    FAULT_HANG,
    FAULT_STATUS,
    FAULT_HTML,
    FAULT_NOT_JSON,
    FAULT_ENDLESS,
    FAULT_DROP_REPLY,
    FAULT_TRUNCATE,
    FAULT_SLOW,
    FAULT_REJECT,
};

struct fault {
    enum fault_kind kind;
    int64_t after; /* requests still to let pass */
    int64_t left;  /* strikes left; -1: for ever */
    cJSON *spec;   /* owned: what POST /control said */
};

struct faults {
    struct fault **items; /* owned; kept until the end, also when cleared, as answers may still use them */
    size_t count;
    size_t capacity;
};

void faults_free(struct faults *faults);
bool faults_add(struct faults *faults, const char *body, size_t length, struct failure *failure);
void faults_clear(struct faults *faults);
/* The fault that strikes this request, or NULL. Borrowed. */
const struct fault *faults_take(struct faults *faults, const char *line);
/* Whether a reject fault refuses this resource. */
bool faults_refuse(struct faults *faults, const cJSON *resource);
/* Appends the active faults as a JSON array. */
void faults_append(const struct faults *faults, struct buffer *out);
/* A number of the fault's description. */
int64_t fault_number(const struct fault *fault, const char *name, int64_t otherwise);

#endif
