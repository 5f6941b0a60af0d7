/* When the server wants to be asked again. See pause.h. Called by sync.c, worker.c and `doorstep sync`. */
#include "sync/pause.h"

#include "base/text.h"
#include "sync/wait.h"

#include <stdio.h>
#include <stdlib.h>

int64_t pause_after_failures(int failures, const struct randomness *randomness)
{
    int64_t most = BACKOFF_FIRST;
    for (int i = 1; i < failures && most < BACKOFF_MOST; i++) {
        most *= 2;
    }
    most = most < BACKOFF_MOST ? most : BACKOFF_MOST;
    return BACKOFF_LEAST + (int64_t)randomness_below(randomness, (uint32_t)(most - BACKOFF_LEAST) + 1);
}

enum status pause_keep(struct store *store, instant until, struct error *error)
{
    char before[32] = "";
    char text[32] = "";
    enum status status = store_setting_get(store, SETTING_SERVER_NOT_BEFORE, before, sizeof before, error);
    if (until != INSTANT_NONE) {
        snprintf(text, sizeof text, "%lld", (long long)until);
    }
    if (status != STATUS_OK || text_equal(before, text)) {
        return status;
    }
    return store_setting_set(store, SETTING_SERVER_NOT_BEFORE, text, error);
}

enum status pause_check(struct store *store, instant now, int64_t *seconds, struct error *error)
{
    char text[32] = "";
    char minute[32];
    *seconds = 0;
    enum status status = store_setting_get(store, SETTING_SERVER_NOT_BEFORE, text, sizeof text, error);
    instant until = strtoll(text, NULL, 10);
    if (status != STATUS_OK || until <= now || until - now > WAIT_MOST * INSTANT_SECOND) {
        return status;
    }
    *seconds = (until - now + INSTANT_SECOND - 1) / INSTANT_SECOND;
    instant_format_time(minute, sizeof minute, until + INSTANT_MINUTE - 1); /* not a minute too soon */
    return error_set(error, STATUS_UNREACHABLE,
                     _("the server wants to be left alone until %s: what waits goes then; a sync that you ask for goes at once"), minute);
}
