/*
 * What every part of the loopback server shares: its options, the shape of a
 * refusal, and a few helpers.
 *
 * The loopback server is test furniture: it listens on 127.0.0.1, keeps
 * everything in memory and resembles HAPI FHIR in what a client can notice.
 * One thread does everything, so nothing here is locked. When memory runs out
 * it says so and stops: there is nobody to serve half an answer to.
 */
#ifndef LOOPBACK_COMMON_H
#define LOOPBACK_COMMON_H

#include "base/banned.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/identifier.h"
#include "base/instant.h"
#include "base/memory.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BODY_LIMIT ((size_t)1 << 30)      /* of anything sent */
#define UPLOAD_LIMIT ((size_t)64 << 20)   /* of anything received, also after inflating */
#define TYPE_SIZE 64                      /* a resource type and NUL */
#define TARGET_SIZE (TYPE_SIZE + ID_SIZE) /* "Type/id" and NUL */

struct options {
    int port;                 /* 0: any free one */
    int conflict_status;      /* 409 as HAPI, or 412 as R4 says */
    int64_t search_cache;     /* ms in which an equal search gets the old result */
    uint64_t seed;            /* of what page links are made of */
    int64_t loaded_ago;       /* ms by which loaded resources are older than the server */
    int64_t max_entries;      /* of a transaction with a condition in it; 0: no limit */
    int64_t largest_page;     /* rows of a page at most; 0: 200, as HAPI */
    bool merge_duplicates;    /* two entries with one ifNoneExist become one, as HAPI does */
    bool no_conditions;       /* ifNoneExist and ifMatch in a transaction are passed over, as some servers do */
    bool as_batch;            /* a transaction with a failing entry stores the others, with 200, as Medplum may */
    bool integrity;           /* references must lead somewhere */
    bool quiet;
    const char *token;        /* the bearer token asked for, or NULL */
    const char *dump;         /* file written at the end, or NULL */
};

/* Why a request was refused: an HTTP status and what goes into the OperationOutcome. */
struct failure {
    int status;
    const char *code;         /* OperationOutcome.issue.code, a literal */
    int entry;                /* Bundle.entry it is about, -1 for none */
    char diagnostics[1024];
};

/* Fills `failure` and returns false, so that `return fail(...)` is one step. */
bool fail(struct failure *failure, int status, const char *code, const char *format, ...) PRINTF_LIKE(4, 5);

/* `block`, which is never NULL afterwards: the program stops when memory is short. */
void *need(void *block);
/* memory_grow() that cannot fail. */
void *need_room(void *array, size_t count, size_t *capacity, size_t element_size);

/* Appends `text` as a JSON string with its quotes. Bytes that are not UTF-8 become '?'. */
void append_quoted(struct buffer *out, const char *text);
/* Appends an OperationOutcome of success, with words about it. */
void append_information(struct buffer *out, const char *diagnostics);
/* Appends the OperationOutcome of a failure. Like HAPI's validator, a 422 warns of something harmless first. */
void append_failure(struct buffer *out, const struct failure *failure);
/* The words of an HTTP status ("Created"). */
const char *status_words(int status);

#endif
