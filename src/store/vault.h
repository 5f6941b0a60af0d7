/*
 * The keys. A random 256-bit data key encrypts the record; it is wrapped by a
 * key from the passphrase (Argon2id) and, separately, by a recovery key shown
 * once. The key file holds only wrapped keys, parameters and a check, never a
 * secret. A wrong passphrase is told apart from a damaged file before
 * SQLCipher is opened. Unwrapped keys live in locked, non-dumpable memory.
 */
#ifndef DOORSTEP_STORE_VAULT_H
#define DOORSTEP_STORE_VAULT_H

#include "base/error.h"
#include "base/instant.h"
#include "base/paths.h"

#define RECOVERY_KEY_SIZE 80      /* groups of letters and digits, and NUL */
#define PASSPHRASE_LEAST 8        /* characters */
#define PASSPHRASE_MOST 256       /* bytes */

struct vault;

/* Makes the key file. EXISTS already: CONFLICT. `recovery` receives the recovery key. An enrolment that was
 * interrupted before store_create() was done may be repeated: the key of that try is kept aside. */
enum status vault_create(const struct paths *paths, const char *passphrase, char recovery[RECOVERY_KEY_SIZE],
                         struct vault **out, struct error *error) MUST_CHECK;
/* LOCKED: wrong passphrase (after a delay that grows with failures, kept in
 * the folder; `clock` sleeps it). DAMAGED: the key file is not what was
 * written. NOT_FOUND: not enrolled. */
enum status vault_unlock(const struct paths *paths, const char *passphrase, const struct clock *clock,
                         struct vault **out, struct error *error) MUST_CHECK;
/* True in one call whether this passphrase is the right one (signing, step-up). Same delays. */
enum status vault_verify(const struct paths *paths, const char *passphrase, const struct clock *clock,
                         struct error *error) MUST_CHECK;
/* Milliseconds a next try has to wait; 0 when none. For the screen, so that it need not block. */
int64_t vault_delay(const struct paths *paths, const struct clock *clock);
enum status vault_change_passphrase(const struct paths *paths, const char *old_passphrase, const char *new_passphrase,
                                    const struct clock *clock, struct error *error) MUST_CHECK;
/* Sets a new passphrase with the recovery key, which stays valid. */
enum status vault_recover(const struct paths *paths, const char *recovery, const char *new_passphrase,
                          const struct clock *clock, struct error *error) MUST_CHECK;
/* Takes back an enrolment that failed before the nurse had anything to lose: removes its key files and record. */
void enrolment_undo(const struct paths *paths);
/* Wipes. NULL is fine. */
void vault_free(struct vault *vault);

/* Whether this user has a key file. */
bool vault_exists(const struct paths *paths);
/* Why a passphrase is not acceptable, translated; NULL when it is. */
const char *passphrase_fault(const char *passphrase);

/* The consoles this user has open, found by locked files in the folder. */
struct presence;
/* BUSY when another console of this user is open: the sentence says where. */
enum status presence_register(const struct paths *paths, struct presence **out, struct error *error) MUST_CHECK;
void presence_release(struct presence *presence);
/* Sends SIGUSR1 (lock) to every open console; *count receives how many. */
enum status presence_lock_all(const struct paths *paths, int *count, struct error *error) MUST_CHECK;
/* One sync at a time over all processes of this user. BUSY when one runs. */
enum status presence_begin_sync(const struct paths *paths, struct presence **out, struct error *error) MUST_CHECK;

#endif
