/*
 * Changes of ours that met a change at the server: merging them, opening a
 * conflict, and carrying out what the nurse decides. See store/conflict.h.
 *
 * Invariants: a merge or a decision is one transaction with its audit row; the
 * base of what waits afterwards is the server's version that was merged with;
 * what is let go is kept in `dropped`.
 */
#include "store/conflict.h"

#include "base/memory.h"
#include "base/text.h"
#include "fhir/merge.h"
#include "store/audit.h"
#include "store/conflict_row.h"
#include "store/record_row.h"

#include <stdio.h>
#include <string.h>

/* --- the three versions ---------------------------------------------------------------------------- */

void meeting_free(struct meeting *meeting)
{
    cJSON_Delete(meeting->base);
    cJSON_Delete(meeting->mine);
    cJSON_Delete(meeting->theirs);
    memory_free(meeting->base_body);
    memory_free(meeting->body);
    memory_free(meeting->their_body);
    memset(meeting, 0, sizeof *meeting);
}

/* For references_rewrite(): what we have by our own UUID and the server by its id is the same thing. */
struct naming {
    struct store *store;
    enum status status;
};

static bool servers_name(void *context, const char *reference, char *out, size_t size)
{
    struct naming *naming = context;
    const char *slash = strchr(reference, '/');
    char type[RESOURCE_TYPE_SIZE];
    char id[ID_SIZE];

    if (slash == NULL || naming->status != STATUS_OK || !uuid_is_valid(slash + 1)) {
        return false;
    }
    text_format(type, sizeof type, "%.*s", (int)(slash - reference), reference);
    enum status status = outbox_server_id(naming->store, type, slash + 1, id, NULL);
    if (status == STATUS_NOT_FOUND) {
        return false;
    }
    naming->status = status;
    return status == STATUS_OK && text_format(out, size, "%s/%s", type, id);
}

/* A body as the server would have it. */
static enum status read_body(struct store *store, const char *body, cJSON **out, struct error *error)
{
    struct naming naming = {.store = store, .status = STATUS_OK};

    enum status status = json_parse(body, strlen(body), out, error);
    if (status == STATUS_OK) {
        status = references_rewrite(*out, servers_name, &naming, error);
    }
    return status == STATUS_OK && naming.status != STATUS_OK
               ? error_set(error, naming.status, _("The ids of this record cannot be read now; try again."))
               : status;
}

enum status meeting_load(struct store *store, int64_t number, struct meeting *out, struct error *error)
{
    bool found = false;

    memset(out, 0, sizeof *out);
    sqlite3_stmt *statement = database_statement(
        store,
        "SELECT o.base_body, o.body, c.theirs, c.theirs IS NOT NULL, coalesce(c.gone, 0), o.state = 'conflict' "
        "FROM outbox o LEFT JOIN conflict c ON c.outbox = o.number WHERE o.number = ?",
        error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_integer(statement, 1, number);
    enum status status = database_step(store, statement, &found, error);
    if (status == STATUS_OK && found) {
        out->base_body = column_copy(statement, 0);
        out->body = column_copy(statement, 1);
        out->their_body = column_copy(statement, 2);
        out->known = column_int(statement, 3) != 0 || column_int(statement, 4) != 0;
        out->gone = column_int(statement, 4) != 0;
        out->open = column_int(statement, 5) != 0;
        status = out->base_body == NULL || out->body == NULL || out->their_body == NULL ? error_no_memory(error) : STATUS_OK;
    }
    sqlite3_reset(statement);
    if (status == STATUS_OK && found) {
        status = read_body(store, out->body, &out->mine, error);
    }
    if (status == STATUS_OK && found && out->base_body[0] != '\0') {
        status = read_body(store, out->base_body, &out->base, error);
    }
    if (status == STATUS_OK && found && out->their_body[0] != '\0') {
        status = json_parse(out->their_body, strlen(out->their_body), &out->theirs, error);
    }
    if (status != STATUS_OK) {
        meeting_free(out);
    }
    return status;
}

/* --- what becomes of it ---------------------------------------------------------------------------- */

/* Puts `tree`, printed as `body`, in the place of a resource row. INVALID when it is none that can be kept. */
static enum status replace_row(struct store *store, const struct row *row, const cJSON *tree, const char *body,
                               enum row_origin origin, struct error *error)
{
    struct lookup lookup;
    struct content content = {.lookup = &lookup, .id = row->id, .uuid = "", .body = body, .length = strlen(body),
                              .origin = origin};

    enum status status = resource_check(tree, error);
    if (status == STATUS_OK) {
        status = lookup_read(tree, NULL, &lookup, error);
    }
    if (status != STATUS_OK) {
        return status;
    }
    status = row_replace(store, row->key, &content, error);
    lookup_free(&lookup);
    return status;
}

/* What a server forgot waits for the nurse's word, whatever else happens to it. */
#define ASKED "forgotten = 1 AND state = 'refused'"

static enum status wait_again(struct store *store, int64_t number, const struct meeting *meeting, const char *body,
                              struct error *error)
{
    struct resource_head head;
    enum status status = resource_head_read(meeting->theirs, &head, error);

    if (status != STATUS_OK) {
        return status;
    }
    sqlite3_stmt *statement = database_statement(
        store,
        "UPDATE outbox SET base_version = ?1, base_body = ?2, body = ?3, superseded = 0, attempts = 0, http_status = 0, "
        "reason = CASE WHEN " ASKED " THEN reason ELSE '' END, state = CASE WHEN " ASKED " THEN state ELSE 'waiting' END "
        "WHERE number = ?4",
        error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, head.version);
    bind_text(statement, 2, meeting->their_body);
    bind_text(statement, 3, body);
    bind_integer(statement, 4, number);
    status = database_run(store, statement, error);
    return status == STATUS_OK ? row_run(store, "DELETE FROM conflict WHERE outbox = ?", number, error) : status;
}

/* What was merged waits on the base of theirs; when theirs says all of it, nothing is left to send. */
static enum status carry_on(struct store *store, const struct row *row, const struct pending *pending,
                            const struct meeting *meeting, const struct merge *merge, const char *action, struct error *error)
{
    char *body = NULL;
    enum status status = STATUS_OK;

    if (!merge->adds) {
        status = replace_row(store, row, meeting->theirs, meeting->their_body, ORIGIN_SERVER, error);
        return status == STATUS_OK ? pending_done(store, row, pending, error) : status;
    }
    body = json_print(merge->tree);
    if (body == NULL) {
        return error_no_memory(error);
    }
    status = replace_row(store, row, merge->tree, body, ORIGIN_DEVICE, error);
    if (status == STATUS_OK) {
        status = wait_again(store, pending->number, meeting, body, error);
    }
    memory_free(body);
    return status == STATUS_OK ? audit_add(store, action, row->type, row->id, row->patient, "", error) : status;
}

/* Whether theirs is a version of this row at all, and a sound one. */
static enum status read_theirs(const struct row *row, const char *theirs, size_t length, cJSON **out, struct error *error)
{
    struct resource_head head;

    *out = NULL;
    enum status status = theirs == NULL ? STATUS_INVALID : json_parse(theirs, length, out, error);
    if (status == STATUS_OK) {
        status = resource_check(*out, error);
    }
    if (status == STATUS_OK) {
        status = resource_head_read(*out, &head, error);
    }
    return status == STATUS_OK && (strcmp(head.type, row->type) != 0 || strcmp(head.id, row->id) != 0) ? STATUS_INVALID : status;
}

/* `theirs` takes the place of what the conflict held so far. */
static enum status take_theirs(struct meeting *meeting, cJSON **tree, const char *theirs, size_t length, struct error *error)
{
    cJSON_Delete(meeting->theirs);
    memory_free(meeting->their_body);
    meeting->theirs = *tree;
    *tree = NULL;
    meeting->their_body = memory_allocate(length + 1);
    if (meeting->their_body == NULL) {
        return error_no_memory(error);
    }
    memcpy(meeting->their_body, theirs, length);
    return STATUS_OK;
}

static enum status build_on_theirs(struct meeting *meeting, struct error *error)
{
    cJSON_Delete(meeting->base);
    meeting->base = cJSON_Duplicate(meeting->theirs, true);
    return meeting->base == NULL ? error_no_memory(error) : STATUS_OK;
}

/* When theirs is what we sent before the nurse changed it again, and only the answer was lost, ours builds on it: nobody
 * else has changed anything. */
static enum status rebase_on_own(struct store *store, const struct pending *pending, struct meeting *meeting,
                                 struct error *error)
{
    bool row = false;
    bool own = false;

    sqlite3_stmt *statement = database_statement(store, "SELECT body FROM sent WHERE outbox = ? ORDER BY rowid DESC", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_integer(statement, 1, pending->number);
    enum status status = database_step(store, statement, &row, error);
    while (status == STATUS_OK && row && !own) {
        char *body = column_copy(statement, 0);
        cJSON *sent = NULL;

        status = body == NULL ? error_no_memory(error) : read_body(store, body, &sent, error);
        own = status == STATUS_OK && resources_say_same(sent, meeting->theirs);
        cJSON_Delete(sent);
        memory_free(body);
        if (status == STATUS_OK) {
            status = database_step(store, statement, &row, error);
        }
    }
    sqlite3_reset(statement);
    return status == STATUS_OK && own ? build_on_theirs(meeting, error) : status;
}

/* Likewise when theirs is ours but for a dangling reference (record_dangling.c): the server wrote it, nobody has. */
static enum status rebase_on_dangling(struct store *store, const struct pending *pending, struct meeting *meeting,
                                      struct error *error)
{
    struct at_server there = {.body = meeting->their_body, .length = strlen(meeting->their_body)};
    char *named = NULL;
    cJSON *tree = NULL;

    enum status status = dangling_replaced(store, pending->number, &there, &named, error);
    if (status == STATUS_OK && named != NULL) {
        status = read_body(store, named, &tree, error);
    }
    bool own = tree != NULL && resources_say_same(tree, meeting->mine);
    cJSON_Delete(tree);
    memory_free(named);
    return status == STATUS_OK && own ? build_on_theirs(meeting, error) : status;
}

/* INVALID: a person has to look. Takes *tree. */
static enum status try_merge(struct store *store, const struct row *row, const struct pending *pending, cJSON **tree,
                             const char *theirs, size_t length, struct error *error)
{
    struct meeting meeting = {.body = NULL};
    struct merge merge = {.tree = NULL};

    enum status status = meeting_load(store, pending->number, &meeting, error);
    if (status == STATUS_OK) {
        status = take_theirs(&meeting, tree, theirs, length, error);
    }
    if (status == STATUS_OK) {
        status = rebase_on_own(store, pending, &meeting, error);
    }
    if (status == STATUS_OK) {
        status = rebase_on_dangling(store, pending, &meeting, error);
    }
    if (status == STATUS_OK) {
        status = merge_resources(meeting.base, meeting.mine, meeting.theirs, MERGE_ASK, &merge, error);
    }
    if (status == STATUS_OK) {
        status = merge.count > 0 ? STATUS_INVALID : resource_check(merge.tree, error);
    }
    if (status == STATUS_OK) {
        status = carry_on(store, row, pending, &meeting, &merge, "merge", error);
    }
    merge_free(&merge);
    meeting_free(&meeting);
    return status;
}

enum status pending_meet(struct store *store, const struct row *row, const struct pending *pending, const char *theirs,
                         size_t length, struct error *error)
{
    struct error fault = {0};
    cJSON *tree = NULL;
    bool sound = false;

    enum status status = read_theirs(row, theirs, length, &tree, &fault);
    sound = status == STATUS_OK;
    if (sound) {
        status = try_merge(store, row, pending, &tree, theirs, length, &fault);
    }
    cJSON_Delete(tree);
    if (status == STATUS_INVALID) {
        return pending_conflict(store, row, pending->number, sound ? theirs : NULL, sound ? length : 0, error);
    }
    return status == STATUS_OK ? STATUS_OK : error_set(error, status, "%s", fault.sentence);
}

/* --- deciding -------------------------------------------------------------------------------------- */

struct decision {
    struct store *store;
    struct row row;
    struct pending pending;
    struct meeting meeting;
};

/* Keeps the change that is let go, whole, and tells of it by its number there. */
static enum status keep_dropped(struct store *store, const struct row *row, const struct pending *pending,
                                const struct meeting *meeting, const char *action, struct error *error)
{
    char detail[64];

    sqlite3_stmt *statement = database_statement(
        store, "INSERT INTO dropped (type, id, patient, visit, base, mine, theirs, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, row->type);
    bind_text(statement, 2, row->id);
    bind_text(statement, 3, row->patient);
    bind_text(statement, 4, pending->visit);
    bind_text_or_null(statement, 5, meeting->base_body);
    bind_text(statement, 6, meeting->body);
    bind_text_or_null(statement, 7, meeting->their_body);
    bind_instant(statement, 8, clock_now(&store->clock));
    enum status status = database_run(store, statement, error);
    if (status != STATUS_OK) {
        return status;
    }
    snprintf(detail, sizeof detail, "dropped %lld", (long long)sqlite3_last_insert_rowid(store->connection));
    return audit_add(store, action, row->type, row->id, row->patient, detail, error);
}

enum status meeting_let_go(struct store *store, const struct row *row, const struct pending *pending,
                           const struct meeting *meeting, const char *action, struct error *error)
{
    enum status status = keep_dropped(store, row, pending, meeting, action, error);
    if (status == STATUS_OK) {
        status = row_run(store, "DELETE FROM outbox WHERE number = ?", pending->number, error);
    }
    if (status == STATUS_OK) {
        status = pending_left_visit(store, pending->visit, error);
    }
    if (status != STATUS_OK) {
        return status;
    }
    return meeting->gone ? row_delete(store, row->key, error)
                         : replace_row(store, row, meeting->theirs, meeting->their_body, ORIGIN_SERVER, error);
}

static enum status insert_made(struct decision *decision, const struct made_resource *made, int64_t *key, struct error *error)
{
    cJSON *tree = NULL;
    struct lookup lookup;
    struct content content = {.lookup = &lookup, .id = made->uuid, .uuid = made->uuid, .body = made->body,
                              .length = strlen(made->body), .origin = ORIGIN_DEVICE};

    enum status status = json_parse(made->body, content.length, &tree, error);
    if (status == STATUS_OK) {
        status = lookup_read(tree, NULL, &lookup, error);
    }
    if (status == STATUS_OK) {
        if (lookup.patient[0] == '\0') {
            text_copy(lookup.patient, sizeof lookup.patient, decision->row.patient);
        }
        status = row_insert(decision->store, &content, key, error);
        lookup_free(&lookup);
    }
    cJSON_Delete(tree);
    return status;
}

static enum status send_made(struct decision *decision, const struct made_resource *made, int64_t key, struct error *error)
{
    sqlite3_stmt *statement = database_statement(
        decision->store,
        "UPDATE outbox SET resource = ?, if_none_exist = ?, base_version = '', base_body = NULL, body = ?, state = 'waiting', "
        "superseded = 0, attempts = 0, http_status = 0, reason = '' WHERE number = ?",
        error);
    if (statement == NULL) {
        return database_error(decision->store, error);
    }
    bind_integer(statement, 1, key);
    bind_text(statement, 2, made->if_none_exist);
    bind_text(statement, 3, made->body);
    bind_integer(statement, 4, decision->pending.number);
    enum status status = database_run(decision->store, statement, error);
    if (status == STATUS_OK) {
        status = row_run(decision->store, "DELETE FROM conflict WHERE outbox = ?", decision->pending.number, error);
    }
    return status == STATUS_OK && decision->pending.visit[0] != '\0'
               ? pending_note_part(decision->store, key, decision->pending.visit, error)
               : status;
}

/* Ours becomes a record of its own; what was changed is what the server has of it, or nothing. */
static enum status send_as_new(struct decision *decision, struct error *error)
{
    struct store *store = decision->store;
    struct made_resource made = {.body = NULL};
    int64_t key = 0;

    enum status status = resource_renew(decision->meeting.body, &store->randomness, &made, error);
    if (status == STATUS_OK) {
        status = insert_made(decision, &made, &key, error);
    }
    if (status == STATUS_OK) {
        status = send_made(decision, &made, key, error);
    }
    if (status == STATUS_OK) {
        status = decision->meeting.gone ? row_delete(store, decision->row.key, error)
                                        : replace_row(store, &decision->row, decision->meeting.theirs,
                                                      decision->meeting.their_body, ORIGIN_SERVER, error);
    }
    if (status == STATUS_OK) {
        status = audit_add(store, "keep as new", made.type, made.uuid, decision->row.patient, "", error);
    }
    memory_free(made.body);
    return status;
}

/* What `both` cannot be, in words; OK when it can. */
static enum status refuse_both(const struct merge *merge, struct error *error)
{
    for (size_t i = 0; i < merge->count; i++) {
        if (!merge->overlaps[i].both) {
            return error_set(error, STATUS_INVALID, _("'%s' can only be one of the two: keep mine or keep theirs."),
                             merge->overlaps[i].label);
        }
    }
    return STATUS_OK;
}

static enum status keep_merged(struct decision *decision, enum keep keep, struct error *error)
{
    struct merge merge = {.tree = NULL};
    const struct meeting *meeting = &decision->meeting;

    enum status status = merge_resources(meeting->base, meeting->mine, meeting->theirs,
                                         keep == KEEP_MINE ? MERGE_MINE : MERGE_BOTH, &merge, error);
    if (status != STATUS_OK) {
        return status;
    }
    if (merge.appends && keep == KEEP_BOTH) {
        status = send_as_new(decision, error);
    } else if (merge.appends) {
        status = error_set(error, STATUS_INVALID,
                           _("What was signed is never overwritten: keep both to send yours beside theirs, or keep theirs."));
    } else {
        status = keep == KEEP_BOTH ? refuse_both(&merge, error) : STATUS_OK;
        if (status == STATUS_OK) {
            status = carry_on(decision->store, &decision->row, &decision->pending, meeting, &merge,
                              keep == KEEP_MINE ? "keep mine" : "keep both", error);
        }
    }
    merge_free(&merge);
    return status;
}

static enum status refuse_unseen(const struct decision *decision, const char *seen, struct error *error)
{
    struct resource_head head = {.version = ""};

    if (!decision->meeting.known) {
        return error_set(error, STATUS_INVALID, _("It is not known yet what the server holds: sync, then choose."));
    }
    if (decision->meeting.theirs != NULL && resource_head_read(decision->meeting.theirs, &head, error) == STATUS_NO_MEMORY) {
        return STATUS_NO_MEMORY;
    }
    return seen == NULL || strcmp(seen, head.version) == 0
               ? STATUS_OK
               : error_set(error, STATUS_CONFLICT, _("It was changed at the server again: look at what it says now, then choose."));
}

static enum status decide(struct decision *decision, enum keep keep, const char *seen, struct error *error)
{
    enum status status = refuse_unseen(decision, seen, error);

    if (status != STATUS_OK) {
        return status;
    }
    if (keep == KEEP_THEIRS) {
        return meeting_let_go(decision->store, &decision->row, &decision->pending, &decision->meeting, "keep theirs", error);
    }
    if (decision->meeting.gone && keep == KEEP_BOTH) {
        return error_set(error, STATUS_INVALID,
                         _("It was deleted at the server: keep mine to send yours as a new record, or theirs to let it go."));
    }
    return decision->meeting.gone ? send_as_new(decision, error) : keep_merged(decision, keep, error);
}

enum status record_resolve(struct store *store, int64_t number, enum keep keep, const char *seen, struct error *error)
{
    struct decision decision = {.store = store};
    bool found = false;

    enum status status = database_begin(store, error);
    if (status != STATUS_OK) {
        return status;
    }
    status = pending_load(store, number, &decision.row, &decision.pending, &found, error);
    if (status == STATUS_OK && found) {
        status = meeting_load(store, number, &decision.meeting, error);
    }
    if (status == STATUS_OK && !decision.meeting.open) {
        status = error_set(error, STATUS_NOT_FOUND, _("Number %lld is in no conflict any more."), (long long)number);
    }
    if (status == STATUS_OK) {
        status = decide(&decision, keep, seen, error);
    }
    meeting_free(&decision.meeting);
    return record_end(store, status, error);
}
