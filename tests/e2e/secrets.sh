#!/bin/sh
# After a visit by the console and one by the command line no word of a patient, no passphrase, token or recovery key is
# to be found: not in a file of the home or of /tmp, not in what the system tells of the process, not in the terminal's
# title, scrollback or screen once it is locked. What holds between processes of one user is tried as another user than root.
# usage: secrets.sh [other]   other: only what holds between processes of one user   (BUILD names the build folder)
. "$(dirname "$0")/terminal.inc"
nurse_make
began=$work/began
touch "$began"

# --- what may not be found ------------------------------------------------------------------------------------------
marker="Zwiebel$$fisch"
spoken="양파$$물고기"
cat > "$work/words" <<WORDS
$marker
$spoken
$passphrase
$token
Doyle
김영자
佐藤
Orchard Lane
Furosemide
furosemide
$(sed -n 's/^ *\([0-9A-Z]\{4\}\(-[0-9A-Z]\{4\}\)\{7\}\)$/\1/p' "$work/enroll.out")
WORDS
check 'no recovery key was shown' same "$(grep -c '' "$work/words")" 11
none_in() { # FILE...: and says which
    ! grep -raFl -f "$work/words" -- "$@"
}
check_files() {
    check 'a secret in a file' none_in "$DOORSTEP_HOME" "$TMPDIR"
    check 'a file in the temporary folder' same "$(find "$TMPDIR" -type f)" ''
    check 'a file or folder others can read' same "$(find "$DOORSTEP_HOME" \( -type f ! -perm 600 \) -o \( -type d ! -perm 700 \))" ''
    check 'the log says more than events' eval '! grep -vE "^[0-9TZ:.-]+ [0-9]+ [a-z-]+ -?[0-9]+ -?[0-9]+$" "$DOORSTEP_HOME/kim/event.log"'
}
check_process() {
    entry=/proc/$(process)
    if [ "$(id -u)" = 0 ]; then
        check 'a secret in the command line or environment' none_in "$entry/cmdline" "$entry/environ"
        ls -l "$entry/fd" | sed -n 's/.* -> //p' |
            grep -vE "^(/dev/(pts/[0-9]+|null)|anon_inode:.*|socket:.*|pipe:.*|$DOORSTEP_HOME/kim/[a-z.-]+)\$" > "$work/descriptors"
        check 'it has other files open' eval '! grep "" "$work/descriptors"'
    fi
    check 'it may leave a core' eval 'grep -qE "^Max core file size +0 +0 " "$entry/limits"'
    check 'no memory is locked' eval '! grep -qE "^VmLck:[[:space:]]+0 kB" "$entry/status"'
}
check_terminal() {
    on capture-pane -p -S - -E - > "$work/seen"
    on display -p '#{pane_title} #{window_name} #{session_name}' >> "$work/seen"
    check 'a secret on the terminal' none_in "$work/seen"
}

# --- a visit at the console -----------------------------------------------------------------------------------------
by_console() {
    part='the console'
    console 80 24
    says 'Passphrase, then Enter:'
    on pipe-pane "cat > $work/raw"
    unlock
    at Today
    keys Down Down Enter
    at Patient
    keys s 1 2 s v
    at Vitals
    typed '142/88'
    keys C-n
    at Note
    typed "$marker $spoken"
    sees "$marker"
    says '| saved'
    check_files
    check_process
    on display -p '#{pane_title} #{window_name}' > "$work/seen"
    check 'a secret in the title' none_in "$work/seen"
    keys C-l
    says 'Passphrase, then Enter:'
    check_terminal
    check_files
    unlock
    at Note
    typed ' killed'
    sees 'killed'
    says '| saved'
    kill -KILL "$(process)"
    check 'it does not end' until_true 10 gone
    check_files
    console 80 24
    unlock
    at Note
    keys C-n C-n C-n
    at 'Close and sign'
    keys C-g
    says 'Passphrase, then Enter:'
    typed "$passphrase"
    sees '\*{22}'
    keys Enter
    at Today
    keys C-q
    sees 'ended 0'
    check_terminal
    check 'an operating system command went to the terminal' eval '! grep -a "$(printf "\033")\]" "$work/raw"'
    check_files
}

# --- and by the command line -----------------------------------------------------------------------------------------
by_command_line() {
    part='the command line'
    mkdir "$work/input"
    cat > "$work/input/visit.json" <<VISIT
{"vitals": {"pulse": "80"}, "note": {"template": "free", "text": "$marker $spoken"}, "sign": true}
VISIT
    check 'no visit' eval 'doorstep visit patient-002 --file "$work/input/visit.json" > /dev/null'
    check 'no chart' eval 'doorstep chart patient-002 | grep "$marker" > /dev/null'
    check 'no sync' eval 'doorstep sync > /dev/null'
    doorstep doctor --json > /dev/null
    check_files
    for folder in /tmp /var/tmp /dev/shm; do
        find "$folder" -xdev -path "$work" -prune -o -type f -newer "$began" -size -20M -print 2> /dev/null
    done > "$work/new"
    check 'a secret in another file' eval '! xargs -r -d "\n" grep -aFl -e "$marker" -e "$spoken" -- < "$work/new" 2> /dev/null | grep ""'
}

# --- from another process of the same user, not root ---------------------------------------------------------------------
closed() { ! (true < "$entry/$1") 2> /dev/null; }
nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
between_processes() {
    console 80 24
    says 'Passphrase, then Enter:'
    entry=/proc/$$
    for file in environ maps; do check "not even its own $file" eval '! closed "$file"'; done
    entry=/proc/$(process)
    for file in environ maps mem; do check "$file can be read" closed "$file"; done
}

[ "$1" = other ] || { by_console && by_command_line; }
part='another process of the user'
if [ "$(id -u)" != 0 ]; then
    between_processes
elif nobody test -x "$BUILD/doorstep" && nobody test -r "$0"; then
    check 'as another user than root' eval 'nobody env BUILD="$BUILD" TMPDIR=/tmp sh "$0" other'
else
    echo 'skipped: processes of one user, as only root can reach the build folder'
fi
close_count
