/* The command table, from commands.def. */
#include "views/command.h"

#include "base/error.h"

static const struct command commands[COMMAND_COUNT] = {
    [COMMAND_NONE] = {COMMAND_NONE, "none", "", "", "", NEEDS_NOTHING},
#define COMMAND(id, name, keys, label, help, needs) [id] = {id, name, keys, label, help, needs},
#include "views/commands.def"
#undef COMMAND
};

const enum command_id commands_everywhere[] = {
    COMMAND_BACK, COMMAND_HELP,   COMMAND_LOCK, COMMAND_QUIT, COMMAND_TODAY,
    COMMAND_PATIENTS, COMMAND_OUTBOX, COMMAND_SYNC, COMMAND_NONE,
};

const struct command *command_of(enum command_id id)
{
    return &commands[id < COMMAND_COUNT ? id : COMMAND_NONE];
}
