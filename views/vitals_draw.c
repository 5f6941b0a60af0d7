/* Drawing the vitals screen: rows of fields, and below them what is asked and what NEWS2 says. */
#include "views/vitals.h"

#include "base/text.h"
#include "care/trend.h"
#include "views/field.h"
#include "views/vital_words.h"

#include <string.h>

#define LEAST_BELOW 4 /* lines for NEWS2, where it comes from, and a question */
#define MOST_BELOW 9
#define TINY 56       /* below this width there is no room for the last readings ... */
#define NARROW 72     /* ... below this one none for units */
#define WIDE 110

/* --- rows ----------------------------------------------------------------------------------------- */

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
    (void)text_format(words, sizeof words, "%s%s  %s %s%s%s", value,
                      reading->vital == VITAL_OXYGEN_FRACTION ? " %" : "", age, reading_source_word(reading->source),
                      change[0] != '\0' ? "  " : "", change);
    (void)canvas_piece(row, cells->last, cells->last_columns, ROLE_DIM, words);
}

static void draw_verdict(const struct view *view, const struct application *application, int row,
                         const struct cells *cells, int field)
{
    struct judged judged;
    bool words = vitals_needs_words(view, application, field, &judged);
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

static void draw_field(const struct view *view, const struct application *application, int row,
                       const struct cells *cells, int field)
{
    struct vitals *vitals = view->state;
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

/* --- below the rows ------------------------------------------------------------------------------- */

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
    int field = vitals_in_question(view, application, &judged);
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

    if (vitals_typed(view->state, view->cursor)[0] == '\0') {
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
    struct vitals *vitals = view->state;
    const struct news2_score *score = &vitals->visit.news2;
    struct area last = area;
    char line[400];
    char words[400];

    area.rows = area.rows < MOST_BELOW ? area.rows : MOST_BELOW;
    last.row += area.rows - 1;
    if (!scored(application) || !vitals->readable) {
        put_question(&area, view, application);
        put_lines(&area, ROLE_DIM,
                  vitals->readable ? _("NEWS2: not for children under 16.")
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

void vitals_draw(struct view *view, struct application *application, struct area area)
{
    struct vitals *vitals = view->state;
    struct cells cells = cells_of(area.columns);
    int rows = area.rows - LEAST_BELOW < ENTRY_FIELD_COUNT ? area.rows - LEAST_BELOW : ENTRY_FIELD_COUNT;
    bool heading = area.rows > ENTRY_FIELD_COUNT + LEAST_BELOW;

    vitals_read(vitals, application);
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
