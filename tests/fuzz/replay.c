/*
 * Runs a fuzz target without a fuzzer: over each seed, over every beginning of
 * it, and over it with single bytes changed. Without arguments fuzz_x takes
 * the seeds in fixtures/fuzz/x. Says how many in the words tests/run.sh counts.
 */
#include "base/file.h"
#include "base/memory.h"
#include "base/paths.h"
#include "base/text.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

#define SEED_LIMIT (1u << 20)
#define MUTATED_LIMIT 4096 /* longer seeds run as they are */

/* A copy of exactly that size, so that a sanitizer sees reads past its end. */
static void run_copy(const char *bytes, size_t length)
{
    uint8_t *copy = memory_allocate(length);

    if (copy == NULL) {
        abort();
    }
    if (length > 0) {
        memcpy(copy, bytes, length);
    }
    (void)LLVMFuzzerTestOneInput(copy, length);
    memory_free(copy);
}

static enum status replay(const char *path, void *context, struct error *error)
{
    static const unsigned char changes[] = {0x01, 0x20, 0x80, 0xFF};
    long *seeds = context;
    struct buffer seed;
    enum status status = STATUS_OK;

    buffer_init(&seed, SEED_LIMIT);
    status = file_read(path, &seed, error);
    if (status == STATUS_OK) {
        run_copy(seed.data, seed.length);
        for (size_t i = 0; i < seed.length && seed.length <= MUTATED_LIMIT; i++) {
            run_copy(seed.data, i);
            for (size_t c = 0; c < sizeof changes; c++) {
                seed.data[i] = (char)(seed.data[i] ^ changes[c]);
                run_copy(seed.data, seed.length);
                seed.data[i] = (char)(seed.data[i] ^ changes[c]);
            }
        }
        (*seeds)++;
    }
    buffer_free(&seed);
    return status;
}

static enum status replay_own(const char *program, long *seeds, struct error *error)
{
    const char *slash = strrchr(program, '/');
    const char *name = slash != NULL ? slash + 1 : program;
    char folder[PATH_SIZE];

    name += text_starts_with(name, "fuzz_") ? strlen("fuzz_") : 0;
    return file_join(folder, sizeof folder, "fixtures/fuzz", name, error) == STATUS_OK
               ? file_walk(folder, replay, seeds, error)
               : STATUS_INVALID;
}

int main(int count, char **arguments)
{
    struct error error = {0};
    enum status status = STATUS_OK;
    long seeds = 0;

    if (count < 2) {
        status = replay_own(arguments[0], &seeds, &error);
    }
    for (int i = 1; i < count && status == STATUS_OK; i++) {
        status = file_walk(arguments[i], replay, &seeds, &error);
    }
    if (status != STATUS_OK) {
        (void)fprintf(stderr, "%s\n", error.sentence);
        return 1;
    }
    (void)printf("[  PASSED  ] %ld test(s).\n", seeds);
    return 0;
}
