/*
 * The configuration file (INI, read with inih). Secrets never live here.
 * An unknown key or a value that makes no sense is an error naming the line;
 * so is a line of more than 197 bytes, which inih would cut.
 */
#ifndef DOORSTEP_BASE_CONFIG_H
#define DOORSTEP_BASE_CONFIG_H

#include "base/error.h"

#include <stdbool.h>

struct config {
    char language[8];        /* [console] language = en, ko, ja; "" = from LANG */
    bool monochrome;         /* [console] colour = no */
    char lines[8];           /* [console] lines = ascii, unicode */
    int lock_after_minutes;  /* [console] lock-after, 1 to 60, default 5 */
    int sync_every_minutes;  /* [sync] every, 1 to 1440, default 15 */
    char server[512];        /* [sync] server, replaces what enroll was told */
    char caseload[256];      /* [sync] caseload */
    char ca_file[512];       /* [sync] ca-file, a PEM bundle for a private authority */
    char consent_policy[256];/* [consent] policy, URI of the agency's policy version */
    char organization[128];  /* [agency] name, shown and signed with */
    char scale2_note[128];   /* [agency] scale2-note, shown beside SpO2 scale 2 */
};

void config_defaults(struct config *config);
/* Reads `path` over the defaults. A missing file is fine. */
enum status config_read(struct config *config, const char *path, struct error *error) MUST_CHECK;

#endif
