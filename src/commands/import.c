/*
 * doorstep import: Bundles, single resources, NDJSON and folders, as if pulled.
 *
 * Everything read is stored, known already, or set aside with a reason; nothing
 * is skipped in silence. The Patients of all files come first: when two people
 * claim one id, that is known before anything is put into a chart. NDJSON is
 * read a line at a time, so its size does not matter.
 *
 * Resources are committed in short pages, and nothing long is read or parsed
 * while one is open: a console that saves meanwhile never waits for an import.
 */
#include "commands/command_line.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "fhir/bundle.h"
#include "store/query.h"
#include "store/record.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PAGE_RESOURCES 500
#define PAGE_MILLISECONDS 25
#define PAGE_PAUSE 2         /* ms between pages: who waits to write looks every millisecond */
#define LONG_TEXT (32u * 1024) /* takes about a millisecond to parse */
#define BUNDLE_DEPTH 4
#define WHERE_SIZE 600
#define KEPT_OF_NO_RESOURCE (256u * 1024) /* of a file that is no FHIR at all, this much is set aside */

enum pass { PASS_PATIENTS, PASS_OTHERS };

struct import {
    struct command_line *line;
    enum pass pass;
    bool patients_done;       /* the document being read had its Patients applied in the first pass */
    int64_t read, stored, unchanged, quarantined;
    cJSON *list;              /* of {"where","why"} */
    bool page_open;
    int in_page;
    int64_t page_opened;      /* monotonic */
    /* Of the document being read. */
    const char *path;
    const struct reference_map *references;
    int depth;
};

static enum status note_quarantined(struct import *import, const char *where, const char *why, struct error *error)
{
    import->quarantined++;
    cJSON *item = json_add_object(import->list, NULL);
    json_add_text(item, "where", where);
    return json_add_text(item, "why", why) == NULL ? error_no_memory(error) : STATUS_OK;
}

static enum status open_page(struct import *import, struct error *error)
{
    if (import->page_open) {
        return STATUS_OK;
    }
    enum status status = record_begin(import->line->store, error);
    import->page_open = status == STATUS_OK;
    import->page_opened = clock_monotonic(&import->line->clock);
    import->in_page = 0;
    return status;
}

static enum status close_page(struct import *import, struct error *error)
{
    if (!import->page_open) {
        return STATUS_OK;
    }
    import->page_open = false;
    enum status status = record_commit(import->line->store, error);
    clock_sleep(&import->line->clock, PAGE_PAUSE);
    return status;
}

/* Ends the page when it is full or old, or when what comes next takes long: other writers get their turn, and memory
 * stays flat. */
static enum status turn_page(struct import *import, size_t next, struct error *error)
{
    bool due = import->in_page >= PAGE_RESOURCES || next > LONG_TEXT ||
               clock_monotonic(&import->line->clock) - import->page_opened >= PAGE_MILLISECONDS;
    return due ? close_page(import, error) : STATUS_OK;
}

/* What is no resource is dealt with once, in the second pass. */
static enum status set_aside(struct import *import, const char *where, const char *bytes, size_t length, const char *why,
                             struct error *error)
{
    size_t kept = length < KEPT_OF_NO_RESOURCE ? length : KEPT_OF_NO_RESOURCE;
    if (import->pass == PASS_PATIENTS) {
        return STATUS_OK;
    }
    import->read++;
    enum status status = open_page(import, error);
    if (status == STATUS_OK) {
        status = record_quarantine(import->line->store, where, bytes, kept, why, error);
    }
    if (status == STATUS_OK) {
        status = note_quarantined(import, where, why, error);
    }
    import->in_page++;
    return status == STATUS_OK ? turn_page(import, 0, error) : status;
}

/* A Patient that is here already is as complete as it was: the server's chart may be half received. */
static enum status is_here(struct import *import, const cJSON *patient, bool *here, struct error *error)
{
    char *body = NULL;
    const char *id = json_text(patient, "id");
    *here = false;
    if (id == NULL) {
        return STATUS_OK;
    }
    enum status status = query_body(import->line->store, "Patient", id, &body, error);
    *here = status == STATUS_OK;
    memory_free(body);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status apply(struct import *import, const cJSON *resource, const char *body, size_t length, const char *full_url,
                         const char *where, struct error *error)
{
    struct apply_outcome outcome = {0};
    struct incoming incoming = {.resource = resource, .body = body, .body_length = length, .full_url = full_url,
                                .where = where, .references = import->references};
    bool patient = text_equal(json_text(resource, "resourceType"), "Patient");
    if (import->pass == PASS_PATIENTS ? !patient : patient && import->patients_done) {
        return turn_page(import, 0, error);
    }
    bool here = false;
    import->read++;
    enum status status = open_page(import, error);
    if (status == STATUS_OK && patient) {
        status = is_here(import, resource, &here, error);
    }
    if (status == STATUS_OK) {
        status = record_apply(import->line->store, &incoming, APPLY_FROM_IMPORT, &outcome, error);
    }
    if (status != STATUS_OK) {
        return status;
    }
    switch (outcome.result) {
    case APPLY_STORED:
        import->stored++;
        break;
    case APPLY_UNCHANGED:
        import->unchanged++;
        break;
    case APPLY_QUARANTINED:
        status = note_quarantined(import, where, outcome.why, error);
        break;
    }
    if (status == STATUS_OK && outcome.result == APPLY_STORED && patient && !here) {
        /* A file is all there is: the chart is as complete as it will be. */
        status = record_set_complete(import->line->store, outcome.id, true, error);
    }
    import->in_page++;
    return status == STATUS_OK ? turn_page(import, 0, error) : status;
}

static enum status import_document(struct import *import, const cJSON *document, const char *body, size_t length,
                                   const char *full_url, const char *where, struct error *error);

static enum status import_entry(void *context, size_t index, const struct bundle_entry *entry, struct error *error)
{
    struct import *import = context;
    char where[WHERE_SIZE];
    snprintf(where, sizeof where, "%s entry %zu", import->path, index + 1);
    if (entry->resource == NULL) {
        const char *why = strcmp(entry->method, "DELETE") == 0 ? _("a deletion; import does not delete")
                                                               : _("an entry without a resource");
        return set_aside(import, where, "", 0, why, error);
    }
    return import_document(import, entry->resource, NULL, 0, entry->full_url, where, error);
}

static enum status import_bundle(struct import *import, const cJSON *bundle, struct error *error)
{
    struct reference_map *references = NULL;
    const struct reference_map *outer = import->references;
    enum status status = bundle_references(bundle, &references, error);
    if (status == STATUS_OK) {
        import->references = references;
        import->depth++;
        status = bundle_each(bundle, import_entry, import, error);
        import->depth--;
        import->references = outer;
    }
    reference_map_free(references);
    return status;
}

/* One resource, or a Bundle of them. */
static enum status import_document(struct import *import, const cJSON *document, const char *body, size_t length,
                                   const char *full_url, const char *where, struct error *error)
{
    if (bundle_is(document) && import->depth < BUNDLE_DEPTH) {
        return import_bundle(import, document, error);
    }
    return apply(import, document, body, length, full_url, where, error);
}

static enum status import_text(struct import *import, const char *text, size_t length, const char *where, struct error *error)
{
    cJSON *document = NULL;
    struct error why = {0};
    import->patients_done = strstr(text, "\"Patient\"") != NULL;
    if (import->pass == PASS_PATIENTS && !import->patients_done) {
        return STATUS_OK; /* names no Patient plainly: not worth parsing twice; the second pass takes it whole */
    }
    enum status status = turn_page(import, length, error);
    if (status != STATUS_OK) {
        return status;
    }
    status = json_parse(text, length, &document, &why);
    if (status == STATUS_NO_MEMORY) {
        return error_no_memory(error);
    }
    if (status != STATUS_OK) {
        return set_aside(import, where, text, length, why.sentence, error);
    }
    status = import_document(import, document, text, length, NULL, where, error);
    cJSON_Delete(document);
    return status;
}

static bool ends_with(const char *path, const char *ending)
{
    size_t length = strlen(path);
    size_t tail = strlen(ending);
    return length >= tail && strcmp(path + length - tail, ending) == 0;
}

/* Reads one line, without its end. False after the last. One that is too long ends with line->status INVALID. */
static bool read_line(FILE *file, struct buffer *line)
{
    int byte = getc_unlocked(file);
    bool any = byte != EOF;
    buffer_clear(line);
    for (; byte != EOF && byte != '\n'; byte = getc_unlocked(file)) {
        buffer_append_byte(line, (char)byte);
    }
    return any;
}

static enum status import_line(struct import *import, struct buffer *line, const char *where, struct error *error)
{
    char why[WHERE_SIZE + 100];
    if (line->status == STATUS_NO_MEMORY) {
        return error_no_memory(error);
    }
    if (line->status == STATUS_INVALID) {
        snprintf(why, sizeof why, _("%s is larger than the %zu bytes that are read; split it."), where, line->limit);
        return set_aside(import, where, line->data, line->length, why, error);
    }
    while (line->length > 0 && line->data[line->length - 1] == '\r') {
        line->data[--line->length] = '\0';
    }
    return line->length > 0 ? import_text(import, buffer_text(line), line->length, where, error) : STATUS_OK;
}

static enum status import_lines(struct import *import, const char *path, struct error *error)
{
    struct buffer line;
    enum status status = STATUS_OK;
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return error_system(error, path, errno);
    }
    buffer_init(&line, JSON_SIZE_LIMIT);
    for (long number = 1; status == STATUS_OK && read_line(file, &line); number++) {
        char where[WHERE_SIZE];
        snprintf(where, sizeof where, "%s line %ld", path, number);
        status = import_line(import, &line, where, error);
    }
    if (status == STATUS_OK && ferror(file)) {
        status = error_system(error, path, EIO);
    }
    buffer_free(&line);
    fclose(file);
    return status;
}

static enum status import_file(const char *path, void *context, struct error *error)
{
    struct import *import = context;
    struct buffer text;
    struct error why = {0};
    struct stat about;
    import->path = path;
    if (ends_with(path, ".ndjson") || ends_with(path, ".jsonl")) {
        return import_lines(import, path, error);
    }
    enum status status = turn_page(import, stat(path, &about) == 0 ? (size_t)about.st_size : 0, error);
    if (status != STATUS_OK) {
        return status;
    }
    buffer_init(&text, JSON_SIZE_LIMIT);
    status = file_read(path, &text, &why);
    if (status == STATUS_OK) {
        status = import_text(import, buffer_text(&text), text.length, path, error);
    } else if (status == STATUS_NO_MEMORY) {
        status = error_no_memory(error);
    } else {
        status = set_aside(import, path, "", 0, why.sentence, error);
    }
    buffer_free(&text);
    return status;
}

static enum status import_paths(struct import *import, struct error *error)
{
    enum status status = STATUS_OK;
    for (int pass = PASS_PATIENTS; pass <= PASS_OTHERS; pass++) {
        import->pass = (enum pass)pass;
        for (int i = 0; i < import->line->argument_count && status == STATUS_OK; i++) {
            status = file_walk(import->line->arguments[i], import_file, import, error);
        }
    }
    if (status == STATUS_OK) {
        return close_page(import, error);
    }
    if (import->page_open) {
        record_abort(import->line->store);
    }
    return status;
}

static enum status report(struct import *import, struct error *error)
{
    struct command_line *line = import->line;
    if (line->json) {
        cJSON *document = cJSON_CreateObject();
        json_add_integer(document, "read", import->read);
        json_add_integer(document, "stored", import->stored);
        json_add_integer(document, "unchanged", import->unchanged);
        if (document != NULL) {
            cJSON_AddItemToObject(document, "quarantined", import->list);
            import->list = NULL;
        }
        return command_print_json(line, document, error);
    }
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, import->list) {
        char where[WHERE_SIZE];
        text_clean_into(where, sizeof where, json_text(item, "where")); /* a file's name may hold anything */
        fprintf(line->out, "%s: %s\n", where, json_text(item, "why"));
    }
    fprintf(line->out, _("Read %lld, stored %lld, unchanged %lld, set aside %lld.\n"), (long long)import->read,
            (long long)import->stored, (long long)import->unchanged, (long long)import->quarantined);
    return STATUS_OK;
}

enum status verb_import(struct command_line *line, struct error *error)
{
    struct import import = {.line = line};
    enum status status = command_arguments(line, 1, 10000, error);
    for (int i = 0; i < line->argument_count && status == STATUS_OK; i++) {
        if (!file_exists(line->arguments[i])) {
            status = error_set(error, STATUS_NOT_FOUND, _("there is no file or folder %s"), line->arguments[i]);
        }
    }
    if (status == STATUS_OK) {
        status = command_open(line, error);
    }
    if (status == STATUS_OK) {
        import.list = cJSON_CreateArray();
        status = import.list == NULL ? error_no_memory(error) : import_paths(&import, error);
    }
    if (status == STATUS_OK) {
        status = report(&import, error);
    }
    cJSON_Delete(import.list);
    if (status == STATUS_OK && import.quarantined > 0) {
        status = error_set(error, STATUS_ATTENTION, _("%lld items were set aside; each is named above with its reason"),
                           (long long)import.quarantined);
    }
    return status;
}
