/*
 * doorstep passphrase, recover and lock: the keys and the open consoles.
 */
#include "commands/command_line.h"

#include "base/memory.h"
#include "base/text.h"
#include "store/audit.h"

#include <string.h>

/* A new secret: from a file, or asked twice. */
static enum status new_secret(struct command_line *line, const char *file, const char *prompt, char *out, size_t size,
                              struct error *error)
{
    char again[PASSPHRASE_SIZE];
    enum status status = command_secret(line, prompt, file, out, size, error);
    if (status == STATUS_OK && file == NULL) {
        status = command_secret(line, _("Once more: "), NULL, again, sizeof again, error);
        if (status == STATUS_OK && strcmp(out, again) != 0) {
            status = error_set(error, STATUS_INVALID, _("the two were not the same; nothing was changed"));
        }
        memory_wipe(again, sizeof again);
    }
    return status;
}

enum status command_new_passphrase(struct command_line *line, const char *file, char *out, size_t size, struct error *error)
{
    enum status status = new_secret(line, file, _("New passphrase: "), out, size, error);
    if (status == STATUS_OK && passphrase_fault(out) != NULL) {
        status = error_set(error, STATUS_INVALID, "%s", passphrase_fault(out));
    }
    return status;
}

static enum status done(struct command_line *line, const char *json_name, const char *sentence, struct error *error)
{
    if (line->json) {
        cJSON *document = cJSON_CreateObject();
        json_add_boolean(document, json_name, true);
        return command_print_json(line, document, error);
    }
    fprintf(line->out, "%s\n", sentence);
    return STATUS_OK;
}

static enum status change_pin(struct command_line *line, const char *file, struct error *error)
{
    char pin[PASSPHRASE_SIZE] = "";
    enum status status = command_open(line, error);
    if (status == STATUS_OK) {
        status = new_secret(line, file, _("New PIN for signing: "), pin, sizeof pin, error);
    }
    if (status == STATUS_OK) {
        status = store_pin_set(line->store, pin, error);
    }
    memory_wipe(pin, sizeof pin);
    return status == STATUS_OK ? done(line, "pin_set", _("The PIN is set; it stands for the passphrase when signing."), error)
                               : status;
}

enum status verb_passphrase(struct command_line *line, struct error *error)
{
    char before[PASSPHRASE_SIZE] = "";
    char after[PASSPHRASE_SIZE] = "";
    const char *file = command_option(line, "--new-file");
    bool pin = command_flag(line, "--pin");
    enum status status = command_arguments(line, 0, 0, error);
    if (status == STATUS_OK && pin) {
        return change_pin(line, file, error);
    }
    if (status == STATUS_OK && !vault_exists(&line->paths)) {
        status = error_set(error, STATUS_NOT_FOUND, _("'%s' is not enrolled on this device: run doorstep enroll first"),
                           line->paths.user);
    }
    if (status == STATUS_OK) {
        status = command_secret(line, _("Passphrase: "), line->passphrase_file, before, sizeof before, error);
    }
    if (status == STATUS_OK) {
        status = vault_verify(&line->paths, before, &line->clock, error);
    }
    if (status == STATUS_OK) {
        status = command_new_passphrase(line, file, after, sizeof after, error);
    }
    if (status == STATUS_OK) {
        status = vault_change_passphrase(&line->paths, before, after, &line->clock, error);
    }
    memory_wipe(before, sizeof before);
    memory_wipe(after, sizeof after);
    return status == STATUS_OK ? done(line, "changed", _("The passphrase is changed; the recovery key stays the same."), error)
                               : status;
}

enum status verb_recover(struct command_line *line, struct error *error)
{
    char recovery[PASSPHRASE_SIZE] = "";
    char after[PASSPHRASE_SIZE] = "";
    const char *recovery_file = command_option(line, "--recovery-file");
    const char *file = command_option(line, "--new-file");
    enum status status = command_arguments(line, 0, 0, error);
    if (status == STATUS_OK && !vault_exists(&line->paths)) {
        status = error_set(error, STATUS_NOT_FOUND, _("'%s' is not enrolled on this device: run doorstep enroll first"),
                           line->paths.user);
    }
    if (status == STATUS_OK) {
        status = command_secret(line, _("Recovery key: "), recovery_file, recovery, sizeof recovery, error);
    }
    if (status == STATUS_OK) {
        status = command_new_passphrase(line, file, after, sizeof after, error);
    }
    if (status == STATUS_OK) {
        status = vault_recover(&line->paths, recovery, after, &line->clock, error);
    }
    memory_wipe(recovery, sizeof recovery);
    memory_wipe(after, sizeof after);
    return status == STATUS_OK ? done(line, "recovered", _("The new passphrase is set; the recovery key stays the same."), error)
                               : status;
}

enum status verb_lock(struct command_line *line, struct error *error)
{
    int count = 0;
    enum status status = command_arguments(line, 0, 0, error);
    if (status == STATUS_OK) {
        status = presence_lock_all(&line->paths, &count, error);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (line->json) {
        cJSON *document = cJSON_CreateObject();
        json_add_integer(document, "locked", count);
        return command_print_json(line, document, error);
    }
    fprintf(line->out, _("%d open consoles were told to lock.\n"), count);
    return STATUS_OK;
}
