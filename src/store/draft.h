/*
 * Visits in progress. A field is written at every pause in typing and is on
 * the disk when draft_put returns. Nothing but signing closes a draft; setting
 * one aside keeps it, to be taken up again. Drafts never leave the device: a
 * visit set aside was begun here, on whatever day.
 */
#ifndef DOORSTEP_STORE_DRAFT_H
#define DOORSTEP_STORE_DRAFT_H

#include "care/visit.h"
#include "store/store.h"

/* Starts a visit: its UUID goes to visit_id. `appointment` may be "". CONFLICT when one of this patient is
 * unfinished: visit_id then names that one. */
enum status draft_start(struct store *store, const char *patient, const char *appointment, char visit_id[UUID_SIZE],
                        struct error *error) MUST_CHECK;
/* On the disk when it returns OK. INVALID when the name or the value is too long, NOT_FOUND when the visit is no
 * longer open. After any failure the value is still the caller's to keep and to put again. */
enum status draft_put(struct store *store, const char *visit_id, const char *field, const char *value,
                      struct error *error) MUST_CHECK;
/* Several fields in one transaction. */
enum status draft_put_all(struct store *store, const struct visit_draft *draft, struct error *error) MUST_CHECK;
/* NOT_FOUND when no open draft has this id. *out is empty after a failure; visit_draft_free() either way. */
enum status draft_load(struct store *store, const char *visit_id, struct visit_draft *out,
                       struct error *error) MUST_CHECK;
/* The same for a visit that is open or set aside: to be looked at. */
enum status draft_look(struct store *store, const char *visit_id, struct visit_draft *out,
                       struct error *error) MUST_CHECK;
/* The open draft of a patient, or NOT_FOUND. */
enum status draft_find(struct store *store, const char *patient, char visit_id[UUID_SIZE],
                       struct error *error) MUST_CHECK;
/* The draft that was changed last, or NOT_FOUND: where the nurse was. */
enum status draft_latest(struct store *store, char visit_id[UUID_SIZE], struct error *error) MUST_CHECK;
/* Sets an empty or mistaken visit aside: kept in the file, gone from the lists, audited with the reason. */
enum status draft_set_aside(struct store *store, const char *visit_id, const char *reason,
                            struct error *error) MUST_CHECK;
/* Takes a visit that was set aside up again, with all its fields but the place on the screen, audited. It keeps its
 * start; its appointment too, unless a signed visit kept that meanwhile. NOT_FOUND when none of this id is set aside or
 * its patient is not on the device, CONFLICT when the patient has another unfinished visit. */
enum status draft_resume(struct store *store, const char *visit_id, struct error *error) MUST_CHECK;

#endif
