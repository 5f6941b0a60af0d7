/* Codes to events: see input.h. */
#define NCURSES_NOMACROS 1
#include "views/input.h"

#include <curses.h>
#include <string.h>

#define DELETE_CHARACTER 0x7F

void input_init(struct input *input)
{
    *input = (struct input){0};
    buffer_init(&input->paste, INPUT_PASTE_LIMIT);
}

void input_free(struct input *input)
{
    buffer_free(&input->paste);
}

void input_reset(struct input *input)
{
    buffer_free(&input->paste);
    input_init(input);
}

static const struct {
    int code;
    enum key key;
} named[] = {
    {KEY_ENTER, KEYCAP_ENTER},         {KEY_BTAB, KEYCAP_BACKTAB},        {KEY_BACKSPACE, KEYCAP_BACKSPACE},
    {KEY_DC, KEYCAP_DELETE},           {KEY_UP, KEYCAP_UP},               {KEY_DOWN, KEYCAP_DOWN},
    {KEY_LEFT, KEYCAP_LEFT},           {KEY_RIGHT, KEYCAP_RIGHT},         {KEY_HOME, KEYCAP_HOME},
    {KEY_END, KEYCAP_END},             {KEY_PPAGE, KEYCAP_PAGE_UP},       {KEY_NPAGE, KEYCAP_PAGE_DOWN},
    {INPUT_WORD_LEFT, KEYCAP_WORD_LEFT}, {INPUT_WORD_RIGHT, KEYCAP_WORD_RIGHT},
    {KEY_FIND, KEYCAP_HOME},           {KEY_SELECT, KEYCAP_END},
};

static bool named_key(int code, struct event *event)
{
    *event = (struct event){.kind = EVENT_KEY};
    for (size_t i = 0; i < sizeof named / sizeof *named; i++) {
        if (code == named[i].code) {
            event->key = named[i].key;
            return true;
        }
    }
    if (code >= KEY_F(1) && code <= KEY_F(12)) {
        event->key = KEYCAP_FUNCTION;
        event->character = (uint32_t)(code - KEY_F(0));
        return true;
    }
    return false;
}

static bool control_event(uint32_t character, struct event *event)
{
    *event = (struct event){.kind = EVENT_KEY};
    if (character == '\r' || character == '\n') {
        event->key = KEYCAP_ENTER;
    } else if (character == '\t') {
        event->key = KEYCAP_TAB;
    } else if (character == '\b' || character == DELETE_CHARACTER) {
        event->key = KEYCAP_BACKSPACE;
    } else if (character == 0x1B) {
        event->key = KEYCAP_ESCAPE;
    } else if (character >= 1 && character <= 26) {
        event->key = KEYCAP_CONTROL;
        event->character = 'a' + character - 1;
    } else {
        return false;
    }
    return true;
}

static bool is_control(uint32_t character)
{
    return character < 0x20 || (character >= 0x7F && character < 0xA0);
}

static void paste_add(struct input *input, uint32_t character)
{
    char bytes[4];
    bool second_half = character == '\n' && input->after_return;

    /* Terminals send a carriage return for a line break of a paste, some a line feed after it. */
    input->after_return = character == '\r';
    if (second_half) {
        return;
    }
    if (character == '\r') {
        character = '\n';
    }
    buffer_append(&input->paste, bytes, text_encode(character, bytes));
}

static int paste_end(struct input *input, struct event *event)
{
    struct buffer clean;
    bool cut = input->paste.status != STATUS_OK;

    input->pasting = false;
    if (input->paste.length == 0) {
        return 0;
    }
    buffer_init(&clean, INPUT_PASTE_LIMIT * 3);
    text_append_clean(&clean, input->paste.data, input->paste.length, true);
    buffer_free(&input->paste);
    input->paste = clean;
    *event = (struct event){.kind = EVENT_PASTE, .paste = buffer_text(&input->paste),
                            .paste_cut = cut || clean.status != STATUS_OK};
    return 1;
}

static int take_character(struct input *input, uint32_t character, struct event *event)
{
    if (input->pasting) {
        paste_add(input, character);
        return 0;
    }
    if (is_control(character)) {
        return control_event(character, event) ? 1 : 0;
    }
    *event = (struct event){.kind = EVENT_CHARACTER, .character = character};
    return 1;
}

/* A key in the middle of a character: the bytes of it that came stay visible as one broken character. */
static int drop_partial(struct input *input, struct event *event)
{
    if (input->decoder.missing == 0) {
        return 0;
    }
    input->decoder = (struct text_decoder){0};
    return take_character(input, 0xFFFD, event);
}

int input_feed(struct input *input, int code, struct event events[INPUT_EVENTS])
{
    uint32_t characters[2] = {0, 0};
    int decoded = 0;
    int count = 0;

    if (code >= 0 && code <= 0xFF) {
        decoded = text_decoder_feed(&input->decoder, (unsigned char)code, characters);
        for (int i = 0; i < decoded; i++) {
            count += take_character(input, characters[i], &events[count]);
        }
        return count;
    }
    count = drop_partial(input, &events[0]);
    if (code == INPUT_PASTE_BEGIN) {
        buffer_free(&input->paste);
        buffer_init(&input->paste, INPUT_PASTE_LIMIT);
        input->pasting = true;
    } else if (code == INPUT_PASTE_END && input->pasting) {
        count += paste_end(input, &events[count]);
    } else if (!input->pasting && named_key(code, &events[count])) {
        count++;
    }
    return count;
}

int input_flush(struct input *input, struct event events[INPUT_EVENTS])
{
    return input->pasting ? paste_end(input, &events[0]) : 0;
}
