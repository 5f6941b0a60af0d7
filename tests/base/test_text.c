#include "base/text.h"

#include "base/memory.h"
#include "tests/support/test.h"

#include <string.h>

#define FFFD "\xEF\xBF\xBD"

static void test_strict_utf8(void **state)
{
    static const char *const good[] = {
        "", "abc", "한글", "日本", "é", "\xF0\x9F\x98\x80", "\xEF\xBF\xBF", "\xF4\x8F\xBF\xBF",
    };
    static const char *const bad[] = {
        "\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xED\xBF\xBF",
        "\xF0\x80\x80\x80", "\xF4\x90\x80\x80", "\xF8\x88\x80\x80\x80", "\xFF", "\xE3\x81", "a\xC3", "\xC3(",
    };

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(text_is_utf8(good[i], strlen(good[i])));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(text_is_utf8(bad[i], strlen(bad[i])));
    }
    assert_true(text_is_utf8("a\0b", 3));
    assert_true(text_is_utf8(FFFD, 3));
}

static void test_decode_encode_every_character(void **state)
{
    (void)state;
    for (uint32_t character = 0; character <= 0x110000; character++) {
        char bytes[4];
        uint32_t decoded = 0;
        size_t length = text_encode(character, bytes);

        if (character > 0x10FFFF || (character >= 0xD800 && character <= 0xDFFF)) {
            assert_int_equal(length, 0);
        } else {
            assert_int_equal(text_decode(bytes, length, &decoded), length);
            assert_int_equal(decoded, character);
        }
    }
}

static void test_decode_of_broken_bytes(void **state)
{
    uint32_t character = 0;

    (void)state;
    assert_int_equal(text_decode("", 0, &character), 0);
    assert_int_equal(text_decode("\xE3\x81", 2, &character), 1);
    assert_int_equal(character, 0xFFFD);
    assert_int_equal(text_decode("\xE3\x81\x82", 2, &character), 1);
    assert_int_equal(text_decode("\xFFz", 2, &character), 1);
    assert_int_equal(character, 0xFFFD);
}

static void feed(const char *bytes, size_t length, uint32_t *out, size_t *count)
{
    struct text_decoder decoder = {0};

    *count = 0;
    for (size_t i = 0; i < length; i++) {
        uint32_t got[2] = {0};
        int n = text_decoder_feed(&decoder, (unsigned char)bytes[i], got);

        assert_in_range(n, 0, 2);
        for (int j = 0; j < n; j++) {
            out[(*count)++] = got[j];
        }
    }
}

static void test_decoder_takes_bytes_one_by_one(void **state)
{
    static const char text[] = "a한\xF0\x9F\x98\x80é";
    static const uint32_t expected[] = {'a', 0xD55C, 0x1F600, 0xE9};
    uint32_t got[64];
    size_t count = 0;

    (void)state;
    feed(text, strlen(text), got, &count);
    assert_int_equal(count, 4);
    assert_memory_equal(got, expected, sizeof expected);
}

static void test_decoder_loses_nothing_valid(void **state)
{
    static const struct {
        const char *bytes;
        uint32_t expected[4];
        size_t count;
    } cases[] = {
        {"\xE3\x81" "A", {0xFFFD, 'A'}, 2},
        {"\xE3\xE3\x81\x82", {0xFFFD, 0x3042}, 2},
        {"\x82" "A", {0xFFFD, 'A'}, 2},
        {"\xF0\x9F\xC3\xA9", {0xFFFD, 0xE9}, 2},
        {"\xE0\x80\x80" "A", {0xFFFD, 'A'}, 2},
        {"\xED\xA0\x80" "A", {0xFFFD, 'A'}, 2},
        {"\xF4\x90\x80\x80" "A", {0xFFFD, 'A'}, 2},
        {"\xE3\xFF" "A", {0xFFFD, 0xFFFD, 'A'}, 3},
        {"\xC3\x1B[", {0xFFFD, 0x1B, '['}, 3},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t got[16];
        size_t count = 0;

        feed(cases[i].bytes, strlen(cases[i].bytes), got, &count);
        assert_int_equal(count, cases[i].count);
        assert_memory_equal(got, cases[i].expected, count * sizeof got[0]);
    }
}

static void assert_cleaned(const char *text, size_t length, bool keep_newlines, const char *expected)
{
    struct buffer out;

    buffer_init(&out, 4096);
    text_append_clean(&out, text, length, keep_newlines);
    assert_string_equal(buffer_text(&out), expected);
    buffer_free(&out);
}

static void test_clean_makes_terminal_text_safe(void **state)
{
    static const struct {
        const char *text;
        const char *expected;
    } cases[] = {
        {"plain 한글 日本語 é", "plain 한글 日本語 é"},
        {"\x1b[2Jx", FFFD "[2Jx"},
        {"\x1b]0;title\x07", FFFD "]0;title" FFFD},
        {"a\rb", "a b"},
        {"a\r\nb\nc\td", "a b c d"},
        {"\x7f", FFFD},
        {"\xC2\x9B" "31m", FFFD "31m"},                      /* C1 CSI */
        {"a\xC2\x85" "b", "a b"},                            /* NEL */
        {"a\xE2\x80\xA8" "b\xE2\x80\xA9" "c", "a b c"},      /* LS, PS */
        {"\xE2\x80\xAE" "evil\xE2\x81\xA6", FFFD "evil" FFFD}, /* RLO, LRI */
        {"a\xE2\x80\x8B" "b\xE2\x80\x8D" "c\xEF\xBB\xBF", "a" FFFD "b" FFFD "c" FFFD},
        {"x\xFFy\xE3\x81", "x" FFFD "y" FFFD FFFD},
        {"\xCC\x81" "e", FFFD "e"},                          /* a mark with nothing to stand on */
        {"e\xCC\x81", "e\xCC\x81"},
        {"\xE2\x9D\xA4\xEF\xB8\x8F", "\xE2\x9D\xA4"},        /* heart, emoji style */
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[256];

        assert_cleaned(cases[i].text, strlen(cases[i].text), false, cases[i].expected);
        text_clean_into(out, sizeof out, cases[i].text);
        assert_string_equal(out, cases[i].expected);
    }
    assert_cleaned("a\0b", 3, false, "a" FFFD "b");
    assert_cleaned("a\r\nb\n\nc\rd", 9, true, "a\nb\n\nc d");
    assert_cleaned("a\n\xCC\x81", 4, true, "a\n" FFFD);
}

static void test_clean_keeps_four_marks(void **state)
{
    char text[64] = "e";
    struct buffer out;

    (void)state;
    for (int i = 0; i < 20; i++) {
        memcpy(text + 1 + 2 * i, "\xCC\x81", 3);
    }
    buffer_init(&out, 100);
    text_append_clean(&out, text, strlen(text), false);
    assert_int_equal(out.length, 1 + 4 * 2);
    buffer_free(&out);
}

static void test_clean_of_any_bytes_is_safe_and_stable(void **state)
{
    uint32_t seed = 1;

    (void)state;
    for (int round = 0; round < 2000; round++) {
        char bytes[41];
        struct buffer once;
        struct buffer twice;

        for (size_t i = 0; i < sizeof bytes; i++) {
            seed = seed * 1664525 + 1013904223;
            bytes[i] = (char)(seed >> 24);
        }
        buffer_init(&once, 4096);
        buffer_init(&twice, 4096);
        text_append_clean(&once, bytes, sizeof bytes, false);
        assert_true(text_is_utf8(buffer_text(&once), once.length));
        for (size_t i = 0; i < once.length; i++) {
            assert_true((unsigned char)once.data[i] >= 0x20 && once.data[i] != 0x7f);
        }
        text_append_clean(&twice, buffer_text(&once), once.length, false);
        assert_string_equal(buffer_text(&once), buffer_text(&twice));
        buffer_free(&once);
        buffer_free(&twice);
    }
}

static void test_clean_into_cuts_at_a_character(void **state)
{
    char out[6];

    (void)state;
    text_clean_into(out, sizeof out, "가나다");
    assert_string_equal(out, "가");
    text_clean_into(out, sizeof out, "\x01\x02\x03");
    assert_string_equal(out, FFFD);
    text_clean_into(out, 1, "abc");
    assert_string_equal(out, "");
    text_clean_into(out, sizeof out, NULL);
    assert_string_equal(out, "");
}

static void test_copy_never_splits(void **state)
{
    static const char text[] = "aé한\xF0\x9F\x98\x80z";
    char out[sizeof text];

    (void)state;
    for (size_t size = 1; size <= sizeof text; size++) {
        bool whole = text_copy(out, size, text);

        assert_int_equal(whole, size == sizeof text);
        assert_true(strlen(out) < size);
        assert_true(text_is_utf8(out, strlen(out)));
        assert_true(text_starts_with(text, out));
    }
    assert_true(text_copy(out, sizeof out, NULL));
    assert_string_equal(out, "");
    assert_true(text_copy(out, 3, "ab"));
    assert_string_equal(out, "ab");
}

static void test_format_never_splits(void **state)
{
    char out[16];

    (void)state;
    for (size_t size = 1; size <= sizeof out; size++) {
        bool whole = text_format(out, size, "%d%s", 7, "é한\xF0\x9F\x98\x80");

        assert_int_equal(whole, size > 10);
        assert_true(text_is_utf8(out, strlen(out)));
        assert_true(text_starts_with("7é한\xF0\x9F\x98\x80", out));
    }
}

static void test_comparisons(void **state)
{
    (void)state;
    assert_true(text_equal("a", "a"));
    assert_false(text_equal("a", "b"));
    assert_true(text_equal(NULL, NULL));
    assert_false(text_equal(NULL, ""));
    assert_true(text_starts_with("Patient/1", "Patient/"));
    assert_true(text_starts_with("x", ""));
    assert_false(text_starts_with("Pat", "Patient/"));
    assert_false(text_starts_with(NULL, "a"));
    assert_false(text_starts_with("a", NULL));
    assert_true(text_is_blank(NULL));
    assert_true(text_is_blank(""));
    assert_true(text_is_blank(" \t\n\xE3\x80\x80\xC2\xA0"));
    assert_false(text_is_blank(" x"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strict_utf8),
        cmocka_unit_test(test_decode_encode_every_character),
        cmocka_unit_test(test_decode_of_broken_bytes),
        cmocka_unit_test(test_decoder_takes_bytes_one_by_one),
        cmocka_unit_test(test_decoder_loses_nothing_valid),
        cmocka_unit_test(test_clean_makes_terminal_text_safe),
        cmocka_unit_test(test_clean_keeps_four_marks),
        cmocka_unit_test(test_clean_of_any_bytes_is_safe_and_stable),
        cmocka_unit_test(test_clean_into_cuts_at_a_character),
        cmocka_unit_test(test_copy_never_splits),
        cmocka_unit_test(test_format_never_splits),
        cmocka_unit_test(test_comparisons),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
