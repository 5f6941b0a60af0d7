/*
 * The table of vitals: keys, names, units and how a reading is written for a
 * person. Invariant: the table is in the order of enum vital, and a value
 * that is not there is written as a word, never as a number.
 */
#include "care/vital.h"

#include "base/error.h"
#include "base/text.h"

#include <string.h>

struct vital_row {
    const char *key;
    const char *label;
    const char *short_label;
    const char *unit;
    int places;
};

static const struct vital_row vitals[VITAL_COUNT] = {
    [VITAL_SYSTOLIC] = {"sbp", N_("Systolic blood pressure"), N_("SBP"), "mmHg", 0},
    [VITAL_DIASTOLIC] = {"dbp", N_("Diastolic blood pressure"), N_("DBP"), "mmHg", 0},
    [VITAL_PULSE] = {"pulse", N_("Pulse"), N_("Pulse"), "/min", 0},
    [VITAL_RESPIRATION] = {"rr", N_("Respiration"), N_("Resp"), "/min", 0},
    [VITAL_SPO2] = {"spo2", N_("Oxygen saturation"), N_("SpO2"), "%", 0},
    [VITAL_OXYGEN_FLOW] = {"oxygen", N_("Oxygen flow"), N_("O2"), "L/min", 1},
    [VITAL_OXYGEN_FRACTION] = {"fio2", N_("Inspired oxygen"), N_("FiO2"), "%", 0},
    [VITAL_CONSCIOUSNESS] = {"consciousness", N_("Consciousness"), N_("ACVPU"), "", 0},
    [VITAL_TEMPERATURE] = {"temp", N_("Temperature"), N_("Temp"), "C", 1},
    [VITAL_WEIGHT] = {"weight", N_("Weight"), N_("Weight"), "kg", 1},
    [VITAL_HEIGHT] = {"height", N_("Height"), N_("Height"), "cm", 1},
    [VITAL_GLUCOSE] = {"glucose", N_("Blood glucose"), N_("Glucose"), "mg/dL", 0},
    [VITAL_PAIN] = {"pain", N_("Pain"), N_("Pain"), "", 0},
    [VITAL_NEWS2] = {"news2", N_("NEWS2 as recorded"), N_("NEWS2"), "", 0},
    [VITAL_STEPS] = {"steps", N_("Steps"), N_("Steps"), N_("/day"), 0},
    [VITAL_SLEEP] = {"sleep", N_("Sleep"), N_("Sleep"), "h", 1},
    [VITAL_ROOM_TEMPERATURE] = {"room-temp", N_("Room temperature"), N_("Room"), "C", 1},
    [VITAL_ROOM_HUMIDITY] = {"room-humidity", N_("Room humidity"), N_("Humid"), "%", 0},
};

const char *vital_key(enum vital vital)
{
    return vitals[vital].key;
}

bool vital_from_key(const char *key, enum vital *out)
{
    for (int i = 0; i < VITAL_COUNT; i++) {
        if (text_equal(vitals[i].key, key)) {
            *out = (enum vital)i;
            return true;
        }
    }
    return false;
}

const char *vital_label(enum vital vital)
{
    return _(vitals[vital].label);
}

const char *vital_short_label(enum vital vital)
{
    return _(vitals[vital].short_label);
}

const char *vital_unit(enum vital vital)
{
    return vitals[vital].unit;
}

int vital_places(enum vital vital)
{
    return vitals[vital].places;
}

const char *reading_source_word(enum reading_source source)
{
    switch (source) {
    case SOURCE_NURSE:
        return _("nurse");
    case SOURCE_DEVICE:
        return _("device");
    case SOURCE_PATIENT:
        return _("patient");
    case SOURCE_UNKNOWN:
        break;
    }
    return _("source unknown");
}

const char *reading_status_word(enum reading_status status)
{
    switch (status) {
    case READING_FINAL:
        return _("final");
    case READING_PRELIMINARY:
        return _("preliminary");
    case READING_CANCELLED:
        return _("cancelled");
    case READING_ERRONEOUS:
        return _("entered in error");
    case READING_UNKNOWN:
        break;
    }
    return _("status unknown");
}

/* In the order of enum consciousness. */
static const struct {
    char letter;
    const char *word;
} consciousness_levels[] = {
    {'A', N_("Alert")}, {'C', N_("New confusion")}, {'V', N_("Responds to voice")},
    {'P', N_("Responds to pain")}, {'U', N_("Unresponsive")},
};
#define CONSCIOUSNESS_LEVELS (sizeof consciousness_levels / sizeof consciousness_levels[0])

const char *consciousness_word(enum consciousness level)
{
    return _(consciousness_levels[level].word);
}

char consciousness_letter(enum consciousness level)
{
    return consciousness_levels[level].letter;
}

bool consciousness_from_letter(char letter, enum consciousness *out)
{
    for (size_t i = 0; i < CONSCIOUSNESS_LEVELS; i++) {
        if (letter == consciousness_levels[i].letter || letter == (consciousness_levels[i].letter | 0x20)) {
            *out = (enum consciousness)i;
            return true;
        }
    }
    return false;
}

bool reading_counts(const struct reading *reading)
{
    return reading->status == READING_FINAL && reading->absent[0] == '\0';
}

/* FHIR data-absent-reason codes a visit meets; any other is "no value". */
static const char *absent_word(const char *code)
{
    if (strcmp(code, "asked-declined") == 0) {
        return _("refused");
    }
    if (strcmp(code, "not-performed") == 0) {
        return _("not measured");
    }
    if (strcmp(code, "unknown") == 0 || strcmp(code, "asked-unknown") == 0 || strcmp(code, "temp-unknown") == 0) {
        return _("not known");
    }
    if (strcmp(code, "error") == 0) {
        return _("measuring failed");
    }
    return _("no value");
}

void reading_format(char *out, size_t size, const struct reading *reading)
{
    if (reading->absent[0] != '\0') {
        text_copy(out, size, absent_word(reading->absent));
        return;
    }
    if (reading->vital == VITAL_CONSCIOUSNESS) {
        bool known = reading->value.units >= 0 && reading->value.units < (int64_t)CONSCIOUSNESS_LEVELS;
        text_copy(out, size, known ? consciousness_word((enum consciousness)reading->value.units) : absent_word(""));
        return;
    }
    if (reading->vital == VITAL_OXYGEN_FLOW && reading->value.units == 0 && reading->comparator[0] == '\0') {
        text_copy(out, size, _("air"));
        return;
    }
    struct decimal shown = reading->value;
    if (shown.scale > vital_places(reading->vital)) {
        shown = decimal_round(shown, vital_places(reading->vital));
    }
    char digits[32];
    decimal_format(digits, sizeof digits, shown);
    text_format(out, size, "%s%s%s", reading->comparator, reading->comparator[0] != '\0' ? " " : "", digits);
}
