/*
 * Ids and versions of whole charts. See versions.h. Called by pull.c and
 * manifest.c.
 *
 * Charts go together that have some hundred resources here: what is asked of
 * them goes in one request where the server takes that, and comes in an answer
 * that a weak line brings over. A comparison takes the patients in the order of
 * their ids, so that one id tells how far it has come.
 */
#include "sync/versions.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "fhir/bundle.h"
#include "sync/batch.h"
#include "sync/exchange.h"
#include "sync/manifest.h"
#include "sync/portion.h"

#include <stdlib.h>
#include <string.h>

#define IDS_SCOPE "ids"         /* its cursor: when the last comparison ended; or when this one began, and its last patient */
#define COMPARED_AT_ONCE 600    /* ids, or one chart */

/* One type in charts that stand together. */
struct question {
    const struct pulled_type *type;
    size_t from, count;         /* of the patients */
    size_t place;               /* in the batch, from 1; 0: it goes by itself, page by page */
    bool answered;
};

/* Charts that are compared together. */
struct comparison {
    struct checking *checking;
    type_set types;
    char (*patients)[ID_SIZE];
    size_t count, ids;
    size_t counts[PULLED_TYPES][GROUP_SIZE];
    struct ids here[PULLED_TYPES];
    struct listing there[PULLED_TYPES];
    struct question questions[PULLED_TYPES * GROUP_SIZE];
    size_t question_count, batched;
};

/* --- what is here ------------------------------------------------------------------------------------ */

struct holding {
    instant window;
    struct ids *ids;
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
    struct holding *holding = context;
    at = body != NULL ? time_in(body) : at;
    if (holding->window == INSTANT_NONE || (at != INSTANT_NONE && at >= holding->window)) {
        ids_add(holding->ids, id);
    }
}

enum status versions_held(struct checking *checking, const struct pulled_type *type, const char *patient, struct ids *here,
                          struct error *error)
{
    struct holding holding = {.window = type->windowed ? checking->window : INSTANT_NONE, .ids = here};
    if (type == &pulled_types[0]) {
        ids_add(here, patient);
        return here->status == STATUS_OK ? STATUS_OK : error_no_memory(error);
    }
    enum status status = outbox_each_held(checking->pulling->sync->store, type->type, patient, hold, &holding, error);
    return status == STATUS_OK && here->status != STATUS_OK ? error_no_memory(error) : status;
}

type_set type_set_of(const struct pulled_type *type)
{
    return (type_set)1 << (type - pulled_types);
}

static bool is_asked(const struct comparison *comparison, size_t type)
{
    return (comparison->types & type_set_of(&pulled_types[type])) != 0;
}

/* Takes charts in, as many as go together. */
static enum status read_here(struct comparison *comparison, size_t most, struct error *error)
{
    enum status status = STATUS_OK;
    while (status == STATUS_OK && comparison->count < most && comparison->count < GROUP_SIZE &&
           comparison->ids < COMPARED_AT_ONCE) {
        size_t place = comparison->count++;
        for (size_t i = 0; i < PULLED_TYPES && status == STATUS_OK; i++) {
            size_t before = comparison->here[i].count;
            if (is_asked(comparison, i)) {
                status = versions_held(comparison->checking, &pulled_types[i], comparison->patients[place], &comparison->here[i],
                                       error);
                comparison->counts[i][place] = comparison->here[i].count - before;
                comparison->ids += comparison->counts[i][place];
            }
        }
    }
    return status;
}

/* --- what is there ----------------------------------------------------------------------------------- */

/* One type: charts together that fill no more than a page. */
static void add_questions(struct comparison *comparison, size_t type)
{
    size_t ids = 0;
    for (size_t i = 0; i < comparison->count; i++) {
        size_t more = comparison->counts[type][i];
        bool joins = i > 0 && ids + more <= PAGE_MOST;
        ids = joins ? ids + more : more;
        if (joins) {
            comparison->questions[comparison->question_count - 1].count++;
        } else {
            comparison->questions[comparison->question_count++] = (struct question){
                .type = &pulled_types[type], .from = i, .count = 1, .place = more <= PAGE_MOST ? ++comparison->batched : 0};
        }
    }
}

static void append_question(const struct comparison *comparison, const struct question *question, struct buffer *url)
{
    charts_append_question(question->type, comparison->patients + question->from, question->count,
                           comparison->checking->window, url);
}

static struct listing *listing_of(struct comparison *comparison, const struct question *question)
{
    return &comparison->there[question->type - pulled_types];
}

/* An answer that stands at another place than its question, or goes on elsewhere, is none: that is asked by itself. */
static enum status take_answer(void *context, size_t index, const cJSON *bundle, struct error *error)
{
    struct comparison *comparison = context;
    char type[RESOURCE_TYPE_SIZE];
    size_t i = 0;
    while (i < comparison->question_count && comparison->questions[i].place != index + 1) {
        i++;
    }
    if (i == comparison->question_count || bundle_next(bundle) != NULL || !bundle_searched_type(bundle, type) ||
        strcmp(type, comparison->questions[i].type->type) != 0) {
        return STATUS_OK;
    }
    comparison->questions[i].answered = true;
    return compare_take(listing_of(comparison, &comparison->questions[i]), bundle, error);
}

static enum status ask_together(struct comparison *comparison, struct error *error)
{
    struct pulling *pulling = comparison->checking->pulling;
    struct transaction *batch = transaction_new("batch");
    enum status status = batch == NULL ? error_no_memory(error) : STATUS_OK;
    for (size_t i = 0; i < comparison->question_count && status == STATUS_OK; i++) {
        struct question *question = &comparison->questions[i];
        struct buffer url;
        if (question->place == 0) {
            continue;
        }
        buffer_init(&url, URL_SIZE);
        append_question(comparison, question, &url);
        compare_append_elements(listing_of(comparison, question), &url);
        buffer_format(&url, "&_count=%d", PAGE_MOST);
        status = url.status == STATUS_OK ? transaction_add_read(batch, buffer_text(&url), error) : error_no_memory(error);
        buffer_free(&url);
    }
    if (status == STATUS_OK) {
        status = batch_ask(pulling->sync, pulling->result, batch, take_answer, comparison, error);
    }
    transaction_free(batch);
    return status;
}

static enum status ask_all(struct comparison *comparison, struct error *error)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < PULLED_TYPES; i++) {
        comparison->there[i] = (struct listing){.checking = comparison->checking, .there = {.type = pulled_types[i].type}};
        if (is_asked(comparison, i)) {
            add_questions(comparison, i);
        }
    }
    if (comparison->batched > 1) {
        status = ask_together(comparison, error);
    }
    for (size_t i = 0; i < comparison->question_count && status == STATUS_OK; i++) {
        struct question *question = &comparison->questions[i];
        struct buffer url;
        if (question->answered) {
            continue;
        }
        buffer_init(&url, URL_SIZE);
        append_question(comparison, question, &url);
        status = compare_list(listing_of(comparison, question), &url, error);
        buffer_free(&url);
    }
    return status;
}

/* --- what differs ------------------------------------------------------------------------------------ */

static enum status settle(struct comparison *comparison, size_t type, struct error *error)
{
    struct ids *here = &comparison->here[type];
    struct listing *listing = &comparison->there[type];
    ids_sort(here);
    ids_sort(&listing->there);
    enum status status = compare_look_up(comparison->checking, pulled_types[type].type, here, listing, error);
    if (status == STATUS_OK && listing->wanted.count > 0) {
        const struct fetching fetching = {.type = &pulled_types[type], .patients = comparison->patients,
                                          .patient_count = comparison->count, .ids = listing->wanted.items,
                                          .id_count = listing->wanted.count};
        status = charts_pull_ids(comparison->checking->pulling, &fetching, error);
    }
    return status;
}

enum status versions_compare(struct checking *checking, char (*patients)[ID_SIZE], size_t count, type_set types, size_t *compared,
                             struct error *error)
{
    struct comparison *comparison = memory_allocate(sizeof *comparison);
    if (comparison == NULL) {
        return error_no_memory(error);
    }
    comparison->checking = checking;
    comparison->types = types;
    comparison->patients = patients;
    enum status status = read_here(comparison, count, error);
    if (status == STATUS_OK) {
        status = ask_all(comparison, error);
    }
    for (size_t i = 0; i < PULLED_TYPES && status == STATUS_OK; i++) {
        status = is_asked(comparison, i) ? settle(comparison, i, error) : STATUS_OK;
    }
    *compared = comparison->count;
    for (size_t i = 0; i < PULLED_TYPES; i++) {
        memory_free(comparison->here[i].items);
        listing_free(&comparison->there[i]);
    }
    memory_free(comparison);
    return status;
}

/* --- all charts -------------------------------------------------------------------------------------- */

static enum status save(struct sync *sync, const char *began, const char *patient, struct error *error)
{
    char value[CURSOR_SIZE];
    text_format(value, sizeof value, "%s%s%s", began, patient[0] != '\0' ? " " : "", patient);
    return sync_set_cursor(sync, IDS_SCOPE, value, error);
}

/* Those behind `last`, one group after the other. */
static enum status compare_all(struct checking *checking, const struct caseload *patients, const char *began, const char *last,
                               struct error *error)
{
    struct ids sorted = {.items = NULL};
    enum status status = STATUS_OK;
    for (size_t i = 0; i < patients->count; i++) {
        if (strcmp(patients->ids[i], last) > 0) {
            ids_add(&sorted, patients->ids[i]);
        }
    }
    status = sorted.status == STATUS_OK ? STATUS_OK : error_no_memory(error);
    ids_sort(&sorted);
    for (size_t at = 0; at < sorted.count && status == STATUS_OK;) {
        size_t compared = 0;
        status = versions_compare(checking, sorted.items + at, sorted.count - at, ALL_TYPES, &compared, error);
        at += compared;
        if (status == STATUS_OK && at < sorted.count) {
            status = save(checking->pulling->sync, began, sorted.items[at - 1], error);
        }
    }
    memory_free(sorted.items);
    return status;
}

/* Where a comparison that was broken off goes on, or a new one begins. */
static enum status compare_from(struct pulling *pulling, const struct caseload *patients, char *value, const char *now,
                                struct error *error)
{
    struct checking checking = {.pulling = pulling, .window = charts_window(pulling->sync)};
    char *last = strchr(value, ' ');
    if (last == NULL) {
        return compare_all(&checking, patients, now, "", error);
    }
    *last = '\0';
    return compare_all(&checking, patients, value, last + 1, error);
}

enum status versions_check(struct pulling *pulling, const struct caseload *patients, struct error *error)
{
    struct error trouble = {0};
    char value[CURSOR_SIZE] = "";
    char now[CURSOR_SIZE];
    bool due = false;
    enum status status = cursor_get(pulling->sync->store, IDS_SCOPE, value, sizeof value, error);
    if (status == STATUS_OK) {
        status = manifest_is_past(pulling->sync, IDS_SCOPE, MANIFEST_HOURS, &due, error);
    }
    if (status != STATUS_OK || !due) {
        return status;
    }
    instant_format_utc(now, sizeof now, clock_now(&pulling->sync->clock));
    if (value[0] != '\0') { /* else all was just read for the first time */
        status = compare_from(pulling, patients, value, now, &trouble);
    }
    if (compare_is_refused(pulling, status)) {
        log_event("versions-refused", 0, (long)patients->count); /* a server that cannot be asked so still gives charts */
        pulling->result->last.words[0] = '\0';
        status = STATUS_OK;
    }
    return status == STATUS_OK ? save(pulling->sync, now, "", error) : error_set(error, status, "%s", trouble.sentence);
}
