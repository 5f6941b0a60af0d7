/*
 * Patient, and those who have only a name here: Practitioner, RelatedPerson, Organization, Device, Location,
 * Medication. Also whether two Patient resources may be one person.
 */
#include "fhir/lookup_part.h"

#include "base/text.h"

#include <string.h>

static enum gender gender_of(const char *code)
{
    if (text_equal(code, "female")) {
        return GENDER_FEMALE;
    }
    if (text_equal(code, "male")) {
        return GENDER_MALE;
    }
    return text_equal(code, "other") ? GENDER_OTHER : GENDER_UNKNOWN;
}

static void read_phone(const cJSON *patient, char *out, size_t size)
{
    const cJSON *telecom = NULL;
    const cJSON *chosen = NULL;

    cJSON_ArrayForEach(telecom, json_array(patient, "telecom")) {
        const char *use = json_text(telecom, "use");
        bool phone = text_equal(json_text(telecom, "system"), "phone") && !text_equal(use, "old");
        bool first_mobile = text_equal(use, "mobile") && !text_equal(json_text(chosen, "use"), "mobile");

        /* A nurse at the door calls the mobile first. */
        if (phone && (chosen == NULL || first_mobile)) {
            chosen = telecom;
        }
    }
    label_set(out, size, json_text(chosen, "value"));
}

/* Japanese and Korean addresses run from the country down, others from the street up. */
static void format_address(const cJSON *address, char *out, size_t size)
{
    static const char *const up[] = {"district", "city", "state", "postalCode", "country"};
    const cJSON *line = NULL;
    char lines[DETAIL_SIZE] = "";
    bool down = text_equal(json_text(address, "country"), "JP") || text_equal(json_text(address, "country"), "KR");

    label_set(out, size, json_text(address, "text"));
    if (out[0] != '\0') {
        return;
    }
    cJSON_ArrayForEach(line, json_array(address, "line")) {
        label_append(lines, sizeof lines, down ? " " : ", ", json_value_text(line));
    }
    if (down) {
        label_append(out, size, " ", json_text(address, "postalCode"));
        label_append(out, size, " ", json_text(address, "state"));
        label_append(out, size, " ", json_text(address, "city"));
        label_append(out, size, " ", json_text(address, "district"));
    }
    label_append(out, size, " ", lines);
    for (size_t i = 0; !down && i < sizeof up / sizeof up[0]; i++) {
        label_append(out, size, i == 3 ? " " : ", ", json_text(address, up[i]));
    }
}

static void read_address(const cJSON *patient, char *out, size_t size)
{
    const cJSON *address = NULL;
    const cJSON *chosen = NULL;

    cJSON_ArrayForEach(address, json_array(patient, "address")) {
        const char *use = json_text(address, "use");

        if (!text_equal(use, "old") && !text_equal(use, "billing") &&
            (chosen == NULL || (text_equal(use, "home") && !text_equal(json_text(chosen, "use"), "home")))) {
            chosen = address;
        }
    }
    format_address(chosen, out, size);
}

static void read_language(const cJSON *patient, char *out, size_t size)
{
    const cJSON *communication = NULL;
    bool preferred = false;

    cJSON_ArrayForEach(communication, json_array(patient, "communication")) {
        const char *code = concept_code(json_object(communication, "language"), NULL);

        json_boolean(communication, "preferred", &preferred);
        if (preferred || out[0] == '\0') {
            label_set(out, size, code);
        }
        if (preferred) {
            return;
        }
    }
}

void lookup_patient(const struct scope *scope, struct lookup *out)
{
    struct patient *patient = &out->value.patient;
    const cJSON *names = json_array(scope->root, "name");
    const cJSON *name = name_choose(names);
    bool active = false;
    bool deceased = false;

    text_copy(patient->id, sizeof patient->id, out->head.id);
    if (name != NULL) {
        name_label(name, patient->name, sizeof patient->name);
    } else {
        text_format(patient->name, sizeof patient->name, out->head.id[0] != '\0' ? _("No name (%s)") : _("No name"),
                    out->head.id);
    }
    name_reading(names, name, patient->reading, sizeof patient->reading);
    label_set(patient->birth_date, sizeof patient->birth_date, json_text(scope->root, "birthDate"));
    patient->gender = gender_of(json_text(scope->root, "gender"));
    read_phone(scope->root, patient->phone, sizeof patient->phone);
    read_address(scope->root, patient->address, sizeof patient->address);
    read_language(scope->root, patient->language, sizeof patient->language);
    json_boolean(scope->root, "deceasedBoolean", &deceased);
    patient->deceased = deceased || json_text(scope->root, "deceasedDateTime") != NULL;
    patient->inactive = json_boolean(scope->root, "active", &active) && !active;
}

void lookup_person(const struct scope *scope, struct lookup *out)
{
    resource_label(scope->root, out->value.person.name, sizeof out->value.person.name);
}

/* --- one person or two ----------------------------------------------------------------------------- */

static bool share_identifier(const cJSON *a, const cJSON *b)
{
    const cJSON *mine = NULL;
    const cJSON *theirs = NULL;

    cJSON_ArrayForEach(mine, json_array(a, "identifier")) {
        const char *system = json_text(mine, "system");
        const char *value = json_text(mine, "value");

        cJSON_ArrayForEach(theirs, json_array(b, "identifier")) {
            /* A number without its system may be anybody's. */
            if (!text_is_blank(system) && !text_is_blank(value) && text_equal(json_text(theirs, "system"), system) &&
                text_equal(json_text(theirs, "value"), value)) {
                return true;
            }
        }
    }
    return false;
}

static bool share_name(const cJSON *a, const cJSON *b)
{
    const cJSON *mine = NULL;
    const cJSON *theirs = NULL;
    char label[LABEL_SIZE], one[LABEL_SIZE * 2], other[LABEL_SIZE * 2];

    cJSON_ArrayForEach(mine, json_array(a, "name")) {
        name_label(mine, label, sizeof label);
        text_fold(one, sizeof one, label);
        cJSON_ArrayForEach(theirs, json_array(b, "name")) {
            name_label(theirs, label, sizeof label);
            text_fold(other, sizeof other, label);
            if (one[0] != '\0' && strcmp(one, other) == 0) {
                return true;
            }
        }
    }
    return false;
}

bool patients_may_be_same(const cJSON *a, const cJSON *b)
{
    const char *birth_date = json_text(a, "birthDate");

    return share_identifier(a, b) || (!text_is_blank(birth_date) && text_equal(birth_date, json_text(b, "birthDate")) &&
                                      share_name(a, b));
}
