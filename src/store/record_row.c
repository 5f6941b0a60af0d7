/*
 * Resource rows: finding, inserting, replacing. Called by the other parts of
 * the one writer only. A row and its look-up rows are always written together.
 */
#include "store/record_row.h"

#include "base/memory.h"
#include "base/text.h"

#include <string.h>

static const char *const origin_keys[] = {
    [ORIGIN_SERVER] = "server",
    [ORIGIN_IMPORT] = "import",
    [ORIGIN_DEVICE] = "device",
};

enum status record_end(struct store *store, enum status status, struct error *error)
{
    if (status != STATUS_OK) {
        database_rollback(store);
        return status;
    }
    return database_commit(store, error);
}

void bind_slice(sqlite3_stmt *statement, int index, const char *text, size_t length)
{
    if (text != NULL) {
        sqlite3_bind_text64(statement, index, text, length, SQLITE_STATIC, SQLITE_UTF8);
    }
}

static enum row_origin origin_from_key(const char *key)
{
    for (size_t i = 0; i < sizeof origin_keys / sizeof origin_keys[0]; i++) {
        if (text_equal(key, origin_keys[i])) {
            return (enum row_origin)i;
        }
    }
    return ORIGIN_DEVICE; /* never: the schema allows only these */
}

#define ROW_COLUMNS "SELECT key, type, id, uuid, version, patient, updated, origin, body = ?3 FROM resource "

static enum status find(struct store *store, const char *sql, const char *type, const char *id, const char *body,
                        size_t length, struct row *out, bool *found, struct error *error)
{
    char origin[16];
    enum status status = STATUS_OK;

    *found = false;
    *out = (struct row){.updated = INSTANT_NONE};
    sqlite3_stmt *statement = database_statement(store, sql, error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, type);
    bind_text(statement, 2, id);
    bind_slice(statement, 3, body, length);
    status = database_step(store, statement, found, error);
    if (status == STATUS_OK && *found) {
        out->key = sqlite3_column_int64(statement, 0);
        column_text(statement, 1, out->type, sizeof out->type);
        column_text(statement, 2, out->id, sizeof out->id);
        column_text(statement, 3, out->uuid, sizeof out->uuid);
        column_text(statement, 4, out->version, sizeof out->version);
        column_text(statement, 5, out->patient, sizeof out->patient);
        out->updated = column_instant(statement, 6);
        column_text(statement, 7, origin, sizeof origin);
        out->origin = origin_from_key(origin);
        out->same_body = column_int(statement, 8) == 1;
        sqlite3_reset(statement);
    }
    return status;
}

enum status row_find(struct store *store, const char *type, const char *id, const char *body, size_t length,
                     struct row *out, bool *found, struct error *error)
{
    return find(store, ROW_COLUMNS "WHERE type = ?1 AND id = ?2", type, id, body, length, out, found, error);
}

enum status row_find_uuid(struct store *store, const char *type, const char *uuid, const char *body, size_t length,
                          struct row *out, bool *found, struct error *error)
{
    return find(store, ROW_COLUMNS "WHERE type = ?1 AND uuid = ?2", type, uuid, body, length, out, found, error);
}

const char *lookup_chart(const struct lookup *lookup, const char *id)
{
    return lookup->kind == LOOKUP_PATIENT ? id : lookup->patient;
}

enum status row_insert(struct store *store, const struct content *content, int64_t *key, struct error *error)
{
    const struct resource_head *head = &content->lookup->head;
    enum status status = STATUS_OK;

    sqlite3_stmt *statement = database_statement(
        store,
        "INSERT INTO resource (version, updated, patient, body, origin, stored, type, id, uuid) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, head->version);
    bind_instant(statement, 2, head->updated);
    bind_text(statement, 3, lookup_chart(content->lookup, content->id));
    bind_slice(statement, 4, content->body, content->length);
    bind_text(statement, 5, origin_keys[content->origin]);
    bind_instant(statement, 6, clock_now(&store->clock));
    bind_text(statement, 7, head->type);
    bind_text(statement, 8, content->id);
    bind_text_or_null(statement, 9, content->uuid);
    status = database_run(store, statement, error);
    if (status == STATUS_OK) {
        *key = sqlite3_last_insert_rowid(store->connection);
        status = lookup_rows_insert(store, *key, content->id, content->lookup, error);
    }
    return status;
}

enum status row_replace(struct store *store, int64_t key, const struct content *content, struct error *error)
{
    const struct resource_head *head = &content->lookup->head;
    enum status status = STATUS_OK;

    sqlite3_stmt *statement = database_statement(
        store,
        "UPDATE resource SET version = ?1, updated = ?2, patient = coalesce(?3, patient), body = ?4, origin = ?5, "
        "stored = ?6 WHERE key = ?7",
        error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, head->version);
    bind_instant(statement, 2, head->updated);
    bind_text_or_null(statement, 3, lookup_chart(content->lookup, content->id)); /* a Provenance keeps what it was made for */
    bind_slice(statement, 4, content->body, content->length);
    bind_text(statement, 5, origin_keys[content->origin]);
    bind_instant(statement, 6, clock_now(&store->clock));
    bind_integer(statement, 7, key);
    status = database_run(store, statement, error);
    if (status == STATUS_OK) {
        status = lookup_rows_delete(store, key, error);
    }
    return status == STATUS_OK ? lookup_rows_insert(store, key, content->id, content->lookup, error) : status;
}

enum status row_run(struct store *store, const char *sql, int64_t key, struct error *error)
{
    sqlite3_stmt *statement = database_statement(store, sql, error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_integer(statement, 1, key);
    return database_run(store, statement, error);
}

enum status row_run_all(struct store *store, const char *const *statements, size_t count, const char *patient, int *changed,
                        struct error *error)
{
    enum status status = STATUS_OK;

    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        sqlite3_stmt *statement = database_statement(store, statements[i], error);
        if (statement == NULL) {
            return database_error(store, error);
        }
        bind_text(statement, 1, patient);
        status = database_run(store, statement, error);
        if (changed != NULL) {
            *changed += sqlite3_changes(store->connection);
        }
    }
    return status;
}

enum status row_delete(struct store *store, int64_t key, struct error *error)
{
    return row_run(store, "DELETE FROM resource WHERE key = ?", key, error);
}

enum status row_body(struct store *store, int64_t key, char **out, struct error *error)
{
    bool found = false;
    enum status status = STATUS_OK;

    *out = NULL;
    sqlite3_stmt *statement = database_statement(store, "SELECT body FROM resource WHERE key = ?", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_integer(statement, 1, key);
    status = database_step(store, statement, &found, error);
    if (status == STATUS_OK && !found) {
        return error_set(error, STATUS_NOT_FOUND, _("It is no longer on this device."));
    }
    if (status == STATUS_OK) {
        *out = column_copy(statement, 0);
        sqlite3_reset(statement);
        status = *out == NULL ? error_no_memory(error) : STATUS_OK;
    }
    return status;
}
