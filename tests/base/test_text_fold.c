#include "base/text.h"
#include "tests/support/test.h"

#include <string.h>

static void test_fold(void **state)
{
    static const struct {
        const char *text;
        const char *folded;
    } cases[] = {
        {"", ""},
        {"Smith  JOHN ", "smith john"},
        {" \t a\n", "a"},
        {"Straße", "strasse"},
        {"ÉMILE", "émile"},
        {"E\xCC\x81mile", "émile"},
        {"ヤマダ　タロウ", "やまだ たろう"},
        {"ﾔﾏﾀﾞ ﾀﾛｳ", "やまだ たろう"},
        {"ガギグ", "がぎぐ"},
        {"か\xE3\x82\x99", "が"},
        {"ヽヾー", "ゝゞー"},
        {"ＡＢＣ１２３", "abc123"},
        {"김\xC2\xA0" "철수", "김 철수"},
        {"\xE1\x84\x80\xE1\x85\xB5\xE1\x86\xB7", "김"},
        {"㈱", "(株)"},
        {"a\xE2\x80\x8B" "b", "ab"},
        {"\xFF", "\xEF\xBF\xBD"},
        {"Ⅳ", "iv"},
    };
    char out[64];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char again[64];

        text_fold(out, sizeof out, cases[i].text);
        assert_string_equal(out, cases[i].folded);
        text_fold(again, sizeof again, out);
        assert_string_equal(again, out);
    }
    text_fold(out, sizeof out, NULL);
    assert_string_equal(out, "");
}

static void test_fold_of_much_text_fits_the_array(void **state)
{
    char text[2000] = "";
    char out[10];

    (void)state;
    text_fold(out, sizeof out, "가나다라마바사");
    assert_string_equal(out, "가나다");
    text[0] = 'e';
    for (size_t i = 1; i + 2 < sizeof text; i += 2) {
        memcpy(text + i, "\xCC\x81", 3); /* more marks than any name has */
    }
    text_fold(out, sizeof out, text);
    assert_string_equal(out, "\xEF\xBF\xBD");
    text_fold(out, sizeof out, "abcdefgh i");
    assert_string_equal(out, "abcdefgh ");
}

static void test_command_keys(void **state)
{
    static const char hangul[] = "ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔㅁㄴㅇㄹㅎㅗㅓㅏㅣㅋㅌㅊㅍㅠㅜㅡㅃㅉㄸㄲㅆㅒㅖ";
    static const char latin[] = "qwertyuiopasdfghjklzxcvbnmqwertop";
    size_t at = 0;

    (void)state;
    for (size_t i = 0; i < sizeof latin - 1; i++) {
        uint32_t character = 0;

        at += text_decode(hangul + at, sizeof hangul - 1 - at, &character);
        assert_int_equal(text_command_key(character), latin[i]);
    }
    assert_int_equal(at, sizeof hangul - 1);
    assert_int_equal(text_command_key('Q'), 'q');
    assert_int_equal(text_command_key('q'), 'q');
    assert_int_equal(text_command_key('7'), '7');
    assert_int_equal(text_command_key('?'), '?');
    assert_int_equal(text_command_key(' '), ' ');
    assert_int_equal(text_command_key(0xFF21), 'a');  /* Ａ */
    assert_int_equal(text_command_key(0xFF41), 'a');  /* ａ */
    assert_int_equal(text_command_key(0xFF17), '7');  /* ７ */
    assert_int_equal(text_command_key(0xFF1F), '?');  /* ？ */
    assert_int_equal(text_command_key(0x3000), ' ');
    assert_int_equal(text_command_key(0x30FB), '/');  /* the slash key in kana mode */
    assert_int_equal(text_command_key(0x30FC), '-');
    assert_int_equal(text_command_key(0x3042), 0);    /* あ */
    assert_int_equal(text_command_key(0xAC00), 0);    /* 가 */
    assert_int_equal(text_command_key(0x3133), 0);    /* ㄳ */
    assert_int_equal(text_command_key(0x3164), 0);
    assert_int_equal(text_command_key(0x1B), 0);
    assert_int_equal(text_command_key(0x7F), 0);
    assert_int_equal(text_command_key(0xE9), 0);
}

static void test_typed_values(void **state)
{
    static const struct {
        const char *typed;
        const char *value;
    } cases[] = {
        {"１２０／８０", "120/80"}, {"120・80", "120/80"}, {"３６．５", "36.5"},   {"36。5", "36.5"},
        {" \t91 ", "91"},           {"　９１　", "91"},     {"－３", "-3"},         {"−3", "-3"},
        {"ー3", "-3"},              {"９６％", "96%"},      {"センター", "センター"}, {"痛み、強い。", "痛み、強い。"},
        {"a  b", "a  b"},           {"", ""},               {"   ", ""},            {"ＡＢ", "AB"},
    };
    char out[64];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        text_normalise_value(out, sizeof out, cases[i].typed);
        assert_string_equal(out, cases[i].value);
    }
    text_normalise_value(out, 4, "한글");
    assert_string_equal(out, "한");
    text_normalise_value(out, sizeof out, NULL);
    assert_string_equal(out, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fold),
        cmocka_unit_test(test_fold_of_much_text_fits_the_array),
        cmocka_unit_test(test_command_keys),
        cmocka_unit_test(test_typed_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
