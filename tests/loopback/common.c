/* Helpers of the loopback server; see common.h. */
#include "common.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool fail(struct failure *failure, int status, const char *code, const char *format, ...)
{
    va_list arguments;

    failure->status = status;
    failure->code = code;
    failure->entry = -1;
    va_start(arguments, format);
    vsnprintf(failure->diagnostics, sizeof failure->diagnostics, format, arguments);
    va_end(arguments);
    return false;
}

void *need(void *block)
{
    if (block == NULL) {
        fputs("loopback: out of memory\n", stderr);
        exit(1);
    }
    return block;
}

void *need_room(void *array, size_t count, size_t *capacity, size_t element_size)
{
    return count < *capacity ? array : need(memory_grow(array, count, capacity, element_size));
}

void append_quoted(struct buffer *out, const char *text)
{
    bool utf8 = text_is_utf8(text, strlen(text));

    buffer_append_byte(out, '"');
    for (const char *at = text; *at != '\0'; at++) {
        unsigned char byte = (unsigned char)*at;
        if (byte == '"' || byte == '\\') {
            buffer_append_byte(out, '\\');
            buffer_append_byte(out, *at);
        } else if (byte < 0x20) {
            buffer_format(out, "\\u%04x", byte);
        } else {
            buffer_append_byte(out, byte >= 0x80 && !utf8 ? '?' : *at);
        }
    }
    buffer_append_byte(out, '"');
}

static void append_issue(struct buffer *out, const char *severity, const char *code, const char *diagnostics, int entry)
{
    buffer_format(out, "{\"severity\":\"%s\",\"code\":\"%s\",\"diagnostics\":", severity, code);
    append_quoted(out, diagnostics);
    if (entry >= 0) {
        buffer_format(out, ",\"expression\":[\"Bundle.entry[%d].resource\"]", entry);
    }
    buffer_append_byte(out, '}');
}

void append_information(struct buffer *out, const char *diagnostics)
{
    buffer_append_text(out, "{\"resourceType\":\"OperationOutcome\",\"issue\":[");
    append_issue(out, "information", "informational", diagnostics, -1);
    buffer_append_text(out, "]}");
}

void append_failure(struct buffer *out, const struct failure *failure)
{
    buffer_append_text(out, "{\"resourceType\":\"OperationOutcome\",\"issue\":[");
    if (failure->status == 422) {
        append_issue(out, "warning", "invariant", "dom-6: A resource should have narrative for robust management",
                     failure->entry);
        buffer_append_byte(out, ',');
    }
    append_issue(out, "error", failure->code, failure->diagnostics, failure->entry);
    buffer_append_text(out, "]}");
}

const char *status_words(int status)
{
    static const struct {
        int status;
        const char *words;
    } table[] = {
        {200, "OK"},
        {201, "Created"},
        {204, "No Content"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {409, "Conflict"},
        {410, "Gone"},
        {412, "Precondition Failed"},
        {413, "Payload Too Large"},
        {415, "Unsupported Media Type"},
        {422, "Unprocessable Entity"},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (table[i].status == status) {
            return table[i].words;
        }
    }
    return "Error";
}
