/*
 * What is sent and read now, what is left of it, and how far each visit and
 * each chart is. The counts are the worker's, everything else is the record's:
 * nothing is called sent or complete here that is not so in the record.
 */
#include "views/chrome.h"
#include "views/exchange_words.h"
#include "views/page.h"

#include "base/memory.h"
#include "base/text.h"

#define LABEL_COLUMNS 12
#define WORDS_SIZE 700

struct sync_state {
    struct visit_rows visits;
    struct outbox_rows rows;
    struct chart_rows charts;
};

static bool is_pulling(const struct application *application)
{
    return application->sync.phase == WORKER_PULLING;
}

/* The time; with its date unless that is today. */
static void when_words(const struct application *application, instant at, char *out, size_t size)
{
    if (instant_day_start(at) == instant_day_start(application_now(application))) {
        instant_format_time(out, size, at);
    } else {
        exchange_moment(at, out, size);
    }
}

/* --- now ------------------------------------------------------------------------------------------ */

static const struct chart_row *chart_of(const struct sync_state *state, const char *patient)
{
    for (size_t i = 0; i < state->charts.count; i++) {
        if (text_equal(state->charts.items[i].patient, patient)) {
            return &state->charts.items[i];
        }
    }
    return NULL;
}

static void reading_words(const struct sync_state *state, const struct worker_snapshot *sync, char *out, size_t size)
{
    const struct chart_row *chart = chart_of(state, sync->patient);

    if (sync->received.total == 0) {
        (void)text_copy(out, size, _("asking the server whose charts are to come"));
    } else if (chart != NULL && chart->here) {
        (void)text_format(out, size, chart->complete ? _("asking what is new in the charts, first: %s")
                                                     : _("reading charts, first: %s"),
                          chart->name);
    } else {
        (void)text_copy(out, size, _("reading charts"));
    }
}

static enum role now_words(const struct sync_state *state, const struct application *application, char *out, size_t size)
{
    if (application->sync.phase == WORKER_CONNECTING) {
        (void)text_copy(out, size, _("connecting to the server"));
    } else if (application->sync.phase == WORKER_PUSHING) {
        (void)text_copy(out, size, _("sending what was entered here"));
    } else if (is_pulling(application)) {
        reading_words(state, &application->sync, out, size);
    } else {
        return exchange_last(application, out, size);
    }
    return ROLE_STRONG;
}

static void write_count(struct page *page, const char *label, struct worker_count count, const char *counted)
{
    char bar[EXCHANGE_BAR_SIZE];
    char words[WORDS_SIZE];

    exchange_bar(count, bar);
    (void)text_format(words, sizeof words, "%s %s", bar, counted);
    page_labelled(page, ROLE_NORMAL, LABEL_COLUMNS, label, ROLE_NORMAL, words);
}

static void write_sent(struct page *page, const struct application *application)
{
    struct worker_count sent = application->sync.sent;
    char words[120];

    if (sent.total > 0) {
        (void)text_format(words, sizeof words, _("%d of %d records are at the server"), sent.done, sent.total);
    } else {
        (void)text_copy(words, sizeof words, application->status.pending > 0 ? _("nothing is sent yet")
                                                                             : _("nothing waited to be sent"));
    }
    write_count(page, _("Sending"), sent, words);
}

static void write_received(struct page *page, const struct worker_snapshot *sync)
{
    char words[120];

    if (sync->received.total > 0) {
        (void)text_format(words, sizeof words, _("%d of %d charts were read"), sync->received.done, sync->received.total);
    } else {
        (void)text_copy(words, sizeof words, sync->phase == WORKER_IDLE ? _("no chart was read")
                                                                        : _("how many is not known yet"));
    }
    write_count(page, _("Reading"), sync->received, words);
    if (sync->departed > 0) {
        page_labelled(page, ROLE_NORMAL, LABEL_COLUMNS, _("Left"), ROLE_AMBER, sync->departed_names);
    }
}

static void write_now(struct page *page, const struct sync_state *state, const struct application *application)
{
    const struct worker_snapshot *sync = &application->sync;
    bool idle = sync->phase == WORKER_IDLE;
    char words[WORDS_SIZE];
    enum role role = now_words(state, application, words, sizeof words);

    page_labelled(page, ROLE_NORMAL, LABEL_COLUMNS, idle ? _("Last sync") : _("Now"), role, words);
    if (sync->run > 0) {
        write_sent(page, application);
        write_received(page, sync);
    }
    page_blank(page);
}

/* --- in sentences --------------------------------------------------------------------------------- */

/* What was entered here and is not at the server; false when that is nothing. */
static bool write_missing(struct page *page, const struct sync_status *status)
{
    if (status->pending > 0) {
        page_format(page, ROLE_STRONG, 0,
                    ngettext("%d record entered here is not at the server yet.",
                             "%d records entered here are not at the server yet.",
                             (unsigned long)status->pending),
                    status->pending);
    }
    if (status->refused > 0) {
        page_format(page, ROLE_RED, 0,
                    ngettext("NEEDS YOU: the server refused %d record; the Outbox shows why.",
                             "NEEDS YOU: the server refused %d records; the Outbox shows why.",
                             (unsigned long)status->refused),
                    status->refused);
    }
    if (status->conflicts > 0) {
        page_format(page, ROLE_RED, 0,
                    ngettext("NEEDS YOU: %d record was changed at the server too; the Outbox lets you decide.",
                             "NEEDS YOU: %d records were changed at the server too; the Outbox lets you decide.",
                             (unsigned long)status->conflicts),
                    status->conflicts);
    }
    if (status->drafts > 0) {
        page_format(page, ROLE_AMBER, 0,
                    ngettext("%d visit is not signed, and only on this device.",
                             "%d visits are not signed, and only on this device.",
                             (unsigned long)status->drafts),
                    status->drafts);
    }
    if (status->set_aside > 0) {
        page_format(page, ROLE_AMBER, 0,
                    ngettext("%d visit is set aside, and only on this device.",
                             "%d visits are set aside, and only on this device.",
                             (unsigned long)status->set_aside),
                    status->set_aside);
    }
    return status->pending + status->refused + status->conflicts + status->drafts + status->set_aside > 0;
}

/* Of those who are on the device or expected today. */
static size_t count_incomplete(const struct chart_rows *charts)
{
    size_t count = 0;

    for (size_t i = 0; i < charts->count; i++) {
        count += !charts->items[i].complete && !charts->items[i].released;
    }
    return count;
}

static void write_charts_missing(struct page *page, const struct sync_state *state, const struct application *application)
{
    const struct sync_status *status = &application->status;
    size_t incomplete = count_incomplete(&state->charts);
    char time[80];

    if (incomplete > 0) {
        page_format(page, ROLE_AMBER, 0, _("Charts that are not complete on this device: %zu of %zu."), incomplete,
                    state->charts.count);
    }
    if (status->quarantined > 0) {
        page_format(page, ROLE_AMBER, 0,
                    ngettext("%d entry could not be read and was set aside; tell the office.",
                             "%d entries could not be read and were set aside; tell the office.",
                             (unsigned long)status->quarantined),
                    status->quarantined);
    }
    if (status->data_as_of == INSTANT_NONE) {
        page_text(page, ROLE_AMBER, 0, _("As of when the charts are is not known: they never came whole from a server."));
        return;
    }
    when_words(application, status->data_as_of, time, sizeof time);
    page_format(page, ROLE_NORMAL, 0, _("The charts were all complete last as of %s."), time);
}

static bool charts_are_whole(const struct sync_state *state, const struct sync_status *status)
{
    return status->data_as_of != INSTANT_NONE && status->quarantined == 0 && status->last_result == STATUS_OK &&
           count_incomplete(&state->charts) == 0;
}

/* What this comes to: one sentence when nothing is missing, else exactly what is. */
static void write_sum(struct page *page, const struct sync_state *state, const struct application *application)
{
    const struct sync_status *status = &application->status;
    bool missing = write_missing(page, status);
    char time[80];

    if (charts_are_whole(state, status)) {
        when_words(application, status->data_as_of, time, sizeof time);
        page_format(page, missing ? ROLE_NORMAL : ROLE_GOOD, 0,
                    missing ? _("The charts are as of %s.")
                            : _("Everything entered here is at the server; the charts are as of %s."),
                    time);
        return;
    }
    if (!missing) {
        page_text(page, ROLE_NORMAL, 0,
                  status->last_good == INSTANT_NONE ? _("Nothing entered here waits to be sent.")
                                                    : _("Everything entered here is at the server."));
    }
    write_charts_missing(page, state, application);
}

/* --- visit by visit ------------------------------------------------------------------------------- */

static enum role visit_words(const struct sync_state *state, const struct application *application,
                             const struct visit_row *visit, char *out, size_t size)
{
    char time[80];

    if (visit->state != VISIT_SIGNED) {
        (void)text_copy(out, size, visit->state == VISIT_SET_ASIDE ? _("set aside: not signed, only on this device")
                                                                   : _("draft: not signed, only on this device"));
        return visit->state == VISIT_SET_ASIDE ? ROLE_DIM : ROLE_AMBER;
    }
    if (visit->refused + visit->conflicts > 0) {
        (void)text_format(out, size, _("NEEDS YOU: %d refused, %d in conflict, %d waiting; see the Outbox"),
                          visit->refused, visit->conflicts, visit->waiting);
        return ROLE_RED;
    }
    if (exchange_unanswered(&state->rows, visit->id)) {
        (void)text_format(out, size,
                          application->sync.phase == WORKER_PUSHING
                              ? _("is being sent: %d records")
                              : _("sent, not confirmed: %d records; the next sync asks whether they arrived"),
                          visit->waiting);
        return ROLE_STRONG;
    }
    if (visit->waiting > 0) {
        (void)text_format(out, size, _("waits: %d records"), visit->waiting);
        return ROLE_STRONG;
    }
    if (visit->accepted_at == INSTANT_NONE) {
        (void)text_copy(out, size, _("signed; the server has not confirmed it"));
        return ROLE_AMBER;
    }
    when_words(application, visit->accepted_at, time, sizeof time);
    (void)text_format(out, size, _("has arrived: %s"), time);
    return ROLE_GOOD;
}

static void write_visits(struct page *page, const struct sync_state *state, const struct application *application)
{
    char words[WORDS_SIZE];
    enum role role = ROLE_NORMAL;

    page_blank(page);
    page_heading(page, _("Visits: today's, and all that are not at the server"));
    for (size_t i = 0; i < state->visits.count; i++) {
        const struct visit_row *visit = &state->visits.items[i];
        char time[80];

        exchange_moment(visit->started, time, sizeof time);
        page_format(page, ROLE_NORMAL, 2, "%s  %s",
                    visit->patient_name[0] != '\0' ? visit->patient_name : visit->patient, time);
        role = visit_words(state, application, visit, words, sizeof words);
        page_text(page, role, 4, words);
    }
    for (size_t i = 0; i < state->rows.count; i++) {
        if (state->rows.items[i].visit[0] == '\0') {
            role = exchange_row(&state->rows.items[i], words, sizeof words);
            page_text(page, role, 2, words);
        }
    }
    if (state->visits.count + state->rows.count == 0) {
        page_text(page, ROLE_DIM, 2, _("none"));
    }
}

/* --- chart by chart ------------------------------------------------------------------------------- */

static enum role incomplete_words(const struct application *application, const struct chart_row *chart, char *out,
                                  size_t size)
{
    if (is_pulling(application) && text_equal(application->sync.patient, chart->patient)) {
        (void)text_copy(out, size, _("is being read"));
        return ROLE_STRONG;
    }
    if (!chart->here) {
        (void)text_copy(out, size, _("not on this device yet"));
    } else if (chart->unreadable > 0) {
        (void)text_format(out, size,
                          ngettext("not complete: %d entry could not be read",
                                   "not complete: %d entries could not be read", (unsigned long)chart->unreadable),
                          chart->unreadable);
    } else if (chart->begun) {
        (void)text_copy(out, size, is_pulling(application) ? _("not complete: the rest is on its way")
                                                           : _("not complete: the rest comes with a sync"));
    } else {
        (void)text_copy(out, size, _("not complete"));
    }
    return ROLE_AMBER;
}

static enum role chart_words(const struct application *application, const struct chart_row *chart, char *out, size_t size)
{
    char time[80];

    if (chart->released) {
        (void)text_copy(out, size, _("left your caseload; stays for what is unsent"));
        return ROLE_DIM;
    }
    if (!chart->complete) {
        return incomplete_words(application, chart, out, size);
    }
    if (chart->as_of == INSTANT_NONE) {
        (void)text_copy(out, size, _("complete as imported"));
        return ROLE_NORMAL;
    }
    when_words(application, chart->as_of, time, sizeof time);
    (void)text_format(out, size, _("complete as of %s"), time);
    return ROLE_NORMAL;
}

static void write_charts(struct page *page, const struct sync_state *state, const struct application *application)
{
    page_blank(page);
    page_heading(page, _("Charts"));
    for (size_t i = 0; i < state->charts.count; i++) {
        struct page inset = *page;
        char words[WORDS_SIZE];
        enum role role = chart_words(application, &state->charts.items[i], words, sizeof words);

        inset.area.column += 2;
        inset.area.columns -= 2;
        page_labelled(&inset, ROLE_NORMAL, page->area.columns / 3, state->charts.items[i].name, role, words);
        page->lines = inset.lines;
    }
    if (state->charts.count == 0) {
        page_text(page, ROLE_DIM, 2, _("none"));
    }
}

/* --- the view ------------------------------------------------------------------------------------- */

static void forget(struct sync_state *state)
{
    visit_rows_free(&state->visits);
    outbox_rows_free(&state->rows);
    chart_rows_free(&state->charts);
}

static enum status load(struct sync_state *state, struct application *application, struct error *error)
{
    struct sync_state fresh = {0};
    instant now = application_now(application);
    enum status status = query_visits(application->store, instant_day_start(now), &fresh.visits, error);

    if (status == STATUS_OK) {
        status = query_outbox(application->store, &fresh.rows, error);
    }
    if (status == STATUS_OK) {
        status = query_charts(application->store, now, &fresh.charts, error);
    }
    if (status == STATUS_OK) {
        /* So that the sentences and the header are of the same moment as the rows. */
        status = query_status(application->store, &application->status, error);
    }
    if (status != STATUS_OK) {
        forget(&fresh);
        return status;
    }
    forget(state);
    *state = fresh;
    return STATUS_OK;
}

static void sync_close(struct view *view)
{
    struct sync_state *state = view->state;

    if (state != NULL) {
        forget(state);
        memory_free(state);
    }
    view->state = NULL;
}

static enum status sync_open(struct view *view, struct application *application, struct error *error)
{
    view->state = memory_allocate(sizeof(struct sync_state));
    return view->state != NULL ? load(view->state, application, error) : error_no_memory(error);
}

static void sync_refresh(struct view *view, struct application *application)
{
    struct error error = {0};

    if (load(view->state, application, &error) != STATUS_OK) {
        application_say_error(application, &error);
    }
}

static void sync_draw(struct view *view, struct application *application, struct area area)
{
    struct page page;

    do {
        page = page_begin(area, view->scroll);
        write_now(&page, view->state, application);
        write_sum(&page, view->state, application);
        write_visits(&page, view->state, application);
        write_charts(&page, view->state, application);
    } while (!page_end(&page, &view->scroll));
}

static enum reaction sync_event(struct view *view, struct application *application, const struct event *event)
{
    return page_event(view, event, layout_of(application->rows, application->columns).body);
}

static bool sync_allows(const struct view *view, const struct application *application, enum command_id command)
{
    (void)view;
    (void)application;
    return command != COMMAND_SYNC_STATE;
}

static const enum command_id sync_commands[] = {COMMAND_SYNC, COMMAND_JOURNAL, COMMAND_OUTBOX, COMMAND_NONE};

const struct view_ops view_sync = {
    .name = "sync",
    .title = N_("Sync"),
    .commands = sync_commands,
    .open = sync_open,
    .refresh = sync_refresh,
    .draw = sync_draw,
    .event = sync_event,
    .allows = sync_allows,
    .close = sync_close,
};
