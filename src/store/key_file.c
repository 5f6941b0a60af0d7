/*
 * Reading and writing of the key file. A field is one line, "name value"; the
 * last line is a BLAKE2b checksum of all before it.
 */
#include "store/key_file.h"

#include "base/buffer.h"
#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define TITLE "doorstep-key 1\n"
#define CIPHER "cipher sqlcipher-3 4096\n" /* the form of the record this key opens */
#define FILE_LIMIT 4096
#define CHECK_SIZE 32
#define LONGEST_FIELD 64 /* bytes in one hexadecimal field */
/* What a file may ask of Argon2id; more is damage or malice, not a setting. */
#define OPERATIONS_MOST 64
#define MEMORY_MOST (UINT64_C(1) << 30)

struct field {
    const char *name;
    unsigned char *bytes;
    size_t size;
};
#define FIELD_COUNT 6

static void list_fields(struct key_file *file, struct field fields[FIELD_COUNT])
{
    struct field list[FIELD_COUNT] = {
        {"passphrase-salt", file->passphrase.salt, sizeof file->passphrase.salt},
        {"passphrase-nonce", file->passphrase.nonce, sizeof file->passphrase.nonce},
        {"passphrase-sealed", file->passphrase.sealed, sizeof file->passphrase.sealed},
        {"recovery-salt", file->recovery.salt, sizeof file->recovery.salt},
        {"recovery-nonce", file->recovery.nonce, sizeof file->recovery.nonce},
        {"recovery-sealed", file->recovery.sealed, sizeof file->recovery.sealed},
    };
    memcpy(fields, list, sizeof list);
}

static void append_field(struct buffer *text, const char *name, const unsigned char *bytes, size_t size)
{
    char hex[LONGEST_FIELD * 2 + 1];
    buffer_format(text, "%s %s\n", name, sodium_bin2hex(hex, sizeof hex, bytes, size));
}

static void append_check(struct buffer *text)
{
    unsigned char check[CHECK_SIZE];
    crypto_generichash(check, sizeof check, (const unsigned char *)buffer_text(text), text->length, NULL, 0);
    append_field(text, "check", check, sizeof check);
}

static void print(struct buffer *text, const struct key_file *file)
{
    struct key_file copy = *file;
    struct field fields[FIELD_COUNT];
    list_fields(&copy, fields);
    buffer_append_text(text, TITLE CIPHER);
    buffer_format(text, "argon2id %" PRIu64 " %" PRIu64 "\n", file->operations, file->memory);
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        append_field(text, fields[i].name, fields[i].bytes, fields[i].size);
    }
    append_check(text);
}

/* Moves *text past "name " and the value's hexadecimal digits and newline. */
static bool parse_field(const char **text, const struct field *field)
{
    size_t name_length = strlen(field->name);
    const char *end = NULL;
    size_t length = 0;
    if (strncmp(*text, field->name, name_length) != 0 || (*text)[name_length] != ' ') {
        return false;
    }
    const char *hex = *text + name_length + 1;
    if (sodium_hex2bin(field->bytes, field->size, hex, strcspn(hex, "\n"), NULL, &length, &end) != 0 ||
        length != field->size || *end != '\n') {
        return false;
    }
    *text = end + 1;
    return true;
}

/* Everything but the checksum. */
static bool parse(const char *text, struct key_file *file)
{
    struct field fields[FIELD_COUNT];
    list_fields(file, fields);
    const char *rest = text;
    int used = 0;
    if (strncmp(rest, TITLE CIPHER, strlen(TITLE CIPHER)) != 0) {
        return false;
    }
    rest += strlen(TITLE CIPHER);
    if (sscanf(rest, "argon2id %" SCNu64 " %" SCNu64 "%n", &file->operations, &file->memory, &used) != 2 ||
        rest[used] != '\n' || file->operations < 1 || file->operations > OPERATIONS_MOST ||
        file->memory > MEMORY_MOST) {
        return false;
    }
    rest += used + 1;
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (!parse_field(&rest, &fields[i])) {
            return false;
        }
    }
    return true;
}

static enum status backup_path(const struct paths *paths, char out[PATH_SIZE], struct error *error)
{
    return file_join(out, PATH_SIZE, paths->folder, "key.bak", error);
}

/* DAMAGED when the file is there but is not exactly what print() writes for what it says: that covers the checksum. */
static enum status read_copy(const char *path, struct key_file *out, struct error *error)
{
    struct buffer text;
    struct buffer again;
    buffer_init(&text, FILE_LIMIT);
    buffer_init(&again, FILE_LIMIT);
    enum status status = file_read(path, &text, error);
    bool whole = false;
    if (status == STATUS_OK && parse(buffer_text(&text), out)) {
        print(&again, out);
        status = again.status == STATUS_OK ? STATUS_OK : error_no_memory(error);
        whole = text.length == again.length && memcmp(buffer_text(&text), buffer_text(&again), text.length) == 0;
    }
    if (status == STATUS_INVALID || (status == STATUS_OK && !whole)) {
        status = error_set(
            error, STATUS_DAMAGED,
            _("The key file '%s' is damaged; put it back from a backup, or move its folder aside and enrol again."),
            path);
    }
    buffer_free(&text);
    buffer_free(&again);
    return status;
}

bool key_file_exists(const struct paths *paths)
{
    char backup[PATH_SIZE];
    return file_exists(paths->key) || (backup_path(paths, backup, NULL) == STATUS_OK && file_exists(backup));
}

enum status key_file_read(const struct paths *paths, struct key_file *out, bool *healthy, struct error *error)
{
    *healthy = false;
    char path[PATH_SIZE];
    enum status status = backup_path(paths, path, error);
    if (status != STATUS_OK) {
        return status;
    }
    struct key_file backup = {.operations = 0};
    enum status backup_status = read_copy(path, &backup, NULL);
    status = read_copy(paths->key, out, error);
    if (status == STATUS_OK) {
        *healthy = backup_status == STATUS_OK && memcmp(out, &backup, sizeof backup) == 0;
    } else if (backup_status == STATUS_OK && (status == STATUS_DAMAGED || status == STATUS_NOT_FOUND)) {
        log_event("key-file-from-backup", status, 0);
        *out = backup;
        error_clear(error);
        status = STATUS_OK;
    } else if (status == STATUS_NOT_FOUND && backup_status != STATUS_NOT_FOUND) {
        status = read_copy(path, &backup, error);
    } else if (status == STATUS_NOT_FOUND) {
        error_set(error, STATUS_NOT_FOUND, _("This device is not set up for '%s'; run doorstep enroll first."),
                  paths->user);
    }
    return status;
}

enum status key_file_write(const struct paths *paths, const struct key_file *file, struct error *error)
{
    char backup[PATH_SIZE];
    struct buffer text;
    buffer_init(&text, FILE_LIMIT);
    print(&text, file);
    enum status status = text.status == STATUS_OK ? backup_path(paths, backup, error) : error_no_memory(error);
    if (status == STATUS_OK) {
        status = file_replace(paths->key, buffer_text(&text), text.length, error);
    }
    if (status == STATUS_OK && file_replace(backup, buffer_text(&text), text.length, NULL) != STATUS_OK) {
        log_event("key-backup-failed", 0, 0); /* the next unlock writes it */
    }
    buffer_free(&text);
    return status;
}

static enum status move_aside(const char *path, struct error *error)
{
    char aside[PATH_SIZE + 16];
    for (int i = 1; i < 1000; i++) {
        snprintf(aside, sizeof aside, "%s.aside-%d", path, i);
        if (!file_exists(aside)) {
            return rename(path, aside) == 0 || errno == ENOENT ? STATUS_OK : error_system(error, path, errno);
        }
    }
    return error_set(error, STATUS_FAILED, _("There are too many old copies of '%s'; move them elsewhere."), path);
}

enum status key_file_set_aside(const struct paths *paths, struct error *error)
{
    char backup[PATH_SIZE];
    enum status status = backup_path(paths, backup, error);
    if (status == STATUS_OK) {
        status = move_aside(paths->key, error);
    }
    if (status == STATUS_OK) {
        status = move_aside(backup, error);
    }
    return status;
}
