/* What holds of every merge, over changes thrown by dice; and when memory is short. */
#include "fhir/merge.h"
#include "fhir/merge_part.h"
#include "tests/fhir/fhir_test.h"
#include "tests/fhir/merge_sample.h"

#include "base/identifier.h"

static const char *const bases[] = {
    TASK("'status':'requested','description':'Weigh','for':{'reference':'Patient/p'},'note':[{'text':'a'},{'text':'b'}],"
         "'basedOn':[{'reference':'CarePlan/1'},{'reference':'CarePlan/2'}],'restriction':{'repetitions':1,'period':{'end':'2026'},"
         "'recipient':[{'reference':'Patient/p'}]},'input':[{'type':{'text':'x'},'valueString':'y'}]"),
    ORDER(DOSE("5.00") ",'medicationCodeableConcept':{'text':'a'},'note':[{'text':'a'}],'reasonCode':[{'text':'pain'}]"),
    PLAN(ACTIVITY("a", "scheduled", "Weigh"), ACTIVITY("b", "scheduled", "Walk")),
    PATIENT("'name':[{'use':'official','family':'Kim','given':['Hana']},{'text':'x'}],'telecom':[{'system':'phone','value':'1'}],"
            "'_birthDate':{'id':'q'},'birthDate':'1938-04-02','contact':[{'name':{'text':'Son'},'telecom':[{'value':'2'}]}],"
            "'extension':[{'url':'u','valueDecimal':1.50},{'url':'v','valueString':'z'}]"),
    BASE,
    ALLERGY("'criticality':'low','code':{'text':'Penicillin'},'reaction':[{'manifestation':[{'text':'rash'}]}]"),
};

struct dice {
    struct randomness randomness;
    int made;
};

static int count_nodes(const cJSON *node)
{
    int count = 1;
    for (const cJSON *child = node->child; child != NULL; child = child->next) {
        count += count_nodes(child);
    }
    return count;
}

static cJSON *node_at(cJSON *node, int *place)
{
    if ((*place)-- == 0) {
        return node;
    }
    for (cJSON *child = node->child; child != NULL; child = child->next) {
        cJSON *found = node_at(child, place);
        if (found != NULL) {
            return found;
        }
    }
    return NULL;
}

static bool is_head(const cJSON *node)
{
    return node->string != NULL && (strcmp(node->string, "resourceType") == 0 || strcmp(node->string, "meta") == 0 ||
                                    strcmp(node->string, "versionId") == 0 || strcmp(node->string, "lastUpdated") == 0 ||
                                    (strcmp(node->string, "id") == 0));
}

/* Changes, removes or adds something, in a way that can be found again. */
static void mutate(cJSON *tree, struct dice *dice)
{
    int place = 1 + (int)randomness_below(&dice->randomness, (uint32_t)count_nodes(tree) - 1);
    cJSON *node = node_at(tree, &place);
    char token[32];
    char name[32];
    snprintf(token, sizeof token, "tok%d", dice->made++);
    if (node == NULL || is_head(node)) {
        return;
    }
    if (cJSON_IsArray(node)) {
        cJSON *item = randomness_below(&dice->randomness, 2) == 0 ? cJSON_Duplicate(node->child, true) : cJSON_CreateObject();
        if (cJSON_IsObject(item)) {
            cJSON_DeleteItemFromObjectCaseSensitive(item, "id");
            cJSON_DeleteItemFromObjectCaseSensitive(item, "text");
            json_add_text(item, "text", token);
            cJSON_AddItemToArray(node, item);
        } else {
            cJSON_Delete(item);
        }
    } else if (cJSON_IsObject(node)) {
        snprintf(name, sizeof name, "more%d", dice->made);
        json_add_text(node, name, token);
    } else if (cJSON_IsString(node)) {
        cJSON_SetValuestring(node, token);
    } else if (node->string != NULL && tree->child != node) {
        cJSON *parent = tree;
        place = 0;
        for (int i = 0; i < count_nodes(tree); i++) {
            place = i;
            parent = node_at(tree, &place);
            if (parent != NULL && node->string != NULL && cJSON_IsObject(parent) &&
                cJSON_GetObjectItemCaseSensitive(parent, node->string) == node) {
                break;
            }
        }
        cJSON_DeleteItemFromObjectCaseSensitive(parent, node->string);
    }
}

static void merge_trees(const cJSON *base, const cJSON *mine, const cJSON *theirs, enum merge_choice choice, struct merge *out)
{
    assert_int_equal(merge_resources(base, mine, theirs, choice, out, NULL), STATUS_OK);
}

/* `merge` is without questions, and gives `wanted`. */
static void assert_gives(const cJSON *base, const cJSON *mine, const cJSON *theirs, const cJSON *wanted)
{
    struct merge merge;
    merge_trees(base, mine, theirs, MERGE_ASK, &merge);
    assert_int_equal(merge.count, 0);
    if (!merge_equal(merge.tree, wanted)) {
        char *text[] = {json_print(merge.tree), json_print(wanted)};
        fail_msg("%s\ninstead of\n%s", text[0], text[1]);
    }
    merge_free(&merge);
}

/* Whether the element of `side` in which the token stands is one of those that are asked about. */
static bool is_asked_about(const cJSON *side, const char *token, const struct merge *merge)
{
    for (const cJSON *member = side->child; member != NULL; member = member->next) {
        char *text = json_print(member);
        bool here = strstr(text, token) != NULL;
        memory_free(text);
        for (size_t i = 0; here && i < merge->count; i++) {
            size_t length = strcspn(merge->overlaps[i].path, ".[");
            struct merge_name name = {.text = member->string};
            merge_find_unit(&(struct merging){.type = json_text(side, "resourceType")}, true, &name);
            if (strncmp(merge->overlaps[i].path, member->string, length) == 0 ||
                (length == name.unit_length && strncmp(merge->overlaps[i].path, name.unit, length) == 0)) {
                return true;
            }
        }
    }
    return false;
}

/* Each token of `side` that the base does not have is in the result or in a question. */
static void assert_nothing_lost(const cJSON *side, const cJSON *base, const struct merge *merge)
{
    char *before = json_print(base);
    char *after = json_print(merge->tree);
    char *text = json_print(side);
    for (char *at = strstr(text, "tok"); at != NULL; at = strstr(at + 1, "tok")) {
        char token[32];
        size_t length = 3 + strspn(at + 3, "0123456789");
        bool found = false;
        snprintf(token, sizeof token, "%.*s", (int)length, at);
        found = strstr(after, token) != NULL || strstr(before, token) != NULL;
        if (!found && !is_asked_about(side, token, merge)) {
            fail_msg("%s of %s is lost in %s", token, text, after);
        }
    }
    memory_free(before);
    memory_free(after);
    memory_free(text);
}

static void assert_symmetric(const struct merge *one, const struct merge *other)
{
    assert_int_equal(one->count, other->count);
    for (size_t i = 0; i < one->count; i++) {
        bool found = false;
        for (size_t j = 0; j < other->count; j++) {
            found = found || (strcmp(one->overlaps[i].path, other->overlaps[j].path) == 0 &&
                              strcmp(one->overlaps[i].mine, other->overlaps[j].theirs) == 0 &&
                              strcmp(one->overlaps[i].theirs, other->overlaps[j].mine) == 0);
        }
        if (!found) {
            fail_msg("%s overlaps from one side only", one->overlaps[i].path);
        }
    }
}

static void the_merge_has_its_properties(void **state)
{
    uint64_t seed = 7;
    struct dice dice = {.randomness = randomness_seeded(&seed)};
    int questions = 0;
    int answers = 0;
    (void)state;
    for (int round = 0; round < 3000; round++) {
        cJSON *base = parse(bases[round % (int)(sizeof bases / sizeof bases[0])]);
        cJSON *x = cJSON_Duplicate(base, true);
        cJSON *y = cJSON_Duplicate(base, true);
        struct merge one, other, settled;
        for (uint32_t i = randomness_below(&dice.randomness, 3) + 1; i > 0; i--) {
            mutate(x, &dice);
            mutate(y, &dice);
        }
        assert_gives(base, base, x, x);
        assert_gives(base, x, base, x);
        assert_gives(base, x, x, x);
        merge_trees(base, x, y, MERGE_ASK, &one);
        merge_trees(base, y, x, MERGE_ASK, &other);
        assert_symmetric(&one, &other);
        questions += one.count > 0;
        answers += one.count == 0 && one.adds;
        for (int choice = MERGE_MINE; choice <= MERGE_BOTH; choice++) {
            merge_trees(base, x, y, (enum merge_choice)choice, &settled);
            assert_nothing_lost(x, base, &settled);
            assert_nothing_lost(y, base, &settled);
            assert_gives(y, settled.tree, y, settled.tree); /* what is sent next has nothing to ask */
            merge_free(&settled);
        }
        merge_free(&one);
        merge_free(&other);
        cJSON_Delete(base);
        cJSON_Delete(x);
        cJSON_Delete(y);
    }
    assert_true(questions > 300);
    assert_true(answers > 300);
}

/* No allocation that fails leaves anything behind, or gives half of a merge. */
static void short_memory_is_told(void **state)
{
    cJSON *base = parse(bases[0]);
    cJSON *mine = parse(TASK("'status':'completed','description':'x','note':[{'text':'c'}]"));
    cJSON *theirs = parse(TASK_2("'status':'cancelled','description':'y','note':[{'text':'a'},{'text':'d'}],'owner':{'display':'z'}"));
    (void)state;
    for (long nth = 1;; nth++) {
        struct merge merge;
        memory_fail_at(nth, 0);
        enum status status = merge_resources(base, mine, theirs, MERGE_BOTH, &merge, NULL);
        bool reached = memory_allocation_count() >= nth;
        memory_fail_at(0, 0);
        if (!reached) {
            assert_int_equal(status, STATUS_OK);
            merge_free(&merge);
            break;
        }
        assert_int_equal(status, STATUS_NO_MEMORY);
        assert_null(merge.tree);
        assert_int_equal(merge.count, 0);
    }
    cJSON_Delete(base);
    cJSON_Delete(mine);
    cJSON_Delete(theirs);
}

int main(void)
{
    memory_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_merge_has_its_properties),
        cmocka_unit_test(short_memory_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
