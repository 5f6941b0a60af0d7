/*
 * What the nurse is told, saving, and the stack of views.
 *
 * Invariant: what was typed is on the disk before a view goes, and before the
 * record closes. If it cannot be put there, the view stays.
 */
#include "views/application_part.h"

#include "base/text.h"
#include "store/draft.h"

#include <stdarg.h>
#include <stdio.h>

_Static_assert(VIEW_ID_COUNT <= VIEW_DEPTH, "every view may be on the stack once");

/* --- words, time ---------------------------------------------------------------------------------- */

void application_say(struct application *application, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(application->message, sizeof application->message, format, arguments);
    va_end(arguments);
    application->message_is_error = false;
}

void application_say_error(struct application *application, const struct error *error)
{
    (void)text_copy(application->message, sizeof application->message, error->sentence);
    application->message_is_error = true;
}

void application_hush(struct application *application)
{
    application->message[0] = '\0';
    application->message_is_error = false;
}

instant application_now(const struct application *application)
{
    return clock_now(&application->store_options.clock);
}

int64_t application_monotonic(const struct application *application)
{
    return clock_monotonic(&application->store_options.clock);
}

/* --- saving --------------------------------------------------------------------------------------- */

static enum status set_place(struct visit_draft *draft, const char *screen, const char *place, struct error *error)
{
    enum status status = visit_draft_set(draft, FIELD_SCREEN, screen, error);

    return status == STATUS_OK ? visit_draft_set(draft, FIELD_CURSOR, place, error) : status;
}

/* Where the nurse is, kept with the visit: an unlock brings her back. Both at once: a cursor fits only its screen. */
static enum status save_place(struct application *application, struct error *error)
{
    const struct view *top = application_top(application);
    struct visit_draft *draft = &application->draft;
    struct visit_draft moved;
    char place[48];
    enum status status = STATUS_OK;

    (void)text_format(place, sizeof place, "%d.%zu", top->cursor, top->offset);
    if (application->store == NULL || draft->id[0] == '\0' || top->ops->passing ||
        (text_equal(visit_draft_get(draft, FIELD_SCREEN), top->ops->name) &&
         text_equal(visit_draft_get(draft, FIELD_CURSOR), place))) {
        return STATUS_OK;
    }
    visit_draft_init(&moved);
    (void)text_copy(moved.id, sizeof moved.id, draft->id);
    status = set_place(&moved, top->ops->name, place, error);
    if (status == STATUS_OK) {
        status = draft_put_all(application->store, &moved, error);
    }
    visit_draft_free(&moved);
    return status == STATUS_OK ? set_place(draft, top->ops->name, place, error) : status;
}

static enum status save_typed(struct application *application, struct error *error)
{
    struct view *top = application_top(application);
    enum status status = STATUS_OK;

    if (application->store != NULL && top->ops->save != NULL) {
        status = top->ops->save(top, application, error);
    }
    application->unsaved = application->unsaved && status != STATUS_OK;
    application->save_after = status == STATUS_OK ? 0 : application_monotonic(application) + SAVE_RETRY;
    return status;
}

enum status application_save(struct application *application, struct error *error)
{
    enum status status = save_typed(application, error);

    if (status == STATUS_OK) {
        status = save_place(application, error);
    }
    application->place_moved = application->place_moved && status != STATUS_OK;
    return status;
}

bool application_save_or_say(struct application *application)
{
    struct error error = {0};

    if (save_typed(application, &error) == STATUS_OK) {
        return true;
    }
    application_say_error(application, &error);
    return false;
}

/* --- the stack ------------------------------------------------------------------------------------ */

struct view *application_top(struct application *application)
{
    return &application->stack[application->depth - 1];
}

const struct view *application_below(const struct application *application)
{
    return application->depth > 1 ? &application->stack[application->depth - 2] : NULL;
}

bool application_at_root(const struct application *application)
{
    return application->depth <= (application->store != NULL ? LOCKED_DEPTH + 1 : LOCKED_DEPTH);
}

void application_close_views(struct application *application, int depth)
{
    while (application->depth > depth) {
        struct view *view = application_top(application);

        if (view->ops->close != NULL) {
            view->ops->close(view);
        }
        *view = (struct view){0};
        application->depth--;
    }
    application->wake_at = 0;
}

enum status application_open_view(struct application *application, enum view_id id, int cursor, size_t offset,
                                  struct error *error)
{
    struct view *view = &application->stack[application->depth];
    enum status status = STATUS_OK;

    *view = (struct view){.ops = view_ops_of(id), .cursor = cursor, .offset = offset};
    application->depth++;
    application->wake_at = 0;
    application->top_stale = false;
    if (view->ops->open != NULL) {
        status = view->ops->open(view, application, error);
    }
    if (status != STATUS_OK) {
        application_close_views(application, application->depth - 1);
    }
    return status;
}

void application_refresh_top(struct application *application)
{
    struct view *top = application_top(application);

    application->top_stale = false;
    if (top->ops->refresh != NULL) {
        top->ops->refresh(top, application);
    }
}

void application_push(struct application *application, enum view_id id)
{
    struct error error = {0};

    if (!application_save_or_say(application)) {
        return;
    }
    for (int i = 0; i < application->depth; i++) {
        if (application->stack[i].ops == view_ops_of(id)) {
            application_close_views(application, i + 1);
            application_refresh_top(application);
            application->place_moved = true;
            return;
        }
    }
    if (application_open_view(application, id, 0, 0, &error) != STATUS_OK) {
        application_say_error(application, &error);
        return;
    }
    application->place_moved = true;
}

void application_pop(struct application *application)
{
    if (application_at_root(application) || !application_save_or_say(application)) {
        return;
    }
    application_close_views(application, application->depth - 1);
    application_refresh_top(application);
    application->place_moved = true;
}

void application_replace_all(struct application *application, enum view_id id)
{
    struct error error = {0};

    if (!application_save_or_say(application)) {
        return;
    }
    application_close_views(application, LOCKED_DEPTH);
    if (application_open_view(application, id, 0, 0, &error) != STATUS_OK) {
        application_say_error(application, &error);
        /* There is always a screen: the locked one is below all others. */
        application_lock(application);
        return;
    }
    application->place_moved = true;
}
