/*
 * doorstep conflicts: what was changed here and at the server, side by side,
 * and the nurse's decision. The console's conflict screen calls the same functions.
 */
#include "commands/command_line.h"
#include "commands/report.h"

#include "base/text.h"
#include "store/conflict.h"
#include "store/outbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *reason_of(const struct conflict *conflict)
{
    if (conflict->gone) {
        return _("deleted at the server: mine sends it as a new record, theirs lets it go");
    }
    return conflict->known ? _("changed at the server too") : _("what the server holds is not known yet: sync first");
}

static void add_parts(cJSON *item, const struct conflict *conflict)
{
    cJSON *parts = json_add_array(item, "differences");
    for (size_t i = 0; i < conflict->count; i++) {
        const struct conflict_part *part = &conflict->parts[i];
        cJSON *one = json_add_object(parts, NULL);
        json_add_text(one, "path", part->path);
        json_add_text(one, "label", part->label);
        json_add_text(one, "base", part->base);
        json_add_text(one, "mine", part->mine);
        json_add_text(one, "theirs", part->theirs);
        json_add_boolean(one, "both", part->both);
    }
}

static cJSON *conflicts_json(const struct conflicts *conflicts)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < conflicts->count; i++) {
        const struct conflict *conflict = &conflicts->items[i];
        cJSON *item = json_add_object(list, NULL);
        json_add_integer(item, "number", conflict->number);
        json_add_text(item, "visit", conflict->visit);
        json_add_text(item, "type", conflict->type);
        json_add_text(item, "id", conflict->id);
        json_add_text(item, "version", conflict->version);
        json_add_text(item, "patient", conflict->patient);
        json_add_text(item, "what", conflict->what);
        json_add_text(item, "state", outbox_state_key(OUTBOX_CONFLICT));
        json_add_integer(item, "attempts", conflict->attempts);
        json_add_text(item, "reason", reason_of(conflict));
        report_instant(item, "found", conflict->found);
        report_instant(item, "theirs_at", conflict->theirs_at);
        json_add_boolean(item, "deleted", conflict->gone);
        json_add_boolean(item, "known", conflict->known);
        add_parts(item, conflict);
    }
    return list;
}

static const char *or_nothing(const char *text)
{
    return text[0] != '\0' ? text : "-";
}

/* The number comes with the server's version: kept with both, the decision is about what was shown. */
static void print_conflict(struct command_line *line, const struct conflict *conflict)
{
    fprintf(line->out, "%lld%s%s\t%s %s\t%s\t%s\n", (long long)conflict->number, conflict->version[0] != '\0' ? "@" : "",
            conflict->version, conflict->type, conflict->what,
            conflict->patient_name[0] != '\0' ? conflict->patient_name : conflict->patient, reason_of(conflict));
    for (size_t i = 0; i < conflict->count; i++) {
        const struct conflict_part *part = &conflict->parts[i];
        fprintf(line->out, "\t%s\t%s: %s\t%s: %s\t%s: %s\n", part->label, _("mine"), or_nothing(part->mine), _("theirs"),
                or_nothing(part->theirs), _("before"), or_nothing(part->base));
    }
}

static enum status show(struct command_line *line, struct error *error)
{
    struct conflicts conflicts = {.items = NULL};
    enum status status = query_conflicts(line->store, &conflicts, error);
    size_t count = conflicts.count;
    if (status == STATUS_OK && line->json) {
        status = command_print_json(line, conflicts_json(&conflicts), error);
    } else if (status == STATUS_OK) {
        for (size_t i = 0; i < count; i++) {
            print_conflict(line, &conflicts.items[i]);
        }
        if (count == 0) {
            fprintf(line->err, "%s\n", _("Nothing is in conflict."));
        }
    }
    conflicts_free(&conflicts);
    if (status == STATUS_OK && count > 0) {
        return error_set(error, STATUS_ATTENTION,
                         ngettext("%zu conflict needs you: doorstep conflicts keep mine|theirs|both NUMBER@VERSION",
                                  "%zu conflicts need you: doorstep conflicts keep mine|theirs|both NUMBER@VERSION",
                                  (unsigned long)count),
                         count);
    }
    return status;
}

/* --- what was let go -------------------------------------------------------------------------------- */

static enum status dropped_json(const struct dropped_rows *rows, cJSON *list, struct error *error)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < rows->count && status == STATUS_OK; i++) {
        const struct dropped_row *row = &rows->items[i];
        cJSON *item = json_add_object(list, NULL);
        cJSON *resource = NULL;
        json_add_integer(item, "number", row->number);
        json_add_text(item, "type", row->type);
        json_add_text(item, "id", row->id);
        json_add_text(item, "patient", row->patient);
        report_instant(item, "at", row->at);
        status = json_parse(row->body, strlen(row->body), &resource, error);
        if (status == STATUS_OK && !cJSON_AddItemToObject(item, "resource", resource)) {
            cJSON_Delete(resource);
            status = error_no_memory(error);
        }
    }
    return status;
}

static enum status show_dropped(struct command_line *line, struct error *error)
{
    struct dropped_rows rows = {.items = NULL};
    enum status status = query_dropped(line->store, &rows, error);
    if (status == STATUS_OK && line->json) {
        cJSON *list = cJSON_CreateArray();
        status = dropped_json(&rows, list, error);
        if (status == STATUS_OK) {
            status = command_print_json(line, list, error);
        } else {
            cJSON_Delete(list);
        }
    } else if (status == STATUS_OK) {
        for (size_t i = 0; i < rows.count; i++) {
            char at[40];
            struct buffer body;
            instant_format_fhir(at, sizeof at, rows.items[i].at);
            buffer_init(&body, JSON_SIZE_LIMIT);
            text_append_clean(&body, rows.items[i].body, strlen(rows.items[i].body), false);
            fprintf(line->out, "%lld\t%s\t%s/%s\t%s\n", (long long)rows.items[i].number, at, rows.items[i].type, rows.items[i].id,
                    buffer_text(&body));
            buffer_free(&body);
        }
    }
    dropped_rows_free(&rows);
    return status;
}

/* --- deciding --------------------------------------------------------------------------------------- */

/* What is left of it: "waiting" when it goes with the next sync, "done" when nothing of it is left to send. */
static enum status say_kept(struct command_line *line, int64_t number, const char *kept, struct error *error)
{
    enum outbox_state state = OUTBOX_WAITING;
    enum status status = outbox_state(line->store, number, &state, error);
    bool left = status == STATUS_NOT_FOUND;
    if (status != STATUS_OK && !left) {
        return status;
    }
    if (line->json) {
        cJSON *document = cJSON_CreateObject();
        json_add_integer(document, "number", number);
        json_add_text(document, "kept", kept);
        json_add_text(document, "state", left ? "done" : outbox_state_key(state));
        return command_print_json(line, document, error);
    }
    fprintf(line->out, "%s\n", left ? _("Decided; nothing of it is left to send.") : _("Decided; it goes with the next sync."));
    return STATUS_OK;
}

/* `version`: of the server's side as it was shown; NULL when nothing was said of it. */
static enum status keep(struct command_line *line, enum keep choice, int64_t number, const char *version, struct error *error)
{
    enum status status = command_open(line, error);
    if (status == STATUS_OK) {
        status = record_resolve(line->store, number, choice, version, error);
    }
    return status == STATUS_OK ? say_kept(line, number, line->arguments[1], error) : status;
}

static enum status misused(struct error *error)
{
    return error_set(error, STATUS_USAGE, _("use it like this: doorstep conflicts keep mine|theirs|both NUMBER[@VERSION]"));
}

enum status verb_conflicts(struct command_line *line, struct error *error)
{
    static const char *const choices[] = {[KEEP_MINE] = "mine", [KEEP_THEIRS] = "theirs", [KEEP_BOTH] = "both"};
    bool dropped = command_flag(line, "--dropped");
    enum status status = command_arguments(line, 0, dropped ? 0 : 3, error);
    if (status != STATUS_OK) {
        return status;
    }
    if (line->argument_count == 0) {
        status = command_open(line, error);
        return status != STATUS_OK ? status : dropped ? show_dropped(line, error) : show(line, error);
    }
    if (line->argument_count != 3 || strcmp(line->arguments[0], "keep") != 0) {
        return misused(error);
    }
    char *end = NULL;
    errno = 0;
    long long number = strtoll(line->arguments[2], &end, 10);
    bool whole = errno == 0 && end != line->arguments[2] && (*end == '\0' || *end == '@') && number > 0;
    const char *version = whole && *end == '@' ? end + 1 : NULL;
    for (size_t i = 0; i < sizeof choices / sizeof choices[0] && whole; i++) {
        if (strcmp(line->arguments[1], choices[i]) == 0) {
            return keep(line, (enum keep)i, number, version, error);
        }
    }
    return misused(error);
}
