/*
 * What was said of one medicine, task or consent: see said.h.
 *
 * Invariant: nothing is judged here; what may be said, visit_read_parts() says.
 */
#include "care/said.h"

#include "base/text.h"
#include "care/visit_part.h"

#include <string.h>

#define NOTHING "-" /* no key and no dose: the rule book says what is wanted */
#define BLANKS " \t\r"

static const struct {
    const char *part;
    const char *keys[SAID_FIELDS + 1];
} kinds[SAID_COUNT] = {
    [SAID_TAKEN] = {"medicine", {"taking", "reason"}},
    [SAID_GIVEN] = {"medicine", {"dose", "unit", "route", "reason"}},
    [SAID_OUTCOME] = {"task", {"status", "reason"}},
    [SAID_CONSENT] = {"consent", {"by", "method", "name"}},
};

const char *said_part(enum said_kind kind)
{
    return kinds[kind].part;
}

const char *const *said_keys(enum said_kind kind)
{
    return kinds[kind].keys;
}

static void name_field(enum said_kind kind, const char *key, char name[VISIT_FIELD_NAME_SIZE])
{
    text_format(name, VISIT_FIELD_NAME_SIZE, "%s.0.%s", kinds[kind].part, key);
}

const char *said_get(const struct visit_draft *draft, enum said_kind kind, const char *key)
{
    char name[VISIT_FIELD_NAME_SIZE];
    name_field(kind, key, name);
    return visit_draft_get(draft, name);
}

enum status said_set(struct visit_draft *draft, enum said_kind kind, const char *key, const char *value,
                     struct error *error)
{
    char name[VISIT_FIELD_NAME_SIZE];
    name_field(kind, key, name);
    return visit_draft_set(draft, name, value, error);
}

/* --- as a text ------------------------------------------------------------------------------------ */

void said_values(const struct visit_draft *draft, enum said_kind kind, const char *values[SAID_FIELDS])
{
    for (size_t i = 0; i < SAID_FIELDS; i++) {
        values[i] = kinds[kind].keys[i] != NULL ? said_get(draft, kind, kinds[kind].keys[i]) : "";
    }
}

bool said_write(enum said_kind kind, const char *const values[SAID_FIELDS], char *out, size_t size)
{
    size_t length = 0;
    bool whole = true;
    out[0] = '\0';
    for (size_t i = 0; kinds[kind].keys[i] != NULL; i++) {
        size_t from = length + (length > 0 ? 1 : 0);
        whole = text_format(out + length, size - length, "%s%s: %s", length > 0 ? "\n" : "", kinds[kind].keys[i],
                            values[i]) && whole;
        length += strlen(out + length);
        for (size_t at = from; at < length; at++) { /* a value is one line */
            out[at] = out[at] == '\n' || out[at] == '\r' ? ' ' : out[at];
        }
    }
    return whole;
}

static enum status refuse_text(enum said_kind kind, struct error *error)
{
    char names[80] = "";
    size_t length = 0;
    for (const char *const *key = kinds[kind].keys; *key != NULL; key++) {
        text_format(names + length, sizeof names - length, "%s%s", length > 0 ? ", " : "", *key);
        length = strlen(names);
    }
    return error_set(error, STATUS_INVALID,
                     _("Write what is corrected, one thing a line, its name and a colon before it. The names are: %s."),
                     names);
}

/* The name that the line begins with, NULL when it is none, or one that was `used` before: which of the two is meant? */
static const char *key_of(enum said_kind kind, const char *line, size_t length, bool used[SAID_FIELDS])
{
    for (size_t i = 0; kinds[kind].keys[i] != NULL; i++) {
        const char *key = kinds[kind].keys[i];
        if (!used[i] && strlen(key) == length && strncmp(key, line, length) == 0) {
            used[i] = true;
            return key;
        }
    }
    return NULL;
}

static enum status type_line(struct visit_draft *draft, enum said_kind kind, const char *line, size_t length,
                             bool used[SAID_FIELDS], struct error *error)
{
    const char *colon = memchr(line, ':', length);
    const char *key = colon != NULL ? key_of(kind, line, (size_t)(colon - line), used) : NULL;
    char value[SAID_TEXT_SIZE];
    if (key == NULL) {
        return refuse_text(kind, error);
    }
    line += strlen(key) + 1;
    length -= strlen(key) + 1;
    while (length > 0 && strchr(BLANKS, line[0]) != NULL) {
        line++;
        length--;
    }
    while (length > 0 && strchr(BLANKS, line[length - 1]) != NULL) {
        length--;
    }
    if (length >= sizeof value) {
        return error_set(error, STATUS_INVALID, _("This text is too long: shorten it and put the rest in the note."));
    }
    memcpy(value, line, length);
    value[length] = '\0';
    return said_set(draft, kind, key, value, error);
}

enum status said_type(struct visit_draft *draft, enum said_kind kind, const char *typed, struct error *error)
{
    enum status status = STATUS_OK;
    bool used[SAID_FIELDS] = {false};
    bool any = false;
    while (*typed != '\0' && status == STATUS_OK) {
        size_t length = strcspn(typed, "\n");
        size_t blank = strspn(typed, BLANKS);
        if (blank < length) {
            any = true;
            status = type_line(draft, kind, typed, length, used, error);
        }
        typed += length + (typed[length] == '\n' ? 1 : 0);
    }
    return status == STATUS_OK && !any ? refuse_text(kind, error) : status;
}

/* --- judging -------------------------------------------------------------------------------------- */

enum status said_copy(const struct visit_draft *draft, struct visit_draft *out, struct error *error)
{
    enum status status = STATUS_OK;
    visit_draft_init(out);
    for (size_t i = 0; i < draft->count && status == STATUS_OK; i++) {
        status = visit_draft_set(out, draft->fields[i].name, draft->fields[i].value, error);
    }
    if (status != STATUS_OK) {
        visit_draft_free(out);
    }
    return status;
}

enum status said_judge(struct visit_draft *draft, enum said_kind kind, struct visit *out, struct error *error)
{
    const char *first = kinds[kind].keys[0];
    enum status status = STATUS_OK;
    memset(out, 0, sizeof *out);
    /* In a visit, where nothing is said nothing is recorded; here there is a record that has to say something. */
    if (text_is_blank(said_get(draft, kind, first))) {
        status = said_set(draft, kind, first, NOTHING, error);
    }
    if (status == STATUS_OK) {
        visit_read_parts(draft, NULL, out);
    }
    return status;
}
