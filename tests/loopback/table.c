/* Open addressing with linear probing, at most half full; see table.h. */
#include "table.h"

#include "common.h"

#include <string.h>

static uint64_t hash_text(const char *text)
{
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */

    for (; *text != '\0'; text++) {
        hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
    }
    return hash ^ hash >> 29;
}

static struct table_slot *slot_for(const struct table *table, const char *key, uint64_t hash)
{
    size_t i = (size_t)hash & (table->capacity - 1);

    while (table->slots[i].key != NULL &&
           (table->slots[i].hash != hash || strcmp(table->slots[i].key, key) != 0)) {
        i = (i + 1) & (table->capacity - 1);
    }
    return &table->slots[i];
}

static void grow(struct table *table)
{
    struct table old = *table;

    table->capacity = old.capacity == 0 ? 64 : old.capacity * 2;
    table->slots = need(memory_allocate_array(table->capacity, sizeof table->slots[0]));
    for (size_t i = 0; i < old.capacity; i++) {
        if (old.slots[i].key != NULL) {
            *slot_for(table, old.slots[i].key, old.slots[i].hash) = old.slots[i];
        }
    }
    memory_free(old.slots);
}

void table_free(struct table *table)
{
    memory_free(table->slots);
    *table = (struct table){0};
}

void *table_get(const struct table *table, const char *key)
{
    return table->capacity == 0 ? NULL : slot_for(table, key, hash_text(key))->value;
}

void table_put(struct table *table, const char *key, void *value)
{
    struct table_slot *slot = NULL;
    uint64_t hash = hash_text(key);

    if (table->count * 2 >= table->capacity) {
        grow(table);
    }
    slot = slot_for(table, key, hash);
    if (slot->key == NULL) {
        slot->hash = hash;
        slot->key = key;
        table->count++;
    }
    slot->value = value;
}
