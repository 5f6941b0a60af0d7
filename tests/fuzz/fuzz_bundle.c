/*
 * Whatever JSON comes as a server's answer: entries, references, outcome and capabilities are read within bounds, and
 * what resolves is a type and an id that R4 allows.
 */
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "fhir/bundle.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static void check_reference(const cJSON *node, const struct reference_map *map)
{
    const cJSON *child = NULL;
    char out[REFERENCE_SIZE];

    if (reference_resolve(node, map, out)) {
        char *slash = strchr(out, '/');

        MUST_HOLD(slash != NULL && fhir_id_is_valid(slash + 1));
        *slash = '\0';
        MUST_HOLD(resource_type_is_r4(out));
    } else {
        MUST_HOLD(out[0] == '\0');
    }
    cJSON_ArrayForEach(child, node) {
        check_reference(child, map);
    }
}

static enum status check_entry(void *context, size_t index, const struct bundle_entry *entry, struct error *error)
{
    char words[80], id[ID_SIZE];

    (void)error;
    MUST_HOLD(index == (*(size_t *)context)++);
    MUST_HOLD(entry->location_id[0] == '\0' || fhir_id_is_valid(entry->location_id));
    MUST_HOLD((entry->location_id[0] == '\0') == (entry->location_type[0] == '\0'));
    MUST_HOLD(strchr(entry->etag, '"') == NULL);
    outcome_words(entry->outcome, words, sizeof words);
    MUST_HOLD(text_is_utf8(words, strlen(words)));
    MUST_HOLD(!resource_identity(entry->resource, entry->full_url, id) || fhir_id_is_valid(id));
    return STATUS_OK;
}

static void add_member(void *context, const char *patient_id)
{
    (void)context;
    MUST_HOLD(fhir_id_is_valid(patient_id));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct error error = {0};
    struct capability capability;
    struct reference_map *map = NULL;
    cJSON *tree = NULL;
    size_t entries = 0;

    memory_install();
    if (json_parse((const char *)bytes, length, &tree, &error) != STATUS_OK) {
        return 0;
    }
    if (bundle_is(tree)) {
        MUST_HOLD(bundle_each(tree, check_entry, &entries, &error) == STATUS_OK && entries == bundle_count(tree));
        MUST_HOLD(bundle_type(tree) != NULL);
        (void)bundle_next(tree);
    }
    MUST_HOLD(bundle_references(tree, &map, &error) == STATUS_OK);
    check_reference(tree, map);
    if (capability_read(tree, &capability, &error) == STATUS_OK) {
        MUST_HOLD(text_starts_with(capability.fhir_version, "4.0"));
    }
    if (caseload_members(tree, 0, add_member, NULL, &error) != STATUS_OK) {
        MUST_HOLD(error.status == STATUS_INVALID);
    }
    reference_map_free(map);
    cJSON_Delete(tree);
    return 0;
}
