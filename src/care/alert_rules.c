/*
 * Alert rules: a table of thresholds, and three rules of their own (weight
 * gain, a silent device, NEWS2). Reference table 3.3; the source of each rule
 * stands beside it. Pure: same chart and time, same alerts.
 *
 * Invariants: every alert cites its numbers and their time; one alert per
 * cause; only the last 7 days fire; a red alert from a single device reading
 * waits as amber for a repeat; a value that went back to normal since steps
 * down one level but stays; a comfort plan changes the advice, not the facts.
 */
#include "care/alert_rules.h"

#include "base/memory.h"
#include "base/text.h"
#include "care/trend.h"

#include <stdlib.h>
#include <string.h>

#define RECENT (7 * INSTANT_DAY)
#define SILENT_AFTER (48 * INSTANT_HOUR)
#define HABIT_SPAN (14 * INSTANT_DAY)        /* a daily device shows itself in these days before it fell silent */
#define HABIT_DAYS 5
#define WEIGHT_DAYS 3
#define MOMENT_SIZE 64
#define SOURCES_SIZE 120

enum cause {
    CAUSE_PRESSURE_HIGH,
    CAUSE_PRESSURE_LOW,
    CAUSE_GLUCOSE_LOW,
    CAUSE_GLUCOSE_HIGH,
    CAUSE_SATURATION,
    CAUSE_FEVER,
    CAUSE_COLD,
    CAUSE_COUNT,
};
enum test { AT_LEAST, ABOVE, AT_MOST, BELOW };
enum pattern { ONCE, OFF_SCALE, TWO_DAYS_RUNNING, TWICE_IN_A_DAY };

/* Rows of one cause stand together, most severe first; the first that fires is the alert. */
static const struct threshold {
    enum cause cause;
    enum vital vital;
    enum test test;
    int64_t tenths;
    enum pattern pattern;
    int scale;        /* SpO2 scale it is for, 0 for both */
    bool adults_only;
    enum alert_level level;
    const char *label;
    const char *advice;
} thresholds[] = {
    /* ACC/AHA category "hypertensive crisis", > 180 and/or > 120, taken from 180 and 120 on. */
    {CAUSE_PRESSURE_HIGH, VITAL_SYSTOLIC, AT_LEAST, 1800, ONCE, 0, true, ALERT_RED, N_("Very high blood pressure"),
     N_("Repeat after 5 minutes; with chest pain, breathlessness, weakness or trouble seeing or speaking call the "
        "emergency service, without them a doctor today.")},
    {CAUSE_PRESSURE_HIGH, VITAL_DIASTOLIC, AT_LEAST, 1200, ONCE, 0, true, ALERT_RED, N_("Very high blood pressure"),
     N_("Repeat after 5 minutes; with chest pain, breathlessness, weakness or trouble seeing or speaking call the "
        "emergency service, without them a doctor today.")},
    /* NEWS2: systolic of 90 and less scores 3. */
    {CAUSE_PRESSURE_LOW, VITAL_SYSTOLIC, AT_MOST, 900, ONCE, 0, true, ALERT_RED, N_("Low blood pressure"),
     N_("Measure again and call the doctor now.")},
    /* ADA hypoglycaemia levels 2 (< 54 mg/dL) and 1 (< 70 mg/dL). */
    {CAUSE_GLUCOSE_LOW, VITAL_GLUCOSE, BELOW, 540, ONCE, 0, false, ALERT_RED, N_("Low blood glucose, level 2"),
     N_("Give 15 to 20 g of fast sugar, measure again after 15 minutes and call the doctor.")},
    {CAUSE_GLUCOSE_LOW, VITAL_GLUCOSE, BELOW, 700, ONCE, 0, false, ALERT_AMBER, N_("Low blood glucose, level 1"),
     N_("Give 15 to 20 g of fast sugar and measure again after 15 minutes.")},
    /* ADA, older adults and long-term care: "HI"; > 300 on 2 consecutive days; > 250 twice in 24 h. */
    {CAUSE_GLUCOSE_HIGH, VITAL_GLUCOSE, ABOVE, 2500, OFF_SCALE, 0, false, ALERT_RED,
     N_("Blood glucose above the meter's scale"), N_("Measure again and call the doctor now.")},
    {CAUSE_GLUCOSE_HIGH, VITAL_GLUCOSE, ABOVE, 3000, TWO_DAYS_RUNNING, 0, false, ALERT_AMBER,
     N_("Blood glucose above 300 on two days running"), N_("Call the doctor as soon as possible.")},
    {CAUSE_GLUCOSE_HIGH, VITAL_GLUCOSE, ABOVE, 2500, TWICE_IN_A_DAY, 0, false, ALERT_AMBER,
     N_("Blood glucose above 250 twice in 24 hours"), N_("Call the doctor if anything is new or changed.")},
    /* BMJ n677, home oximetry: no chronic lung disease < 94 and <= 92; with it < 88. Scale 2 stands for the latter. */
    {CAUSE_SATURATION, VITAL_SPO2, AT_MOST, 920, ONCE, 1, false, ALERT_RED, N_("Low oxygen saturation"),
     N_("Measure again at rest with a warm hand and no nail polish; if it stays, call the doctor now.")},
    {CAUSE_SATURATION, VITAL_SPO2, BELOW, 940, ONCE, 1, false, ALERT_AMBER, N_("Oxygen saturation below 94"),
     N_("Measure again at rest with a warm hand and no nail polish; if it stays, call the doctor today.")},
    {CAUSE_SATURATION, VITAL_SPO2, BELOW, 880, ONCE, 2, false, ALERT_RED,
     N_("Oxygen saturation below the target of 88 to 92"),
     N_("Measure again at rest with a warm hand and no nail polish; if it stays, call the doctor now.")},
    /* NEWS2: 39.1 and more scores 2, 38.1 and more 1, 35.0 and less 3. */
    {CAUSE_FEVER, VITAL_TEMPERATURE, AT_LEAST, 391, ONCE, 0, false, ALERT_RED, N_("High fever"),
     N_("Look for the source of infection, take all vitals and call the doctor today.")},
    {CAUSE_FEVER, VITAL_TEMPERATURE, AT_LEAST, 381, ONCE, 0, false, ALERT_AMBER, N_("Fever"),
     N_("Look for the source of infection and take all vitals.")},
    {CAUSE_COLD, VITAL_TEMPERATURE, AT_MOST, 350, ONCE, 0, false, ALERT_RED, N_("Low body temperature"),
     N_("Measure again, warm the patient and call the doctor now.")},
};
#define THRESHOLDS (sizeof thresholds / sizeof thresholds[0])
#define FOUND_LIMIT (CAUSE_COUNT + VITAL_COUNT + 3)

struct findings {
    const struct chart *chart;
    instant now;
    bool adult;
    struct alert alerts[FOUND_LIMIT];
    size_t count;
};

static void format_moment(char out[MOMENT_SIZE], instant at)
{
    char date[32], time[16];
    instant_format_date(date, sizeof date, at);
    instant_format_time(time, sizeof time, at);
    text_format(out, MOMENT_SIZE, "%s %s", date, time);
}

/* Adds a source that is not there yet to the words for where numbers are from. */
static void add_source(char *out, size_t size, enum reading_source source)
{
    const char *word = reading_source_word(source);
    size_t used = strlen(out);
    if (strstr(out, word) == NULL) {
        (void)text_format(out + used, size - used, "%s%s", used > 0 ? ", " : "", word);
    }
}

/* A new alert without words; there is room for every cause. */
static struct alert *add(struct findings *findings, enum alert_level level, const char *category, instant since)
{
    struct alert *alert = &findings->alerts[findings->count++];
    memset(alert, 0, sizeof *alert);
    alert->level = level;
    alert->active = true;
    alert->since = since;
    text_copy(alert->type, sizeof alert->type, "rule");
    text_copy(alert->category, sizeof alert->category, category);
    return alert;
}

static void write_detail(struct alert *alert, const char *fact, const char *advice)
{
    if (!text_format(alert->detail, sizeof alert->detail, "%s %s", fact, advice)) {
        chart_mark_cut(alert->detail, sizeof alert->detail);
    }
}

/* Fact first, then what to do; a comfort plan replaces the latter. */
static void set_detail(const struct findings *findings, struct alert *alert, const char *fact, const char *advice)
{
    const char *act = findings->chart->palliative ? news2_advice(NEWS2_BAND_HIGH, true) : advice;
    write_detail(alert, fact, act);
}

static bool is_recent(const struct findings *findings, const struct reading *reading)
{
    return reading->at != INSTANT_NONE && reading->at >= findings->now - RECENT &&
           reading->at <= findings->now + CHART_CLOCK_TOLERANCE;
}

/* --- thresholds ---------------------------------------------------------------------------------- */

static bool crosses(const struct threshold *row, const struct reading *reading)
{
    if (reading->vital != row->vital || !reading_counts(reading)) {
        return false;
    }
    int64_t tenths = decimal_scaled(reading->value, 1);
    switch (row->test) { /* "< 20" proves that a value is low, never that it is high */
    case AT_LEAST:
        return tenths >= row->tenths && reading->comparator[0] != '<';
    case ABOVE:
        return tenths > row->tenths && reading->comparator[0] != '<';
    case AT_MOST:
        return tenths <= row->tenths && reading->comparator[0] != '>';
    case BELOW:
        return tenths < row->tenths && reading->comparator[0] != '>';
    }
    return false;
}

/* Whether an older reading crosses too, within a day of clock (or on the calendar day before). */
static bool has_companion(const struct findings *findings, const struct threshold *row, size_t index)
{
    const struct chart *chart = findings->chart;
    instant at = chart->readings[index].at;
    for (size_t i = index + 1; i < chart->reading_count && chart->readings[i].at >= at - 2 * INSTANT_DAY; i++) {
        const struct reading *older = &chart->readings[i];
        bool near = row->pattern == TWO_DAYS_RUNNING ? trend_days_between(older->at, at) == 1
                                                     : older->at >= at - INSTANT_DAY;
        if (near && crosses(row, older)) {
            return true;
        }
    }
    return false;
}

static bool holds(const struct findings *findings, const struct threshold *row, size_t index)
{
    const struct reading *reading = &findings->chart->readings[index];
    if (!is_recent(findings, reading) || !crosses(row, reading)) {
        return false;
    }
    switch (row->pattern) {
    case ONCE:
        break;
    case OFF_SCALE:
        return reading->comparator[0] == '>';
    case TWO_DAYS_RUNNING:
    case TWICE_IN_A_DAY:
        return has_companion(findings, row, index);
    }
    return true;
}

static bool applies(const struct findings *findings, const struct threshold *row)
{
    return (row->scale == 0 || row->scale == (findings->chart->news2_scale == 2 ? 2 : 1)) &&
           (!row->adults_only || findings->adult);
}

/* True when the newest reading crosses no row of the cause any more; it is then in *latest. */
static bool is_over(const struct findings *findings, const struct threshold *fired, const struct reading **latest)
{
    *latest = chart_latest(findings->chart, fired->vital);
    for (size_t i = 0; i < THRESHOLDS; i++) {
        const struct threshold *row = &thresholds[i];
        const struct reading *reading = chart_latest(findings->chart, row->vital);
        if (row->cause == fired->cause && applies(findings, row) && reading != NULL && crosses(row, reading)) {
            return false;
        }
    }
    return true;
}

static void add_threshold(struct findings *findings, const struct threshold *row, size_t index)
{
    static const char *const signs[] = {">=", ">", "<=", "<"};
    const struct reading *reading = &findings->chart->readings[index], *latest = NULL;
    bool over = row->pattern == ONCE && is_over(findings, row, &latest);
    bool single = row->level == ALERT_RED && reading->source == SOURCE_DEVICE && !has_companion(findings, row, index);
    enum alert_level level = over || single ? (row->level == ALERT_RED ? ALERT_AMBER : ALERT_INFO) : row->level;
    struct alert *alert = add(findings, level, "clinical", reading->at);
    char value[32], limit[24], moment[MOMENT_SIZE], fact[DETAIL_SIZE];
    reading_format(value, sizeof value, reading);
    format_moment(moment, reading->at);
    decimal_format(limit, sizeof limit, decimal_from(row->tenths % 10 == 0 ? row->tenths / 10 : row->tenths,
                                                     row->tenths % 10 == 0 ? 0 : 1));
    text_copy(alert->label, sizeof alert->label, _(row->label));
    text_format(fact, sizeof fact, _("%s %s %s on %s, source: %s (alert at %s %s)."), vital_label(row->vital), value,
                vital_unit(row->vital), moment, reading_source_word(reading->source), signs[row->test], limit);
    if (over) {
        char now[32], advice[DETAIL_SIZE];
        reading_format(now, sizeof now, latest);
        format_moment(moment, latest->at);
        text_format(advice, sizeof advice, _("The latest one, %s on %s, is back in range: ask what happened."), now,
                    moment);
        set_detail(findings, alert, fact, advice);
    } else if (single) {
        set_detail(findings, alert, fact, _("A device measured it once: measure again to confirm before acting."));
    } else {
        set_detail(findings, alert, fact, _(row->advice));
    }
}

static void check_thresholds(struct findings *findings)
{
    bool fired[CAUSE_COUNT] = {false};
    for (size_t i = 0; i < THRESHOLDS; i++) {
        const struct threshold *row = &thresholds[i];
        for (size_t j = 0; j < findings->chart->reading_count && !fired[row->cause] && applies(findings, row); j++) {
            if (holds(findings, row, j)) {
                add_threshold(findings, row, j);
                fired[row->cause] = true;
            }
        }
    }
}

/* --- weight -------------------------------------------------------------------------------------- */

/* ESC, heartfailurematters.org: a gain of more than 2 kg in 3 days. For every adult, whatever is diagnosed. */
static void check_weight(struct findings *findings)
{
    const struct chart *chart = findings->chart;
    const struct reading *latest = NULL, *lowest = NULL;
    for (size_t i = 0; i < chart->reading_count && findings->adult; i++) {
        const struct reading *reading = &chart->readings[i];
        if (reading->vital != VITAL_WEIGHT || !reading_counts(reading) || reading->comparator[0] != '\0' ||
            reading->at == INSTANT_NONE || reading->at > findings->now + CHART_CLOCK_TOLERANCE) {
            continue;
        }
        if (latest == NULL) {
            latest = reading;
            continue;
        }
        int days = trend_days_between(reading->at, latest->at);
        if (days > WEIGHT_DAYS) {
            break;
        }
        /* Of equal lows the newest: the shorter time is the stronger fact. */
        if (days >= 1 && (lowest == NULL || decimal_compare(reading->value, lowest->value) < 0)) {
            lowest = reading;
        }
    }
    if (lowest == NULL || !is_recent(findings, latest)) {
        return;
    }
    struct decimal gain = decimal_subtract(latest->value, lowest->value);
    if (decimal_compare(gain, decimal_from(2, 0)) <= 0) {
        return;
    }
    int days = trend_days_between(lowest->at, latest->at);
    char kilograms[32], before[32], after[32], from[MOMENT_SIZE], to[MOMENT_SIZE], fact[DETAIL_SIZE];
    char sources[SOURCES_SIZE] = "";
    decimal_format(kilograms, sizeof kilograms, gain);
    reading_format(before, sizeof before, lowest);
    reading_format(after, sizeof after, latest);
    format_moment(from, lowest->at);
    format_moment(to, latest->at);
    add_source(sources, sizeof sources, lowest->source);
    add_source(sources, sizeof sources, latest->source);
    struct alert *alert = add(findings, ALERT_AMBER, "clinical", latest->at);
    text_format(alert->label, sizeof alert->label,
                ngettext("Weight up %s kg in %d day", "Weight up %s kg in %d days", (unsigned long)days), kilograms,
                days);
    text_format(fact, sizeof fact, _("Weight %s kg on %s, %s kg on %s, source: %s (alert above 2 kg in 3 days)."),
                before, from, after, to, sources);
    set_detail(findings, alert, fact, _("Look for swelling and breathlessness and call the doctor today."));
}

/* --- silent devices ------------------------------------------------------------------------------ */

/* The last reading of a daily device that has fallen silent for this vital; NULL when there is none. */
static const struct reading *find_silence(const struct findings *findings, enum vital vital)
{
    const struct chart *chart = findings->chart;
    const struct reading *last = NULL;
    instant day = INSTANT_NONE;
    int days = 0;
    for (size_t i = 0; i < chart->reading_count; i++) {
        const struct reading *reading = &chart->readings[i];
        if (reading->vital != vital || reading->source != SOURCE_DEVICE || !reading_counts(reading) ||
            reading->at == INSTANT_NONE || chart_is_future(chart, reading)) {
            continue;
        }
        if (last == NULL) {
            last = reading;
            if (last->at >= findings->now - SILENT_AFTER) {
                return NULL;
            }
        }
        if (reading->at < last->at - HABIT_SPAN) {
            break;
        }
        if (instant_day_start(reading->at) != day) {
            day = instant_day_start(reading->at);
            days++;
        }
    }
    return days >= HABIT_DAYS ? last : NULL;
}

/* Design proposal of table 3.3: an expected daily device silent for more than 48 h. One alert a device. */
static void check_devices(struct findings *findings)
{
    const struct reading *silent[VITAL_COUNT];
    size_t count = 0;
    for (int i = 0; i < VITAL_COUNT; i++) {
        const struct reading *last = find_silence(findings, (enum vital)i);
        bool known = false;
        for (size_t j = 0; last != NULL && j < count; j++) {
            known = known || (strcmp(last->device, silent[j]->device) == 0 &&
                              (last->device[0] != '\0' || last->at == silent[j]->at));
        }
        if (last == NULL || known) {
            continue;
        }
        silent[count++] = last;
        int days = (int)((findings->now - last->at) / INSTANT_DAY);
        char moment[MOMENT_SIZE], fact[DETAIL_SIZE];
        format_moment(moment, last->at);
        struct alert *alert = add(findings, ALERT_AMBER, "device", last->at);
        text_format(alert->label, sizeof alert->label,
                    ngettext("%s: device silent for %d day", "%s: device silent for %d days", (unsigned long)days),
                    vital_label(last->vital), days);
        text_format(fact, sizeof fact, _("The last reading of %s came on %s; it used to come daily."),
                    last->device[0] != '\0' ? last->device : _("the home device"), moment);
        /* No escalation, so a comfort plan does not change it. */
        write_detail(alert, fact, _("Check its battery, its connection and whether it is still used."));
    }
}

/* A reading dated in the future is of a wrong clock: nobody can tell how old it is. One alert, by the newest of them. */
static void check_clocks(struct findings *findings)
{
    const struct chart *chart = findings->chart;
    for (size_t i = 0; i < chart->reading_count; i++) {
        const struct reading *reading = &chart->readings[i];
        if (reading_counts(reading) && chart_is_future(chart, reading)) {
            char value[32], moment[MOMENT_SIZE], fact[DETAIL_SIZE];
            reading_format(value, sizeof value, reading);
            format_moment(moment, reading->at);
            struct alert *alert = add(findings, ALERT_AMBER, "device", INSTANT_NONE);
            text_copy(alert->label, sizeof alert->label, _("A reading is dated in the future"));
            text_format(fact, sizeof fact, _("%s %s %s is dated %s, source: %s; it is not taken as the latest."),
                        vital_label(reading->vital), value, vital_unit(reading->vital), moment,
                        reading->device[0] != '\0' ? reading->device : reading_source_word(reading->source));
            write_detail(alert, fact, _("Set the clock of the device that sent it."));
            return;
        }
    }
}

/* --- NEWS2 --------------------------------------------------------------------------------------- */

/* RCP NEWS2 chart 4: 7 and more is the emergency threshold, 5 to 6 and a single 3 are urgent. */
static void check_news2(struct findings *findings)
{
    instant at = INSTANT_NONE;
    struct news2_score score = chart_news2(findings->chart, CHART_OCCASION, &at);
    bool urgent = score.band == NEWS2_BAND_MEDIUM || score.band == NEWS2_BAND_LOW_MEDIUM;
    if ((!urgent && score.band != NEWS2_BAND_HIGH) || at < findings->now - RECENT) {
        return;
    }
    char parts[DETAIL_SIZE] = "", moment[MOMENT_SIZE], fact[DETAIL_SIZE], sources[SOURCES_SIZE] = "";
    for (int i = 0; i < NEWS2_PART_COUNT; i++) {
        if (score.part[i] > 0) {
            size_t length = strlen(parts);
            text_format(parts + length, sizeof parts - length, "%s%s %d", length > 0 ? ", " : "",
                        news2_part_label((enum news2_part)i), score.part[i]);
        }
    }
    for (size_t i = 0; i < findings->chart->reading_count; i++) {
        const struct reading *reading = &findings->chart->readings[i];
        if (chart_scores(reading->vital) && reading_counts(reading) && reading->at <= at &&
            reading->at >= at - CHART_OCCASION) {
            add_source(sources, sizeof sources, reading->source);
        }
    }
    format_moment(moment, at);
    struct alert *alert = add(findings, urgent ? ALERT_AMBER : ALERT_RED, "clinical", at);
    text_format(alert->label, sizeof alert->label, _("NEWS2 %d, %s"), score.total, news2_band_word(score.band));
    text_format(fact, sizeof fact, _("NEWS2 %d on %s, source: %s: %s."), score.total, moment, sources, parts);
    set_detail(findings, alert, fact, news2_advice(score.band, false));
}

/* --- all rules ----------------------------------------------------------------------------------- */

/* Active first, then by level, then newest; the rest makes the order the same everywhere. */
static int compare_urgency(const void *left, const void *right)
{
    const struct alert *a = left, *b = right;
    if (a->active != b->active) {
        return a->active ? -1 : 1;
    }
    if (a->level != b->level) {
        return a->level > b->level ? -1 : 1;
    }
    if (a->since != b->since) {
        return a->since > b->since ? -1 : 1;
    }
    int by_label = strcmp(a->label, b->label);
    return by_label != 0 ? by_label : strcmp(a->id, b->id);
}

enum status alert_rules_apply(struct chart *chart, instant now, struct error *error)
{
    struct findings *findings = memory_allocate(sizeof *findings);
    if (findings == NULL) {
        return error_no_memory(error);
    }
    chart->as_of = now; /* the rules and what is shown beside them judge by the same moment */
    findings->chart = chart;
    findings->now = now;
    findings->adult = news2_applies(instant_years_since(chart->patient.birth_date, now));
    if (!chart->patient.deceased) {
        check_news2(findings);
        check_thresholds(findings);
        check_weight(findings);
        check_devices(findings);
        check_clocks(findings);
    }
    enum status status = STATUS_OK;
    if (findings->count > 0) {
        struct alert *grown = memory_resize(chart->alerts, (chart->alert_count + findings->count) * sizeof *grown);
        if (grown == NULL) {
            status = error_no_memory(error);
            goto out;
        }
        chart->alerts = grown;
    }
    /* Those of an earlier run are replaced, so that applying twice changes nothing. */
    size_t kept = 0;
    for (size_t i = 0; i < chart->alert_count; i++) {
        if (strcmp(chart->alerts[i].type, "rule") != 0) {
            chart->alerts[kept++] = chart->alerts[i];
        }
    }
    for (size_t i = 0; i < findings->count; i++) {
        chart->alerts[kept++] = findings->alerts[i];
    }
    chart->alert_count = kept;
    if (kept > 1) {
        qsort(chart->alerts, kept, sizeof *chart->alerts, compare_urgency);
    }
out:
    memory_free(findings);
    return status;
}
