/*
 * The simulator: nurses with a record file each, an office, and the model
 * server between them, on one simulated clock. Everything that happens is
 * drawn from the seed; the same seed gives the same run, byte for byte.
 *
 *   world.c    makes the world of a seed and lets it run, then heals it
 *   nurse.c    a device: visits, syncs, crashes
 *   line.c     the link to the server, and what goes wrong on it
 *   answers.c  answers that are not quite as asked
 *   office.c   everyone else who writes at the server
 *   model.c    the server: the loopback server's core, in process
 *   truth.c    what must hold at the server, after each sync and at the end
 *   charts.c   what must hold on the devices
 *   tally.c    what is counted, and the names of it
 *   main.c     many seeds, on all processors
 *
 * mutants.sh breaks the client on purpose and counts how many seeds notice.
 */
#ifndef DOORSTEP_TESTS_SIM_H
#define DOORSTEP_TESTS_SIM_H

#include "sync/sync.h"
#include "tests/sim/model.h"
#include "tests/store/record_test.h"

#define NURSES_AT_MOST 3
#define PATIENTS_AT_MOST 12 /* with those that the office adds */

/* What can go wrong. The names are in tally.c. */
enum trouble {
    TROUBLE_NONE,
    TROUBLE_NOT_SENT,       /* no route */
    TROUBLE_LOST_REQUEST,   /* it never arrived, and nobody can tell */
    TROUBLE_LOST_REPLY,     /* it was carried out, and nobody can tell */
    TROUBLE_LATE,           /* as lost; it arrives minutes or hours later */
    TROUBLE_REPEATED,       /* answered; a copy arrives again later */
    TROUBLE_CUT,            /* carried out; half of the answer comes, as if it were all */
    TROUBLE_REFUSED,        /* a 4xx that the request did not earn */
    TROUBLE_BUSY,           /* 429, 503 with Retry-After */
    TROUBLE_BROKEN,         /* a 5xx, nothing carried out */
    TROUBLE_GATEWAY,        /* a 408, 502 or 504 although it was carried out */
    TROUBLE_EXPIRED,        /* the sign-in: 401, for some requests */
    TROUBLE_PORTAL,         /* a web page, 200 */
    TROUBLE_SLOW,           /* minutes go by */
    TROUBLE_STOPPED,        /* the nurse stops the sync */
    TROUBLE_ODD_ANSWER,     /* entries are missing, doubled or in another order */
    TROUBLE_LOST_PAGE,      /* 410 for a next link */
    TROUBLE_LINE_COUNT,     /* those above strike single requests; the others below do not */
    TROUBLE_CLOCK = TROUBLE_LINE_COUNT, /* the device's clock jumps */
    TROUBLE_CRASH,          /* at some step that writes, while syncing or signing */
    TROUBLE_LATE_ROWS,      /* a change becomes visible after newer ones */
    TROUBLE_RESTORE,        /* the server goes back to an older backup */
    TROUBLE_COUNT,
};

/* What must hold. */
enum law {
    LAW_DELIVERED,   /* what was signed is at the server, or the outbox says why it is not */
    LAW_ONCE,        /* and there once */
    LAW_CONTENT,     /* and as it was signed */
    LAW_SYNCED,      /* nothing counts as sent that the server does not have */
    LAW_OFFICE,      /* nobody's change is overwritten unseen */
    LAW_REFERENCE,   /* nothing of ours names what never was */
    LAW_IDENTITY,    /* our UUIDs stand for the server's ids of the same things */
    LAW_COMPLETE,    /* a complete chart has what the server had when the sync began */
    LAW_EQUAL,       /* in the end both sides are equal */
    LAW_WRONG_CHART, /* nothing is in another patient's chart, nor of a patient who is not hers */
    LAW_CONFLICT,    /* conflicts and refusals are real */
    LAW_SILENT,      /* a second sync does nothing */
    LAW_ENDS,        /* every sync ends, and a healed world becomes quiet */
    LAW_RECORD,      /* the record opens after a crash, and is whole */
    LAW_COUNT,
};

/* What is not promised (yet): counted, printed, and a failure with --strict. */
enum exemption {
    EXEMPT_REVIVED,        /* deleted at the server, made again by a repeat sent or delivered late */
    EXEMPT_RESTORED_LOST,  /* accepted, left the device with its patient, then forgotten by the server */
    EXEMPT_RESTORED_CHART, /* a chart that differs from a server that went back, until that is found out */
    EXEMPT_RESTORED_STALE, /* in the end: something of the office's, newer here than there, and nothing of the nurse's lost */
    EXEMPT_RESTORED_TWICE, /* the number of an answer's version was given to another one before the nurse read hers back */
    EXEMPT_COUNT,
};

struct tally {
    uint64_t seeds, failed, syncs, good_syncs, requests, writes, visits, resources, office_changes;
    uint64_t conflicts, refusals; /* left in an outbox at the end, for a real reason */
    uint64_t sent_again, let_go;  /* by nurses, of what a server had forgotten */
    uint64_t corrected;           /* by nurses, of what was refused */
    uint64_t troubles[TROUBLE_COUNT], laws[LAW_COUNT], exemptions[EXEMPT_COUNT];
};
void tally_add(struct tally *to, const struct tally *from);
const char *trouble_name(enum trouble trouble);
const char *law_name(enum law law);
const char *exemption_name(enum exemption exemption);

struct world;

/* One nurse and her device. */
struct nurse {
    struct world *world;
    int number;                 /* from 1; the author of what she sends */
    char name[8];               /* "n1" */
    enum caseload_kind { BY_GROUP, BY_LIST, BY_SEARCH, BY_APPOINTMENT, CASELOAD_KINDS } kind;
    bool member[PATIENTS_AT_MOST];
    struct fixture fixture;     /* her home and her open record */
    uint64_t seed;
    instant offset;             /* by which her clock is wrong */
    struct sync sync;
    struct sync_result result;
    atomic_bool stop;
    bool made_here;             /* enrolled without a server: her Practitioner is sent later */
    int exchanges;              /* of the sync that is running */
    int dead_from;              /* from this request on nothing goes through; 0: never */
    char *ahead_url;            /* owned: of the request sent ahead, NULL when there is none */
    struct response ahead;      /* its answer */
    struct spent spent;
    int refused_logins;         /* still to come */
    bool said_no;               /* the server refused something of what she sent, in the sync that is running */
    bool was_complete[PATIENTS_AT_MOST]; /* before the sync that is running */
};

#define CORRECTIONS_AT_MOST 3 /* of one record */

/* Something a nurse signed. */
struct part {
    int nurse;
    char visit[UUID_SIZE];
    char type[RESOURCE_TYPE_SIZE];
    char uuid[UUID_SIZE];             /* "" for an update */
    char target[MODEL_TARGET_SIZE];   /* "Type/id" of an update */
    char base[ID_SIZE];               /* the version an update started from */
    char *body;                       /* owned, as it was queued */
    cJSON *tree;                      /* owned, the same */
    cJSON *earlier[CORRECTIONS_AT_MOST]; /* owned: as it was signed before a correction */
    size_t corrections;
    int64_t outbox;
    bool poison;                      /* the server refuses it, rightly */
    bool refused;                     /* it counted as refused after her last sync */
    bool arrived;                     /* it is (or was) at the server */
    bool decided;                     /* she chose between hers and what she was shown of the server's */
    bool lost;                        /* let go: decided against, or overwritten by somebody before the server forgot both */
    bool before;                      /* the server went back: it was signed before */
    int64_t number;                   /* and had this version there */
    char patient[ID_SIZE];
};

/* A request that is still under way. */
struct delivery {
    instant due;
    char *method, *url, *body;  /* owned */
    int author;
    instant begun;              /* INSTANT_NONE: when it arrives */
};

struct world {
    uint64_t seed, state;
    struct randomness randomness;
    FILE *trace;                /* NULL: none */
    bool strict;
    struct tally tally;
    char first[512];            /* what went wrong first; "" */

    instant now;
    struct model *model;
    struct nurse nurses[NURSES_AT_MOST];
    int nurse_count, patient_count;
    struct part *parts;
    size_t part_count, part_capacity;
    struct delivery *deliveries;
    size_t delivery_count, delivery_capacity;

    /* What this seed is like. */
    uint32_t trouble_percent;
    bool allowed[TROUBLE_COUNT];
    int64_t latency;            /* ms of a request */
    instant behind;             /* by so much the server's stamps are behind its Date: more than the client's overlap */
    bool any_order;             /* the server answers transactions in any order */
    bool no_conditions;         /* the server passes over ifNoneExist and ifMatch */
    bool tunnels;               /* the link dies within a sync, after the office was busy for a while */
    bool office_meanwhile;      /* the office writes while syncs run */
    bool decided;               /* in the end the nurses decide their conflicts */
    const char *rule;           /* what the server refuses wherever it is said; NULL: nothing */
    bool healed;
    bool lies;                  /* a server that often leaves out what it counts */
    char asked[512];            /* the last search that began, but for the size of its pages */
    bool asked_first;           /* this is its first page */
    bool asked_again;           /* it is that of before once more */
    int left_out;               /* so many entries at the most lacked its answers till now */
    bool restored;
    int changes;                /* numbers what the office writes */

    /* What had our UUIDs, under which ids, when the server went back. */
    struct former { char target[MODEL_TARGET_SIZE], uuid[UUID_SIZE]; } *formers;
    size_t former_count, former_capacity;
    /* What truth.c remembers of each version at the server. */
    struct seen *seen;
    size_t seen_count, seen_capacity;
};

/* --- drawing and telling -------------------------------------------------------------------------------- */

uint32_t draw(struct world *world, uint32_t limit);      /* 0 to limit - 1 */
bool chance(struct world *world, uint32_t percent);
void trace(const struct world *world, const char *format, ...) PRINTF_LIKE(2, 3);
void strike(struct world *world, enum trouble trouble);  /* counts it */
void complain(struct world *world, enum law law, const char *format, ...) PRINTF_LIKE(3, 4);
void exempt(struct world *world, enum exemption exemption, const char *format, ...) PRINTF_LIKE(3, 4);

/* --- the world of a seed -------------------------------------------------------------------------------- */

/* Runs a whole seed; counts into `tally`. Returns false, and `first` filled, when a law was broken. */
bool world_run(uint64_t seed, bool strict, FILE *trace_to, struct tally *tally, char *first, size_t size);
void world_deliver(struct world *world);          /* what is due by now arrives */

void nurse_begin(struct world *world, int number);
void nurse_end(struct nurse *nurse);
void nurse_visit(struct nurse *nurse);
enum status nurse_sync(struct nurse *nurse);
void nurse_reopen(struct nurse *nurse);
/* She decides her conflicts, one way or the other. Returns how many. */
int nurse_decide(struct nurse *nurse);
void nurse_close_drafts(struct nurse *nurse);     /* an open visit would keep a patient who left */
void nurse_jump(struct nurse *nurse);             /* her clock */
/* She asks for what was refused to be sent again. Returns how many. */
int nurse_retry(struct nurse *nurse);
/* She corrects some of what was refused, where that can be done, and signs it. Returns how many. */
int nurse_correct(struct nurse *nurse);
/* She says what becomes of what the server forgot: mostly it is sent again, sometimes let go. Returns of how much. */
int nurse_answer(struct nurse *nurse);
bool nurse_is_dead(void);                         /* her device has crashed and does nothing any more */

struct transport line_transport(struct nurse *nurse);
/* Sends a copy of a request later. */
void line_postpone(struct world *world, const struct model_request *request, instant due);

/* Changes the answer to a Bundle or to a search. */
void answer_disturb(struct world *world, struct buffer *body, bool bundled);
/* Puts the answer to a transaction into another order, when its entries tell what they are. */
void answer_shuffle(struct world *world, struct buffer *body);

void office_begin(struct world *world);           /* the charts, and who has whom */
void office_act(struct world *world);             /* one change */
void office_act_on_tasks(struct world *world);
void office_act_latest(struct world *world);      /* one that took as long as any may */
void office_catch_up(struct world *world);         /* after the server forgot: who was new is entered again */

/* --- what must hold ----------------------------------------------------------------------------------------- */

/* Takes down what a signed visit queued, or a correction of it. */
void truth_note_visit(struct nurse *nurse, const char *visit);
/* Whether this row can be corrected once more. */
bool truth_may_correct(const struct nurse *nurse, int64_t outbox);
/* What she let go of what the server forgot. */
void truth_note_let_go(struct nurse *nurse, const struct outbox_row *row);
/* What a conflict that was decided left in the outbox, and what it did not. */
void truth_note_decision(struct nurse *nurse, int64_t outbox, const char *visit);
/* After a sync that began when the server had `before` versions. */
void truth_after_sync(struct nurse *nurse, size_t before, enum status status);
void truth_at_end(struct world *world);
/* Whether a device still has something that was deleted at the server. */
bool truth_holds_deleted(struct world *world);
void truth_forget(struct world *world);           /* the server went back */
void truth_free(struct world *world);

#endif
