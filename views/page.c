/* Scrolling pages: see page.h. */
#include "views/page.h"

#include "base/error.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>

#define PARAGRAPH_BYTES 2048

struct page page_begin(struct area area, int skip)
{
    return (struct page){.area = area, .skip = skip};
}

int page_next_row(const struct page *page)
{
    int row = page->lines - page->skip;

    return row >= 0 && row < page->area.rows ? page->area.row + row : -1;
}

int page_row(struct page *page)
{
    int row = page_next_row(page);

    page->lines++;
    return row;
}

static int paragraph(struct page *page, enum role role, int indent, const char *text)
{
    int above = page->skip > page->lines ? page->skip - page->lines : 0;
    int first = page->lines > page->skip ? page->lines - page->skip : 0;
    int rows = page->area.rows - first;

    return canvas_paragraph((struct area){page->area.row + first, page->area.column + indent, rows > 0 ? rows : 0,
                                          page->area.columns - indent},
                            role, text, above);
}

void page_text(struct page *page, enum role role, int indent, const char *text)
{
    page->lines += paragraph(page, role, indent, text);
}

void page_format(struct page *page, enum role role, int indent, const char *format, ...)
{
    char text[PARAGRAPH_BYTES];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    page_text(page, role, indent, text);
}

void page_heading(struct page *page, const char *text)
{
    page_text(page, ROLE_TITLE, 0, text);
}

void page_blank(struct page *page)
{
    page->lines++;
}

void page_labelled(struct page *page, enum role role, int width, const char *label, enum role text_role,
                   const char *text)
{
    int row = page_next_row(page);
    int lines = 0;

    if (row >= 0) {
        (void)canvas_piece(row, page->area.column, width - 1, role, label);
    }
    lines = paragraph(page, text_role, width, text);
    page->lines += lines > 0 ? lines : 1;
}

void page_beside(struct page *page, enum role role, int indent, int width, const char *left, const char *right)
{
    struct page column = *page;
    int lines[2] = {0, 0};

    column.area.columns = indent + width - 2;
    lines[0] = paragraph(&column, role, indent, left);
    column.area.columns = indent + 2 * width;
    lines[1] = paragraph(&column, role, indent + width, right);
    page->lines += lines[0] > lines[1] ? lines[0] : lines[1];
}

bool page_end(struct page *page, int *scroll)
{
    int last = page->lines > page->area.rows ? page->lines - page->area.rows : 0;
    char more[80];

    if (*scroll > last) {
        *scroll = last;
        canvas_fill(page->area, ROLE_NORMAL);
        return false;
    }
    if (page->skip < last) {
        (void)text_format(more, sizeof more, _("more below (%d lines)"), last - page->skip);
        canvas_text_right(page->area.row + page->area.rows, page->area.column, page->area.columns, ROLE_DIM, more);
    }
    return true;
}

enum reaction page_event(struct view *view, const struct event *event, struct area area)
{
    int step = area.rows > 2 ? area.rows - 1 : 1;

    if (event_is_key(event, KEYCAP_UP)) {
        view->scroll--;
    } else if (event_is_key(event, KEYCAP_DOWN)) {
        view->scroll++;
    } else if (event_is_key(event, KEYCAP_PAGE_UP)) {
        view->scroll -= step;
    } else if (event_is_key(event, KEYCAP_PAGE_DOWN)) {
        view->scroll += step;
    } else if (event_is_key(event, KEYCAP_HOME)) {
        view->scroll = 0;
    } else if (event_is_key(event, KEYCAP_END)) {
        view->scroll = 1 << 20;
    } else {
        return REACTION_IGNORED;
    }
    if (view->scroll < 0) {
        view->scroll = 0;
    }
    return REACTION_REDRAW;
}
