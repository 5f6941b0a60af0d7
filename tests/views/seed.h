/*
 * A small caseload for the screens, relative to START (2026-11-22 09:00 in Seoul): one patient with everything,
 * one whose chart is not complete, one with nothing but a name that is hard to draw, and an appointment of a
 * patient who is not on the device. Quotes are written ' for legibility.
 */
#ifndef DOORSTEP_TESTS_VIEWS_SEED_H
#define DOORSTEP_TESTS_VIEWS_SEED_H

#include "tests/store/record_test.h"

#define VITAL_SIGNS \
    "'category':[{'coding':[{'system':'http://terminology.hl7.org/CodeSystem/observation-category'," \
    "'code':'vital-signs'}]}]"
#define OBSERVATION(id, when, code, value) \
    "{'resourceType':'Observation','id':'" id "','status':'final'," VITAL_SIGNS "," \
    "'subject':{'reference':'Patient/kim'}," \
    "'performer':[{'reference':'Practitioner/nurse1'}],'effectiveDateTime':'" when "'," \
    "'code':{'coding':[{'system':'http://loinc.org','code':'" code "'}]}," value "}"
#define QUANTITY(number, unit) \
    "'valueQuantity':{'value':" number ",'unit':'" unit "','system':'http://unitsofmeasure.org','code':'" unit "'}"
#define PART(code, number) \
    "{'code':{'coding':[{'system':'http://loinc.org','code':'" code "'}]}," QUANTITY(number, "mm[Hg]") "}"

static const char *const seed_resources[] = {
    "{'resourceType':'Practitioner','id':'nurse1','name':[{'text':'Lee Jiwon'}]}",
    "{'resourceType':'Patient','id':'kim','name':[{'text':'김민서'}],'birthDate':'1941-04-02','gender':'female',"
    "'telecom':[{'system':'phone','value':'010-0000-0001'}],'address':[{'text':'마포구 새봄로 15, 302호'}]}",
    "{'resourceType':'Patient','id':'sato','name':[{'text':'佐藤 花子'},{'text':'サトウ ハナコ'}],"
    "'birthDate':'1950-12-24','gender':'female','address':[{'text':'世田谷区桜台三丁目12番号 みどりハイツ203'}]}",
    "{'resourceType':'Patient','id':'rene','name':[{'text':'Rene\u0301e \u00c6belholt-J\u00f8rgensen'}],"
    "'gender':'other'}",
    "{'resourceType':'Appointment','id':'a1','status':'booked','start':'2026-11-22T09:30:00+09:00',"
    "'end':'2026-11-22T10:00:00+09:00','description':'Heart failure: weight, fluid and medicines',"
    "'participant':[{'actor':{'reference':'Patient/kim'},'status':'accepted'}]}",
    "{'resourceType':'Appointment','id':'a2','status':'booked','start':'2026-11-22T11:00:00+09:00',"
    "'end':'2026-11-22T11:30:00+09:00','participant':[{'actor':{'reference':'Patient/sato'},'status':'accepted'}]}",
    "{'resourceType':'Appointment','id':'a3','status':'booked','start':'2026-11-22T15:00:00+09:00',"
    "'end':'2026-11-22T15:30:00+09:00','participant':[{'actor':{'reference':'Patient/ghost'},'status':'accepted'}]}",
    "{'resourceType':'Encounter','id':'e1','status':'finished','class':{'code':'HH'},"
    "'subject':{'reference':'Patient/kim'},'period':{'start':'2026-11-19T10:00:00+09:00','end':'2026-11-19T10:40:00+09:00'}}",
    "{'resourceType':'Condition','id':'c1','subject':{'reference':'Patient/kim'},"
    "'code':{'text':'Heart failure, NYHA class II'},"
    "'clinicalStatus':{'coding':[{'system':'http://terminology.hl7.org/CodeSystem/condition-clinical',"
    "'code':'active'}]}}",
    "{'resourceType':'Goal','id':'g1','lifecycleStatus':'active',"
    "'description':{'text':'Sleep flat in my own bed again.'},'subject':{'reference':'Patient/kim'}}",
    "{'resourceType':'AllergyIntolerance','id':'al1','patient':{'reference':'Patient/kim'},'criticality':'high',"
    "'clinicalStatus':{'coding':[{'system':'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical',"
    "'code':'active'}]},"
    "'code':{'text':'Penicillin'},'reaction':[{'manifestation':[{'text':'rash'}]}]}",
    "{'resourceType':'Flag','id':'f1','status':'active','subject':{'reference':'Patient/kim'},"
    "'code':{'text':'Big dog in the yard; call before you come'},"
    "'category':[{'coding':[{'system':'http://terminology.hl7.org/CodeSystem/flag-category','code':'safety'}]}]}",
    "{'resourceType':'MedicationRequest','id':'m1','status':'active','intent':'order',"
    "'subject':{'reference':'Patient/kim'},'medicationCodeableConcept':{'text':'Furosemide 40 mg'},"
    "'dosageInstruction':[{'text':'One tablet each morning'}]}",
    "{'resourceType':'Task','id':'t1','status':'requested','intent':'order','for':{'reference':'Patient/kim'},"
    "'description':'Blood sample before the next review','restriction':{'period':{'end':'2026-11-20T00:00:00+09:00'}}}",
    "{'resourceType':'Consent','id':'co1','status':'active','patient':{'reference':'Patient/kim'},"
    "'dateTime':'2026-10-01',"
    "'scope':{'coding':[{'system':'http://terminology.hl7.org/CodeSystem/consentscope','code':'treatment'}]},"
    "'category':[{'text':'Home nursing'}],"
    "'policyRule':{'coding':[{'system':'http://terminology.hl7.org/CodeSystem/v3-ActCode',"
    "'code':'OPTIN'}]},"
    "'performer':[{'display':'Kim Minseo'}],'provision':{'type':'permit'}}",
    "{'resourceType':'DocumentReference','id':'d1','status':'current','subject':{'reference':'Patient/kim'},"
    "'date':'2026-11-19T10:45:00+09:00','type':{'text':'Visit note'},'author':[{'display':'Lee Jiwon'}],"
    "'content':[{'attachment':{'contentType':'text/plain; charset=utf-8',"
    "'data':'UzogU2xlcHQgd2VsbCwgYXBwZXRpdGUgZ29vZC4KTzogQW5rbG"
    "VzIHNsaWdodGx5IHN3b2xsZW4uCkE6IFN0YWJsZS4KUDogV2VpZ2ggZXZlcnkgbW9ybmluZzsgY2FsbCBpZiAyIGtnIG1vcmUgaW4gMyBkYXlzLg=='}}]}",
    OBSERVATION("o1", "2026-11-22T07:00:00+09:00", "85354-9",
                "'component':[" PART("8480-6", "142") "," PART("8462-4", "88") "]"),
    OBSERVATION("o2", "2026-11-22T07:00:00+09:00", "8867-4", QUANTITY("96", "/min")),
    OBSERVATION("o3", "2026-11-22T07:00:00+09:00", "59408-5", QUANTITY("93", "%")),
    OBSERVATION("o4", "2026-11-19T10:10:00+09:00", "9279-1", QUANTITY("18", "/min")),
    OBSERVATION("o5", "2026-11-19T10:10:00+09:00", "8310-5", QUANTITY("36.8", "Cel")),
    OBSERVATION("o6", "2026-11-19T07:00:00+09:00", "29463-7", QUANTITY("61.2", "kg")),
    OBSERVATION("o7", "2026-11-22T07:00:00+09:00", "29463-7", QUANTITY("63.8", "kg")),
    OBSERVATION("o8", "2026-11-12T07:00:00+09:00", "29463-7", QUANTITY("61.0", "kg")),
};

static inline void seed_apply(struct fixture *fixture)
{
    assert_int_equal(record_begin(fixture->store, &fixture->error), STATUS_OK);
    for (size_t i = 0; i < sizeof seed_resources / sizeof *seed_resources; i++) {
        struct apply_outcome outcome = {.result = APPLY_STORED};
        char *json = memory_copy_text(seed_resources[i]);

        for (char *quote = json; (quote = strchr(quote, '\'')) != NULL;) {
            *quote = '"';
        }
        assert_int_equal(apply_in_page(fixture, APPLY_FROM_SERVER, NULL, json, &outcome), STATUS_OK);
        if (outcome.result != APPLY_STORED) {
            fail_msg("%.60s: %s", json, outcome.why);
        }
        memory_free(json);
    }
    assert_int_equal(record_set_complete(fixture->store, "kim", true, &fixture->error), STATUS_OK);
    assert_int_equal(record_set_complete(fixture->store, "rene", true, &fixture->error), STATUS_OK);
    assert_int_equal(record_commit(fixture->store, &fixture->error), STATUS_OK);
    assert_int_equal(store_setting_set(fixture->store, SETTING_PRACTITIONER_NAME, "Lee Jiwon", &fixture->error),
                     STATUS_OK);
}

#endif
