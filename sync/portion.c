/* Portions that follow the link. See portion.h. Called by pages.c, charts.c and push.c. */
#include "sync/portion.h"

#include <stdio.h>
#include <stdlib.h>

#define QUICK_MS 4000  /* what takes less may be twice as much the next time */
#define SLOW_MS 12000  /* what takes longer may not come whole over a line that is cut */

static const struct {
    const char *setting;
    size_t least, most;
    bool cut_when_slow; /* a visit goes whole, however long it takes */
} portions[] = {
    [PORTION_PAGE] = {SETTING_SERVER_PAGE, 1, PAGE_MOST, true},
    [PORTION_BODY] = {SETTING_SERVER_BODY, 4096, BODY_MOST, false},
};

enum status portion_get(struct sync *sync, enum portion portion, size_t *out, struct error *error)
{
    char text[24] = "";
    enum status status = store_setting_get(sync->store, portions[portion].setting, text, sizeof text, error);
    unsigned long long value = strtoull(text, NULL, 10);
    *out = value >= portions[portion].least && value < portions[portion].most ? (size_t)value : portions[portion].most;
    return status;
}

static enum status set(struct sync *sync, enum portion portion, size_t value, struct error *error)
{
    char text[24] = "";
    size_t now = 0;
    enum status status = portion_get(sync, portion, &now, error);
    if (status != STATUS_OK || now == value) {
        return status;
    }
    snprintf(text, sizeof text, "%zu", value);
    return store_setting_set(sync->store, portions[portion].setting, value < portions[portion].most ? text : "", error);
}

enum status portion_refused(struct sync *sync, size_t bytes, size_t *most, struct error *error)
{
    char text[24] = "";
    enum status status = store_setting_get(sync->store, SETTING_SERVER_REFUSED, text, sizeof text, error);
    unsigned long long value = strtoull(text, NULL, 10);
    *most = value > 0 && value < BODY_MOST ? (size_t)value : BODY_MOST;
    if (status == STATUS_OK && bytes > 0 && bytes <= *most) {
        *most = bytes - 1;
        snprintf(text, sizeof text, "%zu", *most);
        status = store_setting_set(sync->store, SETTING_SERVER_REFUSED, text, error);
    }
    return status;
}

enum status portion_shrink(struct sync *sync, enum portion portion, size_t tried, size_t *left, struct error *error)
{
    size_t half = tried / 2 > portions[portion].least ? tried / 2 : portions[portion].least;
    if (left != NULL) {
        *left = half;
    }
    return set(sync, portion, half, error);
}

enum status portion_note(struct sync *sync, enum portion portion, size_t done, int64_t milliseconds, size_t most,
                         struct error *error)
{
    size_t now = 0;
    enum status status = portion_get(sync, portion, &now, error);
    if (status != STATUS_OK) {
        return status;
    }
    most = most < portions[portion].most ? most : portions[portion].most;
    if (milliseconds > SLOW_MS) {
        return portions[portion].cut_when_slow ? portion_shrink(sync, portion, now, NULL, error) : STATUS_OK;
    }
    if (milliseconds < QUICK_MS && done >= now / 2 && now < most) {
        return set(sync, portion, 2 * now < most ? 2 * now : most, error);
    }
    return STATUS_OK;
}
