/*
 * Consent and DocumentReference.
 *
 * Decisions: a consent's decision is read from both forms R4 is written in (a type at the root of `provision`, or a
 * policyRule with typed provisions inside); when these disagree it is unknown, never "permit". A note's text is shown
 * when it is plain text in UTF-8; any other attachment is kept whole and shown as having no readable text.
 */
#include "fhir/lookup_part.h"

#include "base/memory.h"
#include "base/text.h"
#include "care/consent.h"
#include "care/visit.h"
#include "fhir/base64.h"
#include "fhir/codes.h"

#include <string.h>
#include <strings.h>

/* --- consent --------------------------------------------------------------------------------------- */

static enum consent_decision decision_of_type(const char *type)
{
    return text_equal(type, "permit") ? CONSENT_PERMIT : text_equal(type, "deny") ? CONSENT_DENY : CONSENT_UNKNOWN;
}

static enum consent_decision decision_of(const cJSON *consent)
{
    const cJSON *provision = json_object(consent, "provision");
    const cJSON *rule = json_object(consent, "policyRule");
    const cJSON *nested = NULL;
    enum consent_decision found = decision_of_type(json_text(provision, "type"));

    if (text_equal(json_text(consent, "status"), "rejected")) {
        return CONSENT_DENY;
    }
    if (found != CONSENT_UNKNOWN) {
        return found;
    }
    if (concept_has(rule, SYSTEM_ACT_CODE, "OPTIN")) {
        found = CONSENT_PERMIT;
    } else if (concept_has(rule, SYSTEM_ACT_CODE, "OPTOUT")) {
        found = CONSENT_DENY;
    }
    cJSON_ArrayForEach(nested, json_array(provision, "provision")) {
        enum consent_decision inner = decision_of_type(json_text(nested, "type"));

        if (found == CONSENT_UNKNOWN) {
            found = inner;
        } else if (inner != found) {
            return CONSENT_UNKNOWN;
        }
    }
    return found;
}

/* A living will or an order not to resuscitate: what it is, in its own words or in ours. */
static void read_code_status(const cJSON *consent, char *out, size_t size)
{
    static const struct {
        const char *code;
        const char *words;
    } rows[] = {
        {"dnr", N_("Do not attempt resuscitation (consent on record)")},
        {"acd", N_("Advance care directive on record")},
        {"polst", N_("Orders for life-sustaining treatment on record")},
    };
    const cJSON *category = NULL;

    if (!text_equal(json_text(consent, "status"), "active")) {
        return;
    }
    cJSON_ArrayForEach(category, json_array(consent, "category")) {
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            if (concept_has(category, SYSTEM_CONSENT_CATEGORY, rows[i].code)) {
                label_set(out, size, json_text(category, "text"));
                label_append(out, size, "", out[0] == '\0' ? _(rows[i].words) : NULL);
                return;
            }
        }
    }
}

void lookup_consent(const struct scope *scope, struct lookup *out)
{
    struct consent *consent = &out->value.consent;
    const cJSON *categories = json_array(scope->root, "category");
    const cJSON *category = NULL;

    text_copy(consent->id, sizeof consent->id, out->head.id);
    label_set(consent->status, sizeof consent->status, json_text(scope->root, "status"));
    cJSON_ArrayForEach(category, categories) {
        const char *key = concept_code(category, SYSTEM_OWN_CONSENT);

        if (key != NULL && consent_purpose_find(key) != NULL) {
            text_copy(consent->purpose, sizeof consent->purpose, key);
        }
    }
    if (!concepts_label(categories, consent->label, sizeof consent->label)) {
        concept_label(json_object(scope->root, "scope"), consent->label, sizeof consent->label);
    }
    consent->decision = decision_of(scope->root);
    reference_label(scope, cJSON_GetArrayItem(json_array(scope->root, "performer"), 0), consent->by,
                    sizeof consent->by);
    consent->at = element_time(scope->root, "dateTime");
    read_code_status(scope->root, out->code_status, sizeof out->code_status);
}

/* --- note ------------------------------------------------------------------------------------------ */

/* "text/plain", with no charset or one that is UTF-8 or inside it. */
static bool is_plain_text(const char *content_type)
{
    const char *charset = content_type != NULL ? strcasestr(content_type, "charset=") : NULL;

    if (content_type == NULL || strncasecmp(content_type, "text/plain", 10) != 0) {
        return false;
    }
    if (charset == NULL) {
        return true;
    }
    charset += strlen("charset=");
    charset += *charset == '"';
    return strncasecmp(charset, "utf-8", 5) == 0 || strncasecmp(charset, "us-ascii", 8) == 0;
}

static enum status read_text(const cJSON *document, struct note *note, struct error *error)
{
    const cJSON *content = NULL;
    struct buffer decoded, clean;
    enum status status = STATUS_OK;

    buffer_init(&decoded, JSON_SIZE_LIMIT);
    buffer_init(&clean, JSON_SIZE_LIMIT);
    cJSON_ArrayForEach(content, json_array(document, "content")) {
        const cJSON *attachment = json_object(content, "attachment");
        const char *data = json_text(attachment, "data");

        if (data != NULL && is_plain_text(json_text(attachment, "contentType")) && base64_decode(&decoded, data)) {
            break;
        }
        buffer_clear(&decoded);
    }
    text_append_clean(&clean, buffer_text(&decoded), decoded.length, true);
    if (clean.status == STATUS_OK && decoded.status == STATUS_OK && clean.length > VISIT_NOTE_LIMIT) {
        note->text = memory_allocate(VISIT_NOTE_LIMIT);
        if (note->text != NULL) {
            text_copy(note->text, VISIT_NOTE_LIMIT, buffer_text(&clean));
            chart_mark_cut(note->text, VISIT_NOTE_LIMIT);
        }
    } else if (clean.status == STATUS_OK && decoded.status == STATUS_OK) {
        note->text = memory_copy_text(buffer_text(&clean));
    }
    if (note->text == NULL) {
        status = error_no_memory(error);
    }
    buffer_free(&decoded);
    buffer_free(&clean);
    return status;
}

enum status lookup_note(const struct scope *scope, struct lookup *out, struct error *error)
{
    struct note *note = &out->value.note;
    const cJSON *content = cJSON_GetArrayItem(json_array(scope->root, "content"), 0);

    text_copy(note->id, sizeof note->id, out->head.id);
    label_set(note->status, sizeof note->status, json_text(scope->root, "status"));
    label_set(note->title, sizeof note->title, json_text(json_object(content, "attachment"), "title"));
    if (note->title[0] == '\0') {
        label_set(note->title, sizeof note->title, json_text(scope->root, "description"));
    }
    if (note->title[0] == '\0') {
        concept_label(json_object(scope->root, "type"), note->title, sizeof note->title);
    }
    reference_label(scope, cJSON_GetArrayItem(json_array(scope->root, "author"), 0), note->author,
                    sizeof note->author);
    note->at = element_time(scope->root, "date");
    if (note->at == INSTANT_NONE) {
        note->at = element_time(json_object(json_object(scope->root, "context"), "period"), "start");
    }
    return read_text(scope->root, note, error);
}
