/* Other forms of what was typed: for comparing names, for command keys, for values. */
#include "base/text.h"

#include <string.h>
#include <utf8proc.h>

/* Longest decomposition of one grapheme that is folded; what is longer is no name. */
#define GRAPHEME_LIMIT 128

/* The ASCII character that a full-width one stands for, else itself. */
static uint32_t narrow(uint32_t character)
{
    if (character >= 0xFF01 && character <= 0xFF5E) {
        return character - 0xFF01 + '!';
    }
    switch (character) {
    case 0x3000: /* ideographic space */
        return ' ';
    case 0x2010: /* hyphens, dashes and the minus sign */
    case 0x2011:
    case 0x2012:
    case 0x2013:
    case 0x2212:
        return '-';
    default:
        return character;
    }
}

/* Signs of the Japanese keyboard in kana mode, which are also parts of words. */
static uint32_t narrow_kana_sign(uint32_t character)
{
    switch (character) {
    case 0x3001:
        return ',';
    case 0x3002:
        return '.';
    case 0x300C:
        return '[';
    case 0x300D:
        return ']';
    case 0x30FB:
        return '/';
    case 0x30FC:
        return '-';
    default:
        return character;
    }
}

static bool append(char *out, size_t size, size_t *used, uint32_t character)
{
    char bytes[4];
    size_t length = text_encode(character, bytes);

    if (*used + length >= size) {
        return false;
    }
    memcpy(out + *used, bytes, length);
    *used += length;
    return true;
}

/* NFKC and case fold of one grapheme; returns how many characters. */
static utf8proc_ssize_t fold_grapheme(const char *text, size_t length, utf8proc_int32_t folded[GRAPHEME_LIMIT])
{
    const utf8proc_option_t options =
        UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE;
    utf8proc_ssize_t count = utf8proc_decompose((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)length, folded,
                                                GRAPHEME_LIMIT, options);

    if (count > 0 && count <= GRAPHEME_LIMIT) {
        count = utf8proc_normalize_utf32(folded, count, options);
    }
    if (count < 0 || count > GRAPHEME_LIMIT) {
        folded[0] = 0xFFFD;
        count = 1;
    }
    return count;
}

void text_fold(char *out, size_t size, const char *text)
{
    size_t length = text != NULL ? strlen(text) : 0;
    size_t used = 0;
    bool blank = false; /* one is owed before the next character */

    for (size_t at = 0; at < length;) {
        utf8proc_int32_t folded[GRAPHEME_LIMIT];
        size_t next = text_next_grapheme(text, length, at);
        utf8proc_ssize_t count = fold_grapheme(text + at, next - at, folded);

        at = next;
        for (utf8proc_ssize_t i = 0; i < count; i++) {
            uint32_t character = (uint32_t)folded[i];

            if (text_is_space(character)) {
                blank = used > 0;
                continue;
            }
            if ((character >= 0x30A1 && character <= 0x30F6) || character == 0x30FD || character == 0x30FE) {
                character -= 0x60; /* katakana to hiragana */
            }
            if ((blank && !append(out, size, &used, ' ')) || !append(out, size, &used, character)) {
                goto full;
            }
            blank = false;
        }
    }
full:
    out[used] = '\0';
}

int text_command_key(uint32_t character)
{
    /* The two-set Hangul letters U+3131 to U+3163; '.' is one that no single key makes. */
    static const char two_set[] = "rr.s..eef.......aqq.ttdwwczxvgkoiojpuph...yn...bm.l";

    character = narrow_kana_sign(narrow(character));
    if (character >= 0x3131 && character <= 0x3163) {
        char key = two_set[character - 0x3131];

        return key != '.' ? key : 0;
    }
    if (character >= 'A' && character <= 'Z') {
        return (int)(character - 'A' + 'a');
    }
    return character >= ' ' && character <= '~' ? (int)character : 0;
}

void text_normalise_value(char *out, size_t size, const char *text)
{
    size_t length = text != NULL ? strlen(text) : 0;
    size_t used = 0;
    size_t kept = 0; /* bytes up to the last that is no blank */
    uint32_t before = 0;

    for (size_t at = 0; at < length;) {
        uint32_t character = 0;

        at += text_decode(text + at, length - at, &character);
        character = narrow(character);
        if (used == 0 && text_is_space(character)) {
            continue;
        }
        /* Between kana these are letters; beside a number they are signs. */
        if (used == 0 || (before >= '0' && before <= '9')) {
            character = narrow_kana_sign(character);
        }
        if (!append(out, size, &used, character)) {
            break;
        }
        if (!text_is_space(character)) {
            kept = used;
        }
        before = character;
    }
    out[kept] = '\0';
}
