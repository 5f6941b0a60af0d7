/*
 * Units: from UCUM codes and the many spellings of real records to one plain unit, and exact conversion into the
 * unit a vital is shown in.
 *
 * Invariant: a value is converted only when its unit is certain. A missing or unknown unit, or a code and a text
 * that contradict each other, is never guessed from the size of the value.
 */
#ifndef DOORSTEP_FHIR_UNITS_H
#define DOORSTEP_FHIR_UNITS_H

#include "base/decimal.h"
#include "care/vital.h"

#include <stdbool.h>

enum unit {
    UNIT_UNKNOWN,
    UNIT_NONE,       /* no unit was given */
    UNIT_ONE,        /* a plain number: "1" */
    UNIT_PERCENT,
    UNIT_PER_MINUTE,
    UNIT_MMHG,
    UNIT_KILOPASCAL,
    UNIT_CELSIUS,
    UNIT_FAHRENHEIT,
    UNIT_KELVIN,
    UNIT_KILOGRAM,
    UNIT_GRAM,
    UNIT_POUND,
    UNIT_CENTIMETRE,
    UNIT_METRE,
    UNIT_MILLIMETRE,
    UNIT_INCH,
    UNIT_FOOT,
    UNIT_MG_PER_DL,
    UNIT_MMOL_PER_L,
    UNIT_L_PER_MINUTE,
    UNIT_ML_PER_MINUTE,
    UNIT_SCORE,
    UNIT_STEPS,
    UNIT_HOUR,
    UNIT_MINUTE,
    UNIT_SECOND,
    UNIT_COUNT,
};

/* The unit of a Quantity: its UCUM code, checked against its text. `system`, `code` and `text` may be NULL; a code of
 * another system than UCUM says nothing. */
enum unit unit_find(const char *system, const char *code, const char *text);
/* Its UCUM code, "" for UNIT_UNKNOWN and UNIT_NONE. */
const char *unit_ucum(enum unit unit);
/* `value` in the vital's own unit. False when the unit does not measure this vital. */
bool unit_convert(enum vital vital, enum unit unit, struct decimal value, struct decimal *out);
/* The unit in which care/vital.h keeps this vital. */
enum unit unit_of_vital(enum vital vital);

#endif
