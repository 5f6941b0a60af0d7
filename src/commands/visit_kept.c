/*
 * Visits that are only on this device, for doorstep visit: the list of those
 * that are unfinished or set aside; setting one aside; taking one up again.
 * Nothing entered is lost by either.
 */
#include "commands/command_line.h"
#include "commands/report.h"

#include "base/text.h"
#include "store/draft.h"
#include "store/query.h"

static const char *state_key(enum visit_state state)
{
    return state == VISIT_SET_ASIDE ? "set-aside" : "in-progress";
}

static enum status read_entered(struct command_line *line, const char *visit, struct visit_entered *out,
                                struct error *error)
{
    struct visit_draft draft;
    enum status status = draft_look(line->store, visit, &draft, error);
    if (status == STATUS_OK) {
        *out = visit_entered(&draft);
    }
    visit_draft_free(&draft);
    return status;
}

static void add_row(cJSON *item, const struct visit_row *row, const struct visit_entered *entered)
{
    json_add_text(item, "visit", row->id);
    json_add_text(item, "state", state_key(row->state));
    json_add_text(item, "patient", row->patient);
    json_add_text(item, "name", row->patient_name);
    report_instant(item, "started", row->started);
    cJSON *counts = json_add_object(item, "entered");
    json_add_integer(counts, "vitals", (int64_t)entered->vitals);
    json_add_integer(counts, "note_characters", (int64_t)entered->note_characters);
    json_add_integer(counts, "consents", (int64_t)entered->consents);
    json_add_integer(counts, "medications", (int64_t)entered->medicines);
    json_add_integer(counts, "tasks", (int64_t)entered->tasks);
}

static void print_row(struct command_line *line, const struct visit_row *row, const struct visit_entered *entered)
{
    char words[200], date[32], time[16];
    visit_entered_words(entered, false, words, sizeof words);
    instant_format_date(date, sizeof date, row->started);
    instant_format_time(time, sizeof time, row->started);
    fprintf(line->out, "%s\t%s\t%s\t%s %s\t%s\n", row->id,
            row->state == VISIT_SET_ASIDE ? _("set aside") : _("unfinished"),
            row->patient_name[0] != '\0' ? row->patient_name : row->patient, date, time, words);
}

/* The visit `only` (NULL: all of them) as the list shows it. */
static enum status print_kept(struct command_line *line, const char *only, struct error *error)
{
    struct visit_rows rows = {0};
    cJSON *list = line->json ? cJSON_CreateArray() : NULL;
    size_t count = 0;
    enum status status = query_visits(line->store, clock_now(&line->clock), &rows, error);
    for (size_t i = 0; i < rows.count && status == STATUS_OK; i++) {
        const struct visit_row *row = &rows.items[i];
        struct visit_entered entered;
        if (row->state == VISIT_SIGNED || (only != NULL && !text_equal(only, row->id))) {
            continue;
        }
        status = read_entered(line, row->id, &entered, error);
        if (status == STATUS_OK && line->json) {
            add_row(json_add_object(list, NULL), row, &entered);
        } else if (status == STATUS_OK) {
            print_row(line, row, &entered);
        }
        count++;
    }
    visit_rows_free(&rows);
    if (status != STATUS_OK) {
        cJSON_Delete(list);
    } else if (line->json) {
        status = command_print_json(line, list, error);
    } else if (count == 0) {
        fprintf(line->err, "%s\n", _("No visit is unfinished or set aside."));
    }
    return status;
}

/* No console may be open: what is being typed there would have nowhere to go. */
static enum status set_aside(struct command_line *line, const char *visit, struct error *error)
{
    struct presence *presence = NULL;
    enum status status = presence_register(&line->paths, &presence, error);
    if (status == STATUS_OK) {
        status = draft_set_aside(line->store, visit, "command", error);
    }
    presence_release(presence);
    return status;
}

enum status command_visit_kept(struct command_line *line, const char *aside, const char *resume, struct error *error)
{
    enum status status = command_arguments(line, 0, 0, error);
    if (status == STATUS_OK && aside != NULL && resume != NULL) {
        status = error_set(error, STATUS_USAGE, _("use --set-aside or --resume, not both at once"));
    }
    if (status == STATUS_OK) {
        status = command_open(line, error);
    }
    if (status == STATUS_OK && aside != NULL) {
        status = set_aside(line, aside, error);
    } else if (status == STATUS_OK && resume != NULL) {
        status = draft_resume(line->store, resume, error);
    }
    return status == STATUS_OK ? print_kept(line, aside != NULL ? aside : resume, error) : status;
}
