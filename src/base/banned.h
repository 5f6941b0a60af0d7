/* Calls that have no safe use here; any of them is a compile error. Included before every file of the program by the Makefile. */
#ifndef DOORSTEP_BASE_BANNED_H
#define DOORSTEP_BASE_BANNED_H

/* The system headers that declare them come first, so that the poison meets only our own code. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wchar.h>

#pragma GCC poison strcpy strcat sprintf vsprintf gets strtok atoi atol atof gmtime localtime system popen alloca strncpy strncat

#endif
