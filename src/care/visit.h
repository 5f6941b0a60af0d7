/*
 * A visit: from what was typed (fields) to what is recorded (values).
 *
 * While it is in progress a visit is nothing but named texts, exactly as
 * typed. The console writes them one by one, `visit --file` fills them from
 * VISIT.json, the store keeps them as draft rows, and visit_read() turns them
 * into values or into a list of problems. There is one rule book for both.
 *
 * Field names: "start" "end" (FHIR dateTime), "identity" (how it was checked),
 * "vitals.<entry key>", "confirmed.<entry key>" (the text that was confirmed
 * after a question), "note.template" "note.s" "note.o" "note.a" "note.p"
 * "note.text", "consent.<n>.purpose|decision|by|method|name", "medicine.<n>.request|
 * taking|dose|unit|route|reason", "task.<n>.id|status|reason", "screen" and
 * "cursor" (where the nurse was). <n> is 0 to 99 and orders the rows.
 *
 * Keys: note.template soap, free; consent and its decision, by, method as in
 * consent.h; taking as-ordered, not, differently, unknown; task status
 * completed, failed, on-hold, cancelled, in-progress.
 */
#ifndef DOORSTEP_CARE_VISIT_H
#define DOORSTEP_CARE_VISIT_H

#include "base/error.h"
#include "base/identifier.h"
#include "base/instant.h"
#include "care/chart.h"
#include "care/entry.h"

#include <stdbool.h>
#include <stddef.h>

#define VISIT_FIELD_NAME_SIZE 48
#define VISIT_CONSENTS 8
#define VISIT_MEDICINES 40
#define VISIT_TASKS 40
#define VISIT_NOTE_LIMIT (256u * 1024)

struct visit_field {
    char name[VISIT_FIELD_NAME_SIZE];
    char *value; /* owned */
};

enum visit_state {
    VISIT_PLANNED,
    VISIT_IN_PROGRESS,
    VISIT_SIGNED,
    VISIT_SET_ASIDE, /* not signed and not sent, kept to be taken up again */
};

/* The fields of one visit. */
struct visit_draft {
    char id[UUID_SIZE];        /* made when the visit starts; the Encounter's identity */
    char patient[ID_SIZE];
    char appointment[ID_SIZE]; /* "" when unplanned */
    instant started, changed;
    struct visit_field *fields;
    size_t count, capacity;
};
void visit_draft_init(struct visit_draft *draft);
void visit_draft_free(struct visit_draft *draft);
const char *visit_draft_get(const struct visit_draft *draft, const char *name); /* "" when absent */
/* Keeps a copy of `value` (NULL is ""); any name that fits is kept. USAGE or NO_MEMORY, and the draft as it was. */
enum status visit_draft_set(struct visit_draft *draft, const char *name, const char *value,
                            struct error *error) MUST_CHECK;
/* How much was entered, as typed: also what could not be signed as it is. */
struct visit_entered {
    size_t vitals, note_characters, consents, medicines, tasks;
};
struct visit_entered visit_entered(const struct visit_draft *draft);
/* "3 vitals, a note of 120 characters, 1 consent" (`brief`: "3 vitals, note, 1 consent"); "nothing". */
void visit_entered_words(const struct visit_entered *entered, bool brief, char *out, size_t size);
/* True for a name visit_read() understands. */
bool visit_field_is_known(const char *name);

enum problem_level {
    PROBLEM_MISSING,  /* expected, may be signed without after the nurse saw it */
    PROBLEM_ASK,      /* must be confirmed or changed */
    PROBLEM_REFUSED,  /* cannot be signed */
};
struct visit_problem {
    enum problem_level level;
    char field[VISIT_FIELD_NAME_SIZE];
    char sentence[256];
};

struct visit_note {
    char template_key[16]; /* soap or free */
    const char *section[4]; /* S O A P; borrowed from the draft; free text uses section[0] */
};
struct visit_consent {
    char purpose[32], decision[16], by[32], method[24], name[LABEL_SIZE];
};
enum taking { TAKING_AS_ORDERED, TAKING_NOT, TAKING_DIFFERENTLY, TAKING_UNKNOWN };
struct visit_medicine {
    char request[ID_SIZE];
    char label[LABEL_SIZE];  /* of the request on the chart, "" when it is not there */
    struct code codes[CODES_PER_ROW];
    size_t code_count;
    enum taking taking;
    bool has_taking;
    bool given;              /* the nurse gave it now */
    char dose[24], unit[24], route[48], reason[LABEL_SIZE];
};
struct visit_task {
    char id[ID_SIZE], status[24], reason[LABEL_SIZE];
};

/* A visit as values. Borrows texts from the draft it was read from. */
struct visit {
    char id[UUID_SIZE], patient[ID_SIZE], appointment[ID_SIZE];
    instant start, end;
    struct reading readings[ENTRY_FIELD_COUNT * 3];
    size_t reading_count;
    struct news2_score news2;
    int news2_scale;
    bool has_note;
    struct visit_note note;
    struct visit_consent consents[VISIT_CONSENTS];
    size_t consent_count;
    struct visit_medicine medicines[VISIT_MEDICINES];
    size_t medicine_count;
    struct visit_task tasks[VISIT_TASKS];
    size_t task_count;
    struct visit_problem problems[ENTRY_FIELD_COUNT + 24];
    size_t problem_count;
};

/* Reads the draft against the chart (previous values, open tasks, medicines);
 * without a chart (NULL) what needs one is not checked. Readings carry the
 * start of the visit as their time. A doubtful vital is left out of readings
 * and NEWS2 until it is confirmed. Always fills *out; `out->problems` says
 * what stands in the way. */
void visit_read(const struct visit_draft *draft, const struct chart *chart, instant now, struct visit *out);
/* What a vital typed in a visit that began at `start` is compared with; `chart` may be NULL. Borrows from the chart. */
struct entry_context visit_entry_context(const struct chart *chart, instant start);
/* True when nothing REFUSED or ASK is left. */
bool visit_can_sign(const struct visit *visit);
size_t visit_problem_count(const struct visit *visit, enum problem_level level);

/* Who signs, for whom, under what. All borrowed. */
struct signer {
    const char *practitioner;      /* Practitioner id (server's, or our UUID until known) */
    const char *practitioner_name;
    const char *organization;      /* agency's name, "" when unknown */
    const char *consent_policy;    /* URI of the agency's policy version; "" uses the built-in one */
    const char *language;          /* en, ko, ja: language of the consent text that was shown */
    const struct randomness *randomness;
    instant now;
};

#endif
