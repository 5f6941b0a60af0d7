/*
 * Making, opening and closing the record.
 *
 * A new record is built under another name and renamed when it is whole, so
 * that a record is there completely or not at all. An existing one is looked at
 * before SQLite is: SQLite would take an empty file for a new database.
 */
#include "store/store.h"

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "store/audit.h"
#include "store/connection.h"
#include "store/schema.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SMALLEST_RECORD 4096
#define LOG_GROWN (1024 * 1024)

static enum status damaged(const char *path, struct error *error)
{
    return error_set(error, STATUS_DAMAGED,
                     _("The record '%s' is damaged and was left as it is; put it back from a backup, or move its "
                       "folder aside and enrol again."),
                     path);
}

/* Looks at names only: opening and closing the file here would drop the locks
 * that another connection of this process holds on it. */
static enum status check_file(const char *path, const char *folder, struct error *error)
{
    struct stat about;
    if (lstat(path, &about) != 0) {
        if (errno != ENOENT) {
            return error_system(error, path, errno);
        }
        return error_set(error, STATUS_NOT_FOUND,
                         _("The record '%s' is missing although its key is here; put it back from a backup, or move "
                           "its folder aside and enrol again."),
                         path);
    }
    if (!S_ISREG(about.st_mode) || about.st_uid != geteuid() || (about.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return error_set(error, STATUS_FAILED,
                         _("The record '%s' is not a private file of yours; put the real file there, with mode 0600."),
                         path);
    }
    if (about.st_size < SMALLEST_RECORD) {
        return damaged(path, error);
    }
    if (access(path, W_OK) != 0 || access(folder, W_OK) != 0) {
        return error_set(error, STATUS_READ_ONLY,
                         _("The record '%s' may not be written to; make its folder and disk writable and try again."),
                         path);
    }
    return file_make_private_folder(folder, error); /* it is there: this checks whose it is */
}

static enum status new_store(const struct paths *paths, const struct store_options *options, struct store **out,
                             struct error *error)
{
    struct store *store = memory_allocate(sizeof *store);
    if (store == NULL) {
        return error_no_memory(error);
    }
    store->clock = options->clock;
    store->randomness = options->randomness;
    store->writer_waiting = options->writer_waiting;
    store->yields = options->yields;
    text_copy(store->user, sizeof store->user, paths->user);
    text_copy(store->record_path, sizeof store->record_path, paths->record);
    enum status status = file_join(store->mark_path, sizeof store->mark_path, paths->folder, MARK_NAME, error);
    if (status != STATUS_OK) {
        memory_free(store);
        return status;
    }
    *out = store;
    return STATUS_OK;
}

/* Whether this is a record of ours at all, before anything is migrated. */
static enum status check_identity(struct store *store, struct error *error)
{
    sqlite3_stmt *statement = database_statement(store, "PRAGMA application_id", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bool row = false;
    enum status status = database_step(store, statement, &row, error);
    if (status == STATUS_OK && (!row || column_int(statement, 0) != SCHEMA_APPLICATION_ID)) {
        status = damaged(store->record_path, error);
    }
    sqlite3_reset(statement);
    return status;
}

/* Schema, identity and the first audit row of a new file. */
static enum status fill(struct store *store, struct error *error)
{
    char identity[64];
    snprintf(identity, sizeof identity, "PRAGMA application_id = %d", SCHEMA_APPLICATION_ID);
    enum status status = database_execute(store, identity, error);
    if (status == STATUS_OK) {
        status = schema_migrate(store, error);
    }
    return status == STATUS_OK ? audit_begin_chain(store, error) : status;
}

/* True when the file does not begin as an unencrypted one does. */
static bool is_encrypted(const char *path)
{
    static const char plain[16] = "SQLite format 3";
    char start[sizeof plain];
    int file = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    bool encrypted = file >= 0 && read(file, start, sizeof start) == (ssize_t)sizeof start &&
                     memcmp(start, plain, sizeof plain) != 0;
    if (file >= 0) {
        close(file);
    }
    return encrypted;
}

/* Builds the record at `path`, an empty file that is already there. */
static enum status build(struct store *store, const char *path, const struct vault *vault, struct error *error)
{
    enum status status = connection_open(store, path, vault_data_key(vault), error);
    if (status == STATUS_OK) {
        status = fill(store, error);
        /* The rename takes the file only, so nothing may be left in its log. */
        if (status == STATUS_OK &&
            sqlite3_wal_checkpoint_v2(store->connection, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) != SQLITE_OK) {
            status = database_error(store, error);
        }
        connection_close(store);
    }
    if (status == STATUS_OK && !is_encrypted(path)) {
        status =
            error_set(error, STATUS_FAILED, _("The new record would not be encrypted; install the SQLCipher library."));
    }
    return status;
}

enum status store_create(const struct paths *paths, const struct vault *vault, const struct store_options *options,
                         struct store **out, struct error *error)
{
    *out = NULL;
    char building[PATH_SIZE + 8];
    char log[PATH_SIZE + 16];
    int length = snprintf(building, sizeof building, "%s.new", paths->record);
    snprintf(log, sizeof log, "%s-wal", building);
    if (length >= PATH_SIZE) {
        return error_system(error, paths->record, ENAMETOOLONG);
    }
    if (file_exists(paths->record)) {
        return error_set(error, STATUS_CONFLICT,
                         _("There is already a record in '%s'; unlock it, or move the folder aside first."),
                         paths->folder);
    }
    struct store *store = NULL;
    enum status status = new_store(paths, options, &store, error);
    if (status != STATUS_OK) {
        return status;
    }
    /* What an interrupted try left holds nothing of the nurse's. */
    unlink(building);
    unlink(log);
    int file = open(building, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (file < 0 || close(file) != 0) {
        status = error_system(error, building, errno);
    }
    if (status == STATUS_OK) {
        status = build(store, building, vault, error);
    }
    if (status == STATUS_OK && rename(building, paths->record) != 0) {
        status = error_system(error, paths->record, errno);
    }
    memory_free(store);
    if (status != STATUS_OK) {
        unlink(building);
        unlink(log);
        return status;
    }
    return store_open(paths, vault, options, out, error);
}

enum status store_open(const struct paths *paths, const struct vault *vault, const struct store_options *options,
                       struct store **out, struct error *error)
{
    *out = NULL;
    enum status status = check_file(paths->record, paths->folder, error);
    if (status != STATUS_OK) {
        return status;
    }
    struct store *store = NULL;
    status = new_store(paths, options, &store, error);
    if (status != STATUS_OK) {
        return status;
    }
    status = connection_open(store, paths->record, vault_data_key(vault), error);
    if (status == STATUS_OK) {
        status = check_identity(store, error);
    }
    if (status == STATUS_OK) {
        status = schema_migrate(store, error);
    }
    if (status == STATUS_OK) {
        status = audit_load_key(store, error);
    }
    if (status == STATUS_OK) {
        status = audit_check_mark(store, error);
    }
    if (status != STATUS_OK) {
        connection_close(store);
        memory_free(store);
        return status;
    }
    audit_mark(store); /* also makes the folder entry of a new record durable */
    *out = store;
    return STATUS_OK;
}

void store_close(struct store *store)
{
    if (store != NULL) {
        if (store->transaction_depth > 0) {
            store->transaction_depth = 1;
            database_rollback(store);
        }
        audit_mark(store);
        connection_close(store);
        memory_free(store);
    }
}

const struct clock *store_clock(const struct store *store)
{
    return &store->clock;
}

const struct randomness *store_randomness(const struct store *store)
{
    return &store->randomness;
}

int64_t store_change_counter(struct store *store)
{
    bool row = false;
    int64_t counter = -1;
    sqlite3_stmt *statement = database_statement(store, "PRAGMA data_version", NULL);
    if (statement != NULL && database_step(store, statement, &row, NULL) == STATUS_OK && row) {
        counter = sqlite3_column_int64(statement, 0);
        sqlite3_reset(statement);
    }
    return counter;
}

enum status store_tidy(struct store *store, struct error *error)
{
    char log[PATH_SIZE + 8];
    struct stat about;
    audit_mark(store);
    snprintf(log, sizeof log, "%s-wal", store->record_path);
    if (stat(log, &about) != 0 || about.st_size < LOG_GROWN) {
        return STATUS_OK;
    }
    /* Passive never waits; the size limit of the log cuts it once all of it is in the file. */
    int result = sqlite3_wal_checkpoint_v2(store->connection, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    return result == SQLITE_OK || (result & 0xff) == SQLITE_BUSY ? STATUS_OK : database_error(store, error);
}

/* Runs a checking PRAGMA: no row, or one row "ok", is good. */
static enum status run_check(struct store *store, const char *sql, struct error *error)
{
    sqlite3_stmt *statement = database_statement(store, sql, error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bool row = false;
    char word[8] = "ok";
    enum status status = database_step(store, statement, &row, error);
    if (status == STATUS_OK && row) {
        column_text(statement, 0, word, sizeof word);
    }
    sqlite3_reset(statement);
    return status == STATUS_OK && !text_equal(word, "ok") ? damaged(store->record_path, error) : status;
}

enum status store_verify(struct store *store, struct error *error)
{
    enum status status = run_check(store, "PRAGMA integrity_check", error);
    return status == STATUS_OK ? run_check(store, "PRAGMA foreign_key_check", error) : status;
}
