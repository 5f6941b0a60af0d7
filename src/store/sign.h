/*
 * Signing a visit: the part of the one writer (store/record.h) that the
 * console calls. Kept apart so that views need not know FHIR.
 */
#ifndef DOORSTEP_STORE_SIGN_H
#define DOORSTEP_STORE_SIGN_H

#include "base/error.h"
#include "care/visit.h"
#include "store/store.h"

/* Signs a visit: reads the draft against the chart, refuses (INVALID, with the
 * first problem's sentence) what visit_can_sign() refuses, then writes resources,
 * look-ups, outbox rows and audit, and closes the draft: all in one transaction.
 * `config` values come in signer. *queued receives how many resources wait to be sent. */
enum status record_sign_visit(struct store *store, const char *visit_id, const struct signer *signer,
                              size_t *queued, struct error *error) MUST_CHECK;
#endif
