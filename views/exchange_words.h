/* Words about the exchange with the server that more than one screen says: Outbox, Sync, Past syncs. */
#ifndef DOORSTEP_VIEWS_EXCHANGE_WORDS_H
#define DOORSTEP_VIEWS_EXCHANGE_WORDS_H

#include "views/application.h"

#define EXCHANGE_BAR_SIZE 24

/* Date and time. */
void exchange_moment(instant at, char *out, size_t size);
/* How a run ended; `reason` as in the journal. */
enum role exchange_result(enum status result, const char *reason, char *out, size_t size);
/* When the last run was and how it ended, or why there was none. */
enum role exchange_last(const struct application *application, char *out, size_t size);
/* A record that belongs to no visit, and how it stands. */
enum role exchange_row(const struct outbox_row *row, char *out, size_t size);
/* Whether something of a visit went out without an answer so far. */
bool exchange_unanswered(const struct outbox_rows *rows, const char *visit);
/* "[####------]" in ASCII: full only when all is done, and never more than is. Pure. */
void exchange_bar(struct worker_count count, char out[EXCHANGE_BAR_SIZE]);

#endif
