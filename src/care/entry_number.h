/*
 * A typed number with its unit: what the vitals form reads before it judges.
 * For entry.c alone.
 */
#ifndef DOORSTEP_CARE_ENTRY_NUMBER_H
#define DOORSTEP_CARE_ENTRY_NUMBER_H

#include "base/decimal.h"
#include "care/vital.h"

#include <stdbool.h>

struct entry_number {
    char digits[24];      /* as typed, with a point for a comma */
    int places;           /* digits after the point */
    struct decimal typed; /* in the unit that was typed */
    struct decimal value; /* in the vital's own unit */
    char unit[16];        /* the unit that was typed, "" when none was */
    bool converted;
};

/* Reads a plain decimal number ("36.9", "36,9") at the start of `text`;
 * returns what follows it and blanks, or NULL when there is no such number. */
const char *entry_number_take(const char *text, struct entry_number *out);
/* Reads a number and perhaps a unit of `vital` ("98.6 F", "5.4 mmol"), and
 * converts it. False when the text is anything else. */
bool entry_number_read(const char *text, enum vital vital, struct entry_number *out);
/* Takes the number to be in `unit` although none was typed ("F", "lb", "mmol/L"). */
void entry_number_assume(struct entry_number *number, enum vital vital, const char *unit);

#endif
