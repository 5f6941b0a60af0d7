/*
 * Whether what comes over the line is still worth waiting for. Private to
 * sync/; http.c asks at every turn. Pure: time and counts are passed in.
 *
 * libcurl ends a line that is silent. What keeps it busy all the same, without
 * ever coming to an end, is ended here: more bytes than the answer may have,
 * whatever they unpack to, and a trickle that would take days.
 */
#ifndef DOORSTEP_SYNC_PACE_H
#define DOORSTEP_SYNC_PACE_H

#include <stdint.h>

#define PACE_WINDOW_MS (120 * 1000)
#define PACE_LEAST 24000          /* bytes in such a window: 200 a second, less than a line of 2 kbit/s brings */
#define PACE_FRAMING (64 * 1024)  /* bytes that packing may add to what cannot be packed */

struct pace_limits {
    int64_t window_ms;
    uint64_t least;
};

/* Of one exchange; all zero before it. */
struct pace {
    enum pace_phase { PACE_WAITING, PACE_SENDING, PACE_RECEIVING } phase;
    int64_t since;    /* ms: when the window began */
    uint64_t before;  /* bytes that had passed by then */
};

/* What has passed by now: of bodies, as they are on the line. */
struct pace_count {
    int64_t now;      /* ms that go on while nothing else does */
    uint64_t sent, to_send, received;
};

enum pace_verdict { PACE_FINE, PACE_TOO_MUCH, PACE_TOO_SLOW };

/* `most`: the bytes an answer may have. Who waits for an answer to begin is not judged: that is a silent line. */
enum pace_verdict pace_judge(struct pace *pace, const struct pace_limits *limits, const struct pace_count *count, uint64_t most);

#endif
