/*
 * Memory with two properties malloc lacks: what is freed is wiped, because it
 * may have held health data; and a test can make the n-th allocation fail.
 * cJSON, SQLCipher and libcurl are pointed at these functions too.
 */
#ifndef DOORSTEP_BASE_MEMORY_H
#define DOORSTEP_BASE_MEMORY_H

#include <stddef.h>

/* Zeroed memory, or NULL. Owned by the caller. */
void *memory_allocate(size_t size);
void *memory_allocate_array(size_t count, size_t size);
/* As realloc; new bytes are zero; the old block is wiped when it moves. */
void *memory_resize(void *block, size_t size);
/* Wipes, then frees. NULL is fine. */
void memory_free(void *block);
/* A copy of `text` (NULL gives NULL), or NULL when memory is short. */
char *memory_copy_text(const char *text);
/* A wipe the compiler cannot leave out. */
void memory_wipe(void *block, size_t size);

/* Grows an array so that one more element fits; doubles its capacity.
 * Returns the (moved) array or NULL, in which case the old one stays valid. */
void *memory_grow(void *array, size_t count, size_t *capacity, size_t element_size);

/* Tests: the `nth` allocation from now on fails (1 is the next), and with
 * `sticky` all after it; 0 switches this off. */
void memory_fail_at(long nth, int sticky);
/* Allocations asked for since the last memory_fail_at(). */
long memory_allocation_count(void);

/* Points cJSON at these functions, and keeps all threads in one heap. Once, before the first use. */
void memory_install(void);

#endif
