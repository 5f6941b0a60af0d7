/* Searches of several pages, of which something is left out. */
#include "tests/sync/script.h"

/* The last thing of one page comes once more as the first of the next, in the place of another, as it does where pages are
 * places in a list that shifts while it is read. `step`: pages that were changed. */
static void shift(struct script *script, const struct request *request, struct response *response)
{
    static char *last = NULL;
    cJSON *copy = NULL;
    bool next = strstr(request->url, "_getpages") != NULL;
    if (script->step > 0 || response->status != 200 || (!next && strstr(request->url, "/Observation?") == NULL)) {
        return;
    }
    cJSON *tree = answer_tree(response);
    cJSON *entries = cJSON_GetObjectItemCaseSensitive(tree, "entry");
    if (next && last != NULL) {
        assert_int_equal(json_parse(last, strlen(last), &copy, NULL), STATUS_OK);
        cJSON_ReplaceItemInArray(entries, 0, copy);
        cJSON_DeleteItemFromObjectCaseSensitive(tree, "total");
        cJSON_AddNumberToObject(tree, "total", 300); /* known on the last page, as at HAPI */
        script->step++;
    }
    memory_free(last);
    last = script->step > 0 ? NULL : json_print(cJSON_GetArrayItem(entries, cJSON_GetArraySize(entries) - 1));
    answer_set(response, tree);
}

static void pages_that_shift_leave_nothing_out(void **state)
{
    (void)state;
    struct bed *bed = new_bed("List/l1", NULL, 150);
    struct script script;
    struct bed *plain = new_bed("List/l1", NULL, 150);
    assert_run(plain, STATUS_OK);
    script_begin(&script, bed);
    script.alter = shift;
    assert_run(bed, STATUS_OK);
    assert_int_equal(script.step, 1);
    assert_int_equal(number(bed, RESOURCE_COUNT), number(plain, RESOURCE_COUNT));
    free_bed(plain);
    script_end(&script);
    free_bed(bed);
}

static void stamp(cJSON *entry, instant at)
{
    char text[40];
    cJSON *meta = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(entry, "resource"), "meta");
    instant_format_utc(text, sizeof text, at);
    assert_non_null(meta);
    cJSON_DeleteItemFromObjectCaseSensitive(meta, "lastUpdated");
    json_add_text(meta, "lastUpdated", text);
}

/* Something is left out of the first page of several, and when that is seen, and asked once more, the line breaks. */
static void leave_out_and_break(struct script *script, const struct request *request, struct response *response)
{
    bool next = strstr(request->url, "_getpages") != NULL;
    if (response->server_clock != INSTANT_NONE) {
        response->server_clock += INSTANT_HOUR; /* what is there is older than what becomes visible late */
    }
    if (script->step > 2 || response->status != 200 || (strstr(request->url, "/Observation?") == NULL && (!next || script->step != 1))) {
        return;
    }
    cJSON *tree = answer_tree(response);
    if (script->step == 0) {
        cJSON *entries = cJSON_GetObjectItemCaseSensitive(tree, "entry");
        cJSON_DeleteItemFromArray(entries, 0);
        stamp(cJSON_GetArrayItem(entries, cJSON_GetArraySize(entries) - 1), response->server_clock - 30 * INSTANT_MINUTE);
    } else if (script->step == 1) {
        cJSON_AddNumberToObject(tree, "total", 300);
    } else {
        response->end = EXCHANGE_UNKNOWN;
        response->status = 0;
        response->bytes_in = 0;
        text_copy(response->reason, sizeof response->reason, "lost");
    }
    script->step++;
    answer_set(response, tree);
}

static void what_was_left_out_is_not_left_behind(void **state)
{
    (void)state;
    struct bed *bed = new_bed("List/l1", NULL, 150);
    struct bed *plain = new_bed("List/l1", NULL, 150);
    struct script script;
    assert_run(plain, STATUS_OK);
    script_begin(&script, bed);
    script.alter = leave_out_and_break;
    assert_run(bed, STATUS_UNREACHABLE);
    assert_int_equal(script.step, 3);
    assert_run(bed, STATUS_ATTENTION); /* the stamp has gone back, and that is told */
    assert_int_equal(number(bed, RESOURCE_COUNT), number(plain, RESOURCE_COUNT));
    script_end(&script);
    free_bed(plain);
    free_bed(bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_that_shift_leave_nothing_out),
        cmocka_unit_test(what_was_left_out_is_not_left_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
