/*
 * Files. A file of ours is never reached through a symbolic link, and is
 * replaced as a whole or not at all.
 */
#include "base/file.h"

#include "base/memory.h"
#include "base/paths.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static enum status too_large(const char *path, size_t limit, struct error *error)
{
    return error_set(error, STATUS_INVALID, _("%s is larger than the %zu bytes that are read; split it."), path,
                     limit);
}

enum status file_read(const char *path, struct buffer *out, struct error *error)
{
    enum status status = STATUS_OK;
    size_t before = out->length;
    size_t room = out->limit - before;
    char part[16384];
    struct stat about;
    ssize_t got = 0;
    /* Not blocking, so that a pipe without a writer is refused below and does not hang us here. */
    int file = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (file < 0) {
        return errno != ELOOP
                   ? error_system(error, path, errno)
                   : error_set(error, STATUS_INVALID, _("%s is a symbolic link; name the file itself."), path);
    }
    if (fstat(file, &about) != 0) {
        status = error_system(error, path, errno);
        goto out;
    }
    if (!S_ISREG(about.st_mode)) {
        status = error_set(error, STATUS_INVALID, _("%s is not a file; name one."), path);
        goto out;
    }
    if (about.st_size > 0 && (uintmax_t)about.st_size > room) {
        status = too_large(path, room, error);
        goto out;
    }
    while ((got = read(file, part, sizeof part)) != 0) {
        if (got > 0) {
            buffer_append(out, part, (size_t)got);
        } else if (errno != EINTR) {
            status = error_system(error, path, errno);
            goto out;
        }
        if (out->status != STATUS_OK) {
            status = out->status == STATUS_NO_MEMORY ? error_no_memory(error) : too_large(path, room, error);
            goto out;
        }
    }
    buffer_append(out, "", 0); /* an empty file is an empty text */
    status = out->status == STATUS_NO_MEMORY ? error_no_memory(error) : STATUS_OK;
out:
    memory_wipe(part, sizeof part);
    (void)close(file);
    return status;
}

/* Copies the folder part of `path`: "." when it has none. */
static void folder_of(char out[PATH_SIZE], const char *path)
{
    const char *slash = strrchr(path, '/');

    (void)text_copy(out, PATH_SIZE, path);
    if (slash == NULL) {
        (void)text_copy(out, PATH_SIZE, ".");
    } else {
        out[slash == path ? 1 : slash - path] = '\0';
    }
}

/* Makes a rename in `folder` survive a power loss. */
static int sync_folder(const char *folder)
{
    int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int failed = 0;

    if (file < 0) {
        return errno;
    }
    /* Some file systems have no such operation on folders, and say EINVAL. */
    failed = fsync(file) != 0 && errno != EINVAL ? errno : 0;
    (void)close(file);
    return failed;
}

static int write_all(int file, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(file, bytes, length);

        if (written >= 0) {
            bytes += written;
            length -= (size_t)written;
        } else if (errno != EINTR) {
            return errno;
        }
    }
    return fsync(file) != 0 ? errno : 0;
}

enum status file_replace(const char *path, const void *bytes, size_t length, struct error *error)
{
    char folder[PATH_SIZE];
    char temporary[PATH_SIZE];
    int file = -1;
    int failed = 0;

    if (snprintf(temporary, sizeof temporary, "%s.XXXXXX", path) >= (int)sizeof temporary) {
        return error_system(error, path, ENAMETOOLONG);
    }
    folder_of(folder, path);
    file = mkostemp(temporary, O_CLOEXEC); /* mode 0600 */
    if (file < 0) {
        return error_system(error, path, errno);
    }
    failed = write_all(file, bytes, length);
    if (close(file) != 0 && failed == 0) {
        failed = errno;
    }
    if (failed == 0 && rename(temporary, path) != 0) {
        failed = errno;
    }
    if (failed != 0) {
        (void)unlink(temporary);
    } else {
        failed = sync_folder(folder);
    }
    return failed == 0 ? STATUS_OK : error_system(error, path, failed);
}

enum status file_make_private_folder(const char *path, struct error *error)
{
    enum status status = STATUS_OK;
    char part[PATH_SIZE];
    struct stat about;
    int folder = -1;

    if (!text_copy(part, sizeof part, path) || part[0] == '\0') {
        return error_system(error, path, ENAMETOOLONG);
    }
    for (char *slash = part + 1; slash != NULL && *slash != '\0'; slash++) {
        slash = strchrnul(slash, '/');
        char kept = *slash;

        *slash = '\0';
        if (mkdir(part, 0700) != 0 && errno != EEXIST) {
            return error_system(error, part, errno);
        }
        *slash = kept;
        if (kept == '\0') {
            break;
        }
    }
    folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0 || fstat(folder, &about) != 0) {
        status = error_system(error, path, errno);
    } else if (about.st_uid != geteuid()) {
        status = error_set(error, STATUS_READ_ONLY, _("%s belongs to another login; use a folder of your own."), path);
    } else if ((about.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        status = error_set(error, STATUS_READ_ONLY,
                           _("Other logins may write to %s; take that away with: chmod go-w %s"), path, path);
    }
    if (folder >= 0) {
        (void)close(folder);
    }
    return status;
}

bool file_exists(const char *path)
{
    struct stat about;

    return stat(path, &about) == 0;
}

bool file_is_folder(const char *path)
{
    struct stat about;

    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

int64_t file_free_bytes(const char *path)
{
    struct statvfs about;

    return statvfs(path, &about) == 0 ? (int64_t)(about.f_bavail * about.f_frsize) : -1;
}

enum status file_join(char *out, size_t size, const char *folder, const char *name, struct error *error)
{
    const char *separator = folder[0] != '\0' && folder[strlen(folder) - 1] == '/' ? "" : "/";
    int length = snprintf(out, size, "%s%s%s", folder, separator, name);

    if (length < 0 || (size_t)length >= size) {
        out[0] = '\0';
        return error_set(error, STATUS_INVALID, _("The path of %s is too long; use a shorter folder name."), name);
    }
    return STATUS_OK;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

enum status file_walk(const char *path, enum status (*visit)(const char *path, void *context, struct error *error),
                      void *context, struct error *error)
{
    enum status status = STATUS_OK;
    char start[PATH_MAX];
    char *starts[] = {start, NULL};
    FTS *walk = NULL;
    FTSENT *entry = NULL;

    /* A link that the user names is followed; those found inside are not. */
    if (realpath(path, start) == NULL) {
        return error_system(error, path, errno);
    }
    walk = fts_open(starts, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
    if (walk == NULL) {
        return error_system(error, path, errno);
    }
    errno = 0;
    while (status == STATUS_OK && (entry = fts_read(walk)) != NULL) {
        switch (entry->fts_info) {
        case FTS_F:
            status = visit(entry->fts_path, context, error);
            break;
        case FTS_DNR:
        case FTS_ERR:
        case FTS_NS:
            status = error_system(error, entry->fts_path, entry->fts_errno);
            break;
        case FTS_DEFAULT: /* a device or a pipe */
            if (entry->fts_level == FTS_ROOTLEVEL) {
                status = error_set(error, STATUS_INVALID, _("%s is neither a file nor a folder; name one."), path);
            }
            break;
        default:
            break;
        }
        errno = 0;
    }
    if (status == STATUS_OK && errno != 0) {
        status = error_system(error, path, errno);
    }
    (void)fts_close(walk);
    return status;
}
