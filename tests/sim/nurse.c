/*
 * A nurse's device: her record file, her visits through the store's own
 * functions, her syncs. A crash is a disk that takes nothing from the n-th
 * write on while the line is dead too; then the record is closed and opened
 * again, which finds on the disk what a stopped process would have left.
 */
#include "tests/store/disk_faults.h"
#include "tests/sim/sim.h"
#include "tests/sync/sync_test.h"

#include "store/audit.h"
#include "store/conflict.h"
#include "store/correct.h"

static instant device_now(void *context)
{
    const struct nurse *nurse = context;
    return nurse->world->now + nurse->offset;
}

static int64_t device_monotonic(void *context)
{
    return ((const struct nurse *)context)->world->now - START;
}

static void device_sleep(void *context, int64_t milliseconds)
{
    ((struct nurse *)context)->world->now += milliseconds;
}

bool nurse_is_dead(void)
{
    return disk_fault.at > 0 && disk_fault.calls >= disk_fault.at;
}

static void open_record_of(struct nurse *nurse)
{
    struct fixture *fixture = &nurse->fixture;
    error_clear(&fixture->error);
    if (store_open(&fixture->paths, fixture->vault, &fixture->options, &fixture->store, &fixture->error) != STATUS_OK) {
        fprintf(stderr, "seed %llu: the record does not open: %s\n", (unsigned long long)nurse->world->seed,
                fixture->error.sentence);
        abort(); /* nothing can go on from here */
    }
    nurse->sync.store = fixture->store;
}

void nurse_reopen(struct nurse *nurse)
{
    store_close(nurse->fixture.store);
    nurse->fixture.store = NULL;
    open_record_of(nurse);
}

static void set(struct nurse *nurse, const char *name, const char *value)
{
    assert_int_equal(store_setting_set(nurse->fixture.store, name, value, NULL), STATUS_OK);
}

static void enrol_nurse(struct nurse *nurse)
{
    char scope[96];
    char id[ID_SIZE];
    switch (nurse->kind) {
    case BY_GROUP:
        text_format(scope, sizeof scope, "Group/g%s", nurse->name);
        break;
    case BY_LIST:
        text_format(scope, sizeof scope, "List/l%s", nurse->name);
        break;
    case BY_SEARCH:
        text_format(scope, sizeof scope, "Patient?general-practitioner=Practitioner/%s", nurse->name);
        break;
    case BY_APPOINTMENT:
    case CASELOAD_KINDS:
        text_copy(scope, sizeof scope, "appointments");
        break;
    }
    assert_int_equal(record_begin(nurse->fixture.store, NULL), STATUS_OK);
    set(nurse, SETTING_USER, nurse->name);
    set(nurse, SETTING_SERVER, MODEL_BASE);
    set(nurse, SETTING_CASELOAD, scope);
    set(nurse, SETTING_PRACTITIONER, nurse->name);
    assert_int_equal(record_commit(nurse->fixture.store, NULL), STATUS_OK);
    if (nurse->made_here) {
        assert_int_equal(record_make_practitioner(nurse->fixture.store, "Nurse Lee", id, NULL), STATUS_OK);
        truth_note_visit(nurse, "");
    }
}

/* Within the kernel: what goes through our own buffers is wiped there. */
static void copy_record(const char *from, const char *to)
{
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    ssize_t copied = 1;
    assert_true(in >= 0 && out >= 0);
    while (copied > 0) {
        copied = copy_file_range(in, NULL, out, NULL, (size_t)1 << 20, 0);
    }
    assert_true(copied == 0 && close(in) == 0 && close(out) == 0);
}

void nurse_begin(struct world *world, int number)
{
    struct nurse *nurse = &world->nurses[number - 1];
    struct fixture *fixture = &nurse->fixture;
    const struct fixture *template = template_home();
    nurse->world = world;
    nurse->number = number;
    nurse->seed = world->seed * 8 + (uint64_t)number;
    text_format(nurse->name, sizeof nurse->name, "n%d", number);
    nurse->kind = (enum caseload_kind)draw(world, CASELOAD_KINDS);
    nurse->made_here = nurse->kind != BY_APPOINTMENT && chance(world, 20);
    fixture->folder = test_folder_make();
    assert_int_equal(paths_find(&fixture->paths, "nurse", fixture->folder, NULL, NULL), STATUS_OK);
    assert_int_equal(file_make_private_folder(fixture->paths.folder, NULL), STATUS_OK);
    copy_record(template->paths.record, fixture->paths.record);
    fixture->vault = template->vault;
    fixture->options.randomness = randomness_seeded(&nurse->seed);
    fixture->options.clock = (struct clock){device_now, device_monotonic, device_sleep, nurse};
    nurse->sync = (struct sync){.transport = line_transport(nurse), .server = MODEL_BASE, .clock = fixture->options.clock,
                                .randomness = fixture->options.randomness, .cancelled = &nurse->stop};
    open_record_of(nurse);
    enrol_nurse(nurse);
}

void nurse_end(struct nurse *nurse)
{
    disk_fault.calls = 0;
    disk_fault.error = EIO;
    disk_fault.sticky = true;
    disk_fault.at = 1; /* what is thrown away need not be tidied first */
    store_close(nurse->fixture.store);
    disk_fault.at = 0;
    test_folder_remove(nurse->fixture.folder);
}

/* --- crashes -------------------------------------------------------------------------------------------- */

/* Perhaps the device crashes in what follows, at some step that writes. */
static void arm(struct nurse *nurse, uint32_t percent, uint32_t steps)
{
    struct world *world = nurse->world;
    memset(&disk_fault, 0, sizeof disk_fault);
    if (world->allowed[TROUBLE_CRASH] && !world->healed && chance(world, percent)) {
        disk_fault.error = EIO;
        disk_fault.sticky = true;
        disk_fault.half = chance(world, 50);
        disk_fault.at = 1 + (long)draw(world, steps);
    }
}

/* True when it crashed; then the record is open again. */
static bool disarm(struct nurse *nurse)
{
    struct world *world = nurse->world;
    struct store *store = nurse->fixture.store;
    struct audit_verdict verdict = {.intact = true};
    bool dead = nurse_is_dead();
    if (!dead) {
        disk_fault.at = 0;
        return false;
    }
    trace(world, "%s crashes at write %ld", nurse->name, disk_fault.at);
    strike(world, TROUBLE_CRASH);
    nurse->fixture.store = NULL;
    store_close(store);
    disk_fault.at = 0;
    open_record_of(nurse);
    if (store_verify(nurse->fixture.store, &nurse->fixture.error) != STATUS_OK) {
        complain(world, LAW_RECORD, "%s: after a crash: %s", nurse->name, nurse->fixture.error.sentence);
    }
    if (audit_verify(nurse->fixture.store, &verdict, NULL) != STATUS_OK || !verdict.intact) {
        complain(world, LAW_RECORD, "%s: the audit is broken after a crash", nurse->name);
    }
    return true;
}

/* --- visits --------------------------------------------------------------------------------------------- */

/* One of the texts that a question about the record gives, drawn; false when there is none. */
static bool pick(struct nurse *nurse, const char *column, const char *from, char *out, size_t size)
{
    char sql[400];
    text_format(sql, sizeof sql, "SELECT count(*) FROM %s", from);
    int64_t count = number_of(&nurse->fixture, sql);
    if (count <= 0) {
        return false;
    }
    text_format(sql, sizeof sql, "SELECT %s FROM %s ORDER BY 1 LIMIT 1 OFFSET %u", column, from,
                draw(nurse->world, (uint32_t)count));
    text_copy(out, size, text_of(&nurse->fixture, sql));
    return true;
}

static void enter(struct visit_draft *draft, const char *name, const char *format, ...) PRINTF_LIKE(3, 4);
static void enter(struct visit_draft *draft, const char *name, const char *format, ...)
{
    char value[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(value, sizeof value, format, arguments);
    va_end(arguments);
    assert_int_equal(visit_draft_set(draft, name, value, NULL), STATUS_OK);
}

static void enter_vitals(struct world *world, struct visit_draft *draft)
{
    enter(draft, "vitals.pulse", "%u", 60 + draw(world, 40));
    if (chance(world, 50)) {
        enter(draft, "vitals.bp", "%u/%u", 120 + draw(world, 30), 70 + draw(world, 20));
        enter(draft, "vitals.rr", "%u", 14 + draw(world, 6));
        enter(draft, "vitals.spo2", "%u", 95 + draw(world, 4));
        enter(draft, "vitals.oxygen", "air");
        enter(draft, "vitals.consciousness", "A");
        enter(draft, "vitals.temp", "36.%u", draw(world, 10));
    }
    if (chance(world, 40)) {
        enter(draft, "vitals.weight", "61.%u", draw(world, 10));
    }
    if (chance(world, 20)) {
        enter(draft, "vitals.glucose", "111"); /* some servers have a rule against it */
    }
}

static void enter_rest(struct nurse *nurse, struct visit_draft *draft)
{
    struct world *world = nurse->world;
    static const char *const answers[] = {"completed", "failed", "on-hold"};
    char from[200];
    char id[ID_SIZE] = "";
    if (chance(world, 60)) {
        enter(draft, "note.s", "%s found all well, number %u.", nurse->name, draw(world, 1000000));
    }
    if (chance(world, 30)) {
        enter(draft, "consent.0.purpose", chance(world, 50) ? "share-record" : "home-care");
        enter(draft, "consent.0.decision", chance(world, 50) ? "permit" : "deny");
        enter(draft, "consent.0.by", "patient");
        enter(draft, "consent.0.method", "verbal"); /* likewise */
    }
    text_format(from, sizeof from, "task WHERE patient = '%s' AND open = 1 AND source LIKE 'Task%%'", draft->patient);
    if (chance(world, 60) && pick(nurse, "id", from, id, sizeof id)) {
        enter(draft, "task.0.id", "%s", id);
        enter(draft, "task.0.status", "%s", answers[draw(world, 3)]);
        enter(draft, "task.0.reason", "as the family wished"); /* likewise */
    }
    text_format(from, sizeof from, "resource WHERE type = 'MedicationRequest' AND patient = '%s'", draft->patient);
    if (chance(world, 30) && pick(nurse, "id", from, id, sizeof id)) {
        enter(draft, "medicine.0.request", "%s", id);
        enter(draft, "medicine.0.taking", "differently");
        enter(draft, "medicine.0.reason", "half of it"); /* likewise */
    }
}

static struct signer signer_of(struct nurse *nurse, const char *practitioner)
{
    return (struct signer){.practitioner = practitioner, .practitioner_name = "Nurse Lee", .organization = "Home Care",
                           .consent_policy = "", .language = "en", .randomness = &nurse->fixture.options.randomness,
                           .now = device_now(nurse)};
}

static enum status sign_entered(struct nurse *nurse, struct visit_draft *draft, bool begun)
{
    struct store *store = nurse->fixture.store;
    struct error *error = &nurse->fixture.error;
    char practitioner[ID_SIZE];
    size_t queued = 0;
    error_clear(error);
    enum status status = store_setting_get(store, SETTING_PRACTITIONER, practitioner, sizeof practitioner, error);
    if (status == STATUS_OK && !begun) {
        status = draft_start(store, draft->patient, "", draft->id, error);
    }
    if (status == STATUS_OK) {
        status = draft_put_all(store, draft, error);
    }
    struct signer signer = signer_of(nurse, practitioner);
    return status == STATUS_OK ? record_sign_visit(store, draft->id, &signer, &queued, error) : status;
}

/* Whether the visit is signed, whatever was said when that was tried. */
static bool is_signed(struct nurse *nurse, const char *visit)
{
    char sql[128];
    text_format(sql, sizeof sql, "SELECT count(*) FROM visit WHERE id = '%s' AND state = 'signed'", visit);
    return number_of(&nurse->fixture, sql) == 1;
}

void nurse_visit(struct nurse *nurse)
{
    struct world *world = nurse->world;
    struct visit_draft draft;
    visit_draft_init(&draft);
    if (!pick(nurse, "patient", "chart_state WHERE complete = 1", draft.patient, sizeof draft.patient)) {
        return;
    }
    bool begun = draft_find(nurse->fixture.store, draft.patient, draft.id, NULL) == STATUS_OK;
    enter(&draft, "identity", "name, birth date");
    enter_vitals(world, &draft);
    enter_rest(nurse, &draft);
    arm(nurse, 10, 40);
    enum status status = sign_entered(nurse, &draft, begun);
    bool crashed = disarm(nurse);
    if (crashed && draft.id[0] != '\0' && status == STATUS_OK && !is_signed(nurse, draft.id)) {
        complain(world, LAW_RECORD, "%s: a visit that was signed is gone after a crash", nurse->name);
    }
    if (draft.id[0] != '\0' && is_signed(nurse, draft.id)) {
        world->tally.visits++;
        trace(world, "%s signs a visit of %s%s", nurse->name, draft.patient, crashed ? ", as it turns out" : "");
        truth_note_visit(nurse, draft.id);
    } else {
        trace(world, "%s could not sign a visit of %s: %s", nurse->name, draft.patient,
              crashed ? "crash" : nurse->fixture.error.sentence);
    }
    visit_draft_free(&draft);
}

void nurse_close_drafts(struct nurse *nurse)
{
    char visit[UUID_SIZE];
    while (draft_latest(nurse->fixture.store, visit, NULL) == STATUS_OK) {
        assert_int_equal(draft_set_aside(nurse->fixture.store, visit, "not made", NULL), STATUS_OK);
    }
}

/* --- syncs ---------------------------------------------------------------------------------------------- */

static void note_complete(void *context, const char *patient, enum held_chart chart)
{
    struct nurse *nurse = context;
    for (int i = 0; i < PATIENTS_AT_MOST; i++) {
        char id[8];
        text_format(id, sizeof id, "p%d", i + 1);
        if (strcmp(id, patient) == 0) {
            nurse->was_complete[i] = chart == HELD_WHOLE;
        }
    }
}

enum status nurse_sync(struct nurse *nurse)
{
    struct world *world = nurse->world;
    struct error *error = &nurse->fixture.error;
    size_t before = model_count(world->model);
    memset(nurse->was_complete, 0, sizeof nurse->was_complete);
    assert_int_equal(outbox_each_patient(nurse->fixture.store, note_complete, nurse, NULL), STATUS_OK);
    nurse->exchanges = 0;
    nurse->dead_from = world->tunnels && !world->healed && chance(world, 50) ? 1 + (int)draw(world, 8) : 0;
    nurse->said_no = false;
    atomic_store(&nurse->stop, false);
    error_clear(error);
    trace(world, "%s syncs", nurse->name);
    arm(nurse, 15, 350);
    enum status status = sync_run(&nurse->sync, &nurse->result, error);
    bool crashed = disarm(nurse);
    world->tally.syncs++;
    world->tally.good_syncs += status == STATUS_OK && !crashed ? 1 : 0;
    trace(world, "%s sync ends with %d: pushed %d, pulled %d, pending %d, conflicts %d, rejected %d: %s", nurse->name,
          crashed ? -1 : (int)status, nurse->result.entry.pushed, nurse->result.entry.pulled, nurse->result.entry.pending,
          nurse->result.entry.conflicts, nurse->result.entry.rejected, crashed ? "crash" : error->sentence);
    truth_after_sync(nurse, before, crashed ? STATUS_CANCELLED : status);
    return crashed ? STATUS_CANCELLED : status;
}

int nurse_retry(struct nurse *nurse)
{
    struct outbox_rows rows;
    int count = 0;
    assert_int_equal(query_outbox(nurse->fixture.store, &rows, NULL), STATUS_OK);
    for (size_t i = 0; i < rows.count; i++) {
        if (rows.items[i].state == OUTBOX_REFUSED && !rows.items[i].forgotten) {
            assert_int_equal(outbox_retry(nurse->fixture.store, rows.items[i].number, NULL), STATUS_OK);
            count++;
        }
    }
    outbox_rows_free(&rows);
    if (count > 0) {
        trace(nurse->world, "%s sends %d refused again", nurse->name, count);
    }
    return count;
}

/* What she types in place of what was refused; "" when she leaves it. Not what a NEWS2 was counted from. */
static void retype(struct world *world, const struct correctable *refused, char *typed, size_t size)
{
    typed[0] = '\0';
    if (refused->kind == CORRECTABLE_NOTE) {
        text_format(typed, size, "%s Number %u, as it should read.", refused->before, draw(world, 1000000));
    } else if (refused->kind == CORRECTABLE_SAID && refused->said_kind == SAID_CONSENT) {
        text_format(typed, size, "by: child\nmethod: paper\nname: Number %u", draw(world, 1000000));
    } else if (refused->kind == CORRECTABLE_SAID) {
        text_format(typed, size, "%s: %s\nreason: number %u, as it should read", said_keys(refused->said_kind)[0],
                    refused->said_kind == SAID_OUTCOME ? "failed" : "unknown", draw(world, 1000000));
    } else if (refused->field == ENTRY_GLUCOSE) {
        text_format(typed, size, "%u", 112 + draw(world, 20));
    } else if (refused->field == ENTRY_WEIGHT) {
        text_format(typed, size, "62.%u", draw(world, 10));
    }
}

static bool correct_row(struct nurse *nurse, const struct outbox_row *row)
{
    struct store *store = nurse->fixture.store;
    struct error *error = &nurse->fixture.error;
    struct correctable refused;
    char practitioner[ID_SIZE];
    char typed[512];
    error_clear(error);
    if (correctable_load(store, row->number, &refused, error) != STATUS_OK) {
        return false;
    }
    retype(nurse->world, &refused, typed, sizeof typed);
    correctable_free(&refused);
    if (typed[0] == '\0' || store_setting_get(store, SETTING_PRACTITIONER, practitioner, sizeof practitioner, error) != STATUS_OK) {
        return false;
    }
    struct signer signer = signer_of(nurse, practitioner);
    arm(nurse, 10, 40);
    enum status status = record_correct(store, row->number, typed, true, &signer, error);
    bool crashed = disarm(nurse);
    if (status != STATUS_OK && !crashed) {
        complain(nurse->world, LAW_CONFLICT, "%s: %s/%s can not be corrected: %s", nurse->name, row->type, row->id, error->sentence);
    }
    return true; /* what a crash left of it, the outbox tells */
}

int nurse_correct(struct nurse *nurse)
{
    struct outbox_rows rows;
    int count = 0;
    assert_int_equal(query_outbox(nurse->fixture.store, &rows, NULL), STATUS_OK);
    for (size_t i = 0; i < rows.count; i++) {
        const struct outbox_row *row = &rows.items[i];
        if (row->state == OUTBOX_REFUSED && !row->forgotten && truth_may_correct(nurse, row->number) && chance(nurse->world, 50) &&
            correct_row(nurse, row)) {
            trace(nurse->world, "%s corrects %s/%s", nurse->name, row->type, row->id);
            truth_note_visit(nurse, row->visit);
            nurse->world->tally.corrected++;
            count++;
        }
    }
    outbox_rows_free(&rows);
    return count;
}

int nurse_answer(struct nurse *nurse)
{
    struct world *world = nurse->world;
    struct store *store = nurse->fixture.store;
    struct outbox_rows rows;
    bool again = true;
    int count = 0;
    assert_int_equal(query_outbox(store, &rows, NULL), STATUS_OK);
    /* From the last on: nothing is let go before what belongs to it. */
    for (size_t i = rows.count; i-- > 0;) {
        const struct outbox_row *row = &rows.items[i];
        if (!row->forgotten || row->state != OUTBOX_REFUSED) {
            continue;
        }
        if (count++ == 0 || row->visit[0] == '\0' || strcmp(row->visit, rows.items[i + 1].visit) != 0 || chance(world, 10)) {
            again = chance(world, 75) || strcmp(row->type, "Practitioner") == 0; /* all that she sends names her */
        }
        error_clear(&nurse->fixture.error);
        enum status status = again ? STATUS_INVALID : record_let_go(store, row->number, &nurse->fixture.error);
        if (status == STATUS_OK) {
            truth_note_let_go(nurse, row);
            world->tally.let_go++;
        } else if (status == STATUS_INVALID && outbox_retry(store, row->number, &nurse->fixture.error) == STATUS_OK) {
            world->tally.sent_again++;
        } else {
            complain(world, LAW_CONFLICT, "%s: what the server forgot can not be let go or sent again: %s", nurse->name,
                     nurse->fixture.error.sentence);
        }
        trace(world, "%s %s %s/%s, which the server forgot", nurse->name, status == STATUS_OK ? "lets go" : "sends again", row->type,
              row->id);
    }
    outbox_rows_free(&rows);
    return count;
}

int nurse_decide(struct nurse *nurse)
{
    static const char *const words[] = {"mine", "theirs", "both"};
    struct store *store = nurse->fixture.store;
    struct error *error = &nurse->fixture.error;
    struct conflicts conflicts = {.items = NULL};
    assert_int_equal(query_conflicts(store, &conflicts, error), STATUS_OK);
    int count = (int)conflicts.count;
    for (size_t i = 0; i < conflicts.count; i++) {
        const struct conflict *conflict = &conflicts.items[i];
        enum keep keep = (enum keep)draw(nurse->world, 3);
        enum status status = record_resolve(store, conflict->number, keep, conflict->version, error);
        if (status == STATUS_INVALID) { /* it names the way out, which letting go always is */
            keep = KEEP_THEIRS;
            status = record_resolve(store, conflict->number, keep, conflict->version, error);
        }
        trace(nurse->world, "%s decides: %s of %s/%s", nurse->name, words[keep], conflict->type, conflict->id);
        if (status != STATUS_OK) {
            complain(nurse->world, LAW_CONFLICT, "%s: a conflict of %s/%s can not be decided: %s", nurse->name, conflict->type,
                     conflict->id, error->sentence);
        }
        truth_note_decision(nurse, conflict->number, conflict->visit);
    }
    conflicts_free(&conflicts);
    return count;
}

void nurse_jump(struct nurse *nurse)
{
    struct world *world = nurse->world;
    nurse->offset = ((instant)draw(world, 48) - 24) * INSTANT_HOUR + (instant)draw(world, 3600) * INSTANT_SECOND;
    strike(world, TROUBLE_CLOCK);
    trace(world, "%s: her clock is now %lld s off", nurse->name, (long long)(nurse->offset / INSTANT_SECOND));
}
