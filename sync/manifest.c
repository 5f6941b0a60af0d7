/*
 * The manifest of the charts. See manifest.h. Called by pull.c.
 *
 * Numbers first, ids only where the numbers differ: charts hold all that the
 * server delivers, so equal numbers are equal sets. Nothing is taken out of a
 * chart because a list lacks it; the server is asked for it by its id first.
 */
#include "sync/manifest.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "fhir/bundle.h"
#include "store/record.h"
#include "sync/batch.h"
#include "sync/caseload.h"
#include "sync/exchange.h"
#include "sync/pages.h"

#include <stdlib.h>
#include <string.h>

#define MANIFEST_SCOPE "manifest" /* its cursor: when the last check ended */
#define LOOKED_UP_AT_MOST 200     /* ids asked for one by one in a run; the rest waits for the next check */
#define UNKNOWN (-1)

struct checking {
    struct pulling *pulling;
    instant window;               /* readings from then on are here */
    int looked_up;
};

/* Ids, sorted before they are looked up. */
struct ids {
    char (*items)[ID_SIZE];       /* owned */
    size_t count, capacity;
    const char *type;             /* that entries of a page must have */
    enum status status;
};

static int compare_ids(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void ids_sort(struct ids *ids)
{
    if (ids->count > 1) {
        qsort(ids->items, ids->count, sizeof *ids->items, compare_ids);
    }
}

static bool ids_have(const struct ids *ids, const char *id)
{
    return ids->count > 0 && bsearch(id, ids->items, ids->count, sizeof *ids->items, compare_ids) != NULL;
}

static void ids_add(struct ids *ids, const char *id)
{
    void *grown = memory_grow(ids->items, ids->count, &ids->capacity, sizeof *ids->items);
    if (grown == NULL) {
        ids->status = STATUS_NO_MEMORY;
        return;
    }
    ids->items = grown;
    text_copy(ids->items[ids->count++], ID_SIZE, id);
}

static enum status ids_add_entry(void *context, size_t index, const struct bundle_entry *entry, struct error *error)
{
    struct ids *ids = context;
    struct resource_head head;
    (void)index;
    if (entry->resource != NULL && resource_head_read(entry->resource, &head, NULL) == STATUS_OK &&
        strcmp(head.type, ids->type) == 0) {
        ids_add(ids, head.id);
    }
    return ids->status == STATUS_OK ? STATUS_OK : error_no_memory(error);
}

static enum status ids_add_page(void *context, const cJSON *bundle, struct error *error)
{
    return bundle_each(bundle, ids_add_entry, context, error);
}

/* "Type?patient=a,b" for some patients, and the window. */
static void append_question(const struct checking *checking, const struct pulled_type *type, char (*patients)[ID_SIZE],
                            size_t count, struct buffer *url)
{
    buffer_format(url, "%s?%s=", type->type, type->parameter);
    for (size_t i = 0; i < count; i++) {
        buffer_append_text(url, i > 0 ? "," : "");
        url_append_escaped(url, patients[i]);
    }
    if (type->windowed) {
        charts_append_window(checking->window, url);
    }
}

static enum status take_total(void *context, size_t index, const cJSON *bundle, struct error *error)
{
    int64_t *totals = context;
    (void)error;
    if (!bundle_total(bundle, &totals[index])) {
        totals[index] = UNKNOWN;
    }
    return STATUS_OK;
}

/* How many there are of each question, all in one request where the server takes that. A number that the server does not
 * tell stays UNKNOWN. */
static enum status ask_totals(struct checking *checking, char **urls, size_t count, int64_t *totals, struct error *error)
{
    struct pulling *pulling = checking->pulling;
    struct transaction *batch = transaction_new("batch");
    enum status status = batch == NULL ? error_no_memory(error) : STATUS_OK;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        totals[i] = UNKNOWN;
        status = transaction_add_read(batch, urls[i], error);
    }
    if (status == STATUS_OK) {
        status = batch_ask(pulling->sync, pulling->result, batch, take_total, totals, error);
    }
    transaction_free(batch);
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        struct buffer url;
        cJSON *bundle = NULL;
        if (totals[i] != UNKNOWN) {
            continue;
        }
        buffer_init(&url, URL_SIZE);
        buffer_format(&url, "%s/", pulling->sync->server);
        buffer_append_text(&url, urls[i]);
        status = url.status == STATUS_OK ? exchange_get(pulling->sync, pulling->result, buffer_text(&url), &bundle, error)
                                         : error_no_memory(error);
        if (status == STATUS_OK) {
            status = take_total(totals, i, bundle, error);
        }
        cJSON_Delete(bundle);
        buffer_free(&url);
    }
    return status;
}

/* What is here of one type, within its window. */
struct held {
    instant window;
    struct ids ids;
};

static instant time_in(const char *body)
{
    cJSON *observation = NULL;
    instant at = INSTANT_NONE;
    if (json_parse(body, strlen(body), &observation, NULL) == STATUS_OK) {
        at = observation_time(observation);
    }
    cJSON_Delete(observation);
    return at;
}

static void hold(void *context, const char *id, instant at, const char *body)
{
    struct held *held = context;
    at = body != NULL ? time_in(body) : at;
    if (held->window == INSTANT_NONE || (at != INSTANT_NONE && at >= held->window)) {
        ids_add(&held->ids, id);
    }
}

static enum status read_held(struct checking *checking, const struct pulled_type *type, const char *patient, struct held *held,
                             struct error *error)
{
    *held = (struct held){.window = type->windowed ? checking->window : INSTANT_NONE};
    enum status status = outbox_each_held(checking->pulling->sync->store, type->type, patient, hold, held, error);
    return status == STATUS_OK && held->ids.status != STATUS_OK ? error_no_memory(error) : status;
}

/* How many of a type some charts have here. */
static enum status count_here(struct checking *checking, const struct pulled_type *type, char (*patients)[ID_SIZE], size_t count,
                              int64_t *here, struct error *error)
{
    enum status status = STATUS_OK;
    *here = 0;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        struct held held;
        status = read_held(checking, type, patients[i], &held, error);
        *here += (int64_t)held.ids.count;
        memory_free(held.ids.items);
    }
    return status;
}

/* Takes out of the record what the server says it does not have. */
static enum status look_up(struct checking *checking, const char *type, const char *id, struct error *error)
{
    struct pulling *pulling = checking->pulling;
    cJSON *resource = NULL;
    bool ours = false;
    if (checking->looked_up++ >= LOOKED_UP_AT_MOST) {
        return STATUS_OK;
    }
    enum status status = exchange_read(pulling->sync, pulling->result, type, id, &resource, error);
    cJSON_Delete(resource);
    if (status == STATUS_NOT_FOUND) {
        status = outbox_was_accepted(pulling->sync->store, type, id, &ours, error);
        if (status != STATUS_OK) {
            return status;
        }
        if (ours && pulling->result->last.code == 404) {
            /* Deleted would be 410. What it accepted and never heard of now, it lost: then this is the only one there is. */
            pulling->result->lost++;
            return STATUS_OK;
        }
        pulling->result->removed++;
        return record_remove(pulling->sync->store, type, id, error);
    }
    return status;
}

static enum status compare_chart(struct checking *checking, const struct pulled_type *type, const char *patient,
                                 const struct ids *here, const struct ids *there, struct error *error)
{
    enum status status = STATUS_OK;
    bool missing = false;
    for (size_t i = 0; i < here->count && status == STATUS_OK; i++) {
        if (!ids_have(there, here->items[i])) {
            status = look_up(checking, type->type, here->items[i], error);
        }
    }
    for (size_t i = 0; i < there->count && !missing; i++) {
        missing = !ids_have(here, there->items[i]);
    }
    return status == STATUS_OK && missing ? charts_pull_type(checking->pulling, type, patient, error) : status;
}

/* The numbers of one type in one chart differ: which are they? */
static enum status check_chart(struct checking *checking, const struct pulled_type *type, char (*patient)[ID_SIZE],
                               struct error *error)
{
    struct pulling *pulling = checking->pulling;
    struct held held = {.window = INSTANT_NONE};
    struct ids there = {.type = type->type};
    struct buffer url;
    buffer_init(&url, URL_SIZE);
    buffer_format(&url, "%s/", pulling->sync->server);
    append_question(checking, type, patient, 1, &url);
    buffer_append_text(&url, "&_elements=id&_sort=_lastUpdated");
    enum status status = url.status == STATUS_OK
                             ? search_each_page(pulling->sync, pulling->result, buffer_text(&url), ids_add_page, &there, error)
                             : error_no_memory(error);
    if (status == STATUS_OK) {
        status = read_held(checking, type, *patient, &held, error);
    }
    if (status == STATUS_OK) {
        ids_sort(&held.ids);
        ids_sort(&there);
        status = compare_chart(checking, type, *patient, &held.ids, &there, error);
    }
    buffer_free(&url);
    memory_free(held.ids.items);
    memory_free(there.items);
    return status;
}

/* Questions that go together, each for a type in some charts. */
struct round {
    const struct pulled_type *type[GROUP_SIZE];
    char (*patients[GROUP_SIZE])[ID_SIZE];
    size_t patient_count[GROUP_SIZE];
    size_t count;
    bool differs[GROUP_SIZE]; /* the answer */
};

/* Finds the questions whose number there is not the one here. */
static enum status ask_round(struct checking *checking, struct round *round, struct error *error)
{
    char *urls[GROUP_SIZE] = {NULL};
    int64_t there[GROUP_SIZE];
    enum status status = STATUS_OK;
    for (size_t i = 0; i < round->count && status == STATUS_OK; i++) {
        struct buffer url;
        buffer_init(&url, URL_SIZE);
        append_question(checking, round->type[i], round->patients[i], round->patient_count[i], &url);
        buffer_append_text(&url, "&_summary=count");
        urls[i] = buffer_take(&url);
        status = urls[i] == NULL ? error_no_memory(error) : STATUS_OK;
        buffer_free(&url);
    }
    if (status == STATUS_OK) {
        status = ask_totals(checking, urls, round->count, there, error);
    }
    for (size_t i = 0; i < round->count && status == STATUS_OK; i++) {
        int64_t here = 0;
        status = count_here(checking, round->type[i], round->patients[i], round->patient_count[i], &here, error);
        round->differs[i] = there[i] != UNKNOWN && here != there[i]; /* a server that does not count cannot be checked */
    }
    for (size_t i = 0; i < round->count; i++) {
        memory_free(urls[i]);
    }
    return status;
}

/* The numbers of one type in a group differ: in whose charts? */
static enum status check_type(struct checking *checking, const struct pulled_type *type, char (*patients)[ID_SIZE], size_t count,
                              struct error *error)
{
    struct round round = {.count = count};
    for (size_t i = 0; i < count; i++) {
        round.type[i] = type;
        round.patients[i] = patients + i;
        round.patient_count[i] = 1;
    }
    enum status status = ask_round(checking, &round, error);
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        status = round.differs[i] ? check_chart(checking, type, patients + i, error) : STATUS_OK;
    }
    return status;
}

static enum status check_group(struct checking *checking, char (*patients)[ID_SIZE], size_t count, struct error *error)
{
    struct round round = {.count = 0};
    for (size_t i = 1; i < PULLED_TYPES; i++) { /* a Patient who is gone is no member of the caseload */
        round.type[round.count] = &pulled_types[i];
        round.patients[round.count] = patients;
        round.patient_count[round.count++] = count;
    }
    enum status status = ask_round(checking, &round, error);
    for (size_t i = 0; i < round.count && status == STATUS_OK; i++) {
        status = round.differs[i] ? check_type(checking, round.type[i], patients, count, error) : STATUS_OK;
    }
    return status;
}

enum status manifest_is_due(struct sync *sync, bool *due, struct error *error)
{
    char value[CURSOR_SIZE];
    instant last = INSTANT_NONE;
    instant now = clock_now(&sync->clock);
    enum status status = cursor_get(sync->store, MANIFEST_SCOPE, value, sizeof value, error);
    *due = !instant_parse(value, &last, NULL) || now < last || now - last >= MANIFEST_HOURS * INSTANT_HOUR;
    return status;
}

static enum status note_done(struct sync *sync, struct error *error)
{
    char now[CURSOR_SIZE];
    instant_format_utc(now, sizeof now, clock_now(&sync->clock));
    enum status status = record_begin(sync->store, error);
    if (status != STATUS_OK) {
        return status;
    }
    return sync_end_page(sync->store, record_set_cursor(sync->store, MANIFEST_SCOPE, now, error), error);
}

enum status manifest_check(struct pulling *pulling, const struct caseload *patients, struct error *error)
{
    struct checking checking = {.pulling = pulling, .window = charts_window(pulling->sync)};
    struct error trouble = {0};
    bool due = false;
    enum status status = manifest_is_due(pulling->sync, &due, error);
    if (status != STATUS_OK || !due) {
        return status;
    }
    for (size_t at = 0; at < patients->count && status == STATUS_OK; at += GROUP_SIZE) {
        size_t count = patients->count - at < GROUP_SIZE ? patients->count - at : GROUP_SIZE;
        status = check_group(&checking, patients->ids + at, count, &trouble);
    }
    if (status == STATUS_FAILED || status == STATUS_NOT_FOUND) {
        log_event("manifest-refused", 0, (long)patients->count); /* a server that cannot be asked so still gives charts */
        status = STATUS_OK;
    }
    return status == STATUS_OK ? note_done(pulling->sync, error) : error_set(error, status, "%s", trouble.sentence);
}
