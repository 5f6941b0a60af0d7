/*
 * A console on a terminal of the test's own: real views and store, a clock that moves when it is told to. Bytes go
 * in through a pseudo-terminal, so that curses and the decoder are covered; the screen is read back from curses.
 */
#ifndef DOORSTEP_TESTS_VIEWS_STAGE_H
#define DOORSTEP_TESTS_VIEWS_STAGE_H

#define NCURSES_NOMACROS 1
#include "tests/views/seed.h"

#include "base/language.h"
#include "views/canvas.h"
#include "views/chrome.h"
#include "views/loop.h"
#include "views/term.h"

#include <curses.h>
#include <fcntl.h>
#include <pty.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>

#define STAGE_BYTES 65536

struct stage {
    struct fixture *fixture;
    struct console console;
    FILE *in, *out;
    int master;
};

/* A home with the seeded record, enrolled once for a whole group of tests. */
static inline int stage_home(void **state)
{
    struct fixture *fixture = NULL;

    if (key_only(state) != 0) {
        return -1;
    }
    fixture = *state;
    assert_int_equal(store_create(&fixture->paths, fixture->vault, &fixture->options, &fixture->store, &fixture->error),
                     STATUS_OK);
    seed_apply(fixture);
    store_close(fixture->store);
    vault_free(fixture->vault);
    fixture->store = NULL;
    fixture->vault = NULL;
    return 0;
}

static inline int stage_home_end(void **state)
{
    struct fixture *fixture = *state;

    test_folder_remove(fixture->folder);
    memory_free(fixture);
    return 0;
}

static inline void stage_turn(struct stage *stage)
{
    (void)console_take_input(&stage->console);
    console_paint(&stage->console);
}

/* No key comes until all that waits for that is done. */
static inline void stage_work(struct stage *stage)
{
    do {
        console_paint(&stage->console);
    } while (console_work(&stage->console));
}

static inline void stage_resize(struct stage *stage, int rows, int columns)
{
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};

    assert_int_equal(ioctl(stage->master, TIOCSWINSZ, &size), 0);
    console_take_size(&stage->console);
    console_paint(&stage->console);
}

static inline void stage_open(struct stage *stage, struct fixture *fixture, int rows, int columns)
{
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    struct term_options options = {.type = "xterm-256color"};
    struct termios raw;
    struct config config;
    int slave = -1;

    *stage = (struct stage){.fixture = fixture};
    assert_int_equal(openpty(&stage->master, &slave, NULL, NULL, &size), 0);
    assert_int_equal(tcgetattr(slave, &raw), 0);
    cfmakeraw(&raw);
    assert_int_equal(tcsetattr(slave, TCSANOW, &raw), 0);
    stage->in = fdopen(slave, "r");
    stage->out = tmpfile();
    options.in = stage->in;
    options.out = stage->out;
    config_defaults(&config);
    input_init(&stage->console.input);
    assert_int_equal(application_init(&stage->console.application, &fixture->paths, &config, &fixture->options, NULL),
                     STATUS_OK);
    assert_int_equal(term_start(&options, NULL), STATUS_OK);
    canvas_start(false);
    console_take_size(&stage->console);
    console_paint(&stage->console);
}

static inline void stage_close(struct stage *stage)
{
    application_free(&stage->console.application);
    term_stop();
    input_free(&stage->console.input);
    (void)fclose(stage->in);
    (void)fclose(stage->out);
    (void)close(stage->master);
}

/* Set-up and tear-down of a test: a stage of 24 x 80 before its locked screen, in English. */
static inline int stage_begin(void **state)
{
    void *home = NULL;
    struct stage *stage = memory_allocate(sizeof *stage);

    assert_non_null(stage);
    assert_int_equal(stage_home(&home), 0);
    language_setup("en", "");
    stage_open(stage, home, 24, 80);
    *state = stage;
    return 0;
}

static inline int stage_end(void **state)
{
    struct stage *stage = *state;
    void *home = stage->fixture;

    memory_fail_at(0, 0);
    stage_close(stage);
    memory_free(stage);
    return stage_home_end(&home);
}

static inline void stage_bytes(struct stage *stage, const char *bytes, size_t length)
{
    assert_int_equal(write(stage->master, bytes, length), (ssize_t)length);
    stage_turn(stage);
}

/* Types text and control bytes: "\r" is Enter. */
static inline void stage_type(struct stage *stage, const char *text)
{
    stage_bytes(stage, text, strlen(text));
}

/* Time passes, in one piece. */
static inline void stage_wait(struct stage *stage, int64_t milliseconds)
{
    fake_sleep(&stage->fixture->time, milliseconds);
    (void)console_take_time(&stage->console);
    stage_work(stage);
}

static inline void stage_unlock(struct stage *stage)
{
    stage_type(stage, PASSPHRASE "\r");
    assert_non_null(stage->console.application.store);
}

static inline const char *stage_view(struct stage *stage)
{
    return application_top(&stage->console.application)->ops->name;
}

/* One screen line as UTF-8, without the blanks at its end. */
static inline void stage_line(int row, char *out, size_t size)
{
    size_t used = 0;
    int columns = getmaxx(stdscr);

    for (int column = 0; column < columns;) {
        wchar_t characters[CCHARW_MAX + 1] = {0};
        cchar_t cell;
        attr_t attributes = 0;
        short pair = 0;
        int width = 1;

        assert_int_equal(mvwin_wch(stdscr, row, column, &cell), OK);
        assert_int_equal(getcchar(&cell, characters, &attributes, &pair, NULL), OK);
        for (size_t i = 0; characters[i] != L'\0'; i++) {
            char bytes[4];
            size_t length = text_encode((uint32_t)characters[i], bytes);

            assert_true(used + length < size);
            memcpy(out + used, bytes, length);
            used += length;
        }
        width = text_character_columns((uint32_t)characters[0]);
        column += width > 0 ? width : 1;
    }
    while (used > 0 && out[used - 1] == ' ') {
        used--;
    }
    out[used] = '\0';
}

/* How a line is shown, one letter a cell: R red, A amber, G good, r reverse, b bold, u underlined, d dim, . plain. */
static inline void stage_attributes(int row, char *out, size_t size)
{
    int columns = getmaxx(stdscr);
    size_t used = 0;

    assert_true((size_t)columns < size);
    for (int column = 0; column < columns; column++) {
        chtype cell = mvwinch(stdscr, row, column);
        int pair = PAIR_NUMBER((int)cell);

        out[used++] = pair == 1 ? 'R' : pair == 2 ? 'A' : pair == 3 ? 'G' : (cell & A_REVERSE) != 0 ? 'r'
                      : (cell & A_UNDERLINE) != 0 ? 'u' : (cell & A_BOLD) != 0 ? 'b' : (cell & A_DIM) != 0 ? 'd' : '.';
    }
    while (used > 0 && out[used - 1] == '.') {
        used--;
    }
    out[used] = '\0';
}

/* The whole screen: its text, the place of the cursor, and how each line is shown. */
static inline char *stage_screen(void)
{
    struct buffer screen;
    char line[4096];
    int row = 0;
    int column = 0;

    buffer_init(&screen, STAGE_BYTES);
    for (int i = 0; i < getmaxy(stdscr); i++) {
        stage_line(i, line, sizeof line);
        buffer_format(&screen, "%s\n", line);
    }
    if (canvas_cursor_place(&row, &column)) {
        buffer_format(&screen, "--- cursor %d,%d\n", row, column);
    } else {
        buffer_append_text(&screen, "--- no cursor\n");
    }
    for (int i = 0; i < getmaxy(stdscr); i++) {
        stage_attributes(i, line, sizeof line);
        if (line[0] != '\0') {
            buffer_format(&screen, "%2d %s\n", i, line);
        }
    }
    assert_int_equal(screen.status, STATUS_OK);
    return buffer_take(&screen);
}

/* Whether the text is somewhere on the screen. */
static inline bool stage_shows(const char *text)
{
    char *screen = stage_screen();
    bool found = strstr(screen, text) != NULL;

    memory_free(screen);
    return found;
}

/* Compares with fixtures/screens/<name>.txt; UPDATE_GOLDEN=1 writes it. */
static inline void stage_golden(const char *name)
{
    char *screen = stage_screen();
    char path[256];
    struct buffer golden;

    snprintf(path, sizeof path, "fixtures/screens/%s.txt", name);
    buffer_init(&golden, STAGE_BYTES);
    if (getenv("UPDATE_GOLDEN") != NULL) {
        test_file_write(path, screen, strlen(screen));
    } else {
        assert_int_equal(file_read(path, &golden, NULL), STATUS_OK);
        if (strcmp(buffer_text(&golden), screen) != 0) {
            print_error("%s differs; this is the screen now:\n%s\n", path, screen);
            fail();
        }
    }
    buffer_free(&golden);
    memory_free(screen);
}

#endif
