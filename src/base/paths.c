/* Where things live; see the header. Called once, before anything is opened. */
#include "base/paths.h"

#include "base/file.h"
#include "base/text.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *environment(const char *name)
{
    const char *value = getenv(name);

    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* The login's passwd entry. It is asked for once, before any thread exists. */
static const struct passwd *login(void)
{
    return getpwuid(geteuid());
}

static enum status find_user(struct paths *paths, const char *user, struct error *error)
{
    if (user == NULL) {
        user = login() != NULL ? login()->pw_name : environment("USER");
    }
    if (user == NULL) {
        return error_set(error, STATUS_USAGE, _("This login has no name; say who you are with --user NAME."));
    }
    /* "config" would collide with the configuration file of a --home folder. */
    if (user[0] == '\0' || user[0] == '.' || strchr(user, '/') != NULL || text_equal(user, "config") ||
        !text_is_utf8(user, strlen(user)) || !text_copy(paths->user, sizeof paths->user, user)) {
        return error_set(error, STATUS_USAGE,
                         _("\"%s\" cannot be a user name here; give a short one without '/' or a leading '.'."), user);
    }
    return STATUS_OK;
}

/* $NAME/doorstep, or <login's home>/<otherwise>/doorstep. Relative values do not count, as XDG says. */
static enum status find_xdg(char out[PATH_SIZE], const char *name, const char *otherwise, struct error *error)
{
    const char *value = environment(name);
    const char *home = environment("HOME");
    char base[PATH_SIZE];

    if (value != NULL && value[0] == '/') {
        return file_join(out, PATH_SIZE, value, "doorstep", error);
    }
    if (home == NULL && login() != NULL) {
        home = login()->pw_dir;
    }
    if (home == NULL) {
        return error_set(error, STATUS_USAGE, _("This login has no home folder; name a folder with --home DIR."));
    }
    enum status status = file_join(base, sizeof base, home, otherwise, error);
    return status == STATUS_OK ? file_join(out, PATH_SIZE, base, "doorstep", error) : status;
}

static enum status find_locale(struct paths *paths, struct error *error)
{
    ssize_t length = readlink("/proc/self/exe", paths->locale, sizeof paths->locale - 1);
    char *slash = NULL;

    paths->locale[length > 0 ? length : 0] = '\0';
    slash = strrchr(paths->locale, '/');
    if (slash != NULL && (size_t)(slash - paths->locale) + sizeof "/locale" <= sizeof paths->locale) {
        memcpy(slash, "/locale", sizeof "/locale");
        if (file_is_folder(paths->locale)) {
            return STATUS_OK;
        }
    }
    return file_join(paths->locale, sizeof paths->locale, DOORSTEP_PREFIX, "share/locale", error);
}

enum status paths_find(struct paths *paths, const char *user, const char *home, const char *config,
                       struct error *error)
{
    enum status status = STATUS_OK;
    char data[PATH_SIZE];
    char settings[PATH_SIZE];

    *paths = (struct paths){0};
    home = home != NULL ? home : environment("DOORSTEP_HOME");
    if (home != NULL) {
        status = text_copy(data, sizeof data, home) && text_copy(settings, sizeof settings, home)
                     ? STATUS_OK
                     : error_set(error, STATUS_INVALID, _("The home folder's name is too long; use a shorter path."));
    } else {
        status = find_xdg(data, "XDG_DATA_HOME", ".local/share", error);
        if (status == STATUS_OK) {
            status = find_xdg(settings, "XDG_CONFIG_HOME", ".config", error);
        }
    }
    if (status == STATUS_OK) {
        status = find_user(paths, user, error);
    }
    if (status == STATUS_OK) {
        status = file_join(paths->folder, sizeof paths->folder, data, paths->user, error);
    }
    if (status == STATUS_OK) {
        status = file_join(paths->record, sizeof paths->record, paths->folder, "record.db", error);
    }
    if (status == STATUS_OK) {
        status = file_join(paths->key, sizeof paths->key, paths->folder, "key", error);
    }
    if (status == STATUS_OK) {
        if (config == NULL) {
            status = file_join(paths->config, sizeof paths->config, settings, "config", error);
        } else if (!text_copy(paths->config, sizeof paths->config, config)) {
            status = error_set(error, STATUS_INVALID,
                               _("The configuration file's name is too long; use a shorter path."));
        }
    }
    return status == STATUS_OK ? find_locale(paths, error) : status;
}
