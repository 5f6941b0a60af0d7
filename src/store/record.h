/*
 * The one writer of clinical data: for pull, import, console and command alike.
 *
 * Invariant: a resource row, its look-up rows, its outbox row and the audit
 * row that tells of it are written in one transaction, or none of them is.
 * The body is stored exactly as it came.
 */
#ifndef DOORSTEP_STORE_RECORD_H
#define DOORSTEP_STORE_RECORD_H

#include "base/error.h"
#include "care/visit.h"
#include "fhir/resource.h"
#include "store/sign.h"
#include "store/store.h"

/* incoming.where of what a server delivered. */
#define PLACE_SERVER "server"

/* One resource to apply. */
struct incoming {
    const cJSON *resource;             /* borrowed; parsed with json_parse */
    const char *body;                  /* its exact text when known, else NULL (printed from the tree) */
    size_t body_length;
    const char *full_url;              /* "" or NULL when none */
    const char *where;                 /* file and place, or request: for quarantine */
    const struct reference_map *references; /* of its bundle; may be NULL */
    const char *chart;                 /* whose chart lacks it should it be unreadable; NULL when nobody knows */
    bool put_back;                     /* read by itself, from a server that was put back: an older version is what it has */
};

enum apply_result {
    APPLY_STORED,
    APPLY_UNCHANGED,
    APPLY_QUARANTINED, /* kept aside with the reason; `why` says it */
};

struct apply_outcome {
    enum apply_result result;
    bool older;        /* UNCHANGED, because what is here is a newer version */
    char id[ID_SIZE];  /* the id it is stored under */
    char why[256];     /* translated, "" unless quarantined */
};

enum apply_source { APPLY_FROM_SERVER, APPLY_FROM_IMPORT };

/* Opens the transaction of one page; every record_apply until record_commit
 * belongs to it. A failing record_apply leaves the page usable only for
 * record_abort. */
enum status record_begin(struct store *store, struct error *error) MUST_CHECK;
/* Applies one resource. From the server: a newer version replaces; the same
 * or an older one is UNCHANGED; a row with an unsent change of ours is not
 * overwritten (the server's version is merged with it, or kept as a conflict),
 * unless it says what we say; a resource that carries our UUID becomes our row,
 * and counts as accepted. From import: the same content is UNCHANGED, a newer version of the
 * same chart replaces, a different resource or person under the same id is
 * quarantined, never merged; once two people claim an id, what is imported for
 * it is quarantined too, so an importer applies its Patients first. */
enum status record_apply(struct store *store, const struct incoming *incoming, enum apply_source source,
                         struct apply_outcome *outcome, struct error *error) MUST_CHECK;
/* Something that is no resource (broken JSON, wrong type): raw bytes and reason are kept aside. */
enum status record_quarantine(struct store *store, const char *where, const char *bytes, size_t length,
                              const char *why, struct error *error) MUST_CHECK;
/* The server has this resource, of this patient's chart ("": nobody knows whose), but it cannot be brought here: its name
 * is kept aside with the reason, and the chart counts as incomplete until it comes. */
enum status record_lacks(struct store *store, const char *type, const char *id, const char *patient, const char *why,
                         struct error *error) MUST_CHECK;
/* Marks a patient's chart as complete on this device (or not). One of which
 * something could not be read counts as incomplete all the same. */
enum status record_set_complete(struct store *store, const char *patient, bool complete, struct error *error) MUST_CHECK;
/* The server says it is gone (410, DELETE in a history). Unsent changes of ours stay. */
enum status record_remove(struct store *store, const char *type, const char *id, struct error *error) MUST_CHECK;
/* The server has never heard of something that was made here and that it had taken (404): it stays, and waits in the outbox
 * for the nurse to send it again (outbox_retry) or to let it go. Nothing when it is not here, or not made here. */
enum status record_forgotten(struct store *store, const char *type, const char *id, struct error *error) MUST_CHECK;
/* What a server that was put back to an older backup has, read by itself, under the id of something that is here. Its
 * version counts, older as it may be; what it undoes of the nurse's waits in the outbox, likewise. What has the id now and
 * is something else is not stored. */
enum status record_put_back(struct store *store, const cJSON *resource, struct error *error) MUST_CHECK;
/* The nurse lets go what waits because the server forgot it; a copy is kept (store/conflict.h). NOT_FOUND when it does not
 * wait for that. INVALID, with what to do, while something else that waits is part of it. */
enum status record_let_go(struct store *store, int64_t outbox, struct error *error) MUST_CHECK;
/* The same of all that waits so of one visit, all or none; how much that is. NOT_FOUND when nothing does. */
enum status record_let_go_visit(struct store *store, const char *visit, int *count, struct error *error) MUST_CHECK;
/* A patient who left the caseload leaves the device, except for what is unsent or set aside
 * (with the Patient it is for). With a visit in progress all stays, and the
 * chart counts as incomplete; release again later. */
enum status record_release_patient(struct store *store, const char *patient, struct error *error) MUST_CHECK;
/* The next server is another one. What came from `former`, and every id it gave,
 * leaves; imports stay. What is unsent stays, with the Patients it and visits set aside are for, is tied to
 * `former` and refused with `why`. FAILED while a visit is in progress. Cursors are the
 * caller's. */
enum status record_leave_server(struct store *store, const char *former, const char *why, struct error *error) MUST_CHECK;
/* The record is at `server`: what is tied to it waits again. With `former` (may be NULL), the same server's address
 * until now, what is tied to that follows. Within a page. */
enum status record_arrive_at_server(struct store *store, const char *server, const char *former,
                                    struct error *error) MUST_CHECK;
/* Saves the cursor of a scope in the same transaction. */
enum status record_set_cursor(struct store *store, const char *scope, const char *value, struct error *error) MUST_CHECK;
enum status record_commit(struct store *store, struct error *error) MUST_CHECK;
void record_abort(struct store *store);

/* Makes the nurse's own Practitioner (enrolment without a server), queues it, and
 * sets SETTING_PRACTITIONER, which follows when the server gives it another id. */
enum status record_make_practitioner(struct store *store, const char *name, char id[ID_SIZE], struct error *error) MUST_CHECK;

/* The server accepted an outbox row: its id ("" when it is the one we have) and
 * version there. Look-ups and ids follow; the row leaves the outbox, unless it
 * was changed again while it was sent. For a row that has left it already (a
 * repeated answer) this does nothing. CONFLICT when the server names another
 * record of this device: then the row is kept as refused. */
enum status record_accept(struct store *store, int64_t outbox, const char *server_id, const char *version,
                          struct error *error) MUST_CHECK;
/* The same for a creation that the server turns out to hold from an earlier try. When it was changed here since it first
 * went out, what is there may be what it said before, and others may have changed that: then the row meets `theirs`, the
 * server's body, like an update that is in conflict. INVALID, and nothing done, when that is NULL: it has to be read first.
 * Where `theirs` has a dangling reference the row stays in the outbox, as a change of that which names ours, and goes when
 * ours is there. */
enum status record_found(struct store *store, int64_t outbox, const char *server_id, const char *version,
                         const char *theirs, struct error *error) MUST_CHECK;
/* Whether what the server has of a row may have a dangling reference: in place of something of ours the id of nothing, which it
 * gave to what it then refused. `theirs` is its body, or some members of it, or NULL. `told`: of what it has given no id it is
 * known not to have it; then whatever stands in place of that is one. */
enum status record_has_dangling(struct store *store, int64_t outbox, const cJSON *theirs, bool told, bool *dangling,
                               struct error *error) MUST_CHECK;
/* Something that an unsent row names, and that is gone, must not hold it up: takes `reference` ("Appointment/a1")
 * out of what is to be sent and of the row. *changed tells whether it was there. */
enum status record_unlink(struct store *store, int64_t outbox, const char *reference, bool *changed,
                          struct error *error) MUST_CHECK;
/* The server refused it for good: kept, with its own words, as "needs you". */
enum status record_refuse(struct store *store, int64_t outbox, int http_status, const char *words, struct error *error) MUST_CHECK;
/* 409 or 412: `theirs` is the server's body when known, else NULL. When it says
 * what we say (a lost reply, repeated) the row is accepted instead; when the two
 * changes do not overlap they are merged and the row waits again, on the base of
 * theirs; else it is kept as a conflict (store/conflict.h). */
enum status record_conflict(struct store *store, int64_t outbox, const char *theirs, struct error *error) MUST_CHECK;
/* What an update is of was deleted at the server: kept as a conflict that says so. Nothing revives it but the nurse. */
enum status record_gone(struct store *store, int64_t outbox, struct error *error) MUST_CHECK;

#endif
