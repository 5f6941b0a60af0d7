/* Growable bytes; see the header. The capacity doubles, the final NUL is not counted in the length. */
#include "base/buffer.h"

#include "base/memory.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Makes room for `more` bytes and a NUL; false (and a sticking failure) when there is none. */
static bool reserve(struct buffer *buffer, size_t more)
{
    char *grown = NULL;

    if (buffer->status != STATUS_OK) {
        return false;
    }
    if (more > buffer->limit - buffer->length) {
        buffer->status = STATUS_INVALID;
        return false;
    }
    grown = memory_grow(buffer->data, buffer->length + more, &buffer->capacity, 1);
    if (grown == NULL) {
        buffer->status = STATUS_NO_MEMORY;
        return false;
    }
    buffer->data = grown;
    return true;
}

void buffer_init(struct buffer *buffer, size_t limit)
{
    *buffer = (struct buffer){.limit = limit, .status = STATUS_OK};
}

void buffer_free(struct buffer *buffer)
{
    memory_free(buffer->data);
    buffer_init(buffer, buffer->limit);
}

void buffer_clear(struct buffer *buffer)
{
    buffer->length = 0;
    buffer->status = STATUS_OK;
    if (buffer->data != NULL) {
        buffer->data[0] = '\0';
    }
}

void buffer_append(struct buffer *buffer, const void *bytes, size_t length)
{
    if (reserve(buffer, length)) {
        if (length > 0) {
            memcpy(buffer->data + buffer->length, bytes, length);
        }
        buffer->length += length;
        buffer->data[buffer->length] = '\0';
    }
}

void buffer_append_text(struct buffer *buffer, const char *text)
{
    if (text != NULL) {
        buffer_append(buffer, text, strlen(text));
    }
}

void buffer_append_byte(struct buffer *buffer, char byte)
{
    buffer_append(buffer, &byte, 1);
}

void buffer_format(struct buffer *buffer, const char *format, ...)
{
    va_list arguments;
    int length = 0;

    va_start(arguments, format);
    length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0) {
        buffer->status = STATUS_INVALID;
    } else if (reserve(buffer, (size_t)length)) {
        va_start(arguments, format);
        (void)vsnprintf(buffer->data + buffer->length, (size_t)length + 1, format, arguments);
        va_end(arguments);
        buffer->length += (size_t)length;
    }
}

char *buffer_take(struct buffer *buffer)
{
    char *text = NULL;

    buffer_append(buffer, "", 0);
    if (buffer->status == STATUS_OK) {
        text = buffer->data;
        buffer->data = NULL;
        buffer->capacity = 0;
        buffer->length = 0;
    }
    buffer_free(buffer);
    return text;
}

const char *buffer_text(const struct buffer *buffer)
{
    return buffer->data != NULL ? buffer->data : "";
}
