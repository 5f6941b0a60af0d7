/* See control.h. */
#include "control.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

static const char *const counted_methods[] = {"GET", "POST", "PUT", "DELETE", "HEAD", "BATCH", "other"};

void counters_free(struct counters *counters)
{
    for (size_t i = 0; i < LOG_LINES; i++) {
        memory_free(counters->log[i]);
    }
}

void counters_add(struct counters *counters, const char *method, const char *uri, const char *outcome, bool quiet)
{
    char **line = &counters->log[counters->log_next++ % LOG_LINES];
    struct buffer text;
    size_t row = 0;

    while (row < OTHER_METHODS && strcmp(method, counted_methods[row]) != 0) {
        row++;
    }
    counters->methods[row]++;
    counters->requests++;
    buffer_init(&text, BODY_LIMIT);
    buffer_format(&text, "%s %s %s", method, uri, outcome);
    memory_free(*line);
    *line = need(buffer_take(&text));
    if (!quiet) {
        fprintf(stderr, "%s\n", *line);
    }
}

void append_resources(const struct store *store, const char *type, struct buffer *out)
{
    for (size_t i = 0; i < store->count; i++) {
        const struct resource *resource = store->resources[i];
        size_t length = (size_t)resource_type_length(resource);
        bool wanted = type == NULL || (strlen(type) == length && strncmp(resource->target, type, length) == 0);
        if (wanted && !resource_is_deleted(resource)) {
            version_append(resource->current, out);
            buffer_append_byte(out, '\n');
        }
    }
}

static void append_counters(const struct server *server, const struct counters *counters, struct buffer *out)
{
    const char *separator = "";

    buffer_format(out, "{\"requests\":%lld,\"bytes_in\":%lld,\"bytes_out\":%lld,\"methods\":{",
                  (long long)counters->requests, (long long)counters->bytes_in, (long long)counters->bytes_out);
    for (size_t i = 0; i < sizeof counted_methods / sizeof counted_methods[0]; i++) {
        buffer_format(out, "%s\"%s\":%lld", i == 0 ? "" : ",", counted_methods[i], (long long)counters->methods[i]);
    }
    buffer_append_text(out, "},\"faults\":");
    faults_append(&server->faults, out);
    buffer_append_text(out, ",\"log\":[");
    for (size_t i = 0; i < LOG_LINES; i++) {
        const char *line = counters->log[(counters->log_next + i) % LOG_LINES];
        if (line != NULL) {
            buffer_append_text(out, separator);
            append_quoted(out, line);
            separator = ",";
        }
    }
    buffer_append_text(out, "]}\n");
}

void control_handle(struct server *server, const struct counters *counters, const struct request *request,
                    struct reply *reply)
{
    struct failure failure = {.entry = -1};

    reply_init(reply, 200);
    reply->content_type = "application/json";
    if (strcmp(request->path, "control/resources") == 0) {
        reply->content_type = "application/fhir+ndjson";
        append_resources(&server->store, query_value(&request->query, "type"), &reply->body);
    } else if (strcmp(request->method, "GET") == 0) {
        append_counters(server, counters, &reply->body);
    } else if (strcmp(request->method, "DELETE") == 0) {
        faults_clear(&server->faults);
    } else if (!faults_add(&server->faults, request->body, request->length, &failure)) {
        reply_fail(reply, &failure);
    }
}
