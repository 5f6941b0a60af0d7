/*
 * The patient's story in fifteen seconds: what alarms, why we visit, what
 * changed, how the vitals stand; then medicines, consents, tasks. The most
 * important is on the first screen; the rest follows by scrolling, or stands
 * beside it on a wide terminal. What the lines say is in snapshot_words.c,
 * the vitals are in snapshot_vitals.c.
 */
#include "views/snapshot.h"

#include "views/chrome.h"

#define TWO_PAGES 110 /* from this width on two pages stand side by side */
#define PAGE_GAP 2

static void write_story(struct page *page, const struct application *application)
{
    snapshot_write_warnings(page, application);
    snapshot_write_alerts(page, &application->chart, true);
    snapshot_write_reason(page, &application->chart, application_now(application));
    snapshot_write_changes(page, &application->chart, application_now(application));
    snapshot_write_plan(page, &application->chart);
    snapshot_write_news2(page, &application->chart, application_now(application));
    snapshot_write_vitals(page, &application->chart, application_now(application));
    snapshot_write_alerts(page, &application->chart, false);
}

static void write_lists(struct page *page, const struct application *application)
{
    snapshot_write_tasks(page, &application->chart, application_now(application));
    snapshot_write_medicines(page, &application->chart);
    snapshot_write_allergies(page, &application->chart);
    snapshot_write_conditions(page, &application->chart);
    snapshot_write_consents(page, &application->chart);
    snapshot_write_notes(page, &application->chart);
    snapshot_write_sources(page, &application->chart);
}

static void snapshot_draw(struct view *view, struct application *application, struct area area)
{
    struct area left = area;
    struct area right = area;
    struct page page;

    if (area.columns < TWO_PAGES) {
        do {
            page = page_begin(area, view->scroll);
            write_story(&page, application);
            page_blank(&page);
            write_lists(&page, application);
        } while (!page_end(&page, &view->scroll));
        return;
    }
    left.columns = area.columns / 2;
    right.column = left.columns + PAGE_GAP;
    right.columns = area.columns - right.column;
    do {
        struct page beside = page_begin(right, view->scroll);

        page = page_begin(left, view->scroll);
        write_story(&page, application);
        write_lists(&beside, application);
        page.lines = page.lines > beside.lines ? page.lines : beside.lines;
        page.area = area;
    } while (!page_end(&page, &view->scroll));
}

static enum reaction snapshot_event(struct view *view, struct application *application, const struct event *event)
{
    return page_event(view, event, layout_of(application->rows, application->columns).body);
}

static const enum command_id snapshot_commands[] = {
    COMMAND_VISIT, COMMAND_VITALS, COMMAND_NOTE, COMMAND_CONSENT, COMMAND_TASKS, COMMAND_CLOSE, COMMAND_NONE,
};

const struct view_ops view_snapshot = {
    .name = "snapshot",
    .title = N_("Patient"),
    .commands = snapshot_commands,
    .about_patient = true,
    .draw = snapshot_draw,
    .event = snapshot_event,
};
