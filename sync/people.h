/*
 * Other people and things that charts name (practitioners, devices, relatives,
 * organisations, medicines): met while pages are stored, fetched afterwards.
 * Private to sync/.
 */
#ifndef DOORSTEP_SYNC_PEOPLE_H
#define DOORSTEP_SYNC_PEOPLE_H

#include "fhir/resource.h"
#include "sync/sync.h"

struct people {
    char (*references)[REFERENCE_SIZE]; /* owned */
    size_t count, capacity;
    enum status status;                 /* sticky NO_MEMORY */
};
void people_free(struct people *people);

bool people_are(const char *type); /* whether resources of this type are such people or things */
/* Notes the reference ("Practitioner/n1") when it names one of them. */
void people_note(struct people *people, const char *reference);
/* Fetches those that are not on the device yet, a type at a time, and forgets
 * all. `page` stores a page. One that the server does not show is left out:
 * charts are complete without its name. */
enum status people_fetch(struct people *people, struct sync *sync, struct sync_result *result,
                         enum status (*page)(void *context, const cJSON *bundle, struct error *error), void *context,
                         struct error *error) MUST_CHECK;

#endif
