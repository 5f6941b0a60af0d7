/*
 * Corrections: a resource of a signed visit with another value or other words. Called by store/record_correct.c.
 *
 * Invariant: what is not corrected stays as it was made, the identity before all: the server gets one record.
 */
#include "fhir/visit_bundle.h"

#include "base/text.h"
#include "fhir/make.h"

#include <string.h>

/* What says the value of an Observation. */
static const char *const measured[] = {"code", "valueQuantity", "valueInteger", "valueCodeableConcept",
                                       "dataAbsentReason", "component"};

enum status correct_begin(const char *body, const char *type, cJSON **tree, struct error *error)
{
    enum status status = json_parse(body, strlen(body), tree, error);

    if (status == STATUS_OK && !text_equal(json_text(*tree, "resourceType"), type)) {
        status = error_set(error, STATUS_INVALID, _("This record cannot be corrected here."));
    }
    return status;
}

enum status correct_finish(cJSON *tree, const char *id, struct made_resource *out, struct error *error)
{
    text_copy(out->type, sizeof out->type, json_text(tree, "resourceType"));
    resource_own_uuid(tree, out->uuid);
    if (!text_equal(json_text(tree, "id"), id)) {
        cJSON_DeleteItemFromObjectCaseSensitive(tree, "id");
        json_add_text(tree, "id", id);
    }
    out->body = json_print(tree);
    return out->body == NULL ? error_no_memory(error) : STATUS_OK;
}

enum status observation_correct(const char *body, const char *id, const struct reading *readings, size_t count,
                                const struct signer *signer, struct made_resource *out, struct error *error)
{
    struct maker maker = {.signer = signer};
    cJSON *tree = NULL;
    enum status status = correct_begin(body, "Observation", &tree, error);

    memset(out, 0, sizeof *out);
    if (status == STATUS_OK) {
        for (size_t i = 0; i < sizeof measured / sizeof measured[0]; i++) {
            cJSON_DeleteItemFromObjectCaseSensitive(tree, measured[i]);
        }
        make_measured(&maker, tree, readings, count);
        status = correct_finish(tree, id, out, error);
    }
    cJSON_Delete(tree);
    return status;
}

enum status note_correct(const char *body, const char *id, const char *text, const struct signer *signer,
                         struct made_resource *out, struct error *error)
{
    struct maker maker = {.signer = signer};
    cJSON *tree = NULL;
    enum status status = correct_begin(body, "DocumentReference", &tree, error);

    memset(out, 0, sizeof *out);
    if (status == STATUS_OK && text_is_blank(text)) {
        status = error_set(error, STATUS_INVALID, _("There is no note: write one."));
    } else if (status == STATUS_OK && strlen(text) > VISIT_NOTE_LIMIT) {
        status = error_set(error, STATUS_INVALID, _("The note is longer than 256 kB: shorten it."));
    }
    if (status == STATUS_OK) {
        cJSON_DeleteItemFromObjectCaseSensitive(tree, "content");
        make_attachment(&maker, json_add_object(json_add_array(tree, "content"), NULL), "attachment", text,
                        _("Visit note"));
        status = correct_finish(tree, id, out, error);
    }
    cJSON_Delete(tree);
    return status;
}

/* The total it states, -1 for none. */
static int64_t stated_total(const cJSON *tree)
{
    int64_t total = -1;

    return json_integer(tree, "valueInteger", &total) ? total : -1;
}

enum status news2_correct(const char *body, const char *id, const struct reading *readings, size_t count,
                          const struct signer *signer, struct made_resource *out, struct error *error)
{
    struct maker maker = {.signer = signer};
    struct news2_input input;
    cJSON *tree = NULL;
    enum status status = correct_begin(body, "Observation", &tree, error);

    memset(out, 0, sizeof *out);
    if (status == STATUS_OK) {
        const char *scale = json_text(json_object(tree, "method"), "text");
        struct reading total = {.vital = VITAL_NEWS2};

        news2_from_readings(&input, readings, count, text_equal(scale, NEWS2_SCALE_2) ? 2 : 1);
        int computed = news2_compute(&input).total;
        if (computed != stated_total(tree)) {
            total.value = decimal_from(computed, 0);
            text_copy(total.absent, sizeof total.absent, computed < 0 ? "unknown" : "");
            for (size_t i = 0; i < sizeof measured / sizeof measured[0]; i++) {
                cJSON_DeleteItemFromObjectCaseSensitive(tree, measured[i]);
            }
            make_measured(&maker, tree, &total, 1);
            status = correct_finish(tree, id, out, error);
        }
    }
    cJSON_Delete(tree);
    return status;
}

enum status correction_provenance(char targets[][REFERENCE_SIZE], size_t count, const struct signer *signer,
                                  struct made_resource *out, struct error *error)
{
    struct made_visit made = {0};
    struct maker maker = {.signer = signer, .out = &made};
    cJSON *tree = make_start(&maker, "Provenance", NULL);
    cJSON *list = json_add_array(tree, "target");
    cJSON *agents = NULL;

    for (size_t i = 0; i < count; i++) {
        json_add_text(json_add_object(list, NULL), "reference", targets[i]);
    }
    make_time(tree, "recorded", signer->now);
    make_concept(tree, "activity", "http://terminology.hl7.org/CodeSystem/v3-DataOperation", "UPDATE", NULL);
    agents = json_add_array(tree, "agent");
    make_agent(&maker, agents, "author");
    make_agent(&maker, agents, "legal");
    make_signature(&maker, tree, "1.2.840.10065.1.12.1.16"); /* modification signature: reference 4.6 */
    return make_only(&maker, tree, out, error);
}
