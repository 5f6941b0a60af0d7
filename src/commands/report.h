/*
 * Pieces of output that several verbs print. Private to commands/.
 */
#ifndef DOORSTEP_COMMANDS_REPORT_H
#define DOORSTEP_COMMANDS_REPORT_H

#include "base/instant.h"
#include "base/json.h"
#include "care/chart.h"
#include "commands/command_line.h"

/* A score as `news2 --json` prints it. Owned. */
cJSON *command_news2_json(const struct news2_score *score);
/* An instant as FHIR text, or JSON null when there is none. */
void report_instant(cJSON *object, const char *name, instant at);
/* `visit --set-aside VISIT`, `visit --resume VISIT`, and (both NULL) `visit --list`: prints the visit, or all that are only
 * on this device. */
enum status command_visit_kept(struct command_line *line, const char *aside, const char *resume,
                               struct error *error) MUST_CHECK;
/* `outbox correct NUMBER FILE [--confirm]` and `outbox --corrected`. */
enum status command_outbox_correct(struct command_line *line, int64_t number, const char *path, bool confirmed,
                                   struct error *error) MUST_CHECK;
enum status command_outbox_corrected(struct command_line *line, struct error *error) MUST_CHECK;
/* The FHIR code: the same in every language. */
const char *report_status(enum status status); /* "ok", "unreachable", ...; the same in every language */
const char *report_gender(enum gender gender);

#endif
