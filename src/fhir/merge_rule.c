/*
 * What the merge knows of nursing and of FHIR: what is never decided without a
 * person, what belongs together, and when a withdrawal of consent wins.
 */
#include "fhir/merge_part.h"

#include "base/instant.h"
#include "base/text.h"

#include <string.h>

/* --- names ----------------------------------------------------------------------------------------- */

bool merge_is_among(const char *name, const char *const *names)
{
    while (*names != NULL && strcmp(*names, name) != 0) {
        names++;
    }
    return *names != NULL;
}

/* Begins with `stem`, and a capital letter or nothing follows. */
static bool has_stem(const char *name, const char *stem)
{
    size_t length = strlen(stem);

    return strncmp(name, stem, length) == 0 && (name[length] == '\0' || (name[length] >= 'A' && name[length] <= 'Z'));
}

/* Elements of a dose: Dosage and its parts, and what is given, ordered or handed out. */
bool merge_is_dose(const char *name)
{
    static const char *const stems[] = {"dosage",   "dose",     "maxDose",     "rate",       "quantity", "dailyAmount", "strength",
                                        "asNeeded", "medication", "doNotPerform", "substitution", "product", "scheduled", NULL};

    name += name[0] == '_';
    for (size_t i = 0; stems[i] != NULL; i++) {
        if (has_stem(name, stems[i])) {
            return true;
        }
    }
    return false;
}

bool merge_holds_dose(const cJSON *value)
{
    const cJSON *below = NULL;

    cJSON_ArrayForEach(below, value) {
        if ((below->string != NULL && merge_is_dose(below->string)) || merge_holds_dose(below)) {
            return true;
        }
    }
    return false;
}

/* What a Task asks for. "Completed" answers what was asked when she read it, not what is asked now. */
static const char *const asked[] = {"code", "description", "focus", "reasonCode", "reasonReference", "input", NULL};

static bool differ_in(const struct sides *root, const char *const *names)
{
    bool differ = false;

    for (; *names != NULL; names++) {
        differ = differ || !merge_equal(json_member(root->mine, *names), json_member(root->theirs, *names));
    }
    return differ;
}

static bool asks_otherwise(const struct sides *root)
{
    return differ_in(root, asked);
}

/* Otherwise her answer is there: what the office made of the task since was made with that before its eyes. */
static bool answers_otherwise(const struct sides *root)
{
    static const char *const answer[] = {"status", "statusReason", NULL};

    return differ_in(root, answer);
}

/* What is never taken from one side by itself once both have changed something. */
bool merge_is_guarded(const struct merging *merging, const struct merge_place *place)
{
    static const char *const whose[] = {"subject", "patient", "for", "beneficiary", NULL};
    static const char *const free_of_care[] = {"identifier", "recorder", "recordedDate", "language", NULL};

    if (merge_is_dose(place->name) || (place->outer == NULL && merge_is_among(place->name, whose))) {
        return true;
    }
    while (place->outer != NULL) {
        place = place->outer;
    }
    if (strcmp(merging->type, "Task") == 0 && answers_otherwise(&merging->root)) {
        return merge_is_among(place->name, asked) || (strcmp(place->name, "status") == 0 && asks_otherwise(&merging->root));
    }
    return strcmp(merging->type, "AllergyIntolerance") == 0 && !merge_is_among(place->name, free_of_care);
}

/* Data types are taken from one side: half a quantity of each would be a third one. */
bool merge_is_data_type(const cJSON *object)
{
    static const char *const types[][12] = {
        {"system", "version", "code", "display", "userSelected"},
        {"coding", "text"},
        {"value", "comparator", "unit", "system", "code"},
        {"value", "currency"},
        {"use", "type", "system", "value", "period", "assigner"},
        {"reference", "type", "identifier", "display"},
        {"start", "end"},
        {"low", "high"},
        {"numerator", "denominator"},
        {"use", "text", "family", "given", "prefix", "suffix", "period"},
        {"use", "type", "text", "line", "city", "district", "state", "postalCode", "country", "period"},
        {"system", "value", "use", "rank", "period"},
        {"contentType", "language", "data", "url", "size", "hash", "title", "creation"},
        {"authorReference", "authorString", "time", "text"},
        {"event", "repeat", "code"},
        {"origin", "period", "factor", "lowerLimit", "upperLimit", "dimensions", "data"},
    };
    const cJSON *member = NULL;

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        bool all = true;

        cJSON_ArrayForEach(member, object) {
            const char *name = member->string + (member->string[0] == '_');
            all = all && (strcmp(name, "id") == 0 || strcmp(name, "extension") == 0 || merge_is_among(name, types[i]));
        }
        if (all) {
            return true;
        }
    }
    return false;
}

/* --- what belongs together ------------------------------------------------------------------------- */

/* Of "effectiveDateTime" the "effective", of "_status" and "statusReason" the "status". */
void merge_find_unit(const struct merging *merging, bool root, struct merge_name *name)
{
    static const char *const forms[] = {
        "CodeableConcept", "SampledData", "Attachment", "Identifier", "Reference", "DateTime", "Duration", "Quantity", "Boolean",
        "Integer", "Decimal", "Instant", "Address", "Period", "Timing", "String", "Range", "Ratio", "Money", "Date", "Time",
        "Age", NULL};
    static const char *const decision[] = {"status", "dateTime", "provision", "verification", NULL};
    const char *text = name->text + (name->text[0] == '_');

    name->unit = text;
    name->unit_length = strlen(text);
    if (root && strcmp(merging->type, "Consent") == 0 && merge_is_among(text, decision)) {
        name->unit = "provision";
    } else if (strcmp(text, "statusReason") == 0 || strcmp(text, "cancelationReason") == 0) {
        name->unit = "status"; /* a reason belongs to the status it was given for */
    } else if (strcmp(text, "end") == 0 || strcmp(text, "minutesDuration") == 0) {
        name->unit = "start";
    } else if (strncmp(text, "value", 5) == 0) {
        name->unit_length = 5; /* an Extension's has more forms than the others */
        return;
    } else {
        for (size_t i = 0; forms[i] != NULL; i++) {
            size_t form = strlen(forms[i]);

            if (name->unit_length > form && strcmp(text + name->unit_length - form, forms[i]) == 0) {
                name->unit_length -= form;
                return;
            }
        }
        return;
    }
    name->unit_length = strlen(name->unit);
}

bool merge_same_unit(const struct merge_name *a, const struct merge_name *b)
{
    return a->unit_length == b->unit_length && memcmp(a->unit, b->unit, a->unit_length) == 0;
}

/* --- consent --------------------------------------------------------------------------------------- */

static bool is_withdrawn(const cJSON *consent)
{
    static const char *const states[] = {"inactive", "rejected", "entered-in-error", NULL};
    const char *status = json_text(consent, "status");

    return (status != NULL && merge_is_among(status, states)) ||
           text_equal(json_text(json_object(consent, "provision"), "type"), "deny");
}

/* A withdrawal is no new decision beside the former: it ends that one. */
bool merge_holds_withdrawal(const struct merging *merging)
{
    return strcmp(merging->type, "Consent") == 0 && (is_withdrawn(merging->root.mine) || is_withdrawn(merging->root.theirs));
}

/* When a side last decided: the time that it put on its decision; when it put none, that of the server's version if that is new. */
static instant decided(const cJSON *consent, const cJSON *base)
{
    instant at = INSTANT_NONE;
    instant stored = INSTANT_NONE;
    const char *dated = json_text(consent, "dateTime");
    const char *updated = json_text(json_object(consent, "meta"), "lastUpdated");

    (void)instant_parse(dated, &at, NULL);
    if (at != INSTANT_NONE && !text_equal(dated, json_text(base, "dateTime"))) {
        return at;
    }
    if (!text_equal(updated, json_text(json_object(base, "meta"), "lastUpdated")) && instant_parse(updated, &stored, NULL)) {
        at = at == INSTANT_NONE || stored > at ? stored : at;
    }
    return at;
}

/* The side whose decision stands without asking: the one that withdraws, when it is the newer one. NULL: none. */
const cJSON *merge_newer_withdrawal(const struct sides *root)
{
    instant mine = decided(root->mine, root->base);
    instant theirs = decided(root->theirs, root->base);
    bool ours = is_withdrawn(root->mine);

    if (ours == is_withdrawn(root->theirs) || mine == INSTANT_NONE || theirs == INSTANT_NONE) {
        return NULL;
    }
    if (ours) {
        return mine > theirs ? root->mine : NULL;
    }
    return theirs > mine ? root->theirs : NULL;
}
