#!/bin/sh
# The demonstration: a practice caseload on a loopback server, a practice nurse in a throw-away home.
# With a terminal it opens the console. Without one it makes a visit by script through the same code: the link is cut
# before she signs and comes back afterwards; every step and what the server holds then is printed.
# usage: demo.sh BUILD-FOLDER
build=$1
home=$(mktemp -d)
server=
finish() {
    [ -n "$server" ] && kill "$server" 2>/dev/null && wait "$server" 2>/dev/null
    rm -rf "$home"
}
trap finish EXIT
trap 'exit 130' INT TERM

passphrase="practice kitchen table"
printf '%s\n' "$passphrase" > "$home/passphrase"
printf 'demo-token\n' > "$home/token"
export DOORSTEP_HOME=$home/nurse DOORSTEP_PASSPHRASE_FILE=$home/passphrase
doorstep() { "$build/doorstep" --user practice "$@"; }
fail() { echo "demo: $1" >&2; exit 1; }
mkdir -m 700 "$DOORSTEP_HOME"

"$build/practice" > "$home/caseload.ndjson" || fail "the caseload could not be made"
"$build/loopback" --loaded-ago 3600 --load "$home/caseload.ndjson" --token demo-token --quiet > "$home/server.out" &
server=$!
tries=0
until base=$(sed -n 's/^listening on //p' "$home/server.out") && [ -n "$base" ]; do
    tries=$((tries + 1)); [ $tries -lt 200 ] || fail "the loopback server did not start"
    kill -0 "$server" 2>/dev/null || fail "the loopback server stopped"
    sleep 0.05
done
control=${base%/fhir}/control

doorstep enroll --server "$base" --practitioner nurse-practice --caseload Group/caseload-practice --token-file "$home/token" \
    > "$home/enroll.out" || fail "enrolling failed"

if [ -t 0 ] && [ -t 1 ]; then
    doorstep sync > /dev/null || fail "the first sync failed"
    echo "The practice passphrase is:  $passphrase"
    printf 'Press Enter to open the console. '
    read -r _
    doorstep
    exit
fi

say() { printf '\n== %s\n' "$*"; }
made="Encounter Observation DocumentReference Consent Provenance"
say "enrolled a practice nurse"
cat "$home/enroll.out"
say "synced: the caseload comes to the device"
doorstep sync || fail "the first sync failed"
say "today's visits"
doorstep patients --today
patient=$(doorstep patients --today | head -1 | cut -f1)
[ -n "$patient" ] || fail "there is no visit today"
say "the chart of the first one, offline from here on"
curl -sf -X POST -d '{"fault": "offline", "times": 0}' "$control" > /dev/null || fail "the link could not be cut"
doorstep chart "$patient" | head -40

say "a visit in the kitchen, without signal: vitals, note and consent, signed"
cat > "$home/visit.json" <<VISIT
{"vitals": {"bp": "142/88", "pulse": "91", "rr": "18", "spo2": "96", "oxygen": "air", "consciousness": "A", "temp": "36.9", "pain": "3"},
 "note": {"template": "soap", "s": "Slept well. 잘 잤어요. よく眠れた。", "o": "Alert, warm, no oedema.", "a": "Stable.", "p": "Weigh daily."},
 "consents": [{"purpose": "share-record", "decision": "permit", "by": "patient", "method": "verbal-witnessed"}],
 "identity": "name and birth date", "sign": true}
VISIT
count() { curl -s "$control/resources?type=$1" | wc -l; }
for type in $made; do eval "before_$type=$(count $type)"; done
visit=$(doorstep visit "$patient" --file "$home/visit.json" --json) || fail "the visit could not be recorded"
echo "$visit"
visit=$(printf '%s\n' "$visit" | sed -n 's/.*"visit":[^"]*"\([^"]*\)".*/\1/p')
say "a sync without a link says so, and keeps everything"
doorstep sync
[ $? = 4 ] || fail "a sync without a link should end with 4"
doorstep outbox

say "the link is back"
curl -sf -X DELETE "$control" > /dev/null || fail "the link could not be mended"
doorstep sync || fail "the second sync failed"
[ "$(doorstep outbox --json)" = "[]" ] || fail "the outbox is not empty"
doorstep outbox
say "what the server holds of this visit"
for type in $made; do
    eval "new=\$(($(count $type) - before_$type))"
    printf '%-18s %s new\n' "$type" "$new"
done
once() { [ "$(curl -s "$control/resources?type=Encounter" | grep -c "$visit")" = 1 ]; }
once || fail "the server should hold the visit exactly once"
say "syncing again sends nothing twice"
doorstep sync || fail "the third sync failed"
once || fail "the visit is at the server twice"
say "the audit trail"
doorstep audit --verify || fail "the audit trail is broken"
say "the visit arrived once and whole; the demo is done"
