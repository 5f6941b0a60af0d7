/*
 * What a server says it can do. Conditional create and versioned updates are believed only when it says so for the
 * types that every visit sends; sync/ probes what matters.
 */
#include "fhir/bundle.h"

#include "base/text.h"
#include "fhir/element.h"

#include <string.h>

static bool has_interaction(const cJSON *rest, const char *code)
{
    const cJSON *interaction = NULL;

    cJSON_ArrayForEach(interaction, json_array(rest, "interaction")) {
        if (text_equal(json_text(interaction, "code"), code)) {
            return true;
        }
    }
    return false;
}

static const cJSON *find_type(const cJSON *rest, const char *type)
{
    const cJSON *resource = NULL;

    cJSON_ArrayForEach(resource, json_array(rest, "resource")) {
        if (text_equal(json_text(resource, "type"), type)) {
            return resource;
        }
    }
    return NULL;
}

static bool says(const cJSON *resource, const char *name)
{
    bool value = false;

    return json_boolean(resource, name, &value) && value;
}

enum status capability_read(const cJSON *statement, struct capability *out, struct error *error)
{
    const cJSON *software = json_object(statement, "software");
    const cJSON *rest = NULL;
    const cJSON *encounter = NULL;
    const cJSON *observation = NULL;

    memset(out, 0, sizeof *out);
    if (!text_equal(json_text(statement, "resourceType"), "CapabilityStatement")) {
        return error_set(error, STATUS_INVALID,
                         _("The server's answer is no FHIR capability statement: check the server's address."));
    }
    label_set(out->software, sizeof out->software, json_text(software, "name"));
    label_set(out->software_version, sizeof out->software_version, json_text(software, "version"));
    label_set(out->fhir_version, sizeof out->fhir_version, json_text(statement, "fhirVersion"));
    if (!text_starts_with(out->fhir_version, "4.0")) {
        return error_set(error, STATUS_INVALID,
                         _("The server speaks FHIR %s, but R4 (4.0.1) is needed: check its address."),
                         out->fhir_version[0] != '\0' ? out->fhir_version : "?");
    }
    cJSON_ArrayForEach(rest, json_array(statement, "rest")) {
        if (text_equal(json_text(rest, "mode"), "server")) {
            break;
        }
    }
    encounter = find_type(rest, "Encounter");
    observation = find_type(rest, "Observation");
    out->transaction = has_interaction(rest, "transaction");
    out->batch = has_interaction(rest, "batch");
    out->conditional_create = says(encounter, "conditionalCreate") && says(observation, "conditionalCreate");
    out->update_create = says(encounter, "updateCreate") && says(observation, "updateCreate");
    out->versioned_update = text_equal(json_text(encounter, "versioning"), "versioned-update") &&
                            text_equal(json_text(observation, "versioning"), "versioned-update");
    return STATUS_OK;
}
