/*
 * The shapes of what doorstep reads: for each resource type, which members it has, of which R4 type, how many, and
 * from which codes. shapes.c holds the tables, check.c walks them.
 */
#ifndef DOORSTEP_FHIR_CHECK_H
#define DOORSTEP_FHIR_CHECK_H

#include <stddef.h>

enum kind {
    KIND_STRING,   /* string, uri, markdown, base64Binary */
    KIND_CODE,     /* one of `codes` when given */
    KIND_DATE,
    KIND_DATETIME, /* date or dateTime */
    KIND_INSTANT,
    KIND_BOOLEAN,
    KIND_NUMBER,
    KIND_SHAPE,    /* an object of `shape` */
};
enum amount {
    AMOUNT_OPTIONAL,
    AMOUNT_NEEDED,
    AMOUNT_MANY,        /* an array */
    AMOUNT_MANY_NEEDED,
};
struct member {
    const char *name;
    enum kind kind;
    enum amount amount;
    const char *codes;         /* blank-separated; NULL: any */
    const struct shape *shape; /* for KIND_SHAPE */
};
struct shape {
    const char *name;            /* of the resource type or data type */
    const struct member *members;
    size_t count;
    const char *choices[2];      /* "value": at most one member may be value... (value[x]); NULL when none */
    const char *needed_choice;   /* a choice that must be there; NULL when none */
};

/* NULL for a type of which doorstep reads only the head. */
const struct shape *shape_of(const char *resource_type);

#endif
