/*
 * Which resource is which: ids for resources that came without one, our own
 * UUIDs and the server's ids for the same thing, and ids that two people claim.
 *
 * Invariant: one thing has one row. A row is found again under our UUID for
 * good, whatever id the server gave it.
 */
#include "store/record_row.h"

#include "base/memory.h"
#include "base/text.h"
#include "store/audit.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

/* A UUID-shaped id (version 8: made from content) from type and body. */
static void id_from_content(const char *type, const char *body, size_t length, char id[ID_SIZE])
{
    unsigned char hash[crypto_generichash_BYTES_MIN];
    char hex[2 * sizeof hash + 1];
    crypto_generichash_state state;

    crypto_generichash_init(&state, NULL, 0, sizeof hash);
    crypto_generichash_update(&state, (const unsigned char *)type, strlen(type) + 1);
    crypto_generichash_update(&state, (const unsigned char *)body, length);
    crypto_generichash_final(&state, hash, sizeof hash);
    hash[6] = (unsigned char)((hash[6] & 0x0f) | 0x80);
    hash[8] = (unsigned char)((hash[8] & 0x3f) | 0x80);
    sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
    snprintf(id, ID_SIZE, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

void identity_derive(const struct incoming *incoming, const char *type, const char *body, size_t length, char id[ID_SIZE])
{
    static const char scheme[] = "urn:uuid:";
    const char *full_url = incoming->full_url == NULL ? "" : incoming->full_url;
    char reference[REFERENCE_SIZE];

    /* Through the map first: the id must be the one that references of the same bundle resolve to. */
    if (full_url[0] != '\0' && reference_resolve_text(full_url, incoming->references, reference)) {
        const char *found = reference_id(reference, type);
        if (found != NULL && fhir_id_is_valid(found)) {
            text_copy(id, ID_SIZE, found);
            return;
        }
    }
    if (text_starts_with(full_url, scheme) && uuid_is_valid(full_url + sizeof scheme - 1)) {
        text_copy(id, ID_SIZE, full_url + sizeof scheme - 1);
        return;
    }
    id_from_content(type, body, length, id);
}

static enum status remember(struct store *store, const char *type, const char *uuid, const char *id, struct error *error)
{
    const char *const texts[] = {type, uuid, id};
    return database_put(store, "UPDATE identity SET id = ?3 WHERE type = ?1 AND uuid = ?2",
                        "INSERT INTO identity (type, uuid, id) VALUES (?1, ?2, ?3)", texts, 3, error);
}

/* A nurse who enrolled without a server signs with the server's id from now on. */
static enum status follow_practitioner(struct store *store, const char *uuid, const char *id, struct error *error)
{
    char current[ID_SIZE];
    enum status status = store_setting_get(store, SETTING_PRACTITIONER, current, sizeof current, error);

    if (status == STATUS_OK && strcmp(current, uuid) == 0) {
        status = store_setting_set(store, SETTING_PRACTITIONER, id, error);
    }
    return status;
}

/* Runs a statement of two parameters: a text and a row's key. */
static enum status run_text(struct store *store, const char *sql, const char *text, int64_t key, struct error *error)
{
    sqlite3_stmt *statement = database_statement(store, sql, error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, text);
    bind_integer(statement, 2, key);
    return database_run(store, statement, error);
}

static enum status rename_row(struct store *store, int64_t key, const char *id, const char *version, struct error *error)
{
    sqlite3_stmt *statement = database_statement(store, "UPDATE resource SET version = ?, id = ? WHERE key = ?", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, version);
    bind_text(statement, 2, id);
    bind_integer(statement, 3, key);
    enum status status = database_run(store, statement, error);
    if (status == STATUS_OK) {
        status = run_text(store, "UPDATE reading SET id = ? WHERE resource = ?", id, key, error);
    }
    return status == STATUS_OK ? run_text(store, "UPDATE task SET id = ? WHERE resource = ?", id, key, error) : status;
}

enum status identity_return(struct store *store, int64_t key, const char *uuid, struct error *error)
{
    return run_text(store,
                    "UPDATE OR IGNORE resource SET uuid = ?1 WHERE key = ?2 AND uuid IS NULL AND EXISTS "
                    "(SELECT 1 FROM identity i WHERE i.type = resource.type AND i.uuid = ?1 AND i.id = resource.id)",
                    uuid, key, error);
}

enum status identity_settle(struct store *store, struct row *ours, const char *id, const char *version,
                            struct error *error)
{
    struct row theirs = {0};
    bool pulled = false;
    char uuid[UUID_SIZE];

    text_copy(uuid, sizeof uuid, ours->uuid);
    enum status status = row_find(store, ours->type, id, NULL, 0, &theirs, &pulled, error);
    if (status != STATUS_OK) {
        return status;
    }
    if (pulled && theirs.key != ours->key) {
        /* What waits of ours must not go with its row. */
        static const char follow[] = "UPDATE OR IGNORE outbox SET resource = (SELECT key FROM resource WHERE id = ?1 AND type = "
                                     "(SELECT type FROM resource WHERE key = ?2)) WHERE resource = ?2";
        status = run_text(store, follow, id, ours->key, error);
        status = status == STATUS_OK ? row_delete(store, ours->key, error) : status;
        if (status == STATUS_OK) {
            status = run_text(store, "UPDATE resource SET uuid = ? WHERE key = ?", uuid, theirs.key, error);
        }
        *ours = theirs;
        text_copy(ours->uuid, sizeof ours->uuid, uuid);
    } else {
        status = rename_row(store, ours->key, id, version, error);
        text_copy(ours->id, sizeof ours->id, id);
        text_copy(ours->version, sizeof ours->version, version);
    }
    if (status == STATUS_OK && uuid[0] != '\0') {
        status = remember(store, ours->type, uuid, id, error);
    }
    if (status == STATUS_OK && uuid[0] != '\0' && strcmp(ours->type, "Practitioner") == 0) {
        status = follow_practitioner(store, uuid, id, error);
    }
    return status;
}

/* Runs a statement of three parameters: a type, an id and a UUID. */
static enum status run_names(struct store *store, const char *sql, const struct row *row, struct error *error)
{
    sqlite3_stmt *statement = database_statement(store, sql, error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, row->type);
    bind_text(statement, 2, row->id);
    bind_text(statement, 3, row->uuid);
    return database_run(store, statement, error);
}

enum status identity_forget(struct store *store, struct row *row, const char *body, struct error *error)
{
    char practitioner[ID_SIZE] = "";

    enum status status =
        run_names(store, "INSERT OR REPLACE INTO former (type, id, uuid) VALUES (?1, ?2, ?3)", row, error);
    if (status == STATUS_OK) {
        status = run_names(store, "DELETE FROM identity WHERE type = ?1 AND id = ?2 AND uuid = ?3", row, error);
    }
    if (status == STATUS_OK && strcmp(row->type, "Practitioner") == 0) {
        status = store_setting_get(store, SETTING_PRACTITIONER, practitioner, sizeof practitioner, error);
        if (status == STATUS_OK && strcmp(practitioner, row->id) == 0) {
            status = store_setting_set(store, SETTING_PRACTITIONER, row->uuid, error);
        }
    }
    if (status == STATUS_OK) {
        status = rename_row(store, row->key, row->uuid, "", error);
    }
    if (status == STATUS_OK) {
        status = run_text(store, "UPDATE resource SET body = ?, updated = NULL, origin = 'device' WHERE key = ?", body, row->key,
                          error);
    }
    text_copy(row->id, sizeof row->id, row->uuid);
    row->version[0] = '\0';
    row->updated = INSTANT_NONE;
    return status;
}

/* Keeps every imported resource of this chart aside. */
static enum status keep_imports(struct store *store, const char *patient, struct error *error)
{
    bool found = false;
    enum status status = STATUS_OK;

    sqlite3_stmt *statement = database_statement(
        store, "SELECT type || '/' || id, body FROM resource WHERE patient = ? AND origin = 'import'", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, patient);
    do {
        status = database_step(store, statement, &found, error);
        if (status == STATUS_OK && found) {
            char where[REFERENCE_SIZE];
            column_text(statement, 0, where, sizeof where);
            struct aside aside = {
                .where = where,
                .why = _("It was imported for a patient whose id is somebody else's on the server; import it "
                         "again under the right id."),
                .bytes = sqlite3_column_blob(statement, 1),
                .length = (size_t)sqlite3_column_bytes(statement, 1),
            };
            status = quarantine_add(store, &aside, error);
        }
    } while (status == STATUS_OK && found);
    sqlite3_reset(statement);
    return status;
}

/* What was recorded here for the one who was here stays whole, but in nobody's chart, and is not sent. */
static enum status hold_unsent(struct store *store, const char *patient, struct error *error)
{
    bool found = false;
    enum status status = STATUS_OK;

    sqlite3_stmt *statement = database_statement(
        store, "SELECT key FROM resource WHERE patient = ? AND key IN (SELECT resource FROM outbox)", error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_text(statement, 1, patient);
    do {
        status = database_step(store, statement, &found, error);
        if (status == STATUS_OK && found) {
            int64_t key = sqlite3_column_int64(statement, 0);
            status = lookup_rows_delete(store, key, error);
            if (status == STATUS_OK) {
                status = run_text(store, 
                                  "UPDATE outbox SET state = 'refused', reason = ?, server = CASE WHEN server IN ('', "
                                  PRESENT_SERVER ") THEN '-' ELSE server END WHERE resource = ?",
                                  _("The server uses this patient's id for somebody else."), key, error);
            }
        }
    } while (status == STATUS_OK && found);
    sqlite3_reset(statement);
    return status;
}

enum status identity_displace(struct store *store, const char *patient, enum row_origin origin, struct error *error)
{
    /* A visit of his that is not there yet must never open or be signed in the other's chart: its own id is nobody's. */
    static const char *const always[] = {
        "DELETE FROM resource WHERE patient = ? AND origin = 'import' AND key NOT IN (SELECT resource FROM outbox)",
        "UPDATE resource SET patient = '' WHERE patient = ? AND key IN (SELECT resource FROM outbox)",
        "UPDATE visit SET patient = id WHERE patient = ?",
        "UPDATE quarantine SET patient = NULL WHERE patient = ?",
        "DELETE FROM chart_state WHERE patient = ?",
        "DELETE FROM cursor WHERE scope = 'patient/' || ?", /* how far the other's chart had come says nothing */
    };
    static const char *const reused[] = {"DELETE FROM resource WHERE patient = ?"};
    enum status status = keep_imports(store, patient, error);

    if (status == STATUS_OK) {
        status = hold_unsent(store, patient, error);
    }
    if (status == STATUS_OK) {
        status = row_run_all(store, always, sizeof always / sizeof always[0], patient, NULL, error);
    }
    if (status == STATUS_OK && origin != ORIGIN_IMPORT) {
        status = row_run_all(store, reused, sizeof reused / sizeof reused[0], patient, NULL, error);
    }
    return status == STATUS_OK ? audit_add(store, "displace", "Patient", patient, patient, "", error) : status;
}
