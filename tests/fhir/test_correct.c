/* Corrections: a made record says something else and stays the same record. */
#include "fhir/codes.h"
#include "fhir/lookup.h"
#include "tests/fhir/visit_sample.h"

static void make(struct sample *sample, struct made_visit *made)
{
    sample_init(sample);
    sample_fill(sample);
    sample_read(sample);
    assert_int_equal(visit_make(&sample->visit, &sample->signer, made, NULL), STATUS_OK);
}

/* The Observation that has a reading of this vital. */
static const struct made_resource *observation_of(const struct made_visit *made, enum vital vital)
{
    for (size_t i = 0; i < made->count; i++) {
        cJSON *tree = tree_of(&made->items[i]);
        struct lookup lookup;

        assert_int_equal(lookup_read(tree, NULL, &lookup, NULL), STATUS_OK);
        bool found = lookup.kind == LOOKUP_READINGS_OF && lookup.value.readings.count > 0 &&
                     lookup.value.readings.items[0].vital == vital;
        lookup_free(&lookup);
        cJSON_Delete(tree);
        if (found) {
            return &made->items[i];
        }
    }
    fail_msg("no Observation of %s", vital_key(vital));
    return NULL;
}

/* Puts `typed` in the place of what was measured. */
static void correct(const struct sample *sample, const struct made_resource *made, enum entry_field field, const char *typed,
                    struct made_resource *out)
{
    struct entry_result result = entry_judge(field, typed, NULL);

    assert_int_equal(observation_correct(made->body, made->uuid, result.readings, result.count, &sample->signer, out, NULL),
                     STATUS_OK);
    dump(&(struct made_visit){.items = out, .count = 1});
}

/* All but what says the value is as it was. */
static void assert_same_record(const struct made_resource *before, const struct made_resource *after)
{
    static const char *const kept[] = {"resourceType", "id", "identifier", "status", "category", "subject", "encounter",
                                       "effectiveDateTime", "performer", "docStatus", "type", "date", "author",
                                       "authenticator", "context", "medicationCodeableConcept", "basedOn", "request",
                                       "effectivePeriod", "dateAsserted", "for", "intent", "patient", "dateTime",
                                       "policy", "policyRule", "provision", "sourceAttachment", "scope"};
    cJSON *old = tree_of(before);
    cJSON *new = tree_of(after);

    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        const cJSON *was = json_member(old, kept[i]);
        bool partly = strcmp(kept[i], "category") == 0 || strcmp(kept[i], "performer") == 0;
        if (partly && strcmp(before->type, "Consent") == 0) {
            continue; /* who and how, which was said */
        }
        if (strcmp(kept[i], "status") == 0 && strcmp(before->type, "MedicationStatement") == 0) {
            continue; /* which is what was said */
        }
        assert_int_equal(was == NULL, json_member(new, kept[i]) == NULL);
        assert_true(was == NULL || cJSON_Compare(was, json_member(new, kept[i]), true));
    }
    assert_string_equal(after->uuid, before->uuid);
    assert_string_equal(after->type, before->type);
    cJSON_Delete(old);
    cJSON_Delete(new);
}

static void a_value_is_corrected_in_its_own_record(void **state)
{
    static const struct { enum vital vital; enum entry_field field; const char *typed, *again, *code; } cases[] = {
        {VITAL_PULSE, ENTRY_PULSE, "71", "71", "8867-4"}, {VITAL_PULSE, ENTRY_PULSE, "- refused", "- refused", "8867-4"},
        {VITAL_SYSTOLIC, ENTRY_BP, "120/80", "120/80", "85354-9"}, {VITAL_SYSTOLIC, ENTRY_BP, "120/-", "120/-", "85354-9"},
        {VITAL_TEMPERATURE, ENTRY_TEMPERATURE, "98.60 F", "98.60 F", "8310-5"},
        {VITAL_OXYGEN_FLOW, ENTRY_OXYGEN, "28 %", "28 %", "3150-0"}, {VITAL_CONSCIOUSNESS, ENTRY_CONSCIOUSNESS, "v", "V", "80288-4"},
    };
    struct sample sample;
    struct made_visit made;

    (void)state;
    make(&sample, &made);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct made_resource *before = observation_of(&made, cases[i].vital);
        struct made_resource after;
        struct lookup lookup;
        char again[48];

        correct(&sample, before, cases[i].field, cases[i].typed, &after);
        assert_same_record(before, &after);
        cJSON *tree = tree_of(&after);
        assert_int_equal(lookup_read(tree, NULL, &lookup, NULL), STATUS_OK);
        entry_retype(lookup.value.readings.items, lookup.value.readings.count, again, sizeof again);
        assert_string_equal(again, cases[i].again);
        assert_string_equal(json_text_at(tree, "code.coding[0].code"), cases[i].code);
        assert_int_equal(json_member(tree, "component") != NULL, cases[i].field == ENTRY_BP);
        lookup_free(&lookup);
        cJSON_Delete(tree);
        memory_free(after.body);
    }
    made_visit_free(&made);
    sample_free(&sample);
}

static void a_note_gets_other_words(void **state)
{
    struct sample sample;
    struct made_visit made;
    struct made_resource after;
    struct lookup lookup;
    size_t note = 0;

    (void)state;
    make(&sample, &made);
    while (strcmp(made.items[note].type, "DocumentReference") != 0) {
        note++;
    }
    const char *body = made.items[note].body;
    assert_int_equal(note_correct(body, "s77", "S: 잘 주무심\n\nP: Weigh daily.", &sample.signer, &after, NULL), STATUS_OK);
    dump(&(struct made_visit){.items = &after, .count = 1});
    cJSON *tree = tree_of(&after);
    assert_int_equal(lookup_read(tree, NULL, &lookup, NULL), STATUS_OK);
    assert_string_equal(lookup.value.note.text, "S: 잘 주무심\n\nP: Weigh daily.");
    assert_string_equal(lookup.head.id, "s77"); /* the id it is known by now */
    assert_string_equal(after.uuid, made.items[note].uuid);
    lookup_free(&lookup);
    cJSON_Delete(tree);
    memory_free(after.body);
    assert_int_equal(note_correct(body, "s77", " \n", &sample.signer, &after, NULL), STATUS_INVALID);
    assert_null(after.body);
    assert_int_equal(note_correct(made.items[0].body, "e1", "x", &sample.signer, &after, NULL), STATUS_INVALID);
    made_visit_free(&made);
    sample_free(&sample);
}

static void the_score_follows_its_parts(void **state)
{
    struct sample sample;
    struct made_visit made;
    struct made_resource after;

    (void)state;
    make(&sample, &made);
    const struct made_resource *score = observation_of(&made, VITAL_NEWS2);
    struct reading *readings = sample.visit.readings;
    size_t count = sample.visit.reading_count;
    assert_int_equal(news2_correct(score->body, score->uuid, readings, count, &sample.signer, &after, NULL), STATUS_OK);
    assert_null(after.body); /* it is what it was */
    for (size_t i = 0; i < count; i++) {
        if (readings[i].vital == VITAL_PULSE) {
            readings[i].value = decimal_from(135, 0);
        }
    }
    assert_int_equal(news2_correct(score->body, score->uuid, readings, count, &sample.signer, &after, NULL), STATUS_OK);
    dump(&(struct made_visit){.items = &after, .count = 1});
    assert_same_record(score, &after);
    cJSON *tree = tree_of(&after);
    int64_t total = 0;
    assert_true(json_integer(tree, "valueInteger", &total));
    assert_int_equal(total, sample.visit.news2.total - 1 + 3); /* a pulse of 91 scores 1, of 135 it scores 3 */
    assert_non_null(json_array(tree, "derivedFrom"));
    cJSON_Delete(tree);
    memory_free(after.body);
    /* Without one of its parts there is no total, and none is kept up. */
    assert_int_equal(news2_correct(score->body, score->uuid, readings, count - 3, &sample.signer, &after, NULL), STATUS_OK);
    dump(&(struct made_visit){.items = &after, .count = 1});
    tree = tree_of(&after);
    assert_null(json_member(tree, "valueInteger"));
    assert_string_equal(json_text_at(tree, "dataAbsentReason.coding[0].code"), "unknown");
    cJSON_Delete(tree);
    memory_free(after.body);
    made_visit_free(&made);
    sample_free(&sample);
}

/* --- what was said -------------------------------------------------------------------------------- */

/* Makes the visit of the sample with this said beside it; the record of it. */
static const struct made_resource *make_said(struct sample *sample, struct made_visit *made, const char *type,
                                             const char *const (*fields)[2], size_t count)
{
    sample_init(sample);
    sample_fill(sample);
    for (size_t i = 0; i < count && fields[i][0] != NULL; i++) {
        sample_set(sample, fields[i][0], fields[i][1]);
    }
    sample_read(sample);
    assert_int_equal(visit_make(&sample->visit, &sample->signer, made, NULL), STATUS_OK);
    for (size_t i = 0; i < made->count; i++) {
        if (strcmp(made->items[i].type, type) == 0) {
            return &made->items[i];
        }
    }
    fail_msg("no %s", type);
    return NULL;
}

static void retype(const char *body, struct visit_draft *draft, enum said_kind *kind, char text[SAID_TEXT_SIZE])
{
    const char *values[SAID_FIELDS];
    cJSON *tree = NULL;
    bool found = false;

    visit_draft_init(draft);
    assert_int_equal(json_parse(body, strlen(body), &tree, NULL), STATUS_OK);
    assert_int_equal(said_retype(tree, kind, draft, &found, NULL), STATUS_OK);
    assert_true(found);
    cJSON_Delete(tree);
    said_values(draft, *kind, values);
    assert_true(said_write(*kind, values, text, SAID_TEXT_SIZE));
}

static void correct_said(const struct sample *sample, const char *body, const char *uuid, const char *typed,
                         struct made_resource *out)
{
    struct visit *said = memory_allocate(sizeof *said);
    struct visit_draft draft;
    enum said_kind kind = SAID_COUNT;
    char text[SAID_TEXT_SIZE];

    assert_non_null(said);
    retype(body, &draft, &kind, text);
    assert_int_equal(said_type(&draft, kind, typed, NULL), STATUS_OK);
    assert_int_equal(said_judge(&draft, kind, said, NULL), STATUS_OK);
    assert_int_equal(visit_problem_count(said, PROBLEM_REFUSED), 0);
    assert_int_equal(said_correct(body, uuid, kind, said, &sample->signer, out, NULL), STATUS_OK);
    dump(&(struct made_visit){.items = out, .count = 1});
    visit_draft_free(&draft);
    memory_free(said);
}

#define STATEMENT "MedicationStatement"
#define GIVEN "MedicationAdministration"
#define REQUEST {"medicine.0.request", "m1"}
#define SAID(key, value) {"medicine.0." key, value}

/* All that can be said of a medicine is read back as it was said, and corrected into all else. */
static void what_was_said_of_a_medicine_is_read_back_and_corrected(void **state)
{
    static const struct { const char *type, *fields[5][2], *text; } cases[] = {
        {STATEMENT, {REQUEST, SAID("taking", "as-ordered")}, "taking: as-ordered\nreason: "},
        {STATEMENT, {REQUEST, SAID("taking", "as-ordered"), SAID("reason", "with milk")}, "taking: as-ordered\nreason: with milk"},
        {STATEMENT, {REQUEST, SAID("taking", "not"), SAID("reason", "어지러움")}, "taking: not\nreason: 어지러움"},
        {STATEMENT, {REQUEST, SAID("taking", "not")}, "taking: not\nreason: "},
        {STATEMENT, {REQUEST, SAID("taking", "differently")}, "taking: differently\nreason: "},
        {STATEMENT, {REQUEST, SAID("taking", "differently"), SAID("reason", "half: at noon")},
         "taking: differently\nreason: half: at noon"},
        {STATEMENT, {REQUEST, SAID("taking", "unknown"), SAID("reason", "asleep")}, "taking: unknown\nreason: asleep"},
        {GIVEN, {REQUEST, SAID("dose", "0.50"), SAID("unit", "mg")}, "dose: 0.50\nunit: mg\nroute: \nreason: "},
        {GIVEN, {REQUEST, SAID("dose", "500"), SAID("unit", "mg"), SAID("route", "oral"), SAID("reason", "pain")},
         "dose: 500\nunit: mg\nroute: oral\nreason: pain"},
    };
    static const size_t count = sizeof cases / sizeof cases[0];

    (void)state;
    for (size_t i = 0; i < count; i++) {
        struct sample sample;
        struct made_visit made;
        struct visit_draft draft;
        enum said_kind kind = SAID_COUNT;
        char text[SAID_TEXT_SIZE];
        const struct made_resource *before = make_said(&sample, &made, cases[i].type, cases[i].fields, 5);

        retype(before->body, &draft, &kind, text);
        assert_string_equal(text, cases[i].text);
        assert_string_equal(said_get(&draft, kind, "request"), "m1");
        visit_draft_free(&draft);
        for (size_t j = 0; j < count; j++) {
            struct made_resource after;
            if (strcmp(cases[j].type, cases[i].type) == 0) {
                correct_said(&sample, before->body, before->uuid, cases[j].text, &after);
                assert_same_record(before, &after);
                retype(after.body, &draft, &kind, text);
                assert_string_equal(text, cases[j].text);
                visit_draft_free(&draft);
                memory_free(after.body);
            }
        }
        made_visit_free(&made);
        sample_free(&sample);
    }
}

/* The office's remark, its dosage and its codes are none of her words. */
static void what_others_wrote_into_it_stays(void **state)
{
    static const char body[] =
        "{\"resourceType\":\"MedicationStatement\",\"id\":\"s9\",\"status\":\"active\",\"subject\":{\"reference\":\"Patient/p1\"},"
        "\"medicationCodeableConcept\":{\"text\":\"X\"},\"basedOn\":[{\"reference\":\"MedicationRequest/m1\"}],\"dosage\":[{\"text\":"
        "\"1-0-1\"}],\"note\":[{\"authorString\":\"office\",\"text\":\"called\"},{\"text\":\"with milk\"}]}";
    struct sample sample;
    struct made_resource after;

    (void)state;
    sample_init(&sample);
    correct_said(&sample, body, "s9", "taking: not\nreason: nausea", &after);
    cJSON *tree = tree_of(&after);
    assert_string_equal(json_text(tree, "status"), "not-taken");
    assert_string_equal(json_text_at(tree, "statusReason[0].text"), "nausea");
    assert_int_equal(cJSON_GetArraySize(json_array(tree, "note")), 1);
    assert_string_equal(json_text_at(tree, "note[0].text"), "called");
    assert_string_equal(json_text_at(tree, "dosage[0].text"), "1-0-1");
    cJSON_Delete(tree);
    memory_free(after.body);
    correct_said(&sample, body, "s9", "reason: with tea", &after); /* what is not named stays */
    tree = tree_of(&after);
    assert_string_equal(json_text(tree, "status"), "active");
    assert_int_equal(cJSON_GetArraySize(json_array(tree, "note")), 2);
    assert_string_equal(json_text_at(tree, "note[1].text"), "with tea");
    cJSON_Delete(tree);
    memory_free(after.body);
    sample_free(&sample);
}

/* A task is somebody else's: nothing but the answer is made anew. */
static void what_became_of_a_task_is_corrected(void **state)
{
    struct visit_task answer = {.id = "t1", .status = "completed"};
    struct sample sample;
    struct made_visit made = {0};
    struct made_resource after;
    struct visit_draft draft;
    enum said_kind kind = SAID_COUNT;
    char text[SAID_TEXT_SIZE];

    (void)state;
    sample_init(&sample);
    assert_int_equal(task_update(task_body, &answer, &sample.signer, &made, NULL), STATUS_OK);
    retype(made.items[0].body, &draft, &kind, text);
    assert_string_equal(text, "status: completed\nreason: ");
    assert_string_equal(said_get(&draft, kind, "id"), "t1");
    visit_draft_free(&draft);
    sample.signer.now += INSTANT_HOUR;
    correct_said(&sample, made.items[0].body, "t1", "status: failed\nreason: not at home", &after);
    cJSON *tree = tree_of(&after);
    cJSON *begun = NULL;
    const cJSON *member = NULL;
    assert_int_equal(json_parse(task_body, strlen(task_body), &begun, NULL), STATUS_OK);
    assert_string_equal(json_text(tree, "status"), "failed");
    assert_string_equal(json_text_at(tree, "statusReason.text"), "not at home");
    assert_string_equal(json_text(tree, "lastModified"), "2026-11-22T10:00:00+09:00");
    cJSON_ArrayForEach(member, begun) {
        if (strcmp(member->string, "status") != 0 && strcmp(member->string, "statusReason") != 0 &&
            strcmp(member->string, "lastModified") != 0) {
            assert_true(cJSON_Compare(member, json_member(tree, member->string), true));
        }
    }
    cJSON_Delete(begun);
    cJSON_Delete(tree);
    memory_free(after.body);
    made_visit_free(&made);
    sample_free(&sample);
}

#define CONSENT(key, value) {"consent.1." key, value}
#define TEN "Abcdefghi "
/* 159 bytes, the most a name may have. */
#define LONG_NAME TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN "Abcdefghi"

/* Who gave it and how are the nurse's words; what was decided, on what text and when, is not. */
static void who_gave_a_consent_and_how_is_corrected(void **state)
{
    static const struct { const char *fields[4][2], *text, *decision; } cases[] = {
        {{CONSENT("by", "patient")}, "by: patient\nmethod: verbal-witnessed\nname: ", "permit"},
        {{CONSENT("by", "patient"), CONSENT("method", "typed-name"), CONSENT("name", "김하나")},
         "by: patient\nmethod: typed-name\nname: 김하나", "permit"},
        {{CONSENT("by", "child"), CONSENT("name", "Kim (Jr) Minsu")},
         "by: child\nmethod: verbal-witnessed\nname: Kim (Jr) Minsu", "permit"},
        {{CONSENT("by", "child"), CONSENT("name", LONG_NAME)}, "by: child\nmethod: verbal-witnessed\nname: " LONG_NAME, "permit"},
        {{CONSENT("by", "other"), CONSENT("method", "paper"), CONSENT("decision", "withdraw")},
         "by: other\nmethod: paper\nname: ", "withdraw"},
        {{CONSENT("method", "refused"), CONSENT("decision", "deny")}, "by: patient\nmethod: refused\nname: ", "deny"},
    };
    static const size_t count = sizeof cases / sizeof cases[0];

    (void)state;
    for (size_t i = 0; i < count; i++) {
        struct sample sample;
        struct made_visit made;
        struct visit_draft draft;
        enum said_kind kind = SAID_COUNT;
        char text[SAID_TEXT_SIZE];
        const struct made_resource *before = make_said(&sample, &made, "Consent", cases[i].fields, 4);

        retype(before->body, &draft, &kind, text);
        assert_string_equal(text, cases[i].text);
        assert_string_equal(said_get(&draft, kind, "purpose"), "share-record");
        assert_string_equal(said_get(&draft, kind, "decision"), cases[i].decision);
        visit_draft_free(&draft);
        for (size_t j = 0; j < count; j++) {
            struct made_resource after;
            if (strcmp(cases[j].decision, "permit") != 0 && strcmp(cases[i].decision, "permit") == 0) {
                continue; /* what is agreed to was not refused */
            }
            correct_said(&sample, before->body, before->uuid, cases[j].text, &after);
            assert_same_record(before, &after);
            retype(after.body, &draft, &kind, text);
            assert_string_equal(text, cases[j].text);
            assert_string_equal(said_get(&draft, kind, "decision"), cases[i].decision);
            visit_draft_free(&draft);
            cJSON *tree = tree_of(&after);
            assert_int_equal(cJSON_GetArraySize(json_array(tree, "category")), 3);
            assert_int_equal(cJSON_GetArraySize(json_array(tree, "performer")), 1);
            assert_string_equal(json_text_at(tree, "verification[0].verificationDate"), json_text(tree, "dateTime"));
            cJSON_Delete(tree);
            memory_free(after.body);
        }
        made_visit_free(&made);
        sample_free(&sample);
    }
}

/* A word beside a name is in the language of its day: whoever decided is known by a code, or to be chosen again. */
static void who_decided_is_read_in_no_language(void **state)
{
#define PERSON(key, word) ",\"category\":[{\"coding\":[{\"system\":\"" SYSTEM_OWN_PERSON "\",\"code\":\"" key "\"}],\"text\":\"" word "\"}]"
    static const char *const people[][3] = {
        {"{\"reference\":\"Patient/p1\",\"display\":\"김하나\"}", "by: patient\nmethod: \nname: 김하나", ""},
        {"{\"type\":\"RelatedPerson\",\"display\":\"김민수 (아들이나 딸)\"}", "by: \nmethod: \nname: 김민수", ""},
        /* Signed in Korean by somebody without a name, who is called by what he is. */
        {"{\"reference\":\"Patient/p1\",\"display\":\"본인\"}", "by: patient\nmethod: \nname: ", PERSON("patient", "본인")},
        {"{\"reference\":\"Patient/p1\",\"display\":\"김하나\"}", "by: patient\nmethod: \nname: 김하나", PERSON("patient", "본인")},
    };

    (void)state;
    for (size_t i = 0; i < sizeof people / sizeof people[0]; i++) {
        struct visit_draft draft;
        enum said_kind kind = SAID_COUNT;
        char body[600];
        char text[SAID_TEXT_SIZE];
        snprintf(body, sizeof body, "{\"resourceType\":\"Consent\",\"id\":\"c1\",\"status\":\"active\",\"performer\":[%s]%s}",
                 people[i][0], people[i][2]);
        retype(body, &draft, &kind, text);
        assert_string_equal(text, people[i][1]);
        visit_draft_free(&draft);
    }
}

static void a_correction_is_signed(void **state)
{
    struct sample sample;
    struct made_visit made;
    struct made_resource provenance;
    char targets[2][REFERENCE_SIZE] = {"", "Task/t1"};

    (void)state;
    make(&sample, &made);
    text_format(targets[0], sizeof targets[0], "%s/%s", made.items[1].type, made.items[1].uuid);
    assert_int_equal(correction_provenance(targets, 2, &sample.signer, &provenance, NULL), STATUS_OK);
    dump(&(struct made_visit){.items = &provenance, .count = 1});
    cJSON *tree = tree_of(&provenance);
    assert_int_equal(cJSON_GetArraySize(json_array(tree, "target")), 2);
    assert_string_equal(json_text_at(tree, "target[0].reference"), targets[0]);
    assert_string_equal(json_text_at(tree, "target[1].reference"), "Task/t1");
    assert_string_equal(json_text_at(tree, "activity.coding[0].code"), "UPDATE");
    assert_string_equal(json_text_at(tree, "signature[0].type[0].code"), "1.2.840.10065.1.12.1.16");
    assert_string_equal(json_text_at(tree, "signature[0].who.reference"), "Practitioner/n1");
    assert_string_equal(json_text(tree, "recorded"), "2026-11-22T09:00:00+09:00");
    assert_true(uuid_is_valid(provenance.uuid));
    cJSON_Delete(tree);
    memory_free(provenance.body);
    made_visit_free(&made);
    sample_free(&sample);
}

static void survives_the_lack_of_memory(void **state)
{
    struct sample sample;
    struct made_visit made;

    (void)state;
    make(&sample, &made);
    const struct made_resource *pulse = observation_of(&made, VITAL_PULSE);
    const struct made_resource *score = observation_of(&made, VITAL_NEWS2);
    char targets[2][REFERENCE_SIZE] = {"Observation/o1", "Task/t1"};
    struct entry_result other = entry_judge(ENTRY_PULSE, "135", NULL);
    static const char *const fields[][2] = {REQUEST, SAID("taking", "not"), SAID("reason", "nausea")};
    struct sample with_said;
    struct made_visit made_with_said;
    const struct made_resource *said = make_said(&with_said, &made_with_said, STATEMENT, fields, 3);
    cJSON *said_tree = tree_of(said);
    struct made_resource whole;
    assert_int_equal(said_correct(said->body, "s1", SAID_TAKEN, &with_said.visit, &sample.signer, &whole, NULL), STATUS_OK);
    for (long nth = 1; nth <= 120; nth++) {
        struct made_resource after[4];
        struct visit_draft draft;
        enum said_kind kind = SAID_COUNT;
        bool found = false;
        visit_draft_init(&draft);
        memory_fail_at(nth, 1);
        enum status read = said_retype(said_tree, &kind, &draft, &found, NULL);
        memory_fail_at(nth, 0);
        enum status correction = said_correct(said->body, "s1", SAID_TAKEN, &with_said.visit, &sample.signer, &after[3], NULL);
        visit_draft_free(&draft);
        memory_fail_at(nth, 1);
        enum status value = observation_correct(pulse->body, "o1", other.readings, other.count, &sample.signer, &after[0], NULL);
        memory_fail_at(nth, 1);
        enum status total = news2_correct(score->body, "o2", other.readings, other.count, &sample.signer, &after[1], NULL);
        memory_fail_at(nth, 1);
        enum status signature = correction_provenance(targets, 2, &sample.signer, &after[2], NULL);
        memory_fail_at(0, 0);
        assert_true(value == (after[0].body != NULL ? STATUS_OK : STATUS_NO_MEMORY));
        assert_true(total == (after[1].body != NULL ? STATUS_OK : STATUS_NO_MEMORY));
        assert_true(signature == (after[2].body != NULL ? STATUS_OK : STATUS_NO_MEMORY));
        assert_true(read == STATUS_OK || read == STATUS_NO_MEMORY);
        assert_true(correction == (after[3].body != NULL ? STATUS_OK : STATUS_NO_MEMORY));
        assert_true(correction != STATUS_OK || strcmp(after[3].body, whole.body) == 0); /* and nothing is left out */
        for (size_t i = 0; i < 4; i++) {
            memory_free(after[i].body);
        }
    }
    memory_free(whole.body);
    cJSON_Delete(said_tree);
    made_visit_free(&made_with_said);
    sample_free(&with_said);
    made_visit_free(&made);
    sample_free(&sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_is_corrected_in_its_own_record),
        cmocka_unit_test(a_note_gets_other_words),
        cmocka_unit_test(the_score_follows_its_parts),
        cmocka_unit_test(what_was_said_of_a_medicine_is_read_back_and_corrected),
        cmocka_unit_test(what_others_wrote_into_it_stays),
        cmocka_unit_test(what_became_of_a_task_is_corrected),
        cmocka_unit_test(who_gave_a_consent_and_how_is_corrected),
        cmocka_unit_test(who_decided_is_read_in_no_language),
        cmocka_unit_test(a_correction_is_signed),
        cmocka_unit_test(survives_the_lack_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
