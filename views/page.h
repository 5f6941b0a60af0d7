/*
 * A page of lines that scrolls: headings, paragraphs, rows. Drawing code writes
 * all of it top to bottom; what lies outside the area is only counted.
 *
 *     do {
 *         page = page_begin(area, view->scroll);
 *         page_heading(&page, _("Medicines"));
 *         page_text(&page, ROLE_NORMAL, 2, label);
 *     } while (!page_end(&page, &view->scroll));
 */
#ifndef DOORSTEP_VIEWS_PAGE_H
#define DOORSTEP_VIEWS_PAGE_H

#include "views/view.h"

struct page {
    struct area area;
    int skip;  /* lines above the area */
    int lines; /* written so far */
};

struct page page_begin(struct area area, int skip);
/* A paragraph, `indent` cells in. An empty text writes nothing. */
void page_text(struct page *page, enum role role, int indent, const char *text);
void page_format(struct page *page, enum role role, int indent, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void page_heading(struct page *page, const char *text);
void page_blank(struct page *page);
/* The screen row of the line that comes next, for the caller to draw in cells; -1 when it is not seen. */
int page_next_row(const struct page *page);
/* The same, and the line is taken. */
int page_row(struct page *page);
/* A word in a role, `width` cells, and a paragraph beside it. */
void page_labelled(struct page *page, enum role role, int width, const char *label, enum role text_role,
                   const char *text);
/* Two paragraphs beside each other in columns of `width` cells, from `indent` on. */
void page_beside(struct page *page, enum role role, int indent, int width, const char *left, const char *right);
/* Says in words, on the message line below the area, when more lies below. False when *scroll was past the end:
 * it has been pulled back, and the page is to be written again. */
bool page_end(struct page *page, int *scroll);

/* Arrows and paging for a page shown in `area`. */
enum reaction page_event(struct view *view, const struct event *event, struct area area);

#endif
