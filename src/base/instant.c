/*
 * Instants, FHIR's three ways of writing them, and the local calendar.
 *
 * UTC is counted here in the proleptic Gregorian calendar; only the offset of
 * the local zone comes from the C library. Invariant: whatever is parsed or
 * formatted lies in the years 0001 to 9999.
 */
#include "base/instant.h"

#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FIRST_MOMENT (INT64_C(-62135596800) * INSTANT_SECOND) /* 0001-01-01T00:00:00Z */
#define LAST_MOMENT (INT64_C(253402300800) * INSTANT_SECOND - 1)
#define DAYS_LIMIT 4000000 /* more than there are between the two */

static instant system_now(void *context)
{
    struct timespec time = {0};

    (void)context;
    (void)clock_gettime(CLOCK_REALTIME, &time);
    return time.tv_sec * INSTANT_SECOND + time.tv_nsec / 1000000;
}

static int64_t system_monotonic(void *context)
{
    struct timespec time = {0};

    (void)context;
    (void)clock_gettime(CLOCK_BOOTTIME, &time);
    return time.tv_sec * INSTANT_SECOND + time.tv_nsec / 1000000;
}

static void system_sleep(void *context, int64_t milliseconds)
{
    struct timespec left = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000};

    (void)context;
    while (milliseconds > 0 && clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) == EINTR) {
    }
}

struct clock clock_system(void)
{
    return (struct clock){.now = system_now, .monotonic = system_monotonic, .sleep = system_sleep};
}

instant clock_now(const struct clock *clock)
{
    return clock->now(clock->context);
}

int64_t clock_monotonic(const struct clock *clock)
{
    return clock->monotonic(clock->context);
}

void clock_sleep(const struct clock *clock, int64_t milliseconds)
{
    clock->sleep(clock->context, milliseconds);
}

/* --- calendar arithmetic --------------------------------------------------------------------- */

static int64_t floor_divide(int64_t value, int64_t by)
{
    return value / by - (value % by < 0);
}

static bool is_leap_year(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return days[month - 1] + (month == 2 && is_leap_year(year));
}

/* Days from 1970-01-01. Years are counted from March, so that the leap day comes last. */
static int64_t days_from_date(int year, int month, int day)
{
    int64_t y = month > 2 ? year : year - 1;
    int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

    return y * 365 + floor_divide(y, 4) - floor_divide(y, 100) + floor_divide(y, 400) + of_year - 719468;
}

/* The calendar as UTC shows it. */
static struct civil civil_from_utc(instant at)
{
    int64_t days = floor_divide(at, INSTANT_DAY);
    int64_t second = (at - days * INSTANT_DAY) / INSTANT_SECOND;
    int64_t from_march = days + 719468;
    int64_t era = floor_divide(from_march, 146097);
    int64_t of_era = from_march - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153;

    return (struct civil){
        .year = (int)(year + era * 400 + (month >= 10)),
        .month = (int)(month < 10 ? month + 3 : month - 9),
        .day = (int)(of_year - (153 * month + 2) / 5 + 1),
        .hour = (int)(second / 3600),
        .minute = (int)(second / 60 % 60),
        .second = (int)(second % 60),
        .weekday = (int)(((days + 4) % 7 + 7) % 7),
    };
}

static bool in_range(instant at)
{
    return at >= FIRST_MOMENT && at <= LAST_MOMENT;
}

/* --- reading --------------------------------------------------------------------------------- */

/* Takes exactly `count` digits off *text. */
static bool take_number(const char **text, int count, int *out)
{
    *out = 0;
    for (; count > 0; count--, (*text)++) {
        if (**text < '0' || **text > '9') {
            return false;
        }
        *out = *out * 10 + (**text - '0');
    }
    return true;
}

static bool take_character(const char **text, char character)
{
    if (**text != character) {
        return false;
    }
    (*text)++;
    return true;
}

/* "2026", "2026-11" or "2026-11-22"; what is not given is 1. */
static bool take_date(const char **text, struct civil *date, enum instant_precision *precision)
{
    *date = (struct civil){.month = 1, .day = 1};
    *precision = PRECISION_YEAR;
    if (!take_number(text, 4, &date->year) || date->year < 1) {
        return false;
    }
    if (take_character(text, '-')) {
        *precision = PRECISION_MONTH;
        if (!take_number(text, 2, &date->month) || date->month < 1 || date->month > 12) {
            return false;
        }
        if (take_character(text, '-')) {
            *precision = PRECISION_DAY;
            return take_number(text, 2, &date->day) && date->day >= 1 &&
                   date->day <= days_in_month(date->year, date->month);
        }
    }
    return true;
}

/* "09:05:00.25+09:00" after the T, as milliseconds since midnight UTC of the written date. */
static bool take_time(const char **text, int64_t *out)
{
    int hour = 0;
    int minute = 0;
    int second = 0;
    int64_t fraction = 0;
    int64_t offset = 0;

    if (!take_number(text, 2, &hour) || !take_character(text, ':') || !take_number(text, 2, &minute) ||
        !take_character(text, ':') || !take_number(text, 2, &second) || hour > 23 || minute > 59 || second > 60) {
        return false;
    }
    if (take_character(text, '.')) {
        size_t digits = strspn(*text, "0123456789");

        if (digits < 1 || digits > 9) {
            return false;
        }
        for (size_t i = 0; i < 3; i++) {
            fraction = fraction * 10 + (i < digits ? (*text)[i] - '0' : 0);
        }
        *text += digits;
    }
    if (second == 60) {
        /* A leap second is the end of its minute: POSIX time has no room for it. */
        second = 59;
        fraction = 999;
    }
    if (!take_character(text, 'Z')) {
        int sign = **text == '-' ? -1 : 1;
        int offset_hour = 0;
        int offset_minute = 0;

        if (!(take_character(text, '+') || take_character(text, '-')) || !take_number(text, 2, &offset_hour) ||
            !take_character(text, ':') || !take_number(text, 2, &offset_minute) || offset_minute > 59 ||
            offset_hour * 60 + offset_minute > 14 * 60) {
            return false;
        }
        offset = sign * (offset_hour * INSTANT_HOUR + offset_minute * INSTANT_MINUTE);
    }
    *out = hour * INSTANT_HOUR + minute * INSTANT_MINUTE + second * INSTANT_SECOND + fraction - offset;
    return true;
}

bool instant_parse(const char *text, instant *out, enum instant_precision *precision)
{
    struct civil date = {0};
    enum instant_precision found = PRECISION_NONE;
    instant at = INSTANT_NONE;

    enum instant_precision ignored = PRECISION_NONE;

    precision = precision == NULL ? &ignored : precision;
    *out = INSTANT_NONE;
    *precision = PRECISION_NONE;
    if (text == NULL || !take_date(&text, &date, &found)) {
        return false;
    }
    if (found == PRECISION_DAY && take_character(&text, 'T')) {
        int64_t time = 0;

        if (!take_time(&text, &time)) {
            return false;
        }
        at = days_from_date(date.year, date.month, date.day) * INSTANT_DAY + time;
        found = PRECISION_TIME;
        if (!in_range(at)) {
            return false;
        }
    } else {
        at = instant_from_civil(date);
    }
    if (*text != '\0' || at == INSTANT_NONE) {
        return false;
    }
    *out = at;
    *precision = found;
    return true;
}

/* --- the local zone -------------------------------------------------------------------------- */

/* Seconds east of UTC at that instant. */
static long local_offset(instant at)
{
    time_t seconds = floor_divide(at, INSTANT_SECOND);
    struct tm local = {0};

    tzset();
    return localtime_r(&seconds, &local) != NULL ? local.tm_gmtoff : 0;
}

struct civil instant_civil(instant at)
{
    return in_range(at) ? civil_from_utc(at + local_offset(at) * INSTANT_SECOND) : (struct civil){0};
}

instant instant_from_civil(struct civil civil)
{
    struct tm local = {
        .tm_year = civil.year - 1900,
        .tm_mon = civil.month - 1,
        .tm_mday = civil.day,
        .tm_hour = civil.hour,
        .tm_min = civil.minute,
        .tm_sec = civil.second,
        .tm_wday = -1,
        .tm_isdst = -1,
    };
    time_t seconds = mktime(&local);

    /* -1 is a moment too; what could not be converted leaves the weekday alone. */
    if (local.tm_wday == -1 || seconds > LAST_MOMENT || seconds < -LAST_MOMENT) {
        return INSTANT_NONE;
    }
    return seconds * INSTANT_SECOND;
}

static bool same_day(struct civil a, struct civil b)
{
    return a.year == b.year && a.month == b.month && a.day == b.day;
}

instant instant_day_start(instant at)
{
    struct civil day = instant_civil(at);
    instant start = instant_from_civil((struct civil){.year = day.year, .month = day.month, .day = day.day});

    if (!in_range(at)) {
        return INSTANT_NONE;
    }
    /* Where clocks go back over midnight there are two of them: the day starts with the first. */
    if (same_day(instant_civil(start - INSTANT_HOUR), day)) {
        start -= INSTANT_HOUR;
    }
    return start;
}

instant instant_add_days(instant at, int days)
{
    struct civil civil = instant_civil(at);
    instant moved = INSTANT_NONE;

    if (!in_range(at) || days < -DAYS_LIMIT || days > DAYS_LIMIT) {
        return INSTANT_NONE;
    }
    civil.day += days;
    moved = instant_from_civil(civil);
    return moved == INSTANT_NONE ? INSTANT_NONE : moved + (at - floor_divide(at, INSTANT_SECOND) * INSTANT_SECOND);
}

/* --- writing --------------------------------------------------------------------------------- */

void instant_format_fhir(char *out, size_t size, instant at)
{
    /* FHIR's offsets have no seconds, old local times do: the wall time follows the offset written. */
    int64_t minutes = in_range(at) ? local_offset(at) / 60 : 0;
    struct civil civil = civil_from_utc(in_range(at) ? at + minutes * INSTANT_MINUTE : 0);

    if (civil.year < 1 || civil.year > 9999) {
        minutes = 0;
        civil = civil_from_utc(at);
    }
    out[0] = '\0';
    if (in_range(at)) {
        (void)snprintf(out, size, "%04d-%02d-%02dT%02d:%02d:%02d%c%02d:%02d", civil.year, civil.month, civil.day,
                       civil.hour, civil.minute, civil.second, minutes < 0 ? '-' : '+', (int)labs(minutes) / 60,
                       (int)labs(minutes) % 60);
    }
}

void instant_format_utc(char *out, size_t size, instant at)
{
    struct civil civil = civil_from_utc(in_range(at) ? at : 0);

    out[0] = '\0';
    if (in_range(at)) {
        (void)snprintf(out, size, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", civil.year, civil.month, civil.day, civil.hour,
                       civil.minute, civil.second, (int)(at - floor_divide(at, INSTANT_SECOND) * INSTANT_SECOND));
    }
}

void instant_format_date(char *out, size_t size, instant at)
{
    struct civil civil = instant_civil(at);

    out[0] = '\0';
    if (in_range(at)) {
        /* TRANSLATORS: year, month and day of a date, in the order in which your readers expect them. */
        (void)snprintf(out, size, _("%04d-%02d-%02d"), civil.year, civil.month, civil.day);
    }
}

void instant_format_time(char *out, size_t size, instant at)
{
    struct civil civil = instant_civil(at);

    out[0] = '\0';
    if (in_range(at)) {
        /* TRANSLATORS: hour and minute of a time of day, 24 hours. */
        (void)snprintf(out, size, _("%02d:%02d"), civil.hour, civil.minute);
    }
}

void instant_format_age(char *out, size_t size, instant at, instant now)
{
    int64_t age = 0;

    out[0] = '\0';
    if (!in_range(at) || !in_range(now)) {
        return;
    }
    age = at > now ? at - now : now - at;
    if (age < INSTANT_MINUTE) {
        (void)text_copy(out, size, _("now"));
    } else if (age < INSTANT_HOUR) {
        (void)snprintf(out, size, at > now ? _("in %d min") : _("%d min"), (int)(age / INSTANT_MINUTE));
    } else if (age < INSTANT_DAY) {
        (void)snprintf(out, size, at > now ? _("in %d h") : _("%d h"), (int)(age / INSTANT_HOUR));
    } else {
        (void)snprintf(out, size, at > now ? _("in %d d") : _("%d d"), (int)(age / INSTANT_DAY));
    }
}

int instant_years_since(const char *birth_date, instant now)
{
    struct civil today = instant_civil(now);
    struct civil birth = {0};
    enum instant_precision precision = PRECISION_NONE;
    int years = 0;

    if (birth_date == NULL || !in_range(now) || !take_date(&birth_date, &birth, &precision) || *birth_date != '\0') {
        return -1;
    }
    years = today.year - birth.year;
    if (today.month < birth.month || (today.month == birth.month && today.day < birth.day)) {
        years--;
    }
    return years < 0 ? -1 : years;
}
