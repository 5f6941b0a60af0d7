/*
 * Correcting what was said of a medicine, a task or a consent: the same questions as in the visit,
 * answered as they were signed or as they were typed since. See correct_part.h.
 */
#include "views/correct_part.h"

#include "base/memory.h"
#include "base/text.h"
#include "care/consent.h"
#include "views/visit_parts.h"

#include <string.h>

#define WORDS_SIZE 400

/* Names in the draft and in words; what joins them in one line. */
static const struct {
    const char *key, *label, *joint;
} labels[] = {
    {"taking", N_("Taken"), ""},      {"dose", N_("Dose"), ""},     {"unit", N_("Unit"), " "},
    {"route", N_("Route"), " "},      {"reason", N_("Reason"), "; "},
    {"status", N_("Outcome"), ""},    {"by", N_("Who"), ""},        {"method", N_("How"), "; "},
    {"name", N_("Name"), "; "},
};

static struct correct_screen *screen_of(const struct view *view)
{
    return view->state;
}

static size_t label_of(const char *key)
{
    size_t at = 0;

    while (at + 1 < sizeof labels / sizeof *labels && !text_equal(labels[at].key, key)) {
        at++;
    }
    return at;
}

static const struct choice *choice_of(const struct correct_screen *screen, size_t at)
{
    return visit_part_choice(said_part(screen->row.said_kind), said_keys(screen->row.said_kind)[at]);
}

/* --- words ---------------------------------------------------------------------------------------- */

/* "not taken; nausea" */
static void join(const struct correct_screen *screen, const char *const values[SAID_FIELDS], char *out, size_t size)
{
    const char *const *keys = said_keys(screen->row.said_kind);

    out[0] = '\0';
    for (size_t i = 0; keys[i] != NULL; i++) {
        const struct choice *choice = choice_of(screen, i);
        const char *word = choice != NULL && values[i][0] != '\0' ? choice->word(values[i]) : values[i];
        size_t length = strlen(out);

        if (word[0] != '\0') {
            (void)text_format(out + length, size - length, "%s%s", length > 0 ? labels[label_of(keys[i])].joint : "", word);
        }
    }
}

static void signed_words(const struct correct_screen *screen, char *out, size_t size)
{
    const char *values[SAID_FIELDS];

    said_values(&screen->row.said, screen->row.said_kind, values);
    join(screen, values, out, size);
}

static void present(struct correct_screen *screen, const char *values[SAID_FIELDS])
{
    struct said_form *said = &screen->said;

    said_values(&said->draft, screen->row.said_kind, values);
    for (size_t i = 0; said_keys(screen->row.said_kind)[i] != NULL; i++) {
        values[i] = choice_of(screen, i) != NULL ? values[i] : editor_text(&said->fields[i].editor);
    }
}

const char *correct_said_typed(struct correct_screen *screen)
{
    const char *values[SAID_FIELDS];

    present(screen, values);
    (void)said_write(screen->row.said_kind, values, screen->said.typed, sizeof screen->said.typed);
    return screen->said.typed;
}

void correct_said_remark(struct correct_screen *screen, const char *entry, char *out, size_t size)
{
    const char *values[SAID_FIELDS];
    char now[WORDS_SIZE];
    char before[WORDS_SIZE];

    present(screen, values);
    join(screen, values, now, sizeof now);
    signed_words(screen, before, sizeof before);
    (void)text_format(out, size, _("%s: %s (signed before: %s)"), entry, now, before);
}

/* NULL: it cannot be read, for want of memory or because of what is typed; *error says which. */
static const struct visit *judge(struct correct_screen *screen, struct error *error)
{
    enum status status = correctable_read(&screen->row, correct_said_typed(screen), screen->said.judged, error);

    return status == STATUS_OK ? screen->said.judged : NULL;
}

void correct_said_objection(struct correct_screen *screen, char *out, size_t size)
{
    struct error error = {0};
    const struct visit *judged = judge(screen, &error);
    const struct visit_problem *problem = judged != NULL ? correctable_objection(judged) : NULL;

    (void)text_copy(out, size, judged == NULL ? error.sentence : problem != NULL ? problem->sentence : "");
}

/* --- describing ----------------------------------------------------------------------------------- */

/* The problem of a field, "" when it has none. */
static const char *problem_of(const struct visit *judged, const char *key, enum problem_level *level)
{
    for (size_t i = 0; judged != NULL && i < judged->problem_count; i++) {
        const char *dot = strrchr(judged->problems[i].field, '.');

        if (dot != NULL && text_equal(dot + 1, key)) {
            *level = judged->problems[i].level;
            return judged->problems[i].sentence;
        }
    }
    return "";
}

static void describe_item(struct form *form, struct correct_screen *screen, const struct visit *judged, size_t at)
{
    const char *key = said_keys(screen->row.said_kind)[at];
    const char *label = _(labels[label_of(key)].label);
    const struct choice *choice = choice_of(screen, at);
    enum problem_level level = PROBLEM_MISSING;
    const char *problem = problem_of(judged, key, &level);
    bool fault = level != PROBLEM_MISSING;

    if (choice != NULL) {
        form_question(form, (int)at, CORRECT_LABEL_COLUMNS, label, choice, said_get(&screen->said.draft, screen->row.said_kind, key));
    } else {
        form_field(form, (int)at, CORRECT_LABEL_COLUMNS, label, &screen->said.fields[at], "", fault ? problem : "");
    }
    if (problem[0] != '\0' && (choice != NULL || !fault)) {
        form_labelled(form, ROLE_NORMAL, CORRECT_LABEL_COLUMNS, "", fault ? ROLE_RED : ROLE_AMBER, problem);
    }
}

/* It was made before the patient, on a text that was read out. */
static void describe_decision(struct form *form, const struct correctable *row)
{
    if (row->said_kind == SAID_CONSENT) {
        form_labelled(form, ROLE_NORMAL, CORRECT_LABEL_COLUMNS, _("Decision"), ROLE_STRONG,
                      consent_decision_word(said_get(&row->said, row->said_kind, "decision")));
        form_labelled(form, ROLE_DIM, CORRECT_LABEL_COLUMNS, "", ROLE_DIM,
                      _("The decision stays as it was given: another one is a new consent, in a new visit."));
    }
}

static void describe(struct form *form, struct view *view, struct application *application)
{
    struct correct_screen *screen = screen_of(view);
    const struct visit *judged = judge(screen, NULL);
    char words[sizeof screen->row.reason + LABEL_SIZE];

    (void)application;
    correct_title(screen, words, sizeof words);
    form_text(form, ROLE_TITLE, words);
    correct_answer(screen, words, sizeof words);
    form_text(form, ROLE_RED, words);
    form_blank(form);
    signed_words(screen, words, sizeof words);
    form_labelled(form, ROLE_NORMAL, CORRECT_LABEL_COLUMNS, _("Signed"), ROLE_STRONG, words);
    describe_decision(form, &screen->row);
    form_blank(form);
    for (size_t i = 0; said_keys(screen->row.said_kind)[i] != NULL; i++) {
        describe_item(form, screen, judged, i);
    }
    if (!screen->gone) {
        form_blank(form);
        form_text(form, ROLE_DIM,
                  _("^G signs it, and it is sent again. What is typed here is kept until then; so is what was signed."));
    }
}

/* --- opening, keeping ----------------------------------------------------------------------------- */

enum status correct_said_open(struct correct_screen *screen, struct error *error)
{
    struct said_form *said = &screen->said;
    const char *const *keys = said_keys(screen->row.said_kind);
    enum status status = said_copy(&screen->row.said, &said->draft, error);

    form_init(&said->form, describe);
    said->judged = memory_allocate(sizeof *said->judged);
    if (said->judged == NULL) {
        return error_no_memory(error);
    }
    if (status == STATUS_OK && screen->row.begun) {
        status = said_type(&said->draft, screen->row.said_kind, screen->row.typed, error);
    }
    for (size_t i = 0; keys[i] != NULL && status == STATUS_OK; i++) {
        char name[VISIT_FIELD_NAME_SIZE];

        (void)text_format(name, sizeof name, "%s.0.%s", said_part(screen->row.said_kind), keys[i]);
        status = draft_field_open(&said->fields[i], &said->draft, DRAFT_LINE, name, error);
    }
    return status;
}

void correct_said_close(struct correct_screen *screen)
{
    struct said_form *said = &screen->said;

    for (size_t i = 0; i < SAID_FIELDS; i++) {
        draft_field_close(&said->fields[i]);
    }
    visit_draft_free(&said->draft);
    memory_free(said->judged);
}

bool correct_said_changed(const struct correct_screen *screen)
{
    bool changed = screen->said.changed;

    for (size_t i = 0; i < SAID_FIELDS; i++) {
        changed = changed || screen->said.fields[i].editor.changed;
    }
    return changed;
}

void correct_said_mark_saved(struct correct_screen *screen)
{
    screen->said.changed = false;
    for (size_t i = 0; i < SAID_FIELDS; i++) {
        editor_mark_saved(&screen->said.fields[i].editor);
    }
}

/* --- doing ---------------------------------------------------------------------------------------- */

static void choose(struct view *view, struct application *application, const char *key)
{
    struct correct_screen *screen = screen_of(view);
    struct said_form *said = &screen->said;
    const char *question = said_keys(screen->row.said_kind)[said->form.item.id];
    struct error error = {0};
    enum status status = said_set(&said->draft, screen->row.said_kind, question, key, &error);

    if (status == STATUS_OK) {
        said->changed = true;
        status = application_save(application, &error);
    }
    if (status != STATUS_OK) {
        application_say_error(application, &error);
    } else if (key[0] != '\0') {
        form_go(&said->form, view, application, said->form.cursor + 1);
    }
}

enum reaction correct_said_event(struct view *view, struct application *application, const struct event *event)
{
    struct said_form *said = &screen_of(view)->said;
    enum form_reaction reaction = form_event(&said->form, view, application, event);

    if (reaction == FORM_CHOSEN || reaction == FORM_CLEARED) {
        choose(view, application, reaction == FORM_CHOSEN ? said->form.key : "");
    }
    return reaction == FORM_IGNORED ? REACTION_IGNORED : REACTION_REDRAW;
}
