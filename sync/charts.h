/*
 * Fetching whole charts, a group of patients at a time. Private to sync/.
 *
 * The cursor "patient/ID" says that the chart came from the server: CURSOR_BEGUN
 * until it is complete, then the server's time up to which it is.
 */
#ifndef DOORSTEP_SYNC_CHARTS_H
#define DOORSTEP_SYNC_CHARTS_H

#include "sync/people.h"
#include "sync/sync.h"

#define GROUP_SIZE 60            /* patients fetched together at most */
#define CURSOR_SIZE 40
#define SCOPE_SIZE (ID_SIZE + 16)
#define CURSOR_BEGUN "-"         /* without a time: the next search starts from the beginning */

struct pulled_type;

/* Patients that are fetched together. */
struct group {
    char ids[GROUP_SIZE][ID_SIZE];
    bool arrived[GROUP_SIZE];       /* the Patient itself is on the device */
    size_t count;
    bool known;                     /* complete already: only what is new is asked for */
};

struct pulling {
    struct sync *sync;
    struct sync_result *result;
    struct people people;
    const struct pulled_type *type; /* being fetched; NULL while people are */
    struct group *group;
    bool named;                     /* the resource being looked at names a patient of the group */
    char cursor[CURSOR_SIZE];       /* for what is complete after this run */
};

/* The name of a patient's cursor. */
void charts_scope(char scope[SCOPE_SIZE], const char *patient);
/* Fetches all charts of pulling->group, or what is new in them; then the people
 * they name; then, in one commit, says that they are complete and how far. A
 * patient whom the server does not deliver is counted and left out. */
enum status charts_pull(struct pulling *pulling, struct error *error) MUST_CHECK;

#endif
