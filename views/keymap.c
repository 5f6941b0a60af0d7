/* Key names: see keymap.h. */
#include "views/keymap.h"

#include "base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    enum key key;
} names[] = {{"Enter", KEYCAP_ENTER}, {"Tab", KEYCAP_TAB}, {"Esc", KEYCAP_ESCAPE}};

const char *keymap_next(const char *keys, char name[KEY_NAME_SIZE])
{
    size_t length = 0;

    keys += strspn(keys, " ");
    length = strcspn(keys, " ");
    if (length == 0 || length >= KEY_NAME_SIZE) {
        return NULL;
    }
    (void)snprintf(name, KEY_NAME_SIZE, "%.*s", (int)length, keys);
    return keys + length;
}

static bool is_character(const char *name)
{
    return name[0] != '\0' && name[1] == '\0';
}

bool keymap_matches(const char *name, const struct event *event)
{
    if (event->kind == EVENT_CHARACTER) {
        return is_character(name) && text_command_key(event->character) == name[0];
    }
    if (event->kind != EVENT_KEY) {
        return false;
    }
    if (name[0] == '^') {
        return event_is_control(event, (char)tolower((unsigned char)name[1]));
    }
    if (name[0] == 'F' && name[1] != '\0') {
        return event->key == KEYCAP_FUNCTION && event->character == (uint32_t)strtoul(name + 1, NULL, 10);
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(name, names[i].name) == 0) {
            return event->key == names[i].key;
        }
    }
    return false;
}

enum command_id keymap_find(const enum command_id *list, const struct event *event)
{
    for (; *list != COMMAND_NONE; list++) {
        const char *keys = command_of(*list)->keys;
        char name[KEY_NAME_SIZE];

        while ((keys = keymap_next(keys, name)) != NULL) {
            if (keymap_matches(name, event)) {
                return *list;
            }
        }
    }
    return COMMAND_NONE;
}

bool keymap_shown(enum command_id id, bool typing, char name[KEY_NAME_SIZE])
{
    const char *keys = command_of(id)->keys;

    while ((keys = keymap_next(keys, name)) != NULL) {
        if (!typing || !is_character(name)) {
            return true;
        }
    }
    return false;
}
