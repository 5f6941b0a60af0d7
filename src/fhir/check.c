/*
 * resource_check(): a resource against its shape. Lenient where nothing untrue can follow (unknown members, empty
 * arrays, null); strict where a look-up would have to guess (a missing status, a date that is none, two values).
 */
#include "fhir/check.h"

#include "base/text.h"
#include "fhir/resource.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Where we are: "Observation.component[1].code". Built from our own tables, so it holds no patient data. */
struct place {
    const struct place *outer;
    const char *name;
    int index; /* -1: not in an array */
};

enum fault { FAULT_MISSING, FAULT_TYPE, FAULT_CODE, FAULT_TIME, FAULT_TWICE };

static void place_format(const struct place *place, char *out, size_t size)
{
    size_t used = 0;

    out[0] = '\0';
    if (place->outer != NULL) {
        place_format(place->outer, out, size);
        used = strlen(out);
    }
    (void)snprintf(out + used, size - used, "%s%s", used > 0 ? "." : "", place->name);
    used = strlen(out);
    if (place->index >= 0) {
        (void)snprintf(out + used, size - used, "[%d]", place->index);
    }
}

static enum status refuse(struct error *error, enum fault fault, const struct place *place)
{
    char path[160];

    place_format(place, path, sizeof path);
    switch (fault) {
    case FAULT_MISSING:
        return error_set(error, STATUS_INVALID, _("'%s' is missing: FHIR R4 demands it, its sender has to add it."),
                         path);
    case FAULT_CODE:
        return error_set(error, STATUS_INVALID, _("'%s' holds a code that FHIR R4 does not have there."), path);
    case FAULT_TIME:
        return error_set(error, STATUS_INVALID, _("'%s' is no valid date or time."), path);
    case FAULT_TWICE:
        return error_set(error, STATUS_INVALID,
                         _("'%s' is given twice in different forms: which one is meant is unclear."), path);
    case FAULT_TYPE:
        break;
    }
    return error_set(error, STATUS_INVALID, _("'%s' is not of the type that FHIR R4 gives it."), path);
}

static bool is_among(const char *code, const char *codes)
{
    size_t length = strcspn(code, " ");
    const char *at = codes;

    while (length > 0 && code[length] == '\0' && (at = strstr(at, code)) != NULL) {
        if ((at == codes || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0')) {
            return true;
        }
        at += length;
    }
    return false;
}

static bool is_time(const char *text, enum kind kind)
{
    instant at = INSTANT_NONE;
    enum instant_precision precision = PRECISION_NONE;

    return instant_parse(text, &at, &precision) &&
           (kind == KIND_DATETIME || (kind == KIND_INSTANT) == (precision == PRECISION_TIME));
}

static enum status check_object(const cJSON *object, const struct shape *shape, const struct place *place,
                                struct error *error);

static enum status check_value(const cJSON *value, const struct member *member, const struct place *place,
                               struct error *error)
{
    const char *text = json_value_text(value);
    char digits[512];

    switch (member->kind) {
    case KIND_SHAPE:
        return cJSON_IsObject(value) ? check_object(value, member->shape, place, error)
                                     : refuse(error, FAULT_TYPE, place);
    case KIND_BOOLEAN:
        return cJSON_IsBool(value) ? STATUS_OK : refuse(error, FAULT_TYPE, place);
    case KIND_NUMBER:
        return json_number_text(value, digits, sizeof digits) ? STATUS_OK : refuse(error, FAULT_TYPE, place);
    case KIND_DATE:
    case KIND_DATETIME:
    case KIND_INSTANT:
        if (text != NULL && !is_time(text, member->kind)) {
            return refuse(error, FAULT_TIME, place);
        }
        break;
    case KIND_CODE:
        if (text != NULL && member->codes != NULL && !is_among(text, member->codes)) {
            return refuse(error, FAULT_CODE, place);
        }
        break;
    case KIND_STRING:
        break;
    }
    return text != NULL ? STATUS_OK : refuse(error, FAULT_TYPE, place);
}

/* A primitive without a value may say so in an extension, under its name with "_" before it. */
static bool has_extension(const cJSON *object, const char *name)
{
    char underscored[64];

    (void)snprintf(underscored, sizeof underscored, "_%s", name);
    return json_member(object, underscored) != NULL;
}

static enum status check_member(const cJSON *object, const struct member *member, const struct place *outer,
                                struct error *error)
{
    struct place place = {.outer = outer, .name = member->name, .index = -1};
    const cJSON *value = json_member(object, member->name);
    bool many = member->amount == AMOUNT_MANY || member->amount == AMOUNT_MANY_NEEDED;
    bool needed = member->amount == AMOUNT_NEEDED || member->amount == AMOUNT_MANY_NEEDED;
    const cJSON *item = NULL;
    enum status status = STATUS_OK;

    if (value == NULL || cJSON_IsNull(value) || (many && cJSON_IsArray(value) && value->child == NULL)) {
        return needed && !has_extension(object, member->name) ? refuse(error, FAULT_MISSING, &place) : STATUS_OK;
    }
    if (!many) {
        return check_value(value, member, &place, error);
    }
    if (!cJSON_IsArray(value)) {
        return refuse(error, FAULT_TYPE, &place);
    }
    cJSON_ArrayForEach(item, value) {
        place.index++;
        if (!cJSON_IsNull(item)) {
            status = check_value(item, member, &place, error);
        }
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

/* How many members are forms of `choice`: valueQuantity and valueString are of "value". */
static int count_choice(const cJSON *object, const char *choice, const char *prefix)
{
    const cJSON *member = NULL;
    size_t length = strlen(choice);
    int count = 0;

    cJSON_ArrayForEach(member, object) {
        const char *name = member->string;

        if (strncmp(name, prefix, strlen(prefix)) == 0 && strncmp(name + strlen(prefix), choice, length) == 0 &&
            isupper((unsigned char)name[strlen(prefix) + length]) && !cJSON_IsNull(member)) {
            count++;
        }
    }
    return count;
}

static enum status check_choices(const cJSON *object, const struct shape *shape, const struct place *outer,
                                 struct error *error)
{
    struct place place = {.outer = outer, .index = -1};

    for (size_t i = 0; i < sizeof shape->choices / sizeof shape->choices[0]; i++) {
        place.name = shape->choices[i];
        if (place.name != NULL && count_choice(object, place.name, "") > 1) {
            return refuse(error, FAULT_TWICE, &place);
        }
    }
    place.name = shape->needed_choice;
    if (place.name != NULL && count_choice(object, place.name, "") + count_choice(object, place.name, "_") == 0) {
        return refuse(error, FAULT_MISSING, &place);
    }
    return STATUS_OK;
}

static enum status check_object(const cJSON *object, const struct shape *shape, const struct place *place,
                                struct error *error)
{
    enum status status = check_choices(object, shape, place, error);

    for (size_t i = 0; i < shape->count && status == STATUS_OK; i++) {
        status = check_member(object, &shape->members[i], place, error);
    }
    return status;
}

enum status resource_check(const cJSON *resource, struct error *error)
{
    struct resource_head head;
    const struct shape *shape = NULL;
    enum status status = resource_head_read(resource, &head, error);

    if (status != STATUS_OK) {
        return status;
    }
    shape = shape_of(head.type);
    if (shape == NULL) {
        return STATUS_OK;
    }
    struct place place = {.outer = NULL, .name = shape->name, .index = -1};

    return check_object(resource, shape, &place, error);
}
