/*
 * doorstep status and doorstep outbox: what is at the server, what is not, and why.
 */
#include "commands/command_line.h"
#include "commands/report.h"

#include "base/file.h"
#include "base/text.h"
#include "store/query.h"

static cJSON *status_json(struct command_line *line, const struct sync_status *state)
{
    cJSON *document = cJSON_CreateObject();
    char value[512] = "";
    json_add_text(document, "user", line->paths.user);
    json_add_text(document, "server", state->server);
    if (store_setting_get(line->store, SETTING_PRACTITIONER, value, sizeof value, NULL) == STATUS_OK) {
        json_add_text(document, "practitioner", value);
    }
    if (line->config.caseload[0] != '\0') {
        json_add_text(document, "caseload", line->config.caseload);
    } else if (store_setting_get(line->store, SETTING_CASELOAD, value, sizeof value, NULL) == STATUS_OK) {
        json_add_text(document, "caseload", value);
    }
    json_add_integer(document, "pending", state->pending);
    json_add_integer(document, "refused", state->refused);
    json_add_integer(document, "conflicts", state->conflicts);
    json_add_integer(document, "drafts", state->drafts);
    json_add_integer(document, "set_aside", state->set_aside);
    json_add_integer(document, "quarantined", state->quarantined);
    report_instant(document, "last_good_sync", state->last_good);
    report_instant(document, "last_attempt", state->last_attempt);
    json_add_text(document, "last_reason", state->last_reason);
    report_instant(document, "data_as_of", state->data_as_of);
    json_add_integer(document, "patients", state->patients);
    json_add_integer(document, "incomplete_patients", state->incomplete_patients);
    json_add_integer(document, "disk_free_bytes", file_free_bytes(line->paths.folder));
    return document;
}

static void print_instant(struct command_line *line, const char *label, instant at)
{
    char date[32];
    char time[16];
    if (at == INSTANT_NONE) {
        fprintf(line->out, "%s: %s\n", label, _("never"));
        return;
    }
    instant_format_date(date, sizeof date, at);
    instant_format_time(time, sizeof time, at);
    fprintf(line->out, "%s: %s %s\n", label, date, time);
}

static void print_status(struct command_line *line, const struct sync_status *state)
{
    fprintf(line->out, "%s: %s\n", _("Server"), state->server[0] != '\0' ? state->server : _("none"));
    print_instant(line, _("Last good sync"), state->last_good);
    print_instant(line, _("Last attempt"), state->last_attempt);
    if (state->last_reason[0] != '\0') {
        fprintf(line->out, "%s: %s\n", _("What it said"), state->last_reason);
    }
    print_instant(line, _("Data as of"), state->data_as_of);
    fprintf(line->out, _("Waiting to be sent: %d. Refused: %d. Conflicts: %d. Unfinished visits: %d. Set aside unread: %d.\n"),
            state->pending, state->refused, state->conflicts, state->drafts, state->quarantined);
    if (state->set_aside > 0) {
        fprintf(line->out, _("Visits set aside, kept only on this device: %d. See: doorstep visit --list\n"),
                state->set_aside);
    }
    fprintf(line->out, _("Patients on this device: %d, of whom %d are not complete.\n"), state->patients,
            state->incomplete_patients);
    int64_t bytes = file_free_bytes(line->paths.folder);
    if (bytes >= 0) {
        fprintf(line->out, _("Free disk space: %lld MB\n"), (long long)(bytes / 1000000));
    }
}

enum status verb_status(struct command_line *line, struct error *error)
{
    struct sync_status state = {0};
    enum status status = command_arguments(line, 0, 0, error);
    if (status == STATUS_OK) {
        status = command_open(line, error);
    }
    if (status == STATUS_OK) {
        status = query_status(line->store, &state, error);
    }
    if (status == STATUS_OK) {
        status = command_server(line, state.server, sizeof state.server, error); /* the one that a sync would call */
    }
    if (status == STATUS_OK && line->json) {
        return command_print_json(line, status_json(line, &state), error);
    }
    if (status == STATUS_OK) {
        print_status(line, &state);
    }
    return status;
}

static cJSON *outbox_json(const struct outbox_rows *rows)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < rows->count; i++) {
        const struct outbox_row *row = &rows->items[i];
        cJSON *item = json_add_object(list, NULL);
        json_add_text(item, "visit", row->visit);
        json_add_text(item, "type", row->type);
        json_add_text(item, "id", row->id);
        json_add_text(item, "state", outbox_state_key(row->state));
        json_add_integer(item, "attempts", row->attempts);
        json_add_text(item, "reason", row->reason);
        report_instant(item, "queued", row->queued);
    }
    return list;
}

/* Only the outbox is empty: a visit that is not signed is not in it, and is not at the server. */
static enum status say_nothing_waits(struct command_line *line, struct error *error)
{
    struct sync_status state = {0};
    enum status status = query_status(line->store, &state, error);
    if (status == STATUS_OK && state.drafts + state.set_aside > 0) {
        fprintf(line->err, _("Nothing waits to be sent; only on this device: %d unfinished visits, %d set aside.\n"),
                state.drafts, state.set_aside);
    } else if (status == STATUS_OK) {
        fprintf(line->err, "%s\n", _("Nothing waits to be sent."));
    }
    return status;
}

enum status verb_outbox(struct command_line *line, struct error *error)
{
    struct outbox_rows rows = {0};
    enum status status = command_arguments(line, 0, 0, error);
    if (status == STATUS_OK) {
        status = command_open(line, error);
    }
    if (status == STATUS_OK) {
        status = query_outbox(line->store, &rows, error);
    }
    if (status == STATUS_OK && line->json) {
        status = command_print_json(line, outbox_json(&rows), error);
    } else if (status == STATUS_OK) {
        for (size_t i = 0; i < rows.count; i++) {
            const struct outbox_row *row = &rows.items[i];
            fprintf(line->out, "%s\t%s\t%s\t%d\t%s\n", row->visit, row->type, outbox_state_word(row->state), row->attempts,
                    row->reason);
        }
        if (rows.count == 0) {
            status = say_nothing_waits(line, error);
        }
    }
    outbox_rows_free(&rows);
    return status;
}
