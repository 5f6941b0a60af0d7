/*
 * doorstep outbox correct: what was refused, corrected and signed again, by the
 * rules and the writer of the console; and doorstep outbox --corrected: what
 * was signed before. The value comes from a file, never from an argument.
 */
#include "commands/command_line.h"
#include "commands/report.h"

#include "base/file.h"
#include "base/text.h"
#include "store/correct.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define TYPED_LIMIT (VISIT_NOTE_LIMIT + 16)

static enum status read_input(struct buffer *out, struct error *error)
{
    char part[4096];
    ssize_t got = 0;
    while ((got = read(STDIN_FILENO, part, sizeof part)) != 0) {
        if (got < 0 && errno != EINTR) {
            return error_system(error, _("standard input"), errno);
        }
        buffer_append(out, part, got > 0 ? (size_t)got : 0);
    }
    return out->status == STATUS_OK
               ? STATUS_OK
               : error_set(error, STATUS_INVALID, _("The note is longer than 256 kB: shorten it."));
}

/* What is to be there, without the line break that ends a file; as an editor would have it. */
static enum status read_typed(const char *path, struct buffer *out, struct error *error)
{
    enum status status = strcmp(path, "-") == 0 ? read_input(out, error) : file_read(path, out, error);
    size_t kept = 0;
    if (status != STATUS_OK) {
        return status;
    }
    if (strlen(buffer_text(out)) != out->length) {
        return error_set(error, STATUS_INVALID, _("The text is not UTF-8; save it as UTF-8 and try again."));
    }
    for (size_t i = 0; i < out->length; i++) {
        if (out->data[i] != '\r' || out->data[i + 1] != '\n') {
            out->data[kept++] = out->data[i];
        }
    }
    while (kept > 0 && out->data[kept - 1] == '\n') {
        kept--;
    }
    if (out->data != NULL) {
        out->length = kept;
        out->data[kept] = '\0';
    }
    return STATUS_OK;
}

/* A question is put with the way to answer it. */
static enum status refuse_question(struct command_line *line, int64_t number, const char *typed, struct error *error)
{
    struct correctable row;
    enum status status = correctable_load(line->store, number, &row, error);
    if (status != STATUS_OK) {
        return status;
    }
    struct entry_result result = {.verdict = ENTRY_FINE};
    if (row.kind == CORRECTABLE_VITAL) {
        result = correctable_judge(&row, typed);
    }
    if (result.verdict == ENTRY_ASK) {
        status = error_set(error, STATUS_INVALID, _("%s If it is right, add --confirm."), result.question);
    }
    correctable_free(&row);
    return status;
}

static enum status report(struct command_line *line, int64_t number, struct error *error)
{
    if (line->json) {
        cJSON *document = cJSON_CreateObject();
        json_add_integer(document, "number", number);
        json_add_boolean(document, "corrected", true);
        json_add_text(document, "state", outbox_state_key(OUTBOX_WAITING));
        return command_print_json(line, document, error);
    }
    fprintf(line->out, "%s\n", _("Corrected and signed; it goes with the next sync."));
    return STATUS_OK;
}

enum status command_outbox_correct(struct command_line *line, int64_t number, const char *path, bool confirmed,
                                   struct error *error)
{
    struct signing_nurse nurse;
    struct signer signer;
    struct buffer typed;
    buffer_init(&typed, TYPED_LIMIT);
    enum status status = read_typed(path, &typed, error);
    if (status == STATUS_OK) {
        status = command_open(line, error);
    }
    if (status == STATUS_OK && !confirmed) {
        status = refuse_question(line, number, buffer_text(&typed), error);
    }
    if (status == STATUS_OK) {
        status = command_signer(line, &nurse, &signer, error);
    }
    if (status == STATUS_OK) {
        status = record_correct(line->store, number, buffer_text(&typed), confirmed, &signer, error);
    }
    if (status == STATUS_OK) {
        status = report(line, number, error);
    }
    buffer_free(&typed);
    return status;
}

/* --- what was signed before ------------------------------------------------------------------------- */

static enum status corrected_json(const struct correction_rows *rows, cJSON *list, struct error *error)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < rows->count && status == STATUS_OK; i++) {
        const struct correction_row *row = &rows->items[i];
        cJSON *item = json_add_object(list, NULL);
        cJSON *resource = NULL;
        json_add_integer(item, "number", row->number);
        json_add_text(item, "visit", row->visit);
        json_add_text(item, "type", row->type);
        json_add_text(item, "identifier", row->name);
        report_instant(item, "at", row->at);
        json_add_text(item, "by", row->practitioner);
        json_add_integer(item, "http_status", row->http_status);
        json_add_text(item, "reason", row->reason);
        status = json_parse(row->body, strlen(row->body), &resource, error);
        if (status == STATUS_OK && !cJSON_AddItemToObject(item, "resource", resource)) {
            cJSON_Delete(resource);
            status = error_no_memory(error);
        }
    }
    return status;
}

static void print_corrected(struct command_line *line, const struct correction_row *row)
{
    struct buffer body;
    char at[40];
    instant_format_fhir(at, sizeof at, row->at);
    buffer_init(&body, JSON_SIZE_LIMIT);
    text_append_clean(&body, row->body, strlen(row->body), false);
    fprintf(line->out, "%lld\t%s\t%s\t%s/%s\t%s\t%s\n", (long long)row->number, at, row->visit, row->type, row->name,
            row->reason, buffer_text(&body));
    buffer_free(&body);
}

enum status command_outbox_corrected(struct command_line *line, struct error *error)
{
    struct correction_rows rows = {.items = NULL};
    enum status status = command_open(line, error);
    if (status == STATUS_OK) {
        status = query_corrections(line->store, &rows, error);
    }
    if (status == STATUS_OK && line->json) {
        cJSON *list = cJSON_CreateArray();
        status = corrected_json(&rows, list, error);
        if (status == STATUS_OK) {
            status = command_print_json(line, list, error);
        } else {
            cJSON_Delete(list);
        }
    } else if (status == STATUS_OK) {
        for (size_t i = 0; i < rows.count; i++) {
            print_corrected(line, &rows.items[i]);
        }
        if (rows.count == 0) {
            fprintf(line->err, "%s\n", _("Nothing was corrected after it was signed."));
        }
    }
    correction_rows_free(&rows);
    return status;
}
