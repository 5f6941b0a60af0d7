/*
 * The outbox and the sync's own bookkeeping: states on the way to the server,
 * cursors, and the journal of runs. Used by sync/; people read it through
 * store/query.h, save the journal, which is read here.
 */
#ifndef DOORSTEP_STORE_OUTBOX_H
#define DOORSTEP_STORE_OUTBOX_H

#include "base/json.h"
#include "store/query.h"
#include "store/store.h"

/* At the start of a run: what was being sent when the program stopped waits
 * again (its outcome is unknown; identity makes repeating safe), and what is in conflict
 * with something unknown, so that it is asked for again. */
enum status outbox_recover(struct store *store, struct error *error) MUST_CHECK;
/* The body a row wants to have at the server, its references by our own UUIDs. Owned (memory_free). */
enum status outbox_body(struct store *store, int64_t number, char **body, struct error *error) MUST_CHECK;
/* Marks rows as being sent, one more attempt each. */
enum status outbox_mark_sending(struct store *store, const int64_t *numbers, size_t count, struct error *error) MUST_CHECK;
/* What is being sent was surely not carried out: the server said so with this status, or OUTBOX_NOT_SENT. A row that was
 * tried and waits without one (http_status 0) may have arrived. */
#define OUTBOX_NOT_SENT (-1)
/* Whether an answer with this status (0: none) leaves it open what became of a request: a gateway that ran out of time, or
 * broke, says nothing of what the server behind it did. */
bool outbox_leaves_open(long http_status);
enum status outbox_mark_answered(struct store *store, const int64_t *numbers, size_t count, int http_status,
                                 struct error *error) MUST_CHECK;
/* No answer, or it cannot go yet: back to waiting, with what happened in words. */
enum status outbox_mark_unknown(struct store *store, const int64_t *numbers, size_t count, const char *reason,
                                struct error *error) MUST_CHECK;
/* The state of a row; NOT_FOUND when it has left the outbox. */
enum status outbox_state(struct store *store, int64_t number, enum outbox_state *out, struct error *error) MUST_CHECK;
/* A refused or conflicting row is to be tried again, as it is; audited. NOT_FOUND when it is neither. */
enum status outbox_retry(struct store *store, int64_t number, struct error *error) MUST_CHECK;
/* The server's id for one of our UUIDs. NOT_FOUND while it is unknown. */
enum status outbox_server_id(struct store *store, const char *type, const char *uuid, char id[ID_SIZE],
                             struct error *error) MUST_CHECK;

/* Whether what the server knows by this id was made on this device. */
enum status outbox_was_accepted(struct store *store, const char *type, const char *id, bool *ours, struct error *error) MUST_CHECK;

/* Calls `visit`, by type, for what the server should have and no count of its charts tells: what was made here and is in no
 * chart, and what visits signed since `since` changed. With `everything`, all that was made here. Not what waits in the outbox. */
enum status outbox_each_own(struct store *store, bool everything, instant since,
                            void (*visit)(void *context, const char *type, const char *id), void *context,
                            struct error *error) MUST_CHECK;
/* How what the server says of a resource (its id and version, and when it is `named` its identifiers) goes with what is
 * here. A server that does not tell the version says nothing of it, unless it is `named`. */
enum likeness {
    LIKENESS_SAME,
    LIKENESS_MISSING, /* it is not here, or was imported */
    LIKENESS_NEWER,   /* the server has a later version, or what it made of ours was not read back yet */
    LIKENESS_OTHER,   /* an earlier version, or something else of the same id, or nobody can tell */
};
enum status outbox_liken(struct store *store, const cJSON *resource, bool named, enum likeness *out,
                         struct error *error) MUST_CHECK;

/* The address of the only server that may have a row; "" when any may, "-" when none. */
enum status outbox_tie(struct store *store, int64_t number, char *out, size_t size, struct error *error) MUST_CHECK;
/* Ids that the server gave to things of ours of one type, `most` of them. */
enum status outbox_each_identity(struct store *store, const char *type, int most,
                                 void (*visit)(void *context, const char *uuid, const char *id), void *context,
                                 struct error *error) MUST_CHECK;

/* The cursor of this scope is the address of the server whose ids the record holds. */
#define CURSOR_SERVER "server"
/* From when the server is known to have gone back to an older backup until all that is here was compared with it, PUT_BACK;
 * then PUT_BACK_SEEN until that was done once more a while later: what told so may have been a copy that lagged behind. */
#define CURSOR_PUT_BACK "put-back"
#define PUT_BACK "yes"
#define PUT_BACK_SEEN "seen"
/* That of a patient's chart, with the id behind it, is the server's time up to which the chart is complete. */
#define CURSOR_PATIENT "patient/"
#define CURSOR_BEGUN "-" /* without a time: the next search starts from the beginning */
/* The saved cursor of a scope, "" when none. */
enum status cursor_get(struct store *store, const char *scope, char *out, size_t size, struct error *error) MUST_CHECK;

/* How much of a patient's chart is here. */
enum held_chart {
    HELD_PART,
    HELD_WHOLE,
    HELD_LEFT,   /* the patient left the caseload: only what is unsent or unfinished keeps the name here */
};
/* Ids of all patients on the device: calls `visit` for each. */
enum status outbox_each_patient(struct store *store,
                                void (*visit)(void *context, const char *patient, enum held_chart chart), void *context,
                                struct error *error) MUST_CHECK;

/* Whether a patient is here with a chart that lacks nothing. */
enum status outbox_chart_is_whole(struct store *store, const char *patient, bool *whole, struct error *error) MUST_CHECK;

/* What a chart has of one type that the server should have too. Of readings `at` is told, else INSTANT_NONE; of
 * Observations without a reading the body is, else NULL. */
enum status outbox_each_held(struct store *store, const char *type, const char *patient,
                             void (*visit)(void *context, const char *id, instant at, const char *body), void *context,
                             struct error *error) MUST_CHECK;

/* Each resource of a chart that came from the server, whole. */
enum status outbox_each_chart_body(struct store *store, const char *patient, void (*visit)(void *context, const char *body),
                                   void *context, struct error *error) MUST_CHECK;

/* One line per run, without health data. */
#define JOURNAL_KEPT 200 /* lines */
struct journal_entry {
    instant start, end;
    int pushed, pulled, departed, pending, conflicts, rejected, requests; /* departed: patients who left the caseload */
    int64_t bytes_out, bytes_in;
    enum status result;
    char reason[256];
    char data_as_of[40]; /* "" unless this run left every chart of the caseload complete */
};
enum status journal_add(struct store *store, const struct journal_entry *entry, struct error *error) MUST_CHECK;
struct journal_rows { struct journal_entry *items; size_t count; };
void journal_rows_free(struct journal_rows *rows);
enum status journal_read(struct store *store, size_t most, struct journal_rows *out, struct error *error) MUST_CHECK;

#endif
