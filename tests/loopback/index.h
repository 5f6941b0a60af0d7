/*
 * Which resource types and search parameters there are, and the search
 * values of a resource. The table of parameters in index.c is the one place
 * that tells; metadata, search and storing read it.
 */
#ifndef LOOPBACK_INDEX_H
#define LOOPBACK_INDEX_H

#include "store.h"

enum parameter_kind {
    PARAMETER_TOKEN,
    PARAMETER_REFERENCE,
    PARAMETER_DATE,
};

struct parameter {
    const char *name;
    enum parameter_kind kind;
    const char *target; /* of a reference: the only type meant, or NULL */
    const char *types;  /* the resource types that have it, blank between; "*" for all */
    const char *paths;  /* the elements it looks at, blank between */
};

/* An R4 resource type that this server keeps. */
bool type_is_known(const char *type);
/* The i-th type, NULL past the end; a literal. */
const char *type_at(size_t i);
/* The parameter of that type, or NULL. */
const struct parameter *parameter_find(const char *type, const char *name);
/* The i-th parameter that `type` has, NULL past the end. */
const struct parameter *parameter_at(const char *type, size_t i);

/* Terms are found by "Type" (all of a type), "Type?name=value", and
 * ">Type/id" (all that refer to it). Returns an owned array; fills `date`. */
struct term **index_terms(struct store *store, cJSON *tree, size_t *count, struct span *date);
/* First and last moment of a FHIR date, dateTime or instant; false when it is none. */
bool index_span(const char *text, struct span *out);

/* Calls `visit` with every string member named "reference" in the tree and the
 * name of the element that holds it, until it returns false. */
bool each_reference(cJSON *tree, bool (*visit)(cJSON *reference, const char *element, void *context), void *context);
/* Splits "[base/]Type/id[/_history/n]" to "Type/id"; false when it is no such reference. */
bool reference_target(const char *text, const char *base, char out[TARGET_SIZE]);

#endif
