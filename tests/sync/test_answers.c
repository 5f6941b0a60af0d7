/* Answers as real servers give them: Medplum's and HAPI's shapes, odd ones, lies. */
#include "tests/sync/script.h"

static const cJSON *entries_of(const cJSON *bundle)
{
    return json_array(bundle, "entry");
}

/* No etag, no lastModified, "Type/id" without a version. */
static void like_medplum(struct script *script, const struct request *request, struct response *response)
{
    cJSON *entry = NULL;
    (void)script;
    if (!is_write(request)) {
        return;
    }
    cJSON *tree = answer_tree(response);
    cJSON_ArrayForEach(entry, entries_of(tree)) {
        cJSON *answer = cJSON_GetObjectItemCaseSensitive(entry, "response");
        char location[REFERENCE_SIZE];
        text_copy(location, sizeof location, json_text(answer, "location"));
        location[strcspn(location, "/") + 1 + strcspn(strchr(location, '/') + 1, "/")] = '\0';
        cJSON_DeleteItemFromObjectCaseSensitive(answer, "etag");
        cJSON_DeleteItemFromObjectCaseSensitive(answer, "lastModified");
        cJSON_DeleteItemFromObjectCaseSensitive(answer, "location");
        json_add_text(answer, "location", location);
    }
    answer_set(response, tree);
}

/* HAPI merges what it takes for duplicates: fewer entries than were sent. */
static void fewer_entries(struct script *script, const struct request *request, struct response *response)
{
    (void)script;
    if (is_write(request)) {
        cJSON *tree = answer_tree(response);
        cJSON_DeleteItemFromArray(cJSON_GetObjectItemCaseSensitive(tree, "entry"), 1);
        answer_set(response, tree);
    }
}

static void no_entries(struct script *script, const struct request *request, struct response *response)
{
    (void)script;
    if (is_write(request) && script->step++ == 0) {
        reply(response, 200, FHIR_JSON, "{\"resourceType\":\"Bundle\",\"type\":\"transaction-response\"}");
    }
}

/* An update among the missing ones is told apart by sending it again. */
static void fewer_entries_and_again(struct script *script, const struct request *request, struct response *response)
{
    if (script->step == 0) {
        script->step += is_write(request) ? 1 : 0;
        fewer_entries(script, request, response);
    }
}

/* The answer in another order, each entry with its resource. */
static void other_order(struct script *script, const struct request *request, struct response *response)
{
    if (!is_write(request)) {
        return;
    }
    cJSON *tree = answer_tree(response);
    cJSON *turned = cJSON_CreateArray();
    cJSON *list = cJSON_GetObjectItemCaseSensitive(tree, "entry");
    answer_show(script, tree);
    for (int last = cJSON_GetArraySize(list) - 1; last >= 0; last--) {
        cJSON_AddItemToArray(turned, cJSON_DetachItemFromArray(list, last));
    }
    cJSON_ReplaceItemInObjectCaseSensitive(tree, "entry", turned);
    answer_set(response, tree);
}

/* Locations of another type, as a confused proxy would repeat them: no receipt for anything. */
static void wrong_types(struct script *script, const struct request *request, struct response *response)
{
    cJSON *entry = NULL;
    (void)script;
    if (!is_write(request)) {
        return;
    }
    cJSON *tree = answer_tree(response);
    cJSON_ArrayForEach(entry, entries_of(tree)) {
        cJSON *answer = cJSON_GetObjectItemCaseSensitive(entry, "response");
        if (strstr(json_text(answer, "location"), "Task/") == NULL) {
            cJSON_DeleteItemFromObjectCaseSensitive(answer, "location");
            json_add_text(answer, "location", "Basic/7/_history/1");
        }
    }
    answer_set(response, tree);
}

static void success_is_read_in_every_shape(void **state)
{
    static const struct {
        void (*alter)(struct script *script, const struct request *request, struct response *response);
        int writes;
    } shapes[] = {{like_medplum, 1}, {fewer_entries, 1}, {other_order, 1}, {wrong_types, 1}};
    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        struct bed *bed = new_bed("Group/g1", NULL, 1);
        struct script script;
        script_begin(&script, bed);
        script.alter = shapes[i].alter;
        if (shapes[i].alter == fewer_entries) {
            char visit[UUID_SIZE];
            assert_run(bed, STATUS_OK);
            sign_visit(bed, "p1", small_visit, NULL, visit); /* creations only: all are found by identifier */
            assert_run(bed, STATUS_OK);
            assert_int_equal(script.writes, 1);
            assert_int_equal(number(bed, OUTBOX_COUNT), 0);
        } else {
            assert_accepted(bed, shapes[i].writes);
        }
        script_end(&script);
        free_bed(bed);
    }
}

static void an_update_nobody_mentions_goes_again_and_is_no_conflict(void **state)
{
    struct bed *bed = *state;
    struct script script;
    char visit[UUID_SIZE];
    script_begin(&script, bed);
    assert_run(bed, STATUS_OK);
    script.alter = no_entries;
    sign_visit(bed, "p1", small_visit, "t1", visit);
    assert_run(bed, STATUS_OK); /* the pull of the same run brings it back, as we sent it */
    assert_int_equal(number(bed, OUTBOX_COUNT), 0);
    assert_int_equal(number(bed, "SELECT count(*) FROM conflict"), 0);
    assert_int_equal(held(bed, "Task", "completed"), 1);
    script.step = 0;
    script.alter = fewer_entries_and_again;
    sign_visit(bed, "p2", small_visit, "t2", visit);
    assert_run(bed, STATUS_OK);
    assert_int_equal(number(bed, OUTBOX_COUNT), 0);
    assert_int_equal(number(bed, "SELECT count(*) FROM conflict"), 0);
    script_end(&script);
}

/* A lost reply to an update, repeated: 409, but what is there is what we said. */
static void a_repeated_update_is_no_conflict(void **state)
{
    struct bed *bed = *state;
    char visit[UUID_SIZE];
    struct sync_result result;
    assert_run(bed, STATUS_OK);
    sign_visit(bed, "p1", small_visit, "t1", visit);
    fault(bed, "{\"fault\":\"drop-reply\",\"times\":0,\"match\":\"POST /fhir\"}");
    assert_run(bed, STATUS_UNREACHABLE);
    no_faults(bed);
    sync_result_init(&result);
    assert_int_equal(sync_push(&bed->sync, &result, NULL), STATUS_OK);
    assert_int_equal(number(bed, OUTBOX_COUNT), 0);
    assert_int_equal(number(bed, "SELECT count(*) FROM conflict"), 0);
    assert_int_equal(result.entry.conflicts, 0);
}

/* Answers a POST entry by entry, as a transaction that is run as a batch: one of them is refused. */
static bool as_batch(struct script *script, const struct request *request, struct response *response)
{
    cJSON *bundle = NULL;
    const cJSON *entry = NULL;
    struct buffer body;
    int number = 0;
    if (!is_write(request)) {
        return false;
    }
    assert_int_equal(json_parse(request->body, request->body_length, &bundle, NULL), STATUS_OK);
    buffer_init(&body, RESPONSE_LIMIT);
    buffer_append_text(&body, "{\"resourceType\":\"Bundle\",\"type\":\"batch-response\",\"entry\":[");
    cJSON_ArrayForEach(entry, entries_of(bundle)) {
        const char *type = json_text(json_object(entry, "resource"), "resourceType");
        buffer_append_text(&body, number > 0 ? "," : "");
        if (strcmp(type, "Provenance") == 0) { /* nothing names it */
            buffer_append_text(&body, script->text);
        } else {
            buffer_format(&body, "{\"response\":{\"status\":\"201\",\"location\":\"%s/s%d\"}}", type, number);
        }
        number++;
    }
    buffer_append_text(&body, "]}");
    reply(response, 200, FHIR_JSON, buffer_text(&body));
    buffer_free(&body);
    cJSON_Delete(bundle);
    return true;
}

static void each_entry_of_a_200_is_checked(void **state)
{
    struct bed *bed = *state;
    struct script script;
    struct sync_result result;
    char visit[UUID_SIZE];
    assert_run(bed, STATUS_OK);
    int64_t queued = (int64_t)sign_visit(bed, "p1", small_visit, NULL, visit);
    script_begin(&script, bed);
    script.answer = as_batch;
    script.text = "{\"response\":{\"status\":\"422 Unprocessable\",\"outcome\":" OUTCOME("error", "value too high") "}}";
    sync_result_init(&result);
    assert_int_equal(sync_push(&bed->sync, &result, NULL), STATUS_OK);
    assert_int_equal(script.writes, 1);
    assert_int_equal(result.entry.pushed, queued - 1);
    assert_int_equal(number(bed, OUTBOX_COUNT), 1);
    assert_string_equal(text_of(&bed->fixture, "SELECT state || ' ' || http_status || ' ' || reason FROM outbox"),
                        "refused 422 value too high");
    script_end(&script);
}

static void an_entry_that_is_put_off_waits(void **state)
{
    struct bed *bed = *state;
    struct script script;
    struct sync_result result;
    struct error error = {0};
    char visit[UUID_SIZE];
    assert_run(bed, STATUS_OK);
    int64_t queued = (int64_t)sign_visit(bed, "p1", small_visit, NULL, visit);
    script_begin(&script, bed);
    script.answer = as_batch;
    script.text = "{\"response\":{\"status\":\"429\",\"outcome\":" OUTCOME("error", "slowly") "}}";
    sync_result_init(&result);
    assert_int_equal(sync_push(&bed->sync, &result, &error), STATUS_UNREACHABLE);
    assert_int_equal(result.entry.pushed, queued - 1);
    assert_string_equal(text_of(&bed->fixture, "SELECT state || ' ' || reason FROM outbox"), "waiting slowly");
    script_end(&script);
}

/* Answers every POST with one status and body. */
static bool same_answer(struct script *script, const struct request *request, struct response *response)
{
    if (!is_write(request)) {
        return false;
    }
    reply(response, script->step, strncmp(script->text, "<", 1) == 0 ? "text/html" : FHIR_JSON, script->text);
    return true;
}

static void statuses_are_classed(void **state)
{
    static const struct {
        int http_status;
        const char *body;
        enum status status;
        int refused; /* of the four rows; the rest waits */
    } cases[] = {
        {400, OUTCOME("error", "bad"), STATUS_OK, 1},      {403, OUTCOME("error", "not yours"), STATUS_OK, 1},
        {404, "", STATUS_OK, 1},                           {410, "{}", STATUS_OK, 1},
        {413, "<html>nginx</html>", STATUS_OK, 1},         {422, OUTCOME("fatal", "no"), STATUS_OK, 1},
        {403, "<html>portal</html>", STATUS_UNREACHABLE, 0}, {401, "{}", STATUS_FAILED, 0},
        {408, "", STATUS_UNREACHABLE, 0},                  {429, "", STATUS_UNREACHABLE, 0},
        {500, OUTCOME("error", "oops"), STATUS_UNREACHABLE, 0}, {504, "", STATUS_UNREACHABLE, 0},
        {511, "<html>portal</html>", STATUS_UNREACHABLE, 0}, {301, "", STATUS_FAILED, 0},
        {202, "", STATUS_UNREACHABLE, 0},                  {204, "", STATUS_UNREACHABLE, 0},
        {405, "", STATUS_OK, 1},                           {418, "{}", STATUS_OK, 1},
        {409, OUTCOME("error", "busy"), STATUS_OK, 0},     {412, OUTCOME("error", "several"), STATUS_OK, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bed *bed = new_bed("List/l1", NULL, 1);
        struct script script;
        struct sync_result result;
        struct error error = {0};
        char visit[UUID_SIZE];
        assert_run(bed, STATUS_OK);
        int64_t queued = (int64_t)sign_visit(bed, "p1", small_visit, NULL, visit);
        script_begin(&script, bed);
        script.answer = same_answer;
        script.step = cases[i].http_status;
        script.text = cases[i].body;
        sync_result_init(&result);
        enum status status = sync_push(&bed->sync, &result, &error);
        status = status == STATUS_OK ? result.complaint.status : status;
        int64_t refused = number(bed, "SELECT count(*) FROM outbox WHERE state = 'refused' AND reason <> ''");
        if (status != cases[i].status || refused != cases[i].refused) {
            fail_msg("%d: ended with %d, %d refused: %s", cases[i].http_status, (int)status, (int)refused, error.sentence);
        }
        assert_int_equal(number(bed, "SELECT count(*) FROM outbox WHERE state = 'waiting'"), queued - refused);
        script_end(&script);
        if (refused > 0) {
            assert_int_equal(outbox_retry(bed->fixture.store, number(bed, "SELECT number FROM outbox WHERE state = 'refused'"), NULL),
                             STATUS_OK);
        }
        assert_run(bed, STATUS_OK);
        assert_int_equal(number(bed, OUTBOX_COUNT), 0);
        assert_int_equal(held(bed, "Encounter", visit), 1);
        free_bed(bed);
    }
}

/* The server says that our identifier is taken: what is there is adopted. */
static bool taken_already(struct script *script, const struct request *request, struct response *response)
{
    if (!is_write(request)) {
        return false;
    }
    struct response first;
    response_init(&first);
    assert_int_equal(script->inner.exchange(script->inner.context, request, &first, NULL), STATUS_OK);
    response_free(&first);
    reply(response, script->step, FHIR_JSON, OUTCOME("error", "it is there"));
    return true;
}

static void what_is_there_already_is_adopted(void **state)
{
    static const int statuses[] = {409, 412};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct bed *bed = new_bed("List/l1", NULL, 1);
        struct script script;
        char visit[UUID_SIZE];
        struct sync_result result;
        assert_run(bed, STATUS_OK);
        int64_t queued = (int64_t)sign_visit(bed, "p1", small_visit, NULL, visit);
        script_begin(&script, bed);
        script.answer = taken_already;
        script.step = statuses[i];
        sync_result_init(&result);
        assert_int_equal(sync_push(&bed->sync, &result, NULL), STATUS_OK);
        assert_int_equal(result.entry.pushed, queued);
        assert_int_equal(number(bed, OUTBOX_COUNT), 0);
        assert_int_equal(held(bed, "Encounter", visit), 1);
        script_end(&script);
        free_bed(bed);
    }
}

/* A server that passes over "identifier=" shows somebody else's Encounter. */
static bool strange_look_up(struct script *script, const struct request *request, struct response *response)
{
    if (is_write(request)) {
        reply(response, 409, FHIR_JSON, OUTCOME("error", "busy"));
        return true;
    }
    (void)script;
    if (strstr(request->url, "/Encounter?identifier") == NULL) {
        return false;
    }
    reply(response, 200, FHIR_JSON,
          "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"entry\":[{\"resource\":{\"resourceType\":\"Encounter\","
          "\"id\":\"other\",\"meta\":{\"versionId\":\"1\"},\"status\":\"finished\"}}]}");
    return true;
}

static void somebody_elses_is_not_adopted(void **state)
{
    struct bed *bed = *state;
    struct script script;
    char visit[UUID_SIZE];
    struct sync_result result;
    assert_run(bed, STATUS_OK);
    int64_t queued = (int64_t)sign_visit(bed, "p1", small_visit, NULL, visit);
    script_begin(&script, bed);
    script.answer = strange_look_up;
    sync_result_init(&result);
    assert_int_equal(sync_push(&bed->sync, &result, NULL), STATUS_OK);
    assert_int_equal(number(bed, "SELECT count(*) FROM outbox WHERE state = 'waiting'"), queued);
    assert_int_equal(number(bed, "SELECT count(*) FROM identity"), 0);
    script_end(&script);
}

/* The first Observation is said to have become a weight of somebody else. */
static void names_somebody_elses(struct script *script, const struct request *request, struct response *response)
{
    cJSON *entry = NULL;
    (void)script;
    if (!is_write(request)) {
        return;
    }
    cJSON *tree = answer_tree(response);
    cJSON_ArrayForEach(entry, entries_of(tree)) {
        cJSON *answer = cJSON_GetObjectItemCaseSensitive(entry, "response");
        if (text_starts_with(json_text(answer, "location"), "Observation/")) {
            cJSON_DeleteItemFromObjectCaseSensitive(answer, "location");
            json_add_text(answer, "location", "Observation/o2-0/_history/1");
            break;
        }
    }
    answer_set(response, tree);
}

static void what_the_record_refuses_does_not_count_as_pushed(void **state)
{
    struct bed *bed = *state;
    struct script script;
    char visit[UUID_SIZE];
    assert_run(bed, STATUS_OK);
    script_begin(&script, bed);
    script.alter = names_somebody_elses;
    int queued = (int)sign_visit(bed, "p1", small_visit, NULL, visit);
    struct sync_result result;
    sync_result_init(&result);
    assert_int_equal(sync_push(&bed->sync, &result, NULL), STATUS_OK);
    assert_int_equal(number(bed, "SELECT count(*) FROM outbox WHERE state = 'refused'"), 1);
    assert_int_equal(number(bed, OUTBOX_COUNT), 1);
    assert_int_equal(result.entry.pushed, queued - 1);
    assert_int_equal(result.entry.rejected, 1);
    script_end(&script);
}

#define bed_test(name) cmocka_unit_test_setup_teardown(name, group_bed, leave_bed)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(success_is_read_in_every_shape),
        bed_test(an_update_nobody_mentions_goes_again_and_is_no_conflict),
        bed_test(a_repeated_update_is_no_conflict),
        bed_test(each_entry_of_a_200_is_checked),
        bed_test(an_entry_that_is_put_off_waits),
        cmocka_unit_test(statuses_are_classed),
        cmocka_unit_test(what_is_there_already_is_adopted),
        bed_test(somebody_elses_is_not_adopted),
        bed_test(what_the_record_refuses_does_not_count_as_pushed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
