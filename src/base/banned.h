/*
 * Calls that have no safe use here; any of them is a compile error. The
 * Makefile includes this before every file of the program.
 */
#ifndef DOORSTEP_BASE_BANNED_H
#define DOORSTEP_BASE_BANNED_H

/* The system headers that declare them come first, so that the poison meets only our own code. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wchar.h>

/* Where the C library has made macros of them, as it does for clang. */
#undef sprintf
#undef vsprintf

#pragma GCC poison strcpy strcat sprintf vsprintf gets strtok atoi atol atof gmtime localtime popen strncpy strncat

#endif
