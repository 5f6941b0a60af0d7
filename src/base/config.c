/*
 * The configuration file. inih splits lines; the table below knows the keys.
 * inih does not tell line numbers, so its reader here counts them.
 */
#include "base/config.h"

#include "base/buffer.h"
#include "base/file.h"
#include "base/text.h"

#include <ini.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define CONFIG_SIZE_LIMIT (64u * 1024)

enum kind {
    KIND_TEXT,   /* `size` bytes at most, NUL included */
    KIND_CHOICE, /* one of the words in `choices`, kept as text */
    KIND_NUMBER, /* from `smallest` to `largest` */
    KIND_COLOUR, /* yes or no; sets the opposite flag */
};

struct key {
    const char *section;
    const char *name;
    enum kind kind;
    size_t offset;
    size_t size;
    const char *choices; /* separated and surrounded by blanks */
    int smallest;
    int largest;
};

#define FIELD(member) offsetof(struct config, member), sizeof(((struct config *)NULL)->member)

static const struct key keys[] = {
    {"console", "language", KIND_CHOICE, FIELD(language), " en ko ja ", 0, 0},
    {"console", "colour", KIND_COLOUR, FIELD(monochrome), " yes no ", 0, 0},
    {"console", "lines", KIND_CHOICE, FIELD(lines), " ascii unicode ", 0, 0},
    {"console", "lock-after", KIND_NUMBER, FIELD(lock_after_minutes), NULL, 1, 60},
    {"sync", "every", KIND_NUMBER, FIELD(sync_every_minutes), NULL, 1, 1440},
    {"sync", "server", KIND_TEXT, FIELD(server), NULL, 0, 0},
    {"sync", "caseload", KIND_TEXT, FIELD(caseload), NULL, 0, 0},
    {"sync", "ca-file", KIND_TEXT, FIELD(ca_file), NULL, 0, 0},
    {"consent", "policy", KIND_TEXT, FIELD(consent_policy), NULL, 0, 0},
    {"agency", "name", KIND_TEXT, FIELD(organization), NULL, 0, 0},
    {"agency", "scale2-note", KIND_TEXT, FIELD(scale2_note), NULL, 0, 0},
};

struct reader {
    const char *path;
    const char *next; /* unread text */
    int line;         /* of the text given out last */
    struct config *config;
    enum status status;
    struct error *error;
};

void config_defaults(struct config *config)
{
    *config = (struct config){.lock_after_minutes = 5, .sync_every_minutes = 15};
}

static bool is_choice(const char *choices, const char *value)
{
    size_t length = strlen(value);

    for (const char *at = choices; length > 0 && (at = strstr(at, value)) != NULL; at++) {
        if (at[-1] == ' ' && at[length] == ' ' && strchr(value, ' ') == NULL) {
            return true;
        }
    }
    return false;
}

static bool is_number_between(const char *value, int smallest, int largest, int *out)
{
    size_t digits = strspn(value, "0123456789");

    *out = digits > 0 && digits < 6 && value[digits] == '\0' ? (int)strtol(value, NULL, 10) : -1;
    return *out >= smallest && *out <= largest;
}

static bool set_value(struct config *config, const struct key *key, const char *value)
{
    char *field = (char *)config + key->offset;
    int number = 0;

    switch (key->kind) {
    case KIND_TEXT:
        return text_is_utf8(value, strlen(value)) && text_copy(field, key->size, value);
    case KIND_CHOICE:
        return is_choice(key->choices, value) && text_copy(field, key->size, value);
    case KIND_COLOUR:
        config->monochrome = text_equal(value, "no");
        return is_choice(key->choices, value);
    case KIND_NUMBER:
        if (!is_number_between(value, key->smallest, key->largest, &number)) {
            return false;
        }
        memcpy(field, &number, sizeof number);
        return true;
    }
    return false;
}

static int take_entry(void *context, const char *section, const char *name, const char *value)
{
    struct reader *reader = context;

    if (reader->status != STATUS_OK) {
        return 0;
    }
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (text_equal(keys[i].section, section) && text_equal(keys[i].name, name)) {
            if (!set_value(reader->config, &keys[i], value)) {
                reader->status = error_set(reader->error, STATUS_INVALID,
                                           _("%s, line %d: \"%s\" cannot be %s; doorstep-config(5) lists what can."),
                                           reader->path, reader->line, value, name);
            }
            return reader->status == STATUS_OK;
        }
    }
    reader->status = error_set(reader->error, STATUS_INVALID,
                               _("%s, line %d: [%s] has no setting \"%s\"; doorstep-config(5) lists them."),
                               reader->path, reader->line, section, name);
    return 0;
}

/* Gives inih one line, without leading blanks: it would take an indented line for more of the value above. */
static char *give_line(char *out, int size, void *context)
{
    struct reader *reader = context;
    size_t length = 0;
    size_t indent = 0;

    if (*reader->next == '\0' || reader->status != STATUS_OK) {
        return NULL;
    }
    reader->line++;
    length = strcspn(reader->next, "\n");
    indent = strspn(reader->next, " \t");
    indent = indent < length ? indent : length;
    if (length - indent + 2 > (size_t)size) {
        reader->status = error_set(reader->error, STATUS_INVALID, _("%s, line %d is too long; shorten it."),
                                   reader->path, reader->line);
        return NULL;
    }
    memcpy(out, reader->next + indent, length - indent);
    memcpy(out + (length - indent), "\n", 2);
    reader->next += length + (reader->next[length] == '\n');
    return out;
}

enum status config_read(struct config *config, const char *path, struct error *error)
{
    struct buffer text;
    struct reader reader = {.path = path, .config = config, .error = error};
    int bad_line = 0;

    buffer_init(&text, CONFIG_SIZE_LIMIT);
    reader.status = file_read(path, &text, error);
    if (reader.status == STATUS_NOT_FOUND) {
        error_clear(error);
        reader.status = STATUS_OK;
    } else if (reader.status == STATUS_OK) {
        reader.next = buffer_text(&text);
        bad_line = ini_parse_stream(give_line, &reader, take_entry, &reader);
        /* Reading stops at the first entry that is wrong, but inih goes on past lines that are none. */
        if (bad_line > 0 && (reader.status == STATUS_OK || bad_line < reader.line)) {
            reader.status = error_set(error, STATUS_INVALID,
                                      _("%s, line %d is neither \"name = value\" nor [section]; correct it."), path,
                                      bad_line);
        }
    }
    buffer_free(&text);
    return reader.status;
}
