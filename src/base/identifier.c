/* Random identities; see the header. */
#include "base/identifier.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static void fill_from_system(void *context, void *bytes, size_t length)
{
    char *next = bytes;

    (void)context;
    while (length > 0) {
        ssize_t got = getrandom(next, length, 0);

        if (got > 0) {
            next += got;
            length -= (size_t)got;
        } else if (errno != EINTR) {
            /* Going on with guessable identities would be worse than stopping. */
            abort();
        }
    }
}

static void fill_from_seed(void *context, void *bytes, size_t length)
{
    uint64_t *state = context;
    unsigned char *next = bytes;

    while (length > 0) {
        size_t part = length < sizeof *state ? length : sizeof *state;
        uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

        z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
        z ^= z >> 31;
        for (size_t i = 0; i < part; i++) {
            *next++ = (unsigned char)(z >> (8 * i));
        }
        length -= part;
    }
}

struct randomness randomness_system(void)
{
    return (struct randomness){.fill = fill_from_system};
}

struct randomness randomness_seeded(uint64_t *state)
{
    return (struct randomness){.fill = fill_from_seed, .context = state};
}

uint32_t randomness_below(const struct randomness *randomness, uint32_t limit)
{
    uint32_t drawn = 0;
    uint32_t uneven = 0;

    if (limit == 0) {
        return 0;
    }
    /* Draws below 2^32 mod limit are thrown away: they would favour the small remainders. */
    uneven = (UINT32_MAX - limit + 1) % limit;
    do {
        randomness->fill(randomness->context, &drawn, sizeof drawn);
    } while (drawn < uneven);
    return drawn % limit;
}

void uuid_make(char out[UUID_SIZE], const struct randomness *randomness)
{
    unsigned char b[16];

    randomness->fill(randomness->context, b, sizeof b);
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    (void)snprintf(out, UUID_SIZE, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
                   b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

bool uuid_is_valid(const char *text)
{
    static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

    if (text == NULL || strlen(text) != sizeof shape - 1) {
        return false;
    }
    for (size_t i = 0; i < sizeof shape - 1; i++) {
        if (shape[i] == '-' ? text[i] != '-' : strchr("0123456789abcdef", text[i]) == NULL) {
            return false;
        }
    }
    return true;
}

bool fhir_id_is_valid(const char *text)
{
    size_t length = text != NULL ? strlen(text) : 0;

    return length > 0 && length < ID_SIZE &&
           strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.") == length;
}
