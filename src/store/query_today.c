/*
 * The Today board: the day's appointments and the visits of this device,
 * brought together; and the alerts of one row's chart.
 */
#include "store/query_row.h"

#include "base/memory.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

void patient_rows_free(struct patient_rows *rows)
{
    memory_free(rows->items);
    *rows = (struct patient_rows){.items = NULL};
}

struct patient_row *patient_rows_add(struct patient_rows *rows)
{
    struct patient_row *grown = memory_grow(rows->items, rows->count, &rows->capacity, sizeof *grown);

    if (grown == NULL) {
        return NULL;
    }
    rows->items = grown;
    memset(&rows->items[rows->count], 0, sizeof *grown);
    rows->items[rows->count].red = -1;
    rows->items[rows->count].amber = -1;
    rows->items[rows->count].unfinished_since = INSTANT_NONE;
    rows->items[rows->count].appointment.start = INSTANT_NONE;
    rows->items[rows->count].appointment.end = INSTANT_NONE;
    return &rows->items[rows->count++];
}

enum status query_row_alerts(struct store *store, instant now, struct patient_row *row, struct error *error)
{
    struct chart chart;

    row->to_judge = false;
    enum status status = chart_load(store, row->patient.id, instant_add_days(now, -CHART_DAYS), CHART_READINGS, now,
                                    &chart, error);
    if (status != STATUS_OK) {
        return status;
    }
    row->red = 0;
    row->amber = 0;
    row->alert[0] = '\0';
    for (size_t i = 0; i < chart.alert_count; i++) {
        const struct alert *alert = &chart.alerts[i];
        if (!alert->active) {
            continue;
        }
        row->red += alert->level == ALERT_RED;
        row->amber += alert->level == ALERT_AMBER;
        if (row->alert[0] == '\0' && alert->level != ALERT_INFO) {
            text_copy(row->alert, sizeof row->alert, alert->label);
        }
    }
    chart_free(&chart);
    return STATUS_OK;
}

static enum status load_appointments(struct store *store, instant start, instant end, struct patient_rows *out,
                                     struct error *error)
{
    enum status status = STATUS_OK;
    bool found = false;

    sqlite3_stmt *statement = database_statement(
        store,
        "SELECT " PATIENT_COLUMNS ", " APPOINTMENT_COLUMNS " FROM appointment a JOIN resource r ON r.key = a.resource "
        "LEFT JOIN patient p ON p.id = a.patient LEFT JOIN chart_state c ON c.patient = a.patient "
        "WHERE a.start >= ? AND a.start < ? AND a.patient <> '' AND " APPOINTMENT_STANDS " ORDER BY a.start, r.id",
        error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_integer(statement, 1, start);
    bind_integer(statement, 2, end);
    do {
        status = database_step(store, statement, &found, error);
        if (status == STATUS_OK && found) {
            struct patient_row *row = patient_rows_add(out);
            if (row == NULL) {
                status = error_no_memory(error);
            } else {
                patient_from_columns(statement, 0, &row->patient);
                appointment_from_columns(statement, PATIENT_COLUMN_COUNT, &row->appointment);
            }
        }
    } while (status == STATUS_OK && found);
    sqlite3_reset(statement);
    return status;
}

enum status query_visit_appointment(struct store *store, const char *patient, instant start, char appointment[ID_SIZE],
                                    struct error *error)
{
    instant day = instant_day_start(start);
    bool row = false;

    appointment[0] = '\0';
    sqlite3_stmt *statement = database_statement(
        store,
        "SELECT r.id FROM appointment a JOIN resource r ON r.key = a.resource "
        "WHERE a.patient = ?1 AND a.start >= ?2 AND a.start < ?3 AND " APPOINTMENT_STANDS
        " AND a.status NOT IN ('fulfilled', 'noshow') "
        "AND NOT EXISTS (SELECT 1 FROM visit v WHERE v.changed >= ?2 AND v.appointment = r.id AND v.state = 'signed') "
        "ORDER BY abs(a.start - ?4), a.start, r.id LIMIT 1",
        error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, patient);
    bind_integer(statement, 2, day);
    bind_integer(statement, 3, instant_add_days(day, 1));
    bind_integer(statement, 4, start);
    enum status status = database_step(store, statement, &row, error);
    if (status == STATUS_OK && row) {
        column_text(statement, 0, appointment, ID_SIZE);
    }
    sqlite3_reset(statement);
    return status;
}

/* A visit of this device, as the board needs it. */
struct board_visit {
    char patient[ID_SIZE], appointment[ID_SIZE];
    bool in_progress;
    instant started;
};

/* The row a visit belongs to: its own appointment's, or for an unplanned one the patient's first without a visit. */
static struct patient_row *row_of_visit(struct patient_rows *rows, const struct board_visit *visit)
{
    for (size_t i = 0; i < rows->count; i++) {
        struct patient_row *row = &rows->items[i];
        bool fits = visit->appointment[0] != '\0'
                        ? strcmp(row->appointment.id, visit->appointment) == 0
                        : !row->has_visit && strcmp(row->appointment.patient, visit->patient) == 0;
        if (fits) {
            return row;
        }
    }
    return NULL;
}

static enum status add_visit(struct patient_rows *rows, sqlite3_stmt *statement, struct error *error)
{
    struct board_visit visit = {.in_progress = column_int(statement, PATIENT_COLUMN_COUNT + 2) != 0};

    column_text(statement, PATIENT_COLUMN_COUNT, visit.patient, sizeof visit.patient);
    column_text(statement, PATIENT_COLUMN_COUNT + 1, visit.appointment, sizeof visit.appointment);
    visit.started = column_instant(statement, PATIENT_COLUMN_COUNT + 3);
    struct patient_row *row = row_of_visit(rows, &visit);
    if (row == NULL && !visit.in_progress) {
        return STATUS_OK; /* done, and nobody expected it today */
    }
    if (row == NULL) {
        row = patient_rows_add(rows);
        if (row == NULL) {
            return error_no_memory(error);
        }
        patient_from_columns(statement, 0, &row->patient);
        text_copy(row->appointment.patient, sizeof row->appointment.patient, visit.patient);
    }
    if (row->unfinished) {
        return STATUS_OK; /* the second visit to one appointment: that the first was signed must not hide it */
    }
    row->has_visit = true;
    row->unfinished = visit.in_progress;
    row->unfinished_since = visit.in_progress ? visit.started : INSTANT_NONE;
    row->visit_state = visit.in_progress ? VISIT_IN_PROGRESS : VISIT_SIGNED;
    return STATUS_OK;
}

/* In progress whenever it was begun; signed only when that happened this day. */
static enum status load_visits(struct store *store, instant start, struct patient_rows *out, struct error *error)
{
    enum status status = STATUS_OK;
    bool found = false;

    sqlite3_stmt *statement = database_statement(
        store,
        "SELECT " PATIENT_COLUMNS ", v.patient, v.appointment, v.state = 'in-progress', v.started FROM ("
        "SELECT id, patient, appointment, state, started FROM visit WHERE state = 'in-progress' UNION ALL "
        "SELECT id, patient, appointment, state, started FROM visit WHERE changed >= ? AND state = 'signed') v "
        "LEFT JOIN patient p ON p.id = v.patient LEFT JOIN chart_state c ON c.patient = v.patient "
        "ORDER BY v.appointment = '', v.state, v.started",
        error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_integer(statement, 1, start);
    do {
        status = database_step(store, statement, &found, error);
        if (status == STATUS_OK && found) {
            status = add_visit(out, statement, error);
        }
    } while (status == STATUS_OK && found);
    sqlite3_reset(statement);
    return status;
}

/* Unfinished first; among equals the planned by time, then the unplanned by when they were begun. */
static int board_order(const void *a, const void *b)
{
    const struct patient_row *left = a;
    const struct patient_row *right = b;
    bool left_planned = left->appointment.id[0] != '\0';
    bool right_planned = right->appointment.id[0] != '\0';
    instant left_at = left_planned ? left->appointment.start : left->unfinished_since;
    instant right_at = right_planned ? right->appointment.start : right->unfinished_since;

    if (left->unfinished != right->unfinished) {
        return left->unfinished ? -1 : 1;
    }
    if (left_planned != right_planned) {
        return left_planned ? -1 : 1;
    }
    if (left_at != right_at) {
        return left_at < right_at ? -1 : 1;
    }
    return strcmp(left->patient.id, right->patient.id);
}

/* A patient who is not on the device goes by his id. */
static void finish_row(struct patient_row *row)
{
    row->to_judge = row->patient.id[0] != '\0';
    if (!row->to_judge) {
        text_copy(row->patient.id, sizeof row->patient.id, row->appointment.patient);
        text_copy(row->patient.name, sizeof row->patient.name, row->appointment.patient);
    }
}

enum status query_today(struct store *store, instant now, struct patient_rows *out, struct error *error)
{
    instant start = instant_day_start(now);

    *out = (struct patient_rows){.items = NULL};
    enum status status = load_appointments(store, start, instant_add_days(start, 1), out, error);
    if (status == STATUS_OK) {
        status = load_visits(store, start, out, error);
    }
    if (status != STATUS_OK) {
        patient_rows_free(out);
        return status;
    }
    for (size_t i = 0; i < out->count; i++) {
        finish_row(&out->items[i]);
    }
    if (out->count > 1) {
        qsort(out->items, out->count, sizeof out->items[0], board_order);
    }
    return STATUS_OK;
}
