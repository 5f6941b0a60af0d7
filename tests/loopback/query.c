/* See query.h. */
#include "query.h"

#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static char *decode(const char *text, size_t length)
{
    char *out = need(memory_allocate(length + 1));
    size_t used = 0;

    for (size_t i = 0; i < length; i++) {
        if (text[i] == '%' && i + 2 < length && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
            out[used++] = (char)(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
            i += 2;
        } else {
            out[used++] = text[i] == '+' ? ' ' : text[i];
        }
    }
    return out;
}

void query_parse(struct query *query, const char *text, size_t length)
{
    const char *end = text + length;

    while (text < end) {
        const char *stop = memchr(text, '&', (size_t)(end - text));
        stop = stop == NULL ? end : stop;
        if (stop > text) {
            const char *equals = memchr(text, '=', (size_t)(stop - text));
            const char *name_end = equals == NULL ? stop : equals;
            const char *value = equals == NULL ? stop : equals + 1;
            query->items = need_room(query->items, query->count, &query->capacity, sizeof query->items[0]);
            query->items[query->count].name = decode(text, (size_t)(name_end - text));
            query->items[query->count].value = decode(value, (size_t)(stop - value));
            query->count++;
        }
        text = stop + 1;
    }
}

void query_free(struct query *query)
{
    for (size_t i = 0; i < query->count; i++) {
        memory_free(query->items[i].name);
        memory_free(query->items[i].value);
    }
    memory_free(query->items);
    *query = (struct query){0};
}

const char *query_value(const struct query *query, const char *name)
{
    for (size_t i = 0; i < query->count; i++) {
        if (text_equal(query->items[i].name, name)) {
            return query->items[i].value;
        }
    }
    return NULL;
}

int64_t query_number(const struct query *query, const char *name, int64_t otherwise, int64_t largest)
{
    const char *value = query_value(query, name);
    char *end = NULL;
    long long number = 0;

    if (value == NULL) {
        return otherwise;
    }
    number = strtoll(value, &end, 10);
    if (end == value || *end != '\0' || number < 0) {
        return otherwise;
    }
    return number > largest ? largest : number;
}

static void append_encoded(struct buffer *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (isalnum((unsigned char)*text) || strchr("-._~:/,", *text) != NULL) {
            buffer_append_byte(out, *text);
        } else {
            buffer_format(out, "%%%02X", (unsigned char)*text);
        }
    }
}

void query_append(const struct query *query, struct buffer *out, const char *except)
{
    const char *separator = "";

    for (size_t i = 0; i < query->count; i++) {
        if (except != NULL && strcmp(query->items[i].name, except) == 0) {
            continue;
        }
        buffer_append_text(out, separator);
        append_encoded(out, query->items[i].name);
        buffer_append_byte(out, '=');
        append_encoded(out, query->items[i].value);
        separator = "&";
    }
}
