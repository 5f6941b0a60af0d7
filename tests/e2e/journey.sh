#!/bin/sh
# The whole visit on the real program, in each language: unlock, Today, Snapshot, start, vitals, note, consents, tasks,
# signature, Outbox, lock, quit. Then what the server holds: the visit, once and whole. And the same without a server.
# usage: journey.sh   (BUILD names the build folder)
. "$(dirname "$0")/terminal.inc"
nurse_make

note='잘 잤어요. よく眠れた。 Æ'

# Runs of three words and more in Latin letters that neither the server sent nor the nurse typed: forgotten English.
allowed='Royal College of Physicians|doorstep lock|TERM xterm'
untranslated() {
    [ "$language" != en ] || return 0
    screen | grep -oE "[A-Za-z']{2,}([ ,.;:]+[A-Za-z']{2,}){2,}" | grep -vE "$allowed" | while read -r run; do
        grep -qF -- "$run" "$work/caseload.ndjson" || printf '%s\n' "$run"
    done > "$work/english"
    [ ! -s "$work/english" ] || { cat "$work/english"; false; }
}
arrive_at() {
    at "$1"
    check 'English is left on the screen' untranslated
}

colours() { on capture-pane -pe | grep -qE "$(printf '\033')"'\[([0-9]+;)*[34][0-7]'; }

# visit_open ROW NAME: from the locked screen into a visit of that patient of the Today board.
visit_open() {
    says 'Locked. Everything is kept on this device, encrypted; no network is needed.'
    check 'English is left on the screen' untranslated
    unlock
    arrive_at Today
    row=$1
    for _ in $(seq 2 "$row"); do keys Down; done
    keys Enter
    arrive_at Patient
    sees "$2"
    keys s
    arrive_at 'Start of visit'
    keys 3
    says 'Tick both identifiers first: ask, listen, then press 1 and 2.'
    keys 1 2 s
    arrive_at Patient
    says 'The visit has started at %s; it is kept on this device from now on.'
}

# The parts of a visit; the patient has a task and an order.
visit_make() {
    keys v
    arrive_at Vitals
    typed '128/76'; keys Enter
    typed '７８'; keys Enter
    typed '16'; keys Enter
    typed '97'; keys Enter
    typed '0'; keys Enter
    typed 'a'; keys Enter
    typed '36.6'
    sees 'NEWS2 0'
    keys C-n
    arrive_at Note
    typed "$note"; keys Tab
    typed "$part"
    sees "$note"
    keys C-n
    arrive_at Consent
    keys 1
    says 'not chosen yet'
    check 'English is left on the screen' untranslated
    keys Enter 1 1 1 C-b
    says 'this visit: %s; %s; %s'
    keys 4 Enter 2 1 1 C-b
    says 'does not agree'
    keys C-n
    arrive_at Tasks
    keys 1
    says 'done'
    keys C-n
    arrive_at 'Close and sign'
    keys C-g
    says 'Passphrase, then Enter:'
    typed 'not this one'; keys Enter
    says 'That is not the passphrase; try again.'
    typed "$passphrase"
    sees '\*{22}'
    keys Enter
    arrive_at Today
    sees "$(LANGUAGE=$language TEXTDOMAINDIR=$BUILD/locale ngettext doorstep 'Signed: %s. %zu record to send.' \
        'Signed: %s. %zu records to send.' 5 | sed 's/%s.*/.*/')"
}

lock_and_leave() { # NAME
    keys l
    says 'Passphrase, then Enter:'
    sees_no "$1"
    keys C-q
    sees 'ended 0'
    sees 'modes kept'
}

# --- what the server holds ---------------------------------------------------------------------------------------
# The id of the visit signed last, and of its Encounter at the server.
visit_id() { doorstep audit --json | tr -d ' \n' | grep -oE '"sign"[^}]*' | grep -oE '[0-9a-f]{8}-[0-9a-f-]{27}' | tail -1; }
of_visit() { held "$1" | grep -cE "Encounter/$encounter\"|\"$visit\""; }
whole_and_once() {
    visit=$(visit_id)
    check 'the device knows no signed visit' test -n "$visit"
    check 'the visit is not at the server once' same "$(held Encounter | grep -c "$visit")" 1
    encounter=$(held Encounter | grep "$visit" | grep -oE '"id":"[^"]*"' | head -1 | cut -d'"' -f4)
    check 'the visit is not finished' eval 'held Encounter | grep "$visit" | grep -q "\"status\":\"finished\""'
    check 'not 8 Observations' same "$(of_visit Observation)" 8
    check 'not one note' same "$(of_visit DocumentReference)" 1
    check 'not this note' eval 'held DocumentReference | grep "Encounter/$encounter\"" | grep -oE "\"data\":\"[^\"]*" |
        cut -d\" -f4 | base64 -d | grep -qF "$note"'
    check 'not two consents' same "$(held Consent | wc -l)" $((consents + 2))
    check 'no refusal' same "$(held Consent | grep -c '"type":"deny"')" $((refusals + 1))
    check 'no task done' same "$(held Task | grep -c '"status":"completed"')" $((done + 1))
    check 'not one Provenance' same "$(held Provenance | wc -l)" $((provenances + 1))
    check 'not on the chart' eval 'doorstep chart "patient-00$row" --json | grep -F "$note" > /dev/null'
    check 'the outbox is not empty' same "$(doorstep outbox --json)" '[]'
    check 'the audit trail is broken' eval 'doorstep audit --verify --json | tr -d " \t" | grep "\"intact\":true" > /dev/null'
}
remember() {
    consents=$(held Consent | wc -l) refusals=$(held Consent | grep -c '"type":"deny"')
    done=$(held Task | grep -c '"status":"completed"') provenances=$(held Provenance | wc -l)
}

# journey LANGUAGE COLUMNS ROWS ROW NAME [VARIABLE=VALUE...]
journey() {
    language=$1 part="$1 $2x$3" columns=$2 rows=$3 name=$5
    nurse_anew
    remember
    row=$4
    shift 5
    console "$columns" "$rows" "$@"
    visit_open "$row" "$name"
    visit_make
    keys o
    arrive_at Outbox
    says 'accepted by the server: %s'
    if [ -n "$*" ]; then check 'colours in spite of NO_COLOR' eval '! colours'; else check 'no colours' colours; fi
    keys '?'
    arrive_at Help
    keys C-b
    lock_and_leave "$name"
    whole_and_once
}
journey en 80 24 3 'Margaret Doyle' NO_COLOR=1
journey ko 80 24 2 '김영자'
journey ja 80 24 1 '佐藤 清子'

# --- the server is gone, and comes back; on a small terminal ----------------------------------------------------------
language=ko part='without a server'
nurse_anew
server_stop
console 60 20
visit_open 2 '김영자'
says 'offline'
never=$(pattern 'synced: %s' | tr -d '.*')
visit_make
keys o
arrive_at Outbox
says 'signed, %d records wait to be sent'
keys y
says 'offline'
says 'NOT COMPLETE: %s'
says 'signed, %d records wait to be sent'
lock_and_leave '김영자'
never=
check 'the outbox is empty' eval 'doorstep outbox --json | grep "\"waiting\"" > /dev/null'
doorstep sync > /dev/null 2>&1
check 'a sync without a server does not end with 4' same $? 4
server_start --port "$(printf '%s' "$base" | tr -dc '0-9 :' | cut -d: -f3)"
remember
check 'the sync failed' eval 'doorstep sync > /dev/null'
whole_and_once
close_count
