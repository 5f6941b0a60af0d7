/*
 * Consents, medicines and tasks of a visit. Each is a numbered row of texts
 * in the draft; a row of blanks was opened and left, and is no entry. What
 * is there is complete and possible, or it is refused with its field's name.
 */
#include "care/visit_part.h"

#include "base/text.h"
#include "care/consent.h"
#include "care/entry_number.h"

#include <stdlib.h>
#include <string.h>

#define ATTRIBUTES 6
#define ROW_NUMBERS 100

enum part_kind { PART_CONSENT, PART_MEDICINE, PART_TASK, PART_COUNT };
enum consent_attribute { CONSENT_PURPOSE, CONSENT_DECISION, CONSENT_BY, CONSENT_METHOD, CONSENT_NAME };
enum medicine_attribute {
    MEDICINE_ORDER,
    MEDICINE_TAKING,
    MEDICINE_DOSE,
    MEDICINE_UNIT,
    MEDICINE_ROUTE,
    MEDICINE_REASON,
};
enum task_attribute { TASK_ID, TASK_STATUS, TASK_REASON };

/* Attributes in the order of the enums above. */
static const struct {
    const char *name;
    const char *attributes[ATTRIBUTES];
} parts[PART_COUNT] = {
    [PART_CONSENT] = {"consent", {"purpose", "decision", "by", "method", "name", NULL}},
    [PART_MEDICINE] = {"medicine", {"request", "taking", "dose", "unit", "route", "reason"}},
    [PART_TASK] = {"task", {"id", "status", "reason", NULL, NULL, NULL}},
};

struct part_row {
    enum part_kind kind;
    int number;
    const char *text[ATTRIBUTES]; /* "" when absent */
};

/* --- names --------------------------------------------------------------------------------------- */

struct part_name {
    enum part_kind kind;
    int number;
    int attribute;
};

static bool parse_name(const char *name, struct part_name *out)
{
    for (int kind = 0; kind < PART_COUNT; kind++) {
        size_t length = strlen(parts[kind].name);
        if (strncmp(name, parts[kind].name, length) != 0 || name[length] != '.') {
            continue;
        }
        const char *digits = name + length + 1;
        size_t count = strspn(digits, "0123456789");
        if (count == 0 || count > 2 || digits[count] != '.') {
            return false;
        }
        for (int i = 0; i < ATTRIBUTES && parts[kind].attributes[i] != NULL; i++) {
            if (strcmp(digits + count + 1, parts[kind].attributes[i]) == 0) {
                *out = (struct part_name){(enum part_kind)kind, (int)strtol(digits, NULL, 10), i};
                return true;
            }
        }
        return false;
    }
    return false;
}

bool visit_part_is_known(const char *name)
{
    struct part_name ignored;
    return parse_name(name, &ignored);
}

/* Collects the rows of one kind that hold anything, by number; returns how many. */
static size_t gather(const struct visit_draft *draft, enum part_kind kind, struct part_row rows[ROW_NUMBERS])
{
    bool used[ROW_NUMBERS] = {false};
    for (int i = 0; i < ROW_NUMBERS; i++) {
        rows[i] = (struct part_row){.kind = kind, .number = i, .text = {"", "", "", "", "", ""}};
    }
    for (size_t i = 0; i < draft->count; i++) {
        struct part_name name;
        if (parse_name(draft->fields[i].name, &name) && name.kind == kind && !text_is_blank(draft->fields[i].value)) {
            rows[name.number].text[name.attribute] = draft->fields[i].value;
            used[name.number] = true;
        }
    }
    size_t count = 0;
    for (int i = 0; i < ROW_NUMBERS; i++) {
        if (used[i]) {
            rows[count++] = rows[i];
        }
    }
    return count;
}

void visit_count_parts(const struct visit_draft *draft, struct visit_entered *out)
{
    struct part_row rows[ROW_NUMBERS];
    out->consents = gather(draft, PART_CONSENT, rows);
    out->medicines = gather(draft, PART_MEDICINE, rows);
    out->tasks = gather(draft, PART_TASK, rows);
}

/* --- problems ------------------------------------------------------------------------------------ */

static void add_part_problem(struct visit *visit, enum problem_level level, const struct part_row *row, int attribute,
                             const char *sentence)
{
    char field[VISIT_FIELD_NAME_SIZE];
    text_format(field, sizeof field, "%s.%d.%s", parts[row->kind].name, row->number,
                parts[row->kind].attributes[attribute]);
    visit_add_problem(visit, level, field, sentence);
}

static void refuse(struct visit *visit, const struct part_row *row, int attribute, const char *sentence)
{
    add_part_problem(visit, PROBLEM_REFUSED, row, attribute, sentence);
}

/* Copies one text of the row; one that is too long is refused, never cut. */
static void copy_text(struct visit *visit, const struct part_row *row, int attribute, char *out, size_t size)
{
    if (!text_copy(out, size, row->text[attribute])) {
        refuse(visit, row, attribute, _("This text is too long: shorten it and put the rest in the note."));
    }
}

static bool is_one_of(const char *text, const char *const *keys)
{
    while (*keys != NULL && strcmp(*keys, text) != 0) {
        keys++;
    }
    return *keys != NULL;
}

/* "MedicationRequest/12" and "12" name the same. */
static const char *id_of(const char *reference)
{
    const char *slash = strrchr(reference, '/');
    return slash != NULL ? slash + 1 : reference;
}

/* --- consents ------------------------------------------------------------------------------------ */

static void check_consent(struct visit *visit, const struct part_row *row)
{
    const char *const *text = row->text;
    bool permit = strcmp(text[CONSENT_DECISION], "permit") == 0;
    if (consent_purpose_find(text[CONSENT_PURPOSE]) == NULL) {
        refuse(visit, row, CONSENT_PURPOSE, _("Choose what the consent is for."));
    }
    if (!is_one_of(text[CONSENT_DECISION], consent_decisions)) {
        refuse(visit, row, CONSENT_DECISION, _("Choose the decision: permit, deny or withdraw."));
    }
    if (!is_one_of(text[CONSENT_BY], consent_persons)) {
        refuse(visit, row, CONSENT_BY, _("Choose who decided: patient, spouse, child, guardian or other."));
    }
    if (!is_one_of(text[CONSENT_METHOD], consent_methods)) {
        refuse(visit, row, CONSENT_METHOD,
               _("Choose how the consent was given: verbal, verbal-witnessed, typed-name, paper, refused or unable."));
    } else if (permit && strcmp(text[CONSENT_METHOD], "refused") == 0) {
        refuse(visit, row, CONSENT_METHOD, _("A consent that was refused cannot be a permit: choose deny."));
    } else if (permit && strcmp(text[CONSENT_METHOD], "unable") == 0 && strcmp(text[CONSENT_BY], "patient") == 0) {
        refuse(visit, row, CONSENT_BY,
               _("A patient who is unable to decide cannot permit: choose who decided instead."));
    } else if (strcmp(text[CONSENT_METHOD], "typed-name") == 0 && text[CONSENT_NAME][0] == '\0') {
        add_part_problem(visit, PROBLEM_MISSING, row, CONSENT_NAME,
                         _("The name of the person who agreed is not typed."));
    }
    for (size_t i = 0; i < visit->consent_count; i++) {
        if (strcmp(visit->consents[i].purpose, text[CONSENT_PURPOSE]) == 0) {
            refuse(visit, row, CONSENT_PURPOSE,
                   _("The same consent is decided twice in this visit: keep one of them."));
        }
    }
}

static void read_consent(struct visit *visit, const struct part_row *row)
{
    if (visit->consent_count == VISIT_CONSENTS) {
        refuse(visit, row, CONSENT_PURPOSE, _("There are too many consents for one visit: take some out."));
        return;
    }
    check_consent(visit, row);
    struct visit_consent *consent = &visit->consents[visit->consent_count++];
    /* What is no key was refused above, so cutting it here loses nothing that could be signed. */
    text_copy(consent->purpose, sizeof consent->purpose, row->text[CONSENT_PURPOSE]);
    text_copy(consent->decision, sizeof consent->decision, row->text[CONSENT_DECISION]);
    text_copy(consent->by, sizeof consent->by, row->text[CONSENT_BY]);
    text_copy(consent->method, sizeof consent->method, row->text[CONSENT_METHOD]);
    copy_text(visit, row, CONSENT_NAME, consent->name, sizeof consent->name);
}

/* --- medicines ----------------------------------------------------------------------------------- */

/* In the order of enum taking. */
static const char *const taking_keys[] = {"as-ordered", "not", "differently", "unknown", NULL};

/* The order on the chart, or NULL. Borrowed. */
static const struct medicine *find_request(const struct chart *chart, const char *id)
{
    for (size_t i = 0; i < chart->medicine_count; i++) {
        if (chart->medicines[i].kind == MEDICINE_REQUEST && strcmp(chart->medicines[i].id, id) == 0) {
            return &chart->medicines[i];
        }
    }
    return NULL;
}

static bool chart_has_request(const struct chart *chart, const char *id)
{
    /* A chart that never came whole cannot say that an order does not exist. */
    return find_request(chart, id) != NULL || (chart->medicine_count == 0 && !chart->patient.complete);
}

/* What the record will call the medicine: the order's own words and codes. */
static void name_medicine(const struct chart *chart, struct visit_medicine *medicine)
{
    const struct medicine *request = chart != NULL ? find_request(chart, medicine->request) : NULL;
    if (request != NULL) {
        text_copy(medicine->label, sizeof medicine->label, request->label);
        memcpy(medicine->codes, request->codes, sizeof medicine->codes);
        medicine->code_count = request->code_count;
    }
}

static void read_dose(struct visit *visit, const struct part_row *row, struct visit_medicine *medicine)
{
    char typed[64];
    struct entry_number number;
    text_normalise_value(typed, sizeof typed, row->text[MEDICINE_DOSE]);
    const char *rest = entry_number_take(typed, &number);
    if (rest == NULL || *rest != '\0' || number.value.units <= 0) {
        refuse(visit, row, MEDICINE_DOSE, _("A medicine that was given needs its dose as a number, like 500 or 0.5."));
        return;
    }
    text_copy(medicine->dose, sizeof medicine->dose, number.digits);
}

static void read_taking(struct visit *visit, const struct part_row *row, struct visit_medicine *medicine)
{
    for (int i = 0; taking_keys[i] != NULL; i++) {
        if (strcmp(row->text[MEDICINE_TAKING], taking_keys[i]) == 0) {
            medicine->taking = (enum taking)i;
            medicine->has_taking = true;
        }
    }
    if (!medicine->has_taking) {
        refuse(visit, row, MEDICINE_TAKING, _("Choose how it is taken: as-ordered, not, differently or unknown."));
    } else if ((medicine->taking == TAKING_NOT || medicine->taking == TAKING_DIFFERENTLY) &&
               row->text[MEDICINE_REASON][0] == '\0') {
        add_part_problem(visit, PROBLEM_MISSING, row, MEDICINE_REASON,
                         _("There is no reason why the medicine is not taken as ordered."));
    }
}

static void read_medicine(struct visit *visit, const struct part_row *row, const struct chart *chart)
{
    const char *const *text = row->text;
    const char *request = id_of(text[MEDICINE_ORDER]);
    bool given = text[MEDICINE_DOSE][0] != '\0' || text[MEDICINE_UNIT][0] != '\0' || text[MEDICINE_ROUTE][0] != '\0';
    if (!given && text[MEDICINE_TAKING][0] == '\0' && text[MEDICINE_REASON][0] == '\0') {
        return; /* a line of the list that was looked at only */
    }
    if (visit->medicine_count == VISIT_MEDICINES) {
        refuse(visit, row, MEDICINE_ORDER, _("There are too many medicines for one visit: take some out."));
        return;
    }
    struct visit_medicine *medicine = &visit->medicines[visit->medicine_count++];
    medicine->given = given;
    if (!fhir_id_is_valid(request) || (chart != NULL && !chart_has_request(chart, request))) {
        refuse(visit, row, MEDICINE_ORDER,
               _("This order is not on the patient's list of medicines: choose one from it."));
    }
    text_copy(medicine->request, sizeof medicine->request, request);
    name_medicine(chart, medicine);
    if (text[MEDICINE_TAKING][0] != '\0') {
        read_taking(visit, row, medicine);
    } else if (!given) {
        refuse(visit, row, MEDICINE_TAKING, _("There is a reason but not how the medicine is taken: choose it."));
    }
    if (given) {
        read_dose(visit, row, medicine);
        if (text[MEDICINE_UNIT][0] == '\0') {
            refuse(visit, row, MEDICINE_UNIT, _("A medicine that was given needs the unit of its dose, like mg."));
        }
    }
    copy_text(visit, row, MEDICINE_UNIT, medicine->unit, sizeof medicine->unit);
    copy_text(visit, row, MEDICINE_ROUTE, medicine->route, sizeof medicine->route);
    copy_text(visit, row, MEDICINE_REASON, medicine->reason, sizeof medicine->reason);
}

/* --- tasks --------------------------------------------------------------------------------------- */

/* FHIR Task.status codes a nurse may set at the door. */
static const char *const task_statuses[] = {"completed", "failed", "on-hold", "cancelled", "in-progress", NULL};

static bool chart_has_task(const struct chart *chart, const char *id)
{
    for (size_t i = 0; i < chart->task_count; i++) {
        /* An activity of a plan has the plan's id, and no status of its own that could be changed here. */
        if (strcmp(chart->tasks[i].id, id) == 0 && strcmp(chart->tasks[i].source, "Task") == 0) {
            return true;
        }
    }
    return false;
}

static void read_task(struct visit *visit, const struct part_row *row, const struct chart *chart)
{
    const char *const *text = row->text;
    const char *status = text[TASK_STATUS];
    const char *id = id_of(text[TASK_ID]);
    if (status[0] == '\0' && text[TASK_REASON][0] == '\0') {
        return;
    }
    if (visit->task_count == VISIT_TASKS) {
        refuse(visit, row, TASK_ID, _("There are too many tasks for one visit: take some out."));
        return;
    }
    for (size_t i = 0; i < visit->task_count; i++) {
        if (strcmp(visit->tasks[i].id, id) == 0) {
            refuse(visit, row, TASK_ID, _("The same task is decided twice in this visit: keep one of them."));
        }
    }
    struct visit_task *task = &visit->tasks[visit->task_count++];
    if (!fhir_id_is_valid(id) || (chart != NULL && !chart_has_task(chart, id))) {
        refuse(visit, row, TASK_ID, _("This task is not on the patient's list: choose one from it."));
    }
    if (!is_one_of(status, task_statuses)) {
        refuse(visit, row, TASK_STATUS,
               _("Choose what became of the task: completed, failed, on-hold, cancelled or in-progress."));
    } else if ((strcmp(status, "failed") == 0 || strcmp(status, "cancelled") == 0) && text[TASK_REASON][0] == '\0') {
        refuse(visit, row, TASK_REASON, _("A task that failed or was cancelled needs a reason: type it."));
    }
    text_copy(task->id, sizeof task->id, id);
    text_copy(task->status, sizeof task->status, status);
    copy_text(visit, row, TASK_REASON, task->reason, sizeof task->reason);
}

void visit_read_parts(const struct visit_draft *draft, const struct chart *chart, struct visit *visit)
{
    struct part_row rows[ROW_NUMBERS];
    size_t count = gather(draft, PART_CONSENT, rows);
    for (size_t i = 0; i < count; i++) {
        read_consent(visit, &rows[i]);
    }
    count = gather(draft, PART_MEDICINE, rows);
    for (size_t i = 0; i < count; i++) {
        read_medicine(visit, &rows[i], chart);
    }
    count = gather(draft, PART_TASK, rows);
    for (size_t i = 0; i < count; i++) {
        read_task(visit, &rows[i], chart);
    }
}
