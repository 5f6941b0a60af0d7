/*
 * Building one resource of a visit. Used by visit_make.c and the make_*.c beside it.
 *
 * Nothing here checks memory step by step: a failed step spoils its tree, and make_finish() finds out.
 */
#ifndef DOORSTEP_FHIR_MAKE_H
#define DOORSTEP_FHIR_MAKE_H

#include "base/json.h"
#include "fhir/codes.h"
#include "fhir/visit_bundle.h"

#define NEWS2_SCALE_2 "SpO2 scale 2" /* the method of a NEWS2 that was computed so */

#define TAKING_DIFFERENTLY_CODE "differently"  /* of SYSTEM_OWN_TAKING */

struct maker {
    const struct visit *visit;
    const struct signer *signer;
    struct made_visit *out;
    char uuid[UUID_SIZE]; /* of the resource being made */
    char base[UUID_SIZE]; /* random; what all but the Encounter begin with */
    unsigned made;        /* how many were made from it */
};

/* A new tree with its type, id and identifier (a tag for Provenance). With uuid NULL one is made. */
cJSON *make_start(struct maker *maker, const char *type, const char *uuid);
/* Prints the tree, appends it to maker->out, and frees it (also on failure). */
enum status make_finish(struct maker *maker, cJSON *tree, struct error *error) MUST_CHECK;
/* The same for a resource that is made alone: maker->out is empty before and afterwards. */
enum status make_only(struct maker *maker, cJSON *tree, struct made_resource *out, struct error *error) MUST_CHECK;

/* {"reference": "Type/id"} under `name`; NULL name: into an array. */
cJSON *make_reference(cJSON *parent, const char *name, const char *type, const char *id);
/* A CodeableConcept under `name` (NULL: into an array) with one coding (system NULL: none) and a text (NULL: none). */
cJSON *make_concept(cJSON *parent, const char *name, const char *system, const char *code, const char *text);
void make_coding(cJSON *codings, const char *system, const char *code);
/* A dateTime with the local offset; nothing for INSTANT_NONE. */
void make_time(cJSON *parent, const char *name, instant at);
void make_period(cJSON *parent, const char *name, instant start, instant end);
/* subject (under `subject`), and the visit's Encounter under `encounter` (NULL: none). */
void make_subject(struct maker *maker, cJSON *tree, const char *subject, const char *encounter);
/* The nurse, under `name` (NULL: into an array). */
cJSON *make_nurse(struct maker *maker, cJSON *parent, const char *name);
/* A text/plain Attachment under `name`. */
void make_attachment(struct maker *maker, cJSON *parent, const char *name, const char *text, const char *title);

/* Code and value of an Observation, or code and components for a blood pressure; `readings` are those of one field, and
 * at least one. */
void make_measured(struct maker *maker, cJSON *tree, const struct reading *readings, size_t count);
/* What a statement says of how the medicine is taken; of an administration, what was given. */
void make_taking(cJSON *tree, const struct visit_medicine *medicine);
void make_given(cJSON *tree, const struct visit_medicine *medicine);
/* What became of a task, in place of what it said before. */
void make_answer(cJSON *tree, const struct visit_task *answer, const struct signer *signer);
/* The nurse as an agent of a Provenance, in this role; and her signature of this type (a code of ASTM E1762), now. */
void make_agent(struct maker *maker, cJSON *agents, const char *role);
void make_signature(struct maker *maker, cJSON *tree, const char *type);

#define PERSON_WORD_SIZE 96 /* of what stands beside the name of who decided */
/* Who decided on a consent, and how, at that time; its categories are there already. */
void make_consent_given(cJSON *tree, const struct visit_consent *consent, const char *patient, instant at);
/* For corrections: reads what was made as what it has to be; and prints the tree, known by `id`, into *out. */
enum status correct_begin(const char *body, const char *type, cJSON **tree, struct error *error) MUST_CHECK;
enum status correct_finish(cJSON *tree, const char *id, struct made_resource *out, struct error *error) MUST_CHECK;

enum status make_observations(struct maker *maker, struct error *error) MUST_CHECK;
enum status make_note(struct maker *maker, struct error *error) MUST_CHECK;
enum status make_consent(struct maker *maker, const struct visit_consent *consent, struct error *error) MUST_CHECK;
enum status make_medicine(struct maker *maker, const struct visit_medicine *medicine, struct error *error) MUST_CHECK;

#endif
