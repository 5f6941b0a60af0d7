/*
 * Finding resources by search parameters. Used by searches, by conditions
 * (If-None-Exist, conditional update) and by conditional references.
 */
#ifndef LOOPBACK_SEARCH_H
#define LOOPBACK_SEARCH_H

#include "query.h"
#include "store.h"

struct rows {
    struct resource **items; /* owned array, borrowed resources */
    size_t count;
    size_t capacity;
};

/* The current resources of `type` that fit every parameter, in order of
 * creation. Parameters that shape the answer (_count, _sort, ...) are passed
 * over, any other unknown one is refused. `base` is cut from references. */
bool search_select(struct store *store, const char *base, const char *type, const struct query *query,
                   struct rows *out, struct failure *failure);
/* The same for a condition: "identifier=..", which may begin with "Type?"; it must select by something. */
bool search_condition(struct store *store, const char *base, const char *type, const char *condition,
                      struct rows *out, struct failure *failure);
/* Sorts by _sort's value (NULL: leaves the order of creation). */
bool search_sort(struct rows *rows, const char *sort, struct failure *failure);
void rows_free(struct rows *rows);

#endif
