/*
 * Does the server have in some charts what is here, in the same versions? Ids
 * and versions are all that is asked for. Private to sync/.
 */
#ifndef DOORSTEP_SYNC_VERSIONS_H
#define DOORSTEP_SYNC_VERSIONS_H

#include "sync/caseload.h"
#include "sync/compare.h"

#include <stdint.h>

/* Fills *here with what a chart has of one type within its window. Free its items also after a failure. */
enum status versions_held(struct checking *checking, const struct pulled_type *type, const char *patient, struct ids *here,
                          struct error *error) MUST_CHECK;

/* Types of charts, each a bit: the place of the type in pulled_types. */
typedef uint32_t type_set;
#define ALL_TYPES ((type_set)((1u << PULLED_TYPES) - 1))
type_set type_set_of(const struct pulled_type *type);

/* Compares the first of these charts in some types, as many as go together: *compared, at least one.
 * What is missing here, or newer there, is fetched; what is not listed, or does not go with what is here, is asked for by its
 * id. What the server deleted leaves the charts and counts in result->removed; a Patient who is gone leaves the chart
 * incomplete and counts in result->absent. */
enum status versions_compare(struct checking *checking, char (*patients)[ID_SIZE], size_t count, type_set types, size_t *compared,
                             struct error *error) MUST_CHECK;

/* Once in MANIFEST_HOURS all charts of `patients`, which were just refreshed. A comparison that is broken off goes on in the
 * next run behind the charts it has compared. What came to the server without being seen by searches for what is new (a
 * server whose clocks do not agree, rows that became visible late) is found so. */
enum status versions_check(struct pulling *pulling, const struct caseload *patients, struct error *error) MUST_CHECK;

#endif
