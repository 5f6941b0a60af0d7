#!/bin/sh
# Writes doorstep-keys(7) from the command table. usage: keys-page.sh views/commands.def > man/doorstep-keys.7
cat <<'HEAD'
.\" Made from views/commands.def by tests/check/keys-page.sh: change those, then run make keys-page.
.Dd November 22, 2026
.Dt DOORSTEP-KEYS 7
.Os
.Sh NAME
.Nm doorstep-keys
.Nd the keys of doorstep's console
.Sh DESCRIPTION
The last two lines of every screen of
.Xr doorstep 1
name the keys that work there, in words.
The words can be clicked or tapped.
.Ic \&?
shows them with a sentence each.
.Pp
.Li ^S
means: hold Ctrl and press s.
Letters work in either case, in full width, and while a Korean or Japanese
input method is on.
Where text is typed, a letter or digit is text: there the other keys of a
command work.
Every command with a function key or Esc has another key as well.
.Sh COMMANDS
Keys, the words on the screen, the name in the command table, and what it does.
.Bl -tag -width Ds
HEAD
perl -0777 -ne '
    my %needs = (NEEDS_PATIENT => "a patient that is chosen", NEEDS_VISIT => "a visit in progress", NEEDS_SERVER => "a server");
    while (/^COMMAND\(\s*\w+,\s*"([^"]*)",\s*"([^"]*)",\s*N_\("((?:[^"\\]|\\.)*)"\),\s*N_\("((?:[^"\\]|\\.)*)"\),\s*([A-Z_|\s]+)\)/mg) {
        my ($name, $keys, $label, $help, $conditions) = ($1, $2, $3, $4, $5);
        s/\\"/"/g, s/\\/\\e/g for $keys, $label, $help;
        $help =~ s/(.{1,78})(?: |$)/$1\n/g; # mandoc likes short lines
        my @keys = map { s/\^/\\(ha/; s/^\?$/\\&?/; "Ic $_" } split / /, $keys;
        my @needs = map { $needs{$_} // () } $conditions =~ /[A-Z_]+/g;
        print ".It ", join(" , ", @keys), "\n.Sy $label Pq Cm $name :\n$help";
        print "It needs ", join(" and ", @needs), ".\n" if @needs;
        $count++;
    }
    die "no command in the table\n" if !$count;
' "$1" || exit 1
cat <<'TAIL'
.El
.Sh LISTS AND PAGES
.Bl -tag -width Ds
.It Ic Up , Down
Move by one line; in a long page, scroll.
.It Ic Page Up , Page Down , Home , End
Move by a screen, to the beginning, to the end.
.It Ic 1 No to Ic 9
Choose what carries that number.
.It Ic Tab , Shift-Tab
To the next or the previous field.
.It Ic Enter
Open or choose what is selected.
.El
.Sh TYPING
A text is saved at every pause in typing, so nothing has to be saved by hand.
.Bl -tag -width Ds
.It Ic Left , Right , Up , Down , Home , End
Move by what a person calls a character, by line, to the ends of a line.
.It Ic Ctrl-Left , Ctrl-Right
Move by a word.
.It Ic Page Up , Page Down
Move by ten lines.
.It Ic Backspace , Delete , \(haD
Delete before or behind the cursor.
.It Ic \(haA , \(haE
To the beginning or the end of the line.
.It Ic \(haW , \(haU , \(haK
Delete the word before the cursor, the line up to it, the line from it on.
.El
.Sh SEE ALSO
.Xr doorstep 1 ,
.Xr doorstep-config 5
TAIL
