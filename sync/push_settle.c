/*
 * What the server said of each row that was sent. See push.h.
 *
 * Every entry is checked, whatever the HTTP status. An entry is paired with
 * the row whose identifier its resource carries; by position only when it
 * carries none, and the counts and the types agree. Otherwise the row is looked
 * up at the server by its own identifier.
 */
#include "sync/push.h"

#include "base/memory.h"
#include "base/text.h"
#include "fhir/bundle.h"
#include "sync/exchange.h"

#include <string.h>

/* What a look-up of our own identifier found. */
struct own {
    const struct outbox_row *row;
    char id[ID_SIZE];   /* "" when the server does not have it */
    char version[ID_SIZE];
    cJSON *resource;    /* owned */
};

static enum status find_own(void *context, size_t index, const struct bundle_entry *entry, struct error *error)
{
    struct own *own = context;
    struct resource_head head;
    char uuid[UUID_SIZE];
    (void)index;
    /* A server that passes over the condition answers with anything of this type. */
    if (own->id[0] == '\0' && entry->resource != NULL && resource_head_read(entry->resource, &head, NULL) == STATUS_OK &&
        strcmp(head.type, own->row->type) == 0 && resource_own_uuid(entry->resource, uuid) &&
        strcmp(uuid, own->row->uuid) == 0) {
        text_copy(own->id, sizeof own->id, head.id);
        text_copy(own->version, sizeof own->version, head.version);
        own->resource = cJSON_Duplicate(entry->resource, true);
        return own->resource == NULL ? error_no_memory(error) : STATUS_OK;
    }
    return STATUS_OK;
}

/* Asks the server whether it has what we made, by our own identifier. Also after a failure own->resource is to be freed. */
static enum status look_up(struct push *push, const struct outbox_row *row, struct own *own, struct error *error)
{
    struct buffer url;
    cJSON *bundle = NULL;
    size_t name = strcspn(row->if_none_exist, "=");
    *own = (struct own){.row = row};
    if (row->if_none_exist[name] == '\0') {
        return STATUS_OK; /* an update: going again tells */
    }
    buffer_init(&url, URL_SIZE);
    buffer_format(&url, "%s/%s?%.*s=", push->sync->server, row->type, (int)name, row->if_none_exist);
    url_append_escaped(&url, row->if_none_exist + name + 1);
    enum status status = url.status == STATUS_OK ? exchange_get(push->sync, push->result, buffer_text(&url), &bundle, error)
                                                 : error_no_memory(error);
    if (status == STATUS_OK) {
        status = bundle_each(bundle, find_own, own, error);
    } else if (status == STATUS_NOT_FOUND || status == STATUS_FAILED) {
        status = STATUS_OK; /* a server that does not let us look does not keep us from sending */
    }
    cJSON_Delete(bundle);
    buffer_free(&url);
    return status;
}

/* What the record says to an acceptance. */
static enum status accepted(struct push *push, enum status status, const struct error *refusal, struct error *error)
{
    if (status == STATUS_CONFLICT) {
        push->result->entry.rejected++; /* the record would not take it: it names another of its rows */
        return STATUS_OK;
    }
    return status == STATUS_OK ? STATUS_OK : error_set(error, status, "%s", refusal->sentence);
}

/* The server names a record that is another one here. When it really has ours under that id, it forgot the other. */
static enum status make_way(struct push *push, const struct outbox_row *row, const char *id, struct error *error)
{
    char uuid[UUID_SIZE];
    cJSON *resource = NULL;
    enum status status = exchange_read(push->sync, push->result, row->type, id, &resource, error);
    if (status == STATUS_OK && resource_own_uuid(resource, uuid) && strcmp(uuid, row->uuid) == 0) {
        status = record_put_back(push->sync->store, resource, error);
    }
    cJSON_Delete(resource);
    return status == STATUS_FAILED || status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status accept(struct push *push, const struct outbox_row *row, const char *id, const char *version,
                          struct error *error)
{
    struct error refusal = {0};
    enum status status = record_accept(push->sync->store, row->number, id, version, &refusal);
    if (status == STATUS_CONFLICT) {
        status = make_way(push, row, id, &refusal);
        status = status == STATUS_OK ? record_accept(push->sync->store, row->number, id, version, &refusal) : status;
    }
    push->result->entry.pushed += status == STATUS_OK ? 1 : 0;
    caseload_add(&push->fresh, row->uuid);
    return accepted(push, status, &refusal, error);
}

/* What became of a row that met something at the server: said already before an answer was lost (the row is gone), merged
 * with theirs or going on from there (it waits, and goes again in this run), or for the nurse to decide. */
static enum status note_meeting(struct push *push, const struct outbox_row *row, struct error *error)
{
    enum outbox_state state = OUTBOX_CONFLICT;
    enum status status = outbox_state(push->sync->store, row->number, &state, error);
    if (status == STATUS_NOT_FOUND) {
        push->result->entry.pushed++;
        return STATUS_OK;
    }
    if (status == STATUS_OK && state == OUTBOX_WAITING) {
        push->merged[push->merged_count++] = row->number;
    } else if (status == STATUS_OK) {
        push->result->entry.conflicts++;
    }
    return status;
}

static enum status refuse(struct push *push, const struct outbox_row *row, int http_status, const char *words,
                          struct error *error)
{
    enum status status = record_refuse(push->sync->store, row->number, http_status, words, error);
    push->result->entry.rejected += status == STATUS_OK ? 1 : 0;
    return status;
}

/* It goes again with the next sync; what keeps being refused is refused. */
static enum status try_again(struct push *push, const struct outbox_row *row, int http_status, const char *words,
                             struct error *error)
{
    return row->attempts >= POISON_ATTEMPTS ? refuse(push, row, http_status, words, error)
                                            : outbox_mark_unknown(push->sync->store, &row->number, 1, words, error);
}

/* Whether the server answered, but not with what was asked for. */
static bool is_hidden(const struct push *push, enum status status)
{
    const struct last_exchange *last = &push->result->last;
    return status == STATUS_NOT_FOUND || (status == STATUS_FAILED && last->code != 401) ||
           (status == STATUS_UNREACHABLE && (last->end == LAST_TOO_LARGE || push_unsupported(status, last->code)));
}

/* What is there is read: it was changed here since, and others may have changed that too; or a reference in it dangles.
 * *shown is false, and nothing done, when the server does not let it be read. */
static enum status meet_found(struct push *push, const struct outbox_row *row, const char *id, bool *shown, struct error *error)
{
    struct resource_head head = {.id = ""};
    char uuid[UUID_SIZE];
    cJSON *theirs = NULL;
    char *body = NULL;
    enum status status = exchange_read(push->sync, push->result, row->type, id, &theirs, error);
    *shown = status == STATUS_OK && resource_head_read(theirs, &head, NULL) == STATUS_OK && resource_own_uuid(theirs, uuid) &&
             strcmp(uuid, row->uuid) == 0;
    if (*shown) {
        body = json_print(theirs);
        status = body == NULL ? error_no_memory(error)
                              : record_found(push->sync->store, row->number, head.id, head.version, body, error);
    } else if (is_hidden(push, status)) {
        push->result->last.words[0] = '\0';
        status = STATUS_OK;
    }
    memory_free(body);
    cJSON_Delete(theirs);
    return status;
}

static const char not_shown[] = N_("The server has it, but does not show it; it is sent again.");

enum status push_found(struct push *push, const struct outbox_row *row, const struct found *found, struct error *error)
{
    struct store *store = push->sync->store;
    struct error refusal = {0};
    bool dangling = false;
    bool shown = false;
    enum status status = record_has_dangling(store, row->number, found->theirs, found->told, &dangling, &refusal);
    bool read = dangling;
    if (status == STATUS_OK && !read) {
        status = record_found(store, row->number, found->id, found->version, NULL, &refusal);
        read = status == STATUS_INVALID;
        status = read ? STATUS_OK : status;
    }
    if (status == STATUS_OK && read) {
        status = meet_found(push, row, found->id, &shown, &refusal);
    }
    if (status == STATUS_OK && dangling && !shown && strcmp(row->reason, _(not_shown)) != 0) {
        return try_again(push, row, 0, _(not_shown), error); /* it is looked at once more before that is let be */
    }
    if (status == STATUS_OK && read && !shown) {
        status = record_found(store, row->number, found->id, found->version, NULL, &refusal);
    }
    if (status == STATUS_INVALID) {
        return try_again(push, row, 0, _(not_shown), error);
    }
    return status == STATUS_OK ? note_meeting(push, row, error) : accepted(push, status, &refusal, error);
}

static enum status found_own(struct push *push, const struct own *own, struct error *error)
{
    const struct found found = {.id = own->id, .version = own->version, .theirs = own->resource, .told = true};
    return push_found(push, own->row, &found, error);
}

/* Somebody created with our identifier, at this moment or twice: what is there is ours. */
static enum status creation_met(struct push *push, const struct outbox_row *row, int http_status, const char *words,
                                struct error *error)
{
    struct own own;
    enum status status = look_up(push, row, &own, error);
    if (status == STATUS_OK) {
        status = own.id[0] != '\0' ? found_own(push, &own, error) : try_again(push, row, http_status, words, error);
    }
    cJSON_Delete(own.resource);
    return status;
}

/* What an update is of, as it is there now. */
struct target {
    bool gone;
    bool same;  /* the version that the update began with */
    bool shown; /* false: the server does not let it be read */
    char *body; /* owned; NULL unless shown */
};

static enum status read_target(struct push *push, const struct outbox_row *row, struct target *target, struct error *error)
{
    struct resource_head head = {.id = ""};
    cJSON *theirs = NULL;
    *target = (struct target){.gone = false};
    enum status status = exchange_read(push->sync, push->result, row->type, row->id, &theirs, error);
    target->gone = status == STATUS_NOT_FOUND;
    if (is_hidden(push, status)) {
        push->result->last.words[0] = '\0';
        status = STATUS_OK;
    }
    if (target->gone && push->result->last.code == 404) { /* what it delivered and never heard of now, it forgot; and other things too */
        status = record_set_cursor(push->sync->store, CURSOR_PUT_BACK, PUT_BACK, error);
    }
    if (status == STATUS_OK && theirs != NULL && resource_head_read(theirs, &head, NULL) == STATUS_OK) {
        target->body = json_print(theirs);
        target->shown = true;
        target->same = strcmp(head.version, row->base_version) == 0;
        status = target->body == NULL ? error_no_memory(error) : STATUS_OK;
    }
    cJSON_Delete(theirs);
    return status;
}

/* Theirs is merged with or shown beside ours; when the server does not show it the conflict still stands. What it does not
 * have any more is never made again by itself. */
static enum status meet_target(struct push *push, const struct outbox_row *row, const struct target *target, struct error *error)
{
    enum status status = target->gone ? record_gone(push->sync->store, row->number, error)
                                      : record_conflict(push->sync->store, row->number, target->body, error);
    return status == STATUS_OK ? note_meeting(push, row, error) : status;
}

static enum status update_met(struct push *push, const struct outbox_row *row, int http_status, const char *words,
                              struct error *error)
{
    struct target target;
    enum status status = read_target(push, row, &target, error);
    if (status == STATUS_OK) { /* HAPI says 409 of other writes at the same moment too */
        status = target.same ? try_again(push, row, http_status, words, error) : meet_target(push, row, &target, error);
    }
    memory_free(target.body);
    return status;
}

enum status push_meet(struct push *push, const struct outbox_row *row, bool *goes, struct error *error)
{
    struct target target;
    enum status status = read_target(push, row, &target, error);
    *goes = target.same || (!target.gone && !target.shown);
    if (status == STATUS_OK && !*goes) {
        status = meet_target(push, row, &target, error);
    }
    memory_free(target.body);
    return status;
}

enum status push_refuse(struct push *push, const struct outbox_row *row, int http_status, const cJSON *outcome,
                        struct error *error)
{
    char words[400] = "";
    outcome_words(outcome, words, sizeof words);
    if (words[0] == '\0') {
        text_format(words, sizeof words, _("the server did not say why (%d)"), http_status);
    }
    if (http_status == 409 || http_status == 412) {
        return row->is_update ? update_met(push, row, http_status, words, error)
                              : creation_met(push, row, http_status, words, error);
    }
    if (row->is_update && (http_status == 404 || http_status == 410)) {
        return update_met(push, row, http_status, words, error);
    }
    const struct push_batch alone = {.rows = &row, .count = 1};
    bool changed = false;
    enum status status = push_unlink(push, &alone, &changed, error);
    if (status == STATUS_OK && changed) {
        return outbox_mark_unknown(push->sync->store, &row->number, 1, words, error);
    }
    return status == STATUS_OK ? refuse(push, row, http_status, words, error) : status;
}

/* How far it is with a row. */
struct standing {
    bool settled;
    bool together; /* in one transaction with others */
    bool spoken;   /* of it by an entry */
    struct own *own; /* owned: of one that is not spoken of, what was found; NULL before */
};

struct settling {
    struct push *push;
    const struct push_batch *batch;
    bool paired;               /* counts agree, and nothing shown is out of order: entry i speaks of row i */
    struct standing *rows;     /* owned: as in the batch */
    bool any_failed;           /* something that was to be created is not there */
    bool successes;            /* the second walk over the entries: what succeeded may name what did not */
    bool interrupted;          /* an entry said "later" */
};

/* The row an entry speaks of; NULL when nobody can tell. */
static const struct outbox_row *row_of(const struct settling *settling, size_t index, const struct bundle_entry *entry,
                                       size_t *place)
{
    const struct push_batch *batch = settling->batch;
    char uuid[UUID_SIZE];
    bool carries = entry->resource != NULL && resource_own_uuid(entry->resource, uuid);
    for (*place = 0; carries && *place < batch->count; (*place)++) {
        if (!batch->rows[*place]->is_update && strcmp(batch->rows[*place]->uuid, uuid) == 0) {
            return batch->rows[*place];
        }
    }
    *place = index;
    return settling->paired && index < batch->count && (!carries || batch->rows[index]->is_update) ? batch->rows[index] : NULL;
}

/* What is shown out of order tells that the place of an entry says nothing. */
static enum status check_order(void *context, size_t index, const struct bundle_entry *entry, struct error *error)
{
    struct settling *settling = context;
    size_t place = 0;
    (void)error;
    if (row_of(settling, index, entry, &place) != NULL && place != index) {
        settling->paired = false;
    }
    return STATUS_OK;
}

/* `now`: created or changed by this; else it was there before. What was stored beside something that failed may name that by
 * the id that it would have had. */
static enum status take_success(struct settling *settling, const struct outbox_row *row, const struct found *found, bool now,
                                struct error *error)
{
    struct push *push = settling->push;
    bool dangling = false;
    enum status status = now && found->told
                             ? record_has_dangling(push->sync->store, row->number, found->theirs, true, &dangling, error)
                             : STATUS_OK;
    if (status != STATUS_OK) {
        return status;
    }
    return now && !dangling ? accept(push, row, found->id, found->version, error) : push_found(push, row, found, error);
}

/* An entry of success is a receipt when it names a type and an id that fit. Its texts are in the entry, the row and `head`. */
static bool is_receipt(const struct outbox_row *row, const struct bundle_entry *entry, struct resource_head *head,
                       struct found *found)
{
    const char *type = entry->location_type;
    *head = (struct resource_head){.id = ""};
    *found = (struct found){.id = entry->location_id,
                            .version = entry->location_version[0] != '\0' ? entry->location_version : entry->etag};
    if (entry->resource != NULL && resource_head_read(entry->resource, head, NULL) == STATUS_OK && head->id[0] != '\0' &&
        strcmp(head->type, "OperationOutcome") != 0) {
        found->theirs = entry->resource;
        type = head->type;
        found->id = head->id;
        found->version = head->version[0] != '\0' ? head->version : found->version;
    } else if (row->is_update && found->id[0] == '\0') {
        type = row->type;
        found->id = row->id;
    }
    return strcmp(type, row->type) == 0 && found->id[0] != '\0' && (!row->is_update || strcmp(found->id, row->id) == 0);
}

static enum status accept_together(void *context, size_t index, const struct bundle_entry *entry, struct error *error)
{
    struct settling *settling = context;
    struct resource_head head;
    struct found found;
    size_t place = 0;
    const struct outbox_row *row = row_of(settling, index, entry, &place);
    bool plain = row != NULL && !settling->rows[place].settled && !settling->rows[place].together && entry->status >= 200 &&
                 entry->status < 300 && (entry->status == 201) != row->is_update && is_receipt(row, entry, &head, &found);
    if (!plain) {
        return STATUS_OK;
    }
    settling->rows[place].together = true;
    return record_accept(settling->push->sync->store, row->number, found.id, found.version, error);
}

/* What was simply created or changed, in one transaction: the parts of a visit wait for the disk once, not each by itself.
 * When one of them is not so simple, none is settled by this. */
static void settle_together(struct settling *settling, const cJSON *answer)
{
    struct push *push = settling->push;
    struct error refusal = {0};
    if (settling->any_failed || record_begin(push->sync->store, &refusal) != STATUS_OK) {
        return;
    }
    enum status status = bundle_each(answer, accept_together, settling, &refusal);
    if (sync_end_page(push->sync->store, status, &refusal) != STATUS_OK) {
        return;
    }
    for (size_t i = 0; i < settling->batch->count; i++) {
        if (settling->rows[i].together) {
            settling->rows[i].settled = true;
            push->result->entry.pushed++;
            caseload_add(&push->fresh, settling->batch->rows[i]->uuid);
        }
    }
}

static enum status settle_success(struct settling *settling, const struct outbox_row *row, size_t place,
                                  const struct bundle_entry *entry, struct error *error)
{
    struct resource_head head;
    struct found found;
    if (!is_receipt(row, entry, &head, &found)) {
        return STATUS_OK; /* the row is looked up */
    }
    if (row->is_update && entry->status == 201) { /* it was deleted a moment ago: the nurse hears of that */
        enum status status = meet_target(settling->push, row, &(struct target){.gone = true}, error);
        settling->rows[place].settled = status == STATUS_OK;
        return status;
    }
    /* A condition that was met is answered with 200. */
    bool now = row->is_update || entry->status == 201;
    found.told = settling->any_failed;
    enum status status = take_success(settling, row, &found, now, error);
    settling->rows[place].settled = status == STATUS_OK;
    return status;
}

/* Not now, or a fault of the server's with this one. */
static enum status settle_later(struct settling *settling, const struct outbox_row *row, const struct bundle_entry *entry,
                                struct error *error)
{
    struct push *push = settling->push;
    struct error concern = {0};
    char words[256] = "";
    (void)error_set(&concern, STATUS_UNREACHABLE, _("the server has a fault of its own (%ld); it is asked again later"),
                    (long)entry->status);
    outcome_words(entry->outcome, words, sizeof words);
    if (entry->status == 401 || entry->status == 429 || entry->status == 503) {
        settling->interrupted = true;
        push->stuck = true;
    } else {
        push_note_ill(push, row, true, entry->status, words[0] != '\0', &concern);
    }
    return outbox_mark_unknown(push->sync->store, &row->number, 1, words[0] != '\0' ? words : concern.sentence, error);
}

static enum status settle_entry(void *context, size_t index, const struct bundle_entry *entry, struct error *error)
{
    struct settling *settling = context;
    size_t place = 0;
    const struct outbox_row *row = row_of(settling, index, entry, &place);
    if (row == NULL || settling->rows[place].settled || entry->status < 200 || (entry->status >= 300 && entry->status < 400)) {
        return STATUS_OK; /* says nothing of a row: it is looked up */
    }
    if ((entry->status < 300) != settling->successes) {
        return STATUS_OK;
    }
    if (entry->status < 300) {
        return settle_success(settling, row, place, entry, error);
    }
    settling->rows[place].settled = true;
    settling->any_failed = settling->any_failed || !row->is_update;
    if (entry->status == 401 || entry->status == 408 || entry->status == 429 || entry->status >= 500) {
        return settle_later(settling, row, entry, error);
    }
    return push_refuse(settling->push, row, entry->status, entry->outcome, error);
}

static enum status note_spoken(void *context, size_t index, const struct bundle_entry *entry, struct error *error)
{
    struct settling *settling = context;
    struct resource_head head;
    struct found found;
    size_t place = 0;
    const struct outbox_row *row = row_of(settling, index, entry, &place);
    (void)error;
    if (row != NULL && (entry->status >= 400 || (entry->status >= 200 && entry->status < 300 && is_receipt(row, entry, &head, &found)))) {
        settling->rows[place].spoken = true;
    }
    return STATUS_OK;
}

/* A refusal does not say whom it refuses: with an entry too many or too few it may be any of those that are not spoken of,
 * and what was stored beside it may name that. So may an entry be one that cannot be read. So they are looked up before
 * anything is taken for accepted. */
static enum status look_up_unspoken(struct settling *settling, const cJSON *answer, struct error *error)
{
    const struct push_batch *batch = settling->batch;
    enum status status = bundle_each(answer, note_spoken, settling, error);
    for (size_t i = 0; i < batch->count && status == STATUS_OK; i++) {
        struct standing *standing = &settling->rows[i];
        if (standing->spoken || batch->rows[i]->is_update) {
            continue;
        }
        standing->own = memory_allocate(sizeof *standing->own);
        status = standing->own == NULL ? error_no_memory(error) : look_up(settling->push, batch->rows[i], standing->own, error);
        settling->any_failed = settling->any_failed || (status == STATUS_OK && standing->own->id[0] == '\0');
    }
    return status;
}

/* A row that the answer did not speak of. */
static enum status settle_missing(struct settling *settling, size_t place, struct error *error)
{
    struct push *push = settling->push;
    const struct outbox_row *row = settling->batch->rows[place];
    struct own fresh = {.row = NULL};
    struct own *own = settling->rows[place].own != NULL ? settling->rows[place].own : &fresh;
    enum status status = own->row == NULL ? look_up(push, row, own, error) : STATUS_OK;
    if (status == STATUS_OK) {
        status = own->id[0] != '\0' ? found_own(push, own, error)
                                    : try_again(push, row, 0, _("the server's answer did not mention it; it is sent again"), error);
    }
    cJSON_Delete(fresh.resource);
    return status;
}

static void settling_free(struct settling *settling)
{
    for (size_t i = 0; i < settling->batch->count && settling->rows != NULL; i++) {
        struct own *own = settling->rows[i].own;
        cJSON_Delete(own == NULL ? NULL : own->resource);
        memory_free(own);
    }
    memory_free(settling->rows);
}

enum status push_settle(struct push *push, const struct push_batch *batch, const cJSON *answer, struct error *error)
{
    struct settling settling = {.push = push, .batch = batch};
    settling.rows = memory_allocate_array(batch->count, sizeof *settling.rows);
    settling.paired = bundle_count(answer) == batch->count;
    enum status status = settling.rows == NULL ? error_no_memory(error) : bundle_each(answer, check_order, &settling, error);
    if (status == STATUS_OK) {
        status = bundle_each(answer, settle_entry, &settling, error);
    }
    if (status == STATUS_OK) {
        status = look_up_unspoken(&settling, answer, error);
    }
    settling.successes = true;
    if (status == STATUS_OK) {
        settle_together(&settling, answer);
        status = bundle_each(answer, settle_entry, &settling, error);
    }
    for (size_t i = 0; i < batch->count && status == STATUS_OK; i++) {
        status = settling.rows[i].settled ? STATUS_OK : settle_missing(&settling, i, error);
    }
    if (status == STATUS_OK && settling.interrupted) {
        status = error_set(error, STATUS_UNREACHABLE, _("the server could not take everything right now; it is sent again"));
    }
    settling_free(&settling);
    return status;
}
