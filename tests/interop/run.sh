#!/bin/sh
# doorstep against servers that nobody here wrote: HAPI FHIR (as it comes, and with every request validated) and
# Medplum's router. Enrols, receives, visits, sends, reads back, repeats, loses answers, is killed; then everything that
# was sent and everything that was read back is validated. Prints a line a check and, last, "N passed, N failed".
# usage: run.sh BUILD-FOLDER     KEEP=1 keeps the working folder and says where it is
build=$1
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d) || exit 1
export LC_ALL=C.UTF-8 LANGUAGE=en TZ=Asia/Seoul
unset DOORSTEP_HOME XDG_DATA_HOME XDG_CONFIG_HOME
umask 077
. "$here/peers.sh"
. "$here/journey.sh"

processes=
finish() {
    stop $processes
    if [ "${KEEP:-0}" = 1 ]; then echo "kept: $work" >&2; else rm -rf "$work"; fi
}
trap finish EXIT
trap 'exit 1' INT TERM

passed=0 failed=0 skipped=0 name=peers
# check WORDS COMMAND...: the command succeeds; when it does not, what it said is shown
check() {
    what=$1
    shift
    if "$@" > "$work/said" 2>&1; then
        passed=$((passed + 1))
        printf 'ok    %s: %s\n' "$name" "$what"
    else
        failed=$((failed + 1))
        printf 'FAIL  %s: %s\n' "$name" "$what"
        head -c 4000 "$work/said" | sed 's/^/      /'
    fi
}
skip() {
    skipped=$((skipped + 1))
    printf 'skipped: %s\n' "$1"
}
# fails_with FILE: a check that fails, with the end of a log
fails_with() { tail -n 40 "$1"; return 1; }
compare() { node "$here/compare.mjs" "$@"; }
totals() {
    if [ $((passed + failed)) -eq 0 ]; then
        echo "0 passed, 0 failed, $skipped skipped"
    else
        echo "$passed passed, $failed failed"
    fi
    [ "$failed" -eq 0 ]
    exit
}

# obtain HOW PEER WHAT: builds a peer; false when it is not to be had
obtain() {
    "$1" "$2"
    case $? in
    0) return 0 ;;
    2) skip "$3 (there is no network to download it)" ;;
    *) check "$3 is built" fails_with "$peers/$2.log" ;;
    esac
    return 1
}

# start NAME COMMAND...: in the background; what it says goes to $work/NAME.out
start() {
    file=$work/$1.out
    shift
    "$@" > "$file" 2>&1 &
    processes="$processes $!"
}
# ready NAME PROCESS: $url is where it listens; a failed check when it does not
ready() {
    url=$(listening "$work/$1.out" "$2" 180) || { check "starts" fails_with "$work/$1.out"; return 1; }
}
# connect URL: puts a wire before the server $name; $through is its near end, $wire its folder
connect() {
    wire=$work/$name.wire
    mkdir "$wire"
    start "$name-wire" node "$here/wire.mjs" "$1" "$wire"
    through=$(listening "$work/$name-wire.out" $! 60)
}
# load URL TOKEN: the practice caseload, in batches
load() {
    for batch in "$work"/batch-*.json; do
        curl -sS --max-time 120 -H 'Content-Type: application/fhir+json' ${2:+-H "Authorization: Bearer $2"} \
            --data-binary "@$batch" -o "$work/answer-${batch##*/batch-}" "$1" || return 1
    done
    compare taken "$work"/answer-*
}

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
"$build/practice" --patients 6 --days 7 > "$work/caseload.ndjson" && compare bundles "$work/caseload.ndjson" 50 "$work"

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
        journey medplum "$origin" "$through" /fhir/R4 $token patient-001 patient-002 patient-003
    fi
fi
if [ $with_hapi = yes ]; then
    name=hapi
    if ready hapi "$hapi"; then
        origin=$url
        check "takes the practice caseload" load "$origin/fhir" ''
        connect "$origin"
        journey hapi "$origin" "$through" /fhir '' patient-001 patient-002 patient-003
        journey hapi-strict "$origin" "$through" /strict '' patient-004 patient-005 patient-006
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
