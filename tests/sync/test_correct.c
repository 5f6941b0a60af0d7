/* What the server refuses, corrected by the nurse: it arrives once, and as she corrected it. */
#include "store/correct.h"
#include "tests/sync/script.h"

#define REFUSED "SELECT number FROM outbox WHERE state = 'refused'"

static void correct(struct bed *bed, const char *typed)
{
    struct store *store = bed->fixture.store;
    struct randomness randomness = randomness_system();
    struct error error = {0};
    char practitioner[ID_SIZE];
    assert_int_equal(store_setting_get(store, SETTING_PRACTITIONER, practitioner, sizeof practitioner, NULL), STATUS_OK);
    struct signer signer = {.practitioner = practitioner, .practitioner_name = "Nurse Lee", .organization = "Home Care",
                            .consent_policy = "", .language = "en", .randomness = &randomness,
                            .now = system_clock_now(NULL)};
    if (record_correct(store, number(bed, REFUSED), typed, false, &signer, &error) != STATUS_OK) {
        fail_msg("%s: %s", typed, error.sentence);
    }
    assert_int_equal(number(bed, REFUSED), -1);
}

static void assert_silent(struct bed *bed)
{
    int64_t writes = counted(bed, "methods.POST");
    assert_run(bed, STATUS_OK);
    assert_int_equal(counted(bed, "methods.POST"), writes);
    assert_int_equal(bed->result.entry.pushed, 0);
}

static void a_corrected_vital_is_taken_once(void **state)
{
    struct bed *bed = *state;
    char visit[UUID_SIZE];
    assert_run(bed, STATUS_OK);
    sign_visit(bed, "p1", whole_visit, "t1", visit);
    fault(bed, "{\"fault\":\"reject\",\"contains\":\"\\\"value\\\":91,\"}"); /* a rule of that server: no such value */
    assert_run(bed, STATUS_ATTENTION);
    assert_int_equal(number(bed, OUTBOX_COUNT), 3); /* the pulse; the score and the signature, which name it */
    assert_int_equal(held(bed, "Provenance", NULL), 0);
    correct(bed, "135");
    assert_int_equal(number(bed, OUTBOX_COUNT), 4); /* and the signature of the correction */
    int64_t writes = counted(bed, "methods.POST");
    assert_run(bed, STATUS_OK); /* the rule still holds */
    assert_int_equal(counted(bed, "methods.POST"), writes + 1);
    assert_int_equal(bed->result.entry.pushed, 4);
    assert_int_equal(number(bed, OUTBOX_COUNT), 0);
    assert_int_equal(held(bed, "Observation", "\"value\":135,"), 1);
    assert_int_equal(held(bed, "Observation", "\"value\":91,"), 0);
    assert_int_equal(held(bed, "Observation", "\"valueInteger\":3"), 1); /* the score of a pulse of 135 */
    assert_int_equal(held(bed, "Provenance", NULL), 2);
    assert_int_equal(held(bed, "Provenance", "urn:uuid"), 0); /* both name what is there */
    assert_int_equal(number(bed, "SELECT count(*) FROM visit WHERE accepted IS NOT NULL"), 1);
    assert_once_at_server(bed, visit);
    assert_silent(bed);
}

static void a_corrected_note_is_taken_once(void **state)
{
    struct bed *bed = *state;
    char visit[UUID_SIZE];
    assert_run(bed, STATUS_OK);
    sign_visit(bed, "p1", small_visit, NULL, visit);
    fault(bed, "{\"fault\":\"reject\",\"contains\":\"UzogRmVlbHMgd2VsbC4\"}"); /* S: Feels well. */
    assert_run(bed, STATUS_ATTENTION);
    correct(bed, "S: Slept badly.");
    assert_run(bed, STATUS_OK);
    assert_int_equal(number(bed, OUTBOX_COUNT), 0);
    assert_int_equal(held(bed, "DocumentReference", "UzogU2xlcHQgYmFkbHku"), 1);
    assert_int_equal(held(bed, "DocumentReference", "UzogRmVlbHMgd2VsbC4"), 0);
    assert_once_at_server(bed, visit);
    assert_silent(bed);
}

/* --- what was said --------------------------------------------------------------------------------- */

#define ORDER "{\"resourceType\":\"MedicationRequest\",\"id\":\"order1\",\"status\":\"active\",\"intent\":\"order\"," \
              "\"subject\":{\"reference\":\"Patient/p1\"},\"medicationCodeableConcept\":{\"text\":\"Furosemide 40 mg\"}}"

static const struct field saying_visit[] = {
    {"identity", "name, birth date"}, {"vitals.pulse", "91"}, {"note.s", "Feels well."},
    {"medicine.0.request", "order1"}, {"medicine.0.taking", "not"}, {"medicine.0.reason", "nausea"},
    {"medicine.1.request", "order1"}, {"medicine.1.dose", "20"}, {"medicine.1.unit", "mg"},
    {"consent.0.purpose", "photo"}, {"consent.0.decision", "permit"}, {"consent.0.by", "patient"}, {"consent.0.method", "paper"},
    {NULL, NULL},
};

static void sign_saying(struct bed *bed, char visit[UUID_SIZE])
{
    put_resource(bed, "MedicationRequest/order1", ORDER);
    assert_run(bed, STATUS_OK);
    sign_visit(bed, "p1", saying_visit, NULL, visit);
}

/* What each kind says, and what it is corrected to. */
struct saying {
    const char *type;
    const char *refused; /* a piece of the body */
    const char *typed;
    const char *wanted;
};

static const struct saying sayings[] = {
    {"MedicationStatement", "\"not-taken\"", "taking: unknown\nreason: asleep", "asleep"},
    {"MedicationAdministration", "\"value\":20,", "dose: 40", "\"value\":40,"},
    {"Consent", "\"paper\"", "by: child\nmethod: verbal\nname: Kim Minsu", "Kim Minsu (son or daughter)"},
};

static void refuse_by_rule(struct bed *bed, const char *text)
{
    cJSON *rule = cJSON_CreateObject();
    json_add_text(rule, "fault", "reject");
    json_add_text(rule, "contains", text);
    char *body = json_print(rule);
    fault(bed, body);
    memory_free(body);
    cJSON_Delete(rule);
}

static void what_was_said_is_corrected_and_taken_once(void **state)
{
    struct bed *bed = *state;
    for (size_t i = 0; i < sizeof sayings / sizeof sayings[0]; i++) {
        char visit[UUID_SIZE];
        int before = held(bed, sayings[i].type, NULL);
        sign_saying(bed, visit);
        refuse_by_rule(bed, sayings[i].refused);
        assert_run(bed, STATUS_ATTENTION);
        correct(bed, sayings[i].typed);
        assert_run(bed, STATUS_OK); /* the rule still holds */
        assert_int_equal(number(bed, OUTBOX_COUNT), 0);
        assert_int_equal(held(bed, sayings[i].type, NULL), before + 1);
        assert_int_equal(held(bed, sayings[i].type, sayings[i].wanted), 1);
        assert_int_equal(held(bed, sayings[i].type, sayings[i].refused), before);
        assert_int_equal(held(bed, "Provenance", "urn:uuid"), 0);
        assert_once_at_server(bed, visit);
        assert_silent(bed);
        no_faults(bed);
    }
}

#define STALE_TASK "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"total\":1,\"entry\":[{\"search\":{\"mode\":\"match\"}," \
                   "\"resource\":{\"resourceType\":\"Task\",\"id\":\"t1\",\"meta\":{\"versionId\":\"1\"}}}]}"

/* Refuses whatever holds `text`, without a word to the server; whether it is there already is no question it answers, and of
 * a task it shows an old version. */
static bool refuses(struct script *script, const struct request *request, struct response *response)
{
    if (script->text != NULL && !request->asks && strstr(request->url, "Task?_id=") != NULL) {
        reply(response, 200, FHIR_JSON, STALE_TASK);
        return true;
    }
    if (script->text != NULL && strstr(request->asks ? request->body : request->url, "identifier=") != NULL) {
        reply(response, 403, FHIR_JSON, OUTCOME("error", "not allowed"));
        return true;
    }
    if (!is_write(request) || script->text == NULL || strstr(request->body, script->text) == NULL) {
        return false;
    }
    reply(response, 422, FHIR_JSON, OUTCOME("error", "no such value"));
    return true;
}

/* The first try arrived, and nobody knew: then it was refused, and corrected. The server's is not taken for the correction. */
static void what_had_arrived_is_corrected_there(void **state)
{
    struct bed *bed = *state;
    struct script script;
    char visit[UUID_SIZE];
    assert_run(bed, STATUS_OK);
    sign_visit(bed, "p1", whole_visit, NULL, visit);
    fault(bed, "{\"fault\":\"drop-reply\",\"times\":0,\"match\":\"POST /fhir\"}");
    assert_run(bed, STATUS_UNREACHABLE);
    no_faults(bed);
    assert_int_equal(held(bed, "Observation", "\"value\":91,"), 1);
    script_begin(&script, bed);
    script.answer = refuses;
    script.text = "8867-4";
    /* Kept from pulling: what a pull does with it is the store's test. */
    error_clear(&bed->error);
    assert_int_equal(sync_push(&bed->sync, &bed->result, &bed->error), STATUS_OK);
    assert_int_equal(number(bed, "SELECT http_status FROM outbox WHERE state = 'refused'"), 422);
    correct(bed, "135");
    script.text = NULL;
    script.writes = 0;
    assert_run(bed, STATUS_OK);
    assert_int_equal(script.writes, 2); /* what it thought to be new; then, as a change of what was there */
    assert_int_equal(number(bed, OUTBOX_COUNT), 0);
    assert_int_equal(number(bed, "SELECT count(*) FROM conflict"), 0);
    assert_int_equal(held(bed, "Observation", "\"value\":135,"), 1);
    assert_int_equal(held(bed, "Observation", "\"value\":91,"), 0);
    assert_int_equal(held(bed, "Observation", "\"valueInteger\":3"), 1);
    assert_once_at_server(bed, visit);
    script_end(&script);
    assert_silent(bed);
}

/* The same for what was said. */
static void what_was_said_and_had_arrived_is_corrected_there(void **state)
{
    for (size_t i = 0; i < sizeof sayings / sizeof sayings[0]; i++) {
        struct bed *bed = *state;
        struct script script;
        char visit[UUID_SIZE];
        int before = held(bed, sayings[i].type, NULL);
        sign_saying(bed, visit);
        fault(bed, "{\"fault\":\"drop-reply\",\"times\":0,\"match\":\"POST /fhir\"}");
        assert_run(bed, STATUS_UNREACHABLE);
        no_faults(bed);
        assert_int_equal(held(bed, sayings[i].type, NULL), before + 1);
        script_begin(&script, bed);
        script.answer = refuses;
        script.text = sayings[i].refused;
        error_clear(&bed->error);
        assert_int_equal(sync_push(&bed->sync, &bed->result, &bed->error), STATUS_OK);
        correct(bed, sayings[i].typed);
        script.text = NULL;
        assert_run(bed, STATUS_OK);
        assert_int_equal(number(bed, OUTBOX_COUNT), 0);
        assert_int_equal(number(bed, "SELECT count(*) FROM conflict"), 0);
        assert_int_equal(held(bed, sayings[i].type, NULL), before + 1);
        assert_int_equal(held(bed, sayings[i].type, sayings[i].wanted), 1);
        assert_once_at_server(bed, visit);
        script_end(&script);
        assert_silent(bed);
        (void)leave_bed(state); /* what went badly makes the next requests smaller */
        (void)group_bed(state);
    }
}

/* And the office had added to it meanwhile: what it said stays, and is told of if the two do not go together. */
static void what_the_office_added_to_what_had_arrived_stays(void **state)
{
    struct bed *bed = *state;
    struct script script;
    char visit[UUID_SIZE];
    char target[REFERENCE_SIZE];
    struct buffer listed;
    cJSON *pulse = NULL;
    assert_run(bed, STATUS_OK);
    sign_visit(bed, "p1", small_visit, NULL, visit);
    fault(bed, "{\"fault\":\"drop-reply\",\"times\":0,\"match\":\"POST /fhir\"}");
    assert_run(bed, STATUS_UNREACHABLE);
    no_faults(bed);
    control(bed, "GET", "/resources?type=Observation", NULL, &listed);
    for (const char *line = listed.data; line != NULL && pulse == NULL; line = strchr(line, '\n')) {
        line += *line == '\n' ? 1 : 0;
        size_t length = strcspn(line, "\n");
        const char *value = strstr(line, "\"value\":91,");
        if (value != NULL && value < line + length) {
            assert_int_equal(json_parse(line, length, &pulse, NULL), STATUS_OK);
        }
    }
    buffer_free(&listed);
    assert_non_null(pulse);
    text_format(target, sizeof target, "Observation/%s", json_text(pulse, "id"));
    cJSON *note = cJSON_CreateObject();
    cJSON_AddStringToObject(note, "text", "doctor called");
    cJSON_AddItemToArray(cJSON_AddArrayToObject(pulse, "note"), note);
    char *changed = json_print(pulse);
    cJSON_Delete(pulse);
    put_resource(bed, target, changed);
    memory_free(changed);
    script_begin(&script, bed);
    script.answer = refuses;
    script.text = "8867-4";
    error_clear(&bed->error);
    assert_int_equal(sync_push(&bed->sync, &bed->result, &bed->error), STATUS_OK);
    correct(bed, "135");
    script.text = NULL;
    enum status status = run(bed);
    assert_int_equal(held(bed, "Observation", "doctor called"), 1);
    int asked = (int)number(bed, "SELECT count(*) FROM conflict WHERE theirs LIKE '%doctor called%'");
    assert_int_equal(asked, held(bed, "Observation", "\"value\":135,") == 1 ? 0 : 1);
    assert_int_equal(status, asked == 1 ? STATUS_ATTENTION : STATUS_OK);
    assert_once_at_server(bed, visit);
    script_end(&script);
}

/* What had arrived was withdrawn at the office since: who gave it is corrected, and it stays withdrawn. */
static void a_withdrawal_is_not_taken_back_by_a_correction(void **state)
{
    struct bed *bed = *state;
    struct script script;
    struct buffer listed;
    char visit[UUID_SIZE];
    char target[REFERENCE_SIZE];
    cJSON *consent = NULL;
    sign_saying(bed, visit);
    fault(bed, "{\"fault\":\"drop-reply\",\"times\":0,\"match\":\"POST /fhir\"}");
    assert_run(bed, STATUS_UNREACHABLE);
    no_faults(bed);
    control(bed, "GET", "/resources?type=Consent", NULL, &listed);
    assert_int_equal(json_parse(buffer_text(&listed), strcspn(buffer_text(&listed), "\n"), &consent, NULL), STATUS_OK);
    buffer_free(&listed);
    text_format(target, sizeof target, "Consent/%s", json_text(consent, "id"));
    cJSON_ReplaceItemInObjectCaseSensitive(consent, "status", cJSON_CreateString("inactive"));
    char *changed = json_print(consent);
    cJSON_Delete(consent);
    put_resource(bed, target, changed);
    memory_free(changed);
    script_begin(&script, bed);
    script.answer = refuses;
    script.text = "\"paper\"";
    error_clear(&bed->error);
    assert_int_equal(sync_push(&bed->sync, &bed->result, &bed->error), STATUS_OK);
    correct(bed, "method: verbal");
    script.text = NULL;
    assert_run(bed, STATUS_OK);
    assert_int_equal(held(bed, "Consent", "\"inactive\""), 1);
    assert_int_equal(held(bed, "Consent", "\"status\":\"active\""), 0);
    assert_int_equal(held(bed, "Consent", "\"code\":\"verbal\""), 1);
    assert_int_equal(number(bed, "SELECT count(*) FROM consent WHERE status = 'active'"), 0);
    assert_int_equal(number(bed, OUTBOX_COUNT), 0);
    script_end(&script);
}

/* --- what became of a task ------------------------------------------------------------------------- */

#define COMPLETED "\"status\":\"completed\""
#define FAILED "status: failed\nreason: nobody at home"

static void a_corrected_answer_is_taken_once(void **state)
{
    struct bed *bed = *state;
    char visit[UUID_SIZE];
    assert_run(bed, STATUS_OK);
    sign_visit(bed, "p1", small_visit, "t1", visit);
    refuse_by_rule(bed, COMPLETED);
    assert_run(bed, STATUS_ATTENTION);
    assert_int_equal(number(bed, OUTBOX_COUNT), 1);
    correct(bed, FAILED);
    assert_int_equal(number(bed, "SELECT count(*) FROM outbox WHERE base_body IS NOT NULL AND base_version = '1'"), 1);
    assert_run(bed, STATUS_OK);
    assert_int_equal(number(bed, OUTBOX_COUNT), 0);
    assert_int_equal(held(bed, "Task", "nobody at home"), 1);
    assert_int_equal(held(bed, "Task", COMPLETED), 0);
    assert_int_equal(held(bed, "Provenance", "Task/t1"), 1);
    assert_once_at_server(bed, visit);
    assert_silent(bed);
}

/* Her first answer had arrived, and she corrects it, after the office did `change` to the task (NULL: nothing). */
static enum status correct_arrived_answer(struct bed *bed, void (*change)(struct bed *bed))
{
    struct script script;
    char visit[UUID_SIZE];
    assert_run(bed, STATUS_OK);
    sign_visit(bed, "p1", small_visit, "t1", visit);
    fault(bed, "{\"fault\":\"drop-reply\",\"times\":0,\"match\":\"POST /fhir\"}");
    assert_run(bed, STATUS_UNREACHABLE);
    no_faults(bed);
    assert_int_equal(held(bed, "Task", COMPLETED), 1);
    if (change != NULL) {
        change(bed);
    }
    script_begin(&script, bed);
    script.answer = refuses;
    script.text = COMPLETED;
    error_clear(&bed->error);
    assert_int_equal(sync_push(&bed->sync, &bed->result, &bed->error), STATUS_OK);
    correct(bed, FAILED);
    script_end(&script);
    return run(bed);
}

static void an_answer_that_had_arrived_is_corrected_there(void **state)
{
    struct bed *bed = *state;
    assert_int_equal(correct_arrived_answer(bed, NULL), STATUS_OK);
    assert_int_equal(number(bed, OUTBOX_COUNT), 0);
    assert_int_equal(number(bed, "SELECT count(*) FROM conflict"), 0);
    assert_int_equal(held(bed, "Task", "nobody at home"), 1);
    assert_silent(bed);
}

static void ask_otherwise(struct bed *bed)
{
    put_resource(bed, "Task/t1", "{\"resourceType\":\"Task\",\"id\":\"t1\",\"status\":\"requested\",\"intent\":\"order\","
                                 "\"description\":\"Something else\",\"for\":{\"reference\":\"Patient/p1\"}}");
}

/* The office asks something else by now: neither the first answer nor the corrected one goes onto that unseen. */
static void no_corrected_answer_goes_onto_another_question(void **state)
{
    struct bed *bed = *state;
    assert_int_equal(correct_arrived_answer(bed, ask_otherwise), STATUS_ATTENTION);
    assert_int_equal(number(bed, "SELECT count(*) FROM conflict WHERE theirs LIKE '%Something else%'"), 1);
    assert_int_equal(held(bed, "Task", "Something else"), 1);
    assert_int_equal(held(bed, "Task", "nobody at home"), 0);
}

#define bed_test(name) cmocka_unit_test_setup_teardown(name, group_bed, leave_bed)

int main(void)
{
    const struct CMUnitTest tests[] = {
        bed_test(a_corrected_vital_is_taken_once),
        bed_test(a_corrected_note_is_taken_once),
        bed_test(what_was_said_is_corrected_and_taken_once),
        bed_test(what_had_arrived_is_corrected_there),
        bed_test(what_was_said_and_had_arrived_is_corrected_there),
        bed_test(what_the_office_added_to_what_had_arrived_stays),
        bed_test(a_withdrawal_is_not_taken_back_by_a_correction),
        bed_test(a_corrected_answer_is_taken_once),
        bed_test(an_answer_that_had_arrived_is_corrected_there),
        bed_test(no_corrected_answer_goes_onto_another_question),
    };
    memory_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
