/*
 * A screen of questions: words to read, choices, texts and buttons, on a page
 * that scrolls with the item under the cursor. The view names its items from
 * top to bottom in one function, describe(); it is called to draw them, and to
 * find the item that a key is for, so that both always agree.
 *
 * A choice shows its answers while the cursor is on it. Nothing is chosen by
 * moving: a digit, Enter or a blank on an answer, or a tap on it, chooses.
 */
#ifndef DOORSTEP_VIEWS_FORM_H
#define DOORSTEP_VIEWS_FORM_H

#include "views/application.h"
#include "views/draft_field.h"
#include "views/page.h"

#define FORM_ROWS 256 /* of a screen, that can be tapped */

/* A question with a few answers: at most nine. */
struct choice {
    const char *const *keys;              /* NULL at the end */
    const char *(*word)(const char *key); /* translated */
};

enum form_kind { FORM_NONE, FORM_READING, FORM_CHOICE, FORM_FIELD, FORM_BUTTON };

struct form_item {
    enum form_kind kind;
    int id; /* the view's own */
    const struct choice *choice;
    const char *chosen;        /* key, "" for none */
    struct draft_field *field;
};

enum form_reaction {
    FORM_IGNORED,
    FORM_HANDLED,
    FORM_CHOSEN,  /* item.id, key */
    FORM_CLEARED, /* the choice is taken back: item.id */
    FORM_PRESSED, /* item.id */
};

struct form {
    void (*describe)(struct form *form, struct view *view, struct application *application);
    int cursor; /* the item; to be kept by the view */
    int option; /* the answer under the cursor, -1: the question itself */
    int id;     /* of the item under the cursor, which it stays with when others come and go; -1: not known yet */

    /* After a pass. */
    int count;
    struct form_item item; /* the one under the cursor; what it points to is borrowed from the view */
    const char *key;       /* of FORM_CHOSEN */
    int place_of_id;       /* where the item with that id stands now, -1: nowhere */

    /* Inside a pass. */
    struct page page;
    bool drawing;
    bool follow;           /* the cursor moved: its item is to be seen */
    int first, last;       /* lines of the item under the cursor, as last drawn */
    struct { int item, option; } rows[FORM_ROWS]; /* of the last frame: what a tap means */
};

void form_init(struct form *form, void (*describe)(struct form *, struct view *, struct application *));
void form_draw(struct form *form, struct view *view, struct application *application, struct area area);
enum form_reaction form_event(struct form *form, struct view *view, struct application *application,
                              const struct event *event);
/* Undo, redo and Next for the item under the cursor; false for other commands. */
bool form_command(struct form *form, struct view *view, struct application *application, enum command_id command);
/* Looks at the items again: after the view changed what it describes, or its cursor. */
void form_look(struct form *form, struct view *view, struct application *application);
/* Moves the cursor to an item, as far as there is one. */
void form_go(struct form *form, struct view *view, struct application *application, int item);

/* For describe(), top to bottom. Only what has an id takes part in moving. */
void form_heading(struct form *form, const char *text);
void form_text(struct form *form, enum role role, const char *text);
void form_labelled(struct form *form, enum role role, int width, const char *label, enum role text_role,
                   const char *text);
void form_blank(struct form *form);
/* A text that is to be read before what follows. */
void form_reading(struct form *form, int id, const char *text);
/* The same, written by the view itself: `write` gets a page without the cells of the mark. */
void form_block(struct form *form, int id, void (*write)(struct page *page, const void *context), const void *context);
/* Beside each other: `left`, `width` cells, and `right`. */
void form_choice(struct form *form, int id, int width, const char *left, const char *right, const struct choice *choice,
                 const char *chosen);
/* A question beside its answer, or beside words for that there is none yet. */
void form_question(struct form *form, int id, int width, const char *label, const struct choice *choice, const char *chosen);
/* `fault` says what is wrong with the text; without one `hint` is shown while the cursor is there. Both may be "". */
void form_field(struct form *form, int id, int width, const char *label, struct draft_field *field, const char *hint,
                const char *fault);
void form_button(struct form *form, int id, int width, enum role role, const char *left, const char *right);

#endif
