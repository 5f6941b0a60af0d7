/*
 * A view: one screen as data. Each view_<name>.c ends with its table of
 * operations; views are listed once, in views.def.
 *
 * Handlers say what changed; only the loop paints. A view draws into the area
 * between header and footer and never talks to the terminal.
 */
#ifndef DOORSTEP_VIEWS_VIEW_H
#define DOORSTEP_VIEWS_VIEW_H

#include "base/error.h"
#include "views/canvas.h"
#include "views/command.h"
#include "views/event.h"

#include <stdbool.h>
#include <stddef.h>

struct application;

enum reaction {
    REACTION_IGNORED, /* the next handler may have it */
    REACTION_REDRAW,
};

struct view;

struct view_ops {
    const char *name;                        /* "today"; stable, also saved as where the nurse was */
    const char *title;                       /* N_() */
    const enum command_id *commands;         /* those that work here, in footer order; ends with COMMAND_NONE */
    bool about_patient;                      /* the header shows the patient */
    bool passing;                            /* about what is at hand now: never a place to return to */
    bool typing;                             /* characters are text here: commands are reached by their other keys */
    /* Makes the state (owned by the view), loads what it shows. On failure the view is not opened.
     * cursor and offset may already say where the nurse was: the view goes there as far as that still exists. */
    enum status (*open)(struct view *view, struct application *application, struct error *error);
    /* Reads again what it shows: after a sync, on return from another view. Keeps place and input. */
    void (*refresh)(struct view *view, struct application *application);
    void (*draw)(struct view *view, struct application *application, struct area area);
    /* Text, named keys, pastes and clicks inside the area (row and column count from its corner), pauses
     * (EVENT_TICK). Sets application->unsaved when something was typed. After application_pop(), _replace_all() or
     * _lock() the view is gone: return at once. A view in which text is typed takes characters here first. */
    enum reaction (*event)(struct view *view, struct application *application, const struct event *event);
    /* What may wait until no key does, one piece a call, each a few milliseconds; false when nothing is left. */
    bool (*work)(struct view *view, struct application *application);
    /* A command from its list (or from the numbered menu). */
    enum reaction (*command)(struct view *view, struct application *application, enum command_id command);
    /* Puts what is typed on the disk: at every pause, before leaving, on hang-up. Must be safe to repeat. */
    enum status (*save)(struct view *view, struct application *application, struct error *error);
    /* What a NEEDS_ condition of this view is right now, beside the general ones; NULL: no opinion. */
    bool (*allows)(const struct view *view, const struct application *application, enum command_id command);
    /* Goes to a field of the draft, by the name visit_read() gives it; NULL: the view shows none. */
    void (*go_to)(struct view *view, struct application *application, const char *field);
    void (*close)(struct view *view);        /* frees the state */
};

struct view {
    const struct view_ops *ops;
    void *state;   /* owned */
    int cursor;    /* selected row, kept over refresh */
    int scroll;
    size_t offset; /* edit point in the field under the cursor, in bytes */
};

#define VIEW(id, ops) extern const struct view_ops ops;
#include "views/views.def"
#undef VIEW

enum view_id {
#define VIEW(id, ops) id,
#include "views/views.def"
#undef VIEW
    VIEW_ID_COUNT,
};
const struct view_ops *view_ops_of(enum view_id id);
/* The view of this name; false when there is none. */
bool view_find(const char *name, enum view_id *out);

#endif
