/*
 * The event log. The file is opened for each event: events are rare, and so
 * neither threads nor a second process share any state but the file itself,
 * to which each line goes in one append.
 */
#include "base/log.h"

#include "base/file.h"
#include "base/instant.h"
#include "base/paths.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_LIMIT (256 * 1024)

/* Set before any thread starts, "" while logging is off. */
static char log_path[PATH_SIZE];
static char old_path[PATH_SIZE];

static int open_file(void)
{
    return open(log_path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
}

void log_open(const char *folder)
{
    int file = -1;

    if (file_join(log_path, sizeof log_path, folder, "event.log", NULL) == STATUS_OK &&
        file_join(old_path, sizeof old_path, folder, "event.log.1", NULL) == STATUS_OK) {
        file = open_file();
    }
    if (file < 0) {
        log_close();
    } else {
        (void)close(file);
    }
}

void log_close(void)
{
    log_path[0] = '\0';
}

void log_event(const char *event, long code, long count)
{
    struct clock clock = clock_system();
    char when[32];
    char line[128];
    struct stat about;
    int file = -1;
    int length = 0;

    if (log_path[0] == '\0') {
        return;
    }
    file = open_file();
    if (file >= 0 && fstat(file, &about) == 0 && about.st_size >= LOG_LIMIT) {
        (void)close(file);
        (void)rename(log_path, old_path);
        file = open_file();
    }
    if (file < 0) {
        return;
    }
    /* Only fixed words may pass; anything else could carry a name. */
    if (event[strspn(event, "abcdefghijklmnopqrstuvwxyz-")] != '\0') {
        event = "unnamed";
    }
    instant_format_utc(when, sizeof when, clock_now(&clock));
    length = snprintf(line, sizeof line, "%s %ld %.40s %ld %ld\n", when, (long)getpid(), event, code, count);
    if (length > 0 && (size_t)length < sizeof line) {
        ssize_t written = write(file, line, (size_t)length);

        (void)written; /* a log that cannot be written must not stop the work */
    }
    (void)close(file);
}
