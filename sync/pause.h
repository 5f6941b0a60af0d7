/*
 * When the server wants to be asked again. It is kept with the record, so that
 * a restart or another program of this nurse does not ask sooner.
 *
 * Every attempt that nobody asked for holds to it: timers, the network's
 * return, what follows from unlocking or signing, `doorstep sync` without a
 * terminal. What the nurse asks for herself goes at once. A time further ahead
 * than a server can ask for comes from a clock that was set back: it is void.
 */
#ifndef DOORSTEP_SYNC_PAUSE_H
#define DOORSTEP_SYNC_PAUSE_H

#include "base/identifier.h"
#include "base/instant.h"
#include "store/store.h"

#define BACKOFF_LEAST 5         /* seconds */
#define BACKOFF_FIRST 30
#define BACKOFF_MOST (15 * 60)

/* Seconds until the next attempt after so many failures one after the other (at least one). Any time up to a bound that
 * doubles is as likely as any other: devices that lost the server together do not come back together. */
int64_t pause_after_failures(int failures, const struct randomness *randomness);

/* Keeps that nobody should ask before `until`; INSTANT_NONE: it may be asked again. */
enum status pause_keep(struct store *store, instant until, struct error *error) MUST_CHECK;

/* OK when an attempt may be made now; else UNREACHABLE, with the minute in the sentence, and *seconds that are left. */
enum status pause_check(struct store *store, instant now, int64_t *seconds, struct error *error) MUST_CHECK;

#endif
