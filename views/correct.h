/* The screen that corrects what the server refused, for the screens that lead there. */
#ifndef DOORSTEP_VIEWS_CORRECT_H
#define DOORSTEP_VIEWS_CORRECT_H

#include "views/application.h"

/* Opens it for an outbox row, with its patient at hand; or says why this cannot be corrected, and what can be done. */
void correct_show(struct application *application, int64_t number);

#endif
