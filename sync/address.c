/*
 * One server under two addresses, or two servers. See address.h.
 *
 * A server that moved (https, another port, a proxy) must not cost the nurse
 * her unsent work, and another server must never get it: an id of the one is
 * somebody else's at the other. So the ids are looked up. Each kind that the
 * record has some of (patients, visits made here) must be found, the same ones,
 * and none of them may be another; a few may be missing, deleted meanwhile.
 */
#include "sync/address.h"

#include "base/memory.h"
#include "base/text.h"
#include "fhir/bundle.h"
#include "fhir/lookup.h"
#include "store/record.h"
#include "sync/caseload.h"
#include "sync/charts.h"
#include "sync/exchange.h"
#include "sync/pages.h"

#include <string.h>

#define ASKED_AT_MOST 50
#define NURSE_SCOPE_SIZE 600 /* "nurse/" and an address */

const char *address_tied_words(void)
{
    return _("This visit's patient is not known to the new server: it is kept here, and goes out when the former address is set "
             "again; tell the office.");
}

/* What is asked for, and what was found of it. */
struct evidence {
    struct sync *sync;
    const char *type;
    char ids[ASKED_AT_MOST][ID_SIZE];
    char uuids[ASKED_AT_MOST][UUID_SIZE]; /* of visits */
    int asked, same, other;
};

static void ask_patient(void *context, const char *patient, enum held_chart chart)
{
    struct evidence *evidence = context;
    char scope[SCOPE_SIZE];
    char value[CURSOR_SIZE];
    (void)chart;
    charts_scope(scope, patient);
    if (evidence->asked < ASKED_AT_MOST && cursor_get(evidence->sync->store, scope, value, sizeof value, NULL) == STATUS_OK &&
        charts_delivered(value)) {
        text_copy(evidence->ids[evidence->asked++], ID_SIZE, patient);
    }
}

static void ask_visit(void *context, const char *uuid, const char *id)
{
    struct evidence *evidence = context;
    text_copy(evidence->uuids[evidence->asked], UUID_SIZE, uuid);
    text_copy(evidence->ids[evidence->asked++], ID_SIZE, id);
}

static enum status gather(struct evidence *evidence, struct error *error)
{
    struct store *store = evidence->sync->store;
    return strcmp(evidence->type, "Patient") == 0
               ? outbox_each_patient(store, ask_patient, evidence, error)
               : outbox_each_identity(store, evidence->type, ASKED_AT_MOST, ask_visit, evidence, error);
}

enum status address_same_person(struct store *store, const cJSON *theirs, const char *id, bool *same, struct error *error)
{
    char *body = NULL;
    cJSON *ours = NULL;
    enum status status = query_body(store, "Patient", id, &body, error);
    *same = false;
    if (status == STATUS_OK) {
        status = json_parse(body, strlen(body), &ours, error);
    }
    if (status == STATUS_OK) {
        *same = patients_may_be_same(ours, theirs);
    }
    cJSON_Delete(ours);
    memory_free(body);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status weigh_entry(void *context, size_t index, const struct bundle_entry *entry, struct error *error)
{
    struct evidence *evidence = context;
    struct resource_head head;
    char uuid[UUID_SIZE];
    bool same = false;
    enum status status = STATUS_OK;
    (void)index;
    if (entry->resource == NULL || resource_head_read(entry->resource, &head, NULL) != STATUS_OK ||
        strcmp(head.type, evidence->type) != 0) {
        return STATUS_OK;
    }
    for (int i = 0; i < evidence->asked && status == STATUS_OK; i++) {
        if (strcmp(evidence->ids[i], head.id) != 0) {
            continue;
        }
        if (strcmp(head.type, "Patient") == 0) {
            status = address_same_person(evidence->sync->store, entry->resource, head.id, &same, error);
        } else {
            same = resource_own_uuid(entry->resource, uuid) && strcmp(uuid, evidence->uuids[i]) == 0;
        }
        evidence->same += same ? 1 : 0;
        evidence->other += same ? 0 : 1;
    }
    return status;
}

static enum status weigh_page(void *context, const cJSON *bundle, struct error *error)
{
    return bundle_each(bundle, weigh_entry, context, error);
}

/* Asks for those that were gathered. A server that does not show them is not known to be the same. */
static enum status weigh(struct evidence *evidence, struct sync_result *result, struct error *error)
{
    struct buffer url;
    if (evidence->asked == 0) {
        return STATUS_OK;
    }
    buffer_init(&url, URL_SIZE);
    buffer_format(&url, "%s/%s?_count=%d&_id=", evidence->sync->server, evidence->type, ASKED_AT_MOST);
    for (int i = 0; i < evidence->asked; i++) {
        buffer_append_text(&url, i > 0 ? "," : "");
        url_append_escaped(&url, evidence->ids[i]);
    }
    enum status status = url.status == STATUS_OK
                             ? search_each_page(evidence->sync, result, buffer_text(&url), weigh_page, evidence, error)
                             : error_no_memory(error);
    buffer_free(&url);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum verdict { SAME_SERVER, OTHER_SERVER };

static enum status compare(struct sync *sync, struct sync_result *result, enum verdict *verdict, struct error *error)
{
    static const char *const types[] = {"Patient", "Encounter"};
    enum status status = STATUS_OK;
    *verdict = SAME_SERVER;
    for (size_t i = 0; i < sizeof types / sizeof types[0] && status == STATUS_OK && *verdict == SAME_SERVER; i++) {
        struct evidence *evidence = memory_allocate(sizeof *evidence);
        if (evidence == NULL) {
            return error_no_memory(error);
        }
        evidence->sync = sync;
        evidence->type = types[i];
        status = gather(evidence, error);
        if (status == STATUS_OK) {
            status = weigh(evidence, result, error);
        }
        int missing = evidence->asked - evidence->same - evidence->other;
        if (evidence->asked > 0 && (evidence->same == 0 || evidence->other > 0 || missing > evidence->same)) {
            *verdict = OTHER_SERVER;
        }
        memory_free(evidence);
    }
    return status;
}

/* The name in a Practitioner; "" when it has none that can be read. */
static enum status read_name(const cJSON *practitioner, char name[LABEL_SIZE], struct error *error)
{
    struct lookup lookup;
    name[0] = '\0';
    enum status status = lookup_read(practitioner, NULL, &lookup, NULL);
    if (status == STATUS_OK) {
        text_copy(name, LABEL_SIZE, lookup.kind == LOOKUP_PERSON ? lookup.value.person.name : "");
        lookup_free(&lookup);
    }
    return status == STATUS_NO_MEMORY ? error_no_memory(error) : STATUS_OK;
}

/* The nurse's name: as the former server had it, else as enrolment was told. */
static enum status own_name(struct sync *sync, const char *id, char name[LABEL_SIZE], struct error *error)
{
    char *body = NULL;
    cJSON *ours = NULL;
    name[0] = '\0';
    enum status status = query_body(sync->store, "Practitioner", id, &body, error);
    if (status == STATUS_OK) {
        status = json_parse(body, strlen(body), &ours, error);
    }
    if (status == STATUS_OK) {
        status = read_name(ours, name, error);
    }
    cJSON_Delete(ours);
    memory_free(body);
    status = status == STATUS_NOT_FOUND ? STATUS_OK : status;
    return status == STATUS_OK && name[0] == '\0'
               ? store_setting_get(sync->store, SETTING_PRACTITIONER_NAME, name, LABEL_SIZE, error)
               : status;
}

/* Whether the nurse's Practitioner was made here and is not at any server yet. */
static enum status is_unsent(struct sync *sync, const char *id, bool *unsent, struct error *error)
{
    struct outbox_rows rows;
    enum status status = query_outbox(sync->store, &rows, error);
    *unsent = false;
    for (size_t i = 0; status == STATUS_OK && i < rows.count; i++) {
        *unsent = *unsent || (strcmp(rows.items[i].type, "Practitioner") == 0 && strcmp(rows.items[i].id, id) == 0);
    }
    if (status == STATUS_OK) {
        outbox_rows_free(&rows);
    }
    return status;
}

/* The nurse keeps her id at another server only when it is hers there too. */
static enum status check_nurse(struct sync *sync, struct sync_result *result, bool *unknown, struct error *error)
{
    char id[ID_SIZE] = "";
    char ours[LABEL_SIZE] = "";
    char theirs[LABEL_SIZE] = "";
    bool unsent = false;
    cJSON *practitioner = NULL;
    struct buffer url;
    enum status status = store_setting_get(sync->store, SETTING_PRACTITIONER, id, sizeof id, error);
    if (status == STATUS_OK) {
        status = is_unsent(sync, id, &unsent, error);
    }
    if (status != STATUS_OK || unsent || id[0] == '\0') {
        return status;
    }
    buffer_init(&url, URL_SIZE);
    buffer_format(&url, "%s/Practitioner/%s", sync->server, id);
    status = url.status == STATUS_OK ? exchange_get(sync, result, buffer_text(&url), &practitioner, error)
                                     : error_no_memory(error);
    buffer_free(&url);
    if (status == STATUS_OK) {
        status = read_name(practitioner, theirs, error);
    } else if (status == STATUS_NOT_FOUND || status == STATUS_FAILED) {
        result->last.words[0] = '\0';
        status = STATUS_OK;
    }
    if (status == STATUS_OK) {
        status = own_name(sync, id, ours, error);
    }
    cJSON_Delete(practitioner);
    *unknown = theirs[0] == '\0' || strcmp(ours, theirs) != 0;
    return status;
}

/* The charts' cursors after the move: who is still here waits for unsent work, or was never the former server's. */
static enum status move_cursors(struct sync *sync, const struct caseload *before, enum verdict verdict, struct error *error)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < before->count && status == STATUS_OK; i++) {
        char scope[SCOPE_SIZE];
        char value[CURSOR_SIZE];
        char *body = NULL;
        charts_scope(scope, before->ids[i]);
        status = cursor_get(sync->store, scope, value, sizeof value, error);
        if (status != STATUS_OK || value[0] == '\0') {
            continue;
        }
        const char *after = CURSOR_BEGUN; /* another name may be another copy: its charts are read from the beginning */
        if (verdict == OTHER_SERVER) {
            status = query_body(sync->store, "Patient", before->ids[i], &body, error);
            after = status == STATUS_OK ? CURSOR_FORMER : "";
            status = status == STATUS_NOT_FOUND ? STATUS_OK : status;
            memory_free(body);
        } else if (!charts_delivered(value)) {
            continue;
        }
        if (status == STATUS_OK) {
            status = record_set_cursor(sync->store, scope, after, error);
        }
    }
    return status;
}

static void note_patient(void *context, const char *patient, enum held_chart chart)
{
    (void)chart;
    caseload_add(context, patient);
}

/* A new server without this nurse gets her as enrolment without one would have made her. */
static enum status make_nurse(struct sync *sync, struct error *error)
{
    char name[LABEL_SIZE] = "";
    char id[ID_SIZE];
    enum status status = store_setting_get(sync->store, SETTING_PRACTITIONER_NAME, name, sizeof name, error);
    return status == STATUS_OK ? record_make_practitioner(sync->store, name, id, error) : status;
}

static void nurse_scope(char scope[NURSE_SCOPE_SIZE], const char *server)
{
    text_format(scope, NURSE_SCOPE_SIZE, "nurse/%s", server);
}

/* Who she is at the server that is left, for when she comes back to it. */
static enum status remember_nurse(struct sync *sync, const char *former, struct error *error)
{
    char scope[NURSE_SCOPE_SIZE];
    char id[ID_SIZE] = "";
    bool unsent = false;
    enum status status = store_setting_get(sync->store, SETTING_PRACTITIONER, id, sizeof id, error);
    if (status == STATUS_OK) {
        status = is_unsent(sync, id, &unsent, error);
    }
    if (status != STATUS_OK || unsent || id[0] == '\0') {
        return status;
    }
    nurse_scope(scope, former);
    return record_set_cursor(sync->store, scope, id, error);
}

/* A server she was at before has her already: she is not made there twice. */
static enum status settle_nurse(struct sync *sync, bool unknown, struct error *error)
{
    char scope[NURSE_SCOPE_SIZE];
    char id[ID_SIZE] = "";
    nurse_scope(scope, sync->server);
    enum status status = cursor_get(sync->store, scope, id, sizeof id, error);
    if (status == STATUS_OK && id[0] != '\0') {
        return store_setting_set(sync->store, SETTING_PRACTITIONER, id, error);
    }
    return status == STATUS_OK && unknown ? make_nurse(sync, error) : status;
}

static enum status move(struct sync *sync, const char *former, enum verdict verdict, bool nurse_unknown, struct error *error)
{
    struct caseload before = {0};
    enum status status = record_begin(sync->store, error);
    if (status != STATUS_OK) {
        return status;
    }
    status = outbox_each_patient(sync->store, note_patient, &before, error);
    if (status == STATUS_OK && before.status != STATUS_OK) {
        status = error_no_memory(error);
    }
    if (status == STATUS_OK && verdict == OTHER_SERVER) {
        status = remember_nurse(sync, former, error);
    }
    if (status == STATUS_OK && verdict == OTHER_SERVER) {
        status = record_leave_server(sync->store, former, address_tied_words(), error);
    }
    if (status == STATUS_OK && verdict == OTHER_SERVER) {
        status = settle_nurse(sync, nurse_unknown, error);
    }
    if (status == STATUS_OK) {
        status = move_cursors(sync, &before, verdict, error);
    }
    if (status == STATUS_OK) {
        status = record_arrive_at_server(sync->store, sync->server, verdict == SAME_SERVER && former[0] != '\0' ? former : NULL,
                                         error);
    }
    caseload_free(&before);
    return sync_end_page(sync->store, status, error);
}

enum status address_settle(struct sync *sync, struct sync_result *result, struct error *error)
{
    char former[512];
    enum verdict verdict = SAME_SERVER;
    bool nurse_unknown = false;
    enum status status = cursor_get(sync->store, CURSOR_SERVER, former, sizeof former, error);
    if (status != STATUS_OK || strcmp(former, sync->server) == 0) {
        return status;
    }
    if (former[0] != '\0') {
        status = compare(sync, result, &verdict, error);
    }
    if (status == STATUS_OK && verdict == OTHER_SERVER) {
        status = check_nurse(sync, result, &nurse_unknown, error);
    }
    if (status == STATUS_OK) {
        status = move(sync, former, verdict, nurse_unknown, error);
    }
    result->moved = status == STATUS_OK && verdict == OTHER_SERVER;
    return status;
}
