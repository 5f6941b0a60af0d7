/*
 * A vital, a note or what was said of something that the server refused: what
 * the server said, what was signed, and the field to put it right (for what
 * was said a form: correct_said.c). What is typed is kept like a draft,
 * until it is signed; then it waits to be sent again, and what was signed
 * before is kept beside it.
 */
#include "views/correct.h"

#include "base/memory.h"
#include "base/text.h"
#include "views/chrome.h"
#include "views/correct_part.h"
#include "views/exchange_words.h"
#include "views/field.h"

#include <string.h>

#define FIELD_COLUMNS 24
#define HEAD_SHARE 3 /* of the rows above a note, one in so many at most */

static struct correct_screen *screen_of(const struct view *view)
{
    return view->state;
}

static bool is_note(const struct correct_screen *screen)
{
    return screen->row.kind == CORRECTABLE_NOTE;
}

static bool is_said(const struct correct_screen *screen)
{
    return screen->row.kind == CORRECTABLE_SAID;
}

static const char *typed_of(struct correct_screen *screen)
{
    return is_said(screen) ? correct_said_typed(screen) : editor_text(&screen->field.editor);
}

static bool changed(const struct correct_screen *screen)
{
    return is_said(screen) ? correct_said_changed(screen) : screen->field.editor.changed;
}

static void mark_saved(struct correct_screen *screen)
{
    if (is_said(screen)) {
        correct_said_mark_saved(screen);
    } else {
        editor_mark_saved(&screen->field.editor);
    }
}

/* --- opening, keeping ----------------------------------------------------------------------------- */

void correct_show(struct application *application, int64_t number)
{
    struct correctable row;
    struct error error = {0};
    enum status status = correctable_load(application->store, number, &row, &error);

    if (status == STATUS_OK) {
        status = application_choose_patient(application, row.patient, &error);
        correctable_free(&row);
    }
    if (status != STATUS_OK) {
        application_say_error(application, &error);
        return;
    }
    application->refused_at_hand = number;
    application_push(application, VIEW_CORRECT);
}

static void correct_close(struct view *view)
{
    struct correct_screen *screen = screen_of(view);

    if (screen != NULL) {
        sign_end(&screen->sign);
        draft_field_close(&screen->field);
        correct_said_close(screen);
        correctable_free(&screen->row);
        memory_free(screen);
    }
    view->state = NULL;
}

static enum status open_text(struct correct_screen *screen, struct error *error)
{
    struct visit_draft none;
    enum status status = STATUS_OK;

    visit_draft_init(&none);
    status = draft_field_open(&screen->field, &none, is_note(screen) ? DRAFT_LINES : DRAFT_LINE, "", error);
    return status == STATUS_OK
               ? editor_set(&screen->field.editor, screen->row.begun ? screen->row.typed : screen->row.before, error)
               : status;
}

static enum status correct_open(struct view *view, struct application *application, struct error *error)
{
    struct correct_screen *screen = memory_allocate(sizeof *screen);
    enum status status = STATUS_OK;

    if (screen == NULL) {
        return error_no_memory(error);
    }
    view->state = screen;
    status = correctable_load(application->store, application->refused_at_hand, &screen->row, error);
    if (status == STATUS_OK && !text_equal(screen->row.patient, application->chart.patient.id)) {
        status = error_set(error, STATUS_INVALID, _("This entry is another patient's: open it from the outbox."));
    }
    if (status == STATUS_OK) {
        status = is_said(screen) ? correct_said_open(screen, error) : open_text(screen, error);
    }
    return status;
}

/* The sync, or another process, may have settled it meanwhile. */
static void correct_refresh(struct view *view, struct application *application)
{
    struct correct_screen *screen = screen_of(view);
    struct correctable row;
    enum status status = correctable_load(application->store, screen->row.number, &row, NULL);

    screen->gone = status == STATUS_NOT_FOUND;
    if (status == STATUS_OK) { /* or corrected it, and it was refused again */
        correctable_free(&screen->row);
        screen->row = row;
    }
}

static const char *gone_words(void)
{
    return _("Not refused any more; what you typed here is not signed, not sent: the server has it, or gets it, as it "
             "was signed.");
}

/* Never holds her here: what is typed is kept whatever became of the row. */
static enum status correct_save(struct view *view, struct application *application, struct error *error)
{
    struct correct_screen *screen = screen_of(view);
    enum status status = STATUS_OK;

    if (!changed(screen)) {
        return STATUS_OK;
    }
    status = correctable_keep(application->store, &screen->row, typed_of(screen), error);
    correct_refresh(view, application);
    if (status == STATUS_OK && screen->gone) {
        application_say(application, "%s", gone_words());
    }
    if (status == STATUS_OK) {
        mark_saved(screen);
    }
    return status;
}

/* --- drawing -------------------------------------------------------------------------------------- */

/* Whose it is, and what: the patient is named beside the value as well as in the header. */
static void name_entry(const struct correctable *row, char *out, size_t size)
{
    (void)text_format(out, size, "%s%s%s", row->patient_name, row->patient_name[0] != '\0' ? ", " : "", row->label);
}

void correct_title(const struct correct_screen *screen, char *out, size_t size)
{
    char entry[2 * LABEL_SIZE];
    char moment[80];

    exchange_moment(screen->row.started, moment, sizeof moment);
    name_entry(&screen->row, entry, sizeof entry);
    (void)text_format(out, size, _("%s, visit of %s"), entry, moment);
}

void correct_answer(const struct correct_screen *screen, char *out, size_t size)
{
    (void)text_format(out, size, _("the server said: %s"), screen->row.reason[0] != '\0' ? screen->row.reason : "-");
    if (screen->gone) {
        (void)text_copy(out, size, gone_words());
    }
}

static void write_head(struct page *page, const struct correct_screen *screen)
{
    char words[sizeof screen->row.reason + LABEL_SIZE];

    correct_title(screen, words, sizeof words);
    page_text(page, ROLE_TITLE, 0, words);
    correct_answer(screen, words, sizeof words);
    page_text(page, ROLE_RED, 0, words);
}

/* How what is typed stands. */
static void write_verdict(struct page *page, struct correct_screen *screen)
{
    struct entry_result result = correctable_judge(&screen->row, typed_of(screen));
    bool confirmed = text_equal(screen->confirmed, typed_of(screen));
    char words[400];

    if (text_equal(typed_of(screen), screen->row.before)) {
        page_text(page, ROLE_DIM, CORRECT_LABEL_COLUMNS, _("as it was signed"));
    } else if (result.verdict == ENTRY_EMPTY) {
        (void)text_format(words, sizeof words, _("Type it like %s; not measured: - and the reason."),
                          entry_hint(screen->row.field));
        page_text(page, ROLE_DIM, CORRECT_LABEL_COLUMNS, words);
    } else if (result.verdict == ENTRY_IMPOSSIBLE) {
        (void)text_format(words, sizeof words, _("%s  ^U: empty the field."), result.question);
        page_text(page, ROLE_RED, CORRECT_LABEL_COLUMNS, words);
    } else if (result.verdict == ENTRY_ASK && !confirmed) {
        (void)text_format(words, sizeof words, _("%s  ^Y: Yes, correct. ^U: empty the field."), result.question);
        page_text(page, ROLE_AMBER, CORRECT_LABEL_COLUMNS, words);
    } else {
        (void)text_format(words, sizeof words, result.verdict == ENTRY_ASK ? _("confirmed %s") : _("ok %s"),
                          result.accepted);
        page_text(page, ROLE_GOOD, CORRECT_LABEL_COLUMNS, result.verdict == ENTRY_NOT_DONE ? _("not measured") : words);
    }
}

static void draw_vital(struct correct_screen *screen, struct area area)
{
    struct page page = page_begin(area, 0);
    int row = 0;

    write_head(&page, screen);
    page_blank(&page);
    page_labelled(&page, ROLE_NORMAL, CORRECT_LABEL_COLUMNS, _("Signed"), ROLE_STRONG, screen->row.before);
    row = page_row(&page);
    if (row >= 0) {
        (void)canvas_piece(row, area.column, CORRECT_LABEL_COLUMNS - 1, ROLE_SELECTED, _("Corrected"));
        field_draw(&screen->field.editor, row, area.column + CORRECT_LABEL_COLUMNS, FIELD_COLUMNS, true);
    }
    if (screen->gone) {
        return;
    }
    write_verdict(&page, screen);
    page_blank(&page);
    page_text(&page, ROLE_DIM, 0,
              _("Enter or ^G signs it, and it is sent again. What is typed here is kept until then; so is what was "
                "signed."));
}

static void draw_note(struct correct_screen *screen, struct area area)
{
    struct area head = {area.row, area.column, area.rows / HEAD_SHARE, area.columns};
    struct page page = page_begin(head, 0);
    int used = 0;

    write_head(&page, screen);
    if (!screen->gone) {
        page_text(&page, ROLE_DIM, 0,
                  _("^G signs it, and it is sent again. What is typed here is kept until then; so is what was signed."));
    }
    page_blank(&page);
    used = page.lines < head.rows ? page.lines : head.rows;
    screen->text = (struct area){used, 0, area.rows - used, area.columns};
    area.row += used;
    area.rows -= used;
    field_draw_text(&screen->field.editor, area, true);
}

/* To be seen before it is signed. Of a note nothing but whose it is: its words are too many. */
static void write_remark(struct correct_screen *screen, char *out, size_t size)
{
    char entry[2 * LABEL_SIZE];

    name_entry(&screen->row, entry, sizeof entry);
    if (is_said(screen)) {
        correct_said_remark(screen, entry, out, size);
    } else if (is_note(screen)) {
        (void)text_copy(out, size, entry);
    } else {
        (void)text_format(out, size, _("%s: %s (signed before: %s)"), entry, typed_of(screen), screen->row.before);
    }
}

static void correct_draw(struct view *view, struct application *application, struct area area)
{
    struct correct_screen *screen = screen_of(view);
    char words[SAID_TEXT_SIZE];

    if (screen->sign.asking) {
        write_remark(screen, words, sizeof words);
        sign_draw(&screen->sign, application,
                  _("With your signature you say: this correction is true and complete as far as I know. What was "
                    "signed before is kept on this device."),
                  words, area);
    } else if (is_said(screen)) {
        form_draw(&screen->said.form, view, application, area);
    } else if (is_note(screen)) {
        draw_note(screen, area);
    } else {
        draw_vital(screen, area);
    }
}

/* --- doing ---------------------------------------------------------------------------------------- */

/* What stands in the way of a vital or a note. */
static void object_to_text(struct correct_screen *screen, const char *typed, char *out, size_t size)
{
    struct entry_result result = {.verdict = ENTRY_FINE};

    if (!is_note(screen)) {
        result = correctable_judge(&screen->row, typed);
    }
    if (result.verdict == ENTRY_EMPTY || (is_note(screen) && text_is_blank(typed))) {
        (void)text_copy(out, size, _("Nothing is typed."));
    } else if (result.verdict == ENTRY_IMPOSSIBLE) {
        (void)text_copy(out, size, result.question);
    } else if (result.verdict == ENTRY_ASK && !text_equal(screen->confirmed, typed)) {
        (void)text_copy(out, size, _("Answer the question first: ^Y when the value is right."));
    }
}

/* What stands in the way of a signature; "" when nothing does. */
static void objection(struct correct_screen *screen, char *out, size_t size)
{
    const char *typed = typed_of(screen);

    out[0] = '\0';
    if (text_equal(typed, screen->row.before)) {
        (void)text_copy(out, size, _("It says what it said before: correct it, or send it again as it is."));
    } else if (is_said(screen)) {
        correct_said_objection(screen, out, size);
    } else {
        object_to_text(screen, typed, out, size);
    }
}

static void ask_for_signature(struct view *view, struct application *application)
{
    struct correct_screen *screen = screen_of(view);
    struct error error = {0};
    char words[256];
    enum status status = application_save(application, &error);

    objection(screen, words, sizeof words);
    if (screen->gone) {
        (void)text_copy(words, sizeof words, gone_words());
    }
    if (status == STATUS_OK && words[0] != '\0') {
        application_say(application, "%s", words);
        return;
    }
    if (status == STATUS_OK && !screen->sign.asking) {
        status = sign_begin(&screen->sign, &error);
    }
    if (status != STATUS_OK) {
        application_say_error(application, &error);
    }
}

static void confirm(struct correct_screen *screen, struct application *application)
{
    if (correctable_judge(&screen->row, typed_of(screen)).verdict == ENTRY_ASK) {
        (void)text_copy(screen->confirmed, sizeof screen->confirmed, typed_of(screen));
    } else {
        application_say(application, _("Nothing is asked here: no value needs to be confirmed."));
    }
}

static enum status write_correction(struct application *application, const struct signer *signer, struct error *error)
{
    struct correct_screen *screen = screen_of(application_top(application));
    const char *typed = typed_of(screen);

    return record_correct(application->store, screen->row.number, typed, text_equal(screen->confirmed, typed), signer,
                          error);
}

/* It waits to be sent, and is no longer to be corrected: back to where it was refused. */
static void leave(struct correct_screen *screen, struct application *application)
{
    char label[LABEL_SIZE];

    (void)text_copy(label, sizeof label, screen->row.label);
    mark_saved(screen);
    application_refresh(application);
    application_pop(application); /* the view is gone from here on */
    application_say(application, _("Corrected and signed: %s. It goes with the next sync."), label);
    if (application->worker != NULL) {
        worker_request(application->worker);
    }
}

static enum reaction signing_event(struct correct_screen *screen, struct application *application,
                                   const struct event *event)
{
    enum sign_reaction reaction = sign_event(&screen->sign, application, event, write_correction);

    if (reaction == SIGN_SIGNED) {
        leave(screen, application);
    }
    return reaction == SIGN_IGNORED ? REACTION_IGNORED : REACTION_REDRAW;
}

static enum reaction tap(struct view *view, struct application *application, const struct event *event)
{
    struct correct_screen *screen = screen_of(view);
    struct editor *editor = &screen->field.editor;
    int line = event->row - screen->text.row;

    if (!is_note(screen) || line < 0 || line >= screen->text.rows) {
        return REACTION_IGNORED;
    }
    editor_move_to_place(editor, screen->text.columns, editor->scroll + (size_t)line, event->column);
    draft_field_enter(&screen->field, view, application);
    return REACTION_REDRAW;
}

static enum reaction correct_event(struct view *view, struct application *application, const struct event *event)
{
    struct correct_screen *screen = screen_of(view);
    int columns = is_note(screen) ? layout_of(application->rows, application->columns).body.columns : 0;

    if (screen->sign.asking) {
        return signing_event(screen, application, event);
    }
    if (is_said(screen)) {
        return correct_said_event(view, application, event);
    }
    if (event->kind == EVENT_CLICK) {
        return tap(view, application, event);
    }
    if (!is_note(screen) && event_is_key(event, KEYCAP_ENTER)) {
        ask_for_signature(view, application);
        return REACTION_REDRAW;
    }
    return draft_field_event(&screen->field, view, application, event, columns) ? REACTION_REDRAW : REACTION_IGNORED;
}

static enum reaction correct_command(struct view *view, struct application *application, enum command_id command)
{
    struct correct_screen *screen = screen_of(view);

    if (command == COMMAND_BACK && screen->sign.asking) {
        sign_end(&screen->sign);
    } else if (command == COMMAND_SIGN) {
        ask_for_signature(view, application);
    } else if (command == COMMAND_CONFIRM) {
        confirm(screen, application);
    } else if (is_said(screen) ? !form_command(&screen->said.form, view, application, command)
                               : !draft_field_command(&screen->field, view, application, command)) {
        return REACTION_IGNORED;
    }
    return REACTION_REDRAW;
}

static bool correct_allows(const struct view *view, const struct application *application, enum command_id command)
{
    const struct correct_screen *screen = screen_of(view);

    (void)application;
    if (screen->sign.asking) {
        return command != COMMAND_SIGN && command != COMMAND_CONFIRM && command != COMMAND_UNDO &&
               command != COMMAND_REDO && command != COMMAND_NEXT;
    }
    if (command == COMMAND_NEXT) {
        return is_said(screen);
    }
    return command != COMMAND_CONFIRM || screen->row.kind == CORRECTABLE_VITAL;
}

static const enum command_id correct_commands[] = {COMMAND_SIGN, COMMAND_NEXT, COMMAND_CONFIRM, COMMAND_UNDO,
                                                   COMMAND_REDO, COMMAND_SAVE, COMMAND_NONE};

const struct view_ops view_correct = {
    .name = "correct",
    .title = N_("Correct"),
    .commands = correct_commands,
    .about_patient = true,
    .passing = true,
    .typing = true,
    .open = correct_open,
    .refresh = correct_refresh,
    .draw = correct_draw,
    .event = correct_event,
    .command = correct_command,
    .save = correct_save,
    .allows = correct_allows,
    .close = correct_close,
};
