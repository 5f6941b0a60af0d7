/*
 * Whose charts come to the device: the scope, asked of the server. Private to sync/.
 */
#ifndef DOORSTEP_SYNC_CASELOAD_H
#define DOORSTEP_SYNC_CASELOAD_H

#include "base/identifier.h"
#include "base/json.h"
#include "sync/sync.h"

/* Patient ids in the order in which they should arrive: today's visits first. */
struct caseload {
    char (*ids)[ID_SIZE];   /* owned */
    size_t count, capacity;
    enum status status;     /* sticky NO_MEMORY of the collecting callbacks */
};
void caseload_free(struct caseload *caseload);

/* Fills *caseload. FAILED or NOT_FOUND when the server does not know the scope. */
enum status caseload_fetch(struct sync *sync, struct sync_result *result, struct caseload *caseload,
                           struct error *error) MUST_CHECK;

/* Walks a search result page by page: `page` gets every bundle. Follows next
 * links on the server's own origin only; a link met twice ends the walk with FAILED. */
enum status search_each_page(struct sync *sync, struct sync_result *result, const char *url,
                             enum status (*page)(void *context, const cJSON *bundle, struct error *error), void *context,
                             struct error *error) MUST_CHECK;

#endif
