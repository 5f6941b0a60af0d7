/*
 * Decimal numbers that keep their digits: FHIR demands that 0.010 stays
 * 0.010. Comparison and arithmetic use scaled integers, never doubles.
 */
#ifndef DOORSTEP_BASE_DECIMAL_H
#define DOORSTEP_BASE_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct decimal {
    int64_t units; /* the value times 10^scale */
    int scale;     /* digits after the point, 0 to 9 */
};

/* Bytes of the number that `text` begins with, in the grammar that JSON and
 * FHIR share: -?(0|[1-9][0-9]*)(.[0-9]+)?([eE][+-]?[0-9]+)?; 0 when none. */
size_t decimal_literal_length(const char *text, size_t length);
/* Reads "36.60", "-3", "1.5e2". False when it is no decimal number or does
 * not fit (more than 18 significant digits after cutting to 9 places). */
bool decimal_parse(const char *text, struct decimal *out);
/* Shortest plain form that keeps the scale: 3660,2 -> "36.60". */
void decimal_format(char *out, size_t size, struct decimal value);
/* Rounded half up (away from zero for negatives) to exactly `scale` digits:
 * what had fewer gets zeros. This and the rest stay within 18 digits. */
struct decimal decimal_round(struct decimal value, int scale);
int decimal_compare(struct decimal a, struct decimal b);
struct decimal decimal_subtract(struct decimal a, struct decimal b);
/* value * numerator / denominator (not 0), rounded half up to `scale`. */
struct decimal decimal_ratio(struct decimal value, int64_t numerator, int64_t denominator, int scale);
struct decimal decimal_from(int64_t units, int scale);
/* Value times 10^scale, rounded: tenths of a degree are decimal_scaled(t, 1). */
int64_t decimal_scaled(struct decimal value, int scale);
double decimal_double(struct decimal value); /* for plots only */

#endif
