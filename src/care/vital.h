/*
 * The vitals doorstep knows, and one reading of one of them.
 *
 * A reading's value is in the vital's own unit (table in vital.c: mmHg, /min,
 * %, C, kg, cm, mg/dL, score ...). The text keeps the digits that were typed
 * or received. A value that is missing stays missing: nothing is imputed.
 */
#ifndef DOORSTEP_CARE_VITAL_H
#define DOORSTEP_CARE_VITAL_H

#include "base/decimal.h"
#include "base/identifier.h"
#include "base/instant.h"

#include <stdbool.h>

enum vital {
    VITAL_SYSTOLIC,         /* mmHg */
    VITAL_DIASTOLIC,        /* mmHg */
    VITAL_PULSE,            /* /min */
    VITAL_RESPIRATION,      /* /min */
    VITAL_SPO2,             /* % */
    VITAL_OXYGEN_FLOW,      /* L/min; 0 is room air */
    VITAL_OXYGEN_FRACTION,  /* % inspired */
    VITAL_CONSCIOUSNESS,    /* coded: enum consciousness in value.units */
    VITAL_TEMPERATURE,      /* C */
    VITAL_WEIGHT,           /* kg */
    VITAL_HEIGHT,           /* cm */
    VITAL_GLUCOSE,          /* mg/dL */
    VITAL_PAIN,             /* 0-10 */
    VITAL_NEWS2,            /* total, as someone else computed it */
    VITAL_STEPS,            /* a day */
    VITAL_SLEEP,            /* h */
    VITAL_ROOM_TEMPERATURE, /* C */
    VITAL_ROOM_HUMIDITY,    /* % */
    VITAL_COUNT,
};

enum consciousness {
    CONSCIOUSNESS_ALERT,
    CONSCIOUSNESS_CONFUSION, /* new confusion */
    CONSCIOUSNESS_VOICE,
    CONSCIOUSNESS_PAIN,
    CONSCIOUSNESS_UNRESPONSIVE,
};

enum reading_source {
    SOURCE_UNKNOWN,
    SOURCE_NURSE,
    SOURCE_DEVICE,
    SOURCE_PATIENT, /* the patient or family said so */
};

enum reading_status {
    READING_FINAL,       /* final, amended, corrected */
    READING_PRELIMINARY, /* registered, preliminary */
    READING_CANCELLED,
    READING_ERRONEOUS,   /* entered in error: shown as such, never counted */
    READING_UNKNOWN,
};

struct reading {
    enum vital vital;
    struct decimal value;       /* in the vital's own unit; meaningless when absent[0] */
    char text[32];              /* the digits as they came, in the unit as it came */
    char unit[16];              /* the unit as it came, for people */
    char absent[32];            /* data-absent-reason code, "" when there is a value */
    char comparator[3];         /* "<", "<=", ">", ">=" or "" */
    instant at;                 /* INSTANT_NONE when the record has no time */
    enum instant_precision precision;
    enum reading_source source;
    enum reading_status status;
    char device[64];            /* the device's name, "" when none */
    char resource[ID_SIZE];     /* the Observation's id: every point tells its source */
};

/* Stable English key as in VISIT.json and --json ("pulse", "spo2"), NULL never. */
const char *vital_key(enum vital vital);
/* False when no vital has this key. */
bool vital_from_key(const char *key, enum vital *out);
const char *vital_label(enum vital vital);       /* translated: "Pulse" */
const char *vital_short_label(enum vital vital); /* translated, at most 8 columns */
const char *vital_unit(enum vital vital);        /* "mmHg", "/min", "C", "" */
int vital_places(enum vital vital);              /* digits after the point for display */
const char *reading_source_word(enum reading_source source); /* translated: "nurse", "device" */
const char *reading_status_word(enum reading_status status);
const char *consciousness_word(enum consciousness level);    /* translated: "Alert" */
char consciousness_letter(enum consciousness level);         /* A C V P U */
bool consciousness_from_letter(char letter, enum consciousness *out);

/* Final with a value: may be scored, plotted and compared. One with a
 * comparator counts too (a meter's "HI" must not be hidden), but only as the
 * bound that it is: it is never scored or subtracted. */
bool reading_counts(const struct reading *reading);
/* "142", "36.9", "Alert", "> 300"; absent ones give the reason in words. */
void reading_format(char *out, size_t size, const struct reading *reading);

#endif
