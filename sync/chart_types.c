/*
 * What charts consist of, how they are asked for, and how a cursor says how far
 * one has come. See charts.h. Called by charts.c, versions.c, manifest.c and pull.c.
 */
#include "sync/charts.h"

#include "base/text.h"
#include "sync/exchange.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define OBSERVATION_DAYS 90      /* the local window of readings; older ones stay on the server */

const struct pulled_type pulled_types[PULLED_TYPES] = {
    {"Patient", "_id", false}, /* first: whoever is not there has no chart */
    {"Flag", "patient", false},
    {"AllergyIntolerance", "patient", false},
    {"Condition", "patient", false},
    {"Appointment", "patient", false},
    {"MedicationRequest", "patient", false},
    {"MedicationStatement", "patient", false},
    {"MedicationAdministration", "patient", false},
    {"Consent", "patient", false},
    {"CarePlan", "patient", false},
    {"Goal", "patient", false},
    {"Task", "patient", false},
    {"DetectedIssue", "patient", false},
    {"Encounter", "patient", false},
    {"DocumentReference", "patient", false},
    {"ServiceRequest", "patient", false},
    {"Observation", "patient", true},
};

instant charts_window(const struct sync *sync)
{
    return instant_add_days(instant_day_start(clock_now(&sync->clock)), -OBSERVATION_DAYS);
}

void charts_append_ids(char (*ids)[ID_SIZE], size_t count, struct buffer *url)
{
    for (size_t i = 0; i < count; i++) {
        buffer_append_text(url, i > 0 ? "," : "");
        url_append_escaped(url, ids[i]);
    }
}

void charts_append_question(const struct pulled_type *type, char (*patients)[ID_SIZE], size_t count, instant window,
                            struct buffer *url)
{
    char from[40];
    buffer_format(url, "%s?%s=", type->type, type->parameter);
    charts_append_ids(patients, count, url);
    if (type->windowed) {
        instant_format_fhir(from, sizeof from, window); /* a moment, not a day: the server's days may begin at another one */
        buffer_append_text(url, "&date=ge");
        url_append_escaped(url, from);
    }
}

void charts_scope(char scope[SCOPE_SIZE], const char *patient)
{
    text_format(scope, SCOPE_SIZE, CURSOR_PATIENT "%s", patient);
}

bool charts_delivered(const char *value)
{
    return value[0] != '\0' && strcmp(value, CURSOR_FORMER) != 0;
}

bool charts_finished(const char *value)
{
    return charts_delivered(value) && value[0] != CURSOR_BEGUN[0];
}

bool charts_position(const char *value, struct position *out)
{
    return sscanf(value, "%*39s %d %" SCNd64 " %" SCNd64, &out->type, &out->reached, &out->began) == 3 && out->type >= 0 &&
           out->type <= PULLED_TYPES;
}
