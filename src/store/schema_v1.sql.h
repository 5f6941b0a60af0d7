/* Schema version 1. Included by schema.c only. */
static const char schema_v1[] =
    /* --- the record ------------------------------------------------------------------------------ */
    "CREATE TABLE resource ("
    "  key INTEGER PRIMARY KEY,"
    "  type TEXT NOT NULL CHECK (length(type) BETWEEN 1 AND 47),"
    "  id TEXT NOT NULL CHECK (length(id) BETWEEN 1 AND 64),"  /* the server's id, or our UUID until it is known */
    "  uuid TEXT,"                                             /* our identity, when we made it */
    "  version TEXT NOT NULL DEFAULT '',"                      /* the server's version, '' until it has one */
    "  updated INTEGER,"                                       /* meta.lastUpdated */
    "  patient TEXT NOT NULL DEFAULT '',"                      /* whose chart */
    "  body TEXT NOT NULL,"                                    /* exactly as it came */
    "  origin TEXT NOT NULL CHECK (origin IN ('server', 'import', 'device')),"
    "  stored INTEGER NOT NULL,"
    "  UNIQUE (type, id));"
    "CREATE UNIQUE INDEX resource_uuid ON resource (uuid) WHERE uuid IS NOT NULL;"
    "CREATE INDEX resource_patient ON resource (patient, type);"

    /* --- look-ups: one row or a few per resource, written with it -------------------------------- */
    "CREATE TABLE patient ("
    "  resource INTEGER PRIMARY KEY REFERENCES resource (key) ON DELETE CASCADE,"
    "  id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, reading TEXT NOT NULL, folded TEXT NOT NULL,"
    "  birth_date TEXT NOT NULL, gender INTEGER NOT NULL, phone TEXT NOT NULL, address TEXT NOT NULL,"
    "  language TEXT NOT NULL, deceased INTEGER NOT NULL, inactive INTEGER NOT NULL);"
    "CREATE TABLE chart_state ("                               /* outlives a replaced Patient row */
    "  patient TEXT PRIMARY KEY, complete INTEGER NOT NULL CHECK (complete IN (0, 1))) WITHOUT ROWID;"
    "CREATE TABLE reading ("
    "  resource INTEGER NOT NULL REFERENCES resource (key) ON DELETE CASCADE, position INTEGER NOT NULL,"
    "  id TEXT NOT NULL,"                                      /* the Observation's, so that a chart opens without its body */
    "  patient TEXT NOT NULL, vital INTEGER NOT NULL, units INTEGER NOT NULL, scale INTEGER NOT NULL,"
    "  text TEXT NOT NULL, unit TEXT NOT NULL, absent TEXT NOT NULL, comparator TEXT NOT NULL,"
    "  at INTEGER, precision INTEGER NOT NULL, source INTEGER NOT NULL, status INTEGER NOT NULL, device TEXT NOT NULL,"
    "  PRIMARY KEY (resource, position)) WITHOUT ROWID;"
    "CREATE INDEX reading_chart ON reading (patient, vital, at DESC);"
    "CREATE TABLE medicine ("
    "  resource INTEGER PRIMARY KEY REFERENCES resource (key) ON DELETE CASCADE,"
    "  patient TEXT NOT NULL, kind INTEGER NOT NULL, status TEXT NOT NULL, label TEXT NOT NULL, dose TEXT NOT NULL,"
    "  prescriber TEXT NOT NULL, request TEXT NOT NULL, since INTEGER, until INTEGER, as_needed INTEGER NOT NULL);"
    "CREATE INDEX medicine_chart ON medicine (patient);"
    "CREATE TABLE allergy ("
    "  resource INTEGER PRIMARY KEY REFERENCES resource (key) ON DELETE CASCADE,"
    "  patient TEXT NOT NULL, label TEXT NOT NULL, reaction TEXT NOT NULL, status TEXT NOT NULL,"
    "  verification TEXT NOT NULL, criticality TEXT NOT NULL, none_known INTEGER NOT NULL, since INTEGER);"
    "CREATE INDEX allergy_chart ON allergy (patient);"
    "CREATE TABLE code ("                                      /* of medicines and allergies */
    "  resource INTEGER NOT NULL REFERENCES resource (key) ON DELETE CASCADE, position INTEGER NOT NULL,"
    "  system TEXT NOT NULL, code TEXT NOT NULL, PRIMARY KEY (resource, position)) WITHOUT ROWID;"
    "CREATE TABLE condition ("
    "  resource INTEGER PRIMARY KEY REFERENCES resource (key) ON DELETE CASCADE,"
    "  patient TEXT NOT NULL, label TEXT NOT NULL, status TEXT NOT NULL, verification TEXT NOT NULL, since INTEGER);"
    "CREATE INDEX condition_chart ON condition (patient);"
    "CREATE TABLE alert ("
    "  resource INTEGER PRIMARY KEY REFERENCES resource (key) ON DELETE CASCADE,"
    "  patient TEXT NOT NULL, type TEXT NOT NULL, level INTEGER NOT NULL, label TEXT NOT NULL, detail TEXT NOT NULL,"
    "  category TEXT NOT NULL, active INTEGER NOT NULL, since INTEGER);"
    "CREATE INDEX alert_chart ON alert (patient);"
    "CREATE TABLE consent ("
    "  resource INTEGER PRIMARY KEY REFERENCES resource (key) ON DELETE CASCADE,"
    "  patient TEXT NOT NULL, status TEXT NOT NULL, purpose TEXT NOT NULL, label TEXT NOT NULL,"
    "  decision INTEGER NOT NULL, by TEXT NOT NULL, at INTEGER);"
    "CREATE INDEX consent_chart ON consent (patient);"
    "CREATE TABLE note ("
    "  resource INTEGER PRIMARY KEY REFERENCES resource (key) ON DELETE CASCADE,"
    "  patient TEXT NOT NULL, title TEXT NOT NULL, author TEXT NOT NULL, status TEXT NOT NULL, text TEXT NOT NULL, at INTEGER);"
    "CREATE INDEX note_chart ON note (patient, at DESC);"
    "CREATE TABLE task ("
    "  resource INTEGER NOT NULL REFERENCES resource (key) ON DELETE CASCADE, position INTEGER NOT NULL,"
    "  patient TEXT NOT NULL, id TEXT NOT NULL, source TEXT NOT NULL, label TEXT NOT NULL, status TEXT NOT NULL,"
    "  reason TEXT NOT NULL, due INTEGER, open INTEGER NOT NULL, PRIMARY KEY (resource, position)) WITHOUT ROWID;"
    "CREATE INDEX task_chart ON task (patient);"
    "CREATE TABLE goal ("
    "  resource INTEGER PRIMARY KEY REFERENCES resource (key) ON DELETE CASCADE,"
    "  patient TEXT NOT NULL, label TEXT NOT NULL, status TEXT NOT NULL);"
    "CREATE INDEX goal_chart ON goal (patient);"
    "CREATE TABLE appointment ("
    "  resource INTEGER PRIMARY KEY REFERENCES resource (key) ON DELETE CASCADE,"
    "  patient TEXT NOT NULL, status TEXT NOT NULL, reason TEXT NOT NULL, place TEXT NOT NULL, start INTEGER, end INTEGER);"
    "CREATE INDEX appointment_day ON appointment (start);"
    "CREATE INDEX appointment_patient ON appointment (patient, start);"
    "CREATE TABLE encounter ("
    "  resource INTEGER PRIMARY KEY REFERENCES resource (key) ON DELETE CASCADE,"
    "  patient TEXT NOT NULL, status TEXT NOT NULL, reason TEXT NOT NULL, start INTEGER, end INTEGER);"
    "CREATE INDEX encounter_chart ON encounter (patient, start DESC);"
    "CREATE TABLE person ("                                    /* a name for an id: Practitioner, Device ... */
    "  resource INTEGER PRIMARY KEY REFERENCES resource (key) ON DELETE CASCADE, name TEXT NOT NULL);"
    "CREATE TABLE chart_mark ("                                /* palliative, scale2, code status */
    "  resource INTEGER PRIMARY KEY REFERENCES resource (key) ON DELETE CASCADE,"
    "  patient TEXT NOT NULL, palliative INTEGER NOT NULL, scale2 INTEGER NOT NULL, label TEXT NOT NULL,"
    "  code_status TEXT NOT NULL);"
    "CREATE INDEX chart_mark_chart ON chart_mark (patient);"

    /* --- work in progress ------------------------------------------------------------------------- */
    "CREATE TABLE visit ("
    "  id TEXT PRIMARY KEY, patient TEXT NOT NULL, appointment TEXT NOT NULL,"
    "  state TEXT NOT NULL CHECK (state IN ('in-progress', 'signed', 'set-aside')),"
    "  started INTEGER NOT NULL, changed INTEGER NOT NULL, ended INTEGER, signed INTEGER, accepted INTEGER,"
    "  CHECK ((state = 'signed') = (signed IS NOT NULL)));"
    "CREATE UNIQUE INDEX visit_open ON visit (patient) WHERE state = 'in-progress';"
    "CREATE INDEX visit_changed ON visit (changed);"
    "CREATE TABLE draft ("
    "  visit TEXT NOT NULL REFERENCES visit (id), field TEXT NOT NULL, value TEXT NOT NULL, changed INTEGER NOT NULL,"
    "  PRIMARY KEY (visit, field)) WITHOUT ROWID;"

    "CREATE TABLE visit_part ("                                /* what a signed visit made; name: our UUID, else the id */
    "  visit TEXT NOT NULL REFERENCES visit (id), type TEXT NOT NULL, name TEXT NOT NULL,"
    "  PRIMARY KEY (visit, type, name)) WITHOUT ROWID;"

    /* --- on the way to the server ------------------------------------------------------------------ */
    "CREATE TABLE outbox ("
    "  number INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  resource INTEGER NOT NULL REFERENCES resource (key),"   /* no cascade: what is unsent cannot vanish */
    "  visit TEXT NOT NULL DEFAULT '',"
    "  if_none_exist TEXT NOT NULL DEFAULT '',"
    "  base_version TEXT NOT NULL DEFAULT '', base_body TEXT,"
    "  body TEXT NOT NULL,"                                    /* what is to be sent, references by our own UUIDs */
    "  state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sending', 'refused', 'conflict')),"
    "  superseded INTEGER NOT NULL DEFAULT 0,"                 /* 1: changed again while it was being sent */
    "  attempts INTEGER NOT NULL DEFAULT 0, http_status INTEGER NOT NULL DEFAULT 0, reason TEXT NOT NULL DEFAULT '',"
    "  queued INTEGER NOT NULL);"
    "CREATE UNIQUE INDEX outbox_resource ON outbox (resource);"
    "CREATE INDEX outbox_visit ON outbox (visit);"
    "CREATE TABLE identity ("                                  /* our UUIDs and the server's ids, for good */
    "  type TEXT NOT NULL, uuid TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (type, uuid)) WITHOUT ROWID;"
    "CREATE TABLE conflict ("
    "  outbox INTEGER PRIMARY KEY REFERENCES outbox (number) ON DELETE CASCADE,"
    "  theirs TEXT, found INTEGER NOT NULL);"
    "CREATE TABLE quarantine ("
    "  number INTEGER PRIMARY KEY AUTOINCREMENT, place TEXT NOT NULL, why TEXT NOT NULL, body BLOB NOT NULL,"
    "  contested TEXT,"                                        /* the Patient id that another person already has */
    "  type TEXT NOT NULL DEFAULT '', id TEXT NOT NULL DEFAULT '',"
    "  patient TEXT,"                                          /* whose chart lacks it */
    "  hash BLOB NOT NULL UNIQUE, found INTEGER NOT NULL);"
    "CREATE INDEX quarantine_chart ON quarantine (patient) WHERE patient IS NOT NULL;"
    "CREATE INDEX quarantine_resource ON quarantine (type, id) WHERE patient IS NOT NULL;"
    "CREATE INDEX quarantine_contested ON quarantine (contested) WHERE contested IS NOT NULL;"
    "CREATE TABLE cursor (scope TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE journal ("
    "  number INTEGER PRIMARY KEY AUTOINCREMENT, start INTEGER NOT NULL, end INTEGER NOT NULL,"
    "  pushed INTEGER NOT NULL, pulled INTEGER NOT NULL, pending INTEGER NOT NULL, conflicts INTEGER NOT NULL,"
    "  rejected INTEGER NOT NULL, requests INTEGER NOT NULL, bytes_out INTEGER NOT NULL, bytes_in INTEGER NOT NULL,"
    "  result INTEGER NOT NULL, reason TEXT NOT NULL, data_as_of TEXT NOT NULL);"

    /* --- the program's own -------------------------------------------------------------------------- */
    "CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE audit ("
    "  number INTEGER PRIMARY KEY, at INTEGER NOT NULL, user TEXT NOT NULL, action TEXT NOT NULL, type TEXT NOT NULL,"
    "  resource TEXT NOT NULL, patient TEXT NOT NULL, detail TEXT NOT NULL, hash BLOB NOT NULL CHECK (length(hash) = 32));"
    "CREATE INDEX audit_patient ON audit (patient, number);"
    "CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;"
    "CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;";
