/*
 * The manifest of the charts. See manifest.h. Called by pull.c.
 *
 * Numbers first, ids only where the numbers differ: charts hold all that the
 * server delivers, so equal numbers are equal sets.
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
#include "sync/versions.h"

#include <string.h>

#define MANIFEST_SCOPE "manifest" /* its cursor: when the last check ended */
#define NUMBERS_SCOPE "numbers"   /* the same of the last one that looked at numbers only */
#define CHANGES_DAYS 14           /* so long what a visit changed is asked for again */
#define UNKNOWN (-1)  /* the answer does not tell */
#define UNASKED (-2)  /* there was no answer */

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
 * tell is UNKNOWN. */
static enum status ask_totals(struct checking *checking, char **urls, size_t count, int64_t *totals, struct error *error)
{
    struct pulling *pulling = checking->pulling;
    struct transaction *batch = transaction_new("batch");
    enum status status = batch == NULL ? error_no_memory(error) : STATUS_OK;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        totals[i] = UNASKED;
        status = transaction_add_read(batch, urls[i], error);
    }
    if (status == STATUS_OK) {
        status = batch_ask(pulling->sync, pulling->result, batch, take_total, totals, error);
    }
    transaction_free(batch);
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        struct buffer url;
        cJSON *bundle = NULL;
        if (totals[i] != UNASKED) {
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

/* How many of a type some charts have here. */
static enum status count_here(struct checking *checking, const struct pulled_type *type, char (*patients)[ID_SIZE], size_t count,
                              int64_t *here, struct error *error)
{
    enum status status = STATUS_OK;
    *here = 0;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        struct ids held = {.items = NULL};
        status = versions_held(checking, type, patients[i], &held, error);
        *here += (int64_t)held.count;
        memory_free(held.items);
    }
    return status;
}

/* Ids and versions, whatever the numbers are. */
static enum status compare_charts(struct checking *checking, type_set types, char (*patients)[ID_SIZE], size_t count,
                                  struct error *error)
{
    enum status status = STATUS_OK;
    for (size_t at = 0; at < count && status == STATUS_OK;) {
        size_t compared = 0;
        status = versions_compare(checking, patients + at, count - at, types, &compared, error);
        at += compared;
    }
    return status;
}

/* Questions that go together, each for a type in some charts. */
struct round {
    const struct pulled_type *type[GROUP_SIZE];
    char (*patients[GROUP_SIZE])[ID_SIZE];
    size_t patient_count[GROUP_SIZE];
    size_t count;
    bool differs[GROUP_SIZE]; /* the answer */
    bool untold[GROUP_SIZE];  /* there was none: this server does not count */
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
        charts_append_question(round->type[i], round->patients[i], round->patient_count[i], checking->window, &url);
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
        round->differs[i] = there[i] != UNKNOWN && here != there[i];
        round->untold[i] = there[i] == UNKNOWN;
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
        status = round.differs[i] ? compare_charts(checking, type_set_of(type), patients + i, 1, error) : STATUS_OK;
    }
    return status;
}

static enum status check_group(struct checking *checking, char (*patients)[ID_SIZE], size_t count, struct error *error)
{
    struct round round = {.count = 0};
    type_set untold = 0;
    for (size_t i = 0; i < PULLED_TYPES; i++) {
        round.type[round.count] = &pulled_types[i];
        round.patients[round.count] = patients;
        round.patient_count[round.count++] = count;
    }
    enum status status = ask_round(checking, &round, error);
    for (size_t i = 0; i < round.count && status == STATUS_OK; i++) {
        status = round.differs[i] ? check_type(checking, round.type[i], patients, count, error) : STATUS_OK;
        if (round.untold[i] && !round.type[i]->windowed) { /* readings are many: those once a day */
            untold |= type_set_of(round.type[i]);
        }
    }
    return status == STATUS_OK && untold != 0 ? compare_charts(checking, untold, patients, count, error) : status;
}

/* --- what the server accepted from here ------------------------------------------------------------ */

/* Whether the server still has what no number tells of: changes of the last days, what is in no chart (who signed it, and the
 * nurse's own entry); and once it is known to have gone back, all that it accepted, also that of patients who are leaving. */
static enum status check_own(struct checking *checking, struct error *error)
{
    struct sync *sync = checking->pulling->sync;
    struct names names = {.status = STATUS_OK};
    instant since = checking->whole ? 0 : instant_add_days(clock_now(&sync->clock), -CHANGES_DAYS);
    enum status status = outbox_each_own(sync->store, checking->whole, since, names_add, &names, error);
    if (status == STATUS_OK) {
        status = compare_names(checking, &names, error);
    }
    memory_free(names.items);
    return status;
}

/* --- the check --------------------------------------------------------------------------------------- */

/* Whether all is to be compared: at once when the server is known to have gone back, and once more when it is time again. */
static enum status is_put_back(struct sync *sync, bool due, bool *back, struct error *error)
{
    char value[CURSOR_SIZE];
    enum status status = cursor_get(sync->store, CURSOR_PUT_BACK, value, sizeof value, error);
    *back = strcmp(value, PUT_BACK) == 0 || (due && strcmp(value, PUT_BACK_SEEN) == 0);
    return status;
}

enum status manifest_is_past(struct sync *sync, const char *scope, int hours, bool *past, struct error *error)
{
    char value[CURSOR_SIZE];
    instant last = INSTANT_NONE;
    instant now = clock_now(&sync->clock);
    enum status status = cursor_get(sync->store, scope, value, sizeof value, error);
    *past = !instant_parse(value, &last, NULL) || now < last || now - last >= hours * INSTANT_HOUR;
    return status;
}

/* A whole check looks at the numbers too. */
static enum status numbers_are_due(struct sync *sync, bool *due, struct error *error)
{
    enum status status = manifest_is_past(sync, MANIFEST_SCOPE, NUMBERS_HOURS, due, error);
    return status == STATUS_OK && *due ? manifest_is_past(sync, NUMBERS_SCOPE, NUMBERS_HOURS, due, error) : status;
}

/* `back`: what to remember of a server that went back; NULL: as it is. */
static enum status note_done(struct sync *sync, const char *scope, const char *back, struct error *error)
{
    char now[CURSOR_SIZE];
    instant_format_utc(now, sizeof now, clock_now(&sync->clock));
    enum status status = record_begin(sync->store, error);
    if (status != STATUS_OK) {
        return status;
    }
    status = record_set_cursor(sync->store, scope, now, error);
    if (status == STATUS_OK && back != NULL) {
        status = record_set_cursor(sync->store, CURSOR_PUT_BACK, back, error);
    }
    return sync_end_page(sync->store, status, error);
}

static enum status check_groups(struct checking *checking, const struct caseload *patients, struct error *error)
{
    enum status status = STATUS_OK;
    for (size_t at = 0; at < patients->count && status == STATUS_OK; at += GROUP_SIZE) {
        size_t count = patients->count - at < GROUP_SIZE ? patients->count - at : GROUP_SIZE;
        status = checking->whole ? compare_charts(checking, ALL_TYPES, patients->ids + at, count, error)
                                 : check_group(checking, patients->ids + at, count, error);
    }
    return status;
}

/* The nurse's own work first, save when only the numbers are due. What is found out on the way makes it a comparison of
 * everything. */
static enum status check(struct checking *checking, const struct caseload *patients, bool numbers, struct error *error)
{
    bool again = true;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && again) {
        bool whole = checking->whole;
        status = numbers && !whole ? STATUS_OK : check_own(checking, error);
        if (status == STATUS_OK) {
            status = check_groups(checking, patients, error);
        }
        if (status == STATUS_OK && !whole) {
            status = is_put_back(checking->pulling->sync, false, &checking->whole, error);
        }
        again = checking->whole && !whole;
    }
    return status;
}

enum status manifest_check(struct pulling *pulling, const struct caseload *patients, struct error *error)
{
    struct checking checking = {.pulling = pulling, .window = charts_window(pulling->sync)};
    struct error trouble = {0};
    char before[CURSOR_SIZE];
    bool due = false;
    bool numbers = false;
    enum status status = manifest_is_past(pulling->sync, MANIFEST_SCOPE, MANIFEST_HOURS, &due, error);
    if (status == STATUS_OK) {
        status = is_put_back(pulling->sync, due, &checking.whole, error);
    }
    if (status == STATUS_OK) {
        status = cursor_get(pulling->sync->store, CURSOR_PUT_BACK, before, sizeof before, error);
    }
    if (status == STATUS_OK && !due) {
        status = numbers_are_due(pulling->sync, &numbers, error);
    }
    if (status != STATUS_OK || (!due && !checking.whole && !numbers)) {
        return status;
    }
    status = check(&checking, patients, numbers, &trouble);
    if (compare_is_refused(pulling, status)) {
        log_event("manifest-refused", 0, (long)patients->count); /* a server that cannot be asked so still gives charts */
        pulling->result->last.words[0] = '\0';
        status = STATUS_OK;
    }
    if (status != STATUS_OK) {
        return error_set(error, status, "%s", trouble.sentence);
    }
    const char *back = strcmp(before, PUT_BACK_SEEN) == 0 ? "" : PUT_BACK_SEEN;
    return note_done(pulling->sync, due || checking.whole ? MANIFEST_SCOPE : NUMBERS_SCOPE,
                     checking.whole && checking.looked_up <= LOOKED_UP_AT_MOST ? back : NULL, error);
}
