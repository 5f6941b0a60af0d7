/*
 * All vitals on one screen, in any order: what is typed, in which unit, what
 * it was last time, and how it is judged, beside each other. NEWS2 follows
 * with every key, from the parts that are there and no others.
 *
 * Enter, Tab and the arrows move; nothing moves by itself. What is doubtful
 * is asked about in words and confirmed with its own key.
 */
#include "views/application.h"
#include "views/chrome.h"
#include "views/draft_field.h"
#include "views/field.h"
#include "views/visit_parts.h"
#include "views/vital_words.h"

#include "base/memory.h"
#include "base/text.h"
#include "care/trend.h"

#include <string.h>

#define LEAST_BELOW 4 /* lines for NEWS2, where it comes from, and a question */
#define MOST_BELOW 9
#define TINY 56   /* below this width there is no room for the last readings ... */
#define NARROW 72 /* ... below this one none for units */
#define WIDE 110

struct vitals {
    struct draft_field fields[ENTRY_FIELD_COUNT];
    int first;           /* field on the first row, where not all fit */
    int row_of_first;    /* of the last frame, in the body */
    struct visit visit;  /* what is typed, read */
    bool readable;       /* false: memory was short, so nothing is known of the visit */
};

/* How a field stands. */
struct judged {
    struct entry_result result;
    bool confirmed;
};

static struct vitals *vitals_of(const struct view *view)
{
    return view->state;
}

/* --- opening, keeping ----------------------------------------------------------------------------- */

static void field_name(char out[VISIT_FIELD_NAME_SIZE], const char *kind, int field)
{
    (void)text_format(out, VISIT_FIELD_NAME_SIZE, "%s.%s", kind, entry_key((enum entry_field)field));
}

static void vitals_close(struct view *view)
{
    struct vitals *vitals = vitals_of(view);

    if (vitals != NULL) {
        for (int i = 0; i < ENTRY_FIELD_COUNT; i++) {
            draft_field_close(&vitals->fields[i]);
        }
        memory_free(vitals);
    }
    view->state = NULL;
}

static enum status vitals_open(struct view *view, struct application *application, struct error *error)
{
    struct vitals *vitals = memory_allocate(sizeof *vitals);
    enum status status = STATUS_OK;

    if (vitals == NULL) {
        return error_no_memory(error);
    }
    view->state = vitals;
    for (int i = 0; i < ENTRY_FIELD_COUNT && status == STATUS_OK; i++) {
        char name[VISIT_FIELD_NAME_SIZE];

        field_name(name, "vitals", i);
        status = draft_field_open(&vitals->fields[i], &application->draft, DRAFT_LINE, name, error);
    }
    if (status != STATUS_OK) {
        return status;
    }
    view->cursor = view->cursor < ENTRY_FIELD_COUNT ? view->cursor : 0;
    draft_field_return(&vitals->fields[view->cursor], view);
    return STATUS_OK;
}

static enum status vitals_save(struct view *view, struct application *application, struct error *error)
{
    struct vitals *vitals = vitals_of(view);
    enum status status = STATUS_OK;

    for (int i = 0; i < ENTRY_FIELD_COUNT && status == STATUS_OK; i++) {
        status = draft_field_save(&vitals->fields[i], application, error);
    }
    return status;
}

/* --- judging -------------------------------------------------------------------------------------- */

static const char *typed(const struct vitals *vitals, int field)
{
    return editor_text(&vitals->fields[field].editor);
}

static const char *confirmed_text(const struct application *application, int field)
{
    char name[VISIT_FIELD_NAME_SIZE];

    field_name(name, "confirmed", field);
    return visit_draft_get(&application->draft, name);
}

/* Reads the visit as it would be with what is typed now. */
static void read_visit(struct vitals *vitals, const struct application *application)
{
    struct visit_draft draft;
    enum status status = STATUS_OK;

    visit_draft_init(&draft);
    draft.started = application->draft.started;
    status = visit_draft_set(&draft, "start", visit_draft_get(&application->draft, "start"), NULL);
    for (int i = 0; i < ENTRY_FIELD_COUNT && status == STATUS_OK; i++) {
        char name[VISIT_FIELD_NAME_SIZE];

        status = visit_draft_set(&draft, vitals->fields[i].name, typed(vitals, i), NULL);
        field_name(name, "confirmed", i);
        if (status == STATUS_OK) {
            status = visit_draft_set(&draft, name, confirmed_text(application, i), NULL);
        }
    }
    visit_read(&draft, &application->chart, application_now(application), &vitals->visit);
    vitals->readable = status == STATUS_OK;
    visit_draft_free(&draft);
}

static struct judged judge(const struct vitals *vitals, const struct application *application, int field)
{
    struct entry_context context = visit_entry_context(&application->chart, application->draft.started);

    return (struct judged){
        .result = entry_judge((enum entry_field)field, typed(vitals, field), &context),
        .confirmed = text_equal(confirmed_text(application, field), typed(vitals, field)),
    };
}

/* Something to say about the field: a question that is open, or a refusal. A number that is only begun is no refusal yet. */
static bool needs_words(const struct view *view, const struct application *application, int field, struct judged *judged)
{
    bool being_typed = field == view->cursor && application->unsaved;

    *judged = judge(vitals_of(view), application, field);
    return (judged->result.verdict == ENTRY_ASK && !judged->confirmed) ||
           (judged->result.verdict == ENTRY_IMPOSSIBLE && !being_typed);
}

/* The field whose question or refusal is shown: the one under the cursor before the others; -1 for none. */
static int field_in_question(const struct view *view, const struct application *application, struct judged *judged)
{
    if (needs_words(view, application, view->cursor, judged)) {
        return view->cursor;
    }
    for (int i = 0; i < ENTRY_FIELD_COUNT; i++) {
        if (needs_words(view, application, i, judged)) {
            return i;
        }
    }
    return -1;
}

/* --- drawing -------------------------------------------------------------------------------------- */

/* Where the cells of a row stand. */
struct cells {
    int label, field, field_columns, unit, last, last_columns, verdict, columns;
};

/* The columns of the longest label in this language, at most `most`. */
static int label_columns(int most)
{
    int longest = 0;

    for (int i = 0; i < ENTRY_FIELD_COUNT; i++) {
        int columns = text_columns(entry_label((enum entry_field)i));

        longest = columns > longest ? columns : longest;
    }
    return longest < most ? longest : most;
}

static struct cells cells_of(int columns)
{
    bool narrow = columns < NARROW;
    int field = 3 + label_columns(columns < TINY ? 12 : 18);
    int unit = field + 13;
    int last = narrow ? field + 10 : unit + 7;
    int verdict = narrow ? columns - 12 : columns < WIDE ? columns - 16 : WIDE - 24;

    return (struct cells){
        .label = 2,
        .field = field,
        .field_columns = narrow ? 9 : 12,
        .unit = narrow ? 0 : unit,
        .last = last,
        .last_columns = columns < TINY ? 0 : verdict - 1 - last,
        .verdict = verdict,
        .columns = columns,
    };
}

/* The newest reading of what the field is for: oxygen is a flow or a fraction. */
static const struct reading *last_reading(const struct chart *chart, int field)
{
    const struct reading *reading = chart_latest(chart, entry_vital((enum entry_field)field));
    const struct reading *fraction = field == ENTRY_OXYGEN ? chart_latest(chart, VITAL_OXYGEN_FRACTION) : NULL;

    return fraction != NULL && (reading == NULL || fraction->at > reading->at) ? fraction : reading;
}

static void draw_last(const struct application *application, int row, const struct cells *cells, int field)
{
    const struct reading *reading = last_reading(&application->chart, field);
    char value[100];
    char age[40];
    char change[80] = "";
    char words[300];

    if (reading == NULL) {
        return;
    }
    vital_value_words(&application->chart, reading, value, sizeof value);
    vital_age_words(reading, application_now(application), age, sizeof age);
    if (cells->last_columns >= 40) {
        trend_change(&application->chart, reading->vital, application_now(application), change, sizeof change);
    }
    (void)text_format(words, sizeof words, "%s%s  %s %s%s%s", value, reading->vital == VITAL_OXYGEN_FRACTION ? " %" : "",
                      age, reading_source_word(reading->source), change[0] != '\0' ? "  " : "", change);
    (void)canvas_piece(row, cells->last, cells->last_columns, ROLE_DIM, words);
}

static void draw_verdict(const struct view *view, const struct application *application, int row, const struct cells *cells,
                         int field)
{
    struct judged judged;
    bool words = needs_words(view, application, field, &judged);
    int columns = cells->columns - cells->verdict;
    const char *accepted = judged.result.accepted;
    char line[80];

    if (words && judged.result.verdict == ENTRY_ASK) {
        (void)canvas_piece(row, cells->verdict, columns, ROLE_AMBER, _("RIGHT? ^Y"));
    } else if (words) {
        (void)canvas_piece(row, cells->verdict, columns, ROLE_RED, _("NOT POSSIBLE"));
    } else if (judged.result.verdict == ENTRY_NOT_DONE) {
        (void)canvas_piece(row, cells->verdict, columns, ROLE_STRONG, _("not measured"));
    } else if (judged.result.verdict == ENTRY_ASK) {
        (void)text_format(line, sizeof line, _("confirmed %s"), columns >= 16 ? accepted : "");
        (void)canvas_piece(row, cells->verdict, columns, ROLE_GOOD, line);
    } else if (judged.result.verdict == ENTRY_FINE) {
        (void)text_format(line, sizeof line, _("ok %s"), accepted);
        (void)canvas_piece(row, cells->verdict, columns, ROLE_GOOD, line);
    } else if (judged.result.verdict == ENTRY_EMPTY && field == view->cursor) {
        (void)canvas_piece(row, cells->verdict, columns, ROLE_DIM, entry_hint((enum entry_field)field));
    }
}

static void draw_field(const struct view *view, const struct application *application, int row, const struct cells *cells,
                       int field)
{
    struct vitals *vitals = vitals_of(view);
    bool active = field == view->cursor;

    (void)canvas_piece(row, 0, 1, ROLE_SELECTED, active ? ">" : "");
    (void)canvas_piece(row, cells->label, cells->field - cells->label - 1, active ? ROLE_SELECTED : ROLE_NORMAL,
                       entry_label((enum entry_field)field));
    if (cells->unit > 0) {
        (void)canvas_piece(row, cells->unit, cells->last - cells->unit - 1, ROLE_DIM,
                           vital_unit(entry_vital((enum entry_field)field)));
    }
    draw_last(application, row, cells, field);
    draw_verdict(view, application, row, cells, field);
    field_draw(&vitals->fields[field].editor, row, cells->field, cells->field_columns, active);
}

static void draw_heading(int row, const struct cells *cells)
{
    (void)canvas_piece(row, cells->field, cells->field_columns + 1, ROLE_DIM, _("this time"));
    (void)canvas_piece(row, cells->last, cells->last_columns, ROLE_DIM, _("last time"));
}

/* Paragraphs one below the other, as far as there is room; one that was cut ends in '>'. */
static void put_lines(struct area *area, enum role role, const char *text)
{
    int used = canvas_paragraph(*area, role, text, 0);

    if (used > area->rows && area->rows > 0) {
        (void)canvas_piece(area->row + area->rows - 1, area->column + area->columns - 1, 1, role, ">");
    }
    used = used < area->rows ? used : area->rows;
    area->row += used;
    area->rows -= used;
}

/* The same, but all of it or nothing. */
static void put_whole(struct area *area, enum role role, const char *text)
{
    struct area nowhere = {area->row, area->column, 0, area->columns};

    if (canvas_paragraph(nowhere, role, text, 0) <= area->rows) {
        put_lines(area, role, text);
    }
}

static void put_question(struct area *area, const struct view *view, const struct application *application)
{
    struct judged judged;
    int field = field_in_question(view, application, &judged);
    char words[400];

    if (field < 0) {
        return;
    }
    if (judged.result.verdict == ENTRY_ASK) {
        (void)text_format(words, sizeof words, _("%s  ^Y: Yes, correct. ^U: empty the field."), judged.result.question);
    } else {
        (void)text_format(words, sizeof words, _("%s  ^U: empty the field."), judged.result.question);
    }
    put_lines(area, judged.result.verdict == ENTRY_ASK ? ROLE_AMBER : ROLE_RED, words);
}

static void put_hint(struct area *area, const struct view *view)
{
    char words[200];

    if (typed(vitals_of(view), view->cursor)[0] == '\0') {
        (void)text_format(words, sizeof words, _("Type it like %s; not measured: - and the reason."),
                          entry_hint((enum entry_field)view->cursor));
        put_whole(area, ROLE_DIM, words);
    }
}

static void put_parts(struct area *area, const struct news2_score *score)
{
    char words[400];
    size_t used = 0;

    words[0] = '\0';
    for (int i = 0; i < NEWS2_PART_COUNT; i++) {
        (void)text_format(words + used, sizeof words - used, "%s%s %d", used > 0 ? ", " : "",
                          news2_part_label((enum news2_part)i), score->part[i]);
        used = strlen(words);
    }
    put_whole(area, ROLE_DIM, words);
}

static void put_source(struct area area, const struct application *application)
{
    char words[3 * LABEL_SIZE];

    if (application->chart.news2_scale == 2) {
        (void)text_format(words, sizeof words, _("%s; SpO2 scale 2: %s%s%s"), news2_acknowledgement(),
                          application->chart.news2_scale_source, application->config.scale2_note[0] != '\0' ? ", " : "",
                          application->config.scale2_note);
    } else {
        (void)text_copy(words, sizeof words, news2_acknowledgement());
    }
    (void)canvas_text(area.row, area.column, area.columns, ROLE_DIM, words);
}

static bool scored(const struct application *application)
{
    return news2_applies(instant_years_since(application->chart.patient.birth_date, application->draft.started));
}

/* Below the fields: what is asked, NEWS2, and what to do; the most pressing first where not all fits. */
static void draw_below(const struct view *view, const struct application *application, struct area area)
{
    struct vitals *vitals = vitals_of(view);
    const struct news2_score *score = &vitals->visit.news2;
    struct area last = area;
    char line[400];
    char words[400];

    area.rows = area.rows < MOST_BELOW ? area.rows : MOST_BELOW;
    last.row += area.rows - 1;
    if (!scored(application) || !vitals->readable) {
        put_question(&area, view, application);
        put_lines(&area, ROLE_DIM, vitals->readable ? _("NEWS2: not for children under 16.")
                                                    : _("NEWS2: no score, memory is short; close something and go on."));
        put_hint(&area, view);
        return;
    }
    area.rows--;
    put_source(last, application);
    area.rows--;
    put_question(&area, view, application);
    area.rows++;
    news2_words(score, words, sizeof words);
    (void)text_format(line, sizeof line, "NEWS2  %s", words);
    put_lines(&area, news2_role(score->band), line);
    if (score->total >= 0) {
        put_lines(&area, ROLE_STRONG, news2_advice(score->band, application->chart.palliative));
    }
    put_hint(&area, view);
    if (score->total >= 0) {
        put_parts(&area, score);
    }
}

static void vitals_draw(struct view *view, struct application *application, struct area area)
{
    struct vitals *vitals = vitals_of(view);
    struct cells cells = cells_of(area.columns);
    int rows = area.rows - LEAST_BELOW < ENTRY_FIELD_COUNT ? area.rows - LEAST_BELOW : ENTRY_FIELD_COUNT;
    bool heading = area.rows > ENTRY_FIELD_COUNT + LEAST_BELOW;

    read_visit(vitals, application);
    if (heading) {
        draw_heading(area.row, &cells);
        area.row++;
        area.rows--;
    }
    vitals->row_of_first = heading ? 1 : 0;
    if (view->cursor < vitals->first) {
        vitals->first = view->cursor;
    }
    if (view->cursor >= vitals->first + rows) {
        vitals->first = view->cursor - rows + 1;
    }
    if (vitals->first > ENTRY_FIELD_COUNT - rows) {
        vitals->first = ENTRY_FIELD_COUNT - rows;
    }
    for (int i = 0; i < rows; i++) {
        draw_field(view, application, area.row + i, &cells, vitals->first + i);
    }
    draw_below(view, application, (struct area){area.row + rows, area.column, area.rows - rows, area.columns});
}

/* --- doing ---------------------------------------------------------------------------------------- */

static enum reaction go_to(struct view *view, struct application *application, int field)
{
    struct draft_field *to = &vitals_of(view)->fields[field];

    view->cursor = field;
    editor_move_to(&to->editor, to->editor.length);
    draft_field_enter(to, view, application);
    return REACTION_REDRAW;
}

/* As Tab does: from the last field to the first. */
static enum reaction step_round(struct view *view, struct application *application, int by)
{
    return go_to(view, application, (view->cursor + by + ENTRY_FIELD_COUNT) % ENTRY_FIELD_COUNT);
}

/* As Enter and the arrows do: they stop at the ends, so that nothing typed on reaches the other end. */
static enum reaction step(struct view *view, struct application *application, int by)
{
    int to = view->cursor + by;

    if (to == ENTRY_FIELD_COUNT) {
        application_say(application, _("This is the last vital; ^N goes on to the note."));
    }
    return go_to(view, application, to < 0 ? 0 : to < ENTRY_FIELD_COUNT ? to : ENTRY_FIELD_COUNT - 1);
}

static enum reaction tap(struct view *view, struct application *application, int row)
{
    const struct vitals *vitals = vitals_of(view);
    int field = vitals->first + row - vitals->row_of_first;

    return row >= vitals->row_of_first && field < ENTRY_FIELD_COUNT ? go_to(view, application, field) : REACTION_IGNORED;
}

static enum reaction vitals_event(struct view *view, struct application *application, const struct event *event)
{
    if (event->kind == EVENT_CLICK) {
        return tap(view, application, event->row);
    }
    if (event_is_key(event, KEYCAP_TAB) || event_is_key(event, KEYCAP_BACKTAB)) {
        return step_round(view, application, event->key == KEYCAP_TAB ? 1 : -1);
    }
    if (event_is_key(event, KEYCAP_ENTER) || event_is_key(event, KEYCAP_DOWN)) {
        return step(view, application, 1);
    }
    if (event_is_key(event, KEYCAP_UP)) {
        return step(view, application, -1);
    }
    if (event_is_key(event, KEYCAP_PAGE_UP) || event_is_key(event, KEYCAP_PAGE_DOWN)) {
        return go_to(view, application, event->key == KEYCAP_PAGE_UP ? 0 : ENTRY_FIELD_COUNT - 1);
    }
    return draft_field_event(&vitals_of(view)->fields[view->cursor], view, application, event, 0) ? REACTION_REDRAW
                                                                                                     : REACTION_IGNORED;
}

/* The value is on the disk before its confirmation is. */
static enum reaction confirm(struct view *view, struct application *application)
{
    struct vitals *vitals = vitals_of(view);
    struct judged judged;
    int field = field_in_question(view, application, &judged);
    char name[VISIT_FIELD_NAME_SIZE];
    struct error error = {0};
    enum status status = STATUS_OK;

    if (field < 0 || judged.result.verdict != ENTRY_ASK) {
        application_say(application, _("Nothing is asked here: no value needs to be confirmed."));
        return REACTION_REDRAW;
    }
    status = draft_field_save(&vitals->fields[field], application, &error);
    if (status == STATUS_OK) {
        field_name(name, "confirmed", field);
        status = application_put_field(application, name, typed(vitals, field), &error);
    }
    if (status != STATUS_OK) {
        application_say_error(application, &error);
    }
    return REACTION_REDRAW;
}

static enum reaction vitals_command(struct view *view, struct application *application, enum command_id command)
{
    if (command == COMMAND_CONFIRM) {
        return confirm(view, application);
    }
    if (command == COMMAND_NEXT) {
        return step_round(view, application, 1);
    }
    if (draft_field_command(&vitals_of(view)->fields[view->cursor], view, application, command)) {
        return REACTION_REDRAW;
    }
    return visit_part_command(application, command) ? REACTION_REDRAW : REACTION_IGNORED;
}

static void vitals_go_to(struct view *view, struct application *application, const char *field)
{
    enum entry_field found = ENTRY_BP;
    const char *key = strchr(field, '.');

    if (key != NULL && entry_from_key(key + 1, &found)) {
        (void)go_to(view, application, (int)found);
    }
}

static const enum command_id vitals_commands[] = {
    COMMAND_CONFIRM, COMMAND_NEXT, COMMAND_NEXT_PART, COMMAND_PREVIOUS_PART, COMMAND_SAVE, COMMAND_UNDO, COMMAND_NONE,
};

const struct view_ops view_vitals = {
    .name = "vitals",
    .title = N_("Vitals"),
    .commands = vitals_commands,
    .about_patient = true,
    .typing = true,
    .open = vitals_open,
    .draw = vitals_draw,
    .event = vitals_event,
    .command = vitals_command,
    .save = vitals_save,
    .go_to = vitals_go_to,
    .close = vitals_close,
};
