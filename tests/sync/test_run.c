/* A whole run: what it says of itself, and what it costs on the wire (the measures are printed). */
#include "tests/sync/script.h"

static struct journal_entry last_line(struct bed *bed, size_t lines)
{
    struct journal_rows rows;
    struct journal_entry entry;
    assert_int_equal(journal_read(bed->fixture.store, 300, &rows, NULL), STATUS_OK);
    assert_int_equal(rows.count, lines);
    entry = rows.items[0];
    journal_rows_free(&rows);
    return entry;
}

static struct sync_status status_of(struct bed *bed)
{
    struct sync_status status;
    assert_int_equal(query_status(bed->fixture.store, &status, NULL), STATUS_OK);
    return status;
}

/* Nothing that waits is ever called synced. */
static void assert_words_are_true(struct bed *bed, enum status run)
{
    struct sync_status status = status_of(bed);
    int64_t outbox = number(bed, OUTBOX_COUNT);
    assert_int_equal(status.pending + status.refused + status.conflicts, outbox);
    assert_true(run != STATUS_OK || outbox == 0);
    assert_int_equal(status.last_result, run);
    assert_true(run == STATUS_OK || status.last_reason[0] != '\0');
    assert_true(run != STATUS_OK || status.last_good == status.last_attempt);
}

static void every_run_leaves_a_true_line(void **state)
{
    struct bed *bed = *state;
    char visit[UUID_SIZE];
    assert_run(bed, STATUS_OK);
    struct journal_entry entry = last_line(bed, 1);
    assert_int_equal(entry.result, STATUS_OK);
    assert_int_equal(entry.pulled, number(bed, RESOURCE_COUNT));
    assert_int_equal(entry.requests, counted(bed, "requests"));
    assert_true(entry.bytes_out > 1000 && entry.bytes_in > 1000 && entry.end >= entry.start);
    assert_words_are_true(bed, STATUS_OK);
    instant good = status_of(bed).last_good;

    int64_t queued = (int64_t)sign_visit(bed, "p1", small_visit, "t1", visit);
    assert_int_equal(status_of(bed).pending, queued);
    fault(bed, "{\"fault\":\"offline\",\"times\":0}");
    assert_run(bed, STATUS_UNREACHABLE);
    entry = last_line(bed, 2);
    assert_int_equal(entry.result, STATUS_UNREACHABLE);
    assert_int_equal(entry.pending, queued);
    assert_string_equal(entry.reason, bed->error.sentence);
    assert_string_equal(entry.data_as_of, "");
    assert_words_are_true(bed, STATUS_UNREACHABLE);
    assert_int_equal(status_of(bed).last_good, good);
    assert_false(status_of(bed).last_answered);

    no_faults(bed);
    fault(bed, "{\"fault\":\"status\",\"status\":503,\"times\":0,\"body\":\"{}\"}");
    assert_run(bed, STATUS_UNREACHABLE);
    assert_true(status_of(bed).last_answered);

    no_faults(bed);
    fault(bed, "{\"fault\":\"reject\",\"contains\":\"8867-4\"}");
    assert_run(bed, STATUS_ATTENTION);
    entry = last_line(bed, 4);
    assert_int_equal(entry.result, STATUS_ATTENTION);
    assert_int_equal(entry.rejected, 1);
    assert_int_equal(entry.pushed, queued - 2);
    assert_string_not_equal(entry.data_as_of, "");
    assert_words_are_true(bed, STATUS_ATTENTION);
    assert_int_equal(status_of(bed).last_good, good);

    no_faults(bed);
    assert_int_equal(outbox_retry(bed->fixture.store, number(bed, "SELECT number FROM outbox WHERE state = 'refused'"), NULL), STATUS_OK);
    assert_run(bed, STATUS_OK);
    assert_words_are_true(bed, STATUS_OK);
    assert_true(status_of(bed).last_good > good);
    assert_int_equal(number(bed, "SELECT count(*) FROM journal WHERE reason LIKE '%Kim%'"), 0);
}

static void what_is_signed_during_a_run_is_not_called_synced(void **state)
{
    struct bed *bed = *state;
    char visit[UUID_SIZE];
    assert_run(bed, STATUS_OK);
    /* The run that has nothing to send ends with something to send. */
    fault(bed, "{\"fault\":\"slow\",\"bytes_per_second\":100000,\"match\":\"Observation\"}");
    int64_t queued = (int64_t)sign_visit(bed, "p1", small_visit, NULL, visit);
    struct sync_result result;
    sync_result_init(&result);
    assert_int_equal(sync_pull(&bed->sync, &result, NULL), STATUS_OK);
    assert_int_equal(status_of(bed).pending, queued);
}

static void the_first_answer_must_be_a_fhir_r4_server(void **state)
{
    static const struct {
        const char *body;
        enum status status;
        const char *word;
    } answers[] = {
        {"{\"resourceType\":\"CapabilityStatement\",\"fhirVersion\":\"5.0.0\"}", STATUS_FAILED, "5.0.0"},
        {"{\"resourceType\":\"Patient\",\"id\":\"1\"}", STATUS_FAILED, "address"},
        {"[1]", STATUS_FAILED, "address"},
        {"not json", STATUS_UNREACHABLE, "FHIR"},
    };
    struct bed *bed = *state;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        char spec[512];
        struct buffer quoted;
        buffer_init(&quoted, 400);
        for (const char *at = answers[i].body; *at != '\0'; at++) {
            buffer_append_text(&quoted, *at == '"' ? "\\" : "");
            buffer_append_byte(&quoted, *at);
        }
        text_format(spec, sizeof spec, "{\"fault\":\"status\",\"status\":200,\"body\":\"%s\"}", buffer_text(&quoted));
        buffer_free(&quoted);
        fault(bed, spec);
        assert_run(bed, answers[i].status);
        assert_non_null(strstr(bed->error.sentence, answers[i].word));
        assert_int_equal(bed->result.entry.requests, 1);
    }
    fault(bed, "{\"fault\":\"html\"}");
    assert_run(bed, STATUS_UNREACHABLE);
    assert_non_null(strstr(bed->error.sentence, "web page"));
    assert_run(bed, STATUS_OK);
    assert_run(bed, STATUS_OK);
    assert_int_equal(logged(bed, "GET /fhir/metadata"), 6); /* asked until it is known, not after */
}

static void a_final_slash_is_no_other_server(void **state)
{
    struct bed *bed = *state;
    char slash[160];
    assert_run(bed, STATUS_OK);
    text_format(slash, sizeof slash, "%s//", bed->base);
    bed->sync.server = slash;
    assert_run(bed, STATUS_OK);
    assert_int_equal(bed->result.entry.pulled, 0);
    assert_int_equal(logged(bed, "//"), 0);
    bed->sync.server = bed->base;
}

static void progress_never_goes_back(void *context, const struct sync_progress *progress)
{
    struct sync_progress *before = context;
    assert_true(progress->phase >= before->phase);
    assert_true(progress->phase != before->phase || before->total == 0 || progress->done >= before->done);
    assert_true(progress->done <= progress->total);
    *before = *progress;
}

static void progress_is_told_in_order(void **state)
{
    struct bed *bed = *state;
    struct sync_progress before = {.phase = SYNC_IDLE};
    char visit[UUID_SIZE];
    bed->sync.progress = progress_never_goes_back;
    bed->sync.progress_context = &before;
    assert_run(bed, STATUS_OK);
    assert_int_equal(before.phase, SYNC_DONE);
    sign_visit(bed, "p1", small_visit, NULL, visit);
    before = (struct sync_progress){.phase = SYNC_IDLE};
    assert_run(bed, STATUS_OK);
}

struct counts {
    struct sync_progress pushing, pulling; /* the last of each */
    int backwards;
};

static void note_counts(void *context, const struct sync_progress *progress)
{
    struct counts *counts = context;
    struct sync_progress *last = progress->phase == SYNC_PUSHING ? &counts->pushing : &counts->pulling;
    if (progress->phase == SYNC_PUSHING || progress->phase == SYNC_PULLING) {
        counts->backwards += progress->done < last->done || (last->total > 0 && progress->total != last->total);
        *last = *progress;
    }
}

/* Neither what was refused nor what never went out counts as done, and no chart that was not read. */
static void progress_counts_only_what_arrived(void **state)
{
    struct bed *bed = *state;
    struct counts counts = {.backwards = 0};
    char visit[UUID_SIZE];
    bed->sync.progress = note_counts;
    bed->sync.progress_context = &counts;
    assert_run(bed, STATUS_OK);
    int queued = (int)sign_visit(bed, "p1", small_visit, "t1", visit);
    queued += (int)sign_visit(bed, "p2", small_visit, NULL, visit);

    fault(bed, "{\"fault\":\"offline\",\"times\":0}");
    counts = (struct counts){.backwards = 0};
    assert_run(bed, STATUS_UNREACHABLE);
    assert_int_equal(counts.pushing.total, queued);
    assert_int_equal(counts.pushing.done, 0);
    assert_int_equal(counts.pulling.total, 0);

    no_faults(bed);
    fault(bed, "{\"fault\":\"reject\",\"contains\":\"8867-4\"}");
    counts = (struct counts){.backwards = 0};
    assert_run(bed, STATUS_ATTENTION);
    assert_int_equal(counts.pushing.total, queued);
    assert_int_equal(counts.pushing.done, queued - number(bed, OUTBOX_COUNT));
    assert_true(counts.pushing.done > 0 && counts.pushing.done < queued);
    assert_int_equal(counts.pulling.done, counts.pulling.total);
    assert_true(counts.pulling.total > 0);
    assert_int_equal(counts.backwards, 0);
}

static void a_chart_that_was_not_read_does_not_count(void **state)
{
    struct bed *bed = *state;
    struct counts counts = {.backwards = 0};
    bed->sync.progress = note_counts;
    bed->sync.progress_context = &counts;
    fault(bed, "{\"fault\":\"status\",\"status\":500,\"match\":\"/fhir/Observation\",\"times\":0}");
    assert_run(bed, STATUS_UNREACHABLE);
    assert_true(counts.pulling.total > 0);
    assert_int_equal(counts.pulling.done, number(bed, COMPLETE_COUNT));
    assert_true(counts.pulling.done < counts.pulling.total);
}

/* --- budgets ------------------------------------------------------------------------------------------ */

static uint64_t visit_out;
static uint64_t visit_in;

static void weigh_write(struct script *script, const struct request *request, struct response *response)
{
    (void)script;
    if (is_write(request)) {
        visit_out = response->bytes_out;
        visit_in = response->bytes_in;
    }
}

static void a_visit_keeps_to_its_budget(void **state)
{
    struct bed *bed = *state;
    struct script script;
    char visit[UUID_SIZE];
    script_begin(&script, bed);
    script.alter = weigh_write;
    assert_run(bed, STATUS_OK);
    size_t queued = sign_visit(bed, "p1", whole_visit, NULL, visit);
    assert_run(bed, STATUS_OK);
    printf("one visit of %zu resources: 1 request, %llu bytes out (body %zu before compression), %llu in\n", queued,
           (unsigned long long)visit_out, strlen(script.last_write), (unsigned long long)visit_in);
    assert_int_equal(script.writes, 1);
    assert_true(visit_out <= 3 * 1024);
    script_end(&script);
}

/* The budget of a sync with nothing new: one small request for each type at most, 10 kB in all. */
#define MOST_REQUESTS 18
#define MOST_BYTES (10 * 1024)

static void measure(const char *patients)
{
    struct bed *bed = new_home();
    assert_int_equal(file_join(bed->load, sizeof bed->load, bed->fixture.folder, "load.ndjson", NULL), STATUS_OK);
    write_practice(bed->load, patients);
    start_server(bed, NULL);
    enrol(bed, "Group/caseload-practice");
    assert_int_equal(store_setting_set(bed->fixture.store, SETTING_PRACTITIONER, "nurse-practice", NULL), STATUS_OK);
    for (int i = 0; i < 2; i++) {
        assert_run(bed, STATUS_OK);
        const struct journal_entry *entry = &bed->result.entry;
        printf("%s patients, %s: %d requests, %lld bytes out, %lld in, %d stored, %lld ms\n", patients,
               i == 0 ? "first sync" : "nothing new", entry->requests, (long long)entry->bytes_out,
               (long long)entry->bytes_in, entry->pulled, (long long)(entry->end - entry->start));
    }
    assert_int_equal(bed->result.entry.pulled, 0);
    assert_true(bed->result.entry.requests <= MOST_REQUESTS);
    assert_true(bed->result.entry.bytes_out + bed->result.entry.bytes_in <= MOST_BYTES);
    assert_int_equal(number(bed, COMPLETE_COUNT), strtol(patients, NULL, 10));
    assert_int_equal(number(bed, "SELECT count(*) FROM quarantine"), 0);
    free_bed(bed);
}

static void nothing_new_costs_little(void **state)
{
    (void)state;
    measure("24");
    measure("60");
}

#define bed_test(name) cmocka_unit_test_setup_teardown(name, group_bed, leave_bed)

int main(void)
{
    const struct CMUnitTest tests[] = {
        bed_test(every_run_leaves_a_true_line),
        bed_test(what_is_signed_during_a_run_is_not_called_synced),
        bed_test(the_first_answer_must_be_a_fhir_r4_server),
        bed_test(a_final_slash_is_no_other_server),
        bed_test(progress_is_told_in_order),
        bed_test(progress_counts_only_what_arrived),
        bed_test(a_chart_that_was_not_read_does_not_count),
        bed_test(a_visit_keeps_to_its_budget),
        cmocka_unit_test(nothing_new_costs_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
