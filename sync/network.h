/*
 * News of the network, from the kernel: has a way out appeared? Private to
 * sync/; the worker's thread polls the descriptor beside its timer.
 */
#ifndef DOORSTEP_SYNC_NETWORK_H
#define DOORSTEP_SYNC_NETWORK_H

#include <stdbool.h>

/* A descriptor that is readable when addresses or links change; -1 where there is none: then the timer alone decides. */
int network_open(void);
/* Reads all news that wait. True when a link came up, or an address that leads out of this machine appeared. */
bool network_appeared(int descriptor);

#endif
