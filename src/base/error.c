/*
 * Filling struct error. Every sentence passes through text_clean_into(), so
 * that no path, server answer or file content in it can reach the terminal raw.
 */
#include "base/error.h"

#include "base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum status error_set(struct error *error, enum status status, const char *format, ...)
{
    if (error != NULL) {
        char text[4 * sizeof error->sentence];
        va_list arguments;

        va_start(arguments, format);
        (void)vsnprintf(text, sizeof text, format, arguments);
        va_end(arguments);
        text_clean_into(error->sentence, sizeof error->sentence, text);
        error->status = status;
    }
    return status;
}

enum status error_no_memory(struct error *error)
{
    return error_set(error, STATUS_NO_MEMORY,
                     _("There is not enough memory for this; close other programs and try again."));
}

enum status error_system(struct error *error, const char *what, int error_number)
{
    char shown[256];
    char reason[128];

    text_clean_into(shown, sizeof shown, what);
    switch (error_number) {
    case ENOSPC:
    case EDQUOT:
        return error_set(error, STATUS_FULL, _("There is no space left on the disk for %s; free some and try again."),
                         shown);
    case EROFS:
    case EACCES:
        return error_set(error, STATUS_READ_ONLY,
                         _("%s may not be used by this login; check its permissions and if the disk is read-only."),
                         shown);
    case ENOENT:
        return error_set(error, STATUS_NOT_FOUND, _("%s does not exist; check the name."), shown);
    default:
        return error_set(error, STATUS_FAILED, _("%s could not be used: the system says \"%s\"."), shown,
                         strerror_r(error_number, reason, sizeof reason));
    }
}

void error_clear(struct error *error)
{
    if (error != NULL) {
        error->status = STATUS_OK;
        error->sentence[0] = '\0';
    }
}
