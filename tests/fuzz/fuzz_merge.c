/*
 * Any three documents as one resource before, ours and theirs (a JSON array of three): the merge is refused, or it has
 * a tree that can be printed, questions whose words are clean and told from each other, and nothing to ask when one
 * side changed nothing.
 */
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "fhir/merge.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static void check_words(const char *text)
{
    size_t length = strlen(text);

    MUST_HOLD(text_is_utf8(text, length));
    for (size_t i = 0; i < length; i++) {
        MUST_HOLD((unsigned char)text[i] >= 0x20 && text[i] != 0x7F);
    }
}

static int merge_once(const cJSON *base, const cJSON *mine, const cJSON *theirs, enum merge_choice choice)
{
    struct merge merge;
    struct error error = {0};
    int count = 0;

    if (merge_resources(base, mine, theirs, choice, &merge, &error) != STATUS_OK) {
        MUST_HOLD(error.sentence[0] != '\0' && merge.tree == NULL);
        return -1;
    }
    char *text = json_print(merge.tree);
    MUST_HOLD(text != NULL);
    memory_free(text);
    for (size_t i = 0; i < merge.count; i++) {
        check_words(merge.overlaps[i].path);
        check_words(merge.overlaps[i].label);
        check_words(merge.overlaps[i].base);
        check_words(merge.overlaps[i].mine);
        check_words(merge.overlaps[i].theirs);
    }
    count = (int)merge.count;
    merge_free(&merge);
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    cJSON *tree = NULL;

    memory_install();
    if (json_parse((const char *)bytes, length, &tree, NULL) != STATUS_OK) {
        return 0;
    }
    if (cJSON_IsArray(tree) && cJSON_GetArraySize(tree) == 3) {
        const cJSON *base = tree->child;
        const cJSON *mine = base->next;
        const cJSON *theirs = mine->next;

        int asked = merge_once(base, mine, theirs, MERGE_ASK);
        MUST_HOLD(merge_once(base, theirs, mine, MERGE_ASK) == asked);
        for (enum merge_choice choice = MERGE_MINE; choice <= MERGE_BOTH; choice++) {
            MUST_HOLD(merge_once(base, mine, theirs, choice) == asked);
        }
        MUST_HOLD(merge_once(base, base, theirs, MERGE_ASK) <= 0 && merge_once(base, mine, base, MERGE_ASK) <= 0);
        (void)merge_once(NULL, mine, theirs, MERGE_BOTH);
    }
    cJSON_Delete(tree);
    return 0;
}
