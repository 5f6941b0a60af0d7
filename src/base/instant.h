/*
 * Points in time, and the clock that tests can replace.
 *
 * An instant is milliseconds since 1970-01-01T00:00Z in int64. A FHIR date or
 * dateTime keeps its precision and its text: sorting uses the instant of its
 * first moment, screens show local time, and what has no time never gets one.
 */
#ifndef DOORSTEP_BASE_INSTANT_H
#define DOORSTEP_BASE_INSTANT_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INSTANT_NONE INT64_MIN
#define INSTANT_SECOND INT64_C(1000)
#define INSTANT_MINUTE (60 * INSTANT_SECOND)
#define INSTANT_HOUR (60 * INSTANT_MINUTE)
#define INSTANT_DAY (24 * INSTANT_HOUR)

typedef int64_t instant; /* INSTANT_NONE: no time is known */

struct clock {
    instant (*now)(void *context);       /* wall clock */
    int64_t (*monotonic)(void *context); /* ms, goes on in suspend, never back */
    void (*sleep)(void *context, int64_t milliseconds);
    void *context;
};
/* The machine's clock (CLOCK_REALTIME, CLOCK_BOOTTIME). */
struct clock clock_system(void);
instant clock_now(const struct clock *clock);
int64_t clock_monotonic(const struct clock *clock);
void clock_sleep(const struct clock *clock, int64_t milliseconds);

enum instant_precision {
    PRECISION_NONE,
    PRECISION_YEAR,
    PRECISION_MONTH,
    PRECISION_DAY,
    PRECISION_TIME,
};

/* Reads a FHIR date, dateTime or instant (any offset, up to 9 fractional
 * digits). A date without a zone is taken in the local zone. `precision` may be
 * NULL. Returns false, and INSTANT_NONE, when the text is none of these. */
bool instant_parse(const char *text, instant *out, enum instant_precision *precision);
/* FHIR dateTime with the local offset at that instant, to the second:
 * "2026-11-22T09:05:00+09:00". `size` at least 32. */
void instant_format_fhir(char *out, size_t size, instant at);
/* UTC with milliseconds: "2026-11-22T00:05:00.000Z". */
void instant_format_utc(char *out, size_t size, instant at);

/* Local calendar. */
struct civil {
    int year, month, day, hour, minute, second, weekday; /* weekday: 0 Sunday */
};
struct civil instant_civil(instant at);          /* in the local zone */
instant instant_from_civil(struct civil civil);  /* local zone; normalises */
instant instant_day_start(instant at);           /* local midnight */
instant instant_add_days(instant at, int days);  /* keeps local wall time */

/* "2026-11-22", "09:05", "22 Nov 09:05" style texts in the user's language. */
void instant_format_date(char *out, size_t size, instant at);
void instant_format_time(char *out, size_t size, instant at);
/* Age in words of a reading: "now", "5 min", "3 h", "2 d" (translated). */
void instant_format_age(char *out, size_t size, instant at, instant now);
/* Whole years from a birth date (FHIR date text) to `now`; -1 when unknown. */
int instant_years_since(const char *birth_date, instant now);

#endif
