/*
 * Whole resources for `export`: a signed visit's, or all that is unsent.
 */
#include "store/query.h"

#include "base/memory.h"
#include "store/database.h"

#include <string.h>

void bodies_free(struct bodies *bodies)
{
    for (size_t i = 0; i < bodies->count; i++) {
        memory_free(bodies->items[i]);
    }
    memory_free(bodies->items);
    memset(bodies, 0, sizeof *bodies);
}

static enum status add_body(struct bodies *bodies, sqlite3_stmt *statement, struct error *error)
{
    if (bodies->count == bodies->capacity) {
        void *grown = memory_grow(bodies->items, bodies->count, &bodies->capacity, sizeof *bodies->items);
        if (grown == NULL) {
            return error_no_memory(error);
        }
        bodies->items = grown;
    }
    char *body = column_copy(statement, 0);
    if (body == NULL) {
        return error_no_memory(error);
    }
    bodies->items[bodies->count++] = body;
    return STATUS_OK;
}

enum status query_visit_bodies(struct store *store, const char *visit, struct bodies *out, struct error *error)
{
    bool row = false;
    memset(out, 0, sizeof *out);
    sqlite3_stmt *statement = database_statement(
        store,
        visit == NULL ? "SELECT body FROM outbox ORDER BY number"
                      : "SELECT resource.body FROM visit_part JOIN resource ON resource.type = visit_part.type "
                        "AND (resource.uuid = visit_part.name OR resource.id = visit_part.name) "
                        "WHERE visit_part.visit = ? ORDER BY resource.key",
        error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    if (visit != NULL) {
        bind_text(statement, 1, visit);
    }
    enum status status = STATUS_OK;
    do {
        status = database_step(store, statement, &row, error);
        if (status == STATUS_OK && row) {
            status = add_body(out, statement, error);
        }
    } while (status == STATUS_OK && row);
    sqlite3_reset(statement);
    if (status != STATUS_OK) {
        bodies_free(out);
    }
    return status;
}
