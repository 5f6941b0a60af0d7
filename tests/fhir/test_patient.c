/* Names in their scripts, addresses, phones; and whether two records may be one person. */
#include "tests/fhir/fhir_test.h"

static const struct patient *person(const char *members)
{
    char text[2048];
    const struct lookup *lookup = NULL;

    (void)snprintf(text, sizeof text, "{'resourceType':'Patient','id':'p1'%s%s}", members[0] != '\0' ? "," : "",
                   members);
    lookup = look_up(text);
    assert_int_equal(lookup->kind, LOOKUP_PATIENT);
    assert_string_equal(lookup->patient, "p1");
    return &lookup->value.patient;
}

static void is_named(const char *names, const char *name, const char *reading)
{
    char members[1800];

    (void)snprintf(members, sizeof members, "'name':[%s]", names);
    assert_string_equal(person(members)->name, name);
    assert_string_equal(person(members)->reading, reading);
}

#define IDE "'extension':[{'url':'http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation'," \
    "'valueCode':'IDE'}],"
#define SYL "'extension':[{'url':'http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation'," \
    "'valueCode':'SYL'}],"

static void writes_a_name_as_its_owner_does(void **state)
{
    (void)state;
    is_named("{'use':'official','family':'Chalmers','given':['Peter','James']},{'use':'usual','given':['Jim']}",
             "Peter James Chalmers", "");
    is_named("{'use':'old','family':'Shaw','given':['Amy']},{'use':'usual','family':'Baxter','given':['Amy','V.']}",
             "Amy V. Baxter", "");
    is_named("{'text':'박아픔'}", "박아픔", "");
    is_named("{'family':'김','given':['영희']}", "김영희", "");
    is_named("{'family':'健診','given':['太郎']}", "健診 太郎", "");
    is_named("{" IDE "'use':'official','text':'健診 太郎','family':'健診','given':['太郎']},"
             "{" SYL "'use':'official','text':'ケンシン タロウ'}", "健診 太郎", "ケンシン タロウ");
    is_named("{" SYL "'use':'official','family':'ケンシン','given':['タロウ']},{'use':'usual','text':'健診 太郎'}",
             "健診 太郎", "ケンシン タロウ");
    is_named("{'use':'official','text':'山田 花子'},{'text':'ヤマダ ハナコ'}", "山田 花子", "ヤマダ ハナコ");
    is_named("{'use':'official','family':'Chen','given':['Chia Lin'],'text':'陳加玲'}", "陳加玲", "Chia Lin Chen");
    is_named("{'family':'MINT_TEST'}", "MINT_TEST", "");
    is_named("{'family':'O’Hara248','given':['Carroll471']}", "Carroll471 O’Hara248", "");
    is_named("{'text':'  \\u200bLee\\u0020 '}", "\xEF\xBF\xBDLee", "");
    is_named("{'use':'official'},{'use':'nickname','text':'Bo'}", "Bo", "");
    is_named("{'use':'official','text':'Anna Alt','period':{'end':'2002'}},{'use':'usual','text':'Anna Neu'}",
             "Anna Neu", "");
    is_named("{'use':'old','text':'Gone'}", "No name (p1)", "");
    is_named("", "No name (p1)", "");
    assert_string_equal(look_up("{'resourceType':'Patient'}")->value.patient.name, "No name");
}

static void reads_the_rest_of_a_person(void **state)
{
    const struct patient *patient = person(
        "'birthDate':'1938-02','gender':'female','telecom':[{'system':'email','value':'a@b'},{'system':'phone',"
            "'value':'02-1',"
        "'use':'home'},{'system':'phone','value':'010-2','use':'mobile'},{'system':'phone','value':'old','use':'old'}],"
        "'address':[{'use':'work','text':'Office'},{'use':'home','line':['49 Meadow St','Flat 2'],'city':'Mounds',"
            "'state':'OK',"
        "'postalCode':'74047','country':'US'}],'communication':[{'language':{'coding':[{'code':'en'}]}},"
        "{'language':{'coding':[{'code':'ko'}]},'preferred':true}],'deceasedDateTime':'2020','active':false");

    (void)state;
    assert_string_equal(patient->birth_date, "1938-02");
    assert_int_equal(patient->gender, GENDER_FEMALE);
    assert_string_equal(patient->phone, "010-2");
    assert_string_equal(patient->address, "49 Meadow St, Flat 2, Mounds, OK 74047, US");
    assert_string_equal(patient->language, "ko");
    assert_true(patient->deceased && patient->inactive && !patient->complete);
    patient = person("'gender':'other','deceasedBoolean':false,'active':true,'address':[{'country':'JP',"
                     "'postalCode':'220-0011',"
                     "'state':'神奈川県','city':'横浜市西区','line':['高島1-2-3']}]");
    assert_int_equal(patient->gender, GENDER_OTHER);
    assert_string_equal(patient->address, "220-0011 神奈川県 横浜市西区 高島1-2-3");
    assert_false(patient->deceased || patient->inactive);
    assert_int_equal(person("")->gender, GENDER_UNKNOWN);
    assert_string_equal(person("")->phone, "");
    assert_string_equal(person("")->address, "");
    assert_false(person("")->inactive);
}

static void marks_what_had_to_be_cut(void **state)
{
    char members[1200] = "'name':[{'text':'";

    (void)state;
    for (size_t i = 0; i < 300; i++) {
        memcpy(members + strlen(members), "가", 4);
    }
    memcpy(members + strlen(members), "'}]", 4);
    const struct patient *patient = person(members);

    assert_true(strlen(patient->name) < sizeof patient->name);
    assert_string_equal(patient->name + strlen(patient->name) - 6, "가...");
}

static void names_everything_else(void **state)
{
    static const char *const rows[][2] = {
        {"{'resourceType':'Practitioner','name':[{'family':'Bone','given':['Ronald']}]}", "Ronald Bone"},
        {"{'resourceType':'RelatedPerson','patient':{'reference':'Patient/p1'},'name':[{'text':'Niece'}]}", "Niece"},
        {"{'resourceType':'Organization','name':'Holy Healthcare'}", "Holy Healthcare"},
        {"{'resourceType':'Location','name':'Home'}", "Home"},
        {"{'resourceType':'Device','deviceName':[{'name':'Cuff 7','type':'model-name'}]}", "Cuff 7"},
        {"{'resourceType':'Device','type':{'text':'Scale'}}", "Scale"},
        {"{'resourceType':'Medication','code':{'text':'Lisinopril 10 mg'}}", "Lisinopril 10 mg"},
        {"{'resourceType':'Medication','ingredient':[{'itemCodeableConcept':{'text':'A'}},"
         "{'itemCodeableConcept':{'text':'B'}}]}",
         "A, B"},
        {"{'resourceType':'Organization'}", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct lookup *lookup = look_up(rows[i][0]);

        assert_int_equal(lookup->kind, LOOKUP_PERSON);
        assert_string_equal(lookup->value.person.name, rows[i][1]);
    }
}

static void may_be_same(const char *a, const char *b, bool expected)
{
    cJSON *one = parse(a);
    cJSON *other = parse(b);

    assert_int_equal(patients_may_be_same(one, other), expected);
    assert_int_equal(patients_may_be_same(other, one), expected);
    cJSON_Delete(one);
    cJSON_Delete(other);
}

static void tells_two_people_apart(void **state)
{
    (void)state;
    may_be_same("{'identifier':[{'system':'urn:oid:1','value':'7'}]}",
                "{'identifier':[{'system':'x','value':'7'},{'system':'urn:oid:1','value':'7'}]}", true);
    may_be_same("{'identifier':[{'system':'urn:oid:1','value':'7'}]}", "{'identifier':[{'system':'urn:oid:2',"
                "'value':'7'}]}", false);
    may_be_same("{'identifier':[{'value':'7'}]}", "{'identifier':[{'value':'7'}]}", false);
    may_be_same("{'name':[{'text':'Kim  Minsu'}],'birthDate':'1941-03-02'}",
                "{'name':[{'text':'x'},{'family':'MINSU','given':['kim']}],'birthDate':'1941-03-02'}", true);
    may_be_same("{'name':[{'text':'Kim Minsu'}],'birthDate':'1941-03-02'}",
                "{'name':[{'text':'Kim Minsu'}],'birthDate':'1941-03-03'}", false);
    may_be_same("{'name':[{'text':'Kim Minsu'}]}", "{'name':[{'text':'Kim Minsu'}]}", false);
    may_be_same("{'birthDate':'1941-03-02'}", "{'birthDate':'1941-03-02'}", false);
    may_be_same("{}", "{}", false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_a_name_as_its_owner_does),
        cmocka_unit_test(reads_the_rest_of_a_person),
        cmocka_unit_test(marks_what_had_to_be_cut),
        cmocka_unit_test(names_everything_else),
        cmocka_unit_test(tells_two_people_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
