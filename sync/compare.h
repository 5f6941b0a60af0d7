/*
 * Is what is here still there, as it is here? Lists of ids and versions, and the
 * server asked by the id for whatever does not fit them. Private to sync/.
 */
#ifndef DOORSTEP_SYNC_COMPARE_H
#define DOORSTEP_SYNC_COMPARE_H

#include "fhir/resource.h"
#include "sync/charts.h"

#define LOOKED_UP_AT_MOST 200     /* ids asked for one by one in a run; the rest waits for the next check */

struct checking {
    struct pulling *pulling;
    instant window;               /* readings from then on are here */
    int looked_up;
    bool sending;                 /* asked for what is to be sent: what was deleted is no news for that */
    bool whole;                   /* the server was put back to a backup: versions count too, and numbers say nothing */
};

/* Ids, sorted before they are looked up. */
struct ids {
    char (*items)[ID_SIZE];       /* owned */
    size_t count, capacity;
    const char *type;             /* that entries of a page must have */
    enum status status;
};

/* What the server lists. */
struct listing {
    struct checking *checking;
    struct ids there;
    struct ids doubtful;          /* of them, those that do not go with what is here */
    struct ids wanted;            /* of them, those that are not here, or not in that version */
    bool named;                   /* asked with whose they are: an id may have been given again */
};

void ids_add(struct ids *ids, const char *id);
void ids_sort(struct ids *ids);
bool ids_have(const struct ids *ids, const char *id);

/* Fills a listing with what answers `question`, a search relative to the server's base. Free it also after a failure. */
enum status compare_list(struct listing *listing, const struct buffer *question, struct error *error) MUST_CHECK;
/* The same in two steps: what a search has to say of each, behind its URL; and an answer to it. */
void compare_append_elements(const struct listing *listing, struct buffer *url);
enum status compare_take(struct listing *listing, const cJSON *bundle, struct error *error) MUST_CHECK;
/* Whether the server answered a comparison, and said that it does not do that: then its charts are read all the same. A sign-in
 * that ended is no such answer, nor is anything that failed here. */
bool compare_is_refused(const struct pulling *pulling, enum status status);
void listing_free(struct listing *listing);
/* Asks for what is here and not listed, and for what is listed and does not go with what is here, each by its id. What the
 * server deleted leaves the record and counts in result->removed; what it forgot of the nurse's waits for her. */
enum status compare_look_up(struct checking *checking, const char *type, const struct ids *here, const struct listing *listing,
                            struct error *error) MUST_CHECK;

/* Things by their names. */
struct names {
    char (*items)[REFERENCE_SIZE]; /* owned: "Type/id" */
    size_t count, capacity;
    enum status status;            /* sticky NO_MEMORY */
};
void names_add(void *context, const char *type, const char *id); /* `context` is the names */
/* Asks whether the server still has these, which it accepted, as what they were; in as few requests as their types allow
 * where they stand together. */
enum status compare_names(struct checking *checking, const struct names *names, struct error *error) MUST_CHECK;

#endif
