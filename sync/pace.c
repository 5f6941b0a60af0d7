/* Whether what comes over the line is still worth waiting for. See pace.h. Called by http.c. */
#include "sync/pace.h"

static enum pace_phase phase_of(const struct pace_count *count)
{
    if (count->received > 0) {
        return PACE_RECEIVING;
    }
    return count->sent > 0 && count->sent < count->to_send ? PACE_SENDING : PACE_WAITING;
}

enum pace_verdict pace_judge(struct pace *pace, const struct pace_limits *limits, const struct pace_count *count, uint64_t most)
{
    enum pace_phase phase = phase_of(count);
    uint64_t passed = count->sent + count->received;
    if (count->received > most + PACE_FRAMING) {
        return PACE_TOO_MUCH;
    }
    if (phase != pace->phase || phase == PACE_WAITING) {
        *pace = (struct pace){.phase = phase, .since = count->now, .before = passed};
    } else if (count->now - pace->since >= limits->window_ms) {
        if (passed - pace->before < limits->least) {
            return PACE_TOO_SLOW;
        }
        pace->since = count->now;
        pace->before = passed;
    }
    return PACE_FINE;
}
