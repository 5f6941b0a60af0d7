/* Texts of the visit in progress: see draft_field.h. */
#include "views/draft_field.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define PART_NUMBERS 100
#define TIME_WORDS 40

/* --- times ---------------------------------------------------------------------------------------- */

/* What the draft holds, as a nurse reads it; a text that is no time stays as it is. */
static void show_time(const char *value, char out[TIME_WORDS])
{
    instant at = INSTANT_NONE;
    enum instant_precision precision = PRECISION_NONE;

    (void)text_copy(out, TIME_WORDS, value);
    if (instant_parse(value, &at, &precision) && precision == PRECISION_TIME) {
        struct civil civil = instant_civil(at);

        (void)text_format(out, TIME_WORDS, "%04d-%02d-%02d %02d:%02d", civil.year, civil.month, civil.day, civil.hour,
                          civil.minute);
    }
}

static bool same_minute(struct civil a, struct civil b)
{
    return a.year == b.year && a.month == b.month && a.day == b.day && a.hour == b.hour && a.minute == b.minute;
}

/* What the nurse typed, as the draft holds it. A time without a date is of the day on which the visit started. What is
 * no time stays as typed: visit_read() says what is wrong with it. */
static void read_time(const char *typed, instant started, char *out, size_t size)
{
    char text[LINE_BYTES];
    struct civil first = instant_civil(started);
    struct civil civil = {.year = 0};
    int end = 0;

    text_normalise_value(text, sizeof text, typed);
    if (sscanf(text, "%4d-%2d-%2d %2d:%2d%n", &civil.year, &civil.month, &civil.day, &civil.hour, &civil.minute,
               &end) != 5) {
        civil = (struct civil){.year = first.year, .month = first.month, .day = first.day};
        end = sscanf(text, "%2d:%2d%n", &civil.hour, &civil.minute, &end) == 2 ? end : 0;
    }
    if (end > 0 && text[end] == '\0' && same_minute(civil, instant_civil(instant_from_civil(civil)))) {
        instant_format_fhir(out, size, instant_from_civil(civil));
    } else {
        (void)text_copy(out, size, typed);
    }
}

/* --- one field ------------------------------------------------------------------------------------ */

enum status draft_field_open(struct draft_field *field, const struct visit_draft *draft, enum draft_field_kind kind,
                             const char *name, struct error *error)
{
    const char *value = visit_draft_get(draft, name);
    char time[TIME_WORDS];
    enum status status = editor_init(&field->editor, kind == DRAFT_LINES ? VISIT_NOTE_LIMIT : LINE_BYTES,
                                     kind != DRAFT_LINES, error);

    field->kind = kind;
    (void)text_copy(field->name, sizeof field->name, name);
    if (status != STATUS_OK) {
        return status;
    }
    if (kind == DRAFT_TIME) {
        show_time(value, time);
        value = time;
    }
    /* What another way of entry left longer than this screen would take is shown whole all the same. */
    field->editor.limit = strlen(value) > field->editor.limit ? VISIT_NOTE_LIMIT : field->editor.limit;
    status = editor_set(&field->editor, value, error);
    if (status != STATUS_OK) {
        editor_free(&field->editor);
    }
    return status;
}

void draft_field_close(struct draft_field *field)
{
    editor_free(&field->editor);
}

enum status draft_field_save(struct draft_field *field, struct application *application, struct error *error)
{
    const char *text = editor_text(&field->editor);
    char time[LINE_BYTES];
    enum status status = STATUS_OK;

    if (!field->editor.changed || field->name[0] == '\0' || application->draft.id[0] == '\0') {
        return STATUS_OK;
    }
    if (field->kind == DRAFT_TIME) {
        read_time(text, application->draft.started, time, sizeof time);
        text = time;
    }
    status = application_put_field(application, field->name, text, error);
    if (status == STATUS_OK) {
        editor_mark_saved(&field->editor);
    }
    return status;
}

void draft_field_enter(const struct draft_field *field, struct view *view, struct application *application)
{
    view->offset = field->editor.cursor;
    application->place_moved = true;
    application->unsaved = application->unsaved || field->editor.changed;
}

void draft_field_return(struct draft_field *field, const struct view *view)
{
    bool anew = view->cursor == 0 && view->offset == 0;

    editor_move_to(&field->editor, anew ? field->editor.length : view->offset);
}

bool draft_field_event(struct draft_field *field, struct view *view, struct application *application,
                       const struct event *event, int columns)
{
    if (!editor_event(&field->editor, event, columns)) {
        return false;
    }
    draft_field_enter(field, view, application);
    if (field->editor.full) {
        application_say(application, _("This does not fit any more; shorten the text first."));
    }
    return true;
}

bool draft_field_command(struct draft_field *field, struct view *view, struct application *application,
                         enum command_id command)
{
    if (command == COMMAND_UNDO) {
        editor_undo(&field->editor);
    } else if (command == COMMAND_REDO) {
        editor_redo(&field->editor);
    } else {
        return false;
    }
    draft_field_enter(field, view, application);
    return true;
}

/* --- numbered parts ------------------------------------------------------------------------------- */

static void part_name(char out[VISIT_FIELD_NAME_SIZE], const char *part, int number, const char *attribute)
{
    (void)text_format(out, VISIT_FIELD_NAME_SIZE, "%s.%d.%s", part, number, attribute);
}

const char *draft_part_get(const struct visit_draft *draft, const char *part, int number, const char *attribute)
{
    char name[VISIT_FIELD_NAME_SIZE];

    part_name(name, part, number, attribute);
    return number >= 0 ? visit_draft_get(draft, name) : "";
}

int draft_part_find(const struct visit_draft *draft, const char *part, const char *attribute, const char *value)
{
    for (int i = 0; i < PART_NUMBERS; i++) {
        const char *held = draft_part_get(draft, part, i, attribute);
        const char *slash = strrchr(held, '/');

        if (held[0] != '\0' && text_equal(slash != NULL ? slash + 1 : held, value)) {
            return i;
        }
    }
    return -1;
}

int draft_part_free(const struct visit_draft *draft, const char *part)
{
    bool used[PART_NUMBERS] = {false};

    for (size_t i = 0; i < draft->count; i++) {
        const char *name = draft->fields[i].name;
        int number = 0;

        if (text_starts_with(name, part) && sscanf(name + strlen(part), ".%2d.", &number) == 1 && number >= 0 &&
            draft->fields[i].value[0] != '\0') {
            used[number] = true;
        }
    }
    for (int i = 0; i < PART_NUMBERS; i++) {
        if (!used[i]) {
            return i;
        }
    }
    return -1;
}

enum status draft_part_put(struct application *application, const char *part, int number, const char *attribute,
                           const char *value, struct error *error)
{
    char name[VISIT_FIELD_NAME_SIZE];

    part_name(name, part, number, attribute);
    return application_put_field(application, name, value, error);
}
