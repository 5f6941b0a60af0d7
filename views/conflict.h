/* Opens the screen of conflicts at the first one of a visit ("": of what belongs to no visit). Used by the Outbox. */
#ifndef DOORSTEP_VIEWS_CONFLICT_H
#define DOORSTEP_VIEWS_CONFLICT_H

#include "views/application.h"

void conflict_show(struct application *application, const char *visit);

#endif
