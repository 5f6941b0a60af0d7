/*
 * The journal of sync runs: one line each, without health data.
 *
 * Invariant: besides the last JOURNAL_KEPT lines, the last good run and the last one
 * that completed a pull stay, so that a long outage does not forget them.
 */
#include "store/outbox.h"

#include "base/memory.h"
#include "store/database.h"


static enum status insert(struct store *store, const struct journal_entry *entry, struct error *error)
{
    sqlite3_stmt *statement = database_statement(
        store,
        "INSERT INTO journal (start, end, pushed, pulled, pending, conflicts, rejected, requests, bytes_out, bytes_in, "
        "result, reason, data_as_of, departed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_integer(statement, 1, entry->start);
    bind_integer(statement, 2, entry->end);
    bind_integer(statement, 3, entry->pushed);
    bind_integer(statement, 4, entry->pulled);
    bind_integer(statement, 5, entry->pending);
    bind_integer(statement, 6, entry->conflicts);
    bind_integer(statement, 7, entry->rejected);
    bind_integer(statement, 8, entry->requests);
    bind_integer(statement, 9, entry->bytes_out);
    bind_integer(statement, 10, entry->bytes_in);
    bind_integer(statement, 11, entry->result);
    bind_text(statement, 12, entry->reason);
    bind_text(statement, 13, entry->data_as_of);
    bind_integer(statement, 14, entry->departed);
    return database_run(store, statement, error);
}

static enum status trim(struct store *store, struct error *error)
{
    sqlite3_stmt *statement = database_statement(
        store,
        "DELETE FROM journal WHERE number <= (SELECT max(number) FROM journal) - ?1 AND number NOT IN ("
        "SELECT max(number) FROM journal WHERE result = ?2 AND pending + rejected + conflicts = 0 UNION ALL "
        "SELECT max(number) FROM journal WHERE data_as_of <> '')",
        error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_integer(statement, 1, JOURNAL_KEPT);
    bind_integer(statement, 2, STATUS_OK);
    return database_run(store, statement, error);
}

enum status journal_add(struct store *store, const struct journal_entry *entry, struct error *error)
{
    enum status status = database_begin(store, error);

    if (status != STATUS_OK) {
        return status;
    }
    status = insert(store, entry, error);
    if (status == STATUS_OK) {
        status = trim(store, error);
    }
    if (status != STATUS_OK) {
        database_rollback(store);
        return status;
    }
    return database_commit(store, error);
}

void journal_rows_free(struct journal_rows *rows)
{
    memory_free(rows->items);
    *rows = (struct journal_rows){.items = NULL};
}

static enum status fill_entry(struct store *store, sqlite3_stmt *statement, void *item, struct error *error)
{
    struct journal_entry *out = item;

    (void)store;
    (void)error;
    out->start = column_instant(statement, 0);
    out->end = column_instant(statement, 1);
    out->pushed = column_int(statement, 2);
    out->pulled = column_int(statement, 3);
    out->pending = column_int(statement, 4);
    out->conflicts = column_int(statement, 5);
    out->rejected = column_int(statement, 6);
    out->requests = column_int(statement, 7);
    out->bytes_out = sqlite3_column_int64(statement, 8);
    out->bytes_in = sqlite3_column_int64(statement, 9);
    out->result = (enum status)column_int(statement, 10);
    column_text(statement, 11, out->reason, sizeof out->reason);
    column_text(statement, 12, out->data_as_of, sizeof out->data_as_of);
    out->departed = column_int(statement, 13);
    return STATUS_OK;
}

enum status journal_read(struct store *store, size_t most, struct journal_rows *out, struct error *error)
{
    void *items = NULL;

    *out = (struct journal_rows){.items = NULL};
    sqlite3_stmt *statement = database_statement(
        store,
        "SELECT start, end, pushed, pulled, pending, conflicts, rejected, requests, bytes_out, bytes_in, result, reason, "
        "data_as_of, departed FROM journal ORDER BY number DESC LIMIT ?",
        error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_integer(statement, 1, (int64_t)most);
    enum status status = database_collect(store, statement, sizeof *out->items, fill_entry, &items, &out->count, error);
    out->items = items;
    if (status != STATUS_OK) {
        journal_rows_free(out);
    }
    return status;
}
