/*
 * Visits that the server answers badly, which is no refusal and no "later": a
 * fault of its own, a web page, something that is no answer to a transaction.
 * See push.h.
 *
 * It may be the server, a network that wants a sign-in first, or what is in
 * this one visit. So the others are tried, and the pull. When any of that
 * passes, the visit is halved until what the server fails on stands alone.
 * Only what fails again and again while other things are taken is refused.
 */
#include "sync/push.h"

#include "base/text.h"
#include "fhir/bundle.h"
#include "sync/exchange.h"

#include <string.h>

#define ILL_AT_MOST 2 /* visits, before anything was taken: then the server is ill, most likely */

bool push_goes_on(const struct push *push)
{
    return push->well || push->passed || push->ill_visits < ILL_AT_MOST;
}

bool push_may_halve(struct push *push)
{
    if (push->well && !push->halving && (push->passed || push->halved < ILL_AT_MOST)) {
        push->halving = true;
        push->halved++;
    }
    return push->halving;
}

void push_note_ill(struct push *push, const struct outbox_row *row, bool alone, long code, bool worded, const struct error *concern)
{
    if (push->well && alone) {
        push->held[push->held_count++] = (struct held){.number = row->number, .code = (int)code, .worded = worded};
    } else {
        push->ill[push->ill_count++] = row->number;
    }
    push->ill_now = true;
    /* What has been so for some runs is nothing that passes by itself: the nurse is told that it waits. */
    if (push->result->complaint.status == STATUS_OK && row->attempts < POISON_ATTEMPTS) {
        push->result->complaint = *concern;
    }
}

/* What is to be read beside what waits; false when nothing came that says more than the concern does. */
static bool find_words(const struct push *push, const struct response *response, char *words, size_t size)
{
    cJSON *outcome = NULL;
    words[0] = '\0';
    if (exchange_document(response, &outcome, NULL) == STATUS_OK) {
        outcome_words(outcome, words, size);
    } else if (push->well && exchange_is_web_page(response)) {
        text_format(words, size,
                    _("a web page answered to this one (%ld), while the server answers to others: a filter on the way may refuse it; "
                      "tell the office"),
                    response->status);
    }
    cJSON_Delete(outcome);
    return words[0] != '\0';
}

enum status push_fall_ill(struct push *push, const struct push_batch *batch, const struct response *response,
                          const struct error *concern, struct error *error)
{
    char words[400];
    bool worded = find_words(push, response, words, sizeof words);
    for (size_t i = 0; i < batch->count; i++) {
        push_note_ill(push, batch->rows[i], batch->count == 1, response->status, worded, concern);
    }
    return push_put_back(push, batch, worded ? words : concern->sentence, error);
}

/* It failed by itself. *waits: it is tried again, for nothing tells yet that the fault is in it. */
static enum status refuse_held(struct push *push, const struct outbox_row *row, const struct held *held, bool *waits,
                               struct error *error)
{
    char words[512];
    *waits = row->attempts < POISON_ATTEMPTS || !push->passed;
    if (*waits) {
        return STATUS_OK;
    }
    text_copy(words, sizeof words, row->reason);
    if (!held->worded) {
        text_format(words, sizeof words, _("the server failed on this one again and again (%d) while it took others; tell the office"),
                    held->code);
    }
    push->result->entry.rejected++;
    return record_refuse(push->sync->store, row->number, held->code, words, error);
}

static const struct held *held_of(const struct push *push, int64_t number)
{
    for (size_t i = 0; i < push->held_count; i++) {
        if (push->held[i].number == number) {
            return &push->held[i];
        }
    }
    return NULL;
}

enum status push_end_ill(struct push *push, struct error *error)
{
    struct outbox_rows rows = {.items = NULL};
    bool any_waits = push->ill_count > 0;
    enum status status = push->held_count == 0 ? STATUS_OK : query_outbox(push->sync->store, &rows, error);
    for (size_t i = 0; i < rows.count && status == STATUS_OK; i++) {
        const struct held *held = held_of(push, rows.items[i].number);
        bool waits = false;
        if (rows.items[i].state == OUTBOX_WAITING && held != NULL) {
            status = refuse_held(push, &rows.items[i], held, &waits, error);
            any_waits = any_waits || waits;
        }
    }
    outbox_rows_free(&rows);
    push->result->ill = push->well ? 0 : (int)push->ill_count;
    if (!any_waits) {
        error_clear(&push->result->complaint);
    }
    return status;
}

bool push_is_ill(const struct push *push, int64_t number)
{
    for (size_t i = 0; i < push->ill_count; i++) {
        if (push->ill[i] == number) {
            return true;
        }
    }
    return false;
}
