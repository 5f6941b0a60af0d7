/* Something was corrected that the server holds all the same, from a try whose answer was lost: nothing of anybody is
 * overwritten unseen. */
#include "tests/store/correct_test.h"

/* What was sent first of `which`, as the server has it; `note` (may be NULL) is what the office added. */
static char *at_server(struct fixture *fixture, const char *which, const char *id, const char *version, const char *note)
{
    char sql[256];
    cJSON *tree = NULL;

    text_format(sql, sizeof sql, "SELECT body FROM sent WHERE %s ORDER BY rowid LIMIT 1", which);
    const char *sent = text_of(fixture, sql);
    assert_int_equal(json_parse(sent, strlen(sent), &tree, NULL), STATUS_OK);
    cJSON_DeleteItemFromObjectCaseSensitive(tree, "id");
    cJSON_AddStringToObject(tree, "id", id);
    cJSON_DeleteItemFromObjectCaseSensitive(tree, "meta");
    cJSON *meta = cJSON_AddObjectToObject(tree, "meta");
    cJSON_AddStringToObject(meta, "versionId", version);
    cJSON_AddStringToObject(meta, "lastUpdated", "2026-11-22T00:30:00Z");
    cJSON *encounter = cJSON_GetObjectItemCaseSensitive(tree, "encounter");
    cJSON_ReplaceItemInObjectCaseSensitive(encounter, "reference", cJSON_CreateString("Encounter/1000"));
    if (note != NULL) {
        cJSON *item = cJSON_CreateObject();
        cJSON_AddStringToObject(item, "text", note);
        cJSON_AddItemToArray(cJSON_AddArrayToObject(tree, "note"), item);
    }
    char *body = json_print(tree);
    cJSON_Delete(tree);
    assert_non_null(body);
    return body;
}

/* A try before the refusal got through, and only its answer did not: the correction goes on from there. */
static void what_was_there_after_all_is_corrected_there(void **state)
{
    struct fixture *fixture = *state;
    char visit[UUID_SIZE];

    int64_t number = refused_visit(fixture, PULSE, visit);
    assert_corrected(fixture, number, "71");
    assert_int_equal(outbox_mark_sending(fixture->store, &number, 1, &fixture->error), STATUS_OK);
    char *theirs = at_server(fixture, PULSE, "o9", "4", NULL);
    /* What is there has to be read: others may have changed it. */
    assert_int_equal(record_found(fixture->store, number, "o9", "4", NULL, &fixture->error), STATUS_INVALID);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM outbox WHERE " PULSE " AND state = 'sending'"), 1);
    assert_int_equal(record_found(fixture->store, number, "o9", "4", theirs, &fixture->error), STATUS_OK);
    memory_free(theirs);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM outbox WHERE " PULSE " AND state = 'waiting' AND base_version = '4' "
                                        "AND if_none_exist = '' AND base_body LIKE '%\"value\":91,%'"), 1);
    assert_string_equal(text_of(fixture, "SELECT id FROM resource WHERE " PULSE), "o9");
    assert_string_equal(text_of(fixture, "SELECT text FROM reading WHERE id = 'o9'"), "71");
    /* Refused as an update, it can be corrected once more. */
    assert_int_equal(outbox_mark_sending(fixture->store, &number, 1, &fixture->error), STATUS_OK);
    assert_int_equal(record_refuse(fixture->store, number, 422, "still", &fixture->error), STATUS_OK);
    assert_int_equal(correct(fixture, number, "71", false), STATUS_INVALID); /* the same, under whatever id */
    assert_corrected(fixture, number, "72");
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM outbox WHERE " PULSE " AND base_version = '4'"), 1);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM resource WHERE " PULSE), 1);
    assert_int_equal(record_accept(fixture->store, number, "", "5", &fixture->error), STATUS_OK);
    assert_string_equal(text_of(fixture, "SELECT version FROM resource WHERE " PULSE), "5");
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM outbox WHERE " PULSE), 0);
}

/* What is there names an Encounter that never was (record_dangling.c): the correction goes on from there, and names ours. */
static void what_was_corrected_names_ours_and_nothing_that_dangles(void **state)
{
    struct fixture *fixture = *state;
    char visit[UUID_SIZE];
    char id[ID_SIZE];
    char sql[512];

    int64_t number = refused_visit(fixture, PULSE, visit);
    assert_corrected(fixture, number, "71");
    assert_int_equal(outbox_server_id(fixture->store, "Encounter", visit, id, NULL), STATUS_NOT_FOUND);
    char *theirs = at_server(fixture, PULSE, "o9", "4", NULL);
    assert_int_equal(record_found(fixture->store, number, "o9", "4", theirs, &fixture->error), STATUS_OK);
    memory_free(theirs);
    text_format(sql, sizeof sql, "%s%s%s",
                "SELECT count(*) FROM outbox WHERE " PULSE " AND state = 'waiting' AND base_version = '4' AND body LIKE '%Encounter/",
                visit, "%' AND body LIKE '%\"value\":71,%' AND base_body LIKE '%Encounter/1000\"%'");
    assert_int_equal(number_of(fixture, sql), 1);
}

static void what_was_not_corrected_is_accepted_where_it_is_found(void **state)
{
    struct fixture *fixture = *state;
    char visit[UUID_SIZE];

    int64_t number = refused_visit(fixture, PULSE, visit);
    assert_int_equal(outbox_retry(fixture->store, number, &fixture->error), STATUS_OK);
    assert_int_equal(record_found(fixture->store, number, "o9", "4", NULL, &fixture->error), STATUS_OK);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM outbox WHERE " PULSE), 0);
    assert_string_equal(text_of(fixture, "SELECT id FROM resource WHERE " PULSE), "o9");
}

/* The office added to it meanwhile: the nurse is asked, and nothing goes over it. */
static void what_others_added_meanwhile_stays(void **state)
{
    struct fixture *fixture = *state;
    char visit[UUID_SIZE];

    int64_t number = refused_visit(fixture, PULSE, visit);
    assert_corrected(fixture, number, "71");
    char *theirs = at_server(fixture, PULSE, "o9", "2", "doctor called");
    assert_int_equal(record_found(fixture->store, number, "o9", "2", theirs, &fixture->error), STATUS_OK);
    memory_free(theirs);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM conflict WHERE theirs LIKE '%doctor called%'"), 1);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM outbox WHERE number IN (SELECT outbox FROM sent) AND " PULSE), 1);
}

/* The same by a pull, and from what was refused. */
static void nor_is_it_overwritten_where_a_pull_finds_it(void **state)
{
    struct fixture *fixture = *state;
    char visit[UUID_SIZE];

    int64_t number = refused_visit(fixture, PULSE, visit);
    assert_corrected(fixture, number, "71");
    char *theirs = at_server(fixture, PULSE, "o9", "2", "doctor called");
    pull(fixture, theirs);
    memory_free(theirs);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM conflict WHERE theirs LIKE '%doctor called%'"), 1);
}

/* Sent again by the nurse's word it counts as never tried; what it said then is known all the same. */
static void a_score_that_had_arrived_is_not_taken_for_the_one_that_follows(void **state)
{
    struct fixture *fixture = *state;
    char visit[UUID_SIZE];

    int64_t pulse = refused_visit(fixture, PULSE, visit);
    int64_t score = number_of(fixture, "SELECT number FROM outbox WHERE " SCORE);
    assert_int_equal(record_refuse(fixture->store, score, 422, "no", &fixture->error), STATUS_OK);
    assert_int_equal(outbox_retry(fixture->store, score, &fixture->error), STATUS_OK);
    assert_corrected(fixture, pulse, "135");
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM sent WHERE outbox = (SELECT number FROM outbox WHERE " SCORE ")"), 1);
    char *theirs = at_server(fixture, SCORE, "s9", "1", NULL);
    assert_int_equal(record_found(fixture->store, score, "s9", "1", theirs, &fixture->error), STATUS_OK);
    memory_free(theirs);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM outbox WHERE " SCORE " AND state = 'waiting' AND base_version = '1'"), 1);
}

/* The same, found by a pull. `id`: what the server calls it. */
static void pull_what_was_there(struct fixture *fixture, const char *id)
{
    char visit[UUID_SIZE];
    char uuid[UUID_SIZE];

    int64_t number = refused_visit(fixture, PULSE, visit);
    text_copy(uuid, sizeof uuid, text_of(fixture, "SELECT uuid FROM resource WHERE " PULSE));
    assert_corrected(fixture, number, "71");
    char *body = at_server(fixture, PULSE, id[0] != '\0' ? id : uuid, "3", NULL);
    assert_int_equal(pull(fixture, body), APPLY_UNCHANGED);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM resource WHERE " PULSE), 1);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM outbox WHERE " PULSE " AND state = 'waiting' AND base_version = '3' "
                                        "AND body LIKE '%\"value\":71,%'"), 1);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM reading WHERE vital = 2 AND text = '71'"), 1);
    assert_int_equal(pull(fixture, body), APPLY_UNCHANGED); /* and once more is no news */
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM outbox WHERE state = 'conflict'"), 0);
    memory_free(body);
}

static void a_pull_does_not_take_the_correction_for_arrived(void **state)
{
    pull_what_was_there(*state, "o9");
}

static void nor_where_the_server_kept_our_id(void **state)
{
    pull_what_was_there(*state, "");
}

/* What names everything of a visit, as the server has it: `refused` by an id that is of nothing, all else as it was given,
 * with `suffix`; what named that and the next one of its type in the other order when `turned`. */
static char *named_at_server(struct fixture *fixture, int64_t number, const char *refused, const char *suffix, bool turned)
{
    char sql[128];
    char id[ID_SIZE];
    cJSON *tree = NULL;
    cJSON *target = NULL;
    cJSON *never = NULL;

    text_format(sql, sizeof sql, "SELECT body FROM outbox WHERE number = %lld", (long long)number);
    const char *sent = text_of(fixture, sql);
    assert_int_equal(json_parse(sent, strlen(sent), &tree, NULL), STATUS_OK);
    cJSON_DeleteItemFromObjectCaseSensitive(tree, "id");
    cJSON_AddStringToObject(tree, "id", "v9");
    cJSON_ArrayForEach(target, cJSON_GetObjectItemCaseSensitive(tree, "target")) {
        const char *ours = json_text(target, "reference");
        const char *uuid = strchr(ours, '/') + 1;
        char type[RESOURCE_TYPE_SIZE];
        char there[REFERENCE_SIZE];

        text_format(type, sizeof type, "%.*s", (int)(uuid - 1 - ours), ours);
        if (strcmp(uuid, refused) == 0) {
            never = target;
            text_copy(id, sizeof id, "never");
        } else {
            assert_int_equal(outbox_server_id(fixture->store, type, uuid, id, NULL), STATUS_OK);
        }
        text_format(there, sizeof there, "%s/%s%s", type, id, suffix);
        cJSON_ReplaceItemInObjectCaseSensitive(target, "reference", cJSON_CreateString(there));
    }
    if (turned) {
        assert_true(text_starts_with(json_text(never->next, "reference"), "Observation/"));
        cJSON *reference = cJSON_DetachItemFromObjectCaseSensitive(never, "reference");
        cJSON_AddItemToObject(never, "reference", cJSON_DetachItemFromObjectCaseSensitive(never->next, "reference"));
        cJSON_AddItemToObject(never->next, "reference", reference);
    }
    char *body = json_print(tree);
    cJSON_Delete(tree);
    assert_non_null(body);
    return body;
}

/* All is accepted but the pulse and what names all of the visit; returns that. */
static int64_t all_but_the_pulse(struct fixture *fixture, char refused[UUID_SIZE], bool pulse_too)
{
    char visit[UUID_SIZE];
    struct outbox_rows rows;
    int64_t provenance = 0;

    int64_t pulse = refused_visit(fixture, PULSE, visit);
    assert_int_equal(query_outbox(fixture->store, &rows, &fixture->error), STATUS_OK);
    for (size_t i = 0; i < rows.count; i++) {
        char id[ID_SIZE];

        text_format(id, sizeof id, rows.items[i].is_update ? "%s" : "s-%s", rows.items[i].id);
        if (strcmp(rows.items[i].type, "Provenance") == 0) {
            provenance = rows.items[i].number;
        } else if (rows.items[i].number != pulse || pulse_too) {
            assert_int_equal(record_accept(fixture->store, rows.items[i].number, id, "2", &fixture->error), STATUS_OK);
        } else {
            text_copy(refused, UUID_SIZE, rows.items[i].uuid);
        }
    }
    outbox_rows_free(&rows);
    assert_true(provenance != 0);
    return provenance;
}

/* Where the server has them in another order, no name takes the place of another one's. */
static void names_in_another_order_are_not_mixed_up(void **state)
{
    struct fixture *fixture = *state;
    char refused[UUID_SIZE] = "";

    int64_t number = all_but_the_pulse(fixture, refused, false);
    char *theirs = named_at_server(fixture, number, refused, "", true);
    assert_int_equal(record_found(fixture->store, number, "v9", "1", theirs, &fixture->error), STATUS_OK);
    memory_free(theirs);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM outbox WHERE body LIKE '%\"Provenance\"%'"), 0);
}

/* But in the order in which it went out, what is of nothing is ours again. */
static void a_name_of_nothing_is_ours_again(void **state)
{
    struct fixture *fixture = *state;
    char refused[UUID_SIZE] = "";
    char sql[256];

    int64_t number = all_but_the_pulse(fixture, refused, false);
    char *theirs = named_at_server(fixture, number, refused, "", false);
    assert_int_equal(record_found(fixture->store, number, "v9", "1", theirs, &fixture->error), STATUS_OK);
    memory_free(theirs);
    text_format(sql, sizeof sql, "%s%s%s", "SELECT count(*) FROM outbox WHERE body LIKE '%\"Provenance\"%' AND body LIKE '%Observation/",
                refused, "%' AND body NOT LIKE '%/never%'");
    assert_int_equal(number_of(fixture, sql), 1);
}

/* Theirs, a version later, with another id of nothing, and with what somebody else added (NULL: nobody). */
static char *named_again(const char *theirs, int version, const char *added)
{
    char text[32];
    cJSON *tree = NULL;
    cJSON *target = NULL;

    assert_int_equal(json_parse(theirs, strlen(theirs), &tree, NULL), STATUS_OK);
    cJSON_ArrayForEach(target, cJSON_GetObjectItemCaseSensitive(tree, "target")) {
        if (text_equal(json_text(target, "reference"), "Observation/never")) {
            text_format(text, sizeof text, "Observation/other%d", version);
            cJSON_ReplaceItemInObjectCaseSensitive(target, "reference", cJSON_CreateString(text));
        }
    }
    text_format(text, sizeof text, "%d", version);
    cJSON_DeleteItemFromObjectCaseSensitive(tree, "meta");
    json_add_text(json_add_object(tree, "meta"), "versionId", text);
    if (added != NULL) {
        cJSON_DeleteItemFromObjectCaseSensitive(tree, "activity");
        json_add_text(json_add_object(tree, "activity"), "text", added);
    }
    char *body = json_print(tree);
    cJSON_Delete(tree);
    assert_non_null(body);
    return body;
}

/* What put it right may have been stored with another id of nothing: the server wrote that, so nobody is asked. But what
 * somebody else wrote there meanwhile is not passed over. */
static void another_name_of_nothing_is_no_conflict(void **state)
{
    static const char *const added[] = {NULL, "copied"};
    struct fixture *fixture = *state;
    char refused[UUID_SIZE] = "";

    int64_t number = all_but_the_pulse(fixture, refused, false);
    char *theirs = named_at_server(fixture, number, refused, "", false);
    assert_int_equal(record_found(fixture->store, number, "v9", "1", theirs, &fixture->error), STATUS_OK);
    for (int i = 0; i < 2; i++) {
        char *again = named_again(theirs, 2 + i, added[i]);

        assert_int_equal(record_conflict(fixture->store, number, again, &fixture->error), STATUS_OK);
        memory_free(again);
        assert_string_equal(text_of(fixture, "SELECT state || base_version FROM outbox WHERE body LIKE '%\"Provenance\"%'"),
                            i == 0 ? "waiting2" : "conflict2");
    }
    memory_free(theirs);
}

/* A server may say which version it means. */
static void a_name_of_a_version_is_no_name_of_nothing(void **state)
{
    struct fixture *fixture = *state;
    char refused[UUID_SIZE] = "";

    int64_t number = all_but_the_pulse(fixture, refused, true);
    char *theirs = named_at_server(fixture, number, refused, "/_history/1", false);
    assert_int_equal(record_found(fixture->store, number, "v9", "1", theirs, &fixture->error), STATUS_OK);
    memory_free(theirs);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM outbox WHERE body LIKE '%\"Provenance\"%'"), 0);
}

#define record_test(name) cmocka_unit_test_setup_teardown(name, open_record, remove_home)

int main(void)
{
    const struct CMUnitTest tests[] = {
        record_test(what_was_there_after_all_is_corrected_there),
        record_test(what_was_corrected_names_ours_and_nothing_that_dangles),
        record_test(what_was_not_corrected_is_accepted_where_it_is_found),
        record_test(what_others_added_meanwhile_stays),
        record_test(nor_is_it_overwritten_where_a_pull_finds_it),
        record_test(a_score_that_had_arrived_is_not_taken_for_the_one_that_follows),
        record_test(a_pull_does_not_take_the_correction_for_arrived),
        record_test(nor_where_the_server_kept_our_id),
        record_test(names_in_another_order_are_not_mixed_up),
        record_test(a_name_of_nothing_is_ours_again),
        record_test(another_name_of_nothing_is_no_conflict),
        record_test(a_name_of_a_version_is_no_name_of_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
