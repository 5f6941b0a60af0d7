/* Who belongs to the caseload, who does not any more, and in which order their charts come. */
#include "tests/sync/script.h"

static int patients(struct bed *bed)
{
    return (int)number(bed, "SELECT count(*) FROM patient");
}

#define GROUP_OF(members) "{\"resourceType\":\"Group\",\"id\":\"g1\",\"type\":\"person\",\"actual\":true,\"member\":[" members "]}"
#define MEMBER(id) "{\"entity\":{\"reference\":\"Patient/" id "\"}}"
#define NOBODY "{\"resourceType\":\"Group\",\"id\":\"g1\",\"type\":\"person\",\"actual\":true}"

static void an_empty_caseload_is_believed_the_second_time(void **state)
{
    struct bed *bed = *state;
    char visit[UUID_SIZE];
    assert_run(bed, STATUS_OK);
    put_resource(bed, "Group/g1", NOBODY);
    assert_run(bed, STATUS_ATTENTION);
    assert_non_null(strstr(bed->error.sentence, "empty at the server, and 8 charts"));
    assert_string_equal(bed->result.entry.data_as_of, "");
    assert_int_equal(patients(bed), 8);
    put_resource(bed, "Group/g1", GROUP_OF(MEMBER("p1") "," MEMBER("p2")));
    assert_run(bed, STATUS_OK);
    assert_int_equal(patients(bed), 2);
    put_resource(bed, "Group/g1", NOBODY);
    assert_run(bed, STATUS_ATTENTION); /* it was not empty in between */
    assert_int_equal(patients(bed), 2);
    sign_visit(bed, "p2", small_visit, NULL, visit);
    fault(bed, "{\"fault\":\"reject\",\"contains\":\"8867-4\"}");
    assert_run(bed, STATUS_ATTENTION);
    assert_int_equal(bed->result.entry.departed, 2);
    assert_int_equal(patients(bed), 1); /* something unsent */
    assert_true(number(bed, OUTBOX_COUNT) > 0);
    no_faults(bed);
    assert_int_equal(outbox_retry(bed->fixture.store, number(bed, "SELECT min(number) FROM outbox"), NULL), STATUS_OK);
    assert_run(bed, STATUS_OK);
    assert_int_equal(patients(bed), 0);
    assert_run(bed, STATUS_OK);
    assert_string_not_equal(bed->result.entry.data_as_of, "");
}

/* Members whom nobody can read are no empty caseload; nor is another caseload that is empty too. */
static void an_unreadable_caseload_sends_nobody_away(void **state)
{
    struct bed *bed = *state;
    assert_run(bed, STATUS_OK);
    put_resource(bed, "Group/g1", "{\"resourceType\":\"Group\",\"id\":\"g1\",\"type\":\"person\",\"actual\":true,"
                                  "\"member\":[{\"entity\":{\"display\":\"Kim\"}}]}");
    assert_run(bed, STATUS_ATTENTION); /* and is no good sync either: nobody's chart is refreshed */
    assert_non_null(strstr(bed->error.sentence, "does not show this device who belongs to your caseload"));
    assert_run(bed, STATUS_ATTENTION);
    assert_string_equal(bed->result.entry.data_as_of, "");
    assert_null(strstr(bed->error.sentence, "empty"));
    assert_int_equal(patients(bed), 8);
    put_resource(bed, "Group/g1", GROUP_OF("{\"entity\":{\"reference\":\"Practitioner/n1\"}}")); /* nor are others nobody */
    assert_run(bed, STATUS_ATTENTION);
    assert_run(bed, STATUS_ATTENTION);
    assert_null(strstr(bed->error.sentence, "empty"));
    assert_int_equal(patients(bed), 8);
    put_resource(bed, "Group/g1", GROUP_OF(MEMBER("p1") ",{\"entity\":{\"identifier\":{\"value\":\"7\"}}}"));
    assert_run(bed, STATUS_OK); /* who that is, nobody can tell: nobody leaves */
    assert_int_equal(patients(bed), 8);
    put_resource(bed, "Group/g1", NOBODY);
    assert_run(bed, STATUS_ATTENTION);
    bed->sync.caseload = "Patient?_id=nobody";
    assert_run(bed, STATUS_ATTENTION);
    assert_int_equal(patients(bed), 8);
    fault(bed, "{\"fault\":\"status\",\"status\":200,\"times\":0,\"match\":\"_summary=count\",\"body\":"
               "\"{\\\"resourceType\\\":\\\"Bundle\\\",\\\"type\\\":\\\"searchset\\\",\\\"total\\\":3}\"}");
    assert_run(bed, STATUS_ATTENTION); /* the server counts some whom it does not list */
    assert_null(strstr(bed->error.sentence, "empty"));
    assert_int_equal(patients(bed), 8);
    no_faults(bed);
    assert_run(bed, STATUS_OK);
    assert_int_equal(patients(bed), 0);
}

static void who_left_the_group_is_no_member(void **state)
{
    struct bed *bed = *state;
    assert_run(bed, STATUS_OK);
    put_resource(bed, "Group/g1", GROUP_OF(MEMBER("p1") ",{\"entity\":{\"reference\":\"Patient/p2\"},\"period\":{\"end\":"
                                           "\"2020-01-01\"}},{\"entity\":{\"reference\":\"Patient/p3\"},\"period\":{\"end\":"
                                           "\"2999-01-01\"}}"));
    assert_run(bed, STATUS_OK);
    assert_int_equal(patients(bed), 2);
    assert_int_equal(number(bed, "SELECT count(*) FROM patient WHERE id = 'p2'"), 0);
}

/* A caseload that says itself that it is not whole. */
static void half_a_group_sends_nobody_away(void **state)
{
    static const char *const members[] = {"\"member\":[" MEMBER("p1") "]", "\"active\":true"};
    struct bed *bed = *state;
    assert_run(bed, STATUS_OK);
    for (size_t i = 0; i < 4; i++) {
        char group[512];
        text_format(group, sizeof group,
                    "{\"resourceType\":\"Group\",\"id\":\"g1\",\"meta\":{\"tag\":[{\"system\":"
                    "\"http://terminology.hl7.org/CodeSystem/v3-ObservationValue\",\"code\":\"SUBSETTED\"}]},"
                    "\"type\":\"person\",\"actual\":true,%s}", members[i / 2]);
        put_resource(bed, "Group/g1", group);
        assert_run(bed, i < 2 ? STATUS_OK : STATUS_ATTENTION);
        assert_int_equal(patients(bed), 8);
        assert_string_equal(bed->result.entry.data_as_of, "");
    }
    assert_non_null(strstr(bed->error.sentence, "who belongs to your caseload"));
}

/* Half-read charts of an earlier run do not come before those of whom she visits today. */
static void todays_charts_come_before_half_read_ones(void **state)
{
    struct bed *bed = *state;
    bed->sync.caseload = "Patient?_id=p1,p2";
    fault(bed, "{\"fault\":\"drop-request\",\"match\":\"/Observation?\",\"times\":0}");
    assert_run(bed, STATUS_UNREACHABLE);
    no_faults(bed);
    bed->sync.caseload = "Group/g1";
    fault(bed, "{\"fault\":\"offline\",\"times\":0,\"after\":1,\"match\":\"/Observation?\"}");
    assert_run(bed, STATUS_UNREACHABLE);
    assert_int_equal(number(bed, COMPLETE_COUNT), 2);
    assert_int_equal(number(bed, "SELECT count(*) FROM chart_state WHERE complete = 1 AND patient IN ('p7', 'p3')"), 2);
    no_faults(bed);
    assert_run(bed, STATUS_OK);
    assert_int_equal(number(bed, COMPLETE_COUNT), PATIENTS);
}

/* Nor do those that are complete and only refreshed; and one that the server cannot deliver keeps none of them back. */
static void a_chart_that_does_not_come_holds_up_no_other(void **state)
{
    struct bed *bed = *state;
    bed->sync.caseload = "Patient?_id=p1,p2,p3";
    assert_run(bed, STATUS_OK);
    bed->sync.caseload = "Group/g1";
    put_resource(bed, "Observation/new", WEIGHT("new", "1", "2026-11-20T00:00:00Z", "p2", "2026-11-20T00:00:00Z", "62.0"));
    fault(bed, "{\"fault\":\"status\",\"status\":500,\"times\":0,\"match\":\"/Flag?patient=p7\",\"body\":\"{}\"}");
    assert_run(bed, STATUS_UNREACHABLE);
    assert_non_null(strstr(bed->error.sentence, "(500)"));
    assert_int_equal(number(bed, "SELECT count(*) FROM resource WHERE id = 'new'"), 1);
    assert_int_equal(number(bed, COMPLETE_COUNT), PATIENTS - 1);
    no_faults(bed);
    assert_run(bed, STATUS_OK);
    assert_int_equal(number(bed, COMPLETE_COUNT), PATIENTS);
}

/* The nurse's appointments, the one with p7 not sound; `step` is how many of its participants are left. */
static void break_appointment(struct script *script, const struct request *request, struct response *response)
{
    if (strstr(request->url, "Appointment?actor=") == NULL) {
        return;
    }
    cJSON *tree = answer_tree(response);
    cJSON *entry = NULL;
    cJSON_ArrayForEach(entry, json_array(tree, "entry")) {
        cJSON *appointment = cJSON_GetObjectItemCaseSensitive(entry, "resource");
        if (strcmp(json_text(appointment, "id"), "a7") == 0) {
            cJSON *participants = cJSON_GetObjectItemCaseSensitive(appointment, "participant");
            cJSON_SetValuestring(cJSON_GetObjectItemCaseSensitive(appointment, "id"), "?!");
            while (cJSON_GetArraySize(participants) > script->step) {
                cJSON_DeleteItemFromArray(participants, 0);
            }
        }
    }
    answer_set(response, tree);
}

static void an_unsound_appointment_that_says_whose_it_is_holds_up_nobody(void **state)
{
    struct bed *bed = *state;
    struct script script;
    bed->sync.caseload = "appointments";
    assert_run(bed, STATUS_OK);
    assert_int_equal(patients(bed), 3);
    delete_resource(bed, "Appointment/a3");
    script_begin(&script, bed);
    script.alter = break_appointment;
    script.step = 1; /* the nurse: who the patient is, nobody knows */
    assert_run(bed, STATUS_OK);
    assert_int_equal(patients(bed), 3);
    script.step = 2;
    assert_run(bed, STATUS_OK);
    assert_int_equal(patients(bed), 2);
    assert_int_equal(number(bed, "SELECT count(*) FROM patient WHERE id = 'p7'"), 1);
    assert_string_not_equal(bed->result.entry.data_as_of, "");
    script_end(&script);
}

/* Nor is a device without charts in order when it could not be told whose to fetch. */
static void an_unreadable_caseload_is_no_success_on_a_new_device(void **state)
{
    struct bed *bed = *state;
    put_resource(bed, "Group/g1", GROUP_OF("{\"entity\":{\"display\":\"Kim\"}}"));
    assert_run(bed, STATUS_ATTENTION);
    assert_non_null(strstr(bed->error.sentence, "who belongs to your caseload"));
    assert_string_equal(bed->result.entry.data_as_of, "");
    put_resource(bed, "Group/g1", NOBODY);
    assert_run(bed, STATUS_OK);
}

static void put_appointment(struct bed *bed, const char *status, const char *patient)
{
    char start[40];
    char body[512];
    instant_format_fhir(start, sizeof start, system_clock_now(NULL));
    text_format(body, sizeof body,
                "{\"resourceType\":\"Appointment\",\"id\":\"a7\",\"status\":\"%s\",\"start\":\"%s\",\"participant\":["
                "{\"actor\":{\"reference\":\"Practitioner/n1\"},\"status\":\"accepted\"}%s]}", status, start, patient);
    put_resource(bed, "Appointment/a7", body);
}

/* A cancelled appointment is with nobody. */
static void a_nurse_with_cancelled_appointments_has_nobody(void **state)
{
    struct bed *bed = *state;
    bed->sync.caseload = "appointments";
    assert_run(bed, STATUS_OK);
    delete_resource(bed, "Appointment/a3");
    delete_resource(bed, "Appointment/a5");
    put_appointment(bed, "cancelled", ",{\"actor\":{\"reference\":\"Patient/p7\"},\"status\":\"accepted\"}");
    assert_run(bed, STATUS_ATTENTION);
    assert_non_null(strstr(bed->error.sentence, "empty at the server"));
    assert_run(bed, STATUS_OK);
    assert_int_equal(patients(bed), 0);
}

/* Of those who are asked for the last is not shown, page after page, and counted all the same. */
static void hide_last(struct script *script, const struct request *request, struct response *response)
{
    if (strstr(request->url, script->text) == NULL || strstr(request->url, "_summary") != NULL) {
        return;
    }
    cJSON *tree = answer_tree(response);
    cJSON *entries = cJSON_GetObjectItemCaseSensitive(tree, "entry");
    double count = cJSON_GetArraySize(entries);
    cJSON_DeleteItemFromObjectCaseSensitive(tree, "total");
    cJSON_AddNumberToObject(tree, "total", count);
    cJSON_DeleteItemFromArray(entries, (int)count - 1);
    answer_set(response, tree);
}

static void who_is_counted_and_not_shown_does_not_leave(void **state)
{
    static const char *const scopes[] = {"Patient?_id=p1,p3,p7", "appointments"};
    static const char *const searches[] = {"Patient?_id=p1,p3,p7&_elements", "Appointment?actor="};
    struct bed *bed = *state;
    struct script script;
    for (size_t i = 0; i < 2; i++) {
        bed->sync.caseload = scopes[i];
        assert_run(bed, STATUS_OK);
        int here = patients(bed);
        script_begin(&script, bed);
        script.text = searches[i];
        script.alter = hide_last;
        for (int again = 0; again < 2; again++) {
            assert_run(bed, STATUS_ATTENTION);
            assert_non_null(strstr(bed->error.sentence, "1 records more than it shows"));
            assert_string_equal(bed->result.entry.data_as_of, "");
            assert_int_equal(patients(bed), here);
        }
        script_end(&script);
    }
}

/* Appointments that say of nobody whom they are with, sound or not. */
static void appointments_without_patients_send_nobody_away(void **state)
{
    struct bed *bed = *state;
    struct script script;
    bed->sync.caseload = "appointments";
    assert_run(bed, STATUS_OK);
    delete_resource(bed, "Appointment/a3");
    delete_resource(bed, "Appointment/a5");
    script_begin(&script, bed);
    script.alter = break_appointment;
    script.step = 1;
    for (int i = 0; i < 2; i++) {
        assert_run(bed, STATUS_ATTENTION);
        assert_non_null(strstr(bed->error.sentence, "who belongs to your caseload"));
    }
    script_end(&script);
    put_appointment(bed, "booked", "");
    for (int i = 0; i < 2; i++) {
        assert_run(bed, STATUS_ATTENTION);
        assert_non_null(strstr(bed->error.sentence, "who belongs to your caseload"));
    }
    assert_int_equal(patients(bed), 3);
}

static void a_nurse_without_appointments_has_nobody(void **state)
{
    struct bed *bed = *state;
    bed->sync.caseload = "appointments";
    assert_run(bed, STATUS_OK);
    delete_resource(bed, "Appointment/a3");
    delete_resource(bed, "Appointment/a5");
    delete_resource(bed, "Appointment/a7");
    assert_run(bed, STATUS_ATTENTION);
    assert_non_null(strstr(bed->error.sentence, "empty at the server, and 3 charts"));
    assert_int_equal(patients(bed), 3);
    assert_run(bed, STATUS_OK);
    assert_int_equal(patients(bed), 0);
    assert_int_equal(bed->result.entry.departed, 3);
}

#define bed_test(name) cmocka_unit_test_setup_teardown(name, group_bed, leave_bed)

int main(void)
{
    const struct CMUnitTest tests[] = {
        bed_test(an_empty_caseload_is_believed_the_second_time),
        bed_test(an_unreadable_caseload_sends_nobody_away),
        bed_test(an_unsound_appointment_that_says_whose_it_is_holds_up_nobody),
        bed_test(a_nurse_without_appointments_has_nobody),
        bed_test(who_is_counted_and_not_shown_does_not_leave),
        bed_test(appointments_without_patients_send_nobody_away),
        bed_test(an_unreadable_caseload_is_no_success_on_a_new_device),
        bed_test(a_nurse_with_cancelled_appointments_has_nobody),
        bed_test(who_left_the_group_is_no_member),
        bed_test(half_a_group_sends_nobody_away),
        bed_test(todays_charts_come_before_half_read_ones),
        bed_test(a_chart_that_does_not_come_holds_up_no_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
