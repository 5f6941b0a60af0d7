/*
 * The one writer: pages, and what becomes of each resource that arrives.
 *
 * A resource is stored, found unchanged, or kept aside with a reason; it is
 * never skipped in silence and never merged with another person's.
 */
#include "store/record.h"

#include "base/memory.h"
#include "base/text.h"
#include "store/audit.h"
#include "store/record_row.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One resource on its way in. */
struct arrival {
    struct store *store;
    const struct incoming *incoming;
    enum apply_source source;
    struct resource_head head;
    char *printed;              /* owned; when the exact text was not known */
    const char *body;
    size_t length;
    char id[ID_SIZE];
    struct lookup lookup;
    struct row row;             /* what is here already */
    bool found;
    struct pending pending;     /* our unsent change of it */
    bool older;                 /* than what is here */
};

enum verdict {
    VERDICT_STORE,
    VERDICT_KEEP,               /* what is here is the same, or newer */
    VERDICT_CONFLICT,
    VERDICT_ASIDE,              /* another resource under the same id */
    VERDICT_OTHER_PERSON,
    VERDICT_TAKEN,              /* its id is that of something unsent for a former server */
    VERDICT_UNDONE,             /* older than what was accepted from here */
};

static enum status keep_aside(struct arrival *arrival, const char *why, const char *contested, bool unread,
                              struct apply_outcome *outcome, struct error *error)
{
    struct aside aside = {
        .where = arrival->incoming->where,
        .why = why,
        .bytes = arrival->body,
        .length = arrival->length,
        .contested = contested,
    };

    if (unread) {
        aside.type = arrival->lookup.head.type;
        aside.id = arrival->lookup.head.id;
        aside.patient = lookup_chart(&arrival->lookup, arrival->lookup.head.id);
    }
    if ((aside.patient == NULL || aside.patient[0] == '\0') && arrival->incoming->chart != NULL) {
        aside.type = arrival->head.type;
        aside.id = arrival->head.id;
        aside.patient = arrival->incoming->chart;
    }
    arrival->store->page.quarantined++;
    outcome->result = APPLY_QUARANTINED;
    text_copy(outcome->why, sizeof outcome->why, why);
    return quarantine_add(arrival->store, &aside, error);
}

/* What is not as it should be may still tell whose it is: that chart then lacks it. */
static enum status keep_unread(struct arrival *arrival, const char *why, struct apply_outcome *outcome, struct error *error)
{
    lookup_free(&arrival->lookup);
    enum status status = lookup_read(arrival->incoming->resource, arrival->incoming->references, &arrival->lookup, NULL);
    if (status == STATUS_NO_MEMORY || resource_head_read(arrival->incoming->resource, &arrival->head, NULL) == STATUS_NO_MEMORY) {
        return error_no_memory(error);
    }
    return keep_aside(arrival, why, NULL, status == STATUS_OK, outcome, error);
}

bool version_is_number(const char *text)
{
    return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
}

int age_compare(instant a_updated, const char *a_version, instant b_updated, const char *b_version)
{
    if (a_updated != INSTANT_NONE && b_updated != INSTANT_NONE && a_updated != b_updated) {
        return a_updated < b_updated ? -1 : 1;
    }
    if (version_is_number(a_version) && version_is_number(b_version)) {
        unsigned long long a = strtoull(a_version, NULL, 10);
        unsigned long long b = strtoull(b_version, NULL, 10);
        return a < b ? -1 : a > b;
    }
    return 0;
}

/* Whether the Patient that is here and the one that arrives may be one person. */
static enum status same_person(struct arrival *arrival, bool *same, struct error *error)
{
    char *body = NULL;
    cJSON *here = NULL;

    enum status status = row_body(arrival->store, arrival->row.key, &body, error);
    if (status == STATUS_OK) {
        status = json_parse(body, strlen(body), &here, error);
    }
    if (status == STATUS_OK) {
        *same = patients_may_be_same(here, arrival->incoming->resource);
    }
    cJSON_Delete(here);
    memory_free(body);
    return status;
}

/* Whether an import once brought another person under the id of this chart. Then nobody can tell whose this is. */
static enum status chart_is_contested(struct arrival *arrival, bool *contested, struct error *error)
{
    const char *chart = lookup_chart(&arrival->lookup, arrival->id);

    *contested = false;
    if (chart[0] == '\0' || arrival->lookup.kind == LOOKUP_PATIENT) {
        return STATUS_OK;
    }
    sqlite3_stmt *statement =
        database_statement(arrival->store, "SELECT 1 FROM quarantine WHERE contested = ? LIMIT 1", error);
    if (statement == NULL) {
        return database_error(arrival->store, error);
    }
    bind_text(statement, 1, chart);
    enum status status = database_step(arrival->store, statement, contested, error);
    sqlite3_reset(statement);
    return status;
}

static enum status judge_import(struct arrival *arrival, enum verdict *verdict, struct error *error)
{
    const struct row *row = &arrival->row;
    bool repeated = false;
    bool contested = false;
    bool same = true;
    enum status status = STATUS_OK;

    if (arrival->found) {
        status = row_says_same(arrival->store, row->key, arrival->incoming->resource, &repeated, error);
    }
    if (status == STATUS_OK && !repeated) {
        status = chart_is_contested(arrival, &contested, error);
    }
    if (status == STATUS_OK && arrival->found && arrival->lookup.kind == LOOKUP_PATIENT) {
        status = same_person(arrival, &same, error);
    }
    if (status != STATUS_OK) {
        return status;
    }
    bool newer = age_compare(arrival->head.updated, arrival->head.version, row->updated, row->version) > 0;
    bool same_chart = strcmp(row->patient, lookup_chart(&arrival->lookup, arrival->id)) == 0;
    bool free = arrival->pending.number == 0 && strcmp(row->id, arrival->id) == 0;
    if (repeated && !newer) {
        *verdict = VERDICT_KEEP;
    } else if (contested || !same) {
        *verdict = VERDICT_OTHER_PERSON;
    } else {
        *verdict = !arrival->found || (newer && same_chart && free) ? VERDICT_STORE : VERDICT_ASIDE;
    }
    return STATUS_OK;
}

/* Whether the open conflict already keeps exactly this version of theirs. */
static enum status conflict_holds(struct arrival *arrival, bool *holds, struct error *error)
{
    sqlite3_stmt *statement =
        database_statement(arrival->store, "SELECT 1 FROM conflict WHERE outbox = ?1 AND theirs = ?2", error);
    if (statement == NULL) {
        return database_error(arrival->store, error);
    }
    bind_integer(statement, 1, arrival->pending.number);
    bind_slice(statement, 2, arrival->body, arrival->length);
    enum status status = database_step(arrival->store, statement, holds, error);
    sqlite3_reset(statement);
    return status;
}

/* A cached page may be older than what is here, and so is all that a server shows which was put back to a backup. */
static bool is_older(struct arrival *arrival)
{
    arrival->older = age_compare(arrival->head.updated, arrival->head.version, arrival->row.updated, arrival->row.version) < 0;
    return arrival->older;
}

/* It carries our identity: the creation arrived, only the answer did not. What was corrected since is not overwritten. */
static enum status creation_arrived(struct arrival *arrival, enum verdict *verdict, struct error *error)
{
    struct at_server there = {arrival->id, arrival->head.version, arrival->body, arrival->length};
    enum status status = pending_arrived(arrival->store, &arrival->row, &arrival->pending, &there, error);

    if (status == STATUS_OK) {
        status = pending_find(arrival->store, arrival->row.key, &arrival->pending, error);
    }
    *verdict = arrival->pending.number != 0 ? VERDICT_KEEP : VERDICT_STORE;
    return status;
}

/* The server's version of something we changed and have not sent, or of something we made and had no answer for. */
static enum status judge_unsent(struct arrival *arrival, enum verdict *verdict, struct error *error)
{
    bool same = false;

    if (arrival->pending.is_update && arrival->pending.tied) {
        *verdict = VERDICT_TAKEN;
        return STATUS_OK;
    }
    if (!arrival->pending.is_update) {
        return creation_arrived(arrival, verdict, error);
    }
    /* The version we began from, or one before it that a cached page still had, is no news. */
    if ((arrival->head.version[0] != '\0' && strcmp(arrival->head.version, arrival->pending.base_version) == 0) ||
        is_older(arrival)) {
        *verdict = VERDICT_KEEP;
        return STATUS_OK;
    }
    enum status status = row_says_same(arrival->store, arrival->row.key, arrival->incoming->resource, &same, error);
    if (status == STATUS_OK && same) {
        *verdict = VERDICT_STORE;
        return pending_done(arrival->store, &arrival->row, &arrival->pending, error);
    }
    if (status == STATUS_OK) {
        status = conflict_holds(arrival, &same, error);
    }
    *verdict = same ? VERDICT_KEEP : VERDICT_CONFLICT;
    return status;
}

/* Whether the Patient that is here differs from the one that arrives in name and birth date: more than an edit. */
static enum status is_stranger(struct arrival *arrival, bool *stranger, struct error *error)
{
    const struct patient *patient = &arrival->lookup.value.patient;

    sqlite3_stmt *statement = database_statement(
        arrival->store, "SELECT 1 FROM patient WHERE id = ? AND name <> ? AND birth_date <> ? AND birth_date <> ''", error);
    if (statement == NULL) {
        return database_error(arrival->store, error);
    }
    bind_text(statement, 1, arrival->id);
    bind_text(statement, 2, patient->name);
    bind_text(statement, 3, patient->birth_date);
    enum status status = database_step(arrival->store, statement, stranger, error);
    sqlite3_reset(statement);
    *stranger = *stranger && patient->birth_date[0] != '\0';
    return status;
}

/* The server's Patient under an id that is here. What came otherwise, an import or a former server's (which has no
 * version any more), is somebody else's unless it may be the same person's; what came from this server is an edit of the
 * same person, unless nothing of it fits: then the id was given to another. */
static enum status judge_person(struct arrival *arrival, bool *other, struct error *error)
{
    bool same = true;

    *other = false;
    enum status status = same_person(arrival, &same, error);
    if (status == STATUS_OK && !same) {
        *other = true;
        bool here = arrival->row.origin != ORIGIN_IMPORT &&
                    (arrival->row.version[0] != '\0' || arrival->row.updated != INSTANT_NONE);
        status = here ? is_stranger(arrival, other, error) : STATUS_OK;
    }
    return status;
}

/* The server's version is not behind the one that is here. A page may be older than what the server has already accepted
 * from us; what comes later with a version that was there before, or was read by itself, may not. */
static enum status judge_back(struct arrival *arrival, enum verdict *verdict, struct error *error)
{
    bool changed = false;
    bool same = false;

    if (is_older(arrival) && !arrival->incoming->put_back) {
        *verdict = VERDICT_KEEP;
        return STATUS_OK;
    }
    enum status status = record_set_cursor(arrival->store, CURSOR_PUT_BACK, PUT_BACK, error);
    if (status == STATUS_OK) {
        status = row_is_changed_here(arrival->store, &arrival->row, &changed, error);
    }
    if (status == STATUS_OK && changed) {
        status = row_says_same(arrival->store, arrival->row.key, arrival->incoming->resource, &same, error);
    }
    *verdict = changed && !same ? VERDICT_UNDONE : VERDICT_STORE;
    return status;
}

static enum status judge_server(struct arrival *arrival, enum verdict *verdict, struct error *error)
{
    const struct row *row = &arrival->row;
    bool other = false;

    *verdict = VERDICT_STORE;
    if (!arrival->found) {
        return STATUS_OK;
    }
    if (arrival->lookup.kind == LOOKUP_PATIENT) {
        enum status status = judge_person(arrival, &other, error);
        if (status == STATUS_OK && other) {
            arrival->found = false;
            return identity_displace(arrival->store, arrival->id, row->origin, error);
        }
        if (status != STATUS_OK || row->origin == ORIGIN_IMPORT) {
            return status;
        }
    }
    if (arrival->pending.number != 0) {
        return judge_unsent(arrival, verdict, error);
    }
    return row->origin != ORIGIN_IMPORT && row_went_back(row, &arrival->head) ? judge_back(arrival, verdict, error) : STATUS_OK;
}

/* Finds our own row for what arrives, when it carries our UUID and is not here under its id. */
static enum status find_ours(struct arrival *arrival, struct error *error)
{
    struct store *store = arrival->store;
    const char *uuid = arrival->lookup.identifier_uuid;
    struct row ours = {0};
    bool found = false;

    if (uuid[0] == '\0' || (arrival->found && strcmp(arrival->row.uuid, uuid) == 0)) {
        return STATUS_OK;
    }
    enum status status =
        row_find_uuid(store, arrival->head.type, uuid, arrival->body, arrival->length, &ours, &found, error);
    if (status != STATUS_OK || !found) {
        return status;
    }
    if (arrival->source == APPLY_FROM_IMPORT) {
        arrival->row = ours;
        arrival->found = true;
        return STATUS_OK;
    }
    if (strcmp(ours.id, uuid) != 0) {
        return STATUS_OK; /* known under its id already: the server holds a second copy */
    }
    struct at_server there = {arrival->id, arrival->head.version, arrival->body, arrival->length};
    status = pending_find(store, ours.key, &arrival->pending, error);
    if (status == STATUS_OK) {
        status = arrival->pending.number != 0
                     ? pending_arrived(store, &ours, &arrival->pending, &there, error)
                     : identity_settle(store, &ours, arrival->id, arrival->head.version, error);
    }
    arrival->row = ours;
    arrival->found = true;
    return status;
}

/* What comes under the id of something of ours, and is something else: the server forgot ours, and gave its id again. */
static enum status make_way(struct arrival *arrival, struct error *error)
{
    if (!arrival->found || arrival->source == APPLY_FROM_IMPORT ||
        !row_id_is_anothers(&arrival->row, &arrival->head, arrival->lookup.identifier_uuid,
                            lookup_chart(&arrival->lookup, arrival->id))) {
        return STATUS_OK;
    }
    arrival->found = false;
    return row_forgotten(arrival->store, &arrival->row, error);
}

static enum status judge(struct arrival *arrival, enum verdict *verdict, struct error *error)
{
    enum status status = make_way(arrival, error);

    if (status == STATUS_OK) {
        status = find_ours(arrival, error);
    }

    if (status == STATUS_OK && arrival->found && arrival->row.same_body) {
        *verdict = VERDICT_KEEP;
        return STATUS_OK;
    }
    if (status == STATUS_OK && arrival->found) {
        status = pending_find(arrival->store, arrival->row.key, &arrival->pending, error);
    }
    if (status != STATUS_OK) {
        return status;
    }
    return arrival->source == APPLY_FROM_IMPORT ? judge_import(arrival, verdict, error)
                                                : judge_server(arrival, verdict, error);
}

static enum status store_arrival(struct arrival *arrival, struct error *error)
{
    struct content content = {
        .lookup = &arrival->lookup,
        .id = arrival->id,
        .uuid = "",
        .body = arrival->body,
        .length = arrival->length,
        .origin = arrival->source == APPLY_FROM_IMPORT ? ORIGIN_IMPORT : ORIGIN_SERVER,
    };

    arrival->store->page.stored++;
    enum status status = arrival->found ? row_replace(arrival->store, arrival->row.key, &content, error)
                                        : row_insert(arrival->store, &content, &arrival->row.key, error);
    /* Made here, and back in the caseload with its patient: it is known again as ours. */
    if (status == STATUS_OK && arrival->source != APPLY_FROM_IMPORT && arrival->lookup.identifier_uuid[0] != '\0' &&
        (!arrival->found || arrival->row.uuid[0] == '\0')) {
        status = identity_return(arrival->store, arrival->row.key, arrival->lookup.identifier_uuid, error);
    }
    return status == STATUS_OK ? quarantine_settle(arrival->store, arrival->head.type, arrival->id, error) : status;
}

static enum status carry_out(struct arrival *arrival, enum verdict verdict, struct apply_outcome *outcome,
                             struct error *error)
{
    char why[sizeof outcome->why];

    switch (verdict) {
    case VERDICT_STORE:
        return store_arrival(arrival, error);
    case VERDICT_KEEP:
        arrival->store->page.unchanged++;
        outcome->result = APPLY_UNCHANGED;
        return STATUS_OK;
    case VERDICT_CONFLICT:
        arrival->store->page.stored++;
        return pending_meet(arrival->store, &arrival->row, &arrival->pending, arrival->body, arrival->length, error);
    case VERDICT_UNDONE:
        arrival->store->page.stored++;
        return row_undone(arrival->store, &arrival->row, arrival->head.version, arrival->body, arrival->length, error);
    case VERDICT_ASIDE:
        snprintf(why, sizeof why,
                 _("A different %s with the same id is already here, and this one is not newer; give it another id to "
                   "import it."),
                 arrival->head.type);
        return keep_aside(arrival, why, NULL, false, outcome, error);
    case VERDICT_TAKEN:
        snprintf(why, sizeof why, _("A change of another %s with the same id waits for the former server."), arrival->head.type);
        return keep_aside(arrival, why, NULL, true, outcome, error);
    case VERDICT_OTHER_PERSON:
        return keep_aside(arrival,
                          arrival->lookup.kind == LOOKUP_PATIENT
                              ? _("Another person already has this id; give this one another id to import it.")
                              : _("Two different people claim the id of this patient, so nobody can tell whose this is; "
                                  "give them different ids to import it."),
                          arrival->lookup.kind == LOOKUP_PATIENT ? arrival->id : NULL, false, outcome, error);
    }
    return STATUS_OK;
}

/* The exact text, and the id to store it under. */
static enum status identify(struct arrival *arrival, struct error *error)
{
    const struct incoming *incoming = arrival->incoming;

    if (arrival->head.id[0] != '\0') {
        text_copy(arrival->id, sizeof arrival->id, arrival->head.id);
    } else {
        identity_derive(incoming, arrival->head.type, arrival->body, arrival->length, arrival->id);
    }
    return row_find(arrival->store, arrival->head.type, arrival->id, arrival->body, arrival->length, &arrival->row,
                    &arrival->found, error);
}

/* Tells what is wrong with the content (kept aside) from what is wrong here (the page fails). */
static enum status apply(struct arrival *arrival, struct apply_outcome *outcome, struct error *error)
{
    struct error fault = {0};
    enum verdict verdict = VERDICT_STORE;

    enum status status = resource_check(arrival->incoming->resource, &fault);
    if (status == STATUS_OK) {
        status = resource_head_read(arrival->incoming->resource, &arrival->head, &fault);
    }
    if (status == STATUS_OK) {
        status = identify(arrival, error);
        text_copy(outcome->id, sizeof outcome->id, arrival->id);
        if (status != STATUS_OK || (arrival->found && arrival->row.same_body)) {
            return status == STATUS_OK ? carry_out(arrival, VERDICT_KEEP, outcome, error) : status;
        }
        status = lookup_read(arrival->incoming->resource, arrival->incoming->references, &arrival->lookup, &fault);
    }
    if (status == STATUS_INVALID) {
        return keep_unread(arrival, fault.sentence, outcome, error);
    }
    if (status != STATUS_OK) {
        return error_set(error, status, "%s", fault.sentence);
    }
    status = judge(arrival, &verdict, error);
    return status == STATUS_OK ? carry_out(arrival, verdict, outcome, error) : status;
}

enum status record_apply(struct store *store, const struct incoming *incoming, enum apply_source source,
                         struct apply_outcome *outcome, struct error *error)
{
    struct arrival arrival = {.store = store, .incoming = incoming, .source = source};
    enum status status = STATUS_OK;

    assert(store->transaction_depth > 0);
    *outcome = (struct apply_outcome){.result = APPLY_STORED};
    store->page.imported = source == APPLY_FROM_IMPORT;
    arrival.body = incoming->body;
    arrival.length = incoming->body_length;
    if (arrival.body == NULL) {
        arrival.printed = json_print(incoming->resource);
        if (arrival.printed == NULL) {
            return error_no_memory(error);
        }
        arrival.body = arrival.printed;
        arrival.length = strlen(arrival.printed);
    }
    status = apply(&arrival, outcome, error);
    outcome->older = arrival.older;
    lookup_free(&arrival.lookup);
    memory_free(arrival.printed);
    return status;
}

enum status record_begin(struct store *store, struct error *error)
{
    memset(&store->page, 0, sizeof store->page);
    return database_begin(store, error);
}

enum status record_commit(struct store *store, struct error *error)
{
    enum status status = STATUS_OK;

    if (store->page.stored > 0 || store->page.quarantined > 0) {
        char detail[128];
        snprintf(detail, sizeof detail, "stored %d, unchanged %d, quarantined %d", store->page.stored,
                 store->page.unchanged, store->page.quarantined);
        status = audit_add(store, store->page.imported ? "import" : "pull", "", "", "", detail, error);
    }
    return record_end(store, status, error);
}

void record_abort(struct store *store)
{
    database_rollback(store);
}

enum status record_quarantine(struct store *store, const char *where, const char *bytes, size_t length, const char *why,
                              struct error *error)
{
    enum status status = database_begin(store, error);

    if (status != STATUS_OK) {
        return status;
    }
    store->page.quarantined++;
    status = quarantine_add(store, &(struct aside){.where = where, .why = why, .bytes = bytes, .length = length}, error);
    return record_end(store, status, error);
}

enum status record_set_complete(struct store *store, const char *patient, bool complete, struct error *error)
{
    sqlite3_stmt *statement =
        database_statement(store, "INSERT OR REPLACE INTO chart_state (patient, complete) VALUES (?, ?)", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, patient);
    bind_integer(statement, 2, complete);
    return database_run(store, statement, error);
}

enum status record_set_cursor(struct store *store, const char *scope, const char *value, struct error *error)
{
    const char *const texts[] = {scope, value};
    return database_put(store, "UPDATE cursor SET value = ?2 WHERE scope = ?1", "INSERT INTO cursor (scope, value) VALUES (?1, ?2)",
                        texts, 2, error);
}
