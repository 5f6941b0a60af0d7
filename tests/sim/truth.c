/*
 * What must hold at the server: what was signed is there once, as it was
 * signed, nothing is called sent that is not, and nobody's change is lost.
 * What must hold in the end is in truth_end.c, what must hold on the devices in
 * charts.c.
 */
#include "tests/sim/truth.h"

#include "fhir/resource.h"

#include <stdlib.h>

/* --- what is at the server ------------------------------------------------------------------------------ */

/* Whose chart it is in, by any of the members that say so. */
static void note_patient(const cJSON *body, char patient[ID_SIZE])
{
    static const char *const members[] = {"subject", "patient", "for"};
    const cJSON *participant = NULL;
    const char *id = NULL;
    for (size_t i = 0; i < sizeof members / sizeof members[0] && id == NULL; i++) {
        const char *reference = json_text(json_object(body, members[i]), "reference");
        id = reference == NULL ? NULL : reference_id(reference, "Patient");
    }
    cJSON_ArrayForEach(participant, json_array(body, "participant")) {
        const char *reference = json_text(json_object(participant, "actor"), "reference");
        id = id == NULL && reference != NULL ? reference_id(reference, "Patient") : id;
    }
    if (text_equal(json_text(body, "resourceType"), "Patient")) {
        id = json_text(body, "id");
    }
    text_copy(patient, ID_SIZE, id == NULL ? "" : id);
}

void truth_look(struct world *world)
{
    for (size_t i = 0; i < world->seen_count; i++) {
        struct model_version version = model_version(world->model, i);
        world->seen[i].current = version.current;
    }
    while (world->seen_count < model_count(world->model)) {
        struct model_version version = model_version(world->model, world->seen_count);
        void *grown = memory_grow(world->seen, world->seen_count, &world->seen_capacity, sizeof *world->seen);
        assert_non_null(grown);
        world->seen = grown;
        struct seen *seen = &world->seen[world->seen_count];
        *seen = (struct seen){.sequence = version.sequence, .number = version.number, .author = version.author, .deleted = version.deleted,
                              .current = version.current, .body = model_body(world->model, world->seen_count)};
        text_copy(seen->target, sizeof seen->target, version.target);
        text_format(seen->type, sizeof seen->type, "%.*s", (int)(version.id - version.target) - 1, version.target);
        text_copy(seen->id, sizeof seen->id, version.id);
        if (seen->body != NULL) {
            (void)resource_own_uuid(seen->body, seen->uuid);
            note_patient(seen->body, seen->patient);
        }
        world->seen_count++;
    }
}

static void forget_seen(struct world *world)
{
    for (size_t i = 0; i < world->seen_count; i++) {
        cJSON_Delete(world->seen[i].body);
    }
    world->seen_count = 0;
}


void truth_free(struct world *world)
{
    forget_seen(world);
    memory_free(world->formers);
    memory_free(world->seen);
    for (size_t i = 0; i < world->part_count; i++) {
        memory_free(world->parts[i].body);
        cJSON_Delete(world->parts[i].tree);
        for (size_t j = 0; j < world->parts[i].corrections; j++) {
            cJSON_Delete(world->parts[i].earlier[j]);
        }
    }
    memory_free(world->parts);
}

/* The first version of what carries this UUID. */
const struct seen *seen_made(const struct world *world, const char *type, const char *uuid)
{
    for (size_t i = 0; i < world->seen_count; i++) {
        if (strcmp(world->seen[i].uuid, uuid) == 0 && strcmp(world->seen[i].type, type) == 0) {
            return &world->seen[i];
        }
    }
    return NULL;
}

const struct seen *seen_version(const struct world *world, const char *target, int64_t number)
{
    for (size_t i = 0; i < world->seen_count; i++) {
        if (world->seen[i].number == number && strcmp(world->seen[i].target, target) == 0) {
            return &world->seen[i];
        }
    }
    return NULL;
}

bool seen_is_deleted(const struct world *world, const char *target)
{
    for (size_t i = world->seen_count; i-- > 0;) {
        if (strcmp(world->seen[i].target, target) == 0) {
            return world->seen[i].deleted;
        }
    }
    return false;
}

/* Whether a row waits because the server forgot this part; or, of what was forgotten, with a later answer on top of it. */
static bool is_forgotten(const struct outbox_row *row, const struct part *part)
{
    char target[MODEL_TARGET_SIZE];
    text_format(target, sizeof target, "%s/%s", row->type, row->id);
    if (part->uuid[0] != '\0') {
        return strcmp(row->uuid, part->uuid) == 0 && strcmp(row->type, part->type) == 0;
    }
    return (row->forgotten || part->before) && strcmp(target, part->target) == 0;
}

const struct outbox_row *part_row(const struct outbox_rows *rows, const struct part *part)
{
    for (size_t i = 0; i < rows->count; i++) {
        if (rows->items[i].number == part->outbox || is_forgotten(&rows->items[i], part)) {
            return &rows->items[i];
        }
    }
    return NULL;
}

/* --- what was signed ------------------------------------------------------------------------------------ */

static struct part *part_of_row(struct world *world, int nurse, int64_t outbox)
{
    for (size_t i = 0; i < world->part_count; i++) {
        if (world->parts[i].nurse == nurse && world->parts[i].outbox == outbox) {
            return &world->parts[i];
        }
    }
    void *grown = memory_grow(world->parts, world->part_count, &world->part_capacity, sizeof *world->parts);
    assert_non_null(grown);
    world->parts = grown;
    struct part *part = &world->parts[world->part_count++];
    *part = (struct part){.nurse = nurse, .outbox = outbox};
    return part;
}

static bool have_the_same(const cJSON *a, const cJSON *b, const char *name)
{
    const cJSON *one = json_member(a, name);
    const cJSON *other = json_member(b, name);
    return one == other || cJSON_Compare(one, other, true);
}

/* What a correction changes of a record: the value of a vital, the words of a note, of a medicine that and why, of a consent
 * who gave it. */
static bool says_the_same_value(const cJSON *a, const cJSON *b)
{
    bool medicine = text_equal(json_text(a, "resourceType"), "MedicationStatement");
    return have_the_same(a, b, "valueQuantity") && have_the_same(a, b, "content") &&
           (!text_equal(json_text(a, "resourceType"), "Consent") || have_the_same(a, b, "performer")) &&
           (!medicine || (have_the_same(a, b, "status") && have_the_same(a, b, "note")));
}

/* What was signed before is kept, as it may have arrived; other bodies of the same only name things in another way. */
static void note_body(struct part *part, cJSON *tree)
{
    if (part->tree != NULL && part->uuid[0] != '\0' && !says_the_same_value(part->tree, tree)) {
        assert_true(part->corrections < CORRECTIONS_AT_MOST);
        part->earlier[part->corrections++] = part->tree;
        part->tree = NULL;
    }
    cJSON_Delete(part->tree); /* a second answer to a task takes the place of the first while that waits */
    part->tree = tree;
    part->arrived = false;
}

bool truth_may_correct(const struct nurse *nurse, int64_t outbox)
{
    const struct world *world = nurse->world;
    for (size_t i = 0; i < world->part_count; i++) {
        if (world->parts[i].nurse == nurse->number && world->parts[i].outbox == outbox) {
            return world->parts[i].corrections < CORRECTIONS_AT_MOST;
        }
    }
    return false;
}

static void note_row(struct nurse *nurse, const struct outbox_row *row)
{
    struct part *part = part_of_row(nurse->world, nurse->number, row->number);
    cJSON *tree = NULL;
    memory_free(part->body);
    part->body = NULL;
    assert_int_equal(outbox_body(nurse->fixture.store, row->number, &part->body, NULL), STATUS_OK);
    assert_int_equal(json_parse(part->body, strlen(part->body), &tree, NULL), STATUS_OK);
    note_body(part, tree);
    text_copy(part->visit, sizeof part->visit, row->visit);
    text_copy(part->type, sizeof part->type, row->type);
    note_patient(part->tree, part->patient);
    for (size_t i = 0; i < nurse->world->part_count && part->patient[0] == '\0'; i++) { /* a Provenance names nobody */
        const struct part *other = &nurse->world->parts[i];
        text_copy(part->patient, sizeof part->patient, strcmp(other->visit, part->visit) == 0 ? other->patient : "");
    }
    if (row->is_update) {
        text_format(part->target, sizeof part->target, "%s/%s", row->type, row->id);
        text_copy(part->base, sizeof part->base, row->base_version);
    } else {
        text_copy(part->uuid, sizeof part->uuid, row->uuid);
    }
    part->poison = nurse->world->rule != NULL && strstr(part->body, nurse->world->rule) != NULL;
    nurse->world->tally.resources++;
}

void truth_note_visit(struct nurse *nurse, const char *visit)
{
    struct outbox_rows rows;
    assert_int_equal(query_outbox(nurse->fixture.store, &rows, NULL), STATUS_OK);
    for (size_t i = 0; i < rows.count; i++) {
        if (strcmp(rows.items[i].visit, visit) == 0) {
            note_row(nurse, &rows.items[i]);
        }
    }
    outbox_rows_free(&rows);
}

void truth_note_decision(struct nurse *nurse, int64_t outbox, const char *visit)
{
    struct world *world = nurse->world;
    struct outbox_rows rows;
    const char *target = "";
    truth_note_visit(nurse, visit);
    assert_int_equal(query_outbox(nurse->fixture.store, &rows, NULL), STATUS_OK);
    for (size_t i = 0; i < world->part_count; i++) {
        struct part *part = &world->parts[i];
        if (part->nurse == nurse->number && part->outbox == outbox) {
            part->decided = true;
            part->lost = part_row(&rows, part) == NULL;
            target = part->lost ? part->target : target;
        }
    }
    for (size_t i = 0; i < world->part_count; i++) { /* what the server forgot of the same went with it */
        struct part *part = &world->parts[i];
        part->lost = part->lost || (part->nurse == nurse->number && part->before && target[0] != '\0' &&
                                    strcmp(part->target, target) == 0);
    }
    outbox_rows_free(&rows);
}

void truth_note_let_go(struct nurse *nurse, const struct outbox_row *row)
{
    for (size_t i = 0; i < nurse->world->part_count; i++) {
        struct part *part = &nurse->world->parts[i];
        part->lost = part->lost || (part->nurse == nurse->number && is_forgotten(row, part));
    }
}

/* --- whether it arrived --------------------------------------------------------------------------------- */

/* What a nurse's answer to a task consists of; when it was last modified is no part of it. */
static bool says_the_same(const cJSON *a, const cJSON *b)
{
    return text_equal(json_text(a, "status"), json_text(b, "status")) &&
           cJSON_Compare(json_member(a, "statusReason"), json_member(b, "statusReason"), true);
}

/* The version that a nurse's update made, or another's that says the same. */
const struct seen *part_update(const struct world *world, const struct part *part)
{
    for (size_t i = 0; i < world->seen_count; i++) {
        const struct seen *seen = &world->seen[i];
        bool later = world->restored || seen->number > strtoll(part->base, NULL, 10); /* a number that was given is given again */
        if (!seen->deleted && later && strcmp(seen->target, part->target) == 0 &&
            says_the_same(seen->body, part->tree)) {
            return seen;
        }
    }
    return NULL;
}

/* Of what she answered to before, only what still stood when the server went back can be lost with it. */
void truth_forget(struct world *world)
{
    for (size_t i = 0; i < world->part_count; i++) {
        struct part *part = &world->parts[i];
        const struct seen *last = NULL;
        for (size_t j = 0; j < world->seen_count && part->uuid[0] == '\0'; j++) {
            last = strcmp(world->seen[j].target, part->target) == 0 ? &world->seen[j] : last;
        }
        part->lost = part->lost || (part->arrived && last != NULL && (last->deleted || !says_the_same(last->body, part->tree)));
        const struct seen *made = part->uuid[0] == '\0' ? part_update(world, part) : NULL;
        part->number = made != NULL ? made->number : 0;
        part->before = true;
        part->arrived = false;
    }
    for (size_t i = 0; i < world->seen_count; i++) {
        if (world->seen[i].uuid[0] != '\0' && world->seen[i].number == 1) {
            void *grown = memory_grow(world->formers, world->former_count, &world->former_capacity, sizeof *world->formers);
            assert_non_null(grown);
            world->formers = grown;
            struct former *former = &world->formers[world->former_count++];
            text_copy(former->target, sizeof former->target, world->seen[i].target);
            text_copy(former->uuid, sizeof former->uuid, world->seen[i].uuid);
        }
    }
    forget_seen(world);
}

/* The version that says what she corrected it to: the first one, or an update of what had arrived before. */
const struct seen *part_corrected(const struct world *world, const struct part *part)
{
    for (size_t i = 0; i < world->seen_count; i++) {
        const struct seen *seen = &world->seen[i];
        if (!seen->deleted && strcmp(seen->uuid, part->uuid) == 0 && strcmp(seen->type, part->type) == 0 &&
            says_the_same_value(seen->body, part->tree)) {
            return seen;
        }
    }
    return NULL;
}

bool part_has_arrived(const struct world *world, struct part *part)
{
    if (!part->arrived) {
        part->arrived = part->uuid[0] == '\0'     ? part_update(world, part) != NULL
                        : part->corrections > 0 ? part_corrected(world, part) != NULL
                                                : seen_made(world, part->type, part->uuid) != NULL;
    }
    return part->arrived;
}

const char *part_name(const struct part *part)
{
    return part->uuid[0] != '\0' ? part->uuid : part->target;
}

/* Nothing counts as refused that nobody refused. What went unanswered several times may be given up. */
static void check_refused(struct nurse *nurse, struct part *part, const struct outbox_row *row)
{
    bool refused = row->state == OUTBOX_REFUSED;
    if (refused && !part->refused && !nurse->said_no && row->attempts < 3 && !nurse->world->restored) {
        complain(nurse->world, LAW_CONFLICT, "%s: %s %s counts as refused, and nobody refused it: %s", nurse->name, part->type,
                 part_name(part), row->reason);
    }
    part->refused = refused;
}

static void check_sent(struct nurse *nurse, const struct outbox_rows *rows)
{
    struct world *world = nurse->world;
    for (size_t i = 0; i < world->part_count; i++) {
        struct part *part = &world->parts[i];
        const struct outbox_row *row = part_row(rows, part);
        if (part->nurse == nurse->number && row != NULL) {
            check_refused(nurse, part, row);
        }
        if (part->nurse != nurse->number || part->lost || row != NULL || part_has_arrived(world, part)) {
            continue;
        }
        if (!part->before) { /* what was sent before the server went back is looked for once a day: see check_parts() */
            complain(world, LAW_SYNCED, "%s: %s %s has left the outbox and is not at the server", nurse->name, part->type,
                     part_name(part));
        }
    }
}

void truth_after_sync(struct nurse *nurse, size_t before, enum status status)
{
    struct world *world = nurse->world;
    struct outbox_rows rows;
    truth_look(world);
    assert_int_equal(query_outbox(nurse->fixture.store, &rows, NULL), STATUS_OK);
    check_sent(nurse, &rows);
    if (status == STATUS_OK && rows.count > 0) {
        complain(world, LAW_SYNCED, "%s: the sync says all is done, and %zu wait", nurse->name, rows.count);
    }
    outbox_rows_free(&rows);
    charts_after_sync(nurse, before, status == STATUS_OK || status == STATUS_ATTENTION);
}
