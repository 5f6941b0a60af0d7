# Sourced by run.sh: what a nurse and her device go through against one FHIR base, and what the server must then hold.
# Set for a journey: $name, $server (asked directly), $base (the same over the wire, see wire.mjs), $wire (its folder),
# $token ("" for none), $folder (its own), and the three patients $first $second $third.

types="Observation AllergyIntolerance Condition Consent DocumentReference Task MedicationRequest MedicationStatement
       MedicationAdministration Flag"

doorstep() { "$build/doorstep" --user practice --home "$home" "$@"; }
# enrol HOME OPTIONS...: a device of its own
enrol() {
    home=$folder/$1
    shift
    mkdir -m 700 "$home"
    doorstep enroll --json "$@" > "$home/enroll.json"
}
# sync STATUS: one sync must end with this exit status
sync() {
    doorstep sync --json > "$home/sync.json"
    got=$?
    [ $got = "$1" ] || { echo "sync ended with $got, not $1"; cat "$home/sync.json"; doorstep outbox; return 1; }
}
is() { [ "$1" = "$2" ] || { echo "'$1' should be '$2'"; return 1; }; }
# holds MEMBER VALUE: of the last sync
holds() { is "$(compare get "$home/sync.json" "$1")" "$2"; }
outbox_is_empty() { is "$(doorstep outbox --json)" "[]"; }
writes() { grep -vc '^GET ' "$wire/requests"; }

# ask PATH FILE: what the server itself says
ask() {
    curl -sS --max-time 60 -H 'Cache-Control: no-cache' ${token:+-H "Authorization: Bearer $token"} -o "$2" "$server/$1"
}

# --- reading ---

# caseload_is SCOPE-PATH: the device lists whom the server names
caseload_is() {
    doorstep patients --json > "$home/patients.json" && ask "$1" "$home/scope.json" &&
        ask 'Patient?_count=100' "$home/all.json" &&
        compare patients "$home/patients.json" "$home/scope.json" "$home/all.json"
}
# chart_is PATIENT: the device shows what the server has of this patient
chart_is() {
    mkdir -p "$home/chart"
    doorstep chart "$1" --json > "$home/chart.json" || return 1
    for type in $types; do
        ask "$type?patient=$1&_count=200" "$home/chart/$type.json" || return 1
    done
    compare chart "$home/chart.json" "$home/chart"
}

reading() {
    check "enrols and finds out who answers" enrol nurse --server "$base" --practitioner nurse-practice \
        --caseload Group/caseload-practice ${token:+--token-file "$folder/token"}
    check "knows the server's software" test "$(compare get "$home/enroll.json" server software)" != ""
    check "receives the group's patients" sync 0
    check "has nothing to send" holds pushed 0
    check "lists the group's patients" caseload_is Group/caseload-practice
    for patient in $(compare get "$home/patients.json" | tr ',' '\n' | sed -n 's/.*"id":"\([^"]*\)".*/\1/p'); do
        check "shows what the server has of $patient" chart_is "$patient"
    done
    check "receives the patients of her appointments" scoped appointments \
        'Appointment?actor=Practitioner/nurse-practice&_count=200' --caseload appointments
    check "receives the patients of a search" scoped search 'Patient?gender=female&_count=200' \
        --caseload 'Patient?gender=female'
    home=$folder/nurse
}
# scoped HOME PATH OPTIONS...
scoped() {
    device=$1 path=$2
    shift 2
    enrol "$device" --server "$base" --practitioner nurse-practice ${token:+--token-file "$folder/token"} "$@" &&
        sync 0 && caseload_is "$path"
}

# --- a visit ---

# record PATIENT: records and signs a whole visit; $visit is its id, $folder/$visit.json what was made
record() {
    doorstep chart "$1" --json > "$home/chart.json" && compare visit "$home/chart.json" > "$home/visit.json" &&
        doorstep visit "$1" --file "$home/visit.json" --json > "$home/signed.json" &&
        visit=$(compare get "$home/signed.json" visit) && exported=$folder/$visit.json &&
        doorstep export visit "$visit" --to "$exported" > /dev/null
}
# asked: asks the server for each record of the visit
asked() {
    found=$folder/$visit
    rm -rf "$found" && mkdir "$found" && compare searches "$exported" > "$found/searches" || return 1
    while read -r number _ path; do
        ask "$path" "$found/$number.json" || return 1
    done < "$found/searches"
}
# arrived WORDS [TASKS]: the visit is at the server whole and once
arrived() {
    check "$1: the server can be asked for it" asked
    for row in Encounter:1 Observation:9 DocumentReference:1 Consent:2 MedicationStatement:2 \
        MedicationAdministration:1 Provenance:1 "Task:${2:-1}"; do
        check "$1: ${row%:*} is there whole and once" compare arrived "$exported" "$found" "${row%:*}" "${row#*:}"
    done
    check "$1: the note reads as it was typed" compare note "$exported" "$found"
}
silent() {
    before=$(writes)
    sync 0 && holds pushed 0 && holds pending 0 && is "$(writes)" "$before"
}
# broken FAULT: a sync that meets this fault ends with "unreachable", and what it sent is kept
broken() {
    echo "$1" > "$wire/fault"
    sync 4
    ended=$?
    rm "$wire/happened" && test $ended = 0 && test "$(doorstep outbox --json)" != "[]"
}

# killed: the program is killed when the server has done what it asked and before it hears of it
killed() {
    echo hold > "$wire/fault"
    "$build/doorstep" --user practice --home "$home" sync > /dev/null 2>&1 &
    process=$!
    tries=0
    until [ -e "$wire/happened" ]; do
        tries=$((tries + 1))
        [ $tries -lt 300 ] && kill -0 $process || { echo "nothing was sent"; rm -f "$wire/fault"; return 1; }
        sleep 0.1
    done
    kill -9 $process
    wait $process 2>/dev/null
    rm "$wire/happened" && test "$(doorstep outbox --json)" != "[]"
}

visits() {
    check "records a whole visit" record "$first"
    check "makes of it what was entered" compare visit-parts "$exported"
    check "exports what is unsent" doorstep export outbox --to "$folder/outbox.json"
    check "sends it" sync 0
    check "and knows that it is there" outbox_is_empty
    arrived "the visit"
    check "shows it once" chart_is "$first"
    check "a repeated sync writes nothing" silent

    check "records a second visit" record "$second"
    check "an answer that is lost is unknown" broken lose
    check "an answer that is cut is unknown" broken cut
    check "sends it again" sync 0
    check "and knows that it is there" outbox_is_empty
    arrived "the visit whose answers were lost"
    check "shows it once" chart_is "$second"

    check "records a third visit" record "$first"
    check "is killed while it sends" killed
    check "sends it again" sync 0
    check "and knows that it is there" outbox_is_empty
    arrived "the visit that was cut off by a kill" 0
    check "shows it once" chart_is "$first"
    check "a repeated sync writes nothing" silent
    check "keeps its audit trail whole" doorstep audit --verify
}

# --- a clinic that starts without a server ---

clinic() {
    compare belongings "$work/caseload.ndjson" "$third" > "$folder/paper.ndjson"
    check "a clinic enrols without a server" enrol clinic --name '민 지우' ${token:+--token-file "$folder/token"}
    practitioner=$(doorstep status --json > "$home/status.json" && compare get "$home/status.json" practitioner)
    check "imports a patient" doorstep import "$folder/paper.ndjson"
    check "records a visit" record "$third"
    exported=$folder/clinic.json
    check "exports the visit and its nurse" doorstep export outbox --to "$exported"
    check "cannot sync yet, and says so" sync 4
    printf '[sync]\nserver = %s\ncaseload = Group/caseload-practice\n' "$base" > "$home/config"
    check "syncs when its configuration names the server" sync 0
    check "and knows that all is there" outbox_is_empty
    arrived "its visit"
    check "its nurse is there once" compare arrived "$exported" "$found" Practitioner 1
    doorstep status --json > "$home/status.json"
    now=$(compare get "$home/status.json" practitioner)
    check "its nurse has the server's id" test "$now" != "$practitioner"
    check "the visit is hers" compare signed-by "$exported" "$found" "$now"
    check "shows its chart once" chart_is "$third"
    check "lists the server's patients" caseload_is Group/caseload-practice
    check "a repeated sync writes nothing" silent
}

refused() {
    printf 'not-the-token\n' > "$folder/wrong-token"
    enrol stranger --server "$base" --practitioner nurse-practice --token-file "$folder/wrong-token" && sync 1 2>&1 |
        tee "$home/words" && grep -q 401 "$home/words"
}

# journey NAME SERVER WIRE-URL PATH TOKEN FIRST SECOND THIRD
journey() {
    name=$1 server=$2$4 base=$3$4 wire=$work/wire-${2##*:} token=$5 first=$6 second=$7 third=$8
    folder=$work/$name
    mkdir "$folder"
    if [ -n "$token" ]; then printf '%s\n' "$token" > "$folder/token"; fi
    reading
    visits
    clinic
    if [ -n "$token" ]; then check "says that a wrong token is refused" refused; fi
}
