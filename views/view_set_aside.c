/*
 * Sets a mistaken visit aside: whose it is and what was entered stand here
 * first; then a reason, then the button. Nothing is thrown away: the Outbox
 * lists it, and takes it up again.
 */
#include "views/application.h"
#include "views/form.h"

#include "base/memory.h"
#include "base/text.h"
#include "store/draft.h"

#include <string.h>

#define LABEL_COLUMNS 14

enum item { ITEM_REASON, ITEM_SET_ASIDE };

struct aside_screen {
    struct form form;
    const char *reason; /* key, "" until chosen */
};

/* Kept in the audit row. */
static const char *const reasons[] = {"mistake", "wrong-patient", "not-held", "other", NULL};
static const char *const reason_words[] = {
    N_("begun by mistake"), N_("begun for the wrong patient"), N_("the visit did not take place"),
    N_("another reason"),
};

static const char *reason_word(const char *key)
{
    for (size_t i = 0; reasons[i] != NULL; i++) {
        if (text_equal(reasons[i], key)) {
            return _(reason_words[i]);
        }
    }
    return key;
}

static const struct choice reason_choice = {reasons, reason_word};

static struct aside_screen *screen_of(const struct view *view)
{
    return view->state;
}

/* --- describing ----------------------------------------------------------------------------------- */

static void describe(struct form *form, struct view *view, struct application *application)
{
    const struct aside_screen *screen = screen_of(view);
    struct visit_entered entered = visit_entered(&application->draft);
    bool ready = screen->reason[0] != '\0';
    char words[400];
    char time[24];

    form_heading(form, _("Set this visit aside?"));
    form_labelled(form, ROLE_NORMAL, LABEL_COLUMNS, _("Patient"), ROLE_STRONG, application->chart.patient.name);
    instant_format_date(words, sizeof words, application->draft.started);
    instant_format_time(time, sizeof time, application->draft.started);
    (void)text_format(words + strlen(words), sizeof words - strlen(words), " %s", time);
    form_labelled(form, ROLE_NORMAL, LABEL_COLUMNS, _("Begun"), ROLE_STRONG, words);
    visit_entered_words(&entered, false, words, sizeof words);
    form_labelled(form, ROLE_NORMAL, LABEL_COLUMNS, _("Entered"), ROLE_STRONG, words);
    form_blank(form);
    form_text(form, ROLE_NORMAL,
              _("It will not be signed and not be sent. Nothing is thrown away: the Outbox lists it, and Enter there "
                "takes it up again."));
    form_blank(form);
    form_question(form, ITEM_REASON, LABEL_COLUMNS, _("Reason"), &reason_choice, screen->reason);
    form_button(form, ITEM_SET_ASIDE, LABEL_COLUMNS, ready ? ROLE_AMBER : ROLE_DIM, _("Set aside"),
                ready ? _("Enter sets it aside; 0 goes back to the visit") : _("choose a reason first"));
}

/* --- opening -------------------------------------------------------------------------------------- */

static enum status aside_open(struct view *view, struct application *application, struct error *error)
{
    struct aside_screen *screen = memory_allocate(sizeof *screen);

    (void)application;
    if (screen == NULL) {
        return error_no_memory(error);
    }
    view->state = screen;
    view->cursor = ITEM_REASON;
    form_init(&screen->form, describe);
    screen->reason = "";
    return STATUS_OK;
}

static void aside_close(struct view *view)
{
    memory_free(view->state);
    view->state = NULL;
}

static void aside_draw(struct view *view, struct application *application, struct area area)
{
    form_draw(&screen_of(view)->form, view, application, area);
}

/* --- doing ---------------------------------------------------------------------------------------- */

static void set_aside(struct view *view, struct application *application)
{
    const char *reason = screen_of(view)->reason;
    struct error error = {0};

    if (reason[0] == '\0') {
        application_say(application, _("Choose a reason first: press its number."));
    } else if (draft_set_aside(application->store, application->draft.id, reason, &error) != STATUS_OK) {
        application_say_error(application, &error);
    } else {
        application_end_visit(application);
        application_say(application, _("Set aside and kept: the Outbox (o) takes it up again."));
    }
}

static enum reaction aside_event(struct view *view, struct application *application, const struct event *event)
{
    struct aside_screen *screen = screen_of(view);
    enum form_reaction reaction = form_event(&screen->form, view, application, event);

    if (reaction == FORM_CHOSEN) {
        screen->reason = screen->form.key;
        form_go(&screen->form, view, application, ITEM_SET_ASIDE);
    } else if (reaction == FORM_CLEARED) {
        screen->reason = "";
    }
    view->cursor = screen->form.cursor;
    if (reaction == FORM_PRESSED) {
        set_aside(view, application);
    }
    return reaction == FORM_IGNORED ? REACTION_IGNORED : REACTION_REDRAW;
}

static bool aside_allows(const struct view *view, const struct application *application, enum command_id command)
{
    (void)view;
    (void)application;
    return command != COMMAND_SET_ASIDE;
}

static const enum command_id aside_commands[] = {COMMAND_NONE};

const struct view_ops view_set_aside = {
    .name = "set-aside",
    .title = N_("Set aside"),
    .commands = aside_commands,
    .about_patient = true,
    .open = aside_open,
    .draw = aside_draw,
    .event = aside_event,
    .allows = aside_allows,
    .close = aside_close,
};
