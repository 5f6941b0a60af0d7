#!/bin/sh
# A server refuses a vital, a note and a consent, on the real program and a loopback server: they are named with the
# server's words, sent again or corrected with `outbox`, arrive once and as corrected, and what was signed is kept.
# usage: correct.sh   (BUILD names the build folder)
BUILD=${BUILD:-build}
program=$BUILD/doorstep
home=$(mktemp -d)
server=
finish() {
    [ -n "$server" ] && kill "$server" 2>/dev/null && wait "$server" 2>/dev/null
    rm -rf "$home"
}
trap finish EXIT
trap 'exit 130' INT TERM
unset XDG_DATA_HOME XDG_CONFIG_HOME
export LC_ALL=C.UTF-8 LANGUAGE=en TZ=Asia/Seoul
export DOORSTEP_HOME=$home/nurse DOORSTEP_PASSPHRASE_FILE=$home/passphrase
mkdir -m 700 "$DOORSTEP_HOME"
printf 'practice kitchen table\n' > "$home/passphrase"
printf 'secret\n' > "$home/token"
passed=0 failed=0

# expect NAME STATUS PATTERN COMMAND...
expect() {
    name=$1 status=$2 pattern=$3
    shift 3
    out=$("$@" 2>"$home/err" < /dev/null)
    got=$?
    if [ "$got" = "$status" ] && { printf '%s\n' "$out"; cat "$home/err"; } | tr '\t\n' '  ' | grep -qE -- "$pattern"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAIL %s: exit %s (wanted %s), wanted /%s/\n%s\n%s\n' "$name" "$got" "$status" "$pattern" "$out" "$(cat "$home/err")"
    fi
}
doorstep() { "$program" --user kim "$@"; }
at_server() { curl -sf "$control/resources?type=$1" | grep -c -- "$2"; }
rule() { curl -sf -o "$home/answer" -X POST --data-binary "{\"fault\":\"reject\",\"contains\":\"$1\"}" "$control"; }
number_of() { doorstep outbox | awk -F '\t' -v what="$1" '$4 == "refused" && $7 ~ what { print $1 }'; }
typed() { printf "$1" > "$home/typed"; }

{
    printf '{"resourceType":"Patient","id":"p1","name":[{"text":"김하나"}],"gender":"female","birthDate":"1938-04-02"}\n'
    printf '{"resourceType":"Practitioner","id":"n1","name":[{"text":"Nurse Lee"}]}\n'
    printf '{"resourceType":"MedicationRequest","id":"m1","status":"active","intent":"order","subject":{"reference":"Patient/p1"},"medicationCodeableConcept":{"text":"Furosemide 40 mg"}}\n'
    printf '{"resourceType":"Task","id":"t1","status":"requested","intent":"plan","description":"Weigh","for":{"reference":"Patient/p1"}}\n'
    printf '{"resourceType":"Group","id":"g1","type":"person","actual":true,"member":[{"entity":{"reference":"Patient/p1"}}]}\n'
} > "$home/load.ndjson"
"$BUILD/loopback" --loaded-ago 3600 --load "$home/load.ndjson" --token secret --quiet > "$home/server.out" &
server=$!
tries=0
until base=$(sed -n 's/^listening on //p' "$home/server.out") && [ -n "$base" ]; do
    tries=$((tries + 1)); [ $tries -lt 200 ] || { echo 'FAIL the loopback server did not start'; exit 1; }
    sleep 0.05
done
control=${base%/fhir}/control

expect 'enrol' 0 recovery_key doorstep enroll --json --server "$base" --practitioner n1 --caseload Group/g1 --token-file "$home/token"
expect 'first sync' 0 '"pulled"' doorstep sync --json
printf '{"vitals":{"bp":"142/88","pulse":"91","rr":"18","spo2":"96","oxygen":"air","consciousness":"A","temp":"36.9"},
 "note":{"template":"free","text":"MARKER-FIRST"},"identity":"name and birth date",
 "consents":[{"purpose":"home-care","decision":"permit","by":"patient","method":"verbal"}],"sign":true}' > "$home/visit.json"
expect 'visit' 0 '"signed"' doorstep visit p1 --file "$home/visit.json" --json
rule '\"value\":91,'
rule "$(printf MARKER-FIRST | base64)"
rule '\"resourceType\":\"Consent\"'
expect 'the sync says who is needed' 5 '3' doorstep sync
pulse=$(number_of Pulse) note=$(number_of Note) consent=$(number_of Consent)
expect 'what was refused is named, with the server words' 0 'refused [0-9]+ Refused by a rule.* Pulse 91' doorstep outbox
expect 'and in JSON' 0 '"what": *"Pulse 91", *"correctable": *true' doorstep outbox --json
expect 'the score waits for it' 0 'waiting .*which the server refused' doorstep outbox

visit=$(doorstep outbox | cut -f2 | head -1)
expect 'all of a visit is sent again as it is' 0 '^3 records will be sent again' doorstep outbox retry "$visit"
expect 'and refused again' 5 '3' doorstep sync
expect 'one of them' 0 '"retried": *1' doorstep outbox retry "$consent" --json
expect 'is refused again too' 5 '3' doorstep sync

# --- what cannot be -----------------------------------------------------------------------------------------
before=$(doorstep outbox --json)
typed '900\n'
expect 'an impossible value' 1 'Pulse' doorstep outbox correct "$pulse" "$home/typed"
typed '150\n'
expect 'a doubtful one is asked about' 1 'add --confirm' doorstep outbox correct "$pulse" "$home/typed"
typed '91\n'
expect 'the same' 1 'what it said before' doorstep outbox correct "$pulse" "$home/typed"
typed '\n'
expect 'nothing' 1 'Nothing is typed' doorstep outbox correct "$pulse" "$home/typed"
typed '\377'
expect 'no text' 1 'UTF-8' doorstep outbox correct "$note" "$home/typed"
typed '70\n'
expect 'no word of what is corrected in a consent' 1 'by, method, name' doorstep outbox correct "$consent" "$home/typed"
typed 'decision: deny\n'
expect 'a decision is not corrected' 1 'by, method, name' doorstep outbox correct "$consent" "$home/typed"
expect 'no such number' 1 'Nothing of this was refused' doorstep outbox correct 4711 "$home/typed"
expect 'no such file' 1 'nowhere' doorstep outbox correct "$pulse" "$home/nowhere"
expect 'a wrong passphrase signs nothing' 3 '' doorstep outbox correct "$pulse" "$home/typed" --passphrase-file "$home/token"
[ "$before" = "$(doorstep outbox --json)" ] && passed=$((passed + 1)) || { failed=$((failed + 1)); echo 'FAIL a refused correction changed something'; }

# --- corrected, and sent again --------------------------------------------------------------------------------
typed '135\r\n'
expect 'a vital' 0 '"corrected": *true, *"state": *"waiting"' doorstep outbox correct "$pulse" "$home/typed" --json
expect 'only once' 1 'Nothing of this was refused' doorstep outbox correct "$pulse" "$home/typed"
expect 'the chart has it at once' 0 'Pulse[^a-z]*135' doorstep chart p1
printf 'S: MARKER-SECOND 잘 주무심\nP: weigh daily\n' > "$home/words"
corrected() { doorstep outbox correct "$note" - < "$home/words"; }
expect 'a note, from standard input' 0 'Corrected and signed' corrected
expect 'the sync delivers both' 5 '1' doorstep sync
expect 'the corrected value is there once' 0 '^1 *$' at_server Observation '"value":135,'
expect 'the first one never' 1 '^0 *$' at_server Observation '"value":91,'
expect 'the score is that of the corrected pulse' 0 '^1 *$' at_server Observation '"valueInteger":3'
expect 'the note is there once' 0 '^1 *$' at_server DocumentReference "$(base64 < "$home/words" | cut -c1-24)"
expect 'what was signed is kept' 0 '"type": *"Observation".*"reason": *"Refused by a rule.*"value": *91.*"type": *"DocumentReference"' doorstep outbox --corrected --json
expect 'for people too' 0 'Observation/.*Refused by a rule' doorstep outbox --corrected
expect 'and in the audit' 0 'correct Observation/[-0-9a-f]* p1 HTTP 422' doorstep audit
curl -sf -o "$home/answer" -X DELETE "$control"
expect 'what the office mended is sent again as it is' 0 '1 record will be sent again' doorstep outbox retry "$consent"
expect 'a visit of which nothing is refused' 1 'Nothing of this was refused' doorstep outbox retry "$visit"
expect 'the next sync delivers' 0 '' doorstep sync
expect 'the consent is there once' 0 '^1 *$' at_server Consent '"resourceType":"Consent"'
expect 'three signatures: the visit, and two corrections' 0 '^3 *$' at_server Provenance '"Provenance"'
expect 'nothing waits' 0 '^\[\] *$' doorstep outbox --json
# --- what was said in a visit ------------------------------------------------------------------------------------
printf '{"note":{"template":"free","text":"Second visit."},"identity":"name and birth date",
 "medications":[{"request":"m1","taking":"not","reason":"nausea"},{"request":"m1","dose":"20","unit":"mg","route":"oral"}],
 "consents":[{"purpose":"photo","decision":"permit","by":"child","method":"paper"}],
 "tasks":[{"id":"t1","status":"completed"}],"sign":true}' > "$home/visit.json"
expect 'a visit with medicines, a consent and a task' 0 '"signed"' doorstep visit p1 --file "$home/visit.json" --json
rule '\"status\":\"not-taken\"'
rule '\"value\":20,'
rule '\"status\":\"completed\",\"lastModified\"'
rule '\"code\":\"paper\"'
expect 'all are refused' 5 '4' doorstep sync
photo=$(number_of 'Consent') task=$(number_of 'Task') taken=$(number_of 'Medicine taken') given=$(number_of 'Medicine given')
expect 'and named' 0 'Medicine taken Furosemide 40 mg' doorstep outbox
typed 'taking: never\n'
expect 'no such answer' 1 'as-ordered' doorstep outbox correct "$taken" "$home/typed"
typed 'never\n'
expect 'no name' 1 'taking, reason' doorstep outbox correct "$taken" "$home/typed"
typed 'taking: differently\nreason: half of it, 반 알\n'
expect 'how it is taken' 0 'Corrected and signed' doorstep outbox correct "$taken" "$home/typed"
typed 'dose: 40\n'
expect 'what was given' 0 '"corrected": *true' doorstep outbox correct "$given" "$home/typed" --json
typed 'status: failed\n'
expect 'a task that was not done wants a reason' 1 'needs a reason' doorstep outbox correct "$task" "$home/typed"
typed 'status: failed\nreason: asleep\n'
expect 'what became of the task' 0 'Corrected and signed' doorstep outbox correct "$task" "$home/typed"
typed 'method: refused\n'
expect 'what was agreed to was not refused' 1 'cannot be a permit' doorstep outbox correct "$photo" "$home/typed"
typed 'method: verbal-witnessed\nname: 김민수\n'
expect 'who gave the consent, and how' 0 'Corrected and signed' doorstep outbox correct "$photo" "$home/typed"
expect 'all arrive' 0 '' doorstep sync
expect 'the task says so' 0 '^1 *$' at_server Task '"status":"failed".*asleep'
expect 'the consent is that of a named person' 0 '^1 *$' at_server Consent '"display":"김민수 (son or daughter)"'
expect 'how it is taken is there once' 0 '^1 *$' at_server MedicationStatement 'half of it'
expect 'the first one never' 1 '^0 *$' at_server MedicationStatement 'not-taken'
expect 'what was given is there once' 0 '^1 *$' at_server MedicationAdministration '"value":40,"unit":"mg"'
expect 'and nothing else was' 0 '^1 *$' at_server MedicationAdministration '"MedicationAdministration"'
curl -sf -o "$home/answer" -X DELETE "$control"
# --- a server that asks to be left alone ------------------------------------------------------------------------
curl -sf -o "$home/answer" -X POST -d '{"fault":"status","status":503,"headers":{"Retry-After":"1800"},"match":"/fhir"}' "$control"
expect 'a busy server' 4 'asks to wait 1800 s' doorstep sync
expect 'a sync of a timer waits, and says until when' 4 'left alone until [0-9][0-9]:[0-9][0-9]' doorstep sync
expect 'one at a terminal goes at once' 0 'Sent 0' script -qec "$program --user kim sync" /dev/null
expect 'and then all do' 0 'Sent 0' doorstep sync
expect 'and the trail is whole' 0 '"intact": *true' doorstep audit --verify --json
printf '%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
