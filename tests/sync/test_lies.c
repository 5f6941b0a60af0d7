/* A server that lies: each lie has its name in the journal, the record stays right, and nothing waits for ever. */
#include "tests/sync/script.h"

/* The reason that the last run left in the journal. */
static const char *journal_reason(struct bed *bed)
{
    return text_of(&bed->fixture, "SELECT reason FROM journal ORDER BY number DESC LIMIT 1");
}

/* Answers whatever has script->text in its URL with the next three. */
struct lie {
    const char *url;          /* what it is told about */
    long status;
    const char *content_type, *body;
    const char *words;        /* of the reason */
    enum status ends;
    const char *location;     /* NULL: none */
};

static const struct lie *told;

static bool lies(struct script *script, const struct request *request, struct response *response)
{
    (void)script;
    if (strstr(request->url, told->url) == NULL || is_write(request)) {
        return false;
    }
    reply(response, told->status, told->content_type, told->body);
    text_copy(response->location, sizeof response->location, told->location == NULL ? "" : told->location);
    return true;
}

#define LIST_OF(entries) "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"entry\":[" entries "]}"
#define TASK_OF(id, patient) \
    "{\"resource\":{\"resourceType\":\"Task\",\"id\":\"" id "\",\"meta\":{\"versionId\":\"1\"},\"status\":\"requested\"," \
    "\"intent\":\"plan\",\"for\":{\"reference\":\"Patient/" patient "\"}}}"
#define FLAG \
    "{\"resource\":{\"resourceType\":\"Flag\",\"id\":\"f9\",\"meta\":{\"versionId\":\"1\"},\"status\":\"active\"," \
    "\"code\":{\"text\":\"Dog\"},\"subject\":{\"reference\":\"Patient/p1\"}},\"search\":{\"mode\":\"match\"}}"
#define LONG_ID "0123456789-0123456789.0123456789-0123456789.0123456789-0123456789"

#define PORTAL "want a sign-in first", STATUS_UNREACHABLE

static void each_lie_has_a_name_and_passes(void **state)
{
    static const struct lie all[] = {
        {"/Task?", 200, "text/html", "<html>Sign in to the hotel</html>", "a web page answered", STATUS_UNREACHABLE, NULL},
        {"/Task?", 200, "application/fhir+xml", "<Bundle xmlns=\"http://hl7.org/fhir\"/>", "is not FHIR", STATUS_UNREACHABLE, NULL},
        {"/Task?", 200, FHIR_JSON, "", "is not FHIR", STATUS_UNREACHABLE, NULL},
        {"/Task?", 200, FHIR_JSON, "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"ent", "is not FHIR", STATUS_UNREACHABLE, NULL},
        {"/Task?", 200, FHIR_JSON, "[]", "with a list", STATUS_UNREACHABLE, NULL},
        {"/Task?", 200, FHIR_JSON, "{\"resourceType\":\"Patient\",\"id\":\"p1\"}", "with a list", STATUS_UNREACHABLE, NULL},
        {"/Task?", 200, FHIR_JSON, OUTCOME("error", "Kim is being indexed"), "asked for: processing", STATUS_FAILED, NULL},
        {"/Task?", 302, "text/plain", "", "leads elsewhere", STATUS_FAILED, NULL},
        {"/Task?", 511, FHIR_JSON, "{}", PORTAL, NULL},
        {"/Task?", 302, "text/html", "<html></html>", PORTAL, "/login?from=Task"},
        {"/Task?", 302, "", "", PORTAL, "http://login.hotel.example/"},
        {"/Task?", 307, FHIR_JSON, "{}", PORTAL, "//login.hotel.example/"},
        {"/Task?", 301, "text/html", "<html></html>", PORTAL, "HTTPS://127.0.0.1.hotel.example/"},
        {"/Task?", 301, FHIR_JSON, "{}", "leads elsewhere", STATUS_FAILED, "/r4/Task?from=http://127.0.0.2/"},
        {"/Task?", 308, "text/html", "<html></html>", "leads elsewhere", STATUS_FAILED, "http://127.0.0.1:1/r4/Task"},
        {"/Task?", 200, FHIR_JSON, LIST_OF(TASK_OF("x", "p9")), "nobody asked for", STATUS_FAILED, NULL},
        {"/Task?", 200, FHIR_JSON, LIST_OF(FLAG), "asked for Task and answered with something else", STATUS_FAILED, NULL},
        {"/Task?", 200, FHIR_JSON, "{\"resourceType\":\"Bundle\",\"type\":\"document\"}", "with its matches", STATUS_FAILED, NULL},
        {"/Task?", 200, FHIR_JSON, LIST_OF("{\"resource\":" OUTCOME("error", "Kim took too long") ",\"search\":{\"mode\":\"outcome\"}}"),
         "is not whole (processing)", STATUS_FAILED, NULL},
        {"/List/l1", 200, FHIR_JSON, "{\"resourceType\":\"List\",\"id\":\"l2\",\"status\":\"current\",\"mode\":\"working\"}",
         "something else", STATUS_FAILED, NULL},
        {"/List/l1", 200, FHIR_JSON, "{\"resourceType\":\"Group\",\"id\":\"l1\",\"type\":\"person\",\"actual\":true}",
         "something else", STATUS_FAILED, NULL},
        {"/List/l1", 200, FHIR_JSON, OUTCOME("error", "Kim is cold"), "asked for: processing", STATUS_FAILED, NULL},
        {"/List/l1", 400, FHIR_JSON, OUTCOME("error", "Kim is not yours"), "(400): processing", STATUS_FAILED, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct bed *bed = new_bed("List/l1", NULL, 2);
        struct script script;
        told = &all[i];
        script_begin(&script, bed);
        script.answer = lies;
        for (int runs = 0; runs < 2; runs++) {
            enum status status = run(bed);
            if (status != all[i].ends || strstr(journal_reason(bed), all[i].words) == NULL) {
                fail_msg("lie %zu: ended with %d: %s", i, (int)status, journal_reason(bed));
            }
            assert_null(strstr(journal_reason(bed), "Kim")); /* no word of a server's that may tell of a patient */
            assert_true(script.requests < 100);
            assert_int_equal(number(bed, COMPLETE_COUNT), 0);
            assert_int_equal(number(bed, "SELECT count(*) FROM resource WHERE type = 'Task'"), 0);
        }
        script.answer = NULL;
        assert_run(bed, STATUS_OK);
        assert_int_equal(number(bed, COMPLETE_COUNT), 2);
        assert_int_equal(number(bed, "SELECT count(*) FROM task"), 2);
        script_end(&script);
        free_bed(bed);
    }
}

/* The same resource twice on a page, and the same again on the next, in another order of versions; and odd ids. */
static void doubles_and_odd_ids_are_stored_once(void **state)
{
    static const struct lie doubled = {
        .url = "/Task?", .status = 200, .content_type = FHIR_JSON,
        .body = LIST_OF(TASK_OF("t1", "p1") "," TASK_OF("t1", "p1") "," TASK_OF("t2", "p2") ","
                        TASK_OF("0123456789-0123456789.0123456789-0123456789.0123456789-012345678", "p1") "," TASK_OF("-", "p1") ","
                        TASK_OF("...", "p2") "," TASK_OF(LONG_ID "x", "p2"))};
    struct bed *bed = *state;
    struct script script;
    bed->sync.caseload = "List/l1";
    told = &doubled;
    script_begin(&script, bed);
    script.answer = lies;
    assert_run(bed, STATUS_ATTENTION); /* the one of 65 is none */
    assert_int_equal(number(bed, "SELECT count(*) FROM resource WHERE type = 'Task'"), 5);
    assert_int_equal(number(bed, "SELECT count(*) FROM task"), 5);
    assert_int_equal(number(bed, "SELECT count(*) FROM quarantine"), 1);
    script_end(&script);
}

/* A member named twice, and a patient of an id of 64 letters, all the way: pulled, visited, pushed. */
static void the_longest_id_goes_all_the_way(void **state)
{
    struct bed *bed = *state;
    char id[ID_SIZE] = "";
    char body[1024];
    char target[128];
    char visit[UUID_SIZE];
    for (int i = 0; i < 64; i++) {
        id[i] = "Az09-."[i % 6];
    }
    text_format(target, sizeof target, "Patient/%s", id);
    text_format(body, sizeof body, "{\"resourceType\":\"Patient\",\"id\":\"%s\",\"gender\":\"female\",\"birthDate\":\"1938-04-02\"}", id);
    put_resource(bed, target, body);
    text_format(body, sizeof body,
                "{\"resourceType\":\"List\",\"id\":\"l1\",\"status\":\"current\",\"mode\":\"working\",\"entry\":["
                "{\"item\":{\"reference\":\"Patient/%s\"}},{\"item\":{\"reference\":\"Patient/%s\"}}]}", id, id);
    put_resource(bed, "List/l1", body);
    bed->sync.caseload = "List/l1";
    assert_run(bed, STATUS_OK);
    assert_int_equal(number(bed, "SELECT count(*) FROM patient"), 1);
    sign_visit(bed, id, small_visit, NULL, visit);
    assert_run(bed, STATUS_OK);
    assert_once_at_server(bed, visit);
    assert_int_equal(held(bed, "Encounter", id), 1);
}

/* Pages without end: empty ones, and full ones. */
static bool pages_without_end(struct script *script, const struct request *request, struct response *response)
{
    char body[1024];
    if (strstr(request->url, "/Patient?_elements") == NULL && strstr(request->url, "/endless") == NULL) {
        return false;
    }
    text_format(body, sizeof body,
                "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"link\":[{\"relation\":\"next\",\"url\":\"%s/endless%d\"}]%s}",
                script->bed->base, ++script->step, script->text);
    reply(response, 200, FHIR_JSON, body);
    return true;
}

static void endless_pages_end(void **state)
{
    static const struct {
        const char *entries;
        int requests;
    } kinds[] = {{"", 20}, {",\"entry\":[{\"resource\":{\"resourceType\":\"Patient\",\"id\":\"p1\"}}]", 5100}};
    struct bed *bed = *state;
    struct script script;
    bed->sync.caseload = "all";
    script_begin(&script, bed);
    script.answer = pages_without_end;
    for (size_t i = 0; i < 2; i++) {
        script.step = 0;
        script.text = kinds[i].entries;
        assert_run(bed, STATUS_FAILED);
        assert_non_null(strstr(journal_reason(bed), "do not end"));
        assert_true(script.step <= kinds[i].requests);
    }
    script_end(&script);
}

/* A body without end, each time that a type is asked for. */
static void a_body_without_end_ends(void **state)
{
    struct bed *bed = *state;
    bed->sync.caseload = "List/l1";
    fault(bed, "{\"fault\":\"endless\",\"times\":0,\"match\":\"/fhir/Task\"}");
    assert_run(bed, STATUS_UNREACHABLE);
    assert_non_null(strstr(journal_reason(bed), "larger than this device accepts"));
    assert_int_equal(number(bed, COMPLETE_COUNT), 0);
    no_faults(bed);
    assert_run(bed, STATUS_OK);
    assert_int_equal(number(bed, COMPLETE_COUNT), 2);
}

/* --- answers to what was sent ----------------------------------------------------------------------------------------- */

static void more_entries(struct script *script, const struct request *request, struct response *response)
{
    (void)script;
    if (is_write(request)) {
        cJSON *tree = answer_tree(response);
        cJSON *list = cJSON_GetObjectItemCaseSensitive(tree, "entry");
        cJSON_AddItemToArray(list, cJSON_Duplicate(cJSON_GetArrayItem(list, 0), true));
        answer_set(response, tree);
    }
}

/* Each entry is said to have become the same thing. */
static void one_for_all(struct script *script, const struct request *request, struct response *response)
{
    cJSON *entry = NULL;
    const char *first = NULL;
    if (!is_write(request) || script->step++ > 0) {
        return;
    }
    cJSON *tree = answer_tree(response);
    cJSON_ArrayForEach(entry, json_array(tree, "entry")) {
        cJSON *answer = cJSON_GetObjectItemCaseSensitive(entry, "response");
        if (text_starts_with(json_text(answer, "location"), "Observation/")) {
            if (first != NULL) {
                cJSON_ReplaceItemInObjectCaseSensitive(answer, "location", cJSON_CreateString(first));
            }
            first = json_text(answer, "location");
        }
    }
    answer_set(response, tree);
}

/* 200, and a message. */
static void outcome_for_all(struct script *script, const struct request *request, struct response *response)
{
    if (is_write(request) && script->step++ == 0) {
        reply(response, 200, FHIR_JSON, OUTCOME("error", "queued"));
    }
}

static void odd_receipts_lose_and_double_nothing(void **state)
{
    static const struct {
        void (*alter)(struct script *script, const struct request *request, struct response *response);
        enum status first;
        const char *words;
    } receipts[] = {
        {more_entries, STATUS_OK, ""}, {one_for_all, STATUS_ATTENTION, "1 refused"}, {outcome_for_all, STATUS_OK, ""}};
    (void)state;
    for (size_t i = 0; i < sizeof receipts / sizeof receipts[0]; i++) {
        struct bed *bed = new_bed("List/l1", NULL, 1);
        struct script script;
        char visit[UUID_SIZE];
        assert_run(bed, STATUS_OK);
        sign_visit(bed, "p1", receipts[i].alter == one_for_all ? whole_visit : small_visit, NULL, visit);
        script_begin(&script, bed);
        script.alter = receipts[i].alter;
        enum status status = run(bed);
        if (receipts[i].alter == one_for_all) {
            assert_true(status == STATUS_ATTENTION || status == STATUS_OK);
            int64_t refused = number(bed, "SELECT number FROM outbox WHERE state = 'refused' LIMIT 1");
            while (refused > 0) {
                assert_int_equal(outbox_retry(bed->fixture.store, refused, NULL), STATUS_OK);
                refused = number(bed, "SELECT number FROM outbox WHERE state = 'refused' LIMIT 1");
            }
        } else {
            assert_int_equal(status, receipts[i].first);
            assert_non_null(strstr(journal_reason(bed), receipts[i].words));
        }
        script.alter = NULL;
        assert_run(bed, STATUS_OK);
        assert_int_equal(number(bed, OUTBOX_COUNT), 0);
        assert_once_at_server(bed, visit);
        script_end(&script);
        free_bed(bed);
    }
}

/* A batch of answers with one too few, or one too many: nothing of it is used, each type is asked for by itself. */
static void another_number_of_answers(struct script *script, const struct request *request, struct response *response)
{
    if (!request->asks || strcmp(request->method, "POST") != 0) {
        return;
    }
    cJSON *tree = answer_tree(response);
    cJSON *list = cJSON_GetObjectItemCaseSensitive(tree, "entry");
    if (script->step == 0) {
        cJSON_DeleteItemFromArray(list, 11);
    } else {
        cJSON_AddItemToArray(list, cJSON_Duplicate(cJSON_GetArrayItem(list, 0), true));
    }
    answer_set(response, tree);
}

static void a_batch_with_another_number_of_answers_is_not_used(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct bed *bed = new_bed("List/l1", NULL, 1);
        struct script script;
        assert_run(bed, STATUS_OK);
        put_resource(bed, "Task/t1", "{\"resourceType\":\"Task\",\"id\":\"t1\",\"status\":\"accepted\",\"intent\":\"plan\","
                                     "\"for\":{\"reference\":\"Patient/p1\"}}");
        script_begin(&script, bed);
        script.alter = another_number_of_answers;
        script.step = i;
        assert_run(bed, STATUS_OK);
        assert_int_equal(bed->result.entry.pulled, 1);
        script_end(&script);
        free_bed(bed);
    }
}

/* --- a server that was put back to a backup ---------------------------------------------------------------------------- */

static int64_t ahead;

static int64_t ahead_now(void *context)
{
    (void)context;
    return system_clock_now(NULL) + ahead;
}

#define OLD_TASK(id, patient, version) \
    "{\"resourceType\":\"Task\",\"id\":\"" id "\",\"meta\":{\"versionId\":\"" version "\",\"lastUpdated\":\"2026-01-01T00:00:00Z\"}," \
    "\"status\":\"requested\",\"intent\":\"plan\",\"description\":\"Old\",\"for\":{\"reference\":\"Patient/" patient "\"}}"

static bool shows_old(struct script *script, const struct request *request, struct response *response)
{
    if (strstr(request->url, "/Task?") != NULL && script->step > 0) {
        reply(response, 200, FHIR_JSON, LIST_OF("{\"resource\":" OLD_TASK("t1", "p1", "1") "}"));
        return true;
    }
    if (strstr(request->url, "/Task/t1") != NULL && script->step > 1) {
        reply(response, 200, FHIR_JSON, OLD_TASK("t1", "p1", "1"));
        return true;
    }
    return false;
}

static void versions_that_go_back_are_named_and_followed(void **state)
{
    struct bed *bed = *state;
    struct script script;
    ahead = 0;
    bed->sync.clock.now = ahead_now;
    bed->sync.caseload = "List/l1";
    put_resource(bed, "Task/t1", "{\"resourceType\":\"Task\",\"id\":\"t1\",\"status\":\"accepted\",\"intent\":\"plan\","
                                 "\"description\":\"New\",\"for\":{\"reference\":\"Patient/p1\"}}");
    assert_run(bed, STATUS_OK);
    assert_int_equal(store_setting_set(bed->fixture.store, SETTING_SERVER_BATCH, "no", NULL), STATUS_OK);
    script_begin(&script, bed);
    script.answer = shows_old;
    script.step = 1; /* a copy that lags behind: asked for by itself it is what it was */
    assert_run(bed, STATUS_OK);
    script.step = 2;
    assert_run(bed, STATUS_ATTENTION);
    assert_non_null(strstr(journal_reason(bed), "older state"));
    assert_int_equal(number(bed, "SELECT count(*) FROM resource WHERE id = 't1' AND body LIKE '%\"New\"%'"), 1);
    assert_run(bed, STATUS_OK); /* what it has is what is shown; nothing of the nurse's is in it */
    assert_int_equal(number(bed, "SELECT count(*) FROM resource WHERE id = 't1' AND body LIKE '%\"Old\"%'"), 1);
    script_end(&script);
    ahead = 21 * INSTANT_HOUR;
    assert_run(bed, STATUS_OK); /* it was a copy that lagged behind after all */
    assert_int_equal(number(bed, "SELECT count(*) FROM resource WHERE id = 't1' AND body LIKE '%\"New\"%'"), 1);
}

/* What it had accepted, and never heard of now. */
static void what_the_server_lost_stays_here_and_is_said(void **state)
{
    struct bed *bed = *state;
    char visit[UUID_SIZE];
    char target[128];
    ahead = 0;
    bed->sync.clock.now = ahead_now;
    assert_run(bed, STATUS_OK);
    sign_visit(bed, "p1", small_visit, NULL, visit);
    assert_run(bed, STATUS_OK);
    text_format(target, sizeof target, "Provenance/%s", text_of(&bed->fixture, "SELECT id FROM identity WHERE type = 'Provenance'"));
    delete_resource(bed, target); /* it would keep the other there */
    text_format(target, sizeof target, "Observation/%s", text_of(&bed->fixture, "SELECT id FROM identity WHERE type = 'Observation'"));
    delete_resource(bed, target);
    char spec[256];
    text_format(spec, sizeof spec, "{\"fault\":\"status\",\"status\":404,\"times\":0,\"match\":\"GET /fhir/%s\",\"body\":\"{}\"}", target);
    fault(bed, spec);
    ahead = 21 * INSTANT_HOUR;
    assert_run(bed, STATUS_ATTENTION);
    assert_non_null(strstr(journal_reason(bed), "no longer has 1 records"));
    assert_int_equal(number(bed, "SELECT count(*) FROM outbox o JOIN resource r ON r.key = o.resource WHERE o.forgotten AND o.state "
                                 "= 'refused' AND r.type = 'Observation' AND r.id = r.uuid"), 1);
    assert_int_equal(number(bed, "SELECT count(*) FROM reading WHERE patient = 'p1' AND source <> 0"), 1);
    assert_run(bed, STATUS_ATTENTION); /* it goes nowhere by itself */
    assert_int_equal(number(bed, OUTBOX_COUNT), 1);
}

/* --- clocks and certificates ------------------------------------------------------------------------------------------- */

/* The Date of every answer is script->step hours ahead of the clock that stamps the resources. */
static void another_day(struct script *script, const struct request *request, struct response *response)
{
    (void)request;
    response->server_clock += response->server_clock == INSTANT_NONE ? 0 : script->step * INSTANT_HOUR;
}

static void a_server_clock_that_is_wrong_loses_nothing(void **state)
{
    static const int hours[] = {24, -24};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct bed *bed = new_bed("List/l1", NULL, 1);
        struct script script;
        script_begin(&script, bed);
        script.alter = another_day;
        script.step = hours[i];
        assert_run(bed, STATUS_OK);
        assert_non_null(strstr(journal_reason(bed), "24 hours apart"));
        put_resource(bed, "Task/t1", "{\"resourceType\":\"Task\",\"id\":\"t1\",\"status\":\"accepted\",\"intent\":\"plan\","
                                     "\"for\":{\"reference\":\"Patient/p1\"}}");
        assert_run(bed, STATUS_OK);
        assert_int_equal(number(bed, "SELECT count(*) FROM resource WHERE id = 't1' AND body LIKE '%accepted%'"), 1);
        script_end(&script);
        free_bed(bed);
    }
}

/* A self-signed certificate of 2020 that ends at `end`, behind openssl's own test server. `line` is what was said first. */
static pid_t serve_certificate(const char *folder, const char *end, char *certificate, size_t size, int *port, char *line, size_t room)
{
    static const char script[] =
        "cd \"$0\" && exec 2> openssl.log; printf '%s\\n' '[ca]' 'default_ca=c' '[c]' 'database=index' 'serial=serial' "
        "'new_certs_dir=.' 'default_md=sha256' 'policy=p' 'x509_extensions=x' '[p]' 'commonName=supplied' '[x]' "
        "'subjectAltName=IP:127.0.0.1' 'basicConstraints=CA:TRUE' '[req]' 'distinguished_name=d' '[d]' > ca.cnf && : > index && "
        "echo 01 > serial && openssl req -new -newkey rsa:2048 -nodes -keyout key.pem -out csr.pem -subj /CN=door -config ca.cnf "
        "> /dev/null && openssl ca -batch -selfsign -keyfile key.pem -in csr.pem -out cert.pem -notext -config ca.cnf "
        "-startdate 200101000000Z -enddate \"$1\" > /dev/null || { tail -n 1 openssl.log; exit 1; }; "
        "exec openssl s_server -accept 127.0.0.1:0 -cert cert.pem -key key.pem -no_dhe -www";
    const char *arguments[] = {"/bin/sh", "-c", script, folder, end, NULL};
    pid_t child = start_program(arguments, line, room);
    text_format(certificate, size, "%s/cert.pem", folder);
    const char *colon = text_starts_with(line, "ACCEPT") ? strrchr(line, ':') : NULL;
    *port = colon == NULL ? 0 : (int)strtol(colon + 1, NULL, 10);
    return child;
}

/* One that has expired, and one that is nobody's whom this device knows: a network that wants a sign-in shows its own. */
static void certificates_that_prove_nothing_are_told_apart(void **state)
{
    static const struct {
        const char *end;
        bool known;
        const char *words;
    } all[] = {{"210101000000Z", true, "certificate has expired"},
               {"20900101000000Z", false, "could not prove who it is, nothing was sent: this network may want a sign-in first"}};
    struct bed *bed = *state;
    for (size_t i = 0; i < 2; i++) {
        struct http *http = NULL;
        char certificate[PATH_SIZE];
        char base[64];
        char line[128] = "";
        int port = 0;
        char *folder = test_folder_make();
        pid_t child = serve_certificate(folder, all[i].end, certificate, sizeof certificate, &port, line, sizeof line);
        if (port == 0) {
            stop_program(child);
            fail_msg("openssl does not serve: %s", line);
        }
        text_format(base, sizeof base, "https://127.0.0.1:%d/fhir", port);
        assert_int_equal(http_new(base, "secret", all[i].known ? certificate : NULL, NULL, &http, NULL), STATUS_OK);
        bed->sync.transport = http_transport(http);
        bed->sync.server = base;
        assert_run(bed, STATUS_UNREACHABLE);
        assert_non_null(strstr(journal_reason(bed), all[i].words));
        http_free(http);
        stop_program(child);
        test_folder_remove(folder);
    }
    bed->sync.transport = http_transport(bed->http);
    bed->sync.server = bed->base;
}

#define bed_test(name) cmocka_unit_test_setup_teardown(name, group_bed, leave_bed)

/* Whom half an answer leaves out has not left the caseload. */
static void half_a_caseload_sends_nobody_away(void **state)
{
    static const char half[] =
        LIST_OF("{\"resource\":{\"resourceType\":\"Patient\",\"id\":\"p1\",\"meta\":{\"versionId\":\"1\"}}},{\"resource\":"
                OUTCOME("error", "timeout") "}");
    static const struct lie lie = {"/Patient?_elements", 200, FHIR_JSON, half, "is not whole", STATUS_FAILED, NULL};
    struct bed *bed = new_bed("all", NULL, 4);
    struct script script;
    (void)state;
    assert_run(bed, STATUS_OK);
    int64_t before = number(bed, RESOURCE_COUNT);
    int64_t complete = number(bed, COMPLETE_COUNT);
    assert_true(complete > 1);
    told = &lie;
    script_begin(&script, bed);
    script.answer = lies;
    assert_run(bed, STATUS_FAILED);
    assert_non_null(strstr(journal_reason(bed), "is not whole"));
    assert_int_equal(bed->result.removed, 0);
    assert_int_equal(number(bed, RESOURCE_COUNT), before);
    assert_int_equal(number(bed, COMPLETE_COUNT), complete);
    script_end(&script);
    free_bed(bed);
}

/* Less came than it counts: asked once more. What it goes on not showing is told, and holds up nothing else. */
static void what_a_server_counts_and_does_not_show_is_told(void **state)
{
    static const char seven[] = "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"total\":7}";
    static const struct lie lie = {"/Task?", 200, FHIR_JSON, seven, "", STATUS_OK, NULL};
    struct bed *bed = new_bed("List/l1", NULL, 2);
    struct script script;
    (void)state;
    told = &lie;
    script_begin(&script, bed);
    script.answer = lies;
    assert_run(bed, STATUS_ATTENTION);
    assert_non_null(strstr(journal_reason(bed), "counts 7 records more than it shows"));
    assert_int_equal(bed->result.hidden, 7);
    script_end(&script);
    free_bed(bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_lie_has_a_name_and_passes),
        cmocka_unit_test(half_a_caseload_sends_nobody_away),
        cmocka_unit_test(what_a_server_counts_and_does_not_show_is_told),
        bed_test(doubles_and_odd_ids_are_stored_once),
        bed_test(the_longest_id_goes_all_the_way),
        bed_test(endless_pages_end),
        bed_test(a_body_without_end_ends),
        cmocka_unit_test(odd_receipts_lose_and_double_nothing),
        cmocka_unit_test(a_batch_with_another_number_of_answers_is_not_used),
        bed_test(versions_that_go_back_are_named_and_followed),
        bed_test(what_the_server_lost_stays_here_and_is_said),
        cmocka_unit_test(a_server_clock_that_is_wrong_loses_nothing),
        bed_test(certificates_that_prove_nothing_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
