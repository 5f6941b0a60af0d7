# Sourced by run.sh: what a nurse and her device go through against one FHIR base, and what the server must then hold.
# Set for a journey: $name, $server (asked directly), $base (the same over the wire, see wire.mjs; $wire is its folder),
# $token ("" for none), $folder (its own) and four patients: $first $second $third $fourth. $home is the device in use.

types="Observation AllergyIntolerance Condition Consent DocumentReference Task MedicationRequest MedicationStatement
       MedicationAdministration Flag"

behind= # a command to run the program by, as with another clock
doorstep() { $behind "$build/doorstep" --user practice --home "$home" "$@"; }
# enrol DEVICE OPTIONS...: a device of its own
enrol() {
    home=$folder/$1
    shift
    mkdir -m 700 "$home"
    doorstep enroll --json "$@" > "$home/enroll.json"
}
# sync STATUS: one sync, which must end with this exit status
sync() {
    doorstep sync --json > "$home/sync.json"
    ended=$?
    [ $ended = "$1" ] || { echo "sync ended with $ended, not $1"; cat "$home/sync.json"; doorstep outbox; return 1; }
}
is() { [ "$1" = "$2" ] || { echo "'$1' should be '$2'"; return 1; }; }
# holds MEMBER VALUE: of the last sync's report
holds() { is "$(compare get "$home/sync.json" "$1")" "$2"; }
outbox_is_empty() { is "$(doorstep outbox --json)" "[]"; }
writes() { grep -vc '^GET ' "$wire/requests"; }

# http OPTIONS... PATH: asks the server itself
http() {
    curl -sS --max-time 60 -H 'Cache-Control: no-cache' -H 'Content-Type: application/fhir+json' \
        ${token:+-H "Authorization: Bearer $token"} "$@"
}
# ask PATH FILE [PATH FILE ...]
ask() {
    while [ $# -gt 0 ]; do
        printf 'url = "%s/%s"\noutput = "%s"\n' "$server" "$1" "$2"
        shift 2
    done | http -K -
}

# --- receiving ---

# caseload_is PATH: the device lists whom this answer of the server names
caseload_is() {
    doorstep patients --json > "$home/patients.json" &&
        ask "$1" "$home/scope.json" 'Patient?_count=100' "$home/all.json" &&
        compare patients "$home/patients.json" "$home/scope.json" "$home/all.json"
}
# chart_is PATIENT: the device shows what the server has of this patient
chart_is() {
    mkdir -p "$home/chart"
    patient=$1
    set --
    for type in $types; do
        set -- "$@" "$type?patient=$patient&_count=200" "$home/chart/$type.json"
    done
    ask "$@" && doorstep chart "$patient" --json > "$home/chart.json" && compare chart "$home/chart.json" "$home/chart"
}
# scoped DEVICE PATH SCOPE: another device, with another caseload
scoped() {
    enrol "$1" --server "$base" --practitioner nurse-practice --caseload "$3" \
        ${token:+--token-file "$folder/token"} && sync 0 && caseload_is "$2"
}

# listed: a List of two patients is made at the server; $list is its id
listed() {
    printf '{"resourceType":"List","status":"current","mode":"working","entry":[%s]}' \
        "{\"item\":{\"reference\":\"Patient/$first\"}},{\"item\":{\"reference\":\"Patient/$third\"}}" > "$folder/listed.sent" &&
        http -f -o "$folder/listed.json" --data-binary "@$folder/listed.sent" "$server/List" && list=$(compare get "$folder/listed.json" id)
}

receiving() {
    check "enrols and finds out who answers" enrol nurse --server "$base" --practitioner nurse-practice \
        --caseload Group/caseload-practice ${token:+--token-file "$folder/token"}
    check "knows the server's software" test "$(compare get "$home/enroll.json" server software)" != ""
    check "receives the group's patients" sync 0
    check "has nothing to send" holds pushed 0
    check "lists the group's patients" caseload_is Group/caseload-practice
    for patient in $(doorstep patients | cut -f1); do
        check "shows what the server has of $patient" chart_is "$patient"
    done
    check "receives the patients of her appointments" scoped appointments \
        'Appointment?actor=Practitioner/nurse-practice&_count=200' appointments
    check "receives the patients of a search" scoped search 'Patient?gender=female&_count=200' 'Patient?gender=female'
    check "a list of patients is kept at the server" listed
    check "receives the patients of a list" scoped list "List/$list" "List/$list"
    home=$folder/nurse
}

# --- visits ---

# record KIND PATIENT [TASK]: records and signs a visit (see visits.mjs); $visit is its id, $exported the file of what
# was made
record() {
    doorstep chart "$2" --json > "$home/chart.json" &&
        compare visit "$1" "$home/chart.json" ${3:+"$3"} > "$home/visit.json" &&
        doorstep visit "$2" --file "$home/visit.json" --json > "$home/signed.json" &&
        visit=$(compare get "$home/signed.json" visit) && exported=$folder/$visit.json &&
        doorstep export visit "$visit" --to "$exported" > /dev/null
}
# asked: asks the server for each record of the visit; the answers are in $found
asked() {
    found=$folder/$visit
    mkdir "$found" && paths=$(compare searches "$exported") || return 1
    set --
    for path in $paths; do
        set -- "$@" "$path" "$found/$(($# / 2)).json"
    done
    ask "$@"
}
# arrived WORDS TYPE:LEAST...: the visit is at the server, whole and once, but for types whose LEAST is 0
arrived() {
    words=$1
    shift
    check "$words: the server is asked for each record" asked
    check "$words: each is there, whole and once ($*)" compare arrived "$exported" "$found" "$@"
    case $* in *DocumentReference*)
        check "$words: its note reads as it was typed" compare note "$exported" "$found" "$home/visit.json" ;;
    esac
}
# delivered WORDS PATIENT TYPE:LEAST...: what waited is sent now, has arrived, and is shown once
delivered() {
    words=$1 patient=$2
    shift 2
    check "$words: is sent" sync 0
    check "$words: nothing waits any more" outbox_is_empty
    arrived "$words" Encounter:1 MedicationAdministration:1 Provenance:1 Task:1 "$@"
    check "$words: is shown once" chart_is "$patient"
}
silent() {
    before=$(writes)
    sync 0 && holds pushed 0 && holds pending 0 && is "$(writes)" "$before"
}

# broken FAULT: a sync that meets this fault ends with "unreachable", and what it sent is kept
broken() {
    echo "$1" > "$wire/fault"
    sync 4
    survived=$?
    rm "$wire/happened" && [ $survived = 0 ] && [ "$(doorstep outbox --json)" != "[]" ]
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
    rm "$wire/happened" && [ "$(doorstep outbox --json)" != "[]" ]
}
# overtaken: a colleague cancels the task at the server
overtaken() {
    task=$(compare get "$home/visit.json" tasks 0 id)
    ask "Task/$task" "$home/task.json" &&
        sed 's/"status" *: *"[a-z-]*"/"status":"cancelled"/' "$home/task.json" > "$home/cancelled.json" &&
        http -f -o /dev/null -X PUT --data-binary "@$home/cancelled.json" "$server/Task/$task"
}
# conflict: only the task waits for the nurse, and the colleague's word stands at the server
conflict() {
    doorstep outbox --json > "$home/outbox.json" && ask "Task/$task" "$home/task.json" &&
        is "$(compare get "$home/outbox.json" length)" 1 && is "$(compare get "$home/outbox.json" 0 type)" Task &&
        is "$(compare get "$home/outbox.json" 0 state)" conflict &&
        is "$(compare get "$home/task.json" status)" cancelled
}

visits() {
    whole="Observation:9 DocumentReference:1 Consent:2 MedicationStatement:2"
    check "a visit is recorded" record whole "$first"
    check "a visit: it says what was entered" compare parts "$exported"
    check "a visit: what is unsent can be exported" doorstep export outbox --to "$folder/outbox.json"
    delivered "a visit" "$first" $whole
    check "a visit: a repeated sync writes nothing" silent

    printf '[console]\nlanguage = ja\n' > "$home/config"
    check "another visit is recorded" record others "$second"
    check "an answer that is lost is unknown" broken lose
    delivered "the visit with lost answers" "$second" Observation:9 DocumentReference:1 Consent:2 MedicationStatement:2
    rm "$home/config"

    check "a third visit is recorded" record short "$fourth"
    check "an answer that is cut is unknown" broken cut
    delivered "the visit whose answer was cut" "$fourth" Observation:3 Consent:1 MedicationStatement:2

    check "a visit to be cut off is recorded" record short "$first"
    check "the program is killed while it sends" killed
    delivered "the visit that was cut off" "$first" Observation:3 Consent:1 MedicationStatement:2
    check "a repeated sync writes nothing" silent

    home=$folder/appointments
    check "another device receives the visits" sync 0
    check "another device shows them" chart_is "$first"
    home=$folder/nurse

    check "a visit to be overtaken is recorded" record whole "$second"
    check "a colleague changes its task meanwhile" overtaken
    check "the sync needs the nurse" sync 5
    check "her task is a conflict, the colleague's word stands" conflict
    arrived "the overtaken visit" Encounter:1 MedicationAdministration:1 Provenance:1 Task:0 $whole
    check "the audit trail is whole" doorstep audit --verify
}

# --- a clinic that starts without a server ---

clinic() {
    compare belongings "$work/caseload.ndjson" "$third" > "$folder/paper.ndjson"
    check "a clinic enrols without a server" enrol clinic --name '민 지우' ${token:+--token-file "$folder/token"}
    doorstep status --json > "$home/status.json"
    practitioner=$(compare get "$home/status.json" practitioner)
    check "a clinic imports a patient" doorstep import "$folder/paper.ndjson"
    check "a clinic records a visit" record whole "$third"
    exported=$folder/clinic.json
    check "a clinic exports the visit and its nurse" doorstep export outbox --to "$exported"
    check "a clinic cannot sync yet, and is told so" sync 4
    printf '[sync]\nserver = %s\ncaseload = Group/caseload-practice\n' "$base" > "$home/config"
    delivered "the clinic's visit" "$third" Practitioner:1 $whole
    doorstep status --json > "$home/status.json"
    now=$(compare get "$home/status.json" practitioner)
    check "the clinic's nurse has the server's id now" test "$now" != "$practitioner"
    check "the clinic's visit is hers" compare signed-by "$exported" "$found" "$now"
    check "the clinic lists the server's patients" caseload_is Group/caseload-practice
    check "the clinic's repeated sync writes nothing" silent
}

stranger() {
    printf 'not-the-token\n' > "$folder/wrong-token"
    enrol stranger --server "$base" --practitioner nurse-practice --token-file "$folder/wrong-token" &&
        sync 1 2> "$home/words" && grep 401 "$home/words"
}

# journey NAME SERVER WIRE PATH TOKEN FIRST SECOND THIRD FOURTH
journey() {
    name=$1 server=$2$4 base=$3$4 token=$5 first=$6 second=$7 third=$8 fourth=$9
    folder=$work/$name
    mkdir "$folder"
    [ -z "$token" ] || printf '%s\n' "$token" > "$folder/token"
    receiving
    visits
    clinic
    [ -z "$token" ] || check "a wrong token is told in words" stranger
}
