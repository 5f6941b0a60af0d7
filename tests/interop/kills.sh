#!/bin/sh
# doorstep is killed -9 at random moments of recording and syncing, against a real HAPI FHIR: nothing is lost and
# nothing doubled (see kills.mjs). Prints a line a check and, last, "N passed, N failed".
# usage: kills.sh BUILD-FOLDER     KILLS and SEED change how often and when; KEEP=1 keeps the working folder
. "$(dirname "$0")/harness.sh"
. "$here/killing.sh"

for tool in node javac mvn curl; do
    command -v $tool > /dev/null || { skip "HAPI FHIR ($tool is needed)"; totals; }
done
obtain peer_maven hapi-server "HAPI FHIR" || totals
printf 'practice kitchen table\n' > "$work/passphrase"
export DOORSTEP_PASSPHRASE_FILE="$work/passphrase"
"$build/practice" --patients 24 --days 7 > "$work/caseload.ndjson" &&
    compare bundles "$work/caseload.ndjson" 500 "$work" transaction
name=hapi
start hapi peer_java hapi-server -Xmx2g peer.Main
if ready hapi $!; then
    origin=$url
    check "takes the practice caseload" load "$origin/fhir" ''
    killing "${KILLS:-2000}" "${SEED:-$(date +%s)}"
fi
totals
