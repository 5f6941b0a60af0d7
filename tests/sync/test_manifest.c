/* What the server deleted leaves the charts; what is missing here is fetched; and what asking for it costs. */
#include "tests/sync/script.h"

#include "sync/charts.h"
#include "sync/manifest.h"

/* The device's clock, as far ahead as a test wants it. */
static int64_t ahead_now(void *context)
{
    return system_clock_now(NULL) + *(int64_t *)context;
}

static int64_t ahead;

static void wait_hours(struct bed *bed, int hours)
{
    ahead += hours * INSTANT_HOUR;
    bed->sync.clock.now = ahead_now;
    bed->sync.clock.context = &ahead;
}

static int begin(void **state)
{
    ahead = 0;
    return group_bed(state);
}

static void what_the_server_deleted_leaves_the_charts(void **state)
{
    struct bed *bed = *state;
    assert_run(bed, STATUS_OK);
    delete_resource(bed, "Observation/o1-1");
    delete_resource(bed, "AllergyIntolerance/al2");
    delete_resource(bed, "Appointment/a7");
    assert_run(bed, STATUS_OK); /* too soon after the last check */
    assert_int_equal(bed->result.removed, 0);
    wait_hours(bed, MANIFEST_HOURS);
    assert_run(bed, STATUS_OK);
    assert_int_equal(bed->result.removed, 3);
    assert_int_equal(number(bed, "SELECT count(*) FROM resource WHERE id IN ('o1-1', 'al2', 'a7')"), 0);
    assert_int_equal(number(bed, "SELECT count(*) FROM reading WHERE patient = 'p1'"), 2);
    assert_int_equal(number(bed, "SELECT count(*) FROM allergy"), PATIENTS - 1);
    assert_int_equal(number(bed, "SELECT count(*) FROM audit WHERE action = 'remove' AND resource IN ('o1-1', 'al2', 'a7')"), 3);
    assert_int_equal(number(bed, COMPLETE_COUNT), PATIENTS);
    wait_hours(bed, MANIFEST_HOURS);
    assert_run(bed, STATUS_OK);
    assert_int_equal(bed->result.removed, 0);
    assert_int_equal(bed->result.entry.requests, 4); /* what the server is, the Group, what is new, the numbers */
}

/* A wrong allergy is not on the screen for a day more. */
static void a_deletion_is_noticed_within_the_hour(void **state)
{
    struct bed *bed = *state;
    assert_run(bed, STATUS_OK);
    delete_resource(bed, "AllergyIntolerance/al2");
    wait_hours(bed, NUMBERS_HOURS);
    assert_run(bed, STATUS_OK);
    assert_int_equal(bed->result.removed, 1);
    delete_resource(bed, "AllergyIntolerance/al3");
    assert_run(bed, STATUS_OK); /* too soon after that */
    assert_int_equal(bed->result.removed, 0);
    wait_hours(bed, NUMBERS_HOURS);
    assert_run(bed, STATUS_OK);
    assert_int_equal(bed->result.removed, 1);
    wait_hours(bed, NUMBERS_HOURS);
    assert_run(bed, STATUS_OK);
    assert_int_equal(bed->result.entry.requests, 3); /* the Group, what is new, the numbers */
}

/* A hole, however it came about. */
static void what_is_missing_here_is_fetched(void **state)
{
    struct bed *bed = *state;
    assert_run(bed, STATUS_OK);
    assert_int_equal(record_remove(bed->fixture.store, "Task", "t4", NULL), STATUS_OK);
    assert_int_equal(record_remove(bed->fixture.store, "Observation", "o5-2", NULL), STATUS_OK);
    assert_run(bed, STATUS_OK);
    assert_int_equal(number(bed, "SELECT count(*) FROM resource WHERE id IN ('t4', 'o5-2')"), 0);
    wait_hours(bed, MANIFEST_HOURS);
    assert_run(bed, STATUS_OK);
    assert_int_equal(number(bed, "SELECT count(*) FROM resource WHERE id IN ('t4', 'o5-2')"), 2);
    assert_int_equal(bed->result.removed, 0);
}

static void what_is_unsent_or_imported_stays(void **state)
{
    struct bed *bed = *state;
    char visit[UUID_SIZE];
    assert_run(bed, STATUS_OK);
    assert_int_equal(import(&bed->fixture, WEIGHT("paper", "1", "2026-11-20T00:00:00Z", "p1", "2026-11-20T00:00:00Z", "62.0")),
                     APPLY_STORED);
    sign_visit(bed, "p1", small_visit, "t1", visit);
    delete_resource(bed, "Task/t1");
    fault(bed, "{\"fault\":\"reject\",\"contains\":\"8867-4\"}");
    wait_hours(bed, MANIFEST_HOURS);
    assert_run(bed, STATUS_ATTENTION);
    assert_int_equal(number(bed, "SELECT count(*) FROM resource WHERE id = 'paper'"), 1);
    assert_int_equal(number(bed, "SELECT count(*) FROM outbox o JOIN resource r ON r.key = o.resource WHERE r.type = 'Observation'"), 1);
}

/* A list that lacks something is not believed: the server still has it. */
static void shorten(struct script *script, const struct request *request, struct response *response)
{
    (void)script;
    if (strstr(request->url, "/Task?") != NULL || request->asks) {
        cJSON *tree = answer_tree(response);
        cJSON *entry = NULL;
        cJSON_ArrayForEach(entry, json_array(tree, "entry")) {
            cJSON *list = cJSON_GetObjectItemCaseSensitive(entry, "resource");
            if (request->asks && cJSON_HasObjectItem(list, "total") && json_array(list, "entry") == NULL) {
                cJSON_SetIntValue(cJSON_GetObjectItemCaseSensitive(list, "total"), 0);
            }
        }
        if (!request->asks) {
            cJSON_DeleteItemFromObjectCaseSensitive(tree, "entry");
            cJSON_DeleteItemFromObjectCaseSensitive(tree, "total"); /* or it would be no list of all */
        }
        answer_set(response, tree);
    }
}

static void nothing_leaves_because_a_list_lacks_it(void **state)
{
    struct bed *bed = *state;
    struct script script;
    assert_run(bed, STATUS_OK);
    int64_t before = number(bed, RESOURCE_COUNT);
    script_begin(&script, bed);
    script.alter = shorten;
    wait_hours(bed, MANIFEST_HOURS);
    assert_run(bed, STATUS_OK);
    assert_int_equal(bed->result.removed, 0);
    assert_int_equal(number(bed, RESOURCE_COUNT), before);
    assert_true(logged(bed, "GET /fhir/Task/t1") == 1);
    script_end(&script);
}

/* The same from a server that takes no batches. */
static void it_works_without_batches(void **state)
{
    struct bed *bed = *state;
    assert_run(bed, STATUS_OK);
    assert_int_equal(store_setting_set(bed->fixture.store, SETTING_SERVER_BATCH, "no", NULL), STATUS_OK);
    delete_resource(bed, "Task/t3");
    wait_hours(bed, MANIFEST_HOURS);
    assert_run(bed, STATUS_OK);
    assert_int_equal(bed->result.removed, 1);
    assert_int_equal(number(bed, "SELECT count(*) FROM task WHERE patient = 'p3'"), 0);
}

static void measure(const char *patients)
{
    struct bed *bed = new_home();
    int64_t bytes[2];
    ahead = 0;
    assert_int_equal(file_join(bed->load, sizeof bed->load, bed->fixture.folder, "load.ndjson", NULL), STATUS_OK);
    write_practice(bed->load, patients);
    start_server(bed, NULL);
    enrol(bed, "Group/caseload-practice");
    assert_run(bed, STATUS_OK);
    for (int i = 0; i < 2; i++) {
        assert_run(bed, STATUS_OK);
        bytes[i] = bed->result.entry.bytes_out + bed->result.entry.bytes_in;
        wait_hours(bed, MANIFEST_HOURS);
    }
    int requests = bed->result.entry.requests;
    printf("%s patients, nothing new: %lld bytes; with the check for deletions: %lld bytes, %d requests\n", patients,
           (long long)bytes[0], (long long)bytes[1], requests);
    assert_int_equal(bed->result.removed, 0);
    assert_int_equal(bed->result.entry.pulled, 0);
    assert_true(bytes[1] <= 10 * 1024);
    free_bed(bed);
}

static void the_check_costs_little(void **state)
{
    (void)state;
    measure("60");
}

/* The server keeps another time than the device: both mean the same moment by where the window of readings begins. */
static void the_window_is_a_moment_not_a_day(void **state)
{
    struct bed *bed = *state;
    char at[40];
    char json[1000];
    instant_format_fhir(at, sizeof at, charts_window(&bed->sync) + INSTANT_HOUR);
    assert_true(text_format(json, sizeof json,
                            "{\"resourceType\":\"Observation\",\"id\":\"edge\",\"status\":\"final\",\"subject\":{\"reference\":"
                            "\"Patient/p1\"},\"effectiveDateTime\":\"%s\",\"code\":{\"coding\":[{\"system\":\"http://loinc.org\","
                            "\"code\":\"8867-4\"}]},\"valueQuantity\":{\"value\":71,\"system\":\"http://unitsofmeasure.org\","
                            "\"code\":\"/min\"}}", at));
    put_resource(bed, "Observation/edge", json);
    assert_run(bed, STATUS_OK);
    assert_int_equal(number(bed, "SELECT count(*) FROM resource WHERE id = 'edge'"), 1);
}

static int begin_abroad(void **state)
{
    assert_int_equal(setenv("TZ", "UTC", 1), 0);
    int result = begin(state);
    assert_int_equal(setenv("TZ", "Asia/Seoul", 1), 0);
    return result;
}

#define bed_test(name) cmocka_unit_test_setup_teardown(name, begin, leave_bed)

int main(void)
{
    const struct CMUnitTest tests[] = {
        bed_test(what_the_server_deleted_leaves_the_charts),
        bed_test(a_deletion_is_noticed_within_the_hour),
        bed_test(what_is_missing_here_is_fetched),
        bed_test(what_is_unsent_or_imported_stays),
        bed_test(nothing_leaves_because_a_list_lacks_it),
        bed_test(it_works_without_batches),
        cmocka_unit_test_setup_teardown(the_window_is_a_moment_not_a_day, begin_abroad, leave_bed),
        cmocka_unit_test(the_check_costs_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
