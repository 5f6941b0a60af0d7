/*
 * Whatever text comes as a time, a birth date or a number: what is read can be
 * written and read again as the same; what is refused leaves nothing behind.
 */
#include "base/decimal.h"
#include "base/instant.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static void check_instant(const char *text)
{
    instant at = 0;
    instant again = 0;
    enum instant_precision precision = PRECISION_TIME;
    char written[32];

    if (!instant_parse(text, &at, &precision)) {
        MUST_HOLD(at == INSTANT_NONE && precision == PRECISION_NONE);
        return;
    }
    MUST_HOLD(precision != PRECISION_NONE);
    instant_format_utc(written, sizeof written, at);
    if (written[0] != '\0') {
        MUST_HOLD(instant_parse(written, &again, &precision) && again == at && precision == PRECISION_TIME);
        instant_format_fhir(written, sizeof written, at);
        MUST_HOLD(instant_parse(written, &again, &precision));
        MUST_HOLD(at - again >= 0 && at - again < INSTANT_SECOND);
        MUST_HOLD(instant_day_start(at) <= at);
    }
    (void)instant_years_since(text, at);
}

static void check_decimal(const char *text)
{
    struct decimal value = {0, 0};
    struct decimal again = {0, 0};
    char written[32];

    if (decimal_parse(text, &value)) {
        MUST_HOLD(decimal_literal_length(text, strlen(text)) == strlen(text));
        decimal_format(written, sizeof written, value);
        MUST_HOLD(decimal_parse(written, &again));
        MUST_HOLD(again.units == value.units && again.scale == value.scale);
        MUST_HOLD(decimal_compare(value, again) == 0);
        MUST_HOLD(decimal_subtract(value, again).units == 0);
        (void)decimal_round(value, 9);
        (void)decimal_ratio(value, INT64_MIN, 7, 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    char text[128];

    if (length < sizeof text) {
        memcpy(text, bytes, length);
        text[length] = '\0';
        check_instant(text);
        check_decimal(text);
    }
    return 0;
}
