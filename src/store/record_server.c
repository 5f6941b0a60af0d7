/*
 * The record and the server its ids are of: leaving one server for another, and coming back.
 *
 * Invariant: an id that one server gave is never used at another. What was made
 * here and not sent yet stays, tied to the server whose ids it names.
 */
#include "store/record_row.h"

#include "store/audit.h"

#include <stdio.h>

/* Runs a statement of up to two texts. */
static enum status run_texts(struct store *store, const char *sql, const char *first, const char *second, struct error *error)
{
    sqlite3_stmt *statement = database_statement(store, sql, error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, first);
    if (second != NULL) {
        bind_text(statement, 2, second);
    }
    return database_run(store, statement, error);
}

/* The nurse's own Practitioner names nothing of a server: it may go to any. */
static enum status tie_unsent(struct store *store, const char *former, const char *why, struct error *error)
{
    enum status status = run_texts(store,
                                   "UPDATE outbox SET server = ? WHERE server = '' AND NOT (base_body IS NULL AND resource IN "
                                   "(SELECT key FROM resource WHERE type = 'Practitioner'))",
                                   former, NULL, error);
    if (status == STATUS_OK) {
        status = run_texts(store,
                           "UPDATE outbox SET state = 'refused', superseded = 0, http_status = 0, reason = ?2 "
                           "WHERE server = ?1 AND state IN ('waiting', 'sending')",
                           former, why, error);
    }
    return status;
}

static enum status forget(struct store *store, int *removed, struct error *error)
{
    /* Of a visit that is there in part, the ids of the other parts stay: what waits of it needs them when it goes on. */
    static const char *const statements[] = {
        "DELETE FROM identity WHERE type <> 'Practitioner' AND NOT EXISTS (SELECT 1 FROM visit_part p JOIN outbox o "
        "ON o.visit = p.visit WHERE p.type = identity.type AND p.name = identity.uuid)",
        "DELETE FROM former",
        "DELETE FROM draft WHERE visit IN (SELECT id FROM visit WHERE accepted IS NOT NULL)",
        "DELETE FROM visit_part WHERE visit IN (SELECT id FROM visit WHERE accepted IS NOT NULL)",
        "DELETE FROM visit WHERE accepted IS NOT NULL",
        /* Whose visit is set aside stays too: in his absence it would open in the chart of whoever has his id next. The
         * condition is needed: without one SQLite 3.15 answers from visit_open, a partial index that lacks these visits. */
        "DELETE FROM resource WHERE origin <> 'import' AND key NOT IN (SELECT resource FROM outbox) AND NOT (type = "
        "'Patient' AND (id IN (SELECT patient FROM resource WHERE key IN (SELECT resource FROM outbox)) OR "
        "id IN (SELECT patient FROM visit WHERE accepted IS NULL)))",
        /* No version: what another server says of the same person takes its place, whatever its own versions are. */
        "UPDATE resource SET version = '', updated = NULL WHERE type = 'Patient' AND origin = 'server'",
        "UPDATE chart_state SET complete = 0 WHERE patient IN (SELECT id FROM resource WHERE type = 'Patient' AND origin = "
        "'server')",
        "DELETE FROM chart_state WHERE patient NOT IN (SELECT id FROM resource WHERE type = 'Patient')",
        "DELETE FROM quarantine WHERE place = '" PLACE_SERVER "'",
        /* How old the former server's charts were says nothing of those that come now. */
        "UPDATE journal SET data_as_of = '' WHERE data_as_of <> ''",
    };
    enum status status = STATUS_OK;

    for (size_t i = 0; i < sizeof statements / sizeof statements[0] && status == STATUS_OK; i++) {
        sqlite3_stmt *statement = database_statement(store, statements[i], error);
        if (statement == NULL) {
            return database_error(store, error);
        }
        status = database_run(store, statement, error);
        *removed += sqlite3_changes(store->connection);
    }
    return status;
}

static enum status refuse_unfinished(struct store *store, struct error *error)
{
    bool unfinished = false;

    sqlite3_stmt *statement = database_statement(store, "SELECT 1 FROM visit WHERE state = 'in-progress' LIMIT 1", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    enum status status = database_step(store, statement, &unfinished, error);
    sqlite3_reset(statement);
    if (status == STATUS_OK && unfinished) {
        return error_set(error, STATUS_FAILED,
                         _("the address leads to another server, and a visit is unfinished here: sign it or set it aside, "
                           "then sync again"));
    }
    return status;
}

enum status record_leave_server(struct store *store, const char *former, const char *why, struct error *error)
{
    char detail[64];
    int removed = 0;

    enum status status = database_begin(store, error);
    if (status != STATUS_OK) {
        return status;
    }
    status = refuse_unfinished(store, error);
    if (status == STATUS_OK) {
        status = tie_unsent(store, former, why, error);
    }
    if (status == STATUS_OK) {
        status = forget(store, &removed, error);
    }
    if (status == STATUS_OK) {
        snprintf(detail, sizeof detail, "rows %d", removed);
        status = audit_add(store, "leave", "", "", "", detail, error);
    }
    return record_end(store, status, error);
}

enum status record_arrive_at_server(struct store *store, const char *server, const char *former, struct error *error)
{
    enum status status = STATUS_OK;

    if (former != NULL) {
        status = run_texts(store, "UPDATE outbox SET server = ?2 WHERE server = ?1", former, server, error);
    }
    if (status == STATUS_OK) {
        status = run_texts(store,
                           "UPDATE outbox SET state = 'waiting', reason = '' WHERE server = ? AND state = 'refused' AND "
                           "http_status = 0 AND NOT forgotten",
                           server, NULL, error);
    }
    return status == STATUS_OK ? record_set_cursor(store, CURSOR_SERVER, server, error) : status;
}
