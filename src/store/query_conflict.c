/*
 * What is in conflict, side by side and in words; and what was let go.
 */
#include "store/conflict.h"

#include "base/memory.h"
#include "base/text.h"
#include "fhir/lookup.h"
#include "fhir/merge.h"
#include "store/conflict_row.h"
#include "store/database.h"

#include <string.h>

static void parts_free(struct conflict *conflict)
{
    for (size_t i = 0; i < conflict->count; i++) {
        struct conflict_part *part = &conflict->parts[i];
        memory_free(part->path);
        memory_free(part->label);
        memory_free(part->base);
        memory_free(part->mine);
        memory_free(part->theirs);
    }
    memory_free(conflict->parts);
}

void conflicts_free(struct conflicts *conflicts)
{
    for (size_t i = 0; i < conflicts->count; i++) {
        parts_free(&conflicts->items[i]);
    }
    memory_free(conflicts->items);
    *conflicts = (struct conflicts){.items = NULL};
}

static char *take(char **text)
{
    char *taken = *text;
    *text = NULL;
    return taken;
}

/* Where the server has nothing to compare with, only what was changed here is shown, and of that no bookkeeping. */
static bool is_worth_showing(const struct conflict *conflict, const struct overlap *overlap)
{
    return (conflict->known && !conflict->gone) ||
           (strcmp(overlap->base, overlap->mine) != 0 && strcmp(overlap->path, "lastModified") != 0);
}

/* Hands the overlaps of a merge over. */
static enum status take_parts(struct conflict *conflict, struct merge *merge, struct error *error)
{
    conflict->parts = memory_allocate_array(merge->count + 1, sizeof *conflict->parts);
    if (conflict->parts == NULL) {
        return error_no_memory(error);
    }
    for (size_t i = 0; i < merge->count; i++) {
        struct overlap *overlap = &merge->overlaps[i];
        struct conflict_part *part = &conflict->parts[conflict->count];

        if (!is_worth_showing(conflict, overlap)) {
            continue;
        }
        conflict->count++;
        part->path = memory_copy_text(overlap->path);
        part->label = memory_copy_text(overlap->label);
        part->base = take(&overlap->base);
        part->mine = take(&overlap->mine);
        part->theirs = take(&overlap->theirs);
        part->both = overlap->both;
        if (part->path == NULL || part->label == NULL) {
            return error_no_memory(error);
        }
    }
    return STATUS_OK;
}

/* What a record is of, for people: as both sides knew it. */
static void read_what(const struct meeting *meeting, struct conflict *conflict)
{
    struct lookup lookup;
    const char *what = "";

    if (lookup_read(meeting->base != NULL ? meeting->base : meeting->mine, NULL, &lookup, NULL) != STATUS_OK) {
        return;
    }
    switch (lookup.kind) {
    case LOOKUP_PATIENT:
        what = lookup.value.patient.name;
        break;
    case LOOKUP_MEDICINE:
        what = lookup.value.medicine.label;
        break;
    case LOOKUP_ALLERGY:
        what = lookup.value.allergy.label;
        break;
    case LOOKUP_CONDITION:
        what = lookup.value.condition.label;
        break;
    case LOOKUP_ALERT:
        what = lookup.value.alert.label;
        break;
    case LOOKUP_CONSENT:
        what = lookup.value.consent.label;
        break;
    case LOOKUP_NOTE:
        what = lookup.value.note.title;
        break;
    case LOOKUP_TASKS:
        what = lookup.value.tasks.count > 0 ? lookup.value.tasks.items[0].label : "";
        break;
    case LOOKUP_GOAL:
        what = lookup.value.goal.label;
        break;
    case LOOKUP_APPOINTMENT:
        what = lookup.value.appointment.reason;
        break;
    case LOOKUP_ENCOUNTER:
        what = lookup.value.encounter.reason;
        break;
    case LOOKUP_PERSON:
        what = lookup.value.person.name;
        break;
    case LOOKUP_READINGS_OF:
    case LOOKUP_NONE:
        break;
    }
    text_copy(conflict->what, sizeof conflict->what, what);
    lookup_free(&lookup);
}

/* Against a server that has nothing of it, all that was changed here differs. */
static cJSON *nothing_of(const char *type)
{
    cJSON *nothing = cJSON_CreateObject();

    if (json_add_text(nothing, "resourceType", type) == NULL) {
        cJSON_Delete(nothing);
        return NULL;
    }
    return nothing;
}

static enum status fill(struct store *store, struct conflict *conflict, struct error *error)
{
    struct meeting meeting = {.body = NULL};
    struct merge merge = {.tree = NULL};
    struct resource_head head;

    enum status status = meeting_load(store, conflict->number, &meeting, error);
    if (status != STATUS_OK || meeting.mine == NULL) {
        return status; /* decided at this moment, on another connection */
    }
    conflict->gone = meeting.gone;
    conflict->known = meeting.known;
    read_what(&meeting, conflict);
    if (meeting.theirs != NULL && resource_head_read(meeting.theirs, &head, NULL) == STATUS_OK) {
        text_copy(conflict->version, sizeof conflict->version, head.version);
        conflict->theirs_at = head.updated;
    }
    if (meeting.theirs == NULL) {
        meeting.theirs = nothing_of(conflict->type);
        status = meeting.theirs == NULL ? error_no_memory(error) : STATUS_OK;
    }
    if (status == STATUS_OK) {
        status = merge_resources(meeting.base, meeting.mine, meeting.theirs, MERGE_ASK, &merge, error);
    }
    if (status == STATUS_OK) {
        status = take_parts(conflict, &merge, error);
    }
    merge_free(&merge);
    meeting_free(&meeting);
    return status;
}

static enum status fill_conflict(struct store *store, sqlite3_stmt *statement, void *item, struct error *error)
{
    struct conflict *out = item;

    (void)store;
    (void)error;
    out->number = sqlite3_column_int64(statement, 0);
    column_text(statement, 1, out->visit, sizeof out->visit);
    column_text(statement, 2, out->type, sizeof out->type);
    column_text(statement, 3, out->id, sizeof out->id);
    column_text(statement, 4, out->patient, sizeof out->patient);
    column_text(statement, 5, out->patient_name, sizeof out->patient_name);
    out->attempts = column_int(statement, 6);
    out->found = column_instant(statement, 7);
    out->theirs_at = INSTANT_NONE;
    return STATUS_OK;
}

static enum status list(struct store *store, struct conflicts *out, struct error *error)
{
    void *items = NULL;

    sqlite3_stmt *statement = database_statement(
        store,
        "SELECT o.number, o.visit, r.type, r.id, r.patient, p.name, o.attempts, c.found "
        "FROM outbox o JOIN resource r ON r.key = o.resource LEFT JOIN conflict c ON c.outbox = o.number "
        "LEFT JOIN patient p ON p.id = r.patient LEFT JOIN visit v ON v.id = o.visit "
        "WHERE o.state = 'conflict' ORDER BY v.signed, o.visit, o.number",
        error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    enum status status = database_collect(store, statement, sizeof *out->items, fill_conflict, &items, &out->count, error);
    out->items = items;
    return status;
}

enum status query_conflicts(struct store *store, struct conflicts *out, struct error *error)
{
    *out = (struct conflicts){.items = NULL};
    enum status status = list(store, out, error);

    for (size_t i = 0; i < out->count && status == STATUS_OK; i++) {
        status = fill(store, &out->items[i], error);
    }
    if (status != STATUS_OK) {
        conflicts_free(out);
    }
    return status;
}

/* --- what was let go -------------------------------------------------------------------------------- */

void dropped_rows_free(struct dropped_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        memory_free(rows->items[i].body);
    }
    memory_free(rows->items);
    *rows = (struct dropped_rows){.items = NULL};
}

static enum status fill_dropped(struct store *store, sqlite3_stmt *statement, void *item, struct error *error)
{
    struct dropped_row *row = item;

    (void)store;
    row->number = sqlite3_column_int64(statement, 0);
    column_text(statement, 1, row->type, sizeof row->type);
    column_text(statement, 2, row->id, sizeof row->id);
    column_text(statement, 3, row->patient, sizeof row->patient);
    row->at = column_instant(statement, 4);
    row->body = column_copy(statement, 5);
    return row->body == NULL ? error_no_memory(error) : STATUS_OK;
}

enum status query_dropped(struct store *store, struct dropped_rows *out, struct error *error)
{
    void *items = NULL;

    *out = (struct dropped_rows){.items = NULL};
    sqlite3_stmt *statement =
        database_statement(store, "SELECT number, type, id, patient, at, mine FROM dropped ORDER BY number", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    enum status status = database_collect(store, statement, sizeof *out->items, fill_dropped, &items, &out->count, error);
    out->items = items;
    if (status != STATUS_OK) {
        dropped_rows_free(out);
    }
    return status;
}
