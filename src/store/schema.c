/*
 * Migrations. The newest version is the number of entries in the table; what
 * has once been released in it is never changed, only added to.
 */
#include "store/schema.h"

#include "store/database.h"
/* The compilers take far longer literals than the 4095 bytes every C compiler must. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverlength-strings"
#include "store/schema_v1.sql.h"
#pragma GCC diagnostic pop

#include <stdio.h>

static const char *const migrations[] = {
    schema_v1,
    /* A patient who left the caseload, and stays for what is unfinished or unsent. */
    "ALTER TABLE chart_state ADD COLUMN released INTEGER NOT NULL DEFAULT 0 CHECK (released IN (0, 1));",
    /* The only server that may have it; '' for whichever is next, '-' for none. */
    "ALTER TABLE outbox ADD COLUMN server TEXT NOT NULL DEFAULT '';",
    /* What was changed here is not at the server any more; and what the nurse let go. */
    "ALTER TABLE conflict ADD COLUMN gone INTEGER NOT NULL DEFAULT 0 CHECK (gone IN (0, 1));"
    "CREATE TABLE dropped ("
    "  number INTEGER PRIMARY KEY AUTOINCREMENT, type TEXT NOT NULL, id TEXT NOT NULL, patient TEXT NOT NULL,"
    "  visit TEXT NOT NULL, base TEXT, mine TEXT NOT NULL, theirs TEXT, at INTEGER NOT NULL);"
    "CREATE INDEX dropped_chart ON dropped (patient);",
    /* What was sent before the nurse changed it again: the server may hold it, though no answer said so. */
    "CREATE TABLE sent ("
    "  outbox INTEGER NOT NULL REFERENCES outbox (number) ON DELETE CASCADE, body TEXT NOT NULL);"
    "CREATE INDEX sent_outbox ON sent (outbox);",
    /* How many patients left the caseload in a run. */
    "ALTER TABLE journal ADD COLUMN departed INTEGER NOT NULL DEFAULT 0;",
    /* What a server that had taken it does not know any more waits for the nurse's word (1), and once a server has
     * refused it, it is refused like any other (2); and the ids it had given. */
    "ALTER TABLE outbox ADD COLUMN forgotten INTEGER NOT NULL DEFAULT 0 CHECK (forgotten IN (0, 1, 2));"
    "CREATE TABLE former ("
    "  type TEXT NOT NULL, id TEXT NOT NULL, uuid TEXT NOT NULL, PRIMARY KEY (type, id)) WITHOUT ROWID;",
    /* What was signed before it was corrected, as it was, which stays when its visit leaves the device; and what is typed for
     * a correction that is not signed yet. */
    "CREATE TABLE correction ("
    "  number INTEGER PRIMARY KEY AUTOINCREMENT, visit TEXT NOT NULL,"
    "  type TEXT NOT NULL, name TEXT NOT NULL, http_status INTEGER NOT NULL, reason TEXT NOT NULL, body TEXT NOT NULL,"
    "  practitioner TEXT NOT NULL, at INTEGER NOT NULL);"
    "CREATE INDEX correction_visit ON correction (visit);"
    "CREATE TABLE correcting ("
    "  outbox INTEGER PRIMARY KEY, patient TEXT NOT NULL, typed TEXT NOT NULL, changed INTEGER NOT NULL);",
};

int schema_newest(void)
{
    return (int)(sizeof migrations / sizeof migrations[0]);
}

const char *schema_migration(int version)
{
    return version >= 1 && version <= schema_newest() ? migrations[version - 1] : NULL;
}

enum status schema_version(struct store *store, int *version, struct error *error)
{
    bool row = false;
    sqlite3_stmt *statement = database_statement(store, "PRAGMA user_version", error);
    enum status status =
        statement == NULL ? database_error(store, error) : database_step(store, statement, &row, error);
    if (status == STATUS_OK) {
        *version = row ? column_int(statement, 0) : 0;
        sqlite3_reset(statement);
    }
    return status;
}

/* One step and its number in one transaction. The version is read again inside: another process may have been first. */
static enum status migrate_one(struct store *store, const char *sql, int version, struct error *error)
{
    enum status status = database_begin(store, error);
    if (status != STATUS_OK) {
        return status;
    }
    int found = 0;
    status = schema_version(store, &found, error);
    if (status == STATUS_OK && found < version) {
        char number[64];
        snprintf(number, sizeof number, "PRAGMA user_version = %d", version);
        status = database_execute(store, sql, error);
        if (status == STATUS_OK) {
            status = database_execute(store, number, error);
        }
    }
    return database_end(store, status, error);
}

enum status schema_apply(struct store *store, const char *const *steps, int newest, struct error *error)
{
    int version = 0;
    enum status status = schema_version(store, &version, error);
    if (status == STATUS_OK && version > newest) {
        return error_set(
            error, STATUS_READ_ONLY,
            _("The record was written by a newer doorstep (form %d, this one knows %d); update this program."), version,
            newest);
    }
    while (status == STATUS_OK && version < newest) {
        version++;
        status = migrate_one(store, steps[version - 1], version, error);
    }
    return status;
}

enum status schema_migrate(struct store *store, struct error *error)
{
    return schema_apply(store, migrations, schema_newest(), error);
}
