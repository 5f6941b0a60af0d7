/*
 * UTF-8 as bytes: decoding, cutting, cleaning, comparing. What needs to know
 * about columns and graphemes is in text_layout.c, what changes the form of
 * words in text_fold.c.
 */
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <utf8proc.h>

#define REPLACEMENT UINT32_C(0xFFFD)
#define EMOJI_STYLE UINT32_C(0xFE0F)
/* Zero-width characters kept on one base: what a curses cell holds. */
#define MARKS_KEPT 4

size_t text_decode(const char *text, size_t length, uint32_t *character)
{
    utf8proc_int32_t decoded = 0;
    utf8proc_ssize_t used = 0;

    *character = 0;
    if (length == 0) {
        return 0;
    }
    if ((unsigned char)text[0] < 0x80) {
        *character = (unsigned char)text[0];
        return 1;
    }
    used = utf8proc_iterate((const utf8proc_uint8_t *)text, length < 4 ? (utf8proc_ssize_t)length : 4, &decoded);
    *character = used > 0 ? (uint32_t)decoded : REPLACEMENT;
    return used > 0 ? (size_t)used : 1;
}

size_t text_encode(uint32_t character, char out[4])
{
    if (character > 0x10FFFF || !utf8proc_codepoint_valid((utf8proc_int32_t)character)) {
        return 0;
    }
    return (size_t)utf8proc_encode_char((utf8proc_int32_t)character, (utf8proc_uint8_t *)out);
}

bool text_is_utf8(const char *bytes, size_t length)
{
    uint32_t character = 0;

    for (size_t at = 0; at < length;) {
        size_t used = text_decode(bytes + at, length - at, &character);

        /* A one-byte character past ASCII is text_decode's answer to a broken byte. */
        if (used == 1 && character >= 0x80) {
            return false;
        }
        at += used;
    }
    return true;
}

/* Starts a sequence with its first byte; true when the byte is a whole character by itself. */
static bool decoder_start(struct text_decoder *decoder, unsigned char byte, uint32_t *out)
{
    *decoder = (struct text_decoder){0};
    if (byte < 0x80) {
        *out = byte;
        return true;
    }
    if (byte >= 0xC2 && byte <= 0xDF) {
        *decoder = (struct text_decoder){.partial = byte & 0x1Fu, .missing = 1, .smallest = 0x80};
    } else if (byte >= 0xE0 && byte <= 0xEF) {
        *decoder = (struct text_decoder){.partial = byte & 0x0Fu, .missing = 2, .smallest = 0x800};
    } else if (byte >= 0xF0 && byte <= 0xF4) {
        *decoder = (struct text_decoder){.partial = byte & 0x07u, .missing = 3, .smallest = 0x10000};
    } else {
        *out = REPLACEMENT;
        return true;
    }
    return false;
}

int text_decoder_feed(struct text_decoder *decoder, unsigned char byte, uint32_t out[2])
{
    int count = 0;

    if (decoder->missing > 0) {
        if ((byte & 0xC0) == 0x80) {
            decoder->partial = decoder->partial << 6 | (byte & 0x3Fu);
            decoder->missing--;
            if (decoder->missing > 0) {
                return 0;
            }
            out[0] = decoder->partial >= decoder->smallest && decoder->partial <= 0x10FFFF &&
                             utf8proc_codepoint_valid((utf8proc_int32_t)decoder->partial)
                         ? decoder->partial
                         : REPLACEMENT;
            return 1;
        }
        out[count++] = REPLACEMENT;
    }
    if (decoder_start(decoder, byte, &out[count])) {
        count++;
    }
    return count;
}

/* Goes through a text, giving the characters that may be shown. */
struct cleaner {
    const char *text;
    size_t length;
    size_t offset;
    bool keep_newlines;
    int marks; /* zero-width characters since the last base; -1: no base on this line yet */
};

/* What stands for `character` on a screen: itself, a blank, or the replacement. */
static uint32_t shown_character(uint32_t character)
{
    utf8proc_category_t category = UTF8PROC_CATEGORY_CN;

    if (character >= 0x20 && character < 0x7F) {
        return character;
    }
    category = utf8proc_category((utf8proc_int32_t)character);
    if ((character >= '\t' && character <= '\r') || character == 0x85 || category == UTF8PROC_CATEGORY_ZL ||
        category == UTF8PROC_CATEGORY_ZP) {
        return ' ';
    }
    if (category == UTF8PROC_CATEGORY_CC || category == UTF8PROC_CATEGORY_CF || category == UTF8PROC_CATEGORY_CN) {
        return REPLACEMENT;
    }
    return character;
}

static bool clean_next(struct cleaner *cleaner, uint32_t *out)
{
    while (cleaner->offset < cleaner->length) {
        uint32_t character = 0;

        cleaner->offset += text_decode(cleaner->text + cleaner->offset, cleaner->length - cleaner->offset, &character);
        if (character == '\r' && cleaner->offset < cleaner->length && cleaner->text[cleaner->offset] == '\n') {
            continue;
        }
        if (character == '\n' && cleaner->keep_newlines) {
            cleaner->marks = -1;
            *out = character;
            return true;
        }
        /* Terminals disagree on the width this one asks for. */
        if (character == EMOJI_STYLE) {
            continue;
        }
        character = shown_character(character);
        if (text_character_columns(character) > 0) {
            cleaner->marks = 0;
        } else if (cleaner->marks < 0) {
            /* It would join whatever stands before the text on the screen. */
            character = REPLACEMENT;
            cleaner->marks = 0;
        } else if (++cleaner->marks > MARKS_KEPT) {
            continue;
        }
        *out = character;
        return true;
    }
    return false;
}

void text_append_clean(struct buffer *out, const char *text, size_t length, bool keep_newlines)
{
    struct cleaner cleaner = {.text = text, .length = length, .keep_newlines = keep_newlines, .marks = -1};
    uint32_t character = 0;
    char bytes[4];

    while (clean_next(&cleaner, &character)) {
        buffer_append(out, bytes, text_encode(character, bytes));
    }
}

void text_clean_into(char *out, size_t size, const char *text)
{
    struct cleaner cleaner = {.text = text, .length = text != NULL ? strlen(text) : 0, .marks = -1};
    uint32_t character = 0;
    size_t used = 0;
    char bytes[4];

    while (clean_next(&cleaner, &character)) {
        size_t length = text_encode(character, bytes);

        if (used + length >= size) {
            break;
        }
        memcpy(out + used, bytes, length);
        used += length;
    }
    out[used] = '\0';
}

/* `length` less the last character if that is not all there. */
static size_t whole_characters(const char *text, size_t length)
{
    size_t start = length;

    while (start > 0 && length - start < 3 && ((unsigned char)text[start - 1] & 0xC0) == 0x80) {
        start--;
    }
    start -= start > 0;
    return text_is_utf8(text + start, length - start) ? length : start;
}

bool text_copy(char *out, size_t size, const char *text)
{
    size_t length = text != NULL ? strlen(text) : 0;
    size_t kept = length < size ? length : whole_characters(text, size - 1);

    if (kept > 0) {
        memmove(out, text, kept);
    }
    out[kept] = '\0';
    return kept == length;
}

bool text_format(char *out, size_t size, const char *format, ...)
{
    va_list arguments;
    int length = 0;

    va_start(arguments, format);
    length = vsnprintf(out, size, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= size) {
        out[length < 0 ? 0 : whole_characters(out, size - 1)] = '\0';
        return false;
    }
    return true;
}

bool text_equal(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool text_starts_with(const char *text, const char *prefix)
{
    return text != NULL && prefix != NULL && strncmp(text, prefix, strlen(prefix)) == 0;
}

bool text_is_blank(const char *text)
{
    size_t length = text != NULL ? strlen(text) : 0;
    uint32_t character = 0;

    for (size_t at = 0; at < length;) {
        at += text_decode(text + at, length - at, &character);
        if (!text_is_space(character)) {
            return false;
        }
    }
    return true;
}
