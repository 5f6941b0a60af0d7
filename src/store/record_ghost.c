/*
 * Ghosts: ids that the server gave to something of ours, wrote into what names
 * it, and then did not use. Medplum may run a transaction as a batch and gives
 * the ids first: what it stores may name one that it refuses a moment later.
 */
#include "store/record_row.h"

#include "base/memory.h"
#include "base/text.h"

#include <string.h>

const char *reference_there(const cJSON *sent, const cJSON *theirs, const char *reference)
{
    const cJSON *child = NULL;
    const char *there = NULL;
    int index = 0;

    cJSON_ArrayForEach(child, sent) {
        const cJSON *other = cJSON_IsArray(sent) ? cJSON_GetArrayItem(theirs, index++) : json_member(theirs, child->string);
        if (cJSON_IsString(child) && cJSON_IsString(other) && strcmp(child->valuestring, reference) == 0) {
            return other->valuestring;
        }
        there = other == NULL || cJSON_IsString(child) ? NULL : reference_there(child, other, reference);
        if (there != NULL) {
            return there;
        }
    }
    return NULL;
}

/* Whether a reference names something of ours by our UUID; then *id is the server's of that, "" when it has given none. */
static enum status find_ours(struct store *store, const char *reference, bool *ours, char type[RESOURCE_TYPE_SIZE],
                             char id[ID_SIZE], struct error *error)
{
    const char *slash = strchr(reference, '/');
    struct row row = {0};

    *ours = false;
    id[0] = '\0';
    if (slash == NULL || !uuid_is_valid(slash + 1) ||
        !text_format(type, RESOURCE_TYPE_SIZE, "%.*s", (int)(slash - reference), reference)) {
        return STATUS_OK;
    }
    enum status status = row_find_uuid(store, type, slash + 1, NULL, 0, &row, ours, error);
    if (status == STATUS_OK && *ours) {
        status = outbox_server_id(store, type, slash + 1, id, NULL);
        status = status == STATUS_OK || status == STATUS_NOT_FOUND ? STATUS_OK : database_error(store, error);
    }
    return status;
}

/* Of the same type, and nothing that is here: lists may be in another order. */
static enum status is_nobodys(struct store *store, const char *type, const char *id, const char *there, bool *nobodys,
                              struct error *error)
{
    const char *other = reference_id(there, type);
    struct row row = {0};
    bool found = false;

    *nobodys = text_starts_with(there, "urn:uuid:");
    if (other == NULL || strcmp(other, id) == 0) {
        return STATUS_OK;
    }
    enum status status = row_find(store, type, other, NULL, 0, &row, &found, error);
    if (status == STATUS_OK && !found) {
        status = row_find_uuid(store, type, other, NULL, 0, &row, &found, error);
    }
    *nobodys = !found;
    return status;
}

enum status ghost_is(struct store *store, const char *reference, const char *there, bool *ghost, struct error *error)
{
    char type[RESOURCE_TYPE_SIZE];
    char id[ID_SIZE];
    bool ours = false;

    *ghost = false;
    enum status status = find_ours(store, reference, &ours, type, id, error);
    return status == STATUS_OK && ours ? is_nobodys(store, type, id, there, ghost, error) : status;
}

/* A walk over what a row names. */
struct haunting {
    struct store *store;
    const cJSON *sent, *theirs;
    cJSON *mine;            /* as theirs, to be put right; NULL: only to look */
    const char *from, *to;  /* in one round over it */
    bool told;              /* what has no id here is not there */
    bool ghost;
    enum status status;
    struct error *error;
};

static bool rename_ghost(void *context, const char *reference, char *out, size_t size)
{
    const struct haunting *haunting = context;
    return strcmp(reference, haunting->from) == 0 && text_format(out, size, "%s", haunting->to);
}

static bool look_at(void *context, const char *reference, char *out, size_t size)
{
    struct haunting *haunting = context;
    char type[RESOURCE_TYPE_SIZE];
    char id[ID_SIZE];
    bool ours = false;
    bool ghost = false;
    (void)out;
    (void)size;
    if (haunting->status != STATUS_OK) {
        return false;
    }
    haunting->status = find_ours(haunting->store, reference, &ours, type, id, haunting->error);
    if (haunting->status != STATUS_OK || !ours) {
        return false;
    }
    if (haunting->mine == NULL && id[0] == '\0') {
        haunting->ghost = haunting->ghost || haunting->told;
        return false;
    }
    const char *there = reference_there(haunting->sent, haunting->theirs, reference);
    if (there == NULL) {
        return false;
    }
    haunting->status = is_nobodys(haunting->store, type, id, there, &ghost, haunting->error);
    haunting->ghost = haunting->ghost || ghost;
    if (haunting->status == STATUS_OK && ghost && haunting->mine != NULL) {
        haunting->from = there;
        haunting->to = reference;
        haunting->status = references_rewrite(haunting->mine, rename_ghost, haunting, haunting->error);
    }
    return false;
}

/* Walks over what a row is to say at the server. */
static enum status haunt(struct haunting *haunting, int64_t outbox, struct error *error)
{
    char *body = NULL;
    cJSON *sent = NULL;

    haunting->error = error;
    enum status status = outbox_body(haunting->store, outbox, &body, error);
    if (status == STATUS_OK) {
        status = json_parse(body, strlen(body), &sent, error);
    }
    if (status == STATUS_OK) {
        haunting->sent = sent;
        status = references_rewrite(sent, look_at, haunting, error);
    }
    cJSON_Delete(sent);
    memory_free(body);
    return status == STATUS_OK ? haunting->status : status;
}

enum status record_names_ghost(struct store *store, int64_t outbox, const cJSON *theirs, bool told, bool *ghost,
                               struct error *error)
{
    struct haunting haunting = {.store = store, .theirs = theirs, .told = told};
    enum status status = haunt(&haunting, outbox, error);

    *ghost = haunting.ghost;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status; /* it has left the outbox */
}

enum status ghosts_replaced(struct store *store, int64_t outbox, const struct at_server *there, char **out, struct error *error)
{
    struct haunting haunting = {.store = store};
    cJSON *tree = NULL;

    *out = NULL;
    enum status status = json_parse(there->body, there->length, &tree, error);
    if (status == STATUS_OK) {
        haunting.theirs = tree;
        haunting.mine = cJSON_Duplicate(tree, true);
        status = haunting.mine == NULL ? error_no_memory(error) : haunt(&haunting, outbox, error);
    }
    if (status == STATUS_OK && haunting.ghost) {
        *out = json_print(haunting.mine);
        status = *out == NULL ? error_no_memory(error) : STATUS_OK;
    }
    cJSON_Delete(haunting.mine);
    cJSON_Delete(tree);
    return status;
}
