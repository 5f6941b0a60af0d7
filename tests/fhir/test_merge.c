#include "fhir/merge.h"
#include "fhir/merge_part.h"
#include "tests/fhir/fhir_test.h"
#include "tests/fhir/merge_sample.h"

#include "base/text.h"

static struct merge merged;

static void forget(void)
{
    merge_free(&merged);
}

static struct merge *merge_with(const char *base, const char *mine, const char *theirs, enum merge_choice choice)
{
    struct error error = {0};
    cJSON *trees[] = {parse(base), parse(mine), parse(theirs)};

    forget();
    assert_int_equal(merge_resources(trees[0], trees[1], trees[2], choice, &merged, &error), STATUS_OK);
    for (size_t i = 0; i < 3; i++) {
        cJSON_Delete(trees[i]);
    }
    return &merged;
}

/* Merges without a question to ask; the result is `wanted`, in whatever order its members are. */
static void becomes(const char *base, const char *mine, const char *theirs, const char *wanted)
{
    cJSON *tree = parse(wanted);
    struct merge *merge = merge_with(base, mine, theirs, MERGE_ASK);

    if (merge->count > 0) {
        fail_msg("%s overlaps: mine '%s', theirs '%s'", merge->overlaps[0].path, merge->overlaps[0].mine,
                 merge->overlaps[0].theirs);
    }
    if (!merge_equal(merge->tree, tree)) {
        char *text = json_print(merge->tree);
        fail_msg("became %s", text);
    }
    cJSON_Delete(tree);
    forget();
}

/* Overlaps in exactly these elements (blank-separated paths), seen from either side. */
static void overlaps(const char *base, const char *mine, const char *theirs, const char *paths)
{
    for (int turned = 0; turned < 2; turned++) {
        struct merge *merge = merge_with(base, turned ? theirs : mine, turned ? mine : theirs, MERGE_ASK);
        char found[400] = "";

        for (size_t i = 0; i < merge->count; i++) {
            snprintf(found + strlen(found), sizeof found - strlen(found), "%s%s", i > 0 ? " " : "", merge->overlaps[i].path);
            assert_string_not_equal(merge->overlaps[i].label, "");
            assert_string_not_equal(merge->overlaps[i].mine, merge->overlaps[i].theirs);
        }
        if (strlen(paths) != strlen(found) || (merge->count < 2 && strcmp(paths, found) != 0)) {
            fail_msg("overlaps in '%s', not in '%s'", found, paths);
        }
        for (size_t i = 0; i < merge->count; i++) {
            assert_non_null(strstr(paths, merge->overlaps[i].path));
        }
    }
    forget();
}


static void each_side_keeps_its_own_elements(void **state)
{
    (void)state;
    becomes(TASK("'status':'requested','description':'Weigh'"), TASK("'status':'completed','description':'Weigh'"),
            TASK_2("'status':'requested','description':'Weigh','owner':{'reference':'Practitioner/n2'}"),
            TASK_2("'status':'completed','description':'Weigh','owner':{'reference':'Practitioner/n2'}"));
    assert_true(merge_with(TASK("'status':'requested'"), TASK("'status':'completed'"), TASK_2("'status':'requested','priority':'asap'"),
                           MERGE_ASK)->adds);
    /* What one side took out stays out. */
    becomes(TASK("'status':'requested','description':'Weigh','priority':'asap'"), TASK("'status':'completed','description':'Weigh'"
            ",'priority':'asap'"), TASK_2("'status':'requested','description':'Weigh'"),
            TASK_2("'status':'completed','description':'Weigh'"));
    /* The same change on both sides: nothing is left to send. */
    becomes(TASK("'status':'requested'"), TASK("'status':'completed'"), TASK_2("'status':'completed','priority':'asap'"),
            TASK_2("'status':'completed','priority':'asap'"));
    assert_false(merge_with(TASK("'status':'requested'"), TASK("'status':'completed'"),
                            TASK_2("'status':'completed','priority':'asap'"), MERGE_ASK)->adds);
    forget();
}

/* Completed was what she read, not what the office made of it since. */
static void an_answer_is_not_put_on_another_question(void **state)
{
    (void)state;
#define INSULIN(status, words, units) \
    "'status':'" status "','description':'" words "','input':[{'type':{'text':'dose'},'valueQuantity':{'value':" units "}}]"
    overlaps(TASK(INSULIN("requested", "Give insulin 4 units", "4")), TASK(INSULIN("completed", "Give insulin 4 units", "4")),
             TASK_2(INSULIN("requested", "Give insulin 40 units", "4")), "status description");
    overlaps(TASK(INSULIN("requested", "Give insulin", "4")), TASK(INSULIN("completed", "Give insulin", "4")),
             TASK_2(INSULIN("requested", "Give insulin", "40")), "status input");
    overlaps(TASK("'status':'requested','focus':{'reference':'MedicationRequest/1'}"),
             TASK("'status':'completed','focus':{'reference':'MedicationRequest/1'}"),
             TASK_2("'status':'requested','focus':{'reference':'MedicationRequest/2'}"), "status focus");
    /* Her answer had arrived before. */
    becomes(TASK("'status':'requested','description':'Weigh'"), TASK("'status':'completed','description':'Weigh'"),
            TASK_2("'status':'completed','description':'Weigh again on Friday'"),
            TASK_2("'status':'completed','description':'Weigh again on Friday'"));
}

static void a_status_and_its_reason_go_together(void **state)
{
    (void)state;
    overlaps(TASK("'status':'requested'"), TASK("'status':'completed'"),
             TASK_2("'status':'cancelled','statusReason':{'text':'Moved away'}"), "status");
    struct merge *merge = merge_with(TASK("'status':'requested'"), TASK("'status':'completed'"),
                                     TASK_2("'status':'cancelled','statusReason':{'text':'Moved away'}"), MERGE_MINE);
    assert_string_equal(merge->overlaps[0].label, "Status");
    assert_string_equal(merge->overlaps[0].base, "requested");
    assert_string_equal(merge->overlaps[0].mine, "completed");
    assert_string_equal(merge->overlaps[0].theirs, "cancelled, Moved away");
    assert_false(merge->overlaps[0].both);
    assert_string_equal(json_text(merge->tree, "status"), "completed");
    assert_null(json_member(merge->tree, "statusReason"));
    merge = merge_with(TASK("'status':'requested'"), TASK("'status':'completed'"),
                       TASK_2("'status':'cancelled','statusReason':{'text':'Moved away'}"), MERGE_THEIRS);
    assert_string_equal(json_text_at(merge->tree, "statusReason.text"), "Moved away");
    forget();
}

static void bookkeeping_is_no_question(void **state)
{
    (void)state;
    becomes(TASK("'status':'requested','lastModified':'2026-11-20T00:00:00Z'"),
            TASK("'status':'completed','lastModified':'2026-11-22T09:00:00+09:00'"),
            TASK_2("'status':'requested','priority':'asap','lastModified':'2026-11-21T00:00:00Z'"),
            TASK_2("'status':'completed','priority':'asap','lastModified':'2026-11-22T09:00:00+09:00'"));
    /* A generated narrative says what one side said. */
    becomes(TASK("'status':'requested','text':{'status':'generated','div':'<div>requested</div>'}"),
            TASK("'status':'completed','text':{'status':'generated','div':'<div>requested</div>'}"),
            TASK_2("'status':'requested','priority':'asap','text':{'status':'generated','div':'<div>asap</div>'}"),
            TASK_2("'status':'completed','priority':'asap'"));
    becomes(TASK("'status':'requested'"), TASK("'status':'completed'"),
            TASK_2("'status':'requested','text':{'status':'additional','div':'<div>Ring twice.</div>'}"),
            TASK_2("'status':'completed','text':{'status':'additional','div':'<div>Ring twice.</div>'}"));
}

static void numbers_are_their_digits(void **state)
{
    (void)state;
    becomes(TASK("'status':'requested','restriction':{'repetitions':1}"), TASK("'status':'completed','restriction':{'repetitions':1}"),
            TASK_2("'status':'requested','restriction':{'repetitions':2}"),
            TASK_2("'status':'completed','restriction':{'repetitions':2}"));
#define GOAL(low, high) "{'resourceType':'Goal','id':'g','target':[{'id':'a','detailQuantity':{'value':" low "},'dueDate':'" high "'}]}"
    overlaps(GOAL("61.2", "2026-11-22"), GOAL("61.20", "2026-11-22"), GOAL("61.3", "2026-11-22"), "target[a].detailQuantity");
    struct merge *merge = merge_with(GOAL("61.20", "2026-11-22"), GOAL("61.20", "2026-11-23"),
                                     "{'resourceType':'Goal','id':'g','note':[{'text':'x'}],'target':[{'id':'a','detailQuantity':{"
                                     "'value':1234567890123456789.10},'dueDate':'2026-11-22'}]}", MERGE_ASK);
    assert_int_equal(merge->count, 0);
    char *text = json_print(merge->tree);
    assert_non_null(strstr(text, "1234567890123456789.10"));
    assert_non_null(strstr(text, "2026-11-23"));
    memory_free(text);
    /* 5 and 5.0 are two values. */
    overlaps(GOAL("5", "2026-11-22"), GOAL("5.0", "2026-11-22"), GOAL("5.00", "2026-11-22"), "target[a].detailQuantity");
    forget();
}

static void choices_and_data_types_are_taken_whole(void **state)
{
#define CONDITION(rest) "{'resourceType':'Condition','id':'c'" rest "}"
    (void)state;
    overlaps(CONDITION(""), CONDITION(",'onsetDateTime':'2026-01-01'"), CONDITION(",'onsetString':'as a child'"), "onset");
    overlaps(CONDITION(",'onsetPeriod':{'start':'2026-01-01','end':'2026-02-01'}"),
             CONDITION(",'onsetPeriod':{'start':'2026-01-05','end':'2026-02-01'}"),
             CONDITION(",'onsetPeriod':{'start':'2026-01-01','end':'2026-01-03'}"), "onsetPeriod");
    /* The form changed on one side only. */
    becomes(CONDITION(",'onsetDateTime':'2026-01-01'"), CONDITION(",'onsetString':'as a child'"),
            CONDITION(",'onsetDateTime':'2026-01-01','recordedDate':'2026-11-01'"),
            CONDITION(",'onsetString':'as a child','recordedDate':'2026-11-01'"));
    /* An extension of a primitive goes with it. */
    overlaps(CONDITION(",'recordedDate':'2026'"), CONDITION(",'recordedDate':'2025','_recordedDate':{'id':'x'}"),
             CONDITION(",'recordedDate':'2024'"), "recorded");
    overlaps(CONDITION(",'code':{'text':'a'}"), CONDITION(",'code':{'text':'b'}"),
             CONDITION(",'code':{'coding':[{'system':'s','code':'1'}],'text':'a'}"), "code");
    /* What has structure is merged inside. */
    becomes(TASK("'status':'requested','restriction':{'repetitions':1,'period':{'end':'2026-11-22'}}"),
            TASK("'status':'requested','restriction':{'repetitions':2,'period':{'end':'2026-11-22'}}"),
            TASK_2("'status':'requested','restriction':{'repetitions':1,'period':{'end':'2026-11-30'}}"),
            TASK_2("'status':'requested','restriction':{'repetitions':2,'period':{'end':'2026-11-30'}}"));
    /* A visit moved by both. */
    overlaps("{'resourceType':'Appointment','id':'a','start':'2026-11-22T09:00:00Z','end':'2026-11-22T09:30:00Z'}",
             "{'resourceType':'Appointment','id':'a','start':'2026-11-22T09:10:00Z','end':'2026-11-22T09:30:00Z'}",
             "{'resourceType':'Appointment','id':'a','start':'2026-11-22T09:00:00Z','end':'2026-11-22T10:00:00Z'}", "start");
}

static void lists_are_merged_by_identity(void **state)
{
    (void)state;
    /* identifier: system and value; one added on each side, one taken out. */
    becomes(PATIENT("'identifier':[{'system':'a','value':'1'},{'system':'a','value':'2'}]"),
            PATIENT("'identifier':[{'system':'m','value':'9'},{'system':'a','value':'1'},{'system':'a','value':'2'}]"),
            PATIENT("'identifier':[{'system':'a','value':'2'},{'system':'t','value':'1'}]"),
            PATIENT("'identifier':[{'system':'a','value':'2'},{'system':'t','value':'1'},{'system':'m','value':'9'}]"));
    /* Another place in the list is no change. */
    becomes(PATIENT("'identifier':[{'system':'a','value':'1'},{'system':'a','value':'2'}]"),
            PATIENT("'active':true,'identifier':[{'system':'a','value':'1'},{'system':'a','value':'2','use':'old'}]"),
            PATIENT("'identifier':[{'system':'a','value':'2'},{'system':'a','value':'1'}]"),
            PATIENT("'active':true,'identifier':[{'system':'a','value':'2','use':'old'},{'system':'a','value':'1'}]"));
    /* coding: system and code. reference. element id. */
    becomes(TASK("'status':'requested','basedOn':[{'reference':'CarePlan/1'}]"),
            TASK("'status':'requested','basedOn':[{'reference':'CarePlan/1'},{'reference':'CarePlan/2'}]"),
            TASK_2("'status':'requested','basedOn':[{'reference':'CarePlan/3'},{'reference':'CarePlan/1'}]"),
            TASK_2("'status':'requested','basedOn':[{'reference':'CarePlan/3'},{'reference':'CarePlan/1'},{'reference':'CarePlan/2'}]"));
    becomes(CONDITION(",'category':[{'coding':[{'system':'s','code':'1'}]}]"),
            CONDITION(",'category':[{'coding':[{'system':'s','code':'1'}]},{'coding':[{'system':'s','code':'2'}]}]"),
            CONDITION(",'category':[{'coding':[{'system':'s','code':'1','display':'One'}]}]"),
            CONDITION(",'category':[{'coding':[{'system':'s','code':'1','display':'One'}]},{'coding':[{'system':'s','code':'2'}]}]"));
    becomes(PLAN(ACTIVITY("a", "scheduled", "Weigh"), ACTIVITY("b", "scheduled", "Walk")),
            PLAN(ACTIVITY("a", "completed", "Weigh"), ACTIVITY("b", "scheduled", "Walk")),
            PLAN(ACTIVITY("b", "scheduled", "Walk far"), ACTIVITY("a", "scheduled", "Weigh")),
            PLAN(ACTIVITY("b", "scheduled", "Walk far"), ACTIVITY("a", "completed", "Weigh")));
    overlaps(PLAN(ACTIVITY("a", "scheduled", "Weigh"), ACTIVITY("b", "scheduled", "Walk")),
             PLAN(ACTIVITY("a", "completed", "Weigh"), ACTIVITY("b", "scheduled", "Walk")),
             PLAN(ACTIVITY("b", "scheduled", "Walk"), ACTIVITY("a", "cancelled", "Weigh")), "activity[a].detail.status");
    /* Taken out here, changed there. */
    overlaps(PLAN(ACTIVITY("a", "scheduled", "Weigh"), ACTIVITY("b", "scheduled", "Walk")),
             PLAN(ACTIVITY("c", "scheduled", "Sing"), ACTIVITY("b", "scheduled", "Walk")),
             PLAN(ACTIVITY("b", "scheduled", "Walk"), ACTIVITY("a", "cancelled", "Weigh")), "activity[a]");
}

static void lists_without_identity_are_sets_of_values(void **state)
{
#define NOTES(rest) "'status':'requested','note':[" rest "]"
    (void)state;
    becomes(TASK(NOTES("{'text':'a'}")), TASK(NOTES("{'text':'a'},{'text':'mine'}")), TASK_2(NOTES("{'text':'theirs'},{'text':'a'}")),
            TASK_2(NOTES("{'text':'theirs'},{'text':'a'},{'text':'mine'}")));
    becomes(TASK(NOTES("{'text':'a'}")), TASK(NOTES("{'text':'a'},{'text':'a'}")), TASK_2(NOTES("{'text':'a'},{'text':'b'}")),
            TASK_2(NOTES("{'text':'a'},{'text':'b'},{'text':'a'}")));
    /* The last one taken out on one side, another added on the other. */
    becomes(TASK(NOTES("{'text':'a'}")), TASK("'status':'requested'"), TASK_2(NOTES("{'text':'a'},{'text':'b'}")),
            TASK_2(NOTES("{'text':'b'}")));
    becomes(TASK(NOTES("{'text':'a'}")), TASK("'status':'completed'"), TASK_2(NOTES("{'text':'a'}") ",'priority':'asap'"),
            TASK_2("'status':'completed','priority':'asap'"));
    /* Each put its own in the place of one. Both can stand. */
    overlaps(TASK(NOTES("{'text':'a'},{'text':'x'}")), TASK(NOTES("{'text':'mine'},{'text':'x'}")),
             TASK_2(NOTES("{'text':'theirs'},{'text':'x'}")), "note");
    struct merge *merge = merge_with(TASK(NOTES("{'text':'a'}")), TASK(NOTES("{'text':'mine'}")), TASK_2(NOTES("{'text':'theirs'}")),
                                     MERGE_BOTH);
    assert_true(merge->overlaps[0].both);
    assert_int_equal(cJSON_GetArraySize(json_array(merge->tree, "note")), 2);
    /* One side changed what the other took out: with nothing to name it by, a person looks. */
#define NOTED(rest) TASK("'status':'requested','note':[" rest "]")
    overlaps(NOTED("{'text':'a'},{'text':'b'}"), NOTED("{'text':'a, twice'},{'text':'b'}"), NOTED("{'text':'b'}"), "note");
    /* Two items of one key: their values tell. */
    becomes(PATIENT("'identifier':[{'system':'a','value':'1'},{'system':'a','value':'1','use':'old'}]"),
            PATIENT("'active':true,'identifier':[{'system':'a','value':'1'}]"),
            PATIENT("'identifier':[{'system':'a','value':'1'},{'system':'a','value':'1','use':'old'},{'system':'b','value':'2'}]"),
            PATIENT("'active':true,'identifier':[{'system':'a','value':'1'},{'system':'b','value':'2'}]"));
    forget();
}

static void a_dose_is_never_merged_by_itself(void **state)
{
    (void)state;
    overlaps(ORDER(DOSE("5")), ORDER(DOSE("5.0")), ORDER(DOSE("10")), "dosageInstruction");
    /* One side alone changed the dose, the other something else: a person looks. */
    overlaps(ORDER(DOSE("5")), ORDER(DOSE("10")), ORDER(DOSE("5") ",'priority':'urgent'"), "dosageInstruction");
    overlaps(ORDER("'dispenseRequest':{'quantity':{'value':30},'numberOfRepeatsAllowed':1}"),
             ORDER("'priority':'urgent','dispenseRequest':{'quantity':{'value':30},'numberOfRepeatsAllowed':1}"),
             ORDER("'dispenseRequest':{'quantity':{'value':60},'numberOfRepeatsAllowed':2}"), "dispenseRequest.quantity");
    overlaps(ORDER("'medicationCodeableConcept':{'text':'a'}"), ORDER("'medicationCodeableConcept':{'text':'a'},'priority':'urgent'"),
             ORDER("'medicationReference':{'reference':'Medication/1'}"), "medication");
#define DIET(id, digits) "{" id "'detail':{'kind':'NutritionOrder','status':'scheduled','dailyAmount':{'value':" digits "}}}"
#define DIETS(rest) "{'resourceType':'CarePlan','id':'c','activity':[" rest "]"
    overlaps(DIETS("{'detail':{'productCodeableConcept':{'text':'Warfarin 1 mg'}}}") "}",
             DIETS("{'detail':{'productCodeableConcept':{'text':'Warfarin 1 mg'}}}") ",'title':'x'}",
             DIETS("{'detail':{'productCodeableConcept':{'text':'Warfarin 5 mg'}}}") "}", "activity");
    overlaps(DIETS(DIET("'id':'a',", "5")) "}", DIETS(DIET("'id':'a',", "7")) "}", DIETS(DIET("'id':'a',", "5")) ",'title':'x'}",
             "activity[a].detail.dailyAmount");
    /* Nothing tells such items apart: the list is looked at as a whole, and both is no answer. */
    overlaps(DIETS(DIET("", "5")) "}", DIETS(DIET("", "7")) "}", DIETS(DIET("", "5")) ",'title':'x'}", "activity");
    assert_false(merge_with(DIETS(DIET("", "5")) "}", DIETS(DIET("", "7")) "}", DIETS(DIET("", "5")) ",'title':'x'}", MERGE_BOTH)
                     ->overlaps[0].both);
    struct merge *merge = merge_with(ORDER(DOSE("5")), ORDER(DOSE("10")), ORDER(DOSE("5") ",'priority':'urgent'"), MERGE_MINE);
    assert_string_equal(merge->overlaps[0].label, "Dose");
    assert_string_equal(merge->overlaps[0].mine, "1 tablet, 10 mg");
    assert_string_equal(merge->overlaps[0].theirs, "1 tablet, 5 mg");
    assert_false(merge->overlaps[0].both);
    assert_string_equal(json_text(merge->tree, "priority"), "urgent");
    forget();
    /* While one side changed nothing at all there is nothing to merge. */
    becomes(ORDER(DOSE("5")), ORDER(DOSE("5")), ORDER(DOSE("10")), ORDER(DOSE("10")));
}

static void an_allergy_and_whose_chart_it_is_are_asked_about(void **state)
{
    (void)state;
    overlaps(ALLERGY("'criticality':'low','code':{'text':'Penicillin'}"), ALLERGY("'criticality':'high','code':{'text':'Penicillin'}"),
             ALLERGY("'criticality':'low','code':{'text':'Penicillin'},'note':[{'text':'rash'}]"), "note criticality");
    becomes(ALLERGY("'criticality':'low'"), ALLERGY("'criticality':'low','identifier':[{'system':'s','value':'m'}]"),
            ALLERGY("'criticality':'low','recordedDate':'2026'"),
            ALLERGY("'criticality':'low','recordedDate':'2026','identifier':[{'system':'s','value':'m'}]"));
    overlaps(TASK("'status':'requested','for':{'reference':'Patient/1'}"), TASK("'status':'completed','for':{'reference':'Patient/1'}"),
             TASK("'status':'requested','for':{'reference':'Patient/2'}"), "for");
}

static void a_newer_withdrawal_of_consent_wins(void **state)
{
#define RENEWED CONSENT(OLD, "'status':'active','dateTime':'2026-11-20T09:00:00Z','provision':{'type':'permit'}")
#define WITHDRAWN(updated, at, status, type) \
    CONSENT(updated, "'status':'" status "','dateTime':'" at "','provision':{'type':'" type "'}")
    static const char *const newer[] = {
        WITHDRAWN(OLD, "2026-11-21T09:00:00Z", "active", "deny"),
        WITHDRAWN(OLD, "2026-11-21T09:00:00Z", "inactive", "permit"),
        WITHDRAWN(OLD, "2026-11-21T09:00:00Z", "rejected", "permit"),
        WITHDRAWN("2026-11-21T09:00:00Z", "2026-10-01T09:00:00Z", "inactive", "permit"), /* the server says when */
    };
    (void)state;
    /* When it reached the server says nothing of when it was decided. */
    overlaps(BASE, RENEWED, WITHDRAWN("2026-11-21T09:00:00Z", "2026-11-20T08:00:00Z", "active", "deny"), "provision");
    /* Two decisions that are no withdrawals: neither is made a part of the other. */
    struct merge *two = merge_with(BASE, RENEWED, CONSENT(OLD, "'status':'active','dateTime':'2026-10-01T09:00:00Z','provision':{"
                                                               "'type':'permit'},'policyRule':{'text':'x'}"), MERGE_ASK);
    assert_true(two->appends && two->count == 1 && two->overlaps[0].both);
    for (size_t i = 0; i < sizeof newer / sizeof newer[0]; i++) {
        cJSON *withdrawn = parse(newer[i]);
        struct merge *merge = merge_with(BASE, RENEWED, newer[i], MERGE_MINE);
        assert_int_equal(merge->count, 0);
        assert_true(merge_equal(json_member(merge->tree, "status"), json_member(withdrawn, "status")));
        assert_true(merge_equal(json_member(merge->tree, "provision"), json_member(withdrawn, "provision")));
        assert_true(merge_equal(json_member(merge->tree, "dateTime"), json_member(withdrawn, "dateTime")));
        if (i < 3) { /* ours wins likewise */
            merge = merge_with(BASE, newer[i], RENEWED, MERGE_THEIRS);
            assert_int_equal(merge->count, 0);
            assert_true(merge->adds);
            assert_true(merge_equal(json_member(merge->tree, "provision"), json_member(withdrawn, "provision")));
        }
        cJSON_Delete(withdrawn);
    }
    /* An older one, or one of the same time, is asked about. */
    overlaps(BASE, RENEWED, WITHDRAWN(OLD, "2026-11-19T09:00:00Z", "inactive", "permit"), "provision");
    overlaps(BASE, RENEWED, WITHDRAWN(OLD, "2026-11-20T09:00:00Z", "active", "deny"), "provision");
    /* A withdrawal that only one side made stands. */
    becomes(BASE, WITHDRAWN(OLD, "2026-10-01T09:00:00Z", "inactive", "permit"),
            CONSENT(OLD, "'status':'active','dateTime':'2026-10-01T09:00:00Z','provision':{'type':'permit'},'policyRule':{'text':'x'}"),
            CONSENT(OLD, "'status':'inactive','dateTime':'2026-10-01T09:00:00Z','provision':{'type':'permit'},'policyRule':{'text':'x'}"));
    forget();
}

static void what_was_signed_is_never_overwritten(void **state)
{
    (void)state;
    static const char *const types[] = {"DocumentReference", "Observation", "Provenance"};
    for (size_t i = 0; i < 3; i++) {
        char base[200], mine[200], theirs[200];
        snprintf(base, sizeof base, "{'resourceType':'%s','id':'x','status':'preliminary'}", types[i]);
        snprintf(mine, sizeof mine, "{'resourceType':'%s','id':'x','status':'final'}", types[i]);
        snprintf(theirs, sizeof theirs, "{'resourceType':'%s','id':'x','status':'preliminary','method':{'text':'y'}}", types[i]);
        struct merge *merge = merge_with(base, mine, theirs, MERGE_MINE);
        assert_int_equal(merge->count, 1);
        assert_true(merge->appends && merge->overlaps[0].both);
        assert_string_equal(json_text(merge->tree, "status"), "preliminary");
    }
    forget();
}

static void free_text_of_both_can_stand(void **state)
{
    (void)state;
    struct merge *merge = merge_with(TASK("'status':'requested','description':'Weigh'"),
                                     TASK("'status':'requested','description':'Weigh sitting'"),
                                     TASK_2("'status':'requested','description':'Weigh twice','note':[{'text':'n'}]"), MERGE_BOTH);
    assert_int_equal(merge->count, 1);
    assert_true(merge->overlaps[0].both);
    assert_string_equal(json_text(merge->tree, "description"), "Weigh twice");
    assert_string_equal(json_text_at(merge->tree, "note[0].text"), "n");
    assert_string_equal(json_text_at(merge->tree, "note[1].text"), "Weigh sitting");
    merge = merge_with(TASK("'status':'requested','description':'Weigh'"), TASK("'status':'requested','description':'Weigh sitting'"),
                       TASK_2("'status':'requested'"), MERGE_BOTH);
    assert_false(merge->overlaps[0].both);
    forget();
}

/* What is too long for a screen is cut at a character, and shows it. */
static void long_words_are_cut(void **state)
{
    char mine[12000], theirs[200];
    (void)state;
    snprintf(mine, sizeof mine, "%s", TASK("'status':'requested','description':'"));
    mine[strlen(mine) - 1] = '\0';
    for (size_t used = strlen(mine); used < 10000; used += 3) {
        memcpy(mine + used, "가", 4);
    }
    snprintf(mine + strlen(mine), 3, "'}");
    snprintf(theirs, sizeof theirs, "%s", TASK_2("'status':'requested','description':'b'"));
    struct merge *merge = merge_with(TASK("'status':'requested','description':'a'"), mine, theirs, MERGE_ASK);
    size_t length = strlen(merge->overlaps[0].mine);
    assert_true(length <= MERGE_WORDS_LIMIT + 3 && length > MERGE_WORDS_LIMIT - 3);
    assert_string_equal(merge->overlaps[0].mine + length - 3, "...");
    assert_true(text_is_utf8(merge->overlaps[0].mine, length));
    forget();
}

static void different_kinds_are_refused(void **state)
{
    struct error error = {0};
    cJSON *task = parse(TASK("'status':'requested'"));
    cJSON *goal = parse("{'resourceType':'Goal'}");
    (void)state;
    assert_int_equal(merge_resources(task, task, goal, MERGE_ASK, &merged, &error), STATUS_INVALID);
    assert_string_not_equal(error.sentence, "");
    cJSON_Delete(task);
    cJSON_Delete(goal);
    forget();
}

int main(void)
{
    memory_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_side_keeps_its_own_elements),
        cmocka_unit_test(an_answer_is_not_put_on_another_question),
        cmocka_unit_test(a_status_and_its_reason_go_together),
        cmocka_unit_test(bookkeeping_is_no_question),
        cmocka_unit_test(numbers_are_their_digits),
        cmocka_unit_test(choices_and_data_types_are_taken_whole),
        cmocka_unit_test(lists_are_merged_by_identity),
        cmocka_unit_test(lists_without_identity_are_sets_of_values),
        cmocka_unit_test(a_dose_is_never_merged_by_itself),
        cmocka_unit_test(an_allergy_and_whose_chart_it_is_are_asked_about),
        cmocka_unit_test(a_newer_withdrawal_of_consent_wins),
        cmocka_unit_test(what_was_signed_is_never_overwritten),
        cmocka_unit_test(free_text_of_both_can_stand),
        cmocka_unit_test(long_words_are_cut),
        cmocka_unit_test(different_kinds_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
