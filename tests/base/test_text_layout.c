#include "base/text.h"
#include "tests/support/test.h"

#include <limits.h>
#include <string.h>

/* man, woman, girl joined; a flag; a thumb with a skin tone; decomposed Hangul; a Devanagari conjunct */
#define FAMILY "\xF0\x9F\x91\xA8\xE2\x80\x8D\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA7"
#define FLAG "\xF0\x9F\x87\xB0\xF0\x9F\x87\xB7"
#define THUMB "\xF0\x9F\x91\x8D\xF0\x9F\x8F\xBD"
#define NFD_GAK "\xE1\x84\x80\xE1\x85\xA1\xE1\x86\xA8"
#define E_ACUTE "e\xCC\x81"

static void test_columns(void **state)
{
    static const struct {
        const char *text;
        int columns;
    } cases[] = {
        {"", 0},           {"abc", 3},     {"한글", 4},   {"日本語", 6}, {"ｱｲｳ", 3},      {"！", 2},       {"é", 1},
        {E_ACUTE, 1},      {NFD_GAK, 2},   {"·±½", 3},    {"│─", 2},     {"\xEF\xBF\xBD", 1}, {"\x01\x7f", 0},
        {"\xE2\x80\x8B", 0}, {"\xF0\x9F\x98\x80", 2}, {"°C", 2}, {"①", 1}, {"\xE0\xA4\x95\xE0\xA4\xBE", 2},
        {"\xFF", 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (text_columns(cases[i].text) != cases[i].columns) {
            fail_msg("\"%s\" has %d columns, not %d", cases[i].text, text_columns(cases[i].text), cases[i].columns);
        }
    }
    assert_int_equal(text_columns(NULL), 0);
    assert_int_equal(text_character_columns(0x110000), 0);
}

static void test_columns_of_every_character_are_0_to_2(void **state)
{
    (void)state;
    for (uint32_t character = 0; character < 0x110000; character++) {
        assert_in_range(text_character_columns(character), 0, 2);
    }
}

static void test_fit_cuts_between_graphemes(void **state)
{
    static const struct {
        const char *text;
        int columns;
        size_t bytes;
        int used;
    } cases[] = {
        {"abc", 2, 2, 2},       {"abc", 5, 3, 3},         {"한글", 3, 3, 2},          {"한글", 4, 6, 4},
        {"한글", 1, 0, 0},      {"a" E_ACUTE "b", 2, 4, 2}, {FAMILY "x", 1, 0, 0},    {"", 5, 0, 0},
        {"abc", 0, 0, 0},       {"abc", -1, 0, 0},        {NFD_GAK "x", 2, 9, 2},     {NULL, 3, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int used = -1;

        assert_int_equal(text_fit(cases[i].text, cases[i].columns, &used), cases[i].bytes);
        assert_int_equal(used, cases[i].used);
    }
}

static void test_graphemes_forth_and_back(void **state)
{
    static const char *const parts[] = {"a",      "한",    FAMILY, E_ACUTE, FLAG, FLAG, THUMB, "\r\n", "\n",
                                        NFD_GAK,  "\xFF",  "z",    "\n",    "日", " "};
    char text[512] = "";
    size_t boundaries[32] = {0};
    size_t count = 0;
    size_t length = 0;

    (void)state;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        memcpy(text + length, parts[i], strlen(parts[i]) + 1);
        length += strlen(parts[i]);
        boundaries[++count] = length;
    }
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(text_next_grapheme(text, length, boundaries[i]), boundaries[i + 1]);
        assert_int_equal(text_previous_grapheme(text, boundaries[i + 1]), boundaries[i]);
    }
    assert_int_equal(text_next_grapheme(text, length, length), length);
    assert_int_equal(text_previous_grapheme(text, 0), 0);
}

static void test_previous_undoes_next_for_any_text(void **state)
{
    static const char *const pieces[] = {"a", " ", "\n", "\r", "가", NFD_GAK, "\xCC\x81", "\xE2\x80\x8D",
                                         "\xF0\x9F\x91\xA8", "\xF0\x9F\x87\xB0", "\xF0\x9F\x8F\xBD", "\x80", "カ", "漢"};
    uint32_t seed = 3;

    (void)state;
    for (int round = 0; round < 3000; round++) {
        char text[128] = "";
        size_t length = 0;

        for (int i = 0; i < 20; i++) {
            seed = seed * 1664525 + 1013904223;
            const char *piece = pieces[(seed >> 16) % (sizeof pieces / sizeof pieces[0])];
            if (length + strlen(piece) < sizeof text) {
                memcpy(text + length, piece, strlen(piece) + 1);
                length += strlen(piece);
            }
        }
        for (size_t at = 0; at < length;) {
            size_t next = text_next_grapheme(text, length, at);

            assert_true(next > at && next <= length);
            assert_int_equal(text_previous_grapheme(text, next), at);
            at = next;
        }
        for (size_t at = 0; at < length;) {
            size_t next = text_next_word(text, length, at);

            assert_true(next > at && next <= length);
            at = next;
        }
        for (size_t at = length; at > 0;) {
            size_t previous = text_previous_word(text, at);

            assert_true(previous < at);
            at = previous;
        }
    }
}

static void test_words(void **state)
{
    /* The starts of words, and the end. */
    static const struct {
        const char *text;
        size_t starts[8];
    } cases[] = {
        {"one two  three", {0, 4, 9, 14}},
        {"혈압 142/88", {0, 7, 10, 11, 13}},
        {"血圧は高い", {0, 6, 9, 12, 15}},
        {"ロキソニン錠", {0, 15, 18}},
        {"a_b.c", {0, 3, 4, 5}},
        {"x\n y", {0, 3, 4}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *text = cases[i].text;
        size_t length = strlen(text);

        for (size_t w = 0; cases[i].starts[w] < length; w++) {
            assert_int_equal(text_next_word(text, length, cases[i].starts[w]), cases[i].starts[w + 1]);
            assert_int_equal(text_previous_word(text, cases[i].starts[w + 1]), cases[i].starts[w]);
        }
    }
    assert_int_equal(text_next_word("ab", 2, 2), 2);
    assert_int_equal(text_previous_word("ab", 0), 0);
    assert_int_equal(text_previous_word("abc def", 6), 4);
    assert_int_equal(text_previous_word("   ", 3), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_columns_of_every_character_are_0_to_2),
        cmocka_unit_test(test_fit_cuts_between_graphemes),
        cmocka_unit_test(test_graphemes_forth_and_back),
        cmocka_unit_test(test_previous_undoes_next_for_any_text),
        cmocka_unit_test(test_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
