/*
 * Dangling references: ids that the server gave to something of ours, wrote
 * into what names it, and then did not use. Medplum may run a transaction as a
 * batch and gives the ids first: what it stores may name one that it refuses a
 * moment later.
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

/* Whether something there names what has this id there. A list may be in another order, and then a place says nothing. */
static bool is_named(const cJSON *theirs, const char *type, const char *id)
{
    const cJSON *child = NULL;
    size_t length = strlen(id);
    bool named = false;

    cJSON_ArrayForEach(child, theirs) {
        const char *other = text_equal(child->string, "reference") ? reference_id(cJSON_GetStringValue(child), type) : NULL;
        named = named || (other != NULL && strncmp(other, id, length) == 0 && (other[length] == '\0' || other[length] == '/')) ||
                is_named(child, type, id);
    }
    return named;
}

/* Of the same type, and nothing that is here: lists may be in another order. */
static enum status is_nobodys(struct store *store, const char *type, const char *id, const char *there, bool *nobodys,
                              struct error *error)
{
    const char *named = reference_id(there, type);
    char other[ID_SIZE];
    struct row row = {0};
    bool found = false;

    *nobodys = text_starts_with(there, "urn:uuid:");
    if (named == NULL || !text_format(other, sizeof other, "%.*s", (int)strcspn(named, "/"), named) || strcmp(other, id) == 0) {
        return STATUS_OK; /* "/_history/" and a version may follow */
    }
    enum status status = row_find(store, type, other, NULL, 0, &row, &found, error);
    if (status == STATUS_OK && !found) {
        status = row_find_uuid(store, type, other, NULL, 0, &row, &found, error);
    }
    *nobodys = !found;
    return status;
}

enum status is_dangling(struct store *store, const char *reference, const char *there, bool *dangling, struct error *error)
{
    char type[RESOURCE_TYPE_SIZE];
    char id[ID_SIZE];
    bool ours = false;

    *dangling = false;
    enum status status = find_ours(store, reference, &ours, type, id, error);
    return status == STATUS_OK && ours ? is_nobodys(store, type, id, there, dangling, error) : status;
}

/* A walk over what a row names. */
struct walk {
    struct store *store;
    const cJSON *sent, *theirs;
    cJSON *mine;            /* as theirs, to be put right; NULL: only to look */
    const char *from, *to;  /* in one round over it */
    bool told;              /* what has no id here is not there */
    bool dangling;
    enum status status;
    struct error *error;
};

static bool rename_dangling(void *context, const char *reference, char *out, size_t size)
{
    const struct walk *walk = context;
    return strcmp(reference, walk->from) == 0 && text_format(out, size, "%s", walk->to);
}

static bool look_at(void *context, const char *reference, char *out, size_t size)
{
    struct walk *walk = context;
    char type[RESOURCE_TYPE_SIZE];
    char id[ID_SIZE];
    bool ours = false;
    bool dangling = false;
    (void)out;
    (void)size;
    if (walk->status != STATUS_OK) {
        return false;
    }
    walk->status = find_ours(walk->store, reference, &ours, type, id, walk->error);
    if (walk->status != STATUS_OK || !ours) {
        return false;
    }
    if (walk->mine == NULL && id[0] == '\0') {
        walk->dangling = walk->dangling || walk->told;
        return false;
    }
    const char *there = reference_there(walk->sent, walk->theirs, reference);
    if (there == NULL || (id[0] != '\0' && is_named(walk->theirs, type, id))) {
        return false;
    }
    walk->status = is_nobodys(walk->store, type, id, there, &dangling, walk->error);
    walk->dangling = walk->dangling || dangling;
    if (walk->status == STATUS_OK && dangling && walk->mine != NULL) {
        walk->from = there;
        walk->to = reference;
        walk->status = references_rewrite(walk->mine, rename_dangling, walk, walk->error);
    }
    return false;
}

/* Walks over what a row is to say at the server. */
static enum status walk_references(struct walk *walk, int64_t outbox, struct error *error)
{
    char *body = NULL;
    cJSON *sent = NULL;

    walk->error = error;
    enum status status = outbox_body(walk->store, outbox, &body, error);
    if (status == STATUS_OK) {
        status = json_parse(body, strlen(body), &sent, error);
    }
    if (status == STATUS_OK) {
        walk->sent = sent;
        status = references_rewrite(sent, look_at, walk, error);
    }
    cJSON_Delete(sent);
    memory_free(body);
    return status == STATUS_OK ? walk->status : status;
}

enum status record_has_dangling(struct store *store, int64_t outbox, const cJSON *theirs, bool told, bool *dangling,
                               struct error *error)
{
    struct walk walk = {.store = store, .theirs = theirs, .told = told};
    enum status status = walk_references(&walk, outbox, error);

    *dangling = walk.dangling;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status; /* it has left the outbox */
}

enum status dangling_replaced(struct store *store, int64_t outbox, const struct at_server *there, char **out, struct error *error)
{
    struct walk walk = {.store = store};
    cJSON *tree = NULL;

    *out = NULL;
    enum status status = json_parse(there->body, there->length, &tree, error);
    if (status == STATUS_OK) {
        walk.theirs = tree;
        walk.mine = cJSON_Duplicate(tree, true);
        status = walk.mine == NULL ? error_no_memory(error) : walk_references(&walk, outbox, error);
    }
    if (status == STATUS_OK && walk.dangling) {
        *out = json_print(walk.mine);
        status = *out == NULL ? error_no_memory(error) : STATUS_OK;
    }
    cJSON_Delete(walk.mine);
    cJSON_Delete(tree);
    return status;
}
