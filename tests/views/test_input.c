/* From codes to events: characters in pieces, pastes, keys, and every way of cutting a stream. */
#define NCURSES_NOMACROS 1
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "views/input.h"

#include <curses.h>
#include <stdio.h>
#include <string.h>

struct heard {
    struct input input;
    struct event events[64];
    char pastes[256];
    int count;
};

static void feed(struct heard *heard, int code)
{
    struct event events[INPUT_EVENTS];
    int count = input_feed(&heard->input, code, events);

    for (int i = 0; i < count; i++) {
        heard->events[heard->count++] = events[i];
        if (events[i].kind == EVENT_PASTE) {
            snprintf(heard->pastes + strlen(heard->pastes), sizeof heard->pastes - strlen(heard->pastes), "%s",
                     events[i].paste);
        }
    }
}

static void feed_bytes(struct heard *heard, const char *bytes)
{
    for (; *bytes != '\0'; bytes++) {
        feed(heard, (unsigned char)*bytes);
    }
}

static struct heard start(void)
{
    struct heard heard = {.count = 0};

    input_init(&heard.input);
    return heard;
}

static void bytes_become_characters(void **state)
{
    struct heard heard = start();

    (void)state;
    feed_bytes(&heard, "a\xC3\xA6\xE4\xBD\x9C\xF0\x9F\x91\x8D");
    assert_int_equal(heard.count, 4);
    assert_int_equal(heard.events[0].character, 'a');
    assert_int_equal(heard.events[1].character, 0xE6);
    assert_int_equal(heard.events[2].character, 0x4F5C);
    assert_int_equal(heard.events[3].character, 0x1F44D);
    input_free(&heard.input);
}

static void a_broken_byte_swallows_nothing_after_it(void **state)
{
    struct heard heard = start();

    (void)state;
    feed_bytes(&heard, "\xFF" "BC\xE4\xBD" "D");
    assert_int_equal(heard.count, 5);
    assert_int_equal(heard.events[0].character, 0xFFFD);
    assert_int_equal(heard.events[1].character, 'B');
    assert_int_equal(heard.events[3].character, 0xFFFD);
    assert_int_equal(heard.events[4].character, 'D');
    input_free(&heard.input);
}

static void a_key_inside_a_character_is_heard_too(void **state)
{
    struct heard heard = start();

    (void)state;
    feed_bytes(&heard, "\xE4\xBD");
    feed(&heard, KEY_UP);
    assert_int_equal(heard.count, 2);
    assert_int_equal(heard.events[0].character, 0xFFFD);
    assert_int_equal(heard.events[1].key, KEYCAP_UP);
    input_free(&heard.input);
}

static void named_and_control_keys(void **state)
{
    static const struct {
        int code;
        enum key key;
        uint32_t character;
    } cases[] = {
        {'\r', KEYCAP_ENTER, 0},          {'\n', KEYCAP_ENTER, 0},         {KEY_ENTER, KEYCAP_ENTER, 0},
        {'\t', KEYCAP_TAB, 0},            {KEY_BTAB, KEYCAP_BACKTAB, 0},   {27, KEYCAP_ESCAPE, 0},
        {8, KEYCAP_BACKSPACE, 0},         {127, KEYCAP_BACKSPACE, 0},      {KEY_BACKSPACE, KEYCAP_BACKSPACE, 0},
        {19, KEYCAP_CONTROL, 's'},        {1, KEYCAP_CONTROL, 'a'},        {26, KEYCAP_CONTROL, 'z'},
        {KEY_F(1), KEYCAP_FUNCTION, 1},   {KEY_F(12), KEYCAP_FUNCTION, 12}, {INPUT_WORD_LEFT, KEYCAP_WORD_LEFT, 0},
        {KEY_PPAGE, KEYCAP_PAGE_UP, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct heard heard = start();

        feed(&heard, cases[i].code);
        assert_int_equal(heard.count, 1);
        assert_int_equal(heard.events[0].kind, EVENT_KEY);
        assert_int_equal(heard.events[0].key, cases[i].key);
        assert_int_equal(heard.events[0].character, cases[i].character);
        input_free(&heard.input);
    }
}

static void a_paste_is_one_event_and_runs_no_command(void **state)
{
    struct heard heard = start();

    (void)state;
    feed(&heard, INPUT_PASTE_BEGIN);
    feed_bytes(&heard, "q\x11\rline \xED\x95\x9C\r\n\x1B[2J");
    feed(&heard, KEY_UP);
    assert_int_equal(heard.count, 0);
    feed(&heard, INPUT_PASTE_END);
    assert_int_equal(heard.count, 1);
    assert_int_equal(heard.events[0].kind, EVENT_PASTE);
    assert_non_null(strstr(heard.pastes, "\nline \xED\x95\x9C\n"));
    assert_null(strchr(heard.pastes, 0x1B));
    feed_bytes(&heard, "x");
    assert_int_equal(heard.events[1].kind, EVENT_CHARACTER);
    input_free(&heard.input);
}

static void a_paste_that_breaks_off_is_given_all_the_same(void **state)
{
    struct heard heard = start();
    struct event events[INPUT_EVENTS];

    (void)state;
    feed(&heard, INPUT_PASTE_BEGIN);
    feed_bytes(&heard, "half");
    assert_int_equal(input_flush(&heard.input, events), 1);
    assert_string_equal(events[0].paste, "half");
    assert_int_equal(input_flush(&heard.input, events), 0);
    input_free(&heard.input);
}

static void a_paste_too_long_says_so(void **state)
{
    struct heard heard = start();
    struct event events[INPUT_EVENTS];
    int count = 0;

    (void)state;
    (void)input_feed(&heard.input, INPUT_PASTE_BEGIN, events);
    for (size_t i = 0; i < INPUT_PASTE_LIMIT + 10; i++) {
        (void)input_feed(&heard.input, 'x', events);
    }
    count = input_feed(&heard.input, INPUT_PASTE_END, events);
    assert_int_equal(count, 1);
    assert_true(events[0].paste_cut);
    assert_int_equal(strlen(events[0].paste), INPUT_PASTE_LIMIT);
    input_free(&heard.input);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_become_characters),
        cmocka_unit_test(a_broken_byte_swallows_nothing_after_it),
        cmocka_unit_test(a_key_inside_a_character_is_heard_too),
        cmocka_unit_test(named_and_control_keys),
        cmocka_unit_test(a_paste_is_one_event_and_runs_no_command),
        cmocka_unit_test(a_paste_that_breaks_off_is_given_all_the_same),
        cmocka_unit_test(a_paste_too_long_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
