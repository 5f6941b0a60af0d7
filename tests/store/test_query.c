/* What screens and commands ask: charts, the Today board, search, status. */
#include "tests/store/visit_test.h"

#include "store/audit.h"

#define FIRST "2026-11-20T00:00:00Z"
#define PATIENT(id, family, given, birth) \
    "{\"resourceType\":\"Patient\",\"id\":\"" id "\"," META("1", FIRST) ",\"name\":[{\"family\":\"" family \
    "\",\"given\":[\"" given "\"]}],\"birthDate\":\"" birth "\"}"
#define APPOINTMENT(id, patient, status, start, end) \
    "{\"resourceType\":\"Appointment\",\"id\":\"" id "\"," META("1", FIRST) ",\"status\":\"" status "\",\"start\":\"" start \
    "\",\"end\":\"" end "\",\"participant\":[{\"actor\":{\"reference\":\"Patient/" patient \
    "\"},\"status\":\"accepted\"}]}"
#define ON_P1 "\"subject\":{\"reference\":\"Patient/p1\"}"

static void fill_chart(struct fixture *fixture)
{
    static const char *const resources[] = {
        HANA_1,
        "{\"resourceType\":\"Practitioner\",\"id\":\"n1\",\"name\":[{\"text\":\"Dr Park\"}]}",
        "{\"resourceType\":\"Device\",\"id\":\"d1\",\"deviceName\":[{\"name\":\"Scale 9\",\"type\":\"user-friendly-name\"}]}",
        WEIGHT("w1", "1", FIRST, "p1", "2026-11-18T09:00:00+09:00", "61.0"),
        WEIGHT("w2", "1", FIRST, "p1", "2026-11-20T09:00:00+09:00", "61.5"),
        WEIGHT("w3", "1", FIRST, "p1", "2026-08-01T09:00:00+09:00", "65.0"),
        "{\"resourceType\":\"Observation\",\"id\":\"w4\",\"status\":\"final\"," ON_P1
        ",\"device\":{\"reference\":\"Device/d1\"},\"code\":{\"coding\":[{\"system\":\"http://loinc.org\",\"code\":\"29463-7\"}]},"
        "\"valueQuantity\":{\"value\":64,\"unit\":\"kg\",\"system\":\"http://unitsofmeasure.org\",\"code\":\"kg\"}}",
        "{\"resourceType\":\"Observation\",\"id\":\"w5\",\"status\":\"entered-in-error\"," ON_P1
        ",\"effectiveDateTime\":\"2026-11-21T09:00:00+09:00\",\"code\":{\"coding\":[{\"system\":\"http://loinc.org\","
        "\"code\":\"29463-7\"}]},\"valueQuantity\":{\"value\":6,\"unit\":\"kg\",\"system\":\"http://unitsofmeasure.org\","
        "\"code\":\"kg\"}}",
        "{\"resourceType\":\"MedicationRequest\",\"id\":\"m1\",\"status\":\"stopped\",\"intent\":\"order\"," ON_P1
        ",\"medicationCodeableConcept\":{\"text\":\"Digoxin\"}}",
        "{\"resourceType\":\"MedicationRequest\",\"id\":\"m2\",\"status\":\"active\",\"intent\":\"order\"," ON_P1
        ",\"medicationCodeableConcept\":{\"text\":\"Furosemide\",\"coding\":[{\"system\":\"http://www.whocc.no/atc\","
        "\"code\":\"C03CA01\"}]},\"requester\":{\"reference\":\"Practitioner/n1\"}}",
        "{\"resourceType\":\"AllergyIntolerance\",\"id\":\"a1\",\"patient\":{\"reference\":\"Patient/p1\"},"
        "\"code\":{\"text\":\"Penicillin\"},\"verificationStatus\":{\"coding\":[{\"system\":"
        "\"http://terminology.hl7.org/CodeSystem/allergyintolerance-verification\",\"code\":\"entered-in-error\"}]}}",
        "{\"resourceType\":\"Condition\",\"id\":\"c1\",\"code\":{\"text\":\"Heart failure\"}," ON_P1
        ",\"clinicalStatus\":{\"coding\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/condition-clinical\","
        "\"code\":\"active\"}]}}",
        "{\"resourceType\":\"Flag\",\"id\":\"f1\",\"status\":\"active\",\"code\":{\"text\":\"Scale 2 by Dr Park\","
        "\"coding\":[{\"system\":\"urn:doorstep:flag\",\"code\":\"spo2-scale-2\"}]}," ON_P1 "}",
        "{\"resourceType\":\"Task\",\"id\":\"t1\",\"status\":\"requested\",\"intent\":\"plan\",\"description\":\"Weigh\","
        "\"for\":{\"reference\":\"Patient/p1\"}}",
        "{\"resourceType\":\"Goal\",\"id\":\"g1\",\"lifecycleStatus\":\"active\",\"description\":{\"text\":\"Walk to the park\"},"
        ON_P1 "}",
        "{\"resourceType\":\"DocumentReference\",\"id\":\"n1\",\"status\":\"current\"," ON_P1
        ",\"date\":\"2026-11-20T01:00:00Z\",\"author\":[{\"reference\":\"Practitioner/n1\"}],\"content\":[{\"attachment\":{"
        "\"contentType\":\"text/plain\",\"data\":\"V2Fsa3Mgd2VsbC4=\"}}]}",
        "{\"resourceType\":\"Encounter\",\"id\":\"e1\",\"status\":\"finished\",\"class\":{\"code\":\"HH\"}," ON_P1
        ",\"period\":{\"start\":\"2026-11-20T09:00:00+09:00\",\"end\":\"2026-11-20T10:00:00+09:00\"}}",
        "{\"resourceType\":\"Encounter\",\"id\":\"e2\",\"status\":\"planned\",\"class\":{\"code\":\"HH\"}," ON_P1
        ",\"period\":{\"start\":\"2026-11-21T09:00:00+09:00\"}}",
        APPOINTMENT("ap1", "p1", "booked", "2026-11-22T10:00:00+09:00", "2026-11-22T10:30:00+09:00"),
        APPOINTMENT("ap0", "p1", "fulfilled", "2026-11-20T09:00:00+09:00", "2026-11-20T09:30:00+09:00"),
    };

    for (size_t i = 0; i < sizeof resources / sizeof resources[0]; i++) {
        assert_int_equal(pull(fixture, resources[i]), APPLY_STORED);
    }
}

static void a_chart_holds_everything(void **state)
{
    struct fixture *fixture = *state;
    struct chart chart;

    fill_chart(fixture);
    assert_int_equal(record_set_complete(fixture->store, "p1", true, &fixture->error), STATUS_OK);
    assert_int_equal(query_chart(fixture->store, "p1", START - 30 * INSTANT_DAY, 10, START, &chart, &fixture->error),
                     STATUS_OK);
    assert_string_equal(chart.patient.birth_date, "1938-04-02");
    assert_true(chart.patient.complete);
    assert_int_equal(chart.reading_count, 4);
    assert_string_equal(chart.readings[0].resource, "w5");
    assert_int_equal(chart.readings[0].status, READING_ERRONEOUS);
    assert_string_equal(chart.readings[1].resource, "w2");
    assert_string_equal(chart.readings[1].text, "61.5");
    assert_string_equal(chart.readings[3].resource, "w4");
    assert_true(chart.readings[3].at == INSTANT_NONE);
    assert_string_equal(chart.readings[3].device, "Scale 9");
    assert_string_equal(chart_latest(&chart, VITAL_WEIGHT)->resource, "w2");
    assert_int_equal(chart.medicine_count, 2);
    assert_string_equal(chart.medicines[0].label, "Furosemide");
    assert_string_equal(chart.medicines[0].prescriber, "Dr Park");
    assert_int_equal(chart.medicines[0].code_count, 1);
    assert_string_equal(chart.medicines[0].codes[0].code, "C03CA01");
    assert_int_equal(chart.allergy_count, 1);
    assert_string_equal(chart.allergies[0].verification, "entered-in-error");
    assert_string_equal(chart.conditions[0].label, "Heart failure");
    assert_string_equal(chart.tasks[0].id, "t1");
    assert_true(chart.tasks[0].open);
    assert_string_equal(chart.goals[0].label, "Walk to the park");
    assert_string_equal(chart.notes[0].text, "Walks well.");
    assert_string_equal(chart.notes[0].author, "Dr Park");
    assert_string_equal(chart.last_visit.id, "e1");
    assert_int_equal(chart.appointment_count, 1);
    assert_string_equal(chart.appointments[0].id, "ap1");
    chart_free(&chart);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM audit WHERE action = 'read' AND patient = 'p1'"), 1);
}

static void a_chart_takes_so_many_readings_of_each_vital(void **state)
{
    struct fixture *fixture = *state;
    struct chart chart;

    fill_chart(fixture);
    assert_int_equal(query_chart(fixture->store, "p1", INSTANT_NONE, 2, START, &chart, &fixture->error), STATUS_OK);
    assert_int_equal(chart.reading_count, 3); /* the newest two, and the one without a time */
    assert_string_equal(chart.readings[1].resource, "w2");
    chart_free(&chart);
    assert_int_equal(query_chart(fixture->store, "p1", INSTANT_NONE, 10, START, &chart, &fixture->error), STATUS_OK);
    assert_int_equal(chart.reading_count, 5);
    chart_free(&chart);
    assert_int_equal(query_chart(fixture->store, "nobody", START, 2, START, &chart, &fixture->error), STATUS_NOT_FOUND);
}

static void a_body_is_exactly_what_came(void **state)
{
    struct fixture *fixture = *state;
    char *body = NULL;
    const char *odd = "{\"resourceType\":\"Device\",\"id\":\"d1\",  \"x\":0.0100,\"y\":1e3}";

    pull(fixture, odd);
    assert_int_equal(query_body(fixture->store, "Device", "d1", &body, &fixture->error), STATUS_OK);
    assert_string_equal(body, odd);
    memory_free(body);
    assert_int_equal(query_body(fixture->store, "Device", "d2", &body, &fixture->error), STATUS_NOT_FOUND);
    assert_null(body);
}

static void fill_board(struct fixture *fixture)
{
    pull(fixture, HANA_1);
    pull(fixture, PATIENT("p2", "Sato", "Ken", "1950-01-01"));
    pull(fixture, PATIENT("p3", "Lee", "Mina", "1944-05-06"));
    pull(fixture, PATIENT("p4", "Jones", "Ann", "1931-07-08"));
    pull(fixture, APPOINTMENT("a1", "p1", "booked", "2026-11-22T09:30:00+09:00", "2026-11-22T10:00:00+09:00"));
    pull(fixture, APPOINTMENT("a2", "p2", "booked", "2026-11-22T15:00:00+09:00", "2026-11-22T15:30:00+09:00"));
    pull(fixture, APPOINTMENT("a3", "p3", "cancelled", "2026-11-22T11:00:00+09:00", "2026-11-22T11:30:00+09:00"));
    pull(fixture, APPOINTMENT("a4", "p9", "booked", "2026-11-22T23:59:00+09:00", "2026-11-23T00:30:00+09:00"));
    pull(fixture, APPOINTMENT("a5", "p1", "booked", "2026-11-23T00:00:00+09:00", "2026-11-23T00:30:00+09:00"));
}

static void today_shows_the_unfinished_first(void **state)
{
    struct fixture *fixture = *state;
    struct patient_rows rows;
    char visit[UUID_SIZE];

    fill_board(fixture);
    assert_int_equal(query_today(fixture->store, START, &rows, &fixture->error), STATUS_OK);
    assert_int_equal(rows.count, 3);
    assert_string_equal(rows.items[0].appointment.id, "a1");
    assert_string_equal(rows.items[1].appointment.id, "a2");
    assert_string_equal(rows.items[2].patient.name, "p9"); /* an appointment is never hidden */
    assert_int_equal(rows.items[2].red, -1);
    assert_false(rows.items[2].to_judge); /* there is no chart */
    assert_int_equal(rows.items[0].red, -1);
    assert_true(rows.items[0].to_judge);
    assert_int_equal(query_row_alerts(fixture->store, START, &rows.items[0], &fixture->error), STATUS_OK);
    assert_int_equal(rows.items[0].red, 0);
    assert_false(rows.items[0].to_judge);
    patient_rows_free(&rows);

    assert_int_equal(draft_start(fixture->store, "p2", "a2", visit, &fixture->error), STATUS_OK);
    assert_int_equal(draft_start(fixture->store, "p4", "", visit, &fixture->error), STATUS_OK);
    assert_int_equal(query_today(fixture->store, START, &rows, &fixture->error), STATUS_OK);
    assert_int_equal(rows.count, 4);
    assert_string_equal(rows.items[0].appointment.id, "a2");
    assert_true(rows.items[0].unfinished);
    assert_int_equal(rows.items[0].visit_state, VISIT_IN_PROGRESS);
    assert_string_equal(rows.items[1].patient.id, "p4");
    assert_string_equal(rows.items[1].appointment.id, "");
    assert_true(rows.items[1].unfinished_since == START);
    assert_string_equal(rows.items[2].appointment.id, "a1");
    assert_false(rows.items[2].has_visit);
    patient_rows_free(&rows);
}

static void a_second_visit_to_one_appointment_is_seen(void **state)
{
    struct fixture *fixture = *state;
    struct patient_rows rows;
    struct signer signer = nurse(fixture);
    char visit[UUID_SIZE];
    size_t queued = 0;

    fill_board(fixture);
    assert_int_equal(draft_start(fixture->store, "p2", "a2", visit, &fixture->error), STATUS_OK);
    put_field(fixture, visit, "vitals.pulse", "80");
    assert_int_equal(record_sign_visit(fixture->store, visit, &signer, &queued, &fixture->error), STATUS_OK);
    assert_int_equal(draft_start(fixture->store, "p2", "a2", visit, &fixture->error), STATUS_OK);
    assert_int_equal(query_today(fixture->store, START, &rows, &fixture->error), STATUS_OK);
    assert_string_equal(rows.items[0].appointment.id, "a2");
    assert_true(rows.items[0].unfinished);
    assert_int_equal(rows.items[0].visit_state, VISIT_IN_PROGRESS);
    patient_rows_free(&rows);
}

static void today_and_chart_show_the_same_alerts(void **state)
{
    struct fixture *fixture = *state;
    struct patient_rows rows;
    struct chart chart;
    int red = 0, amber = 0;

    fill_board(fixture);
    pull(fixture, "{\"resourceType\":\"Observation\",\"id\":\"g1\",\"status\":\"final\"," ON_P1
                  ",\"effectiveDateTime\":\"2026-11-22T08:00:00+09:00\",\"code\":{\"coding\":[{\"system\":\"http://loinc.org\","
                  "\"code\":\"41653-7\"}]},\"valueQuantity\":{\"value\":45,\"unit\":\"mg/dL\","
                  "\"system\":\"http://unitsofmeasure.org\",\"code\":\"mg/dL\"}}");
    pull(fixture, "{\"resourceType\":\"Flag\",\"id\":\"f1\",\"status\":\"active\",\"code\":{\"text\":\"Dog in the house\"},"
                  ON_P1 "}");
    assert_int_equal(query_today(fixture->store, START, &rows, &fixture->error), STATUS_OK);
    assert_int_equal(query_chart(fixture->store, "p1", START - CHART_DAYS * INSTANT_DAY, CHART_READINGS, START, &chart,
                                 &fixture->error),
                     STATUS_OK);
    for (size_t i = 0; i < chart.alert_count; i++) {
        red += chart.alerts[i].active && chart.alerts[i].level == ALERT_RED;
        amber += chart.alerts[i].active && chart.alerts[i].level == ALERT_AMBER;
    }
    assert_true(red + amber > 0);
    assert_int_equal(query_row_alerts(fixture->store, START, &rows.items[0], &fixture->error), STATUS_OK);
    assert_int_equal(rows.items[0].red, red);
    assert_int_equal(rows.items[0].amber, amber);
    assert_string_equal(rows.items[0].alert, chart.alerts[0].label);
    chart_free(&chart);
    patient_rows_free(&rows);
    /* A list for which the rules were not run does not claim that there is nothing. */
    assert_int_equal(query_patients(fixture->store, "kim", START, &rows, &fixture->error), STATUS_OK);
    assert_int_equal(rows.items[0].red, -1);
    assert_int_equal(query_row_alerts(fixture->store, START, &rows.items[0], &fixture->error), STATUS_OK);
    assert_int_equal(rows.items[0].red, red);
    patient_rows_free(&rows);
}

static void search_finds_by_every_word(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *search;
        const char *first;
        size_t count;
    } cases[] = {
        {"", "p4", 5},          {"kim", "p1", 2},     {"hana kim", "p1", 2}, {"KIM  HANA", "p1", 2}, {"1938", "p1", 1},
        {"19380402", "p1", 1},  {"p2", "p2", 1},      {"zz", "", 0},         {"kim zz", "", 0},      {"はなこ", "p5", 1},
        {"ハナコ", "p5", 1},    {"김", "p5", 1},      {"%", "", 0},          {"_", "", 0},           {"k%m", "", 0},
        {"'", "", 0},           {"\\", "", 0},        {"' OR 1=1 --", "", 0}, {"*", "", 0},          {"ki?", "", 0},
    };

    fill_board(fixture);
    pull(fixture, "{\"resourceType\":\"Patient\",\"id\":\"p5\",\"name\":[{\"text\":\"김 花子 kim hana\"},{\"text\":\"ハナコ\","
                  "\"extension\":[{\"url\":\"http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation\","
                  "\"valueCode\":\"SYL\"}]}]}");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct patient_rows rows;
        assert_int_equal(query_patients(fixture->store, cases[i].search, START, &rows, &fixture->error), STATUS_OK);
        if (rows.count != cases[i].count || (rows.count > 0 && strcmp(rows.items[0].patient.id, cases[i].first) != 0)) {
            fail_msg("'%s' gave %zu rows, first %s", cases[i].search, rows.count,
                     rows.count > 0 ? rows.items[0].patient.id : "none");
        }
        patient_rows_free(&rows);
    }
    struct patient_rows rows;
    assert_int_equal(query_patients(fixture->store, NULL, START, &rows, &fixture->error), STATUS_OK);
    assert_int_equal(rows.count, 5);
    for (size_t i = 0; i < rows.count; i++) {
        if (strcmp(rows.items[i].patient.id, "p1") == 0) {
            assert_string_equal(rows.items[i].appointment.id, "a1");
        }
    }
    patient_rows_free(&rows);
}

static void a_patient_is_found_by_id_or_by_a_name_that_fits_one(void **state)
{
    struct fixture *fixture = *state;
    char id[ID_SIZE];

    fill_board(fixture);
    pull(fixture, PATIENT("p6", "Kimura", "Hana", "1940-01-01"));
    assert_int_equal(query_find_patient(fixture->store, "Patient/p2", id, &fixture->error), STATUS_OK);
    assert_string_equal(id, "p2");
    assert_int_equal(query_find_patient(fixture->store, "ken", id, &fixture->error), STATUS_OK);
    assert_string_equal(id, "p2");
    assert_int_equal(query_find_patient(fixture->store, "hana", id, &fixture->error), STATUS_INVALID);
    assert_non_null(strstr(fixture->error.sentence, "p1"));
    assert_non_null(strstr(fixture->error.sentence, "p6"));
    /* What is typed as an id, or is a piece of one, never means somebody else. */
    assert_int_equal(query_find_patient(fixture->store, "Patient/ken", id, &fixture->error), STATUS_NOT_FOUND);
    assert_int_equal(query_find_patient(fixture->store, "6", id, &fixture->error), STATUS_NOT_FOUND);
    assert_int_equal(query_find_patient(fixture->store, "1940", id, &fixture->error), STATUS_NOT_FOUND);
    assert_int_equal(query_find_patient(fixture->store, "nobody", id, &fixture->error), STATUS_NOT_FOUND);
    assert_int_equal(query_find_patient(fixture->store, "", id, &fixture->error), STATUS_NOT_FOUND);
}

static void status_is_never_greener_than_the_facts(void **state)
{
    struct fixture *fixture = *state;
    struct sync_status status;
    struct journal_entry good = {.start = START, .end = START + 1, .result = STATUS_OK, .data_as_of = "2026-11-21T23:00:00Z"};
    struct journal_entry left = {.start = START + 10, .end = START + 11, .result = STATUS_OK, .pending = 1};
    struct journal_entry bad = {.start = START + 20, .end = START + 21, .result = STATUS_UNREACHABLE, .reason = "No signal."};

    assert_int_equal(query_status(fixture->store, &status, &fixture->error), STATUS_OK);
    assert_true(status.last_good == INSTANT_NONE && status.data_as_of == INSTANT_NONE && status.last_attempt == INSTANT_NONE);
    pull(fixture, HANA_1);
    pull(fixture, PATIENT("p2", "Sato", "Ken", "1950-01-01"));
    assert_int_equal(record_set_complete(fixture->store, "p1", true, &fixture->error), STATUS_OK);
    assert_int_equal(journal_add(fixture->store, &good, &fixture->error), STATUS_OK);
    assert_int_equal(journal_add(fixture->store, &left, &fixture->error), STATUS_OK);
    for (int i = 0; i < 250; i++) {
        assert_int_equal(journal_add(fixture->store, &bad, &fixture->error), STATUS_OK);
    }
    assert_int_equal(query_status(fixture->store, &status, &fixture->error), STATUS_OK);
    assert_true(status.last_good == START + 1);
    assert_true(status.last_attempt == START + 21);
    assert_int_equal(status.last_result, STATUS_UNREACHABLE);
    assert_string_equal(status.last_reason, "No signal.");
    assert_true(status.data_as_of == START - INSTANT_HOUR);
    assert_int_equal(status.patients, 2);
    assert_int_equal(status.incomplete_patients, 1);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM journal"), 201);
    struct journal_rows rows;
    assert_int_equal(journal_read(fixture->store, 3, &rows, &fixture->error), STATUS_OK);
    assert_int_equal(rows.count, 3);
    assert_int_equal(rows.items[0].result, STATUS_UNREACHABLE);
    journal_rows_free(&rows);
}

/* Runs every question once, then asks SQLite how it went about each statement. */
static void no_question_scans_a_table_that_grows(void **state)
{
    struct fixture *fixture = *state;
    static const char *const growing[] = {"reading", "resource", "medicine", "allergy", "condition", "alert", "consent",
                                          "note", "task", "goal", "appointment", "encounter", "chart_mark", "code", "audit"};
    struct patient_rows patients;
    struct visit_rows visits;
    struct outbox_rows outbox;
    struct sync_status status;
    struct chart chart;
    char appointment[ID_SIZE];
    size_t explained = 0;

    fill_board(fixture);
    assert_int_equal(query_chart(fixture->store, "p1", START, 5, START, &chart, &fixture->error), STATUS_OK);
    chart_free(&chart);
    assert_int_equal(query_today(fixture->store, START, &patients, &fixture->error), STATUS_OK);
    patient_rows_free(&patients);
    assert_int_equal(query_patients(fixture->store, "a", START, &patients, &fixture->error), STATUS_OK);
    patient_rows_free(&patients);
    assert_int_equal(query_visits(fixture->store, START, &visits, &fixture->error), STATUS_OK);
    visit_rows_free(&visits);
    assert_int_equal(query_visit_appointment(fixture->store, "p1", START, appointment, &fixture->error), STATUS_OK);
    assert_string_equal(appointment, "a1");
    assert_int_equal(query_outbox(fixture->store, &outbox, &fixture->error), STATUS_OK);
    outbox_rows_free(&outbox);
    assert_int_equal(query_status(fixture->store, &status, &fixture->error), STATUS_OK);

    for (size_t i = 0; i < fixture->store->cached; i++) {
        char sql[2048];
        sqlite3_stmt *statement = NULL;
        snprintf(sql, sizeof sql, "EXPLAIN QUERY PLAN %s", fixture->store->cache[i].sql);
        if (strncmp(sql + strlen("EXPLAIN QUERY PLAN "), "SELECT", 6) != 0) {
            continue;
        }
        assert_int_equal(sqlite3_prepare_v2(fixture->store->connection, sql, -1, &statement, NULL), SQLITE_OK);
        while (sqlite3_step(statement) == SQLITE_ROW) {
            const char *detail = (const char *)sqlite3_column_text(statement, 3);
            explained++;
            for (size_t k = 0; k < sizeof growing / sizeof growing[0]; k++) {
                char table[64];
                snprintf(table, sizeof table, "%s", growing[k]);
                const char *scan = strncmp(detail, "SCAN TABLE ", 11) == 0 ? detail + 11
                                   : strncmp(detail, "SCAN ", 5) == 0      ? detail + 5
                                                                           : "";
                size_t length = strlen(table);
                if (strncmp(scan, table, length) == 0 && (scan[length] == ' ' || scan[length] == '\0') &&
                    strstr(sql, "ORDER BY number DESC LIMIT") == NULL) {
                    fail_msg("%s\n  in %s", detail, sql);
                }
            }
        }
        sqlite3_finalize(statement);
    }
    assert_true(explained > 30);
}

int main(void)
{
    memory_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_chart_holds_everything, open_record, remove_home),
        cmocka_unit_test_setup_teardown(a_chart_takes_so_many_readings_of_each_vital, open_record, remove_home),
        cmocka_unit_test_setup_teardown(a_body_is_exactly_what_came, open_record, remove_home),
        cmocka_unit_test_setup_teardown(today_shows_the_unfinished_first, open_record, remove_home),
        cmocka_unit_test_setup_teardown(a_second_visit_to_one_appointment_is_seen, open_record, remove_home),
        cmocka_unit_test_setup_teardown(today_and_chart_show_the_same_alerts, open_record, remove_home),
        cmocka_unit_test_setup_teardown(search_finds_by_every_word, open_record, remove_home),
        cmocka_unit_test_setup_teardown(a_patient_is_found_by_id_or_by_a_name_that_fits_one, open_record, remove_home),
        cmocka_unit_test_setup_teardown(status_is_never_greener_than_the_facts, open_record, remove_home),
        cmocka_unit_test_setup_teardown(no_question_scans_a_table_that_grows, open_record, remove_home),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
