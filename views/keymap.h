/* From typed keys to commands and back, by the key names of the command table. Pure. */
#ifndef DOORSTEP_VIEWS_KEYMAP_H
#define DOORSTEP_VIEWS_KEYMAP_H

#include "views/command.h"
#include "views/event.h"

#include <stdbool.h>

#define KEY_NAME_SIZE 12

/* Walks the blank-separated keys: fills `name`, returns the rest, NULL at the end. */
const char *keymap_next(const char *keys, char name[KEY_NAME_SIZE]);
/* Whether the event is the key of this name. Letters also match in Hangul and full width. */
bool keymap_matches(const char *name, const struct event *event);
/* The command of the list (up to COMMAND_NONE) that the event calls, or COMMAND_NONE. */
enum command_id keymap_find(const enum command_id *list, const struct event *event);
/* The key to show for a command; where text is typed one that is no character. False when there is none. */
bool keymap_shown(enum command_id id, bool typing, char name[KEY_NAME_SIZE]);

#endif
