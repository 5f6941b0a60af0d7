/*
 * Plain values of a patient's record, as the screens and commands use them.
 * fhir/ makes them from JSON, store/ keeps them in look-up rows, care/ judges
 * them. Texts are for people; the whole resource stays in the store. A text
 * that had to be cut ends in "...".
 */
#ifndef DOORSTEP_CARE_CHART_H
#define DOORSTEP_CARE_CHART_H

#include "base/identifier.h"
#include "base/instant.h"
#include "care/news2.h"
#include "care/vital.h"

#include <stdbool.h>
#include <stddef.h>

#define LABEL_SIZE 160
#define DETAIL_SIZE 400

enum gender { GENDER_UNKNOWN, GENDER_FEMALE, GENDER_MALE, GENDER_OTHER };

struct patient {
    char id[ID_SIZE];
    char name[LABEL_SIZE];     /* as the person writes it: kanji, Hangul, Latin */
    char reading[LABEL_SIZE];  /* kana or Latin reading, "" when none */
    char birth_date[16];       /* FHIR date as it came, may be "1938" or "" */
    enum gender gender;
    char phone[48];
    char address[DETAIL_SIZE];
    char language[16];
    bool deceased;
    bool inactive;
    bool complete;             /* the whole chart is on the device */
    bool released;             /* left the caseload; still here for what is unfinished or unsent */
};

/* A code with its system, for code checks. */
struct code {
    char system[96];
    char code[48];
};
#define CODES_PER_ROW 4

enum medicine_kind { MEDICINE_REQUEST, MEDICINE_STATEMENT, MEDICINE_ADMINISTRATION };
struct medicine {
    char id[ID_SIZE];
    enum medicine_kind kind;
    char status[24];           /* FHIR code: active, on-hold, not-taken ... */
    char label[LABEL_SIZE];
    char dose[DETAIL_SIZE];    /* dosage in words, as prescribed */
    char prescriber[LABEL_SIZE];
    char request[ID_SIZE];     /* the MedicationRequest a statement or administration is about */
    instant since, until;
    bool as_needed;
    struct code codes[CODES_PER_ROW];
    size_t code_count;
};

struct allergy {
    char id[ID_SIZE];
    char label[LABEL_SIZE];
    char reaction[LABEL_SIZE];
    char status[24];           /* clinicalStatus code, "" when none */
    char verification[24];     /* confirmed, unconfirmed, refuted, entered-in-error */
    char criticality[24];      /* low, high, unable-to-assess, "" */
    bool none_known;           /* "no known allergy": a positive statement */
    instant since;
    struct code codes[CODES_PER_ROW];
    size_t code_count;
};

struct condition {
    char id[ID_SIZE];
    char label[LABEL_SIZE];
    char status[24];           /* active, resolved ... */
    char verification[24];
    instant since;
};

enum alert_level { ALERT_INFO, ALERT_AMBER, ALERT_RED };
struct alert {
    char id[ID_SIZE];          /* "" when a rule on this device made it */
    char type[24];             /* Flag, DetectedIssue, or rule */
    enum alert_level level;
    char label[LABEL_SIZE];
    char detail[DETAIL_SIZE];
    char category[24];         /* Flag category code: safety, clinical, advance-directive ... */
    bool active;
    instant since;
};

enum consent_decision { CONSENT_PERMIT, CONSENT_DENY, CONSENT_UNKNOWN };
struct consent {
    char id[ID_SIZE];
    char status[24];           /* active, inactive, rejected, entered-in-error ... */
    char purpose[32];          /* key of consent_purpose(), "" when it is none of ours */
    char label[LABEL_SIZE];
    enum consent_decision decision;
    char by[LABEL_SIZE];       /* who agreed or refused */
    instant at;
};

struct note {
    char id[ID_SIZE];
    char title[LABEL_SIZE];
    char author[LABEL_SIZE];
    char status[24];           /* current, superseded, entered-in-error */
    char *text;                /* owned; "" when the note has no readable text */
    instant at;
};

struct task {
    char id[ID_SIZE];
    char source[24];           /* Task or CarePlan */
    char label[LABEL_SIZE];
    char status[24];
    char reason[LABEL_SIZE];
    instant due;
    bool open;
};

struct goal {
    char id[ID_SIZE];
    char label[DETAIL_SIZE];   /* in the patient's words */
    char status[24];
};

struct appointment {
    char id[ID_SIZE];
    char patient[ID_SIZE];
    char status[24];
    char reason[LABEL_SIZE];
    char place[DETAIL_SIZE];
    instant start, end;
};

struct encounter {
    char id[ID_SIZE];
    char status[24];
    char reason[LABEL_SIZE];
    instant start, end;
};

/* One patient's chart. Arrays are owned; chart_free releases them. */
struct chart {
    instant as_of;                /* when it was read; INSTANT_NONE: nobody said */
    struct patient patient;
    struct reading *readings;     size_t reading_count;     /* newest first, 90 days or as asked */
    struct medicine *medicines;   size_t medicine_count;    /* active first */
    struct allergy *allergies;    size_t allergy_count;
    struct condition *conditions; size_t condition_count;
    struct alert *alerts;         size_t alert_count;       /* from the server and from rules, most urgent first */
    struct consent *consents;     size_t consent_count;     /* newest first */
    struct note *notes;           size_t note_count;        /* newest first */
    struct task *tasks;           size_t task_count;
    struct goal *goals;           size_t goal_count;
    struct appointment *appointments; size_t appointment_count; /* from today on */
    struct encounter last_visit;  /* id "" when none */
    int news2_scale;              /* 2 only when prescribed on the record, else 1 */
    char news2_scale_source[LABEL_SIZE];
    char code_status[LABEL_SIZE]; /* "" when the record says nothing */
    bool palliative;              /* an active plan says comfort first */
};

void chart_init(struct chart *chart);
void chart_free(struct chart *chart);
/* Devices and tablets run a little ahead. What is dated later than this after
 * as_of comes from a wrong clock: it is kept and listed, but it is never the
 * latest, never scored, and takes no alert back. */
#define CHART_CLOCK_TOLERANCE (5 * INSTANT_MINUTE)
bool chart_is_future(const struct chart *chart, const struct reading *reading);
/* Whether NEWS2 scores this vital. */
bool chart_scores(enum vital vital);
/* Newest reading of `vital` that counts and is not of the future, or NULL. Borrowed. */
const struct reading *chart_latest(const struct chart *chart, enum vital vital);
/* One occasion of measuring, for chart_news2(). */
#define CHART_OCCASION INSTANT_HOUR
/* NEWS2 from the newest counting readings of one occasion: those within
 * `window` ms before the newest of them. An occasion ends with a reading that
 * a nurse took: what the home measures in between (a pressure, a pulse) must
 * not hide the last whole score. Where no nurse ever measured, it ends with
 * the newest of any source. *at receives its time, or
 * INSTANT_NONE. Below 16 years every part is missing. */
struct news2_score chart_news2(const struct chart *chart, int64_t window, instant *at);
/* Whether an allergy may alarm: active or unknown status, not refuted, not an error. */
bool allergy_counts(const struct allergy *allergy);
/* A problem the patient has: active or without status, neither refuted nor an error. */
bool condition_is_active(const struct condition *condition);
/* "active", "active, unconfirmed", "refuted": how it stands and how sure that is. What was refuted or entered in error
 * is called nothing else. "" when the record says neither. */
void condition_status_words(const struct condition *condition, char *out, size_t size);
/* The same of an allergy; "" for one that is simply there. */
void allergy_status_words(const struct allergy *allergy, char *out, size_t size);
/* Stopped, completed, cancelled, an error, or never more than a draft: nothing the patient is to take. */
bool medicine_is_over(const struct medicine *medicine);
/* "Penicillin (rash), Latex"; "No known allergy" only when recorded so; "Allergies not recorded" otherwise. With a
 * chart that is not complete neither is said: the allergy may be what is missing. */
void chart_allergy_line(const struct chart *chart, char *out, size_t size);
/* Ends a text that filled its array and had to be cut in "...". */
void chart_mark_cut(char *text, size_t size);
const char *gender_word(enum gender gender);
/* "label: detail", without saying the same twice. What came with the record says so, and since when; the rules of this
 * device give source and time of their numbers themselves. */
void chart_alert_words(const struct alert *alert, char *out, size_t size);
const char *alert_level_word(enum alert_level level); /* "RED", "AMBER", "info" */
const char *chart_consent_word(enum consent_decision decision); /* "agreed", "REFUSED" */
/* Translated word for a FHIR status code; the code itself when it is not known. */
const char *status_word(const char *code);

#endif
