/*
 * Ids that a server gave to what is ours, and does not know any more: in a body
 * they become our UUIDs. Called by record_forgotten.c only, and only for bodies
 * from before the server was put back: its own of what it has forgotten, and
 * what was made here. In any other an id may be somebody else's by now.
 */
#include "store/record_row.h"

#include "base/memory.h"
#include "base/text.h"

#include <string.h>

struct renaming {
    struct store *store;
    const char *uuid; /* whose body it is */
    enum status status;
    struct error *error;
};

/* An id may have been given twice, to ours both times: then it means the one of the same visit. */
#define OURS \
    "SELECT c.uuid FROM (SELECT uuid FROM identity WHERE type = ?1 AND id = ?2 UNION " \
    "SELECT uuid FROM former WHERE type = ?1 AND id = ?2) c ORDER BY EXISTS (SELECT 1 FROM visit_part p JOIN visit_part q " \
    "ON q.visit = p.visit WHERE p.type = ?1 AND p.name = c.uuid AND q.name = ?3) DESC LIMIT 1"

static bool name_ours(void *context, const char *reference, char *out, size_t size)
{
    struct renaming *renaming = context;
    const char *slash = strchr(reference, '/');
    char type[RESOURCE_TYPE_SIZE];
    char uuid[UUID_SIZE] = "";
    bool found = false;

    if (renaming->status != STATUS_OK || slash == NULL ||
        !text_format(type, sizeof type, "%.*s", (int)(slash - reference), reference)) {
        return false;
    }
    sqlite3_stmt *statement = database_statement(renaming->store, OURS, renaming->error);
    if (statement == NULL) {
        renaming->status = database_error(renaming->store, renaming->error);
        return false;
    }
    bind_text(statement, 1, type);
    bind_text(statement, 2, slash + 1);
    bind_text(statement, 3, renaming->uuid);
    renaming->status = database_step(renaming->store, statement, &found, renaming->error);
    if (renaming->status == STATUS_OK && found) {
        column_text(statement, 0, uuid, sizeof uuid);
    }
    sqlite3_reset(statement);
    return uuid[0] != '\0' && text_format(out, size, "%s/%s", type, uuid);
}

static enum status rewrite(char **body, bool (*rename)(void *context, const char *reference, char *out, size_t size), void *context,
                           struct error *error)
{
    cJSON *tree = NULL;
    char *text = NULL;

    enum status status = json_parse(*body, strlen(*body), &tree, error);
    if (status == STATUS_OK) {
        status = references_rewrite(tree, rename, context, error);
    }
    if (status == STATUS_OK) {
        text = json_print(tree);
        status = text == NULL ? error_no_memory(error) : STATUS_OK;
    }
    if (status == STATUS_OK) {
        memory_free(*body);
        *body = text;
    }
    cJSON_Delete(tree);
    return status;
}

enum status row_name_ours(struct store *store, const struct row *row, char **body, struct error *error)
{
    struct renaming renaming = {.store = store, .uuid = row->uuid[0] != '\0' ? row->uuid : row->id, .error = error};

    enum status status = rewrite(body, name_ours, &renaming, error);
    return status == STATUS_OK ? renaming.status : status;
}

struct forgetting {
    const struct row *row; /* with the id that the server knew it by */
    bool named;
};

static bool name_forgotten(void *context, const char *reference, char *out, size_t size)
{
    struct forgetting *forgetting = context;
    const char *id = reference_id(reference, forgetting->row->type);

    if (id == NULL || strcmp(id, forgetting->row->id) != 0) {
        return false;
    }
    forgetting->named = true;
    return text_format(out, size, "%s/%s", forgetting->row->type, forgetting->row->uuid);
}

/* Another body for a row that waits. The server may hold what was sent. */
static enum status replace_body(struct store *store, int64_t outbox, const char *body, struct error *error)
{
    enum status status =
        row_run(store, "INSERT INTO sent (outbox, body) SELECT number, body FROM outbox WHERE number = ? AND attempts > 0", outbox,
                error);

    if (status != STATUS_OK) {
        return status;
    }
    sqlite3_stmt *statement = database_statement(store, "UPDATE outbox SET body = ? WHERE number = ?", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, body);
    bind_integer(statement, 2, outbox);
    return database_run(store, statement, error);
}

static enum status rename_in(struct store *store, int64_t outbox, const struct row *row, struct error *error)
{
    struct forgetting forgetting = {.row = row};
    char *body = NULL;

    enum status status = outbox_body(store, outbox, &body, error);
    if (status == STATUS_OK) {
        status = rewrite(&body, name_forgotten, &forgetting, error);
    }
    if (status == STATUS_OK && forgetting.named) {
        status = replace_body(store, outbox, body, error);
    }
    memory_free(body);
    return status;
}

enum status waiting_name_ours(struct store *store, const struct row *row, struct error *error)
{
    struct outbox_rows rows = {.items = NULL};

    enum status status = query_outbox(store, &rows, error);
    for (size_t i = 0; i < rows.count && status == STATUS_OK; i++) {
        status = rows.items[i].is_update ? STATUS_OK : rename_in(store, rows.items[i].number, row, error);
    }
    outbox_rows_free(&rows);
    return status;
}
