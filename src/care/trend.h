/*
 * Series of one vital for plots, and what changed since a moment. Gaps stay
 * gaps; only readings that count are plotted.
 */
#ifndef DOORSTEP_CARE_TREND_H
#define DOORSTEP_CARE_TREND_H

#include "care/chart.h"

/* Local calendar days from one moment to a later one; 0 on the same day. */
int trend_days_between(instant from, instant to);

/* Fills up to `limit` counting readings of `vital` since `from`, oldest first;
 * returns how many (the newest when there are more). Pointers are borrowed from the chart. */
size_t trend_series(const struct chart *chart, enum vital vital, instant from,
                    const struct reading **out, size_t limit);

/* A sparkline of `columns` cells over [from, to): levels 0-8 per cell, -1
 * where there is no reading in that slice of time (newest of the slice wins). */
void trend_sparkline(const struct chart *chart, enum vital vital, instant from, instant to,
                     int *levels, int columns);

/* One translated line, newest reading up to `now` against the oldest of the
 * week before it: "+2.4 kg in 3 days"; "" when there are not two readings. */
void trend_change(const struct chart *chart, enum vital vital, instant now, char *out, size_t size);

#endif
