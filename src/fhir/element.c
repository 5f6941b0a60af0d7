/*
 * Data types in words: text, CodeableConcept, time, Reference. Names of people are in name.c.
 */
#include "fhir/element.h"

#include "base/text.h"

#include <string.h>

void label_set(char *out, size_t size, const char *text)
{
    char clean[1024];
    size_t end = 0;

    text_clean_into(clean, sizeof clean, text);
    end = strlen(clean);
    while (end > 0 && clean[end - 1] == ' ') {
        end--;
    }
    clean[end] = '\0';
    if (!text_copy(out, size, clean + strspn(clean, " "))) {
        chart_mark_cut(out, size);
    }
}

void label_append(char *out, size_t size, const char *separator, const char *text)
{
    char joined[1024], added[1024];

    label_set(added, sizeof added, text);
    if (added[0] == '\0') {
        return;
    }
    text_copy(joined, sizeof joined, out);
    if (!text_format(out, size, "%s%s%s", joined, joined[0] != '\0' ? separator : "", added)) {
        chart_mark_cut(out, size);
    }
}

/* --- codes --------------------------------------------------------------------------------------- */

/* The text or a display, not a code. */
static bool concept_words(const cJSON *concept, char *out, size_t size)
{
    const cJSON *coding = NULL;

    label_set(out, size, json_text(concept, "text"));
    cJSON_ArrayForEach(coding, json_array(concept, "coding")) {
        if (out[0] != '\0') {
            return true;
        }
        label_set(out, size, json_text(coding, "display"));
    }
    return out[0] != '\0';
}

bool concept_label(const cJSON *concept, char *out, size_t size)
{
    if (!concept_words(concept, out, size)) {
        label_set(out, size, concept_code(concept, NULL));
    }
    return out[0] != '\0';
}

const char *concept_code(const cJSON *concept, const char *system)
{
    const cJSON *coding = NULL;

    cJSON_ArrayForEach(coding, json_array(concept, "coding")) {
        const char *code = json_text(coding, "code");

        if (code != NULL && (system == NULL || text_equal(json_text(coding, "system"), system))) {
            return code;
        }
    }
    return NULL;
}

bool concept_has(const cJSON *concept, const char *system, const char *code)
{
    const cJSON *coding = NULL;

    cJSON_ArrayForEach(coding, json_array(concept, "coding")) {
        if (text_equal(json_text(coding, "code"), code) && text_equal(json_text(coding, "system"), system)) {
            return true;
        }
    }
    return false;
}

size_t concept_codes(const cJSON *concept, struct code *out, size_t limit)
{
    const cJSON *coding = NULL;
    size_t count = 0;

    cJSON_ArrayForEach(coding, json_array(concept, "coding")) {
        const char *system = json_text(coding, "system");
        const char *code = json_text(coding, "code");

        /* A code that had to be cut would be another code. */
        if (count < limit && code != NULL && text_copy(out[count].code, sizeof out[count].code, code) &&
            text_copy(out[count].system, sizeof out[count].system, system)) {
            count++;
        }
    }
    return count;
}

bool concepts_label(const cJSON *concepts, char *out, size_t size)
{
    const cJSON *concept = NULL;

    out[0] = '\0';
    cJSON_ArrayForEach(concept, concepts) {
        if (concept_words(concept, out, size)) {
            return true;
        }
    }
    return false;
}

/* --- time ---------------------------------------------------------------------------------------- */

instant element_time_precise(const cJSON *object, const char *name, enum instant_precision *precision)
{
    instant at = INSTANT_NONE;

    *precision = PRECISION_NONE;
    instant_parse(json_text(object, name), &at, precision);
    return at;
}

instant element_time(const cJSON *object, const char *name)
{
    enum instant_precision precision = PRECISION_NONE;

    return element_time_precise(object, name, &precision);
}

/* --- references ---------------------------------------------------------------------------------- */

bool reference_to(const struct scope *scope, const cJSON *reference, const char *type, char id[ID_SIZE])
{
    char resolved[REFERENCE_SIZE];
    const char *found = NULL;

    id[0] = '\0';
    if (reference_resolve(reference, scope->map, resolved)) {
        found = reference_id(resolved, type);
    }
    return found != NULL && text_copy(id, ID_SIZE, found);
}

const cJSON *reference_contained(const struct scope *scope, const cJSON *reference)
{
    const char *text = json_text(reference, "reference");
    const cJSON *contained = NULL;

    if (text == NULL || text[0] != '#') {
        return NULL;
    }
    cJSON_ArrayForEach(contained, json_array(scope->root, "contained")) {
        if (text_equal(json_text(contained, "id"), text + 1)) {
            return contained;
        }
    }
    return NULL;
}

void reference_type(const struct scope *scope, const cJSON *reference, char type[RESOURCE_TYPE_SIZE])
{
    char resolved[REFERENCE_SIZE];
    const char *named = json_text(reference_contained(scope, reference), "resourceType");

    if (named == NULL && reference_resolve(reference, scope->map, resolved)) {
        resolved[strcspn(resolved, "/")] = '\0';
        named = resolved;
    }
    if (named == NULL) {
        named = json_text(reference, "type");
    }
    text_copy(type, RESOURCE_TYPE_SIZE, named);
}

bool reference_label(const struct scope *scope, const cJSON *reference, char *out, size_t size)
{
    const cJSON *contained = NULL;

    label_set(out, size, json_text(reference, "display"));
    if (out[0] == '\0') {
        contained = reference_contained(scope, reference);
        if (contained != NULL) {
            resource_label(contained, out, size);
        }
    }
    if (out[0] == '\0') {
        char resolved[REFERENCE_SIZE];

        if (reference_resolve(reference, scope->map, resolved)) {
            text_copy(out, size, resolved);
        }
    }
    return out[0] != '\0';
}
