/*
 * The look-ups of single resource types. Each fills the part of `out` that lookup.c chose by the type; `out` is
 * zeroed, its head and patient are there. None of them trusts a JSON type: what is not as R4 says is left empty.
 */
#ifndef DOORSTEP_FHIR_LOOKUP_PART_H
#define DOORSTEP_FHIR_LOOKUP_PART_H

#include "fhir/element.h"
#include "fhir/lookup.h"

enum status lookup_observation(const struct scope *scope, struct lookup *out, struct error *error) MUST_CHECK;
void lookup_patient(const struct scope *scope, struct lookup *out);
void lookup_medicine(const struct scope *scope, struct lookup *out);
void lookup_allergy(const struct scope *scope, struct lookup *out);
void lookup_condition(const struct scope *scope, struct lookup *out);
void lookup_flag(const struct scope *scope, struct lookup *out);
void lookup_detected_issue(const struct scope *scope, struct lookup *out);
void lookup_goal(const struct scope *scope, struct lookup *out);
void lookup_consent(const struct scope *scope, struct lookup *out);
enum status lookup_note(const struct scope *scope, struct lookup *out, struct error *error) MUST_CHECK;
enum status lookup_task(const struct scope *scope, struct lookup *out, struct error *error) MUST_CHECK;
enum status lookup_care_plan(const struct scope *scope, struct lookup *out, struct error *error) MUST_CHECK;
void lookup_appointment(const struct scope *scope, struct lookup *out);
void lookup_encounter(const struct scope *scope, struct lookup *out);
void lookup_person(const struct scope *scope, struct lookup *out);

/* True for a code that says comfort first: palliative or hospice care. */
bool concept_is_palliative(const cJSON *concept);

#endif
