/*
 * What was refused and can be corrected, in words; what is typed for it; and
 * what was signed before.
 */
#include "store/correct.h"

#include "base/memory.h"
#include "base/text.h"
#include "care/consent.h"
#include "fhir/lookup.h"
#include "fhir/visit_bundle.h"
#include "store/record_row.h"

#include <string.h>

/* --- in words -------------------------------------------------------------------------------------- */

/* What an unsent body is. The texts are as long as they need to be. */
struct meant {
    char label[LABEL_SIZE];
    bool is_correctable, is_score;
    enum correctable_kind kind;
    enum entry_field field;
    enum said_kind said_kind;
    struct visit_draft said;    /* owned */
    char *text;                 /* owned: a vital as it would be typed, the words of a note, what it was said of, else "" */
};

static void meant_free(struct meant *meant)
{
    visit_draft_free(&meant->said);
    memory_free(meant->text);
}

static const struct {
    const char *type, *word;
} types[] = {
    {"Encounter", N_("Visit")},
    {"Consent", N_("Consent")},
    {"DocumentReference", N_("Note")},
    {"Provenance", N_("Signature")},
    {"MedicationStatement", N_("Medicine taken")},
    {"MedicationAdministration", N_("Medicine given")},
    {"Task", N_("Task")},
    {"Practitioner", N_("Nurse")},
};

static const char *type_word(const char *type)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(types[i].type, type) == 0) {
            return _(types[i].word);
        }
    }
    return type;
}

static void read_readings(const struct lookup *lookup, struct meant *out, char *text, size_t size)
{
    const struct reading *first = lookup->value.readings.count > 0 ? &lookup->value.readings.items[0] : NULL;

    if (first == NULL) {
        return;
    }
    out->is_correctable = entry_of_vital(first->vital, &out->field);
    out->kind = CORRECTABLE_VITAL;
    out->is_score = first->vital == VITAL_NEWS2;
    text_copy(out->label, sizeof out->label,
              out->is_correctable ? entry_label(out->field) : out->is_score ? "NEWS2" : vital_label(first->vital));
    if (out->is_correctable) {
        entry_retype(lookup->value.readings.items, lookup->value.readings.count, text, size);
    } else {
        reading_format(text, size, first);
    }
}

/* What was said can be read back from the body alone. */
static enum status read_said(const cJSON *tree, struct meant *out, struct error *error)
{
    bool found = false;

    visit_draft_init(&out->said);
    enum status status = said_retype(tree, &out->said_kind, &out->said, &found, error);
    if (status == STATUS_OK && found) {
        out->is_correctable = true;
        out->kind = CORRECTABLE_SAID;
    }
    return status;
}

static enum status read_lookup(const struct lookup *lookup, struct meant *out, struct error *error)
{
    char text[LABEL_SIZE] = "";
    const char *words = text;

    text_copy(out->label, sizeof out->label, type_word(lookup->head.type));
    if (lookup->kind == LOOKUP_READINGS_OF) {
        read_readings(lookup, out, text, sizeof text);
    } else if (lookup->kind == LOOKUP_NOTE) {
        out->is_correctable = true;
        out->kind = CORRECTABLE_NOTE;
        words = lookup->value.note.text != NULL ? lookup->value.note.text : "";
    } else if (lookup->kind == LOOKUP_CONSENT) {
        text_copy(text, sizeof text, consent_label(&lookup->value.consent));
    } else if (lookup->kind == LOOKUP_MEDICINE) {
        text_copy(text, sizeof text, lookup->value.medicine.label);
    } else if (lookup->kind == LOOKUP_TASKS && lookup->value.tasks.count > 0) {
        text_copy(text, sizeof text, lookup->value.tasks.items[0].label);
    }
    out->text = memory_copy_text(words);
    return out->text == NULL ? error_no_memory(error) : STATUS_OK;
}

/* *out is to be freed also after a failure. */
static enum status read_body(const char *body, struct meant *out, struct error *error)
{
    cJSON *tree = NULL;
    struct lookup lookup;

    memset(out, 0, sizeof *out);
    enum status status = json_parse(body, strlen(body), &tree, error);
    if (status == STATUS_OK) {
        status = lookup_read(tree, NULL, &lookup, error);
    }
    if (status == STATUS_OK) {
        status = read_lookup(&lookup, out, error);
        lookup_free(&lookup);
    }
    if (status == STATUS_OK) {
        status = read_said(tree, out, error);
    }
    cJSON_Delete(tree);
    return status;
}

/* A note has too many words to be named by them. */
static void name_meant(const struct meant *meant, char *out, size_t size)
{
    bool more = meant->text[0] != '\0' && !(meant->is_correctable && meant->kind == CORRECTABLE_NOTE);

    if (!text_format(out, size, "%s%s%s", meant->label, more ? " " : "", more ? meant->text : "")) {
        chart_mark_cut(out, size);
    }
}

/* --- loading --------------------------------------------------------------------------------------- */

/* An outbox row, and what keeps it from being corrected. */
struct found {
    bool refused;   /* by the server, and for the one the record is at */
    bool kept_back; /* by this device */
    bool ours;      /* made here, not an update of somebody else's */
    char *body;     /* owned */
};

static void found_from_columns(sqlite3_stmt *statement, struct found *found, struct correctable *out)
{
    found->refused = column_int(statement, 5) != 0;
    out->http_status = column_int(statement, 6);
    found->kept_back = out->http_status == 0 || column_int(statement, 8) != 0;
    found->ours = column_int(statement, 9) != 0;
    found->body = column_copy(statement, 10);
    column_text(statement, 0, out->visit, sizeof out->visit);
    column_text(statement, 1, out->type, sizeof out->type);
    column_text(statement, 2, out->id, sizeof out->id);
    column_text(statement, 3, out->patient, sizeof out->patient);
    column_text(statement, 4, out->patient_name, sizeof out->patient_name);
    column_text(statement, 7, out->reason, sizeof out->reason);
    out->started = column_instant(statement, 11);
    out->begun = column_int(statement, 12) != 0;
    out->typed = column_copy(statement, 13);
}

/* NOT_FOUND when it has left the outbox. found->body is owned also after a failure. */
static enum status find(struct store *store, int64_t number, struct found *found, struct correctable *out,
                        struct error *error)
{
    bool row = false;

    memset(out, 0, sizeof *out);
    *found = (struct found){.body = NULL};
    out->number = number;
    sqlite3_stmt *statement = database_statement(
        store,
        "SELECT o.visit, r.type, r.id, r.patient, p.name, o.state = 'refused', o.http_status, o.reason, "
        "o.server NOT IN ('', " PRESENT_SERVER "), r.uuid IS NOT NULL, o.body, v.started, c.typed IS NOT NULL, c.typed "
        "FROM outbox o JOIN resource r ON r.key = o.resource LEFT JOIN visit v ON v.id = o.visit "
        "LEFT JOIN patient p ON p.id = r.patient LEFT JOIN correcting c ON c.outbox = o.number WHERE o.number = ?",
        error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_integer(statement, 1, number);
    enum status status = database_step(store, statement, &row, error);
    if (status == STATUS_OK && row) {
        found_from_columns(statement, found, out);
    }
    sqlite3_reset(statement);
    if (status == STATUS_OK && !row) {
        return error_set(error, STATUS_NOT_FOUND, _("The outbox has no such entry any more."));
    }
    return status == STATUS_OK && (found->body == NULL || out->typed == NULL) ? error_no_memory(error) : status;
}

/* What was made here, and the answer to a task of the office. */
static bool is_hers(const struct found *found, const struct meant *meant)
{
    return meant->is_correctable && (found->ours || (meant->kind == CORRECTABLE_SAID && meant->said_kind == SAID_OUTCOME));
}

/* Why it cannot be corrected, and what can be done; OK when it can. */
static enum status judge(const struct found *found, const struct meant *meant, struct error *error)
{
    if (!found->refused) {
        return error_set(error, STATUS_NOT_FOUND,
                         _("Nothing of this was refused; what waits is sent with the next sync."));
    }
    if (found->kept_back) {
        return error_set(error, STATUS_INVALID,
                         _("This device keeps it back, the server has not refused it: correcting it would not help; "
                           "when the reason is mended, send it again."));
    }
    if (meant->is_score) {
        return error_set(error, STATUS_INVALID,
                         _("A score is computed and cannot be corrected here: correct the vital it comes from; or send "
                           "it again when the office has mended its side, or hand it over with export outbox."));
    }
    if (!is_hers(found, meant)) {
        return error_set(error, STATUS_INVALID,
                         _("Nothing in this can be corrected here: send it again when the office has mended its side, or "
                           "hand it over with export outbox."));
    }
    return STATUS_OK;
}

static void take_latest(struct chart *chart, enum vital vital, const char *own, struct reading *out, bool *has)
{
    for (size_t i = 0; i < chart->reading_count; i++) {
        if (strcmp(chart->readings[i].resource, own) == 0) {
            chart->readings[i].status = READING_ERRONEOUS; /* what was refused is nothing to compare with */
        }
    }
    const struct reading *latest = chart_latest(chart, vital);
    *has = latest != NULL;
    if (*has) {
        *out = *latest;
    }
}

/* What a new value is compared with; nothing when the patient is not on the device any more. */
static enum status load_context(struct store *store, struct correctable *out, struct error *error)
{
    struct chart chart;
    struct error fault = {0};
    instant now = clock_now(&store->clock);

    out->adult = true;
    enum status status =
        chart_load(store, out->patient, instant_add_days(now, -CHART_DAYS), CHART_READINGS, now, &chart, &fault);
    if (status == STATUS_NOT_FOUND) {
        return STATUS_OK;
    }
    if (status != STATUS_OK) {
        return error_set(error, status, "%s", fault.sentence);
    }
    take_latest(&chart, VITAL_WEIGHT, out->id, &out->weight, &out->has_weight);
    take_latest(&chart, VITAL_HEIGHT, out->id, &out->height, &out->has_height);
    out->adult = visit_entry_context(&chart, out->started).adult;
    chart_free(&chart);
    return STATUS_OK;
}

void correctable_free(struct correctable *correctable)
{
    visit_draft_free(&correctable->said);
    memory_free(correctable->before);
    memory_free(correctable->typed);
    memset(correctable, 0, sizeof *correctable);
}

/* The row says what is meant, which it takes over. */
static enum status take_meant(struct store *store, struct meant *meant, struct correctable *out, struct error *error)
{
    const char *values[SAID_FIELDS];
    char text[SAID_TEXT_SIZE];

    text_copy(out->label, sizeof out->label, meant->label);
    out->kind = meant->kind;
    out->field = meant->field;
    if (meant->kind != CORRECTABLE_SAID) {
        out->before = meant->text;
        meant->text = NULL;
        return meant->kind == CORRECTABLE_VITAL ? load_context(store, out, error) : STATUS_OK;
    }
    name_meant(meant, out->label, sizeof out->label);
    out->said_kind = meant->said_kind;
    out->said = meant->said;
    visit_draft_init(&meant->said);
    said_values(&out->said, out->said_kind, values);
    (void)said_write(out->said_kind, values, text, sizeof text); /* it was made from less than fits */
    out->before = memory_copy_text(text);
    return out->before == NULL ? error_no_memory(error) : STATUS_OK;
}

enum status correctable_load(struct store *store, int64_t number, struct correctable *out, struct error *error)
{
    struct found found;
    struct meant meant = {.text = NULL};

    enum status status = find(store, number, &found, out, error);
    if (status == STATUS_NOT_FOUND) {
        status = judge(&(struct found){.refused = false}, &meant, error);
    }
    if (status == STATUS_OK) {
        status = read_body(found.body, &meant, error);
    }
    if (status == STATUS_OK) {
        status = judge(&found, &meant, error);
    }
    if (status == STATUS_OK) {
        status = take_meant(store, &meant, out, error);
    }
    memory_free(found.body);
    meant_free(&meant);
    if (status != STATUS_OK) {
        correctable_free(out);
    }
    return status;
}

struct entry_result correctable_judge(const struct correctable *correctable, const char *typed)
{
    struct entry_context context = {
        .previous_weight = correctable->has_weight ? &correctable->weight : NULL,
        .previous_height = correctable->has_height ? &correctable->height : NULL,
        .adult = correctable->adult,
    };

    return entry_judge(correctable->field, typed, &context);
}

enum status correctable_read(const struct correctable *correctable, const char *typed, struct visit *out,
                             struct error *error)
{
    struct visit_draft draft;

    memset(out, 0, sizeof *out);
    enum status status = said_copy(&correctable->said, &draft, error);
    if (status != STATUS_OK) {
        return status;
    }
    status = said_type(&draft, correctable->said_kind, typed, error);
    if (status == STATUS_OK) {
        status = said_judge(&draft, correctable->said_kind, out, error);
    }
    visit_draft_free(&draft);
    return status;
}

const struct visit_problem *correctable_objection(const struct visit *said)
{
    for (size_t i = 0; i < said->problem_count; i++) {
        if (said->problems[i].level != PROBLEM_MISSING) {
            return &said->problems[i];
        }
    }
    return NULL;
}

enum status outbox_words(struct store *store, int64_t number, char *out, size_t size, bool *correctable,
                         struct error *error)
{
    struct found found;
    struct correctable row;
    struct meant meant = {.text = NULL};

    out[0] = '\0';
    *correctable = false;
    enum status status = find(store, number, &found, &row, error);
    if (status == STATUS_OK) {
        status = read_body(found.body, &meant, error);
    }
    if (status == STATUS_OK) {
        *correctable = judge(&found, &meant, NULL) == STATUS_OK;
        name_meant(&meant, out, size);
    }
    memory_free(found.body);
    meant_free(&meant);
    correctable_free(&row);
    return status;
}

/* --- what is typed --------------------------------------------------------------------------------- */

enum status correctable_keep(struct store *store, const struct correctable *correctable, const char *typed,
                             struct error *error)
{
    if (strlen(typed) > VISIT_NOTE_LIMIT) {
        return error_set(error, STATUS_INVALID,
                         _("The text is too long for one field; shorten it or put the rest in another."));
    }
    sqlite3_stmt *statement = database_statement(
        store, "INSERT OR REPLACE INTO correcting (outbox, patient, typed, changed) VALUES (?, ?, ?, ?)", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_integer(statement, 1, correctable->number);
    bind_text(statement, 2, correctable->patient);
    bind_text(statement, 3, typed);
    bind_instant(statement, 4, clock_now(&store->clock));
    return database_run(store, statement, error);
}

/* --- what was signed before ------------------------------------------------------------------------ */

void correction_rows_free(struct correction_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        memory_free(rows->items[i].body);
    }
    memory_free(rows->items);
    *rows = (struct correction_rows){.items = NULL};
}

static enum status fill_correction(struct store *store, sqlite3_stmt *statement, void *item, struct error *error)
{
    struct correction_row *row = item;

    (void)store;
    row->number = sqlite3_column_int64(statement, 0);
    column_text(statement, 1, row->visit, sizeof row->visit);
    column_text(statement, 2, row->type, sizeof row->type);
    column_text(statement, 3, row->name, sizeof row->name);
    row->http_status = column_int(statement, 4);
    column_text(statement, 5, row->reason, sizeof row->reason);
    column_text(statement, 6, row->practitioner, sizeof row->practitioner);
    row->at = column_instant(statement, 7);
    row->body = column_copy(statement, 8);
    return row->body == NULL ? error_no_memory(error) : STATUS_OK;
}

enum status query_corrections(struct store *store, struct correction_rows *out, struct error *error)
{
    void *items = NULL;

    *out = (struct correction_rows){.items = NULL};
    sqlite3_stmt *statement = database_statement(
        store,
        "SELECT number, visit, type, name, http_status, reason, practitioner, at, body FROM correction ORDER BY number",
        error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    enum status status =
        database_collect(store, statement, sizeof *out->items, fill_correction, &items, &out->count, error);
    out->items = items;
    if (status != STATUS_OK) {
        correction_rows_free(out);
    }
    return status;
}
