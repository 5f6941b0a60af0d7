/*
 * References between resources: what they name, within one source, and rewriting them on the way out.
 *
 * Invariant: a reference that leaves its source, that two entries claim, or that only a server could resolve (a
 * search, a logical identifier) resolves to nothing: a reading is never put on another person's chart by likeness.
 */
#include "fhir/resource.h"

#include "base/memory.h"
#include "base/text.h"

#include <string.h>
#include <strings.h>

struct reference_row {
    char *url;                      /* fullUrl as it came */
    char reference[REFERENCE_SIZE]; /* Type/id; "" when two entries claim this url */
};
struct reference_map {
    struct reference_row **rows; /* in order of url */
    size_t count, capacity;
    bool has_base; /* some fullUrl is a web address: absolute references must share the base of one */
};

struct reference_map *reference_map_new(void)
{
    return memory_allocate(sizeof(struct reference_map));
}

void reference_map_free(struct reference_map *map)
{
    if (map == NULL) {
        return;
    }
    for (size_t i = 0; i < map->count; i++) {
        memory_free(map->rows[i]->url);
        memory_free(map->rows[i]);
    }
    memory_free(map->rows);
    memory_free(map);
}

static bool is_urn(const char *url)
{
    return strncasecmp(url, "urn:", 4) == 0;
}

static bool is_web_address(const char *url)
{
    return strncasecmp(url, "http://", 7) == 0 || strncasecmp(url, "https://", 8) == 0;
}

/* UUIDs are the same in either case; web addresses are not. Every urn sorts before every other url. */
static int compare_url(const char *a, const char *b)
{
    if (is_urn(a) != is_urn(b)) {
        return is_urn(a) ? -1 : 1;
    }
    return is_urn(a) ? strcasecmp(a, b) : strcmp(a, b);
}

/* The index of the first row that is not before `url`. */
static size_t lower_bound(const struct reference_map *map, const char *url)
{
    size_t low = 0;
    size_t high = map->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (compare_url(map->rows[middle]->url, url) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

enum status reference_map_add(struct reference_map *map, const char *full_url, const char *type, const char *id,
                              struct error *error)
{
    size_t at = lower_bound(map, full_url);
    struct reference_row **rows = NULL;
    struct reference_row *row = NULL;
    char reference[REFERENCE_SIZE];

    text_format(reference, sizeof reference, "%s/%s", type, id);
    if (at < map->count && compare_url(map->rows[at]->url, full_url) == 0) {
        /* Versions of one resource share their url; two resources must not. */
        if (strcmp(map->rows[at]->reference, reference) != 0) {
            map->rows[at]->reference[0] = '\0';
        }
        return STATUS_OK;
    }
    rows = memory_grow(map->rows, map->count, &map->capacity, sizeof(struct reference_row *));
    if (rows == NULL) {
        return error_no_memory(error);
    }
    map->rows = rows;
    row = memory_allocate(sizeof *row);
    if (row == NULL) {
        return error_no_memory(error);
    }
    row->url = memory_copy_text(full_url);
    if (row->url == NULL) {
        memory_free(row);
        return error_no_memory(error);
    }
    text_copy(row->reference, sizeof row->reference, reference);
    memmove(rows + at + 1, rows + at, (map->count - at) * sizeof *rows);
    rows[at] = row;
    map->count++;
    map->has_base = map->has_base || is_web_address(full_url);
    return STATUS_OK;
}

static bool map_find(const struct reference_map *map, const char *url, char out[REFERENCE_SIZE], bool *known)
{
    size_t at = lower_bound(map, url);

    *known = at < map->count && compare_url(map->rows[at]->url, url) == 0;
    return *known && map->rows[at]->reference[0] != '\0' && text_copy(out, REFERENCE_SIZE, map->rows[at]->reference);
}

/* True when some entry's fullUrl lies under the same base ("https://host/fhir/") of `length` bytes. */
static bool map_has_base(const struct reference_map *map, const char *base, size_t length)
{
    for (size_t i = 0; i < map->count; i++) {
        if (strncmp(map->rows[i]->url, base, length) == 0) {
            return true;
        }
    }
    return false;
}

/* Splits "[base/]Type/id[/_history/version]": *type points to the type; false when the end has not this form. */
static bool split(char *text, char **type, char **id)
{
    char *history = strstr(text, "/_history");

    if (history != NULL) {
        *history = '\0';
    }
    *id = strrchr(text, '/');
    if (*id == NULL) {
        return false;
    }
    *(*id)++ = '\0';
    *type = strrchr(text, '/');
    *type = *type != NULL ? *type + 1 : text;
    return resource_type_is_r4(*type) && fhir_id_is_valid(*id);
}

bool reference_resolve_text(const char *text, const struct reference_map *map, char out[REFERENCE_SIZE])
{
    char copy[1024];
    char *type = NULL;
    char *id = NULL;
    bool known = false;

    out[0] = '\0';
    if (text == NULL || text[0] == '\0' || text[0] == '#' || strchr(text, '?') != NULL ||
        !text_copy(copy, sizeof copy, text)) {
        return false;
    }
    if (map != NULL && map_find(map, text, out, &known)) {
        return true;
    }
    if (known || is_urn(text) || !split(copy, &type, &id)) {
        return false;
    }
    if (type != copy &&
        (!is_web_address(text) ||
         (map != NULL && map->has_base && !map_has_base(map, text, (size_t)(type - copy))))) {
        return false;
    }
    return text_format(out, REFERENCE_SIZE, "%s/%s", type, id);
}

bool reference_resolve(const cJSON *reference, const struct reference_map *map, char out[REFERENCE_SIZE])
{
    return reference_resolve_text(json_text(reference, "reference"), map, out);
}

const char *reference_id(const char *reference, const char *type)
{
    size_t length = strlen(type);

    return reference != NULL && strncmp(reference, type, length) == 0 && reference[length] == '/'
               ? reference + length + 1
               : NULL;
}

enum status references_rewrite(cJSON *resource,
                               bool (*rewrite)(void *context, const char *reference, char *out, size_t size),
                               void *context, struct error *error)
{
    cJSON *child = NULL;

    cJSON_ArrayForEach(child, resource) {
        char out[1024];
        enum status status = STATUS_OK;

        if (cJSON_IsString(child) && text_equal(child->string, "reference") &&
            rewrite(context, child->valuestring, out, sizeof out)) {
            if (cJSON_SetValuestring(child, out) == NULL) {
                return error_no_memory(error);
            }
        }
        status = references_rewrite(child, rewrite, context, error);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

bool references_remove(cJSON *resource, const char *reference)
{
    bool removed = false;

    for (cJSON *child = resource == NULL ? NULL : resource->child, *next = NULL; child != NULL; child = next) {
        next = child->next;
        bool inside = references_remove(child, reference);
        if ((cJSON_IsArray(resource) && text_equal(json_text(child, "reference"), reference)) ||
            (inside && cJSON_IsArray(child) && child->child == NULL)) {
            cJSON_Delete(cJSON_DetachItemViaPointer(resource, child));
            inside = true;
        }
        removed = removed || inside;
    }
    return removed;
}
