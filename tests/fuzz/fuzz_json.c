/*
 * Whatever bytes come: the parser either refuses them with a sentence, or its
 * tree prints to a text that parses again and prints the same (a fixed point),
 * and every number in it is a legal one.
 */
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static void check_numbers(const cJSON *node)
{
    for (; node != NULL; node = node->next) {
        char text[80];

        if (cJSON_IsNumber(node) || cJSON_IsRaw(node)) {
            MUST_HOLD(json_number_text(node, text, sizeof text));
        }
        check_numbers(node->child);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct error error = {0};
    cJSON *tree = NULL;
    cJSON *again = NULL;
    char *printed = NULL;
    char *reprinted = NULL;

    memory_install();
    if (json_parse((const char *)bytes, length, &tree, &error) != STATUS_OK) {
        MUST_HOLD(tree == NULL && error.sentence[0] != '\0');
        MUST_HOLD(text_is_utf8(error.sentence, strlen(error.sentence)));
        return 0;
    }
    check_numbers(tree);
    printed = json_print(tree);
    MUST_HOLD(printed != NULL);
    MUST_HOLD(json_parse(printed, strlen(printed), &again, NULL) == STATUS_OK);
    reprinted = json_print(again);
    MUST_HOLD(reprinted != NULL && strcmp(printed, reprinted) == 0);
    memory_free(printed);
    memory_free(reprinted);
    cJSON_Delete(tree);
    cJSON_Delete(again);
    return 0;
}
