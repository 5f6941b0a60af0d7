/* From screen to screen of a visit: see visit_parts.h. */
#include "views/visit_parts.h"

#include "base/text.h"
#include "care/consent.h"

static const enum view_id order[] = {VIEW_VITALS, VIEW_NOTE, VIEW_CONSENT, VIEW_TASKS, VIEW_CLOSE};
#define ORDER_COUNT ((int)(sizeof order / sizeof *order))

/* The screen in the other's place: Back leads where it led before. */
static void go_to(struct application *application, enum view_id id)
{
    int depth = application->depth;

    application_pop(application);
    if (application->depth < depth) {
        application_push(application, id);
    }
}

bool visit_part_command(struct application *application, enum command_id command)
{
    int by = command == COMMAND_NEXT_PART ? 1 : command == COMMAND_PREVIOUS_PART ? -1 : 0;

    for (int i = 0; by != 0 && i < ORDER_COUNT; i++) {
        if (view_ops_of(order[i]) == application_top(application)->ops) {
            go_to(application, order[(i + by + ORDER_COUNT) % ORDER_COUNT]);
            return true;
        }
    }
    return false;
}

void visit_part_open_field(struct application *application, const char *field)
{
    static const struct {
        const char *prefix;
        enum view_id id;
    } screens[] = {
        {"vitals.", VIEW_VITALS}, {"note.", VIEW_NOTE},   {"consent.", VIEW_CONSENT},
        {"medicine.", VIEW_TASKS}, {"task.", VIEW_TASKS}, {"identity", VIEW_VISIT_START},
    };
    enum view_id id = VIEW_VITALS;
    struct view *top = NULL;

    for (size_t i = 0; i < sizeof screens / sizeof *screens; i++) {
        if (text_starts_with(field, screens[i].prefix)) {
            id = screens[i].id;
        }
    }
    application_push(application, id);
    top = application_top(application);
    if (top->ops == view_ops_of(id) && top->ops->go_to != NULL) {
        top->ops->go_to(top, application, field);
    }
}

bool visit_part_asks_medicine(const struct medicine *medicine)
{
    return medicine->kind == MEDICINE_REQUEST && !medicine_is_over(medicine);
}

bool visit_part_asks_task(const struct task *task)
{
    return task->open && text_equal(task->source, "Task");
}

/* --- answers -------------------------------------------------------------------------------------- */

static const char *const taking_keys[] = {"as-ordered", "not", "differently", "unknown", NULL};
static const char *const outcome_keys[] = {"completed", "failed", NULL};

static const char *taking_word(const char *key)
{
    static const char *const words[] = {N_("as ordered"), N_("not taken"), N_("taken differently"), N_("not known")};

    for (size_t i = 0; taking_keys[i] != NULL; i++) {
        if (text_equal(taking_keys[i], key)) {
            return _(words[i]);
        }
    }
    return key;
}

/* Another outcome than these two may come from another way of entry. */
static const char *outcome_word(const char *key)
{
    return text_equal(key, "completed") ? _("done") : text_equal(key, "failed") ? _("not done") : status_word(key);
}

const struct choice *visit_part_choice(const char *part, const char *attribute)
{
    static const struct {
        const char *part, *attribute;
        struct choice choice;
    } choices[] = {
        {"medicine", "taking", {taking_keys, taking_word}},
        {"task", "status", {outcome_keys, outcome_word}},
        {"consent", "decision", {consent_decisions, consent_decision_word}},
        {"consent", "by", {consent_persons, consent_person_word}},
        {"consent", "method", {consent_methods, consent_method_word}},
    };

    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
        if (text_equal(choices[i].part, part) && text_equal(choices[i].attribute, attribute)) {
            return &choices[i].choice;
        }
    }
    return NULL;
}
