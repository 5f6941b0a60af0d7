/*
 * Which resources of a chart the server is said to have: for comparing with
 * what it has. Not: what was imported, and what has not been sent yet.
 */
#include "store/outbox.h"

#include "base/memory.h"
#include "store/database.h"

enum status outbox_each_held(struct store *store, const char *type, const char *patient,
                             void (*visit)(void *context, const char *id, instant at, const char *body), void *context,
                             struct error *error)
{
    enum status status = STATUS_OK;
    bool found = false;
    char id[ID_SIZE];

    sqlite3_stmt *statement = database_statement(
        store,
        "SELECT r.id, d.at, CASE WHEN d.resource IS NULL AND r.type = 'Observation' THEN r.body END FROM resource r "
        "LEFT JOIN reading d ON d.resource = r.key AND d.position = 0 "
        "WHERE r.patient = ?1 AND r.type = ?2 AND r.origin <> 'import' AND NOT EXISTS "
        "(SELECT 1 FROM outbox o WHERE o.resource = r.key AND (o.base_body IS NULL OR o.server <> ''))",
        error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, patient);
    bind_text(statement, 2, type);
    do {
        status = database_step(store, statement, &found, error);
        if (status == STATUS_OK && found) {
            char *body = sqlite3_column_type(statement, 2) == SQLITE_NULL ? NULL : column_copy(statement, 2);
            column_text(statement, 0, id, sizeof id);
            visit(context, id, column_instant(statement, 1), body);
            memory_free(body);
        }
    } while (status == STATUS_OK && found);
    sqlite3_reset(statement);
    return status;
}
