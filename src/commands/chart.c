/*
 * doorstep chart: everything the chart shows, as text or JSON.
 */
#include "commands/command_line.h"
#include "commands/report.h"

#include "care/consent.h"
#include "care/medicine_check.h"
#include "fhir/codes.h"
#include "store/query.h"

#include <string.h>

#define WARNINGS_SHOWN 16

static void add_codes(cJSON *item, const struct code *codes, size_t count)
{
    cJSON *list = json_add_array(item, "codes");
    for (size_t i = 0; i < count; i++) {
        cJSON *code = json_add_object(list, NULL);
        json_add_text(code, "system", codes[i].system);
        json_add_text(code, "code", codes[i].code);
    }
}

static void add_patient(cJSON *document, const struct chart *chart)
{
    const struct patient *patient = &chart->patient;
    cJSON *item = json_add_object(document, "patient");
    json_add_text(item, "id", patient->id);
    json_add_text(item, "name", patient->name);
    json_add_text(item, "reading", patient->reading);
    json_add_text(item, "birthDate", patient->birth_date);
    json_add_text(item, "gender", report_gender(patient->gender));
    json_add_text(item, "phone", patient->phone);
    json_add_text(item, "address", patient->address);
    json_add_text(item, "code_status", chart->code_status);
    json_add_boolean(item, "palliative", chart->palliative);
    json_add_boolean(item, "complete", patient->complete);
}

/* As reading_format(), but the same in every language: a letter for consciousness, 0 for room air. */
static void value_text(char *out, size_t size, const struct reading *reading)
{
    if (reading->vital == VITAL_CONSCIOUSNESS && reading->value.units >= 0 &&
        reading->value.units <= CONSCIOUSNESS_UNRESPONSIVE) {
        snprintf(out, size, "%c", consciousness_letter((enum consciousness)reading->value.units));
    } else if (reading->vital == VITAL_OXYGEN_FLOW && reading->value.units == 0 && reading->comparator[0] == '\0') {
        snprintf(out, size, "0");
    } else {
        reading_format(out, size, reading);
    }
}

static void add_vitals(cJSON *document, const struct chart *chart)
{
    static const char *const sources[] = {
        [SOURCE_UNKNOWN] = "unknown", [SOURCE_NURSE] = "nurse", [SOURCE_DEVICE] = "device", [SOURCE_PATIENT] = "patient"};
    static const char *const states[] = {[READING_FINAL] = "final", [READING_PRELIMINARY] = "preliminary",
                                         [READING_CANCELLED] = "cancelled", [READING_ERRONEOUS] = "entered-in-error",
                                         [READING_UNKNOWN] = "unknown"};
    cJSON *list = json_add_array(document, "vitals");
    for (size_t i = 0; i < chart->reading_count; i++) {
        const struct reading *reading = &chart->readings[i];
        const struct vital_coding *coding = vital_coding(reading->vital);
        char value[64];
        cJSON *item = json_add_object(list, NULL);
        json_add_text(item, "code", coding != NULL ? coding->code : "");
        json_add_text(item, "name", vital_key(reading->vital));
        report_instant(item, "at", reading->at);
        if (reading->absent[0] != '\0') {
            json_add_null(item, "value");
            json_add_text(item, "absent", reading->absent);
        } else {
            value_text(value, sizeof value, reading);
            json_add_text(item, "value", value);
        }
        json_add_text(item, "unit", vital_unit(reading->vital));
        json_add_text(item, "source", sources[reading->source]);
        json_add_text(item, "status", states[reading->status]);
        json_add_text(item, "observation", reading->resource);
    }
}

static void add_medicines(cJSON *document, const struct chart *chart)
{
    static const char *const kinds[] = {[MEDICINE_REQUEST] = "request", [MEDICINE_STATEMENT] = "statement",
                                        [MEDICINE_ADMINISTRATION] = "administration"};
    cJSON *list = json_add_array(document, "medications");
    for (size_t i = 0; i < chart->medicine_count; i++) {
        const struct medicine *medicine = &chart->medicines[i];
        cJSON *item = json_add_object(list, NULL);
        json_add_text(item, "id", medicine->id);
        json_add_text(item, "kind", kinds[medicine->kind]);
        json_add_text(item, "name", medicine->label);
        json_add_text(item, "dose", medicine->dose);
        json_add_text(item, "status", medicine->status);
        json_add_boolean(item, "as_needed", medicine->as_needed);
        add_codes(item, medicine->codes, medicine->code_count);
    }
}

static void add_lists(cJSON *document, const struct chart *chart)
{
    static const char *const levels[] = {[ALERT_INFO] = "info", [ALERT_AMBER] = "amber", [ALERT_RED] = "red"};
    static const char *const decisions[] = {[CONSENT_PERMIT] = "permit", [CONSENT_DENY] = "deny", [CONSENT_UNKNOWN] = "unknown"};
    cJSON *list = json_add_array(document, "allergies");
    for (size_t i = 0; i < chart->allergy_count; i++) {
        cJSON *item = json_add_object(list, NULL);
        json_add_text(item, "id", chart->allergies[i].id);
        json_add_text(item, "name", chart->allergies[i].label);
        json_add_text(item, "reaction", chart->allergies[i].reaction);
        json_add_text(item, "status", chart->allergies[i].status);
        json_add_text(item, "verification", chart->allergies[i].verification);
        json_add_text(item, "criticality", chart->allergies[i].criticality);
        json_add_boolean(item, "none_known", chart->allergies[i].none_known);
        add_codes(item, chart->allergies[i].codes, chart->allergies[i].code_count);
    }
    list = json_add_array(document, "conditions");
    for (size_t i = 0; i < chart->condition_count; i++) {
        cJSON *item = json_add_object(list, NULL);
        json_add_text(item, "id", chart->conditions[i].id);
        json_add_text(item, "name", chart->conditions[i].label);
        json_add_text(item, "status", chart->conditions[i].status);
        json_add_text(item, "verification", chart->conditions[i].verification);
    }
    list = json_add_array(document, "alerts");
    for (size_t i = 0; i < chart->alert_count; i++) {
        cJSON *item = json_add_object(list, NULL);
        json_add_text(item, "id", chart->alerts[i].id);
        json_add_text(item, "type", chart->alerts[i].type);
        json_add_text(item, "level", levels[chart->alerts[i].level]);
        json_add_text(item, "name", chart->alerts[i].label);
        json_add_text(item, "detail", chart->alerts[i].detail);
        json_add_boolean(item, "active", chart->alerts[i].active);
        report_instant(item, "since", chart->alerts[i].since);
    }
    list = json_add_array(document, "consents");
    for (size_t i = 0; i < chart->consent_count; i++) {
        cJSON *item = json_add_object(list, NULL);
        json_add_text(item, "id", chart->consents[i].id);
        json_add_text(item, "purpose", chart->consents[i].purpose);
        json_add_text(item, "name", chart->consents[i].label);
        json_add_text(item, "status", chart->consents[i].status);
        json_add_text(item, "decision", decisions[chart->consents[i].decision]);
        json_add_text(item, "by", chart->consents[i].by);
        report_instant(item, "at", chart->consents[i].at);
    }
    list = json_add_array(document, "notes");
    for (size_t i = 0; i < chart->note_count; i++) {
        cJSON *item = json_add_object(list, NULL);
        json_add_text(item, "id", chart->notes[i].id);
        report_instant(item, "at", chart->notes[i].at);
        json_add_text(item, "title", chart->notes[i].title);
        json_add_text(item, "author", chart->notes[i].author);
        json_add_text(item, "status", chart->notes[i].status);
        json_add_text(item, "text", chart->notes[i].text);
    }
    list = json_add_array(document, "tasks");
    for (size_t i = 0; i < chart->task_count; i++) {
        cJSON *item = json_add_object(list, NULL);
        json_add_text(item, "id", chart->tasks[i].id);
        json_add_text(item, "source", chart->tasks[i].source);
        json_add_text(item, "name", chart->tasks[i].label);
        json_add_text(item, "status", chart->tasks[i].status);
        json_add_boolean(item, "open", chart->tasks[i].open);
        report_instant(item, "due", chart->tasks[i].due);
    }
}

static enum status print_json(struct command_line *line, const struct chart *chart, const struct news2_score *score,
                              instant score_at, struct error *error)
{
    cJSON *document = cJSON_CreateObject();
    add_patient(document, chart);
    add_vitals(document, chart);
    cJSON *news2 = command_news2_json(score);
    if (news2 != NULL && document != NULL) {
        report_instant(news2, "at", score_at);
        json_add_integer(news2, "scale", chart->news2_scale);
        cJSON_AddItemToObject(document, "news2", news2);
    } else {
        cJSON_Delete(news2);
    }
    add_medicines(document, chart);
    add_lists(document, chart);
    return command_print_json(line, document, error);
}

static void print_vitals(struct command_line *line, const struct chart *chart, instant now)
{
    for (int i = 0; i < VITAL_COUNT; i++) {
        const struct reading *reading = chart_latest(chart, (enum vital)i);
        char value[64];
        char age[32];
        if (reading == NULL) {
            continue;
        }
        reading_format(value, sizeof value, reading);
        instant_format_age(age, sizeof age, reading->at, now);
        fprintf(line->out, "  %s: %s %s (%s, %s)\n", vital_label(reading->vital), value, vital_unit(reading->vital),
                age[0] != '\0' ? age : _("no time"), reading_source_word(reading->source));
    }
}

static void print_medicines(struct command_line *line, const struct chart *chart, enum medicine_kind kind, const char *title)
{
    bool titled = false;
    for (size_t i = 0; i < chart->medicine_count; i++) {
        const struct medicine *medicine = &chart->medicines[i];
        if (medicine->kind != kind) {
            continue;
        }
        if (!titled) {
            fprintf(line->out, "%s\n", title);
            titled = true;
        }
        fprintf(line->out, "  %s  %s  (%s)\n", medicine->label, medicine->dose, status_word(medicine->status));
    }
}

static bool is_error(const char *status)
{
    return strcmp(status, "entered-in-error") == 0;
}

/* What was refuted or is in doubt never looks like a fact. */
static void print_conditions(struct command_line *line, const struct chart *chart)
{
    fprintf(line->out, "%s\n", _("Conditions"));
    for (size_t i = 0; i < chart->condition_count; i++) {
        const struct condition *condition = &chart->conditions[i];
        char status[80];
        condition_status_words(condition, status, sizeof status);
        fprintf(line->out, status[0] != '\0' ? "  %s (%s)\n" : "  %s\n", condition->label, status);
    }
}

/* Those of which more is to be said than that they are there: unconfirmed, over, refuted. */
static void print_doubtful_allergies(struct command_line *line, const struct chart *chart)
{
    for (size_t i = 0; i < chart->allergy_count; i++) {
        char status[80];
        allergy_status_words(&chart->allergies[i], status, sizeof status);
        if (status[0] != '\0') {
            fprintf(line->out, "  %s (%s)\n", chart->allergies[i].label, status);
        }
    }
}

/* The decision, not only that there is one: a consent in force may be a refusal. */
static void print_consents(struct command_line *line, const struct chart *chart)
{
    fprintf(line->out, "%s\n", _("Consents"));
    for (size_t i = 0; i < chart->consent_count; i++) {
        const struct consent *consent = &chart->consents[i];
        char date[32] = "";
        if (is_error(consent->status)) {
            continue;
        }
        if (consent->at != INSTANT_NONE) {
            instant_format_date(date, sizeof date, consent->at);
        }
        fprintf(line->out, "  %s: %s [%s] %s %s\n", consent_label(consent), chart_consent_word(consent->decision),
                status_word(consent->status), consent->by, date);
    }
}

static void print_last_note(struct command_line *line, const struct chart *chart)
{
    for (size_t i = 0; i < chart->note_count; i++) {
        const struct note *note = &chart->notes[i];
        char date[32] = "";
        if (is_error(note->status)) {
            continue;
        }
        if (note->at != INSTANT_NONE) {
            instant_format_date(date, sizeof date, note->at);
        }
        fprintf(line->out, "%s (%s%s%s)\n%s\n", _("Last note"), date, date[0] != '\0' && note->author[0] != '\0' ? ", " : "",
                note->author, note->text);
        return;
    }
}

static void print_text(struct command_line *line, const struct chart *chart, const struct news2_score *score,
                       instant score_at, instant now)
{
    char measured[32];
    char allergies[512];
    struct medicine_warning warnings[WARNINGS_SHOWN];
    int age = instant_years_since(chart->patient.birth_date, now);
    chart_allergy_line(chart, allergies, sizeof allergies);
    fprintf(line->out, "%s  %s  %s", chart->patient.name, chart->patient.birth_date, gender_word(chart->patient.gender));
    if (age >= 0) {
        fprintf(line->out, _("  %d years"), age);
    }
    fprintf(line->out, "\n%s: %s\n", _("Allergies"), allergies);
    print_doubtful_allergies(line, chart);
    if (chart->code_status[0] != '\0') {
        fprintf(line->out, "%s: %s\n", _("Code status"), chart->code_status);
    }
    if (!chart->patient.complete) {
        fprintf(line->out, "%s\n", _("This chart is not complete on this device."));
    }
    fprintf(line->out, "%s\n", _("Latest vitals"));
    print_vitals(line, chart, now);
    if (score->total < 0) {
        fprintf(line->out, _("NEWS2: no total, %d parts missing\n"), score->missing);
    } else {
        instant_format_age(measured, sizeof measured, score_at, now);
        fprintf(line->out, "NEWS2: %d, %s (%s)\n", score->total, news2_band_word(score->band), measured);
    }
    for (size_t i = 0; i < chart->alert_count; i++) {
        if (chart->alerts[i].active) {
            char words[LABEL_SIZE + DETAIL_SIZE + 80];
            chart_alert_words(&chart->alerts[i], words, sizeof words);
            fprintf(line->out, "%s  %s\n", alert_level_word(chart->alerts[i].level), words);
        }
    }
    print_medicines(line, chart, MEDICINE_REQUEST, _("Medicines ordered"));
    print_medicines(line, chart, MEDICINE_STATEMENT, _("Medicines the patient says to take"));
    print_medicines(line, chart, MEDICINE_ADMINISTRATION, _("Medicines given"));
    size_t count = medicine_check(chart, warnings, WARNINGS_SHOWN);
    for (size_t i = 0; i < count; i++) {
        fprintf(line->out, "  ! %s\n", warnings[i].sentence);
    }
    print_conditions(line, chart);
    print_consents(line, chart);
    fprintf(line->out, "%s\n", _("Tasks"));
    for (size_t i = 0; i < chart->task_count; i++) {
        fprintf(line->out, "  %s (%s)\n", chart->tasks[i].label, status_word(chart->tasks[i].status));
    }
    print_last_note(line, chart);
}

enum status verb_chart(struct command_line *line, struct error *error)
{
    struct chart chart;
    char id[ID_SIZE];
    instant score_at = INSTANT_NONE;
    chart_init(&chart);
    enum status status = command_arguments(line, 1, 1, error);
    if (status == STATUS_OK) {
        status = command_open(line, error);
    }
    if (status == STATUS_OK) {
        status = query_find_patient(line->store, line->arguments[0], id, error);
    }
    instant now = clock_now(&line->clock);
    if (status == STATUS_OK) {
        status = query_chart(line->store, id, instant_add_days(now, -CHART_DAYS), CHART_READINGS, now, &chart, error);
    }
    if (status == STATUS_OK) {
        struct news2_score score = chart_news2(&chart, CHART_OCCASION, &score_at);
        if (line->json) {
            status = print_json(line, &chart, &score, score_at, error);
        } else {
            print_text(line, &chart, &score, score_at, now);
        }
    }
    chart_free(&chart);
    return status;
}
