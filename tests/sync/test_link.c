/* Lines that bring only so much at a time, and servers that give only so much: each run brings something, and none is stuck. */
#include "tests/sync/script.h"

#include "sync/portion.h"

/* A line that is cut after script->step bytes of an answer. script->text, when set: only of answers that hold it. */
static void cut_long_answers(struct script *script, const struct request *request, struct response *response)
{
    bool meant = script->text == NULL ? strstr(request->url, "/metadata") == NULL
                                      : strstr(buffer_text(&response->body), script->text) != NULL;
    if (response->end == EXCHANGE_ANSWERED && meant && response->body.length > (size_t)script->step) {
        response->end = EXCHANGE_UNKNOWN;
        response->status = 0;
        text_copy(response->reason, sizeof response->reason, "cut");
    }
}

/* The same as too large for the device. */
static void refuse_long_answers(struct script *script, const struct request *request, struct response *response)
{
    cut_long_answers(script, request, response);
    if (response->end == EXCHANGE_UNKNOWN) {
        response->end = EXCHANGE_TOO_LARGE;
        text_copy(response->reason, sizeof response->reason, "larger");
    }
}

/* The same as a server, or a proxy, that says 413. */
static void answer_413(struct script *script, const struct request *request, struct response *response)
{
    cut_long_answers(script, request, response);
    if (response->end == EXCHANGE_UNKNOWN) {
        reply(response, 413, "text/html", "<html>nginx</html>");
    }
}

static size_t page_size(struct bed *bed)
{
    size_t size = 0;
    assert_int_equal(portion_get(&bed->sync, PORTION_PAGE, &size, NULL), STATUS_OK);
    return size;
}

static void assert_whole(struct bed *bed, int charts, int observations)
{
    assert_int_equal(number(bed, COMPLETE_COUNT), charts);
    assert_int_equal(number(bed, "SELECT count(*) FROM reading"), charts * observations);
    assert_int_equal(number(bed, "SELECT count(*) FROM allergy"), charts);
    assert_int_equal(number(bed, "SELECT count(*) FROM task"), charts);
    assert_int_equal(number(bed, "SELECT count(*) FROM resource WHERE type = 'Practitioner' AND id = 'n2'"), 1);
}

static void pages_shrink_to_what_the_link_brings(void **state)
{
    void (*const lines[])(struct script *, const struct request *, struct response *) = {cut_long_answers, refuse_long_answers,
                                                                                         answer_413};
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct bed *bed = new_bed("List/l1", NULL, 60);
        struct script script;
        script_begin(&script, bed);
        script.alter = lines[i];
        script.step = 12000; /* about twenty readings */
        for (int runs = 0; run(bed) != STATUS_OK; runs++) {
            if (runs >= 2) { fail_msg("%zu: %s", i, bed->error.sentence); }
        }
        assert_whole(bed, 2, 60);
        assert_in_range(page_size(bed), 1, 100);
        script_end(&script);
        free_bed(bed);
    }
}

/* Links that name no page size: "_getpages=X&at=N" stands for what they hide. */
static void hide_counts(struct script *script, const struct request *request, struct response *response)
{
    cut_long_answers(script, request, response);
    char *count = response->end == EXCHANGE_ANSWERED && response->body.length > 0 ? strstr(response->body.data, "&_count=") : NULL;
    for (; count != NULL; count = strstr(count + 1, "&_count=")) {
        if (strstr(request->url, "/fhir/Observation") != NULL || strstr(request->url, "_getpages") != NULL) {
            count[1] = 'X'; /* the loopback server passes over it, and gives pages of its own size */
        }
    }
}

static void links_that_name_no_size_are_begun_again(void **state)
{
    (void)state;
    struct bed *bed = new_bed("List/l1", NULL, 60);
    struct script script;
    script_begin(&script, bed);
    script.alter = hide_counts;
    script.step = 14000;
    for (int runs = 0; run(bed) != STATUS_OK; runs++) {
        assert_true(runs < 3);
    }
    assert_whole(bed, 2, 60);
    script_end(&script);
    free_bed(bed);
}

/* The size that went well is where the next run begins, and a better line lets it grow again. */
static void the_page_size_is_remembered_and_grows_again(void **state)
{
    (void)state;
    struct bed *bed = new_bed("List/l1", NULL, 240);
    struct script script;
    script_begin(&script, bed);
    script.alter = cut_long_answers;
    script.step = 3000;
    assert_run(bed, STATUS_UNREACHABLE); /* one page is asked for only so many times */
    size_t small = page_size(bed);
    assert_in_range(small, 1, 12);
    script.alter = NULL;
    assert_run(bed, STATUS_OK);
    assert_whole(bed, 2, 240);
    assert_int_equal(page_size(bed), PAGE_MOST);
    assert_true(logged(bed, "_count=200") > 0);
    script_end(&script);
    free_bed(bed);
}

/* A line that breaks for good after so many answers, in each run: step counts them down. */
static bool breaks_after(struct script *script, const struct request *request, struct response *response)
{
    (void)request;
    if (script->step-- > 0) {
        return false;
    }
    response->end = EXCHANGE_NOT_SENT;
    text_copy(response->reason, sizeof response->reason, "gone");
    return true;
}

static void every_run_brings_something(void **state)
{
    (void)state;
    struct bed *bed = new_bed("Group/g1", NULL, 40);
    struct script script;
    int runs = 0;
    int64_t before = -1;
    assert_int_equal(store_setting_set(bed->fixture.store, SETTING_SERVER_PAGE, "10", NULL), STATUS_OK);
    script_begin(&script, bed);
    script.answer = breaks_after;
    for (enum status status = STATUS_UNREACHABLE; status != STATUS_OK; runs++) {
        assert_int_equal(store_setting_set(bed->fixture.store, SETTING_SERVER_PAGE, "10", NULL), STATUS_OK);
        script.step = 8; /* a whole chart group takes more than twenty */
        status = run(bed);
        assert_true(status == STATUS_OK || status == STATUS_UNREACHABLE);
        int64_t now = number(bed, RESOURCE_COUNT);
        assert_true(now >= before);
        before = now;

        assert_true(runs < 60);
    }
    assert_true(runs > 4);
    assert_whole(bed, PATIENTS, 40);
    script.answer = NULL;
    assert_run(bed, STATUS_OK);
    assert_int_equal(bed->result.entry.pulled, 0);
    script_end(&script);
    free_bed(bed);
}

#define LATER_WEIGHT(id, patient) WEIGHT(id, "1", "2026-11-20T00:00:00Z", patient, "2026-11-20T00:00:00Z", "62.0")

/* What changes at the server between two runs that bring one chart in parts is in the chart when it is called complete. */
static void a_chart_in_parts_misses_no_change(void **state)
{
    (void)state;
    struct bed *bed = new_bed("List/l1", NULL, 30);
    struct script script;
    script_begin(&script, bed);
    script.answer = breaks_after;
    script.step = 14; /* all types before the observations */
    assert_run(bed, STATUS_UNREACHABLE);
    assert_int_equal(number(bed, "SELECT count(*) FROM task"), 2);
    assert_true(number(bed, "SELECT count(*) FROM cursor WHERE value LIKE '- %'") == 2);
    put_resource(bed, "Task/t1", "{\"resourceType\":\"Task\",\"id\":\"t1\",\"status\":\"accepted\",\"intent\":\"plan\","
                                 "\"description\":\"Changed\",\"for\":{\"reference\":\"Patient/p1\"}}");
    put_resource(bed, "Flag/f1", "{\"resourceType\":\"Flag\",\"id\":\"f1\",\"status\":\"active\",\"code\":{\"text\":\"Dog\"},"
                                 "\"subject\":{\"reference\":\"Patient/p2\"},\"author\":{\"reference\":\"Practitioner/n1\"}}");
    script.answer = NULL;
    int64_t allergies = logged(bed, "AllergyIntolerance?");
    assert_run(bed, STATUS_OK);
    assert_int_equal(logged(bed, "GET /fhir/AllergyIntolerance?"), allergies); /* not asked for as a whole again */
    assert_whole(bed, 2, 30);
    assert_int_equal(number(bed, "SELECT count(*) FROM resource WHERE id = 't1' AND body LIKE '%Changed%'"), 1);
    assert_int_equal(number(bed, "SELECT count(*) FROM resource WHERE id IN ('f1', 'n1', 'n2')"), 3);
    assert_int_equal(number(bed, "SELECT count(*) FROM cursor WHERE scope LIKE 'patient/%' AND value LIKE '% %'"), 0);
    script_end(&script);
    free_bed(bed);
}

/* A patient who leaves in the middle of this, with something unsent, and comes back, is read from the beginning. */
static void who_comes_back_is_read_from_the_beginning(void **state)
{
    (void)state;
    struct bed *bed = new_bed("List/l1", NULL, 3);
    struct script script;
    char visit[UUID_SIZE];
    script_begin(&script, bed);
    script.answer = breaks_after;
    script.step = 14;
    assert_run(bed, STATUS_UNREACHABLE);
    sign_visit(bed, "p1", small_visit, NULL, visit);
    fault(bed, "{\"fault\":\"reject\",\"contains\":\"8867-4\"}");
    script.answer = NULL;
    bed->sync.caseload = "Patient?_id=p2,p3";
    assert_run(bed, STATUS_ATTENTION);
    assert_int_equal(number(bed, "SELECT count(*) FROM allergy WHERE patient = 'p1'"), 0);
    no_faults(bed);
    bed->sync.caseload = "List/l1";
    assert_run(bed, STATUS_ATTENTION);
    assert_int_equal(number(bed, "SELECT count(*) FROM allergy WHERE patient = 'p1'"), 1);
    assert_int_equal(number(bed, "SELECT count(*) FROM task WHERE patient = 'p1'"), 1);
    assert_int_equal(number(bed, "SELECT complete FROM chart_state WHERE patient = 'p1'"), 1);
    script_end(&script);
    free_bed(bed);
}

/* One resource that is too large for anything. */
static void put_large(struct bed *bed, const char *id, const char *patient)
{
    struct buffer body;
    char target[64];
    buffer_init(&body, RESPONSE_LIMIT);
    buffer_format(&body, "{\"resourceType\":\"DocumentReference\",\"id\":\"%s\",\"status\":\"current\",\"subject\":{\"reference\":"
                         "\"Patient/%s\"},\"content\":[{\"attachment\":{\"contentType\":\"image/png\",\"data\":\"", id, patient);
    for (int i = 0; i < 8000; i++) {
        buffer_append_text(&body, "QUJD");
    }
    buffer_append_text(&body, "\"}}]}");
    text_format(target, sizeof target, "DocumentReference/%s", id);
    put_resource(bed, target, buffer_text(&body));
    buffer_free(&body);
}

#define SMALL_DOCUMENT(id) \
    "{\"resourceType\":\"DocumentReference\",\"id\":\"" id "\",\"status\":\"current\",\"subject\":{\"reference\":\"Patient/p2\"}," \
    "\"content\":[{\"attachment\":{\"contentType\":\"text/plain\",\"title\":\"short\"}}]}"

static void one_that_is_too_large_is_named_and_the_others_come(void **state)
{
    void (*const lines[])(struct script *, const struct request *, struct response *) = {refuse_long_answers, cut_long_answers};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct bed *bed = new_bed("List/l1", NULL, 3);
        struct script script;
        put_resource(bed, "DocumentReference/d1", SMALL_DOCUMENT("d1"));
        put_large(bed, "huge", "p1");
        put_resource(bed, "DocumentReference/d2", SMALL_DOCUMENT("d2"));
        script_begin(&script, bed);
        script.alter = lines[i];
        script.step = 10000;
        script.text = "QUJDQUJD";
        for (int runs = 0; run(bed) != STATUS_ATTENTION; runs++) {
            if (runs >= 4) { fail_msg("%zu: %s", i, bed->error.sentence); }
        }
        assert_int_equal(number(bed, "SELECT count(*) FROM resource WHERE id IN ('d1', 'd2')"), 2);
        assert_int_equal(number(bed, "SELECT count(*) FROM quarantine WHERE type = 'DocumentReference' AND id = 'huge' AND "
                                     "patient = 'p1' AND why LIKE '%DocumentReference/huge%'"), 1);
        struct sync_status now;
        assert_int_equal(query_status(bed->fixture.store, &now, NULL), STATUS_OK);
        assert_int_equal(now.incomplete_patients, 1);
        assert_whole(bed, 2, 3);
        assert_int_equal(number(bed, "SELECT count(*) FROM journal WHERE reason LIKE '%1 set aside unread%'"), 1);
        script_end(&script);
        free_bed(bed);
    }
}

/* It comes after all, when it became smaller: nothing is set aside any more. */
static void what_became_smaller_comes(void **state)
{
    (void)state;
    struct bed *bed = new_bed("List/l1", NULL, 3);
    struct script script;
    put_large(bed, "huge", "p2");
    script_begin(&script, bed);
    script.alter = refuse_long_answers;
    script.step = 10000;
    script.text = "QUJDQUJD";
    assert_run(bed, STATUS_ATTENTION);
    put_resource(bed, "DocumentReference/huge", SMALL_DOCUMENT("huge"));
    assert_run(bed, STATUS_OK);
    assert_int_equal(number(bed, "SELECT count(*) FROM quarantine"), 0);
    assert_int_equal(number(bed, "SELECT count(*) FROM resource WHERE id = 'huge'"), 1);
    script_end(&script);
    free_bed(bed);
}

/* Many questions in one answer that the line cuts are asked one by one. */
static void a_batch_that_is_cut_is_asked_one_by_one(void **state)
{
    struct bed *bed = *state;
    struct script script;
    assert_run(bed, STATUS_OK);
    put_resource(bed, "Observation/later", LATER_WEIGHT("later", "p2"));
    script_begin(&script, bed);
    script.alter = cut_long_answers;
    script.step = 3000; /* seventeen empty lists are more */
    assert_run(bed, STATUS_OK);
    assert_int_equal(number(bed, "SELECT count(*) FROM resource WHERE id = 'later'"), 1);
    script_end(&script);
}

/* --- sending --------------------------------------------------------------------------------------------------------- */

/* Bundles of more than script->step bytes do not get through: script->text says how. */
static bool only_small_bundles(struct script *script, const struct request *request, struct response *response)
{
    if (!is_write(request) || request->body_length <= (size_t)script->step) {
        return false;
    }
    if (strcmp(script->text, "stall") == 0) {
        response->end = EXCHANGE_UNKNOWN;
        response->sent_in_part = true;
        text_copy(response->reason, sizeof response->reason, "silent");
    } else {
        reply(response, strtol(script->text, NULL, 10), FHIR_JSON, "");
    }
    return true;
}

static void bundles_shrink_to_what_gets_through(void **state)
{
    static const char *const ways[] = {"stall", "408", "413", "504"};
    (void)state;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        struct bed *bed = new_bed("List/l1", NULL, 1);
        struct script script;
        char visits[2][UUID_SIZE];
        size_t size = 0;
        assert_run(bed, STATUS_OK);
        sign_visit(bed, "p1", whole_visit, NULL, visits[0]);
        script_begin(&script, bed);
        script.answer = only_small_bundles;
        script.step = 9000;
        script.text = ways[i];
        for (int runs = 0; run(bed) != STATUS_OK; runs++) {
            if (runs >= 3) { fail_msg("%s: %s", ways[i], bed->error.sentence); }
        }
        assert_int_equal(number(bed, OUTBOX_COUNT), 0);
        assert_once_at_server(bed, visits[0]);
        if (strcmp(ways[i], "413") == 0) { /* a server's own limit is met once */
            script.writes = 0;
            sign_visit(bed, "p2", whole_visit, NULL, visits[1]);
            script.answer = NULL;
            assert_run(bed, STATUS_OK);
            assert_true(script.writes > 1);
            assert_int_equal(portion_refused(&bed->sync, 0, &size, NULL), STATUS_OK);
            assert_in_range(size, 9000, 60000);
        }
        script_end(&script);
        free_bed(bed);
    }
}

/* A line that is good again takes whole visits again. */
static void bundles_grow_again(void **state)
{
    struct bed *bed = *state;
    struct script script;
    char visit[UUID_SIZE];
    assert_run(bed, STATUS_OK);
    assert_int_equal(store_setting_set(bed->fixture.store, SETTING_SERVER_BODY, "4096", NULL), STATUS_OK);
    script_begin(&script, bed);
    sign_visit(bed, "p1", whole_visit, NULL, visit);
    assert_run(bed, STATUS_OK);
    assert_true(script.writes > 1);
    for (int i = 0; i < 3; i++) {
        sign_visit(bed, "p1", whole_visit, NULL, visit);
        script.writes = 0;
        assert_run(bed, STATUS_OK);
        assert_once_at_server(bed, visit);
    }
    assert_int_equal(script.writes, 1);
    script_end(&script);
}

/* --- what was learned ------------------------------------------------------------------------------------------------ */

static int64_t ahead;

static int64_t ahead_now(void *context)
{
    (void)context;
    return system_clock_now(NULL) + ahead;
}

/* The server says another version of its software. */
static bool new_version(struct script *script, const struct request *request, struct response *response)
{
    if (strstr(request->url, "/metadata") == NULL) {
        return false;
    }
    reply(response, script->step, FHIR_JSON, script->text);
    return true;
}

#define STATEMENT(version) \
    "{\"resourceType\":\"CapabilityStatement\",\"fhirVersion\":\"4.0.1\",\"software\":{\"name\":\"doorstep loopback\",\"version\":\"" \
    version "\"}}"

static void other_software_is_learned_anew(void **state)
{
    static const char *const learned[] = {SETTING_SERVER_LIMIT, SETTING_SERVER_GZIP, SETTING_SERVER_BATCH,
                                          SETTING_SERVER_PAGE,  SETTING_SERVER_BODY, SETTING_SERVER_REFUSED};
    struct bed *bed = *state;
    struct script script;
    char value[160];
    ahead = 0;
    bed->sync.clock.now = ahead_now;
    assert_run(bed, STATUS_OK);
    for (size_t i = 0; i < sizeof learned / sizeof learned[0]; i++) {
        assert_int_equal(store_setting_set(bed->fixture.store, learned[i], i == 1 || i == 2 ? "no" : "5", NULL), STATUS_OK);
    }
    script_begin(&script, bed);
    script.answer = new_version;
    script.step = 200;
    script.text = STATEMENT("2");
    assert_run(bed, STATUS_OK); /* too soon to ask */
    assert_int_equal(store_setting_get(bed->fixture.store, SETTING_SERVER_LIMIT, value, sizeof value, NULL), STATUS_OK);
    assert_string_equal(value, "5");
    ahead = 21 * INSTANT_HOUR;
    script.step = 403; /* one that does not say it any more is used as before */
    assert_run(bed, STATUS_OK);
    assert_int_equal(store_setting_get(bed->fixture.store, SETTING_SERVER_BATCH, value, sizeof value, NULL), STATUS_OK);
    assert_string_equal(value, "no");
    ahead = 42 * INSTANT_HOUR;
    script.step = 200;
    int64_t asked = script.requests;
    assert_int_equal(sync_push(&bed->sync, &bed->result, NULL), STATUS_OK);
    assert_run(bed, STATUS_OK);
    assert_true(script.requests > asked);
    assert_int_equal(store_setting_get(bed->fixture.store, SETTING_SERVER_SOFTWARE, value, sizeof value, NULL), STATUS_OK);
    assert_string_equal(value, "doorstep loopback 2");
    for (size_t i = 0; i < sizeof learned / sizeof learned[0]; i++) {
        assert_int_equal(store_setting_get(bed->fixture.store, learned[i], value, sizeof value, NULL), STATUS_OK);
        assert_true(value[0] == '\0' || strcmp(learned[i], SETTING_SERVER_GZIP) == 0); /* which is learned again at once */
    }
    script_end(&script);
}

#define bed_test(name) cmocka_unit_test_setup_teardown(name, group_bed, leave_bed)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_shrink_to_what_the_link_brings),
        cmocka_unit_test(links_that_name_no_size_are_begun_again),
        cmocka_unit_test(the_page_size_is_remembered_and_grows_again),
        cmocka_unit_test(every_run_brings_something),
        cmocka_unit_test(a_chart_in_parts_misses_no_change),
        cmocka_unit_test(who_comes_back_is_read_from_the_beginning),
        cmocka_unit_test(one_that_is_too_large_is_named_and_the_others_come),
        cmocka_unit_test(what_became_smaller_comes),
        bed_test(a_batch_that_is_cut_is_asked_one_by_one),
        cmocka_unit_test(bundles_shrink_to_what_gets_through),
        bed_test(bundles_grow_again),
        bed_test(other_software_is_learned_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
