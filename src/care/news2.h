/*
 * National Early Warning Score 2. Source: Royal College of Physicians, NEWS2
 * (2017), chart 1 and chart 4. For adults of 16 and over, not in pregnancy.
 *
 * Invariant: no total without all seven parts; nothing is taken as normal
 * because it is missing.
 */
#ifndef DOORSTEP_CARE_NEWS2_H
#define DOORSTEP_CARE_NEWS2_H

#include "base/decimal.h"
#include "care/vital.h"

#include <stdbool.h>

enum news2_part {
    NEWS2_RESPIRATION,
    NEWS2_SPO2,
    NEWS2_OXYGEN,
    NEWS2_SYSTOLIC,
    NEWS2_PULSE,
    NEWS2_CONSCIOUSNESS,
    NEWS2_TEMPERATURE,
    NEWS2_PART_COUNT,
};

enum news2_band {
    NEWS2_BAND_NONE,       /* no total */
    NEWS2_BAND_ZERO,
    NEWS2_BAND_LOW,        /* 1-4 */
    NEWS2_BAND_LOW_MEDIUM, /* a single parameter scores 3 */
    NEWS2_BAND_MEDIUM,     /* 5-6, urgent threshold */
    NEWS2_BAND_HIGH,       /* 7 and more, emergency threshold */
};

struct news2_input {
    bool present[NEWS2_PART_COUNT];
    int respiration;                 /* /min */
    int spo2;                        /* % */
    int scale;                       /* 1, or 2 when prescribed (88-92 % target) */
    bool oxygen;                     /* supplemental oxygen is running */
    int systolic;                    /* mmHg */
    int pulse;                       /* /min */
    enum consciousness consciousness;
    struct decimal temperature;      /* C; compared in tenths after rounding */
};

struct news2_score {
    int total;                       /* -1 when any part is missing */
    enum news2_band band;
    int part[NEWS2_PART_COUNT];      /* -1 when missing, and for SpO2 above 92 % on scale 2 while oxygen is missing */
    int missing;                     /* how many parts */
    bool single_three;
};

struct news2_score news2_compute(const struct news2_input *input);
const char *news2_part_key(enum news2_part part);     /* rr spo2 oxygen sbp pulse acvpu temp */
const char *news2_part_label(enum news2_part part);   /* translated */
const char *news2_band_key(enum news2_band band);     /* zero low single-3 medium high, "" for none */
const char *news2_band_word(enum news2_band band);    /* translated: "HIGH, emergency threshold" */
/* What the band asks for at home, in one translated sentence; `palliative`
 * replaces the escalation text, never the score. */
const char *news2_advice(enum news2_band band, bool palliative);

/* The words the licence asks for; for every screen that shows a score. */
const char *news2_acknowledgement(void);
/* False below 16 years: no score may be shown. An unknown age (-1) is taken as adult. */
bool news2_applies(int years);

/* Fills the input from a set of readings of one occasion; those that do not
 * count (status, absent, comparator) are left missing. SpO2 scale is given. Of
 * several readings of one vital the newest is taken. */
void news2_from_readings(struct news2_input *input, const struct reading *readings, size_t count, int scale);

#endif
