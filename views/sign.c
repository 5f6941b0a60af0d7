/*
 * The signature: see sign.h.
 *
 * Invariant: nothing is written without the secret; whatever fails, what is to
 * be signed stays as it is.
 */
#include "views/sign.h"

#include "base/language.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "views/chrome.h"
#include "views/field.h"

#include <string.h>

#define WAIT_TICK 1000 /* ms */
#define FIELD_COLUMNS 48

enum status sign_begin(struct sign *sign, struct error *error)
{
    enum status status = editor_init(&sign->secret, PASSPHRASE_MOST, true, error);

    sign->secret.secret = true;
    sign->fault[0] = '\0';
    sign->asking = status == STATUS_OK;
    return status;
}

void sign_end(struct sign *sign)
{
    editor_free(&sign->secret);
    sign->asking = false;
}

/* --- drawing -------------------------------------------------------------------------------------- */

/* Whole seconds until another try, 0 when one may be made. Keeps the clock of the wait going. */
static int64_t seconds_to_wait(struct application *application)
{
    int64_t delay = vault_delay(&application->paths, &application->store_options.clock);

    if (delay > 0) {
        application->wake_at = application_monotonic(application) + (delay < WAIT_TICK ? delay : WAIT_TICK);
    }
    return (delay + 999) / 1000;
}

static void put_lines(struct area *area, enum role role, const char *text)
{
    int used = canvas_paragraph(*area, role, text, 0);

    area->row += used;
    area->rows -= used;
}

void sign_draw(struct sign *sign, struct application *application, const char *statement, const char *remark, struct area area)
{
    int64_t seconds = seconds_to_wait(application);
    int columns = area.columns < FIELD_COLUMNS ? area.columns : FIELD_COLUMNS;
    char words[400];

    put_lines(&area, ROLE_STRONG, statement);
    if (remark[0] != '\0') {
        put_lines(&area, ROLE_AMBER, remark);
    }
    area.row++;
    area.rows--;
    put_lines(&area, ROLE_NORMAL, store_pin_is_set(application->store) ? _("PIN or passphrase, then Enter:")
                                                                       : _("Passphrase, then Enter:"));
    field_draw(&sign->secret, area.row, area.column, columns, true);
    area.row += 2;
    area.rows -= 2;
    if (sign->fault[0] != '\0') {
        put_lines(&area, ROLE_ERROR, sign->fault);
    }
    if (seconds > 0) {
        (void)text_format(words, sizeof words, _("The next try is possible in %lld s; you can type it already."),
                          (long long)seconds);
        put_lines(&area, ROLE_NORMAL, words);
    }
}

/* --- signing -------------------------------------------------------------------------------------- */

/* Whether the text may be a PIN, which is shorter than any passphrase unless it is all digits. */
static bool may_be_pin(const char *secret)
{
    char text[PASSPHRASE_MOST + 1];
    bool digits = false;

    text_normalise_value(text, sizeof text, secret);
    digits = text[strspn(text, "0123456789")] == '\0';
    memory_wipe(text, sizeof text);
    return digits;
}

static enum status check_secret(struct application *application, const char *secret, struct error *error)
{
    enum status status = STATUS_LOCKED;

    if (store_pin_is_set(application->store) && may_be_pin(secret)) {
        status = store_pin_check(application->store, secret, error);
        if (status != STATUS_LOCKED || strlen(secret) < PASSPHRASE_LEAST) {
            return status;
        }
    }
    return vault_verify(&application->paths, secret, &application->store_options.clock, error);
}

static enum status sign_and_write(struct application *application,
                                  enum status (*write)(struct application *, const struct signer *, struct error *),
                                  struct error *error)
{
    char practitioner[ID_SIZE];
    char name[LABEL_SIZE];
    struct signer signer = {
        .practitioner = practitioner,
        .practitioner_name = name,
        .organization = application->config.organization,
        .consent_policy = application->config.consent_policy,
        .language = language_code(),
        .randomness = &application->store_options.randomness,
        .now = application_now(application),
    };
    enum status status =
        store_setting_get(application->store, SETTING_PRACTITIONER, practitioner, sizeof practitioner, error);

    if (status == STATUS_OK) {
        status = store_setting_get(application->store, SETTING_PRACTITIONER_NAME, name, sizeof name, error);
    }
    return status == STATUS_OK ? write(application, &signer, error) : status;
}

static enum sign_reaction try_to_sign(struct sign *sign, struct application *application,
                                      enum status (*write)(struct application *, const struct signer *, struct error *))
{
    struct error error = {0};
    enum status status = STATUS_OK;

    /* Nobody signs on a terminal too small to be read. */
    if (sign->secret.length == 0 || seconds_to_wait(application) > 0 ||
        !layout_fits(application->rows, application->columns)) {
        return SIGN_HANDLED;
    }
    status = check_secret(application, editor_text(&sign->secret), &error);
    if (status == STATUS_OK) {
        status = sign_and_write(application, write, &error);
    }
    if (status == STATUS_OK) {
        return SIGN_SIGNED;
    }
    (void)text_copy(sign->fault, sizeof sign->fault, error.sentence);
    if (editor_set(&sign->secret, "", NULL) != STATUS_OK) {
        log_event("sign-field", 0, 0);
    }
    application->drop_typed = true;
    return SIGN_HANDLED;
}

enum sign_reaction sign_event(struct sign *sign, struct application *application, const struct event *event,
                              enum status (*write)(struct application *, const struct signer *, struct error *))
{
    if (event_is_key(event, KEYCAP_ENTER)) {
        return try_to_sign(sign, application, write);
    }
    return editor_event(&sign->secret, event, 0) ? SIGN_HANDLED : SIGN_IGNORED;
}
