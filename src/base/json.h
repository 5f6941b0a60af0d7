/*
 * JSON that keeps its digits. cJSON does the tree; a strict pass before it
 * enforces what cJSON does not (UTF-8, no duplicate keys, no controls, no
 * trailing text, a depth and a size limit) and marks every number that a
 * double could change, so that it is printed back exactly as it came.
 *
 * Numbers in a parsed tree are therefore read with json_decimal() or
 * json_integer(), never through valuedouble.
 */
#ifndef DOORSTEP_BASE_JSON_H
#define DOORSTEP_BASE_JSON_H

#include "base/buffer.h"
#include "base/decimal.h"
#include "base/error.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_DEPTH_LIMIT 64
#define JSON_SIZE_LIMIT (64u * 1024 * 1024)
#define JSON_VALUE_LIMIT (4u * 1024 * 1024) /* a value costs about a hundred bytes of memory */

/* Parses exactly one JSON document. A byte-order mark is skipped. On success
 * *out is owned by the caller (cJSON_Delete). On failure *out is NULL and the
 * error names the reason and the byte ("two members are named 'id', near byte 812"). */
enum status json_parse(const char *bytes, size_t length, cJSON **out, struct error *error) MUST_CHECK;

/* The same of at most so many values: FULL when there are more. */
enum status json_parse_within(const char *bytes, size_t length, size_t most, cJSON **out, struct error *error) MUST_CHECK;

/* Prints without white space, numbers as they came. Owned (memory_free); NULL when memory is short. */
char *json_print(const cJSON *tree);
/* The same with line breaks, for people. */
char *json_print_pretty(const cJSON *tree);

/* Getters: borrowed, NULL or false when absent or of another type. Case-sensitive. */
const cJSON *json_member(const cJSON *object, const char *name);
const cJSON *json_object(const cJSON *object, const char *name);
const cJSON *json_array(const cJSON *object, const char *name);
const char *json_text(const cJSON *object, const char *name);
const char *json_value_text(const cJSON *value); /* of a string node itself */
bool json_boolean(const cJSON *object, const char *name, bool *out);
bool json_integer(const cJSON *object, const char *name, int64_t *out);
bool json_decimal(const cJSON *object, const char *name, struct decimal *out);
/* The number's own characters ("36.60") into out; false when it is no number or too long. */
bool json_number_text(const cJSON *value, char *out, size_t size);
/* Walks "a.b[0].c"; NULL when any step is missing. */
const cJSON *json_at(const cJSON *root, const char *path);
const char *json_text_at(const cJSON *root, const char *path);

/* Builders: add to an object or array and return the new node, which the tree
 * owns. NULL means that memory is short (or the parent was NULL), and then the
 * parent is spoiled: printing the tree gives NULL. So a whole resource may be
 * built without a check between, and json_print() asked once. */
cJSON *json_add_text(cJSON *object, const char *name, const char *text); /* NULL text adds nothing, returns object */
cJSON *json_add_number(cJSON *object, const char *name, const char *digits); /* digits checked, kept as typed */
cJSON *json_add_integer(cJSON *object, const char *name, int64_t value);
cJSON *json_add_boolean(cJSON *object, const char *name, bool value);
cJSON *json_add_null(cJSON *object, const char *name);
cJSON *json_add_object(cJSON *parent, const char *name); /* name NULL: parent is an array */
cJSON *json_add_array(cJSON *parent, const char *name);
/* Text into an array. */
cJSON *json_append_text(cJSON *array, const char *text);

#endif
