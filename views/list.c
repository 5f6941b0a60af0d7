/* Lists: see list.h. */
#include "views/list.h"

int list_follow(struct view *view, int count, int height, struct area area)
{
    int page = area.rows / height > 0 ? area.rows / height : 1;

    if (view->cursor >= count) {
        view->cursor = count - 1;
    }
    if (view->cursor < 0) {
        view->cursor = 0;
    }
    /* By half a page: the rows stay where the eye has them, and most arrow keys send two marks, not a whole row. */
    if (view->scroll > view->cursor) {
        view->scroll = view->cursor - (page - 1) / 2;
    }
    if (view->cursor >= view->scroll + page) {
        view->scroll = view->cursor - page / 2;
    }
    if (view->scroll > count - page) {
        view->scroll = count - page;
    }
    if (view->scroll < 0) {
        view->scroll = 0;
    }
    return page;
}

static enum list_reaction tap(struct view *view, const struct event *event, int count, int height)
{
    int row = view->scroll + event->row / height;

    if (event->row < 0 || row >= count) {
        return LIST_IGNORED;
    }
    if (row == view->cursor) {
        return LIST_CHOSEN;
    }
    view->cursor = row;
    return LIST_MOVED;
}

enum list_reaction list_event(struct view *view, const struct event *event, int count, int height, struct area area)
{
    int page = list_follow(view, count, height, area);

    if (event->kind == EVENT_CLICK) {
        return tap(view, event, count, height);
    }
    if (event_is_key(event, KEYCAP_UP)) {
        view->cursor--;
    } else if (event_is_key(event, KEYCAP_DOWN)) {
        view->cursor++;
    } else if (event_is_key(event, KEYCAP_PAGE_UP)) {
        view->cursor -= page;
    } else if (event_is_key(event, KEYCAP_PAGE_DOWN)) {
        view->cursor += page;
    } else if (event_is_key(event, KEYCAP_HOME)) {
        view->cursor = 0;
    } else if (event_is_key(event, KEYCAP_END)) {
        view->cursor = count - 1;
    } else {
        return LIST_IGNORED;
    }
    (void)list_follow(view, count, height, area);
    return LIST_MOVED;
}
