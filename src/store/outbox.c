/*
 * States of outbox rows on their way, and what else a run of sync asks of the
 * record. Nothing here removes a row: only an acceptance does (record_answer.c).
 */
#include "store/outbox.h"

#include "base/memory.h"
#include "base/text.h"
#include "store/audit.h"
#include "store/query_row.h"
#include "store/record_row.h"

#include <string.h>

enum status outbox_recover(struct store *store, struct error *error)
{
    sqlite3_stmt *statement = database_statement(
        store,
        "UPDATE outbox SET state = 'waiting', superseded = 0 WHERE state = 'sending' OR (state = 'conflict' AND number IN "
        "(SELECT outbox FROM conflict WHERE theirs IS NULL AND NOT gone))",
        error);
    return statement == NULL ? database_error(store, error) : database_run(store, statement, error);
}

/* Runs `sql` for each number, all or none. The first parameter is the number, the second `reason` where it has one. */
static enum status for_each(struct store *store, const char *sql, const int64_t *numbers, size_t count,
                            const char *reason, struct error *error)
{
    char clean[512];

    text_clean_into(clean, sizeof clean, reason);
    enum status status = database_begin(store, error);
    if (status != STATUS_OK) {
        return status;
    }
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        sqlite3_stmt *statement = database_statement(store, sql, error);
        if (statement == NULL) {
            status = database_error(store, error);
        } else {
            bind_integer(statement, 1, numbers[i]);
            if (sqlite3_bind_parameter_count(statement) > 1) {
                bind_text(statement, 2, clean);
            }
            status = database_run(store, statement, error);
        }
    }
    if (status != STATUS_OK) {
        database_rollback(store);
        return status;
    }
    return database_commit(store, error);
}

enum status outbox_mark_sending(struct store *store, const int64_t *numbers, size_t count, struct error *error)
{
    return for_each(store,
                    "UPDATE outbox SET state = 'sending', superseded = 0, attempts = attempts + 1, http_status = 0 "
                    "WHERE number = ? AND state IN ('waiting', 'sending')",
                    numbers, count, "", error);
}

enum status outbox_mark_unknown(struct store *store, const int64_t *numbers, size_t count, const char *reason,
                                struct error *error)
{
    return for_each(store,
                    "UPDATE outbox SET state = 'waiting', superseded = 0, reason = ?2 "
                    "WHERE number = ?1 AND state IN ('waiting', 'sending')",
                    numbers, count, reason, error);
}

enum status outbox_mark_answered(struct store *store, const int64_t *numbers, size_t count, int http_status, struct error *error)
{
    char code[16];

    text_format(code, sizeof code, "%d", http_status);
    return for_each(store, "UPDATE outbox SET http_status = CAST(?2 AS INTEGER) WHERE number = ?1 AND state = 'sending'", numbers,
                    count, code, error);
}

bool outbox_leaves_open(long http_status)
{
    return (http_status >= 0 && http_status < 300) || http_status == 408 || http_status >= 500;
}

/* What a row is of, for the audit; NOT_FOUND unless it was refused or is in conflict. */
static enum status refused_row(struct store *store, int64_t number, char type[RESOURCE_TYPE_SIZE], char id[ID_SIZE],
                               char patient[ID_SIZE], int *http_status, struct error *error)
{
    bool found = false;

    sqlite3_stmt *statement = database_statement(
        store,
        "SELECT r.type, r.id, r.patient, o.http_status FROM outbox o JOIN resource r ON r.key = o.resource "
        "WHERE o.number = ? AND o.state IN ('refused', 'conflict')",
        error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_integer(statement, 1, number);
    enum status status = database_step(store, statement, &found, error);
    if (status == STATUS_OK && found) {
        column_text(statement, 0, type, RESOURCE_TYPE_SIZE);
        column_text(statement, 1, id, ID_SIZE);
        column_text(statement, 2, patient, ID_SIZE);
        *http_status = column_int(statement, 3);
    }
    sqlite3_reset(statement);
    if (status == STATUS_OK && !found) {
        return error_set(error, STATUS_NOT_FOUND, _("Nothing of this was refused; what waits is sent with the next sync."));
    }
    return status;
}

enum status outbox_retry(struct store *store, int64_t number, struct error *error)
{
    char type[RESOURCE_TYPE_SIZE];
    char id[ID_SIZE];
    char patient[ID_SIZE];
    char detail[32];
    int http_status = 0;

    enum status status = database_begin(store, error);
    if (status != STATUS_OK) {
        return status;
    }
    status = refused_row(store, number, type, id, patient, &http_status, error);
    if (status == STATUS_OK) {
        /* What was sent may be what the server holds. */
        status = for_each(store,
                          "INSERT INTO sent (outbox, body) SELECT number, body FROM outbox WHERE number = ?1 AND attempts > 0 "
                          "AND body NOT IN (SELECT body FROM sent WHERE outbox = ?1)",
                          &number, 1, "", error);
    }
    if (status == STATUS_OK) {
        status = row_run(store, "UPDATE outbox SET state = 'waiting' WHERE number = ?", number, error);
    }
    if (status == STATUS_OK) {
        status = pending_forget_answer(store, number, http_status, error);
    }
    if (status == STATUS_OK) {
        text_format(detail, sizeof detail, "HTTP %d", http_status);
        status = audit_add(store, "retry", type, id, patient, detail, error);
    }
    return database_end(store, status, error);
}

enum status outbox_server_id(struct store *store, const char *type, const char *uuid, char id[ID_SIZE],
                             struct error *error)
{
    bool found = false;

    id[0] = '\0';
    sqlite3_stmt *statement =
        database_statement(store, "SELECT id FROM identity WHERE type = ? AND uuid = ?", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, type);
    bind_text(statement, 2, uuid);
    enum status status = database_step(store, statement, &found, error);
    if (status == STATUS_OK && found) {
        column_text(statement, 0, id, ID_SIZE);
    }
    sqlite3_reset(statement);
    if (status == STATUS_OK && !found) {
        return error_set(error, STATUS_NOT_FOUND, _("The server has not given this %s an id yet; sync first."), type);
    }
    return status;
}

enum status outbox_was_accepted(struct store *store, const char *type, const char *id, bool *ours, struct error *error)
{
    sqlite3_stmt *statement = database_statement(store, "SELECT 1 FROM identity WHERE type = ? AND id = ?", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, type);
    bind_text(statement, 2, id);
    enum status status = database_step(store, statement, ours, error);
    sqlite3_reset(statement);
    return status;
}

enum status outbox_tie(struct store *store, int64_t number, char *out, size_t size, struct error *error)
{
    bool found = false;

    out[0] = '\0';
    sqlite3_stmt *statement = database_statement(store, "SELECT server FROM outbox WHERE number = ?", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_integer(statement, 1, number);
    enum status status = database_step(store, statement, &found, error);
    if (status == STATUS_OK && found) {
        column_text(statement, 0, out, size);
    }
    sqlite3_reset(statement);
    return status;
}

enum status outbox_each_identity(struct store *store, const char *type, int most,
                                 void (*visit)(void *context, const char *uuid, const char *id), void *context,
                                 struct error *error)
{
    enum status status = STATUS_OK;
    bool found = false;

    sqlite3_stmt *statement = database_statement(store, "SELECT uuid, id FROM identity WHERE type = ? LIMIT ?", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, type);
    bind_integer(statement, 2, most);
    do {
        status = database_step(store, statement, &found, error);
        if (status == STATUS_OK && found) {
            char uuid[UUID_SIZE];
            char id[ID_SIZE];
            column_text(statement, 0, uuid, sizeof uuid);
            column_text(statement, 1, id, sizeof id);
            visit(context, uuid, id);
        }
    } while (status == STATUS_OK && found);
    sqlite3_reset(statement);
    return status;
}

enum status cursor_get(struct store *store, const char *scope, char *out, size_t size, struct error *error)
{
    bool found = false;

    out[0] = '\0';
    sqlite3_stmt *statement = database_statement(store, "SELECT value FROM cursor WHERE scope = ?", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, scope);
    enum status status = database_step(store, statement, &found, error);
    if (status == STATUS_OK && found) {
        column_text(statement, 0, out, size);
    }
    sqlite3_reset(statement);
    return status;
}

enum status outbox_each_patient(struct store *store,
                                void (*visit)(void *context, const char *patient, enum held_chart chart), void *context,
                                struct error *error)
{
    enum status status = STATUS_OK;
    bool found = false;
    char id[ID_SIZE];

    sqlite3_stmt *statement = database_statement(
        store,
        "SELECT p.id, coalesce(c.complete, 0), coalesce(c.released, 0) FROM patient p LEFT JOIN chart_state c ON c.patient = p.id "
        "ORDER BY p.id",
        error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    do {
        status = database_step(store, statement, &found, error);
        if (status == STATUS_OK && found) {
            column_text(statement, 0, id, sizeof id);
            visit(context, id, column_int(statement, 2) != 0 ? HELD_LEFT : column_int(statement, 1) != 0 ? HELD_WHOLE : HELD_PART);
        }
    } while (status == STATUS_OK && found);
    sqlite3_reset(statement);
    return status;
}

enum status outbox_chart_is_whole(struct store *store, const char *patient, bool *whole, struct error *error)
{
    sqlite3_stmt *statement = database_statement(
        store,
        "SELECT 1 FROM patient p LEFT JOIN chart_state c ON c.patient = p.id WHERE p.id = ? AND " CHART_IS_COMPLETE, error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, patient);
    enum status status = database_step(store, statement, whole, error);
    sqlite3_reset(statement);
    return status;
}

enum status outbox_each_chart_body(struct store *store, const char *patient, void (*visit)(void *context, const char *body),
                                   void *context, struct error *error)
{
    enum status status = STATUS_OK;
    bool found = false;

    sqlite3_stmt *statement =
        database_statement(store, "SELECT body FROM resource WHERE patient = ? AND origin = 'server'", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, patient);
    do {
        status = database_step(store, statement, &found, error);
        if (status == STATUS_OK && found) {
            char *body = column_copy(statement, 0);
            if (body == NULL) {
                status = error_no_memory(error);
            } else {
                visit(context, body);
            }
            memory_free(body);
        }
    } while (status == STATUS_OK && found);
    sqlite3_reset(statement);
    return status;
}

enum status outbox_body(struct store *store, int64_t number, char **body, struct error *error)
{
    bool row = false;
    *body = NULL;
    sqlite3_stmt *statement = database_statement(store, "SELECT body FROM outbox WHERE number = ?", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_integer(statement, 1, number);
    enum status status = database_step(store, statement, &row, error);
    if (status == STATUS_OK && !row) {
        status = error_set(error, STATUS_NOT_FOUND, _("The outbox has no such entry any more."));
    }
    if (status == STATUS_OK) {
        *body = column_copy(statement, 0);
        status = *body == NULL ? error_no_memory(error) : STATUS_OK;
    }
    sqlite3_reset(statement);
    return status;
}
