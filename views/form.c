/* Screens of questions: see form.h. */
#include "views/form.h"

#include "base/text.h"
#include "views/chrome.h"
#include "views/field.h"

#define MARK 2 /* cells before every item */

void form_init(struct form *form, void (*describe)(struct form *, struct view *, struct application *))
{
    *form = (struct form){.describe = describe, .option = -1, .id = -1, .follow = true};
}

/* --- describing ----------------------------------------------------------------------------------- */

static struct area body_of(const struct application *application)
{
    return layout_of(application->rows, application->columns).body;
}

/* What a tap on these lines of the frame means. */
static void claim(struct form *form, int from, int item, int option)
{
    for (int line = from; line < form->page.lines; line++) {
        int row = line - form->page.skip;

        if (row >= 0 && row < FORM_ROWS && row < form->page.area.rows) {
            form->rows[row].item = item;
            form->rows[row].option = option;
        }
    }
}

/* An item begins: true when the cursor is on it. */
static bool begin_item(struct form *form, const struct form_item *item)
{
    if (item->id == form->id) {
        form->place_of_id = form->count;
    }
    if (form->count++ != form->cursor) {
        return false;
    }
    form->item = *item;
    if (form->drawing) {
        form->first = form->page.lines;
    }
    return true;
}

static void mark(struct form *form, bool selected)
{
    int row = page_next_row(&form->page);

    if (row >= 0 && selected) {
        (void)canvas_piece(row, form->page.area.column, 1, ROLE_SELECTED, ">");
        canvas_cursor(row, form->page.area.column);
    }
}

static void end_item(struct form *form, int from, bool selected)
{
    if (selected) {
        form->last = form->page.lines - 1;
    }
    claim(form, from, form->count - 1, -1);
}

/* A page of which the cells of the mark are left out. */
static void indented(struct form *form, void (*write)(struct page *page, const void *words), const void *words)
{
    struct page inner = form->page;

    inner.area.column += MARK;
    inner.area.columns -= MARK;
    write(&inner, words);
    form->page.lines = inner.lines;
}

struct pair {
    enum role role, text_role;
    int width;
    const char *label, *text;
};

static void write_pair(struct page *page, const void *words)
{
    const struct pair *pair = words;

    page_labelled(page, pair->role, pair->width, pair->label, pair->text_role, pair->text);
}

void form_heading(struct form *form, const char *text)
{
    if (form->drawing) {
        page_heading(&form->page, text);
    }
}

void form_text(struct form *form, enum role role, const char *text)
{
    if (form->drawing) {
        page_text(&form->page, role, MARK, text);
    }
}

void form_labelled(struct form *form, enum role role, int width, const char *label, enum role text_role,
                   const char *text)
{
    if (form->drawing) {
        indented(form, write_pair, &(struct pair){role, text_role, width, label, text});
    }
}

void form_blank(struct form *form)
{
    if (form->drawing) {
        page_blank(&form->page);
    }
}

void form_reading(struct form *form, int id, const char *text)
{
    int from = form->page.lines;
    bool selected = begin_item(form, &(struct form_item){.kind = FORM_READING, .id = id});

    if (form->drawing) {
        mark(form, selected);
        page_text(&form->page, ROLE_NORMAL, MARK, text);
        end_item(form, from, selected);
    }
}

void form_block(struct form *form, int id, void (*write)(struct page *page, const void *context), const void *context)
{
    int from = form->page.lines;
    bool selected = begin_item(form, &(struct form_item){.kind = FORM_READING, .id = id});

    if (form->drawing) {
        mark(form, selected);
        indented(form, write, context);
        end_item(form, from, selected);
    }
}

static void draw_answers(struct form *form, const struct choice *choice, const char *chosen)
{
    for (int i = 0; choice->keys[i] != NULL; i++) {
        int from = form->page.lines;
        bool here = form->option == i;
        char mark_words[16];
        int row = page_next_row(&form->page);

        (void)text_format(mark_words, sizeof mark_words, "%s %d [%s]", here ? ">" : " ", i + 1,
                          text_equal(choice->keys[i], chosen) ? "x" : " ");
        if (row >= 0 && here) {
            canvas_cursor(row, form->page.area.column + 2 * MARK + 3);
        }
        indented(form, write_pair,
                 &(struct pair){here ? ROLE_SELECTED : ROLE_NORMAL, here ? ROLE_SELECTED : ROLE_NORMAL, 9, mark_words,
                                choice->word(choice->keys[i])});
        claim(form, from, form->count - 1, i);
    }
}

void form_choice(struct form *form, int id, int width, const char *left, const char *right, const struct choice *choice,
                 const char *chosen)
{
    int from = form->page.lines;
    bool selected =
        begin_item(form, &(struct form_item){.kind = FORM_CHOICE, .id = id, .choice = choice, .chosen = chosen});
    enum role role = selected ? ROLE_SELECTED : ROLE_NORMAL;

    if (form->drawing) {
        mark(form, selected);
        indented(form, write_pair, &(struct pair){role, role, width, left, right});
        end_item(form, from, selected);
        if (selected) {
            draw_answers(form, choice, chosen);
            form->last = form->page.lines - 1;
        }
    }
}

void form_question(struct form *form, int id, int width, const char *label, const struct choice *choice, const char *chosen)
{
    form_choice(form, id, width, label, chosen[0] != '\0' ? choice->word(chosen) : _("not chosen yet"), choice, chosen);
}

void form_field(struct form *form, int id, int width, const char *label, struct draft_field *field, const char *hint,
                const char *fault)
{
    int from = form->page.lines;
    bool selected = begin_item(form, &(struct form_item){.kind = FORM_FIELD, .id = id, .field = field});
    int column = form->page.area.column + MARK + width;
    int columns = form->page.area.columns - MARK - width;
    int row = -1;

    if (form->drawing) {
        mark(form, selected);
        row = page_row(&form->page);
        if (row >= 0) {
            (void)canvas_piece(row, form->page.area.column + MARK, width - 1, selected ? ROLE_SELECTED : ROLE_NORMAL,
                               label);
            field_draw(&field->editor, row, column, columns, selected);
        }
        page_text(&form->page, ROLE_RED, MARK + width, fault);
        page_text(&form->page, ROLE_DIM, MARK + width, selected && fault[0] == '\0' ? hint : "");
        end_item(form, from, selected);
    }
}

void form_button(struct form *form, int id, int width, enum role role, const char *left, const char *right)
{
    int from = form->page.lines;
    bool selected = begin_item(form, &(struct form_item){.kind = FORM_BUTTON, .id = id});

    if (form->drawing) {
        mark(form, selected);
        indented(form, write_pair, &(struct pair){role, selected ? ROLE_SELECTED : ROLE_NORMAL, width, left, right});
        end_item(form, from, selected);
    }
}

/* --- passes --------------------------------------------------------------------------------------- */

static void describe_once(struct form *form, struct view *view, struct application *application)
{
    form->page.lines = 0;
    form->count = 0;
    form->place_of_id = -1;
    form->item = (struct form_item){.kind = FORM_NONE};
    form->describe(form, view, application);
}

/* Describes all, with the cursor on the item it was on, or on the nearest that there still is. */
static void pass(struct form *form, struct view *view, struct application *application)
{
    describe_once(form, view, application);
    if (form->place_of_id >= 0 && form->place_of_id != form->cursor) {
        form->cursor = form->place_of_id;
        describe_once(form, view, application);
    } else if (form->cursor >= form->count && form->count > 0) {
        form->cursor = form->count - 1;
        form->option = -1;
        describe_once(form, view, application);
    }
    form->id = form->item.kind != FORM_NONE ? form->item.id : -1;
}

void form_look(struct form *form, struct view *view, struct application *application)
{
    form->drawing = false;
    pass(form, view, application);
}

/* The lines that must be seen: an answer under the cursor, or the whole item as far as it fits. */
static void follow(struct form *form, struct view *view, int rows)
{
    int last = form->option >= 0 ? form->first + 1 + form->option : form->last;

    last = form->last < last ? form->last : last;
    if (last >= view->scroll + rows) {
        view->scroll = last - rows + 1;
    }
    if (form->first < view->scroll && form->option < 0) {
        view->scroll = form->first;
    }
    if (form->cursor == 0 && form->first < rows) {
        view->scroll = 0;
    }
}

void form_draw(struct form *form, struct view *view, struct application *application, struct area area)
{
    struct area nowhere = {area.row, area.column, 0, area.columns};

    /* Measured first: what is drawn then is right at once. */
    form->drawing = true;
    form->page = page_begin(nowhere, view->scroll);
    pass(form, view, application);
    if (form->follow) {
        follow(form, view, area.rows);
    }
    if (view->scroll > form->page.lines - area.rows) {
        view->scroll = form->page.lines > area.rows ? form->page.lines - area.rows : 0;
    }
    for (int i = 0; i < FORM_ROWS; i++) {
        form->rows[i].item = -1;
    }
    form->page = page_begin(area, view->scroll);
    pass(form, view, application);
    (void)page_end(&form->page, &view->scroll);
    form->drawing = false;
}

/* --- moving --------------------------------------------------------------------------------------- */

void form_go(struct form *form, struct view *view, struct application *application, int item)
{
    form->cursor = item;
    form->option = -1;
    form->id = -1;
    form->follow = true;
    form_look(form, view, application);
    application->place_moved = true;
    view->offset = 0;
    if (form->item.kind == FORM_FIELD) {
        editor_move_to(&form->item.field->editor, form->item.field->editor.length);
        draft_field_enter(form->item.field, view, application);
    }
}

static enum form_reaction step(struct form *form, struct view *view, struct application *application, int by)
{
    int to = form->cursor + by;

    if (to >= 0 && to < form->count) {
        form_go(form, view, application, to);
    }
    return FORM_HANDLED;
}

/* As Tab does: from the last item to the first. */
static enum form_reaction step_round(struct form *form, struct view *view, struct application *application, int by)
{
    if (form->count > 0) {
        form_go(form, view, application, (form->cursor + by + form->count) % form->count);
    }
    return FORM_HANDLED;
}

static int answers(const struct form *form)
{
    int count = 0;

    while (form->item.kind == FORM_CHOICE && form->item.choice->keys[count] != NULL) {
        count++;
    }
    return count;
}

/* Enter and the arrows stop at the ends: what is typed on must not reach the other end. Down and Up also walk over the
 * answers of a choice, and over the lines of a long text. */
static enum form_reaction walk(struct form *form, struct view *view, struct application *application, int by)
{
    int rows = body_of(application).rows;

    form->follow = true;
    if (form->item.kind == FORM_CHOICE && form->option + by >= -1 && form->option + by < answers(form)) {
        form->option += by;
        return FORM_HANDLED;
    }
    if (form->item.kind == FORM_READING && by > 0 && form->last >= view->scroll + rows) {
        view->scroll++;
        form->follow = false;
        return FORM_HANDLED;
    }
    if (form->item.kind == FORM_READING && by < 0 && view->scroll > form->first) {
        view->scroll--;
        form->follow = false;
        return FORM_HANDLED;
    }
    return step(form, view, application, by);
}

static enum form_reaction choose(struct form *form, int option)
{
    form->option = option;
    form->key = form->item.choice->keys[option];
    return FORM_CHOSEN;
}

static enum form_reaction choice_event(struct form *form, const struct event *event)
{
    int digit = event->kind == EVENT_CHARACTER ? text_command_key(event->character) - '0' : 0;
    bool accept =
        event_is_key(event, KEYCAP_ENTER) || (event->kind == EVENT_CHARACTER && text_is_space(event->character));

    if (digit >= 1 && digit <= answers(form)) {
        return choose(form, digit - 1);
    }
    if (accept && form->option >= 0) {
        return choose(form, form->option);
    }
    if ((event_is_key(event, KEYCAP_BACKSPACE) || event_is_key(event, KEYCAP_DELETE)) && form->item.chosen[0] != '\0') {
        return FORM_CLEARED;
    }
    return FORM_IGNORED;
}

static enum form_reaction tap(struct form *form, struct view *view, struct application *application, int row)
{
    int item = row >= 0 && row < FORM_ROWS ? form->rows[row].item : -1;
    bool again = item == form->cursor;

    if (item < 0) {
        return FORM_IGNORED;
    }
    if (form->rows[row].option >= 0) {
        return choose(form, form->rows[row].option);
    }
    if (!again) {
        form_go(form, view, application, item);
    }
    return again && form->item.kind == FORM_BUTTON ? FORM_PRESSED : FORM_HANDLED;
}

static enum form_reaction item_event(struct form *form, struct view *view, struct application *application,
                                     const struct event *event)
{
    bool accept = event_is_key(event, KEYCAP_ENTER);

    if (form->item.kind == FORM_FIELD && !accept) {
        int columns = body_of(application).columns;

        return draft_field_event(form->item.field, view, application, event, columns) ? FORM_HANDLED : FORM_IGNORED;
    }
    if (form->item.kind == FORM_CHOICE) {
        enum form_reaction reaction = choice_event(form, event);

        if (reaction != FORM_IGNORED) {
            return reaction;
        }
    }
    if (form->item.kind == FORM_BUTTON) {
        return accept || (event->kind == EVENT_CHARACTER && text_is_space(event->character)) ? FORM_PRESSED
                                                                                             : FORM_IGNORED;
    }
    return accept ? step(form, view, application, 1) : FORM_IGNORED;
}

enum form_reaction form_event(struct form *form, struct view *view, struct application *application,
                              const struct event *event)
{
    enum form_reaction reaction = FORM_IGNORED;

    form_look(form, view, application);
    if (!layout_fits(application->rows, application->columns) && form->item.kind != FORM_FIELD) {
        return FORM_IGNORED; /* nobody chooses what cannot be seen */
    }
    if (event->kind == EVENT_CLICK) {
        return tap(form, view, application, event->row);
    }
    if (event_is_key(event, KEYCAP_TAB) || event_is_key(event, KEYCAP_BACKTAB)) {
        return step_round(form, view, application, event_is_key(event, KEYCAP_TAB) ? 1 : -1);
    }
    if (event_is_key(event, KEYCAP_UP) || event_is_key(event, KEYCAP_DOWN)) {
        return walk(form, view, application, event_is_key(event, KEYCAP_DOWN) ? 1 : -1);
    }
    reaction = item_event(form, view, application, event);
    if (reaction == FORM_IGNORED && event->kind == EVENT_KEY &&
        page_event(view, event, body_of(application)) == REACTION_REDRAW) {
        form->follow = false;
        return FORM_HANDLED;
    }
    return reaction;
}

bool form_command(struct form *form, struct view *view, struct application *application, enum command_id command)
{
    form_look(form, view, application);
    if (command == COMMAND_NEXT) {
        (void)step_round(form, view, application, 1);
        return true;
    }
    return form->item.kind == FORM_FIELD && draft_field_command(form->item.field, view, application, command);
}
