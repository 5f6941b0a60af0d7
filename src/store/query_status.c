/*
 * The state of the exchange with the server in numbers, from outbox, visits,
 * quarantine and the journal of runs. Never greener than the facts.
 */
#include "store/query_row.h"

static enum status count_rows(struct store *store, struct sync_status *out, struct error *error)
{
    bool row = false;

    sqlite3_stmt *statement = database_statement(
        store,
        "SELECT (SELECT count(*) FROM outbox WHERE state IN ('waiting', 'sending')), "
        "(SELECT count(*) FROM outbox WHERE state = 'refused'), (SELECT count(*) FROM outbox WHERE state = 'conflict'), "
        "(SELECT count(*) FROM visit WHERE state = 'in-progress'), (SELECT count(*) FROM quarantine), "
        "(SELECT count(*) FROM visit WHERE state = 'set-aside'), "
        "(SELECT count(*) FROM patient), "
        "(SELECT count(*) FROM patient p LEFT JOIN chart_state c ON c.patient = p.id WHERE NOT " CHART_IS_COMPLETE "), "
        "(SELECT count(*) FROM outbox WHERE forgotten = 1 AND state = 'refused')",
        error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    enum status status = database_step(store, statement, &row, error);
    if (status == STATUS_OK && row) {
        out->pending = column_int(statement, 0);
        out->refused = column_int(statement, 1);
        out->conflicts = column_int(statement, 2);
        out->drafts = column_int(statement, 3);
        out->quarantined = column_int(statement, 4);
        out->set_aside = column_int(statement, 5);
        out->patients = column_int(statement, 6);
        out->incomplete_patients = column_int(statement, 7);
        out->forgotten = column_int(statement, 8);
    }
    sqlite3_reset(statement);
    return status;
}

static enum status read_journal(struct store *store, struct sync_status *out, struct error *error)
{
    char as_of[40];
    enum instant_precision precision = PRECISION_NONE;
    bool row = false;

    sqlite3_stmt *statement = database_statement(
        store,
        "SELECT end, result, reason, "
        "(SELECT end FROM journal WHERE result = ?1 AND pending + rejected + conflicts = 0 ORDER BY number DESC LIMIT 1), "
        "(SELECT data_as_of FROM journal WHERE data_as_of <> '' ORDER BY number DESC LIMIT 1), "
        "bytes_in > 0 FROM journal ORDER BY number DESC LIMIT 1",
        error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_integer(statement, 1, STATUS_OK);
    enum status status = database_step(store, statement, &row, error);
    if (status == STATUS_OK && row) {
        out->last_attempt = column_instant(statement, 0);
        out->last_result = (enum status)column_int(statement, 1);
        out->last_answered = column_int(statement, 5) != 0;
        column_text(statement, 2, out->last_reason, sizeof out->last_reason);
        out->last_good = column_instant(statement, 3);
        column_text(statement, 4, as_of, sizeof as_of);
        instant_parse(as_of, &out->data_as_of, &precision);
    }
    sqlite3_reset(statement);
    return status;
}

enum status query_status(struct store *store, struct sync_status *out, struct error *error)
{
    *out = (struct sync_status){
        .last_good = INSTANT_NONE, .last_attempt = INSTANT_NONE, .data_as_of = INSTANT_NONE};
    enum status status = count_rows(store, out, error);

    if (status == STATUS_OK) {
        status = read_journal(store, out, error);
    }
    return status == STATUS_OK ? store_setting_get(store, SETTING_SERVER, out->server, sizeof out->server, error) : status;
}
