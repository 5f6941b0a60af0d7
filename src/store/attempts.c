/* One line in the file "attempts": how many failed in a row, and when the last one did by both clocks. */
#include "store/attempts.h"

#include "base/buffer.h"
#include "base/file.h"
#include "base/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#define TITLE "doorstep-attempts 1"
#define LINE_SIZE 128
#define FREE_FAILURES 2
#define LONGEST_DELAY INSTANT_MINUTE

struct attempts {
    int failures;
    instant wall;
    int64_t monotonic;
};

static bool file_path(const struct paths *paths, char out[PATH_SIZE])
{
    return file_join(out, PATH_SIZE, paths->folder, "attempts", NULL) == STATUS_OK;
}

static struct attempts read_attempts(const struct paths *paths)
{
    struct attempts attempts = {.failures = 0};
    struct attempts found = {.failures = 0};
    struct buffer line;
    char path[PATH_SIZE];
    buffer_init(&line, LINE_SIZE);
    if (file_path(paths, path) && file_exists(path) && file_read(path, &line, NULL) == STATUS_OK &&
        sscanf(buffer_text(&line), TITLE " %d %" SCNd64 " %" SCNd64, &found.failures, &found.wall, &found.monotonic) ==
            3 &&
        found.failures > 0) {
        attempts = found;
    }
    buffer_free(&line);
    return attempts;
}

int64_t attempts_delay(const struct paths *paths, const struct clock *clock)
{
    struct attempts attempts = read_attempts(paths);
    int doublings = attempts.failures - FREE_FAILURES - 1;
    if (doublings < 0) {
        return 0;
    }
    int64_t delay = doublings < 6 ? INSTANT_SECOND << doublings : LONGEST_DELAY;
    int64_t passed = clock_monotonic(clock) - attempts.monotonic;
    if (passed < 0) { /* the machine was started again since */
        passed = clock_now(clock) - attempts.wall;
    }
    if (passed < 0) {
        passed = 0;
    }
    return passed < delay ? delay - passed : 0;
}

void attempts_add(const struct paths *paths, const struct clock *clock)
{
    struct attempts attempts = read_attempts(paths);
    char path[PATH_SIZE];
    char line[LINE_SIZE];
    int length = snprintf(line, sizeof line, TITLE " %d %" PRId64 " %" PRId64 "\n",
                          attempts.failures < 1000 ? attempts.failures + 1 : attempts.failures, clock_now(clock),
                          clock_monotonic(clock));
    if (!file_path(paths, path) || file_replace(path, line, (size_t)length, NULL) != STATUS_OK) {
        log_event("attempts-not-kept", 0, attempts.failures);
    }
}

void attempts_clear(const struct paths *paths)
{
    char path[PATH_SIZE];
    if (file_path(paths, path)) {
        unlink(path);
    }
}
