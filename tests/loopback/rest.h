/* The FHIR interactions below the base address. */
#ifndef LOOPBACK_REST_H
#define LOOPBACK_REST_H

#include "change.h"
#include "server.h"

/* Answers any request; what is wrong becomes an OperationOutcome. */
void rest_handle(struct server *server, const struct request *request, struct reply *reply);
/* A Bundle posted to the base: transaction or batch. */
bool transaction_answer(struct server *server, const struct request *request, struct reply *reply,
                        struct failure *failure);
/* The CapabilityStatement. */
void metadata_answer(struct server *server, struct reply *reply);

/* Parses a body that must be one JSON object with a resourceType; the caller owns the tree. */
bool body_parse(const char *bytes, size_t length, cJSON **out, struct failure *failure);
/* Fills method's change from a URL ("Type", "Type/id", "Type?condition") and a resource (may be NULL). */
bool change_from(struct change *change, const char *method, const char *url, cJSON *tree, struct failure *failure);

#endif
