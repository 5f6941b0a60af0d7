/*
 * UTF-8 text: checking, measuring, cutting, cleaning.
 *
 * Invariants: no function splits a character; columns are terminal cells, in
 * which wide characters count two and combining marks none (utf8proc's table,
 * never the locale's).
 */
#ifndef DOORSTEP_BASE_TEXT_H
#define DOORSTEP_BASE_TEXT_H

#include "base/buffer.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Strict UTF-8: no overlong forms, no surrogates, nothing past U+10FFFF. */
bool text_is_utf8(const char *bytes, size_t length);

/* Decodes one character at `text` (at most `length` bytes) into *character.
 * Returns its bytes; a broken byte gives U+FFFD and 1; 0 at the end. */
size_t text_decode(const char *text, size_t length, uint32_t *character);
/* Writes `character` as UTF-8 into out[4]; returns its bytes (0 if invalid). */
size_t text_encode(uint32_t character, char out[4]);

/* Decoder for bytes that arrive one at a time (a key at a time over SSH). */
struct text_decoder {
    uint32_t partial;
    int missing;
    uint32_t smallest; /* guards against overlong forms */
};
/* Feeds one byte. Returns how many characters came out (0, 1 or 2): a broken
 * sequence gives U+FFFD and the byte is looked at again, so nothing valid is lost. */
int text_decoder_feed(struct text_decoder *decoder, unsigned char byte, uint32_t out[2]);

/* Columns of one character (0, 1 or 2) and of a text. */
int text_character_columns(uint32_t character);
int text_columns(const char *text);
/* Bytes of the longest prefix of whole graphemes that fits `columns`;
 * *used receives its columns. */
size_t text_fit(const char *text, int columns, int *used);

/* Byte offset of the grapheme boundary after / before `offset`. */
size_t text_next_grapheme(const char *text, size_t length, size_t offset);
size_t text_previous_grapheme(const char *text, size_t offset);
/* Byte offset of the next / previous word boundary, as an editor moves. */
size_t text_next_word(const char *text, size_t length, size_t offset);
size_t text_previous_word(const char *text, size_t offset);

/* Appends `text` made safe for one line of a terminal: controls, DEL, C1, bidi
 * controls, zero-width and line separators become U+FFFD or a space; broken
 * UTF-8 becomes U+FFFD. With keep_newlines, LF stays and CR LF becomes LF. */
void text_append_clean(struct buffer *out, const char *text, size_t length, bool keep_newlines);
/* Same, into a fixed array; cut at a character. Always terminated. */
void text_clean_into(char *out, size_t size, const char *text);

/* Copies at most size-1 bytes, never splitting a character. Returns false
 * when it had to cut. */
bool text_copy(char *out, size_t size, const char *text);

/* Formats into a fixed array, never splitting a character. Returns false when
 * it had to cut. */
bool text_format(char *out, size_t size, const char *format, ...) PRINTF_LIKE(3, 4);

/* The form in which names are compared and searched: NFKC, case folded,
 * katakana to hiragana, white space squeezed. Into a fixed array. */
void text_fold(char *out, size_t size, const char *text);

/* A typed character as a command key: full-width forms to ASCII, two-set
 * Hangul letters to the Latin key in the same place, upper case to lower.
 * 0 when it is no key. */
int text_command_key(uint32_t character);

/* Full-width digits and signs to ASCII, outer blanks trimmed: typed values. */
void text_normalise_value(char *out, size_t size, const char *text);

bool text_equal(const char *a, const char *b); /* NULL equals NULL only */
bool text_starts_with(const char *text, const char *prefix);
bool text_is_space(uint32_t character); /* a blank of any script, a tab or a line break */
bool text_is_blank(const char *text); /* NULL, empty or white space only */

#endif
