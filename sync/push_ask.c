/*
 * What the server has already of what is about to go out. See push.h.
 *
 * A creation whose last try went unanswered may have arrived: it is asked for
 * by its identifier before it goes again, because not every server heeds the
 * condition that it carries. A server that does not answer such questions gets
 * it all the same.
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
    struct hit *hits;           /* owned: per row of the batch */
};

bool push_is_unknown(const struct outbox_row *row)
{
    return row->attempts > 0 && row->http_status == 0;
}

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

/* One question for the row `first` and those behind it that can be asked for together with it. */
static enum status ask_together(struct asking *asking, size_t first, struct error *error)
{
    const struct outbox_row *row = asking->batch->rows[first];
    size_t name = strcspn(row->if_none_exist, "=") + 1;
    struct buffer url;
    buffer_init(&url, URL_SIZE);
    buffer_format(&url, "%s?%.*s", row->type, (int)name, row->if_none_exist);
    for (size_t i = first, count = 0; i < asking->batch->count && count < ASKED_AT_MOST; i++) {
        const struct outbox_row *other = asking->batch->rows[i];
        if (!asking->handled[i] && strcmp(other->type, row->type) == 0 &&
            strncmp(other->if_none_exist, row->if_none_exist, name) == 0) {
            buffer_append_text(&url, count++ > 0 ? "," : "");
            url_append_escaped(&url, other->if_none_exist + name);
            asking->handled[i] = true;
        }
    }
    buffer_append_text(&url, "&_elements=identifier&_count=50");
    return add_question(asking, &url, error);
}

static enum status note_hit(void *context, size_t index, const struct bundle_entry *entry, struct error *error)
{
    struct asking *asking = context;
    struct resource_head head;
    char uuid[UUID_SIZE];
    (void)index;
    (void)error;
    if (entry->resource == NULL || resource_head_read(entry->resource, &head, NULL) != STATUS_OK ||
        !resource_own_uuid(entry->resource, uuid)) {
        return STATUS_OK;
    }
    for (size_t i = 0; i < asking->batch->count; i++) {
        const struct outbox_row *row = asking->batch->rows[i];
        if (!row->is_update && asking->hits[i].id[0] == '\0' && strcmp(row->type, head.type) == 0 && strcmp(row->uuid, uuid) == 0) {
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
    if (index < asking->count && bundle_next(bundle) == NULL) {
        asking->questions[index].answered = true;
        return note_hits(asking, bundle, error);
    }
    return STATUS_OK; /* too long for one page: it is asked by itself */
}

/* The server answered, and said that it does not answer this. */
static bool is_unsupported(enum status status, long code)
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
    if (is_unsupported(status, push->result->last.code)) {
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

/* What is there already needs not go. */
static enum status take_hits(struct asking *asking, struct push_batch *batch, struct error *error)
{
    enum status status = STATUS_OK;
    size_t kept = 0;
    for (size_t i = 0; i < batch->count && status == STATUS_OK; i++) {
        const struct hit *hit = &asking->hits[i];
        if (hit->id[0] != '\0') {
            status = push_found(asking->push, batch->rows[i], hit->id, hit->version, error);
        } else {
            batch->rows[kept++] = batch->rows[i];
        }
    }
    batch->count = status == STATUS_OK ? kept : batch->count;
    return status;
}

enum status push_ask(struct push *push, struct push_batch *batch, bool all, struct error *error)
{
    struct asking asking = {.push = push, .batch = batch};
    enum status status = STATUS_OK;
    asking.handled = memory_allocate_array(batch->count + 1, sizeof *asking.handled);
    asking.hits = memory_allocate_array(batch->count + 1, sizeof *asking.hits);
    if (asking.handled == NULL || asking.hits == NULL) {
        status = error_no_memory(error);
        goto out;
    }
    for (size_t i = 0; i < batch->count; i++) {
        const struct outbox_row *row = batch->rows[i];
        asking.handled[i] = row->is_update || strchr(row->if_none_exist, '=') == NULL || !(all || push_is_unknown(row));
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
    memory_free(asking.hits);
    return status;
}
