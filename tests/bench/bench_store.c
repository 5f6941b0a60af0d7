/*
 * Import against bare inserts of the same bytes into an equally encrypted
 * file, and the questions that screens ask of the record.
 */
#include "bench.h"

#include "base/json.h"
#include "base/paths.h"
#include "store/query.h"
#include "store/record.h"
#include "store/store.h"
#include "store/vault.h"

#include <cjson/cJSON.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 500

static void check(enum status status, const struct error *error)
{
    if (status != STATUS_OK) {
        bench_die("%s", error->sentence);
    }
}

static void run_sql(sqlite3 *database, const char *sql)
{
    if (sqlite3_exec(database, sql, NULL, NULL, NULL) != SQLITE_OK) {
        bench_die("baseline: %s", sqlite3_errmsg(database));
    }
}

/* The least any importer must do: parse with plain cJSON, insert type, id and body. */
static double baseline(const char *path, const char *ndjson, size_t *resources)
{
    sqlite3 *database = NULL;
    sqlite3_stmt *insert = NULL;
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length = 0;
    FILE *file = fopen(ndjson, "r");
    if (file == NULL || sqlite3_open(path, &database) != SQLITE_OK) {
        bench_die("baseline: no file");
    }
    run_sql(database, "PRAGMA key = \"x'000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f'\";"
                      "PRAGMA cipher_page_size = 4096;"
                      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                      "CREATE TABLE resource (type TEXT, id TEXT, body TEXT); BEGIN");
    sqlite3_prepare_v2(database, "INSERT INTO resource VALUES (?, ?, ?)", -1, &insert, NULL);
    double start = bench_now();
    while ((length = getline(&line, &capacity, file)) > 0) {
        cJSON *tree = cJSON_ParseWithLength(line, (size_t)length);
        const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(tree, "resourceType"));
        const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(tree, "id"));
        sqlite3_bind_text(insert, 1, type, -1, SQLITE_STATIC);
        sqlite3_bind_text(insert, 2, id, -1, SQLITE_STATIC);
        sqlite3_bind_text(insert, 3, line, (int)length, SQLITE_STATIC);
        if (sqlite3_step(insert) != SQLITE_DONE) {
            bench_die("baseline: %s", sqlite3_errmsg(database));
        }
        sqlite3_reset(insert);
        cJSON_Delete(tree);
        if (++*resources % PAGE == 0) {
            run_sql(database, "COMMIT; BEGIN");
        }
    }
    run_sql(database, "COMMIT");
    double took = bench_now() - start;
    free(line);
    fclose(file);
    sqlite3_finalize(insert);
    sqlite3_close(database);
    return took;
}

/* In a process of its own: the record sets SQLCipher's allocator up before first use. */
double bench_bare_inserts(const char *path, const char *ndjson, size_t *resources)
{
    struct { double took; size_t resources; } answer = {0};
    int ends[2];
    if (pipe(ends) != 0) {
        bench_die("no pipe");
    }
    pid_t child = fork();
    if (child == 0) {
        answer.took = baseline(path, ndjson, &answer.resources);
        _exit(write(ends[1], &answer, sizeof answer) == (ssize_t)sizeof answer ? 0 : 1);
    }
    close(ends[1]);
    if (child < 0 || read(ends[0], &answer, sizeof answer) != (ssize_t)sizeof answer) {
        bench_die("the baseline did not end");
    }
    close(ends[0]);
    waitpid(child, NULL, 0);
    *resources = answer.resources;
    return answer.took;
}

/* What `doorstep import` and the pull do, through the one writer. */
static double import(struct store *store, const char *ndjson)
{
    struct error error = {0};
    struct apply_outcome outcome;
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length = 0;
    size_t count = 0;
    FILE *file = fopen(ndjson, "r");
    if (file == NULL) {
        bench_die("no caseload");
    }
    double start = bench_now();
    check(record_begin(store, &error), &error);
    while ((length = getline(&line, &capacity, file)) > 0) {
        cJSON *tree = NULL;
        check(json_parse(line, (size_t)length, &tree, &error), &error);
        struct incoming incoming = {.resource = tree, .body = line, .body_length = (size_t)length - 1, .where = "bench"};
        check(record_apply(store, &incoming, APPLY_FROM_IMPORT, &outcome, &error), &error);
        if (outcome.result == APPLY_QUARANTINED) {
            bench_die("a practice resource was set aside: %s", outcome.why);
        }
        if (strstr(line, "\"resourceType\":\"Patient\"") != NULL) {
            check(record_set_complete(store, outcome.id, true, &error), &error);
        }
        cJSON_Delete(tree);
        if (++count % PAGE == 0) {
            check(record_commit(store, &error), &error);
            check(record_begin(store, &error), &error);
        }
    }
    check(record_commit(store, &error), &error);
    double took = bench_now() - start;
    free(line);
    fclose(file);
    return took;
}

struct store *bench_store_make(const char *home, struct vault **vault)
{
    struct paths paths;
    struct error error = {0};
    struct store *store = NULL;
    char recovery[RECOVERY_KEY_SIZE];
    struct store_options options = {.clock = clock_system(), .randomness = randomness_system()};
    mkdir(home, 0700);
    check(paths_find(&paths, BENCH_USER, home, NULL, &error), &error);
    check(vault_create(&paths, BENCH_PASSPHRASE, recovery, vault, &error), &error);
    check(store_create(&paths, *vault, &options, &store, &error), &error);
    check(store_setting_set(store, SETTING_USER, BENCH_USER, &error), &error);
    check(store_setting_set(store, SETTING_PRACTITIONER, "nurse-practice", &error), &error);
    check(store_setting_set(store, SETTING_CASELOAD, "Group/caseload-practice", &error), &error);
    return store;
}

void bench_import(const char *folder, const char *ndjson)
{
    char path[96], home[96], text[96];
    struct vault *vault = NULL;
    size_t resources = 0;
    snprintf(path, sizeof path, "%s/baseline.db", folder);
    snprintf(home, sizeof home, "%s/home", folder);
    double bare = bench_bare_inserts(path, ndjson, &resources);
    struct store *store = bench_store_make(home, &vault);
    double ours = import(store, ndjson);
    store_close(store);
    vault_free(vault);
    double rate = (double)resources / ours * 1e3;
    snprintf(text, sizeof text, "%.0f a second", rate);
    bench_row("import: resources applied", text, "10000 a second", rate >= 10000);
    snprintf(text, sizeof text, "%.2f times the time", ours / bare);
    bench_row("import: against cJSON and bare encrypted inserts", text, "", true);
}

void bench_queries(const char *folder, const char *home, const char *one_patient_ndjson)
{
    static const char *const searches[] = {"k", "ki", "kim", "김", "김영", "佐", "さと", "smith", "mar", "1943"};
    struct paths paths;
    struct error error = {0};
    struct vault *vault = NULL;
    struct store *store = NULL;
    struct samples took = {0};
    struct patient_rows rows = {0};
    char other[96], text[96];
    struct clock clock = clock_system();
    struct store_options options = {.clock = clock, .randomness = randomness_system()};
    check(paths_find(&paths, BENCH_USER, home, NULL, &error), &error);
    check(vault_unlock(&paths, BENCH_PASSPHRASE, &clock, &vault, &error), &error);
    check(store_open(&paths, vault, &options, &store, &error), &error);
    for (size_t i = 0; i < 300; i++) {
        double start = bench_now();
        check(query_patients(store, searches[i % (sizeof searches / sizeof searches[0])], clock_now(&clock), &rows, &error), &error);
        samples_add(&took, bench_now() - start);
        patient_rows_free(&rows);
    }
    snprintf(text, sizeof text, "p50 %.1f, p99 %.1f ms", samples_percentile(&took, 50), samples_percentile(&took, 99));
    bench_row("name search, as typed", text, "10 ms", samples_percentile(&took, 99) <= 10);
    samples_free(&took);
    for (size_t i = 0; i < 50; i++) {
        double start = bench_now();
        check(query_today(store, clock_now(&clock), &rows, &error), &error);
        samples_add(&took, bench_now() - start);
        patient_rows_free(&rows);
    }
    snprintf(text, sizeof text, "p50 %.1f, p99 %.1f ms", samples_percentile(&took, 50), samples_percentile(&took, 99));
    bench_row("Today board read", text, "", true);
    samples_free(&took);
    check(query_today(store, clock_now(&clock), &rows, &error), &error);
    for (size_t i = 0; i < rows.count; i++) {
        double start = bench_now();
        check(query_row_alerts(store, clock_now(&clock), &rows.items[i], &error), &error);
        samples_add(&took, bench_now() - start);
    }
    patient_rows_free(&rows);
    snprintf(text, sizeof text, "p50 %.1f, p99 %.1f ms", samples_percentile(&took, 50), samples_percentile(&took, 99));
    bench_row("alerts of one of its rows, between keys", text, "16 ms", samples_percentile(&took, 99) <= 16);
    samples_free(&took);
    store_close(store);
    vault_free(vault);

    snprintf(other, sizeof other, "%s/one", folder);
    store = bench_store_make(other, &vault);
    import(store, one_patient_ndjson);
    for (size_t i = 0; i < 100; i++) {
        struct chart chart;
        instant now = clock_now(&clock);
        chart_init(&chart);
        double start = bench_now();
        check(query_chart(store, "patient-001", instant_add_days(now, -CHART_DAYS), CHART_READINGS, now, &chart, &error), &error);
        samples_add(&took, bench_now() - start);
        chart_free(&chart);
    }
    snprintf(text, sizeof text, "p50 %.1f, p99 %.1f ms", samples_percentile(&took, 50), samples_percentile(&took, 99));
    bench_row("chart of a patient with 10,000 observations", text, "16 ms", samples_percentile(&took, 99) <= 16);
    samples_free(&took);
    store_close(store);
    vault_free(vault);
}
