/* One resource that is larger than a small device has memory for: the chart lacks it by name, and the rest comes. */
#include "tests/sync/sync_test.h"
#include "tests/support/highest.h"

#define HIGHEST_KB (17 * 1024) /* the rest of a console takes 7 MB more (tests/bench) */
#define BEGIN "{\"resourceType\":\"%s\",\"id\":\"large\",\"status\":\"%s\",\"subject\":{\"reference\":\"Patient/p1\"},"

/* A letter of so many bytes. */
static void write_letter(FILE *file, long size)
{
    fprintf(file, BEGIN "\"content\":[{\"attachment\":{\"contentType\":\"application/pdf\",\"data\":\"", "DocumentReference", "current");
    for (long i = 0; i < size; i += 4) {
        fputs("QUJD", file);
    }
    fprintf(file, "\"}}]}\n");
}

/* So many members of one object, each with a short text. */
static void write_members(FILE *file, long count)
{
    fprintf(file, BEGIN "\"content\":[{\"attachment\":{\"url\":\"x\"}}],\"more\":{\"m\":1.5", "DocumentReference", "current");
    for (long i = 0; i < count; i++) {
        fprintf(file, ",\"m%ld\":\"x\"", i);
    }
    fprintf(file, "}}\n");
}

/* So many numbers, each in an object of its own. */
static void write_numbers(FILE *file, long count)
{
    fprintf(file, BEGIN "\"content\":[{\"attachment\":{\"url\":\"x\"}}],\"category\":[{\"v\":1}", "DocumentReference", "current");
    for (long i = 0; i < count; i++) {
        fputs(",{\"v\":1.5}", file);
    }
    fprintf(file, "]}\n");
}

/* An observation of so many parts. */
static void write_parts(FILE *file, long count)
{
    fprintf(file, BEGIN "\"effectiveDateTime\":\"2026-11-20T10:00:00Z\",\"code\":{\"coding\":[{\"system\":\"http://loinc.org\","
                  "\"code\":\"85354-9\"}]},\"component\":[{\"code\":{\"text\":\"x\"}}", "Observation", "final");
    for (long i = 0; i < count; i++) {
        fputs(",{\"code\":{\"coding\":[{\"system\":\"http://loinc.org\",\"code\":\"8480-6\"}]},\"valueQuantity\":{\"value\":120.5,"
              "\"unit\":\"mmHg\",\"system\":\"http://unitsofmeasure.org\",\"code\":\"mm[Hg]\"}}", file);
    }
    fprintf(file, "]}\n");
}

/* Tools that watch memory take some themselves. */
static bool memory_is_ours(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return false;
#else
    const char *loaded = getenv("LD_PRELOAD");
    return loaded == NULL || strstr(loaded, "vgpreload") == NULL;
#endif
}

struct outcome {
    enum status status;
    long highest;
};

/* A first sync in a process of its own, whose memory is its own too. */
static struct outcome sync_apart(struct bed *bed)
{
    struct outcome outcome = {.highest = -1};
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    store_close(bed->fixture.store);
    bed->fixture.store = NULL;
    pid_t child = fork();
    if (child == 0) {
        open_bed(bed);
        outcome.status = run(bed);
        outcome.highest = highest_kb();
        store_close(bed->fixture.store);
        _exit(write(ends[1], &outcome, sizeof outcome) == (ssize_t)sizeof outcome ? 0 : 1);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &outcome, sizeof outcome), sizeof outcome);
    close(ends[0]);
    waitpid(child, NULL, 0);
    open_bed(bed);
    return outcome;
}

static void what_is_too_large_is_named_and_the_rest_comes(void **state)
{
    static const struct {
        void (*write)(FILE *file, long count);
        long count;
        bool comes;
    } shapes[] = {
        {write_letter, 2080000, true}, {write_letter, 12000000, false}, {write_members, 37000, true}, {write_members, 400000, false},
        {write_numbers, 21000, true},  {write_numbers, 400000, false},  {write_parts, 2750, true},    {write_parts, 50000, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        struct bed *bed = new_home();
        assert_int_equal(file_join(bed->load, sizeof bed->load, bed->fixture.folder, "load.ndjson", NULL), STATUS_OK);
        write_caseload(bed->load, 3);
        FILE *file = fopen(bed->load, "a");
        assert_non_null(file);
        shapes[i].write(file, shapes[i].count);
        fclose(file);
        start_server(bed, NULL);
        enrol(bed, "Group/g1");
        struct outcome outcome = sync_apart(bed);
        if (outcome.status != (shapes[i].comes ? STATUS_OK : STATUS_ATTENTION)) {
            fail_msg("shape %zu ended with %d", i, (int)outcome.status);
        }
        assert_int_equal(number(bed, "SELECT count(*) FROM resource WHERE id = 'large'"), shapes[i].comes ? 1 : 0);
        assert_int_equal(number(bed, "SELECT count(*) FROM quarantine WHERE patient = 'p1' AND "
                                     "why LIKE '%/large is larger than this device%'"),
                         shapes[i].comes ? 0 : 1);
        assert_int_equal(number(bed, COMPLETE_COUNT), PATIENTS);
        assert_int_equal(number(bed, "SELECT count(*) FROM resource WHERE type = 'Observation' AND id <> 'large'"), 3 * PATIENTS);
        if (memory_is_ours() && outcome.highest > HIGHEST_KB) {
            fail_msg("shape %zu took %ld kB", i, outcome.highest);
        }
        print_message("shape %zu: %ld kB at its highest\n", i, outcome.highest);
        free_bed(bed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_too_large_is_named_and_the_rest_comes)};
    memory_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
