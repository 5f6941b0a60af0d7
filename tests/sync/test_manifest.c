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
    assert_int_equal(bed->result.entry.requests, 5); /* what the server is, the Group, what is new, the numbers, ids and versions */
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

/* Its Bundles tell no total, whatever they are asked. */
static void tell_no_totals(struct script *script, const struct request *request, struct response *response)
{
    (void)script;
    if (!is_write(request) && strstr(buffer_text(&response->body), "\"total\"") != NULL) {
        cJSON *tree = answer_tree(response);
        cJSON *entry = NULL;
        cJSON_DeleteItemFromObjectCaseSensitive(tree, "total");
        cJSON_ArrayForEach(entry, json_array(tree, "entry")) {
            cJSON_DeleteItemFromObjectCaseSensitive(cJSON_GetObjectItemCaseSensitive(entry, "resource"), "total");
        }
        answer_set(response, tree);
    }
}

static void a_server_without_totals_is_compared_by_ids(void **state)
{
    struct bed *bed = *state;
    struct script script;
    assert_run(bed, STATUS_OK);
    script_begin(&script, bed);
    script.alter = tell_no_totals;
    delete_resource(bed, "AllergyIntolerance/al2");
    wait_hours(bed, NUMBERS_HOURS);
    assert_run(bed, STATUS_OK);
    assert_int_equal(bed->result.removed, 1);
    assert_int_equal(bed->result.entry.requests, 5); /* the Group, what is new, the numbers, ids, what is not listed */
    assert_int_equal(number(bed, "SELECT count(*) FROM allergy WHERE patient = 'p2'"), 0);
    delete_resource(bed, "Observation/o1-1"); /* readings are many: those once a day */
    wait_hours(bed, NUMBERS_HOURS);
    assert_run(bed, STATUS_OK);
    assert_int_equal(bed->result.removed, 0);
    wait_hours(bed, MANIFEST_HOURS);
    assert_run(bed, STATUS_OK);
    assert_int_equal(bed->result.removed, 1);
    assert_int_equal(number(bed, "SELECT count(*) FROM resource WHERE id = 'o1-1'"), 0);
    script_end(&script);
}

/* Whoever writes the Date is half an hour ahead of the clock that stamps the resources, and so is the device. */
static void date_ahead(struct script *script, const struct request *request, struct response *response)
{
    (void)script;
    (void)request;
    if (response->server_clock != INSTANT_NONE) {
        response->server_clock += 30 * INSTANT_MINUTE + ahead;
    }
}

#define LATEX "{\"resourceType\":\"AllergyIntolerance\",\"id\":\"al2\",\"clinicalStatus\":{\"coding\":[{\"system\":" \
              "\"http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical\",\"code\":\"active\"}]}," \
              "\"code\":{\"text\":\"Latex\"},\"patient\":{\"reference\":\"Patient/p2\"}}"
#define NOT_READ_BACK "SELECT count(*) FROM resource WHERE origin = 'device' AND patient <> '' AND type <> 'Provenance'"
#define HAS_LATEX "SELECT count(*) FROM allergy WHERE patient = 'p2' AND label = 'Latex'"

static void what_was_stamped_late_is_found_within_the_day(void **state)
{
    struct bed *bed = *state;
    struct script script;
    char visit[UUID_SIZE];
    script_begin(&script, bed);
    script.alter = date_ahead;
    ahead = 30 * INSTANT_MINUTE;
    wait_hours(bed, 0);
    assert_run(bed, STATUS_OK);
    put_resource(bed, "AllergyIntolerance/al2", LATEX);
    sign_visit(bed, "p1", small_visit, NULL, visit);
    wait_hours(bed, NUMBERS_HOURS);
    assert_run(bed, STATUS_OK);
    assert_int_equal(number(bed, HAS_LATEX), 0); /* no search for what is new finds it, and no number tells */
    assert_true(number(bed, NOT_READ_BACK) > 0);
    wait_hours(bed, MANIFEST_HOURS);
    assert_run(bed, STATUS_OK);
    assert_int_equal(number(bed, HAS_LATEX), 1);
    assert_int_equal(number(bed, NOT_READ_BACK), 0);
    assert_int_equal(number(bed, COMPLETE_COUNT), PATIENTS);
    assert_int_equal(logged(bed, "GET /fhir/AllergyIntolerance?_id=al2&"), 1);
    script_end(&script);
}

static void a_patient_is_named_who_is_gone(const char *reason, int hours)
{
    static const char *const options[] = {"--no-integrity", NULL};
    struct bed *bed = new_bed("Group/g1", options, 3);
    ahead = 0;
    assert_run(bed, STATUS_OK);
    delete_resource(bed, "Patient/p2");
    if (reason != NULL) {
        fault(bed, reason);
    }
    wait_hours(bed, hours);
    assert_run(bed, STATUS_ATTENTION);
    assert_non_null(strstr(bed->error.sentence, "1 of your patients"));
    assert_string_equal(bed->result.entry.data_as_of, "");
    assert_int_equal(number(bed, "SELECT complete FROM chart_state WHERE patient = 'p2'"), 0);
    assert_int_equal(number(bed, COMPLETE_COUNT), PATIENTS - 1);
    assert_int_equal(number(bed, "SELECT count(*) FROM allergy WHERE patient = 'p2'"), 1);
    assert_run(bed, STATUS_ATTENTION); /* as long as the Group names her */
    put_resource(bed, "Patient/p2", "{\"resourceType\":\"Patient\",\"id\":\"p2\",\"name\":[{\"family\":\"Kim\"}],"
                                    "\"birthDate\":\"1938-04-02\"}");
    assert_run(bed, STATUS_OK);
    assert_int_equal(number(bed, COMPLETE_COUNT), PATIENTS);
    free_bed(bed);
}

static void a_deleted_patient_is_named(void **state)
{
    (void)state;
    a_patient_is_named_who_is_gone(NULL, NUMBERS_HOURS);
    a_patient_is_named_who_is_gone(NULL, MANIFEST_HOURS);
    a_patient_is_named_who_is_gone("{\"fault\":\"status\",\"status\":403,\"match\":\"GET /fhir/Patient/p2\",\"body\":\"{}\"}",
                                   NUMBERS_HOURS);
}

#define GROUP_OF(members) "{\"resourceType\":\"Group\",\"id\":\"g1\",\"type\":\"person\",\"actual\":true,\"member\":[" members "]}"
#define MEMBER(id) "{\"entity\":{\"reference\":\"Patient/" id "\"}}"
#define NOBODY "{\"resourceType\":\"Group\",\"id\":\"g1\",\"type\":\"person\",\"actual\":true}"

/* The last of a caseload was deleted at the server before it became empty: she leaves like anybody else, and is named. */
static void a_deleted_patient_leaves_an_emptied_caseload(void **state)
{
    static const char *const options[] = {"--no-integrity", NULL};
    (void)state;
    struct bed *bed = new_bed("Group/g1", options, 3);
    char visit[UUID_SIZE];
    ahead = 0;
    put_resource(bed, "Group/g1", GROUP_OF(MEMBER("p2")));
    assert_run(bed, STATUS_OK);
    delete_resource(bed, "Patient/p2");
    wait_hours(bed, MANIFEST_HOURS);
    assert_run(bed, STATUS_ATTENTION);
    assert_non_null(strstr(bed->error.sentence, "1 of your patients"));
    sign_visit(bed, "p2", small_visit, NULL, visit);
    fault(bed, "{\"fault\":\"reject\",\"contains\":\"8867-4\"}");
    put_resource(bed, "Group/g1", NOBODY);
    assert_run(bed, STATUS_ATTENTION);
    assert_int_equal(bed->result.emptied, 1);
    assert_int_equal(bed->result.entry.departed, 0);
    assert_run(bed, STATUS_ATTENTION);
    assert_int_equal(bed->result.emptied, 0);
    assert_int_equal(bed->result.entry.departed, 1);
    assert_string_not_equal(bed->result.departed, "");
    assert_true(number(bed, OUTBOX_COUNT) > 0); /* that keeps her name here, and nothing else of her */
    assert_int_equal(number(bed, "SELECT count(*) FROM patient WHERE id = 'p2'"), 1);
    assert_int_equal(number(bed, "SELECT count(*) FROM allergy WHERE patient = 'p2'"), 0);
    assert_run(bed, STATUS_ATTENTION);
    assert_int_equal(bed->result.entry.departed, 0); /* once */
    no_faults(bed);
    assert_int_equal(outbox_retry(bed->fixture.store, number(bed, "SELECT min(number) FROM outbox"), NULL), STATUS_OK);
    assert_run(bed, STATUS_OK);
    assert_int_equal(number(bed, OUTBOX_COUNT), 0);
    assert_int_equal(number(bed, "SELECT count(*) FROM resource WHERE patient = 'p2'"), 0);
    assert_int_equal(bed->result.entry.departed, 0);
    free_bed(bed);
}

/* Who has left before, and stayed for what was unsent, needs no second word from an empty caseload. */
static void who_left_before_does_not_wait_for_the_others(void **state)
{
    static const char *const options[] = {"--no-integrity", NULL};
    (void)state;
    struct bed *bed = new_bed("Group/g1", options, 3);
    char visit[UUID_SIZE];
    put_resource(bed, "Group/g1", GROUP_OF(MEMBER("p1")));
    assert_run(bed, STATUS_OK);
    sign_visit(bed, "p1", small_visit, NULL, visit);
    fault(bed, "{\"fault\":\"reject\",\"contains\":\"8867-4\"}");
    put_resource(bed, "Group/g1", GROUP_OF(MEMBER("not-there")));
    assert_run(bed, STATUS_ATTENTION);
    assert_int_equal(bed->result.entry.departed, 1);
    no_faults(bed);
    assert_int_equal(outbox_retry(bed->fixture.store, number(bed, "SELECT min(number) FROM outbox"), NULL), STATUS_OK);
    put_resource(bed, "Group/g1", NOBODY);
    assert_run(bed, STATUS_OK);
    assert_int_equal(number(bed, "SELECT count(*) FROM patient"), 0);
    assert_int_equal(bed->result.entry.departed, 0);
    free_bed(bed);
}

/* The line is cut in the middle: the next run does not begin again with the charts that were compared. */
static void a_comparison_goes_on_after_a_cut(void **state)
{
    (void)state;
    struct bed *bed = new_bed("Group/g1", NULL, 190); /* four charts go together */
    char cursor[CURSOR_SIZE];
    ahead = 0;
    assert_run(bed, STATUS_OK);
    wait_hours(bed, MANIFEST_HOURS);
    fault(bed, "{\"fault\":\"offline\",\"times\":0,\"after\":5}"); /* what the server is, the Group, what is new, numbers, ids */
    assert_run(bed, STATUS_UNREACHABLE);
    assert_int_equal(cursor_get(bed->fixture.store, "ids", cursor, sizeof cursor, NULL), STATUS_OK);
    assert_string_equal(strchr(cursor, ' '), " p4");
    no_faults(bed);
    assert_run(bed, STATUS_OK);
    assert_int_equal(bed->result.entry.requests, 3); /* the Group, what is new, the other four */
    assert_run(bed, STATUS_OK);
    assert_int_equal(bed->result.entry.requests, 2);
    free_bed(bed);
}

/* What one run costs on the wire, both ways, compressed as the server and the device do it. */
struct cost {
    int64_t bytes;
    int requests;
};

static struct cost cost_of_run(struct bed *bed, const char *patients, const char *what)
{
    assert_run(bed, STATUS_OK);
    assert_int_equal(bed->result.removed, 0);
    assert_int_equal(bed->result.entry.pulled, 0);
    struct cost cost = {.bytes = bed->result.entry.bytes_out + bed->result.entry.bytes_in, .requests = bed->result.entry.requests};
    printf("%s patients, %lld resources, %s: %lld bytes, %d requests\n", patients, (long long)number(bed, RESOURCE_COUNT), what,
           (long long)cost.bytes, cost.requests);
    return cost;
}

static void measure(const char *patients, int64_t nothing_new, int64_t hourly, int64_t daily_each)
{
    struct bed *bed = new_home();
    ahead = 0;
    assert_int_equal(file_join(bed->load, sizeof bed->load, bed->fixture.folder, "load.ndjson", NULL), STATUS_OK);
    write_practice(bed->load, patients);
    start_server(bed, NULL);
    enrol(bed, "Group/caseload-practice");
    assert_run(bed, STATUS_OK);
    struct cost cost = cost_of_run(bed, patients, "nothing new");
    assert_true(cost.bytes <= nothing_new);
    int groups = (int)(number(bed, COMPLETE_COUNT) + GROUP_SIZE - 1) / GROUP_SIZE;
    assert_int_equal(cost.requests, 1 + groups);
    wait_hours(bed, NUMBERS_HOURS);
    cost = cost_of_run(bed, patients, "with the numbers of each hour");
    assert_true(cost.bytes <= hourly);
    assert_int_equal(cost.requests, 1 + 2 * groups);
    wait_hours(bed, MANIFEST_HOURS);
    cost = cost_of_run(bed, patients, "with the ids and versions of each day");
    assert_true(cost.bytes <= hourly + daily_each * number(bed, RESOURCE_COUNT));
    assert_true(cost.requests <= 2 + 2 * groups + number(bed, RESOURCE_COUNT) / 400);
    free_bed(bed);
}

static void the_check_costs_little(void **state)
{
    (void)state;
    measure("60", 10 * 1024, 10 * 1024, 20);
    measure("300", 50 * 1024, 50 * 1024, 20);
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
        bed_test(a_server_without_totals_is_compared_by_ids),
        bed_test(what_was_stamped_late_is_found_within_the_day),
        cmocka_unit_test(a_deleted_patient_is_named),
        cmocka_unit_test(a_deleted_patient_leaves_an_emptied_caseload),
        cmocka_unit_test(who_left_before_does_not_wait_for_the_others),
        cmocka_unit_test(a_comparison_goes_on_after_a_cut),
        cmocka_unit_test_setup_teardown(the_window_is_a_moment_not_a_day, begin_abroad, leave_bed),
        cmocka_unit_test(the_check_costs_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
