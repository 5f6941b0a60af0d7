/*
 * AllergyIntolerance, Condition, Flag, DetectedIssue and Goal.
 *
 * Decisions: only the general statement "no known allergy" counts as such; "no known drug allergy" is shown in its
 * own words. A Flag has no severity in R4: flag-priority decides, else its category. Nothing becomes red by guess.
 */
#include "fhir/lookup_part.h"

#include "base/text.h"
#include "fhir/codes.h"

#include <string.h>

/* --- allergies ------------------------------------------------------------------------------------- */

static bool is_none_known(const cJSON *concept)
{
    return concept_has(concept, SYSTEM_SNOMED, "716186003") ||
           concept_has(concept, "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips", "no-known-allergies");
}

void lookup_allergy(const struct scope *scope, struct lookup *out)
{
    struct allergy *allergy = &out->value.allergy;
    const cJSON *concept = json_object(scope->root, "code");
    const cJSON *reaction = NULL;
    const cJSON *manifestation = NULL;
    char text[LABEL_SIZE];

    text_copy(allergy->id, sizeof allergy->id, out->head.id);
    label_set(allergy->status, sizeof allergy->status, concept_code(json_object(scope->root, "clinicalStatus"), NULL));
    label_set(allergy->verification, sizeof allergy->verification,
              concept_code(json_object(scope->root, "verificationStatus"), NULL));
    label_set(allergy->criticality, sizeof allergy->criticality, json_text(scope->root, "criticality"));
    allergy->none_known = is_none_known(concept);
    cJSON_ArrayForEach(reaction, json_array(scope->root, "reaction")) {
        concept = concept != NULL ? concept : json_object(reaction, "substance");
        cJSON_ArrayForEach(manifestation, json_array(reaction, "manifestation")) {
            concept_label(manifestation, text, sizeof text);
            label_append(allergy->reaction, sizeof allergy->reaction, ", ", text);
        }
    }
    allergy->code_count = concept_codes(concept, allergy->codes, CODES_PER_ROW);
    if (!concept_label(concept, allergy->label, sizeof allergy->label)) {
        text_copy(allergy->label, sizeof allergy->label, _("Allergy to something not named"));
    }
    allergy->since = element_time(scope->root, "onsetDateTime");
    if (allergy->since == INSTANT_NONE) {
        allergy->since = element_time(json_object(scope->root, "onsetPeriod"), "start");
    }
    if (allergy->since == INSTANT_NONE) {
        allergy->since = element_time(scope->root, "recordedDate");
    }
}

/* --- conditions ------------------------------------------------------------------------------------ */

bool concept_is_palliative(const cJSON *concept)
{
    const cJSON *coding = NULL;

    cJSON_ArrayForEach(coding, json_array(concept, "coding")) {
        const char *system = json_text(coding, "system");
        const char *code = json_text(coding, "code");
        /* ICD-10 Z51.5 palliative care, in the WHO's, the US, the Korean or the Japanese edition. */
        bool icd = system != NULL &&
                   (strcasestr(system, "icd-10") != NULL || strcasestr(system, "icd10") != NULL ||
                    strcasestr(system, "kcd") != NULL) &&
                   (text_equal(code, "Z51.5") || text_equal(code, "Z515"));

        if (icd || (text_equal(system, SYSTEM_OWN_CARE) && text_equal(code, "palliative")) ||
            (text_equal(system, SYSTEM_SNOMED) && (text_equal(code, "103735009") || text_equal(code, "385763009")))) {
            return true;
        }
    }
    return false;
}

void lookup_condition(const struct scope *scope, struct lookup *out)
{
    struct condition *condition = &out->value.condition;
    const cJSON *concept = json_object(scope->root, "code");

    text_copy(condition->id, sizeof condition->id, out->head.id);
    if (!concept_label(concept, condition->label, sizeof condition->label)) {
        text_copy(condition->label, sizeof condition->label, _("Condition not named"));
    }
    label_set(condition->status, sizeof condition->status,
              concept_code(json_object(scope->root, "clinicalStatus"), NULL));
    label_set(condition->verification, sizeof condition->verification,
              concept_code(json_object(scope->root, "verificationStatus"), NULL));
    condition->since = element_time(scope->root, "onsetDateTime");
    if (condition->since == INSTANT_NONE) {
        condition->since = element_time(json_object(scope->root, "onsetPeriod"), "start");
    }
    bool holds = condition->status[0] == '\0' || text_equal(condition->status, "active") ||
                 text_equal(condition->status, "recurrence") || text_equal(condition->status, "relapse");
    bool believed = !text_equal(condition->verification, "refuted") &&
                    !text_equal(condition->verification, "entered-in-error") &&
                    !text_equal(condition->verification, "unconfirmed") &&
                    !text_equal(condition->verification, "provisional") &&
                    !text_equal(condition->verification, "differential");

    out->palliative = holds && believed && concept_is_palliative(concept);
}

/* --- alerts ---------------------------------------------------------------------------------------- */

#define FLAG_PRIORITY_URL "http://hl7.org/fhir/StructureDefinition/flag-priority"

static enum alert_level flag_level(const cJSON *flag, const char *category)
{
    const cJSON *extension = NULL;

    cJSON_ArrayForEach(extension, json_array(flag, "extension")) {
        const char *code = concept_code(json_object(extension, "valueCodeableConcept"), NULL);

        if (text_equal(json_text(extension, "url"), FLAG_PRIORITY_URL) && code != NULL) {
            return text_equal(code, "PH") ? ALERT_RED : text_equal(code, "PM") ? ALERT_AMBER : ALERT_INFO;
        }
    }
    return text_equal(category, "safety") || text_equal(category, "clinical") || text_equal(category, "drug")
               ? ALERT_AMBER
               : ALERT_INFO;
}

static const char *flag_category(const cJSON *flag)
{
    const cJSON *category = NULL;
    const char *first = NULL;

    cJSON_ArrayForEach(category, json_array(flag, "category")) {
        const char *code = concept_code(category, SYSTEM_FLAG_CATEGORY);

        if (code != NULL) {
            return code;
        }
        first = first != NULL ? first : concept_code(category, NULL);
    }
    return first;
}

void lookup_flag(const struct scope *scope, struct lookup *out)
{
    struct alert *alert = &out->value.alert;
    const cJSON *code = json_object(scope->root, "code");

    text_copy(alert->id, sizeof alert->id, out->head.id);
    text_copy(alert->type, sizeof alert->type, "Flag");
    label_set(alert->category, sizeof alert->category, flag_category(scope->root));
    if (!concept_label(code, alert->label, sizeof alert->label)) {
        text_copy(alert->label, sizeof alert->label, _("Flag not named"));
    }
    alert->level = flag_level(scope->root, alert->category);
    alert->active = text_equal(json_text(scope->root, "status"), "active");
    alert->since = element_time(json_object(scope->root, "period"), "start");
    out->scale2 = alert->active && concept_has(code, SYSTEM_OWN_FLAG, "spo2-scale-2");
    if (alert->active && text_equal(alert->category, "advance-directive")) {
        text_copy(out->code_status, sizeof out->code_status, alert->label);
    }
}

void lookup_detected_issue(const struct scope *scope, struct lookup *out)
{
    struct alert *alert = &out->value.alert;
    const char *status = json_text(scope->root, "status");
    const char *severity = json_text(scope->root, "severity");
    const cJSON *mitigation = json_array(scope->root, "mitigation");

    text_copy(alert->id, sizeof alert->id, out->head.id);
    text_copy(alert->type, sizeof alert->type, "DetectedIssue");
    label_set(alert->category, sizeof alert->category, concept_code(json_object(scope->root, "code"), NULL));
    label_set(alert->detail, sizeof alert->detail, json_text(scope->root, "detail"));
    if (!concept_label(json_object(scope->root, "code"), alert->label, sizeof alert->label)) {
        label_set(alert->label, sizeof alert->label, alert->detail);
    }
    if (alert->label[0] == '\0') {
        text_copy(alert->label, sizeof alert->label, _("Issue not named"));
    }
    alert->level = text_equal(severity, "high") ? ALERT_RED : text_equal(severity, "low") ? ALERT_INFO : ALERT_AMBER;
    /* What somebody already dealt with does not alarm again. */
    alert->active = !text_equal(status, "cancelled") && !text_equal(status, "entered-in-error") &&
                    !text_equal(status, "mitigated") &&
                    (mitigation == NULL || mitigation->child == NULL);
    alert->since = element_time(scope->root, "identifiedDateTime");
    if (alert->since == INSTANT_NONE) {
        alert->since = element_time(json_object(scope->root, "identifiedPeriod"), "start");
    }
}

/* --- goals ----------------------------------------------------------------------------------------- */

void lookup_goal(const struct scope *scope, struct lookup *out)
{
    struct goal *goal = &out->value.goal;

    text_copy(goal->id, sizeof goal->id, out->head.id);
    concept_label(json_object(scope->root, "description"), goal->label, sizeof goal->label);
    label_set(goal->status, sizeof goal->status, json_text(scope->root, "lifecycleStatus"));
}
