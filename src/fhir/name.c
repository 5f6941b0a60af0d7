/*
 * Names of people and things. A name is shown as its owner writes it: the text of the name when there is one, else
 * the parts in the order of their script (Hangul and Han family first, others given first).
 */
#include "fhir/element.h"

#include "base/text.h"

#include <string.h>

static bool is_hangul(uint32_t character)
{
    return (character >= 0xAC00 && character <= 0xD7A3) || (character >= 0x1100 && character <= 0x11FF) ||
           (character >= 0x3130 && character <= 0x318F);
}

static bool is_han_or_kana(uint32_t character)
{
    return (character >= 0x3040 && character <= 0x30FF) || (character >= 0x3400 && character <= 0x9FFF) ||
           (character >= 0xFF66 && character <= 0xFF9F) || (character >= 0x20000 && character <= 0x323AF);
}

static uint32_t first_character(const char *text)
{
    uint32_t character = 0;

    text_decode(text, strlen(text), &character);
    return character;
}

/* The parts of a name joined, without regard of its text. */
static void join_parts(const cJSON *name, char *out, size_t size)
{
    char family[LABEL_SIZE], given[LABEL_SIZE] = "";
    const cJSON *part = NULL;

    label_set(family, sizeof family, json_text(name, "family"));
    cJSON_ArrayForEach(part, json_array(name, "given")) {
        label_append(given, sizeof given, " ", json_value_text(part));
    }
    uint32_t first = first_character(family[0] != '\0' ? family : given);
    bool family_first = is_hangul(first) || is_han_or_kana(first);

    out[0] = '\0';
    label_append(out, size, "", family_first ? family : given);
    label_append(out, size, is_hangul(first) ? "" : " ", family_first ? given : family);
}

void name_label(const cJSON *name, char *out, size_t size)
{
    label_set(out, size, json_text(name, "text"));
    if (out[0] == '\0') {
        join_parts(name, out, size);
    }
}

#define REPRESENTATION "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"

/* "IDE" (kanji), "SYL" (kana), "ABC" (Latin) as JP Core marks names; "" when it does not say. */
static const char *representation(const cJSON *name)
{
    const cJSON *extension = NULL;

    cJSON_ArrayForEach(extension, json_array(name, "extension")) {
        const char *code = json_text(extension, "valueCode");

        if (code != NULL && text_equal(json_text(extension, "url"), REPRESENTATION)) {
            return code;
        }
    }
    return "";
}

/* The smaller the better; -1 for a name that is not to be shown. */
static int name_rank(const cJSON *name)
{
    static const char *const uses[] = {"official", "usual", "", "temp", "nickname", "anonymous", "maiden"};
    const char *use = json_text(name, "use");
    char label[LABEL_SIZE];
    int rank = -1;

    name_label(name, label, sizeof label);
    if (label[0] == '\0' || text_equal(use, "old")) {
        return -1;
    }
    for (int i = 0; i < (int)(sizeof uses / sizeof uses[0]) && rank < 0; i++) {
        if (text_equal(uses[i], use != NULL ? use : "")) {
            rank = i;
        }
    }
    /* A reading is for beside the name; a name that has ended is a last resort. */
    rank = rank < 0 ? 8 : rank;
    rank += text_equal(representation(name), "SYL") || text_equal(representation(name), "ABC") ? 10 : 0;
    return rank + (json_text(json_object(name, "period"), "end") != NULL ? 20 : 0);
}

const cJSON *name_choose(const cJSON *names)
{
    const cJSON *name = NULL;
    const cJSON *best = NULL;
    int best_rank = 0;

    cJSON_ArrayForEach(name, names) {
        int rank = name_rank(name);

        if (rank >= 0 && (best == NULL || rank < best_rank)) {
            best = name;
            best_rank = rank;
        }
    }
    return best;
}

static bool is_kana_only(const char *text)
{
    size_t length = strlen(text);
    uint32_t character = 0;

    for (size_t at = 0; at < length;) {
        at += text_decode(text + at, length - at, &character);
        if (character != ' ' && character != 0x3000 && !(character >= 0x3040 && character <= 0x30FF) &&
            !(character >= 0xFF66 && character <= 0xFF9F)) {
            return false;
        }
    }
    return length > 0;
}

void name_reading(const cJSON *names, const cJSON *chosen, char *out, size_t size)
{
    const cJSON *name = NULL;
    char label[LABEL_SIZE], shown[LABEL_SIZE];

    out[0] = '\0';
    cJSON_ArrayForEach(name, names) {
        name_label(name, label, sizeof label);
        bool syllabic = text_equal(representation(name), "SYL") ||
                        (representation(name)[0] == '\0' && is_kana_only(label));
        bool latin = text_equal(representation(name), "ABC") && out[0] == '\0';

        if (name != chosen && (syllabic || latin)) {
            text_copy(out, size, label);
        }
        if (name != chosen && syllabic) {
            return;
        }
    }
    /* A name in Han or Hangul whose parts are in Latin letters: these are how it is read. */
    if (out[0] == '\0' && chosen != NULL) {
        name_label(chosen, shown, sizeof shown);
        join_parts(chosen, label, sizeof label);
        uint32_t first = first_character(shown);

        if ((is_hangul(first) || is_han_or_kana(first)) && label[0] != '\0' && first_character(label) < 0x250) {
            text_copy(out, size, label);
        }
    }
}

/* What it is called, else what it is made of. */
static void medication_label(const cJSON *medication, char *out, size_t size)
{
    const cJSON *ingredient = NULL;
    char text[LABEL_SIZE];

    if (concept_label(json_object(medication, "code"), out, size)) {
        return;
    }
    cJSON_ArrayForEach(ingredient, json_array(medication, "ingredient")) {
        concept_label(json_object(ingredient, "itemCodeableConcept"), text, sizeof text);
        label_append(out, size, ", ", text);
    }
}

void resource_label(const cJSON *resource, char *out, size_t size)
{
    const cJSON *name = json_member(resource, "name");
    const cJSON *device_name = cJSON_GetArrayItem(json_array(resource, "deviceName"), 0);

    out[0] = '\0';
    if (cJSON_IsArray(name)) {
        name = name_choose(name);
        if (name != NULL) {
            name_label(name, out, size);
        }
    } else {
        label_set(out, size, json_value_text(name));
    }
    if (out[0] == '\0') {
        label_set(out, size, json_text(device_name, "name"));
    }
    if (out[0] == '\0' && text_equal(json_text(resource, "resourceType"), "Device")) {
        label_set(out, size, json_text(resource, "distinctIdentifier"));
        if (out[0] == '\0') {
            concept_label(json_object(resource, "type"), out, size);
        }
    }
    if (out[0] == '\0' && text_equal(json_text(resource, "resourceType"), "Medication")) {
        medication_label(resource, out, size);
    }
}
