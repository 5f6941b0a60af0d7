/*
 * What must hold at the server in the end, when all is quiet: see truth.c. And
 * of what is left in an outbox, that there is a reason for it.
 */
#include "tests/sim/truth.h"

#include "fhir/resource.h"

#include <stdlib.h>

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

/* Whether a server that went back had something by this name, which is not there again by another. */
static bool was_lost(const struct world *world, const char *target)
{
    char type[RESOURCE_TYPE_SIZE];
    text_format(type, sizeof type, "%.*s", (int)strcspn(target, "/"), target);
    for (size_t i = 0; i < world->former_count; i++) {
        if (strcmp(world->formers[i].target, target) == 0 && seen_made(world, type, world->formers[i].uuid) != NULL) {
            return false;
        }
    }
    return world->restored;
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

/* Whether nothing was ever called so: an id that was promised to what the server then refused. */
static bool never_was(const struct world *world, const char *target)
{
    for (size_t i = 0; i < world->seen_count; i++) {
        if (strcmp(world->seen[i].target, target) == 0) {
            return false;
        }
    }
    return true;
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
            return stands_for(world, type, slash + 1, theirs->valuestring) ||
                   never_was(world, theirs->valuestring); /* for a while, at a server that runs batches: see check_references() */
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

/* A correction of what had arrived takes nothing back that somebody else changed in it. */
static void check_correction(struct world *world, const struct part *part)
{
    const struct seen *made = part_corrected(world, part);
    const struct seen *replaced = seen_version(world, made->target, made->number - 1);
    if (replaced == NULL || made->author != part->nurse || world->restored) {
        return;
    }
    if (replaced->deleted) {
        complain(world, LAW_OFFICE, "n%d's correction revived %s, which was deleted", part->nurse, made->target);
    } else if (!text_equal(part->type, "MedicationStatement") && /* whose status is what she corrects */
               !text_equal(json_text(made->body, "status"), json_text(replaced->body, "status"))) {
        complain(world, LAW_OFFICE, "n%d's correction of %s took back its status", part->nurse, made->target);
    }
}

static void check_creation(struct world *world, const struct part *part)
{
    const struct seen *first = seen_made(world, part->type, part->uuid);
    bool deleted = seen_is_deleted(world, first->target);
    for (size_t i = 0; i < world->seen_count; i++) {
        const struct seen *seen = &world->seen[i];
        if (seen->number != 1 || strcmp(seen->uuid, part->uuid) != 0 || strcmp(seen->type, part->type) != 0 ||
            strcmp(seen->target, first->target) == 0) {
            continue;
        }
        if (deleted) {
            exempt(world, EXEMPT_REVIVED, "%s is %s again", first->target, seen->target);
            deleted = seen_is_deleted(world, seen->target);
        } else {
            complain(world, LAW_ONCE, "%s %s is %s and %s", part->type, part->uuid, first->target, seen->target);
        }
    }
    bool as_signed = is_as_signed(world, part->tree, first->body);
    for (size_t i = 0; i < part->corrections && !as_signed; i++) {
        as_signed = is_as_signed(world, part->earlier[i], first->body);
    }
    if (part->corrections > 0) {
        check_correction(world, part);
    }
    if (!as_signed) {
        char *text = json_print(first->body);
        trace(world, "signed: %s", part->body);
        trace(world, "stored: %s", text);
        complain(world, LAW_CONTENT, "%s is not what n%d signed", first->target, part->nurse);
        memory_free(text);
    }
}

/* Members in which two versions of a task differ, but for a nurse's answer; if she `decided`, also to what it is one, and a
 * remark beside it. */
static bool differ_elsewhere(const cJSON *a, const cJSON *b, bool decided)
{
    static const char *const answer[] = {"meta", "status", "statusReason", "lastModified"};
    const cJSON *member = NULL;
    cJSON_ArrayForEach(member, a) {
        bool skipped = decided && (strcmp(member->string, "description") == 0 || strcmp(member->string, "note") == 0);
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
    const struct seen *made = part_update(world, part);
    const struct seen *replaced = seen_version(world, part->target, made->number - 1);
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
    if (differ_elsewhere(made->body, replaced->body, part->decided) || differ_elsewhere(replaced->body, made->body, part->decided)) {
        complain(world, LAW_OFFICE, "n%d's answer made version %lld of %s and took back what was changed in it", part->nurse,
                 (long long)made->number, part->target);
    }
    const char *asked = json_text(made->body, "description");
    if (!text_equal(asked, json_text(part->tree, "description"))) {
        complain(world, LAW_OFFICE, "n%d's answer to %s stands under another question: %s", part->nurse, part->target, asked);
    }
    for (int64_t number = base + 1; number < made->number; number++) {
        const struct seen *between = seen_version(world, part->target, number);
        const struct seen *earlier = seen_version(world, part->target, number - 1);
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
            const struct seen *made = seen_made(world, type, slash + 1);
            return made == NULL || seen_is_deleted(world, made->target);
        }
        return seen_is_deleted(world, node->valuestring) ||
               (seen_version(world, node->valuestring, 1) == NULL && was_lost(world, node->valuestring));
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
    const struct seen *made = part->uuid[0] != '\0' ? seen_made(world, part->type, part->uuid) : NULL;
    const char *target = made != NULL ? made->target : part->target;
    int64_t base = made != NULL ? made->number : strtoll(part->base, NULL, 10);
    for (size_t i = 0; i < world->seen_count; i++) {
        const struct seen *seen = &world->seen[i];
        if (strcmp(seen->target, target) == 0 && seen->number > base && seen->author != part->nurse) {
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
        complain(world, LAW_DELIVERED, "n%d: %s %s still waits: %s", part->nurse, part->type, part_name(part), row->reason);
    } else {
        complain(world, LAW_CONFLICT, "n%d: %s %s is left as %s without a reason: %s", part->nurse, part->type, part_name(part),
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
        const struct outbox_row *row = part_row(&rows, part);
        if (part->nurse != nurse->number || part->lost) {
            continue;
        }
        if (row != NULL) {
            check_left(world, part, row);
        } else if (part_has_arrived(world, part) && part->uuid[0] != '\0') {
            check_creation(world, part);
        } else if (part_has_arrived(world, part)) {
            check_update(world, part);
        } else if (!part_has_arrived(world, part) && was_released(nurse, part->patient)) {
            exempt(world, EXEMPT_RESTORED_LOST, "%s: %s %s", nurse->name, part->type, part_name(part));
        } else if (!part_has_arrived(world, part) && part->number != 0 && seen_version(world, part->target, part->number) != NULL) {
            exempt(world, EXEMPT_RESTORED_TWICE, "%s: %s", nurse->name, part->target);
        } else if (!part_has_arrived(world, part)) {
            complain(world, LAW_DELIVERED, "%s: %s %s is not at the server, and nobody asked %s", nurse->name, part->type,
                     part_name(part), nurse->name);
        }
    }
    outbox_rows_free(&rows);
}

/* Whether somebody's outbox still has to do with it. */
static bool still_waits(const struct world *world, const struct seen *seen)
{
    bool waits = false;
    for (int i = 0; i < world->nurse_count && !waits; i++) {
        struct outbox_rows rows;
        assert_int_equal(query_outbox(world->nurses[i].fixture.store, &rows, NULL), STATUS_OK);
        for (size_t j = 0; j < rows.count; j++) {
            const struct outbox_row *row = &rows.items[j];
            waits = waits || (strcmp(row->type, seen->type) == 0 &&
                              (strcmp(row->id, seen->id) == 0 || strcmp(row->uuid, seen->uuid) == 0));
        }
        outbox_rows_free(&rows);
    }
    return waits;
}

static void check_named(struct world *world, const struct seen *seen, const cJSON *node)
{
    const cJSON *child = NULL;
    const char *reference = cJSON_IsString(node) && text_equal(node->string, "reference") ? node->valuestring : NULL;
    if (reference != NULL && reference[0] != '#' && never_was(world, reference) && !still_waits(world, seen)) {
        complain(world, LAW_REFERENCE, "%s of n%d names %s, which never was", seen->target, seen->author, reference);
    }
    cJSON_ArrayForEach(child, node) {
        check_named(world, seen, child);
    }
}

/* What was refused in the end leaves what names it in the outbox. A server that went back may have had it. */
static void check_references(struct world *world)
{
    for (size_t i = 0; i < world->seen_count && !world->restored; i++) {
        const struct seen *seen = &world->seen[i];
        if (seen->current && !seen->deleted && seen->uuid[0] != '\0') {
            check_named(world, seen, seen->body);
        }
    }
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
    check_references(world);
}
