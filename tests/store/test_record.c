/* The one writer: what becomes of each resource that arrives. */
#include "tests/store/visit_test.h"

#define FIRST "2026-11-20T00:00:00Z"
#define LATER "2026-11-21T00:00:00Z"

static void stores_a_resource_with_its_look_up_rows(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(pull(fixture, HANA_1), APPLY_STORED);
    assert_int_equal(pull(fixture, WEIGHT("o1", "1", FIRST, "p1", "2026-11-19T09:00:00+09:00", "61.20")), APPLY_STORED);
    assert_string_equal(text_of(fixture, "SELECT body FROM resource WHERE type = 'Patient'"), HANA_1);
    assert_string_equal(text_of(fixture, "SELECT origin FROM resource WHERE type = 'Patient'"), "server");
    assert_string_equal(text_of(fixture, "SELECT patient FROM resource WHERE type = 'Patient'"), "p1");
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM patient WHERE id = 'p1' AND birth_date = '1938-04-02'"), 1);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM reading WHERE patient = 'p1' AND id = 'o1'"), 1);
    assert_string_equal(text_of(fixture, "SELECT text FROM reading"), "61.20");
    assert_string_equal(text_of(fixture, "SELECT action || ' ' || detail FROM audit ORDER BY number DESC LIMIT 1"),
                        "pull stored 1, unchanged 0, quarantined 0");
}

static void a_newer_version_replaces_and_an_older_does_not(void **state)
{
    struct fixture *fixture = *state;
    const char *first = WEIGHT("o1", "1", FIRST, "p1", "2026-11-19T09:00:00+09:00", "61.2");
    const char *second = WEIGHT("o1", "2", LATER, "p1", "2026-11-19T09:00:00+09:00", "62.4");

    assert_int_equal(pull(fixture, first), APPLY_STORED);
    assert_int_equal(pull(fixture, first), APPLY_UNCHANGED);
    assert_int_equal(pull(fixture, second), APPLY_STORED);
    assert_int_equal(pull(fixture, first), APPLY_UNCHANGED);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM resource"), 1);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM reading"), 1);
    assert_string_equal(text_of(fixture, "SELECT text FROM reading"), "62.4");
}

static void numbers_of_versions_are_compared_as_numbers(void **state)
{
    struct fixture *fixture = *state;
    const char *ninth = "{\"resourceType\":\"Device\",\"id\":\"d\",\"meta\":{\"versionId\":\"9\"}}";
    const char *tenth = "{\"resourceType\":\"Device\",\"id\":\"d\",\"meta\":{\"versionId\":\"10\"}}";

    assert_int_equal(pull(fixture, ninth), APPLY_STORED);
    assert_int_equal(pull(fixture, tenth), APPLY_STORED);
    assert_int_equal(pull(fixture, ninth), APPLY_UNCHANGED);
    assert_string_equal(text_of(fixture, "SELECT version FROM resource"), "10");
}

static void a_replaced_body_leaves_no_old_look_up_rows(void **state)
{
    struct fixture *fixture = *state;

    pull(fixture, WEIGHT("o1", "1", FIRST, "p1", "2026-11-19T09:00:00+09:00", "61.2"));
    pull(fixture, "{\"resourceType\":\"Observation\",\"id\":\"o1\"," META("2", LATER) ",\"status\":\"final\","
                  "\"code\":{\"text\":\"mood\"},\"subject\":{\"reference\":\"Patient/p2\"},\"valueString\":\"good\"}");
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM reading"), 0);
    assert_string_equal(text_of(fixture, "SELECT patient FROM resource"), "p2");
}

static void what_is_no_valid_resource_is_kept_aside_with_a_reason(void **state)
{
    struct fixture *fixture = *state;
    const char *wrong = "{\"resourceType\":\"Observation\",\"id\":\"o1\",\"code\":{\"text\":\"x\"}}";

    struct apply_outcome outcome = apply(fixture, APPLY_FROM_SERVER, wrong);
    assert_int_equal(outcome.result, APPLY_QUARANTINED);
    assert_string_not_equal(outcome.why, "");
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM resource"), 0);
    assert_string_equal(text_of(fixture, "SELECT body FROM quarantine"), wrong);
    assert_string_equal(text_of(fixture, "SELECT place FROM quarantine"), "test");
    assert_int_equal(import(fixture, wrong), APPLY_QUARANTINED);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM quarantine"), 1);
}

static void bytes_that_are_no_json_are_kept_aside_once(void **state)
{
    struct fixture *fixture = *state;

    for (int i = 0; i < 2; i++) {
        assert_int_equal(record_quarantine(fixture->store, "a.json", "{\"a\":\xff", 6, "It is cut off.", &fixture->error),
                         STATUS_OK);
    }
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM quarantine"), 1);
    assert_int_equal(number_of(fixture, "SELECT length(body) FROM quarantine"), 6);
    struct sync_status status;
    assert_int_equal(query_status(fixture->store, &status, &fixture->error), STATUS_OK);
    assert_int_equal(status.quarantined, 1);
}

static void an_aborted_page_leaves_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct apply_outcome outcome;

    assert_int_equal(record_begin(fixture->store, &fixture->error), STATUS_OK);
    assert_int_equal(apply_in_page(fixture, APPLY_FROM_SERVER, NULL, HANA_1, &outcome), STATUS_OK);
    assert_int_equal(record_set_cursor(fixture->store, "Patient", "x", &fixture->error), STATUS_OK);
    record_abort(fixture->store);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM resource"), 0);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM patient"), 0);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM cursor"), 0);
    char cursor[16];
    assert_int_equal(cursor_get(fixture->store, "Patient", cursor, sizeof cursor, &fixture->error), STATUS_OK);
    assert_string_equal(cursor, "");
}

static void an_id_is_derived_so_that_reading_twice_is_unchanged(void **state)
{
    struct fixture *fixture = *state;
    const char *nameless = "{\"resourceType\":\"Device\",\"deviceName\":[{\"name\":\"Scale\",\"type\":\"user-friendly-name\"}]}";
    struct apply_outcome first = apply(fixture, APPLY_FROM_IMPORT, nameless);
    struct apply_outcome again = apply(fixture, APPLY_FROM_IMPORT, nameless);

    assert_int_equal(first.result, APPLY_STORED);
    assert_true(uuid_is_valid(first.id));
    assert_int_equal(again.result, APPLY_UNCHANGED);
    assert_string_equal(again.id, first.id);
}

static void an_id_comes_from_the_full_url(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *full_url, *id;
    } cases[] = {
        {"urn:uuid:0c1e2d3f-4a5b-4c6d-8e7f-901234567890", "0c1e2d3f-4a5b-4c6d-8e7f-901234567890"},
        {"http://example.org/fhir/Device/d7", "d7"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct apply_outcome outcome;
        assert_int_equal(record_begin(fixture->store, &fixture->error), STATUS_OK);
        assert_int_equal(apply_in_page(fixture, APPLY_FROM_IMPORT, cases[i].full_url, "{\"resourceType\":\"Device\"}", &outcome),
                         STATUS_OK);
        assert_int_equal(record_commit(fixture->store, &fixture->error), STATUS_OK);
        assert_string_equal(outcome.id, cases[i].id);
    }
}

static void an_import_never_merges_two_people(void **state)
{
    struct fixture *fixture = *state;
    const char *other = "{\"resourceType\":\"Patient\",\"id\":\"p1\"," META("9", LATER)
                        ",\"name\":[{\"family\":\"Sato\",\"given\":[\"Ken\"]}],\"birthDate\":\"1950-01-01\"}";

    assert_int_equal(import(fixture, HANA_1), APPLY_STORED);
    assert_int_equal(import(fixture, WEIGHT("o1", "1", FIRST, "p1", "2026-11-19T09:00:00+09:00", "61.2")), APPLY_STORED);
    struct apply_outcome outcome = apply(fixture, APPLY_FROM_IMPORT, other);
    assert_int_equal(outcome.result, APPLY_QUARANTINED);
    assert_non_null(strstr(outcome.why, "Another person"));
    assert_string_equal(text_of(fixture, "SELECT body FROM resource WHERE type = 'Patient'"), HANA_1);
    /* Whose weight this is nobody can tell any more. */
    assert_int_equal(import(fixture, WEIGHT("o2", "1", FIRST, "p1", "2026-11-19T09:00:00+09:00", "88")), APPLY_QUARANTINED);
    assert_int_equal(import(fixture, WEIGHT("o1", "1", FIRST, "p1", "2026-11-19T09:00:00+09:00", "61.2")), APPLY_UNCHANGED);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM reading"), 1);
    /* The server knows who p1 is. */
    assert_int_equal(pull(fixture, WEIGHT("o3", "1", FIRST, "p1", "2026-11-19T09:00:00+09:00", "61.9")), APPLY_STORED);
}

static void an_import_replaces_only_with_something_newer(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(import(fixture, HANA_1), APPLY_STORED);
    assert_int_equal(import(fixture, HANA("2", LATER, "Kim-Lee")), APPLY_QUARANTINED); /* no name in common */
    assert_int_equal(import(fixture, WEIGHT("o1", "1", FIRST, "p2", "2026-11-19T09:00:00+09:00", "61.2")), APPLY_STORED);
    struct apply_outcome outcome =
        apply(fixture, APPLY_FROM_IMPORT, WEIGHT("o1", "1", FIRST, "p2", "2026-11-19T09:00:00+09:00", "99"));
    assert_int_equal(outcome.result, APPLY_QUARANTINED);
    assert_non_null(strstr(outcome.why, "different Observation"));
    assert_int_equal(import(fixture, WEIGHT("o1", "2", LATER, "p2", "2026-11-19T09:00:00+09:00", "62")), APPLY_STORED);
    assert_string_equal(text_of(fixture, "SELECT text FROM reading WHERE patient = 'p2'"), "62");
    /* The same in another hand: spaces, order, and what the sender noted of it. */
    assert_int_equal(import(fixture, "{ \"id\": \"d1\", \"resourceType\": \"Device\", \"meta\": {\"source\": \"a\"},"
                                     " \"lotNumber\": \"7\" }"),
                     APPLY_STORED);
    assert_int_equal(import(fixture, "{\"resourceType\":\"Device\",\"id\":\"d1\",\"lotNumber\":\"7\"}"), APPLY_UNCHANGED);
    assert_int_equal(import(fixture, "{\"resourceType\":\"Device\",\"id\":\"d1\",\"lotNumber\":\"8\"}"), APPLY_QUARANTINED);
    /* Newer, but of somebody else. */
    assert_int_equal(import(fixture, WEIGHT("o1", "3", "2026-11-22T00:00:00Z", "p3", "2026-11-19T09:00:00+09:00", "63")),
                     APPLY_QUARANTINED);
    assert_string_equal(text_of(fixture, "SELECT text FROM reading WHERE patient = 'p2'"), "62");
}

static void the_servers_person_displaces_an_imported_one_of_the_same_id(void **state)
{
    struct fixture *fixture = *state;
    const char *other = "{\"resourceType\":\"Patient\",\"id\":\"p1\"," META("1", FIRST)
                        ",\"name\":[{\"family\":\"Sato\",\"given\":[\"Ken\"]}],\"birthDate\":\"1950-01-01\"}";

    import(fixture, HANA_1);
    import(fixture, WEIGHT("o1", "1", FIRST, "p1", "2026-11-19T09:00:00+09:00", "61.2"));
    assert_int_equal(pull(fixture, other), APPLY_STORED);
    assert_string_equal(text_of(fixture, "SELECT body FROM resource WHERE type = 'Patient'"), other);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM reading"), 0);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM quarantine"), 2);
    /* The same person is simply updated. */
    assert_int_equal(pull(fixture, HANA_1), APPLY_STORED);
}

static void what_was_recorded_for_a_displaced_person_is_held_back(void **state)
{
    struct fixture *fixture = *state;
    const char *other = "{\"resourceType\":\"Patient\",\"id\":\"p1\"," META("1", FIRST)
                        ",\"name\":[{\"family\":\"Sato\",\"given\":[\"Ken\"]}],\"birthDate\":\"1950-01-01\"}";
    char visit[UUID_SIZE];

    import(fixture, HANA_1);
    size_t queued = sign_visit(fixture, false, visit);
    assert_int_equal(pull(fixture, other), APPLY_STORED);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM outbox WHERE state = 'refused' AND reason <> ''"),
                     (int64_t)queued);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM reading"), 0);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM note"), 0);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM resource WHERE origin = 'device'"), (int64_t)queued);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM resource WHERE patient = 'p1'"), 1);
}

static void the_server_replaces_an_import_of_the_same_person(void **state)
{
    struct fixture *fixture = *state;

    import(fixture, HANA("7", LATER, "Kim"));
    assert_int_equal(pull(fixture, HANA_1), APPLY_STORED);
    assert_string_equal(text_of(fixture, "SELECT origin || version FROM resource"), "server1");
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM quarantine"), 0);
}

static void what_the_server_removed_leaves_with_its_look_ups(void **state)
{
    struct fixture *fixture = *state;

    pull(fixture, WEIGHT("o1", "1", FIRST, "p1", "2026-11-19T09:00:00+09:00", "61.2"));
    assert_int_equal(record_remove(fixture->store, "Observation", "o1", &fixture->error), STATUS_OK);
    assert_int_equal(record_remove(fixture->store, "Observation", "o1", &fixture->error), STATUS_OK);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM resource"), 0);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM reading"), 0);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM audit WHERE action = 'remove'"), 1);
}

static void a_released_patient_leaves_wholly(void **state)
{
    struct fixture *fixture = *state;

    pull(fixture, HANA_1);
    pull(fixture, WEIGHT("o1", "1", FIRST, "p1", "2026-11-19T09:00:00+09:00", "61.2"));
    pull(fixture, WEIGHT("o2", "1", FIRST, "p2", "2026-11-19T09:00:00+09:00", "70"));
    assert_int_equal(record_set_complete(fixture->store, "p1", true, &fixture->error), STATUS_OK);
    assert_int_equal(record_release_patient(fixture->store, "p1", &fixture->error), STATUS_OK);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM resource WHERE patient = 'p1'"), 0);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM patient"), 0);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM reading"), 1);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM chart_state"), 0);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM audit WHERE action = 'release' AND patient = 'p1'"), 1);
}

#define ALLERGY(version, updated, criticality) \
    "{\"resourceType\":\"AllergyIntolerance\",\"id\":\"al1\"," META(version, updated) ",\"criticality\":\"" criticality "\"," \
    "\"patient\":{\"reference\":\"Patient/p1\"},\"code\":{\"text\":\"Penicillin\"}}"

static bool is_complete(struct fixture *fixture)
{
    struct patient_rows rows;

    assert_int_equal(query_patients(fixture->store, "p1", START, &rows, &fixture->error), STATUS_OK);
    assert_int_equal(rows.count, 1);
    bool complete = rows.items[0].patient.complete;
    patient_rows_free(&rows);
    return complete;
}

static void a_chart_that_lacks_what_could_not_be_read_is_not_complete(void **state)
{
    struct fixture *fixture = *state;
    struct sync_status status;

    pull(fixture, HANA_1);
    assert_int_equal(record_set_complete(fixture->store, "p1", true, &fixture->error), STATUS_OK);
    assert_true(is_complete(fixture));
    assert_int_equal(pull(fixture, ALLERGY("1", FIRST, "severe")), APPLY_QUARANTINED);
    assert_int_equal(record_set_complete(fixture->store, "p1", true, &fixture->error), STATUS_OK); /* as the pull does at its end */
    assert_false(is_complete(fixture));
    assert_int_equal(query_status(fixture->store, &status, &fixture->error), STATUS_OK);
    assert_int_equal(status.incomplete_patients, 1);
    assert_int_equal(status.quarantined, 1);

    /* A version that can be read takes its place. */
    assert_int_equal(pull(fixture, ALLERGY("2", LATER, "high")), APPLY_STORED);
    assert_true(is_complete(fixture));
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM quarantine"), 0);

    /* What the server removed is lacked no longer. */
    assert_int_equal(pull(fixture, ALLERGY("3", "2026-11-22T00:00:00Z", "severe")), APPLY_QUARANTINED);
    assert_false(is_complete(fixture));
    assert_int_equal(record_remove(fixture->store, "AllergyIntolerance", "al1", &fixture->error), STATUS_OK);
    assert_true(is_complete(fixture));

    /* And it leaves the device with the patient. */
    assert_int_equal(pull(fixture, ALLERGY("4", "2026-11-22T01:00:00Z", "severe")), APPLY_QUARANTINED);
    assert_int_equal(record_release_patient(fixture->store, "p1", &fixture->error), STATUS_OK);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM quarantine"), 0);
}

static void a_persons_id_given_to_another_mixes_nothing(void **state)
{
    struct fixture *fixture = *state;
    const char *other = "{\"resourceType\":\"Patient\",\"id\":\"p1\"," META("1", "2026-11-19T00:00:00Z")
                        ",\"name\":[{\"family\":\"Sato\",\"given\":[\"Ken\"]}],\"birthDate\":\"1950-01-01\"}";
    char visit[UUID_SIZE];
    char found[UUID_SIZE];
    size_t queued = 0;

    pull(fixture, HANA_1);
    pull(fixture, WEIGHT("o1", "1", FIRST, "p1", "2026-11-19T09:00:00+09:00", "61.2"));
    pull(fixture, WEIGHT("o2", "1", FIRST, "p2", "2026-11-19T09:00:00+09:00", "70"));
    assert_int_equal(record_set_complete(fixture->store, "p1", true, &fixture->error), STATUS_OK);
    /* Another name is an edit; so is another birth date. */
    assert_int_equal(pull(fixture, HANA("2", LATER, "Kim-Lee")), APPLY_STORED);
    assert_true(is_complete(fixture));
    queued = sign_visit(fixture, false, visit);
    start_visit(fixture, false, visit);

    assert_int_equal(pull(fixture, other), APPLY_STORED);
    assert_string_equal(text_of(fixture, "SELECT body FROM resource WHERE type = 'Patient'"), other);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM resource WHERE patient = 'p1'"), 1);
    assert_string_equal(text_of(fixture, "SELECT group_concat(patient) FROM reading"), "p2");
    assert_false(is_complete(fixture));
    /* What the nurse did for the one who was here is all there, and goes into nobody else's chart. */
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM outbox WHERE state = 'refused'"), (int64_t)queued);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM resource WHERE origin = 'device' AND patient = ''"), (int64_t)queued);
    assert_int_equal(draft_find(fixture->store, "p1", found, &fixture->error), STATUS_NOT_FOUND);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM draft WHERE field = 'vitals.bp' AND value = '142/88'"), 2);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM visit WHERE patient = id"), 2);
    struct signer signer = nurse(fixture);
    assert_int_equal(record_sign_visit(fixture->store, visit, &signer, &queued, &fixture->error), STATUS_NOT_FOUND);
    /* Both may happen twice. */
    assert_int_equal(pull(fixture, HANA("3", "2026-11-22T00:00:00Z", "Kim")), APPLY_STORED);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM audit WHERE action = 'displace'"), 2);
}

static int run_sql(struct fixture *fixture, const char *sql)
{
    return sqlite3_exec(fixture->store->connection, sql, NULL, NULL, NULL) & 0xff;
}

static void one_thing_has_one_row_by_constraint(void **state)
{
    struct fixture *fixture = *state;

    pull(fixture, HANA_1);
    assert_int_equal(run_sql(fixture, "INSERT INTO resource (type, id, body, origin, stored) "
                                      "VALUES ('Patient', 'p1', '{}', 'server', 0)"),
                     SQLITE_CONSTRAINT);
    assert_int_equal(run_sql(fixture, "INSERT INTO outbox (resource, body, queued) VALUES (99, '{}', 0)"), SQLITE_CONSTRAINT);
    assert_int_equal(run_sql(fixture, "INSERT INTO outbox (resource, body, queued) VALUES (1, '{}', 0)"), SQLITE_OK);
    assert_int_equal(run_sql(fixture, "INSERT INTO outbox (resource, body, queued) VALUES (1, '{}', 0)"), SQLITE_CONSTRAINT);
    /* What is unsent cannot vanish with its resource. */
    assert_int_equal(run_sql(fixture, "DELETE FROM resource"), SQLITE_CONSTRAINT);
}

static void a_mark_is_kept_with_its_source(void **state)
{
    struct fixture *fixture = *state;

    pull(fixture, HANA_1);
    pull(fixture, "{\"resourceType\":\"Flag\",\"id\":\"f1\"," META("1", FIRST) ",\"status\":\"active\","
                  "\"category\":[{\"coding\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/flag-category\","
                  "\"code\":\"advance-directive\"}]}],\"code\":{\"text\":\"Do not resuscitate\"},"
                  "\"subject\":{\"reference\":\"Patient/p1\"}}");
    assert_string_equal(text_of(fixture, "SELECT code_status FROM chart_mark WHERE patient = 'p1'"), "Do not resuscitate");
    pull(fixture, "{\"resourceType\":\"Flag\",\"id\":\"f1\"," META("2", LATER) ",\"status\":\"inactive\","
                  "\"code\":{\"text\":\"Do not resuscitate\"},\"subject\":{\"reference\":\"Patient/p1\"}}");
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM chart_mark"), 0);
}

int main(void)
{
    memory_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(stores_a_resource_with_its_look_up_rows, open_record, remove_home),
        cmocka_unit_test_setup_teardown(a_newer_version_replaces_and_an_older_does_not, open_record, remove_home),
        cmocka_unit_test_setup_teardown(numbers_of_versions_are_compared_as_numbers, open_record, remove_home),
        cmocka_unit_test_setup_teardown(a_replaced_body_leaves_no_old_look_up_rows, open_record, remove_home),
        cmocka_unit_test_setup_teardown(what_is_no_valid_resource_is_kept_aside_with_a_reason, open_record, remove_home),
        cmocka_unit_test_setup_teardown(bytes_that_are_no_json_are_kept_aside_once, open_record, remove_home),
        cmocka_unit_test_setup_teardown(an_aborted_page_leaves_nothing, open_record, remove_home),
        cmocka_unit_test_setup_teardown(an_id_is_derived_so_that_reading_twice_is_unchanged, open_record, remove_home),
        cmocka_unit_test_setup_teardown(an_id_comes_from_the_full_url, open_record, remove_home),
        cmocka_unit_test_setup_teardown(an_import_never_merges_two_people, open_record, remove_home),
        cmocka_unit_test_setup_teardown(an_import_replaces_only_with_something_newer, open_record, remove_home),
        cmocka_unit_test_setup_teardown(the_servers_person_displaces_an_imported_one_of_the_same_id, open_record, remove_home),
        cmocka_unit_test_setup_teardown(what_was_recorded_for_a_displaced_person_is_held_back, open_record, remove_home),
        cmocka_unit_test_setup_teardown(the_server_replaces_an_import_of_the_same_person, open_record, remove_home),
        cmocka_unit_test_setup_teardown(what_the_server_removed_leaves_with_its_look_ups, open_record, remove_home),
        cmocka_unit_test_setup_teardown(a_released_patient_leaves_wholly, open_record, remove_home),
        cmocka_unit_test_setup_teardown(a_chart_that_lacks_what_could_not_be_read_is_not_complete, open_record, remove_home),
        cmocka_unit_test_setup_teardown(a_persons_id_given_to_another_mixes_nothing, open_record, remove_home),
        cmocka_unit_test_setup_teardown(one_thing_has_one_row_by_constraint, open_record, remove_home),
        cmocka_unit_test_setup_teardown(a_mark_is_kept_with_its_source, open_record, remove_home),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
