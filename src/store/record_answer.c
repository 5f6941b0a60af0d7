/*
 * What the server said of an outbox row: accepted, refused, or changed by
 * someone else. Called by sync/ through store/record.h, one transaction each.
 *
 * Invariant: nothing leaves the outbox but by an acceptance. What was changed
 * again while it was on its way stays, on the base of what was accepted.
 */
#include "store/record_row.h"

#include "base/memory.h"
#include "base/text.h"
#include "store/audit.h"

#include <stdio.h>
#include <string.h>

enum status pending_load(struct store *store, int64_t number, struct row *row, struct pending *pending, bool *found,
                         struct error *error)
{
    char type[RESOURCE_TYPE_SIZE];
    char id[ID_SIZE];

    sqlite3_stmt *statement = database_statement(
        store, "SELECT r.type, r.id FROM outbox o JOIN resource r ON r.key = o.resource WHERE o.number = ?", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_integer(statement, 1, number);
    enum status status = database_step(store, statement, found, error);
    if (status != STATUS_OK || !*found) {
        return status;
    }
    column_text(statement, 0, type, sizeof type);
    column_text(statement, 1, id, sizeof id);
    sqlite3_reset(statement);
    status = row_find(store, type, id, NULL, 0, row, found, error);
    return status == STATUS_OK ? pending_find(store, row->key, pending, error) : status;
}

/* Begins a transaction about an outbox row; *found is false when that has left already. A failure ends it again. */
static enum status begin_with(struct store *store, int64_t outbox, struct row *row, struct pending *pending, bool *found,
                              struct error *error)
{
    enum status status = database_begin(store, error);
    if (status != STATUS_OK) {
        return status;
    }
    status = pending_load(store, outbox, row, pending, found, error);
    return status == STATUS_OK ? STATUS_OK : record_end(store, status, error);
}

/* What was sent is there, but it was changed again meanwhile: the new change now starts from what was accepted. `base` is
 * that; NULL for what was sent last. */
static enum status rebase(struct store *store, const struct pending *pending, const char *version, const char *base,
                          struct error *error)
{
    sqlite3_stmt *statement = database_statement(
        store,
        "UPDATE outbox SET base_version = ?1, if_none_exist = '', superseded = 0, state = 'waiting', reason = '', base_body = "
        "coalesce(?3, base_body, (SELECT body FROM sent WHERE outbox = ?2 ORDER BY rowid DESC LIMIT 1), body) "
        "WHERE number = ?2",
        error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, version);
    bind_integer(statement, 2, pending->number);
    bind_text_or_null(statement, 3, base);
    return database_run(store, statement, error);
}

static enum status set_body(struct store *store, const struct pending *pending, const char *body, struct error *error)
{
    sqlite3_stmt *statement = database_statement(store, "UPDATE outbox SET body = ? WHERE number = ?", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, body);
    bind_integer(statement, 2, pending->number);
    return database_run(store, statement, error);
}

static enum status changed_since_sent(struct store *store, const struct pending *pending, bool *changed, struct error *error)
{
    sqlite3_stmt *statement = database_statement(
        store, "SELECT 1 FROM sent s JOIN outbox o ON o.number = s.outbox WHERE o.number = ? AND s.body <> o.body LIMIT 1",
        error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_integer(statement, 1, pending->number);
    enum status status = database_step(store, statement, changed, error);
    sqlite3_reset(statement);
    return status;
}

/* In how many of its members `a` is not as `b`. */
static int count_differences(const cJSON *a, const cJSON *b)
{
    const cJSON *member = NULL;
    int count = 0;

    cJSON_ArrayForEach(member, a) {
        count += cJSON_Compare(member, json_member(b, member->string), true) ? 0 : 1;
    }
    return count;
}

/* Which of the bodies that were sent arrived: the one that `theirs` is nearest to, of equals the first. */
static enum status find_arrived(struct store *store, const struct pending *pending, const cJSON *theirs, char **out,
                                struct error *error)
{
    bool found = false;
    int least = 0;

    sqlite3_stmt *statement = database_statement(store, "SELECT body FROM sent WHERE outbox = ? ORDER BY rowid", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_integer(statement, 1, pending->number);
    enum status status = database_step(store, statement, &found, error);
    while (status == STATUS_OK && found) {
        char *body = column_copy(statement, 0);
        cJSON *sent = NULL;

        status = body == NULL ? error_no_memory(error) : json_parse(body, strlen(body), &sent, error);
        int differences = count_differences(sent, theirs);
        if (status == STATUS_OK && (*out == NULL || differences < least)) {
            memory_free(*out);
            *out = body;
            body = NULL;
            least = differences;
        }
        cJSON_Delete(sent);
        memory_free(body);
        if (status == STATUS_OK) {
            status = database_step(store, statement, &found, error);
        }
    }
    sqlite3_reset(statement);
    return status;
}

struct alignment {
    struct store *store;
    const cJSON *sent, *theirs;
    bool ours;              /* what is the id of nothing there keeps the name that it has here */
    enum status status;
};

/* What is named by our UUID has an id of the server's there. */
static bool align_reference(void *context, const char *reference, char *out, size_t size)
{
    struct alignment *alignment = context;
    const char *slash = strchr(reference, '/');
    const char *there = slash != NULL && uuid_is_valid(slash + 1)
                            ? reference_there(alignment->sent, alignment->theirs, reference)
                            : NULL;
    bool dangling = false;
    if (there == NULL || strncmp(there, reference, (size_t)(slash - reference) + 1) != 0) {
        return false;
    }
    if (alignment->ours && alignment->status == STATUS_OK) {
        alignment->status = is_dangling(alignment->store, reference, there, &dangling, NULL);
    }
    return !dangling && text_format(out, size, "%s", there);
}

/* `body` with the ids that the server has given. */
static enum status align(const char *body, struct alignment *alignment, const char *id, char **out, struct error *error)
{
    cJSON *tree = NULL;

    *out = NULL;
    enum status status = json_parse(body, strlen(body), &tree, error);
    if (status == STATUS_OK) {
        status = references_rewrite(tree, align_reference, alignment, error);
    }
    if (status == STATUS_OK && alignment->status != STATUS_OK) {
        status = database_error(alignment->store, error);
    }
    if (status == STATUS_OK) {
        cJSON_DeleteItemFromObjectCaseSensitive(tree, "id");
        *out = cJSON_AddStringToObject(tree, "id", id) == NULL ? NULL : json_print(tree);
        status = *out == NULL ? error_no_memory(error) : STATUS_OK;
    }
    cJSON_Delete(tree);
    return status;
}

/* Base and change as they are at the server but for what was changed. */
static enum status rebase_aligned(struct store *store, const struct pending *pending, const struct at_server *there,
                                  const cJSON *theirs, const char *arrived, struct error *error)
{
    struct alignment alignment = {.store = store, .theirs = theirs};
    cJSON *sent = NULL;
    char *mine = NULL;
    char *base = NULL;
    char *changed = NULL;

    enum status status = json_parse(arrived, strlen(arrived), &sent, error);
    alignment.sent = sent;
    if (status == STATUS_OK) {
        status = align(arrived, &alignment, there->id, &base, error);
    }
    if (status == STATUS_OK) {
        status = outbox_body(store, pending->number, &mine, error);
    }
    alignment.ours = true;
    if (status == STATUS_OK) {
        status = align(mine, &alignment, there->id, &changed, error);
    }
    if (status == STATUS_OK) {
        status = rebase(store, pending, there->version, base, error);
    }
    if (status == STATUS_OK) {
        status = set_body(store, pending, changed, error);
    }
    cJSON_Delete(sent);
    memory_free(changed);
    memory_free(base);
    memory_free(mine);
    return status;
}

/* What was changed since it went out meets what is there, which somebody else may have changed as well. */
static enum status meet_arrived(struct store *store, struct row *row, const struct pending *pending,
                                const struct at_server *there, struct error *error)
{
    struct pending waiting = {0};
    cJSON *theirs = NULL;
    char *base = NULL;

    if (there->body == NULL) {
        return error_set(error, STATUS_INVALID, "%s", _("The server has it, but does not show it; it is sent again."));
    }
    enum status status = json_parse(there->body, there->length, &theirs, error);
    if (status == STATUS_OK) {
        status = find_arrived(store, pending, theirs, &base, error);
    }
    if (status == STATUS_OK) {
        status = rebase_aligned(store, pending, there, theirs, base, error);
    }
    if (status == STATUS_OK) {
        status = identity_settle(store, row, there->id, there->version, error);
    }
    if (status == STATUS_OK) {
        status = pending_find(store, row->key, &waiting, error);
    }
    if (status == STATUS_OK) {
        status = pending_meet(store, row, &waiting, there->body, there->length, error);
    }
    cJSON_Delete(theirs);
    memory_free(base);
    return status;
}

/* What is there is as it was sent; but where that has a dangling reference the row waits, as a change that names ours. */
static enum status accept_as_sent(struct store *store, struct row *row, const struct pending *pending,
                                  const struct at_server *there, struct error *error)
{
    char *mine = NULL;

    enum status status = there->body == NULL ? STATUS_OK : dangling_replaced(store, pending->number, there, &mine, error);
    if (status == STATUS_OK && mine == NULL) {
        status = pending_done(store, row, pending, error);
    } else if (status == STATUS_OK) {
        status = rebase(store, pending, there->version, there->body, error);
        status = status == STATUS_OK ? set_body(store, pending, mine, error) : status;
    }
    memory_free(mine);
    return status == STATUS_OK ? identity_settle(store, row, there->id, there->version, error) : status;
}

enum status pending_arrived(struct store *store, struct row *row, const struct pending *pending,
                            const struct at_server *there, struct error *error)
{
    bool changed = false;

    enum status status = changed_since_sent(store, pending, &changed, error);
    if (status == STATUS_OK && changed) {
        return meet_arrived(store, row, pending, there, error);
    }
    return status == STATUS_OK ? accept_as_sent(store, row, pending, there, error) : status;
}

static enum status mark_refused(struct store *store, const struct pending *pending, int http_status, const char *words,
                                struct error *error)
{
    char clean[512];

    text_clean_into(clean, sizeof clean, words == NULL ? "" : words);
    sqlite3_stmt *statement = database_statement(
        store, "UPDATE outbox SET state = ?, superseded = 0, http_status = ?, reason = ?, "
               "forgotten = CASE forgotten WHEN 0 THEN 0 ELSE 2 END WHERE number = ?", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, pending->superseded ? "waiting" : "refused");
    bind_integer(statement, 2, http_status);
    bind_text(statement, 3, clean);
    bind_integer(statement, 4, pending->number);
    return database_run(store, statement, error);
}

/* Whether the server names a record that is another one here: of another chart, or also made on this device. Taking its
 * word would put the other in the place of ours. */
static enum status is_another(struct store *store, const struct row *row, const char *id, bool *another, struct error *error)
{
    struct row there = {0};
    bool found = false;

    enum status status = row_find(store, row->type, id, NULL, 0, &there, &found, error);
    bool other_uuid = there.uuid[0] != '\0' && strcmp(there.uuid, row->uuid) != 0;
    bool other_chart = there.patient[0] != '\0' && row->patient[0] != '\0' && strcmp(there.patient, row->patient) != 0;
    *another = found && there.key != row->key && (other_uuid || other_chart);
    return status;
}

static const char taken_for_another[] = N_("The server took it for another record; tell the office.");

/* `found`: nobody can tell from which try it is there; else it is as it was sent last. */
static enum status accept(struct store *store, struct row *row, const struct pending *pending,
                          const struct at_server *answer, bool found, bool *another, struct error *error)
{
    struct at_server there = *answer;
    bool changed = false;

    there.id = there.id[0] == '\0' ? row->id : there.id;
    enum status status = is_another(store, row, there.id, another, error);
    if (status == STATUS_OK && *another) {
        return mark_refused(store, pending, 0, _(taken_for_another), error);
    }
    if (status == STATUS_OK && found && !pending->is_update) {
        status = changed_since_sent(store, pending, &changed, error);
        if (status == STATUS_OK && changed) {
            return meet_arrived(store, row, pending, &there, error);
        }
    } else if (status == STATUS_OK && pending->superseded) {
        status = rebase(store, pending, there.version, NULL, error);
        return status == STATUS_OK ? identity_settle(store, row, there.id, there.version, error) : status;
    }
    return status == STATUS_OK ? accept_as_sent(store, row, pending, &there, error) : status;
}

static enum status accept_row(struct store *store, int64_t outbox, const struct at_server *there, bool from_earlier,
                              struct error *error)
{
    struct row row = {0};
    struct pending pending = {0};
    bool found = false;
    bool another = false;

    enum status status = begin_with(store, outbox, &row, &pending, &found, error);
    if (status != STATUS_OK) {
        return status;
    }
    if (found) {
        status = accept(store, &row, &pending, there, from_earlier, &another, error);
    }
    status = record_end(store, status, error);
    return status == STATUS_OK && another ? error_set(error, STATUS_CONFLICT, "%s", _(taken_for_another)) : status;
}

enum status record_accept(struct store *store, int64_t outbox, const char *server_id, const char *version,
                          struct error *error)
{
    struct at_server there = {.id = server_id, .version = version};

    return accept_row(store, outbox, &there, false, error);
}

enum status record_found(struct store *store, int64_t outbox, const char *server_id, const char *version,
                         const char *theirs, struct error *error)
{
    struct at_server there = {.id = server_id, .version = version, .body = theirs,
                              .length = theirs == NULL ? 0 : strlen(theirs)};

    return accept_row(store, outbox, &there, true, error);
}

enum status record_refuse(struct store *store, int64_t outbox, int http_status, const char *words, struct error *error)
{
    struct row row = {0};
    struct pending pending = {0};
    bool found = false;
    char detail[32];

    enum status status = begin_with(store, outbox, &row, &pending, &found, error);
    if (status != STATUS_OK) {
        return status;
    }
    if (found) {
        status = mark_refused(store, &pending, http_status, words, error);
    }
    if (status == STATUS_OK && found) {
        snprintf(detail, sizeof detail, "HTTP %d", http_status);
        status = audit_add(store, "refuse", row.type, row.id, row.patient, detail, error);
    }
    return record_end(store, status, error);
}

/* A repeat of what had arrived already meets a newer version that says what we say: that is no conflict. */
static enum status compare(struct store *store, struct row *row, const struct pending *pending, const char *theirs,
                           struct error *error)
{
    cJSON *tree = NULL;
    struct resource_head head = {0};
    bool same = false;
    bool another = false;
    struct error fault = {0};

    enum status status = theirs == NULL ? STATUS_INVALID : json_parse(theirs, strlen(theirs), &tree, &fault);
    if (status == STATUS_OK) {
        status = resource_head_read(tree, &head, &fault);
    }
    if (status == STATUS_OK && strcmp(head.type, row->type) == 0) {
        status = row_says_same(store, row->key, tree, &same, &fault);
    }
    cJSON_Delete(tree);
    if (status != STATUS_OK && status != STATUS_INVALID) {
        return error_set(error, status, "%s", fault.sentence);
    }
    if (same) {
        struct at_server there = {.id = head.id, .version = head.version};
        return accept(store, row, pending, &there, false, &another, error);
    }
    return pending_meet(store, row, pending, theirs, theirs == NULL ? 0 : strlen(theirs), error);
}

enum status record_conflict(struct store *store, int64_t outbox, const char *theirs, struct error *error)
{
    struct row row = {0};
    struct pending pending = {0};
    bool found = false;

    enum status status = begin_with(store, outbox, &row, &pending, &found, error);
    if (status != STATUS_OK) {
        return status;
    }
    if (found) {
        status = compare(store, &row, &pending, theirs, error);
    }
    return record_end(store, status, error);
}

enum status record_gone(struct store *store, int64_t outbox, struct error *error)
{
    struct row row = {0};
    struct pending pending = {0};
    bool found = false;

    enum status status = begin_with(store, outbox, &row, &pending, &found, error);
    if (status != STATUS_OK) {
        return status;
    }
    if (found) {
        status = pending_gone(store, &row, pending.number, error);
    }
    return record_end(store, status, error);
}
