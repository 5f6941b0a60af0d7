/* Line breaking: see wrap.h. */
#include "views/wrap.h"

#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

static int grapheme_columns(const char *text, size_t length)
{
    int columns = 0;
    uint32_t character = 0;

    for (size_t at = 0; at < length;) {
        at += text_decode(text + at, length - at, &character);
        columns += text_character_columns(character);
    }
    return columns;
}

int wrap_columns(const char *text, size_t length, int most)
{
    int columns = 0;

    for (size_t at = 0; at < length && columns < most;) {
        size_t end = text_next_grapheme(text, length, at);

        columns += grapheme_columns(text + at, end - at);
        at = end;
    }
    return columns < most ? columns : most;
}

/* Closing signs, which may not begin a line; those of ASCII too, behind Japanese or Korean writing. */
static bool may_begin_line(uint32_t character)
{
    static const uint32_t closing[] = {'!',    ')',    ',',    '.',    ':',    ';',    '?',    ']',
                                       0x3001, 0x3002, 0x300D, 0x300F, 0x3011, 0x3015, 0x30FC, 0xFF01,
                                       0xFF09, 0xFF0C, 0xFF0E, 0xFF1A, 0xFF1F, 0x30FB};

    for (size_t i = 0; i < sizeof closing / sizeof *closing; i++) {
        if (character == closing[i]) {
            return false;
        }
    }
    return true;
}

/* Whether a line may end between these two: around a wide character that is no Hangul (Korean has blanks). */
static bool breaks_between(uint32_t before, uint32_t after)
{
    bool hangul_before = before >= 0xAC00 && before <= 0xD7A3;
    bool hangul_after = after >= 0xAC00 && after <= 0xD7A3;

    if (hangul_before && hangul_after) {
        return false;
    }
    return (text_character_columns(before) == 2 || text_character_columns(after) == 2) && may_begin_line(after);
}

size_t wrap_next(const char *text, size_t length, size_t start, int columns, struct wrap_line *line)
{
    size_t break_at = start; /* the last place where the line may end; start: none yet */
    size_t at = start;
    uint32_t before = 0;
    int used = 0;

    if (columns < 2) {
        columns = 2;
    }
    line->start = start;
    while (at < length && text[at] != '\n') {
        size_t end = text_next_grapheme(text, length, at);
        int width = grapheme_columns(text + at, end - at);
        uint32_t character = 0;
        bool blank = false;

        (void)text_decode(text + at, length - at, &character);
        blank = text_is_space(character);
        if (at > start && !blank && (text_is_space(before) || breaks_between(before, character))) {
            break_at = at;
        }
        if (at > start && used + width > columns && !blank) {
            line->length = (break_at > start ? break_at : at) - start;
            return start + line->length;
        }
        used += width;
        before = character;
        at = end;
    }
    line->length = at - start;
    return at + 1;
}
