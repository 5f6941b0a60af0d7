/*
 * The world of a seed: what it is like, what happens in it, and how it heals.
 * Called by main.c.
 */
#include "tests/sim/sim.h"

#define SYNCS_AT_MOST 6 /* of each nurse, until all is quiet */

static instant world_now(void *context)
{
    return ((const struct world *)context)->now;
}

static struct model *make_model(struct world *world)
{
    static const int64_t pages[] = {2, 5, 20, 200};
    static const char *const rules[] = {"\"value\":111", "as the family wished", "half of it", "\"code\":\"verbal\""}; /* see nurse.c */
    struct model_habits habits = {
        .conflict_status = chance(world, 50) ? 409 : 412, .most_entries = chance(world, 20) ? 8 : 0,
        .largest_page = pages[draw(world, 4)], .merges = chance(world, 50), .as_batch = chance(world, 25),
        .shows = chance(world, 50), .behind = world->behind, .whole_statement = world->seed % 4 == 0};
    world->any_order = habits.shows && chance(world, 40);
    world->rule = chance(world, 30) ? rules[world->seed % (sizeof rules / sizeof rules[0])] : NULL;
    habits.refuses = world->rule;
    habits.no_conditions = world->no_conditions;
    trace(world, "server: conflicts are %d, at most %d entries, pages of %d%s%s%s%s%s%s", habits.conflict_status,
          (int)habits.most_entries, (int)habits.largest_page, habits.merges ? ", merges" : "",
          habits.as_batch ? ", transactions as batches" : "",
          world->any_order ? ", shows what it stored in any order" : habits.shows ? ", shows what it stored" : "",
          habits.refuses != NULL ? ", has a rule" : "", habits.no_conditions ? ", passes over conditions" : "",
          habits.behind > 0 ? ", stamps behind its Date" : "");
    return model_new(&habits, (struct clock){.now = world_now, .context = world}, world->randomness);
}

/* What makes things twice, or overwrites, at a server that passes over conditions, whatever a client does: copies that
 * arrive later, and questions that are refused. So does what the office writes between the question and the change. */
static const enum trouble hopeless[] = {TROUBLE_LATE, TROUBLE_REPEATED, TROUBLE_REFUSED, TROUBLE_BROKEN};

static void begin(struct world *world)
{
    static const uint32_t percents[] = {0, 2, 5, 12, 25, 45};
    static const int64_t latencies[] = {0, 0, 40, 900, 7000};
    world->randomness = randomness_seeded(&world->state);
    world->now = START;
    world->trouble_percent = percents[draw(world, sizeof percents / sizeof percents[0])];
    for (int i = 1; i < TROUBLE_COUNT; i++) {
        world->allowed[i] = chance(world, 60);
    }
    world->allowed[TROUBLE_RESTORE] = chance(world, 20);
    world->no_conditions = chance(world, 10);
    for (size_t i = 0; i < sizeof hopeless / sizeof hopeless[0] && world->no_conditions; i++) {
        world->allowed[hopeless[i]] = false;
    }
    world->latency = latencies[draw(world, sizeof latencies / sizeof latencies[0])];
    world->office_meanwhile = chance(world, 50) && !world->no_conditions;
    world->decided = chance(world, 60);
    world->nurse_count = 2 + (chance(world, 12) ? 1 : 0);
    world->patient_count = 3 + (int)draw(world, 2);
    world->tunnels = world->seed % 4 == 1;
    world->lies = world->seed % 6 == 3;
    world->behind = world->seed % 16 == 0 ? 30 * INSTANT_MINUTE : 0;
    trace(world, "seed %llu: %d nurses, %d patients, %u %% trouble, %lld ms a request", (unsigned long long)world->seed,
          world->nurse_count, world->patient_count, world->trouble_percent, (long long)world->latency);
    world->model = make_model(world);
    for (int i = 1; i <= world->nurse_count; i++) {
        nurse_begin(world, i);
    }
    office_begin(world);
    for (int i = 0; i < world->nurse_count && world->allowed[TROUBLE_CLOCK]; i++) {
        if (chance(world, 30)) {
            nurse_jump(&world->nurses[i]);
        }
    }
    world->healed = chance(world, 60); /* a first sync in the office, mostly */
    for (int i = 0; i < world->nurse_count; i++) {
        (void)nurse_sync(&world->nurses[i]);
    }
    world->healed = false;
}

static void deliver(struct world *world, size_t index)
{
    struct delivery delivery = world->deliveries[index];
    struct model_answer answer;
    memmove(&world->deliveries[index], &world->deliveries[index + 1],
            (--world->delivery_count - index) * sizeof *world->deliveries);
    struct model_request request = {.method = delivery.method, .url = delivery.url, .body = delivery.body,
                                    .length = delivery.body == NULL ? 0 : strlen(delivery.body), .author = delivery.author,
                                    .begun = delivery.begun == INSTANT_NONE ? world->now : delivery.begun};
    model_handle(world->model, &request, &answer);
    trace(world, "late: %s of n%d arrives -> %d", delivery.method, delivery.author, answer.status);
    model_answer_free(&answer);
    memory_free(delivery.method);
    memory_free(delivery.url);
    memory_free(delivery.body);
}

void world_deliver(struct world *world)
{
    for (size_t i = 0; i < world->delivery_count;) {
        if (world->deliveries[i].due <= world->now) {
            deliver(world, i);
        } else {
            i++;
        }
    }
}

static void pass_time(struct world *world)
{
    static const instant spans[] = {30 * INSTANT_SECOND, 5 * INSTANT_MINUTE, 12 * INSTANT_MINUTE, 3 * INSTANT_HOUR};
    world->now += spans[draw(world, sizeof spans / sizeof spans[0])];
    world_deliver(world);
}

/* The server comes back with what it had a while ago; the office puts the caseloads right. */
static void restore(struct world *world)
{
    size_t count = model_count(world->model);
    size_t kept = count - draw(world, (uint32_t)(count / 4));
    trace(world, "the server is restored: %zu of %zu versions are left", kept, count);
    strike(world, TROUBLE_RESTORE);
    world->restored = true;
    model_restore(world->model, kept);
    truth_forget(world);
    office_catch_up(world);
}

static void step(struct world *world)
{
    struct nurse *nurse = &world->nurses[draw(world, (uint32_t)world->nurse_count)];
    uint32_t what = draw(world, 100);
    world->now += (instant)(1 + draw(world, 60)) * INSTANT_SECOND;
    world_deliver(world);
    if (what < 34) {
        if (world->tunnels && chance(world, 60)) {
            office_act(world);
            world->now += 15 * INSTANT_MINUTE; /* longer than anybody reaches back */
            world_deliver(world);
        }
        (void)nurse_sync(nurse);
        (void)nurse_correct(nurse);
        if (world->latency == 0 && world->allowed[TROUBLE_LATE_ROWS] && chance(world, 25)) {
            office_act_latest(world); /* in the same moment: just what the next sync has to reach back for */
        }
    } else if (what < 64) {
        nurse_visit(nurse);
    } else if (what < 80) {
        office_act(world);
    } else if (what < 93) {
        pass_time(world);
    } else if (what < 96 && world->allowed[TROUBLE_CLOCK]) {
        nurse_jump(nurse);
    } else if (world->allowed[TROUBLE_RESTORE] && !world->restored) {
        restore(world);
    } else {
        nurse_reopen(nurse);
    }
}

/* All is well with the link, and what was under way has arrived. */
static void heal(struct world *world)
{
    world->healed = true;
    world->now += INSTANT_DAY / 8;
    world_deliver(world);
    for (int i = 0; i < world->nurse_count; i++) {
        world->nurses[i].refused_logins = 0;
        nurse_close_drafts(&world->nurses[i]);
    }
    trace(world, "healed");
}

/* A sync with nothing to do: nothing sent, nothing stored. */
static bool sync_is_silent(struct nurse *nurse)
{
    uint64_t writes = nurse->world->tally.writes;
    enum status status = nurse_sync(nurse);
    nurse->world->now += INSTANT_MINUTE;
    return (status == STATUS_OK || status == STATUS_ATTENTION) && nurse->result.entry.pushed == 0 &&
           nurse->result.entry.pulled == 0 && nurse->result.removed == 0 && nurse->world->tally.writes == writes;
}

static bool all(const bool *marks, int count)
{
    int marked = 0;
    for (int i = 0; i < count; i++) {
        marked += marks[i] ? 1 : 0;
    }
    return marked == count;
}

/* Everyone syncs in turn, until nothing changed since a silent sync of each. What was refused is sent again once or twice. */
static void quiet_down(struct world *world)
{
    bool silent[NURSES_AT_MOST] = {false};
    int syncs = 0;
    while (!all(silent, world->nurse_count) && syncs < SYNCS_AT_MOST * world->nurse_count) {
        int turn = syncs % world->nurse_count;
        size_t before = model_count(world->model);
        silent[turn] = sync_is_silent(&world->nurses[turn]);
        silent[turn] = nurse_answer(&world->nurses[turn]) == 0 && silent[turn];
        if (syncs++ < 2 * world->nurse_count) {
            silent[turn] = nurse_correct(&world->nurses[turn]) == 0 && silent[turn];
            silent[turn] = nurse_retry(&world->nurses[turn]) == 0 && silent[turn];
            silent[turn] = (!world->decided || nurse_decide(&world->nurses[turn]) == 0) && silent[turn];
        }
        if (model_count(world->model) != before) {
            memset(silent, 0, sizeof silent);
        }
    }
    if (!all(silent, world->nurse_count)) {
        complain(world, LAW_SILENT, "there is still something to do after %d syncs without any trouble", syncs);
    }
}

/* What was deleted at the server, or forgotten by it, is only looked for once a day. */
static void settle(struct world *world)
{
    quiet_down(world);
    if (truth_holds_deleted(world) || world->restored) {
        world->now += INSTANT_DAY;
        trace(world, "a day goes by");
        quiet_down(world);
    }
    /* Nor is what searches for what is new do not show. What somebody writes in the meantime is found a day later still. */
    for (size_t before = 0, days = 0; world->behind > 0 && days < 5 && (days < 2 || model_count(world->model) != before); days++) {
        before = model_count(world->model);
        world->now += INSTANT_DAY;
        trace(world, "a day goes by");
        quiet_down(world);
    }
    truth_at_end(world);
}

static void end(struct world *world)
{
    truth_free(world);
    for (int i = 0; i < world->nurse_count; i++) {
        nurse_end(&world->nurses[i]);
    }
    memory_free(world->deliveries);
    model_free(world->model);
}

bool world_run(uint64_t seed, bool strict, FILE *trace_to, struct tally *tally, char *first, size_t size)
{
    struct world *world = memory_allocate(sizeof *world);
    assert_non_null(world);
    world->seed = seed;
    world->state = seed;
    world->strict = strict;
    world->trace = trace_to;
    begin(world);
    for (uint32_t steps = 4 + draw(world, 8); steps > 0; steps--) {
        step(world);
    }
    heal(world);
    settle(world);
    end(world);
    bool good = world->first[0] == '\0';
    world->tally.seeds = 1;
    world->tally.failed = good ? 0 : 1;
    tally_add(tally, &world->tally);
    text_copy(first, size, world->first);
    memory_free(world);
    return good;
}
