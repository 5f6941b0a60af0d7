# Sourced by run.sh: an office that works at the same server while a nurse is out. Medplum's client (writer.mjs of
# tests/peers/medplum) changes, deletes and hands over what her device holds. What is set for a journey is set here too.

office() { TOKEN=$token node "$peers/medplum/writer.mjs" "$server" "$@"; }
# new_task WORDS PATIENT: the office asks for something, and the device knows of it; $task is its id
new_task() {
    asks='{"resourceType": "Task", "status": "requested", "intent": "order", "priority": "routine", "description": "%s",
        "for": {"reference": "Patient/%s"}, "owner": {"reference": "Practitioner/nurse-practice"},
        "authoredOn": "2026-11-21T18:00:00+09:00"}'
    # shellcheck disable=SC2059
    task=$(office create "$(printf "$asks" "$1" "$2")") && sync 0
}
# task_is MEMBER VALUE...: at the server
task_is() {
    ask "Task/$task" "$home/task.json" || return 1
    while [ $# -gt 0 ]; do
        is "$(compare get "$home/task.json" "$1")" "$2" || return 1
        shift 2
    done
}
# gone PATH: the server had it and has it no more
gone() {
    code=$(http -o /dev/null -w '%{http_code}' "$server/$1")
    [ "$code" = 410 ] || is "$code" 404
}
# shown and hidden ID: in the chart of $first, which is what the server has
shown() { chart_is "$first" && grep -q "\"$1\"" "$home/chart.json"; }
hidden() { chart_is "$first" && ! grep "\"$1\"" "$home/chart.json"; }

# --- two write the same ---

# in_conflict MEMBER VALUE...: one thing needs the nurse, $task; the members are those of its only difference
in_conflict() {
    doorstep conflicts --json > "$home/conflicts.json"
    is $? 5 && is "$(compare get "$home/conflicts.json" length)" 1 &&
        is "$(compare get "$home/conflicts.json" 0 type)" Task &&
        is "$(compare get "$home/conflicts.json" 0 id)" "$task" &&
        number=$(compare get "$home/conflicts.json" 0 number) || return 1
    while [ $# -gt 0 ]; do
        is "$(compare get "$home/conflicts.json" 0 differences 0 "$1")" "$2" || return 1
        shift 2
    done
}
none_in_conflict() { is "$(doorstep conflicts --json)" "[]" && outbox_is_empty; }
# keep CHOICE: decided, sent, and nothing is left of the conflict
keep() { doorstep conflicts keep "$1" "$number" && sync 0 && none_in_conflict; }
# both_change WORDS MEMBERS: she puts a new task on hold in a visit; the office sets these members of it
both_change() {
    check "$1: the office asks for something" new_task "$1" "$first"
    check "$1: she answers in a visit" record short "$first" "$task"
    check "$1: the office changes it meanwhile" office change "Task/$task" "$2"
}
# the_rest WORDS: all of the visit but the task is at the server
the_rest() {
    arrived "$1" Encounter:1 MedicationAdministration:1 Provenance:1 Task:0 Observation:3 MedicationStatement:2
}

second_writer() {
    both_change "a change beside hers" '{"priority": "urgent", "note": [{"text": "전화 먼저"}]}'
    check "a change beside hers: is merged and sent" sync 0
    check "a change beside hers: both stand" task_is status on-hold statusReason '{"text":"waits for the doctor"}' \
        priority urgent note '[{"text":"전화 먼저"}]' description "a change beside hers"
    check "a change beside hers: nobody is asked" none_in_conflict
    the_rest "a change beside hers"
    check "a change beside hers: is shown" shown "$task"

    for choice in mine theirs; do
        words="an overlap, she keeps $choice"
        both_change "$words" '{"status": "cancelled", "priority": "stat"}'
        check "$words: the sync needs her" sync 5
        check "$words: is shown side by side" in_conflict path status base requested \
            mine "on hold, waits for the doctor" theirs cancelled
        the_rest "$words"
        check "$words: a repeated sync waits for her" sync 5
        check "$words: it is still there" in_conflict path status
        check "$words: the office's stands meanwhile" task_is status cancelled priority stat
        cp "$home/task.json" "$home/before.json"
        check "$words: is decided and sent" keep "$choice"
        case $choice in
        mine) check "$words: hers stands, beside what did not overlap" task_is status on-hold priority stat ;;
        theirs)
            check "$words: the office's stands" task_is status cancelled
            check "$words: the office's is untouched" cmp "$home/before.json" "$home/task.json"
            check "$words: a copy of hers is kept" dropped on-hold
            ;;
        esac
        check "$words: is shown" shown "$task"
        check "$words: a repeated sync writes nothing" silent
    done
}
# dropped STATUS: the copy of what was let go last
dropped() {
    doorstep conflicts --dropped --json > "$home/dropped.json" &&
        is "$(compare get "$home/dropped.json" 0 id)" "$task" &&
        is "$(compare get "$home/dropped.json" 0 resource status)" "$1"
}

# --- what the server has no more ---

# answered_and_deleted CHOICE: a task that she has answered is deleted
answered_and_deleted() {
    words="a deleted task, she keeps $1"
    check "$words: the office asks for something" new_task "$words" "$first"
    check "$words: she answers in a visit" record short "$first" "$task"
    check "$words: the office deletes it" office remove "Task/$task"
    check "$words: the sync needs her" sync 5
    check "$words: she is told that it is deleted" in_conflict path status theirs ''
    check "$words: it is a deletion" is "$(compare get "$home/conflicts.json" 0 deleted)" true
    check "$words: is not revived" gone "Task/$task"
    the_rest "$words"
    check "$words: is decided" keep "$1"
    check "$words: is not revived then" gone "Task/$task"
    check "$words: its chart is the server's" hidden "$task"
}

# On a device that looked a day ago for what was deleted.
deletions() {
    answered_and_deleted theirs
    check "a deleted task, she keeps theirs: nothing of it is sent" sent_as "$words" 0
    answered_and_deleted mine
    check "a deleted task, she keeps mine: hers is a new record" sent_as "$words" 1

    about='"code": {"text": "to be deleted"}' whose="{\"reference\": \"Patient/$first\"}"
    allergy=$(office create "{\"resourceType\": \"AllergyIntolerance\", \"patient\": $whose, $about,
        \"clinicalStatus\": {\"coding\": [{\"code\": \"active\",
        \"system\": \"http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical\"}]}}")
    flag=$(office create "{\"resourceType\": \"Flag\", \"status\": \"active\", \"subject\": $whose, $about}")
    reading=$(office create "{\"resourceType\": \"Observation\", \"status\": \"final\", \"subject\": $whose,
        \"effectiveDateTime\": \"$(date -Iseconds)\", \"valueInteger\": 3,
        \"code\": {\"coding\": [{\"system\": \"http://loinc.org\", \"code\": \"72514-3\"}]}}")
    behind="env LD_PRELOAD=$build/tests/interop/behind.so"
    check "a device was enrolled a day ago" enrol yesterday --server "$base" --practitioner nurse-practice \
        --caseload Group/caseload-practice ${token:+--token-file "$folder/token"}
    check "a day ago it received the charts" sync 0
    behind=
    for which in "AllergyIntolerance/$allergy" "Flag/$flag" "Observation/$reading"; do
        check "it shows ${which%%/*}" shown "${which#*/}"
    done
    for which in "AllergyIntolerance/$allergy" "Flag/$flag" "Observation/$reading"; do
        check "the office deletes ${which%%/*}" office remove "$which"
    done
    check "the day's first sync looks for deletions" sync 0
    for which in "AllergyIntolerance/$allergy" "Flag/$flag" "Observation/$reading"; do
        check "it shows ${which%%/*} no more" hidden "${which#*/}"
        check "the audit trail names ${which%%/*}" removed "$which"
    done
    check "the other charts are the server's" chart_is "$second"
    check "the next sync has nothing to do" holds_nothing
    home=$folder/office
}
removed() { doorstep audit | grep "	remove	$1	"; }
holds_nothing() { silent && holds pulled 0; }
# sent_as WORDS COUNT: so many tasks of $first say this at the server, and are on hold
sent_as() {
    ask "Task?patient=$first&_count=200" "$home/tasks.json" &&
        compare found "$home/tasks.json" > "$home/tasks.ndjson" &&
        is "$(grep -F "\"$1\"" "$home/tasks.ndjson" | grep -c '"status":"on-hold"')" "$2"
}

# --- who is hers ---

# members PATIENT...: a Group's, as FHIR
members() { printf '[%s]' "$(printf ',{"entity":{"reference":"Patient/%s"}}' "$@" | cut -c 2-)"; }

handover() {
    group=$(office create "{\"resourceType\": \"Group\", \"type\": \"person\", \"actual\": true,
        \"member\": $(members "$first" "$second")}")
    check "a device for a group of two" scoped handover "Group/$group" "Group/$group"
    both_change "a hand-over" '{"status": "cancelled"}'
    check "a hand-over: a conflict is left open" sync 5
    the_rest "a hand-over"
    check "a hand-over: another visit is not sent yet" record short "$first"
    check "a hand-over: the office replaces the patient" office change "Group/$group" \
        "{\"member\": $(members "$second" "$third")}"
    check "a hand-over: the sync" sync 5
    the_rest "a hand-over: the unsent visit"
    check "a hand-over: who joined is there" chart_is "$third"
    check "a hand-over: who stayed is there" chart_is "$second"
    check "a hand-over: what waits for her stays" in_conflict path status
    check "a hand-over: it is decided and sent" keep mine
    check "a hand-over: hers arrived" task_is status on-hold
    check "a hand-over: who left has left the device" caseload_is "Group/$group"
    check "a hand-over: the chart too" is "$(doorstep chart "$first" 2>/dev/null)" ''
    check "a hand-over: a repeated sync writes nothing" silent
    check "a hand-over: the patient comes back" office change "Group/$group" \
        "{\"member\": $(members "$second" "$first")}"
    check "a hand-over: and is received again" sync 0
    check "a hand-over: as the server has it" caseload_is "Group/$group"
    check "a hand-over: with the whole chart" chart_is "$first"
    home=$folder/office
}

# --- a server that forgets its pages, and remembers its answers (HAPI) ---

# forgotten: the page link was followed, and the server did not know it
forgotten() { [ ! -e "$wire/forget" ] && grep -q '_getpages=00000000' "$wire/requests"; }
stale_pages() {
    touch "$wire/forget"
    check "a page link is lost: the pull begins again" scoped stale Group/caseload-practice Group/caseload-practice
    check "a page link is lost: the server said so" forgotten
    check "a page link is lost: nothing is missing" chart_is "$second"
    check "a page link is lost: a repeated sync writes nothing" silent
    home=$folder/office
}

# A caseload that is a search asks the same every time.
women='Patient?gender=female'
# remembered: asks as others do, who take what HAPI remembers
remembered() {
    curl -sS --max-time 60 -D "$home/headers" -o "$home/remembered.json" "$server/$women" &&
        grep -qi '^X-Cache: *HIT' "$home/headers" && ! grep "\"$woman\"" "$home/remembered.json"
}
search_cache() {
    check "remembered answers: a device for a search" scoped women "$women&_count=200" "$women"
    check "remembered answers: it asks again" sync 0
    curl -sS -o /dev/null "$server/$women"
    woman=$(office create '{"resourceType": "Patient", "gender": "female", "birthDate": "1950-01-01",
        "name": [{"family": "Newcomer", "given": ["Ann"]}]}')
    check "remembered answers: the server gives others an old one" remembered
    check "remembered answers: the next sync" sync 0
    check "remembered answers: brings who is new" caseload_is "$women&_count=200"
    home=$folder/office
}

# an_office: after journey(), at the same server and with the same patients
an_office() {
    check "a device beside the office" enrol office --server "$base" --practitioner nurse-practice \
        --caseload Group/caseload-practice ${token:+--token-file "$folder/token"}
    check "it has the charts" sync 0
    second_writer
    case $name in *-strict) return ;; esac # the same store as the one before
    deletions
    handover
    case $name in hapi)
        stale_pages
        search_cache
        ;;
    esac
}
