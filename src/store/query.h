/*
 * What screens and commands ask of the record. Every function fills a plain
 * value and holds no lock afterwards. Reading a chart writes an audit row.
 */
#ifndef DOORSTEP_STORE_QUERY_H
#define DOORSTEP_STORE_QUERY_H

#include "care/chart.h"
#include "care/visit.h"
#include "store/store.h"

/* A line of the Today board or of a patient list. */
struct patient_row {
    struct patient patient;
    struct appointment appointment;    /* id "" when there is none (that day / coming) */
    int red, amber;                    /* active alerts, from the record and from rules; -1 while the rules were not run */
    char alert[LABEL_SIZE];            /* the most urgent one in words, "" when none (of the record's, while -1) */
    bool to_judge;                     /* the rules have to be run: query_row_alerts() */
    bool unfinished;                   /* a visit is in progress on this device */
    instant unfinished_since;
    enum visit_state visit_state;      /* of the visit that day */
    bool has_visit;
};
struct patient_rows {
    struct patient_row *items; /* owned */
    size_t count, capacity;
};
void patient_rows_free(struct patient_rows *rows);

/* How much of a chart lists are judged by; open charts the same way to see the same alerts. */
#define CHART_DAYS 90
#define CHART_READINGS 200

/* Unfinished visits first, planned ones by time, then unplanned ones; then the
 * day's other appointments by time. An appointment whose patient is not on the
 * device is there too, with the patient's id for a name, and nothing to judge. */
enum status query_today(struct store *store, instant now, struct patient_rows *out, struct error *error) MUST_CHECK;
/* The appointment that a visit to this patient which begins at `start` keeps: of those of that day that are not over
 * and that no signed visit of this device has kept, the nearest to it. "" when there is none. */
enum status query_visit_appointment(struct store *store, const char *patient, instant start, char appointment[ID_SIZE],
                                    struct error *error) MUST_CHECK;
/* All patients (search "" or NULL), or those in whose name, reading, id or birth
 * date every word of the search is found; best first, then by name. */
enum status query_patients(struct store *store, const char *search, instant now, struct patient_rows *out,
                           struct error *error) MUST_CHECK;
/* Neither runs the rules: in their rows red and amber are -1, unknown, until this
 * fills them, as the row's chart would show them. It takes a few milliseconds, and
 * is not audited as a reading. The row has nothing to judge afterwards, whatever
 * is returned; after a failure what it said before stands. */
enum status query_row_alerts(struct store *store, instant now, struct patient_row *row, struct error *error) MUST_CHECK;
/* One patient by id ("p1", "Patient/p1") or by a name or reading that fits one only.
 * NOT_FOUND, or INVALID with the names it fits. */
enum status query_find_patient(struct store *store, const char *text, char id[ID_SIZE], struct error *error) MUST_CHECK;

/* A patient's name; the id while the patient is not here. */
enum status query_patient_name(struct store *store, const char *id, char name[LABEL_SIZE], struct error *error) MUST_CHECK;

/* Everything the chart shows; readings since `since` (at most `most` per vital). Rule
 * alerts are included. Audited as a reading of this chart. */
enum status query_chart(struct store *store, const char *patient, instant since, size_t most, instant now,
                        struct chart *out, struct error *error) MUST_CHECK;
/* The same, not audited: for a chart that is open already, for signing, for the alerts of a list. */
enum status chart_load(struct store *store, const char *patient, instant since, size_t most, instant now,
                       struct chart *out, struct error *error) MUST_CHECK;
/* The exact body of a resource, owned; NOT_FOUND. */
enum status query_body(struct store *store, const char *type, const char *id, char **out, struct error *error) MUST_CHECK;

/* What waits to reach the server. */
enum outbox_state { OUTBOX_WAITING, OUTBOX_SENDING, OUTBOX_REFUSED, OUTBOX_CONFLICT };
struct outbox_row {
    int64_t number;
    char visit[UUID_SIZE];      /* "" when it belongs to no visit (Practitioner) */
    char type[RESOURCE_TYPE_SIZE];
    char uuid[UUID_SIZE];       /* our identity of it; "" for an update of a server resource */
    char id[ID_SIZE];           /* current id in the record */
    char if_none_exist[200];
    char base_version[ID_SIZE];
    bool is_update;
    enum outbox_state state;
    int attempts;
    int http_status;            /* of the refusal; of a row that waits, what its last try was answered with: 0 is nothing */
    char reason[512];           /* the server's own words, "" when none */
    instant queued;
    bool forgotten;             /* the server had taken it and does not know it any more: refused until the nurse says what now */
};
struct outbox_rows {
    struct outbox_row *items; /* owned */
    size_t count;
};
void outbox_rows_free(struct outbox_rows *rows);
/* In sending order: visit by visit as signed, dependency order inside. */
enum status query_outbox(struct store *store, struct outbox_rows *out, struct error *error) MUST_CHECK;
const char *outbox_state_key(enum outbox_state state);  /* waiting sending refused conflict */
const char *outbox_state_word(enum outbox_state state); /* translated */

/* Each visit of this device, newest first, those set aside last, for the Outbox screen. What is not at the server is
 * there however old it is. */
struct visit_row {
    char id[UUID_SIZE], patient[ID_SIZE], patient_name[LABEL_SIZE];
    enum visit_state state;
    instant started, ended, signed_at, accepted_at; /* accepted_at NONE while anything waits */
    int waiting, refused, conflicts;
    bool let_go;                /* the nurse decided against something of it, which is kept here only */
    char reason[512];
};
struct visit_rows {
    struct visit_row *items; /* owned */
    size_t count;
};
void visit_rows_free(struct visit_rows *rows);
enum status query_visits(struct store *store, instant since, struct visit_rows *out, struct error *error) MUST_CHECK;

/* How much of a patient's chart is on the device. */
struct chart_row {
    char patient[ID_SIZE], name[LABEL_SIZE]; /* the name is the id while the patient is not here */
    bool here;
    bool begun;         /* part of the chart came from the server, and not the rest */
    bool complete;
    bool released;      /* left the caseload; stays for what is unsent */
    int unreadable;     /* what came of it and could not be read */
    instant as_of;      /* the server's time up to which it is complete; NONE: never complete from a server */
};
struct chart_rows {
    struct chart_row *items; /* owned */
    size_t count;
};
void chart_rows_free(struct chart_rows *rows);
/* Every patient on the device, and whoever is not and has an appointment today; what is not complete first, then by name. */
enum status query_charts(struct store *store, instant now, struct chart_rows *out, struct error *error) MUST_CHECK;

/* Status in numbers; never greener than the facts. */
struct sync_status {
    int pending, refused, conflicts, drafts, set_aside, quarantined;
    int forgotten;                  /* of those refused: the server had taken them, and does not know them any more */
    instant last_good;              /* end of the last sync that left nothing unsent and stored every answer */
    instant last_attempt;
    enum status last_result;
    bool last_answered;             /* something came back: not offline, whatever else it was */
    char last_reason[256];          /* why it was not good, translated; "" */
    instant data_as_of;             /* server time up to which every chart of the caseload was last complete */
    int patients, incomplete_patients;
    char server[512];
};
enum status query_status(struct store *store, struct sync_status *out, struct error *error) MUST_CHECK;

/* Whole resources for `export`: those of one signed visit, or (visit NULL) all that is unsent. */
struct bodies {
    char **items; /* owned texts */
    size_t count, capacity;
};
void bodies_free(struct bodies *bodies);
enum status query_visit_bodies(struct store *store, const char *visit, struct bodies *out, struct error *error) MUST_CHECK;

#endif
