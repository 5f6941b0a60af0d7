/* Orders, what is taken, what was given. */
#include "tests/fhir/fhir_test.h"

static const struct medicine *medicine(const char *type, const char *members)
{
    char text[2048];
    const struct lookup *lookup = NULL;

    (void)snprintf(text, sizeof text, "{'resourceType':'%s','id':'m1','subject':{'reference':'Patient/p1'},%s}", type,
                   members);
    lookup = look_up(text);
    assert_int_equal(lookup->kind, LOOKUP_MEDICINE);
    assert_string_equal(lookup->patient, "p1");
    assert_string_equal(lookup->value.medicine.id, "m1");
    return &lookup->value.medicine;
}

#define ORDER "'status':'active','intent':'order','medicationCodeableConcept':{'text':'Aspirin 100 mg'}"

static void reads_an_order(void **state)
{
    const struct medicine *order = medicine(
        "MedicationRequest",
        "'status':'active','intent':'order','authoredOn':'2026-11-01','requester':{'display':'Dr Park'},"
        "'medicationCodeableConcept':{'coding':[{'system':'http://www.whocc.no/atc','code':'B01AC06',"
            "'display':'aspirin'},"
        "{'code':'x'}]},'dosageInstruction':[{'text':'one in the morning'},{'text':'none on Sunday',"
            "'asNeededBoolean':true}]");

    (void)state;
    assert_int_equal(order->kind, MEDICINE_REQUEST);
    assert_string_equal(order->status, "active");
    assert_string_equal(order->label, "aspirin");
    assert_string_equal(order->dose, "one in the morning; none on Sunday");
    assert_string_equal(order->prescriber, "Dr Park");
    assert_true(order->as_needed);
    assert_true(order->since == at("2026-11-01"));
    assert_true(order->until == INSTANT_NONE);
    assert_int_equal(order->code_count, 2);
    assert_string_equal(order->codes[0].system, "http://www.whocc.no/atc");
    assert_string_equal(order->codes[0].code, "B01AC06");
    assert_string_equal(order->codes[1].system, "");
}

static void puts_the_parts_of_a_dosage_side_by_side(void **state)
{
    static const char *const rows[][2] = {
        {"", ""},
        {"'dosageInstruction':[]", ""},
        {"'dosageInstruction':[{'doseAndRate':[{'doseQuantity':{'value':0.50,'unit':'mg'}}],"
         "'timing':{'repeat':{'frequency':2,"
         "'period':1,'periodUnit':'d'}},'route':{'text':'oral'}}]", "0.50 mg, 2 x / 1 d, oral"},
        {"'dosageInstruction':[{'doseAndRate':[{'doseRange':{'low':{'value':1},'high':{'value':2,'unit':'drops'}}}],"
         "'timing':{'code':{'text':'at night'}},'asNeededCodeableConcept':{'text':'itch'}}]", "1 - 2 drops, at night"},
        {"'dosageInstruction':[{'timing':{'repeat':{'period':3,'periodUnit':'wk','when':['MORN']}}}]",
         "1 x / 3 wk, MORN"},
    };
    char members[1024];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)snprintf(members, sizeof members, ORDER "%s%s", rows[i][0][0] != '\0' ? "," : "", rows[i][0]);
        assert_string_equal(medicine("MedicationRequest", members)->dose, rows[i][1]);
    }
    const struct medicine *tapering = medicine(
        "MedicationRequest", ORDER ",'dosageInstruction':[{'text':'4',"
            "'timing':{'repeat':{'boundsPeriod':{'start':'2026-11-08',"
        "'end':'2026-11-14'}}}},{'text':'2','timing':{'repeat':{'boundsPeriod':{'start':'2026-11-01',"
            "'end':'2026-11-07'}}}}]");

    assert_true(tapering->since == at("2026-11-01"));
    assert_true(tapering->until == at("2026-11-14"));
}

static void an_order_not_to_give_is_no_order(void **state)
{
    const struct medicine *order = medicine("MedicationRequest", ORDER ",'doNotPerform':true");

    (void)state;
    assert_string_equal(order->status, "do-not-perform");
    assert_string_equal(order->label, "Do not give: Aspirin 100 mg");
    order = medicine("MedicationRequest",
                     "'status':'active','intent':'proposal','medicationCodeableConcept':{'text':'Aspirin 100 mg'}");
    assert_string_equal(order->status, "proposal");
    order = medicine("MedicationRequest",
                     "'status':'stopped','intent':'proposal','medicationCodeableConcept':{'text':'Aspirin 100 mg'}");
    assert_string_equal(order->status, "stopped");
}

static void finds_the_name_of_the_medicine(void **state)
{
    static const char *const rows[][2] = {
        {"'medicationReference':{'reference':'#m'},'contained':[{'resourceType':'Medication','id':'m',"
         "'code':{'text':'Contained',"
         "'coding':[{'system':'a','code':'b'}]}}]", "Contained"},
        {"'medicationReference':{'reference':'Medication/m7','display':'Shown'}", "Shown"},
        {"'medicationReference':{'reference':'Medication/m7'}", "Medication/m7"},
        {"'medicationReference':{'reference':'#gone'}", "Medicine not named"},
        {"'medicationCodeableConcept':{'coding':[{'system':'http://medis.or.jp/CodeSystem/master-HOT9',"
         "'code':'103835401'}]}",
         "103835401"},
    };
    char members[1024];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)snprintf(members, sizeof members, "'status':'active','intent':'order',%s", rows[i][0]);
        const struct medicine *order = medicine("MedicationRequest", members);

        assert_string_equal(order->label, rows[i][1]);
        assert_int_equal(order->code_count, i == 0 || i == 4);
    }
}

static void reads_what_is_taken_and_what_was_given(void **state)
{
    const struct medicine *row = medicine(
        "MedicationStatement", "'status':'not-taken','basedOn':[{'reference':'CarePlan/c1'},"
            "{'reference':'MedicationRequest/r1'}],"
        "'medicationCodeableConcept':{'text':'A'},'effectivePeriod':{'start':'2026-01-01','end':'2026-02-01'},"
        "'informationSource':{'reference':'Patient/p1'},'dosage':[{'text':'none'}]");

    (void)state;
    assert_int_equal(row->kind, MEDICINE_STATEMENT);
    assert_string_equal(row->status, "not-taken");
    assert_string_equal(row->request, "r1");
    assert_string_equal(row->dose, "none");
    assert_string_equal(row->prescriber, "Patient/p1");
    assert_true(row->since == at("2026-01-01") && row->until == at("2026-02-01"));
    row = medicine("MedicationAdministration", "'status':'completed','medicationCodeableConcept':{'text':'A'},"
                   "'effectiveDateTime':'2026-11-22T09:00:00Z','request':{'reference':'MedicationRequest/r1'},"
                   "'performer':[{'actor':{'display':'Nurse Kim'}}],'dosage':{'route':{'text':'oral'},"
                       "'dose':{'value':500,'unit':'mg'}}");
    assert_int_equal(row->kind, MEDICINE_ADMINISTRATION);
    assert_string_equal(row->request, "r1");
    assert_string_equal(row->dose, "500 mg, oral");
    assert_string_equal(row->prescriber, "Nurse Kim");
    assert_true(row->since == at("2026-11-22T09:00:00Z"));
    row = medicine("MedicationAdministration", "'status':'not-done','medicationCodeableConcept':{'text':'A'},"
                   "'effectivePeriod':{'start':'2026-11-22'}");
    assert_string_equal(row->status, "not-done");
    assert_string_equal(row->dose, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_an_order),
        cmocka_unit_test(puts_the_parts_of_a_dosage_side_by_side),
        cmocka_unit_test(an_order_not_to_give_is_no_order),
        cmocka_unit_test(finds_the_name_of_the_medicine),
        cmocka_unit_test(reads_what_is_taken_and_what_was_given),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
