/*
 * Syncs over a real connection: the first one next to libcurl asking for the
 * same (bench_fetch.c), from the loopback server, which answers from memory,
 * and from HAPI FHIR, which does a server's work; one with nothing new, one
 * with a visit; the same patients on an empty and on a full device. Each runs
 * in a process of its own, so that its memory is its own too.
 */
#include "bench.h"

#include "base/paths.h"
#include "store/draft.h"
#include "store/sign.h"
#include "store/store.h"
#include "store/vault.h"
#include "sync/sync.h"
#include "tests/support/highest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS 3
#define REQUESTS "requests" /* the file of them */
#define HIGHEST_KB (24 * 1024)

/* A device: an enrolled record and the key to it. */
struct device {
    struct paths paths;
    struct vault *vault;
    char base[256];
    const char *caseload; /* NULL: what it was enrolled for */
};

/* Between the sync and the server: what passes, and how long it takes. */
struct meter {
    struct transport inner;
    const char *folder;     /* for the requests, as bench_fetch() wants them told; NULL: they are not kept */
    FILE *list;
    char next[8192];        /* the link to the next page in the last answer */
    int requests, writes;
    uint64_t bytes_written; /* by requests that change something, headers too */
    double waited;          /* ms */
};

/* What a sync in another process tells. */
struct outcome {
    enum status status;
    double took, waited, processor; /* ms */
    int pulled, requests, writes;
    int64_t bytes_out, bytes_in;
    uint64_t bytes_written;
    long highest_kb;
    char reason[512];
};

static void check(enum status status, const struct error *error)
{
    if (status != STATUS_OK) {
        bench_die("%s", error->sentence);
    }
}

static void keep(struct meter *meter, const struct request *request)
{
    char path[256];
    if (request->body == NULL) {
        fprintf(meter->list, strcmp(request->url, meter->next) == 0 ? "next\n" : "get %s\n", request->url);
        return;
    }
    snprintf(path, sizeof path, "%s/body-%d", meter->folder, meter->requests);
    FILE *body = fopen(path, "w");
    if (body == NULL || fwrite(request->body, 1, request->body_length, body) != request->body_length || fclose(body) != 0) {
        bench_die("no place for a request");
    }
    fprintf(meter->list, "post %s %s\n", path, request->url);
}

static enum status metered(void *context, const struct request *request, struct response *response, struct error *error)
{
    struct meter *meter = context;
    meter->requests++;
    if (meter->list != NULL) {
        keep(meter, request);
    }
    double start = bench_now();
    enum status status = meter->inner.exchange(meter->inner.context, request, response, error);
    meter->waited += bench_now() - start;
    if (meter->list != NULL && !bench_next_link(response->body.data, meter->next, sizeof meter->next)) {
        meter->next[0] = '\0';
    }
    if (strcmp(request->method, "GET") != 0 && !request->asks) {
        meter->writes++;
        meter->bytes_written += response->bytes_out;
    }
    return status;
}

static void metered_ahead(void *context, const struct request *request, struct spent *spent)
{
    struct meter *meter = context;
    double start = bench_now();
    meter->inner.ahead(meter->inner.context, request, spent);
    meter->waited += bench_now() - start;
}

/* Of this process, in ms: what other programs on the machine do matters less to it. */
static double processor_time(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
}

static void sync_here(const struct device *device, const char *requests_folder, struct outcome *out)
{
    struct error error = {0};
    struct store *store = NULL;
    struct http *http = NULL;
    struct sync_result result;
    struct store_options options = {.clock = clock_system(), .randomness = randomness_system()};
    struct meter meter = {.folder = requests_folder};
    check(store_open(&device->paths, device->vault, &options, &store, &error), &error);
    check(http_new(device->base, "", NULL, NULL, &http, &error), &error);
    if (requests_folder != NULL) {
        char path[256];
        snprintf(path, sizeof path, "%s/" REQUESTS, requests_folder);
        meter.list = fopen(path, "w");
        if (meter.list == NULL) {
            bench_die("no place for the requests");
        }
    }
    meter.inner = http_transport(http);
    struct sync sync = {.store = store, .server = device->base, .caseload = device->caseload, .clock = options.clock,
                        .randomness = options.randomness,
                        .transport = {.exchange = metered, .context = &meter, .ahead = metered_ahead}};
    double before = processor_time();
    double start = bench_now();
    out->status = sync_run(&sync, &result, &error);
    out->took = bench_now() - start;
    out->waited = meter.waited;
    out->processor = processor_time() - before;
    out->pulled = result.entry.pulled;
    out->requests = result.entry.requests;
    out->bytes_out = result.entry.bytes_out;
    out->bytes_in = result.entry.bytes_in;
    out->writes = meter.writes;
    out->bytes_written = meter.bytes_written;
    out->highest_kb = highest_kb();
    snprintf(out->reason, sizeof out->reason, "%s", error.sentence);
    if (meter.list != NULL) {
        fclose(meter.list);
    }
    http_free(http);
    store_close(store);
}

/* A sync that must end with `end`. */
static struct outcome sync_ends(const struct device *device, const char *requests_folder, enum status end)
{
    struct outcome outcome = {.status = STATUS_FAILED};
    int ends[2];
    if (pipe(ends) != 0) {
        bench_die("no pipe");
    }
    pid_t child = fork();
    if (child == 0) {
        sync_here(device, requests_folder, &outcome);
        _exit(write(ends[1], &outcome, sizeof outcome) == (ssize_t)sizeof outcome ? 0 : 1);
    }
    close(ends[1]);
    if (child < 0 || read(ends[0], &outcome, sizeof outcome) != (ssize_t)sizeof outcome) {
        bench_die("a sync did not end");
    }
    close(ends[0]);
    waitpid(child, NULL, 0);
    if (outcome.status != end) {
        bench_die("a sync ended with: %s", outcome.reason);
    }
    return outcome;
}

static struct outcome sync_apart(const struct device *device, const char *requests_folder)
{
    return sync_ends(device, requests_folder, STATUS_OK);
}

static void device_make(struct device *device, const char *folder, const char *name, const char *base)
{
    char home[128];
    struct error error = {0};
    *device = (struct device){.caseload = NULL};
    snprintf(home, sizeof home, "%s/%s", folder, name);
    snprintf(device->base, sizeof device->base, "%s", base);
    store_close(bench_store_make(home, &device->vault));
    check(paths_find(&device->paths, BENCH_USER, home, NULL, &error), &error);
}

/* --- the first sync ------------------------------------------------------------------------------------------ */

/* First syncs of new devices, each followed by curl. */
struct rounds {
    struct outcome first; /* not counted: a server does some things only once. It told what curl is to ask */
    struct samples took, own, processor, curl, ratio;
    double fetched;       /* bytes, by curl */
    long highest_kb;
};

static void measure_sync(struct rounds *rounds, const char *folder, const char *base, int round)
{
    struct device device;
    char name[32];
    snprintf(name, sizeof name, "first-%d", round);
    device_make(&device, folder, name, base);
    struct outcome outcome = sync_apart(&device, round == 0 ? folder : NULL);
    vault_free(device.vault);
    rounds->highest_kb = outcome.highest_kb > rounds->highest_kb ? outcome.highest_kb : rounds->highest_kb;
    if (round == 0) {
        rounds->first = outcome;
        return;
    }
    samples_add(&rounds->took, outcome.took);
    samples_add(&rounds->own, outcome.took - outcome.waited);
    samples_add(&rounds->processor, outcome.processor);
}

static void measure_curl(struct rounds *rounds, const char *folder, int round)
{
    char list[256];
    double bytes = 0;
    snprintf(list, sizeof list, "%s/" REQUESTS, folder);
    double took = bench_fetch(list, &bytes);
    if (round > 0) {
        rounds->fetched = bytes;
        samples_add(&rounds->curl, took);
        samples_add(&rounds->ratio, rounds->took.values[rounds->took.count - 1] / took);
    }
}

static void rounds_free(struct rounds *rounds)
{
    samples_free(&rounds->took);
    samples_free(&rounds->own);
    samples_free(&rounds->processor);
    samples_free(&rounds->curl);
    samples_free(&rounds->ratio);
}

/* How long it took next to curl. */
static void tell_ratio(struct rounds *rounds, const char *budget)
{
    char text[96];
    snprintf(text, sizeof text, "%.1f s, %d resources", samples_percentile(&rounds->took, 50) / 1e3, rounds->first.pulled);
    bench_row("first sync", text, "", true);
    snprintf(text, sizeof text, "%d requests, %.0f kB in", rounds->first.requests, (double)rounds->first.bytes_in / 1e3);
    bench_row("its requests and bytes", text, "", true);
    snprintf(text, sizeof text, "%.1f s, %.0f kB in", samples_percentile(&rounds->curl, 50) / 1e3, rounds->fetched / 1e3);
    bench_row("curl: the same requests on one connection", text, "", true);
    snprintf(text, sizeof text, "%.2f times the time", samples_percentile(&rounds->ratio, 50));
    bench_row("first sync: against curl", text, budget, samples_percentile(&rounds->ratio, 50) <= 1.15);
}

static void tell_memory(const char *what, long kb)
{
    char text[96];
    snprintf(text, sizeof text, "%.1f MB", (double)kb / 1024);
    bench_row(what, text, "24 MB", kb <= HIGHEST_KB);
}

/* What was applied, next to bare inserts of the same bodies: ms for each resource, because a caseload holds a few that no chart
 * wants. */
static void tell_bare(const char *folder, const char *ndjson, int pulled, double own)
{
    char path[128], text[96];
    size_t resources = 0;
    snprintf(path, sizeof path, "%s/bare.db", folder);
    double bare = bench_bare_inserts(path, ndjson, &resources);
    bench_remove(path);
    snprintf(text, sizeof text, "%.2f times the time", own / pulled / (bare / (double)resources));
    bench_row("the same against cJSON and bare encrypted inserts", text, "", true);
}

/* A server of its own for a sync or for curl: none finds work that the other has left. It answers the same requests with
 * the same page links. */
static pid_t start_again(const char *build, const char *ndjson, char port[16], char *base, size_t size)
{
    pid_t server = bench_server_start(build, ndjson, port, base, size);
    snprintf(port, 16, "%.*s", (int)strspn(strrchr(base, ':') + 1, "0123456789"), strrchr(base, ':') + 1);
    return server;
}

void bench_first_sync(const char *build, const char *folder, const char *ndjson)
{
    char base[256], text[96];
    char port[16] = "0";
    struct rounds rounds = {.highest_kb = 0};
    for (int i = 0; i <= ROUNDS; i++) {
        pid_t server = start_again(build, ndjson, port, base, sizeof base);
        measure_sync(&rounds, folder, base, i);
        bench_server_stop(server);
        server = start_again(build, ndjson, port, base, sizeof base);
        measure_curl(&rounds, folder, i);
        bench_server_stop(server);
    }
    double rate = rounds.first.pulled / samples_percentile(&rounds.own, 50) * 1e3;
    snprintf(text, sizeof text, "%.0f a second", rate);
    bench_row("sync: pulled resources applied, without waiting", text, "10000 a second", rate >= 10000);
    snprintf(text, sizeof text, "%.0f a second", rounds.first.pulled / samples_percentile(&rounds.processor, 50) * 1e3);
    bench_row("sync: the same by processor time", text, "", true);
    tell_bare(folder, ndjson, rounds.first.pulled, samples_percentile(&rounds.own, 50));
    rate = rounds.first.pulled / samples_percentile(&rounds.took, 50) * 1e3;
    snprintf(text, sizeof text, "%.0f a second", rate);
    bench_row("sync: the same with the server's time", text, "10000 a second", rate >= 10000);
    tell_ratio(&rounds, ""); /* behind a server that takes no time there is nothing to hide the record's work */
    tell_memory("its highest memory", rounds.highest_kb);
    rounds_free(&rounds);
}

void bench_first_sync_from(const char *folder, const char *base)
{
    struct rounds rounds = {.highest_kb = 0};
    for (int i = 0; i <= ROUNDS; i++) {
        measure_sync(&rounds, folder, base, i);
        measure_curl(&rounds, folder, i);
    }
    tell_ratio(&rounds, "1.15 times");
    tell_memory("its highest memory", rounds.highest_kb);
    rounds_free(&rounds);
}

void bench_large_sync(const char *build, const char *folder, const char *ndjson)
{
    char base[256], text[96];
    struct device device;
    pid_t server = bench_server_start(build, ndjson, "0", base, sizeof base);
    device_make(&device, folder, "large", base);
    struct outcome outcome = sync_apart(&device, NULL);
    bench_server_stop(server);
    vault_free(device.vault);
    snprintf(text, sizeof text, "%.1f s, %d resources", outcome.took / 1e3, outcome.pulled);
    bench_row("first sync of all of them", text, "", true);
    double rate = outcome.pulled / (outcome.took - outcome.waited) * 1e3;
    snprintf(text, sizeof text, "%.0f a second", rate);
    bench_row("its resources applied, without waiting", text, "10000 a second", rate >= 10000);
    tell_bare(folder, ndjson, outcome.pulled, outcome.took - outcome.waited);
    tell_memory("its highest memory", outcome.highest_kb);
}

/* --- more patients ------------------------------------------------------------------------------------------- */

/* The home of bench_import() for a device of its own. */
static void device_copy(struct device *device, const char *folder, const char *name, const char *base)
{
    char from[128], home[128];
    struct error error = {0};
    struct clock clock = clock_system();
    *device = (struct device){.caseload = NULL};
    snprintf(from, sizeof from, "%s/home", folder);
    snprintf(home, sizeof home, "%s/%s", folder, name);
    snprintf(device->base, sizeof device->base, "%s", base);
    pid_t child = fork();
    if (child == 0) {
        execlp("cp", "cp", "-a", from, home, (char *)NULL);
        _exit(127);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
        bench_die("no copy of a full device");
    }
    sync(); /* else the first commit waits for the copy to reach the disk */
    check(paths_find(&device->paths, BENCH_USER, home, NULL, &error), &error);
    check(vault_unlock(&device->paths, BENCH_PASSPHRASE, &clock, &device->vault, &error), &error);
}

/* A Group of some patients, added to a caseload. */
static void add_group(const char *ndjson, const char *id, int from, int to)
{
    FILE *file = fopen(ndjson, "a");
    if (file == NULL) {
        bench_die("no caseload");
    }
    fprintf(file, "{\"resourceType\":\"Group\",\"id\":\"%s\",\"type\":\"person\",\"actual\":true,\"member\":[", id);
    for (int i = from; i <= to; i++) {
        fprintf(file, "%s{\"entity\":{\"reference\":\"Patient/patient-%03d\"}}", i > from ? "," : "", i);
    }
    fprintf(file, "]}\n");
    fclose(file);
}

void bench_more_patients(const char *build, const char *folder, const char *ndjson, int from, int to)
{
    char base[256], name[32], text[96];
    struct samples empty = {0}, full = {0}, ratio = {0};
    struct device device;
    add_group(ndjson, "more", from, to);
    pid_t server = bench_server_start(build, ndjson, "0", base, sizeof base);
    for (int i = 0; i < ROUNDS; i++) {
        struct outcome outcomes[2];
        snprintf(name, sizeof name, "empty-%d", i);
        device_make(&device, folder, name, base);
        device.caseload = "Group/more";
        outcomes[0] = sync_apart(&device, NULL);
        vault_free(device.vault);
        snprintf(name, sizeof name, "full-%d", i);
        device_copy(&device, folder, name, base);
        device.caseload = "Group/more";
        outcomes[1] = sync_apart(&device, NULL);
        vault_free(device.vault);
        bench_remove(device.paths.folder);
        double each[2];
        for (size_t j = 0; j < 2; j++) {
            each[j] = (outcomes[j].took - outcomes[j].waited) / (to - from + 1);
        }
        samples_add(&empty, each[0]);
        samples_add(&full, each[1]);
        samples_add(&ratio, each[1] / each[0]);
    }
    bench_server_stop(server);
    snprintf(text, sizeof text, "%.1f ms a patient", samples_percentile(&empty, 50));
    bench_row("60 patients to an empty device, without waiting", text, "", true);
    snprintf(text, sizeof text, "%.1f ms a patient", samples_percentile(&full, 50));
    bench_row("the same to a full one", text, "", true);
    snprintf(text, sizeof text, "%.2f times the time", samples_percentile(&ratio, 50));
    bench_row("full against empty", text, "1.25 times", samples_percentile(&ratio, 50) <= 1.25);
    samples_free(&empty);
    samples_free(&full);
    samples_free(&ratio);
}

/* --- small ones ---------------------------------------------------------------------------------------------- */

/* Eight vitals, a note and a consent, of the first patient. */
static void sign_visit(const struct device *device)
{
    static const struct {
        const char *name, *value;
    } fields[] = {
        {"identity", "name, birth date"}, {"vitals.bp", "142/88"}, {"vitals.pulse", "91"}, {"vitals.rr", "18"},
        {"vitals.spo2", "96"}, {"vitals.oxygen", "air"}, {"vitals.consciousness", "A"}, {"vitals.temp", "36.9"},
        {"vitals.pain", "3"}, {"note.template", "soap"},
        {"note.s", "Slept well, a little short of breath on the stairs. Ankles tight in the evening."},
        {"note.o", "Ankle oedema both sides, one centimetre. Lungs clear. Took all morning medicines."},
        {"note.a", "Heart failure, stable; weight up by less than a kilogram since Thursday."},
        {"note.p", "Weigh every morning, call when more than two kilograms in three days. Next visit Thursday."},
        {"consent.0.purpose", "share-record"}, {"consent.0.decision", "permit"}, {"consent.0.by", "patient"},
        {"consent.0.method", "verbal-witnessed"},
    };
    struct error error = {0};
    struct store *store = NULL;
    char visit[UUID_SIZE];
    size_t queued = 0;
    struct store_options options = {.clock = clock_system(), .randomness = randomness_system()};
    check(store_open(&device->paths, device->vault, &options, &store, &error), &error);
    check(draft_start(store, "patient-001", "", visit, &error), &error);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        check(draft_put(store, visit, fields[i].name, fields[i].value, &error), &error);
    }
    struct signer signer = {.practitioner = "nurse-practice", .practitioner_name = "Nurse Lee", .organization = "Home Care",
                            .consent_policy = "", .language = "en", .randomness = &options.randomness,
                            .now = clock_now(&options.clock)};
    check(record_sign_visit(store, visit, &signer, &queued, &error), &error);
    store_close(store);
}

void bench_small_syncs(const char *build, const char *folder, const char *ndjson)
{
    char base[256], text[96];
    struct device device;
    pid_t server = bench_server_start(build, ndjson, "0", base, sizeof base);
    device_make(&device, folder, "sixty", base);
    sync_apart(&device, NULL);
    struct outcome nothing = sync_apart(&device, NULL);
    long long bytes = (long long)(nothing.bytes_out + nothing.bytes_in);
    if (nothing.pulled != 0) {
        bench_die("there was something new");
    }
    snprintf(text, sizeof text, "%d requests, %.1f kB", nothing.requests, (double)bytes / 1e3);
    bench_row("nothing new, 60 patients: both ways", text, "10 kB", bytes <= 10000);
    snprintf(text, sizeof text, "%.0f ms", nothing.took);
    bench_row("nothing new, 60 patients: time", text, "", true);
    sign_visit(&device);
    struct outcome visit = sync_apart(&device, NULL);
    bench_server_stop(server);
    snprintf(text, sizeof text, "%d request%s, %.1f kB out", visit.writes, visit.writes == 1 ? "" : "s",
             (double)visit.bytes_written / 1e3);
    bench_row("one signed visit: sent", text, "1 request, 3 kB", visit.writes == 1 && visit.bytes_written <= 3000);
    snprintf(text, sizeof text, "%d requests, %.1f kB", visit.requests, (double)(visit.bytes_out + visit.bytes_in) / 1e3);
    bench_row("its whole sync: both ways", text, "", true);
    vault_free(device.vault);
}

/* --- large ones ---------------------------------------------------------------------------------------------- */

void bench_add_document(const char *from, const char *to, size_t letters, size_t values)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length = 0;
    FILE *in = fopen(from, "r");
    FILE *out = fopen(to, "w");
    if (in == NULL || out == NULL) {
        bench_die("no caseload");
    }
    while ((length = getline(&line, &capacity, in)) > 0) {
        fwrite(line, 1, (size_t)length, out);
    }
    fprintf(out, "{\"resourceType\":\"DocumentReference\",\"id\":\"large\",\"status\":\"current\",\"subject\":{\"reference\":"
                 "\"Patient/patient-001\"},\"content\":[{\"attachment\":{\"contentType\":\"application/pdf\",\"data\":\"");
    for (size_t i = 0; i < letters; i += 4) {
        fputs("QUJD", out);
    }
    fputs("\"}}],\"category\":[{}", out);
    for (size_t i = 0; i < values; i += 2) {
        fputs(",{\"v\":1.5}", out);
    }
    fputs("]}\n", out);
    free(line);
    fclose(in);
    fclose(out);
}

void bench_large_documents(const char *build, const char *folder, const char *ndjson)
{
    static const char *const rows[] = {"its highest memory with a 12 MB document", "its highest memory with 400,000 small values"};
    for (int i = 0; i < 2; i++) {
        char base[256], name[32], large[128];
        struct device device;
        snprintf(large, sizeof large, "%s/document.ndjson", folder);
        bench_add_document(ndjson, large, i == 0 ? 12000000 : 4, i == 0 ? 0 : 400000);
        pid_t server = bench_server_start(build, large, "0", base, sizeof base);
        snprintf(name, sizeof name, "document-%d", i);
        device_make(&device, folder, name, base);
        struct outcome outcome = sync_ends(&device, NULL, STATUS_ATTENTION);
        bench_server_stop(server);
        vault_free(device.vault);
        tell_memory(rows[i], outcome.highest_kb);
    }
}
