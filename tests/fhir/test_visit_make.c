/*
 * A visit to resources, and back through the look-ups. With DOORSTEP_TEST_DUMP=FILE every resource made here is also
 * appended to FILE, one a line, for a validator that nobody here wrote.
 */
#include "fhir/bundle.h"
#include "fhir/lookup.h"
#include "care/consent.h"
#include "tests/fhir/visit_sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

/* Reads the sample and makes its resources; every one is checked and looked up as a pulled one would be. */
static void make(struct sample *sample, struct made_visit *made)
{
    struct error error = {0};

    sample_read(sample);
    for (size_t i = 0; i < sample->visit.problem_count; i++) {
        if (sample->visit.problems[i].level == PROBLEM_REFUSED) {
            fail_msg("%s: %s", sample->visit.problems[i].field, sample->visit.problems[i].sentence);
        }
    }
    assert_int_equal(visit_make(&sample->visit, &sample->signer, made, &error), STATUS_OK);
    dump(made);
}

/* The n-th resource of a type; fails the test when there are fewer. */
static const struct made_resource *find(const struct made_visit *made, const char *type, size_t n)
{
    for (size_t i = 0; i < made->count; i++) {
        if (strcmp(made->items[i].type, type) == 0 && n-- == 0) {
            return &made->items[i];
        }
    }
    fail_msg("no %s", type);
    return NULL;
}

static size_t count_of(const struct made_visit *made, const char *type)
{
    size_t count = 0;

    for (size_t i = 0; i < made->count; i++) {
        count += strcmp(made->items[i].type, type) == 0;
    }
    return count;
}

static void every_resource_carries_its_identity(void **state)
{
    struct sample sample;
    struct made_visit made;

    (void)state;
    sample_init(&sample);
    sample_fill(&sample);
    sample_fill_rest(&sample);
    make(&sample, &made);
    assert_string_equal(made.items[0].type, "Encounter");
    assert_string_equal(made.items[0].uuid, sample.draft.id);
    assert_string_equal(made.items[made.count - 1].type, "Provenance");
    for (size_t i = 0; i < made.count; i++) {
        const struct made_resource *item = &made.items[i];
        struct lookup lookup;
        char expected[200];
        cJSON *tree = tree_of(item);

        assert_true(uuid_is_valid(item->uuid));
        assert_string_equal(item->base_version, "");
        assert_int_equal(lookup_read(tree, NULL, &lookup, NULL), STATUS_OK);
        assert_string_equal(lookup.head.type, item->type);
        assert_string_equal(lookup.head.id, item->uuid);
        assert_string_equal(lookup.identifier_uuid, item->uuid);
        assert_string_equal(lookup.patient, strcmp(item->type, "Provenance") == 0 ? "" : "p1");
        (void)snprintf(expected, sizeof expected, strcmp(item->type, "Provenance") == 0
                       ? "_tag=https://doorstep.example/fhir/CodeSystem/record|%s"
                       : "identifier=https://doorstep.example/fhir/NamingSystem/record|%s", item->uuid);
        assert_string_equal(item->if_none_exist, expected);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(made.items[j].uuid, item->uuid);
        }
        lookup_free(&lookup);
        cJSON_Delete(tree);
    }
    made_visit_free(&made);
    assert_int_equal(made.count, 0);
    sample_free(&sample);
}

static void the_readings_come_back_as_they_were_typed(void **state)
{
    struct sample sample;
    struct made_visit made;
    bool seen[VITAL_COUNT] = {false};

    (void)state;
    sample_init(&sample);
    sample_fill(&sample);
    sample_fill_rest(&sample);
    sample_set(&sample, "vitals.temp", "98.6 F");
    sample_set(&sample, "confirmed.temp", "98.6 F");
    sample_set(&sample, "vitals.glucose", "HI");
    sample_set(&sample, "confirmed.glucose", "HI");
    make(&sample, &made);
    for (size_t i = 0; i < made.count; i++) {
        cJSON *tree = tree_of(&made.items[i]);
        struct lookup lookup;

        assert_int_equal(lookup_read(tree, NULL, &lookup, NULL), STATUS_OK);
        for (size_t j = 0; lookup.kind == LOOKUP_READINGS_OF && j < lookup.value.readings.count; j++) {
            const struct reading *back = &lookup.value.readings.items[j];
            const struct reading *typed = NULL;
            char one[32], other[32];

            assert_int_equal(back->source, SOURCE_NURSE);
            assert_int_equal(back->status, READING_FINAL);
            assert_true(back->at == sample.visit.start);
            assert_false(seen[back->vital]);
            seen[back->vital] = true;
            for (size_t k = 0; k < sample.visit.reading_count; k++) {
                typed = sample.visit.readings[k].vital == back->vital ? &sample.visit.readings[k] : typed;
            }
            if (back->vital == VITAL_NEWS2) {
                assert_int_equal(back->value.units, sample.visit.news2.total);
                continue;
            }
            assert_non_null(typed);
            assert_string_equal(back->absent, typed->absent);
            assert_string_equal(back->comparator, typed->comparator);
            reading_format(one, sizeof one, back);
            reading_format(other, sizeof other, typed);
            assert_string_equal(one, other);
            if (back->vital == VITAL_TEMPERATURE) {
                assert_string_equal(back->text, "98.6");
                assert_string_equal(back->unit, "F");
            }
        }
        lookup_free(&lookup);
        cJSON_Delete(tree);
    }
    for (size_t k = 0; k < sample.visit.reading_count; k++) {
        assert_true(seen[sample.visit.readings[k].vital]);
    }
    assert_true(seen[VITAL_NEWS2]);
    made_visit_free(&made);
    sample_free(&sample);
}

static void groups_what_belongs_together(void **state)
{
    struct sample sample;
    struct made_visit made;
    cJSON *tree = NULL;

    (void)state;
    sample_init(&sample);
    sample_fill(&sample);
    sample_set(&sample, "vitals.bp", "142/-");
    make(&sample, &made);
    tree = tree_of(find(&made, "Observation", 0));
    assert_string_equal(json_text_at(tree, "code.coding[0].code"), "85354-9");
    assert_null(json_member(tree, "valueQuantity"));
    assert_string_equal(json_text_at(tree, "component[0].code.coding[0].code"), "8480-6");
    assert_string_equal(json_text_at(tree, "component[0].valueQuantity.code"), "mm[Hg]");
    assert_string_equal(json_text_at(tree, "component[1].code.coding[0].code"), "8462-4");
    assert_non_null(json_text_at(tree, "component[1].dataAbsentReason.coding[0].code"));
    assert_null(json_at(tree, "component[2]"));
    cJSON_Delete(tree);
    tree = tree_of(find(&made, "Observation", 3));
    assert_string_equal(json_text_at(tree, "code.coding[0].code"), "2708-6");
    assert_string_equal(json_text_at(tree, "code.coding[1].code"), "59408-5");
    cJSON_Delete(tree);
    tree = tree_of(find(&made, "Encounter", 0));
    assert_string_equal(json_text_at(tree, "class.code"), "HH");
    assert_string_equal(json_text_at(tree, "status"), "finished");
    assert_string_equal(json_text_at(tree, "appointment[0].reference"), "Appointment/a1");
    assert_string_equal(json_text_at(tree, "participant[0].individual.reference"), "Practitioner/n1");
    assert_string_equal(json_text_at(tree, "period.start"), "2026-11-22T08:20:00+09:00");
    assert_string_equal(json_text_at(tree, "period.end"), "2026-11-22T09:00:00+09:00");
    cJSON_Delete(tree);
    made_visit_free(&made);
    sample_free(&sample);
}

/* The NEWS2 Observation is there only with all seven parts, and names exactly these. */
static void no_total_without_its_parts(void **state)
{
    struct sample sample;
    struct made_visit made;
    size_t totals = 0;

    (void)state;
    for (int complete = 0; complete < 2; complete++) {
        sample_init(&sample);
        sample_fill(&sample);
        sample_set(&sample, "vitals.consciousness", complete ? "A" : "- asleep");
        make(&sample, &made);
        totals = 0;
        for (size_t i = 0; i < count_of(&made, "Observation"); i++) {
            cJSON *tree = tree_of(find(&made, "Observation", i));

            if (strcmp(json_text_at(tree, "code.coding[0].code"), "news2-total") == 0) {
                totals++;
                assert_int_equal(cJSON_GetArraySize(json_array(tree, "derivedFrom")), 7);
                assert_string_equal(json_text_at(tree, "method.text"), "SpO2 scale 1");
            }
            cJSON_Delete(tree);
        }
        assert_int_equal(totals, complete);
        made_visit_free(&made);
        sample_free(&sample);
    }
}

static void glucose_in_mmol_has_its_own_code(void **state)
{
    static const char *const rows[][4] = {
        {"110", "41653-7", "mg/dL", "110"}, {"6.1 mmol", "14743-9", "mmol/L", "6.1"}, {"HI", "41653-7", "mg/dL", "600"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sample sample;
        struct made_visit made;
        char digits[16];
        cJSON *tree = NULL;

        sample_init(&sample);
        sample_set(&sample, "vitals.glucose", rows[i][0]);
        sample_set(&sample, "confirmed.glucose", rows[i][0]);
        make(&sample, &made);
        assert_int_equal(count_of(&made, "Observation"), 1);
        tree = tree_of(find(&made, "Observation", 0));
        assert_string_equal(json_text_at(tree, "code.coding[0].code"), rows[i][1]);
        assert_string_equal(json_text_at(tree, "valueQuantity.code"), rows[i][2]);
        assert_true(json_number_text(json_at(tree, "valueQuantity.value"), digits, sizeof digits));
        assert_string_equal(digits, rows[i][3]);
        cJSON_Delete(tree);
        made_visit_free(&made);
        sample_free(&sample);
    }
}

static void no_snomed_in_japan(void **state)
{
    struct sample sample;
    struct made_visit made;

    (void)state;
    sample_init(&sample);
    sample.signer.language = "ja";
    sample_set(&sample, "vitals.consciousness", "C");
    make(&sample, &made);
    assert_null(strstr(find(&made, "Observation", 0)->body, "snomed"));
    assert_non_null(strstr(find(&made, "Observation", 0)->body, "\"code\":\"C\""));
    made_visit_free(&made);
    sample_free(&sample);
}

static void the_note_is_what_was_written(void **state)
{
    struct sample sample;
    struct made_visit made;
    struct lookup lookup;
    cJSON *tree = NULL;

    (void)state;
    sample_init(&sample);
    sample_set(&sample, "note.template", "soap");
    sample_set(&sample, "note.s", "잘 잤다");
    sample_set(&sample, "note.p", "Two\nlines");
    make(&sample, &made);
    tree = tree_of(find(&made, "DocumentReference", 0));
    assert_string_equal(json_text_at(tree, "docStatus"), "final");
    assert_string_equal(json_text_at(tree, "type.coding[0].code"), "34746-8");
    assert_string_equal(json_text_at(tree, "authenticator.reference"), "Practitioner/n1");
    assert_string_equal(json_text_at(tree, "content[0].attachment.contentType"), "text/plain; charset=utf-8");
    assert_int_equal(lookup_read(tree, NULL, &lookup, NULL), STATUS_OK);
    assert_string_equal(lookup.value.note.text, "S: 잘 잤다\n\nP: Two\nlines");
    assert_true(lookup.value.note.at == SAMPLE_NOW);
    assert_string_equal(lookup.value.note.author, "Kim Nurse");
    lookup_free(&lookup);
    cJSON_Delete(tree);
    made_visit_free(&made);
    sample_set(&sample, "note.s", "");
    sample_set(&sample, "note.p", "");
    sample_set(&sample, "note.template", "free");
    sample_set(&sample, "note.text", "Plain");
    make(&sample, &made);
    tree = tree_of(find(&made, "DocumentReference", 0));
    assert_int_equal(lookup_read(tree, NULL, &lookup, NULL), STATUS_OK);
    assert_string_equal(lookup.value.note.text, "Plain");
    lookup_free(&lookup);
    cJSON_Delete(tree);
    made_visit_free(&made);
    sample_free(&sample);
}

static void consents_say_what_was_decided(void **state)
{
    static const struct {
        const char *purpose, *status, *by;
        enum consent_decision decision;
    } rows[] = {
        {"share-record", "active", "the patient", CONSENT_PERMIT},
        {"research", "active", "Kim Minsu (son or daughter)", CONSENT_DENY},
        {"photo", "inactive", "legal guardian", CONSENT_DENY},
    };
    struct sample sample;
    struct made_visit made;

    (void)state;
    sample_init(&sample);
    sample_fill(&sample);
    sample_fill_rest(&sample);
    make(&sample, &made);
    assert_int_equal(count_of(&made, "Consent"), 3);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct consent_purpose *purpose = consent_purpose_find(rows[i].purpose);
        struct lookup lookup;
        cJSON *tree = tree_of(find(&made, "Consent", i));

        assert_int_equal(lookup_read(tree, NULL, &lookup, NULL), STATUS_OK);
        assert_string_equal(lookup.value.consent.purpose, rows[i].purpose);
        assert_string_equal(lookup.value.consent.status, rows[i].status);
        assert_string_equal(lookup.value.consent.by, rows[i].by);
        assert_string_equal(lookup.value.consent.label, purpose->label);
        assert_int_equal(lookup.value.consent.decision, rows[i].decision);
        assert_true(lookup.value.consent.at == sample.visit.end);
        /* Strict R4: the root of the provision has no type. */
        assert_null(json_at(tree, "provision.type"));
        assert_non_null(json_text_at(tree, "policy[0].uri"));
        assert_string_equal(json_text_at(tree, "scope.coding[0].code"), purpose->scope);
        /* The exact words that were read out travel with it. */
        int64_t size = 0;
        assert_true(json_integer(json_object(tree, "sourceAttachment"), "size", &size));
        assert_int_equal(size, strlen(purpose->text));
        cJSON_Delete(tree);
    }
    made_visit_free(&made);
    sample.signer.consent_policy = "https://agency.example/policy/7";
    make(&sample, &made);
    assert_non_null(strstr(find(&made, "Consent", 0)->body, "\"uri\":\"https://agency.example/policy/7\""));
    made_visit_free(&made);
    sample_free(&sample);
}

static void medicines_are_named_as_ordered(void **state)
{
    struct sample sample;
    struct made_visit made;
    struct lookup lookup;
    cJSON *tree = NULL;

    (void)state;
    sample_init(&sample);
    sample_fill_rest(&sample);
    make(&sample, &made);
    assert_int_equal(count_of(&made, "MedicationStatement"), 2);
    tree = tree_of(find(&made, "MedicationStatement", 0));
    assert_int_equal(lookup_read(tree, NULL, &lookup, NULL), STATUS_OK);
    assert_string_equal(lookup.value.medicine.label, "Paracetamol 500 mg");
    assert_string_equal(lookup.value.medicine.codes[0].code, "N02BE01");
    assert_string_equal(lookup.value.medicine.status, "active");
    assert_string_equal(lookup.value.medicine.request, "m1");
    cJSON_Delete(tree);
    tree = tree_of(find(&made, "MedicationStatement", 1));
    assert_string_equal(json_text_at(tree, "status"), "not-taken");
    assert_string_equal(json_text_at(tree, "statusReason[0].text"), "nausea");
    cJSON_Delete(tree);
    tree = tree_of(find(&made, "MedicationAdministration", 0));
    assert_int_equal(lookup_read(tree, NULL, &lookup, NULL), STATUS_OK);
    assert_string_equal(lookup.value.medicine.dose, "500 mg, oral");
    assert_string_equal(lookup.value.medicine.request, "m1");
    assert_string_equal(json_text_at(tree, "performer[0].actor.reference"), "Practitioner/n1");
    cJSON_Delete(tree);
    made_visit_free(&made);
    sample_free(&sample);
}

static void the_signature_covers_everything(void **state)
{
    struct sample sample;
    struct made_visit made;
    cJSON *tree = NULL;

    (void)state;
    sample_init(&sample);
    sample_fill(&sample);
    make(&sample, &made);
    tree = tree_of(find(&made, "Provenance", 0));
    assert_int_equal(cJSON_GetArraySize(json_array(tree, "target")), made.count - 1);
    for (size_t i = 0; i + 1 < made.count; i++) {
        char expected[REFERENCE_SIZE];
        const cJSON *target = cJSON_GetArrayItem(json_array(tree, "target"), (int)i);

        (void)snprintf(expected, sizeof expected, "%s/%s", made.items[i].type, made.items[i].uuid);
        assert_string_equal(json_text(target, "reference"), expected);
    }
    assert_string_equal(json_text_at(tree, "signature[0].type[0].code"), "1.2.840.10065.1.12.1.1");
    assert_string_equal(json_text_at(tree, "signature[0].when"), "2026-11-22T09:00:00+09:00");
    assert_string_equal(json_text_at(tree, "activity.coding[0].code"), "LA");
    cJSON_Delete(tree);
    made_visit_free(&made);
    sample_free(&sample);
}

/* --- on the wire ----------------------------------------------------------------------------------- */

static size_t gzip_size(const char *text)
{
    static unsigned char out[1 << 20];
    z_stream stream = {.next_out = out, .avail_out = sizeof out, .avail_in = (uInt)strlen(text)};
    unsigned char *copy = memory_allocate(strlen(text) + 1);

    assert_non_null(copy);
    memcpy(copy, text, strlen(text));
    stream.next_in = copy;
    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(deflateEnd(&stream), Z_OK);
    memory_free(copy);
    return stream.total_out;
}

static bool to_urn(void *context, const char *reference, char *out, size_t size)
{
    const struct made_visit *made = context;

    for (size_t i = 0; i < made->count; i++) {
        const char *id = reference_id(reference, made->items[i].type);

        if (id != NULL && strcmp(id, made->items[i].uuid) == 0) {
            return text_format(out, size, "urn:uuid:%s", id);
        }
    }
    return false;
}

/* The budget: one signed visit with 8 vitals, note and consent in one request of less than 3 kB. */
static void a_visit_fits_its_budget(void **state)
{
    struct sample sample;
    struct made_visit made;
    struct transaction *transaction = NULL;
    char *text = NULL;

    (void)state;
    sample_init(&sample);
    sample_fill(&sample);
    make(&sample, &made);
    transaction = transaction_new("transaction");
    for (size_t i = 0; i < made.count; i++) {
        cJSON *tree = tree_of(&made.items[i]);

        assert_int_equal(references_rewrite(tree, to_urn, &made, NULL), STATUS_OK);
        assert_int_equal(transaction_add_create(transaction, tree, made.items[i].uuid, made.items[i].if_none_exist,
                                                NULL), STATUS_OK);
    }
    text = transaction_print(transaction);
    print_message("one visit: %zu resources, %zu bytes, %zu gzipped\n", made.count, strlen(text), gzip_size(text));
    assert_true(gzip_size(text) < 3000);
    memory_free(text);
    transaction_free(transaction);
    made_visit_free(&made);
    sample_free(&sample);
}

/* --- single resources ------------------------------------------------------------------------------ */

static void survives_the_lack_of_memory(void **state)
{
    struct sample sample;
    struct made_visit made;
    struct made_resource nurse;
    struct visit_task change = {.id = "t1", .status = "completed", .reason = "x"};
    long allocations = 0;

    (void)state;
    sample_init(&sample);
    sample_fill(&sample);
    sample_fill_rest(&sample);
    make(&sample, &made);
    made_visit_free(&made);
    memory_fail_at(0, 0);
    assert_int_equal(visit_make(&sample.visit, &sample.signer, &made, NULL), STATUS_OK);
    allocations = memory_allocation_count();
    made_visit_free(&made);
    assert_true(allocations > 500);
    for (long nth = 1; nth <= allocations; nth++) {
        memory_fail_at(nth, 0);
        enum status status = visit_make(&sample.visit, &sample.signer, &made, NULL);
        memory_fail_at(0, 0);
        assert_int_equal(status, STATUS_NO_MEMORY);
        assert_int_equal(made.count, 0);
    }
    for (long nth = 1; nth <= 60; nth++) {
        memory_fail_at(nth, 1);
        enum status task = task_update(task_body, &change, &sample.signer, &made, NULL);
        memory_fail_at(nth, 1);
        enum status practitioner = practitioner_make("A", &sample.randomness, &nurse, NULL);
        memory_fail_at(0, 0);
        assert_true(task == STATUS_NO_MEMORY || (task == STATUS_OK && made.count == 1));
        assert_true(practitioner == STATUS_NO_MEMORY || (practitioner == STATUS_OK && nurse.body != NULL));
        made_visit_free(&made);
        memory_free(nurse.body);
    }
    sample_free(&sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_resource_carries_its_identity),
        cmocka_unit_test(the_readings_come_back_as_they_were_typed),
        cmocka_unit_test(groups_what_belongs_together),
        cmocka_unit_test(no_total_without_its_parts),
        cmocka_unit_test(glucose_in_mmol_has_its_own_code),
        cmocka_unit_test(no_snomed_in_japan),
        cmocka_unit_test(the_note_is_what_was_written),
        cmocka_unit_test(consents_say_what_was_decided),
        cmocka_unit_test(medicines_are_named_as_ordered),
        cmocka_unit_test(the_signature_covers_everything),
        cmocka_unit_test(a_visit_fits_its_budget),
        cmocka_unit_test(survives_the_lack_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
