/*
 * resource_check(): what is stored and what is set aside, and in which words. With DOORSTEP_SAMPLES=FOLDER it also
 * reads the independent R4 samples there; the examples of the specification must all be accepted.
 */
#include "base/file.h"
#include "base/text.h"
#include "fhir/bundle.h"
#include "tests/fhir/fhir_test.h"

#include <stdlib.h>

static void says(const char *text, const char *expected)
{
    struct error error = {0};
    cJSON *tree = parse(text);
    enum status status = resource_check(tree, &error);

    if (expected == NULL) {
        if (status != STATUS_OK) {
            fail_msg("%s in %s", error.sentence, text);
        }
    } else {
        assert_int_equal(status, STATUS_INVALID);
        if (strstr(error.sentence, expected) == NULL) {
            fail_msg("'%s' does not say '%s'", error.sentence, expected);
        }
        assert_int_equal(resource_check(tree, NULL), STATUS_INVALID);
    }
    cJSON_Delete(tree);
}

static void refuses_what_is_no_resource(void **state)
{
    (void)state;
    says("[]", "a JSON object is expected");
    says("'Patient'", "a JSON object is expected");
    says("{}", "'resourceType' is missing");
    says("{'resourceType':7}", "'resourceType' is missing");
    says("{'resourceType':'Person of interest'}", "'resourceType' names no resource type");
    says("{'resourceType':'Wearable'}", "'Wearable' is no resource type");
    says("{'resourceType':'DomainResource'}", "'DomainResource' is no resource type");
    says("{'resourceType':'SubscriptionStatus'}", "is no resource type");
}

static void checks_the_head(void **state)
{
    (void)state;
    says("{'resourceType':'Basic','id':'a-b.C9'}", NULL);
    says("{'resourceType':'Basic','id':'a b'}", "'id' is no FHIR id");
    says("{'resourceType':'Basic','id':7}", "'id' is no FHIR id");
    says("{'resourceType':'Basic','id':'1234567890123456789012345678901234567890123456789012345678901234x'}", "'id'");
    says("{'resourceType':'Basic','meta':{'versionId':'a/b'}}", "'meta.versionId'");
    says("{'resourceType':'Basic','meta':{'lastUpdated':'2026-11-22T09:00:00.1234567-05:07'}}", NULL);
    says("{'resourceType':'Basic','meta':{'lastUpdated':'2026-11-22'}}", "'meta.lastUpdated' is no valid time");
    says("{'resourceType':'Basic','meta':{'lastUpdated':'now'}}", "'meta.lastUpdated' is no valid time");
}

static void demands_what_a_look_up_decides_by(void **state)
{
    (void)state;
    says("{'resourceType':'Observation','status':'final','code':{'text':'x'}}", NULL);
    says("{'resourceType':'Observation','code':{'text':'x'}}", "'Observation.status' is missing");
    says("{'resourceType':'Observation','status':null,'code':{'text':'x'}}", "'Observation.status' is missing");
    says("{'resourceType':'Observation','_status':{'extension':[]},'code':{'text':'x'}}", NULL);
    says("{'resourceType':'Observation','status':'final'}", "'Observation.code' is missing");
    says("{'resourceType':'Observation','status':'finished','code':{}}", "'Observation.status' holds a code");
    says("{'resourceType':'Observation','status':'final amended','code':{}}", "'Observation.status' holds a code");
    says("{'resourceType':'Observation','status':'','code':{}}", "'Observation.status' holds a code");
    says("{'resourceType':'Observation','status':'final','code':{},'component':[{'code':{}},{}]}",
         "'Observation.component[1].code' is missing");
    says("{'resourceType':'MedicationRequest','status':'active','intent':'order','subject':{}}",
         "'MedicationRequest.medication' is missing");
    says("{'resourceType':'MedicationRequest','status':'active','intent':'order','subject':{},"
         "'_medicationCodeableConcept':{}}", NULL);
    says("{'resourceType':'DocumentReference','status':'current','content':[]}",
         "'DocumentReference.content' is missing");
}

static void refuses_two_answers_to_one_question(void **state)
{
    (void)state;
    says("{'resourceType':'Observation','status':'final','code':{},'valueQuantity':{},'valueString':'5'}",
         "'Observation.value' is given twice");
    says("{'resourceType':'Observation','status':'final','code':{},"
         "'component':[{'code':{},'valueInteger':1,"
             "'valueString':'2'}]}", "'Observation.component[0].value' is given twice");
    says("{'resourceType':'Observation','status':'final','code':{},'effectiveDateTime':'2026','effectivePeriod':{}}",
         "'Observation.effective' is given twice");
    /* An extension beside the value is no second value. */
    says("{'resourceType':'Observation','status':'final','code':{},'valueString':'5','_valueString':{}}", NULL);
}

static void checks_types_and_times(void **state)
{
    static const char *const dates[] = {"1938", "1938-02", "1938-02-28"};
    char text[128];

    (void)state;
    for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++) {
        (void)snprintf(text, sizeof text, "{'resourceType':'Patient','birthDate':'%s'}", dates[i]);
        says(text, NULL);
    }
    says("{'resourceType':'Patient','birthDate':'1938-02-30'}", "'Patient.birthDate' is no valid date");
    says("{'resourceType':'Patient','birthDate':'1938-02-28T10:00:00Z'}", "'Patient.birthDate' is no valid date");
    says("{'resourceType':'Patient','_birthDate':{'extension':[]}}", NULL);
    says("{'resourceType':'Patient','gender':'foo'}", "'Patient.gender' holds a code");
    says("{'resourceType':'Patient','gender':1}", "'Patient.gender' is not of the type");
    says("{'resourceType':'Patient','active':'true'}", "'Patient.active' is not of the type");
    says("{'resourceType':'Patient','name':{'text':'A'}}", "'Patient.name' is not of the type");
    says("{'resourceType':'Patient','name':['A']}", "'Patient.name[0]' is not of the type");
    says("{'resourceType':'Patient','name':[{'given':['A',null],'_given':[null,{}]}]}", NULL);
    says("{'resourceType':'Observation','status':'final','code':{},'effectiveDateTime':'2026-11-22T25:00:00Z'}",
         "'Observation.effectiveDateTime' is no valid date or time");
    says("{'resourceType':'Observation','status':'final','code':{},'effectiveDateTime':'2026-11-22T09:00:00-05:07'}",
         NULL);
    says("{'resourceType':'Observation','status':'final','code':{},'effectiveInstant':'2026-11-22'}",
         "'Observation.effectiveInstant' is no valid date or time");
    says("{'resourceType':'Observation','status':'final','code':{},'valueQuantity':{'value':'72'}}",
         "'Observation.valueQuantity.value' is not of the type");
    says("{'resourceType':'Observation','status':'final','code':{},'valueQuantity':{'value':7.20e1,'comparator':'~'}}",
         "'Observation.valueQuantity.comparator' holds a code");
    says("{'resourceType':'Observation','status':'final','code':{'coding':{}}}", "'Observation.code.coding' is not of");
}

static void is_lenient_where_nothing_untrue_follows(void **state)
{
    (void)state;
    says("{'resourceType':'Patient','nickname':'x','modifierExtension':[{'url':'http://a/b','valueBoolean':true}]}",
         NULL);
    says("{'resourceType':'Patient','name':[],'telecom':null,'contact':[{}]}", NULL);
    says("{'resourceType':'Patient','name':[{'use':'stage'}]}", NULL);
    says("{'resourceType':'Consent','status':'active','scope':{},'category':[{}],"
         "'provision':{'provision':[{'type':'deny','provision':[{'type':'permit'}]}]}}", NULL);
    says("{'resourceType':'Consent','status':'active','scope':{},'category':[{}],"
         "'provision':{'provision':[{'type':'deny','provision':[{'type':'perhaps'}]}]}}",
         "'Consent.provision.provision[0].provision[0].type' holds a code");
}

/* --- samples --------------------------------------------------------------------------------------- */

struct samples {
    size_t read, refused;
    const struct reference_map *map;
    const char *path;
};

static enum status read_sample(struct samples *samples, const cJSON *resource)
{
    static struct lookup lookup;
    struct error error = {0};

    samples->read++;
    if (resource_check(resource, &error) != STATUS_OK) {
        samples->refused++;
        assert_int_equal(error.status, STATUS_INVALID);
        print_message("%s: %s\n", samples->path, error.sentence);
        assert_null(strstr(samples->path, "hl7-r4-spec"));
        return STATUS_OK;
    }
    assert_int_equal(lookup_read(resource, samples->map, &lookup, &error), STATUS_OK);
    lookup_free(&lookup);
    return STATUS_OK;
}

static enum status read_entry(void *context, size_t index, const struct bundle_entry *entry, struct error *error)
{
    (void)index;
    (void)error;
    return entry->resource != NULL ? read_sample(context, entry->resource) : STATUS_OK;
}

static enum status read_file(const char *path, void *context, struct error *error)
{
    struct samples *samples = context;
    struct reference_map *map = NULL;
    struct buffer text;
    cJSON *tree = NULL;

    samples->path = path;
    buffer_init(&text, JSON_SIZE_LIMIT);
    if (strstr(path, ".json") != NULL && file_read(path, &text, error) == STATUS_OK &&
        json_parse(buffer_text(&text), text.length, &tree, error) == STATUS_OK && !cJSON_IsArray(tree)) {
        read_sample(samples, tree);
        if (bundle_is(tree)) {
            assert_int_equal(bundle_references(tree, &map, error), STATUS_OK);
            samples->map = map;
            assert_int_equal(bundle_each(tree, read_entry, samples, error), STATUS_OK);
            samples->map = NULL;
            reference_map_free(map);
        }
    }
    cJSON_Delete(tree);
    buffer_free(&text);
    return STATUS_OK;
}

static void reads_independent_samples(void **state)
{
    struct samples samples = {0};
    const char *folder = getenv("DOORSTEP_SAMPLES");

    (void)state;
    if (folder == NULL) {
        skip();
    }
    memory_install();
    assert_int_equal(file_walk(folder, read_file, &samples, NULL), STATUS_OK);
    print_message("%zu resources, %zu set aside\n", samples.read, samples.refused);
    assert_true(samples.read > samples.refused);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_is_no_resource),
        cmocka_unit_test(checks_the_head),
        cmocka_unit_test(demands_what_a_look_up_decides_by),
        cmocka_unit_test(refuses_two_answers_to_one_question),
        cmocka_unit_test(checks_types_and_times),
        cmocka_unit_test(is_lenient_where_nothing_untrue_follows),
        cmocka_unit_test(reads_independent_samples),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
