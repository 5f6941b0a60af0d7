/*
 * Passphrases are normalised (NFKC) so that the same text typed on another
 * keyboard or input method gives the same key. The recovery key is random
 * enough to need no slow derivation.
 */
#include "store/key_derive.h"

#include "base/memory.h"
#include "base/text.h"

#include <string.h>
#include <utf8proc.h>

/* One character may become 18 in NFKC, and each of the at most 256 bytes starts at most one. */
#define NORMALISED_MOST (PASSPHRASE_MOST * 18)
#define SIMPLE_DISTINCT 4 /* fewer different characters are no passphrase */

#define RECOVERY_BYTES 20
#define RECOVERY_LETTERS 32
#define RECOVERY_GROUP 4

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* --- passphrase ----------------------------------------------------------------------------------------- */

/* NFKC in place of the code points; the UTF-8 text is in *normalised then. Returns its length, or -1. */
static utf8proc_ssize_t normalise(const char *text, utf8proc_int32_t normalised[NORMALISED_MOST + 1])
{
    const utf8proc_option_t options = UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT;
    size_t length = strlen(text);
    if (length > PASSPHRASE_MOST || !text_is_utf8(text, length)) {
        return -1;
    }
    utf8proc_ssize_t count = utf8proc_decompose((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)length, normalised,
                                                NORMALISED_MOST, options);
    return count < 0 || count > NORMALISED_MOST ? -1 : utf8proc_reencode(normalised, count, options);
}

enum status key_from_passphrase(const char *passphrase, const struct key_file *file,
                                unsigned char key[WRAPPING_KEY_SIZE], struct error *error)
{
    utf8proc_int32_t normalised[NORMALISED_MOST + 1];
    utf8proc_ssize_t length = normalise(passphrase, normalised);
    if (length < 0) {
        memory_wipe(normalised, sizeof normalised);
        return STATUS_LOCKED;
    }
    int failed =
        crypto_pwhash(key, WRAPPING_KEY_SIZE, (const char *)normalised, (unsigned long long)length,
                      file->passphrase.salt, file->operations, (size_t)file->memory, crypto_pwhash_ALG_ARGON2ID13);
    memory_wipe(normalised, sizeof normalised);
    if (failed != 0) {
        return error_set(
            error, STATUS_NO_MEMORY,
            _("There is not enough free memory to check the passphrase; close other programs and try again."));
    }
    return STATUS_OK;
}

/* The first words of every list of guesses that are long enough to get here. */
static bool is_common(const char *passphrase)
{
    static const char *const common[] = {
        "password", "password1", "passw0rd", "12345678", "123456789", "1234567890", "87654321",
        "qwertyui", "qwertyuiop", "iloveyou", "sunshine", "princess", "football",
    };
    for (size_t i = 0; i < sizeof common / sizeof common[0]; i++) {
        if (strcasecmp(passphrase, common[i]) == 0) {
            return true;
        }
    }
    return false;
}

const char *passphrase_fault(const char *passphrase)
{
    uint32_t different[SIMPLE_DISTINCT];
    size_t different_count = 0;
    size_t characters = 0;
    size_t length = strlen(passphrase);
    if (length > PASSPHRASE_MOST) {
        return _("The passphrase is too long; use at most 256 bytes.");
    }
    if (!text_is_utf8(passphrase, length)) {
        return _("The passphrase is not UTF-8 text; check the terminal's character set.");
    }
    for (size_t at = 0; at < length; characters++) {
        uint32_t character = 0;
        size_t i = 0;
        at += text_decode(passphrase + at, length - at, &character);
        if (character < ' ' || character == 0x7F) {
            return _("The passphrase holds a key that gives no character; use letters, digits, signs and blanks.");
        }
        while (i < different_count && different[i] != character) {
            i++;
        }
        if (i == different_count && different_count < SIMPLE_DISTINCT) {
            different[different_count++] = character;
        }
    }
    if (characters < PASSPHRASE_LEAST) {
        return _("The passphrase is too short; use at least 8 characters, better a few words.");
    }
    if (different_count < SIMPLE_DISTINCT || is_common(passphrase)) {
        return _("The passphrase is too easy to guess; use a few words that only you put together.");
    }
    return NULL;
}

/* --- recovery key ------------------------------------------------------------------------------------- */

void recovery_make(char recovery[RECOVERY_KEY_SIZE])
{
    unsigned char bytes[RECOVERY_LETTERS];
    size_t used = 0;
    randombytes_buf(bytes, sizeof bytes);
    for (size_t i = 0; i < RECOVERY_LETTERS; i++) {
        if (i > 0 && i % RECOVERY_GROUP == 0) {
            recovery[used++] = '-';
        }
        recovery[used++] = alphabet[bytes[i] & 31];
    }
    recovery[used] = '\0';
    memory_wipe(bytes, sizeof bytes);
}

/* The value of a typed character, -1 when it may be skipped, -2 when it belongs to no recovery key. */
static int letter_value(uint32_t character)
{
    int key = text_command_key(character);
    switch (key) {
    case ' ':
    case '-':
        return -1;
    case 'o':
        return 0;
    case 'i':
    case 'l':
        return 1;
    default:
        break;
    }
    const char *found = key == 0 ? NULL : strchr(alphabet, key >= 'a' && key <= 'z' ? key - 'a' + 'A' : key);
    return found == NULL ? -2 : (int)(found - alphabet);
}

bool key_from_recovery(const char *recovery, const struct key_file *file, unsigned char key[WRAPPING_KEY_SIZE])
{
    unsigned char bits[RECOVERY_BYTES] = {0};
    size_t letters = 0;
    size_t length = strlen(recovery);
    bool good = true;
    for (size_t at = 0; at < length && good;) {
        uint32_t character = 0;
        at += text_decode(recovery + at, length - at, &character);
        int value = letter_value(character);
        if (value == -1) {
            continue;
        }
        good = value >= 0 && letters < RECOVERY_LETTERS;
        for (size_t bit = 0; good && bit < 5; bit++) {
            if (((unsigned)value >> (4 - bit)) & 1u) {
                size_t place = letters * 5 + bit;
                bits[place / 8] = (unsigned char)(bits[place / 8] | (0x80u >> (place % 8)));
            }
        }
        letters++;
    }
    good = good && letters == RECOVERY_LETTERS;
    if (good) {
        crypto_generichash(key, WRAPPING_KEY_SIZE, bits, sizeof bits, file->recovery.salt, sizeof file->recovery.salt);
    }
    memory_wipe(bits, sizeof bits);
    return good;
}
