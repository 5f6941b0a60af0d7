/*
 * Several questions in one request: most often nothing is new, and then the
 * headers of a request for each would be most of what goes over the line.
 * Private to sync/.
 */
#ifndef DOORSTEP_SYNC_BATCH_H
#define DOORSTEP_SYNC_BATCH_H

#include "fhir/bundle.h"
#include "sync/sync.h"

/* Asks the searches of `questions`, a batch (transaction_add_read; NULL means
 * memory was short). `each` gets the list that answered question `index`.
 * What is not answered, whatever the reason, the caller asks for by itself: a
 * server may refuse batches (which is remembered) or single questions. */
enum status batch_ask(struct sync *sync, struct sync_result *result, const struct transaction *questions,
                      enum status (*each)(void *context, size_t index, const cJSON *bundle, struct error *error),
                      void *context, struct error *error) MUST_CHECK;

#endif
