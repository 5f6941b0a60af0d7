/*
 * sim [--seeds N] [--first SEED] [--jobs N] [--strict]   runs N seeds, on all processors
 * sim --seed SEED [--trace] [--strict]                   runs one, and tells what happens
 *
 * Prints what was run and what went wrong on purpose; when a law is broken, the
 * seed, its trace and how to see it again. Exit status 1 then.
 *
 * Every worker is a process of its own, so a seed that crashes or hangs is known by its number.
 */
#include "tests/sim/sim.h"
#include "tests/sync/sync_test.h"

#include <getopt.h>
#include <sys/mman.h>

#define JOBS_AT_MOST 64
#define SHOWN_AT_MOST 20
#define SEED_SECONDS 60 /* a seed takes some hundredths */

struct settings {
    uint64_t first, seeds;
    int jobs;
    bool one, trace, strict;
};

/* What a worker tells; shared memory. */
struct report {
    struct tally tally;
    uint64_t next;          /* the seed it is at, from the first */
    uint64_t failed_first;  /* the lowest seed that failed */
    uint64_t shown;
};

static struct settings settings;
static char *homes; /* the folder of all homes: a seed that crashes leaves nothing behind */

static void remove_homes(void)
{
    test_folder_remove(homes);
}

static void note_failure(struct report *report, uint64_t seed)
{
    report->failed_first = report->failed_first == 0 || seed < report->failed_first ? seed : report->failed_first;
}

/* Every jobs-th seed, from the one after the last that was begun. */
static void work(struct report *report)
{
    char first[512];
    for (; report->next < settings.seeds; report->next += (uint64_t)settings.jobs) {
        uint64_t seed = settings.first + report->next;
        alarm(SEED_SECONDS);
        if (!world_run(seed, settings.strict, NULL, &report->tally, first, sizeof first)) {
            note_failure(report, seed);
            if (report->shown++ < SHOWN_AT_MOST) {
                printf("seed %llu: %s\n", (unsigned long long)seed, first);
                fflush(stdout);
            }
        }
    }
    _exit(0);
}

static pid_t start_worker(struct report *report)
{
    pid_t worker = fork();
    assert_true(worker >= 0);
    if (worker == 0) {
        work(report);
    }
    return worker;
}

/* Waits for all. A worker that did not end by itself leaves a seed that failed; another goes on behind that. */
static void wait_for(struct report *reports, pid_t *workers)
{
    for (int i = 0; i < settings.jobs; i++) {
        struct report *report = &reports[i];
        int result = 0;
        while (waitpid(workers[i], &result, 0) == workers[i] && (!WIFEXITED(result) || WEXITSTATUS(result) != 0)) {
            uint64_t seed = settings.first + report->next;
            printf("seed %llu: ended by %s %d\n", (unsigned long long)seed, WIFSIGNALED(result) ? "signal" : "exit",
                   WIFSIGNALED(result) ? WTERMSIG(result) : WEXITSTATUS(result));
            note_failure(report, seed);
            report->tally.seeds++;
            report->tally.failed++;
            report->next += (uint64_t)settings.jobs;
            workers[i] = start_worker(report);
        }
    }
}

static void print_counts(const struct tally *tally, double seconds)
{
    printf("%llu seeds, %llu failed, %.1f s (%.1f ms a seed on each of %d)\n", (unsigned long long)tally->seeds,
           (unsigned long long)tally->failed, seconds,
           tally->seeds == 0 ? 0 : seconds * 1000 * settings.jobs / (double)tally->seeds, settings.jobs);
    printf("  %llu syncs (%llu ended well), %llu requests, %llu of them writes; %llu visits of %llu resources; %llu office changes\n",
           (unsigned long long)tally->syncs, (unsigned long long)tally->good_syncs, (unsigned long long)tally->requests,
           (unsigned long long)tally->writes, (unsigned long long)tally->visits, (unsigned long long)tally->resources,
           (unsigned long long)tally->office_changes);
    printf("  left for the nurse, for a real reason: %llu conflicts, %llu refusals\n", (unsigned long long)tally->conflicts,
           (unsigned long long)tally->refusals);
    printf("  refused and corrected: %llu\n", (unsigned long long)tally->corrected);
    printf("  of what a restored server forgot: %llu sent again, %llu let go\n", (unsigned long long)tally->sent_again,
           (unsigned long long)tally->let_go);
    printf("troubles:\n");
    for (int i = 1; i < TROUBLE_COUNT; i++) {
        printf("  %10llu  %s\n", (unsigned long long)tally->troubles[i], trouble_name((enum trouble)i));
    }
    printf("exempted (not promised):\n");
    for (int i = 0; i < EXEMPT_COUNT; i++) {
        printf("  %10llu  %s\n", (unsigned long long)tally->exemptions[i], exemption_name((enum exemption)i));
    }
    for (int i = 0; i < LAW_COUNT; i++) {
        if (tally->laws[i] > 0) {
            printf("BROKEN %8llu  %s\n", (unsigned long long)tally->laws[i], law_name((enum law)i));
        }
    }
}

static int run_one(uint64_t seed)
{
    struct tally tally = {0};
    char first[512];
    bool good = world_run(seed, settings.strict, settings.trace ? stdout : NULL, &tally, first, sizeof first);
    printf("seed %llu: %s\n", (unsigned long long)seed, good ? "good" : first);
    return good ? 0 : 1;
}

/* The trace of a seed that failed, in a process of its own: it may crash again. */
static void show(uint64_t seed)
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        settings.trace = true;
        int result = run_one(seed);
        fflush(stdout);
        _exit(result);
    }
    waitpid(child, NULL, 0);
    printf("again: sim --seed %llu --trace\n", (unsigned long long)seed);
}

static int run_all(void)
{
    struct report *reports = mmap(NULL, sizeof *reports * JOBS_AT_MOST, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t workers[JOBS_AT_MOST];
    struct tally sum = {0};
    uint64_t failed = 0;
    struct clock clock = clock_system();
    assert_true(reports != MAP_FAILED);
    (void)template_home(); /* made once: its key takes long to derive */
    int64_t start = clock_monotonic(&clock);
    fflush(stdout);
    for (int i = 0; i < settings.jobs; i++) {
        reports[i].next = (uint64_t)i;
        workers[i] = start_worker(&reports[i]);
    }
    wait_for(reports, workers);
    for (int i = 0; i < settings.jobs; i++) {
        tally_add(&sum, &reports[i].tally);
        failed = failed == 0 || (reports[i].failed_first != 0 && reports[i].failed_first < failed) ? reports[i].failed_first
                                                                                                   : failed;
    }
    if (sum.failed > 0) {
        show(failed);
    }
    print_counts(&sum, (double)(clock_monotonic(&clock) - start) / 1000);
    return sum.failed > 0 || sum.seeds == 0 ? 1 : 0;
}

static bool read_settings(int count, char **arguments)
{
    static const struct option options[] = {
        {"seeds", required_argument, NULL, 'n'}, {"first", required_argument, NULL, 'f'}, {"jobs", required_argument, NULL, 'j'},
        {"seed", required_argument, NULL, 's'}, {"trace", no_argument, NULL, 't'}, {"strict", no_argument, NULL, 'x'},
        {NULL, 0, NULL, 0}};
    settings = (struct settings){.first = 1, .seeds = 10000, .jobs = (int)sysconf(_SC_NPROCESSORS_ONLN)};
    for (int option = 0; (option = getopt_long(count, arguments, "", options, NULL)) != -1;) {
        switch (option) {
        case 'n':
            settings.seeds = strtoull(optarg, NULL, 10);
            break;
        case 'f':
            settings.first = strtoull(optarg, NULL, 10);
            break;
        case 'j':
            settings.jobs = (int)strtol(optarg, NULL, 10);
            break;
        case 's':
            settings.first = strtoull(optarg, NULL, 10);
            settings.one = true;
            break;
        case 't':
            settings.trace = true;
            break;
        case 'x':
            settings.strict = true;
            break;
        default:
            return false;
        }
    }
    settings.jobs = settings.jobs < 1 ? 1 : settings.jobs > JOBS_AT_MOST ? JOBS_AT_MOST : settings.jobs;
    return optind == count;
}

int main(int count, char **arguments)
{
    if (!read_settings(count, arguments)) {
        fputs("usage: sim [--seeds N] [--first SEED] [--jobs N] [--strict] | sim --seed SEED [--trace] [--strict]\n", stderr);
        return 2;
    }
    setenv("TZ", "Asia/Seoul", 1); /* a seed is the same everywhere */
    setenv("CMOCKA_TEST_ABORT", "1", 1); /* what the simulator itself relies on: exit() would take the template along */
    if (getenv("TMPDIR") == NULL && access("/dev/shm", W_OK) == 0) {
        setenv("TMPDIR", "/dev/shm", 1);
    }
    memory_install();
    homes = test_folder_make();
    setenv("TMPDIR", homes, 1);
    atexit(remove_homes); /* after the template in it, which comes later */
    return settings.one ? run_one(settings.first) : run_all();
}
