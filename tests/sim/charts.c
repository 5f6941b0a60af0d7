/*
 * What must hold on a device: a chart that says it is complete is, nothing is
 * in a wrong chart, and in the end it holds exactly what the server has.
 */
#include "tests/sim/truth.h"

#include <stdlib.h>

/* One resource on the device. */
struct held {
    char target[MODEL_TARGET_SIZE];
    char patient[ID_SIZE];
    int64_t version;
    bool pending;   /* something of ours about it is in the outbox */
    char *body;     /* owned */
};

struct holding {
    struct held *items; /* owned, by target */
    size_t count, capacity;
};

/* What a chart consists of. */
static bool is_charted(const char *target)
{
    static const char *const types[] = {
        "Patient", "Flag", "AllergyIntolerance", "Condition", "Appointment", "MedicationRequest", "MedicationStatement",
        "MedicationAdministration", "Consent", "CarePlan", "Goal", "Task", "DetectedIssue", "Encounter", "DocumentReference",
        "ServiceRequest", "Observation"};
    size_t length = strcspn(target, "/");
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strlen(types[i]) == length && strncmp(types[i], target, length) == 0) {
            return true;
        }
    }
    return false;
}

static int compare_held(const void *a, const void *b)
{
    return strcmp(((const struct held *)a)->target, ((const struct held *)b)->target);
}

static void load(struct nurse *nurse, struct holding *holding)
{
    sqlite3_stmt *rows = NULL;
    assert_int_equal(sqlite3_prepare_v2(nurse->fixture.store->connection,
                                        "SELECT type || '/' || id, CASE type WHEN 'Patient' THEN id ELSE patient END, "
                                        "CAST(version AS INTEGER), key IN (SELECT resource FROM outbox), body FROM resource",
                                        -1, &rows, NULL), SQLITE_OK);
    while (sqlite3_step(rows) == SQLITE_ROW) {
        void *grown = memory_grow(holding->items, holding->count, &holding->capacity, sizeof *holding->items);
        assert_non_null(grown);
        holding->items = grown;
        struct held *held = &holding->items[holding->count];
        column_text(rows, 0, held->target, sizeof held->target);
        column_text(rows, 1, held->patient, sizeof held->patient);
        held->version = sqlite3_column_int64(rows, 2);
        held->pending = column_int(rows, 3) != 0;
        held->body = column_copy(rows, 4);
        holding->count++;
    }
    sqlite3_finalize(rows);
    if (holding->count > 0) {
        qsort(holding->items, holding->count, sizeof *holding->items, compare_held);
    }
}

static void unload(struct holding *holding)
{
    for (size_t i = 0; i < holding->count; i++) {
        memory_free(holding->items[i].body);
    }
    memory_free(holding->items);
}

static const struct held *find(const struct holding *holding, const char *target)
{
    struct held key;
    text_copy(key.target, sizeof key.target, target);
    return holding->count == 0 ? NULL : bsearch(&key, holding->items, holding->count, sizeof key, compare_held);
}

static int place_of(const char *patient)
{
    return patient[0] == 'p' ? (int)strtol(patient + 1, NULL, 10) - 1 : -1;
}

static void note_complete(void *context, const char *patient, enum held_chart chart)
{
    bool *marks = context;
    int place = place_of(patient);
    if (place >= 0 && place < PATIENTS_AT_MOST) {
        marks[place] = chart == HELD_WHOLE;
    }
}

static void read_complete(struct nurse *nurse, bool marks[PATIENTS_AT_MOST])
{
    assert_int_equal(outbox_each_patient(nurse->fixture.store, note_complete, marks, NULL), STATUS_OK);
}

/* The newest of the first `limit` versions of each resource, by its sequence. Owned. */
static const struct seen **newest_of(const struct world *world, size_t limit)
{
    const struct seen **newest = memory_allocate_array(world->seen_count + 1, sizeof *newest);
    assert_non_null(newest);
    for (size_t i = 0; i < limit && i < world->seen_count; i++) {
        newest[world->seen[i].sequence] = &world->seen[i];
    }
    return newest;
}

/* The newest version of a resource; NULL when there was none. */
static const struct seen *newest(const struct world *world, const char *target)
{
    for (size_t i = world->seen_count; i-- > 0;) {
        if (strcmp(world->seen[i].target, target) == 0) {
            return &world->seen[i];
        }
    }
    return NULL;
}

void charts_after_sync(struct nurse *nurse, size_t before, bool whole)
{
    struct world *world = nurse->world;
    struct holding holding = {.items = NULL};
    bool complete[PATIENTS_AT_MOST] = {false};
    if (world->behind > 0) {
        return; /* what it stamps behind is found within a day: see charts_at_end() */
    }
    const struct seen **then = newest_of(world, before);
    const struct seen **now = newest_of(world, world->seen_count);
    read_complete(nurse, complete);
    load(nurse, &holding);
    for (size_t i = 0; i < before && i < world->seen_count; i++) {
        const struct seen *seen = &world->seen[i];
        int place = place_of(seen->patient);
        if (place < 0 || !complete[place] || seen->deleted || (!whole && nurse->was_complete[place]) ||
            then[seen->sequence] != seen || now[seen->sequence]->deleted || !is_charted(seen->target)) {
            continue;
        }
        const struct held *held = find(&holding, seen->target);
        if (held != NULL && (held->pending || held->version >= seen->number)) {
            continue;
        }
        if (world->restored) {
            exempt(world, EXEMPT_RESTORED_CHART, "%s: %s", nurse->name, seen->target);
        } else {
            complain(world, LAW_COMPLETE, "%s: the chart of %s counts as complete, and %s has version %lld instead of %lld",
                     nurse->name, seen->patient, seen->target, held == NULL ? -1 : (long long)held->version,
                     (long long)seen->number);
        }
    }
    memory_free(then);
    memory_free(now);
    unload(&holding);
}

/* --- in the end ----------------------------------------------------------------------------------------- */

static void differs(struct nurse *nurse, enum law law, const char *target, const char *how)
{
    complain(nurse->world, law, "%s: %s %s", nurse->name, target, how);
}

/* A version that a restored server does not have any more, or gave again: nothing tells, as long as nothing else does. */
static void differs_in_version(struct nurse *nurse, const char *target, const char *how)
{
    if (nurse->world->restored) {
        exempt(nurse->world, EXEMPT_RESTORED_STALE, "%s: %s %s", nurse->name, target, how);
    } else {
        differs(nurse, LAW_EQUAL, target, how);
    }
}

static bool is_hers(const struct nurse *nurse, const char *patient)
{
    int place = place_of(patient);
    return place >= 0 && place < nurse->world->patient_count && nurse->member[place];
}

static bool has_visit_aside(struct nurse *nurse, const char *patient)
{
    sqlite3_stmt *rows = NULL;
    assert_int_equal(sqlite3_prepare_v2(nurse->fixture.store->connection,
                                        "SELECT 1 FROM visit WHERE patient = ? AND state = 'set-aside'", -1, &rows, NULL),
                     SQLITE_OK);
    bind_text(rows, 1, patient);
    bool found = sqlite3_step(rows) == SQLITE_ROW;
    sqlite3_finalize(rows);
    return found;
}

/* Whether something of this patient is unsent or set aside: that keeps the Patient here, and nothing else. */
static bool is_kept(struct nurse *nurse, const struct holding *holding, const struct held *held)
{
    bool is_patient = text_starts_with(held->target, "Patient/");
    bool kept = is_patient && has_visit_aside(nurse, held->patient);
    for (size_t i = 0; i < holding->count && is_patient; i++) {
        kept = kept || (holding->items[i].pending && strcmp(holding->items[i].patient, held->patient) == 0);
    }
    return kept;
}

static void check_held(struct nurse *nurse, const struct holding *holding, const struct held *held)
{
    struct world *world = nurse->world;
    const struct seen *there = newest(world, held->target);
    char *text = NULL;
    if (held->pending || !is_charted(held->target)) {
        return;
    }
    if (!is_hers(nurse, held->patient) && is_kept(nurse, holding, held)) {
        return;
    }
    if (!is_hers(nurse, held->patient)) {
        differs(nurse, LAW_WRONG_CHART, held->target, "is on the device and its patient is not hers");
        return;
    }
    if (there == NULL) {
        differs(nurse, LAW_EQUAL, held->target, "is on the device and was never at the server");
    } else if (there->deleted) {
        differs(nurse, LAW_EQUAL, held->target, "is on the device and was deleted at the server");
    } else if (strcmp(there->patient, held->patient) != 0) {
        differs(nurse, LAW_WRONG_CHART, held->target, "is in another patient's chart");
    } else if (there->number != held->version) {
        differs_in_version(nurse, held->target, "has another version on the device");
    } else {
        text = json_print(there->body);
        if (!text_equal(text, held->body)) {
            trace(world, "held: %s", held->body);
            trace(world, "there: %s", text);
            differs_in_version(nurse, held->target, "has another body on the device");
        }
        memory_free(text);
    }
}

static void check_identities(struct nurse *nurse)
{
    struct world *world = nurse->world;
    sqlite3_stmt *rows = NULL;
    assert_int_equal(sqlite3_prepare_v2(nurse->fixture.store->connection,
                                        "SELECT type || '/' || id, uuid FROM identity i WHERE id <> uuid AND (?1 = 0 OR EXISTS "
                                        "(SELECT 1 FROM resource r WHERE r.type = i.type AND r.uuid = i.uuid))", -1, &rows, NULL),
                     SQLITE_OK);
    bind_integer(rows, 1, world->restored); /* what left the device was not asked for since */
    while (sqlite3_step(rows) == SQLITE_ROW) {
        char target[MODEL_TARGET_SIZE];
        char uuid[UUID_SIZE];
        bool known = false;
        column_text(rows, 0, target, sizeof target);
        column_text(rows, 1, uuid, sizeof uuid);
        for (size_t i = 0; i < world->seen_count && !known; i++) {
            known = strcmp(world->seen[i].target, target) == 0 && strcmp(world->seen[i].uuid, uuid) == 0;
        }
        if (!known) {
            differs(nurse, LAW_IDENTITY, target, "is taken for what it is not");
        }
    }
    sqlite3_finalize(rows);
}

bool charts_hold_deleted(struct nurse *nurse)
{
    struct holding holding = {.items = NULL};
    bool holds = false;
    load(nurse, &holding);
    for (size_t i = 0; i < holding.count && !holds; i++) {
        const struct seen *there = newest(nurse->world, holding.items[i].target);
        holds = there != NULL && there->deleted && !holding.items[i].pending;
    }
    unload(&holding);
    return holds;
}

void charts_at_end(struct nurse *nurse)
{
    struct world *world = nurse->world;
    struct holding holding = {.items = NULL};
    bool complete[PATIENTS_AT_MOST] = {false};
    read_complete(nurse, complete);
    load(nurse, &holding);
    for (int i = 0; i < world->patient_count; i++) {
        char id[16];
        text_format(id, sizeof id, "Patient/p%d", i + 1);
        if (nurse->member[i] && !complete[i]) {
            differs(nurse, LAW_EQUAL, id, "is not complete");
        } else if (!nurse->member[i] && complete[i]) {
            differs(nurse, LAW_WRONG_CHART, id, "is complete and not hers");
        }
    }
    for (size_t i = 0; i < world->seen_count; i++) {
        const struct seen *seen = &world->seen[i];
        if (seen->current && !seen->deleted && is_charted(seen->target) && is_hers(nurse, seen->patient) &&
            find(&holding, seen->target) == NULL) {
            differs(nurse, LAW_EQUAL, seen->target, "is at the server and not on the device");
        }
    }
    for (size_t i = 0; i < holding.count; i++) {
        check_held(nurse, &holding, &holding.items[i]);
    }
    check_identities(nurse);
    unload(&holding);
}
