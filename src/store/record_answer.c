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

/* What was sent is there, but it was changed again meanwhile: the new change now starts from what was accepted. */
static enum status rebase(struct store *store, const struct pending *pending, const char *version, struct error *error)
{
    sqlite3_stmt *statement = database_statement(
        store,
        "UPDATE outbox SET base_version = ?1, if_none_exist = '', superseded = 0, state = 'waiting', base_body = "
        "coalesce(base_body, (SELECT body FROM sent WHERE outbox = ?2 ORDER BY rowid DESC LIMIT 1), body) WHERE number = ?2",
        error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, version);
    bind_integer(statement, 2, pending->number);
    return database_run(store, statement, error);
}

static enum status changed_since_sent(struct store *store, const struct pending *pending, bool *changed, struct error *error)
{
    sqlite3_stmt *statement = database_statement(store, "SELECT 1 FROM sent WHERE outbox = ? LIMIT 1", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_integer(statement, 1, pending->number);
    enum status status = database_step(store, statement, changed, error);
    sqlite3_reset(statement);
    return status;
}

enum status pending_arrived(struct store *store, struct row *row, const struct pending *pending, const char *id,
                            const char *version, struct error *error)
{
    bool changed = false;

    enum status status = changed_since_sent(store, pending, &changed, error);
    if (status == STATUS_OK) {
        status = changed ? rebase(store, pending, version, error) : pending_done(store, row, pending, error);
    }
    return status == STATUS_OK ? identity_settle(store, row, id, version, error) : status;
}

static enum status mark_refused(struct store *store, const struct pending *pending, int http_status, const char *words,
                                struct error *error)
{
    char clean[512];

    text_clean_into(clean, sizeof clean, words == NULL ? "" : words);
    sqlite3_stmt *statement = database_statement(
        store, "UPDATE outbox SET state = ?, superseded = 0, http_status = ?, reason = ? WHERE number = ?", error);
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

/* `certain`: it is there as it was sent last. */
static enum status accept(struct store *store, struct row *row, const struct pending *pending, const char *id,
                          const char *version, bool certain, bool *another, struct error *error)
{
    const char *there = id[0] == '\0' ? row->id : id;

    enum status status = is_another(store, row, there, another, error);
    if (status == STATUS_OK && *another) {
        return mark_refused(store, pending, 0, _(taken_for_another), error);
    }
    if (status == STATUS_OK && !certain && !pending->is_update) {
        return pending_arrived(store, row, pending, there, version, error);
    }
    if (status == STATUS_OK) {
        status = pending->superseded ? rebase(store, pending, version, error) : pending_done(store, row, pending, error);
    }
    return status == STATUS_OK ? identity_settle(store, row, there, version, error) : status;
}

static enum status accept_row(struct store *store, int64_t outbox, const char *server_id, const char *version, bool certain,
                              struct error *error)
{
    struct row row = {0};
    struct pending pending = {0};
    bool found = false;
    bool another = false;

    enum status status = database_begin(store, error);
    if (status != STATUS_OK) {
        return status;
    }
    status = pending_load(store, outbox, &row, &pending, &found, error);
    if (status == STATUS_OK && found) {
        status = accept(store, &row, &pending, server_id, version, certain, &another, error);
    }
    status = record_end(store, status, error);
    return status == STATUS_OK && another ? error_set(error, STATUS_CONFLICT, "%s", _(taken_for_another)) : status;
}

enum status record_accept(struct store *store, int64_t outbox, const char *server_id, const char *version,
                          struct error *error)
{
    return accept_row(store, outbox, server_id, version, true, error);
}

enum status record_found(struct store *store, int64_t outbox, const char *server_id, const char *version, struct error *error)
{
    return accept_row(store, outbox, server_id, version, false, error);
}

enum status record_refuse(struct store *store, int64_t outbox, int http_status, const char *words, struct error *error)
{
    struct row row = {0};
    struct pending pending = {0};
    bool found = false;
    char detail[32];

    enum status status = database_begin(store, error);
    if (status != STATUS_OK) {
        return status;
    }
    status = pending_load(store, outbox, &row, &pending, &found, error);
    if (status == STATUS_OK && found) {
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
        return accept(store, row, pending, head.id, head.version, true, &another, error);
    }
    return pending_meet(store, row, pending, theirs, theirs == NULL ? 0 : strlen(theirs), error);
}

enum status record_conflict(struct store *store, int64_t outbox, const char *theirs, struct error *error)
{
    struct row row = {0};
    struct pending pending = {0};
    bool found = false;

    enum status status = database_begin(store, error);
    if (status != STATUS_OK) {
        return status;
    }
    status = pending_load(store, outbox, &row, &pending, &found, error);
    if (status == STATUS_OK && found) {
        status = compare(store, &row, &pending, theirs, error);
    }
    return record_end(store, status, error);
}

enum status record_gone(struct store *store, int64_t outbox, struct error *error)
{
    struct row row = {0};
    struct pending pending = {0};
    bool found = false;

    enum status status = database_begin(store, error);
    if (status != STATUS_OK) {
        return status;
    }
    status = pending_load(store, outbox, &row, &pending, &found, error);
    if (status == STATUS_OK && found) {
        status = pending_gone(store, &row, pending.number, error);
    }
    return record_end(store, status, error);
}
