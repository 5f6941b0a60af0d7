/*
 * What a server had taken and does not know any more: one that was put back to
 * an older backup. Called by the other parts of the one writer, and by sync/
 * through store/record.h.
 *
 * Invariant: what was made or changed here and accepted never leaves this
 * device because a server has not heard of it. It becomes an outbox row that
 * goes nowhere before the nurse has said so: outbox_retry(), or record_let_go().
 */
#include "store/record_row.h"

#include "base/memory.h"
#include "base/text.h"
#include "store/audit.h"
#include "store/conflict_row.h"
#include "store/query_row.h"

#include <stdlib.h>
#include <string.h>

static const char unknown_there[] = N_("The server no longer has this record that it had taken; it may have been restored from a "
                                       "backup. Send it again, or let it go.");
static const char undone_there[] = N_("The server has an older version of this record, without what it had taken from here; it may "
                                      "have been restored from a backup. Send it again, or let it go.");

static const char nothing_forgotten[] = N_("Only what the server had taken and has forgotten can be let go.");

/* Below 0 when the version of a is the lower number, 0 when they are equal or no numbers. */
static int compare_versions(const char *a, const char *b)
{
    if (!version_is_number(a) || !version_is_number(b)) {
        return 0;
    }
    unsigned long long one = strtoull(a, NULL, 10);
    unsigned long long other = strtoull(b, NULL, 10);
    return one < other ? -1 : one > other;
}

/* Counting began again: a lower number than was there before, or the same one at another time. */
static bool counts_anew(const struct row *row, const struct resource_head *head)
{
    int order = compare_versions(head->version, row->version);
    /* Of what was accepted and not read back the server's time is not known. */
    bool timed = row->origin == ORIGIN_SERVER && row->updated != INSTANT_NONE && head->updated != INSTANT_NONE;
    return order < 0 || (order == 0 && timed && version_is_number(head->version) &&
                         strcmp(head->version, row->version) == 0 && head->updated != row->updated);
}

bool row_id_is_anothers(const struct row *row, const struct resource_head *head, const char *uuid, const char *chart)
{
    if (row->uuid[0] == '\0' || strcmp(row->uuid, uuid) == 0) {
        return false;
    }
    bool other_chart = chart[0] != '\0' && row->patient[0] != '\0' && strcmp(chart, row->patient) != 0;
    /* The version that took ours carries our identifier. Only a later one may have lost it. */
    bool first = row->patient[0] != '\0' && row->origin == ORIGIN_DEVICE && row->version[0] != '\0' &&
                 strcmp(head->version, row->version) == 0;
    return uuid[0] != '\0' || other_chart || first || counts_anew(row, head);
}

/* What is in no chart, and has our id but not our tag, which servers may drop: by what its maker alone wrote. */
static enum status is_of_no_chart_and_anothers(struct store *store, const struct row *row, const cJSON *theirs, bool *another,
                                               struct error *error)
{
    static const char *const telling[] = {"recorded", "name"}; /* of a Provenance, of a Practitioner */
    char *body = NULL;
    cJSON *ours = NULL;

    enum status status = row_body(store, row->key, &body, error);
    if (status == STATUS_OK) {
        status = json_parse(body, strlen(body), &ours, error);
    }
    for (size_t i = 0; i < sizeof telling / sizeof telling[0] && status == STATUS_OK && !*another; i++) {
        const cJSON *mine = json_member(ours, telling[i]);
        const cJSON *other = json_member(theirs, telling[i]);
        instant at = INSTANT_NONE;
        instant when = INSTANT_NONE;
        bool times = cJSON_IsString(mine) && cJSON_IsString(other) && instant_parse(mine->valuestring, &at, NULL) &&
                     instant_parse(other->valuestring, &when, NULL);
        *another = mine != NULL && !(times ? at == when : cJSON_Compare(mine, other, true));
    }
    cJSON_Delete(ours);
    memory_free(body);
    return status;
}

bool row_went_back(const struct row *row, const struct resource_head *head)
{
    return age_compare(head->updated, head->version, row->updated, row->version) < 0 || counts_anew(row, head);
}

/* The visit that made a record, or the last one that changed it; "" when none is known any more. */
static enum status find_visit(struct store *store, const struct row *row, bool last, char visit[UUID_SIZE], int *count,
                              struct error *error)
{
    bool found = false;

    visit[0] = '\0';
    *count = 0;
    sqlite3_stmt *statement = database_statement(
        store,
        "SELECT v.id FROM visit_part p JOIN visit v ON v.id = p.visit WHERE p.type = ?1 AND p.name = ?2 ORDER BY v.signed, v.id",
        error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, row->type);
    bind_text(statement, 2, row->uuid[0] != '\0' ? row->uuid : row->id);
    enum status status = database_step(store, statement, &found, error);
    while (status == STATUS_OK && found) {
        if (last || *count == 0) {
            column_text(statement, 0, visit, UUID_SIZE);
        }
        (*count)++;
        status = database_step(store, statement, &found, error);
    }
    sqlite3_reset(statement);
    return status;
}

/* A correction belongs to the visit that made what it corrects. */
static enum status was_corrected(struct store *store, const struct row *row, bool *corrected, struct error *error)
{
    sqlite3_stmt *statement =
        database_statement(store, "SELECT 1 FROM correction WHERE type = ? AND name = ? LIMIT 1", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, row->type);
    bind_text(statement, 2, row->uuid);
    enum status status = database_step(store, statement, corrected, error);
    sqlite3_reset(statement);
    return status;
}

enum status row_is_changed_here(struct store *store, const struct row *row, bool *changed, struct error *error)
{
    char visit[UUID_SIZE];
    int count = 0;

    enum status status = find_visit(store, row, true, visit, &count, error);
    *changed = count > (row->uuid[0] != '\0' ? 1 : 0); /* what she made is in the visit that made it too */
    return status == STATUS_OK && !*changed && row->uuid[0] != '\0' ? was_corrected(store, row, changed, error) : status;
}

/* What waits for the nurse's word. `base` is the server's body that a change goes on top of; NULL for a creation. */
struct question {
    const char *visit, *if_none_exist;
    const char *base, *base_version;
    size_t base_length;
    const char *body, *why;
};

static enum status ask(struct store *store, const struct row *row, const struct question *question, struct error *error)
{
    sqlite3_stmt *statement = database_statement(
        store,
        "INSERT INTO outbox (resource, visit, if_none_exist, base_version, base_body, body, queued, state, reason, forgotten) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, 'refused', ?, 1)",
        error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_integer(statement, 1, row->key);
    bind_text(statement, 2, question->visit);
    bind_text(statement, 3, question->if_none_exist);
    bind_text(statement, 4, question->base_version);
    bind_slice(statement, 5, question->base, question->base_length);
    bind_text(statement, 6, question->body);
    bind_instant(statement, 7, clock_now(&store->clock));
    bind_text(statement, 8, question->why);
    enum status status = database_run(store, statement, error);
    if (status != STATUS_OK || question->visit[0] == '\0') {
        return status;
    }
    statement = database_statement(store, "UPDATE visit SET accepted = NULL WHERE id = ?", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, question->visit);
    return database_run(store, statement, error);
}

/* An unsent change of what is unknown there: all of it is to be made again, if the nurse says so. */
static enum status ask_instead(struct store *store, const struct pending *pending, const struct made_resource *made,
                               struct error *error)
{
    sqlite3_stmt *statement = database_statement(
        store,
        "UPDATE outbox SET if_none_exist = ?, base_version = '', base_body = NULL, body = ?, state = 'refused', superseded = 0, "
        "attempts = 0, http_status = 0, reason = ?, forgotten = 1 WHERE number = ?",
        error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, made->if_none_exist);
    bind_text(statement, 2, made->body);
    bind_text(statement, 3, _(unknown_there));
    bind_integer(statement, 4, pending->number);
    enum status status = database_run(store, statement, error);
    return status == STATUS_OK ? row_run(store, "DELETE FROM conflict WHERE outbox = ?", pending->number, error) : status;
}

static enum status ask_again(struct store *store, struct row *row, const struct made_resource *made, struct error *error)
{
    struct pending pending = {0};
    char visit[UUID_SIZE];
    int count = 0;
    struct question question = {.visit = visit, .if_none_exist = made->if_none_exist, .base_version = "", .body = made->body,
                                .why = _(unknown_there)};

    enum status status = pending_find(store, row->key, &pending, error);
    if (status == STATUS_OK && pending.number != 0) {
        status = ask_instead(store, &pending, made, error);
    } else if (status == STATUS_OK) {
        status = find_visit(store, row, false, visit, &count, error);
        if (status == STATUS_OK) {
            status = ask(store, row, &question, error);
        }
    }
    if (status == STATUS_OK) {
        status = waiting_name_ours(store, row, error);
    }
    return status == STATUS_OK ? identity_forget(store, row, made->body, error) : status;
}

enum status row_forgotten(struct store *store, struct row *row, struct error *error)
{
    struct made_resource made = {.body = NULL};
    char *body = NULL;

    enum status status = row_body(store, row->key, &body, error);
    if (status == STATUS_OK) {
        status = resource_repeat(body, row->uuid, &made, error);
    }
    if (status == STATUS_OK) {
        status = row_name_ours(store, row, &made.body, error);
    }
    if (status == STATUS_OK) {
        status = audit_add(store, "forgotten", row->type, row->id, row->patient, "", error);
    }
    if (status == STATUS_OK) {
        status = ask_again(store, row, &made, error);
    }
    if (status == STATUS_OK) {
        status = record_set_cursor(store, CURSOR_PUT_BACK, PUT_BACK, error);
    }
    memory_free(made.body);
    memory_free(body);
    return status;
}

enum status row_undone(struct store *store, const struct row *row, const char *version, const char *theirs, size_t length,
                       struct error *error)
{
    char visit[UUID_SIZE];
    char *body = NULL;
    int count = 0;

    enum status status = find_visit(store, row, true, visit, &count, error);
    if (status == STATUS_OK) {
        status = row_body(store, row->key, &body, error);
    }
    if (status == STATUS_OK) {
        status = row_name_ours(store, row, &body, error);
    }
    if (status == STATUS_OK) {
        struct question question = {.visit = visit, .if_none_exist = "", .base = theirs, .base_version = version,
                                    .base_length = length, .body = body, .why = _(undone_there)};
        status = ask(store, row, &question, error);
    }
    if (status == STATUS_OK) {
        status = audit_add(store, "forgotten", row->type, row->id, row->patient, "change", error);
    }
    memory_free(body);
    return status == STATUS_OK ? record_set_cursor(store, CURSOR_PUT_BACK, PUT_BACK, error) : status;
}

enum status record_forgotten(struct store *store, const char *type, const char *id, struct error *error)
{
    struct row row = {0};
    bool found = false;

    enum status status = database_begin(store, error);
    if (status != STATUS_OK) {
        return status;
    }
    status = row_find(store, type, id, NULL, 0, &row, &found, error);
    if (status == STATUS_OK && found && row.uuid[0] != '\0' && strcmp(row.id, row.uuid) != 0) {
        status = row_forgotten(store, &row, error);
    }
    return record_end(store, status, error);
}

/* `resource` is what the server has under the id of something that is here. */
static enum status put_back(struct store *store, const cJSON *resource, const struct resource_head *head, struct row *row,
                            struct error *error)
{
    struct incoming incoming = {.resource = resource, .where = PLACE_SERVER, .put_back = true};
    struct apply_outcome outcome;
    struct lookup lookup;

    enum status status = lookup_read(resource, NULL, &lookup, NULL);
    if (status == STATUS_NO_MEMORY) {
        return error_no_memory(error);
    }
    if (status == STATUS_OK) {
        const char *chart = lookup_chart(&lookup, head->id);
        bool stranger = chart[0] != '\0' && row->patient[0] != '\0' && strcmp(chart, row->patient) != 0;
        bool another = row_id_is_anothers(row, head, lookup.identifier_uuid, chart);
        if (!another && row->uuid[0] != '\0' && lookup.identifier_uuid[0] == '\0' && row->patient[0] == '\0') {
            status = is_of_no_chart_and_anothers(store, row, resource, &another, error);
        }
        lookup_free(&lookup);
        if (status != STATUS_OK) {
            return status;
        }
        if (another) {
            return row_forgotten(store, row, error);
        }
        if (stranger) {
            return record_remove(store, row->type, row->id, error);
        }
    }
    return record_apply(store, &incoming, APPLY_FROM_SERVER, &outcome, error);
}

enum status record_put_back(struct store *store, const cJSON *resource, struct error *error)
{
    struct resource_head head;
    struct row row = {0};
    bool found = false;

    enum status status = resource_head_read(resource, &head, NULL);
    if (status != STATUS_OK) {
        return status == STATUS_NO_MEMORY ? error_no_memory(error) : STATUS_OK;
    }
    status = record_begin(store, error);
    if (status != STATUS_OK) {
        return status;
    }
    status = row_find(store, head.type, head.id, NULL, 0, &row, &found, error);
    if (status == STATUS_OK && found) {
        status = put_back(store, resource, &head, &row, error);
    }
    if (status == STATUS_OK) {
        return record_commit(store, error);
    }
    record_abort(store);
    return status;
}

enum status outbox_liken(struct store *store, const cJSON *resource, bool named, enum likeness *out, struct error *error)
{
    struct resource_head head;
    struct row row = {0};
    char uuid[UUID_SIZE];
    bool found = false;

    *out = LIKENESS_SAME;
    enum status status = resource_head_read(resource, &head, NULL);
    if (status != STATUS_OK) {
        return status == STATUS_NO_MEMORY ? error_no_memory(error) : STATUS_OK;
    }
    status = row_find(store, head.type, head.id, NULL, 0, &row, &found, error);
    if (status != STATUS_OK || !found || row.origin == ORIGIN_IMPORT) {
        *out = LIKENESS_MISSING;
        return status;
    }
    bool told = resource_own_uuid(resource, uuid) || named;
    bool other = told && row.uuid[0] != '\0' && strcmp(uuid, row.uuid) != 0;
    bool versioned = named || head.version[0] != '\0';
    if (other || (versioned && row_went_back(&row, &head))) {
        *out = LIKENESS_OTHER;
    } else if (versioned && (strcmp(row.version, head.version) != 0 || (!named && row.origin == ORIGIN_DEVICE))) {
        *out = LIKENESS_NEWER; /* also what was accepted, and not read back as the server keeps it */
    }
    return STATUS_OK;
}

/* What is asked for by itself. With everything (?1), all that was made here; else of that what is in no chart. And what visits
 * changed. */
#define OWN \
    "WITH asked AS (" \
    "SELECT r.key, r.type, r.id FROM identity i JOIN resource r ON r.type = i.type AND r.uuid = i.uuid " \
    "WHERE ?1 OR r.type = 'Practitioner' OR (r.type = 'Provenance' AND r.stored >= ?2) " \
    "UNION SELECT r.key, r.type, r.id FROM visit v JOIN visit_part p ON p.visit = v.id JOIN resource r ON r.type = p.type AND " \
    "r.id = p.name WHERE v.signed >= ?2 AND r.uuid IS NULL) " \
    "SELECT type, id FROM asked WHERE key NOT IN (SELECT resource FROM outbox) ORDER BY type, id"

enum status outbox_each_own(struct store *store, bool everything, instant since,
                            void (*visit)(void *context, const char *type, const char *id), void *context, struct error *error)
{
    enum status status = STATUS_OK;
    bool found = false;

    sqlite3_stmt *statement = database_statement(store, OWN, error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_integer(statement, 1, everything);
    bind_integer(statement, 2, since);
    do {
        status = database_step(store, statement, &found, error);
        if (status == STATUS_OK && found) {
            char type[RESOURCE_TYPE_SIZE];
            char id[ID_SIZE];
            column_text(statement, 0, type, sizeof type);
            column_text(statement, 1, id, sizeof id);
            visit(context, type, id);
        }
    } while (status == STATUS_OK && found);
    sqlite3_reset(statement);
    return status;
}

/* --- letting go ------------------------------------------------------------------------------------ */

/* What names something of ours: by our UUID, as all that waits for the nurse's word does. */
struct naming {
    const struct row *row;
    char named[REFERENCE_SIZE]; /* "" when nothing does */
};

static bool note_named(void *context, const char *reference, char *out, size_t size)
{
    struct naming *naming = context;
    const char *id = reference_id(reference, naming->row->type);

    (void)out;
    (void)size;
    if (id != NULL && strcmp(id, naming->row->uuid) == 0) {
        text_copy(naming->named, sizeof naming->named, reference);
    }
    return false;
}

/* How something that waits names it; "" when it does not. */
static enum status find_named(struct store *store, int64_t outbox, struct naming *naming, struct error *error)
{
    char *body = NULL;
    cJSON *tree = NULL;

    naming->named[0] = '\0';
    enum status status = outbox_body(store, outbox, &body, error);
    if (status == STATUS_OK) {
        status = json_parse(body, strlen(body), &tree, error);
    }
    if (status == STATUS_OK) {
        status = references_rewrite(tree, note_named, naming, error);
    }
    cJSON_Delete(tree);
    memory_free(body);
    return status;
}

/* Out of the lists of something else that waits. What is part of it by more than a list would be left without it. */
static enum status unlink_from(struct store *store, int64_t outbox, struct naming *naming, struct error *error)
{
    bool changed = true;

    enum status status = find_named(store, outbox, naming, error);
    while (status == STATUS_OK && naming->named[0] != '\0' && changed) {
        status = record_unlink(store, outbox, naming->named, &changed, error);
        if (status == STATUS_OK) {
            status = find_named(store, outbox, naming, error);
        }
    }
    return status == STATUS_OK && naming->named[0] != '\0'
               ? error_set(error, STATUS_INVALID,
                           _("Other records that wait belong to this %s: let its whole visit go, or send it again."),
                           naming->row->type)
               : status;
}

static enum status unlink_everywhere(struct store *store, const struct row *row, int64_t outbox, struct error *error)
{
    struct naming naming = {.row = row};
    struct outbox_rows rows = {.items = NULL};

    enum status status = row->uuid[0] != '\0' ? query_outbox(store, &rows, error) : STATUS_OK;
    for (size_t i = 0; i < rows.count && status == STATUS_OK; i++) {
        status = rows.items[i].number != outbox ? unlink_from(store, rows.items[i].number, &naming, error) : STATUS_OK;
    }
    outbox_rows_free(&rows);
    return status;
}

static enum status is_forgotten(struct store *store, int64_t outbox, bool *forgotten, struct error *error)
{
    sqlite3_stmt *statement =
        database_statement(store, "SELECT 1 FROM outbox WHERE number = ? AND forgotten = 1 AND state = 'refused'", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_integer(statement, 1, outbox);
    enum status status = database_step(store, statement, forgotten, error);
    sqlite3_reset(statement);
    return status;
}

/* Nothing will be known by our UUID again. */
static enum status forget_former(struct store *store, const struct row *row, struct error *error)
{
    sqlite3_stmt *statement = database_statement(store, "DELETE FROM former WHERE type = ? AND uuid = ?", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, row->type);
    bind_text(statement, 2, row->uuid);
    return database_run(store, statement, error);
}

static enum status let_go(struct store *store, int64_t outbox, struct error *error)
{
    struct meeting meeting = {.body = NULL};
    struct row row = {0};
    struct pending pending = {0};
    bool found = false;

    enum status status = is_forgotten(store, outbox, &found, error);
    if (status == STATUS_OK && !found) {
        status = error_set(error, STATUS_NOT_FOUND, "%s", _(nothing_forgotten));
    }
    if (status == STATUS_OK) {
        status = pending_load(store, outbox, &row, &pending, &found, error);
    }
    if (status == STATUS_OK) {
        status = meeting_load(store, outbox, &meeting, error);
    }
    if (status == STATUS_OK && !pending.is_update) {
        status = unlink_everywhere(store, &row, outbox, error);
    }
    if (status == STATUS_OK && pending.is_update) { /* what the server has is what the change was put on top of */
        meeting.theirs = meeting.base;
        meeting.base = NULL;
        memory_free(meeting.their_body);
        meeting.their_body = memory_copy_text(meeting.base_body);
        status = meeting.their_body == NULL ? error_no_memory(error) : STATUS_OK;
    }
    meeting.gone = !pending.is_update;
    if (status == STATUS_OK) {
        status = meeting_let_go(store, &row, &pending, &meeting, "let go", error);
    }
    if (status == STATUS_OK && meeting.gone) {
        status = forget_former(store, &row, error);
    }
    meeting_free(&meeting);
    return status;
}

enum status record_let_go(struct store *store, int64_t outbox, struct error *error)
{
    enum status status = database_begin(store, error);

    return status == STATUS_OK ? record_end(store, let_go(store, outbox, error), error) : status;
}

/* The last first: what comes before belongs to it. */
static enum status let_go_visit(struct store *store, const char *visit, int *count, struct error *error)
{
    struct outbox_rows rows = {.items = NULL};

    enum status status = query_outbox(store, &rows, error);
    for (size_t i = rows.count; i-- > 0 && status == STATUS_OK;) {
        const struct outbox_row *row = &rows.items[i];
        if (row->forgotten && row->state == OUTBOX_REFUSED && strcmp(row->visit, visit) == 0) {
            status = let_go(store, row->number, error);
            (*count)++;
        }
    }
    outbox_rows_free(&rows);
    return status == STATUS_OK && *count == 0 ? error_set(error, STATUS_NOT_FOUND, "%s", _(nothing_forgotten)) : status;
}

enum status record_let_go_visit(struct store *store, const char *visit, int *count, struct error *error)
{
    *count = 0;
    enum status status = database_begin(store, error);
    if (status == STATUS_OK) {
        status = record_end(store, let_go_visit(store, visit, count, error), error);
    }
    *count = status == STATUS_OK ? *count : 0;
    return status;
}
