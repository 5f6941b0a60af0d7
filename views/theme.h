/* Roles to attributes. Colour only helps: every role that has one also has a word beside it. */
#ifndef DOORSTEP_VIEWS_THEME_H
#define DOORSTEP_VIEWS_THEME_H

#include "views/canvas.h"

/* Called by term.c once curses runs. */
void theme_start(bool monochrome);
/* The curses attributes (with the colour pair) of a role, for wattrset(). */
int theme_attribute(enum role role);

#endif
