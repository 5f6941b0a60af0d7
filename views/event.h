/*
 * What happened, as views see it: never a raw byte, never a curses code.
 */
#ifndef DOORSTEP_VIEWS_EVENT_H
#define DOORSTEP_VIEWS_EVENT_H

#include <stdbool.h>
#include <stdint.h>

enum event_kind {
    EVENT_CHARACTER, /* one typed character: text and commands */
    EVENT_KEY,       /* a named key */
    EVENT_PASTE,     /* pasted text: goes to a field only, never to commands */
    EVENT_CLICK,     /* a tap at row, column */
    EVENT_RESIZE,
    EVENT_TICK,      /* a pause in typing, or a view's wake_at has come */
    EVENT_SYNC,      /* the worker's snapshot moved */
};

enum key {
    KEYCAP_NONE,
    KEYCAP_ENTER, KEYCAP_TAB, KEYCAP_BACKTAB, KEYCAP_ESCAPE, KEYCAP_BACKSPACE, KEYCAP_DELETE,
    KEYCAP_UP, KEYCAP_DOWN, KEYCAP_LEFT, KEYCAP_RIGHT, KEYCAP_HOME, KEYCAP_END, KEYCAP_PAGE_UP, KEYCAP_PAGE_DOWN,
    KEYCAP_WORD_LEFT, KEYCAP_WORD_RIGHT,
    KEYCAP_CONTROL,  /* with `character` 'a'..'z' */
    KEYCAP_FUNCTION, /* with `character` 1..12 */
};

struct event {
    enum event_kind kind;
    enum key key;
    uint32_t character;
    const char *paste;  /* EVENT_PASTE: cleaned UTF-8, borrowed until the next event */
    bool paste_cut;     /* EVENT_PASTE: more was pasted than fits; its end is missing */
    int row, column;    /* EVENT_CLICK: on the screen; for a view, within its area */
};

/* Whether it is this named key / this control key. */
static inline bool event_is_key(const struct event *event, enum key key)
{
    return event->kind == EVENT_KEY && event->key == key;
}
static inline bool event_is_control(const struct event *event, char letter)
{
    return event_is_key(event, KEYCAP_CONTROL) && event->character == (uint32_t)(unsigned char)letter;
}

#endif
