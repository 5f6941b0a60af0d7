/*
 * One counted exchange of a run, and what its answer means. Private to sync/.
 *
 * Every failure is classed once, here: retry later (UNREACHABLE), the nurse or
 * the office must act (FAILED), the disk is full (FULL), stop (CANCELLED). The
 * sentence is what the nurse reads.
 */
#ifndef DOORSTEP_SYNC_EXCHANGE_H
#define DOORSTEP_SYNC_EXCHANGE_H

#include "base/json.h"
#include "sync/sync.h"

#define URL_SIZE 8192

/* Sends, counts into result->entry, and fills *response (caller frees). OK
 * when there is an answer of any HTTP status; else CANCELLED, UNREACHABLE. Once
 * an answer has asked to wait (429, 503), or says that nothing remains of what
 * the server allows, nothing more of this run is sent: UNREACHABLE. */
enum status exchange_send(struct sync *sync, struct sync_result *result, const struct request *request,
                          struct response *response, struct error *error) MUST_CHECK;

/* GET `url`, expecting FHIR JSON. OK: *document is owned by the caller. NOT_FOUND for
 * 404 and 410. Others: the class and sentence of exchange_refusal(). */
enum status exchange_get(struct sync *sync, struct sync_result *result, const char *url, cJSON **document,
                         struct error *error) MUST_CHECK;

/* The same, of at most `limit` bytes. */
enum status exchange_get_within(struct sync *sync, struct sync_result *result, const char *url, size_t limit, cJSON **document,
                                struct error *error) MUST_CHECK;

/* exchange_get_within() of this comes next, most likely: where the transport can, it is on its way from now on. `url` NULL:
 * nothing comes; a run ends so. What was sent for nothing is counted. */
void exchange_ahead(struct sync *sync, struct sync_result *result, const char *url, size_t limit);

/* GET Type/id: like exchange_get(), and what comes is that resource. FAILED when the server answers with another. */
enum status exchange_read(struct sync *sync, struct sync_result *result, const char *type, const char *id, cJSON **resource,
                          struct error *error) MUST_CHECK;

/* Sends a Bundle to the server's base, counted like exchange_send(). Whether the server takes compressed
 * bodies is learned from the first that it accepts or does not. `asks`: nothing in it changes anything. */
enum status exchange_post(struct sync *sync, struct sync_result *result, const char *bundle, bool asks,
                          struct response *response, struct error *error) MUST_CHECK;

/* The answer's JSON, or UNREACHABLE when it is none (a captive portal, a cut body). Owned. */
enum status exchange_document(const struct response *response, cJSON **document, struct error *error) MUST_CHECK;

/* The class and sentence of an answer that is no success and concerns the
 * whole connection: 401, 408, 429, 3xx, 5xx, a web page, a network that wants
 * a sign-in first. OK when it is not of that kind. */
enum status exchange_refusal(const struct response *response, struct error *error);

bool exchange_is_web_page(const struct response *response);

/* Answers that the same in smaller portions may not meet: 408, 413, 504. */
bool exchange_is_too_much(long code);

/* Percent-encodes `text` (all but unreserved characters) behind what is in `url`. */
void url_append_escaped(struct buffer *url, const char *text);

/* True when `link` is on the same scheme, host and port as `base`. */
bool url_same_origin(const char *base, const char *link);
/* Whether `link` names the same host and port by http where the base is https: a server behind a proxy that ends TLS says so. */
bool url_lacks_tls(const char *base, const char *link);

/* True when a Location leads away from the host of `url`, whatever the port. */
bool url_leads_elsewhere(const char *url, const char *location);

/* CANCELLED when the nurse (or leaving) asked for it. */
enum status exchange_check_cancelled(const struct sync *sync, struct error *error) MUST_CHECK;

/* Ends what record_begin() began: commits when `status` is OK, else undoes it and returns `status`. */
enum status sync_end_page(struct store *store, enum status status, struct error *error) MUST_CHECK;

/* Saves a cursor by itself. */
enum status sync_set_cursor(struct sync *sync, const char *scope, const char *value, struct error *error) MUST_CHECK;

/* Tells whoever watches. */
void sync_report(struct sync *sync, enum sync_phase phase, int done, int total, const char *patient);

#endif
