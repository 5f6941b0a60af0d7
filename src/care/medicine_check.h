/*
 * What codes alone can tell about medicines: the same code or ingredient
 * twice, an allergy to it, a high-alert group. Always labelled "code check
 * only". Sources: reference 3.10.
 */
#ifndef DOORSTEP_CARE_MEDICINE_CHECK_H
#define DOORSTEP_CARE_MEDICINE_CHECK_H

#include "care/chart.h"

enum medicine_warning_kind { WARNING_DUPLICATE, WARNING_SAME_INGREDIENT, WARNING_ALLERGY, WARNING_HIGH_ALERT };
struct medicine_warning {
    enum medicine_warning_kind kind;
    size_t medicine;          /* index into chart->medicines */
    size_t other;             /* the other medicine, or the allergy */
    char sentence[256];       /* translated */
};
/* Fills up to `limit`; returns how many. Looks at active requests and statements only. */
size_t medicine_check(const struct chart *chart, struct medicine_warning *out, size_t limit);

#endif
