/* Nurse and office change the same task: merged by itself and delivered, or decided by the nurse, never lost. */
#include "tests/sync/script.h"

#include "store/conflict.h"

#define OFFICE(rest) \
    "{\"resourceType\":\"Task\",\"id\":\"t1\",\"intent\":\"plan\",\"for\":{\"reference\":\"Patient/p1\"}," rest "}"
#define NOTED OFFICE("\"status\":\"requested\",\"description\":\"Weigh\",\"note\":[{\"text\":\"Ring twice\"}]," \
                     "\"owner\":{\"display\":\"Nurse Park\"}")
#define CANCELLED OFFICE("\"status\":\"cancelled\",\"description\":\"Weigh\",\"priority\":\"asap\"")
#define FAILED OFFICE("\"status\":\"failed\",\"description\":\"Weigh\",\"priority\":\"stat\"")

static int64_t conflict_number(struct bed *bed)
{
    return number(bed, "SELECT number FROM outbox WHERE state = 'conflict'");
}

static void decide(struct bed *bed, enum keep keep)
{
    assert_int_equal(record_resolve(bed->fixture.store, conflict_number(bed), keep, NULL, &bed->error), STATUS_OK);
}

static void assert_silent(struct bed *bed)
{
    assert_run(bed, STATUS_OK);
    int64_t writes = counted(bed, "methods.POST") + counted(bed, "methods.PUT");
    assert_run(bed, STATUS_OK);
    assert_int_equal(bed->result.entry.pulled, 0);
    assert_int_equal(counted(bed, "methods.POST") + counted(bed, "methods.PUT"), writes);
}

static void changes_beside_each_other_are_merged_and_delivered(void **state)
{
    static const char *const as_hapi[] = {"--conflict-status", "409", NULL};
    static const char *const as_r4[] = {"--conflict-status", "412", NULL};
    const char *const *const options[] = {as_hapi, as_r4};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct bed *bed = new_bed("Group/g1", options[i], 1);
        char visit[UUID_SIZE];
        assert_run(bed, STATUS_OK);
        int64_t queued = (int64_t)sign_visit(bed, "p1", small_visit, "t1", visit);
        put_resource(bed, "Task/t1", NOTED);
        assert_run(bed, STATUS_OK); /* in one run, and nobody is asked */
        assert_int_equal(bed->result.entry.conflicts, 0);
        assert_int_equal(bed->result.entry.pushed, queued);
        assert_int_equal(number(bed, OUTBOX_COUNT), 0);
        assert_int_equal(held(bed, "Task", "completed"), 1);
        assert_int_equal(held(bed, "Task", "Ring twice"), 1);
        assert_int_equal(held(bed, "Task", "Nurse Park"), 1);
        assert_int_equal(number(bed, "SELECT count(*) FROM visit WHERE accepted IS NOT NULL"), 1);
        assert_int_equal(number(bed, "SELECT count(*) FROM audit WHERE action = 'merge'"), 1);
        assert_silent(bed);
        free_bed(bed);
    }
}

/* The pull finds it first: the answer is held up once, and goes merged with the next sync. */
static void what_the_pull_brings_is_merged_too(void **state)
{
    struct bed *bed = *state;
    char visit[UUID_SIZE];
    assert_run(bed, STATUS_OK);
    sign_visit(bed, "p1", small_visit, "t1", visit);
    put_resource(bed, "Task/t1", NOTED);
    assert_int_equal(sync_pull(&bed->sync, &bed->result, &bed->error), STATUS_OK);
    assert_int_equal(number(bed, "SELECT count(*) FROM outbox WHERE state = 'waiting' AND base_body LIKE '%Ring twice%'"), 1);
    assert_run(bed, STATUS_OK);
    assert_int_equal(logged(bed, "POST /fhir 409"), 0); /* never refused */
    assert_int_equal(held(bed, "Task", "completed"), 1);
    assert_int_equal(held(bed, "Task", "Ring twice"), 1);
    assert_silent(bed);
}

/* An answer whose reply was lost, and another to the same task before the next sync: she is in conflict with nobody. */
static void an_own_answer_that_arrived_unheard_is_no_conflict(void **state)
{
    static const struct field second[] = {
        {"task.0.id", "t1"}, {"task.0.status", "failed"}, {"task.0.reason", "patient refused"}, {NULL, NULL}};
    struct bed *bed = *state;
    char visit[UUID_SIZE];
    assert_run(bed, STATUS_OK);
    sign_visit(bed, "p1", small_visit, "t1", visit);
    fault(bed, "{\"fault\":\"drop-reply\",\"times\":0,\"match\":\"POST /fhir\"}");
    assert_run(bed, STATUS_UNREACHABLE);
    assert_int_equal(held(bed, "Task", "completed"), 1);
    sign_visit(bed, "p1", second, NULL, visit);
    no_faults(bed);
    assert_run(bed, STATUS_OK);
    assert_int_equal(held(bed, "Task", "patient refused"), 1);
    assert_int_equal(number(bed, "SELECT count(*) FROM audit WHERE action = 'conflict'"), 0);
    assert_int_equal(number(bed, "SELECT count(*) FROM sent"), 0);
    assert_silent(bed);
}

static void in_conflict(struct bed *bed)
{
    char visit[UUID_SIZE];
    assert_run(bed, STATUS_OK);
    sign_visit(bed, "p1", small_visit, "t1", visit);
    put_resource(bed, "Task/t1", CANCELLED);
    assert_run(bed, STATUS_ATTENTION);
    assert_int_equal(bed->result.entry.conflicts, 1);
    assert_int_equal(number(bed, OUTBOX_COUNT), 1); /* the rest of the visit went on */
    assert_int_equal(held(bed, "Encounter", visit), 1);
}

static void the_version_sent(struct script *script, char *out, size_t size)
{
    const char *at = script->last_write != NULL ? strstr(script->last_write, "\"ifMatch\":\"W/\\\"") : NULL;
    assert_non_null(at);
    at += strlen("\"ifMatch\":\"W/\\\"");
    text_format(out, size, "%.*s", (int)strcspn(at, "\\"), at);
}

static void mine_is_delivered_on_the_version_of_theirs(void **state)
{
    struct bed *bed = *state;
    struct script script;
    char theirs[ID_SIZE];
    char sent[ID_SIZE];
    in_conflict(bed);
    decide(bed, KEEP_MINE);
    text_copy(theirs, sizeof theirs, text_of(&bed->fixture, "SELECT base_version FROM outbox"));
    script_begin(&script, bed);
    assert_run(bed, STATUS_OK);
    the_version_sent(&script, sent, sizeof sent);
    assert_string_equal(sent, theirs);
    script_end(&script);
    assert_int_equal(held(bed, "Task", "\"completed\""), 1);
    assert_int_equal(held(bed, "Task", "asap"), 1); /* what did not overlap is theirs */
    assert_int_equal(number(bed, OUTBOX_COUNT), 0);
    assert_silent(bed);
}

static void for_theirs_nothing_is_sent(void **state)
{
    struct bed *bed = *state;
    struct script script;
    in_conflict(bed);
    decide(bed, KEEP_THEIRS);
    script_begin(&script, bed);
    assert_run(bed, STATUS_OK);
    assert_int_equal(script.writes, 0);
    script_end(&script);
    assert_int_equal(held(bed, "Task", "\"cancelled\""), 1);
    assert_int_equal(number(bed, OUTBOX_COUNT), 0);
    assert_int_equal(number(bed, "SELECT count(*) FROM task WHERE id = 't1' AND status = 'cancelled'"), 1);
    assert_int_equal(number(bed, "SELECT count(*) FROM dropped WHERE mine LIKE '%completed%'"), 1);
    assert_int_equal(number(bed, "SELECT count(*) FROM visit WHERE accepted IS NOT NULL"), 1);
    assert_silent(bed);
}

static void a_second_conflict_loses_nothing(void **state)
{
    struct bed *bed = *state;
    in_conflict(bed);
    decide(bed, KEEP_MINE);
    put_resource(bed, "Task/t1", FAILED);
    assert_run(bed, STATUS_ATTENTION);
    assert_int_equal(bed->result.entry.conflicts, 1);
    assert_non_null(strstr(text_of(&bed->fixture, "SELECT body FROM outbox"), "\"completed\""));
    assert_non_null(strstr(text_of(&bed->fixture, "SELECT theirs FROM conflict"), "\"failed\""));
    assert_int_equal(held(bed, "Task", "\"failed\""), 1);
    decide(bed, KEEP_MINE);
    assert_run(bed, STATUS_OK);
    assert_int_equal(held(bed, "Task", "\"completed\""), 1);
    assert_int_equal(held(bed, "Task", "stat\""), 1);
    assert_silent(bed);
}

/* Somebody changes the task each time just before ours arrives: the run ends, and nobody is asked needlessly. */
static bool change_again(struct script *script, const struct request *request, struct response *response)
{
    (void)response;
    if (is_write(request) && strstr(request->body, "\"ifMatch\"") != NULL && script->step++ < 6) {
        char body[400];
        text_format(body, sizeof body,
                    OFFICE("\"status\":\"requested\",\"description\":\"Weigh\",\"note\":[{\"text\":\"Remark %d\"}]"), script->step);
        put_resource(script->bed, "Task/t1", body);
    }
    return false;
}

static void a_race_ends(void **state)
{
    struct bed *bed = *state;
    struct script script;
    int64_t queued = script_visit(&script, bed, change_again);
    assert_run(bed, STATUS_ATTENTION);
    assert_int_equal(bed->result.entry.pushed, queued - 1);
    assert_int_equal(number(bed, "SELECT count(*) FROM outbox WHERE state = 'waiting'"), 1);
    assert_true(script.writes < 12);
    script.step = 99;
    assert_run(bed, STATUS_OK);
    assert_int_equal(held(bed, "Task", "\"completed\""), 1);
    script_end(&script);
    assert_silent(bed);
}

static void what_was_deleted_waits_and_can_be_sent_as_new(void **state)
{
    static const enum keep choices[] = {KEEP_MINE, KEEP_THEIRS};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct bed *bed = new_bed("Group/g1", NULL, 1);
        char visit[UUID_SIZE];
        assert_run(bed, STATUS_OK);
        sign_visit(bed, "p1", small_visit, "t1", visit);
        delete_resource(bed, "Task/t1");
        assert_run(bed, STATUS_ATTENTION);
        assert_int_equal(number(bed, "SELECT gone FROM conflict"), 1);
        assert_int_equal(held(bed, "Task", "\"completed\""), 0); /* not revived */
        assert_run(bed, STATUS_ATTENTION);
        assert_int_equal(held(bed, "Task", "\"completed\""), 0);
        decide(bed, choices[i]);
        assert_run(bed, STATUS_OK);
        assert_int_equal(held(bed, "Task", "\"completed\""), choices[i] == KEEP_MINE ? 1 : 0);
        assert_int_equal(held(bed, "Task", "\"id\":\"t1\""), 0);
        assert_int_equal(number(bed, OUTBOX_COUNT), 0);
        assert_int_equal(number(bed, "SELECT count(*) FROM visit WHERE accepted IS NOT NULL"), 1);
        assert_silent(bed);
        free_bed(bed);
    }
}

/* A server that passes over If-Match in transactions. */
static enum status without_match(void *context, const struct request *request, struct response *response, struct error *error)
{
    struct script *script = context;
    struct request copy = *request;
    char *text = NULL;
    if (is_write(request)) {
        copy.body = text = memory_copy_text(request->body);
        for (char *at = text; (at = strstr(at, "\"ifMatch\"")) != NULL; at++) {
            at[1] = 'x';
        }
    }
    enum status status = script_exchange(script, &copy, response, error);
    memory_free(text);
    return status;
}

static void nothing_is_overwritten_at_a_server_that_passes_over_versions(void **state)
{
    struct bed *bed = *state;
    struct script script;
    char visit[UUID_SIZE];
    assert_run(bed, STATUS_OK);
    sign_visit(bed, "p1", small_visit, "t1", visit);
    put_resource(bed, "Task/t1", OFFICE("\"status\":\"cancelled\",\"description\":\"Do not weigh\""));
    script_begin(&script, bed);
    bed->sync.transport.exchange = without_match;
    assert_run(bed, STATUS_ATTENTION);
    assert_int_equal(script.writes, 1); /* the rest of the visit, at once */
    assert_int_equal(bed->result.entry.conflicts, 1);
    assert_int_equal(held(bed, "Task", "Do not weigh"), 1);
    assert_int_equal(held(bed, "Task", "\"completed\""), 0);
    script_end(&script);
}

static void nothing_deleted_is_revived_at_a_server_that_passes_over_versions(void **state)
{
    struct bed *bed = *state;
    struct script script;
    char visit[UUID_SIZE];
    assert_run(bed, STATUS_OK);
    sign_visit(bed, "p1", small_visit, "t1", visit);
    delete_resource(bed, "Task/t1");
    script_begin(&script, bed);
    bed->sync.transport.exchange = without_match;
    assert_run(bed, STATUS_ATTENTION);
    assert_int_equal(number(bed, "SELECT gone FROM conflict"), 1);
    assert_int_equal(held(bed, "Task", "\"id\":\"t1\""), 0);
    script_end(&script);
}

/* The office expunged it: the server has never heard of it, and passes over If-Match where nothing is, as HAPI does. */
static bool never_heard_of(struct script *script, const struct request *request, struct response *response)
{
    if (request->body == NULL && strstr(request->url, script->text) != NULL) {
        reply(response, 404, FHIR_JSON, OUTCOME("error", "not known"));
        return true;
    }
    if (request->body == NULL && strstr(request->url, "Task?_id=") != NULL) {
        reply(response, 200, FHIR_JSON, "{\"resourceType\":\"Bundle\",\"type\":\"searchset\"}");
        return true;
    }
    return false;
}

static void what_the_server_never_heard_of_is_not_made_by_an_update(void **state)
{
    struct bed *bed = *state;
    struct script script;
    int64_t queued = script_visit(&script, bed, never_heard_of);
    script.text = "/Task/t1";
    sync_result_init(&bed->result);
    assert_int_equal(sync_push(&bed->sync, &bed->result, NULL), STATUS_OK);
    assert_int_equal(bed->result.entry.pushed, queued - 1);
    assert_int_equal(number(bed, "SELECT gone FROM conflict"), 1);
    assert_null(strstr(script.last_write, "\"PUT\""));
    script_end(&script);
}

/* Deleted between the question and the change: 201 is no plain success. */
static bool deletes_meanwhile(struct script *script, const struct request *request, struct response *response)
{
    (void)response;
    if (is_write(request) && script->step++ == 0) {
        delete_resource(script->bed, "Task/t1");
    }
    return false;
}

static void what_an_update_revived_is_told(void **state)
{
    struct bed *bed = *state;
    struct script script;
    char visit[UUID_SIZE];
    assert_run(bed, STATUS_OK);
    sign_visit(bed, "p1", small_visit, "t1", visit);
    script_begin(&script, bed);
    bed->sync.transport.exchange = without_match;
    script.answer = deletes_meanwhile;
    sync_result_init(&bed->result);
    assert_int_equal(sync_push(&bed->sync, &bed->result, NULL), STATUS_OK);
    assert_int_equal(bed->result.entry.conflicts, 1);
    assert_int_equal(number(bed, "SELECT gone FROM conflict"), 1);
    script_end(&script);
}

/* What may not be searched or read goes, under its version. */
static bool not_allowed(struct script *script, const struct request *request, struct response *response)
{
    if (request->body != NULL || strstr(request->url, "/Task") == NULL || strstr(request->url, "patient=") != NULL) {
        return false;
    }
    script->step++;
    reply(response, 403, FHIR_JSON, OUTCOME("error", "not allowed"));
    return true;
}

static void what_may_not_be_read_is_sent_under_its_version(void **state)
{
    struct bed *bed = *state;
    struct script script;
    (void)script_visit(&script, bed, not_allowed);
    assert_run(bed, STATUS_OK);
    assert_int_equal(script.step, 2);
    assert_int_equal(held(bed, "Task", "\"completed\""), 1);
    script_end(&script);
}

#define bed_test(name) cmocka_unit_test_setup_teardown(name, group_bed, leave_bed)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_beside_each_other_are_merged_and_delivered),
        bed_test(what_the_pull_brings_is_merged_too),
        bed_test(an_own_answer_that_arrived_unheard_is_no_conflict),
        bed_test(mine_is_delivered_on_the_version_of_theirs),
        bed_test(for_theirs_nothing_is_sent),
        bed_test(a_second_conflict_loses_nothing),
        bed_test(a_race_ends),
        cmocka_unit_test(what_was_deleted_waits_and_can_be_sent_as_new),
        bed_test(nothing_is_overwritten_at_a_server_that_passes_over_versions),
        bed_test(nothing_deleted_is_revived_at_a_server_that_passes_over_versions),
        bed_test(what_the_server_never_heard_of_is_not_made_by_an_update),
        bed_test(what_an_update_revived_is_told),
        bed_test(what_may_not_be_read_is_sent_under_its_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
