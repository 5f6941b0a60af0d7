/*
 * Receiving the caseload: who is to come, in which order, and who leaves. See
 * sync.h; the charts themselves come in charts.c.
 *
 * Whoever is to be visited today and is not complete comes first, then those who
 * are complete (all together), then the rest in groups, then what compares charts
 * with the server's. A patient with a cursor who is no longer in
 * the caseload leaves the device, but only after the whole caseload was read
 * without a fault; one that is empty is more often a fault than a holiday, and is
 * believed by the second run that finds it so. Imported patients stay.
 */
#include "base/memory.h"
#include "base/text.h"
#include "store/record.h"
#include "sync/caseload.h"
#include "sync/charts.h"
#include "sync/exchange.h"
#include "sync/manifest.h"
#include "sync/versions.h"

#include <string.h>

#define EMPTY_SCOPE "empty"      /* its cursor: the caseload that an earlier run found empty; "" when none */
#define FIRST_GROUP 6            /* new patients fetched together at first; twice as many each time after */

/* The patients on the device as the record has them before the pull. */
struct present {
    struct caseload all, complete;
    struct caseload left;        /* the caseload, in an earlier run: the nurse knows */
};

static void note_present(void *context, const char *patient, enum held_chart chart)
{
    struct present *present = context;
    caseload_add(&present->all, patient);
    if (chart != HELD_PART) {
        caseload_add(chart == HELD_LEFT ? &present->left : &present->complete, patient);
    }
}

static enum status read_present(struct sync *sync, struct present *present, struct error *error)
{
    enum status status = outbox_each_patient(sync->store, note_present, present, error);
    if (status == STATUS_OK && (present->all.status != STATUS_OK || present->complete.status != STATUS_OK ||
                                present->left.status != STATUS_OK)) {
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
        charts_scope(scope, patient);
        status = cursor_get(sync->store, scope, value, sizeof value, error);
    }
    *known = charts_finished(value);
    return status;
}

/* Whether an earlier run has brought a part of a chart that is not complete. */
static enum status is_begun(struct sync *sync, const char *patient, bool *begun, struct error *error)
{
    char scope[SCOPE_SIZE];
    char value[CURSOR_SIZE] = "";
    struct position position;
    charts_scope(scope, patient);
    enum status status = cursor_get(sync->store, scope, value, sizeof value, error);
    *begun = charts_position(value, &position);
    return status;
}

/* The caseload, in the order of the pull. */
enum part { PART_BEGUN_TODAY, PART_NEW_TODAY, PART_KNOWN, PART_BEGUN, PART_NEW, PARTS };

static enum status split(struct sync *sync, const struct caseload *caseload, const struct present *present,
                         struct caseload parts[PARTS], struct error *error)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < caseload->count && status == STATUS_OK; i++) {
        bool known = false;
        bool begun = false;
        status = is_known(sync, present, caseload->ids[i], &known, error);
        if (status == STATUS_OK && !known) {
            status = is_begun(sync, caseload->ids[i], &begun, error);
        }
        caseload_add(&parts[known ? PART_KNOWN : begun ? PART_BEGUN : PART_NEW], caseload->ids[i]);
    }
    for (size_t i = 0; i < PARTS && status == STATUS_OK; i++) {
        status = parts[i].status == STATUS_OK ? STATUS_OK : error_no_memory(error);
    }
    return status;
}

/* Puts today's patients first. Of those who are complete that matters only when they are too many for one group. Where
 * nothing comes between today's and the others, they are fetched together. */
static enum status order(struct pulling *pulling, struct caseload parts[PARTS], struct error *error)
{
    struct caseload today = {0};
    enum status status = STATUS_OK;
    size_t unread = parts[PART_BEGUN].count + parts[PART_NEW].count;
    bool together = parts[PART_KNOWN].count == 0 && (parts[PART_BEGUN].count == 0 || parts[PART_NEW].count == 0);
    if (unread > FIRST_GROUP || (unread > 0 && !together)) {
        status = caseload_today_there(pulling->sync, pulling->result, &today, error);
    }
    if (status == STATUS_OK && parts[PART_KNOWN].count > GROUP_SIZE) {
        status = caseload_today_here(pulling->sync, &today, error);
    }
    if (status == STATUS_OK) {
        status = caseload_take_first(&parts[PART_BEGUN], &today, &parts[PART_BEGUN_TODAY], error);
    }
    bool between = parts[PART_BEGUN].count + parts[PART_KNOWN].count > 0;
    if (status == STATUS_OK) {
        status = caseload_take_first(&parts[PART_NEW], &today, between ? &parts[PART_NEW_TODAY] : NULL, error);
    }
    if (status == STATUS_OK) {
        status = caseload_take_first(&parts[PART_KNOWN], &today, NULL, error);
    }
    caseload_free(&today);
    return status;
}

/* Fetches some patients, `first` together and then twice as many each time; *done counts those who were read whole. */
static enum status pull_each(struct pulling *pulling, const struct caseload *caseload, bool known, size_t first, int *done,
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
        sync_report(pulling->sync, SYNC_PULLING, *done, total, group->ids[0]);
        status = charts_pull(pulling, error);
        *done += status == STATUS_OK && !group->doubtful ? (int)group->count : 0;
    }
    pulling->group = NULL;
    memory_free(group);
    return status;
}

/* What kept charts from coming while others may: told at the end. */
struct trouble {
    struct error error;
    char words[sizeof ((struct last_exchange *)NULL)->words];
};

/* A chart that the server cannot deliver does not keep the others from being refreshed and compared. */
static enum status note_trouble(struct pulling *pulling, enum status status, struct trouble *trouble, struct error *error)
{
    struct last_exchange *last = &pulling->result->last;
    bool of_chart = status == STATUS_FAILED ? last->code != 401
                                            : status == STATUS_UNREACHABLE && (last->code == 500 || last->code == 410);
    if (!of_chart) {
        return status;
    }
    if (trouble->error.status == STATUS_OK) {
        (void)error_set(&trouble->error, status, "%s", error->sentence);
        text_copy(trouble->words, sizeof trouble->words, last->words);
    }
    last->words[0] = '\0';
    error_clear(error);
    return STATUS_OK;
}

static enum status pull_parts(struct pulling *pulling, const struct caseload parts[PARTS], int total, struct trouble *trouble,
                              struct error *error)
{
    int done = 0;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < PARTS && status == STATUS_OK; i++) {
        bool known = i == PART_KNOWN;
        status = pull_each(pulling, &parts[i], known, known ? GROUP_SIZE : FIRST_GROUP, &done, total, error);
        status = status == STATUS_OK ? status : note_trouble(pulling, status, trouble, error);
    }
    sync_report(pulling->sync, SYNC_PULLING, done, total, "");
    return status;
}

static enum status pull_members(struct pulling *pulling, const struct caseload *caseload, const struct present *present,
                                struct error *error)
{
    struct caseload parts[PARTS] = {{.count = 0}};
    struct trouble trouble = {.words = ""};
    enum status status = split(pulling->sync, caseload, present, parts, error);
    if (status == STATUS_OK) {
        status = order(pulling, parts, error);
    }
    if (status == STATUS_OK) {
        status = pull_parts(pulling, parts, (int)caseload->count, &trouble, error);
    }
    if (status == STATUS_OK) {
        status = manifest_check(pulling, &parts[PART_KNOWN], error);
    }
    if (status == STATUS_OK) {
        status = versions_check(pulling, &parts[PART_KNOWN], error);
    }
    if (status == STATUS_OK && trouble.error.status != STATUS_OK) {
        text_copy(pulling->result->last.words, sizeof pulling->result->last.words, trouble.words);
        status = error_set(error, trouble.error.status, "%s", trouble.error.sentence);
    }
    for (size_t i = 0; i < PARTS; i++) {
        caseload_free(&parts[i]);
    }
    return status;
}

/* The nurse is told once, by name, even where something unsent keeps the Patient here. */
static enum status note_departure(struct pulling *pulling, const char *patient, struct error *error)
{
    char name[LABEL_SIZE];
    char *names = pulling->result->departed;
    size_t room = sizeof pulling->result->departed;
    enum status status = query_patient_name(pulling->sync->store, patient, name, error);
    if (status == STATUS_OK) {
        size_t length = strlen(names);
        if (pulling->result->entry.departed == 0 || length + strlen(name) + 2 < room) {
            text_format(names + length, room - length, length == 0 ? "%s" : ", %s", name);
        }
        pulling->result->entry.departed++;
    }
    return status;
}

/* Whether the chart of someone present came from the server and nobody was told yet that it leaves. *value: the cursor. */
static enum status is_unannounced(struct pulling *pulling, const struct present *present, const char *patient,
                                  char value[CURSOR_SIZE], bool *unannounced, struct error *error)
{
    char scope[SCOPE_SIZE];
    charts_scope(scope, patient);
    enum status status = cursor_get(pulling->sync->store, scope, value, CURSOR_SIZE, error);
    *unannounced = status == STATUS_OK && charts_delivered(value) && !caseload_has(&present->left, patient);
    return status;
}

/* A patient who left the caseload. The cursor stays while something unsent keeps the Patient here. Who is here from a former
 * server, or left before, waits for nothing else; the others only leave when the caseload is `believed`. */
static enum status release(struct pulling *pulling, const struct present *present, const char *patient, bool believed,
                           struct error *error)
{
    struct store *store = pulling->sync->store;
    char scope[SCOPE_SIZE];
    char value[CURSOR_SIZE] = "";
    char *body = NULL;
    bool unannounced = false;
    enum status status = is_unannounced(pulling, present, patient, value, &unannounced, error);
    if (status != STATUS_OK || value[0] == '\0' || (unannounced && !believed)) {
        return status;
    }
    if (unannounced) {
        status = note_departure(pulling, patient, error);
    }
    if (status == STATUS_OK) {
        status = record_release_patient(store, patient, error);
    }
    if (status == STATUS_OK) {
        status = query_body(store, "Patient", patient, &body, error);
        memory_free(body);
        /* What is left of the chart is in no order: should the patient come back, it is read from the beginning. */
        const char *left = charts_delivered(value) ? CURSOR_BEGUN : value;
        charts_scope(scope, patient);
        if (status == STATUS_OK || status == STATUS_NOT_FOUND) {
            status = record_set_cursor(store, scope, status == STATUS_OK ? left : "", error);
        }
    }
    return status;
}

/* How many charts a caseload that has become empty leaves here. */
static enum status count_left(struct pulling *pulling, const struct present *present, int *count, struct error *error)
{
    enum status status = STATUS_OK;
    *count = 0;
    for (size_t i = 0; i < present->all.count && status == STATUS_OK; i++) {
        char value[CURSOR_SIZE];
        bool unannounced = false;
        status = is_unannounced(pulling, present, present->all.ids[i], value, &unannounced, error);
        *count += unannounced ? 1 : 0;
    }
    return status;
}

/* An empty caseload is believed when a later run finds it empty too, and the server says each time, when it is asked once
 * more, that nobody belongs to it. *believed: also of one that is not empty. */
static enum status believe(struct pulling *pulling, const struct caseload *caseload, const struct present *present,
                           bool *believed, struct error *error)
{
    char before[CURSOR_SIZE] = "";
    char scope[CURSOR_SIZE];
    bool empty = false;
    int left = 0;
    text_copy(scope, sizeof scope, caseload->scope);
    enum status status = cursor_get(pulling->sync->store, EMPTY_SCOPE, before, sizeof before, error);
    *believed = caseload->count > 0 || strcmp(before, scope) == 0;
    if (status != STATUS_OK || caseload->count > 0) {
        return status == STATUS_OK && before[0] != '\0' ? sync_set_cursor(pulling->sync, EMPTY_SCOPE, "", error) : status;
    }
    status = count_left(pulling, present, &left, error);
    if (status != STATUS_OK || left == 0) {
        return status;
    }
    status = caseload_is_empty(pulling->sync, pulling->result, caseload, &empty, error);
    *believed = *believed && empty;
    if (status == STATUS_OK && !empty) {
        pulling->result->untold = true;
    } else if (status == STATUS_OK && !*believed) {
        pulling->result->emptied = left;
        status = sync_set_cursor(pulling->sync, EMPTY_SCOPE, scope, error);
    }
    return status;
}

static enum status release_others(struct pulling *pulling, const struct caseload *caseload, const struct present *present,
                                  struct error *error)
{
    struct store *store = pulling->sync->store;
    char back[CURSOR_SIZE] = "";
    bool believed = false;
    if (caseload->doubtful) {
        pulling->result->untold = caseload->count == 0;
        return STATUS_OK;
    }
    /* What a server that was put back has forgotten may be nowhere but here: that is looked for first, by the next run. */
    enum status status = cursor_get(store, CURSOR_PUT_BACK, back, sizeof back, error);
    if (status == STATUS_OK && strcmp(back, PUT_BACK) != 0) {
        status = believe(pulling, caseload, present, &believed, error);
    }
    size_t first = 0;
    while (first < present->all.count && caseload_has(caseload, present->all.ids[first])) {
        first++;
    }
    if (status != STATUS_OK || strcmp(back, PUT_BACK) == 0 || first == present->all.count) {
        return status;
    }
    status = record_begin(store, error);
    if (status != STATUS_OK) {
        return status;
    }
    for (size_t i = first; i < present->all.count && status == STATUS_OK; i++) {
        if (!caseload_has(caseload, present->all.ids[i])) {
            status = release(pulling, present, present->all.ids[i], believed, error);
        }
    }
    status = sync_end_page(store, status, error);
    if (status != STATUS_OK) {
        pulling->result->entry.departed = 0;
        pulling->result->departed[0] = '\0';
    }
    return status;
}

/* The caseload is as of now only when nothing of it is missing: nobody absent, nothing set aside, no doubt who belongs to it. */
static enum status note_as_of(struct pulling *pulling, const struct caseload *caseload, struct error *error)
{
    bool whole = !caseload->doubtful && pulling->result->emptied == 0 && !pulling->result->untold &&
                 strcmp(pulling->cursor, CURSOR_BEGUN) != 0;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < caseload->count && whole && status == STATUS_OK; i++) {
        status = outbox_chart_is_whole(pulling->sync->store, caseload->ids[i], &whole, error);
    }
    text_copy(pulling->result->entry.data_as_of, sizeof pulling->result->entry.data_as_of,
              status == STATUS_OK && whole ? pulling->cursor : "");
    return status;
}

/* An older version may come from a copy that lags behind. Asked for by itself it is what the server holds. */
static enum status check_older(struct pulling *pulling, struct error *error)
{
    struct store *store = pulling->sync->store;
    struct apply_outcome outcome = {.older = false};
    cJSON *resource = NULL;
    if (pulling->older_id[0] == '\0') {
        return STATUS_OK;
    }
    enum status status = exchange_read(pulling->sync, pulling->result, pulling->older_type, pulling->older_id, &resource, error);
    if (status == STATUS_NOT_FOUND || status == STATUS_FAILED) {
        pulling->result->last.words[0] = '\0';
        return STATUS_OK;
    }
    struct incoming incoming = {.resource = resource, .where = PLACE_SERVER};
    if (status == STATUS_OK) {
        status = record_begin(store, error);
        if (status == STATUS_OK) {
            status = sync_end_page(store, record_apply(store, &incoming, APPLY_FROM_SERVER, &outcome, error), error);
        }
    }
    if (status == STATUS_OK && outcome.older) {
        pulling->result->older = true;
        status = record_set_cursor(store, CURSOR_PUT_BACK, PUT_BACK, error);
    }
    cJSON_Delete(resource);
    return status;
}

enum status sync_pull(struct sync *sync, struct sync_result *result, struct error *error)
{
    struct pulling pulling = {.sync = sync, .result = result, .cursor = CURSOR_BEGUN};
    struct caseload caseload = {0};
    struct present present = {0};
    sync_report(sync, SYNC_PULLING, 0, 0, "");
    enum status status = caseload_fetch(sync, result, &caseload, error);
    if (status == STATUS_OK && result->server_clock != INSTANT_NONE) {
        /* Whoever wrote the Date may be ahead of the clock that stamps the resources: then nothing new would be asked for. */
        instant now = clock_now(&sync->clock);
        instant_format_utc(pulling.cursor, sizeof pulling.cursor, result->server_clock < now ? result->server_clock : now);
    }
    if (status == STATUS_OK) {
        status = read_present(sync, &present, error);
    }
    if (status == STATUS_OK) {
        status = pull_members(&pulling, &caseload, &present, error);
    }
    if (status == STATUS_OK) {
        status = check_older(&pulling, error);
    }
    if (status == STATUS_OK) {
        status = release_others(&pulling, &caseload, &present, error);
    }
    if (status == STATUS_OK) {
        status = note_as_of(&pulling, &caseload, error);
    }
    people_free(&pulling.people);
    caseload_free(&present.all);
    caseload_free(&present.complete);
    caseload_free(&present.left);
    caseload_free(&caseload);
    return status;
}
