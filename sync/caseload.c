/*
 * Whose charts come to the device. See caseload.h.
 *
 * `appointments` means the nurse's appointments from a week back (unfinished
 * work) to two weeks ahead. A Group or List is read whole. A Patient search is
 * sent as it stands. New charts arrive in the order of need: today's first.
 */
#include "sync/caseload.h"

#include "base/memory.h"
#include "base/text.h"
#include "fhir/bundle.h"
#include "sync/exchange.h"
#include "sync/pages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAYS_BACK 7
#define DAYS_AHEAD 14

void caseload_free(struct caseload *caseload)
{
    memory_free(caseload->ids);
    memset(caseload, 0, sizeof *caseload);
}

bool caseload_has(const struct caseload *caseload, const char *patient)
{
    for (size_t i = 0; i < caseload->count; i++) {
        if (strcmp(caseload->ids[i], patient) == 0) {
            return true;
        }
    }
    return false;
}

void caseload_add(void *context, const char *patient)
{
    struct caseload *caseload = context;
    if (caseload_has(caseload, patient)) {
        return;
    }
    if (caseload->count == caseload->capacity) {
        void *grown = memory_grow(caseload->ids, caseload->count, &caseload->capacity, sizeof *caseload->ids);
        if (grown == NULL) {
            caseload->status = STATUS_NO_MEMORY;
            return;
        }
        caseload->ids = grown;
    }
    text_copy(caseload->ids[caseload->count++], ID_SIZE, patient);
}

static bool is_reference_to(const char *scope, const char *type)
{
    size_t length = strlen(type);
    return strncmp(scope, type, length) == 0 && scope[length] == '/' && fhir_id_is_valid(scope + length + 1);
}

enum status caseload_check(const char *scope, struct error *error)
{
    if (strcmp(scope, "appointments") == 0 || strcmp(scope, "all") == 0 || is_reference_to(scope, "Group") ||
        is_reference_to(scope, "List") || (strncmp(scope, "Patient?", 8) == 0 && strpbrk(scope, " \t\r\n#") == NULL)) {
        return STATUS_OK;
    }
    return error_set(error, STATUS_INVALID,
                     _("the caseload '%s' is none of: appointments, Group/ID, List/ID, Patient?SEARCH, all"), scope);
}

/* Collects whom the pages of a search name. */
struct collecting {
    struct caseload *caseload;
    instant now;
    bool from_patients;  /* the entries are the patients themselves */
    bool named;          /* somebody, by the entry that is being read */
};

static void collect(void *context, const char *patient)
{
    struct collecting *collecting = context;
    caseload_add(collecting->caseload, patient);
    collecting->named = true;
}

/* Whether there was room for whom was named so far. */
static enum status noted(const struct collecting *collecting, struct error *error)
{
    return collecting->caseload->status == STATUS_OK ? STATUS_OK : error_no_memory(error);
}

/* An Appointment that is no sound resource may still say whose it is. */
static enum status collect_unsound(struct collecting *collecting, const cJSON *resource, struct error *error)
{
    collecting->named = false;
    if (strcmp(json_value_text(json_member(resource, "resourceType")), "Appointment") == 0 &&
        caseload_is_told(resource, collecting->now)) {
        enum status status = caseload_members(resource, collecting->now, collect, collecting, error);
        if (status != STATUS_OK) {
            return status;
        }
    }
    /* One broken resource must not hide all the others. */
    collecting->caseload->doubtful = collecting->caseload->doubtful || !collecting->named;
    return noted(collecting, error);
}

static enum status collect_entry(void *context, size_t index, const struct bundle_entry *entry, struct error *error)
{
    struct collecting *collecting = context;
    struct resource_head head;
    (void)index;
    if (entry->resource == NULL || strcmp(entry->search_mode, "outcome") == 0) {
        return STATUS_OK;
    }
    enum status status = resource_head_read(entry->resource, &head, NULL);
    if (status == STATUS_INVALID) {
        return collect_unsound(collecting, entry->resource, error);
    }
    if (status == STATUS_OK && strcmp(head.type, "Patient") == 0 && collecting->from_patients && head.id[0] != '\0') {
        caseload_add(collecting->caseload, head.id);
    } else if (status == STATUS_OK && strcmp(head.type, "Appointment") == 0) {
        collecting->caseload->vacant += caseload_is_vacant(entry->resource, collecting->now) ? 1 : 0;
        status = caseload_members(entry->resource, collecting->now, collect, collecting, error);
    }
    return status == STATUS_OK ? noted(collecting, error) : status;
}

static enum status collect_page(void *context, const cJSON *bundle, struct error *error)
{
    return bundle_each(bundle, collect_entry, context, error);
}

/* The nurse's id as the server knows it; "" when none is set. */
static enum status practitioner_id(struct sync *sync, char id[ID_SIZE], struct error *error)
{
    char own[ID_SIZE] = "";
    enum status status = store_setting_get(sync->store, SETTING_PRACTITIONER, own, sizeof own, error);
    if (status == STATUS_OK && own[0] != '\0') {
        status = outbox_server_id(sync->store, "Practitioner", own, id, error);
        if (status == STATUS_NOT_FOUND) {
            text_copy(id, ID_SIZE, own);
            status = STATUS_OK;
        }
    }
    return status;
}

/* Appointments of some days from today. */
static void append_appointments(struct sync *sync, const char *practitioner, int from_day, int to_day, struct buffer *url)
{
    instant today = instant_day_start(clock_now(&sync->clock));
    char from[40];
    char to[40];
    instant_format_fhir(from, sizeof from, instant_add_days(today, from_day));
    instant_format_fhir(to, sizeof to, instant_add_days(today, to_day));
    buffer_format(url, "%s/Appointment?actor=Practitioner%%2F%s&date=ge", sync->server, practitioner);
    url_append_escaped(url, from);
    buffer_append_text(url, "&date=lt");
    url_append_escaped(url, to);
}

/* Sorting by anything but _lastUpdated, some servers lose rows between pages. */
static enum status fetch_appointments(struct sync *sync, struct sync_result *result, const char *practitioner,
                                      struct collecting *collecting, int from_day, int to_day, struct error *error)
{
    struct buffer url;
    buffer_init(&url, URL_SIZE);
    append_appointments(sync, practitioner, from_day, to_day, &url);
    buffer_append_text(&url, "&_sort=_lastUpdated");
    enum status status = url.status == STATUS_OK
                             ? search_each_page(sync, result, buffer_text(&url), collect_page, collecting, error)
                             : error_no_memory(error);
    buffer_free(&url);
    return status;
}

static enum status fetch_by_appointment(struct sync *sync, struct sync_result *result, struct caseload *caseload,
                                        struct error *error)
{
    struct collecting collecting = {.caseload = caseload, .now = clock_now(&sync->clock)};
    char practitioner[ID_SIZE] = "";
    enum status status = practitioner_id(sync, practitioner, error);
    if (status == STATUS_OK && practitioner[0] == '\0') {
        status = error_set(error, STATUS_FAILED,
                           _("this device does not know which nurse it serves: enrol with --practitioner ID, or choose another caseload"));
    }
    return status == STATUS_OK
               ? fetch_appointments(sync, result, practitioner, &collecting, -DAYS_BACK, DAYS_AHEAD, error)
               : status;
}

/* A Group or a List. Owned. */
static enum status read_list(struct sync *sync, struct sync_result *result, const char *scope, cJSON **resource,
                             struct error *error)
{
    char type[RESOURCE_TYPE_SIZE];
    text_format(type, sizeof type, "%.*s", (int)strcspn(scope, "/"), scope);
    return exchange_read(sync, result, type, scope + strlen(type) + 1, resource, error);
}

static enum status fetch_members(struct sync *sync, struct sync_result *result, const char *scope,
                                 struct caseload *caseload, struct error *error)
{
    cJSON *resource = NULL;
    enum status status = read_list(sync, result, scope, &resource, error);
    if (status == STATUS_NOT_FOUND) {
        status = error_set(error, STATUS_FAILED, _("the server does not have the caseload %s: ask the office for the right one"), scope);
    }
    if (status == STATUS_OK) {
        status = caseload_members(resource, clock_now(&sync->clock), caseload_add, caseload, error);
        /* Somebody who cannot be told may be one who is here; and members who are all no patients are no empty caseload. */
        caseload->doubtful = caseload->count > 0 ? !caseload_is_told(resource, clock_now(&sync->clock))
                                                 : !caseload_is_vacant(resource, clock_now(&sync->clock));
    }
    cJSON_Delete(resource);
    return status;
}

/* A Patient search. What it says of sorting and page size stays. */
static enum status fetch_search(struct sync *sync, struct sync_result *result, const char *scope,
                                struct caseload *caseload, struct error *error)
{
    struct collecting collecting = {.caseload = caseload, .now = clock_now(&sync->clock), .from_patients = true};
    struct buffer url;
    buffer_init(&url, URL_SIZE);
    buffer_format(&url, "%s/", sync->server);
    buffer_append_text(&url, scope);
    buffer_append_text(&url, strcmp(scope, "Patient?") == 0 ? "_elements=id" : "&_elements=id");
    if (strstr(scope, "_sort=") == NULL) {
        buffer_append_text(&url, "&_sort=_lastUpdated");
    }
    enum status status = url.status == STATUS_OK
                             ? search_each_page(sync, result, buffer_text(&url), collect_page, &collecting, error)
                             : error_no_memory(error);
    buffer_free(&url);
    return status;
}

/* What the configuration says, else what enrolment was told. */
static enum status read_scope(struct sync *sync, char *scope, size_t size, struct error *error)
{
    enum status status = STATUS_OK;
    scope[0] = '\0';
    if (sync->caseload != NULL && sync->caseload[0] != '\0') {
        text_copy(scope, size, sync->caseload);
    } else {
        status = store_setting_get(sync->store, SETTING_CASELOAD, scope, size, error);
    }
    if (status == STATUS_OK && scope[0] == '\0') {
        text_copy(scope, size, "appointments");
    }
    return status == STATUS_OK ? caseload_check(scope, error) : status;
}

enum status caseload_fetch(struct sync *sync, struct sync_result *result, struct caseload *caseload, struct error *error)
{
    memset(caseload, 0, sizeof *caseload);
    const char *scope = caseload->scope;
    int hidden = result->hidden;
    enum status status = read_scope(sync, caseload->scope, sizeof caseload->scope, error);
    if (status != STATUS_OK) {
        return status;
    }
    if (strcmp(scope, "appointments") == 0) {
        status = fetch_by_appointment(sync, result, caseload, error);
    } else if (strcmp(scope, "all") == 0) {
        status = fetch_search(sync, result, "Patient?", caseload, error);
    } else if (text_starts_with(scope, "Patient?")) {
        status = fetch_search(sync, result, scope, caseload, error);
    } else {
        status = fetch_members(sync, result, scope, caseload, error);
    }
    caseload->doubtful = caseload->doubtful || result->hidden > hidden; /* counted, and not shown */
    return status == STATUS_OK && caseload->status != STATUS_OK ? error_no_memory(error) : status;
}

/* How many answer the caseload's own search, by the server's count. */
static enum status count_found(struct sync *sync, struct sync_result *result, const struct caseload *caseload, bool *none,
                               struct error *error)
{
    const char *scope = caseload->scope;
    struct buffer url;
    cJSON *bundle = NULL;
    char practitioner[ID_SIZE] = "";
    int64_t total = -1;
    buffer_init(&url, URL_SIZE);
    enum status status = STATUS_OK;
    if (strcmp(scope, "appointments") == 0) {
        status = practitioner_id(sync, practitioner, error);
        append_appointments(sync, practitioner, -DAYS_BACK, DAYS_AHEAD, &url);
    } else {
        buffer_format(&url, "%s/", sync->server);
        buffer_append_text(&url, strcmp(scope, "all") == 0 ? "Patient?" : scope);
    }
    bool bare = strcmp(scope, "all") == 0 || strcmp(scope, "Patient?") == 0;
    buffer_append_text(&url, bare ? "_summary=count" : "&_summary=count");
    if (status == STATUS_OK) {
        status = url.status == STATUS_OK ? exchange_get(sync, result, buffer_text(&url), &bundle, error) : error_no_memory(error);
    }
    *none = status == STATUS_OK && bundle_is(bundle) && bundle_count(bundle) == 0 && bundle_total(bundle, &total) &&
            total == caseload->vacant;
    cJSON_Delete(bundle);
    buffer_free(&url);
    return status;
}

enum status caseload_is_empty(struct sync *sync, struct sync_result *result, const struct caseload *caseload, bool *empty,
                              struct error *error)
{
    bool listed = is_reference_to(caseload->scope, "Group") || is_reference_to(caseload->scope, "List");
    struct error trouble = {0};
    cJSON *resource = NULL;
    *empty = false;
    enum status status = listed ? read_list(sync, result, caseload->scope, &resource, &trouble)
                                : count_found(sync, result, caseload, empty, &trouble);
    if (status == STATUS_OK && listed) {
        *empty = caseload_is_vacant(resource, clock_now(&sync->clock));
    }
    cJSON_Delete(resource);
    if (status == STATUS_FAILED || status == STATUS_NOT_FOUND) {
        result->last.words[0] = '\0';
        return STATUS_OK; /* then nobody can tell */
    }
    return status == STATUS_OK ? STATUS_OK : error_set(error, status, "%s", trouble.sentence);
}

enum status caseload_take_first(struct caseload *caseload, const struct caseload *first, struct caseload *out, struct error *error)
{
    struct caseload taken = {.doubtful = caseload->doubtful};
    struct caseload left = {.doubtful = caseload->doubtful};
    struct caseload *rest = out != NULL ? &left : &taken;
    for (size_t i = 0; i < first->count; i++) {
        if (caseload_has(caseload, first->ids[i])) {
            caseload_add(&taken, first->ids[i]);
        }
    }
    for (size_t i = 0; i < caseload->count; i++) {
        if (!caseload_has(&taken, caseload->ids[i])) {
            caseload_add(rest, caseload->ids[i]);
        }
    }
    if (taken.status != STATUS_OK || left.status != STATUS_OK) {
        caseload_free(&taken);
        caseload_free(&left);
        return error_no_memory(error);
    }
    caseload_free(caseload);
    *caseload = *rest;
    if (out != NULL) {
        *out = taken;
    }
    return STATUS_OK;
}

enum status caseload_today_here(struct sync *sync, struct caseload *today, struct error *error)
{
    struct patient_rows rows = {.items = NULL};
    enum status status = query_today(sync->store, clock_now(&sync->clock), &rows, error);
    for (size_t i = 0; i < rows.count && status == STATUS_OK; i++) {
        caseload_add(today, rows.items[i].patient.id);
        status = today->status == STATUS_OK ? STATUS_OK : error_no_memory(error);
    }
    patient_rows_free(&rows);
    return status;
}

enum status caseload_today_there(struct sync *sync, struct sync_result *result, struct caseload *today, struct error *error)
{
    struct collecting collecting = {.caseload = today, .now = clock_now(&sync->clock)};
    struct error trouble = {0};
    char practitioner[ID_SIZE] = "";
    enum status status = practitioner_id(sync, practitioner, error);
    if (status != STATUS_OK || practitioner[0] == '\0') {
        return status;
    }
    enum status asked = fetch_appointments(sync, result, practitioner, &collecting, 0, 1, &trouble);
    if (asked == STATUS_FAILED || asked == STATUS_NOT_FOUND || asked == STATUS_INVALID) {
        result->last.words[0] = '\0'; /* a server without appointments costs only the order */
        return STATUS_OK;
    }
    return asked == STATUS_OK ? STATUS_OK : error_set(error, asked, "%s", trouble.sentence);
}
