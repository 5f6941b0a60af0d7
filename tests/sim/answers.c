/*
 * Answers that are not quite as asked, as servers and proxies were seen to
 * give them: entries left out, told twice, in another order, without the
 * version in the location. An answer to a transaction is put into another
 * order only when its entries carry the resources, for without them nobody
 * could tell which is which.
 */
#include "tests/sim/sim.h"

#include "fhir/bundle.h"

static bool shows_resources(const cJSON *entries)
{
    const cJSON *entry = NULL;
    cJSON_ArrayForEach(entry, entries) {
        if (json_object(entry, "resource") == NULL) {
            return false;
        }
    }
    return true;
}

static void shuffle(struct world *world, cJSON *tree, cJSON *entries, int count)
{
    (void)tree;
    for (int left = shows_resources(entries) ? count : 0; left > 0; left--) {
        cJSON_AddItemToArray(entries, cJSON_DetachItemFromArray(entries, (int)draw(world, (uint32_t)left)));
    }
}

/* Medplum names no version beside the resource. */
static void forget_versions(cJSON *entries)
{
    cJSON *entry = NULL;
    cJSON_ArrayForEach(entry, entries) {
        cJSON *response = cJSON_GetObjectItemCaseSensitive(entry, "response");
        cJSON *location = cJSON_GetObjectItemCaseSensitive(response, "location");
        char *cut = location == NULL ? NULL : strstr(location->valuestring, "/_history/");
        if (cut != NULL) {
            *cut = '\0';
        }
        cJSON_DeleteItemFromObjectCaseSensitive(response, "etag");
    }
}

static void disturb_transaction(struct world *world, cJSON *tree, cJSON *entries, int count)
{
    bool shown = shows_resources(entries);
    static const char *const ways[] = {"an entry is missing", "an entry is doubled", "in another order", "without versions"};
    uint32_t way = draw(world, shown ? 4 : 2);
    trace(world, "      the answer: %s", ways[way]);
    if (way == 0) {
        cJSON_DeleteItemFromArray(entries, (int)draw(world, (uint32_t)count));
    } else if (way == 1) { /* at the end: a doubled entry in the middle would shift the others */
        cJSON_AddItemToArray(entries, cJSON_Duplicate(cJSON_GetArrayItem(entries, count - 1), true));
    } else if (way == 2) {
        shuffle(world, tree, entries, count);
    } else {
        forget_versions(entries);
    }
}

/* One entry less is a lie that can only be seen where the server counts its matches. */
static void disturb_search(struct world *world, cJSON *tree, cJSON *entries, int count)
{
    int64_t total = 0;
    bool counted = json_integer(tree, "total", &total);
    /* More each time that it is asked again: left out twice running, the same number is what it does not show. */
    bool may = counted && count > world->left_out && (world->asked_again ? world->asked_first : world->left_out == 0);
    if (may && chance(world, bundle_next(tree) != NULL ? 80 : 40)) {
        for (int i = 0; i <= world->left_out; i++) {
            cJSON_DeleteItemFromArray(entries, (int)draw(world, (uint32_t)(count - i)));
        }
        world->left_out++;
        return;
    }
    if (chance(world, 50)) {
        cJSON_AddItemToArray(entries, cJSON_Duplicate(cJSON_GetArrayItem(entries, (int)draw(world, (uint32_t)count)), true));
    } else {
        cJSON_AddItemToArray(entries, cJSON_DetachItemFromArray(entries, 0));
    }
}

/* Lets `change` at the entries of an answer. */
static void change_entries(struct world *world, struct buffer *body,
                           void (*change)(struct world *world, cJSON *tree, cJSON *entries, int count))
{
    cJSON *tree = NULL;
    assert_int_equal(json_parse(buffer_text(body), body->length, &tree, NULL), STATUS_OK);
    cJSON *entries = cJSON_GetObjectItemCaseSensitive(tree, "entry");
    int count = cJSON_GetArraySize(entries);
    if (count > 0) {
        change(world, tree, entries, count);
        char *text = json_print(tree);
        buffer_clear(body);
        buffer_append_text(body, text);
        memory_free(text);
    }
    cJSON_Delete(tree);
}

void answer_disturb(struct world *world, struct buffer *body, bool bundled)
{
    change_entries(world, body, bundled ? disturb_transaction : disturb_search);
}

void answer_shuffle(struct world *world, struct buffer *body)
{
    change_entries(world, body, shuffle);
}
