/*
 * What is on the screen is what is in the record, whoever wrote it, and nothing that was typed is touched by that:
 * a second connection writes as the sync and other processes do.
 */
#include "tests/views/keys.h"
#include "tests/views/walk.h"

#include "store/audit.h"
#include "store/draft.h"

#define ALLERGY(id, text) \
    "{\"resourceType\":\"AllergyIntolerance\",\"id\":\"" id "\",\"patient\":{\"reference\":\"Patient/kim\"}," \
    "\"code\":{\"text\":\"" text "\"}}"
#define ANOTHER_PATIENT "{\"resourceType\":\"Patient\",\"id\":\"aaron\",\"name\":[{\"text\":\"Aaron Adams\"}]}"

/* Opens the record a second time. */
static void begin_elsewhere(struct fixture *fixture)
{
    assert_int_equal(vault_unlock(&fixture->paths, PASSPHRASE, &fixture->options.clock, &fixture->vault, &fixture->error),
                     STATUS_OK);
    assert_int_equal(
        store_open(&fixture->paths, fixture->vault, &fixture->options, &fixture->store, &fixture->error), STATUS_OK);
}

static void end_elsewhere(struct fixture *fixture)
{
    store_close(fixture->store);
    vault_free(fixture->vault);
    fixture->store = NULL;
    fixture->vault = NULL;
}

static void arrive(struct stage *stage, const char *json)
{
    begin_elsewhere(stage->fixture);
    assert_int_equal(pull(stage->fixture, json), APPLY_STORED);
    end_elsewhere(stage->fixture);
}

static void release_elsewhere(struct stage *stage, const char *patient)
{
    begin_elsewhere(stage->fixture);
    assert_int_equal(record_release_patient(stage->fixture->store, patient, NULL), STATUS_OK);
    end_elsewhere(stage->fixture);
}

/* As when the worker reports. */
static void hear_of_sync(struct stage *stage)
{
    struct event sync = {.kind = EVENT_SYNC};

    (void)application_event(&stage->console.application, &sync);
    stage->console.paint = true;
    console_paint(&stage->console);
}

/* Rows of the audit that say the chart was read. */
static int readings(struct stage *stage)
{
    struct audit_rows rows;
    int count = 0;

    assert_int_equal(audit_read(stage->console.application.store, "kim", 1000, &rows, NULL), STATUS_OK);
    for (size_t i = 0; i < rows.count; i++) {
        count += strcmp(rows.items[i].action, "read") == 0;
    }
    audit_rows_free(&rows);
    return count;
}

static int stage_begin_unlocked(void **state)
{
    int result = stage_begin(state);

    stage_unlock(*state);
    return result;
}

/* --- the chart ------------------------------------------------------------------------------------ */

static void an_allergy_is_shown_while_something_is_typed(void **state)
{
    struct stage *stage = *state;

    stage_type(stage, "\rs12sn" "half a sentence");
    assert_true(stage->console.application.unsaved);
    arrive(stage, ALLERGY("al2", "Latex"));
    hear_of_sync(stage);
    assert_true(stage_shows("Latex"));
    assert_true(stage_shows("half a sentence"));
    assert_true(stage->console.application.unsaved);
    stage_type(stage, " and its end");
    stage_wait(stage, 1000);
    assert_true(stage_shows("half a sentence and its end"));
    assert_false(stage->console.application.unsaved);
}

/* The list of tasks and medicines is made anew once the typed reason is on the disk. */
static void the_view_follows_after_what_is_typed_is_saved(void **state)
{
    struct stage *stage = *state;

    stage_type(stage, "\rs12sk2" "no vein");
    arrive(stage, "{\"resourceType\":\"Task\",\"id\":\"t2\",\"status\":\"requested\",\"intent\":\"order\","
                  "\"for\":{\"reference\":\"Patient/kim\"},\"description\":\"Call the pharmacy\"}");
    hear_of_sync(stage);
    assert_true(stage_shows("no vein"));
    stage_wait(stage, 1000);
    assert_true(stage_shows("no vein"));
    assert_true(stage_shows("Call the pharmacy"));
}

/* Also while she thinks about the next word, after the pause that saves: keys that follow are still that word's. */
static void news_leave_the_cursor_in_its_word(void **state)
{
    struct stage *stage = *state;

    stage_type(stage, "\rs12sk" "2no vein");
    stage_wait(stage, 1000);
    arrive(stage, "{\"resourceType\":\"Task\",\"id\":\"t2\",\"status\":\"requested\",\"intent\":\"order\","
                  "\"for\":{\"reference\":\"Patient/kim\"},\"description\":\"Call the pharmacy\"}");
    hear_of_sync(stage);
    assert_true(stage_shows("Call the pharmacy"));
    stage_type(stage, ", 1 try");
    stage_wait(stage, 1000);
    assert_string_equal(visit_draft_get(&stage->console.application.draft, "task.0.status"), "failed");
    assert_string_equal(visit_draft_get(&stage->console.application.draft, "task.0.reason"), "no vein, 1 try");
    stage_type(stage, "\033[D\033[D\033[D\033[D\033[D\033[D\033[D");
    stage_wait(stage, 1000);
    arrive(stage, ALLERGY("al2", "Latex"));
    hear_of_sync(stage);
    stage_type(stage, " found");
    stage_wait(stage, 1000);
    assert_string_equal(visit_draft_get(&stage->console.application.draft, "task.0.reason"), "no vein found, 1 try");
}

static void what_another_process_wrote_appears_by_itself(void **state)
{
    struct stage *stage = *state;

    stage_type(stage, "\r");
    arrive(stage, ALLERGY("al2", "Latex"));
    assert_false(stage_shows("Latex"));
    assert_true(console_take_time(&stage->console) <= LOOK_EVERY);
    stage_wait(stage, LOOK_EVERY);
    assert_true(stage_shows("Latex"));
}

static void a_chart_below_another_view_is_fresh_too(void **state)
{
    struct stage *stage = *state;

    stage_type(stage, "\r?");
    assert_string_equal(stage_view(stage), "help");
    arrive(stage, ALLERGY("al2", "Latex"));
    stage_wait(stage, LOOK_EVERY);
    stage_type(stage, "0");
    assert_string_equal(stage_view(stage), "snapshot");
    assert_true(stage_shows("Latex"));
}

static void a_visit_begun_elsewhere_is_seen(void **state)
{
    struct stage *stage = *state;
    char visit[UUID_SIZE];

    stage_type(stage, "\r");
    begin_elsewhere(stage->fixture);
    assert_int_equal(draft_start(stage->fixture->store, "kim", "a1", visit, NULL), STATUS_OK);
    end_elsewhere(stage->fixture);
    stage_wait(stage, LOOK_EVERY);
    assert_true(stage_shows("Visit in progress since 09:00"));
}

static void a_chart_is_read_when_something_changed_and_audited_when_it_is_opened(void **state)
{
    struct stage *stage = *state;
    const struct application *application = &stage->console.application;
    int64_t read_at = 0;

    stage_type(stage, "\r");
    assert_int_equal(readings(stage), 1);
    read_at = application->read_at;
    for (int i = 0; i < 20; i++) {
        fake_sleep(&stage->fixture->time, 1000);
        hear_of_sync(stage);
    }
    assert_true(application->read_at == read_at);
    arrive(stage, ALLERGY("al2", "Latex"));
    hear_of_sync(stage);
    assert_true(application->read_at > read_at);
    stage_wait(stage, READ_EVERY);
    assert_int_equal(readings(stage), 1);
    stage_type(stage, "t\r");
    assert_int_equal(readings(stage), 2);
}

/* --- patients who leave --------------------------------------------------------------------------- */

static void a_patient_who_left_leaves_the_screen(void **state)
{
    struct stage *stage = *state;

    stage_type(stage, "\r?");
    release_elsewhere(stage, "kim");
    hear_of_sync(stage);
    assert_string_equal(stage_view(stage), "today");
    assert_true(stage_shows("This patient has left your caseload"));
    assert_int_equal(stage->console.application.chart.reading_count, 0);
    assert_string_equal(stage->console.application.chart.patient.id, "");
}

static void a_visit_of_a_patient_who_left_goes_on(void **state)
{
    struct stage *stage = *state;

    stage_type(stage, "\rs12sn" "half");
    release_elsewhere(stage, "kim");
    hear_of_sync(stage);
    assert_string_equal(stage_view(stage), "note");
    assert_true(stage_shows("LEFT YOUR CASELOAD"));
    stage_resize(stage, 20, 60);
    assert_true(stage_shows("1941-04-02  LEFT YOUR CASELOAD"));
    stage_resize(stage, 24, 80);
    stage_type(stage, " a sentence" SAVE);
    assert_true(stage_shows("half a sentence"));
    stage_type(stage, LOCK);
    stage_unlock(stage);
    assert_true(stage_shows("half a sentence"));
    stage_type(stage, BACK "t");
    assert_true(stage_shows("unfinished since 09:00  LEFT YOUR CASELOAD"));
    stage_type(stage, "\r"); /* opened knowingly: it stays open */
    arrive(stage, ALLERGY("al2", "Latex"));
    hear_of_sync(stage);
    assert_string_equal(stage_view(stage), "snapshot");
}

/* --- lists ---------------------------------------------------------------------------------------- */

static void rows_say_that_alerts_are_still_looked_for(void **state)
{
    struct stage *stage = *state;

    assert_true(stage_shows("checking"));
    assert_false(stage_shows("AMBER"));
    assert_true(stage_shows("alerts not known")); /* not on this device: there is nothing to look at */
    stage_work(stage);
    assert_false(stage_shows("checking"));
    assert_true(stage_shows("AMBER Oxygen saturation below 94"));
    arrive(stage, "{\"resourceType\":\"Observation\",\"id\":\"o9\",\"status\":\"final\","
                  "\"subject\":{\"reference\":\"Patient/kim\"},\"effectiveDateTime\":\"2026-11-22T08:30:00+09:00\","
                  "\"code\":{\"coding\":[{\"system\":\"http://loinc.org\",\"code\":\"41653-7\"}]},"
                  "\"valueQuantity\":{\"value\":45,\"unit\":\"mg/dL\",\"system\":\"http://unitsofmeasure.org\","
                  "\"code\":\"mg/dL\"}}");
    hear_of_sync(stage);
    assert_false(stage_shows("checking")); /* what is known stays until it is known better */
    assert_true(stage_shows("AMBER"));
    stage_work(stage);
    assert_true(stage_shows("RED!"));
}

static void the_cursor_stays_with_its_patient(void **state)
{
    struct stage *stage = *state;

    stage_type(stage, "p\033[B\033[B");
    arrive(stage, ANOTHER_PATIENT);
    stage_wait(stage, LOOK_EVERY);
    assert_true(stage_shows("Aaron Adams"));
    stage_type(stage, "\r");
    assert_string_equal(stage->console.application.chart.patient.id, "kim");
}

static void unfinished_and_not_complete_are_both_said(void **state)
{
    struct stage *stage = *state;

    stage_type(stage, "2s12s"); /* Sato, whose chart is not complete */
    stage_type(stage, "t");
    assert_true(stage_shows("unfinished since 09:00  not complete on this device"));
}

static int by_size(const void *a, const void *b)
{
    return *(const long *)a < *(const long *)b ? -1 : *(const long *)a > *(const long *)b;
}

static void leafing_through_a_long_list_costs_few_bytes(void **state)
{
    struct stage *stage = *state;
    long sizes[120];

    begin_elsewhere(stage->fixture);
    for (int i = 0; i < 60; i++) {
        char json[256];

        snprintf(json, sizeof json,
                 "{\"resourceType\":\"Patient\",\"id\":\"q%d\",\"name\":[{\"text\":\"Patient Number %c%c\"}],"
                 "\"address\":[{\"text\":\"Apartment %d, Jubilee House, 200 Warwick Road\"}]}",
                 i, 'A' + i % 26, 'a' + i / 26, i);
        assert_int_equal(pull(stage->fixture, json), APPLY_STORED);
    }
    end_elsewhere(stage->fixture);
    stage_type(stage, "p");
    stage_work(stage);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        long before = 0;

        (void)fflush(stage->out);
        before = ftell(stage->out);
        stage_type(stage, i / 20 % 2 == 0 ? "\033[B" : "\033[A");
        stage_work(stage);
        (void)fflush(stage->out);
        sizes[i] = ftell(stage->out) - before;
    }
    qsort(sizes, sizeof sizes / sizeof *sizes, sizeof *sizes, by_size);
    assert_true(sizes[60] > 0);
    assert_true(sizes[60] <= 100);
}

/* --- locking, header ------------------------------------------------------------------------------ */

static void the_locked_screen_comes_before_the_record_is_closed(void **state)
{
    struct stage *stage = *state;
    struct application *application = &stage->console.application;

    stage_type(stage, "\r");
    application_lock(application);
    assert_null(application->store);
    assert_non_null(application->closing.store); /* waiting for the sync is for later */
    assert_string_equal(stage_view(stage), "unlock");
    stage->console.paint = true;
    console_paint(&stage->console);
    assert_false(stage_shows("김민서"));
    assert_null(application->closing.store);
    stage_unlock(stage);
}

static void the_header_keeps_its_words_whole(void **state)
{
    static const char *const languages[] = {"en", "ko", "ja"};
    struct stage *stage = *state;
    struct application *application = &stage->console.application;

    stage_type(stage, "\r");
    stage_resize(stage, 20, 60);
    for (size_t i = 0; i < sizeof languages / sizeof *languages; i++) {
        char folder[PATH_SIZE] = "";
        char words[200];
        char line[1024];

        if (i > 0 && !walk_find_catalogue(languages[i], folder, sizeof folder)) {
            print_message("no catalogue for %s yet\n", languages[i]);
            continue;
        }
        language_setup(languages[i], folder);
        application->status.last_good = START - 59 * 60000;
        application->status.last_result = STATUS_FAILED;
        (void)text_copy(application->status.server, sizeof application->status.server, "https://fhir.example");
        application->status.pending = 12;
        application->status.refused = 3;
        application->unsaved = true;
        stage->console.paint = true;
        console_paint(&stage->console);
        snprintf(words, sizeof words, _("outbox %d, needs you %d"), 12, 3);
        stage_line(1, line, sizeof line);
        assert_non_null(strstr(line, _("sync incomplete")));
        assert_string_equal(line + strlen(line) - strlen(words), words);
        stage_line(0, line, sizeof line);
        assert_non_null(strstr(line, _("unsaved")));
        assert_string_equal(line + strlen(line) - strlen(_("lock")), _("lock"));
        application->unsaved = false;
    }
    language_setup("en", "");
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, stage_begin_unlocked, stage_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGED(an_allergy_is_shown_while_something_is_typed),
        STAGED(the_view_follows_after_what_is_typed_is_saved),
        STAGED(news_leave_the_cursor_in_its_word),
        STAGED(what_another_process_wrote_appears_by_itself),
        STAGED(a_chart_below_another_view_is_fresh_too),
        STAGED(a_visit_begun_elsewhere_is_seen),
        STAGED(a_chart_is_read_when_something_changed_and_audited_when_it_is_opened),
        STAGED(a_patient_who_left_leaves_the_screen),
        STAGED(a_visit_of_a_patient_who_left_goes_on),
        STAGED(rows_say_that_alerts_are_still_looked_for),
        STAGED(the_cursor_stays_with_its_patient),
        STAGED(unfinished_and_not_complete_are_both_said),
        STAGED(leafing_through_a_long_list_costs_few_bytes),
        STAGED(the_locked_screen_comes_before_the_record_is_closed),
        STAGED(the_header_keeps_its_words_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
