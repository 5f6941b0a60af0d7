/*
 * What the parts of the one writer (record_*.c) share: resource rows and the
 * rows that hang on them. Inside store/ only.
 *
 * Invariant: every function here runs inside a transaction that its caller
 * has begun, and leaves undoing to that caller.
 */
#ifndef DOORSTEP_STORE_RECORD_ROW_H
#define DOORSTEP_STORE_RECORD_ROW_H

#include "fhir/lookup.h"
#include "fhir/visit_bundle.h"
#include "store/database.h"
#include "store/outbox.h"
#include "store/record.h"

enum row_origin { ORIGIN_SERVER, ORIGIN_IMPORT, ORIGIN_DEVICE };

/* A resource row without its body. */
struct row {
    int64_t key;
    char type[RESOURCE_TYPE_SIZE];
    char id[ID_SIZE];           /* the server's, or our UUID until it is known */
    char uuid[UUID_SIZE];       /* "" when we did not make it */
    char version[ID_SIZE];
    char patient[ID_SIZE];
    instant updated;
    enum row_origin origin;
    bool same_body;             /* its body is the text that was asked about */
};

/* What a row is to hold. All borrowed. */
struct content {
    const struct lookup *lookup;
    const char *id;             /* the id it is stored under; the lookup's head may have none */
    const char *uuid;           /* "" unless made here */
    const char *body;
    size_t length;
    enum row_origin origin;
};

/* Commits when `status` is OK, undoes otherwise. Ends one level of the transaction either way. */
enum status record_end(struct store *store, enum status status, struct error *error) MUST_CHECK;

/* Binds a text of known length, which may be a slice of a larger one; NULL binds NULL. */
void bind_slice(sqlite3_stmt *statement, int index, const char *text, size_t length);

/* Finds a row by its id, or by our UUID. `body` (may be NULL) is compared byte by byte. */
enum status row_find(struct store *store, const char *type, const char *id, const char *body, size_t length,
                     struct row *out, bool *found, struct error *error) MUST_CHECK;
enum status row_find_uuid(struct store *store, const char *type, const char *uuid, const char *body, size_t length,
                          struct row *out, bool *found, struct error *error) MUST_CHECK;
enum status row_insert(struct store *store, const struct content *content, int64_t *key, struct error *error) MUST_CHECK;
/* Replaces everything but the identity; look-up rows with it. */
enum status row_replace(struct store *store, int64_t key, const struct content *content, struct error *error) MUST_CHECK;
enum status row_delete(struct store *store, int64_t key, struct error *error) MUST_CHECK;
/* The body, owned; NOT_FOUND. */
enum status row_body(struct store *store, int64_t key, char **out, struct error *error) MUST_CHECK;
/* Runs a statement whose one parameter is a row's key. */
enum status row_run(struct store *store, const char *sql, int64_t key, struct error *error) MUST_CHECK;
/* Runs statements whose one parameter is a patient; *changed (may be NULL) adds up the rows. */
enum status row_run_all(struct store *store, const char *const *statements, size_t count, const char *patient, int *changed,
                        struct error *error) MUST_CHECK;

/* Look-up rows of one resource: record_lookup.c. */
enum status lookup_rows_insert(struct store *store, int64_t key, const char *id, const struct lookup *lookup,
                               struct error *error) MUST_CHECK;
enum status lookup_rows_delete(struct store *store, int64_t key, struct error *error) MUST_CHECK;
/* Whose chart a resource belongs to; a Patient's is its own. */
const char *lookup_chart(const struct lookup *lookup, const char *id);

/* In SQL: the server whose ids the record holds. */
#define PRESENT_SERVER "coalesce((SELECT value FROM cursor WHERE scope = '" CURSOR_SERVER "'), '')"

/* Below 0 when a is the older, above when it is the newer, 0 when nothing tells. */
int age_compare(instant a_updated, const char *a_version, instant b_updated, const char *b_version);
bool version_is_number(const char *text);

/* A server that was put back to an older backup: record_forgotten.c. */
/* Whether the id of what was made here has been given to something else: `uuid` is the own one of what has it now, or "". */
bool row_id_is_anothers(const struct row *row, const struct resource_head *head, const char *uuid, const char *chart);
/* Whether the server's version comes before the one that is here, or takes its number. */
bool row_went_back(const struct row *row, const struct resource_head *head);
/* Whether a visit of this device has changed it since it was made, or at all when it was made elsewhere. */
enum status row_is_changed_here(struct store *store, const struct row *row, bool *changed, struct error *error) MUST_CHECK;
/* The server does not know it any more: it waits for the nurse's word, under our UUID. */
enum status row_forgotten(struct store *store, struct row *row, struct error *error) MUST_CHECK;
/* Names of ours in a body (replaced) from before the server was put back, which has the ids it had given them, are our UUIDs. */
enum status row_name_ours(struct store *store, const struct row *row, char **body, struct error *error) MUST_CHECK;
/* What was made here and waits names `row`, which still has the id that the server forgot, by our UUID. */
enum status waiting_name_ours(struct store *store, const struct row *row, struct error *error) MUST_CHECK;
/* The server has `theirs`, from before what was changed here: the change waits for the nurse's word, on top of that. */
enum status row_undone(struct store *store, const struct row *row, const char *version, const char *theirs, size_t length,
                       struct error *error) MUST_CHECK;

/* An outbox row, as the writer needs it. */
struct pending {
    int64_t number;             /* 0: nothing is pending */
    char visit[UUID_SIZE];
    char base_version[ID_SIZE];
    bool is_update;
    bool superseded;            /* changed again while it was being sent */
    bool tied;                  /* to a former server, or to none: an id in it says nothing of this one's */
};
enum status pending_find(struct store *store, int64_t key, struct pending *out, struct error *error) MUST_CHECK;
/* Adds an outbox row. For an update base_version and base_body are what the change started from. */
enum status pending_add(struct store *store, int64_t key, const char *visit, const struct made_resource *made,
                        const char *base_version, const char *base_body, struct error *error) MUST_CHECK;
/* Remembers for good which records a visit made: they keep their place in it when their ids change. */
enum status pending_note_part(struct store *store, int64_t key, const char *visit, struct error *error) MUST_CHECK;
/* A row of this visit left the outbox, or belongs to a later visit now: marks
 * the visit accepted when nothing of it waits any more. */
enum status pending_left_visit(struct store *store, const char *visit, struct error *error) MUST_CHECK;
/* The change is on the server: takes the row out of the outbox and, when it
 * was the last of its visit, marks the visit accepted. */
enum status pending_done(struct store *store, const struct row *row, const struct pending *pending,
                         struct error *error) MUST_CHECK;
/* It is as if nothing had been said of a row, and what failed before does not count against it; but where its last answer,
 * `http_status`, leaves it open whether the server holds what was sent, that counts as a try. */
enum status pending_forget_answer(struct store *store, int64_t number, int http_status, struct error *error) MUST_CHECK;
/* What the server has. All borrowed. */
struct at_server {
    const char *id, *version;
    const char *body;           /* NULL when it was not read */
    size_t length;
};
/* What the server has where what was sent has `reference`; NULL when nothing: record_dangling.c. */
const char *reference_there(const cJSON *sent, const cJSON *theirs, const char *reference);
/* Whether that, `there`, is no id of anything, while `reference` names something of ours. */
enum status is_dangling(struct store *store, const char *reference, const char *there, bool *dangling, struct error *error) MUST_CHECK;
/* What the server has of a row, with ours in place of what dangles; *out is owned, NULL when nothing does. */
enum status dangling_replaced(struct store *store, int64_t outbox, const struct at_server *there, char **out,
                            struct error *error) MUST_CHECK;
/* A creation of ours is at the server, but nobody can tell from which try: done; or, when it was changed since it first went
 * out, it meets what is there (pending_meet) as a change of what had been sent. The row and its identity follow either way.
 * INVALID, and nothing done, when it would have to meet a body that was not read. */
enum status pending_arrived(struct store *store, struct row *row, const struct pending *pending,
                            const struct at_server *there, struct error *error) MUST_CHECK;
/* Finds the resource of an outbox row; *found is false when the row has left the outbox. */
enum status pending_load(struct store *store, int64_t number, struct row *row, struct pending *pending, bool *found,
                         struct error *error) MUST_CHECK;
/* The server holds `theirs` (NULL: unknown), which is not what an unsent update of ours began from: merges the two, and
 * then the change waits again, on the base of theirs, or is done when theirs says all of it; or opens a conflict. */
enum status pending_meet(struct store *store, const struct row *row, const struct pending *pending, const char *theirs,
                         size_t length, struct error *error) MUST_CHECK;
/* Opens a conflict with nothing: the server has deleted what an unsent update of ours is of. */
enum status pending_gone(struct store *store, const struct row *row, int64_t number, struct error *error) MUST_CHECK;
/* Opens a conflict with what the server holds (NULL when unknown). */
enum status pending_conflict(struct store *store, const struct row *row, int64_t number, const char *theirs, size_t length,
                             struct error *error) MUST_CHECK;
/* Whether two resources say the same, whatever the server put into meta. */
bool resources_say_same(const cJSON *a, const cJSON *b);
/* True when our row says the same as `theirs`, whatever the server put into meta. */
enum status row_says_same(struct store *store, int64_t key, const cJSON *theirs, bool *same, struct error *error) MUST_CHECK;

/* Writes one made resource of a visit ("": of none), its look-ups (read from it like from any other), its outbox row and its
 * audit row. One that is here already, under the id in its body, is changed. `patient` is for what names none. */
enum status made_add(struct store *store, const struct made_resource *resource, const char *visit, const char *patient,
                     struct error *error) MUST_CHECK;
/* What the server delivers with our identifier, under the id that it gave ours, has our UUID again. */
enum status identity_return(struct store *store, int64_t key, const char *uuid, struct error *error) MUST_CHECK;

/* The id a resource without one is stored under: from its fullUrl, else from
 * its content, so that reading it twice finds it again. */
void identity_derive(const struct incoming *incoming, const char *type, const char *body, size_t length, char id[ID_SIZE]);
/* The server has our row under `id` and `version`: the row, its look-up rows
 * and the identity table follow. When the server's copy had been pulled
 * before, that one stays and ours goes. Call after pending_done().
 * On return *ours is the row that stayed. */
enum status identity_settle(struct store *store, struct row *ours, const char *id, const char *version,
                            struct error *error) MUST_CHECK;
/* The server does not know the id it had given any more: the row, as `body`, has our UUID again. */
enum status identity_forget(struct store *store, struct row *row, const char *body, struct error *error) MUST_CHECK;
/* The server uses a patient's id for somebody else. What was imported for the
 * one who was here is kept aside; what came from the server goes, if the
 * Patient did (`origin`); what was recorded here stays, in nobody's chart, and
 * is not sent; the chart counts as incomplete. */
enum status identity_displace(struct store *store, const char *patient, enum row_origin origin,
                              struct error *error) MUST_CHECK;

/* Bytes to keep aside, and why. What belongs to a chart makes that chart count
 * as incomplete until a version that can be read takes its place. All borrowed. */
struct aside {
    const char *where, *why;
    const char *bytes;
    size_t length;
    const char *contested;      /* the Patient id they claim from another person, or NULL */
    const char *type, *id;      /* what could not be read; NULL when nobody knows */
    const char *patient;        /* whose chart lacks it; NULL or "" when nobody's */
};
enum status quarantine_add(struct store *store, const struct aside *aside, struct error *error) MUST_CHECK;
/* This resource can be read again, or is gone: no chart lacks it any more. */
enum status quarantine_settle(struct store *store, const char *type, const char *id, struct error *error) MUST_CHECK;

#endif
