/*
 * A whole visit by its keys: what is on the disk after it, whatever way the bytes come in, and after the program was
 * killed in the middle; the signature, and what keeps it from being given.
 */
#include "tests/views/keys.h"
#include "tests/views/stage.h"

#include "store/draft.h"

#include <signal.h>
#include <sys/wait.h>

#define START_VISIT "\rs12s" /* from the Today board */

/* Vitals in full-width digits too, a note in three scripts, a refusal, a medicine, a task. */
#define VITALS "v142/88\r\xEF\xBC\x99\xEF\xBC\x91\r18\r96\r0\ra\r36.9\r61.2\r110\r3\r- refused\r"
#define NOTE "잠을 잘 잤어요.\rPillows: 2\t浮腫なし。\tStable\tÆ next week\x1a\x12"
#define CONSENT "1\r11\x31" BACK
#define TASKS "12nausea\r"
static const char journey[] = VITALS NEXT_PART NOTE NEXT_PART CONSENT NEXT_PART TASKS NEXT_PART SAVE;
/* The same in short, to be played once for each byte. */
static const char short_journey[] = "v142/88\r\xEF\xBC\x99\xEF\xBC\x91\r\r\r0\ra" NEXT_PART "\xEC\x9E\xA0\rx\t\xE6\xB5\xAE\x1a\x12"
                                    NEXT_PART "1\r11\x31" BACK NEXT_PART "12n" NEXT_PART SAVE;

static const struct application *application_of(struct stage *stage)
{
    return &stage->console.application;
}

/* A field of the draft as the disk has it; good until the next call. */
static const char *on_disk(struct stage *stage, const char *field)
{
    static char value[4096];
    struct visit_draft draft;
    char visit[UUID_SIZE];
    struct error error = {0};

    visit_draft_init(&draft);
    assert_int_equal(draft_latest(application_of(stage)->store, visit, &error), STATUS_OK);
    assert_int_equal(draft_load(application_of(stage)->store, visit, &draft, &error), STATUS_OK);
    snprintf(value, sizeof value, "%s", visit_draft_get(&draft, field));
    visit_draft_free(&draft);
    return value;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct visit_field *)a)->name, ((const struct visit_field *)b)->name);
}

/* All of the draft as the disk has it: "name=value" lines in the order of names. */
static char *draft_text(struct stage *stage)
{
    struct visit_draft draft;
    struct buffer text;
    char visit[UUID_SIZE];

    visit_draft_init(&draft);
    buffer_init(&text, 65536);
    assert_int_equal(draft_latest(application_of(stage)->store, visit, NULL), STATUS_OK);
    assert_int_equal(draft_load(application_of(stage)->store, visit, &draft, NULL), STATUS_OK);
    qsort(draft.fields, draft.count, sizeof *draft.fields, by_name);
    for (size_t i = 0; i < draft.count; i++) {
        buffer_format(&text, "%s=%s\n", draft.fields[i].name, draft.fields[i].value);
    }
    visit_draft_free(&draft);
    assert_int_equal(text.status, STATUS_OK);
    return buffer_take(&text);
}

/* --- the whole way -------------------------------------------------------------------------------- */

static void a_full_set_of_vitals_takes_few_keys(void **state)
{
    static const char *const keys[] = {START_VISIT, "v", "142/88\r91\r18\r96\r0\ra\r36.9"};
    static const char *const saved[][2] = {
        {"vitals.bp", "142/88"}, {"vitals.pulse", "91"}, {"vitals.rr", "18"},           {"vitals.spo2", "96"},
        {"vitals.oxygen", "0"},  {"vitals.temp", "36.9"}, {"vitals.consciousness", "a"},
    };
    struct stage *stage = *state;
    size_t count = 0;

    stage_unlock(stage);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        stage_type(stage, keys[i]);
        count += strlen(keys[i]);
    }
    assert_true(stage_shows("NEWS2  1  low"));
    assert_true(application_of(stage)->unsaved);
    stage_wait(stage, 1000); /* no key is needed to save */
    assert_false(application_of(stage)->unsaved);
    for (size_t i = 0; i < sizeof saved / sizeof *saved; i++) {
        assert_string_equal(on_disk(stage, saved[i][0]), saved[i][1]);
    }
    assert_true(count <= 35);
}

static int count_of(const struct outbox_rows *rows, const char *type)
{
    int count = 0;

    for (size_t i = 0; i < rows->count; i++) {
        count += strcmp(rows->items[i].type, type) == 0;
    }
    return count;
}

static void a_visit_goes_from_keys_to_the_outbox(void **state)
{
    static const char *const types[] = {"Encounter",  "DocumentReference",   "Consent",
                                        "Provenance", "MedicationStatement", "Task"};
    struct stage *stage = *state;
    struct outbox_rows rows;
    char visit[UUID_SIZE];
    struct visit_rows visits;

    stage_unlock(stage);
    stage_type(stage, START_VISIT);
    stage_type(stage, journey);
    assert_string_equal(stage_view(stage), "close");
    assert_string_equal(on_disk(stage, "note.s"), "잠을 잘 잤어요.\nPillows: 2");
    assert_string_equal(on_disk(stage, "note.p"), "Æ next week");
    assert_string_equal(on_disk(stage, "vitals.pulse"), "９１");
    assert_string_equal(on_disk(stage, "consent.0.decision"), "permit");
    assert_string_equal(on_disk(stage, "task.0.reason"), "");
    assert_string_equal(on_disk(stage, "medicine.0.taking"), "not");
    snprintf(visit, sizeof visit, "%s", application_of(stage)->draft.id);
    stage_type(stage, SIGN PASSPHRASE "\r");
    assert_string_equal(stage_view(stage), "today");
    assert_true(stage_shows("Signed: 11 vitals, note, 1 consent, 1 medicine, 1 task."));
    assert_true(stage_shows("records to send."));
    assert_string_equal(application_of(stage)->draft.id, "");

    assert_int_equal(draft_latest(application_of(stage)->store, visit, NULL), STATUS_NOT_FOUND);
    assert_int_equal(query_outbox(application_of(stage)->store, &rows, NULL), STATUS_OK);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        assert_int_equal(count_of(&rows, types[i]), 1);
    }
    assert_true(count_of(&rows, "Observation") >= 10);
    outbox_rows_free(&rows);
    assert_int_equal(query_visits(application_of(stage)->store, 0, &visits, NULL), STATUS_OK);
    assert_int_equal(visits.count, 1);
    assert_int_equal(visits.items[0].state, VISIT_SIGNED);
    visit_rows_free(&visits);
    stage_type(stage, "o");
    assert_true(stage_shows("signed, "));
    assert_false(stage_shows("accepted by the server"));
}

/* A new visit of the same patient, the last one set aside. */
static char *play(struct stage *stage, size_t cut)
{
    struct application *application = &stage->console.application;
    char visit[UUID_SIZE];
    char *text = NULL;

    stage_type(stage, START_VISIT);
    stage_bytes(stage, short_journey, cut);
    stage_bytes(stage, short_journey + cut, sizeof short_journey - 1 - cut);
    text = draft_text(stage);
    snprintf(visit, sizeof visit, "%s", application->draft.id);
    application_replace_all(application, VIEW_TODAY);
    assert_int_equal(draft_set_aside(application->store, visit, "test", NULL), STATUS_OK);
    application_replace_all(application, VIEW_TODAY);
    return text;
}

static void bytes_may_be_cut_anywhere(void **state)
{
    struct stage *stage = *state;
    char *expected = NULL;

    stage_unlock(stage);
    expected = play(stage, 0);
    assert_non_null(strstr(expected, "note.s=잠\nx\n"));
    for (size_t cut = 1; cut < sizeof short_journey - 1; cut++) {
        char *text = play(stage, cut);

        assert_string_equal(text, expected);
        memory_free(text);
    }
    memory_free(expected);
}

/* --- killed in the middle ------------------------------------------------------------------------- */

/* Types, pauses, types on, and is killed. In a process of its own: nothing of it tidies up. */
static void play_and_die(struct fixture *fixture, const char *saved, const char *unsaved)
{
    pid_t child = fork();
    int status = 0;

    assert_true(child >= 0);
    if (child == 0) {
        struct stage stage;

        stage_open(&stage, fixture, 24, 80);
        stage_unlock(&stage);
        stage_type(&stage, saved);
        stage_wait(&stage, 1000);
        stage_type(&stage, unsaved);
        (void)raise(SIGKILL);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void a_kill_returns_to_the_same_field(void **state)
{
    static const struct {
        const char *saved, *unsaved, *view;
        int cursor;
        size_t offset;
        const char *field, *value;
    } deaths[] = {
        {START_VISIT "v142/88\r9", "1", "vitals", 1, 1, "vitals.pulse", "9"},
        {"\r\r\r", "", "vitals", 4, 0, "vitals.pulse", "9"},
        {NEXT_PART "\t한글 노트\x01", "x", "note", 1, 0, "note.o", "한글 노트"},
        {"\t\t\tmehr", "", "note", 0, 4, "note.s", "mehr"},
        {NEXT_PART "2\r212Lee", "!", "consent", 204, 3, "consent.0.name", "Lee"},
        {NEXT_PART "2no vein", "", "tasks", 1, 7, "task.0.reason", "no vein"},
        {NEXT_PART, "", "close", 0, 0, "task.0.status", "failed"},
    };
    struct stage *stage = *state;
    struct fixture *fixture = stage->fixture;

    stage_close(stage);
    for (size_t i = 0; i < sizeof deaths / sizeof *deaths; i++) {
        const struct view *top = NULL;

        play_and_die(fixture, deaths[i].saved, deaths[i].unsaved);
        stage_open(stage, fixture, 24, 80);
        stage_unlock(stage);
        top = application_top(&stage->console.application);
        assert_string_equal(top->ops->name, deaths[i].view);
        assert_int_equal(top->cursor, deaths[i].cursor);
        assert_int_equal(top->offset, deaths[i].offset);
        assert_string_equal(on_disk(stage, deaths[i].field), deaths[i].value);
        assert_true(stage_shows("You are back where you stopped"));
        stage_close(stage);
    }
    stage_open(stage, fixture, 24, 80);
}

static void a_lock_returns_to_the_same_place(void **state)
{
    struct stage *stage = *state;

    stage_unlock(stage);
    stage_type(stage, START_VISIT "n가나다\033[D" LOCK);
    assert_string_equal(stage_view(stage), "unlock");
    stage_unlock(stage);
    assert_string_equal(stage_view(stage), "note");
    stage_type(stage, "X" SAVE);
    assert_string_equal(on_disk(stage, "note.s"), "가나X다");
}

/* --- signing -------------------------------------------------------------------------------------- */

static void a_wrong_passphrase_signs_nothing_and_waits(void **state)
{
    struct stage *stage = *state;
    struct application *application = &stage->console.application;
    int tries = 0;

    stage_unlock(stage);
    stage_type(stage, START_VISIT "v142/88" NEXT_PART NEXT_PART NEXT_PART NEXT_PART SIGN);
    while (vault_delay(&application->paths, &application->store_options.clock) == 0 && tries++ < 20) {
        stage_type(stage, "not this one\r");
        assert_string_equal(stage_view(stage), "close");
        assert_true(stage_shows("That is not the passphrase"));
        assert_false(stage_shows("not this one"));
    }
    assert_true(tries < 20);
    assert_true(stage_shows("The next try is possible in"));
    stage_type(stage, PASSPHRASE "\r");
    assert_int_equal(stage->fixture->time.slept, 0); /* it waits without holding a key */
    assert_string_equal(stage_view(stage), "close");
    assert_string_equal(on_disk(stage, "vitals.bp"), "142/88");
    while (vault_delay(&application->paths, &application->store_options.clock) > 0) {
        stage_wait(stage, 1000);
    }
    stage_type(stage, "\r");
    assert_string_equal(stage_view(stage), "today");
    assert_true(stage_shows("Signed: 1 vital. "));
}

static void a_pin_may_stand_for_the_passphrase(void **state)
{
    struct stage *stage = *state;

    stage_unlock(stage);
    assert_int_equal(store_pin_set(stage->console.application.store, "482915", NULL), STATUS_OK);
    stage_type(stage, START_VISIT "v142/88\x0e\x0e\x0e\x0e" SIGN);
    assert_true(stage_shows("PIN or passphrase"));
    stage_type(stage, "111111\r");
    assert_true(stage_shows("That is not the PIN"));
    assert_string_equal(on_disk(stage, "vitals.bp"), "142/88");
    stage_type(stage, "４８２９１５\r");
    assert_string_equal(stage_view(stage), "today");
}

static void what_stands_in_the_way_is_gone_to(void **state)
{
    struct stage *stage = *state;

    stage_unlock(stage);
    stage_type(stage, START_VISIT "v142/88\r\r\r\r\r\r365\r614" NEXT_PART NEXT_PART NEXT_PART NEXT_PART SIGN);
    assert_string_equal(stage_view(stage), "close");
    assert_true(stage_shows("Put right first"));
    assert_true(stage_shows("Temperature typed as 365"));
    assert_true(stage_shows("Missing; you may sign without"));
    stage_type(stage, "\r");
    assert_string_equal(stage_view(stage), "vitals");
    assert_int_equal(application_top(&stage->console.application)->cursor, ENTRY_TEMPERATURE);
    stage_type(stage, CONFIRM BACK);
    assert_string_equal(stage_view(stage), "close");
    assert_false(stage_shows("Temperature typed as 365"));
    stage_type(stage, "\r");
    assert_int_equal(application_top(&stage->console.application)->cursor, ENTRY_WEIGHT);
    stage_type(stage, "\x15" "61.4" BACK SIGN);
    assert_true(stage_shows("Passphrase, then Enter"));
    assert_true(stage_shows("things are missing"));
    stage_type(stage, BACK);
    assert_string_equal(stage_view(stage), "close");
    stage_type(stage, SIGN PASSPHRASE "\r");
    assert_string_equal(stage_view(stage), "today");
}

/* Each missing part by its name: not done without a reason, not asked, no note, nobody identified. */
static void what_is_missing_is_named(void **state)
{
    static const char *const sentences[] = {
        "Blood pressure was not measured and no reason is given", "Pulse is not recorded",
        "Temperature is not recorded", "There is no note: write one.", "identity is not checked",
    };
    struct stage *stage = *state;
    struct application *application = &stage->console.application;

    stage_resize(stage, 43, 132);
    stage_unlock(stage);
    stage_type(stage, START_VISIT);
    assert_int_equal(application_put_field(application, "identity", "", NULL), STATUS_OK);
    stage_type(stage, "v-\r\r- refused\r" NEXT_PART NEXT_PART NEXT_PART NEXT_PART);
    assert_string_equal(stage_view(stage), "close");
    for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++) {
        if (!stage_shows(sentences[i])) {
            fail_msg("%s\n%s", sentences[i], stage_screen());
        }
    }
    assert_false(stage_shows("Respiration is not recorded")); /* there is a reason */
}

static void an_empty_visit_cannot_be_signed(void **state)
{
    struct stage *stage = *state;

    stage_unlock(stage);
    stage_type(stage, START_VISIT "x" SIGN);
    assert_true(stage_shows("Nothing is recorded in this visit"));
    assert_false(stage_shows("Passphrase"));
}

static void limit_pages(struct stage *stage, int pages)
{
    char sql[64];

    snprintf(sql, sizeof sql, "PRAGMA max_page_count = %d", pages);
    assert_int_equal(sqlite3_exec(stage->console.application.store->connection, sql, NULL, NULL, NULL), SQLITE_OK);
}

static void a_full_disk_keeps_the_visit_and_says_the_remedy(void **state)
{
    struct stage *stage = *state;
    char *before = NULL;
    char *after = NULL;

    stage_unlock(stage);
    stage_type(stage, START_VISIT);
    stage_type(stage, journey);
    before = draft_text(stage);
    stage_type(stage, SIGN);
    limit_pages(stage, 1); /* no page more than there are */
    stage_type(stage, PASSPHRASE "\r");
    assert_string_equal(stage_view(stage), "close");
    assert_true(stage_shows("full"));
    after = draft_text(stage);
    assert_string_equal(after, before);
    limit_pages(stage, 1 << 30);
    stage_type(stage, PASSPHRASE "\r");
    assert_string_equal(stage_view(stage), "today");
    memory_free(before);
    memory_free(after);
}

/* What cannot be written stays on the screen, is called unsaved, and is written as soon as there is room. */
static void a_full_disk_while_typing_loses_nothing(void **state)
{
    struct stage *stage = *state;
    char word[65];

    memset(word, 'w', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    stage_unlock(stage);
    stage_type(stage, START_VISIT "n");
    limit_pages(stage, 1);
    for (int i = 0; i < 400; i++) {
        stage_type(stage, word);
    }
    stage_wait(stage, 1000);
    assert_true(application_of(stage)->unsaved);
    assert_true(application_of(stage)->message_is_error);
    assert_true(stage_shows("unsaved"));
    stage_type(stage, BACK);
    assert_string_equal(stage_view(stage), "note");
    limit_pages(stage, 1 << 30);
    stage_wait(stage, SAVE_RETRY);
    assert_false(application_of(stage)->unsaved);
    stage_type(stage, BACK);
    assert_string_equal(stage_view(stage), "snapshot");
    assert_int_equal(strlen(visit_draft_get(&application_of(stage)->draft, "note.s")), 400 * 64);
}

static void times_are_typed_as_people_say_them(void **state)
{
    struct stage *stage = *state;

    stage_unlock(stage);
    stage_type(stage, START_VISIT "v142/88");
    stage_wait(stage, 3600000 / 15); /* four minutes */
    stage_type(stage, NEXT_PART NEXT_PART NEXT_PART NEXT_PART);
    for (int i = 0; i < 30 && !stage_shows("> Start"); i++) {
        stage_type(stage, "\t");
    }
    assert_true(stage_shows("> Start       2026-11-22 09:00"));
    stage_type(stage, "\x15" "８:５５" SAVE);
    assert_string_equal(on_disk(stage, "start"), "2026-11-22T08:55:00+09:00");
    stage_type(stage, "\r2026-11-22 09:03" SAVE);
    assert_string_equal(on_disk(stage, "end"), "2026-11-22T09:03:00+09:00");
    stage_type(stage, "\x15" "25:00" SAVE);
    assert_string_equal(on_disk(stage, "end"), "25:00");
    assert_true(stage_shows("This is no date and time"));
    assert_true(stage_shows("> End         25:00"));
    stage_type(stage, "\x15" SAVE SIGN PASSPHRASE "\r");
    assert_string_equal(stage_view(stage), "today");
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, stage_begin, stage_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGED(a_full_set_of_vitals_takes_few_keys),
        STAGED(a_visit_goes_from_keys_to_the_outbox),
        STAGED(bytes_may_be_cut_anywhere),
        STAGED(a_kill_returns_to_the_same_field),
        STAGED(a_lock_returns_to_the_same_place),
        STAGED(a_wrong_passphrase_signs_nothing_and_waits),
        STAGED(a_pin_may_stand_for_the_passphrase),
        STAGED(what_stands_in_the_way_is_gone_to),
        STAGED(what_is_missing_is_named),
        STAGED(an_empty_visit_cannot_be_signed),
        STAGED(a_full_disk_keeps_the_visit_and_says_the_remedy),
        STAGED(a_full_disk_while_typing_loses_nothing),
        STAGED(times_are_typed_as_people_say_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
