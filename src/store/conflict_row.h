/* The three versions of what is in conflict, for the writer (record_merge.c) and for showing it (query_conflict.c). */
#ifndef DOORSTEP_STORE_CONFLICT_ROW_H
#define DOORSTEP_STORE_CONFLICT_ROW_H

#include "base/json.h"
#include "store/store.h"

struct meeting {
    char *base_body, *body, *their_body; /* owned; "" when there is none */
    cJSON *base, *mine, *theirs;         /* owned; ours with the server's ids in their references; NULL when there is none */
    bool open;                           /* a conflict waits */
    bool known;                          /* it is known what the server holds */
    bool gone;                           /* nothing */
};
/* Empty when the outbox has no such row. Free with meeting_free(), also after a failure. */
enum status meeting_load(struct store *store, int64_t number, struct meeting *out, struct error *error) MUST_CHECK;
void meeting_free(struct meeting *meeting);

struct row;
struct pending;
/* Ours is let go: a copy is kept, audited as `action`, and the record is theirs, or none when that is gone. */
enum status meeting_let_go(struct store *store, const struct row *row, const struct pending *pending,
                           const struct meeting *meeting, const char *action, struct error *error) MUST_CHECK;

#endif
