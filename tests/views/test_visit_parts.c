/* Each screen of a visit by itself: what it asks, what it keeps, what it refuses to make up. */
#include "tests/views/keys.h"
#include "tests/views/stage.h"

#include "store/draft.h"

/* A visit of the patient with everything has just begun. */
static int open_visit(void **state)
{
    if (stage_begin(state) != 0) {
        return -1;
    }
    stage_unlock(*state);
    stage_type(*state, "\rs12s");
    assert_string_equal(stage_view(*state), "snapshot");
    return 0;
}

static const char *field(struct stage *stage, const char *name)
{
    return visit_draft_get(&stage->console.application.draft, name);
}

static int cursor(struct stage *stage)
{
    return application_top(&stage->console.application)->cursor;
}

/* --- vitals --------------------------------------------------------------------------------------- */

static void a_doubtful_value_counts_after_its_confirmation(void **state)
{
    struct stage *stage = *state;

    stage_type(stage, "v142/88\r91\r18\r96\r0\ra\r365");
    assert_true(stage_shows("Temperature typed as 365 is read as 36.5 C: is that right?"));
    assert_true(stage_shows("no score, 6 of 7 parts; missing: Temperature"));
    assert_string_equal(field(stage, "confirmed.temp"), "");
    stage_type(stage, CONFIRM);
    assert_string_equal(field(stage, "vitals.temp"), "365");
    assert_string_equal(field(stage, "confirmed.temp"), "365");
    assert_true(stage_shows("confirmed 36.5"));
    assert_true(stage_shows("NEWS2  1  low"));
    stage_type(stage, "\x7f" "8" SAVE); /* another value than the one that was confirmed */
    assert_true(stage_shows("Temperature typed as 368 is read as 36.8 C"));
    assert_true(stage_shows("missing: Temperature"));
    stage_type(stage, CONFIRM);
    stage_type(stage, CONFIRM);
    assert_true(stage_shows("Nothing is asked here"));
}

/* The question of a field that was left stays until it is answered, and the key answers what is shown. */
static void a_question_stays_until_it_is_answered(void **state)
{
    struct stage *stage = *state;

    stage_type(stage, "v\r191\r37\r");
    assert_true(stage_shows("Pulse of 191 /min is unusual"));
    stage_type(stage, CONFIRM);
    assert_string_equal(field(stage, "confirmed.pulse"), "191");
    assert_string_equal(field(stage, "confirmed.rr"), "");
    assert_true(stage_shows("Respiration of 37 /min is unusual"));
}

static void an_impossible_value_is_refused_in_words_once_it_is_whole(void **state)
{
    struct stage *stage = *state;

    stage_type(stage, "v88/142");
    assert_false(stage_shows("NOT POSSIBLE")); /* it may still become another number */
    stage_wait(stage, 1000);
    assert_true(stage_shows("NOT POSSIBLE"));
    assert_true(stage_shows("Blood pressure has its higher number"));
    stage_type(stage, EMPTY "142/88");
    assert_false(stage_shows("NOT POSSIBLE"));
    stage_type(stage, "\rabc\r");
    assert_true(stage_shows("Pulse cannot be read"));
}

static void what_was_not_measured_keeps_its_reason(void **state)
{
    struct stage *stage = *state;

    stage_type(stage, "v- refused\rnd arm hurts\r" SAVE);
    assert_true(stage_shows("not measured"));
    assert_string_equal(field(stage, "vitals.bp"), "- refused");
    assert_string_equal(field(stage, "vitals.pulse"), "nd arm hurts");
    assert_true(stage_shows("no score, 0 of 7 parts"));
}

static void full_width_digits_and_bursts_work(void **state)
{
    struct stage *stage = *state;

    stage_type(stage, "v１４２／８８\r９１\r１８\r９６\r０\rａ\r３６．９" SAVE);
    assert_true(stage_shows("ok 142/88"));
    assert_true(stage_shows("NEWS2  1  low"));
    assert_int_equal(cursor(stage), ENTRY_TEMPERATURE); /* nothing moved by itself */
}

static void a_paste_goes_into_one_field(void **state)
{
    struct stage *stage = *state;

    stage_type(stage, "v\033[200~142/88\r\n91\033[201~" SAVE);
    assert_int_equal(cursor(stage), ENTRY_BP);
    assert_string_equal(field(stage, "vitals.bp"), "142/88 91");
    assert_string_equal(field(stage, "vitals.pulse"), "");
}

static void the_ends_of_the_form_hold(void **state)
{
    struct stage *stage = *state;

    stage_type(stage, "v120/80\033[A\033[A");
    assert_int_equal(cursor(stage), ENTRY_BP);
    stage_type(stage, "\r\r\r\r\r\r\r\r\r\r170\r\r1");
    assert_int_equal(cursor(stage), ENTRY_HEIGHT);
    stage_type(stage, SAVE);
    assert_string_equal(field(stage, "vitals.bp"), "120/80");
    stage_type(stage, "\t");
    assert_int_equal(cursor(stage), ENTRY_BP);
}

/* --- note ----------------------------------------------------------------------------------------- */

static void the_note_is_edited_like_a_text(void **state)
{
    struct stage *stage = *state;

    stage_type(stage, "nfirst word 한글\033[1;5D\033[1;5DX" SAVE);
    assert_string_equal(field(stage, "note.s"), "first Xword 한글");
    stage_type(stage, UNDO SAVE);
    assert_string_equal(field(stage, "note.s"), "first word 한글");
    stage_type(stage, REDO SAVE);
    assert_string_equal(field(stage, "note.s"), "first Xword 한글");
    stage_type(stage, "\033[F\033[200~ pasted\r\nline\033[201~" SAVE);
    assert_string_equal(field(stage, "note.s"), "first Xword 한글 pasted\nline");
    stage_type(stage, "\033[5~\033[6~\033[B"); /* down at the end goes on to O */
    assert_int_equal(cursor(stage), 1);
    stage_type(stage, "\033[A");
    assert_int_equal(cursor(stage), 0);
}

static void saved_is_said_when_it_is_true(void **state)
{
    struct stage *stage = *state;

    stage_type(stage, "nwords");
    assert_true(stage_shows("| unsaved"));
    assert_string_equal(field(stage, "note.s"), "");
    stage_wait(stage, AUTOSAVE_PAUSE + 1);
    assert_true(stage_shows("| saved"));
    assert_string_equal(field(stage, "note.s"), "words");
}

static void switching_keeps_both_texts_and_joining_makes_them_one(void **state)
{
    struct stage *stage = *state;
    struct visit visit;
    const struct visit_draft *draft = &stage->console.application.draft;

    stage_type(stage, "nslept\tswollen" SWITCH "free words" SAVE);
    assert_string_equal(field(stage, "note.template"), "free");
    assert_string_equal(field(stage, "note.text"), "free words");
    assert_string_equal(field(stage, "note.o"), "swollen");
    assert_true(stage_shows("BOTH: there is SOAP and free text"));
    visit_read(draft, NULL, draft->started, &visit);
    assert_false(visit_can_sign(&visit));

    stage_type(stage, JOIN SAVE);
    assert_false(stage_shows("BOTH:"));
    assert_string_equal(field(stage, "note.text"), "free words\n\nS: slept\n\nO: swollen");
    assert_string_equal(field(stage, "note.s"), "");
    assert_string_equal(field(stage, "note.o"), "");
    visit_read(draft, NULL, draft->started, &visit);
    assert_true(visit_can_sign(&visit));

    stage_type(stage, SWITCH "more" JOIN SAVE);
    assert_string_equal(field(stage, "note.template"), "soap");
    assert_string_equal(field(stage, "note.s"), "more\n\nfree words\n\nS: slept\n\nO: swollen");
    assert_string_equal(field(stage, "note.text"), "");
}

static void the_last_plan_is_in_sight(void **state)
{
    struct stage *stage = *state;

    stage_type(stage, "n");
    assert_true(stage_shows("Weigh every morning"));
    stage_resize(stage, 43, 132);
    assert_true(stage_shows("Weigh every"));
}

/* --- consent -------------------------------------------------------------------------------------- */

static void nothing_of_a_consent_is_chosen_by_passing_through(void **state)
{
    struct stage *stage = *state;

    stage_type(stage, "c1\r\r\r\r\r\r\r\t\t\t\033[B\033[B\033[B\033[B" BACK SAVE);
    assert_string_equal(field(stage, "consent.0.purpose"), "");
    assert_string_equal(field(stage, "consent.0.decision"), "");
    assert_false(stage_shows("this visit:"));
}

static void a_refusal_is_recorded_changed_and_taken_out(void **state)
{
    struct stage *stage = *state;

    stage_type(stage, "c4");
    assert_true(stage_shows("Use for research (version 2026-11): read it out"));
    stage_type(stage, "\r215" SAVE);
    assert_string_equal(field(stage, "consent.0.purpose"), "research");
    assert_string_equal(field(stage, "consent.0.decision"), "deny");
    assert_string_equal(field(stage, "consent.0.by"), "patient");
    assert_string_equal(field(stage, "consent.0.method"), "refused");
    stage_type(stage, BACK);
    assert_true(stage_shows("this visit: does not agree"));
    stage_type(stage, "4\r1" BACK); /* the same one again, another decision */
    assert_string_equal(field(stage, "consent.0.decision"), "permit");
    assert_string_equal(field(stage, "consent.1.purpose"), "");
    stage_type(stage, "2\r3Kim" BACK); /* a decision alone is no consent yet */
    assert_string_equal(field(stage, "consent.1.purpose"), "share-record");
    assert_true(stage_shows("this visit: withdraws the agreement; ?; ?"));
    stage_type(stage, "\r\033[Z\r"); /* backwards from the text: take out */
    assert_true(stage_shows("was taken out"));
    assert_string_equal(field(stage, "consent.1.purpose"), "");
    assert_string_equal(field(stage, "consent.0.purpose"), "research");
}

/* --- tasks ---------------------------------------------------------------------------------------- */

static void only_what_was_touched_is_recorded(void **state)
{
    struct stage *stage = *state;

    stage_type(stage, "k\033[B\033[B\033[B\t\t" SAVE);
    assert_string_equal(field(stage, "task.0.id"), "");
    assert_string_equal(field(stage, "medicine.0.request"), "");
    stage_type(stage, "\033[5~" BACK "k2no vein" SAVE);
    assert_string_equal(field(stage, "task.0.id"), "t1");
    assert_string_equal(field(stage, "task.0.status"), "failed");
    assert_string_equal(field(stage, "task.0.reason"), "no vein");
    assert_string_equal(field(stage, "medicine.0.request"), "");
    stage_type(stage, "\033[A\x7f" SAVE);
    assert_string_equal(field(stage, "task.0.id"), "");
    assert_string_equal(field(stage, "task.0.status"), "");
    assert_string_equal(field(stage, "task.0.reason"), "");
    assert_false(stage_shows("no vein"));
}

static void a_sync_in_between_moves_no_answer(void **state)
{
    struct stage *stage = *state;
    struct event sync = {.kind = EVENT_SYNC};

    stage_type(stage, "k1"); /* the task is done; the cursor goes on to the medicine */
    (void)application_event(&stage->console.application, &sync);
    stage_type(stage, "2nausea" SAVE);
    assert_string_equal(field(stage, "task.0.status"), "completed");
    assert_string_equal(field(stage, "medicine.0.request"), "m1");
    assert_string_equal(field(stage, "medicine.0.taking"), "not");
    assert_string_equal(field(stage, "medicine.0.reason"), "nausea");
}

/* --- all ------------------------------------------------------------------------------------------ */

static void the_parts_lead_to_each_other_and_back(void **state)
{
    static const char *const parts[] = {"note", "consent", "tasks", "close", "vitals"};
    struct stage *stage = *state;

    stage_type(stage, "v");
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        stage_type(stage, NEXT_PART);
        assert_string_equal(stage_view(stage), parts[i]);
    }
    stage_type(stage, PREVIOUS_PART);
    assert_string_equal(stage_view(stage), "close");
    stage_type(stage, BACK);
    assert_string_equal(stage_view(stage), "snapshot");
}

static void a_refused_record_is_shown_with_the_servers_words_and_sent_again(void **state)
{
    struct stage *stage = *state;
    struct store *store = stage->console.application.store;
    struct outbox_rows rows;

    stage_type(stage, "v142/88" NEXT_PART NEXT_PART NEXT_PART NEXT_PART SIGN PASSPHRASE "\r");
    assert_int_equal(query_outbox(store, &rows, NULL), STATUS_OK);
    assert_true(rows.count > 1);
    assert_int_equal(record_refuse(store, rows.items[0].number, 422, "Encounter.class: value is not allowed", NULL),
                     STATUS_OK);
    stage_type(stage, "o");
    assert_true(stage_shows("REFUSED by the server: 1 refused"));
    assert_true(stage_shows("Encounter.class: value is not allowed"));
    assert_true(stage_shows("This cannot be corrected here"));
    assert_true(stage_shows("r Send again"));
    stage_type(stage, "ㄱ"); /* r, with a Korean input method on */
    assert_true(stage_shows("1 record will be sent again."));
    assert_false(stage_shows("REFUSED"));
    outbox_rows_free(&rows);
    assert_int_equal(query_outbox(store, &rows, NULL), STATUS_OK);
    for (size_t i = 0; i < rows.count; i++) {
        assert_int_equal(rows.items[i].state, OUTBOX_WAITING);
        assert_int_equal(record_accept(store, rows.items[i].number, "s1", "1", NULL), STATUS_OK);
        if (i + 2 == rows.count) {
            stage_type(stage, BACK "o");
            assert_false(stage_shows("accepted by the server")); /* not before the last one is */
        }
    }
    outbox_rows_free(&rows);
    stage_type(stage, BACK "o");
    assert_true(stage_shows("accepted by the server: 2026-11-22 09:00"));
}

/* What this device keeps back by itself the server never saw, and nothing says that it did. */
static void what_is_kept_back_here_is_not_called_the_servers_word(void **state)
{
    struct stage *stage = *state;
    struct store *store = stage->console.application.store;
    struct outbox_rows rows;

    stage_type(stage, "v142/88" NEXT_PART NEXT_PART NEXT_PART NEXT_PART SIGN PASSPHRASE "\r");
    assert_int_equal(query_outbox(store, &rows, NULL), STATUS_OK);
    assert_int_equal(record_refuse(store, rows.items[0].number, 0, "This visit's patient is not known", NULL), STATUS_OK);
    stage_type(stage, "o");
    assert_true(stage_shows("KEPT HERE, not sent: 1 kept back"));
    assert_true(stage_shows("This visit's patient is not known"));
    assert_false(stage_shows("server said"));
    assert_false(stage_shows("REFUSED"));
    outbox_rows_free(&rows);
}

static void the_outbox_leads_back_to_a_draft(void **state)
{
    struct stage *stage = *state;

    stage_type(stage, "v142/88" BACK "o");
    assert_true(stage_shows("DRAFT: not signed, only on this device"));
    stage_type(stage, "\r");
    assert_string_equal(stage_view(stage), "vitals");
}

static void a_tiny_terminal_signs_and_chooses_nothing(void **state)
{
    struct stage *stage = *state;

    stage_type(stage, "k");
    stage_resize(stage, 5, 20);
    stage_type(stage, "1");
    stage_resize(stage, 24, 80);
    assert_string_equal(field(stage, "task.0.status"), "");
    stage_type(stage, "1" NEXT_PART SIGN);
    stage_resize(stage, 5, 20);
    stage_type(stage, PASSPHRASE "\r");
    stage_resize(stage, 24, 80);
    assert_string_equal(stage_view(stage), "close");
    stage_type(stage, "\r");
    assert_string_equal(stage_view(stage), "today");
}

static void every_size_is_drawn(void **state)
{
    static const char *const screens[] = {"v", NEXT_PART, NEXT_PART, "1", NEXT_PART, NEXT_PART};
    struct stage *stage = *state;

    for (size_t i = 0; i < sizeof screens / sizeof *screens; i++) {
        stage_type(stage, screens[i]);
        for (int rows = 1; rows < 50; rows += 3) {
            stage_resize(stage, rows, 10 + rows * 5);
        }
        stage_resize(stage, 24, 80);
    }
    assert_string_equal(stage_view(stage), "close");
}

static void short_memory_takes_nothing_away(void **state)
{
    static const char *const keys[] = {"v", "142/88", SAVE, NEXT_PART, "잠", SWITCH, "x",  JOIN,      NEXT_PART,
                                       "2", "\r1",    BACK, NEXT_PART, "2",  "why", SAVE, NEXT_PART, BACK};
    struct stage *stage = *state;

    for (long nth = 1; nth < 60; nth++) {
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
            memory_fail_at(nth, 0);
            stage_type(stage, keys[i]);
            memory_fail_at(0, 0);
            assert_true(stage->console.application.depth >= 1);
            assert_non_null(stage->console.application.store);
        }
        while (strcmp(stage_view(stage), "snapshot") != 0) {
            stage_type(stage, BACK);
        }
        assert_string_not_equal(field(stage, "identity"), "");
    }
}

#define VISIT(test) cmocka_unit_test_setup_teardown(test, open_visit, stage_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        VISIT(a_doubtful_value_counts_after_its_confirmation),
        VISIT(a_question_stays_until_it_is_answered),
        VISIT(an_impossible_value_is_refused_in_words_once_it_is_whole),
        VISIT(what_was_not_measured_keeps_its_reason),
        VISIT(full_width_digits_and_bursts_work),
        VISIT(a_paste_goes_into_one_field),
        VISIT(the_ends_of_the_form_hold),
        VISIT(the_note_is_edited_like_a_text),
        VISIT(saved_is_said_when_it_is_true),
        VISIT(switching_keeps_both_texts_and_joining_makes_them_one),
        VISIT(the_last_plan_is_in_sight),
        VISIT(nothing_of_a_consent_is_chosen_by_passing_through),
        VISIT(a_refusal_is_recorded_changed_and_taken_out),
        VISIT(only_what_was_touched_is_recorded),
        VISIT(a_sync_in_between_moves_no_answer),
        VISIT(the_parts_lead_to_each_other_and_back),
        VISIT(a_refused_record_is_shown_with_the_servers_words_and_sent_again),
        VISIT(what_is_kept_back_here_is_not_called_the_servers_word),
        VISIT(the_outbox_leads_back_to_a_draft),
        VISIT(a_tiny_terminal_signs_and_chooses_nothing),
        VISIT(every_size_is_drawn),
        VISIT(short_memory_takes_nothing_away),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
