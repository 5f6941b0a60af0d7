/*
 * Disks as a power cut would leave them. While recording, all that is written, truncated, synced, renamed and removed in
 * one folder is kept, by the program's and by SQLite's own calls, which pass through the functions below. Afterwards it
 * is gone through once more on a model of the disk, and after every operation disks are made that may be found there:
 * what was synced is on it for sure; of the rest nothing, all, some sectors, or some of the calls, in their order or not.
 *
 * A name is on the disk for sure once its folder was synced; what becomes of names keeps its order, as a file system with
 * a journal has it. One program, one source file that includes this: the functions take the place of the C library's.
 */
#ifndef DOORSTEP_TESTS_POWER_CUT_H
#define DOORSTEP_TESTS_POWER_CUT_H

#include "base/file.h"
#include "base/identifier.h"
#include "base/memory.h"
#include "base/text.h"
#include "tests/support/test.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define POWER_SECTOR 512
#define POWER_FILES 64
#define POWER_NAME 64

enum power_op { POWER_WRITE, POWER_TRUNCATE, POWER_SYNC, POWER_RENAME, POWER_UNLINK, POWER_SYNC_FOLDER, POWER_PROMISE };

struct power_event {
    enum power_op op;
    char name[POWER_NAME], to[POWER_NAME]; /* within the folder */
    size_t offset, length;                 /* POWER_PROMISE: offset is its number */
    char *bytes;                           /* owned */
};

static struct {
    char folder[512]; /* "": not recording */
    struct power_event *events;
    size_t count, capacity;
} power_log;

/* --- recording ------------------------------------------------------------------------------------------- */

/* The name of a path in the folder, NULL when it is not to be recorded. SQLite makes its -shm again after a cut. */
static const char *power_name(const char *path)
{
    size_t length = strlen(power_log.folder);
    if (length == 0 || strncmp(path, power_log.folder, length) != 0 || path[length] != '/') {
        return NULL;
    }
    return strstr(path, "-shm") == NULL ? path + length + 1 : NULL;
}

static void power_note(enum power_op op, const char *name, size_t offset, const void *bytes, size_t length)
{
    struct power_event *grown = memory_grow(power_log.events, power_log.count, &power_log.capacity, sizeof *grown);
    assert_non_null(grown);
    power_log.events = grown;
    struct power_event *event = &grown[power_log.count++];
    *event = (struct power_event){.op = op, .offset = offset, .length = length};
    assert_true(text_copy(event->name, sizeof event->name, name));
    if (bytes != NULL && length > 0) {
        event->bytes = memory_allocate(length);
        assert_non_null(event->bytes);
        memcpy(event->bytes, bytes, length);
    }
}

/* What is open as `file`: a name in the folder, "" for the folder itself, NULL for anything else. */
static const char *power_file(int file, char path[512])
{
    char link[64];
    if (power_log.folder[0] == '\0') {
        return NULL;
    }
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, 511);
    path[length < 0 ? 0 : length] = '\0';
    return strcmp(path, power_log.folder) == 0 ? "" : power_name(path);
}

ssize_t write(int file, const void *bytes, size_t length)
{
    char path[512];
    const char *name = file > 2 ? power_file(file, path) : NULL;
    off_t at = name == NULL ? 0 : lseek(file, 0, SEEK_CUR);
    ssize_t written = syscall(SYS_write, file, bytes, length);
    if (name != NULL && written > 0) {
        power_note(POWER_WRITE, name, (size_t)at, bytes, (size_t)written);
    }
    return written;
}

ssize_t pwrite64(int file, const void *bytes, size_t length, off64_t offset)
{
    char path[512];
    const char *name = power_file(file, path);
    ssize_t written = syscall(SYS_pwrite64, file, bytes, length, offset);
    if (name != NULL && written > 0) {
        power_note(POWER_WRITE, name, (size_t)offset, bytes, (size_t)written);
    }
    return written;
}

int ftruncate64(int file, off64_t length)
{
    char path[512];
    const char *name = power_file(file, path);
    int result = (int)syscall(SYS_ftruncate, file, length);
    if (name != NULL && result == 0) {
        power_note(POWER_TRUNCATE, name, (size_t)length, NULL, 0);
    }
    return result;
}

static int power_sync(int file)
{
    char path[512];
    const char *name = power_file(file, path);
    if (name != NULL) {
        power_note(name[0] == '\0' ? POWER_SYNC_FOLDER : POWER_SYNC, name, 0, NULL, 0);
    }
    return 0;
}

int fsync(int file)
{
    return power_sync(file);
}

int fdatasync(int file)
{
    return power_sync(file);
}

int rename(const char *from, const char *to)
{
    int result = (int)syscall(SYS_rename, from, to);
    if (result == 0 && power_name(from) != NULL) {
        power_note(POWER_RENAME, power_name(from), 0, NULL, 0);
        assert_true(text_copy(power_log.events[power_log.count - 1].to, POWER_NAME, power_name(to)));
    }
    return result;
}

int unlink(const char *path)
{
    int result = (int)syscall(SYS_unlink, path);
    if (result == 0 && power_name(path) != NULL) {
        power_note(POWER_UNLINK, power_name(path), 0, NULL, 0);
    }
    return result;
}

/* --- the model of the disk ----------------------------------------------------------------------------------- */

struct power_bytes {
    char *data; /* owned */
    size_t length;
};

struct power_file {
    struct power_bytes synced;
    size_t *unsynced; /* owned: numbers of events */
    size_t count, capacity;
};

struct power_names {
    struct {
        char name[POWER_NAME];
        size_t file;
    } items[POWER_FILES];
    size_t count;
};

struct power_disk {
    struct power_file files[POWER_FILES];
    size_t file_count;
    struct power_names now, synced; /* as the program sees them; as they are on the disk for sure */
    struct {
        enum power_op op;           /* POWER_WRITE: it was made */
        char name[POWER_NAME], to[POWER_NAME];
        size_t file;
    } changes[POWER_FILES];         /* of names, since the folder was synced */
    size_t change_count;
};

static void power_place(struct power_bytes *bytes, size_t offset, const char *data, size_t length)
{
    if (offset + length > bytes->length) {
        bytes->data = memory_resize(bytes->data, offset + length + 1);
        assert_non_null(bytes->data);
        memset(bytes->data + bytes->length, 0, offset + length - bytes->length);
        bytes->length = offset + length;
    }
    if (length > 0) {
        memcpy(bytes->data + offset, data, length);
    }
}

static void power_cut_off(struct power_bytes *bytes, size_t length)
{
    if (length > bytes->length) {
        power_place(bytes, length - 1, "", 1);
    }
    bytes->length = length;
}

static size_t power_find(const struct power_names *names, const char *name)
{
    size_t at = 0;
    while (at < names->count && strcmp(names->items[at].name, name) != 0) {
        at++;
    }
    return at;
}

static void power_name_set(struct power_names *names, const char *name, size_t file)
{
    size_t at = power_find(names, name);
    assert_true(at < POWER_FILES);
    names->count += at == names->count ? 1 : 0;
    text_copy(names->items[at].name, POWER_NAME, name);
    names->items[at].file = file;
}

static void power_name_remove(struct power_names *names, const char *name)
{
    size_t at = power_find(names, name);
    if (at < names->count) {
        names->items[at] = names->items[--names->count];
    }
}

/* The `number`-th change of names happens to `names`. */
static void power_change(const struct power_disk *disk, size_t number, struct power_names *names)
{
    switch ((int)disk->changes[number].op) {
    case POWER_RENAME:
        power_name_remove(names, disk->changes[number].name);
        power_name_set(names, disk->changes[number].to, disk->changes[number].file);
        break;
    case POWER_UNLINK:
        power_name_remove(names, disk->changes[number].name);
        break;
    default:
        power_name_set(names, disk->changes[number].name, disk->changes[number].file);
        break;
    }
}

static void power_rename(struct power_disk *disk, enum power_op op, const char *name, const char *to, size_t file)
{
    assert_true(disk->change_count < POWER_FILES);
    size_t number = disk->change_count++;
    disk->changes[number].op = op;
    disk->changes[number].file = file;
    text_copy(disk->changes[number].name, POWER_NAME, name);
    text_copy(disk->changes[number].to, POWER_NAME, to);
    power_change(disk, number, &disk->now);
}

static size_t power_open(struct power_disk *disk, const char *name)
{
    size_t at = power_find(&disk->now, name);
    if (at == disk->now.count) {
        assert_true(disk->file_count < POWER_FILES);
        power_rename(disk, POWER_WRITE, name, "", disk->file_count++);
    }
    return disk->now.items[power_find(&disk->now, name)].file;
}

static void power_apply(struct power_bytes *bytes, const struct power_event *event)
{
    if (event->op == POWER_WRITE) {
        power_place(bytes, event->offset, event->bytes, event->length);
    } else {
        power_cut_off(bytes, event->offset);
    }
}

/* One operation happens. */
static void power_step(struct power_disk *disk, size_t number)
{
    const struct power_event *event = &power_log.events[number];
    struct power_file *file = NULL;
    switch (event->op) {
    case POWER_WRITE:
    case POWER_TRUNCATE:
        file = &disk->files[power_open(disk, event->name)];
        file->unsynced = memory_grow(file->unsynced, file->count, &file->capacity, sizeof *file->unsynced);
        assert_non_null(file->unsynced);
        file->unsynced[file->count++] = number;
        break;
    case POWER_SYNC:
        file = &disk->files[power_open(disk, event->name)];
        for (size_t i = 0; i < file->count; i++) {
            power_apply(&file->synced, &power_log.events[file->unsynced[i]]);
        }
        file->count = 0;
        break;
    case POWER_RENAME:
        power_rename(disk, event->op, event->name, event->to, power_open(disk, event->name));
        break;
    case POWER_UNLINK:
        power_rename(disk, event->op, event->name, "", 0);
        break;
    case POWER_SYNC_FOLDER:
        disk->synced = disk->now;
        disk->change_count = 0;
        break;
    case POWER_PROMISE:
        break;
    }
}

/* --- disks that may be found ----------------------------------------------------------------------------------- */

enum power_cut { CUT_NOTHING, CUT_ALL, CUT_TORN, CUT_HALF, CUT_MOST, CUT_CALLS, CUT_COUNT };

/* Of a write those sectors that `percent` lets through. */
static void power_sectors(struct power_bytes *bytes, const struct power_event *event, uint32_t percent, const struct randomness *dice)
{
    for (size_t at = event->offset, end = 0; at < event->offset + event->length; at = end) {
        end = (at / POWER_SECTOR + 1) * POWER_SECTOR;
        end = end < event->offset + event->length ? end : event->offset + event->length;
        if (randomness_below(dice, 100) < percent) {
            power_place(bytes, at, event->bytes + (at - event->offset), end - at);
        }
    }
}

/* What is found of one file; the caller frees it. */
static struct power_bytes power_found(const struct power_file *file, enum power_cut cut, const struct randomness *dice)
{
    struct power_bytes bytes = {.data = NULL};
    power_place(&bytes, 0, file->synced.length == 0 ? "" : file->synced.data, file->synced.length);
    for (size_t i = 0; i < file->count && cut != CUT_NOTHING; i++) {
        /* In no order: of two calls that write the same place, either may be the later. */
        size_t other = cut == CUT_CALLS ? i + randomness_below(dice, (uint32_t)(file->count - i)) : i;
        const struct power_event *event = &power_log.events[file->unsynced[other]];
        bool last = i + 1 == file->count;
        if (cut == CUT_ALL || (cut == CUT_TORN && !last)) {
            power_apply(&bytes, event);
        } else if (cut == CUT_CALLS || event->op == POWER_TRUNCATE) {
            if (randomness_below(dice, 2) == 0) {
                power_apply(&bytes, event);
            }
        } else {
            power_sectors(&bytes, event, cut == CUT_MOST ? 90 : 50, dice);
        }
    }
    return bytes;
}

static uint64_t power_hash(uint64_t hash, const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ at[i]) * UINT64_C(1099511628211);
    }
    return hash;
}

/* Fills the folder with a disk that may be found now; returns a hash of it. */
static uint64_t power_make(const struct power_disk *disk, enum power_cut cut, const struct randomness *dice, const char *folder)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    struct power_names names = disk->synced;
    size_t changes = cut == CUT_NOTHING ? 0
                     : cut == CUT_ALL   ? disk->change_count
                                        : randomness_below(dice, (uint32_t)disk->change_count + 1);
    for (size_t i = 0; i < changes; i++) {
        power_change(disk, i, &names);
    }
    for (size_t i = 0; i < names.count; i++) {
        char path[1024];
        struct power_bytes bytes = power_found(&disk->files[names.items[i].file], cut, dice);
        assert_true(text_format(path, sizeof path, "%s/%s", folder, names.items[i].name));
        test_file_write(path, bytes.length == 0 ? "" : bytes.data, bytes.length);
        hash = power_hash(power_hash(hash, names.items[i].name, strlen(names.items[i].name)), bytes.data, bytes.length);
        memory_free(bytes.data);
    }
    return hash;
}

/* A disk with the files that are in the folder now, all of it synced. */
static void power_disk_begin(struct power_disk *disk, const char *folder)
{
    DIR *entries = opendir(folder);
    memset(disk, 0, sizeof *disk);
    assert_non_null(entries);
    for (struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        char path[1024];
        struct buffer bytes;
        if (entry->d_type != DT_REG || strstr(entry->d_name, "-shm") != NULL) {
            continue;
        }
        assert_true(text_format(path, sizeof path, "%s/%s", folder, entry->d_name));
        buffer_init(&bytes, 64u * 1024 * 1024);
        assert_int_equal(file_read(path, &bytes, NULL), STATUS_OK);
        power_place(&disk->files[disk->file_count].synced, 0, buffer_text(&bytes), bytes.length);
        power_name_set(&disk->now, entry->d_name, disk->file_count++);
        buffer_free(&bytes);
    }
    closedir(entries);
    disk->synced = disk->now;
}

static void power_disk_free(struct power_disk *disk)
{
    for (size_t i = 0; i < disk->file_count; i++) {
        memory_free(disk->files[i].synced.data);
        memory_free(disk->files[i].unsynced);
    }
}

static void power_log_free(void)
{
    for (size_t i = 0; i < power_log.count; i++) {
        memory_free(power_log.events[i].bytes);
    }
    memory_free(power_log.events);
    memset(&power_log, 0, sizeof power_log);
}

#endif
