/*
 * The event log: what the program did, never whom it concerned. One line an
 * event, to a file in the user's folder, rotated at 256 kB. Callers pass
 * fixed words and counts; there is no way to pass free text.
 */
#ifndef DOORSTEP_BASE_LOG_H
#define DOORSTEP_BASE_LOG_H

/* Opens <folder>/event.log for appending; a failure leaves logging off. */
void log_open(const char *folder);
void log_close(void);
/* `event` is a literal such as "sync-end"; `code` and `count` as the event needs. */
void log_event(const char *event, long code, long count);

#endif
