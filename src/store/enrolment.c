/*
 * Taking back an enrolment that failed half-way. Called by `doorstep enroll`
 * alone, in the run that made the files and before it has shown the recovery
 * key; nothing else in the program removes a record or a key.
 */
#include "store/vault.h"

#include "store/audit.h"

#include <stdio.h>
#include <unistd.h>

void enrolment_undo(const struct paths *paths)
{
    char path[PATH_SIZE + 16];
    static const char *const record_endings[] = {"", "-wal", "-shm"};
    static const char *const key_endings[] = {"", ".bak"};

    for (size_t i = 0; i < sizeof record_endings / sizeof record_endings[0]; i++) {
        snprintf(path, sizeof path, "%s%s", paths->record, record_endings[i]);
        unlink(path);
    }
    snprintf(path, sizeof path, "%s/%s", paths->folder, MARK_NAME);
    unlink(path);
    for (size_t i = 0; i < sizeof key_endings / sizeof key_endings[0]; i++) {
        snprintf(path, sizeof path, "%s%s", paths->key, key_endings[i]);
        unlink(path);
    }
}
