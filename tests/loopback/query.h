/* The parameters after '?' of a URL, of a POST _search form or of a condition, decoded. */
#ifndef LOOPBACK_QUERY_H
#define LOOPBACK_QUERY_H

#include "common.h"

struct query {
    struct query_item {
        char *name;
        char *value;
    } *items; /* owned, in the order given */
    size_t count;
    size_t capacity;
};

/* Adds what `text` ("a=b&c=d") holds. '+' is a blank, as in forms. */
void query_parse(struct query *query, const char *text, size_t length);
void query_free(struct query *query);
/* The first value of that name, or NULL. Borrowed. */
const char *query_value(const struct query *query, const char *name);
/* The same as a number within limits; `otherwise` when absent or none. */
int64_t query_number(const struct query *query, const char *name, int64_t otherwise, int64_t largest);
/* Appends "a=b&c=d" again, encoded, without the parameter `except` (may be NULL). */
void query_append(const struct query *query, struct buffer *out, const char *except);

#endif
