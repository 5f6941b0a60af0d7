/*
 * Has the server deleted something of the charts? Searches for what is new do
 * not say. Private to sync/.
 */
#ifndef DOORSTEP_SYNC_MANIFEST_H
#define DOORSTEP_SYNC_MANIFEST_H

#include "sync/caseload.h"
#include "sync/charts.h"

/* Is the server what it was? Asked for in the same run, and in full, as soon as it is known to have gone back to an older
 * backup (CURSOR_PUT_BACK): what it had taken from here and forgot waits in the outbox for the nurse, what it has in an older
 * version is here in that version.
 *
 * Once in NUMBERS_HOURS compares how many resources of each type the charts of
 * `patients`, just refreshed, have here and there; where the numbers differ,
 * which. What the server no longer has leaves the charts (not what is unsent),
 * each with an audit row, and counts in result->removed; what is missing here is
 * fetched. One small request for GROUP_SIZE patients when nothing differs. Where the
 * server does not count, ids are compared, those of readings only by versions_check().
 * Once in MANIFEST_HOURS also asks for what no number tells of: the nurse's own work. */
#define NUMBERS_HOURS 1
#define MANIFEST_HOURS 20
/* Whether what the cursor of this scope tells the end of is so many hours ago, by this device's clock; also while it is under
 * way, and when there was none. */
enum status manifest_is_past(struct sync *sync, const char *scope, int hours, bool *past, struct error *error) MUST_CHECK;
enum status manifest_check(struct pulling *pulling, const struct caseload *patients, struct error *error) MUST_CHECK;

#endif
