/*
 * Before the signature: what is entered, in short; what must be put right;
 * what is missing and may be signed without; when the visit began and ended.
 * Each problem leads to its field. Signing itself is in sign.c.
 */
#include "views/application.h"
#include "views/form.h"
#include "views/sign.h"
#include "views/visit_parts.h"
#include "views/vital_words.h"

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"
#include "care/consent.h"
#include "store/sign.h"

#include <string.h>

#define LABEL_COLUMNS 12
#define PROBLEM_COLUMNS 4

/* Ids of items: problems by their place in the list, then these. */
enum item { ITEM_START = 1000, ITEM_END, ITEM_SIGN };

struct close_screen {
    struct form form;
    struct draft_field start, end;
    struct sign sign;
    struct visit visit; /* the draft, read */
    size_t queued;      /* what the signature put into the outbox */
};

static struct close_screen *screen_of(const struct view *view)
{
    return view->state;
}

/* --- what is entered ------------------------------------------------------------------------------ */

static void entered(struct form *form, const char *label, const char *words)
{
    form_labelled(form, ROLE_NORMAL, LABEL_COLUMNS, label, words[0] != '\0' ? ROLE_NORMAL : ROLE_DIM,
                  words[0] != '\0' ? words : _("nothing"));
}

static void describe_vitals(struct form *form, const struct application *application, const struct visit *visit)
{
    struct buffer words;
    char line[400];

    buffer_init(&words, 4096);
    for (size_t i = 0; i < visit->reading_count; i++) {
        char value[48];

        reading_format(value, sizeof value, &visit->readings[i]);
        buffer_format(&words, "%s%s %s", i > 0 ? ", " : "", vital_short_label(visit->readings[i].vital), value);
    }
    entered(form, _("Vitals"), buffer_text(&words));
    buffer_free(&words);
    if (news2_applies(instant_years_since(application->chart.patient.birth_date, visit->start))) {
        news2_words(&visit->news2, line, sizeof line);
        form_labelled(form, ROLE_NORMAL, LABEL_COLUMNS, "NEWS2", news2_role(visit->news2.band), line);
        if (visit->news2.total >= 0) {
            form_labelled(form, ROLE_NORMAL, LABEL_COLUMNS, "", ROLE_STRONG,
                          news2_advice(visit->news2.band, application->chart.palliative));
            form_labelled(form, ROLE_NORMAL, LABEL_COLUMNS, "", ROLE_DIM, news2_acknowledgement());
        }
    }
}

static void describe_note(struct form *form, const struct visit *visit)
{
    static const char *const letters[] = {"S", "O", "A", "P"};
    bool soap = text_equal(visit->note.template_key, "soap");
    bool any = false;

    if (!visit->has_note) {
        entered(form, _("Note"), "");
    }
    for (int i = 0; i < 4; i++) {
        const char *text = visit->note.section[i] + strspn(visit->note.section[i], " \n");
        char first[200];
        char words[220];

        if (text[0] != '\0') {
            bool cut = !text_copy(first, 160, text) || strchr(first, '\n') != NULL;

            first[strcspn(first, "\n")] = '\0';
            (void)text_format(words, sizeof words, "%s%s%s%s", soap ? letters[i] : "", soap ? ": " : "", first,
                              cut ? " ..." : "");
            entered(form, any ? "" : _("Note"), words);
            any = true;
        }
    }
}

static void describe_consents(struct form *form, const struct visit *visit)
{
    for (size_t i = 0; i < visit->consent_count; i++) {
        const struct visit_consent *consent = &visit->consents[i];
        const struct consent_purpose *purpose = consent_purpose_find(consent->purpose);
        char words[3 * LABEL_SIZE];

        (void)text_format(words, sizeof words, "%s: %s (%s, %s)",
                          purpose != NULL ? _(purpose->label) : consent->purpose,
                          consent_decision_word(consent->decision), consent_person_word(consent->by),
                          consent_method_word(consent->method));
        entered(form, _("Consent"), words);
    }
}

static void answered(struct form *form, const char *label, size_t answers, size_t asked)
{
    char words[80];

    if (answers + asked > 0) {
        (void)text_format(words, sizeof words, _("%zu of %zu answered"), answers, asked > answers ? asked : answers);
        form_labelled(form, ROLE_NORMAL, LABEL_COLUMNS, label, answers > 0 ? ROLE_NORMAL : ROLE_DIM, words);
    }
}

static void describe_care(struct form *form, const struct chart *chart, const struct visit *visit)
{
    size_t medicines = 0;
    size_t tasks = 0;

    for (size_t i = 0; i < chart->medicine_count; i++) {
        medicines += visit_part_asks_medicine(&chart->medicines[i]);
    }
    for (size_t i = 0; i < chart->task_count; i++) {
        tasks += visit_part_asks_task(&chart->tasks[i]);
    }
    answered(form, _("Medicines"), visit->medicine_count, medicines);
    answered(form, _("Tasks"), visit->task_count, tasks);
}

/* --- describing ----------------------------------------------------------------------------------- */

static void describe_problems(struct form *form, const struct visit *visit, bool standing_in_the_way,
                              const char *heading)
{
    bool any = false;

    for (size_t i = 0; i < visit->problem_count; i++) {
        const struct visit_problem *problem = &visit->problems[i];
        enum role role = problem->level == PROBLEM_REFUSED ? ROLE_RED
                         : problem->level == PROBLEM_ASK   ? ROLE_AMBER
                                                           : ROLE_NORMAL;
        const char *mark = problem->level == PROBLEM_REFUSED ? "!!" : problem->level == PROBLEM_ASK ? "?" : "-";

        if ((problem->level != PROBLEM_MISSING) == standing_in_the_way) {
            if (!any) {
                form_heading(form, heading);
            }
            any = true;
            form_button(form, (int)i, PROBLEM_COLUMNS, role, mark, problem->sentence);
        }
    }
    if (any) {
        form_blank(form);
    }
}

/* A time, and what is wrong with it. */
static void describe_time(struct form *form, const struct visit *visit, int id, const char *label,
                          struct draft_field *field, const char *hint)
{
    const char *fault = "";

    for (size_t i = 0; i < visit->problem_count; i++) {
        if (text_equal(visit->problems[i].field, field->name) && visit->problems[i].level == PROBLEM_REFUSED) {
            fault = visit->problems[i].sentence;
        }
    }
    form_field(form, id, LABEL_COLUMNS, label, field, hint, fault);
}

static void describe(struct form *form, struct view *view, struct application *application)
{
    struct close_screen *screen = screen_of(view);
    const struct visit *visit = &screen->visit;

    describe_problems(form, visit, true, _("To be put right before signing (Enter goes there)"));
    describe_problems(form, visit, false, _("Missing; you may sign without (Enter goes there)"));
    form_heading(form, _("Entered"));
    describe_vitals(form, application, visit);
    describe_note(form, visit);
    describe_consents(form, visit);
    describe_care(form, &application->chart, visit);
    form_blank(form);
    describe_time(form, visit, ITEM_START, _("Start"), &screen->start, _("Type it like 09:05, or with its date."));
    describe_time(form, visit, ITEM_END, _("End"), &screen->end,
                  _("Empty: the moment of signing. Type it like 09:35."));
    form_button(form, ITEM_SIGN, LABEL_COLUMNS, visit_can_sign(visit) ? ROLE_GOOD : ROLE_NORMAL, _("Sign"),
                visit_can_sign(visit) ? _("ready: Enter or ^G asks for the passphrase")
                                      : _("not yet: put the first list right"));
}

/* --- opening, keeping ----------------------------------------------------------------------------- */

static void review(struct close_screen *screen, const struct application *application)
{
    visit_read(&application->draft, &application->chart, application_now(application), &screen->visit);
}

static void close_close(struct view *view)
{
    struct close_screen *screen = screen_of(view);

    if (screen != NULL) {
        sign_end(&screen->sign);
        draft_field_close(&screen->start);
        draft_field_close(&screen->end);
        memory_free(screen);
    }
    view->state = NULL;
}

static enum status close_open(struct view *view, struct application *application, struct error *error)
{
    struct close_screen *screen = memory_allocate(sizeof *screen);
    enum status status = STATUS_OK;

    if (screen == NULL) {
        return error_no_memory(error);
    }
    view->state = screen;
    form_init(&screen->form, describe);
    screen->form.cursor = view->cursor;
    status = draft_field_open(&screen->start, &application->draft, DRAFT_TIME, "start", error);
    if (status == STATUS_OK) {
        status = draft_field_open(&screen->end, &application->draft, DRAFT_TIME, "end", error);
    }
    if (status == STATUS_OK) {
        review(screen, application);
        form_look(&screen->form, view, application);
        if (screen->form.item.kind == FORM_FIELD) {
            editor_move_to(&screen->form.item.field->editor, view->offset);
        }
    }
    return status;
}

static enum status close_save(struct view *view, struct application *application, struct error *error)
{
    struct close_screen *screen = screen_of(view);
    enum status status = draft_field_save(&screen->start, application, error);

    if (status == STATUS_OK) {
        status = draft_field_save(&screen->end, application, error);
    }
    return status;
}

static void draw_signature(struct close_screen *screen, struct application *application, struct area area)
{
    size_t missing = visit_problem_count(&screen->visit, PROBLEM_MISSING);
    char words[400] = "";

    if (missing > 0) {
        (void)text_format(words, sizeof words,
                          ngettext("%zu thing is missing; ^B shows it again.",
                                   "%zu things are missing; ^B shows them again.", missing),
                          missing);
    }
    sign_draw(&screen->sign, application,
              _("With your signature you say: I made this visit, and what is entered is true and complete as far as I know. "
                "It cannot be changed afterwards, only added to."),
              words, area);
}

static void close_draw(struct view *view, struct application *application, struct area area)
{
    struct close_screen *screen = screen_of(view);

    review(screen, application);
    if (screen->sign.asking) {
        draw_signature(screen, application, area);
    } else {
        form_draw(&screen->form, view, application, area);
    }
}

/* --- doing ---------------------------------------------------------------------------------------- */

/* Asks for the secret when nothing stands in the way; all that is typed is on the disk first. */
static void ask_for_signature(struct view *view, struct application *application)
{
    struct close_screen *screen = screen_of(view);
    struct error error = {0};
    enum status status = application_save(application, &error);

    review(screen, application);
    if (status == STATUS_OK && !visit_can_sign(&screen->visit)) {
        form_go(&screen->form, view, application, 0);
        application_say(application, _("Put right first what stands at the top; Enter goes there."));
        return;
    }
    if (status == STATUS_OK && !screen->sign.asking) {
        status = sign_begin(&screen->sign, &error);
    }
    if (status != STATUS_OK) {
        application_say_error(application, &error);
    }
}

/* Only this closes the draft: afterwards the visit is in the record and in the outbox as a whole. */
static enum status write_visit(struct application *application, const struct signer *signer, struct error *error)
{
    struct close_screen *screen = screen_of(application_top(application));

    return record_sign_visit(application->store, application->draft.id, signer, &screen->queued, error);
}

/* The visit is in the record: nothing of it is in progress any more. Says what it was, then how much is to be sent. */
static void leave(struct application *application, size_t queued)
{
    struct visit_entered entered = visit_entered(&application->draft);
    char words[200];

    visit_entered_words(&entered, true, words, sizeof words);
    application_end_visit(application);
    application_say(application, ngettext("Signed: %s. %zu record to send.", "Signed: %s. %zu records to send.", queued),
                    words, queued);
    if (application->worker != NULL) {
        worker_request(application->worker);
    }
}

static enum reaction signing_event(struct close_screen *screen, struct application *application, const struct event *event)
{
    enum sign_reaction reaction = sign_event(&screen->sign, application, event, write_visit);

    if (reaction == SIGN_SIGNED) {
        leave(application, screen->queued); /* the view is gone from here on */
    }
    return reaction == SIGN_IGNORED ? REACTION_IGNORED : REACTION_REDRAW;
}

static void press(struct view *view, struct application *application, int id)
{
    char field[VISIT_FIELD_NAME_SIZE];

    if (id == ITEM_SIGN) {
        ask_for_signature(view, application);
        return;
    }
    (void)text_copy(field, sizeof field, screen_of(view)->visit.problems[id].field);
    if (text_equal(field, "start") || text_equal(field, "end")) {
        view->ops->go_to(view, application, field);
    } else {
        visit_part_open_field(application, field);
    }
}

static enum reaction close_event(struct view *view, struct application *application, const struct event *event)
{
    struct close_screen *screen = screen_of(view);
    enum form_reaction reaction = FORM_IGNORED;

    if (screen->sign.asking) {
        return signing_event(screen, application, event);
    }
    review(screen, application);
    reaction = form_event(&screen->form, view, application, event);
    view->cursor = screen->form.cursor;
    if (reaction == FORM_PRESSED) {
        press(view, application, screen->form.item.id);
    }
    return reaction == FORM_IGNORED ? REACTION_IGNORED : REACTION_REDRAW;
}

static enum reaction close_command(struct view *view, struct application *application, enum command_id command)
{
    struct close_screen *screen = screen_of(view);

    if (command == COMMAND_BACK && screen->sign.asking) {
        sign_end(&screen->sign);
        return REACTION_REDRAW;
    }
    if (command == COMMAND_SIGN) {
        ask_for_signature(view, application);
        return REACTION_REDRAW;
    }
    if (!screen->sign.asking && form_command(&screen->form, view, application, command)) {
        view->cursor = screen->form.cursor;
        return REACTION_REDRAW;
    }
    return visit_part_command(application, command) ? REACTION_REDRAW : REACTION_IGNORED;
}

static bool close_allows(const struct view *view, const struct application *application, enum command_id command)
{
    if (command == COMMAND_SIGN && application->draft.id[0] == '\0') {
        return false;
    }
    return !screen_of(view)->sign.asking ||
           (command != COMMAND_SIGN && command != COMMAND_NEXT && command != COMMAND_SET_ASIDE);
}

static void close_go_to(struct view *view, struct application *application, const char *field)
{
    struct close_screen *screen = screen_of(view);
    int id = text_equal(field, "end") ? ITEM_END : ITEM_START;

    form_look(&screen->form, view, application);
    for (int item = 0; item < screen->form.count && screen->form.item.id != id; item++) {
        form_go(&screen->form, view, application, item);
    }
    view->cursor = screen->form.cursor;
}

static const enum command_id close_commands[] = {
    COMMAND_SIGN, COMMAND_NEXT, COMMAND_NEXT_PART, COMMAND_PREVIOUS_PART, COMMAND_SAVE, COMMAND_SET_ASIDE,
    COMMAND_NONE,
};

const struct view_ops view_close = {
    .name = "close",
    .title = N_("Close and sign"),
    .commands = close_commands,
    .about_patient = true,
    .typing = true,
    .open = close_open,
    .draw = close_draw,
    .event = close_event,
    .command = close_command,
    .save = close_save,
    .allows = close_allows,
    .go_to = close_go_to,
    .close = close_close,
};
