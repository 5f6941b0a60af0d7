/*
 * The background sync thread. See worker.h.
 *
 * The only file that makes a thread. Its mutex is a leaf: no SQL and no network
 * while it is held. All signals are blocked in the thread, so that they reach
 * the UI. Cancelling is cooperative, by one atomic flag.
 */
#include "sync/worker.h"

#include "base/memory.h"
#include "base/text.h"
#include "sync/sync.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define BACKOFF_FIRST_SECONDS 30
#define BACKOFF_MOST_SECONDS (15 * 60)

struct worker {
    const struct paths *paths;      /* borrowed, like the next three */
    const struct vault *vault;
    struct store_options options;
    const struct config *config;
    pthread_t thread;
    int descriptor;
    atomic_bool cancelled;
    pthread_mutex_t mutex;          /* guards what follows */
    pthread_cond_t wake;
    bool requested;
    bool leaving;
    int64_t asked_to_wait;          /* seconds, by the server in the last run; the thread's own */
    struct worker_snapshot snapshot;
};

static void announce(struct worker *worker)
{
    uint64_t one = 1;
    worker->snapshot.generation++;
    /* A full counter is readable already, which is all that is wanted. */
    ssize_t written = write(worker->descriptor, &one, sizeof one);
    (void)written;
}

static void publish_progress(void *context, const struct sync_progress *progress)
{
    static const enum worker_phase phases[] = {
        [SYNC_IDLE] = WORKER_IDLE,       [SYNC_CONNECTING] = WORKER_CONNECTING, [SYNC_PUSHING] = WORKER_PUSHING,
        [SYNC_PULLING] = WORKER_PULLING, [SYNC_DONE] = WORKER_IDLE,
    };
    struct worker *worker = context;
    pthread_mutex_lock(&worker->mutex);
    worker->snapshot.phase = phases[progress->phase];
    worker->snapshot.done = progress->done;
    worker->snapshot.total = progress->total;
    announce(worker);
    pthread_mutex_unlock(&worker->mutex);
}

static void publish_end(struct worker *worker, enum status status, const char *reason)
{
    pthread_mutex_lock(&worker->mutex);
    worker->snapshot.phase = WORKER_IDLE;
    worker->snapshot.last = status;
    worker->snapshot.finished_once = true;
    text_copy(worker->snapshot.reason, sizeof worker->snapshot.reason, status == STATUS_OK ? "" : reason);
    announce(worker);
    pthread_mutex_unlock(&worker->mutex);
}

/* The server's address: the configuration's, else what enrolment was told. */
static enum status server_address(struct worker *worker, struct store *store, char *out, size_t size, struct error *error)
{
    if (worker->config->server[0] != '\0') {
        text_copy(out, size, worker->config->server);
        return STATUS_OK;
    }
    return store_setting_get(store, SETTING_SERVER, out, size, error);
}

/* One run. OK, and nothing done, when there is no server to exchange with: a clinic that works offline. */
static enum status run_once(struct worker *worker, struct store *store, struct error *error)
{
    char server[512] = "";
    char token[8192] = "";
    struct http *http = NULL;
    struct presence *presence = NULL;
    struct sync_result result;
    enum status status = server_address(worker, store, server, sizeof server, error);
    if (status == STATUS_OK) {
        pthread_mutex_lock(&worker->mutex);
        worker->snapshot.configured = server[0] != '\0';
        pthread_mutex_unlock(&worker->mutex);
        if (server[0] == '\0') {
            return STATUS_OK;
        }
    }
    if (status == STATUS_OK) {
        status = store_setting_get(store, SETTING_TOKEN, token, sizeof token, error);
    }
    if (status == STATUS_OK) {
        status = presence_begin_sync(worker->paths, &presence, error);
    }
    if (status == STATUS_OK) {
        status = http_new(server, token, worker->config->ca_file, &worker->cancelled, &http, error);
    }
    if (status == STATUS_OK) {
        struct sync sync = {
            .store = store,
            .transport = http_transport(http),
            .server = server,
            .caseload = worker->config->caseload,
            .clock = worker->options.clock,
            .randomness = worker->options.randomness,
            .cancelled = &worker->cancelled,
            .progress = publish_progress,
            .progress_context = worker,
        };
        status = sync_run(&sync, &result, error);
        worker->asked_to_wait = result.retry_after;
    }
    memory_wipe(token, sizeof token);
    http_free(http);
    presence_release(presence);
    return status;
}

/* Seconds until the next run by itself: the regular pace, or a jittered backoff after failures; never
 * sooner than the server asked for. */
static int64_t next_pause(struct worker *worker, int failures)
{
    int64_t pause = (int64_t)worker->config->sync_every_minutes * 60;
    if (failures > 0) {
        int64_t most = BACKOFF_FIRST_SECONDS;
        for (int i = 1; i < failures && most < BACKOFF_MOST_SECONDS; i++) {
            most *= 2;
        }
        most = most < BACKOFF_MOST_SECONDS ? most : BACKOFF_MOST_SECONDS;
        pause = most / 2 + (int64_t)randomness_below(&worker->options.randomness, (uint32_t)(most / 2) + 1);
    }
    return pause > worker->asked_to_wait ? pause : worker->asked_to_wait;
}

/* After these the connection to the record is as good as before. */
static bool record_is_sound(enum status status)
{
    return status == STATUS_OK || status == STATUS_ATTENTION || status == STATUS_UNREACHABLE ||
           status == STATUS_CANCELLED || status == STATUS_BUSY || status == STATUS_INVALID;
}

/* Waits for a request, the timer, or the end. True: run; false: leave. */
static bool wait_for_work(struct worker *worker, int64_t seconds)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)seconds;
    pthread_mutex_lock(&worker->mutex);
    int waited = 0;
    while (!worker->requested && !worker->leaving && waited != ETIMEDOUT) {
        waited = pthread_cond_timedwait(&worker->wake, &worker->mutex, &until);
    }
    worker->requested = false;
    bool leaving = worker->leaving;
    if (!leaving) {
        /* Cleared under the mutex: a cancel of this run cannot slip in before it began. */
        atomic_store(&worker->cancelled, false);
    }
    pthread_mutex_unlock(&worker->mutex);
    return !leaving;
}

static void *work(void *context)
{
    struct worker *worker = context;
    struct store *store = NULL;
    int failures = 0;
    while (wait_for_work(worker, next_pause(worker, failures))) {
        struct error error = {0};
        enum status status = STATUS_OK;
        worker->asked_to_wait = 0;
        if (store == NULL) {
            status = store_open(worker->paths, worker->vault, &worker->options, &store, &error);
        }
        if (status == STATUS_OK) {
            status = run_once(worker, store, &error);
        }
        if (!record_is_sound(status)) {
            store_close(store); /* a record whose disk failed writes again only when it is opened again */
            store = NULL;
        }
        failures = status == STATUS_OK || status == STATUS_ATTENTION || status == STATUS_CANCELLED ? 0 : failures + 1;
        publish_end(worker, status, error.sentence);
    }
    store_close(store);
    return NULL;
}

enum status worker_new(const struct paths *paths, const struct vault *vault, const struct store_options *options,
                       const struct config *config, struct worker **out, struct error *error)
{
    pthread_condattr_t attributes;
    sigset_t all;
    sigset_t before;
    *out = NULL;
    struct worker *worker = memory_allocate(sizeof *worker);
    if (worker == NULL) {
        return error_no_memory(error);
    }
    worker->paths = paths;
    worker->vault = vault;
    worker->options = *options;
    worker->options.yields = true;
    worker->config = config;
    worker->snapshot.configured = true;
    worker->descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (worker->descriptor < 0) {
        int number = errno;
        memory_free(worker);
        return error_system(error, _("the background sync"), number);
    }
    pthread_mutex_init(&worker->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&worker->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int number = pthread_create(&worker->thread, NULL, work, worker);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (number != 0) {
        pthread_cond_destroy(&worker->wake);
        pthread_mutex_destroy(&worker->mutex);
        close(worker->descriptor);
        memory_free(worker);
        return error_system(error, _("the background sync"), number);
    }
    *out = worker;
    return STATUS_OK;
}

void worker_request(struct worker *worker)
{
    pthread_mutex_lock(&worker->mutex);
    worker->requested = true;
    pthread_cond_signal(&worker->wake);
    pthread_mutex_unlock(&worker->mutex);
}

void worker_cancel(struct worker *worker)
{
    atomic_store(&worker->cancelled, true);
}

void worker_snapshot(struct worker *worker, struct worker_snapshot *out)
{
    pthread_mutex_lock(&worker->mutex);
    *out = worker->snapshot;
    pthread_mutex_unlock(&worker->mutex);
}

int worker_descriptor(const struct worker *worker)
{
    return worker->descriptor;
}

void worker_acknowledge(struct worker *worker)
{
    uint64_t count = 0;
    ssize_t got = read(worker->descriptor, &count, sizeof count);
    (void)got; /* nothing to read is as good */
}

void worker_free(struct worker *worker)
{
    if (worker == NULL) {
        return;
    }
    pthread_mutex_lock(&worker->mutex);
    worker->leaving = true;
    atomic_store(&worker->cancelled, true);
    pthread_cond_signal(&worker->wake);
    pthread_mutex_unlock(&worker->mutex);
    pthread_join(worker->thread, NULL);
    pthread_cond_destroy(&worker->wake);
    pthread_mutex_destroy(&worker->mutex);
    close(worker->descriptor);
    memory_free(worker);
}
