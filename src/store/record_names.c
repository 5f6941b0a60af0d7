/*
 * What the server's own body of something names of ours, named as ours. Called
 * by record_forgotten.c for what a server does not know any more, only: a body
 * from before it was put back. In any other an id may be somebody else's by now.
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

enum status row_name_ours(struct store *store, const struct row *row, char **body, struct error *error)
{
    struct renaming renaming = {.store = store, .uuid = row->uuid[0] != '\0' ? row->uuid : row->id, .error = error};
    cJSON *tree = NULL;
    char *text = NULL;

    enum status status = json_parse(*body, strlen(*body), &tree, error);
    if (status == STATUS_OK) {
        status = references_rewrite(tree, name_ours, &renaming, error);
    }
    status = status == STATUS_OK ? renaming.status : status;
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
