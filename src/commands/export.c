/*
 * doorstep export: a signed visit, or all that is unsent, as one FHIR
 * collection Bundle in a file only the user can read. Never overwrites.
 */
#include "commands/command_line.h"

#include "base/memory.h"
#include "base/text.h"
#include "fhir/bundle.h"
#include "store/audit.h"
#include "store/query.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Writes a new file, mode 0600, and sees it onto the disk; a half file is removed. */
static enum status write_new_file(const char *path, const char *text, struct error *error)
{
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0 && errno == EEXIST) {
        return error_set(error, STATUS_CONFLICT, _("%s is there already; it was not overwritten, choose another with --to"), path);
    }
    if (file < 0) {
        return error_system(error, path, errno);
    }
    size_t length = strlen(text);
    size_t done = 0;
    int number = 0;
    while (done < length && number == 0) {
        ssize_t written = write(file, text + done, length - done);
        if (written < 0 && errno != EINTR) {
            number = errno;
        }
        done += written > 0 ? (size_t)written : 0;
    }
    if (number == 0 && fsync(file) != 0) {
        number = errno;
    }
    close(file);
    if (number != 0) {
        unlink(path);
        return error_system(error, path, number);
    }
    return STATUS_OK;
}

static void default_path(struct command_line *line, const char *kind, char *out, size_t size)
{
    struct civil civil = instant_civil(clock_now(&line->clock));
    snprintf(out, size, "doorstep-%s-%04d%02d%02d-%02d%02d%02d.json", kind, civil.year, civil.month, civil.day, civil.hour,
             civil.minute, civil.second);
}

static enum status report(struct command_line *line, const char *path, size_t count, struct error *error)
{
    if (line->json) {
        cJSON *document = cJSON_CreateObject();
        json_add_text(document, "path", path);
        json_add_integer(document, "resources", (int64_t)count);
        return command_print_json(line, document, error);
    }
    fprintf(line->out, _("%zu records were written to %s. The file is not encrypted: hand it over, then destroy it.\n"), count, path);
    return STATUS_OK;
}

enum status verb_export(struct command_line *line, struct error *error)
{
    struct bodies bodies = {0};
    char *text = NULL;
    char path[PATH_SIZE];
    const char *to = command_option(line, "--to");
    enum status status = command_arguments(line, 1, 2, error);
    const char *kind = line->argument_count > 0 ? line->arguments[0] : "";
    bool visit = strcmp(kind, "visit") == 0;
    bool outbox = strcmp(kind, "outbox") == 0;
    if (status == STATUS_OK && (!(visit || outbox) || line->argument_count != (visit ? 2 : 1))) {
        status = error_set(error, STATUS_USAGE, _("use it like this: doorstep %s %s"), line->verb, "visit VISIT | outbox [--to FILE]");
    }
    if (status == STATUS_OK) {
        status = command_open(line, error);
    }
    if (status == STATUS_OK) {
        status = query_visit_bodies(line->store, visit ? line->arguments[1] : NULL, &bodies, error);
    }
    if (status == STATUS_OK && bodies.count == 0) {
        status = visit ? error_set(error, STATUS_NOT_FOUND, _("there is no signed visit %s on this device"), line->arguments[1])
                       : error_set(error, STATUS_NOT_FOUND, _("nothing is unsent; there is nothing to export"));
    }
    if (status == STATUS_OK) {
        status = collection_print((const char *const *)bodies.items, bodies.count, &text, error);
    }
    if (status == STATUS_OK) {
        /* Told before it is done: a copy outside the encrypted file must never go unrecorded. */
        status = audit_add(line->store, "export", "", visit ? line->arguments[1] : "", "", kind, error);
    }
    if (status == STATUS_OK) {
        if (to != NULL) {
            text_copy(path, sizeof path, to);
        } else {
            default_path(line, kind, path, sizeof path);
        }
        status = write_new_file(path, text, error);
    }
    if (status == STATUS_OK) {
        status = report(line, path, bodies.count, error);
    }
    memory_free(text);
    bodies_free(&bodies);
    return status;
}
