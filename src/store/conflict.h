/*
 * Changes of ours that met another change at the server: what differs, in
 * words, and the nurse's decision. The console's conflict screen and
 * `doorstep conflicts` are this and nothing else.
 *
 * Invariant: what cannot be merged by itself (fhir/merge.h) waits here, with
 * the version both began from, ours and theirs, until it is decided; the rest
 * of its visit and all other visits go on. What is decided against stays on the
 * device, in table `dropped`, with an audit row that names it.
 */
#ifndef DOORSTEP_STORE_CONFLICT_H
#define DOORSTEP_STORE_CONFLICT_H

#include "base/error.h"
#include "base/identifier.h"
#include "base/instant.h"
#include "care/chart.h"
#include "store/store.h"

#include <stddef.h>
#include <stdint.h>

/* One thing to decide. Texts are owned, of one line and safe to show; "" where the element is not there. */
struct conflict_part {
    char *path;                 /* "status" */
    char *label;                /* translated: "Status" */
    char *base, *mine, *theirs; /* before, here, at the server */
    bool both;                  /* both can stand */
};

struct conflict {
    int64_t number;             /* the outbox row's */
    char visit[UUID_SIZE];      /* "" when it belongs to none */
    char type[RESOURCE_TYPE_SIZE], id[ID_SIZE];
    char patient[ID_SIZE], patient_name[LABEL_SIZE];
    char what[LABEL_SIZE];      /* the record in words: what the task is; "" when it has none */
    int attempts;
    instant found;              /* when it was found here */
    instant theirs_at;          /* when the server stored theirs, INSTANT_NONE when unknown */
    char version[ID_SIZE];      /* of theirs; "" when unknown */
    bool gone;                  /* deleted at the server: theirs is that it is not there */
    bool known;                 /* it is known what the server holds */
    struct conflict_part *parts;/* owned; what was merged by itself is not among them */
    size_t count;
};
struct conflicts {
    struct conflict *items;     /* owned */
    size_t count;
};
void conflicts_free(struct conflicts *conflicts);
/* All, in sending order. */
enum status query_conflicts(struct store *store, struct conflicts *out, struct error *error) MUST_CHECK;

/* Changes that were decided against: whole bodies, for whoever needs them after all. */
struct dropped_row {
    int64_t number;
    char type[RESOURCE_TYPE_SIZE], id[ID_SIZE], patient[ID_SIZE];
    instant at;
    char *body;                 /* owned; as it was entered here */
};
struct dropped_rows {
    struct dropped_row *items;  /* owned */
    size_t count;
};
void dropped_rows_free(struct dropped_rows *rows);
enum status query_dropped(struct store *store, struct dropped_rows *out, struct error *error) MUST_CHECK;

enum keep {
    KEEP_MINE,   /* our side where the two overlap, merged with the rest of theirs, is sent; for one that was deleted, as a
                  * new record */
    KEEP_THEIRS, /* all of our change of this record is let go, and a copy kept; the record is what the server has */
    KEEP_BOTH,   /* mine beside theirs: in lists, as a remark, or as a record of its own */
};
/* Decides one conflict, in one transaction with its audit row. `seen` is the version the decision is about: CONFLICT
 * when theirs is another one by now ("": none was known; NULL: whichever it is). NOT_FOUND when the number is in no
 * conflict (any more). INVALID, with a sentence that names the way out, when this cannot be kept. */
enum status record_resolve(struct store *store, int64_t number, enum keep keep, const char *seen,
                           struct error *error) MUST_CHECK;

#endif
