/*
 * The terminal: the only file that starts and stops curses, sets modes, and
 * reads keys. Whatever way the program ends, the terminal is as it was.
 * One terminal at a time (curses has one).
 */
#ifndef DOORSTEP_VIEWS_TERM_H
#define DOORSTEP_VIEWS_TERM_H

#include "base/error.h"
#include "views/event.h"

#include <stdbool.h>
#include <stdio.h>

struct input;

#define TERM_LEAST_ROWS 12
#define TERM_LEAST_COLUMNS 40

struct term_options {
    FILE *in, *out;     /* a terminal */
    const char *type;   /* terminfo name, usually $TERM; may be NULL */
    bool monochrome;
    bool quiet_errors;  /* standard error leads nowhere meanwhile: libraries must not print over the screen */
};

/* Starts curses on the alternate screen: raw keys, paste and taps as events,
 * nothing shown yet. FAILED with the remedy when the terminal cannot do it. */
enum status term_start(const struct term_options *options, struct error *error) MUST_CHECK;
/* Gives the terminal back. May be called at any time, also twice. */
void term_stop(void);
/* Leaves and takes back the terminal around a stop (SIGTSTP). */
void term_suspend(void);
void term_resume(void);

/* Takes over the terminal's present size. */
void term_fit(int *rows, int *columns);
/* Reads all keys that have come; calls `handle` for each event. Returns how
 * many codes were read: 0 although the terminal is readable means it is gone. */
int term_read(struct input *input, void (*handle)(void *context, const struct event *event), void *context);
/* Throws away what was typed ahead. */
void term_flush(struct input *input);

/* Begins a frame: everything is blank. With `repaint` the terminal is painted anew. */
void term_erase(bool repaint);
/* Shows the frame: one write, the cursor last. */
void term_show(void);

#endif
