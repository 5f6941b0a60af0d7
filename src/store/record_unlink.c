/*
 * Taking a reference to something that is gone out of what is unsent, so that
 * it holds nothing else up. Called by sync/ through store/record.h.
 */
#include "store/record_row.h"

#include "base/memory.h"
#include "store/audit.h"

#include <string.h>

/* `body` (taken) without the reference; NULL when memory is short. *changed stays as it is when it was not in there. */
static char *without(char *body, const char *reference, bool *changed)
{
    cJSON *tree = NULL;
    char *text = body;

    if (json_parse(body, strlen(body), &tree, NULL) == STATUS_OK && references_remove(tree, reference)) {
        text = json_print(tree);
        memory_free(body);
        *changed = true;
    }
    cJSON_Delete(tree);
    return text;
}

/* The body of a row, by a statement that reads it, written back by another without the reference. */
static enum status rewrite(struct store *store, const char *select, const char *update, int64_t number,
                           const char *reference, bool *changed, struct error *error)
{
    bool found = false;
    bool here = false;
    char *body = NULL;

    sqlite3_stmt *statement = database_statement(store, select, error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_integer(statement, 1, number);
    enum status status = database_step(store, statement, &found, error);
    if (status != STATUS_OK || !found) {
        return status;
    }
    body = column_copy(statement, 0);
    sqlite3_reset(statement);
    body = body == NULL ? NULL : without(body, reference, &here);
    if (body == NULL) {
        return error_no_memory(error);
    }
    if (here) {
        *changed = true;
        statement = database_statement(store, update, error);
        if (statement == NULL) {
            status = database_error(store, error);
        } else {
            bind_integer(statement, 1, number);
            bind_text(statement, 2, body);
            status = database_run(store, statement, error);
        }
    }
    memory_free(body);
    return status;
}

static enum status audit_unlink(struct store *store, int64_t outbox, const char *reference, struct error *error)
{
    char type[RESOURCE_TYPE_SIZE] = "";
    char id[ID_SIZE] = "";
    char patient[ID_SIZE] = "";
    bool found = false;

    sqlite3_stmt *statement = database_statement(
        store, "SELECT type, id, patient FROM resource WHERE key = (SELECT resource FROM outbox WHERE number = ?)", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_integer(statement, 1, outbox);
    enum status status = database_step(store, statement, &found, error);
    if (status != STATUS_OK || !found) {
        return status;
    }
    column_text(statement, 0, type, sizeof type);
    column_text(statement, 1, id, sizeof id);
    column_text(statement, 2, patient, sizeof patient);
    sqlite3_reset(statement);
    return audit_add(store, "unlink", type, id, patient, reference, error);
}

enum status record_unlink(struct store *store, int64_t outbox, const char *reference, bool *changed, struct error *error)
{
    *changed = false;
    enum status status = database_begin(store, error);
    if (status != STATUS_OK) {
        return status;
    }
    status = rewrite(store, "SELECT body FROM outbox WHERE number = ?1", "UPDATE outbox SET body = ?2 WHERE number = ?1", outbox,
                     reference, changed, error);
    if (status == STATUS_OK) {
        status = rewrite(store, "SELECT r.body FROM resource r JOIN outbox o ON o.resource = r.key WHERE o.number = ?1",
                         "UPDATE resource SET body = ?2 WHERE key = (SELECT resource FROM outbox WHERE number = ?1)", outbox,
                         reference, changed, error);
    }
    if (status == STATUS_OK && *changed) {
        status = audit_unlink(store, outbox, reference, error);
    }
    return record_end(store, status, error);
}
