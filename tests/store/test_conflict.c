/* Two changes of one record: merged by themselves, or kept for the nurse and decided, never lost. */
#include "tests/store/visit_test.h"

#include "store/audit.h"
#include "store/conflict.h"

/* A Task of the office's, in JSON after its head. */
#define TASK_OF(version, hour, rest) \
    "{\"resourceType\":\"Task\",\"id\":\"t1\"," META(version, "2026-11-21T0" hour ":00:00Z") ",\"intent\":\"plan\"," \
    "\"for\":{\"reference\":\"Patient/p1\"}," rest "}"
#define OWNED_2 \
    TASK_OF("2", "2", "\"status\":\"requested\",\"description\":\"Weigh\",\"owner\":{\"reference\":\"Practitioner/n2\"}," \
                      "\"note\":[{\"text\":\"Ring twice\"}]")
#define CANCELLED_2 TASK_OF("2", "2", "\"status\":\"cancelled\",\"description\":\"Weigh\",\"priority\":\"asap\"")
#define CANCELLED_3 TASK_OF("3", "3", "\"status\":\"failed\",\"description\":\"Weigh\",\"priority\":\"stat\"")

static struct fixture *with_answer(void **state, char visit[UUID_SIZE])
{
    struct fixture *fixture = *state;

    fill_caseload(fixture);
    sign_visit(fixture, true, visit);
    return fixture;
}

static const char *audit_of(struct fixture *fixture)
{
    return text_of(fixture, "SELECT group_concat(action, ' ') FROM (SELECT action FROM audit WHERE type = 'Task' AND action "
                            "NOT IN ('create', 'update', 'sign') ORDER BY number)");
}

static void meet(struct fixture *fixture, const char *theirs)
{
    assert_int_equal(record_conflict(fixture->store, row_of_type(fixture, "Task").number, theirs, &fixture->error), STATUS_OK);
}

static enum status keep(struct fixture *fixture, enum keep choice)
{
    return record_resolve(fixture->store, row_of_type(fixture, "Task").number, choice, NULL, &fixture->error);
}

static struct conflicts look(struct fixture *fixture, size_t count)
{
    struct conflicts conflicts;
    assert_int_equal(query_conflicts(fixture->store, &conflicts, &fixture->error), STATUS_OK);
    assert_int_equal(conflicts.count, count);
    return conflicts;
}

static bool body_says(struct fixture *fixture, const char *words)
{
    return strstr(text_of(fixture, "SELECT body FROM outbox WHERE base_body IS NOT NULL"), words) != NULL;
}

static void check_audit(struct fixture *fixture)
{
    struct audit_verdict verdict;
    assert_int_equal(audit_verify(fixture->store, &verdict, &fixture->error), STATUS_OK);
    assert_true(verdict.intact);
    assert_string_equal(text_of(fixture, "PRAGMA foreign_key_check"), "");
}

/* What waits after a merge: both changes, on the base of theirs, and the chart says the same. */
static void check_merged(struct fixture *fixture)
{
    struct outbox_row task = row_of_type(fixture, "Task");
    assert_int_equal(task.state, OUTBOX_WAITING);
    assert_string_equal(task.base_version, "2");
    assert_string_equal(text_of(fixture, "SELECT base_body FROM outbox WHERE base_body IS NOT NULL"), OWNED_2);
    assert_true(body_says(fixture, "\"status\":\"completed\"") && body_says(fixture, "Practitioner/n2") &&
                body_says(fixture, "Ring twice"));
    assert_string_equal(text_of(fixture, "SELECT status FROM task"), "completed");
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM resource r JOIN outbox o ON o.resource = r.key WHERE r.body <> "
                                        "o.body"), 0);
    assert_string_equal(text_of(fixture, "SELECT version FROM resource WHERE type = 'Task'"), "2");
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM conflict"), 0);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM audit WHERE action = 'merge'"), 1);
    check_audit(fixture);
}

static void changes_that_do_not_overlap_are_merged_when_pulled(void **state)
{
    char visit[UUID_SIZE];
    struct fixture *fixture = with_answer(state, visit);
    assert_int_equal(pull(fixture, OWNED_2), APPLY_STORED);
    check_merged(fixture);
    assert_int_equal(pull(fixture, OWNED_2), APPLY_UNCHANGED);
    assert_int_equal(pull(fixture, TASK_1), APPLY_UNCHANGED); /* a cached page is older: it takes nothing back */
    check_merged(fixture);
    /* And the visit becomes accepted by the answer to it. */
    accept_all(fixture);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM visit WHERE accepted IS NOT NULL"), 1);
}

static void changes_that_do_not_overlap_are_merged_when_sent(void **state)
{
    char visit[UUID_SIZE];
    struct fixture *fixture = with_answer(state, visit);
    struct outbox_row task = row_of_type(fixture, "Task");
    assert_int_equal(outbox_mark_sending(fixture->store, &task.number, 1, &fixture->error), STATUS_OK);
    meet(fixture, OWNED_2);
    check_merged(fixture);
    assert_int_equal(row_of_type(fixture, "Task").attempts, 0);
}

static void a_change_the_server_has_already_is_done(void **state)
{
    char visit[UUID_SIZE];
    struct fixture *fixture = with_answer(state, visit);
    /* The office wrote the same answer, at another time, and more. */
    assert_int_equal(pull(fixture, TASK_OF("2", "2", "\"status\":\"completed\",\"description\":\"Weigh\",\"priority\":\"asap\"")),
                     APPLY_STORED);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM outbox WHERE base_body IS NOT NULL"), 0);
    assert_non_null(strstr(text_of(fixture, "SELECT body FROM resource WHERE type = 'Task'"), "asap"));
    assert_string_equal(audit_of(fixture), "accept");
}

static void an_overlap_is_shown_in_words(void **state)
{
    char visit[UUID_SIZE];
    struct fixture *fixture = with_answer(state, visit);
    assert_int_equal(pull(fixture, CANCELLED_2), APPLY_STORED);
    struct conflicts conflicts = look(fixture, 1);
    const struct conflict *one = &conflicts.items[0];
    assert_int_equal(one->number, row_of_type(fixture, "Task").number);
    assert_string_equal(one->visit, visit);
    assert_string_equal(one->what, "Weigh");
    assert_string_equal(one->patient_name, "Hana Kim");
    assert_string_equal(one->version, "2");
    assert_true(one->known && !one->gone && one->found == START && one->theirs_at != INSTANT_NONE);
    assert_int_equal(one->count, 1); /* the priority merges by itself */
    assert_string_equal(one->parts[0].path, "status");
    assert_string_equal(one->parts[0].base, "requested");
    assert_string_equal(one->parts[0].mine, "completed");
    assert_string_equal(one->parts[0].theirs, "cancelled");
    assert_false(one->parts[0].both);
    conflicts_free(&conflicts);
    assert_string_equal(audit_of(fixture), "conflict");
}

static void keeping_mine_sends_ours_on_the_base_of_theirs(void **state)
{
    char visit[UUID_SIZE];
    struct fixture *fixture = with_answer(state, visit);
    meet(fixture, CANCELLED_2);
    assert_int_equal(keep(fixture, KEEP_BOTH), STATUS_INVALID);
    assert_non_null(strstr(fixture->error.sentence, "Status"));
    assert_int_equal(row_of_type(fixture, "Task").state, OUTBOX_CONFLICT);
    assert_int_equal(keep(fixture, KEEP_MINE), STATUS_OK);
    struct outbox_row task = row_of_type(fixture, "Task");
    assert_int_equal(task.state, OUTBOX_WAITING);
    assert_string_equal(task.base_version, "2");
    assert_true(body_says(fixture, "\"status\":\"completed\"") && body_says(fixture, "asap"));
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM conflict"), 0);
    assert_string_equal(audit_of(fixture), "conflict keep mine");
    assert_int_equal(keep(fixture, KEEP_MINE), STATUS_NOT_FOUND); /* once */
    /* A second change meets it on its way: a conflict again, with all that was entered. */
    meet(fixture, CANCELLED_3);
    assert_int_equal(row_of_type(fixture, "Task").state, OUTBOX_CONFLICT);
    assert_true(body_says(fixture, "\"status\":\"completed\""));
    struct conflicts conflicts = look(fixture, 1);
    assert_string_equal(conflicts.items[0].version, "3");
    assert_string_equal(conflicts.items[0].parts[0].base, "cancelled");
    conflicts_free(&conflicts);
    assert_int_equal(keep(fixture, KEEP_MINE), STATUS_OK);
    assert_string_equal(row_of_type(fixture, "Task").base_version, "3");
    assert_true(body_says(fixture, "\"status\":\"completed\"") && body_says(fixture, "stat"));
    check_audit(fixture);
}

static void keeping_theirs_lets_ours_go_and_keeps_a_copy(void **state)
{
    char visit[UUID_SIZE];
    struct fixture *fixture = with_answer(state, visit);
    char mine[1000];
    struct dropped_rows dropped;
    snprintf(mine, sizeof mine, "%s", text_of(fixture, "SELECT body FROM outbox WHERE base_body IS NOT NULL"));
    meet(fixture, CANCELLED_2);
    assert_int_equal(keep(fixture, KEEP_THEIRS), STATUS_OK);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM outbox WHERE base_body IS NOT NULL"), 0);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM conflict"), 0);
    assert_string_equal(text_of(fixture, "SELECT body FROM resource WHERE type = 'Task'"), CANCELLED_2);
    assert_string_equal(text_of(fixture, "SELECT version FROM resource WHERE type = 'Task'"), "2");
    assert_string_equal(text_of(fixture, "SELECT status FROM task"), "cancelled");
    assert_string_equal(audit_of(fixture), "conflict keep theirs");
    assert_string_equal(text_of(fixture, "SELECT detail FROM audit WHERE action = 'keep theirs'"), "dropped 1");
    assert_int_equal(query_dropped(fixture->store, &dropped, &fixture->error), STATUS_OK);
    assert_int_equal(dropped.count, 1);
    assert_string_equal(dropped.items[0].body, mine);
    assert_string_equal(dropped.items[0].patient, "p1");
    dropped_rows_free(&dropped);
    assert_int_equal(pull(fixture, CANCELLED_2), APPLY_UNCHANGED);
    accept_all(fixture); /* the visit waits for the rest of it only */
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM visit WHERE accepted IS NOT NULL"), 1);
    /* With the patient it leaves the device. */
    assert_int_equal(record_release_patient(fixture->store, "p1", &fixture->error), STATUS_OK);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM dropped"), 0);
    check_audit(fixture);
}

static void a_decision_is_about_what_was_seen(void **state)
{
    char visit[UUID_SIZE];
    struct fixture *fixture = with_answer(state, visit);
    meet(fixture, CANCELLED_2);
    int64_t number = row_of_type(fixture, "Task").number;
    assert_int_equal(pull(fixture, CANCELLED_3), APPLY_STORED);
    assert_int_equal(record_resolve(fixture->store, number, KEEP_THEIRS, "2", &fixture->error), STATUS_CONFLICT);
    assert_int_equal(row_of_type(fixture, "Task").state, OUTBOX_CONFLICT);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM dropped"), 0);
    assert_int_equal(record_resolve(fixture->store, number, KEEP_THEIRS, "3", &fixture->error), STATUS_OK);
    assert_string_equal(text_of(fixture, "SELECT status FROM task"), "failed");
    assert_int_equal(record_resolve(fixture->store, number + 999, KEEP_MINE, NULL, &fixture->error), STATUS_NOT_FOUND);
}

static void what_the_office_takes_back_ends_the_conflict(void **state)
{
    char visit[UUID_SIZE];
    struct fixture *fixture = with_answer(state, visit);
    meet(fixture, CANCELLED_2);
    assert_int_equal(pull(fixture, TASK_OF("4", "4", "\"status\":\"requested\",\"description\":\"Weigh\"")), APPLY_STORED);
    assert_int_equal(row_of_type(fixture, "Task").state, OUTBOX_WAITING);
    assert_string_equal(row_of_type(fixture, "Task").base_version, "4");
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM conflict"), 0);
}

static void what_the_server_deleted_is_not_revived_by_itself(void **state)
{
    char visit[UUID_SIZE];
    struct fixture *fixture = with_answer(state, visit);
    assert_int_equal(record_remove(fixture->store, "Task", "t1", &fixture->error), STATUS_OK);
    assert_int_equal(record_remove(fixture->store, "Task", "t1", &fixture->error), STATUS_OK);
    assert_string_equal(audit_of(fixture), "conflict"); /* told once */
    struct conflicts conflicts = look(fixture, 1);
    assert_true(conflicts.items[0].gone && conflicts.items[0].known);
    assert_int_equal(conflicts.items[0].count, 1);
    assert_string_equal(conflicts.items[0].parts[0].mine, "completed");
    assert_string_equal(conflicts.items[0].parts[0].theirs, "");
    conflicts_free(&conflicts);
    assert_int_equal(outbox_recover(fixture->store, &fixture->error), STATUS_OK);
    assert_int_equal(row_of_type(fixture, "Task").state, OUTBOX_CONFLICT);
    assert_int_equal(keep(fixture, KEEP_BOTH), STATUS_INVALID);
    assert_int_equal(keep(fixture, KEEP_THEIRS), STATUS_OK);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM resource WHERE type = 'Task'"), 0);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM dropped"), 1);
    check_audit(fixture);
}

static void what_the_server_deleted_can_be_sent_as_new(void **state)
{
    char visit[UUID_SIZE];
    struct fixture *fixture = with_answer(state, visit);
    int64_t number = row_of_type(fixture, "Task").number;
    assert_int_equal(record_gone(fixture->store, number, &fixture->error), STATUS_OK);
    assert_int_equal(keep(fixture, KEEP_MINE), STATUS_OK);
    struct outbox_row task = row_of_type(fixture, "Task");
    assert_int_equal(task.number, number);
    assert_int_equal(task.state, OUTBOX_WAITING);
    assert_false(task.is_update);
    assert_true(uuid_is_valid(task.uuid));
    assert_string_equal(task.id, task.uuid);
    assert_non_null(strstr(task.if_none_exist, task.uuid));
    assert_string_equal(task.visit, visit);
    char *body = NULL;
    assert_int_equal(outbox_body(fixture->store, number, &body, &fixture->error), STATUS_OK);
    assert_non_null(strstr(body, "\"completed\""));
    assert_null(strstr(body, "\"t1\""));
    assert_null(strstr(body, "versionId"));
    memory_free(body);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM resource WHERE type = 'Task'"), 1);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM task WHERE status = 'completed'"), 1);
    assert_int_equal(record_accept(fixture->store, number, "t99", "1", &fixture->error), STATUS_OK);
    assert_string_equal(text_of(fixture, "SELECT id FROM task"), "t99");
    check_audit(fixture);
}

static void the_unknown_is_asked_for_again(void **state)
{
    char visit[UUID_SIZE];
    struct fixture *fixture = with_answer(state, visit);
    meet(fixture, NULL);
    struct conflicts conflicts = look(fixture, 1);
    assert_false(conflicts.items[0].known);
    conflicts_free(&conflicts);
    assert_int_equal(keep(fixture, KEEP_MINE), STATUS_INVALID);
    assert_int_equal(keep(fixture, KEEP_THEIRS), STATUS_INVALID);
    /* A stranger's body is not theirs. */
    meet(fixture, "{\"resourceType\":\"Task\",\"id\":\"other\",\"status\":\"draft\",\"intent\":\"plan\"}");
    assert_int_equal(number_of(fixture, "SELECT theirs IS NULL FROM conflict"), 1);
    assert_int_equal(outbox_recover(fixture->store, &fixture->error), STATUS_OK);
    assert_int_equal(row_of_type(fixture, "Task").state, OUTBOX_WAITING);
    meet(fixture, OWNED_2);
    check_merged(fixture);
}

/* Our note in a list, theirs in the place of the same one: both can stand. */
static void both_stand_where_they_can(void **state)
{
    struct fixture *fixture = *state;
    char visit[UUID_SIZE];
    fill_caseload(fixture);
    assert_int_equal(pull(fixture, TASK_OF("2", "2", "\"status\":\"requested\",\"note\":[{\"text\":\"old\"}]")), APPLY_STORED);
    sign_visit(fixture, true, visit);
    /* No screen writes notes of tasks yet: as if one had. */
    assert_int_equal(sqlite3_exec(fixture->store->connection,
                                  "UPDATE outbox SET body = replace(replace(body, '\"old\"', '\"mine\"'), 'completed', 'requested')",
                                  NULL, NULL, NULL), SQLITE_OK);
    meet(fixture, TASK_OF("3", "3", "\"status\":\"requested\",\"note\":[{\"text\":\"theirs\"}]"));
    assert_int_equal(row_of_type(fixture, "Task").state, OUTBOX_CONFLICT);
    assert_int_equal(keep(fixture, KEEP_BOTH), STATUS_OK);
    assert_true(body_says(fixture, "\"mine\"") && body_says(fixture, "\"theirs\"") && !body_says(fixture, "\"old\""));
    assert_string_equal(audit_of(fixture), "conflict keep both");
}

/* --- whole or not at all ------------------------------------------------------------------------------ */

#define STATE \
    "SELECT (SELECT count(*) FROM outbox) || ' ' || (SELECT group_concat(state || base_version || length(body)) FROM outbox) " \
    "|| ' ' || (SELECT count(*) FROM conflict) || ' ' || (SELECT count(*) FROM dropped) || ' ' || (SELECT count(*) FROM audit) " \
    "|| ' ' || (SELECT group_concat(version || length(body)) FROM resource) || ' ' || (SELECT group_concat(status) FROM task)"

static int64_t swept;

static enum status meet_owned(struct fixture *fixture)
{
    return record_conflict(fixture->store, swept, OWNED_2, &fixture->error);
}

static enum status meet_cancelled(struct fixture *fixture)
{
    return record_conflict(fixture->store, swept, CANCELLED_2, &fixture->error);
}

static enum status keep_mine(struct fixture *fixture)
{
    return record_resolve(fixture->store, swept, KEEP_MINE, NULL, &fixture->error);
}

static enum status keep_theirs(struct fixture *fixture)
{
    return record_resolve(fixture->store, swept, KEEP_THEIRS, NULL, &fixture->error);
}

/* Every allocation of `step` fails once; nothing of it may have happened then. In the end it has. */
static void sweep(struct fixture *fixture, enum status (*step)(struct fixture *fixture))
{
    char before[2000];
    long failures = 0;
    swept = row_of_type(fixture, "Task").number;
    snprintf(before, sizeof before, "%s", text_of(fixture, STATE));
    for (long nth = 1;; nth++) {
        memory_fail_at(nth, 0);
        enum status status = step(fixture);
        memory_fail_at(0, 0);
        if (status == STATUS_OK) {
            break;
        }
        failures++;
        assert_string_not_equal(fixture->error.sentence, "");
        if (strcmp(text_of(fixture, STATE), before) != 0) {
            fail_msg("allocation %ld: %s before, %s after", nth, before, text_of(fixture, STATE));
        }
    }
    assert_string_not_equal(text_of(fixture, STATE), before);
    assert_true(failures > 20);
    check_audit(fixture);
}

static void a_merge_is_whole_or_not_at_all(void **state)
{
    char visit[UUID_SIZE];
    struct fixture *fixture = with_answer(state, visit);
    sweep(fixture, meet_owned);
    check_merged(fixture);
}

static void a_decision_is_whole_or_not_at_all(void **state)
{
    char visit[UUID_SIZE];
    struct fixture *fixture = with_answer(state, visit);
    sweep(fixture, meet_cancelled);
    sweep(fixture, keep_mine);
    meet(fixture, CANCELLED_3);
    sweep(fixture, keep_theirs);
}

static void a_new_record_is_whole_or_not_at_all(void **state)
{
    char visit[UUID_SIZE];
    struct fixture *fixture = with_answer(state, visit);
    assert_int_equal(record_remove(fixture->store, "Task", "t1", &fixture->error), STATUS_OK);
    sweep(fixture, keep_mine);
}

#define record_test(name) cmocka_unit_test_setup_teardown(name, open_record, remove_home)

int main(void)
{
    memory_install();
    const struct CMUnitTest tests[] = {
        record_test(changes_that_do_not_overlap_are_merged_when_pulled),
        record_test(changes_that_do_not_overlap_are_merged_when_sent),
        record_test(a_change_the_server_has_already_is_done),
        record_test(an_overlap_is_shown_in_words),
        record_test(keeping_mine_sends_ours_on_the_base_of_theirs),
        record_test(keeping_theirs_lets_ours_go_and_keeps_a_copy),
        record_test(a_decision_is_about_what_was_seen),
        record_test(what_the_office_takes_back_ends_the_conflict),
        record_test(what_the_server_deleted_is_not_revived_by_itself),
        record_test(what_the_server_deleted_can_be_sent_as_new),
        record_test(the_unknown_is_asked_for_again),
        record_test(both_stand_where_they_can),
        record_test(a_merge_is_whole_or_not_at_all),
        record_test(a_decision_is_whole_or_not_at_all),
        record_test(a_new_record_is_whole_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
