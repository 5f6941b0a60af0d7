/*
 * doorstep status: what is at the server, what is not, and why.
 */
#include "commands/command_line.h"
#include "commands/report.h"

#include "base/file.h"
#include "base/text.h"
#include "store/outbox.h"
#include "store/query.h"

static void journal_json(cJSON *document, const struct journal_rows *journal)
{
    cJSON *list = json_add_array(document, "journal");
    for (size_t i = 0; i < journal->count; i++) {
        const struct journal_entry *entry = &journal->items[i];
        cJSON *item = json_add_object(list, NULL);
        report_instant(item, "start", entry->start);
        report_instant(item, "end", entry->end);
        json_add_text(item, "result", report_status(entry->result));
        json_add_text(item, "reason", entry->reason);
        json_add_integer(item, "pushed", entry->pushed);
        json_add_integer(item, "pulled", entry->pulled);
        json_add_integer(item, "departed", entry->departed);
        json_add_integer(item, "pending", entry->pending);
        json_add_integer(item, "conflicts", entry->conflicts);
        json_add_integer(item, "rejected", entry->rejected);
        json_add_integer(item, "requests", entry->requests);
        json_add_integer(item, "bytes_out", entry->bytes_out);
        json_add_integer(item, "bytes_in", entry->bytes_in);
    }
}

static cJSON *status_json(struct command_line *line, const struct sync_status *state, const struct journal_rows *journal)
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
    journal_json(document, journal);
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

static void print_run(struct command_line *line, const struct journal_entry *entry)
{
    fprintf(line->out, _("Last run: sent %d, received %d; left: %d waiting, %d refused, %d in conflict. "
                         "%d requests, %lld bytes out, %lld in.\n"),
            entry->pushed, entry->pulled, entry->pending, entry->rejected, entry->conflicts, entry->requests,
            (long long)entry->bytes_out, (long long)entry->bytes_in);
}

static void print_status(struct command_line *line, const struct sync_status *state, const struct journal_rows *journal)
{
    fprintf(line->out, "%s: %s\n", _("Server"), state->server[0] != '\0' ? state->server : _("none"));
    print_instant(line, _("Last good sync"), state->last_good);
    print_instant(line, _("Last attempt"), state->last_attempt);
    if (state->last_reason[0] != '\0') {
        fprintf(line->out, "%s: %s\n", _("What it said"), state->last_reason);
    }
    if (journal->count > 0) {
        print_run(line, &journal->items[0]);
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
    struct journal_rows journal = {.items = NULL};
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
    if (status == STATUS_OK) {
        status = journal_read(line->store, JOURNAL_KEPT, &journal, error);
    }
    if (status == STATUS_OK && line->json) {
        status = command_print_json(line, status_json(line, &state, &journal), error);
    } else if (status == STATUS_OK) {
        print_status(line, &state, &journal);
    }
    journal_rows_free(&journal);
    return status;
}
