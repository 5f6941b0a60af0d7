/* What surrounds a view: two header lines, the message, two footer lines. */
#ifndef DOORSTEP_VIEWS_CHROME_H
#define DOORSTEP_VIEWS_CHROME_H

#include "views/application.h"
#include "views/keymap.h"

#define FOOTER_ITEMS 32

struct layout {
    struct area header, body, message, footer;
};
/* Rectangles for a terminal of this size. Pure. */
struct layout layout_of(int rows, int columns);
/* Whether the console can be used at this size. */
bool layout_fits(int rows, int columns);

struct footer_item {
    enum command_id command;
    struct area area; /* key and word, on the screen */
    char key[KEY_NAME_SIZE];
};
/* The commands that work now, as they stand in the footer. Help and Back are always among them. */
size_t chrome_footer(const struct application *application, struct footer_item *items, size_t limit);
/* The command tapped at, or COMMAND_NONE. */
enum command_id chrome_command_at(const struct application *application, int row, int column);

#endif
