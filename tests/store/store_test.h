/*
 * What the tests of the store share: a throw-away enrolment with a clock that
 * only moves when it is slept on, and faults in the system calls that write.
 */
#ifndef DOORSTEP_TESTS_STORE_TEST_H
#define DOORSTEP_TESTS_STORE_TEST_H

#include "base/file.h"
#include "base/identifier.h"
#include "base/memory.h"
#include "base/text.h"
#include "store/store.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PASSPHRASE "correct horse battery"
#define START INT64_C(1795305600000) /* 2026-11-22T00:00:00Z */

struct fake_clock {
    instant wall;
    int64_t monotonic;
    int64_t slept;
};

static inline instant fake_now(void *context)
{
    return ((struct fake_clock *)context)->wall;
}

static inline int64_t fake_monotonic(void *context)
{
    return ((struct fake_clock *)context)->monotonic;
}

static inline void fake_sleep(void *context, int64_t milliseconds)
{
    struct fake_clock *clock = context;
    clock->wall += milliseconds;
    clock->monotonic += milliseconds;
    clock->slept += milliseconds;
}

struct fixture {
    char *folder;
    struct paths paths;
    struct fake_clock time;
    uint64_t seed;
    struct store_options options;
    char recovery[RECOVERY_KEY_SIZE];
    struct vault *vault;
    struct store *store; /* NULL unless a test has one open */
    struct error error;
};

/* A home with nothing in it. */
static inline int empty_home(void **state)
{
    struct fixture *fixture = memory_allocate(sizeof *fixture);
    assert_non_null(fixture);
    fixture->folder = test_folder_make();
    assert_int_equal(paths_find(&fixture->paths, "nurse", fixture->folder, NULL, &fixture->error), STATUS_OK);
    fixture->time = (struct fake_clock){.wall = START, .monotonic = 1000000};
    fixture->seed = 7;
    fixture->options.clock = (struct clock){fake_now, fake_monotonic, fake_sleep, &fixture->time};
    fixture->options.randomness = randomness_seeded(&fixture->seed);
    *state = fixture;
    return 0;
}

static inline int key_only(void **state)
{
    empty_home(state);
    struct fixture *fixture = *state;
    assert_int_equal(vault_create(&fixture->paths, PASSPHRASE, fixture->recovery, &fixture->vault, &fixture->error),
                     STATUS_OK);
    return 0;
}

static inline int open_record(void **state)
{
    key_only(state);
    struct fixture *fixture = *state;
    assert_int_equal(
        store_create(&fixture->paths, fixture->vault, &fixture->options, &fixture->store, &fixture->error), STATUS_OK);
    return 0;
}

static inline int remove_home(void **state)
{
    struct fixture *fixture = *state;
    memory_fail_at(0, 0);
    store_close(fixture->store);
    vault_free(fixture->vault);
    test_folder_remove(fixture->folder);
    memory_free(fixture);
    return 0;
}

static inline enum status reopen(struct fixture *fixture)
{
    store_close(fixture->store);
    fixture->store = NULL;
    error_clear(&fixture->error);
    return store_open(&fixture->paths, fixture->vault, &fixture->options, &fixture->store, &fixture->error);
}

/* The path of another file in the user's folder; good until the next call. */
static inline const char *beside(const struct fixture *fixture, const char *name)
{
    static char path[PATH_SIZE];
    assert_int_equal(file_join(path, sizeof path, fixture->paths.folder, name, NULL), STATUS_OK);
    return path;
}

static inline void read_whole(const char *path, struct buffer *out)
{
    buffer_init(out, 64u * 1024 * 1024);
    assert_int_equal(file_read(path, out, NULL), STATUS_OK);
}

static inline void copy_file(const char *from, const char *to)
{
    struct buffer bytes;
    read_whole(from, &bytes);
    test_file_write(to, bytes.data, bytes.length);
    buffer_free(&bytes);
}

#endif
