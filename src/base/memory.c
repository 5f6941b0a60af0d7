/*
 * Memory: calloc and free with a wipe between, and a switch for tests.
 *
 * Invariant: the bytes of a block past what its owner asked for are zero, up
 * to malloc_usable_size(), so a block can grow into them in place.
 */
#include "base/memory.h"

#include <cjson/cJSON.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static atomic_long asked;
static atomic_long fail_from;
static atomic_bool fail_sticky;

static bool must_fail(void)
{
    long number = atomic_fetch_add(&asked, 1) + 1;
    long nth = atomic_load(&fail_from);

    return nth > 0 && (number == nth || (number > nth && atomic_load(&fail_sticky)));
}

void *memory_allocate(size_t size)
{
    return must_fail() ? NULL : calloc(1, size > 0 ? size : 1);
}

void *memory_allocate_array(size_t count, size_t size)
{
    size_t total = 0;

    return __builtin_mul_overflow(count, size, &total) ? NULL : memory_allocate(total);
}

void *memory_resize(void *block, size_t size)
{
    size_t held = 0;
    void *moved = NULL;

    if (block == NULL) {
        return memory_allocate(size);
    }
    held = malloc_usable_size(block);
    if (must_fail()) {
        return NULL;
    }
    if (size <= held && size >= held / 2) {
        memory_wipe((char *)block + size, held - size);
        return block;
    }
    moved = calloc(1, size > 0 ? size : 1);
    if (moved != NULL) {
        memcpy(moved, block, size < held ? size : held);
        memory_free(block);
    }
    return moved;
}

void memory_free(void *block)
{
    if (block != NULL) {
        memory_wipe(block, malloc_usable_size(block));
        free(block);
    }
}

char *memory_copy_text(const char *text)
{
    size_t size = text != NULL ? strlen(text) + 1 : 0;
    char *copy = size > 0 ? memory_allocate(size) : NULL;

    return copy != NULL ? memcpy(copy, text, size) : NULL;
}

void memory_wipe(void *block, size_t size)
{
    if (size > 0) {
        explicit_bzero(block, size);
    }
}

void *memory_grow(void *array, size_t count, size_t *capacity, size_t element_size)
{
    size_t wanted = *capacity > 0 ? *capacity : 8;
    size_t total = 0;
    void *grown = NULL;

    if (array != NULL && count < *capacity) {
        return array;
    }
    while (wanted <= count) {
        if (__builtin_mul_overflow(wanted, 2, &wanted)) {
            return NULL;
        }
    }
    if (__builtin_mul_overflow(wanted, element_size, &total)) {
        return NULL;
    }
    grown = memory_resize(array, total);
    if (grown != NULL) {
        *capacity = wanted;
    }
    return grown;
}

void memory_fail_at(long nth, int sticky)
{
    atomic_store(&fail_from, 0);
    atomic_store(&asked, 0);
    atomic_store(&fail_sticky, sticky != 0);
    atomic_store(&fail_from, nth);
}

long memory_allocation_count(void)
{
    return atomic_load(&asked);
}

void memory_install(void)
{
    cJSON_Hooks hooks = {.malloc_fn = memory_allocate, .free_fn = memory_free};

    cJSON_InitHooks(&hooks);
    /* One arena for all threads: what the sync frees is there for the screens, and the other way round. */
    (void)mallopt(M_ARENA_MAX, 1);
}
