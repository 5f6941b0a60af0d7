/*
 * doorstep news2: a score from what is given; no total when anything is missing.
 */
#include "commands/command_line.h"
#include "commands/report.h"

#include "base/text.h"
#include "care/entry.h"
#include "care/news2.h"

#include <string.h>

struct news2_key {
    const char *key;
    enum entry_field field;
    enum news2_part part;
};
static const struct news2_key keys[] = {
    {"rr", ENTRY_RESPIRATION, NEWS2_RESPIRATION},
    {"spo2", ENTRY_SPO2, NEWS2_SPO2},
    {"oxygen", ENTRY_OXYGEN, NEWS2_OXYGEN},
    {"pulse", ENTRY_PULSE, NEWS2_PULSE},
    {"acvpu", ENTRY_CONSCIOUSNESS, NEWS2_CONSCIOUSNESS},
    {"temp", ENTRY_TEMPERATURE, NEWS2_TEMPERATURE},
};

static enum status read_number(const char *name, const char *value, int64_t least, int64_t most, int64_t *out,
                               struct error *error)
{
    char clean[32];
    struct decimal number;
    text_normalise_value(clean, sizeof clean, value);
    if (!decimal_parse(clean, &number) || decimal_compare(number, decimal_round(number, 0)) != 0) {
        return error_set(error, STATUS_INVALID, _("%s=%s is no whole number"), name, value);
    }
    *out = decimal_scaled(number, 0);
    if (*out < least || *out > most) {
        return error_set(error, STATUS_INVALID, _("%s=%s is not possible: give %lld to %lld"), name, value,
                         (long long)least, (long long)most);
    }
    return STATUS_OK;
}

/* "oxygen=oxygen", "oxygen=yes": some oxygen, of unknown flow. */
static bool says_oxygen(const char *value)
{
    return strcmp(value, "oxygen") == 0 || strcmp(value, "yes") == 0 || strcmp(value, "o2") == 0 || strcmp(value, "O2") == 0;
}

static enum status judge(const char *name, enum entry_field field, const char *value, struct reading *out, struct error *error)
{
    struct entry_context context = {.adult = true};
    if (field == ENTRY_OXYGEN && says_oxygen(value)) {
        value = "1";
    }
    struct entry_result result = entry_judge(field, value, &context);
    char clean[32];
    text_normalise_value(clean, sizeof clean, value);
    /* Unusual is scored as given; read differently than typed is not. */
    bool same = result.accepted[0] == '\0' || strcmp(result.accepted, clean) == 0;
    if (result.verdict == ENTRY_IMPOSSIBLE || (result.verdict == ENTRY_ASK && !same)) {
        return error_set(error, STATUS_INVALID, "%s=%s: %s", name, value, result.question);
    }
    if (result.count != 1 || result.readings[0].absent[0] != '\0' || result.readings[0].comparator[0] != '\0') {
        return error_set(error, STATUS_INVALID, _("%s=%s is no value that can be scored"), name, value);
    }
    *out = result.readings[0];
    return STATUS_OK;
}

static enum status read_pair(const char *argument, struct news2_input *input, struct error *error)
{
    char name[16];
    const char *equals = strchr(argument, '=');
    size_t length = equals == NULL ? 0 : (size_t)(equals - argument);
    if (length == 0 || length >= sizeof name) {
        return error_set(error, STATUS_USAGE, _("'%s' should be KEY=VALUE with a key of: rr spo2 scale oxygen sbp pulse acvpu temp"),
                         argument);
    }
    memcpy(name, argument, length);
    name[length] = '\0';
    int64_t number = 0;
    struct reading reading;
    if (strcmp(name, "scale") == 0) {
        enum status status = read_number(name, equals + 1, 1, 2, &number, error);
        input->scale = (int)number;
        return status;
    }
    if (strcmp(name, "sbp") == 0) {
        enum status status = read_number(name, equals + 1, 30, 300, &number, error);
        input->present[NEWS2_SYSTOLIC] = true;
        input->systolic = (int)number;
        return status;
    }
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (strcmp(name, keys[i].key) != 0) {
            continue;
        }
        enum status status = judge(name, keys[i].field, equals + 1, &reading, error);
        if (status != STATUS_OK) {
            return status;
        }
        struct news2_input one = {0};
        news2_from_readings(&one, &reading, 1, 1);
        if (!one.present[keys[i].part]) {
            return error_set(error, STATUS_INVALID, _("%s=%s is no value that can be scored"), name, equals + 1);
        }
        input->present[keys[i].part] = true;
        input->respiration = keys[i].part == NEWS2_RESPIRATION ? one.respiration : input->respiration;
        input->spo2 = keys[i].part == NEWS2_SPO2 ? one.spo2 : input->spo2;
        input->oxygen = keys[i].part == NEWS2_OXYGEN ? one.oxygen : input->oxygen;
        input->pulse = keys[i].part == NEWS2_PULSE ? one.pulse : input->pulse;
        input->consciousness = keys[i].part == NEWS2_CONSCIOUSNESS ? one.consciousness : input->consciousness;
        input->temperature = keys[i].part == NEWS2_TEMPERATURE ? one.temperature : input->temperature;
        return STATUS_OK;
    }
    return error_set(error, STATUS_USAGE, _("'%s' should be KEY=VALUE with a key of: rr spo2 scale oxygen sbp pulse acvpu temp"),
                     argument);
}

cJSON *command_news2_json(const struct news2_score *score)
{
    cJSON *document = cJSON_CreateObject();
    if (score->total < 0) {
        json_add_null(document, "total");
    } else {
        json_add_integer(document, "total", score->total);
    }
    json_add_text(document, "band", news2_band_key(score->band));
    cJSON *parts = json_add_object(document, "parts");
    cJSON *missing = json_add_array(document, "missing");
    for (int i = 0; i < NEWS2_PART_COUNT; i++) {
        const char *key = news2_part_key((enum news2_part)i);
        if (score->part[i] < 0) {
            json_add_null(parts, key);
            json_append_text(missing, key);
        } else {
            json_add_integer(parts, key, score->part[i]);
        }
    }
    return document;
}

enum status verb_news2(struct command_line *line, struct error *error)
{
    struct news2_input input = {.scale = 1};
    enum status status = command_arguments(line, 1, 16, error);
    for (int i = 0; i < line->argument_count && status == STATUS_OK; i++) {
        status = read_pair(line->arguments[i], &input, error);
    }
    if (status != STATUS_OK) {
        return status;
    }
    struct news2_score score = news2_compute(&input);
    if (line->json) {
        return command_print_json(line, command_news2_json(&score), error);
    }
    for (int i = 0; i < NEWS2_PART_COUNT; i++) {
        if (score.part[i] < 0) {
            fprintf(line->out, "%s: %s\n", news2_part_label((enum news2_part)i), _("missing"));
        } else {
            fprintf(line->out, "%s: %d\n", news2_part_label((enum news2_part)i), score.part[i]);
        }
    }
    if (score.total < 0) {
        fprintf(line->out, "%s\n", _("NEWS2: no total, because a part is missing"));
    } else {
        fprintf(line->out, "NEWS2: %d, %s\n%s\n", score.total, news2_band_word(score.band), news2_advice(score.band, false));
    }
    return STATUS_OK;
}
