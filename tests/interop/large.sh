# Sourced by run.sh: a caseload of 500 patients at HAPI. Left out unless LARGE=1: loading takes minutes, and a sync asks
# again for what came within the ten minutes before the last one, so what a quiet one costs shows only after that.

# in_seconds COMMAND...: $took is how long it took
in_seconds() {
    began=$(date +%s)
    "$@"
    worked=$?
    took=$(($(date +%s) - began))
    return $worked
}
# fill: 500 charts, by transactions of 1,000 resources
fill() {
    "$build/practice" --patients 500 --days 7 > "$work/many.ndjson" && rm -f "$work"/batch-* "$work"/answer-* &&
        compare bundles "$work/many.ndjson" 1000 "$work" transaction && load "$server" ''
}
# sum WORDS: what the last sync needed
sum() {
    printf '      %s: %s resources, %s requests, %s bytes out, %s in, %s s\n' "$1" \
        $(for member in pulled requests bytes_out bytes_in seconds; do compare get "$home/sync.json" $member; done)
}
patients_are() { is "$(doorstep patients --json | grep -c '"complete":.*true')" "$1"; }
# charts_are PATIENT...
charts_are() { for patient in "$@"; do chart_is "$patient" || { echo "of $patient"; return 1; }; done; }

large() {
    [ "${LARGE:-0}" = 1 ] || { skip "500 patients at HAPI (LARGE=1 runs it, a quarter of an hour)"; return; }
    name=large server=$origin/fhir base=$through/fhir token= folder=$work/large
    mkdir "$folder"
    check "takes 500 charts" in_seconds fill
    echo "      loaded in $took s"
    check "a device for 500 patients" enrol many --server "$base" --practitioner nurse-practice \
        --caseload Group/caseload-practice
    check "receives them" sync 0
    sum "the first sync"
    check "500 patients are there, complete" patients_are 500
    check "some charts are the server's" charts_are patient-009 patient-100 patient-250 patient-499 patient-500
    check "a second sync writes nothing" silent
    sum "a sync right after it"
    sleep 660
    check "a sync after ten quiet minutes writes nothing" silent
    check "the next one too" silent
    check "and brings nothing" holds pulled 0
    sum "a sync with nothing new"
}
