/*
 * Settings and secrets of this record, and the PIN, which is one of them: only
 * its hash is kept, and its failures are counted before they are known to be
 * failures, so that stopping the program does not give another try.
 */
#include "store/store.h"

#include "base/text.h"
#include "store/audit.h"
#include "store/database.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SETTING_PIN "pin"
#define SETTING_PIN_FAILURES "pin-failures"
#define PIN_FAILURES_MOST 5
#define PIN_LEAST 4
#define PIN_MOST 12
/* The record is encrypted already: the hash only keeps a PIN used elsewhere too from being read out of it. */
#define PIN_OPERATIONS 3
#define PIN_MEMORY (8u * 1024 * 1024)

enum status store_setting_get(struct store *store, const char *name, char *out, size_t size, struct error *error)
{
    out[0] = '\0';
    sqlite3_stmt *statement = database_statement(store, "SELECT value FROM setting WHERE name = ?1", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, name);
    bool row = false;
    enum status status = database_step(store, statement, &row, error);
    if (status == STATUS_OK && row) {
        if ((size_t)sqlite3_column_bytes(statement, 0) >= size) {
            status = error_set(error, STATUS_INVALID, _("The setting '%s' is longer than this program expects."), name);
        } else {
            column_text(statement, 0, out, size);
        }
    }
    sqlite3_reset(statement);
    return status;
}

enum status store_setting_set(struct store *store, const char *name, const char *value, struct error *error)
{
    enum status status = database_begin(store, error);
    if (status != STATUS_OK) {
        return status;
    }
    const char *const texts[] = {name, value};
    status = database_put(store, "UPDATE setting SET value = ?2 WHERE name = ?1",
                          "INSERT INTO setting (name, value) VALUES (?1, ?2)", texts, 2, error);
    return database_end(store, status, error);
}

static bool is_pin(const char *pin)
{
    size_t length = strlen(pin);
    return length >= PIN_LEAST && length <= PIN_MOST && strspn(pin, "0123456789") == length;
}

static enum status set_failures(struct store *store, long failures, struct error *error)
{
    char number[24];
    snprintf(number, sizeof number, "%ld", failures);
    return store_setting_set(store, SETTING_PIN_FAILURES, number, error);
}

/* The hash (or "" for none) and no failures, with its audit row. */
static enum status write_pin(struct store *store, const char *hash, const char *detail, struct error *error)
{
    enum status status = database_begin(store, error);
    if (status != STATUS_OK) {
        return status;
    }
    status = store_setting_set(store, SETTING_PIN, hash, error);
    if (status == STATUS_OK) {
        status = set_failures(store, 0, error);
    }
    if (status == STATUS_OK) {
        status = audit_add(store, "pin", "", "", "", detail, error);
    }
    return database_end(store, status, error);
}

enum status store_pin_set(struct store *store, const char *pin, struct error *error)
{
    if (pin[0] == '\0') {
        return write_pin(store, "", "removed", error);
    }
    char typed[PIN_MOST + 2];
    char hash[crypto_pwhash_STRBYTES];
    text_normalise_value(typed, sizeof typed, pin);
    if (!is_pin(typed)) {
        sodium_memzero(typed, sizeof typed);
        return error_set(error, STATUS_INVALID, _("A PIN has %d to %d digits."), PIN_LEAST, PIN_MOST);
    }
    int failed = crypto_pwhash_str(hash, typed, strlen(typed), PIN_OPERATIONS, PIN_MEMORY);
    sodium_memzero(typed, sizeof typed);
    return failed != 0 ? error_no_memory(error) : write_pin(store, hash, "set", error);
}

enum status store_pin_check(struct store *store, const char *pin, struct error *error)
{
    char hash[crypto_pwhash_STRBYTES];
    char number[24];
    enum status status = store_setting_get(store, SETTING_PIN, hash, sizeof hash, error);
    if (status == STATUS_OK) {
        status = store_setting_get(store, SETTING_PIN_FAILURES, number, sizeof number, error);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (hash[0] == '\0') {
        return error_set(error, STATUS_LOCKED, _("No PIN is set; use the passphrase."));
    }
    long failures = strtol(number, NULL, 10) + 1;
    status = set_failures(store, failures, error);
    if (status != STATUS_OK) {
        return status;
    }
    char typed[PIN_MOST + 2];
    text_normalise_value(typed, sizeof typed, pin);
    bool right = is_pin(typed) && crypto_pwhash_str_verify(hash, typed, strlen(typed)) == 0;
    sodium_memzero(typed, sizeof typed);
    if (right) {
        return set_failures(store, 0, error);
    }
    if (failures < PIN_FAILURES_MOST) {
        return error_set(error, STATUS_LOCKED, _("That is not the PIN; try again or use the passphrase."));
    }
    status = write_pin(store, "", "disabled", error);
    return status != STATUS_OK ? status
                               : error_set(error, STATUS_LOCKED,
                                           _("That is not the PIN, and it is now switched off; use the passphrase."));
}

bool store_pin_is_set(struct store *store)
{
    char hash[crypto_pwhash_STRBYTES];
    return store_setting_get(store, SETTING_PIN, hash, sizeof hash, NULL) == STATUS_OK && hash[0] != '\0';
}
