/*
 * The list of patients and the search in it. Both run over a few hundred
 * short rows, so matching is done here, word by word on folded text: typed
 * characters are never part of a pattern or of SQL.
 */
#include "store/query_row.h"

#include "base/memory.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* How well a row fits; less is better. */
enum fit { FIT_WHOLE, FIT_START, FIT_WORD_START, FIT_INSIDE, FIT_NOT };

#define SEARCH_SIZE 256

/* Where `word` (of `length` bytes) is found in `folded`. */
static enum fit word_fit(const char *folded, const char *word, size_t length)
{
    enum fit best = FIT_NOT;

    for (const char *at = folded; *at != '\0' && best > FIT_START; at++) {
        if (strncmp(at, word, length) == 0) {
            enum fit fit = at == folded ? FIT_START : at[-1] == ' ' ? FIT_WORD_START : FIT_INSIDE;
            best = fit < best ? fit : best;
        }
    }
    return best;
}

/* Every word has to be found; the row fits as well as its first word does. */
static enum fit search_fit(const char *folded, const char *search)
{
    enum fit first = FIT_NOT;

    for (const char *word = search; *word != '\0';) {
        size_t length = strcspn(word, " ");
        enum fit fit = length == 0 ? FIT_INSIDE : word_fit(folded, word, length);
        if (fit == FIT_NOT) {
            return FIT_NOT;
        }
        first = word == search ? fit : first;
        word += length + strspn(word + length, " ");
    }
    return first;
}

/* A row while it is sorted. */
struct found {
    enum fit fit;
    char *folded; /* owned: name first, so that it orders by name */
    struct patient patient;
};
struct found_list {
    struct found *items;
    size_t count, capacity;
};

static void found_list_free(struct found_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        memory_free(list->items[i].folded);
    }
    memory_free(list->items);
}

static int best_first(const void *a, const void *b)
{
    const struct found *left = a;
    const struct found *right = b;

    if (left->fit != right->fit) {
        return left->fit < right->fit ? -1 : 1;
    }
    return strcmp(left->folded, right->folded);
}

static enum status add_found(struct found_list *list, sqlite3_stmt *statement, const char *search, struct error *error)
{
    char name[SEARCH_SIZE];
    enum fit fit = FIT_INSIDE;

    char *folded = column_copy(statement, PATIENT_COLUMN_COUNT);
    if (folded == NULL) {
        return error_no_memory(error);
    }
    if (search[0] != '\0') {
        fit = search_fit(folded, search);
    }
    if (fit == FIT_NOT) {
        memory_free(folded);
        return STATUS_OK;
    }
    struct found *grown = memory_grow(list->items, list->count, &list->capacity, sizeof *grown);
    if (grown == NULL) {
        memory_free(folded);
        return error_no_memory(error);
    }
    list->items = grown;
    struct found *found = &list->items[list->count++];
    *found = (struct found){.fit = fit, .folded = folded};
    patient_from_columns(statement, 0, &found->patient);
    text_fold(name, sizeof name, found->patient.name);
    if (search[0] != '\0' && strcmp(name, search) == 0) {
        found->fit = FIT_WHOLE;
    }
    return STATUS_OK;
}

static enum status find(struct store *store, const char *search, struct found_list *out, struct error *error)
{
    enum status status = STATUS_OK;
    bool row = false;
    char folded[SEARCH_SIZE];

    text_fold(folded, sizeof folded, search == NULL ? "" : search);
    sqlite3_stmt *statement = database_statement(
        store, "SELECT " PATIENT_COLUMNS ", p.folded FROM patient p LEFT JOIN chart_state c ON c.patient = p.id", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    do {
        status = database_step(store, statement, &row, error);
        if (status == STATUS_OK && row) {
            status = add_found(out, statement, folded, error);
        }
    } while (status == STATUS_OK && row);
    sqlite3_reset(statement);
    if (status == STATUS_OK && out->count > 1) {
        qsort(out->items, out->count, sizeof out->items[0], best_first);
    }
    return status;
}

/* The next appointment, from the day's start on. */
static enum status add_appointment(struct store *store, instant start, struct patient_row *row, struct error *error)
{
    bool found = false;

    sqlite3_stmt *statement = database_statement(
        store,
        "SELECT " APPOINTMENT_COLUMNS " FROM appointment a JOIN resource r ON r.key = a.resource "
        "WHERE a.patient = ? AND a.start >= ? AND " APPOINTMENT_STANDS " ORDER BY a.start LIMIT 1",
        error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, row->patient.id);
    bind_integer(statement, 2, start);
    enum status status = database_step(store, statement, &found, error);
    if (status == STATUS_OK && found) {
        appointment_from_columns(statement, 0, &row->appointment);
    }
    sqlite3_reset(statement);
    return status;
}

/* The most urgent alert of the record itself; that says nothing of what the rules would find. */
static enum status add_recorded_alert(struct store *store, struct patient_row *row, struct error *error)
{
    bool found = false;

    sqlite3_stmt *statement = database_statement(
        store,
        "SELECT label FROM alert WHERE patient = ? AND active AND level >= ? ORDER BY level DESC, since DESC LIMIT 1", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, row->patient.id);
    bind_integer(statement, 2, ALERT_AMBER);
    enum status status = database_step(store, statement, &found, error);
    if (status == STATUS_OK && found) {
        column_text(statement, 0, row->alert, sizeof row->alert);
    }
    sqlite3_reset(statement);
    return status;
}

static enum status add_open_visit(struct store *store, struct patient_row *row, struct error *error)
{
    sqlite3_stmt *statement =
        database_statement(store, "SELECT started FROM visit WHERE patient = ? AND state = 'in-progress'", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, row->patient.id);
    enum status status = database_step(store, statement, &row->unfinished, error);
    if (status == STATUS_OK && row->unfinished) {
        row->has_visit = true;
        row->visit_state = VISIT_IN_PROGRESS;
        row->unfinished_since = column_instant(statement, 0);
    }
    sqlite3_reset(statement);
    return status;
}

static enum status complete_row(struct store *store, instant start, struct patient_row *row, struct error *error)
{
    enum status status = add_appointment(store, start, row, error);

    if (status == STATUS_OK) {
        status = add_recorded_alert(store, row, error);
    }
    return status == STATUS_OK ? add_open_visit(store, row, error) : status;
}

enum status query_patients(struct store *store, const char *search, instant now, struct patient_rows *out,
                           struct error *error)
{
    struct found_list list = {.items = NULL};
    instant start = instant_day_start(now);

    *out = (struct patient_rows){.items = NULL};
    enum status status = find(store, search, &list, error);
    for (size_t i = 0; i < list.count && status == STATUS_OK; i++) {
        struct patient_row *row = patient_rows_add(out);
        if (row == NULL) {
            status = error_no_memory(error);
        } else {
            row->patient = list.items[i].patient;
            row->to_judge = true;
            status = complete_row(store, start, row, error);
        }
    }
    found_list_free(&list);
    if (status != STATUS_OK) {
        patient_rows_free(out);
    }
    return status;
}

/* Leaves those whose name or reading the text is in: a piece of an id or of a birth date names nobody. */
static void keep_named(struct found_list *list, const char *text)
{
    char search[SEARCH_SIZE];
    size_t kept = 0;

    text_fold(search, sizeof search, text);
    for (size_t i = 0; i < list->count; i++) {
        const struct patient *patient = &list->items[i].patient;
        char names[2 * LABEL_SIZE + 2];
        char folded[4 * LABEL_SIZE];

        text_format(names, sizeof names, "%s %s", patient->name, patient->reading);
        text_fold(folded, sizeof folded, names);
        if (search_fit(folded, search) == FIT_NOT) {
            memory_free(list->items[i].folded);
        } else {
            list->items[kept++] = list->items[i];
        }
    }
    list->count = kept;
}

/* The names that fit, for the nurse to choose from; cut where the sentence ends. */
static enum status refuse_several(const struct found_list *list, struct error *error)
{
    struct buffer names;
    enum status status = STATUS_INVALID;

    buffer_init(&names, 16 * 1024);
    for (size_t i = 0; i < list->count && i < 5; i++) {
        const struct patient *patient = &list->items[i].patient;
        buffer_format(&names, "%s%s (%s)", i > 0 ? ", " : "", patient->name, patient->id);
    }
    if (names.status == STATUS_NO_MEMORY) {
        status = error_no_memory(error);
    } else {
        status = error_set(error, STATUS_INVALID, _("That fits %zu patients; name one by id: %s."), list->count,
                           buffer_text(&names));
    }
    buffer_free(&names);
    return status;
}

static enum status find_by_name(struct store *store, const char *text, char id[ID_SIZE], struct error *error)
{
    struct found_list list = {.items = NULL};

    enum status status = find(store, text, &list, error);
    keep_named(&list, text);
    if (status == STATUS_OK && (list.count == 0 || text_is_blank(text))) {
        status = error_set(error, STATUS_NOT_FOUND,
                           _("No patient on this device fits that; look at the list of patients, or sync first."));
    } else if (status == STATUS_OK && list.count > 1 &&
               (list.items[0].fit != FIT_WHOLE || list.items[1].fit == FIT_WHOLE)) {
        status = refuse_several(&list, error);
    } else if (status == STATUS_OK) {
        text_copy(id, ID_SIZE, list.items[0].patient.id);
    }
    found_list_free(&list);
    return status;
}

enum status query_find_patient(struct store *store, const char *text, char id[ID_SIZE], struct error *error)
{
    static const char prefix[] = "Patient/";
    bool found = false;
    bool is_id = text_starts_with(text, prefix);
    const char *wanted = is_id ? text + sizeof prefix - 1 : text;

    sqlite3_stmt *statement = database_statement(store, "SELECT id FROM patient WHERE id = ?", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, wanted);
    enum status status = database_step(store, statement, &found, error);
    if (status == STATUS_OK && found) {
        column_text(statement, 0, id, ID_SIZE);
    }
    sqlite3_reset(statement);
    if (status == STATUS_OK && !found) {
        status = find_by_name(store, is_id ? "" : text, id, error); /* an id is that one or nobody's */
    }
    return status;
}

enum status query_patient_name(struct store *store, const char *id, char name[LABEL_SIZE], struct error *error)
{
    bool found = false;

    text_copy(name, LABEL_SIZE, id);
    sqlite3_stmt *statement = database_statement(store, "SELECT name FROM patient WHERE id = ?", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, id);
    enum status status = database_step(store, statement, &found, error);
    if (status == STATUS_OK && found) {
        column_text(statement, 0, name, LABEL_SIZE);
    }
    sqlite3_reset(statement);
    return status;
}
