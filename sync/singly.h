/*
 * One resource after the other, when not even a page of one comes over: the
 * server is asked for the ids alone, then for each. Private to sync/.
 */
#ifndef DOORSTEP_SYNC_SINGLY_H
#define DOORSTEP_SYNC_SINGLY_H

#include "base/json.h"
#include "sync/sync.h"

struct singly {
    struct sync *sync;
    struct sync_result *result;
    const char *type;
    const char *url;    /* the search, without a page size */
    enum status (*page)(void *context, const cJSON *bundle, struct error *error);  /* stores what came */
    const char *(*chart_of)(void *context, const cJSON *resource);                 /* whose it is, "" for nobody knows */
    void *context;
};

/* Fetches what is not here in this version yet. One that is too large for this device, or that the line cuts each time, is
 * kept aside by its name, and its chart counts as incomplete until it comes; *unnamed: whose chart that is, nobody knows.
 * UNREACHABLE when the line cuts one after the other. */
enum status singly_fetch(const struct singly *singly, bool *unnamed, struct error *error) MUST_CHECK;

#endif
