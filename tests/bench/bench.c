/*
 * bench BUILD-FOLDER: prints how fast doorstep is, next to its budgets and to a
 * baseline measured in the same run, on 300 patients and 200,000 observations.
 * bench BUILD-FOLDER BASE: the first sync from the server at BASE, which has a
 * practice caseload already (run.sh).
 */
#include "bench.h"

#include "base/memory.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENTS "300"
#define OBSERVATIONS "200000"

void bench_die(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("bench: ", stderr);
    vfprintf(stderr, format, arguments);
    fputs("\n", stderr);
    va_end(arguments);
    exit(1);
}

double bench_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

void samples_add(struct samples *samples, double value)
{
    if (samples->count == samples->capacity) {
        samples->capacity = samples->capacity == 0 ? 256 : samples->capacity * 2;
        samples->values = realloc(samples->values, samples->capacity * sizeof *samples->values);
        if (samples->values == NULL) {
            bench_die("out of memory");
        }
    }
    samples->values[samples->count++] = value;
}

static int compare(const void *a, const void *b)
{
    const double *left = a;
    const double *right = b;
    return *left < *right ? -1 : *left > *right;
}

double samples_percentile(struct samples *samples, double percent)
{
    if (samples->count == 0) {
        bench_die("nothing was measured");
    }
    qsort(samples->values, samples->count, sizeof *samples->values, compare);
    return samples->values[(size_t)((double)(samples->count - 1) * percent / 100 + 0.5)];
}

void samples_free(struct samples *samples)
{
    free(samples->values);
    memset(samples, 0, sizeof *samples);
}

static bool missed; /* a budget */

void bench_row(const char *what, const char *measured, const char *budget, bool met)
{
    printf("%-52s %-26s %-20s %s\n", what, measured, budget, budget[0] == '\0' ? "" : met ? "met" : "NOT MET");
    fflush(stdout);
    missed = missed || (budget[0] != '\0' && !met);
}

pid_t bench_server_start(const char *build, const char *ndjson, const char *port, char *base, size_t size)
{
    char program[4096];
    int out[2];
    snprintf(program, sizeof program, "%s/loopback", build);
    if (pipe(out) != 0) {
        bench_die("no pipe");
    }
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        dup2(out[1], STDOUT_FILENO);
        close(out[0]);
        /* What it has is older than the overlap in which a sync asks again. */
        execl(program, program, "--port", port, "--seed", "1", "--loaded-ago", "3600", "--load", ndjson, "--quiet", (char *)NULL);
        _exit(127);
    }
    close(out[1]);
    FILE *said = fdopen(out[0], "r");
    char line[256];
    if (said == NULL || fgets(line, sizeof line, said) == NULL || strncmp(line, "listening on ", 13) != 0) {
        bench_die("the loopback server did not start");
    }
    line[strcspn(line, "\n")] = '\0';
    snprintf(base, size, "%s", line + 13);
    return child;
}

void bench_server_stop(pid_t server)
{
    kill(server, SIGTERM);
    waitpid(server, NULL, 0);
}

/* Runs a generator into a file; `observations` NULL: as many as such a caseload has. */
static void generate(const char *build, const char *path, const char *patients, const char *observations)
{
    char program[4096];
    snprintf(program, sizeof program, "%s/practice", build);
    pid_t child = fork();
    if (child == 0) {
        if (freopen(path, "w", stdout) == NULL) {
            _exit(127);
        }
        if (observations == NULL) {
            execl(program, program, "--patients", patients, (char *)NULL);
        } else {
            execl(program, program, "--patients", patients, "--observations", observations, (char *)NULL);
        }
        _exit(127);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
        bench_die("the caseload could not be generated");
    }
}

void bench_remove(const char *folder)
{
    pid_t child = fork();
    if (child == 0) {
        execlp("rm", "rm", "-rf", folder, (char *)NULL);
        _exit(127);
    }
    waitpid(child, NULL, 0);
}

static void measure_all(const char *build, const char *folder)
{
    char large[64], one[64], some[64], sixty[64], more[64], home[64];
    snprintf(large, sizeof large, "%s/large.ndjson", folder);
    snprintf(one, sizeof one, "%s/one.ndjson", folder);
    snprintf(some, sizeof some, "%s/some.ndjson", folder);
    snprintf(sixty, sizeof sixty, "%s/sixty.ndjson", folder);
    snprintf(more, sizeof more, "%s/more.ndjson", folder);
    snprintf(home, sizeof home, "%s/home", folder);
    mkdir(home, 0700);
    generate(build, large, PATIENTS, OBSERVATIONS);
    generate(build, one, "1", "10000");
    generate(build, some, PATIENTS, NULL);
    generate(build, sixty, "60", NULL);
    generate(build, more, "360", NULL);
    printf("%-52s %-26s %-20s\n", "measured on " PATIENTS " patients, " OBSERVATIONS " observations", "", "budget");
    bench_import(folder, large);
    bench_queries(folder, home, one);
    bench_console(build, home);
    bench_more_patients(build, folder, more, 301, 360);
    bench_console_syncing(build, folder, large);
    bench_large_sync(build, folder, large);
    printf("\n%-52s %-26s %-20s\n", "syncs with the loopback server, " PATIENTS " patients", "", "budget");
    bench_first_sync(build, folder, some);
    bench_small_syncs(build, folder, sixty);
    bench_large_documents(build, folder, sixty);
    bench_console_document(build, folder, sixty);
}

int main(int argc, char **argv)
{
    char folder[] = "/tmp/doorstep-bench-XXXXXX";
    if (argc != 2 && argc != 3) {
        bench_die("usage: bench BUILD-FOLDER [BASE]");
    }
    memory_install();
    setenv("TZ", "Asia/Seoul", 1);
    if (mkdtemp(folder) == NULL) {
        bench_die("no place for the files");
    }
    if (argc == 2) {
        measure_all(argv[1], folder);
    } else {
        bench_first_sync_from(folder, argv[2]);
    }
    bench_remove(folder);
    return missed ? 2 : 0;
}
