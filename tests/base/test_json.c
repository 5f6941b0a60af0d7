#include "base/json.h"

#include "base/memory.h"
#include "base/text.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static cJSON *parse(const char *text)
{
    struct error error = {0};
    cJSON *tree = NULL;

    if (json_parse(text, strlen(text), &tree, &error) != STATUS_OK) {
        fail_msg("%s was refused: %s", text, error.sentence);
    }
    return tree;
}

static void assert_prints(const char *text, const char *expected)
{
    cJSON *tree = parse(text);
    char *printed = json_print(tree);

    assert_string_equal(printed, expected);
    memory_free(printed);
    cJSON_Delete(tree);
}

/* Refused, with `word` in the sentence. */
static void assert_refused(const char *bytes, size_t length, const char *word)
{
    struct error error = {0};
    cJSON *tree = (cJSON *)(uintptr_t)1;
    enum status status = json_parse(bytes, length, &tree, &error);

    if (status != STATUS_INVALID || tree != NULL) {
        fail_msg("%.*s was accepted", (int)length, bytes);
    }
    if (strstr(error.sentence, word) == NULL) {
        fail_msg("%.*s gives \"%s\", without \"%s\"", (int)length, bytes, error.sentence, word);
    }
    assert_int_equal(json_parse(bytes, length, &tree, NULL), STATUS_INVALID);
}

static void test_numbers_keep_their_characters(void **state)
{
    static const char *const numbers[] = {
        "0", "-0", "1", "-1", "36.60", "0.010", "1.0", "1.00e2", "1E-22", "1e400", "-1.5E+3", "9007199254740993",
        "123456789012345", "1234567890123456", "-123456789012345", "-1234567890123456", "100000000000000",
        "999999999999999999999999999999", "0.1", "2147483648", "-2147483649", "0e0", "1e5",
        "0.00000000000000000000000000000000000000000000000000000000000001",
    };

    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        char text[300];
        char got[100];
        cJSON *tree = NULL;

        assert_prints(numbers[i], numbers[i]);
        (void)snprintf(text, sizeof text, "{\"v\":[%s,{\"w\":%s}],\"x\":%s}", numbers[i], numbers[i], numbers[i]);
        assert_prints(text, text);
        tree = parse(text);
        assert_true(json_number_text(json_member(tree, "x"), got, sizeof got));
        assert_string_equal(got, numbers[i]);
        assert_false(json_number_text(json_member(tree, "x"), got, strlen(numbers[i])));
        cJSON_Delete(tree);
    }
}

static void test_documents_print_as_they_came(void **state)
{
    static const char *const documents[] = {
        "{}", "[]", "\"\"", "true", "false", "null", "[[],{}]", "{\"a\":{\"b\":[1,2.50,\"x\",null,true,false]}}",
        "{\"A\":1,\"a\":2}", "\"한글 \\\"q\\\" \\\\ \\n\\r\\t\"", "[\"\xF0\x9F\x98\x80\"]", "{\"\":{\"\":1}}",
        "[{\"id\":1},{\"id\":2},{\"x\":{\"id\":3},\"id\":4}]", "\"\xC2\x80\"",
    };

    (void)state;
    for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++) {
        assert_prints(documents[i], documents[i]);
    }
    assert_prints("\xEF\xBB\xBF \t\r\n{ \"a\" : [ 1 , 2 ] } \n", "{\"a\":[1,2]}");
    assert_prints("\"\\u00e9\\/\\ud83d\\ude00\\u0009\"", "\"é/\xF0\x9F\x98\x80\\t\"");
}

static void test_pretty_print_parses_back(void **state)
{
    static const char text[] = "{\"a\":[1.50,{\"b\":null}],\"c\":\"d\"}";
    cJSON *tree = parse(text);
    char *pretty = json_print_pretty(tree);

    (void)state;
    assert_non_null(strchr(pretty, '\n'));
    assert_prints(pretty, text);
    memory_free(pretty);
    cJSON_Delete(tree);
}

static void test_what_is_not_strict_json_is_refused(void **state)
{
    static const struct {
        const char *text;
        const char *word;
    } cases[] = {
        {"", "ends too early"},
        {"  ", "ends too early"},
        {"{", "name"},
        {"{\"a\"", "colon"},
        {"{\"a\":", "ends too early"},
        {"{\"a\":1", "comma"},
        {"{\"a\":1,", "name"},
        {"{\"a\":1,}", "name"},
        {"{a:1}", "name"},
        {"{'a':1}", "name"},
        {"[1", "comma"},
        {"[1,]", "value"},
        {"[1 2]", "comma"},
        {"[,1]", "value"},
        {"\"abc", "ends too early"},
        {"\"abc\\", "escape"},
        {"\"\\u12", "escape"},
        {"\"\\x41\"", "escape"},
        {"\"\\u12G4\"", "escape"},
        {"\"\\ud800\"", "escape"},
        {"\"\\udc00\\ud800\"", "escape"},
        {"\"\\ud800\\u0041\"", "escape"},
        {"\"\\u0000\"", "control"},
        {"\"\\u0001" "1\"", "control"},
        {"\"\\b\"", "control"},
        {"\"\\u007f\"", "control"},
        {"\"\x01" "36.5\"", "control"},
        {"\"\x1b[2J\"", "control"},
        {"\"\x7f\"", "control"},
        {"\"a\nb\"", "control"},
        {"{\"a\tb\":1}", "control"},
        {"\"\xFF\"", "UTF-8"},
        {"\"\xC0\x80\"", "UTF-8"},
        {"\"\xED\xA0\x80\"", "UTF-8"},
        {"\"\xE3\x81\"", "UTF-8"},
        {"\xFF\xFE{\0}", "value"},
        {"01", "number"},
        {"-01", "number"},
        {"1.", "number"},
        {".5", "value"},
        {"+1", "value"},
        {"-", "number"},
        {"1e", "number"},
        {"NaN", "value"},
        {"Infinity", "value"},
        {"-Infinity", "number"},
        {"0x10", "something follows"},
        {"nul", "value"},
        {"nullx", "something follows"},
        {"truefalse", "something follows"},
        {"True", "value"},
        {"{} {}", "something follows"},
        {"{}x", "something follows"},
        {"[1]]", "something follows"},
        {"// c\n1", "value"},
        {"00000000000000000000000000000000000000000000000000000000000000001", "number"},
        {"0.00000000000000000000000000000000000000000000000000000000000000001", "too many digits"},
        {"{\"a\":1,\"a\":2}", "'a'"},
        {"{\"a\":1,\"\\u0061\":2}", "two members"},
        {"{\"\\ud83d\\ude00\":1,\"\xF0\x9F\x98\x80\":2}", "two members"},
        {"{\"\":1,\"\":2}", "two members"},
        {"{\"x\":{\"a\":1},\"y\":[{\"b\":1}],\"x\":2}", "'x'"},
        {"{\"a\\/b\":1,\"a/b\":2}", "two members"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_refused(cases[i].text, strlen(cases[i].text), cases[i].word);
    }
    assert_refused("\"a\0b\"", 5, "control");
    assert_refused("1\0", 2, "something follows");
    assert_refused("{\"id\":1,\"meta\":{},\"id\":2}", 25, "near byte 22.");
}

static void test_depth_is_limited(void **state)
{
    static char text[100000];
    size_t size = sizeof text;
    cJSON *tree = NULL;

    (void)state;
    memset(text, '[', JSON_DEPTH_LIMIT);
    memset(text + JSON_DEPTH_LIMIT, ']', JSON_DEPTH_LIMIT);
    assert_int_equal(json_parse(text, 2 * JSON_DEPTH_LIMIT, &tree, NULL), STATUS_OK);
    cJSON_Delete(tree);
    memset(text, '[', JSON_DEPTH_LIMIT + 1);
    memset(text + JSON_DEPTH_LIMIT + 1, ']', JSON_DEPTH_LIMIT + 1);
    assert_refused(text, 2 * (JSON_DEPTH_LIMIT + 1), "deeply");
    memset(text, '[', size);
    assert_refused(text, size, "deeply");
    for (size_t i = 0; i < size; i += 5) {
        memcpy(text + i, "{\"a\":", 5);
    }
    assert_refused(text, size, "deeply");
}

static void test_size_and_value_count_are_limited(void **state)
{
    size_t size = (size_t)JSON_SIZE_LIMIT + 1;
    char *text = memory_allocate(size);

    (void)state;
    assert_non_null(text);
    memset(text, ' ', size);
    text[0] = '1';
    assert_refused(text, size, "larger");
    for (size_t i = 1; i + 1 < size; i += 2) {
        text[i] = '1';
        text[i + 1] = ',';
    }
    text[0] = '[';
    assert_refused(text, 10 * 1024 * 1024, "too many values");
    memory_free(text);
}

static double seconds_now(void)
{
    struct timespec time;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Seconds to refuse (for its last member is doubled) an object of so many members. */
static double time_of_members(int count)
{
    struct buffer text;
    cJSON *tree = NULL;
    double start = 0;

    buffer_init(&text, JSON_SIZE_LIMIT);
    buffer_append_byte(&text, '{');
    for (int i = 0; i < count; i++) {
        buffer_format(&text, "\"m%d\":{\"v\":%d},", i, i);
    }
    buffer_append_text(&text, "\"m0\":0}");
    start = seconds_now();
    assert_int_equal(json_parse(text.data, text.length, &tree, NULL), STATUS_INVALID);
    start = seconds_now() - start;
    buffer_free(&text);
    return start;
}

/* Whoever has little memory says how many values are too many, and can tell that from what is no JSON. */
static void test_a_caller_may_allow_fewer_values(void **state)
{
    static const char text[] = "[1,{\"a\":2.50},\"b\"]"; /* five */
    static const char broken[] = "[1,{\"a\":2.50},\"b\"";
    cJSON *tree = NULL;

    (void)state;
    assert_int_equal(json_parse_within(text, sizeof text - 1, 5, &tree, NULL), STATUS_OK);
    cJSON_Delete(tree);
    assert_int_equal(json_parse_within(text, sizeof text - 1, 4, &tree, NULL), STATUS_FULL);
    assert_null(tree);
    assert_int_equal(json_parse_within(text, sizeof text - 1, 0, &tree, NULL), STATUS_FULL);
    assert_int_equal(json_parse_within(broken, sizeof broken - 1, 5, &tree, NULL), STATUS_INVALID);
}

static void test_many_members_take_linear_time(void **state)
{
    double few = 1e9;
    double many = 1e9;

    (void)state;
    for (int i = 0; i < 5; i++) {
        double time = time_of_members(20000);
        few = time < few ? time : few;
        time = time_of_members(320000);
        many = time < many ? time : many;
    }
    /* 16 times the members; were it quadratic, 256 times the time. */
    assert_true(many < 80 * few);
}

static void test_getters(void **state)
{
    static const char text[] =
        "{\"t\":\"x\",\"n\":36.60,\"i\":12,\"big\":9007199254740993,\"huge\":99999999999999999999,\"e\":1e2,"
        "\"b\":true,\"f\":false,\"z\":null,\"o\":{\"k\":\"v\"},\"a\":[{\"c\":\"d\"},[\"e\",7]],"
        "\"min\":-9223372036854775808}";
    cJSON *tree = parse(text);
    struct decimal number = {0, 0};
    int64_t integer = 0;
    bool flag = true;
    char digits[8];

    (void)state;
    assert_string_equal(json_text(tree, "t"), "x");
    assert_null(json_text(tree, "T"));
    assert_null(json_text(tree, "n"));
    assert_null(json_text(tree, "o"));
    assert_null(json_text(NULL, "t"));
    assert_null(json_member(json_member(tree, "a"), "c"));
    assert_non_null(json_object(tree, "o"));
    assert_null(json_object(tree, "a"));
    assert_non_null(json_array(tree, "a"));
    assert_null(json_array(tree, "o"));
    assert_true(json_decimal(tree, "n", &number));
    assert_int_equal(number.units, 3660);
    assert_int_equal(number.scale, 2);
    assert_true(json_decimal(tree, "i", &number));
    assert_int_equal(number.units, 12);
    assert_false(json_decimal(tree, "t", &number));
    assert_false(json_decimal(tree, "huge", &number));
    assert_false(json_decimal(tree, "none", &number));
    assert_true(json_integer(tree, "i", &integer));
    assert_int_equal(integer, 12);
    assert_true(json_integer(tree, "big", &integer));
    assert_int_equal(integer, INT64_C(9007199254740993));
    assert_true(json_integer(tree, "min", &integer));
    assert_true(integer == INT64_MIN);
    assert_false(json_integer(tree, "huge", &integer));
    assert_false(json_integer(tree, "n", &integer));
    assert_false(json_integer(tree, "e", &integer));
    assert_false(json_integer(tree, "b", &integer));
    assert_true(json_boolean(tree, "b", &flag));
    assert_true(flag);
    assert_true(json_boolean(tree, "f", &flag));
    assert_false(flag);
    assert_false(json_boolean(tree, "z", &flag));
    assert_false(json_boolean(tree, "i", &flag));
    assert_false(json_number_text(json_member(tree, "t"), digits, sizeof digits));
    assert_false(json_number_text(NULL, digits, sizeof digits));
    assert_string_equal(json_text_at(tree, "o.k"), "v");
    assert_string_equal(json_text_at(tree, "a[0].c"), "d");
    assert_string_equal(json_text_at(tree, "a[1][0]"), "e");
    assert_ptr_equal(json_at(tree, ""), tree);
    assert_null(json_at(tree, "a[2]"));
    assert_null(json_at(tree, "a[x]"));
    assert_null(json_at(tree, "a[0"));
    assert_null(json_at(tree, "o[0]"));
    assert_null(json_at(tree, "o.none.k"));
    assert_null(json_at(NULL, "o"));
    assert_null(json_text_at(tree, "a[1][1]"));
    cJSON_Delete(tree);
}

static void test_plain_number_nodes_are_read_too(void **state)
{
    cJSON *tree = cJSON_CreateObject();
    struct decimal number = {0, 0};
    int64_t integer = 0;

    (void)state;
    cJSON_AddNumberToObject(tree, "n", 36.5);
    cJSON_AddNumberToObject(tree, "i", 42);
    cJSON_AddRawToObject(tree, "raw", "[1]");
    assert_true(json_decimal(tree, "n", &number));
    assert_int_equal(number.units, 365);
    assert_int_equal(number.scale, 1);
    assert_true(json_integer(tree, "i", &integer));
    assert_int_equal(integer, 42);
    assert_false(json_decimal(tree, "raw", &number));
    cJSON_Delete(tree);
}

/* A small resource built through every builder. */
static cJSON *build(void)
{
    cJSON *root = cJSON_CreateObject();
    cJSON *array = NULL;
    cJSON *inner = NULL;

    json_add_text(root, "resourceType", "Observation");
    json_add_text(root, "absent", NULL);
    inner = json_add_object(root, "valueQuantity");
    json_add_number(inner, "value", "36.60");
    json_add_integer(inner, "count", INT64_MIN);
    array = json_add_array(root, "list");
    json_append_text(array, "one");
    json_add_boolean(json_add_object(array, NULL), "good", true);
    json_add_null(json_add_array(array, NULL), NULL);
    return root;
}

static void test_builders(void **state)
{
    cJSON *tree = build();
    char *text = json_print(tree);

    (void)state;
    assert_string_equal(text, "{\"resourceType\":\"Observation\",\"valueQuantity\":{\"value\":36.60,"
                              "\"count\":-9223372036854775808},\"list\":[\"one\",{\"good\":true},[null]]}");
    memory_free(text);
    assert_ptr_equal(json_add_text(tree, "none", NULL), tree);
    cJSON_Delete(tree);
    assert_null(json_add_object(NULL, "x"));
    assert_null(json_add_text(NULL, "x", "y"));
    assert_null(json_print(NULL));
}

static void test_a_number_that_is_none_spoils_the_tree(void **state)
{
    static const char *const bad[] = {"", "abc", "1,2", "01", "1}", "\"", "1 "};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cJSON *tree = cJSON_CreateObject();

        assert_null(json_add_number(tree, "v", bad[i]));
        assert_null(json_print(tree));
        cJSON_Delete(tree);
    }
}

static void test_building_with_short_memory_never_prints_a_part(void **state)
{
    cJSON *tree = build();
    char *whole = json_print(tree);
    int failures = 0;

    (void)state;
    cJSON_Delete(tree);
    for (long nth = 1;; nth++) {
        char *text = NULL;

        memory_fail_at(nth, 0);
        tree = build();
        text = json_print(tree);
        bool reached = memory_allocation_count() >= nth;
        memory_fail_at(0, 0);
        cJSON_Delete(tree);
        if (text != NULL) {
            assert_string_equal(text, whole);
            memory_free(text);
        } else {
            failures++;
        }
        if (!reached) {
            break;
        }
    }
    assert_true(failures > 20);
    memory_free(whole);
}

static void test_parsing_with_short_memory(void **state)
{
    static const char text[] = "{\"a\":[1.50,{\"b\":null}],\"c\":\"d\",\"e\":{\"f\":1,\"g\":[]}}";
    enum status status = STATUS_NO_MEMORY;

    (void)state;
    for (long nth = 1; status == STATUS_NO_MEMORY; nth++) {
        struct error error = {0};
        cJSON *tree = NULL;

        memory_fail_at(nth, 0);
        status = json_parse(text, strlen(text), &tree, &error);
        memory_fail_at(0, 0);
        assert_int_equal(tree != NULL, status == STATUS_OK);
        assert_int_equal(error.status, status);
        cJSON_Delete(tree);
        assert_true(nth < 1000);
    }
    assert_int_equal(status, STATUS_OK);
}

static void test_every_truncation_is_refused(void **state)
{
    static const char text[] = "{\"a\":[1.50,{\"b\":null,\"\\u00e9\":-3}],\"c\":\"d\xC3\xA9\\n\",\"e\":{\"f\":true}}";

    (void)state;
    for (size_t length = 0; length < sizeof text - 1; length++) {
        char *cut = memory_allocate(length); /* of its own, so that a sanitizer sees reads past the end */
        cJSON *tree = NULL;

        assert_non_null(cut);
        memcpy(cut, text, length);
        assert_int_equal(json_parse(cut, length, &tree, NULL), STATUS_INVALID);
        memory_free(cut);
    }
    assert_prints(text, "{\"a\":[1.50,{\"b\":null,\"é\":-3}],\"c\":\"dé\\n\",\"e\":{\"f\":true}}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_keep_their_characters),
        cmocka_unit_test(test_documents_print_as_they_came),
        cmocka_unit_test(test_pretty_print_parses_back),
        cmocka_unit_test(test_what_is_not_strict_json_is_refused),
        cmocka_unit_test(test_depth_is_limited),
        cmocka_unit_test(test_size_and_value_count_are_limited),
        cmocka_unit_test(test_a_caller_may_allow_fewer_values),
        cmocka_unit_test(test_many_members_take_linear_time),
        cmocka_unit_test(test_getters),
        cmocka_unit_test(test_plain_number_nodes_are_read_too),
        cmocka_unit_test(test_builders),
        cmocka_unit_test(test_a_number_that_is_none_spoils_the_tree),
        cmocka_unit_test(test_building_with_short_memory_never_prints_a_part),
        cmocka_unit_test(test_parsing_with_short_memory),
        cmocka_unit_test(test_every_truncation_is_refused),
    };

    memory_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
