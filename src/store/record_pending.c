/*
 * Outbox rows as the one writer sees them: adding one with its resource, and
 * settling it when the server has spoken.
 */
#include "store/record_row.h"

#include "base/memory.h"
#include "store/audit.h"

#include <string.h>

enum status pending_find(struct store *store, int64_t key, struct pending *out, struct error *error)
{
    bool found = false;

    *out = (struct pending){.number = 0};
    sqlite3_stmt *statement = database_statement(
        store,
        "SELECT number, visit, base_version, base_body IS NOT NULL, superseded, server NOT IN ('', " PRESENT_SERVER ") "
        "FROM outbox WHERE resource = ?",
        error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_integer(statement, 1, key);
    enum status status = database_step(store, statement, &found, error);
    if (status == STATUS_OK && found) {
        out->number = sqlite3_column_int64(statement, 0);
        column_text(statement, 1, out->visit, sizeof out->visit);
        column_text(statement, 2, out->base_version, sizeof out->base_version);
        out->is_update = column_int(statement, 3) != 0;
        out->superseded = column_int(statement, 4) != 0;
        out->tied = column_int(statement, 5) != 0;
        sqlite3_reset(statement);
    }
    return status;
}

enum status pending_note_part(struct store *store, int64_t key, const char *visit, struct error *error)
{
    sqlite3_stmt *statement = database_statement(
        store,
        "INSERT OR IGNORE INTO visit_part (visit, type, name) SELECT ?, type, COALESCE(uuid, id) FROM resource WHERE key = ?",
        error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, visit);
    bind_integer(statement, 2, key);
    return database_run(store, statement, error);
}

enum status pending_add(struct store *store, int64_t key, const char *visit, const struct made_resource *made,
                        const char *base_version, const char *base_body, struct error *error)
{
    sqlite3_stmt *statement = database_statement(
        store,
        "INSERT INTO outbox (resource, visit, if_none_exist, base_version, base_body, body, queued) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_integer(statement, 1, key);
    bind_text(statement, 2, visit);
    bind_text(statement, 3, base_body == NULL ? made->if_none_exist : "");
    bind_text(statement, 4, base_version);
    bind_text_or_null(statement, 5, base_body);
    bind_text(statement, 6, made->body);
    bind_instant(statement, 7, clock_now(&store->clock));
    enum status status = database_run(store, statement, error);
    return status == STATUS_OK && visit[0] != '\0' ? pending_note_part(store, key, visit, error) : status;
}

enum status pending_left_visit(struct store *store, const char *visit, struct error *error)
{
    sqlite3_stmt *statement = database_statement(
        store,
        "UPDATE visit SET accepted = ?1 WHERE id = ?2 AND state = 'signed' AND accepted IS NULL "
        "AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.visit = ?2)",
        error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_instant(statement, 1, clock_now(&store->clock));
    bind_text(statement, 2, visit);
    return database_run(store, statement, error);
}

enum status pending_done(struct store *store, const struct row *row, const struct pending *pending, struct error *error)
{
    enum status status = row_run(store, "DELETE FROM outbox WHERE number = ?", pending->number, error);

    if (status == STATUS_OK) {
        status = pending_left_visit(store, pending->visit, error);
    }
    return status == STATUS_OK ? audit_add(store, "accept", row->type, row->id, row->patient, "", error) : status;
}

enum status pending_forget_answer(struct store *store, int64_t number, int http_status, struct error *error)
{
    return row_run(store,
                   outbox_leaves_open(http_status)
                       ? "UPDATE outbox SET http_status = 0, reason = '', attempts = attempts > 0 WHERE number = ?"
                       : "UPDATE outbox SET http_status = 0, reason = '', attempts = 0 WHERE number = ?",
                   number, error);
}

static enum status keep_theirs(struct store *store, int64_t number, const char *theirs, size_t length,
                               struct error *error)
{
    sqlite3_stmt *statement =
        database_statement(store, "INSERT OR REPLACE INTO conflict (outbox, theirs, found) VALUES (?, ?, ?)", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_integer(statement, 1, number);
    bind_slice(statement, 2, theirs, length);
    bind_instant(statement, 3, clock_now(&store->clock));
    return database_run(store, statement, error);
}

enum status pending_conflict(struct store *store, const struct row *row, int64_t number, const char *theirs,
                             size_t length, struct error *error)
{
    enum status status =
        row_run(store, "UPDATE outbox SET state = 'conflict', superseded = 0 WHERE number = ?", number, error);

    if (status == STATUS_OK) {
        status = keep_theirs(store, number, theirs, length, error);
    }
    return status == STATUS_OK ? audit_add(store, "conflict", row->type, row->id, row->patient, "", error) : status;
}

enum status pending_gone(struct store *store, const struct row *row, int64_t number, struct error *error)
{
    bool known = false;

    sqlite3_stmt *statement = database_statement(store, "SELECT 1 FROM conflict WHERE outbox = ? AND gone", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_integer(statement, 1, number);
    enum status status = database_step(store, statement, &known, error);
    sqlite3_reset(statement);
    if (status != STATUS_OK || known) {
        return status;
    }
    status = row_run(store, "UPDATE outbox SET state = 'conflict', superseded = 0 WHERE number = ?", number, error);
    if (status == STATUS_OK) {
        status = keep_theirs(store, number, NULL, 0, error);
    }
    if (status == STATUS_OK) {
        status = row_run(store, "UPDATE conflict SET gone = 1 WHERE outbox = ?", number, error);
    }
    return status == STATUS_OK ? audit_add(store, "conflict", row->type, row->id, row->patient, "gone", error) : status;
}

/* Each member of `a` but meta, which the server owns, has an equal one in `b`. */
static bool members_equal(const cJSON *a, const cJSON *b)
{
    const cJSON *member = NULL;

    cJSON_ArrayForEach(member, a) {
        if (strcmp(member->string, "meta") != 0 && !cJSON_Compare(member, json_member(b, member->string), true)) {
            return false;
        }
    }
    return true;
}

bool resources_say_same(const cJSON *a, const cJSON *b)
{
    return members_equal(a, b) && members_equal(b, a);
}

enum status row_says_same(struct store *store, int64_t key, const cJSON *theirs, bool *same, struct error *error)
{
    char *body = NULL;
    cJSON *ours = NULL;

    *same = false;
    enum status status = row_body(store, key, &body, error);
    if (status == STATUS_OK) {
        status = json_parse(body, strlen(body), &ours, error);
    }
    if (status == STATUS_OK) {
        *same = resources_say_same(ours, theirs);
    }
    cJSON_Delete(ours);
    memory_free(body);
    return status;
}
