/*
 * Which programs of this user are running: a locked file for the console and
 * one for the sync. The locks belong to the open file (OFD), so they end with the
 * process however that ends, and work between two handles of one process.
 *
 * Byte 0 is who may; a second lock, on the byte whose number is the process id,
 * is who it is: unlike a number in the file it cannot be that of a process long gone.
 * The file itself only holds the terminal's name, for the other's message.
 */
#include "base/file.h"
#include "base/instant.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "store/vault.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONSOLE_NAME "console.lock"
#define SYNC_NAME "sync.lock"
#define LINE_SIZE 96

struct presence {
    int file;
};

/* Who holds a lock, for people. */
struct holder {
    char terminal[LINE_SIZE]; /* "" when unknown */
    instant since;
};

static struct flock one_byte(off_t at)
{
    return (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = at, .l_len = 1};
}

/* The process that holds the lock; 0 when none does. */
static pid_t holding_process(int file)
{
    struct flock lock = one_byte(1);
    lock.l_len = 0; /* to the end: whichever it is */
    return fcntl(file, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK ? (pid_t)lock.l_start : 0;
}

static struct holder read_holder(int file)
{
    struct holder holder = {.since = INSTANT_NONE};
    char name[LINE_SIZE] = "";
    struct stat about;
    if (pread(file, name, sizeof name - 1, 0) > 0 && fstat(file, &about) == 0) {
        text_clean_into(holder.terminal, sizeof holder.terminal, name);
        holder.since = (instant)about.st_mtim.tv_sec * INSTANT_SECOND;
    }
    return holder;
}

/* What cannot be written only makes the other's message shorter. */
static void write_holder(int file)
{
    char name[LINE_SIZE];
    if (ttyname_r(STDIN_FILENO, name, sizeof name) != 0) {
        text_copy(name, sizeof name, "-");
    }
    if (ftruncate(file, 0) != 0 || pwrite(file, name, strlen(name), 0) < 0) {
        log_event("presence-not-written", errno, 0);
    }
}

static enum status open_lock(const struct paths *paths, const char *name, int *file, struct error *error)
{
    char path[PATH_SIZE];
    enum status status = file_join(path, sizeof path, paths->folder, name, error);
    if (status != STATUS_OK) {
        return status;
    }
    *file = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
    return *file < 0 ? error_system(error, path, errno) : STATUS_OK;
}

/* BUSY, without a sentence, when another holds it; *holder says who. */
static enum status take(const struct paths *paths, const char *name, struct presence **out, struct holder *holder,
                        struct error *error)
{
    *out = NULL;
    int file = -1;
    enum status status = open_lock(paths, name, &file, error);
    if (status != STATUS_OK) {
        return status;
    }
    struct flock lock = one_byte(0);
    struct flock identity = one_byte(getpid());
    if (fcntl(file, F_OFD_SETLK, &lock) != 0 || fcntl(file, F_OFD_SETLK, &identity) != 0) {
        status = errno == EAGAIN || errno == EACCES ? STATUS_BUSY : error_system(error, name, errno);
        *holder = read_holder(file);
        goto out;
    }
    struct presence *presence = memory_allocate(sizeof *presence);
    if (presence == NULL) {
        status = error_no_memory(error);
        goto out;
    }
    write_holder(file);
    presence->file = file;
    *out = presence;
    return STATUS_OK;
out:
    close(file);
    return status;
}

enum status presence_register(const struct paths *paths, struct presence **out, struct error *error)
{
    struct holder holder;
    enum status status = take(paths, CONSOLE_NAME, out, &holder, error);
    if (status != STATUS_BUSY) {
        return status;
    }
    if (holder.since == INSTANT_NONE) {
        return error_set(error, STATUS_BUSY, _("Another console of '%s' is open; close it, or run doorstep lock."),
                         paths->user);
    }
    char date[32];
    char time[16];
    instant_format_date(date, sizeof date, holder.since);
    instant_format_time(time, sizeof time, holder.since);
    return error_set(error, STATUS_BUSY,
                     _("Another console of '%s' is open on %s since %s %s; close it, or run doorstep lock."),
                     paths->user, holder.terminal, date, time);
}

enum status presence_begin_sync(const struct paths *paths, struct presence **out, struct error *error)
{
    struct holder holder;
    enum status status = take(paths, SYNC_NAME, out, &holder, error);
    if (status == STATUS_BUSY) {
        error_set(error, STATUS_BUSY, _("A sync of '%s' is already running; wait until it has ended."), paths->user);
    }
    return status;
}

void presence_release(struct presence *presence)
{
    if (presence != NULL) {
        close(presence->file);
        memory_free(presence);
    }
}

enum status presence_lock_all(const struct paths *paths, int *count, struct error *error)
{
    *count = 0;
    int file = -1;
    enum status status = open_lock(paths, CONSOLE_NAME, &file, error);
    if (status != STATUS_OK) {
        return status;
    }
    pid_t process = holding_process(file);
    if (process > 0 && kill(process, SIGUSR1) == 0) {
        *count = 1;
    } else if (process > 0 && errno != ESRCH) {
        status = error_system(error, CONSOLE_NAME, errno);
    }
    close(file);
    return status;
}
