/* See index.h. */
#include "index.h"

#include "base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char *const resource_types[] = {
    "Account", "ActivityDefinition", "AdverseEvent", "AllergyIntolerance", "Appointment", "AppointmentResponse",
    "AuditEvent", "Basic", "Binary", "BodyStructure", "Bundle", "CapabilityStatement", "CarePlan", "CareTeam", "Claim",
    "ClaimResponse", "ClinicalImpression", "CodeSystem", "Communication", "CommunicationRequest", "Composition",
    "ConceptMap", "Condition", "Consent", "Contract", "Coverage", "DetectedIssue", "Device", "DeviceMetric",
    "DeviceRequest", "DeviceUseStatement", "DiagnosticReport", "DocumentManifest", "DocumentReference", "Encounter",
    "Endpoint", "EpisodeOfCare", "ExplanationOfBenefit", "FamilyMemberHistory", "Flag", "Goal", "Group",
    "GuidanceResponse", "HealthcareService", "ImagingStudy", "Immunization", "ImmunizationRecommendation",
    "Invoice", "Library", "Linkage", "List", "Location", "Measure", "MeasureReport", "Media", "Medication",
    "MedicationAdministration", "MedicationDispense", "MedicationKnowledge", "MedicationRequest",
    "MedicationStatement", "MessageHeader", "NamingSystem", "NutritionOrder", "Observation", "OperationDefinition",
    "OperationOutcome", "Organization", "OrganizationAffiliation", "Patient", "Person", "PlanDefinition",
    "Practitioner", "PractitionerRole", "Procedure", "Provenance", "Questionnaire", "QuestionnaireResponse",
    "RelatedPerson", "RequestGroup", "ResearchStudy", "ResearchSubject", "RiskAssessment", "Schedule",
    "SearchParameter", "ServiceRequest", "Slot", "Specimen", "StructureDefinition", "StructureMap", "Subscription",
    "Substance", "SupplyDelivery", "SupplyRequest", "Task", "TestReport", "TestScript", "ValueSet",
    "VisionPrescription",
};

#define OF_SUBJECT "CarePlan CareTeam ClinicalImpression Communication Composition Condition DiagnosticReport " \
    "DocumentReference Encounter Flag Goal ImagingStudy List MedicationAdministration MedicationRequest " \
    "MedicationStatement Observation Procedure QuestionnaireResponse RiskAssessment ServiceRequest"
#define OF_ENCOUNTER "CarePlan ClinicalImpression Communication Composition Condition DiagnosticReport Flag " \
    "MedicationRequest Observation Procedure QuestionnaireResponse ServiceRequest"
#define OF_CODE "AllergyIntolerance Condition DetectedIssue DiagnosticReport Flag Medication " \
    "MedicationAdministration MedicationRequest MedicationStatement Observation Procedure ServiceRequest Task"
#define OF_STATUS "Appointment CarePlan CareTeam Communication Composition Consent DetectedIssue DiagnosticReport " \
    "DocumentReference Encounter EpisodeOfCare Flag Immunization List Location MedicationAdministration " \
    "MedicationRequest MedicationStatement Observation Procedure QuestionnaireResponse ServiceRequest Task"

static const struct parameter parameters[] = {
    {"identifier", PARAMETER_TOKEN, NULL, "*", "identifier masterIdentifier"},
    {"_tag", PARAMETER_TOKEN, NULL, "*", "meta.tag"},
    {"patient", PARAMETER_REFERENCE, "Patient", OF_SUBJECT, "subject"},
    {"patient", PARAMETER_REFERENCE, "Patient", "AllergyIntolerance Claim Consent Device EpisodeOfCare "
        "ExplanationOfBenefit FamilyMemberHistory Immunization RelatedPerson", "patient"},
    {"patient", PARAMETER_REFERENCE, "Patient", "DetectedIssue", "patient"},
    {"patient", PARAMETER_REFERENCE, "Patient", "Coverage", "beneficiary"},
    {"patient", PARAMETER_REFERENCE, "Patient", "Appointment", "participant.actor"},
    {"patient", PARAMETER_REFERENCE, "Patient", "Provenance", "target"},
    {"patient", PARAMETER_REFERENCE, "Patient", "Task", "for"},
    {"patient", PARAMETER_REFERENCE, "Patient", "AuditEvent", "agent.who entity.what"},
    {"subject", PARAMETER_REFERENCE, NULL, OF_SUBJECT, "subject"},
    {"subject", PARAMETER_REFERENCE, NULL, "Task", "for"},
    {"actor", PARAMETER_REFERENCE, NULL, "Appointment", "participant.actor"},
    {"practitioner", PARAMETER_REFERENCE, "Practitioner", "Appointment", "participant.actor"},
    {"practitioner", PARAMETER_REFERENCE, "Practitioner", "Encounter", "participant.individual"},
    {"practitioner", PARAMETER_REFERENCE, NULL, "PractitionerRole", "practitioner"},
    {"general-practitioner", PARAMETER_REFERENCE, NULL, "Patient", "generalPractitioner"},
    {"organization", PARAMETER_REFERENCE, NULL, "Patient", "managingOrganization"},
    {"encounter", PARAMETER_REFERENCE, NULL, OF_ENCOUNTER, "encounter"},
    {"encounter", PARAMETER_REFERENCE, NULL, "DocumentReference", "context.encounter"},
    {"appointment", PARAMETER_REFERENCE, NULL, "Encounter", "appointment"},
    {"target", PARAMETER_REFERENCE, NULL, "Provenance", "target"},
    {"owner", PARAMETER_REFERENCE, NULL, "Task", "owner"},
    {"member", PARAMETER_REFERENCE, NULL, "Group", "member.entity"},
    {"item", PARAMETER_REFERENCE, NULL, "List", "entry.item"},
    {"status", PARAMETER_TOKEN, NULL, OF_STATUS, "status"},
    {"lifecycle-status", PARAMETER_TOKEN, NULL, "Goal", "lifecycleStatus"},
    {"clinical-status", PARAMETER_TOKEN, NULL, "AllergyIntolerance Condition", "clinicalStatus"},
    {"active", PARAMETER_TOKEN, NULL, "Patient Practitioner PractitionerRole Organization", "active"},
    {"code", PARAMETER_TOKEN, NULL, OF_CODE, "code medicationCodeableConcept"},
    {"category", PARAMETER_TOKEN, NULL, "CarePlan Condition Consent DiagnosticReport DocumentReference Observation",
     "category"},
    {"type", PARAMETER_TOKEN, NULL, "Composition DocumentReference Encounter Organization", "type"},
    {"date", PARAMETER_DATE, NULL, "Appointment", "start"},
    {"date", PARAMETER_DATE, NULL, "DiagnosticReport Observation",
     "effectiveDateTime effectivePeriod effectiveInstant"},
    {"date", PARAMETER_DATE, NULL, "CarePlan CareTeam Encounter EpisodeOfCare Flag", "period"},
    {"date", PARAMETER_DATE, NULL, "Composition DocumentReference ClinicalImpression List", "date"},
    {"date", PARAMETER_DATE, NULL, "Consent", "dateTime"},
    {"date", PARAMETER_DATE, NULL, "Procedure", "performedDateTime performedPeriod"},
    {"date", PARAMETER_DATE, NULL, "AllergyIntolerance", "recordedDate"},
    {"date", PARAMETER_DATE, NULL, "AuditEvent", "recorded"},
    {"date", PARAMETER_DATE, NULL, "Immunization", "occurrenceDateTime"},
};

/* What one resource gives while it is walked. */
struct collection {
    struct store *store;
    struct term **terms;
    size_t count;
    size_t capacity;
    const char *type;
    const struct parameter *parameter;
    struct span *date;
};

const char *type_at(size_t i)
{
    return i < sizeof resource_types / sizeof resource_types[0] ? resource_types[i] : NULL;
}

bool type_is_known(const char *type)
{
    for (size_t i = 0; type_at(i) != NULL; i++) {
        if (strcmp(type_at(i), type) == 0) {
            return true;
        }
    }
    return false;
}

static bool list_has(const char *list, const char *word)
{
    size_t length = strlen(word);

    if (strcmp(list, "*") == 0) {
        return true;
    }
    for (const char *at = strstr(list, word); at != NULL; at = strstr(at + 1, word)) {
        if ((at == list || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0')) {
            return true;
        }
    }
    return false;
}

const struct parameter *parameter_at(const char *type, size_t i)
{
    for (size_t row = 0; row < sizeof parameters / sizeof parameters[0]; row++) {
        if (list_has(parameters[row].types, type) && i-- == 0) {
            return &parameters[row];
        }
    }
    return NULL;
}

const struct parameter *parameter_find(const char *type, const char *name)
{
    const struct parameter *found = NULL;

    for (size_t i = 0; (found = parameter_at(type, i)) != NULL && strcmp(found->name, name) != 0; i++) {
    }
    return found;
}

static void add_term(struct collection *into, const char *key)
{
    struct term *term = store_need_term(into->store, key);

    for (size_t i = 0; i < into->count; i++) {
        if (into->terms[i] == term) {
            return;
        }
    }
    into->terms = need_room(into->terms, into->count, &into->capacity, sizeof(struct term *));
    into->terms[into->count++] = term;
}

static void add_value(struct collection *into, const char *before, const char *separator, const char *after)
{
    struct buffer key;

    buffer_init(&key, BODY_LIMIT);
    buffer_format(&key, "%s?%s=", into->type, into->parameter->name);
    buffer_append_text(&key, before);
    buffer_append_text(&key, separator);
    buffer_append_text(&key, after);
    add_term(into, need(key.data));
    buffer_free(&key);
}

static void add_token(struct collection *into, const char *system, const char *value)
{
    add_value(into, value, "", "");
    add_value(into, system == NULL ? "" : system, "|", value);
    if (system != NULL) {
        add_value(into, system, "|", "");
    }
}

static void collect_token(struct collection *into, const cJSON *value)
{
    const cJSON *coding = json_array(value, "coding");
    const char *code = json_text(value, cJSON_HasObjectItem(value, "code") ? "code" : "value");

    if (coding != NULL) {
        for (const cJSON *each = coding->child; each != NULL; each = each->next) {
            collect_token(into, each);
        }
    } else if (cJSON_IsObject(value) && code != NULL) {
        add_token(into, json_text(value, "system"), code);
    } else if (cJSON_IsString(value)) {
        add_value(into, value->valuestring, "", "");
    } else if (cJSON_IsBool(value)) {
        add_value(into, cJSON_IsTrue(value) ? "true" : "false", "", "");
    }
}

static void collect_reference(struct collection *into, const cJSON *value)
{
    const char *reference = json_text(value, "reference");
    const char *wanted = into->parameter->target;
    char target[TARGET_SIZE];
    const char *slash = NULL;

    if (reference == NULL || !reference_target(reference, NULL, target)) {
        return;
    }
    slash = strchr(target, '/');
    if (wanted == NULL || (strncmp(target, wanted, strlen(wanted)) == 0 && target[strlen(wanted)] == '/')) {
        add_value(into, target, "", "");
        add_value(into, slash + 1, "", "");
    }
}

static void collect_date(struct collection *into, const cJSON *value)
{
    struct span start = {INSTANT_NONE + 1, INSTANT_NONE + 1}; /* an open end is far away */
    struct span end = {INT64_MAX, INT64_MAX};
    const char *from = json_text(value, "start");
    const char *to = json_text(value, "end");

    if (cJSON_IsString(value) && index_span(value->valuestring, &start)) {
        *into->date = start;
    } else if (cJSON_IsObject(value) && (from == NULL || index_span(from, &start)) &&
               (to == NULL || index_span(to, &end))) {
        *into->date = (struct span){start.from, end.to};
    }
}

static void collect_value(struct collection *into, const cJSON *value)
{
    switch (into->parameter->kind) {
    case PARAMETER_TOKEN:
        collect_token(into, value);
        break;
    case PARAMETER_REFERENCE:
        collect_reference(into, value);
        break;
    case PARAMETER_DATE:
        collect_date(into, value);
        break;
    }
}

/* Follows "a.b" (ending at a blank) through objects and arrays. */
static void collect_path(struct collection *into, const cJSON *node, const char *path)
{
    size_t length = strcspn(path, ". ");

    if (cJSON_IsArray(node)) {
        for (const cJSON *each = node->child; each != NULL; each = each->next) {
            collect_path(into, each, path);
        }
        return;
    }
    if (length == 0) {
        collect_value(into, node);
        return;
    }
    for (const cJSON *member = cJSON_IsObject(node) ? node->child : NULL; member != NULL; member = member->next) {
        if (strlen(member->string) == length && strncmp(member->string, path, length) == 0) {
            collect_path(into, member, path + length + (path[length] == '.' ? 1 : 0));
        }
    }
}

static bool collect_link(cJSON *reference, const char *element, void *context)
{
    char target[TARGET_SIZE];
    char key[TARGET_SIZE + 1];

    (void)element;
    if (reference_target(reference->valuestring, NULL, target)) {
        snprintf(key, sizeof key, ">%s", target);
        add_term(context, key);
    }
    return true;
}

struct term **index_terms(struct store *store, cJSON *tree, size_t *count, struct span *date)
{
    struct collection into = {.store = store, .type = json_text(tree, "resourceType"), .date = date};

    *date = (struct span){INSTANT_NONE, INSTANT_NONE};
    add_term(&into, into.type);
    for (size_t i = 0; i < sizeof parameters / sizeof parameters[0]; i++) {
        into.parameter = &parameters[i];
        if (!list_has(into.parameter->types, into.type)) {
            continue;
        }
        for (const char *path = into.parameter->paths; path != NULL; path = strchr(path, ' ')) {
            collect_path(&into, tree, *path == ' ' ? ++path : path);
        }
    }
    each_reference(tree, collect_link, &into);
    *count = into.count;
    return into.terms;
}

bool index_span(const char *text, struct span *out)
{
    enum instant_precision precision = PRECISION_NONE;
    struct civil civil;

    if (!instant_parse(text, &out->from, &precision)) {
        return false;
    }
    civil = instant_civil(out->from);
    civil.year += precision == PRECISION_YEAR ? 1 : 0;
    civil.month += precision == PRECISION_MONTH ? 1 : 0;
    civil.day += precision == PRECISION_DAY ? 1 : 0;
    out->to = precision == PRECISION_TIME ? out->from + 1 : instant_from_civil(civil);
    return true;
}

static bool visit_references(cJSON *node, const char *element,
                             bool (*visit)(cJSON *reference, const char *element, void *context), void *context)
{
    for (cJSON *child = node->child; child != NULL; child = child->next) {
        bool found = child->string != NULL && strcmp(child->string, "reference") == 0 && cJSON_IsString(child);
        const char *name = child->string != NULL ? child->string : element;
        if (found ? !visit(child, element, context) : !visit_references(child, name, visit, context)) {
            return false;
        }
    }
    return true;
}

bool each_reference(cJSON *tree, bool (*visit)(cJSON *reference, const char *element, void *context), void *context)
{
    return visit_references(tree, "", visit, context);
}

bool reference_target(const char *text, const char *base, char out[TARGET_SIZE])
{
    size_t base_length = base == NULL ? 0 : strlen(base);
    char type[TYPE_SIZE];
    char id[ID_SIZE];
    size_t type_length = 0;
    size_t id_length = 0;

    if (base_length > 0 && strncmp(text, base, base_length) == 0 && text[base_length] == '/') {
        text += base_length + 1;
    }
    type_length = strcspn(text, "/");
    if (text[type_length] != '/' || type_length >= sizeof type) {
        return false;
    }
    id_length = strcspn(text + type_length + 1, "/");
    if (id_length >= sizeof id) {
        return false;
    }
    snprintf(type, sizeof type, "%.*s", (int)type_length, text);
    snprintf(id, sizeof id, "%.*s", (int)id_length, text + type_length + 1);
    text += type_length + 1 + id_length;
    if (!isupper((unsigned char)type[0]) || !type_is_known(type) || !fhir_id_is_valid(id) ||
        (*text != '\0' && strncmp(text, "/_history/", 10) != 0)) {
        return false;
    }
    snprintf(out, TARGET_SIZE, "%s/%s", type, id);
    return true;
}
