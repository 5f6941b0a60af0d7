/* See faults.h. */
#include "faults.h"

#include "base/text.h"

#include <string.h>

static const char *const names[] = {
    [FAULT_DROP_REQUEST] = "drop-request",
    [FAULT_OFFLINE] = "offline",
    [FAULT_HANG] = "hang",
    [FAULT_STATUS] = "status",
    [FAULT_HTML] = "html",
    [FAULT_NOT_JSON] = "not-json",
    [FAULT_ENDLESS] = "endless",
    [FAULT_DROP_REPLY] = "drop-reply",
    [FAULT_TRUNCATE] = "truncate",
    [FAULT_SLOW] = "slow",
    [FAULT_REJECT] = "reject",
};

void faults_free(struct faults *faults)
{
    for (size_t i = 0; i < faults->count; i++) {
        cJSON_Delete(faults->items[i]->spec);
        memory_free(faults->items[i]);
    }
    memory_free(faults->items);
}

int64_t fault_number(const struct fault *fault, const char *name, int64_t otherwise)
{
    int64_t number = otherwise;

    return json_integer(fault->spec, name, &number) ? number : otherwise;
}

bool faults_add(struct faults *faults, const char *body, size_t length, struct failure *failure)
{
    struct fault *fault = NULL;
    struct error error = {0};
    cJSON *spec = NULL;
    const char *name = NULL;
    size_t kind = 0;

    if (json_parse(body, length, &spec, &error) != STATUS_OK) {
        return fail(failure, 400, "invalid", "%s", error.sentence);
    }
    name = json_text(spec, "fault");
    while (kind < sizeof names / sizeof names[0] && !text_equal(name, names[kind])) {
        kind++;
    }
    if (kind == sizeof names / sizeof names[0] || (kind == FAULT_REJECT && json_text(spec, "contains") == NULL)) {
        cJSON_Delete(spec);
        return fail(failure, 400, "invalid", "No such fault, or not enough said about it");
    }
    fault = need(memory_allocate(sizeof *fault));
    fault->kind = (enum fault_kind)kind;
    fault->spec = spec;
    fault->after = fault_number(fault, "after", 0);
    fault->left = fault_number(fault, "times", kind == FAULT_REJECT ? 0 : 1);
    fault->left = fault->left == 0 ? -1 : fault->left;
    faults->items = need_room(faults->items, faults->count, &faults->capacity, sizeof fault);
    faults->items[faults->count++] = fault;
    return true;
}

void faults_clear(struct faults *faults)
{
    for (size_t i = 0; i < faults->count; i++) {
        faults->items[i]->left = 0;
    }
}

static bool strikes(struct fault *fault, const char *name, const char *text)
{
    const char *wanted = json_text(fault->spec, name);

    if (fault->left == 0 || (wanted != NULL && strstr(text, wanted) == NULL)) {
        return false;
    }
    if (fault->after > 0) {
        fault->after--;
        return false;
    }
    fault->left -= fault->left > 0 ? 1 : 0;
    return true;
}

const struct fault *faults_take(struct faults *faults, const char *line)
{
    for (size_t i = 0; i < faults->count; i++) {
        if (faults->items[i]->kind != FAULT_REJECT && strikes(faults->items[i], "match", line)) {
            return faults->items[i];
        }
    }
    return NULL;
}

bool faults_refuse(struct faults *faults, const cJSON *resource)
{
    char *text = NULL;
    bool refused = false;

    for (size_t i = 0; i < faults->count && !refused; i++) {
        if (faults->items[i]->kind == FAULT_REJECT && faults->items[i]->left != 0) {
            text = text == NULL ? need(json_print(resource)) : text;
            refused = strikes(faults->items[i], "contains", text);
        }
    }
    memory_free(text);
    return refused;
}

void faults_append(const struct faults *faults, struct buffer *out)
{
    const char *separator = "";

    buffer_append_byte(out, '[');
    for (size_t i = 0; i < faults->count; i++) {
        if (faults->items[i]->left != 0) {
            char *text = need(json_print(faults->items[i]->spec));
            buffer_format(out, "%s{\"left\":%lld,\"spec\":", separator, (long long)faults->items[i]->left);
            buffer_append_text(out, text);
            buffer_append_byte(out, '}');
            memory_free(text);
            separator = ",";
        }
    }
    buffer_append_byte(out, ']');
}
