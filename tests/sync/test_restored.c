/*
 * A server that was put back to an older backup: what it had taken and does not
 * know any more waits for the nurse, and goes again as she made it.
 */
#include "tests/sync/script.h"

#include "sync/manifest.h"

static int64_t ahead;

static int64_t ahead_now(void *context)
{
    (void)context;
    return system_clock_now(NULL) + ahead;
}

static int begin(void **state)
{
    ahead = 0;
    int result = group_bed(state);
    ((struct bed *)*state)->sync.clock.now = ahead_now;
    return result;
}

/* The same address, with what it had at first. */
static void restore(struct bed *bed)
{
    char port[16];
    const char *options[] = {"--port", port, NULL};
    const char *colon = strrchr(bed->base, ':');
    text_format(port, sizeof port, "%.*s", (int)strcspn(colon + 1, "/"), colon + 1);
    http_free(bed->http);
    http_free(bed->door);
    stop_program(bed->server);
    start_server(bed, options);
}

static void post(struct bed *bed, const char *type, const char *body)
{
    struct transport transport = http_transport(bed->http);
    struct response response;
    char url[256];
    text_format(url, sizeof url, "%s/%s", bed->base, type);
    struct request request = {.method = "POST", .url = url, .body = body, .body_length = strlen(body)};
    response_init(&response);
    assert_int_equal(transport.exchange(transport.context, &request, &response, NULL), STATUS_OK);
    assert_int_equal(response.status, 201);
    response_free(&response);
}

/* Somebody else's visit. */
static void post_encounter(struct bed *bed, const char *patient)
{
    char body[300];
    text_format(body, sizeof body, "{\"resourceType\":\"Encounter\",\"status\":\"finished\",\"class\":{\"code\":\"HH\"},"
                                   "\"subject\":{\"reference\":\"Patient/%s\"}}", patient);
    post(bed, "Encounter", body);
}

#define FORGOTTEN "SELECT count(*) FROM outbox WHERE forgotten AND state = 'refused'"

static void retry_all(struct bed *bed)
{
    struct outbox_rows rows;
    assert_int_equal(query_outbox(bed->fixture.store, &rows, NULL), STATUS_OK);
    for (size_t i = 0; i < rows.count; i++) {
        if (rows.items[i].state == OUTBOX_REFUSED) {
            assert_int_equal(outbox_retry(bed->fixture.store, rows.items[i].number, NULL), STATUS_OK);
        }
    }
    outbox_rows_free(&rows);
}

static void a_whole_visit_that_was_forgotten_goes_again_when_the_nurse_says_so(void **state)
{
    struct bed *bed = *state;
    struct script script;
    char visit[UUID_SIZE];
    assert_run(bed, STATUS_OK);
    size_t made = sign_visit(bed, "p1", whole_visit, NULL, visit);
    assert_run(bed, STATUS_OK);
    assert_once_at_server(bed, visit);
    restore(bed);
    /* Ids are given again: to somebody else's. */
    post_encounter(bed, "p2");
    ahead = (MANIFEST_HOURS + 1) * INSTANT_HOUR;
    assert_run(bed, STATUS_ATTENTION);
    assert_int_equal(number(bed, FORGOTTEN), (int64_t)made);
    assert_non_null(strstr(text_of(&bed->fixture, "SELECT reason FROM journal ORDER BY number DESC"), "may have been restored"));
    assert_int_equal(held(bed, "Encounter", visit), 0);
    assert_run(bed, STATUS_ATTENTION); /* nothing goes by itself */
    assert_int_equal(held(bed, "Encounter", visit), 0);
    retry_all(bed);
    script_begin(&script, bed);
    assert_run(bed, STATUS_OK);
    assert_int_equal(script.writes, 1); /* whole, in one transaction */
    script_end(&script);
    assert_int_equal(number(bed, OUTBOX_COUNT), 0);
    assert_once_at_server(bed, visit);
    assert_run(bed, STATUS_OK);
    assert_int_equal(bed->result.entry.pushed, 0);
}

/* It was only out of sight: what is sent again is found by our identifier, and nothing is there twice. */
static void what_is_there_after_all_is_not_made_twice(void **state)
{
    struct bed *bed = *state;
    char visit[UUID_SIZE];
    assert_run(bed, STATUS_OK);
    sign_visit(bed, "p1", small_visit, NULL, visit);
    assert_run(bed, STATUS_OK);
    assert_int_equal(record_forgotten(bed->fixture.store, "Encounter",
                                      text_of(&bed->fixture, "SELECT id FROM identity WHERE type = 'Encounter'"), NULL), STATUS_OK);
    assert_int_equal(number(bed, FORGOTTEN), 1);
    retry_all(bed);
    assert_run(bed, STATUS_OK);
    assert_int_equal(number(bed, OUTBOX_COUNT), 0);
    assert_once_at_server(bed, visit);
}

static void what_was_deleted_there_asks_nobody(void **state)
{
    struct bed *bed = *state;
    char visit[UUID_SIZE];
    char target[128];
    assert_run(bed, STATUS_OK);
    sign_visit(bed, "p1", small_visit, NULL, visit);
    assert_run(bed, STATUS_OK);
    text_format(target, sizeof target, "Provenance/%s", text_of(&bed->fixture, "SELECT id FROM identity WHERE type = 'Provenance'"));
    delete_resource(bed, target);
    text_format(target, sizeof target, "Observation/%s", text_of(&bed->fixture, "SELECT id FROM identity WHERE type = 'Observation'"));
    delete_resource(bed, target); /* 410 from now on */
    ahead = (MANIFEST_HOURS + 1) * INSTANT_HOUR;
    assert_run(bed, STATUS_OK);
    assert_int_equal(bed->result.removed, 2);
    assert_int_equal(number(bed, OUTBOX_COUNT), 0);
}

/* A visit half of which was sent before: its other half must not go on in an Encounter that is somebody else's by now. */
static void what_is_left_of_a_visit_waits_for_what_was_forgotten(void **state)
{
    struct bed *bed = *state;
    char visit[UUID_SIZE];
    assert_run(bed, STATUS_OK);
    sign_visit(bed, "p1", small_visit, NULL, visit);
    fault(bed, "{\"fault\":\"reject\",\"contains\":\"8867-4\"}"); /* the pulse, and what signs it */
    assert_run(bed, STATUS_ATTENTION);
    assert_int_equal(held(bed, "Encounter", visit), 1);
    restore(bed);
    post_encounter(bed, "p2"); /* which has the id of hers */
    retry_all(bed);
    assert_run(bed, STATUS_ATTENTION);
    assert_int_equal(held(bed, "Observation", "8867-4"), 0);
    assert_true(number(bed, FORGOTTEN) >= 1);
    assert_int_equal(number(bed, "SELECT count(*) FROM outbox o JOIN resource r ON r.key = o.resource WHERE r.type = 'Observation' AND "
                                 "o.state = 'waiting' AND o.reason LIKE '%no longer has%'"), 1);
    retry_all(bed);
    assert_run(bed, STATUS_OK);
    assert_once_at_server(bed, visit);
}

/* The id that hers had is somebody else's by now: what names it means that one. */
static void what_names_the_one_who_has_her_id_now_goes_on_doing_so(void **state)
{
    struct bed *bed = *state;
    char visit[UUID_SIZE];
    char named[64];
    char json[600];
    assert_run(bed, STATUS_OK);
    sign_visit(bed, "p1", small_visit, NULL, visit);
    assert_run(bed, STATUS_OK);
    text_format(named, sizeof named, "Encounter/%s", text_of(&bed->fixture, "SELECT id FROM identity WHERE type = 'Encounter'"));
    restore(bed);
    post_encounter(bed, "p2");
    ahead = (MANIFEST_HOURS + 1) * INSTANT_HOUR;
    assert_run(bed, STATUS_ATTENTION);
    retry_all(bed);
    assert_run(bed, STATUS_OK);
    assert_once_at_server(bed, visit);
    text_format(json, sizeof json, "{\"resourceType\":\"Task\",\"id\":\"tx\",\"status\":\"requested\",\"intent\":\"plan\","
                "\"description\":\"Call\",\"for\":{\"reference\":\"Patient/p2\"},\"encounter\":{\"reference\":\"%s\"}}", named);
    put_resource(bed, "Task/tx", json);
    assert_run(bed, STATUS_OK);
    sign_visit(bed, "p2", small_visit, "tx", visit);
    assert_run(bed, STATUS_OK);
    assert_int_equal(held(bed, "Task", "completed"), 1);
    text_format(json, sizeof json, "{\"reference\":\"%s\"}", named);
    assert_int_equal(held(bed, "Task", json), 1);
}

static void a_signature_whose_id_is_anothers_is_asked_about(void **state)
{
    struct bed *bed = *state;
    char visit[UUID_SIZE];
    char uuid[UUID_SIZE];
    assert_run(bed, STATUS_OK);
    size_t made = sign_visit(bed, "p1", small_visit, NULL, visit);
    assert_run(bed, STATUS_OK);
    text_copy(uuid, sizeof uuid, text_of(&bed->fixture, "SELECT uuid FROM identity WHERE type = 'Provenance'"));
    int last = (int)strtol(text_of(&bed->fixture, "SELECT id FROM identity WHERE type = 'Provenance'"), NULL, 10);
    restore(bed);
    for (int i = 1000; i <= last; i++) { /* ids are counted from there: hers is among them */
        post(bed, "Provenance", "{\"resourceType\":\"Provenance\",\"recorded\":\"2026-11-22T00:00:00Z\","
                                "\"target\":[{\"reference\":\"Patient/p2\"}],\"agent\":[{\"who\":{\"reference\":\"Practitioner/n2\"}}]}");
    }
    ahead = (MANIFEST_HOURS + 1) * INSTANT_HOUR;
    assert_run(bed, STATUS_ATTENTION);
    assert_int_equal(number(bed, FORGOTTEN), (int64_t)made);
    retry_all(bed);
    assert_run(bed, STATUS_OK);
    assert_int_equal(held(bed, "Provenance", uuid), 1);
}

static bool refuses_search(struct script *script, const struct request *request, struct response *response)
{
    if (strcmp(request->method, "GET") == 0 && strstr(request->url, script->text) != NULL) {
        reply(response, script->step, FHIR_JSON, OUTCOME("error", "not allowed"));
        return true;
    }
    return false;
}

/* The server does not say whether it still has what the rest of a visit belongs to: what waits goes all the same. */
static void the_rest_of_a_visit_goes(struct bed *bed, int code, const char *refused)
{
    struct script script;
    char visit[UUID_SIZE];
    assert_run(bed, STATUS_OK);
    sign_visit(bed, "p1", small_visit, NULL, visit);
    fault(bed, "{\"fault\":\"reject\",\"contains\":\"8867-4\"}"); /* the pulse, and what signs it */
    assert_run(bed, STATUS_ATTENTION);
    no_faults(bed);
    retry_all(bed);
    script_begin(&script, bed);
    script.answer = refuses_search;
    script.step = code;
    script.text = refused;
    assert_run(bed, STATUS_OK);
    script_end(&script);
    assert_int_equal(number(bed, OUTBOX_COUNT), 0);
    assert_once_at_server(bed, visit);
}

static void a_server_that_refuses_the_search_is_asked_by_id(void **state)
{
    the_rest_of_a_visit_goes(*state, 403, "/Encounter?_id=");
}

static void a_server_that_does_not_know_the_search_is_asked_by_id(void **state)
{
    the_rest_of_a_visit_goes(*state, 404, "/Encounter?_id=");
}

static void a_server_that_shows_nothing_is_sent_it_all_the_same(void **state)
{
    the_rest_of_a_visit_goes(*state, 403, "/Encounter");
}

#define bed_test(name) cmocka_unit_test_setup_teardown(name, begin, leave_bed)

int main(void)
{
    const struct CMUnitTest tests[] = {
        bed_test(a_whole_visit_that_was_forgotten_goes_again_when_the_nurse_says_so),
        bed_test(what_is_there_after_all_is_not_made_twice),
        bed_test(what_was_deleted_there_asks_nobody),
        bed_test(what_is_left_of_a_visit_waits_for_what_was_forgotten),
        bed_test(what_names_the_one_who_has_her_id_now_goes_on_doing_so),
        bed_test(a_signature_whose_id_is_anothers_is_asked_about),
        bed_test(a_server_that_refuses_the_search_is_asked_by_id),
        bed_test(a_server_that_does_not_know_the_search_is_asked_by_id),
        bed_test(a_server_that_shows_nothing_is_sent_it_all_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
