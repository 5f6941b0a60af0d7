/*
 * Memory fails once, at each allocation of a whole run in turn: the run ends
 * with a clean status, nothing is lost or doubled, and the next run completes.
 * FULL=1 tries each allocation; otherwise every n-th, about 200.
 */
#include "tests/sync/script.h"

#define TRIES 200

/* Lets the transport (and with it the request to the server) have all the memory it wants. */
struct sparing {
    struct transport inner;
    long nth;   /* the allocation that fails, counted without those of the transport */
    long spent; /* before the transport was last entered */
};

static enum status exchange_sparing(void *context, const struct request *request, struct response *response, struct error *error)
{
    struct sparing *sparing = context;
    sparing->spent += memory_allocation_count();
    memory_fail_at(0, 0);
    enum status status = sparing->inner.exchange(sparing->inner.context, request, response, error);
    memory_fail_at(sparing->nth > sparing->spent ? sparing->nth - sparing->spent : 0, 0);
    return status;
}

/* A device with a signed visit and nothing pulled but two patients, to begin each try from. */
static void copy_home(struct bed *bed, const char *from, const char *to)
{
    static const char *const endings[] = {"", "-wal"};
    for (size_t i = 0; i < 2; i++) {
        char source[PATH_SIZE];
        char target[PATH_SIZE];
        text_format(source, sizeof source, "%s%s", from, endings[i]);
        text_format(target, sizeof target, "%s%s", to, endings[i]);
        unlink(target);
        if (file_exists(source)) {
            copy_file(source, target);
        }
    }
    char shared[PATH_SIZE];
    text_format(shared, sizeof shared, "%s-shm", to);
    unlink(shared);
    unlink(beside(&bed->fixture, "mark"));
}

static void close_bed(struct bed *bed)
{
    store_close(bed->fixture.store);
    bed->fixture.store = NULL;
}

/* One try: memory fails at allocation `nth`. Returns whether the run was long enough to meet it. */
static bool try_at(struct bed *bed, long nth, int64_t queued)
{
    struct sparing sparing = {.inner = http_transport(bed->http), .nth = nth};
    bed->sync.transport = (struct transport){.exchange = exchange_sparing, .context = &sparing};
    memory_fail_at(nth, 0);
    enum status status = run(bed);
    bool met = sparing.spent + memory_allocation_count() >= nth;
    memory_fail_at(0, 0);
    bed->sync.transport = http_transport(bed->http);
    if (status != STATUS_OK && status != STATUS_NO_MEMORY && status != STATUS_ATTENTION && status != STATUS_FAILED) {
        fail_msg("allocation %ld: ended with %d: %s", nth, (int)status, bed->error.sentence);
    }
    assert_true((status == STATUS_OK) == (bed->error.sentence[0] == '\0')); /* it says what became of it, or all is well */
    assert_true(status != STATUS_OK || number(bed, OUTBOX_COUNT) == 0);
    /* What left the outbox is known by the server's id; the rest is still there. */
    assert_int_equal(number(bed, OUTBOX_COUNT) + number(bed, "SELECT count(*) FROM identity"), queued);
    assert_int_equal(number(bed, "SELECT count(*) FROM outbox WHERE state IN ('refused', 'conflict')"), 0);
    assert_int_equal(number(bed, "SELECT count(*) FROM quarantine"), 0);
    assert_run(bed, STATUS_OK);
    assert_int_equal(number(bed, OUTBOX_COUNT), 0);
    assert_int_equal(number(bed, COMPLETE_COUNT), 2);
    assert_int_equal(number(bed, "SELECT count(*) FROM reading WHERE patient = 'p2'"), 3);
    assert_int_equal(number(bed, "SELECT count(*) FROM resource WHERE type = 'Task' AND id = 't1'"), 1);
    return met;
}

static void a_run_survives_each_failed_allocation(void **state)
{
    (void)state;
    struct bed *bed = new_bed("List/l1", NULL, 3);
    char start[PATH_SIZE];
    char visit[UUID_SIZE];
    assert_run(bed, STATUS_OK);
    int64_t queued = (int64_t)sign_visit(bed, "p1", small_visit, NULL, visit);
    assert_int_equal(record_begin(bed->fixture.store, NULL), STATUS_OK); /* p2 is to come again, and p1's news */
    assert_int_equal(record_release_patient(bed->fixture.store, "p2", NULL), STATUS_OK);
    assert_int_equal(record_set_cursor(bed->fixture.store, "patient/p2", "", NULL), STATUS_OK);
    assert_int_equal(record_set_cursor(bed->fixture.store, "ids", "2026-01-01T00:00:00Z", NULL), STATUS_OK);
    assert_int_equal(record_commit(bed->fixture.store, NULL), STATUS_OK);
    assert_int_equal(record_remove(bed->fixture.store, "Task", "t1", NULL), STATUS_OK); /* what the comparison of ids finds */
    close_bed(bed);
    text_format(start, sizeof start, "%s.start", bed->fixture.paths.record);
    copy_home(bed, bed->fixture.paths.record, start);

    /* How many allocations a whole run makes. */
    open_bed(bed);
    struct sparing sparing = {.inner = http_transport(bed->http)};
    bed->sync.transport = (struct transport){.exchange = exchange_sparing, .context = &sparing};
    memory_fail_at(0, 0);
    assert_run(bed, STATUS_OK);
    long total = sparing.spent + memory_allocation_count();
    const char *wish = getenv("FULL");
    long stride = wish != NULL && strcmp(wish, "1") == 0 ? 1 : total / TRIES + 1;
    int met = 0;
    for (long nth = 1; nth <= total; nth += stride) {
        close_bed(bed);
        copy_home(bed, start, bed->fixture.paths.record);
        open_bed(bed);
        met += try_at(bed, nth, queued) ? 1 : 0;
    }
    printf("%ld allocations in a run; %d of them failed\n", total, met);
    assert_true(met > 100);
    assert_int_equal(held(bed, "Encounter", NULL), 1);
    assert_int_equal(held(bed, "Encounter", visit), 1);
    free_bed(bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_survives_each_failed_allocation),
    };
    /* Hundreds of runs, none of which needs to survive a power cut. */
    if (getenv("TMPDIR") == NULL && access("/dev/shm", W_OK) == 0) {
        setenv("TMPDIR", "/dev/shm", 1);
    }
    memory_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
