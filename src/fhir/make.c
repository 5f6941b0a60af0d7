/* The pieces that all resources of a visit are built from. */
#include "fhir/make.h"

#include "base/memory.h"
#include "base/text.h"
#include "fhir/base64.h"

#include <string.h>

/*
 * The UUIDs of one visit differ from each other in their last digits only: a dozen fully random ones would be a tenth
 * of all that a visit costs on a weak link, for no more certainty.
 */
static void next_uuid(struct maker *maker)
{
    if (maker->made == 0) {
        uuid_make(maker->base, maker->signer->randomness);
    }
    text_format(maker->uuid, sizeof maker->uuid, "%.32s%04x", maker->base, maker->made++ & 0xFFFF);
}

cJSON *make_start(struct maker *maker, const char *type, const char *uuid)
{
    cJSON *tree = cJSON_CreateObject();

    if (uuid != NULL) {
        text_copy(maker->uuid, sizeof maker->uuid, uuid);
    } else {
        next_uuid(maker);
    }
    json_add_text(tree, "resourceType", type);
    json_add_text(tree, "id", maker->uuid);
    if (strcmp(type, "Provenance") == 0) {
        make_coding(json_add_array(json_add_object(tree, "meta"), "tag"), SYSTEM_OWN_RECORD, maker->uuid);
    } else {
        cJSON *identifier = json_add_object(json_add_array(tree, "identifier"), NULL);

        /* Not as urn:uuid: that is the entry's fullUrl too, and Medplum rewrites every text that equals one. */
        json_add_text(identifier, "system", SYSTEM_OWN_IDENTIFIER);
        json_add_text(identifier, "value", maker->uuid);
    }
    return tree;
}

/* The search that finds the resource again on a server: the condition of its conditional create. */
static void set_identity(struct made_resource *made, const char *type, const char *uuid)
{
    text_copy(made->type, sizeof made->type, type);
    text_copy(made->uuid, sizeof made->uuid, uuid);
    if (strcmp(type, "Provenance") == 0) {
        text_format(made->if_none_exist, sizeof made->if_none_exist, "_tag=%s|%s", SYSTEM_OWN_RECORD, uuid);
    } else {
        text_format(made->if_none_exist, sizeof made->if_none_exist, "identifier=%s|%s", SYSTEM_OWN_IDENTIFIER, uuid);
    }
}

enum status make_finish(struct maker *maker, cJSON *tree, struct error *error)
{
    struct made_visit *out = maker->out;
    struct made_resource *items = memory_grow(out->items, out->count, &out->capacity, sizeof *items);
    const char *type = json_text(tree, "resourceType");
    char *body = json_print(tree);
    enum status status = STATUS_OK;

    out->items = items != NULL ? items : out->items;
    if (items == NULL || body == NULL || type == NULL) {
        memory_free(body);
        status = error_no_memory(error);
    } else {
        memset(&items[out->count], 0, sizeof *items);
        set_identity(&items[out->count], type, maker->uuid);
        items[out->count++].body = body;
    }
    cJSON_Delete(tree);
    return status;
}

enum status make_only(struct maker *maker, cJSON *tree, struct made_resource *out, struct error *error)
{
    enum status status = make_finish(maker, tree, error);

    memset(out, 0, sizeof *out);
    if (status == STATUS_OK) {
        *out = maker->out->items[0];
        maker->out->count = 0;
    }
    made_visit_free(maker->out);
    return status;
}

cJSON *make_reference(cJSON *parent, const char *name, const char *type, const char *id)
{
    cJSON *reference = json_add_object(parent, name);
    char text[REFERENCE_SIZE];

    text_format(text, sizeof text, "%s/%s", type, id);
    json_add_text(reference, "reference", text);
    return reference;
}

void make_coding(cJSON *codings, const char *system, const char *code)
{
    cJSON *coding = json_add_object(codings, NULL);

    json_add_text(coding, "system", system);
    json_add_text(coding, "code", code);
}

cJSON *make_concept(cJSON *parent, const char *name, const char *system, const char *code, const char *text)
{
    cJSON *concept = json_add_object(parent, name);

    if (system != NULL) {
        make_coding(json_add_array(concept, "coding"), system, code);
    }
    json_add_text(concept, "text", text);
    return concept;
}

void make_time(cJSON *parent, const char *name, instant at)
{
    char text[40];

    instant_format_fhir(text, sizeof text, at);
    json_add_text(parent, name, text[0] != '\0' ? text : NULL);
}

void make_period(cJSON *parent, const char *name, instant start, instant end)
{
    cJSON *period = json_add_object(parent, name);

    make_time(period, "start", start);
    make_time(period, "end", end);
}

void make_subject(struct maker *maker, cJSON *tree, const char *subject, const char *encounter)
{
    make_reference(tree, subject, "Patient", maker->visit->patient);
    if (encounter != NULL) {
        make_reference(tree, encounter, "Encounter", maker->visit->id);
    }
}

cJSON *make_nurse(struct maker *maker, cJSON *parent, const char *name)
{
    return make_reference(parent, name, "Practitioner", maker->signer->practitioner);
}

void make_attachment(struct maker *maker, cJSON *parent, const char *name, const char *text, const char *title)
{
    cJSON *attachment = json_add_object(parent, name);
    struct buffer data;

    buffer_init(&data, JSON_SIZE_LIMIT);
    base64_encode(&data, text, strlen(text));
    json_add_text(attachment, "contentType", "text/plain; charset=utf-8");
    json_add_text(attachment, "language", text_is_blank(maker->signer->language) ? NULL : maker->signer->language);
    /* Without memory the whole tree must fail, not only lose its text. */
    if (data.status != STATUS_OK && attachment != NULL) {
        attachment->type = cJSON_Invalid;
    }
    json_add_text(attachment, "data", buffer_text(&data));
    json_add_integer(attachment, "size", (int64_t)strlen(text));
    json_add_text(attachment, "title", title);
    buffer_free(&data);
}

/* --- made anew ------------------------------------------------------------------------------------- */

/* Takes out what another identity of ours left behind. */
static void drop_identity(cJSON *tree)
{
    cJSON *identifiers = cJSON_GetObjectItemCaseSensitive(tree, "identifier");
    cJSON *meta = cJSON_GetObjectItemCaseSensitive(tree, "meta");
    cJSON *next = NULL;

    cJSON_DeleteItemFromObjectCaseSensitive(tree, "id");
    cJSON_DeleteItemFromObjectCaseSensitive(meta, "versionId");
    cJSON_DeleteItemFromObjectCaseSensitive(meta, "lastUpdated");
    if (meta != NULL && meta->child == NULL) { /* FHIR knows no empty objects */
        cJSON_DeleteItemFromObjectCaseSensitive(tree, "meta");
    }
    for (cJSON *one = cJSON_IsArray(identifiers) ? identifiers->child : NULL; one != NULL; one = next) {
        next = one->next;
        if (text_equal(json_text(one, "system"), SYSTEM_OWN_IDENTIFIER) ||
            (text_equal(json_text(one, "system"), SYSTEM_URI) && text_starts_with(json_text(one, "value"), "urn:uuid:"))) {
            cJSON_Delete(cJSON_DetachItemViaPointer(identifiers, one));
        }
    }
}

static bool add_identity(cJSON *tree, const char *uuid)
{
    cJSON *identifiers = cJSON_GetObjectItemCaseSensitive(tree, "identifier");
    cJSON *identifier = NULL;

    identifiers = identifiers != NULL ? identifiers : json_add_array(tree, "identifier");
    identifier = json_add_object(identifiers, NULL);
    return json_add_text(tree, "id", uuid) != NULL && json_add_text(identifier, "system", SYSTEM_OWN_IDENTIFIER) != NULL &&
           json_add_text(identifier, "value", uuid) != NULL;
}

enum status resource_repeat(const char *body, const char *uuid, struct made_resource *out, struct error *error)
{
    cJSON *tree = NULL;
    enum status status = json_parse(body, strlen(body), &tree, error);

    memset(out, 0, sizeof *out);
    if (status == STATUS_OK) {
        const char *type = json_text(tree, "resourceType");
        bool tagged = text_equal(type, "Provenance"); /* it has no identifier, but a tag, which stays */

        set_identity(out, type, uuid);
        drop_identity(tree);
        bool added = tagged ? json_add_text(tree, "id", uuid) != NULL : add_identity(tree, uuid);
        out->body = added ? json_print(tree) : NULL;
        status = out->body == NULL ? error_no_memory(error) : STATUS_OK;
    }
    cJSON_Delete(tree);
    return status;
}

enum status resource_renew(const char *body, const struct randomness *randomness, struct made_resource *out,
                           struct error *error)
{
    static const char *const recorded[] = {"Task", "Observation", "DocumentReference", "Consent", "Encounter",
                                           "MedicationStatement", "MedicationAdministration", NULL};
    cJSON *tree = NULL;
    char uuid[UUID_SIZE];
    size_t i = 0;
    enum status status = json_parse(body, strlen(body), &tree, error);

    memset(out, 0, sizeof *out);
    if (status != STATUS_OK) {
        return status;
    }
    while (recorded[i] != NULL && !text_equal(recorded[i], json_text(tree, "resourceType"))) {
        i++;
    }
    if (recorded[i] == NULL) {
        status = error_set(error, STATUS_INVALID, _("This is the office's to make, not the nurse's: keep theirs and tell the office."));
    } else {
        uuid_make(uuid, randomness);
        drop_identity(tree);
        set_identity(out, recorded[i], uuid);
        out->body = add_identity(tree, uuid) ? json_print(tree) : NULL;
        status = out->body == NULL ? error_no_memory(error) : STATUS_OK;
    }
    cJSON_Delete(tree);
    return status;
}
