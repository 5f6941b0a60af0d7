/*
 * What all resources share: type, id, version, time of the last change, and our own identity in the identifier.
 * Called by check.c, lookup.c, bundle.c and the store.
 */
#include "fhir/resource.h"

#include "base/text.h"
#include "fhir/codes.h"

#include <ctype.h>
#include <string.h>

/* A type's name may be quoted in a sentence only when it is a plain word: it came from outside. */
static bool is_plain_word(const char *text)
{
    size_t length = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    return length > 0 && text[length] == '\0' && length < RESOURCE_TYPE_SIZE;
}

static enum status read_type(const cJSON *resource, struct resource_head *out, struct error *error)
{
    const char *type = json_text(resource, "resourceType");

    if (!cJSON_IsObject(resource)) {
        return error_set(error, STATUS_INVALID, _("This is no FHIR resource: a JSON object is expected."));
    }
    if (type == NULL) {
        return error_set(error, STATUS_INVALID, _("This is no FHIR resource: 'resourceType' is missing."));
    }
    if (!resource_type_is_r4(type)) {
        return is_plain_word(type)
                   ? error_set(error, STATUS_INVALID, _("'%s' is no resource type of FHIR R4."), type)
                   : error_set(error, STATUS_INVALID, _("'resourceType' names no resource type of FHIR R4."));
    }
    text_copy(out->type, sizeof out->type, type);
    return STATUS_OK;
}

/* Copies the id in `name`, which may be absent. */
static enum status read_id(const cJSON *object, const char *name, const char *path, char out[ID_SIZE],
                           struct error *error)
{
    const cJSON *member = json_member(object, name);
    const char *id = json_value_text(member);

    if (member == NULL || cJSON_IsNull(member)) {
        return STATUS_OK;
    }
    if (id == NULL || !fhir_id_is_valid(id)) {
        return error_set(error, STATUS_INVALID,
                         _("'%s' is no FHIR id: at most 64 letters, digits, hyphens and points are allowed."), path);
    }
    text_copy(out, ID_SIZE, id);
    return STATUS_OK;
}

enum status resource_head_read(const cJSON *resource, struct resource_head *out, struct error *error)
{
    const cJSON *meta = json_object(resource, "meta");
    const char *updated = json_text(meta, "lastUpdated");
    enum instant_precision precision = PRECISION_NONE;
    enum status status = STATUS_OK;

    memset(out, 0, sizeof *out);
    out->updated = INSTANT_NONE;
    status = read_type(resource, out, error);
    if (status == STATUS_OK) {
        status = read_id(resource, "id", "id", out->id, error);
    }
    if (status == STATUS_OK) {
        status = read_id(meta, "versionId", "meta.versionId", out->version, error);
    }
    if (status != STATUS_OK || updated == NULL) {
        return status;
    }
    if (!text_copy(out->last_updated, sizeof out->last_updated, updated) ||
        !instant_parse(updated, &out->updated, &precision) || precision != PRECISION_TIME) {
        return error_set(error, STATUS_INVALID, _("'meta.lastUpdated' is no valid time."));
    }
    return STATUS_OK;
}

bool resource_identity(const cJSON *resource, const char *full_url, char id[ID_SIZE])
{
    const char *own = json_text(resource, "id");
    const char *type = json_text(resource, "resourceType");
    const char *found = NULL;
    char reference[REFERENCE_SIZE];

    id[0] = '\0';
    if (own != NULL) {
        return fhir_id_is_valid(own) && text_copy(id, ID_SIZE, own);
    }
    if (text_starts_with(full_url, "urn:uuid:")) {
        text_copy(id, ID_SIZE, full_url + strlen("urn:uuid:"));
        for (char *at = id; *at != '\0'; at++) {
            *at = (char)tolower((unsigned char)*at);
        }
        id[uuid_is_valid(id) ? UUID_SIZE - 1 : 0] = '\0';
        return id[0] != '\0';
    }
    if (type != NULL && reference_resolve_text(full_url, NULL, reference)) {
        found = reference_id(reference, type);
    }
    return found != NULL && text_copy(id, ID_SIZE, found);
}

static bool uuid_of_identifier(const cJSON *identifier, char out[UUID_SIZE])
{
    const char *system = json_text(identifier, "system");
    const char *value = json_text(identifier, "value");

    if (text_equal(system, SYSTEM_URI) && text_starts_with(value, "urn:uuid:")) {
        value += strlen("urn:uuid:");
    } else if (!text_equal(system, SYSTEM_OWN_IDENTIFIER)) {
        return false;
    }
    return value != NULL && uuid_is_valid(value) && text_copy(out, UUID_SIZE, value);
}

bool resource_own_uuid(const cJSON *resource, char out[UUID_SIZE])
{
    const cJSON *identifier = json_member(resource, "identifier");
    const cJSON *one = NULL;

    out[0] = '\0';
    if (cJSON_IsObject(identifier)) {
        return uuid_of_identifier(identifier, out);
    }
    cJSON_ArrayForEach(one, identifier) {
        if (uuid_of_identifier(one, out)) {
            return true;
        }
    }
    /* Provenance has no identifier in R4: its identity is a tag. */
    cJSON_ArrayForEach(one, json_array(json_object(resource, "meta"), "tag")) {
        const char *code = json_text(one, "code");

        if (text_equal(json_text(one, "system"), SYSTEM_OWN_RECORD) && code != NULL && uuid_is_valid(code)) {
            return text_copy(out, UUID_SIZE, code);
        }
    }
    return false;
}
