/*
 * The background sync: one thread with its own connection. All that views may
 * know of sync/. The two threads meet here alone: start, cancel, a status
 * snapshot and one eventfd; data passes only through the database.
 */
#ifndef DOORSTEP_SYNC_WORKER_H
#define DOORSTEP_SYNC_WORKER_H

#include "base/config.h"
#include "base/error.h"
#include "base/identifier.h"
#include "base/paths.h"
#include "store/store.h"
#include "store/vault.h"

#include <stdbool.h>

struct worker;

enum worker_phase { WORKER_IDLE, WORKER_CONNECTING, WORKER_PUSHING, WORKER_PULLING };

struct worker_count { int done, total; }; /* total 0: none, or not known */

struct worker_snapshot {
    enum worker_phase phase;
    int64_t run;                /* how many runs have begun; what follows is of the last one and stays after it */
    struct worker_count sent;   /* records the server took, of those that waited when the run began */
    struct worker_count received; /* patients who were read whole, of the caseload */
    char patient[ID_SIZE];      /* whose chart is read now, of several the first; "" when none is */
    bool configured;            /* a server is known */
    enum status last;           /* of the last finished run; OK before the first */
    bool finished_once;
    int departed;               /* patients who left the caseload, in the last run in which any did */
    int64_t departed_run;       /* that run; 0 before one */
    char departed_names[256];   /* as many as fit */
    char reason[256];           /* translated; "" when the last run was good */
    int64_t generation;         /* moves when data or status changed */
};

/* Starts the thread (idle). Blocks all signals in it. `paths`, `vault` and
 * `config` must outlive it, unchanged. */
enum status worker_new(const struct paths *paths, const struct vault *vault, const struct store_options *options,
                       const struct config *config, struct worker **out, struct error *error) MUST_CHECK;
/* The same with another source of news than network_open(): for tests. Takes `network`, also on failure; -1 for none. */
enum status worker_new_watching(const struct paths *paths, const struct vault *vault, const struct store_options *options,
                                const struct config *config, int network, struct worker **out, struct error *error) MUST_CHECK;
/* Asks for a sync now; while one runs, for another after it, because what was
 * signed meanwhile may not be in it. Never blocks. Also runs by itself every
 * config->sync_every_minutes; after failures with backoff, and soon after the network returns. While the server wants to
 * be left alone (pause.h) none of these runs: the snapshot says until when, and then one does. */
void worker_request(struct worker *worker);
/* The same, because the nurse herself asks: at once, whatever the server wants. */
void worker_request_now(struct worker *worker);
/* Asks the running sync to stop soon. Never blocks. */
void worker_cancel(struct worker *worker);
void worker_snapshot(struct worker *worker, struct worker_snapshot *out);
struct sync_progress;
/* Takes what a run tells into a snapshot: within a run no share that is done ever becomes smaller. Pure; the thread's. */
void worker_snapshot_follow(struct worker_snapshot *snapshot, const struct sync_progress *progress);
/* Readable when the snapshot moved; worker_acknowledge() makes it unreadable. */
int worker_descriptor(const struct worker *worker);
void worker_acknowledge(struct worker *worker);
/* Cancels, joins (a second at most for a stuck exchange is normal), closes its connection. NULL is fine. */
void worker_free(struct worker *worker);

#endif
