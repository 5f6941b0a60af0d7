/* What application.c, at_hand.c, session.c and dispatch.c share, and nobody else needs. */
#ifndef DOORSTEP_VIEWS_APPLICATION_PART_H
#define DOORSTEP_VIEWS_APPLICATION_PART_H

#include "views/application.h"

/* Fields of a draft that say where the nurse was: the view's name, and "<cursor>.<offset>". */
#define FIELD_SCREEN "screen"
#define FIELD_CURSOR "cursor"

/* VIEW_UNLOCK is always the lowest view: locking opens nothing, so it cannot fail for want of memory. */
#define LOCKED_DEPTH 1

/* Opens a view on top, at a place in it; the stack is as before when it fails. */
enum status application_open_view(struct application *application, enum view_id id, int cursor, size_t offset,
                                  struct error *error) MUST_CHECK;
/* No view to go back to. */
bool application_at_root(const struct application *application);
/* Closes views until `depth` are left. Saves nothing. */
void application_close_views(struct application *application, int depth);
/* Lets the top view read again what it shows. */
void application_refresh_top(struct application *application);
/* True when everything typed is on the disk; says why not otherwise. */
bool application_save_or_say(struct application *application);

void application_forget_patient(struct application *application);
/* The numbers of the header; from here on changes of the record count as new. */
void application_read_status(struct application *application);
/* Where the draft at hand says the nurse was; false when that is no screen of a visit. */
bool application_saved_place(const struct application *application, enum view_id *id, int *cursor, size_t *offset);

#endif
