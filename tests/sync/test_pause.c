/* What a server asks for is kept: nothing more of the run is sent, and nothing before its time that nobody asked for. */
#include "sync/pause.h"
#include "sync/wait.h"
#include "tests/sync/script.h"

#define NOW INT64_C(1800000000000)

static void a_limit_is_spent_when_nothing_remains_until_a_time(void **state)
{
    static const struct {
        struct wait_headers headers;
        bool spent;
    } all[] = {
        {{.remaining = "0", .reset = "30"}, true},
        {{.remaining = "1", .reset = "30"}, false},
        {{.remaining = "0"}, false},
        {{.retry_after = "30"}, false}, /* meant with a 429 or 503 only */
        {{.limit = "limit=100, remaining=0, reset=50"}, true},
        {{.limit = "\"a\";r=5;t=10"}, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        assert_int_equal(wait_is_spent(&all[i].headers), all[i].spent);
    }
}

static void a_pause_lasts_an_hour_at_most_whatever_the_clock_does(void **state)
{
    static const struct {
        int64_t ahead, left; /* seconds */
    } all[] = {{3600, 3600}, {1, 1}, {0, 0}, {-5, 0}, {3601, 0}, {86400 * 30, 0}};
    struct bed *bed = *state;
    struct error error = {0};
    int64_t left = -1;
    assert_int_equal(pause_check(bed->fixture.store, NOW, &left, NULL), STATUS_OK);
    assert_int_equal(left, 0);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        assert_int_equal(pause_keep(bed->fixture.store, NOW + all[i].ahead * INSTANT_SECOND, NULL), STATUS_OK);
        assert_int_equal(pause_check(bed->fixture.store, NOW, &left, &error), all[i].left > 0 ? STATUS_UNREACHABLE : STATUS_OK);
        assert_int_equal(left, all[i].left);
    }
    assert_int_equal(pause_keep(bed->fixture.store, NOW + INSTANT_HOUR, NULL), STATUS_OK);
    assert_int_equal(pause_check(bed->fixture.store, NOW, &left, &error), STATUS_UNREACHABLE);
    assert_non_null(strstr(error.sentence, "until 18:00")); /* in Seoul */
    assert_int_equal(pause_keep(bed->fixture.store, INSTANT_NONE, NULL), STATUS_OK);
    assert_int_equal(pause_check(bed->fixture.store, NOW, &left, NULL), STATUS_OK);
}

/* The answer number script->step is the last that the server allows for a minute. */
static void the_last_allowed(struct script *script, const struct request *request, struct response *response)
{
    (void)request;
    if (script->requests == script->step) {
        response->spent = true;
        response->retry_after = 60;
    }
}

static void a_spent_limit_ends_the_run_and_the_next_goes_on(void **state)
{
    struct bed *bed = *state;
    struct script script;
    int64_t left = 0;
    script_begin(&script, bed);
    script.alter = the_last_allowed;
    script.step = 6;
    assert_run(bed, STATUS_UNREACHABLE);
    assert_non_null(strstr(bed->error.sentence, "left alone until"));
    assert_int_equal(script.requests, 6);
    assert_int_equal(bed->result.entry.requests, 6); /* none was sent ahead either */
    assert_true(bed->result.entry.pulled > 0); /* what the last one brought is kept */
    assert_int_equal(pause_check(bed->fixture.store, clock_now(&bed->sync.clock), &left, NULL), STATUS_UNREACHABLE);
    assert_in_range(left, 1, 60);
    script.step = -1;
    assert_run(bed, STATUS_OK);
    assert_int_equal(number(bed, COMPLETE_COUNT), PATIENTS);
    assert_int_equal(pause_check(bed->fixture.store, clock_now(&bed->sync.clock), &left, NULL), STATUS_OK);
    script_end(&script);
}

/* Nothing is sent when the server says with its last good answer that nothing remains: that is no failure. */
static void a_limit_spent_by_the_last_request_is_kept_too(void **state)
{
    struct bed *bed = *state;
    struct script script;
    int64_t left = 0;
    assert_run(bed, STATUS_OK);
    script_begin(&script, bed);
    assert_run(bed, STATUS_OK);
    script.step = script.requests;
    script.requests = 0;
    script.alter = the_last_allowed;
    assert_run(bed, STATUS_OK);
    assert_int_equal(script.requests, script.step);
    assert_int_equal(pause_check(bed->fixture.store, clock_now(&bed->sync.clock), &left, NULL), STATUS_UNREACHABLE);
    script_end(&script);
}

/* Every visit is refused for now, each time. */
static bool busy_for_visits(struct script *script, const struct request *request, struct response *response)
{
    if (!is_write(request) || script->step == 0) {
        return false;
    }
    reply(response, script->step, FHIR_JSON, OUTCOME("error", "later"));
    response->retry_after = 600;
    return true;
}

static void a_busy_server_is_sent_nothing_more(void **state)
{
    static const int codes[] = {429, 503};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct bed *bed = new_bed("Group/g1", NULL, 1);
        struct script script;
        char visits[2][UUID_SIZE];
        int64_t left = 0;
        assert_run(bed, STATUS_OK);
        sign_visit(bed, "p1", small_visit, NULL, visits[0]);
        sign_visit(bed, "p2", small_visit, NULL, visits[1]);
        script_begin(&script, bed);
        script.answer = busy_for_visits;
        script.step = codes[i];
        assert_run(bed, STATUS_UNREACHABLE);
        assert_int_equal(script.writes, 1);
        int sent = script.requests;
        assert_run(bed, STATUS_UNREACHABLE); /* what the nurse asks for herself goes, and meets the same */
        assert_true(script.requests > sent);
        assert_int_equal(script.writes, 2);
        assert_int_equal(pause_check(bed->fixture.store, clock_now(&bed->sync.clock), &left, NULL), STATUS_UNREACHABLE);
        assert_in_range(left, 590, 600);
        script.step = 0;
        assert_run(bed, STATUS_OK);
        assert_int_equal(number(bed, OUTBOX_COUNT), 0);
        assert_once_at_server(bed, visits[0]);
        assert_once_at_server(bed, visits[1]);
        script_end(&script);
        free_bed(bed);
    }
}

static void any_time_up_to_a_bound_is_as_likely(void **state)
{
    static const struct {
        int failures;
        int64_t most;
    } bounds[] = {{1, 30}, {2, 60}, {3, 120}, {5, 480}, {6, 900}, {7, 900}, {1000000, 900}};
    uint64_t number = 1;
    struct randomness randomness = randomness_seeded(&number);
    (void)state;
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
        int64_t least = INT64_MAX, most = 0, sum = 0;
        enum { DRAWS = 20000 };
        for (int draw = 0; draw < DRAWS; draw++) {
            int64_t pause = pause_after_failures(bounds[i].failures, &randomness);
            least = pause < least ? pause : least;
            most = pause > most ? pause : most;
            sum += pause;
        }
        assert_int_equal(least, BACKOFF_LEAST);
        assert_int_equal(most, bounds[i].most);
        int64_t middle = (BACKOFF_LEAST + bounds[i].most) / 2;
        assert_in_range(sum / DRAWS, middle - middle / 20 - 1, middle + middle / 20 + 1);
    }
}

#define bed_test(name) cmocka_unit_test_setup_teardown(name, group_bed, leave_bed)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_limit_is_spent_when_nothing_remains_until_a_time),
        bed_test(a_pause_lasts_an_hour_at_most_whatever_the_clock_does),
        bed_test(a_spent_limit_ends_the_run_and_the_next_goes_on),
        bed_test(a_limit_spent_by_the_last_request_is_kept_too),
        cmocka_unit_test(a_busy_server_is_sent_nothing_more),
        cmocka_unit_test(any_time_up_to_a_bound_is_as_likely),
    };
    memory_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
