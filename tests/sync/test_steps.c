/*
 * Fail at step N, for every N, of one visit that is recorded, signed and synced: each call that writes to the disk (no
 * space, an I/O error, a failing fsync, a short write; once, and from there on), and each request (lost, reset, reply
 * lost, answer cut, 4xx, 5xx, a web page, no JSON; once, and from there on). Allocations are failed by test_memory.c
 * and, in signing, by tests/store/test_record_faults.c.
 *
 * After the failure the state is before or after, never between: what was said to be saved is there; the visit is
 * unsigned with nothing of it made, or signed with all of it; each part waits, or is accepted under the id the server
 * holds it by (or is refused, when a 4xx lasts); the server has nothing twice; the audit is whole; and the sentence names
 * the kind of failure. Then the fault is lifted, and one sync brings everything over once.
 *
 * This takes every STRIDE-th step, with another first step for each fault. FULL=1 takes every step.
 */
#include "store/audit.h"
#include "tests/store/disk_faults.h"
#include "tests/sync/sync_test.h"

#define DISK_STRIDE 23
#define LINE_STRIDE 3
#define PARTS 6 /* Encounter, pulse, note, consent and Provenance, which are made, and the Task */

static const struct field steps_visit[] = {
    {"identity", "name, birth date"}, {"vitals.pulse", "91"}, {"note.s", "Feels well."}, {"consent.0.purpose", "share-record"},
    {"consent.0.decision", "permit"}, {"consent.0.by", "patient"}, {"consent.0.method", "verbal-witnessed"},
    {"task.0.id", "t1"}, {"task.0.status", "completed"},
};
#define REFUSED_COUNT "SELECT count(*) FROM outbox WHERE state = 'refused'"
#define FIELDS (sizeof steps_visit / sizeof steps_visit[0])

static char now_trying[160]; /* for whoever reads of a failure */

/* How far one try came, by what the program said. */
struct try {
    char visit[UUID_SIZE];  /* "" before it was begun */
    size_t saved;           /* fields */
    bool is_signed, synced;
    enum status status;     /* of what was done last */
};

/* --- a device and a server that begin each try alike ---------------------------------------------------- */

static void close_bed(struct bed *bed)
{
    store_close(bed->fixture.store);
    bed->fixture.store = NULL;
}

static const char *kept(struct bed *bed)
{
    static char path[PATH_SIZE];
    text_format(path, sizeof path, "%s.start", bed->fixture.paths.record);
    return path;
}

/* A device that knows two patients and has lost the chart of one, so that there is something to pull too. */
static struct bed *new_steps(void)
{
    struct bed *bed = new_bed("List/l1", NULL, 3);
    assert_run(bed, STATUS_OK);
    assert_int_equal(record_begin(bed->fixture.store, NULL), STATUS_OK);
    assert_int_equal(record_release_patient(bed->fixture.store, "p2", NULL), STATUS_OK);
    assert_int_equal(record_set_cursor(bed->fixture.store, "patient/p2", "", NULL), STATUS_OK);
    assert_int_equal(record_commit(bed->fixture.store, NULL), STATUS_OK);
    close_bed(bed);
    copy_file(bed->fixture.paths.record, kept(bed));
    return bed;
}

static void begin_again(struct bed *bed)
{
    static const char *const endings[] = {"-wal", "-shm"};
    char path[PATH_SIZE];
    char port[16];
    const char *options[] = {"--port", port, NULL};
    text_format(port, sizeof port, "%.*s", (int)strspn(strrchr(bed->base, ':') + 1, "0123456789"), strrchr(bed->base, ':') + 1);
    http_free(bed->http);
    http_free(bed->door);
    stop_program(bed->server);
    start_server(bed, options);
    close_bed(bed);
    for (size_t i = 0; i < 2; i++) {
        text_format(path, sizeof path, "%s%s", bed->fixture.paths.record, endings[i]);
        unlink(path);
    }
    unlink(beside(&bed->fixture, "mark"));
    copy_file(kept(bed), bed->fixture.paths.record);
    open_bed(bed);
}

/* --- what the nurse does -------------------------------------------------------------------------------- */

/* Goes on with the visit where it was left, until something fails. */
static void go_on(struct bed *bed, struct try *try)
{
    struct store *store = bed->fixture.store;
    struct randomness randomness = randomness_system();
    char visit[UUID_SIZE] = "";
    size_t queued = 0;
    error_clear(&bed->error);
    try->status = STATUS_OK;
    if (try->visit[0] == '\0') {
        try->status = draft_start(store, "p1", "", visit, &bed->error);
        if (try->status == STATUS_CONFLICT) {
            try->status = STATUS_OK; /* it was begun, and not known to be: this is it */
        }
        text_copy(try->visit, sizeof try->visit, try->status == STATUS_OK ? visit : "");
    }
    while (try->status == STATUS_OK && !try->is_signed && try->saved < FIELDS) {
        try->status = draft_put(store, try->visit, steps_visit[try->saved].name, steps_visit[try->saved].value, &bed->error);
        try->saved += try->status == STATUS_OK ? 1 : 0;
    }
    if (try->status == STATUS_OK && !try->is_signed) {
        struct signer signer = {.practitioner = "n1", .practitioner_name = "Nurse Lee", .organization = "Home Care",
                                .consent_policy = "", .language = "en", .randomness = &randomness, .now = system_clock_now(NULL)};
        try->status = record_sign_visit(store, try->visit, &signer, &queued, &bed->error);
        try->is_signed = try->status == STATUS_OK;
        assert_int_equal(queued, try->is_signed ? PARTS : 0);
    }
    if (try->status == STATUS_OK) {
        try->status = run(bed);
        try->synced = try->status == STATUS_OK;
    }
}

/* --- before or after, never between ----------------------------------------------------------------------- */

/* How often the server holds our uuid as an identifier or a tag; `id` receives the last one's. */
static int at_server(const struct buffer *resources, const char *uuid, char id[ID_SIZE])
{
    char quoted[UUID_SIZE + 4];
    int count = 0;
    text_format(quoted, sizeof quoted, "\"%s\"", uuid);
    for (const char *at = strstr(buffer_text(resources), quoted); at != NULL; at = strstr(at + 1, quoted)) {
        const char *line = at;
        while (line > resources->data && line[-1] != '\n') {
            line--;
        }
        const char *start = strstr(line, "\"id\":\"") + strlen("\"id\":\"");
        text_format(id, ID_SIZE, "%.*s", (int)strcspn(start, "\""), start);
        count++;
    }
    return count;
}

/* Each thing of ours is at the server once at most, and once by the id we know when we say it is accepted. */
static void check_server(struct bed *bed)
{
    sqlite3_stmt *statement = NULL;
    struct buffer answer;
    control(bed, "GET", "/resources", NULL, &answer);
    assert_int_equal(sqlite3_prepare_v2(bed->fixture.store->connection,
                                        "SELECT uuid, id FROM identity UNION ALL "
                                        "SELECT uuid, '' FROM resource JOIN outbox ON key = resource WHERE uuid IS NOT NULL",
                                        -1, &statement, NULL), SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        char uuid[UUID_SIZE];
        char known[ID_SIZE];
        char id[ID_SIZE] = "";
        column_text(statement, 0, uuid, sizeof uuid);
        column_text(statement, 1, known, sizeof known);
        int count = at_server(&answer, uuid, id);
        assert_true(count <= 1);
        if (known[0] != '\0') {
            assert_int_equal(count, 1);
            assert_string_equal(id, known);
        }
    }
    sqlite3_finalize(statement);
    buffer_free(&answer);
    assert_true(held(bed, "Encounter", NULL) <= 1);
    assert_true(held(bed, "Task", "\"versionId\":\"3\"") == 0);
}

/* An unsigned visit: nothing is made of it, and each field that was said to be saved is there. */
static void check_draft(struct bed *bed, const struct try *try)
{
    struct visit_draft draft;
    assert_false(try->is_signed);
    assert_int_equal(number(bed, "SELECT count(*) FROM resource WHERE origin = 'device'"), 0);
    assert_int_equal(number(bed, OUTBOX_COUNT), 0);
    assert_int_equal(number(bed, "SELECT count(*) FROM audit WHERE action = 'sign'"), 0);
    if (try->visit[0] == '\0') {
        assert_true(number(bed, "SELECT count(*) FROM visit") <= 1);
        return;
    }
    assert_int_equal(draft_load(bed->fixture.store, try->visit, &draft, NULL), STATUS_OK);
    for (size_t i = 0; i < try->saved; i++) {
        assert_string_equal(visit_draft_get(&draft, steps_visit[i].name), steps_visit[i].value);
    }
    visit_draft_free(&draft);
}

/* `refuses`: the server said no to parts of the visit for good, which then wait for the nurse. */
static void check_state(struct bed *bed, const struct try *try, bool refuses)
{
    struct audit_verdict verdict;
    int64_t waiting = number(bed, OUTBOX_COUNT);
    assert_int_equal(store_verify(bed->fixture.store, NULL), STATUS_OK);
    assert_int_equal(audit_verify(bed->fixture.store, &verdict, NULL), STATUS_OK);
    assert_true(verdict.intact);
    assert_int_equal(number(bed, "SELECT count(*) FROM outbox WHERE state NOT IN ('waiting', 'sending', 'refused')"), 0);
    assert_true(refuses || number(bed, REFUSED_COUNT) == 0);
    assert_int_equal(number(bed, "SELECT count(*) FROM conflict") + number(bed, "SELECT count(*) FROM quarantine"), 0);
    if (number(bed, "SELECT count(*) FROM visit WHERE state = 'signed'") == 0) {
        check_draft(bed, try);
        assert_int_equal(held(bed, "Encounter", NULL), 0);
        return;
    }
    int64_t made = number(bed, "SELECT count(*) FROM identity");
    int64_t told = number(bed, "SELECT count(*) FROM resource WHERE type = 'Task' AND id = 't1' AND version = '2'");
    assert_int_equal(number(bed, "SELECT count(*) FROM visit_part"), PARTS);
    assert_int_equal(number(bed, "SELECT count(*) FROM audit WHERE action = 'sign'"), 1);
    assert_int_equal(waiting + made + told, PARTS);
    assert_true(!try->synced || waiting == 0);
    check_server(bed);
}

/* The fault is lifted: the nurse goes on, sends again what was refused, and one sync does it. */
static void check_mended(struct bed *bed, struct try *try)
{
    while (number(bed, REFUSED_COUNT) > 0) {
        int64_t refused = number(bed, "SELECT number FROM outbox WHERE state = 'refused'");
        assert_int_equal(outbox_retry(bed->fixture.store, refused, NULL), STATUS_OK);
    }
    if (number(bed, "SELECT count(*) FROM visit WHERE state = 'signed'") == 1) {
        try->is_signed = true;
    }
    try->synced = false;
    go_on(bed, try);
    if (!try->synced) {
        fail_msg("afterwards: %s", bed->error.sentence);
    }
    assert_int_equal(number(bed, OUTBOX_COUNT), 0);
    assert_int_equal(number(bed, COMPLETE_COUNT), 2);
    assert_int_equal(number(bed, "SELECT count(*) FROM identity"), PARTS - 1);
    check_state(bed, try, false);
    assert_int_equal(held(bed, "Encounter", try->visit), 1);
    assert_int_equal(held(bed, "Task", "\"status\":\"completed\""), 1);
}

static long first_step(size_t kind, long stride)
{
    return 1 + (long)kind * 7 % stride;
}

static long stride_of(long usual)
{
    const char *wish = getenv("FULL");
    return wish != NULL && strcmp(wish, "1") == 0 ? 1 : usual;
}

/* --- the disk ----------------------------------------------------------------------------------------------- */

static void each_write_fails(void **state)
{
    static const struct {
        const char *name;
        int error;
        bool sticky, brief;
        enum status status;
        const char *words;
    } kinds[] = {
        {"no space, once", ENOSPC, false, false, STATUS_FULL, "disk is full"},
        {"no space", ENOSPC, true, false, STATUS_FULL, "disk is full"},
        {"I/O error, once", EIO, false, false, STATUS_FAILED, "disk failed"},
        {"I/O error", EIO, true, false, STATUS_FAILED, "disk failed"},
        {"short write", 0, false, true, STATUS_OK, ""},
    };
    struct bed *bed = *state;
    long stride = stride_of(DISK_STRIDE);
    for (size_t kind = 0; kind < sizeof kinds / sizeof kinds[0]; kind++) {
        bool met = true;
        long told = 0;
        long last = 0;
        for (long nth = first_step(kind, stride); met; nth += stride) {
            struct try try = {.saved = 0};
            text_format(now_trying, sizeof now_trying, "%s at write %ld", kinds[kind].name, nth);
            begin_again(bed);
            memset(&disk_fault, 0, sizeof disk_fault);
            disk_fault.error = kinds[kind].error;
            disk_fault.sticky = kinds[kind].sticky;
            disk_fault.brief = kinds[kind].brief;
            disk_fault.at = nth;
            go_on(bed, &try);
            met = disk_fault.calls >= nth;
            disk_fault.at = 0;
            last = met ? nth : last;
            told += try.status != STATUS_OK ? 1 : 0;
            if (try.status != STATUS_OK && (try.status != kinds[kind].status || strstr(bed->error.sentence, kinds[kind].words) == NULL)) {
                fail_msg("%d: %s", (int)try.status, bed->error.sentence);
            }
            if (try.status == STATUS_FAILED) { /* as the sentence says */
                close_bed(bed);
                open_bed(bed);
            }
            check_state(bed, &try, false);
            check_mended(bed, &try);
        }
        printf("%-18s each %ld of %ld writes: %ld tries failed\n", kinds[kind].name, stride, last, told);
        assert_true(kinds[kind].brief ? told == 0 : told > 5);
    }
}

/* --- the line ------------------------------------------------------------------------------------------------ */

static void each_request_fails(void **state)
{
    static const struct {
        const char *fault; /* without its moment */
        enum status status;
        const char *words;
        bool refuses; /* parts of the visit, when it lasts */
    } kinds[] = {
        {"\"fault\":\"drop-request\"", STATUS_UNREACHABLE, "line broke", false},
        {"\"fault\":\"offline\"", STATUS_UNREACHABLE, "line broke", false},
        {"\"fault\":\"drop-reply\"", STATUS_UNREACHABLE, "line broke", false},
        {"\"fault\":\"truncate\"", STATUS_UNREACHABLE, "line broke", false},
        {"\"fault\":\"truncate\",\"delimited\":true", STATUS_UNREACHABLE, "cut short", false},
        {"\"fault\":\"status\",\"status\":500", STATUS_UNREACHABLE, "fault of its own (500)", false},
        {"\"fault\":\"status\",\"status\":502", STATUS_UNREACHABLE, "fault of its own (502)", false},
        {"\"fault\":\"status\",\"status\":503", STATUS_UNREACHABLE, "busy (503)", false},
        {"\"fault\":\"status\",\"status\":504", STATUS_UNREACHABLE, "fault of its own (504)", false},
        {"\"fault\":\"status\",\"status\":429", STATUS_UNREACHABLE, "busy (429)", false},
        {"\"fault\":\"status\",\"status\":401", STATUS_FAILED, "sign-in (401)", false},
        {"\"fault\":\"status\",\"status\":403", STATUS_FAILED, "(403)", true},
        {"\"fault\":\"status\",\"status\":400", STATUS_FAILED, "(400)", true},
        {"\"fault\":\"html\"", STATUS_UNREACHABLE, "web page", false},
        {"\"fault\":\"not-json\"", STATUS_UNREACHABLE, "not FHIR", false},
    };
    struct bed *bed = *state;
    long stride = stride_of(LINE_STRIDE);
    for (size_t kind = 0; kind < 2 * sizeof kinds / sizeof kinds[0]; kind++) {
        const char *what = kinds[kind / 2].fault;
        const char *how = kind % 2 == 0 ? "once" : "from there on";
        bool met = true;
        long told = 0;
        long last = 0;
        for (long nth = first_step(kind, stride); met; nth += stride) {
            struct try try = {.saved = 0};
            char spec[160];
            text_format(now_trying, sizeof now_trying, "%s, %s, at request %ld", what, how, nth);
            begin_again(bed);
            text_format(spec, sizeof spec, "{%s,\"after\":%ld,\"times\":%d}", what, nth - 1, kind % 2 == 0 ? 1 : 0);
            fault(bed, spec);
            go_on(bed, &try);
            no_faults(bed);
            met = bed->result.entry.requests >= nth;
            last = met ? nth : last;
            told += try.status != STATUS_OK ? 1 : 0;
            if (try.status != STATUS_OK) {
                if (try.status != kinds[kind / 2].status || strstr(bed->error.sentence, kinds[kind / 2].words) == NULL) {
                    fail_msg("%d: %s", (int)try.status, bed->error.sentence);
                }
                assert_string_equal(text_of(&bed->fixture, "SELECT reason FROM journal ORDER BY number DESC LIMIT 1"),
                                    bed->error.sentence);
            }
            check_state(bed, &try, kinds[kind / 2].refuses && kind % 2 == 1);
            check_mended(bed, &try);
        }
        printf("%s, %s: each %ld of %ld requests: %ld tries failed\n", what, how, stride, last, told);
        assert_true(last >= 10 && (kind % 2 == 0 || told >= last / stride)); /* a lost one is made up for, a dead line is told */
    }
}

static int steps_bed(void **state)
{
    *state = new_steps();
    return 0;
}

static int leave_steps(void **state)
{
    printf("the last try: %s\n", now_trying);
    return leave_bed(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_write_fails, steps_bed, leave_steps),
        cmocka_unit_test_setup_teardown(each_request_fails, steps_bed, leave_steps),
    };
    /* Hundreds of runs, none of which needs to survive a power cut. */
    if (getenv("TMPDIR") == NULL && access("/dev/shm", W_OK) == 0) {
        setenv("TMPDIR", "/dev/shm", 1);
    }
    memory_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
