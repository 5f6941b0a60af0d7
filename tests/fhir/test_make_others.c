/* What is made besides visits: a changed Task, the nurse's own Practitioner. */
#include "fhir/bundle.h"
#include "fhir/lookup.h"
#include "tests/fhir/visit_sample.h"

static void a_task_keeps_all_but_its_status(void **state)
{
    struct sample sample;
    struct made_visit made = {0};
    struct visit_task change = {.id = "t1", .status = "failed", .reason = "not at home"};
    cJSON *tree = NULL;

    (void)state;
    sample_init(&sample);
    assert_int_equal(task_update(task_body, &change, &sample.signer, &made, NULL), STATUS_OK);
    assert_int_equal(made.count, 1);
    assert_string_equal(made.items[0].type, "Task");
    assert_string_equal(made.items[0].uuid, "");
    assert_string_equal(made.items[0].if_none_exist, "");
    assert_string_equal(made.items[0].base_version, "7");
    dump(&made);
    tree = tree_of(&made.items[0]);
    assert_string_equal(json_text(tree, "status"), "failed");
    assert_string_equal(json_text_at(tree, "statusReason.text"), "not at home");
    assert_string_equal(json_text(tree, "lastModified"), "2026-11-22T09:00:00+09:00");
    assert_string_equal(json_text(tree, "description"), "Weigh");
    assert_non_null(strstr(made.items[0].body, "\"valueDecimal\":1.500"));
    cJSON_Delete(tree);
    change = (struct visit_task){.id = "t1", .status = "completed"};
    assert_int_equal(task_update(task_body, &change, &sample.signer, &made, NULL), STATUS_OK);
    assert_int_equal(made.count, 2);
    assert_null(strstr(made.items[1].body, "statusReason"));
    assert_int_equal(task_update("{\"resourceType\":\"Flag\"}", &change, &sample.signer, &made, NULL), STATUS_INVALID);
    assert_int_equal(task_update("{", &change, &sample.signer, &made, NULL), STATUS_INVALID);
    assert_int_equal(made.count, 2);
    made_visit_free(&made);
    sample_free(&sample);
}

static void a_nurse_makes_herself(void **state)
{
    struct sample sample;
    struct made_resource made;
    cJSON *tree = NULL;

    (void)state;
    sample_init(&sample);
    assert_int_equal(practitioner_make("간호사 김", &sample.randomness, &made, NULL), STATUS_OK);
    assert_string_equal(made.type, "Practitioner");
    tree = tree_of(&made);
    assert_string_equal(json_text(tree, "id"), made.uuid);
    assert_string_equal(json_text_at(tree, "name[0].text"), "간호사 김");
    dump(&(struct made_visit){.items = &made, .count = 1});
    cJSON_Delete(tree);
    memory_free(made.body);
    sample_free(&sample);
}

/* What the server deleted, sent as a new one: nothing of the old identity, and no empty element, which FHIR forbids. */
static void made_anew_it_has_no_old_identity(void **state)
{
    static const struct {
        const char *meta;
        bool kept;
    } rows[] = {
        {"{\"versionId\":\"3\",\"lastUpdated\":\"2026-11-22T00:00:00Z\"}", false},
        {"{\"versionId\":\"3\",\"source\":\"#a\"}", true},
    };
    struct sample sample;

    (void)state;
    sample_init(&sample);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct made_resource made;
        char body[300];

        (void)snprintf(body, sizeof body,
                       "{\"resourceType\":\"Task\",\"id\":\"t1\",\"meta\":%s,\"status\":\"completed\",\"intent\":\"plan\"}",
                       rows[i].meta);
        assert_int_equal(resource_renew(body, &sample.randomness, &made, NULL), STATUS_OK);
        cJSON *tree = tree_of(&made);
        assert_string_equal(json_text(tree, "id"), made.uuid);
        assert_int_equal(json_member(tree, "meta") != NULL, rows[i].kept);
        assert_null(strstr(made.body, "versionId"));
        cJSON_Delete(tree);
        memory_free(made.body);
    }
    sample_free(&sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_task_keeps_all_but_its_status),
        cmocka_unit_test(a_nurse_makes_herself),
        cmocka_unit_test(made_anew_it_has_no_old_identity),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
