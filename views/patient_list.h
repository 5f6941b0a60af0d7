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
void patient_row_draw(const struct patient_row *patient, instant now, bool selected, bool with_time, int number,
                      struct area area);
/* Opens the patient's screen; the message says why not. */
void patient_row_open(struct application *application, const struct patient_row *patient);

#endif
