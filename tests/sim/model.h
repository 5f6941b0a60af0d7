/*
 * The model server: the loopback server's core (tests/loopback), called in
 * process, on the simulated clock. It keeps who wrote each version, can stamp
 * a change with an older time than now (a transaction that began before it
 * became visible), and can be put back to an older backup.
 *
 * Its types are its own: the loopback's and the program's rooms both have a
 * struct store and a struct request, and only model.c sees the loopback's.
 */
#ifndef DOORSTEP_TESTS_SIM_MODEL_H
#define DOORSTEP_TESTS_SIM_MODEL_H

#include "base/identifier.h"
#include "base/instant.h"
#include "base/json.h"

#define MODEL_BASE "http://model.example/fhir"
#define MODEL_TARGET_SIZE (RESOURCE_TYPE_SIZE + ID_SIZE + 16)
#define OFFICE 0 /* as the author of a version; nurses are 1, 2, ... */

struct model;

/* What this server is like. */
struct model_habits {
    int conflict_status;    /* 409 or 412 */
    int64_t most_entries;   /* of a transaction with a condition in it; 0: no limit */
    int64_t largest_page;
    bool merges;            /* two creations with one condition become one */
    bool as_batch;          /* transactions are run as batches */
    bool no_conditions;     /* passes over ifNoneExist and ifMatch */
    bool shows;             /* answers to transactions hold the resources */
    bool whole_statement;   /* passes over _elements at /metadata: most do not */
    const char *refuses;    /* resources that hold this text, or NULL */
    instant behind;         /* by so much what it stamps changes with is behind the clock */
};

struct model_request {
    const char *method, *url; /* the URL absolute, below MODEL_BASE */
    const char *body;         /* NULL when none */
    size_t length;
    const char *if_none_exist, *if_match;
    int author;
    instant begun;            /* what becomes lastUpdated, save for what the server is behind */
};

struct model_answer {
    int status;
    struct buffer body; /* owned */
    char etag[32];
    char location[512];
};

/* One version of one resource, in the order in which the server took them. Borrowed texts. */
struct model_version {
    const char *target; /* "Type/id" */
    const char *id;
    size_t sequence;    /* of the resource: 0 for the first that was made, and so on */
    int64_t number;     /* meta.versionId */
    instant at;         /* meta.lastUpdated, likewise */
    int author;
    bool deleted;
    bool current;       /* nothing came after it */
};

struct model *model_new(const struct model_habits *habits, struct clock clock, struct randomness randomness);
void model_free(struct model *model);
/* Fills `answer`, which the caller frees. */
void model_handle(struct model *model, const struct model_request *request, struct model_answer *answer);
void model_answer_free(struct model_answer *answer);

size_t model_count(const struct model *model); /* of versions */
struct model_version model_version(const struct model *model, size_t index);
cJSON *model_body(const struct model *model, size_t index); /* owned; NULL for a deletion */
/* Forgets all versions from `count` on, as a restored backup does; ids are given again. */
void model_restore(struct model *model, size_t count);

#endif
