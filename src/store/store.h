/*
 * The open record: one connection to the encrypted file, its prepared
 * statements, clock and randomness. A connection belongs to one thread.
 *
 * Invariants: opened with WAL and synchronous=FULL, foreign keys on, an
 * integrity identity (application_id) checked; writers use BEGIN IMMEDIATE;
 * the file is never created when a key file says it should be there, and
 * never deleted.
 */
#ifndef DOORSTEP_STORE_STORE_H
#define DOORSTEP_STORE_STORE_H

#include "base/error.h"
#include "base/identifier.h"
#include "base/instant.h"
#include "base/paths.h"
#include "store/vault.h"

#include <stdatomic.h>

struct store;

struct store_options {
    struct clock clock;
    struct randomness randomness;
    /* Set to non-zero by a thread that waits to write; a long writer (pull)
     * pauses between pages while it is. Shared by the connections; may be NULL. */
    atomic_int *writer_waiting;
    bool yields; /* this connection is the one that pauses (sync) */
};

/* Makes a new record for a fresh vault (enrolment). */
enum status store_create(const struct paths *paths, const struct vault *vault, const struct store_options *options,
                         struct store **out, struct error *error) MUST_CHECK;
/* Opens, migrates to the newest schema, checks. DAMAGED, READ_ONLY, FULL, NOT_FOUND as they are. */
enum status store_open(const struct paths *paths, const struct vault *vault, const struct store_options *options,
                       struct store **out, struct error *error) MUST_CHECK;
/* Closing is what removes the key from memory. NULL is fine. */
void store_close(struct store *store);

const struct clock *store_clock(const struct store *store);
const struct randomness *store_randomness(const struct store *store);
/* Changes whenever another connection committed: reload when it moved. */
int64_t store_change_counter(struct store *store);
/* Checkpoints the log when it has grown; call when idle. */
enum status store_tidy(struct store *store, struct error *error) MUST_CHECK;
/* Deep check of file and constraints, for doctor. */
enum status store_verify(struct store *store, struct error *error) MUST_CHECK;

/* Settings and secrets of this record (server, practitioner, token ...). "" when unset. */
#define SETTING_SERVER "server"
#define SETTING_PRACTITIONER "practitioner"
#define SETTING_PRACTITIONER_NAME "practitioner-name"
#define SETTING_CASELOAD "caseload"
#define SETTING_TOKEN "token"
#define SETTING_SERVER_PROBED "server-probed"  /* the address at which the next seven were learned */
#define SETTING_SERVER_SOFTWARE "server-software"
#define SETTING_SERVER_LIMIT "server-entry-limit"
#define SETTING_SERVER_GZIP "server-gzip"
#define SETTING_SERVER_BATCH "server-batch"    /* "no": it does not take several questions at once */
#define SETTING_SERVER_PAGE "server-page"      /* resources on a page that come over the line; "": as many as ever */
#define SETTING_SERVER_BODY "server-body"      /* bytes of a bundle that go over the line; likewise */
#define SETTING_SERVER_REFUSED "server-refused" /* bytes of a bundle that is not too large for the server; likewise */
#define SETTING_SERVER_NOT_BEFORE "server-not-before" /* ms since 1970: it asked not to be asked before; "": it did not */
#define SETTING_USER "user"
enum status store_setting_get(struct store *store, const char *name, char *out, size_t size,
                              struct error *error) MUST_CHECK;
enum status store_setting_set(struct store *store, const char *name, const char *value, struct error *error) MUST_CHECK;

/* A short PIN that may stand for the passphrase when signing; five wrong tries disable it. */
enum status store_pin_set(struct store *store, const char *pin, struct error *error) MUST_CHECK; /* "" removes it */
enum status store_pin_check(struct store *store, const char *pin,
                            struct error *error) MUST_CHECK; /* LOCKED when wrong */
bool store_pin_is_set(struct store *store);

#endif
