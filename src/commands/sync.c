/*
 * doorstep sync: one exchange with the server, by the same function as the console's.
 */
#include "commands/command_line.h"

#include "base/memory.h"
#include "sync/pause.h"
#include "sync/sync.h"

#include <signal.h>
#include <unistd.h>

static atomic_bool cancelled;

static void stop(int number)
{
    (void)number;
    atomic_store(&cancelled, true);
}

static void show_progress(void *context, const struct sync_progress *progress)
{
    const struct command_line *line = context;
    const char *words = NULL;
    switch (progress->phase) {
    case SYNC_CONNECTING:
        words = _("Connecting");
        break;
    case SYNC_PUSHING:
        words = _("Sending");
        break;
    case SYNC_PULLING:
        words = _("Receiving");
        break;
    case SYNC_IDLE:
    case SYNC_DONE:
        fprintf(line->err, "\r\033[K");
        return;
    }
    if (progress->total > 0) {
        fprintf(line->err, "\r\033[K%s %d/%d", words, progress->done, progress->total);
    } else {
        fprintf(line->err, "\r\033[K%s ...", words);
    }
    fflush(line->err);
}

static cJSON *result_json(const struct sync_result *result)
{
    const struct journal_entry *entry = &result->entry;
    cJSON *document = cJSON_CreateObject();
    json_add_integer(document, "pushed", entry->pushed);
    json_add_integer(document, "pulled", entry->pulled);
    json_add_integer(document, "removed", result->removed);
    json_add_integer(document, "departed", entry->departed);
    json_add_integer(document, "pending", entry->pending);
    json_add_integer(document, "conflicts", entry->conflicts);
    json_add_integer(document, "rejected", entry->rejected);
    json_add_integer(document, "requests", entry->requests);
    json_add_integer(document, "bytes_out", entry->bytes_out);
    json_add_integer(document, "bytes_in", entry->bytes_in);
    char seconds[32];
    int64_t took = entry->end > entry->start ? entry->end - entry->start : 0; /* the clock may have been set back */
    snprintf(seconds, sizeof seconds, "%lld.%03lld", (long long)(took / 1000), (long long)(took % 1000));
    json_add_number(document, "seconds", seconds);
    return document;
}

static enum status open_transport(struct command_line *line, char *server, size_t size, struct http **http, struct error *error)
{
    char token[8192] = "";
    enum status status = command_server(line, server, size, error);
    if (status == STATUS_OK && server[0] == '\0') {
        return error_set(error, STATUS_UNREACHABLE,
                         _("no server is known: put it into the configuration file, or enrol with --server URL"));
    }
    if (status == STATUS_OK) {
        status = store_setting_get(line->store, SETTING_TOKEN, token, sizeof token, error);
    }
    if (status == STATUS_OK) {
        status = http_new(server, token, line->config.ca_file, &cancelled, http, error);
    }
    memory_wipe(token, sizeof token);
    return status;
}

/* What must hold before a run. Without a terminal nobody asked for this one: it keeps to what the server wants. */
static enum status prepare(struct command_line *line, char *server, size_t size, struct http **http, struct presence **presence,
                           struct error *error)
{
    int64_t seconds = 0;
    enum status status = STATUS_OK;
    if (!isatty(STDIN_FILENO) && !isatty(fileno(line->err))) {
        status = pause_check(line->store, clock_now(&line->clock), &seconds, error);
    }
    if (status != STATUS_OK) {
        return status;
    }
    status = open_transport(line, server, size, http, error);
    if (status == STATUS_OK) {
        status = presence_begin_sync(&line->paths, presence, error);
    }
    if (status != STATUS_OK && status != STATUS_BUSY && server[0] != '\0') {
        sync_note_attempt(line->store, &line->clock, status, error);
    }
    return status;
}

static void say_result(struct command_line *line, const struct sync_result *result, enum status status)
{
    const struct journal_entry *entry = &result->entry;
    fprintf(line->out, _("Sent %d, received %d, removed %d; waiting %d, refused %d, conflicts %d. "
                         "%d requests, %lld bytes out, %lld in.\n"),
            entry->pushed, entry->pulled, result->removed, entry->pending, entry->rejected,
            entry->conflicts, entry->requests, (long long)entry->bytes_out, (long long)entry->bytes_in);
    if (entry->departed > 0) {
        fprintf(line->out, ngettext("%d patient left your caseload", "%d patients left your caseload",
                                    (unsigned long)entry->departed), entry->departed);
        fputc('\n', line->out);
    }
    if (status == STATUS_OK && entry->reason[0] != '\0') { /* all was exchanged, and a clock is wrong */
        fprintf(line->err, "%s\n", entry->reason);
    }
}

enum status verb_sync(struct command_line *line, struct error *error)
{
    char server[512] = "";
    struct http *http = NULL;
    struct presence *presence = NULL;
    struct sync_result result = {0};
    bool ran = false;
    enum status status = command_arguments(line, 0, 0, error);
    if (status == STATUS_OK) {
        status = command_open(line, error);
    }
    if (status == STATUS_OK) {
        status = prepare(line, server, sizeof server, &http, &presence, error);
    }
    if (status == STATUS_OK) {
        struct sync sync = {
            .store = line->store,
            .transport = http_transport(http),
            .server = server,
            .caseload = line->config.caseload,
            .clock = line->clock,
            .randomness = line->randomness,
            .cancelled = &cancelled,
            .progress = isatty(fileno(line->err)) ? show_progress : NULL,
            .progress_context = line,
        };
        signal(SIGINT, stop);
        signal(SIGTERM, stop);
        ran = true;
        status = sync_run(&sync, &result, error);
        if (status == STATUS_FAILED && !isatty(fileno(line->err))) { /* the server's own words are for eyes, not for a log */
            status = error_set(error, status, "%s", result.entry.reason);
        }
    }
    if (ran && line->json) {
        enum status printed = command_print_json(line, result_json(&result), status == STATUS_OK ? error : NULL);
        status = status == STATUS_OK ? printed : status;
    } else if (ran) {
        say_result(line, &result, status);
    }
    presence_release(presence);
    http_free(http);
    return status;
}
