/*
 * doorstep doctor: what a nurse can check before leaving, in words.
 *
 * Works without being enrolled; what cannot be checked is said to be unchecked,
 * never called good.
 */
#include "commands/command_line.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "store/audit.h"
#include "sync/exchange.h"

#include <langinfo.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define DISK_LOW (50 * INT64_C(1000000))
#define CLOCK_SKEW_MOST (2 * INSTANT_MINUTE)

struct examination {
    struct command_line *line;
    cJSON *list;
    int failed;
};

static void note(struct examination *examination, const char *check, bool ok, const char *format, ...) PRINTF_LIKE(4, 5);

static void note(struct examination *examination, const char *check, bool ok, const char *format, ...)
{
    char detail[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(detail, sizeof detail, format, arguments);
    va_end(arguments);
    examination->failed += ok ? 0 : 1;
    if (examination->line->json) {
        cJSON *item = json_add_object(examination->list, NULL);
        json_add_text(item, "check", check);
        json_add_boolean(item, "ok", ok);
        json_add_text(item, "detail", detail);
        return;
    }
    fprintf(examination->line->out, "%-9s %-6s %s\n", check, ok ? _("ok") : _("NOT OK"), detail);
}

/* Neither good nor bad: nobody looked. */
static void note_unchecked(struct examination *examination, const char *check, const char *detail)
{
    if (examination->line->json) {
        cJSON *item = json_add_object(examination->list, NULL);
        json_add_text(item, "check", check);
        json_add_null(item, "ok");
        json_add_text(item, "detail", detail);
        return;
    }
    fprintf(examination->line->out, "%-9s %-6s %s\n", check, "-", detail);
}

static void check_terminal(struct examination *examination)
{
    struct winsize size = {0};
    const char *term = getenv("TERM");
    if (!isatty(STDIN_FILENO)) {
        note(examination, "terminal", true, "%s", _("not a terminal; commands work, the console needs one"));
    } else if (text_is_blank(term) || strcmp(term, "dumb") == 0) {
        note(examination, "terminal", false, "%s", _("TERM is not set: set it to what the terminal is, for example xterm-256color"));
    } else if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0 && (size.ws_row < 20 || size.ws_col < 60)) {
        note(examination, "terminal", false, _("%d columns by %d rows is small: the console needs 60 by 20"), size.ws_col, size.ws_row);
    } else {
        note(examination, "terminal", true, _("%s, %d columns by %d rows"), term, size.ws_col, size.ws_row);
    }
}

static void check_locale(struct examination *examination)
{
    const char *characters = nl_langinfo(CODESET);
    bool ok = strcmp(characters, "UTF-8") == 0;
    note(examination, "locale", ok, ok ? _("characters are %s") : _("characters are %s; names need UTF-8: set LANG=C.UTF-8"), characters);
}

static void check_disk(struct examination *examination)
{
    const char *folder = file_is_folder(examination->line->paths.folder) ? examination->line->paths.folder : ".";
    int64_t bytes = file_free_bytes(folder);
    if (bytes < 0) {
        note(examination, "disk", false, "%s", _("the free space could not be read"));
    } else if (bytes < DISK_LOW) {
        note(examination, "disk", false, _("only %lld MB are free: make space before the next visit"), (long long)(bytes / 1000000));
    } else {
        note(examination, "disk", true, _("%lld MB are free"), (long long)(bytes / 1000000));
    }
}

static void check_clock(struct examination *examination)
{
    char now[40];
    instant at = clock_now(&examination->line->clock);
    int year = instant_civil(at).year;
    instant_format_fhir(now, sizeof now, at);
    bool ok = year >= 2024 && year < 2100;
    note(examination, "clock", ok, ok ? _("it is %s") : _("it says %s: set date and time, or visits will carry wrong times"), now);
}

static void check_file(struct examination *examination)
{
    struct command_line *line = examination->line;
    struct error error = {0};
    struct audit_verdict verdict = {0};
    if (!vault_exists(&line->paths)) {
        note(examination, "file", false, _("'%s' is not enrolled on this device: run doorstep enroll first"), line->paths.user);
        return;
    }
    if (line->passphrase_file == NULL && !isatty(STDIN_FILENO)) {
        note_unchecked(examination, "file", _("not checked: no passphrase was given"));
        return;
    }
    enum status status = command_open(line, &error);
    if (status == STATUS_OK) {
        status = store_verify(line->store, &error);
    }
    if (status == STATUS_OK) {
        status = audit_verify(line->store, &verdict, &error);
    }
    if (status == STATUS_OK && !verdict.intact) {
        status = error_set(&error, STATUS_DAMAGED, _("the audit trail was altered or cut: keep this file and call the office"));
    }
    note(examination, "file", status == STATUS_OK, "%s",
         status == STATUS_OK ? _("it opens, is whole, and its audit trail is unbroken") : error.sentence);
}

static void check_server(struct examination *examination)
{
    struct command_line *line = examination->line;
    struct error error = {0};
    struct http *http = NULL;
    struct response response;
    char server[512] = "";
    char token[8192] = "";
    char url[600];
    if (line->store == NULL) {
        note_unchecked(examination, "server", _("not checked: the file is not open"));
        return;
    }
    response_init(&response);
    enum status status = command_server(line, server, sizeof server, &error);
    if (status == STATUS_OK && server[0] == '\0') {
        note(examination, "server", true, "%s", _("none is configured; everything stays on this device"));
        goto out;
    }
    if (status == STATUS_OK) {
        status = store_setting_get(line->store, SETTING_TOKEN, token, sizeof token, &error);
    }
    if (status == STATUS_OK) {
        status = http_new(server, token, line->config.ca_file, NULL, &http, &error);
    }
    if (status == STATUS_OK) {
        struct transport transport = http_transport(http);
        snprintf(url, sizeof url, "%s/metadata", server);
        struct request request = {.method = "GET", .url = url};
        response_free(&response);
        response_init(&response);
        status = transport.exchange(transport.context, &request, &response, &error);
    }
    if (status == STATUS_OK && response.end != EXCHANGE_ANSWERED) {
        status = error_set(&error, STATUS_UNREACHABLE, "%s", response.reason);
    }
    if (status == STATUS_OK) {
        status = exchange_refusal(&response, &error);
    }
    if (status != STATUS_OK) {
        note(examination, "server", false, "%s", error.sentence);
        goto out;
    }
    int64_t skew = response.server_clock == INSTANT_NONE ? 0 : response.server_clock - clock_now(&line->clock);
    if (skew > CLOCK_SKEW_MOST || skew < -CLOCK_SKEW_MOST) {
        note(examination, "server", false, _("it answers, but its clock differs by %lld minutes: check this device's date and time"),
             (long long)(skew / INSTANT_MINUTE));
    } else {
        note(examination, "server", response.status == 200, _("%s answers (%ld)"), server, response.status);
    }
out:
    memory_wipe(token, sizeof token);
    response_free(&response);
    http_free(http);
}

enum status verb_doctor(struct command_line *line, struct error *error)
{
    struct examination examination = {.line = line};
    enum status status = command_arguments(line, 0, 0, error);
    if (status != STATUS_OK) {
        return status;
    }
    examination.list = cJSON_CreateArray();
    if (examination.list == NULL) {
        return error_no_memory(error);
    }
    check_terminal(&examination);
    check_locale(&examination);
    check_disk(&examination);
    check_clock(&examination);
    check_file(&examination);
    check_server(&examination);
    if (line->json) {
        status = command_print_json(line, examination.list, error);
    } else {
        cJSON_Delete(examination.list);
    }
    if (status == STATUS_OK && examination.failed > 0) {
        status = error_set(error, STATUS_FAILED, _("%d checks are not in order; each says what to do"), examination.failed);
    }
    return status;
}
