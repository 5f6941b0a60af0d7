#!/bin/sh
# Words that reach a person without going through the catalogue: in a call that shows text, a literal outside _(), N_() and
# ngettext() that still has a word once conversions, escapes and names are taken out; a title that is not marked; a row of the
# command table without its two marked words. usage: strings.sh FILE...
exec perl -e '
    undef $/;
    my $bad = 0;
    my $balanced = qr/(\((?:[^()"\x27]|"(?:[^"\\]|\\.)*"|\x27(?:[^\x27\\]|\\.)*\x27|(?-1))*\))/;
    sub complain { my ($file, $text, $at, $what) = @_; print "$file:", 1 + (substr($text, 0, $at) =~ tr/\n//), ": $what\n"; $bad = 1 }
    for my $file (@ARGV) {
        open my $in, "<", $file or die "$file: $!\n";
        my $text = <$in>;
        $text =~ s{/\*.*?\*/}{(my $lines = $&) =~ s/[^\n]//g; $lines}gse;
        while ($text =~ /\b(?:error_set|application_say|canvas_[a-z_]+|page_[a-z_]+|fprintf|printf|fputs|puts)$balanced/g) {
            my ($at, $arguments) = ($-[0], $1);
            $arguments =~ s/\b(?:N?_|ngettext|text_equal|text_starts_with|strcmp|json_text)$balanced//g;
            while ($arguments =~ /"((?:[^"\\]|\\.)*)"/g) {
                my $literal = $1;
                (my $words = $literal) =~ s/%[-+ 0-9.*#]*(?:hh|ll|[hlzj])?[a-zA-Z]|\\[a-z0-9]+//g;
                next if $words =~ /\b(?:VISIT|PATIENT|FILE)\b/; # how a command is typed
                $words =~ s/doorstep|NEWS2|\bconfirmed\b//g;
                complain($file, $text, $at, "reaches a person untranslated: $literal") if $words =~ /[A-Za-z]{3,}/;
            }
        }
        while ($text =~ /\.title\s*=\s*"/g) { complain($file, $text, $-[0], "a title without N_()") }
        while ($text =~ /^COMMAND\(.*$/mg) {
            my ($at, $row) = ($-[0], $&);
            complain($file, $text, $at, "a command needs N_(label) and N_(help)") if (() = $row =~ /\bN_\("/g) != 2;
        }
    }
    exit $bad;
' "$@"
