/*
 * The console from outside: a real terminal, real keys, and what comes back.
 */
#include "bench.h"

#include "base/instant.h"
#include "base/paths.h"
#include "store/outbox.h"
#include "store/store.h"
#include "store/vault.h"
#include "tests/support/highest.h"

#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DOCUMENT_LETTERS 2080000 /* RESPONSE_LIMIT, all but a little */
#define KEYS 200
#define TYPED 100      /* letters of a note */
#define SAVED_AFTER 700 /* ms without a key after which the console saves what was typed */

void console_start(struct console_run *run, const char *program, const char *home, const char *config)
{
    struct winsize size = {.ws_row = 24, .ws_col = 80};
    memset(run, 0, sizeof *run);
    run->child = forkpty(&run->terminal, NULL, NULL, &size);
    if (run->child == 0) {
        setenv("TERM", "xterm-256color", 1);
        setenv("LANG", "C.UTF-8", 1);
        unsetenv("DOORSTEP_PASSPHRASE_FILE");
        if (config != NULL) {
            execl(program, program, "--user", BENCH_USER, "--home", home, "--config", config, (char *)NULL);
        } else {
            execl(program, program, "--user", BENCH_USER, "--home", home, (char *)NULL);
        }
        _exit(127);
    }
    if (run->child < 0) {
        bench_die("no pseudo-terminal");
    }
    size_t painted = 0;
    console_type(run, "", 300, &painted);
}

double console_type(struct console_run *run, const char *bytes, int quiet, size_t *painted)
{
    char answer[65536];
    struct pollfd waiting = {.fd = run->terminal, .events = POLLIN};
    double start = bench_now();
    double first = -1;
    size_t length = strlen(bytes);
    if (write(run->terminal, bytes, length) != (ssize_t)length) {
        bench_die("the console took no key");
    }
    /* The first answer may take long; after it, `quiet` ms of silence end the frame. */
    while (poll(&waiting, 1, first < 0 ? 3000 : quiet) > 0) {
        ssize_t got = read(run->terminal, answer, sizeof answer);
        if (got <= 0) {
            bench_die("the console left");
        }
        first = first < 0 ? bench_now() - start : first;
        *painted += (size_t)got;
    }
    return first;
}

void console_stop(struct console_run *run)
{
    int status = 0;
    kill(run->child, SIGTERM);
    if (waitpid(run->child, &status, 0) != run->child) {
        bench_die("the console did not end");
    }
    close(run->terminal);
}

/* From now on the highest memory of a child is counted anew: Argon2id's 64 MiB, borrowed while unlocking, are returned. */
static void forget_highest(pid_t child)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/clear_refs", (int)child);
    FILE *file = fopen(path, "w");
    if (file == NULL || fputs("5", file) < 0 || fclose(file) != 0) {
        bench_die("the kernel does not count memory anew");
    }
}

/* In kB. */
static long highest(pid_t child)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/status", (int)child);
    return highest_kb_in(path);
}

static double unlock_cost(const char *home)
{
    struct paths paths;
    struct error error = {0};
    struct vault *vault = NULL;
    struct clock clock = clock_system();
    if (paths_find(&paths, BENCH_USER, home, NULL, &error) != STATUS_OK) {
        bench_die("%s", error.sentence);
    }
    double start = bench_now();
    if (vault_unlock(&paths, BENCH_PASSPHRASE, &clock, &vault, &error) != STATUS_OK) {
        bench_die("%s", error.sentence);
    }
    double took = bench_now() - start;
    vault_free(vault);
    return took;
}

/* Arrow keys over the list of all patients, as a nurse leafs through it. */
static void leaf(struct console_run *run, const char *when)
{
    struct samples took = {0};
    struct samples bytes = {0};
    char what[96], text[96];
    for (int i = 0; i < KEYS; i++) {
        size_t painted = 0;
        double first = console_type(run, i / 20 % 2 == 0 ? "\033OB" : "\033OA", 8, &painted);
        if (first >= 0) {
            samples_add(&took, first);
            samples_add(&bytes, (double)painted);
        }
    }
    snprintf(what, sizeof what, "key to painted screen, %s", when);
    snprintf(text, sizeof text, "p50 %.1f, p99 %.1f ms", samples_percentile(&took, 50), samples_percentile(&took, 99));
    bench_row(what, text, "p99 16 ms", samples_percentile(&took, 99) <= 16);
    snprintf(what, sizeof what, "bytes to the terminal per arrow key, %s", when);
    snprintf(text, sizeof text, "median %.0f", samples_percentile(&bytes, 50));
    bench_row(what, text, "100", samples_percentile(&bytes, 50) <= 100);
    samples_free(&took);
    samples_free(&bytes);
}

static void wait_ms(long ms)
{
    struct timespec wait = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&wait, NULL);
}

/* A note, typed at the speed of hands; each tenth letter comes when what was typed is being saved. */
static void type_note(struct console_run *run, const char *when)
{
    static const char *const way[] = {"\r", "s", "1", "2", "s", "n"}; /* from the list of patients */
    struct samples took = {0};
    char what[96], text[96];
    size_t painted = 0;
    for (size_t i = 0; i < sizeof way / sizeof way[0]; i++) {
        console_type(run, way[i], 100, &painted);
    }
    for (int i = 0; i < TYPED; i++) {
        double first = console_type(run, "e", 8, &painted);
        if (first < 0) {
            bench_die("the note does not show what is typed");
        }
        samples_add(&took, first);
        wait_ms(i % 10 == 9 ? SAVED_AFTER - 10 + i / 10 * 2 : 40 + i * 7 % 60);
    }
    snprintf(what, sizeof what, "letter of a note to painted screen, %s", when);
    snprintf(text, sizeof text, "p50 %.1f, p99 %.1f ms", samples_percentile(&took, 50), samples_percentile(&took, 99));
    bench_row(what, text, "p99 16 ms", samples_percentile(&took, 99) <= 16);
    samples_free(&took);
}

void bench_console(const char *build, const char *home)
{
    char program[4096], text[96];
    struct console_run run;
    size_t painted = 0;
    snprintf(program, sizeof program, "%s/doorstep", build);
    double unlock = unlock_cost(home);
    console_start(&run, program, home, NULL);
    console_type(&run, BENCH_PASSPHRASE, 100, &painted);
    painted = 0;
    double first = console_type(&run, "\r", 150, &painted);
    snprintf(text, sizeof text, "%.0f ms (%.0f with unlocking)", first - unlock, first);
    bench_row("unlocked to first painted screen", text, "50 ms", first - unlock <= 50);
    snprintf(text, sizeof text, "%zu bytes", painted);
    bench_row("bytes of the first screen", text, "", true);
    long unlocking = highest(run.child);
    forget_highest(run.child);
    console_type(&run, "p", 100, &painted);
    leaf(&run, "idle");
    long kb = highest(run.child);
    snprintf(text, sizeof text, "%.1f MB", (double)kb / 1024);
    bench_row("highest memory of a console in use", text, "24 MB", kb <= 24 * 1024);
    console_stop(&run);
    snprintf(text, sizeof text, "%.1f MB", (double)unlocking / 1024);
    bench_row("its highest, while unlocking", text, "", true);
}

/* The runs that the journal has. The caller frees them. */
static void read_journal(const char *home, struct journal_rows *rows)
{
    struct paths paths;
    struct error error = {0};
    struct vault *vault = NULL;
    struct store *store = NULL;
    struct store_options options = {.clock = clock_system(), .randomness = randomness_system()};
    if (paths_find(&paths, BENCH_USER, home, NULL, &error) != STATUS_OK ||
        vault_unlock(&paths, BENCH_PASSPHRASE, &options.clock, &vault, &error) != STATUS_OK ||
        store_open(&paths, vault, &options, &store, &error) != STATUS_OK || journal_read(store, 50, rows, &error) != STATUS_OK) {
        bench_die("%s", error.sentence);
    }
    store_close(store);
    vault_free(vault);
}

/* How much of a time syncs took, by the journal. Leaving the console ended the last. */
static double synced_share(const char *home, instant from, instant until)
{
    struct journal_rows rows = {.items = NULL};
    int64_t covered = 0;
    read_journal(home, &rows);
    for (size_t i = 0; i < rows.count; i++) {
        instant begin = rows.items[i].start > from ? rows.items[i].start : from;
        instant end = rows.items[i].end < until ? rows.items[i].end : until;
        covered += end > begin ? end - begin : 0;
    }
    journal_rows_free(&rows);
    return (double)covered / (double)(until - from);
}

/* A console that works with the server at `base`, unlocked, a sync begun. */
static void start_syncing(struct console_run *run, const char *build, const char *folder, const char *home, const char *base)
{
    char config[128], program[4096];
    size_t painted = 0;
    snprintf(config, sizeof config, "%s/sync.ini", folder);
    FILE *file = fopen(config, "w");
    if (file == NULL) {
        bench_die("no configuration");
    }
    fprintf(file, "[sync]\nserver = %s\n", base);
    fclose(file);
    snprintf(program, sizeof program, "%s/doorstep", build);
    console_start(run, program, home, config);
    console_type(run, BENCH_PASSPHRASE, 100, &painted);
    console_type(run, "\r", 150, &painted);
    forget_highest(run->child);
    console_type(run, "y", 20, &painted);
    console_type(run, "p", 20, &painted);
}

static void tell_highest(const struct console_run *run, const char *what)
{
    char text[96];
    long kb = highest(run->child);
    snprintf(text, sizeof text, "%.1f MB", (double)kb / 1024);
    bench_row(what, text, "24 MB", kb <= 24 * 1024);
}

void bench_console_syncing(const char *build, const char *folder, const char *ndjson)
{
    char base[256], home[96], text[96];
    struct clock clock = clock_system();
    struct console_run run;
    pid_t server = bench_server_start(build, ndjson, "0", base, sizeof base);
    snprintf(home, sizeof home, "%s/home", folder);
    start_syncing(&run, build, folder, home, base);
    instant from = clock_now(&clock);
    leaf(&run, "while syncing");
    type_note(&run, "while syncing");
    instant until = clock_now(&clock);
    tell_highest(&run, "highest memory of a console while syncing");
    console_stop(&run);
    bench_server_stop(server);
    double share = synced_share(home, from, until);
    snprintf(text, sizeof text, "%.0f %% of their time", share * 100);
    bench_row("a sync ran during these keys", text, "95 %", share >= 0.95);
}

void bench_console_document(const char *build, const char *folder, const char *ndjson)
{
    char base[256], home[96], large[96];
    struct console_run run;
    struct vault *vault = NULL;
    struct journal_rows rows = {.items = NULL};
    snprintf(home, sizeof home, "%s/document-home", folder);
    snprintf(large, sizeof large, "%s/document.ndjson", folder);
    bench_add_document(ndjson, large, DOCUMENT_LETTERS, 0);
    store_close(bench_store_make(home, &vault));
    vault_free(vault);
    pid_t server = bench_server_start(build, large, "0", base, sizeof base);
    start_syncing(&run, build, folder, home, base);
    for (int i = 0; i < 60 && rows.count == 0; i++) {
        size_t painted = 0;
        console_type(&run, i % 2 == 0 ? "j" : "k", 500, &painted);
        journal_rows_free(&rows);
        read_journal(home, &rows);
    }
    if (rows.count == 0 || rows.items[0].result != STATUS_OK) { /* else it was passed over as too large */
        bench_die("the document did not come");
    }
    tell_highest(&run, "its highest with a document of 2 MB");
    journal_rows_free(&rows);
    console_stop(&run);
    bench_server_stop(server);
}
