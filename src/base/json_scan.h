/* The strict pass over JSON text that json_parse() makes before cJSON. No one else calls it. */
#ifndef DOORSTEP_BASE_JSON_SCAN_H
#define DOORSTEP_BASE_JSON_SCAN_H

#include "base/buffer.h"
#include "base/error.h"

#include <stddef.h>

/* Begins the strings that stand for numbers in the marked text. Nothing else
 * begins so: the scan refuses every control character, escaped or not. */
#define JSON_NUMBER_MARK '\x01'

/* Checks that the bytes are exactly one JSON document of the kind json.h
 * promises. Appends to `marked` a copy in which each number that a double
 * could change is a string: JSON_NUMBER_MARK and its characters. When there is
 * no such number nothing is appended: the text is good as it is. FULL when it
 * holds more than `most` values. */
enum status json_scan(const char *bytes, size_t length, size_t most, struct buffer *marked, struct error *error) MUST_CHECK;

#endif
