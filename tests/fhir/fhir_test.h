/* JSON for tests, written with ' instead of " so that it can be read, and the look-up of one resource. */
#ifndef DOORSTEP_TESTS_FHIR_FHIR_TEST_H
#define DOORSTEP_TESTS_FHIR_FHIR_TEST_H

#include "base/json.h"
#include "base/memory.h"
#include "fhir/lookup.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

/* Owned: cJSON_Delete. An apostrophe inside a text is written as ’. */
static inline cJSON *parse(const char *text)
{
    struct error error = {0};
    cJSON *tree = NULL;
    char *copy = NULL;

    memory_install();
    copy = memory_copy_text(text);
    assert_non_null(copy);
    for (char *at = copy; *at != '\0'; at++) {
        *at = *at == '\'' ? '"' : *at;
    }
    if (json_parse(copy, strlen(copy), &tree, &error) != STATUS_OK) {
        fail_msg("%s in %s", error.sentence, copy);
    }
    memory_free(copy);
    return tree;
}

/* Checks and reads a resource that must be accepted. Static, because a lookup is large: one at a time. */
static inline struct lookup *look_up(const char *text)
{
    static struct lookup lookup;
    struct error error = {0};
    cJSON *tree = parse(text);

    lookup_free(&lookup); /* of the one before */
    if (resource_check(tree, &error) != STATUS_OK) {
        fail_msg("%s in %s", error.sentence, text);
    }
    assert_int_equal(lookup_read(tree, NULL, &lookup, &error), STATUS_OK);
    cJSON_Delete(tree);
    return &lookup;
}

static inline instant at(const char *text)
{
    instant found = INSTANT_NONE;
    enum instant_precision precision = PRECISION_NONE;

    assert_true(instant_parse(text, &found, &precision));
    return found;
}

#endif
