/*
 * The resources: every version of each, a journal of all changes in order,
 * and an index of search values.
 *
 * A version keeps the resource as text, printed from the parsed tree (numbers
 * as they came), without its head: type, id, versionId and lastUpdated are
 * kept beside it and written in front again. So 200,000 resources stay small,
 * and "nothing changed" is one comparison of texts.
 * Resources and terms are never removed before the end: pointers to them stay good.
 */
#ifndef LOOPBACK_STORE_H
#define LOOPBACK_STORE_H

#include "common.h"
#include "table.h"

#include "base/json.h"

struct resource;

enum change_kind {
    KIND_CREATED,
    KIND_UPDATED,
    KIND_DELETED,
};

struct version {
    struct resource *resource;
    struct version *previous; /* the version before, or NULL */
    int64_t number;           /* meta.versionId, from 1 */
    instant at;               /* meta.lastUpdated */
    enum change_kind kind;
    char *tail;               /* JSON from after lastUpdated's value to the end; NULL when deleted */
};

/* A search value ("Observation?patient=Patient/7") and the current resources that have it. */
struct term {
    char *key;
    struct resource **rows;
    size_t count;
    size_t capacity;
};

struct span { /* a FHIR date: from its first moment up to, without, the last */
    instant from;
    instant to;
};

struct resource {
    char target[TARGET_SIZE]; /* "Type/id" */
    const char *id;           /* within target */
    size_t sequence;          /* order of creation */
    struct version *current;  /* the newest version; its tail is NULL when deleted */
    struct term **terms;      /* owned array, borrowed terms */
    size_t term_count;
    struct span date;         /* what the search parameter `date` looks at; INSTANT_NONE without one */
    uint64_t mark;            /* used by a search to see a row once */
};

struct store {
    struct table by_target;
    struct table by_term;
    struct resource **resources; /* in order of creation */
    size_t count;
    size_t capacity;
    struct version **journal;    /* every version of every resource, in order */
    size_t journal_count;
    size_t journal_capacity;
    struct clock clock;
    instant last;                /* the clock of lastUpdated never goes back */
    uint64_t mark;
    int64_t next_id;             /* ids the server gives are numbers, as HAPI's */
};

void store_init(struct store *store);
void store_free(struct store *store);

/* NULL when there never was one; the newest version may be a deletion. */
struct resource *store_find(const struct store *store, const char *target);
/* The same, but NULL when deleted. */
struct resource *store_find_current(const struct store *store, const char *target);
bool resource_is_deleted(const struct resource *resource);
/* The type's characters, not terminated: use with %.*s. */
int resource_type_length(const struct resource *resource);

/* The instant for the next changes; all changes of a transaction share one. */
instant store_tick(struct store *store);
/* Writes "Type/1000" and so on: the next target not yet used. */
void store_new_target(struct store *store, const char *type, char out[TARGET_SIZE]);
/* Makes `tree` (changed in place, still the caller's) the newest version.
 * Returns the version, an older one when nothing changed. Borrowed. */
const struct version *store_put(struct store *store, const char *target, cJSON *tree, instant at);
const struct version *store_delete(struct store *store, struct resource *resource, instant at);

/* The term with that key, or NULL. */
struct term *store_term(const struct store *store, const char *key);
/* The term with that key, made when it is not there. */
struct term *store_need_term(struct store *store, const char *key);

/* Appends the whole resource as JSON; the version must not be a deletion. */
void version_append(const struct version *version, struct buffer *out);
/* The same as a tree, owned by the caller. */
cJSON *version_tree(const struct version *version);

#endif
