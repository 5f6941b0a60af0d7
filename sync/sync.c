/*
 * One sync from start to end, and its line in the journal. See sync.h.
 */
#include "sync/sync.h"

#include "base/log.h"
#include "base/text.h"
#include "fhir/bundle.h"
#include "store/audit.h"
#include "store/record.h"
#include "sync/address.h"
#include "sync/exchange.h"
#include "sync/manifest.h"
#include "sync/pause.h"

#include <stdio.h>
#include <string.h>

#define SERVER_SIZE 512
#define STATEMENT_LIMIT ((size_t)4 * 1024 * 1024) /* bytes: HAPI's whole statement has 1.5 MB. It is read and not recorded */
#define PROBED_SCOPE "probed" /* its cursor: when the server was last asked what it is */

void sync_result_init(struct sync_result *result)
{
    memset(result, 0, sizeof *result);
    result->server_clock = INSTANT_NONE;
    result->retry_after = -1;
    result->not_before = INSTANT_NONE;
}

/* A copy whose server address ends without a slash. */
static struct sync with_base(const struct sync *sync, char base[SERVER_SIZE])
{
    struct sync copy = *sync;
    text_copy(base, SERVER_SIZE, sync->server);
    for (size_t end = strlen(base); end > 0 && base[end - 1] == '/'; end--) {
        base[end - 1] = '\0';
    }
    copy.server = base;
    return copy;
}

/* Asks the server what it is. */
static enum status ask_what(struct sync *sync, struct sync_result *result, cJSON **statement, struct error *error)
{
    struct buffer url;
    buffer_init(&url, URL_SIZE);
    /* A whole statement is 100 kB of HAPI even when compressed, more than a weak link brings over before it is cut. */
    buffer_format(&url, "%s/metadata?_elements=software,fhirVersion", sync->server);
    enum status status = url.status == STATUS_OK
                             ? exchange_get_within(sync, result, buffer_text(&url), STATEMENT_LIMIT, statement, error)
                             : error_no_memory(error);
    buffer_free(&url);
    if (status == STATUS_NOT_FOUND) {
        status = error_set(error, STATUS_UNREACHABLE,
                           _("what answers at the server's address is no FHIR server: check the address with the office"));
    }
    return status;
}

/* What was learned of other software, or elsewhere, need not hold here. */
static enum status begin_anew(struct sync *sync, const char *software, struct error *error)
{
    const char *const settings[][2] = {
        {SETTING_SERVER_LIMIT, ""},   {SETTING_SERVER_GZIP, ""},
        {SETTING_SERVER_BATCH, ""},   {SETTING_SERVER_PAGE, ""},
        {SETTING_SERVER_BODY, ""},    {SETTING_SERVER_REFUSED, ""},
        {SETTING_SERVER_SOFTWARE, software}, {SETTING_SERVER_PROBED, sync->server},
    };
    enum status status = record_begin(sync->store, error);
    if (status != STATUS_OK) {
        return status;
    }
    for (size_t i = 0; i < sizeof settings / sizeof settings[0] && status == STATUS_OK; i++) {
        status = store_setting_set(sync->store, settings[i][0], settings[i][1], error);
    }
    return sync_end_page(sync->store, status, error);
}

static enum status learn(struct sync *sync, const cJSON *statement, struct error *error)
{
    struct capability capability = {0};
    struct error detail = {0};
    char software[160];
    char before[160] = "";
    char address[SERVER_SIZE] = "";
    if (capability_read(statement, &capability, &detail) != STATUS_OK) {
        return error_set(error, STATUS_FAILED, "%s", detail.sentence);
    }
    snprintf(software, sizeof software, "%s %s", capability.software, capability.software_version);
    enum status status = store_setting_get(sync->store, SETTING_SERVER_SOFTWARE, before, sizeof before, error);
    if (status == STATUS_OK) {
        status = store_setting_get(sync->store, SETTING_SERVER_PROBED, address, sizeof address, error);
    }
    if (status == STATUS_OK && (strcmp(before, software) != 0 || strcmp(address, sync->server) != 0)) {
        status = begin_anew(sync, software, error);
    }
    return status;
}

static enum status probe(struct sync *sync, struct sync_result *result, struct error *error)
{
    cJSON *statement = NULL;
    enum status status = ask_what(sync, result, &statement, error);
    status = status == STATUS_OK ? learn(sync, statement, error) : status;
    cJSON_Delete(statement);
    return status;
}

static enum status note_probed(struct sync *sync, struct error *error)
{
    char now[CURSOR_SIZE];
    instant_format_utc(now, sizeof now, clock_now(&sync->clock));
    return sync_set_cursor(sync, PROBED_SCOPE, now, error);
}

/* At an address that was not asked before, the server must say what it is. Later it is asked again now and then, because its
 * software changes; one that does not say it to this device any more is used as before. */
static enum status probe_when_due(struct sync *sync, struct sync_result *result, struct error *error)
{
    char probed[SERVER_SIZE] = "";
    struct error trouble = {0};
    cJSON *statement = NULL;
    bool due = false;
    enum status status = store_setting_get(sync->store, SETTING_SERVER_PROBED, probed, sizeof probed, error);
    if (status == STATUS_OK && strcmp(probed, sync->server) != 0) {
        status = probe(sync, result, error);
        return status == STATUS_OK ? note_probed(sync, error) : status;
    }
    if (status == STATUS_OK) {
        status = manifest_is_past(sync, PROBED_SCOPE, MANIFEST_HOURS, &due, error);
    }
    if (status != STATUS_OK || !due) {
        return status;
    }
    status = ask_what(sync, result, &statement, &trouble);
    if (status == STATUS_OK) {
        status = learn(sync, statement, error);
    } else {
        result->last.words[0] = '\0'; /* of a question that needs no answer */
        status = status == STATUS_FAILED ? STATUS_OK : error_set(error, status, "%s", trouble.sentence);
    }
    cJSON_Delete(statement);
    return status == STATUS_OK ? note_probed(sync, error) : status;
}

enum status sync_probe(struct sync *sync, struct sync_result *result, struct error *error)
{
    char base[SERVER_SIZE];
    struct sync run = with_base(sync, base);
    sync_result_init(result); /* zeros would say that the server asked not to be asked before 1970 */
    return probe(&run, result, error);
}

/* Fills the counts that the record itself knows. */
static enum status count_left(struct sync *sync, struct journal_entry *entry, struct sync_status *state, struct error *error)
{
    enum status status = query_status(sync->store, state, error);
    if (status == STATUS_OK) {
        entry->pending = state->pending;
        entry->conflicts = state->conflicts;
        entry->rejected = state->refused;
    }
    return status;
}

void sync_note_attempt(struct store *store, const struct clock *clock, enum status result, const struct error *why)
{
    struct sync_status state;
    instant now = clock_now(clock);
    struct journal_entry entry = {.start = now, .end = now, .result = result};
    enum status status = query_status(store, &state, NULL);
    if (status == STATUS_OK) {
        entry.pending = state.pending;
        entry.conflicts = state.conflicts;
        entry.rejected = state.refused;
        text_copy(entry.reason, sizeof entry.reason, why->sentence);
        status = journal_add(store, &entry, NULL);
    }
    if (status != STATUS_OK) {
        log_event("journal-not-written", (int)status, 0);
    }
}

/* What is well all the same, but should not stay so: times that nurses enter come from this device's clock. */
/* What the journal says, and what the server said of it. */
static void add_words(const struct sync_result *result, struct error *error)
{
    char sentence[sizeof error->sentence];
    (void)text_copy(sentence, sizeof sentence, error->sentence);
    (void)error_set(error, error->status, "%s: %s", sentence, result->last.words);
}

/* What the server asked for is kept; one that answered to the end, and asked for nothing, may be asked again at any time. */
static enum status keep_pause(struct sync *sync, const struct sync_result *result, enum status status, struct error *error)
{
    if (result->not_before != INSTANT_NONE || status == STATUS_OK) {
        return pause_keep(sync->store, result->not_before, error);
    }
    return STATUS_OK;
}

/* Push first: a short window of signal goes to the nurse's own work. */
static enum status exchange_all(struct sync *sync, struct sync_result *result, struct error *error)
{
    sync_report(sync, SYNC_CONNECTING, 0, 0, "");
    enum status status = probe_when_due(sync, result, error);
    if (status == STATUS_OK) {
        status = address_settle(sync, result, error);
    }
    if (status == STATUS_OK) {
        status = sync_push(sync, result, error);
    }
    if (status == STATUS_OK) {
        status = sync_pull(sync, result, error);
    }
    if (status == STATUS_OK && result->ill > 0) {
        status = sync_push_well(sync, result, error);
    }
    if (status == STATUS_OK && result->complaint.status != STATUS_OK) {
        status = error_set(error, result->complaint.status, "%s", result->complaint.sentence);
    }
    return status;
}

/* All is done, and yet what she records may bear the wrong time: told beside that, everywhere. */
static void note_clocks(struct sync_result *result)
{
    instant apart = result->server_clock == INSTANT_NONE ? 0 : result->entry.end - result->server_clock;
    apart = apart < 0 ? -apart : apart;
    long long hours = (long long)((apart + INSTANT_HOUR / 2) / INSTANT_HOUR);
    if (apart >= INSTANT_HOUR) {
        text_format(result->entry.reason, sizeof result->entry.reason,
                    ngettext("done, but this device's clock and the server's are %lld hour apart: check this device's date and time",
                             "done, but this device's clock and the server's are %lld hours apart: check this device's date and time",
                             (unsigned long)hours),
                    hours);
    }
}

/* What needs the nurse after a run that came to its end: OK when nothing does, else ATTENTION and the gravest of it. */
static enum status tell_what_is_left(const struct sync_result *result, const struct sync_status *state, struct error *error)
{
    if (state->forgotten > 0) {
        return error_set(error, STATUS_ATTENTION,
                         _("done, but the server no longer has %d records that it had taken from you; it may have been restored "
                           "from a backup: send them again from the outbox, or let them go"),
                         state->forgotten);
    }
    if (state->pending > 0 || state->refused > 0 || state->conflicts > 0 || state->quarantined > 0) {
        return error_set(error, STATUS_ATTENTION,
                         _("done, but something needs you: %d to send, %d refused, %d conflicts, %d set aside unread"),
                         state->pending, state->refused, state->conflicts, state->quarantined);
    }
    if (result->emptied > 0) {
        return error_set(error, STATUS_ATTENTION,
                         _("done, but your caseload is empty at the server, and %d charts are still here: sync again to let them "
                           "go, or ask the office"),
                         result->emptied);
    }
    if (result->untold) {
        return error_set(error, STATUS_ATTENTION,
                         _("done, but the server does not show this device who belongs to your caseload: no chart was refreshed, and "
                           "none leaves; ask the office"));
    }
    if (result->absent > 0) {
        return error_set(error, STATUS_ATTENTION,
                         _("done, but the server did not deliver %d of your patients: ask the office why"), result->absent);
    }
    if (result->hidden > 0) {
        return error_set(error, STATUS_ATTENTION,
                         _("done, but the server counts %d records more than it shows to this device: ask the office what is missing"),
                         result->hidden);
    }
    if (result->unlinked > 0) {
        return error_set(error, STATUS_ATTENTION,
                         _("done, but the server no longer has the appointment of %d of your visits: they were sent without it; "
                           "tell the office"),
                         result->unlinked);
    }
    if (result->older) {
        return error_set(error, STATUS_ATTENTION,
                         _("done, but the server has gone back to an older state, and this device follows it; tell the office"));
    }
    return result->moved ? error_set(error, STATUS_ATTENTION,
                                     _("done; the address leads to another server now: the former one's charts have left this device"))
                         : STATUS_OK;
}

enum status sync_run(struct sync *sync, struct sync_result *result, struct error *error)
{
    struct error local = {0};
    struct error trouble = {0};
    struct sync_status state = {0};
    char base[SERVER_SIZE];
    struct sync run = with_base(sync, base);
    sync_result_init(result);
    struct journal_entry *entry = &result->entry;
    entry->start = clock_now(&sync->clock);
    enum status status = exchange_all(&run, result, &local);
    exchange_ahead(&run, result, NULL, 0);
    entry->end = clock_now(&sync->clock);
    enum status counted = keep_pause(sync, result, status, &trouble);
    counted = counted == STATUS_OK ? count_left(sync, entry, &state, &trouble) : counted;
    if (status == STATUS_OK && counted != STATUS_OK) {
        status = counted;
        local = trouble;
    }
    status = status == STATUS_OK ? tell_what_is_left(result, &state, &local) : status;
    entry->result = status;
    text_copy(entry->reason, sizeof entry->reason, status == STATUS_OK ? "" : local.sentence);
    if (status == STATUS_OK) {
        note_clocks(result);
    }
    /* A run that cannot even write its journal line says so, unless it has something worse to say. */
    enum status noted = journal_add(sync->store, entry, &trouble);
    if (noted != STATUS_OK && status == STATUS_OK) {
        status = noted;
        local = trouble;
    }
    sync_report(sync, SYNC_DONE, 0, 0, "");
    if (status == STATUS_FAILED && result->last.words[0] != '\0') {
        add_words(result, &local);
    }
    if (error != NULL && status != STATUS_OK) {
        *error = local;
    }
    return status;
}
