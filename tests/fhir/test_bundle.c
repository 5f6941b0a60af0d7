/* Bundles in HAPI's and Medplum's shapes; transactions, collections; outcomes, capabilities, caseloads. */
#include "fhir/bundle.h"
#include "base/text.h"
#include "tests/fhir/fhir_test.h"

#define UUID "0f8fad5b-d9cb-469f-a165-70867728950e"

/* Keeps one entry's plain values; `index` chooses it. */
struct pick {
    size_t index;
    bool found;
    struct bundle_entry entry;
};

static enum status pick_entry(void *context, size_t index, const struct bundle_entry *entry, struct error *error)
{
    struct pick *pick = context;

    (void)error;
    if (index == pick->index) {
        pick->found = true;
        pick->entry = *entry;
        return STATUS_CANCELLED;
    }
    return STATUS_OK;
}

static void is_located(const char *entry, const char *type, const char *id, const char *version, const char *etag,
                       int status)
{
    char text[1024];
    struct pick pick = {0};
    cJSON *bundle = NULL;

    (void)snprintf(text, sizeof text, "{'resourceType':'Bundle','type':'transaction-response','entry':[%s]}", entry);
    bundle = parse(text);
    assert_int_equal(bundle_each(bundle, pick_entry, &pick, NULL), STATUS_CANCELLED);
    assert_string_equal(pick.entry.location_type, type);
    assert_string_equal(pick.entry.location_id, id);
    assert_string_equal(pick.entry.location_version, version);
    assert_string_equal(pick.entry.etag, etag);
    assert_int_equal(pick.entry.status, status);
    cJSON_Delete(bundle);
}

static void reads_answers_of_real_servers(void **state)
{
    (void)state;
    /* HAPI: relative location with history, a bare etag. */
    is_located("{'response':{'status':'201 Created','location':'Patient/1014/_history/1','etag':'1'}}", "Patient",
               "1014", "1", "1", 201);
    /* Medplum: no history, no etag. */
    is_located("{'response':{'status':'201','location':'Observation/" UUID "'}}", "Observation", UUID, "", "", 201);
    is_located("{'response':{'status':'200 OK','location':'https://a.example/fhir/Task/7/_history/W2',"
               "'etag':'W/\\\"W2\\\"'}}", "Task", "7",
               "W2", "W2", 200);
    is_located("{'response':{'status':'200','etag':'\\\"3\\\"'}}", "", "", "", "3", 200);
    is_located("{'response':{'status':'204 No Content','location':'Basic/1/_history/2'}}", "Basic", "1", "2", "", 204);
    is_located("{'response':{'status':'nonsense','location':'nowhere'}}", "", "", "", "", 0);
    is_located("{}", "", "", "", "", 0);
    /* Tombstones: by location, by request, by fullUrl, as a version read. */
    is_located("{'fullUrl':'http://a/fhir/Patient/9','request':{'method':'DELETE','url':'Patient/9'},"
               "'response':{'status':'200'}}",
               "Patient", "9", "", "", 200);
    is_located("{'request':{'method':'DELETE','url':'Patient/9/_history/3'},'response':{'status':'200',"
               "'etag':'W/\\\"3\\\"'}}",
               "Patient", "9", "3", "3", 200);
    is_located("{'fullUrl':'http://a/fhir/Patient/9','response':{'status':'410 Gone'}}", "Patient", "9", "", "", 410);
    is_located("{'request':{'method':'GET','url':'http://a/fhir/R4/Patient/9/_history/" UUID "'},"
               "'response':{'status':'410'}}", "Patient",
               "9", UUID, "", 410);
    /* A search match has a resource: its fullUrl is no answer's location. */
    is_located("{'fullUrl':'http://a/fhir/Patient/9','resource':{'resourceType':'Patient'}}", "", "", "", "", 0);
}

static void tells_bundles_and_their_entries(void **state)
{
    cJSON *bundle = parse("{'resourceType':'Bundle','type':'searchset','link':[{'relation':'self','url':'a'},"
                          "{'relation':'next','url':"
                          "'http://a?_getpages=1&x=%7C'}],'entry':[{'fullUrl':'u1',"
                              "'resource':{'resourceType':'Patient'},'search':{'mode':"
                          "'match'}},{'resource':{'resourceType':'OperationOutcome'},'search':{'mode':'outcome'}},"
                          "{'response':{'outcome':{'resourceType':'OperationOutcome','id':'o'}}}]}");
    struct pick pick = {.index = 1};

    (void)state;
    assert_true(bundle_is(bundle));
    assert_string_equal(bundle_type(bundle), "searchset");
    assert_int_equal(bundle_count(bundle), 3);
    assert_string_equal(bundle_next(bundle), "http://a?_getpages=1&x=%7C");
    assert_int_equal(bundle_each(bundle, pick_entry, &pick, NULL), STATUS_CANCELLED);
    assert_ptr_equal(pick.entry.outcome, pick.entry.resource);
    assert_string_equal(pick.entry.search_mode, "outcome");
    assert_string_equal(pick.entry.full_url, "");
    pick = (struct pick){.index = 2};
    assert_int_equal(bundle_each(bundle, pick_entry, &pick, NULL), STATUS_CANCELLED);
    assert_string_equal(json_text(pick.entry.outcome, "id"), "o");
    pick = (struct pick){.index = 3};
    assert_int_equal(bundle_each(bundle, pick_entry, &pick, NULL), STATUS_OK);
    assert_false(pick.found);
    cJSON_Delete(bundle);
    static const char *const others[] = {"{'resourceType':'Patient'}", "[]", "{'resourceType':'Bundle','entry':{}}",
                                         "{'resourceType':'Bundle','entry':[7]}"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        bundle = parse(others[i]);
        assert_false(bundle_is(bundle));
        cJSON_Delete(bundle);
    }
    bundle = parse("{'resourceType':'Bundle'}");
    assert_true(bundle_is(bundle));
    assert_int_equal(bundle_count(bundle), 0);
    assert_string_equal(bundle_type(bundle), "");
    assert_null(bundle_next(bundle));
    cJSON_Delete(bundle);
}

static void maps_the_references_of_a_bundle(void **state)
{
    cJSON *bundle = parse("{'resourceType':'Bundle','entry':[{'fullUrl':'urn:uuid:" UUID "',"
                          "'resource':{'resourceType':'Patient'}},"
                          "{'fullUrl':'urn:uuid:1f8fad5b-d9cb-469f-a165-70867728950e',"
                              "'resource':{'resourceType':'Patient','id':'p2'}},"
                          "{'fullUrl':'http://a.example/Group/g1','resource':{'resourceType':'Group'}},"
                              "{'resource':{'resourceType':"
                          "'Patient','id':'p3'}},{'fullUrl':'urn:uuid:x'},{'fullUrl':'urn:oid:1',"
                              "'resource':{'resourceType':'Nothing'}}]}");
    struct reference_map *map = NULL;
    char out[REFERENCE_SIZE];
    enum status status = STATUS_NO_MEMORY;
    int failures = -1;

    (void)state;
    for (long nth = 1; status == STATUS_NO_MEMORY; nth++) {
        memory_fail_at(nth, 0);
        status = bundle_references(bundle, &map, NULL);
        memory_fail_at(0, 0);
        assert_true((status == STATUS_OK) == (map != NULL));
        failures++;
    }
    assert_int_equal(status, STATUS_OK);
    assert_true(failures >= 7);
    assert_true(reference_resolve_text("urn:uuid:" UUID, map, out));
    assert_string_equal(out, "Patient/" UUID);
    assert_true(reference_resolve_text("urn:uuid:1f8fad5b-d9cb-469f-a165-70867728950e", map, out));
    assert_string_equal(out, "Patient/p2");
    assert_true(reference_resolve_text("http://a.example/Group/g1", map, out));
    assert_false(reference_resolve_text("urn:oid:1", map, out));
    reference_map_free(map);
    cJSON_Delete(bundle);
}

/* --- building -------------------------------------------------------------------------------------- */

static void builds_a_transaction(void **state)
{
    cJSON *created = parse("{'resourceType':'Basic','id':'" UUID "','code':{'text':'x'}}");
    cJSON *updated = parse("{'resourceType':'Task','id':'t1','n':1.50}");
    struct transaction *transaction = transaction_new("transaction");
    char *text = NULL;

    (void)state;
    assert_non_null(transaction);
    assert_int_equal(transaction_count(transaction), 0);
    assert_int_equal(transaction_add_create(transaction, created, UUID, "identifier=a|b", NULL), STATUS_OK);
    assert_int_equal(transaction_add_update(transaction, updated, "https://a.example/fhir", "t1", "7", NULL), STATUS_OK);
    assert_int_equal(transaction_count(transaction), 2);
    text = transaction_print(transaction);
    assert_string_equal(text,
                        "{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":["
                        "{\"fullUrl\":\"urn:uuid:" UUID "\","
                        "\"resource\":{\"resourceType\":\"Basic\",\"code\":{\"text\":\"x\"}},"
                            "\"request\":{\"method\":\"POST\","
                        "\"url\":\"Basic\",\"ifNoneExist\":\"identifier=a|b\"}},"
                            "{\"fullUrl\":\"https://a.example/fhir/Task/t1\",\"resource\":{\"resourceType\":\"Task\",\"id\":\"t1\","
                        "\"n\":1.50},\"request\":{\"method\":\"PUT\",\"url\":\"Task/t1\","
                        "\"ifMatch\":\"W/\\\"7\\\"\"}}]}");
    memory_free(text);
    transaction_free(transaction);
    transaction_free(NULL);
}

static void a_failed_entry_leaves_the_others_whole(void **state)
{
    struct transaction *transaction = NULL;
    int failures = 0;

    (void)state;
    memory_install();
    memory_fail_at(1, 1);
    transaction = transaction_new("batch");
    memory_fail_at(0, 0);
    assert_null(transaction);
    for (long nth = 1; nth < 40; nth++) {
        char *text = NULL;

        transaction = transaction_new("batch");
        assert_non_null(transaction);
        assert_int_equal(transaction_add_create(transaction, parse("{'resourceType':'Basic'}"), UUID, "a=b", NULL),
                         STATUS_OK);
        cJSON *second = parse("{'resourceType':'Task'}");

        memory_fail_at(nth, 0);
        enum status status = nth % 2 == 0 ? transaction_add_create(transaction, second, UUID, "a=c", NULL)
                                          : transaction_add_update(transaction, second, "https://a.example", "t", "1", NULL);
        memory_fail_at(0, 0);
        text = transaction_print(transaction);
        failures += status != STATUS_OK;
        /* Whole, or, when the list itself was hit, not printable: never half. */
        if (text != NULL) {
            cJSON *again = NULL;

            assert_int_equal(json_parse(text, strlen(text), &again, NULL), STATUS_OK);
            assert_int_equal(bundle_count(again), status == STATUS_OK ? 2 : 1);
            cJSON_Delete(again);
        } else {
            assert_int_equal(status, STATUS_NO_MEMORY);
        }
        memory_free(text);
        transaction_free(transaction);
    }
    assert_true(failures >= 10);
}

static void prints_a_collection_byte_by_byte(void **state)
{
    static const char *const bodies[] = {"{ \"resourceType\":\"Basic\", \"id\":\"b1\", \"n\":1.500 }",
                                         "{\"resourceType\":\"Basic\"}"};
    static const char *const bad[] = {"{"};
    char *text = NULL;

    (void)state;
    memory_install();
    assert_int_equal(collection_print(bodies, 2, &text, NULL), STATUS_OK);
    assert_string_equal(text, "{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[{\"fullUrl\":"
                              "\"https://doorstep.example/fhir/Basic/b1\","
                              "\"resource\":{ \"resourceType\":\"Basic\", \"id\":\"b1\", "
                              "\"n\":1.500 }},{\"resource\":{\"resourceType\":\"Basic\"}}]}");
    memory_free(text);
    assert_int_equal(collection_print(NULL, 0, &text, NULL), STATUS_OK);
    assert_string_equal(text, "{\"resourceType\":\"Bundle\",\"type\":\"collection\"}");
    memory_free(text);
    assert_int_equal(collection_print(bad, 1, &text, NULL), STATUS_INVALID);
    assert_null(text);
    memory_fail_at(1, 1);
    enum status status = collection_print(bodies, 2, &text, NULL);
    memory_fail_at(0, 0);
    assert_int_equal(status, STATUS_NO_MEMORY);
    assert_null(text);
}

/* --- what servers say ------------------------------------------------------------------------------ */

static void says(const char *outcome, const char *expected)
{
    cJSON *tree = parse(outcome);
    char out[64] = "untouched";

    outcome_words(tree, out, sizeof out);
    assert_string_equal(out, expected);
    cJSON_Delete(tree);
}

static void is_coded(const char *outcome, const char *expected)
{
    cJSON *tree = parse(outcome);
    char out[64] = "untouched";

    outcome_code(tree, out, sizeof out);
    assert_string_equal(out, expected);
    cJSON_Delete(tree);
}

static void picks_the_words_that_matter(void **state)
{
    (void)state;
    says("{'issue':[{'severity':'warning','diagnostics':'narrative'},{'severity':'error',"
         "'diagnostics':'no status'}]}", "no status");
    says("{'issue':[{'severity':'information'},{'severity':'fatal','details':{'text':'broken'}},{'severity':'error',"
         "'diagnostics':'x'}]}",
         "broken");
    says("{'issue':[{'severity':'error','code':'conflict','details':{'coding':[{'display':'Late'}]}}]}", "Late");
    says("{'issue':[{'severity':'error','code':'conflict'}]}", "conflict");
    says("{'issue':[{'severity':'warning','diagnostics':'only this'}]}", "only this");
    says("{'issue':[{'severity':'error',"
         "'diagnostics':'two\\nlines\\u202e and more than fits into an array of sixty-four bytes'}]}",
         "two lines\xEF\xBF\xBD and more than fits into an array of sixty-four ...");
    says("{'issue':[]}", "");
    says("{}", "");
    says("[]", "");
    is_coded("{'issue':[{'severity':'warning','code':'value'},{'severity':'error','code':'business-rule','diagnostics':'Kim'}]}",
             "business-rule");
    is_coded("{'issue':[{'severity':'error','code':'Kim is ill'}]}", "unknown");
    is_coded("{'issue':[{'severity':'error','code':7}]}", "unknown");
    is_coded("[]", "unknown");
}

static void reads_a_capability_statement(void **state)
{
    struct capability capability;
    struct error error = {0};
    cJSON *tree = parse("{'resourceType':'CapabilityStatement','fhirVersion':'4.0.1','software':{'name':'HAPI FHIR',"
                        "'version':'8.8.0'},'rest':[{'mode':'server'}]}");

    (void)state;
    assert_int_equal(capability_read(tree, &capability, &error), STATUS_OK);
    assert_string_equal(capability.software, "HAPI FHIR");
    assert_string_equal(capability.software_version, "8.8.0");
    assert_string_equal(capability.fhir_version, "4.0.1");
    cJSON_Delete(tree);
    static const char *const bad[] = {"{'resourceType':'CapabilityStatement','fhirVersion':'3.0.2'}",
                                      "{'resourceType':'CapabilityStatement'}", "{'resourceType':'Patient'}", "[]"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        tree = parse(bad[i]);
        assert_int_equal(capability_read(tree, &capability, &error), STATUS_INVALID);
        cJSON_Delete(tree);
    }
    tree = parse("{'resourceType':'CapabilityStatement','fhirVersion':'4.0.0'}");
    assert_int_equal(capability_read(tree, &capability, &error), STATUS_OK);
    assert_string_equal(capability.software, "");
    cJSON_Delete(tree);
}

static void tells_what_was_searched_for(void **state)
{
    static const struct {
        const char *bundle, *type; /* "" when it does not tell */
    } rows[] = {
        {"{'link':[{'relation':'next','url':'x/Task?a=b'},{'relation':'self','url':'https://h/fhir/Flag?_count=20'}]}", "Flag"},
        {"{'link':[{'relation':'self','url':'Flag?patient=a'}]}", "Flag"},
        {"{'link':[{'relation':'self','url':'https://h/fhir?_getpages=1'}]}", ""},
        {"{'link':[{'relation':'self','url':'https://h/fhir/Flag'}]}", ""},
        {"{'link':[{'relation':'self','url':'?'}]}", ""},
        {"{'link':[{'relation':'self'}]}", ""},
        {"{'link':[{'relation':'next','url':'x/Task?a=b'}]}", ""},
        {"{}", ""},
    };
    char type[RESOURCE_TYPE_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cJSON *tree = parse(rows[i].bundle);

        assert_int_equal(bundle_searched_type(tree, type), rows[i].type[0] != '\0');
        if (rows[i].type[0] != '\0') {
            assert_string_equal(type, rows[i].type);
        }
        cJSON_Delete(tree);
    }
}

static void what_comes_twice_counts_once(void **state)
{
    struct matches matches = {.count = 0};
    cJSON *one = parse("{'resourceType':'Bundle','type':'searchset','total':3,'entry':[{'resource':{'resourceType':'Task','id':'a'}},"
                       "{'resource':{'resourceType':'Task','id':'b'}},{'resource':{'resourceType':'Task','id':'a'}},"
                       "{'search':{'mode':'include'},'resource':{'resourceType':'Patient','id':'c'}}]}");
    cJSON *other = parse("{'resourceType':'Bundle','type':'searchset','entry':[{'resource':{'resourceType':'Task'}},"
                         "{'resource':{'resourceType':'Task'}}]}");

    (void)state;
    assert_false(bundle_is_whole(one, "Task"));
    assert_int_equal(bundle_check_search(one, "Task", &matches, NULL), STATUS_OK);
    assert_int_equal(matches_distinct(&matches), 2);
    assert_int_equal(bundle_check_search(one, "Task", &matches, NULL), STATUS_OK);
    assert_int_equal(matches_distinct(&matches), 2);
    assert_int_equal(bundle_check_search(other, "Task", &matches, NULL), STATUS_OK);
    assert_int_equal(matches_distinct(&matches), 4);
    matches_begin(&matches);
    for (int i = 0; i < MATCHES_COMPARED / 2; i++) {
        assert_int_equal(bundle_check_search(other, "Task", &matches, NULL), STATUS_OK);
    }
    assert_int_equal(bundle_check_search(one, "Task", &matches, NULL), STATUS_OK);
    assert_int_equal(matches.count, MATCHES_COMPARED);
    assert_int_equal(matches_distinct(&matches), MATCHES_COMPARED + 3); /* past what is remembered, each time */
    matches_free(&matches);
    assert_int_equal(matches_distinct(&matches), 0);
    cJSON_Delete(other);
    cJSON_Delete(one);
}

static void add_member(void *context, const char *patient_id)
{
    char *list = context;

    assert_true(strlen(list) + strlen(patient_id) < 60);
    memcpy(list + strlen(list), patient_id, strlen(patient_id) + 1);
}

static void has_members(const char *text, const char *expected)
{
    cJSON *tree = parse(text);
    char list[64] = "";

    assert_int_equal(caseload_members(tree, at("2026-11-22T10:00:00Z"), add_member, list, NULL), STATUS_OK);
    assert_string_equal(list, expected);
    cJSON_Delete(tree);
}

static void finds_the_patients_of_a_caseload(void **state)
{
    cJSON *other = parse("{'resourceType':'Patient'}");
    char list[64] = "";

    (void)state;
    has_members("{'resourceType':'Group','member':[{'entity':{'reference':'Patient/a'}},"
                "{'entity':{'reference':'Patient/b'},'inactive':true},"
                "{'entity':{'reference':'Device/d'}},{'entity':{'reference':'http://x.example/fhir/Patient/c'}}]}",
                    "ac");
    has_members("{'resourceType':'List','status':'current','entry':[{'item':{'reference':'Patient/a'},'deleted':true},"
                "{'item':{'reference':'Patient/b'}}]}", "b");
    has_members("{'resourceType':'List','status':'retired','entry':[{'item':{'reference':'Patient/b'}}]}", "");
    has_members("{'resourceType':'Appointment','status':'booked',"
                "'participant':[{'actor':{'reference':'Practitioner/n'}},"
                "{'actor':{'reference':'Patient/a'}}]}", "a");
    has_members("{'resourceType':'Appointment','status':'cancelled',"
                "'participant':[{'actor':{'reference':'Patient/a'}}]}", "");
    assert_int_equal(caseload_members(other, 0, add_member, list, NULL), STATUS_INVALID);
    cJSON_Delete(other);
}

static void nobody_belongs_for_ever(void **state)
{
    (void)state;
    has_members("{'resourceType':'Group','member':[{'entity':{'reference':'Patient/a'},'period':{'end':'2020-01-01'}},"
                "{'entity':{'reference':'Patient/b'},'period':{'end':'2026-11-22'}},"
                "{'entity':{'reference':'Patient/c'},'period':{'end':'2026-11'}},"
                "{'entity':{'reference':'Patient/d'},'period':{'end':'2025'}},"
                "{'entity':{'reference':'Patient/e'},'period':{'end':'2026-11-22T09:59:00Z'}},"
                "{'entity':{'reference':'Patient/f'},'period':{'end':'2026-11-22T10:01:00Z'}},"
                "{'entity':{'reference':'Patient/g'},'period':{'start':'2020-01-01'},'inactive':false},"
                "{'entity':{'reference':'Patient/h'},'period':{'end':'some day'}}]}", "bcfgh");
    has_members("{'resourceType':'Group','active':false,'member':[{'entity':{'reference':'Patient/a'}}]}", "");
    has_members("{'resourceType':'Group','active':true,'member':[{'entity':{'reference':'Patient/a'}}]}", "a");
    has_members("{'resourceType':'List','status':'current','entry':[{'item':{'reference':'Patient/a'},'flag':{'coding':["
                "{'system':'urn:oid:1.2.36.1.2001.1001.101.104.16592','code':'05'}]}},"
                "{'item':{'reference':'Patient/b'},'flag':{'coding':["
                "{'system':'urn:oid:1.2.36.1.2001.1001.101.104.16592','code':'01'}]}},"
                "{'item':{'reference':'Patient/c'},'flag':{'coding':[{'system':'urn:x','code':'05'}]}}]}", "bc");
    has_members("{'resourceType':'Appointment','status':'booked',"
                "'participant':[{'actor':{'reference':'Patient/a'},'period':{'end':'2020-01-01'}}]}", "a");
}

static void is_told(const char *text, bool expected)
{
    cJSON *tree = parse(text);

    assert_int_equal(caseload_is_told(tree, at("2026-11-22T10:00:00Z")), expected);
    cJSON_Delete(tree);
}

static void tells_an_empty_caseload_from_an_unreadable_one(void **state)
{
    (void)state;
    is_told("{'resourceType':'Group'}", true);
    is_told("{'resourceType':'Group','member':[]}", true);
    is_told("{'resourceType':'Group','member':{}}", false);
    is_told("{'resourceType':'Group','member':[{'entity':{'reference':'Device/d'}}]}", true);
    is_told("{'resourceType':'Group','member':[{'entity':{'display':'Kim'}}]}", false);
    is_told("{'resourceType':'Group','member':[{'entity':{'display':'Kim'},'inactive':true}]}", true);
    is_told("{'resourceType':'Appointment','participant':[{'actor':{'reference':'Patient/a'}},{'status':'accepted'}]}", false);
    is_told("{'resourceType':'Patient'}", false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_answers_of_real_servers),
        cmocka_unit_test(tells_bundles_and_their_entries),
        cmocka_unit_test(what_comes_twice_counts_once),
        cmocka_unit_test(maps_the_references_of_a_bundle),
        cmocka_unit_test(builds_a_transaction),
        cmocka_unit_test(a_failed_entry_leaves_the_others_whole),
        cmocka_unit_test(prints_a_collection_byte_by_byte),
        cmocka_unit_test(picks_the_words_that_matter),
        cmocka_unit_test(reads_a_capability_statement),
        cmocka_unit_test(tells_what_was_searched_for),
        cmocka_unit_test(finds_the_patients_of_a_caseload),
        cmocka_unit_test(nobody_belongs_for_ever),
        cmocka_unit_test(tells_an_empty_caseload_from_an_unreadable_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
