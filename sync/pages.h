/*
 * Walking a search page by page. Private to sync/.
 */
#ifndef DOORSTEP_SYNC_PAGES_H
#define DOORSTEP_SYNC_PAGES_H

#include "base/json.h"
#include "sync/sync.h"

/* Walks a search result page by page: `page` gets every bundle, when the server
 * has forgotten its list in between (410) some of them again: from where the pages
 * had come in a search sorted by _lastUpdated, else from the first. Follows next
 * links on the server's own origin only; pages that lead in a circle, or never
 * end, end with FAILED. A `url` that says nothing of a page size (_count) gets one
 * that follows the link: a page that is too large, or that the line cuts, is asked
 * for in half. When not even a page of one comes, result->last.alone is set. */
enum status search_each_page(struct sync *sync, struct sync_result *result, const char *url,
                             enum status (*page)(void *context, const cJSON *bundle, struct error *error), void *context,
                             struct error *error) MUST_CHECK;

/* What a search may tell and be told besides. */
struct search_around {
    const char *then; /* the search that comes next, most likely, when it is at its last page; may be NULL */
    /* Called before what lacked something is asked for once more: what was written down of how far it had come is void. May
     * be NULL. */
    enum status (*anew)(void *context, struct error *error);
};
enum status search_each_page_around(struct sync *sync, struct sync_result *result, const char *url,
                                    const struct search_around *around,
                                    enum status (*page)(void *context, const cJSON *bundle, struct error *error), void *context,
                                    struct error *error) MUST_CHECK;

/* How far a search sorted by _lastUpdated has come: moves *reached (INSTANT_NONE before the first page) on to the newest
 * of this page. False when the page does not go on from there, in order: then nothing can be told. */
bool search_reached(const cJSON *bundle, instant *reached);

#endif
