/*
 * doorstep outbox: what waits to reach the server, and why; and sending again
 * what was refused, as it is or corrected (outbox_correct.c). The console's
 * outbox calls the same functions.
 */
#include "commands/command_line.h"
#include "commands/report.h"

#include "base/text.h"
#include "store/correct.h"
#include "store/outbox.h"
#include "store/record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What each is, in words; nothing of one that has left meanwhile. */
static enum status words_of(struct command_line *line, const struct outbox_row *row, char words[LABEL_SIZE], bool *correctable,
                            struct error *error)
{
    enum status status = outbox_words(line->store, row->number, words, LABEL_SIZE, correctable, error);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status outbox_json(struct command_line *line, const struct outbox_rows *rows, cJSON *list, struct error *error)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < rows->count && status == STATUS_OK; i++) {
        const struct outbox_row *row = &rows->items[i];
        char words[LABEL_SIZE];
        bool correctable = false;
        cJSON *item = json_add_object(list, NULL);
        status = words_of(line, row, words, &correctable, error);
        json_add_integer(item, "number", row->number);
        json_add_text(item, "visit", row->visit);
        json_add_text(item, "type", row->type);
        json_add_text(item, "id", row->id);
        json_add_text(item, "state", outbox_state_key(row->state));
        json_add_integer(item, "attempts", row->attempts);
        json_add_text(item, "reason", row->reason);
        report_instant(item, "queued", row->queued);
        json_add_text(item, "what", words);
        json_add_boolean(item, "correctable", correctable);
        json_add_boolean(item, "forgotten", row->forgotten);
    }
    return status;
}

/* What was refused is named: its number alone says nothing to who is to correct it. */
static enum status print_row(struct command_line *line, const struct outbox_row *row, struct error *error)
{
    char words[LABEL_SIZE] = "";
    bool correctable = false;
    enum status status = row->state == OUTBOX_REFUSED ? words_of(line, row, words, &correctable, error) : STATUS_OK;
    fprintf(line->out, "%lld\t%s\t%s\t%s\t%d\t%s%s%s\n", (long long)row->number, row->visit, row->type,
            outbox_state_word(row->state), row->attempts, row->reason, words[0] != '\0' ? "\t" : "", words);
    return status;
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
        cJSON *list = cJSON_CreateArray();
        status = outbox_json(line, &rows, list, error);
        if (status == STATUS_OK) {
            status = command_print_json(line, list, error);
        } else {
            cJSON_Delete(list);
        }
    } else if (status == STATUS_OK) {
        for (size_t i = 0; i < rows.count && status == STATUS_OK; i++) {
            status = print_row(line, &rows.items[i], error);
        }
        if (rows.count == 0) {
            status = say_nothing_waits(line, error);
        }
    }
    outbox_rows_free(&rows);
    return status;
}

static bool is_number(const char *text, int64_t *out)
{
    char *end = NULL;
    errno = 0;
    *out = strtoll(text, &end, 10);
    return errno == 0 && end != text && *end == '\0';
}

/* The refused entry of this number, or all of this visit. */
static enum status retry(struct command_line *line, const char *what, struct error *error)
{
    struct outbox_rows rows = {0};
    int64_t number = 0;
    int count = 0;
    bool numbered = is_number(what, &number);
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

/* What the server forgot, of this number or of this visit, is let go. */
static enum status drop(struct command_line *line, const char *what, struct error *error)
{
    int64_t number = 0;
    int count = 1;
    enum status status = is_number(what, &number) ? record_let_go(line->store, number, error)
                                                  : record_let_go_visit(line->store, what, &count, error);
    if (status == STATUS_OK && line->json) {
        cJSON *document = cJSON_CreateObject();
        json_add_integer(document, "dropped", count);
        return command_print_json(line, document, error);
    }
    if (status == STATUS_OK) {
        fprintf(line->out, ngettext("%d record was let go; a copy stays on this device.",
                                    "%d records were let go; copies stay on this device.", (unsigned long)count), count);
        fputc('\n', line->out);
    }
    return status;
}

static enum status misused(struct command_line *line, struct error *error)
{
    return error_set(error, STATUS_USAGE, _("use it like this: doorstep %s %s"), line->verb, verb_find(line->verb)->synopsis);
}

enum status verb_outbox(struct command_line *line, struct error *error)
{
    bool corrected = command_flag(line, "--corrected");
    bool confirmed = command_flag(line, "--confirm");
    enum status status = command_arguments(line, 0, corrected ? 0 : 3, error);
    const char *action = line->argument_count > 0 ? line->arguments[0] : "";
    bool named = line->argument_count == 2 && line->arguments[1][0] != '\0';
    bool again = named && strcmp(action, "retry") == 0;
    bool dropped = named && strcmp(action, "drop") == 0;
    int64_t number = 0;
    if (status != STATUS_OK) {
        return status;
    }
    if (line->argument_count == 3 && strcmp(action, "correct") == 0 && is_number(line->arguments[1], &number)) {
        return command_outbox_correct(line, number, line->arguments[2], confirmed, error);
    }
    if (confirmed || (line->argument_count > 0 && !again && !dropped)) {
        return misused(line, error);
    }
    if (corrected) {
        return command_outbox_corrected(line, error);
    }
    status = command_open(line, error);
    if (status != STATUS_OK) {
        return status;
    }
    if (dropped) {
        return drop(line, line->arguments[1], error);
    }
    return again ? retry(line, line->arguments[1], error) : show(line, error);
}
