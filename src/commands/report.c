/*
 * Pieces of output that several verbs print. See report.h.
 */
#include "commands/report.h"

void report_instant(cJSON *object, const char *name, instant at)
{
    char text[40];
    if (at == INSTANT_NONE) {
        json_add_null(object, name);
        return;
    }
    instant_format_fhir(text, sizeof text, at);
    json_add_text(object, name, text);
}

const char *report_status(enum status status)
{
    static const char *const keys[] = {
        [STATUS_OK] = "ok",
        [STATUS_FAILED] = "failed",
        [STATUS_USAGE] = "usage",
        [STATUS_LOCKED] = "locked",
        [STATUS_UNREACHABLE] = "unreachable",
        [STATUS_ATTENTION] = "attention",
        [STATUS_NOT_FOUND] = "not-found",
        [STATUS_INVALID] = "invalid",
        [STATUS_CONFLICT] = "conflict",
        [STATUS_FULL] = "full",
        [STATUS_READ_ONLY] = "read-only",
        [STATUS_DAMAGED] = "damaged",
        [STATUS_NO_MEMORY] = "no-memory",
        [STATUS_BUSY] = "busy",
        [STATUS_CANCELLED] = "cancelled",
    };
    return (size_t)status < sizeof keys / sizeof keys[0] ? keys[status] : "failed"; /* of a record made by a later program */
}

const char *report_gender(enum gender gender)
{
    static const char *const codes[] = {
        [GENDER_UNKNOWN] = "unknown", [GENDER_FEMALE] = "female", [GENDER_MALE] = "male", [GENDER_OTHER] = "other"};
    return codes[gender];
}
