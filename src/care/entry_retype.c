/*
 * The way back from readings to what a nurse would have typed for them, so that a value can be put right where it
 * stands. Called for corrections; what it gives is read by entry_judge() again.
 */
#include "care/entry.h"

#include "base/error.h"
#include "base/text.h"

#include <string.h>

bool entry_of_vital(enum vital vital, enum entry_field *out)
{
    for (int i = 0; i < ENTRY_FIELD_COUNT; i++) {
        if (entry_vital((enum entry_field)i) == vital) {
            *out = (enum entry_field)i;
            return true;
        }
    }
    *out = vital == VITAL_DIASTOLIC ? ENTRY_BP : ENTRY_OXYGEN;
    return vital == VITAL_DIASTOLIC || vital == VITAL_OXYGEN_FRACTION;
}

static const struct reading *find(const struct reading *readings, size_t count, enum vital vital)
{
    for (size_t i = 0; i < count; i++) {
        if (readings[i].vital == vital) {
            return &readings[i];
        }
    }
    return NULL;
}

static bool is_absent(const struct reading *reading)
{
    return reading == NULL || reading->absent[0] != '\0';
}

/* "- refused"; one number of two that could not be read has no reason, and is a "-" beside the other. */
static void retype_absent(const struct reading *reading, char *out, size_t size)
{
    text_format(out, size, "- %s", reading->text);
    if (reading->text[0] == '\0') {
        text_copy(out, size, "-");
    }
}

static void retype_pressure(const struct reading *readings, size_t count, char *out, size_t size)
{
    const struct reading *systolic = find(readings, count, VITAL_SYSTOLIC);
    const struct reading *diastolic = find(readings, count, VITAL_DIASTOLIC);

    if (is_absent(systolic) && is_absent(diastolic)) {
        retype_absent(&readings[0], out, size);
        return;
    }
    text_format(out, size, "%s/%s", is_absent(systolic) ? "-" : systolic->text,
                is_absent(diastolic) ? "-" : diastolic->text);
}

static void retype_number(const struct reading *reading, char *out, size_t size)
{
    /* A share of inspired oxygen is told from a flow by its unit alone. */
    bool unit = reading->unit[0] != '\0' && (reading->vital == VITAL_OXYGEN_FRACTION ||
                                             !text_equal(reading->unit, vital_unit(reading->vital)));

    bool word = strcspn(reading->text, "0123456789") == strlen(reading->text); /* a meter's HI, a letter */

    text_format(out, size, "%s%s%s%s", word ? "" : reading->comparator, reading->text, unit ? " " : "",
                unit ? reading->unit : "");
}

void entry_retype(const struct reading *readings, size_t count, char *out, size_t size)
{
    const struct reading *first = count > 0 ? &readings[0] : NULL;

    out[0] = '\0';
    if (first == NULL || text_equal(first->absent, "unsupported") || text_equal(first->absent, "as-text")) {
        return;
    }
    if (first->vital == VITAL_SYSTOLIC || first->vital == VITAL_DIASTOLIC) {
        retype_pressure(readings, count, out, size);
    } else if (is_absent(first)) {
        retype_absent(first, out, size);
    } else if (first->vital == VITAL_OXYGEN_FLOW && first->value.units == 0) {
        text_copy(out, size, _("air"));
    } else {
        retype_number(first, out, size);
    }
}
