#!/bin/sh
# The command line from outside: every verb's output, its JSON, its exit status, and bad input of every kind, which must
# give one sentence with the right exit status and change nothing. usage: check.sh   (BUILD names the build folder)
BUILD=${BUILD:-build}
program=$BUILD/doorstep
home=$(mktemp -d)
trap 'chmod -R u+w "$home"; umount "$home/small" 2>/dev/null; rm -rf "$home"' EXIT
export LC_ALL=C.UTF-8 LANGUAGE=en TZ=Asia/Seoul
export DOORSTEP_HOME=$home/nurse DOORSTEP_PASSPHRASE_FILE=$home/passphrase
mkdir -m 700 "$DOORSTEP_HOME"
printf 'practice kitchen table\n' > "$home/passphrase"
passed=0 failed=0

# expect NAME STATUS PATTERN COMMAND...: the exit status, a pattern in what it says, and one line at most on stderr.
expect() {
    name=$1 status=$2 pattern=$3
    shift 3
    out=$("$@" 2>"$home/err" < /dev/null)
    got=$?
    said=$(cat "$home/err")
    if [ "$got" = "$status" ] && printf '%s\n%s\n' "$out" "$said" | tr '\t' ' ' | grep -qE -- "$pattern" && [ "$(wc -l < "$home/err")" -le 1 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAIL %s: exit %s (wanted %s), wanted /%s/\n%s\n%s\n' "$name" "$got" "$status" "$pattern" "$out" "$said"
    fi
}
doorstep() { "$program" --user kim "$@"; }
digest() { doorstep audit --json | grep -E '"(entries|intact)"'; doorstep outbox --json; doorstep status --json | grep -E 'drafts|pending|quarantined|patients'; }

# --- before enrolling -----------------------------------------------------------------------------------
expect 'help' 0 'doorstep enroll' "$program" --help
expect 'version' 0 '^doorstep [0-9]' "$program" --version
expect 'unknown verb' 2 "no command 'frobnicate'" doorstep frobnicate
expect 'unknown option' 2 'no option --frob' doorstep status --frob
expect 'not enrolled' 1 'enroll first' doorstep patients
expect 'user name with a slash' 2 'user|name' "$program" --user ../x status
expect 'enrol: server without TLS' 1 'https' doorstep enroll --server http://fhir.example.org/fhir
expect 'enrol: odd caseload' 1 'appointments, Group/ID' doorstep enroll --caseload everything
printf 'short\n' > "$home/short"
expect 'enrol: short passphrase' 1 'passphrase' doorstep enroll --passphrase-file "$home/short"
[ -e "$DOORSTEP_HOME/kim/key" ] && { failed=$((failed + 1)); echo "FAIL a refused enrolment left a key"; }
expect 'enrol' 0 '"recovery_key"' doorstep enroll --json --name 'Kim Nurse'
printf '%s\n' "$out" | sed -n 's/.*"recovery_key":[^"]*"\([^"]*\)".*/\1/p' > "$home/recovery"
expect 'enrol again' 1 'already' doorstep enroll
expect 'the own Practitioner waits to be sent' 0 '"Practitioner"' doorstep outbox --json

# --- a caseload --------------------------------------------------------------------------------------------
"$BUILD/practice" > "$home/caseload.ndjson"
expect 'import' 0 '"stored": *4[0-9]{3}' doorstep import --json "$home/caseload.ndjson"
expect 'import again stores nothing' 0 '"stored": *0' doorstep import --json "$home/caseload.ndjson"
expect 'patients' 0 '"birthDate"' doorstep patients --json
expect 'patients --today' 0 '"next_visit"' doorstep patients --today --json
expect 'search, Hangul' 0 '김영자' doorstep patients 김영
expect 'search, kana finds kanji' 0 '佐藤' doorstep patients さとう
expect 'search, metacharacters' 0 'No patient' doorstep patients "%'; DROP TABLE patient; --"
expect 'chart' 0 '"news2"' doorstep chart patient-002 --json
printf '[console]\nlanguage = ko\n' > "$home/ko.ini"
expect 'chart: JSON has the same codes in every language' 0 '"gender": *"female"' doorstep --config "$home/ko.ini" chart patient-002 --json
expect 'and the same values' 0 '"value": *"A"' doorstep --config "$home/ko.ini" chart patient-002 --json
expect 'chart by Patient/id' 0 '김영자' doorstep chart Patient/patient-002
expect 'chart by name' 0 'Doyle' doorstep chart 'Margaret Doyle'
expect 'chart: nobody' 1 'No patient on this device fits' doorstep chart patient-999
expect 'chart: a name of several' 1 'several|fits|more than one' doorstep chart a

# --- NEWS2 -----------------------------------------------------------------------------------------------
expect 'news2' 0 '"total": *9' doorstep news2 --json rr=22 spo2=94 scale=1 oxygen=2 sbp=104 pulse=112 acvpu=A temp=38.5
expect 'news2: a part missing, no total' 0 '"total": *null' doorstep news2 --json rr=22 spo2=94
expect 'news2: names what is missing' 0 '"temp"' doorstep news2 --json rr=22 spo2=94
expect 'news2: no number' 1 'pulse=abc' doorstep news2 pulse=abc
expect 'news2: a slip' 1 '36.5' doorstep news2 temp=365
expect 'news2: unknown key' 2 'KEY=VALUE' doorstep news2 spo3=97

# --- visits -----------------------------------------------------------------------------------------------
visit() { printf '%s\n' "$1" > "$home/visit.json"; }
before=$(digest)
refuse() {
    visit "$3"
    expect "visit refused: $1" 1 "$2" doorstep visit patient-003 --file "$home/visit.json"
}
refuse 'pressure upside down' 'vitals.bp' '{"vitals": {"bp": "88/142"}, "sign": true}'
refuse 'no number' 'vitals.pulse' '{"vitals": {"pulse": "abc"}, "sign": true}'
refuse 'asked about' '36.5.*confirmed' '{"vitals": {"temp": "365"}, "sign": true}'
refuse 'a boolean instead of a text' 'identity.*text' '{"identity": true, "vitals": {"pulse": "80"}, "sign": true}'
refuse 'unknown member' 'puls' '{"vitals": {"puls": "80"}, "sign": true}'
refuse 'a list instead of an object' 'vitals' '{"vitals": ["80"], "sign": true}'
refuse 'end before start' 'end' '{"start": "2026-11-01T10:00:00+09:00", "end": "2026-11-01T09:00:00+09:00", "vitals": {"pulse": "80"}, "sign": true}'
refuse 'unknown consent' 'consent.0.purpose' '{"consents": [{"purpose": "everything", "decision": "permit", "by": "patient", "method": "paper"}], "sign": true}'
refuse 'nothing recorded' '' '{"sign": true}'
task=$(doorstep chart patient-003 --json | tr '\t' ' ' | grep -B2 '"source": *"Task"' | sed -n 's/.*"id": *"\([^"]*\)".*/\1/p' | head -1)
plan=$(doorstep chart patient-003 --json | tr '\t' ' ' | grep -B2 '"source": *"CarePlan"' | sed -n 's/.*"id": *"\([^"]*\)".*/\1/p' | head -1)
refuse 'a task decided twice' 'task.1.id' "{\"tasks\": [{\"id\": \"$task\", \"status\": \"completed\"}, {\"id\": \"$task\", \"status\": \"on-hold\"}], \"sign\": true}"
refuse 'an activity of a plan is no task' 'task.0.id' "{\"tasks\": [{\"id\": \"$plan\", \"status\": \"completed\"}], \"sign\": true}"
refuse 'two patients' 'two different patients' '{"patient": "patient-002", "vitals": {"pulse": "80"}, "sign": true}'
printf '{"vitals": {"pulse": "80"' > "$home/visit.json"
expect 'visit refused: cut JSON' 1 'JSON' doorstep visit patient-003 --file "$home/visit.json"
printf '{"note": {"template": "free", "text": "\377"}}' > "$home/visit.json"
expect 'visit refused: not UTF-8' 1 'UTF-8|JSON' doorstep visit patient-003 --file "$home/visit.json"
expect 'visit refused: no file' 1 'visit-none.json' doorstep visit patient-003 --file "$home/visit-none.json"
visit '{"vitals": {"pulse": "80"}, "sign": true}'
expect 'visit refused: nobody' 1 'No patient on this device fits' doorstep visit patient-999 --file "$home/visit.json"
expect 'visit: no arguments' 2 'PATIENT --file' doorstep visit
after=$(digest)
[ "$(printf '%s' "$before" | grep -v entries)" = "$(printf '%s' "$after" | grep -v entries)" ] ||
    { failed=$((failed + 1)); printf 'FAIL a refused visit changed something\n%s\n%s\n' "$before" "$after"; }
passed=$((passed + 1))
visit '{"vitals": {"bp": "142/88", "pulse": 91, "rr": "18", "spo2": "９６", "oxygen": "air", "consciousness": "A", "temp": "36,9", "weight": "nd refused"},
        "note": {"template": "soap", "s": "MARKER-NOTE 잘 주무심", "p": "Weigh daily"}, "identity": "name and birth date",
        "consents": [{"purpose": "research", "decision": "deny", "by": "patient", "method": "verbal-witnessed"}], "sign": true}'
expect 'visit' 0 '"state": *"signed"' doorstep visit patient-003 --file "$home/visit.json" --json
id=$(printf '%s\n' "$out" | sed -n 's/.*"visit":[^"]*"\([^"]*\)".*/\1/p')
expect 'the chart shows it at once' 0 'MARKER-NOTE' doorstep chart patient-003 --json
expect 'a refusal is shown as one' 0 'REFUSED \[active\]' doorstep chart patient-003
expect 'the outbox has it' 0 "$id" doorstep outbox --json
visit '{"vitals": {"pulse": "70"}}'
expect 'an unsigned visit is kept' 0 '"in-progress"' doorstep visit patient-001 --file "$home/visit.json" --json
expect 'a second one is refused' 1 'unfinished' doorstep visit patient-001 --file "$home/visit.json"
kept=$(printf '%s\n' "$out$said" | sed -n 's/.*--set-aside \([-0-9a-f]*\).*/\1/p')
expect 'the list of those not signed' 0 '"vitals": *1' doorstep visit --list --json
expect 'set aside' 0 "$kept set aside .* 1 vital" doorstep visit --set-aside "$kept"
expect 'set aside again' 1 'no longer open' doorstep visit --set-aside "$kept"
expect 'a signed one is not' 1 'no longer open' doorstep visit --set-aside "$id"
expect 'it is counted' 0 '"set_aside": *1' doorstep status --json
expect 'and said' 0 'Visits set aside.*: 1' doorstep status
expect 'it is listed' 0 '"state": *"set-aside"' doorstep visit --list --json
visit '{"vitals": {"pulse": "71"}, "sign": true}'
expect 'another may be made' 0 '"signed"' doorstep visit patient-001 --file "$home/visit.json" --json
expect 'taken up again' 0 '"state": *"in-progress"' doorstep visit --resume "$kept" --json
expect 'taken up twice' 1 'set aside' doorstep visit --resume "$kept"
expect 'both at once' 2 'not both' doorstep visit --resume "$kept" --set-aside "$kept"
expect 'set aside what' 2 'lacks its value' doorstep visit --set-aside
expect 'sync without a server' 4 'no server' doorstep sync
expect 'status' 0 '"pending": *[1-9]' doorstep status --json
expect 'status: no run so far' 0 '"journal": *\[\]' doorstep status --json
printf '[sync]\nserver = https://127.0.0.1:9/fhir\n' > "$home/closed.ini"
expect 'sync: nobody answers' 4 'Sent 0, received 0, removed 0' doorstep --config "$home/closed.ini" sync
expect 'the journal has the run' 0 '"result": *"unreachable"' doorstep status --json
expect 'and its costs' 0 '"requests": *[1-9]' doorstep status --json
expect 'status: the last run in words' 0 'Last run: sent 0, received 0; left: [1-9][0-9]* waiting' doorstep status
expect 'sync: what was removed, in JSON' 4 '"removed": *0' doorstep --config "$home/closed.ini" sync --json
printf '%s' "$(doorstep status --json | tr -d ' \t\n')" | grep -q '"journal":\[{"start":"[^}]*},{"start":"[^}]*}\]' && passed=$((passed + 1)) ||
    { failed=$((failed + 1)); echo 'FAIL two runs, two lines'; }
printf '[sync]\nserver = http://fhir.example.org/r4\n' > "$home/unsafe.ini"
expect 'sync: an address without TLS' 1 'must begin with https' doorstep --config "$home/unsafe.ini" sync
expect 'the journal has what could not begin' 0 '"journal":\[{"start":"[^"]*","end":"[^"]*","result":"invalid","reason":"[^"]*https' \
    sh -c "$program --user kim status --json | tr -d ' \t\n'"
expect 'export visit' 0 '"resources": *1[0-9]' doorstep export visit "$id" --to "$home/visit-out.json" --json
expect 'it keeps the appointment of the day' 0 '"reference": *"Appointment/' cat "$home/visit-out.json"
visit '{"vitals": {"pulse": "72"}, "sign": true}'
expect 'a second visit that day' 0 '"signed"' doorstep visit patient-003 --file "$home/visit.json" --json
second=$(printf '%s\n' "$out" | sed -n 's/.*"visit":[^"]*"\([^"]*\)".*/\1/p')
doorstep export visit "$second" --to "$home/second.json" > /dev/null
expect 'keeps no appointment twice' 1 '^0$' grep -c '"Appointment/' "$home/second.json"
expect 'export does not overwrite' 1 'already' doorstep export visit "$id" --to "$home/visit-out.json"
expect 'outbox retry: no such number' 1 'Nothing of this was refused' doorstep outbox retry 4711
expect 'outbox drop: nothing was forgotten' 1 'Only what the server had taken' doorstep outbox drop 4711
expect 'outbox retry: which' 2 'retry NUMBER|VISIT' doorstep outbox retry
expect 'outbox correct: which' 2 'correct NUMBER FILE' doorstep outbox correct 1
expect 'outbox correct: no number' 2 'correct NUMBER FILE' doorstep outbox correct one "$home/visit.json"
expect 'outbox correct: a value is no argument' 1 'No such file|90' doorstep outbox correct 1 90
expect 'outbox correct: not refused' 1 'Nothing of this was refused' doorstep outbox correct 1 "$home/visit.json"
expect 'outbox: --confirm of nothing' 2 'correct NUMBER FILE' doorstep outbox --confirm
expect 'outbox --corrected' 0 '^\[\]$' doorstep outbox --corrected --json
expect 'export outbox' 0 '"resources"' doorstep export outbox --to "$home/outbox-out.json" --json
expect 'export: unknown visit' 1 'no signed visit' doorstep export visit 00000000-0000-4000-8000-000000000000
expect 'export: unknown kind' 2 'outbox' doorstep export everything
[ "$(stat -c %a "$home/visit-out.json")" = 600 ] && passed=$((passed + 1)) || { failed=$((failed + 1)); echo 'FAIL an export others can read'; }
expect 'audit' 0 '"intact": *true' doorstep audit --verify --json
expect 'audit lists' 0 '"sign"' doorstep audit --json

# --- conflicts: with a server in tests/e2e/conflict.sh ------------------------------------------------------
expect 'no conflicts' 0 'Nothing is in conflict' doorstep conflicts
expect 'no conflicts in JSON' 0 '^\[\]$' doorstep conflicts --json
expect 'nothing was let go' 0 '^\[\]$' doorstep conflicts --dropped --json
expect 'conflicts: not one of three' 2 'keep mine.theirs.both' doorstep conflicts keep yours 1
expect 'conflicts: no number' 2 'keep mine.theirs.both' doorstep conflicts keep mine
expect 'conflicts: not a number' 2 'keep mine.theirs.both' doorstep conflicts keep mine 1x
expect 'conflicts: unknown number' 1 'no conflict' doorstep conflicts keep mine 99999

# --- how sure it is --------------------------------------------------------------------------------------
clinical=http://terminology.hl7.org/CodeSystem/condition-clinical
sure() { # TYPE ID TEXT VERIFICATION
    printf '{"resourceType": "%s", "id": "%s", "%s": {"reference": "Patient/patient-005"}, "code": {"text": "%s"}, "clinicalStatus": {"coding": [{"system": "%s", "code": "active"}]}, "verificationStatus": {"coding": [{"code": "%s"}]}}\n' \
        "$1" "$2" "$([ "$1" = Condition ] && echo subject || echo patient)" "$3" "$clinical" "$4"
}
{ sure Condition sure-1 MARKER-ONE refuted; sure Condition sure-2 MARKER-TWO unconfirmed; sure AllergyIntolerance sure-3 MARKER-THREE entered-in-error; } > "$home/sure.ndjson"
expect 'import of doubts' 0 '"stored": *3' doorstep import --json "$home/sure.ndjson"
expect 'refuted is not active' 0 'MARKER-ONE \(refuted\)' doorstep chart patient-005
expect 'unconfirmed is said' 0 'MARKER-TWO \(active, unconfirmed\)' doorstep chart patient-005
expect 'an error is called one' 0 'MARKER-THREE \(entered in error\)' doorstep chart patient-005
expect 'and in JSON' 0 '"verification": *"refuted"' doorstep chart patient-005 --json

# --- quarantine: stored or set aside with a reason, never skipped ------------------------------------------
mkdir "$home/odd"
printf '{"resourceType": "Patient", "id": "cut"' > "$home/odd/cut.json"
printf 'not json at all' > "$home/odd/words.txt"
printf '{"resourceType": "Patience", "id": "p"}' > "$home/odd/type.json"
printf '{"resourceType": "Patient", "id": "a", "id": "b"}' > "$home/odd/twice.json"
printf '\357\273\277{"resourceType": "Patient", "id": "bom", "name": [{"text": "Bom"}]}' > "$home/odd/bom.json"
awk 'BEGIN { for (i = 0; i < 100000; i++) printf "["; print "" }' > "$home/odd/deep.json"
printf '{"resourceType": "Patient", "id": "patient-001", "name": [{"text": "Somebody Else"}], "birthDate": "1999-09-09"}' > "$home/odd/other.json"
: > "$home/odd/empty.json"
printf '{"resourceType": "AllergyIntolerance", "id": "odd", "criticality": "severe", "patient": {"reference": "Patient/patient-002"}}' > "$home/odd/allergy.json"
expect 'import of oddities' 5 '"read": *9' doorstep import --json "$home/odd"
[ "$(printf '%s' "$out" | grep -c '"why"')" = 8 ] && passed=$((passed + 1)) || { failed=$((failed + 1)); printf 'FAIL eight should be set aside\n%s\n' "$out"; }
expect 'a chart that lacks what could not be read says so' 0 'not complete' doorstep chart patient-002
expect 'and no other does' 0 '"incomplete_patients": *1' doorstep status --json
printf 'no json' > "$home/odd/$(printf 'a\033[31mb').json"
expect 'a file name that commands the terminal' 5 'set aside' doorstep import "$home/odd"
case $out in *"$(printf '\033')"*) failed=$((failed + 1)); echo 'FAIL an escape reached the terminal' ;; *) passed=$((passed + 1)) ;; esac
expect 'nobody was merged' 0 '佐藤 清子' doorstep chart patient-001
expect 'import: no such file' 1 'no file or folder' doorstep import "$home/nowhere"

printf '{"resourceType": "AllergyIntolerance", "id": "c1", "patient": {"reference": "Patient/patient-004"}, "code": {"text": "a\302\233b", "coding": [{"code": "x\302\2332J\342\200\256y"}]}}' > "$home/c1.json"
expect 'import of a code with controls' 0 '"stored": *1' doorstep import --json "$home/c1.json"
expect 'JSON keeps a control as an escape' 0 'x.u009b2J.u202ey' doorstep chart patient-004 --json
printf '%s' "$out" | grep -q "$(printf '\302\233')" && { failed=$((failed + 1)); echo 'FAIL a C1 control reached the terminal'; } || passed=$((passed + 1))

# --- keys -------------------------------------------------------------------------------------------------
printf 'wrong passphrase here\n' > "$home/wrong"
expect 'wrong passphrase' 3 'passphrase' doorstep --passphrase-file "$home/wrong" patients
expect 'passphrase file is missing' 1 'none-such' doorstep --passphrase-file "$home/none-such" patients
expect 'empty passphrase file' 2 'empty' doorstep --passphrase-file /dev/null patients
printf 'a new kitchen table\n' > "$home/new"
expect 'change: wrong old one' 3 'passphrase' doorstep --passphrase-file "$home/wrong" passphrase --new-file "$home/new"
expect 'change' 0 'changed' doorstep passphrase --new-file "$home/new" --json
expect 'the old one opens no more' 3 'passphrase' doorstep patients
expect 'the new one opens' 0 'patient-001' doorstep --passphrase-file "$home/new" patients --json
expect 'recover: wrong key' 3 'recovery' doorstep recover --recovery-file "$home/wrong" --new-file "$home/passphrase"
expect 'recover' 0 'recovered' doorstep recover --recovery-file "$home/recovery" --new-file "$home/passphrase" --json
expect 'the recovered one opens' 0 'patient-001' doorstep patients --json
expect 'lock with nothing open' 0 '"locked": *0' doorstep lock --json
expect 'doctor' 0 '"check"' doorstep doctor --json
printf '987654\n' > "$home/pin"
expect 'a PIN' 0 'pin_set' doorstep passphrase --pin --new-file "$home/pin" --json

# --- files ---------------------------------------------------------------------------------------------------
record=$DOORSTEP_HOME/kim/record.db
grep -rlE 'MARKER-NOTE|佐藤|김영자|Doyle|잘 주무심' "$DOORSTEP_HOME" > "$home/leaks"
[ -s "$home/leaks" ] && { failed=$((failed + 1)); echo 'FAIL a patient word is on the disk in plain text:'; cat "$home/leaks"; } || passed=$((passed + 1))
cp "$record" "$home/record.good"; rm -f "$record-wal" "$record-shm"
torn() { cp "$home/record.good" "$record"; rm -f "$record-wal" "$record-shm"; }
: > "$record"
expect 'an empty record is no new one' 1 'record|file' doorstep patients
[ -s "$record" ] && { failed=$((failed + 1)); echo 'FAIL an empty record was filled'; } || passed=$((passed + 1))
printf 'this is no database, it only looks like a file of some size' > "$record"
expect 'no database' 1 'record|file' doorstep patients
torn; truncate -s 5000 "$record"
expect 'a torn record' 1 'record|file' doorstep patients
torn; printf 'x' | dd of="$record" bs=1 seek=2000 conv=notrunc 2>/dev/null
expect 'a flipped bit' 1 'record|file' doorstep patients
rm -f "$record"
expect 'a missing record is no new one' 1 'record|file' doorstep patients
[ -e "$record" ] && { failed=$((failed + 1)); echo 'FAIL a missing record was made anew'; } || passed=$((passed + 1))
torn
expect 'the good one opens' 0 'patient-001' doorstep patients --json
printf 'x' | dd of="$DOORSTEP_HOME/kim/key" bs=1 seek=100 conv=notrunc 2>/dev/null
expect 'a damaged key file: the copy serves' 0 'patient-001' doorstep patients --json
printf '[console]\nlangage = ko\n' > "$home/bad.ini"
chmod 000 "$home/bad.ini"
expect 'version with any configuration' 0 '^doorstep [0-9]' doorstep --config "$home/bad.ini" --version
expect 'help with any configuration' 0 'doorstep enroll' doorstep --config "$home/bad.ini" --help
expect 'a folder for a configuration' 0 '^doorstep [0-9]' doorstep --config "$home" --version
expect 'version with no home' 0 '^doorstep [0-9]' env -u HOME -u DOORSTEP_HOME -u XDG_DATA_HOME -u XDG_CONFIG_HOME "$program" --version
expect 'help for a strange user' 0 'doorstep enroll' "$program" --user ../x --help
chmod 600 "$home/bad.ini"
expect 'a configuration that makes no sense' 1 'line 2|langage' doorstep --config "$home/bad.ini" status

# --- a full disk and a read-only home (as root, on a small file system of its own) -------------------------------
if [ "$(id -u)" = 0 ] && mkdir "$home/small" && mount -t tmpfs -o size=6m,mode=700 tmpfs "$home/small" 2>/dev/null; then
    full() { DOORSTEP_HOME=$home/small "$program" --user kim "$@"; }
    expect 'enrol on the small disk' 0 recovery_key full enroll --json
    "$BUILD/practice" --patients 2 --days 7 > "$home/two.ndjson"
    expect 'import on the small disk' 0 stored full import --json "$home/two.ndjson"
    dd if=/dev/zero of="$home/small/fill" bs=64k 2>/dev/null
    visit '{"vitals": {"pulse": "80"}, "note": {"template": "free", "text": "full"}, "sign": true}'
    # A long text cannot fit into what little is left.
    awk 'BEGIN { printf "{\"note\": {\"template\": \"free\", \"text\": \""; for (i = 0; i < 200000; i++) printf "x"; print "\"}, \"sign\": true}" }' > "$home/visit.json"
    expect 'a full disk' 1 'space|full' full visit patient-001 --file "$home/visit.json"
    rm "$home/small/fill"
    expect 'space again: nothing is half stored' 0 '"intact": *true' full audit --verify --json
    expect 'nor begun' 0 '"drafts": *0' full status --json
    expect 'and it goes on' 0 '"signed"' full visit patient-002 --file "$home/visit.json" --json
    mount -o remount,ro "$home/small"
    expect 'a read-only home' 1 'read-only|written|write' full visit patient-002 --file "$home/visit.json"
    mount -o remount,rw "$home/small"
    expect 'writable again' 0 '"intact": *true' full audit --verify --json
else
    echo 'skipped: a full disk and a read-only home want root and a tmpfs'
fi
printf '%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
