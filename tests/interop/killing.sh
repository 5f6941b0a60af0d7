# Sourced by kills.sh, and by run.sh for a few: one home that is killed again and again.

tally() {
    node "$here/kills.mjs" "$build/doorstep" "$home" "$server" "$1" "$2" > "$folder/tally"
    told=$?
    cat "$folder/tally"
    return $told
}
# whole_charts: of all who have readings
whole_charts() {
    for patient in $(sed -n 's|.*"Observation".*"Patient/\([^"]*\)".*|\1|p' "$work/caseload.ndjson" | sort -u); do
        chart_is "$patient" || { echo "of $patient"; return 1; }
    done
}
# killing KILLS SEED: at the HAPI of $origin
killing() {
    name=kills server=$origin/fhir base=$origin/fhir token= folder=$work/kills
    mkdir "$folder"
    check "a device that is to be killed" enrol killed --server "$base" --practitioner nurse-practice \
        --caseload Group/caseload-practice
    check "it has the charts" sync 0
    check "$1 kills (SEED=$2): nothing lost, nothing doubled" tally "$1" "$2"
    sed 's/^/      /' "$folder/tally"
    check "nothing waits any more" outbox_is_empty
    check "every chart is the server's" whole_charts
    check "the audit trail is whole" doorstep audit --verify
    check "the doctor finds nothing wrong" doorstep doctor
    check "a repeated sync has nothing to send" holds_still
}
holds_still() { sync 0 && holds pushed 0 && holds pending 0; }
