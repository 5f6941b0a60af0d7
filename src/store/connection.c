/*
 * One recipe for SQLCipher 3.4 and 4.x: the file has the form of version 3
 * with pages of 4096 bytes, which both read and write. An unknown PRAGMA
 * succeeds silently, so every setting is read back.
 */
#include "store/connection.h"

#include "base/memory.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <threads.h>
#include <time.h>

#define BUSY_TRIES 5000 /* of one millisecond each */
#define PAGES_LEFT 4000 /* in the log, before the nurse's connection copies them back by itself */

/* --- SQLite's memory: base/memory wipes what it frees, and lets tests fail it ----------------------- */

/* Before each block stands its size, in a space that keeps the block aligned. */
#define BLOCK_HEAD sizeof(max_align_t)

static void *give(int size)
{
    char *block = memory_allocate(BLOCK_HEAD + (size_t)size);
    if (block == NULL) {
        return NULL;
    }
    memcpy(block, &size, sizeof size);
    return block + BLOCK_HEAD;
}

static void *regive(void *memory, int size)
{
    char *block = memory_resize((char *)memory - BLOCK_HEAD, BLOCK_HEAD + (size_t)size);
    if (block == NULL) {
        return NULL;
    }
    memcpy(block, &size, sizeof size);
    return block + BLOCK_HEAD;
}

static void take_back(void *memory)
{
    memory_free((char *)memory - BLOCK_HEAD);
}

static int size_of(void *memory)
{
    int size = 0;
    if (memory != NULL) {
        memcpy(&size, (char *)memory - BLOCK_HEAD, sizeof size);
    }
    return size;
}

static int round_up(int size)
{
    return (size + 7) & ~7;
}

static int start(void *context)
{
    (void)context;
    return SQLITE_OK;
}

static void stop(void *context)
{
    (void)context;
}

static once_flag configured = ONCE_FLAG_INIT;
static int configure_result;
/* SQLCipher 3.4 sets itself up with the first key and takes itself down with the last, and does not survive
 * a failed allocation in between. One keyed connection to nothing, kept for good, does that once and early. */
static sqlite3 *keep_alive;

static void let_go(void)
{
    sqlite3_close(keep_alive);
}

static void configure(void)
{
    static sqlite3_mem_methods methods = {
        .xMalloc = give, .xFree = take_back, .xRealloc = regive, .xSize = size_of,
        .xRoundup = round_up, .xInit = start, .xShutdown = stop,
    };
    configure_result = sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
    if (configure_result == SQLITE_OK) {
        configure_result = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    }
    if (configure_result == SQLITE_OK && sqlite3_open(":memory:", &keep_alive) == SQLITE_OK) {
        configure_result = sqlite3_key(keep_alive, "none", 4);
        atexit(let_go);
    }
}

/* --- opening ------------------------------------------------------------------------------------------ */

/* SQLite's own handler sleeps in growing steps and starves behind a busy writer. */
static int wait_for_lock(void *context, int tries)
{
    (void)context;
    struct timespec millisecond = {.tv_nsec = 1000000};
    nanosleep(&millisecond, NULL);
    return tries < BUSY_TRIES;
}

static const struct {
    const char *set, *get, *value;
} settings[] = {
    {"PRAGMA journal_mode=WAL", "PRAGMA journal_mode", "wal"},
    {"PRAGMA synchronous=FULL", "PRAGMA synchronous", "2"},
    {"PRAGMA foreign_keys=ON", "PRAGMA foreign_keys", "1"},
    {"PRAGMA secure_delete=ON", "PRAGMA secure_delete", "1"},
    {"PRAGMA temp_store=MEMORY", "PRAGMA temp_store", "2"},
    {"PRAGMA wal_autocheckpoint=1000", "PRAGMA wal_autocheckpoint", "1000"},
    {"PRAGMA journal_size_limit=4194304", "PRAGMA journal_size_limit", "4194304"},
};

/* The single value of a PRAGMA as text, "" when it gives no row: not cached, it runs once. */
static enum status pragma(struct store *store, const char *sql, char out[32], struct error *error)
{
    sqlite3_stmt *statement = NULL;
    out[0] = '\0';
    if (sqlite3_prepare_v2(store->connection, sql, -1, &statement, NULL) != SQLITE_OK) {
        return database_error(store, error);
    }
    int result = sqlite3_step(statement);
    if (result == SQLITE_ROW) {
        column_text(statement, 0, out, 32);
    }
    /* A number that could not be made text for want of memory is read as "", and only the connection tells. */
    bool short_of_memory = (sqlite3_errcode(store->connection) & 0xff) == SQLITE_NOMEM;
    enum status status = (result == SQLITE_ROW || result == SQLITE_DONE) && !short_of_memory
                             ? STATUS_OK
                             : database_error(store, error);
    sqlite3_finalize(statement);
    return status;
}

static enum status apply_settings(struct store *store, struct error *error)
{
    char value[32];
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        enum status status = database_execute(store, settings[i].set, error);
        if (status == STATUS_OK) {
            status = pragma(store, settings[i].get, value, error);
        }
        if (status != STATUS_OK) {
            return status;
        }
        if (!text_equal(value, settings[i].value)) {
            return error_set(error, STATUS_FAILED,
                             _("The record cannot be kept safely on this disk; use a home folder on a local disk."));
        }
    }
    return STATUS_OK;
}

/* Without this check a program linked with plain SQLite would write an open file. */
static enum status require_cipher(struct store *store, struct error *error)
{
    char version[32];
    enum status status = pragma(store, "PRAGMA cipher_version", version, error);
    if (status == STATUS_OK && version[0] == '\0') {
        return error_set(error, STATUS_FAILED,
                         _("This program was built without encryption; install the SQLCipher library."));
    }
    return status;
}

/* The raw key skips SQLCipher's own slow derivation: the vault has done that. */
static enum status give_key(struct store *store, const unsigned char key[DATA_KEY_SIZE], struct error *error)
{
    char literal[DATA_KEY_SIZE * 2 + 4];
    literal[0] = 'x';
    literal[1] = '\'';
    sodium_bin2hex(literal + 2, DATA_KEY_SIZE * 2 + 1, key, DATA_KEY_SIZE);
    literal[DATA_KEY_SIZE * 2 + 2] = '\'';
    literal[DATA_KEY_SIZE * 2 + 3] = '\0';
    int result = sqlite3_key_v2(store->connection, "main", literal, DATA_KEY_SIZE * 2 + 3);
    memory_wipe(literal, sizeof literal);
    if (result == SQLITE_NOMEM) { /* returned, but not left with the connection */
        return error_no_memory(error);
    }
    return result == SQLITE_OK ? STATUS_OK : database_error(store, error);
}

enum status connection_open(struct store *store, const char *path, const unsigned char key[DATA_KEY_SIZE],
                            struct error *error)
{
    call_once(&configured, configure);
    enum status status = STATUS_OK;
    if (configure_result != SQLITE_OK) {
        return error_set(error, STATUS_FAILED,
                         _("The SQLCipher library could not be set up; start the program again."));
    }
    /* A failed open may leave a handle behind, and giving that one a key would crash. */
    if (sqlite3_open_v2(path, &store->connection, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
        status = database_error(store, error);
        connection_close(store);
        return status;
    }
    sqlite3_extended_result_codes(store->connection, 1);
    sqlite3_busy_handler(store->connection, wait_for_lock, NULL);
    status = database_execute(store,
                              "PRAGMA cipher_log_level=NONE;"
                              "PRAGMA cipher_default_compatibility=3;"
                              "PRAGMA cipher_default_page_size=4096;",
                              error);
    if (status == STATUS_OK) {
        status = give_key(store, key, error);
    }
    if (status == STATUS_OK) {
        status = require_cipher(store, error);
    }
    if (status == STATUS_OK) {
        status = database_execute(store, "SELECT count(*) FROM sqlite_master", error);
    }
    if (status == STATUS_OK) {
        status = apply_settings(store, error);
    }
    /* Copying the log back takes longer than a key may: beside a sync, that one does it. */
    if (status == STATUS_OK && store->writer_waiting != NULL && !store->yields) {
        sqlite3_wal_autocheckpoint(store->connection, PAGES_LEFT);
    }
    if (status != STATUS_OK) {
        connection_close(store);
    }
    return status;
}

void connection_close(struct store *store)
{
    sqlite3_stmt *statement = NULL;
    while (store->connection != NULL && (statement = sqlite3_next_stmt(store->connection, NULL)) != NULL) {
        sqlite3_finalize(statement);
    }
    store->cached = 0;
    sqlite3_close(store->connection); /* rolls back what was open */
    store->connection = NULL;
}
