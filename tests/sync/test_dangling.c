/* A server that runs a transaction as a batch: what it stores may name, by the id it would have had, what it refuses. */
#include "tests/sync/script.h"

/* A server that runs a transaction as a batch, as Medplum does: ids are given first, then the Encounter is refused, and the
 * rest is stored with a reference to the id that it would have had. */
#define REFUSAL "{\"response\":{\"status\":\"400\",\"outcome\":" OUTCOME("error", "Invalid additional property") "}}"
#define LEFT_OUT "the answer does not speak of it"
#define NEVER_THERE "Encounter/would-have-been-it"

static bool refusal_last; /* the answer is not in the order of what was sent */

static void lose(struct response *response)
{
    response->end = EXCHANGE_UNKNOWN;
    response->status = 0;
    text_copy(response->reason, sizeof response->reason, "lost");
}

static enum status as_medplum(void *context, const struct request *request, struct response *response, struct error *error)
{
    struct script *script = context;
    cJSON *bundle = NULL;
    const cJSON *entry = NULL;
    struct buffer body;
    char named[UUID_SIZE + 16] = "";
    int place = 0;
    if (!is_write(request) || script->text == NULL || strstr(request->body, "\"Encounter\"") == NULL) {
        return script_exchange(script, request, response, error);
    }
    assert_int_equal(json_parse(request->body, request->body_length, &bundle, NULL), STATUS_OK);
    cJSON *entries = cJSON_GetObjectItemCaseSensitive(bundle, "entry");
    cJSON_ArrayForEach(entry, entries) {
        if (text_equal(json_text(json_object(entry, "resource"), "resourceType"), "Encounter")) {
            text_copy(named, sizeof named, json_text(entry, "fullUrl"));
            break;
        }
        place++;
    }
    cJSON_DeleteItemFromArray(entries, place);
    char *text = json_print(bundle);
    buffer_init(&body, RESPONSE_LIMIT);
    for (char *at = text, *next = NULL; at != NULL; at = next) {
        next = strstr(at, named);
        buffer_append(&body, at, next == NULL ? strlen(at) : (size_t)(next - at));
        if (next != NULL) {
            buffer_append_text(&body, NEVER_THERE);
            next += strlen(named);
        }
    }
    struct request changed = *request;
    changed.body = buffer_text(&body);
    changed.body_length = body.length;
    enum status status = script_exchange(script, &changed, response, error);
    cJSON_Delete(bundle);
    assert_int_equal(response->status, 200);
    cJSON *tree = answer_tree(response);
    if (json_array(tree, "entry") == NULL) {
        json_add_array(tree, "entry");
    }
    if (strcmp(script->text, LEFT_OUT) != 0) {
        cJSON *refusal = NULL;
        assert_int_equal(json_parse(script->text, strlen(script->text), &refusal, NULL), STATUS_OK);
        cJSON_InsertItemInArray(cJSON_GetObjectItemCaseSensitive(tree, "entry"), refusal_last ? 1000 : place, refusal);
    }
    answer_set(response, tree);
    if (script->step > 0) {
        script->step--;
        lose(response);
    }
    memory_free(text);
    buffer_free(&body);
    return status;
}

static void what_names_a_refused_one_is_put_right_once_that_is_there(void **state)
{
    static const char *const options[] = {"--no-integrity", NULL};
    (void)state;
    struct bed *bed = new_bed("Group/g1", options, 1);
    struct script script;
    char visit[UUID_SIZE];
    char id[ID_SIZE];
    char reference[REFERENCE_SIZE];
    assert_run(bed, STATUS_OK);
    int64_t queued = (int64_t)sign_visit(bed, "p1", whole_visit, "t1", visit);
    script_begin(&script, bed);
    bed->sync.transport.exchange = as_medplum;
    script.text = REFUSAL;
    assert_run(bed, STATUS_ATTENTION);
    int dangling = held(bed, "", NEVER_THERE);
    assert_true(dangling > 2);
    assert_int_equal(number(bed, "SELECT count(*) FROM outbox WHERE state = 'refused'"), 1);
    assert_int_equal(number(bed, "SELECT count(*) FROM outbox WHERE state = 'waiting'"), dangling);
    assert_int_equal(bed->result.entry.pushed, queued - 1 - dangling);
    assert_int_equal(number(bed, "SELECT count(*) FROM visit WHERE accepted IS NOT NULL"), 0);
    script.writes = 0;
    assert_run(bed, STATUS_ATTENTION); /* they wait for the refused one, and say so */
    assert_int_equal(script.writes, 0);
    assert_int_equal(number(bed, "SELECT count(*) FROM outbox WHERE state = 'waiting' AND reason LIKE '%the server refused%'"), dangling);
    /* Refused once more, with what names it in the same request. */
    assert_int_equal(outbox_retry(bed->fixture.store, number(bed, "SELECT number FROM outbox WHERE state = 'refused'"), NULL), STATUS_OK);
    assert_run(bed, STATUS_ATTENTION);
    assert_int_equal(number(bed, "SELECT count(*) FROM outbox WHERE state = 'waiting'"), dangling);
    script.text = NULL;
    assert_int_equal(outbox_retry(bed->fixture.store, number(bed, "SELECT number FROM outbox WHERE state = 'refused'"), NULL), STATUS_OK);
    assert_run(bed, STATUS_OK);
    assert_int_equal(held(bed, "", NEVER_THERE), 0);
    assert_int_equal(number(bed, OUTBOX_COUNT), 0);
    assert_int_equal(number(bed, "SELECT count(*) FROM visit WHERE accepted IS NOT NULL"), 1);
    assert_int_equal(outbox_server_id(bed->fixture.store, "Encounter", visit, id, NULL), STATUS_OK);
    text_format(reference, sizeof reference, "Encounter/%s\"", id);
    assert_int_equal(held(bed, "", reference), dangling);
    assert_once_at_server(bed, visit);
    script_end(&script);
    assert_run(bed, STATUS_OK);
    assert_int_equal(number(bed, "SELECT count(*) FROM resource WHERE body LIKE '%would-have-been-it%'"), 0);
    free_bed(bed);
}


static void begin(struct bed **bed, struct script *script, const struct field *fields, char visit[UUID_SIZE])
{
    static const char *const options[] = {"--no-integrity", NULL};
    *bed = new_bed("Group/g1", options, 1);
    assert_run(*bed, STATUS_OK);
    sign_visit(*bed, "p1", fields, "t1", visit);
    script_begin(script, *bed);
    (*bed)->sync.transport.exchange = as_medplum;
    script->text = REFUSAL;
}

static void assert_named_right(struct bed *bed, const char *visit, int dangling)
{
    char id[ID_SIZE];
    char reference[REFERENCE_SIZE];
    assert_int_equal(held(bed, "", NEVER_THERE), 0);
    assert_int_equal(number(bed, OUTBOX_COUNT), 0);
    assert_int_equal(number(bed, "SELECT count(*) FROM visit WHERE accepted IS NOT NULL"), 1);
    assert_int_equal(outbox_server_id(bed->fixture.store, "Encounter", visit, id, NULL), STATUS_OK);
    text_format(reference, sizeof reference, "Encounter/%s\"", id);
    assert_int_equal(held(bed, "", reference), dangling);
    assert_once_at_server(bed, visit);
}

/* The same, and the answer is lost: that the Encounter was refused is never heard. */
static void what_names_one_that_was_refused_unheard_is_put_right(void **state)
{
    struct bed *bed = NULL;
    struct script script;
    char visit[UUID_SIZE];
    (void)state;
    begin(&bed, &script, whole_visit, visit);
    script.step = 1;
    assert_run(bed, STATUS_UNREACHABLE);
    int dangling = held(bed, "", NEVER_THERE);
    assert_true(dangling > 2);
    script.text = NULL;
    assert_run(bed, STATUS_OK); /* found, and put right in one run */
    assert_named_right(bed, visit, dangling);
    script_end(&script);
    assert_run(bed, STATUS_OK);
    assert_int_equal(number(bed, "SELECT count(*) FROM resource WHERE body LIKE '%would-have-been-it%'"), 0);
    free_bed(bed);
}

/* Refused again, and heard: what names it waits. Nothing is told as accepted that has a dangling reference. */
static void nor_does_it_go_before_what_it_names(void **state)
{
    struct bed *bed = NULL;
    struct script script;
    char visit[UUID_SIZE];
    (void)state;
    begin(&bed, &script, whole_visit, visit);
    script.step = 1;
    assert_run(bed, STATUS_UNREACHABLE);
    int dangling = held(bed, "", NEVER_THERE);
    assert_run(bed, STATUS_ATTENTION);
    assert_int_equal(number(bed, "SELECT count(*) FROM outbox WHERE state = 'refused'"), 1);
    assert_int_equal(number(bed, "SELECT count(*) FROM outbox WHERE state = 'waiting' AND reason LIKE '%the server refused%'"), dangling);
    script.text = NULL;
    assert_int_equal(outbox_retry(bed->fixture.store, number(bed, "SELECT number FROM outbox WHERE state = 'refused'"), NULL), STATUS_OK);
    assert_run(bed, STATUS_OK);
    assert_named_right(bed, visit, dangling);
    script_end(&script);
    free_bed(bed);
}

/* Nothing can be asked, so all goes again, and that is never answered either: the Encounter is there now, under another id. */
static bool no_identifiers(struct script *script, const struct request *request, struct response *response)
{
    (void)script;
    if (strstr(request->asks ? request->body : request->url, "_elements=identifier") == NULL) {
        return false;
    }
    reply(response, 400, FHIR_JSON, OUTCOME("error", "no such parameter"));
    return true;
}

static void lose_write(struct script *script, const struct request *request, struct response *response)
{
    (void)script;
    if (is_write(request)) {
        lose(response);
    }
}

static void what_names_one_under_another_id_is_put_right(void **state)
{
    struct bed *bed = NULL;
    struct script script;
    char visit[UUID_SIZE];
    (void)state;
    begin(&bed, &script, whole_visit, visit);
    script.step = 1;
    assert_run(bed, STATUS_UNREACHABLE);
    int dangling = held(bed, "", NEVER_THERE);
    script.text = NULL;
    script.answer = no_identifiers;
    script.alter = lose_write;
    assert_run(bed, STATUS_UNREACHABLE);
    assert_int_equal(held(bed, "Encounter", visit), 1);
    assert_int_equal(held(bed, "", NEVER_THERE), dangling);
    script.answer = NULL;
    script.alter = NULL;
    assert_run(bed, STATUS_OK);
    assert_named_right(bed, visit, dangling);
    script_end(&script);
    free_bed(bed);
}

static void show(struct script *script, const struct request *request, struct response *response)
{
    if (is_write(request)) {
        cJSON *tree = answer_tree(response);
        answer_show(script, tree);
        answer_set(response, tree);
    }
}

/* The answer shows what was stored, and says nothing of the Encounter that was not. */
static void what_names_one_that_the_answer_leaves_out_is_put_right(void **state)
{
    struct bed *bed = NULL;
    struct script script;
    char visit[UUID_SIZE];
    (void)state;
    begin(&bed, &script, whole_visit, visit);
    script.text = LEFT_OUT;
    script.alter = show;
    assert_int_equal(sync_push(&bed->sync, &bed->result, NULL), STATUS_OK);
    int dangling = held(bed, "", NEVER_THERE);
    assert_true(dangling > 2);
    assert_int_equal(number(bed, "SELECT count(*) FROM outbox WHERE state = 'waiting'"),
                     dangling + 2); /* the Encounter, and the task: nobody can tell which entry speaks of a change */
    script.text = NULL;
    assert_run(bed, STATUS_OK);
    assert_named_right(bed, visit, dangling);
    script_end(&script);
    free_bed(bed);
}

/* As many entries as went out, but that of the Encounter says nothing that can be read of it. */
static void what_names_one_of_which_its_entry_says_nothing_is_put_right(void **state)
{
    static const char *const says[] = {"{\"response\":{\"outcome\":" OUTCOME("error", "no") "}}", "{\"response\":{\"status\":\"302\"}}",
                                       "{\"response\":{\"status\":\"200\"}}"};
    (void)state;
    for (size_t i = 0; i < sizeof says / sizeof says[0]; i++) {
        struct bed *bed = NULL;
        struct script script;
        char visit[UUID_SIZE];
        begin(&bed, &script, whole_visit, visit);
        script.text = says[i];
        assert_int_equal(sync_push(&bed->sync, &bed->result, NULL), STATUS_OK);
        int dangling = held(bed, "", NEVER_THERE);
        assert_true(dangling > 2);
        assert_int_equal(number(bed, "SELECT count(*) FROM outbox WHERE state = 'waiting'"), dangling + 1);
        script.text = NULL;
        assert_run(bed, STATUS_OK);
        assert_named_right(bed, visit, dangling);
        script_end(&script);
        free_bed(bed);
    }
}

/* What was stored is shown in another order: the refusal is of nobody by its place, and so of what is not there. */
static void a_refusal_in_another_order_is_of_no_other(void **state)
{
    struct bed *bed = NULL;
    struct script script;
    char visit[UUID_SIZE];
    (void)state;
    begin(&bed, &script, whole_visit, visit);
    refusal_last = true;
    script.alter = show;
    assert_int_equal(sync_push(&bed->sync, &bed->result, NULL), STATUS_OK);
    refusal_last = false;
    int dangling = held(bed, "", NEVER_THERE);
    assert_true(dangling > 2);
    assert_int_equal(number(bed, "SELECT count(*) FROM outbox WHERE state = 'refused'"), 0);
    script.text = NULL;
    assert_run(bed, STATUS_OK);
    assert_named_right(bed, visit, dangling);
    script_end(&script);
    free_bed(bed);
}

/* What the server has of a visit is found by its identifier, and not shown. */
static bool not_shown(struct script *script, const struct request *request, struct response *response)
{
    (void)script;
    if (strcmp(request->method, "GET") != 0 || strchr(request->url, '?') != NULL || strstr(request->url, "/Group/") != NULL) {
        return false;
    }
    reply(response, 413, FHIR_JSON, OUTCOME("error", "too large"));
    return true;
}

#define WAITING_UNSEEN "SELECT count(*) FROM outbox WHERE state = 'waiting' AND reason LIKE '%does not show it%'"

/* Looked at once more; a server that shows it then gets it put right, and one that never does keeps nobody waiting. */
static void what_is_not_shown_is_looked_at_once_more(void **state)
{
    (void)state;
    for (int shown = 0; shown < 2; shown++) {
        struct bed *bed = NULL;
        struct script script;
        char visit[UUID_SIZE];
        begin(&bed, &script, whole_visit, visit);
        script.answer = not_shown;
        assert_run(bed, STATUS_ATTENTION);
        int dangling = held(bed, "", NEVER_THERE);
        assert_true(dangling > 2);
        assert_int_equal(number(bed, "SELECT count(*) FROM outbox WHERE state = 'waiting'"), dangling);
        assert_int_equal(number(bed, WAITING_UNSEEN), 1); /* the signature: the rest was in the pull of the same run */
        script.answer = shown == 1 ? NULL : not_shown;
        assert_run(bed, STATUS_ATTENTION);
        assert_int_equal(number(bed, WAITING_UNSEEN), 0);
        assert_int_equal(number(bed, "SELECT count(*) FROM outbox WHERE state = 'waiting'"), shown == 1 ? dangling : dangling - 1);
        assert_int_equal(number(bed, "SELECT count(*) FROM outbox WHERE state = 'refused'"), 1);
        script_end(&script);
        free_bed(bed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_names_a_refused_one_is_put_right_once_that_is_there),
        cmocka_unit_test(what_names_one_that_was_refused_unheard_is_put_right),
        cmocka_unit_test(nor_does_it_go_before_what_it_names),
        cmocka_unit_test(what_names_one_under_another_id_is_put_right),
        cmocka_unit_test(what_names_one_that_the_answer_leaves_out_is_put_right),
        cmocka_unit_test(what_names_one_of_which_its_entry_says_nothing_is_put_right),
        cmocka_unit_test(a_refusal_in_another_order_is_of_no_other),
        cmocka_unit_test(what_is_not_shown_is_looked_at_once_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
