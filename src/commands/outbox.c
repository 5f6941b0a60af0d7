/*
 * doorstep outbox: what waits to reach the server, and why; and sending again
 * what was refused. The console's outbox calls the same functions.
 */
#include "commands/command_line.h"
#include "commands/report.h"

#include "base/text.h"
#include "store/outbox.h"
#include "store/query.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static cJSON *outbox_json(const struct outbox_rows *rows)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < rows->count; i++) {
        const struct outbox_row *row = &rows->items[i];
        cJSON *item = json_add_object(list, NULL);
        json_add_integer(item, "number", row->number);
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

static enum status show(struct command_line *line, struct error *error)
{
    struct outbox_rows rows = {0};
    enum status status = query_outbox(line->store, &rows, error);
    if (status == STATUS_OK && line->json) {
        status = command_print_json(line, outbox_json(&rows), error);
    } else if (status == STATUS_OK) {
        for (size_t i = 0; i < rows.count; i++) {
            const struct outbox_row *row = &rows.items[i];
            fprintf(line->out, "%lld\t%s\t%s\t%s\t%d\t%s\n", (long long)row->number, row->visit, row->type,
                    outbox_state_word(row->state), row->attempts, row->reason);
        }
        if (rows.count == 0) {
            status = say_nothing_waits(line, error);
        }
    }
    outbox_rows_free(&rows);
    return status;
}

/* The refused entry of this number, or all of this visit. */
static enum status retry(struct command_line *line, const char *what, struct error *error)
{
    struct outbox_rows rows = {0};
    char *end = NULL;
    int count = 0;
    errno = 0;
    long long number = strtoll(what, &end, 10);
    bool numbered = errno == 0 && end != what && *end == '\0';
    enum status status = query_outbox(line->store, &rows, error);
    for (size_t i = 0; i < rows.count && status == STATUS_OK; i++) {
        const struct outbox_row *row = &rows.items[i];
        if (row->state == OUTBOX_REFUSED && (numbered ? row->number == number : text_equal(row->visit, what))) {
            status = outbox_retry(line->store, row->number, error);
            count += status == STATUS_OK;
        }
    }
    outbox_rows_free(&rows);
    if (status == STATUS_OK && count == 0) {
        return error_set(error, STATUS_NOT_FOUND, _("Nothing of this was refused; what waits is sent with the next sync."));
    }
    if (status == STATUS_OK && line->json) {
        cJSON *document = cJSON_CreateObject();
        json_add_integer(document, "retried", count);
        return command_print_json(line, document, error);
    }
    if (status == STATUS_OK) {
        fprintf(line->out, ngettext("%d record will be sent again.", "%d records will be sent again.", (unsigned long)count), count);
        fputc('\n', line->out);
    }
    return status;
}

enum status verb_outbox(struct command_line *line, struct error *error)
{
    enum status status = command_arguments(line, 0, 2, error);
    if (status == STATUS_OK && line->argument_count > 0 &&
        (line->argument_count != 2 || strcmp(line->arguments[0], "retry") != 0 || line->arguments[1][0] == '\0')) {
        status = error_set(error, STATUS_USAGE, _("use it like this: doorstep %s %s"), line->verb, "[retry NUMBER|VISIT]");
    }
    if (status == STATUS_OK) {
        status = command_open(line, error);
    }
    if (status != STATUS_OK) {
        return status;
    }
    return line->argument_count == 0 ? show(line, error) : retry(line, line->arguments[1], error);
}
