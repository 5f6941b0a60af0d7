/*
 * Whether the server's address still leads to the server whose ids the record
 * holds, and what happens when it does not. Private to sync/.
 */
#ifndef DOORSTEP_SYNC_ADDRESS_H
#define DOORSTEP_SYNC_ADDRESS_H

#include "base/json.h"
#include "sync/sync.h"

/* To be called before anything is sent. At an address seen before this does
 * nothing. At a new one the server is asked for patients and visits that the
 * record knows: when it holds the same under the same ids it is the same server
 * and only the charts are read again; else nothing is ever sent to it that was
 * made for the former one (record_leave_server), and result->moved is set. */
enum status address_settle(struct sync *sync, struct sync_result *result, struct error *error) MUST_CHECK;

/* Whether the person here under `id` is the one whom the server's Patient `theirs` describes. False also when nobody is here. */
enum status address_same_person(struct store *store, const cJSON *theirs, const char *id, bool *same,
                                struct error *error) MUST_CHECK;

/* Why something unsent is kept back from another server than it was made for. Translated. */
const char *address_tied_words(void);

#endif
