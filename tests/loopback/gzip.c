/* See gzip.h. */
#include "gzip.h"

#include <zlib.h>

#define GZIP_WINDOW (15 + 16) /* the largest window, with gzip's frame */

bool gzip_inflate(const struct buffer *in, struct buffer *out)
{
    z_stream stream = {.next_in = (Bytef *)in->data, .avail_in = (uInt)in->length};
    Bytef chunk[16384];
    int result = inflateInit2(&stream, GZIP_WINDOW);

    while (result == Z_OK && out->status == STATUS_OK) {
        stream.next_out = chunk;
        stream.avail_out = sizeof chunk;
        result = inflate(&stream, Z_NO_FLUSH);
        buffer_append(out, chunk, sizeof chunk - stream.avail_out);
    }
    inflateEnd(&stream);
    return result == Z_STREAM_END && out->status == STATUS_OK;
}

void gzip_deflate(const struct buffer *in, struct buffer *out)
{
    z_stream stream = {.next_in = (Bytef *)in->data, .avail_in = (uInt)in->length};
    Bytef chunk[16384];
    int result = deflateInit2(&stream, 6, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY);

    while (result == Z_OK) {
        stream.next_out = chunk;
        stream.avail_out = sizeof chunk;
        result = deflate(&stream, Z_FINISH);
        buffer_append(out, chunk, sizeof chunk - stream.avail_out);
    }
    deflateEnd(&stream);
}
