/* The server's address changes: the same server elsewhere, or another one, whose ids are other people's. */
#include "tests/sync/script.h"

#include "sync/address.h"

/* A second server; leave_other() ends it. */
struct other {
    struct bed *bed;
    char base[128], control[128];
    struct http *door, *http;
    pid_t server;
};

/* The bed goes over to another server, loaded with the file bed->load; the first stays where it is. */
static void start_other(struct bed *bed, struct other *first)
{
    *first = (struct other){.bed = bed, .door = bed->door, .http = bed->http, .server = bed->server};
    text_copy(first->base, sizeof first->base, bed->base);
    text_copy(first->control, sizeof first->control, bed->control);
    start_server(bed, NULL);
}

static void swap(struct other *other)
{
    struct bed *bed = other->bed;
    struct other now = {.bed = bed, .door = bed->door, .http = bed->http, .server = bed->server};
    text_copy(now.base, sizeof now.base, bed->base);
    text_copy(now.control, sizeof now.control, bed->control);
    bed->door = other->door;
    bed->http = other->http;
    bed->server = other->server;
    text_copy(bed->base, sizeof bed->base, other->base);
    text_copy(bed->control, sizeof bed->control, other->control);
    bed->sync.transport = http_transport(bed->http);
    *other = now;
}

static void leave_other(struct other *other)
{
    http_free(other->door);
    http_free(other->http);
    stop_program(other->server);
}

/* Other people under the same ids. */
static void write_others(struct bed *bed)
{
    struct buffer text;
    write_caseload(bed->load, 3);
    buffer_init(&text, RESPONSE_LIMIT);
    assert_int_equal(file_read(bed->load, &text, NULL), STATUS_OK);
    for (char *at = text.data; (at = strstr(at, "\"Kim\"")) != NULL; at++) {
        memcpy(at, "\"Lim\"", 5);
    }
    for (char *at = text.data; (at = strstr(at, "1938-04-02")) != NULL; at++) {
        memcpy(at, "1951-12-30", 10);
    }
    memcpy(strstr(text.data, "Nurse Lee"), "Nurse Yoo", 9);
    test_file_write(bed->load, text.data, text.length);
    buffer_free(&text);
}

#define NAMED(name) "SELECT count(*) FROM patient WHERE name LIKE '%" name "%'"

static void the_same_server_elsewhere_keeps_everything(void **state)
{
    struct bed *bed = *state;
    char visits[2][UUID_SIZE];
    char base[128];
    struct http *http = NULL;
    assert_run(bed, STATUS_OK);
    sign_visit(bed, "p1", small_visit, NULL, visits[0]);
    assert_run(bed, STATUS_OK);
    int64_t identities = number(bed, "SELECT count(*) FROM identity");
    sign_visit(bed, "p2", whole_visit, "t2", visits[1]);
    text_format(base, sizeof base, "http://localhost%s", strrchr(bed->base, ':'));
    assert_int_equal(http_new(base, "secret", NULL, NULL, &http, NULL), STATUS_OK);
    bed->sync.transport = http_transport(http);
    bed->sync.server = base;
    assert_run(bed, STATUS_OK);
    assert_false(bed->result.moved);
    assert_int_equal(held(bed, "Encounter", visits[1]), 1);
    assert_true(number(bed, "SELECT count(*) FROM identity") > identities);
    assert_int_equal(number(bed, COMPLETE_COUNT), PATIENTS);
    assert_int_equal(logged(bed, "Patient?_count=50&_id="), 1);
    assert_int_equal(logged(bed, "Encounter?_count=50&_id="), 1);
    assert_run(bed, STATUS_OK);
    assert_int_equal(bed->result.entry.requests, 2);
    http_free(http);
}

static void nothing_of_one_server_goes_to_another(void **state)
{
    struct bed *bed = *state;
    struct other other;
    char visits[3][UUID_SIZE];
    assert_run(bed, STATUS_OK);
    sign_visit(bed, "p1", small_visit, NULL, visits[0]);
    assert_run(bed, STATUS_OK);
    int64_t queued = (int64_t)sign_visit(bed, "p1", whole_visit, "t1", visits[1]);
    int nurses = held(bed, "Practitioner", NULL);
    write_others(bed);
    start_other(bed, &other);
    assert_run(bed, STATUS_ATTENTION);
    assert_true(bed->result.moved);
    assert_int_equal(held(bed, "Encounter", NULL), 0);
    assert_int_equal(held(bed, "Task", "completed"), 0);
    assert_int_equal(number(bed, OUTBOX_COUNT), queued);
    assert_int_equal(held(bed, "Practitioner", NULL), 3); /* this server did not know the nurse: she is made there */
    assert_int_equal(number(bed, "SELECT count(*) FROM outbox WHERE state = 'refused' AND reason <> ''"), queued);
    assert_int_equal(number(bed, "SELECT count(*) FROM identity WHERE type = 'Encounter'"), 0);
    /* The people are the other server's now. */
    assert_int_equal(number(bed, NAMED("Lim")), PATIENTS);
    assert_int_equal(number(bed, NAMED("Kim")), 0);
    assert_int_equal(number(bed, "SELECT count(*) FROM reading r JOIN visit v ON v.id = r.patient"), 0);
    /* Trying again sends nothing either. */
    assert_int_equal(number(bed, "SELECT count(*) FROM outbox WHERE server <> '' AND state <> 'refused'"), 0);
    struct outbox_rows rows;
    assert_int_equal(query_outbox(bed->fixture.store, &rows, NULL), STATUS_OK);
    for (size_t i = 0; i < rows.count; i++) {
        assert_int_equal(outbox_retry(bed->fixture.store, rows.items[i].number, NULL), STATUS_OK);
    }
    outbox_rows_free(&rows);
    assert_run(bed, STATUS_ATTENTION);
    assert_int_equal(held(bed, "Encounter", NULL), 0);
    assert_int_equal(number(bed, "SELECT count(*) FROM outbox WHERE state = 'refused'"), queued);
    /* What is made for the new one goes to it. */
    sign_visit(bed, "p2", small_visit, NULL, visits[2]);
    assert_run(bed, STATUS_ATTENTION);
    assert_int_equal(held(bed, "Encounter", visits[2]), 1);
    /* Back at the former one: what waited for it arrives, once. */
    swap(&other);
    assert_run(bed, STATUS_ATTENTION);
    assert_non_null(strstr(bed->error.sentence, "another server"));
    assert_int_equal(number(bed, OUTBOX_COUNT), 0);
    assert_int_equal(held(bed, "Encounter", visits[1]), 1);
    assert_int_equal(held(bed, "Encounter", visits[2]), 0);
    assert_int_equal(held(bed, "Task", "completed"), 1);
    assert_int_equal(number(bed, NAMED("Kim")), PATIENTS);
    assert_run(bed, STATUS_OK);
    assert_int_equal(held(bed, "Practitioner", NULL), nurses); /* who knows her still */
    sign_visit(bed, "p3", small_visit, NULL, visits[0]);
    assert_run(bed, STATUS_OK);
    assert_int_equal(held(bed, "Encounter", "Practitioner/n1"), 3);
    leave_other(&other);
}

static void unsent_work_waits_for_the_former_address(void **state)
{
    struct bed *bed = *state;
    struct other other;
    char visits[2][UUID_SIZE];
    assert_run(bed, STATUS_OK);
    int64_t queued = (int64_t)sign_visit(bed, "p1", whole_visit, "t1", visits[0]);
    fault(bed, "{\"fault\":\"reject\",\"contains\":\"8867-4\"}");
    assert_run(bed, STATUS_ATTENTION); /* the visit is there in part */
    no_faults(bed);
    int64_t left = number(bed, OUTBOX_COUNT);
    assert_true(left > 0 && left < queued);
    /* A server that knows none of these people. */
    static const char nobody[] = "{\"resourceType\":\"Group\",\"id\":\"g1\",\"type\":\"person\",\"actual\":true}\n";
    test_file_write(bed->load, nobody, sizeof nobody - 1);
    start_other(bed, &other);
    assert_run(bed, STATUS_ATTENTION);
    assert_int_equal(number(bed, "SELECT count(*) FROM patient"), 1); /* for whom something is unsent */
    assert_int_equal(number(bed, "SELECT count(*) FROM outbox WHERE server <> ''"), left);
    assert_int_equal(held(bed, "Encounter", NULL) + held(bed, "Observation", NULL), 0);
    swap(&other);
    write_caseload(bed->load, 3);
    assert_run(bed, STATUS_ATTENTION); /* one was refused by the server itself before */
    assert_int_equal(outbox_retry(bed->fixture.store, number(bed, "SELECT number FROM outbox WHERE state = 'refused'"), NULL),
                     STATUS_OK);
    assert_run(bed, STATUS_OK);
    assert_int_equal(number(bed, OUTBOX_COUNT), 0);
    assert_int_equal(held(bed, "Encounter", visits[0]), 1);
    assert_int_equal(held(bed, "Observation", "8867-4"), 1);
    assert_int_equal(number(bed, COMPLETE_COUNT), PATIENTS);
    leave_other(&other);
}

static void an_unfinished_visit_keeps_the_former_server(void **state)
{
    struct bed *bed = *state;
    struct other other;
    char visit[UUID_SIZE];
    assert_run(bed, STATUS_OK);
    assert_int_equal(draft_start(bed->fixture.store, "p1", "", visit, NULL), STATUS_OK);
    write_others(bed);
    start_other(bed, &other);
    assert_run(bed, STATUS_FAILED);
    assert_non_null(strstr(bed->error.sentence, "unfinished"));
    assert_int_equal(number(bed, NAMED("Kim")), PATIENTS);
    assert_int_equal(number(bed, COMPLETE_COUNT), PATIENTS);
    swap(&other);
    assert_run(bed, STATUS_OK);
    leave_other(&other);
}

/* Imported before the first sync: the server's patient of that id may be anybody. */
static void an_imported_patient_must_be_the_servers_too(void **state)
{
    static const struct {
        const char *patient;
        enum status status;
        const char *words;
    } cases[] = {
        {"{\"resourceType\":\"Patient\",\"id\":\"p1\",\"name\":[{\"family\":\"Kim\",\"given\":[\"Number 1\"]}],"
         "\"birthDate\":\"1938-04-02\"}", STATUS_OK, ""},
        {"{\"resourceType\":\"Patient\",\"id\":\"p1\",\"name\":[{\"family\":\"Cho\"}],\"birthDate\":\"1940-05-06\"}",
         STATUS_ATTENTION, "somebody else"},
        {"{\"resourceType\":\"Patient\",\"id\":\"paper\",\"name\":[{\"family\":\"Cho\"}],\"birthDate\":\"1940-05-06\"}",
         STATUS_ATTENTION, "not known to the server"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bed *bed = new_bed("Group/g1", NULL, 3);
        char visit[UUID_SIZE];
        assert_int_equal(import(&bed->fixture, cases[i].patient), APPLY_STORED);
        int64_t queued = (int64_t)sign_visit(bed, i == 2 ? "paper" : "p1", small_visit, NULL, visit);
        assert_run(bed, cases[i].status);
        bool sent = cases[i].status == STATUS_OK;
        assert_int_equal(held(bed, "Encounter", NULL), sent ? 1 : 0);
        assert_int_equal(number(bed, OUTBOX_COUNT), sent ? 0 : queued);
        if (!sent) {
            assert_int_equal(number(bed, "SELECT count(*) FROM outbox WHERE state = 'refused'"), queued);
            assert_int_equal(counted(bed, "methods.POST"), 0);
        }
        if (i == 2) {
            assert_non_null(strstr(text_of(&bed->fixture, "SELECT reason FROM outbox LIMIT 1"), cases[i].words));
        }
        free_bed(bed);
    }
}

/* What was learned of a server is of that one. */
static void limits_are_learned_anew(void **state)
{
    struct bed *bed = *state;
    struct other other;
    char value[24];
    assert_run(bed, STATUS_OK);
    assert_int_equal(store_setting_set(bed->fixture.store, SETTING_SERVER_LIMIT, "3", NULL), STATUS_OK);
    assert_int_equal(store_setting_set(bed->fixture.store, SETTING_SERVER_BATCH, "no", NULL), STATUS_OK);
    write_caseload(bed->load, 3);
    start_other(bed, &other);
    assert_run(bed, STATUS_OK);
    assert_int_equal(store_setting_get(bed->fixture.store, SETTING_SERVER_LIMIT, value, sizeof value, NULL), STATUS_OK);
    assert_string_equal(value, "");
    assert_int_equal(store_setting_get(bed->fixture.store, SETTING_SERVER_BATCH, value, sizeof value, NULL), STATUS_OK);
    assert_string_equal(value, "");
    leave_other(&other);
}

#define bed_test(name) cmocka_unit_test_setup_teardown(name, group_bed, leave_bed)

int main(void)
{
    const struct CMUnitTest tests[] = {
        bed_test(the_same_server_elsewhere_keeps_everything),
        bed_test(nothing_of_one_server_goes_to_another),
        bed_test(unsent_work_waits_for_the_former_address),
        bed_test(an_unfinished_visit_keeps_the_former_server),
        cmocka_unit_test(an_imported_patient_must_be_the_servers_too),
        bed_test(limits_are_learned_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
