/*
 * The chart of one patient: who it is, the readings of each vital, and the
 * judgement of the alert rules. The other parts are in query_chart_parts.c.
 *
 * Invariant: all parts are of one moment. The patient's statement stays open
 * until the last part is read, which holds SQLite's view of the file still.
 */
#include "store/query_row.h"

#include "base/memory.h"
#include "care/alert_rules.h"
#include "store/audit.h"

#include <stdlib.h>
#include <string.h>

void patient_from_columns(sqlite3_stmt *statement, int first, struct patient *out)
{
    column_text(statement, first, out->id, sizeof out->id);
    column_text(statement, first + 1, out->name, sizeof out->name);
    column_text(statement, first + 2, out->reading, sizeof out->reading);
    column_text(statement, first + 3, out->birth_date, sizeof out->birth_date);
    out->gender = (enum gender)column_int(statement, first + 4);
    column_text(statement, first + 5, out->phone, sizeof out->phone);
    column_text(statement, first + 6, out->address, sizeof out->address);
    column_text(statement, first + 7, out->language, sizeof out->language);
    out->deceased = column_int(statement, first + 8) != 0;
    out->inactive = column_int(statement, first + 9) != 0;
    out->complete = column_int(statement, first + 10) != 0;
    out->released = column_int(statement, first + 11) != 0;
}

static void reading_from_row(sqlite3_stmt *statement, enum vital vital, struct reading *out)
{
    out->vital = vital;
    column_text(statement, 0, out->resource, sizeof out->resource);
    out->value.units = sqlite3_column_int64(statement, 1);
    out->value.scale = column_int(statement, 2);
    column_text(statement, 3, out->text, sizeof out->text);
    column_text(statement, 4, out->unit, sizeof out->unit);
    column_text(statement, 5, out->absent, sizeof out->absent);
    column_text(statement, 6, out->comparator, sizeof out->comparator);
    out->at = column_instant(statement, 7);
    out->precision = (enum instant_precision)column_int(statement, 8);
    out->source = (enum reading_source)column_int(statement, 9);
    out->status = (enum reading_status)column_int(statement, 10);
    column_text(statement, 11, out->device, sizeof out->device);
}

#define READING_COLUMNS \
    "SELECT id, units, scale, text, unit, absent, comparator, at, precision, source, status, device FROM reading "

/* One vital's newest readings: a seek into reading_chart and a short walk, however long the history is. */
static enum status load_vital(struct store *store, const char *sql, const char *patient, enum vital vital, instant since,
                              size_t most, struct chart *out, size_t *capacity, struct error *error)
{
    enum status status = STATUS_OK;
    bool row = false;

    sqlite3_stmt *statement = database_statement(store, sql, error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, patient);
    bind_integer(statement, 2, vital);
    bind_integer(statement, 3, (int64_t)most);
    bind_integer(statement, 4, since);
    do {
        status = database_step(store, statement, &row, error);
        if (status == STATUS_OK && row) {
            struct reading *grown = memory_grow(out->readings, out->reading_count, capacity, sizeof *grown);
            if (grown == NULL) {
                status = error_no_memory(error);
            } else {
                out->readings = grown;
                reading_from_row(statement, vital, &out->readings[out->reading_count++]);
            }
        }
    } while (status == STATUS_OK && row);
    sqlite3_reset(statement);
    return status;
}

/* Newest first; those without a time (INSTANT_NONE is the least) last; one vital's in the order they came. */
static int newest_first(const void *a, const void *b)
{
    const struct reading *left = a;
    const struct reading *right = b;

    if (left->at != right->at) {
        return left->at > right->at ? -1 : 1;
    }
    return left->vital != right->vital ? (left->vital < right->vital ? -1 : 1) : strcmp(left->resource, right->resource);
}

static enum status load_readings(struct store *store, const char *patient, instant since, size_t most,
                                 struct chart *out, struct error *error)
{
    static const char dated[] =
        READING_COLUMNS "WHERE patient = ?1 AND vital = ?2 AND at >= ?4 ORDER BY at DESC LIMIT ?3";
    static const char undated[] =
        READING_COLUMNS "WHERE patient = ?1 AND vital = ?2 AND at IS NULL AND ?4 IS NOT NULL LIMIT ?3";
    enum status status = STATUS_OK;
    size_t capacity = 0;

    for (int vital = 0; vital < VITAL_COUNT && status == STATUS_OK; vital++) {
        status = load_vital(store, dated, patient, (enum vital)vital, since, most, out, &capacity, error);
        if (status == STATUS_OK) {
            status = load_vital(store, undated, patient, (enum vital)vital, since, most, out, &capacity, error);
        }
    }
    if (status == STATUS_OK && out->reading_count > 0) {
        qsort(out->readings, out->reading_count, sizeof out->readings[0], newest_first);
    }
    return status;
}

static enum status load_all(struct store *store, const char *patient, instant since, size_t most, instant now,
                            struct chart *out, struct error *error)
{
    enum status status = load_readings(store, patient, since, most, out, error);

    if (status == STATUS_OK) {
        status = chart_load_parts(store, patient, now, out, error);
    }
    return status == STATUS_OK ? alert_rules_apply(out, now, error) : status;
}

enum status chart_load(struct store *store, const char *patient, instant since, size_t most, instant now,
                       struct chart *out, struct error *error)
{
    bool found = false;

    chart_init(out);
    sqlite3_stmt *statement = database_statement(
        store,
        "SELECT " PATIENT_COLUMNS " FROM patient p LEFT JOIN chart_state c ON c.patient = p.id WHERE p.id = ?", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, patient);
    enum status status = database_step(store, statement, &found, error);
    if (status == STATUS_OK && !found) {
        return error_set(error, STATUS_NOT_FOUND,
                         _("This patient is not on this device; sync first, or look in the list of patients."));
    }
    if (status == STATUS_OK) {
        patient_from_columns(statement, 0, &out->patient);
        status = load_all(store, patient, since, most, now, out, error);
    }
    sqlite3_reset(statement);
    if (status != STATUS_OK) {
        chart_free(out);
        chart_init(out);
    }
    return status;
}

enum status query_chart(struct store *store, const char *patient, instant since, size_t most, instant now,
                        struct chart *out, struct error *error)
{
    enum status status = chart_load(store, patient, since, most, now, out, error);

    if (status != STATUS_OK) {
        return status;
    }
    status = audit_add(store, "read", "Patient", patient, patient, "", error);
    if (status == STATUS_FULL || status == STATUS_READ_ONLY) {
        error_clear(error);
        return STATUS_OK; /* a full disk must not keep a nurse from reading an allergy */
    }
    if (status != STATUS_OK) {
        chart_free(out);
        chart_init(out);
    }
    return status;
}

enum status query_body(struct store *store, const char *type, const char *id, char **out, struct error *error)
{
    bool found = false;

    *out = NULL;
    sqlite3_stmt *statement = database_statement(store, "SELECT body FROM resource WHERE type = ? AND id = ?", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, type);
    bind_text(statement, 2, id);
    enum status status = database_step(store, statement, &found, error);
    if (status == STATUS_OK && !found) {
        return error_set(error, STATUS_NOT_FOUND, _("This %s is not on this device; sync and try again."), type);
    }
    if (status == STATUS_OK) {
        *out = column_copy(statement, 0);
        sqlite3_reset(statement);
        status = *out == NULL ? error_no_memory(error) : STATUS_OK;
    }
    return status;
}
