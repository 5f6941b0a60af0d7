/*
 * A visit's draft, and what it says: times, identity, vitals and note here,
 * the numbered parts in visit_part.c. The console and `visit --file` read
 * through this one rule book.
 *
 * Invariants: nothing that was typed is dropped in silence, it is read or it
 * is a problem; a doubtful vital counts only after it was confirmed.
 */
#include "care/visit.h"

#include "base/memory.h"
#include "base/text.h"
#include "care/visit_part.h"

#include <string.h>

#define FUTURE_TOLERANCE (5 * INSTANT_MINUTE) /* clocks of office and tablet differ a little */
#define LONG_VISIT (3 * INSTANT_HOUR)         /* then the time of signing is hardly when the visit ended */

/* --- the draft ----------------------------------------------------------------------------------- */

void visit_draft_init(struct visit_draft *draft)
{
    memset(draft, 0, sizeof *draft);
    draft->started = INSTANT_NONE;
    draft->changed = INSTANT_NONE;
}

void visit_draft_free(struct visit_draft *draft)
{
    for (size_t i = 0; i < draft->count; i++) {
        memory_free(draft->fields[i].value);
    }
    memory_free(draft->fields);
    memory_wipe(draft, sizeof *draft);
    visit_draft_init(draft);
}

static struct visit_field *find(const struct visit_draft *draft, const char *name)
{
    for (size_t i = 0; i < draft->count; i++) {
        if (strcmp(draft->fields[i].name, name) == 0) {
            return &draft->fields[i];
        }
    }
    return NULL;
}

const char *visit_draft_get(const struct visit_draft *draft, const char *name)
{
    const struct visit_field *field = find(draft, name);
    return field != NULL ? field->value : "";
}

enum status visit_draft_set(struct visit_draft *draft, const char *name, const char *value, struct error *error)
{
    if (name[0] == '\0' || strlen(name) >= VISIT_FIELD_NAME_SIZE) {
        return error_set(error, STATUS_USAGE, _("A visit has no field of this name: %.60s."), name);
    }
    char *copy = memory_copy_text(value != NULL ? value : "");
    if (copy == NULL) {
        return error_no_memory(error);
    }
    struct visit_field *field = find(draft, name);
    if (field == NULL) {
        struct visit_field *grown = memory_grow(draft->fields, draft->count, &draft->capacity, sizeof *grown);
        if (grown == NULL) {
            memory_free(copy);
            return error_no_memory(error);
        }
        draft->fields = grown;
        field = &grown[draft->count++];
        text_copy(field->name, sizeof field->name, name);
        field->value = NULL;
    }
    memory_free(field->value);
    field->value = copy;
    return STATUS_OK;
}

bool visit_field_is_known(const char *name)
{
    static const char *const names[] = {"start",  "end",    "identity",  "note.template", "note.s",
                                        "note.o", "note.a", "note.p",    "note.text",     "screen",
                                        "cursor"};
    enum entry_field ignored;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return (text_starts_with(name, "vitals.") && entry_from_key(name + strlen("vitals."), &ignored)) ||
           (text_starts_with(name, "confirmed.") && entry_from_key(name + strlen("confirmed."), &ignored)) ||
           visit_part_is_known(name);
}

/* --- problems ------------------------------------------------------------------------------------ */

void visit_add_problem(struct visit *visit, enum problem_level level, const char *field, const char *sentence)
{
    const size_t limit = sizeof visit->problems / sizeof visit->problems[0];
    size_t at = visit->problem_count;
    if (at == limit) {
        do {
            at--;
        } while (at > 0 && visit->problems[at].level >= level);
        if (visit->problems[at].level >= level) {
            return;
        }
    } else {
        visit->problem_count++;
    }
    struct visit_problem *problem = &visit->problems[at];
    problem->level = level;
    text_copy(problem->field, sizeof problem->field, field);
    text_copy(problem->sentence, sizeof problem->sentence, sentence);
}

size_t visit_problem_count(const struct visit *visit, enum problem_level level)
{
    size_t count = 0;
    for (size_t i = 0; i < visit->problem_count; i++) {
        count += visit->problems[i].level == level;
    }
    return count;
}

bool visit_can_sign(const struct visit *visit)
{
    return visit_problem_count(visit, PROBLEM_REFUSED) == 0 && visit_problem_count(visit, PROBLEM_ASK) == 0;
}

/* --- times and identity -------------------------------------------------------------------------- */

/* The time typed in `name`, or `otherwise`; a text that is no time is refused. */
static instant read_time(const struct visit_draft *draft, const char *name, instant otherwise, struct visit *visit)
{
    const char *text = visit_draft_get(draft, name);
    instant at = INSTANT_NONE;
    enum instant_precision precision = PRECISION_NONE;
    if (text_is_blank(text)) {
        return otherwise;
    }
    if (!instant_parse(text, &at, &precision) || precision != PRECISION_TIME) {
        visit_add_problem(visit, PROBLEM_REFUSED, name,
                          _("This is no date and time: type it like 2026-11-22T09:05:00+09:00."));
        return otherwise;
    }
    return at;
}

static void read_times(const struct visit_draft *draft, instant now, struct visit *visit)
{
    visit->start = read_time(draft, "start", draft->started, visit);
    visit->end = read_time(draft, "end", now, visit);
    if (visit->start == INSTANT_NONE) {
        visit_add_problem(visit, PROBLEM_REFUSED, "start",
                          _("It is not known when the visit started: type its start."));
        return;
    }
    if (visit->start > now + FUTURE_TOLERANCE) {
        visit_add_problem(visit, PROBLEM_REFUSED, "start",
                          _("The visit starts in the future: correct its start or this device's clock."));
    }
    if (visit->end > now + FUTURE_TOLERANCE) {
        visit_add_problem(visit, PROBLEM_REFUSED, "end",
                          _("The visit ends in the future: correct its end or this device's clock."));
    }
    if (visit->end < visit->start) {
        visit_add_problem(visit, PROBLEM_REFUSED, "end",
                          _("The visit ends before it starts: correct one of the times."));
    } else if (text_is_blank(visit_draft_get(draft, "end")) && visit->end - visit->start > LONG_VISIT) {
        visit_add_problem(visit, PROBLEM_MISSING, "end",
                          _("The end of the visit is not typed: without it the time of signing is taken."));
    }
}

static void read_identity(const struct visit_draft *draft, const struct chart *chart, struct visit *visit)
{
    if (chart != NULL && chart->patient.id[0] != '\0' && strcmp(chart->patient.id, draft->patient) != 0) {
        visit_add_problem(visit, PROBLEM_REFUSED, "identity",
                          _("This visit belongs to another patient than the chart that is open: open the right one."));
    }
    if (text_is_blank(visit_draft_get(draft, "identity"))) {
        visit_add_problem(visit, PROBLEM_MISSING, "identity",
                          _("The patient's identity is not checked: ask for the name and the birth date."));
    }
}

/* --- vitals -------------------------------------------------------------------------------------- */

static bool is_expected(enum entry_field field)
{
    return field <= ENTRY_TEMPERATURE; /* the fields that NEWS2 needs come first in the form */
}

static void take_readings(struct visit *visit, const struct entry_result *result)
{
    for (size_t i = 0; i < result->count; i++) {
        struct reading *reading = &visit->readings[visit->reading_count++];
        *reading = result->readings[i];
        reading->at = visit->start;
        reading->precision = visit->start == INSTANT_NONE ? PRECISION_NONE : PRECISION_TIME;
        reading->source = SOURCE_NURSE;
    }
}

static void read_vital(const struct visit_draft *draft, enum entry_field entry, const struct entry_context *context,
                       struct visit *visit)
{
    char name[VISIT_FIELD_NAME_SIZE], confirmed[VISIT_FIELD_NAME_SIZE], sentence[256];
    text_format(name, sizeof name, "vitals.%s", entry_key(entry));
    text_format(confirmed, sizeof confirmed, "confirmed.%s", entry_key(entry));
    const char *typed = visit_draft_get(draft, name);
    struct entry_result result = entry_judge(entry, typed, context);
    switch (result.verdict) {
    case ENTRY_EMPTY:
        if (is_expected(entry)) {
            text_format(sentence, sizeof sentence, _("%s is not recorded: type it, or - and the reason."),
                        entry_label(entry));
            visit_add_problem(visit, PROBLEM_MISSING, name, sentence);
        }
        break;
    case ENTRY_ASK:
        if (strcmp(visit_draft_get(draft, confirmed), typed) != 0) {
            visit_add_problem(visit, PROBLEM_ASK, name, result.question);
            break;
        }
        take_readings(visit, &result);
        break;
    case ENTRY_FINE:
        take_readings(visit, &result);
        break;
    case ENTRY_NOT_DONE:
        take_readings(visit, &result);
        if (result.accepted[0] == '\0') {
            text_format(sentence, sizeof sentence,
                        _("%s was not measured and no reason is given: type it after the -."),
                        entry_label(entry));
            visit_add_problem(visit, PROBLEM_MISSING, name, sentence);
        }
        break;
    case ENTRY_IMPOSSIBLE:
        visit_add_problem(visit, PROBLEM_REFUSED, name, result.question);
        break;
    }
}

static int patient_years(const struct chart *chart, instant start)
{
    return chart != NULL ? instant_years_since(chart->patient.birth_date, start) : -1;
}

struct entry_context visit_entry_context(const struct chart *chart, instant start)
{
    int years = patient_years(chart, start);
    return (struct entry_context){
        .previous_weight = chart != NULL ? chart_latest(chart, VITAL_WEIGHT) : NULL,
        .previous_height = chart != NULL ? chart_latest(chart, VITAL_HEIGHT) : NULL,
        .adult = years < 0 || years >= 18,
    };
}

static void read_vitals(const struct visit_draft *draft, const struct chart *chart, struct visit *visit)
{
    struct entry_context context = visit_entry_context(chart, visit->start);
    for (int i = 0; i < ENTRY_FIELD_COUNT; i++) {
        read_vital(draft, (enum entry_field)i, &context, visit);
    }
    struct news2_input input;
    visit->news2_scale = chart != NULL && chart->news2_scale == 2 ? 2 : 1;
    news2_from_readings(&input, visit->readings, news2_applies(patient_years(chart, visit->start)) ? visit->reading_count : 0,
                        visit->news2_scale);
    visit->news2 = news2_compute(&input);
}

/* --- note ---------------------------------------------------------------------------------------- */

static void read_note(const struct visit_draft *draft, struct visit *visit)
{
    static const char *const names[] = {"note.s", "note.o", "note.a", "note.p"};
    const char *template_key = visit_draft_get(draft, "note.template");
    const char *text = visit_draft_get(draft, "note.text");
    const char *sections[4];
    bool soap = false;
    size_t length = strlen(text);
    for (size_t i = 0; i < 4; i++) {
        sections[i] = visit_draft_get(draft, names[i]);
        soap = soap || !text_is_blank(sections[i]);
        length += strlen(sections[i]);
    }
    bool free_text = !text_is_blank(text);
    bool is_free = template_key[0] == '\0' ? free_text && !soap : strcmp(template_key, "free") == 0;
    if (template_key[0] != '\0' && !is_free && strcmp(template_key, "soap") != 0) {
        visit_add_problem(visit, PROBLEM_REFUSED, "note.template",
                          _("This note template is not known: use soap or free."));
    }
    if (soap && free_text) {
        visit_add_problem(visit, PROBLEM_REFUSED, is_free ? "note.template" : "note.text",
                          _("The note has free text as well as SOAP parts: move it all into one of them."));
    }
    if (length > VISIT_NOTE_LIMIT) {
        visit_add_problem(visit, PROBLEM_REFUSED, is_free ? "note.text" : "note.s",
                          _("The note is longer than 256 kB: shorten it."));
    }
    visit->has_note = soap || free_text;
    text_copy(visit->note.template_key, sizeof visit->note.template_key, is_free ? "free" : "soap");
    for (size_t i = 0; i < 4; i++) {
        visit->note.section[i] = !is_free ? sections[i] : i == 0 ? text : "";
    }
    if (!visit->has_note) {
        visit_add_problem(visit, PROBLEM_MISSING, is_free ? "note.text" : "note.s", _("There is no note: write one."));
    }
}

/* --- the whole ----------------------------------------------------------------------------------- */

/* A part of the record that this version cannot read would be lost by signing. */
static void check_unknown_fields(const struct visit_draft *draft, struct visit *visit)
{
    static const char *const recorded[] = {"vitals.", "note.", "consent.", "medicine.", "task."};
    for (size_t i = 0; i < draft->count; i++) {
        const struct visit_field *field = &draft->fields[i];
        for (size_t j = 0; j < sizeof recorded / sizeof recorded[0]; j++) {
            if (text_starts_with(field->name, recorded[j]) && !text_is_blank(field->value) &&
                !visit_field_is_known(field->name)) {
                visit_add_problem(visit, PROBLEM_REFUSED, field->name,
                                  _("This part of the visit is not known here: take it out or correct its name."));
            }
        }
    }
}

void visit_read(const struct visit_draft *draft, const struct chart *chart, instant now, struct visit *out)
{
    memset(out, 0, sizeof *out);
    text_copy(out->id, sizeof out->id, draft->id);
    text_copy(out->patient, sizeof out->patient, draft->patient);
    text_copy(out->appointment, sizeof out->appointment, draft->appointment);
    read_times(draft, now, out);
    read_identity(draft, chart, out);
    read_vitals(draft, chart, out);
    read_note(draft, out);
    visit_read_parts(draft, chart, out);
    check_unknown_fields(draft, out);
    bool nothing = out->reading_count == 0 && !out->has_note && out->consent_count == 0 &&
                   out->medicine_count == 0 && out->task_count == 0;
    if (nothing && visit_can_sign(out)) {
        visit_add_problem(out, PROBLEM_REFUSED, "visit",
                          _("Nothing is recorded in this visit: enter something first."));
    }
}
