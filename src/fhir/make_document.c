/* The visit's note as a DocumentReference, and its consents. Sources: reference 4.5 and 4.6. */
#include "fhir/make.h"

#include "base/text.h"
#include "care/consent.h"

#include <string.h>

enum status make_note(struct maker *maker, struct error *error)
{
    static const char *const letters[] = {"S", "O", "A", "P"};
    const struct visit *visit = maker->visit;
    bool soap = text_equal(visit->note.template_key, "soap");
    cJSON *tree = make_start(maker, "DocumentReference", NULL);
    cJSON *context = NULL;
    struct buffer text;
    enum status status = STATUS_OK;

    buffer_init(&text, 2 * VISIT_NOTE_LIMIT);
    for (size_t i = 0; i < sizeof letters / sizeof letters[0]; i++) {
        if (!text_is_blank(visit->note.section[i])) {
            buffer_append_text(&text, text.length > 0 ? "\n\n" : "");
            buffer_append_text(&text, soap ? letters[i] : "");
            buffer_append_text(&text, soap ? ": " : "");
            buffer_append_text(&text, visit->note.section[i]);
        }
    }
    json_add_text(tree, "status", "current");
    json_add_text(tree, "docStatus", "final");
    make_concept(tree, "type", SYSTEM_LOINC, "34746-8", "Nurse note");
    make_subject(maker, tree, "subject", NULL);
    make_time(tree, "date", maker->signer->now);
    json_add_text(make_nurse(maker, json_add_array(tree, "author"), NULL), "display",
                  text_is_blank(maker->signer->practitioner_name) ? NULL : maker->signer->practitioner_name);
    make_nurse(maker, tree, "authenticator");
    make_attachment(maker, json_add_object(json_add_array(tree, "content"), NULL), "attachment", buffer_text(&text),
                    _("Visit note"));
    context = json_add_object(tree, "context");
    make_reference(json_add_array(context, "encounter"), NULL, "Encounter", visit->id);
    make_period(context, "period", visit->start, visit->end);
    if (text.status == STATUS_OK) {
        status = make_finish(maker, tree, error);
    } else {
        cJSON_Delete(tree);
        status = text.status == STATUS_NO_MEMORY
                     ? error_no_memory(error)
                     : error_set(error, text.status, _("The note is longer than 256 kB: shorten it."));
    }
    buffer_free(&text);
    return status;
}

/* --- consent --------------------------------------------------------------------------------------- */

#define POLICY_BASE "https://doorstep.example/consent/"

/* Who decided: the patient, or somebody of whom only the name or the relation is known. */
static void add_person(cJSON *parent, const char *name, const struct visit_consent *consent, const char *patient_id)
{
    bool patient = text_equal(consent->by, "patient");
    bool named = !text_is_blank(consent->name);
    cJSON *person = patient ? make_reference(parent, name, "Patient", patient_id)
                            : json_add_object(parent, name);
    char display[LABEL_SIZE + PERSON_WORD_SIZE];

    if (!patient) {
        json_add_text(person, "type", "RelatedPerson");
    }
    if (named && !patient) {
        text_format(display, sizeof display, "%s (%s)", consent->name, consent_person_word(consent->by));
    } else {
        text_copy(display, sizeof display, named ? consent->name : consent_person_word(consent->by));
    }
    json_add_text(person, "display", display);
}

/* The strict R4 form: the base rule, and inside it one provision that says the same for this purpose. */
static void add_rule(cJSON *tree, const struct consent_purpose *purpose, bool permit)
{
    cJSON *inner = NULL;

    make_concept(tree, "policyRule", SYSTEM_ACT_CODE, permit ? "OPTIN" : "OPTOUT", NULL);
    inner = json_add_object(json_add_array(json_add_object(tree, "provision"), "provision"), NULL);
    json_add_text(inner, "type", permit ? "permit" : "deny");
    make_coding(json_add_array(inner, "purpose"), "http://terminology.hl7.org/CodeSystem/v3-ActReason",
                purpose->purpose);
}

void make_consent_given(cJSON *tree, const struct visit_consent *consent, const char *patient, instant at)
{
    cJSON *categories = cJSON_GetObjectItemCaseSensitive(tree, "category");
    cJSON *verification = NULL;

    make_concept(categories, NULL, SYSTEM_OWN_METHOD, consent->method, NULL);
    make_concept(categories, NULL, SYSTEM_OWN_PERSON, consent->by, consent_person_word(consent->by));
    add_person(json_add_array(tree, "performer"), NULL, consent, patient);
    verification = json_add_object(json_add_array(tree, "verification"), NULL);
    json_add_boolean(verification, "verified", !text_equal(consent->method, "refused"));
    add_person(verification, "verifiedWith", consent, patient);
    make_time(verification, "verificationDate", at);
}

enum status make_consent(struct maker *maker, const struct visit_consent *consent, struct error *error)
{
    const struct consent_purpose *purpose = consent_purpose_find(consent->purpose);
    cJSON *tree = NULL;
    cJSON *categories = NULL;
    cJSON *codings = NULL;
    char text[200];

    if (purpose == NULL) {
        return error_set(error, STATUS_INVALID, _("Choose what the consent is for."));
    }
    tree = make_start(maker, "Consent", NULL);
    /* A withdrawal is a consent of its own that is not in force; a refusal is in force. */
    json_add_text(tree, "status", text_equal(consent->decision, "withdraw") ? "inactive" : "active");
    make_concept(tree, "scope", "http://terminology.hl7.org/CodeSystem/consentscope", purpose->scope, NULL);
    categories = json_add_array(tree, "category");
    codings = json_add_array(json_add_object(categories, NULL), "coding");
    make_coding(codings, SYSTEM_LOINC, "59284-0");
    make_coding(codings, SYSTEM_OWN_CONSENT, purpose->key);
    json_add_text(categories != NULL ? categories->child : NULL, "text", purpose->label);
    make_subject(maker, tree, "patient", NULL);
    make_time(tree, "dateTime", maker->visit->end);
    make_consent_given(tree, consent, maker->visit->patient, maker->visit->end);
    if (!text_is_blank(maker->signer->organization)) {
        json_add_text(json_add_object(json_add_array(tree, "organization"), NULL), "display",
                      maker->signer->organization);
    }
    text_format(text, sizeof text, "%s (%s)", _(purpose->label), purpose->version);
    make_attachment(maker, tree, "sourceAttachment", _(purpose->text), text);
    text_format(text, sizeof text, "%s%s/%s", POLICY_BASE, purpose->key, purpose->version);
    json_add_text(json_add_object(json_add_array(tree, "policy"), NULL), "uri",
                  text_is_blank(maker->signer->consent_policy) ? text : maker->signer->consent_policy);
    add_rule(tree, purpose, text_equal(consent->decision, "permit"));
    return make_finish(maker, tree, error);
}
