/* See model.h. The only file here that knows the loopback server. */
#include "tests/sim/model.h"

#include "tests/loopback/index.h"
#include "tests/loopback/pages.h"
#include "tests/loopback/rest.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define FIRST_ID 1000

struct model {
    struct server server;
    struct randomness randomness;
    struct clock clock;
    instant stamp;         /* what the store is told the time is; INSTANT_NONE: the clock's */
    instant behind;
    const char *prefer;
    bool whole_statement;
    int *authors;          /* owned; one for each version of the journal */
    size_t count, capacity;
};

static instant stamped_now(void *context)
{
    const struct model *model = context;
    return model->stamp != INSTANT_NONE ? model->stamp : clock_now(&model->clock);
}

static void begin_store(struct model *model)
{
    store_init(&model->server.store);
    model->server.store.clock = (struct clock){.now = stamped_now, .context = model};
    model->server.searches = searches_new(model->randomness);
}

struct model *model_new(const struct model_habits *habits, struct clock clock, struct randomness randomness)
{
    struct model *model = need(memory_allocate(sizeof *model));
    model->clock = clock;
    model->randomness = randomness;
    model->stamp = INSTANT_NONE;
    model->behind = habits->behind;
    model->prefer = habits->shows ? "return=representation" : NULL;
    model->whole_statement = habits->whole_statement;
    model->server.options = (struct options){
        .conflict_status = habits->conflict_status, .max_entries = habits->most_entries,
        .largest_page = habits->largest_page, .merge_duplicates = habits->merges, .as_batch = habits->as_batch,
        .no_conditions = habits->no_conditions,
        .integrity = true, .search_cache = 60 * INSTANT_SECOND, .quiet = true};
    begin_store(model);
    if (habits->refuses != NULL) {
        struct buffer spec;
        struct failure failure;
        buffer_init(&spec, BODY_LIMIT);
        buffer_append_text(&spec, "{\"fault\":\"reject\",\"contains\":");
        append_quoted(&spec, habits->refuses);
        buffer_append_byte(&spec, '}');
        need(faults_add(&model->server.faults, buffer_text(&spec), spec.length, &failure) ? model : NULL);
        buffer_free(&spec);
    }
    return model;
}

void model_free(struct model *model)
{
    searches_free(model->server.searches);
    faults_free(&model->server.faults);
    store_free(&model->server.store);
    memory_free(model->authors);
    memory_free(model);
}

static void note_author(struct model *model, int author)
{
    while (model->count < model->server.store.journal_count) {
        model->authors = need_room(model->authors, model->count, &model->capacity, sizeof *model->authors);
        model->authors[model->count++] = author;
    }
}

/* Cuts a URL below the base apart. `path` is owned by the caller. */
static char *cut_url(const char *url, struct query *query)
{
    const char *rest = text_starts_with(url, MODEL_BASE) ? url + strlen(MODEL_BASE) : url;
    char *path = need(memory_copy_text(rest + strspn(rest, "/")));
    char *question = strchr(path, '?');
    if (question != NULL) {
        *question = '\0';
        query_parse(query, question + 1, strlen(question + 1));
    }
    return path;
}

/* What is asked for of the statement, without the hundred types and their parameters, which nobody reads. */
static void answer_elements(struct reply *reply)
{
    reply_init(reply, 200);
    buffer_append_text(&reply->body, "{\"resourceType\":\"CapabilityStatement\",\"meta\":{\"tag\":[{\"code\":\"SUBSETTED\"}]},"
                                     "\"software\":{\"name\":\"doorstep loopback\",\"version\":\"1\"},\"fhirVersion\":\"4.0.1\"}");
}

void model_handle(struct model *model, const struct model_request *asked, struct model_answer *answer)
{
    struct store *store = &model->server.store;
    struct reply reply;
    struct request request = {.method = asked->method, .base = MODEL_BASE, .body = asked->body, .length = asked->length,
                              .content_type = "application/fhir+json", .if_none_exist = asked->if_none_exist,
                              .if_match = asked->if_match, .prefer = model->prefer, .no_cache = true};
    char *path = cut_url(asked->url, &request.query);
    instant last = store->last;
    request.path = path;
    if (strcmp(asked->method, "GET") != 0) { /* a batch that only reads is none the worse for it */
        model->stamp = asked->begun - model->behind;
        store->last = 0; /* its clock never goes back: here it does, for what began earlier */
    }
    if (strcmp(path, "metadata") == 0 && !model->whole_statement && query_value(&request.query, "_elements") != NULL) {
        answer_elements(&reply);
    } else {
        rest_handle(&model->server, &request, &reply);
    }
    model->stamp = INSTANT_NONE;
    store->last = store->last > last ? store->last : last;
    note_author(model, asked->author);
    *answer = (struct model_answer){.status = reply.status, .body = reply.body};
    text_copy(answer->etag, sizeof answer->etag, reply.etag);
    text_copy(answer->location, sizeof answer->location, reply.location);
    query_free(&request.query);
    memory_free(path);
}

void model_answer_free(struct model_answer *answer)
{
    buffer_free(&answer->body);
}

size_t model_count(const struct model *model)
{
    return model->count;
}

struct model_version model_version(const struct model *model, size_t index)
{
    const struct version *version = model->server.store.journal[index];
    return (struct model_version){.target = version->resource->target, .id = version->resource->id,
                                  .sequence = version->resource->sequence, .number = version->number, .at = version->at + model->behind,
                                  .author = model->authors[index], .deleted = version->tail == NULL,
                                  .current = version->resource->current == version};
}

cJSON *model_body(const struct model *model, size_t index)
{
    const struct version *version = model->server.store.journal[index];
    return version->tail == NULL ? NULL : version_tree(version);
}

/* Makes one version again in another store. */
static void replay(struct store *store, const struct version *version)
{
    if (version->tail == NULL) {
        store_delete(store, store_find(store, version->resource->target), version->at);
        return;
    }
    cJSON *tree = version_tree(version);
    store_put(store, version->resource->target, tree, version->at);
    cJSON_Delete(tree);
}

void model_restore(struct model *model, size_t count)
{
    struct store old = model->server.store;
    searches_free(model->server.searches);
    begin_store(model);
    for (size_t i = 0; i < count; i++) {
        replay(&model->server.store, old.journal[i]);
    }
    store_free(&old);
    model->count = count;
}
