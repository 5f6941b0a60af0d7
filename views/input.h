/*
 * From what curses reads (bytes and KEY_ codes, one at a time) to events. The
 * UTF-8 decoder and the paste keep their state between reads: a character or a
 * paste that arrives in pieces over a slow line is put together, not lost.
 * Knows curses codes only as the numbers below; reads no terminal itself.
 */
#ifndef DOORSTEP_VIEWS_INPUT_H
#define DOORSTEP_VIEWS_INPUT_H

#include "base/buffer.h"
#include "base/text.h"
#include "views/event.h"

#include <stdbool.h>

/* Codes that term.c defines for sequences terminfo does not name. Past all of curses' own. */
enum input_code {
    INPUT_PASTE_BEGIN = 0x1000,
    INPUT_PASTE_END,
    INPUT_WORD_LEFT,
    INPUT_WORD_RIGHT,
};

#define INPUT_PASTE_LIMIT (256u * 1024)
#define INPUT_EVENTS 3 /* most that one code can give */

struct input {
    struct text_decoder decoder;
    struct buffer paste;
    bool pasting;
    bool after_return; /* the last pasted character was one */
};

void input_init(struct input *input);
void input_free(struct input *input);
/* Takes one code; fills `events`, returns how many. A paste in them is valid until the next call. */
int input_feed(struct input *input, int code, struct event events[INPUT_EVENTS]);
/* Nothing came for a while: gives what a broken-off paste had brought, or nothing. */
int input_flush(struct input *input, struct event events[INPUT_EVENTS]);
/* Forgets everything typed so far. */
void input_reset(struct input *input);

#endif
