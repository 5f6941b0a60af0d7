/*
 * Locale and message catalogues.
 *
 * Debian ships no Korean or Japanese locale, only C.UTF-8. gettext looks for a
 * catalogue by LANGUAGE whenever the message locale is not plain "C", so
 * C.UTF-8 together with LANGUAGE speaks every language we have.
 */
#include "base/language.h"

#include "base/error.h"
#include "base/text.h"

#include <langinfo.h>
#include <locale.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define FALLBACK_LOCALE "C.UTF-8"

static const char *const languages[] = {"en", "ko", "ja"};

static const char *known_language(const char *name)
{
    for (size_t i = 0; name != NULL && i < sizeof languages / sizeof *languages; i++) {
        if (text_starts_with(name, languages[i])) {
            return languages[i];
        }
    }
    return NULL;
}

/* The first of the variables that is set decides, as in setlocale(3). */
static const char *language_from_environment(void)
{
    static const char *const variables[] = {"LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"};

    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        const char *value = getenv(variables[i]);

        if (value != NULL && value[0] != '\0') {
            const char *language = known_language(value);

            return language != NULL ? language : languages[0];
        }
    }
    return languages[0];
}

static bool messages_are_untranslatable(void)
{
    const char *name = setlocale(LC_MESSAGES, NULL);

    return name == NULL || text_equal(name, "C") || text_equal(name, "POSIX");
}

void language_setup(const char *configured, const char *locale_folder)
{
    const char *language = known_language(configured);

    if (language == NULL) {
        language = language_from_environment();
    }
    if (setlocale(LC_ALL, "") == NULL || !text_equal(nl_langinfo(CODESET), "UTF-8")) {
        (void)setlocale(LC_ALL, FALLBACK_LOCALE);
    }
    if (messages_are_untranslatable()) {
        (void)setlocale(LC_MESSAGES, FALLBACK_LOCALE);
    }
    (void)setlocale(LC_NUMERIC, "C");
    (void)setenv("LANGUAGE", language, 1);
    (void)bindtextdomain("doorstep", locale_folder);
    (void)bind_textdomain_codeset("doorstep", "UTF-8");
    (void)textdomain("doorstep");
}

const char *language_code(void)
{
    const char *language = known_language(getenv("LANGUAGE"));

    return language != NULL ? language : languages[0];
}
