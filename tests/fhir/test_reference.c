/* What references name, the identity of a resource, and rewriting on the way out. */
#include "base/text.h"
#include "tests/fhir/fhir_test.h"

#define UUID "0f8fad5b-d9cb-469f-a165-70867728950e"

static void resolves(const struct reference_map *map, const char *text, const char *expected)
{
    char out[REFERENCE_SIZE] = "untouched";

    if (reference_resolve_text(text, map, out) != (expected != NULL) ||
        strcmp(out, expected != NULL ? expected : "") != 0) {
        fail_msg("%s gives '%s'", text != NULL ? text : "NULL", out);
    }
}

static void resolves_the_forms_of_a_reference(void **state)
{
    (void)state;
    resolves(NULL, "Patient/p1", "Patient/p1");
    resolves(NULL, "Patient/p1/_history/3", "Patient/p1");
    resolves(NULL, "https://example.org/fhir/R4/Patient/p1", "Patient/p1");
    resolves(NULL, "http://example.org/Patient/p1/_history/W.2", "Patient/p1");
    resolves(NULL, NULL, NULL);
    resolves(NULL, "", NULL);
    resolves(NULL, "#nurse", NULL);
    resolves(NULL, "Practitioner?identifier=http://a|5", NULL);
    resolves(NULL, "https://example.org/fhir/Patient?identifier=a/b", NULL);
    resolves(NULL, "urn:uuid:" UUID, NULL);
    resolves(NULL, "urn:oid:1.2.3", NULL);
    resolves(NULL, "Patient", NULL);
    resolves(NULL, "Patient/", NULL);
    resolves(NULL, "Patient/a b", NULL);
    resolves(NULL, "Nurse/n1", NULL);
    resolves(NULL, "ward/Patient/p1", NULL);
    resolves(NULL, "ftp://example.org/Patient/p1", NULL);
}

static void resolves_through_the_map_of_its_bundle(void **state)
{
    struct reference_map *map = NULL;

    (void)state;
    memory_install();
    map = reference_map_new();
    assert_non_null(map);
    assert_int_equal(reference_map_add(map, "urn:uuid:" UUID, "Patient", "p1", NULL), STATUS_OK);
    resolves(map, "urn:uuid:" UUID, "Patient/p1");
    resolves(map, "urn:uuid:0F8FAD5B-D9CB-469F-A165-70867728950E", "Patient/p1");
    resolves(map, "urn:uuid:1f8fad5b-d9cb-469f-a165-70867728950e", NULL);
    /* Without a web address in the Bundle nothing is known of bases. */
    resolves(map, "http://other.example/fhir/Patient/p1", "Patient/p1");
    assert_int_equal(reference_map_add(map, "https://a.example/fhir/Patient/p2", "Patient", "p2", NULL), STATUS_OK);
    resolves(map, "https://a.example/fhir/Patient/p2", "Patient/p2");
    resolves(map, "https://a.example/fhir/Encounter/e1", "Encounter/e1");
    resolves(map, "http://other.example/fhir/Patient/p1", NULL);
    resolves(map, "Patient/p9", "Patient/p9");
    /* Versions of one resource share a fullUrl; two resources that do leave it undecided. */
    assert_int_equal(reference_map_add(map, "https://a.example/fhir/Patient/p2", "Patient", "p2", NULL), STATUS_OK);
    resolves(map, "https://a.example/fhir/Patient/p2", "Patient/p2");
    assert_int_equal(reference_map_add(map, "urn:uuid:" UUID, "Patient", "p3", NULL), STATUS_OK);
    resolves(map, "urn:uuid:" UUID, NULL);
    reference_map_free(map);
    reference_map_free(NULL);
}

static void many_references_stay_findable(void **state)
{
    struct reference_map *map = NULL;
    char url[64], id[16];

    (void)state;
    memory_install();
    map = reference_map_new();
    assert_non_null(map);
    for (int i = 0; i < 500; i++) {
        (void)snprintf(url, sizeof url, "urn:uuid:%08x-0000-4000-8000-000000000000", (unsigned)i * 2654435761U);
        (void)snprintf(id, sizeof id, "o%d", i);
        assert_int_equal(reference_map_add(map, url, "Observation", id, NULL), STATUS_OK);
    }
    for (int i = 0; i < 500; i++) {
        char expected[32];

        (void)snprintf(url, sizeof url, "urn:uuid:%08x-0000-4000-8000-000000000000", (unsigned)i * 2654435761U);
        (void)snprintf(expected, sizeof expected, "Observation/o%d", i);
        resolves(map, url, expected);
    }
    reference_map_free(map);
}

static void takes_the_id_of_the_wanted_type(void **state)
{
    (void)state;
    assert_string_equal(reference_id("Patient/p1", "Patient"), "p1");
    assert_null(reference_id("Patient/p1", "Practitioner"));
    assert_null(reference_id("PatientX/p1", "Patient"));
    assert_null(reference_id(NULL, "Patient"));
}

static void identity(const char *text, const char *full_url, const char *expected)
{
    cJSON *tree = parse(text);
    char id[ID_SIZE] = "untouched";

    assert_int_equal(resource_identity(tree, full_url, id), expected != NULL);
    assert_string_equal(id, expected != NULL ? expected : "");
    cJSON_Delete(tree);
}

static void finds_the_identity_of_an_entry(void **state)
{
    (void)state;
    identity("{'resourceType':'Patient','id':'p1'}", "urn:uuid:" UUID, "p1");
    identity("{'resourceType':'Patient'}", "urn:uuid:0F8FAD5B-d9cb-469f-a165-70867728950e", UUID);
    identity("{'resourceType':'Patient'}", "https://example.org/fhir/Patient/p2", "p2");
    identity("{'resourceType':'Patient'}", "https://example.org/fhir/Group/p2", NULL);
    identity("{'resourceType':'Patient'}", "urn:uuid:not-one", NULL);
    identity("{'resourceType':'Patient'}", "urn:oid:1.2", NULL);
    identity("{'resourceType':'Patient'}", "", NULL);
    identity("{'resourceType':'Patient'}", NULL, NULL);
    identity("{'resourceType':'Patient','id':'a b'}", "urn:uuid:" UUID, NULL);
}

static void own_uuid(const char *text, const char *expected)
{
    cJSON *tree = parse(text);
    char uuid[UUID_SIZE] = "untouched";

    assert_int_equal(resource_own_uuid(tree, uuid), expected != NULL);
    assert_string_equal(uuid, expected != NULL ? expected : "");
    cJSON_Delete(tree);
}

static void finds_our_own_identifier(void **state)
{
    (void)state;
    own_uuid("{'identifier':[{'system':'a','value':'1'},{'system':'urn:ietf:rfc:3986','value':'urn:uuid:" UUID "'}]}",
             UUID);
    own_uuid("{'identifier':{'system':'urn:ietf:rfc:3986','value':'urn:uuid:" UUID "'}}", UUID);
    own_uuid("{'identifier':[{'system':'https://doorstep.example/fhir/NamingSystem/record','value':'" UUID "'}]}", UUID);
    own_uuid("{'identifier':[{'system':'https://doorstep.example/fhir/NamingSystem/record','value':'7'}]}", NULL);
    own_uuid("{'identifier':[{'system':'other','value':'urn:uuid:" UUID "'}]}", NULL);
    own_uuid("{'identifier':[{'system':'urn:ietf:rfc:3986','value':'urn:oid:1.2'}]}", NULL);
    own_uuid("{'meta':{'tag':[{'system':'https://doorstep.example/fhir/CodeSystem/record','code':'" UUID "'}]}}", UUID);
    own_uuid("{'meta':{'tag':[{'system':'x','code':'" UUID "'}]}}", NULL);
    own_uuid("{}", NULL);
}

static bool to_server(void *context, const char *reference, char *out, size_t size)
{
    (*(int *)context)++;
    return strcmp(reference, "Encounter/" UUID) == 0 && text_copy(out, size,
        "Encounter/1234567890123456789012345678901234567");
}

static void rewrites_references_wherever_they_are(void **state)
{
    static const char text[] =
        "{'a':{'reference':'Encounter/" UUID "'},'b':[{'c':{'reference':'Patient/p1','display':'Encounter/" UUID "'}},"
        "{'reference':{'reference':'Encounter/" UUID "'}}]}";
    static const char expected[] =
        "{\"a\":{\"reference\":\"Encounter/1234567890123456789012345678901234567\"},"
            "\"b\":[{\"c\":{\"reference\":\"Patient/p1\","
        "\"display\":\"Encounter/" UUID "\"}},"
            "{\"reference\":{\"reference\":\"Encounter/1234567890123456789012345678901234567\"}}]}";
    cJSON *tree = parse(text);
    char *printed = NULL;
    int calls = 0;

    (void)state;
    assert_int_equal(references_rewrite(tree, to_server, &calls, NULL), STATUS_OK);
    assert_int_equal(calls, 3);
    printed = json_print(tree);
    assert_string_equal(printed, expected);
    memory_free(printed);
    cJSON_Delete(tree);
    tree = parse(text);
    memory_fail_at(1, 1);
    enum status status = references_rewrite(tree, to_server, &calls, NULL);
    memory_fail_at(0, 0);
    assert_int_equal(status, STATUS_NO_MEMORY);
    cJSON_Delete(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resolves_the_forms_of_a_reference),
        cmocka_unit_test(resolves_through_the_map_of_its_bundle),
        cmocka_unit_test(many_references_stay_findable),
        cmocka_unit_test(takes_the_id_of_the_wanted_type),
        cmocka_unit_test(finds_the_identity_of_an_entry),
        cmocka_unit_test(finds_our_own_identifier),
        cmocka_unit_test(rewrites_references_wherever_they_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
