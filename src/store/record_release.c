/*
 * What leaves the device: resources the server no longer has, and patients who
 * left the caseload. What is unsent or unfinished never leaves, nor the name of
 * whose it is.
 */
#include "store/record_row.h"

#include "base/text.h"
#include "store/audit.h"

#include <stdio.h>
#include <string.h>

static enum status remove_found(struct store *store, const struct row *row, struct error *error)
{
    struct pending pending = {0};

    enum status status = pending_find(store, row->key, &pending, error);
    if (status != STATUS_OK) {
        return status;
    }
    if (pending.number != 0) {
        return pending.is_update ? pending_gone(store, row, pending.number, error) : STATUS_OK;
    }
    status = row_delete(store, row->key, error);
    return status == STATUS_OK ? audit_add(store, "remove", row->type, row->id, row->patient, "", error) : status;
}

enum status record_remove(struct store *store, const char *type, const char *id, struct error *error)
{
    struct row row = {0};
    bool found = false;

    enum status status = database_begin(store, error);
    if (status != STATUS_OK) {
        return status;
    }
    status = row_find(store, type, id, NULL, 0, &row, &found, error);
    if (status == STATUS_OK && found) {
        status = remove_found(store, &row, error);
    }
    if (status == STATUS_OK) {
        status = quarantine_settle(store, type, id, error);
    }
    return record_end(store, status, error);
}

/* Whether a question about one patient has an answer. */
static enum status is_busy(struct store *store, const char *sql, const char *patient, bool *busy, struct error *error)
{
    sqlite3_stmt *statement = database_statement(store, sql, error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, patient);
    enum status status = database_step(store, statement, busy, error);
    sqlite3_reset(statement);
    return status;
}

/* What stays of the patient is not all, and says why. Ends when the chart is pulled as a whole again. */
static enum status note_release(struct store *store, const char *patient, struct error *error)
{
    sqlite3_stmt *statement = database_statement(
        store, "INSERT OR REPLACE INTO chart_state (patient, complete, released) VALUES (?, 0, 1)", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, patient);
    return database_run(store, statement, error);
}

static enum status release(struct store *store, const char *patient, struct error *error)
{
    static const char *const always[] = {
        "DELETE FROM resource WHERE patient = ?1 AND type <> 'Patient' AND key NOT IN (SELECT resource FROM outbox)",
        "DELETE FROM quarantine WHERE patient = ?1",
        "DELETE FROM dropped WHERE patient = ?1",
        "DELETE FROM correcting WHERE patient = ?1 AND outbox NOT IN (SELECT number FROM outbox)",
        "DELETE FROM draft WHERE visit IN (SELECT id FROM visit WHERE patient = ?1 AND accepted IS NOT NULL)",
        "DELETE FROM visit_part WHERE visit IN (SELECT id FROM visit WHERE patient = ?1 AND accepted IS NOT NULL)",
        "DELETE FROM visit WHERE patient = ?1 AND accepted IS NOT NULL",
    };
    static const char *const when_nothing_is_kept[] = {
        "DELETE FROM resource WHERE type = 'Patient' AND id = ?1",
        "DELETE FROM chart_state WHERE patient = ?1",
    };
    bool visiting = false;
    bool kept = false;
    int removed = 0;
    char detail[32];

    enum status status =
        is_busy(store, "SELECT 1 FROM visit WHERE patient = ? AND state = 'in-progress'", patient, &visiting, error);
    if (status == STATUS_OK) {
        status = note_release(store, patient, error);
    }
    if (status != STATUS_OK || visiting) {
        return status;
    }
    /* A visit that is set aside would open in the chart of whoever has the id next. */
    status = is_busy(store,
                     "SELECT 1 FROM resource WHERE patient = ?1 AND key IN (SELECT resource FROM outbox) "
                     "UNION ALL SELECT 1 FROM visit WHERE patient = ?1 AND state = 'set-aside' LIMIT 1",
                     patient, &kept, error);
    if (status == STATUS_OK) {
        status = row_run_all(store, always, sizeof always / sizeof always[0], patient, &removed, error);
    }
    if (status == STATUS_OK && !kept) {
        status = row_run_all(store, when_nothing_is_kept, sizeof when_nothing_is_kept / sizeof when_nothing_is_kept[0],
                             patient, &removed, error);
    }
    if (status == STATUS_OK && removed > 0) {
        snprintf(detail, sizeof detail, "rows %d", removed);
        status = audit_add(store, "release", "Patient", patient, patient, detail, error);
    }
    return status;
}

enum status record_release_patient(struct store *store, const char *patient, struct error *error)
{
    enum status status = database_begin(store, error);

    if (status != STATUS_OK) {
        return status;
    }
    status = release(store, patient, error);
    return record_end(store, status, error);
}
