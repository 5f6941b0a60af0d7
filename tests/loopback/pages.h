/*
 * Answers in pages: searches, whose rows are fixed when the search runs and
 * whose next links are opaque, and histories.
 */
#ifndef LOOPBACK_PAGES_H
#define LOOPBACK_PAGES_H

#include "server.h"

/* Page links carry tokens made with `randomness`. */
struct searches *searches_new(struct randomness randomness);
void searches_free(struct searches *searches);

/* GET Type?..., POST Type/_search. */
bool search_answer(struct server *server, const struct request *request, const char *type, struct reply *reply,
                   struct failure *failure);
/* GET base?_getpages=... */
bool search_next_page(struct server *server, const struct request *request, struct reply *reply,
                      struct failure *failure);
/* Type and `target` NULL: of the whole server; `target` NULL: of the type. Newest first. */
bool history_answer(struct server *server, const struct request *request, const char *type, const char *target,
                    struct reply *reply, struct failure *failure);

#endif
