/*
 * The console's loop: one thread, one ppoll.
 *
 * All signals are blocked except inside ppoll, so that none is lost between a
 * test and the wait; their handlers only set a flag. Each turn takes signals,
 * typed keys, the worker's news and what is due, then shows at most one frame.
 */
#include "views/loop.h"

#include "base/log.h"
#include "base/text.h"
#include "views/chrome.h"
#include "views/term.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SYNC_APART 250       /* ms between two looks at what the worker tells */
#define WORK_AFTER 20        /* ms without a key until work that can wait is done: less than between keys held down */
#define SILENT_TURNS 20      /* readable but empty so often: the terminal is gone */
#define EXIT_SIGNAL 128

/* --- signals -------------------------------------------------------------------------------------- */

static volatile sig_atomic_t raised[NSIG];

static const int watched[] = {SIGWINCH, SIGHUP, SIGTERM, SIGINT, SIGQUIT, SIGUSR1, SIGTSTP};

#define WATCHED_COUNT (sizeof watched / sizeof *watched)

static void on_signal(int number)
{
    raised[number] = 1;
}

static bool take_signal(int number)
{
    bool was = raised[number] != 0;

    raised[number] = 0;
    return was;
}

/* Blocks what the loop watches; *outside receives the mask for inside ppoll. */
static void block_signals(sigset_t *outside)
{
    sigset_t blocked;

    (void)sigemptyset(&blocked);
    for (size_t i = 0; i < WATCHED_COUNT; i++) {
        (void)sigaddset(&blocked, watched[i]);
    }
    (void)sigprocmask(SIG_BLOCK, &blocked, outside);
    for (size_t i = 0; i < WATCHED_COUNT; i++) {
        (void)sigdelset(outside, watched[i]);
    }
}

/* After curses has started, whose own handlers these replace. */
static void install_handlers(void)
{
    struct sigaction action = {.sa_handler = on_signal};

    for (size_t i = 0; i < WATCHED_COUNT; i++) {
        (void)sigaction(watched[i], &action, NULL);
    }
}

/* Locks and blanks, then stops as the shell expects; goes on after SIGCONT. */
static void stop_process(struct console *console, const sigset_t *outside)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigset_t before;

    application_lock(&console->application);
    console->paint = true;
    console_paint(console);
    term_suspend();
    (void)sigaction(SIGTSTP, &action, NULL);
    (void)raise(SIGTSTP);
    (void)sigprocmask(SIG_SETMASK, outside, &before);
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    action.sa_handler = on_signal;
    (void)sigaction(SIGTSTP, &action, NULL);
    term_resume();
    console_take_size(console);
    console->application.repaint = true;
}

/* --- the parts of a turn -------------------------------------------------------------------------- */

static void handle(void *context, const struct event *event)
{
    struct console *console = context;

    if (application_event(&console->application, event) != REACTION_IGNORED) {
        console->paint = true;
    }
    console->working = true;
}

/* After a lock or unlock, what was typed for the screen before is not for this one. */
static void handle_typed(void *context, const struct event *event)
{
    const struct console *console = context;

    if (!console->application.drop_typed) {
        handle(context, event);
    }
}

int console_take_input(struct console *console)
{
    return term_read(&console->input, handle_typed, console);
}

void console_take_size(struct console *console)
{
    struct event event = {.kind = EVENT_RESIZE};

    term_fit(&console->application.rows, &console->application.columns);
    handle(console, &event);
}

static void show_sync(struct console *console)
{
    struct application *application = &console->application;
    struct event event = {.kind = EVENT_SYNC};

    console->sync_due = 0;
    if (application->worker == NULL) {
        return; /* locked since */
    }
    console->sync_shown = application_monotonic(application);
    int64_t departed_run = application->sync.departed_run;
    bool ran = application->sync.phase != WORKER_IDLE;
    worker_snapshot(application->worker, &application->sync);
    if (application->sync.departed_run != departed_run) {
        application_say(application,
                        ngettext("%d patient has left your caseload: %s", "%d patients have left your caseload: %s",
                                 (unsigned long)application->sync.departed),
                        application->sync.departed, application->sync.departed_names);
    }
    handle(console, &event);
    /* All was exchanged, and there is something to tell of it: a clock that is wrong. */
    if (ran && application->sync.phase == WORKER_IDLE && application->status.last_result == STATUS_OK &&
        application->status.last_reason[0] != '\0') {
        application_say(application, "%s", application->status.last_reason);
        console->paint = true;
    }
}

void console_take_sync(struct console *console)
{
    worker_acknowledge(console->application.worker);
    if (application_monotonic(&console->application) < console->sync_shown + SYNC_APART) {
        console->sync_due = console->sync_shown + SYNC_APART;
    } else {
        show_sync(console);
    }
}

static void tick(struct console *console)
{
    struct event events[INPUT_EVENTS];
    struct event event = {.kind = EVENT_TICK};
    int count = input_flush(&console->input, events);

    for (int i = 0; i < count; i++) {
        handle(console, &events[i]);
    }
    handle(console, &event);
}

static void earliest(int64_t *due, int64_t at)
{
    if (*due < 0 || at < *due) {
        *due = at;
    }
}

/* When something that is waited for is due, monotonic; -1 for never. */
static int64_t next_due(const struct console *console)
{
    const struct application *application = &console->application;
    int64_t due = -1;

    if (application->unsaved || application->place_moved || console->input.pasting) {
        int64_t pause = application->last_input + AUTOSAVE_PAUSE;

        earliest(&due, pause > application->save_after ? pause : application->save_after);
    }
    if (application->wake_at != 0) {
        earliest(&due, application->wake_at);
    }
    return due;
}

static void lock_when_idle(struct console *console)
{
    struct application *application = &console->application;
    int64_t limit = (int64_t)application->config.lock_after_minutes * 60000;

    if (application->store == NULL || application_monotonic(application) - application->last_input < limit) {
        return;
    }
    application_lock(application);
    if (application->store == NULL) {
        application_say(application, _("Locked after %d minutes without a key; everything typed was kept."),
                        application->config.lock_after_minutes);
    }
    application->last_input = application_monotonic(application);
    console->paint = true;
}

int console_take_time(struct console *console)
{
    struct application *application = &console->application;
    int64_t now = application_monotonic(application);
    int64_t due = next_due(console);

    lock_when_idle(console);
    if (console->sync_due != 0 && now >= console->sync_due) {
        show_sync(console);
    }
    if (due >= 0 && now >= due) {
        tick(console);
        due = next_due(console);
    }
    if (now >= application->look_at && application_follow(application)) {
        console->paint = true;
        console->working = true;
    }
    if (application->store != NULL) {
        earliest(&due, application->look_at);
        if (console->sync_due != 0) {
            earliest(&due, console->sync_due);
        }
        earliest(&due, application->last_input + (int64_t)application->config.lock_after_minutes * 60000);
    }
    if (due < 0) {
        return -1;
    }
    return due > now ? (int)(due - now) : 1;
}

bool console_work(struct console *console)
{
    console->working = application_work(&console->application);
    console->paint = console->paint || console->working;
    return console->working;
}

static void show_frame(struct console *console)
{
    console->paint = false;
    term_erase(console->application.repaint);
    console->application.repaint = false;
    application_draw(&console->application);
    term_show();
}

void console_paint(struct console *console)
{
    if (console->application.drop_typed) {
        console->application.drop_typed = false;
        term_flush(&console->input);
    }
    if (console->paint) {
        show_frame(console);
    }
    application_close_record(&console->application);
}

/* --- the loop ------------------------------------------------------------------------------------- */

/* Signals that end the console: the exit status they ask for, 0 for none. */
static int ending_signal(void)
{
    static const int endings[] = {SIGHUP, SIGTERM, SIGINT, SIGQUIT};

    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        if (take_signal(endings[i])) {
            return EXIT_SIGNAL + endings[i];
        }
    }
    return 0;
}

static void take_signals(struct console *console, const sigset_t *outside)
{
    if (take_signal(SIGUSR1)) {
        application_lock(&console->application);
        console->paint = true;
    }
    if (take_signal(SIGTSTP)) {
        stop_process(console, outside);
    }
    if (take_signal(SIGWINCH)) {
        console_take_size(console);
    }
}

/* Reads the terminal; true when it is gone. */
static bool terminal_gone(struct console *console, short events)
{
    int codes = console_take_input(console);

    if (codes > 0) {
        console->silent_turns = 0;
    } else if ((events & POLLIN) != 0) {
        console->silent_turns++;
    }
    return (events & (POLLERR | POLLNVAL | POLLHUP)) != 0 || console->silent_turns > SILENT_TURNS;
}

/* Milliseconds until work that can wait is due, `timeout` when that is sooner or there is none. */
static int until_work(const struct console *console, int timeout)
{
    int64_t left = console->application.last_input + WORK_AFTER - application_monotonic(&console->application);

    if (!console->working) {
        return timeout;
    }
    left = left > 0 ? left : 0;
    return timeout < 0 || left < timeout ? (int)left : timeout;
}

static int run_loop(struct console *console, const sigset_t *outside)
{
    struct application *application = &console->application;
    int status = 0;

    while (!application->quit && status == 0) {
        struct pollfd waits[2] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = -1, .events = POLLIN}};
        int timeout = until_work(console, console_take_time(console));
        struct timespec wait = {.tv_sec = timeout / 1000, .tv_nsec = (long)(timeout % 1000) * 1000000};

        console_paint(console);
        if (application->worker != NULL) {
            waits[1].fd = worker_descriptor(application->worker);
        }
        if (ppoll(waits, 2, timeout >= 0 ? &wait : NULL, outside) == 0 && until_work(console, -1) == 0) {
            (void)console_work(console);
        }
        status = ending_signal();
        take_signals(console, outside);
        if (terminal_gone(console, waits[0].revents)) {
            status = EXIT_SIGNAL + SIGHUP;
        }
        if (application->worker != NULL && (waits[1].revents & POLLIN) != 0) {
            console_take_sync(console);
        }
    }
    return status;
}

/* Whether this is a place for a console at all. */
static enum status check_place(const struct paths *paths, struct error *error)
{
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
        return error_set(error, STATUS_FAILED,
                         _("The console needs a terminal; use the commands instead (doorstep --help)."));
    }
    if (!vault_exists(paths)) {
        return error_set(error, STATUS_NOT_FOUND,
                         _("There is no record for '%s' on this device; make one with: doorstep enroll"), paths->user);
    }
    return STATUS_OK;
}

static enum status start(struct console *console, const struct paths *paths, const struct config *config,
                         struct error *error)
{
    struct term_options options = {.in = stdin, .out = stdout, .type = getenv("TERM"), .monochrome = config->monochrome,
                                   .quiet_errors = true};
    struct store_options store_options = {.clock = clock_system(), .randomness = randomness_system()};
    enum status status = STATUS_OK;

    status = application_init(&console->application, paths, config, &store_options, error);
    if (status != STATUS_OK) {
        return status;
    }
    input_init(&console->input);
    status = term_start(&options, error);
    if (status != STATUS_OK) {
        return status;
    }
    canvas_start(text_equal(config->lines, "unicode"));
    install_handlers();
    term_fit(&console->application.rows, &console->application.columns);
    console->paint = true;
    console->application.repaint = true;
    if (!layout_fits(console->application.rows, console->application.columns)) {
        return error_set(error, STATUS_FAILED,
                         _("This terminal is too small: make it at least 40 columns wide and 12 rows high."));
    }
    return STATUS_OK;
}

int console_run(const struct paths *paths, const struct config *config)
{
    static struct console console; /* large, and one terminal has one console */
    struct presence *presence = NULL;
    struct error error = {0};
    sigset_t outside;
    int result = 1;

    console = (struct console){0};
    block_signals(&outside);
    if (check_place(paths, &error) == STATUS_OK && presence_register(paths, &presence, &error) == STATUS_OK &&
        start(&console, paths, config, &error) == STATUS_OK) {
        (void)atexit(term_stop);
        result = run_loop(&console, &outside);
    }
    application_free(&console.application);
    term_stop();
    input_free(&console.input);
    presence_release(presence);
    if (error.status != STATUS_OK) {
        (void)fprintf(stderr, "doorstep: %s\n", error.sentence);
    }
    log_event("console-end", result, 0);
    return result;
}
