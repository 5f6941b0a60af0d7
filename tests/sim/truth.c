/*
 * What must hold at the server: what was signed is there once, as it was
 * signed, nothing is called sent that is not, and nobody's change is lost.
 * What must hold on the devices is in charts.c.
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
    }
    memory_free(world->parts);
}

/* The first version of what carries this UUID. */
static const struct seen *find_made(const struct world *world, const char *type, const char *uuid)
{
    for (size_t i = 0; i < world->seen_count; i++) {
        if (strcmp(world->seen[i].uuid, uuid) == 0 && strcmp(world->seen[i].type, type) == 0) {
            return &world->seen[i];
        }
    }
    return NULL;
}

static const struct seen *find_version(const struct world *world, const char *target, int64_t number)
{
    for (size_t i = 0; i < world->seen_count; i++) {
        if (world->seen[i].number == number && strcmp(world->seen[i].target, target) == 0) {
            return &world->seen[i];
        }
    }
    return NULL;
}

static bool is_deleted(const struct world *world, const char *target)
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

static const struct outbox_row *row_of(const struct outbox_rows *rows, const struct part *part)
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

static void note_row(struct nurse *nurse, const struct outbox_row *row)
{
    struct part *part = part_of_row(nurse->world, nurse->number, row->number);
    memory_free(part->body); /* a second answer to a task takes the place of the first while that waits */
    cJSON_Delete(part->tree);
    part->body = NULL;
    part->tree = NULL;
    part->arrived = false;
    assert_int_equal(outbox_body(nurse->fixture.store, row->number, &part->body, NULL), STATUS_OK);
    assert_int_equal(json_parse(part->body, strlen(part->body), &part->tree, NULL), STATUS_OK);
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
        part->poison = nurse->world->rule && strstr(part->body, POISON) != NULL;
    }
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
            part->lost = row_of(&rows, part) == NULL;
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
static const struct seen *find_update(const struct world *world, const struct part *part)
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
        const struct seen *made = part->uuid[0] == '\0' ? find_update(world, part) : NULL;
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

static bool has_arrived(const struct world *world, struct part *part)
{
    if (!part->arrived) {
        part->arrived = part->uuid[0] != '\0' ? find_made(world, part->type, part->uuid) != NULL
                                              : find_update(world, part) != NULL;
    }
    return part->arrived;
}

static const char *name_of(const struct part *part)
{
    return part->uuid[0] != '\0' ? part->uuid : part->target;
}

/* Nothing counts as refused that nobody refused. What went unanswered several times may be given up. */
static void check_refused(struct nurse *nurse, struct part *part, const struct outbox_row *row)
{
    bool refused = row->state == OUTBOX_REFUSED;
    if (refused && !part->refused && !nurse->said_no && row->attempts < 3 && !nurse->world->restored) {
        complain(nurse->world, LAW_CONFLICT, "%s: %s %s counts as refused, and nobody refused it: %s", nurse->name, part->type,
                 name_of(part), row->reason);
    }
    part->refused = refused;
}

static void check_sent(struct nurse *nurse, const struct outbox_rows *rows)
{
    struct world *world = nurse->world;
    for (size_t i = 0; i < world->part_count; i++) {
        struct part *part = &world->parts[i];
        const struct outbox_row *row = row_of(rows, part);
        if (part->nurse == nurse->number && row != NULL) {
            check_refused(nurse, part, row);
        }
        if (part->nurse != nurse->number || part->lost || row != NULL || has_arrived(world, part)) {
            continue;
        }
        if (!part->before) { /* what was sent before the server went back is looked for once a day: see check_parts() */
            complain(world, LAW_SYNCED, "%s: %s %s has left the outbox and is not at the server", nurse->name, part->type,
                     name_of(part));
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

/* --- in the end ----------------------------------------------------------------------------------------- */

/* Whether `target` is what was made with this UUID: one of them, when it was deleted and made again. */
static bool stands_for(const struct world *world, const char *type, const char *uuid, const char *target)
{
    for (size_t i = 0; i < world->seen_count; i++) {
        const struct seen *seen = &world->seen[i];
        if (strcmp(seen->target, target) == 0 && strcmp(seen->uuid, uuid) == 0 && strcmp(seen->type, type) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether `target` is what a server that went back had known as `former`. */
static bool was_called(const struct world *world, const char *former, const char *target)
{
    for (size_t i = 0; i < world->former_count; i++) {
        char type[RESOURCE_TYPE_SIZE];
        text_format(type, sizeof type, "%.*s", (int)strcspn(former, "/"), former);
        if (strcmp(world->formers[i].target, former) == 0 && stands_for(world, type, world->formers[i].uuid, target)) {
            return true;
        }
    }
    return false;
}

/* Whether it is a reference to what its nurse let go. */
static bool names_let_go(const struct world *world, const cJSON *node)
{
    const char *reference = json_text(node, "reference");
    bool named = false;
    for (size_t i = 0; reference != NULL && i < world->part_count; i++) {
        const struct part *part = &world->parts[i];
        const char *id = reference_id(reference, part->type);
        named = named || (part->lost && id != NULL && part->uuid[0] != '\0' && strcmp(id, part->uuid) == 0);
    }
    return named;
}

/* Whether `theirs` is what `ours` became: the same, with our UUIDs in references as the ids they stand for. */
static bool is_as_signed(const struct world *world, const cJSON *ours, const cJSON *theirs)
{
    const cJSON *member = NULL;
    if (cJSON_IsString(ours) && text_equal(ours->string, "reference") && cJSON_IsString(theirs)) {
        const char *slash = strchr(ours->valuestring, '/');
        if (slash != NULL && uuid_is_valid(slash + 1)) {
            char type[RESOURCE_TYPE_SIZE];
            text_format(type, sizeof type, "%.*s", (int)(slash - ours->valuestring), ours->valuestring);
            return stands_for(world, type, slash + 1, theirs->valuestring);
        }
        return text_equal(ours->valuestring, theirs->valuestring) || was_called(world, ours->valuestring, theirs->valuestring);
    }
    if (!cJSON_IsObject(ours) && !cJSON_IsArray(ours)) {
        return cJSON_Compare(ours, theirs, true);
    }
    if (cJSON_IsArray(ours)) {
        const cJSON *other = theirs == NULL ? NULL : theirs->child;
        cJSON_ArrayForEach(member, ours) {
            bool same = other != NULL && is_as_signed(world, member, other);
            if (!same && !names_let_go(world, member)) {
                return false;
            }
            other = same ? other->next : other;
        }
        return other == NULL;
    }
    cJSON_ArrayForEach(member, ours) {
        if (strcmp(member->string, "meta") != 0 && strcmp(member->string, "id") != 0 &&
            !is_as_signed(world, member, json_member(theirs, member->string))) {
            return false;
        }
    }
    cJSON_ArrayForEach(member, theirs) {
        if (strcmp(member->string, "meta") != 0 && strcmp(member->string, "id") != 0 &&
            json_member(ours, member->string) == NULL) {
            return false;
        }
    }
    return true;
}

static void check_creation(struct world *world, const struct part *part)
{
    const struct seen *first = find_made(world, part->type, part->uuid);
    bool deleted = is_deleted(world, first->target);
    for (size_t i = 0; i < world->seen_count; i++) {
        const struct seen *seen = &world->seen[i];
        if (seen->number != 1 || strcmp(seen->uuid, part->uuid) != 0 || strcmp(seen->type, part->type) != 0 ||
            strcmp(seen->target, first->target) == 0) {
            continue;
        }
        if (deleted) {
            exempt(world, EXEMPT_REVIVED, "%s is %s again", first->target, seen->target);
            deleted = is_deleted(world, seen->target);
        } else {
            complain(world, LAW_ONCE, "%s %s is %s and %s", part->type, part->uuid, first->target, seen->target);
        }
    }
    if (!is_as_signed(world, part->tree, first->body)) {
        char *text = json_print(first->body);
        trace(world, "signed: %s", part->body);
        trace(world, "stored: %s", text);
        complain(world, LAW_CONTENT, "%s is not what n%d signed", first->target, part->nurse);
        memory_free(text);
    }
}

/* Members in which two versions of a task differ, but for a nurse's answer. */
static bool differ_elsewhere(const cJSON *a, const cJSON *b)
{
    static const char *const answer[] = {"meta", "status", "statusReason", "lastModified"};
    const cJSON *member = NULL;
    cJSON_ArrayForEach(member, a) {
        bool skipped = false;
        for (size_t i = 0; i < sizeof answer / sizeof answer[0]; i++) {
            skipped = skipped || strcmp(member->string, answer[i]) == 0;
        }
        if (!skipped && !cJSON_Compare(member, json_member(b, member->string), true)) {
            return true;
        }
    }
    return false;
}

/* A nurse's answer overwrites nothing that she did not see. */
static void check_update(struct world *world, const struct part *part)
{
    const struct seen *made = find_update(world, part);
    const struct seen *replaced = find_version(world, part->target, made->number - 1);
    int64_t base = strtoll(part->base, NULL, 10);
    if (made->author != part->nurse || replaced == NULL) {
        return;
    }
    if (world->restored) {
        return; /* a number stands for two versions: If-Match cannot tell them apart */
    }
    if (replaced->deleted) {
        complain(world, LAW_OFFICE, "n%d's answer revived %s, which was deleted", part->nurse, part->target);
        return;
    }
    if (differ_elsewhere(made->body, replaced->body) || differ_elsewhere(replaced->body, made->body)) {
        complain(world, LAW_OFFICE, "n%d's answer made version %lld of %s and took back what was changed in it", part->nurse,
                 (long long)made->number, part->target);
    }
    for (int64_t number = base + 1; number < made->number; number++) {
        const struct seen *between = find_version(world, part->target, number);
        const struct seen *earlier = find_version(world, part->target, number - 1);
        if (between != NULL && earlier != NULL && between->author != part->nurse && between->body != NULL &&
            earlier->body != NULL && !text_equal(json_text(between->body, "status"), json_text(earlier->body, "status"))) {
            complain(world, LAW_OFFICE, "n%d's answer to %s overwrites a status that she did not see", part->nurse, part->target);
        }
    }
}

/* Whether the server had a reason: a rule, something deleted, or something that could not arrive either. */
static bool refused_rightly(const struct world *world, const struct part *part, const cJSON *node)
{
    const cJSON *child = NULL;
    if (part->poison) {
        return true;
    }
    if (cJSON_IsString(node) && text_equal(node->string, "reference")) {
        const char *slash = strchr(node->valuestring, '/');
        char type[RESOURCE_TYPE_SIZE];
        text_format(type, sizeof type, "%.*s", slash == NULL ? 0 : (int)(slash - node->valuestring), node->valuestring);
        if (slash != NULL && uuid_is_valid(slash + 1)) {
            const struct seen *made = find_made(world, type, slash + 1);
            return made == NULL || is_deleted(world, made->target);
        }
        return is_deleted(world, node->valuestring) || (world->restored && find_version(world, node->valuestring, 1) == NULL);
    }
    cJSON_ArrayForEach(child, node) {
        if (refused_rightly(world, part, child)) {
            return true;
        }
    }
    return false;
}

/* Whether someone else changed, since, what the nurse answered. */
static bool met_another(const struct world *world, const struct part *part)
{
    int64_t base = strtoll(part->base, NULL, 10);
    for (size_t i = 0; i < world->seen_count; i++) {
        const struct seen *seen = &world->seen[i];
        if (strcmp(seen->target, part->target) == 0 && seen->number > base && seen->author != part->nurse) {
            return true;
        }
    }
    return false;
}

static void check_left(struct world *world, const struct part *part, const struct outbox_row *row)
{
    struct tally *tally = &world->tally;
    if (row->state == OUTBOX_CONFLICT && row->is_update && (world->restored || met_another(world, part))) {
        tally->conflicts++;
    } else if (row->state != OUTBOX_CONFLICT && refused_rightly(world, part, part->tree)) {
        tally->refusals++;
    } else if (row->state == OUTBOX_WAITING || row->state == OUTBOX_SENDING) {
        complain(world, LAW_DELIVERED, "n%d: %s %s still waits: %s", part->nurse, part->type, name_of(part), row->reason);
    } else {
        complain(world, LAW_CONFLICT, "n%d: %s %s is left as %s without a reason: %s", part->nurse, part->type, name_of(part),
                 outbox_state_key(row->state), row->reason);
    }
}

/* Whether a patient's chart has left the device once. */
static bool was_released(struct nurse *nurse, const char *patient)
{
    char sql[128];
    text_format(sql, sizeof sql, "SELECT count(*) FROM audit WHERE action = 'release' AND patient = '%s'", patient);
    return number_of(&nurse->fixture, sql) > 0;
}

static void check_parts(struct nurse *nurse)
{
    struct world *world = nurse->world;
    struct outbox_rows rows;
    assert_int_equal(query_outbox(nurse->fixture.store, &rows, NULL), STATUS_OK);
    for (size_t i = 0; i < world->part_count; i++) {
        struct part *part = &world->parts[i];
        const struct outbox_row *row = row_of(&rows, part);
        if (part->nurse != nurse->number || part->lost) {
            continue;
        }
        if (row != NULL) {
            check_left(world, part, row);
        } else if (has_arrived(world, part) && part->uuid[0] != '\0') {
            check_creation(world, part);
        } else if (has_arrived(world, part)) {
            check_update(world, part);
        } else if (!has_arrived(world, part) && was_released(nurse, part->patient)) {
            exempt(world, EXEMPT_RESTORED_LOST, "%s: %s %s", nurse->name, part->type, name_of(part));
        } else if (!has_arrived(world, part) && part->number != 0 && find_version(world, part->target, part->number) != NULL) {
            exempt(world, EXEMPT_RESTORED_TWICE, "%s: %s", nurse->name, part->target);
        } else if (!has_arrived(world, part)) {
            complain(world, LAW_DELIVERED, "%s: %s %s is not at the server, and nobody asked %s", nurse->name, part->type,
                     name_of(part), nurse->name);
        }
    }
    outbox_rows_free(&rows);
}

bool truth_holds_deleted(struct world *world)
{
    bool holds = false;
    truth_look(world);
    for (int i = 0; i < world->nurse_count; i++) {
        holds = charts_hold_deleted(&world->nurses[i]) || holds;
    }
    return holds;
}

void truth_at_end(struct world *world)
{
    truth_look(world);
    for (int i = 0; i < world->nurse_count; i++) {
        check_parts(&world->nurses[i]);
        charts_at_end(&world->nurses[i]);
    }
}
