/*
 * The members doorstep reads, from the definitions of FHIR R4 (4.0.1). What is not listed is kept and not looked at.
 * Codes are listed only where a look-up decides by them and R4's binding is required.
 */
#include "fhir/check.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])
#define OBSERVATION_STATUS "registered preliminary final amended corrected cancelled entered-in-error unknown"
#define REQUEST_INTENT "proposal plan order original-order reflex-order filler-order instance-order option"

/* --- data types ---------------------------------------------------------------------------------- */

static const struct member coding_members[] = {
    {.name = "system", .kind = KIND_STRING},
    {.name = "code", .kind = KIND_STRING},
    {.name = "display", .kind = KIND_STRING},
};
static const struct shape coding = {.name = "Coding", .members = coding_members, .count = COUNT_OF(coding_members)};

static const struct member concept_members[] = {
    {.name = "coding", .kind = KIND_SHAPE, .amount = AMOUNT_MANY, .shape = &coding},
    {.name = "text", .kind = KIND_STRING},
};
static const struct shape concept = {.name = "CodeableConcept", .members = concept_members,
                                     .count = COUNT_OF(concept_members)};

static const struct member identifier_members[] = {
    {.name = "system", .kind = KIND_STRING},
    {.name = "value", .kind = KIND_STRING},
};
static const struct shape identifier = {.name = "Identifier", .members = identifier_members,
                                        .count = COUNT_OF(identifier_members)};

static const struct member reference_members[] = {
    {.name = "reference", .kind = KIND_STRING},
    {.name = "type", .kind = KIND_STRING},
    {.name = "display", .kind = KIND_STRING},
};
static const struct shape reference = {.name = "Reference", .members = reference_members,
                                       .count = COUNT_OF(reference_members)};

static const struct member period_members[] = {
    {.name = "start", .kind = KIND_DATETIME},
    {.name = "end", .kind = KIND_DATETIME},
};
static const struct shape period = {.name = "Period", .members = period_members, .count = COUNT_OF(period_members)};

static const struct member quantity_members[] = {
    {.name = "value", .kind = KIND_NUMBER},
    {.name = "comparator", .kind = KIND_CODE, .codes = "< <= >= >"},
    {.name = "unit", .kind = KIND_STRING},
    {.name = "system", .kind = KIND_STRING},
    {.name = "code", .kind = KIND_STRING},
};
static const struct shape quantity = {.name = "Quantity", .members = quantity_members,
                                      .count = COUNT_OF(quantity_members)};

static const struct member range_members[] = {
    {.name = "low", .kind = KIND_SHAPE, .shape = &quantity},
    {.name = "high", .kind = KIND_SHAPE, .shape = &quantity},
};
static const struct shape range = {.name = "Range", .members = range_members, .count = COUNT_OF(range_members)};

static const struct member repeat_members[] = {
    {.name = "boundsPeriod", .kind = KIND_SHAPE, .shape = &period},
    {.name = "frequency", .kind = KIND_NUMBER},
    {.name = "period", .kind = KIND_NUMBER},
    {.name = "periodUnit", .kind = KIND_CODE},
    {.name = "when", .kind = KIND_CODE, .amount = AMOUNT_MANY},
};
static const struct shape repeat = {.name = "Timing.repeat", .members = repeat_members,
                                    .count = COUNT_OF(repeat_members)};
static const struct member timing_members[] = {
    {.name = "event", .kind = KIND_DATETIME, .amount = AMOUNT_MANY},
    {.name = "repeat", .kind = KIND_SHAPE, .shape = &repeat},
    {.name = "code", .kind = KIND_SHAPE, .shape = &concept},
};
static const struct shape timing = {.name = "Timing", .members = timing_members, .count = COUNT_OF(timing_members)};

static const struct member dose_members[] = {
    {.name = "doseQuantity", .kind = KIND_SHAPE, .shape = &quantity},
    {.name = "doseRange", .kind = KIND_SHAPE, .shape = &range},
};
static const struct shape dose = {.name = "Dosage.doseAndRate", .members = dose_members,
                                  .count = COUNT_OF(dose_members), .choices = {"dose"}};
static const struct member dosage_members[] = {
    {.name = "text", .kind = KIND_STRING},
    {.name = "timing", .kind = KIND_SHAPE, .shape = &timing},
    {.name = "asNeededBoolean", .kind = KIND_BOOLEAN},
    {.name = "asNeededCodeableConcept", .kind = KIND_SHAPE, .shape = &concept},
    {.name = "route", .kind = KIND_SHAPE, .shape = &concept},
    {.name = "doseAndRate", .kind = KIND_SHAPE, .amount = AMOUNT_MANY, .shape = &dose},
};
static const struct shape dosage = {.name = "Dosage", .members = dosage_members, .count = COUNT_OF(dosage_members),
                                    .choices = {"asNeeded"}};

static const struct member name_members[] = {
    {.name = "use", .kind = KIND_CODE},
    {.name = "text", .kind = KIND_STRING},
    {.name = "family", .kind = KIND_STRING},
    {.name = "given", .kind = KIND_STRING, .amount = AMOUNT_MANY},
    {.name = "period", .kind = KIND_SHAPE, .shape = &period},
};
static const struct shape name = {.name = "HumanName", .members = name_members, .count = COUNT_OF(name_members)};

static const struct member telecom_members[] = {
    {.name = "system", .kind = KIND_CODE},
    {.name = "value", .kind = KIND_STRING},
    {.name = "use", .kind = KIND_CODE},
};
static const struct shape telecom = {.name = "ContactPoint", .members = telecom_members,
                                     .count = COUNT_OF(telecom_members)};

static const struct member address_members[] = {
    {.name = "use", .kind = KIND_CODE},
    {.name = "text", .kind = KIND_STRING},
    {.name = "line", .kind = KIND_STRING, .amount = AMOUNT_MANY},
    {.name = "city", .kind = KIND_STRING},
    {.name = "district", .kind = KIND_STRING},
    {.name = "state", .kind = KIND_STRING},
    {.name = "postalCode", .kind = KIND_STRING},
    {.name = "country", .kind = KIND_STRING},
};
static const struct shape address = {.name = "Address", .members = address_members,
                                     .count = COUNT_OF(address_members)};

static const struct member attachment_members[] = {
    {.name = "contentType", .kind = KIND_CODE},
    {.name = "data", .kind = KIND_STRING},
    {.name = "title", .kind = KIND_STRING},
};
static const struct shape attachment = {.name = "Attachment", .members = attachment_members,
                                        .count = COUNT_OF(attachment_members)};

static const struct member meta_members[] = {
    {.name = "security", .kind = KIND_SHAPE, .amount = AMOUNT_MANY, .shape = &coding},
    {.name = "tag", .kind = KIND_SHAPE, .amount = AMOUNT_MANY, .shape = &coding},
};
static const struct shape meta = {.name = "Meta", .members = meta_members, .count = COUNT_OF(meta_members)};

/* --- people, places, things ------------------------------------------------------------------------ */

static const struct member communication_members[] = {
    {.name = "language", .kind = KIND_SHAPE, .amount = AMOUNT_NEEDED, .shape = &concept},
    {.name = "preferred", .kind = KIND_BOOLEAN},
};
static const struct shape communication = {.name = "Patient.communication", .members = communication_members,
                                           .count = COUNT_OF(communication_members)};
static const struct member patient_members[] = {
    {.name = "identifier", .kind = KIND_SHAPE, .amount = AMOUNT_MANY, .shape = &identifier},
    {.name = "active", .kind = KIND_BOOLEAN},
    {.name = "name", .kind = KIND_SHAPE, .amount = AMOUNT_MANY, .shape = &name},
    {.name = "telecom", .kind = KIND_SHAPE, .amount = AMOUNT_MANY, .shape = &telecom},
    {.name = "gender", .kind = KIND_CODE, .codes = "male female other unknown"},
    {.name = "birthDate", .kind = KIND_DATE},
    {.name = "deceasedBoolean", .kind = KIND_BOOLEAN},
    {.name = "deceasedDateTime", .kind = KIND_DATETIME},
    {.name = "address", .kind = KIND_SHAPE, .amount = AMOUNT_MANY, .shape = &address},
    {.name = "communication", .kind = KIND_SHAPE, .amount = AMOUNT_MANY, .shape = &communication},
};
static const struct member person_members[] = {
    {.name = "name", .kind = KIND_SHAPE, .amount = AMOUNT_MANY, .shape = &name},
};
static const struct member related_person_members[] = {
    {.name = "patient", .kind = KIND_SHAPE, .amount = AMOUNT_NEEDED, .shape = &reference},
    {.name = "name", .kind = KIND_SHAPE, .amount = AMOUNT_MANY, .shape = &name},
};
static const struct member organization_members[] = {
    {.name = "name", .kind = KIND_STRING},
};
static const struct member device_name_members[] = {
    {.name = "name", .kind = KIND_STRING, .amount = AMOUNT_NEEDED},
};
static const struct shape device_name = {.name = "Device.deviceName", .members = device_name_members,
                                         .count = COUNT_OF(device_name_members)};
static const struct member device_members[] = {
    {.name = "deviceName", .kind = KIND_SHAPE, .amount = AMOUNT_MANY, .shape = &device_name},
    {.name = "distinctIdentifier", .kind = KIND_STRING},
    {.name = "type", .kind = KIND_SHAPE, .shape = &concept},
};
static const struct member medication_members[] = {
    {.name = "code", .kind = KIND_SHAPE, .shape = &concept},
};

/* --- observations and medicines ------------------------------------------------------------------- */

static const struct member component_members[] = {
    {.name = "code", .kind = KIND_SHAPE, .amount = AMOUNT_NEEDED, .shape = &concept},
    {.name = "valueQuantity", .kind = KIND_SHAPE, .shape = &quantity},
    {.name = "valueCodeableConcept", .kind = KIND_SHAPE, .shape = &concept},
    {.name = "valueString", .kind = KIND_STRING},
    {.name = "valueInteger", .kind = KIND_NUMBER},
    {.name = "dataAbsentReason", .kind = KIND_SHAPE, .shape = &concept},
};
static const struct shape component = {.name = "Observation.component", .members = component_members,
                                       .count = COUNT_OF(component_members), .choices = {"value"}};
static const struct member observation_members[] = {
    {.name = "status", .kind = KIND_CODE, .amount = AMOUNT_NEEDED, .codes = OBSERVATION_STATUS},
    {.name = "meta", .kind = KIND_SHAPE, .shape = &meta},
    {.name = "code", .kind = KIND_SHAPE, .amount = AMOUNT_NEEDED, .shape = &concept},
    {.name = "subject", .kind = KIND_SHAPE, .shape = &reference},
    {.name = "effectiveDateTime", .kind = KIND_DATETIME},
    {.name = "effectivePeriod", .kind = KIND_SHAPE, .shape = &period},
    {.name = "effectiveInstant", .kind = KIND_INSTANT},
    {.name = "effectiveTiming", .kind = KIND_SHAPE, .shape = &timing},
    {.name = "performer", .kind = KIND_SHAPE, .amount = AMOUNT_MANY, .shape = &reference},
    {.name = "valueQuantity", .kind = KIND_SHAPE, .shape = &quantity},
    {.name = "valueCodeableConcept", .kind = KIND_SHAPE, .shape = &concept},
    {.name = "valueString", .kind = KIND_STRING},
    {.name = "valueInteger", .kind = KIND_NUMBER},
    {.name = "dataAbsentReason", .kind = KIND_SHAPE, .shape = &concept},
    {.name = "device", .kind = KIND_SHAPE, .shape = &reference},
    {.name = "component", .kind = KIND_SHAPE, .amount = AMOUNT_MANY, .shape = &component},
};
static const struct member medication_request_members[] = {
    {.name = "status", .kind = KIND_CODE, .amount = AMOUNT_NEEDED,
     .codes = "active on-hold cancelled completed entered-in-error stopped draft unknown"},
    {.name = "intent", .kind = KIND_CODE, .amount = AMOUNT_NEEDED, .codes = REQUEST_INTENT},
    {.name = "doNotPerform", .kind = KIND_BOOLEAN},
    {.name = "medicationCodeableConcept", .kind = KIND_SHAPE, .shape = &concept},
    {.name = "medicationReference", .kind = KIND_SHAPE, .shape = &reference},
    {.name = "subject", .kind = KIND_SHAPE, .amount = AMOUNT_NEEDED, .shape = &reference},
    {.name = "authoredOn", .kind = KIND_DATETIME},
    {.name = "requester", .kind = KIND_SHAPE, .shape = &reference},
    {.name = "dosageInstruction", .kind = KIND_SHAPE, .amount = AMOUNT_MANY, .shape = &dosage},
};
static const struct member medication_statement_members[] = {
    {.name = "basedOn", .kind = KIND_SHAPE, .amount = AMOUNT_MANY, .shape = &reference},
    {.name = "status", .kind = KIND_CODE, .amount = AMOUNT_NEEDED,
     .codes = "active completed entered-in-error intended stopped on-hold unknown not-taken"},
    {.name = "medicationCodeableConcept", .kind = KIND_SHAPE, .shape = &concept},
    {.name = "medicationReference", .kind = KIND_SHAPE, .shape = &reference},
    {.name = "subject", .kind = KIND_SHAPE, .amount = AMOUNT_NEEDED, .shape = &reference},
    {.name = "effectiveDateTime", .kind = KIND_DATETIME},
    {.name = "effectivePeriod", .kind = KIND_SHAPE, .shape = &period},
    {.name = "dateAsserted", .kind = KIND_DATETIME},
    {.name = "informationSource", .kind = KIND_SHAPE, .shape = &reference},
    {.name = "dosage", .kind = KIND_SHAPE, .amount = AMOUNT_MANY, .shape = &dosage},
};
static const struct member performer_members[] = {
    {.name = "actor", .kind = KIND_SHAPE, .amount = AMOUNT_NEEDED, .shape = &reference},
};
static const struct shape performer = {.name = "MedicationAdministration.performer", .members = performer_members,
                                       .count = COUNT_OF(performer_members)};
static const struct member given_members[] = {
    {.name = "text", .kind = KIND_STRING},
    {.name = "route", .kind = KIND_SHAPE, .shape = &concept},
    {.name = "dose", .kind = KIND_SHAPE, .shape = &quantity},
};
static const struct shape given = {.name = "MedicationAdministration.dosage", .members = given_members,
                                   .count = COUNT_OF(given_members)};
static const struct member medication_administration_members[] = {
    {.name = "status", .kind = KIND_CODE, .amount = AMOUNT_NEEDED,
     .codes = "in-progress not-done on-hold completed entered-in-error stopped unknown"},
    {.name = "medicationCodeableConcept", .kind = KIND_SHAPE, .shape = &concept},
    {.name = "medicationReference", .kind = KIND_SHAPE, .shape = &reference},
    {.name = "subject", .kind = KIND_SHAPE, .amount = AMOUNT_NEEDED, .shape = &reference},
    {.name = "effectiveDateTime", .kind = KIND_DATETIME},
    {.name = "effectivePeriod", .kind = KIND_SHAPE, .shape = &period},
    {.name = "performer", .kind = KIND_SHAPE, .amount = AMOUNT_MANY, .shape = &performer},
    {.name = "request", .kind = KIND_SHAPE, .shape = &reference},
    {.name = "dosage", .kind = KIND_SHAPE, .shape = &given},
};

/* --- clinical -------------------------------------------------------------------------------------- */

static const struct member reaction_members[] = {
    {.name = "substance", .kind = KIND_SHAPE, .shape = &concept},
    {.name = "manifestation", .kind = KIND_SHAPE, .amount = AMOUNT_MANY_NEEDED, .shape = &concept},
};
static const struct shape reaction = {.name = "AllergyIntolerance.reaction", .members = reaction_members,
                                      .count = COUNT_OF(reaction_members)};
static const struct member allergy_members[] = {
    {.name = "clinicalStatus", .kind = KIND_SHAPE, .shape = &concept},
    {.name = "verificationStatus", .kind = KIND_SHAPE, .shape = &concept},
    {.name = "criticality", .kind = KIND_CODE, .codes = "low high unable-to-assess"},
    {.name = "code", .kind = KIND_SHAPE, .shape = &concept},
    {.name = "patient", .kind = KIND_SHAPE, .amount = AMOUNT_NEEDED, .shape = &reference},
    {.name = "onsetDateTime", .kind = KIND_DATETIME},
    {.name = "onsetPeriod", .kind = KIND_SHAPE, .shape = &period},
    {.name = "recordedDate", .kind = KIND_DATETIME},
    {.name = "reaction", .kind = KIND_SHAPE, .amount = AMOUNT_MANY, .shape = &reaction},
};
static const struct member condition_members[] = {
    {.name = "clinicalStatus", .kind = KIND_SHAPE, .shape = &concept},
    {.name = "verificationStatus", .kind = KIND_SHAPE, .shape = &concept},
    {.name = "code", .kind = KIND_SHAPE, .shape = &concept},
    {.name = "subject", .kind = KIND_SHAPE, .amount = AMOUNT_NEEDED, .shape = &reference},
    {.name = "onsetDateTime", .kind = KIND_DATETIME},
    {.name = "onsetPeriod", .kind = KIND_SHAPE, .shape = &period},
};
static const struct member flag_members[] = {
    {.name = "status", .kind = KIND_CODE, .amount = AMOUNT_NEEDED, .codes = "active inactive entered-in-error"},
    {.name = "category", .kind = KIND_SHAPE, .amount = AMOUNT_MANY, .shape = &concept},
    {.name = "code", .kind = KIND_SHAPE, .amount = AMOUNT_NEEDED, .shape = &concept},
    {.name = "subject", .kind = KIND_SHAPE, .amount = AMOUNT_NEEDED, .shape = &reference},
    {.name = "period", .kind = KIND_SHAPE, .shape = &period},
};
static const struct member mitigation_members[] = {
    {.name = "action", .kind = KIND_SHAPE, .amount = AMOUNT_NEEDED, .shape = &concept},
};
static const struct shape mitigation = {.name = "DetectedIssue.mitigation", .members = mitigation_members,
                                        .count = COUNT_OF(mitigation_members)};
static const struct member detected_issue_members[] = {
    /* Published twice for R4: with the codes of an observation, and with a set of its own that adds "mitigated". */
    {.name = "status", .kind = KIND_CODE, .amount = AMOUNT_NEEDED, .codes = OBSERVATION_STATUS " mitigated"},
    {.name = "code", .kind = KIND_SHAPE, .shape = &concept},
    {.name = "severity", .kind = KIND_CODE, .codes = "high moderate low"},
    {.name = "patient", .kind = KIND_SHAPE, .shape = &reference},
    {.name = "identifiedDateTime", .kind = KIND_DATETIME},
    {.name = "identifiedPeriod", .kind = KIND_SHAPE, .shape = &period},
    {.name = "detail", .kind = KIND_STRING},
    {.name = "mitigation", .kind = KIND_SHAPE, .amount = AMOUNT_MANY, .shape = &mitigation},
};
static const struct member goal_members[] = {
    {.name = "lifecycleStatus", .kind = KIND_CODE, .amount = AMOUNT_NEEDED,
     .codes = "proposed planned accepted active on-hold completed cancelled entered-in-error rejected"},
    {.name = "description", .kind = KIND_SHAPE, .amount = AMOUNT_NEEDED, .shape = &concept},
    {.name = "subject", .kind = KIND_SHAPE, .amount = AMOUNT_NEEDED, .shape = &reference},
};

/* --- documents ------------------------------------------------------------------------------------- */

static const struct shape provision;
static const struct member provision_members[] = {
    {.name = "type", .kind = KIND_CODE, .codes = "deny permit"},
    {.name = "provision", .kind = KIND_SHAPE, .amount = AMOUNT_MANY, .shape = &provision},
};
static const struct shape provision = {.name = "Consent.provision", .members = provision_members,
                                       .count = COUNT_OF(provision_members)};
static const struct member consent_members[] = {
    {.name = "status", .kind = KIND_CODE, .amount = AMOUNT_NEEDED,
     .codes = "draft proposed active rejected inactive entered-in-error"},
    {.name = "scope", .kind = KIND_SHAPE, .amount = AMOUNT_NEEDED, .shape = &concept},
    {.name = "category", .kind = KIND_SHAPE, .amount = AMOUNT_MANY_NEEDED, .shape = &concept},
    {.name = "patient", .kind = KIND_SHAPE, .shape = &reference},
    {.name = "dateTime", .kind = KIND_DATETIME},
    {.name = "performer", .kind = KIND_SHAPE, .amount = AMOUNT_MANY, .shape = &reference},
    {.name = "policyRule", .kind = KIND_SHAPE, .shape = &concept},
    {.name = "provision", .kind = KIND_SHAPE, .shape = &provision},
};
static const struct member content_members[] = {
    {.name = "attachment", .kind = KIND_SHAPE, .amount = AMOUNT_NEEDED, .shape = &attachment},
};
static const struct shape content = {.name = "DocumentReference.content", .members = content_members,
                                     .count = COUNT_OF(content_members)};
static const struct member context_members[] = {
    {.name = "period", .kind = KIND_SHAPE, .shape = &period},
};
static const struct shape context = {.name = "DocumentReference.context", .members = context_members,
                                     .count = COUNT_OF(context_members)};
static const struct member document_members[] = {
    {.name = "status", .kind = KIND_CODE, .amount = AMOUNT_NEEDED, .codes = "current superseded entered-in-error"},
    {.name = "docStatus", .kind = KIND_CODE},
    {.name = "type", .kind = KIND_SHAPE, .shape = &concept},
    {.name = "subject", .kind = KIND_SHAPE, .shape = &reference},
    {.name = "date", .kind = KIND_INSTANT},
    {.name = "author", .kind = KIND_SHAPE, .amount = AMOUNT_MANY, .shape = &reference},
    {.name = "description", .kind = KIND_STRING},
    {.name = "content", .kind = KIND_SHAPE, .amount = AMOUNT_MANY_NEEDED, .shape = &content},
    {.name = "context", .kind = KIND_SHAPE, .shape = &context},
};

/* --- schedule -------------------------------------------------------------------------------------- */

static const struct member restriction_members[] = {
    {.name = "period", .kind = KIND_SHAPE, .shape = &period},
};
static const struct shape restriction = {.name = "Task.restriction", .members = restriction_members,
                                         .count = COUNT_OF(restriction_members)};
static const struct member task_members[] = {
    {.name = "status", .kind = KIND_CODE, .amount = AMOUNT_NEEDED,
     .codes = "draft requested received accepted rejected ready cancelled in-progress on-hold failed completed "
              "entered-in-error"},
    {.name = "statusReason", .kind = KIND_SHAPE, .shape = &concept},
    {.name = "intent", .kind = KIND_CODE, .amount = AMOUNT_NEEDED, .codes = "unknown " REQUEST_INTENT},
    {.name = "code", .kind = KIND_SHAPE, .shape = &concept},
    {.name = "description", .kind = KIND_STRING},
    {.name = "for", .kind = KIND_SHAPE, .shape = &reference},
    {.name = "executionPeriod", .kind = KIND_SHAPE, .shape = &period},
    {.name = "restriction", .kind = KIND_SHAPE, .shape = &restriction},
};
static const struct member detail_members[] = {
    {.name = "code", .kind = KIND_SHAPE, .shape = &concept},
    {.name = "status", .kind = KIND_CODE, .amount = AMOUNT_NEEDED,
     .codes = "not-started scheduled in-progress on-hold completed cancelled stopped unknown entered-in-error"},
    {.name = "statusReason", .kind = KIND_SHAPE, .shape = &concept},
    {.name = "doNotPerform", .kind = KIND_BOOLEAN},
    {.name = "scheduledTiming", .kind = KIND_SHAPE, .shape = &timing},
    {.name = "scheduledPeriod", .kind = KIND_SHAPE, .shape = &period},
    {.name = "scheduledString", .kind = KIND_STRING},
    {.name = "description", .kind = KIND_STRING},
};
static const struct shape detail = {.name = "CarePlan.activity.detail", .members = detail_members,
                                    .count = COUNT_OF(detail_members), .choices = {"scheduled"}};
static const struct member activity_members[] = {
    {.name = "reference", .kind = KIND_SHAPE, .shape = &reference},
    {.name = "detail", .kind = KIND_SHAPE, .shape = &detail},
};
static const struct shape activity = {.name = "CarePlan.activity", .members = activity_members,
                                      .count = COUNT_OF(activity_members)};
static const struct member care_plan_members[] = {
    {.name = "status", .kind = KIND_CODE, .amount = AMOUNT_NEEDED,
     .codes = "draft active on-hold revoked completed entered-in-error unknown"},
    {.name = "intent", .kind = KIND_CODE, .amount = AMOUNT_NEEDED, .codes = "proposal plan order option"},
    {.name = "category", .kind = KIND_SHAPE, .amount = AMOUNT_MANY, .shape = &concept},
    {.name = "title", .kind = KIND_STRING},
    {.name = "subject", .kind = KIND_SHAPE, .amount = AMOUNT_NEEDED, .shape = &reference},
    {.name = "period", .kind = KIND_SHAPE, .shape = &period},
    {.name = "activity", .kind = KIND_SHAPE, .amount = AMOUNT_MANY, .shape = &activity},
};
static const struct member participant_members[] = {
    {.name = "actor", .kind = KIND_SHAPE, .shape = &reference},
    {.name = "status", .kind = KIND_CODE, .amount = AMOUNT_NEEDED, .codes = "accepted declined tentative needs-action"},
};
static const struct shape participant = {.name = "Appointment.participant", .members = participant_members,
                                         .count = COUNT_OF(participant_members)};
static const struct member appointment_members[] = {
    {.name = "status", .kind = KIND_CODE, .amount = AMOUNT_NEEDED,
     .codes = "proposed pending booked arrived fulfilled cancelled noshow entered-in-error checked-in waitlist"},
    {.name = "serviceType", .kind = KIND_SHAPE, .amount = AMOUNT_MANY, .shape = &concept},
    {.name = "appointmentType", .kind = KIND_SHAPE, .shape = &concept},
    {.name = "reasonCode", .kind = KIND_SHAPE, .amount = AMOUNT_MANY, .shape = &concept},
    {.name = "description", .kind = KIND_STRING},
    {.name = "start", .kind = KIND_INSTANT},
    {.name = "end", .kind = KIND_INSTANT},
    {.name = "participant", .kind = KIND_SHAPE, .amount = AMOUNT_MANY_NEEDED, .shape = &participant},
};
static const struct member encounter_members[] = {
    {.name = "status", .kind = KIND_CODE, .amount = AMOUNT_NEEDED,
     .codes = "planned arrived triaged in-progress onleave finished cancelled entered-in-error unknown"},
    {.name = "class", .kind = KIND_SHAPE, .amount = AMOUNT_NEEDED, .shape = &coding},
    {.name = "type", .kind = KIND_SHAPE, .amount = AMOUNT_MANY, .shape = &concept},
    {.name = "subject", .kind = KIND_SHAPE, .shape = &reference},
    {.name = "period", .kind = KIND_SHAPE, .shape = &period},
    {.name = "reasonCode", .kind = KIND_SHAPE, .amount = AMOUNT_MANY, .shape = &concept},
};

/* --- all, sorted by name --------------------------------------------------------------------------- */

#define SHAPE(type, array) .name = type, .members = array, .count = COUNT_OF(array)

static const struct shape shapes[] = {
    {SHAPE("AllergyIntolerance", allergy_members), .choices = {"onset"}},
    {SHAPE("Appointment", appointment_members)},
    {SHAPE("CarePlan", care_plan_members)},
    {SHAPE("Condition", condition_members), .choices = {"onset"}},
    {SHAPE("Consent", consent_members)},
    {SHAPE("DetectedIssue", detected_issue_members), .choices = {"identified"}},
    {SHAPE("Device", device_members)},
    {SHAPE("DocumentReference", document_members)},
    {SHAPE("Encounter", encounter_members)},
    {SHAPE("Flag", flag_members)},
    {SHAPE("Goal", goal_members)},
    {SHAPE("Location", organization_members)},
    {SHAPE("Medication", medication_members)},
    {SHAPE("MedicationAdministration", medication_administration_members),
     .choices = {"medication", "effective"}, .needed_choice = "medication"},
    {SHAPE("MedicationRequest", medication_request_members), .choices = {"medication"}, .needed_choice = "medication"},
    {SHAPE("MedicationStatement", medication_statement_members),
     .choices = {"medication", "effective"}, .needed_choice = "medication"},
    {SHAPE("Observation", observation_members), .choices = {"value", "effective"}},
    {SHAPE("Organization", organization_members)},
    {SHAPE("Patient", patient_members), .choices = {"deceased"}},
    {SHAPE("Practitioner", person_members)},
    {SHAPE("RelatedPerson", related_person_members)},
    {SHAPE("Task", task_members)},
};

static int compare_name(const void *key, const void *shape)
{
    return strcmp(key, ((const struct shape *)shape)->name);
}

const struct shape *shape_of(const char *resource_type)
{
    return bsearch(resource_type, shapes, COUNT_OF(shapes), sizeof shapes[0], compare_name);
}
