/* One patient's row, as the Today board and the patient list show it. */
#ifndef DOORSTEP_VIEWS_PATIENT_LIST_H
#define DOORSTEP_VIEWS_PATIENT_LIST_H

#include "store/query.h"
#include "views/application.h"

/* "name (reading)", or the name alone. */
void patient_name_words(const struct patient *patient, char *out, size_t size);
/* Lines a row takes in a list of this width. */
int patient_row_height(int columns);
/* Draws row `index` of the rows into the lines from `row` on. */
/* Takes newly read rows over, with what was found out about the alerts of the same patients. `again`: the record may
 * have changed, so the alerts are looked at again all the same, and the view's cursor stays with its row. */
void patient_rows_renew(struct patient_rows *rows, struct patient_rows *fresh, struct view *view, bool again);
/* Runs the alert rules for one row that needs it, of those that are seen or are a page away; false when there is none. */
bool patient_rows_judge(struct patient_rows *rows, struct view *view, struct application *application,
                        struct area list);
void patient_row_draw(const struct patient_row *patient, instant now, bool selected, bool with_time, int number,
                      struct area area);
/* Opens the patient's screen; the message says why not. */
void patient_row_open(struct application *application, const struct patient_row *patient);

#endif
