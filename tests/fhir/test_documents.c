/* Consents in both forms R4 is written in, notes and their text, base64. */
#include "fhir/base64.h"
#include "tests/fhir/fhir_test.h"

/* --- consent --------------------------------------------------------------------------------------- */

static const struct lookup *consent(const char *members)
{
    char text[2048];
    const struct lookup *lookup = NULL;

    (void)snprintf(text, sizeof text, "{'resourceType':'Consent','id':'c1','patient':{'reference':'Patient/p1'},%s}",
                   members);
    lookup = look_up(text);
    assert_int_equal(lookup->kind, LOOKUP_CONSENT);
    assert_string_equal(lookup->patient, "p1");
    return lookup;
}

#define FORM(status) "'status':'" status "','scope':{'coding':[{'code':'research'}]},'category':[{'coding':[" \
                     "{'system':'http://loinc.org','code':'59284-0'}]}]"
#define RULE(code) "'policyRule':{'coding':[{'system':'http://terminology.hl7.org/CodeSystem/v3-ActCode'," \
    "'code':'" code "'}]}"

static void reads_a_decision_from_both_forms(void **state)
{
    static const struct {
        const char *members;
        enum consent_decision decision;
    } rows[] = {
        {FORM("active") "," RULE("OPTIN"), CONSENT_PERMIT},
        {FORM("active") "," RULE("OPTOUT"), CONSENT_DENY},
        {FORM("active") "," RULE("OPTIN") ",'provision':{'provision':[{'type':'permit'}]}", CONSENT_PERMIT},
        {FORM("active") "," RULE("OPTIN") ",'provision':{'provision':[{'type':'deny'}]}", CONSENT_UNKNOWN},
        {FORM("active") ",'provision':{'type':'permit'}", CONSENT_PERMIT},
        {FORM("active") ",'provision':{'type':'deny'}", CONSENT_DENY},
        {FORM("active") ",'provision':{'type':'permit','provision':[{'type':'deny'}]}", CONSENT_PERMIT},
        {FORM("active") ",'provision':{'provision':[{'type':'deny'}]}", CONSENT_DENY},
        {FORM("active") ",'provision':{'provision':[{'type':'permit'},{'type':'deny'}]}", CONSENT_UNKNOWN},
        {FORM("active"), CONSENT_UNKNOWN},
        {FORM("rejected") ",'provision':{'type':'permit'}", CONSENT_DENY},
        {FORM("inactive") "," RULE("OPTOUT"), CONSENT_DENY},
        {FORM("inactive") "," RULE("OPTIN"), CONSENT_PERMIT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (consent(rows[i].members)->value.consent.decision != rows[i].decision) {
            fail_msg("%s", rows[i].members);
        }
    }
}

static void reads_the_rest_of_a_consent(void **state)
{
    const struct lookup *lookup = consent(
        "'status':'inactive','scope':{'coding':[{'code':'research'}]},"
            "'category':[{'coding':[{'system':'http://loinc.org','code':"
        "'59284-0'}]},{'coding':[{'system':'https://doorstep.example/fhir/CodeSystem/consent-purpose',"
            "'code':'research'}],"
        "'text':'Research'}],'dateTime':'2026-11-20','performer':[{'display':'Kim Minsu (son)'}]");

    (void)state;
    assert_string_equal(lookup->value.consent.status, "inactive");
    assert_string_equal(lookup->value.consent.purpose, "research");
    assert_string_equal(lookup->value.consent.label, "Research");
    assert_string_equal(lookup->value.consent.by, "Kim Minsu (son)");
    assert_true(lookup->value.consent.at == at("2026-11-20"));
    assert_string_equal(lookup->code_status, "");
    lookup = consent(FORM("active"));
    assert_string_equal(lookup->value.consent.purpose, "");
    assert_string_equal(lookup->value.consent.label, "research");
    lookup = consent("'status':'active','scope':{},'category':[{'coding':[{'system':"
                     "'https://doorstep.example/fhir/CodeSystem/consent-purpose','code':'tattoo'}]}]");
    assert_string_equal(lookup->value.consent.purpose, "");
}

static void tells_the_code_status(void **state)
{
#define DIRECTIVE(code) \
    "'scope':{},'category':[{'coding':[{'system':'http://terminology.hl7.org/CodeSystem/consentcategorycodes'," \
                        "'code':'" code "'}]"
    (void)state;
    assert_string_equal(consent("'status':'active'," DIRECTIVE("dnr") "}]")->code_status,
                        "Do not attempt resuscitation (consent on record)");
    assert_string_equal(consent("'status':'active'," DIRECTIVE("acd") ",'text':'Living will'}]")->code_status,
                        "Living will");
    assert_string_equal(consent("'status':'inactive'," DIRECTIVE("dnr") "}]")->code_status, "");
    assert_string_equal(consent("'status':'active'," DIRECTIVE("research") "}]")->code_status, "");
}

/* --- notes ----------------------------------------------------------------------------------------- */

static void is_note(const char *attachment, const char *expected)
{
    char text[1024];
    struct lookup *lookup = NULL;

    (void)snprintf(text, sizeof text,
                   "{'resourceType':'DocumentReference','id':'d1','status':'current',"
                       "'subject':{'reference':'Patient/p1'},"
                   "'content':[{'attachment':{'contentType':'application/pdf','data':'JVBERg=='}},"
                       "{'attachment':{%s}}]}", attachment);
    lookup = look_up(text);
    assert_int_equal(lookup->kind, LOOKUP_NOTE);
    assert_string_equal(lookup->value.note.text, expected);
    lookup_free(lookup);
    lookup_free(lookup);
}

static void shows_plain_text_only(void **state)
{
    (void)state;
    is_note("'contentType':'text/plain','data':'QQpCDQpD'", "A\nB\nC");
    is_note("'contentType':'text/plain; charset=utf-8','data':'7JWI64WV'", "안녕");
    is_note("'contentType':'text/plain;charset=\\\"UTF-8\\\"','data':'QQ=='", "A");
    is_note("'contentType':'TEXT/PLAIN; charset=US-ASCII','data':'QQ'", "A");
    is_note("'contentType':'text/plain; charset=shift_jis','data':'QQ=='", "");
    is_note("'contentType':'text/html','data':'QQ=='", "");
    is_note("'contentType':'text/plain','url':'Binary/1'", "");
    is_note("'contentType':'text/plain','data':'not base64!'", "");
    /* Bytes that are no UTF-8, and an escape sequence. */
    is_note("'contentType':'text/plain','data':'Qf8bW0E='", "A\xEF\xBF\xBD\xEF\xBF\xBD[A");
}

static void reads_the_rest_of_a_note(void **state)
{
    struct lookup *lookup = look_up(
        "{'resourceType':'DocumentReference','id':'d1','status':'superseded','date':'2026-11-22T09:00:00Z',"
            "'type':{'text':'Nurse note'},"
        "'author':[{'display':'Kim'}],'content':[{'attachment':{'title':'Evening'}}],"
            "'context':{'period':{'start':'2026-11-21'}}}");

    (void)state;
    assert_string_equal(lookup->value.note.title, "Evening");
    assert_string_equal(lookup->value.note.author, "Kim");
    assert_string_equal(lookup->value.note.status, "superseded");
    assert_true(lookup->value.note.at == at("2026-11-22T09:00:00Z"));
    lookup_free(lookup);
    lookup = look_up("{'resourceType':'DocumentReference','status':'current','type':{'text':'Nurse note'},"
                     "'content':[{'attachment':{}}],'context':{'period':{'start':'2026-11-21'}}}");
    assert_string_equal(lookup->value.note.title, "Nurse note");
    assert_true(lookup->value.note.at == at("2026-11-21"));
    lookup_free(lookup);
}

static void cuts_a_note_that_is_too_long(void **state)
{
    const size_t length = 600u * 1024;
    struct buffer json;
    struct lookup lookup;
    cJSON *tree = NULL;

    (void)state;
    memory_install();
    buffer_init(&json, JSON_SIZE_LIMIT);
    buffer_append_text(&json, "{\"resourceType\":\"DocumentReference\",\"status\":\"current\","
                              "\"content\":[{\"attachment\":"
                              "{\"contentType\":\"text/plain\",\"data\":\"");
    for (size_t i = 0; i < length; i += 4) {
        buffer_append_text(&json, "QUFB");
    }
    buffer_append_text(&json, "\"}}]}");
    assert_int_equal(json_parse(buffer_text(&json), json.length, &tree, NULL), STATUS_OK);
    assert_int_equal(lookup_read(tree, NULL, &lookup, NULL), STATUS_OK);
    assert_int_equal(strlen(lookup.value.note.text), 256u * 1024 - 1);
    assert_string_equal(lookup.value.note.text + 256u * 1024 - 5, "A...");
    lookup_free(&lookup);
    cJSON_Delete(tree);
    buffer_free(&json);
}

/* --- base64 ---------------------------------------------------------------------------------------- */

static void encodes_and_decodes_base64(void **state)
{
    static const char *const rows[][2] = { /* RFC 4648, section 10 */
        {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="},
            {"foobar", "Zm9vYmFy"},
    };
    struct buffer out;

    (void)state;
    memory_install();
    buffer_init(&out, 64);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        base64_encode(&out, rows[i][0], strlen(rows[i][0]));
        assert_string_equal(buffer_text(&out), rows[i][1]);
        buffer_clear(&out);
        assert_true(base64_decode(&out, rows[i][1]));
        assert_string_equal(buffer_text(&out), rows[i][0]);
        buffer_clear(&out);
    }
    assert_true(base64_decode(&out, "Zm 9v\r\nYg = =\n"));
    assert_string_equal(buffer_text(&out), "foob");
    assert_false(base64_decode(&out, "Zm9v!"));
    assert_false(base64_decode(&out, "Zg==Zg=="));
    assert_false(base64_decode(&out, "Z"));
    buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_decision_from_both_forms),
        cmocka_unit_test(reads_the_rest_of_a_consent),
        cmocka_unit_test(tells_the_code_status),
        cmocka_unit_test(shows_plain_text_only),
        cmocka_unit_test(reads_the_rest_of_a_note),
        cmocka_unit_test(cuts_a_note_that_is_too_long),
        cmocka_unit_test(encodes_and_decodes_base64),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
