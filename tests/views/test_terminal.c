/*
 * The real console in a process of its own on a real pseudo-terminal: how it ends, what it leaves behind, and that it
 * comes back. Real clock, real signals.
 */
#include "tests/views/seed.h"

#include "base/config.h"
#include "base/language.h"
#include "views/application.h"

#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>

#define PATIENCE 60 /* s: valgrind takes its time */

struct run {
    pid_t child;
    int master;
    char output[1 << 18];
    size_t length;
};

static struct fixture *home;
static struct run run;

static int make_home(void **state)
{
    void *fixture = NULL;

    (void)state;
    assert_int_equal(key_only(&fixture), 0);
    home = fixture;
    assert_int_equal(store_create(&home->paths, home->vault, &home->options, &home->store, &home->error), STATUS_OK);
    seed_apply(home);
    store_close(home->store);
    vault_free(home->vault);
    return 0;
}

static int drop_home(void **state)
{
    (void)state;
    test_folder_remove(home->folder);
    memory_free(home);
    return 0;
}

static void start(const char *type, int rows, int columns)
{
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};

    run.length = 0;
    run.child = forkpty(&run.master, NULL, NULL, &size);
    assert_true(run.child >= 0);
    if (run.child == 0) {
        struct config config;

        if (type == NULL) {
            (void)unsetenv("TERM");
        } else {
            (void)setenv("TERM", type, 1);
        }
        language_setup("en", "");
        config_defaults(&config);
        _exit(console_run(&home->paths, &config));
    }
}

/* Takes what the console has written; false when it is gone. */
static bool hear(int patience)
{
    struct pollfd wait = {.fd = run.master, .events = POLLIN};
    ssize_t got = 0;

    if (poll(&wait, 1, patience) <= 0) {
        return true;
    }
    if (run.length > sizeof run.output / 2) {
        run.length = 0;
    }
    got = read(run.master, run.output + run.length, sizeof run.output - run.length - 1);
    if (got <= 0) {
        return false;
    }
    for (char *at = run.output + run.length; at < run.output + run.length + got; at++) {
        *at = *at == '\0' ? ' ' : *at; /* old terminals are given time by nothing */
    }
    run.length += (size_t)got;
    run.output[run.length] = '\0';
    return true;
}

static time_t seconds(void)
{
    struct timespec now;

    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &now), 0);
    return now.tv_sec;
}

/* Waits until the console has written this text since the last call. */
static void expect(const char *text)
{
    for (time_t until = seconds() + PATIENCE; seconds() < until;) {
        if (strstr(run.output, text) != NULL && run.length > 0) {
            run.length = 0;
            run.output[0] = '\0';
            return;
        }
        if (!hear(20)) {
            break;
        }
    }
    fail_msg("'%s' did not come; last: %s", text, run.output);
}

static void say(const char *bytes)
{
    assert_int_equal(write(run.master, bytes, strlen(bytes)), (ssize_t)strlen(bytes));
}

/* Waits for the end; the exit status, or 1000 and the signal that killed it. */
static int ending(void)
{
    int status = 0;

    for (time_t until = seconds() + PATIENCE; seconds() < until;) {
        if (waitpid(run.child, &status, WNOHANG) == run.child) {
            for (int i = 0; i < 1000 && run.master >= 0 && hear(20); i++) { /* its last words are still on the way */
            }
            return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
        }
        if (run.master < 0 || !hear(20)) {
            (void)usleep(20000);
        }
    }
    (void)kill(run.child, SIGKILL);
    (void)waitpid(run.child, &status, 0);
    fail_msg("the console did not end");
    return -1;
}

static void done(void)
{
    if (run.master >= 0) {
        (void)close(run.master);
    }
    run.master = -1;
}

static void unlock(void)
{
    expect("Passphrase");
    say(PASSPHRASE "\r");
    expect("Today");
}

static void quitting_gives_the_terminal_back(void **state)
{
    struct termios before;
    struct termios after;

    (void)state;
    start("xterm-256color", 24, 80);
    assert_int_equal(tcgetattr(run.master, &before), 0);
    unlock();
    assert_int_equal(tcgetattr(run.master, &after), 0);
    assert_int_equal(after.c_lflag & (tcflag_t)(ICANON | ECHO | ISIG), 0);
    say("q");
    assert_int_equal(ending(), 0);
    assert_int_equal(tcgetattr(run.master, &after), 0);
    assert_int_equal(after.c_lflag & (tcflag_t)(ICANON | ECHO | ISIG), ICANON | ECHO | ISIG);
    assert_non_null(strstr(run.output, "\033[?1049l")); /* the screen from before comes back */
    assert_non_null(strstr(run.output, "\033[?2004l"));
    done();
}

static void signals_end_it_with_their_status(void **state)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP};

    (void)state;
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct termios after;

        start("xterm-256color", 24, 80);
        unlock();
        assert_int_equal(kill(run.child, signals[i]), 0);
        assert_int_equal(ending(), 128 + signals[i]);
        assert_int_equal(tcgetattr(run.master, &after), 0);
        assert_true((after.c_lflag & (tcflag_t)ECHO) != 0);
        done();
    }
}

static void a_crash_gives_the_terminal_back_too(void **state)
{
    struct termios after;

    (void)state;
    start("xterm-256color", 24, 80);
    unlock();
    assert_int_equal(kill(run.child, SIGSEGV), 0);
    assert_int_equal(ending(), 1000 + SIGSEGV);
    assert_int_equal(tcgetattr(run.master, &after), 0);
    assert_true((after.c_lflag & (tcflag_t)ECHO) != 0);
    assert_non_null(strstr(run.output, "\033[?1049l"));
    done();
}

/* The line is cut: no signal may come, reading only fails. It must leave, not spin. */
static void a_cut_line_ends_it_without_spinning(void **state)
{
    struct rusage usage;
    double seconds = 0;

    (void)state;
    start("xterm-256color", 24, 80);
    unlock();
    assert_int_equal(getrusage(RUSAGE_CHILDREN, &usage), 0);
    seconds = (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6;
    done();
    assert_int_equal(ending(), 128 + SIGHUP);
    assert_int_equal(getrusage(RUSAGE_CHILDREN, &usage), 0);
    seconds = (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6 - seconds;
    assert_true(seconds < 5);
}

static void sigusr1_locks(void **state)
{
    (void)state;
    start("xterm-256color", 24, 80);
    unlock();
    assert_int_equal(kill(run.child, SIGUSR1), 0);
    expect("Passphrase");
    say("\x11"); /* ^Q */
    assert_int_equal(ending(), 0);
    done();
}

/* Nobody here would let it go on: the kernel does not stop an orphaned group, so only the lock is seen. */
static void a_stop_locks_first(void **state)
{
    (void)state;
    start("xterm-256color", 24, 80);
    unlock();
    assert_int_equal(kill(run.child, SIGTSTP), 0);
    expect("Passphrase");
    say("\x11");
    assert_int_equal(ending(), 0);
    done();
}

static void a_kill_loses_no_place(void **state)
{
    (void)state;
    start("xterm-256color", 24, 80);
    unlock();
    say("p"); /* whatever day it is: Today may be empty */
    expect("Search name");
    say("\rs12s");
    expect("started at");
    for (int waited = 0; waited < 1500; waited += 50) { /* one pause in typing */
        (void)hear(50);
    }
    assert_int_equal(kill(run.child, SIGKILL), 0);
    assert_int_equal(ending(), 1000 + SIGKILL);
    done();
    start("xterm-256color", 24, 80);
    expect("Passphrase");
    say(PASSPHRASE "\r");
    expect("Visit in progress");
    say("q");
    assert_int_equal(ending(), 0);
    done();
}

static void unusable_terminals_are_refused_in_one_sentence(void **state)
{
    static const struct {
        const char *type;
        int rows, columns;
        const char *sentence;
    } cases[] = {
        {NULL, 24, 80, "TERM is not set"},
        {"dumb", 24, 80, "cannot show the console"},
        {"no-such-terminal", 24, 80, "cannot show the console"},
        {"xterm", 5, 20, "too small"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        start(cases[i].type, cases[i].rows, cases[i].columns);
        assert_int_equal(ending(), 1);
        assert_non_null(strstr(run.output, cases[i].sentence));
        done();
    }
}

static void other_terminals_work(void **state)
{
    static const char *const types[] = {"xterm", "linux", "vt220", "screen", "tmux-256color"};

    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        start(types[i], 24, 80);
        expect("Passphrase");
        say("\x11");
        assert_int_equal(ending(), 0);
        done();
    }
}

/* Keys that terminfo does not know of a type whose name a newer terminal uses: Esc would close the help. */
static void keys_that_a_type_lacks_work(void **state)
{
    (void)state;
    start("vt100", 24, 80);
    unlock();
    say("?");
    expect("more below");
    say("\033[6~");
    expect("nothing waits."); /* the last of it */
    say("\033[Z\033[5~");
    expect("On the screen");
    say("\033");
    expect("Today");
    say("q");
    assert_int_equal(ending(), 0);
    done();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quitting_gives_the_terminal_back),
        cmocka_unit_test(signals_end_it_with_their_status),
        cmocka_unit_test(a_crash_gives_the_terminal_back_too),
        cmocka_unit_test(a_cut_line_ends_it_without_spinning),
        cmocka_unit_test(sigusr1_locks),
        cmocka_unit_test(a_stop_locks_first),
        cmocka_unit_test(a_kill_loses_no_place),
        cmocka_unit_test(unusable_terminals_are_refused_in_one_sentence),
        cmocka_unit_test(other_terminals_work),
        cmocka_unit_test(keys_that_a_type_lacks_work),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, make_home, drop_home);
}
