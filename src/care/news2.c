/*
 * NEWS2 as the Royal College of Physicians published it in 2017: chart 1 (the
 * scoring table) and chart 4 (thresholds). The home advice is the default of
 * local policy, in our own words. Called by visit, chart, the alert rules and
 * the command line.
 */
#include "care/news2.h"

#include "base/error.h"

#include <limits.h>
#include <string.h>

/* Chart 1, row by row: the first step whose `up_to` is not passed gives the points. */
struct step {
    int up_to;
    int points;
};
#define STEP_REST INT_MAX

static int points_of(const struct step *steps, int64_t value)
{
    while (steps->up_to != STEP_REST && value > steps->up_to) {
        steps++;
    }
    return steps->points;
}

static int points_respiration(const struct news2_input *input)
{
    static const struct step steps[] = {{8, 3}, {11, 1}, {20, 0}, {24, 2}, {STEP_REST, 3}};
    return points_of(steps, input->respiration);
}

static int points_spo2(const struct news2_input *input)
{
    static const struct step scale_1[] = {{91, 3}, {93, 2}, {95, 1}, {STEP_REST, 0}};
    static const struct step scale_2_air[] = {{83, 3}, {85, 2}, {87, 1}, {STEP_REST, 0}};
    static const struct step scale_2_oxygen[] = {{83, 3}, {85, 2}, {87, 1}, {92, 0}, {94, 1}, {96, 2}, {STEP_REST, 3}};
    if (input->scale != 2) {
        return points_of(scale_1, input->spo2);
    }
    return points_of(input->oxygen ? scale_2_oxygen : scale_2_air, input->spo2);
}

static int points_systolic(const struct news2_input *input)
{
    static const struct step steps[] = {{90, 3}, {100, 2}, {110, 1}, {219, 0}, {STEP_REST, 3}};
    return points_of(steps, input->systolic);
}

static int points_pulse(const struct news2_input *input)
{
    static const struct step steps[] = {{40, 3}, {50, 1}, {90, 0}, {110, 1}, {130, 2}, {STEP_REST, 3}};
    return points_of(steps, input->pulse);
}

static int points_temperature(const struct news2_input *input)
{
    static const struct step tenths[] = {{350, 3}, {360, 1}, {380, 0}, {390, 1}, {STEP_REST, 2}};
    return points_of(tenths, decimal_scaled(input->temperature, 1));
}

/* On scale 2 the points above 92 % depend on whether oxygen runs: without that there are none. */
static bool can_score(const struct news2_input *input, enum news2_part part)
{
    if (part == NEWS2_SPO2 && input->scale == 2 && input->spo2 > 92 && !input->present[NEWS2_OXYGEN]) {
        return false;
    }
    return input->present[part];
}

static int points(const struct news2_input *input, enum news2_part part)
{
    switch (part) {
    case NEWS2_RESPIRATION:
        return points_respiration(input);
    case NEWS2_SPO2:
        return points_spo2(input);
    case NEWS2_OXYGEN:
        return input->oxygen ? 2 : 0;
    case NEWS2_SYSTOLIC:
        return points_systolic(input);
    case NEWS2_PULSE:
        return points_pulse(input);
    case NEWS2_CONSCIOUSNESS:
        return input->consciousness == CONSCIOUSNESS_ALERT ? 0 : 3;
    case NEWS2_TEMPERATURE:
        return points_temperature(input);
    case NEWS2_PART_COUNT:
        break;
    }
    return -1;
}

static enum news2_band band_of(int total, bool single_three)
{
    if (total >= 7) {
        return NEWS2_BAND_HIGH;
    }
    if (total >= 5) {
        return NEWS2_BAND_MEDIUM;
    }
    if (total == 0) {
        return NEWS2_BAND_ZERO;
    }
    return single_three ? NEWS2_BAND_LOW_MEDIUM : NEWS2_BAND_LOW;
}

struct news2_score news2_compute(const struct news2_input *input)
{
    struct news2_score score = {.total = -1, .band = NEWS2_BAND_NONE};
    int sum = 0;
    for (int i = 0; i < NEWS2_PART_COUNT; i++) {
        enum news2_part part = (enum news2_part)i;
        score.missing += input->present[i] ? 0 : 1;
        score.part[i] = can_score(input, part) ? points(input, part) : -1;
        sum += score.part[i] > 0 ? score.part[i] : 0;
        score.single_three = score.single_three || score.part[i] == 3;
    }
    if (score.missing == 0) {
        score.total = sum;
        score.band = band_of(sum, score.single_three);
    }
    return score;
}

const char *news2_part_key(enum news2_part part)
{
    static const char *const keys[] = {"rr", "spo2", "oxygen", "sbp", "pulse", "acvpu", "temp"};
    return keys[part];
}

const char *news2_part_label(enum news2_part part)
{
    static const char *const labels[] = {
        N_("Respiration"), N_("Oxygen saturation"), N_("Air or oxygen"), N_("Systolic blood pressure"),
        N_("Pulse"), N_("Consciousness"), N_("Temperature"),
    };
    return _(labels[part]);
}

const char *news2_band_key(enum news2_band band)
{
    static const char *const keys[] = {"", "zero", "low", "single-3", "medium", "high"};
    return keys[band];
}

const char *news2_band_word(enum news2_band band)
{
    static const char *const words[] = {
        N_("no score"), N_("zero"), N_("low"), N_("low-medium, one part scores 3"),
        N_("MEDIUM, urgent threshold"), N_("HIGH, emergency threshold"),
    };
    return _(words[band]);
}

/* Home mapping of the RCP bands: local policy default. */
const char *news2_advice(enum news2_band band, bool palliative)
{
    static const char *const advice[] = {
        N_("No score: measure the missing parts."),
        N_("Go on with routine visits."),
        N_("Compare with this patient's usual values and plan a repeat or the next visit."),
        N_("Call the doctor now: same-day assessment."),
        N_("Call the doctor now: urgent same-day assessment."),
        N_("Call the emergency service now."),
    };
    if (palliative && band != NEWS2_BAND_NONE) {
        return _("A comfort plan is in place: act as the plan says.");
    }
    return _(advice[band]);
}

const char *news2_acknowledgement(void)
{
    return "NEWS2 (c) Royal College of Physicians 2017";
}

bool news2_applies(int years)
{
    return years < 0 || years >= 16;
}

/* The newest reading of `vital` with an exact value; NULL when there is none. */
static const struct reading *newest(const struct reading *readings, size_t count, enum vital vital)
{
    const struct reading *found = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct reading *reading = &readings[i];
        if (reading->vital == vital && reading_counts(reading) && reading->comparator[0] == '\0' &&
            (found == NULL || reading->at > found->at)) {
            found = reading;
        }
    }
    return found;
}

/* Whole numbers are scored: chart 1 knows no others. */
static bool take(int *out, const struct reading *readings, size_t count, enum vital vital)
{
    const struct reading *reading = newest(readings, count, vital);
    if (reading == NULL) {
        return false;
    }
    int64_t whole = decimal_scaled(reading->value, 0);
    if (whole < 0 || whole > 1000) {
        return false;
    }
    *out = (int)whole;
    return true;
}

void news2_from_readings(struct news2_input *input, const struct reading *readings, size_t count, int scale)
{
    memset(input, 0, sizeof *input);
    input->scale = scale;
    input->present[NEWS2_RESPIRATION] = take(&input->respiration, readings, count, VITAL_RESPIRATION);
    input->present[NEWS2_SPO2] = take(&input->spo2, readings, count, VITAL_SPO2);
    input->present[NEWS2_SYSTOLIC] = take(&input->systolic, readings, count, VITAL_SYSTOLIC);
    input->present[NEWS2_PULSE] = take(&input->pulse, readings, count, VITAL_PULSE);
    int level = 0;
    if (take(&level, readings, count, VITAL_CONSCIOUSNESS) && level <= CONSCIOUSNESS_UNRESPONSIVE) {
        input->present[NEWS2_CONSCIOUSNESS] = true;
        input->consciousness = (enum consciousness)level;
    }
    const struct reading *temperature = newest(readings, count, VITAL_TEMPERATURE);
    if (temperature != NULL) {
        input->present[NEWS2_TEMPERATURE] = true;
        input->temperature = temperature->value;
    }
    const struct reading *flow = newest(readings, count, VITAL_OXYGEN_FLOW);
    const struct reading *fraction = newest(readings, count, VITAL_OXYGEN_FRACTION);
    input->present[NEWS2_OXYGEN] = flow != NULL || fraction != NULL;
    input->oxygen = (flow != NULL && flow->value.units > 0) ||
                    (fraction != NULL && decimal_compare(fraction->value, decimal_from(21, 0)) > 0);
}
