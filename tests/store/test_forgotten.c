/* What a server had taken and does not know any more, after it was put back to an older backup. */
#include "store/conflict.h"
#include "tests/store/correct_test.h"

#define FORGOTTEN "SELECT count(*) FROM outbox WHERE forgotten AND state = 'refused'"

/* All that waits is taken, each under an id of its own from 500 on. */
static void accept_everything(struct fixture *fixture)
{
    struct outbox_rows rows;
    assert_int_equal(query_outbox(fixture->store, &rows, &fixture->error), STATUS_OK);
    for (size_t i = 0; i < rows.count; i++) {
        char id[16];
        snprintf(id, sizeof id, "%d", 500 + (int)i);
        assert_int_equal(record_accept(fixture->store, rows.items[i].number, rows.items[i].is_update ? "" : id,
                                       rows.items[i].is_update ? "2" : "1", &fixture->error), STATUS_OK);
    }
    outbox_rows_free(&rows);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM outbox"), 0);
}

/* A whole visit that the server took. */
static void begin_with_visit(struct fixture *fixture, bool task, char visit[UUID_SIZE])
{
    fill_caseload(fixture);
    sign_visit(fixture, task, visit);
    accept_everything(fixture);
}

static void forget(struct fixture *fixture, const char *type)
{
    char sql[128];
    char id[ID_SIZE];
    snprintf(sql, sizeof sql, "SELECT id FROM identity WHERE type = '%s' ORDER BY id", type);
    text_copy(id, sizeof id, text_of(fixture, sql));
    assert_int_equal(record_forgotten(fixture->store, type, id, &fixture->error), STATUS_OK);
}

static void forget_all(struct fixture *fixture)
{
    forget(fixture, "Provenance"); /* in whichever order it is found out */
    while (number_of(fixture, "SELECT count(*) FROM identity WHERE type = 'Observation'") > 0) {
        forget(fixture, "Observation");
    }
    forget(fixture, "Encounter");
    forget(fixture, "DocumentReference");
    forget(fixture, "Consent");
}

static void what_was_forgotten_stays_and_waits_for_the_nurse(void **state)
{
    struct fixture *fixture = *state;
    char visit[UUID_SIZE];
    struct sync_status status;
    begin_with_visit(fixture, false, visit);
    int64_t readings = number_of(fixture, "SELECT count(*) FROM reading");
    forget(fixture, "Observation");
    assert_int_equal(number_of(fixture, FORGOTTEN), 1);
    struct outbox_row row = row_of_type(fixture, "Observation");
    assert_true(row.forgotten);
    assert_false(row.is_update);
    assert_string_equal(row.visit, visit);
    assert_string_equal(row.id, row.uuid);
    assert_non_null(strstr(row.if_none_exist, row.uuid));
    assert_non_null(strstr(row.reason, "no longer has this record"));
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM reading"), readings);
    assert_int_equal(query_status(fixture->store, &status, &fixture->error), STATUS_OK);
    assert_int_equal(status.refused, 1);
    assert_int_equal(status.forgotten, 1);
    assert_int_equal(number_of(fixture, "SELECT accepted IS NULL FROM visit"), 1);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM audit WHERE action = 'forgotten'"), 1);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM cursor WHERE scope = 'put-back' AND value = 'yes'"), 1);

    assert_int_equal(record_forgotten(fixture->store, "Task", "t1", &fixture->error), STATUS_OK); /* not made here */
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM outbox"), 1);
    assert_int_equal(outbox_recover(fixture->store, &fixture->error), STATUS_OK); /* no run sends it by itself */
    assert_int_equal(row_of_type(fixture, "Observation").state, OUTBOX_REFUSED);
    assert_int_equal(outbox_retry(fixture->store, row.number, &fixture->error), STATUS_OK);
    assert_int_equal(row_of_type(fixture, "Observation").state, OUTBOX_WAITING);
    assert_int_equal(record_accept(fixture->store, row.number, "900", "1", &fixture->error), STATUS_OK);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM outbox"), 0);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM identity WHERE type = 'Observation' AND id = '900'"), 1);
    assert_int_equal(number_of(fixture, "SELECT accepted IS NOT NULL FROM visit"), 1);
}

static void a_forgotten_visit_goes_in_the_order_in_which_it_was_made(void **state)
{
    struct fixture *fixture = *state;
    char visit[UUID_SIZE];
    struct outbox_rows rows;
    char made[UUID_SIZE] = "";
    begin_with_visit(fixture, false, visit);
    forget_all(fixture);
    assert_int_equal(query_outbox(fixture->store, &rows, &fixture->error), STATUS_OK);
    assert_string_equal(rows.items[0].type, "Encounter");
    assert_string_equal(rows.items[rows.count - 1].type, "Provenance");
    for (size_t i = 1; i < rows.count; i++) {
        assert_true(strcmp(made, rows.items[i].uuid) < 0);
        text_copy(made, sizeof made, rows.items[i].uuid);
    }
    outbox_rows_free(&rows);
    /* What the server's own bodies name of ours is named as ours again. */
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM outbox WHERE body LIKE '%Observation/5__\"%'"), 0);
}

static void what_is_let_go_leaves_a_copy_and_an_audit_row(void **state)
{
    struct fixture *fixture = *state;
    char visit[UUID_SIZE];
    int count = 0;
    begin_with_visit(fixture, false, visit);
    struct outbox_row row = {.number = 0};
    assert_int_equal(record_let_go(fixture->store, 1, &fixture->error), STATUS_NOT_FOUND);
    forget_all(fixture);
    row = row_of_type(fixture, "Encounter");
    assert_int_equal(record_let_go(fixture->store, row.number, &fixture->error), STATUS_INVALID); /* the others are of it */
    assert_non_null(strstr(fixture->error.sentence, "whole visit"));
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM dropped"), 0);
    row = row_of_type(fixture, "Consent");
    assert_int_equal(record_let_go(fixture->store, row.number, &fixture->error), STATUS_OK); /* the Provenance goes on without it */
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM outbox WHERE body LIKE '%Consent/%'"), 0);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM resource WHERE type = 'Consent'"), 0);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM dropped WHERE type = 'Consent' AND mine LIKE '%permit%'"), 1);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM audit WHERE action = 'let go' AND type = 'Consent'"), 1);

    int64_t left = number_of(fixture, "SELECT count(*) FROM outbox");
    assert_int_equal(record_let_go_visit(fixture->store, visit, &count, &fixture->error), STATUS_OK);
    assert_int_equal(count, left);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM outbox"), 0);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM resource WHERE uuid IS NOT NULL"), 0);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM dropped"), left + 1);
}

/* Their id was given to something else, of hers or of the office's. */
static void an_id_that_was_given_again_takes_no_ones_place(void **state)
{
    struct fixture *fixture = *state;
    char visit[UUID_SIZE];
    char id[ID_SIZE];
    begin_with_visit(fixture, false, visit);
    text_copy(id, sizeof id, text_of(fixture, "SELECT id FROM identity WHERE type = 'Observation' ORDER BY id"));
    char uuid[UUID_SIZE];
    text_copy(uuid, sizeof uuid, text_of(fixture, "SELECT uuid FROM identity WHERE type = 'Observation' ORDER BY id"));
    char json[900];
    /* Ours as it was read back. */
    snprintf(json, sizeof json,
             "{\"resourceType\":\"Observation\",\"id\":\"%s\"," META("3", "2026-11-22T01:00:00Z") ",\"status\":\"final\",\"code\":"
             "{\"text\":\"Pulse\"},\"subject\":{\"reference\":\"Patient/p1\"},\"identifier\":[{\"system\":"
             "\"https://doorstep.example/fhir/NamingSystem/record\",\"value\":\"%s\"}]}",
             id, uuid);
    assert_int_equal(pull(fixture, json), APPLY_STORED);
    snprintf(json, sizeof json,
             "{\"resourceType\":\"Observation\",\"id\":\"%s\"," META("1", "2026-11-22T05:00:00Z") ",\"status\":\"final\",\"code\":"
             "{\"text\":\"Height\"},\"subject\":{\"reference\":\"Patient/p1\"}}", id);
    assert_int_equal(pull(fixture, json), APPLY_STORED);
    assert_int_equal(number_of(fixture, FORGOTTEN), 1);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM resource WHERE body LIKE '%Pulse%' AND id = uuid"), 1);
    snprintf(json, sizeof json, "SELECT count(*) FROM resource WHERE id = '%s' AND type = 'Observation' AND body LIKE '%%Height%%'", id);
    assert_int_equal(number_of(fixture, json), 1);
}

static void what_a_server_undoes_of_the_nurses_waits_for_her(void **state)
{
    struct fixture *fixture = *state;
    char visit[UUID_SIZE];
    cJSON *older = NULL;
    begin_with_visit(fixture, true, visit);
    assert_int_equal(pull(fixture, TASK("2", "2026-11-22T00:00:00Z", "completed")), APPLY_STORED);
    assert_int_equal(pull(fixture, TASK_1), APPLY_UNCHANGED); /* a page that lags behind is no news */
    assert_int_equal(number_of(fixture, FORGOTTEN), 0);
    assert_int_equal(json_parse(TASK_1, strlen(TASK_1), &older, NULL), STATUS_OK);
    assert_int_equal(record_put_back(fixture->store, older, &fixture->error), STATUS_OK); /* asked for by itself it is */
    cJSON_Delete(older);
    struct outbox_row row = row_of_type(fixture, "Task");
    assert_true(row.forgotten && row.is_update && row.state == OUTBOX_REFUSED);
    assert_string_equal(row.base_version, "1");
    assert_string_equal(text_of(fixture, "SELECT status FROM task"), "completed");
    /* What the office changes beside it meanwhile is merged, and is no word of hers. */
    assert_int_equal(pull(fixture, TASK("2", "2026-11-23T00:00:00Z", "requested\",\"priority\":\"asap")), APPLY_STORED);
    row = row_of_type(fixture, "Task");
    assert_true(row.forgotten && row.state == OUTBOX_REFUSED);
    assert_string_equal(row.base_version, "2");
    assert_non_null(strstr(row.reason, "restored from a backup"));
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM outbox WHERE body LIKE '%asap%' AND body LIKE '%completed%'"), 1);
    assert_int_equal(record_let_go(fixture->store, row.number, &fixture->error), STATUS_OK);
    assert_string_equal(text_of(fixture, "SELECT status FROM task"), "requested");
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM dropped WHERE mine LIKE '%completed%'"), 1);
}

/* Nothing of hers is in it: what the server has is what is shown. */
static void what_a_server_undoes_of_others_is_followed(void **state)
{
    struct fixture *fixture = *state;
    cJSON *older = NULL;
    fill_caseload(fixture);
    assert_int_equal(pull(fixture, TASK("2", "2026-11-22T00:00:00Z", "accepted")), APPLY_STORED);
    assert_int_equal(json_parse(TASK_1, strlen(TASK_1), &older, NULL), STATUS_OK);
    assert_int_equal(record_put_back(fixture->store, older, &fixture->error), STATUS_OK);
    cJSON_Delete(older);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM outbox"), 0);
    assert_string_equal(text_of(fixture, "SELECT status FROM task"), "requested");
}

/* A correction that followed what had arrived is hers too. */
static void a_correction_that_a_server_undoes_waits_for_her(void **state)
{
    struct fixture *fixture = *state;
    char visit[UUID_SIZE];
    cJSON *first = NULL;
    int64_t number = refused_visit(fixture, PULSE, visit);
    char *before = memory_copy_text(text_of(fixture, "SELECT body FROM resource WHERE " PULSE));
    assert_non_null(before);
    assert_corrected(fixture, number, "71");
    assert_int_equal(record_accept(fixture->store, number, "o9", "2", &fixture->error), STATUS_OK);
    assert_int_equal(json_parse(before, strlen(before), &first, NULL), STATUS_OK);
    memory_free(before);
    cJSON_DeleteItemFromObjectCaseSensitive(first, "id");
    cJSON_AddStringToObject(first, "id", "o9");
    cJSON_DeleteItemFromObjectCaseSensitive(first, "meta");
    cJSON_AddStringToObject(cJSON_AddObjectToObject(first, "meta"), "versionId", "1");
    assert_int_equal(record_put_back(fixture->store, first, &fixture->error), STATUS_OK);
    cJSON_Delete(first);
    assert_int_equal(number_of(fixture, FORGOTTEN), 1);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM reading WHERE vital = 2 AND text = '71'"), 1);
}

/* Sent again, and refused by a server that knows it: refused, like anything else. */
static void what_is_refused_when_it_is_sent_again_is_not_forgotten_any_more(void **state)
{
    struct fixture *fixture = *state;
    char visit[UUID_SIZE];
    struct sync_status status;
    begin_with_visit(fixture, false, visit);
    forget(fixture, "Observation");
    struct outbox_row row = row_of_type(fixture, "Observation");
    assert_int_equal(outbox_retry(fixture->store, row.number, &fixture->error), STATUS_OK);
    assert_int_equal(outbox_mark_sending(fixture->store, &row.number, 1, &fixture->error), STATUS_OK);
    assert_int_equal(record_refuse(fixture->store, row.number, 422, "no", &fixture->error), STATUS_OK);
    assert_false(row_of_type(fixture, "Observation").forgotten);
    assert_int_equal(query_status(fixture->store, &status, &fixture->error), STATUS_OK);
    assert_int_equal(status.forgotten, 0);
    assert_int_equal(status.refused, 1);
    assert_int_equal(record_let_go(fixture->store, row.number, &fixture->error), STATUS_NOT_FOUND);
}

/* Her patient left the caseload and came back, with what she had made for him. */
static void what_came_back_with_its_patient_is_still_hers(void **state)
{
    struct fixture *fixture = *state;
    char visit[UUID_SIZE];
    char id[ID_SIZE];
    char uuid[UUID_SIZE];
    char json[900];
    begin_with_visit(fixture, false, visit);
    text_copy(id, sizeof id, text_of(fixture, "SELECT id FROM identity WHERE type = 'Observation' ORDER BY id"));
    text_copy(uuid, sizeof uuid, text_of(fixture, "SELECT uuid FROM identity WHERE type = 'Observation' ORDER BY id"));
    assert_int_equal(record_release_patient(fixture->store, "p1", &fixture->error), STATUS_OK);
    assert_int_equal(pull(fixture, HANA_1), APPLY_STORED);
    snprintf(json, sizeof json,
             "{\"resourceType\":\"Observation\",\"id\":\"%s\"," META("1", "2026-11-22T01:00:00Z") ",\"status\":\"final\","
             "\"code\":{\"text\":\"Pulse\"},\"subject\":{\"reference\":\"Patient/p1\"},\"identifier\":[{\"system\":"
             "\"https://doorstep.example/fhir/NamingSystem/record\",\"value\":\"%s\"}]}",
             id, uuid);
    assert_int_equal(pull(fixture, json), APPLY_STORED);
    assert_int_equal(record_forgotten(fixture->store, "Observation", id, &fixture->error), STATUS_OK);
    assert_int_equal(number_of(fixture, FORGOTTEN), 1);
    assert_string_equal(text_of(fixture, "SELECT id FROM resource WHERE type = 'Observation' AND body LIKE '%Pulse%'"), uuid);
}

/* A nurse whom a device made itself. What she signed meanwhile must not wait for an id that nobody has. */
static void what_waits_names_her_whom_the_server_forgot(void **state)
{
    struct fixture *fixture = *state;
    char uuid[ID_SIZE], visit[UUID_SIZE];
    assert_int_equal(record_make_practitioner(fixture->store, "Nurse Lee", uuid, &fixture->error), STATUS_OK);
    int64_t number = number_of(fixture, "SELECT number FROM outbox");
    assert_int_equal(record_accept(fixture->store, number, "9000", "1", &fixture->error), STATUS_OK);
    fill_caseload(fixture);
    start_visit(fixture, false, visit);
    struct signer signer = nurse(fixture);
    size_t queued = 0;
    signer.practitioner = "9000";
    assert_int_equal(record_sign_visit(fixture->store, visit, &signer, &queued, &fixture->error), STATUS_OK);
    struct outbox_row encounter = row_of_type(fixture, "Encounter");
    assert_int_equal(outbox_mark_sending(fixture->store, &encounter.number, 1, &fixture->error), STATUS_OK);
    assert_int_equal(outbox_mark_unknown(fixture->store, &encounter.number, 1, "", &fixture->error), STATUS_OK);
    int64_t named = number_of(fixture, "SELECT count(*) FROM outbox WHERE body LIKE '%\"Practitioner/9000\"%'");
    assert_true(named > 2);

    assert_int_equal(record_forgotten(fixture->store, "Practitioner", "9000", &fixture->error), STATUS_OK);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM outbox WHERE body LIKE '%Practitioner/9000%'"), 0);
    char sql[128];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM outbox WHERE body LIKE '%%\"Practitioner/%s\"%%'", uuid);
    assert_int_equal(number_of(fixture, sql), named);
    /* What went out with the former id may have arrived: it is known again by that. Nothing else was sent. */
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM sent"), 1);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM sent WHERE body LIKE '%\"Practitioner/9000\"%'"), 1);
    assert_int_equal(row_of_type(fixture, "Encounter").state, OUTBOX_WAITING);
}

#define record_test(name) cmocka_unit_test_setup_teardown(name, open_record, remove_home)

int main(void)
{
    const struct CMUnitTest tests[] = {
        record_test(what_was_forgotten_stays_and_waits_for_the_nurse),
        record_test(a_forgotten_visit_goes_in_the_order_in_which_it_was_made),
        record_test(what_is_let_go_leaves_a_copy_and_an_audit_row),
        record_test(an_id_that_was_given_again_takes_no_ones_place),
        record_test(what_a_server_undoes_of_the_nurses_waits_for_her),
        record_test(what_a_server_undoes_of_others_is_followed),
        record_test(what_came_back_with_its_patient_is_still_hers),
        record_test(a_correction_that_a_server_undoes_waits_for_her),
        record_test(what_is_refused_when_it_is_sent_again_is_not_forgotten_any_more),
        record_test(what_waits_names_her_whom_the_server_forgot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
