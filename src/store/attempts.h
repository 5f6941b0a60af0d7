/*
 * Failed tries to unlock, kept in the folder so that starting again does not
 * forgive them. Used by vault.c.
 */
#ifndef DOORSTEP_STORE_ATTEMPTS_H
#define DOORSTEP_STORE_ATTEMPTS_H

#include "base/instant.h"
#include "base/paths.h"

/* Milliseconds until the next try: after failures 1, 2, 3 ... it is 0, 0, 1, 2, 4 ... 60 seconds, counted by
 * the clock that goes on in suspend, and by the wall clock after a restart. */
int64_t attempts_delay(const struct paths *paths, const struct clock *clock);
/* A folder that cannot be written to must still unlock: failures here are not reported. */
void attempts_add(const struct paths *paths, const struct clock *clock);
void attempts_clear(const struct paths *paths);

#endif
