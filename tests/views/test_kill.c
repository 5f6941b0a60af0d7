/*
 * SIGKILL at 500 random moments of a visit. A child makes the visit by its keys and says, after each key and each
 * pause, that it is done with it; the parent kills it at a moment drawn from all the time a visit takes, opens what
 * is left, and compares it with the same visit made undisturbed: what was said to be done is there, of the step that
 * was cut off each field is as before or as after, and a signed visit is there wholly or not at all.
 *
 * KILL_SEED repeats the moments of another run, as far as a scheduler repeats anything.
 */
#include "tests/views/stage.h"

#include "store/audit.h"
#include "store/draft.h"

#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#define ROUNDS 500
#define SECONDS_MOST 120 /* under valgrind fewer rounds have to do */
#define STEPS 400
#define PARTS 8
#define PAUSE_ONE_IN 5   /* keys */

/* Argon2id takes its time on purpose. Here it only matters that one passphrase gives one key. */
int crypto_pwhash(unsigned char *const out, unsigned long long length, const char *const text,
                  unsigned long long text_length, const unsigned char *const salt, unsigned long long operations,
                  size_t memory, int algorithm)
{
    (void)operations;
    (void)memory;
    (void)algorithm;
    return crypto_generichash(out, (size_t)length, (const unsigned char *)text, text_length, salt,
                              crypto_pwhash_SALTBYTES);
}

/* --- the visit ------------------------------------------------------------------------------------ */

#define NEXT_PART "\x0e"
#define BACK "\x02"
#define CONFIRM "\x19"
#define SIGN "\x07"
#define UNDO "\x1a"
#define REDO "\x12"

/* Keys; with a field when they are the text of it. Each part of the visit ends with a pause. */
static const struct {
    const char *keys, *field;
    bool ends_part;
} script[] = {
    {"\rs12s", NULL, true},
    {"v", NULL, false},
    {"142/88", "vitals.bp", false},
    {"\r", NULL, false},
    {"９1", "vitals.pulse", false},
    {"\r18\r\033[A", NULL, false},
    {"\r96\r0\ra\r365" CONFIRM "\r", NULL, false},
    {"61.2", "vitals.weight", true},
    {NEXT_PART, NULL, false},
    {"잠을 잘 잤어요.\rPillows: 2", "note.s", false},
    {"\t", NULL, false},
    {"浮腫なし。", "note.o", false},
    {"\t", NULL, false},
    {"Stable" UNDO REDO "\t", NULL, false},
    {"Æ next week", "note.p", true},
    {NEXT_PART "2\r212", NULL, false},
    {"Lee", "consent.0.name", false},
    {BACK "1\r111" BACK, NULL, true},
    {NEXT_PART "2", NULL, false},
    {"no vein", "task.0.reason", false},
    {"\r2nausea", NULL, true},
    {NEXT_PART "\t", NULL, true},
    {SIGN PASSPHRASE "\ro", NULL, true},
};

enum step_kind { STEP_OPEN, STEP_KEY, STEP_PAUSE };
enum count { SIGNED, RESOURCES, QUEUED, VISIT_PARTS, READINGS, COUNTS };

struct step {
    enum step_kind kind;
    const char *bytes;
    size_t length;
    const char *field; /* whose text ends with this key; NULL: of none */
    int part;
    /* Of the undisturbed visit: */
    int64_t duration;         /* microseconds */
    struct visit_draft draft; /* as the disk has it afterwards; id "" when no visit is open */
    int64_t counts[COUNTS];
};

/* Where a part begins: the record with all before it, and the time. */
struct part {
    int first;
    char record[PATH_SIZE], mark[PATH_SIZE];
    struct fake_clock time;
};

struct plan {
    struct step steps[STEPS];
    int count;
    struct part parts[PARTS];
    int part_count;
    int signature;  /* the step that signs */
    int64_t total;  /* microseconds */
};

static struct plan plan;

/* One character, or one sequence of a named key. */
static size_t key_length(const char *keys)
{
    uint32_t character = 0;

    if (keys[0] == '\033') {
        return 2 + strcspn(keys + 2, "ABCD") + 1;
    }
    return text_decode(keys, strlen(keys), &character);
}

static void add_step(struct step step)
{
    assert_true(plan.count < STEPS);
    step.part = plan.part_count - 1;
    plan.steps[plan.count++] = step;
}

static void add_part(void)
{
    assert_true(plan.part_count < PARTS);
    plan.parts[plan.part_count++].first = plan.count;
    add_step((struct step){.kind = STEP_OPEN});
}

/* The script cut into keys, with pauses at random where text is typed. */
static void make_plan(const struct randomness *randomness)
{
    plan = (struct plan){.count = 0};
    add_part();
    for (size_t i = 0; i < sizeof script / sizeof *script; i++) {
        size_t length = 0;

        for (const char *key = script[i].keys; *key != '\0'; key += length) {
            length = key_length(key);
            add_step((struct step){.kind = STEP_KEY, .bytes = key, .length = length, .field = script[i].field});
            if (script[i].field != NULL && randomness_below(randomness, PAUSE_ONE_IN) == 0) {
                add_step((struct step){.kind = STEP_PAUSE});
            }
        }
        if (script[i].ends_part) {
            add_step((struct step){.kind = STEP_PAUSE});
            if (i + 1 < sizeof script / sizeof *script) {
                add_part();
            }
        }
    }
}

static void make_step(struct stage *stage, struct fixture *fixture, const struct step *step)
{
    if (step->kind == STEP_OPEN) {
        stage_open(stage, fixture, 24, 80);
        stage_unlock(stage);
    } else if (step->kind == STEP_KEY) {
        stage_bytes(stage, step->bytes, step->length);
    } else {
        stage_wait(stage, 1000);
    }
}

/* --- what is on the disk -------------------------------------------------------------------------- */

/* What only a signature makes. */
static const char *const counted[COUNTS] = {
    [SIGNED] = "SELECT count(*) FROM visit WHERE state = 'signed'",
    [RESOURCES] = "SELECT count(*) FROM resource",
    [QUEUED] = "SELECT count(*) FROM outbox",
    [VISIT_PARTS] = "SELECT count(*) FROM visit_part",
    [READINGS] = "SELECT count(*) FROM reading",
};

static void look(struct stage *stage, struct visit_draft *draft, int64_t counts[COUNTS])
{
    struct fixture *fixture = stage->fixture;
    char visit[UUID_SIZE];
    enum status status = STATUS_OK;

    fixture->store = stage->console.application.store;
    visit_draft_init(draft);
    status = draft_latest(fixture->store, visit, NULL);
    assert_true(status == STATUS_OK || status == STATUS_NOT_FOUND);
    if (status == STATUS_OK) {
        assert_int_equal(draft_load(fixture->store, visit, draft, NULL), STATUS_OK);
    }
    for (int i = 0; i < COUNTS; i++) {
        counts[i] = number_of(fixture, counted[i]);
    }
    fixture->store = NULL;
}

static int64_t microseconds(void)
{
    struct timespec now;

    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &now), 0);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void path_of_part(char out[PATH_SIZE], const struct fixture *fixture, int part, const char *name)
{
    snprintf(out, PATH_SIZE, "%s/part-%d-%s", fixture->folder, part, name);
}

static void keep_part(struct fixture *fixture, int number)
{
    struct part *part = &plan.parts[number];

    path_of_part(part->record, fixture, number, "record");
    path_of_part(part->mark, fixture, number, "mark");
    copy_file(fixture->paths.record, part->record);
    if (file_exists(beside(fixture, "mark"))) {
        copy_file(beside(fixture, "mark"), part->mark);
    }
    part->time = fixture->time;
}

static void restore_part(struct fixture *fixture, int number)
{
    const struct part *part = &plan.parts[number];

    (void)unlink(beside(fixture, "record.db-wal"));
    (void)unlink(beside(fixture, "record.db-shm"));
    (void)unlink(beside(fixture, "mark"));
    copy_file(part->record, fixture->paths.record);
    if (file_exists(part->mark)) {
        copy_file(part->mark, beside(fixture, "mark"));
    }
    fixture->time = part->time;
}

/* --- the undisturbed visit ------------------------------------------------------------------------ */

/* What a key adds to the text it is typed into. */
static void type_into(struct visit_draft *typed, const struct step *step)
{
    char text[1024];
    size_t length = (size_t)snprintf(text, sizeof text, "%s", visit_draft_get(typed, step->field));

    snprintf(text + length, sizeof text - length, "%.*s", (int)step->length,
             step->bytes[0] == '\r' ? "\n" : step->bytes);
    assert_int_equal(visit_draft_set(typed, step->field, text, NULL), STATUS_OK);
}

/* After a pause nothing of what was typed is missing on the disk. */
static void check_saved(const struct stage *stage, const struct visit_draft *typed, const struct visit_draft *draft)
{
    assert_false(stage->console.application.unsaved);
    for (size_t i = 0; draft->id[0] != '\0' && i < typed->count; i++) {
        assert_string_equal(visit_draft_get(draft, typed->fields[i].name), typed->fields[i].value);
    }
}

static void make_visit_undisturbed(struct fixture *fixture)
{
    struct stage stage;
    struct visit_draft typed;

    visit_draft_init(&typed);
    for (int i = 0; i < plan.count; i++) {
        struct step *step = &plan.steps[i];
        int64_t began = 0;

        if (step->kind == STEP_OPEN) {
            if (i > 0) {
                stage_close(&stage);
            }
            keep_part(fixture, step->part);
        }
        began = microseconds();
        make_step(&stage, fixture, step);
        step->duration = microseconds() - began + 1;
        plan.total += step->duration;
        look(&stage, &step->draft, step->counts);
        if (i > 0 && step->counts[SIGNED] > plan.steps[i - 1].counts[SIGNED]) {
            plan.signature = i;
        }
        if (step->field != NULL) {
            type_into(&typed, step);
        } else if (step->kind == STEP_PAUSE) {
            check_saved(&stage, &typed, &step->draft);
        }
    }
    assert_true(stage_shows("signed, "));
    stage_close(&stage);
    visit_draft_free(&typed);
}

/* --- one death ------------------------------------------------------------------------------------ */

struct moment {
    int step;
    int64_t offset; /* microseconds into it */
};

static int64_t below(const struct randomness *randomness, int64_t limit)
{
    return (int64_t)randomness_below(randomness, (uint32_t)limit);
}

/* Out of all the time the visit took; every tenth out of the time its signature took. */
static struct moment draw_moment(const struct randomness *randomness, int round)
{
    struct moment moment = {.step = 0, .offset = below(randomness, plan.total)};

    if (round % 10 == 0) {
        return (struct moment){plan.signature, below(randomness, plan.steps[plan.signature].duration)};
    }
    while (moment.offset >= plan.steps[moment.step].duration) {
        moment.offset -= plan.steps[moment.step].duration;
        moment.step++;
    }
    return moment;
}

/* In the child: makes the visit from the beginning of a part on, until somebody kills it. */
static void play(struct fixture *fixture, int part, int done)
{
    struct stage stage;
    int end = part + 1 < plan.part_count ? plan.parts[part + 1].first : plan.count;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int i = plan.parts[part].first; i < end; i++) {
        make_step(&stage, fixture, &plan.steps[i]);
        assert_int_equal(write(done, &i, sizeof i), sizeof i);
    }
    for (;;) {
        (void)pause();
    }
}

/* The step the child has done last, after `before`. Waits until it is `wanted`, or until the child is no more. */
static int follow(int done, int before, int wanted)
{
    struct pollfd wait = {.fd = done, .events = POLLIN};
    int step = before;

    while (step != wanted) {
        assert_int_equal(poll(&wait, 1, 60000), 1);
        if (read(done, &step, sizeof step) != (ssize_t)sizeof step) {
            return step;
        }
    }
    return step;
}

/* Returns the last step that was done before the death. */
static int play_and_kill(struct fixture *fixture, struct moment moment)
{
    int ends[2];
    int part = plan.steps[moment.step].part;
    int step = plan.parts[part].first - 1;
    int status = 0;
    struct timespec rest = {.tv_sec = moment.offset / 1000000, .tv_nsec = (long)(moment.offset % 1000000) * 1000};
    pid_t child = 0;

    restore_part(fixture, part);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        play(fixture, part, ends[1]);
    }
    (void)close(ends[1]);
    step = follow(ends[0], step, moment.step - 1);
    (void)nanosleep(&rest, NULL);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    step = follow(ends[0], step, plan.count);
    (void)close(ends[0]);
    return step;
}

/* --- what is left --------------------------------------------------------------------------------- */

/* Each field is as it was before the step that was cut off, or as after it. */
static void check_fields(const struct visit_draft *names, const struct visit_draft *found,
                         const struct visit_draft *before, const struct visit_draft *after)
{
    for (size_t i = 0; i < names->count; i++) {
        const char *name = names->fields[i].name;
        const char *value = visit_draft_get(found, name);
        const char *old = visit_draft_get(before, name);
        const char *new = visit_draft_get(after, name);

        if (strcmp(value, old) != 0 && strcmp(value, new) != 0) {
            fail_msg("%s is '%s', not '%s' or '%s'", name, value, old, new);
        }
    }
}

static void check_counts(const int64_t found[COUNTS], const struct step *like)
{
    for (int i = 0; i < COUNTS; i++) {
        assert_int_equal(found[i], like->counts[i]);
    }
}

/* Open as before or after the step, or signed as after it; nothing between. */
static void check_visit(const struct visit_draft *found, const int64_t counts[COUNTS], const struct step *before,
                        const struct step *after)
{
    bool open = found->id[0] != '\0';
    bool was = before->draft.id[0] != '\0';
    bool becomes = after->draft.id[0] != '\0';

    assert_true(open == was || open == becomes);
    check_counts(counts, open == was ? before : after);
    if (open) {
        const struct visit_draft *next = becomes ? &after->draft : &before->draft;

        check_fields(found, found, &before->draft, next);
        check_fields(&before->draft, found, &before->draft, next);
    }
}

/* She is in the same field again, at the same place in it. */
static void check_place(struct stage *stage, const struct visit_draft *draft)
{
    const struct view *top = application_top(&stage->console.application);
    const char *screen = visit_draft_get(draft, "screen");
    char place[48];

    assert_string_equal(top->ops->name, screen[0] != '\0' ? screen : "today");
    if (visit_draft_get(draft, "cursor")[0] != '\0') {
        snprintf(place, sizeof place, "%d.%zu", top->cursor, top->offset);
        assert_string_equal(place, visit_draft_get(draft, "cursor"));
    }
}

static void check_record(struct stage *stage)
{
    struct store *store = stage->console.application.store;
    struct audit_verdict verdict;

    assert_int_equal(store_verify(store, NULL), STATUS_OK);
    assert_int_equal(audit_verify(store, &verdict, NULL), STATUS_OK);
    assert_true(verdict.intact);
}

/* Whether the visit is signed. */
static bool check_what_is_left(struct fixture *fixture, int done, int part)
{
    const struct step *steps = plan.steps;
    struct stage stage;
    struct visit_draft draft;
    int64_t counts[COUNTS];
    int before = done >= plan.parts[part].first ? done : plan.parts[part].first;
    int after = before + 1 < plan.count && steps[before + 1].part == part ? before + 1 : before;

    stage_open(&stage, fixture, 24, 80);
    stage_unlock(&stage);
    check_record(&stage);
    look(&stage, &draft, counts);
    check_visit(&draft, counts, &steps[before], &steps[after]);
    check_place(&stage, &draft);
    visit_draft_free(&draft);
    stage_close(&stage);
    return counts[SIGNED] > 0;
}

/* --- the rounds ----------------------------------------------------------------------------------- */

static uint64_t choose_seed(void)
{
    const char *given = getenv("KILL_SEED");

    return given != NULL ? strtoull(given, NULL, 10) : randombytes_random();
}

static void nothing_is_lost_whenever_it_is_killed(void **state)
{
    struct fixture *fixture = *state;
    uint64_t seed = choose_seed();
    struct randomness randomness = randomness_seeded(&seed);
    int64_t end = microseconds() + (int64_t)SECONDS_MOST * 1000000;
    int round = 0;
    int signatures = 0;

    print_message("KILL_SEED=%llu\n", (unsigned long long)seed);
    make_plan(&randomness);
    make_visit_undisturbed(fixture);
    for (; round < ROUNDS && microseconds() < end; round++) {
        struct moment moment = draw_moment(&randomness, round);
        int done = play_and_kill(fixture, moment);

        signatures += check_what_is_left(fixture, done, plan.steps[moment.step].part);
    }
    print_message("killed %d times; the visit was signed %d times\n", round, signatures);
    for (int i = 0; i < plan.count; i++) {
        visit_draft_free(&plan.steps[i].draft);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_is_lost_whenever_it_is_killed, stage_home, stage_home_end),
    };

    language_setup("en", "");
    if (access("/dev/shm", W_OK) == 0) { /* a kill takes nothing from the page cache: no need to wait for a disk */
        (void)setenv("TMPDIR", "/dev/shm", 0);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
