/*
 * Series of one vital. Readings that do not count or have no time are left
 * out; gaps stay gaps. Relies on the chart's order, newest first.
 * Called by the views and the alert rules.
 */
#include "care/trend.h"

#include "base/error.h"
#include "base/text.h"

#include <libintl.h>
#include <string.h>

/* Change lines look back this far for the value to compare with. */
#define CHANGE_DAYS 7

static bool is_point(const struct reading *reading, enum vital vital, instant from)
{
    return reading->vital == vital && reading->at != INSTANT_NONE && reading->at >= from && reading_counts(reading);
}

int trend_days_between(instant from, instant to)
{
    /* Half a day more, so that a day of 23 or 25 hours counts as one. */
    return (int)((instant_day_start(to) - instant_day_start(from) + INSTANT_DAY / 2) / INSTANT_DAY);
}

size_t trend_series(const struct chart *chart, enum vital vital, instant from, const struct reading **out, size_t limit)
{
    size_t count = 0;
    for (size_t i = 0; i < chart->reading_count && count < limit; i++) {
        if (is_point(&chart->readings[i], vital, from)) {
            out[count++] = &chart->readings[i];
        }
    }
    for (size_t i = 0; i < count / 2; i++) {
        const struct reading *newer = out[i];
        out[i] = out[count - 1 - i];
        out[count - 1 - i] = newer;
    }
    return count;
}

/* The cell of `at` in [from, to), or -1 outside it. */
static int cell_of(instant at, instant from, instant to, int columns)
{
    if (at < from || at >= to) {
        return -1;
    }
    return (int)((at - from) / ((to - from + columns - 1) / columns));
}

void trend_sparkline(const struct chart *chart, enum vital vital, instant from, instant to, int *levels, int columns)
{
    struct decimal low = {0, 0}, high = {0, 0};
    bool any = false;
    for (int i = 0; i < columns; i++) {
        levels[i] = -1;
    }
    for (size_t i = 0; columns > 0 && i < chart->reading_count; i++) {
        const struct reading *reading = &chart->readings[i];
        if (!is_point(reading, vital, from) || reading->at >= to) {
            continue;
        }
        low = !any || decimal_compare(reading->value, low) < 0 ? reading->value : low;
        high = !any || decimal_compare(reading->value, high) > 0 ? reading->value : high;
        any = true;
    }
    double span = decimal_double(decimal_subtract(high, low));
    for (size_t i = 0; any && i < chart->reading_count; i++) {
        const struct reading *reading = &chart->readings[i];
        int cell = is_point(reading, vital, from) ? cell_of(reading->at, from, to, columns) : -1;
        if (cell >= 0 && levels[cell] < 0) { /* newest first: an older one never replaces it */
            double part = span > 0 ? decimal_double(decimal_subtract(reading->value, low)) / span : 0.5;
            levels[cell] = (int)(part * 8 + 0.5);
        }
    }
}

/* Whether a difference of two readings says something. */
static bool can_subtract(const struct reading *reading, enum vital vital, instant now)
{
    return vital != VITAL_CONSCIOUSNESS && is_point(reading, vital, INSTANT_NONE) && reading->at <= now &&
           reading->comparator[0] == '\0';
}

void trend_change(const struct chart *chart, enum vital vital, instant now, char *out, size_t size)
{
    const struct reading *latest = NULL, *before = NULL;
    out[0] = '\0';
    for (size_t i = 0; i < chart->reading_count; i++) {
        const struct reading *reading = &chart->readings[i];
        if (!can_subtract(reading, vital, now)) {
            continue;
        }
        if (latest == NULL) {
            latest = reading;
        } else if (before == NULL || trend_days_between(reading->at, latest->at) <= CHANGE_DAYS) {
            before = reading;
        } else {
            break;
        }
    }
    if (before == NULL) {
        return;
    }
    struct decimal change = decimal_subtract(latest->value, before->value);
    char digits[32];
    decimal_format(digits, sizeof digits,
                   change.scale > vital_places(vital) ? decimal_round(change, vital_places(vital)) : change);
    const char *unit = vital_unit(vital);
    char amount[64];
    text_format(amount, sizeof amount, "%s%s%s%s", change.units > 0 ? "+" : "", digits, unit[0] != '\0' ? " " : "",
                unit);
    int days = trend_days_between(before->at, latest->at);
    if (days == 0) {
        text_format(out, size, _("%s since earlier that day"), amount);
    } else {
        text_format(out, size, ngettext("%s in %d day", "%s in %d days", (unsigned long)days), amount, days);
    }
}
