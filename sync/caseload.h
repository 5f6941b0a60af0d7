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
    int64_t vacant;         /* appointments that were read, and are with nobody: cancelled ones */
    enum status status;     /* sticky NO_MEMORY of the collecting callbacks */
    char scope[256];        /* what was asked for */
};
void caseload_free(struct caseload *caseload);
bool caseload_has(const struct caseload *caseload, const char *patient);
/* Adds one at the end; once is enough. `context` is the caseload. */
void caseload_add(void *context, const char *patient);

/* Fills *caseload (free it also after a failure). FAILED when the server does not know the scope. */
enum status caseload_fetch(struct sync *sync, struct sync_result *result, struct caseload *caseload,
                           struct error *error) MUST_CHECK;
/* Asks once more whether nobody at all belongs to a caseload that came empty: members that are no patients, or do not say who
 * they are, are not nobody, nor is what the server counts and does not list. */
enum status caseload_is_empty(struct sync *sync, struct sync_result *result, const struct caseload *caseload, bool *empty,
                              struct error *error) MUST_CHECK;
/* Whom the server's, or this device's, appointments name for today: adds them. A server that has none adds nobody. */
enum status caseload_today_there(struct sync *sync, struct sync_result *result, struct caseload *today,
                                 struct error *error) MUST_CHECK;
enum status caseload_today_here(struct sync *sync, struct caseload *today, struct error *error) MUST_CHECK;
/* Moves those of a caseload whom `first` names, in its order, to *out, which was empty; NULL: to the front. */
enum status caseload_take_first(struct caseload *caseload, const struct caseload *first, struct caseload *out,
                                struct error *error) MUST_CHECK;

#endif
