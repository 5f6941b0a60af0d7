/* Patient rows: time, name, alert words and place, in one line or two. See patient_list.h. */
#include "views/patient_list.h"

#include "base/text.h"
#include "views/list.h"

#include <stdio.h>

#define ONE_LINE 110   /* from this width on a row is one line */
#define MARK 2         /* "> " */
#define NUMBER 2
#define TIME 6
#define STATE_GAP 2

int patient_row_height(int columns)
{
    return columns >= ONE_LINE ? 1 : 2;
}

static void carry_alerts(struct patient_rows *rows, const struct patient_rows *before, bool again)
{
    size_t at = 0;

    for (size_t i = 0; i < rows->count; i++) {
        struct patient_row *row = &rows->items[i];

        /* Mostly the same rows in the same order: from where the last one was found. */
        for (size_t tried = 0; tried < before->count; tried++, at++) {
            const struct patient_row *old = &before->items[at % before->count];

            if (text_equal(old->patient.id, row->patient.id)) {
                row->red = old->red;
                row->amber = old->amber;
                row->to_judge = row->to_judge && (again || old->to_judge);
                if (old->red >= 0) {
                    (void)text_copy(row->alert, sizeof row->alert, old->alert);
                }
                break;
            }
        }
    }
}

/* The row of the same appointment, else of the same patient, else -1. */
static int find_row(const struct patient_rows *rows, const struct patient_row *wanted)
{
    int found = -1;

    for (int i = 0; (size_t)i < rows->count; i++) {
        const struct patient_row *row = &rows->items[i];

        if (text_equal(row->patient.id, wanted->patient.id)) {
            if (text_equal(row->appointment.id, wanted->appointment.id)) {
                return i;
            }
            found = found < 0 ? i : found;
        }
    }
    return found;
}

void patient_rows_renew(struct patient_rows *rows, struct patient_rows *fresh, struct view *view, bool again)
{
    carry_alerts(fresh, rows, again);
    if (again && (size_t)view->cursor < rows->count) {
        int row = find_row(fresh, &rows->items[view->cursor]);

        view->cursor = row >= 0 ? row : view->cursor;
    }
    patient_rows_free(rows);
    *rows = *fresh;
}

/* `anew`: also where something is known already. */
static bool judge_one(struct patient_rows *rows, int first, int count, bool anew, struct application *application)
{
    struct error error = {0};

    for (int i = first > 0 ? first : 0; i < first + count && (size_t)i < rows->count; i++) {
        if (rows->items[i].to_judge && (anew || rows->items[i].red < 0)) {
            if (query_row_alerts(application->store, application_now(application), &rows->items[i], &error) !=
                STATUS_OK) {
                application_say_error(application, &error);
            }
            return true;
        }
    }
    return false;
}

bool patient_rows_judge(struct patient_rows *rows, struct view *view, struct application *application,
                        struct area list)
{
    int page = list_follow(view, (int)rows->count, patient_row_height(list.columns), list);

    return judge_one(rows, view->scroll, page, true, application) ||
           judge_one(rows, view->scroll - page, 3 * page, false, application);
}

/* What is known before the rules have been run is said, and that they have not been. */
static void unjudged_words(const struct patient_row *row, char *out, size_t size)
{
    if (!row->to_judge) {
        (void)text_copy(out, size, row->alert[0] != '\0' ? row->alert : _("alerts not known"));
    } else if (row->alert[0] != '\0') {
        (void)text_format(out, size, "%s: %s", _("checking"), row->alert);
    } else {
        (void)text_copy(out, size, _("checking"));
    }
}

static void alert_words(const struct patient_row *row, char *out, size_t size, enum role *role)
{
    if (row->red < 0) {
        *role = ROLE_DIM;
        unjudged_words(row, out, size);
    } else if (row->red > 0) {
        *role = ROLE_RED;
        (void)text_format(out, size, "%s %s", _("RED!"), row->alert);
    } else if (row->amber > 0) {
        *role = ROLE_AMBER;
        (void)text_format(out, size, "%s %s", _("AMBER"), row->alert);
    } else {
        *role = ROLE_DIM;
        (void)text_copy(out, size, row->patient.complete ? _("no alert") : _("no alert known"));
    }
}

/* Draws a state and moves to where the next one goes. */
static void draw_state(struct area *line, enum role role, const char *words)
{
    int used = canvas_piece(line->row, line->column, line->columns, role, words) + STATE_GAP;

    line->column += used;
    line->columns -= used;
}

/* What must not be overlooked about the visit or the record; both, when both are true. */
static void draw_states(const struct patient_row *row, struct area *line)
{
    char time[24];
    char words[120];

    if (row->unfinished) {
        instant_format_time(time, sizeof time, row->unfinished_since);
        (void)text_format(words, sizeof words, _("unfinished since %s"), time);
        draw_state(line, ROLE_AMBER, words);
    } else if (row->has_visit && row->visit_state == VISIT_SIGNED) {
        draw_state(line, ROLE_GOOD, _("signed"));
    }
    if (row->patient.released) {
        draw_state(line, ROLE_AMBER, _("LEFT YOUR CASELOAD"));
    } else if (!row->patient.complete) {
        draw_state(line, ROLE_AMBER, _("not complete on this device"));
    }
}

void patient_name_words(const struct patient *patient, char *out, size_t size)
{
    if (patient->reading[0] == '\0') {
        (void)text_copy(out, size, patient->name);
    } else {
        (void)text_format(out, size, "%s (%s)", patient->name, patient->reading);
    }
}

/* Name, reading and age; the reading gives way when there is no room. */
static void name_words(const struct patient_row *row, instant now, int columns, char *out, size_t size)
{
    char name[2 * LABEL_SIZE + 4];
    int years = instant_years_since(row->patient.birth_date, now);

    if (years < 0) {
        (void)text_copy(out, size, row->patient.name);
        return;
    }
    patient_name_words(&row->patient, name, sizeof name);
    (void)text_format(out, size, _("%s, %d y"), name, years);
    if (text_columns(out) > columns) {
        (void)text_format(out, size, _("%s, %d y"), row->patient.name, years);
    }
}

static const char *place_words(const struct patient_row *row)
{
    return row->appointment.place[0] != '\0' ? row->appointment.place : row->patient.address;
}

static void time_words(const struct patient_row *row, bool with_time, char *out, size_t size)
{
    out[0] = '\0';
    if (row->appointment.id[0] == '\0' || row->appointment.start == INSTANT_NONE) {
        (void)text_format(out, size, "%s", with_time ? "--:--" : "");
    } else if (with_time) {
        instant_format_time(out, size, row->appointment.start);
    } else {
        struct civil civil = instant_civil(row->appointment.start);

        (void)text_format(out, size, "%02d-%02d", civil.month, civil.day);
    }
}

void patient_row_draw(const struct patient_row *patient, instant now, bool selected, bool with_time, int number,
                      struct area area)
{
    char name[2 * LABEL_SIZE + 40];
    char alert[LABEL_SIZE + 40];
    char time[16];
    enum role alert_role = ROLE_NORMAL;
    struct area line;
    int column = area.column + MARK + NUMBER;
    int rest = area.columns - MARK - NUMBER - TIME - 1;
    bool one_line = patient_row_height(area.columns) == 1;
    int name_columns = one_line ? rest * 28 / 100 : rest * 48 / 100;
    int alert_columns = one_line ? rest * 24 / 100 : rest - name_columns;

    name_words(patient, now, name_columns - 1, name, sizeof name);
    alert_words(patient, alert, sizeof alert, &alert_role);
    time_words(patient, with_time, time, sizeof time);
    /* Not the name: a name in bold would be sent anew with every arrow key. */
    (void)canvas_piece(area.row, area.column, 1, ROLE_SELECTED, selected ? ">" : "");
    if (number > 0) {
        (void)canvas_format(area.row, area.column + MARK, 1, selected ? ROLE_SELECTED : ROLE_DIM, "%d", number);
    }
    (void)canvas_piece(area.row, column, TIME, selected ? ROLE_SELECTED : ROLE_NORMAL, time);
    column += TIME;
    (void)canvas_piece(area.row, column, name_columns - 1, ROLE_NORMAL, name);
    (void)canvas_piece(area.row, column + name_columns, alert_columns, alert_role, alert);
    line = (struct area){area.row + 1, column, 1, rest};
    if (one_line) {
        line.row = area.row;
        line.column += name_columns + alert_columns + 1;
        line.columns = area.column + area.columns - line.column;
    }
    draw_states(patient, &line);
    (void)canvas_piece(line.row, line.column, line.columns, ROLE_DIM, place_words(patient));
}

void patient_row_open(struct application *application, const struct patient_row *patient)
{
    const char *id = patient->patient.id[0] != '\0' ? patient->patient.id : patient->appointment.patient;
    struct error error = {0};

    if (application_choose_patient(application, id, &error) != STATUS_OK) {
        application_say_error(application, &error);
        return;
    }
    application_push(application, VIEW_SNAPSHOT);
}
