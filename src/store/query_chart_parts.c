/*
 * The parts of a chart besides its readings: a few rows each, found by
 * patient. Called by chart_load() only, which holds the moment still.
 *
 * What is erroneous or refuted is returned too: its status says so, and the
 * screens show it as such.
 */
#include "store/query_row.h"

#include "base/memory.h"
#include "base/text.h"
#include "fhir/resource.h"

#include <string.h>

/* How one kind of item is asked for and read. The first parameter is the patient, the second `now`. */
struct part {
    const char *sql;
    size_t size;
    enum status (*fill)(struct store *store, sqlite3_stmt *statement, void *item, struct error *error);
};

/* The items, owned (also after a failure); NULL when there are none. */
static void *load(struct store *store, const struct part *part, const char *patient, instant now, size_t *count,
                  enum status *status, struct error *error)
{
    void *items = NULL;

    if (*status != STATUS_OK) {
        return NULL;
    }
    sqlite3_stmt *statement = database_statement(store, part->sql, error);
    if (statement == NULL) {
        *status = database_error(store, error);
        return NULL;
    }
    bind_text(statement, 1, patient);
    if (sqlite3_bind_parameter_count(statement) > 1) {
        bind_integer(statement, 2, now);
    }
    *status = database_collect(store, statement, part->size, part->fill, &items, count, error);
    return items;
}

static enum status load_codes(struct store *store, int64_t key, struct code *codes, size_t *count, struct error *error)
{
    enum status status = STATUS_OK;
    bool row = false;

    sqlite3_stmt *statement =
        database_statement(store, "SELECT system, code FROM code WHERE resource = ? ORDER BY position", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_integer(statement, 1, key);
    do {
        status = database_step(store, statement, &row, error);
        if (status == STATUS_OK && row && *count < CODES_PER_ROW) {
            column_text(statement, 0, codes[*count].system, sizeof codes[*count].system);
            column_text(statement, 1, codes[*count].code, sizeof codes[*count].code);
            (*count)++;
        }
    } while (status == STATUS_OK && row);
    sqlite3_reset(statement);
    return status;
}

/* "Practitioner/p1", kept when the resource gave no name, becomes the name that the record knows for it. */
static enum status name_reference(struct store *store, char *text, size_t size, struct error *error)
{
    char type[RESOURCE_TYPE_SIZE];
    bool row = false;
    const char *slash = strchr(text, '/');
    size_t length = slash == NULL ? 0 : (size_t)(slash - text);

    if (length == 0 || length >= sizeof type || !fhir_id_is_valid(slash + 1)) {
        return STATUS_OK;
    }
    memcpy(type, text, length);
    type[length] = '\0';
    if (!resource_type_is_r4(type)) {
        return STATUS_OK;
    }
    sqlite3_stmt *statement = database_statement(
        store,
        "SELECT person.name FROM resource JOIN person ON person.resource = resource.key "
        "WHERE type = ?1 AND (id = ?2 OR uuid = ?2) "
        "UNION ALL SELECT name FROM patient WHERE ?1 = 'Patient' AND id = ?2",
        error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, type);
    bind_text(statement, 2, slash + 1);
    enum status status = database_step(store, statement, &row, error);
    if (status == STATUS_OK && row) {
        column_text(statement, 0, text, size);
    }
    sqlite3_reset(statement);
    return status;
}

static enum status fill_medicine(struct store *store, sqlite3_stmt *statement, void *item, struct error *error)
{
    struct medicine *medicine = item;

    column_text(statement, 1, medicine->id, sizeof medicine->id);
    medicine->kind = (enum medicine_kind)column_int(statement, 2);
    column_text(statement, 3, medicine->status, sizeof medicine->status);
    column_text(statement, 4, medicine->label, sizeof medicine->label);
    column_text(statement, 5, medicine->dose, sizeof medicine->dose);
    column_text(statement, 6, medicine->prescriber, sizeof medicine->prescriber);
    column_text(statement, 7, medicine->request, sizeof medicine->request);
    medicine->since = column_instant(statement, 8);
    medicine->until = column_instant(statement, 9);
    medicine->as_needed = column_int(statement, 10) != 0;
    enum status status = load_codes(store, sqlite3_column_int64(statement, 0), medicine->codes, &medicine->code_count,
                                    error);
    return status == STATUS_OK ? name_reference(store, medicine->prescriber, sizeof medicine->prescriber, error) : status;
}

static enum status fill_allergy(struct store *store, sqlite3_stmt *statement, void *item, struct error *error)
{
    struct allergy *allergy = item;

    column_text(statement, 1, allergy->id, sizeof allergy->id);
    column_text(statement, 2, allergy->label, sizeof allergy->label);
    column_text(statement, 3, allergy->reaction, sizeof allergy->reaction);
    column_text(statement, 4, allergy->status, sizeof allergy->status);
    column_text(statement, 5, allergy->verification, sizeof allergy->verification);
    column_text(statement, 6, allergy->criticality, sizeof allergy->criticality);
    allergy->none_known = column_int(statement, 7) != 0;
    allergy->since = column_instant(statement, 8);
    return load_codes(store, sqlite3_column_int64(statement, 0), allergy->codes, &allergy->code_count, error);
}

static enum status fill_condition(struct store *store, sqlite3_stmt *statement, void *item, struct error *error)
{
    struct condition *condition = item;

    (void)store;
    (void)error;
    column_text(statement, 0, condition->id, sizeof condition->id);
    column_text(statement, 1, condition->label, sizeof condition->label);
    column_text(statement, 2, condition->status, sizeof condition->status);
    column_text(statement, 3, condition->verification, sizeof condition->verification);
    condition->since = column_instant(statement, 4);
    return STATUS_OK;
}

static enum status fill_alert(struct store *store, sqlite3_stmt *statement, void *item, struct error *error)
{
    struct alert *alert = item;

    (void)store;
    (void)error;
    column_text(statement, 0, alert->id, sizeof alert->id);
    column_text(statement, 1, alert->type, sizeof alert->type);
    alert->level = (enum alert_level)column_int(statement, 2);
    column_text(statement, 3, alert->label, sizeof alert->label);
    column_text(statement, 4, alert->detail, sizeof alert->detail);
    column_text(statement, 5, alert->category, sizeof alert->category);
    alert->active = column_int(statement, 6) != 0;
    alert->since = column_instant(statement, 7);
    return STATUS_OK;
}

static enum status fill_consent(struct store *store, sqlite3_stmt *statement, void *item, struct error *error)
{
    struct consent *consent = item;

    column_text(statement, 0, consent->id, sizeof consent->id);
    column_text(statement, 1, consent->status, sizeof consent->status);
    column_text(statement, 2, consent->purpose, sizeof consent->purpose);
    column_text(statement, 3, consent->label, sizeof consent->label);
    consent->decision = (enum consent_decision)column_int(statement, 4);
    column_text(statement, 5, consent->by, sizeof consent->by);
    consent->at = column_instant(statement, 6);
    return name_reference(store, consent->by, sizeof consent->by, error);
}

static enum status fill_note(struct store *store, sqlite3_stmt *statement, void *item, struct error *error)
{
    struct note *note = item;

    column_text(statement, 0, note->id, sizeof note->id);
    column_text(statement, 1, note->title, sizeof note->title);
    column_text(statement, 2, note->author, sizeof note->author);
    column_text(statement, 3, note->status, sizeof note->status);
    note->text = column_copy(statement, 4);
    note->at = column_instant(statement, 5);
    return note->text == NULL ? error_no_memory(error) : name_reference(store, note->author, sizeof note->author, error);
}

static enum status fill_task(struct store *store, sqlite3_stmt *statement, void *item, struct error *error)
{
    struct task *task = item;

    (void)store;
    (void)error;
    column_text(statement, 0, task->id, sizeof task->id);
    column_text(statement, 1, task->source, sizeof task->source);
    column_text(statement, 2, task->label, sizeof task->label);
    column_text(statement, 3, task->status, sizeof task->status);
    column_text(statement, 4, task->reason, sizeof task->reason);
    task->due = column_instant(statement, 5);
    task->open = column_int(statement, 6) != 0;
    return STATUS_OK;
}

static enum status fill_goal(struct store *store, sqlite3_stmt *statement, void *item, struct error *error)
{
    struct goal *goal = item;

    (void)store;
    (void)error;
    column_text(statement, 0, goal->id, sizeof goal->id);
    column_text(statement, 1, goal->label, sizeof goal->label);
    column_text(statement, 2, goal->status, sizeof goal->status);
    return STATUS_OK;
}

void appointment_from_columns(sqlite3_stmt *statement, int first, struct appointment *out)
{
    column_text(statement, first, out->id, sizeof out->id);
    column_text(statement, first + 1, out->patient, sizeof out->patient);
    column_text(statement, first + 2, out->status, sizeof out->status);
    column_text(statement, first + 3, out->reason, sizeof out->reason);
    column_text(statement, first + 4, out->place, sizeof out->place);
    out->start = column_instant(statement, first + 5);
    out->end = column_instant(statement, first + 6);
}

static enum status fill_appointment(struct store *store, sqlite3_stmt *statement, void *item, struct error *error)
{
    (void)store;
    (void)error;
    appointment_from_columns(statement, 0, item);
    return STATUS_OK;
}

static const struct part medicines = {
    "SELECT m.resource, r.id, m.kind, m.status, m.label, m.dose, m.prescriber, m.request, m.since, m.until, m.as_needed "
    "FROM medicine m JOIN resource r ON r.key = m.resource WHERE m.patient = ? "
    "ORDER BY m.status <> 'active', m.since DESC, m.resource",
    sizeof(struct medicine), fill_medicine};
static const struct part allergies = {
    "SELECT a.resource, r.id, a.label, a.reaction, a.status, a.verification, a.criticality, a.none_known, a.since "
    "FROM allergy a JOIN resource r ON r.key = a.resource WHERE a.patient = ? "
    "ORDER BY a.criticality <> 'high', a.label, a.resource",
    sizeof(struct allergy), fill_allergy};
static const struct part conditions = {
    "SELECT r.id, c.label, c.status, c.verification, c.since "
    "FROM condition c JOIN resource r ON r.key = c.resource WHERE c.patient = ? "
    "ORDER BY c.status <> 'active', c.since DESC, c.resource",
    sizeof(struct condition), fill_condition};
static const struct part alerts = {
    "SELECT r.id, a.type, a.level, a.label, a.detail, a.category, a.active, a.since "
    "FROM alert a JOIN resource r ON r.key = a.resource WHERE a.patient = ? ORDER BY a.level DESC, a.since DESC, a.resource",
    sizeof(struct alert), fill_alert};
static const struct part consents = {
    "SELECT r.id, c.status, c.purpose, c.label, c.decision, c.by, c.at "
    "FROM consent c JOIN resource r ON r.key = c.resource WHERE c.patient = ? ORDER BY c.at DESC, c.resource DESC",
    sizeof(struct consent), fill_consent};
static const struct part notes = {
    "SELECT r.id, n.title, n.author, n.status, n.text, n.at "
    "FROM note n JOIN resource r ON r.key = n.resource WHERE n.patient = ? ORDER BY n.at DESC, n.resource DESC",
    sizeof(struct note), fill_note};
static const struct part tasks = {
    "SELECT id, source, label, status, reason, due, open FROM task WHERE patient = ? "
    "ORDER BY open DESC, due IS NULL, due, resource, position",
    sizeof(struct task), fill_task};
static const struct part goals = {
    "SELECT r.id, g.label, g.status FROM goal g JOIN resource r ON r.key = g.resource WHERE g.patient = ? "
    "ORDER BY g.status <> 'active', g.resource",
    sizeof(struct goal), fill_goal};
static const struct part appointments = {
    "SELECT " APPOINTMENT_COLUMNS " FROM appointment a JOIN resource r ON r.key = a.resource "
    "WHERE a.patient = ?1 AND a.start >= ?2 AND " APPOINTMENT_STANDS " ORDER BY a.start, a.resource",
    sizeof(struct appointment), fill_appointment};

static enum status load_last_visit(struct store *store, const char *patient, instant now, struct encounter *out,
                                   struct error *error)
{
    bool row = false;

    sqlite3_stmt *statement = database_statement(
        store,
        "SELECT r.id, e.status, e.reason, e.start, e.end FROM encounter e JOIN resource r ON r.key = e.resource "
        "WHERE e.patient = ? AND e.start <= ? AND e.status NOT IN ('planned', 'cancelled', 'entered-in-error') "
        "ORDER BY e.start DESC LIMIT 1",
        error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, patient);
    bind_integer(statement, 2, now);
    enum status status = database_step(store, statement, &row, error);
    if (status == STATUS_OK && row) {
        column_text(statement, 0, out->id, sizeof out->id);
        column_text(statement, 1, out->status, sizeof out->status);
        column_text(statement, 2, out->reason, sizeof out->reason);
        out->start = column_instant(statement, 3);
        out->end = column_instant(statement, 4);
    }
    sqlite3_reset(statement);
    return status;
}

/* Two sources that say different things are both shown. */
static void add_code_status(struct chart *chart, const char *text)
{
    char both[2 * sizeof chart->code_status];

    if (text[0] == '\0' || strstr(chart->code_status, text) != NULL) {
        return;
    }
    text_format(both, sizeof both, "%s%s%s", chart->code_status, chart->code_status[0] == '\0' ? "" : "; ", text);
    text_copy(chart->code_status, sizeof chart->code_status, both);
}

static enum status load_marks(struct store *store, const char *patient, struct chart *out, struct error *error)
{
    enum status status = STATUS_OK;
    bool row = false;
    char text[LABEL_SIZE];

    sqlite3_stmt *statement = database_statement(
        store, "SELECT palliative, scale2, label, code_status FROM chart_mark WHERE patient = ? ORDER BY resource DESC", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, patient);
    do {
        status = database_step(store, statement, &row, error);
        if (status == STATUS_OK && row) {
            out->palliative = out->palliative || column_int(statement, 0) != 0;
            if (column_int(statement, 1) != 0 && out->news2_scale != 2) {
                out->news2_scale = 2;
                column_text(statement, 2, out->news2_scale_source, sizeof out->news2_scale_source);
            }
            column_text(statement, 3, text, sizeof text);
            add_code_status(out, text);
        }
    } while (status == STATUS_OK && row);
    sqlite3_reset(statement);
    return status;
}

/* One device gives most readings: its name is asked for once in a row. */
static enum status name_devices(struct store *store, struct chart *out, struct error *error)
{
    char asked[sizeof out->readings->device] = "";
    char name[sizeof out->readings->device] = "";
    enum status status = STATUS_OK;

    for (size_t i = 0; i < out->reading_count && status == STATUS_OK; i++) {
        char *device = out->readings[i].device;
        if (strchr(device, '/') == NULL) {
            continue;
        }
        if (strcmp(device, asked) != 0) {
            text_copy(asked, sizeof asked, device);
            text_copy(name, sizeof name, device);
            status = name_reference(store, name, sizeof name, error);
        }
        text_copy(device, sizeof out->readings[i].device, name);
    }
    return status;
}

enum status chart_load_parts(struct store *store, const char *patient, instant now, struct chart *out, struct error *error)
{
    instant today = instant_day_start(now);
    enum status status = name_devices(store, out, error);

    out->medicines = load(store, &medicines, patient, now, &out->medicine_count, &status, error);
    out->allergies = load(store, &allergies, patient, now, &out->allergy_count, &status, error);
    out->conditions = load(store, &conditions, patient, now, &out->condition_count, &status, error);
    out->alerts = load(store, &alerts, patient, now, &out->alert_count, &status, error);
    out->consents = load(store, &consents, patient, now, &out->consent_count, &status, error);
    out->notes = load(store, &notes, patient, now, &out->note_count, &status, error);
    out->tasks = load(store, &tasks, patient, now, &out->task_count, &status, error);
    out->goals = load(store, &goals, patient, now, &out->goal_count, &status, error);
    out->appointments = load(store, &appointments, patient, today, &out->appointment_count, &status, error);
    if (status == STATUS_OK) {
        status = load_last_visit(store, patient, now, &out->last_visit, error);
    }
    return status == STATUS_OK ? load_marks(store, patient, out, error) : status;
}
