/*
 * The command line: one verb, its arguments, plain text or one JSON document.
 *
 * Invariants: results go to `out`, everything said about the work to `err`;
 * with --json the output is one document, also when it fails half-way (then
 * nothing but the error on `err`); a passphrase never comes from an argument.
 */
#ifndef DOORSTEP_COMMANDS_COMMAND_LINE_H
#define DOORSTEP_COMMANDS_COMMAND_LINE_H

#include "base/config.h"
#include "base/error.h"
#include "base/identifier.h"
#include "base/instant.h"
#include "base/json.h"
#include "base/paths.h"
#include "care/visit.h"
#include "store/store.h"
#include "store/vault.h"

#include <stdio.h>

#define PASSPHRASE_SIZE (PASSPHRASE_MOST + 1)

struct command_line {
    const char *verb;               /* "" when none: the console */
    char **arguments;               /* after the verb, general options removed; borrowed */
    int argument_count;
    bool json;
    bool help, version;
    const char *passphrase_file;    /* --passphrase-file or DOORSTEP_PASSPHRASE_FILE; NULL: ask on the terminal */
    struct paths paths;
    struct config config;
    struct clock clock;
    struct randomness randomness;
    FILE *out, *err;
    /* Opened by command_open(). */
    struct vault *vault;
    struct store *store;
};

/* Takes the general options out of argv; reads paths and configuration; sets
 * the language. USAGE with the remedy for what it does not know. */
enum status command_line_read(struct command_line *line, int argc, char **argv, struct error *error) MUST_CHECK;
/* Runs the verb. Returns the exit status of DESIGN.md: 0 1 2 3 4 5. */
int command_line_run(struct command_line *line);
/* Closes and wipes what was opened. */
void command_line_free(struct command_line *line);

/* --- for the verbs ---------------------------------------------------------------------------------- */

/* The verbs, in the order `doorstep --help` shows them. */
struct verb {
    const char *name;
    const char *synopsis;   /* "PATIENT --file VISIT.json" */
    const char *help;       /* N_(), one sentence */
    enum status (*run)(struct command_line *line, struct error *error);
};
const struct verb *verb_find(const char *name); /* NULL when unknown */
const struct verb *verb_at(size_t index);       /* NULL past the end */

/* Asks for the passphrase (or reads its file), unlocks, opens the record. */
enum status command_open(struct command_line *line, struct error *error) MUST_CHECK;
/* A secret from a file (first line) or from the terminal with echo off. `prompt` is translated. */
enum status command_secret(struct command_line *line, const char *prompt, const char *file, char *out, size_t size,
                           struct error *error) MUST_CHECK;
/* A new passphrase that is acceptable: from `file`, or asked twice. */
enum status command_new_passphrase(struct command_line *line, const char *file, char *out, size_t size,
                                   struct error *error) MUST_CHECK;
/* The nurse of the open record as who signs, now; *out borrows from *nurse and from the line. */
struct signing_nurse {
    char practitioner[ID_SIZE], name[LABEL_SIZE];
};
enum status command_signer(struct command_line *line, struct signing_nurse *nurse, struct signer *out,
                           struct error *error) MUST_CHECK;
/* A value of an option "--name VALUE" or "--name=VALUE", removed from the arguments; NULL when absent. */
const char *command_option(struct command_line *line, const char *name);
bool command_flag(struct command_line *line, const char *name);
/* USAGE unless exactly `least`..`most` arguments are left and none begins with "--". */
enum status command_arguments(struct command_line *line, int least, int most, struct error *error) MUST_CHECK;
/* Prints a JSON document (and frees it) followed by a newline. NULL is NO_MEMORY. */
enum status command_print_json(struct command_line *line, cJSON *document, struct error *error) MUST_CHECK;
/* The exit status for a status. */
int command_exit_status(enum status status);
/* The server's address in force: configuration, else the record's. "" when none. */
enum status command_server(struct command_line *line, char *out, size_t size, struct error *error) MUST_CHECK;

enum status verb_enroll(struct command_line *line, struct error *error);
enum status verb_import(struct command_line *line, struct error *error);
enum status verb_patients(struct command_line *line, struct error *error);
enum status verb_chart(struct command_line *line, struct error *error);
enum status verb_news2(struct command_line *line, struct error *error);
enum status verb_visit(struct command_line *line, struct error *error);
enum status verb_sync(struct command_line *line, struct error *error);
enum status verb_outbox(struct command_line *line, struct error *error);
enum status verb_conflicts(struct command_line *line, struct error *error);
enum status verb_status(struct command_line *line, struct error *error);
enum status verb_audit(struct command_line *line, struct error *error);
enum status verb_export(struct command_line *line, struct error *error);
enum status verb_passphrase(struct command_line *line, struct error *error);
enum status verb_recover(struct command_line *line, struct error *error);
enum status verb_lock(struct command_line *line, struct error *error);
enum status verb_doctor(struct command_line *line, struct error *error);

#endif
