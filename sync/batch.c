/* Several questions in one request. See batch.h. Called by charts.c, versions.c and manifest.c. */
#include "sync/batch.h"

#include "base/memory.h"
#include "sync/exchange.h"

#include <string.h>

struct answers {
    enum status (*each)(void *context, size_t index, const cJSON *bundle, struct error *error);
    void *context;
    size_t count;
};

static enum status take_entry(void *context, size_t index, const struct bundle_entry *entry, struct error *error)
{
    struct answers *answers = context;
    if (entry->status != 200 || !bundle_is(entry->resource)) {
        return STATUS_OK;
    }
    answers->count++;
    return answers->each(answers->context, index, entry->resource, error);
}

/* A server that refuses to be asked several things at once is not asked so again. A 403, 404 or 413 may be of a portal or
 * a proxy on one day. */
static bool is_no_batch(long code)
{
    return code == 200 || code == 400 || code == 405 || code == 415 || code == 422 || code == 501;
}

static enum status take(struct sync *sync, const struct response *response, size_t asked, struct answers *answers,
                        struct error *error)
{
    cJSON *bundle = NULL;
    enum status status = response->status == 200 ? exchange_document(response, &bundle, error) : STATUS_OK;
    if (status == STATUS_OK && bundle != NULL && strcmp(bundle_type(bundle), "batch-response") == 0 &&
        bundle_count(bundle) == asked) {
        status = bundle_each(bundle, take_entry, answers, error);
    }
    cJSON_Delete(bundle);
    if (status == STATUS_OK && answers->count == 0 && is_no_batch(response->status)) {
        status = store_setting_set(sync->store, SETTING_SERVER_BATCH, "no", error);
    }
    return status;
}

/* The answer began and did not come whole: the questions are asked one by one, in answers that the line may bring. */
static bool is_too_much(const struct sync_result *result, const struct response *response, const struct answers *answers)
{
    bool part = response->end == EXCHANGE_ANSWERED && response->status == 200 && strstr(response->content_type, "html") == NULL;
    return answers->count == 0 && (part || result->last.end == LAST_TOO_LARGE || result->last.end == LAST_CUT);
}

enum status batch_ask(struct sync *sync, struct sync_result *result, const struct transaction *questions,
                      enum status (*each)(void *context, size_t index, const cJSON *bundle, struct error *error),
                      void *context, struct error *error)
{
    struct answers answers = {.each = each, .context = context};
    struct response response;
    char batch[8] = "";
    char *text = questions == NULL ? NULL : transaction_print(questions);
    if (text == NULL) {
        return error_no_memory(error);
    }
    enum status status = store_setting_get(sync->store, SETTING_SERVER_BATCH, batch, sizeof batch, error);
    if (status == STATUS_OK && strcmp(batch, "no") != 0) {
        status = exchange_post(sync, result, text, true, &response, error);
        if (status == STATUS_OK) {
            status = take(sync, &response, transaction_count(questions), &answers, error);
        }
        if (status == STATUS_UNREACHABLE && is_too_much(result, &response, &answers)) {
            status = STATUS_OK;
        }
        response_free(&response);
    }
    memory_free(text);
    return status;
}
