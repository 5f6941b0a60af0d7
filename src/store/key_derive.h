/*
 * From what a person types to a 256-bit key, and the spelling of the recovery
 * key. Used by vault.c.
 */
#ifndef DOORSTEP_STORE_KEY_DERIVE_H
#define DOORSTEP_STORE_KEY_DERIVE_H

#include "store/key_file.h"

#define WRAPPING_KEY_SIZE crypto_aead_xchacha20poly1305_ietf_KEYBYTES

/* Argon2id of the passphrase in NFKC with the file's parameters and salt.
 * LOCKED, without a sentence, when it is no text that could be a passphrase; NO_MEMORY when Argon2id gets none. */
enum status key_from_passphrase(const char *passphrase, const struct key_file *file,
                                unsigned char key[WRAPPING_KEY_SIZE], struct error *error) MUST_CHECK;
/* False when the text is not spelled as a recovery key is. Case, blanks, dashes, full-width letters and the
 * look-alikes O, I and L do not matter. */
bool key_from_recovery(const char *recovery, const struct key_file *file, unsigned char key[WRAPPING_KEY_SIZE]);
/* A new recovery key: 160 random bits as eight groups of four (Crockford's base 32). */
void recovery_make(char recovery[RECOVERY_KEY_SIZE]);

#endif
