/* What every cmocka test includes, in the one order in which cmocka.h can be, and throw-away folders. */
#ifndef DOORSTEP_TESTS_SUPPORT_TEST_H
#define DOORSTEP_TESTS_SUPPORT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Makes an empty folder below $TMPDIR or /tmp and returns its path, to be given to test_folder_remove(). */
char *test_folder_make(void);
/* Removes the folder with all in it, and frees the path. */
void test_folder_remove(char *folder);
/* Writes a file, replacing what was there; fails the test when it cannot. */
void test_file_write(const char *path, const void *bytes, size_t length);

#endif
