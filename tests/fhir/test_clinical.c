/* Allergies, conditions, alerts, goals; documents and the schedule are in test_documents.c and test_schedule.c. */
#include "tests/fhir/fhir_test.h"

#define PATIENT "'id':'x1','patient':{'reference':'Patient/p1'}"
#define SUBJECT "'id':'x1','subject':{'reference':'Patient/p1'}"

static void reads_an_allergy(void **state)
{
    const struct lookup *lookup = look_up(
        "{'resourceType':'AllergyIntolerance'," PATIENT ",'clinicalStatus':{'coding':[{'code':'active'}]},"
        "'verificationStatus':{'coding':[{'code':'confirmed'}]},'criticality':'high','code':{'text':'Penicillin',"
            "'coding':"
        "[{'system':'http://www.whocc.no/atc','code':'J01CE01'}]},'recordedDate':'2020','reaction':[{'manifestation':"
        "[{'text':'rash'},{'coding':[{'display':'fever'}]}]}]}");
    const struct allergy *allergy = &lookup->value.allergy;

    (void)state;
    assert_int_equal(lookup->kind, LOOKUP_ALLERGY);
    assert_string_equal(lookup->patient, "p1");
    assert_string_equal(allergy->label, "Penicillin");
    assert_string_equal(allergy->reaction, "rash, fever");
    assert_string_equal(allergy->status, "active");
    assert_string_equal(allergy->verification, "confirmed");
    assert_string_equal(allergy->criticality, "high");
    assert_false(allergy->none_known);
    assert_true(allergy->since == at("2020"));
    assert_int_equal(allergy->code_count, 1);
    assert_true(allergy_counts(allergy));
}

static void no_known_allergy_is_a_statement_of_its_own(void **state)
{
    static const struct {
        const char *code;
        bool none_known;
    } rows[] = {
        {"{'coding':[{'system':'http://snomed.info/sct','code':'716186003'}]}", true},
        {"{'coding':[{'system':'http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips',"
         "'code':'no-known-allergies'}]}", true},
        {"{'coding':[{'system':'http://snomed.info/sct','code':'409137002','display':'No known drug allergy'}]}",
         false},
        {"{'coding':[{'system':'http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips',"
         "'code':'no-allergy-info'}]}", false},
        {"{'text':'No known allergies'}", false},
    };
    char text[512];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)snprintf(text, sizeof text, "{'resourceType':'AllergyIntolerance'," PATIENT ",'code':%s}", rows[i].code);
        assert_int_equal(look_up(text)->value.allergy.none_known, rows[i].none_known);
    }
    (void)snprintf(text, sizeof text, "{'resourceType':'AllergyIntolerance'," PATIENT
                   ",'verificationStatus':{'coding':[{'code':'refuted'}]},'reaction':[{'substance':{'text':'Latex'},"
                       "'manifestation':[{}]}]}");
    assert_string_equal(look_up(text)->value.allergy.label, "Latex");
    assert_false(allergy_counts(&look_up(text)->value.allergy));
    assert_string_equal(look_up("{'resourceType':'AllergyIntolerance'," PATIENT "}")->value.allergy.label,
                        "Allergy to something not named");
}

static void comfort_first_needs_an_active_plan_or_diagnosis(void **state)
{
#define PALLIATIVE "'code':{'coding':[{'system':'http://hl7.org/fhir/sid/icd-10','code':'Z51.5'}]}"
#define STATUS(code) "'clinicalStatus':{'coding':[{'code':'" code "'}]}"
    static const struct {
        const char *members;
        bool palliative;
    } rows[] = {
        {PALLIATIVE "," STATUS("active"), true},
        {PALLIATIVE, true},
        {PALLIATIVE "," STATUS("resolved"), false},
        {PALLIATIVE "," STATUS("active") ",'verificationStatus':{'coding':[{'code':'refuted'}]}", false},
        {"'code':{'coding':[{'system':'http://snomed.info/sct','code':'103735009'}]}", true},
        {"'code':{'coding':[{'system':'https://doorstep.example/fhir/CodeSystem/care','code':'palliative'}]}", true},
        {"'code':{'coding':[{'system':'http://loinc.org','code':'Z51.5'}]}", false},
        {"'code':{'text':'palliative'}", false},
    };
    char text[512];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)snprintf(text, sizeof text, "{'resourceType':'Condition'," SUBJECT ",%s}", rows[i].members);
        if (look_up(text)->palliative != rows[i].palliative) {
            fail_msg("%s", rows[i].members);
        }
    }
}

static void reads_a_condition(void **state)
{
    const struct lookup *lookup = look_up("{'resourceType':'Condition'," SUBJECT "," STATUS("remission")
                                          ",'code':{'text':'Heart failure'},'onsetPeriod':{'start':'2019-05'},"
                                              "'recordedDate':'2026'}");

    (void)state;
    assert_int_equal(lookup->kind, LOOKUP_CONDITION);
    assert_string_equal(lookup->value.condition.label, "Heart failure");
    assert_string_equal(lookup->value.condition.status, "remission");
    assert_true(lookup->value.condition.since == at("2019-05"));
    lookup = look_up("{'resourceType':'Condition'," SUBJECT ",'onsetAge':{'value':52},'recordedDate':'2026'}");
    assert_string_equal(lookup->value.condition.label, "Condition not named");
    assert_true(lookup->value.condition.since == INSTANT_NONE);
}

#define CATEGORY(code) "'category':[{'coding':[{'system':'http://terminology.hl7.org/CodeSystem/flag-category'," \
    "'code':'" code "'}]}]"
#define PRIORITY(code) "'extension':[{'url':'http://hl7.org/fhir/StructureDefinition/flag-priority'," \
    "'valueCodeableConcept':" \
                       "{'coding':[{'code':'" code "'}]}}]"

static void reads_a_flag(void **state)
{
    static const struct {
        const char *members;
        enum alert_level level;
        bool active, scale2;
        const char *code_status;
    } rows[] = {
        {"'status':'active'," CATEGORY("safety") ",'code':{'text':'Dog'}", ALERT_AMBER, true, false, ""},
        {"'status':'active'," CATEGORY("contact") ",'code':{'text':'Dog'}", ALERT_INFO, true, false, ""},
        {"'status':'active'," CATEGORY("contact") "," PRIORITY("PH") ",'code':{'text':'Dog'}", ALERT_RED, true, false,
         ""},
        {"'status':'active'," CATEGORY("safety") "," PRIORITY("PL") ",'code':{'text':'Dog'}", ALERT_INFO, true, false,
         ""},
        {"'status':'inactive'," CATEGORY("safety") ",'code':{'text':'Dog'}", ALERT_AMBER, false, false, ""},
        {"'status':'active'," CATEGORY("advance-directive") ",'code':{'text':'DNR'}", ALERT_INFO, true, false, "DNR"},
        {"'status':'inactive'," CATEGORY("advance-directive") ",'code':{'text':'DNR'}", ALERT_INFO, false, false, ""},
        {"'status':'active'," CATEGORY("clinical") ",'code':{'text':'88-92 %','coding':[{'system':"
         "'https://doorstep.example/fhir/CodeSystem/flag','code':'spo2-scale-2'}]}", ALERT_AMBER, true, true, ""},
        {"'status':'entered-in-error'," CATEGORY("clinical") ",'code':{'text':'88-92 %','coding':[{'system':"
         "'https://doorstep.example/fhir/CodeSystem/flag','code':'spo2-scale-2'}]}", ALERT_AMBER, false, false, ""},
    };
    char text[768];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)snprintf(text, sizeof text, "{'resourceType':'Flag'," SUBJECT ",'period':{'start':'2026-11-01'},%s}",
                       rows[i].members);
        const struct lookup *lookup = look_up(text);

        assert_int_equal(lookup->kind, LOOKUP_ALERT);
        assert_string_equal(lookup->value.alert.type, "Flag");
        assert_int_equal(lookup->value.alert.level, rows[i].level);
        assert_int_equal(lookup->value.alert.active, rows[i].active);
        assert_int_equal(lookup->scale2, rows[i].scale2);
        assert_string_equal(lookup->code_status, rows[i].code_status);
        assert_true(lookup->value.alert.since == at("2026-11-01"));
    }
}

static void reads_a_detected_issue(void **state)
{
    const struct lookup *lookup = look_up(
        "{'resourceType':'DetectedIssue'," PATIENT ",'status':'final','severity':'high','code':{'text':'Low glucose',"
            "'coding':"
        "[{'code':'COND'}]},'detail':'52 mg/dL at 7:10','identifiedDateTime':'2026-11-22T07:10:00Z'}");

    (void)state;
    assert_string_equal(lookup->patient, "p1");
    assert_string_equal(lookup->value.alert.type, "DetectedIssue");
    assert_string_equal(lookup->value.alert.label, "Low glucose");
    assert_string_equal(lookup->value.alert.detail, "52 mg/dL at 7:10");
    assert_string_equal(lookup->value.alert.category, "COND");
    assert_int_equal(lookup->value.alert.level, ALERT_RED);
    assert_true(lookup->value.alert.active);
    lookup = look_up("{'resourceType':'DetectedIssue'," PATIENT ",'status':'final','severity':'low','detail':'Twice',"
                     "'mitigation':[{'action':{'text':'called the doctor'}}]}");
    assert_string_equal(lookup->value.alert.label, "Twice");
    assert_int_equal(lookup->value.alert.level, ALERT_INFO);
    assert_false(lookup->value.alert.active);
    assert_false(look_up("{'resourceType':'DetectedIssue'," PATIENT ",'status':'mitigated'}")->value.alert.active);
    lookup = look_up("{'resourceType':'DetectedIssue'," PATIENT ",'status':'entered-in-error'}");
    assert_int_equal(lookup->value.alert.level, ALERT_AMBER);
    assert_false(lookup->value.alert.active);
}

static void reads_a_goal(void **state)
{
    const struct lookup *lookup = look_up("{'resourceType':'Goal'," SUBJECT
                                          ",'lifecycleStatus':'active',"
                                              "'description':{'text':'Walk to the garden again'}}");

    (void)state;
    assert_int_equal(lookup->kind, LOOKUP_GOAL);
    assert_string_equal(lookup->value.goal.label, "Walk to the garden again");
    assert_string_equal(lookup->value.goal.status, "active");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_an_allergy),
        cmocka_unit_test(no_known_allergy_is_a_statement_of_its_own),
        cmocka_unit_test(comfort_first_needs_an_active_plan_or_diagnosis),
        cmocka_unit_test(reads_a_condition),
        cmocka_unit_test(reads_a_flag),
        cmocka_unit_test(reads_a_detected_issue),
        cmocka_unit_test(reads_a_goal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
