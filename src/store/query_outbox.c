/*
 * What waits to reach the server, row by row and visit by visit.
 */
#include "store/query.h"

#include "base/memory.h"
#include "base/text.h"
#include "store/database.h"
#include "store/outbox.h"

#include <string.h>

static const struct {
    const char *key;
    const char *word;
} states[] = {
    [OUTBOX_WAITING] = {"waiting", N_("waiting")},
    [OUTBOX_SENDING] = {"sending", N_("sending")},
    [OUTBOX_REFUSED] = {"refused", N_("refused")},
    [OUTBOX_CONFLICT] = {"conflict", N_("conflict")},
};

const char *outbox_state_key(enum outbox_state state)
{
    return states[state].key;
}

const char *outbox_state_word(enum outbox_state state)
{
    return _(states[state].word);
}

static enum outbox_state state_from_column(sqlite3_stmt *statement, int column)
{
    char key[16];

    column_text(statement, column, key, sizeof key);
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        if (strcmp(key, states[i].key) == 0) {
            return (enum outbox_state)i;
        }
    }
    return OUTBOX_WAITING; /* never: the schema allows only these */
}

enum status outbox_state(struct store *store, int64_t number, enum outbox_state *out, struct error *error)
{
    bool found = false;

    sqlite3_stmt *statement = database_statement(store, "SELECT state FROM outbox WHERE number = ?", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_integer(statement, 1, number);
    enum status status = database_step(store, statement, &found, error);
    if (status == STATUS_OK && !found) {
        status = error_set(error, STATUS_NOT_FOUND, _("The outbox has no such entry any more."));
    }
    if (status == STATUS_OK) {
        *out = state_from_column(statement, 0);
    }
    sqlite3_reset(statement);
    return status;
}

void outbox_rows_free(struct outbox_rows *rows)
{
    memory_free(rows->items);
    *rows = (struct outbox_rows){.items = NULL};
}

static enum status fill_outbox_row(struct store *store, sqlite3_stmt *statement, void *item, struct error *error)
{
    struct outbox_row *row = item;

    (void)store;
    (void)error;
    row->number = sqlite3_column_int64(statement, 0);
    column_text(statement, 1, row->visit, sizeof row->visit);
    column_text(statement, 2, row->type, sizeof row->type);
    column_text(statement, 3, row->uuid, sizeof row->uuid);
    column_text(statement, 4, row->id, sizeof row->id);
    column_text(statement, 5, row->if_none_exist, sizeof row->if_none_exist);
    column_text(statement, 6, row->base_version, sizeof row->base_version);
    row->is_update = column_int(statement, 7) != 0;
    row->state = state_from_column(statement, 8);
    row->attempts = column_int(statement, 9);
    row->http_status = column_int(statement, 10);
    column_text(statement, 11, row->reason, sizeof row->reason);
    row->queued = column_instant(statement, 12);
    row->forgotten = column_int(statement, 13) == 1;
    return STATUS_OK;
}

enum status query_outbox(struct store *store, struct outbox_rows *out, struct error *error)
{
    void *items = NULL;

    *out = (struct outbox_rows){.items = NULL};
    /* What belongs to no visit (signed is NULL) comes first: the visits refer to it. What the server forgot was queued as that
     * was found out: it goes in the order in which its visit made it, the Encounter first and what signs the rest last. */
    sqlite3_stmt *statement = database_statement(
        store,
        "SELECT o.number, o.visit, r.type, r.uuid, r.id, o.if_none_exist, o.base_version, o.base_body IS NOT NULL, "
        "o.state, o.attempts, o.http_status, o.reason, o.queued, o.forgotten "
        "FROM outbox o JOIN resource r ON r.key = o.resource LEFT JOIN visit v ON v.id = o.visit "
        "ORDER BY v.signed, o.visit, CASE WHEN r.type = 'Provenance' THEN 3 WHEN NOT o.forgotten THEN 2 "
        "WHEN r.type = 'Practitioner' THEN 0 WHEN r.type = 'Encounter' THEN 1 ELSE 2 END, "
        "CASE WHEN o.forgotten THEN r.uuid END, o.number",
        error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    enum status status = database_collect(store, statement, sizeof *out->items, fill_outbox_row, &items, &out->count, error);
    out->items = items;
    if (status != STATUS_OK) {
        outbox_rows_free(out);
    }
    return status;
}

void visit_rows_free(struct visit_rows *rows)
{
    memory_free(rows->items);
    *rows = (struct visit_rows){.items = NULL};
}

static enum status fill_visit_row(struct store *store, sqlite3_stmt *statement, void *item, struct error *error)
{
    struct visit_row *row = item;
    char state[16];

    (void)store;
    (void)error;
    column_text(statement, 0, row->id, sizeof row->id);
    column_text(statement, 1, row->patient, sizeof row->patient);
    column_text(statement, 2, row->patient_name, sizeof row->patient_name);
    column_text(statement, 3, state, sizeof state);
    row->state = strcmp(state, "signed") == 0      ? VISIT_SIGNED
                 : strcmp(state, "set-aside") == 0 ? VISIT_SET_ASIDE
                                                   : VISIT_IN_PROGRESS;
    row->started = column_instant(statement, 4);
    row->ended = column_instant(statement, 5);
    row->signed_at = column_instant(statement, 6);
    row->waiting = column_int(statement, 8);
    row->refused = column_int(statement, 9);
    row->conflicts = column_int(statement, 10);
    row->accepted_at =
        row->waiting + row->refused + row->conflicts == 0 ? column_instant(statement, 7) : INSTANT_NONE;
    column_text(statement, 11, row->reason, sizeof row->reason);
    row->let_go = column_int(statement, 12) != 0;
    return STATUS_OK;
}

enum status query_visits(struct store *store, instant since, struct visit_rows *out, struct error *error)
{
    void *items = NULL;

    *out = (struct visit_rows){.items = NULL};
    /* What is unsent is shown however old it is. */
    sqlite3_stmt *statement = database_statement(
        store,
        "SELECT v.id, v.patient, p.name, v.state, v.started, v.ended, v.signed, v.accepted, "
        "count(CASE WHEN o.state IN ('waiting', 'sending') THEN 1 END), count(CASE o.state WHEN 'refused' THEN 1 END), "
        "count(CASE o.state WHEN 'conflict' THEN 1 END), "
        "(SELECT reason FROM outbox WHERE outbox.visit = v.id AND reason <> '' "
        " ORDER BY state IN ('waiting', 'sending'), number LIMIT 1), "
        "EXISTS (SELECT 1 FROM dropped d WHERE d.patient = v.patient AND d.visit = v.id) "
        "FROM visit v LEFT JOIN patient p ON p.id = v.patient LEFT JOIN outbox o ON o.visit = v.id "
        "WHERE v.changed >= ? OR v.accepted IS NULL "
        "GROUP BY v.id ORDER BY v.state = 'set-aside', v.started DESC, v.id",
        error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_integer(statement, 1, since);
    enum status status = database_collect(store, statement, sizeof *out->items, fill_visit_row, &items, &out->count, error);
    out->items = items;
    if (status != STATUS_OK) {
        visit_rows_free(out);
    }
    return status;
}
