/*
 * Trees of the merge, and the writing down of what only a person can decide.
 */
#include "fhir/merge_part.h"

#include "base/memory.h"
#include "base/text.h"

#include <string.h>

/* --- trees ----------------------------------------------------------------------------------------- */

static bool is_number(const cJSON *value)
{
    return cJSON_IsNumber(value) || cJSON_IsRaw(value);
}

static bool numbers_equal(const cJSON *a, const cJSON *b)
{
    char text[2][80];

    return json_number_text(a, text[0], sizeof text[0]) && json_number_text(b, text[1], sizeof text[1]) &&
           strcmp(text[0], text[1]) == 0;
}

static bool items_equal(const cJSON *a, const cJSON *b, bool named)
{
    for (a = a->child, b = b->child; a != NULL && b != NULL; a = a->next, b = b->next) {
        if ((named && strcmp(a->string, b->string) != 0) || !merge_equal(a, b)) {
            return false;
        }
    }
    return a == b;
}

static bool members_equal(const cJSON *a, const cJSON *b)
{
    const cJSON *member = NULL;
    int count = cJSON_GetArraySize(a);

    if (count != cJSON_GetArraySize(b) || count > MERGE_ITEMS_AT_MOST) {
        return items_equal(a, b, true);
    }
    cJSON_ArrayForEach(member, a) {
        if (!merge_equal(member, json_member(b, member->string))) {
            return false;
        }
    }
    return true;
}

bool merge_equal(const cJSON *a, const cJSON *b)
{
    if (a == NULL || b == NULL) {
        return a == b;
    }
    if (is_number(a) || is_number(b)) {
        return numbers_equal(a, b);
    }
    if ((a->type & 0xFF) != (b->type & 0xFF)) {
        return false;
    }
    if (cJSON_IsString(a)) {
        return strcmp(a->valuestring, b->valuestring) == 0;
    }
    if (cJSON_IsObject(a)) {
        return members_equal(a, b);
    }
    return !cJSON_IsArray(a) || items_equal(a, b, false);
}

cJSON *merge_copy(struct merging *merging, const cJSON *value)
{
    cJSON *copy = value != NULL ? cJSON_Duplicate(value, true) : NULL;

    if (copy == NULL && value != NULL) {
        merging->status = STATUS_NO_MEMORY;
    }
    return copy;
}

/* Puts `value` (taken; NULL: nothing) into an object, under `name`. */
void merge_put(struct merging *merging, cJSON *object, const char *name, cJSON *value)
{
    if (value != NULL && !cJSON_AddItemToObject(object, name, value)) {
        cJSON_Delete(value);
        merging->status = STATUS_NO_MEMORY;
    }
}

cJSON *merge_object_new(struct merging *merging)
{
    cJSON *object = cJSON_CreateObject();

    merging->status = object == NULL ? STATUS_NO_MEMORY : merging->status;
    return object;
}

/* --- overlaps -------------------------------------------------------------------------------------- */

static void path_append(const struct merge_place *place, struct buffer *out)
{
    if (place == NULL) {
        return;
    }
    path_append(place->outer, out);
    buffer_append_text(out, out->length > 0 ? "." : "");
    buffer_append_text(out, place->name);
    if (place->key != NULL) {
        buffer_format(out, "[%.64s]", place->key);
    }
}

/* Writes an overlap down without its texts; NULL without memory. Borrowed until the next. */
static struct overlap *add_overlap(struct merging *merging, const struct merge_place *place)
{
    struct merge *out = merging->out;
    struct overlap *grown = memory_grow(out->overlaps, out->count, &out->capacity, sizeof *grown);
    const struct merge_place *root = place;
    struct buffer path;

    if (grown == NULL) {
        merging->status = STATUS_NO_MEMORY;
        return NULL;
    }
    out->overlaps = grown;
    grown += out->count++;
    memset(grown, 0, sizeof *grown);
    while (root != NULL && root->outer != NULL) {
        root = root->outer;
    }
    buffer_init(&path, JSON_SIZE_LIMIT);
    path_append(place, &path);
    text_clean_into(grown->path, sizeof grown->path, buffer_text(&path));
    merging->status = path.status != STATUS_OK ? STATUS_NO_MEMORY : merging->status;
    buffer_free(&path);
    /* A dose is called so wherever it stands; the rest by the element of the resource that it is in. */
    text_clean_into(grown->label, sizeof grown->label,
                    merge_label(merging->type, place == NULL ? "" : merge_is_dose(place->name) ? place->name : root->name));
    return grown;
}

static char *words_of(struct merging *merging, const char *name, const cJSON *value, bool exactly)
{
    struct buffer words;
    char *text = NULL;

    buffer_init(&words, JSON_SIZE_LIMIT);
    if (exactly) {
        merge_words_exactly(&words, value);
    } else {
        merge_words(&words, name, value);
    }
    text = words.length > 0 || words.status != STATUS_OK ? buffer_take(&words) : memory_copy_text("");
    buffer_free(&words);
    merging->status = text == NULL ? STATUS_NO_MEMORY : merging->status;
    return text;
}

static void say(struct merging *merging, struct overlap *overlap, const char *name, struct sides sides, bool exactly)
{
    overlap->base = words_of(merging, name, sides.base, exactly);
    overlap->mine = words_of(merging, name, sides.mine, exactly);
    overlap->theirs = words_of(merging, name, sides.theirs, exactly);
}

static void forget_words(struct overlap *overlap)
{
    memory_free(overlap->base);
    memory_free(overlap->mine);
    memory_free(overlap->theirs);
}

static bool has_list_of_notes(const cJSON *resource)
{
    const cJSON *note = json_member(resource, "note");

    return note == NULL || cJSON_IsArray(note);
}

/* A free text of ours can stand beside theirs as a remark. */
static bool can_be_remark(const struct merging *merging, const struct merge_place *place, struct sides sides)
{
    static const char *const texts[] = {"description", "comment", "patientInstruction", NULL};
    static const char *const with_note[] = {"Task",      "CarePlan",    "Goal",      "Condition", "MedicationRequest",
                                            "Procedure",  "ServiceRequest", NULL};

    return place != NULL && place->outer == NULL && merge_is_among(place->name, texts) && merge_is_among(merging->type, with_note) &&
           cJSON_IsString(sides.mine) && cJSON_IsString(sides.theirs) && has_list_of_notes(merging->root.mine) &&
           has_list_of_notes(merging->root.theirs);
}

static void add_remark(struct merging *merging, const cJSON *text)
{
    if (merging->remarks == NULL) {
        merging->remarks = cJSON_CreateArray();
    }
    if (json_add_text(json_add_object(merging->remarks, NULL), "text", json_value_text(text)) == NULL) {
        merging->status = STATUS_NO_MEMORY;
    }
}

cJSON *merge_contested(struct merging *merging, const struct merge_place *place, struct sides sides)
{
    struct overlap *overlap = add_overlap(merging, place);
    const char *name = place != NULL ? place->name : "";
    bool remark = can_be_remark(merging, place, sides);

    if (overlap == NULL) {
        return NULL;
    }
    overlap->both = remark;
    say(merging, overlap, name, sides, false);
    if (merging->status == STATUS_OK && strcmp(overlap->mine, overlap->theirs) == 0) {
        forget_words(overlap); /* what differs does not show in words: a system of codes, an id */
        say(merging, overlap, name, sides, true);
    }
    if (merging->choice == MERGE_BOTH && remark) {
        add_remark(merging, sides.mine);
    }
    return merge_copy(merging, merging->choice == MERGE_MINE ? sides.mine : sides.theirs);
}
