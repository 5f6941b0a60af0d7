#!/bin/sh
# Nurse and office change the same tasks, on the real program and a loopback server: what is beside each other is merged
# and delivered by itself; what overlaps is shown in words and decided with `conflicts keep`.
# usage: conflict.sh   (BUILD names the build folder)
BUILD=${BUILD:-build}
program=$BUILD/doorstep
home=$(mktemp -d)
server=
finish() {
    [ -n "$server" ] && kill "$server" 2>/dev/null && wait "$server" 2>/dev/null
    rm -rf "$home"
}
trap finish EXIT
trap 'exit 130' INT TERM
unset XDG_DATA_HOME XDG_CONFIG_HOME
export LC_ALL=C.UTF-8 LANGUAGE=en TZ=Asia/Seoul
export DOORSTEP_HOME=$home/nurse DOORSTEP_PASSPHRASE_FILE=$home/passphrase
mkdir -m 700 "$DOORSTEP_HOME"
printf 'practice kitchen table\n' > "$home/passphrase"
printf 'secret\n' > "$home/token"
passed=0 failed=0

# expect NAME STATUS PATTERN COMMAND...
expect() {
    name=$1 status=$2 pattern=$3
    shift 3
    out=$("$@" 2>"$home/err" < /dev/null)
    got=$?
    if [ "$got" = "$status" ] && { printf '%s\n' "$out"; cat "$home/err"; } | tr '\t\n' '  ' | grep -qE -- "$pattern"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAIL %s: exit %s (wanted %s), wanted /%s/\n%s\n%s\n' "$name" "$got" "$status" "$pattern" "$out" "$(cat "$home/err")"
    fi
}
doorstep() { "$program" --user kim "$@"; }
task() { # ID STATUS MORE: the office's version of a task
    printf '{"resourceType":"Task","id":"%s","status":"%s","intent":"plan","description":"체중 재기","for":{"reference":"Patient/p1"}%s}\n' "$1" "$2" "$3"
}
office() { # ID STATUS MORE: the office changes it at the server
    task "$@" | curl -sf -o "$home/answer" -X PUT -H 'Authorization: Bearer secret' -H 'Content-Type: application/fhir+json' \
        --data-binary @- "$base/Task/$1"
}
at_server() { curl -sf "$control/resources?type=Task" | grep "\"id\":\"$1\""; }

{
    printf '{"resourceType":"Patient","id":"p1","name":[{"text":"김하나"}],"gender":"female","birthDate":"1938-04-02"}\n'
    printf '{"resourceType":"Practitioner","id":"n1","name":[{"text":"Nurse Lee"}]}\n'
    printf '{"resourceType":"Group","id":"g1","type":"person","actual":true,"member":[{"entity":{"reference":"Patient/p1"}}]}\n'
    for id in t1 t2 t3 t4; do task $id requested; done
} > "$home/load.ndjson"
"$BUILD/loopback" --loaded-ago 3600 --load "$home/load.ndjson" --token secret --quiet > "$home/server.out" &
server=$!
tries=0
until base=$(sed -n 's/^listening on //p' "$home/server.out") && [ -n "$base" ]; do
    tries=$((tries + 1)); [ $tries -lt 200 ] || { echo 'FAIL the loopback server did not start'; exit 1; }
    sleep 0.05
done
control=${base%/fhir}/control

expect 'enrol hears what the server is' 0 '"software": *"[a-zA-Z]' doorstep enroll --json --server "$base" --practitioner n1 --caseload Group/g1 --token-file "$home/token"
expect 'first sync' 0 '"pulled"' doorstep sync --json
printf '{"note":{"template":"free","text":"ok"},"tasks":[{"id":"t1","status":"completed"},{"id":"t2","status":"completed"},{"id":"t3","status":"completed"},{"id":"t4","status":"completed"}],"sign":true}' > "$home/visit.json"
expect 'visit' 0 '"signed"' doorstep visit p1 --file "$home/visit.json" --json
office t1 requested ',"note":[{"text":"Ring twice"}]'
office t2 cancelled ',"statusReason":{"text":"Moved away"}'
office t3 cancelled ',"priority":"asap"'
curl -sf -o "$home/answer" -X DELETE -H 'Authorization: Bearer secret' "$base/Task/t4"
expect 'the sync says who is needed' 5 '3 conflicts' doorstep sync
expect 'beside each other: merged' 0 'completed.*Ring twice|Ring twice.*completed' at_server t1
expect 'overlapping: theirs stands' 0 'cancelled' at_server t2
expect 'deleted: not revived' 1 '' at_server t4
expect 'only the three wait' 0 '^[^T]*Task[^T]*Task[^T]*Task[^T]*$' doorstep outbox

expect 'conflicts in words' 5 'Task 체중 재기 김하나 changed at the server too +Status mine: completed theirs: cancelled, Moved away before: requested' doorstep conflicts
expect 'and how to decide' 5 '3 conflicts need you: doorstep conflicts keep' doorstep conflicts
expect 'deleted in words' 5 'deleted at the server' doorstep conflicts
expect 'conflicts in JSON' 5 '"path": *"status".*"mine": *"completed".*"theirs": *"cancelled, Moved away".*"deleted": *true' doorstep conflicts --json
numbers=$(doorstep conflicts --json 2>/dev/null | sed -n 's/.*"number":[^0-9]*\([0-9]*\).*/\1/p')
set -- $numbers
expect 'the number names the version shown' 5 "$1@2" doorstep conflicts
expect 'another version than was shown' 1 'changed at the server again' doorstep conflicts keep mine "$1@1"
expect 'is not decided' 5 '3 conflicts need you' doorstep conflicts
expect 'both is no answer for a status' 1 "'Status' can only be one of the two" doorstep conflicts keep both "$1"
expect 'keep mine' 0 '"state": *"waiting"' doorstep conflicts keep mine "$1@2" --json
expect 'keep theirs' 0 'nothing of it is left to send' doorstep conflicts keep theirs "$2"
expect 'send what was deleted as new' 0 'goes with the next sync' doorstep conflicts keep mine "$3"
expect 'once' 1 'in no conflict any more' doorstep conflicts keep mine "$1"
expect 'nothing is in conflict' 0 '^\[\] *$' doorstep conflicts --json
expect 'what was let go is kept' 0 '"id": *"t3".*"status": *"completed"' doorstep conflicts --dropped --json
expect 'and in the audit' 0 'keep theirs Task/t3 p1 dropped 1' doorstep audit
expect 'the next sync delivers' 0 '' doorstep sync
expect 'mine is there' 0 '"completed"' at_server t2
expect 'theirs stayed' 0 'cancelled' at_server t3
expect 'the deleted one stays deleted' 1 '' at_server t4
expect 'its answer is a task of its own' 0 '^3 *$' sh -c "curl -sf '$control/resources?type=Task' | grep -c completed"
expect 'nothing waits' 0 '"pending": *0.*"conflicts": *0' doorstep status --json
expect 'and the trail is whole' 0 '"intact": *true' doorstep audit --verify --json
printf '%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
