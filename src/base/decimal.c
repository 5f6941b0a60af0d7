/*
 * Decimals as scaled integers. The magnitude of `units` stays below 10^18
 * throughout; intermediate results are 128 bits wide and saturate there.
 */
#include "base/decimal.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCALE_LIMIT 9
#define UNITS_LIMIT INT64_C(999999999999999999)

__extension__ typedef __int128 wide;

static const int64_t power_of_ten[] = {
    1,         10,         100,         1000,         10000,
    100000,    1000000,    10000000,    100000000,    1000000000,
};

static int64_t saturate(wide value)
{
    if (value > UNITS_LIMIT) {
        return UNITS_LIMIT;
    }
    return value < -UNITS_LIMIT ? -UNITS_LIMIT : (int64_t)value;
}

/* numerator / denominator, rounded half away from zero. */
static wide divide_rounded(wide numerator, wide denominator)
{
    wide half = (denominator < 0 ? -denominator : denominator) / 2;
    wide away = numerator < 0 ? -half : half;

    return (numerator + away) / denominator;
}

static size_t count_digits(const char *text, size_t length)
{
    size_t count = 0;

    while (count < length && text[count] >= '0' && text[count] <= '9') {
        count++;
    }
    return count;
}

size_t decimal_literal_length(const char *text, size_t length)
{
    size_t at = length > 0 && text[0] == '-' ? 1 : 0;
    size_t digits = count_digits(text + at, length - at);

    if (digits == 0 || (digits > 1 && text[at] == '0')) {
        return 0;
    }
    at += digits;
    if (at < length && text[at] == '.') {
        digits = count_digits(text + at + 1, length - at - 1);
        if (digits == 0) {
            return 0;
        }
        at += 1 + digits;
    }
    if (at < length && (text[at] == 'e' || text[at] == 'E')) {
        at++;
        if (at < length && (text[at] == '+' || text[at] == '-')) {
            at++;
        }
        digits = count_digits(text + at, length - at);
        if (digits == 0) {
            return 0;
        }
        at += digits;
    }
    return at;
}

bool decimal_parse(const char *text, struct decimal *out)
{
    size_t length = text != NULL ? strlen(text) : 0;
    bool negative = length > 0 && text[0] == '-';
    long exponent = 0;
    long digits = 0;   /* of the mantissa */
    long fraction = 0; /* of these, after the point */
    long wanted = 0;   /* digits left after cutting to SCALE_LIMIT places */
    long scale = 0;
    int64_t units = 0;
    bool after_point = false;
    size_t at = negative ? 1 : 0;

    *out = (struct decimal){0, 0};
    if (length == 0 || decimal_literal_length(text, length) != length) {
        return false;
    }
    for (; at < length && text[at] != 'e' && text[at] != 'E'; at++) {
        after_point = after_point || text[at] == '.';
        digits += text[at] != '.';
        fraction += after_point && text[at] != '.';
    }
    if (at < length) {
        /* strtol saturates, and far past the limits any exponent is as good as any other. */
        exponent = strtol(text + at + 1, NULL, 10);
        exponent = exponent > 100000 ? 100000 : exponent < -100000 ? -100000 : exponent;
    }
    scale = fraction - exponent;
    wanted = scale > SCALE_LIMIT ? digits - (scale - SCALE_LIMIT) : digits;
    for (at = negative ? 1 : 0; wanted > 0; at++) {
        if (text[at] != '.') {
            if (units > UNITS_LIMIT / 10) {
                return false;
            }
            units = units * 10 + (text[at] - '0');
            wanted--;
        }
    }
    for (; scale < 0 && units != 0; scale++) {
        if (units > UNITS_LIMIT / 10) {
            return false;
        }
        units *= 10;
    }
    out->units = negative ? -units : units;
    out->scale = scale < 0 ? 0 : scale > SCALE_LIMIT ? SCALE_LIMIT : (int)scale;
    return true;
}

void decimal_format(char *out, size_t size, struct decimal value)
{
    int64_t whole = value.units / power_of_ten[value.scale];
    int64_t part = value.units % power_of_ten[value.scale];
    const char *sign = value.units < 0 ? "-" : "";

    whole = whole < 0 ? -whole : whole;
    part = part < 0 ? -part : part;
    if (value.scale == 0) {
        (void)snprintf(out, size, "%s%" PRId64, sign, whole);
    } else {
        (void)snprintf(out, size, "%s%" PRId64 ".%0*" PRId64, sign, whole, value.scale, part);
    }
}

struct decimal decimal_round(struct decimal value, int scale)
{
    return decimal_ratio(value, 1, 1, scale);
}

int decimal_compare(struct decimal a, struct decimal b)
{
    wide left = (wide)a.units * power_of_ten[b.scale];
    wide right = (wide)b.units * power_of_ten[a.scale];

    return (left > right) - (left < right);
}

struct decimal decimal_subtract(struct decimal a, struct decimal b)
{
    int scale = a.scale > b.scale ? a.scale : b.scale;
    wide left = (wide)a.units * power_of_ten[scale - a.scale];
    wide right = (wide)b.units * power_of_ten[scale - b.scale];

    return decimal_from(saturate(left - right), scale);
}

struct decimal decimal_ratio(struct decimal value, int64_t numerator, int64_t denominator, int scale)
{
    wide above = (wide)value.units * numerator;
    wide below = denominator;
    wide factor = 1;

    assert(denominator != 0 && scale >= 0 && scale <= SCALE_LIMIT);
    if (scale < value.scale) {
        below *= power_of_ten[value.scale - scale];
    } else {
        factor = power_of_ten[scale - value.scale];
    }
    /* Quotient and remainder apart: above * factor could pass 128 bits. */
    return decimal_from(saturate(saturate(above / below) * factor + divide_rounded(above % below * factor, below)),
                        scale);
}

struct decimal decimal_from(int64_t units, int scale)
{
    return (struct decimal){.units = units, .scale = scale};
}

int64_t decimal_scaled(struct decimal value, int scale)
{
    return decimal_round(value, scale).units;
}

double decimal_double(struct decimal value)
{
    return (double)value.units / (double)power_of_ten[value.scale];
}
