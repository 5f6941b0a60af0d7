/* A whole visit as the console would fill it: vitals, note, consents, medicines. For the tests of visit_make(). */
#ifndef DOORSTEP_TESTS_FHIR_VISIT_SAMPLE_H
#define DOORSTEP_TESTS_FHIR_VISIT_SAMPLE_H

#include "base/memory.h"
#include "base/text.h"
#include "care/visit.h"
#include "fhir/resource.h"
#include "fhir/visit_bundle.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLE_NOW INT64_C(1795305600000) /* 2026-11-22T00:00:00Z */

struct sample {
    struct visit_draft draft;
    struct chart chart;
    struct visit visit;
    uint64_t seed;
    struct randomness randomness;
    struct signer signer;
};

static inline void sample_set(struct sample *sample, const char *name, const char *value)
{
    assert_int_equal(visit_draft_set(&sample->draft, name, value, NULL), STATUS_OK);
}

/* An empty visit, signed by practitioner n1, for patient p1. */
static inline void sample_init(struct sample *sample)
{
    memset(sample, 0, sizeof *sample);
    memory_install();
    assert_int_equal(setenv("TZ", "Asia/Seoul", 1), 0);
    visit_draft_init(&sample->draft);
    chart_init(&sample->chart);
    text_copy(sample->draft.id, sizeof sample->draft.id, "0f8fad5b-d9cb-469f-a165-70867728950e");
    text_copy(sample->draft.patient, sizeof sample->draft.patient, "p1");
    text_copy(sample->chart.patient.id, sizeof sample->chart.patient.id, "p1");
    text_copy(sample->chart.patient.birth_date, sizeof sample->chart.patient.birth_date, "1941-03-02");
    text_copy(sample->draft.appointment, sizeof sample->draft.appointment, "a1");
    sample->draft.started = SAMPLE_NOW - 40 * INSTANT_MINUTE;
    sample->seed = 7;
    sample->randomness = randomness_seeded(&sample->seed);
    sample->signer = (struct signer){
        .practitioner = "n1", .practitioner_name = "Kim Nurse", .organization = "Sunrise Home Nursing",
        .consent_policy = "", .language = "en", .randomness = &sample->randomness, .now = SAMPLE_NOW,
    };
}

/* The eight vitals, a SOAP note and one consent: what the budget of one visit on the wire is measured with. */
static inline void sample_fill(struct sample *sample)
{
    static const char *const fields[][2] = {
        {"identity", "name and birth date"}, {"vitals.bp", "142/88"}, {"vitals.pulse", "91"}, {"vitals.rr", "18"},
        {"vitals.spo2", "96"}, {"vitals.oxygen", "air"}, {"vitals.consciousness", "A"}, {"vitals.temp", "36.9"},
        {"vitals.weight", "61.2"}, {"note.template", "soap"},
        {"note.s", "Slept well, a little short of breath on the stairs. Ankles tight in the evening."},
        {"note.o", "Ankle oedema both sides, one centimetre. Lungs clear. Took all morning medicines."},
        {"note.a", "Heart failure, stable; weight up by less than a kilogram since Thursday."},
        {"note.p", "Weigh every morning, call when more than two kilograms in three days. Next visit Thursday."},
        {"consent.1.purpose", "share-record"}, {"consent.1.decision", "permit"}, {"consent.1.by", "patient"},
        {"consent.1.method", "verbal-witnessed"},
    };

    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        sample_set(sample, fields[i][0], fields[i][1]);
    }
}

/* All that is left: other vitals, what was not done, every decision of a consent, medicines. */
static inline void sample_fill_rest(struct sample *sample)
{
    static const char *const fields[][2] = {
        {"vitals.oxygen", "2"}, {"vitals.glucose", "110"}, {"vitals.pain", "3"}, {"vitals.height", "- bedbound"},
        {"consent.2.purpose", "research"}, {"consent.2.decision", "deny"}, {"consent.2.by", "child"},
        {"consent.2.method", "typed-name"}, {"consent.2.name", "Kim Minsu"}, {"consent.3.purpose", "photo"},
        {"consent.3.decision", "withdraw"}, {"consent.3.by", "guardian"}, {"consent.3.method", "paper"},
        {"medicine.1.request", "m1"}, {"medicine.1.taking", "as-ordered"}, {"medicine.2.request", "m2"},
        {"medicine.2.taking", "not"}, {"medicine.2.reason", "nausea"}, {"medicine.3.request", "m1"},
        {"medicine.3.dose", "500"}, {"medicine.3.unit", "mg"}, {"medicine.3.route", "oral"},
    };
    struct medicine *medicines = memory_allocate_array(2, sizeof *medicines);

    assert_non_null(medicines);
    medicines[0] = (struct medicine){.id = "m1", .kind = MEDICINE_REQUEST, .status = "active",
                                     .label = "Paracetamol 500 mg",
                                     .codes = {{"http://www.whocc.no/atc", "N02BE01"}}, .code_count = 1};
    medicines[1] = (struct medicine){.id = "m2", .kind = MEDICINE_REQUEST, .status = "active",
                                     .label = "Furosemide 40 mg"};
    sample->chart.medicines = medicines;
    sample->chart.medicine_count = 2;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        sample_set(sample, fields[i][0], fields[i][1]);
    }
}

static inline void sample_read(struct sample *sample)
{
    visit_read(&sample->draft, &sample->chart, SAMPLE_NOW, &sample->visit);
}

static inline void sample_free(struct sample *sample)
{
    visit_draft_free(&sample->draft);
    chart_free(&sample->chart);
}

static inline void dump(const struct made_visit *made)
{
    const char *path = getenv("DOORSTEP_TEST_DUMP");
    FILE *file = path != NULL ? fopen(path, "a") : NULL;

    for (size_t i = 0; file != NULL && i < made->count; i++) {
        assert_true(fprintf(file, "%s\n", made->items[i].body) > 0);
    }
    if (file != NULL) {
        assert_int_equal(fclose(file), 0);
    }
}

static inline cJSON *tree_of(const struct made_resource *made)
{
    struct error error = {0};
    cJSON *tree = NULL;

    assert_int_equal(json_parse(made->body, strlen(made->body), &tree, &error), STATUS_OK);
    if (resource_check(tree, &error) != STATUS_OK) {
        fail_msg("%s", error.sentence);
    }
    return tree;
}

static const char task_body[] = "{\"resourceType\":\"Task\",\"id\":\"t1\",\"meta\":{\"versionId\":\"7\"},"
                                "\"status\":\"requested\","
                                "\"statusReason\":{\"text\":\"old\"},"
                                "\"intent\":\"order\","
                                "\"extension\":[{\"url\":\"https://a.example/n\",\"valueDecimal\":1.500}],"
                                "\"description\":\"Weigh\"}";

#endif
