/*
 * Reading the command line and running a verb. See command_line.h.
 */
#include "commands/command_line.h"

#include "base/language.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "store/query.h"

#include <stdlib.h>
#include <string.h>

#define DOORSTEP_VERSION "0.1"

static const struct verb verbs[] = {
    {"enroll", "[--server URL] [--practitioner ID] [--caseload SCOPE] [--token-file FILE] [--name NAME]",
     N_("make this nurse's encrypted file and show the recovery key once"), verb_enroll},
    {"import", "PATH...", N_("read FHIR bundles, resources, NDJSON files or folders"), verb_import},
    {"patients", "[--today] [TEXT]", N_("list the caseload, today's visits, or those that TEXT fits"), verb_patients},
    {"chart", "PATIENT", N_("show everything the chart shows"), verb_chart},
    {"news2", "KEY=VALUE...", N_("compute a NEWS2 from rr spo2 scale oxygen sbp pulse acvpu temp"), verb_news2},
    {"visit", "PATIENT --file VISIT.json | --list | --set-aside VISIT | --resume VISIT",
     N_("record a whole visit as the console would; list, set aside or take up again those not signed"), verb_visit},
    {"sync", "", N_("exchange with the server once"), verb_sync},
    {"outbox", "[retry NUMBER|VISIT | drop NUMBER|VISIT | correct NUMBER FILE [--confirm] | --corrected]",
     N_("show what waits to be sent, and why; send again what was refused, as it is or corrected"), verb_outbox},
    {"conflicts", "[keep mine|theirs|both NUMBER] [--dropped]",
     N_("show what was changed here and at the server, side by side, and decide it"), verb_conflicts},
    {"status", "", N_("show the last good sync, what is pending, and the disk"), verb_status},
    {"audit", "[--verify]", N_("show who did what, and check that nothing was altered"), verb_audit},
    {"export", "visit VISIT | outbox [--to FILE]", N_("write a visit, or all that is unsent, to a file"), verb_export},
    {"passphrase", "[--new-file FILE] [--pin]", N_("change the passphrase, or set a PIN for signing"), verb_passphrase},
    {"recover", "[--recovery-file FILE] [--new-file FILE]", N_("set a new passphrase with the recovery key"), verb_recover},
    {"lock", "", N_("lock all open consoles of this user"), verb_lock},
    {"doctor", "", N_("check terminal, locale, disk, clock, file and server"), verb_doctor},
};

const struct verb *verb_at(size_t index)
{
    return index < sizeof verbs / sizeof verbs[0] ? &verbs[index] : NULL;
}

const struct verb *verb_find(const char *name)
{
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(verbs[i].name, name) == 0) {
            return &verbs[i];
        }
    }
    return NULL;
}

int command_exit_status(enum status status)
{
    switch (status) {
    case STATUS_OK:
        return 0;
    case STATUS_USAGE:
        return 2;
    case STATUS_LOCKED:
        return 3;
    case STATUS_UNREACHABLE:
        return 4;
    case STATUS_ATTENTION:
        return 5;
    case STATUS_FAILED:
    case STATUS_NOT_FOUND:
    case STATUS_INVALID:
    case STATUS_CONFLICT:
    case STATUS_FULL:
    case STATUS_READ_ONLY:
    case STATUS_DAMAGED:
    case STATUS_NO_MEMORY:
    case STATUS_BUSY:
    case STATUS_CANCELLED:
        return 1;
    }
    return 1;
}

/* Takes `count` arguments out of the list, from `index` on. */
static void remove_arguments(struct command_line *line, int index, int count)
{
    for (int i = index; i + count < line->argument_count; i++) {
        line->arguments[i] = line->arguments[i + count];
    }
    line->argument_count -= count;
}

const char *command_option(struct command_line *line, const char *name)
{
    size_t length = strlen(name);
    for (int i = 0; i < line->argument_count; i++) {
        const char *argument = line->arguments[i];
        if (strcmp(argument, name) == 0 && i + 1 < line->argument_count) {
            const char *value = line->arguments[i + 1];
            remove_arguments(line, i, 2);
            return value;
        }
        if (strncmp(argument, name, length) == 0 && argument[length] == '=') {
            remove_arguments(line, i, 1);
            return argument + length + 1;
        }
    }
    return NULL;
}

bool command_flag(struct command_line *line, const char *name)
{
    for (int i = 0; i < line->argument_count; i++) {
        if (strcmp(line->arguments[i], name) == 0) {
            remove_arguments(line, i, 1);
            return true;
        }
    }
    return false;
}

enum status command_arguments(struct command_line *line, int least, int most, struct error *error)
{
    for (int i = 0; i < line->argument_count; i++) {
        if (strncmp(line->arguments[i], "--", 2) == 0) {
            return error_set(error, STATUS_USAGE, _("'%s' has no option %s, or it lacks its value; see: doorstep --help"),
                             line->verb, line->arguments[i]);
        }
    }
    if (line->argument_count < least || line->argument_count > most) {
        const struct verb *verb = verb_find(line->verb);
        return error_set(error, STATUS_USAGE, _("use it like this: doorstep %s %s"), line->verb,
                         verb != NULL ? verb->synopsis : "");
    }
    return STATUS_OK;
}

enum status command_line_read(struct command_line *line, int argc, char **argv, struct error *error)
{
    memset(line, 0, sizeof *line);
    line->verb = "";
    line->out = stdout;
    line->err = stderr;
    line->clock = clock_system();
    line->randomness = randomness_system();
    line->arguments = argv + 1;
    line->argument_count = argc > 0 ? argc - 1 : 0;
    /* Errors of the options themselves should already be in the user's language. */
    config_defaults(&line->config);
    enum status status = paths_find(&line->paths, NULL, NULL, NULL, NULL);
    language_setup("", status == STATUS_OK ? line->paths.locale : "");
    line->json = command_flag(line, "--json");
    line->help = command_flag(line, "--help") || command_flag(line, "-h");
    line->version = command_flag(line, "--version");
    const char *user = command_option(line, "--user");
    const char *home = command_option(line, "--home");
    const char *config = command_option(line, "--config");
    line->passphrase_file = command_option(line, "--passphrase-file");
    if (line->passphrase_file == NULL) {
        line->passphrase_file = getenv("DOORSTEP_PASSPHRASE_FILE");
    }
    if (line->argument_count > 0) {
        line->verb = line->arguments[0];
        line->arguments++;
        line->argument_count--;
    }
    status = paths_find(&line->paths, user, home, config, error);
    if (status == STATUS_OK) {
        status = config_read(&line->config, line->paths.config, error);
    }
    if (status != STATUS_OK) {
        if (line->help || line->version) {
            /* They need neither home nor configuration, and are asked for when these are not in order. */
            error_clear(error);
            return STATUS_OK;
        }
        return status;
    }
    language_setup(line->config.language, line->paths.locale);
    if (line->verb[0] != '\0' && verb_find(line->verb) == NULL) {
        return error_set(error, STATUS_USAGE, _("there is no command '%s'; see: doorstep --help"), line->verb);
    }
    return STATUS_OK;
}

static void print_help(struct command_line *line)
{
    fprintf(line->out, "%s\n\n", _("doorstep: the visiting nurse's console. Without a command it opens the console."));
    for (size_t i = 0; verb_at(i) != NULL; i++) {
        const struct verb *verb = verb_at(i);
        fprintf(line->out, "  doorstep %s %s\n      %s\n", verb->name, verb->synopsis, _(verb->help));
    }
    fprintf(line->out, "\n%s\n", _("Everywhere: --json, --user NAME, --home FOLDER, --config FILE, --passphrase-file FILE.\n"
                                   "Exit status: 0 done, 1 failed, 2 usage, 3 locked or wrong passphrase,\n"
                                   "4 server unreachable, 5 done but something needs the nurse. See doorstep(1)."));
}

int command_line_run(struct command_line *line)
{
    struct error error = {0};
    if (line->version) {
        fprintf(line->out, "doorstep %s\n", DOORSTEP_VERSION);
        return 0;
    }
    const struct verb *verb = verb_find(line->verb);
    if (line->help || verb == NULL) {
        print_help(line);
        return 0;
    }
    enum status status = verb->run(line, &error);
    if (fflush(line->out) != 0 && status == STATUS_OK) {
        status = error_set(&error, STATUS_FULL, _("the output could not be written in full"));
    }
    if (status != STATUS_OK) {
        fprintf(line->err, "doorstep: %s\n", error.sentence);
    }
    log_event(verb->name, (long)status, 0);
    return command_exit_status(status);
}

void command_line_free(struct command_line *line)
{
    store_close(line->store);
    vault_free(line->vault);
    line->store = NULL;
    line->vault = NULL;
    log_close();
}

/* What a terminal would obey besides the controls that JSON escapes anyway: C1 controls, and marks that reorder text. */
static bool is_obeyed(uint32_t character)
{
    return (character >= 0x7F && character <= 0x9F) || character == 0x61C || character == 0x200E || character == 0x200F ||
           (character >= 0x2028 && character <= 0x202E) || (character >= 0x2066 && character <= 0x2069);
}

/* Such characters are written as escapes, which mean the same. */
static void print_escaped(FILE *out, const char *text)
{
    size_t length = strlen(text);
    size_t start = 0;
    for (size_t at = 0; at < length;) {
        uint32_t character = 0;
        size_t used = text_decode(text + at, length - at, &character);
        if (is_obeyed(character)) {
            fwrite(text + start, 1, at - start, out);
            fprintf(out, "\\u%04x", (unsigned)character);
            start = at + used;
        }
        at += used;
    }
    fwrite(text + start, 1, length - start, out);
}

enum status command_print_json(struct command_line *line, cJSON *document, struct error *error)
{
    char *text = document == NULL ? NULL : json_print_pretty(document);
    cJSON_Delete(document);
    if (text == NULL) {
        return error_no_memory(error);
    }
    print_escaped(line->out, text);
    fputc('\n', line->out);
    memory_free(text);
    return STATUS_OK;
}

enum status command_server(struct command_line *line, char *out, size_t size, struct error *error)
{
    if (line->config.server[0] != '\0') {
        text_copy(out, size, line->config.server);
        return STATUS_OK;
    }
    return store_setting_get(line->store, SETTING_SERVER, out, size, error);
}
