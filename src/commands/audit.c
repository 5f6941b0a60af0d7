/*
 * doorstep audit: who did what, and whether the chain is whole.
 */
#include "commands/command_line.h"
#include "commands/report.h"

#include "store/audit.h"

#define ROWS_SHOWN 200

static void add_rows(cJSON *document, const struct audit_rows *rows)
{
    cJSON *list = json_add_array(document, "rows");
    for (size_t i = 0; i < rows->count; i++) {
        const struct audit_row *row = &rows->items[i];
        cJSON *item = json_add_object(list, NULL);
        json_add_integer(item, "number", row->number);
        report_instant(item, "at", row->at);
        json_add_text(item, "user", row->user);
        json_add_text(item, "action", row->action);
        json_add_text(item, "type", row->type);
        json_add_text(item, "resource", row->resource);
        json_add_text(item, "patient", row->patient);
        json_add_text(item, "detail", row->detail);
    }
}

static void print_rows(struct command_line *line, const struct audit_rows *rows)
{
    for (size_t i = rows->count; i-- > 0;) {
        const struct audit_row *row = &rows->items[i];
        char at[40];
        instant_format_fhir(at, sizeof at, row->at);
        fprintf(line->out, "%lld\t%s\t%s\t%s\t%s%s%s\t%s\t%s\n", (long long)row->number, at, row->user, row->action, row->type,
                row->resource[0] != '\0' ? "/" : "", row->resource, row->patient, row->detail);
    }
}

enum status verb_audit(struct command_line *line, struct error *error)
{
    struct audit_verdict verdict = {0};
    struct audit_rows rows = {0};
    bool only_verify = command_flag(line, "--verify");
    enum status status = command_arguments(line, 0, 0, error);
    if (status == STATUS_OK) {
        status = command_open(line, error);
    }
    if (status == STATUS_OK) {
        status = audit_verify(line->store, &verdict, error);
    }
    if (status == STATUS_OK && !only_verify) {
        status = audit_read(line->store, "", ROWS_SHOWN, &rows, error);
    }
    if (status == STATUS_OK && line->json) {
        cJSON *document = cJSON_CreateObject();
        json_add_integer(document, "entries", verdict.entries);
        json_add_boolean(document, "intact", verdict.intact);
        if (verdict.intact) {
            json_add_null(document, "first_broken");
        } else {
            json_add_integer(document, "first_broken", verdict.first_broken);
        }
        if (!only_verify) {
            add_rows(document, &rows);
        }
        status = command_print_json(line, document, error);
    } else if (status == STATUS_OK) {
        print_rows(line, &rows);
        if (verdict.intact) {
            fprintf(line->out, _("%lld entries, the chain is whole.\n"), (long long)verdict.entries);
        } else {
            fprintf(line->out, _("%lld entries; the chain is BROKEN at entry %lld.\n"), (long long)verdict.entries,
                    (long long)verdict.first_broken);
        }
    }
    audit_rows_free(&rows);
    if (status == STATUS_OK && !verdict.intact) {
        status = error_set(error, STATUS_DAMAGED, _("the audit trail was altered or cut: keep this file and call the office"));
    }
    return status;
}
