/*
 * Receiving the caseload. See sync.h.
 *
 * New patients come in small groups, today's first; a group's charts count as
 * complete only when every type of every page is stored, and the last page,
 * the completeness and the cursors are one commit. Patients already complete
 * are refreshed together: one search per type, from the server's own time of
 * the last good refresh minus an overlap longer than any transaction (rows can
 * become visible after newer ones). The record drops what it has already.
 *
 * A patient who came from the server and is no longer in the caseload leaves
 * the device, but only after the whole caseload was read without a fault and is
 * not empty (an empty answer is more often a fault than a holiday). Imported
 * patients stay.
 */
#include "base/memory.h"
#include "base/text.h"
#include "fhir/bundle.h"
#include "store/record.h"
#include "sync/caseload.h"
#include "sync/exchange.h"
#include "sync/sync.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GROUP_SIZE 6             /* patients fetched together the first time */
#define REFRESH_SIZE 60          /* patients refreshed together */
#define PAGE_SIZE 100
#define OVERLAP (10 * INSTANT_MINUTE)
#define OBSERVATION_DAYS 90      /* the local window of readings; older ones stay on the server */
#define PEOPLE_AT_MOST 2000

struct pulled_type {
    const char *type;
    const char *parameter;       /* the search parameter that names the patient */
    bool windowed;               /* limited to OBSERVATION_DAYS by date */
};
static const struct pulled_type pulled_types[] = {
    {"Patient", "_id", false},
    {"Flag", "patient", false},
    {"AllergyIntolerance", "patient", false},
    {"Condition", "patient", false},
    {"Appointment", "patient", false},
    {"MedicationRequest", "patient", false},
    {"MedicationStatement", "patient", false},
    {"MedicationAdministration", "patient", false},
    {"Consent", "patient", false},
    {"CarePlan", "patient", false},
    {"Goal", "patient", false},
    {"Task", "patient", false},
    {"DetectedIssue", "patient", false},
    {"Encounter", "patient", false},
    {"DocumentReference", "patient", false},
    {"ServiceRequest", "patient", false},
    {"Observation", "patient", true},
};
#define PULLED_TYPES (sizeof pulled_types / sizeof pulled_types[0])

/* Other people and things that charts name: fetched once they are met. */
struct people {
    char (*references)[REFERENCE_SIZE]; /* owned */
    size_t count, capacity;
    enum status status;
};

struct pulling {
    struct sync *sync;
    struct sync_result *result;
    struct people people;
    /* What the last page of a group also commits; NULL elsewhere. */
    const char (*finished)[ID_SIZE];
    size_t finished_count;
    const char *cursor;
};

static bool is_person(const char *reference)
{
    return strncmp(reference, "Practitioner/", 13) == 0 || strncmp(reference, "Device/", 7) == 0 ||
           strncmp(reference, "Organization/", 13) == 0 || strncmp(reference, "RelatedPerson/", 14) == 0 ||
           strncmp(reference, "Medication/", 11) == 0;
}

/* Watches references go by; changes none. */
static bool notice_person(void *context, const char *reference, char *out, size_t size)
{
    struct people *people = context;
    char resolved[REFERENCE_SIZE];
    (void)out;
    (void)size;
    if (!reference_resolve_text(reference, NULL, resolved) || !is_person(resolved) || people->count >= PEOPLE_AT_MOST) {
        return false;
    }
    for (size_t i = 0; i < people->count; i++) {
        if (strcmp(people->references[i], resolved) == 0) {
            return false;
        }
    }
    if (people->count == people->capacity) {
        void *grown = memory_grow(people->references, people->count, &people->capacity, sizeof *people->references);
        if (grown == NULL) {
            people->status = STATUS_NO_MEMORY;
            return false;
        }
        people->references = grown;
    }
    text_copy(people->references[people->count++], REFERENCE_SIZE, resolved);
    return false;
}

static enum status apply_entry(void *context, size_t index, const struct bundle_entry *entry, struct error *error)
{
    struct pulling *pulling = context;
    struct apply_outcome outcome;
    (void)index;
    if (entry->resource == NULL || strcmp(entry->search_mode, "outcome") == 0) {
        return STATUS_OK;
    }
    union {
        const cJSON *shown;
        cJSON *walked;
    } resource = {.shown = entry->resource}; /* notice_person never changes it */
    enum status status = references_rewrite(resource.walked, notice_person, &pulling->people, error);
    if (status == STATUS_OK && pulling->people.status != STATUS_OK) {
        status = error_no_memory(error);
    }
    if (status == STATUS_OK) {
        struct incoming incoming = {.resource = entry->resource, .full_url = entry->full_url, .where = "server"};
        status = record_apply(pulling->sync->store, &incoming, APPLY_FROM_SERVER, &outcome, error);
    }
    if (status == STATUS_OK && outcome.result == APPLY_STORED) {
        pulling->result->entry.pulled++;
    }
    return status;
}

static enum status finish_group(struct pulling *pulling, struct error *error)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < pulling->finished_count && status == STATUS_OK; i++) {
        char scope[ID_SIZE + 16];
        snprintf(scope, sizeof scope, "patient/%s", pulling->finished[i]);
        status = record_set_complete(pulling->sync->store, pulling->finished[i], true, error);
        if (status == STATUS_OK) {
            status = record_set_cursor(pulling->sync->store, scope, pulling->cursor, error);
        }
    }
    return status;
}

static enum status apply_page(void *context, const cJSON *bundle, struct error *error)
{
    struct pulling *pulling = context;
    struct store *store = pulling->sync->store;
    enum status status = record_begin(store, error);
    if (status != STATUS_OK) {
        return status;
    }
    status = bundle_each(bundle, apply_entry, pulling, error);
    if (status == STATUS_OK && pulling->finished != NULL && bundle_next(bundle) == NULL) {
        status = finish_group(pulling, error);
    }
    if (status == STATUS_OK) {
        return record_commit(store, error);
    }
    record_abort(store);
    return status;
}

static enum status append_search(struct pulling *pulling, struct buffer *url, const struct pulled_type *type,
                                 const char (*ids)[ID_SIZE], size_t count, const char *since)
{
    char day[40];
    buffer_format(url, "%s/%s?%s=", pulling->sync->server, type->type, type->parameter);
    for (size_t i = 0; i < count; i++) {
        buffer_append_text(url, i > 0 ? "," : "");
        url_append_escaped(url, ids[i]);
    }
    if (type->windowed) {
        instant_format_fhir(day, sizeof day, instant_add_days(instant_day_start(clock_now(&pulling->sync->clock)), -OBSERVATION_DAYS));
        day[10] = '\0';
        buffer_format(url, "&date=ge%s", day);
    }
    if (since != NULL && since[0] != '\0') {
        buffer_append_text(url, "&_lastUpdated=ge");
        url_append_escaped(url, since);
    }
    buffer_format(url, "&_sort=_lastUpdated&_count=%d", PAGE_SIZE);
    return url->status;
}

/* Fetches all types of some patients; the last page of the last type also says "complete". */
static enum status pull_group(struct pulling *pulling, const char (*ids)[ID_SIZE], size_t count, const char *since,
                              const char *cursor, struct error *error)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < PULLED_TYPES && status == STATUS_OK; i++) {
        struct buffer url;
        buffer_init(&url, URL_SIZE);
        bool last = i + 1 == PULLED_TYPES;
        pulling->finished = last ? ids : NULL;
        pulling->finished_count = last ? count : 0;
        pulling->cursor = cursor;
        status = append_search(pulling, &url, &pulled_types[i], ids, count, since) == STATUS_OK
                     ? search_each_page(pulling->sync, pulling->result, buffer_text(&url), apply_page, pulling, error)
                     : error_no_memory(error);
        buffer_free(&url);
    }
    pulling->finished = NULL;
    pulling->finished_count = 0;
    return status;
}

/* Fetches the named people that are not on the device yet, a type at a time. */
static enum status pull_people(struct pulling *pulling, struct error *error)
{
    static const char *const types[] = {"Practitioner", "Organization", "Device", "RelatedPerson", "Medication"};
    enum status status = STATUS_OK;
    for (size_t t = 0; t < sizeof types / sizeof types[0] && status == STATUS_OK; t++) {
        struct buffer url;
        size_t wanted = 0;
        buffer_init(&url, URL_SIZE);
        for (size_t i = 0; i < pulling->people.count && status == STATUS_OK; i++) {
            char *body = NULL;
            const char *id = reference_id(pulling->people.references[i], types[t]);
            if (id == NULL) {
                continue;
            }
            enum status known = query_body(pulling->sync->store, types[t], id, &body, error);
            memory_free(body);
            if (known == STATUS_OK) {
                continue;
            }
            status = known == STATUS_NOT_FOUND ? STATUS_OK : known;
            if (wanted++ == 0) {
                buffer_format(&url, "%s/%s?_count=%d&_id=", pulling->sync->server, types[t], PAGE_SIZE);
            } else {
                buffer_append_byte(&url, ',');
            }
            url_append_escaped(&url, id);
            if (status == STATUS_OK && (wanted == 50 || url.length > URL_SIZE / 2)) {
                status = search_each_page(pulling->sync, pulling->result, buffer_text(&url), apply_page, pulling, error);
                wanted = 0;
                buffer_clear(&url);
            }
        }
        if (status == STATUS_OK && wanted > 0) {
            status = search_each_page(pulling->sync, pulling->result, buffer_text(&url), apply_page, pulling, error);
        }
        buffer_free(&url);
    }
    pulling->people.count = 0;
    return status;
}

/* The patients on the device, as the record has them before the pull. */
struct present {
    char (*ids)[ID_SIZE]; /* owned */
    bool *complete;       /* owned */
    size_t count, capacity;
    size_t complete_capacity;
    enum status status;
};

static void note_present(void *context, const char *patient, bool complete)
{
    struct present *present = context;
    if (present->count == present->capacity) {
        size_t capacity = present->capacity;
        void *ids = memory_grow(present->ids, present->count, &present->capacity, sizeof *present->ids);
        void *flags = ids == NULL ? NULL : memory_grow(present->complete, present->count, &capacity, sizeof *present->complete);
        present->ids = ids != NULL ? ids : present->ids;
        present->complete = flags != NULL ? flags : present->complete;
        if (flags == NULL) {
            present->status = STATUS_NO_MEMORY;
            return;
        }
    }
    text_copy(present->ids[present->count], ID_SIZE, patient);
    present->complete[present->count++] = complete;
}

static bool is_complete(const struct present *present, const char *id)
{
    for (size_t i = 0; i < present->count; i++) {
        if (strcmp(present->ids[i], id) == 0) {
            return present->complete[i];
        }
    }
    return false;
}

static bool is_member(const struct caseload *caseload, const char *id)
{
    for (size_t i = 0; i < caseload->count; i++) {
        if (strcmp(caseload->ids[i], id) == 0) {
            return true;
        }
    }
    return false;
}

/* The earliest cursor of some patients, stepped back by the overlap. "" means from the beginning. */
static enum status earliest_cursor(struct sync *sync, const char (*ids)[ID_SIZE], size_t count, char *out, size_t size,
                                   struct error *error)
{
    instant earliest = INSTANT_NONE;
    enum status status = STATUS_OK;
    out[0] = '\0';
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        char scope[ID_SIZE + 16];
        char value[40];
        instant at = INSTANT_NONE;
        snprintf(scope, sizeof scope, "patient/%s", ids[i]);
        status = cursor_get(sync->store, scope, value, sizeof value, error);
        if (status == STATUS_OK && !instant_parse(value, &at, NULL)) {
            return STATUS_OK;
        }
        earliest = earliest == INSTANT_NONE || at < earliest ? at : earliest;
    }
    if (status == STATUS_OK && earliest != INSTANT_NONE) {
        instant_format_utc(out, size, earliest - OVERLAP);
    }
    return status;
}

/* Fetches one run of patients that share a state (all new, or all known). */
static enum status pull_run(struct pulling *pulling, const char (*ids)[ID_SIZE], size_t count, bool known,
                            const char *cursor, struct error *error)
{
    char since[40] = "";
    enum status status = known ? earliest_cursor(pulling->sync, ids, count, since, sizeof since, error) : STATUS_OK;
    if (status == STATUS_OK) {
        status = pull_group(pulling, ids, count, since, cursor, error);
    }
    return status == STATUS_OK ? pull_people(pulling, error) : status;
}

static enum status pull_members(struct pulling *pulling, const struct caseload *caseload, const struct present *present,
                                const char *cursor, struct error *error)
{
    char (*batch)[ID_SIZE] = memory_allocate_array(REFRESH_SIZE, sizeof *batch);
    enum status status = batch == NULL ? error_no_memory(error) : STATUS_OK;
    size_t done = 0;
    /* Refreshing what is there takes a handful of small requests, so it comes before whole new charts. */
    for (int pass = 0; pass < 2 && status == STATUS_OK; pass++) {
        bool known = pass == 0;
        size_t most = known ? REFRESH_SIZE : GROUP_SIZE;
        size_t filled = 0;
        for (size_t i = 0; i <= caseload->count && status == STATUS_OK; i++) {
            if (i < caseload->count && is_complete(present, caseload->ids[i]) == known) {
                text_copy(batch[filled++], ID_SIZE, caseload->ids[i]);
            }
            if (filled == most || (i == caseload->count && filled > 0)) {
                sync_report(pulling->sync, SYNC_PULLING, (int)done, (int)caseload->count);
                status = exchange_check_cancelled(pulling->sync, error);
                if (status == STATUS_OK) {
                    status = pull_run(pulling, (const char(*)[ID_SIZE])batch, filled, known, cursor, error);
                }
                done += filled;
                filled = 0;
            }
        }
    }
    memory_free(batch);
    return status;
}

static enum status release_others(struct pulling *pulling, const struct caseload *caseload, const struct present *present,
                                  struct error *error)
{
    struct store *store = pulling->sync->store;
    if (caseload->count == 0) {
        return STATUS_OK;
    }
    enum status status = record_begin(store, error);
    if (status != STATUS_OK) {
        return status;
    }
    for (size_t i = 0; i < present->count && status == STATUS_OK; i++) {
        char scope[ID_SIZE + 16];
        char value[40] = "";
        if (is_member(caseload, present->ids[i])) {
            continue;
        }
        snprintf(scope, sizeof scope, "patient/%s", present->ids[i]);
        status = cursor_get(store, scope, value, sizeof value, error);
        if (status == STATUS_OK && value[0] != '\0') {
            status = record_release_patient(store, present->ids[i], error);
        }
        if (status == STATUS_OK && value[0] != '\0') {
            status = record_set_cursor(store, scope, "", error);
        }
    }
    if (status == STATUS_OK) {
        return record_commit(store, error);
    }
    record_abort(store);
    return status;
}

/* The server's own time, from which the next refresh starts. */
static enum status server_time(struct sync *sync, struct sync_result *result, char *out, size_t size, struct error *error)
{
    struct buffer url;
    struct response response;
    buffer_init(&url, URL_SIZE);
    response_init(&response);
    buffer_format(&url, "%s/Patient?_summary=count", sync->server);
    struct request request = {.method = "GET", .url = buffer_text(&url)};
    response_free(&response);
    enum status status = exchange_send(sync, result, &request, &response, error);
    if (status == STATUS_OK) {
        status = exchange_refusal(&response, error);
    }
    if (status == STATUS_OK) {
        /* Without a Date header the device's clock minus a day is safe: what is known already is dropped. */
        instant at = response.server_clock != INSTANT_NONE ? response.server_clock : clock_now(&sync->clock) - INSTANT_DAY;
        instant_format_utc(out, size, at);
    }
    response_free(&response);
    buffer_free(&url);
    return status;
}

enum status sync_pull(struct sync *sync, struct sync_result *result, struct error *error)
{
    struct pulling pulling = {.sync = sync, .result = result};
    struct caseload caseload = {0};
    struct present present = {0};
    char cursor[40] = "";
    sync_report(sync, SYNC_PULLING, 0, 0);
    enum status status = server_time(sync, result, cursor, sizeof cursor, error);
    if (status == STATUS_OK) {
        status = caseload_fetch(sync, result, &caseload, error);
    }
    if (status == STATUS_OK) {
        status = outbox_each_patient(sync->store, note_present, &present, error);
    }
    if (status == STATUS_OK) {
        status = present.status == STATUS_OK ? STATUS_OK : error_no_memory(error);
    }
    if (status == STATUS_OK) {
        status = pull_members(&pulling, &caseload, &present, cursor, error);
    }
    if (status == STATUS_OK) {
        status = release_others(&pulling, &caseload, &present, error);
    }
    if (status == STATUS_OK) {
        text_copy(result->entry.data_as_of, sizeof result->entry.data_as_of, cursor);
        sync_report(sync, SYNC_PULLING, (int)caseload.count, (int)caseload.count);
    }
    memory_free(pulling.people.references);
    memory_free(present.ids);
    memory_free(present.complete);
    caseload_free(&caseload);
    return status;
}
