/*
 * Who did what. Append-only; each row is hashed over the one before, with a
 * key that lives only in the encrypted file, so that a row cannot be changed,
 * removed or added without a trace.
 */
#ifndef DOORSTEP_STORE_AUDIT_H
#define DOORSTEP_STORE_AUDIT_H

#include "base/identifier.h"
#include "store/store.h"

struct audit_row {
    int64_t number;
    instant at;
    char user[64];
    char action[32];         /* unlock, read, create, update, sign, send, accept, refuse, export, release ... */
    char type[48];           /* resource type, "" */
    char resource[ID_SIZE];
    char patient[ID_SIZE];
    char detail[128];        /* fixed words and counts, never health data */
};
/* Writes one row inside the running transaction, or in one of its own. */
enum status audit_add(struct store *store, const char *action, const char *type, const char *resource,
                      const char *patient, const char *detail, struct error *error) MUST_CHECK;
struct audit_verdict {
    int64_t entries;
    bool intact;
    int64_t first_broken;    /* 0 when intact */
};
enum status audit_verify(struct store *store, struct audit_verdict *out, struct error *error) MUST_CHECK;
struct audit_rows { struct audit_row *items; size_t count, capacity; };
void audit_rows_free(struct audit_rows *rows);
/* Newest first; patient "" means all. */
enum status audit_read(struct store *store, const char *patient, size_t most, struct audit_rows *out,
                       struct error *error) MUST_CHECK;

/* For store/ only. A new chain gets its key, and an opened one is loaded. */
enum status audit_begin_chain(struct store *store, struct error *error) MUST_CHECK;
enum status audit_load_key(struct store *store, struct error *error) MUST_CHECK;
/* The mark file beside the record names the last audit row known to be on the
 * disk. It is written after the commit, so that it may lag but never lead: a
 * record that ends before its mark was put back from an older copy. */
#define MARK_NAME "mark"
void audit_mark(struct store *store);
/* DAMAGED when the record is older than its mark, or has another history. */
enum status audit_check_mark(struct store *store, struct error *error) MUST_CHECK;

#endif
