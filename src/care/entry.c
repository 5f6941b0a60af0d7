/*
 * What was typed for a vital, judged. The limits are reference table 3.9: the
 * hard ones refuse, the soft ones ask. Called by visit_read() for what is
 * recorded and by the vitals screen while the nurse types.
 *
 * Invariants: the digits stay in reading.text with the unit they are in; a
 * doubtful value is never taken without a question; whatever bytes come in,
 * the result is one of the verdicts.
 */
#include "care/entry.h"

#include "base/error.h"
#include "base/text.h"
#include "care/entry_number.h"

#include <string.h>

#define TYPED_SIZE 256 /* no value is longer */

/* Table 3.9, in tenths of the vital's unit. */
struct limits {
    int places;                /* digits after the point that make sense */
    int64_t hard_low, hard_high;
    int64_t ask_low, ask_high; /* the hard ones again where nothing is asked */
};

static const struct entry_row {
    const char *key;
    const char *label;
    const char *hint;
    enum vital vital; /* the first, for fields that give several */
    struct limits limits;
} rows[ENTRY_FIELD_COUNT] = {
    [ENTRY_BP] = {"bp", N_("Blood pressure"), N_("142/88 mmHg"), VITAL_SYSTOLIC, {0, 300, 3000, 700, 2200}},
    [ENTRY_PULSE] = {"pulse", N_("Pulse"), N_("72 /min"), VITAL_PULSE, {0, 200, 3000, 400, 1400}},
    [ENTRY_RESPIRATION] = {"rr", N_("Respiration"), N_("16 /min"), VITAL_RESPIRATION, {0, 30, 900, 80, 350}},
    [ENTRY_SPO2] = {"spo2", N_("Oxygen saturation"), N_("96 %"), VITAL_SPO2, {0, 400, 1000, 850, 1000}},
    [ENTRY_OXYGEN] = {"oxygen", N_("Oxygen"), N_("air, or 2 L/min"), VITAL_OXYGEN_FLOW, {2, 0, 600, 0, 60}},
    [ENTRY_CONSCIOUSNESS] = {"consciousness", N_("Consciousness"), N_("A, C, V, P or U"), VITAL_CONSCIOUSNESS,
                             {0, 0, 0, 0, 0}},
    [ENTRY_TEMPERATURE] = {"temp", N_("Temperature"), N_("36.9 C"), VITAL_TEMPERATURE, {2, 250, 450, 340, 410}},
    [ENTRY_WEIGHT] = {"weight", N_("Weight"), N_("61.2 kg"), VITAL_WEIGHT, {2, 10, 4000, 10, 4000}},
    [ENTRY_GLUCOSE] = {"glucose", N_("Blood glucose"), N_("110 mg/dL"), VITAL_GLUCOSE, {0, 100, 10000, 540, 4000}},
    [ENTRY_PAIN] = {"pain", N_("Pain"), N_("0 to 10"), VITAL_PAIN, {0, 0, 100, 0, 100}},
    [ENTRY_HEIGHT] = {"height", N_("Height"), N_("158 cm"), VITAL_HEIGHT, {1, 300, 2720, 300, 2720}},
};
static const struct limits diastolic_limits = {0, 100, 2000, 400, 1300};
static const struct limits fraction_limits = {0, 210, 1000, 210, 1000};

const char *entry_key(enum entry_field field)
{
    return rows[field].key;
}

bool entry_from_key(const char *key, enum entry_field *out)
{
    for (int i = 0; i < ENTRY_FIELD_COUNT; i++) {
        if (text_equal(rows[i].key, key)) {
            *out = (enum entry_field)i;
            return true;
        }
    }
    return false;
}

const char *entry_label(enum entry_field field)
{
    return _(rows[field].label);
}

const char *entry_hint(enum entry_field field)
{
    return _(rows[field].hint);
}

enum vital entry_vital(enum entry_field field)
{
    return rows[field].vital;
}

/* --- verdicts ------------------------------------------------------------------------------------ */

static void refuse(struct entry_result *result, const char *sentence)
{
    memset(result, 0, sizeof *result);
    result->verdict = ENTRY_IMPOSSIBLE;
    text_copy(result->question, sizeof result->question, sentence);
}

static void refuse_unreadable(struct entry_result *result, enum entry_field field)
{
    char sentence[sizeof result->question];
    text_format(sentence, sizeof sentence, _("%s cannot be read: type it like %s, or - when it was not measured."),
                entry_label(field), entry_hint(field));
    refuse(result, sentence);
}

/* Keeps the first question: confirming it confirms the value as shown. */
static void ask(struct entry_result *result, const char *question)
{
    if (result->verdict == ENTRY_FINE) {
        result->verdict = ENTRY_ASK;
        text_copy(result->question, sizeof result->question, question);
    }
}

static struct reading *add(struct entry_result *result, enum vital vital)
{
    struct reading *reading = &result->readings[result->count++];
    reading->vital = vital;
    reading->at = INSTANT_NONE;
    return reading;
}

static void add_number(struct entry_result *result, enum vital vital, const struct entry_number *number)
{
    struct reading *reading = add(result, vital);
    reading->value = number->value;
    text_copy(reading->text, sizeof reading->text, number->digits);
    text_copy(reading->unit, sizeof reading->unit, number->unit[0] != '\0' ? number->unit : vital_unit(vital));
}

static void add_absent(struct entry_result *result, enum vital vital, const char *code, const char *reason)
{
    struct reading *reading = add(result, vital);
    text_copy(reading->absent, sizeof reading->absent, code);
    text_copy(reading->text, sizeof reading->text, reason);
}

/* Refuses or asks by the limits of `vital`; false when it refused. */
static bool judge_limits(struct entry_result *result, const struct limits *limits, enum vital vital,
                         const struct entry_number *number)
{
    char sentence[sizeof result->question];
    if (number->places > limits->places && !number->converted) {
        text_format(sentence, sizeof sentence,
                    limits->places == 0 ? _("%s is a whole number: type it without digits after the point.")
                                        : _("%s has too many digits after the point: round it and type it again."),
                    vital_label(vital));
        refuse(result, sentence);
        return false;
    }
    if (decimal_compare(number->value, decimal_from(limits->hard_low, 1)) < 0 ||
        decimal_compare(number->value, decimal_from(limits->hard_high, 1)) > 0) {
        text_format(sentence, sizeof sentence,
                    _("%s must be between %d and %d %s: check it and type it again, or - when it was not measured."),
                    vital_label(vital), (int)(limits->hard_low / 10), (int)(limits->hard_high / 10), vital_unit(vital));
        refuse(result, sentence);
        return false;
    }
    char digits[24];
    decimal_format(digits, sizeof digits, number->value);
    if (decimal_compare(number->value, decimal_from(limits->ask_low, 1)) < 0 ||
        decimal_compare(number->value, decimal_from(limits->ask_high, 1)) > 0) {
        text_format(sentence, sizeof sentence, _("%s of %s %s is unusual: is that right?"), vital_label(vital), digits,
                    vital_unit(vital));
        ask(result, sentence);
    }
    return true;
}

/* For a number that was read in another unit or with a point. */
static void ask_read_as(struct entry_result *result, enum vital vital, const struct entry_number *number)
{
    char digits[24], sentence[sizeof result->question];
    decimal_format(digits, sizeof digits, number->value);
    if (number->converted) {
        text_format(sentence, sizeof sentence, _("%s typed as %s is taken as %s %s, that is %s %s: is that right?"),
                    vital_label(vital), number->digits, number->digits, number->unit, digits, vital_unit(vital));
    } else {
        text_format(sentence, sizeof sentence, _("%s typed as %s is read as %s %s: is that right?"), vital_label(vital),
                    number->digits, digits, vital_unit(vital));
    }
    ask(result, sentence);
}

/* --- words --------------------------------------------------------------------------------------- */

/* True when `text` is `word`, in English or in the user's language. */
static bool is_word(const char *text, const char *word)
{
    char typed[TYPED_SIZE], english[64], translated[64];
    text_fold(typed, sizeof typed, text);
    text_fold(english, sizeof english, word);
    text_fold(translated, sizeof translated, _(word));
    return strcmp(typed, english) == 0 || strcmp(typed, translated) == 0;
}

/* What follows "-" or "nd" (also typed with the keyboard in Hangul or full width); NULL when it is neither. */
static const char *not_done_reason(const char *text)
{
    const char *expected = text[0] == '-' ? "-" : "nd";
    for (; *expected != '\0'; expected++) {
        uint32_t character = 0;
        size_t bytes = text_decode(text, strlen(text), &character);
        bool same = *expected == '-' ? character == '-' : text_command_key(character) == *expected;
        if (!same) {
            return NULL;
        }
        text += bytes;
    }
    return *text == '\0' || *text == ' ' || *text == '\t' ? text + strspn(text, " \t") : NULL;
}

static void judge_not_done(struct entry_result *result, enum entry_field field, const char *reason)
{
    const char *code = is_word(reason, N_("refused")) ? "asked-declined" : "not-performed";
    if (strlen(reason) >= sizeof result->readings[0].text) {
        char sentence[sizeof result->question];
        text_format(sentence, sizeof sentence,
                    _("%s: the reason is too long, keep it to a few words and put the rest in the note."),
                    entry_label(field));
        refuse(result, sentence);
        return;
    }
    result->verdict = ENTRY_NOT_DONE;
    add_absent(result, rows[field].vital, code, reason);
    if (field == ENTRY_BP) {
        add_absent(result, VITAL_DIASTOLIC, code, reason);
    }
    text_copy(result->accepted, sizeof result->accepted, reason);
}

static void judge_consciousness(struct entry_result *result, const char *text)
{
    static const struct {
        const char *word;
        enum consciousness level;
    } words[] = {
        {N_("Alert"), CONSCIOUSNESS_ALERT}, {N_("New confusion"), CONSCIOUSNESS_CONFUSION},
        {N_("confused"), CONSCIOUSNESS_CONFUSION}, {N_("confusion"), CONSCIOUSNESS_CONFUSION},
        {N_("voice"), CONSCIOUSNESS_VOICE}, {N_("Responds to voice"), CONSCIOUSNESS_VOICE},
        {N_("pain"), CONSCIOUSNESS_PAIN}, {N_("Responds to pain"), CONSCIOUSNESS_PAIN},
        {N_("Unresponsive"), CONSCIOUSNESS_UNRESPONSIVE},
    };
    enum consciousness level = CONSCIOUSNESS_ALERT;
    uint32_t character = 0;
    bool single = text_decode(text, strlen(text), &character) == strlen(text);
    bool known = single && consciousness_from_letter((char)text_command_key(character), &level);
    for (size_t i = 0; i < sizeof words / sizeof words[0] && !known; i++) {
        known = is_word(text, words[i].word);
        level = words[i].level;
    }
    if (!known) {
        refuse_unreadable(result, ENTRY_CONSCIOUSNESS);
        return;
    }
    struct reading *reading = add(result, VITAL_CONSCIOUSNESS);
    reading->value = decimal_from(level, 0);
    reading->text[0] = consciousness_letter(level);
    reading_format(result->accepted, sizeof result->accepted, reading);
}

/* --- numbers ------------------------------------------------------------------------------------- */

static void judge_plain(struct entry_result *result, enum vital vital, const struct limits *limits,
                        const struct entry_number *number)
{
    if (judge_limits(result, limits, vital, number)) {
        add_number(result, vital, number);
        decimal_format(result->accepted, sizeof result->accepted, number->value);
    }
}

static bool more_than(struct decimal value, int64_t limit)
{
    return decimal_compare(value, decimal_from(limit, 0)) > 0;
}

/* Table 3.9: "365" is 36.5 C, and a number above 70 is Fahrenheit; both are asked about. */
static void judge_temperature(struct entry_result *result, struct entry_number *number)
{
    bool no_unit = number->unit[0] == '\0';
    if (no_unit && number->places == 0 && more_than(number->typed, 249) && !more_than(number->typed, 450)) {
        number->value = decimal_from(number->typed.units, 1);
        ask_read_as(result, VITAL_TEMPERATURE, number);
        /* "365 C" would be untrue wherever text and unit are shown together. */
        decimal_format(number->digits, sizeof number->digits, number->value);
    } else if (no_unit && more_than(number->typed, 70)) {
        entry_number_assume(number, VITAL_TEMPERATURE, "F");
        ask_read_as(result, VITAL_TEMPERATURE, number);
    }
    judge_plain(result, VITAL_TEMPERATURE, &rows[ENTRY_TEMPERATURE].limits, number);
}

/* Table 3.9: a change of more than 5 kg or 7 %, and 2.2 times as much, which is pounds typed as kilograms. */
static void ask_weight_change(struct entry_result *result, struct decimal weight, const struct reading *previous)
{
    if (previous == NULL || previous->comparator[0] != '\0' || !reading_counts(previous) ||
        previous->value.units <= 0) {
        return;
    }
    struct decimal gain = decimal_subtract(weight, previous->value);
    struct decimal change = gain.units < 0 ? decimal_subtract(previous->value, weight) : gain;
    char now[24], before[32], sentence[sizeof result->question];
    decimal_format(now, sizeof now, weight);
    reading_format(before, sizeof before, previous);
    if (decimal_compare(weight, decimal_ratio(previous->value, 20, 10, 3)) >= 0 &&
        decimal_compare(weight, decimal_ratio(previous->value, 24, 10, 3)) <= 0) {
        text_format(sentence, sizeof sentence,
                    _("Weight of %s kg is about 2.2 times the last one, %s kg: if it was in pounds, type lb after it; "
                      "is it kilograms?"), now, before);
        ask(result, sentence);
    } else if (more_than(change, 5) || decimal_compare(change, decimal_ratio(previous->value, 7, 100, 4)) > 0) {
        text_format(sentence, sizeof sentence,
                    _("Weight of %s kg differs much from the last one, %s kg: is that right?"), now, before);
        ask(result, sentence);
    }
}

/* Table 3.9: a change of more than 3 cm in an adult. */
static void ask_height_change(struct entry_result *result, struct decimal height, const struct reading *previous)
{
    if (previous == NULL || previous->comparator[0] != '\0' || !reading_counts(previous)) {
        return;
    }
    struct decimal growth = decimal_subtract(height, previous->value);
    if (more_than(growth, 3) || decimal_compare(growth, decimal_from(-3, 0)) < 0) {
        char now[24], before[32], sentence[sizeof result->question];
        decimal_format(now, sizeof now, height);
        reading_format(before, sizeof before, previous);
        text_format(sentence, sizeof sentence,
                    _("Height of %s cm differs much from the last one, %s cm: is that right?"), now, before);
        ask(result, sentence);
    }
}

/* A meter's "HI" or "LO": the usual limits of home meters, to be replaced by the meter's own. */
static void judge_off_scale(struct entry_result *result, bool high)
{
    struct reading *reading = add(result, VITAL_GLUCOSE);
    reading->value = decimal_from(high ? 600 : 20, 0);
    text_copy(reading->text, sizeof reading->text, high ? "HI" : "LO");
    text_copy(reading->unit, sizeof reading->unit, vital_unit(VITAL_GLUCOSE));
    text_copy(reading->comparator, sizeof reading->comparator, high ? ">" : "<");
    reading_format(result->accepted, sizeof result->accepted, reading);
    ask(result, high ? _("HI is kept as above 600 mg/dL: is that this meter's limit? If not, type it like >500.")
                     : _("LO is kept as below 20 mg/dL: is that this meter's limit? If not, type it like <30."));
}

static void judge_glucose(struct entry_result *result, const char *text)
{
    bool high = is_word(text, "hi") || is_word(text, "high");
    if (high || is_word(text, "lo") || is_word(text, "low")) {
        judge_off_scale(result, high);
        return;
    }
    char comparator[2] = {text[0] == '<' || text[0] == '>' ? text[0] : '\0', '\0'};
    struct entry_number number;
    if (!entry_number_read(text + strlen(comparator) + strspn(text + strlen(comparator), " \t"), VITAL_GLUCOSE,
                           &number)) {
        refuse_unreadable(result, ENTRY_GLUCOSE);
        return;
    }
    if (number.unit[0] == '\0' && decimal_compare(number.typed, decimal_from(35, 0)) < 0) {
        entry_number_assume(&number, VITAL_GLUCOSE, "mmol/L");
        ask_read_as(result, VITAL_GLUCOSE, &number);
    }
    judge_plain(result, VITAL_GLUCOSE, &rows[ENTRY_GLUCOSE].limits, &number);
    if (result->count == 1 && comparator[0] != '\0') {
        text_copy(result->readings[0].comparator, sizeof result->readings[0].comparator, comparator);
        reading_format(result->accepted, sizeof result->accepted, &result->readings[0]);
    }
}

static void judge_oxygen(struct entry_result *result, const char *text)
{
    struct entry_number number = {.digits = "0"};
    bool air = is_word(text, N_("air")) || is_word(text, N_("room air")) || is_word(text, "ra");
    if (air || entry_number_read(text, VITAL_OXYGEN_FLOW, &number)) {
        judge_plain(result, VITAL_OXYGEN_FLOW, &rows[ENTRY_OXYGEN].limits, &number);
        if (result->count == 1 && number.value.units == 0) {
            reading_format(result->accepted, sizeof result->accepted, &result->readings[0]);
        }
    } else if (entry_number_read(text, VITAL_OXYGEN_FRACTION, &number)) {
        judge_plain(result, VITAL_OXYGEN_FRACTION, &fraction_limits, &number);
    } else {
        refuse_unreadable(result, ENTRY_OXYGEN);
    }
}

/* --- blood pressure ------------------------------------------------------------------------------ */

enum side { SIDE_VALUE, SIDE_BLANK, SIDE_NOT_READABLE, SIDE_BROKEN };

static enum side read_side(const char *from, size_t length, enum vital vital, struct entry_number *number)
{
    char typed[TYPED_SIZE], side[TYPED_SIZE];
    text_format(typed, sizeof typed, "%.*s", (int)length, from);
    text_normalise_value(side, sizeof side, typed);
    if (side[0] == '\0') {
        return SIDE_BLANK;
    }
    if (strcmp(side, "-") == 0) {
        return SIDE_NOT_READABLE;
    }
    return entry_number_read(side, vital, number) ? SIDE_VALUE : SIDE_BROKEN;
}

/* Table 3.9: systolic not above diastolic is impossible; a pulse pressure below 10 or above 120 is asked about. */
static bool judge_pressure_pair(struct entry_result *result, struct decimal systolic, struct decimal diastolic)
{
    if (decimal_compare(systolic, diastolic) <= 0) {
        refuse(result, _("Blood pressure has its higher number, the systolic, first: check the two and type them like "
                         "142/88."));
        return false;
    }
    struct decimal difference = decimal_subtract(systolic, diastolic);
    if (decimal_compare(difference, decimal_from(10, 0)) < 0 || more_than(difference, 120)) {
        ask(result, _("The two blood pressure numbers are unusually close or far apart: is that right?"));
    }
    return true;
}

static void judge_pressure(struct entry_result *result, const char *text)
{
    const char *slash = strchr(text, '/');
    struct entry_number systolic = {0}, diastolic = {0};
    enum side left = SIDE_BROKEN, right = SIDE_BROKEN;
    if (slash != NULL) {
        left = read_side(text, (size_t)(slash - text), VITAL_SYSTOLIC, &systolic);
        right = read_side(slash + 1, strlen(slash + 1), VITAL_DIASTOLIC, &diastolic);
    }
    if (left == SIDE_BROKEN || right == SIDE_BROKEN || (left != SIDE_VALUE && right != SIDE_VALUE)) {
        refuse_unreadable(result, ENTRY_BP);
        return;
    }
    if (left == SIDE_VALUE && right == SIDE_VALUE && !judge_pressure_pair(result, systolic.value, diastolic.value)) {
        return;
    }
    if ((left == SIDE_VALUE && !judge_limits(result, &rows[ENTRY_BP].limits, VITAL_SYSTOLIC, &systolic)) ||
        (right == SIDE_VALUE && !judge_limits(result, &diastolic_limits, VITAL_DIASTOLIC, &diastolic))) {
        return;
    }
    if (left == SIDE_BLANK || right == SIDE_BLANK) {
        ask(result, _("Only one blood pressure number is typed: could the other one not be measured?"));
    }
    if (left == SIDE_VALUE) {
        add_number(result, VITAL_SYSTOLIC, &systolic);
    } else {
        add_absent(result, VITAL_SYSTOLIC, "unknown", "");
    }
    if (right == SIDE_VALUE) {
        add_number(result, VITAL_DIASTOLIC, &diastolic);
    } else {
        add_absent(result, VITAL_DIASTOLIC, "unknown", "");
    }
    text_format(result->accepted, sizeof result->accepted, "%.12s/%.12s", left == SIDE_VALUE ? systolic.digits : "-",
                right == SIDE_VALUE ? diastolic.digits : "-");
}

/* --- all fields ---------------------------------------------------------------------------------- */

static void judge_number(struct entry_result *result, enum entry_field field, const char *text,
                         const struct entry_context *context)
{
    const struct entry_row *row = &rows[field];
    struct entry_number number;
    if (!entry_number_read(text, row->vital, &number)) {
        refuse_unreadable(result, field);
        return;
    }
    if (field == ENTRY_TEMPERATURE) {
        judge_temperature(result, &number);
        return;
    }
    judge_plain(result, row->vital, &row->limits, &number);
    if (result->count == 1 && context != NULL && field == ENTRY_WEIGHT) {
        ask_weight_change(result, number.value, context->previous_weight);
    }
    if (result->count == 1 && context != NULL && field == ENTRY_HEIGHT && context->adult) {
        ask_height_change(result, number.value, context->previous_height);
    }
}

struct entry_result entry_judge(enum entry_field field, const char *typed, const struct entry_context *context)
{
    struct entry_result result = {.verdict = ENTRY_FINE};
    if (text_is_blank(typed)) {
        result.verdict = ENTRY_EMPTY;
        return result;
    }
    if (strlen(typed) >= TYPED_SIZE) {
        refuse_unreadable(&result, field);
        return result;
    }
    char text[TYPED_SIZE];
    text_normalise_value(text, sizeof text, typed);
    const char *reason = not_done_reason(text);
    if (reason != NULL) {
        judge_not_done(&result, field, reason);
        return result;
    }
    switch (field) {
    case ENTRY_BP:
        judge_pressure(&result, text);
        break;
    case ENTRY_OXYGEN:
        judge_oxygen(&result, text);
        break;
    case ENTRY_CONSCIOUSNESS:
        judge_consciousness(&result, text);
        break;
    case ENTRY_GLUCOSE:
        judge_glucose(&result, text);
        break;
    case ENTRY_PULSE:
    case ENTRY_RESPIRATION:
    case ENTRY_SPO2:
    case ENTRY_TEMPERATURE:
    case ENTRY_WEIGHT:
    case ENTRY_PAIN:
    case ENTRY_HEIGHT:
        judge_number(&result, field, text, context);
        break;
    case ENTRY_FIELD_COUNT:
        refuse(&result, _("This field is not known."));
        break;
    }
    return result;
}
