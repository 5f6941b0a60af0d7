/* Draws an editor: one line that scrolls sideways, or a text in an area. Puts the visible cursor at the edit point. */
#ifndef DOORSTEP_VIEWS_FIELD_H
#define DOORSTEP_VIEWS_FIELD_H

#include "views/canvas.h"
#include "views/editor.h"

/* One line of `columns` cells; `active`: it has the cursor. A secret shows one star a character. */
void field_draw(struct editor *editor, int row, int column, int columns, bool active);
/* Many lines, scrolled to the cursor. */
void field_draw_text(struct editor *editor, struct area area, bool active);

#endif
