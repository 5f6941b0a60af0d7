/*
 * What cannot be stored as a resource is kept aside whole, with a reason.
 *
 * Invariant: a chart that lacks something because it could not be read does
 * not count as complete (query_row.h) until a version of it that can be read
 * takes its place, or the server no longer has it.
 */
#include "store/record_row.h"

#include "base/text.h"

#include <sodium.h>
#include <string.h>

enum status quarantine_add(struct store *store, const struct aside *aside, struct error *error)
{
    unsigned char hash[crypto_generichash_BYTES];

    crypto_generichash(hash, sizeof hash, (const unsigned char *)aside->bytes, aside->length, NULL, 0);
    sqlite3_stmt *statement = database_statement(
        store,
        "INSERT OR IGNORE INTO quarantine (place, why, body, contested, type, id, patient, hash, found) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, aside->where);
    bind_text(statement, 2, aside->why);
    bind_bytes(statement, 3, aside->bytes, aside->length);
    bind_text_or_null(statement, 4, aside->contested);
    bind_text(statement, 5, aside->type);
    bind_text(statement, 6, aside->id);
    bind_text_or_null(statement, 7, aside->patient);
    bind_bytes(statement, 8, hash, sizeof hash);
    bind_instant(statement, 9, clock_now(&store->clock));
    return database_run(store, statement, error);
}

enum status quarantine_settle(struct store *store, const char *type, const char *id, struct error *error)
{
    sqlite3_stmt *statement = database_statement(
        store, "DELETE FROM quarantine WHERE patient IS NOT NULL AND type = ? AND id = ? AND id <> ''", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, type);
    bind_text(statement, 2, id);
    return database_run(store, statement, error);
}

enum status record_lacks(struct store *store, const char *type, const char *id, const char *patient, const char *why,
                         struct error *error)
{
    char name[REFERENCE_SIZE];
    struct aside aside = {.where = PLACE_SERVER, .why = why, .type = type, .id = id, .patient = patient, .bytes = name};

    text_format(name, sizeof name, "%s/%s", type, id);
    aside.length = strlen(name);
    enum status status = database_begin(store, error);
    if (status == STATUS_OK) {
        status = database_end(store, quarantine_add(store, &aside, error), error);
    }
    return status;
}
