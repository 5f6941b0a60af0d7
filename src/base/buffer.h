/*
 * A growable byte buffer with a mandatory ceiling. Always NUL-terminated.
 * A failure sticks: append as often as you like, check once at the end.
 */
#ifndef DOORSTEP_BASE_BUFFER_H
#define DOORSTEP_BASE_BUFFER_H

#include "base/error.h"

#include <stddef.h>

struct buffer {
    char *data;         /* owned; never NULL after a successful append */
    size_t length;      /* bytes used, without the final NUL */
    size_t capacity;
    size_t limit;       /* the length may not pass this */
    enum status status; /* OK, NO_MEMORY, or INVALID when the limit was met */
};

void buffer_init(struct buffer *buffer, size_t limit);
void buffer_free(struct buffer *buffer);
void buffer_clear(struct buffer *buffer); /* keeps capacity, forgets a failure */
void buffer_append(struct buffer *buffer, const void *bytes, size_t length);
void buffer_append_text(struct buffer *buffer, const char *text); /* NULL adds nothing */
void buffer_append_byte(struct buffer *buffer, char byte);
void buffer_format(struct buffer *buffer, const char *format, ...) PRINTF_LIKE(2, 3);
/* Hands the text over to the caller (memory_free) and leaves the buffer empty.
 * NULL when the buffer had failed. */
char *buffer_take(struct buffer *buffer);
/* The text so far, "" when there is none. Borrowed. */
const char *buffer_text(const struct buffer *buffer);

#endif
