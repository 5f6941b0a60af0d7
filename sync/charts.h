/*
 * Fetching whole charts, a group of patients at a time. Private to sync/.
 *
 * The cursor "patient/ID" says that the chart came from the server: CURSOR_BEGUN
 * until it is complete, then the server's time up to which it is. While a download
 * is under way, how far it has come stands behind that (struct position), so that
 * a line that breaks again and again brings something each time.
 */
#ifndef DOORSTEP_SYNC_CHARTS_H
#define DOORSTEP_SYNC_CHARTS_H

#include "sync/people.h"
#include "sync/sync.h"

#define GROUP_SIZE 60            /* patients fetched together at most */
#define CURSOR_SIZE 128
#define SCOPE_SIZE (ID_SIZE + 16)
#define CURSOR_FORMER "former"   /* the Patient came from a former server, and stays for what is unsent */

/* What is fetched of a chart, in this order. */
struct pulled_type {
    const char *type;
    const char *parameter;       /* the search parameter that names the patient */
    bool windowed;               /* limited to the local window by date */
};
#define PULLED_TYPES 17
extern const struct pulled_type pulled_types[PULLED_TYPES]; /* the Patient first */

/* How far the download of a chart has come: all types before `type` are here as of `began`, the server's time, and of
 * `type` what changed until `reached`. */
struct position {
    int type;                    /* 0 and INSTANT_NONE: at the beginning; PULLED_TYPES: only what changed since is missing */
    instant reached;             /* INSTANT_NONE: nothing of `type` */
    instant began;
};

/* Patients that are fetched together. */
struct group {
    char ids[GROUP_SIZE][ID_SIZE];
    bool arrived[GROUP_SIZE];       /* the Patient itself is on the device */
    size_t count;
    bool known;                     /* complete already: only what is new is asked for */
    bool doubtful;                  /* something of an unknown one of them could not be read */
};

struct pulling {
    struct sync *sync;
    struct sync_result *result;
    struct people people;
    const struct pulled_type *type; /* being fetched; NULL while people are */
    struct group *group;
    struct position position;       /* saved with each page while `marking` */
    bool marking;
    char older_type[RESOURCE_TYPE_SIZE], older_id[ID_SIZE]; /* something that came in an older version than is here */
    char chart[ID_SIZE];            /* the patient of the group whom the resource being looked at names; "" for none */
    char cursor[40];                /* for what is complete after this run */
};

/* The name of a patient's cursor. */
void charts_scope(char scope[SCOPE_SIZE], const char *patient);
/* Whether a cursor's value says that the present server delivered the Patient, and whether all of the chart. */
bool charts_delivered(const char *value);
bool charts_finished(const char *value);
/* How far the download of a patient's chart has come. False when it was not begun, or there is no telling. */
bool charts_position(const char *value, struct position *out);
/* Fetches all charts of pulling->group, or what is new in them; then the people
 * they name; then, in one commit, says that they are complete and how far. A
 * patient whom the server does not deliver is counted and left out. */
enum status charts_pull(struct pulling *pulling, struct error *error) MUST_CHECK;
/* What is fetched by its ids, of charts that are complete; at most GROUP_SIZE of them. */
struct fetching {
    const struct pulled_type *type;
    char (*patients)[ID_SIZE], (*ids)[ID_SIZE];
    size_t patient_count, id_count;
};
enum status charts_pull_ids(struct pulling *pulling, const struct fetching *fetching, struct error *error) MUST_CHECK;
/* The local window of readings begins here; older ones stay on the server. */
instant charts_window(const struct sync *sync);
/* Ids with commas between them; and "Type?patient=a,b" for some patients, and the window where that type has one. */
void charts_append_ids(char (*ids)[ID_SIZE], size_t count, struct buffer *url);
void charts_append_question(const struct pulled_type *type, char (*patients)[ID_SIZE], size_t count, instant window,
                            struct buffer *url);

#endif
