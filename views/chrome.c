/* Header, message and footer: see chrome.h. */
#include "views/chrome.h"

#include "base/text.h"
#include "views/patient_list.h"

#include <stdio.h>
#include <string.h>

#define LEAST_ROWS 12
#define LEAST_COLUMNS 40
#define NARROW 72 /* below this the header uses its short words */
#define ITEM_GAP 2
#define LEAST_LEFT 10 /* columns of a header line that its right end leaves to the left */
#define WORDS_SIZE (LABEL_SIZE + 100)

struct layout layout_of(int rows, int columns)
{
    return (struct layout){
        .header = {0, 0, 2, columns},
        .body = {2, 0, rows - 5, columns},
        .message = {rows - 3, 0, 1, columns},
        .footer = {rows - 2, 0, 2, columns},
    };
}

bool layout_fits(int rows, int columns)
{
    return rows >= LEAST_ROWS && columns >= LEAST_COLUMNS;
}

/* --- footer --------------------------------------------------------------------------------------- */

static int item_columns(const struct footer_item *item)
{
    return text_columns(item->key) + 1 + text_columns(_(command_of(item->command)->label));
}

static bool item_for(const struct application *application, enum command_id command, struct footer_item *item)
{
    bool typing = application->stack[application->depth - 1].ops->typing;

    *item = (struct footer_item){.command = command};
    return application_allows(application, command) && keymap_shown(command, typing, item->key);
}

static bool has_item(const struct footer_item *items, size_t count, enum command_id command)
{
    for (size_t i = 0; i < count; i++) {
        if (items[i].command == command) {
            return true;
        }
    }
    return false;
}

/* Help and Back stand at the end of the last line, always in the same place. */
static size_t fixed_items(const struct application *application, struct area footer, struct footer_item *items,
                          int *room)
{
    static const enum command_id fixed[] = {COMMAND_HELP, COMMAND_BACK};
    size_t count = 0;
    int end = footer.columns;

    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
        struct footer_item *item = &items[count];

        if (item_for(application, fixed[i], item)) {
            int columns = item_columns(item);

            item->area = (struct area){footer.row + footer.rows - 1, end - columns, 1, columns};
            end -= columns + ITEM_GAP;
            count++;
        }
    }
    *room = end;
    return count;
}

size_t chrome_footer(const struct application *application, struct footer_item *items, size_t limit)
{
    struct area footer = layout_of(application->rows, application->columns).footer;
    const enum command_id *lists[] = {application->stack[application->depth - 1].ops->commands, commands_everywhere};
    int room = 0;
    size_t count = fixed_items(application, footer, items, &room);
    int row = 0;
    int column = 0;

    for (size_t list = 0; list < sizeof lists / sizeof *lists; list++) {
        for (const enum command_id *command = lists[list]; *command != COMMAND_NONE && count < limit; command++) {
            struct footer_item *item = &items[count];
            int columns = 0;

            if (has_item(items, count, *command) || !item_for(application, *command, item)) {
                continue;
            }
            columns = item_columns(item);
            if (row == 0 && column + columns > footer.columns) {
                row = 1;
                column = 0;
            }
            if (row == 1 && column + columns > room) {
                return count;
            }
            item->area = (struct area){footer.row + row, column, 1, columns};
            column += columns + ITEM_GAP;
            count++;
        }
    }
    return count;
}

enum command_id chrome_command_at(const struct application *application, int row, int column)
{
    struct footer_item items[FOOTER_ITEMS];
    size_t count = chrome_footer(application, items, FOOTER_ITEMS);

    for (size_t i = 0; i < count; i++) {
        const struct area *area = &items[i].area;

        if (row == area->row && column >= area->column && column < area->column + area->columns + ITEM_GAP) {
            return items[i].command;
        }
    }
    return COMMAND_NONE;
}

static void draw_footer(const struct application *application)
{
    struct footer_item items[FOOTER_ITEMS];
    size_t count = chrome_footer(application, items, FOOTER_ITEMS);

    for (size_t i = 0; i < count; i++) {
        const struct area *area = &items[i].area;
        int key = canvas_piece(area->row, area->column, area->columns, ROLE_FOOTER, items[i].key);

        (void)canvas_piece(area->row, area->column + key + 1, area->columns - key - 1, ROLE_FOOTER_WORD,
                           _(command_of(items[i].command)->label));
    }
}

/* --- header --------------------------------------------------------------------------------------- */

/* Nothing is left over: neither what was entered here nor what the server sent. */
static bool all_exchanged(const struct sync_status *status)
{
    return status->last_result == STATUS_OK &&
           status->pending + status->refused + status->conflicts + status->quarantined == 0;
}

/* The link in words. "Synced" is said only when nothing is left over; anything else names the last good exchange. */
static void link_words(const struct application *application, bool narrow, char *out, size_t size)
{
    const struct sync_status *status = &application->status;
    char age[48] = "";

    if (status->last_good != INSTANT_NONE) {
        instant_format_age(age, sizeof age, status->last_good, application_now(application));
    }
    if (application->sync.phase == WORKER_CONNECTING) {
        (void)text_format(out, size, "%s", _("connecting"));
    } else if (application->sync.phase == WORKER_PUSHING) {
        (void)text_format(out, size, "%s", _("sending"));
    } else if (application->sync.phase == WORKER_PULLING) {
        (void)text_format(out, size, "%s", _("receiving"));
    } else if (application->worker == NULL && status->server[0] == '\0') {
        (void)text_format(out, size, "%s", _("no server"));
    } else if (status->last_result == STATUS_UNREACHABLE && !status->last_answered) {
        (void)text_format(out, size, age[0] == '\0' || narrow ? _("offline") : _("offline, last sync: %s"), age);
    } else if (age[0] == '\0') {
        (void)text_format(out, size, "%s", _("never synced"));
    } else if (status->last_result != STATUS_OK) {
        (void)text_format(out, size, narrow ? _("sync incomplete") : _("sync incomplete, last good: %s"), age);
    } else if (!all_exchanged(status)) {
        (void)text_format(out, size, narrow ? _("sync: %s") : _("last sync: %s"), age);
    } else {
        (void)text_format(out, size, _("synced: %s"), age);
    }
}

/* Link and outbox. */
static void exchange_words(const struct application *application, bool narrow, char *out, size_t size)
{
    const struct sync_status *status = &application->status;
    int needs = status->refused + status->conflicts;
    char link[100];
    char outbox[64];

    link_words(application, narrow, link, sizeof link);
    if (needs > 0) {
        (void)text_format(outbox, sizeof outbox, _("outbox %d, needs you %d"), status->pending, needs);
    } else {
        (void)text_format(outbox, sizeof outbox, _("outbox %d"), status->pending);
    }
    (void)text_format(out, size, "%s | %s", link, outbox);
}

static void age_words(const struct patient *patient, instant now, char *out, size_t size)
{
    int years = instant_years_since(patient->birth_date, now);

    if (years < 0) {
        (void)text_format(out, size, "%s", _("age unknown"));
    } else {
        (void)text_format(out, size, _("%d y"), years);
    }
}

/* First line of a patient: the name gives way, what identifies beside it does not. */
static void draw_identity(const struct application *application, int columns)
{
    const struct patient *patient = &application->chart.patient;
    const char *born = patient->birth_date[0] != '\0' ? patient->birth_date : _("birth date unknown");
    char age[32];
    char rest[2 * LABEL_SIZE + 80];
    char name[2 * LABEL_SIZE + 8];
    int rest_columns = 0;
    int used = 0;

    age_words(patient, application_now(application), age, sizeof age);
    (void)text_format(rest, sizeof rest, "  %s  %s  %s%s%s%s%s%s%s", age,
                   born, gender_word(patient->gender),
                   patient->released ? "  " : "", patient->released ? _("LEFT YOUR CASELOAD") : "",
                   application->chart.code_status[0] != '\0' ? "  " : "", application->chart.code_status,
                   patient->deceased ? "  " : "", patient->deceased ? _("DECEASED") : "");
    patient_name_words(patient, name, sizeof name);
    if (patient->released && text_columns(rest) > columns - LEAST_LEFT) {
        (void)text_format(rest, sizeof rest, "  %s  %s", born, _("LEFT YOUR CASELOAD"));
    }
    rest_columns = text_columns(rest);
    if (rest_columns > columns - LEAST_LEFT) {
        rest_columns = columns - LEAST_LEFT;
    }
    if (text_columns(name) > columns - rest_columns) {
        (void)text_copy(name, sizeof name, patient->name);
    }
    used = canvas_piece(0, 0, columns - rest_columns, ROLE_HEADER_STRONG, name);
    (void)canvas_piece(0, used, columns - used, ROLE_HEADER, rest);
}

static bool has_allergy(const struct chart *chart)
{
    for (size_t i = 0; i < chart->allergy_count; i++) {
        if (allergy_counts(&chart->allergies[i]) && !chart->allergies[i].none_known) {
            return true;
        }
    }
    return false;
}

static void draw_allergies(const struct application *application, int columns)
{
    char line[LABEL_SIZE * 4];

    chart_allergy_line(&application->chart, line, sizeof line);
    if (has_allergy(&application->chart)) {
        char words[sizeof line + 40];

        (void)text_format(words, sizeof words, _("ALLERGY: %s"), line);
        (void)canvas_piece(1, 0, columns, ROLE_HEADER_STRONG, words);
        return;
    }
    (void)canvas_piece(1, 0, columns, ROLE_HEADER_STRONG, line);
}

/* The screens that are about no one patient: who works here, and on how much. */
static void draw_nurse(const struct application *application, int first, int second)
{
    const struct sync_status *status = &application->status;
    char line[WORDS_SIZE];
    char date[40];

    instant_format_date(date, sizeof date, application_now(application));
    if (application->store == NULL) {
        (void)canvas_piece(0, 0, first, ROLE_HEADER_STRONG, "doorstep");
        (void)canvas_piece(1, 0, second, ROLE_HEADER, application->config.organization);
        return;
    }
    (void)text_format(line, sizeof line, "doorstep  %s  %s", date,
                   application->practitioner[0] != '\0' ? application->practitioner : application->paths.user);
    (void)canvas_piece(0, 0, first, ROLE_HEADER_STRONG, line);
    if (status->incomplete_patients > 0) {
        (void)text_format(line, sizeof line, _("%d patients, %d not complete"), status->patients,
                          status->incomplete_patients);
    } else {
        (void)text_format(line, sizeof line, _("%d patients"), status->patients);
    }
    (void)canvas_piece(1, 0, second, ROLE_HEADER, line);
}

/* Draws a text at the right end of a header line, whole: what is left of it gives way. Returns the columns there. */
static int draw_right(int row, int columns, enum role role, const char *text)
{
    int used = text_columns(text);
    int most = columns - LEAST_LEFT - ITEM_GAP;

    used = used < most ? used : most;
    (void)canvas_piece(row, columns - used, used, role, text);
    return columns - used - ITEM_GAP;
}

/* The right ends of both lines; *first and *second receive the columns left of them. Where link, outbox and whether
 * all is saved would crowd out the allergies, the last of them takes the place of the title. */
static void draw_state(const struct application *application, struct area area, int *first, int *second)
{
    const char *title = _(application->stack[application->depth - 1].ops->title);
    const char *saved = application->unsaved ? _("unsaved") : _("saved");
    bool narrow = area.columns < NARROW;
    char exchange[WORDS_SIZE];
    char words[WORDS_SIZE];
    bool crowded = false;

    exchange_words(application, narrow, exchange, sizeof exchange);
    (void)text_format(words, sizeof words, "%s | %s", exchange, saved);
    crowded = narrow && text_columns(words) > area.columns / 2 + 4;
    *second = draw_right(1, area.columns, ROLE_HEADER, crowded ? exchange : words);
    (void)text_format(words, sizeof words, "%s  ^L %s", crowded ? saved : title, _("lock"));
    *first = draw_right(0, area.columns, ROLE_HEADER, words);
}

static void draw_header(const struct application *application, struct area area)
{
    const struct view_ops *ops = application->stack[application->depth - 1].ops;
    int first = area.columns;
    int second = area.columns;

    canvas_fill(area, ROLE_HEADER);
    if (application->store != NULL) {
        draw_state(application, area, &first, &second);
    }
    if (ops->about_patient && application->chart.patient.id[0] != '\0') {
        draw_identity(application, first);
        draw_allergies(application, second);
    } else {
        draw_nurse(application, first, second);
    }
}

/* --- all ------------------------------------------------------------------------------------------ */

void application_draw(struct application *application)
{
    struct layout layout = layout_of(application->rows, application->columns);
    struct view *top = application_top(application);

    if (!layout_fits(application->rows, application->columns)) {
        (void)canvas_paragraph((struct area){0, 0, application->rows, application->columns}, ROLE_STRONG,
                               _("This window is too small: make it at least 40 columns wide and 12 rows high. "
                                 "Everything typed is kept."), 0);
        return;
    }
    draw_header(application, layout.header);
    top->ops->draw(top, application, layout.body);
    if (application->message[0] != '\0') {
        (void)canvas_text(layout.message.row, 0, layout.message.columns,
                          application->message_is_error ? ROLE_ERROR : ROLE_STRONG, application->message);
    }
    draw_footer(application);
}
