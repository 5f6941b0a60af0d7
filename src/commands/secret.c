/*
 * Secrets from a file or the terminal, opening the record with them, and who
 * signs what is recorded.
 */
#include "commands/command_line.h"

#include "base/language.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "store/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static enum status read_secret_file(const char *path, char *out, size_t size, struct error *error)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return error_system(error, path, errno);
    }
    size_t length = 0;
    ssize_t got = 0;
    while (length < size && (got = read(file, out + length, size - length)) != 0) {
        if (got < 0 && errno != EINTR) {
            int number = errno;
            close(file);
            return error_system(error, path, number);
        }
        length += got > 0 ? (size_t)got : 0;
    }
    close(file);
    size_t end = 0;
    while (end < length && out[end] != '\n' && out[end] != '\r') {
        end++;
    }
    if (end >= size) {
        memory_wipe(out, size);
        return error_set(error, STATUS_USAGE, _("the first line of %s is too long to be a passphrase"), path);
    }
    memory_wipe(out + end, length > end ? length - end : 0);
    out[end] = '\0';
    if (end == 0) {
        return error_set(error, STATUS_USAGE, _("%s is empty; its first line should be the passphrase"), path);
    }
    return STATUS_OK;
}

static volatile sig_atomic_t raised;

static void on_signal(int number)
{
    raised = number;
}

/* A line without echo: its length, or -1. Whatever signal comes meanwhile takes effect only when the terminal echoes
 * again, or the shell would be left blind. */
static ssize_t read_unseen(int terminal, const struct termios *modes, char *out, size_t size)
{
    static const int watched[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP};
    enum { WATCHED = sizeof watched / sizeof *watched };
    struct sigaction action = {.sa_handler = on_signal};
    struct sigaction actions[WATCHED];
    struct termios quiet = *modes;
    struct pollfd wait = {.fd = terminal, .events = POLLIN};
    sigset_t blocked;
    sigset_t before;
    sigemptyset(&blocked);
    for (size_t i = 0; i < WATCHED; i++) {
        sigaddset(&blocked, watched[i]);
        sigaction(watched[i], &action, &actions[i]);
    }
    raised = 0;
    sigprocmask(SIG_BLOCK, &blocked, &before);
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    quiet.c_lflag |= ICANON | ISIG;
    tcsetattr(terminal, TCSAFLUSH, &quiet);
    ssize_t got = ppoll(&wait, 1, NULL, &before) > 0 ? read(terminal, out, size) : -1;
    tcsetattr(terminal, TCSAFLUSH, modes);
    for (size_t i = 0; i < WATCHED; i++) {
        sigaction(watched[i], &actions[i], NULL);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (raised != 0) {
        raise(raised);
    }
    return got;
}

static enum status ask_secret(const char *prompt, char *out, size_t size, struct error *error)
{
    struct termios modes;
    int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (terminal < 0 || tcgetattr(terminal, &modes) != 0) {
        if (terminal >= 0) {
            close(terminal);
        }
        return error_set(error, STATUS_LOCKED,
                         _("there is no terminal to ask for the passphrase on: give --passphrase-file FILE"));
    }
    ssize_t said = write(terminal, prompt, strlen(prompt));
    ssize_t got = read_unseen(terminal, &modes, out, size - 1);
    said = said < 0 ? said : write(terminal, "\n", 1);
    close(terminal);
    if (got <= 0 || said < 0) {
        return error_set(error, STATUS_LOCKED, _("nothing was typed"));
    }
    out[got] = '\0';
    out[strcspn(out, "\r\n")] = '\0';
    return out[0] == '\0' ? error_set(error, STATUS_LOCKED, _("nothing was typed")) : STATUS_OK;
}

enum status command_secret(struct command_line *line, const char *prompt, const char *file, char *out, size_t size,
                           struct error *error)
{
    (void)line;
    return file != NULL ? read_secret_file(file, out, size, error) : ask_secret(prompt, out, size, error);
}

enum status command_signer(struct command_line *line, struct signing_nurse *nurse, struct signer *out, struct error *error)
{
    enum status status =
        store_setting_get(line->store, SETTING_PRACTITIONER, nurse->practitioner, sizeof nurse->practitioner, error);
    if (status == STATUS_OK) {
        status = store_setting_get(line->store, SETTING_PRACTITIONER_NAME, nurse->name, sizeof nurse->name, error);
    }
    *out = (struct signer){
        .practitioner = nurse->practitioner,
        .practitioner_name = nurse->name,
        .organization = line->config.organization,
        .consent_policy = line->config.consent_policy,
        .language = language_code(),
        .randomness = &line->randomness,
        .now = clock_now(&line->clock),
    };
    return status;
}

enum status command_open(struct command_line *line, struct error *error)
{
    char passphrase[PASSPHRASE_SIZE];
    if (!vault_exists(&line->paths)) {
        return error_set(error, STATUS_NOT_FOUND,
                         _("'%s' is not enrolled on this device: run doorstep enroll first"), line->paths.user);
    }
    enum status status = command_secret(line, _("Passphrase: "), line->passphrase_file, passphrase, sizeof passphrase, error);
    if (status == STATUS_OK) {
        status = vault_unlock(&line->paths, passphrase, &line->clock, &line->vault, error);
    }
    memory_wipe(passphrase, sizeof passphrase);
    if (status == STATUS_OK) {
        struct store_options options = {.clock = line->clock, .randomness = line->randomness};
        status = store_open(&line->paths, line->vault, &options, &line->store, error);
    }
    if (status == STATUS_OK) {
        log_open(line->paths.folder);
    }
    return status;
}
