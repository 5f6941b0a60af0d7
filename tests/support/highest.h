/* The most memory that this process ever took, in kB; -1 when the system does not tell. */
#ifndef DOORSTEP_TESTS_SUPPORT_HIGHEST_H
#define DOORSTEP_TESTS_SUPPORT_HIGHEST_H

#include <stdio.h>

static inline long highest_kb(void)
{
    char line[256];
    long kb = -1;
    FILE *file = fopen("/proc/self/status", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL && sscanf(line, "VmHWM: %ld kB", &kb) != 1) {
    }
    if (file != NULL) {
        fclose(file);
    }
    return kb;
}

#endif
