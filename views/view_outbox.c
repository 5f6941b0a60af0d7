/*
 * What still has to reach the server, visit by visit, in words: never better
 * than it is. Above, how the last exchange went and how old the data is. Each
 * refused entry shows the server's own words, and can be corrected or sent
 * again.
 */
#include "views/application.h"
#include "views/conflict.h"
#include "views/correct.h"
#include "views/exchange_words.h"
#include "views/form.h"

#include "base/memory.h"
#include "base/text.h"
#include "store/correct.h"
#include "store/draft.h"
#include "store/outbox.h"
#include "store/record.h"

#define DAYS_SHOWN 14 /* of what is done; what is not done is shown however old it is */
#define LABEL_COLUMNS 14
#define WORDS_SIZE 700

/* What an entry that the server refused is. */
struct refused {
    char words[LABEL_SIZE]; /* "" for one that was not refused */
    bool correctable;
};

/* Ids of items: visits by their place in the list, then entries by theirs. */
struct outbox {
    struct form form;
    struct visit_rows visits;
    struct outbox_rows rows;
    struct refused *refused; /* owned; beside rows */
    int asked;               /* after the item whose letting go waits for the key once more; 0: none does */
};

static struct outbox *outbox_of(const struct view *view)
{
    return view->state;
}

/* --- words ---------------------------------------------------------------------------------------- */

/* Whether the server refused it; else what is called refused was kept back here, and the server never saw it. */
static bool is_answered(const struct outbox_row *row)
{
    return row->state == OUTBOX_REFUSED && row->http_status != 0;
}

/* Whether the server has refused something of a visit. */
static bool server_refused(const struct outbox_rows *rows, const char *visit)
{
    for (size_t i = 0; i < rows->count; i++) {
        if (is_answered(&rows->items[i]) && text_equal(rows->items[i].visit, visit)) {
            return true;
        }
    }
    return false;
}

/* How a visit stands: the worst first. */
static enum role visit_words(const struct outbox *outbox, const struct application *application,
                             const struct visit_row *visit, char *out, size_t size)
{
    char time[80];

    if (visit->state == VISIT_SET_ASIDE) {
        (void)text_copy(out, size, _("SET ASIDE: not signed, kept only on this device; Enter takes it up again"));
        return ROLE_DIM;
    }
    if (visit->state != VISIT_SIGNED) {
        (void)text_copy(out, size, _("DRAFT: not signed, only on this device; Enter goes on with it"));
        return ROLE_AMBER;
    }
    if (visit->refused > 0) {
        (void)text_format(out, size,
                          server_refused(&outbox->rows, visit->id)
                              ? _("REFUSED by the server: %d refused, %d waiting")
                              : _("KEPT HERE, not sent: %d kept back, %d waiting; r tries again"),
                          visit->refused, visit->waiting);
        return ROLE_RED;
    }
    if (visit->conflicts > 0) {
        (void)text_format(out, size, _("CONFLICT: changed at the server too: %d in conflict, %d waiting; Enter decides"),
                          visit->conflicts, visit->waiting);
        return ROLE_RED;
    }
    if (exchange_unanswered(&outbox->rows, visit->id)) {
        (void)text_format(out, size,
                          application->sync.phase == WORKER_PUSHING
                              ? _("sending: %d records not yet confirmed")
                              : _("sent, not confirmed: %d records; the next sync asks whether they arrived"),
                          visit->waiting);
        return ROLE_STRONG;
    }
    if (visit->waiting > 0) {
        (void)text_format(out, size, _("signed, %d records wait to be sent"), visit->waiting);
        return ROLE_STRONG;
    }
    if (visit->accepted_at == INSTANT_NONE) {
        (void)text_copy(out, size, _("signed; the server has not confirmed it"));
        return ROLE_AMBER;
    }
    exchange_moment(visit->accepted_at, time, sizeof time);
    (void)text_format(out, size, visit->let_go ? _("accepted by the server, but for what was let go: %s")
                                               : _("accepted by the server: %s"), time);
    return ROLE_GOOD;
}

/* --- describing ----------------------------------------------------------------------------------- */

static void describe_exchange(struct form *form, const struct application *application)
{
    const struct sync_status *status = &application->status;
    char words[WORDS_SIZE];
    char good[80] = "";
    char age[80] = "";
    enum role role = exchange_last(application, words, sizeof words);

    form_labelled(form, ROLE_NORMAL, LABEL_COLUMNS, _("Last sync"), role, words);
    if (status->last_good != INSTANT_NONE) {
        exchange_moment(status->last_good, good, sizeof good);
    }
    form_labelled(form, ROLE_NORMAL, LABEL_COLUMNS, _("Last good one"), ROLE_NORMAL,
                  good[0] != '\0' ? good : _("none yet"));
    if (status->data_as_of != INSTANT_NONE) {
        instant_format_age(age, sizeof age, status->data_as_of, application_now(application));
        exchange_moment(status->data_as_of, good, sizeof good);
        (void)text_format(words, sizeof words, _("as of %s (%s)"), good, age);
    } else {
        (void)text_copy(words, sizeof words, _("age not known: never received whole from a server"));
    }
    form_labelled(form, ROLE_NORMAL, LABEL_COLUMNS, _("Data"), ROLE_NORMAL, words);
    (void)text_format(words, sizeof words,
                      _("%d waiting, %d refused, %d in conflict; %d unfinished visits; %d set aside as unreadable"),
                      status->pending, status->refused, status->conflicts, status->drafts, status->quarantined);
    form_labelled(form, ROLE_NORMAL, LABEL_COLUMNS, _("In all"),
                  status->refused + status->conflicts + status->quarantined > 0 ? ROLE_AMBER : ROLE_NORMAL, words);
    form_blank(form);
}

/* What can be done about what was refused. */
static void describe_remedy(struct form *form, bool correctable)
{
    form_labelled(form, ROLE_NORMAL, 4, "", ROLE_NORMAL,
                  correctable ? _("e corrects it and signs it again. When the office has mended its side, r sends it again as it is.")
                              : _("This cannot be corrected here: when the office has mended its side, r sends it again."));
}

/* Why it is not at the server yet, when that is known: its own answer, what this device keeps it back for, or the last try. */
static void describe_reason(struct form *form, int indent, bool settled, bool kept_back, const char *reason)
{
    char words[WORDS_SIZE];

    if (reason[0] != '\0' && kept_back) {
        form_labelled(form, ROLE_NORMAL, indent, "", ROLE_NORMAL, reason);
    } else if (reason[0] != '\0') {
        (void)text_format(words, sizeof words, settled ? _("the server said: %s") : _("last try: %s"), reason);
        form_labelled(form, ROLE_NORMAL, indent, "", ROLE_NORMAL, words);
    }
}

/* What the server refused of a visit, each with its own words; those that a neighbour has said already are not repeated. */
static void describe_refused(struct form *form, const struct outbox *outbox, const char *visit)
{
    const char *said = NULL;
    bool correctable = false;

    for (size_t i = 0; i < outbox->rows.count; i++) {
        const struct outbox_row *row = &outbox->rows.items[i];

        if (is_answered(row) && text_equal(row->visit, visit)) {
            form_button(form, (int)(outbox->visits.count + i), 4, ROLE_RED, "", outbox->refused[i].words);
            if (said == NULL || !text_equal(said, row->reason)) {
                describe_reason(form, 6, true, false, row->reason);
            }
            said = row->reason;
            correctable = correctable || outbox->refused[i].correctable;
        }
    }
    describe_remedy(form, correctable);
}

static void describe_visits(struct form *form, const struct outbox *outbox, const struct application *application)
{
    for (size_t i = 0; i < outbox->visits.count; i++) {
        const struct visit_row *visit = &outbox->visits.items[i];
        char title[LABEL_SIZE + 80];
        char time[80];
        char words[WORDS_SIZE];
        enum role role = visit_words(outbox, application, visit, words, sizeof words);

        exchange_moment(visit->started, time, sizeof time);
        (void)text_format(title, sizeof title, "%s  %s",
                          visit->patient_name[0] != '\0' ? visit->patient_name : visit->patient, time);
        form_button(form, (int)i, 2, ROLE_NORMAL, "", title);
        form_labelled(form, role, 4, "", role, words);
        if (visit->waiting + visit->refused + visit->conflicts > 0) {
            if (server_refused(&outbox->rows, visit->id)) {
                describe_refused(form, outbox, visit->id);
            } else {
                describe_reason(form, 4, visit->refused + visit->conflicts > 0, visit->refused > 0, visit->reason);
            }
        }
    }
}

/* What belongs to no visit: the nurse's own entry. Their ids follow those of the visits. */
static void describe_others(struct form *form, const struct outbox *outbox)
{
    for (size_t i = 0; i < outbox->rows.count; i++) {
        const struct outbox_row *row = &outbox->rows.items[i];
        char words[WORDS_SIZE];
        enum role role = ROLE_NORMAL;

        if (row->visit[0] != '\0') {
            continue;
        }
        role = exchange_row(row, words, sizeof words);
        form_button(form, (int)(outbox->visits.count + i), 2, role, "", words);
        describe_reason(form, 4, row->state == OUTBOX_REFUSED || row->state == OUTBOX_CONFLICT,
                        row->state == OUTBOX_REFUSED && row->http_status == 0, row->reason);
        if (is_answered(row)) {
            describe_remedy(form, false);
        }
    }
}

static void describe(struct form *form, struct view *view, struct application *application)
{
    const struct outbox *outbox = outbox_of(view);

    describe_exchange(form, application);
    describe_visits(form, outbox, application);
    describe_others(form, outbox);
    if (outbox->visits.count + outbox->rows.count == 0) {
        form_text(form, ROLE_DIM, _("No visit has been made on this device in the last days, and nothing waits."));
    }
}

/* --- opening -------------------------------------------------------------------------------------- */

static void forget(struct outbox *outbox)
{
    visit_rows_free(&outbox->visits);
    outbox_rows_free(&outbox->rows);
    memory_free(outbox->refused);
    outbox->refused = NULL;
}

/* Names what the server refused. */
static enum status name_refused(struct store *store, const struct outbox_rows *rows, struct refused *refused, struct error *error)
{
    enum status status = STATUS_OK;

    for (size_t i = 0; i < rows->count && status == STATUS_OK; i++) {
        if (is_answered(&rows->items[i])) {
            status = outbox_words(store, rows->items[i].number, refused[i].words, sizeof refused[i].words, &refused[i].correctable,
                                  error);
            status = status == STATUS_NOT_FOUND ? STATUS_OK : status; /* it has left at this moment */
        }
    }
    return status;
}

static enum status load(struct outbox *outbox, struct application *application, struct error *error)
{
    struct visit_rows visits = {0};
    struct outbox_rows rows = {0};
    struct refused *refused = NULL;
    instant since = instant_add_days(application_now(application), -DAYS_SHOWN);
    enum status status = query_visits(application->store, since, &visits, error);

    if (status == STATUS_OK) {
        status = query_outbox(application->store, &rows, error);
    }
    if (status == STATUS_OK) {
        refused = memory_allocate_array(rows.count + 1, sizeof *refused);
        status = refused == NULL ? error_no_memory(error) : name_refused(application->store, &rows, refused, error);
    }
    if (status == STATUS_OK) {
        /* So that the sums above and in the header are of the same moment as the rows. */
        status = query_status(application->store, &application->status, error);
    }
    if (status != STATUS_OK) {
        visit_rows_free(&visits);
        outbox_rows_free(&rows);
        memory_free(refused);
        return status;
    }
    forget(outbox);
    outbox->visits = visits;
    outbox->rows = rows;
    outbox->refused = refused;
    return STATUS_OK;
}

static void outbox_close(struct view *view)
{
    struct outbox *outbox = outbox_of(view);

    if (outbox != NULL) {
        forget(outbox);
        memory_free(outbox);
    }
    view->state = NULL;
}

static enum status outbox_open(struct view *view, struct application *application, struct error *error)
{
    struct outbox *outbox = memory_allocate(sizeof *outbox);

    if (outbox == NULL) {
        return error_no_memory(error);
    }
    view->state = outbox;
    form_init(&outbox->form, describe);
    outbox->form.cursor = view->cursor;
    return load(outbox, application, error);
}

/* The visit under the cursor, or NULL. */
static const struct visit_row *selected_visit(const struct outbox *outbox)
{
    const struct form_item *item = &outbox->form.item;

    return item->kind == FORM_BUTTON && (size_t)item->id < outbox->visits.count ? &outbox->visits.items[item->id]
                                                                                : NULL;
}

/* The entry under the cursor, or NULL. */
static const struct outbox_row *selected_row(const struct outbox *outbox)
{
    const struct form_item *item = &outbox->form.item;
    size_t row = (size_t)item->id - outbox->visits.count;

    return item->kind == FORM_BUTTON && (size_t)item->id >= outbox->visits.count && row < outbox->rows.count
               ? &outbox->rows.items[row]
               : NULL;
}

/* The item that a visit or an entry is now; an entry that was sent meanwhile leads to its visit. */
static int item_of(const struct outbox *outbox, const char *visit, int64_t number)
{
    for (size_t i = 0; i < outbox->rows.count; i++) {
        if (outbox->rows.items[i].number == number && outbox->refused[i].words[0] != '\0') {
            return (int)(outbox->visits.count + i);
        }
    }
    for (size_t i = 0; i < outbox->visits.count; i++) {
        if (text_equal(outbox->visits.items[i].id, visit)) {
            return (int)i;
        }
    }
    return -1;
}

/* The cursor stays with its visit, or its entry. */
static void outbox_refresh(struct view *view, struct application *application)
{
    struct outbox *outbox = outbox_of(view);
    struct error error = {0};
    char id[UUID_SIZE] = "";
    int64_t number = 0;

    form_look(&outbox->form, view, application);
    if (selected_visit(outbox) != NULL) {
        (void)text_copy(id, sizeof id, selected_visit(outbox)->id);
    } else if (selected_row(outbox) != NULL) {
        number = selected_row(outbox)->number;
        (void)text_copy(id, sizeof id, selected_row(outbox)->visit);
    }
    if (load(outbox, application, &error) != STATUS_OK) {
        application_say_error(application, &error);
        return;
    }
    int now = outbox->form.id = item_of(outbox, id, number);
    /* What was asked about one is not answered for another. */
    outbox->asked = outbox->asked > 0 && (number != 0) == (now >= (int)outbox->visits.count) ? now + 1 : 0;
    form_look(&outbox->form, view, application);
    view->cursor = outbox->form.cursor;
}

static void outbox_draw(struct view *view, struct application *application, struct area area)
{
    form_draw(&outbox_of(view)->form, view, application, area);
}

/* --- doing ---------------------------------------------------------------------------------------- */

/* What was set aside opens where all of it is seen, with the day it is of: its vitals carry that time. */
static void say_taken_up(struct application *application)
{
    char began[80];

    exchange_moment(application->draft.started, began, sizeof began);
    application_push(application, VIEW_CLOSE);
    application_say(application, _("Taken up; begun %s: check start and end."), began);
}

static void open_visit(struct application *application, const struct visit_row *visit)
{
    enum visit_state state = visit->state;
    struct error error = {0};
    enum status status = STATUS_OK;

    if (state == VISIT_SET_ASIDE) {
        status = draft_resume(application->store, visit->id, &error);
    }
    if (status == STATUS_OK) {
        status = application_choose_patient(application, visit->patient, &error);
    }
    if (status != STATUS_OK) {
        application_say_error(application, &error);
        return;
    }
    application_push(application, VIEW_SNAPSHOT);
    if (state == VISIT_SET_ASIDE) {
        say_taken_up(application);
    } else if (state == VISIT_IN_PROGRESS) {
        application_go_on(application);
    }
}

/* What Enter does: conflicts first, because they wait for her. */
static void open_selected(const struct outbox *outbox, struct application *application)
{
    const struct visit_row *visit = selected_visit(outbox);
    const struct outbox_row *row = selected_row(outbox);

    if (visit != NULL && visit->conflicts > 0) {
        conflict_show(application, visit->id);
    } else if (visit != NULL) {
        open_visit(application, visit);
    } else if (row != NULL && row->state == OUTBOX_CONFLICT) {
        conflict_show(application, "");
    } else if (row != NULL && row->state == OUTBOX_REFUSED) {
        correct_show(application, row->number);
    }
}

/* Of a visit the first entry that can be corrected, else the last that was refused; NULL when none was. */
static const struct outbox_row *refused_of(const struct outbox *outbox, const char *visit)
{
    const struct outbox_row *found = NULL;

    for (size_t i = 0; i < outbox->rows.count; i++) {
        const struct outbox_row *row = &outbox->rows.items[i];

        if (row->state == OUTBOX_REFUSED && text_equal(row->visit, visit)) {
            found = row;
            if (outbox->refused[i].correctable) {
                break;
            }
        }
    }
    return found;
}

static void correct_selected(const struct outbox *outbox, struct application *application)
{
    const struct visit_row *visit = selected_visit(outbox);
    const struct outbox_row *row = visit != NULL ? refused_of(outbox, visit->id) : selected_row(outbox);

    if (row != NULL) {
        correct_show(application, row->number);
    } else {
        application_say(application, _("Nothing of this was refused; what waits is sent with the next sync."));
    }
}

/* Of the visit under the cursor, or the record itself, everything that the server refused. */
static enum status retry(const struct outbox *outbox, struct store *store, int *count, struct error *error)
{
    const struct visit_row *visit = selected_visit(outbox);
    enum status status = STATUS_OK;

    for (size_t i = 0; i < outbox->rows.count && status == STATUS_OK; i++) {
        const struct outbox_row *row = &outbox->rows.items[i];
        bool meant = visit != NULL ? text_equal(row->visit, visit->id) : row == selected_row(outbox);

        if (meant && row->state == OUTBOX_REFUSED) {
            status = outbox_retry(store, row->number, error);
            *count += status == STATUS_OK;
        }
    }
    return status;
}

static void retry_and_say(struct view *view, struct application *application)
{
    struct outbox *outbox = outbox_of(view);
    struct error error = {0};
    int count = 0;
    enum status status = STATUS_OK;

    form_look(&outbox->form, view, application);
    if (outbox->form.item.kind == FORM_BUTTON) {
        status = retry(outbox, application->store, &count, &error);
    }
    application_refresh(application);
    if (status != STATUS_OK) {
        application_say_error(application, &error);
    } else if (count == 0) {
        application_say(application, _("Nothing of this was refused; what waits is sent with the next sync."));
    } else {
        application_say(
            application,
            ngettext("%d record will be sent again.", "%d records will be sent again.", (unsigned long)count), count);
        if (application->worker != NULL) {
            worker_request(application->worker);
        }
    }
}

/* What the server had taken and has forgotten, of the visit under the cursor or by itself: the key is wanted twice. */
static void let_go_and_say(struct view *view, struct application *application)
{
    struct outbox *outbox = outbox_of(view);
    struct error error = {0};
    int count = 1;

    form_look(&outbox->form, view, application);
    if (outbox->asked != outbox->form.item.id + 1) {
        outbox->asked = outbox->form.item.id + 1;
        application_say(application, _("d once more lets go what the server has forgotten of this; a copy stays on this device."));
        return;
    }
    outbox->asked = 0;
    const struct outbox_row *row = selected_row(outbox);
    const char *visit = selected_visit(outbox) != NULL ? selected_visit(outbox)->id : "-";
    enum status status = row != NULL ? record_let_go(application->store, row->number, &error)
                                     : record_let_go_visit(application->store, visit, &count, &error);
    application_refresh(application);
    if (status != STATUS_OK) {
        application_say_error(application, &error);
    } else {
        application_say(application, ngettext("%d record was let go; a copy stays on this device.",
                                          "%d records were let go; copies stay on this device.", (unsigned long)count), count);
    }
}

static enum reaction outbox_event(struct view *view, struct application *application, const struct event *event)
{
    struct outbox *outbox = outbox_of(view);
    enum form_reaction reaction = form_event(&outbox->form, view, application, event);

    view->cursor = outbox->form.cursor;
    outbox->asked = reaction == FORM_IGNORED ? outbox->asked : 0; /* another key came between */
    if (reaction == FORM_PRESSED) {
        open_selected(outbox, application);
    }
    return reaction == FORM_IGNORED ? REACTION_IGNORED : REACTION_REDRAW;
}

static enum reaction outbox_command(struct view *view, struct application *application, enum command_id command)
{
    struct outbox *outbox = outbox_of(view);

    if (command == COMMAND_RETRY || command == COMMAND_LET_GO) {
        (command == COMMAND_RETRY ? retry_and_say : let_go_and_say)(view, application);
        return REACTION_REDRAW;
    }
    if (command == COMMAND_OPEN) {
        form_look(&outbox->form, view, application);
        open_selected(outbox, application);
        return REACTION_REDRAW;
    }
    if (command == COMMAND_CORRECT) {
        form_look(&outbox->form, view, application);
        correct_selected(outbox, application);
        return REACTION_REDRAW;
    }
    return REACTION_IGNORED;
}

static bool outbox_allows(const struct view *view, const struct application *application, enum command_id command)
{
    (void)view;
    return (command != COMMAND_LET_GO || application->status.forgotten > 0) &&
           ((command != COMMAND_RETRY && command != COMMAND_CORRECT) || application->status.refused > 0) && command != COMMAND_OUTBOX;
}

static const enum command_id outbox_commands[] = {COMMAND_OPEN,       COMMAND_CORRECT, COMMAND_RETRY, COMMAND_LET_GO,
                                                  COMMAND_SYNC_STATE, COMMAND_SYNC,    COMMAND_NONE};

const struct view_ops view_outbox = {
    .name = "outbox",
    .title = N_("Outbox"),
    .commands = outbox_commands,
    .open = outbox_open,
    .refresh = outbox_refresh,
    .draw = outbox_draw,
    .event = outbox_event,
    .command = outbox_command,
    .allows = outbox_allows,
    .close = outbox_close,
};
