/*
 * Names for the ids in charts. See people.h. Called by pull.c.
 */
#include "sync/people.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "store/query.h"
#include "sync/caseload.h"
#include "sync/exchange.h"
#include "sync/pages.h"

#include <string.h>

#define PEOPLE_AT_MOST 2000
#define ASKED_AT_ONCE 50

static const char *const people_types[] = {"Practitioner", "Organization", "Device", "RelatedPerson", "Medication"};
#define PEOPLE_TYPES (sizeof people_types / sizeof people_types[0])

void people_free(struct people *people)
{
    memory_free(people->references);
    memset(people, 0, sizeof *people);
}

bool people_are(const char *type)
{
    for (size_t i = 0; i < PEOPLE_TYPES; i++) {
        if (strcmp(type, people_types[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_wanted(const struct people *people, const char *reference)
{
    bool wanted = false;
    for (size_t i = 0; i < PEOPLE_TYPES && !wanted; i++) {
        wanted = reference_id(reference, people_types[i]) != NULL;
    }
    for (size_t i = 0; i < people->count && wanted; i++) {
        wanted = strcmp(people->references[i], reference) != 0;
    }
    return wanted && people->count < PEOPLE_AT_MOST;
}

void people_note(struct people *people, const char *reference)
{
    if (!is_wanted(people, reference)) {
        return;
    }
    void *grown = memory_grow(people->references, people->count, &people->capacity, sizeof *people->references);
    if (grown == NULL) {
        people->status = STATUS_NO_MEMORY;
        return;
    }
    people->references = grown;
    text_copy(people->references[people->count++], REFERENCE_SIZE, reference);
}

/* Appends the ids of one type that are not on the device, from *at on, as many as one request asks for. */
static enum status append_ids(const struct people *people, struct store *store, const char *type, size_t *at,
                              struct buffer *url, size_t *count, struct error *error)
{
    enum status status = STATUS_OK;
    for (*count = 0; *at < people->count && *count < ASKED_AT_ONCE && status == STATUS_OK; (*at)++) {
        char *body = NULL;
        const char *id = reference_id(people->references[*at], type);
        if (id == NULL) {
            continue;
        }
        status = query_body(store, type, id, &body, error);
        memory_free(body);
        if (status == STATUS_NOT_FOUND) {
            buffer_append_text(url, (*count)++ == 0 ? "" : ",");
            url_append_escaped(url, id);
            status = STATUS_OK;
        }
    }
    return status == STATUS_OK && url->status != STATUS_OK ? error_no_memory(error) : status;
}

static enum status fetch_type(const struct people *people, const char *type, struct sync *sync, struct sync_result *result,
                              enum status (*page)(void *context, const cJSON *bundle, struct error *error), void *context,
                              struct error *error)
{
    enum status status = STATUS_OK;
    size_t at = 0;
    while (at < people->count && status == STATUS_OK) {
        struct buffer url;
        size_t count = 0;
        buffer_init(&url, URL_SIZE);
        buffer_format(&url, "%s/%s?_sort=_lastUpdated&_id=", sync->server, type);
        status = append_ids(people, sync->store, type, &at, &url, &count, error);
        if (status == STATUS_OK && count > 0) {
            status = search_each_page(sync, result, buffer_text(&url), page, context, error);
        }
        buffer_free(&url);
    }
    return status;
}

enum status people_fetch(struct people *people, struct sync *sync, struct sync_result *result,
                         enum status (*page)(void *context, const cJSON *bundle, struct error *error), void *context,
                         struct error *error)
{
    struct error trouble = {0};
    enum status status = people->status == STATUS_OK ? STATUS_OK : error_no_memory(error);
    for (size_t i = 0; i < PEOPLE_TYPES && status == STATUS_OK; i++) {
        status = fetch_type(people, people_types[i], sync, result, page, context, &trouble);
        if (status == STATUS_FAILED || status == STATUS_NOT_FOUND) {
            log_event("people-unread", (long)i, (long)people->count);
            result->last.words[0] = '\0';
            status = STATUS_OK;
        } else if (status != STATUS_OK) {
            status = error_set(error, status, "%s", trouble.sentence);
        }
    }
    people->count = 0;
    return status;
}
