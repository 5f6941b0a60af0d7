/*
 * Files: whole reads with a ceiling, replacement that survives power loss
 * (temporary file, fsync, rename, fsync of the folder), private folders.
 */
#ifndef DOORSTEP_BASE_FILE_H
#define DOORSTEP_BASE_FILE_H

#include "base/buffer.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Appends the file's bytes to `out` (whose limit bounds it). */
enum status file_read(const char *path, struct buffer *out, struct error *error) MUST_CHECK;
/* Replaces `path` with `length` bytes, mode 0600, durably. */
enum status file_replace(const char *path, const void *bytes, size_t length, struct error *error) MUST_CHECK;
/* Makes the folder and its parents, 0700. Refuses one that others may write, or that is not ours. */
enum status file_make_private_folder(const char *path, struct error *error) MUST_CHECK;
bool file_exists(const char *path);
bool file_is_folder(const char *path);
/* Free bytes on the disk that holds `path`; -1 when unknown. */
int64_t file_free_bytes(const char *path);
/* Joins folder and name into out; INVALID when too long. */
enum status file_join(char *out, size_t size, const char *folder, const char *name, struct error *error) MUST_CHECK;
/* Calls `visit` for each regular file below `path` (or for `path` itself), in
 * name order; symbolic links inside are not followed. */
enum status file_walk(const char *path, enum status (*visit)(const char *path, void *context, struct error *error),
                      void *context, struct error *error) MUST_CHECK;

#endif
