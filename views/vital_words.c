/* Readings and NEWS2 in words: see vital_words.h. */
#include "views/vital_words.h"

#include "base/error.h"
#include "base/text.h"

#include <string.h>

const struct reading *vital_partner(const struct chart *chart, const struct reading *reading)
{
    const struct reading *diastolic = chart_latest(chart, VITAL_DIASTOLIC);

    return reading->vital == VITAL_SYSTOLIC && diastolic != NULL && diastolic->at == reading->at ? diastolic : NULL;
}

void vital_value_words(const struct chart *chart, const struct reading *reading, char *out, size_t size)
{
    const struct reading *second = vital_partner(chart, reading);
    char value[48];
    char below[48];

    reading_format(value, sizeof value, reading);
    if (second == NULL) {
        (void)text_copy(out, size, value);
        return;
    }
    reading_format(below, sizeof below, second);
    (void)text_format(out, size, "%s/%s", value, below);
}

void vital_age_words(const struct reading *reading, instant now, char *out, size_t size)
{
    if (reading->at == INSTANT_NONE) {
        (void)text_copy(out, size, _("no time"));
    } else {
        instant_format_age(out, size, reading->at, now);
    }
}

/* Whether this part is not there. A saturation above 92 % on scale 2 has no points while it is not known whether oxygen
 * runs: it is the oxygen that is missing then. */
static bool is_missing(const struct news2_score *score, int part)
{
    int without_points = 0;

    for (int i = 0; i < NEWS2_PART_COUNT; i++) {
        without_points += score->part[i] < 0;
    }
    return score->part[part] < 0 && !(part == NEWS2_SPO2 && without_points > score->missing);
}

void news2_missing_words(const struct news2_score *score, char *out, size_t size)
{
    size_t used = 0;

    out[0] = '\0';
    for (int i = 0; i < NEWS2_PART_COUNT; i++) {
        if (is_missing(score, i)) {
            (void)text_format(out + used, size - used, "%s%s", used > 0 ? ", " : "",
                              news2_part_label((enum news2_part)i));
            used = strlen(out);
        }
    }
}

void news2_words(const struct news2_score *score, char *out, size_t size)
{
    char missing[300];

    if (score->total >= 0) {
        (void)text_format(out, size, "%d  %s", score->total, news2_band_word(score->band));
        return;
    }
    news2_missing_words(score, missing, sizeof missing);
    (void)text_format(out, size, _("no score, %d of %d parts; missing: %s"), NEWS2_PART_COUNT - score->missing,
                      NEWS2_PART_COUNT, missing);
}

enum role news2_role(enum news2_band band)
{
    return band == NEWS2_BAND_HIGH ? ROLE_RED
           : band == NEWS2_BAND_MEDIUM || band == NEWS2_BAND_LOW_MEDIUM ? ROLE_AMBER : ROLE_STRONG;
}
