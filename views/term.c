/*
 * Starting, stopping and reading the terminal through curses.
 *
 * Keys are read from a pad, not from the screen window: reading from a window
 * paints it, and only term_show() may paint. Bytes are read with getch and
 * decoded in input.c, because get_wch loses a character whose bytes arrive
 * apart.
 */
#define NCURSES_NOMACROS 1
#include "views/term.h"

#include "views/canvas.h"
#include "views/input.h"
#include "views/theme.h"

#include <curses.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

#undef columns /* term.h names all of terminfo */

#define ESCAPE_DELAY 100 /* ms an Esc waits for the rest of a sequence; ESCDELAY replaces it */

#define MODES_ON "\033[?2004h"  /* bracketed paste; terminals that do not know it ignore it */
#define MODES_OFF "\033[?2004l"

static SCREEN *screen;
static WINDOW *keys;
static FILE *terminal; /* where the screen goes */
static int keyboard = -1; /* where keys come from; knows the size */
static int saved_errors = -1;
static struct termios modes_before;
static bool modes_saved;
/* What a dying program writes: prepared, because nothing may be looked up then. */
static char farewell[128];

static const int fatal_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

static void on_fatal(int signal_number)
{
    int descriptor = fileno(terminal);
    ssize_t written = write(descriptor, farewell, strlen(farewell));

    (void)written;
    (void)tcsetattr(descriptor, TCSANOW, &modes_before);
    (void)signal(signal_number, SIG_DFL);
    (void)raise(signal_number);
}

static void watch_fatal_signals(void)
{
    static const char *const endings[] = {"sgr0", "cnorm", "rmcup"};
    size_t used = (size_t)snprintf(farewell, sizeof farewell, "%s\033[?1000l\033[?1006l", MODES_OFF);

    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        const char *ending = tigetstr(endings[i]);

        if (ending != NULL && ending != (const char *)-1 && used + strlen(ending) < sizeof farewell) {
            used += (size_t)snprintf(farewell + used, sizeof farewell - used, "%s", ending);
        }
    }
    for (size_t i = 0; i < sizeof fatal_signals / sizeof *fatal_signals; i++) {
        struct sigaction action = {.sa_handler = on_fatal, .sa_flags = (int)SA_RESETHAND};

        if (modes_saved) {
            (void)sigaction(fatal_signals[i], &action, NULL);
        }
    }
}

static void silence_errors(void)
{
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

    saved_errors = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    if (nowhere >= 0) {
        (void)dup2(nowhere, STDERR_FILENO);
        (void)close(nowhere);
    }
}

static void restore_errors(void)
{
    if (saved_errors >= 0) {
        (void)dup2(saved_errors, STDERR_FILENO);
        (void)close(saved_errors);
        saved_errors = -1;
    }
}

static void send_modes(const char *modes)
{
    (void)fputs(modes, terminal);
    (void)fflush(terminal);
}

/* What terminfo leaves out: pastes, word motion, arrows of terminals that stay in normal cursor mode, and the keys that a
 * terminal has which calls itself by an older one's name: unknown, they would count as Esc and what follows it. */
static void define_keys(void)
{
    static const struct {
        const char *sequence;
        int code;
    } defined[] = {
        {"\033[200~", INPUT_PASTE_BEGIN}, {"\033[201~", INPUT_PASTE_END},  {"\033[1;5D", INPUT_WORD_LEFT},
        {"\033[1;5C", INPUT_WORD_RIGHT},  {"\033[1;3D", INPUT_WORD_LEFT},  {"\033[1;3C", INPUT_WORD_RIGHT},
        {"\033[A", KEY_UP},               {"\033[B", KEY_DOWN},            {"\033[C", KEY_RIGHT},
        {"\033[D", KEY_LEFT},             {"\033[H", KEY_HOME},            {"\033[F", KEY_END},
        {"\033[Z", KEY_BTAB},             {"\033[3~", KEY_DC},              {"\033[5~", KEY_PPAGE},
        {"\033[6~", KEY_NPAGE},           {"\033[1~", KEY_HOME},            {"\033[4~", KEY_END},
    };

    for (size_t i = 0; i < sizeof defined / sizeof *defined; i++) {
        (void)define_key(defined[i].sequence, defined[i].code);
    }
}

/* Whether the terminal can put the cursor anywhere. Asked before newterm(), which ends the program for some types. */
static bool can_address(const char *type, int descriptor)
{
    int found = 0;
    bool can = false;

    if (setupterm(type, descriptor, &found) != OK) {
        return false;
    }
    can = tigetstr("cup") != NULL;
    (void)del_curterm(cur_term);
    return can;
}

static enum status unusable(const char *type, struct error *error)
{
    return error_set(error, STATUS_FAILED,
                     _("The terminal type '%s' cannot show the console; set TERM to what your terminal is, for "
                       "example TERM=xterm."),
                     type);
}

enum status term_start(const struct term_options *options, struct error *error)
{
    if (options->type == NULL || options->type[0] == '\0') {
        return error_set(error, STATUS_FAILED,
                         _("The variable TERM is not set; set it to what your terminal is, for example TERM=xterm."));
    }
    modes_saved = tcgetattr(fileno(options->out), &modes_before) == 0;
    if (!can_address(options->type, fileno(options->out))) {
        return unusable(options->type, error);
    }
    use_env(false);
    use_tioctl(true);
    if (getenv("ESCDELAY") == NULL) {
        (void)set_escdelay(ESCAPE_DELAY);
    }
    screen = newterm(options->type, options->out, options->in);
    if (screen == NULL) {
        return unusable(options->type, error);
    }
    terminal = options->out;
    keyboard = fileno(options->in);
    keys = newpad(1, 1);
    if (keys == NULL) {
        term_stop();
        return error_no_memory(error);
    }
    (void)raw();
    (void)noecho();
    (void)nonl();
    (void)meta(keys, true);
    (void)keypad(keys, true);
    (void)nodelay(keys, true);
    (void)mousemask(BUTTON1_RELEASED | BUTTON1_CLICKED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
    (void)mouseinterval(0);
    define_keys();
    theme_start(options->monochrome);
    watch_fatal_signals();
    send_modes(MODES_ON);
    if (options->quiet_errors) {
        silence_errors();
    }
    return STATUS_OK;
}

void term_stop(void)
{
    if (screen == NULL) {
        return;
    }
    (void)mousemask(0, NULL);
    send_modes(MODES_OFF);
    (void)endwin();
    if (keys != NULL) {
        (void)delwin(keys);
    }
    delscreen(screen);
    keys = NULL;
    screen = NULL;
    for (size_t i = 0; i < sizeof fatal_signals / sizeof *fatal_signals; i++) {
        (void)signal(fatal_signals[i], SIG_DFL);
    }
    restore_errors();
}

void term_suspend(void)
{
    send_modes(MODES_OFF);
    (void)endwin();
}

void term_resume(void)
{
    send_modes(MODES_ON);
    term_erase(true);
    (void)wrefresh(stdscr);
}

void term_fit(int *rows, int *columns)
{
    struct winsize size = {0};

    if (ioctl(keyboard, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0 &&
        (size.ws_row != getmaxy(stdscr) || size.ws_col != getmaxx(stdscr))) {
        (void)resizeterm(size.ws_row, size.ws_col);
    }
    *rows = getmaxy(stdscr);
    *columns = getmaxx(stdscr);
}

static bool read_tap(struct event *event)
{
    MEVENT tap;

    if (getmouse(&tap) != OK) {
        return false;
    }
    *event = (struct event){.kind = EVENT_CLICK, .row = tap.y, .column = tap.x};
    if ((tap.bstate & (BUTTON4_PRESSED | BUTTON5_PRESSED)) != 0) {
        *event = (struct event){.kind = EVENT_KEY,
                                .key = (tap.bstate & BUTTON4_PRESSED) != 0 ? KEYCAP_UP : KEYCAP_DOWN};
    }
    return true;
}

int term_read(struct input *input, void (*handle)(void *context, const struct event *event), void *context)
{
    struct event events[INPUT_EVENTS];
    int codes = 0;
    int code = 0;

    while ((code = wgetch(keys)) != ERR) {
        int count = 0;

        codes++;
        if (code == KEY_RESIZE) {
            continue;
        }
        count = code == KEY_MOUSE ? (read_tap(&events[0]) ? 1 : 0) : input_feed(input, code, events);
        for (int i = 0; i < count; i++) {
            handle(context, &events[i]);
        }
    }
    return codes;
}

void term_flush(struct input *input)
{
    (void)flushinp();
    input_reset(input);
}

void term_erase(bool repaint)
{
    (void)wattrset(stdscr, A_NORMAL);
    (void)werase(stdscr);
    if (repaint) {
        (void)clearok(stdscr, true);
    }
    canvas_hide_cursor();
}

void term_show(void)
{
    int row = 0;
    int column = 0;

    if (canvas_cursor_place(&row, &column)) {
        (void)curs_set(1);
        (void)wmove(stdscr, row, column);
    } else {
        (void)curs_set(0);
    }
    (void)wnoutrefresh(stdscr);
    (void)doupdate();
}
