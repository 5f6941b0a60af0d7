/*
 * doorstep enroll: makes the encrypted file, shows the recovery key once,
 * probes the server. Enrolling works without one.
 *
 * Invariant: either the nurse is enrolled with key file and record, or nothing
 * is left behind.
 */
#include "commands/command_line.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "store/audit.h"
#include "store/record.h"
#include "sync/sync.h"

#include <string.h>

struct enrolment {
    const char *server, *practitioner, *caseload, *token_file, *name;
    char token[8192];
    char recovery[RECOVERY_KEY_SIZE];
    char software[160];
    struct error reach;      /* why the server could not be probed; status OK when it was */
};

static enum status check_arguments(struct command_line *line, struct enrolment *enrolment, struct error *error)
{
    enum status status = command_arguments(line, 0, 0, error);
    if (status == STATUS_OK && vault_exists(&line->paths) && file_exists(line->paths.record)) {
        status = error_set(error, STATUS_CONFLICT, _("'%s' is enrolled on this device already; nothing was changed"),
                           line->paths.user);
    }
    if (status == STATUS_OK && enrolment->caseload != NULL) {
        status = caseload_check(enrolment->caseload, error);
    }
    if (status == STATUS_OK && enrolment->practitioner != NULL) {
        if (strncmp(enrolment->practitioner, "Practitioner/", 13) == 0) {
            enrolment->practitioner += 13;
        }
        if (!fhir_id_is_valid(enrolment->practitioner)) {
            status = error_set(error, STATUS_USAGE, _("'%s' is no Practitioner id"), enrolment->practitioner);
        }
    }
    if (status == STATUS_OK && enrolment->token_file != NULL) {
        status = command_secret(line, "", enrolment->token_file, enrolment->token, sizeof enrolment->token, error);
    }
    if (status == STATUS_OK && enrolment->server != NULL) {
        struct http *http = NULL;
        status = http_new(enrolment->server, enrolment->token, line->config.ca_file, NULL, &http, error);
        http_free(http);
    }
    return status;
}

static enum status write_settings(struct command_line *line, const struct enrolment *enrolment, struct error *error)
{
    char id[ID_SIZE] = "";
    char server[512] = "";
    const char *name = enrolment->name != NULL ? enrolment->name : line->paths.user;
    if (enrolment->server != NULL) {
        text_copy(server, sizeof server, enrolment->server);
        for (size_t end = strlen(server); end > 0 && server[end - 1] == '/'; end--) {
            server[end - 1] = '\0';
        }
    }
    enum status status = store_setting_set(line->store, SETTING_USER, line->paths.user, error);
    if (status == STATUS_OK) {
        status = store_setting_set(line->store, SETTING_SERVER, server, error);
    }
    if (status == STATUS_OK) {
        status = store_setting_set(line->store, SETTING_TOKEN, enrolment->token, error);
    }
    if (status == STATUS_OK) {
        status = store_setting_set(line->store, SETTING_CASELOAD,
                                   enrolment->caseload != NULL ? enrolment->caseload : "appointments", error);
    }
    if (status == STATUS_OK && enrolment->practitioner == NULL) {
        status = record_make_practitioner(line->store, name, id, error);
    } else if (status == STATUS_OK) {
        text_copy(id, sizeof id, enrolment->practitioner);
    }
    if (status == STATUS_OK) {
        status = store_setting_set(line->store, SETTING_PRACTITIONER, id, error);
    }
    if (status == STATUS_OK) {
        status = store_setting_set(line->store, SETTING_PRACTITIONER_NAME, name, error);
    }
    return status == STATUS_OK ? audit_add(line->store, "enroll", "", "", "", "", error) : status;
}

static enum status make_files(struct command_line *line, struct enrolment *enrolment, struct error *error)
{
    char passphrase[PASSPHRASE_SIZE] = "";
    enum status status = command_new_passphrase(line, line->passphrase_file, passphrase, sizeof passphrase, error);
    if (status == STATUS_OK) {
        status = vault_create(&line->paths, passphrase, enrolment->recovery, &line->vault, error);
        if (status == STATUS_OK) {
            struct store_options options = {.clock = line->clock, .randomness = line->randomness};
            status = store_create(&line->paths, line->vault, &options, &line->store, error);
            if (status == STATUS_OK) {
                status = write_settings(line, enrolment, error);
            }
            if (status != STATUS_OK) {
                store_close(line->store);
                line->store = NULL;
                enrolment_undo(&line->paths);
            }
        }
    }
    memory_wipe(passphrase, sizeof passphrase);
    return status;
}

/* Who answers at the server's address. Not answering is no reason not to enrol. */
static void probe(struct command_line *line, struct enrolment *enrolment)
{
    struct http *http = NULL;
    struct sync_result result = {0};
    char server[512] = "";
    enum status status = command_server(line, server, sizeof server, &enrolment->reach);
    if (status == STATUS_OK && server[0] == '\0') {
        return;
    }
    if (status == STATUS_OK) {
        status = http_new(server, enrolment->token, line->config.ca_file, NULL, &http, &enrolment->reach);
    }
    if (status == STATUS_OK) {
        struct sync sync = {.store = line->store, .transport = http_transport(http), .server = server,
                            .clock = line->clock, .randomness = line->randomness};
        status = sync_probe(&sync, &result, &enrolment->reach);
    }
    if (status == STATUS_OK) {
        status = store_setting_get(line->store, SETTING_SERVER_SOFTWARE, enrolment->software, sizeof enrolment->software,
                                   &enrolment->reach);
    }
    enrolment->reach.status = status;
    http_free(http);
}

static enum status report(struct command_line *line, const struct enrolment *enrolment, struct error *error)
{
    bool reached = enrolment->reach.status == STATUS_OK;
    if (line->json) {
        cJSON *document = cJSON_CreateObject();
        json_add_text(document, "user", line->paths.user);
        json_add_text(document, "recovery_key", enrolment->recovery);
        if (enrolment->server == NULL) {
            json_add_null(document, "server");
        } else {
            cJSON *server = json_add_object(document, "server");
            json_add_text(server, "url", enrolment->server);
            json_add_boolean(server, "reached", reached);
            json_add_text(server, "software", enrolment->software);
            json_add_text(server, "reason", reached ? "" : enrolment->reach.sentence);
        }
        return command_print_json(line, document, error);
    }
    fprintf(line->out, _("'%s' is enrolled. This recovery key is shown only once: write it down, keep it away from the device.\n"),
            line->paths.user);
    fprintf(line->out, "\n    %s\n\n", enrolment->recovery);
    if (enrolment->server == NULL) {
        fprintf(line->out, "%s\n", _("No server yet: everything is kept on this device until one is configured."));
    } else if (reached) {
        fprintf(line->out, _("The server answers: %s\n"), enrolment->software);
    } else {
        fprintf(line->out, _("The server could not be asked yet: %s\n"), enrolment->reach.sentence);
    }
    return STATUS_OK;
}

enum status verb_enroll(struct command_line *line, struct error *error)
{
    struct enrolment enrolment = {0};
    enrolment.server = command_option(line, "--server");
    enrolment.practitioner = command_option(line, "--practitioner");
    enrolment.caseload = command_option(line, "--caseload");
    enrolment.token_file = command_option(line, "--token-file");
    enrolment.name = command_option(line, "--name");
    enum status status = check_arguments(line, &enrolment, error);
    if (status == STATUS_OK) {
        status = make_files(line, &enrolment, error);
    }
    if (status == STATUS_OK) {
        probe(line, &enrolment);
        status = report(line, &enrolment, error);
    }
    memory_wipe(&enrolment, sizeof enrolment);
    return status;
}
