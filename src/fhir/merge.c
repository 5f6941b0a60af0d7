/*
 * Merging resources three ways: elements, what belongs together, and the
 * clinical rules. See merge.h; lists are in merge_list.c.
 *
 * Invariant: every element of the three trees is in the result, was taken out
 * by one side while the other left it alone, or is told of by an overlap.
 */
#include "fhir/merge_part.h"

#include "base/instant.h"
#include "base/memory.h"
#include "base/text.h"

#include <string.h>

void merge_free(struct merge *merge)
{
    cJSON_Delete(merge->tree);
    for (size_t i = 0; i < merge->count; i++) {
        memory_free(merge->overlaps[i].base);
        memory_free(merge->overlaps[i].mine);
        memory_free(merge->overlaps[i].theirs);
    }
    memory_free(merge->overlaps);
    memset(merge, 0, sizeof *merge);
}

/* --- names ------------------------------------------------------------------------------------------ */

struct names {
    struct merge_name *items; /* owned */
    size_t count, capacity;
};

static void collect_names(struct merging *merging, bool root, const cJSON *object, struct names *names)
{
    const cJSON *member = NULL;

    cJSON_ArrayForEach(member, object) {
        struct merge_name *grown = NULL;
        bool known = false;

        for (size_t i = 0; i < names->count && !known; i++) {
            known = strcmp(names->items[i].text, member->string) == 0;
        }
        if (known) {
            continue;
        }
        grown = memory_grow(names->items, names->count, &names->capacity, sizeof *grown);
        if (grown == NULL) {
            merging->status = STATUS_NO_MEMORY;
            return;
        }
        names->items = grown;
        grown += names->count++;
        *grown = (struct merge_name){.text = member->string};
        merge_find_unit(merging, root, grown);
    }
}

/* The members of one unit, as an object of their own; NULL when there are none. */
static cJSON *pick(struct merging *merging, const cJSON *object, const struct names *names, const struct merge_name *unit)
{
    cJSON *picked = NULL;

    for (size_t i = 0; i < names->count; i++) {
        const cJSON *member = json_member(object, names->items[i].text);

        if (member != NULL && merge_same_unit(&names->items[i], unit)) {
            picked = picked != NULL ? picked : merge_object_new(merging);
            merge_put(merging, picked, member->string, merge_copy(merging, member));
        }
    }
    return picked;
}

static void put_members(struct merging *merging, cJSON *object, const cJSON *picked)
{
    const cJSON *member = NULL;

    cJSON_ArrayForEach(member, picked) {
        merge_put(merging, object, member->string, merge_copy(merging, member));
    }
}

/* The same but for meta, which the server writes. */
static bool resources_equal(const cJSON *a, const cJSON *b)
{
    const cJSON *member = NULL;

    cJSON_ArrayForEach(member, a) {
        if (strcmp(member->string, "meta") != 0 && !merge_equal(member, json_member(b, member->string))) {
            return false;
        }
    }
    cJSON_ArrayForEach(member, b) {
        if (strcmp(member->string, "meta") != 0 && json_member(a, member->string) == NULL) {
            return false;
        }
    }
    return true;
}

/* --- elements -------------------------------------------------------------------------------------- */

static cJSON *merge_object(struct merging *merging, const struct merge_place *place, struct sides sides);

static bool are_lists(struct sides sides)
{
    return (sides.base == NULL || cJSON_IsArray(sides.base)) && (sides.mine == NULL || cJSON_IsArray(sides.mine)) &&
           (sides.theirs == NULL || cJSON_IsArray(sides.theirs));
}

static bool are_structures(struct sides sides)
{
    const cJSON *all[] = {sides.base, sides.mine, sides.theirs};
    bool structure = false;

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (all[i] == NULL && i == 0) {
            continue;
        }
        if (!cJSON_IsObject(all[i]) || cJSON_GetArraySize(all[i]) > MERGE_ITEMS_AT_MOST) {
            return false;
        }
        structure = structure || !merge_is_data_type(all[i]);
    }
    return structure;
}

/* The later of two moments; NULL when they are none. */
static const cJSON *later(struct sides sides)
{
    instant mine = INSTANT_NONE;
    instant theirs = INSTANT_NONE;

    if (!instant_parse(json_value_text(sides.mine), &mine, NULL) || !instant_parse(json_value_text(sides.theirs), &theirs, NULL)) {
        return NULL;
    }
    return mine > theirs ? sides.mine : sides.theirs;
}

cJSON *merge_element(struct merging *merging, const struct merge_place *place, struct sides sides)
{
    bool guarded = merge_is_guarded(merging, place);
    bool look_below = merge_holds_dose(sides.mine) || merge_holds_dose(sides.theirs) || merge_holds_dose(sides.base);

    if (merge_equal(sides.mine, sides.theirs)) {
        return merge_copy(merging, sides.theirs);
    }
    if (!guarded && !look_below && merge_equal(sides.base, sides.mine)) {
        return merge_copy(merging, sides.theirs);
    }
    if (!guarded && !look_below && merge_equal(sides.base, sides.theirs)) {
        return merge_copy(merging, sides.mine);
    }
    if (!guarded && are_structures(sides)) {
        return merge_object(merging, place, sides);
    }
    if (!guarded && are_lists(sides) && place->name[0] != '_') {
        return merge_list(merging, place, sides);
    }
    if (place->outer == NULL && strcmp(place->name, "lastModified") == 0 && later(sides) != NULL) {
        return merge_copy(merging, later(sides));
    }
    return merge_contested(merging, place, sides);
}

/* The decision of a Consent. */
static bool is_decision(const struct merging *merging, const struct merge_place *outer, const char *unit)
{
    return outer == NULL && strcmp(merging->type, "Consent") == 0 && strcmp(unit, "provision") == 0;
}

/* Several elements that are taken from one side. */
static cJSON *merge_unit(struct merging *merging, const struct merge_place *place, struct sides sides)
{
    bool one_sided = merge_equal(sides.base, sides.mine) || merge_equal(sides.base, sides.theirs);

    if (merge_equal(sides.mine, sides.theirs)) {
        return merge_copy(merging, sides.theirs);
    }
    if (one_sided && !merge_is_guarded(merging, place) && !merge_holds_dose(sides.mine) && !merge_holds_dose(sides.theirs)) {
        return merge_copy(merging, merge_equal(sides.base, sides.mine) ? sides.theirs : sides.mine);
    }
    if (is_decision(merging, place->outer, place->name)) {
        const cJSON *winner = merge_newer_withdrawal(&merging->root);
        if (winner != NULL) {
            return merge_copy(merging, winner == merging->root.mine ? sides.mine : sides.theirs);
        }
    }
    return merge_contested(merging, place, sides);
}

/* What resourceType, id, version and narrative become is decided for the resource as a whole. */
static bool is_apart(const char *name)
{
    static const char *const apart[] = {"resourceType", "id", "meta", "text", NULL};

    return merge_is_among(name, apart);
}

static void merge_names(struct merging *merging, const struct merge_place *outer, struct sides sides, struct names *names,
                        struct merge_name *first, cJSON *result)
{
    char unit[64];
    struct merge_place place = {.outer = outer};
    struct sides picked = {.base = NULL};
    cJSON *owned[4] = {NULL, NULL, NULL, NULL};
    size_t count = 0;

    for (struct merge_name *name = first; name < names->items + names->count; name++) {
        bool same = merge_same_unit(name, first);
        name->done = name->done || same;
        count += same;
    }
    text_format(unit, sizeof unit, "%.*s", (int)first->unit_length, first->unit);
    place.name = count == 1 ? first->text : unit;
    if (count == 1 && !is_decision(merging, outer, unit)) {
        struct sides one = {.base = json_member(sides.base, first->text), .mine = json_member(sides.mine, first->text),
                            .theirs = json_member(sides.theirs, first->text)};
        merge_put(merging, result, first->text, merge_element(merging, &place, one));
        return;
    }
    owned[0] = pick(merging, sides.base, names, first);
    owned[1] = pick(merging, sides.mine, names, first);
    owned[2] = pick(merging, sides.theirs, names, first);
    picked = (struct sides){.base = owned[0], .mine = owned[1], .theirs = owned[2]};
    if (merging->status == STATUS_OK) {
        owned[3] = merge_unit(merging, &place, picked);
        put_members(merging, result, owned[3]);
    }
    for (size_t i = 0; i < sizeof owned / sizeof owned[0]; i++) {
        cJSON_Delete(owned[i]);
    }
}

static cJSON *merge_object(struct merging *merging, const struct merge_place *place, struct sides sides)
{
    struct names names = {.items = NULL};
    cJSON *result = merge_object_new(merging);

    collect_names(merging, place == NULL, sides.theirs, &names);
    collect_names(merging, place == NULL, sides.mine, &names);
    collect_names(merging, place == NULL, sides.base, &names);
    for (size_t i = 0; i < names.count && merging->status == STATUS_OK; i++) {
        if (place == NULL && is_apart(names.items[i].text)) {
            if (strcmp(names.items[i].text, "text") != 0) {
                merge_put(merging, result, names.items[i].text, merge_copy(merging, json_member(sides.theirs, names.items[i].text)));
            }
        } else if (!names.items[i].done) {
            merge_names(merging, place, sides, &names, &names.items[i], result);
        }
    }
    memory_free(names.items);
    return result;
}

/* --- resources ------------------------------------------------------------------------------------- */

/* Whether `tree` says something that `theirs` does not, apart from who says it when. */
static bool adds(const cJSON *tree, const cJSON *theirs)
{
    static const char *const by_the_way[] = {"meta", "text", "lastModified", NULL};
    const cJSON *member = NULL;

    cJSON_ArrayForEach(member, tree) {
        if (!merge_is_among(member->string, by_the_way) && !merge_equal(member, json_member(theirs, member->string))) {
            return true;
        }
    }
    cJSON_ArrayForEach(member, theirs) {
        if (!merge_is_among(member->string, by_the_way) && json_member(tree, member->string) == NULL) {
            return true;
        }
    }
    return false;
}

/* A narrative that a program made says what one side said: it is left out where the result says more. */
static void merge_narrative(struct merging *merging, struct sides root, cJSON *result)
{
    static const char *const generated[] = {"generated", "extensions", NULL};
    struct sides text = {.base = json_member(root.base, "text"), .mine = json_member(root.mine, "text"),
                         .theirs = json_member(root.theirs, "text")};
    cJSON *kept = NULL;
    const char *status = NULL;

    if (!merging->out->adds) {
        kept = merge_copy(merging, text.theirs);
    } else {
        status = json_text(text.theirs, "status");
        status = status != NULL ? status : json_text(text.mine, "status");
        if (status == NULL || !merge_is_among(status, generated)) {
            kept = merge_element(merging, &(struct merge_place){.name = "text"}, text);
        }
    }
    merge_put(merging, result, "text", kept);
}

static void add_remarks(struct merging *merging, cJSON *result)
{
    cJSON *note = cJSON_GetObjectItemCaseSensitive(result, "note");

    if (merging->remarks == NULL || merging->status != STATUS_OK) {
        return;
    }
    if (!cJSON_IsArray(note)) {
        merge_put(merging, result, "note", merging->remarks);
        merging->remarks = NULL;
        return;
    }
    while (merging->remarks->child != NULL) {
        (void)cJSON_AddItemToArray(note, cJSON_DetachItemViaPointer(merging->remarks, merging->remarks->child));
    }
}

/* One side left it alone, or both say the same: what the other has, under theirs' version. */
static cJSON *take(struct merging *merging, const cJSON *whole, const cJSON *theirs)
{
    cJSON *copy = merge_copy(merging, whole);

    cJSON_DeleteItemFromObjectCaseSensitive(copy, "meta");
    if (copy != NULL) {
        merge_put(merging, copy, "meta", merge_copy(merging, json_member(theirs, "meta")));
    }
    return copy;
}

/* No resource has so many elements: it is not looked at one by one. */
static bool is_too_wide(const cJSON *resource)
{
    return cJSON_GetArraySize(resource) > MERGE_ITEMS_AT_MOST;
}

static cJSON *merge_root(struct merging *merging)
{
    static const char *const appended[] = {"DocumentReference", "Observation", "Provenance", "AuditEvent", "Consent", NULL};
    struct sides root = merging->root;
    cJSON *result = NULL;

    if (is_too_wide(root.base) || is_too_wide(root.mine) || is_too_wide(root.theirs)) {
        return merge_contested(merging, NULL, root);
    }
    if ((root.base != NULL && resources_equal(root.base, root.mine)) || resources_equal(root.mine, root.theirs)) {
        return merge_copy(merging, root.theirs);
    }
    if (root.base != NULL && resources_equal(root.base, root.theirs)) {
        merging->out->adds = true;
        return take(merging, root.mine, root.theirs);
    }
    if (merge_is_among(merging->type, appended) && !merge_holds_withdrawal(merging)) {
        merging->out->appends = true;
        cJSON_Delete(merge_contested(merging, NULL, root));
        if (merging->out->count > 0) {
            merging->out->overlaps[0].both = true;
        }
        return merge_copy(merging, root.theirs);
    }
    result = merge_object(merging, NULL, root);
    add_remarks(merging, result);
    if (merging->status == STATUS_OK) {
        merging->out->adds = adds(result, root.theirs);
        merge_narrative(merging, root, result);
    }
    return result;
}

enum status merge_resources(const cJSON *base, const cJSON *mine, const cJSON *theirs, enum merge_choice choice,
                            struct merge *out, struct error *error)
{
    struct merging merging = {.out = out, .choice = choice, .root = {.base = base, .mine = mine, .theirs = theirs},
                              .type = json_text(theirs, "resourceType")};

    memset(out, 0, sizeof *out);
    if (merging.type == NULL || !text_equal(json_text(mine, "resourceType"), merging.type) ||
        (base != NULL && !text_equal(json_text(base, "resourceType"), merging.type))) {
        return error_set(error, STATUS_INVALID, _("What the server holds is not of the same kind as what was changed here."));
    }
    out->tree = merge_root(&merging);
    cJSON_Delete(merging.remarks);
    if (merging.status != STATUS_OK) {
        merge_free(out);
        return error_no_memory(error);
    }
    return STATUS_OK;
}
