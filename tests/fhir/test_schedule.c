/* Tasks, plans, appointments, encounters; what is kept whole; and a look-up without memory. */
#include "tests/fhir/fhir_test.h"

static void reads_a_task(void **state)
{
    const struct lookup *lookup = look_up(
        "{'resourceType':'Task','id':'t1','status':'requested','intent':'order','for':{'reference':'Patient/p1'},"
        "'description':'Weigh him','code':{'text':'x'},'restriction':{'period':{'start':'2026-11-20',"
            "'end':'2026-11-25'}},"
        "'statusReason':{'text':'asked twice'}}");
    const struct task *task = &lookup->value.tasks.items[0];

    (void)state;
    assert_int_equal(lookup->kind, LOOKUP_TASKS);
    assert_int_equal(lookup->value.tasks.count, 1);
    assert_string_equal(lookup->patient, "p1");
    assert_string_equal(task->id, "t1");
    assert_string_equal(task->source, "Task");
    assert_string_equal(task->label, "Weigh him");
    assert_string_equal(task->reason, "asked twice");
    assert_true(task->due == at("2026-11-25"));
    assert_true(task->open);
    lookup = look_up("{'resourceType':'Task','status':'failed','intent':'order','code':{'text':'Call'},"
                     "'executionPeriod':{'end':'2026-11-24'}}");
    assert_string_equal(lookup->value.tasks.items[0].label, "Call");
    assert_true(lookup->value.tasks.items[0].due == at("2026-11-24"));
    assert_false(lookup->value.tasks.items[0].open);
}

static const struct lookup *plan(const char *status, const char *category, const char *activities)
{
    char text[4096];

    (void)snprintf(text, sizeof text, "{'resourceType':'CarePlan','id':'c1','status':'%s','intent':'plan','subject':"
                   "{'reference':'Patient/p1'},'category':[{'coding':[{'system':'http://snomed.info/sct',"
                       "'code':'%s'}]}],"
                   "'activity':[%s]}", status, category, activities);
    return look_up(text);
}

static void reads_the_activities_of_a_plan(void **state)
{
    const struct lookup *lookup = plan(
        "active", "1", "{'reference':{'reference':'Task/t1'}},{'detail':{'status':'scheduled',"
            "'description':'Foot bath',"
        "'scheduledPeriod':{'end':'2026-11-25'}}},{'detail':{'status':'completed','code':{'text':'Walk'}}},"
        "{'detail':{'status':'not-started','doNotPerform':true,'description':'Lift'}},"
            "{'detail':{'status':'in-progress'}}");
    const struct task *items = lookup->value.tasks.items;

    (void)state;
    assert_int_equal(lookup->value.tasks.count, 4);
    assert_string_equal(items[0].id, "c1");
    assert_string_equal(items[0].source, "CarePlan");
    assert_string_equal(items[0].label, "Foot bath");
    assert_true(items[0].open && items[0].due == at("2026-11-25"));
    assert_string_equal(items[1].label, "Walk");
    assert_false(items[1].open);
    assert_string_equal(items[2].label, "Do not do: Lift");
    assert_string_equal(items[3].label, "Activity not named");
    assert_false(plan("completed", "1", "{'detail':{'status':'scheduled'}}")->value.tasks.items[0].open);
    assert_false(lookup->palliative);
    assert_true(plan("active", "103735009", "")->palliative);
    assert_false(plan("completed", "103735009", "")->palliative);
    assert_true(plan("active", "1", "{'detail':{'status':'scheduled',"
                     "'code':{'coding':[{'system':'http://snomed.info/sct',"
                     "'code':'385763009'}]}}}")->palliative);
}

static void keeps_every_activity(void **state)
{
    const struct lookup *lookup = NULL;
    char activities[3000] = "";

    (void)state;
    for (int i = 0; i < 30; i++) {
        size_t used = strlen(activities);

        (void)snprintf(activities + used, sizeof activities - used, "%s{'detail':{'status':'scheduled',"
                       "'description':'%d'}}",
                       i > 0 ? "," : "", i);
    }
    lookup = plan("active", "1", activities);
    assert_int_equal(lookup->value.tasks.count, 30);
    assert_string_equal(lookup->value.tasks.items[0].label, "0");
    assert_string_equal(lookup->value.tasks.items[29].label, "29");
    assert_true(lookup->value.tasks.items[29].open);
}

static void reads_an_appointment_and_an_encounter(void **state)
{
    const struct lookup *lookup = look_up(
        "{'resourceType':'Appointment','id':'a1','status':'booked','description':'Wound care',"
            "'start':'2026-11-22T09:00:00Z',"
        "'end':'2026-11-22T09:40:00Z','participant':[{'actor':{'reference':'Practitioner/n1'},'status':'accepted'},"
        "{'actor':{'reference':'Patient/p1'},'status':'accepted'},{'actor':{'reference':'Location/l1',"
            "'display':'Home, 3rd floor'},"
        "'status':'accepted'}]}");

    (void)state;
    assert_int_equal(lookup->kind, LOOKUP_APPOINTMENT);
    assert_string_equal(lookup->patient, "p1");
    assert_string_equal(lookup->value.appointment.patient, "p1");
    assert_string_equal(lookup->value.appointment.status, "booked");
    assert_string_equal(lookup->value.appointment.reason, "Wound care");
    assert_string_equal(lookup->value.appointment.place, "Home, 3rd floor");
    assert_true(lookup->value.appointment.start == at("2026-11-22T09:00:00Z"));
    assert_true(lookup->value.appointment.end == at("2026-11-22T09:40:00Z"));
    lookup = look_up("{'resourceType':'Appointment','status':'proposed','serviceType':[{'text':'Visit'}],"
                     "'participant':[{'status':'accepted'}]}");
    assert_string_equal(lookup->value.appointment.reason, "Visit");
    assert_true(lookup->value.appointment.start == INSTANT_NONE);
    lookup = look_up("{'resourceType':'Encounter','id':'e1','status':'finished','class':{'code':'HH'},"
                     "'subject':{'reference':"
                     "'Patient/p1'},'period':{'start':'2026-11-22T09:00:00Z'},'type':[{'text':'Home visit'}],"
                         "'reasonCode':[{'coding':"
                     "[{'code':'1'}]}]}");
    assert_int_equal(lookup->kind, LOOKUP_ENCOUNTER);
    assert_string_equal(lookup->value.encounter.reason, "Home visit");
    assert_true(lookup->value.encounter.end == INSTANT_NONE);
}

static void keeps_the_rest_whole(void **state)
{
    const struct lookup *lookup = look_up(
        "{'resourceType':'Immunization','id':'i1','meta':{'versionId':'7','lastUpdated':'2026-11-22T09:00:00Z'},"
        "'patient':{'reference':'https://a.example/fhir/Patient/p1'},'identifier':[{'system':'urn:ietf:rfc:3986',"
            "'value':"
        "'urn:uuid:0f8fad5b-d9cb-469f-a165-70867728950e'}]}");

    (void)state;
    assert_int_equal(lookup->kind, LOOKUP_NONE);
    assert_string_equal(lookup->patient, "p1");
    assert_string_equal(lookup->head.version, "7");
    assert_true(lookup->head.updated == at("2026-11-22T09:00:00Z"));
    assert_string_equal(lookup->identifier_uuid, "0f8fad5b-d9cb-469f-a165-70867728950e");
    lookup = look_up("{'resourceType':'Basic','subject':{'reference':'Group/g1'}}");
    assert_string_equal(lookup->patient, "");
    assert_string_equal(lookup->identifier_uuid, "");
}

/* Reads the resource with every allocation failing once; there are at least `least` of them. */
static void fails_cleanly(const char *text, int least)
{
    cJSON *tree = parse(text);
    struct lookup lookup;
    enum status status = STATUS_NO_MEMORY;
    int failures = -1;

    for (long nth = 1; status == STATUS_NO_MEMORY; nth++) {
        memory_fail_at(nth, 0);
        status = lookup_read(tree, NULL, &lookup, NULL);
        memory_fail_at(0, 0);
        lookup_free(&lookup);
        failures++;
    }
    assert_int_equal(status, STATUS_OK);
    assert_true(failures >= least);
    cJSON_Delete(tree);
}

static void survives_the_lack_of_memory(void **state)
{
    (void)state;
    fails_cleanly("{'resourceType':'DocumentReference','status':'current',"
                  "'content':[{'attachment':{'contentType':'text/plain',"
                  "'data':'QUJDREVGR0hJSktMTU5PUA=='}}]}", 3);
    fails_cleanly("{'resourceType':'Task','status':'requested','intent':'order'}", 1);
    fails_cleanly("{'resourceType':'CarePlan','status':'active','intent':'plan','activity':[{'detail':{}},{'detail':{}},"
                  "{'detail':{}},{'detail':{}},{'detail':{}},{'detail':{}},{'detail':{}},{'detail':{}},{'detail':{}}]}", 2);
    fails_cleanly("{'resourceType':'Observation','status':'final',"
                  "'code':{'coding':[{'system':'http://loinc.org','code':'85354-9'}]}}", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_task),
        cmocka_unit_test(reads_the_activities_of_a_plan),
        cmocka_unit_test(keeps_every_activity),
        cmocka_unit_test(reads_an_appointment_and_an_encounter),
        cmocka_unit_test(keeps_the_rest_whole),
        cmocka_unit_test(survives_the_lack_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
