/*
 * One text of the visit in progress, being edited, and the draft field it is
 * kept in. Used by the screens of a visit.
 *
 * Invariant: what was typed is marked as changed until the disk has it; what
 * was not typed here is never written.
 */
#ifndef DOORSTEP_VIEWS_DRAFT_FIELD_H
#define DOORSTEP_VIEWS_DRAFT_FIELD_H

#include "views/application.h"
#include "views/editor.h"

#define LINE_BYTES 160 /* most bytes of a one-line text */

enum draft_field_kind {
    DRAFT_LINE,
    DRAFT_LINES,
    DRAFT_TIME, /* "09:05" or "2026-11-22 09:05" for people, a FHIR dateTime in the draft */
};

struct draft_field {
    enum draft_field_kind kind;
    char name[VISIT_FIELD_NAME_SIZE]; /* of the draft field; "" until it is known, and then nothing is saved */
    struct editor editor;
};

/* Takes the text over from the draft. */
enum status draft_field_open(struct draft_field *field, const struct visit_draft *draft, enum draft_field_kind kind,
                             const char *name, struct error *error) MUST_CHECK;
void draft_field_close(struct draft_field *field);
/* Puts what was typed on the disk. Without a visit in progress there is nothing to keep. */
enum status draft_field_save(struct draft_field *field, struct application *application,
                             struct error *error) MUST_CHECK;

/* Gives the event to the editor; `columns` is the width of its lines. False: not for a text. */
bool draft_field_event(struct draft_field *field, struct view *view, struct application *application,
                       const struct event *event, int columns);
/* COMMAND_UNDO and COMMAND_REDO; false for any other. */
bool draft_field_command(struct draft_field *field, struct view *view, struct application *application,
                         enum command_id command);
/* The nurse is in this field now: its edit point becomes the view's. */
void draft_field_enter(const struct draft_field *field, struct view *view, struct application *application);
/* Puts the edit point where the view says the nurse was; in a view that was opened anew, at the end. */
void draft_field_return(struct draft_field *field, const struct view *view);

/* The number of the part ("consent", "medicine", "task") whose `attribute` names `value`, as an id or a reference;
 * -1 when there is none. */
int draft_part_find(const struct visit_draft *draft, const char *part, const char *attribute, const char *value);
/* A number that no part has yet; -1 when all are taken. */
int draft_part_free(const struct visit_draft *draft, const char *part);
/* The text of an attribute of a part, "" when absent (also for number -1). Borrowed. */
const char *draft_part_get(const struct visit_draft *draft, const char *part, int number, const char *attribute);
/* Writes it, as application_put_field() does. */
enum status draft_part_put(struct application *application, const char *part, int number, const char *attribute,
                           const char *value, struct error *error) MUST_CHECK;

#endif
