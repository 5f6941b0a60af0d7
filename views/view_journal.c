/* The last runs of the sync, newest first, each in words: when, how it ended, how much. */
#include "views/chrome.h"
#include "views/exchange_words.h"
#include "views/page.h"

#include "base/memory.h"
#include "base/text.h"
#include "store/outbox.h"

#define WORDS_SIZE 400

/* Kilobytes, rounded up: what took something is never shown as nothing. */
static long long kilobytes(int64_t bytes)
{
    return (long long)((bytes + 999) / 1000);
}

static void write_times(struct page *page, const struct journal_entry *entry)
{
    char start[80];
    char end[40];
    int64_t took = entry->end > entry->start ? (entry->end - entry->start + 999) / 1000 : 0; /* a clock can be set back */

    exchange_moment(entry->start, start, sizeof start);
    instant_format_time(end, sizeof end, entry->end);
    page_format(page, ROLE_STRONG, 0, _("%s to %s (%lld s)"), start, end, (long long)took);
}

static void write_run(struct page *page, const struct journal_entry *entry)
{
    char words[WORDS_SIZE];
    enum role role = exchange_result(entry->result, entry->reason, words, sizeof words);

    write_times(page, entry);
    page_text(page, role, 2, words);
    page_format(page, ROLE_NORMAL, 2, _("sent %d, received %d; left: %d waiting, %d refused, %d in conflict"), entry->pushed,
                entry->pulled, entry->pending, entry->rejected, entry->conflicts);
    if (entry->departed > 0) {
        page_format(page, ROLE_AMBER, 2, ngettext("%d patient left your caseload", "%d patients left your caseload",
                                                  (unsigned long)entry->departed), entry->departed);
    }
    page_format(page, ROLE_DIM, 2, _("requests %d, %lld kB out, %lld kB in"), entry->requests,
                kilobytes(entry->bytes_out), kilobytes(entry->bytes_in));
}

static enum status load(struct journal_rows *rows, struct application *application, struct error *error)
{
    struct journal_rows fresh = {.items = NULL};
    enum status status = journal_read(application->store, JOURNAL_KEPT, &fresh, error);

    if (status == STATUS_OK) {
        journal_rows_free(rows);
        *rows = fresh;
    }
    return status;
}

static void journal_close(struct view *view)
{
    if (view->state != NULL) {
        journal_rows_free(view->state);
        memory_free(view->state);
    }
    view->state = NULL;
}

static enum status journal_open(struct view *view, struct application *application, struct error *error)
{
    view->state = memory_allocate(sizeof(struct journal_rows));
    return view->state != NULL ? load(view->state, application, error) : error_no_memory(error);
}

static void journal_refresh(struct view *view, struct application *application)
{
    struct error error = {0};

    if (load(view->state, application, &error) != STATUS_OK) {
        application_say_error(application, &error);
    }
}

static void journal_draw(struct view *view, struct application *application, struct area area)
{
    const struct journal_rows *rows = view->state;
    struct page page;

    (void)application;
    do {
        page = page_begin(area, view->scroll);
        for (size_t i = 0; i < rows->count; i++) {
            write_run(&page, &rows->items[i]);
        }
        if (rows->count == 0) {
            page_text(&page, ROLE_DIM, 0, _("never synced yet"));
        }
    } while (!page_end(&page, &view->scroll));
}

static enum reaction journal_event(struct view *view, struct application *application, const struct event *event)
{
    return page_event(view, event, layout_of(application->rows, application->columns).body);
}

static bool journal_allows(const struct view *view, const struct application *application, enum command_id command)
{
    (void)view;
    (void)application;
    return command != COMMAND_JOURNAL;
}

static const enum command_id journal_commands[] = {COMMAND_SYNC_STATE, COMMAND_NONE};

const struct view_ops view_journal = {
    .name = "journal",
    .title = N_("Past syncs"),
    .commands = journal_commands,
    .open = journal_open,
    .refresh = journal_refresh,
    .draw = journal_draw,
    .event = journal_event,
    .allows = journal_allows,
    .close = journal_close,
};
