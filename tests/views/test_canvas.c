/* Drawing: every text in its cells, whatever it holds. */
#include "tests/views/stage.h"

static int open_terminal(void **state)
{
    struct stage *stage = memory_allocate(sizeof *stage);
    void *home = NULL;

    assert_non_null(stage);
    assert_int_equal(empty_home(&home), 0);
    stage_open(stage, home, 24, 80);
    term_erase(true);
    *state = stage;
    return 0;
}

static int close_terminal(void **state)
{
    struct stage *stage = *state;
    void *home = stage->fixture;

    stage_close(stage);
    memory_free(stage);
    return stage_home_end(&home);
}

static const char *line(int row)
{
    static char text[4096];

    stage_line(row, text, sizeof text);
    return text;
}

static void text_is_cut_at_a_character_and_says_so(void **state)
{
    (void)state;
    assert_int_equal(canvas_text(0, 0, 5, ROLE_NORMAL, "abcde"), 5);
    assert_string_equal(line(0), "abcde");
    assert_int_equal(canvas_text(1, 0, 5, ROLE_NORMAL, "abcdef"), 5);
    assert_string_equal(line(1), "abcd>");
    assert_int_equal(canvas_text(2, 0, 6, ROLE_NORMAL, "가나다라"), 6);
    assert_string_equal(line(2), "가나 >");
    assert_int_equal(canvas_text(3, 76, 9, ROLE_NORMAL, "가나다"), 4);
    assert_int_equal(text_columns(line(3)), 80);
    assert_string_equal(line(4), "");
}

static void nothing_outside_the_screen_is_touched(void **state)
{
    (void)state;
    assert_int_equal(canvas_text(-1, 0, 10, ROLE_NORMAL, "x"), 0);
    assert_int_equal(canvas_text(24, 0, 10, ROLE_NORMAL, "x"), 0);
    assert_int_equal(canvas_text(0, 80, 10, ROLE_NORMAL, "x"), 0);
    assert_int_equal(canvas_text(0, -3, 10, ROLE_NORMAL, "x"), 0);
    canvas_text_right(0, 70, 40, ROLE_NORMAL, "far");
    canvas_line(30, 0, 200);
    for (int row = 0; row < 24; row++) {
        assert_true(text_columns(line(row)) <= 80);
    }
}

static void hostile_text_stays_in_its_cell(void **state)
{
    static const char *const hostile[] = {"a\rb", "a\nb", "a\tb", "a\x1B[2Jb", "a\xC2\x9B" "2Jb", "a\xE2\x80\xAE" "b",
                                          "a\xFF" "b", "a\xE2\x80\x8B" "b", "\xCC\x81" "ab", "a\x7F" "b"};

    (void)state;
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        (void)canvas_text(5, 0, 40, ROLE_NORMAL, "before");
        (void)canvas_text(5, 20, 10, ROLE_NORMAL, hostile[i]);
        (void)canvas_text(5, 30, 10, ROLE_NORMAL, "after");
        assert_memory_equal(line(5), "before", 6);
        assert_non_null(strstr(line(5), "after"));
        assert_int_equal(text_columns(line(5)), 35);
        for (const char *at = line(5); *at != '\0'; at++) {
            assert_true((unsigned char)*at >= 0x20);
        }
    }
}

static void marks_stay_with_their_letter(void **state)
{
    (void)state;
    assert_int_equal(canvas_text(0, 0, 20, ROLE_NORMAL, "Rene\xCC\x81" "e"), 5);
    assert_string_equal(line(0), "Rene\xCC\x81" "e");
}

static void right_aligned_text_ends_at_the_edge(void **state)
{
    (void)state;
    canvas_text_right(0, 10, 20, ROLE_NORMAL, "혈압 142");
    assert_int_equal(text_columns(line(0)), 30);
}

static void a_paragraph_counts_and_skips_lines(void **state)
{
    struct area area = {2, 4, 2, 11};
    const char *text = "one two three four five six";

    (void)state;
    assert_int_equal(canvas_paragraph(area, ROLE_NORMAL, text, 0), 3);
    assert_string_equal(line(2), "    one two");
    assert_string_equal(line(3), "    three four");
    assert_string_equal(line(4), "");
    term_erase(false);
    assert_int_equal(canvas_paragraph(area, ROLE_NORMAL, text, 2), 3);
    assert_string_equal(line(2), "    five six");
    assert_int_equal(canvas_paragraph(area, ROLE_NORMAL, "", 0), 0);
}

static void sparklines_keep_gaps(void **state)
{
    static const int levels[] = {0, -1, 8, -1, 4, 99};

    (void)state;
    canvas_sparkline(0, 0, levels, 6, ROLE_NORMAL);
    assert_int_equal(strlen(line(0)), 6);
    assert_int_equal(line(0)[1], ' ');
    assert_int_equal(line(0)[3], ' ');
    assert_int_equal(line(0)[2], line(0)[5]);
    canvas_start(true);
    canvas_sparkline(1, 0, levels, 6, ROLE_NORMAL);
    assert_int_equal(text_columns(line(1)), 6);
    assert_non_null(strstr(line(1), "\u2588"));
    canvas_start(false);
}

/* A random text in a cell of a random width: the cell beside it is as it was. */
static void random_text_never_leaves_its_cell(void **state)
{
    uint64_t seed = 99;
    struct randomness randomness = randomness_seeded(&seed);

    (void)state;
    for (int round = 0; round < 2000; round++) {
        char text[64];
        int columns = 1 + (int)randomness_below(&randomness, 30);
        size_t length = randomness_below(&randomness, sizeof text - 1);

        randomness.fill(randomness.context, text, length);
        for (size_t i = 0; i < length; i++) {
            text[i] = (char)(text[i] != '\0' ? text[i] : 'x');
        }
        text[length] = '\0';
        term_erase(false);
        (void)canvas_text(3, 0, 10, ROLE_NORMAL, "left......");
        (void)canvas_text(3, 10 + columns, 5, ROLE_NORMAL, "right");
        assert_true(canvas_text(3, 10, columns, ROLE_NORMAL, text) <= columns);
        assert_memory_equal(line(3), "left......", 10);
        assert_string_equal(line(3) + strlen(line(3)) - 5, "right");
        assert_int_equal(text_columns(line(3)), 15 + columns);
    }
}

#define DRAWN(test) cmocka_unit_test_setup_teardown(test, open_terminal, close_terminal)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DRAWN(text_is_cut_at_a_character_and_says_so),
        DRAWN(nothing_outside_the_screen_is_touched),
        DRAWN(hostile_text_stays_in_its_cell),
        DRAWN(marks_stay_with_their_letter),
        DRAWN(right_aligned_text_ends_at_the_edge),
        DRAWN(a_paragraph_counts_and_skips_lines),
        DRAWN(sparklines_keep_gaps),
        DRAWN(random_text_never_leaves_its_cell),
    };

    language_setup("en", "");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
