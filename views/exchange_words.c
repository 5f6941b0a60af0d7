/* Words about the exchange with the server: see exchange_words.h. */
#include "views/exchange_words.h"

#include "base/text.h"

#include <string.h>

#define BAR_CELLS (EXCHANGE_BAR_SIZE - 3)

void exchange_moment(instant at, char *out, size_t size)
{
    char date[40];
    char time[24];

    instant_format_date(date, sizeof date, at);
    instant_format_time(time, sizeof time, at);
    (void)text_format(out, size, "%s %s", date, time);
}

enum role exchange_result(enum status result, const char *reason, char *out, size_t size)
{
    if (result == STATUS_OK && reason[0] == '\0') {
        (void)text_copy(out, size, _("all was exchanged"));
        return ROLE_GOOD;
    }
    if (result == STATUS_OK || result == STATUS_ATTENTION || result == STATUS_CANCELLED) {
        (void)text_copy(out, size, reason);
        return ROLE_AMBER;
    }
    (void)text_format(out, size, _("NOT COMPLETE: %s"), reason[0] != '\0' ? reason : _("no reason is known"));
    return ROLE_AMBER;
}

enum role exchange_last(const struct application *application, char *out, size_t size)
{
    const struct sync_status *status = &application->status;
    char time[80];
    char result[sizeof status->last_reason + 40];
    enum role role = ROLE_AMBER;

    if (status->last_attempt == INSTANT_NONE) {
        (void)text_copy(out, size, status->server[0] == '\0' && application->worker == NULL
                                       ? _("no server is set: everything stays on this device")
                                       : _("never synced yet"));
        return role;
    }
    exchange_moment(status->last_attempt, time, sizeof time);
    role = exchange_result(status->last_result, status->last_reason, result, sizeof result);
    (void)text_format(out, size, "%s: %s", time, result);
    return role;
}

enum role exchange_row(const struct outbox_row *row, char *out, size_t size)
{
    (void)text_format(out, size, "%s: %s", row->type, outbox_state_word(row->state));
    return row->state == OUTBOX_REFUSED || row->state == OUTBOX_CONFLICT ? ROLE_RED : ROLE_STRONG;
}

bool exchange_unanswered(const struct outbox_rows *rows, const char *visit)
{
    for (size_t i = 0; i < rows->count; i++) {
        if (text_equal(rows->items[i].visit, visit) && rows->items[i].state == OUTBOX_SENDING) {
            return true;
        }
    }
    return false;
}

void exchange_bar(struct worker_count count, char out[EXCHANGE_BAR_SIZE])
{
    int64_t filled = count.total > 0 ? (int64_t)BAR_CELLS * count.done / count.total : 0;

    out[0] = '[';
    for (int i = 0; i < BAR_CELLS; i++) {
        out[1 + i] = i < filled ? '#' : '-';
    }
    memcpy(out + 1 + BAR_CELLS, "]", 2);
}
