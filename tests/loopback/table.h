/* A hash table from borrowed texts to borrowed pointers. Keys are never taken out. */
#ifndef LOOPBACK_TABLE_H
#define LOOPBACK_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct table {
    struct table_slot {
        uint64_t hash;
        const char *key; /* NULL: free; must outlive the table */
        void *value;
    } *slots;
    size_t capacity; /* 0 or a power of two */
    size_t count;
};

void table_free(struct table *table);
/* NULL when the key is not there. */
void *table_get(const struct table *table, const char *key);
/* Adds the key or replaces its value. */
void table_put(struct table *table, const char *key, void *value);

#endif
