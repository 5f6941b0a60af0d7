/*
 * doorstep patients: the caseload, today's visits, or a search.
 */
#include "commands/command_line.h"
#include "commands/report.h"

#include "store/query.h"

static cJSON *rows_json(const struct patient_rows *rows)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < rows->count; i++) {
        const struct patient_row *row = &rows->items[i];
        cJSON *item = json_add_object(list, NULL);
        json_add_text(item, "id", row->patient.id);
        json_add_text(item, "name", row->patient.name);
        json_add_text(item, "birthDate", row->patient.birth_date);
        json_add_text(item, "gender", report_gender(row->patient.gender));
        report_instant(item, "next_visit", row->appointment.id[0] != '\0' ? row->appointment.start : INSTANT_NONE);
        cJSON *alerts = json_add_object(item, "alerts");
        if (row->red < 0) {
            json_add_null(alerts, "red");
            json_add_null(alerts, "amber");
        } else {
            json_add_integer(alerts, "red", row->red);
            json_add_integer(alerts, "amber", row->amber);
        }
        json_add_text(alerts, "most_urgent", row->alert);
        json_add_boolean(item, "complete", row->patient.complete);
        json_add_boolean(item, "unfinished", row->unfinished);
    }
    return list;
}

static void print_rows(struct command_line *line, const struct patient_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        const struct patient_row *row = &rows->items[i];
        char date[32] = "";
        char time[16] = "";
        if (row->appointment.id[0] != '\0' && row->appointment.start != INSTANT_NONE) {
            instant_format_date(date, sizeof date, row->appointment.start);
            instant_format_time(time, sizeof time, row->appointment.start);
        }
        fprintf(line->out, "%s\t%s\t%s\t%s\t%s %s\t%s%s%s\n", row->patient.id, row->patient.name, row->patient.birth_date,
                gender_word(row->patient.gender), date, time, row->alert,
                row->patient.complete ? "" : _(" [not complete on this device]"), row->unfinished ? _(" [unfinished visit]") : "");
    }
    if (rows->count == 0) {
        fprintf(line->err, "%s\n", _("No patient."));
    }
}

enum status verb_patients(struct command_line *line, struct error *error)
{
    struct patient_rows rows = {0};
    bool today = command_flag(line, "--today");
    enum status status = command_arguments(line, 0, 1, error);
    if (status == STATUS_OK) {
        status = command_open(line, error);
    }
    if (status == STATUS_OK) {
        instant now = clock_now(&line->clock);
        status = today ? query_today(line->store, now, &rows, error)
                       : query_patients(line->store, line->argument_count > 0 ? line->arguments[0] : NULL, now, &rows, error);
    }
    for (size_t i = 0; i < rows.count && today && status == STATUS_OK; i++) {
        status = rows.items[i].to_judge ? query_row_alerts(line->store, clock_now(&line->clock), &rows.items[i], error)
                                        : STATUS_OK;
    }
    if (status == STATUS_OK && line->json) {
        status = command_print_json(line, rows_json(&rows), error);
    } else if (status == STATUS_OK) {
        print_rows(line, &rows);
    }
    patient_rows_free(&rows);
    return status;
}
