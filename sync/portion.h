/*
 * How much goes over the line at once: pages that are asked for and bundles
 * that are sent follow the link, and the server. Private to sync/.
 *
 * What did not come or go through whole is tried in half of it, also by the
 * next run; what goes quickly lets the portion grow again. Remembered with the
 * record, and forgotten with what else was learned of the server.
 */
#ifndef DOORSTEP_SYNC_PORTION_H
#define DOORSTEP_SYNC_PORTION_H

#include "sync/sync.h"

enum portion {
    PORTION_PAGE, /* resources on a page */
    PORTION_BODY, /* bytes of a bundle, not compressed */
};
#define PAGE_MOST 200                     /* HAPI FHIR gives no more */
#define PAGE_BYTES ((size_t)1536 * 1024) /* of a page of several, after decompression: its tree takes ten times as much */
#define BODY_MOST ((size_t)24 * 1024 * 1024)

/* How much to try now. */
enum status portion_get(struct sync *sync, enum portion portion, size_t *out, struct error *error) MUST_CHECK;
/* So much was too much. *left (may be NULL) is what to try instead; never below one resource, or a small bundle. */
enum status portion_shrink(struct sync *sync, enum portion portion, size_t tried, size_t *left, struct error *error) MUST_CHECK;
/* So much went through in `milliseconds`. The portion grows to `most` at most. */
enum status portion_note(struct sync *sync, enum portion portion, size_t done, int64_t milliseconds, size_t most,
                         struct error *error) MUST_CHECK;
/* The server refused a bundle of so many bytes for its size (413); 0: none now. *most: a bundle that it never refused so. */
enum status portion_refused(struct sync *sync, size_t bytes, size_t *most, struct error *error) MUST_CHECK;

#endif
