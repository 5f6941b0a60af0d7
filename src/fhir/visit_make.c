/*
 * visit_make(): the resources of a signed visit, in the order a server must get them. Called by store/record when a
 * visit is signed; sync/ sends what is made here.
 */
#include "fhir/visit_bundle.h"

#include "base/memory.h"
#include "base/text.h"
#include "fhir/make.h"

#include <string.h>

void made_visit_free(struct made_visit *made)
{
    for (size_t i = 0; i < made->count; i++) {
        memory_free(made->items[i].body);
    }
    memory_free(made->items);
    memset(made, 0, sizeof *made);
}

static enum status make_encounter(struct maker *maker, struct error *error)
{
    const struct visit *visit = maker->visit;
    cJSON *tree = make_start(maker, "Encounter", visit->id);
    cJSON *class = NULL;
    cJSON *participant = NULL;

    json_add_text(tree, "status", "finished");
    class = json_add_object(tree, "class");
    json_add_text(class, "system", SYSTEM_ACT_CODE);
    json_add_text(class, "code", "HH");
    make_subject(maker, tree, "subject", NULL);
    participant = json_add_object(json_add_array(tree, "participant"), NULL);
    make_concept(json_add_array(participant, "type"), NULL,
                 "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "PPRF", NULL);
    make_nurse(maker, participant, "individual");
    if (visit->appointment[0] != '\0') {
        make_reference(json_add_array(tree, "appointment"), NULL, "Appointment", visit->appointment);
    }
    make_period(tree, "period", visit->start, visit->end);
    return make_finish(maker, tree, error);
}

void make_agent(struct maker *maker, cJSON *agents, const char *role)
{
    cJSON *agent = json_add_object(agents, NULL);

    make_concept(agent, "type", "http://terminology.hl7.org/CodeSystem/provenance-participant-type", role, NULL);
    make_nurse(maker, agent, "who");
}

void make_signature(struct maker *maker, cJSON *tree, const char *type)
{
    cJSON *signature = json_add_object(json_add_array(tree, "signature"), NULL);

    make_coding(json_add_array(signature, "type"), "urn:iso-astm:E1762-95:2013", type);
    make_time(signature, "when", maker->signer->now);
    make_nurse(maker, signature, "who");
}

/* Who signed what, when: reference 4.6 and 4.7. */
static enum status make_provenance(struct maker *maker, struct error *error)
{
    size_t count = maker->out->count;
    cJSON *tree = make_start(maker, "Provenance", NULL);
    cJSON *targets = json_add_array(tree, "target");
    cJSON *agents = NULL;

    for (size_t i = 0; i < count; i++) {
        make_reference(targets, NULL, maker->out->items[i].type, maker->out->items[i].uuid);
    }
    make_time(tree, "recorded", maker->signer->now);
    make_concept(tree, "activity", "http://terminology.hl7.org/CodeSystem/v3-DocumentCompletion", "LA", NULL);
    agents = json_add_array(tree, "agent");
    make_agent(maker, agents, "author");
    make_agent(maker, agents, "legal");
    make_signature(maker, tree, "1.2.840.10065.1.12.1.1");
    return make_finish(maker, tree, error);
}

enum status visit_make(const struct visit *visit, const struct signer *signer, struct made_visit *out,
                       struct error *error)
{
    struct maker maker = {.visit = visit, .signer = signer, .out = out};
    enum status status = STATUS_OK;

    memset(out, 0, sizeof *out);
    status = make_encounter(&maker, error);
    if (status == STATUS_OK) {
        status = make_observations(&maker, error);
    }
    if (status == STATUS_OK && visit->has_note) {
        status = make_note(&maker, error);
    }
    for (size_t i = 0; i < visit->consent_count && status == STATUS_OK; i++) {
        status = make_consent(&maker, &visit->consents[i], error);
    }
    for (size_t i = 0; i < visit->medicine_count && status == STATUS_OK; i++) {
        status = make_medicine(&maker, &visit->medicines[i], error);
    }
    if (status == STATUS_OK) {
        status = make_provenance(&maker, error);
    }
    if (status != STATUS_OK) {
        made_visit_free(out);
    }
    return status;
}

/* --- single resources ------------------------------------------------------------------------------ */

/* Puts a text in place of the member `name`, or adds it. */
static bool set_text(cJSON *object, const char *name, const char *text)
{
    cJSON_DeleteItemFromObjectCaseSensitive(object, name);
    return json_add_text(object, name, text) != NULL;
}

void make_answer(cJSON *tree, const struct visit_task *answer, const struct signer *signer)
{
    char now[40];

    instant_format_fhir(now, sizeof now, signer->now);
    set_text(tree, "status", answer->status);
    /* A reason belongs to the status it was given for. */
    cJSON_DeleteItemFromObjectCaseSensitive(tree, "statusReason");
    if (!text_is_blank(answer->reason)) {
        make_concept(tree, "statusReason", NULL, NULL, answer->reason);
    }
    set_text(tree, "lastModified", now);
}

enum status task_update(const char *task_body, const struct visit_task *change, const struct signer *signer,
                        struct made_visit *out, struct error *error)
{
    cJSON *tree = NULL;
    struct resource_head head;
    struct made_resource *items = NULL;
    struct made_resource made;
    enum status status = json_parse(task_body, strlen(task_body), &tree, error);

    memset(&made, 0, sizeof made);
    if (status == STATUS_OK) {
        status = resource_head_read(tree, &head, error);
    }
    if (status == STATUS_OK && !text_equal(head.type, "Task")) {
        status = error_set(error, STATUS_INVALID, _("Only the status of a task can be changed here."));
    }
    if (status != STATUS_OK) {
        goto out;
    }
    make_answer(tree, change, signer);
    text_copy(made.type, sizeof made.type, "Task");
    resource_own_uuid(tree, made.uuid);
    text_copy(made.base_version, sizeof made.base_version, head.version);
    made.body = json_print(tree);
    items = memory_grow(out->items, out->count, &out->capacity, sizeof *items);
    out->items = items != NULL ? items : out->items;
    if (items == NULL || made.body == NULL) {
        memory_free(made.body);
        status = error_no_memory(error);
        goto out;
    }
    items[out->count++] = made;
out:
    cJSON_Delete(tree);
    return status;
}

enum status practitioner_make(const char *name, const struct randomness *randomness, struct made_resource *out,
                              struct error *error)
{
    struct made_visit made = {0};
    struct signer signer = {.randomness = randomness};
    struct maker maker = {.signer = &signer, .out = &made};
    cJSON *tree = make_start(&maker, "Practitioner", NULL);

    json_add_boolean(tree, "active", true);
    json_add_text(json_add_object(json_add_array(tree, "name"), NULL), "text", name);
    return make_only(&maker, tree, out, error);
}
