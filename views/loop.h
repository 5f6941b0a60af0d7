/*
 * The console's turn: what happened since the last one, then one frame. Split
 * from console_run() so that tests drive the same turn on a terminal of theirs.
 */
#ifndef DOORSTEP_VIEWS_LOOP_H
#define DOORSTEP_VIEWS_LOOP_H

#include "views/application.h"
#include "views/input.h"

struct console {
    struct application application;
    struct input input;
    int silent_turns; /* in a row: the terminal was readable and gave nothing */
    bool working;     /* something happened since application_work() had nothing left */
    bool paint;
    int64_t sync_shown; /* monotonic: when the worker's news were taken last */
    int64_t sync_due;   /* monotonic: when those that came since are to be taken; 0: none came */
};

/* Reads all that was typed and handles it; returns the codes read. */
int console_take_input(struct console *console);
/* Does what is due by now: autosave, idle lock, what a view waits for, what others wrote. Returns
 * the milliseconds until something else is, -1 for never. */
int console_take_time(struct console *console);
/* Does a piece of what waits until no key does; false when nothing is left. */
bool console_work(struct console *console);
/* Takes over the terminal's size. */
void console_take_size(struct console *console);
/* Takes over the worker's snapshot, a few times a second at most: what comes between waits for console_take_time(). */
void console_take_sync(struct console *console);
/* Draws and shows one frame when anything changed; after it, closes a record that was locked. */
void console_paint(struct console *console);

#endif
