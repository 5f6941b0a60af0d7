/* What fails again and again, what a server cannot read, what changes while it is on its way. */
#include "tests/sync/script.h"

/* A server that fails on whatever holds script->text. */
static bool fails_on(struct script *script, const struct request *request, struct response *response)
{
    if (!is_write(request) || strstr(request->body, script->text) == NULL) {
        return false;
    }
    reply(response, 500, FHIR_JSON, OUTCOME("error", "NullPointerException"));
    return true;
}

static void poison_is_isolated(void **state)
{
    struct bed *bed = *state;
    struct script script;
    char first[UUID_SIZE];
    char second[UUID_SIZE];
    assert_run(bed, STATUS_OK);
    sign_visit(bed, "p1", whole_visit, NULL, first);
    sign_visit(bed, "p2", small_visit, NULL, second);
    script_begin(&script, bed);
    script.answer = fails_on;
    script.text = "29463-7"; /* the weight of the first visit */
    for (int i = 0; i < 3; i++) {
        assert_run(bed, STATUS_UNREACHABLE);
        assert_int_equal(held(bed, "Encounter", NULL), 0);
    }
    assert_run(bed, STATUS_ATTENTION);
    assert_int_equal(held(bed, "Encounter", first) + held(bed, "Encounter", second), 2);
    assert_int_equal(number(bed, "SELECT count(*) FROM outbox WHERE state = 'refused' AND http_status = 500"), 1);
    assert_int_equal(number(bed, OUTBOX_COUNT), 2); /* and the Provenance */
    assert_string_equal(text_of(&bed->fixture, "SELECT reason FROM outbox WHERE state = 'refused'"), "NullPointerException");
    script_end(&script);
}

/* A server that fails on everything: nothing is called refused, and the caseload is still asked for. */
static void a_broken_server_refuses_nothing(void **state)
{
    struct bed *bed = *state;
    struct script script;
    char visit[UUID_SIZE];
    assert_run(bed, STATUS_OK);
    int64_t queued = (int64_t)sign_visit(bed, "p1", small_visit, NULL, visit);
    script_begin(&script, bed);
    script.answer = fails_on;
    script.text = "Bundle";
    for (int i = 0; i < 6; i++) {
        assert_run(bed, i < 3 ? STATUS_UNREACHABLE : STATUS_ATTENTION);
        assert_int_equal(number(bed, "SELECT count(*) FROM outbox WHERE state = 'waiting'"), queued);
    }
    assert_string_not_equal(bed->result.entry.data_as_of, "");
    script.answer = NULL;
    assert_run(bed, STATUS_OK);
    assert_int_equal(held(bed, "Encounter", visit), 1);
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
    char visit[UUID_SIZE];
    assert_run(bed, STATUS_OK);
    sign_visit(bed, "p1", small_visit, "t1", visit);
    script_begin(&script, bed);
    script.answer = changes_meanwhile;
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
        bed_test(poison_is_isolated),
        bed_test(a_broken_server_refuses_nothing),
        bed_test(one_visit_on_which_the_line_breaks_holds_up_no_other),
        cmocka_unit_test(compression_is_learned),
        bed_test(a_change_made_meanwhile_is_not_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
