/* Correcting what the server refused, from the Outbox to the signature: what is shown, kept and sent. */
#include "tests/views/keys.h"
#include "tests/views/walk.h"

#include "store/correct.h"
#include "store/draft.h"
#include "store/outbox.h"
#include "store/sign.h"
#include "views/application_part.h"
#include "views/correct.h"

#define PULSE "body LIKE '%8867-4%'"
#define NOTE "body LIKE '%\"DocumentReference\"%' AND body LIKE '%\"attachment\"%'"
#define TAKEN "body LIKE '%\"MedicationStatement\"%'"
#define GIVEN "body LIKE '%\"MedicationAdministration\"%'"
#define CONSENT "body LIKE '%\"Consent\"%'"
#define TASK "body LIKE '%\"Task\",%'"
#define SAYS "Observation.value[x]: 191 is not allowed for a pulse at this agency (rule vs-17); ask the quality team"

static struct application *application_of(struct stage *stage)
{
    return &stage->console.application;
}

/* What these tests sign and refuse takes the store from the fixture. */
static struct fixture *borrow(struct stage *stage)
{
    stage->fixture->store = application_of(stage)->store;
    return stage->fixture;
}

static void give_back(struct stage *stage)
{
    stage->fixture->store = NULL;
    application_refresh(application_of(stage));
}

static int64_t count(struct stage *stage, const char *sql)
{
    int64_t number = number_of(borrow(stage), sql);

    stage->fixture->store = NULL;
    return number;
}

static void refuse(struct fixture *fixture, const char *which, const char *words)
{
    char sql[200];

    snprintf(sql, sizeof sql, "SELECT number FROM outbox WHERE %s", which);
    assert_int_equal(record_refuse(fixture->store, number_of(fixture, sql), 422, words, NULL), STATUS_OK);
}

static void sign_fields(struct fixture *fixture, const char *const (*fields)[2], size_t count)
{
    struct signer signer = {.practitioner = "nurse1", .practitioner_name = "Lee Jiwon", .organization = "", .consent_policy = "",
                            .language = "en", .randomness = &fixture->options.randomness, .now = fixture->time.wall};
    char visit[UUID_SIZE];
    size_t queued = 0;

    assert_int_equal(draft_start(fixture->store, "kim", "", visit, NULL), STATUS_OK);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(draft_put(fixture->store, visit, fields[i][0], fields[i][1], NULL), STATUS_OK);
    }
    if (record_sign_visit(fixture->store, visit, &signer, &queued, &fixture->error) != STATUS_OK) {
        fail_msg("signing: %s", fixture->error.sentence);
    }
}

/* A signed visit of which the server refuses the pulse, the note and the consent. */
static void make_refusals(struct stage *stage)
{
    static const char *const fields[][2] = {
        {"identity", "name, birth date"}, {"vitals.bp", "142/88"}, {"vitals.pulse", "191"}, {"confirmed.pulse", "191"},
        {"note.template", "soap"}, {"note.s", "잠을 잘 못 잤어요. 숨이 차요."}, {"note.p", "Call the doctor."},
        {"consent.0.purpose", "home-care"}, {"consent.0.decision", "permit"}, {"consent.0.by", "patient"},
        {"consent.0.method", "verbal"},
    };
    struct fixture *fixture = borrow(stage);

    sign_fields(fixture, fields, sizeof fields / sizeof *fields);
    refuse(fixture, PULSE, SAYS);
    refuse(fixture, NOTE, "DocumentReference.content: text too long");
    refuse(fixture, CONSENT, "Consent.policy: unknown");
    give_back(stage);
}

/* The same of what was said: how a medicine is taken, what was given, what became of a task, who gave a consent. */
static void make_said_refusals(struct stage *stage)
{
    static const char *const fields[][2] = {
        {"identity", "name, birth date"}, {"vitals.pulse", "91"}, {"note.s", "Feels well."},
        {"medicine.0.request", "m1"}, {"medicine.0.taking", "not"}, {"medicine.0.reason", "어지러움"},
        {"medicine.1.request", "m1"}, {"medicine.1.dose", "20"}, {"medicine.1.unit", "mg"}, {"medicine.1.route", "oral"},
        {"task.0.id", "t1"}, {"task.0.status", "completed"}, {"consent.0.purpose", "home-care"},
        {"consent.0.decision", "permit"}, {"consent.0.by", "patient"}, {"consent.0.method", "typed-name"},
        {"consent.0.name", "김민서"},
    };
    struct fixture *fixture = borrow(stage);

    sign_fields(fixture, fields, sizeof fields / sizeof *fields);
    refuse(fixture, TAKEN, "MedicationStatement.statusReason: a coded reason is required (rule med-3)");
    refuse(fixture, GIVEN, "MedicationAdministration.dosage: above the limit of the order");
    refuse(fixture, CONSENT, "Consent.performer: a name and a relation are required");
    refuse(fixture, TASK, "Task.status: draft has to become accepted first");
    give_back(stage);
}

#define DOWN "\x1b[B"
#define REFUSED "SELECT count(*) FROM outbox WHERE state = 'refused'"

static void a_vital_is_corrected_from_the_outbox(void **state)
{
    struct stage *stage = *state;

    stage_unlock(stage);
    make_refusals(stage);
    stage_type(stage, "o");
    assert_true(stage_shows("REFUSED by the server: 3 refused"));
    assert_true(stage_shows("Pulse 191"));
    assert_true(stage_shows("191 is not allowed for a pulse"));
    assert_true(stage_shows("text too long"));
    assert_true(stage_shows("e Correct"));
    stage_type(stage, DOWN "ㄷ"); /* e, with a Korean input method on */
    assert_string_equal(stage_view(stage), "correct");
    assert_true(stage_shows("김민서"));
    assert_true(stage_shows("Pulse, visit of 2026-11-22 09:00"));
    assert_true(stage_shows("191 is not allowed for a pulse"));
    assert_true(stage_shows("as it was signed"));

    stage_type(stage, SIGN); /* there is nothing to sign yet */
    assert_true(stage_shows("It says what it said before"));
    stage_type(stage, EMPTY "9000");
    assert_true(stage_shows("empty the field"));
    stage_type(stage, "\r");
    assert_false(stage_shows("Passphrase"));
    stage_type(stage, EMPTY "150");
    assert_true(stage_shows("Yes, correct"));
    stage_type(stage, "\r");
    assert_true(stage_shows("Answer the question first"));
    stage_type(stage, CONFIRM);
    assert_true(stage_shows("confirmed 150"));
    stage_type(stage, EMPTY "91\r");
    assert_true(stage_shows("this correction is true"));
    assert_true(stage_shows(", Pulse: 91 (signed before: 191)"));
    stage_type(stage, "not this one\r");
    assert_true(stage_shows("That is not the passphrase"));
    assert_int_equal(count(stage, REFUSED), 3);
    stage_wait(stage, 60000);
    stage_type(stage, PASSPHRASE "\r");
    assert_string_equal(stage_view(stage), "outbox");
    assert_true(stage_shows("Corrected and signed: Pulse."));
    assert_true(stage_shows("REFUSED by the server: 2 refused"));
    assert_false(stage_shows("Pulse 191"));
    assert_int_equal(count(stage, "SELECT count(*) FROM outbox WHERE state = 'waiting' AND " PULSE " AND body LIKE '%\"value\":91,%'"), 1);
    assert_int_equal(count(stage, "SELECT count(*) FROM correction WHERE body LIKE '%\"value\":191,%'"), 1);
    assert_int_equal(count(stage, "SELECT count(*) FROM audit WHERE action = 'correct' AND patient = 'kim'"), 1);
}

static void a_note_is_corrected_in_its_editor(void **state)
{
    struct stage *stage = *state;

    stage_unlock(stage);
    make_refusals(stage);
    stage_type(stage, "o" DOWN DOWN "\r"); /* Enter opens it too */
    assert_string_equal(stage_view(stage), "correct");
    assert_true(stage_shows("Note, visit of"));
    assert_true(stage_shows("text too long"));
    assert_true(stage_shows("잠을 잘 못 잤어요."));
    stage_type(stage, "\rTold the daughter.");
    assert_true(stage_shows("Told the daughter."));
    stage_type(stage, SIGN PASSPHRASE "\r");
    assert_true(stage_shows("Corrected and signed: Note."));
    assert_int_equal(count(stage, "SELECT count(*) FROM note WHERE text LIKE "
                                  "'S: %P: Call the doctor.' || char(10) || 'Told the daughter.'"), 1);
    assert_int_equal(count(stage, REFUSED), 2);
}

/* The questions of the visit, answered as they were signed. */
static void what_was_said_is_corrected_in_its_form(void **state)
{
    struct stage *stage = *state;

    stage_unlock(stage);
    make_said_refusals(stage);
    stage_type(stage, "o" DOWN DOWN "e");
    assert_string_equal(stage_view(stage), "correct");
    assert_true(stage_shows("Medicine taken Furosemide 40 mg, visit of 2026-11-22 09:00"));
    assert_true(stage_shows("a coded reason is required"));
    assert_true(stage_shows("not taken; 어지러움"));
    stage_type(stage, SIGN);
    assert_true(stage_shows("It says what it said before"));
    stage_type(stage, "4"); /* chosen: on the disk at once; the cursor goes on to the reason */
    assert_int_equal(count(stage, "SELECT count(*) FROM correcting WHERE typed = 'taking: unknown' || char(10) || 'reason: 어지러움'"), 1);
    stage_type(stage, EMPTY "asleep");
    stage_type(stage, SIGN "not this one\r");
    assert_true(stage_shows("Medicine taken Furosemide 40 mg: not known; asleep (signed before:"));
    assert_true(stage_shows("That is not the passphrase"));
    stage_type(stage, BACK BACK);
    assert_string_equal(stage_view(stage), "outbox");
    stage_type(stage, "e"); /* as it was left */
    assert_true(stage_shows("asleep"));
    stage_type(stage, SIGN);
    stage_wait(stage, 60000);
    stage_type(stage, PASSPHRASE "\r");
    assert_true(stage_shows("Corrected and signed: Medicine taken Furosemide 40 mg."));
    assert_int_equal(count(stage, "SELECT count(*) FROM outbox WHERE state = 'waiting' AND " TAKEN " AND body LIKE "
                                  "'%\"status\":\"unknown\"%' AND body LIKE '%asleep%'"), 1);
    assert_int_equal(count(stage, "SELECT count(*) FROM correcting"), 0);
    assert_int_equal(count(stage, REFUSED), 3);
}

static void what_was_given_is_corrected_in_its_form(void **state)
{
    struct stage *stage = *state;

    stage_unlock(stage);
    make_said_refusals(stage);
    stage_type(stage, "o" DOWN DOWN DOWN "\r");
    assert_true(stage_shows("Medicine given Furosemide 40 mg, visit of"));
    assert_true(stage_shows("20 mg oral"));
    stage_type(stage, EMPTY "two");
    assert_true(stage_shows("needs its dose as a number"));
    stage_type(stage, SIGN);
    assert_false(stage_shows("Passphrase"));
    stage_type(stage, EMPTY "40" UNDO REDO "\t\t\tboth ankles");
    assert_false(stage_shows("needs its dose as a number"));
    stage_type(stage, SIGN PASSPHRASE "\r");
    assert_true(stage_shows("Corrected and signed: Medicine given Furosemide 40 mg."));
    assert_int_equal(count(stage, "SELECT count(*) FROM outbox WHERE state = 'waiting' AND " GIVEN " AND body LIKE "
                                  "'%\"value\":40,%' AND body LIKE '%both ankles%'"), 1);
}

static void what_became_of_a_task_is_corrected_in_its_form(void **state)
{
    struct stage *stage = *state;

    stage_unlock(stage);
    make_said_refusals(stage);
    stage_type(stage, "o" DOWN DOWN DOWN DOWN "e");
    assert_string_equal(stage_view(stage), "correct");
    assert_true(stage_shows("Task "));
    assert_true(stage_shows("has to become accepted"));
    stage_type(stage, "2" SIGN); /* not done: which wants a reason */
    assert_true(stage_shows("needs a reason"));
    assert_false(stage_shows("Passphrase"));
    stage_type(stage, "asleep" SIGN PASSPHRASE "\r");
    assert_true(stage_shows("Corrected and signed: Task "));
    assert_int_equal(count(stage, "SELECT count(*) FROM outbox WHERE state = 'waiting' AND " TASK " AND body LIKE "
                                  "'%\"failed\"%' AND body LIKE '%asleep%' AND base_body LIKE '%\"requested\"%'"), 1);
}

/* Who and how; the decision is shown, and is no question. */
static void who_gave_a_consent_is_corrected_in_its_form(void **state)
{
    struct stage *stage = *state;

    stage_unlock(stage);
    make_said_refusals(stage);
    stage_type(stage, "o" DOWN "e");
    assert_true(stage_shows("Consent Nursing care at home, visit of"));
    assert_true(stage_shows("the patient; typed name, read back; 김민서"));
    assert_true(stage_shows("agrees"));
    assert_true(stage_shows("The decision stays as it was given"));
    stage_type(stage, "3" "5" SIGN); /* what was agreed to was not refused */
    assert_true(stage_shows("cannot be a permit"));
    assert_false(stage_shows("Passphrase"));
    stage_type(stage, "\x1b[A" "4" EMPTY "Kim Minsu");
    stage_type(stage, SIGN);
    stage_golden("correct-consent-sign-en-80x24");
    stage_type(stage, PASSPHRASE "\r");
    assert_true(stage_shows("Corrected and signed: Consent Nursing care at home."));
    assert_int_equal(count(stage, "SELECT count(*) FROM outbox WHERE state = 'waiting' AND " CONSENT " AND body LIKE "
                                  "'%Kim Minsu (son or daughter)%' AND body LIKE '%OPTIN%'"), 1);
}

/* What is typed outlives going back, a pause, a lock and another unlock. */
static void what_is_typed_is_kept_until_it_is_signed(void **state)
{
    struct stage *stage = *state;

    stage_unlock(stage);
    make_refusals(stage);
    stage_type(stage, "o" DOWN "e" EMPTY "9");
    stage_wait(stage, 2000);
    assert_int_equal(count(stage, "SELECT count(*) FROM correcting WHERE typed = '9'"), 1);
    stage_type(stage, "1" BACK);
    assert_string_equal(stage_view(stage), "outbox");
    assert_int_equal(count(stage, "SELECT count(*) FROM correcting WHERE typed = '91'"), 1);
    stage_type(stage, "e");
    assert_true(stage_shows("ok 91"));
    stage_type(stage, SIGN);
    assert_true(stage_shows("Passphrase"));
    stage_type(stage, BACK); /* not signed after all */
    assert_string_equal(stage_view(stage), "correct");
    stage_type(stage, "4" LOCK);
    stage_work(stage);
    assert_string_equal(stage_view(stage), "unlock");
    stage_unlock(stage);
    assert_int_equal(count(stage, REFUSED), 3);
    stage_type(stage, "o" DOWN "e");
    assert_true(stage_shows("914"));
    assert_int_equal(count(stage, REFUSED), 3);
}

/* The same in a form: a pause, another size of the screen and a lock lose nothing of it. */
static void what_is_typed_in_a_form_is_kept(void **state)
{
    struct stage *stage = *state;

    stage_unlock(stage);
    make_said_refusals(stage);
    stage_type(stage, "o" DOWN DOWN "e" "4" EMPTY "asl");
    stage_wait(stage, 2000);
    assert_int_equal(count(stage, "SELECT count(*) FROM correcting WHERE typed = 'taking: unknown' || char(10) || 'reason: asl'"), 1);
    stage_type(stage, "ee");
    stage_resize(stage, 20, 60);
    stage_type(stage, "p" SIGN "practice");
    stage_resize(stage, 43, 132);
    assert_true(stage_shows("not known; asleep (signed before: not taken; 어지러움)"));
    stage_type(stage, BACK LOCK);
    stage_work(stage);
    assert_string_equal(stage_view(stage), "unlock");
    stage_unlock(stage);
    assert_int_equal(count(stage, "SELECT count(*) FROM correcting WHERE typed LIKE '%asleep'"), 1);
    stage_type(stage, "o" DOWN DOWN "e");
    assert_true(stage_shows("asleep"));
    assert_true(stage_shows("not known"));
    /* Pasted: what is no text of one line does not stop her. */
    stage_type(stage, DOWN DOWN EMPTY "\x1b[200~half\tof\rit \x01\x7f now\x1b[201~" SIGN);
    assert_true(stage_shows("Passphrase"));
    stage_type(stage, PASSPHRASE "\r");
    assert_true(stage_shows("Corrected and signed"));
    assert_int_equal(count(stage, REFUSED), 3);
}

static void what_cannot_be_corrected_says_so(void **state)
{
    struct stage *stage = *state;

    stage_unlock(stage);
    make_refusals(stage);
    refuse(borrow(stage), "body LIKE '%\"Encounter\",%'", "Encounter.class: unknown");
    give_back(stage);
    stage_type(stage, "o" DOWN "e");
    assert_string_equal(stage_view(stage), "outbox");
    assert_true(stage_shows("Nothing in this can be corrected here"));
    stage_type(stage, "r"); /* it alone is sent again as it is */
    assert_true(stage_shows("1 record will be sent again."));
    assert_int_equal(count(stage, REFUSED), 3);
    stage_type(stage, "\x1b[A\x1b[A\x1b[A\x1b[A" "e"); /* on the visit: the first that can be */
    assert_string_equal(stage_view(stage), "correct");
    assert_true(stage_shows("Pulse, visit of"));
}

/* It arrived after all, or was sent again elsewhere, while she types: nothing holds her, and nothing shows for ever. */
static void what_left_meanwhile_holds_nobody(void **state)
{
    struct stage *stage = *state;

    stage_unlock(stage);
    make_refusals(stage);
    stage_type(stage, "o" DOWN "e" EMPTY "9");
    int64_t number = count(stage, "SELECT number FROM outbox WHERE " PULSE);
    assert_int_equal(record_accept(borrow(stage)->store, number, "o9", "1", NULL), STATUS_OK);
    give_back(stage);
    stage_type(stage, "1\r"); /* it is not to be signed any more */
    assert_string_equal(stage_view(stage), "correct");
    assert_false(stage_shows("Passphrase"));
    assert_true(stage_shows("Not refused any more"));
    assert_false(stage_shows("signs it"));
    assert_int_equal(count(stage, "SELECT count(*) FROM correcting WHERE typed = '91'"), 1);
    stage_type(stage, "2" BACK);
    assert_string_equal(stage_view(stage), "outbox");
    assert_int_equal(count(stage, "SELECT count(*) FROM correcting WHERE typed = '912'"), 1);

    stage_type(stage, DOWN "e"); /* the note; now idle hours lock it */
    assert_string_equal(stage_view(stage), "correct");
    number = count(stage, "SELECT number FROM outbox WHERE state = 'refused' AND " NOTE);
    assert_int_equal(outbox_retry(borrow(stage)->store, number, NULL), STATUS_OK);
    stage->fixture->store = NULL;
    stage_type(stage, "More.");
    stage_wait(stage, 3 * 3600 * 1000);
    stage_work(stage);
    assert_string_equal(stage_view(stage), "unlock");
    assert_false(stage_shows("김민서"));
    stage_unlock(stage);
    assert_int_equal(count(stage, "SELECT count(*) FROM correcting WHERE typed LIKE '%More.'"), 1);
    refuse(borrow(stage), NOTE, "still too long"); /* and there it is again */
    give_back(stage);
    stage_type(stage, "o" DOWN "e");
    assert_string_equal(stage_view(stage), "correct");
    assert_true(stage_shows("More."));
    stage_type(stage, "x");
    assert_int_equal(outbox_retry(borrow(stage)->store, number, NULL), STATUS_OK);
    stage->fixture->store = NULL;
    stage_type(stage, LOCK);
    stage_work(stage);
    assert_string_equal(stage_view(stage), "unlock");
}

/* Corrected elsewhere and refused again while the form is open: it says what is signed now, and what is said of that. */
static void what_was_signed_meanwhile_is_shown(void **state)
{
    struct stage *stage = *state;

    stage_unlock(stage);
    make_said_refusals(stage);
    stage_type(stage, "o" DOWN "e");
    struct fixture *fixture = borrow(stage);
    struct signer signer = {.practitioner = "nurse1", .practitioner_name = "Lee Jiwon", .organization = "", .consent_policy = "",
                            .language = "en", .randomness = &fixture->options.randomness, .now = fixture->time.wall};
    int64_t number = number_of(fixture, "SELECT number FROM outbox WHERE " CONSENT);
    assert_int_equal(record_correct(fixture->store, number, "name: Park", false, &signer, NULL), STATUS_OK);
    refuse(fixture, CONSENT, "Consent.performer: not known here");
    stage->fixture->store = NULL;
    stage_type(stage, "3");
    assert_true(stage_shows("the patient; typed name, read back; Park"));
    assert_true(stage_shows("not known here"));
    stage_type(stage, SIGN);
    assert_true(stage_shows("; Park)"));
}

#define AARON "{\"resourceType\":\"Patient\",\"id\":\"aaron\",\"name\":[{\"text\":\"Aaron Adams\"}],\"gender\":\"male\"," \
              "\"birthDate\":\"1950-01-01\"}"

/* Kim's visit brings nobody back to a correction: by then another patient's may be at hand. */
static void it_is_no_place_to_return_to(void **state)
{
    struct stage *stage = *state;
    struct application *application = application_of(stage);
    struct error error = {0};
    char visit[UUID_SIZE];

    stage_unlock(stage);
    make_refusals(stage);
    struct fixture *fixture = borrow(stage);
    pull(fixture, AARON);
    assert_int_equal(draft_start(fixture->store, "kim", "", visit, NULL), STATUS_OK);
    assert_int_equal(draft_put(fixture->store, visit, "vitals.pulse", "80", NULL), STATUS_OK);
    give_back(stage);
    correct_show(application, count(stage, "SELECT number FROM outbox WHERE " PULSE));
    assert_string_equal(stage_view(stage), "correct");
    stage_wait(stage, 2000);
    assert_int_equal(count(stage, "SELECT count(*) FROM draft WHERE value = 'correct'"), 0);
    /* A record that says so all the same. */
    assert_int_equal(draft_put(borrow(stage)->store, visit, "screen", "correct", NULL), STATUS_OK);
    stage->fixture->store = NULL;
    stage_type(stage, LOCK);
    stage_work(stage);
    stage_unlock(stage);
    assert_string_not_equal(stage_view(stage), "correct");
    /* And never under another's header. */
    assert_int_equal(application_choose_patient(application, "aaron", &error), STATUS_OK);
    assert_int_equal(application_open_view(application, VIEW_CORRECT, 0, 0, &error), STATUS_INVALID);
    assert_non_null(strstr(error.sentence, "another patient's"));
}

/* --- screens -------------------------------------------------------------------------------------- */

static void golden(const char *name, const char *language, int rows, int columns)
{
    char whole[80];

    snprintf(whole, sizeof whole, "%s-%s-%dx%d", name, language, columns, rows);
    stage_golden(whole);
}

static void see(const char *language, int rows, int columns)
{
    struct stage stage;
    void *home = NULL;

    assert_int_equal(stage_home(&home), 0);
    stage_open(&stage, home, rows, columns);
    stage_unlock(&stage);
    make_refusals(&stage);
    stage_wait(&stage, 1000);
    stage_type(&stage, "o" DOWN);
    stage_wait(&stage, 1000);
    golden("outbox-refused", language, rows, columns);
    stage_type(&stage, "e");
    golden("correct-vital", language, rows, columns);
    stage_type(&stage, EMPTY "150");
    golden("correct-asked", language, rows, columns);
    stage_type(&stage, EMPTY "91\r");
    golden("correct-sign", language, rows, columns);
    stage_type(&stage, BACK BACK DOWN "e");
    golden("correct-note", language, rows, columns);
    stage_close(&stage);
    assert_int_equal(stage_home_end(&home), 0);
}

static void see_said(const char *language, int rows, int columns)
{
    struct stage stage;
    void *home = NULL;

    assert_int_equal(stage_home(&home), 0);
    stage_open(&stage, home, rows, columns);
    stage_unlock(&stage);
    make_said_refusals(&stage);
    stage_wait(&stage, 1000);
    stage_type(&stage, "o" DOWN "e");
    golden("correct-consent", language, rows, columns);
    stage_type(&stage, BACK DOWN "e");
    golden("correct-medicine", language, rows, columns);
    stage_type(&stage, "4" EMPTY SIGN);
    golden("correct-medicine-sign", language, rows, columns);
    stage_type(&stage, BACK BACK DOWN "e" EMPTY "two");
    golden("correct-given", language, rows, columns);
    stage_type(&stage, BACK DOWN "e" "2");
    golden("correct-task", language, rows, columns);
    stage_close(&stage);
    assert_int_equal(stage_home_end(&home), 0);
}

static void at_every_size(void **state)
{
    (void)state;
    language_setup("en", "");
    see("en", 24, 80);
    see_said("en", 24, 80);
    see_said("en", 20, 60);
    see("en", 20, 60);
    see("en", 43, 132);
}

static void in_other_languages(void **state)
{
    static const char *const languages[] = {"ko", "ja"};
    char folder[PATH_SIZE];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        if (walk_find_catalogue(languages[i], folder, sizeof folder)) {
            language_setup(languages[i], folder);
            see(languages[i], 24, 80);
            see_said(languages[i], 24, 80);
        }
    }
    language_setup("en", "");
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, stage_begin, stage_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGED(a_vital_is_corrected_from_the_outbox),
        STAGED(a_note_is_corrected_in_its_editor),
        STAGED(what_was_said_is_corrected_in_its_form),
        STAGED(what_was_given_is_corrected_in_its_form),
        STAGED(what_became_of_a_task_is_corrected_in_its_form),
        STAGED(who_gave_a_consent_is_corrected_in_its_form),
        STAGED(what_is_typed_is_kept_until_it_is_signed),
        STAGED(what_is_typed_in_a_form_is_kept),
        STAGED(what_cannot_be_corrected_says_so),
        STAGED(what_left_meanwhile_holds_nobody),
        STAGED(what_was_signed_meanwhile_is_shown),
        STAGED(it_is_no_place_to_return_to),
        cmocka_unit_test(at_every_size),
        cmocka_unit_test(in_other_languages),
    };

    unsetenv("NO_COLOR");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
