/*
 * A transport between the sync and the real server: it counts, may answer in
 * the server's place, and may change what the server answered, byte by byte.
 */
#ifndef DOORSTEP_TESTS_SYNC_SCRIPT_H
#define DOORSTEP_TESTS_SYNC_SCRIPT_H

#include "tests/sync/sync_test.h"

struct script {
    struct bed *bed;
    struct transport inner;
    /* Answers in the server's place and returns true; or returns false. May be NULL. */
    bool (*answer)(struct script *script, const struct request *request, struct response *response);
    /* Changes the server's answer. May be NULL. */
    void (*alter)(struct script *script, const struct request *request, struct response *response);
    int requests, writes;
    int step;           /* for the two above */
    const char *text;   /* likewise */
    char *last_write;   /* owned: the body of the last POST, not compressed */
};

static inline enum status script_exchange(void *context, const struct request *request, struct response *response,
                                          struct error *error)
{
    struct script *script = context;
    enum status status = STATUS_OK;
    script->requests++;
    if (strcmp(request->method, "GET") != 0 && !request->asks) {
        script->writes++;
        memory_free(script->last_write);
        script->last_write = memory_copy_text(request->body);
    }
    if (script->answer != NULL && script->answer(script, request, response)) {
        return STATUS_OK;
    }
    status = script->inner.exchange(script->inner.context, request, response, error);
    if (status == STATUS_OK && script->alter != NULL) {
        script->alter(script, request, response);
    }
    return status;
}

static inline void script_begin(struct script *script, struct bed *bed)
{
    *script = (struct script){.bed = bed, .inner = http_transport(bed->http)};
    bed->sync.transport = (struct transport){.exchange = script_exchange, .context = script};
}

/* A visit with an answer to the task t1 waits on a device that has its charts, and `answer` is asked from now on. Returns how
 * many entries wait. */
static inline int64_t script_visit(struct script *script, struct bed *bed,
                                   bool (*answer)(struct script *script, const struct request *request, struct response *response))
{
    char visit[UUID_SIZE];
    assert_run(bed, STATUS_OK);
    int64_t queued = (int64_t)sign_visit(bed, "p1", small_visit, "t1", visit);
    script_begin(script, bed);
    script->answer = answer;
    return queued;
}

static inline void script_end(struct script *script)
{
    script->bed->sync.transport = script->inner;
    memory_free(script->last_write);
}

/* Makes `response` a complete answer. */
static inline void reply(struct response *response, long status, const char *content_type, const char *body)
{
    response->end = EXCHANGE_ANSWERED;
    response->status = status;
    text_copy(response->content_type, sizeof response->content_type, content_type);
    buffer_clear(&response->body);
    buffer_append_text(&response->body, body);
}
#define FHIR_JSON "application/fhir+json"
#define OUTCOME(severity, words) \
    "{\"resourceType\":\"OperationOutcome\",\"issue\":[{\"severity\":\"warning\",\"code\":\"informational\",\"diagnostics\":\"no\"}," \
    "{\"severity\":\"" severity "\",\"code\":\"processing\",\"diagnostics\":\"" words "\"}]}"

/* The answer as a tree (owned), and back into the response. */
static inline cJSON *answer_tree(const struct response *response)
{
    cJSON *tree = NULL;
    assert_int_equal(json_parse(buffer_text(&response->body), response->body.length, &tree, NULL), STATUS_OK);
    return tree;
}

static inline void answer_set(struct response *response, cJSON *tree)
{
    char *text = json_print(tree);
    assert_non_null(text);
    buffer_clear(&response->body);
    buffer_append_text(&response->body, text);
    memory_free(text);
    cJSON_Delete(tree);
}

/* Each entry of the answer to a transaction with what was stored. */
static inline void answer_show(struct script *script, const cJSON *tree)
{
    cJSON *entry = NULL;
    cJSON_ArrayForEach(entry, json_array(tree, "entry")) {
        char location[REFERENCE_SIZE];
        struct response one;
        char url[256];
        text_copy(location, sizeof location, json_text(json_object(entry, "response"), "location"));
        *strstr(location, "/_history") = '\0';
        text_format(url, sizeof url, "%s/%s", script->bed->base, location);
        struct request get = {.method = "GET", .url = url};
        response_init(&one);
        assert_int_equal(script->inner.exchange(script->inner.context, &get, &one, NULL), STATUS_OK);
        cJSON_AddItemToObject(entry, "resource", answer_tree(&one));
        response_free(&one);
    }
}

static inline bool is_write(const struct request *request)
{
    return strcmp(request->method, "POST") == 0 && !request->asks;
}

/* Sends a whole visit through `script` and checks that all of it is accepted in that one run. */
static inline void assert_accepted(struct bed *bed, int writes)
{
    struct script *script = bed->sync.transport.context;
    char visit[UUID_SIZE];
    assert_run(bed, STATUS_OK);
    script->writes = 0;
    sign_visit(bed, "p1", whole_visit, "t1", visit);
    assert_run(bed, STATUS_OK);
    assert_int_equal(script->writes, writes);
    assert_int_equal(number(bed, OUTBOX_COUNT), 0);
    assert_int_equal(held(bed, "Encounter", visit), 1);
    /* Each thing is known by the id under which the server holds it. */
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_prepare_v2(bed->fixture.store->connection, "SELECT type, uuid, id FROM identity", -1, &statement, NULL),
                     SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        char type[RESOURCE_TYPE_SIZE];
        char text[2][UUID_SIZE + 16];
        struct buffer answer;
        column_text(statement, 0, type, sizeof type);
        column_text(statement, 1, text[0], sizeof text[0]);
        column_text(statement, 2, text[1], sizeof text[1]);
        char path[64];
        text_format(path, sizeof path, "/resources?type=%s", type);
        control(bed, "GET", path, NULL, &answer);
        char *line = strstr(buffer_text(&answer), text[0]);
        assert_non_null(line);
        while (line > answer.data && line[-1] != '\n') {
            line--;
        }
        char quoted[UUID_SIZE + 24];
        text_format(quoted, sizeof quoted, "\"id\":\"%s\"", text[1]);
        *strchr(line, '\n') = '\0';
        assert_non_null(strstr(line, quoted));
        buffer_free(&answer);
    }
    sqlite3_finalize(statement);
    assert_run(bed, STATUS_OK);
    assert_int_equal(script->writes, writes);
}

#endif
