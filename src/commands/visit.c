/*
 * doorstep visit: records a whole visit from VISIT.json, by the same fields,
 * the same rule book and the same writer as the console. All or nothing: a
 * file with an impossible value changes nothing.
 */
#include "commands/command_line.h"
#include "commands/report.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "care/visit.h"
#include "store/draft.h"
#include "store/query.h"
#include "store/record.h"

#include <stdio.h>
#include <string.h>

#define FILE_LIMIT (4u * 1024 * 1024)

static enum status set_field(struct visit_draft *draft, const char *name, const char *value, struct error *error)
{
    if (!visit_field_is_known(name)) {
        return error_set(error, STATUS_INVALID, _("VISIT.json has a member '%s' that is not known"), name);
    }
    return visit_draft_set(draft, name, value, error);
}

/* A text or number as a nurse would have typed it. */
static enum status set_value(struct visit_draft *draft, const char *name, const cJSON *value, struct error *error)
{
    char number[80];
    if (cJSON_IsNull(value)) {
        return STATUS_OK;
    }
    if (json_value_text(value) != NULL) {
        return set_field(draft, name, json_value_text(value), error);
    }
    if (json_number_text(value, number, sizeof number)) {
        return set_field(draft, name, number, error);
    }
    return error_set(error, STATUS_INVALID, _("'%s' in VISIT.json should be a text or a number"), name);
}

/* Sets "prefix.member" for every member of an object; objects inside become further prefixes. */
static enum status set_members(struct visit_draft *draft, const char *prefix, const cJSON *object, struct error *error)
{
    const cJSON *member = NULL;
    enum status status = STATUS_OK;
    if (!cJSON_IsObject(object)) {
        return error_set(error, STATUS_INVALID, _("'%s' in VISIT.json should be an object"), prefix);
    }
    cJSON_ArrayForEach(member, object) {
        char name[VISIT_FIELD_NAME_SIZE];
        if (cJSON_IsObject(member) && strcmp(member->string, "given") == 0) {
            /* "given": {"dose","unit","route"} are fields of the same line. */
            status = set_members(draft, prefix, member, error);
        } else if (snprintf(name, sizeof name, "%s.%s", prefix, member->string) >= (int)sizeof name) {
            status = error_set(error, STATUS_INVALID, _("VISIT.json has a member '%s' that is not known"), member->string);
        } else if (cJSON_IsBool(member) && strcmp(member->string, "taking") == 0) {
            status = set_field(draft, name, cJSON_IsTrue(member) ? "as-ordered" : "not", error);
        } else {
            status = set_value(draft, name, member, error);
        }
        if (status != STATUS_OK) {
            break;
        }
    }
    return status;
}

static enum status set_list(struct visit_draft *draft, const char *prefix, const cJSON *list, struct error *error)
{
    const cJSON *item = NULL;
    enum status status = STATUS_OK;
    int index = 0;
    if (!cJSON_IsArray(list)) {
        return error_set(error, STATUS_INVALID, _("'%s' in VISIT.json should be a list"), prefix);
    }
    cJSON_ArrayForEach(item, list) {
        char name[VISIT_FIELD_NAME_SIZE];
        snprintf(name, sizeof name, "%s.%d", prefix, index++);
        status = set_members(draft, name, item, error);
        if (status != STATUS_OK) {
            break;
        }
    }
    return status;
}

/* "confirmed": ["temp"]: these unusual values were looked at and are right. */
static enum status set_confirmed(struct visit_draft *draft, const cJSON *list, struct error *error)
{
    const cJSON *item = NULL;
    enum status status = STATUS_OK;
    if (!cJSON_IsArray(list)) {
        return error_set(error, STATUS_INVALID, _("'%s' in VISIT.json should be a list"), "confirmed");
    }
    cJSON_ArrayForEach(item, list) {
        char field[VISIT_FIELD_NAME_SIZE];
        char confirmed[VISIT_FIELD_NAME_SIZE];
        const char *key = json_value_text(item);
        if (key == NULL || strlen(key) > 16) {
            return error_set(error, STATUS_INVALID, _("'%s' in VISIT.json should be a list"), "confirmed");
        }
        snprintf(field, sizeof field, "vitals.%s", key);
        snprintf(confirmed, sizeof confirmed, "confirmed.%s", key);
        status = set_field(draft, confirmed, visit_draft_get(draft, field), error);
        if (status != STATUS_OK) {
            break;
        }
    }
    return status;
}

static enum status fill_draft(struct visit_draft *draft, const cJSON *document, bool *sign, const char **patient,
                              struct error *error)
{
    const cJSON *member = NULL;
    const cJSON *confirmed = NULL;
    enum status status = STATUS_OK;
    if (!cJSON_IsObject(document)) {
        return error_set(error, STATUS_INVALID, _("VISIT.json should be one JSON object"));
    }
    cJSON_ArrayForEach(member, document) {
        const char *name = member->string;
        if (strcmp(name, "patient") == 0) {
            *patient = json_value_text(member);
        } else if (strcmp(name, "sign") == 0 && cJSON_IsBool(member)) {
            *sign = cJSON_IsTrue(member);
        } else if (strcmp(name, "vitals") == 0 || strcmp(name, "note") == 0) {
            status = set_members(draft, name, member, error);
        } else if (strcmp(name, "consents") == 0) {
            status = set_list(draft, "consent", member, error);
        } else if (strcmp(name, "medications") == 0) {
            status = set_list(draft, "medicine", member, error);
        } else if (strcmp(name, "tasks") == 0) {
            status = set_list(draft, "task", member, error);
        } else if (strcmp(name, "confirmed") == 0) {
            confirmed = member;
        } else {
            status = set_value(draft, name, member, error);
        }
        if (status != STATUS_OK) {
            return status;
        }
    }
    return confirmed != NULL ? set_confirmed(draft, confirmed, error) : STATUS_OK;
}

/* The first thing that stands in the way, with its field's name. */
static enum status refuse_problems(const struct visit *visit, bool sign, struct error *error)
{
    for (size_t i = 0; i < visit->problem_count; i++) {
        const struct visit_problem *problem = &visit->problems[i];
        if (problem->level == PROBLEM_REFUSED) {
            return error_set(error, STATUS_INVALID, "%s: %s", problem->field, problem->sentence);
        }
        if (problem->level == PROBLEM_ASK && sign) {
            const char *dot = strchr(problem->field, '.');
            return error_set(error, STATUS_INVALID, _("%s: %s If it is right, add \"confirmed\": [\"%s\"]."), problem->field,
                             problem->sentence, dot != NULL ? dot + 1 : problem->field);
        }
    }
    return STATUS_OK;
}

static enum status read_document(const char *path, cJSON **out, struct error *error)
{
    struct buffer text;
    buffer_init(&text, FILE_LIMIT);
    enum status status = file_read(path, &text, error);
    if (status == STATUS_OK) {
        struct error detail = {0};
        status = json_parse(buffer_text(&text), text.length, out, &detail);
        if (status != STATUS_OK) {
            error_set(error, status, "%s: %s", path, detail.sentence);
        }
    }
    buffer_free(&text);
    return status;
}

static enum status sign_visit(struct command_line *line, const char *visit, size_t *queued, struct error *error)
{
    struct signing_nurse nurse;
    struct signer signer;
    enum status status = command_signer(line, &nurse, &signer, error);
    return status == STATUS_OK ? record_sign_visit(line->store, visit, &signer, queued, error) : status;
}

/* In one transaction: what stops half-way leaves no unfinished visit that the next try would meet. */
static enum status record_visit(struct command_line *line, struct visit_draft *draft, instant start, bool sign,
                                size_t *queued, struct error *error)
{
    char appointment[ID_SIZE];
    enum status status = record_begin(line->store, error);
    if (status != STATUS_OK) {
        return status;
    }
    status = query_visit_appointment(line->store, draft->patient, start, appointment, error);
    if (status == STATUS_OK) {
        status = draft_start(line->store, draft->patient, appointment, draft->id, error);
    }
    if (status == STATUS_OK) {
        status = draft_put_all(line->store, draft, error);
    }
    if (status == STATUS_OK && sign) {
        status = sign_visit(line, draft->id, queued, error);
    }
    if (status != STATUS_OK) {
        record_abort(line->store);
        return status;
    }
    return record_commit(line->store, error);
}

static enum status report(struct command_line *line, const struct visit_draft *draft, bool sign, size_t queued, struct error *error)
{
    if (line->json) {
        cJSON *document = cJSON_CreateObject();
        json_add_text(document, "visit", draft->id);
        json_add_text(document, "state", sign ? "signed" : "in-progress");
        json_add_integer(document, "queued", (int64_t)queued);
        return command_print_json(line, document, error);
    }
    if (sign) {
        fprintf(line->out, _("Visit %s is signed; %zu records wait to be sent.\n"), draft->id, queued);
    } else {
        fprintf(line->out, _("Visit %s is kept as unfinished.\n"), draft->id);
    }
    return STATUS_OK;
}

enum status verb_visit(struct command_line *line, struct error *error)
{
    cJSON *document = NULL;
    struct visit_draft draft;
    struct chart chart;
    struct visit visit;
    bool sign = false;
    size_t queued = 0;
    const char *named = NULL;
    char open_visit[UUID_SIZE];
    const char *aside = command_option(line, "--set-aside");
    const char *resume = command_option(line, "--resume");
    if (aside != NULL || resume != NULL || command_flag(line, "--list")) {
        return command_visit_kept(line, aside, resume, error);
    }
    const char *path = command_option(line, "--file");
    visit_draft_init(&draft);
    chart_init(&chart);
    enum status status = command_arguments(line, 0, 1, error);
    if (status == STATUS_OK && path == NULL) {
        status = error_set(error, STATUS_USAGE, _("use it like this: doorstep %s %s"), line->verb,
                           verb_find(line->verb)->synopsis);
    }
    if (status == STATUS_OK) {
        status = read_document(path, &document, error);
    }
    if (status == STATUS_OK) {
        status = fill_draft(&draft, document, &sign, &named, error);
    }
    if (status == STATUS_OK && line->argument_count == 0 && named == NULL) {
        status = error_set(error, STATUS_USAGE, _("say whose visit it is: doorstep visit PATIENT --file %s"), path);
    }
    if (status == STATUS_OK) {
        status = command_open(line, error);
    }
    if (status == STATUS_OK) {
        status = query_find_patient(line->store, line->argument_count > 0 ? line->arguments[0] : named, draft.patient, error);
    }
    if (status == STATUS_OK && line->argument_count > 0 && named != NULL) {
        /* Two names for one visit must mean one person. */
        char other[ID_SIZE];
        status = query_find_patient(line->store, named, other, error);
        if (status == STATUS_OK && strcmp(other, draft.patient) != 0) {
            status = error_set(error, STATUS_INVALID, _("the command and %s name two different patients; nothing was recorded"), path);
        }
    }
    if (status == STATUS_OK) {
        enum status found = draft_find(line->store, draft.patient, open_visit, error);
        if (found == STATUS_OK) {
            status = error_set(error, STATUS_CONFLICT,
                               _("a visit to this patient is unfinished on this device: finish it in the console, or: "
                                 "doorstep visit --set-aside %s"),
                               open_visit);
        } else if (found != STATUS_NOT_FOUND) {
            status = found;
        }
    }
    instant now = clock_now(&line->clock);
    if (status == STATUS_OK) {
        status = query_chart(line->store, draft.patient, instant_add_days(now, -CHART_DAYS), CHART_READINGS, now, &chart, error);
    }
    if (status == STATUS_OK) {
        draft.started = now;
        visit_read(&draft, &chart, now, &visit);
        status = refuse_problems(&visit, sign, error);
    }
    if (status == STATUS_OK) {
        status = record_visit(line, &draft, visit.start, sign, &queued, error);
    }
    if (status == STATUS_OK) {
        status = report(line, &draft, sign, queued, error);
    }
    chart_free(&chart);
    visit_draft_free(&draft);
    cJSON_Delete(document);
    return status;
}
