/*
 * The code tables. Invariant: a code is listed under one vital only; what is not listed is not shown as a vital,
 * whatever its display text says, because a wrong guess would be an untrue reading.
 */
#include "fhir/codes.h"

#include "base/text.h"

#include <strings.h>

#define SYSTEM_MEDIS "http://medis.or.jp/CodeSystem/master-nursingObservationKeyCode"
#define SYSTEM_CHECKUP "urn:oid:1.2.392.200119.6.1005"

static const struct code_row {
    const char *system;
    const char *code;
    enum vital vital;
} code_rows[] = {
    /* LOINC, reference table 4.1 */
    {SYSTEM_LOINC, "8480-6", VITAL_SYSTOLIC},
    {SYSTEM_LOINC, "8462-4", VITAL_DIASTOLIC},
    {SYSTEM_LOINC, "8867-4", VITAL_PULSE},
    {SYSTEM_LOINC, "40443-4", VITAL_PULSE}, /* resting */
    {SYSTEM_LOINC, "9279-1", VITAL_RESPIRATION},
    {SYSTEM_LOINC, "2708-6", VITAL_SPO2},
    {SYSTEM_LOINC, "59408-5", VITAL_SPO2},
    {SYSTEM_LOINC, "3151-8", VITAL_OXYGEN_FLOW},
    {SYSTEM_LOINC, "3150-0", VITAL_OXYGEN_FRACTION},
    {SYSTEM_LOINC, "80288-4", VITAL_CONSCIOUSNESS},
    {SYSTEM_LOINC, "67775-7", VITAL_CONSCIOUSNESS},
    {SYSTEM_LOINC, "8310-5", VITAL_TEMPERATURE},
    {SYSTEM_LOINC, "8331-1", VITAL_TEMPERATURE}, /* the same by site: oral, axillary, rectal, ear ... */
    {SYSTEM_LOINC, "8328-7", VITAL_TEMPERATURE},
    {SYSTEM_LOINC, "8332-9", VITAL_TEMPERATURE},
    {SYSTEM_LOINC, "8333-7", VITAL_TEMPERATURE},
    {SYSTEM_LOINC, "76011-6", VITAL_TEMPERATURE},
    {SYSTEM_LOINC, "75539-7", VITAL_TEMPERATURE},
    {SYSTEM_LOINC, "29463-7", VITAL_WEIGHT},
    {SYSTEM_LOINC, "3141-9", VITAL_WEIGHT},
    {SYSTEM_LOINC, "8302-2", VITAL_HEIGHT},
    {SYSTEM_LOINC, "41653-7", VITAL_GLUCOSE},
    {SYSTEM_LOINC, "14743-9", VITAL_GLUCOSE},
    {SYSTEM_LOINC, "2339-0", VITAL_GLUCOSE},
    {SYSTEM_LOINC, "15074-8", VITAL_GLUCOSE},
    {SYSTEM_LOINC, "2345-7", VITAL_GLUCOSE},
    {SYSTEM_LOINC, "72514-3", VITAL_PAIN},
    {SYSTEM_LOINC, "41950-7", VITAL_STEPS},
    {SYSTEM_LOINC, "55423-8", VITAL_STEPS},
    {SYSTEM_LOINC, "93832-4", VITAL_SLEEP},
    {SYSTEM_LOINC, "60832-3", VITAL_ROOM_TEMPERATURE},
    /* NHS England, NEWS2 in SNOMED CT (UK extension) */
    {SYSTEM_SNOMED, "1104051000000101", VITAL_NEWS2},
    {SYSTEM_SNOMED, "1104441000000107", VITAL_CONSCIOUSNESS},
    /* MEDIS nursing observations, as JP Core and e-path publish them */
    {SYSTEM_MEDIS, "31001369", VITAL_RESPIRATION},
    {SYSTEM_MEDIS, "31001368", VITAL_TEMPERATURE},
    {SYSTEM_MEDIS, "31000296", VITAL_WEIGHT},
    {SYSTEM_MEDIS, "31000298", VITAL_HEIGHT},
    /* Japanese specific health check-ups (JLAC10), as the eCheckup guide publishes them */
    {SYSTEM_CHECKUP, "9N006000000000001", VITAL_WEIGHT},
    {SYSTEM_CHECKUP, "9N001000000000001", VITAL_HEIGHT},
    /* ours */
    {SYSTEM_OWN_OBSERVATION, "news2-total", VITAL_NEWS2},
    {SYSTEM_OWN_OBSERVATION, "home-relative-humidity", VITAL_ROOM_HUMIDITY},
};

static bool coding_vital(const cJSON *coding, enum vital *out)
{
    const char *system = json_text(coding, "system");
    const char *code = json_text(coding, "code");

    for (size_t i = 0; system != NULL && code != NULL && i < sizeof code_rows / sizeof code_rows[0]; i++) {
        if (text_equal(code_rows[i].code, code) && text_equal(code_rows[i].system, system)) {
            *out = code_rows[i].vital;
            return true;
        }
    }
    return false;
}

bool concept_vital(const cJSON *concept, enum vital *out)
{
    const cJSON *coding = NULL;
    enum vital vital = VITAL_COUNT;
    bool found = false;

    cJSON_ArrayForEach(coding, json_array(concept, "coding")) {
        if (coding_vital(coding, &vital)) {
            if (found && vital != *out) {
                return false;
            }
            *out = vital;
            found = true;
        }
    }
    return found;
}

bool concept_is_blood_pressure(const cJSON *concept)
{
    const cJSON *coding = NULL;

    cJSON_ArrayForEach(coding, json_array(concept, "coding")) {
        const char *code = json_text(coding, "code");

        if (text_equal(json_text(coding, "system"), SYSTEM_LOINC) &&
            (text_equal(code, "85354-9") || text_equal(code, "55284-4"))) {
            return true;
        }
    }
    return false;
}

/* In the order of enum consciousness. SNOMED CT: reference table 4.1; the words: ACVPU. */
static const struct {
    const char *snomed;
    const char *words[2];
} levels[] = {
    {"248234008", {"Alert", "Mentally alert"}},
    {"130987000", {"New confusion", "Acute confusion"}},
    {"300202002", {"Voice", "Responds to voice"}},
    {"450847001", {"Pain", "Responds to pain"}},
    {"422768004", {"Unresponsive", "Not responsive"}},
};
#define LEVEL_COUNT (sizeof levels / sizeof levels[0])

const char *consciousness_snomed(enum consciousness level)
{
    return levels[level].snomed;
}

bool text_consciousness(const char *text, enum consciousness *out)
{
    if (text == NULL || text[0] == '\0') {
        return false;
    }
    if (text[1] == '\0') {
        return consciousness_from_letter(text[0], out);
    }
    for (size_t i = 0; i < LEVEL_COUNT; i++) {
        if (strcasecmp(text, levels[i].words[0]) == 0 || strcasecmp(text, levels[i].words[1]) == 0) {
            *out = (enum consciousness)i;
            return true;
        }
    }
    return false;
}

bool concept_consciousness(const cJSON *concept, enum consciousness *out)
{
    const cJSON *coding = NULL;

    cJSON_ArrayForEach(coding, json_array(concept, "coding")) {
        const char *system = json_text(coding, "system");
        const char *code = json_text(coding, "code");

        for (size_t i = 0; text_equal(system, SYSTEM_SNOMED) && i < LEVEL_COUNT; i++) {
            if (text_equal(code, levels[i].snomed)) {
                *out = (enum consciousness)i;
                return true;
            }
        }
        if (text_equal(system, SYSTEM_OWN_ACVPU) && text_consciousness(code, out)) {
            return true;
        }
    }
    return text_consciousness(json_text(concept, "text"), out);
}

/* The codes we write. SpO2 carries both, because R4's profile demands the first and US Core the second. */
static const struct vital_coding codings[VITAL_COUNT] = {
    [VITAL_SYSTOLIC] = {SYSTEM_LOINC, "8480-6", NULL, "vital-signs", "Systolic blood pressure"},
    [VITAL_DIASTOLIC] = {SYSTEM_LOINC, "8462-4", NULL, "vital-signs", "Diastolic blood pressure"},
    [VITAL_PULSE] = {SYSTEM_LOINC, "8867-4", NULL, "vital-signs", "Pulse"},
    [VITAL_RESPIRATION] = {SYSTEM_LOINC, "9279-1", NULL, "vital-signs", "Respiration"},
    [VITAL_SPO2] = {SYSTEM_LOINC, "2708-6", "59408-5", "vital-signs", "Oxygen saturation"},
    [VITAL_OXYGEN_FLOW] = {SYSTEM_LOINC, "3151-8", NULL, "therapy", "Oxygen flow"},
    [VITAL_OXYGEN_FRACTION] = {SYSTEM_LOINC, "3150-0", NULL, "therapy", "Inspired oxygen"},
    [VITAL_CONSCIOUSNESS] = {SYSTEM_LOINC, "80288-4", NULL, "vital-signs", "Level of consciousness (ACVPU)"},
    [VITAL_TEMPERATURE] = {SYSTEM_LOINC, "8310-5", NULL, "vital-signs", "Body temperature"},
    [VITAL_WEIGHT] = {SYSTEM_LOINC, "29463-7", NULL, "vital-signs", "Body weight"},
    [VITAL_HEIGHT] = {SYSTEM_LOINC, "8302-2", NULL, "vital-signs", "Body height"},
    [VITAL_GLUCOSE] = {SYSTEM_LOINC, "41653-7", NULL, "laboratory", "Blood glucose"},
    [VITAL_PAIN] = {SYSTEM_LOINC, "72514-3", NULL, "survey", "Pain, 0 to 10"},
    [VITAL_NEWS2] = {SYSTEM_OWN_OBSERVATION, "news2-total", NULL, "survey", "NEWS2"},
    [VITAL_STEPS] = {SYSTEM_LOINC, "41950-7", NULL, "activity", "Steps in 24 hours"},
    [VITAL_SLEEP] = {SYSTEM_LOINC, "93832-4", NULL, "activity", "Sleep"},
    [VITAL_ROOM_TEMPERATURE] = {SYSTEM_LOINC, "60832-3", NULL, "survey", "Room temperature"},
    [VITAL_ROOM_HUMIDITY] = {SYSTEM_OWN_OBSERVATION, "home-relative-humidity", NULL, "survey", "Room humidity"},
};

const struct vital_coding *vital_coding(enum vital vital)
{
    return &codings[vital];
}
