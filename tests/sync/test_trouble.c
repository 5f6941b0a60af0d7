/* What fails again and again, what a server cannot read, what changes while it is on its way. */
#include "tests/sync/script.h"

/* What is said of whatever holds script->text. */
static bool fails_on(struct script *script, const struct request *request, struct response *response)
{
    if (!is_write(request) || strstr(request->body, script->text) == NULL) {
        return false;
    }
    if (script->step == 403) {
        reply(response, 403, "text/html", "<html>Request rejected. Support ID 123</html>");
    } else {
        reply(response, script->step, FHIR_JSON, OUTCOME("error", "NullPointerException"));
    }
    return true;
}

#define WAITING_COUNT "SELECT count(*) FROM outbox WHERE state = 'waiting'"
#define REFUSED_COUNT "SELECT count(*) FROM outbox WHERE state = 'refused'"

/* A refusal in whatever clothes: the other visit and the pull go on in the same run, and what it is about is found. */
static void one_bad_record_holds_up_nothing(void **state)
{
    static const struct {
        int code;
        const char *words;
    } cases[] = {{500, "NullPointerException"}, {501, "NullPointerException"}, {502, "NullPointerException"},
                 {200, "NullPointerException"}, {403, "a filter on the way may refuse it"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bed *bed = new_bed("Group/g1", NULL, 1);
        struct script script;
        char visits[2][UUID_SIZE];
        assert_run(bed, STATUS_OK);
        sign_visit(bed, "p1", whole_visit, NULL, visits[0]);
        sign_visit(bed, "p2", small_visit, NULL, visits[1]);
        put_resource(bed, "Flag/f1", "{\"resourceType\":\"Flag\",\"id\":\"f1\",\"status\":\"active\",\"code\":{\"text\":\"Dog\"},"
                                     "\"subject\":{\"reference\":\"Patient/p2\"},\"author\":{\"reference\":\"Practitioner/n1\"}}");
        script_begin(&script, bed);
        script.answer = fails_on;
        script.text = "29463-7"; /* the weight of the first visit */
        script.step = cases[i].code;
        assert_run(bed, STATUS_ATTENTION);
        assert_int_equal(held(bed, "Encounter", visits[0]), 1);
        assert_int_equal(held(bed, "Encounter", visits[1]), 1);
        assert_int_equal(number(bed, "SELECT count(*) FROM resource WHERE id = 'f1'"), 1);
        assert_int_equal(number(bed, REFUSED_COUNT), 1);
        assert_int_equal(number(bed, "SELECT http_status FROM outbox WHERE state = 'refused'"), cases[i].code);
        assert_int_equal(number(bed, OUTBOX_COUNT), 2); /* and the Provenance */
        assert_non_null(strstr(text_of(&bed->fixture, "SELECT reason FROM outbox WHERE state = 'refused'"), cases[i].words));
        script.answer = NULL;
        assert_int_equal(outbox_retry(bed->fixture.store, number(bed, "SELECT number FROM outbox WHERE state = 'refused'"), NULL),
                         STATUS_OK);
        assert_run(bed, STATUS_OK);
        assert_once_at_server(bed, visits[0]);
        script_end(&script);
        free_bed(bed);
    }
}

/* With no other visit, the pull tells that the server is well, and the rest of the visit that it takes things. */
static void the_only_visit_is_taken_apart_too(void **state)
{
    struct bed *bed = *state;
    struct script script;
    char visit[UUID_SIZE];
    assert_run(bed, STATUS_OK);
    sign_visit(bed, "p1", whole_visit, NULL, visit);
    script_begin(&script, bed);
    script.answer = fails_on;
    script.text = "29463-7";
    script.step = 502;
    assert_run(bed, STATUS_ATTENTION);
    assert_int_equal(held(bed, "Encounter", visit), 1);
    assert_int_equal(number(bed, REFUSED_COUNT), 1);
    assert_int_equal(number(bed, WAITING_COUNT), 1);
    script_end(&script);
}

/* A server that fails on everything: nothing is called refused, few visits are tried, and the caseload is still asked for. */
static void a_broken_server_refuses_nothing(void **state)
{
    struct bed *bed = *state;
    struct script script;
    char visit[UUID_SIZE];
    assert_run(bed, STATUS_OK);
    int64_t queued = 0;
    for (int i = 0; i < 4; i++) {
        queued += (int64_t)sign_visit(bed, i % 2 == 0 ? "p1" : "p2", small_visit, NULL, visit);
    }
    assert_int_equal(store_setting_set(bed->fixture.store, SETTING_SERVER_GZIP, "yes", NULL), STATUS_OK);
    script_begin(&script, bed);
    script.answer = fails_on;
    script.text = "Bundle";
    script.step = 500;
    for (int i = 0; i < 6; i++) {
        script.writes = 0;
        enum status status = run(bed);
        assert_true(status == STATUS_UNREACHABLE || (i > 0 && status == STATUS_ATTENTION));
        assert_int_equal(number(bed, WAITING_COUNT), queued);
        assert_true(script.writes < 2 + 4 + 2 * 4);
        assert_string_not_equal(bed->result.entry.data_as_of, "");
    }
    script.answer = NULL;
    assert_run(bed, STATUS_OK);
    assert_int_equal(held(bed, "Encounter", visit), 1);
    script_end(&script);
}

/* A network that wants a sign-in first answers everything with its page: that is said, and nothing is refused. */
static bool portal(struct script *script, const struct request *request, struct response *response)
{
    (void)request;
    reply(response, script->step, "text/html", "<html>Welcome. Sign in.</html>");
    return true;
}

static void a_captive_portal_refuses_nothing(void **state)
{
    static const int codes[] = {200, 403, 511};
    struct bed *bed = *state;
    struct script script;
    char visit[UUID_SIZE];
    assert_run(bed, STATUS_OK);
    int64_t queued = (int64_t)sign_visit(bed, "p1", small_visit, NULL, visit);
    queued += (int64_t)sign_visit(bed, "p2", small_visit, NULL, visit);
    queued += (int64_t)sign_visit(bed, "p3", small_visit, NULL, visit);
    script_begin(&script, bed);
    script.answer = portal;
    for (size_t i = 0; i < 6; i++) {
        script.step = codes[i % 3];
        script.writes = 0;
        assert_run(bed, STATUS_UNREACHABLE);
        assert_true(script.writes <= 2);
        assert_int_equal(number(bed, WAITING_COUNT), queued);
        assert_non_null(strstr(bed->error.sentence, "sign-in first"));
    }
    script.answer = NULL;
    assert_run(bed, STATUS_OK);
    assert_int_equal(number(bed, OUTBOX_COUNT), 0);
    assert_int_equal(held(bed, "Encounter", NULL), 3);
    script_end(&script);
}

/* The line breaks on one visit each time. */
static bool breaks_on(struct script *script, const struct request *request, struct response *response)
{
    if (!is_write(request) || strstr(request->body, script->text) == NULL) {
        return false;
    }
    response->end = EXCHANGE_UNKNOWN;
    text_copy(response->reason, sizeof response->reason, "broken");
    return true;
}

static void one_visit_on_which_the_line_breaks_holds_up_no_other(void **state)
{
    struct bed *bed = *state;
    struct script script;
    char first[UUID_SIZE];
    char second[UUID_SIZE];
    assert_run(bed, STATUS_OK);
    int64_t queued = (int64_t)sign_visit(bed, "p1", small_visit, NULL, first);
    sign_visit(bed, "p2", small_visit, NULL, second);
    script_begin(&script, bed);
    script.answer = breaks_on;
    script.text = first;
    for (int i = 0; i < 3; i++) {
        assert_run(bed, STATUS_UNREACHABLE);
        assert_int_equal(held(bed, "Encounter", NULL), 0);
    }
    assert_run(bed, STATUS_ATTENTION);
    assert_int_equal(held(bed, "Encounter", second), 1);
    assert_int_equal(number(bed, "SELECT count(*) FROM outbox WHERE state = 'waiting' AND reason = 'broken'"), queued);
    script_end(&script);
}

/* A server that cannot read compressed bodies. */
static bool no_gzip(struct script *script, const struct request *request, struct response *response)
{
    if (!is_write(request) || !request->compress) {
        return false;
    }
    reply(response, script->step, FHIR_JSON, OUTCOME("error", "not JSON"));
    return true;
}

static void compression_is_learned(void **state)
{
    static const int statuses[] = {400, 415, 500};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct bed *bed = new_bed("List/l1", NULL, 1);
        struct script script;
        char setting[8];
        script_begin(&script, bed);
        script.answer = no_gzip;
        script.step = statuses[i];
        assert_accepted(bed, 2);
        assert_int_equal(store_setting_get(bed->fixture.store, SETTING_SERVER_GZIP, setting, sizeof setting, NULL), STATUS_OK);
        assert_string_equal(setting, "no");
        script_end(&script);
        free_bed(bed);
    }
    struct bed *bed = new_bed("List/l1", NULL, 1);
    struct script script;
    char setting[8];
    script_begin(&script, bed);
    assert_accepted(bed, 1);
    assert_int_equal(store_setting_get(bed->fixture.store, SETTING_SERVER_GZIP, setting, sizeof setting, NULL), STATUS_OK);
    assert_string_equal(setting, "yes");
    script_end(&script);
    free_bed(bed);
}

/* While the visit is on its way the nurse signs another one that changes the same task. */
static bool changes_meanwhile(struct script *script, const struct request *request, struct response *response)
{
    (void)response;
    if (is_write(request) && script->step++ == 0) {
        struct bed other = *script->bed;
        char visit[UUID_SIZE];
        other.fixture.store = NULL;
        open_bed(&other);
        assert_int_equal(draft_start(other.fixture.store, "p1", "", visit, NULL), STATUS_OK);
        assert_int_equal(draft_set_aside(other.fixture.store, visit, "only to try the second connection", NULL), STATUS_OK);
        sign_visit(&other, "p1", small_visit, "t1", visit);
        store_close(other.fixture.store);
    }
    return false;
}

static void a_change_made_meanwhile_is_not_lost(void **state)
{
    struct bed *bed = *state;
    struct script script;
    (void)script_visit(&script, bed, changes_meanwhile);
    assert_run(bed, STATUS_ATTENTION);
    assert_int_equal(number(bed, "SELECT count(*) FROM outbox JOIN resource r ON r.key = resource WHERE r.type = 'Task'"), 1);
    assert_true(number(bed, "SELECT count(*) FROM outbox WHERE state = 'waiting'") > 3);
    assert_run(bed, STATUS_OK);
    assert_int_equal(number(bed, OUTBOX_COUNT), 0);
    assert_int_equal(number(bed, "SELECT count(*) FROM conflict"), 0);
    assert_int_equal(held(bed, "Encounter", NULL), 2);
    script_end(&script);
}

#define bed_test(name) cmocka_unit_test_setup_teardown(name, group_bed, leave_bed)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_bad_record_holds_up_nothing),
        bed_test(the_only_visit_is_taken_apart_too),
        bed_test(a_broken_server_refuses_nothing),
        bed_test(a_captive_portal_refuses_nothing),
        bed_test(one_visit_on_which_the_line_breaks_holds_up_no_other),
        cmocka_unit_test(compression_is_learned),
        bed_test(a_change_made_meanwhile_is_not_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
