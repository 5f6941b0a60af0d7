/*
 * What the fuzz targets share. Each runs under libFuzzer (make fuzz) and, in
 * every test run, over its seeds (replay.c).
 */
#ifndef DOORSTEP_TESTS_FUZZ_FUZZ_H
#define DOORSTEP_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Not assert(): it holds in every build, and says what did not. */
#define MUST_HOLD(condition) \
    ((condition) ? (void)0 : (fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #condition), abort()))

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

#endif
