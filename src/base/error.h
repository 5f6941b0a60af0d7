/*
 * Status codes and one-sentence errors.
 *
 * Every function that can fail returns an enum status and takes a struct
 * error last. The sentence in it is already in the user's language (gettext),
 * names the thing that failed and the remedy, and never holds patient data.
 * Passing NULL for the error is allowed everywhere: the status remains.
 */
#ifndef DOORSTEP_BASE_ERROR_H
#define DOORSTEP_BASE_ERROR_H

#include <libintl.h>

#define _(text) gettext(text)
#define N_(text) text /* marks a string in a table for the catalogue */

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))

enum status {
    STATUS_OK = 0,
    STATUS_FAILED,      /* none of the below */
    STATUS_USAGE,       /* the call itself makes no sense */
    STATUS_LOCKED,      /* locked, or the wrong passphrase */
    STATUS_UNREACHABLE, /* no answer from the server, or none that is FHIR */
    STATUS_ATTENTION,   /* done, but something needs the nurse */
    STATUS_NOT_FOUND,
    STATUS_INVALID,     /* what was entered or read is not possible */
    STATUS_CONFLICT,    /* someone else changed it first */
    STATUS_FULL,        /* no space on the disk */
    STATUS_READ_ONLY,
    STATUS_DAMAGED,     /* a file of ours does not hold what it should */
    STATUS_NO_MEMORY,
    STATUS_BUSY,        /* another process holds it */
    STATUS_CANCELLED,
};

struct error {
    enum status status;
    char sentence[512]; /* UTF-8, one sentence, no newline */
};

/* Fills `error` (when not NULL) and returns `status`, so that
 * `return error_set(error, STATUS_FULL, _("..."))` reads as one step. */
enum status error_set(struct error *error, enum status status, const char *format, ...) PRINTF_LIKE(3, 4);

/* The sentence for memory that could not be had. */
enum status error_no_memory(struct error *error);

/* The sentence for a failed system call on `what` (a path or a thing),
 * mapping errno: ENOSPC and EDQUOT to FULL, EROFS and EACCES to READ_ONLY,
 * ENOENT to NOT_FOUND, anything else to FAILED. */
enum status error_system(struct error *error, const char *what, int error_number);

/* Empties it. */
void error_clear(struct error *error);

#endif
