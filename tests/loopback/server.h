/* The server's state, and one FHIR request and its reply, without HTTP. */
#ifndef LOOPBACK_SERVER_H
#define LOOPBACK_SERVER_H

#include "common.h"
#include "faults.h"
#include "query.h"
#include "store.h"

struct searches;

struct server {
    struct options options;
    struct store store;
    struct searches *searches; /* results that page links refer to */
    struct faults faults;
};

struct request {
    const char *method;
    const char *path;          /* after the base, without a leading '/' */
    const char *base;          /* "http://127.0.0.1:8080/fhir", as the client calls it */
    struct query query;
    const char *body;
    size_t length;
    const char *content_type;  /* this and the next may be NULL */
    const char *if_none_exist;
    const char *if_match;
    const char *if_none_match;
    const char *prefer;
    bool no_cache;
};

struct reply {
    int status;
    const char *content_type;  /* a literal */
    struct buffer body;
    char location[512];        /* headers; "" or INSTANT_NONE leaves them out */
    char content_location[512];
    char etag[32];
    instant last_modified;
    bool from_cache;
};

void reply_init(struct reply *reply, int status);
void reply_free(struct reply *reply);
/* Empties the reply and makes it the OperationOutcome of `failure`. */
void reply_fail(struct reply *reply, const struct failure *failure);

#endif
