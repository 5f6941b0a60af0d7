#!/bin/sh
# doorstep against servers that nobody here wrote: HAPI FHIR (as it comes, and with every request validated) and
# Medplum's router. Enrols, receives, visits, sends, reads back, repeats, loses answers, is killed; then everything that
# was sent and everything that was read back is validated. Prints a line a check and, last, "N passed, N failed".
# usage: run.sh BUILD-FOLDER     KEEP=1 keeps the working folder (it says where)
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
    if [ "${KEEP:-0}" = 1 ]; then echo "kept: $work"; else rm -rf "$work"; fi
}
trap finish EXIT
trap 'exit 1' INT TERM

passed=0 failed=0 skipped=0 name=peers
# check WORDS COMMAND...: the command succeeds; when it does not, what it said is shown
check() {
    words=$1
    shift
    if "$@" > "$work/said" 2>&1; then
        passed=$((passed + 1))
        printf 'ok    %s: %s\n' "$name" "$words"
    else
        failed=$((failed + 1))
        printf 'FAIL  %s: %s\n' "$name" "$words"
        head -c 4000 "$work/said" | sed 's/^/      /'
    fi
}
skip() {
    skipped=$((skipped + 1))
    printf 'skipped: %s\n' "$1"
}
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

# get HOW NAME WHAT: builds a peer; false when it is not to be had
get() {
    "$1" "$2"
    case $? in
    0) return 0 ;;
    2) skip "$3 (there is no network to download it)" ;;
    *) check "$3 is built" false ;;
    esac
    return 1
}

# start NAME COMMAND...: in the background; $url is where it listens
start() {
    file=$work/$1.out
    shift
    "$@" > "$file" 2>&1 &
    processes="$processes $!"
}
ready() { url=$(listening "$work/$1.out" "$2" 120); }

# connect URL: puts a wire before a server; $through is its near end
connect() {
    mkdir -p "$work/wire-${1##*:}"
    start "wire-${1##*:}" node "$here/wire.mjs" "$1" "$work/wire-${1##*:}"
    through=$(listening "$work/wire-${1##*:}.out" $! 10)
}

# load URL TOKEN: the practice caseload, in batches
load() {
    for batch in "$work"/batch-*.json; do
        curl -sS --max-time 120 -H 'Content-Type: application/fhir+json' ${2:+-H "Authorization: Bearer $2"} \
            --data-binary "@$batch" -o "$work/answer-${batch##*/batch-}" "$1" || return 1
    done
    compare taken "$work"/answer-*
}

hapi_server=no medplum=no validator=no
if ! command -v node > /dev/null || ! command -v npm > /dev/null || ! command -v curl > /dev/null; then
    skip "everything (Node.js with npm, and curl, are needed)"
    totals
fi
get peer_npm medplum "Medplum's router" && medplum=yes
if command -v javac > /dev/null && command -v mvn > /dev/null; then
    get peer_maven hapi-server "HAPI FHIR" && hapi_server=yes
    get peer_maven hapi-validate "HAPI's validator" && validator=yes
else
    skip "HAPI FHIR (Java 17 and Maven are needed)"
    skip "HAPI's validator (Java 17 and Maven are needed)"
fi

printf 'practice kitchen table\n' > "$work/passphrase"
export DOORSTEP_PASSPHRASE_FILE="$work/passphrase"
"$build/practice" --patients 6 --days 7 > "$work/caseload.ndjson" && compare bundles "$work/caseload.ndjson" 50 "$work"

# HAPI takes half a minute to start: meanwhile Medplum has its turn.
if [ $hapi_server = yes ]; then
    start hapi peer_java hapi-server -Xmx1g peer.Main
    hapi=$!
fi
if [ $medplum = yes ]; then
    name=medplum
    start medplum env TOKEN=practice-token node "$peers/medplum/server.mjs"
    if ready medplum $!; then
        origin=${url%/fhir/R4}
        check "takes the practice caseload" load "$url" practice-token
        connect "$origin"
        journey medplum "$origin" "$through" /fhir/R4 practice-token patient-001 patient-002 patient-003
    else
        check "starts" cat "$work/medplum.out" /nowhere
    fi
fi
if [ $hapi_server = yes ]; then
    name=hapi
    if ready hapi "$hapi"; then
        origin=$url
        check "takes the practice caseload" load "$origin/fhir" ''
        connect "$origin"
        journey hapi "$origin" "$through" /fhir '' patient-001 patient-002 patient-003
        journey hapi-strict "$origin" "$through" /strict '' patient-004 patient-005 patient-006
    else
        check "starts" cat "$work/hapi.out" /nowhere
    fi
fi
stop $processes
processes=

# --- everything that was sent, exported, or read back is valid FHIR R4 ---

# gather: one resource a line, a file for each way it came here
gather() {
    for folder in "$work/medplum" "$work/hapi" "$work/hapi-strict"; do
        [ -d "$folder" ] || continue
        compare resources "$folder"/*.json > "$folder.exported.ndjson"
        compare resources "$folder"/*/[0-9]*.json > "$folder.read-back.ndjson"
    done
    for folder in "$work"/wire-*/; do
        [ -e "$folder/sent.ndjson" ] && cp "$folder/sent.ndjson" "${folder%/}.sent.ndjson"
    done
    rm -f "$work/caseload.json"
}
# valid FILE REPORT: the validator came to its end and names nothing in this file
valid() {
    tail -1 "$2" | grep -q ' resources, ' && ! grep -F "$1:" "$2"
}
gather
set -- "$work"/*.ndjson
if [ $validator = yes ]; then
    name="HAPI's validator"
    peer_java hapi-validate -Xmx400m Validate "$@" > "$work/hapi-validate.out" 2>&1 &
    wait $!
    for file in "$@"; do
        check "no error in $(wc -l < "$file") of ${file##*/}" valid "$file" "$work/hapi-validate.out"
    done
fi
if [ $medplum = yes ]; then
    name="Medplum's validator"
    node "$peers/medplum/validate.mjs" "$@" > "$work/medplum-validate.out" 2>&1
    for file in "$@"; do
        check "no error in $(wc -l < "$file") of ${file##*/}" valid "$file" "$work/medplum-validate.out"
    done
fi
totals
