/*
 * Elements and their values as a nurse reads them side by side. Nothing is
 * worked out: what has no words of its own is shown part by part.
 */
#include "fhir/merge_part.h"

#include "base/instant.h"
#include "base/memory.h"
#include "base/text.h"
#include "care/chart.h"
#include "fhir/element.h"

#include <string.h>

/* A name stands for itself and for the forms of a choice: "dose" is also "doseQuantity". Type "" is any type. */
static const struct {
    const char *type, *name, *label;
} labels[] = {
    {"", "", N_("The whole record")},
    {"Task", "description", N_("What is to be done")},
    {"Task", "for", N_("Patient")},
    {"Task", "owner", N_("Who is to do it")},
    {"Task", "requester", N_("Who asked for it")},
    {"Task", "restriction", N_("When it is due")},
    {"Task", "execution", N_("When it is done")},
    {"Consent", "provision", N_("Decision")},
    {"Consent", "performer", N_("Who decided")},
    {"Consent", "scope", N_("What it is about")},
    {"Appointment", "start", N_("Time of the visit")},
    {"Appointment", "participant", N_("Who takes part")},
    {"", "status", N_("Status")},
    {"", "clinicalStatus", N_("Clinical status")},
    {"", "verificationStatus", N_("How certain it is")},
    {"", "code", N_("What it is")},
    {"", "category", N_("Kind")},
    {"", "type", N_("Kind")},
    {"", "intent", N_("Kind")},
    {"", "priority", N_("Urgency")},
    {"", "description", N_("Description")},
    {"", "comment", N_("Remark")},
    {"", "note", N_("Remarks")},
    {"", "reason", N_("Reason")},
    {"", "reasonCode", N_("Reason")},
    {"", "period", N_("Time")},
    {"", "start", N_("Time")},
    {"", "participant", N_("Who takes part")},
    {"", "dosage", N_("Dose")},
    {"", "dosageInstruction", N_("Dose")},
    {"", "dose", N_("Dose")},
    {"", "doseAndRate", N_("Dose")},
    {"", "maxDose", N_("Highest dose")},
    {"", "maxDosePerPeriod", N_("Highest dose")},
    {"", "rate", N_("Rate")},
    {"", "quantity", N_("Amount")},
    {"", "strength", N_("Strength")},
    {"", "dailyAmount", N_("Amount a day")},
    {"", "asNeeded", N_("Only when needed")},
    {"", "medication", N_("Medicine")},
    {"", "doNotPerform", N_("Not to be done")},
    {"", "substitution", N_("May be exchanged")},
    {"", "dispenseRequest", N_("What is handed out")},
    {"", "criticality", N_("How dangerous it is")},
    {"", "reaction", N_("Reaction")},
    {"", "onset", N_("Since")},
    {"", "abatement", N_("Until")},
    {"", "lastOccurrence", N_("Last time")},
    {"", "subject", N_("Patient")},
    {"", "patient", N_("Patient")},
    {"", "beneficiary", N_("Patient")},
    {"", "name", N_("Name")},
    {"", "telecom", N_("Telephone")},
    {"", "address", N_("Address")},
    {"", "birth", N_("Birth date")},
    {"", "gender", N_("Gender")},
    {"", "deceased", N_("Deceased")},
    {"", "contact", N_("Contact")},
    {"", "communication", N_("Language")},
    {"", "generalPractitioner", N_("Doctor")},
    {"", "active", N_("Active")},
    {"", "activity", N_("Care planned")},
    {"", "goal", N_("Goal")},
    {"", "title", N_("Title")},
    {"", "location", N_("Place")},
    {"", "identifier", N_("Number")},
    {"", "value", N_("Value")},
    {"", "effective", N_("Time")},
    {"", "input", N_("What was given along")},
    {"", "output", N_("Result")},
    {"", "text", N_("Summary")},
};

const char *merge_label(const char *type, const char *name)
{
    struct merge_name unit = {.text = name};
    struct merging any = {.type = ""};

    merge_find_unit(&any, false, &unit);
    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
        bool whole = strcmp(labels[i].name, name) == 0;
        bool form = strlen(labels[i].name) == unit.unit_length && memcmp(labels[i].name, unit.unit, unit.unit_length) == 0;

        if ((whole || form) && (labels[i].type[0] == '\0' || strcmp(labels[i].type, type) == 0)) {
            return _(labels[i].label);
        }
    }
    return name;
}

/* --- values ---------------------------------------------------------------------------------------- */

/* Adds a text to what is there; what is too long in all is cut, and shows it. */
static void add(struct buffer *out, const char *separator, const char *text)
{
    size_t length = strlen(text);
    size_t room = out->length < MERGE_WORDS_LIMIT ? MERGE_WORDS_LIMIT - out->length : 0;

    if (text_is_blank(text) || room == 0) {
        return;
    }
    buffer_append_text(out, out->length > 0 ? separator : "");
    if (length > room) {
        for (length = room; length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80; length--) {
        }
    }
    text_append_clean(out, text, length, false);
    buffer_append_text(out, text[length] != '\0' ? "..." : "");
}

static void add_text(struct buffer *out, const char *separator, const char *name, const char *text)
{
    char date[40], time[24], words[80];
    enum instant_precision precision = PRECISION_NONE;
    instant at = INSTANT_NONE;

    if (strlen(text) >= sizeof "2026-11-22" - 1 && instant_parse(text, &at, &precision) && precision >= PRECISION_DAY) {
        instant_format_date(date, sizeof date, at);
        instant_format_time(time, sizeof time, at);
        text_format(words, sizeof words, precision == PRECISION_TIME ? "%s %s" : "%s", date, time);
        add(out, separator, words);
        return;
    }
    add(out, separator, strstr(name, "tatus") != NULL ? status_word(text) : text);
}

/* What says nothing to a person. */
static bool is_silent(const char *name)
{
    static const char *const silent[] = {"id", "system", "userSelected", "data", "hash", "div", "resourceType", "meta", NULL};

    return merge_is_among(name, silent);
}

static void add_value(struct buffer *out, const char *separator, const char *name, const cJSON *value);

static void add_quantity(struct buffer *out, const char *separator, const cJSON *quantity, const char *digits)
{
    char text[200];
    const char *unit = json_text(quantity, "unit");
    const char *comparator = json_text(quantity, "comparator");

    unit = unit != NULL ? unit : json_text(quantity, "code");
    text_format(text, sizeof text, "%s%s%s%s", comparator != NULL ? comparator : "", digits, unit != NULL ? " " : "",
                unit != NULL ? unit : "");
    add(out, separator, text);
}

static void add_repeat(struct buffer *out, const char *separator, const cJSON *repeat)
{
    char frequency[80], period[80], text[240];
    const char *unit = json_text(repeat, "periodUnit");

    if (json_number_text(json_member(repeat, "frequency"), frequency, sizeof frequency) &&
        json_number_text(json_member(repeat, "period"), period, sizeof period)) {
        text_format(text, sizeof text, "%s x / %s %s", frequency, period, unit != NULL ? unit : "");
        add(out, separator, text);
    }
}

static void add_object(struct buffer *out, const char *separator, const cJSON *object)
{
    static const char *const counted[] = {"frequency", "period", "periodUnit", NULL};
    char label[1000], digits[80];
    const cJSON *member = NULL;
    const char *display = json_text(object, "display");

    if (json_array(object, "coding") != NULL && concept_label(object, label, sizeof label)) {
        add(out, separator, label);
        return;
    }
    if (json_number_text(json_member(object, "value"), digits, sizeof digits)) {
        add_quantity(out, separator, object, digits);
        return;
    }
    if (display != NULL) {
        add(out, separator, display); /* of a Reference or a Coding */
        return;
    }
    if (json_text(object, "start") != NULL || json_text(object, "end") != NULL || json_object(object, "low") != NULL) {
        bool range = json_object(object, "low") != NULL;
        add_value(out, separator, "", json_member(object, range ? "low" : "start"));
        add_value(out, " - ", "", json_member(object, range ? "high" : "end"));
        return;
    }
    add_repeat(out, separator, object);
    cJSON_ArrayForEach(member, object) {
        bool said = json_member(object, "frequency") != NULL && merge_is_among(member->string, counted);
        if (!said && !is_silent(member->string)) {
            add_value(out, out->length > 0 ? ", " : separator, member->string, member);
        }
    }
}

static void add_value(struct buffer *out, const char *separator, const char *name, const cJSON *value)
{
    char digits[80];
    const cJSON *item = NULL;

    if (cJSON_IsString(value)) {
        add_text(out, separator, name, json_value_text(value));
    } else if (cJSON_IsBool(value)) {
        add(out, separator, cJSON_IsTrue(value) ? _("yes") : _("no"));
    } else if (json_number_text(value, digits, sizeof digits)) {
        add(out, separator, digits);
    } else if (cJSON_IsObject(value)) {
        add_object(out, separator, value);
    } else if (cJSON_IsArray(value)) {
        cJSON_ArrayForEach(item, value) {
            add_value(out, item == value->child ? separator : "; ", name, item);
        }
    }
}

void merge_words(struct buffer *out, const char *name, const cJSON *value)
{
    add_value(out, ", ", name, value);
}

void merge_words_exactly(struct buffer *out, const cJSON *value)
{
    char *text = value != NULL ? json_print(value) : NULL;

    if (text != NULL) {
        add(out, "", text);
    } else if (value != NULL) {
        out->status = STATUS_NO_MEMORY;
    }
    memory_free(text);
}
