/* Rectangles, the footer's flow, and where lists scroll: pure arithmetic at every size. */
#include "tests/support/test.h"

#include "base/memory.h"
#include "views/chrome.h"
#include "views/list.h"
#include "views/page.h"

static void the_parts_cover_the_screen_without_overlap(void **state)
{
    (void)state;
    for (int rows = 12; rows <= 60; rows++) {
        struct layout layout = layout_of(rows, 80);

        assert_int_equal(layout.header.row, 0);
        assert_int_equal(layout.body.row, layout.header.row + layout.header.rows);
        assert_int_equal(layout.message.row, layout.body.row + layout.body.rows);
        assert_int_equal(layout.footer.row, layout.message.row + layout.message.rows);
        assert_int_equal(layout.footer.row + layout.footer.rows, rows);
        assert_true(layout.body.rows >= 7);
    }
    assert_true(layout_fits(12, 40));
    assert_false(layout_fits(11, 40));
    assert_false(layout_fits(24, 39));
}

/* Every view, every width: items inside the footer, none over another, Help among them. */
static void the_footer_flows_at_every_width(void **state)
{
    struct application *application = memory_allocate(sizeof *application);

    (void)state;
    assert_non_null(application);
    application->depth = 2;
    application->stack[0].ops = view_ops_of(VIEW_TODAY);
    application->rows = 24;
    for (int id = 0; id < VIEW_ID_COUNT; id++) {
        struct view_ops ops = *view_ops_of((enum view_id)id);

        ops.allows = NULL;
        application->stack[1].ops = &ops;
        for (application->columns = 40; application->columns <= 200; application->columns++) {
            struct footer_item items[FOOTER_ITEMS];
            size_t count = chrome_footer(application, items, FOOTER_ITEMS);
            bool help = false;

            for (size_t i = 0; i < count; i++) {
                const struct area *area = &items[i].area;

                help = help || items[i].command == COMMAND_HELP;
                assert_true(area->row >= 22 && area->row <= 23);
                assert_true(area->column >= 0 && area->column + area->columns <= application->columns);
                assert_int_equal(chrome_command_at(application, area->row, area->column), items[i].command);
                for (size_t j = 0; j < i; j++) {
                    const struct area *other = &items[j].area;

                    assert_true(area->row != other->row || area->column >= other->column + other->columns ||
                                other->column >= area->column + area->columns);
                }
            }
            assert_true(help);
        }
    }
    memory_free(application);
}

static void lists_keep_the_cursor_in_sight(void **state)
{
    struct view view = {.cursor = 0};
    struct area area = {2, 0, 7, 80};
    struct event down = {.kind = EVENT_KEY, .key = KEYCAP_DOWN};
    struct event page = {.kind = EVENT_KEY, .key = KEYCAP_PAGE_DOWN};
    struct event end = {.kind = EVENT_KEY, .key = KEYCAP_END};
    struct event home = {.kind = EVENT_KEY, .key = KEYCAP_HOME};
    struct event tap = {.kind = EVENT_CLICK, .row = 3};

    (void)state;
    assert_int_equal(list_follow(&view, 10, 2, area), 3);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(list_event(&view, &down, 10, 2, area), LIST_MOVED);
        assert_true(view.cursor >= view.scroll && view.cursor < view.scroll + 3);
    }
    assert_int_equal(view.cursor, 9);
    assert_int_equal(list_event(&view, &home, 10, 2, area), LIST_MOVED);
    assert_int_equal(view.scroll, 0);
    assert_int_equal(list_event(&view, &page, 10, 2, area), LIST_MOVED);
    assert_int_equal(view.cursor, 3);
    assert_int_equal(list_event(&view, &end, 10, 2, area), LIST_MOVED);
    assert_int_equal(view.scroll, 7);
    assert_int_equal(list_event(&view, &tap, 10, 2, area), LIST_MOVED);
    assert_int_equal(view.cursor, 8);
    assert_int_equal(list_event(&view, &tap, 10, 2, area), LIST_CHOSEN);
    assert_int_equal(list_follow(&view, 0, 2, area), 3);
    assert_int_equal(view.cursor, 0);
    assert_int_equal(list_event(&view, &tap, 0, 2, area), LIST_IGNORED);
}

static void pages_scroll_by_lines_and_pages(void **state)
{
    struct view view = {.scroll = 0};
    struct area area = {2, 0, 10, 80};
    struct event down = {.kind = EVENT_KEY, .key = KEYCAP_DOWN};
    struct event up = {.kind = EVENT_KEY, .key = KEYCAP_UP};
    struct event page = {.kind = EVENT_KEY, .key = KEYCAP_PAGE_DOWN};
    struct event letter = {.kind = EVENT_CHARACTER, .character = 'x'};

    (void)state;
    assert_int_equal(page_event(&view, &up, area), REACTION_REDRAW);
    assert_int_equal(view.scroll, 0);
    assert_int_equal(page_event(&view, &down, area), REACTION_REDRAW);
    assert_int_equal(view.scroll, 1);
    assert_int_equal(page_event(&view, &page, area), REACTION_REDRAW);
    assert_int_equal(view.scroll, 10);
    assert_int_equal(page_event(&view, &letter, area), REACTION_IGNORED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_parts_cover_the_screen_without_overlap),
        cmocka_unit_test(the_footer_flows_at_every_width),
        cmocka_unit_test(lists_keep_the_cursor_in_sight),
        cmocka_unit_test(pages_scroll_by_lines_and_pages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
