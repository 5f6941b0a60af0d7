/*
 * Reading R4's data types into plain text, codes and instants. Used by the look-ups and by what is made here.
 *
 * Invariant: every text that leaves here is safe to show on one line, has no blanks at its ends, and ends in "..."
 * when it had to be cut.
 */
#ifndef DOORSTEP_FHIR_ELEMENT_H
#define DOORSTEP_FHIR_ELEMENT_H

#include "base/instant.h"
#include "base/json.h"
#include "care/chart.h"
#include "fhir/resource.h"

#include <stdbool.h>

/* --- text ---------------------------------------------------------------------------------------- */
void label_set(char *out, size_t size, const char *text);
/* Adds `text` after `separator` (left out when out is empty). NULL or blank text adds nothing. */
void label_append(char *out, size_t size, const char *separator, const char *text);

/* --- codes --------------------------------------------------------------------------------------- */
/* A CodeableConcept in words: its text, else a display, else a code. False, and "", when it has none of these. */
bool concept_label(const cJSON *concept, char *out, size_t size);
/* The first code of `system` (NULL: of any). Borrowed; NULL when none. */
const char *concept_code(const cJSON *concept, const char *system);
bool concept_has(const cJSON *concept, const char *system, const char *code);
size_t concept_codes(const cJSON *concept, struct code *out, size_t limit);
/* The first of an array of CodeableConcepts that has words; bare codes are passed over. */
bool concepts_label(const cJSON *concepts, char *out, size_t size);

/* --- time ---------------------------------------------------------------------------------------- */
/* INSTANT_NONE when absent. */
instant element_time(const cJSON *object, const char *name);
instant element_time_precise(const cJSON *object, const char *name, enum instant_precision *precision);

/* --- references ---------------------------------------------------------------------------------- */
/* What a look-up needs besides the element at hand. */
struct scope {
    const cJSON *root;               /* the resource, for its contained ones */
    const struct reference_map *map; /* may be NULL */
};
/* The id, when the reference names a resource of this type. False, and "", otherwise. */
bool reference_to(const struct scope *scope, const cJSON *reference, const char *type, char id[ID_SIZE]);
/* The type a reference names: by its path, its map, its contained resource or its `type`; "" when unknown. */
void reference_type(const struct scope *scope, const cJSON *reference, char type[RESOURCE_TYPE_SIZE]);
/* The contained resource it names, or NULL. Borrowed. */
const cJSON *reference_contained(const struct scope *scope, const cJSON *reference);
/* In words: its display, else the name of the contained resource, else "Type/id", which the store may exchange for
 * the name of that person, place or medicine. False, and "", when there is nothing. */
bool reference_label(const struct scope *scope, const cJSON *reference, char *out, size_t size);

/* --- names --------------------------------------------------------------------------------------- */
/* A HumanName as the person writes it: its text, else family and given in the order of its script. */
void name_label(const cJSON *name, char *out, size_t size);
/* The one of a person's names to show: official, then usual, never an old one. NULL when none has content. */
const cJSON *name_choose(const cJSON *names);
/* How the chosen name is read (kana, else Latin); "" when the record does not say. */
void name_reading(const cJSON *names, const cJSON *chosen, char *out, size_t size);
/* The name of a Practitioner, RelatedPerson, Patient, Organization, Device, Location or Medication; "" when none. */
void resource_label(const cJSON *resource, char *out, size_t size);

#endif
