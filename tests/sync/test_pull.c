/* The caseload comes to the device: scopes, order, completeness, resuming, leaving. */
#include "tests/sync/script.h"

static int patients(struct bed *bed)
{
    return (int)number(bed, "SELECT count(*) FROM patient");
}

/* How many charts the screens call incomplete. */
static int incomplete(struct bed *bed)
{
    struct sync_status status;
    assert_int_equal(query_status(bed->fixture.store, &status, NULL), STATUS_OK);
    return status.incomplete_patients;
}

/* Every chart that counts as complete has all that the server holds of it. */
static void assert_complete_is_true(struct bed *bed, int observations)
{
    assert_int_equal(number(bed, "SELECT count(*) FROM chart_state c WHERE complete = 1 AND "
                                 "((SELECT count(*) FROM allergy WHERE patient = c.patient) <> 1 OR "
                                 "(SELECT count(*) FROM task WHERE patient = c.patient) <> 1)"), 0);
    assert_int_equal(number(bed, "SELECT count(*) FROM reading WHERE patient IN (SELECT patient FROM chart_state WHERE complete = 1)"),
                     observations * number(bed, COMPLETE_COUNT));
    assert_int_equal(number(bed, "SELECT count(*) FROM patient p LEFT JOIN chart_state c ON c.patient = p.id WHERE c.complete IS NULL "
                                 "AND EXISTS (SELECT 1 FROM cursor WHERE scope = 'patient/' || p.id AND value NOT LIKE '-%')"), 0);
}

static void each_scope_brings_its_patients(void **state)
{
    static const struct {
        const char *scope;
        int patients;
    } scopes[] = {{"Group/g1", 8}, {"List/l1", 2}, {"appointments", 3}, {"Patient?_id=p2,p4", 2}, {"all", 9}};
    (void)state;
    for (size_t i = 0; i < sizeof scopes / sizeof scopes[0]; i++) {
        struct bed *bed = new_bed(scopes[i].scope, NULL, 3);
        assert_run(bed, STATUS_OK);
        assert_int_equal(patients(bed), scopes[i].patients);
        assert_int_equal(number(bed, COMPLETE_COUNT), scopes[i].patients);
        assert_complete_is_true(bed, 3);
        assert_int_equal(number(bed, "SELECT count(*) FROM resource WHERE type = 'Practitioner' AND id = 'n2'"), 1);
        assert_int_equal(bed->result.entry.pulled, number(bed, RESOURCE_COUNT));
        assert_string_not_equal(bed->result.entry.data_as_of, "");
        free_bed(bed);
    }
}

static void the_configuration_comes_before_enrolment(void **state)
{
    struct bed *bed = *state;
    bed->sync.caseload = "List/l1";
    assert_run(bed, STATUS_OK);
    assert_int_equal(patients(bed), 2);
    bed->sync.caseload = "Group/nobody";
    assert_run(bed, STATUS_FAILED);
    assert_non_null(strstr(bed->error.sentence, "Group/nobody"));
    bed->sync.caseload = "Patient/p1";
    assert_run(bed, STATUS_INVALID);
    assert_int_equal(patients(bed), 2);
}

static void scopes_are_checked(void **state)
{
    static const char *const good[] = {"appointments", "all", "Group/g1", "List/abc-1.2", "Patient?name=kim", "Patient?"};
    static const char *const bad[] = {"", "Group/", "Group/a/b", "Patient", "Patient? name", "Patient?a\r\nb", "Patient?a#b", "group/g1"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(caseload_check(good[i], NULL), STATUS_OK);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(caseload_check(bad[i], NULL), STATUS_INVALID);
    }
}

static void todays_patients_come_first(void **state)
{
    struct bed *bed = *state;
    fault(bed, "{\"fault\":\"offline\",\"times\":0,\"after\":1,\"match\":\"/fhir/Patient?_id=\"}");
    assert_run(bed, STATUS_UNREACHABLE);
    assert_int_equal(number(bed, COMPLETE_COUNT), 6);
    assert_int_equal(number(bed, "SELECT count(*) FROM chart_state WHERE complete = 1 AND patient IN ('p7', 'p3')"), 2);
    assert_int_equal(logged(bed, "/fhir/Patient?_id=p7,p3,p1,"), 1);
    no_faults(bed);
    assert_run(bed, STATUS_OK);
    assert_int_equal(number(bed, COMPLETE_COUNT), 8);
}

/* The line is cut at each request in turn; each time another run ends what was begun. */
static void a_cut_at_any_request_leaves_true_charts(void **state)
{
    (void)state;
    struct bed *bed = new_bed("List/l1", NULL, 220);
    int cuts = 0;
    for (enum status status = STATUS_FAILED; status != STATUS_OK; cuts++) {
        char spec[128];
        text_format(spec, sizeof spec, "{\"fault\":\"offline\",\"times\":0,\"after\":%d}", cuts);
        assert_int_equal(record_begin(bed->fixture.store, NULL), STATUS_OK);
        assert_int_equal(record_release_patient(bed->fixture.store, "p1", NULL), STATUS_OK);
        assert_int_equal(record_release_patient(bed->fixture.store, "p2", NULL), STATUS_OK);
        assert_int_equal(record_set_cursor(bed->fixture.store, "patient/p1", "", NULL), STATUS_OK);
        assert_int_equal(record_set_cursor(bed->fixture.store, "patient/p2", "", NULL), STATUS_OK);
        assert_int_equal(record_commit(bed->fixture.store, NULL), STATUS_OK);
        assert_int_equal(patients(bed), 0);
        fault(bed, spec);
        status = run(bed);
        assert_true(status == STATUS_OK || status == STATUS_UNREACHABLE);
        assert_complete_is_true(bed, 220);
        no_faults(bed);
        assert_run(bed, STATUS_OK);
        assert_int_equal(number(bed, COMPLETE_COUNT), 2);
        assert_complete_is_true(bed, 220);
    }
    assert_true(cuts > 20);
    free_bed(bed);
}

static void a_second_sync_is_small_and_silent(void **state)
{
    struct bed *bed = *state;
    assert_run(bed, STATUS_OK);
    int64_t resources = number(bed, RESOURCE_COUNT);
    int64_t audited = number(bed, "SELECT count(*) FROM audit");
    assert_run(bed, STATUS_OK);
    assert_int_equal(bed->result.entry.pulled, 0);
    assert_int_equal(bed->result.entry.requests, 2); /* the Group, and all types at once */
    assert_int_equal(counted(bed, "methods.POST") + counted(bed, "methods.PUT"), 0);
    assert_int_equal(number(bed, RESOURCE_COUNT), resources);
    assert_int_equal(number(bed, "SELECT count(*) FROM audit"), audited);
}

#define NEW_WEIGHT(id, patient) WEIGHT(id, "1", "2026-11-20T00:00:00Z", patient, "2026-11-20T00:00:00Z", "62.0")

static void what_is_new_arrives_with_the_next_sync(void **state)
{
    struct bed *bed = *state;
    assert_run(bed, STATUS_OK);
    put_resource(bed, "Observation/new", NEW_WEIGHT("new", "p2"));
    put_resource(bed, "Observation/strange", NEW_WEIGHT("strange", "p9"));
    assert_run(bed, STATUS_OK);
    assert_int_equal(bed->result.entry.pulled, 1);
    assert_int_equal(number(bed, "SELECT count(*) FROM resource WHERE id = 'new'"), 1);
    assert_int_equal(number(bed, "SELECT count(*) FROM resource WHERE id = 'strange' OR patient = 'p9'"), 0);
    assert_run(bed, STATUS_OK);
    assert_int_equal(bed->result.entry.pulled, 0);
}

static void a_lost_page_begins_the_search_again(void **state)
{
    (void)state;
    struct bed *bed = new_bed("List/l1", NULL, 220);
    fault(bed, "{\"fault\":\"status\",\"status\":410,\"match\":\"_getpages\",\"after\":1,\"body\":\"{}\"}");
    assert_run(bed, STATUS_OK);
    assert_int_equal(number(bed, COMPLETE_COUNT), 2);
    assert_complete_is_true(bed, 220);
    /* All of one moment: a server that forgets every time never comes past it. */
    fault(bed, "{\"fault\":\"status\",\"status\":410,\"match\":\"_getpages\",\"times\":0,\"body\":\"{}\"}");
    bed->sync.caseload = "Patient?_id=p3,p4";
    assert_run(bed, STATUS_UNREACHABLE);
    assert_non_null(strstr(bed->error.sentence, "forgot its list"));
    assert_int_equal(number(bed, "SELECT complete FROM chart_state WHERE patient = 'p3'"), -1);
    free_bed(bed);
}

static void a_server_that_forgets_every_list_still_gives_charts(void **state)
{
    (void)state;
    struct bed *bed = new_bed("List/l1", NULL, 1);
    for (int i = 0; i < 100; i++) {
        char target[32];
        char json[256];
        text_format(target, sizeof target, "Task/more%d", i);
        text_format(json, sizeof json, "{\"resourceType\":\"Task\",\"id\":\"more%d\",\"status\":\"requested\",\"intent\":\"plan\","
                                       "\"for\":{\"reference\":\"Patient/p1\"}}", i);
        put_resource(bed, target, json);
    }
    assert_int_equal(store_setting_set(bed->fixture.store, SETTING_SERVER_SOFTWARE, "doorstep loopback 1", NULL), STATUS_OK);
    assert_int_equal(store_setting_set(bed->fixture.store, SETTING_SERVER_PROBED, bed->base, NULL), STATUS_OK);
    assert_int_equal(store_setting_set(bed->fixture.store, SETTING_SERVER_PAGE, "4", NULL), STATUS_OK);
    fault(bed, "{\"fault\":\"status\",\"status\":410,\"match\":\"_getpages\",\"times\":0,\"body\":\"{}\"}");
    assert_run(bed, STATUS_OK);
    assert_int_equal(number(bed, "SELECT count(*) FROM resource WHERE type = 'Task'"), 102);
    assert_int_equal(number(bed, COMPLETE_COUNT), 2);
    assert_int_equal(logged(bed, "/fhir/Task?patient=p1,p2&_sort=_lastUpdated&_count="), 1); /* never again from the start */
    assert_true(logged(bed, "/fhir/Task?patient=p1,p2&_sort=_lastUpdated&_lastUpdated=ge") > 2);
    free_bed(bed);
}

/* Page links that lead in a circle of three, or to another host, or to a page after the last for ever. */
static bool odd_links(struct script *script, const struct request *request, struct response *response)
{
    char body[512];
    if (strstr(request->url, "/Observation?") == NULL && strstr(request->url, "/odd") == NULL) {
        return false;
    }
    script->step++;
    text_format(body, sizeof body,
                "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"link\":[{\"relation\":\"next\",\"url\":\"%s/odd%d\"}]}",
                script->text != NULL ? script->text : script->bed->base, script->step % 3);
    reply(response, 200, FHIR_JSON, body);
    return true;
}

static void circles_and_strange_hosts_end_the_download(void **state)
{
    struct bed *bed = *state;
    struct script script;
    script_begin(&script, bed);
    script.answer = odd_links;
    assert_run(bed, STATUS_FAILED);
    assert_non_null(strstr(bed->error.sentence, "circle"));
    assert_true(script.step < 12);
    assert_int_equal(number(bed, COMPLETE_COUNT), 0);
    script.text = "http://127.0.0.1:9/fhir";
    script.step = 0;
    assert_run(bed, STATUS_FAILED);
    assert_non_null(strstr(bed->error.sentence, "another address"));
    assert_int_equal(script.step, 3); /* once for today's who are half here, the others who are, and the rest */
    assert_int_equal(number(bed, COMPLETE_COUNT), 0);
    script.answer = NULL;
    assert_run(bed, STATUS_OK);
    script_end(&script);
}

/* A proxy ends TLS before the server, which does not know: all its links say http. */
static bool behind_a_proxy(struct script *script, const struct request *request, struct response *response)
{
    struct request onward = *request;
    char url[4096];
    assert_true(text_starts_with(request->url, "https://"));
    assert_true(text_format(url, sizeof url, "http%s", request->url + 5));
    onward.url = url;
    assert_int_equal(script->inner.exchange(script->inner.context, &onward, response, NULL), STATUS_OK);
    return true;
}

static void links_follow_the_tls_of_the_servers_address(void **state)
{
    struct bed *bed = new_bed("List/l1", NULL, 150); /* two of 200 a page */
    struct script script;
    char base[256];
    (void)state;
    text_format(base, sizeof base, "https%s", bed->base + 4);
    bed->sync.server = base;
    script_begin(&script, bed);
    script.answer = behind_a_proxy;
    assert_run(bed, STATUS_OK);
    assert_int_equal(number(bed, COMPLETE_COUNT), 2);
    script_end(&script);
    free_bed(bed);
}

/* A server that passes over "patient=". */
static bool everybodys_charts(struct script *script, const struct request *request, struct response *response)
{
    if (strstr(request->url, "/Observation?") == NULL) {
        return false;
    }
    (void)script;
    reply(response, 200, FHIR_JSON,
          "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"entry\":[{\"resource\":" NEW_WEIGHT("x1", "p1") "},"
          "{\"resource\":" NEW_WEIGHT("x9", "p9") "}]}");
    return true;
}

static void charts_nobody_asked_for_are_not_kept(void **state)
{
    struct bed *bed = *state;
    struct script script;
    script_begin(&script, bed);
    script.answer = everybodys_charts;
    assert_run(bed, STATUS_FAILED);
    assert_int_equal(number(bed, "SELECT count(*) FROM resource WHERE type = 'Observation'"), 0);
    assert_int_equal(number(bed, COMPLETE_COUNT), 0);
    script_end(&script);
}

static bool odd_entries(struct script *script, const struct request *request, struct response *response)
{
    if (strstr(request->url, "/Flag?") == NULL || strstr(request->url, "p1") == NULL) {
        return false;
    }
    (void)script;
    reply(response, 200, FHIR_JSON,
          "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"entry\":["
          "{\"resource\":{\"resourceType\":\"OperationOutcome\",\"issue\":[]},\"search\":{\"mode\":\"outcome\"}},"
          "{\"resource\":{\"resourceType\":\"OperationOutcome\",\"issue\":[]}},"
          "{\"fullUrl\":\"urn:x\"},{\"resource\":" NEW_WEIGHT("included", "p9") ",\"search\":{\"mode\":\"include\"}},"
          "{\"resource\":{\"resourceType\":\"Flag\",\"id\":\"not/an/id\",\"subject\":{\"reference\":\"Patient/p1\"}}},"
          "{\"resource\":{\"resourceType\":\"Flag\",\"id\":\"f1\",\"meta\":{\"versionId\":\"1\"},\"status\":\"active\","
          "\"code\":{\"text\":\"Dog\"},\"subject\":{\"reference\":\"Patient/p1\"}}}]}");
    return true;
}

static void one_broken_resource_is_set_aside_and_the_rest_stays(void **state)
{
    struct bed *bed = *state;
    struct script script;
    script_begin(&script, bed);
    script.answer = odd_entries;
    assert_run(bed, STATUS_ATTENTION);
    assert_int_equal(number(bed, "SELECT count(*) FROM quarantine"), 1);
    assert_int_equal(number(bed, "SELECT count(*) FROM resource WHERE type = 'Flag'"), 1);
    assert_int_equal(number(bed, "SELECT count(*) FROM resource WHERE type = 'OperationOutcome' OR id = 'included'"), 0);
    assert_int_equal(incomplete(bed), 1); /* p1, whom it names */
    assert_string_equal(bed->result.entry.data_as_of, "");
    script_end(&script);
}

/* Something in the answer that cannot be read and names nobody. */
static void break_unnamed(struct script *script, const struct request *request, struct response *response)
{
    if (strstr(request->url, script->text) == NULL) {
        return;
    }
    cJSON *tree = answer_tree(response);
    cJSON *resource = json_add_object(json_add_object(cJSON_GetObjectItemCaseSensitive(tree, "entry"), NULL), "resource");
    json_add_text(resource, "resourceType", "Task");
    json_add_text(resource, "id", "not/an/id");
    answer_set(response, tree);
}

static void what_names_nobody_leaves_no_chart_of_the_answer_complete(void **state)
{
    struct bed *bed = *state;
    struct script script;
    assert_int_equal(store_setting_set(bed->fixture.store, SETTING_SERVER_SOFTWARE, "doorstep loopback 1", NULL), STATUS_OK);
    assert_int_equal(store_setting_set(bed->fixture.store, SETTING_SERVER_PROBED, bed->base, NULL), STATUS_OK);
    assert_int_equal(store_setting_set(bed->fixture.store, SETTING_SERVER_BATCH, "no", NULL), STATUS_OK);
    script_begin(&script, bed);
    script.alter = break_unnamed;
    script.text = "/Task?patient=p7,"; /* the first six */
    assert_run(bed, STATUS_ATTENTION);
    assert_int_equal(number(bed, COMPLETE_COUNT), 2);
    assert_int_equal(incomplete(bed), 6);
    assert_string_equal(bed->result.entry.data_as_of, "");
    script.alter = NULL;
    assert_run(bed, STATUS_ATTENTION); /* it is still set aside; the charts were read again and lack nothing */
    assert_int_equal(incomplete(bed), 0);
    assert_string_not_equal(bed->result.entry.data_as_of, "");
    /* Also when it comes with what is new of charts that were complete. */
    script.alter = break_unnamed;
    script.text = "/Task?";
    put_resource(bed, "Task/t1", "{\"resourceType\":\"Task\",\"id\":\"t1\",\"status\":\"accepted\",\"intent\":\"plan\","
                                 "\"for\":{\"reference\":\"Patient/p1\"}}");
    assert_run(bed, STATUS_ATTENTION);
    assert_int_equal(incomplete(bed), PATIENTS);
    script_end(&script);
}

/* The answers of a batch, the last first. */
static void turn_answers(struct script *script, const struct request *request, struct response *response)
{
    (void)script;
    if (!request->asks) {
        return;
    }
    cJSON *tree = answer_tree(response);
    cJSON *entries = cJSON_DetachItemFromObjectCaseSensitive(tree, "entry");
    cJSON *turned = json_add_array(tree, "entry");
    while (cJSON_GetArraySize(entries) > 0) {
        cJSON_AddItemToArray(turned, cJSON_DetachItemFromArray(entries, cJSON_GetArraySize(entries) - 1));
    }
    cJSON_Delete(entries);
    answer_set(response, tree);
}

static void answers_in_another_order_are_told_apart(void **state)
{
    struct bed *bed = *state;
    struct script script;
    assert_run(bed, STATUS_OK);
    script_begin(&script, bed);
    script.alter = turn_answers;
    put_resource(bed, "Task/t1", "{\"resourceType\":\"Task\",\"id\":\"t1\",\"status\":\"accepted\",\"intent\":\"plan\","
                                 "\"for\":{\"reference\":\"Patient/p1\"}}");
    assert_run(bed, STATUS_OK);
    assert_int_equal(number(bed, "SELECT count(*) FROM task WHERE id = 't1'"), 1);
    script_end(&script);
}

/* In answer to a search for practitioners: a patient, and one whom nobody asked for. */
static bool strange_people(struct script *script, const struct request *request, struct response *response)
{
    if (strstr(request->url, "/Practitioner?") == NULL) {
        return false;
    }
    (void)script;
    reply(response, 200, FHIR_JSON,
          "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"entry\":[{\"resource\":{\"resourceType\":\"Patient\",\"id\":\"p9\"}},"
          "{\"resource\":" NEW_WEIGHT("x9", "p9") "}]}");
    return true;
}

static void a_search_for_names_brings_no_patients(void **state)
{
    struct bed *bed = *state;
    struct script script;
    script_begin(&script, bed);
    script.answer = strange_people;
    assert_run(bed, STATUS_OK);
    assert_int_equal(patients(bed), 8);
    assert_int_equal(number(bed, "SELECT count(*) FROM resource WHERE id = 'x9'"), 0);
    script_end(&script);
}

/* The list of patients with one of them broken. */
static void break_one(struct script *script, const struct request *request, struct response *response)
{
    (void)script;
    if (strstr(request->url, "_elements=id") != NULL) {
        cJSON *tree = answer_tree(response);
        cJSON *resource = cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(json_array(tree, "entry"), 2), "resource");
        cJSON_DeleteItemFromObjectCaseSensitive(resource, "id");
        json_add_text(resource, "id", "no/id");
        answer_set(response, tree);
    }
}

static void a_broken_list_sends_nobody_away(void **state)
{
    struct bed *bed = *state;
    struct script script;
    bed->sync.caseload = "all";
    assert_run(bed, STATUS_OK);
    assert_int_equal(patients(bed), 9);
    script_begin(&script, bed);
    script.alter = break_one;
    assert_run(bed, STATUS_OK);
    assert_int_equal(patients(bed), 9);
    script_end(&script);
}

#define GROUP_OF(members) "{\"resourceType\":\"Group\",\"id\":\"g1\",\"type\":\"person\",\"actual\":true,\"member\":[" members "]}"
#define MEMBER(id) "{\"entity\":{\"reference\":\"Patient/" id "\"}}"

static void who_leaves_the_caseload_leaves_the_device(void **state)
{
    struct bed *bed = *state;
    char visit[UUID_SIZE];
    assert_run(bed, STATUS_OK);
    put_resource(bed, "Group/g1", GROUP_OF(MEMBER("p1") "," MEMBER("p2")));
    sign_visit(bed, "p8", small_visit, NULL, visit);
    fault(bed, "{\"fault\":\"reject\",\"contains\":\"8867-4\"}");
    assert_run(bed, STATUS_ATTENTION);
    assert_int_equal(patients(bed), 3); /* what was refused of the visit keeps p8 here */
    assert_int_equal(bed->result.entry.departed, 6); /* the nurse is told, once, by name; the journal without */
    assert_non_null(strstr(bed->result.departed, ", "));
    assert_int_equal(number(bed, "SELECT departed FROM journal ORDER BY number DESC LIMIT 1"), 6);
    assert_int_equal(number(bed, "SELECT count(*) FROM resource WHERE patient = 'p3'"), 0);
    assert_int_equal(number(bed, "SELECT count(*) FROM outbox WHERE state = 'refused'"), 1);
    assert_int_equal(number(bed, "SELECT complete FROM chart_state WHERE patient = 'p8'"), 0);
    no_faults(bed);
    assert_int_equal(outbox_retry(bed->fixture.store, number(bed, "SELECT number FROM outbox WHERE state = 'refused'"), NULL), STATUS_OK);
    assert_run(bed, STATUS_OK);
    assert_int_equal(held(bed, "Encounter", visit), 1);
    assert_int_equal(bed->result.entry.departed, 0);
    assert_int_equal(patients(bed), 2);
    assert_int_equal(number(bed, "SELECT count(*) FROM resource WHERE patient = 'p8'"), 0);
    put_resource(bed, "Group/g1", GROUP_OF(MEMBER("p1") "," MEMBER("p2") "," MEMBER("p8")));
    assert_run(bed, STATUS_OK); /* and comes back whole */
    assert_int_equal(number(bed, "SELECT count(*) FROM reading WHERE patient = 'p8'"), 4);
    assert_int_equal(number(bed, "SELECT complete FROM chart_state WHERE patient = 'p8'"), 1);
}

static void an_imported_patient_stays(void **state)
{
    struct bed *bed = *state;
    assert_int_equal(import(&bed->fixture, "{\"resourceType\":\"Patient\",\"id\":\"paper\",\"gender\":\"male\"}"), APPLY_STORED);
    assert_run(bed, STATUS_OK);
    assert_int_equal(patients(bed), 9);
    assert_run(bed, STATUS_OK);
    assert_int_equal(patients(bed), 9);
}

static void a_member_the_server_does_not_deliver_is_named(void **state)
{
    struct bed *bed = *state;
    bed->sync.caseload = "Patient?_id=p1";
    assert_run(bed, STATUS_OK);
    bed->sync.caseload = "List/absent";
    put_resource(bed, "List/absent", "{\"resourceType\":\"List\",\"id\":\"absent\",\"status\":\"current\",\"mode\":\"working\","
                                     "\"entry\":[{\"item\":{\"reference\":\"Patient/p1\"}},{\"item\":{\"reference\":\"Patient/p4\"}}]}");
    fault(bed, "{\"fault\":\"status\",\"status\":200,\"times\":0,\"match\":\"/Patient?_id=p4\",\"body\":"
               "\"{\\\"resourceType\\\":\\\"Bundle\\\",\\\"type\\\":\\\"searchset\\\"}\"}");
    assert_run(bed, STATUS_ATTENTION);
    assert_non_null(strstr(bed->error.sentence, "1 of your patients"));
    assert_string_equal(bed->result.entry.data_as_of, ""); /* the caseload is not as of now */
    assert_int_equal(number(bed, "SELECT count(*) FROM chart_state WHERE patient = 'p4'"), 0);
    assert_int_equal(bed->result.entry.requests, 4); /* two more than with nothing new: who is for today, and the Patient */
}

static void another_server_is_read_from_the_beginning(void **state)
{
    struct bed *bed = *state;
    assert_run(bed, STATUS_OK);
    pid_t first = bed->server;
    struct http *door = bed->door;
    struct http *http = bed->http;
    write_caseload(bed->load, 5); /* older than the cursors: asking for what is new would miss it */
    start_server(bed, NULL);
    assert_run(bed, STATUS_OK);
    assert_int_equal(number(bed, "SELECT count(*) FROM reading"), 8 * 5);
    assert_int_equal(logged(bed, "GET /fhir/metadata"), 1);
    assert_run(bed, STATUS_OK);
    assert_int_equal(bed->result.entry.pulled, 0);
    http_free(door);
    http_free(http);
    stop_program(first);
}

static void a_server_without_some_names_still_gives_charts(void **state)
{
    struct bed *bed = *state;
    fault(bed, "{\"fault\":\"status\",\"status\":403,\"times\":0,\"match\":\"/fhir/Practitioner?\",\"body\":\"{}\"}");
    assert_run(bed, STATUS_OK);
    assert_int_equal(number(bed, COMPLETE_COUNT), 8);
    assert_int_equal(number(bed, "SELECT count(*) FROM person"), 0);
}

static void a_refused_read_says_why(void **state)
{
    struct bed *bed = *state;
    fault(bed, "{\"fault\":\"status\",\"status\":403,\"times\":0,\"match\":\"/fhir/Observation?\",\"body\":"
               "\"{\\\"resourceType\\\":\\\"OperationOutcome\\\",\\\"issue\\\":[{\\\"severity\\\":\\\"error\\\",\\\"diagnostics\\\":"
               "\\\"role too small\\\"}]}\"}");
    assert_run(bed, STATUS_FAILED);
    assert_non_null(strstr(bed->error.sentence, "role too small"));
    assert_int_equal(number(bed, "SELECT count(*) FROM journal WHERE reason LIKE '%(403)%' AND reason NOT LIKE '%role%'"), 1);
    assert_int_equal(number(bed, COMPLETE_COUNT), 0);
}

#define bed_test(name) cmocka_unit_test_setup_teardown(name, group_bed, leave_bed)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_scope_brings_its_patients),
        cmocka_unit_test(scopes_are_checked),
        cmocka_unit_test(a_cut_at_any_request_leaves_true_charts),
        cmocka_unit_test(a_lost_page_begins_the_search_again),
        cmocka_unit_test(a_server_that_forgets_every_list_still_gives_charts),
        bed_test(the_configuration_comes_before_enrolment),
        bed_test(todays_patients_come_first),
        bed_test(a_second_sync_is_small_and_silent),
        bed_test(what_is_new_arrives_with_the_next_sync),
        bed_test(circles_and_strange_hosts_end_the_download),
        cmocka_unit_test(links_follow_the_tls_of_the_servers_address),
        bed_test(charts_nobody_asked_for_are_not_kept),
        bed_test(one_broken_resource_is_set_aside_and_the_rest_stays),
        bed_test(answers_in_another_order_are_told_apart),
        bed_test(what_names_nobody_leaves_no_chart_of_the_answer_complete),
        bed_test(who_leaves_the_caseload_leaves_the_device),
        bed_test(a_search_for_names_brings_no_patients),
        bed_test(a_broken_list_sends_nobody_away),
        bed_test(an_imported_patient_stays),
        bed_test(a_member_the_server_does_not_deliver_is_named),
        bed_test(another_server_is_read_from_the_beginning),
        bed_test(a_server_without_some_names_still_gives_charts),
        bed_test(a_refused_read_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
