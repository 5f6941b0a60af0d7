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
#define MEMBERS_SIZE 128

struct question {
    char *url;      /* owned, relative to the server's base */
    bool answered;
};

struct hit {
    char id[ID_SIZE]; /* "" for none */
    char version[ID_SIZE];
    cJSON *members;   /* owned: of a creation, those that name something unsent */
};

struct asking {
    struct push *push;
    const struct push_batch *batch;
    struct question *questions; /* owned */
    size_t count, capacity;
    bool told;                  /* all of them were answered */
    bool *handled;              /* owned: per row of the batch, whether it is in a question, or needs none */
    bool *wanted;               /* owned: per row of the batch, likewise: whether it was asked for at all */
    struct hit *hits;           /* owned: per row of the batch */
    char (*members)[MEMBERS_SIZE]; /* owned: per row of the batch: which members of a creation name something unsent, by commas */
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

static bool has_word(const char *list, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = list; *at != '\0'; at += strcspn(at, ","), at += *at == ',') {
        if (strncmp(at, word, length) == 0 && (at[length] == ',' || at[length] == '\0')) {
            return true;
        }
    }
    return false;
}

static void add_word(char *list, size_t size, const char *word)
{
    size_t length = strlen(list);
    if (!has_word(list, word) && length + strlen(word) + 2 <= size) { /* one that is not asked for is not compared */
        text_format(list + length, size - length, length > 0 ? ",%s" : "%s", word);
    }
}

static void add_words(char *list, size_t size, const char *words)
{
    char word[MEMBERS_SIZE];
    for (; *words != '\0'; words += strcspn(words, ","), words += *words == ',') {
        text_format(word, sizeof word, "%.*s", (int)strcspn(words, ","), words);
        add_word(list, size, word);
    }
}

struct naming {
    const struct outbox_rows *rows;
    bool unsent;
};

static bool note_unsent(void *context, const char *reference, char *out, size_t size)
{
    struct naming *naming = context;
    (void)out;
    (void)size;
    for (size_t i = 0; i < naming->rows->count && !naming->unsent; i++) {
        const struct outbox_row *row = &naming->rows->items[i];
        const char *uuid = row->is_update ? NULL : reference_id(reference, row->type);
        naming->unsent = uuid != NULL && strcmp(uuid, row->uuid) == 0;
    }
    return false;
}

/* What names something unsent is looked at: it may have been stored without that. See record_has_dangling(). */
static enum status find_members(struct asking *asking, size_t index, struct error *error)
{
    struct push *push = asking->push;
    char *body = NULL;
    cJSON *resource = NULL;
    cJSON *member = NULL;
    enum status status = outbox_body(push->sync->store, asking->batch->rows[index]->number, &body, error);
    if (status == STATUS_OK) {
        status = json_parse(body, strlen(body), &resource, error);
    }
    cJSON_ArrayForEach(member, resource) {
        struct naming naming = {.rows = &push->rows};
        status = status == STATUS_OK ? references_rewrite(member, note_unsent, &naming, error) : status;
        if (naming.unsent) {
            add_word(asking->members[index], MEMBERS_SIZE, member->string);
        }
    }
    cJSON_Delete(resource);
    memory_free(body);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status; /* it has left the outbox */
}

/* One question for the row `first` and those behind it that can be asked for together with it. */
static enum status ask_together(struct asking *asking, size_t first, struct error *error)
{
    const struct outbox_row *row = asking->batch->rows[first];
    char parameter[ID_SIZE];
    char other_parameter[ID_SIZE];
    char elements[MEMBERS_SIZE] = "";
    struct buffer url;
    (void)key_of(row, parameter);
    add_word(elements, sizeof elements, row->is_update ? "id" : "identifier");
    buffer_init(&url, URL_SIZE);
    buffer_format(&url, "%s?%s=", row->type, parameter);
    for (size_t i = first, count = 0; i < asking->batch->count && count < ASKED_AT_MOST; i++) {
        const struct outbox_row *other = asking->batch->rows[i];
        const char *value = key_of(other, other_parameter);
        if (!asking->handled[i] && strcmp(other->type, row->type) == 0 && strcmp(parameter, other_parameter) == 0) {
            buffer_append_text(&url, count++ > 0 ? "," : "");
            url_append_escaped(&url, value);
            asking->handled[i] = true;
            add_words(elements, sizeof elements, asking->members[i]);
        }
    }
    buffer_format(&url, "&_elements=%s&_count=50", elements);
    return add_question(asking, &url, error);
}

/* Whether something that the server has is what this row wants to create, or to change. */
static bool is_of(const struct outbox_row *row, const struct resource_head *head, const char *uuid)
{
    return strcmp(row->type, head->type) == 0 && (row->is_update ? strcmp(row->id, head->id) == 0 : strcmp(row->uuid, uuid) == 0);
}

/* Of what was shown, what is compared: a server may show all of it. */
static enum status note_members(struct asking *asking, size_t index, const cJSON *resource, struct error *error)
{
    const cJSON *member = NULL;
    cJSON *members = cJSON_CreateObject();
    bool whole = members != NULL;
    cJSON_ArrayForEach(member, resource) {
        if (whole && has_word(asking->members[index], member->string)) {
            whole = cJSON_AddItemToObject(members, member->string, cJSON_Duplicate(member, true));
        }
    }
    asking->hits[index].members = members;
    return whole ? STATUS_OK : error_no_memory(error);
}

static enum status note_hit(void *context, size_t index, const struct bundle_entry *entry, struct error *error)
{
    struct asking *asking = context;
    struct resource_head head;
    char uuid[UUID_SIZE] = "";
    enum status status = STATUS_OK;
    (void)index;
    if (entry->resource == NULL || resource_head_read(entry->resource, &head, NULL) != STATUS_OK) {
        return STATUS_OK;
    }
    if (!resource_own_uuid(entry->resource, uuid)) {
        uuid[0] = '\0';
    }
    for (size_t i = 0; i < asking->batch->count && status == STATUS_OK; i++) {
        const struct outbox_row *row = asking->batch->rows[i];
        if (asking->hits[i].id[0] == '\0' && is_of(row, &head, uuid)) {
            text_copy(asking->hits[i].id, ID_SIZE, head.id);
            text_copy(asking->hits[i].version, ID_SIZE, head.version);
            status = row->is_update ? STATUS_OK : note_members(asking, i, entry->resource, error);
        }
    }
    return status;
}

static enum status note_hits(void *context, const cJSON *bundle, struct error *error)
{
    return bundle_each(bundle, note_hit, context, error);
}

static enum status note_answer(void *context, size_t index, const cJSON *bundle, struct error *error)
{
    struct asking *asking = context;
    if (index < asking->count && bundle_is_whole(bundle, "")) {
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
        asking->told = false;
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
    const struct found found = {.id = hit->id, .version = hit->version, .theirs = hit->members, .told = asking->told};
    return row->is_update ? push_meet(asking->push, row, goes, error) : push_found(asking->push, row, &found, error);
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
    struct asking asking = {.push = push, .batch = batch, .told = true};
    enum status status = STATUS_OK;
    size_t count = batch->count;
    asking.handled = memory_allocate_array(batch->count + 1, sizeof *asking.handled);
    asking.wanted = memory_allocate_array(batch->count + 1, sizeof *asking.wanted);
    asking.hits = memory_allocate_array(batch->count + 1, sizeof *asking.hits);
    asking.members = memory_allocate_array(batch->count + 1, sizeof *asking.members);
    if (asking.handled == NULL || asking.wanted == NULL || asking.hits == NULL || asking.members == NULL) {
        status = error_no_memory(error);
        goto out;
    }
    for (size_t i = 0; i < batch->count && status == STATUS_OK; i++) {
        asking.wanted[i] = key_of(batch->rows[i], parameter) != NULL && wants(push, batch->rows[i]);
        asking.handled[i] = !asking.wanted[i];
        status = asking.wanted[i] && !batch->rows[i]->is_update ? find_members(&asking, i, error) : STATUS_OK;
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
    for (size_t i = 0; i < count && asking.hits != NULL; i++) {
        cJSON_Delete(asking.hits[i].members);
    }
    memory_free(asking.questions);
    memory_free(asking.handled);
    memory_free(asking.wanted);
    memory_free(asking.hits);
    memory_free(asking.members);
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
