/* The keys that work on the screen below, and everywhere: read off the command table. */
#include "views/application.h"
#include "views/chrome.h"
#include "views/page.h"

#include "base/text.h"

#include <stdio.h>

#define KEYS_COLUMNS 12
#define LABEL_COLUMNS 17

static void keys_words(enum command_id id, bool typing, char *out, size_t size)
{
    const char *keys = command_of(id)->keys;
    char name[KEY_NAME_SIZE];
    size_t used = 0;

    out[0] = '\0';
    while ((keys = keymap_next(keys, name)) != NULL) {
        /* Where text is typed, a single character is text. */
        if ((!typing || name[1] != '\0') && used < size) {
            used += (size_t)snprintf(out + used, size - used, "%s%s", used > 0 ? " " : "", name);
        }
    }
}

static void write_command(struct page *page, const struct application *application, enum command_id id, bool typing)
{
    const char *objection = application_objection(application, id);
    char keys[48];
    char help[400];
    int row = page_next_row(page);

    keys_words(id, typing, keys, sizeof keys);
    if (keys[0] == '\0') {
        return;
    }
    if (row >= 0) {
        (void)canvas_piece(row, page->area.column + KEYS_COLUMNS, LABEL_COLUMNS - 1, ROLE_NORMAL,
                           _(command_of(id)->label));
    }
    (void)text_format(help, sizeof help, "%s%s%s", _(command_of(id)->help), objection != NULL ? " - " : "",
                      objection != NULL ? objection : "");
    page_labelled(page, ROLE_STRONG, KEYS_COLUMNS + LABEL_COLUMNS, keys, ROLE_NORMAL, help);
}

static bool is_listed(const enum command_id *list, enum command_id id)
{
    for (; *list != COMMAND_NONE; list++) {
        if (*list == id) {
            return true;
        }
    }
    return false;
}

/* Writes a list without what `but` has said already. */
static void write_list(struct page *page, const struct application *application, const enum command_id *list,
                       const enum command_id *but, bool typing)
{
    for (; *list != COMMAND_NONE; list++) {
        if (!is_listed(but, *list)) {
            write_command(page, application, *list, typing);
        }
    }
}

static void help_draw(struct view *view, struct application *application, struct area area)
{
    const struct view *below = application_below(application);
    static const enum command_id none[] = {COMMAND_NONE};
    const enum command_id *here = below != NULL ? below->ops->commands : none;
    bool typing = below != NULL && below->ops->typing;
    struct page page;

    do {
        page = page_begin(area, view->scroll);
        if (below != NULL) {
            page_format(&page, ROLE_TITLE, 0, _("On the screen '%s'"), _(below->ops->title));
            write_list(&page, application, here, none, typing);
            page_blank(&page);
        }
        page_heading(&page, _("Everywhere"));
        write_list(&page, application, commands_everywhere, here, typing);
        page_blank(&page);
        page_text(&page, ROLE_NORMAL, 0,
                  _("Arrows move, Tab goes to the next field. ^S means: hold Ctrl and press s. Letters also work while "
                    "a Korean or Japanese input method is on. The words in the bottom lines can be tapped. Nothing you "
                    "do here loses what was typed: it is saved at every pause."));
        page_blank(&page);
        page_text(&page, ROLE_NORMAL, 0,
                  _("Alerts: RED! means act now, AMBER means look closely, each with its reason. 'Outbox' counts what "
                    "still has to reach the server; 'synced' is only said when nothing waits."));
    } while (!page_end(&page, &view->scroll));
}

static enum reaction help_event(struct view *view, struct application *application, const struct event *event)
{
    return page_event(view, event, layout_of(application->rows, application->columns).body);
}

static bool help_allows(const struct view *view, const struct application *application, enum command_id command)
{
    (void)view;
    (void)application;
    return command != COMMAND_HELP;
}

static const enum command_id help_commands[] = {COMMAND_NONE};

const struct view_ops view_help = {
    .name = "help",
    .title = N_("Help"),
    .commands = help_commands,
    .draw = help_draw,
    .event = help_event,
    .allows = help_allows,
};
