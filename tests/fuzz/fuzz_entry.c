/* Bytes as a typed vital: the first byte chooses the field, the rest is the text, also as the one confirmed in a visit. */
#include "base/text.h"
#include "care/entry.h"
#include "care/visit.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char typed[1024];
    if (size == 0 || size >= sizeof typed) {
        return 0;
    }
    memcpy(typed, data + 1, size - 1);
    typed[size - 1] = '\0';
    enum entry_field field = (enum entry_field)(data[0] % ENTRY_FIELD_COUNT);
    struct reading previous = {.vital = VITAL_WEIGHT, .value = {601, 1}};
    struct entry_context context = {.previous_weight = &previous, .previous_height = &previous, .adult = true};
    struct entry_result result = entry_judge(field, typed, &context);
    if (result.count > 3 || !text_is_utf8(result.question, strlen(result.question))) {
        abort();
    }
    static struct visit visit;
    struct visit_draft draft;
    char name[VISIT_FIELD_NAME_SIZE];
    visit_draft_init(&draft);
    text_format(name, sizeof name, "vitals.%s", entry_key(field));
    if (visit_draft_set(&draft, name, typed, NULL) == STATUS_OK &&
        visit_draft_set(&draft, typed, typed, NULL) != STATUS_NO_MEMORY) {
        visit_read(&draft, NULL, 0, &visit);
    }
    visit_draft_free(&draft);
    return 0;
}
