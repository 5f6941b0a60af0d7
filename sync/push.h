/*
 * Sending what waits. Private to sync/: sync_push() is declared in sync.h.
 *
 * A visit travels whole, in one transaction, in dependency order. What a
 * server refuses as a whole is halved until the refused entry stands alone;
 * the rest goes on. A creation is conditional on our own identifier, so
 * repeating after a lost answer makes nothing twice.
 */
#ifndef DOORSTEP_SYNC_PUSH_H
#define DOORSTEP_SYNC_PUSH_H

#include "base/json.h"
#include "store/record.h"
#include "sync/sync.h"

/* The rows sent together, and the answer of the server to them. */
struct push_batch {
    const struct outbox_row *rows;
    size_t count;
};

/* Writes down what the server said of each row of a batch that was answered
 * with 200. A row the answer does not speak of is looked up by its identifier. */
enum status push_settle(struct sync *sync, struct sync_result *result, const struct push_batch *batch,
                        const cJSON *answer, struct error *error) MUST_CHECK;
/* Writes down an answer that refuses a single row. */
enum status push_refuse(struct sync *sync, struct sync_result *result, const struct outbox_row *row, int http_status,
                        const cJSON *outcome, struct error *error) MUST_CHECK;

#endif
