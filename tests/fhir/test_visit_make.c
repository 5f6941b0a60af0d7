#include "base/json.h"
#include "fhir/bundle.h"
#include "fhir/lookup.h"
#include "tests/fhir/visit_sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct made_visit make(struct sample *sample)
{
    struct made_visit made;
    struct error error = {0};

    sample_read(sample);
    for (size_t i = 0; i < sample->visit.problem_count; i++) {
        if (sample->visit.problems[i].level != PROBLEM_MISSING) fail_msg("%s: %s", sample->visit.problems[i].field, sample->visit.problems[i].sentence);
    }
    assert_int_equal(visit_make(&sample->visit, &sample->signer, &made, &error), STATUS_OK);
    return made;
}

static void dump(const struct made_visit *made)
{
    const char *path = getenv("DOORSTEP_TEST_DUMP");
    FILE *file = path != NULL ? fopen(path, "a") : NULL;

    for (size_t i = 0; file != NULL && i < made->count; i++) {
        (void)fprintf(file, "%s\n", made->items[i].body);
    }
    if (file != NULL) {
        assert_int_equal(fclose(file), 0);
    }
}

static void makes_a_whole_visit(void **state)
{
    struct sample sample;
    struct made_visit made;

    (void)state;
    sample_init(&sample);
    sample_fill(&sample);
    sample_fill_rest(&sample);
    made = make(&sample);
    dump(&made);
    assert_string_equal(made.items[0].type, "Encounter");
    made_visit_free(&made);
    sample_free(&sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_a_whole_visit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
