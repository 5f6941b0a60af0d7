/*
 * The language people are spoken to in. Called once by main(), before any
 * sentence is made and before any thread exists.
 */
#ifndef DOORSTEP_BASE_LANGUAGE_H
#define DOORSTEP_BASE_LANGUAGE_H

/* Sets locale and catalogues. `configured` is "en", "ko", "ja", or "" for what
 * LANGUAGE, LC_ALL, LC_MESSAGES or LANG say; `locale_folder` holds
 * <language>/LC_MESSAGES/doorstep.mo. Characters are UTF-8 afterwards wherever
 * the machine has any UTF-8 locale; numbers keep the point. */
void language_setup(const char *configured, const char *locale_folder);

/* "en", "ko" or "ja": what language_setup() chose. */
const char *language_code(void);

#endif
