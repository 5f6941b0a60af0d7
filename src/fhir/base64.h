/* Base64 as FHIR's Attachment.data carries it. */
#ifndef DOORSTEP_FHIR_BASE64_H
#define DOORSTEP_FHIR_BASE64_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>

/* Appends the encoded form. Failures stick in `out`. */
void base64_encode(struct buffer *out, const void *bytes, size_t length);
/* Appends the decoded bytes; white space between is skipped. False when it is no base64. */
bool base64_decode(struct buffer *out, const char *text);

#endif
