/*
 * The command table: every action once. Dispatch, footer, help screen, touch
 * and the doorstep-keys(7) page come from commands.def.
 */
#ifndef DOORSTEP_VIEWS_COMMAND_H
#define DOORSTEP_VIEWS_COMMAND_H

enum command_condition {
    NEEDS_NOTHING = 0,
    NEEDS_UNLOCKED = 1,
    NEEDS_PATIENT = 2,  /* a patient is chosen */
    NEEDS_VISIT = 4,    /* a visit of this patient is in progress */
    NEEDS_SERVER = 8,   /* a server is configured */
};

enum command_id {
    COMMAND_NONE,
#define COMMAND(id, name, keys, label, help, needs) id,
#include "views/commands.def"
#undef COMMAND
    COMMAND_COUNT,
};

struct command {
    enum command_id id;
    const char *name;   /* stable, as in doorstep-keys(7) */
    const char *keys;   /* blank-separated: "v", "Enter", "^S", "F1", "1"; the first one is shown */
    const char *label;  /* N_(), short, for the footer */
    const char *help;   /* N_(), one sentence */
    unsigned needs;
};
const struct command *command_of(enum command_id id);

/* Those that work on every screen, in footer order; ends with COMMAND_NONE. */
extern const enum command_id commands_everywhere[];

#endif
