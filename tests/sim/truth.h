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

/* The first version of what carries this UUID; one version of "Type/id"; NULL when there was none. */
const struct seen *seen_made(const struct world *world, const char *type, const char *uuid);
const struct seen *seen_version(const struct world *world, const char *target, int64_t number);
bool seen_is_deleted(const struct world *world, const char *target);

/* What still waits of it; NULL when nothing does. */
const struct outbox_row *part_row(const struct outbox_rows *rows, const struct part *part);
bool part_has_arrived(const struct world *world, struct part *part);
/* The version that a nurse's update made, or another's that says the same. */
const struct seen *part_update(const struct world *world, const struct part *part);
/* The version that says what she corrected it to: the first one, or an update of what had arrived before. */
const struct seen *part_corrected(const struct world *world, const struct part *part);
const char *part_name(const struct part *part);

/* The devices' side. `whole`: the sync came to its end. */
void charts_after_sync(struct nurse *nurse, size_t before, bool whole);
void charts_at_end(struct nurse *nurse);
bool charts_hold_deleted(struct nurse *nurse);

#endif
