/* Patient rows: time, name, alert words and place, in one line or two. See patient_list.h. */
#include "views/patient_list.h"

#include "base/text.h"

#include <stdio.h>

#define ONE_LINE 110   /* from this width on a row is one line */
#define MARK 2         /* "> " */
#define NUMBER 2
#define TIME 6

int patient_row_height(int columns)
{
    return columns >= ONE_LINE ? 1 : 2;
}

static void alert_words(const struct patient_row *row, char *out, size_t size, enum role *role)
{
    if (row->red < 0) {
        *role = ROLE_DIM;
        (void)text_copy(out, size,
                        row->alert[0] != '\0' ? row->alert : row->patient.complete ? "..." : _("alerts not known"));
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

/* What must not be overlooked about the visit or the record, or "". */
static void state_words(const struct patient_row *row, char *out, size_t size, enum role *role)
{
    char time[24];

    *role = ROLE_AMBER;
    out[0] = '\0';
    if (!row->patient.complete) {
        (void)text_format(out, size, "%s", _("not complete on this device"));
    } else if (row->unfinished) {
        instant_format_time(time, sizeof time, row->unfinished_since);
        (void)text_format(out, size, _("unfinished since %s"), time);
    } else if (row->has_visit && row->visit_state == VISIT_SIGNED) {
        *role = ROLE_GOOD;
        (void)text_format(out, size, "%s", _("signed"));
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
    char state[120];
    char time[16];
    enum role alert_role = ROLE_NORMAL;
    enum role state_role = ROLE_NORMAL;
    int column = area.column + MARK + NUMBER;
    int rest = area.columns - MARK - NUMBER - TIME - 1;
    bool one_line = patient_row_height(area.columns) == 1;
    int name_columns = one_line ? rest * 28 / 100 : rest * 48 / 100;
    int alert_columns = one_line ? rest * 24 / 100 : rest - name_columns;
    int state_columns = 0;

    name_words(patient, now, name_columns - 1, name, sizeof name);
    alert_words(patient, alert, sizeof alert, &alert_role);
    state_words(patient, state, sizeof state, &state_role);
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
    state_columns = text_columns(state);
    if (one_line) {
        column += name_columns + alert_columns + 1;
        rest = area.column + area.columns - column;
    } else {
        area.row++;
    }
    if (state_columns > 0) {
        (void)canvas_piece(area.row, column, rest, state_role, state);
        column += state_columns + 2;
        rest -= state_columns + 2;
    }
    (void)canvas_piece(area.row, column, rest, ROLE_DIM, place_words(patient));
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
