/*
 * What the server has already of what is about to go out. See push.h.
 *
 * A creation whose last try went unanswered may have arrived: it is asked for
 * by its identifier before it goes again, because not every server heeds the
 * condition that it carries. Nor does every server heed If-Match, and those
 * that do may pass over it where nothing is: what updates are of is asked for
 * too. A server that does not answer such questions gets it all the same.
 */
#include "sync/push.h"

#include "base/memory.h"
#include "base/text.h"
#include "sync/batch.h"
#include "sync/exchange.h"
#include "sync/pages.h"

#include <string.h>

#define ASKED_AT_MOST 40 /* things in one question: its address stays below what servers read */

struct question {
    char *url;      /* owned, relative to the server's base */
    bool answered;
};

struct hit {
    char id[ID_SIZE]; /* "" for none */
    char version[ID_SIZE];
};

struct asking {
    struct push *push;
    const struct push_batch *batch;
    struct question *questions; /* owned */
    size_t count, capacity;
    bool *handled;              /* owned: per row of the batch, whether it is in a question, or needs none */
    bool *wanted;               /* owned: per row of the batch, likewise: whether it was asked for at all */
    struct hit *hits;           /* owned: per row of the batch */
};

/* Takes `url`. */
static enum status add_question(struct asking *asking, struct buffer *url, struct error *error)
{
    void *grown = memory_grow(asking->questions, asking->count, &asking->capacity, sizeof *asking->questions);
    asking->questions = grown != NULL ? grown : asking->questions;
    char *text = grown != NULL ? buffer_take(url) : NULL;
    buffer_free(url);
    if (text == NULL) {
        return error_no_memory(error);
    }
    asking->questions[asking->count++] = (struct question){.url = text};
    return STATUS_OK;
}

/* What a row is searched by, and the value of that. */
static const char *key_of(const struct outbox_row *row, char parameter[ID_SIZE])
{
    size_t length = strcspn(row->if_none_exist, "=");
    if (row->is_update) {
        text_copy(parameter, ID_SIZE, "_id");
        return row->id;
    }
    return text_format(parameter, ID_SIZE, "%.*s", (int)length, row->if_none_exist) && row->if_none_exist[length] != '\0'
               ? row->if_none_exist + length + 1
               : NULL;
}

/* One question for the row `first` and those behind it that can be asked for together with it. */
static enum status ask_together(struct asking *asking, size_t first, struct error *error)
{
    const struct outbox_row *row = asking->batch->rows[first];
    char parameter[ID_SIZE];
    char other_parameter[ID_SIZE];
    struct buffer url;
    (void)key_of(row, parameter);
    buffer_init(&url, URL_SIZE);
    buffer_format(&url, "%s?%s=", row->type, parameter);
    for (size_t i = first, count = 0; i < asking->batch->count && count < ASKED_AT_MOST; i++) {
        const struct outbox_row *other = asking->batch->rows[i];
        const char *value = key_of(other, other_parameter);
        if (!asking->handled[i] && strcmp(other->type, row->type) == 0 && strcmp(parameter, other_parameter) == 0) {
            buffer_append_text(&url, count++ > 0 ? "," : "");
            url_append_escaped(&url, value);
            asking->handled[i] = true;
        }
    }
    buffer_format(&url, "&_elements=%s&_count=50", row->is_update ? "id" : "identifier");
    return add_question(asking, &url, error);
}

/* Whether something that the server has is what this row wants to create, or to change. */
static bool is_of(const struct outbox_row *row, const struct resource_head *head, const char *uuid)
{
    return strcmp(row->type, head->type) == 0 && (row->is_update ? strcmp(row->id, head->id) == 0 : strcmp(row->uuid, uuid) == 0);
}

static enum status note_hit(void *context, size_t index, const struct bundle_entry *entry, struct error *error)
{
    struct asking *asking = context;
    struct resource_head head;
    char uuid[UUID_SIZE] = "";
    (void)index;
    (void)error;
    if (entry->resource == NULL || resource_head_read(entry->resource, &head, NULL) != STATUS_OK) {
        return STATUS_OK;
    }
    if (!resource_own_uuid(entry->resource, uuid)) {
        uuid[0] = '\0';
    }
    for (size_t i = 0; i < asking->batch->count; i++) {
        const struct outbox_row *row = asking->batch->rows[i];
        if (asking->hits[i].id[0] == '\0' && is_of(row, &head, uuid)) {
            text_copy(asking->hits[i].id, ID_SIZE, head.id);
            text_copy(asking->hits[i].version, ID_SIZE, head.version);
        }
    }
    return STATUS_OK;
}

static enum status note_hits(void *context, const cJSON *bundle, struct error *error)
{
    return bundle_each(bundle, note_hit, context, error);
}

static enum status note_answer(void *context, size_t index, const cJSON *bundle, struct error *error)
{
    struct asking *asking = context;
    int64_t matches = 0;
    int64_t total = 0;
    if (index < asking->count && bundle_next(bundle) == NULL && bundle_check_search(bundle, "", &matches, NULL) == STATUS_OK &&
        (!bundle_total(bundle, &total) || matches >= total)) {
        asking->questions[index].answered = true;
        return note_hits(asking, bundle, error);
    }
    return STATUS_OK; /* too long for one page, or not whole: it is asked by itself */
}

bool push_unsupported(enum status status, long code)
{
    if (status == STATUS_FAILED) {
        return code != 401 && (code < 300 || code >= 400);
    }
    return status == STATUS_NOT_FOUND || (status == STATUS_UNREACHABLE && code >= 400 && code != 408 && code != 429 && code != 502 &&
                                          code != 503 && code != 504);
}

static enum status ask_one(struct asking *asking, const struct question *question, struct error *error)
{
    struct push *push = asking->push;
    struct error trouble = {0};
    struct buffer url;
    buffer_init(&url, URL_SIZE);
    buffer_format(&url, "%s/%s", push->sync->server, question->url);
    enum status status = url.status == STATUS_OK ? search_each_page(push->sync, push->result, buffer_text(&url), note_hits, asking,
                                                                    &trouble)
                                                 : error_no_memory(&trouble);
    buffer_free(&url);
    if (push_unsupported(status, push->result->last.code)) {
        push->result->last.words[0] = '\0';
        return STATUS_OK;
    }
    return status == STATUS_OK ? STATUS_OK : error_set(error, status, "%s", trouble.sentence);
}

static enum status ask(struct asking *asking, struct error *error)
{
    enum status status = STATUS_OK;
    if (asking->count > 1) {
        struct transaction *questions = transaction_new("batch");
        for (size_t i = 0; i < asking->count && questions != NULL && status == STATUS_OK; i++) {
            status = transaction_add_read(questions, asking->questions[i].url, error);
        }
        if (status == STATUS_OK) {
            status = batch_ask(asking->push->sync, asking->push->result, questions, note_answer, asking, error);
        }
        transaction_free(questions);
    }
    for (size_t i = 0; i < asking->count && status == STATUS_OK; i++) {
        status = asking->questions[i].answered ? STATUS_OK : ask_one(asking, &asking->questions[i], error);
    }
    return status;
}

/* Whether a row is still to go. */
static enum status take_hit(struct asking *asking, size_t index, bool *goes, struct error *error)
{
    const struct outbox_row *row = asking->batch->rows[index];
    const struct hit *hit = &asking->hits[index];
    bool there = hit->id[0] != '\0';
    *goes = !row->is_update ? !there : !asking->wanted[index] || (there && strcmp(hit->version, row->base_version) == 0);
    if (*goes) {
        return STATUS_OK;
    }
    return row->is_update ? push_meet(asking->push, row, goes, error) : push_found(asking->push, row, hit->id, hit->version, error);
}

static enum status take_hits(struct asking *asking, struct push_batch *batch, struct error *error)
{
    enum status status = STATUS_OK;
    size_t kept = 0;
    for (size_t i = 0; i < batch->count && status == STATUS_OK; i++) {
        bool goes = true;
        status = take_hit(asking, i, &goes, error);
        if (goes) {
            batch->rows[kept++] = batch->rows[i];
        }
    }
    batch->count = status == STATUS_OK ? kept : batch->count;
    return status;
}

/* Asks for the rows that are wanted. */
static enum status ask_for(struct push *push, struct push_batch *batch,
                           bool (*wants)(const struct push *push, const struct outbox_row *row), struct error *error)
{
    char parameter[ID_SIZE];
    struct asking asking = {.push = push, .batch = batch};
    enum status status = STATUS_OK;
    asking.handled = memory_allocate_array(batch->count + 1, sizeof *asking.handled);
    asking.wanted = memory_allocate_array(batch->count + 1, sizeof *asking.wanted);
    asking.hits = memory_allocate_array(batch->count + 1, sizeof *asking.hits);
    if (asking.handled == NULL || asking.wanted == NULL || asking.hits == NULL) {
        status = error_no_memory(error);
        goto out;
    }
    for (size_t i = 0; i < batch->count; i++) {
        asking.wanted[i] = key_of(batch->rows[i], parameter) != NULL && wants(push, batch->rows[i]);
        asking.handled[i] = !asking.wanted[i];
    }
    for (size_t i = 0; i < batch->count && status == STATUS_OK; i++) {
        status = asking.handled[i] ? STATUS_OK : ask_together(&asking, i, error);
    }
    if (status == STATUS_OK) {
        status = ask(&asking, error);
    }
    if (status == STATUS_OK) {
        status = take_hits(&asking, batch, error);
    }
out:
    for (size_t i = 0; i < asking.count; i++) {
        memory_free(asking.questions[i].url);
    }
    memory_free(asking.questions);
    memory_free(asking.handled);
    memory_free(asking.wanted);
    memory_free(asking.hits);
    return status;
}

/* What is merged was read a moment ago. */
static bool wants_before(const struct push *push, const struct outbox_row *row)
{
    return row->is_update ? !push->merging : row->attempts > 0 && row->http_status == 0;
}

static bool wants_again(const struct push *push, const struct outbox_row *row)
{
    (void)push;
    return !row->is_update;
}

enum status push_ask(struct push *push, struct push_batch *batch, struct error *error)
{
    return ask_for(push, batch, wants_before, error);
}

enum status push_ask_again(struct push *push, struct push_batch *batch, struct error *error)
{
    return ask_for(push, batch, wants_again, error);
}
