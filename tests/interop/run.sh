#!/bin/sh
# doorstep against servers that nobody here wrote: HAPI FHIR (as it comes, and with every request validated) and
# Medplum's router. Enrols, receives, visits, sends, reads back, repeats, loses answers, is killed; then everything that
# was sent and everything that was read back is validated. Prints a line a check and, last, "N passed, N failed".
# usage: run.sh BUILD-FOLDER     KEEP=1 keeps the working folder and says where it is; KILLS=0 leaves the kills out
. "$(dirname "$0")/harness.sh"
. "$here/office.sh"
. "$here/killing.sh"
. "$here/large.sh"

# --- the peers, and what they start with ---

with_medplum=no with_hapi=no with_validator=no
if ! command -v node > /dev/null || ! command -v npm > /dev/null || ! command -v curl > /dev/null; then
    skip "HAPI FHIR, HAPI's validator and Medplum's router (Node.js with npm, and curl, are needed)"
    totals
fi
obtain peer_npm medplum "Medplum's router" && with_medplum=yes
if command -v javac > /dev/null && command -v mvn > /dev/null; then
    obtain peer_maven hapi-server "HAPI FHIR" && with_hapi=yes
    obtain peer_maven hapi-validate "HAPI's validator" && with_validator=yes
else
    skip "HAPI FHIR (Java 17 and Maven are needed)"
    skip "HAPI's validator (Java 17 and Maven are needed)"
fi
[ $with_medplum$with_hapi != nono ] || totals

printf 'practice kitchen table\n' > "$work/passphrase"
export DOORSTEP_PASSPHRASE_FILE="$work/passphrase"
"$build/practice" --patients 8 --days 7 > "$work/caseload.ndjson" && compare bundles "$work/caseload.ndjson" 50 "$work"

# at BASE...: the journeys of one nurse at a server (see journey), and the office beside her
at() {
    journey "$@"
    if [ $with_medplum = yes ]; then an_office; else skip "an office at $name that writes by Medplum's client"; fi
}
# --- the journeys; HAPI takes half a minute to start: meanwhile Medplum has its turn ---

if [ $with_hapi = yes ]; then
    start hapi peer_java hapi-server -Xmx1g peer.Main
    hapi=$!
fi
if [ $with_medplum = yes ]; then
    name=medplum token=practice-token
    start medplum env TOKEN=$token node "$peers/medplum/server.mjs"
    if ready medplum $!; then
        origin=${url%/fhir/R4}
        check "takes the practice caseload" load "$url" $token
        connect "$origin"
        at medplum "$origin" "$through" /fhir/R4 $token patient-001 patient-002 patient-003 patient-004
    fi
fi
if [ $with_hapi = yes ]; then
    name=hapi
    if ready hapi "$hapi"; then
        origin=$url
        check "takes the practice caseload" load "$origin/fhir" ''
        connect "$origin"
        at hapi "$origin" "$through" /fhir '' patient-001 patient-002 patient-003 patient-007
        at hapi-strict "$origin" "$through" /strict '' patient-004 patient-005 patient-006 patient-008
        [ "${KILLS:-50}" = 0 ] || killing "${KILLS:-50}" "${SEED:-1}"
        large
    fi
fi
stop $processes
processes=

# --- all that was loaded, exported, sent and read back is valid FHIR R4 ---

# gather: a file for each way, one document a line, each once
gather() {
    for folder in "$work/medplum" "$work/hapi" "$work/hapi-strict"; do
        [ -d "$folder" ] || continue
        compare lines "$folder"/*.json > "$folder.exported.ndjson"
        compare found "$folder"/*/[0-9]*.json > "$folder.read-back.ndjson"
    done
    for folder in "$work"/*.wire; do
        sort -u "$folder/sent.ndjson" > "$folder.ndjson"
    done
}
# valid FILE REPORT: the validator came to its end and has nothing against this file
valid() {
    tail -1 "$2" | grep -q '^[1-9][0-9]* resources, ' || { tail -5 "$2"; return 1; }
    ! grep -F "$1:" "$2"
}
# judged REPORT FILE...
judged() {
    report=$1
    shift
    for file in "$@"; do
        check "no error in ${file##*/} ($(grep -c . "$file"))" valid "$file" "$report"
    done
}
gather
if [ $with_validator = yes ]; then
    name="HAPI's validator"
    (peer_java hapi-validate -Xmx400m Validate "$work"/*.ndjson) > "$work/hapi-validate.out" 2>&1
    judged "$work/hapi-validate.out" "$work"/*.ndjson
fi
if [ $with_medplum = yes ]; then
    name="Medplum's validator"
    node "$peers/medplum/validate.mjs" "$work"/*.ndjson > "$work/medplum-validate.out" 2>&1
    judged "$work/medplum-validate.out" "$work"/*.ndjson
fi
totals
