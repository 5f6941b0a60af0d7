/* Choosing one of many rows: arrows, paging, taps. The place is the view's own cursor and scroll. */
#ifndef DOORSTEP_VIEWS_LIST_H
#define DOORSTEP_VIEWS_LIST_H

#include "views/view.h"

enum list_reaction { LIST_IGNORED, LIST_MOVED, LIST_CHOSEN };

/* `count` rows, each `height` lines, shown in `area` (as given to draw). A tap
 * on a row selects it, on the selected one chooses it. */
enum list_reaction list_event(struct view *view, const struct event *event, int count, int height, struct area area);
/* Brings the cursor into 0..count-1 and the scroll to where the cursor is seen; returns how many rows fit. */
int list_follow(struct view *view, int count, int height, struct area area);

#endif
