/*
 * Whatever JSON comes as a resource: it is refused with a sentence, or its look-ups are bounded, clean UTF-8 and free
 * of readings whose value was not understood. What was refused is looked up too: nothing there may trust a type.
 */
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "fhir/lookup.h"
#include "fhir/visit_bundle.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

/* A text for one line of the screen. */
static void check_text(const char *text, size_t size)
{
    size_t length = strnlen(text, size);

    MUST_HOLD(length < size && text_is_utf8(text, length));
    for (size_t i = 0; i < length; i++) {
        MUST_HOLD((unsigned char)text[i] >= 0x20 && text[i] != 0x7F);
    }
}

#define CHECK_TEXT(array) check_text(array, sizeof(array))

static void check_readings(const struct lookup *lookup)
{
    MUST_HOLD(lookup->value.readings.count <= lookup->value.readings.capacity);
    for (size_t i = 0; i < lookup->value.readings.count; i++) {
        const struct reading *reading = &lookup->value.readings.items[i];
        char shown[64];

        MUST_HOLD(reading->vital < VITAL_COUNT && reading->value.scale >= 0 && reading->value.scale <= 9);
        MUST_HOLD(reading->absent[0] == '\0' || reading->value.units == 0);
        MUST_HOLD((reading->at == INSTANT_NONE) == (reading->precision == PRECISION_NONE));
        CHECK_TEXT(reading->text);
        CHECK_TEXT(reading->unit);
        CHECK_TEXT(reading->absent);
        CHECK_TEXT(reading->comparator);
        CHECK_TEXT(reading->device);
        reading_format(shown, sizeof shown, reading);
    }
}

static void check_lookup(const struct lookup *lookup)
{
    CHECK_TEXT(lookup->patient);
    CHECK_TEXT(lookup->code_status);
    MUST_HOLD(lookup->patient[0] == '\0' || fhir_id_is_valid(lookup->patient));
    MUST_HOLD(lookup->identifier_uuid[0] == '\0' || uuid_is_valid(lookup->identifier_uuid));
    switch (lookup->kind) {
    case LOOKUP_PATIENT:
        CHECK_TEXT(lookup->value.patient.name);
        CHECK_TEXT(lookup->value.patient.reading);
        CHECK_TEXT(lookup->value.patient.address);
        MUST_HOLD(lookup->value.patient.name[0] != '\0');
        break;
    case LOOKUP_READINGS_OF:
        check_readings(lookup);
        break;
    case LOOKUP_MEDICINE:
        CHECK_TEXT(lookup->value.medicine.label);
        CHECK_TEXT(lookup->value.medicine.dose);
        MUST_HOLD(lookup->value.medicine.label[0] != '\0' && lookup->value.medicine.code_count <= CODES_PER_ROW);
        break;
    case LOOKUP_ALLERGY:
        CHECK_TEXT(lookup->value.allergy.label);
        CHECK_TEXT(lookup->value.allergy.reaction);
        MUST_HOLD(lookup->value.allergy.label[0] != '\0' && lookup->value.allergy.code_count <= CODES_PER_ROW);
        break;
    case LOOKUP_CONDITION:
        CHECK_TEXT(lookup->value.condition.label);
        break;
    case LOOKUP_ALERT:
        CHECK_TEXT(lookup->value.alert.label);
        CHECK_TEXT(lookup->value.alert.detail);
        break;
    case LOOKUP_CONSENT:
        CHECK_TEXT(lookup->value.consent.label);
        CHECK_TEXT(lookup->value.consent.by);
        break;
    case LOOKUP_NOTE:
        CHECK_TEXT(lookup->value.note.title);
        MUST_HOLD(lookup->value.note.text != NULL);
        MUST_HOLD(text_is_utf8(lookup->value.note.text, strlen(lookup->value.note.text)));
        break;
    case LOOKUP_TASKS:
        MUST_HOLD(lookup->value.tasks.count <= lookup->value.tasks.capacity);
        for (size_t i = 0; i < lookup->value.tasks.count; i++) {
            CHECK_TEXT(lookup->value.tasks.items[i].label);
        }
        break;
    case LOOKUP_GOAL:
        CHECK_TEXT(lookup->value.goal.label);
        break;
    case LOOKUP_APPOINTMENT:
        CHECK_TEXT(lookup->value.appointment.reason);
        CHECK_TEXT(lookup->value.appointment.place);
        break;
    case LOOKUP_ENCOUNTER:
        CHECK_TEXT(lookup->value.encounter.reason);
        break;
    case LOOKUP_PERSON:
        CHECK_TEXT(lookup->value.person.name);
        break;
    case LOOKUP_NONE:
        break;
    }
}

/* What is read back so that a nurse can correct it goes onto her screen, and into the record again. */
static void check_said(const cJSON *tree)
{
    struct visit_draft draft;
    enum said_kind kind = SAID_COUNT;
    bool found = false;

    visit_draft_init(&draft);
    MUST_HOLD(said_retype(tree, &kind, &draft, &found, NULL) == STATUS_OK);
    for (size_t i = 0; i < draft.count; i++) {
        MUST_HOLD(found && kind < SAID_COUNT && visit_field_is_known(draft.fields[i].name));
        check_text(draft.fields[i].value, LABEL_SIZE);
    }
    visit_draft_free(&draft);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static struct lookup lookup;
    struct error error = {0};
    cJSON *tree = NULL;

    memory_install();
    if (json_parse((const char *)bytes, length, &tree, &error) != STATUS_OK) {
        return 0;
    }
    if (resource_check(tree, &error) != STATUS_OK) {
        MUST_HOLD(error.sentence[0] != '\0' && text_is_utf8(error.sentence, strlen(error.sentence)));
    }
    if (lookup_read(tree, NULL, &lookup, &error) == STATUS_OK) {
        check_lookup(&lookup);
    }
    lookup_free(&lookup);
    check_said(tree);
    MUST_HOLD(!patients_may_be_same(tree, NULL));
    cJSON_Delete(tree);
    return 0;
}
