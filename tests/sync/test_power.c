/*
 * Disks as a power cut would leave them, after each operation on the record's files while two visits are recorded, signed
 * and synced and a third is begun (tests/store/power_cut.h says which disks). Each is opened: the record opens and is
 * whole, its audit too; every visit whose signing was reported is there with all it made, and what was reported sent
 * stays sent; a draft is what it was at the last pause, or at the one that was being saved. Of some a sync is run, which
 * doubles nothing at the server.
 *
 * This takes every STRIDE-th operation, and all around a promise. FULL=1 takes every one.
 */
#include "tests/store/power_cut.h"
#include "tests/sync/sync_test.h"

#include "store/audit.h"

#define STRIDE 5
#define SYNC_EVERY 97 /* disks */
#define VISITS 4
#define MADE 5 /* of each visit: Encounter, pulse, note, consent, Provenance */

/* In the order of the pauses: the note grows. */
static const struct field pauses[] = {
    {"identity", "name, birth date"}, {"vitals.pulse", "91"}, {"note.s", "Feels"}, {"note.s", "Feels well."},
    {"consent.0.purpose", "share-record"}, {"consent.0.decision", "permit"}, {"consent.0.by", "patient"},
    {"consent.0.method", "verbal-witnessed"}, {"note.s", "Feels well. Ankles tight in the evening, a little short of breath."},
};
#define PAUSES (sizeof pauses / sizeof pauses[0])

/* What the program has said is on the disk. */
struct promise {
    struct {
        char id[UUID_SIZE]; /* "" before it was begun */
        size_t saved;
        bool is_signed;
    } visits[VISITS];
    size_t begun;
    int64_t sent;
};

struct power {
    struct bed *bed;          /* the device that is recorded */
    struct bed image;         /* shares its server: what is found after a cut */
    struct promise now;
    struct promise *promises; /* owned */
    size_t count, capacity;
    long disks, syncs, skipped;
    int64_t at_server;
};

/* --- what is recorded -------------------------------------------------------------------------------------- */

static void promise(struct power *power)
{
    power->promises = memory_grow(power->promises, power->count, &power->capacity, sizeof *power->promises);
    assert_non_null(power->promises);
    power->promises[power->count] = power->now;
    power_note(POWER_PROMISE, "", power->count++, NULL, 0);
}

static void record_visit(struct power *power, const char *patient, size_t count)
{
    struct store *store = power->bed->fixture.store;
    char visit[UUID_SIZE];
    assert_int_equal(draft_start(store, patient, "", visit, NULL), STATUS_OK);
    text_copy(power->now.visits[power->now.begun++].id, UUID_SIZE, visit);
    promise(power);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(draft_put(store, visit, pauses[i].name, pauses[i].value, NULL), STATUS_OK);
        power->now.visits[power->now.begun - 1].saved++;
        promise(power);
    }
}

static void sign_last(struct power *power)
{
    struct randomness randomness = randomness_system();
    size_t queued = 0;
    struct signer signer = {.practitioner = "n1", .practitioner_name = "Nurse Lee", .organization = "Home Care",
                            .consent_policy = "", .language = "en", .randomness = &randomness, .now = system_clock_now(NULL)};
    size_t last = power->now.begun - 1;
    assert_int_equal(record_sign_visit(power->bed->fixture.store, power->now.visits[last].id, &signer, &queued, NULL), STATUS_OK);
    assert_int_equal(queued, MADE);
    power->now.visits[last].is_signed = true;
    promise(power);
}

static void sync_all(struct power *power)
{
    assert_run(power->bed, STATUS_OK);
    power->now.sent = number(power->bed, "SELECT count(*) FROM identity");
    promise(power);
}

static void close_record(struct bed *bed)
{
    store_close(bed->fixture.store);
    bed->fixture.store = NULL;
}

static void record_a_day(struct power *power)
{
    open_bed(power->bed);
    record_visit(power, "p1", PAUSES);
    sign_last(power);
    sync_all(power);
    record_visit(power, "p2", PAUSES);
    sign_last(power);
    close_record(power->bed); /* the log goes into the record, and away */
    open_bed(power->bed);
    record_visit(power, "p1", 4);
    sync_all(power);
    record_visit(power, "p2", 0);
    close_record(power->bed);
}

/* --- what is found ------------------------------------------------------------------------------------------- */

static const char *value_after(size_t count, const char *name)
{
    const char *value = "";
    for (size_t i = 0; i < count; i++) {
        value = strcmp(pauses[i].name, name) == 0 ? pauses[i].value : value;
    }
    return value;
}

static bool is_after(const struct visit_draft *draft, size_t count)
{
    for (size_t i = 0; i < PAUSES; i++) {
        if (strcmp(visit_draft_get(draft, pauses[i].name), value_after(count, pauses[i].name)) != 0) {
            return false;
        }
    }
    return true;
}

/* A number of an SQL question about one visit, ?1. */
static int64_t count_of(struct bed *bed, const char *visit, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_prepare_v2(bed->fixture.store->connection, sql, -1, &statement, NULL), SQLITE_OK);
    bind_text(statement, 1, visit);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t count = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return count;
}

static void check_visit(struct bed *bed, const struct promise *promise, size_t visit)
{
    const char *id = promise->visits[visit].id;
    size_t saved = promise->visits[visit].saved;
    struct visit_draft draft;
    if (id[0] == '\0') {
        return;
    }
    if (count_of(bed, id, "SELECT count(*) FROM visit WHERE state = 'signed' AND id = ?1") == 1) {
        assert_int_equal(count_of(bed, id, "SELECT count(*) FROM visit_part WHERE visit = ?1"), MADE);
        assert_int_equal(count_of(bed, id, "SELECT count(*) FROM visit_part p JOIN resource r ON r.type = p.type AND r.uuid = p.name "
                                           "WHERE p.visit = ?1"), MADE);
        assert_int_equal(count_of(bed, id, "SELECT count(*) FROM audit WHERE action = 'sign' AND resource = ?1"), 1);
        return;
    }
    assert_false(promise->visits[visit].is_signed);
    assert_int_equal(count_of(bed, id, "SELECT count(*) FROM visit_part WHERE visit = ?1"), 0);
    assert_int_equal(draft_load(bed->fixture.store, id, &draft, NULL), STATUS_OK);
    assert_true(is_after(&draft, saved) || (saved < PAUSES && is_after(&draft, saved + 1)));
    visit_draft_free(&draft);
}

static void check_disk(struct power *power, const struct promise *promise, const char *where)
{
    struct bed *bed = &power->image;
    struct fixture *fixture = &bed->fixture;
    struct audit_verdict verdict;
    if (store_open(&fixture->paths, fixture->vault, &fixture->options, &fixture->store, &fixture->error) != STATUS_OK) {
        fail_msg("%s: the record does not open: %s", where, fixture->error.sentence);
    }
    if (store_verify(fixture->store, &fixture->error) != STATUS_OK) {
        fail_msg("%s: %s", where, fixture->error.sentence);
    }
    assert_int_equal(audit_verify(fixture->store, &verdict, NULL), STATUS_OK);
    assert_true(verdict.intact);
    for (size_t i = 0; i < VISITS; i++) {
        check_visit(bed, promise, i);
    }
    /* Each thing of a signed visit waits, or is sent; what was said to be sent does not wait again. */
    int64_t sent = number(bed, "SELECT count(*) FROM identity");
    int64_t waiting = number(bed, "SELECT count(*) FROM outbox WHERE state IN ('waiting', 'sending')");
    assert_int_equal(sent + waiting, MADE * number(bed, "SELECT count(*) FROM visit WHERE state = 'signed'"));
    assert_int_equal(number(bed, OUTBOX_COUNT), waiting);
    assert_true(sent >= promise->sent);
    if (++power->disks % SYNC_EVERY == 0) {
        bed->sync.store = fixture->store;
        if (run(bed) != STATUS_OK) {
            fail_msg("%s: afterwards: %s", where, bed->error.sentence);
        }
        assert_int_equal(number(bed, OUTBOX_COUNT), 0);
        assert_int_equal(number(bed, "SELECT count(*) FROM conflict"), 0);
        assert_int_equal(held(bed, "", NULL), power->at_server);
        power->syncs++;
    }
    close_record(bed);
}

static void empty_folder(const char *folder)
{
    DIR *entries = opendir(folder);
    assert_non_null(entries);
    for (struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        if (entry->d_type == DT_REG) {
            assert_int_equal(unlinkat(dirfd(entries), entry->d_name, 0), 0);
        }
    }
    closedir(entries);
}

/* Whether a promise was made just before this operation, or is made just after. */
static bool near_promise(size_t number)
{
    return (number > 0 && power_log.events[number - 1].op == POWER_PROMISE) ||
           (number + 1 < power_log.count && power_log.events[number + 1].op == POWER_PROMISE);
}

static void check_disks(struct power *power, struct power_disk *disk, size_t stride)
{
    static const char *const cuts[CUT_COUNT] = {"nothing unsynced", "all", "the last write torn", "half of the sectors",
                                                "most sectors", "some calls"};
    const char *folder = power->image.fixture.paths.folder;
    struct promise promised = {.begun = 0};
    uint64_t seen[CUT_COUNT] = {0};
    uint64_t seed = 1;
    struct randomness dice = randomness_seeded(&seed);
    size_t promise_number = 0;
    for (size_t i = 0; i < power_log.count; i++) {
        power_step(disk, i);
        if (power_log.events[i].op == POWER_PROMISE) {
            promise_number = power_log.events[i].offset + 1;
            promised = power->promises[power_log.events[i].offset];
        }
        if (i % stride != 0 && !near_promise(i)) {
            continue;
        }
        for (enum power_cut cut = CUT_NOTHING; cut < CUT_COUNT; cut++) {
            char where[96];
            empty_folder(folder);
            uint64_t hash = power_make(disk, cut, &dice, folder) + promise_number;
            bool known = false;
            for (enum power_cut other = CUT_NOTHING; other < CUT_COUNT; other++) {
                known = known || seen[other] == hash;
            }
            seen[cut] = hash;
            if (known) {
                power->skipped++;
                continue;
            }
            text_format(where, sizeof where, "operation %zu of %zu, %s", i + 1, power_log.count, cuts[cut]);
            check_disk(power, &promised, where);
        }
    }
}

static void a_power_cut_loses_nothing_that_was_promised(void **state)
{
    struct power power = {.bed = *state};
    struct power_disk *disk = memory_allocate(sizeof *disk);
    const char *wish = getenv("FULL");
    size_t stride = wish != NULL && strcmp(wish, "1") == 0 ? 1 : STRIDE;
    assert_non_null(disk);
    /* A first sync before, and the chart of one patient lost: so that the syncs of the day have something to pull. */
    assert_run(power.bed, STATUS_OK);
    assert_int_equal(record_begin(power.bed->fixture.store, NULL), STATUS_OK);
    assert_int_equal(record_release_patient(power.bed->fixture.store, "p4", NULL), STATUS_OK);
    assert_int_equal(record_set_cursor(power.bed->fixture.store, "patient/p4", "", NULL), STATUS_OK);
    assert_int_equal(record_commit(power.bed->fixture.store, NULL), STATUS_OK);
    close_record(power.bed);
    power_disk_begin(disk, power.bed->fixture.paths.folder);
    text_copy(power_log.folder, sizeof power_log.folder, power.bed->fixture.paths.folder);
    record_a_day(&power);
    power_log.folder[0] = '\0';

    power.image = *power.bed;
    power.image.fixture.folder = test_folder_make();
    assert_int_equal(paths_find(&power.image.fixture.paths, "nurse", power.image.fixture.folder, NULL, NULL), STATUS_OK);
    assert_int_equal(file_make_private_folder(power.image.fixture.paths.folder, NULL), STATUS_OK);
    power.at_server = held(power.bed, "", NULL);
    assert_int_equal(held(power.bed, "Encounter", NULL), 2);
    check_disks(&power, disk, stride);
    printf("%zu operations, %zu promises; %ld disks opened, %ld alike passed over, %ld syncs\n", power_log.count, power.count,
           power.disks, power.skipped, power.syncs);
    assert_true(power.count > 25 && power.disks > 300 && power.syncs > 2);
    test_folder_remove(power.image.fixture.folder);
    power_disk_free(disk);
    memory_free(disk);
    memory_free(power.promises);
    power_log_free();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_power_cut_loses_nothing_that_was_promised, group_bed, leave_bed),
    };
    /* The disks are made here, not found: they need not be real ones. */
    if (getenv("TMPDIR") == NULL && access("/dev/shm", W_OK) == 0) {
        setenv("TMPDIR", "/dev/shm", 1);
    }
    memory_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
