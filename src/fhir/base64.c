/* Base64 (RFC 4648, section 4) in both directions. */
#include "fhir/base64.h"

#include <stdint.h>
#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(struct buffer *out, const void *bytes, size_t length)
{
    const unsigned char *at = bytes;

    while (length > 0) {
        size_t taken = length < 3 ? length : 3;
        uint32_t group = (uint32_t)at[0] << 16 | (taken > 1 ? (uint32_t)at[1] << 8 : 0) | (taken > 2 ? at[2] : 0u);
        char text[4] = {digits[group >> 18], digits[group >> 12 & 63], digits[group >> 6 & 63], digits[group & 63]};

        memset(text + taken + 1, '=', 3 - taken);
        buffer_append(out, text, sizeof text);
        at += taken;
        length -= taken;
    }
}

bool base64_decode(struct buffer *out, const char *text)
{
    uint32_t group = 0;
    unsigned bits = 0;

    for (; *text != '\0' && *text != '='; text++) {
        const char *digit = strchr(digits, *text);

        if (strchr(" \t\r\n", *text) != NULL) {
            continue;
        }
        if (digit == NULL) {
            return false;
        }
        group = (group << 6 | (uint32_t)(digit - digits)) & 0xFFFFFF;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            buffer_append_byte(out, (char)(group >> bits & 0xFF));
        }
    }
    return bits < 6 && text[strspn(text, "= \t\r\n")] == '\0';
}
