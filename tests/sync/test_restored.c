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

/* Somebody else's visit. */
static void post_encounter(struct bed *bed, const char *patient)
{
    struct transport transport = http_transport(bed->http);
    struct response response;
    char url[256];
    char body[300];
    text_format(url, sizeof url, "%s/Encounter", bed->base);
    text_format(body, sizeof body, "{\"resourceType\":\"Encounter\",\"status\":\"finished\",\"class\":{\"code\":\"HH\"},"
                                   "\"subject\":{\"reference\":\"Patient/%s\"}}", patient);
    struct request request = {.method = "POST", .url = url, .body = body, .body_length = strlen(body)};
    response_init(&response);
    assert_int_equal(transport.exchange(transport.context, &request, &response, NULL), STATUS_OK);
    assert_int_equal(response.status, 201);
    response_free(&response);
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

#define bed_test(name) cmocka_unit_test_setup_teardown(name, begin, leave_bed)

int main(void)
{
    const struct CMUnitTest tests[] = {
        bed_test(a_whole_visit_that_was_forgotten_goes_again_when_the_nurse_says_so),
        bed_test(what_is_there_after_all_is_not_made_twice),
        bed_test(what_was_deleted_there_asks_nobody),
        bed_test(what_is_left_of_a_visit_waits_for_what_was_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
