/*
 * Sending what waits: visit by visit, halving, limits. See push.h.
 *
 * What concerns one entry (refused, changed by someone else) never stops the
 * others. What concerns the line ends the sending, unless one visit has met it
 * POISON_ATTEMPTS times: then the others are tried. What the server answers
 * badly is the concern of push_ill.c.
 */
#include "sync/push.h"

#include "base/memory.h"
#include "base/text.h"
#include "fhir/bundle.h"
#include "sync/exchange.h"
#include "sync/portion.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MERGE_ROUNDS 2
#define ENTRIES_AT_MOST 200

enum status push_put_back(struct push *push, const struct push_batch *batch, const char *why, struct error *error)
{
    int64_t *numbers = push_numbers(batch);
    enum status status = numbers == NULL ? error_no_memory(error)
                                         : outbox_mark_unknown(push->sync->store, numbers, batch->count, why, error);
    memory_free(numbers);
    return status;
}

/* The rows wait again; `status` and its sentence are what the run ends with. */
static enum status give_up(struct push *push, const struct push_batch *batch, enum status status, struct error *error)
{
    struct error trouble = {0};
    enum status marked = push_put_back(push, batch, error->sentence, &trouble);
    return marked == STATUS_OK ? status : error_set(error, marked, "%s", trouble.sentence);
}

/* Nothing of it was carried out, and that is known. */
static enum status mark_answered(struct push *push, const struct push_batch *batch, long code, struct error *error)
{
    int64_t *numbers = push_numbers(batch);
    enum status status = numbers == NULL ? error_no_memory(error)
                                         : outbox_mark_answered(push->sync->store, numbers, batch->count, (int)code, error);
    memory_free(numbers);
    return status;
}

static enum status push_send(struct push *push, const struct push_batch *batch, struct error *error);

/* The first half has what the second depends on. */
static enum status push_halves(struct push *push, const struct push_batch *batch, struct error *error)
{
    size_t middle = (batch->count + 1) / 2;
    struct push_batch first = {.rows = batch->rows, .count = middle};
    struct push_batch second = {.rows = batch->rows + middle, .count = batch->count - middle};
    enum status status = first.count > 0 ? push_send(push, &first, error) : STATUS_OK;
    return status == STATUS_OK && second.count > 0 ? push_send(push, &second, error) : status;
}

static int attempts_of(const struct push_batch *batch)
{
    int most = 0;
    for (size_t i = 0; i < batch->count; i++) {
        most = batch->rows[i]->attempts > most ? batch->rows[i]->attempts : most;
    }
    return most;
}

static enum status refuse(struct push *push, const struct outbox_row *row, const struct response *response, struct error *error)
{
    cJSON *outcome = NULL;
    enum status status = exchange_document(response, &outcome, error);
    if (status == STATUS_OK || status == STATUS_UNREACHABLE) { /* a refusal without words is still one */
        status = push_refuse(push, row, (int)response->status, outcome, error);
    }
    cJSON_Delete(outcome);
    return status;
}

/* A success that says nothing of the entries: what became of them is unknown. */
static enum status not_an_answer(struct error *error)
{
    return error_set(error, STATUS_UNREACHABLE,
                     _("the server's answer was cut short or is not FHIR; nothing of it was used, it is asked again"));
}

/* Halves go on their own. What may have arrived is asked for before. */
static enum status push_parts(struct push *push, const struct push_batch *batch, long code, struct error *error)
{
    struct push_batch left = *batch;
    enum status status = outbox_leaves_open(code) ? push_ask_again(push, &left, error) : STATUS_OK;
    return status == STATUS_OK ? push_halves(push, &left, error) : give_up(push, &left, status, error);
}

/* Neither taken nor refused, which may be the server's fault, or that of something on the way, with all or with this one. */
static enum status push_badly(struct push *push, const struct push_batch *batch, const struct response *response,
                              struct error *error)
{
    const struct error concern = *error;
    error_clear(error);
    if (batch->count > 1 && (exchange_is_too_much(response->status) || push_may_halve(push))) {
        return push_parts(push, batch, response->status, error);
    }
    return push_fall_ill(push, batch, response, &concern, error);
}

/* The server, or something on the way, said no to the request. */
static enum status push_refused(struct push *push, const struct push_batch *batch, const struct response *response,
                                struct error *error)
{
    long code = response->status;
    bool changed = false;
    enum status status = code == 413 ? STATUS_OK : push_unlink(push, batch, &changed, error);
    if (status != STATUS_OK) {
        return give_up(push, batch, status, error);
    }
    if (changed) {
        return push_send(push, batch, error);
    }
    if (batch->count > 1) {
        push->cut = push->cut || code == 400;
        return push_halves(push, batch, error);
    }
    return refuse(push, batch->rows[0], response, error);
}

/* The server answered, but not with the answer to a transaction. */
static enum status push_answered(struct push *push, const struct push_batch *batch, const struct response *response,
                                 struct error *error)
{
    struct error trouble = {0};
    long code = response->status;
    enum status concern = code < 300 ? not_an_answer(error) : exchange_refusal(response, error);
    enum status noted = outbox_leaves_open(code) ? STATUS_OK : mark_answered(push, batch, code, &trouble);
    if (noted != STATUS_OK) {
        return give_up(push, batch, error_set(error, noted, "%s", trouble.sentence), error);
    }
    if (concern == STATUS_OK) {
        return push_refused(push, batch, response, error);
    }
    if (code == 401 || code == 429 || code == 503) {
        return give_up(push, batch, concern, error);
    }
    return push_badly(push, batch, response, error);
}

static enum status push_accepted(struct push *push, const struct push_batch *batch, const struct response *response,
                                 struct error *error)
{
    cJSON *answer = NULL;
    int before = push->result->entry.pushed;
    enum status status = exchange_document(response, &answer, error);
    if (status == STATUS_OK && !bundle_is(answer)) {
        status = not_an_answer(error);
    }
    if (status == STATUS_OK) {
        push->taken = batch->count > push->taken ? batch->count : push->taken;
        status = push_settle(push, batch, answer, error);
        push->passed = push->passed || push->result->entry.pushed > before;
    } else {
        status = status == STATUS_UNREACHABLE ? push_badly(push, batch, response, error) : give_up(push, batch, status, error);
    }
    cJSON_Delete(answer);
    return status;
}

/* Too large for one request: in halves, or refused by ourselves when it stands alone. */
static enum status push_too_large(struct push *push, const struct push_batch *batch, struct error *error)
{
    if (batch->count > 1) {
        return push_halves(push, batch, error);
    }
    push->result->entry.rejected++;
    return record_refuse(push->sync->store, batch->rows[0]->number, 413, _("it is too large to send"), error);
}

/* No answer. A visit goes whole as long as there is a hope that it gets through: only what stuck while it was being sent,
 * or went unanswered before, goes in parts the next time. */
static enum status push_unanswered(struct push *push, const struct push_batch *batch, const struct response *response,
                                   size_t length, enum status status, struct error *error)
{
    struct error trouble = {0};
    push->stuck = response->end == EXCHANGE_UNKNOWN || response->end == EXCHANGE_TOO_LARGE;
    if (push->stuck && batch->count > 1 && (response->sent_in_part || attempts_of(batch) > 0)) {
        enum status noted = portion_shrink(push->sync, PORTION_BODY, length, NULL, &trouble);
        status = noted == STATUS_OK ? status : error_set(error, noted, "%s", trouble.sentence);
    }
    if (response->end == EXCHANGE_NOT_SENT) {
        enum status noted = mark_answered(push, batch, OUTBOX_NOT_SENT, &trouble);
        status = noted == STATUS_OK ? status : error_set(error, noted, "%s", trouble.sentence);
    }
    return give_up(push, batch, status, error);
}

static enum status push_send(struct push *push, const struct push_batch *batch, struct error *error)
{
    struct outgoing outgoing = {.text = NULL};
    struct response response;
    size_t most = 0;
    response_init(&response);
    enum status status = exchange_check_cancelled(push->sync, error);
    if (status == STATUS_OK) {
        status = portion_get(push->sync, PORTION_BODY, &most, error);
    }
    if (status == STATUS_OK) {
        status = push_build(push, batch, most, &outgoing, error);
    }
    if (status != STATUS_OK || outgoing.text == NULL) {
        goto out;
    }
    size_t length = strlen(outgoing.text);
    if (outgoing.too_large) {
        status = push_too_large(push, &outgoing.batch, error);
        goto out;
    }
    int64_t began = clock_monotonic(&push->sync->clock);
    status = exchange_post(push->sync, push->result, outgoing.text, false, &response, error);
    if (status != STATUS_OK) {
        status = push_unanswered(push, &outgoing.batch, &response, length, status, error);
    } else if (response.status == 200 || response.status == 201) {
        status = portion_refused(push->sync, 0, &most, error);
        if (status == STATUS_OK) {
            status = portion_note(push->sync, PORTION_BODY, length, clock_monotonic(&push->sync->clock) - began, most, error);
        }
        status = status == STATUS_OK ? push_accepted(push, &outgoing.batch, &response, error)
                                     : give_up(push, &outgoing.batch, status, error);
    } else {
        if (exchange_is_too_much(response.status) && outgoing.batch.count > 1) {
            status = portion_shrink(push->sync, PORTION_BODY, length, NULL, error);
        }
        if (status == STATUS_OK && response.status == 413 && outgoing.batch.count > 1) {
            status = portion_refused(push->sync, length, &most, error);
        }
        status = status == STATUS_OK ? push_answered(push, &outgoing.batch, &response, error)
                                     : give_up(push, &outgoing.batch, status, error);
    }
out:
    response_free(&response);
    outgoing_free(&outgoing);
    return status;
}

/* Collects the rows from *at on that go together: what waits of one visit, at most `limit`. */
static void gather(const struct outbox_rows *rows, size_t *at, size_t limit, struct push_batch *batch)
{
    const char *visit = rows->items[*at].visit;
    batch->count = 0;
    while (*at < rows->count && batch->count < limit && strcmp(rows->items[*at].visit, visit) == 0) {
        const struct outbox_row *row = &rows->items[(*at)++];
        if (row->state == OUTBOX_WAITING) {
            batch->rows[batch->count++] = row;
        }
        if (visit[0] == '\0') {
            return; /* what belongs to no visit stands alone */
        }
    }
}

static enum status entry_limit(struct sync *sync, size_t *limit, struct error *error)
{
    char text[24] = "";
    enum status status = store_setting_get(sync->store, SETTING_SERVER_LIMIT, text, sizeof text, error);
    long value = strtol(text, NULL, 10);
    *limit = value > 0 && value < ENTRIES_AT_MOST ? (size_t)value : ENTRIES_AT_MOST;
    return status;
}

/* A whole was refused and its parts were taken: the next visit is cut at once. */
static enum status remember_limit(struct push *push, struct error *error)
{
    char text[24];
    snprintf(text, sizeof text, "%zu", push->taken);
    return store_setting_set(push->sync->store, SETTING_SERVER_LIMIT, text, error);
}

static enum status push_group(struct push *push, const struct push_batch *batch, struct error *error)
{
    const struct journal_entry *entry = &push->result->entry;
    int before = entry->rejected + entry->conflicts;
    push->taken = 0;
    push->cut = false;
    push->stuck = false;
    push->looked = false;
    push->ill_now = false;
    push->halving = false;
    enum status status = push_send(push, batch, error);
    if (status == STATUS_OK && push->cut && push->taken > 0 && push->taken < batch->count &&
        before == entry->rejected + entry->conflicts) {
        status = remember_limit(push, error);
    }
    push->ill_visits += push->ill_now ? 1 : 0;
    if (status == STATUS_UNREACHABLE && push->stuck && attempts_of(batch) >= POISON_ATTEMPTS) {
        return STATUS_OK;
    }
    return status;
}

/* Only what the server has taken counts. What changed again while it was sent is taken twice. */
static void report_taken(struct push *push)
{
    int taken = push->result->entry.pushed;
    if (push->again) {
        return; /* what is told never goes back: the pull has begun */
    }
    sync_report(push->sync, SYNC_PUSHING, taken < push->waiting ? taken : push->waiting, push->waiting, "");
}

static enum status push_groups(struct push *push, struct push_batch *batch, struct error *error)
{
    enum status status = STATUS_OK;
    for (size_t at = 0; at < push->rows.count && status == STATUS_OK && push_goes_on(push);) {
        size_t limit = 0;
        report_taken(push);
        status = entry_limit(push->sync, &limit, error);
        if (status == STATUS_OK) {
            gather(&push->rows, &at, limit, batch);
            status = push_check(push, batch, error);
        }
        if (status == STATUS_OK) {
            status = push_confirm(push, batch, error);
        }
        if (status == STATUS_OK) {
            status = push_ask(push, batch, error);
        }
        if (status == STATUS_OK && batch->count > 0) {
            status = push_group(push, batch, error);
        }
    }
    return status;
}

static bool is_merged(const struct push *push, int64_t number)
{
    for (size_t i = 0; i < push->merged_count; i++) {
        if (push->merged[i] == number) {
            return true;
        }
    }
    return false;
}

/* Sends of the rows that wait only those that `chosen` says. */
static enum status push_only(struct push *push, bool (*chosen)(const struct push *push, int64_t number), size_t *count,
                             struct push_batch *batch, struct error *error)
{
    outbox_rows_free(&push->rows);
    enum status status = query_outbox(push->sync->store, &push->rows, error);
    for (size_t i = 0; i < push->rows.count; i++) {
        struct outbox_row *row = &push->rows.items[i];
        if (row->state == OUTBOX_WAITING && !chosen(push, row->number)) {
            row->state = OUTBOX_SENDING; /* not in this round; seen all the same, for what refers to it */
        }
    }
    *count = 0;
    return status == STATUS_OK ? push_groups(push, batch, error) : status;
}

/* What was merged goes at once, and only that; what somebody else keeps changing waits for the next sync. */
static enum status push_merged(struct push *push, struct push_batch *batch, struct error *error)
{
    enum status status = STATUS_OK;
    push->merging = true;
    for (int round = 0; round < MERGE_ROUNDS && push->merged_count > 0 && status == STATUS_OK; round++) {
        status = push_only(push, is_merged, &push->merged_count, batch, error);
    }
    push->merging = false;
    return status;
}

/* What was answered badly, while the server took other things. */
static enum status push_ill(struct push *push, struct push_batch *batch, struct error *error)
{
    if (push->ill_count == 0 || !push->passed) {
        return STATUS_OK;
    }
    push->well = true;
    push->merged_count = 0;
    error_clear(&push->result->complaint);
    enum status status = push_only(push, push_is_ill, &push->ill_count, batch, error);
    return status == STATUS_OK ? push_merged(push, batch, error) : status;
}

static enum status push_all(struct push *push, struct push_batch *batch, struct error *error)
{
    size_t count = push->rows.count;
    batch->rows = memory_allocate_array(count, sizeof *batch->rows);
    push->held = memory_allocate_array(count, sizeof *push->held);
    push->ill = memory_allocate_array(count, sizeof *push->ill);
    push->merged = memory_allocate_array(count, sizeof *push->merged);
    if (batch->rows == NULL || push->held == NULL || push->ill == NULL || push->merged == NULL) {
        return error_no_memory(error);
    }
    enum status status = push_groups(push, batch, error);
    if (status == STATUS_OK) {
        status = push_merged(push, batch, error);
    }
    if (status == STATUS_OK) {
        status = push_ill(push, batch, error);
    }
    return status;
}

static enum status run_push(struct push *push, struct error *error)
{
    struct push_batch batch = {.rows = NULL};
    struct sync *sync = push->sync;
    enum status status = outbox_recover(sync->store, error);
    if (status == STATUS_OK) {
        status = query_outbox(sync->store, &push->rows, error);
    }
    for (size_t i = 0; i < push->rows.count; i++) {
        push->waiting += push->rows.items[i].state == OUTBOX_WAITING;
    }
    if (status == STATUS_OK && push->rows.count > 0) {
        status = push_all(push, &batch, error);
    }
    if (status == STATUS_OK) {
        status = push_end_ill(push, error);
    } else if (outbox_recover(sync->store, NULL) != STATUS_OK) {
        push->stuck = true; /* nothing is lost: the next run begins with the same */
    }
    memory_free(batch.rows);
    memory_free(push->held);
    memory_free(push->ill);
    memory_free(push->merged);
    caseload_free(&push->fresh);
    caseload_free(&push->known);
    outbox_rows_free(&push->rows);
    return status;
}

enum status sync_push(struct sync *sync, struct sync_result *result, struct error *error)
{
    struct push push = {.sync = sync, .result = result};
    struct error local = {0};
    enum status status = run_push(&push, error != NULL ? error : &local);
    report_taken(&push);
    return status;
}

enum status sync_push_well(struct sync *sync, struct sync_result *result, struct error *error)
{
    struct push push = {.sync = sync, .result = result, .well = true, .again = true};
    struct error local = {0};
    error_clear(&result->complaint);
    return run_push(&push, error != NULL ? error : &local);
}
