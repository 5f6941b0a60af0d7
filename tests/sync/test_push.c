/* A signed visit reaches the server whole and once, whatever the line does. */
#include "tests/sync/script.h"

#include <sys/time.h>

static void assert_second_sync_is_silent(struct bed *bed)
{
    int64_t writes = counted(bed, "methods.POST") + counted(bed, "methods.PUT");
    assert_run(bed, STATUS_OK); /* stores what the server added to our own */
    int64_t stored = number(bed, RESOURCE_COUNT);
    assert_run(bed, STATUS_OK);
    assert_int_equal(bed->result.entry.pulled, 0);
    assert_int_equal(bed->result.entry.pushed, 0);
    assert_int_equal(number(bed, RESOURCE_COUNT), stored);
    assert_int_equal(counted(bed, "methods.POST") + counted(bed, "methods.PUT"), writes);
}

static void a_visit_is_one_request(void **state)
{
    struct bed *bed = *state;
    char visit[UUID_SIZE];
    assert_run(bed, STATUS_OK);
    size_t queued = sign_visit(bed, "p1", whole_visit, "t1", visit);
    assert_true(queued >= 12);
    assert_run(bed, STATUS_OK);
    assert_int_equal(bed->result.entry.pushed, queued);
    assert_int_equal(counted(bed, "methods.POST"), 1);
    assert_int_equal(number(bed, OUTBOX_COUNT), 0);
    assert_int_equal(number(bed, "SELECT count(*) FROM visit WHERE accepted IS NOT NULL"), 1);
    assert_once_at_server(bed, visit);
    assert_int_equal(held(bed, "Task", "completed"), 1);
    assert_int_equal(held(bed, "", "urn:uuid:"), 0); /* no reference is left that nobody resolves */
    assert_second_sync_is_silent(bed);
}

/* Each thing that can go wrong on the way; afterwards everything is there once. */
static void a_failed_exchange_loses_and_doubles_nothing(void **state)
{
    static const struct {
        const char *fault;
        enum status status;
        int arrived; /* visits at the server after the failed run */
    } cases[] = {
        {"\"drop-reply\",\"times\":0", STATUS_UNREACHABLE, 1},
        {"\"drop-reply\",\"times\":1", STATUS_UNREACHABLE, 1}, /* libcurl would repeat it on a fresh connection */
        {"\"drop-request\",\"times\":0", STATUS_UNREACHABLE, 0},
        {"\"offline\",\"times\":0", STATUS_UNREACHABLE, 0},
        {"\"truncate\"", STATUS_UNREACHABLE, 1},
        {"\"truncate\",\"delimited\":true", STATUS_OK, 1},
        {"\"html\"", STATUS_OK, 1}, /* once: the pull passes, and it goes again */
        {"\"html\",\"times\":0", STATUS_UNREACHABLE, 0},
        {"\"not-json\"", STATUS_OK, 1},
        {"\"not-json\",\"times\":0", STATUS_UNREACHABLE, 0},
        {"\"status\",\"status\":200,\"body\":\"{\\\"resourceType\\\":\\\"OperationOutcome\\\"}\"", STATUS_OK, 1},
        {"\"status\",\"status\":200,\"body\":\"\"", STATUS_OK, 1},
        {"\"status\",\"status\":500,\"times\":2", STATUS_OK, 1},
        {"\"status\",\"status\":502", STATUS_OK, 1},
        {"\"status\",\"status\":502,\"times\":0", STATUS_UNREACHABLE, 0},
        {"\"status\",\"status\":503,\"headers\":{\"Retry-After\":\"7\"}", STATUS_UNREACHABLE, 0},
        {"\"status\",\"status\":429,\"headers\":{\"Retry-After\":\"99999999999999999999\"}", STATUS_UNREACHABLE, 0},
        {"\"status\",\"status\":401", STATUS_FAILED, 0},
        {"\"status\",\"status\":302,\"headers\":{\"Location\":\"http://127.0.0.1:9/\"},\"times\":0", STATUS_FAILED, 0},
        {"\"slow\",\"bytes_per_second\":4000", STATUS_OK, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bed *bed = new_bed("Group/g1", NULL, 1);
        char visit[UUID_SIZE];
        char spec[256];
        assert_run(bed, STATUS_OK);
        int64_t queued = (int64_t)sign_visit(bed, "p1", small_visit, "t1", visit);
        text_format(spec, sizeof spec, "{\"match\":\"POST /fhir\",\"fault\":%s}", cases[i].fault);
        fault(bed, spec);
        enum status status = run(bed);
        if (status != cases[i].status || held(bed, "Encounter", visit) != cases[i].arrived) {
            fail_msg("%s: ended with %d: %s", cases[i].fault, (int)status, bed->error.sentence);
        }
        assert_int_equal(number(bed, OUTBOX_COUNT), status == STATUS_OK ? 0 : queued);
        assert_int_equal(number(bed, "SELECT count(*) FROM outbox WHERE state <> 'waiting'"), 0);
        assert_int_equal(number(bed, "SELECT count(*) FROM outbox WHERE reason = ''"), 0);
        assert_int_equal(number(bed, "SELECT count(*) FROM journal"), 2);
        no_faults(bed);
        assert_run(bed, STATUS_OK);
        assert_int_equal(number(bed, OUTBOX_COUNT), 0);
        assert_int_equal(number(bed, "SELECT count(*) FROM conflict"), 0);
        assert_once_at_server(bed, visit);
        assert_second_sync_is_silent(bed);
        free_bed(bed);
    }
}

static void the_wait_a_server_asks_for_is_known(void **state)
{
    struct bed *bed = *state;
    fault(bed, "{\"fault\":\"status\",\"status\":503,\"headers\":{\"Retry-After\":\"77\"}}");
    assert_run(bed, STATUS_UNREACHABLE);
    assert_int_equal(bed->result.retry_after, 77);
    assert_non_null(strstr(bed->error.sentence, "77 s"));
    assert_run(bed, STATUS_OK);
    assert_int_equal(bed->result.retry_after, -1);
}

static atomic_bool cancel;

static void on_alarm(int signal)
{
    (void)signal;
    atomic_store(&cancel, true);
}

static void a_hanging_server_can_be_left(void **state)
{
    struct bed *bed = *state;
    struct http *http = NULL;
    struct itimerval timer = {.it_value = {.tv_usec = 300000}};
    char visit[UUID_SIZE];
    assert_run(bed, STATUS_OK);
    int64_t queued = (int64_t)sign_visit(bed, "p1", small_visit, NULL, visit);
    assert_int_equal(http_new(bed->base, "", NULL, &cancel, &http, NULL), STATUS_OK);
    bed->sync.transport = http_transport(http);
    bed->sync.cancelled = &cancel;
    fault(bed, "{\"fault\":\"hang\",\"match\":\"POST /fhir\"}");
    signal(SIGALRM, on_alarm);
    setitimer(ITIMER_REAL, &timer, NULL);
    int64_t start = system_clock_now(NULL);
    assert_run(bed, STATUS_CANCELLED);
    assert_true(system_clock_now(NULL) - start < 2500);
    assert_int_equal(number(bed, "SELECT count(*) FROM outbox WHERE state = 'waiting'"), queued);
    assert_run(bed, STATUS_CANCELLED); /* nothing is asked once it was said */
    assert_int_equal(bed->result.entry.requests, 0);
    atomic_store(&cancel, false);
    no_faults(bed);
    assert_run(bed, STATUS_OK);
    assert_once_at_server(bed, visit);
    bed->sync.cancelled = NULL;
    bed->sync.transport = http_transport(bed->http);
    http_free(http);
}

static void one_refused_entry_holds_up_nobody(void **state)
{
    struct bed *bed = *state;
    char first[UUID_SIZE];
    char second[UUID_SIZE];
    assert_run(bed, STATUS_OK);
    int64_t queued = (int64_t)sign_visit(bed, "p1", whole_visit, "t1", first);
    fault(bed, "{\"fault\":\"reject\",\"contains\":\"8867-4\"}"); /* the pulse */
    assert_run(bed, STATUS_ATTENTION);
    assert_int_equal(number(bed, "SELECT count(*) FROM outbox WHERE state = 'refused' AND http_status = 422"), 1);
    assert_int_equal(number(bed, OUTBOX_COUNT), 3); /* and the score and the Provenance, which name it */
    assert_int_equal(number(bed, "SELECT count(*) FROM outbox WHERE state = 'sending'"), 0);
    assert_int_equal(bed->result.entry.pushed, queued - 3);
    assert_int_equal(bed->result.entry.rejected, 1);
    assert_int_equal(bed->result.entry.pending, 2);
    assert_string_not_equal(text_of(&bed->fixture, "SELECT reason FROM outbox WHERE state = 'refused'"), "");
    assert_int_equal(number(bed, "SELECT count(*) FROM visit WHERE accepted IS NOT NULL"), 0);
    assert_int_equal(held(bed, "Encounter", first), 1);

    int64_t writes = counted(bed, "methods.POST");
    assert_run(bed, STATUS_ATTENTION); /* what was refused is not sent again by itself */
    assert_int_equal(counted(bed, "methods.POST"), writes);

    /* What names it waits, and says for what. */
    assert_int_equal(number(bed, "SELECT count(*) FROM outbox WHERE state = 'waiting' AND reason LIKE "
                                 "'%waits for the Observation%which the server refused%'"), 2);

    sign_visit(bed, "p2", small_visit, NULL, second); /* its pulse is refused as well */
    assert_run(bed, STATUS_ATTENTION);
    assert_int_equal(held(bed, "Encounter", second), 1);
    assert_int_equal(number(bed, "SELECT count(*) FROM outbox WHERE state = 'refused'"), 2);

    no_faults(bed);
    assert_int_equal(outbox_retry(bed->fixture.store, number(bed, "SELECT number FROM outbox WHERE state = 'waiting'"), NULL),
                     STATUS_NOT_FOUND); /* it was not refused */
    for (int i = 0; i < 2; i++) {
        assert_int_equal(outbox_retry(bed->fixture.store, number(bed, "SELECT number FROM outbox WHERE state = 'refused'"), NULL),
                         STATUS_OK);
    }
    assert_run(bed, STATUS_OK);
    assert_int_equal(number(bed, OUTBOX_COUNT), 0);
    assert_int_equal(number(bed, "SELECT count(*) FROM audit WHERE action = 'retry' AND type = 'Observation' AND patient IN ('p1', 'p2') "
                                 "AND detail = 'HTTP 422'"), 2);
    assert_int_equal(number(bed, "SELECT count(*) FROM visit WHERE accepted IS NOT NULL"), 2);
    assert_once_at_server(bed, first);
    assert_second_sync_is_silent(bed);
}

static void what_hangs_on_a_refused_encounter_waits(void **state)
{
    struct bed *bed = *state;
    char first[UUID_SIZE];
    char second[UUID_SIZE];
    assert_run(bed, STATUS_OK);
    int64_t queued = (int64_t)sign_visit(bed, "p1", small_visit, NULL, first);
    fault(bed, "{\"fault\":\"reject\",\"contains\":\"\\\"resourceType\\\":\\\"Encounter\\\"\"}");
    assert_run(bed, STATUS_ATTENTION);
    assert_int_equal(number(bed, "SELECT count(*) FROM outbox WHERE state = 'refused'"), 1);
    assert_int_equal(number(bed, "SELECT count(*) FROM outbox WHERE state = 'waiting'"), queued - 1);
    no_faults(bed);
    sign_visit(bed, "p2", small_visit, NULL, second);
    assert_run(bed, STATUS_ATTENTION);
    assert_int_equal(held(bed, "Encounter", second), 1);
    assert_int_equal(number(bed, OUTBOX_COUNT), queued);
    assert_int_equal(outbox_retry(bed->fixture.store, number(bed, "SELECT number FROM outbox WHERE state = 'refused'"), NULL), STATUS_OK);
    assert_run(bed, STATUS_OK);
    assert_int_equal(counted(bed, "methods.POST"), 1 + 2 + 1 + 1); /* whole, halves, the second visit, all again */
    assert_once_at_server(bed, first);
}

static void a_limit_is_met_once(void **state)
{
    static const char *const options[] = {"--max-entries", "8", NULL};
    (void)state;
    struct bed *bed = new_bed("Group/g1", options, 1);
    char first[UUID_SIZE];
    char second[UUID_SIZE];
    char limit[24];
    assert_run(bed, STATUS_OK);
    sign_visit(bed, "p1", whole_visit, NULL, first);
    assert_run(bed, STATUS_OK);
    assert_int_equal(number(bed, OUTBOX_COUNT), 0);
    assert_once_at_server(bed, first);
    assert_int_equal(store_setting_get(bed->fixture.store, SETTING_SERVER_LIMIT, limit, sizeof limit, NULL), STATUS_OK);
    assert_in_range(strtol(limit, NULL, 10), 5, 8);
    int refused = logged(bed, "POST /fhir 400");
    assert_true(refused > 0);
    sign_visit(bed, "p2", whole_visit, NULL, second);
    assert_run(bed, STATUS_OK);
    assert_int_equal(logged(bed, "POST /fhir 400"), refused);
    assert_int_equal(held(bed, "Encounter", second), 1);
    assert_second_sync_is_silent(bed);
    free_bed(bed);
}

#define THEIR_TASK \
    "{\"resourceType\":\"Task\",\"id\":\"t1\",\"status\":\"cancelled\",\"intent\":\"plan\",\"description\":\"Weigh no more\"," \
    "\"for\":{\"reference\":\"Patient/p1\"}}"

static void a_task_changed_by_the_office_is_a_conflict(void **state)
{
    static const char *const conflict_409[] = {"--conflict-status", "409", NULL};
    static const char *const conflict_412[] = {"--conflict-status", "412", NULL};
    const char *const *const options[] = {conflict_409, conflict_412};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct bed *bed = new_bed("Group/g1", options[i], 1);
        char visit[UUID_SIZE];
        assert_run(bed, STATUS_OK);
        int64_t queued = (int64_t)sign_visit(bed, "p1", small_visit, "t1", visit);
        put_resource(bed, "Task/t1", THEIR_TASK);
        assert_run(bed, STATUS_ATTENTION);
        assert_int_equal(bed->result.entry.conflicts, 1);
        assert_int_equal(bed->result.entry.pushed, queued - 1);
        assert_string_equal(text_of(&bed->fixture, "SELECT state FROM outbox"), "conflict");
        assert_non_null(strstr(text_of(&bed->fixture, "SELECT theirs FROM conflict"), "Weigh no more"));
        assert_non_null(strstr(text_of(&bed->fixture, "SELECT body FROM outbox"), "completed"));
        assert_int_equal(held(bed, "Task", "Weigh no more"), 1);
        assert_once_at_server(bed, visit);
        int64_t writes = counted(bed, "methods.POST");
        assert_run(bed, STATUS_ATTENTION); /* it waits for the nurse, and goes nowhere by itself */
        assert_int_equal(counted(bed, "methods.POST"), writes);
        assert_int_equal(number(bed, "SELECT count(*) FROM conflict"), 1);
        free_bed(bed);
    }
}

static void a_practitioner_made_offline_goes_first(void **state)
{
    struct bed *bed = *state;
    char own[ID_SIZE];
    char id[ID_SIZE];
    char visit[UUID_SIZE];
    char reference[REFERENCE_SIZE];
    assert_run(bed, STATUS_OK);
    assert_int_equal(record_make_practitioner(bed->fixture.store, "Nurse Lee", own, NULL), STATUS_OK);
    sign_visit(bed, "p1", small_visit, NULL, visit);
    assert_run(bed, STATUS_OK);
    assert_int_equal(outbox_server_id(bed->fixture.store, "Practitioner", own, id, NULL), STATUS_OK);
    assert_string_not_equal(own, id);
    assert_int_equal(held(bed, "Practitioner", own), 1);
    assert_int_equal(counted(bed, "methods.POST"), 2);
    text_format(reference, sizeof reference, "Practitioner/%s", id);
    assert_int_equal(held(bed, "Encounter", reference), 1);
    text_format(reference, sizeof reference, "Practitioner/%s", own);
    assert_int_equal(held(bed, "", reference), 0);
    assert_string_equal(text_of(&bed->fixture, "SELECT value FROM setting WHERE name = 'practitioner'"), id);
    sign_visit(bed, "p2", small_visit, NULL, visit);
    assert_run(bed, STATUS_OK);
    assert_int_equal(held(bed, "", reference), 0);
    assert_second_sync_is_silent(bed);
}

/* A visit signed before the nurse's own record was accepted keeps naming it by our id, here; not at the server. */
static void a_visit_waits_for_its_practitioner(void **state)
{
    struct bed *bed = *state;
    char own[ID_SIZE];
    char visit[UUID_SIZE];
    assert_run(bed, STATUS_OK);
    assert_int_equal(record_make_practitioner(bed->fixture.store, "Nurse Lee", own, NULL), STATUS_OK);
    int64_t queued = (int64_t)sign_visit(bed, "p1", small_visit, NULL, visit);
    fault(bed, "{\"fault\":\"reject\",\"contains\":\"Nurse Lee\"}");
    assert_run(bed, STATUS_ATTENTION);
    assert_int_equal(held(bed, "Encounter", visit), 0);
    assert_int_equal(number(bed, "SELECT count(*) FROM outbox WHERE state = 'waiting'"), queued);
    /* Never sent, and not silent about why. */
    assert_int_equal(number(bed, "SELECT count(*) FROM outbox WHERE attempts = 0 AND reason LIKE '%waits for the %'"), queued);
    no_faults(bed);
    assert_int_equal(outbox_retry(bed->fixture.store, number(bed, "SELECT number FROM outbox WHERE state = 'refused'"), NULL), STATUS_OK);
    assert_run(bed, STATUS_OK);
    assert_once_at_server(bed, visit);
}

/* The office deletes the appointment while the nurse is at the patient's: the visit arrives whole, without it. */
static void a_deleted_appointment_does_not_hold_a_visit_up(void **state)
{
    struct bed *bed = *state;
    char visit[UUID_SIZE];
    assert_run(bed, STATUS_OK);
    sign_planned(bed, "p7", "a7", whole_visit, "t7", visit);
    delete_resource(bed, "Appointment/a7");
    assert_int_equal(store_setting_set(bed->fixture.store, SETTING_SERVER_GZIP, "yes", NULL), STATUS_OK);
    int64_t writes = counted(bed, "methods.POST");
    assert_run(bed, STATUS_ATTENTION);
    assert_non_null(strstr(bed->error.sentence, "appointment of 1 of your visits"));
    assert_int_equal(bed->result.unlinked, 1);
    assert_once_at_server(bed, visit);
    assert_int_equal(number(bed, OUTBOX_COUNT), 0);
    assert_int_equal(held(bed, "Encounter", "Appointment/"), 0);
    assert_int_equal(counted(bed, "methods.POST"), writes + 2); /* refused as a whole, taken as a whole */
    assert_int_equal(number(bed, "SELECT count(*) FROM resource WHERE type = 'Appointment' AND id = 'a7'"), 0);
    assert_int_equal(number(bed, "SELECT count(*) FROM audit WHERE action = 'unlink' AND detail = 'Appointment/a7'"), 1);
    assert_run(bed, STATUS_OK);
}

/* The same from a server that stores what it can of a transaction. */
static void leaves_the_encounter_out(struct script *script, const struct request *request, struct response *response)
{
    if (!is_write(request) || script->step++ > 0) {
        return;
    }
    cJSON *tree = answer_tree(response);
    cJSON *entry = NULL;
    cJSON_ArrayForEach(entry, json_array(tree, "entry")) {
        cJSON *answer = cJSON_GetObjectItemCaseSensitive(entry, "response");
        if (text_starts_with(json_text(answer, "location"), "Encounter/")) {
            cJSON_DeleteItemFromObjectCaseSensitive(answer, "location");
            cJSON_DeleteItemFromObjectCaseSensitive(answer, "status");
            json_add_text(answer, "status", "400");
        }
    }
    answer_set(response, tree);
}

static void a_deleted_appointment_is_found_from_one_entry_too(void **state)
{
    struct bed *bed = *state;
    struct script script;
    char visit[UUID_SIZE];
    assert_run(bed, STATUS_OK);
    sign_planned(bed, "p7", "a7", small_visit, NULL, visit);
    fault(bed, "{\"fault\":\"status\",\"status\":410,\"times\":0,\"match\":\"GET /fhir/Appointment/a7\",\"body\":\"{}\"}");
    script_begin(&script, bed);
    script.alter = leaves_the_encounter_out;
    sync_result_init(&bed->result);
    assert_int_equal(sync_push(&bed->sync, &bed->result, NULL), STATUS_OK);
    assert_int_equal(bed->result.unlinked, 1);
    assert_int_equal(number(bed, "SELECT count(*) FROM outbox WHERE state = 'waiting'"), 4); /* it, and what names it */
    assert_run(bed, STATUS_OK);
    assert_int_equal(number(bed, OUTBOX_COUNT), 0);
    assert_once_at_server(bed, visit);
    script_end(&script);
}

/* --- what may have arrived ------------------------------------------------------------------------------ */

/* Loses the reply to the first write. */
static void lose_first_reply(struct script *script, const struct request *request, struct response *response)
{
    if (is_write(request) && script->step++ == 0) {
        response->end = EXCHANGE_UNKNOWN;
        response->status = 0;
        text_copy(response->reason, sizeof response->reason, "lost");
    }
}

static void a_lost_reply_is_asked_about_before_anything_goes_again(void **state)
{
    struct bed *bed = *state;
    struct script script;
    char visit[UUID_SIZE];
    assert_run(bed, STATUS_OK);
    int64_t queued = (int64_t)sign_visit(bed, "p1", whole_visit, NULL, visit);
    script_begin(&script, bed);
    script.alter = lose_first_reply;
    assert_run(bed, STATUS_UNREACHABLE);
    assert_int_equal(script.writes, 1);
    script.requests = 0;
    assert_run(bed, STATUS_OK);
    assert_int_equal(script.writes, 1); /* all of it was found */
    assert_int_equal(bed->result.entry.pushed, queued);
    assert_int_equal(script.requests, 1 + 2); /* all types in one question, and what a sync without news needs */
    assert_once_at_server(bed, visit);
    assert_int_equal(number(bed, OUTBOX_COUNT), 0);
    script_end(&script);
    assert_second_sync_is_silent(bed);
}

/* What is cut for its size before it goes was not tried: only the part that went may have arrived. */
static void what_was_not_sent_is_no_try(void **state)
{
    struct bed *bed = *state;
    struct script script;
    char visit[UUID_SIZE];
    assert_run(bed, STATUS_OK);
    int64_t queued = (int64_t)sign_visit(bed, "p1", whole_visit, NULL, visit);
    assert_int_equal(store_setting_set(bed->fixture.store, SETTING_SERVER_BODY, "6000", NULL), STATUS_OK);
    script_begin(&script, bed);
    script.alter = lose_first_reply;
    assert_run(bed, STATUS_UNREACHABLE);
    assert_int_equal(script.writes, 1);
    assert_int_equal(number(bed, "SELECT max(attempts) FROM outbox"), 1);
    int64_t went = number(bed, "SELECT count(*) FROM outbox WHERE attempts > 0");
    assert_true(went > 0 && went <= queued / 2 + 1);
    assert_run(bed, STATUS_OK);
    assert_once_at_server(bed, visit);
    script_end(&script);
}

/* A server that passes over conditions in transactions, and a reply that gets lost. */
static enum status without_conditions(void *context, const struct request *request, struct response *response, struct error *error)
{
    struct script *script = context;
    struct request copy = *request;
    char *text = NULL;
    if (is_write(request)) {
        copy.body = text = memory_copy_text(request->body);
        for (char *at = text; (at = strstr(at, script->text)) != NULL; at++) {
            at[1] = 'x';
        }
    }
    enum status status = script_exchange(script, &copy, response, error);
    memory_free(text);
    return status;
}

static void a_server_without_conditions_gets_nothing_twice(void **state)
{
    struct bed *bed = *state;
    struct script script;
    char visit[UUID_SIZE];
    assert_run(bed, STATUS_OK);
    sign_visit(bed, "p1", small_visit, NULL, visit);
    script_begin(&script, bed);
    bed->sync.transport.exchange = without_conditions;
    script.text = "\"ifNoneExist\"";
    script.alter = lose_first_reply;
    assert_run(bed, STATUS_UNREACHABLE);
    assert_run(bed, STATUS_OK);
    assert_once_at_server(bed, visit);
    script_end(&script);
}

/* The gateway gives up on the whole, which the server behind it carries out all the same. */
static void late_gateway(struct script *script, const struct request *request, struct response *response)
{
    if (is_write(request) && script->step != 0) {
        reply(response, script->step, "text/plain", "late");
        script->step = 0;
    }
}

static void what_a_gateway_gave_up_is_asked_about_before_its_halves_go(void **state)
{
    static const int codes[] = {408, 504};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct bed *bed = new_bed("Group/g1", NULL, 1);
        struct script script;
        char visit[UUID_SIZE];
        assert_run(bed, STATUS_OK);
        sign_visit(bed, "p1", whole_visit, NULL, visit);
        script_begin(&script, bed);
        bed->sync.transport.exchange = without_conditions;
        script.text = "\"ifNoneExist\"";
        script.alter = late_gateway;
        script.step = codes[i];
        assert_run(bed, STATUS_OK);
        assert_int_equal(script.writes, 1);
        assert_once_at_server(bed, visit);
        script_end(&script);
        free_bed(bed);
    }
}

/* A server that answers no search by identifier gets what it got before, under its condition. */
static bool no_identifiers(struct script *script, const struct request *request, struct response *response)
{
    if (strstr(request->asks ? request->body : request->url, "identifier=") == NULL) {
        return false;
    }
    reply(response, script->step == 0 ? 400 : script->step, FHIR_JSON, OUTCOME("error", "no such parameter"));
    return true;
}

static void a_server_that_cannot_be_asked_is_sent_to_all_the_same(void **state)
{
    static const int codes[] = {400, 403, 404, 500, 501};
    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        struct bed *bed = new_bed("Group/g1", NULL, 1);
        struct script script;
        char visit[UUID_SIZE];
        assert_run(bed, STATUS_OK);
        sign_visit(bed, "p1", small_visit, NULL, visit);
        script_begin(&script, bed);
        script.alter = lose_first_reply;
        assert_run(bed, STATUS_UNREACHABLE);
        script.step = codes[i];
        script.alter = NULL;
        script.answer = no_identifiers;
        assert_run(bed, STATUS_OK);
        assert_int_equal(script.writes, 2);
        assert_once_at_server(bed, visit);
        script_end(&script);
        free_bed(bed);
    }
}

/* What the server refused whole did not arrive: nothing is asked of the rest, which waits. */
static void what_was_refused_whole_is_not_asked_about(void **state)
{
    struct bed *bed = *state;
    struct script script;
    char visit[UUID_SIZE];
    assert_run(bed, STATUS_OK);
    sign_visit(bed, "p1", small_visit, NULL, visit);
    fault(bed, "{\"fault\":\"reject\",\"contains\":\"\\\"resourceType\\\":\\\"Encounter\\\"\"}");
    assert_run(bed, STATUS_ATTENTION);
    assert_true(number(bed, "SELECT count(*) FROM outbox WHERE state = 'waiting' AND attempts > 0") > 0);
    script_begin(&script, bed);
    assert_run(bed, STATUS_ATTENTION);
    assert_int_equal(script.requests, 2);
    assert_int_equal(script.writes, 0);
    script_end(&script);
}

#define bed_test(name) cmocka_unit_test_setup_teardown(name, group_bed, leave_bed)

int main(void)
{
    const struct CMUnitTest tests[] = {
        bed_test(a_visit_is_one_request),
        cmocka_unit_test(a_failed_exchange_loses_and_doubles_nothing),
        bed_test(the_wait_a_server_asks_for_is_known),
        bed_test(a_hanging_server_can_be_left),
        bed_test(one_refused_entry_holds_up_nobody),
        bed_test(what_hangs_on_a_refused_encounter_waits),
        cmocka_unit_test(a_limit_is_met_once),
        cmocka_unit_test(a_task_changed_by_the_office_is_a_conflict),
        bed_test(a_practitioner_made_offline_goes_first),
        bed_test(a_visit_waits_for_its_practitioner),
        bed_test(a_deleted_appointment_does_not_hold_a_visit_up),
        bed_test(a_deleted_appointment_is_found_from_one_entry_too),
        bed_test(what_was_not_sent_is_no_try),
        bed_test(a_lost_reply_is_asked_about_before_anything_goes_again),
        bed_test(a_server_without_conditions_gets_nothing_twice),
        cmocka_unit_test(what_a_gateway_gave_up_is_asked_about_before_its_halves_go),
        cmocka_unit_test(a_server_that_cannot_be_asked_is_sent_to_all_the_same),
        bed_test(what_was_refused_whole_is_not_asked_about),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
