/*
 * Building Bundles: what is sent (transaction, batch) and what is exported (collection).
 *
 * Invariant: one entry per identity. A resource is sent without its id, because the server gives it one; its identity
 * is the identifier inside and the ifNoneExist beside.
 */
#include "fhir/bundle.h"

#include "base/memory.h"
#include "base/text.h"
#include "fhir/codes.h"

#include <string.h>

struct transaction {
    cJSON *bundle;
    cJSON *entries; /* part of bundle */
};

struct transaction *transaction_new(const char *type)
{
    struct transaction *transaction = memory_allocate(sizeof *transaction);

    if (transaction == NULL) {
        return NULL;
    }
    transaction->bundle = cJSON_CreateObject();
    json_add_text(transaction->bundle, "resourceType", "Bundle");
    json_add_text(transaction->bundle, "type", type);
    transaction->entries = json_add_array(transaction->bundle, "entry");
    if (transaction->entries == NULL || !cJSON_IsObject(transaction->bundle)) {
        transaction_free(transaction);
        return NULL;
    }
    return transaction;
}

void transaction_free(struct transaction *transaction)
{
    if (transaction != NULL) {
        cJSON_Delete(transaction->bundle);
        memory_free(transaction);
    }
}

/* An entry with its resource (taken, also on failure) and an empty request, which is returned; NULL without memory. */
static cJSON *add_entry(struct transaction *transaction, const char *full_url, cJSON *resource)
{
    cJSON *entry = json_add_object(transaction->entries, NULL);

    if (entry == NULL || json_add_text(entry, "fullUrl", full_url) == NULL ||
        !cJSON_AddItemToObject(entry, "resource", resource)) {
        cJSON_Delete(resource);
        return NULL;
    }
    return json_add_object(entry, "request");
}

/* Takes back an entry that could not be completed, so that what was added before stays good. */
static enum status forget_entry(struct transaction *transaction, int count, struct error *error)
{
    if (cJSON_IsArray(transaction->entries) && cJSON_GetArraySize(transaction->entries) > count) {
        cJSON_DeleteItemFromArray(transaction->entries, count);
    }
    return error_no_memory(error);
}

enum status transaction_add_create(struct transaction *transaction, cJSON *resource, const char *uuid,
                                   const char *if_none_exist, struct error *error)
{
    int count = cJSON_GetArraySize(transaction->entries);
    char full_url[sizeof "urn:uuid:" + UUID_SIZE];
    char type[RESOURCE_TYPE_SIZE];
    cJSON *request = NULL;

    text_format(full_url, sizeof full_url, "urn:uuid:%s", uuid);
    text_copy(type, sizeof type, json_text(resource, "resourceType"));
    cJSON_DeleteItemFromObjectCaseSensitive(resource, "id");
    request = add_entry(transaction, full_url, resource);
    if (request == NULL || json_add_text(request, "method", "POST") == NULL ||
        json_add_text(request, "url", type) == NULL || json_add_text(request, "ifNoneExist", if_none_exist) == NULL) {
        return forget_entry(transaction, count, error);
    }
    return STATUS_OK;
}

enum status transaction_add_update(struct transaction *transaction, cJSON *resource, const char *server, const char *id,
                                   const char *version, struct error *error)
{
    int count = cJSON_GetArraySize(transaction->entries);
    char url[REFERENCE_SIZE], full_url[512 + REFERENCE_SIZE], etag[ID_SIZE + sizeof "W/\"\""];
    cJSON *request = NULL;

    text_format(url, sizeof url, "%s/%s", json_text(resource, "resourceType"), id);
    text_format(full_url, sizeof full_url, "%s/%s", server, url);
    text_format(etag, sizeof etag, "W/\"%s\"", version);
    request = add_entry(transaction, full_url, resource);
    if (request == NULL || json_add_text(request, "method", "PUT") == NULL ||
        json_add_text(request, "url", url) == NULL ||
        json_add_text(request, "ifMatch", version[0] != '\0' ? etag : NULL) == NULL) {
        return forget_entry(transaction, count, error);
    }
    return STATUS_OK;
}

enum status transaction_add_read(struct transaction *transaction, const char *url, struct error *error)
{
    int count = cJSON_GetArraySize(transaction->entries);
    cJSON *request = json_add_object(json_add_object(transaction->entries, NULL), "request");

    if (request == NULL || json_add_text(request, "method", "GET") == NULL || json_add_text(request, "url", url) == NULL) {
        return forget_entry(transaction, count, error);
    }
    return STATUS_OK;
}

size_t transaction_count(const struct transaction *transaction)
{
    return (size_t)cJSON_GetArraySize(transaction->entries);
}

char *transaction_print(const struct transaction *transaction)
{
    return json_print(transaction->bundle);
}

/* Resources are put in as they are, byte by byte; only their type and id are read. */
static enum status append_body(struct buffer *out, const char *body, struct error *error)
{
    cJSON *resource = NULL;
    struct resource_head head;
    enum status status = json_parse(body, strlen(body), &resource, error);

    if (status == STATUS_OK) {
        status = resource_head_read(resource, &head, error);
    }
    if (status == STATUS_OK) {
        buffer_append_text(out, "{");
        if (head.id[0] != '\0') {
            buffer_format(out, "\"fullUrl\":\"%s%s/%s\",", OWN_BASE, head.type, head.id);
        }
        buffer_append_text(out, "\"resource\":");
        buffer_append_text(out, body);
        buffer_append_text(out, "}");
    }
    cJSON_Delete(resource);
    return status;
}

enum status collection_print(const char *const *bodies, size_t count, char **out, struct error *error)
{
    struct buffer text;
    enum status status = STATUS_OK;

    *out = NULL;
    buffer_init(&text, JSON_SIZE_LIMIT);
    buffer_append_text(&text, "{\"resourceType\":\"Bundle\",\"type\":\"collection\"");
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        buffer_append_text(&text, i == 0 ? ",\"entry\":[" : ",");
        status = append_body(&text, bodies[i], error);
    }
    buffer_append_text(&text, count > 0 ? "]}" : "}");
    if (status == STATUS_OK && text.status == STATUS_INVALID) {
        status = error_set(error, STATUS_INVALID, _("This is too much for one Bundle: export it in parts."));
    } else if (status == STATUS_OK) {
        *out = buffer_take(&text);
        status = *out != NULL ? STATUS_OK : error_no_memory(error);
    }
    buffer_free(&text);
    return status;
}
