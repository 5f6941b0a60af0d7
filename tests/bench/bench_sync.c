/*
 * Syncs with the loopback server over a real connection: the first one next to
 * the curl program fetching the same answers from the same server, one with
 * nothing new, one with a visit. Each runs in a process of its own, so that
 * its memory is its own too.
 */
#include "bench.h"

#include "base/paths.h"
#include "store/draft.h"
#include "store/sign.h"
#include "store/store.h"
#include "store/vault.h"
#include "sync/sync.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS 3

/* A device: an enrolled record and the key to it. */
struct device {
    struct paths paths;
    struct vault *vault;
    char base[256];
};

/* Between the sync and the server: what passes, and how long it takes. */
struct meter {
    struct transport inner;
    const char *folder; /* for the requests, as curl wants them told; NULL: they are not kept */
    FILE *config;
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
    fprintf(meter->config, "%surl = \"%s\"\ncompressed\nsilent\nshow-error\nfail\noutput = \"/dev/null\"\n"
                           "write-out = \"%%{size_download} %%{size_header}\\n\"\n"
                           "header = \"Accept: application/fhir+json\"\nheader = \"Cache-Control: no-cache\"\n",
            meter->requests > 1 ? "next\n" : "", request->url);
    if (request->body == NULL) {
        return;
    }
    char path[256];
    snprintf(path, sizeof path, "%s/body-%d", meter->folder, meter->requests);
    FILE *body = fopen(path, "w");
    if (body == NULL || fwrite(request->body, 1, request->body_length, body) != request->body_length || fclose(body) != 0) {
        bench_die("no place for a request");
    }
    fprintf(meter->config, "header = \"Content-Type: application/fhir+json\"\ndata-binary = \"@%s\"\n", path);
}

static enum status metered(void *context, const struct request *request, struct response *response, struct error *error)
{
    struct meter *meter = context;
    meter->requests++;
    if (meter->config != NULL) {
        keep(meter, request);
    }
    double start = bench_now();
    enum status status = meter->inner.exchange(meter->inner.context, request, response, error);
    meter->waited += bench_now() - start;
    if (strcmp(request->method, "GET") != 0 && !request->asks) {
        meter->writes++;
        meter->bytes_written += response->bytes_out;
    }
    return status;
}

static long highest_kb(void)
{
    char line[256];
    long kb = -1;
    FILE *file = fopen("/proc/self/status", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL && sscanf(line, "VmHWM: %ld kB", &kb) != 1) {
    }
    if (file != NULL) {
        fclose(file);
    }
    return kb;
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
        snprintf(path, sizeof path, "%s/curl.config", requests_folder);
        meter.config = fopen(path, "w");
        if (meter.config == NULL) {
            bench_die("no place for the requests");
        }
    }
    meter.inner = http_transport(http);
    struct sync sync = {.store = store, .transport = {.exchange = metered, .context = &meter}, .server = device->base,
                        .clock = options.clock, .randomness = options.randomness};
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
    if (meter.config != NULL) {
        fclose(meter.config);
    }
    http_free(http);
    store_close(store);
}

static struct outcome sync_apart(const struct device *device, const char *requests_folder)
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
    if (outcome.status != STATUS_OK) {
        bench_die("a sync ended with: %s", outcome.reason);
    }
    return outcome;
}

static void device_make(struct device *device, const char *folder, const char *name, const char *base)
{
    char home[128];
    struct error error = {0};
    snprintf(home, sizeof home, "%s/%s", folder, name);
    snprintf(device->base, sizeof device->base, "%s", base);
    store_close(bench_store_make(home, &device->vault));
    check(paths_find(&device->paths, BENCH_USER, home, NULL, &error), &error);
}

/* The same requests by the curl program, on one connection. Returns ms, or -1 when there is no such program. */
static double curl_fetches(const char *folder, double *bytes)
{
    char config[256], line[128];
    int ends[2], status = 0;
    snprintf(config, sizeof config, "%s/curl.config", folder);
    if (pipe(ends) != 0) {
        bench_die("no pipe");
    }
    double start = bench_now();
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        execlp("curl", "curl", "--fail-early", "-K", config, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    FILE *said = fdopen(ends[0], "r");
    *bytes = 0;
    while (said != NULL && fgets(line, sizeof line, said) != NULL) {
        double body = 0;
        double header = 0;
        if (sscanf(line, "%lf %lf", &body, &header) == 2) {
            *bytes += body + header;
        }
    }
    if (child < 0 || said == NULL || waitpid(child, &status, 0) != child) {
        bench_die("curl did not end");
    }
    fclose(said);
    double took = bench_now() - start;
    if (WEXITSTATUS(status) == 127) {
        return -1;
    }
    if (status != 0) {
        bench_die("curl could not fetch what a sync fetched");
    }
    return took;
}

void bench_first_sync(const char *build, const char *folder, const char *ndjson)
{
    char base[256], name[32], text[96];
    struct device device;
    struct samples took = {0}, own = {0}, processor = {0}, curl = {0}, ratio = {0};
    struct outcome first = {.status = STATUS_OK};
    long highest = 0;
    double fetched = 0;
    char port[16] = "0";
    for (int i = 0; i <= ROUNDS; i++) {
        /* Each has a new server on the same port: it answers the same requests with the same page links. */
        pid_t server = bench_server_start(build, ndjson, port, base, sizeof base);
        snprintf(port, sizeof port, "%.*s", (int)strspn(strrchr(base, ':') + 1, "0123456789"), strrchr(base, ':') + 1);
        snprintf(name, sizeof name, "first-%d", i);
        device_make(&device, folder, name, base);
        struct outcome outcome = sync_apart(&device, i == 0 ? folder : NULL); /* the first tells what curl is to ask */
        vault_free(device.vault);
        bench_server_stop(server);
        highest = outcome.highest_kb > highest ? outcome.highest_kb : highest;
        if (i == 0) {
            first = outcome;
            continue;
        }
        server = bench_server_start(build, ndjson, port, base, sizeof base);
        double by_curl = curl_fetches(folder, &fetched);
        bench_server_stop(server);
        samples_add(&took, outcome.took);
        samples_add(&own, outcome.took - outcome.waited);
        samples_add(&processor, outcome.processor);
        if (by_curl > 0) {
            samples_add(&curl, by_curl);
            samples_add(&ratio, outcome.took / by_curl);
        }
    }
    double rate = first.pulled / samples_percentile(&own, 50) * 1e3;
    snprintf(text, sizeof text, "%.0f a second", rate);
    bench_row("sync: pulled resources applied, without waiting", text, "10000 a second", rate >= 10000);
    snprintf(text, sizeof text, "%.0f a second", first.pulled / samples_percentile(&processor, 50) * 1e3);
    bench_row("sync: the same by processor time", text, "", true);
    snprintf(text, sizeof text, "%.0f a second", first.pulled / samples_percentile(&took, 50) * 1e3);
    bench_row("sync: the same with the server's time", text, "", true);
    snprintf(text, sizeof text, "%.1f s, %d resources", samples_percentile(&took, 50) / 1e3, first.pulled);
    bench_row("first sync", text, "", true);
    snprintf(text, sizeof text, "%d requests, %.0f kB in", first.requests, (double)first.bytes_in / 1e3);
    bench_row("its requests and bytes", text, "", true);
    if (ratio.count > 0) {
        snprintf(text, sizeof text, "%.1f s, %.0f kB in", samples_percentile(&curl, 50) / 1e3, fetched / 1e3);
        bench_row("curl: the same requests on one connection", text, "", true);
        snprintf(text, sizeof text, "%.2f times the time", samples_percentile(&ratio, 50));
        bench_row("first sync: against curl", text, "1.15 times", samples_percentile(&ratio, 50) <= 1.15);
    } else {
        bench_row("first sync: against curl", "skipped: there is no curl", "", true);
    }
    snprintf(text, sizeof text, "%.1f MB", (double)highest / 1024);
    bench_row("its highest memory", text, "24 MB", highest <= 24 * 1024);
    samples_free(&took);
    samples_free(&own);
    samples_free(&processor);
    samples_free(&curl);
    samples_free(&ratio);
}

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
