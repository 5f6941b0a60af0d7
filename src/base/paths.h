/*
 * Where things live. `home` (from --home or DOORSTEP_HOME) replaces both XDG
 * folders, so that a throw-away home holds everything.
 */
#ifndef DOORSTEP_BASE_PATHS_H
#define DOORSTEP_BASE_PATHS_H

#include "base/error.h"

#define PATH_SIZE 4096

struct paths {
    char user[64];             /* the nurse's name on this machine */
    char folder[PATH_SIZE];    /* <data>/doorstep/<user>, or <home>/<user> */
    char record[PATH_SIZE];    /* folder/record.db */
    char key[PATH_SIZE];       /* folder/key: the wrapped data key */
    char config[PATH_SIZE];    /* the configuration file */
    char locale[PATH_SIZE];    /* message catalogues: beside the program, or the installed place */
};

/* `user`, `home`, `config` may be NULL: login name, DOORSTEP_HOME or XDG, default place.
 * A user name with '/' or a leading '.' is refused. */
enum status paths_find(struct paths *paths, const char *user, const char *home, const char *config,
                       struct error *error) MUST_CHECK;

#endif
