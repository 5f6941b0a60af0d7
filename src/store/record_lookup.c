/*
 * The look-up rows of one resource: plain columns shaped for the nurse's
 * questions, written and removed with the resource row they hang on.
 */
#include "store/record_row.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* Room for name, reading, id and the birth date twice, folded. */
#define FOLDED_SIZE (4 * LABEL_SIZE)

static enum status insert_patient(struct store *store, int64_t key, const char *id, const struct patient *patient,
                                  struct error *error)
{
    char searched[FOLDED_SIZE];
    char folded[FOLDED_SIZE];
    char digits[sizeof patient->birth_date];
    size_t count = 0;

    for (const char *at = patient->birth_date; *at != '\0'; at++) {
        if (*at >= '0' && *at <= '9') {
            digits[count++] = *at;
        }
    }
    digits[count] = '\0';
    snprintf(searched, sizeof searched, "%s %s %s %s %s", patient->name, patient->reading, id, patient->birth_date, digits);
    text_fold(folded, sizeof folded, searched);

    sqlite3_stmt *statement = database_statement(
        store,
        "INSERT INTO patient (resource, id, name, reading, folded, birth_date, gender, phone, address, language, "
        "deceased, inactive) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_integer(statement, 1, key);
    bind_text(statement, 2, id);
    bind_text(statement, 3, patient->name);
    bind_text(statement, 4, patient->reading);
    bind_text(statement, 5, folded);
    bind_text(statement, 6, patient->birth_date);
    bind_integer(statement, 7, patient->gender);
    bind_text(statement, 8, patient->phone);
    bind_text(statement, 9, patient->address);
    bind_text(statement, 10, patient->language);
    bind_integer(statement, 11, patient->deceased);
    bind_integer(statement, 12, patient->inactive);
    return database_run(store, statement, error);
}

static enum status insert_readings(struct store *store, int64_t key, const char *id, const struct lookup *lookup,
                                   struct error *error)
{
    enum status status = STATUS_OK;

    for (size_t i = 0; i < lookup->value.readings.count && status == STATUS_OK; i++) {
        const struct reading *reading = &lookup->value.readings.items[i];
        sqlite3_stmt *statement = database_statement(
            store,
            "INSERT INTO reading (resource, position, id, patient, vital, units, scale, text, unit, absent, comparator, "
            "at, precision, source, status, device) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            error);
        if (statement == NULL) {
            return database_error(store, error);
        }
        bind_integer(statement, 1, key);
        bind_integer(statement, 2, (int64_t)i);
        bind_text(statement, 3, id);
        bind_text(statement, 4, lookup->patient);
        bind_integer(statement, 5, reading->vital);
        bind_integer(statement, 6, reading->value.units);
        bind_integer(statement, 7, reading->value.scale);
        bind_text(statement, 8, reading->text);
        bind_text(statement, 9, reading->unit);
        bind_text(statement, 10, reading->absent);
        bind_text(statement, 11, reading->comparator);
        bind_instant(statement, 12, reading->at);
        bind_integer(statement, 13, reading->precision);
        bind_integer(statement, 14, reading->source);
        bind_integer(statement, 15, reading->status);
        bind_text(statement, 16, reading->device);
        status = database_run(store, statement, error);
    }
    return status;
}

static enum status insert_codes(struct store *store, int64_t key, const struct code *codes, size_t count,
                                struct error *error)
{
    enum status status = STATUS_OK;

    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        sqlite3_stmt *statement = database_statement(
            store, "INSERT INTO code (resource, position, system, code) VALUES (?, ?, ?, ?)", error);
        if (statement == NULL) {
            return database_error(store, error);
        }
        bind_integer(statement, 1, key);
        bind_integer(statement, 2, (int64_t)i);
        bind_text(statement, 3, codes[i].system);
        bind_text(statement, 4, codes[i].code);
        status = database_run(store, statement, error);
    }
    return status;
}

static enum status insert_medicine(struct store *store, int64_t key, const char *patient,
                                   const struct medicine *medicine, struct error *error)
{
    sqlite3_stmt *statement = database_statement(
        store,
        "INSERT INTO medicine (resource, patient, kind, status, label, dose, prescriber, request, since, until, as_needed) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_integer(statement, 1, key);
    bind_text(statement, 2, patient);
    bind_integer(statement, 3, medicine->kind);
    bind_text(statement, 4, medicine->status);
    bind_text(statement, 5, medicine->label);
    bind_text(statement, 6, medicine->dose);
    bind_text(statement, 7, medicine->prescriber);
    bind_text(statement, 8, medicine->request);
    bind_instant(statement, 9, medicine->since);
    bind_instant(statement, 10, medicine->until);
    bind_integer(statement, 11, medicine->as_needed);
    enum status status = database_run(store, statement, error);
    return status == STATUS_OK ? insert_codes(store, key, medicine->codes, medicine->code_count, error) : status;
}

static enum status insert_allergy(struct store *store, int64_t key, const char *patient, const struct allergy *allergy,
                                  struct error *error)
{
    sqlite3_stmt *statement = database_statement(
        store,
        "INSERT INTO allergy (resource, patient, label, reaction, status, verification, criticality, none_known, since) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_integer(statement, 1, key);
    bind_text(statement, 2, patient);
    bind_text(statement, 3, allergy->label);
    bind_text(statement, 4, allergy->reaction);
    bind_text(statement, 5, allergy->status);
    bind_text(statement, 6, allergy->verification);
    bind_text(statement, 7, allergy->criticality);
    bind_integer(statement, 8, allergy->none_known);
    bind_instant(statement, 9, allergy->since);
    enum status status = database_run(store, statement, error);
    return status == STATUS_OK ? insert_codes(store, key, allergy->codes, allergy->code_count, error) : status;
}

static enum status insert_condition(struct store *store, int64_t key, const char *patient,
                                    const struct condition *condition, struct error *error)
{
    sqlite3_stmt *statement = database_statement(
        store, "INSERT INTO condition (resource, patient, label, status, verification, since) VALUES (?, ?, ?, ?, ?, ?)",
        error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_integer(statement, 1, key);
    bind_text(statement, 2, patient);
    bind_text(statement, 3, condition->label);
    bind_text(statement, 4, condition->status);
    bind_text(statement, 5, condition->verification);
    bind_instant(statement, 6, condition->since);
    return database_run(store, statement, error);
}

static enum status insert_alert(struct store *store, int64_t key, const char *patient, const struct alert *alert,
                                struct error *error)
{
    sqlite3_stmt *statement = database_statement(
        store,
        "INSERT INTO alert (resource, patient, type, level, label, detail, category, active, since) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_integer(statement, 1, key);
    bind_text(statement, 2, patient);
    bind_text(statement, 3, alert->type);
    bind_integer(statement, 4, alert->level);
    bind_text(statement, 5, alert->label);
    bind_text(statement, 6, alert->detail);
    bind_text(statement, 7, alert->category);
    bind_integer(statement, 8, alert->active);
    bind_instant(statement, 9, alert->since);
    return database_run(store, statement, error);
}

static enum status insert_consent(struct store *store, int64_t key, const char *patient, const struct consent *consent,
                                  struct error *error)
{
    sqlite3_stmt *statement = database_statement(
        store,
        "INSERT INTO consent (resource, patient, status, purpose, label, decision, by, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_integer(statement, 1, key);
    bind_text(statement, 2, patient);
    bind_text(statement, 3, consent->status);
    bind_text(statement, 4, consent->purpose);
    bind_text(statement, 5, consent->label);
    bind_integer(statement, 6, consent->decision);
    bind_text(statement, 7, consent->by);
    bind_instant(statement, 8, consent->at);
    return database_run(store, statement, error);
}

static enum status insert_note(struct store *store, int64_t key, const char *patient, const struct note *note,
                               struct error *error)
{
    sqlite3_stmt *statement = database_statement(
        store, "INSERT INTO note (resource, patient, title, author, status, text, at) VALUES (?, ?, ?, ?, ?, ?, ?)", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_integer(statement, 1, key);
    bind_text(statement, 2, patient);
    bind_text(statement, 3, note->title);
    bind_text(statement, 4, note->author);
    bind_text(statement, 5, note->status);
    bind_text(statement, 6, note->text);
    bind_instant(statement, 7, note->at);
    return database_run(store, statement, error);
}

static enum status insert_tasks(struct store *store, int64_t key, const char *id, const struct lookup *lookup,
                                struct error *error)
{
    enum status status = STATUS_OK;

    for (size_t i = 0; i < lookup->value.tasks.count && status == STATUS_OK; i++) {
        const struct task *task = &lookup->value.tasks.items[i];
        sqlite3_stmt *statement = database_statement(
            store,
            "INSERT INTO task (resource, position, patient, id, source, label, status, reason, due, open) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            error);
        if (statement == NULL) {
            return database_error(store, error);
        }
        bind_integer(statement, 1, key);
        bind_integer(statement, 2, (int64_t)i);
        bind_text(statement, 3, lookup->patient);
        bind_text(statement, 4, id);
        bind_text(statement, 5, task->source);
        bind_text(statement, 6, task->label);
        bind_text(statement, 7, task->status);
        bind_text(statement, 8, task->reason);
        bind_instant(statement, 9, task->due);
        bind_integer(statement, 10, task->open);
        status = database_run(store, statement, error);
    }
    return status;
}

static enum status insert_goal(struct store *store, int64_t key, const char *patient, const struct goal *goal,
                               struct error *error)
{
    sqlite3_stmt *statement =
        database_statement(store, "INSERT INTO goal (resource, patient, label, status) VALUES (?, ?, ?, ?)", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_integer(statement, 1, key);
    bind_text(statement, 2, patient);
    bind_text(statement, 3, goal->label);
    bind_text(statement, 4, goal->status);
    return database_run(store, statement, error);
}

static enum status insert_appointment(struct store *store, int64_t key, const char *patient,
                                      const struct appointment *appointment, struct error *error)
{
    sqlite3_stmt *statement = database_statement(
        store,
        "INSERT INTO appointment (resource, patient, status, reason, place, start, end) VALUES (?, ?, ?, ?, ?, ?, ?)",
        error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_integer(statement, 1, key);
    bind_text(statement, 2, patient);
    bind_text(statement, 3, appointment->status);
    bind_text(statement, 4, appointment->reason);
    bind_text(statement, 5, appointment->place);
    bind_instant(statement, 6, appointment->start);
    bind_instant(statement, 7, appointment->end);
    return database_run(store, statement, error);
}

static enum status insert_encounter(struct store *store, int64_t key, const char *patient,
                                    const struct encounter *encounter, struct error *error)
{
    sqlite3_stmt *statement = database_statement(
        store, "INSERT INTO encounter (resource, patient, status, reason, start, end) VALUES (?, ?, ?, ?, ?, ?)", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_integer(statement, 1, key);
    bind_text(statement, 2, patient);
    bind_text(statement, 3, encounter->status);
    bind_text(statement, 4, encounter->reason);
    bind_instant(statement, 5, encounter->start);
    bind_instant(statement, 6, encounter->end);
    return database_run(store, statement, error);
}

static enum status insert_person(struct store *store, int64_t key, const char *name, struct error *error)
{
    sqlite3_stmt *statement = database_statement(store, "INSERT INTO person (resource, name) VALUES (?, ?)", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_integer(statement, 1, key);
    bind_text(statement, 2, name);
    return database_run(store, statement, error);
}

/* What the screens name as the source of a mark. */
static const char *mark_label(const struct lookup *lookup)
{
    switch (lookup->kind) {
    case LOOKUP_ALERT:
        return lookup->value.alert.label;
    case LOOKUP_CONSENT:
        return lookup->value.consent.label;
    case LOOKUP_CONDITION:
        return lookup->value.condition.label;
    case LOOKUP_TASKS:
    case LOOKUP_NONE:
    case LOOKUP_PATIENT:
    case LOOKUP_READINGS_OF:
    case LOOKUP_MEDICINE:
    case LOOKUP_ALLERGY:
    case LOOKUP_NOTE:
    case LOOKUP_GOAL:
    case LOOKUP_APPOINTMENT:
    case LOOKUP_ENCOUNTER:
    case LOOKUP_PERSON:
        break;
    }
    return lookup->head.type;
}

static enum status insert_mark(struct store *store, int64_t key, const struct lookup *lookup, struct error *error)
{
    sqlite3_stmt *statement = database_statement(
        store,
        "INSERT INTO chart_mark (resource, patient, palliative, scale2, label, code_status) VALUES (?, ?, ?, ?, ?, ?)",
        error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_integer(statement, 1, key);
    bind_text(statement, 2, lookup->patient);
    bind_integer(statement, 3, lookup->palliative);
    bind_integer(statement, 4, lookup->scale2);
    bind_text(statement, 5, mark_label(lookup));
    bind_text(statement, 6, lookup->code_status);
    return database_run(store, statement, error);
}

static enum status insert_value(struct store *store, int64_t key, const char *id, const struct lookup *lookup,
                                struct error *error)
{
    switch (lookup->kind) {
    case LOOKUP_NONE:
        return STATUS_OK;
    case LOOKUP_PATIENT:
        return insert_patient(store, key, id, &lookup->value.patient, error);
    case LOOKUP_READINGS_OF:
        return insert_readings(store, key, id, lookup, error);
    case LOOKUP_MEDICINE:
        return insert_medicine(store, key, lookup->patient, &lookup->value.medicine, error);
    case LOOKUP_ALLERGY:
        return insert_allergy(store, key, lookup->patient, &lookup->value.allergy, error);
    case LOOKUP_CONDITION:
        return insert_condition(store, key, lookup->patient, &lookup->value.condition, error);
    case LOOKUP_ALERT:
        return insert_alert(store, key, lookup->patient, &lookup->value.alert, error);
    case LOOKUP_CONSENT:
        return insert_consent(store, key, lookup->patient, &lookup->value.consent, error);
    case LOOKUP_NOTE:
        return insert_note(store, key, lookup->patient, &lookup->value.note, error);
    case LOOKUP_TASKS:
        return insert_tasks(store, key, id, lookup, error);
    case LOOKUP_GOAL:
        return insert_goal(store, key, lookup->patient, &lookup->value.goal, error);
    case LOOKUP_APPOINTMENT:
        return insert_appointment(store, key, lookup->patient, &lookup->value.appointment, error);
    case LOOKUP_ENCOUNTER:
        return insert_encounter(store, key, lookup->patient, &lookup->value.encounter, error);
    case LOOKUP_PERSON:
        return insert_person(store, key, lookup->value.person.name, error);
    }
    return STATUS_OK;
}

enum status lookup_rows_insert(struct store *store, int64_t key, const char *id, const struct lookup *lookup,
                               struct error *error)
{
    enum status status = insert_value(store, key, id, lookup, error);

    if (status == STATUS_OK && (lookup->palliative || lookup->scale2 || lookup->code_status[0] != '\0')) {
        status = insert_mark(store, key, lookup, error);
    }
    return status;
}

/* All tables, not only those of the new body's kind: an older body may have filled others. */
enum status lookup_rows_delete(struct store *store, int64_t key, struct error *error)
{
    static const char *const statements[] = {
        "DELETE FROM patient WHERE resource = ?",    "DELETE FROM reading WHERE resource = ?",
        "DELETE FROM medicine WHERE resource = ?",   "DELETE FROM allergy WHERE resource = ?",
        "DELETE FROM code WHERE resource = ?",       "DELETE FROM condition WHERE resource = ?",
        "DELETE FROM alert WHERE resource = ?",      "DELETE FROM consent WHERE resource = ?",
        "DELETE FROM note WHERE resource = ?",       "DELETE FROM task WHERE resource = ?",
        "DELETE FROM goal WHERE resource = ?",       "DELETE FROM appointment WHERE resource = ?",
        "DELETE FROM encounter WHERE resource = ?",  "DELETE FROM person WHERE resource = ?",
        "DELETE FROM chart_mark WHERE resource = ?",
    };
    enum status status = STATUS_OK;

    for (size_t i = 0; i < sizeof statements / sizeof statements[0] && status == STATUS_OK; i++) {
        status = row_run(store, statements[i], key, error);
    }
    return status;
}
