/* Visits in progress: a row in `visit` and one in `draft` per field. */
#include "store/draft.h"

#include "base/memory.h"
#include "base/text.h"
#include "store/audit.h"
#include "store/database.h"

#include <string.h>

static enum status not_open(struct error *error)
{
    return error_set(error, STATUS_NOT_FOUND,
                     _("This visit is no longer open on this device; look for it in the Outbox or start a new one."));
}

/* The id in the first row's first column, or NOT_FOUND. */
static enum status find_id(struct store *store, sqlite3_stmt *statement, char visit_id[UUID_SIZE], struct error *error)
{
    bool row = false;
    enum status status = database_step(store, statement, &row, error);
    visit_id[0] = '\0';
    if (status == STATUS_OK && row) {
        column_text(statement, 0, visit_id, UUID_SIZE);
        sqlite3_reset(statement);
    } else if (status == STATUS_OK) {
        status = error_set(error, STATUS_NOT_FOUND, _("There is no unfinished visit."));
    }
    return status;
}

enum status draft_find(struct store *store, const char *patient, char visit_id[UUID_SIZE], struct error *error)
{
    sqlite3_stmt *statement =
        database_statement(store, "SELECT id FROM visit WHERE patient = ?1 AND state = 'in-progress'", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, patient);
    return find_id(store, statement, visit_id, error);
}

enum status draft_latest(struct store *store, char visit_id[UUID_SIZE], struct error *error)
{
    sqlite3_stmt *statement = database_statement(
        store, "SELECT id FROM visit WHERE state = 'in-progress' ORDER BY changed DESC, rowid DESC LIMIT 1", error);
    return statement == NULL ? database_error(store, error) : find_id(store, statement, visit_id, error);
}

static enum status insert_visit(struct store *store, const char *patient, const char *appointment, const char *visit_id,
                                struct error *error)
{
    sqlite3_stmt *statement =
        database_statement(store,
                           "INSERT INTO visit (id, patient, appointment, state, started, changed)"
                           " VALUES (?1, ?2, ?3, 'in-progress', ?4, ?4)",
                           error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, visit_id);
    bind_text(statement, 2, patient);
    bind_text(statement, 3, appointment);
    bind_integer(statement, 4, clock_now(&store->clock));
    return database_run(store, statement, error);
}

enum status draft_start(struct store *store, const char *patient, const char *appointment, char visit_id[UUID_SIZE],
                        struct error *error)
{
    enum status status = database_begin(store, error);
    if (status != STATUS_OK) {
        return status;
    }
    status = draft_find(store, patient, visit_id, NULL);
    if (status == STATUS_OK) {
        status = error_set(error, STATUS_CONFLICT,
                           _("This patient has an unfinished visit; go on with it or set it aside."));
    } else if (status == STATUS_NOT_FOUND) {
        uuid_make(visit_id, &store->randomness);
        status = insert_visit(store, patient, appointment, visit_id, error);
        if (status == STATUS_OK) {
            status = audit_add(store, "start", "Encounter", visit_id, patient, "", error);
        }
    } else {
        database_error(store, error);
    }
    return database_end(store, status, error);
}

/* Moves the time of an open visit. NOT_FOUND when it is not open. */
static enum status touch(struct store *store, const char *visit_id, instant now, struct error *error)
{
    sqlite3_stmt *statement =
        database_statement(store, "UPDATE visit SET changed = ?2 WHERE id = ?1 AND state = 'in-progress'", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, visit_id);
    bind_integer(statement, 2, now);
    enum status status = database_run(store, statement, error);
    return status == STATUS_OK && sqlite3_changes(store->connection) == 0 ? not_open(error) : status;
}

static enum status put(struct store *store, const char *visit_id, const char *field, const char *value, instant now,
                       struct error *error)
{
    if (strlen(field) >= VISIT_FIELD_NAME_SIZE || strlen(value) > VISIT_NOTE_LIMIT) {
        return error_set(error, STATUS_INVALID,
                         _("The text is too long for one field; shorten it or put the rest in another."));
    }
    sqlite3_stmt *statement = database_statement(
        store, "INSERT OR REPLACE INTO draft (visit, field, value, changed) VALUES (?1, ?2, ?3, ?4)", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, visit_id);
    bind_text(statement, 2, field);
    bind_text(statement, 3, value);
    bind_integer(statement, 4, now);
    return database_run(store, statement, error);
}

enum status draft_put(struct store *store, const char *visit_id, const char *field, const char *value,
                      struct error *error)
{
    instant now = clock_now(&store->clock);
    enum status status = database_begin(store, error);
    if (status != STATUS_OK) {
        return status;
    }
    status = touch(store, visit_id, now, error);
    if (status == STATUS_OK) {
        status = put(store, visit_id, field, value, now, error);
    }
    return database_end(store, status, error);
}

enum status draft_put_all(struct store *store, const struct visit_draft *draft, struct error *error)
{
    instant now = clock_now(&store->clock);
    enum status status = database_begin(store, error);
    if (status != STATUS_OK) {
        return status;
    }
    status = touch(store, draft->id, now, error);
    for (size_t i = 0; i < draft->count && status == STATUS_OK; i++) {
        status = put(store, draft->id, draft->fields[i].name, draft->fields[i].value, now, error);
    }
    return database_end(store, status, error);
}

/* `other_state` may be "": in progress only. */
static enum status load_visit(struct store *store, const char *visit_id, const char *other_state,
                              struct visit_draft *out, struct error *error)
{
    sqlite3_stmt *statement = database_statement(
        store,
        "SELECT patient, appointment, started, changed FROM visit WHERE id = ?1 AND state IN ('in-progress', ?2)",
        error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, visit_id);
    bind_text(statement, 2, other_state);
    bool row = false;
    enum status status = database_step(store, statement, &row, error);
    if (status == STATUS_OK && row) {
        text_copy(out->id, sizeof out->id, visit_id);
        column_text(statement, 0, out->patient, sizeof out->patient);
        column_text(statement, 1, out->appointment, sizeof out->appointment);
        out->started = column_instant(statement, 2);
        out->changed = column_instant(statement, 3);
        sqlite3_reset(statement);
        return STATUS_OK;
    }
    return status == STATUS_OK ? not_open(error) : status;
}

static enum status load_fields(struct store *store, const char *visit_id, struct visit_draft *out, struct error *error)
{
    sqlite3_stmt *statement =
        database_statement(store, "SELECT field, value FROM draft WHERE visit = ?1 ORDER BY field", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, visit_id);
    bool more = false;
    enum status status = STATUS_OK;
    while ((status = database_step(store, statement, &more, error)) == STATUS_OK && more) {
        char name[VISIT_FIELD_NAME_SIZE];
        column_text(statement, 0, name, sizeof name);
        char *value = column_copy(statement, 1);
        status = value == NULL ? error_no_memory(error) : visit_draft_set(out, name, value, error);
        memory_free(value);
        if (status != STATUS_OK) {
            break;
        }
    }
    sqlite3_reset(statement);
    return status;
}

static enum status load(struct store *store, const char *visit_id, const char *other_state, struct visit_draft *out,
                        struct error *error)
{
    visit_draft_init(out);
    enum status status = load_visit(store, visit_id, other_state, out, error);
    if (status == STATUS_OK) {
        status = load_fields(store, visit_id, out, error);
    }
    if (status != STATUS_OK) {
        visit_draft_free(out);
    }
    return status;
}

enum status draft_load(struct store *store, const char *visit_id, struct visit_draft *out, struct error *error)
{
    return load(store, visit_id, "", out, error);
}

enum status draft_look(struct store *store, const char *visit_id, struct visit_draft *out, struct error *error)
{
    return load(store, visit_id, "set-aside", out, error);
}

/* --- set aside and taken up again ---------------------------------------------------------------- */

/* Runs a change of one visit, whose id is ?1 and the time ?2. */
static enum status change(struct store *store, const char *visit_id, const char *sql, struct error *error)
{
    sqlite3_stmt *statement = database_statement(store, sql, error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, visit_id);
    bind_integer(statement, 2, clock_now(&store->clock));
    return database_run(store, statement, error);
}

enum status draft_set_aside(struct store *store, const char *visit_id, const char *reason, struct error *error)
{
    struct visit_draft draft = {.count = 0};
    enum status status = database_begin(store, error);
    if (status != STATUS_OK) {
        return status;
    }
    visit_draft_init(&draft);
    status = load_visit(store, visit_id, "", &draft, error);
    if (status == STATUS_OK) {
        status = change(store, visit_id, "UPDATE visit SET state = 'set-aside', changed = ?2 WHERE id = ?1", error);
    }
    if (status == STATUS_OK) {
        status = audit_add(store, "set-aside", "Encounter", visit_id, draft.patient, reason, error);
    }
    visit_draft_free(&draft);
    return database_end(store, status, error);
}

/* Whose visit it is that was set aside; NOT_FOUND when it cannot be taken up. */
static enum status find_set_aside(struct store *store, const char *visit_id, char patient[ID_SIZE],
                                  struct error *error)
{
    sqlite3_stmt *statement = database_statement(
        store,
        "SELECT v.patient, p.id IS NOT NULL FROM visit v LEFT JOIN patient p ON p.id = v.patient "
        "WHERE v.id = ?1 AND v.state = 'set-aside'",
        error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, visit_id);
    bool row = false;
    enum status status = database_step(store, statement, &row, error);
    if (status == STATUS_OK && !row) {
        return error_set(error, STATUS_NOT_FOUND, _("No visit of this id is set aside on this device."));
    }
    if (status == STATUS_OK) {
        bool here = column_int(statement, 1) != 0;
        column_text(statement, 0, patient, ID_SIZE);
        sqlite3_reset(statement);
        if (!here) {
            status = error_set(error, STATUS_NOT_FOUND,
                               _("The patient of this visit is not on this device any more; the visit stays set aside "
                                 "until a sync brings the patient back."));
        }
    }
    return status;
}

static enum status refuse_second(struct store *store, const char *patient, struct error *error)
{
    char open_visit[UUID_SIZE];
    enum status status = draft_find(store, patient, open_visit, error);
    if (status == STATUS_OK) {
        return error_set(error, STATUS_CONFLICT,
                         _("This patient has another unfinished visit; sign it or set it aside first."));
    }
    if (status == STATUS_NOT_FOUND) {
        error_clear(error);
        return STATUS_OK;
    }
    return status;
}

enum status draft_resume(struct store *store, const char *visit_id, struct error *error)
{
    char patient[ID_SIZE] = "";
    enum status status = database_begin(store, error);
    if (status != STATUS_OK) {
        return status;
    }
    status = find_set_aside(store, visit_id, patient, error);
    if (status == STATUS_OK) {
        status = refuse_second(store, patient, error);
    }
    if (status == STATUS_OK) {
        status = change(store, visit_id,
                        "UPDATE visit SET state = 'in-progress', changed = ?2, appointment = CASE WHEN EXISTS "
                        "(SELECT 1 FROM visit other WHERE other.changed >= visit.started AND other.state = 'signed' "
                        " AND other.appointment = visit.appointment) THEN '' ELSE appointment END "
                        "WHERE id = ?1",
                        error);
    }
    if (status == STATUS_OK) {
        /* Where she was when she set it aside is no place to come back to. */
        status = change(store, visit_id,
                        "DELETE FROM draft WHERE visit = ?1 AND field IN ('screen', 'cursor') AND ?2 IS NOT NULL",
                        error);
    }
    if (status == STATUS_OK) {
        status = audit_add(store, "resume", "Encounter", visit_id, patient, "", error);
    }
    return database_end(store, status, error);
}
