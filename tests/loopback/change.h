/*
 * Changes, made together or not at all. A single POST, PUT or DELETE is a set
 * of one; a transaction is one set; a batch is many sets of one.
 *
 * In this order: conditions are resolved and ids given, references to other
 * entries rewritten, everything checked; only then the store is touched.
 */
#ifndef LOOPBACK_CHANGE_H
#define LOOPBACK_CHANGE_H

#include "server.h"

enum change_method {
    CHANGE_CREATE,
    CHANGE_UPDATE,
    CHANGE_DELETE,
};

enum change_effect {
    EFFECT_CREATED,
    EFFECT_MATCHED,   /* the condition found one: nothing was made */
    EFFECT_MERGED,    /* an earlier entry has the same condition: this one is dropped */
    EFFECT_UPDATED,
    EFFECT_UNCHANGED,
    EFFECT_DELETED,
};

struct change {
    enum change_method method;
    char type[TYPE_SIZE];
    char target[TARGET_SIZE];   /* "Type/id"; "" until known for a create or a conditional update */
    const char *condition;      /* If-None-Exist, or the query of a conditional update; NULL */
    const char *full_url;       /* what other entries may call it; NULL */
    const char *if_match;       /* NULL */
    const struct table *promised; /* "Type/id" of what this may name before it is there; NULL */
    cJSON *tree;                /* borrowed, changed in place; NULL for a delete */
    char *condition_key;        /* this and the next are scratch of changes_apply() */
    char *url_key;
    enum change_effect effect;  /* the outcome */
    const struct version *version; /* the outcome; NULL when there was nothing to delete */
};

bool changes_apply(struct server *server, const char *base, struct change *changes, size_t count,
                   struct failure *failure);
/* The HTTP status of what became of it. */
int change_status(const struct change *change);
/* The words HAPI puts into the outcome. */
const char *change_words(const struct change *change);

#endif
