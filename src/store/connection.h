/*
 * Opening and closing of the encrypted file: the one place that knows how
 * SQLCipher wants to be told its key and its settings. Used by store.c.
 */
#ifndef DOORSTEP_STORE_CONNECTION_H
#define DOORSTEP_STORE_CONNECTION_H

#include "store/database.h"
#include "store/key_file.h"

/* Opens the file at `path` with the data key and sets it up. A missing file
 * is never made here. DAMAGED when it does not open with this key: the key has
 * been proven right before. The store is closed again on failure. */
enum status connection_open(struct store *store, const char *path, const unsigned char key[DATA_KEY_SIZE],
                            struct error *error) MUST_CHECK;
/* Ends any transaction, closes, and with that removes the key from memory. */
void connection_close(struct store *store);

#endif
