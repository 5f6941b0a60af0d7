/*
 * Merging two changes of one resource, three ways. Pure: trees in, a tree and
 * the list of what only a person can decide out. Used by store/record_merge.c
 * and, to show a conflict, by store/query_conflict.c.
 *
 * An element that only one side changed takes that side; the same change on
 * both is no conflict; numbers are compared as they are written. Lists are
 * merged by what identifies an item (id, linkId, identifier, reference, code
 * ...), else by whole values, never by place. What belongs together (a value
 * and its unit, a status and its reason, the forms of a choice like
 * effectiveDateTime and effectivePeriod) is taken from one side.
 *
 * Never merged by itself, even where one side alone changed it: a dose or the
 * medicine it is of, whose chart it is, anything of an allergy. A withdrawal of
 * consent that is newer than the other side's decision wins. Notes,
 * observations and signatures are never overwritten: see `appends`.
 * The version (meta) is the server's; a generated narrative that no longer says
 * what the merged resource says is left out.
 */
#ifndef DOORSTEP_FHIR_MERGE_H
#define DOORSTEP_FHIR_MERGE_H

#include "base/error.h"
#include "base/json.h"

#include <stdbool.h>
#include <stddef.h>

/* What is taken where both sides changed the same. */
enum merge_choice {
    MERGE_ASK,    /* nothing yet: the tree holds theirs there and is not to be used while there are overlaps */
    MERGE_MINE,
    MERGE_THEIRS,
    MERGE_BOTH,   /* mine beside theirs where that is possible, else theirs */
};

/* One thing that a person has to decide. */
struct overlap {
    char path[160];            /* "status", "participant[Practitioner/n1].period"; "" for the whole resource */
    char label[80];            /* translated: "Status" */
    char *base, *mine, *theirs;/* owned; in words, one line, "" where it is not there; mine and theirs never read alike */
    bool both;                 /* both can stand beside each other */
};

struct merge {
    cJSON *tree;               /* owned */
    struct overlap *overlaps;  /* owned */
    size_t count, capacity;
    bool adds;                 /* the tree says something that theirs does not */
    bool appends;              /* a record of a kind that is never overwritten, and the two differ: its tree is theirs */
};

/* Merges two versions of one resource that began from `base` (NULL: nothing is known of it). INVALID when they are not
 * of one type; NO_MEMORY. Free *out with merge_free(), also after a failure. */
enum status merge_resources(const cJSON *base, const cJSON *mine, const cJSON *theirs, enum merge_choice choice,
                            struct merge *out, struct error *error) MUST_CHECK;
void merge_free(struct merge *merge);

#endif
