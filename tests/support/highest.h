/* The most memory that a process ever took. */
#ifndef DOORSTEP_TESTS_SUPPORT_HIGHEST_H
#define DOORSTEP_TESTS_SUPPORT_HIGHEST_H

#include <stdio.h>

/* In kB, by its "/proc/PID/status"; -1 when the system does not tell. */
static inline long highest_kb_in(const char *status)
{
    char line[256];
    long kb = -1;
    FILE *file = fopen(status, "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL && sscanf(line, "VmHWM: %ld kB", &kb) != 1) {
    }
    if (file != NULL) {
        fclose(file);
    }
    return kb;
}

/* Of this process. */
static inline long highest_kb(void)
{
    return highest_kb_in("/proc/self/status");
}

#endif
