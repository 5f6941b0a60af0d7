/* gzip bodies, both ways. */
#ifndef LOOPBACK_GZIP_H
#define LOOPBACK_GZIP_H

#include "common.h"

/* Inflates the whole of `in`; false when it is broken, cut, or grows past out's limit. */
bool gzip_inflate(const struct buffer *in, struct buffer *out);
void gzip_deflate(const struct buffer *in, struct buffer *out);

#endif
