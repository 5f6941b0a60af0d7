/*
 * Correcting what a server refused: see store/correct.h. A part of the one
 * writer.
 *
 * Invariant: before, or after, never between: body, look-ups, the score that
 * follows, what was signed before, signature and audit are one transaction.
 * What was sent under the row's identity stays known (`sent`): should the
 * server hold it after all, the correction follows as an update of it
 * (record_found() in record_answer.c).
 */
#include "store/correct.h"

#include "base/memory.h"
#include "base/text.h"
#include "fhir/lookup.h"
#include "store/audit.h"
#include "store/record_row.h"

#include <string.h>

enum { CORRECTED, SCORE, PROVENANCE, MADE_COUNT };

struct correcting {
    struct store *store;
    const struct signer *signer;
    struct correctable row;
    char *body;                            /* owned: what was refused */
    struct made_resource made[MADE_COUNT]; /* owned bodies; NULL where nothing was made */
};

/* An Observation of the visit. */
struct part {
    char id[ID_SIZE], uuid[UUID_SIZE];
    char *body; /* owned */
};

/* --- what is made ---------------------------------------------------------------------------------- */

static enum status refuse_doubt(const struct entry_result *result, bool confirmed, struct error *error)
{
    if (result->verdict == ENTRY_EMPTY) {
        return error_set(error, STATUS_INVALID,
                         _("Nothing is typed: type the value, or - and the reason why it was not measured."));
    }
    return result->verdict == ENTRY_IMPOSSIBLE || (result->verdict == ENTRY_ASK && !confirmed)
               ? error_set(error, STATUS_INVALID, "%s", result->question)
               : STATUS_OK;
}

static enum status make_vital(struct correcting *work, const char *typed, bool confirmed, struct error *error)
{
    struct entry_result result = correctable_judge(&work->row, typed);

    enum status status = refuse_doubt(&result, confirmed, error);
    if (status != STATUS_OK) {
        return status;
    }
    return observation_correct(work->body, work->row.id, result.readings, result.count, work->signer,
                               &work->made[CORRECTED], error);
}

static enum status make_said(struct correcting *work, const char *typed, struct error *error)
{
    struct visit *said = memory_allocate(sizeof *said);
    const struct visit_problem *problem = NULL;

    if (said == NULL) {
        return error_no_memory(error);
    }
    enum status status = correctable_read(&work->row, typed, said, error);
    problem = status == STATUS_OK ? correctable_objection(said) : NULL;
    if (problem != NULL) {
        status = error_set(error, STATUS_INVALID, "%s", problem->sentence);
    }
    if (status == STATUS_OK) {
        status = said_correct(work->body, work->row.id, work->row.said_kind, said, work->signer, &work->made[CORRECTED],
                              error);
    }
    memory_free(said);
    return status;
}

/* It may have got another id since it was made; and a task says when it was answered. */
static void drop_frame(cJSON *tree)
{
    cJSON_DeleteItemFromObjectCaseSensitive(tree, "id");
    cJSON_DeleteItemFromObjectCaseSensitive(tree, "lastModified");
}

static enum status refuse_same(const struct correcting *work, struct error *error)
{
    cJSON *before = NULL;
    cJSON *after = NULL;
    bool same = false;

    enum status status = json_parse(work->body, strlen(work->body), &before, error);
    if (status == STATUS_OK) {
        status = json_parse(work->made[CORRECTED].body, strlen(work->made[CORRECTED].body), &after, error);
    }
    if (status == STATUS_OK) {
        drop_frame(before);
        drop_frame(after);
        same = resources_say_same(before, after);
    }
    cJSON_Delete(before);
    cJSON_Delete(after);
    if (same) {
        return error_set(error, STATUS_INVALID, _("It says what it said before: correct it, or send it again as it is."));
    }
    return status;
}

static enum status make(struct correcting *work, const char *typed, bool confirmed, struct error *error)
{
    enum status status = STATUS_OK;

    if (!text_is_utf8(typed, strlen(typed))) {
        return error_set(error, STATUS_INVALID, _("The text is not UTF-8; save it as UTF-8 and try again."));
    }
    if (work->row.kind == CORRECTABLE_NOTE) {
        status = note_correct(work->body, work->row.id, typed, work->signer, &work->made[CORRECTED], error);
    } else {
        status = work->row.kind == CORRECTABLE_SAID ? make_said(work, typed, error) : make_vital(work, typed, confirmed, error);
    }
    return status == STATUS_OK ? refuse_same(work, error) : status;
}

/* --- what is written ------------------------------------------------------------------------------- */

static enum status keep_before(struct correcting *work, const char *name, const char *body, int http_status,
                               const char *reason, struct error *error)
{
    sqlite3_stmt *statement = database_statement(
        work->store,
        "INSERT INTO correction (visit, type, name, http_status, reason, body, practitioner, at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        error);
    if (statement == NULL) {
        return database_error(work->store, error);
    }
    bind_text(statement, 1, work->row.visit);
    bind_text(statement, 2, work->row.type);
    bind_text(statement, 3, name);
    bind_integer(statement, 4, http_status);
    bind_text(statement, 5, reason);
    bind_text(statement, 6, body);
    bind_text(statement, 7, work->signer->practitioner);
    bind_instant(statement, 8, work->signer->now);
    return database_run(work->store, statement, error);
}

static enum status add(struct correcting *work, int which, struct error *error)
{
    return made_add(work->store, &work->made[which], work->row.visit, work->row.patient, error);
}

/* What is somebody else's has no UUID of ours. */
static const char *name_of(const struct correcting *work, int which)
{
    return work->made[which].uuid[0] != '\0' ? work->made[which].uuid : work->row.id;
}

/* The corrected row waits as if nothing had been said of it. */
static enum status replace(struct correcting *work, struct error *error)
{
    enum status status =
        keep_before(work, name_of(work, CORRECTED), work->body, work->row.http_status, work->row.reason, error);

    if (status == STATUS_OK) {
        status = add(work, CORRECTED, error);
    }
    if (status == STATUS_OK) {
        status = pending_forget_answer(work->store, work->row.number, work->row.http_status, error);
    }
    return status == STATUS_OK
               ? row_run(work->store, "DELETE FROM correcting WHERE outbox = ?", work->row.number, error)
               : status;
}

/* --- the score ------------------------------------------------------------------------------------- */

static enum status fill_part(struct store *store, sqlite3_stmt *statement, void *item, struct error *error)
{
    struct part *part = item;

    (void)store;
    column_text(statement, 0, part->id, sizeof part->id);
    column_text(statement, 1, part->uuid, sizeof part->uuid);
    part->body = column_copy(statement, 2);
    return part->body == NULL ? error_no_memory(error) : STATUS_OK;
}

static enum status load_parts(struct correcting *work, struct part **parts, size_t *count, struct error *error)
{
    void *items = NULL;

    *parts = NULL;
    *count = 0;
    sqlite3_stmt *statement = database_statement(
        work->store,
        "SELECT r.id, r.uuid, r.body FROM visit_part p JOIN resource r ON r.type = p.type AND r.uuid = p.name "
        "WHERE p.visit = ? AND p.type = 'Observation'",
        error);
    if (statement == NULL) {
        return database_error(work->store, error);
    }
    bind_text(statement, 1, work->row.visit);
    enum status status = database_collect(work->store, statement, sizeof **parts, fill_part, &items, count, error);
    *parts = items;
    return status;
}

/* Adds the readings of one Observation; of a score nothing, but *is_score. */
static enum status read_part(const struct part *part, struct reading *readings, size_t most, size_t *count,
                             bool *is_score, struct error *error)
{
    cJSON *tree = NULL;
    struct lookup lookup;

    *is_score = false;
    enum status status = json_parse(part->body, strlen(part->body), &tree, error);
    if (status == STATUS_OK) {
        status = lookup_read(tree, NULL, &lookup, error);
    }
    cJSON_Delete(tree);
    if (status != STATUS_OK) {
        return status;
    }
    for (size_t i = 0; lookup.kind == LOOKUP_READINGS_OF && i < lookup.value.readings.count && *count < most; i++) {
        *is_score = *is_score || lookup.value.readings.items[i].vital == VITAL_NEWS2;
        readings[(*count)++] = lookup.value.readings.items[i];
    }
    *count -= *is_score ? 1 : 0;
    lookup_free(&lookup);
    return STATUS_OK;
}

/* A NEWS2 that was recorded from the visit's vitals says what they say now. */
static enum status follow_score(struct correcting *work, struct error *error)
{
    struct reading readings[ENTRY_FIELD_COUNT * 3];
    const struct part *score = NULL;
    struct part *parts = NULL;
    size_t part_count = 0;
    size_t count = 0;

    enum status status = load_parts(work, &parts, &part_count, error);
    for (size_t i = 0; i < part_count && status == STATUS_OK; i++) {
        bool is_score = false;
        status = read_part(&parts[i], readings, sizeof readings / sizeof readings[0], &count, &is_score, error);
        score = is_score ? &parts[i] : score;
    }
    if (status == STATUS_OK && score != NULL) {
        status = news2_correct(score->body, score->id, readings, count, work->signer, &work->made[SCORE], error);
    }
    if (status == STATUS_OK && work->made[SCORE].body != NULL) {
        status = keep_before(work, score->uuid, score->body, 0, "", error);
        status = status == STATUS_OK ? add(work, SCORE, error) : status;
    }
    for (size_t i = 0; i < part_count; i++) {
        memory_free(parts[i].body);
    }
    memory_free(parts);
    return status;
}

/* --- the whole ------------------------------------------------------------------------------------- */

/* The signature over what was corrected, and over the score if that followed. */
static enum status sign(struct correcting *work, struct error *error)
{
    size_t count = work->made[SCORE].body != NULL ? 2 : 1;
    char targets[2][REFERENCE_SIZE];
    char detail[32];

    for (int i = 0; i < (int)count; i++) {
        text_format(targets[i], sizeof targets[i], "%s/%s", work->made[i].type, name_of(work, i));
    }
    enum status status = correction_provenance(targets, count, work->signer, &work->made[PROVENANCE], error);
    if (status == STATUS_OK) {
        status = add(work, PROVENANCE, error);
    }
    text_format(detail, sizeof detail, "HTTP %d", work->row.http_status);
    return status == STATUS_OK
               ? audit_add(work->store, "correct", work->row.type, work->row.id, work->row.patient, detail, error)
               : status;
}

static enum status correct(struct correcting *work, int64_t number, const char *typed, bool confirmed,
                           struct error *error)
{
    enum status status = correctable_load(work->store, number, &work->row, error);

    if (status == STATUS_OK) {
        status = outbox_body(work->store, number, &work->body, error);
    }
    if (status == STATUS_OK) {
        status = make(work, typed, confirmed, error);
    }
    if (status == STATUS_OK) {
        status = replace(work, error);
    }
    if (status == STATUS_OK && work->row.kind == CORRECTABLE_VITAL) {
        status = follow_score(work, error);
    }
    return status == STATUS_OK ? sign(work, error) : status;
}

enum status record_correct(struct store *store, int64_t number, const char *typed, bool confirmed,
                           const struct signer *signer, struct error *error)
{
    struct correcting work = {.store = store, .signer = signer};

    enum status status = database_begin(store, error);
    if (status != STATUS_OK) {
        return status;
    }
    status = correct(&work, number, typed, confirmed, error);
    for (size_t i = 0; i < MADE_COUNT; i++) {
        memory_free(work.made[i].body);
    }
    memory_free(work.body);
    correctable_free(&work.row);
    return record_end(store, status, error);
}
