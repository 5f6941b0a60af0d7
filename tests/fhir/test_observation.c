/* Observations to readings: what real records do, and what must never be made of it. */
#include "tests/fhir/fhir_test.h"

#define VITAL(code) "'code':{'coding':[{'system':'http://loinc.org','code':'" code "'}]}"
#define UCUM(value, unit) "'valueQuantity':{'value':" value ",'unit':'" unit "'," \
    "'system':'http://unitsofmeasure.org','code':'" unit "'}"

/* An Observation with an id, final, of p1, and these members. */
static const struct lookup *observe(const char *members)
{
    char text[4096];
    const struct lookup *lookup = NULL;

    (void)snprintf(text, sizeof text,
                   "{'resourceType':'Observation','id':'o1','subject':{'reference':'Patient/p1'},%s%s}",
                   strstr(members, "'status'") == NULL ? "'status':'final'," : "", members);
    lookup = look_up(text);
    assert_int_equal(lookup->kind, LOOKUP_READINGS_OF);
    assert_string_equal(lookup->patient, "p1");
    return lookup;
}

static const struct reading *only(const char *members)
{
    const struct lookup *lookup = observe(members);

    assert_int_equal(lookup->value.readings.count, 1);
    return &lookup->value.readings.items[0];
}

static void is_value(const struct reading *reading, enum vital vital, const char *value, const char *text,
                     const char *unit)
{
    char digits[32];

    decimal_format(digits, sizeof digits, reading->value);
    assert_int_equal(reading->vital, vital);
    assert_string_equal(digits, value);
    assert_string_equal(reading->text, text);
    assert_string_equal(reading->unit, unit);
    assert_string_equal(reading->absent, "");
}

static void is_absent(const struct reading *reading, enum vital vital, const char *reason)
{
    assert_int_equal(reading->vital, vital);
    assert_string_equal(reading->absent, reason);
    assert_int_equal(reading->value.units, 0);
    assert_false(reading_counts(reading));
}

static void reads_every_code_of_the_table(void **state)
{
    static const struct {
        const char *code, *unit;
        enum vital vital;
    } rows[] = {
        {"8480-6", "mm[Hg]", VITAL_SYSTOLIC},      {"8462-4", "mm[Hg]", VITAL_DIASTOLIC},
        {"8867-4", "/min", VITAL_PULSE},           {"40443-4", "/min", VITAL_PULSE},
        {"9279-1", "/min", VITAL_RESPIRATION},     {"2708-6", "%", VITAL_SPO2},
        {"59408-5", "%", VITAL_SPO2},              {"3151-8", "L/min", VITAL_OXYGEN_FLOW},
        {"3150-0", "%", VITAL_OXYGEN_FRACTION},    {"8310-5", "Cel", VITAL_TEMPERATURE},
        {"8331-1", "Cel", VITAL_TEMPERATURE},      {"29463-7", "kg", VITAL_WEIGHT},
        {"3141-9", "kg", VITAL_WEIGHT},            {"8302-2", "cm", VITAL_HEIGHT},
        {"41653-7", "mg/dL", VITAL_GLUCOSE},       {"2339-0", "mg/dL", VITAL_GLUCOSE},
        {"72514-3", "{score}", VITAL_PAIN},        {"41950-7", "{steps}", VITAL_STEPS},
        {"93832-4", "h", VITAL_SLEEP},             {"60832-3", "Cel", VITAL_ROOM_TEMPERATURE},
    };
    char members[512];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)snprintf(members, sizeof members, VITAL("%s") "," UCUM("7", "%s"), rows[i].code, rows[i].unit,
                       rows[i].unit);
        is_value(only(members), rows[i].vital, "7", "7", rows[i].unit);
    }
    is_value(only("'code':{'coding':[{'system':'http://medis.or.jp/CodeSystem/master-nursingObservationKeyCode',"
                  "'code':'31001369'}]},'valueQuantity':{'value':16,'unit':'回/分'}"), VITAL_RESPIRATION, "16", "16",
                      "回/分");
    is_value(only("'code':{'coding':[{'system':'https://doorstep.example/fhir/CodeSystem/observation',"
                  "'code':'home-relative-humidity'}]}," UCUM("41", "%")), VITAL_ROOM_HUMIDITY, "41", "41", "%");
    is_value(only("'code':{'coding':[{'system':'http://snomed.info/sct','code':'1104051000000101'}]},'valueInteger':7"),
             VITAL_NEWS2, "7", "7", "");
}

static void makes_nothing_of_other_codes(void **state)
{
    (void)state;
    /* The mean is no reading, a code under the wrong system is no LOINC, a text alone is nobody's code. */
    assert_int_equal(observe(VITAL("8478-0") "," UCUM("90", "mm[Hg]"))->value.readings.count, 0);
    assert_int_equal(observe("'code':{'coding':[{'system':'http://a.example','code':'8867-4'}]}," UCUM("9", "/min"))
                         ->value.readings.count, 0);
    assert_int_equal(observe("'code':{'coding':[{'code':'8867-4'}]}," UCUM("9", "/min"))->value.readings.count, 0);
    assert_int_equal(observe("'code':{'text':'Pulse'}," UCUM("9", "/min"))->value.readings.count, 0);
    assert_int_equal(observe(VITAL("5092AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA") "," UCUM("9", "%"))->value.readings.count,
                     0);
    /* Two codings that contradict each other. */
    assert_int_equal(observe("'code':{'coding':[{'system':'http://loinc.org','code':'8867-4'},"
                             "{'system':'http://loinc.org',"
                             "'code':'9279-1'}]}," UCUM("9", "/min"))->value.readings.count, 0);
    /* Two that agree. */
    is_value(only("'code':{'coding':[{'system':'http://loinc.org','code':'2708-6'},{'system':'http://loinc.org',"
                  "'code':'59408-5'}]}," UCUM("97", "%")), VITAL_SPO2, "97", "97", "%");
}

static void keeps_digits_and_converts_units(void **state)
{
    (void)state;
    is_value(only(VITAL("8310-5") "," UCUM("36.60", "Cel")), VITAL_TEMPERATURE, "36.60", "36.60", "Cel");
    is_value(only(VITAL("8310-5") "," UCUM("98.60", "[degF]")), VITAL_TEMPERATURE, "37.000000", "98.60", "[degF]");
    is_value(only(VITAL("29463-7") ",'valueQuantity':{'value':185,'unit':'lbs','system':'http://unitsofmeasure.org',"
                  "'code':'[lb_av]'}"), VITAL_WEIGHT, "83.9146", "185", "lbs");
    is_value(only(VITAL("15074-8") ",'valueQuantity':{'value':6.3,'unit':'mmol/l'}"), VITAL_GLUCOSE, "113.49828", "6.3",
             "mmol/l");
    is_value(only(VITAL("8867-4") "," UCUM("7.2e1", "/min")), VITAL_PULSE, "72", "7.2e1", "/min");
    is_value(only(VITAL("29463-7") "," UCUM("66.96782642528208", "kg")), VITAL_WEIGHT, "66.967826425",
             "66.96782642528208",
             "kg");
}

static void never_guesses_a_unit(void **state)
{
    const struct reading *reading = only(VITAL("29463-7") ",'valueQuantity':{'value':61.2}");

    (void)state;
    is_absent(reading, VITAL_WEIGHT, "unsupported");
    assert_string_equal(reading->text, "61.2");
    reading = only(VITAL("29463-7") ",'valueQuantity':{'value':9.6,'unit':'stone'}");
    is_absent(reading, VITAL_WEIGHT, "unsupported");
    assert_string_equal(reading->text, "9.6");
    assert_string_equal(reading->unit, "stone");
    is_absent(only(VITAL("29463-7") ",'valueQuantity':{'value':61,'unit':'lbs','system':'http://unitsofmeasure.org',"
                   "'code':'kg'}"), VITAL_WEIGHT, "unsupported");
    is_absent(only(VITAL("2708-6") ",'valueQuantity':{'value':0.97,'unit':'1'}"), VITAL_SPO2, "unsupported");
    is_absent(only(VITAL("29463-7") "," UCUM("1234567890123456789012345678901234567890", "kg")), VITAL_WEIGHT,
              "unsupported");
    is_absent(only(VITAL("8867-4") ",'valueString':'about 70'"), VITAL_PULSE, "as-text");
    is_absent(only(VITAL("72514-3") ",'valueCodeableConcept':{'text':'moderate'}"), VITAL_PAIN, "as-text");
}

static void keeps_what_is_off_scale_apart(void **state)
{
    const struct reading *reading = only(
        VITAL("41653-7") ",'valueQuantity':{'value':600,'comparator':'>','unit':'mg/dL'}");

    (void)state;
    assert_string_equal(reading->comparator, ">");
    is_value(reading, VITAL_GLUCOSE, "600", "600", "mg/dL");
}

static void reads_a_blood_pressure_and_its_absent_parts(void **state)
{
    const struct lookup *lookup = observe(
        VITAL("85354-9") ",'component':[{" VITAL("8480-6") "," UCUM("142", "mm[Hg]") "},{" VITAL("8462-4")
        ",'dataAbsentReason':{'coding':[{'system':'http://terminology.hl7.org/CodeSystem/data-absent-reason',"
        "'code':'not-performed'}],'text':'cuff slipped'}},{'code':{'text':'mood'},'valueString':'good'}]");

    (void)state;
    assert_int_equal(lookup->value.readings.count, 2);
    is_value(&lookup->value.readings.items[0], VITAL_SYSTOLIC, "142", "142", "mm[Hg]");
    is_absent(&lookup->value.readings.items[1], VITAL_DIASTOLIC, "not-performed");
    assert_string_equal(lookup->value.readings.items[1].text, "cuff slipped");
    lookup = observe(VITAL("85354-9") ",'dataAbsentReason':{'coding':[{'system':"
                     "'http://terminology.hl7.org/CodeSystem/data-absent-reason','code':'asked-declined'}]}");
    assert_int_equal(lookup->value.readings.count, 2);
    is_absent(&lookup->value.readings.items[0], VITAL_SYSTOLIC, "asked-declined");
    is_absent(&lookup->value.readings.items[1], VITAL_DIASTOLIC, "asked-declined");
    /* A panel that only points to its members has no value of its own. */
    assert_int_equal(observe(VITAL("85354-9") ",'hasMember':[{'reference':'Observation/o2'}]")->value.readings.count,
                     0);
    assert_int_equal(observe(VITAL("85353-1") ",'hasMember':[{'reference':'Observation/o2'}]")->value.readings.count,
                     0);
}

static void reads_a_value_and_its_components(void **state)
{
    const struct lookup *lookup = observe(VITAL("2708-6") "," UCUM("95", "%") ",'component':[{" VITAL("3151-8") ","
                                          UCUM("2.0", "L/min") "},{" VITAL("3150-0") "," UCUM("28", "%") "}]");

    (void)state;
    assert_int_equal(lookup->value.readings.count, 3);
    is_value(&lookup->value.readings.items[0], VITAL_SPO2, "95", "95", "%");
    is_value(&lookup->value.readings.items[1], VITAL_OXYGEN_FLOW, "2.0", "2.0", "L/min");
    is_value(&lookup->value.readings.items[2], VITAL_OXYGEN_FRACTION, "28", "28", "%");
}

/* More components than any panel we know: every one is a reading. */
static void keeps_every_component(void **state)
{
    const struct lookup *lookup = NULL;
    char members[6000] = VITAL("85353-1") ",'component':[";
    size_t used = strlen(members);

    (void)state;
    for (int i = 0; i < 20; i++) {
        used += (size_t)snprintf(members + used, sizeof members - used, "%s{" VITAL("8867-4") "," UCUM("%d",
            "/min") "}",
                                 i > 0 ? "," : "", i);
    }
    (void)snprintf(members + used, sizeof members - used, "]");
    lookup = observe(members);
    assert_int_equal(lookup->value.readings.count, 20);
    is_value(&lookup->value.readings.items[0], VITAL_PULSE, "0", "0", "/min");
    is_value(&lookup->value.readings.items[19], VITAL_PULSE, "19", "19", "/min");
}

static void reads_consciousness(void **state)
{
    static const struct {
        const char *value;
        enum consciousness level;
        const char *letter;
    } rows[] = {
        {"'valueCodeableConcept':{'coding':[{'system':'http://snomed.info/sct','code':'248234008'}]}",
         CONSCIOUSNESS_ALERT, "A"},
        {"'valueCodeableConcept':{'coding':[{'system':'http://snomed.info/sct','code':'130987000'}]}",
         CONSCIOUSNESS_CONFUSION, "C"},
        {"'valueCodeableConcept':{'coding':[{'system':'http://snomed.info/sct','code':'300202002'}]}",
         CONSCIOUSNESS_VOICE, "V"},
        {"'valueCodeableConcept':{'coding':[{'system':'http://snomed.info/sct','code':'450847001'}]}",
         CONSCIOUSNESS_PAIN, "P"},
        {"'valueCodeableConcept':{'coding':[{'system':'http://snomed.info/sct','code':'422768004'}]}",
         CONSCIOUSNESS_UNRESPONSIVE, "U"},
        {"'valueCodeableConcept':{'coding':[{'system':'https://doorstep.example/fhir/CodeSystem/acvpu','code':'V'}]}",
         CONSCIOUSNESS_VOICE, "V"},
        {"'valueCodeableConcept':{'text':'alert'}", CONSCIOUSNESS_ALERT, "A"},
        {"'valueString':'u'", CONSCIOUSNESS_UNRESPONSIVE, "U"},
    };
    char members[512];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)snprintf(members, sizeof members, VITAL("80288-4") ",%s", rows[i].value);
        const struct reading *reading = only(members);

        is_value(reading, VITAL_CONSCIOUSNESS, (const char *[]){"0", "1", "2", "3", "4"}[rows[i].level],
                 rows[i].letter, "");
    }
    is_absent(only(VITAL("80288-4") ",'valueCodeableConcept':{'text':'sleepy'}"), VITAL_CONSCIOUSNESS, "as-text");
    is_absent(only(VITAL("80288-4") ",'valueInteger':15"), VITAL_CONSCIOUSNESS, "unsupported");
}

static void never_invents_a_time(void **state)
{
    static const struct {
        const char *members, *expected;
        enum instant_precision precision;
    } rows[] = {
        {"'effectiveDateTime':'2026-11-22T09:05:00+09:00'", "2026-11-22T09:05:00+09:00", PRECISION_TIME},
        {"'effectiveDateTime':'2013-04-02T10:30:10.1234567-05:07'", "2013-04-02T10:30:10.123-05:07", PRECISION_TIME},
        {"'effectiveDateTime':'2026-11'", "2026-11", PRECISION_MONTH},
        {"'effectiveInstant':'2026-11-22T00:05:00Z'", "2026-11-22T00:05:00Z", PRECISION_TIME},
        {"'effectivePeriod':{'start':'2026-11-22T08:00:00Z','end':'2026-11-22T20:00:00Z'}", "2026-11-22T08:00:00Z",
         PRECISION_TIME},
        {"'effectivePeriod':{'end':'2026-11-22T20:00:00Z'}", "2026-11-22T20:00:00Z", PRECISION_TIME},
        {"'effectiveTiming':{'event':['2026-11-22T20:00:00Z']}", "2026-11-22T20:00:00Z", PRECISION_TIME},
        {"'issued':'2026-11-22T20:00:00Z'", NULL, PRECISION_NONE},
        {"'_effectiveDateTime':{'extension':[]}", NULL, PRECISION_NONE},
    };
    char members[512];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)snprintf(members, sizeof members, VITAL("8867-4") "," UCUM("72", "/min") ",%s", rows[i].members);
        const struct reading *reading = only(members);

        assert_true(reading->at == (rows[i].expected != NULL ? at(rows[i].expected) : INSTANT_NONE));
        assert_int_equal(reading->precision, rows[i].precision);
    }
}

static void tells_the_source(void **state)
{
#define SUPPLIED "'meta':{'tag':[{'system':'http://hl7.org/fhir/us/core/CodeSystem/us-core-tags'," \
    "'code':'patient-supplied'}]}"
#define ASSERTED "'meta':{'security':[{'system':'http://terminology.hl7.org/CodeSystem/v3-ObservationValue'," \
    "'code':'PATAST'}]}"
#define NURSE "'performer':[{'reference':'Practitioner/n1'}]"
#define DEVICE "'device':{'reference':'Device/d1','display':'Cuff\\u202e 7'}"
    static const struct {
        const char *members;
        enum reading_source source;
    } rows[] = {
        {"'issued':'2026-11-22T20:00:00Z'", SOURCE_UNKNOWN},
        {NURSE, SOURCE_NURSE},
        {"'performer':[{'reference':'https://a.example/fhir/PractitionerRole/r1'}]", SOURCE_NURSE},
        {"'performer':[{'display':'Dr A','type':'Practitioner'}]", SOURCE_NURSE},
        {"'contained':[{'resourceType':'Practitioner','id':'n'}],'performer':[{'reference':'#n'}]", SOURCE_NURSE},
        {NURSE "," DEVICE, SOURCE_NURSE},
        {DEVICE, SOURCE_DEVICE},
        {"'performer':[{'reference':'Device/d1'}]", SOURCE_DEVICE},
        {"'performer':[{'reference':'Patient/p1'}]," DEVICE, SOURCE_DEVICE},
        {"'performer':[{'reference':'Patient/p1'}]", SOURCE_PATIENT},
        {"'performer':[{'reference':'RelatedPerson/r1'}]", SOURCE_PATIENT},
        {SUPPLIED, SOURCE_PATIENT},
        {ASSERTED "," NURSE, SOURCE_PATIENT},
        {SUPPLIED "," NURSE "," DEVICE, SOURCE_DEVICE},
        {"'performer':[{'reference':'Organization/o1'}]", SOURCE_UNKNOWN},
    };
    char members[1024];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)snprintf(members, sizeof members, VITAL("8867-4") "," UCUM("72", "/min") ",%s", rows[i].members);
        if (only(members)->source != rows[i].source) {
            fail_msg("%s", rows[i].members);
        }
    }
    (void)snprintf(members, sizeof members, VITAL("8867-4") "," UCUM("72", "/min") "," DEVICE);
    assert_string_equal(only(members)->device, "Cuff\xEF\xBF\xBD 7");
    assert_string_equal(only(members)->resource, "o1");
}

static void keeps_the_status(void **state)
{
    static const struct {
        const char *code;
        enum reading_status status;
    } rows[] = {
        {"final", READING_FINAL}, {"amended", READING_FINAL}, {"corrected", READING_FINAL},
        {"registered", READING_PRELIMINARY}, {"preliminary", READING_PRELIMINARY}, {"cancelled", READING_CANCELLED},
        {"entered-in-error", READING_ERRONEOUS}, {"unknown", READING_UNKNOWN},
    };
    char members[512];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)snprintf(members, sizeof members, "'status':'%s'," VITAL("8867-4") "," UCUM("72", "/min"), rows[i].code);
        assert_int_equal(only(members)->status, rows[i].status);
    }
    is_absent(only(VITAL("8867-4")), VITAL_PULSE, "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_code_of_the_table),
        cmocka_unit_test(makes_nothing_of_other_codes),
        cmocka_unit_test(keeps_digits_and_converts_units),
        cmocka_unit_test(never_guesses_a_unit),
        cmocka_unit_test(keeps_what_is_off_scale_apart),
        cmocka_unit_test(reads_a_blood_pressure_and_its_absent_parts),
        cmocka_unit_test(reads_a_value_and_its_components),
        cmocka_unit_test(keeps_every_component),
        cmocka_unit_test(reads_consciousness),
        cmocka_unit_test(never_invents_a_time),
        cmocka_unit_test(tells_the_source),
        cmocka_unit_test(keeps_the_status),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
