/*
 * Faults in the system calls that write. The program's and SQLite's calls pass
 * through the functions below, which can stop the process, or fail, at the n-th
 * of them. They take the place of the C library's: one program, one source
 * file that includes this.
 */
#ifndef DOORSTEP_TESTS_DISK_FAULTS_H
#define DOORSTEP_TESTS_DISK_FAULTS_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CRASHED 77 /* what a stopped process exits with */

static struct {
    long at;         /* the call that is hit, from 1; 0: none */
    int error;       /* what it fails with; 0: the process ends there */
    bool sticky;     /* and all after it */
    bool half;       /* a write writes half of it first */
    bool brief;      /* a write writes half of it and says so; nothing else is hit */
    long calls;
} disk_fault;

static bool disk_hit(void)
{
    disk_fault.calls++;
    bool now = !disk_fault.brief && disk_fault.at > 0 &&
               (disk_fault.calls == disk_fault.at || (disk_fault.sticky && disk_fault.calls > disk_fault.at));
    if (now && disk_fault.error != 0) {
        errno = disk_fault.error;
    }
    return now;
}

/* How much of a write that is not hit is written. */
static size_t disk_share(size_t length)
{
    return disk_fault.brief && disk_fault.calls == disk_fault.at && length > 1 ? length / 2 : length;
}

static void disk_end(void)
{
    if (disk_fault.error == 0) {
        _exit(CRASHED);
    }
}

ssize_t write(int file, const void *bytes, size_t length)
{
    if (file > 2 && disk_hit()) {
        if (disk_fault.half && disk_fault.calls == disk_fault.at) {
            syscall(SYS_write, file, bytes, length / 2);
        }
        disk_end();
        return -1;
    }
    return syscall(SYS_write, file, bytes, file > 2 ? disk_share(length) : length);
}

ssize_t pwrite64(int file, const void *bytes, size_t length, off64_t offset)
{
    if (disk_hit()) {
        if (disk_fault.half && disk_fault.calls == disk_fault.at) {
            syscall(SYS_pwrite64, file, bytes, length / 2, offset);
        }
        disk_end();
        return -1;
    }
    return syscall(SYS_pwrite64, file, bytes, disk_share(length), offset);
}

int fsync(int file)
{
    if (disk_hit()) {
        disk_end();
        return -1;
    }
    return (int)syscall(SYS_fsync, file);
}

int fdatasync(int file)
{
    if (disk_hit()) {
        disk_end();
        return -1;
    }
    return (int)syscall(SYS_fdatasync, file);
}

int rename(const char *from, const char *to)
{
    if (disk_hit()) {
        disk_end();
        return -1;
    }
    return (int)syscall(SYS_rename, from, to);
}

int unlink(const char *path)
{
    if (disk_hit()) {
        disk_end();
        return -1;
    }
    return (int)syscall(SYS_unlink, path);
}

int ftruncate64(int file, off64_t length)
{
    if (disk_hit()) {
        disk_end();
        return -1;
    }
    return (int)syscall(SYS_ftruncate, file, length);
}

#endif
