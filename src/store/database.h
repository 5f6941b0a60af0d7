/*
 * SQL for the rooms inside store/ only: the connection's inside, cached
 * statements, transactions, binding and reading of columns.
 *
 * Errors of SQLite become sentences here and nowhere else: FULL keeps what was
 * entered and says to make space; DAMAGED says what to do with the file; BUSY
 * and READ_ONLY likewise. No SQL text and no value reaches a message.
 */
#ifndef DOORSTEP_STORE_DATABASE_H
#define DOORSTEP_STORE_DATABASE_H

#include "store/store.h"

#include <sqlite3.h>

#define STATEMENT_CACHE 192 /* more than there are different statements in store/ */
#define AUDIT_HASH_SIZE 32

struct store {
    sqlite3 *connection;
    struct clock clock;
    struct randomness randomness;
    atomic_int *writer_waiting;  /* see store_options; may be NULL */
    bool yields;
    char user[64];               /* for audit rows */
    int transaction_depth;       /* 0 outside; nested begins only count */
    bool transaction_broken;     /* a part failed: the outermost commit refuses */
    bool unsure;                 /* the disk failed during a commit: this connection writes no more */
    struct {                     /* of the page record_begin() opened, for its one audit row */
        int stored, unchanged, quarantined;
        bool imported;
    } page;
    unsigned char audit_key[AUDIT_HASH_SIZE];
    int64_t marked;              /* the audit row the mark file names; 0 when none */
    bool mark_due;               /* the running transaction holds a signature: mark it when it is committed */
    char mark_path[PATH_SIZE];   /* beside the record: how far the audit had come */
    char record_path[PATH_SIZE];
    struct {
        const char *sql;         /* literal; compared by pointer, then by text */
        sqlite3_stmt *statement;
    } cache[STATEMENT_CACHE];
    size_t cached;
};

/* A cached statement, reset and with cleared bindings. NULL on failure, with the error set; the caller
 * then returns database_error(), which has the status. `sql` is a literal. */
sqlite3_stmt *database_statement(struct store *store, const char *sql, struct error *error);
/* Steps a statement that returns no rows to its end and resets it. */
enum status database_run(struct store *store, sqlite3_stmt *statement, struct error *error) MUST_CHECK;
/* Runs `update` and, when that met no row, `insert`, both with these texts as ?1, ?2, ...: as INSERT OR REPLACE, which
 * first copies, and encrypts, each page that it changes. */
enum status database_put(struct store *store, const char *update, const char *insert, const char *const texts[], int count,
                         struct error *error) MUST_CHECK;
/* Steps once: *row says whether there is a row. Resets after the last. */
enum status database_step(struct store *store, sqlite3_stmt *statement, bool *row, struct error *error) MUST_CHECK;
/* Runs SQL text without parameters. */
enum status database_execute(struct store *store, const char *sql, struct error *error) MUST_CHECK;
/* The status and sentence for the connection's last error. Call before the statement is reset. */
enum status database_error(struct store *store, struct error *error);

/* BEGIN IMMEDIATE at the outermost level; raises writer_waiting while it waits
 * (or, for a yielding connection, waits while others have it raised). */
enum status database_begin(struct store *store, struct error *error) MUST_CHECK;
/* Ends one level, whatever it returns. A nested level that was rolled back
 * makes the outermost commit roll back and fail.
 * After a failed outermost commit this connection does not see the change; but
 * its last bytes may have reached the log, and a record that is closed and
 * opened again may hold it: the outcome is *unknown*. Whoever tries again looks
 * for its row first, by the client's UUID. After an input/output error the
 * connection writes no more until it is opened again. */
enum status database_commit(struct store *store, struct error *error) MUST_CHECK;
/* Ends one level and undoes the whole transaction. Harmless outside of one. */
void database_rollback(struct store *store);
/* The usual end: commits when `status` is OK, else rolls back and returns it. */
enum status database_end(struct store *store, enum status status, struct error *error) MUST_CHECK;

/* Steps to the end and resets the statement: one zeroed item of `size` bytes, filled, for each row. *items is owned by the
 * caller, also after a failure, when `fill` may have left the last one half done; NULL when there were none. */
enum status database_collect(struct store *store, sqlite3_stmt *statement, size_t size,
                             enum status (*fill)(struct store *store, sqlite3_stmt *statement, void *item, struct error *error),
                             void **items, size_t *count, struct error *error) MUST_CHECK;

/* Binding: a failure shows at the next step. Texts must outlive the step. NULL text binds ''. */
void bind_text(sqlite3_stmt *statement, int index, const char *text);
void bind_text_or_null(sqlite3_stmt *statement, int index, const char *text); /* NULL or "" binds NULL */
void bind_integer(sqlite3_stmt *statement, int index, int64_t value);
void bind_instant(sqlite3_stmt *statement, int index, instant at);            /* INSTANT_NONE binds NULL */
void bind_bytes(sqlite3_stmt *statement, int index, const void *bytes, size_t length);

/* Columns. */
void column_text(sqlite3_stmt *statement, int column, char *out, size_t size); /* cut at a character */
char *column_copy(sqlite3_stmt *statement, int column); /* owned, "" for NULL; NULL when memory is short */
instant column_instant(sqlite3_stmt *statement, int column);
int column_int(sqlite3_stmt *statement, int column);

#endif
