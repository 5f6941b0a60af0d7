/*
 * Whose charts come to the device. See caseload.h.
 *
 * `appointments` means the nurse's appointments from a week back (unfinished
 * work) to two weeks ahead. A Group or List is read whole. A Patient search is
 * sent as it stands. The order of arrival is the order of need.
 */
#include "sync/caseload.h"

#include "base/memory.h"
#include "base/text.h"
#include "fhir/bundle.h"
#include "sync/exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGES_AT_MOST 20000
#define DAYS_BACK 7
#define DAYS_AHEAD 14

void caseload_free(struct caseload *caseload)
{
    memory_free(caseload->ids);
    memset(caseload, 0, sizeof *caseload);
}

static void caseload_add(void *context, const char *patient)
{
    struct caseload *caseload = context;
    for (size_t i = 0; i < caseload->count; i++) {
        if (strcmp(caseload->ids[i], patient) == 0) {
            return;
        }
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

enum status search_each_page(struct sync *sync, struct sync_result *result, const char *url,
                             enum status (*page)(void *context, const cJSON *bundle, struct error *error), void *context,
                             struct error *error)
{
    char *current = memory_copy_text(url);
    enum status status = current == NULL ? error_no_memory(error) : STATUS_OK;
    for (int pages = 0; status == STATUS_OK && current != NULL; pages++) {
        cJSON *bundle = NULL;
        char *next = NULL;
        status = exchange_get(sync, result, current, &bundle, error);
        if (status == STATUS_OK && !bundle_is(bundle)) {
            status = error_set(error, STATUS_UNREACHABLE, _("the server did not answer a search with a list; it is asked again"));
        }
        if (status == STATUS_OK) {
            status = page(context, bundle, error);
        }
        if (status == STATUS_OK && bundle_next(bundle) != NULL) {
            next = memory_copy_text(bundle_next(bundle));
            if (next == NULL) {
                status = error_no_memory(error);
            } else if (strcmp(next, current) == 0 || pages >= PAGES_AT_MOST) {
                status = error_set(error, STATUS_FAILED, _("the server's pages lead in a circle; the download was stopped"));
            }
        }
        cJSON_Delete(bundle);
        memory_free(current);
        current = status == STATUS_OK ? next : NULL;
        if (status != STATUS_OK) {
            memory_free(next);
        }
    }
    memory_free(current);
    return status;
}


/* Collects whom the pages of a search name. */
struct collecting {
    struct caseload *caseload;
    bool from_patients;  /* the entries are the patients themselves */
};

static enum status collect_entry(void *context, size_t index, const struct bundle_entry *entry, struct error *error)
{
    struct collecting *collecting = context;
    struct resource_head head;
    (void)index;
    if (entry->resource == NULL || strcmp(entry->search_mode, "outcome") == 0) {
        return STATUS_OK;
    }
    enum status status = resource_head_read(entry->resource, &head, error);
    if (status != STATUS_OK) {
        return status;
    }
    if (strcmp(head.type, "Patient") == 0 && collecting->from_patients) {
        caseload_add(collecting->caseload, head.id);
    } else if (strcmp(head.type, "Appointment") == 0) {
        status = caseload_members(entry->resource, caseload_add, collecting->caseload, error);
    }
    return status == STATUS_OK ? collecting->caseload->status : status;
}

static enum status collect_page(void *context, const cJSON *bundle, struct error *error)
{
    return bundle_each(bundle, collect_entry, context, error);
}

static enum status append_appointments(struct sync *sync, struct buffer *url, const char *practitioner, int from_day, int to_day)
{
    instant now = clock_now(&sync->clock);
    instant today = instant_day_start(now);
    char from[40];
    char to[40];
    instant_format_fhir(from, sizeof from, instant_add_days(today, from_day));
    instant_format_fhir(to, sizeof to, instant_add_days(today, to_day));
    buffer_format(url, "%s/Appointment?actor=Practitioner%%2F%s&date=ge", sync->server, practitioner);
    url_append_escaped(url, from);
    buffer_append_text(url, "&date=lt");
    url_append_escaped(url, to);
    buffer_append_text(url, "&_sort=date&_count=100");
    return url->status;
}

static enum status fetch_appointments(struct sync *sync, struct sync_result *result, struct collecting *collecting,
                                      int from_day, int to_day, struct error *error)
{
    char practitioner[ID_SIZE] = "";
    char id[ID_SIZE] = "";
    enum status status = store_setting_get(sync->store, SETTING_PRACTITIONER, practitioner, sizeof practitioner, error);
    if (status != STATUS_OK) {
        return status;
    }
    if (practitioner[0] == '\0') {
        return error_set(error, STATUS_FAILED,
                         _("this device does not know which nurse it serves: enrol with --practitioner ID, or choose another caseload"));
    }
    /* Once the server has our own Practitioner, its id there is the one that appointments name. */
    if (outbox_server_id(sync->store, "Practitioner", practitioner, id, NULL) == STATUS_OK) {
        text_copy(practitioner, sizeof practitioner, id);
    }
    struct buffer url;
    buffer_init(&url, URL_SIZE);
    status = append_appointments(sync, &url, practitioner, from_day, to_day) == STATUS_OK
                 ? search_each_page(sync, result, buffer_text(&url), collect_page, collecting, error)
                 : error_no_memory(error);
    buffer_free(&url);
    return status;
}

static enum status fetch_members(struct sync *sync, struct sync_result *result, const char *scope,
                                 struct caseload *caseload, struct error *error)
{
    struct buffer url;
    cJSON *resource = NULL;
    buffer_init(&url, URL_SIZE);
    buffer_format(&url, "%s/%s", sync->server, scope);
    enum status status = url.status == STATUS_OK ? exchange_get(sync, result, buffer_text(&url), &resource, error)
                                                 : error_no_memory(error);
    if (status == STATUS_NOT_FOUND) {
        status = error_set(error, STATUS_FAILED, _("the server does not have the caseload %s: ask the office for the right one"), scope);
    }
    if (status == STATUS_OK) {
        status = caseload_members(resource, caseload_add, caseload, error);
    }
    if (status == STATUS_OK) {
        status = caseload->status;
    }
    cJSON_Delete(resource);
    buffer_free(&url);
    return status;
}

enum status caseload_fetch(struct sync *sync, struct sync_result *result, struct caseload *caseload, struct error *error)
{
    char scope[256] = "";
    struct collecting collecting = {.caseload = caseload};
    memset(caseload, 0, sizeof *caseload);
    enum status status = STATUS_OK;
    if (sync->caseload != NULL && sync->caseload[0] != '\0') {
        text_copy(scope, sizeof scope, sync->caseload);
    } else {
        status = store_setting_get(sync->store, SETTING_CASELOAD, scope, sizeof scope, error);
    }
    if (status == STATUS_OK && scope[0] == '\0') {
        text_copy(scope, sizeof scope, "appointments");
    }
    if (status == STATUS_OK) {
        status = caseload_check(scope, error);
    }
    if (status != STATUS_OK) {
        return status;
    }
    char practitioner[ID_SIZE] = "";
    status = store_setting_get(sync->store, SETTING_PRACTITIONER, practitioner, sizeof practitioner, error);
    bool by_appointment = strcmp(scope, "appointments") == 0;
    if (status == STATUS_OK && by_appointment) {
        /* Today first, then the rest of the window: the order in which charts are needed. */
        status = fetch_appointments(sync, result, &collecting, 0, 1, error);
        if (status == STATUS_OK) {
            status = fetch_appointments(sync, result, &collecting, -DAYS_BACK, DAYS_AHEAD, error);
        }
        return status;
    }
    struct caseload members = {0};
    collecting.caseload = &members;
    collecting.from_patients = true;
    if (status == STATUS_OK && (is_reference_to(scope, "Group") || is_reference_to(scope, "List"))) {
        status = fetch_members(sync, result, scope, &members, error);
    } else if (status == STATUS_OK) {
        struct buffer url;
        buffer_init(&url, URL_SIZE);
        buffer_format(&url, "%s/%s%s_count=100&_elements=id", sync->server, strcmp(scope, "all") == 0 ? "Patient?" : scope,
                      strcmp(scope, "all") == 0 ? "" : "&");
        status = url.status == STATUS_OK ? search_each_page(sync, result, buffer_text(&url), collect_page, &collecting, error)
                                         : error_no_memory(error);
        buffer_free(&url);
    }
    /* Those with a visit today come first here too; a server without appointments costs only the order. */
    if (status == STATUS_OK && practitioner[0] != '\0') {
        struct caseload today = {0};
        struct collecting ordering = {.caseload = &today};
        struct error ignored = {0};
        enum status ordered = fetch_appointments(sync, result, &ordering, 0, 1, &ignored);
        if (ordered == STATUS_CANCELLED || ordered == STATUS_NO_MEMORY) {
            status = error_set(error, ordered, "%s", ignored.sentence);
        }
        for (size_t i = 0; status == STATUS_OK && ordered == STATUS_OK && i < today.count; i++) {
            for (size_t j = 0; j < members.count; j++) {
                if (strcmp(members.ids[j], today.ids[i]) == 0) {
                    caseload_add(caseload, today.ids[i]);
                }
            }
        }
        caseload_free(&today);
    }
    for (size_t i = 0; status == STATUS_OK && i < members.count; i++) {
        caseload_add(caseload, members.ids[i]);
    }
    if (status == STATUS_OK) {
        status = caseload->status;
    }
    caseload_free(&members);
    return status;
}
