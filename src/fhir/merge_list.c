/*
 * Merging lists three ways. An item is the same one on all sides when it has
 * the same key (id, linkId, identifier, reference, code ...); what has no key,
 * or one that is not unique in its list, is the same when its value is.
 *
 * Invariant: what neither side took out is in the result, in theirs' order,
 * with what only we have after it.
 */
#include "fhir/merge_part.h"

#include "base/memory.h"
#include "base/text.h"

#include <string.h>

/* What identifies an item. Texts are borrowed from the tree; which is 0 when it has no key. */
struct key {
    int which;              /* place in key_members plus one */
    const char *first, *second;
};

struct item {
    const cJSON *value;
    struct key key;
    const struct item *mine, *base; /* the same item on the other sides (in base: mine's or theirs') */
    bool met;               /* it is another's counterpart already */
};

struct list {
    struct item *items;     /* owned */
    size_t count;
};

/* Members that identify an item, best first. The first of two may be missing ("" then), the last may not. */
static const char *const key_members[][2] = {
    {NULL, "id"},
    {NULL, "linkId"},
    {"identifier.system", "identifier.value"},
    {"identifier[0].system", "identifier[0].value"},
    {"system", "value"},
    {"system", "code"},
    {NULL, "reference"},
    {NULL, "url"},
    {"coding[0].system", "coding[0].code"},
    {NULL, "actor.reference"},
    {NULL, "member.reference"},
    {NULL, "individual.reference"},
    {NULL, "reference.reference"},
    {NULL, "item.reference"},
    {NULL, "who.reference"},
    {NULL, "other.reference"},
    {"code.coding[0].system", "code.coding[0].code"},
    {"type.coding[0].system", "type.coding[0].code"},
};

static struct key key_of(const cJSON *value)
{
    /* A quantity has a system and a code too: those of its unit. */
    bool quantity = json_member(value, "value") != NULL && json_text(value, "value") == NULL;

    for (size_t i = 0; i < sizeof key_members / sizeof key_members[0] && cJSON_IsObject(value) && !quantity; i++) {
        const char *first = key_members[i][0] != NULL ? json_text_at(value, key_members[i][0]) : NULL;
        const char *second = json_text_at(value, key_members[i][1]);

        if (second != NULL) {
            return (struct key){.which = (int)i + 1, .first = first != NULL ? first : "", .second = second};
        }
    }
    return (struct key){.which = 0};
}

static bool same_key(const struct key *a, const struct key *b)
{
    return a->which == b->which && a->which != 0 && strcmp(a->first, b->first) == 0 && strcmp(a->second, b->second) == 0;
}

static bool list_read(struct merging *merging, const cJSON *array, struct list *out)
{
    const cJSON *value = NULL;

    out->items = memory_allocate_array((size_t)cJSON_GetArraySize(array) + 1, sizeof *out->items);
    if (out->items == NULL) {
        merging->status = STATUS_NO_MEMORY;
        return false;
    }
    cJSON_ArrayForEach(value, array) {
        out->items[out->count++] = (struct item){.value = value, .key = key_of(value)};
    }
    return true;
}

static size_t count_key(const struct list *list, const struct key *key)
{
    size_t count = 0;

    for (size_t i = 0; i < list->count; i++) {
        count += same_key(&list->items[i].key, key);
    }
    return count;
}

/* A key that two items of one list share tells neither from the other. */
static void drop_shared_keys(struct list *lists[3])
{
    for (size_t side = 0; side < 3; side++) {
        for (size_t i = 0; i < lists[side]->count; i++) {
            struct key key = lists[side]->items[i].key;

            if (count_key(lists[side], &key) < 2) {
                continue;
            }
            for (size_t other = 0; other < 3; other++) {
                for (size_t j = 0; j < lists[other]->count; j++) {
                    struct item *item = &lists[other]->items[j];
                    item->key.which = same_key(&item->key, &key) ? 0 : item->key.which;
                }
            }
        }
    }
}

/* The counterpart of `item`, one that is nobody's yet; NULL when there is none. */
static struct item *counterpart(struct list *list, const struct item *item)
{
    for (size_t i = 0; i < list->count; i++) {
        struct item *there = &list->items[i];

        if (!there->met && (item->key.which != 0 ? same_key(&there->key, &item->key)
                                                 : there->key.which == 0 && merge_equal(there->value, item->value))) {
            there->met = true;
            return there;
        }
    }
    return NULL;
}

/* --- merging --------------------------------------------------------------------------------------- */

struct list_merge {
    struct merging *merging;
    const struct merge_place *place;
    cJSON *result;
    bool replaced_base, new_mine, new_theirs; /* of what has no key */
    bool dose;                                /* something without a key, of a dose, came or went */
};

static void append(struct list_merge *at, cJSON *value)
{
    if (value != NULL && !cJSON_AddItemToArray(at->result, value)) {
        cJSON_Delete(value);
        at->merging->status = STATUS_NO_MEMORY;
    }
}

static struct merge_place place_of(const struct list_merge *at, const struct item *item)
{
    return (struct merge_place){.outer = at->place->outer, .name = at->place->name, .key = item->key.second};
}

/* One side took out what the other changed, or left alone. */
static void taken_out(struct list_merge *at, const struct item *base, const struct item *mine, const struct item *theirs)
{
    const struct item *left = mine != NULL ? mine : theirs;
    struct merge_place place = place_of(at, left);
    struct sides sides = {.base = base->value, .mine = mine != NULL ? mine->value : NULL,
                          .theirs = theirs != NULL ? theirs->value : NULL};

    if (left->key.which != 0) {
        append(at, merge_element(at->merging, &place, sides));
    } else {
        at->dose = at->dose || merge_holds_dose(left->value);
    }
}

static void came_in(struct list_merge *at, const struct item *item, bool *news)
{
    if (item->key.which == 0) {
        *news = true;
        at->dose = at->dose || merge_holds_dose(item->value);
    }
    append(at, merge_copy(at->merging, item->value));
}

static void merge_theirs(struct list_merge *at, const struct item *item)
{
    struct merge_place place = place_of(at, item);

    if (item->mine != NULL) {
        struct sides sides = {.base = item->base != NULL ? item->base->value : NULL, .mine = item->mine->value,
                              .theirs = item->value};
        append(at, merge_element(at->merging, &place, sides));
    } else if (item->base != NULL) {
        taken_out(at, item->base, NULL, item);
    } else {
        came_in(at, item, &at->new_theirs);
    }
}

static void merge_items(struct list_merge *at, struct list *base, struct list *mine, struct list *theirs)
{
    for (size_t i = 0; i < theirs->count; i++) {
        theirs->items[i].mine = counterpart(mine, &theirs->items[i]);
        if (theirs->items[i].mine != NULL) {
            theirs->items[i].base = counterpart(base, &theirs->items[i]);
        }
    }
    for (size_t i = 0; i < theirs->count; i++) {
        if (theirs->items[i].mine == NULL) {
            theirs->items[i].base = counterpart(base, &theirs->items[i]);
        }
        merge_theirs(at, &theirs->items[i]);
    }
    for (size_t i = 0; i < mine->count; i++) {
        struct item *item = &mine->items[i];

        if (item->met) {
            continue;
        }
        item->base = counterpart(base, item);
        if (item->base != NULL) {
            taken_out(at, item->base, item, NULL);
        } else {
            came_in(at, item, &at->new_mine);
        }
    }
    for (size_t i = 0; i < base->count; i++) {
        at->replaced_base = at->replaced_base || (!base->items[i].met && base->items[i].key.which == 0);
    }
}

/* An item that nothing names is gone on both sides, and one or both may have put something else in its place; or doses came or
 * went that nothing tells apart: the list as a whole is for a person to decide; both is what was merged. */
static cJSON *contest(struct list_merge *at, struct sides sides)
{
    struct merging *merging = at->merging;
    struct merge *out = merging->out;
    size_t before = out->count;
    cJSON *chosen = merge_contested(merging, at->place, sides);

    if (out->count > before) {
        out->overlaps[before].both = !at->dose;
    }
    if (merging->choice != MERGE_BOTH || at->dose) {
        cJSON_Delete(at->result);
        at->result = chosen;
    } else {
        cJSON_Delete(chosen);
    }
    return at->result;
}

cJSON *merge_list(struct merging *merging, const struct merge_place *place, struct sides sides)
{
    struct list base = {.items = NULL}, mine = {.items = NULL}, theirs = {.items = NULL};
    struct list_merge at = {.merging = merging, .place = place, .result = cJSON_CreateArray()};
    struct list *all[3] = {&base, &mine, &theirs};

    if (cJSON_GetArraySize(sides.base) > MERGE_ITEMS_AT_MOST || cJSON_GetArraySize(sides.mine) > MERGE_ITEMS_AT_MOST ||
        cJSON_GetArraySize(sides.theirs) > MERGE_ITEMS_AT_MOST) {
        cJSON_Delete(at.result);
        return merge_contested(merging, place, sides);
    }
    merging->status = at.result == NULL ? STATUS_NO_MEMORY : merging->status;
    if (merging->status == STATUS_OK && list_read(merging, sides.base, &base) && list_read(merging, sides.mine, &mine) &&
        list_read(merging, sides.theirs, &theirs)) {
        drop_shared_keys(all);
        merge_items(&at, &base, &mine, &theirs);
    }
    for (size_t i = 0; i < 3; i++) {
        memory_free(all[i]->items);
    }
    if (merging->status == STATUS_OK && (at.dose || (at.replaced_base && (at.new_mine || at.new_theirs)))) {
        return contest(&at, sides);
    }
    if (cJSON_GetArraySize(at.result) == 0) {
        cJSON_Delete(at.result); /* FHIR knows no empty list */
        return NULL;
    }
    return at.result;
}
