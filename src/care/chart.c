/*
 * One patient's chart: release, the newest values, the words for its codes.
 * Invariant: readings are newest first, as the store gives them. Called by
 * the store (release), the alert rules, the views and the commands.
 */
#include "care/chart.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"

#include <string.h>

void chart_init(struct chart *chart)
{
    memset(chart, 0, sizeof *chart);
    chart->as_of = INSTANT_NONE;
    chart->news2_scale = 1;
}

void chart_free(struct chart *chart)
{
    for (size_t i = 0; i < chart->note_count; i++) {
        memory_free(chart->notes[i].text);
    }
    memory_free(chart->readings);
    memory_free(chart->medicines);
    memory_free(chart->allergies);
    memory_free(chart->conditions);
    memory_free(chart->alerts);
    memory_free(chart->consents);
    memory_free(chart->notes);
    memory_free(chart->tasks);
    memory_free(chart->goals);
    memory_free(chart->appointments);
    memory_wipe(chart, sizeof *chart);
    chart_init(chart);
}

bool chart_is_future(const struct chart *chart, const struct reading *reading)
{
    return chart->as_of != INSTANT_NONE && reading->at != INSTANT_NONE &&
           reading->at > chart->as_of + CHART_CLOCK_TOLERANCE;
}

const struct reading *chart_latest(const struct chart *chart, enum vital vital)
{
    for (size_t i = 0; i < chart->reading_count; i++) {
        const struct reading *reading = &chart->readings[i];
        if (reading->vital == vital && reading_counts(reading) && !chart_is_future(chart, reading)) {
            return reading;
        }
    }
    return NULL;
}

bool chart_scores(enum vital vital)
{
    switch (vital) {
    case VITAL_SYSTOLIC:
    case VITAL_PULSE:
    case VITAL_RESPIRATION:
    case VITAL_SPO2:
    case VITAL_OXYGEN_FLOW:
    case VITAL_OXYGEN_FRACTION:
    case VITAL_CONSCIOUSNESS:
    case VITAL_TEMPERATURE:
        return true;
    case VITAL_DIASTOLIC:
    case VITAL_WEIGHT:
    case VITAL_HEIGHT:
    case VITAL_GLUCOSE:
    case VITAL_PAIN:
    case VITAL_NEWS2:
    case VITAL_STEPS:
    case VITAL_SLEEP:
    case VITAL_ROOM_TEMPERATURE:
    case VITAL_ROOM_HUMIDITY:
    case VITAL_COUNT:
        break;
    }
    return false;
}

/* The index of the newest reading that may open an occasion, or reading_count. */
static size_t find_occasion(const struct chart *chart, bool home_too)
{
    for (size_t i = 0; i < chart->reading_count; i++) {
        const struct reading *reading = &chart->readings[i];
        if (chart_scores(reading->vital) && reading_counts(reading) && reading->at != INSTANT_NONE &&
            !chart_is_future(chart, reading) &&
            (home_too || (reading->source != SOURCE_DEVICE && reading->source != SOURCE_PATIENT))) {
            return i;
        }
    }
    return chart->reading_count;
}

struct news2_score chart_news2(const struct chart *chart, int64_t window, instant *at)
{
    struct news2_input input;
    size_t first = find_occasion(chart, false);
    if (first == chart->reading_count) {
        first = find_occasion(chart, true);
    }
    *at = INSTANT_NONE;
    size_t end = first;
    if (first < chart->reading_count && news2_applies(instant_years_since(chart->patient.birth_date,
                                                                          chart->readings[first].at))) {
        *at = chart->readings[first].at;
        /* A device reading at the very same moment may stand before the one a person took. */
        while (first > 0 && chart->readings[first - 1].at == *at) {
            first--;
        }
        while (end < chart->reading_count && chart->readings[end].at >= *at - window) {
            end++;
        }
    }
    news2_from_readings(&input, chart->readings == NULL ? NULL : chart->readings + first, end - first,
                        chart->news2_scale);
    return news2_compute(&input);
}

void chart_mark_cut(char *text, size_t size)
{
    if (size > 4) {
        text_copy(text, size - 3, text);
        memcpy(text + strlen(text), "...", 4);
    }
}

bool allergy_counts(const struct allergy *allergy)
{
    return strcmp(allergy->status, "inactive") != 0 && strcmp(allergy->status, "resolved") != 0 &&
           strcmp(allergy->verification, "refuted") != 0 && strcmp(allergy->verification, "entered-in-error") != 0;
}

void chart_allergy_line(const struct chart *chart, char *out, size_t size)
{
    bool none_known = false, cut = false;
    size_t length = 0;
    out[0] = '\0';
    for (size_t i = 0; i < chart->allergy_count && !cut; i++) {
        const struct allergy *allergy = &chart->allergies[i];
        if (!allergy_counts(allergy)) {
            continue;
        }
        if (allergy->none_known) {
            none_known = true;
            continue;
        }
        bool reacted = allergy->reaction[0] != '\0';
        cut = !text_format(out + length, size - length, "%s%s%s%s%s", length > 0 ? ", " : "", allergy->label,
                           reacted ? " (" : "", allergy->reaction, reacted ? ")" : "");
        length = strlen(out);
    }
    if (length == 0 && !chart->patient.complete) {
        cut = !text_copy(out, size, _("Allergies not known: record not complete"));
    } else if (length == 0) {
        cut = !text_copy(out, size, none_known ? _("No known allergy") : _("Allergies not recorded"));
    }
    if (cut) {
        chart_mark_cut(out, size);
    }
}

static bool is_denied(const char *verification)
{
    return strcmp(verification, "refuted") == 0 || strcmp(verification, "entered-in-error") == 0;
}

bool condition_is_active(const struct condition *condition)
{
    return (condition->status[0] == '\0' || strcmp(condition->status, "active") == 0 ||
            strcmp(condition->status, "recurrence") == 0 || strcmp(condition->status, "relapse") == 0) &&
           !is_denied(condition->verification);
}

static void standing_words(const char *status, const char *verification, char *out, size_t size)
{
    bool sure = verification[0] == '\0' || strcmp(verification, "confirmed") == 0;
    const char *stands = is_denied(verification) ? "" : status;

    (void)text_format(out, size, "%s%s%s", status_word(stands), stands[0] != '\0' && !sure ? ", " : "",
                      sure ? "" : status_word(verification));
}

void condition_status_words(const struct condition *condition, char *out, size_t size)
{
    standing_words(condition->status, condition->verification, out, size);
}

void allergy_status_words(const struct allergy *allergy, char *out, size_t size)
{
    standing_words(strcmp(allergy->status, "active") == 0 ? "" : allergy->status, allergy->verification, out, size);
}

bool medicine_is_over(const struct medicine *medicine)
{
    static const char *const over[] = {"stopped", "cancelled", "completed", "entered-in-error", "draft"};

    for (size_t i = 0; i < sizeof over / sizeof *over; i++) {
        if (strcmp(medicine->status, over[i]) == 0) {
            return true;
        }
    }
    return false;
}

const char *gender_word(enum gender gender)
{
    switch (gender) {
    case GENDER_FEMALE:
        return _("female");
    case GENDER_MALE:
        return _("male");
    case GENDER_OTHER:
        return _("other");
    case GENDER_UNKNOWN:
        break;
    }
    return _("gender unknown");
}

void chart_alert_words(const struct alert *alert, char *out, size_t size)
{
    bool repeats = text_starts_with(alert->detail, alert->label);
    char origin[120] = "";
    char date[40];

    if (strcmp(alert->type, "rule") != 0 && alert->since != INSTANT_NONE) {
        instant_format_date(date, sizeof date, alert->since);
        (void)text_format(origin, sizeof origin, _(" (on record since %s)"), date);
    } else if (strcmp(alert->type, "rule") != 0) {
        (void)text_copy(origin, sizeof origin, _(" (on record, not dated)"));
    }
    (void)text_format(out, size, "%s%s%s%s", repeats ? "" : alert->label,
                      !repeats && alert->detail[0] != '\0' ? ": " : "", alert->detail, origin);
}

const char *alert_level_word(enum alert_level level)
{
    switch (level) {
    case ALERT_RED:
        return _("RED");
    case ALERT_AMBER:
        return _("AMBER");
    case ALERT_INFO:
        break;
    }
    return _("info");
}

const char *chart_consent_word(enum consent_decision decision)
{
    return decision == CONSENT_PERMIT ? _("agreed") : decision == CONSENT_DENY ? _("REFUSED") : _("decision not clear");
}

const char *status_word(const char *code)
{
    static const struct {
        const char *code;
        const char *word;
    } words[] = {
        {"accepted", N_("accepted")},
        {"active", N_("active")},
        {"amended", N_("amended")},
        {"arrived", N_("arrived")},
        {"booked", N_("booked")},
        {"cancelled", N_("cancelled")},
        {"checked-in", N_("checked in")},
        {"completed", N_("completed")},
        {"confirmed", N_("confirmed")},
        {"corrected", N_("corrected")},
        {"current", N_("current")},
        {"differential", N_("one of several possibilities")},
        {"draft", N_("draft")},
        {"entered-in-error", N_("entered in error")},
        {"failed", N_("failed")},
        {"final", N_("final")},
        {"finished", N_("finished")},
        {"fulfilled", N_("fulfilled")},
        {"in-progress", N_("in progress")},
        {"inactive", N_("inactive")},
        {"intended", N_("intended")},
        {"noshow", N_("not met")},
        {"not-done", N_("not done")},
        {"not-started", N_("not started")},
        {"not-taken", N_("not taken")},
        {"on-hold", N_("on hold")},
        {"onleave", N_("on leave")},
        {"pending", N_("pending")},
        {"planned", N_("planned")},
        {"preliminary", N_("preliminary")},
        {"proposed", N_("proposed")},
        {"provisional", N_("provisional")},
        {"ready", N_("ready")},
        {"received", N_("received")},
        {"recurrence", N_("come back")},
        {"refuted", N_("refuted")},
        {"rejected", N_("rejected")},
        {"relapse", N_("come back")},
        {"remission", N_("in remission")},
        {"requested", N_("requested")},
        {"resolved", N_("resolved")},
        {"revoked", N_("revoked")},
        {"scheduled", N_("scheduled")},
        {"stopped", N_("stopped")},
        {"superseded", N_("superseded")},
        {"unconfirmed", N_("unconfirmed")},
        {"unknown", N_("status unknown")},
        {"waitlist", N_("waiting list")},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (text_equal(words[i].code, code)) {
            return _(words[i].word);
        }
    }
    return code;
}
