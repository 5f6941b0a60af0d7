/*
 * Whose charts come to the device: the scope, asked of the server. Private to sync/.
 */
#ifndef DOORSTEP_SYNC_CASELOAD_H
#define DOORSTEP_SYNC_CASELOAD_H

#include "base/identifier.h"
#include "base/json.h"
#include "sync/sync.h"

/* Patient ids, each once, in the order in which they should arrive. */
struct caseload {
    char (*ids)[ID_SIZE];   /* owned */
    size_t count, capacity;
    bool doubtful;          /* a member could not be read: who is missing may only be unreadable */
    enum status status;     /* sticky NO_MEMORY of the collecting callbacks */
};
void caseload_free(struct caseload *caseload);
bool caseload_has(const struct caseload *caseload, const char *patient);
/* Adds one at the end; once is enough. `context` is the caseload. */
void caseload_add(void *context, const char *patient);

/* Fills *caseload (free it also after a failure). FAILED when the server does not know the scope. */
enum status caseload_fetch(struct sync *sync, struct sync_result *result, struct caseload *caseload,
                           struct error *error) MUST_CHECK;
/* Asks for today's appointments and puts their patients first. A server that has none changes nothing. */
enum status caseload_today_first(struct sync *sync, struct sync_result *result, struct caseload *caseload,
                                 struct error *error) MUST_CHECK;

#endif
