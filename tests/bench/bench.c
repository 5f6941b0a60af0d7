/*
 * bench BUILD-FOLDER: prints how fast doorstep is, next to its budgets and to a
 * baseline measured in the same run, on 300 patients and 200,000 observations.
 */
#include "bench.h"

#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

void bench_row(const char *what, const char *measured, const char *budget, bool met)
{
    printf("%-52s %-26s %-20s %s\n", what, measured, budget, budget[0] == '\0' ? "" : met ? "met" : "NOT MET");
    fflush(stdout);
}

/* Runs a generator into a file. */
static void generate(const char *build, const char *path, const char *patients, const char *observations)
{
    char program[4096];
    snprintf(program, sizeof program, "%s/practice", build);
    pid_t child = fork();
    if (child == 0) {
        if (freopen(path, "w", stdout) == NULL) {
            _exit(127);
        }
        execl(program, program, "--patients", patients, "--observations", observations, (char *)NULL);
        _exit(127);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
        bench_die("the caseload could not be generated");
    }
}

int main(int argc, char **argv)
{
    char folder[] = "/tmp/doorstep-bench-XXXXXX";
    char large[64], one[64], home[64], command[128];
    if (argc != 2) {
        bench_die("usage: bench BUILD-FOLDER");
    }
    memory_install();
    setenv("TZ", "Asia/Seoul", 1);
    if (mkdtemp(folder) == NULL) {
        bench_die("no place for the files");
    }
    snprintf(large, sizeof large, "%s/large.ndjson", folder);
    snprintf(one, sizeof one, "%s/one.ndjson", folder);
    snprintf(home, sizeof home, "%s/home", folder);
    mkdir(home, 0700);
    generate(argv[1], large, PATIENTS, OBSERVATIONS);
    generate(argv[1], one, "1", "10000");
    printf("%-52s %-26s %-20s\n", "measured on " PATIENTS " patients, " OBSERVATIONS " observations", "", "budget");
    bench_import(folder, large);
    bench_queries(folder, home, one);
    bench_console(argv[1], home);
    bench_console_syncing(argv[1], folder, large);
    snprintf(command, sizeof command, "%s", folder);
    pid_t child = fork();
    if (child == 0) {
        execlp("rm", "rm", "-rf", command, (char *)NULL);
        _exit(127);
    }
    waitpid(child, NULL, 0);
    return 0;
}
