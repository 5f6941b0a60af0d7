/* Resources that the tests of the merge change. Quotes are written as ' so that they can be read. */
#ifndef DOORSTEP_TESTS_FHIR_MERGE_SAMPLE_H
#define DOORSTEP_TESTS_FHIR_MERGE_SAMPLE_H

#define TASK(rest) "{'resourceType':'Task','id':'t1','meta':{'versionId':'1'},'intent':'plan'," rest "}"
#define TASK_2(rest) "{'resourceType':'Task','id':'t1','meta':{'versionId':'2'},'intent':'plan'," rest "}"
#define PATIENT(rest) "{'resourceType':'Patient','id':'p'," rest "}"
#define PLAN(a, b) "{'resourceType':'CarePlan','id':'c','activity':[" a "," b "]}"
#define ACTIVITY(id, status, text) "{'id':'" id "','detail':{'status':'" status "','description':'" text "'}}"
#define ORDER(rest) "{'resourceType':'MedicationRequest','id':'m','status':'active'," rest "}"
#define DOSE(digits) "'dosageInstruction':[{'text':'1 tablet','doseAndRate':[{'doseQuantity':{'value':" digits ",'unit':'mg'}}]}]"
#define ALLERGY(rest) "{'resourceType':'AllergyIntolerance','id':'a'," rest "}"
#define CONSENT(updated, rest) \
    "{'resourceType':'Consent','id':'c','meta':{'lastUpdated':'" updated "'},'scope':{'text':'s'}," rest "}"
#define OLD "2026-11-01T00:00:00Z"
#define BASE CONSENT(OLD, "'status':'active','dateTime':'2026-10-01T09:00:00Z','provision':{'type':'permit'}")

#endif
