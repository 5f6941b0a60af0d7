/*
 * Pages of one resource type after the other, for a group of patients. See
 * charts.h. Called by pull.c.
 *
 * A page is one commit. Patients already complete are asked for what changed
 * since the server's own time of their last refresh minus an overlap longer
 * than any transaction (rows can become visible after newer ones); the record
 * drops what it has already.
 */
#include "sync/charts.h"

#include "base/memory.h"
#include "base/text.h"
#include "fhir/bundle.h"
#include "store/record.h"
#include "sync/batch.h"
#include "sync/caseload.h"
#include "sync/exchange.h"
#include "sync/pages.h"
#include "sync/portion.h"
#include "sync/singly.h"

#include <inttypes.h>
#include <string.h>

#define BATCH_PAGE_SIZE 20       /* of each type when all are asked for at once: one answer stays small */
#define FETCHED_AT_ONCE 50       /* by their ids */
#define OVERLAP (10 * INSTANT_MINUTE)

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
        if (patient != NULL && pulling->chart[0] == '\0' && place_of(pulling->group, patient) < pulling->group->count) {
            text_copy(pulling->chart, sizeof pulling->chart, patient);
        }
        people_note(&pulling->people, resolved);
    }
    return false;
}

/* Whether a resource is of the type that was asked for, and what it names; for one that cannot be read, what can be. */
static enum status look_at(struct pulling *pulling, const cJSON *resource, bool *wanted, struct error *error)
{
    union {
        const cJSON *shown;
        cJSON *walked;
    } tree = {.shown = resource}; /* notice_reference never changes it */
    struct resource_head head;
    *wanted = true;
    pulling->chart[0] = '\0';
    enum status unread = resource_head_read(resource, &head, NULL);
    enum status status = references_rewrite(tree.walked, notice_reference, pulling, error);
    if (status != STATUS_OK || unread == STATUS_NO_MEMORY || pulling->people.status != STATUS_OK) {
        return error_no_memory(error);
    }
    if (unread == STATUS_INVALID) {
        return STATUS_OK; /* the record keeps it aside, with the reason */
    }
    if (pulling->type == NULL) {
        *wanted = people_are(head.type);
        return STATUS_OK;
    }
    *wanted = strcmp(head.type, pulling->type->type) == 0;
    if (strcmp(head.type, "Patient") == 0) {
        text_copy(pulling->chart, sizeof pulling->chart,
                  place_of(pulling->group, head.id) < pulling->group->count ? head.id : "");
    }
    if (*wanted && pulling->chart[0] == '\0') {
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
    charts_scope(scope, patient);
    enum status status = cursor_get(pulling->sync->store, scope, value, sizeof value, error);
    return status == STATUS_OK && !charts_delivered(value) ? record_set_cursor(pulling->sync->store, scope, CURSOR_BEGUN, error) : status;
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
    struct incoming incoming = {.resource = entry->resource, .full_url = entry->full_url, .where = PLACE_SERVER,
                                .chart = pulling->chart};
    status = record_apply(pulling->sync->store, &incoming, APPLY_FROM_SERVER, &outcome, error);
    if (status == STATUS_OK && outcome.result == APPLY_STORED) {
        pulling->result->entry.pulled++;
    }
    if (status == STATUS_OK && outcome.older && pulling->older_id[0] == '\0') {
        text_copy(pulling->older_type, sizeof pulling->older_type, json_text(entry->resource, "resourceType"));
        text_copy(pulling->older_id, sizeof pulling->older_id, outcome.id);
    }
    if (status == STATUS_OK && outcome.result == APPLY_QUARANTINED && pulling->type != NULL && pulling->chart[0] == '\0') {
        pulling->group->doubtful = true;
    }
    if (status == STATUS_OK && outcome.result != APPLY_QUARANTINED && pulling->type == &pulled_types[0]) {
        status = note_arrival(pulling, outcome.id, error);
    }
    return status;
}

/* Writes down how far the charts of the group have come, behind what their cursors say. */
static enum status save_position(struct pulling *pulling, const struct position *position, struct error *error)
{
    struct store *store = pulling->sync->store;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < pulling->group->count && status == STATUS_OK; i++) {
        char scope[SCOPE_SIZE];
        char value[CURSOR_SIZE];
        charts_scope(scope, pulling->group->ids[i]);
        status = cursor_get(store, scope, value, sizeof value, error);
        bool displaced = pulling->group->known && !charts_finished(value); /* the id is somebody else's since now */
        if (status == STATUS_OK && charts_delivered(value) && !displaced) {
            char moved[CURSOR_SIZE];
            text_format(moved, sizeof moved, "%.*s %d %" PRId64 " %" PRId64, (int)strcspn(value, " "), value, position->type,
                        position->reached, position->began);
            status = record_set_cursor(store, scope, moved, error);
        }
    }
    return status;
}

/* The position after a page of the type that is being fetched. A list in another order, or something unread that names
 * nobody, lets nobody say where to go on: then the charts begin again from where they were. */
static enum status note_position(struct pulling *pulling, const cJSON *bundle, struct error *error)
{
    instant behind = pulling->position.began - OVERLAP; /* rows can become visible after newer ones */
    instant reached = pulling->position.reached;
    if (!pulling->marking || pulling->type == NULL) {
        return STATUS_OK;
    }
    pulling->marking = search_reached(bundle, &reached) && !pulling->group->doubtful;
    if (!pulling->marking) {
        return STATUS_OK;
    }
    pulling->position.reached = reached;
    struct position safe = pulling->position;
    safe.reached = reached < behind ? reached : behind;
    return save_position(pulling, &safe, error);
}

static enum status apply_page(void *context, const cJSON *bundle, struct error *error)
{
    struct pulling *pulling = context;
    struct store *store = pulling->sync->store;
    int before = pulling->result->entry.pulled;
    if (bundle_count(bundle) == 0 && !pulling->marking) {
        return STATUS_OK; /* most answers of a quiet day: nothing to write, not even how far it came */
    }
    enum status status = record_begin(store, error);
    if (status == STATUS_OK) {
        status = bundle_each(bundle, apply_entry, pulling, error);
        status = status == STATUS_OK ? note_position(pulling, bundle, error) : status;
        status = sync_end_page(store, status, error);
    }
    if (status != STATUS_OK) {
        pulling->result->entry.pulled = before;
    }
    return status;
}

/* Appends the search for one type in all charts of the group, relative to the server's base. */
static void append_search(const struct pulling *pulling, const struct pulled_type *type, const char *since, struct buffer *url)
{
    charts_append_question(type, pulling->group->ids, pulling->group->count, charts_window(pulling->sync), url);
    if (since[0] != '\0') {
        buffer_append_text(url, "&_lastUpdated=ge");
        url_append_escaped(url, since);
    }
    buffer_append_text(url, "&_sort=_lastUpdated");
}

/* Whose chart an entry of a list of ids names. */
static const char *chart_of(void *context, const cJSON *resource)
{
    struct pulling *pulling = context;
    bool wanted = false;
    return look_at(pulling, resource, &wanted, NULL) == STATUS_OK && wanted ? pulling->chart : "";
}

/* One of this type is too large, or the line too bad for it: the others come all the same. */
static enum status search_singly(struct pulling *pulling, const char *url, struct error *error)
{
    const struct singly singly = {.sync = pulling->sync, .result = pulling->result, .type = pulling->type->type, .url = url,
                                  .page = apply_page, .chart_of = chart_of, .context = pulling};
    bool marking = pulling->marking;
    bool unnamed = false;
    pulling->marking = false; /* ids come in any order */
    enum status status = singly_fetch(&singly, &unnamed, error);
    pulling->marking = marking;
    pulling->group->doubtful = pulling->group->doubtful || unnamed;
    return status;
}

/* What is missing lies before the position that the pages were saved with: this type begins again, also when the line breaks
 * before it has. */
static enum status forget_position(void *context, struct error *error)
{
    struct pulling *pulling = context;
    if (pulling->position.reached == INSTANT_NONE) {
        return STATUS_OK; /* nothing was saved of it */
    }
    pulling->position.reached = INSTANT_NONE;
    enum status status = record_begin(pulling->sync->store, error);
    return status == STATUS_OK ? sync_end_page(pulling->sync->store, save_position(pulling, &pulling->position, error), error)
                               : status;
}

/* Applies what is found there; `then` (may be NULL) is what follows, most likely. */
static enum status apply_found(struct pulling *pulling, const struct buffer *url, const char *then, struct error *error)
{
    if (url->status != STATUS_OK) {
        return error_no_memory(error);
    }
    const struct search_around around = {.then = then, .anew = forget_position};
    enum status status = search_each_page_around(pulling->sync, pulling->result, buffer_text(url), &around, apply_page, pulling,
                                                 error);
    return status != STATUS_OK && pulling->result->last.alone ? search_singly(pulling, buffer_text(url), error) : status;
}

/* All of one type that changed since then; a search for `after` (may be NULL) follows, most likely. */
static enum status search_type(struct pulling *pulling, const char *since, const struct pulled_type *after, struct error *error)
{
    const struct pulled_type *type = pulling->type;
    struct buffer url;
    struct buffer then;
    buffer_init(&url, URL_SIZE);
    buffer_init(&then, URL_SIZE);
    buffer_format(&url, "%s/", pulling->sync->server);
    append_search(pulling, type, since, &url);
    if (after != NULL) {
        buffer_format(&then, "%s/", pulling->sync->server);
        append_search(pulling, after, since, &then);
    }
    bool follows = after != NULL && then.status == STATUS_OK;
    enum status status = apply_found(pulling, &url, follows ? buffer_text(&then) : NULL, error);
    buffer_free(&then);
    buffer_free(&url);
    if (status == STATUS_FAILED && pulling->result->last.lacking) {
        enum status forgotten = forget_position(pulling, error);
        return forgotten == STATUS_OK ? status : forgotten;
    }
    if (status == STATUS_NOT_FOUND) {
        return error_set(error, STATUS_FAILED, _("the server keeps no %s, which charts need: ask the office"), type->type);
    }
    return status;
}

/* Which types a batch brought: what fills more than its page is asked for again by itself, page by page. */
struct answers {
    struct pulling *pulling;
    bool *done;
};

/* An answer belongs to the question that its own link repeats, wherever it stands: a type taken for answered that was not
 * would miss its news for good. */
static enum status apply_answer(void *context, size_t index, const cJSON *bundle, struct error *error)
{
    struct answers *answers = context;
    char type[RESOURCE_TYPE_SIZE];
    size_t i = 0;
    (void)index;
    if (!bundle_searched_type(bundle, type) || !bundle_is_whole(bundle, type)) {
        return STATUS_OK; /* asked for by itself, it is looked at again */
    }
    while (i < PULLED_TYPES && strcmp(pulled_types[i].type, type) != 0) {
        i++;
    }
    if (i == PULLED_TYPES) {
        return STATUS_OK;
    }
    answers->pulling->type = &pulled_types[i];
    enum status status = apply_page(answers->pulling, bundle, error);
    answers->done[i] = status == STATUS_OK;
    return status;
}

static enum status ask_together(struct pulling *pulling, const char *since, bool done[PULLED_TYPES], struct error *error)
{
    struct answers answers = {.pulling = pulling, .done = done};
    struct transaction *batch = transaction_new("batch");
    size_t size = BATCH_PAGE_SIZE;
    enum status status = batch == NULL ? error_no_memory(error) : portion_get(pulling->sync, PORTION_PAGE, &size, error);
    size = size < BATCH_PAGE_SIZE ? size : BATCH_PAGE_SIZE;
    for (size_t i = 0; i < PULLED_TYPES && status == STATUS_OK; i++) {
        struct buffer url;
        buffer_init(&url, URL_SIZE);
        append_search(pulling, &pulled_types[i], since, &url);
        buffer_format(&url, "&_count=%zu", size);
        status = url.status == STATUS_OK ? transaction_add_read(batch, buffer_text(&url), error) : error_no_memory(error);
        buffer_free(&url);
    }
    if (status == STATUS_OK) {
        status = batch_ask(pulling->sync, pulling->result, batch, apply_answer, &answers, error);
    }
    transaction_free(batch);
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

/* What the cursors of the group say: *since, from when on known charts are asked for, stepped back by the overlap ("": from
 * the beginning); and how far a download that was broken off has come in all of them. */
static enum status read_cursors(struct pulling *pulling, char since[CURSOR_SIZE], struct error *error)
{
    struct position least = {.reached = INSTANT_NONE};
    instant earliest = INSTANT_NONE;
    bool everywhere = true;
    bool timed = true;
    for (size_t i = 0; i < pulling->group->count; i++) {
        char scope[SCOPE_SIZE];
        char value[CURSOR_SIZE];
        struct position position = {.type = 0};
        instant at = INSTANT_NONE;
        charts_scope(scope, pulling->group->ids[i]);
        enum status status = cursor_get(pulling->sync->store, scope, value, sizeof value, error);
        if (status != STATUS_OK) {
            return status;
        }
        pulling->group->arrived[i] = charts_delivered(value);
        everywhere = everywhere && charts_position(value, &position);
        if (i == 0 || position.type < least.type || (position.type == least.type && position.reached < least.reached)) {
            least.type = position.type;
            least.reached = position.reached;
        }
        least.began = i == 0 || position.began < least.began ? position.began : least.began;
        value[strcspn(value, " ")] = '\0';
        timed = instant_parse(value, &at, NULL) && timed;
        earliest = earliest == INSTANT_NONE || at < earliest ? at : earliest;
    }
    since[0] = '\0';
    if (pulling->group->known && timed && earliest != INSTANT_NONE) {
        instant_format_utc(since, CURSOR_SIZE, earliest - OVERLAP);
    }
    if (everywhere && pulling->group->count > 0) {
        pulling->position = least;
        pulling->marking = true;
    } else {
        pulling->position = (struct position){.reached = INSTANT_NONE};
        pulling->marking = instant_parse(pulling->cursor, &pulling->position.began, NULL);
    }
    return STATUS_OK;
}

/* Everything of the group is stored: the charts are complete, and the next search starts from here. When something could
 * not be read and does not say whose it is, none of them is, and the next run reads all of them again. */
static enum status finish_group(struct pulling *pulling, struct error *error)
{
    struct store *store = pulling->sync->store;
    enum status status = record_begin(store, error);
    if (status != STATUS_OK) {
        return status;
    }
    for (size_t i = 0; i < pulling->group->count && status == STATUS_OK; i++) {
        char scope[SCOPE_SIZE];
        if (pulling->group->doubtful) {
            status = record_set_complete(store, pulling->group->ids[i], false, error);
            continue;
        }
        charts_scope(scope, pulling->group->ids[i]);
        status = record_set_cursor(store, scope, pulling->cursor, error);
        if (status == STATUS_OK && !pulling->group->known) {
            status = record_set_complete(store, pulling->group->ids[i], true, error);
        }
    }
    return sync_end_page(store, status, error);
}

/* The types from the position on, one after the other. `since` "": all of them. */
static enum status walk_types(struct pulling *pulling, const char *since, const bool done[PULLED_TYPES], struct error *error)
{
    enum status status = STATUS_OK;
    for (int i = pulling->position.type; i < PULLED_TYPES && status == STATUS_OK && pulling->group->count > 0; i++) {
        char from[CURSOR_SIZE];
        text_copy(from, sizeof from, since);
        if (i > pulling->position.type) {
            pulling->position.type = i;
            pulling->position.reached = INSTANT_NONE;
        } else if (pulling->position.reached != INSTANT_NONE) {
            instant_format_utc(from, sizeof from, pulling->position.reached);
        }
        pulling->type = &pulled_types[i];
        bool goes_on = i > 0 && i + 1 < PULLED_TYPES && !done[i + 1] && strcmp(from, since) == 0; /* for the same patients */
        status = done[i] ? STATUS_OK : search_type(pulling, from, goes_on ? &pulled_types[i + 1] : NULL, error);
        if (status == STATUS_OK && i == 0 && !pulling->group->known) {
            drop_absent(pulling);
        }
    }
    pulling->type = NULL;
    return status;
}

/* Names that pages of a run before this one spoke of. */
static void note_people(void *context, const char *body)
{
    struct pulling *pulling = context;
    cJSON *resource = NULL;
    if (json_parse(body, strlen(body), &resource, NULL) == STATUS_OK &&
        references_rewrite(resource, notice_reference, pulling, NULL) != STATUS_OK) {
        pulling->people.status = STATUS_NO_MEMORY;
    }
    cJSON_Delete(resource);
}

/* Whether the download of the charts is where it was saved: a Patient's id may have been given to somebody else since. */
static enum status check_position(struct pulling *pulling, int type, struct error *error)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < pulling->group->count && status == STATUS_OK; i++) {
        char scope[SCOPE_SIZE];
        char value[CURSOR_SIZE];
        struct position position = {.type = -1};
        charts_scope(scope, pulling->group->ids[i]);
        status = cursor_get(pulling->sync->store, scope, value, sizeof value, error);
        pulling->group->doubtful = pulling->group->doubtful || !charts_position(value, &position) || position.type != type;
    }
    return status;
}

/* A download that was broken off has come to its end: what changed since it began is missing still, and asked for like
 * what is new in a chart that was complete. */
static enum status catch_up(struct pulling *pulling, struct error *error)
{
    struct position end = {.type = PULLED_TYPES, .reached = INSTANT_NONE, .began = pulling->position.began};
    bool known = pulling->group->known;
    bool done[PULLED_TYPES] = {false};
    char since[CURSOR_SIZE];
    enum status status = record_begin(pulling->sync->store, error);
    if (status == STATUS_OK) {
        status = sync_end_page(pulling->sync->store, save_position(pulling, &end, error), error);
    }
    for (size_t i = 0; i < pulling->group->count && status == STATUS_OK; i++) {
        status = outbox_each_chart_body(pulling->sync->store, pulling->group->ids[i], note_people, pulling, error);
    }
    instant_format_utc(since, sizeof since, end.began - OVERLAP);
    pulling->marking = false;
    pulling->group->known = true;
    if (status == STATUS_OK) {
        status = ask_together(pulling, since, done, error);
    }
    pulling->position = (struct position){.reached = INSTANT_NONE};
    if (status == STATUS_OK) {
        status = walk_types(pulling, since, done, error);
    }
    pulling->group->known = known;
    return status == STATUS_OK ? check_position(pulling, end.type, error) : status;
}

enum status charts_pull(struct pulling *pulling, struct error *error)
{
    char since[CURSOR_SIZE] = "";
    bool done[PULLED_TYPES] = {false};
    enum status status = read_cursors(pulling, since, error);
    bool resumed = pulling->position.type > 0 || pulling->position.reached != INSTANT_NONE;
    if (status == STATUS_OK && !resumed) {
        memset(pulling->group->arrived, 0, sizeof pulling->group->arrived);
    }
    if (status == STATUS_OK && pulling->group->known && !resumed) {
        bool marking = pulling->marking;
        pulling->marking = false;
        status = ask_together(pulling, since, done, error);
        pulling->marking = marking;
    }
    if (status == STATUS_OK) {
        status = walk_types(pulling, since, done, error);
    }
    if (status == STATUS_OK && resumed && pulling->group->count > 0) {
        status = catch_up(pulling, error);
    }
    pulling->marking = false;
    pulling->position.reached = INSTANT_NONE;
    if (status == STATUS_OK) {
        status = people_fetch(&pulling->people, pulling->sync, pulling->result, apply_page, pulling, error);
    }
    return status == STATUS_OK && pulling->group->count > 0 ? finish_group(pulling, error) : status;
}

static enum status search_ids(struct pulling *pulling, char (*ids)[ID_SIZE], size_t count, struct error *error)
{
    struct buffer url;
    buffer_init(&url, URL_SIZE);
    buffer_format(&url, "%s/%s?_id=", pulling->sync->server, pulling->type->type);
    charts_append_ids(ids, count, &url);
    buffer_append_text(&url, "&_sort=_lastUpdated");
    enum status status = apply_found(pulling, &url, NULL, error);
    buffer_free(&url);
    return status;
}

enum status charts_pull_ids(struct pulling *pulling, const struct fetching *fetching, struct error *error)
{
    struct group *group = memory_allocate(sizeof *group);
    enum status status = STATUS_OK;
    if (group == NULL) {
        return error_no_memory(error);
    }
    group->count = fetching->patient_count;
    memcpy(group->ids, fetching->patients, group->count * ID_SIZE);
    pulling->group = group;
    pulling->type = fetching->type;
    for (size_t at = 0; at < fetching->id_count && status == STATUS_OK; at += FETCHED_AT_ONCE) {
        size_t left = fetching->id_count - at;
        status = search_ids(pulling, fetching->ids + at, left < FETCHED_AT_ONCE ? left : FETCHED_AT_ONCE, error);
    }
    pulling->type = NULL;
    if (status == STATUS_OK) {
        status = people_fetch(&pulling->people, pulling->sync, pulling->result, apply_page, pulling, error);
    }
    pulling->group = NULL;
    memory_free(group);
    return status;
}
