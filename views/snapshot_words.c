/* The words of the patient's screen: alerts, reasons, changes, plan, and the lists. Nothing is left out silently. */
#include "views/snapshot.h"

#include "base/text.h"
#include "care/consent.h"
#include "care/medicine_check.h"
#include "care/trend.h"

#include <stdio.h>
#include <string.h>

#define LINE_SIZE 1200
#define WARNINGS 8
#define PLAN_BYTES 240
#define NOTES_SHOWN 3

static void write_line(struct page *page, const char *label, const char *text)
{
    if (!text_is_blank(text)) {
        page_labelled(page, ROLE_NORMAL, SNAPSHOT_LABEL, label, ROLE_STRONG, text);
    }
}

/* Adds "; item" to a line, as far as it fits. */
static void add_item(char *line, size_t size, const char *item)
{
    size_t used = strlen(line);

    if (used + 3 < size) {
        (void)text_format(line + used, size - used, "%s%s", used > 0 ? "; " : "", item);
    }
}

void snapshot_write_warnings(struct page *page, const struct application *application)
{
    char time[24];

    if (!application->chart.patient.complete) {
        page_text(page, ROLE_AMBER, 0,
                  _("NOT COMPLETE: parts of this record are not on this device; sync to receive the rest."));
    }
    if (application->draft.id[0] != '\0') {
        instant_format_time(time, sizeof time, application->draft.started);
        page_format(page, ROLE_GOOD, 0, _("Visit in progress since %s; s goes on with it."), time);
    }
    if (application->chart.palliative) {
        page_text(page, ROLE_STRONG, 0, _("Comfort first: a palliative plan is active."));
    }
    if (application->chart.code_status[0] != '\0') {
        page_text(page, ROLE_STRONG, 0, application->chart.code_status);
    }
}

void snapshot_write_alerts(struct page *page, const struct chart *chart, bool urgent)
{
    for (size_t i = 0; i < chart->alert_count; i++) {
        const struct alert *alert = &chart->alerts[i];
        char words[LABEL_SIZE + DETAIL_SIZE + 80];
        enum role role = alert->level == ALERT_RED ? ROLE_RED : alert->level == ALERT_AMBER ? ROLE_AMBER : ROLE_NORMAL;

        /* The code status stands at the top already. */
        if (alert->active && (alert->level != ALERT_INFO) == urgent && !text_equal(alert->label, chart->code_status)) {
            chart_alert_words(alert, words, sizeof words);
            page_labelled(page, role, SNAPSHOT_LABEL, alert_level_word(alert->level), role, words);
        }
    }
}

/* The reason of today's appointment, else of the last visit, else nothing. */
static const char *visit_reason(const struct chart *chart, instant now)
{
    instant day = instant_day_start(now);

    for (size_t i = 0; i < chart->appointment_count; i++) {
        if (chart->appointments[i].start >= day && chart->appointments[i].start < instant_add_days(day, 1) &&
            chart->appointments[i].reason[0] != '\0') {
            return chart->appointments[i].reason;
        }
    }
    return chart->last_visit.reason;
}

void snapshot_write_reason(struct page *page, const struct chart *chart, instant now)
{
    char line[LINE_SIZE] = "";

    if (visit_reason(chart, now)[0] != '\0') {
        add_item(line, sizeof line, visit_reason(chart, now));
    }
    for (size_t i = 0; i < chart->condition_count; i++) {
        if (condition_is_active(&chart->conditions[i]) && !text_equal(chart->conditions[i].label, line)) {
            add_item(line, sizeof line, chart->conditions[i].label);
        }
    }
    write_line(page, _("Why"), line[0] != '\0' ? line : _("no reason or condition is on record"));
    for (size_t i = 0; i < chart->goal_count; i++) {
        char goal[DETAIL_SIZE + 8];

        (void)text_format(goal, sizeof goal, "\"%s\"", chart->goals[i].label);
        write_line(page, _("Goal"), goal);
    }
}

/* --- changes and plan ----------------------------------------------------------------------------- */

static int readings_since(const struct chart *chart, instant since)
{
    int count = 0;

    for (size_t i = 0; i < chart->reading_count; i++) {
        const struct reading *reading = &chart->readings[i];

        count += reading->at != INSTANT_NONE && reading->at > since && reading_counts(reading);
    }
    return count;
}

static void add_new_items(const struct chart *chart, instant since, char *line, size_t size)
{
    char item[LABEL_SIZE + 40];

    for (size_t i = 0; i < chart->medicine_count; i++) {
        const struct medicine *medicine = &chart->medicines[i];

        if (medicine->kind == MEDICINE_REQUEST && !medicine_is_over(medicine) && medicine->since != INSTANT_NONE &&
            medicine->since > since) {
            (void)text_format(item, sizeof item, _("new medicine: %s"), medicine->label);
            add_item(line, size, item);
        }
    }
    for (size_t i = 0; i < chart->condition_count; i++) {
        const struct condition *condition = &chart->conditions[i];

        if (condition_is_active(condition) && condition->since != INSTANT_NONE && condition->since > since) {
            (void)text_format(item, sizeof item, _("new condition: %s"), condition->label);
            add_item(line, size, item);
        }
    }
}

void snapshot_write_changes(struct page *page, const struct chart *chart, instant now)
{
    instant since = chart->last_visit.start;
    char line[LINE_SIZE] = "";
    char item[LABEL_SIZE];
    char change[80];
    char date[40];
    int readings = 0;

    trend_change(chart, VITAL_WEIGHT, now, change, sizeof change);
    if (change[0] != '\0') {
        (void)text_format(item, sizeof item, _("weight %s"), change);
        add_item(line, sizeof line, item);
    }
    if (chart->last_visit.id[0] == '\0' || since == INSTANT_NONE) {
        add_item(line, sizeof line, _("no earlier visit is on this device"));
        write_line(page, _("Changes"), line);
        return;
    }
    instant_format_date(date, sizeof date, since);
    add_new_items(chart, since, line, sizeof line);
    readings = readings_since(chart, since);
    (void)text_format(item, sizeof item, ngettext("%d new reading since %s", "%d new readings since %s",
                                               (unsigned long)readings), readings, date);
    add_item(line, sizeof line, item);
    write_line(page, _("Changes"), line);
}

/* The plan of a SOAP note (the lines after "P:"); the whole text of any other. */
static const char *plan_of(const char *text)
{
    for (const char *line = text; line != NULL && line[0] != '\0'; line = strchr(line, '\n')) {
        line += line[0] == '\n' ? 1 : 0;
        if (text_starts_with(line, "P:")) {
            return line + 2 + strspn(line + 2, " \n");
        }
    }
    return text;
}

static bool note_is_readable(const struct note *note)
{
    return !text_equal(note->status, "entered-in-error") && note->text != NULL && !text_is_blank(note->text);
}

/* "(2026-11-20, Mina Hayashi)" */
static void note_source(const struct note *note, char *out, size_t size)
{
    char date[40] = "";

    if (note->at != INSTANT_NONE) {
        instant_format_date(date, sizeof date, note->at);
    }
    (void)text_format(out, size, "(%s%s%s)", date, date[0] != '\0' && note->author[0] != '\0' ? ", " : "",
                      note->author);
}

void snapshot_write_plan(struct page *page, const struct chart *chart)
{
    for (size_t i = 0; i < chart->note_count; i++) {
        const struct note *note = &chart->notes[i];
        char source[LABEL_SIZE + 48];
        char plan[PLAN_BYTES];
        char words[PLAN_BYTES + LABEL_SIZE + 64];
        bool whole = false;

        if (!note_is_readable(note)) {
            continue;
        }
        whole = text_copy(plan, sizeof plan, plan_of(note->text));
        while (plan[0] != '\0' && plan[strlen(plan) - 1] == '\n') {
            plan[strlen(plan) - 1] = '\0';
        }
        note_source(note, source, sizeof source);
        (void)text_format(words, sizeof words, "%s %s%s", source, plan, whole ? "" : "...");
        write_line(page, _("Last plan"), words);
        return;
    }
}

void snapshot_write_notes(struct page *page, const struct chart *chart)
{
    int written = 0;

    page_heading(page, _("Last notes"));
    for (size_t i = 0; i < chart->note_count && written < NOTES_SHOWN; i++) {
        char source[LABEL_SIZE + 48];

        if (note_is_readable(&chart->notes[i])) {
            note_source(&chart->notes[i], source, sizeof source);
            page_format(page, ROLE_STRONG, 0, "%s %s", chart->notes[i].title, source);
            page_text(page, ROLE_NORMAL, 0, chart->notes[i].text);
            written++;
        }
    }
    if (written == 0) {
        page_text(page, ROLE_DIM, 0, _("No note is on this device."));
    }
}

/* --- lists ---------------------------------------------------------------------------------------- */

bool snapshot_task_words(const struct task *task, instant now, char *out, size_t size)
{
    bool overdue = task->due != INSTANT_NONE && task->due < instant_day_start(now);
    char date[40];

    if (task->due == INSTANT_NONE) {
        (void)text_copy(out, size, task->label);
    } else {
        instant_format_date(date, sizeof date, task->due);
        (void)text_format(out, size, overdue ? _("%s (OVERDUE since %s)") : _("%s (due %s)"), task->label, date);
    }
    return overdue;
}

void snapshot_write_tasks(struct page *page, const struct chart *chart, instant now)
{
    bool any = false;

    page_heading(page, _("Tasks"));
    for (size_t i = 0; i < chart->task_count; i++) {
        char words[LABEL_SIZE + 80];

        if (chart->tasks[i].open) {
            bool overdue = snapshot_task_words(&chart->tasks[i], now, words, sizeof words);

            page_format(page, overdue ? ROLE_AMBER : ROLE_NORMAL, 0, "- %s", words);
            any = true;
        }
    }
    if (!any) {
        page_text(page, ROLE_DIM, 0, _("No open task."));
    }
}

static bool medicine_is_listed(const struct medicine *medicine)
{
    return !medicine_is_over(medicine) && (medicine->kind == MEDICINE_REQUEST ||
                                           (medicine->kind == MEDICINE_STATEMENT && medicine->request[0] == '\0'));
}

bool snapshot_said_before(const struct medicine_warning *warnings, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (text_equal(warnings[i].sentence, warnings[index].sentence)) {
            return true;
        }
    }
    return false;
}

void snapshot_write_medicines(struct page *page, const struct chart *chart)
{
    struct medicine_warning warnings[WARNINGS];
    size_t warning_count = medicine_check(chart, warnings, WARNINGS);
    bool any = false;

    page_heading(page, _("Medicines"));
    for (size_t i = 0; i < warning_count; i++) {
        if (!snapshot_said_before(warnings, i)) {
            page_labelled(page, ROLE_AMBER, SNAPSHOT_LABEL, _("code check"), ROLE_AMBER, warnings[i].sentence);
        }
    }
    for (size_t i = 0; i < chart->medicine_count; i++) {
        const struct medicine *medicine = &chart->medicines[i];
        const char *status = text_equal(medicine->status, "active") ? "" : status_word(medicine->status);
        char words[LABEL_SIZE + DETAIL_SIZE + 80];

        if (medicine_is_listed(medicine)) {
            any = true;
            (void)text_format(words, sizeof words, "- %s%s%s%s%s%s", medicine->label,
                              medicine->dose[0] != '\0' ? ", " : "", medicine->dose,
                              status[0] != '\0' ? " [" : "", status, status[0] != '\0' ? "]" : "");
            page_text(page, ROLE_NORMAL, 0, words);
        }
    }
    if (!any) {
        page_text(page, ROLE_DIM, 0, _("No current medicine is on record."));
    }
}

static void write_allergy(struct page *page, enum role role, const struct allergy *allergy)
{
    char status[80];

    allergy_status_words(allergy, status, sizeof status);
    page_format(page, role, 0, "- %s%s%s%s%s%s%s", allergy->label, allergy->reaction[0] != '\0' ? ", " : "",
                allergy->reaction, role == ROLE_RED ? _(" (HIGH RISK)") : "", status[0] != '\0' ? " [" : "", status,
                status[0] != '\0' ? "]" : "");
}

void snapshot_write_allergies(struct page *page, const struct chart *chart)
{
    bool any = false;

    page_heading(page, _("Allergies"));
    for (size_t i = 0; i < chart->allergy_count; i++) {
        const struct allergy *allergy = &chart->allergies[i];

        if (allergy_counts(allergy) && !allergy->none_known) {
            any = true;
            write_allergy(page, text_equal(allergy->criticality, "high") ? ROLE_RED : ROLE_STRONG, allergy);
        }
    }
    if (!any) {
        char line[LABEL_SIZE];

        chart_allergy_line(chart, line, sizeof line);
        page_text(page, ROLE_NORMAL, 0, line);
    }
    /* What is over or was refuted is below, and says so. */
    for (size_t i = 0; i < chart->allergy_count; i++) {
        if (!allergy_counts(&chart->allergies[i])) {
            write_allergy(page, ROLE_DIM, &chart->allergies[i]);
        }
    }
}

void snapshot_write_conditions(struct page *page, const struct chart *chart)
{
    if (chart->condition_count == 0) {
        return;
    }
    page_heading(page, _("Conditions"));
    for (size_t i = 0; i < chart->condition_count; i++) {
        const struct condition *condition = &chart->conditions[i];
        char status[80];

        condition_status_words(condition, status, sizeof status);
        page_format(page, condition_is_active(condition) ? ROLE_NORMAL : ROLE_DIM, 0, "- %s%s%s%s", condition->label,
                    status[0] != '\0' ? " [" : "", status, status[0] != '\0' ? "]" : "");
    }
}

void snapshot_write_consents(struct page *page, const struct chart *chart)
{
    page_heading(page, _("Consents"));
    for (size_t i = 0; i < chart->consent_count; i++) {
        const struct consent *consent = &chart->consents[i];
        char date[40] = "";
        bool active = text_equal(consent->status, "active");

        if (text_equal(consent->status, "entered-in-error")) {
            continue;
        }
        if (consent->at != INSTANT_NONE) {
            instant_format_date(date, sizeof date, consent->at);
        }
        page_format(page, active && consent->decision == CONSENT_PERMIT ? ROLE_NORMAL : ROLE_AMBER, 0,
                    "- %s: %s [%s] %s %s", consent_label(consent), chart_consent_word(consent->decision),
                    status_word(consent->status), consent->by, date);
    }
    if (chart->consent_count == 0) {
        page_text(page, ROLE_DIM, 0, _("No consent is on record."));
    }
}
