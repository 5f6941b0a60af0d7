/*
 * The background sync thread. See worker.h.
 *
 * The only file that makes a thread. Its mutex is a leaf: no SQL and no network
 * while it is held. All signals are blocked in the thread, so that they reach
 * the UI. Cancelling is cooperative, by one atomic flag.
 */
#include "sync/worker.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "sync/network.h"
#include "sync/pause.h"
#include "sync/sync.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define RETURN_JITTER_MS 15000 /* within these the devices of a clinic try again when its network returns */

struct worker {
    const struct paths *paths;      /* borrowed, like the next three */
    const struct vault *vault;
    struct store_options options;
    const struct config *config;
    pthread_t thread;
    int descriptor;
    int wake;                       /* eventfd: something below was asked for */
    int network;                    /* news of it; -1 for none */
    atomic_bool cancelled;
    pthread_mutex_t mutex;          /* guards what follows */
    bool requested;
    bool by_nurse;                  /* she asked herself: the server's wish to wait does not hold her */
    bool leaving;
    struct {                        /* the thread's own, of the last run */
        int64_t asked_to_wait;      /* seconds, by the server */
        bool goes_on;               /* what is left goes as soon as that is over */
    } after;
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

/* A total that is known stays, and what is done never exceeds it. */
static void count_up(struct worker_count *count, const struct sync_progress *progress)
{
    if (count->total == 0) {
        count->total = progress->total;
    }
    if (progress->done > count->done) {
        count->done = progress->done < count->total ? progress->done : count->total;
    }
}

void worker_snapshot_follow(struct worker_snapshot *snapshot, const struct sync_progress *progress)
{
    static const enum worker_phase phases[] = {
        [SYNC_IDLE] = WORKER_IDLE,       [SYNC_CONNECTING] = WORKER_CONNECTING, [SYNC_PUSHING] = WORKER_PUSHING,
        [SYNC_PULLING] = WORKER_PULLING, [SYNC_DONE] = WORKER_IDLE,
    };
    snapshot->phase = phases[progress->phase];
    if (snapshot->phase == WORKER_CONNECTING) {
        snapshot->run++;
        snapshot->sent = (struct worker_count){0};
        snapshot->received = (struct worker_count){0};
    } else if (snapshot->phase == WORKER_PUSHING) {
        count_up(&snapshot->sent, progress);
    } else if (snapshot->phase == WORKER_PULLING) {
        count_up(&snapshot->received, progress);
    }
    text_copy(snapshot->patient, sizeof snapshot->patient, progress->patient);
}

static void publish_progress(void *context, const struct sync_progress *progress)
{
    struct worker *worker = context;
    pthread_mutex_lock(&worker->mutex);
    worker_snapshot_follow(&worker->snapshot, progress);
    announce(worker);
    pthread_mutex_unlock(&worker->mutex);
}

static void publish_end(struct worker *worker, enum status status, const char *reason)
{
    pthread_mutex_lock(&worker->mutex);
    worker->snapshot.phase = WORKER_IDLE;
    worker->snapshot.patient[0] = '\0';
    worker->snapshot.last = status;
    worker->snapshot.finished_once = true;
    text_copy(worker->snapshot.reason, sizeof worker->snapshot.reason, status == STATUS_OK ? "" : reason);
    announce(worker);
    pthread_mutex_unlock(&worker->mutex);
}

static void publish_departed(struct worker *worker, const struct sync_result *result)
{
    if (result->entry.departed > 0) {
        pthread_mutex_lock(&worker->mutex);
        worker->snapshot.departed = result->entry.departed;
        worker->snapshot.departed_run = worker->snapshot.run;
        text_copy(worker->snapshot.departed_names, sizeof worker->snapshot.departed_names, result->departed);
        pthread_mutex_unlock(&worker->mutex);
    }
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

/* What came of a run, for the time of the next. */
static void note_end(struct worker *worker, const struct sync_result *result, enum status status)
{
    worker->after.asked_to_wait = result->retry_after > 0 ? result->retry_after : 0;
    worker->after.goes_on = status == STATUS_UNREACHABLE && result->not_before != INSTANT_NONE &&
                            result->entry.pushed + result->entry.pulled > 0;
}

/* One run. OK, and nothing done, when there is no server to exchange with: a clinic that works offline. */
static enum status run_once(struct worker *worker, struct store *store, bool by_nurse, struct error *error)
{
    char server[512] = "";
    char token[8192] = "";
    struct http *http = NULL;
    struct presence *presence = NULL;
    struct sync_result result;
    bool ran = false;
    enum status status = server_address(worker, store, server, sizeof server, error);
    if (status == STATUS_OK) {
        pthread_mutex_lock(&worker->mutex);
        worker->snapshot.configured = server[0] != '\0';
        pthread_mutex_unlock(&worker->mutex);
        if (server[0] == '\0') {
            return STATUS_OK;
        }
    }
    if (status == STATUS_OK && !by_nurse) {
        status = pause_check(store, clock_now(&worker->options.clock), &worker->after.asked_to_wait, error);
        worker->after.goes_on = worker->after.asked_to_wait > 0;
        if (worker->after.goes_on) {
            return status; /* no attempt, and no failure */
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
        ran = true;
        status = sync_run(&sync, &result, error);
        note_end(worker, &result, status);
        publish_departed(worker, &result);
    }
    memory_wipe(token, sizeof token);
    http_free(http);
    presence_release(presence);
    if (!ran && status != STATUS_BUSY) { /* the sync that runs elsewhere writes its own line */
        sync_note_attempt(store, &worker->options.clock, status, error);
    }
    return status;
}

/* Seconds until the next run by itself: the regular pace, or backoff after failures; never
 * sooner than the server asked for. */
static int64_t next_pause(struct worker *worker, int failures)
{
    int64_t pause = (int64_t)worker->config->sync_every_minutes * 60;
    if (worker->after.goes_on) {
        pause = 1 + (int64_t)randomness_below(&worker->options.randomness, RETURN_JITTER_MS / 1000);
        return worker->after.asked_to_wait + pause;
    }
    if (failures > 0) {
        pause = pause_after_failures(failures, &worker->options.randomness);
    }
    return pause > worker->after.asked_to_wait ? pause : worker->after.asked_to_wait;
}

/* After these the connection to the record is as good as before. */
static bool record_is_sound(enum status status)
{
    return status == STATUS_OK || status == STATUS_ATTENTION || status == STATUS_UNREACHABLE ||
           status == STATUS_CANCELLED || status == STATUS_BUSY || status == STATUS_INVALID;
}

static void wake_up(struct worker *worker)
{
    uint64_t one = 1;
    ssize_t written = write(worker->wake, &one, sizeof one);
    (void)written; /* a full counter wakes as well */
}

static bool is_asked(struct worker *worker)
{
    pthread_mutex_lock(&worker->mutex);
    bool asked = worker->requested || worker->leaving;
    pthread_mutex_unlock(&worker->mutex);
    return asked;
}

/* Milliseconds that go on while nothing else does. */
static int64_t monotonic_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The network may be back: soon, but not all devices of a clinic at once, and not before the server wants it. */
static int64_t soon(struct worker *worker, int64_t began, int64_t until)
{
    int64_t at = monotonic_now() + 1000 + (int64_t)randomness_below(&worker->options.randomness, RETURN_JITTER_MS);
    int64_t asked = began + worker->after.asked_to_wait * 1000;
    at = at > asked ? at : asked;
    return at < until ? at : until;
}

/* Sleeps until somebody asks or the time has come; after a failure also for news of the network. */
static void wait_until(struct worker *worker, int64_t seconds, bool failed)
{
    struct pollfd waited[] = {{.fd = worker->wake, .events = POLLIN}, {.fd = worker->network, .events = POLLIN}};
    int64_t began = monotonic_now();
    int64_t until = began + seconds * 1000;
    bool hurried = false;
    for (int64_t left = until - began; left > 0 && !is_asked(worker); left = until - monotonic_now()) {
        uint64_t count = 0;
        poll(waited, 2, left < INT_MAX ? (int)left : INT_MAX);
        ssize_t got = read(worker->wake, &count, sizeof count);
        (void)got;
        if ((waited[1].revents & POLLIN) != 0 && network_appeared(worker->network) && failed && !hurried) {
            hurried = true;
            until = soon(worker, began, until);
        } else if ((waited[1].revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) {
            waited[1].fd = -1; /* the timer is left */
        }
    }
}

/* Waits for a request, the timer, the network's return, or the end. True: run; false: leave. */
static bool wait_for_work(struct worker *worker, int64_t seconds, bool failed, bool *by_nurse)
{
    wait_until(worker, seconds, failed);
    pthread_mutex_lock(&worker->mutex);
    *by_nurse = worker->by_nurse;
    worker->by_nurse = false;
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
    bool by_nurse = false;
    while (wait_for_work(worker, next_pause(worker, failures), failures > 0, &by_nurse)) {
        struct error error = {0};
        enum status status = STATUS_OK;
        memset(&worker->after, 0, sizeof worker->after);
        if (store == NULL) {
            status = store_open(worker->paths, worker->vault, &worker->options, &store, &error);
        }
        if (status == STATUS_OK) {
            status = run_once(worker, store, by_nurse, &error);
        }
        if (!record_is_sound(status)) {
            store_close(store); /* a record whose disk failed writes again only when it is opened again */
            store = NULL;
        }
        bool well = status == STATUS_OK || status == STATUS_ATTENTION || status == STATUS_CANCELLED;
        failures = well ? 0 : failures + (worker->after.goes_on ? 0 : 1);
        publish_end(worker, status, error.sentence);
    }
    store_close(store);
    return NULL;
}

static void close_descriptors(const struct worker *worker)
{
    const int descriptors[] = {worker->descriptor, worker->wake, worker->network};
    for (size_t i = 0; i < sizeof descriptors / sizeof descriptors[0]; i++) {
        if (descriptors[i] >= 0) {
            close(descriptors[i]);
        }
    }
}

enum status worker_new(const struct paths *paths, const struct vault *vault, const struct store_options *options,
                       const struct config *config, struct worker **out, struct error *error)
{
    return worker_new_watching(paths, vault, options, config, network_open(), out, error);
}

enum status worker_new_watching(const struct paths *paths, const struct vault *vault, const struct store_options *options,
                                const struct config *config, int network, struct worker **out, struct error *error)
{
    sigset_t all;
    sigset_t before;
    *out = NULL;
    struct worker *worker = memory_allocate(sizeof *worker);
    if (worker == NULL) {
        if (network >= 0) {
            close(network);
        }
        return error_no_memory(error);
    }
    worker->paths = paths;
    worker->vault = vault;
    worker->options = *options;
    worker->options.yields = true;
    worker->config = config;
    worker->snapshot.configured = true;
    worker->network = network;
    worker->descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    worker->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (worker->descriptor < 0 || worker->wake < 0) {
        int number = errno;
        close_descriptors(worker);
        memory_free(worker);
        return error_system(error, _("the background sync"), number);
    }
    pthread_mutex_init(&worker->mutex, NULL);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int number = pthread_create(&worker->thread, NULL, work, worker);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (number != 0) {
        pthread_mutex_destroy(&worker->mutex);
        close_descriptors(worker);
        memory_free(worker);
        return error_system(error, _("the background sync"), number);
    }
    *out = worker;
    return STATUS_OK;
}

static void ask(struct worker *worker, bool by_nurse)
{
    pthread_mutex_lock(&worker->mutex);
    worker->requested = true;
    worker->by_nurse = worker->by_nurse || by_nurse;
    pthread_mutex_unlock(&worker->mutex);
    wake_up(worker);
}

void worker_request(struct worker *worker)
{
    ask(worker, false);
}

void worker_request_now(struct worker *worker)
{
    ask(worker, true);
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
    pthread_mutex_unlock(&worker->mutex);
    wake_up(worker);
    pthread_join(worker->thread, NULL);
    pthread_mutex_destroy(&worker->mutex);
    close_descriptors(worker);
    memory_free(worker);
}
