/*
 * Signing a visit: from the draft to resources, look-ups, outbox rows and
 * audit rows, in one transaction. Called by console and command alike.
 */
#include "store/sign.h"

#include "base/memory.h"
#include "base/text.h"
#include "store/audit.h"
#include "store/draft.h"
#include "store/query_row.h"
#include "store/record_row.h"

#include <string.h>

/* All that is made while one visit is signed. */
struct signing {
    struct store *store;
    const struct signer *signer;
    struct visit_draft draft;
    struct chart chart;
    struct visit visit;
    struct made_visit made;
};

/* One made resource on its way in. */
struct made_row {
    const struct made_resource *made;
    const char *visit;       /* "" when it belongs to none */
    const char *patient;
    struct lookup lookup;    /* read back from it */
    const char *id;
    struct row row;          /* the resource it updates */
    bool is_update;
};

static enum status add_creation(struct store *store, const struct made_row *made, const struct content *content,
                                struct error *error)
{
    int64_t key = 0;
    enum status status = row_insert(store, content, &key, error);

    return status == STATUS_OK ? pending_add(store, key, made->visit, made->made, "", NULL, error) : status;
}

/* A second change before the first was answered: one outbox row, on the first one's base. What has been sent stays known. What
 * waits for the nurse's word because a server forgot it goes on waiting for that. */
static enum status squash(struct store *store, const struct made_row *made, int64_t number, struct error *error)
{
    enum status status = row_run(
        store,
        "INSERT INTO sent (outbox, body) SELECT number, body FROM outbox WHERE number = ? AND attempts > 0 AND NOT superseded",
        number, error);
    if (status != STATUS_OK) {
        return status;
    }
    sqlite3_stmt *statement = database_statement(
        store,
        "UPDATE outbox SET body = ?, visit = ?, superseded = superseded OR state = 'sending', "
        "state = CASE WHEN state = 'refused' AND forgotten <> 1 THEN 'waiting' ELSE state END WHERE number = ?",
        error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, made->made->body);
    bind_text(statement, 2, made->visit);
    bind_integer(statement, 3, number);
    return database_run(store, statement, error);
}

static enum status add_update(struct store *store, const struct made_row *made, const struct content *content,
                              struct error *error)
{
    struct pending pending = {0};
    char *base = NULL;

    enum status status = pending_find(store, made->row.key, &pending, error);
    if (status == STATUS_OK && pending.number != 0) {
        status = squash(store, made, pending.number, error);
        if (status == STATUS_OK) {
            status = pending_note_part(store, made->row.key, made->visit, error);
        }
        if (status == STATUS_OK) {
            status = pending_left_visit(store, pending.visit, error);
        }
    } else if (status == STATUS_OK) {
        status = row_body(store, made->row.key, &base, error);
        if (status == STATUS_OK) {
            status = pending_add(store, made->row.key, made->visit, made->made, made->row.version, base, error);
        }
    }
    if (status == STATUS_OK) {
        status = row_replace(store, made->row.key, content, error);
    }
    memory_free(base);
    return status;
}

static enum status add_read(struct store *store, struct made_row *made, struct error *error)
{
    struct content content = {
        .lookup = &made->lookup,
        .body = made->made->body,
        .length = strlen(made->made->body),
        .origin = ORIGIN_DEVICE,
    };
    const char *type = made->lookup.head.type;

    made->id = made->lookup.head.id[0] != '\0' ? made->lookup.head.id : made->made->uuid;
    if (made->lookup.patient[0] == '\0') {
        /* A Provenance names no patient, but it leaves the device with the rest of the chart. */
        text_copy(made->lookup.patient, sizeof made->lookup.patient, made->patient);
    }
    enum status status = row_find(store, type, made->id, NULL, 0, &made->row, &made->is_update, error);
    if (status != STATUS_OK) {
        return status;
    }
    content.id = made->id;
    if (made->is_update) {
        /* What it is based on stays known here: the body may carry an older version than was accepted since. */
        text_copy(made->lookup.head.version, sizeof made->lookup.head.version, made->row.version);
        made->lookup.head.updated = made->row.updated;
        status = add_update(store, made, &content, error);
    } else {
        content.uuid = made->made->uuid;
        status = add_creation(store, made, &content, error);
    }
    return status == STATUS_OK ? audit_add(store, made->is_update ? "update" : "create", type, made->id,
                                           lookup_chart(&made->lookup, made->id), "", error)
                               : status;
}

enum status made_add(struct store *store, const struct made_resource *resource, const char *visit, const char *patient,
                     struct error *error)
{
    struct made_row made = {.made = resource, .visit = visit, .patient = patient};
    cJSON *tree = NULL;

    enum status status = json_parse(resource->body, strlen(resource->body), &tree, error);
    if (status == STATUS_OK) {
        status = lookup_read(tree, NULL, &made.lookup, error);
    }
    if (status == STATUS_OK) {
        status = add_read(store, &made, error);
    }
    lookup_free(&made.lookup);
    cJSON_Delete(tree);
    return status;
}

static enum status refuse_signed(struct store *store, const char *visit_id, struct error *error)
{
    bool is_signed = false;

    sqlite3_stmt *statement =
        database_statement(store, "SELECT 1 FROM visit WHERE id = ? AND state = 'signed'", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, visit_id);
    enum status status = database_step(store, statement, &is_signed, error);
    sqlite3_reset(statement);
    if (status == STATUS_OK && is_signed) {
        return error_set(error, STATUS_CONFLICT,
                         _("This visit is signed already; write an addendum in a new visit to add to it."));
    }
    return status;
}

/* The first thing that stands in the way: what cannot be signed before what must be confirmed. */
static enum status refuse_problems(const struct visit *visit, struct error *error)
{
    const struct visit_problem *first = NULL;

    for (size_t i = 0; i < visit->problem_count; i++) {
        const struct visit_problem *problem = &visit->problems[i];
        if (problem->level != PROBLEM_MISSING && (first == NULL || problem->level > first->level)) {
            first = problem;
        }
    }
    return error_set(error, STATUS_INVALID, "%s",
                     first == NULL ? _("The visit cannot be signed as it is; check its fields.") : first->sentence);
}

static enum status make_tasks(struct signing *signing, struct error *error)
{
    enum status status = STATUS_OK;

    for (size_t i = 0; i < signing->visit.task_count && status == STATUS_OK; i++) {
        char *body = NULL;
        status = query_body(signing->store, "Task", signing->visit.tasks[i].id, &body, error);
        if (status == STATUS_OK) {
            status = task_update(body, &signing->visit.tasks[i], signing->signer, &signing->made, error);
        }
        memory_free(body);
    }
    return status;
}

static enum status close_visit(struct signing *signing, struct error *error)
{
    sqlite3_stmt *statement = database_statement(
        signing->store, "UPDATE visit SET state = 'signed', ended = ?, signed = ?, changed = ? WHERE id = ?", error);
    if (statement == NULL) {
        return database_error(signing->store, error);
    }
    bind_instant(statement, 1, signing->visit.end);
    bind_instant(statement, 2, signing->signer->now);
    bind_instant(statement, 3, signing->signer->now);
    bind_text(statement, 4, signing->draft.id);
    enum status status = database_run(signing->store, statement, error);
    return status == STATUS_OK ? audit_add(signing->store, "sign", "Encounter", signing->draft.id,
                                           signing->draft.patient, "", error)
                               : status;
}

static enum status sign(struct signing *signing, const char *visit_id, struct error *error)
{
    struct store *store = signing->store;
    instant now = signing->signer->now;

    enum status status = refuse_signed(store, visit_id, error);
    if (status == STATUS_OK) {
        status = draft_load(store, visit_id, &signing->draft, error);
    }
    if (status == STATUS_OK) {
        status = chart_load(store, signing->draft.patient, instant_add_days(now, -CHART_DAYS), CHART_READINGS, now,
                            &signing->chart, error);
    }
    if (status != STATUS_OK) {
        return status;
    }
    visit_read(&signing->draft, &signing->chart, now, &signing->visit);
    if (!visit_can_sign(&signing->visit)) {
        return refuse_problems(&signing->visit, error);
    }
    status = visit_make(&signing->visit, signing->signer, &signing->made, error);
    if (status == STATUS_OK) {
        status = make_tasks(signing, error);
    }
    if (status == STATUS_OK) {
        status = close_visit(signing, error);
    }
    for (size_t i = 0; i < signing->made.count && status == STATUS_OK; i++) {
        status = made_add(store, &signing->made.items[i], signing->draft.id, signing->draft.patient, error);
    }
    return status;
}

enum status record_sign_visit(struct store *store, const char *visit_id, const struct signer *signer, size_t *queued,
                              struct error *error)
{
    struct signing *signing = NULL;

    *queued = 0;
    enum status status = database_begin(store, error);
    if (status != STATUS_OK) {
        return status;
    }
    signing = memory_allocate(sizeof *signing);
    if (signing == NULL) {
        return record_end(store, error_no_memory(error), error);
    }
    signing->store = store;
    signing->signer = signer;
    visit_draft_init(&signing->draft);
    chart_init(&signing->chart);
    status = sign(signing, visit_id, error);
    if (status == STATUS_OK) {
        *queued = signing->made.count;
    }
    made_visit_free(&signing->made);
    chart_free(&signing->chart);
    visit_draft_free(&signing->draft);
    memory_free(signing);
    status = record_end(store, status, error);
    if (status != STATUS_OK) {
        *queued = 0;
    }
    return status;
}

enum status record_make_practitioner(struct store *store, const char *name, char id[ID_SIZE], struct error *error)
{
    struct made_resource made = {.body = NULL};

    enum status status = practitioner_make(name, &store->randomness, &made, error);
    if (status != STATUS_OK) {
        return status;
    }
    text_copy(id, ID_SIZE, made.uuid);
    status = database_begin(store, error);
    if (status == STATUS_OK) {
        status = made_add(store, &made, "", "", error);
        if (status == STATUS_OK) {
            status = store_setting_set(store, SETTING_PRACTITIONER, made.uuid, error);
        }
        if (status == STATUS_OK) {
            status = store_setting_set(store, SETTING_PRACTITIONER_NAME, name, error);
        }
        status = record_end(store, status, error);
    }
    memory_free(made.body);
    return status;
}
