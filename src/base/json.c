/*
 * The tree side of JSON: json_scan() has checked the text and marked its
 * numbers, cJSON builds the tree, and here the marks become raw nodes, which
 * cJSON prints as they stand. Getters accept any tree and never trust a type.
 */
#include "base/json.h"

#include "base/json_scan.h"
#include "base/memory.h"
#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_SIZE 80 /* the longest number that is parsed, and what cJSON wants spare */
#define NUMBER_SPARE 8 /* a short number, or a word, and its comma */
#define STEP_SIZE 128  /* one name in a path */

/* Turns the marked strings at and below `node`, and beside it, into raw numbers. */
static void unmark_numbers(cJSON *node)
{
    for (; node != NULL; node = node->next) {
        if (cJSON_IsString(node) && node->valuestring[0] == JSON_NUMBER_MARK) {
            memmove(node->valuestring, node->valuestring + 1, strlen(node->valuestring));
            node->type = cJSON_Raw;
        }
        unmark_numbers(node->child);
    }
}

enum status json_parse(const char *bytes, size_t length, cJSON **out, struct error *error)
{
    enum status status = json_parse_within(bytes, length, JSON_VALUE_LIMIT, out, error);

    if (status == STATUS_FULL) { /* nobody asked for a limit: it is as unusable as anything else that is refused */
        status = STATUS_INVALID;
        if (error != NULL) {
            error->status = status;
        }
    }
    return status;
}

enum status json_parse_within(const char *bytes, size_t length, size_t most, cJSON **out, struct error *error)
{
    static const char byte_order_mark[] = "\xEF\xBB\xBF";
    struct buffer marked;
    enum status status = STATUS_OK;

    *out = NULL;
    if (length >= 3 && memcmp(bytes, byte_order_mark, 3) == 0) {
        bytes += 3;
        length -= 3;
    }
    buffer_init(&marked, 4 * (size_t)JSON_SIZE_LIMIT); /* a mark at most triples a number of one digit */
    status = json_scan(bytes, length, most, &marked, error);
    if (status == STATUS_OK) {
        if (marked.length > 0) {
            *out = cJSON_ParseWithLength(marked.data, marked.length);
            unmark_numbers(*out);
        } else {
            *out = cJSON_ParseWithLength(bytes, length);
        }
        /* What the scan accepts, cJSON accepts: only memory can have failed. */
        status = *out != NULL ? STATUS_OK : error_no_memory(error);
    }
    buffer_free(&marked);
    return status;
}

/* About what the text of `node` and of what is below it takes; escapes may make it longer. */
static size_t printed_size(const cJSON *node)
{
    size_t size = NUMBER_SPARE;

    size += node->string != NULL ? strlen(node->string) + 4 : 0;
    size += node->valuestring != NULL ? strlen(node->valuestring) + 4 : 0;
    for (const cJSON *child = node->child; child != NULL; child = child->next) {
        size += printed_size(child);
    }
    return size;
}

/* cJSON would begin small, double, and copy the whole at the end: of a scanned letter three copies at once. */
char *json_print(const cJSON *tree)
{
    size_t size = tree != NULL ? printed_size(tree) : 0;

    return tree == NULL || size > INT_MAX / 2 ? cJSON_PrintUnformatted(tree) : cJSON_PrintBuffered(tree, (int)size + NUMBER_SIZE, 0);
}

char *json_print_pretty(const cJSON *tree)
{
    return cJSON_Print(tree);
}

/* --- getters --------------------------------------------------------------------------------- */

const cJSON *json_member(const cJSON *object, const char *name)
{
    return cJSON_IsObject(object) ? cJSON_GetObjectItemCaseSensitive(object, name) : NULL;
}

const cJSON *json_object(const cJSON *object, const char *name)
{
    const cJSON *member = json_member(object, name);

    return cJSON_IsObject(member) ? member : NULL;
}

const cJSON *json_array(const cJSON *object, const char *name)
{
    const cJSON *member = json_member(object, name);

    return cJSON_IsArray(member) ? member : NULL;
}

const char *json_text(const cJSON *object, const char *name)
{
    return json_value_text(json_member(object, name));
}

const char *json_value_text(const cJSON *value)
{
    return cJSON_GetStringValue(value);
}

bool json_boolean(const cJSON *object, const char *name, bool *out)
{
    const cJSON *member = json_member(object, name);

    *out = cJSON_IsTrue(member);
    return cJSON_IsBool(member);
}

bool json_number_text(const cJSON *value, char *out, size_t size)
{
    char text[NUMBER_SIZE];
    cJSON node = {0};
    size_t length = 0;

    out[0] = '\0';
    if (!cJSON_IsNumber(value) && !cJSON_IsRaw(value)) {
        return false;
    }
    node = *value; /* cJSON prints what is not const */
    if (!cJSON_PrintPreallocated(&node, text, sizeof text, 0)) {
        return false;
    }
    length = strlen(text);
    return decimal_literal_length(text, length) == length && length < size && text_copy(out, size, text);
}

bool json_integer(const cJSON *object, const char *name, int64_t *out)
{
    char text[NUMBER_SIZE];
    char *end = NULL;

    *out = 0;
    if (!json_number_text(json_member(object, name), text, sizeof text)) {
        return false;
    }
    errno = 0;
    *out = strtoll(text, &end, 10);
    return errno == 0 && *end == '\0';
}

bool json_decimal(const cJSON *object, const char *name, struct decimal *out)
{
    char text[NUMBER_SIZE];

    *out = (struct decimal){0, 0};
    return json_number_text(json_member(object, name), text, sizeof text) && decimal_parse(text, out);
}

const cJSON *json_at(const cJSON *root, const char *path)
{
    while (root != NULL && *path != '\0') {
        char step[STEP_SIZE];
        size_t length = strcspn(path, ".[");

        if (*path == '[') {
            char *end = NULL;
            unsigned long index = strtoul(path + 1, &end, 10);

            if (!cJSON_IsArray(root) || *end != ']') {
                return NULL;
            }
            for (root = root->child; root != NULL && index > 0; index--) {
                root = root->next;
            }
            path = end + 1;
        } else {
            if (length >= sizeof step) {
                return NULL;
            }
            memcpy(step, path, length);
            step[length] = '\0';
            root = json_member(root, step);
            path += length;
        }
        path += *path == '.';
    }
    return root;
}

const char *json_text_at(const cJSON *root, const char *path)
{
    return json_value_text(json_at(root, path));
}

/* --- builders -------------------------------------------------------------------------------- */

/* Puts `node` under `name` in an object, or, without a name, at the end of an array. */
static cJSON *attach(cJSON *parent, const char *name, cJSON *node)
{
    if (parent == NULL || node == NULL ||
        !(name != NULL ? cJSON_AddItemToObject(parent, name, node) : cJSON_AddItemToArray(parent, node))) {
        if (parent != NULL) {
            parent->type = cJSON_Invalid; /* which cJSON refuses to print, and deletes with all below it */
        }
        cJSON_Delete(node);
        return NULL;
    }
    return node;
}

cJSON *json_add_text(cJSON *object, const char *name, const char *text)
{
    return text != NULL ? attach(object, name, cJSON_CreateString(text)) : object;
}

cJSON *json_add_number(cJSON *object, const char *name, const char *digits)
{
    size_t length = strlen(digits);
    bool is_number = length > 0 && decimal_literal_length(digits, length) == length;

    return attach(object, name, is_number ? cJSON_CreateRaw(digits) : NULL);
}

cJSON *json_add_integer(cJSON *object, const char *name, int64_t value)
{
    char digits[24];

    (void)snprintf(digits, sizeof digits, "%" PRId64, value);
    return json_add_number(object, name, digits);
}

cJSON *json_add_boolean(cJSON *object, const char *name, bool value)
{
    return attach(object, name, cJSON_CreateBool(value));
}

cJSON *json_add_null(cJSON *object, const char *name)
{
    return attach(object, name, cJSON_CreateNull());
}

cJSON *json_add_object(cJSON *parent, const char *name)
{
    return attach(parent, name, cJSON_CreateObject());
}

cJSON *json_add_array(cJSON *parent, const char *name)
{
    return attach(parent, name, cJSON_CreateArray());
}

cJSON *json_append_text(cJSON *array, const char *text)
{
    return attach(array, NULL, cJSON_CreateString(text));
}
