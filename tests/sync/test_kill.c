/* A sync that is killed at any moment, a hundred times: afterwards both sides hold the same, and everything once. */
#include "store/audit.h"
#include "tests/sync/sync_test.h"

#define KILLS 100

/* Runs one sync in a process of its own and kills it after some microseconds. Returns whether it was still at work. */
static bool run_and_kill(struct bed *bed, int64_t microseconds)
{
    struct timespec pause = {.tv_sec = microseconds / 1000000, .tv_nsec = microseconds % 1000000 * 1000};
    int status = 0;
    assert_null(bed->fixture.store);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct http *http = NULL;
        struct fixture *fixture = &bed->fixture;
        if (store_open(&fixture->paths, fixture->vault, &fixture->options, &fixture->store, NULL) != STATUS_OK ||
            http_new(bed->base, "", NULL, NULL, &http, NULL) != STATUS_OK) {
            _exit(2);
        }
        bed->sync.store = fixture->store;
        bed->sync.transport = http_transport(http);
        _exit(sync_run(&bed->sync, &bed->result, NULL) == STATUS_OK ? 0 : 1);
    }
    nanosleep(&pause, NULL);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFSIGNALED(status)) {
        assert_int_equal(WEXITSTATUS(status), 0);
    }
    return WIFSIGNALED(status);
}

static void close_bed(struct bed *bed)
{
    store_close(bed->fixture.store);
    bed->fixture.store = NULL;
    bed->sync.store = NULL;
}

/* Makes the device forget its charts, as if none had ever been pulled; what is unsent stays. */
static void forget_charts(struct bed *bed)
{
    assert_int_equal(record_begin(bed->fixture.store, NULL), STATUS_OK);
    for (int i = 1; i <= PATIENTS; i++) {
        char id[ID_SIZE];
        char scope[ID_SIZE + 16];
        text_format(id, sizeof id, "p%d", i);
        text_format(scope, sizeof scope, "patient/p%d", i);
        assert_int_equal(record_release_patient(bed->fixture.store, id, NULL), STATUS_OK);
        assert_int_equal(record_set_cursor(bed->fixture.store, scope, "", NULL), STATUS_OK);
    }
    assert_int_equal(record_commit(bed->fixture.store, NULL), STATUS_OK);
}

/* A resource that belongs on the device: of a patient of the caseload, and of a type that is pulled. */
static bool belongs(const char *type, const char *line)
{
    char patient[32];
    if (strcmp(type, "Provenance") == 0 || strcmp(type, "Group") == 0 || strcmp(type, "List") == 0 ||
        strcmp(type, "Practitioner") == 0) {
        return false;
    }
    for (int i = 1; i <= PATIENTS; i++) {
        text_format(patient, sizeof patient, strcmp(type, "Patient") == 0 ? "\"id\":\"p%d\"" : "\"Patient/p%d\"", i);
        if (strstr(line, patient) != NULL) {
            return true;
        }
    }
    return false;
}

static void assert_sides_equal(struct bed *bed)
{
    struct buffer answer;
    int64_t shared = 0;
    control(bed, "GET", "/resources", NULL, &answer);
    for (char *line = answer.data, *end = NULL; line != NULL && *line != '\0'; line = end + 1) {
        cJSON *theirs = NULL;
        cJSON *ours = NULL;
        char *body = NULL;
        end = strchr(line, '\n');
        *end = '\0';
        assert_int_equal(json_parse(line, strlen(line), &theirs, NULL), STATUS_OK);
        if (belongs(json_text(theirs, "resourceType"), line)) {
            shared++;
            if (query_body(bed->fixture.store, json_text(theirs, "resourceType"), json_text(theirs, "id"), &body, NULL) != STATUS_OK) {
                fail_msg("only the server has %s", line);
            }
            assert_int_equal(json_parse(body, strlen(body), &ours, NULL), STATUS_OK);
            if (!cJSON_Compare(ours, theirs, true)) {
                fail_msg("the server has %s, the device %s", line, body);
            }
        }
        memory_free(body);
        cJSON_Delete(ours);
        cJSON_Delete(theirs);
    }
    buffer_free(&answer);
    assert_int_equal(number(bed, "SELECT count(*) FROM resource WHERE type NOT IN ('Provenance', 'Practitioner')"), shared);
}

static void assert_each_once(struct bed *bed, int visits)
{
    sqlite3_stmt *statement = NULL;
    struct buffer answer;
    int count = 0;
    control(bed, "GET", "/resources", NULL, &answer);
    assert_int_equal(sqlite3_prepare_v2(bed->fixture.store->connection, "SELECT type, uuid FROM identity", -1, &statement, NULL),
                     SQLITE_OK);
    for (; sqlite3_step(statement) == SQLITE_ROW; count++) {
        char type[RESOURCE_TYPE_SIZE];
        char uuid[UUID_SIZE];
        char quoted[UUID_SIZE + 4];
        int found = 0;
        column_text(statement, 0, type, sizeof type);
        column_text(statement, 1, uuid, sizeof uuid);
        text_format(quoted, sizeof quoted, "\"%s\"", uuid);
        for (const char *at = strstr(buffer_text(&answer), quoted); at != NULL; at = strstr(at + 1, quoted)) {
            found++;
        }
        assert_int_equal(found, 1); /* its identifier or its tag; references name the server's ids */
    }
    sqlite3_finalize(statement);
    buffer_free(&answer);
    assert_int_equal(count, 4 * visits);
    assert_int_equal(held(bed, "Encounter", NULL), visits);
}

static void a_killed_sync_loses_and_doubles_nothing(void **state)
{
    struct bed *bed = *state;
    struct randomness randomness = randomness_system();
    int killed = 0;
    int visits = 0;
    char visit[UUID_SIZE];
    char patient[ID_SIZE];
    char task[ID_SIZE];
    assert_run(bed, STATUS_OK);
    while (killed < KILLS) {
        text_format(patient, sizeof patient, "p%d", visits % PATIENTS + 1);
        text_format(task, sizeof task, "t%d", visits % PATIENTS + 1);
        if (visits % 5 == 4) {
            forget_charts(bed);
            assert_run(bed, STATUS_OK);
        }
        char weight[512];
        char now[40];
        sign_visit(bed, patient, small_visit, visits < PATIENTS ? task : NULL, visit);
        visits++;
        instant_format_fhir(now, sizeof now, system_clock_now(NULL));
        text_format(weight, sizeof weight,
                    "{\"resourceType\":\"Observation\",\"id\":\"by-office\",\"status\":\"final\",\"code\":{\"text\":\"Weight\"},"
                    "\"subject\":{\"reference\":\"Patient/p2\"},\"effectiveDateTime\":\"%s\",\"valueQuantity\":{\"value\":%d}}",
                    now, visits);
        put_resource(bed, "Observation/by-office", weight);
        if (visits % 3 == 0) {
            forget_charts(bed); /* this time a whole caseload is to come */
        }
        close_bed(bed);
        /* One or several deaths before the next run that is let live. */
        for (uint32_t deaths = 1 + randomness_below(&randomness, 3); deaths > 0; deaths--) {
            killed += run_and_kill(bed, randomness_below(&randomness, visits % 3 == 0 ? 150000 : 40000)) ? 1 : 0;
        }
        open_bed(bed);
        assert_run(bed, STATUS_OK);
        assert_int_equal(number(bed, OUTBOX_COUNT), 0);
        assert_int_equal(number(bed, "SELECT count(*) FROM conflict"), 0);
        assert_int_equal(number(bed, COMPLETE_COUNT), PATIENTS);
        assert_sides_equal(bed);
    }
    assert_each_once(bed, visits);
    int64_t writes = counted(bed, "methods.POST");
    assert_run(bed, STATUS_OK);
    assert_int_equal(bed->result.entry.pulled, 0);
    assert_int_equal(counted(bed, "methods.POST"), writes);
    struct audit_verdict verdict;
    assert_int_equal(audit_verify(bed->fixture.store, &verdict, NULL), STATUS_OK);
    assert_true(verdict.intact);
    printf("%d kills over %d visits\n", killed, visits);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_killed_sync_loses_and_doubles_nothing, group_bed, leave_bed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
