/* What the patient's screen says of entries that are doubtful, refuted, over or in error, and of alerts. */
#include "tests/views/stage.h"

#include "fhir/codes.h"

#define CLINICAL(code) "'clinicalStatus':{'coding':[{'code':'" code "'}]}"
#define VERIFIED(code) "'verificationStatus':{'coding':[{'code':'" code "'}]}"
#define CONDITION(id, text, verification) \
    "{'resourceType':'Condition','id':'" id "','subject':{'reference':'Patient/kim'}," CLINICAL("active") "," \
    VERIFIED(verification) ",'recordedDate':'2026-11-21','onsetDateTime':'2026-11-21','code':{'text':'" text "'}}"
#define ALLERGY(id, text, verification) \
    "{'resourceType':'AllergyIntolerance','id':'" id "','patient':{'reference':'Patient/kim'}," CLINICAL("active") "," \
    VERIFIED(verification) ",'code':{'text':'" text "'}}"
#define MEDICINE(id, text, status) \
    "{'resourceType':'MedicationRequest','id':'" id "','status':'" status "','intent':'order'," \
    "'subject':{'reference':'Patient/kim'},'authoredOn':'2026-11-21','medicationCodeableConcept':{'text':'" text "'}}"

static const char *const entries[] = {
    CONDITION("x1", "Condition refuted", "refuted"),
    CONDITION("x2", "Condition mistaken", "entered-in-error"),
    CONDITION("x3", "Condition unsure", "unconfirmed"),
    ALLERGY("x4", "Allergy refuted", "refuted"),
    ALLERGY("x5", "Allergy unsure", "unconfirmed"),
    MEDICINE("x6", "Medicine mistaken", "entered-in-error"),
    MEDICINE("x7", "Medicine cancelled", "cancelled"),
    MEDICINE("x8", "Medicine begun", "active"),
    "{'resourceType':'Flag','id':'x9','status':'active','subject':{'reference':'Patient/kim'},"
    "'period':{'start':'2026-11-02'},'code':{'text':'Fall risk'}}",
    "{'resourceType':'Consent','id':'x10','status':'active','patient':{'reference':'Patient/kim'},"
    "'dateTime':'2026-10-02',"
    "'scope':{'coding':[{'code':'research'}]},'provision':{'type':'deny'},'policyRule':{'coding':[{'code':'OPTOUT'}]},"
    "'category':[{'coding':[{'system':'" SYSTEM_OWN_CONSENT "','code':'research'}],'text':'words of the record'}]}",
};

static void pull_entries(struct stage *stage)
{
    stage->fixture->store = stage->console.application.store;
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        char *json = memory_copy_text(entries[i]);

        for (char *quote = json; (quote = strchr(quote, '\'')) != NULL;) {
            *quote = '"';
        }
        assert_int_equal(pull(stage->fixture, json), APPLY_STORED);
        memory_free(json);
    }
    stage->fixture->store = NULL;
}

static void nothing_doubtful_looks_like_a_fact(void **state)
{
    static const char *const said[] = {
        "- Condition refuted [refuted]", "- Condition mistaken [entered in error]",
        "- Condition unsure [active, unconfirmed]", "- Allergy refuted [refuted]", "- Allergy unsure [unconfirmed]",
        "new medicine: Medicine begun", "new condition: Condition unsure", "Fall risk (on record since 2026-11-02)",
        "Big dog in the yard; call before you come (on record, not dated)", "- Use for research: REFUSED",
    };
    static const char *const unsaid[] = {
        "new medicine: Medicine mistaken", "new medicine: Medicine cancelled", "new condition: Condition refuted",
        "new condition: Condition mistaken", "Condition refuted [active]", "words of the record",
    };
    struct stage *stage = *state;

    stage_resize(stage, 90, 250);
    stage_unlock(stage);
    pull_entries(stage);
    stage_type(stage, "t\r");
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        if (!stage_shows(said[i])) {
            fail_msg("not said: %s\n%s", said[i], stage_screen());
        }
    }
    for (size_t i = 0; i < sizeof unsaid / sizeof *unsaid; i++) {
        if (stage_shows(unsaid[i])) {
            fail_msg("said: %s\n%s", unsaid[i], stage_screen());
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_doubtful_looks_like_a_fact, stage_begin, stage_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
