/*
 * What was changed here and at the server too: mine and theirs side by side,
 * what it was before below, and which of them is kept. A decision asks for its
 * key twice; nothing else waits for it.
 */
#include "views/conflict.h"
#include "views/form.h"

#include "base/memory.h"
#include "base/text.h"
#include "store/conflict.h"

#include <string.h>

#define INDENT 2
#define BESIDE_COLUMNS 70 /* fewer: mine above theirs */
#define WORDS_SIZE 9000   /* a side in words, and what it is called */

struct conflict_screen {
    struct form form;
    struct conflicts conflicts;
    enum command_id asked;  /* the decision whose key is wanted once more, or COMMAND_NONE */
    int64_t asked_about;    /* the number of its conflict */
};

static struct conflict_screen *screen_of(const struct view *view)
{
    return view->state;
}

/* --- words ---------------------------------------------------------------------------------------- */

/* What a nurse calls a resource of this type; the type itself where she has no word for it. */
static const char *type_words(const char *type)
{
    static const struct {
        const char *type, *words;
    } rows[] = {
        {"Task", N_("Task")},
        {"Consent", N_("Consent")},
        {"MedicationRequest", N_("Medicine")},
        {"MedicationStatement", N_("Medicine")},
        {"AllergyIntolerance", N_("Allergy")},
        {"Appointment", N_("Appointment")},
        {"DocumentReference", N_("Note")},
        {"Practitioner", N_("Nurse")},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(type, rows[i].type) == 0) {
            return _(rows[i].words);
        }
    }
    return type;
}

static void title_words(const struct conflict *conflict, char *out, size_t size)
{
    (void)text_format(out, size, "%s  %s%s%s", conflict->patient_name, type_words(conflict->type), conflict->what[0] != '\0' ? ": " : "",
                      conflict->what);
}

static void happened_words(const struct conflict *conflict, char *out, size_t size)
{
    char date[40], time[24];

    if (conflict->gone) {
        (void)text_copy(out, size, _("Deleted at the server. Keep mine sends yours as a new record; keep theirs lets it go."));
    } else if (!conflict->known) {
        (void)text_copy(out, size, _("What the server holds is not known yet: sync first."));
    } else if (conflict->theirs_at == INSTANT_NONE) {
        (void)text_copy(out, size, _("Changed at the server too."));
    } else {
        instant_format_date(date, sizeof date, conflict->theirs_at);
        instant_format_time(time, sizeof time, conflict->theirs_at);
        (void)text_format(out, size, _("Changed at the server too, %s %s."), date, time);
    }
}

static void side_words(const char *label, const char *text, char *out, size_t size)
{
    (void)text_format(out, size, "%s: %s", label, text[0] != '\0' ? text : _("nothing"));
}

/* --- describing ----------------------------------------------------------------------------------- */

static void write_part(struct page *page, const struct conflict *conflict, const struct conflict_part *part)
{
    char mine[WORDS_SIZE], theirs[WORDS_SIZE];
    bool beside = page->area.columns >= BESIDE_COLUMNS;

    page_text(page, ROLE_STRONG, INDENT, part->label);
    side_words(_("mine"), part->mine, mine, sizeof mine);
    side_words(_("theirs"), conflict->gone ? _("deleted") : part->theirs, theirs, sizeof theirs);
    if (beside) {
        page_beside(page, ROLE_NORMAL, 2 * INDENT, (page->area.columns - 2 * INDENT) / 2, mine, theirs);
    } else {
        page_text(page, ROLE_NORMAL, 2 * INDENT, mine);
        page_text(page, ROLE_NORMAL, 2 * INDENT, theirs);
    }
    side_words(_("before"), part->base, mine, sizeof mine);
    page_text(page, ROLE_DIM, 2 * INDENT, mine);
}

static void write_conflict(struct page *page, const void *context)
{
    const struct conflict *conflict = context;
    char words[400];

    title_words(conflict, words, sizeof words);
    page_text(page, ROLE_TITLE, 0, words);
    happened_words(conflict, words, sizeof words);
    page_text(page, ROLE_AMBER, INDENT, words);
    for (size_t i = 0; i < conflict->count; i++) {
        write_part(page, conflict, &conflict->parts[i]);
    }
    page_blank(page);
}

static void describe(struct form *form, struct view *view, struct application *application)
{
    const struct conflict_screen *screen = screen_of(view);

    (void)application;
    if (screen->conflicts.count == 0) {
        form_text(form, ROLE_GOOD, _("Nothing is in conflict."));
        return;
    }
    form_text(form, ROLE_NORMAL,
              _("1 keeps mine, 2 theirs, 3 both where both can stand. The rest of the visit goes on meanwhile."));
    form_blank(form);
    for (size_t i = 0; i < screen->conflicts.count; i++) {
        form_block(form, (int)screen->conflicts.items[i].number, write_conflict, &screen->conflicts.items[i]);
    }
}

/* --- opening -------------------------------------------------------------------------------------- */

static enum status load(struct conflict_screen *screen, struct application *application, struct error *error)
{
    struct conflicts conflicts;
    enum status status = query_conflicts(application->store, &conflicts, error);

    if (status == STATUS_OK) {
        conflicts_free(&screen->conflicts);
        screen->conflicts = conflicts;
    }
    return status;
}

static enum status conflict_open(struct view *view, struct application *application, struct error *error)
{
    struct conflict_screen *screen = memory_allocate(sizeof *screen);

    if (screen == NULL) {
        return error_no_memory(error);
    }
    view->state = screen;
    form_init(&screen->form, describe);
    screen->form.cursor = view->cursor;
    return load(screen, application, error);
}

static void conflict_close(struct view *view)
{
    struct conflict_screen *screen = screen_of(view);

    if (screen != NULL) {
        conflicts_free(&screen->conflicts);
        memory_free(screen);
    }
    view->state = NULL;
}

/* The cursor stays with its conflict. */
static void conflict_refresh(struct view *view, struct application *application)
{
    struct conflict_screen *screen = screen_of(view);
    struct error error = {0};

    form_look(&screen->form, view, application);
    if (load(screen, application, &error) != STATUS_OK) {
        application_say_error(application, &error);
    }
    form_look(&screen->form, view, application);
}

static void conflict_draw(struct view *view, struct application *application, struct area area)
{
    form_draw(&screen_of(view)->form, view, application, area);
}

void conflict_show(struct application *application, const char *visit)
{
    struct view *view = NULL;
    struct conflict_screen *screen = NULL;

    application_push(application, VIEW_CONFLICT);
    view = application_top(application);
    if (view->ops != &view_conflict) {
        return; /* the message says why */
    }
    screen = screen_of(view);
    for (size_t i = 0; i < screen->conflicts.count; i++) {
        if (text_equal(screen->conflicts.items[i].visit, visit)) {
            form_go(&screen->form, view, application, (int)i);
            view->cursor = screen->form.cursor;
            return;
        }
    }
}

/* --- deciding ------------------------------------------------------------------------------------- */

/* The conflict under the cursor, or NULL. */
static const struct conflict *selected(struct view *view, struct application *application)
{
    struct conflict_screen *screen = screen_of(view);

    form_look(&screen->form, view, application);
    for (size_t i = 0; i < screen->conflicts.count; i++) {
        if (screen->form.item.kind == FORM_READING && screen->conflicts.items[i].number == screen->form.item.id) {
            return &screen->conflicts.items[i];
        }
    }
    return NULL;
}

static bool is_decision(enum command_id command, enum keep *keep)
{
    *keep = command == COMMAND_KEEP_MINE ? KEEP_MINE : command == COMMAND_KEEP_THEIRS ? KEEP_THEIRS : KEEP_BOTH;
    return command == COMMAND_KEEP_MINE || command == COMMAND_KEEP_THEIRS || command == COMMAND_KEEP_BOTH;
}

static void ask_once_more(struct application *application, const struct conflict *conflict, enum keep keep)
{
    switch (keep) {
    case KEEP_MINE:
        application_say(application, conflict->gone ? _("Press 1 again to send yours as a new record.")
                                                    : _("Press 1 again to send yours in the place of theirs."));
        break;
    case KEEP_THEIRS:
        application_say(application, _("Press 2 again to let yours go; a copy of it is kept."));
        break;
    case KEEP_BOTH:
        application_say(application, _("Press 3 again to send yours beside theirs."));
        break;
    }
}

static void decide(struct view *view, struct application *application, const struct conflict *conflict, enum keep keep)
{
    struct error error = {0};
    enum status status =
        record_resolve(application->store, conflict->number, keep, conflict->known ? conflict->version : NULL, &error);

    application_refresh(application);
    if (status != STATUS_OK) {
        application_say_error(application, &error);
        return;
    }
    if (screen_of(view)->conflicts.count == 0) {
        application_pop(application); /* the view is gone from here on */
    }
    application_say(application, keep == KEEP_THEIRS ? _("Decided: theirs stands; a copy of yours is kept.")
                                                     : _("Decided: yours goes with the next sync."));
    if (keep != KEEP_THEIRS && application->worker != NULL) {
        worker_request(application->worker);
    }
}

static enum reaction conflict_command(struct view *view, struct application *application, enum command_id command)
{
    struct conflict_screen *screen = screen_of(view);
    const struct conflict *conflict = NULL;
    enum keep keep = KEEP_MINE;

    if (!is_decision(command, &keep)) {
        return REACTION_IGNORED;
    }
    conflict = selected(view, application);
    if (conflict == NULL) {
        return REACTION_REDRAW;
    }
    if (screen->asked == command && screen->asked_about == conflict->number) {
        screen->asked = COMMAND_NONE;
        decide(view, application, conflict, keep);
    } else {
        screen->asked = command;
        screen->asked_about = conflict->number;
        ask_once_more(application, conflict, keep);
    }
    return REACTION_REDRAW;
}

static enum reaction conflict_event(struct view *view, struct application *application, const struct event *event)
{
    struct conflict_screen *screen = screen_of(view);
    enum form_reaction reaction = form_event(&screen->form, view, application, event);

    view->cursor = screen->form.cursor;
    if (reaction != FORM_IGNORED) {
        screen->asked = COMMAND_NONE; /* another key came between */
    }
    return reaction == FORM_IGNORED ? REACTION_IGNORED : REACTION_REDRAW;
}

static bool conflict_allows(const struct view *view, const struct application *application, enum command_id command)
{
    enum keep keep = KEEP_MINE;

    (void)application;
    return !is_decision(command, &keep) || screen_of(view)->conflicts.count > 0;
}

static const enum command_id conflict_commands[] = {COMMAND_KEEP_MINE, COMMAND_KEEP_THEIRS, COMMAND_KEEP_BOTH, COMMAND_SYNC,
                                                    COMMAND_NONE};

const struct view_ops view_conflict = {
    .name = "conflict",
    .title = N_("Conflicts"),
    .commands = conflict_commands,
    .open = conflict_open,
    .refresh = conflict_refresh,
    .draw = conflict_draw,
    .event = conflict_event,
    .command = conflict_command,
    .allows = conflict_allows,
    .close = conflict_close,
};
