/*
 * The schema and its numbered migrations, each in one transaction. Debian's
 * SQLCipher is SQLite 3.15: no UPSERT, RETURNING, JSON1, FTS5 or STRICT.
 *
 * Every rule that can be a constraint is one. Times are milliseconds UTC, NULL
 * when unknown. Look-up tables hang on their resource row and vanish with it.
 */
#ifndef DOORSTEP_STORE_SCHEMA_H
#define DOORSTEP_STORE_SCHEMA_H

#include "base/error.h"
#include "store/store.h"

#define SCHEMA_APPLICATION_ID 0x444F4F52 /* "DOOR" */

int schema_newest(void);
/* The SQL that leads from version-1 to version; NULL past the newest. */
const char *schema_migration(int version);
/* Migrates an open store step by step. READ_ONLY when the file is newer than this program. */
enum status schema_migrate(struct store *store, struct error *error) MUST_CHECK;

/* The same with any list of `newest` steps, and the version a file has: the mechanism, for its tests. */
enum status schema_apply(struct store *store, const char *const *steps, int newest, struct error *error) MUST_CHECK;
enum status schema_version(struct store *store, int *version, struct error *error) MUST_CHECK;

#endif
