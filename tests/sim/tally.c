/* What is counted, its names, and how the simulator draws and tells. */
#include "tests/sim/sim.h"

#include <stdarg.h>

static const char *const troubles[TROUBLE_COUNT] = {
    [TROUBLE_NONE] = "none", [TROUBLE_NOT_SENT] = "no route", [TROUBLE_LOST_REQUEST] = "request lost",
    [TROUBLE_LOST_REPLY] = "reply lost", [TROUBLE_LATE] = "delivered late", [TROUBLE_REPEATED] = "delivered twice",
    [TROUBLE_CUT] = "answer cut", [TROUBLE_REFUSED] = "unearned 4xx", [TROUBLE_BUSY] = "429 or 503",
    [TROUBLE_BROKEN] = "5xx", [TROUBLE_GATEWAY] = "408 502 504 though done", [TROUBLE_EXPIRED] = "sign-in expired",
    [TROUBLE_PORTAL] = "captive portal", [TROUBLE_SLOW] = "slow", [TROUBLE_STOPPED] = "stopped by the nurse",
    [TROUBLE_ODD_ANSWER] = "odd answer", [TROUBLE_LOST_PAGE] = "page link gone", [TROUBLE_CLOCK] = "clock jump",
    [TROUBLE_CRASH] = "crash", [TROUBLE_LATE_ROWS] = "rows visible late", [TROUBLE_RESTORE] = "server restored",
};
static const char *const laws[LAW_COUNT] = {
    [LAW_DELIVERED] = "delivered", [LAW_ONCE] = "once", [LAW_CONTENT] = "content as signed", [LAW_SYNCED] = "no false synced",
    [LAW_OFFICE] = "no lost update", [LAW_REFERENCE] = "names what is", [LAW_IDENTITY] = "identities",
    [LAW_COMPLETE] = "complete is complete",
    [LAW_EQUAL] = "both sides equal", [LAW_WRONG_CHART] = "right chart", [LAW_CONFLICT] = "real conflicts",
    [LAW_SILENT] = "second sync silent", [LAW_ENDS] = "ends", [LAW_RECORD] = "record whole",
};
static const char *const exemptions[EXEMPT_COUNT] = {
    [EXEMPT_REVIVED] = "deleted at the server before the nurse heard of its creation, made again by a repeat",
    [EXEMPT_RESTORED_LOST] = "accepted, gone from the device with its patient, then forgotten by a restored server",
    [EXEMPT_RESTORED_CHART] = "chart differs from a restored server until that is found out, a day later at most",
    [EXEMPT_RESTORED_TWICE] = "an answer not read back yet, whose version number a restored server gave to another change",
    [EXEMPT_RESTORED_STALE] = "an office change that a restored server forgot, still here in the end",
};

const char *trouble_name(enum trouble trouble)
{
    return troubles[trouble];
}

const char *law_name(enum law law)
{
    return laws[law];
}

const char *exemption_name(enum exemption exemption)
{
    return exemptions[exemption];
}

void tally_add(struct tally *to, const struct tally *from)
{
    uint64_t *sums = (uint64_t *)to;
    const uint64_t *more = (const uint64_t *)from;
    for (size_t i = 0; i < sizeof *to / sizeof *sums; i++) {
        sums[i] += more[i];
    }
}

uint32_t draw(struct world *world, uint32_t limit)
{
    return randomness_below(&world->randomness, limit);
}

bool chance(struct world *world, uint32_t percent)
{
    return draw(world, 100) < percent;
}

void trace(const struct world *world, const char *format, ...)
{
    int64_t since = world->now - START;
    if (world->trace != NULL) {
        va_list arguments;
        fprintf(world->trace, "%7lld.%03d ", (long long)(since / 1000), (int)(since % 1000));
        va_start(arguments, format);
        vfprintf(world->trace, format, arguments);
        va_end(arguments);
        fputc('\n', world->trace);
    }
}

void strike(struct world *world, enum trouble trouble)
{
    world->tally.troubles[trouble]++;
}

static void broken(struct world *world, const char *law, const char *words)
{
    trace(world, "BROKEN (%s): %s", law, words);
    if (world->first[0] == '\0') {
        text_format(world->first, sizeof world->first, "%s: %s", law, words);
    }
}

void complain(struct world *world, enum law law, const char *format, ...)
{
    char words[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    world->tally.laws[law]++;
    broken(world, laws[law], words);
}

void exempt(struct world *world, enum exemption exemption, const char *format, ...)
{
    char words[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    world->tally.exemptions[exemption]++;
    trace(world, "exempt (%s): %s", exemptions[exemption], words);
    if (world->strict) {
        broken(world, exemptions[exemption], words);
    }
}
