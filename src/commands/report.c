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

const char *report_gender(enum gender gender)
{
    static const char *const codes[] = {
        [GENDER_UNKNOWN] = "unknown", [GENDER_FEMALE] = "female", [GENDER_MALE] = "male", [GENDER_OTHER] = "other"};
    return codes[gender];
}
