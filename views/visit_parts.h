/* The screens of a visit in their order, and the way from a problem to the field it is about. */
#ifndef DOORSTEP_VIEWS_VISIT_PARTS_H
#define DOORSTEP_VIEWS_VISIT_PARTS_H

#include "views/form.h"

/* COMMAND_NEXT_PART and COMMAND_PREVIOUS_PART, from one of these screens to another: afterwards the view is gone.
 * False for any other command. */
bool visit_part_command(struct application *application, enum command_id command);
/* Opens the screen of a draft field, on top of the present one, at that field. */
void visit_part_open_field(struct application *application, const char *field);

/* What a visit asks about: an order that is not over, an open task. What only a care plan names has no record of its
 * own that could be marked as done. */
bool visit_part_asks_medicine(const struct medicine *medicine);
bool visit_part_asks_task(const struct task *task);

/* The answers to a question of a visit, by the names that its draft has for it ("medicine", "taking"); NULL for what is
 * typed. */
const struct choice *visit_part_choice(const char *part, const char *attribute);

#endif
