/*
 * Sending what waits. Private to sync/: sync_push() is declared in sync.h.
 *
 * A visit travels whole, in one transaction, in dependency order. What a
 * server refuses as a whole is halved until the refused entry stands alone;
 * the rest goes on. A creation is conditional on our own identifier, so
 * repeating after a lost answer makes nothing twice; and what may have arrived
 * is asked for before it is repeated, for servers that pass over the condition.
 */
#ifndef DOORSTEP_SYNC_PUSH_H
#define DOORSTEP_SYNC_PUSH_H

#include "base/json.h"
#include "store/record.h"
#include "sync/caseload.h"
#include "sync/sync.h"

#define POISON_ATTEMPTS 3 /* what failed this often no longer holds up the rest */

/* One run of sending. */
struct push {
    struct sync *sync;
    struct sync_result *result;
    struct outbox_rows rows;  /* what was in the outbox when it began */
    int waiting;              /* of them, what was to be sent */
    int64_t *ill;             /* owned: rows of visits that the server answered badly (push_ill.c) */
    size_t ill_count;
    int ill_visits;           /* how many of those there were */
    bool well;                /* the server is: it answered to something else in this run */
    bool again;               /* that was after a pull: sync_push_well() */
    bool passed;              /* it took something in this run */
    int halved;               /* visits of which parts were tried */
    struct held {             /* owned: rows on which it fails by themselves */
        int64_t number;
        int code;
        bool worded;          /* what it said of that is with the row */
    } *held;
    size_t held_count;
    int64_t *merged;          /* owned: rows that were merged with theirs in this round, and can go again */
    size_t merged_count;
    bool merging;             /* only those are sent now, on what was read a moment ago */
    struct caseload fresh;    /* our UUIDs of what is known to be there since this run began */
    struct caseload known;    /* patients of whom the server is known to have the same person */
    bool forgot;              /* the server turned out in this run not to know something any more that it had accepted */
    struct outbox_row forgotten; /* that, where something else waits for it */
    /* Of the visit being sent: */
    size_t taken;             /* most entries the server took in one request */
    bool cut;                 /* it refused a request for its size, or may have */
    bool looked;              /* whether what it names is gone was looked up after a refusal */
    bool stuck;               /* it failed in a way that another visit need not meet */
    bool ill_now;             /* it was answered badly */
    bool halving;             /* for that it is tried in parts */
};

/* Rows sent together: borrowed, in dependency order. */
struct push_batch {
    const struct outbox_row **rows;
    size_t count;
};

int64_t *push_numbers(const struct push_batch *batch); /* of the rows; owned, NULL when memory is short */

/* Shows `notice` every reference in what a row wants to send; nothing when the row has left the outbox. */
enum status push_walk_references(struct push *push, const struct outbox_row *row,
                                 bool (*notice)(void *context, const char *reference, char *out, size_t size), void *context,
                                 struct error *error) MUST_CHECK;
/* After a refusal, once a visit: takes appointments that the server no longer has out of the batch's entries, and counts
 * that into result->unlinked; and what the server had accepted, and never heard of now, waits for the nurse, and what names
 * it with it. *changed: sending them again may go better. */
enum status push_unlink(struct push *push, const struct push_batch *batch, bool *changed, struct error *error) MUST_CHECK;
/* What the batch names of ours that the server accepted in an earlier run must still be there, as what it was: a server that
 * was put back to a backup gives ids again, and a visit would go on in somebody else's. A batch of which that cannot be asked
 * waits, and is empty then. */
enum status push_confirm(struct push *push, struct push_batch *batch, struct error *error) MUST_CHECK;
/* Creations that went out before and may have arrived are asked for by their identifiers; of updates, whether what they are
 * of is still there as it was. What the server has, or has otherwise, counts as accepted or meets what is there, and leaves
 * the batch. */
enum status push_ask(struct push *push, struct push_batch *batch, struct error *error) MUST_CHECK;
/* After an answer that says nothing of what was carried out: any creation of the batch may have arrived. */
enum status push_ask_again(struct push *push, struct push_batch *batch, struct error *error) MUST_CHECK;
/* Takes out of a batch what this server must not have, and refuses it with the reason. */
enum status push_check(struct push *push, struct push_batch *batch, struct error *error) MUST_CHECK;

/* Rows wait again, with these words. */
enum status push_put_back(struct push *push, const struct push_batch *batch, const char *why, struct error *error) MUST_CHECK;

/* Whether another visit is tried, after those that were answered badly. */
bool push_goes_on(const struct push *push);
/* Whether a batch that was answered badly is tried in halves. */
bool push_may_halve(struct push *push);
/* It was answered badly, and waits: to be tried again once the server is known to be well; then, `alone`, to be refused. */
enum status push_fall_ill(struct push *push, const struct push_batch *batch, const struct response *response,
                          const struct error *concern, struct error *error) MUST_CHECK;
/* The same of one row, of which only the noting is left. */
void push_note_ill(struct push *push, const struct outbox_row *row, bool alone, long code, bool worded, const struct error *concern);
bool push_is_ill(const struct push *push, int64_t number);
/* At the end of the sending: what fails by itself is refused, where other things were taken; result->complaint stays while
 * something may get well by itself. */
enum status push_end_ill(struct push *push, struct error *error) MUST_CHECK;

/* What goes out in one request. */
struct outgoing {
    struct push_batch batch;  /* owned array: those of the batch that can go now */
    char *text;               /* owned: the transaction; NULL when none can go */
    bool too_large;           /* for one request: nothing was marked as being sent */
};
void outgoing_free(struct outgoing *outgoing);
/* Builds the transaction of a batch and marks its rows as being sent, in one
 * commit, so that a change made meanwhile is seen as a later one. A row that
 * names something of ours that the server does not have yet is left waiting.
 * `most`: bytes of what can be sent in parts. */
enum status push_build(struct push *push, const struct push_batch *batch, size_t most, struct outgoing *out,
                       struct error *error) MUST_CHECK;

/* Writes down what the server said of each row of a batch that was answered
 * with 200. A row the answer does not speak of is looked up by its identifier. */
enum status push_settle(struct push *push, const struct push_batch *batch, const cJSON *answer, struct error *error) MUST_CHECK;
/* What the server has of a row. All borrowed. */
struct found {
    const char *id, *version;
    const cJSON *theirs;  /* what it showed of that, perhaps only some members; may be NULL */
    bool told;            /* of the rest of its visit, too, it is known whether it is there */
};
/* The server has what a row wants to create, from a try of which nobody can tell what was said. Where what is there has a
 * dangling reference (store/record.h) the row goes once more, as a change of it, in this run when it can. */
enum status push_found(struct push *push, const struct outbox_row *row, const struct found *found, struct error *error) MUST_CHECK;
/* The server answered, and said that it does not answer this. */
bool push_unsupported(enum status status, long code);
/* Reads what an update is of. When that is gone or another version, the update meets it as in a conflict; else *goes. */
enum status push_meet(struct push *push, const struct outbox_row *row, bool *goes, struct error *error) MUST_CHECK;
/* Writes down an answer that refuses a single row. `outcome` may be NULL. */
enum status push_refuse(struct push *push, const struct outbox_row *row, int http_status, const cJSON *outcome,
                        struct error *error) MUST_CHECK;

#endif
