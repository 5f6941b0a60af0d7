/*
 * The door: what to look out for, then who is in front of the nurse. Two
 * identifiers, asked and heard one by one, are ticked before a visit starts;
 * which ones is recorded in the visit's field "identity".
 */
#include "views/application.h"
#include "views/chrome.h"
#include "views/page.h"
#include "views/patient_list.h"
#include "views/snapshot.h"

#include "base/memory.h"
#include "base/text.h"

#include <stdio.h>

#define IDENTIFIERS 2
#define START_ROW IDENTIFIERS /* the row below the identifiers */
#define LABEL_COLUMNS 22

struct door {
    bool heard[IDENTIFIERS];
    int row_of[IDENTIFIERS + 1]; /* body row of each choice in the last frame, for taps; -1: not seen */
};

static enum status door_open(struct view *view, struct application *application, struct error *error)
{
    (void)application;
    view->state = memory_allocate(sizeof(struct door));
    return view->state != NULL ? STATUS_OK : error_no_memory(error);
}

static void door_close(struct view *view)
{
    memory_free(view->state);
    view->state = NULL;
}

/* --- what is asked -------------------------------------------------------------------------------- */

/* The second identifier: the birth date, or the address of someone whose birth date is not on record. */
static bool has_birth_date(const struct patient *patient)
{
    return patient->birth_date[0] != '\0';
}

static const char *identifier_label(const struct patient *patient, int index)
{
    if (index == 0) {
        return _("Full name");
    }
    return has_birth_date(patient) ? _("Birth date") : _("Address");
}

static void identifier_value(const struct patient *patient, int index, char *out, size_t size)
{
    if (index == 0) {
        patient_name_words(patient, out, size);
    } else {
        (void)text_copy(out, size, has_birth_date(patient) ? patient->birth_date : patient->address);
    }
}

/* Flags that concern the door itself: dogs, keys, infection, danger. Clinical ones wait for the chart. */
static bool is_for_the_door(const struct alert *alert)
{
    static const char *const categories[] = {"safety", "contact", "behavioral", "admin", "infection"};

    for (size_t i = 0; alert->active && i < sizeof categories / sizeof *categories; i++) {
        if (text_equal(alert->category, categories[i])) {
            return true;
        }
    }
    return false;
}

/* --- drawing -------------------------------------------------------------------------------------- */

static enum role level_role(enum alert_level level)
{
    return level == ALERT_RED ? ROLE_RED : level == ALERT_AMBER ? ROLE_AMBER : ROLE_STRONG;
}

static void write_flags(struct page *page, const struct chart *chart)
{
    bool any = false;

    page_heading(page, _("Look out for"));
    for (size_t i = 0; i < chart->alert_count; i++) {
        const struct alert *alert = &chart->alerts[i];
        char words[LABEL_SIZE + DETAIL_SIZE + 80];

        if (is_for_the_door(alert)) {
            chart_alert_words(alert, words, sizeof words);
            page_labelled(page, level_role(alert->level), 10, alert_level_word(alert->level), ROLE_NORMAL, words);
            any = true;
        }
    }
    if (!any) {
        page_text(page, ROLE_DIM, 0, _("No dog, key, infection or safety note is on this record; look for yourself."));
    }
    page_blank(page);
}

static void write_choice(struct page *page, struct view *view, int index, const char *label, const char *value)
{
    struct door *door = view->state;
    bool selected = view->cursor == index;
    char mark[LABEL_SIZE];
    int row = page_next_row(page);

    if (index == START_ROW) {
        (void)text_format(mark, sizeof mark, "%s     3 %s", selected ? ">" : " ", label);
    } else {
        (void)text_format(mark, sizeof mark, "%s [%s] %d %s", selected ? ">" : " ", door->heard[index] ? "x" : " ",
                          index + 1, label);
    }
    door->row_of[index] = row >= 0 ? row - page->area.row : -1;
    if (selected && row >= 0) {
        canvas_cursor(row, page->area.column + (index == START_ROW ? 6 : 3));
    }
    page_labelled(page, selected ? ROLE_SELECTED : ROLE_NORMAL, LABEL_COLUMNS, mark, ROLE_STRONG, value);
}

static void door_draw(struct view *view, struct application *application, struct area area)
{
    const struct patient *patient = &application->chart.patient;
    struct page page;

    do {
        page = page_begin(area, view->scroll);
        write_flags(&page, &application->chart);
        page_heading(&page, _("Who is in front of you?"));
        page_text(&page, ROLE_NORMAL, 0,
                  _("Let the person say both, without reading them out first, and tick what you heard. If the person "
                    "cannot answer, ask a relative or look at a card."));
        page_blank(&page);
        for (int i = 0; i < IDENTIFIERS; i++) {
            char value[2 * LABEL_SIZE + DETAIL_SIZE];

            identifier_value(patient, i, value, sizeof value);
            write_choice(&page, view, i, identifier_label(patient, i), value);
        }
        write_choice(&page, view, START_ROW, _("Start"), _("Keys: 1 and 2 tick, 3 or s starts the visit."));
        page_blank(&page);
        page_labelled(&page, ROLE_DIM, LABEL_COLUMNS, _("Address"), ROLE_NORMAL, patient->address);
        page_labelled(&page, ROLE_DIM, LABEL_COLUMNS, _("Phone"), ROLE_NORMAL, patient->phone);
    } while (!page_end(&page, &view->scroll));
}

/* --- doing ---------------------------------------------------------------------------------------- */

static enum reaction start(struct view *view, struct application *application)
{
    const struct door *door = view->state;
    struct error error = {0};
    char time[24];
    enum status status = STATUS_OK;

    if (!door->heard[0] || !door->heard[1]) {
        application_say(application, _("Tick both identifiers first: ask, listen, then press 1 and 2."));
        view->cursor = door->heard[0] ? 1 : 0;
        return REACTION_REDRAW;
    }
    status = application_start_visit(application, &error);
    if (status == STATUS_OK) {
        const char *heard = has_birth_date(&application->chart.patient) ? "name, birth date" : "name, address";

        status = application_put_field(application, "identity", heard, &error);
    }
    if (status != STATUS_OK) {
        application_say_error(application, &error);
        return REACTION_REDRAW;
    }
    instant_format_time(time, sizeof time, application->draft.started);
    application_pop(application);
    application_say(application, _("The visit has started at %s; it is kept on this device from now on."), time);
    return REACTION_REDRAW;
}

static enum reaction toggle(struct view *view, int index)
{
    struct door *door = view->state;

    door->heard[index] = !door->heard[index];
    view->cursor = door->heard[index] ? (door->heard[1 - index] ? START_ROW : 1 - index) : index;
    return REACTION_REDRAW;
}

static enum reaction choose(struct view *view, struct application *application, int index)
{
    return index == START_ROW ? start(view, application) : toggle(view, index);
}

static enum reaction tap(struct view *view, struct application *application, const struct event *event)
{
    const struct door *door = view->state;

    for (int i = 0; i <= START_ROW; i++) {
        if (door->row_of[i] == event->row) {
            return choose(view, application, i);
        }
    }
    return REACTION_IGNORED;
}

static enum reaction door_event(struct view *view, struct application *application, const struct event *event)
{
    int key = event->kind == EVENT_CHARACTER ? text_command_key(event->character) : 0;

    if (event->kind == EVENT_CLICK) {
        return tap(view, application, event);
    }
    if (key >= '1' && key <= '1' + START_ROW) {
        return choose(view, application, key - '1');
    }
    if (event_is_key(event, KEYCAP_ENTER) || (event->kind == EVENT_CHARACTER && text_is_space(event->character))) {
        return choose(view, application, view->cursor <= START_ROW ? view->cursor : START_ROW);
    }
    if (event_is_key(event, KEYCAP_UP) || event_is_key(event, KEYCAP_BACKTAB)) {
        view->cursor = view->cursor > 0 ? view->cursor - 1 : START_ROW;
        return REACTION_REDRAW;
    }
    if (event_is_key(event, KEYCAP_DOWN) || event_is_key(event, KEYCAP_TAB)) {
        view->cursor = view->cursor < START_ROW ? view->cursor + 1 : 0;
        return REACTION_REDRAW;
    }
    return page_event(view, event, layout_of(application->rows, application->columns).body);
}

static enum reaction door_command(struct view *view, struct application *application, enum command_id command)
{
    return command == COMMAND_VISIT ? start(view, application) : REACTION_IGNORED;
}

static const enum command_id door_commands[] = {COMMAND_VISIT, COMMAND_SET_ASIDE, COMMAND_NONE};

const struct view_ops view_visit_start = {
    .name = "visit-start",
    .title = N_("Start of visit"),
    .commands = door_commands,
    .about_patient = true,
    .open = door_open,
    .draw = door_draw,
    .event = door_event,
    .command = door_command,
    .close = door_close,
};
