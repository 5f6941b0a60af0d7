/* Columns, graphemes and words, from utf8proc's tables. */
#include "base/text.h"

#include <limits.h>
#include <string.h>
#include <utf8proc.h>

int text_character_columns(uint32_t character)
{
    int columns = 0;

    if (character > 0x10FFFF) {
        return 0;
    }
    /* Vowels and finals of decomposed Hangul stand in the cell of their initial; utf8proc gives them one. */
    if ((character >= 0x1160 && character <= 0x11FF) || (character >= 0xD7B0 && character <= 0xD7FF)) {
        return 0;
    }
    /* Spacing marks are letters to a terminal; utf8proc gives them none. */
    if (utf8proc_category((utf8proc_int32_t)character) == UTF8PROC_CATEGORY_MC) {
        return 1;
    }
    columns = utf8proc_charwidth((utf8proc_int32_t)character);
    return columns < 0 ? 0 : columns > 2 ? 2 : columns;
}

int text_columns(const char *text)
{
    int columns = 0;

    (void)text_fit(text, INT_MAX, &columns);
    return columns;
}

size_t text_fit(const char *text, int columns, int *used)
{
    size_t length = text != NULL ? strlen(text) : 0;
    size_t fitting = 0;
    int total = 0;

    while (fitting < length) {
        size_t end = text_next_grapheme(text, length, fitting);
        int width = 0;
        uint32_t character = 0;

        for (size_t at = fitting; at < end;) {
            at += text_decode(text + at, end - at, &character);
            width += text_character_columns(character);
        }
        if (width > columns - total) {
            break;
        }
        total += width;
        fitting = end;
    }
    *used = total;
    return fitting;
}

size_t text_next_grapheme(const char *text, size_t length, size_t offset)
{
    utf8proc_int32_t state = 0;
    uint32_t before = 0;
    uint32_t after = 0;

    if (offset >= length) {
        return length;
    }
    offset += text_decode(text + offset, length - offset, &before);
    while (offset < length) {
        size_t used = text_decode(text + offset, length - offset, &after);

        if (utf8proc_grapheme_break_stateful((utf8proc_int32_t)before, (utf8proc_int32_t)after, &state)) {
            break;
        }
        offset += used;
        before = after;
    }
    return offset;
}

size_t text_previous_grapheme(const char *text, size_t offset)
{
    size_t boundary = 0;
    size_t next = 0;

    /* Graphemes can only be told from a known boundary on, and after a line break there is one. */
    for (boundary = offset; boundary > 0 && (boundary == offset || text[boundary - 1] != '\n'); boundary--) {
    }
    while ((next = text_next_grapheme(text, offset, boundary)) < offset) {
        boundary = next;
    }
    return boundary;
}

bool text_is_space(uint32_t character)
{
    return (character >= '\t' && character <= '\r') || character == 0x85 ||
           (character >= 0x20 && (utf8proc_category((utf8proc_int32_t)character) == UTF8PROC_CATEGORY_ZS ||
                                  character == 0x2028 || character == 0x2029));
}

/* Kinds of characters that make up words. Japanese has no blanks: its scripts mark the words. */
enum kind { KIND_SPACE, KIND_SIGN, KIND_LETTER, KIND_HIRAGANA, KIND_KATAKANA, KIND_HAN };

static enum kind kind_at(const char *text, size_t length, size_t offset)
{
    static const struct {
        uint32_t first, last;
        enum kind kind;
    } scripts[] = {
        {0x3005, 0x3005, KIND_HAN},      {0x3041, 0x309F, KIND_HIRAGANA}, {0x30A1, 0x30FA, KIND_KATAKANA},
        {0x30FC, 0x30FF, KIND_KATAKANA}, {0x31F0, 0x31FF, KIND_KATAKANA}, {0x3400, 0x9FFF, KIND_HAN},
        {0xF900, 0xFAFF, KIND_HAN},      {0xFF66, 0xFF9F, KIND_KATAKANA}, {0x20000, 0x3FFFF, KIND_HAN},
    };
    uint32_t character = 0;
    utf8proc_category_t category = UTF8PROC_CATEGORY_CN;

    (void)text_decode(text + offset, length - offset, &character);
    if (text_is_space(character)) {
        return KIND_SPACE;
    }
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
        if (character >= scripts[i].first && character <= scripts[i].last) {
            return scripts[i].kind;
        }
    }
    /* utf8proc's letters, marks and numbers stand together, in this order. */
    category = utf8proc_category((utf8proc_int32_t)character);
    if ((category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO) || character == '_') {
        return KIND_LETTER;
    }
    return KIND_SIGN;
}

size_t text_next_word(const char *text, size_t length, size_t offset)
{
    enum kind kind = KIND_SPACE;

    if (offset >= length) {
        return length;
    }
    kind = kind_at(text, length, offset);
    while (offset < length && kind_at(text, length, offset) == kind) {
        offset = text_next_grapheme(text, length, offset);
    }
    while (offset < length && kind_at(text, length, offset) == KIND_SPACE) {
        offset = text_next_grapheme(text, length, offset);
    }
    return offset;
}

size_t text_previous_word(const char *text, size_t offset)
{
    size_t length = offset;
    size_t before = 0;
    enum kind kind = KIND_SPACE;

    while (offset > 0) {
        before = text_previous_grapheme(text, offset);
        if (kind_at(text, length, before) != kind && kind != KIND_SPACE) {
            break;
        }
        kind = kind_at(text, length, before);
        offset = before;
    }
    return offset;
}
