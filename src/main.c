/*
 * doorstep: chooses between the console and one command. The only file that
 * knows all floors.
 */
#include "base/log.h"
#include "base/memory.h"
#include "commands/command_line.h"
#include "views/application.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* What holds for every way of running: nothing readable by others, no core
 * with a patient in it, no write that kills the program, no key log. */
static void harden(void)
{
    struct rlimit none = {0, 0};
    umask(077);
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    unsetenv("SSLKEYLOGFILE");
}

int main(int argc, char **argv)
{
    struct command_line line;
    struct error error = {0};
    harden();
    memory_install();
    enum status status = command_line_read(&line, argc, argv, &error);
    if (status != STATUS_OK) {
        fprintf(stderr, "doorstep: %s\n", error.sentence);
        command_line_free(&line);
        return command_exit_status(status);
    }
    bool console = line.verb[0] == '\0' && !line.help && !line.version;
    if (console) {
        log_open(line.paths.folder);
    }
    int exit_status = console ? console_run(&line.paths, &line.config) : command_line_run(&line);
    command_line_free(&line);
    return exit_status;
}
