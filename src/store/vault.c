/*
 * Wrapping and unwrapping of the data key.
 *
 * The AEAD decides what is a wrong passphrase, the key file's checksum what is
 * damage; SQLCipher, which cannot tell the two apart, is opened after both.
 * An opened vault lives in sodium_malloc()'s memory: locked, guarded, left out of
 * core dumps, wiped when freed.
 */
#include "store/vault.h"

#include "base/file.h"
#include "store/attempts.h"
#include "store/audit.h"
#include "store/key_derive.h"
#include "store/key_file.h"

#include <string.h>

#define ARGON2_OPERATIONS 3
#define ARGON2_MEMORY (UINT64_C(64) * 1024 * 1024)

struct vault {
    unsigned char data_key[DATA_KEY_SIZE];
    unsigned char wrapping_key[WRAPPING_KEY_SIZE]; /* only while one is being used */
};

/* What is typed. */
enum secret { SECRET_PASSPHRASE, SECRET_RECOVERY };

/* Bound to each sealed key, so that the two cannot be exchanged. */
static const char *const purposes[] = {
    [SECRET_PASSPHRASE] = "doorstep data key by passphrase",
    [SECRET_RECOVERY] = "doorstep data key by recovery key",
};

static struct vault *new_vault(struct error *error)
{
    struct vault *vault = sodium_init() < 0 ? NULL : sodium_malloc(sizeof *vault);
    if (vault == NULL) {
        error_no_memory(error);
        return NULL;
    }
    sodium_memzero(vault, sizeof *vault);
    return vault;
}

void vault_free(struct vault *vault)
{
    sodium_free(vault);
}

const unsigned char *vault_data_key(const struct vault *vault)
{
    return vault->data_key;
}

bool vault_exists(const struct paths *paths)
{
    return key_file_exists(paths);
}

int64_t vault_delay(const struct paths *paths, const struct clock *clock)
{
    return attempts_delay(paths, clock);
}

static struct wrapped_key *wrapped(struct key_file *file, enum secret secret)
{
    return secret == SECRET_PASSPHRASE ? &file->passphrase : &file->recovery;
}

/* Seals the data key under the wrapping key; the salt stays the one that key was derived with. */
static void seal(struct vault *vault, struct key_file *file, enum secret secret)
{
    struct wrapped_key *out = wrapped(file, secret);
    randombytes_buf(out->nonce, sizeof out->nonce);
    crypto_aead_xchacha20poly1305_ietf_encrypt(out->sealed, NULL, vault->data_key, DATA_KEY_SIZE,
                                               (const unsigned char *)purposes[secret], strlen(purposes[secret]), NULL,
                                               out->nonce, vault->wrapping_key);
    sodium_memzero(vault->wrapping_key, sizeof vault->wrapping_key);
}

static bool unseal(struct vault *vault, struct key_file *file, enum secret secret)
{
    struct wrapped_key *in = wrapped(file, secret);
    int failed = crypto_aead_xchacha20poly1305_ietf_decrypt(vault->data_key, NULL, NULL, in->sealed, sizeof in->sealed,
                                                            (const unsigned char *)purposes[secret],
                                                            strlen(purposes[secret]), in->nonce, vault->wrapping_key);
    sodium_memzero(vault->wrapping_key, sizeof vault->wrapping_key);
    return failed == 0;
}

/* Derives from a new passphrase with a new salt, and seals. */
static enum status seal_by_passphrase(struct vault *vault, struct key_file *file, const char *passphrase,
                                      struct error *error)
{
    randombytes_buf(file->passphrase.salt, sizeof file->passphrase.salt);
    file->operations = ARGON2_OPERATIONS;
    file->memory = ARGON2_MEMORY;
    enum status status = key_from_passphrase(passphrase, file, vault->wrapping_key, error);
    if (status == STATUS_OK) {
        seal(vault, file, SECRET_PASSPHRASE);
    }
    return status;
}

static enum status refuse_faulty(const char *passphrase, struct error *error)
{
    const char *fault = passphrase_fault(passphrase);
    return fault == NULL ? STATUS_OK : error_set(error, STATUS_INVALID, "%s", fault);
}

static enum status wrong(const struct paths *paths, enum secret secret, const struct clock *clock, struct error *error)
{
    attempts_add(paths, clock);
    int seconds = (int)((attempts_delay(paths, clock) + INSTANT_SECOND - 1) / INSTANT_SECOND);
    if (secret == SECRET_RECOVERY) {
        return error_set(error, STATUS_LOCKED,
                         _("That is not the recovery key of '%s'; check each group and try again."), paths->user);
    }
    if (seconds == 0) {
        return error_set(error, STATUS_LOCKED, _("That is not the passphrase; try again."));
    }
    return error_set(error, STATUS_LOCKED, _("That is not the passphrase; the next try is possible in %d s."), seconds);
}

/* The one way in. `file` receives what was read, so that it can be sealed anew. */
static enum status open_with(const struct paths *paths, const char *text, enum secret secret, const struct clock *clock,
                             struct key_file *file, struct vault **out, struct error *error)
{
    *out = NULL;
    struct vault *vault = new_vault(error);
    if (vault == NULL) {
        return STATUS_NO_MEMORY;
    }
    bool healthy = false;
    enum status status = key_file_read(paths, file, &healthy, error);
    if (status != STATUS_OK) {
        goto out;
    }
    int64_t delay = attempts_delay(paths, clock);
    if (delay > 0) {
        clock_sleep(clock, delay);
    }
    if (secret == SECRET_PASSPHRASE) {
        status = key_from_passphrase(text, file, vault->wrapping_key, error);
    } else if (!key_from_recovery(text, file, vault->wrapping_key)) {
        status = STATUS_LOCKED;
    }
    if (status == STATUS_LOCKED || (status == STATUS_OK && !unseal(vault, file, secret))) {
        status = wrong(paths, secret, clock, error);
    }
    if (status != STATUS_OK) {
        goto out;
    }
    attempts_clear(paths);
    if (!healthy) {
        /* The right secret opened it, so this copy is the one to keep; when it cannot be written, next time. */
        enum status ignored = key_file_write(paths, file, NULL);
        (void)ignored;
    }
    *out = vault;
    vault = NULL;
out:
    vault_free(vault);
    return status;
}

/* An enrolment that stopped before its record was made left a key that opens nothing; a record, or
 * the mark of one that is missing, means that this key is needed. */
static enum status make_room(const struct paths *paths, struct error *error)
{
    char mark[PATH_SIZE];
    enum status status = file_join(mark, sizeof mark, paths->folder, MARK_NAME, error);
    if (status != STATUS_OK) {
        return status;
    }
    bool key = key_file_exists(paths);
    if (file_exists(paths->record) && !key) {
        return error_set(
            error, STATUS_CONFLICT,
            _("There is a record in '%s' without its key file; put the key file back, or move the folder aside."),
            paths->folder);
    }
    if (key && (file_exists(paths->record) || file_exists(mark))) {
        return error_set(error, STATUS_CONFLICT,
                         _("This device is already set up for '%s'; unlock it, or move '%s' aside first."), paths->user,
                         paths->folder);
    }
    return key ? key_file_set_aside(paths, error) : STATUS_OK;
}

enum status vault_create(const struct paths *paths, const char *passphrase, char recovery[RECOVERY_KEY_SIZE],
                         struct vault **out, struct error *error)
{
    *out = NULL;
    recovery[0] = '\0';
    struct key_file file = {.operations = 0};
    struct vault *vault = NULL;
    enum status status = refuse_faulty(passphrase, error);
    if (status == STATUS_OK) {
        status = file_make_private_folder(paths->folder, error);
    }
    if (status == STATUS_OK) {
        status = make_room(paths, error);
    }
    if (status != STATUS_OK) {
        return status;
    }
    vault = new_vault(error);
    if (vault == NULL) {
        return STATUS_NO_MEMORY;
    }
    randombytes_buf(vault->data_key, sizeof vault->data_key);
    status = seal_by_passphrase(vault, &file, passphrase, error);
    if (status != STATUS_OK) {
        goto out;
    }
    recovery_make(recovery);
    randombytes_buf(file.recovery.salt, sizeof file.recovery.salt);
    if (!key_from_recovery(recovery, &file, vault->wrapping_key)) {
        status = error_set(error, STATUS_FAILED, _("The recovery key could not be made; try again."));
        goto out;
    }
    seal(vault, &file, SECRET_RECOVERY);
    status = key_file_write(paths, &file, error);
    if (status == STATUS_OK) {
        *out = vault;
        vault = NULL;
    }
out:
    if (status != STATUS_OK) {
        sodium_memzero(recovery, RECOVERY_KEY_SIZE);
    }
    vault_free(vault);
    return status;
}

enum status vault_unlock(const struct paths *paths, const char *passphrase, const struct clock *clock,
                         struct vault **out, struct error *error)
{
    struct key_file file;
    return open_with(paths, passphrase, SECRET_PASSPHRASE, clock, &file, out, error);
}

enum status vault_verify(const struct paths *paths, const char *passphrase, const struct clock *clock,
                         struct error *error)
{
    struct vault *vault = NULL;
    enum status status = vault_unlock(paths, passphrase, clock, &vault, error);
    vault_free(vault);
    return status;
}

/* Opens with one secret and seals by a new passphrase; the other secrets stay as they are. */
static enum status replace_passphrase(const struct paths *paths, const char *text, enum secret secret,
                                      const char *new_passphrase, const struct clock *clock, struct error *error)
{
    struct key_file file;
    struct vault *vault = NULL;
    enum status status = refuse_faulty(new_passphrase, error);
    if (status == STATUS_OK) {
        status = open_with(paths, text, secret, clock, &file, &vault, error);
    }
    if (status == STATUS_OK) {
        status = seal_by_passphrase(vault, &file, new_passphrase, error);
    }
    if (status == STATUS_OK) {
        status = key_file_write(paths, &file, error);
    }
    vault_free(vault);
    return status;
}

enum status vault_change_passphrase(const struct paths *paths, const char *old_passphrase, const char *new_passphrase,
                                    const struct clock *clock, struct error *error)
{
    return replace_passphrase(paths, old_passphrase, SECRET_PASSPHRASE, new_passphrase, clock, error);
}

enum status vault_recover(const struct paths *paths, const char *recovery, const char *new_passphrase,
                          const struct clock *clock, struct error *error)
{
    return replace_passphrase(paths, recovery, SECRET_RECOVERY, new_passphrase, clock, error);
}
