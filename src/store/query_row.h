/*
 * What the questions (query_*.c) share. Inside store/ only.
 */
#ifndef DOORSTEP_STORE_QUERY_ROW_H
#define DOORSTEP_STORE_QUERY_ROW_H

#include "store/database.h"
#include "store/query.h"

/* Whether all of a chart is here and could be read, from `patient p LEFT JOIN chart_state c`. */
#define CHART_IS_COMPLETE \
    "(coalesce(c.complete, 0) AND NOT EXISTS (SELECT 1 FROM quarantine q WHERE q.patient = p.id))"

/* A patient's columns, from the same. */
#define PATIENT_COLUMNS \
    "p.id, p.name, p.reading, p.birth_date, p.gender, p.phone, p.address, p.language, p.deceased, p.inactive, " \
    CHART_IS_COMPLETE ", coalesce(c.released, 0)"
#define PATIENT_COLUMN_COUNT 12
void patient_from_columns(sqlite3_stmt *statement, int first, struct patient *out);

/* An appointment's columns, from `appointment a JOIN resource r`. */
#define APPOINTMENT_COLUMNS "r.id, a.patient, a.status, a.reason, a.place, a.start, a.end"
void appointment_from_columns(sqlite3_stmt *statement, int first, struct appointment *out);
/* Appointments that nobody will keep are not shown. */
#define APPOINTMENT_STANDS "a.status NOT IN ('cancelled', 'entered-in-error')"

/* The parts of a chart besides patient and readings: query_chart_parts.c. */
enum status chart_load_parts(struct store *store, const char *patient, instant now, struct chart *out,
                             struct error *error) MUST_CHECK;

/* Appends an empty row; NULL when memory is short. Borrowed. */
struct patient_row *patient_rows_add(struct patient_rows *rows);

#endif
