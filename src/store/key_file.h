/*
 * The key file on the disk: text lines of fixed names in a fixed order, closed
 * by a checksum, so that damage is told apart from a wrong passphrase. It
 * holds nothing secret by itself.
 *
 * There are two copies, `key` and `key.bak`. The first is the truth while it
 * is whole; each is replaced atomically, the first one first. Used by vault.c.
 */
#ifndef DOORSTEP_STORE_KEY_FILE_H
#define DOORSTEP_STORE_KEY_FILE_H

#include "base/error.h"
#include "base/paths.h"
#include "store/vault.h"

#include <sodium.h>
#include <stdbool.h>
#include <stdint.h>

#define DATA_KEY_SIZE 32

/* The opened vault's key, borrowed: for opening the record. */
const unsigned char *vault_data_key(const struct vault *vault);

/* The data key under one other key (XChaCha20-Poly1305). */
struct wrapped_key {
    unsigned char salt[crypto_pwhash_SALTBYTES];
    unsigned char nonce[crypto_aead_xchacha20poly1305_ietf_NPUBBYTES];
    unsigned char sealed[DATA_KEY_SIZE + crypto_aead_xchacha20poly1305_ietf_ABYTES];
};

struct key_file {
    uint64_t operations;           /* Argon2id passes */
    uint64_t memory;               /* Argon2id memory, bytes */
    struct wrapped_key passphrase; /* by Argon2id of the passphrase */
    struct wrapped_key recovery;   /* by BLAKE2b of the recovery key's 160 random bits */
};

bool key_file_exists(const struct paths *paths);
/* Reads the first copy that is whole. *healthy: both are, and they agree.
 * DAMAGED when neither is whole, NOT_FOUND when there is none. */
enum status key_file_read(const struct paths *paths, struct key_file *out, bool *healthy,
                          struct error *error) MUST_CHECK;
/* Replaces both copies. Once the first is replaced the new keys count, whatever happens to the second. */
enum status key_file_write(const struct paths *paths, const struct key_file *file, struct error *error) MUST_CHECK;
/* Takes both copies aside, under a name that is free: nothing is deleted. */
enum status key_file_set_aside(const struct paths *paths, struct error *error) MUST_CHECK;

#endif
