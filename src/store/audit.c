/*
 * The audit chain. Row n holds BLAKE2b, keyed, over the hash of row n-1 and
 * the fields of row n, each with its length before it, so that no two
 * different rows give the same bytes. Numbers have no gaps.
 *
 * The key is a setting of the record: whoever can read it can read everything
 * else too; it keeps a row from being forged by SQL alone.
 */
#include "store/audit.h"

#include "base/buffer.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "store/database.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define SETTING_AUDIT_KEY "audit-key"
#define MARK_TITLE "doorstep-mark 1"
#define MARK_SIZE 256
#define HASH_HEX_SIZE (AUDIT_HASH_SIZE * 2 + 1)

static void hash_bytes(crypto_generichash_state *state, const void *bytes, size_t length)
{
    unsigned char prefix[8];
    for (size_t i = 0; i < sizeof prefix; i++) {
        prefix[i] = (unsigned char)((uint64_t)length >> (8 * i));
    }
    crypto_generichash_update(state, prefix, sizeof prefix);
    crypto_generichash_update(state, bytes, length);
}

static void hash_integer(crypto_generichash_state *state, int64_t value)
{
    unsigned char bytes[8];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (unsigned char)((uint64_t)value >> (8 * i));
    }
    hash_bytes(state, bytes, sizeof bytes);
}

/* `hash` holds the previous row's hash and receives this row's. */
static void chain(const struct store *store, const struct audit_row *row, unsigned char hash[AUDIT_HASH_SIZE])
{
    const char *texts[] = {row->user, row->action, row->type, row->resource, row->patient, row->detail};
    crypto_generichash_state state;
    crypto_generichash_init(&state, store->audit_key, sizeof store->audit_key, AUDIT_HASH_SIZE);
    hash_bytes(&state, hash, AUDIT_HASH_SIZE);
    hash_integer(&state, row->number);
    hash_integer(&state, row->at);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        hash_bytes(&state, texts[i], strlen(texts[i]));
    }
    crypto_generichash_final(&state, hash, AUDIT_HASH_SIZE);
}

static bool column_hash(sqlite3_stmt *statement, int column, unsigned char hash[AUDIT_HASH_SIZE])
{
    const void *bytes = sqlite3_column_blob(statement, column);
    if (bytes == NULL || sqlite3_column_bytes(statement, column) != AUDIT_HASH_SIZE) {
        return false;
    }
    memcpy(hash, bytes, AUDIT_HASH_SIZE);
    return true;
}

/* The last row: number 0 and a hash of zeros when there is none. */
static enum status head(struct store *store, int64_t *number, unsigned char hash[AUDIT_HASH_SIZE], struct error *error)
{
    *number = 0;
    memset(hash, 0, AUDIT_HASH_SIZE);
    sqlite3_stmt *statement =
        database_statement(store, "SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bool row = false;
    enum status status = database_step(store, statement, &row, error);
    if (status == STATUS_OK && row) {
        *number = sqlite3_column_int64(statement, 0);
        column_hash(statement, 1, hash);
        sqlite3_reset(statement);
    }
    return status;
}

static enum status insert(struct store *store, const struct audit_row *row, const unsigned char hash[AUDIT_HASH_SIZE],
                          struct error *error)
{
    sqlite3_stmt *statement = database_statement(
        store,
        "INSERT INTO audit (number, at, user, action, type, resource, patient, detail, hash)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_integer(statement, 1, row->number);
    bind_integer(statement, 2, row->at);
    bind_text(statement, 3, row->user);
    bind_text(statement, 4, row->action);
    bind_text(statement, 5, row->type);
    bind_text(statement, 6, row->resource);
    bind_text(statement, 7, row->patient);
    bind_text(statement, 8, row->detail);
    bind_bytes(statement, 9, hash, AUDIT_HASH_SIZE);
    return database_run(store, statement, error);
}

enum status audit_add(struct store *store, const char *action, const char *type, const char *resource,
                      const char *patient, const char *detail, struct error *error)
{
    struct audit_row row = {.at = clock_now(&store->clock)};
    text_copy(row.user, sizeof row.user, store->user);
    text_copy(row.action, sizeof row.action, action);
    text_copy(row.type, sizeof row.type, type);
    text_copy(row.resource, sizeof row.resource, resource);
    text_copy(row.patient, sizeof row.patient, patient);
    text_copy(row.detail, sizeof row.detail, detail);

    enum status status = database_begin(store, error);
    if (status != STATUS_OK) {
        return status;
    }
    unsigned char hash[AUDIT_HASH_SIZE];
    status = head(store, &row.number, hash, error);
    if (status == STATUS_OK) {
        row.number++;
        chain(store, &row, hash);
        status = insert(store, &row, hash, error);
    }
    store->mark_due = store->mark_due || text_equal(action, "sign") || text_equal(action, "correct");
    return database_commit(store, error);
}

static void read_row(sqlite3_stmt *statement, struct audit_row *row)
{
    row->number = sqlite3_column_int64(statement, 0);
    row->at = sqlite3_column_int64(statement, 1);
    column_text(statement, 2, row->user, sizeof row->user);
    column_text(statement, 3, row->action, sizeof row->action);
    column_text(statement, 4, row->type, sizeof row->type);
    column_text(statement, 5, row->resource, sizeof row->resource);
    column_text(statement, 6, row->patient, sizeof row->patient);
    column_text(statement, 7, row->detail, sizeof row->detail);
}

#define ROW_COLUMNS "number, at, user, action, type, resource, patient, detail"

/* --- the mark ------------------------------------------------------------------------------------ */

struct mark {
    int64_t number; /* 0: there is no readable mark */
    unsigned char hash[AUDIT_HASH_SIZE];
};

static struct mark read_mark(const struct store *store)
{
    struct mark mark = {.number = 0};
    struct buffer bytes;
    buffer_init(&bytes, MARK_SIZE);
    long long number = 0;
    char hex[HASH_HEX_SIZE];
    size_t length = 0;
    if (file_exists(store->mark_path) && file_read(store->mark_path, &bytes, NULL) == STATUS_OK &&
        sscanf(buffer_text(&bytes), MARK_TITLE " %lld %64[0-9a-f]", &number, hex) == 2 && number > 0 &&
        sodium_hex2bin(mark.hash, sizeof mark.hash, hex, strlen(hex), NULL, &length, NULL) == 0 &&
        length == AUDIT_HASH_SIZE) {
        mark.number = number;
    }
    buffer_free(&bytes);
    return mark;
}

void audit_mark(struct store *store)
{
    struct mark mark;
    if (!sqlite3_get_autocommit(store->connection)) {
        return; /* the last row is not on the disk yet */
    }
    if (head(store, &mark.number, mark.hash, NULL) != STATUS_OK || mark.number <= store->marked) {
        return;
    }
    char hex[HASH_HEX_SIZE];
    char text[MARK_SIZE];
    sodium_bin2hex(hex, sizeof hex, mark.hash, sizeof mark.hash);
    int length = snprintf(text, sizeof text, MARK_TITLE " %lld %s\n", (long long)mark.number, hex);
    if (file_replace(store->mark_path, text, (size_t)length, NULL) == STATUS_OK) {
        store->marked = mark.number;
    } else {
        log_event("mark-failed", 0, 0); /* it only lags: the next one catches up */
    }
}

/* Whether the row the mark names is in the record, with the same hash. */
static enum status mark_fits(struct store *store, const struct mark *mark, bool *fits, struct error *error)
{
    sqlite3_stmt *statement = database_statement(store, "SELECT hash FROM audit WHERE number = ?1", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_integer(statement, 1, mark->number);
    bool row = false;
    enum status status = database_step(store, statement, &row, error);
    unsigned char hash[AUDIT_HASH_SIZE];
    *fits = row && column_hash(statement, 0, hash) && memcmp(hash, mark->hash, AUDIT_HASH_SIZE) == 0;
    sqlite3_reset(statement);
    return status;
}

enum status audit_check_mark(struct store *store, struct error *error)
{
    struct mark mark = read_mark(store);
    if (mark.number == 0) {
        return STATUS_OK;
    }
    bool fits = false;
    enum status status = mark_fits(store, &mark, &fits, error);
    if (status == STATUS_OK && !fits) {
        return error_set(error, STATUS_DAMAGED,
                         _("The record is an older copy than the one last used here, and later work is missing in it; "
                           "put the newest copy back, or, to go on with this one, remove the file '%s'."),
                         store->mark_path);
    }
    store->marked = mark.number;
    return status;
}

/* --- the key --------------------------------------------------------------------------------------- */

enum status audit_begin_chain(struct store *store, struct error *error)
{
    char hex[HASH_HEX_SIZE];
    randombytes_buf(store->audit_key, sizeof store->audit_key);
    sodium_bin2hex(hex, sizeof hex, store->audit_key, sizeof store->audit_key);
    enum status status = store_setting_set(store, SETTING_AUDIT_KEY, hex, error);
    memory_wipe(hex, sizeof hex);
    return status == STATUS_OK ? audit_add(store, "create", "", "", "", "record", error) : status;
}

enum status audit_load_key(struct store *store, struct error *error)
{
    char hex[HASH_HEX_SIZE];
    size_t length = 0;
    enum status status = store_setting_get(store, SETTING_AUDIT_KEY, hex, sizeof hex, error);
    if (status == STATUS_OK &&
        (sodium_hex2bin(store->audit_key, sizeof store->audit_key, hex, strlen(hex), NULL, &length, NULL) != 0 ||
         length != sizeof store->audit_key)) {
        status = error_set(error, STATUS_DAMAGED,
                           _("The record has lost the key of its audit; put the record back from a backup."));
    }
    memory_wipe(hex, sizeof hex);
    return status;
}

/* --- verifying and reading --------------------------------------------------------------------------- */

enum status audit_verify(struct store *store, struct audit_verdict *out, struct error *error)
{
    *out = (struct audit_verdict){.intact = true};
    struct mark mark = read_mark(store); /* before the rows: they can only be ahead of it */
    sqlite3_stmt *statement =
        database_statement(store, "SELECT " ROW_COLUMNS ", hash FROM audit ORDER BY number", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    unsigned char expected[AUDIT_HASH_SIZE] = {0};
    unsigned char found[AUDIT_HASH_SIZE];
    int64_t last = 0;
    bool more = false;
    enum status status = STATUS_OK;
    while ((status = database_step(store, statement, &more, error)) == STATUS_OK && more) {
        struct audit_row row = {.number = 0};
        read_row(statement, &row);
        out->entries++;
        chain(store, &row, expected);
        bool good = row.number == last + 1 && column_hash(statement, 8, found) &&
                    memcmp(expected, found, AUDIT_HASH_SIZE) == 0 &&
                    (row.number != mark.number || memcmp(found, mark.hash, AUDIT_HASH_SIZE) == 0);
        if (!good && out->intact) {
            out->intact = false;
            out->first_broken = last + 1;
        }
        last = row.number;
    }
    if (status == STATUS_OK && out->intact && last < mark.number) {
        out->intact = false;
        out->first_broken = last + 1;
    }
    return status;
}

void audit_rows_free(struct audit_rows *rows)
{
    memory_free(rows->items);
    *rows = (struct audit_rows){.items = NULL};
}

enum status audit_read(struct store *store, const char *patient, size_t most, struct audit_rows *out,
                       struct error *error)
{
    *out = (struct audit_rows){.items = NULL};
    sqlite3_stmt *statement = database_statement(
        store, "SELECT " ROW_COLUMNS " FROM audit WHERE ?1 = '' OR patient = ?1 ORDER BY number DESC LIMIT ?2", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, patient);
    bind_integer(statement, 2, most > INT64_MAX ? INT64_MAX : (int64_t)most);
    bool more = false;
    enum status status = STATUS_OK;
    while ((status = database_step(store, statement, &more, error)) == STATUS_OK && more) {
        struct audit_row *grown = memory_grow(out->items, out->count, &out->capacity, sizeof *out->items);
        if (grown == NULL) {
            status = error_no_memory(error);
            break;
        }
        out->items = grown;
        out->items[out->count] = (struct audit_row){.number = 0};
        read_row(statement, &out->items[out->count++]);
    }
    sqlite3_reset(statement);
    if (status != STATUS_OK) {
        audit_rows_free(out);
    }
    return status;
}
