/*
 * Bundles: reading what a server or a file sent, building what we send.
 */
#ifndef DOORSTEP_FHIR_BUNDLE_H
#define DOORSTEP_FHIR_BUNDLE_H

#include "base/error.h"
#include "base/json.h"
#include "fhir/resource.h"

struct bundle_entry {
    const cJSON *resource;      /* borrowed; NULL when the entry has none */
    const char *full_url;       /* "" when none */
    const char *method, *url;   /* request, "" when none */
    int status;                 /* response.status as a number, 0 when none */
    char location_type[RESOURCE_TYPE_SIZE], location_id[ID_SIZE], location_version[ID_SIZE];
    char etag[ID_SIZE];         /* version without W/ and quotes */
    const cJSON *outcome;       /* response.outcome, or a resource that is an OperationOutcome */
    const char *search_mode;    /* match, include, outcome, "" */
};

/* True when it is a Bundle with an entry array of objects (or none). */
bool bundle_is(const cJSON *document);
const char *bundle_type(const cJSON *bundle); /* "" when none */
size_t bundle_count(const cJSON *bundle);
/* Calls `visit` for each entry in order; stops at the first failure. */
enum status bundle_each(const cJSON *bundle,
                        enum status (*visit)(void *context, size_t index, const struct bundle_entry *entry,
                                             struct error *error),
                        void *context, struct error *error) MUST_CHECK;
/* Bundle.total; false when it tells none. */
bool bundle_total(const cJSON *bundle, int64_t *total);
/* What a search has brought so far, on all of its pages; begins as {0}. What comes twice counts once: a server whose pages
 * shift while they are read shows one thing again in the place of another, and its own count is right. */
#define MATCHES_COMPARED 131072 /* what comes after so many counts as often as it comes: their memory is bounded */
struct matches {
    uint64_t *prints; /* owned: fingerprints of type and id */
    size_t count, capacity;
    int64_t beyond;
};
void matches_begin(struct matches *matches); /* once more */
int64_t matches_distinct(struct matches *matches);
void matches_free(struct matches *matches);
/* Whether this answers a search for `type` ("": for any): a list of its matches, and of what they include, that does not say
 * of itself that something is missing. Adds the matches. FAILED, with a sentence that has none of the server's words. */
enum status bundle_check_search(const cJSON *bundle, const char *type, struct matches *matches, struct error *error) MUST_CHECK;
/* Whether it does so in one page, with as many as it counts. */
bool bundle_is_whole(const cJSON *bundle, const char *type);
/* The opaque next link, or NULL. Borrowed. */
const char *bundle_next(const cJSON *bundle);
/* Which type a list of matches was searched for, by its own "self" link; false when that does not tell. */
bool bundle_searched_type(const cJSON *bundle, char type[RESOURCE_TYPE_SIZE]);
/* Maps every entry's fullUrl (and Type/id) for reference_resolve. Owned. */
enum status bundle_references(const cJSON *bundle, struct reference_map **out, struct error *error) MUST_CHECK;

/* Builds a transaction (or batch) from resource bodies. */
struct transaction;
struct transaction *transaction_new(const char *type); /* "transaction" or "batch"; NULL when memory is short */
void transaction_free(struct transaction *transaction);
/* Takes `resource` (also on failure). Creation: POST with ifNoneExist and a
 * urn:uuid fullUrl; update: PUT Type/id with ifMatch and a fullUrl below
 * `server`, its base URL without a final slash. */
enum status transaction_add_create(struct transaction *transaction, cJSON *resource, const char *uuid,
                                   const char *if_none_exist, struct error *error) MUST_CHECK;
enum status transaction_add_update(struct transaction *transaction, cJSON *resource, const char *server, const char *id,
                                   const char *version, struct error *error) MUST_CHECK;
/* For a batch: an entry that only asks for `url` ("Flag?patient=p1"). */
enum status transaction_add_read(struct transaction *transaction, const char *url, struct error *error) MUST_CHECK;
size_t transaction_count(const struct transaction *transaction);
/* The JSON text, owned (memory_free); NULL when memory is short. */
char *transaction_print(const struct transaction *transaction);

/* Fits what a server said of a failure into `out`: the first issue of severity
 * error or fatal (diagnostics, details.text or code), cleaned for the screen. */
void outcome_words(const cJSON *outcome, char *out, size_t size);
/* That code of FHIR's list ("forbidden"): what may stand where no word about a patient may. "unknown" for anything else. */
void outcome_code(const cJSON *outcome, char *out, size_t size);

/* What a server says it is. INVALID, with the remedy, when it is none that speaks FHIR R4. */
struct capability {
    char software[96], software_version[48], fhir_version[16];
};
enum status capability_read(const cJSON *statement, struct capability *out, struct error *error) MUST_CHECK;

/* Ids of the patients whom a Group, a List, or Appointments name `now`; calls `add` for each. Not those whose membership
 * has ended, or is not active. */
enum status caseload_members(const cJSON *resource, instant now, void (*add)(void *context, const char *patient_id),
                             void *context, struct error *error) MUST_CHECK;
/* Whether it can be read of each of its members who that is: nobody else belongs to it than caseload_members() says. */
bool caseload_is_told(const cJSON *resource, instant now);
/* Whether nobody and nothing at all belongs to it, or it counts for nothing any more. */
bool caseload_is_vacant(const cJSON *resource, instant now);

/* An IPS-free, plain collection Bundle of whole resources, for `export visit` and `export outbox`. */
enum status collection_print(const char *const *bodies, size_t count, char **out, struct error *error) MUST_CHECK;

#endif
