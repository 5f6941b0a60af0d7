/*
 * Which software a server is, and whether it speaks R4. What it can do is tried, not believed: statements are wrong in
 * both directions.
 */
#include "fhir/bundle.h"

#include "base/text.h"
#include "fhir/element.h"

#include <string.h>

enum status capability_read(const cJSON *statement, struct capability *out, struct error *error)
{
    const cJSON *software = json_object(statement, "software");

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
    return STATUS_OK;
}
