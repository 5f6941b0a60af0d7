/*
 * Receiving the caseload. See sync.h.
 *
 * New patients come in groups, a small one with today's first; their charts
 * count as complete only when every page of every type is stored, and the names
 * in them are fetched. Patients already complete are refreshed together: one
 * search per type, from the server's own time of their last refresh minus an
 * overlap longer than any transaction (rows can become visible after newer
 * ones). The record drops what it has already.
 *
 * The cursor "patient/ID" says that the chart came from the server: BEGUN until
 * it is complete, then the server's time. A patient with a cursor who is no
 * longer in the caseload leaves the device, but only after the whole caseload
 * was read without a fault and is not empty (an empty answer is more often a
 * fault than a holiday). Imported patients stay.
 */
#include "base/memory.h"
#include "base/text.h"
#include "fhir/bundle.h"
#include "store/record.h"
#include "sync/caseload.h"
#include "sync/exchange.h"
#include "sync/people.h"
#include "sync/sync.h"

#include <stdio.h>
#include <string.h>

#define FIRST_GROUP 6            /* new patients fetched together at first; twice as many each time after */
#define GROUP_SIZE 60            /* patients fetched together at most */
#define PAGE_SIZE 100
#define OVERLAP (10 * INSTANT_MINUTE)
#define OBSERVATION_DAYS 90      /* the local window of readings; older ones stay on the server */
#define CURSOR_SIZE 40
#define SCOPE_SIZE (ID_SIZE + 16)
#define SERVER_SCOPE "server"    /* its cursor: the address the other cursors are of */
#define BEGUN "-"                /* a cursor without a time: the next search starts from the beginning */

struct pulled_type {
    const char *type;
    const char *parameter;       /* the search parameter that names the patient */
    bool windowed;               /* limited to OBSERVATION_DAYS by date */
};
static const struct pulled_type pulled_types[] = {
    {"Patient", "_id", false}, /* first: whoever is not there has no chart */
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

/* Patients that are fetched together. */
struct group {
    char ids[GROUP_SIZE][ID_SIZE];
    bool arrived[GROUP_SIZE];       /* the Patient itself is on the device */
    size_t count;
    bool known;                     /* complete already: only what is new is asked for */
};

struct pulling {
    struct sync *sync;
    struct sync_result *result;
    struct people people;
    const struct pulled_type *type; /* being fetched; NULL while people are */
    struct group *group;
    bool named;                     /* the resource being looked at names a patient of the group */
    char cursor[CURSOR_SIZE];       /* for what is complete after this run */
};

static void patient_scope(char scope[SCOPE_SIZE], const char *patient)
{
    text_format(scope, SCOPE_SIZE, "patient/%s", patient);
}

/* The place of a patient in the group, or its count. */
static size_t place_of(const struct group *group, const char *patient)
{
    size_t i = 0;
    while (i < group->count && strcmp(group->ids[i], patient) != 0) {
        i++;
    }
    return i;
}

/* Watches references go by; changes none. */
static bool notice_reference(void *context, const char *reference, char *out, size_t size)
{
    struct pulling *pulling = context;
    char resolved[REFERENCE_SIZE];
    (void)out;
    (void)size;
    if (reference_resolve_text(reference, NULL, resolved)) {
        const char *patient = reference_id(resolved, "Patient");
        pulling->named = pulling->named || (patient != NULL && place_of(pulling->group, patient) < pulling->group->count);
        people_note(&pulling->people, resolved);
    }
    return false;
}

/* Whether a resource is of the type that was asked for, and what it names. */
static enum status look_at(struct pulling *pulling, const cJSON *resource, bool *wanted, struct error *error)
{
    union {
        const cJSON *shown;
        cJSON *walked;
    } tree = {.shown = resource}; /* notice_reference never changes it */
    struct resource_head head;
    *wanted = true;
    pulling->named = false;
    enum status status = resource_head_read(resource, &head, NULL);
    if (status == STATUS_INVALID) {
        return STATUS_OK; /* the record keeps it aside, with the reason */
    }
    if (status == STATUS_OK) {
        status = references_rewrite(tree.walked, notice_reference, pulling, error);
    }
    if (status != STATUS_OK || pulling->people.status != STATUS_OK) {
        return error_no_memory(error);
    }
    if (pulling->type == NULL) {
        return STATUS_OK;
    }
    *wanted = strcmp(head.type, pulling->type->type) == 0;
    bool asked = strcmp(head.type, "Patient") == 0 ? place_of(pulling->group, head.id) < pulling->group->count
                                                   : pulling->named;
    if (*wanted && !asked) {
        /* A server that passes over our search parameter would fill the device with everybody's charts. */
        return error_set(error, STATUS_FAILED, _("the server sent charts nobody asked for; none of them was kept: tell the office"));
    }
    return STATUS_OK;
}

/* The Patient of a group is on the device: from now on this chart is the server's, complete or not. */
static enum status note_arrival(struct pulling *pulling, const char *patient, struct error *error)
{
    size_t place = place_of(pulling->group, patient);
    char scope[SCOPE_SIZE];
    char value[CURSOR_SIZE];
    if (place == pulling->group->count) {
        return STATUS_OK;
    }
    pulling->group->arrived[place] = true;
    patient_scope(scope, patient);
    enum status status = cursor_get(pulling->sync->store, scope, value, sizeof value, error);
    return status == STATUS_OK && value[0] == '\0' ? record_set_cursor(pulling->sync->store, scope, BEGUN, error) : status;
}

static enum status apply_entry(void *context, size_t index, const struct bundle_entry *entry, struct error *error)
{
    struct pulling *pulling = context;
    struct apply_outcome outcome;
    bool wanted = false;
    (void)index;
    if (entry->resource == NULL || entry->resource == entry->outcome) {
        return STATUS_OK;
    }
    enum status status = look_at(pulling, entry->resource, &wanted, error);
    if (status != STATUS_OK || !wanted) {
        return status;
    }
    struct incoming incoming = {.resource = entry->resource, .full_url = entry->full_url, .where = "server"};
    status = record_apply(pulling->sync->store, &incoming, APPLY_FROM_SERVER, &outcome, error);
    if (status == STATUS_OK && outcome.result == APPLY_STORED) {
        pulling->result->entry.pulled++;
    }
    if (status == STATUS_OK && outcome.result != APPLY_QUARANTINED && pulling->type == &pulled_types[0]) {
        status = note_arrival(pulling, outcome.id, error);
    }
    return status;
}

/* Ends the transaction that record_begin() opened. */
static enum status end(struct store *store, enum status status, struct error *error)
{
    if (status == STATUS_OK) {
        return record_commit(store, error);
    }
    record_abort(store);
    return status;
}

static enum status apply_page(void *context, const cJSON *bundle, struct error *error)
{
    struct pulling *pulling = context;
    struct store *store = pulling->sync->store;
    int before = pulling->result->entry.pulled;
    enum status status = record_begin(store, error);
    if (status == STATUS_OK) {
        status = end(store, bundle_each(bundle, apply_entry, pulling, error), error);
    }
    if (status != STATUS_OK) {
        pulling->result->entry.pulled = before;
    }
    return status;
}

static enum status search_type(struct pulling *pulling, const char *since, struct error *error)
{
    const struct pulled_type *type = pulling->type;
    struct buffer url;
    buffer_init(&url, URL_SIZE);
    buffer_format(&url, "%s/%s?%s=", pulling->sync->server, type->type, type->parameter);
    for (size_t i = 0; i < pulling->group->count; i++) {
        buffer_append_text(&url, i > 0 ? "," : "");
        url_append_escaped(&url, pulling->group->ids[i]);
    }
    if (type->windowed) {
        char day[40];
        instant today = instant_day_start(clock_now(&pulling->sync->clock));
        instant_format_fhir(day, sizeof day, instant_add_days(today, -OBSERVATION_DAYS));
        buffer_format(&url, "&date=ge%.10s", day);
    }
    if (since[0] != '\0') {
        buffer_append_text(&url, "&_lastUpdated=ge");
        url_append_escaped(&url, since);
    }
    buffer_format(&url, "&_sort=_lastUpdated&_count=%d", PAGE_SIZE);
    enum status status =
        url.status == STATUS_OK
            ? search_each_page(pulling->sync, pulling->result, buffer_text(&url), apply_page, pulling, error)
            : error_no_memory(error);
    buffer_free(&url);
    if (status == STATUS_NOT_FOUND) {
        return error_set(error, STATUS_FAILED, _("the server keeps no %s, which charts need: ask the office"), type->type);
    }
    return status;
}

/* Leaves those out whose Patient did not come: the server does not have them, or may not show them. */
static void drop_absent(struct pulling *pulling)
{
    struct group *group = pulling->group;
    size_t kept = 0;
    for (size_t i = 0; i < group->count; i++) {
        if (!group->arrived[i]) {
            pulling->result->absent++;
        } else if (kept++ < i) {
            text_copy(group->ids[kept - 1], ID_SIZE, group->ids[i]);
        }
    }
    group->count = kept;
}

/* The earliest cursor of the group, stepped back by the overlap. "" means from the beginning. */
static enum status earliest_cursor(struct pulling *pulling, char out[CURSOR_SIZE], struct error *error)
{
    instant earliest = INSTANT_NONE;
    out[0] = '\0';
    for (size_t i = 0; i < pulling->group->count; i++) {
        char scope[SCOPE_SIZE];
        char value[CURSOR_SIZE];
        instant at = INSTANT_NONE;
        patient_scope(scope, pulling->group->ids[i]);
        enum status status = cursor_get(pulling->sync->store, scope, value, sizeof value, error);
        if (status != STATUS_OK || !instant_parse(value, &at, NULL)) {
            return status;
        }
        earliest = earliest == INSTANT_NONE || at < earliest ? at : earliest;
    }
    if (earliest != INSTANT_NONE) {
        instant_format_utc(out, CURSOR_SIZE, earliest - OVERLAP);
    }
    return STATUS_OK;
}

/* Everything of the group is stored: the charts are complete, and the next search starts from here. */
static enum status finish_group(struct pulling *pulling, struct error *error)
{
    struct store *store = pulling->sync->store;
    enum status status = record_begin(store, error);
    if (status != STATUS_OK) {
        return status;
    }
    for (size_t i = 0; i < pulling->group->count && status == STATUS_OK; i++) {
        char scope[SCOPE_SIZE];
        patient_scope(scope, pulling->group->ids[i]);
        status = record_set_cursor(store, scope, pulling->cursor, error);
        if (status == STATUS_OK && !pulling->group->known) {
            status = record_set_complete(store, pulling->group->ids[i], true, error);
        }
    }
    return end(store, status, error);
}

static enum status pull_group(struct pulling *pulling, struct error *error)
{
    char since[CURSOR_SIZE] = "";
    enum status status = pulling->group->known ? earliest_cursor(pulling, since, error) : STATUS_OK;
    for (size_t i = 0; i < PULLED_TYPES && status == STATUS_OK && pulling->group->count > 0; i++) {
        pulling->type = &pulled_types[i];
        status = search_type(pulling, since, error);
        if (i == 0 && !pulling->group->known) {
            drop_absent(pulling);
        }
    }
    pulling->type = NULL;
    if (status == STATUS_OK) {
        status = people_fetch(&pulling->people, pulling->sync, pulling->result, apply_page, pulling, error);
    }
    return status == STATUS_OK && pulling->group->count > 0 ? finish_group(pulling, error) : status;
}

/* The patients on the device as the record has them before the pull. */
struct present {
    struct caseload all, complete;
};

static void note_present(void *context, const char *patient, bool complete)
{
    struct present *present = context;
    caseload_add(&present->all, patient);
    if (complete) {
        caseload_add(&present->complete, patient);
    }
}

static enum status read_present(struct sync *sync, struct present *present, struct error *error)
{
    enum status status = outbox_each_patient(sync->store, note_present, present, error);
    if (status == STATUS_OK && (present->all.status != STATUS_OK || present->complete.status != STATUS_OK)) {
        status = error_no_memory(error);
    }
    return status;
}

/* Whether only what is new needs to be asked for: complete, and from the server. */
static enum status is_known(struct sync *sync, const struct present *present, const char *patient, bool *known,
                            struct error *error)
{
    char scope[SCOPE_SIZE];
    char value[CURSOR_SIZE] = "";
    enum status status = STATUS_OK;
    if (caseload_has(&present->complete, patient)) {
        patient_scope(scope, patient);
        status = cursor_get(sync->store, scope, value, sizeof value, error);
    }
    *known = value[0] != '\0' && strcmp(value, BEGUN) != 0;
    return status;
}

static enum status split(struct sync *sync, const struct caseload *caseload, const struct present *present,
                         struct caseload *known, struct caseload *new, struct error *error)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < caseload->count && status == STATUS_OK; i++) {
        bool is = false;
        status = is_known(sync, present, caseload->ids[i], &is, error);
        caseload_add(is ? known : new, caseload->ids[i]);
    }
    if (status == STATUS_OK && (known->status != STATUS_OK || new->status != STATUS_OK)) {
        status = error_no_memory(error);
    }
    return status;
}

/* Fetches some patients, `first` together and then twice as many each time. */
static enum status pull_each(struct pulling *pulling, const struct caseload *caseload, bool known, size_t first, int done,
                             int total, struct error *error)
{
    struct group *group = memory_allocate(sizeof *group);
    enum status status = group == NULL ? error_no_memory(error) : STATUS_OK;
    size_t size = first;
    pulling->group = group;
    for (size_t at = 0; at < caseload->count && status == STATUS_OK; size = 2 * size < GROUP_SIZE ? 2 * size : GROUP_SIZE) {
        memset(group, 0, sizeof *group);
        group->known = known;
        while (at < caseload->count && group->count < size) {
            text_copy(group->ids[group->count++], ID_SIZE, caseload->ids[at++]);
        }
        int together = (int)group->count;
        sync_report(pulling->sync, SYNC_PULLING, done, total);
        status = pull_group(pulling, error);
        done += together;
    }
    pulling->group = NULL;
    memory_free(group);
    return status;
}

/* Refreshing what is there takes a handful of small requests, so it comes before whole new charts. */
static enum status pull_members(struct pulling *pulling, const struct caseload *caseload, const struct present *present,
                                struct error *error)
{
    struct caseload known = {0};
    struct caseload new = {0};
    int total = (int)caseload->count;
    enum status status = split(pulling->sync, caseload, present, &known, &new, error);
    if (status == STATUS_OK && new.count > FIRST_GROUP) {
        status = caseload_today_first(pulling->sync, pulling->result, &new, error);
    }
    if (status == STATUS_OK) {
        status = pull_each(pulling, &known, true, GROUP_SIZE, 0, total, error);
    }
    if (status == STATUS_OK) {
        status = pull_each(pulling, &new, false, FIRST_GROUP, (int)known.count, total, error);
    }
    caseload_free(&known);
    caseload_free(&new);
    return status;
}

/* A patient who left the caseload. The cursor stays while something unsent keeps the Patient here. */
static enum status release(struct store *store, const char *patient, struct error *error)
{
    char scope[SCOPE_SIZE];
    char value[CURSOR_SIZE];
    char *body = NULL;
    patient_scope(scope, patient);
    enum status status = cursor_get(store, scope, value, sizeof value, error);
    if (status != STATUS_OK || value[0] == '\0') {
        return status;
    }
    status = record_release_patient(store, patient, error);
    if (status == STATUS_OK) {
        status = query_body(store, "Patient", patient, &body, error);
        memory_free(body);
        status = status == STATUS_NOT_FOUND ? record_set_cursor(store, scope, "", error) : status;
    }
    return status;
}

static enum status release_others(struct store *store, const struct caseload *caseload, const struct present *present,
                                  struct error *error)
{
    if (caseload->count == 0 || caseload->doubtful) {
        return STATUS_OK;
    }
    enum status status = record_begin(store, error);
    if (status != STATUS_OK) {
        return status;
    }
    for (size_t i = 0; i < present->all.count && status == STATUS_OK; i++) {
        if (!caseload_has(caseload, present->all.ids[i])) {
            status = release(store, present->all.ids[i], error);
        }
    }
    return end(store, status, error);
}

/* Another server has another clock and other rows: every chart is read from the beginning again. */
static enum status note_server(struct sync *sync, const struct present *present, struct error *error)
{
    char before[512];
    enum status status = cursor_get(sync->store, SERVER_SCOPE, before, sizeof before, error);
    if (status != STATUS_OK || strcmp(before, sync->server) == 0) {
        return status;
    }
    status = record_begin(sync->store, error);
    if (status != STATUS_OK) {
        return status;
    }
    for (size_t i = 0; i < present->all.count && status == STATUS_OK; i++) {
        char scope[SCOPE_SIZE];
        char value[CURSOR_SIZE];
        patient_scope(scope, present->all.ids[i]);
        status = cursor_get(sync->store, scope, value, sizeof value, error);
        if (status == STATUS_OK && value[0] != '\0') {
            status = record_set_cursor(sync->store, scope, BEGUN, error);
        }
    }
    if (status == STATUS_OK) {
        status = record_set_cursor(sync->store, SERVER_SCOPE, sync->server, error);
    }
    return end(sync->store, status, error);
}

enum status sync_pull(struct sync *sync, struct sync_result *result, struct error *error)
{
    struct pulling pulling = {.sync = sync, .result = result, .cursor = BEGUN};
    struct caseload caseload = {0};
    struct present present = {0};
    sync_report(sync, SYNC_PULLING, 0, 0);
    enum status status = caseload_fetch(sync, result, &caseload, error);
    if (status == STATUS_OK && result->server_clock != INSTANT_NONE) {
        instant_format_utc(pulling.cursor, sizeof pulling.cursor, result->server_clock);
    }
    if (status == STATUS_OK) {
        status = read_present(sync, &present, error);
    }
    if (status == STATUS_OK) {
        status = note_server(sync, &present, error);
    }
    if (status == STATUS_OK) {
        status = pull_members(&pulling, &caseload, &present, error);
    }
    if (status == STATUS_OK) {
        status = release_others(sync->store, &caseload, &present, error);
    }
    if (status == STATUS_OK) {
        text_copy(result->entry.data_as_of, sizeof result->entry.data_as_of,
                  strcmp(pulling.cursor, BEGUN) == 0 ? "" : pulling.cursor);
        sync_report(sync, SYNC_PULLING, (int)caseload.count, (int)caseload.count);
    }
    people_free(&pulling.people);
    caseload_free(&present.all);
    caseload_free(&present.complete);
    caseload_free(&caseload);
    return status;
}
