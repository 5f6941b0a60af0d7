/*
 * Random identities. Randomness is injected so that the simulator and the
 * golden tests can repeat a run.
 */
#ifndef DOORSTEP_BASE_IDENTIFIER_H
#define DOORSTEP_BASE_IDENTIFIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UUID_SIZE 37 /* 36 characters, lower case, and NUL */
#define ID_SIZE 65   /* a FHIR id: [A-Za-z0-9-.]{1,64} and NUL */
#define RESOURCE_TYPE_SIZE 48 /* a FHIR resource type and NUL */

struct randomness {
    void (*fill)(void *context, void *bytes, size_t length);
    void *context;
};
struct randomness randomness_system(void);                  /* getrandom(2) */
struct randomness randomness_seeded(uint64_t *state);       /* tests: splitmix64 over *state */
uint32_t randomness_below(const struct randomness *randomness, uint32_t limit);

/* A version-4 UUID, lower case (Medplum does not resolve upper case). */
void uuid_make(char out[UUID_SIZE], const struct randomness *randomness);
bool uuid_is_valid(const char *text);
bool fhir_id_is_valid(const char *text);

#endif
