/*
 * Consents. First what may be asked for and how each stands, then one of
 * them: the exact text to be read out, the decision, who decided and how it
 * was given. Nothing is chosen beforehand, and a refusal is as easy to record
 * as an agreement. What was entered in this visit can be changed or taken out.
 */
#include "views/application.h"
#include "views/form.h"
#include "views/visit_parts.h"

#include "base/memory.h"
#include "base/text.h"
#include "care/consent.h"

#include <stdlib.h>
#include <string.h>

#define PART "consent"
#define LIST (-1)        /* no purpose is open */
#define OPEN_PLACE 100   /* places: a purpose in the list, or OPEN_PLACE * (purpose + 1) and the item */
#define LABEL_COLUMNS 14

enum item { ITEM_TEXT, ITEM_DECISION, ITEM_BY, ITEM_METHOD, ITEM_NAME, ITEM_TAKE_OUT };

struct consent_screen {
    struct form form;
    int purpose;             /* the one that is open, or LIST */
    struct draft_field name; /* of who decided, while a purpose is open */
};

/* The three questions, in the order of enum item from ITEM_DECISION on. */
static const struct {
    const char *attribute;
    const char *label;
} questions[] = {
    {"decision", N_("Decision")},
    {"by", N_("Who")},
    {"method", N_("How")},
};

static struct consent_screen *screen_of(const struct view *view)
{
    return view->state;
}

static const char *purpose_key(int purpose)
{
    return consent_purpose_at((size_t)purpose)->key;
}

/* The number of this purpose's rows in the draft; -1 while nothing is entered for it. */
static int number_of(const struct application *application, int purpose)
{
    return draft_part_find(&application->draft, PART, "purpose", purpose_key(purpose));
}

static const char *entered(const struct application *application, int purpose, const char *attribute)
{
    return draft_part_get(&application->draft, PART, number_of(application, purpose), attribute);
}

/* --- words ---------------------------------------------------------------------------------------- */

/* "agreed [active] Kim Minseo 2026-10-01" */
static void consent_words(const struct consent *consent, char *out, size_t size)
{
    char date[40] = "";

    if (consent->at != INSTANT_NONE) {
        instant_format_date(date, sizeof date, consent->at);
    }
    (void)text_format(out, size, "%s [%s] %s %s", chart_consent_word(consent->decision), status_word(consent->status),
                      consent->by, date);
}

/* What the record says: the newest consent for this purpose. */
static void record_words(const struct chart *chart, int purpose, char *out, size_t size)
{
    for (size_t i = 0; i < chart->consent_count; i++) {
        const struct consent *consent = &chart->consents[i];
        char words[2 * LABEL_SIZE];

        if (text_equal(consent->purpose, purpose_key(purpose)) && !text_equal(consent->status, "entered-in-error")) {
            consent_words(consent, words, sizeof words);
            (void)text_format(out, size, _("on record: %s"), words);
            return;
        }
    }
    (void)text_copy(out, size, _("on record: nothing about this"));
}

/* What was entered in this visit, "" when nothing was. */
static void visit_words(const struct application *application, int purpose, char *out, size_t size)
{
    const char *decision = entered(application, purpose, "decision");
    const char *by = entered(application, purpose, "by");
    const char *method = entered(application, purpose, "method");

    out[0] = '\0';
    if (number_of(application, purpose) >= 0) {
        (void)text_format(
            out, size, _("this visit: %s; %s; %s"), decision[0] != '\0' ? consent_decision_word(decision) : "?",
            by[0] != '\0' ? consent_person_word(by) : "?", method[0] != '\0' ? consent_method_word(method) : "?");
    }
}

/* --- describing ----------------------------------------------------------------------------------- */

/* Consents of other services, or of wordings that are not ours. */
static void describe_others(struct form *form, const struct chart *chart)
{
    bool any = false;

    for (size_t i = 0; i < chart->consent_count; i++) {
        const struct consent *consent = &chart->consents[i];
        char words[2 * LABEL_SIZE];
        char line[4 * LABEL_SIZE];

        if (consent->purpose[0] != '\0' || text_equal(consent->status, "entered-in-error")) {
            continue;
        }
        if (!any) {
            form_blank(form);
            form_heading(form, _("Other consents on record"));
        }
        any = true;
        consent_words(consent, words, sizeof words);
        (void)text_format(line, sizeof line, "%s: %s", consent->label, words);
        form_text(form, ROLE_DIM, line);
    }
}

static void describe_list(struct form *form, const struct application *application)
{
    form_heading(form, _("Which consent is it about?"));
    for (int i = 0; i < (int)consent_purpose_count(); i++) {
        char label[LABEL_SIZE];
        char words[2 * LABEL_SIZE];

        (void)text_format(label, sizeof label, "%d %s", i + 1, _(consent_purpose_at((size_t)i)->label));
        form_button(form, i, 1, ROLE_NORMAL, "", label);
        record_words(&application->chart, i, words, sizeof words);
        form_labelled(form, ROLE_DIM, 3, "", ROLE_DIM, words);
        visit_words(application, i, words, sizeof words);
        if (words[0] != '\0') {
            form_labelled(form, ROLE_STRONG, 3, "", ROLE_STRONG, words);
        }
    }
    describe_others(form, &application->chart);
}

static void describe_questions(struct form *form, struct consent_screen *screen, const struct application *application)
{
    for (int i = 0; i < (int)(sizeof questions / sizeof *questions); i++) {
        const char *chosen = entered(application, screen->purpose, questions[i].attribute);

        form_question(form, ITEM_DECISION + i, LABEL_COLUMNS, _(questions[i].label),
                      visit_part_choice(PART, questions[i].attribute), chosen);
    }
    form_field(form, ITEM_NAME, LABEL_COLUMNS, _("Name"), &screen->name,
               _("The name of the person who decided, when it was not the patient or when it was typed or signed."),
               "");
    if (number_of(application, screen->purpose) >= 0) {
        form_button(form, ITEM_TAKE_OUT, LABEL_COLUMNS, ROLE_NORMAL, _("Take out"),
                    _("Enter takes this consent out of the visit."));
    }
}

static void describe(struct form *form, struct view *view, struct application *application)
{
    struct consent_screen *screen = screen_of(view);
    const struct consent_purpose *purpose = NULL;
    char heading[LABEL_SIZE + 40];

    if (screen->purpose == LIST) {
        describe_list(form, application);
        return;
    }
    purpose = consent_purpose_at((size_t)screen->purpose);
    (void)text_format(heading, sizeof heading, _("%s (version %s): read it out"), _(purpose->label), purpose->version);
    form_heading(form, heading);
    form_reading(form, ITEM_TEXT, _(purpose->text));
    form_blank(form);
    describe_questions(form, screen, application);
}

/* --- opening, keeping ----------------------------------------------------------------------------- */

static void keep_place(struct view *view)
{
    const struct consent_screen *screen = screen_of(view);

    view->cursor = screen->form.cursor + (screen->purpose == LIST ? 0 : OPEN_PLACE * (screen->purpose + 1));
}

static void close_purpose(struct consent_screen *screen)
{
    draft_field_close(&screen->name);
    screen->purpose = LIST;
}

static enum status open_purpose(struct consent_screen *screen, struct application *application, int purpose,
                                struct error *error)
{
    char name[VISIT_FIELD_NAME_SIZE] = "";
    int number = number_of(application, purpose);

    if (number >= 0) {
        (void)text_format(name, sizeof name, "%s.%d.name", PART, number);
    }
    screen->purpose = purpose;
    return draft_field_open(&screen->name, &application->draft, DRAFT_LINE, name, error);
}

static void consent_close(struct view *view)
{
    struct consent_screen *screen = screen_of(view);

    if (screen != NULL) {
        close_purpose(screen);
        memory_free(screen);
    }
    view->state = NULL;
}

static enum status consent_open(struct view *view, struct application *application, struct error *error)
{
    struct consent_screen *screen = memory_allocate(sizeof *screen);
    int purpose = view->cursor / OPEN_PLACE - 1;
    enum status status = STATUS_OK;

    if (screen == NULL) {
        return error_no_memory(error);
    }
    view->state = screen;
    form_init(&screen->form, describe);
    screen->form.cursor = view->cursor % OPEN_PLACE;
    screen->purpose = LIST;
    if (purpose >= 0 && purpose < (int)consent_purpose_count()) {
        status = open_purpose(screen, application, purpose, error);
        editor_move_to(&screen->name.editor, view->offset);
    }
    return status;
}

/* A number for what is entered now; its purpose is on the disk before anything else of it. */
static enum status begin(struct consent_screen *screen, struct application *application, int *number,
                         struct error *error)
{
    *number = number_of(application, screen->purpose);
    if (*number >= 0) {
        return STATUS_OK;
    }
    *number = draft_part_free(&application->draft, PART);
    if (*number < 0) {
        return error_set(error, STATUS_INVALID, _("There are too many consents in this visit; take one out first."));
    }
    return draft_part_put(application, PART, *number, "purpose", purpose_key(screen->purpose), error);
}

static enum status consent_save(struct view *view, struct application *application, struct error *error)
{
    struct consent_screen *screen = screen_of(view);
    int number = -1;
    enum status status = STATUS_OK;

    if (screen->purpose == LIST || !screen->name.editor.changed || application->draft.id[0] == '\0') {
        return STATUS_OK;
    }
    status = begin(screen, application, &number, error);
    if (status == STATUS_OK) {
        (void)text_format(screen->name.name, sizeof screen->name.name, "%s.%d.name", PART, number);
        status = draft_field_save(&screen->name, application, error);
    }
    return status;
}

static void consent_draw(struct view *view, struct application *application, struct area area)
{
    form_draw(&screen_of(view)->form, view, application, area);
}

/* --- doing ---------------------------------------------------------------------------------------- */

static void show_purpose(struct view *view, struct application *application, int purpose)
{
    struct consent_screen *screen = screen_of(view);
    struct error error = {0};

    if (open_purpose(screen, application, purpose, &error) != STATUS_OK) {
        close_purpose(screen);
        application_say_error(application, &error);
    }
    view->scroll = 0;
    form_go(&screen->form, view, application, screen->purpose == LIST ? purpose : ITEM_TEXT);
}

/* False when what was typed could not be kept: then it stays open. */
static bool show_list(struct view *view, struct application *application)
{
    struct consent_screen *screen = screen_of(view);
    struct error error = {0};
    int purpose = screen->purpose;

    if (application_save(application, &error) != STATUS_OK) {
        application_say_error(application, &error);
        return false;
    }
    close_purpose(screen);
    view->scroll = 0;
    form_go(&screen->form, view, application, purpose);
    return true;
}

static void choose(struct view *view, struct application *application, int item, const char *key)
{
    struct consent_screen *screen = screen_of(view);
    const char *attribute = questions[item - ITEM_DECISION].attribute;
    struct error error = {0};
    int number = -1;
    enum status status = begin(screen, application, &number, &error);

    if (status == STATUS_OK) {
        status = draft_part_put(application, PART, number, attribute, key, &error);
    }
    if (status != STATUS_OK) {
        application_say_error(application, &error);
    } else if (key[0] != '\0') {
        form_go(&screen->form, view, application, screen->form.cursor + 1);
    }
}

/* Purpose last: as long as it is there, what could not be taken out is shown. */
static void take_out(struct view *view, struct application *application)
{
    static const char *const attributes[] = {"decision", "by", "method", "name", "purpose"};
    struct consent_screen *screen = screen_of(view);
    struct error error = {0};
    int number = number_of(application, screen->purpose);
    enum status status = editor_set(&screen->name.editor, "", &error);

    for (size_t i = 0; i < sizeof attributes / sizeof *attributes && status == STATUS_OK; i++) {
        status = draft_part_put(application, PART, number, attributes[i], "", &error);
    }
    if (status != STATUS_OK) {
        application_say_error(application, &error);
    } else if (show_list(view, application)) {
        application_say(application, _("The consent was taken out of this visit."));
    }
}

static void press(struct view *view, struct application *application, int id)
{
    if (screen_of(view)->purpose == LIST) {
        show_purpose(view, application, id);
    } else {
        take_out(view, application);
    }
}

static enum reaction consent_event(struct view *view, struct application *application, const struct event *event)
{
    struct consent_screen *screen = screen_of(view);
    int digit = event->kind == EVENT_CHARACTER ? text_command_key(event->character) - '0' : 0;
    enum form_reaction reaction = FORM_IGNORED;

    if (screen->purpose == LIST && digit >= 1 && digit <= (int)consent_purpose_count()) {
        show_purpose(view, application, digit - 1);
        reaction = FORM_HANDLED;
    } else {
        reaction = form_event(&screen->form, view, application, event);
    }
    if (reaction == FORM_PRESSED) {
        press(view, application, screen->form.item.id);
    } else if (reaction == FORM_CHOSEN || reaction == FORM_CLEARED) {
        choose(view, application, screen->form.item.id, reaction == FORM_CHOSEN ? screen->form.key : "");
    }
    keep_place(view);
    return reaction == FORM_IGNORED ? REACTION_IGNORED : REACTION_REDRAW;
}

static enum reaction consent_command(struct view *view, struct application *application, enum command_id command)
{
    struct consent_screen *screen = screen_of(view);

    if (visit_part_command(application, command)) {
        return REACTION_REDRAW;
    }
    if (command == COMMAND_BACK && screen->purpose != LIST) {
        (void)show_list(view, application);
    } else if (!form_command(&screen->form, view, application, command)) {
        return REACTION_IGNORED;
    }
    keep_place(view);
    return REACTION_REDRAW;
}

/* "consent.2.by": the consent of that number, at that question. */
static void consent_go_to(struct view *view, struct application *application, const char *field)
{
    struct consent_screen *screen = screen_of(view);
    int number = (int)strtol(field + strlen(PART) + 1, NULL, 10);
    const char *attribute = strrchr(field, '.') + 1;

    for (int i = 0; i < (int)consent_purpose_count(); i++) {
        if (number_of(application, i) == number) {
            show_purpose(view, application, i);
        }
    }
    for (int i = 0; screen->purpose != LIST && i < (int)(sizeof questions / sizeof *questions); i++) {
        if (text_equal(questions[i].attribute, attribute)) {
            form_go(&screen->form, view, application, ITEM_DECISION + i);
        }
    }
    if (screen->purpose != LIST && text_equal(attribute, "name")) {
        form_go(&screen->form, view, application, ITEM_NAME);
    }
    keep_place(view);
}

static const enum command_id consent_commands[] = {
    COMMAND_NEXT, COMMAND_NEXT_PART, COMMAND_PREVIOUS_PART, COMMAND_SAVE, COMMAND_NONE,
};

const struct view_ops view_consent = {
    .name = "consent",
    .title = N_("Consent"),
    .commands = consent_commands,
    .about_patient = true,
    .typing = true,
    .open = consent_open,
    .draw = consent_draw,
    .event = consent_event,
    .command = consent_command,
    .save = consent_save,
    .go_to = consent_go_to,
    .close = consent_close,
};
