/*
 * Everyone else who writes at the server: the office, doctors, other systems.
 * A change may have begun a while before it becomes visible; not when someone
 * wrote the same row since, which a real server would have refused.
 */
#include "tests/sim/sim.h"

#define OVERLAP (10 * INSTANT_MINUTE) /* a transaction may last as long, DESIGN.md says */

/* One write; returns the status. */
static int write_now(struct world *world, const char *method, const char *target, const char *body, instant begun)
{
    char url[256];
    struct model_answer answer;
    text_format(url, sizeof url, target[0] == '\0' ? MODEL_BASE "%s" : MODEL_BASE "/%s", target);
    struct model_request request = {.method = method, .url = url, .body = body, .length = body == NULL ? 0 : strlen(body),
                                    .author = OFFICE, .begun = begun};
    model_handle(world->model, &request, &answer);
    int status = answer.status;
    model_answer_free(&answer);
    world->tally.office_changes++;
    trace(world, "office %s %s -> %d%s", method, target, status, begun < world->now ? ", visible late" : "");
    return status;
}

static void put(struct world *world, const char *target, const char *body, instant begun)
{
    int status = write_now(world, "PUT", target, body, begun);
    assert_true(status == 200 || status == 201);
}

/* When a change began that is seen now; `since`: the last write to the same row. */
static instant begun_at(struct world *world, instant since)
{
    static const instant lags[] = {INSTANT_SECOND, 20 * INSTANT_SECOND, 2 * INSTANT_MINUTE, 9 * INSTANT_MINUTE, OVERLAP};
    if (world->healed || !world->allowed[TROUBLE_LATE_ROWS] || chance(world, 40)) {
        return world->now;
    }
    instant begun = world->now - lags[draw(world, sizeof lags / sizeof lags[0])];
    if (begun <= since) {
        return world->now;
    }
    strike(world, TROUBLE_LATE_ROWS);
    return begun;
}

/* --- charts --------------------------------------------------------------------------------------------- */

static void append_observation(struct world *world, struct buffer *out, const char *id, int patient)
{
    char at[40];
    instant_format_fhir(at, sizeof at, world->now - (instant)draw(world, 20 * 24) * INSTANT_HOUR);
    buffer_append_text(out, "{\"resourceType\":\"Observation\",");
    if (id[0] != '\0') {
        buffer_format(out, "\"id\":\"%s\",", id);
    }
    buffer_format(out, "\"status\":\"final\",\"code\":{\"coding\":[{\"system\":\"http://loinc.org\",\"code\":\"29463-7\"}]},"
                       "\"subject\":{\"reference\":\"Patient/p%d\"},\"effectiveDateTime\":\"%s\",\"valueQuantity\":{\"value\":"
                       "61.%02u,\"unit\":\"kg\",\"system\":\"http://unitsofmeasure.org\",\"code\":\"kg\"}}",
                  patient, at, draw(world, 100));
}

/* One thing after the other, the last of them before `until`. */
static void put_chart(struct world *world, int patient, instant until)
{
    instant at = until - INSTANT_MINUTE;
    char target[48];
    char body[1024];
    char id[24];
    static const char *const rest[][2] = {
        {"AllergyIntolerance", "\"code\":{\"text\":\"Penicillin\"},\"patient\""},
        {"Condition", "\"code\":{\"text\":\"Heart failure\"},\"subject\""},
        {"MedicationRequest", "\"status\":\"active\",\"intent\":\"order\",\"medicationCodeableConcept\":{\"text\":"
                              "\"Furosemide 40 mg\"},\"subject\""},
        {"Flag", "\"status\":\"active\",\"code\":{\"text\":\"Dog\"},\"subject\""},
        {"Task", "\"status\":\"requested\",\"intent\":\"plan\",\"description\":\"Weigh\",\"for\""},
    };
    text_format(target, sizeof target, "Patient/p%d", patient);
    text_format(body, sizeof body, "{\"resourceType\":\"Patient\",\"id\":\"p%d\",\"name\":[{\"family\":\"Kim\",\"given\":"
                                   "[\"Number %d\"]}],\"gender\":\"female\",\"birthDate\":\"1938-04-02\"}", patient, patient);
    put(world, target, body, at);
    for (size_t i = 0; i < sizeof rest / sizeof rest[0]; i++) {
        text_format(id, sizeof id, "%.2s%d", rest[i][0], patient);
        text_format(target, sizeof target, "%s/%s", rest[i][0], id);
        text_format(body, sizeof body, "{\"resourceType\":\"%s\",\"id\":\"%s\",%s:{\"reference\":\"Patient/p%d\"}}", rest[i][0],
                    id, rest[i][1], patient);
        put(world, target, body, at += INSTANT_SECOND);
    }
    for (uint32_t i = draw(world, 6); i > 0; i--) {
        struct buffer one;
        buffer_init(&one, 4096);
        text_format(id, sizeof id, "o%d-%u", patient, i);
        text_format(target, sizeof target, "Observation/%s", id);
        append_observation(world, &one, id, patient);
        put(world, target, buffer_text(&one), at += INSTANT_SECOND);
        buffer_free(&one);
    }
}

/* --- who has whom --------------------------------------------------------------------------------------- */

static void write_list(struct world *world, const struct nurse *nurse, instant at)
{
    bool group = nurse->kind == BY_GROUP;
    struct buffer out;
    char target[32];
    const char *separator = "";
    buffer_init(&out, 8192);
    buffer_format(&out, group ? "{\"resourceType\":\"Group\",\"id\":\"g%s\",\"type\":\"person\",\"actual\":true,\"member\":["
                              : "{\"resourceType\":\"List\",\"id\":\"l%s\",\"status\":\"current\",\"mode\":\"working\",\"entry\":[",
                  nurse->name);
    for (int i = 0; i < world->patient_count; i++) {
        if (nurse->member[i]) {
            buffer_format(&out, "%s{\"%s\":{\"reference\":\"Patient/p%d\"}}", separator, group ? "entity" : "item", i + 1);
            separator = ",";
        }
    }
    buffer_append_text(&out, "]}");
    text_format(target, sizeof target, group ? "Group/g%s" : "List/l%s", nurse->name);
    put(world, target, buffer_text(&out), at);
    buffer_free(&out);
}

static void write_appointment(struct world *world, const struct nurse *nurse, int patient, instant at)
{
    char target[48];
    char body[600];
    char start[40];
    char end[40];
    instant day = instant_add_days(instant_day_start(START), patient % 5 - 1);
    instant_format_fhir(start, sizeof start, day + 10 * INSTANT_HOUR);
    instant_format_fhir(end, sizeof end, day + 11 * INSTANT_HOUR);
    text_format(target, sizeof target, "Appointment/a%s-%d", nurse->name, patient + 1);
    text_format(body, sizeof body, "{\"resourceType\":\"Appointment\",\"id\":\"a%s-%d\",\"status\":\"%s\",\"start\":\"%s\",\"end\":"
                                   "\"%s\",\"participant\":[{\"actor\":{\"reference\":\"Patient/p%d\"},\"status\":\"accepted\"},"
                                   "{\"actor\":{\"reference\":\"Practitioner/%s\"},\"status\":\"accepted\"}]}",
                nurse->name, patient + 1, nurse->member[patient] ? "booked" : "cancelled", start, end, patient + 1, nurse->name);
    put(world, target, body, at);
}

/* The newest version of `target`, or a count of all when there is none. */
static size_t find_current(const struct world *world, const char *target)
{
    size_t i = model_count(world->model);
    while (i-- > 0) {
        if (strcmp(model_version(world->model, i).target, target) == 0) {
            return i;
        }
    }
    return model_count(world->model);
}

static void replace(cJSON *object, const char *name, cJSON *value)
{
    cJSON_DeleteItemFromObjectCaseSensitive(object, name);
    assert_true(cJSON_AddItemToObject(object, name, value));
}

static void put_tree(struct world *world, const char *target, cJSON *tree, instant at)
{
    char *text = json_print(tree);
    put(world, target, text, at);
    memory_free(text);
    cJSON_Delete(tree);
}

/* By Patient.generalPractitioner, which several nurses may be. */
static void write_practitioners(struct world *world, int patient, instant at)
{
    char target[32];
    char reference[40];
    text_format(target, sizeof target, "Patient/p%d", patient + 1);
    cJSON *tree = model_body(world->model, find_current(world, target));
    cJSON *list = cJSON_CreateArray();
    for (int i = 0; i < world->nurse_count; i++) {
        if (world->nurses[i].kind == BY_SEARCH && world->nurses[i].member[patient]) {
            text_format(reference, sizeof reference, "Practitioner/%s", world->nurses[i].name);
            json_add_text(json_add_object(list, NULL), "reference", reference);
        }
    }
    if (cJSON_GetArraySize(list) == 0) {
        cJSON_Delete(list);
        cJSON_DeleteItemFromObjectCaseSensitive(tree, "generalPractitioner");
    } else {
        replace(tree, "generalPractitioner", list);
    }
    put_tree(world, target, tree, at);
}

static void write_membership(struct world *world, const struct nurse *nurse, int patient, instant at)
{
    switch (nurse->kind) {
    case BY_GROUP:
    case BY_LIST:
        write_list(world, nurse, at);
        return;
    case BY_SEARCH:
        write_practitioners(world, patient, at);
        return;
    case BY_APPOINTMENT:
    case CASELOAD_KINDS:
        write_appointment(world, nurse, patient, at);
        return;
    }
}

static int members(const struct nurse *nurse)
{
    int count = 0;
    for (int i = 0; i < nurse->world->patient_count; i++) {
        count += nurse->member[i] ? 1 : 0;
    }
    return count;
}

/* A patient comes to a nurse or leaves her; nobody is left without any. */
static void hand_over(struct world *world)
{
    struct nurse *nurse = &world->nurses[draw(world, (uint32_t)world->nurse_count)];
    int patient = (int)draw(world, (uint32_t)world->patient_count);
    if (nurse->member[patient] && members(nurse) == 1) {
        return;
    }
    nurse->member[patient] = !nurse->member[patient];
    trace(world, "office: p%d %s %s", patient + 1, nurse->member[patient] ? "comes to" : "leaves", nurse->name);
    write_membership(world, nurse, patient, world->now);
}

static void admit(struct world *world)
{
    if (world->patient_count < PATIENTS_AT_MOST) {
        int patient = world->patient_count++;
        struct nurse *nurse = &world->nurses[draw(world, (uint32_t)world->nurse_count)];
        put_chart(world, patient + 1, world->now);
        nurse->member[patient] = true;
        trace(world, "office: p%d is new, for %s", patient + 1, nurse->name);
        write_membership(world, nurse, patient, world->now);
    }
}

static void write_memberships(struct world *world)
{
    for (int i = 0; i < world->nurse_count; i++) {
        struct nurse *nurse = &world->nurses[i];
        for (int patient = 0; patient < world->patient_count; patient++) {
            if (nurse->kind == BY_SEARCH || nurse->kind == BY_APPOINTMENT || patient == 0) {
                write_membership(world, nurse, patient, world->now);
            }
        }
    }
}

void office_catch_up(struct world *world)
{
    char target[32];
    for (int i = 0; i < world->patient_count; i++) {
        text_format(target, sizeof target, "Patient/p%d", i + 1);
        if (find_current(world, target) == model_count(world->model)) {
            put_chart(world, i + 1, world->now);
        }
    }
    write_memberships(world);
}

void office_begin(struct world *world)
{
    instant at = START - INSTANT_DAY;
    char target[32];
    char body[128];
    for (int i = 1; i <= NURSES_AT_MOST; i++) {
        text_format(target, sizeof target, "Practitioner/n%d", i);
        text_format(body, sizeof body, "{\"resourceType\":\"Practitioner\",\"id\":\"n%d\",\"name\":[{\"text\":\"Nurse Lee\"}]}", i);
        put(world, target, body, at);
    }
    for (int i = 0; i < world->patient_count; i++) {
        put_chart(world, i + 1, at);
        for (int n = 0; n < world->nurse_count; n++) {
            world->nurses[n].member[i] = i == n || chance(world, 50);
        }
    }
    write_memberships(world);
}

/* --- changes -------------------------------------------------------------------------------------------- */

/* Draws one of the current resources of a type by the office (or by anyone). False when there is none. */
static bool draw_resource(struct world *world, const char *type, bool anyone, size_t *index)
{
    size_t length = strlen(type);
    uint32_t count = 0;
    for (size_t i = 0; i < model_count(world->model); i++) {
        struct model_version version = model_version(world->model, i);
        if (version.current && !version.deleted && (anyone || strspn(version.id, "0123456789") < strlen(version.id)) &&
            strncmp(version.target, type, length) == 0 && version.target[length] == '/' && draw(world, ++count) == 0) {
            *index = i;
        }
    }
    return count > 0;
}

/* Puts a text of the office into a member; without one, a new code text. */
static void edit(struct world *world, const char *type, const char *member, const char *value, bool anyone)
{
    size_t index = 0;
    char text[48];
    if (draw_resource(world, type, anyone, &index)) {
        struct model_version version = model_version(world->model, index);
        char target[MODEL_TARGET_SIZE];
        cJSON *tree = model_body(world->model, index);
        text_copy(target, sizeof target, version.target);
        text_format(text, sizeof text, "office %d", ++world->changes);
        replace(tree, member, cJSON_CreateString(value != NULL ? value : text));
        put_tree(world, target, tree, begun_at(world, version.at));
    }
}

static void observe(struct world *world, instant begun)
{
    struct buffer out;
    int patient = 1 + (int)draw(world, (uint32_t)world->patient_count);
    const char *separator = "";
    buffer_init(&out, 64 * 1024);
    buffer_append_text(&out, "{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[");
    for (uint32_t i = 1 + draw(world, 8); i > 0; i--) {
        buffer_format(&out, "%s{\"request\":{\"method\":\"POST\",\"url\":\"Observation\"},\"resource\":", separator);
        append_observation(world, &out, "", patient);
        buffer_append_byte(&out, '}');
        separator = ",";
    }
    buffer_append_text(&out, "]}");
    assert_int_equal(write_now(world, "POST", "", buffer_text(&out), begun), 200);
    buffer_free(&out);
}

static void delete_one(struct world *world)
{
    static const char *const types[] = {"Observation", "Flag", "AllergyIntolerance", "Task"};
    size_t index = 0;
    char target[MODEL_TARGET_SIZE];
    if (draw_resource(world, types[draw(world, 4)], false, &index)) {
        text_copy(target, sizeof target, model_version(world->model, index).target);
        write_now(world, "DELETE", target, NULL, world->now);
    }
}

/* Deletes something a nurse made, and the Provenance that names it, which would keep it. */
static void delete_made(struct world *world)
{
    static const char *const types[] = {"Observation", "DocumentReference", "Consent"};
    size_t made = 0;
    struct buffer out;
    if (!draw_resource(world, types[draw(world, 3)], true, &made) || model_version(world->model, made).author == OFFICE) {
        return;
    }
    buffer_init(&out, 4096);
    buffer_format(&out, "{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[{\"request\":{\"method\":\"DELETE\",\"url\":"
                        "\"%s\"}}", model_version(world->model, made).target);
    for (size_t i = 0; i < model_count(world->model); i++) {
        struct model_version version = model_version(world->model, i);
        if (version.current && !version.deleted && text_starts_with(version.target, "Provenance/")) {
            cJSON *tree = model_body(world->model, i);
            char *text = json_print(tree);
            char quoted[MODEL_TARGET_SIZE + 2];
            text_format(quoted, sizeof quoted, "\"%s\"", model_version(world->model, made).target);
            if (strstr(text, quoted) != NULL) {
                buffer_format(&out, ",{\"request\":{\"method\":\"DELETE\",\"url\":\"%s\"}}", version.target);
            }
            memory_free(text);
            cJSON_Delete(tree);
        }
    }
    buffer_append_text(&out, "]}");
    trace(world, "office deletes %s, which a nurse made", model_version(world->model, made).target);
    write_now(world, "POST", "", buffer_text(&out), world->now); /* a server may say that others need it */
    buffer_free(&out);
}

void office_act_latest(struct world *world)
{
    strike(world, TROUBLE_LATE_ROWS);
    observe(world, world->now - OVERLAP);
}

void office_act_on_tasks(struct world *world)
{
    for (int i = 0; i < world->patient_count; i++) {
        edit(world, "Task", "description", NULL, false);
    }
}

void office_act(struct world *world)
{
    switch (draw(world, 16)) {
    case 0:
    case 1:
        edit(world, "Task", "description", NULL, false);
        return;
    case 2:
        edit(world, "Task", "status", "cancelled", false);
        return;
    case 3:
        edit(world, "Patient", "language", "ko", false);
        return;
    case 4:
        edit(world, "MedicationRequest", "status", "stopped", false);
        return;
    case 5:
        edit(world, "Observation", "status", "amended", true);
        return;
    case 6:
        edit(world, "Encounter", "status", "finished", true);
        return;
    case 7:
        delete_one(world);
        return;
    case 8:
        delete_made(world);
        return;
    case 9:
    case 10:
        hand_over(world);
        return;
    case 11:
        admit(world);
        return;
    default:
        observe(world, begun_at(world, 0));
        return;
    }
}
