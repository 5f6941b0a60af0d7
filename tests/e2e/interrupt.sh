#!/bin/sh
# One visit that is interrupted in every way while a vital or the note is being typed: each time the nurse comes back to
# the same field and to what she typed; the terminal is as it was, the exit status as documented, nothing spins. Then
# the places where no console can be: one sentence with the remedy.
# usage: interrupt.sh   (BUILD names the build folder)
. "$(dirname "$0")/terminal.inc"
nurse_make

ended() { # STATUS
    check 'it does not end' until_true 10 gone
    check 'no exit status' until_true 10 test -s "$work/status"
    check 'another exit status' same "$(cat "$work/status")" "$1"
}
# What the terminal shows to the next person: no patient, no alternate screen, a cursor.
terminal_given_back() {
    sees 'modes kept'
    sees_no 'Doyle'
    check 'on the alternate screen' same "$(on display -p '#{alternate_on}')" 0
    check 'without a cursor' same "$(on display -p '#{cursor_flag}')" 1
}
back_at() { # TITLE TEXT: unlocked, she is on that screen and her text is on it
    unlock
    at "$1"
    sees "$2"
    says 'You are back where you stopped; everything typed was kept.'
}
# signalled SIGNAL STATUS TITLE TEXT: it ends, and the next console is where this one was.
signalled() {
    kill -"$1" "$(process)"
    ended "$2"
    terminal_given_back
    console 80 24
    back_at "$3" "$4"
}
ticks() { cut -d' ' -f14,15 "/proc/$(process)/stat" | tr ' ' '+'; } # of processor time, 100 a second

# --- the program is ended -----------------------------------------------------------------------------------------
part='hang-up in a vital'
console 80 24
unlock
at Today
keys Down Down Enter
at Patient
keys s 1 2 s v
at Vitals
typed '142/8'
sees '142/8'
on kill-session
ended 129
console 80 24
back_at Vitals '142/8'
typed '8'
sees '142/88' # the edit point was at its end

part='SIGTERM in a vital'
keys Enter
typed '9'
sees '> Pulse 9'
signalled TERM 143 Vitals '> Pulse 9'

part='SIGINT in a vital'
typed '1'
sees '> Pulse 91'
signalled INT 130 Vitals '> Pulse 91'

part='SIGQUIT in the note'
keys C-n
at Note
typed '한글'
sees '한글'
signalled QUIT 131 Note '한글'

part='a fault in the program'
typed ' 日本'
sees '한글 日本'
says '| saved'
signalled SEGV 139 Note '한글 日本'

part='SIGKILL in the note'
typed ' kept'
sees 'kept'
says '| saved'
typed ' lost'
kill -KILL "$(process)"
ended 137
console 80 24
back_at Note '한글 日本 kept'

# --- the program goes on --------------------------------------------------------------------------------------------
part='locked from outside'
typed ' word'
sees 'word'
check 'no console was locked' eval 'doorstep lock --json | grep 1 > /dev/null'
says 'Passphrase, then Enter:'
sees_no 'Doyle|한글'
back_at Note 'word'
typed 's'
sees 'words'

part='a storm of sizes'
for size in 60x20 20x5 132x43 10x3 40x12 1x1 81x24 200x60 59x19 20x5; do
    on resize-window -x "${size%x*}" -y "${size#*x}"
    typed '='
done
sees 'This window' # is too small
on resize-window -x 80 -y 24
sees 'words={10}'
at Note
sees '\^O Help$'

part='a second console'
# refused NAME STATUS SENTENCE COMMAND: on a terminal of its own, one line.
refused() {
    said=$(script -qec "$4" /dev/null < /dev/null)
    check "$1: exit $2" same $? "$2"
    check "$1: '$said'" eval 'printf "%s" "$said" | grep -qE -- "$3"'
    check "$1: more than a line" same "$(printf '%s\n' "$said" | grep -c 'doorstep: ')" 1
}
own="$BUILD/doorstep --user kim"
refused 'a second console' 1 "Another console of 'kim' is open on /dev/pts/[0-9]+ since .*; close it, or run doorstep lock" "$own"

part='nothing spins'
sees '| saved'
before=$(ticks)
sleep 2
check 'an idle console takes processor time' test $(($(ticks) - ($before))) -le 10

part='the server says nothing'
fault '{"fault": "hang", "times": 0}'
keys C-b
at Patient
keys y
sees 'connecting|sending|receiving'
keys n
at Note
typed '!'
sees 'words={10}!'
kill -HUP "$(process)"
check 'a hanging sync holds it back' until_true 5 gone
ended 129
curl -sf -X DELETE "$control"
console 80 24
back_at Note 'words={10}!'

part='the line is cut, and no signal comes'
terminal_end
terminals=$((terminals + 1))
cat > "$work/run" <<RUN
echo \$\$ > "$work/pid"
exec $own
RUN
on new-session -d -x 80 -y 24 "setsid -w sh $work/run"
back_at Note 'words={10}!'
typed '?'
sees '!\?'
on kill-server
check 'it does not notice' until_true 5 gone

# --- stopped and continued by a shell ---------------------------------------------------------------------------------
part='stopped and continued'
terminals=$((terminals + 1))
on new-session -d -x 80 -y 24 "env PS1='ready> ' ENV= LANGUAGE=$language sh -i"
sees 'ready>'
tty=$(on display -p '#{pane_tty}')
modes=$(stty -g < "$tty")
typed "sh $work/run"
keys Enter
back_at Note '!\?'
typed 'z'
sees '!\?z'
kill -TSTP "$(process)"
sees 'Stopped'
sees_no 'Doyle|words'
check 'the shell has other modes' same "$(stty -g < "$tty")" "$modes"
typed 'fg'
keys Enter
back_at Note '!\?z'
keys C-q
sees 'ready>$'
check 'the shell has other modes' same "$(stty -g < "$tty")" "$modes"

part='^C where a command asks for the passphrase'
typed "$own status"
keys Enter
sees 'Passphrase:$'
keys C-c
sees 'ready>$'
check 'the shell has other modes' same "$(stty -g < "$tty")" "$modes"

# --- no place for a console ---------------------------------------------------------------------------------------------
part='no place for a console'
refused 'TERM unset' 1 'TERM is not set; set it' "env -u TERM $own"
refused 'TERM=dumb' 1 "terminal type 'dumb' cannot show the console; set TERM" "env TERM=dumb $own"
refused 'unknown TERM' 1 "terminal type 'abacus' cannot show the console; set TERM" "env TERM=abacus $own"
refused '20x5' 1 'too small: make it at least 40 columns wide and 12 rows high' "stty cols 20 rows 5; $own"
refused 'standard input is a file' 1 'needs a terminal; use the commands' "$own < $work/run"
refused 'standard output is a file' 1 'needs a terminal; use the commands' "$own > $work/out"
refused 'not enrolled' 1 'no record for .lee. on this device; make one with: doorstep enroll' "$BUILD/doorstep --user lee"
check 'something was printed' test ! -s "$work/out"

part='after all that'
check 'not one visit is in progress' eval 'doorstep status --json | tr -d " \t" | grep "\"drafts\":1," > /dev/null'
check 'the audit trail is broken' eval 'doorstep audit --verify --json | tr -d " \t" | grep "\"intact\":true" > /dev/null'
close_count
