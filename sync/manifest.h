/*
 * Has the server deleted something of the charts? Searches for what is new do
 * not say. Private to sync/.
 */
#ifndef DOORSTEP_SYNC_MANIFEST_H
#define DOORSTEP_SYNC_MANIFEST_H

#include "sync/caseload.h"
#include "sync/charts.h"

/* Once in MANIFEST_HOURS compares how many resources of each type the charts of
 * `patients`, just refreshed, have here and there; where the numbers differ,
 * which. What the server no longer has leaves the charts (not what is unsent),
 * each with an audit row, and counts in result->removed; what is missing here is
 * fetched. One small request for GROUP_SIZE patients when nothing differs. */
#define MANIFEST_HOURS 20
/* Whether it is time, by this device's clock. */
enum status manifest_is_due(struct sync *sync, bool *due, struct error *error) MUST_CHECK;
enum status manifest_check(struct pulling *pulling, const struct caseload *patients, struct error *error) MUST_CHECK;

#endif
