/*
 * Reading Bundles as servers and files send them, in HAPI's and Medplum's shapes: locations with or without history,
 * absolute or relative; ETags weak, strong or bare; deletions without a resource; outcomes beside or instead of one.
 */
#include "fhir/bundle.h"

#include "base/memory.h"
#include "base/text.h"
#include "fhir/element.h"

#include <stdlib.h>
#include <string.h>

bool bundle_is(const cJSON *document)
{
    const cJSON *entries = json_member(document, "entry");
    const cJSON *entry = NULL;

    if (!text_equal(json_text(document, "resourceType"), "Bundle") || (entries != NULL && !cJSON_IsArray(entries))) {
        return false;
    }
    cJSON_ArrayForEach(entry, entries) {
        if (!cJSON_IsObject(entry)) {
            return false;
        }
    }
    return true;
}

static const char *text_or_empty(const char *text)
{
    return text != NULL ? text : "";
}

const char *bundle_type(const cJSON *bundle)
{
    return text_or_empty(json_text(bundle, "type"));
}

size_t bundle_count(const cJSON *bundle)
{
    return (size_t)cJSON_GetArraySize(json_array(bundle, "entry"));
}

/* Splits ".../Type/id[/_history/version]" into the location of `entry`; leaves it empty when it names none. */
static void read_location(const char *location, struct bundle_entry *entry)
{
    char reference[REFERENCE_SIZE];
    const char *history = location != NULL ? strstr(location, "/_history/") : NULL;

    if (!reference_resolve_text(location, NULL, reference)) {
        return;
    }
    text_copy(entry->location_id, sizeof entry->location_id, strchr(reference, '/') + 1);
    reference[strcspn(reference, "/")] = '\0';
    text_copy(entry->location_type, sizeof entry->location_type, reference);
    if (history != NULL && fhir_id_is_valid(history + strlen("/_history/"))) {
        text_copy(entry->location_version, sizeof entry->location_version, history + strlen("/_history/"));
    }
}

/* The version in W/"3", "3" or 3. */
static void read_etag(const char *etag, char out[ID_SIZE])
{
    out[0] = '\0';
    if (etag == NULL) {
        return;
    }
    etag += text_starts_with(etag, "W/") ? 2 : 0;
    etag += *etag == '"';
    if (!text_copy(out, ID_SIZE, etag)) {
        out[0] = '\0';
    }
    out[strcspn(out, "\"")] = '\0';
}

static void read_entry(const cJSON *entry, struct bundle_entry *out)
{
    const cJSON *request = json_object(entry, "request");
    const cJSON *response = json_object(entry, "response");

    memset(out, 0, sizeof *out);
    out->resource = json_object(entry, "resource");
    out->full_url = text_or_empty(json_text(entry, "fullUrl"));
    out->method = text_or_empty(json_text(request, "method"));
    out->url = text_or_empty(json_text(request, "url"));
    out->search_mode = text_or_empty(json_text(json_object(entry, "search"), "mode"));
    out->status = (int)strtol(text_or_empty(json_text(response, "status")), NULL, 10);
    out->outcome = json_object(response, "outcome");
    if (out->outcome == NULL && text_equal(json_text(out->resource, "resourceType"), "OperationOutcome")) {
        out->outcome = out->resource;
    }
    read_etag(json_text(response, "etag"), out->etag);
    read_location(json_text(response, "location"), out);
    /* A deletion in a history says what was deleted in its request, or only in its fullUrl. */
    if (out->location_id[0] == '\0' && out->resource == NULL) {
        read_location(out->url, out);
        if (out->location_id[0] == '\0') {
            read_location(out->full_url, out);
        }
    }
}

enum status bundle_each(const cJSON *bundle,
                        enum status (*visit)(void *context, size_t index, const struct bundle_entry *entry,
                                             struct error *error),
                        void *context, struct error *error)
{
    const cJSON *item = NULL;
    size_t index = 0;

    cJSON_ArrayForEach(item, json_array(bundle, "entry")) {
        struct bundle_entry entry;
        enum status status = STATUS_OK;

        read_entry(item, &entry);
        status = visit(context, index++, &entry, error);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

bool bundle_total(const cJSON *bundle, int64_t *total)
{
    return json_integer(bundle, "total", total);
}

static const char *link_url(const cJSON *bundle, const char *relation)
{
    const cJSON *link = NULL;

    cJSON_ArrayForEach(link, json_array(bundle, "link")) {
        if (text_equal(json_text(link, "relation"), relation)) {
            return json_text(link, "url");
        }
    }
    return NULL;
}

const char *bundle_next(const cJSON *bundle)
{
    return link_url(bundle, "next");
}

bool bundle_searched_type(const cJSON *bundle, char type[RESOURCE_TYPE_SIZE])
{
    const char *url = link_url(bundle, "self");
    const char *end = url == NULL ? NULL : strchr(url, '?');
    const char *begin = end;

    while (begin != NULL && begin > url && begin[-1] != '/') {
        begin--;
    }
    if (begin == NULL || (size_t)(end - begin) >= RESOURCE_TYPE_SIZE) {
        return false;
    }
    memcpy(type, begin, (size_t)(end - begin));
    type[end - begin] = '\0';
    return resource_type_is_r4(type);
}

static enum status add_reference(void *context, size_t index, const struct bundle_entry *entry, struct error *error)
{
    const char *type = json_text(entry->resource, "resourceType");
    char id[ID_SIZE];

    (void)index;
    if (entry->full_url[0] == '\0' || !resource_type_is_r4(type) ||
        !resource_identity(entry->resource, entry->full_url, id)) {
        return STATUS_OK;
    }
    return reference_map_add(context, entry->full_url, type, id, error);
}

enum status bundle_references(const cJSON *bundle, struct reference_map **out, struct error *error)
{
    enum status status = STATUS_OK;

    *out = reference_map_new();
    if (*out == NULL) {
        return error_no_memory(error);
    }
    status = bundle_each(bundle, add_reference, *out, error);
    if (status != STATUS_OK) {
        reference_map_free(*out);
        *out = NULL;
    }
    return status;
}

/* --- what a server says ---------------------------------------------------------------------------- */

static bool is_severe(const cJSON *issue)
{
    const char *severity = json_text(issue, "severity");

    return text_equal(severity, "error") || text_equal(severity, "fatal");
}

static const cJSON *gravest_issue(const cJSON *outcome)
{
    const cJSON *issue = NULL;
    const cJSON *chosen = NULL;

    /* HAPI lists warnings first. */
    cJSON_ArrayForEach(issue, json_array(outcome, "issue")) {
        if (chosen == NULL || (is_severe(issue) && !is_severe(chosen))) {
            chosen = issue;
        }
    }
    return chosen;
}

void outcome_code(const cJSON *outcome, char *out, size_t size)
{
    const char *code = json_text(gravest_issue(outcome), "code");

    bool is_code = code != NULL && code[0] != '\0' && code[strspn(code, "abcdefghijklmnopqrstuvwxyz-")] == '\0';
    (void)text_copy(out, size, is_code ? code : "unknown");
}

void outcome_words(const cJSON *outcome, char *out, size_t size)
{
    const cJSON *chosen = gravest_issue(outcome);

    label_set(out, size, json_text(chosen, "diagnostics"));
    if (out[0] == '\0' && !concept_label(json_object(chosen, "details"), out, size)) {
        label_set(out, size, json_text(chosen, "code"));
    }
}

/* --- answers to a search ---------------------------------------------------------------------------- */

void matches_free(struct matches *matches)
{
    memory_free(matches->prints);
    *matches = (struct matches){.count = 0};
}

void matches_begin(struct matches *matches)
{
    matches->count = 0;
    matches->beyond = 0;
}

static int compare_prints(const void *one, const void *other)
{
    uint64_t a = *(const uint64_t *)one;
    uint64_t b = *(const uint64_t *)other;

    return (a > b) - (a < b);
}

int64_t matches_distinct(struct matches *matches)
{
    size_t kept = 0;

    if (matches->count > 0) {
        qsort(matches->prints, matches->count, sizeof *matches->prints, compare_prints);
    }
    for (size_t i = 0; i < matches->count; i++) {
        if (kept == 0 || matches->prints[i] != matches->prints[kept - 1]) {
            matches->prints[kept++] = matches->prints[i];
        }
    }
    matches->count = kept;
    return (int64_t)kept + matches->beyond;
}

/* FNV-1a, of 64 bits: among all that one search finds no two are the same by chance. */
static uint64_t print_of(const char *type, const char *id)
{
    const char *const texts[] = {type, "/", id};
    uint64_t print = UINT64_C(14695981039346656037);

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        for (const char *at = texts[i]; *at != '\0'; at++) {
            print = (print ^ (unsigned char)*at) * UINT64_C(1099511628211);
        }
    }
    return print;
}

static enum status add_match(struct matches *matches, const char *type, const char *id, struct error *error)
{
    if (matches->count >= MATCHES_COMPARED) {
        matches->beyond++;
        return STATUS_OK;
    }
    uint64_t *grown = memory_grow(matches->prints, matches->count, &matches->capacity, sizeof *matches->prints);

    if (grown == NULL) {
        return error_no_memory(error);
    }
    matches->prints = grown;
    grown[matches->count] = id[0] != '\0' ? print_of(type, id) : matches->count; /* what has no id is nothing that came before */
    matches->count++;
    return STATUS_OK;
}

struct search_check {
    const char *type;
    struct matches *matches;
};

static enum status check_match(void *context, size_t index, const struct bundle_entry *entry, struct error *error)
{
    struct search_check *check = context;
    const char *type = text_or_empty(json_text(entry->resource, "resourceType"));
    char code[32];

    (void)index;
    if (is_severe(gravest_issue(entry->outcome))) {
        outcome_code(entry->outcome, code, sizeof code);
        return error_set(error, STATUS_FAILED,
                         _("the server said that its answer is not whole (%s): nothing of it was kept; sync again later, and tell "
                           "the office if it goes on"),
                         code);
    }
    if (entry->resource == NULL || entry->resource == entry->outcome || strcmp(entry->search_mode, "include") == 0 ||
        strcmp(entry->search_mode, "outcome") == 0) {
        return STATUS_OK;
    }
    enum status status = add_match(check->matches, type, text_or_empty(json_text(entry->resource, "id")), error);
    if (status != STATUS_OK) {
        return status;
    }
    return check->type[0] == '\0' || type[0] == '\0' || strcmp(check->type, type) == 0
               ? STATUS_OK
               : error_set(error, STATUS_FAILED,
                           _("the server was asked for %s and answered with something else: nothing of it was kept; tell the office"),
                           check->type);
}

enum status bundle_check_search(const cJSON *bundle, const char *type, struct matches *matches, struct error *error)
{
    struct search_check check = {.type = type, .matches = matches};

    if (strcmp(bundle_type(bundle), "searchset") != 0) {
        return error_set(error, STATUS_FAILED,
                         _("the server did not answer a search with its matches: nothing of it was kept; tell the office"));
    }
    return bundle_each(bundle, check_match, &check, error);
}

bool bundle_is_whole(const cJSON *bundle, const char *type)
{
    struct matches matches = {.count = 0};
    int64_t total = 0;

    bool whole = bundle_next(bundle) == NULL && bundle_check_search(bundle, type, &matches, NULL) == STATUS_OK &&
                 (!bundle_total(bundle, &total) || matches_distinct(&matches) >= total);
    matches_free(&matches);
    return whole;
}

/* --- caseload -------------------------------------------------------------------------------------- */

static bool is_true(const cJSON *object, const char *name)
{
    bool value = false;

    return json_boolean(object, name, &value) && value;
}

/* Where a resource names its members. */
struct source {
    const char *type, *list, *reference, *left; /* `left`: a member that is true when it no longer belongs */
};

static const struct source *source_of(const cJSON *resource)
{
    static const struct source sources[] = {
        {"Group", "member", "entity", "inactive"},
        {"List", "entry", "item", "deleted"},
        {"Appointment", "participant", "actor", NULL},
    };

    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
        if (text_equal(json_text(resource, "resourceType"), sources[i].type)) {
            return &sources[i];
        }
    }
    return NULL;
}

/* A resource that counts for nothing any more has no members. */
static bool is_over(const cJSON *resource)
{
    static const char *const over[] = {"entered-in-error", "cancelled", "retired"};
    const char *status = json_text(resource, "status");
    bool active = true;

    for (size_t i = 0; i < sizeof over / sizeof over[0]; i++) {
        if (text_equal(status, over[i])) {
            return true;
        }
    }
    return json_boolean(resource, "active", &active) && !active;
}

/* Whether a period has ended, the whole of its last day, month or year included. */
static bool has_ended(const cJSON *period, instant now)
{
    enum instant_precision precision = PRECISION_NONE;
    instant end = element_time_precise(period, "end", &precision);

    if (end == INSTANT_NONE) {
        return false;
    }
    int days = precision == PRECISION_YEAR ? 366 : precision == PRECISION_MONTH ? 31 : precision == PRECISION_DAY ? 1 : 0;
    return now >= (days > 0 ? instant_add_days(end, days) : end);
}

/* Codes of FHIR's own list for List.entry.flag: cancelled, ceased. */
static bool is_flagged(const cJSON *member)
{
    const cJSON *coding = NULL;

    cJSON_ArrayForEach(coding, json_array(json_object(member, "flag"), "coding")) {
        const char *code = json_text(coding, "code");
        if (text_equal(json_text(coding, "system"), "urn:oid:1.2.36.1.2001.1001.101.104.16592") &&
            (text_equal(code, "03") || text_equal(code, "05"))) {
            return true;
        }
    }
    return false;
}

static bool belongs(const struct source *source, const cJSON *member, instant now)
{
    if (source->left == NULL) {
        return true; /* the period of a participant is when they are needed, not whether */
    }
    return !is_true(member, source->left) && !has_ended(json_object(member, "period"), now) && !is_flagged(member);
}

enum status caseload_members(const cJSON *resource, instant now, void (*add)(void *context, const char *patient_id),
                             void *context, struct error *error)
{
    const struct source *source = source_of(resource);
    const struct scope scope = {.root = resource};
    const cJSON *member = NULL;

    if (source == NULL) {
        return error_set(error, STATUS_INVALID, _("A caseload is a Group, a List or an Appointment: check the setting."));
    }
    const cJSON *list = is_over(resource) ? NULL : json_array(resource, source->list);
    cJSON_ArrayForEach(member, list) {
        char id[ID_SIZE];

        if (belongs(source, member, now) && reference_to(&scope, json_object(member, source->reference), "Patient", id)) {
            add(context, id);
        }
    }
    return STATUS_OK;
}

/* Whether the server says that it shows only some of it. */
static bool is_subset(const cJSON *resource)
{
    const cJSON *tag = NULL;

    cJSON_ArrayForEach(tag, json_array(json_object(resource, "meta"), "tag")) {
        if (text_equal(json_text(tag, "code"), "SUBSETTED")) {
            return true;
        }
    }
    return false;
}

bool caseload_is_told(const cJSON *resource, instant now)
{
    const struct source *source = source_of(resource);
    const struct scope scope = {.root = resource};
    const cJSON *member = NULL;
    const cJSON *list = source == NULL || is_over(resource) ? NULL : json_member(resource, source->list);

    if (source == NULL || is_subset(resource) || (list != NULL && !cJSON_IsArray(list))) {
        return false;
    }
    cJSON_ArrayForEach(member, list) {
        char id[ID_SIZE];
        char other[REFERENCE_SIZE];
        const cJSON *reference = json_object(member, source->reference);

        if (belongs(source, member, now) && !reference_to(&scope, reference, "Patient", id) &&
            !reference_resolve_text(json_text(reference, "reference"), NULL, other)) {
            return false;
        }
    }
    return true;
}

bool caseload_is_vacant(const cJSON *resource, instant now)
{
    const struct source *source = source_of(resource);
    const cJSON *member = NULL;
    const cJSON *list = source == NULL || is_over(resource) ? NULL : json_member(resource, source->list);
    bool vacant = source != NULL && !is_subset(resource) && (list == NULL || cJSON_IsArray(list));

    cJSON_ArrayForEach(member, list) {
        vacant = vacant && !belongs(source, member, now);
    }
    return vacant;
}
