/*
 * Measuring: samples, percentiles, and a console driven from outside.
 * Nothing here is a test: it prints ratios and budgets, and fails only when
 * what it measures does not work at all.
 */
#ifndef DOORSTEP_TESTS_BENCH_H
#define DOORSTEP_TESTS_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define BENCH_PASSPHRASE "practice kitchen table"
#define BENCH_USER "bench"

/* Stops the whole run with a sentence. */
void bench_die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
double bench_now(void); /* ms, monotonic */

struct samples {
    double *values; /* owned, ms */
    size_t count, capacity;
};
void samples_add(struct samples *samples, double value);
double samples_percentile(struct samples *samples, double percent); /* sorts */
void samples_free(struct samples *samples);
void bench_remove(const char *folder); /* with all that is in it */

/* One line of the table: what, measured, budget ("" when none), whether it is met: if it is not, the program ends with 2. */
void bench_row(const char *what, const char *measured, const char *budget, bool met);

/* A new loopback server with these resources, alike each time; port "0" is any. `base` receives its address. */
pid_t bench_server_start(const char *build, const char *ndjson, const char *port, char *base, size_t size);
void bench_server_stop(pid_t server);

/* The same requests that a sync noted in the file `list`, by libcurl on one connection: "get URL", "post FILE URL", and
 * "next" for the link in the answer before. Returns ms; *bytes is what came. */
double bench_fetch(const char *list, double *bytes);
/* The link to the next page in a Bundle (may be NULL); false when there is none. */
bool bench_next_link(const char *bundle, char *url, size_t size);

/* The lines of `ndjson`, parsed by plain cJSON and inserted as they are into a new encrypted file `path`. Returns ms. */
double bench_bare_inserts(const char *path, const char *ndjson, size_t *resources);

/* A new record in a new home, enrolled for the practice caseload. The caller closes and frees both. */
struct store;
struct vault;
struct store *bench_store_make(const char *home, struct vault **vault);

/* A console on its own pseudo-terminal of 80 by 24. */
struct console_run {
    pid_t child;
    int terminal;
};
void console_start(struct console_run *run, const char *program, const char *home, const char *config);
/* Types bytes and reads until the screen has been quiet for `quiet` ms.
 * Returns ms from the key to the first byte of the answer, and adds the bytes. */
double console_type(struct console_run *run, const char *bytes, int quiet, size_t *painted);
void console_stop(struct console_run *run);

void bench_import(const char *folder, const char *ndjson);
void bench_queries(const char *folder, const char *home, const char *one_patient_ndjson);
void bench_console(const char *build, const char *home);
void bench_console_syncing(const char *build, const char *folder, const char *ndjson);
/* A copy of a caseload in which one document more has a text of so many letters, and so many small values. */
void bench_add_document(const char *from, const char *to, size_t letters, size_t values);
/* A console whose sync brings the largest document that is accepted. */
void bench_console_document(const char *build, const char *folder, const char *ndjson);
/* The first sync, next to curl; what it takes of memory. From the loopback server, or from one that runs at `base`. */
void bench_first_sync(const char *build, const char *folder, const char *ndjson);
void bench_first_sync_from(const char *folder, const char *base);
/* The first sync of a large caseload. */
void bench_large_sync(const char *build, const char *folder, const char *ndjson);
/* The first sync of a caseload with one document of 12 MB, or of very many small values. */
void bench_large_documents(const char *build, const char *folder, const char *ndjson);
/* Patients `from` to `to` come to an empty device, and to one that bench_import() has filled. */
void bench_more_patients(const char *build, const char *folder, const char *ndjson, int from, int to);
/* A sync with nothing new, and one with a visit. */
void bench_small_syncs(const char *build, const char *folder, const char *ndjson);

#endif
