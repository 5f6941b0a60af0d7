#!/bin/sh
# The benchmarks: bench.c, and then the first sync from a real HAPI FHIR on this machine, which does a server's work, next
# to curl. Skipped in words where it is not to be had. Ends with 1 when a budget is not met.
# usage: run.sh BUILD-FOLDER     PATIENTS (60): how many are at HAPI FHIR
build=$1
here=$(cd "$(dirname "$0")/../interop" && pwd) # where the peers' scripts live
patients=${PATIENTS:-60}
missed=0
"$build/tests/bench/bench" "$build"
case $? in 0) ;; 2) missed=1 ;; *) exit 1 ;; esac

work=$(mktemp -d) || exit 1
processes=
. "$here/peers.sh"
finish() {
    stop $processes
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 1' INT TERM
skip() { printf '\n%-52s %s\n' 'first sync from HAPI FHIR: against curl' "skipped: $1"; exit $missed; }
for tool in java javac mvn node curl; do command -v $tool > /dev/null || skip "HAPI FHIR needs $tool"; done
peer_maven hapi-server
case $? in 0) ;; 2) skip 'there is no network to download HAPI FHIR' ;; *) tail -40 "$peers/hapi-server.log"; exit 1 ;; esac
(peer_java hapi-server -Xmx1g peer.Main) > "$work/hapi" 2>&1 &
processes=$!
origin=$(listening "$work/hapi" "$processes" 180) || { tail -40 "$work/hapi"; exit 1; }
"$build/practice" --patients "$patients" > "$work/caseload.ndjson" &&
    node "$here/compare.mjs" bundles "$work/caseload.ndjson" 1000 "$work" transaction || exit 1
for batch in "$work"/batch-*.json; do
    curl -sSf --max-time 300 -H 'Content-Type: application/fhir+json' --data-binary "@$batch" \
        -o "$work/answer-${batch##*/batch-}" "$origin/fhir" || exit 1
done
node "$here/compare.mjs" taken "$work"/answer-* || exit 1
printf '\n%-52s %-26s %-20s\n' "syncs with HAPI FHIR on this machine, $patients patients" '' budget
"$build/tests/bench/bench" "$build" "$origin/fhir" && exit $missed
exit 1
