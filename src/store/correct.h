/*
 * What a server refused, and the nurse's correction of it. The console's
 * correction and `doorstep outbox correct` are this and nothing else. Kept
 * apart from store/record.h so that views need not know FHIR.
 *
 * Invariant: a correction is a signature. What was signed before is kept, in
 * table `correction`; the record keeps its identity, so that the server gets
 * it once; its look-ups, and a NEWS2 that was computed from it, follow in the
 * same transaction.
 */
#ifndef DOORSTEP_STORE_CORRECT_H
#define DOORSTEP_STORE_CORRECT_H

#include "base/error.h"
#include "care/entry.h"
#include "care/said.h"
#include "store/query.h"
#include "store/store.h"

enum correctable_kind { CORRECTABLE_VITAL, CORRECTABLE_NOTE, CORRECTABLE_SAID };

/* A refused entry that can be corrected here: a vital of a visit, its note, or what was said of a medicine, a task or a
 * consent in it. */
struct correctable {
    int64_t number;             /* the outbox row's */
    char type[RESOURCE_TYPE_SIZE], id[ID_SIZE];
    char visit[UUID_SIZE];
    instant started;            /* of the visit */
    char patient[ID_SIZE], patient_name[LABEL_SIZE];
    char label[LABEL_SIZE];     /* translated: "Blood pressure", "Medicine taken Furosemide 40 mg" */
    int http_status;
    char reason[512];           /* the server's own words */
    enum correctable_kind kind;
    enum entry_field field;     /* of a vital */
    enum said_kind said_kind;   /* of what was said: */
    struct visit_draft said;    /* owned: all of it, as it was signed */
    char *before;               /* owned: what was signed, as it would be typed; of what was said, as said_write() has it */
    bool begun;                 /* a correction was typed and is not signed yet: */
    char *typed;                /* owned; "" unless begun */
    struct reading weight, height; /* the latest ones beside this, if any: what a new one is compared with */
    bool has_weight, has_height, adult;
};
void correctable_free(struct correctable *correctable);
/* NOT_FOUND when nothing of this number is refused; INVALID, with what can be done instead, when it is none of these, or is
 * kept back by this device and not refused by the server. *out is to be freed after OK only. */
enum status correctable_load(struct store *store, int64_t number, struct correctable *out,
                             struct error *error) MUST_CHECK;
/* A vital that is typed, judged as on the vitals screen. */
struct entry_result correctable_judge(const struct correctable *correctable, const char *typed);
/* The same for what was said, as said_type() reads it over what was signed; by the rule book of a visit. INVALID when it
 * cannot be read. */
enum status correctable_read(const struct correctable *correctable, const char *typed, struct visit *out,
                             struct error *error) MUST_CHECK;
/* What stands in the way of signing it, NULL when nothing does. Borrowed. */
const struct visit_problem *correctable_objection(const struct visit *said);
/* Keeps what is typed so far; on the disk when it returns OK. Also when the row is not refused any more, or has left
 * the outbox meanwhile: until it is signed, or the patient leaves this device. */
enum status correctable_keep(struct store *store, const struct correctable *correctable, const char *typed,
                             struct error *error) MUST_CHECK;

/* Corrects and signs: `typed` as on the vitals screen, the words of the note, or what was said. INVALID, and nothing
 * changes, when it is impossible, when it is doubtful and not `confirmed`, or when it says what was there. Otherwise as
 * correctable_load(). The row waits to be sent again. */
enum status record_correct(struct store *store, int64_t number, const char *typed, bool confirmed,
                           const struct signer *signer, struct error *error) MUST_CHECK;

/* An unsent row in words: "Blood pressure 142/88", "Note", its type when it has no better name. *correctable: whether
 * correctable_load() would take it. NOT_FOUND when it has left the outbox. */
enum status outbox_words(struct store *store, int64_t number, char *out, size_t size, bool *correctable,
                         struct error *error) MUST_CHECK;

/* What was signed before it was corrected: whole bodies, for whoever asks what they were. */
struct correction_row {
    int64_t number;
    char visit[UUID_SIZE], type[RESOURCE_TYPE_SIZE];
    char name[ID_SIZE];         /* the UUID it keeps; of somebody else's its id */
    int http_status;            /* 0: it was not refused itself, a NEWS2 that followed */
    char reason[512];
    char practitioner[ID_SIZE]; /* who corrected it */
    instant at;
    char *body;                 /* owned */
};
struct correction_rows {
    struct correction_row *items; /* owned */
    size_t count;
};
void correction_rows_free(struct correction_rows *rows);
enum status query_corrections(struct store *store, struct correction_rows *out, struct error *error) MUST_CHECK;

#endif
