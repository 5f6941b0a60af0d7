/* What truth.c and charts.c share: every version that the server ever had. */
#ifndef DOORSTEP_TESTS_SIM_TRUTH_H
#define DOORSTEP_TESTS_SIM_TRUTH_H

#include "tests/sim/sim.h"

/* One version of one resource, as it was found at the server. */
struct seen {
    char target[MODEL_TARGET_SIZE];
    char type[RESOURCE_TYPE_SIZE], id[ID_SIZE];
    char uuid[UUID_SIZE];   /* ours, "" when none */
    char patient[ID_SIZE];  /* whose chart, "" when none */
    size_t sequence;        /* of the resource */
    int64_t number;
    int author;
    bool deleted, current;
    cJSON *body;            /* owned; NULL when deleted */
};

/* Brings world->seen up to date. */
void truth_look(struct world *world);

/* The devices' side. `whole`: the sync came to its end. */
void charts_after_sync(struct nurse *nurse, size_t before, bool whole);
void charts_at_end(struct nurse *nurse);
bool charts_hold_deleted(struct nurse *nurse);

#endif
