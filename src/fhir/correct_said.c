/*
 * Corrections of what a nurse said of a medicine, a task or a consent: read back from what was made, and made anew in the
 * same record. Called by store/.
 *
 * Invariant: as in correct.c. What others wrote into it since stays, their remarks too; and so does what was decided on a
 * consent, and the text it was decided on: both were before the patient.
 */
#include "fhir/visit_bundle.h"

#include "base/text.h"
#include "care/consent.h"
#include "fhir/element.h"
#include "fhir/make.h"

#include <string.h>

/* --- reading back ---------------------------------------------------------------------------------- */

/* The remark that is the nurse's: ours have a text, and no author. NULL when there is none. */
static cJSON *own_note(const cJSON *tree)
{
    cJSON *note = NULL;

    cJSON_ArrayForEach(note, json_array(tree, "note")) {
        if (json_text(note, "text") != NULL && cJSON_GetArraySize(note) == 1) {
            return note;
        }
    }
    return NULL;
}

static enum status add_text(struct visit_draft *out, enum said_kind kind, const char *key, const char *text, struct error *error)
{
    char value[LABEL_SIZE];

    label_set(value, sizeof value, text);
    return said_set(out, kind, key, value, error);
}

static enum status add_request(struct visit_draft *out, enum said_kind kind, const cJSON *tree, const cJSON *reference,
                               struct error *error)
{
    const struct scope scope = {.root = tree};
    char id[ID_SIZE];

    (void)reference_to(&scope, reference, "MedicationRequest", id);
    return said_set(out, kind, "request", id, error);
}

/* "" when it has a status that no answer of a nurse has. */
static const char *taking_of(const cJSON *tree)
{
    const char *status = json_text(tree, "status");
    const cJSON *reason = cJSON_GetArrayItem(json_array(tree, "statusReason"), 0);

    if (text_equal(status, "active")) {
        return concept_has(reason, SYSTEM_OWN_TAKING, TAKING_DIFFERENTLY_CODE) ? "differently" : "as-ordered";
    }
    return text_equal(status, "not-taken") ? "not" : text_equal(status, "unknown") ? "unknown" : "";
}

static enum status retype_taken(const cJSON *tree, struct visit_draft *out, struct error *error)
{
    const cJSON *refused = cJSON_GetArrayItem(json_array(tree, "statusReason"), 0);
    const char *taking = taking_of(tree);
    const char *reason = text_equal(taking, "not") ? json_text(refused, "text") : json_text(own_note(tree), "text");

    enum status status = add_request(out, SAID_TAKEN, tree, cJSON_GetArrayItem(json_array(tree, "basedOn"), 0), error);
    if (status == STATUS_OK) {
        status = add_text(out, SAID_TAKEN, "taking", taking, error);
    }
    return status == STATUS_OK ? add_text(out, SAID_TAKEN, "reason", reason, error) : status;
}

static enum status retype_given(const cJSON *tree, struct visit_draft *out, struct error *error)
{
    const cJSON *dosage = json_object(tree, "dosage");
    const cJSON *dose = json_object(dosage, "dose");
    char digits[48] = "";

    (void)json_number_text(json_member(dose, "value"), digits, sizeof digits);
    const char *const values[][2] = {
        {"dose", digits},
        {"unit", json_text(dose, "unit")},
        {"route", json_text(json_object(dosage, "route"), "text")},
        {"reason", json_text(own_note(tree), "text")},
    };
    enum status status = add_request(out, SAID_GIVEN, tree, json_object(tree, "request"), error);
    for (size_t i = 0; i < sizeof values / sizeof values[0] && status == STATUS_OK; i++) {
        status = add_text(out, SAID_GIVEN, values[i][0], values[i][1], error);
    }
    return status;
}

static enum status retype_outcome(const cJSON *tree, struct visit_draft *out, struct error *error)
{
    char reason[LABEL_SIZE];

    (void)concept_label(json_object(tree, "statusReason"), reason, sizeof reason);
    enum status status = add_text(out, SAID_OUTCOME, "id", json_text(tree, "id"), error);
    if (status == STATUS_OK) {
        status = add_text(out, SAID_OUTCOME, "status", json_text(tree, "status"), error);
    }
    return status == STATUS_OK ? add_text(out, SAID_OUTCOME, "reason", reason, error) : status;
}

/* The category of a consent that has a code of this system. */
static cJSON *find_category(const cJSON *tree, const char *system)
{
    cJSON *category = NULL;

    cJSON_ArrayForEach(category, json_array(tree, "category")) {
        if (concept_code(category, system) != NULL) {
            return category;
        }
    }
    return NULL;
}

/* Of "Kim Minsu (son or daughter)" the name; of a person without a name, who is called by what he is, "". */
static void read_name(const cJSON *tree, const char *by, char *out, size_t size)
{
    char display[LABEL_SIZE + PERSON_WORD_SIZE]; /* as long as it is made: cut, it would end before what is looked for */
    /* It was written in the language of the day. */
    const char *word = json_text(find_category(tree, SYSTEM_OWN_PERSON), "text");
    char *end = NULL;

    label_set(display, sizeof display, json_text(cJSON_GetArrayItem(json_array(tree, "performer"), 0), "display"));
    for (char *at = strstr(display, " ("); at != NULL; at = strstr(at + 1, " (")) {
        end = at;
    }
    if (text_equal(by, "patient")) {
        end = text_equal(display, word != NULL ? word : consent_person_word(by)) ? display : display + strlen(display);
    }
    *(end != NULL ? end : display) = '\0';
    label_set(out, size, display);
}

/* NULL when it does not say so in a code: then it is to be chosen anew. */
static const char *person_of(const cJSON *tree)
{
    const struct scope scope = {.root = tree};
    const char *person = concept_code(find_category(tree, SYSTEM_OWN_PERSON), SYSTEM_OWN_PERSON);
    char id[ID_SIZE];

    return person == NULL && reference_to(&scope, cJSON_GetArrayItem(json_array(tree, "performer"), 0), "Patient", id) ? "patient"
                                                                                                                  : person;
}

static const char *decision_of(const cJSON *tree)
{
    if (text_equal(json_text(tree, "status"), "inactive")) {
        return "withdraw";
    }
    return concept_has(json_object(tree, "policyRule"), SYSTEM_ACT_CODE, "OPTIN") ? "permit" : "deny";
}

static enum status retype_consent(const cJSON *tree, struct visit_draft *out, struct error *error)
{
    const char *by = person_of(tree);
    char name[LABEL_SIZE];
    enum status status = STATUS_OK;

    read_name(tree, by, name, sizeof name);
    const char *const values[][2] = {
        {"purpose", concept_code(find_category(tree, SYSTEM_OWN_CONSENT), SYSTEM_OWN_CONSENT)},
        {"decision", decision_of(tree)},
        {"by", by},
        {"method", concept_code(find_category(tree, SYSTEM_OWN_METHOD), SYSTEM_OWN_METHOD)},
        {"name", name},
    };
    for (size_t i = 0; i < sizeof values / sizeof values[0] && status == STATUS_OK; i++) {
        status = add_text(out, SAID_CONSENT, values[i][0], values[i][1], error);
    }
    return status;
}

/* --- making anew ----------------------------------------------------------------------------------- */

static void drop(cJSON *tree, const char *name)
{
    cJSON_DeleteItemFromObjectCaseSensitive(tree, name);
}

static void drop_own_note(cJSON *tree)
{
    cJSON *notes = cJSON_GetObjectItemCaseSensitive(tree, "note");
    cJSON *note = own_note(tree);

    if (note != NULL) {
        cJSON_Delete(cJSON_DetachItemViaPointer(notes, note));
    }
    if (notes != NULL && notes->child == NULL) { /* FHIR knows no empty lists */
        drop(tree, "note");
    }
}

static void correct_taken(struct maker *maker, cJSON *tree)
{
    bool not_taken = text_equal(json_text(tree, "status"), "not-taken"); /* whose reason is no remark */

    drop(tree, "status");
    drop(tree, "statusReason");
    if (!not_taken) {
        drop_own_note(tree);
    }
    make_taking(tree, &maker->visit->medicines[0]);
}

static void correct_given(struct maker *maker, cJSON *tree)
{
    drop(tree, "dosage");
    drop_own_note(tree);
    make_given(tree, &maker->visit->medicines[0]);
}

/* All else of it is somebody else's, and what it was a change of stays known to the outbox. */
static void correct_outcome(struct maker *maker, cJSON *tree)
{
    make_answer(tree, &maker->visit->tasks[0], maker->signer);
}

static void correct_consent(struct maker *maker, cJSON *tree)
{
    static const char *const systems[] = {SYSTEM_OWN_METHOD, SYSTEM_OWN_PERSON};
    const struct scope scope = {.root = tree};
    char patient[ID_SIZE];

    (void)reference_to(&scope, json_object(tree, "patient"), "Patient", patient);
    for (size_t i = 0; i < sizeof systems / sizeof systems[0]; i++) {
        cJSON *category = find_category(tree, systems[i]);

        if (category != NULL) {
            cJSON_Delete(cJSON_DetachItemViaPointer(cJSON_GetObjectItemCaseSensitive(tree, "category"), category));
        }
    }
    drop(tree, "performer");
    drop(tree, "verification");
    make_consent_given(tree, &maker->visit->consents[0], patient, element_time(tree, "dateTime"));
}

/* --- of each kind ---------------------------------------------------------------------------------- */

static const struct {
    const char *type;
    enum status (*retype)(const cJSON *tree, struct visit_draft *out, struct error *error);
    void (*correct)(struct maker *maker, cJSON *tree);
} kinds[SAID_COUNT] = {
    [SAID_TAKEN] = {"MedicationStatement", retype_taken, correct_taken},
    [SAID_GIVEN] = {"MedicationAdministration", retype_given, correct_given},
    [SAID_OUTCOME] = {"Task", retype_outcome, correct_outcome},
    [SAID_CONSENT] = {"Consent", retype_consent, correct_consent},
};

enum status said_retype(const cJSON *resource, enum said_kind *kind, struct visit_draft *out, bool *found,
                        struct error *error)
{
    *found = false;
    for (int i = 0; i < SAID_COUNT; i++) {
        if (text_equal(json_text(resource, "resourceType"), kinds[i].type)) {
            *kind = (enum said_kind)i;
            *found = true;
            return kinds[i].retype(resource, out, error);
        }
    }
    return STATUS_OK;
}

enum status said_correct(const char *body, const char *id, enum said_kind kind, const struct visit *said,
                         const struct signer *signer, struct made_resource *out, struct error *error)
{
    struct maker maker = {.visit = said, .signer = signer};
    cJSON *tree = NULL;
    enum status status = correct_begin(body, kinds[kind].type, &tree, error);

    memset(out, 0, sizeof *out);
    if (status == STATUS_OK) {
        kinds[kind].correct(&maker, tree);
        status = correct_finish(tree, id, out, error);
    }
    cJSON_Delete(tree);
    return status;
}
