/*
 * Statements, transactions and error sentences for the rooms inside store/.
 *
 * SQLite ends a transaction by itself after some failures (full disk, no
 * memory). Every step therefore checks that the transaction it believes in is
 * still there, so that no half of one is ever written row by row.
 */
#include "store/database.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "store/audit.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#define YIELD_MOST 1000 /* ms that a long writer steps back for the nurse before it goes on anyway */

static enum status disk_error(struct error *error, int error_number)
{
    switch (error_number) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return error_set(error, STATUS_FULL,
                         _("The disk is full and nothing was saved; what was entered is still here, "
                           "so make space and save again."));
    case EROFS:
    case EACCES:
    case EPERM:
        return error_set(error, STATUS_READ_ONLY,
                         _("The record may not be written to; make its folder and disk writable and try again."));
    default:
        return error_set(error, STATUS_FAILED,
                         _("The disk failed while the record was in use; lock, unlock, and look at what was saved "
                           "last before going on."));
    }
}

enum status database_error(struct store *store, struct error *error)
{
    int extended = store->connection == NULL ? SQLITE_NOMEM : sqlite3_extended_errcode(store->connection);
    switch (extended & 0xff) {
    case SQLITE_NOMEM:
        return error_no_memory(error);
    case SQLITE_FULL:
        return disk_error(error, ENOSPC);
    case SQLITE_IOERR:
        if (extended == SQLITE_IOERR_NOMEM) {
            return error_no_memory(error);
        }
        return disk_error(error, sqlite3_system_errno(store->connection));
    case SQLITE_CANTOPEN:
        if (sqlite3_system_errno(store->connection) == ENOENT) {
            return error_set(error, STATUS_NOT_FOUND,
                             _("The record is not in its folder; put it back from a backup, or enrol again."));
        }
        return disk_error(error, sqlite3_system_errno(store->connection));
    case SQLITE_READONLY:
        return disk_error(error, EROFS);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return error_set(error, STATUS_DAMAGED,
                         _("The record is damaged and was left as it is; put it back from a backup, or move its "
                           "folder aside and enrol again."));
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return error_set(error, STATUS_BUSY,
                         _("The record is in use by another program of yours; wait a moment and try again."));
    case SQLITE_INTERRUPT:
        return error_set(error, STATUS_CANCELLED, _("It was stopped before it was done."));
    default:
        return error_set(error, STATUS_FAILED, _("The record could not be read or written (code %d); try again."),
                         extended);
    }
}

sqlite3_stmt *database_statement(struct store *store, const char *sql, struct error *error)
{
    size_t i = 0;
    while (i < store->cached && store->cache[i].sql != sql) { /* mostly the same literal as before */
        i++;
    }
    if (i == store->cached) {
        for (i = 0; i < store->cached && strcmp(store->cache[i].sql, sql) != 0; i++) {
        }
    }
    if (i < store->cached) {
        sqlite3_reset(store->cache[i].statement);
        sqlite3_clear_bindings(store->cache[i].statement);
        return store->cache[i].statement;
    }
    assert(store->cached < STATEMENT_CACHE);
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(store->connection, sql, -1, &statement, NULL) != SQLITE_OK) {
        database_error(store, error);
        return NULL;
    }
    store->cache[store->cached].sql = sql;
    store->cache[store->cached].statement = statement;
    store->cached++;
    return statement;
}

/* Steps once. An ended transaction is noticed before anything is written outside of it. */
static enum status step(struct store *store, sqlite3_stmt *statement, int *result, struct error *error)
{
    bool lost = store->transaction_depth > 0 && sqlite3_get_autocommit(store->connection);
    if (lost && !sqlite3_stmt_readonly(statement)) {
        store->transaction_broken = true;
        sqlite3_reset(statement);
        return error_set(error, STATUS_FAILED,
                         _("A part of the change could not be saved, so none of it was; try again."));
    }
    *result = sqlite3_step(statement);
    if (*result == SQLITE_ROW) {
        return STATUS_OK;
    }
    enum status status = STATUS_OK;
    if (*result != SQLITE_DONE) {
        status = database_error(store, error);
    }
    sqlite3_reset(statement);
    return status;
}

enum status database_run(struct store *store, sqlite3_stmt *statement, struct error *error)
{
    int result = SQLITE_ROW;
    while (result == SQLITE_ROW) {
        enum status status = step(store, statement, &result, error);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

static enum status run_texts(struct store *store, const char *sql, const char *const texts[], int count, struct error *error)
{
    sqlite3_stmt *statement = database_statement(store, sql, error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    for (int i = 0; i < count; i++) {
        bind_text(statement, i + 1, texts[i]);
    }
    enum status status = database_run(store, statement, error);
    sqlite3_clear_bindings(statement);
    return status;
}

enum status database_put(struct store *store, const char *update, const char *insert, const char *const texts[], int count,
                         struct error *error)
{
    enum status status = run_texts(store, update, texts, count, error);
    bool met = sqlite3_changes(store->connection) > 0;
    return status == STATUS_OK && !met ? run_texts(store, insert, texts, count, error) : status;
}

enum status database_step(struct store *store, sqlite3_stmt *statement, bool *row, struct error *error)
{
    int result = SQLITE_DONE;
    enum status status = step(store, statement, &result, error);
    *row = status == STATUS_OK && result == SQLITE_ROW;
    return status;
}

enum status database_collect(struct store *store, sqlite3_stmt *statement, size_t size,
                             enum status (*fill)(struct store *store, sqlite3_stmt *statement, void *item, struct error *error),
                             void **items, size_t *count, struct error *error)
{
    enum status status = STATUS_OK;
    size_t capacity = 0;
    bool row = false;

    *items = NULL;
    *count = 0;
    do {
        status = database_step(store, statement, &row, error);
        if (status == STATUS_OK && row) {
            void *grown = memory_grow(*items, *count, &capacity, size);
            if (grown == NULL) {
                status = error_no_memory(error);
            } else {
                unsigned char *item = (unsigned char *)grown + *count * size;
                *items = grown;
                (*count)++;
                memset(item, 0, size);
                status = fill(store, statement, item, error);
            }
        }
    } while (status == STATUS_OK && row);
    sqlite3_reset(statement);
    return status;
}

enum status database_execute(struct store *store, const char *sql, struct error *error)
{
    if (sqlite3_exec(store->connection, sql, NULL, NULL, NULL) != SQLITE_OK) {
        return database_error(store, error);
    }
    return STATUS_OK;
}

static void pause_millisecond(void)
{
    struct timespec millisecond = {.tv_nsec = 1000000};
    nanosleep(&millisecond, NULL);
}

/* Commit and rollback are prepared before they are needed: without memory it would be too late for it. */
static enum status run_kept(struct store *store, const char *sql, struct error *error)
{
    sqlite3_stmt *statement = database_statement(store, sql, error);
    return statement == NULL ? database_error(store, error) : database_run(store, statement, error);
}

static void undo(struct store *store)
{
    store->mark_due = false;
    if (!sqlite3_get_autocommit(store->connection) && run_kept(store, "ROLLBACK", NULL) != STATUS_OK) {
        log_event("rollback-failed", sqlite3_extended_errcode(store->connection), 0); /* the next begin repeats it */
    }
}

/* Begins, and tells the long writer on the other connection that somebody waits for it. */
static enum status begin_immediate(struct store *store, struct error *error)
{
    if (store->writer_waiting == NULL) {
        return run_kept(store, "BEGIN IMMEDIATE", error);
    }
    if (store->yields) {
        for (int waited = 0; atomic_load(store->writer_waiting) != 0 && waited < YIELD_MOST; waited++) {
            pause_millisecond();
        }
        return run_kept(store, "BEGIN IMMEDIATE", error);
    }
    atomic_fetch_add(store->writer_waiting, 1);
    enum status status = run_kept(store, "BEGIN IMMEDIATE", error);
    atomic_fetch_sub(store->writer_waiting, 1);
    return status;
}

enum status database_begin(struct store *store, struct error *error)
{
    if (store->transaction_depth == 0) {
        if (store->unsure) {
            return disk_error(error, EIO);
        }
        undo(store);
        if (database_statement(store, "COMMIT", error) == NULL ||
            database_statement(store, "ROLLBACK", error) == NULL) {
            return database_error(store, error);
        }
        enum status status = begin_immediate(store, error);
        if (status != STATUS_OK) {
            return status;
        }
        store->transaction_broken = false;
    }
    store->transaction_depth++;
    return STATUS_OK;
}

enum status database_commit(struct store *store, struct error *error)
{
    assert(store->transaction_depth > 0);
    if (--store->transaction_depth > 0) {
        return STATUS_OK;
    }
    if (store->transaction_broken || sqlite3_get_autocommit(store->connection)) {
        undo(store);
        return error_set(error, STATUS_FAILED,
                         _("A part of the change could not be saved, so none of it was; try again."));
    }
    enum status status = run_kept(store, "COMMIT", error);
    if (status != STATUS_OK) {
        store->unsure = (sqlite3_errcode(store->connection) & 0xff) == SQLITE_IOERR && status == STATUS_FAILED;
        undo(store);
        return status;
    }
    if (store->mark_due) {
        store->mark_due = false;
        audit_mark(store);
    }
    return STATUS_OK;
}

void database_rollback(struct store *store)
{
    if (store->transaction_depth == 0) {
        return;
    }
    store->transaction_broken = true;
    if (--store->transaction_depth == 0) {
        undo(store);
    }
}

enum status database_end(struct store *store, enum status status, struct error *error)
{
    if (status == STATUS_OK) {
        return database_commit(store, error);
    }
    database_rollback(store);
    return status;
}

/* Static bindings allocate nothing, so that only a wrong index can fail. */
static void bound(int result)
{
    assert(result == SQLITE_OK);
    (void)result;
}

void bind_text(sqlite3_stmt *statement, int index, const char *text)
{
    bound(sqlite3_bind_text(statement, index, text == NULL ? "" : text, -1, SQLITE_STATIC));
}

void bind_text_or_null(sqlite3_stmt *statement, int index, const char *text)
{
    if (text == NULL || text[0] == '\0') {
        bound(sqlite3_bind_null(statement, index));
    } else {
        bind_text(statement, index, text);
    }
}

void bind_integer(sqlite3_stmt *statement, int index, int64_t value)
{
    bound(sqlite3_bind_int64(statement, index, value));
}

void bind_instant(sqlite3_stmt *statement, int index, instant at)
{
    if (at == INSTANT_NONE) {
        bound(sqlite3_bind_null(statement, index));
    } else {
        bind_integer(statement, index, at);
    }
}

void bind_bytes(sqlite3_stmt *statement, int index, const void *bytes, size_t length)
{
    bound(sqlite3_bind_blob64(statement, index, length == 0 ? "" : bytes, length, SQLITE_STATIC));
}

/* Reading as bytes spares SQLite the copy it makes to add a NUL, and with it a failure nobody would see. */
void column_text(sqlite3_stmt *statement, int column, char *out, size_t size)
{
    const char *bytes = sqlite3_column_blob(statement, column);
    size_t length = bytes == NULL ? 0 : (size_t)sqlite3_column_bytes(statement, column);
    if (length >= size) {
        length = size - 1;
        while (length > 0 && ((unsigned char)bytes[length] & 0xC0) == 0x80) {
            length--;
        }
    }
    if (length > 0) {
        memcpy(out, bytes, length);
    }
    out[length] = '\0';
}

char *column_copy(sqlite3_stmt *statement, int column)
{
    const char *bytes = sqlite3_column_blob(statement, column);
    size_t length = bytes == NULL ? 0 : (size_t)sqlite3_column_bytes(statement, column);
    char *copy = memory_allocate(length + 1);
    if (copy != NULL && length > 0) {
        memcpy(copy, bytes, length);
    }
    return copy;
}

instant column_instant(sqlite3_stmt *statement, int column)
{
    return sqlite3_column_type(statement, column) == SQLITE_NULL ? INSTANT_NONE
                                                                 : sqlite3_column_int64(statement, column);
}

int column_int(sqlite3_stmt *statement, int column)
{
    return sqlite3_column_int(statement, column);
}
