/*
 * One sync: a plain blocking function with injected transport, clock and
 * randomness. The worker thread, `doorstep sync`, the tests and the simulator
 * call the same one.
 *
 * Push first, then pull. Restartable at any point: what was being sent when a
 * run stopped waits again, and the identities make repeating safe.
 */
#ifndef DOORSTEP_SYNC_SYNC_H
#define DOORSTEP_SYNC_SYNC_H

#include "base/config.h"
#include "base/error.h"
#include "store/outbox.h"
#include "store/store.h"
#include "sync/transport.h"

#include <stdatomic.h>

enum sync_phase { SYNC_IDLE, SYNC_CONNECTING, SYNC_PUSHING, SYNC_PULLING, SYNC_DONE };

struct sync_progress {
    enum sync_phase phase;
    /* Pushing: records the server has taken in this run, of those that waited when it began. Pulling: patients who were
     * read whole, of the caseload. Within a run done never goes back; total is 0 while unknown. */
    int done, total;
    const char *patient;    /* whose chart is read now, of several the first; "" when none is */
};

struct sync {
    struct store *store;
    struct transport transport;
    const char *server;                 /* base URL without a final slash */
    const char *caseload;               /* the configuration's; NULL or "": what enrolment was told */
    struct clock clock;
    struct randomness randomness;
    atomic_bool *cancelled;             /* may be NULL */
    void (*progress)(void *context, const struct sync_progress *progress); /* may be NULL */
    void *progress_context;
};

/* How the last exchange ended, for what is asked again in smaller portions. The parts of sync/ tell each other. */
struct last_exchange {
    enum last_end {
        LAST_WHOLE,     /* an answer, or nothing was sent */
        LAST_TOO_LARGE, /* past what an answer may have, or the server said so */
        LAST_CUT,       /* an answer began and did not end */
        LAST_SILENT,    /* no answer began */
    } end;
    long code;          /* the HTTP status, 0 without an answer */
    char words[256];    /* the server's own, when it refused to read: for the screen, never for the journal */
    bool alone;         /* a search ended because not even one resource by itself came over */
    bool lacking;       /* a search ended with less than the server counts */
};

/* What a run did. `entry` is also written to the journal. */
struct sync_result {
    struct journal_entry entry;
    instant server_clock;               /* Date of the last answer; INSTANT_NONE before one */
    int64_t retry_after;                /* the longest wait a server asked for, in seconds; -1 when none did */
    instant not_before;                 /* the server asked not to be asked before: the run sends no more; INSTANT_NONE */
    int emptied;                        /* charts that are here, of a caseload that is empty at the server since this run */
    int hidden;                         /* records that the server counts and does not show */
    int absent;                         /* patients of the caseload that the server did not deliver */
    char departed[256];                 /* the names of those who left the caseload, as many as fit; for the screen, never a journal */
    int removed;                        /* resources that left charts because the server no longer has them */
    int unlinked;                       /* visits sent without their appointment, which is gone */
    struct last_exchange last;
    int ill;                            /* rows that the server answered badly, before anything told whether it is well */
    struct error complaint;             /* what it said of such a one, first; OK when none is left */
    bool untold;                        /* the caseload names nobody, and is not empty: who belongs to it is not shown */
    bool older;                         /* the server shows an older version of something than it did before */
    bool moved;                         /* the address leads to another server than before */
};
void sync_result_init(struct sync_result *result);

/* OK: outbox empty and every answer stored. ATTENTION: done, but something
 * needs the nurse. UNREACHABLE, CANCELLED, FULL ...: stopped, nothing lost;
 * result->entry.reason says why in the nurse's language. */
enum status sync_run(struct sync *sync, struct sync_result *result, struct error *error) MUST_CHECK;

/* An attempt that ended before sync_run() leaves its line in the journal too: else the last one that did would seem the last. */
void sync_note_attempt(struct store *store, const struct clock *clock, enum status result, const struct error *why);

/* The parts, for tests. Each counts into result. */
enum status sync_push(struct sync *sync, struct sync_result *result, struct error *error) MUST_CHECK;
/* Once more, after a pull that passed: what was answered badly before is tried in parts. */
enum status sync_push_well(struct sync *sync, struct sync_result *result, struct error *error) MUST_CHECK;
enum status sync_pull(struct sync *sync, struct sync_result *result, struct error *error) MUST_CHECK;
/* Asks /metadata and remembers what the server is and can do. */
enum status sync_probe(struct sync *sync, struct sync_result *result, struct error *error) MUST_CHECK;

/* What the nurse's caseload means as searches: "appointments", "Group/ID",
 * "List/ID", "Patient?...", "all". INVALID with the remedy for anything else. */
enum status caseload_check(const char *scope, struct error *error) MUST_CHECK;

#endif
