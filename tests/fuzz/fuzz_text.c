/*
 * Whatever bytes come: cleaned text is safe for a terminal and stays as it is
 * when cleaned again; cuts and boundaries never split a character of valid text
 * and always get ahead; a decoder fed byte by byte agrees on valid text.
 */
#include "base/memory.h"
#include "base/text.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static void check_clean(const char *text, size_t length, bool keep_newlines)
{
    struct buffer once;
    struct buffer twice;

    buffer_init(&once, 4 * length + 16);
    buffer_init(&twice, 4 * length + 16);
    text_append_clean(&once, text, length, keep_newlines);
    text_append_clean(&twice, buffer_text(&once), once.length, keep_newlines);
    MUST_HOLD(once.status == STATUS_OK && twice.status == STATUS_OK);
    MUST_HOLD(text_is_utf8(buffer_text(&once), once.length));
    MUST_HOLD(strcmp(buffer_text(&once), buffer_text(&twice)) == 0);
    for (size_t i = 0; i < once.length; i++) {
        MUST_HOLD((unsigned char)once.data[i] >= 0x20 || (keep_newlines && once.data[i] == '\n'));
    }
    buffer_free(&once);
    buffer_free(&twice);
}

static void check_cuts(const char *text, size_t length)
{
    char out[32];
    bool valid = text_is_utf8(text, length);

    for (size_t size = 1; size <= sizeof out; size++) {
        bool whole = text_copy(out, size, text);

        MUST_HOLD(whole == (length < size));
        MUST_HOLD(strlen(out) < size && strncmp(out, text, strlen(out)) == 0);
        MUST_HOLD(!valid || text_is_utf8(out, strlen(out)));
    }
    text_fold(out, sizeof out, text);
    MUST_HOLD(text_is_utf8(out, strlen(out)));
    text_clean_into(out, sizeof out, text);
    MUST_HOLD(text_is_utf8(out, strlen(out)));
    text_normalise_value(out, sizeof out, text);
    MUST_HOLD(text_is_utf8(out, strlen(out)));
}

static void check_boundaries(const char *text, size_t length)
{
    int columns = text_columns(text);
    int used = 0;

    for (size_t at = 0; at < length;) {
        size_t next = text_next_grapheme(text, length, at);

        MUST_HOLD(next > at && next <= length);
        MUST_HOLD(text_previous_grapheme(text, next) == at);
        MUST_HOLD(text_next_word(text, length, at) >= next);
        MUST_HOLD(text_previous_word(text, next) <= at);
        at = next;
    }
    for (int room = 0; room <= columns; room++) {
        size_t fitting = text_fit(text, room, &used);

        MUST_HOLD(fitting <= length && used <= room);
    }
    MUST_HOLD(text_fit(text, columns, &used) == length && used == columns);
}

static void check_decoder(const char *text, size_t length)
{
    struct text_decoder decoder = {0};
    size_t at = 0;

    if (!text_is_utf8(text, length)) {
        return;
    }
    for (size_t i = 0; i < length; i++) {
        uint32_t out[2] = {0};
        uint32_t expected = 0;
        int count = text_decoder_feed(&decoder, (unsigned char)text[i], out);

        MUST_HOLD(count == 0 || count == 1);
        if (count == 1) {
            at += text_decode(text + at, length - at, &expected);
            MUST_HOLD(out[0] == expected && at == i + 1);
            (void)text_command_key(expected);
        }
    }
    MUST_HOLD(at == length);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    char *text = NULL;

    if (length > 96) {
        return 0; /* some checks are quadratic */
    }
    text = memory_allocate(length + 1);
    memcpy(text, bytes, length);
    check_clean(text, length, false);
    check_clean(text, length, true);
    length = strlen(text);
    check_cuts(text, length);
    check_boundaries(text, length);
    check_decoder(text, length);
    memory_free(text);
    return 0;
}
