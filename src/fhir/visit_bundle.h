/*
 * From a visit's values to the FHIR resources that record it.
 */
#ifndef DOORSTEP_FHIR_VISIT_BUNDLE_H
#define DOORSTEP_FHIR_VISIT_BUNDLE_H

#include "base/error.h"
#include "base/identifier.h"
#include "care/said.h"
#include "fhir/resource.h"

/* A resource made here: its UUID is at once its id, its identifier and, in a Bundle, its fullUrl.
 * An update of a server's resource has no UUID ("") unless we had made it; its id is in its body. */
struct made_resource {
    char type[RESOURCE_TYPE_SIZE];
    char uuid[UUID_SIZE];
    char if_none_exist[200];       /* "identifier=SYSTEM|UUID" (Provenance: "_tag="): the search that finds it again */
    char base_version[ID_SIZE];    /* "" for a creation; If-Match version for an update (Task, Appointment) */
    char *body;                    /* owned JSON; references among them are "Type/uuid" */
};
struct made_visit {
    struct made_resource *items;   /* owned; in dependency order, Encounter first */
    size_t count, capacity;
};
void made_visit_free(struct made_visit *made);

/* Encounter, Observations, DocumentReference, Consents, MedicationStatements
 * and -Administrations, Provenance over all of them. Everything validates as
 * base R4 and, for vitals, the vital-signs profiles. Updated Tasks are made
 * by task_update(). */
enum status visit_make(const struct visit *visit, const struct signer *signer, struct made_visit *out,
                       struct error *error) MUST_CHECK;

/* A copy of a Task (its exact body) with a new status and reason, appended to *out. */
enum status task_update(const char *task_body, const struct visit_task *change, const struct signer *signer,
                        struct made_visit *out, struct error *error) MUST_CHECK;

/* What the nurse recorded as an update, made a new record of its own: without the id and version it had, with a new
 * identity in place of the one it had. INVALID for what is not hers to make anew (an appointment, a person, an order). */
enum status resource_renew(const char *body, const struct randomness *randomness, struct made_resource *out,
                           struct error *error) MUST_CHECK;
/* What was made here and is to be made at the server once more, under the same identity: without the id and version it had. */
enum status resource_repeat(const char *body, const char *uuid, struct made_resource *out, struct error *error) MUST_CHECK;

/* Corrections: what was made here, refused by a server, and said otherwise by its nurse. `body` is what was made. Its
 * identity stays, and so does all that is not corrected; `id` is the one it is known by now. */

/* An Observation with other readings, those of one field. */
enum status observation_correct(const char *body, const char *id, const struct reading *readings, size_t count,
                                const struct signer *signer, struct made_resource *out, struct error *error) MUST_CHECK;
/* A note with other words. INVALID when there are none, or too many. */
enum status note_correct(const char *body, const char *id, const char *text, const struct signer *signer,
                         struct made_resource *out, struct error *error) MUST_CHECK;
/* The NEWS2 of a visit that has these readings now; one that cannot be computed any more is unknown. Nothing is made
 * (out->body NULL) when it stays as it was. */
enum status news2_correct(const char *body, const char *id, const struct reading *readings, size_t count,
                          const struct signer *signer, struct made_resource *out, struct error *error) MUST_CHECK;
/* What was said of a medicine, a task or a consent: the fields it was made from go into *out. *found is false for what is
 * none of them. */
enum status said_retype(const cJSON *resource, enum said_kind *kind, struct visit_draft *out, bool *found,
                        struct error *error) MUST_CHECK;
/* The same record saying what `said` has as its only part of this kind, which is to be without a problem. */
enum status said_correct(const char *body, const char *id, enum said_kind kind, const struct visit *said,
                         const struct signer *signer, struct made_resource *out, struct error *error) MUST_CHECK;
/* That the signer corrected and signed `targets` ("Task/t1"), now: the visit's own Provenance keeps telling of the first signature. */
enum status correction_provenance(char targets[][REFERENCE_SIZE], size_t count, const struct signer *signer,
                                  struct made_resource *out, struct error *error) MUST_CHECK;

/* The nurse's own Practitioner, for a clinic that starts without a server. */
enum status practitioner_make(const char *name, const struct randomness *randomness, struct made_resource *out,
                              struct error *error) MUST_CHECK;

#endif
