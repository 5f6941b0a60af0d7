/* Readings and NEWS2 in words, for every screen that shows them. */
#ifndef DOORSTEP_VIEWS_VITAL_WORDS_H
#define DOORSTEP_VIEWS_VITAL_WORDS_H

#include "care/chart.h"
#include "views/canvas.h"

#include <stddef.h>

/* The diastolic pressure measured together with this systolic one, or NULL. Borrowed from the chart. */
const struct reading *vital_partner(const struct chart *chart, const struct reading *reading);
/* "138/84": the value without its unit; a systolic pressure with its partner. */
void vital_value_words(const struct chart *chart, const struct reading *reading, char *out, size_t size);
/* "2 d", or that no time is known. */
void vital_age_words(const struct reading *reading, instant now, char *out, size_t size);

/* The total with its band, or how many of the seven parts there are and which are missing; never one without the other.
 */
void news2_words(const struct news2_score *score, char *out, size_t size);
/* "Temperature, Consciousness": what keeps the score from being told. */
void news2_missing_words(const struct news2_score *score, char *out, size_t size);
enum role news2_role(enum news2_band band);

#endif
