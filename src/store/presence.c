/*
 * Which programs of this user are running: a locked file for the console and
 * one for the sync. The lock belongs to the open file (OFD), so it ends with the
 * process however that ends, and works between two handles of one process; the
 * holder writes its process id and terminal into the file.
 */
#include "base/file.h"
#include "base/instant.h"
#include "base/memory.h"
#include "base/text.h"
#include "store/vault.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONSOLE_NAME "console.lock"
#define SYNC_NAME "sync.lock"
#define LINE_SIZE 160

struct presence {
    int file;
};

/* Who holds a lock, as it wrote itself. */
struct holder {
    int process; /* 0 when unknown */
    char terminal[96];
    instant since;
};

static struct flock whole_file(short type)
{
    return (struct flock){.l_type = type, .l_whence = SEEK_SET};
}

static bool is_locked(int file)
{
    struct flock lock = whole_file(F_WRLCK);
    return fcntl(file, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

static struct holder read_holder(int file)
{
    struct holder holder = {.process = 0, .since = INSTANT_NONE};
    char line[LINE_SIZE] = "";
    struct stat about;
    char terminal[96] = "";
    ssize_t length = pread(file, line, sizeof line - 1, 0);
    if (length > 0 && sscanf(line, "%d %95s", &holder.process, terminal) == 2 && fstat(file, &about) == 0) {
        text_clean_into(holder.terminal, sizeof holder.terminal, terminal);
        holder.since = (instant)about.st_mtim.tv_sec * INSTANT_SECOND;
    }
    return holder;
}

static void write_holder(int file)
{
    char terminal[96] = "-";
    char line[LINE_SIZE];
    if (ttyname_r(STDIN_FILENO, terminal, sizeof terminal) != 0) {
        text_copy(terminal, sizeof terminal, "-");
    }
    int length = snprintf(line, sizeof line, "%d %s\n", (int)getpid(), terminal);
    /* A line that cannot be written only makes the other's message shorter. */
    if (ftruncate(file, 0) != 0 || pwrite(file, line, (size_t)length, 0) != length) {
        errno = 0;
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
    struct flock lock = whole_file(F_WRLCK);
    if (fcntl(file, F_OFD_SETLK, &lock) != 0) {
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
        return error_set(error, STATUS_BUSY, _("Another console of '%s' is open; close it, or run doorstep lock."), paths->user);
    }
    char date[32];
    char time[16];
    instant_format_date(date, sizeof date, holder.since);
    instant_format_time(time, sizeof time, holder.since);
    return error_set(error, STATUS_BUSY,
                     _("Another console of '%s' is open on %s since %s %s; close it, or run doorstep lock."), paths->user,
                     holder.terminal, date, time);
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
    struct holder holder = read_holder(file);
    int process = is_locked(file) && holder.process > 0 ? pidfd_open(holder.process, 0) : -1;
    /* Still locked now: the handle is the holder's, and not of a later process with its number. */
    if (process >= 0 && is_locked(file)) {
        if (pidfd_send_signal(process, SIGUSR1, NULL, 0) == 0) {
            *count = 1;
        } else if (errno != ESRCH) {
            status = error_system(error, CONSOLE_NAME, errno);
        }
    }
    if (process >= 0) {
        close(process);
    }
    close(file);
    return status;
}
