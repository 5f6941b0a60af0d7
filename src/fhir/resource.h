/*
 * What is common to all FHIR R4 resources: head, references, checks.
 * Only fhir/ knows JSON shapes of health data.
 */
#ifndef DOORSTEP_FHIR_RESOURCE_H
#define DOORSTEP_FHIR_RESOURCE_H

#include "base/error.h"
#include "base/identifier.h"
#include "base/instant.h"
#include "base/json.h"

#include <stdbool.h>

#define REFERENCE_SIZE (RESOURCE_TYPE_SIZE + ID_SIZE)

struct resource_head {
    char type[RESOURCE_TYPE_SIZE];
    char id[ID_SIZE];           /* "" when the resource has none */
    char version[ID_SIZE];      /* meta.versionId, "" when none */
    char last_updated[40];      /* meta.lastUpdated as it came */
    instant updated;            /* INSTANT_NONE when none */
};

/* Reads and checks the head: resourceType is one of R4's, id and version are
 * well formed. INVALID with a sentence a person understands otherwise. */
enum status resource_head_read(const cJSON *resource, struct resource_head *out, struct error *error) MUST_CHECK;

/* Checks what must hold before a resource may be stored: the head, and that
 * the members doorstep reads have their R4 JSON types and required elements
 * (Observation status and code, Patient gender code, dates that are dates...).
 * An unknown modifierExtension is no error. Lenient where R4 is. */
enum status resource_check(const cJSON *resource, struct error *error) MUST_CHECK;

bool resource_type_is_r4(const char *type);

/* The id under which a resource is to be kept: its own, else the one its entry's fullUrl names (urn:uuid, lower
 * case, or .../Type/id). False, and "", when neither gives one. `full_url` may be NULL. */
bool resource_identity(const cJSON *resource, const char *full_url, char id[ID_SIZE]);
/* The UUID a doorstep gave it: an identifier of our naming system or a urn:uuid one, for Provenance a tag. False,
 * and "", when it has none. */
bool resource_own_uuid(const cJSON *resource, char out[UUID_SIZE]);

/* Resolves what a reference names, within one source. `map` may be NULL. */
struct reference_map;
/* Owned. Maps a Bundle entry's fullUrl to "Type/id". */
struct reference_map *reference_map_new(void);
void reference_map_free(struct reference_map *map);
enum status reference_map_add(struct reference_map *map, const char *full_url, const char *type, const char *id,
                              struct error *error) MUST_CHECK;

/* "Type/id" of a Reference object: relative, absolute, versioned, urn:uuid
 * (through the map). False for contained, conditional, logical or display-only. */
bool reference_resolve(const cJSON *reference, const struct reference_map *map, char out[REFERENCE_SIZE]);
/* The same for reference text. */
bool reference_resolve_text(const char *text, const struct reference_map *map, char out[REFERENCE_SIZE]);
/* The id if `reference` is of this type ("Patient/p1" -> "p1"). Borrowed; NULL otherwise. */
const char *reference_id(const char *reference, const char *type);

/* Calls `rewrite` for every Reference.reference text below `resource`; when it
 * returns true, `out` replaces the text. For pushing: our UUIDs to server ids. */
enum status references_rewrite(cJSON *resource,
                               bool (*rewrite)(void *context, const char *reference, char *out, size_t size),
                               void *context, struct error *error) MUST_CHECK;

/* Takes every array element out whose reference is exactly `reference`, and arrays that are empty then. Whether there were any. */
bool references_remove(cJSON *resource, const char *reference);

/* When an Observation was made; INSTANT_NONE when it does not say. */
instant observation_time(const cJSON *observation);

/* True when two Patient resources may describe the same person: an identifier
 * in common, or equal name and birth date. False keeps import from merging two. */
bool patients_may_be_same(const cJSON *a, const cJSON *b);

#endif
