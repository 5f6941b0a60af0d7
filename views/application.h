/*
 * The console as a whole: what all views share, and the stack they stand on.
 * Everything a test wants to replace is in here; there are no globals.
 *
 * session.c opens and locks; application.c has the stack and saves; at_hand.c
 * keeps the patient and visit at hand; dispatch.c takes an event to the view or
 * command it is for; chrome.c draws what surrounds a view; loop.c connects all
 * to the terminal.
 */
#ifndef DOORSTEP_VIEWS_APPLICATION_H
#define DOORSTEP_VIEWS_APPLICATION_H

#include "base/config.h"
#include "base/error.h"
#include "base/paths.h"
#include "care/chart.h"
#include "care/visit.h"
#include "store/store.h"
#include "store/query.h"
#include "store/vault.h"
#include "sync/worker.h"
#include "views/canvas.h"
#include "views/view.h"

#define VIEW_DEPTH 17
#define AUTOSAVE_PAUSE 700    /* ms without a key after which what was typed is saved */
#define SAVE_RETRY 5000       /* ms until a save that failed is tried again */
#define LOOK_EVERY 1000       /* ms after which the record is asked whether another process wrote to it */
#define READ_APART 1000       /* ms between two readings while a sync is writing */
#define READ_EVERY 60000      /* ms after which all is read again: ages, alerts and the day move by themselves */

struct application {
    struct paths paths;
    struct config config;
    struct store_options store_options;
    struct vault *vault;        /* owned; NULL while locked */
    struct store *store;        /* owned; NULL while locked: closing is what removes the key */
    struct worker *worker;      /* owned; NULL while locked or when there is nothing to sync with */
    struct {
        struct worker *worker;
        struct store *store;
        struct vault *vault;
    } closing;                  /* owned; locked, and closed once the locked screen is seen: application_close_record() */
    atomic_int writer_waiting;

    struct view stack[VIEW_DEPTH]; /* VIEW_UNLOCK is the lowest, always */
    int depth;
    int rows, columns;          /* of the terminal */

    /* The patient and visit at hand. */
    struct chart chart;         /* owned; chart.patient.id "" when no patient is chosen */
    struct visit_draft draft;   /* owned; id "" when no visit is in progress */
    bool left_caseload;         /* the chart that was read last says so, the one before did not */
    struct sync_status status;  /* for the header; re-read after every change */
    struct worker_snapshot sync;
    int64_t refused_at_hand;    /* the outbox row that VIEW_CORRECT is about: correct_show() */
    char practitioner[LABEL_SIZE]; /* the nurse's name, "" while locked */
    int64_t changes;            /* store_change_counter() when all this was read */
    int64_t read_at;            /* monotonic: when that was */
    int64_t look_at;            /* monotonic: when to look for changes again */
    bool top_stale;             /* the top view has not read what changed, because something typed was not saved */
    bool unsaved;               /* typed since the last save */
    int64_t save_after;         /* monotonic: not before this is a failed save tried again */

    char message[512];          /* one sentence above the footer */
    bool message_is_error;
    int64_t last_input;         /* monotonic, for the idle lock */
    int64_t wake_at;            /* monotonic; a view wants an EVENT_TICK then; 0: no */
    bool place_moved;           /* the screen changed since the place was last saved */
    bool drop_typed;            /* what was typed ahead is not for the screen that comes now */
    bool repaint;               /* nothing of the last frame may stay */
    bool quit;
};

/* Starts locked, with VIEW_UNLOCK on the stack. The options' writer_waiting is set here. */
enum status application_init(struct application *application, const struct paths *paths, const struct config *config,
                             const struct store_options *options, struct error *error) MUST_CHECK;
/* Saves, closes, wipes. */
void application_free(struct application *application);

/* Unlocks with a passphrase: opens the record, starts the worker, brings the
 * nurse back to where she was. LOCKED when wrong. */
enum status application_unlock(struct application *application, const char *passphrase, struct error *error) MUST_CHECK;
/* Saves, wipes, shows VIEW_UNLOCK. When saving fails (a full disk) it stays open
 * and says so: nothing is lost. The record itself is closed afterwards, because
 * waiting for a sync to stop must not keep a patient on the screen. */
void application_lock(struct application *application);
/* After the locked screen was shown: waits for the sync, closes the record, removes the key. Harmless otherwise. */
void application_close_record(struct application *application);

/* The stack. Pushing saves the view below first; popping saves and refreshes.
 * A view that is already on the stack is gone back to. When saving fails, or
 * the view does not open, nothing changes and the message says why. */
void application_push(struct application *application, enum view_id id);
void application_pop(struct application *application);
void application_replace_all(struct application *application, enum view_id id);
struct view *application_top(struct application *application);
/* The view below the top, or NULL. */
const struct view *application_below(const struct application *application);

/* Chooses a patient: reads the chart and its open draft. */
enum status application_choose_patient(struct application *application, const char *patient,
                                       struct error *error) MUST_CHECK;
/* Starts a visit of the chosen patient, or goes on with the open one: afterwards application->draft is it. CONFLICT
 * when another program began one meanwhile; the draft is then that one. */
enum status application_start_visit(struct application *application, struct error *error) MUST_CHECK;
/* The visit is in progress no more, it was signed or set aside: forgets its draft and goes to Today. */
void application_end_visit(struct application *application);
/* Writes one draft field to the disk and to application->draft. */
enum status application_put_field(struct application *application, const char *field, const char *value,
                                  struct error *error) MUST_CHECK;
/* Opens the screen of the visit in progress that the nurse left, or its first. */
void application_go_on(struct application *application);
/* Reads status, chart and top view again: after a save, a signature. Not what is being typed, and not a top view
 * with something typed that is not saved: that one follows after the save. */
void application_refresh(struct application *application);
/* The same when another connection (the sync, another process) has written since, or READ_EVERY has passed. A
 * patient who left the device leaves the screen. True when anything was read. */
bool application_follow(struct application *application);
/* One piece of what the top view wants done between keys, a few milliseconds; false when nothing is left. */
bool application_work(struct application *application);

/* One event: top view, its commands, general commands. */
enum reaction application_event(struct application *application, const struct event *event);
enum reaction application_command(struct application *application, enum command_id command);
/* Why a command cannot work now, one translated sentence; NULL when its conditions hold. */
const char *application_objection(const struct application *application, enum command_id command);
/* The same, and no opinion of the view against it. */
bool application_allows(const struct application *application, enum command_id command);
/* Draws header, top view, message and footer. */
void application_draw(struct application *application);
/* Puts what is typed on the disk, with the place where it is typed. */
enum status application_save(struct application *application, struct error *error) MUST_CHECK;

void application_say(struct application *application, const char *format, ...) PRINTF_LIKE(2, 3);
void application_say_error(struct application *application, const struct error *error);
void application_hush(struct application *application);

instant application_now(const struct application *application);
int64_t application_monotonic(const struct application *application);

/* Runs the console on the terminal until the nurse leaves; exit status. main()
 * has set up the language and closed the process to others. */
int console_run(const struct paths *paths, const struct config *config);

#endif
